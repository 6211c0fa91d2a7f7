//! Workspaces made for a test: lessons of a few lines, without dependencies, in a folder with a space in its
//! name.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

/// A workspace in a temporary folder.
pub struct Fixture {
    // Removed with the fixture.
    _dir: tempfile::TempDir,
    pub root: PathBuf,
    /// Whether cargo-nextest is found.
    pub nextest: Cell<bool>,
    /// The runner, if it is another file than the one that cargo built.
    pub runner: Option<PathBuf>,
}

/// What a run of the runner came to.
#[derive(Debug, PartialEq)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// The root's manifest. `verify` hands lints and dependencies on to its scratch.
const ROOT: &str = r#"[workspace]
resolver = "3"
members = ["exercises/harness", "exercises/[0-9]*/*", "solutions/*/*"]
default-members = ["exercises/harness", "solutions/*/*"]

[workspace.package]
version = "0.1.0"
edition = "2024"

[workspace.dependencies]
harness = { path = "exercises/harness" }

[workspace.lints.rust]
missing_docs = "warn"
"#;

impl Fixture {
    /// A workspace without lessons.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("kata of a test ")
            .tempdir()
            .expect("a temporary folder");
        // As the runner sees it, where the temporary folder is behind a link.
        let root = dir.path().canonicalize().expect("a path");
        let fixture = Self { _dir: dir, root, nextest: Cell::new(true), runner: None };
        fixture.write("Cargo.toml", ROOT);
        fixture.write(".gitignore", "/target\n");
        fixture.write(
            "exercises/harness/Cargo.toml",
            "[package]\nname = \"harness\"\nedition.workspace = true\n",
        );
        fixture.write("exercises/harness/src/lib.rs", "//! Nothing yet.\n");
        let settings = include_str!("../../../.config/nextest.toml");
        // The part for the runner's own tests names a package that is not here.
        let (for_lessons, _) =
            settings.split_once("[[profile.default.overrides]]").expect("there is an override");
        fixture.write(".config/nextest.toml", for_lessons);
        fixture
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).expect(path)
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).expect(path);
    }

    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has {from}");
        self.write(path, &text.replace(from, to));
    }

    /// Makes it a git repository with all that is there in a commit, or adds a commit.
    pub fn commit(&self) {
        self.git(&["init", "-q"]);
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "--message", "What is there."]);
    }

    /// Runs git, which must succeed.
    pub fn git(&self, arguments: &[&str]) {
        let status = Command::new("git")
            .current_dir(&self.root)
            .args(["-c", "user.name=A", "-c", "user.email=a@b.invalid"])
            .args(["-c", "commit.gpgSign=false"])
            .args(arguments)
            .status()
            .expect("git runs");
        assert!(status.success(), "{arguments:?}");
    }

    /// A lesson in `exercises/PLACE` that adds two numbers, and its solution.
    pub fn lesson(&self, place: &str, name: &str) -> Lesson<'_> {
        let lesson = Lesson { fixture: self, place: place.to_owned(), name: name.to_owned() };
        lesson.write_all();
        lesson
    }

    /// The runner with these arguments, in the workspace's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let built = Path::new(env!("CARGO_BIN_EXE_xtask"));
        let mut command = self.environment(self.runner.as_deref().unwrap_or(built));
        command.args(arguments);
        command
    }

    /// A program in the workspace's folder, with the variables that the runner shall have.
    pub fn environment(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .env("LC_ALL", "C.UTF-8")
            .env("CARGO_NET_OFFLINE", "true")
            .env_remove("COLUMNS")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("RUSTFLAGS");
        if !self.nextest.get() {
            command
                .env("PATH", path_without_nextest())
                .env("CARGO_HOME", self.root.join("cargo home"));
        }
        command
    }

    /// Runs the runner to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// Runs the runner to its end, with these variables.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Ran {
        self.run_command(self.command(arguments).envs(variables.iter().copied()))
    }

    /// Runs a command that starts the runner to its end.
    pub fn run_command(&self, command: &mut Command) -> Ran {
        self.redact(command.output().expect("the runner can be started"))
    }

    fn redact(&self, output: Output) -> Ran {
        let root = self.root.to_string_lossy().into_owned();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&root, "[ROOT]");
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A stub as a solution keeps it.
fn kept(stub: &str) -> String {
    let lines = stub.split_inclusive('\n').map(|line| format!("| {line}"));
    lines.collect::<String>().replace("| \n", "|\n")
}

/// Whether cargo-nextest is installed.
pub fn has_nextest() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join("cargo-nextest").is_file())
}

/// The `PATH` without the folders that hold cargo-nextest, and with that of the toolchain, which may be one of
/// them.
fn path_without_nextest() -> OsString {
    let toolchain =
        env::var_os("CARGO").and_then(|cargo| Path::new(&cargo).parent().map(Path::to_owned));
    let path = env::var_os("PATH").expect("a PATH");
    let rest = env::split_paths(&path).filter(|dir| !dir.join("cargo-nextest").is_file());
    env::join_paths(toolchain.into_iter().chain(rest)).expect("a PATH")
}

/// A lesson of a fixture.
pub struct Lesson<'a> {
    fixture: &'a Fixture,
    place: String,
    name: String,
}

/// A section of a README that is long enough.
const SECTION: &str = "Some fifteen words or more have to stand here, so that the section has something to say to \
                       somebody who reads it.";

/// A lesson's models. The one that there is says what the harness would: a fixture's has no dependencies. Its dry
/// run says for which page it is.
const MODEL: &str = r#"// Adds in each of 1234 orders.
#[test]
fn adds_in_any_order() {
    if crate::add(1, 2) != 3 {
        eprintln!("fails: data race\n main  a  b\n\n Data race: nobody ordered the two.");
        panic!();
    }
    let page = |name: &str| std::env::var(format!("HARNESS_{name}")).unwrap_or_default();
    let form = page("DRY_RUN");
    if !form.is_empty() {
        let (on, off) = match page("INK").as_str() {
            "marks" => ("\u{E001}", "\u{E000}"),
            _ => ("", ""),
        };
        println!("dry run:\n      {on}main{off}\n  1   adds, {form}, {} columns\nend of dry run", page("WIDTH"));
    }
    println!("passes: 1234 interleavings explored, exhaustively");
}
"#;

/// The tests of a lesson.
const TESTS: [&str; 4] = [
    "race_freedom::adds_in_any_order",
    "correctness::adds",
    "correctness::adds_nothing",
    "no_leaks::keeps_nothing",
];

/// The dry run in a lesson's README.
pub const DRY_RUN: &str = "<!-- dry run of adds_in_any_order: written by `cargo xtask verify --record` -->\n\
                           ```text\n      main\n  1   adds, bare, 80 columns\n```\n<!-- end of dry run -->\n";

impl Lesson<'_> {
    /// A path in the exercise's folder.
    pub fn exercise(&self, path: &str) -> String {
        format!("exercises/{}/{path}", self.place)
    }

    /// A path in the solution's folder.
    pub fn solution(&self, path: &str) -> String {
        format!("solutions/{}/{path}", self.place)
    }

    /// The file that the learner edits.
    pub fn file(&self) -> String {
        self.exercise(&format!("src/{}.rs", self.name))
    }

    /// The pristine stub.
    pub fn stub(&self) -> String {
        self.solution("stub.txt")
    }

    /// The stub as the learner finds it.
    pub fn stub_text(&self) -> String {
        let kept = self.fixture.read(&self.stub());
        let lines = kept.split_inclusive('\n');
        lines.map(|line| line.strip_prefix("| ").unwrap_or("\n")).collect()
    }

    /// The reference.
    pub fn reference(&self) -> String {
        self.solution(&format!("src/{}.rs", self.name))
    }

    /// Solves it as the reference does, in words of the learner's own: the reference itself is nobody's doing.
    pub fn solve(&self) {
        let reference = self.fixture.read(&self.reference());
        self.fixture.write(&self.file(), &format!("{reference}// Mine.\n"));
    }

    /// A mistake: `a + b` becomes `wrong`.
    pub fn mistake(&self, name: &str, wrong: &str, caught_by: &str, kind: &str) {
        let path = format!("src/{}.rs", self.name);
        self.fixture.write(
            &self.solution(&format!("mistakes/{name}.patch")),
            &format!(
                "Mistake: another operator\nWhy: it is not a sum.\nCaught-by: {caught_by}\nKind: {kind}\n\n\
                 --- a/{path}\n+++ b/{path}\n@@ -3,3 +3,3 @@\n /// Adds.\n pub fn add(a: u32, b: u32) -> u32 {{\n\
                 -    a + b\n+    {wrong}\n"
            ),
        );
    }

    /// A challenge in the README, at its end.
    pub fn challenge(&self, mistake: &str) {
        let (path, name) = (self.exercise("README.md"), &self.name);
        let readme = self.fixture.read(&path);
        let line = format!("Play it: `cargo xtask explore {name} --mistake {mistake}`.\n");
        self.fixture.write(&path, &(readme + &line));
    }

    /// Where it says what the lesson was shipped with.
    pub fn lock(&self) -> String {
        self.solution("shipped.lock")
    }

    /// Records what the lesson is shipped with, as `verify --record` does.
    pub fn record(&self) {
        self.record_with(&TESTS);
    }

    /// The same, with this list of tests.
    pub fn record_with(&self, tests: &[&str]) {
        let tests: String = tests.iter().map(|test| format!("    \"{test}\",\n")).collect();
        let files = [
            "Cargo.toml",
            "src/lib.rs",
            "src/race_freedom.rs",
            "tests/correctness.rs",
            "tests/no_leaks.rs",
        ];
        let files: String = files
            .iter()
            .map(|path| {
                let digest = self.digest(path);
                format!("\"{path}\" = \"{digest}\"\n")
            })
            .collect();
        self.fixture.write(
            &self.lock(),
            &format!(
                "# What the lesson was shipped with. Written by `cargo xtask verify --record`, checked by `cargo xtask verify`.\n\
                 lesson = \"{}\"\n\n\
                 # The tests that the reference passes: the lesson is done when all of these pass.\n\
                 tests = [\n{tests}]\n\n\
                 # The SHA-256 of what the tests are built from, each line ending in \\n alone.\n\
                 [files]\n{files}",
                self.name
            ),
        );
    }

    /// The SHA-256 of a file in the exercise's folder.
    pub fn digest(&self, path: &str) -> String {
        let text = self.fixture.read(&self.exercise(path));
        let bytes = hmac_sha256::Hash::hash(text.as_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn write_all(&self) {
        let Lesson { fixture, name, place } = self;
        let write = |path: String, text: &str| fixture.write(&path, text);
        write(
            self.exercise("Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}\"\ndescription = \"Adds two numbers\"\nedition.workspace = true\n\n\
                 [package.metadata.lesson]\ntitle = \"Sums\"\ngo = \"a + b\"\nconcepts = [\"addition\"]\nminutes = 5\n\n\
                 [dependencies]\nharness.workspace = true\n\n\
                 [[example]]\nname = \"{name}_tour\"\npath = \"examples/tour.rs\"\n\n[lints]\nworkspace = true\n"
            ),
        );
        let wiring = |path: &str| {
            format!(
                "//! Wiring.\n\nmod {name};\npub use {name}::add;\n\n#[cfg(test)]\n{path}mod race_freedom;\n"
            )
        };
        write(self.exercise("src/lib.rs"), &wiring(""));
        let stub = "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    todo!(\"add {a} and {b}\")\n}\n";
        let stub = stub
            .replace("{a} and {b}", "the two numbers")
            .replace("todo!", "let _ = (a, b);\n    todo!");
        write(self.file(), &stub);
        write(self.stub(), &kept(&stub));
        write(
            self.reference(),
            "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n",
        );
        write(self.exercise("src/race_freedom.rs"), MODEL);
        write(
            self.exercise("tests/correctness.rs"),
            &format!(
                "//! What it does.\n\n// Two and two are four.\n#[test]\nfn adds() {{\n    assert_eq!({name}::add(2, 2), 4);\n}}\n\n\
                 #[test]\nfn adds_nothing() {{\n    assert_eq!({name}::add(2, 0), 2, \"two and nothing\");\n}}\n"
            ),
        );
        write(
            self.exercise("tests/no_leaks.rs"),
            &format!(
                "//! What it keeps.\n\n#[test]\nfn keeps_nothing() {{\n    assert_eq!({name}::add(0, 0), 0);\n}}\n"
            ),
        );
        write(
            self.exercise("examples/tour.rs"),
            &format!(
                "//! A tour.\n\n/// Adds.\npub fn main() {{\n    assert_eq!({name}::add(40, 2), 42);\n}}\n"
            ),
        );
        let sections = ["Why", "Go and Rust", "The contract", "Dry run", "Things to break"];
        let readme: String =
            sections.iter().map(|title| format!("## {title}\n\n{SECTION}\n\n")).collect();
        let readme =
            readme.replace("## Things to break", &format!("{DRY_RUN}\n## Things to break"));
        write(self.exercise("README.md"), &readme);
        write(
            self.exercise("HINTS.md"),
            "# Hints\n\n## Hint 1\n\nThink.\n\n## Hint 2: the operator\n\nIt is `+`.\n\n## Hint 3\n\n`a + b`\n",
        );

        write(
            self.solution("Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}_solution\"\nedition.workspace = true\n\n\
                 [dependencies]\nharness.workspace = true\n\n\
                 [[example]]\nname = \"{name}_solution_tour\"\npath = \"examples/tour.rs\"\n\n\
                 [[bench]]\nname = \"compare\"\nharness = false\n\n[lints]\nworkspace = true\n"
            ),
        );
        let up = format!("../../../../exercises/{place}");
        write(
            self.solution("src/lib.rs"),
            &wiring(&format!("#[path = \"{up}/src/race_freedom.rs\"]\n")),
        );
        for test in ["correctness", "no_leaks"] {
            write(
                self.solution(&format!("tests/{test}.rs")),
                &format!(
                    "//! The lesson's.\n\nextern crate {name}_solution as {name};\n\n#[path = \"{up}/tests/{test}.rs\"]\nmod {test};\n"
                ),
            );
        }
        write(
            self.solution("examples/tour.rs"),
            &format!(
                "//! The lesson's.\n\nextern crate {name}_solution as {name};\n\n#[path = \"{up}/examples/tour.rs\"]\nmod tour;\n\nfn main() {{\n    tour::main();\n}}\n"
            ),
        );
        write(
            self.solution("benches/compare.rs"),
            &format!(
                "//! Yours and the reference.\n\n#[path = \"{up}/src/{name}.rs\"]\nmod yours;\nuse {name}_solution as reference;\n\nfn main() {{\n    assert!(reference::add(1, 1) == 2 || yours::add(1, 1) == 2);\n}}\n"
            ),
        );
        self.record();
    }
}
