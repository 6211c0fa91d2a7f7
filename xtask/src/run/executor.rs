//! Runs tests, several at a time, each process behind the guard: a lesson's in one process a binary as long as they pass;
//! all others in a process each.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::course::lesson_tests::is_of_lesson;

use super::cargo::{Binary, Built};
use super::control::Stage;
use super::{Filter, Runner, backtrace, canonical};
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

impl Limits {
    /// How long the next test may take, if so much of the time of all is left: none if its turn comes too late.
    fn next(&self, left: Duration, one_was_stopped: bool) -> Duration {
        if one_was_stopped {
            self.one.min(left)
        } else {
            // While all end by themselves, it is the machine that is slow.
            self.one
        }
    }
}

/// Runs the tests of a lesson, which has `expected`, in the bounds of [`LESSON`](super::LESSON), and returns whether the
/// time was up before all had run. `together`: those of a binary may share a process as long as they pass.
pub fn lesson<'a>(
    runner: &Runner,
    binaries: impl Iterator<Item = &'a Binary>,
    expected: &[String],
    filter: Option<&Filter>,
    together: bool,
) -> Result<(Vec<TestRun>, bool)> {
    let mut binaries: Vec<_> = binaries.collect();
    let mut tests = Vec::new();
    if together && filter.is_none() {
        runner.control.follow(Stage::Running { done: 0, of: 0 });
        let passed = each(&binaries, |binary| passed_together(runner, binary));
        let tried = std::mem::take(&mut binaries);
        for (binary, (passed, all)) in tried.into_iter().zip(passed) {
            tests.extend(passed);
            if !all {
                binaries.push(binary);
            }
        }
    }
    let mut jobs = jobs_of(runner, binaries.into_iter())?;
    let names: BTreeSet<_> = tests.iter().map(|test| test.name.clone()).collect();
    jobs.retain(|job| !names.contains(&job.canonical));
    jobs.retain(|job| filter.is_none_or(|filter| filter.admits(&job.canonical)));
    // The learner's own come last, so that they do not use up the time.
    jobs.sort_by_key(|job| !is_of_lesson(&job.canonical, expected));
    let alone = run(runner, &jobs, &super::LESSON);
    let cut_short = alone.len() < jobs.len();
    tests.extend(alone);
    Ok((tests, cut_short))
}

/// Runs the tests of a binary in one process, one after the other, until one does not pass. Returns those that passed, and
/// whether these are all.
fn passed_together(runner: &Runner, binary: &Binary) -> (Vec<TestRun>, bool) {
    let mut command = command(runner, binary, What::Tests, super::TEST_TIMEOUT);
    command.args(["--test-threads=1", "--show-output"]);
    match runner.control.output(&mut command, |_| ()) {
        Ok(output) => {
            let target = binary.target.as_deref();
            let printed = String::from_utf8_lossy(&output.stdout);
            read_together(target, &printed, output.status.success())
        }
        Err(_) => (Vec::new(), false),
    }
}

fn read_together(target: Option<&str>, printed: &str, success: bool) -> (Vec<TestRun>, bool) {
    let (lines, outputs) = printed.split_once("\nsuccesses:\n").unwrap_or((printed, ""));
    let names = lines.lines().filter_map(|line| {
        let name = line.strip_prefix("test ")?.strip_suffix(" ... ok")?;
        Some(name.trim_end_matches(" - should panic"))
    });
    let names: Vec<&str> = names.collect();
    let sum = format!("test result: ok. {} passed; 0 failed; 0 ignored; ", names.len());
    let all = success && printed.contains(&sum);
    let passed = names.into_iter().map(|name| {
        let output = outputs.split_once(&format!("---- {name} stdout ----\n"));
        let output = output.and_then(|(_, rest)| rest.split("\n---- ").next());
        TestRun {
            name: canonical(target, name),
            success: true,
            stdout: format!("{}\ntest result: ok. 1 passed", output.unwrap_or_default()),
            ..TestRun::default()
        }
    });
    // What models have explored is printed in the end.
    let passed = passed.filter(|_| all || target.is_some());
    (passed.collect(), all)
}

/// What becomes of each, all at once.
pub fn each<T: Sync, U: Send>(all: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    std::thread::scope(|scope| {
        let started: Vec<_> = all.iter().map(|one| scope.spawn(|| work(one))).collect();
        let ended = started.into_iter().map(|thread| thread.join());
        ended.map(|it| it.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// The tests of these binaries, one after the other.
pub fn jobs_of<'a>(
    runner: &Runner,
    binaries: impl Iterator<Item = &'a Binary>,
) -> Result<Vec<Job<'a>>> {
    let binaries: Vec<_> = binaries.collect();
    // All are asked at once: each takes about as long to start as a test.
    let listed = each(&binaries, |binary| list(runner, binary));
    let mut jobs = Vec::new();
    for (binary, tests) in binaries.into_iter().zip(listed) {
        jobs.extend(tests?.into_iter().map(|test| Job {
            binary,
            canonical: canonical(binary.target.as_deref(), &test),
            test,
        }));
    }
    Ok(jobs)
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
pub fn job_of<'a>(
    runner: &Runner,
    built: &'a Built,
    package: &str,
    target: Option<&str>,
    wanted: &str,
) -> Result<Result<Job<'a>, NoJob>> {
    let mut binaries = built.tests_of(package);
    let Some(binary) = binaries.find(|binary| binary.target.as_deref() == target) else {
        return Ok(Err(NoJob::NotBuilt));
    };
    let mut tests = list(runner, binary)?.into_iter();
    let test = tests.find(|test| canonical(target, test) == wanted);
    Ok(test.ok_or(NoJob::NoSuchTest).map(|test| Job { binary, canonical: wanted.to_owned(), test }))
}

/// The names of the tests in a binary.
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
    let names = names.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(names.map(str::to_owned).collect())
}

/// Runs a program with these arguments in the bounds of a test, but with a time of its own, and shows `watch` what
/// it has printed whenever there is more.
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
                    let left = deadline.saturating_duration_since(Instant::now());
                    let time = limits.next(left, one_was_stopped.load(Ordering::Relaxed));
                    if time.is_zero() || runner.control.check().is_err() {
                        break;
                    }
                    let raw = run_one(runner, job, time);
                    // Stopped because the time of all was up, not its own: nothing is known of it.
                    let (end, _) = End::find(&raw.stderr);
                    if time < limits.one && matches!(end, Some(End::TimeOut(_))) {
                        break;
                    }
                    if end.is_some_and(|end| end.is_stopped()) {
                        one_was_stopped.store(true, Ordering::Relaxed);
                    }
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.push((i, raw));
                    let done = results.len();
                    // Under the lock, so that the numbers come in their order.
                    runner.control.follow(Stage::Running { done, of });
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
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
    let one = PATIENT_TIMEOUT;
    run(runner, jobs, &Limits { one, all, at_once })
}

fn run_one(runner: &Runner, job: &Job<'_>, time_out: Duration) -> TestRun {
    let begun = Instant::now();
    let start = |backtrace| {
        let mut command = command(runner, job.binary, What::Test, time_out);
        command.args(["--exact", &job.test, "--nocapture"]).env("RUST_BACKTRACE", backtrace);
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
    TestRun { name: job.canonical.clone(), seconds: begun.elapsed().as_secs_f64(), ..ran }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::LESSON;

    /// However many tests hang, each to the end of its time: the last one is stopped in time for the verdict.
    #[test]
    fn the_time_of_all_bounds_that_of_hanging_tests() {
        let mut now = Duration::ZERO;
        let mut rounds = 0;
        loop {
            let time = LESSON.next(LESSON.all.saturating_sub(now), rounds > 0);
            if time.is_zero() {
                break;
            }
            // Those that run at once begin and end together.
            now += time;
            rounds += 1;
        }
        assert!(rounds > 2, "two whole rounds, and what is left");
        let build_and_page = Duration::from_secs(2);
        assert!(now + build_and_page <= Duration::from_secs(15), "{now:?}");
    }

    #[test]
    fn a_test_has_its_time_from_the_guard() {
        let workspace = crate::course::select::tests::workspace(&["a"]);
        let runner = Runner::new(workspace).expect("a runner");
        let binary =
            Binary { package: "a".into(), target: None, path: "a-1".into(), folder: "a".into() };
        let time = Duration::from_millis(1234);
        let command = command(&runner, &binary, What::Test, time);
        let arguments: Vec<_> = command.get_args().take(3).collect();
        assert_eq!(arguments, [crate::run::guard::ARGUMENT, "test", "1234"]);
    }

    #[test]
    fn what_passes_beside_others_is_told_from_what_is_to_run_alone() {
        let all = "\nrunning 2 tests\ntest m::a ... ok\ntest m::b - should panic ... ok\n\nsuccesses:\n\n\
                   ---- m::a stdout ----\npasses: 8 interleavings\n\n\nsuccesses:\n    m::a\n    m::b\n\n\
                   test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let (passed, complete) = read_together(None, all, true);
        assert!(complete);
        let names: Vec<_> = passed.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["m::a", "m::b"]);
        assert!(passed[0].stdout.starts_with("passes: 8 interleavings\n"));
        assert!(!passed[1].stdout.contains("passes"));
        // It ended from within, or with one that is ignored.
        let ignored = all.replace("0 ignored", "1 ignored");
        assert!(!read_together(None, all, false).1 && !read_together(None, &ignored, true).1);

        let cut = "\nrunning 3 tests\ntest a ... ok\ntest b ... FAILED\ntest c ... ";
        let (passed, complete) = read_together(Some("correctness"), cut, false);
        assert!(!complete);
        let names: Vec<_> = passed.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["correctness::a"]);
        // Of a model it is not known yet what it has explored.
        assert_eq!(read_together(None, cut, false).0.len(), 0);
    }
}
