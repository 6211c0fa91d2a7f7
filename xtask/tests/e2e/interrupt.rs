//! Ctrl-C, while something is built and while tests run: nobody is left, nothing is half written, and the terminal is
//! as it was.

use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;

use crate::fixture::{Fixture, Lesson};
use crate::pty::Pty;
use crate::watch::{hang, hanging, is_there, on_terminal, wait_until};
use crate::{processes, tree};

/// A build script that says which process it is and does not end.
const BUILD: &str = r#"fn main() {
    let root = std::env::current_dir().unwrap();
    let root = root.ancestors().find(|folder| folder.join(".config").is_dir());
    std::fs::write(root.unwrap().join("hangs"), std::process::id().to_string()).unwrap();
    loop {
        std::thread::park();
    }
}
"#;

/// Runs it on a terminal until something hangs, and types Ctrl-C.
fn interrupt(fixture: &Fixture, arguments: &[&str]) {
    let before = tree::files(&fixture.root);
    let mut pty = Pty::start(on_terminal(fixture.command(arguments)), 24, 80);
    let hangs = hanging(fixture);
    pty.send("\x03");
    let status = pty.end();
    assert_eq!(
        status.signal(),
        Some(Signal::INT.as_raw()),
        "{arguments:?}: {status}: a shell has to see it as interrupted"
    );
    pty.assert_restored();
    wait_until("what hung is gone", || !is_there(hangs));
    processes::all_gone(&fixture.root);
    fixture.remove("hangs");
    let after = tree::files(&fixture.root);
    for (path, content) in &before {
        let now = after.get(path).map(|now| without_moments(now));
        assert_eq!(now, Some(without_moments(content)), "{arguments:?}: {path}");
    }
    let new: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(new.is_empty(), "{arguments:?}: left behind: {new:?}");
}

/// `compare` runs the learner's tests first, and notes anew when they passed.
fn without_moments(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines.filter(|line| !line.starts_with("at = ")).collect()
}

fn lesson(fixture: &Fixture) -> Lesson<'_> {
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    // Some progress, and a version in the store.
    sum.solve();
    assert_eq!(fixture.run(&["next"]).code, Some(0));
    assert_eq!(fixture.run(&["reset", "sum"]).code, Some(0));
    sum
}

#[test]
fn ctrl_c_ends_a_run_of_the_learners_code() {
    let fixture = Fixture::new();
    let sum = lesson(&fixture);
    hang(&fixture, &sum.file());
    for arguments in [&["next"][..], &["test", "sum"], &["grade"]] {
        interrupt(&fixture, arguments);
    }
    fixture.write(&sum.exercise("build.rs"), BUILD);
    for arguments in [&["next"][..], &["test", "sum"]] {
        interrupt(&fixture, arguments);
    }
    fixture.remove(&sum.exercise("build.rs"));
    // And the next run is none the worse for it.
    sum.solve();
    let next = fixture.run(&["next"]);
    assert_eq!(next.code, Some(0), "{next:?}");
}

#[test]
fn ctrl_c_ends_a_run_of_the_reference() {
    let fixture = Fixture::new();
    let sum = lesson(&fixture);
    let reference = fixture.read(&sum.reference());
    sum.solve();
    assert_eq!(fixture.run(&["next"]).code, Some(0));
    hang(&fixture, &sum.reference());
    for arguments in [
        &["verify", "sum"][..],
        &["verify", "sum", "--record"],
        &["compare", "sum", "--yes"],
        &["bench", "sum"],
    ] {
        interrupt(&fixture, arguments);
    }
    fixture.write(&sum.solution("build.rs"), BUILD);
    for arguments in [&["verify", "sum"][..], &["compare", "sum", "--yes"], &["bench", "sum"]] {
        interrupt(&fixture, arguments);
    }
    fixture.remove(&sum.solution("build.rs"));
    fixture.write(&sum.reference(), &reference);
    let next = fixture.run(&["next"]);
    assert_eq!(next.code, Some(0), "{next:?}");
}
