//! Runs tests through cargo-nextest.

use std::fs;
use std::io::ErrorKind;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::stderr::{self, Listener};
use crate::workspace::{Lesson, Workspace};

use super::junit::{self, Report};
use super::{ALL, Filter, ONE, Ran, Run, Setup};

/// Where the profile `lesson` of `.config/nextest.toml` leaves its report, from the root.
const REPORT: &str = "target/nextest/lesson/junit.xml";

/// Exit codes of nextest: <https://docs.rs/nextest-metadata/latest/nextest_metadata/enum.NextestExitCode.html>.
mod code {
    pub const TESTS_FAILED: i32 = 100;
    pub const BUILD_FAILED: i32 = 101;
    pub const METADATA_FAILED: i32 = 102;
}

pub fn run(
    setup: &Setup,
    workspace: &Workspace,
    lesson: &Lesson,
    filter: Option<&Filter>,
) -> Result<Run> {
    let report = workspace.path(REPORT);
    // The report of an earlier run must not be taken for that of this one.
    if let Err(error) = fs::remove_file(&report)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error).with_context(|| {
            format!(
                "cannot remove {}: make its folder writable, or remove it by hand",
                report.display()
            )
        });
    }
    let mut command = setup.cargo(&workspace.root);
    command
        .args([
            "nextest",
            "run",
            "--profile",
            "lesson",
            "--tests",
            "--no-tests",
            "pass",
        ])
        .args(["--color", setup.colour_word(), "--package", &lesson.name])
        .args(["--config", &runner_setting(setup)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(filter) = filter {
        command.args([
            "--filterset",
            &filterset(filter, &integration_tests(workspace, lesson)),
        ]);
    }
    setup.report.tell(&mut command);
    if setup.control.is_followed() {
        // A line for each test that has ended, to count them by.
        command.args(["--status-level", "pass"]);
    }
    die_with_this_process(&mut command);

    let begun = Instant::now();
    let mut running = setup
        .control
        .spawn(&mut command)
        .with_context(|| format!("cannot run {}: is cargo installed?", setup.cargo.display()))?;
    let mut listener = Listener::new(true).followed_by(&setup.control);
    let in_time = listen(running.child.stderr.take(), &mut listener, begun);
    if !in_time {
        // The guards see that nextest is gone, and end their tests.
        let _ = running.child.kill();
    }
    let status = running.wait().context("cannot wait for cargo nextest")?;
    listener.end();
    setup.control.check()?;

    let report = fs::read_to_string(&report)
        .ok()
        .map(|xml| junit::read(&xml))
        .transpose()?;
    let warnings = listener.warnings;
    let ran = |report: Option<Report>| {
        let Report { tests, stopped } = report.unwrap_or_default();
        let cut_short = stopped || !in_time || listener.after.contains("not run");
        Run::Ran(Ran {
            tests,
            cut_short,
            warnings,
        })
    };
    match status.code() {
        // Without a test there is no report.
        Some(0) => Ok(ran(report)),
        Some(code::TESTS_FAILED) if report.is_some() => Ok(ran(report)),
        Some(code::BUILD_FAILED | code::METADATA_FAILED) => Ok(Run::NotBuilt(listener.said)),
        _ if !in_time => Ok(ran(report)),
        _ => bail!(
            "cargo nextest ended with {status}:\n{}{}\nIf it is older than what .config/nextest.toml asks for: \
             cargo install --locked cargo-nextest",
            listener.said,
            listener.after
        ),
    }
}

/// Takes in what cargo and nextest say until they have ended. `false`: they did not end in time.
fn listen(stderr: Option<ChildStderr>, listener: &mut Listener, begun: Instant) -> bool {
    let Some(stderr) = stderr else {
        return true;
    };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || stderr::lines(stderr, |line| sender.send(line).is_ok()));
    loop {
        let wait = match listener.started {
            // A build takes as long as it takes.
            None => Duration::from_secs(3600),
            Some(started) => ALL.saturating_sub(started.elapsed()),
        };
        match receiver.recv_timeout(wait) {
            Ok(line) => listener.line(&line, begun),
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) if listener.started.is_some() => return false,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// The cargo setting that starts every test through the guard. Not the environment variable
/// `CARGO_TARGET_…_RUNNER`: that is split at spaces, and the runner's path may have some.
fn runner_setting(setup: &Setup) -> String {
    let words = setup
        .guard(ONE)
        .map(|word| toml::Value::from(word.to_string_lossy().into_owned()));
    format!(
        "target.'cfg(all())'.runner={}",
        toml::Value::Array(words.into())
    )
}

/// The names of the lesson's integration tests.
fn integration_tests(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    let entries = fs::read_dir(workspace.path(lesson.exercise.join("tests")))
        .into_iter()
        .flatten();
    let sources = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// nextest names a test by its binary and the name in it. It takes a binary that is not there for an error, so
/// only those that are there are named.
fn filterset(filter: &Filter, integration_tests: &[String]) -> String {
    let text = filter.text();
    let mut set = format!("test(~{text})");
    for target in integration_tests {
        if target.contains(text) {
            set += &format!(" | binary(={target})");
        } else if let Some((heading, rest)) = text.split_once("::")
            && target.ends_with(heading)
        {
            let within = if rest.is_empty() {
                String::new()
            } else {
                format!(" & test(/^{rest}/)")
            };
            set += &format!(" | (binary(={target}){within})");
        }
    }
    set
}

/// On Linux nextest is told to stop when the runner dies, however it dies; nextest then ends its tests.
/// Elsewhere an interrupt from the terminal reaches both, and nextest's own time-outs do the rest.
fn die_with_this_process(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        let die = || {
            Ok(rustix::process::set_parent_process_death_signal(Some(
                rustix::process::Signal::TERM,
            ))?)
        };
        // SAFETY: the closure runs between fork and exec, where only async-signal-safe work is allowed; it makes
        // one system call and allocates nothing.
        unsafe { command.pre_exec(die) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_told_to_nextest_in_its_own_words() {
        let targets = ["correctness".to_owned(), "no_leaks".to_owned()];
        let set = |text: &str| filterset(&text.parse().expect("a filter"), &targets);
        assert_eq!(set("adds"), "test(~adds)");
        assert_eq!(set("leak"), "test(~leak) | binary(=no_leaks)");
        assert_eq!(
            set("correctness::adds"),
            "test(~correctness::adds) | (binary(=correctness) & test(/^adds/))"
        );
        assert_eq!(set("no_leaks::"), "test(~no_leaks::) | (binary(=no_leaks))");
    }
}
