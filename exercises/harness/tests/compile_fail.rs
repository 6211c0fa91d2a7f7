//! The programs that Rust rejects, in `exercises/01_fundamentals/COMPILE_FAIL.md`, are rejected with the errors
//! that stand there. (rustdoc compares the codes of `compile_fail` only in nightly.)

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const TEXT: &str = include_str!("../../01_fundamentals/COMPILE_FAIL.md");

struct Block {
    line: usize,
    error: String,
    code: String,
}

/// The blocks of the text that must not compile, each with what its fence says.
fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (i, line) in TEXT.lines().enumerate() {
        if let Some(error) = line.strip_prefix("```rust,compile_fail,") {
            inside = true;
            blocks.push(Block {
                line: i + 1,
                error: error.to_owned(),
                code: String::new(),
            });
        } else if line == "```" {
            inside = false;
        } else if inside {
            let block = blocks.last_mut().expect("one has begun");
            let _ = writeln!(block.code, "{line}");
        }
    }
    blocks
}

/// What rustc says to a program.
fn compile(code: &str, folder: &Path) -> (bool, String) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut child = Command::new(rustc)
        .args(["--edition=2024", "--crate-name=rejected", "--emit=metadata"])
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
    let blocks = blocks();
    assert!(blocks.len() >= 18, "only {} programs", blocks.len());
    for Block { line, error, code } in blocks {
        let (compiles, said) = compile(&code, folder.path());
        assert!(!compiles, "the program in line {line} compiles");
        let named = if error.starts_with('E') {
            said.contains(&format!("error[{error}]"))
        } else {
            said.contains(&error) && said.contains("error:")
        };
        let errors = said
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        // The last one counts them.
        assert!(
            named && errors <= 2,
            "the program in line {line} should fail with {error} alone:\n{said}"
        );
    }
}

/// That a program is rejected says nothing if the compiler rejects all of them.
#[test]
fn a_right_program_compiles() {
    let folder = tempfile::tempdir().expect("a folder");
    let (compiles, said) = compile(
        "use std::sync::Mutex;\nfn main() { let m = Mutex::new(0); *m.lock().unwrap() += 1; }",
        folder.path(),
    );
    assert!(compiles, "{said}");
}
