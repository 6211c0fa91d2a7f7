//! A bounded channel with two ends, which can be closed, and which closes when either end has gone.

use crate::sync::{Arc, Condvar, Mutex, MutexGuard, thread};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::mem;

/// Makes a channel with room for `capacity` values, and returns its two ends. Both can be cloned.
///
/// The channel is open until one of three things happens: a sender calls [`close`](Sender::close), the last
/// sender is dropped, or the last receiver is dropped. It never opens again. When it is closed, nothing more
/// goes in: every `send` fails and hands its value back, including those that sleep. What is in it still
/// comes out, in order, and only then the receivers learn that it is over. When the last receiver is dropped,
/// nobody can take out what is left, and it is dropped at once, whether there are senders or not.
///
/// Go has one channel value for everybody, and `close` is a call that somebody must not forget and nobody may
/// repeat. Here the ends are counted.
///
/// Values come out in the order in which they went in, and each is received once. A value that was sent
/// successfully is received, or dropped with the last receiver; no value is lost or dropped twice.
///
/// ```
/// use closing::bounded;
/// use std::thread;
///
/// let (sender, receiver) = bounded(2);
/// thread::scope(|s| {
///     for worker in 1..=3 {
///         let sender = sender.clone();
///         s.spawn(move || sender.send(worker)); // and drops its sender
///     }
///     drop(sender); // or the loop below would wait for ever
///     assert_eq!(receiver.iter().sum::<u32>(), 6);
/// });
/// ```
///
/// # Happens-before
/// What a thread did before it sent a value happens before the return of the call that receives it. What a
/// thread did before it closed the channel, in any of the three ways, happens before the return of a call
/// that fails because it is closed. If it is closed because all senders have been dropped, or all receivers,
/// that holds for each thread that has dropped one.
///
/// # Panics
/// Panics if `capacity` is 0, or if that many values take more than `isize::MAX` bytes.
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "closing: no room for a value");
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            buffer: VecDeque::with_capacity(capacity),
            closed: false,
            senders: 1,
            receivers: 1,
        }),
        capacity,
        not_empty: Condvar::new(),
        not_full: Condvar::new(),
    });
    let sender = Sender {
        shared: Arc::clone(&shared),
    };
    (sender, Receiver { shared })
}

struct Shared<T> {
    state: Mutex<State<T>>,
    capacity: usize,
    /// Receivers sleep here until there is a value or the channel is closed.
    not_empty: Condvar,
    /// Senders sleep here until there is room or the channel is closed.
    not_full: Condvar,
}

struct State<T> {
    /// At most `capacity` values. Each that is added is notified to `not_empty`, each that is taken out to
    /// `not_full`. Empty if `receivers` is 0.
    buffer: VecDeque<T>,
    /// Nothing is added any more. True from the first `close` on, and if `senders` or `receivers` is 0. The
    /// step that makes it true is notified to all sleepers.
    closed: bool,
    senders: usize,
    receivers: usize,
}

impl<T> Shared<T> {
    /// Lets other threads run, once, before this one sleeps, as in `bounded_channel`: it is only about time.
    /// The caller checks again, under the lock.
    #[cold]
    fn let_others_run<'a>(&'a self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        drop(state);
        thread::yield_now();
        self.state.lock()
    }

    /// To be called when the lock is released, by the thread that has closed the channel. All sleepers,
    /// because for all of them it is over, and nobody will notify again.
    fn wake_all(&self) {
        self.not_empty.notify_all();
        self.not_full.notify_all();
    }
}

/// The end that sends. Made by [`bounded`]; a clone is another sender of the same channel.
///
/// When the last sender is dropped, the channel closes.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Puts `value` into the channel. Sleeps while the channel is open and full.
    ///
    /// # Errors
    /// Returns `value` if the channel is closed, before the call or while it sleeps. No receiver gets it.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let shared = &*self.shared;
        let mut state = shared.state.lock();
        if state.buffer.len() == shared.capacity && !state.closed {
            state = shared.let_others_run(state);
        }
        // No wakeup is lost. This thread holds the lock from its check until `Condvar::wait` has put it to
        // sleep, which unlocks in the same step. So a value is taken out, or the channel closed, either
        // before the check, which then finds it so, or after this thread is asleep, and then the notification
        // that follows wakes it: the close wakes all, and a value taken out wakes one for whom there is room.
        //
        // A loop, because another sender may have taken the room, and because a wakeup may be spurious.
        while state.buffer.len() == shared.capacity && !state.closed {
            shared.not_full.wait(&mut state);
        }
        // Asked after the sleep: there may be room, and the channel closed.
        if state.closed {
            return Err(SendError(value));
        }
        state.buffer.push_back(value);
        drop(state);
        shared.not_empty.notify_one();
        Ok(())
    }

    /// Puts `value` into the channel if it is open and there is room. Never sleeps.
    ///
    /// # Errors
    /// Returns `value` in [`TrySendError::Closed`] if the channel is closed, and otherwise in
    /// [`TrySendError::Full`] if it is full. Changes nothing then.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = self.shared.state.lock();
        if state.closed {
            return Err(TrySendError::Closed(value));
        }
        if state.buffer.len() == self.shared.capacity {
            return Err(TrySendError::Full(value));
        }
        state.buffer.push_back(value);
        drop(state);
        self.shared.not_empty.notify_one();
        Ok(())
    }

    /// Closes the channel for all senders, and wakes everybody who sleeps in it. Returns whether this call
    /// has closed it: `false` means that it was closed before, and then nothing changes.
    pub fn close(&self) -> bool {
        let was_closed = mem::replace(&mut self.shared.state.lock().closed, true);
        if !was_closed {
            self.shared.wake_all();
        }
        !was_closed
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.state.lock().senders += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

/// Closes the channel if this is its last sender.
impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.senders -= 1;
        // Counted and closed in one step: of two that are dropped at once, one finds 0.
        if state.senders == 0 {
            state.closed = true;
            drop(state);
            self.shared.wake_all();
        }
    }
}

/// The end that receives. Made by [`bounded`]; a clone is another receiver of the same channel. Each value
/// goes to one of them.
///
/// When the last receiver is dropped, the channel closes, and what is in it is dropped, by the same thread.
/// The `drop` of a value may use the channel, which is closed by then.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Receiver<T> {
    /// Takes out the value that has been in the channel for longest. Sleeps while the channel is open and
    /// empty.
    ///
    /// # Errors
    /// Returns [`RecvError`] if the channel is closed and empty: now, and each time from then on.
    pub fn recv(&self) -> Result<T, RecvError> {
        let shared = &*self.shared;
        let mut state = shared.state.lock();
        if state.buffer.is_empty() && !state.closed {
            state = shared.let_others_run(state);
        }
        // No wakeup is lost, as in `send`: a value that is added wakes one receiver, and the close wakes all.
        loop {
            // First the values, then the end: what was sent before the close is received.
            if let Some(value) = state.buffer.pop_front() {
                drop(state);
                shared.not_full.notify_one();
                return Ok(value);
            }
            if state.closed {
                return Err(RecvError);
            }
            shared.not_empty.wait(&mut state);
        }
    }

    /// Takes out the value that has been in the channel for longest. Never sleeps.
    ///
    /// # Errors
    /// If the channel is empty, returns [`TryRecvError::Closed`] if it is closed, and [`TryRecvError::Empty`]
    /// if it is open.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.shared.state.lock();
        let Some(value) = state.buffer.pop_front() else {
            return Err(if state.closed {
                TryRecvError::Closed
            } else {
                TryRecvError::Empty
            });
        };
        drop(state);
        self.shared.not_full.notify_one();
        Ok(value)
    }

    /// Returns an iterator over what [`recv`](Self::recv) returns: it sleeps for each value, and ends when
    /// the channel is closed and empty. It is what `for range` does in Go. `for value in &receiver` is the
    /// same.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.state.lock().receivers += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

/// Closes the channel and drops what is in it, if this is its last receiver.
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.receivers -= 1;
        if state.receivers > 0 {
            return;
        }
        state.closed = true;
        // Nobody can take it out any more. It is dropped here, and not when the last sender goes: a request
        // in it may hold what its sender waits for. And it is dropped when the lock is released, because its
        // `drop` is foreign code, and may use this channel.
        let left = mem::take(&mut state.buffer);
        drop(state);
        self.shared.wake_all();
        drop(left);
    }
}

/// The values of a channel, until it is closed and empty. Made by [`Receiver::iter`].
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// The error of [`Sender::send`]: the channel is closed. Contains the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel is closed")
    }
}

impl<T> Error for SendError<T> {}

/// The error of [`Sender::try_send`]. Contains the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// The channel is open and full.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the channel is full",
            Self::Closed(_) => "the channel is closed",
        })
    }
}

impl<T> Error for TrySendError<T> {}

/// The error of [`Receiver::recv`]: the channel is closed and empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel is closed and empty")
    }
}

impl Error for RecvError {}

/// The error of [`Receiver::try_recv`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// The channel is empty and open.
    Empty,
    /// The channel is empty and closed.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the channel is empty",
            Self::Closed => "the channel is closed and empty",
        })
    }
}

impl Error for TryRecvError {}
