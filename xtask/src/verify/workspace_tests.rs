//! The tests of the workspace itself: what `cargo nextest run` runs at its root.

use std::process::Stdio;
use std::thread::available_parallelism;
use std::time::Instant;

use anyhow::{Context, Result};

use super::{Gate, WORKSPACE, ended};
use crate::run::stderr::{Listener, lines};
use crate::run::{Runner, nextest_is_installed};

/// Set while the workspace's own tests run, to the workspace: none of them may verify that again.
pub const VERIFYING: &str = "XTASK_VERIFYING";

/// The tests of the workspace's default members: the harness, the references, the runner. They run as their
/// authors run them, through nextest if it is installed.
pub fn gate(runner: &Runner) -> Result<Gate> {
    // Half of the tests wait most of the time: for cargo, or until what sleeps is told from what is slow.
    let at_once = (2 * available_parallelism().map_or(1, |n| n.get())).to_string();
    let words: &[&str] = match nextest_is_installed() {
        true => &["nextest", "run", "--test-threads", &at_once],
        false => &["test"],
    };
    let mut child = runner
        .cargo_once(&runner.workspace.root)
        .args(words)
        .args(["--color", "never"])
        .env(VERIFYING, &runner.workspace.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}: is cargo installed?", runner.cargo.display()))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut listener = Listener::new(false);
    let mut printed = String::new();
    std::thread::scope(|scope| {
        scope.spawn(|| stdout.map(|stdout| lines(stdout, |line| printed.push_str(&line))));
        let begun = Instant::now();
        if let Some(stderr) = stderr {
            lines(stderr, |line| listener.line(&line, begun));
        }
    });
    let status = child.wait().context("cannot wait for cargo")?;
    let said = listener.said + &printed;
    // nextest ends with a count.
    let summary = said.lines().find(|line| line.trim_start().starts_with("Summary ["));
    let summary = summary.and_then(|line| line.split_once(']'));
    let note = summary.map_or("all pass", |(_, counts)| counts.trim());
    let problems = if status.success() {
        Vec::new()
    } else {
        ended(&format!("cargo {}", words.join(" ")), status, &said)
    };
    Ok(Gate::new(WORKSPACE, "tests", problems, note))
}
