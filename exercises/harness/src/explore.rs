//! Explore every interleaving of a small program.

use crate::dry_run::{self, DryRun};
use crate::leaks::{Owner, with_owner};
use crate::page::{self, Page};
use crate::recorder::{self, Ending, Log, Session};
use crate::verdict::{Coverage, Kind, dry_run_block, failure_line, success_line};
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
    /// The dry run: what a person reads, on the page of this process's environment.
    pub report: String,
    found: String,
    dry_run: Box<DryRun>,
}

impl Failure {
    fn new(found: Found, search: &Search) -> Self {
        let mut failure = Self {
            kind: found.kind,
            message: found.dry_run.message(),
            interleavings: search.failed,
            report: String::new(),
            found: search.sentence(),
            dry_run: found.dry_run,
        };
        failure.report = failure.render(&Page::of_environment());
        failure
    }

    /// The dry run on a page of another form.
    pub fn render(&self, page: &Page) -> String {
        let found = dry_run::sentence(page, &self.found);
        format!("{found}\n{}", self.dry_run.report(page))
    }
}

/// How to explore: by default everything, without spurious wake-ups.
#[derive(Clone, Debug)]
#[must_use = "a model does nothing until `check` or `explore`"]
pub struct Model {
    preemption_bound: Option<usize>,
    max_branches: usize,
    spurious_wakeups: usize,
    budget: Duration,
    simplify_budget: Duration,
    /// See [`Session::needs_turnstiles`]: found out on the way.
    needs_turnstiles: bool,
    /// See [`Session::newest_only`].
    newest_only: bool,
    /// See [`Session::spare_coins`]: found out on the way.
    spare_coins: usize,
    /// See [`Session::recording`].
    recording: bool,
    /// Whether to keep the interleaving that tells most.
    wants_telling: bool,
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
            simplify_budget: SIMPLIFY_BUDGET,
            needs_turnstiles: false,
            newest_only: false,
            spare_coins: 32,
            recording: true,
            wants_telling: false,
        }
    }

    /// Explores without writing down what happens, so that a failure has no dry run: for the bench that
    /// measures what the record costs.
    #[doc(hidden)]
    pub fn without_recording(mut self) -> Self {
        self.recording = false;
        self
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

    /// Sets how long the search for a simpler failing interleaving may take. By default 1.5 s.
    pub fn simplest_within(mut self, budget: Duration) -> Self {
        self.simplify_budget = budget;
        self
    }

    /// Explores, says on standard output how much that was, and fails the test with a dry run on standard
    /// error if an interleaving fails.
    ///
    /// # Panics
    /// If an interleaving fails.
    #[track_caller]
    pub fn check(mut self, program: impl Fn() + Send + Sync + 'static) {
        let shown = std::env::var(page::DRY_RUN).ok();
        self.wants_telling = shown.is_some();
        match self.explore_with(program) {
            Ok(passed) => {
                println!("{}", success_line(&passed.explored.coverage));
                if let Some(log) = passed.telling {
                    let mut page = Page::of_environment();
                    page.places = shown.as_deref() != Some(page::DRY_RUN_BARE);
                    let picture = DryRun::of_pass(log).picture(&page);
                    println!("{}", dry_run_block(&picture));
                }
            }
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
    /// a stale load if there is one such, and with the fewest forced switches. [`simplest_within`](Self::simplest_within)
    /// says how long the search for it may take.
    pub fn explore(self, program: impl Fn() + Send + Sync + 'static) -> Result<Explored, Failure> {
        self.explore_with(program).map(|passed| passed.explored)
    }

    fn explore_with(self, program: impl Fn() + Send + Sync + 'static) -> Result<Passed, Failure> {
        let program: Program = Arc::new(program);
        let first = match self.search(&program) {
            Ok(passed) => return Ok(passed),
            Err(found) => found,
        };
        let mut search = Search::of(&first);
        let simplest = self.simplify(&program, &first, &mut search);
        Err(Failure::new(simplest.unwrap_or(first), &search))
    }

    /// Looks for an interleaving that fails in the same way and is easier to follow.
    fn simplify(&self, program: &Program, first: &Found, search: &mut Search) -> Option<Found> {
        // What hangs once hangs again, and one that could not begin has nothing to simplify.
        if matches!(first.kind, Kind::Stuck | Kind::SetUp | Kind::TooManySteps) {
            return None;
        }
        search.tried = true;
        let deadline = Instant::now() + self.simplify_budget;
        let most = self.preemption_bound.map_or(SIMPLE_ENOUGH, |bound| {
            bound.saturating_sub(1).min(SIMPLE_ENOUGH)
        });
        // A reader follows a forced switch more easily than a stale load.
        for newest_only in [true, false] {
            for bound in 0..=most {
                let budget = deadline.checked_duration_since(Instant::now())?;
                let mut simpler = self.clone().preemption_bound(bound).budget(budget);
                simpler.newest_only = newest_only;
                match simpler.search(program) {
                    Ok(passed) => search.all += passed.explored.coverage.interleavings,
                    Err(found) => {
                        search.all += found.interleavings;
                        if found.kind == first.kind {
                            search.switches = Some(bound);
                            return Some(found);
                        }
                    }
                }
            }
        }
        None
    }

    /// One exploration, on an operating-system thread of its own: if an interleaving fails, that thread
    /// stops where it is and sleeps for ever, with everything that the failed program holds.
    fn search(&self, program: &Program) -> Result<Passed, Found> {
        let (outcome, news) = mpsc::channel();
        let session = Arc::new(Session {
            log: Mutex::new(Log::default()),
            steps: 0.into(),
            abandoned: false.into(),
            values: Owner::new(),
            spurious_wakeups: self.spurious_wakeups,
            needs_turnstiles: self.needs_turnstiles,
            newest_only: self.newest_only,
            spare_coins: self.spare_coins,
            recording: self.recording,
            telling: Mutex::new(None),
            wants_telling: self.wants_telling,
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
            Some(Ending::NeedsTurnstiles) => {
                // The session ends here, and with it this log.
                drop(log);
                let mut again = self.clone();
                again.needs_turnstiles = true;
                again.search(program)
            }
            Some(Ending::NeedsCoins) => {
                drop(log);
                let mut again = self.clone();
                again.spare_coins *= 4;
                again.search(program)
            }
            Some(Ending::Passed) => Ok(Passed {
                explored: Explored {
                    coverage: Coverage {
                        interleavings: log.iteration,
                        preemption_bound: self.preemption_bound,
                        exhaustive: begun.elapsed() < self.budget,
                    },
                },
                telling: session.telling.lock().take().map(|(_, log)| log),
            }),
            Some(Ending::PanickedTwice) => {
                // The panicking thread sleeps inside std's panic hook, which std never gives back: libtest
                // would wait for it at its end, for ever. So this process ends here.
                let found = Found::new(&log, Some(&Ending::PanickedTwice));
                let search = Search::of(&found);
                let failure = Failure::new(found, &search);
                eprintln!(
                    "{}\n\n{}\nA destructor panicked while a panic unwound: Rust ends the process for that.",
                    failure_line(failure.kind),
                    failure.report
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
            Ok(()) => {
                recorder::keep_if_telling(session);
                recorder::end_iteration(session).unwrap_or(Ending::Passed)
            }
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

/// What passed, and the interleaving that tells most about it, if one was asked for.
struct Passed {
    explored: Explored,
    telling: Option<Log>,
}

/// A failing interleaving.
struct Found {
    kind: Kind,
    interleavings: usize,
    dry_run: Box<DryRun>,
}

impl Found {
    fn new(log: &Log, ending: Option<&Ending>) -> Self {
        let (kind, dry_run) = DryRun::of_failure(log.clone(), ending);
        Self {
            kind,
            interleavings: log.iteration,
            dry_run: Box::new(dry_run),
        }
    }
}

/// How the failing interleaving was found.
#[derive(Clone, Copy, Debug)]
struct Search {
    /// The number of the first interleaving that failed.
    failed: usize,
    /// The interleavings explored, those in search of a simpler one included.
    all: usize,
    /// The forced switches that the one shown takes, where the search for a simpler one has found it.
    switches: Option<usize>,
    /// Whether there was such a search.
    tried: bool,
}

impl Search {
    /// Before any search for a simpler one.
    fn of(first: &Found) -> Self {
        Self {
            failed: first.interleavings,
            all: first.interleavings,
            switches: None,
            tried: false,
        }
    }

    fn sentence(&self) -> String {
        let s = if self.all == 1 { "" } else { "s" };
        let found = format!(
            "Interleaving {} fails; {} interleaving{s} explored in all.",
            self.failed, self.all
        );
        let shown = match (self.switches, self.tried) {
            (Some(0), _) => "The simplest that fails needs no forced switch of threads:",
            (Some(1), _) => "The simplest that fails needs one forced switch of threads:",
            (Some(2), _) => "The simplest that fails needs two forced switches of threads:",
            (_, true) => "No simpler one was found than this:",
            (_, false) => "This is it:",
        };
        format!("{found} {shown}")
    }
}
