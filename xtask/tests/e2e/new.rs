//! A new lesson, in a workspace with the real harness and the real dependencies: what `new` lays out builds, and
//! `verify` knows what is missing from it.

use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;

use crate::fixture::{Fixture, Ran};

/// A workspace without lessons, and with this one's harness, dependencies, lints and profiles.
fn real_like() -> Fixture {
    let fixture = Fixture::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let of_solutions = |line: &'static str| match line.starts_with("default-members") {
        true => "default-members = [\"solutions/*/*\"]",
        false => line,
    };
    let manifest: Vec<&str> =
        include_str!("../../../Cargo.toml").lines().map(of_solutions).collect();
    let mut manifest = (manifest.join("\n") + "\n").replace("\"xtask\", ", "");
    for inner in ["", "/base", "/report", "/no_log"] {
        let path = format!("\"exercises/harness{inner}\"");
        let there = format!("{}/exercises/harness{inner}", root.to_string_lossy());
        // Not a member, but used where it is.
        manifest = manifest
            .replace(&format!("{path}, "), "")
            .replace(&path, &toml::Value::from(there).to_string());
    }
    fixture.write("Cargo.toml", &manifest);
    fixture.write("Cargo.lock", include_str!("../../../Cargo.lock"));
    std::fs::remove_dir_all(fixture.root.join("exercises/harness")).expect("removed");
    fixture
}

/// The runner, with the target folder of this workspace: the dependencies are built there already.
fn run(fixture: &Fixture, arguments: &[&str]) -> Ran {
    let target: PathBuf = Path::new(env!("CARGO_BIN_EXE_xtask"))
        .ancestors()
        .nth(2)
        .expect("a target folder")
        .to_owned();
    let variables = [
        ("CARGO_TARGET_DIR", target.as_os_str()),
        // Where only the runner was built so far, the rest has to be fetched.
        ("CARGO_NET_OFFLINE", "false".as_ref()),
    ];
    fixture.run_with(arguments, &variables)
}

#[test]
fn a_new_lesson_builds_and_verify_lists_what_is_missing() {
    let fixture = real_like();
    let new = ["new", "01_basics", "laid_out", "--title", "A \"quoted\" title"];
    let laid_out = run(&fixture, &new);
    assert_eq!(laid_out.code, Some(0), "{laid_out:?}");
    assert_snapshot!("laid_out", laid_out.stdout);
    assert!(fixture.root.join("solutions/01_basics/01_laid_out/mistakes").is_dir());
    let stub = fixture.read("solutions/01_basics/01_laid_out/stub.txt");
    let stub = stub.replace("\n| ", "\n").replace("\n|\n", "\n\n");
    assert_eq!(
        fixture.read("exercises/01_basics/01_laid_out/src/laid_out.rs"),
        stub.trim_start_matches("| ")
    );

    // All of the workspace is green, and no learner meets the lesson.
    let verified = run(&fixture, &["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let rows: Vec<_> = verified.stdout.lines().skip(1).collect();
    assert_eq!(rows, [" laid_out   ✓ builds     to be written", "", "2 passed, 0 failed"]);
    let next = run(&fixture, &["next"]);
    assert!(next.stdout.contains("no lessons here yet"), "{next:?}");
    assert!(run(&fixture, &["list"]).stdout.contains("0 of 0 done"));
    assert_eq!(run(&fixture, &["grade"]).code, Some(1));
    let formatted = Command::new(env!("CARGO"))
        .args(["fmt", "--check", "-p", "laid_out", "-p", "laid_out_solution"])
        .current_dir(&fixture.root)
        .output()
        .expect("cargo can be started");
    assert!(formatted.status.success(), "{formatted:?}");

    // A warning is one too many.
    let reference = "solutions/01_basics/01_laid_out/src/laid_out.rs";
    fixture.replace(reference, "Self {}\n", "let unused = 1;\n        Self {}\n");
    let warns = run(&fixture, &["verify", "laid_out"]);
    assert_eq!(warns.code, Some(1), "{warns:?}");
    assert!(warns.stdout.contains("unused variable"), "{warns:?}");
    fixture.replace(reference, "let unused = 1;\n        ", "");

    // As soon as it no longer says that it is to be written, all of it has to be there.
    let manifest = "exercises/01_basics/01_laid_out/Cargo.toml";
    fixture.replace(manifest, "status = \"to be written\"\n", "");
    let missing = run(&fixture, &["verify", "laid_out"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert_snapshot!("missing", missing.stdout);

    // The next one comes after it; and nothing is laid out over what there is.
    let second = run(&fixture, &["new", "basics", "second", "--go", "chan"]);
    assert!(second.stdout.contains(" 1.2  second"), "{second:?}");
    let taken = run(&fixture, &["new", "1", "laid_out"]);
    assert_eq!(taken.code, Some(1));
    assert!(taken.stderr.contains("a crate called laid_out"), "{taken:?}");
    let nowhere = run(&fixture, &["new", "nowhere", "third"]);
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.stderr.contains("\n  01_basics\n"), "{nowhere:?}");
}
