//! What is known of one interleaving: what its threads did, to which objects, how they stand, and how it ended. Plain
//! data, which knows nothing of the model checker: the recorder of `harness::sync::model` writes it while
//! the interleaving runs; the search, the diagnosis and the dry run read it afterwards. What it calls for each operation
//! is `#[inline]`, so that it is optimised as the recorder is.

pub mod channel;

use crate::instant::Instant;
use crate::place::Place;
use channel::{Ends, Traffic, What};
use harness_base::protocol::{Coverage, Kind};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A thread of the model, numbered as loom numbers them: main is 0.
pub type ThreadId = usize;

/// Loom's own limit, main included.
pub const MAX_THREADS: usize = 5;

/// An object of the facade, numbered in the order in which its interleaving made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectId {
    pub iteration: usize,
    index: usize,
}

impl ObjectId {
    /// The number of objects that the interleaving made before it.
    #[inline]
    pub fn index(self) -> usize {
        self.index
    }

    /// An operation on it that begins.
    #[inline]
    pub fn pending(self, name: &'static str, place: Place) -> Pending {
        Pending::new(name, Some(self), place)
    }
}

/// What an atomic holds, or a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Int(i128),
    Bool(bool),
    Char(char),
    Pointer(usize),
}

/// What a thread did to an object, or to another thread.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Spawn(ThreadId),
    /// A test refuses the thread that was asked for.
    SpawnRefused,
    JoinWaits(ThreadId),
    Join(ThreadId),
    Returns,
    Panics(String),
    ParkReturns,
    Unpark(ThreadId),
    Yield,
    Fence(Ordering),
    Load {
        got: Value,
        newest: Value,
        order: Ordering,
    },
    Store {
        value: Value,
        order: Ordering,
    },
    Update {
        name: &'static str,
        argument: Value,
        old: Value,
        new: Value,
        order: Ordering,
    },
    Exchange {
        name: &'static str,
        expected: Value,
        new: Value,
        found: Result<Value, Value>,
        newest: Value,
        order: Ordering,
    },
    /// A lock asked for while another thread holds it.
    LockWaits {
        name: &'static str,
        holders: Vec<ThreadId>,
    },
    Lock(&'static str),
    TryLock {
        name: &'static str,
        ok: bool,
    },
    Unlock(&'static str),
    Sleeps {
        name: &'static str,
        /// The mutex that a condition variable's wait unlocks in the same step.
        unlocks: Option<ObjectId>,
        /// The value that a futex wait was told to expect, and found.
        expected: Option<Value>,
    },
    Wakes {
        name: &'static str,
        spurious: bool,
    },
    /// A futex wait whose word did not hold the expected value.
    NoSleep {
        name: &'static str,
        expected: Value,
        found: Value,
    },
    Notify {
        name: &'static str,
        woken: Vec<ThreadId>,
    },
    /// What a clock shows.
    Now(Instant),
    /// A clock is advanced, and the threads whose deadline that reaches.
    Advance {
        by: Duration,
        woken: Vec<ThreadId>,
    },
    /// A wait until a moment that has passed already.
    TooLate(&'static str),
    Channel(Traffic),
    Read,
    Write,
    /// An object's destructor. Entered only if the object is used afterwards.
    Dropped,
    Count {
        name: &'static str,
        count: usize,
    },
    WeakCount {
        name: &'static str,
        count: usize,
    },
    /// A weak reference finds that the value is gone.
    UpgradeFails,
}

/// A row of the dry run.
#[derive(Clone, Debug)]
pub struct Event {
    pub thread: ThreadId,
    pub effect: Effect,
    pub object: Option<ObjectId>,
    pub place: Option<Place>,
    /// Where the value was written that it read from an atomic.
    pub source: Option<Source>,
    /// What became of the data behind the lock that it gives back.
    pub data: Option<Data>,
}

/// Where a value that was read comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The atomic was made with it, or a thread that had it to itself left it there.
    Initial,
    /// The event that wrote it.
    Event(usize),
}

impl Source {
    /// The number of the first event that may have written since.
    pub fn since(self) -> usize {
        match self {
            Source::Initial => 0,
            Source::Event(write) => write + 1,
        }
    }
}

/// What a thread did with the data behind a lock from the locking to the unlocking.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// The code that holds the lock has said it, step by step.
    Said(Vec<&'static str>),
    /// The data can be shown.
    Shown { before: Shown, after: Shown },
    /// It cannot. Whether the thread borrowed it mutably.
    Hidden { mutably: bool },
}

impl Data {
    /// `before` and `after`, if the data can be shown.
    #[inline]
    pub fn new(before: Option<Shown>, after: Option<Shown>, mutably: bool) -> Self {
        match before.zip(after) {
            Some((before, after)) => Self::Shown { before, after },
            None => Self::Hidden { mutably },
        }
    }
}

/// Data of a type that can be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    One(Value),
    Option(Option<Value>),
    Two(Value, Value),
}

impl Event {
    /// The value that it read from an atomic.
    pub fn reads(&self) -> Option<Value> {
        match self.effect {
            Effect::Load { got, .. } => Some(got),
            Effect::Update { old, .. } => Some(old),
            Effect::Exchange { found, .. } => Some(found.unwrap_or_else(|found| found)),
            _ => None,
        }
    }

    /// The value that it gave an atomic.
    pub fn writes(&self) -> Option<Value> {
        match self.effect {
            Effect::Store { value, .. } => Some(value),
            Effect::Update { new, .. } => Some(new),
            Effect::Exchange { new, found: Ok(_), .. } => Some(new),
            _ => None,
        }
    }

    /// What an operation on an atomic is called.
    pub fn operation(&self) -> &'static str {
        match self.effect {
            Effect::Load { .. } => "load",
            Effect::Update { name, .. } | Effect::Exchange { name, .. } => name,
            _ => "store",
        }
    }

    /// The ordering of an operation on an atomic.
    pub fn order(&self) -> Option<Ordering> {
        match self.effect {
            Effect::Load { order, .. }
            | Effect::Store { order, .. }
            | Effect::Update { order, .. }
            | Effect::Exchange { order, .. } => Some(order),
            _ => None,
        }
    }

    /// Whether it returned or failed for no reason, as its contract allows.
    pub fn is_spurious(&self) -> bool {
        match &self.effect {
            Effect::Wakes { spurious, .. } => *spurious,
            Effect::Exchange { expected, found: Err(found), .. } => expected == found,
            _ => false,
        }
    }

    /// Whether a load, or an exchange that failed, got a value that had been replaced.
    pub fn is_stale(&self) -> bool {
        self.stale().is_some()
    }

    /// The newest value, if it got one that had been replaced.
    pub fn stale(&self) -> Option<Value> {
        match self.effect {
            Effect::Load { got, newest, .. } | Effect::Exchange { found: Err(got), newest, .. } => {
                (got != newest).then_some(newest)
            }
            _ => None,
        }
    }

    /// The lock that it took.
    pub fn locks(&self) -> Option<ObjectId> {
        let takes = matches!(self.effect, Effect::Lock(_) | Effect::TryLock { ok: true, .. });
        self.object.filter(|_| takes)
    }

    /// The lock that it gave back.
    pub fn unlocks(&self) -> Option<ObjectId> {
        match self.effect {
            Effect::Unlock(_) => self.object,
            Effect::Sleeps { unlocks, .. } => unlocks,
            _ => None,
        }
    }

    /// Whether its thread falls asleep.
    pub fn sleeps(&self) -> bool {
        self.effect.sleeps()
    }
}

impl Effect {
    /// Whether the thread falls asleep.
    pub fn sleeps(&self) -> bool {
        match self {
            Effect::Sleeps { .. } => true,
            Effect::Channel(traffic) => matches!(traffic.what, What::Sleeps { .. }),
            _ => false,
        }
    }
}

/// The name of a [`Pending`] that drops its object.
pub const DROP: &str = "drop";

/// An operation that a thread has begun and not finished.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    pub name: &'static str,
    pub object: Option<ObjectId>,
    pub place: Place,
    /// The thread waited for, if it is a join.
    pub target: Option<ThreadId>,
    /// Whether it waits as long as the object, a mutex, is held.
    pub locks: bool,
}

impl Pending {
    #[inline]
    pub fn new(name: &'static str, object: Option<ObjectId>, place: Place) -> Self {
        Self { name, object, place, target: None, locks: false }
    }
}

/// An object of the facade.
#[derive(Clone, Debug)]
pub struct Object {
    pub type_name: &'static str,
    /// The name that the author of the model gave it; one that ends with a dot is the beginning of a name.
    pub given_name: Option<String>,
    /// Whether it is the model's own, not one of the code under test: those have no name of their own.
    pub is_fixture: bool,
    pub made: Place,
    /// Making it counts as a write.
    pub maker: ThreadId,
    /// For an atomic: the last value stored.
    pub newest: Value,
    /// For a lock: who holds it, and since where. Several, if it is held for reading.
    pub holders: Vec<(ThreadId, Place)>,
    /// For an `Arc`: the references there are.
    pub references: Vec<Reference>,
    /// For an `Arc`: the weak references.
    pub weak: Vec<Reference>,
    /// For a channel: its senders and receivers.
    pub ends: Ends,
    pub dropped: Option<Dropped>,
}

/// Which thread dropped an object, and the number of events before.
#[derive(Clone, Copy, Debug)]
pub struct Dropped {
    pub thread: ThreadId,
    pub at: usize,
    /// Whether a panic of that thread did.
    pub unwinding: bool,
}

/// One of the references of an `Arc`.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    pub number: usize,
    /// Where `new` or `clone` made it, and who called that.
    pub made: Place,
    pub maker: ThreadId,
}

/// How a thread of the model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Running,
    /// In a wait queue, until it is woken.
    Asleep,
    Returned,
    Panicked,
}

#[derive(Clone, Debug)]
pub struct Thread {
    /// What the dry run calls it.
    pub name: String,
    /// The name that the program gave it.
    pub given_name: Option<String>,
    pub pending: Option<Pending>,
    pub standing: Standing,
    /// What the objects that it makes now belong to: see `harness::sync::model::naming`.
    pub prefix: Vec<String>,
    /// What it is about to give back with a lock.
    pub gives_back: Option<Data>,
    /// Whether it sleeps in a queue from which it does not wake up for no reason.
    pub parked: bool,
    /// The call that it is in, if the test says that it must not wait there.
    pub must_not_wait_in: Option<&'static str>,
    /// The call in the middle of which the test has stopped it, and the number of events before that.
    pub stopped_in: Option<(&'static str, usize)>,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait<'a> {
    /// A lock, and who holds it, since where.
    ForLock(&'a [(ThreadId, Place)]),
    /// The end of a thread.
    ForEnd(ThreadId),
    /// To be woken.
    Asleep,
}

/// A panic in a thread of the model.
#[derive(Clone, Debug)]
pub struct Panic {
    pub thread: ThreadId,
    pub message: String,
    pub place: String,
    /// The number of events before it.
    pub at: usize,
    pub fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It unwinds, or the program caught it just now.
    Unwinds,
    /// Its thread has gone on since, and did not unwind: the program caught it. It may resume it later.
    Caught,
    /// It ended the body of a scope, and goes on when the scope's threads have ended.
    EndedBody,
    /// It ended its thread, and the result of `join` has not been looked at.
    EndedThread,
    /// It ended main, and with that the interleaving.
    EndedMain,
    /// It ended its thread, and `join` handed it over.
    Joined,
}

/// What a scope panics with if one of its threads did, as std's does.
pub const SCOPED_PANIC: &str = "a scoped thread panicked";

/// How an exploration ended.
#[derive(Debug)]
pub enum Ending {
    /// It has only paused.
    Paused,
    /// Everything within the bounds was explored.
    Passed,
    /// The time ran out.
    OutOfTime,
    /// The model checker found something; it is in the log.
    Stopped,
    /// Main panicked, or another thread whose panic was never looked at.
    Panicked,
    /// A destructor panicked while a panic unwound. The process cannot go on.
    PanickedTwice,
    /// A coroutine ran out of stack.
    StackOverflow,
    /// The program asked for more threads than there may be.
    TooManyThreads(Place),
    /// A tracked value was not dropped exactly once.
    Values(Vec<String>),
    /// The program uses `try_lock`, or locks again what was unlocked while a panic unwound, and this exploration was
    /// not set up for that.
    UnlocksMustBeSteps {
        /// Whether a panic unwinds now.
        unwinding: bool,
    },
    /// An object is dropped, and nothing that the model knows of orders that after all operations on it, which this
    /// exploration was not set up for.
    DropsMustBeSteps {
        /// Whether a panic unwinds now.
        unwinding: bool,
    },
    /// An interleaving stores more often than this exploration was set up for.
    NeedsCoins,
    /// The program used the facade in a way that the model cannot follow.
    Misuse(String),
}

/// A `compare_exchange_weak`: its number among those of its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeakExchange {
    pub thread: ThreadId,
    pub number: usize,
}

/// What the model checker stops an interleaving for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    Deadlock,
    DataRace,
    /// An `Arc` with references left, weak ones included.
    Leak,
    TooManySteps,
    /// An operation on an object that was dropped before it took effect. `None` if all that is known is that no
    /// object lives where the operation looks for it.
    UseAfterDrop(Option<ObjectId>),
    /// The program did not do the same twice under the same schedule.
    NotDeterministic,
    /// Anything else, in its own words.
    Other(String),
}

/// What can happen while no other thread comes in between. Noted only for those who want every interleaving.
#[derive(Clone, Debug)]
pub struct Step {
    pub thread: ThreadId,
    /// The number of events before it.
    pub at: usize,
    /// The threads that could go on before it, this one among them.
    pub able: Vec<ThreadId>,
    /// The atomics after it, in the order of their making.
    pub atomics: Vec<Sight>,
}

/// The values of an atomic that can still be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// The number of objects that were made before it.
    pub object: usize,
    /// The newest.
    pub newest: Value,
    /// What each thread may read, the oldest first.
    pub seen: Vec<(ThreadId, Vec<Value>)>,
}

/// What those are told who want every interleaving.
#[derive(Debug)]
pub enum Told {
    /// This one was explored. `ending` is `None` if it passed.
    Run { log: Box<Log>, ending: Option<Ending> },
    /// The exploration begins again, and divides the interleavings into other steps.
    Anew,
    /// It is over, after so much.
    Over(Coverage),
}

/// One interleaving.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub iteration: usize,
    pub events: Vec<Event>,
    pub objects: Vec<Object>,
    pub threads: Vec<Thread>,
    pub panics: Vec<Panic>,
    /// The thread that has run last.
    pub running: ThreadId,
    /// What the model checker stopped for, and the thread that was running.
    pub stopped: Option<(ThreadId, Stop)>,
    pub spurious_left: usize,
    /// Those that sleep at the end, and do not fall asleep again in that wait if they are woken: what they wait for is so.
    pub untold: Vec<ThreadId>,
    /// The steps that the events make up, if anybody wants them.
    pub steps: Vec<Step>,
    /// The threads that could go on when the last step ended.
    pub able: Vec<ThreadId>,
}

impl Log {
    #[inline]
    pub fn begin(&mut self, spurious: usize) {
        self.iteration += 1;
        self.events.clear();
        self.objects.clear();
        self.threads.clear();
        self.panics.clear();
        self.stopped = None;
        self.running = 0;
        self.spurious_left = spurious;
        self.untold.clear();
        self.steps.clear();
        self.able.clear();
        self.threads.push(Thread::new(0, Some("main".to_owned())));
    }

    /// Enters an object made by `maker`.
    #[inline]
    pub fn add_object(
        &mut self,
        type_name: &'static str,
        newest: Value,
        made: Place,
        maker: ThreadId,
    ) -> ObjectId {
        self.objects.push(Object {
            type_name,
            given_name: None,
            is_fixture: false,
            made,
            maker,
            newest,
            holders: Vec::new(),
            references: Vec::new(),
            weak: Vec::new(),
            ends: Ends::default(),
            dropped: None,
        });
        ObjectId { iteration: self.iteration, index: self.objects.len() - 1 }
    }

    /// Names an object, after what its maker is making too. The source may add to a name that is only a prefix.
    #[inline]
    pub fn name(&mut self, id: ObjectId, name: &str) {
        let maker = self.object(id).maker;
        let mut full = self.threads[maker].prefix.join(".");
        if !full.is_empty() {
            full.push('.');
        }
        full.push_str(name);
        self.object_mut(id).given_name = (!full.is_empty()).then_some(full);
    }

    /// The object, if this interleaving made it.
    #[inline]
    pub fn find(&self, id: ObjectId) -> Option<&Object> {
        let own = self.objects.get(id.index);
        own.filter(|_| id.iteration == self.iteration)
    }

    /// Stops the interleaving, for `thread` uses what was dropped before. If a panic dropped it, that is what went wrong.
    pub fn used_after_drop(
        &mut self,
        thread: ThreadId,
        operation: Pending,
        id: Option<ObjectId>,
    ) -> Ending {
        self.threads[thread].pending = Some(operation);
        self.stopped = Some((thread, Stop::UseAfterDrop(id)));
        let Some((id, dropped)) = id.and_then(|id| Some((id, self.find(id)?.dropped?))) else {
            return Ending::Stopped;
        };
        if dropped.unwinding {
            return Ending::Panicked;
        }
        let row = Event {
            thread: dropped.thread,
            effect: Effect::Dropped,
            object: Some(id),
            place: None,
            source: None,
            data: None,
        };
        self.events.insert(dropped.at, row);
        for event in &mut self.events {
            if let Some(Source::Event(write)) = &mut event.source {
                *write += usize::from(*write >= dropped.at);
            }
        }
        // Those that began after the step in which it was dropped.
        let of_drop = self.steps.iter().rposition(|step| {
            step.at < dropped.at || step.at == dropped.at && step.thread == dropped.thread
        });
        for step in self.steps.iter_mut().skip(of_drop.map_or(0, |at| at + 1)) {
            step.at += 1;
        }
        for panic in &mut self.panics {
            panic.at += usize::from(panic.at >= dropped.at);
        }
        Ending::Stopped
    }

    #[inline]
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index]
    }

    #[inline]
    pub fn object_mut(&mut self, id: ObjectId) -> &mut Object {
        &mut self.objects[id.index]
    }

    /// The objects, with their numbers.
    #[inline]
    pub fn objects(&self) -> impl Iterator<Item = (ObjectId, &Object)> {
        let iteration = self.iteration;
        let all = self.objects.iter().enumerate();
        all.map(move |(index, object)| (ObjectId { iteration, index }, object))
    }

    /// What a thread waits for, if it does. A thread that has only lost the race for a lock that is free again
    /// waits for nothing.
    pub fn waits(&self, thread: ThreadId) -> Option<Wait<'_>> {
        let waiting = &self.threads[thread];
        if waiting.has_ended() {
            return None;
        }
        let pending = waiting.pending?;
        if let Some(target) = pending.target {
            return Some(Wait::ForEnd(target));
        }
        if waiting.standing == Standing::Asleep {
            return Some(Wait::Asleep);
        }
        let holders = &self.object(pending.object?).holders;
        (!holders.is_empty()).then_some(Wait::ForLock(holders))
    }

    /// Whether no thread can go on, if each now does what it is about to do. `false` if that is not certain.
    pub fn is_deadlock(&self) -> bool {
        let any_left = self.threads.iter().any(|thread| !thread.has_ended());
        any_left && self.able().next().is_none()
    }

    /// The threads that can go on, and, if that is not certain, those that cannot.
    pub fn able(&self) -> impl Iterator<Item = ThreadId> {
        let left = (0..self.threads.len()).filter(|&thread| !self.threads[thread].has_ended());
        left.filter(move |&thread| !self.is_blocked(thread))
    }

    fn is_blocked(&self, thread: ThreadId) -> bool {
        let waiting = &self.threads[thread];
        waiting.pending.is_some_and(|pending| match (pending.target, pending.object) {
            (Some(target), _) => !self.threads[target].has_ended(),
            (None, Some(id)) if pending.locks => !self.object(id).holders.is_empty(),
            _ => waiting.parked,
        })
    }

    /// Whether `thread`, which slept and was woken for no reason before the event `from`, has ended that wait since. `false` if
    /// it has fallen asleep in the same place again, unless it has given back the lock before: then it is another wait.
    pub fn ends_wait(&self, thread: ThreadId, from: usize) -> bool {
        let slept = self.events_before(thread, from).rfind(|(_, event)| event.sleeps());
        let Some((_, slept)) = slept else {
            return false;
        };
        let mut later = self.events_of(thread).filter(|(number, _)| *number >= from);
        let woke =
            later.next().is_some_and(|(_, event)| matches!(event.effect, Effect::Wakes { .. }));
        let ends = later.find_map(|(_, event)| {
            if event.sleeps() && event.place == slept.place {
                return Some(false);
            }
            let mutex = slept.unlocks();
            (mutex.is_some() && event.unlocks() == mutex).then_some(true)
        });
        woke && ends.unwrap_or(true)
    }

    /// The events of a thread, with their numbers.
    pub fn events_of(&self, thread: ThreadId) -> impl DoubleEndedIterator<Item = (usize, &Event)> {
        self.events_before(thread, self.events.len())
    }

    /// Those before the event `end`.
    pub fn events_before(
        &self,
        thread: ThreadId,
        end: usize,
    ) -> impl DoubleEndedIterator<Item = (usize, &Event)> {
        let before = self.events.iter().enumerate().take(end);
        before.filter(move |(_, event)| event.thread == thread)
    }

    /// The locks that a thread holds before the event `at`, each with the event that took it.
    pub fn held(&self, thread: ThreadId, at: usize) -> Vec<(ObjectId, usize)> {
        let mut held: Vec<(ObjectId, usize)> = Vec::new();
        for (number, event) in self.events_before(thread, at) {
            if let Some(lock) = event.locks() {
                held.push((lock, number));
            }
            if let Some(lock) = event.unlocks()
                && let Some(last) = held.iter().rposition(|(other, _)| *other == lock)
            {
                held.remove(last);
            }
        }
        held
    }

    /// The kind of the failure that `ending` is; `None` if the model hangs.
    pub fn kind(&self, ending: Option<&Ending>) -> Kind {
        match ending {
            None => Kind::Stuck,
            Some(Ending::Panicked | Ending::PanickedTwice) => Kind::Panic,
            // If a thread or the body of a scope died of a panic that was not looked at, that came first.
            Some(Ending::Stopped) if self.unseen_panic().is_some() => Kind::Panic,
            Some(Ending::Stopped) => match self.stopped {
                Some((_, Stop::Deadlock)) => Kind::Deadlock,
                Some((_, Stop::DataRace)) => Kind::DataRace,
                Some((_, Stop::Leak)) => Kind::Leak,
                Some((_, Stop::TooManySteps)) => Kind::TooManySteps,
                Some((_, Stop::UseAfterDrop(_))) => Kind::UseAfterDrop,
                _ => Kind::SetUp,
            },
            Some(Ending::Values(_)) => Kind::Leak,
            Some(_) => Kind::SetUp,
        }
    }

    /// Whether the interleaving is a data race of a drop, its last event.
    pub fn races_with_drop(&self) -> bool {
        let dropped = self.events.last().is_some_and(|event| event.effect == Effect::Dropped);
        dropped && matches!(self.stopped, Some((_, Stop::DataRace)))
    }

    /// A panic that ended a spawned thread and that was not looked at, or that waits at the end of a scope.
    pub fn unseen_panic(&self) -> Option<&Panic> {
        let unseen = |p: &&Panic| matches!(p.fate, Fate::EndedThread | Fate::EndedBody);
        self.panics.iter().find(unseen)
    }
}

impl Thread {
    #[inline]
    pub fn new(number: ThreadId, given_name: Option<String>) -> Self {
        let name = given_name.clone();
        Self {
            name: name.unwrap_or_else(|| format!("thread {number}")),
            given_name,
            pending: None,
            standing: Standing::Running,
            prefix: Vec::new(),
            gives_back: None,
            parked: false,
            must_not_wait_in: None,
            stopped_in: None,
        }
    }

    #[inline]
    pub fn has_ended(&self) -> bool {
        matches!(self.standing, Standing::Returned | Standing::Panicked)
    }

    #[inline]
    pub fn has_panicked(&self) -> bool {
        self.standing == Standing::Panicked
    }
}
