//! A bounded channel with two ends, which can be closed, and which closes when either end has gone.

// Take locks, atomics, threads and `Arc` from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::{Arc, Condvar, Mutex};
// use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

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
    todo!("make what the ends share, with room for {capacity} values, and the two ends")
}

/// The end that sends. Made by [`bounded`]; a clone is another sender of the same channel.
///
/// When the last sender is dropped, the channel closes.
pub struct Sender<T> {
    // The fields are yours. This one takes no space, and makes `T` occur in a field, as it must.
    replace_me: PhantomData<T>,
}

impl<T> Sender<T> {
    /// Puts `value` into the channel. Sleeps while the channel is open and full.
    ///
    /// # Errors
    /// Returns `value` if the channel is closed, before the call or while it sleeps. No receiver gets it.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let _ = value;
        todo!("wait for room, and put the value in; give it back if the channel is closed")
    }

    /// Puts `value` into the channel if it is open and there is room. Never sleeps.
    ///
    /// # Errors
    /// Returns `value` in [`TrySendError::Closed`] if the channel is closed, and otherwise in
    /// [`TrySendError::Full`] if it is full. Changes nothing then.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let _ = value;
        todo!("put the value in if the channel is open and has room, or give it back")
    }

    /// Closes the channel for all senders, and wakes everybody who sleeps in it. Returns whether this call
    /// has closed it: `false` means that it was closed before, and then nothing changes.
    pub fn close(&self) -> bool {
        todo!("close the channel, wake everybody, and say whether it was open")
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        todo!("make another sender of this channel")
    }
}

/// Closes the channel if this is its last sender.
impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        todo!("close the channel if this is the last sender")
    }
}

/// The end that receives. Made by [`bounded`]; a clone is another receiver of the same channel. Each value
/// goes to one of them.
///
/// When the last receiver is dropped, the channel closes, and what is in it is dropped, by the same thread.
/// The `drop` of a value may use the channel, which is closed by then.
pub struct Receiver<T> {
    // The fields are yours. This one takes no space, and makes `T` occur in a field, as it must.
    replace_me: PhantomData<T>,
}

impl<T> Receiver<T> {
    /// Takes out the value that has been in the channel for longest. Sleeps while the channel is open and
    /// empty.
    ///
    /// # Errors
    /// Returns [`RecvError`] if the channel is closed and empty: now, and each time from then on.
    pub fn recv(&self) -> Result<T, RecvError> {
        todo!("wait for a value, and take it out; say so if the channel is closed and empty")
    }

    /// Takes out the value that has been in the channel for longest. Never sleeps.
    ///
    /// # Errors
    /// If the channel is empty, returns [`TryRecvError::Closed`] if it is closed, and [`TryRecvError::Empty`]
    /// if it is open.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        todo!("take a value out if there is one, or say whether one may still come")
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
        todo!("make another receiver of this channel")
    }
}

/// Closes the channel and drops what is in it, if this is its last receiver.
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        todo!("if this is the last receiver, close the channel and drop what is in it")
    }
}

// The iterator and the errors are written already.

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
