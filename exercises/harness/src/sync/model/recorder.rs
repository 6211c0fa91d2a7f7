//! The flight recorder: what every thread of a model did, in the order in which it took effect.
//!
//! All threads of a model are coroutines on one operating-system thread, and loom switches between them
//! only inside its own operations: before an operation takes effect, never between the effect and the
//! return. So two things hold that everything here rests on:
//! - the order in which loom's operations return is the order of their effects;
//! - between two operations of loom, plain data that the coroutines share needs no synchronisation.
//!
//! Every operation goes through [`step`]. It notes what the thread is about to do, so that an operation that
//! never returns can be shown, and which thread runs once it has returned. And it is where a model ends:
//! loom reports a failure by a panic, which must not unwind into the learner's code, whose destructors would
//! use loom again and abort the process. So `step` stops it, hands the failure over, and lets the
//! operating-system thread sleep for ever with all its coroutines, none of which is ever resumed or dropped.

use super::exploring;
use crate::leaks::Owner;
use harness_base::liveness::Deadline;
use harness_report::place::Place;
use harness_report::record::{
    DROP, Data, Dropped, Effect, Ending, Event, Fate, Log, MAX_THREADS, Object, ObjectId, Panic,
    Pending, Sight, Source, Standing, Step, Stop, Thread, ThreadId, Told, Value, WeakExchange,
};
use parking_lot::Mutex;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Arc, Once, OnceLock};
use std::time::{Duration, Instant};

/// The log is never held for longer than it takes to write an entry or, at the end, a report.
pub(crate) const LOG_PATIENCE: Duration = Duration::from_secs(10);

/// One exploration of a model.
pub(crate) struct Session {
    pub(crate) log: Mutex<Log>,
    /// Rises with every operation: if it stands still, the model hangs outside the facade.
    pub(crate) steps: AtomicU64,
    /// This exploration is no longer waited for: it sleeps at its next operation.
    pub(crate) abandoned: AtomicBool,
    /// The most steps that an interleaving may have, and those that this one has left.
    pub(crate) max_steps: usize,
    pub(crate) steps_left: AtomicUsize,
    pub(crate) values: Owner,
    /// Where the objects lay that this interleaving has dropped. What lies there now may be anything.
    pub(crate) graves: Mutex<HashMap<usize, ObjectId>>,
    /// The most forced switches that an interleaving may have, and those that this one has had.
    pub(crate) preemption_bound: Option<usize>,
    pub(crate) forced: AtomicUsize,
    /// What is explored within that bound, or beyond it.
    pub(crate) reach: Reach,
    /// The interleavings that had one too many.
    pub(crate) beyond: AtomicUsize,
    pub(crate) spurious_wakeups: usize,
    /// How many of main's exchanges are interrupted, and how many of those this interleaving has left.
    pub(crate) interrupted_exchanges: usize,
    pub(crate) interruptions_left: AtomicUsize,
    /// The weak exchanges that fail spuriously, and all that there were in some interleaving.
    pub(crate) fail: BTreeSet<WeakExchange>,
    pub(crate) weak_exchanges: Mutex<BTreeSet<WeakExchange>>,
    /// Whether a waker of one thread chooses the one that fell asleep last, and not the one that has slept longest.
    pub(crate) wakes_the_last: bool,
    /// Whether there was such a choice in some interleaving.
    pub(crate) wakes_choose: AtomicBool,
    /// Whether unlocking a mutex is a step of its own. A program that uses `try_lock`, or locks again what was unlocked
    /// while a panic unwound, needs that; it multiplies the interleavings.
    pub(crate) unlocks_are_steps: bool,
    /// Whether dropping an object is a step of its own, which depends on all operations on it. Needed only if nothing that the
    /// model knows of orders a drop behind them: then another order may be possible, or something that the model does not see, say
    /// an `Arc` of std's, sees to it.
    pub(crate) drops_are_steps: bool,
    /// The shortest interleaving so far in which nothing ordered a drop behind a use by another thread. In none of them was the
    /// object used after it, as far as is known.
    pub(crate) unordered_drop: Mutex<Option<Box<Log>>>,
    /// The places where objects were made that an `Arc` of std's drops, whose count the model does not see.
    pub(crate) dropped_by_std: Mutex<BTreeMap<Place, bool>>,
    /// Whether every load reads the newest value: for a report without stale loads, if there is one.
    pub(crate) newest_only: bool,
    /// How many more stores an interleaving may make than any before it: see `sync::model::choice::Coins`.
    pub(crate) spare_coins: usize,
    /// Who is woken in the first interleaving in which no thread can go on, if anybody is.
    pub(crate) second_chance: Option<SecondChance>,
    /// Whether what happens is written down. Without it nothing is shown, and the search is a little faster.
    pub(crate) recording: bool,
    /// Whether to keep the interleaving that is the best example.
    pub(crate) wants_example: bool,
    /// That one, and how much it tells.
    pub(crate) example: Mutex<Option<(ExampleRank, Log)>>,
    /// The threads of which somebody has a handle when the interleaving is over.
    pub(crate) kept_handles: fn() -> Vec<ThreadId>,
    /// What can be read of the atomics, if steps are to be noted: see `Log::steps`.
    pub(crate) sights: Option<fn() -> Vec<Sight>>,
    /// Who is told of every interleaving, if anybody is. Then those that fail do not end the exploration.
    pub(crate) runs: Option<Runs>,
    /// The places of the panics that the program caught, in interleavings that passed.
    pub(crate) caught: Mutex<BTreeSet<String>>,
    /// When to pause, if that is still to come.
    pub(crate) look: Mutex<Option<Look>>,
    /// When it ends, whatever is left.
    pub(crate) until: Arc<Deadline>,
    /// What ends the pause.
    pub(crate) gone_on: Mutex<Receiver<()>>,
    pub(crate) outcome: Sender<Ending>,
}

/// What it takes to tell somebody of every interleaving.
#[derive(Debug)]
pub(crate) struct Runs {
    /// Where they go. Gone if nobody wants more: then the exploration ends.
    pub(crate) to: SyncSender<Told>,
    /// The interleavings that may fail before the exploration ends: each keeps what it holds for good.
    pub(crate) failures_left: AtomicUsize,
    /// Whether this interleaving is left where it is: none of its threads goes on.
    pub(crate) left: AtomicBool,
    /// Whether loom itself has failed, so that it cannot go on with the next.
    pub(crate) broken: AtomicBool,
    /// Loom's threads that have begun. Touched by the thread that runs the model alone.
    pub(crate) threads: Mutex<Vec<Handle>>,
}

/// A thread of loom's.
#[derive(Debug)]
pub(crate) struct Handle(loom::thread::Thread);

// SAFETY: it is touched only by the one operating-system thread that runs all threads of the model.
unsafe impl Send for Handle {}

impl Runs {
    /// The most interleavings that may fail.
    const FAILURES: usize = 1_000;

    /// Tells `to`.
    pub(crate) fn new(to: &SyncSender<Told>) -> Self {
        Self {
            to: to.clone(),
            failures_left: Self::FAILURES.into(),
            left: false.into(),
            broken: false.into(),
            threads: Mutex::default(),
        }
    }

    /// Tells of an interleaving that has ended. Returns whether more are wanted.
    fn tell(&self, log: Log, ending: Option<Ending>) -> bool {
        let failed = ending.is_some();
        let wanted = self.to.send(Told::Run { log: Box::new(log), ending }).is_ok();
        let left = self.failures_left.load(Ordering::Relaxed);
        self.failures_left.store(left.saturating_sub(usize::from(failed)), Ordering::Relaxed);
        wanted && left > usize::from(failed)
    }

    /// Whether loom can go on with the next interleaving if this one is left now.
    fn can_go_on_after(&self, ending: &Ending) -> bool {
        matches!(ending, Ending::Stopped | Ending::Panicked)
            && !self.broken.load(Ordering::Relaxed)
            // Its count of panics would never come down.
            && !std::thread::panicking()
    }
}

/// What a search explores, for its preemption bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All within the bound, and nothing else.
    Exact,
    /// Some with one forced switch more, too.
    SomeBeyond,
    /// One order of the threads.
    OneOrder,
}

/// A thread that is woken for no reason where no thread can go on, to see whether what it waits for is so by then. The
/// exploration ends with that interleaving.
#[derive(Debug)]
pub(crate) struct SecondChance {
    pub(crate) sleeper: ThreadId,
    /// Wakes it.
    pub(crate) wake: fn(ThreadId),
    /// The number of events before it was woken.
    pub(crate) given_at: OnceLock<usize>,
}

/// How much an exploration sees before it pauses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) interleavings: usize,
    /// Where the interleavings take long, the first after this moment is the last.
    pub(crate) until: Instant,
}

impl Session {
    /// Whether this interleaving has a forced switch too many.
    pub(crate) fn is_beyond(&self) -> bool {
        let forced = self.forced.load(Ordering::Relaxed);
        self.preemption_bound.is_some_and(|bound| forced > bound)
    }

    /// Notes that a step of `thread` begins, if steps are noted.
    fn begin_step(&self, log: &mut Log, thread: ThreadId) {
        if self.sights.is_some() {
            let able = std::mem::take(&mut log.able);
            log.steps.push(Step { thread, at: log.events.len(), able, atomics: Vec::new() });
        }
    }

    /// Notes what can be read after the last step, and who can go on.
    fn end_step(&self, log: &mut Log) {
        if let Some((sights, step)) = self.sights.zip(log.steps.last_mut()) {
            step.atomics = sights();
            log.able = log.able().collect();
        }
    }

    /// Says what the exploration has come to.
    pub(crate) fn tell(&self, ending: Ending) {
        // Others may go on towards the same moment.
        self.until.account();
        // The receiver may be gone: then the result is not needed.
        let _ = self.outcome.send(ending);
    }
}

thread_local! {
    static SESSION: RefCell<Option<Arc<Session>>> = const { RefCell::new(None) };
    static CURRENT: Cell<ThreadId> = const { Cell::new(0) };
    /// Whether another thread may go on in the step under way without being a forced switch.
    static IS_FREE: Cell<bool> = const { Cell::new(false) };
    /// What every thread does before each of its steps in this interleaving.
    static BEFORE_STEPS: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Has every thread of this interleaving run `f` before each of its steps, those of `f` included, and before it gives back a
/// lock, whether that is a step or not; `None` ends that.
pub(crate) fn before_steps(f: Option<Rc<dyn Fn()>>) {
    BEFORE_STEPS.set(f);
}

/// The current thread is about to make a step, or to give back a lock.
pub(crate) fn before_step() {
    if let Some(before) = BEFORE_STEPS.with_borrow(Option::clone) {
        before();
    }
}

/// Makes this operating-system thread the one that runs `session`.
pub(crate) fn attach(session: Arc<Session>) {
    install_hook();
    SESSION.set(Some(session));
}

pub(crate) fn current() -> ThreadId {
    CURRENT.get()
}

/// The exploration that runs on this operating-system thread.
///
/// # Panics
/// Outside a model.
#[track_caller]
pub(crate) fn session() -> Arc<Session> {
    SESSION.with_borrow(Clone::clone).expect(
        "this type belongs to the model: use it inside `harness::model(|| …)`, \
         or, in code that runs on real threads, use `harness::sync::real`",
    )
}

#[track_caller]
pub(crate) fn with_log<R>(f: impl FnOnce(&mut Log) -> R) -> R {
    SESSION.with_borrow(|session| match session {
        Some(session) => f(&mut session.log.lock()),
        None => f(&mut self::session().log.lock()),
    })
}

/// A new interleaving begins: main is about to run.
pub(crate) fn begin_iteration() {
    let session = session();
    if session.second_chance.as_ref().is_some_and(|chance| chance.given_at.get().is_some()) {
        over(Ending::OutOfTime);
    }
    keep_if_best_example(&session);
    // The one before is over; whatever it did wrong without loom's noticing shows now.
    if let Some(ending) = conclude(&session) {
        over(ending);
    }
    pause_if_it_is_time(&session);
    if session.until.is_over() {
        over(Ending::OutOfTime);
    }
    session.graves.lock().clear();
    session.log.lock().begin(session.spurious_wakeups);
    {
        let mut log = session.log.lock();
        log.able.push(0);
        session.begin_step(&mut log, 0);
    }
    session.steps_left.store(session.max_steps, Ordering::Relaxed);
    session.interruptions_left.store(session.interrupted_exchanges, Ordering::Relaxed);
    session.forced.store(0, Ordering::Relaxed);
    CURRENT.set(0);
    before_steps(None);
}

/// Between two interleavings nothing of the program is there, so here an exploration can wait.
fn pause_if_it_is_time(session: &Session) {
    let seen = session.log.lock().iteration;
    let enough = |look: &mut Look| seen >= look.interleavings || Instant::now() >= look.until;
    if session.look.lock().take_if(enough).is_some() {
        session.tell(Ending::Paused);
        if session.gone_on.lock().recv().is_err() {
            sleep_for_ever();
        }
    }
}

/// How good an example an interleaving is: better the more its threads do to each other, then the less of it is hard to
/// follow, then the fewer rows it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExampleRank {
    meetings: usize,
    plain: Reverse<usize>,
    short: Reverse<usize>,
}

impl ExampleRank {
    /// Meetings beyond this add no insight, only length.
    const ENOUGH: usize = 3;

    fn of(log: &Log) -> Self {
        let count = |what: fn(&Effect) -> bool| {
            let all = log.events.iter().filter(|event| what(&event.effect));
            all.count()
        };
        let meetings = count(|effect| {
            let meets =
                matches!(effect, Effect::LockWaits { .. } | Effect::Exchange { found: Err(_), .. });
            meets || effect.sleeps()
        });
        let hard = log.events.iter().filter(|event| match &event.effect {
            Effect::Wakes { spurious, .. } => *spurious,
            _ => event.is_stale(),
        });
        Self {
            meetings: meetings.min(Self::ENOUGH),
            plain: Reverse(hard.count()),
            short: Reverse(log.events.len()),
        }
    }
}

/// Keeps the interleaving that has just ended, if it is a better example than all before.
pub(crate) fn keep_if_best_example(session: &Session) {
    if !session.wants_example {
        return;
    }
    let log = session.log.lock();
    let rank = ExampleRank::of(&log);
    let mut kept = session.example.lock();
    if log.iteration > 0 && kept.as_ref().is_none_or(|(best, _)| rank > *best) {
        *kept = Some((rank, log.clone()));
    }
}

/// Ends an interleaving whose threads are all done. Returns why it ends the exploration, if it does.
pub(crate) fn conclude(session: &Session) -> Option<Ending> {
    let ending = ends_exploration(session);
    if ending.is_none() {
        session.beyond.fetch_add(session.is_beyond().into(), Ordering::Relaxed);
    }
    ending
}

fn ends_exploration(session: &Session) -> Option<Ending> {
    let Some(runs) = &session.runs else {
        return end_iteration(session);
    };
    let wanted = if runs.left.swap(false, Ordering::Relaxed) {
        // It has been told already.
        runs.failures_left.load(Ordering::Relaxed) > 0
    } else if session.log.lock().iteration > 0 && !session.is_beyond() {
        let ending = end_iteration(session);
        let log = session.log.lock().clone();
        runs.tell(log, ending)
    } else {
        true
    };
    runs.threads.lock().clear();
    session.values.clear();
    (!wanted).then_some(Ending::OutOfTime)
}

/// What an interleaving did wrong that shows only once all its threads are done.
fn end_iteration(session: &Session) -> Option<Ending> {
    let mut log = session.log.lock();
    if log.unseen_panic().is_some() {
        return Some(Ending::Panicked);
    }
    let is_leaked = |object: &Object| !object.references.is_empty() || !object.weak.is_empty();
    if log.objects.iter().any(is_leaked) {
        log.stopped = Some((log.running, Stop::Leak));
        return Some(Ending::Stopped);
    }
    let values = session.values.unbalanced();
    session.values.clear();
    let kept = (session.kept_handles)()
        .into_iter()
        .map(|number| format!("a `Thread` of {} was never dropped", log.threads[number].name));
    let lines: Vec<_> = values.iter().map(ToString::to_string).chain(kept).collect();
    if lines.is_empty() {
        let caught = log.panics.iter().map(|panic| panic.place.clone());
        session.caught.lock().extend(caught);
        None
    } else {
        Some(Ending::Values(lines))
    }
}

/// Records a new object of the facade.
#[track_caller]
pub(crate) fn object(type_name: &'static str, newest: Value, made: Place) -> ObjectId {
    with_log(|log| {
        let id = log.add_object(type_name, newest, made, current());
        log.name(id, "");
        id
    })
}

/// Gives an object of the model's own the name that its author chose.
pub(crate) fn name(id: ObjectId, name: &str) {
    with_log(|log| {
        log.name(id, name);
        log.object_mut(id).is_fixture = true;
    });
}

/// Runs `f`, and names what it makes on this thread after `name`.
pub(crate) fn naming<R>(name: &str, f: impl FnOnce() -> R) -> R {
    let me = current();
    with_log(|log| log.threads[me].prefix.push(name.to_owned()));
    let result = f();
    with_log(|log| log.threads[me].prefix.pop());
    result
}

/// Changes or reads what is known of an object.
pub(crate) fn with_object<R>(id: ObjectId, f: impl FnOnce(&mut Object) -> R) -> R {
    with_log(|log| f(log.object_mut(id)))
}

/// The current thread is about to give back a lock: says what it did with the data behind it.
pub(crate) fn gives_back(data: Data) {
    with_log(|log| log.threads[current()].gives_back = Some(data));
}

/// Ends the model if the object of an operation of the current thread that begins now is not alive. `mark` is what stands where the object
/// should be, at `address`: an object's number if one is there, or was when the memory was last used for one.
///
/// Otherwise returns whether it is: it may be one of an earlier interleaving, for which [`step`] ends the model.
pub(crate) fn must_live(mark: Option<ObjectId>, address: usize, operation: Pending) -> bool {
    let session = session();
    let mut log = session.log.lock();
    let dead = match mark {
        Some(id) => match log.find(id) {
            Some(object) if object.dropped.is_some() => Some(id),
            known => return known.is_some(),
        },
        None => session.graves.lock().get(&address).copied(),
    };
    let operation = Pending { object: dead, ..operation };
    let ending = log.used_after_drop(current(), operation, dead);
    drop(log);
    over(ending)
}

/// Where the object was made, if the model still runs the interleaving in which it was.
pub(crate) fn made(id: ObjectId) -> Option<Place> {
    let session = SESSION.try_with(|session| session.try_borrow().ok().and_then(|s| s.clone()));
    let session = session.ok().flatten()?;
    let log = session.log.lock();
    log.find(id).map(|object| object.made)
}

/// The object `id`, whose mark stands at `address`, is being dropped by the current thread. Ends the model if another
/// thread is in the middle of an operation on it. `unordered` finds out whether a thread has done one that is not
/// ordered before.
pub(crate) fn dropped(id: ObjectId, address: usize, unordered: impl FnOnce() -> bool) {
    let session = SESSION.try_with(|session| session.try_borrow().ok().and_then(|s| s.clone()));
    // Outside the model, or while its thread ends: no operation can follow.
    let Ok(Some(session)) = session else { return };
    let mut log = session.log.lock();
    if log.find(id).is_none() {
        return;
    }
    session.graves.lock().insert(address, id);
    let (thread, at) = (current(), log.events.len());
    let unwinds = |panic: &Panic| panic.thread == thread && panic.fate == Fate::Unwinds;
    let unwinding = std::thread::panicking() && log.panics.iter().any(unwinds);
    log.object_mut(id).dropped = Some(Dropped { thread, at, unwinding });
    // A sleeper has been through with the object: it is woken without it.
    let user = log.threads.iter().enumerate().find_map(|(number, other)| {
        let operation = other.pending.filter(|pending| pending.object == Some(id))?;
        (number != thread && other.standing == Standing::Running).then_some((number, operation))
    });
    if let Some((user, operation)) = user {
        let ending = log.used_after_drop(user, operation, Some(id));
        drop(log);
        over(ending);
    }
    drop(log);
    if !unordered() {
        return;
    }
    if !session.drops_are_steps {
        over(Ending::DropsMustBeSteps { unwinding: std::thread::panicking() });
    }
    if !unwinding {
        keep_unordered_drop(&session, id);
    }
}

/// The current thread has just dropped the object `id`, and nothing that the model knows of orders that behind all uses:
/// a data race, unless something sees to it that the model does not know. It is kept, and counts if no interleaving shows
/// more: a use after the drop is easier to understand.
fn keep_unordered_drop(session: &Session, id: ObjectId) {
    let (made, is_fixture) = with_object(id, |object| (object.made, object.is_fixture));
    let is_longer = |log: &Log| {
        let kept = session.unordered_drop.lock();
        kept.as_ref().is_some_and(|kept| kept.events.len() <= log.events.len())
    };
    if is_fixture || !session.recording || with_log(|log| is_longer(log)) {
        return;
    }
    let mut by_std = session.dropped_by_std.lock();
    if *by_std.entry(made).or_insert_with(is_dropped_by_std) {
        return;
    }
    drop(by_std);
    let mut log = Box::new(with_log(|log| log.clone()));
    let me = current();
    note(&mut log, me, Effect::Dropped, None, Some(id), None);
    log.threads[me].pending = Some(Pending::new(DROP, Some(id), made));
    log.stopped = Some((me, Stop::DataRace));
    *session.unordered_drop.lock() = Some(log);
}

/// Whether the call under way is the destructor of the last `Arc` of std's.
fn is_dropped_by_std() -> bool {
    let calls = std::backtrace::Backtrace::force_capture();
    // Names take more stack than a thread of the model has.
    let names = std::thread::spawn(move || calls.to_string());
    let names = names.join().unwrap_or_default();
    names.contains("drop_slow")
}

/// Records an effect of the current thread.
pub(crate) fn happened(effect: Effect, object: Option<ObjectId>, place: Place) {
    record(effect, None, object, place);
}

/// Records an operation of the current thread on an atomic, and where what it read was written.
pub(crate) fn accessed(effect: Effect, source: Option<Source>, atomic: ObjectId, place: Place) {
    record(effect, source, Some(atomic), place);
}

fn record(effect: Effect, source: Option<Source>, object: Option<ObjectId>, place: Place) {
    SESSION.with_borrow(|session| {
        if let Some(session) = session.as_ref().filter(|session| session.recording) {
            note(&mut session.log.lock(), current(), effect, source, object, Some(place));
        }
    });
}

/// The number of the event that is recorded next.
pub(crate) fn next_event() -> usize {
    with_log(|log| log.events.len())
}

fn note(
    log: &mut Log,
    thread: ThreadId,
    effect: Effect,
    source: Option<Source>,
    object: Option<ObjectId>,
    place: Option<Place>,
) {
    let mut event = Event { thread, effect, object, place, source, data: None };
    if event.unlocks().is_some() {
        event.data = log.threads[thread].gives_back.take();
    }
    log.events.push(event);
    // All threads of the model are one of the machine: if that does not unwind, none of them does.
    if !log.panics.is_empty() && !std::thread::panicking() {
        let own = log.panics.iter_mut().filter(|panic| panic.thread == thread);
        for panic in own.filter(|panic| panic.fate == Fate::Unwinds) {
            panic.fate = Fate::Caught;
        }
    }
}

/// What a step is to the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// If another thread runs first, that is a forced switch.
    Runs,
    /// The same, and there is more than one value that the operation may find.
    Chooses,
    /// The thread waits, or lets others run: who goes on is free.
    Waits,
    /// No other thread runs first.
    Stays,
}

/// Runs one operation of loom for the current thread. Other threads may run before it takes effect; when it
/// returns it has just taken effect, and the caller notes that at once.
pub(crate) fn step<R>(pending: Pending, operation: impl FnOnce() -> R) -> R {
    step_that(Turn::Runs, pending, operation)
}

/// [`step`], which may do more than run.
///
/// Loom has a preemption bound of its own, but it leaves out more than forced switches: once they are used up, it takes
/// only one of the threads that may go on where another waits or ends. So the bound is kept here, by not exploring where
/// all that could be explored is one forced switch too many.
pub(crate) fn step_that<R>(turn: Turn, pending: Pending, operation: impl FnOnce() -> R) -> R {
    before_step();
    let me = current();
    let recording = announce(me, pending);
    let explores =
        turn != Turn::Stays && (exploring::must() | (turn != Turn::Runs) | may_be_interrupted());
    IS_FREE.set(turn == Turn::Waits);
    let explored = exploring::is_on();
    let result = catch_unwind(AssertUnwindSafe(|| {
        exploring::set(explores);
        operation()
    }));
    match result {
        Ok(result) => {
            exploring::set(explored);
            goes_on(me, recording);
            result
        }
        Err(payload) => stop_or_resume(payload, explored),
    }
}

/// The turn of a step that finds what it chooses, if it `chooses`: asked only where that makes a difference.
pub(crate) fn turn_of_choice(chooses: impl FnOnce() -> bool) -> Turn {
    if !may_be_interrupted() && chooses() { Turn::Chooses } else { Turn::Runs }
}

/// Whether this interleaving may have another forced switch.
fn may_be_interrupted() -> bool {
    SESSION.with_borrow(|session| {
        let session = session.as_ref();
        session.is_none_or(|session| {
            let forced = session.forced.load(Ordering::Relaxed);
            session.reach != Reach::Exact
                || session.preemption_bound.is_none_or(|bound| forced < bound)
        })
    })
}

/// The thread `me` runs, which may not be the one that ran before.
pub(crate) fn runs(me: ThreadId) {
    let was_forced = CURRENT.replace(me) != me && !IS_FREE.get();
    if !was_forced {
        return;
    }
    with_session(|session| {
        session.forced.fetch_add(1, Ordering::Relaxed);
        if session.is_beyond() && session.reach == Reach::Exact {
            // Another value was to be explored, and loom took another thread.
            loom::skip_branch();
        }
    });
}

/// Says what the current thread is about to do, and returns whether that is recorded. Apart from `step`, so that it is
/// compiled once.
fn announce(me: ThreadId, pending: Pending) -> bool {
    let (recording, goes_on) = SESSION.with_borrow(|session| {
        let Some(session) = session else {
            return (false, true);
        };
        session.steps.fetch_add(1, Ordering::Relaxed);
        if session.abandoned.load(Ordering::Relaxed) {
            sleep_for_ever();
        }
        let left = session.steps_left.load(Ordering::Relaxed);
        session.steps_left.store(left.saturating_sub(1), Ordering::Relaxed);
        if !session.recording {
            return (false, left > 0);
        }
        let mut log = session.log.lock();
        if pending.object.is_some_and(|id| id.iteration != log.iteration) {
            drop(log);
            over(Ending::Misuse(format!(
                "an object used by `{}` was made in an earlier interleaving: \
                 each must make its own, so it cannot live in a static",
                pending.name
            )));
        }
        log.threads[me].pending = Some(pending);
        session.end_step(&mut log);
        (true, left > 0)
    });
    if !goes_on {
        stop(Stop::TooManySteps);
    }
    if recording {
        stop_at_deadlock();
    }
    recording
}

/// Ends the interleaving if no thread can go on, or gives one a second chance. Loom finds that too, and cannot go on with
/// the next one then: so this is for those who want all, or that chance.
fn stop_at_deadlock() {
    let session = SESSION.with_borrow(|session| {
        let wants =
            |session: &&Arc<Session>| session.runs.is_some() || session.second_chance.is_some();
        let session = session.as_ref().filter(wants)?;
        session.log.lock().is_deadlock().then(|| Arc::clone(session))
    });
    let Some(session) = session else { return };
    let at = session.log.lock().events.len();
    match &session.second_chance {
        Some(chance) if chance.given_at.set(at).is_ok() => {
            (chance.wake)(chance.sleeper);
        }
        _ => {
            session.log.lock().stopped = Some((current(), Stop::Deadlock));
            over(Ending::Stopped);
        }
    }
}

/// Whether the current thread is to be woken where no thread can go on.
pub(crate) fn has_second_chance() -> bool {
    let me = current();
    let chance = |session: &Session| session.second_chance.as_ref().map(|chance| chance.sleeper);
    SESSION.with_borrow(|session| session.as_deref().and_then(chance)) == Some(me)
}

/// The current thread is back from an operation.
fn goes_on(me: ThreadId, recording: bool) {
    runs(me);
    if recording {
        with_session(|session| {
            let mut log = session.log.lock();
            log.threads[me].pending = None;
            log.running = me;
            session.begin_step(&mut log, me);
        });
    }
}

/// Looks at the exploration, which runs.
fn with_session(f: impl FnOnce(&Session)) {
    SESSION.with_borrow(|session| {
        if let Some(session) = session {
            f(session);
        }
    });
}

/// A panic came out of an operation. If it is loom's, the model is over. If not, it is the program's own:
/// a destructor that ran inside the operation, say that of the value in an `Arc`.
fn stop_or_resume(payload: Box<dyn Any + Send>, explored: bool) -> ! {
    if with_log(|log| log.stopped.is_some()) {
        over(Ending::Stopped);
    }
    if payload.is::<generator::Error>() {
        // The coroutines are being dropped though loom has not complained: one ran out of stack.
        over(Ending::StackOverflow);
    }
    exploring::set(explored);
    resume_unwind(payload)
}

/// The model is over: tells the test, and never returns.
pub(crate) fn over(ending: Ending) -> ! {
    let session = session();
    if let Some(runs) = session.runs.as_ref().filter(|runs| runs.can_go_on_after(&ending)) {
        leave(&session, runs, ending);
    }
    session.tell(ending);
    sleep_for_ever()
}

/// Leaves the interleaving where it is and lets the exploration go on with the next one. All its threads stop: each comes
/// back to [`apart`], which ends it for loom and forgets what it holds.
fn leave(session: &Session, runs: &Runs, ending: Ending) -> ! {
    let log = {
        let mut log = session.log.lock();
        session.end_step(&mut log);
        log.clone()
    };
    if !session.is_beyond() {
        runs.tell(log, Some(ending));
    }
    runs.left.store(true, Ordering::Relaxed);
    // In which order they end makes no difference.
    loom::skip_branch();
    for Handle(thread) in &*runs.threads.lock() {
        thread.unpark();
    }
    to_outer();
    unreachable!("a thread that is left does not go on")
}

/// Switches from a coroutine to the one that runs it, until that resumes it.
#[expect(
    deprecated,
    reason = "loom uses it too, and what replaces it needs another kind of coroutine"
)]
fn to_outer() {
    generator::yield_with(());
}

/// Runs what a thread of loom's does, from its first step to its last. If the interleaving may be left in the middle, it
/// does so in a coroutine within the thread's own: that one can be forgotten, and loom's thread ends as any other.
pub(crate) fn apart(body: impl FnOnce()) {
    let session = session();
    let Some(runs) = &session.runs else {
        return body();
    };
    runs.threads.lock().push(Handle(loom::thread::current()));
    let is_left = || runs.left.load(Ordering::Relaxed);
    let body = OnThisThread(body);
    if is_left() {
        return std::mem::forget(body);
    }
    let mut inner = generator::Gn::<()>::new_opt(generator::DEFAULT_STACK_SIZE, move || body.run());
    loop {
        inner.resume();
        if inner.is_done() {
            return;
        }
        // It has switched, and means to loom's scheduler; or it has left.
        if !is_left() {
            to_outer();
        }
        if is_left() {
            return std::mem::forget(inner);
        }
    }
}

/// What a coroutine runs that never leaves the operating-system thread that made it.
struct OnThisThread<F>(F);

// SAFETY: the coroutine is made, resumed and forgotten by the same thread.
unsafe impl<F> Send for OnThisThread<F> {}

impl<F: FnOnce()> OnThisThread<F> {
    fn run(self) {
        (self.0)();
    }
}

fn sleep_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// The operation under way is the last of this interleaving.
pub(crate) fn stop(why: Stop) -> ! {
    with_log(|log| log.stopped = Some((current(), why)));
    over(Ending::Stopped)
}

/// Whether the exchange that the current thread is about to make is interrupted.
pub(crate) fn interrupts_exchange() -> bool {
    let left = &session().interruptions_left;
    current() == 0
        && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok()
}

/// Whether a waker of one thread, which has more than one to choose from, chooses the last.
pub(crate) fn wakes_the_last() -> bool {
    let session = session();
    session.wakes_choose.store(true, Ordering::Relaxed);
    session.wakes_the_last
}

/// Whether this wait may wake up spuriously.
pub(crate) fn may_wake_spuriously() -> bool {
    with_log(|log| log.spurious_left > 0)
}

pub(crate) fn woke_spuriously() {
    // Several may sleep at once that were all allowed to.
    with_log(|log| log.spurious_left = log.spurious_left.saturating_sub(1));
}

/// A thread is about to be spawned: says its number.
pub(crate) fn spawning(name: Option<String>, place: Place) -> ThreadId {
    with_log(|log| {
        let number = log.threads.len();
        if number == MAX_THREADS {
            return None;
        }
        log.threads.push(Thread::new(number, name));
        note(log, current(), Effect::Spawn(number), None, None, Some(place));
        Some(number)
    })
    .unwrap_or_else(|| over(Ending::TooManyThreads(place)))
}

/// Runs a thread's body from its first to its last step. The body catches its own panic and says whether there
/// was one.
pub(crate) fn thread_body(number: ThreadId, body: impl FnOnce() -> bool) {
    apart(|| {
        runs(number);
        with_log(|log| log.running = number);
        with_session(|session| session.begin_step(&mut session.log.lock(), number));
        let panicked = body();
        ended(number, panicked);
    });
}

fn ended(number: ThreadId, panicked: bool) {
    IS_FREE.set(true);
    with_log(|log| {
        if !panicked {
            log.threads[number].standing = Standing::Returned;
            note(log, number, Effect::Returns, None, None, None);
            return;
        }
        log.threads[number].standing = Standing::Panicked;
        if let Some(panic) = log.panics.iter_mut().rev().find(|p| p.thread == number) {
            panic.fate = Fate::EndedThread;
        }
    });
    with_session(|session| session.end_step(&mut session.log.lock()));
    stop_at_deadlock();
}

/// Main has come to the end of the program.
pub(crate) fn main_returned() {
    ended(0, false);
}

/// A panic has ended the body of a scope that began before the event `at`, and waits there (`true`); or it goes on.
pub(crate) fn body_panic(at: usize, waits: bool) {
    let (from, to) = match waits {
        true => (Fate::Unwinds, Fate::EndedBody),
        false => (Fate::EndedBody, Fate::Unwinds),
    };
    let thread = current();
    with_log(|log| {
        let of_body = |p: &&mut Panic| p.thread == thread && p.at >= at && p.fate == from;
        if let Some(panic) = log.panics.iter_mut().rev().find(of_body) {
            panic.fate = to;
        }
    });
}

/// A panic has ended main, and the interleaving ends with it.
pub(crate) fn main_panicked() -> ! {
    with_log(|log| {
        if let Some(panic) = log.panics.iter_mut().rfind(|p| p.thread == 0) {
            panic.fate = Fate::EndedMain;
        }
    });
    over(Ending::Panicked)
}

/// `join` has handed the panic that ended `thread` to the program.
pub(crate) fn panic_joined(thread: ThreadId) {
    with_log(|log| {
        for panic in &mut log.panics {
            if panic.thread == thread && panic.fate == Fate::EndedThread {
                panic.fate = Fate::Joined;
            }
        }
    });
}

/// Whether this operating-system thread runs a model.
pub(crate) fn in_model() -> bool {
    SESSION.try_with(|session| session.try_borrow().is_ok_and(|s| s.is_some())).unwrap_or(false)
}

fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if in_model() {
                panicked(info);
            } else {
                previous(info);
            }
        }));
    });
}

/// A panic on the thread that runs a model. Nothing is printed: the report says it if it matters.
fn panicked(info: &std::panic::PanicHookInfo<'_>) {
    // Loom steers its coroutines with these.
    if info.payload().is::<generator::Error>() {
        return;
    }
    let message =
        info.payload_as_str().unwrap_or("a panic whose payload is not a string").to_owned();
    let place = info.location();
    let by_loom = place.is_some_and(|place| is_loom(place.file()));
    let cannot_unwind = message == "panic in a destructor during cleanup"
        || message == "panic in a function that cannot unwind";
    let thread = current();
    if session().log.try_lock_for(LOG_PATIENCE).is_none() {
        // The recorder itself is at fault, and would wait for itself below.
        eprintln!("harness: internal error while an operation was recorded: {message}, {place:?}");
        std::process::exit(101);
    }
    with_log(|log| {
        if by_loom {
            if let Some(runs) = &session().runs {
                runs.broken.store(true, Ordering::Relaxed);
            }
            log.stopped.get_or_insert((thread, what_it_means(&message)));
        } else if !cannot_unwind {
            log.panics.push(Panic {
                thread,
                message: message.clone(),
                place: place.map(harness_report::place::full).unwrap_or_default(),
                at: log.events.len(),
                fate: Fate::Unwinds,
            });
            note(log, thread, Effect::Panics(message), None, None, None);
        }
    });
    if cannot_unwind {
        // The process would abort when this returns.
        over(Ending::PanickedTwice);
    }
}

/// What a panic of loom's means.
fn what_it_means(message: &str) -> Stop {
    let message = message.trim();
    let is = |beginnings: &[&str]| beginnings.iter().any(|b| message.starts_with(b));
    if is(&["deadlock"]) {
        Stop::Deadlock
    } else if is(&["Causality violation", "currently writing", "currently reading"]) {
        Stop::DataRace
    } else if is(&["Arc leaked", "Allocation leaked", "Messages leaked"]) {
        Stop::Leak
    } else if is(&[
        "Model exceeded maximum number of branches",
        // Loom counts the forced switches of an interleaving in a byte: threads take step after step, in turns.
        "attempt to add with overflow",
    ]) {
        Stop::TooManySteps
    } else if message.contains("deterministic") {
        Stop::NotDeterministic
    } else {
        Stop::Other(message.to_owned())
    }
}

/// Whether a source file belongs to loom or to the coroutines under it.
fn is_loom(file: &str) -> bool {
    file.split(['/', '\\']).any(|part| part.starts_with("loom-") || part.starts_with("generator-"))
}
