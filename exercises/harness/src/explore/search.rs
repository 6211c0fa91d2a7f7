//! One search: a program, explored by loom within limits.

use super::{Explored, Model, Program};
use crate::leaks::{Owner, with_owner};
use crate::sync::model::recorder::{self, Look, Reach, SecondChance, Session};
use crate::sync::model::{begin_iteration, kept_handles, main_ends, sights, wake_for_no_reason};
use harness_base::liveness::{self, Deadline, Watch};
use harness_base::protocol::{Coverage, Extent, Kind};
use harness_report::record::{Ending, Fate, Log, MAX_THREADS, ThreadId, WeakExchange};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A thread that takes no step of the model for this long, without the time in which it waited for a processor, hangs
/// outside the facade.
const STUCK_AFTER: Duration = Duration::from_secs(3);

/// How often a model that does not end is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A store is a branch for each thread there may be and two for its coins; a choice is two more.
const BRANCHES: usize = 16;

/// What a search explores, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) preemption_bound: Option<usize>,
    pub(super) reach: Reach,
    /// See [`Session::newest_only`].
    pub(super) newest_only: bool,
    /// See [`Session::unlocks_are_steps`].
    pub(super) unlocks_are_steps: bool,
    /// See [`Session::drops_are_steps`].
    pub(super) drops_are_steps: bool,
    /// See [`Session::spare_coins`].
    pub(super) spare_coins: usize,
    /// See [`Session::second_chance`].
    pub(super) second_chance: Option<ThreadId>,
    /// Pauses once it has seen so much.
    pub(super) look: Option<Look>,
    /// Ends then, with what it has seen.
    pub(super) until: Arc<Deadline>,
}

/// A search, on an operating-system thread of its own. If an interleaving fails, that thread stops where it is and
/// sleeps for ever, with everything that the failed program holds; so does that of a search that is dropped while
/// it is paused.
pub(super) struct Search {
    pub(super) limits: Limits,
    session: Arc<Session>,
    news: Receiver<Ending>,
    go_on: Sender<()>,
    /// The interleavings that were there at the last pause.
    counted: usize,
}

/// What a search came to.
pub(super) enum Outcome {
    /// It is over, and no interleaving failed.
    Passed(Passed),
    /// It has looked, and no interleaving has failed yet.
    Paused(Search),
    Failed(Found),
    /// It has to be begun again with unlocks as steps. If the interleaving had panicked, and nobody knows yet whether the
    /// program catches that, it is here.
    UnlocksMustBeSteps(Option<Found>),
    /// The same with drops as steps.
    DropsMustBeSteps(Option<Found>),
    /// It has to be begun again with more coins.
    NeedsCoins,
}

/// What passed.
pub(crate) struct Passed {
    pub(crate) explored: Explored,
    /// The interleaving that tells most, if one was asked for.
    pub(crate) example: Option<Box<Log>>,
    /// The places of the panics that the program caught.
    pub(super) caught: BTreeSet<String>,
    /// An interleaving that fails for a drop which nothing orders, if no other failed.
    pub(super) unordered_drop: Option<Found>,
    /// The weak exchanges that there were in some interleaving.
    pub(super) weak_exchanges: BTreeSet<WeakExchange>,
    /// Whether a waker of one thread had several to choose from, in some interleaving.
    pub(super) wakes_choose: bool,
}

/// A failing interleaving.
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) log: Box<Log>,
    /// `None` if it hangs.
    pub(crate) ending: Option<Ending>,
    /// Whether it has a forced switch more than the search allows.
    pub(super) is_beyond: bool,
}

impl Search {
    /// Begins.
    pub(super) fn new(model: &Model, program: &Program, limits: Limits) -> Self {
        let (outcome, news) = mpsc::channel();
        let (go_on, gone_on) = mpsc::channel();
        let session = Arc::new(Session {
            log: Mutex::new(Log::default()),
            steps: 0.into(),
            abandoned: false.into(),
            values: Owner::new(),
            graves: Mutex::default(),
            unordered_drop: Mutex::default(),
            dropped_by_std: Mutex::default(),
            preemption_bound: limits.preemption_bound,
            reach: limits.reach,
            forced: 0.into(),
            beyond: 0.into(),
            spurious_wakeups: model.spurious_wakeups,
            interrupted_exchanges: model.interrupted_exchanges,
            interruptions_left: 0.into(),
            fail: model.fail.clone(),
            weak_exchanges: Mutex::default(),
            wakes_the_last: model.wakes_the_last,
            wakes_choose: false.into(),
            unlocks_are_steps: limits.unlocks_are_steps,
            drops_are_steps: limits.drops_are_steps,
            newest_only: limits.newest_only,
            spare_coins: limits.spare_coins,
            second_chance: limits.second_chance.map(|sleeper| SecondChance {
                sleeper,
                wake: wake_for_no_reason,
                given_at: OnceLock::new(),
            }),
            kept_handles,
            max_steps: model.max_branches,
            steps_left: model.max_branches.into(),
            recording: model.recording,
            example: Mutex::new(None),
            wants_example: model.wants_example,
            sights: model.notes_steps.then_some(sights),
            runs: model.told.as_ref().map(recorder::Runs::new),
            caught: Mutex::default(),
            look: Mutex::new(limits.look),
            until: Arc::clone(&limits.until),
            gone_on: Mutex::new(gone_on),
            outcome,
        });
        let worker = Arc::clone(&session);
        let (max_steps, program) = (model.max_branches, Arc::clone(program));
        if let Some(problem) = unreadable(|name| std::env::var(name).ok()) {
            panic!("{problem}");
        }
        std::thread::Builder::new()
            .name(liveness::MODEL.to_owned())
            .spawn(move || run(&worker, max_steps, program))
            .expect("the operating system can make a thread for the model");
        Self { limits, session, news, go_on, counted: 0 }
    }

    /// Goes on after a pause.
    pub(super) fn go_on(self) -> Self {
        // It waits for that.
        let _ = self.go_on.send(());
        self
    }

    /// Waits until the thread that has a second chance has had it in the interleaving `failed`, or not. Returns whether what
    /// it waited for was so: then it does not fall asleep again in that wait.
    pub(super) fn ends_wait(self, failed: &Log) -> bool {
        let ending = listen(&self.session, &self.news);
        self.session.abandoned.store(ending.is_none(), Relaxed);
        let (Some(chance), Some(log)) =
            (&self.session.second_chance, self.session.log.try_lock_for(recorder::LOG_PATIENCE))
        else {
            return false;
        };
        let is_same = log.iteration == failed.iteration
            && chance.given_at.get() == Some(&failed.events.len());
        is_same && log.ends_wait(chance.sleeper, failed.events.len())
    }

    /// Waits until it has come to something, and counts the interleavings that it has explored since the last pause.
    pub(super) fn wait(mut self) -> (usize, Outcome) {
        let ending = listen(&self.session, &self.news);
        let session = Arc::clone(&self.session);
        let Some(log) = session.log.try_lock_for(recorder::LOG_PATIENCE) else {
            unreachable!("nobody holds the log for longer than it takes to write an entry");
        };
        let seen = log.iteration - session.beyond.load(Relaxed);
        let new = seen - self.counted;
        self.counted = seen;
        let outcome = match ending {
            Some(Ending::Paused) => Outcome::Paused(self),
            Some(Ending::NeedsCoins) => Outcome::NeedsCoins,
            Some(Ending::UnlocksMustBeSteps { unwinding }) => {
                Outcome::UnlocksMustBeSteps(suspect(&log, unwinding))
            }
            Some(Ending::DropsMustBeSteps { unwinding }) => {
                Outcome::DropsMustBeSteps(suspect(&log, unwinding))
            }
            Some(ending @ (Ending::Passed | Ending::OutOfTime)) => {
                let extent = match self.limits.preemption_bound {
                    _ if matches!(ending, Ending::OutOfTime) => Extent::Cut { covered: None },
                    Some(_) if self.limits.reach == Reach::OneOrder => Extent::OneOrder,
                    Some(bound) => Extent::UpTo(bound),
                    None => Extent::All,
                };
                let coverage = Coverage { interleavings: seen, extent };
                Outcome::Passed(Passed {
                    explored: Explored { coverage },
                    example: session.example.lock().take().map(|(_, log)| Box::new(log)),
                    caught: std::mem::take(&mut session.caught.lock()),
                    unordered_drop: session
                        .unordered_drop
                        .lock()
                        .take()
                        .map(|log| Found::new(&log, Some(Ending::Stopped), false)),
                    weak_exchanges: std::mem::take(&mut session.weak_exchanges.lock()),
                    wakes_choose: session.wakes_choose.load(Relaxed),
                })
            }
            ending => {
                session.abandoned.store(ending.is_none(), Relaxed);
                Outcome::Failed(Found::new(&log, ending, session.is_beyond()))
            }
        };
        (new, outcome)
    }
}

impl Passed {
    /// What a search comes to that could not go on.
    pub(super) fn nothing() -> Self {
        let coverage = Coverage { interleavings: 0, extent: Extent::Cut { covered: None } };
        Self {
            explored: Explored { coverage },
            example: None,
            caught: BTreeSet::new(),
            unordered_drop: None,
            weak_exchanges: BTreeSet::new(),
            wakes_choose: false,
        }
    }

    /// Both explorations of one program.
    pub(super) fn and(mut self, other: &Self) -> Self {
        let (mine, others) = (&mut self.explored.coverage, other.explored.coverage);
        mine.interleavings += others.interleavings;
        mine.extent = match (mine.extent, others.extent) {
            (Extent::Cut { covered: mine }, Extent::Cut { covered: others }) => {
                Extent::Cut { covered: mine.min(others) }
            }
            (cut @ Extent::Cut { .. }, _) => cut,
            (_, others) => others,
        };
        self
    }
}

impl Found {
    fn new(log: &Log, ending: Option<Ending>, is_beyond: bool) -> Self {
        Self { kind: log.kind(ending.as_ref()), log: Box::new(log.clone()), ending, is_beyond }
    }

    /// Whether this process must end now. The panicking thread sleeps inside std's panic hook, which std never gives
    /// back: libtest would wait for it at its end, for ever.
    pub(crate) fn ends_process(&self) -> bool {
        matches!(self.ending, Some(Ending::PanickedTwice))
    }

    /// Whether every search ends with it: what hangs once hangs again.
    pub(crate) fn is_hopeless(&self) -> bool {
        matches!(self.kind, Kind::Stuck | Kind::SetUp)
    }

    /// Whether it reads an atomic, and so perhaps an old value: the record tells only if that differs from the newest.
    pub(super) fn reads(&self) -> bool {
        self.log.events.iter().any(|event| event.reads().is_some())
    }
}

/// The variable from which loom cannot read a number. The harness sets all of what loom takes from its variables, but
/// loom reads them first, and panics.
fn unreadable(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    const NUMBERS: [&str; 5] = [
        "LOOM_CHECKPOINT_INTERVAL",
        "LOOM_MAX_BRANCHES",
        "LOOM_MAX_DURATION",
        "LOOM_MAX_PERMUTATIONS",
        "LOOM_MAX_PREEMPTIONS",
    ];
    NUMBERS.iter().find_map(|name| {
        let value = variable(name).filter(|value| value.parse::<usize>().is_err())?;
        Some(format!(
            "the environment variable {name} is no number: {value}\n\
             The model does not need it. Take it away and run the test again: unset {name}"
        ))
    })
}

/// A panic in an interleaving that is left in the middle, if nobody knows yet whether the program catches it. `unwinding`
/// says whether one unwinds now.
fn suspect(log: &Log, unwinding: bool) -> Option<Found> {
    let undecided = log.panics.iter().any(|panic| match panic.fate {
        Fate::Unwinds | Fate::Caught => unwinding,
        Fate::EndedBody | Fate::EndedThread | Fate::EndedMain => true,
        Fate::Joined => false,
    });
    undecided.then(|| Found::new(log, Some(Ending::Panicked), false))
}

/// The exploration itself.
fn run(session: &Arc<Session>, max_steps: usize, program: Program) {
    recorder::attach(Arc::clone(session));
    let mut builder = loom::model::Builder::new();
    builder.max_threads = MAX_THREADS;
    // A step is several branches of loom's, whose own limit must not come first.
    builder.max_branches = BRANCHES * max_steps;
    // The bound is kept by `step_that`; what matters to loom is that there is one. Its own leaves out most of the interleavings
    // with as many preemptions, but none of those with fewer.
    builder.preemption_bound = session.preemption_bound.map(|bound| match session.reach {
        Reach::Exact => u8::MAX.into(),
        Reach::SomeBeyond => bound + 1,
        Reach::OneOrder => 0,
    });
    // The time is looked at where an interleaving begins.
    builder.max_duration = None;
    builder.max_permutations = None;
    builder.checkpoint_file = None;
    builder.location = false;
    builder.log = false;
    let explored = catch_unwind(AssertUnwindSafe(|| {
        with_owner(&session.values, || {
            builder.check(move || {
                begin_iteration();
                let program = Arc::clone(&program);
                recorder::apart(move || {
                    let program = || {
                        program();
                        main_ends();
                    };
                    if catch_unwind(AssertUnwindSafe(program)).is_err() {
                        recorder::main_panicked();
                    }
                    recorder::main_returned();
                });
            });
        });
    }));
    let ending = match explored {
        Ok(()) => {
            recorder::keep_if_best_example(session);
            recorder::conclude(session).unwrap_or(Ending::Passed)
        }
        // All threads had ended, or had no frames left that could touch loom.
        Err(payload) if payload.is::<generator::Error>() => Ending::StackOverflow,
        Err(_) => Ending::Stopped,
    };
    session.tell(ending);
}

/// Waits for the end of an exploration. `None` if it hangs.
fn listen(session: &Session, news: &Receiver<Ending>) -> Option<Ending> {
    let watch = || Watch::others(liveness::Limits { processor: None, time: STUCK_AFTER });
    let mut steps = 0;
    let mut since = watch();
    loop {
        match news.recv_timeout(LOOK) {
            Ok(ending) => return Some(ending),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                unreachable!("the session holds the other end")
            }
        }
        let now = session.steps.load(Relaxed);
        if now != steps {
            (steps, since) = (now, watch());
        } else if since.look().is_some() {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_loom_cannot_read_is_named() {
        let set = |value: &'static str| {
            unreadable(move |name| (name == "LOOM_MAX_BRANCHES").then(|| value.to_owned()))
        };
        assert_eq!(set("1000"), None);
        let problem = set("abc").expect("not a number");
        assert!(problem.contains("LOOM_MAX_BRANCHES is no number: abc"), "{problem}");
    }
}
