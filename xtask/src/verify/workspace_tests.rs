//! The tests of the workspace itself: what `cargo nextest run` runs at its root.

use std::process::Stdio;

use anyhow::{Context, Result};

use super::{Gate, WORKSPACE};
use crate::run::{Setup, stderr};
use crate::workspace::Workspace;

/// Set while the workspace's own tests run, to the workspace: none of them may verify that again.
pub const VERIFYING: &str = "XTASK_VERIFYING";

/// The tests of the workspace's default members: the harness, the references, the runner.
pub fn gate(setup: &Setup, workspace: &Workspace) -> Result<Gate> {
    let mut command = setup.cargo(&workspace.root);
    command.args(if setup.nextest {
        &["nextest", "run", "--color", "never"][..]
    } else {
        &["test", "--color", "never"]
    });
    let mut child = command
        .env(VERIFYING, &workspace.root)
        .stdin(Stdio::null())
        .stdout(if setup.nextest {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}: is cargo installed?", setup.cargo.display()))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut listener = stderr::Listener::new(false);
    let mut printed = String::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Some(stdout) = stdout {
                stderr::lines(stdout, |line| {
                    printed.push_str(&line);
                    true
                });
            }
        });
        if let Some(stderr) = stderr {
            let begun = std::time::Instant::now();
            stderr::lines(stderr, |line| {
                listener.line(&line, begun);
                true
            });
        }
    });
    let status = child.wait().context("cannot wait for cargo")?;
    listener.end();
    let summary = listener
        .after
        .lines()
        .find(|line| line.trim_start().starts_with("Summary"));
    let note = match summary.and_then(|line| line.split_once(']')) {
        Some((_, counts)) => counts.trim().to_owned(),
        None => "all pass".to_owned(),
    };
    let problems = if status.success() {
        Vec::new()
    } else {
        let command = if setup.nextest {
            "cargo nextest run"
        } else {
            "cargo test"
        };
        let said = [listener.said, listener.after, printed].concat();
        // The end of it names what failed, and there may be a lot of it.
        let lines: Vec<&str> = said
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let from = lines.len().saturating_sub(40);
        let mut problems = vec![format!(
            "`{command}` ended with {status}; the end of what it said:"
        )];
        problems.extend(lines[from..].iter().map(|line| (*line).to_owned()));
        problems
    };
    Ok(Gate::new(WORKSPACE, "tests", problems, note))
}
