//! The Rust in `exercises/01_fundamentals/COMPILE_FAIL.md` and `exercises/RUST.md`: what names an error is rejected with
//! that error, and all the rest compiles and runs. (rustdoc compares the codes of `compile_fail` only in nightly.)

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The texts, each with the fewest programs that it has of either kind.
const TEXTS: [Text; 2] = [
    Text {
        name: "COMPILE_FAIL.md",
        text: include_str!("../../01_fundamentals/COMPILE_FAIL.md"),
        rejected: 23,
        accepted: 21,
    },
    Text { name: "RUST.md", text: include_str!("../../RUST.md"), rejected: 1, accepted: 18 },
];

/// What the programs know as `crate::sync`.
const FACADE: &str = include_str!("common/facade_on_std.rs");

struct Text {
    name: &'static str,
    text: &'static str,
    rejected: usize,
    accepted: usize,
}

struct Block {
    line: usize,
    /// What rustc must reject the program with.
    error: Option<&'static str>,
    /// What it must say then: by these words the runner finds the section.
    words: Vec<&'static str>,
    code: String,
}

impl Block {
    /// The items of a program whose `main` runs the block.
    fn items(&self) -> String {
        if self.code.contains("fn main()") {
            self.code.replace("fn main()", "pub fn main()")
        } else {
            format!("pub fn main() {{\n{}}}\n", self.code)
        }
    }
}

/// The blocks of Rust in the text.
fn blocks(text: &Text) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    let mut comments: Vec<(&str, &str)> = Vec::new();
    for (i, line) in text.text.lines().enumerate() {
        if let Some(kind) = line.strip_prefix("```rust") {
            inside = true;
            let error = kind.strip_prefix(",compile_fail,");
            let words = comments.iter().filter(|(code, _)| Some(*code) == error);
            blocks.push(Block {
                line: i + 1,
                error,
                words: words.flat_map(|(_, words)| words.split(", ")).collect(),
                code: String::new(),
            });
        } else if line == "```" {
            inside = false;
        } else if let Some(comment) = line.strip_prefix("<!-- rustc on ") {
            let comment = comment.trim_end_matches(" -->");
            comments.extend(comment.split_once(": "));
        } else if line.starts_with("## ") && !inside {
            comments.clear();
        } else if inside {
            let block = blocks.last_mut().expect("one has begun");
            let _ = writeln!(block.code, "{line}");
        }
    }
    let rejected = blocks.iter().filter(|b| b.error.is_some()).count();
    assert!(
        rejected >= text.rejected && blocks.len() - rejected >= text.accepted,
        "{}: only {rejected} programs that are rejected, and {} that are not",
        text.name,
        blocks.len() - rejected
    );
    blocks
}

/// Whether `code` compiles, and what rustc says to it. The program is put into `folder`.
fn compile(code: &str, emit: &str, folder: &Path) -> (bool, String) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut child = Command::new(rustc)
        .args(["--edition=2024", "--crate-name=program"])
        .arg(format!("--emit={emit}"))
        .arg("--out-dir")
        .arg(folder)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rustc can be started");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(code.as_bytes()).expect("rustc reads it");
    drop(stdin);
    let output = child.wait_with_output().expect("rustc ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

#[test]
fn each_program_is_rejected_for_the_reason_given() {
    let folder = tempfile::tempdir().expect("a folder");
    for text in &TEXTS {
        for block in blocks(text) {
            let (line, Some(error)) = (block.line, block.error) else {
                continue;
            };
            // Behind the block, which may begin with attributes of the crate.
            let program = block.items() + FACADE;
            let (compiles, said) = compile(&program, "metadata", folder.path());
            assert!(!compiles, "{}:{line}: the program compiles", text.name);
            let named = if error.starts_with('E') {
                said.contains(&format!("error[{error}]"))
            } else {
                said.contains(error) && said.contains("error:")
            };
            for words in &block.words {
                assert!(said.contains(words), "{}:{line}: {words}:\n{said}", text.name);
            }
            let errors = said.lines().filter(|line| line.starts_with("error")).count();
            // The last one counts them.
            assert!(
                named && errors <= 2,
                "{}:{line}: the program should fail with {error} alone:\n{said}",
                text.name
            );
        }
    }
}

/// All of them in one program, because each call of rustc takes its time. That it compiles also shows that rustc does not
/// reject everything.
#[test]
fn every_other_program_compiles_and_runs() {
    let (mut modules, mut calls) = (FACADE.to_owned(), String::new());
    for (n, text) in TEXTS.iter().enumerate() {
        for block in blocks(text).iter().filter(|block| block.error.is_none()) {
            let (module, items) = (format!("text_{n}_line_{}", block.line), block.items());
            let _ = writeln!(modules, "#[allow(dead_code)]\nmod {module} {{\n{items}}}");
            let _ =
                writeln!(calls, "println!(\"{}:{}\"); {module}::main();", text.name, block.line);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let program = format!("{modules}\nfn main() {{\n{calls}}}\n");
    let (compiles, said) = compile(&program, "link", folder.path());
    assert!(compiles, "{said}");

    let output = Command::new(folder.path().join("program")).output().expect("it can be started");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
