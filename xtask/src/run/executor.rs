//! Runs tests: a process each, each behind the guard, several at a time.

use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::course::lesson_tests::is_of_lesson;

use super::Runner;
use super::backtrace;
use super::canonical;
use super::cargo::{Binary, Built};
use super::control::Stage;
use crate::run::guard::{End, What};

/// A test as it was run.
#[derive(Clone, Debug, Default)]
pub struct TestRun {
    /// The canonical name, for example `correctness::wait_returns_at_once`.
    pub name: String,
    /// Whether its process ended with success.
    pub success: bool,
    /// What it printed.
    pub stdout: String,
    /// What it printed on stderr, the guard's last line included.
    pub stderr: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl TestRun {
    fn new(status: ExitStatus, stdout: &[u8], stderr: &[u8]) -> Self {
        Self {
            success: status.success(),
            stdout: String::from_utf8_lossy(stdout).into_owned(),
            stderr: String::from_utf8_lossy(stderr).into_owned(),
            ..Self::default()
        }
    }
}

/// One test to run.
#[derive(Debug)]
pub struct Job<'a> {
    /// The binary that holds it.
    pub binary: &'a Binary,
    /// Its canonical name.
    pub canonical: String,
    /// Its name in the binary.
    pub test: String,
}

/// How long tests may take, and how many run at once.
#[derive(Debug)]
pub struct Limits {
    /// One test.
    pub one: Duration,
    /// All of them, if one of them has to be stopped. Those whose turn has not come by then do not run.
    pub all: Duration,
    /// How many at once.
    pub at_once: usize,
}

/// The tests of a package, binary by binary.
///
/// # Errors
///
/// A binary does not list its tests.
pub fn jobs_of<'a>(runner: &Runner, built: &'a Built, package: &str) -> Result<Vec<Job<'a>>> {
    let binaries: Vec<_> = built.tests_of(package).collect();
    // All are asked at once: each takes about as long to start as a test.
    let listed: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = binaries
            .iter()
            .map(|binary| scope.spawn(|| list(runner, binary)))
            .collect();
        let answers = asked.into_iter().map(|asked| match asked.join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        answers.collect::<Result<_>>()
    })?;
    let of_binary = |(binary, tests): (&'a Binary, Vec<String>)| {
        tests.into_iter().map(move |test| Job {
            binary,
            canonical: canonical(binary.target.as_deref(), &test),
            test,
        })
    };
    Ok(binaries
        .into_iter()
        .zip(listed)
        .flat_map(of_binary)
        .collect())
}

/// Puts the tests of a lesson, which has `expected`, before the learner's own, so that those do not use up its time.
pub fn own_last(jobs: &mut [Job<'_>], expected: &[String]) {
    jobs.sort_by_key(|job| !is_of_lesson(&job.canonical, expected));
}

/// Why a test cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoJob {
    /// Its binary is not there.
    NotBuilt,
    /// Its binary has no test of that name.
    NoSuchTest,
}

/// The test of a package that has this canonical name. `target` is the integration test that holds it; `None` for
/// the library's own unit tests.
///
/// # Errors
///
/// The binary does not list its tests.
pub fn job_of<'a>(
    runner: &Runner,
    built: &'a Built,
    package: &str,
    target: Option<&str>,
    wanted: &str,
) -> Result<Result<Job<'a>, NoJob>> {
    let Some(binary) = built
        .tests_of(package)
        .find(|binary| binary.target.as_deref() == target)
    else {
        return Ok(Err(NoJob::NotBuilt));
    };
    let test = list(runner, binary)?
        .into_iter()
        .find(|test| canonical(target, test) == wanted);
    Ok(test.ok_or(NoJob::NoSuchTest).map(|test| Job {
        binary,
        canonical: wanted.to_owned(),
        test,
    }))
}

/// The names of the tests in a binary.
///
/// # Errors
///
/// The binary does not say.
fn list(runner: &Runner, binary: &Binary) -> Result<Vec<String>> {
    let mut command = command(runner, binary, What::Program, super::TEST_TIMEOUT);
    command.args(["--list", "--format", "terse"]);
    let output = runner
        .control
        .output(&mut command, |_| ())
        .with_context(|| format!("cannot run {}", binary.path.display()))?;
    runner.control.check()?;
    if !output.status.success() {
        bail!(
            "{} does not list its tests:\n{}",
            binary.path.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let names = String::from_utf8_lossy(&output.stdout);
    Ok(names
        .lines()
        .filter_map(|line| Some(line.strip_suffix(": test")?.to_owned()))
        .collect())
}

/// Runs a program with these arguments in the bounds of a test, but with a time of its own, and shows `watch` what
/// it has printed whenever there is more.
///
/// # Errors
///
/// It cannot be started.
pub fn program(
    runner: &Runner,
    binary: &Binary,
    arguments: &[&str],
    time_out: Duration,
    mut watch: impl FnMut(&str),
) -> Result<TestRun> {
    let mut command = command(runner, binary, What::Program, time_out);
    let output = runner
        .control
        .output(command.args(arguments), |stdout| {
            watch(&String::from_utf8_lossy(stdout));
        })
        .with_context(|| format!("cannot run {}", binary.path.display()))?;
    Ok(TestRun::new(output.status, &output.stdout, &output.stderr))
}

/// Runs the jobs. A job whose turn did not come in time has no result.
pub fn run(runner: &Runner, jobs: &[Job<'_>], limits: &Limits) -> Vec<TestRun> {
    let deadline = Instant::now() + limits.all;
    let next = AtomicUsize::new(0);
    let one_was_stopped = AtomicBool::new(false);
    let results = Mutex::new(Vec::with_capacity(jobs.len()));
    let of = jobs.len();
    runner.control.follow(Stage::Running { done: 0, of });
    std::thread::scope(|scope| {
        for _ in 0..limits.at_once.min(jobs.len()) {
            scope.spawn(|| {
                // Relaxed: each worker needs a number of its own, and nothing else is passed on by it.
                while let Some((i, job)) = {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(i).map(|job| (i, job))
                } {
                    let mut left = deadline.saturating_duration_since(Instant::now());
                    // While all end by themselves, it is the machine that is slow.
                    if !one_was_stopped.load(Ordering::Relaxed) {
                        left = left.max(limits.one);
                    }
                    if left.is_zero() || runner.control.check().is_err() {
                        break;
                    }
                    let raw = run_one(runner, job, limits.one.min(left));
                    // Stopped because the time of all was up, not its own: nothing is known of it.
                    let (end, _) = End::find(&raw.stderr);
                    if left < limits.one && matches!(end, Some(End::TimeOut(_))) {
                        break;
                    }
                    if end.is_some_and(|end| end.is_stopped()) {
                        one_was_stopped.store(true, Ordering::Relaxed);
                    }
                    let mut results = results
                        .lock()
                        .unwrap_or_else(|poisoned| poisoned.into_inner());
                    results.push((i, raw));
                    let done = results.len();
                    // Under the lock, so that the numbers come in their order.
                    runner.control.follow(Stage::Running { done, of });
                }
            });
        }
    });
    let mut results = results
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, raw)| raw).collect()
}

/// The longest that a test may take if all are run to their end: what the profile in `.config/nextest.toml` gives
/// it. A learner's test has less, but builds that run beside `verify` slow it down, and a verdict on a lesson must
/// not depend on them.
pub const PATIENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs each job to its end, however many there are.
pub fn run_all(runner: &Runner, jobs: &[Job<'_>]) -> Vec<TestRun> {
    // Models are busy, but what hangs, as a mistake may, sleeps.
    let at_once = available_parallelism().map_or(2, usize::from) + 1;
    let all = Duration::from_secs(24 * 3600);
    run(
        runner,
        jobs,
        &Limits {
            one: PATIENT_TIMEOUT,
            all,
            at_once,
        },
    )
}

fn run_one(runner: &Runner, job: &Job<'_>, time_out: Duration) -> TestRun {
    let begun = Instant::now();
    let start = |backtrace| {
        let mut command = command(runner, job.binary, What::Test, time_out);
        command
            .args(["--exact", &job.test, "--nocapture"])
            .env("RUST_BACKTRACE", backtrace);
        runner.control.output(&mut command, |_| ())
    };
    let mut ran = match start("0") {
        Ok(output) => TestRun::new(output.status, &output.stdout, &output.stderr),
        Err(error) => TestRun {
            stderr: format!("the test could not be started: {error}"),
            ..TestRun::default()
        },
    };
    if !ran.success && End::find(&ran.stderr).0.is_none() && backtrace::is_worth_asking(&ran.stderr)
    {
        // Once more, for the place alone.
        if let Ok(traced) = start("1") {
            let traced = String::from_utf8_lossy(&traced.stderr);
            let (folder, root) = (&job.binary.folder, &runner.workspace.root);
            ran.stderr = backtrace::with_own_places(&ran.stderr, &traced, folder, root);
        }
    }
    TestRun {
        name: job.canonical.clone(),
        seconds: begun.elapsed().as_secs_f64(),
        ..ran
    }
}

/// A test binary behind the guard, with the folder and the variables that cargo gives it.
pub fn command(runner: &Runner, binary: &Binary, what: What, time_out: Duration) -> Command {
    let [guard, argument, what, ms] = runner.guard(what, time_out);
    let mut command = Command::new(guard);
    command
        .args([argument, what, ms, binary.path.clone().into()])
        .current_dir(&binary.folder)
        .env("CARGO_MANIFEST_DIR", &binary.folder)
        .env("CARGO_PKG_NAME", &binary.package)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null());
    runner.report.tell(&mut command);
    // A group of its own, so that the guard can end all that the test started.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}
