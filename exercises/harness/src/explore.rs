//! Explore every interleaving of a small program.

use crate::dry_run;
use crate::leaks::{Owner, with_owner};
use crate::recorder::{self, Ending, Log, Session};
use crate::verdict::{Coverage, Kind, failure_line, success_line};
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a model may explore. A program within its contract that takes more steps than the reference
/// must not fail for that: what was explored by then counts.
const BUDGET: Duration = Duration::from_secs(4);

/// How long the search for a simpler failing interleaving may take.
const SIMPLIFY_BUDGET: Duration = Duration::from_millis(1_500);

/// The largest preemption bound that is tried for a simpler failing interleaving.
const SIMPLE_ENOUGH: usize = 2;

/// A thread that takes no step of the model for so long hangs outside the facade.
const STUCK_AFTER: Duration = Duration::from_secs(3);

/// Explores every interleaving of `program` and fails the test with a dry run if one of them fails.
///
/// # Panics
/// If an interleaving fails.
#[track_caller]
pub fn model(program: impl Fn() + Send + Sync + 'static) {
    Model::new().check(program);
}

/// Explores every interleaving of `program`.
///
/// # Errors
/// If an interleaving fails.
pub fn explore(program: impl Fn() + Send + Sync + 'static) -> Result<Explored, Failure> {
    Model::new().explore(program)
}

/// What a passing model explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explored {
    /// How much of the state space that was.
    pub coverage: Coverage,
}

/// Why a model failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// In which way.
    pub kind: Kind,
    /// What went wrong, in a sentence or as the panic put it.
    pub message: String,
    /// The number of interleavings explored until one failed.
    pub interleavings: usize,
    /// The dry run: what a person reads.
    pub report: String,
}

/// How to explore: by default everything, without spurious wake-ups.
#[derive(Clone, Debug)]
#[must_use = "a model does nothing until `check` or `explore`"]
pub struct Model {
    preemption_bound: Option<usize>,
    max_branches: usize,
    spurious_wakeups: usize,
    budget: Duration,
    /// See [`Session::uses_try_lock`]: found out on the way.
    uses_try_lock: bool,
    /// See [`Session::newest_only`].
    newest_only: bool,
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// Everything, at most 1,000 steps an interleaving, no spurious wake-ups.
    pub fn new() -> Self {
        Self {
            preemption_bound: None,
            max_branches: 1_000,
            spurious_wakeups: 0,
            budget: BUDGET,
            uses_try_lock: false,
            newest_only: false,
        }
    }

    /// Explores only interleavings in which running threads are interrupted at most `bound` times. Most
    /// mistakes show with two; a test that needs this says why and how many interleavings are left.
    pub fn preemption_bound(mut self, bound: usize) -> Self {
        self.preemption_bound = Some(bound);
        self
    }

    /// Sets how many steps an interleaving may have before it counts as endless.
    pub fn max_branches(mut self, steps: usize) -> Self {
        self.max_branches = steps;
        self
    }

    /// Lets up to `n` waits of each interleaving (of a condition variable, a futex or `park`) return for no
    /// reason, as their contracts allow. Each is explored both ways. Waits that are under way at the same time
    /// may all do so.
    pub fn spurious_wakeups(mut self, n: usize) -> Self {
        self.spurious_wakeups = n;
        self
    }

    /// Sets how long the exploration may take before it ends with what it has seen. By default 4 s.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Explores, says on standard output how much that was, and fails the test with a dry run on standard
    /// error if an interleaving fails.
    ///
    /// # Panics
    /// If an interleaving fails.
    #[track_caller]
    pub fn check(self, program: impl Fn() + Send + Sync + 'static) {
        match self.explore(program) {
            Ok(explored) => println!("{}", success_line(&explored.coverage)),
            Err(failure) => {
                eprintln!("{}\n\n{}", failure_line(failure.kind), failure.report);
                // No second banner: the report has said it all.
                resume_unwind(Box::new(failure.message));
            }
        }
    }

    /// Explores and returns what came of it.
    ///
    /// # Errors
    /// If an interleaving fails. The one reported is the simplest found that fails in the same way: without
    /// a stale load if there is one such, and with the fewest interruptions.
    pub fn explore(self, program: impl Fn() + Send + Sync + 'static) -> Result<Explored, Failure> {
        let program: Program = Arc::new(program);
        let first = match self.search(&program) {
            Ok(explored) => return Ok(explored),
            Err(found) => found,
        };
        let simplest = self.simplify(&program, &first);
        let interleavings = first.iteration;
        let found = simplest.unwrap_or(first);
        Err(Failure {
            kind: found.kind,
            message: found.message,
            interleavings,
            report: found.report.with_count(interleavings),
        })
    }

    /// Looks for an interleaving that fails in the same way and is easier to follow.
    fn simplify(&self, program: &Program, first: &Found) -> Option<Found> {
        // What hangs once hangs again, and one that could not begin has nothing to simplify.
        if matches!(first.kind, Kind::Stuck | Kind::SetUp | Kind::TooManySteps) {
            return None;
        }
        let deadline = Instant::now() + SIMPLIFY_BUDGET;
        let most = self.preemption_bound.map_or(SIMPLE_ENOUGH, |bound| {
            bound.saturating_sub(1).min(SIMPLE_ENOUGH)
        });
        // A reader follows an interruption more easily than a stale load.
        [true, false].into_iter().find_map(|newest_only| {
            (0..=most).find_map(|bound| {
                let budget = deadline.checked_duration_since(Instant::now())?;
                let mut simpler = self.clone().preemption_bound(bound).budget(budget);
                simpler.newest_only = newest_only;
                simpler
                    .search(program)
                    .err()
                    .filter(|found| found.kind == first.kind)
            })
        })
    }

    /// One exploration, on an operating-system thread of its own: if an interleaving fails, that thread
    /// stops where it is and sleeps for ever, with everything that the failed program holds.
    fn search(&self, program: &Program) -> Result<Explored, Found> {
        let (outcome, news) = mpsc::channel();
        let session = Arc::new(Session {
            log: Mutex::new(Log::default()),
            steps: 0.into(),
            abandoned: false.into(),
            values: Owner::new(),
            spurious_wakeups: self.spurious_wakeups,
            uses_try_lock: self.uses_try_lock,
            newest_only: self.newest_only,
            outcome,
            futexes: Mutex::default(),
        });
        let begun = Instant::now();
        let worker = Arc::clone(&session);
        let (this, theirs) = (self.clone(), Arc::clone(program));
        std::thread::Builder::new()
            .name("model".to_owned())
            .spawn(move || this.run(&worker, theirs))
            .expect("the operating system can make a thread for the model");

        let ending = listen(&session, &news);
        let Some(log) = session.log.try_lock_for(STUCK_AFTER) else {
            unreachable!("nobody holds the log for longer than it takes to write an entry");
        };
        match ending {
            Some(Ending::UsesTryLock) => {
                let mut again = self.clone();
                again.uses_try_lock = true;
                again.search(program)
            }
            Some(Ending::Passed) => Ok(Explored {
                coverage: Coverage {
                    interleavings: log.iteration,
                    preemption_bound: self.preemption_bound,
                    exhaustive: begun.elapsed() < self.budget,
                },
            }),
            Some(Ending::PanickedTwice) => {
                // The panicking thread sleeps inside std's panic hook, which std never gives back: libtest
                // would wait for it at its end, for ever. So this process ends here.
                let found = Found::new(&log, Some(&Ending::PanickedTwice));
                eprintln!(
                    "{}\n\n{}\nA destructor panicked while a panic unwound: Rust ends the process for that.",
                    failure_line(found.kind),
                    found.report.with_count(found.iteration)
                );
                std::process::exit(101)
            }
            Some(ending) => Err(Found::new(&log, Some(&ending))),
            None => {
                session.abandoned.store(true, Relaxed);
                Err(Found::new(&log, None))
            }
        }
    }

    /// The exploration itself.
    fn run(&self, session: &Arc<Session>, program: Program) {
        recorder::attach(Arc::clone(session));
        let mut builder = loom::model::Builder::new();
        builder.max_threads = recorder::MAX_THREADS;
        // An operation on an atomic is up to four branches of loom's: see `sync::model::atomic::Memory`.
        builder.max_branches = 4 * self.max_branches;
        builder.preemption_bound = self.preemption_bound;
        builder.max_duration = Some(self.budget);
        builder.max_permutations = None;
        // Loom looks at the clock only at a checkpoint.
        builder.checkpoint_interval = 1;
        builder.checkpoint_file = None;
        builder.location = false;
        builder.log = false;
        let explored = catch_unwind(AssertUnwindSafe(|| {
            with_owner(&session.values, || {
                builder.check(move || {
                    recorder::begin_iteration();
                    if catch_unwind(AssertUnwindSafe(|| program())).is_err() {
                        recorder::over(Ending::Panicked);
                    }
                    recorder::main_returned();
                });
            });
        }));
        let ending = match explored {
            Ok(()) => recorder::end_iteration(session).unwrap_or(Ending::Passed),
            // All threads had ended, or had no frames left that could touch loom.
            Err(payload) if payload.is::<generator::Error>() => Ending::StackOverflow,
            Err(_) => Ending::Loom,
        };
        // If nobody listens any more, nobody needs to know.
        let _ = session.outcome.send(ending);
    }
}

type Program = Arc<dyn Fn() + Send + Sync>;

/// Waits for the end of an exploration. `None` if it hangs.
fn listen(session: &Session, news: &mpsc::Receiver<Ending>) -> Option<Ending> {
    let mut steps = 0;
    let mut since = Instant::now();
    loop {
        match news.recv_timeout(Duration::from_millis(100)) {
            Ok(ending) => return Some(ending),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                unreachable!("the session holds the other end")
            }
        }
        let now = session.steps.load(Relaxed);
        if now != steps {
            (steps, since) = (now, Instant::now());
        } else if since.elapsed() >= STUCK_AFTER {
            return None;
        }
    }
}

/// A failing interleaving.
struct Found {
    kind: Kind,
    message: String,
    iteration: usize,
    report: dry_run::Report,
}

impl Found {
    fn new(log: &Log, ending: Option<&Ending>) -> Self {
        let (kind, message) = dry_run::diagnose(log, ending);
        Self {
            kind,
            iteration: log.iteration,
            report: dry_run::report(log, kind, &message),
            message,
        }
    }
}
