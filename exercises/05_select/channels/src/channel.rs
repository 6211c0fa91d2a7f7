//! A channel with two lists of waiters: the threads that want to send, and those that want to receive.

use super::sync::atomic::{AtomicU32, Ordering::Relaxed};
use super::sync::channel::{RecvError, SendError, TryRecvError, TrySendError};
use super::sync::task::Arc as PlainArc;
use super::sync::{Arc, Mutex, MutexGuard, futex};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::ptr;
// Not the facade's: a number orders nothing, so there is nothing in it to explore.
use std::sync::atomic::AtomicUsize;

/// Makes a channel with room for `capacity` values, and returns its two ends. With a capacity of zero it has no buffer:
/// a send ends when a receiver has the value.
///
/// Values arrive in the order in which they were sent. Waiting senders are served in the order in which they came, and so
/// are waiting receivers. Both ends can be cloned. When the last sender has been dropped, receivers still get what is in
/// the buffer and then fail; when the last receiver has been dropped, sends fail and return their values.
///
/// A plain [`send`](Sender::send) or [`recv`](Receiver::recv) waits on one channel. To wait on several, see [`Arm`].
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let side = || Side {
        ends: 1,
        waiting: VecDeque::new(),
    };
    static CHANNELS: AtomicUsize = AtomicUsize::new(0);
    // A model calls the lock by the name of this variable, and the channel by that of its lock.
    let channel = Mutex::new(());
    let channel = Arc::new(Channel {
        // Relaxed: the numbers differ, and that is all they are for.
        id: ChannelId(CHANNELS.fetch_add(1, Relaxed)),
        lock: channel,
        state: UnsafeCell::new(State {
            capacity,
            buffer: VecDeque::new(),
            sides: [side(), side()],
            completed: Vec::new(),
            registered: 0,
        }),
    });
    let sender = Sender {
        channel: Arc::clone(&channel),
    };
    (sender, Receiver { channel })
}

/// What stands in the lists of waiters: somebody who waits on one or several channels until one of them chooses it.
///
/// A select makes one waiter for each call, and registers it with all of its arms. The channels call the two methods.
pub trait Waiter: Send + Sync {
    /// Chooses the waiter for its arm number `arm`. Returns `false` if it has been chosen before: then the channel goes on
    /// to the next waiter in its list.
    ///
    /// Must return `true` once and never again, although several channels call it at the same time. The channel's lock is
    /// held; after `true` the channel completes the arm before it lets go of the lock.
    fn choose(&self, arm: usize) -> bool;

    /// Wakes the thread that waits, after [`choose`](Self::choose) has returned `true`. The lock of the channel that calls
    /// is free by then.
    fn wake(&self);
}

/// Which channel. Channels are ordered, by when they were made, so any two of them always stand in the same order.
///
/// Go's `select` orders them by address. Here a model is run again and again, and must find the same order each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(usize);

/// A channel that is locked. Dropping this unlocks it, and then wakes those that have been chosen in the meantime.
#[must_use = "the channel is unlocked at once"]
pub struct Locked<'a> {
    /// Is `None` only while this is being dropped.
    guard: Option<MutexGuard<'a, ()>>,
    /// Chosen while the channel was locked.
    chosen: Vec<PlainArc<dyn Waiter>>,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.guard = None;
        for waiter in self.chosen.drain(..) {
            waiter.wake();
        }
    }
}

impl fmt::Debug for Locked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").finish_non_exhaustive()
    }
}

/// One operation that a select offers to do: to receive from a channel, or to send a value to one.
///
/// Whatever is done with an arm is done while its channel is locked, and takes the [`Locked`] as proof. Each method panics if
/// given the lock of another channel. Two arms of one channel share its lock: it can be locked only once.
pub trait Arm<'a> {
    /// The channel of the arm.
    fn channel(&self) -> ChannelId;

    /// Waits until the channel is free, and locks it.
    fn lock(&self) -> Locked<'a>;

    /// Does the operation if it can be done now, and returns whether it has. Chooses a thread that waits on the other side
    /// if one is needed. A receive from a channel without senders, or a send to one without receivers, is done too: it
    /// fails.
    ///
    /// # Panics
    /// Panics if the arm has been completed before, or is registered.
    fn try_complete(&mut self, locked: &mut Locked<'_>) -> bool;

    /// Puts the arm at the end of its side's list of waiters: `waiter` can now be chosen for its arm number `index`. A send
    /// takes its value with it.
    ///
    /// Does not look whether the operation can be done now: nobody will come for a value that is there already.
    ///
    /// # Panics
    /// Panics if the arm has been completed before, or is registered.
    fn register(&mut self, locked: &mut Locked<'_>, waiter: &PlainArc<dyn Waiter>, index: usize);

    /// Takes the arm out of the list, and returns whether it has been completed there, by a thread that has chosen the waiter
    /// for it. If not, a send has its value back. Returns `false` if the arm is not registered.
    fn unregister(&mut self, locked: &mut Locked<'_>) -> bool;
}

/// The side of the senders, and that of the receivers. Each is the other's `1 - side`.
const SENDERS: usize = 0;
const RECEIVERS: usize = 1;

struct Channel<T> {
    id: ChannelId,
    /// Protects `state`. It holds nothing itself, so that the locks of channels of different types are of one type.
    lock: Mutex<()>,
    /// Not the facade's cell: it is reached under the lock only, so that a dry run of it would show nothing but rows.
    state: UnsafeCell<State<T>>,
}

// SAFETY: `state` is accessed only while `lock` is held, by one thread at a time, so a channel is a mutex of its state. The
// values move from thread to thread, which needs `T: Send`; no two threads ever share a reference to one.
unsafe impl<T: Send> Sync for Channel<T> {}
// SAFETY: as above; what owns the values may be moved if they may.
unsafe impl<T: Send> Send for Channel<T> {}

struct State<T> {
    capacity: usize,
    /// At most `capacity` values, the oldest in front.
    buffer: VecDeque<T>,
    sides: [Side<T>; 2],
    /// What has been completed by another thread, until its own thread comes for it.
    completed: Vec<Registration<T>>,
    /// How many registrations there have been. Each has its number as a key.
    registered: u64,
}

struct Side<T> {
    /// How many ends there are. Never rises from zero, as ends are made by cloning.
    ends: usize,
    /// Those that wait, longest first, so in the order of their keys. Some may have been chosen by other channels.
    waiting: VecDeque<Registration<T>>,
}

struct Registration<T> {
    key: u64,
    waiter: PlainArc<dyn Waiter>,
    arm: usize,
    /// What a sender offers, until it is taken; or what a receiver has been given.
    value: Option<T>,
}

impl<T> Channel<T> {
    fn lock(&self) -> Locked<'_> {
        Locked {
            guard: Some(self.lock.lock()),
            chosen: Vec::new(),
        }
    }

    /// Calls `f` with the state, and with the list of those to wake when the channel is unlocked.
    fn with<R>(
        &self,
        locked: &mut Locked<'_>,
        f: impl FnOnce(&mut State<T>, &mut Deeds<'_, '_>) -> R,
    ) -> R {
        let guard = locked
            .guard
            .as_mut()
            .expect("is locked until it is dropped");
        assert!(
            ptr::eq(MutexGuard::mutex(guard), &self.lock),
            "channels: the lock of another channel"
        );
        let mut deeds = Deeds {
            guard,
            chosen: &mut locked.chosen,
        };
        // SAFETY: the pointer is valid, as it comes from `self`. `guard` proves that this thread holds the lock, and only
        // one guard of a lock exists. `f` cannot get here a second time, since `locked` is borrowed until it returns.
        f(unsafe { &mut *self.state.get() }, &mut deeds)
    }
}

/// What is done while a channel is locked.
struct Deeds<'l, 'a> {
    guard: &'l mut MutexGuard<'a, ()>,
    /// Those to wake when the channel is unlocked.
    chosen: &'l mut Vec<PlainArc<dyn Waiter>>,
}

impl Deeds<'_, '_> {
    /// For the reader of a dry run.
    fn say(&mut self, what: &'static str) {
        MutexGuard::says(self.guard, what);
    }
}

impl<T> State<T> {
    /// Chooses the first of those that wait on `side` who has not been chosen elsewhere. Takes what it offers and leaves `given`
    /// for it; its thread is woken when the channel is unlocked. Returns `given` if nobody is left to choose.
    fn choose(
        &mut self,
        side: usize,
        given: Option<T>,
        deeds: &mut Deeds<'_, '_>,
    ) -> Result<Option<T>, Option<T>> {
        let waiting = &mut self.sides[side].waiting;
        // Those that other channels have chosen stay in the list, with their values, until their threads take them out.
        let first = waiting.iter().position(|one| one.waiter.choose(one.arm));
        let Some(mut first) = first.and_then(|at| waiting.remove(at)) else {
            return Err(given);
        };
        let offered = mem::replace(&mut first.value, given);
        deeds.say(match side {
            SENDERS => "takes the value of a sender that waits",
            _ => "gives a value to a receiver that waits",
        });
        deeds.chosen.push(PlainArc::clone(&first.waiter));
        self.completed.push(first);
        Ok(offered)
    }

    /// Gives `value` to a receiver that waits, or else puts it into the buffer.
    fn send(&mut self, value: T, deeds: &mut Deeds<'_, '_>) -> Result<(), TrySendError<T>> {
        if self.sides[RECEIVERS].ends == 0 {
            deeds.say("no receiver is left");
            return Err(TrySendError::Disconnected(value));
        }
        // While a receiver waits the buffer is empty, or it would have taken a value from there.
        let Err(value) = self.choose(RECEIVERS, Some(value), deeds) else {
            return Ok(());
        };
        let value = value.expect("nobody has taken it");
        if self.buffer.len() == self.capacity {
            deeds.say(match self.capacity {
                0 => "no receiver waits",
                _ => "the buffer is full",
            });
            return Err(TrySendError::Full(value));
        }
        self.buffer.push_back(value);
        deeds.say("puts a value into the buffer");
        Ok(())
    }

    /// Takes the oldest value: from the buffer, where a sender that waits then gets room, or from such a sender.
    fn recv(&mut self, deeds: &mut Deeds<'_, '_>) -> Result<T, TryRecvError> {
        let buffered = self.buffer.pop_front();
        // While a sender waits the buffer is full, so what it offers comes after all that is in there.
        if buffered.is_some() {
            deeds.say("takes a value out of the buffer");
        }
        let offered = self.choose(SENDERS, None, deeds).unwrap_or(None);
        match (buffered, offered) {
            (Some(oldest), offered) => {
                self.buffer.extend(offered);
                Ok(oldest)
            }
            (None, Some(value)) => Ok(value),
            (None, None) if self.sides[SENDERS].ends == 0 => {
                deeds.say("no value and no sender is left");
                Err(TryRecvError::Disconnected)
            }
            (None, None) => {
                deeds.say(match self.capacity {
                    0 => "no sender waits",
                    _ => "the buffer is empty",
                });
                Err(TryRecvError::Empty)
            }
        }
    }

    fn register(
        &mut self,
        side: usize,
        waiter: &PlainArc<dyn Waiter>,
        arm: usize,
        value: Option<T>,
        deeds: &mut Deeds<'_, '_>,
    ) -> u64 {
        deeds.say(match side {
            SENDERS => "a send begins to wait",
            _ => "a receive begins to wait",
        });
        self.registered += 1;
        self.sides[side].waiting.push_back(Registration {
            key: self.registered,
            waiter: PlainArc::clone(waiter),
            arm,
            value,
        });
        self.registered
    }

    /// Takes out a registration, and says whether it has been completed.
    fn unregister(
        &mut self,
        side: usize,
        key: u64,
        deeds: &mut Deeds<'_, '_>,
    ) -> (Registration<T>, bool) {
        if let Some(at) = self.completed.iter().position(|one| one.key == key) {
            deeds.say(match side {
                SENDERS => "the send has been completed",
                _ => "the receive has been completed",
            });
            return (self.completed.swap_remove(at), true);
        }
        let waiting = &mut self.sides[side].waiting;
        let at = waiting.binary_search_by_key(&key, |one| one.key).ok();
        let own = at.and_then(|at| waiting.remove(at));
        deeds.say(match side {
            SENDERS => "the send waits no longer",
            _ => "the receive waits no longer",
        });
        (own.expect("stays until its thread takes it out"), false)
    }

    /// Removes an end. If it was the last of its side, nobody of the other side can be served any more: they are all chosen,
    /// with nothing given and nothing taken. Returns what is left in the buffer, for nobody.
    fn remove_end(&mut self, side: usize, deeds: &mut Deeds<'_, '_>) -> VecDeque<T> {
        self.sides[side].ends -= 1;
        if self.sides[side].ends > 0 {
            deeds.say(match side {
                SENDERS => "one sender less",
                _ => "one receiver less",
            });
            return VecDeque::new();
        }
        deeds.say(match side {
            SENDERS => "the last sender goes",
            _ => "the last receiver goes",
        });
        let waiting = mem::take(&mut self.sides[1 - side].waiting);
        for one in waiting {
            if one.waiter.choose(one.arm) {
                deeds.chosen.push(PlainArc::clone(&one.waiter));
                self.completed.push(one);
            } else {
                self.sides[1 - side].waiting.push_back(one);
            }
        }
        match side {
            RECEIVERS => mem::take(&mut self.buffer),
            _ => VecDeque::new(),
        }
    }
}

/// How far an arm has come.
enum Progress<T> {
    /// Nothing has been done. A send has its value here.
    Idle(Option<T>),
    /// It stands in the list of waiters, under this key.
    Registered(u64),
    /// It is done. What a receive has got, or what a send could not deliver.
    Completed(Option<T>),
}

/// What the two kinds of arms have in common.
struct Operation<'a, T, const SIDE: usize> {
    channel: &'a Channel<T>,
    progress: Progress<T>,
}

impl<'a, T, const SIDE: usize> Operation<'a, T, SIDE> {
    /// Takes what an arm has while nothing has been done.
    fn begin(&mut self) -> Option<T> {
        match &mut self.progress {
            Progress::Idle(value) => value.take(),
            Progress::Registered(_) => panic!("channels: the arm is registered"),
            Progress::Completed(_) => panic!("channels: the arm has been completed"),
        }
    }

    fn try_complete(&mut self, locked: &mut Locked<'_>) -> bool {
        let value = self.begin();
        let channel = self.channel;
        self.progress = channel.with(locked, |state, deeds| match value {
            Some(value) => match state.send(value, deeds) {
                Ok(()) => Progress::Completed(None),
                Err(TrySendError::Disconnected(value)) => Progress::Completed(Some(value)),
                Err(TrySendError::Full(value)) => Progress::Idle(Some(value)),
            },
            None => match state.recv(deeds) {
                Ok(value) => Progress::Completed(Some(value)),
                Err(TryRecvError::Disconnected) => Progress::Completed(None),
                Err(TryRecvError::Empty) => Progress::Idle(None),
            },
        });
        matches!(self.progress, Progress::Completed(_))
    }

    fn register(&mut self, locked: &mut Locked<'_>, waiter: &PlainArc<dyn Waiter>, index: usize) {
        let value = self.begin();
        let key = self.channel.with(locked, |state, deeds| {
            state.register(SIDE, waiter, index, value, deeds)
        });
        self.progress = Progress::Registered(key);
    }

    fn unregister(&mut self, locked: &mut Locked<'_>) -> bool {
        let Progress::Registered(key) = self.progress else {
            return false;
        };
        let (own, is_completed) = self
            .channel
            .with(locked, |state, deeds| state.unregister(SIDE, key, deeds));
        self.progress = match is_completed {
            true => Progress::Completed(own.value),
            false => Progress::Idle(own.value),
        };
        is_completed
    }

    /// Does the operation, and sleeps until it is done: a select of one arm.
    fn complete(&mut self) {
        let mut locked = self.channel.lock();
        if self.try_complete(&mut locked) {
            return;
        }
        let parked = PlainArc::new(Parked::new());
        let waiter: PlainArc<dyn Waiter> = parked.clone();
        self.register(&mut locked, &waiter, 0);
        drop(locked);
        parked.sleep();
        let is_completed = self.unregister(&mut self.channel.lock());
        assert!(is_completed, "nothing else wakes it");
    }
}

/// Wakes the one thread of a plain send or receive.
struct Parked {
    is_chosen: AtomicU32,
}

impl Parked {
    fn new() -> Self {
        Self {
            is_chosen: AtomicU32::new(0),
        }
    }

    fn sleep(&self) {
        // Relaxed: what the other thread did is seen through the channel's lock. No wakeup is lost: the futex compares and
        // falls asleep in one step, and `wake` stores first and wakes then. A loop, because a wakeup may be spurious.
        while self.is_chosen.load(Relaxed) == 0 {
            futex::wait(&self.is_chosen, 0);
        }
    }
}

impl Waiter for Parked {
    fn choose(&self, _arm: usize) -> bool {
        // It is registered once, and a registration that has been chosen leaves the list under the same lock.
        true
    }

    fn wake(&self) {
        self.is_chosen.store(1, Relaxed);
        futex::wake_one(&self.is_chosen);
    }
}

/// The sending end of a channel. Made by [`bounded`], and by cloning.
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Sender<T> {
    /// Sends `value`. Sleeps while the buffer is full or, without a buffer, until a receiver takes it.
    ///
    /// # Errors
    /// Returns `value` if there is no receiver any more, even if the last one is dropped while this waits.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let mut arm = self.arm(value);
        arm.operation.complete();
        match arm.outcome() {
            SendOutcome::Sent => Ok(()),
            SendOutcome::Disconnected(value) | SendOutcome::NotChosen(value) => {
                Err(SendError(value))
            }
        }
    }

    /// Sends `value` if that is possible without waiting.
    ///
    /// # Errors
    /// Returns `value`, in [`TrySendError::Full`] if there is no room and no receiver waits, in
    /// [`TrySendError::Disconnected`] if there is no receiver any more.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut locked = self.channel.lock();
        self.channel
            .with(&mut locked, |state, deeds| state.send(value, deeds))
    }

    /// An arm that sends `value` to this channel.
    pub fn arm(&self, value: T) -> SendArm<'_, T> {
        SendArm {
            operation: Operation {
                channel: &self.channel,
                progress: Progress::Idle(Some(value)),
            },
        }
    }

    /// Which channel this is an end of.
    pub fn channel(&self) -> ChannelId {
        self.channel.id
    }

    /// How many arms are registered with the channel, on both sides: those that wait, and those that were completed and not
    /// taken out yet. For tests.
    pub fn registered(&self) -> usize {
        self.channel.registered()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.channel.add_end(SENDERS);
        Self {
            channel: Arc::clone(&self.channel),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.channel.remove_end(SENDERS);
    }
}

/// The receiving end of a channel. Made by [`bounded`], and by cloning.
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Receiver<T> {
    /// Takes the oldest value. Sleeps until there is one.
    ///
    /// # Errors
    /// Returns [`RecvError`] if the channel is empty and there is no sender any more, even if the last one is dropped while
    /// this waits.
    pub fn recv(&self) -> Result<T, RecvError> {
        let mut arm = self.arm();
        arm.operation.complete();
        arm.outcome().expect("has been completed")
    }

    /// Takes the oldest value if there is one.
    ///
    /// # Errors
    /// Returns [`TryRecvError::Empty`] if nothing is in the buffer and no sender waits, [`TryRecvError::Disconnected`] if
    /// there is no sender any more either.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut locked = self.channel.lock();
        self.channel
            .with(&mut locked, |state, deeds| state.recv(deeds))
    }

    /// An arm that receives from this channel.
    pub fn arm(&self) -> RecvArm<'_, T> {
        RecvArm {
            operation: Operation {
                channel: &self.channel,
                progress: Progress::Idle(None),
            },
        }
    }

    /// Which channel this is an end of.
    pub fn channel(&self) -> ChannelId {
        self.channel.id
    }

    /// How many arms are registered with the channel: see [`Sender::registered`].
    pub fn registered(&self) -> usize {
        self.channel.registered()
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.channel.add_end(RECEIVERS);
        Self {
            channel: Arc::clone(&self.channel),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.channel.remove_end(RECEIVERS);
    }
}

impl<T> Channel<T> {
    fn registered(&self) -> usize {
        self.with(&mut self.lock(), |state, deeds| {
            deeds.say("is asked how many wait");
            let waiting: usize = state.sides.iter().map(|side| side.waiting.len()).sum();
            waiting + state.completed.len()
        })
    }

    fn add_end(&self, side: usize) {
        self.with(&mut self.lock(), |state, deeds| {
            deeds.say(match side {
                SENDERS => "one sender more",
                _ => "one receiver more",
            });
            state.sides[side].ends += 1;
        });
    }

    fn remove_end(&self, side: usize) {
        let mut locked = self.lock();
        let left = self.with(&mut locked, |state, deeds| state.remove_end(side, deeds));
        drop(locked);
        // Only now: the drop of a value may use the channel.
        drop(left);
    }
}

/// A receive that a select offers to do. Made by [`Receiver::arm`].
pub struct RecvArm<'a, T> {
    operation: Operation<'a, T, RECEIVERS>,
}

impl<T> RecvArm<'_, T> {
    /// What has been received. `None` if the arm has not been completed: another one was chosen.
    pub fn outcome(self) -> Option<Result<T, RecvError>> {
        match self.operation.progress {
            Progress::Completed(value) => Some(value.ok_or(RecvError)),
            Progress::Idle(_) | Progress::Registered(_) => None,
        }
    }
}

/// A send that a select offers to do. Made by [`Sender::arm`].
pub struct SendArm<'a, T> {
    operation: Operation<'a, T, SENDERS>,
}

/// What has become of a send that a select offered to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the value may be in there"]
pub enum SendOutcome<T> {
    /// The value has been sent.
    Sent,
    /// The arm was chosen, but there is no receiver any more: here is the value.
    Disconnected(T),
    /// Another arm was chosen: here is the value.
    NotChosen(T),
}

impl<T> SendArm<'_, T> {
    /// What has become of the value.
    ///
    /// # Panics
    /// Panics if the arm is still registered, as its value is then in the channel's list of waiters.
    pub fn outcome(self) -> SendOutcome<T> {
        match self.operation.progress {
            Progress::Completed(None) => SendOutcome::Sent,
            Progress::Completed(Some(value)) => SendOutcome::Disconnected(value),
            Progress::Idle(value) => {
                SendOutcome::NotChosen(value.expect("a send that is not done has its value"))
            }
            Progress::Registered(_) => {
                panic!("channels: the select has ended and left this arm registered")
            }
        }
    }
}

macro_rules! arm {
    ($arm:ident) => {
        impl<'a, T> Arm<'a> for $arm<'a, T> {
            fn channel(&self) -> ChannelId {
                self.operation.channel.id
            }

            fn lock(&self) -> Locked<'a> {
                self.operation.channel.lock()
            }

            fn try_complete(&mut self, locked: &mut Locked<'_>) -> bool {
                self.operation.try_complete(locked)
            }

            fn register(
                &mut self,
                locked: &mut Locked<'_>,
                waiter: &PlainArc<dyn Waiter>,
                index: usize,
            ) {
                self.operation.register(locked, waiter, index);
            }

            fn unregister(&mut self, locked: &mut Locked<'_>) -> bool {
                self.operation.unregister(locked)
            }
        }
    };
}

arm!(RecvArm);
arm!(SendArm);
