//! A channel for one value: sent at most once, received at most once.

// Take atomics, cells, locks and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::atomic::{AtomicU8, Ordering::*};
// use crate::sync::cell::UnsafeCell;
// use crate::sync::thread::{self, Thread};
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

/// Makes a channel for one value, and returns its two ends.
///
/// It is what a Go programmer makes with `make(chan T, 1)` for a result that comes once. Both ends are used
/// up by the call that hands the value over, so there is nothing to close, and nothing to send twice. An end
/// can be moved to another thread, and dropped at any time. The value is dropped exactly once: by the thread
/// that got it, or with the last end. The channel's memory is freed with the last end, too.
///
/// ```
/// use oneshot::channel;
/// use std::thread;
///
/// let (sender, receiver) = channel();
/// thread::spawn(move || sender.send(6 * 7));
/// assert_eq!(receiver.recv(), Ok(42));
///
/// let (sender, receiver) = channel::<u32>();
/// thread::spawn(move || drop(sender)); // or a panic, or a `return` in the middle
/// assert!(receiver.recv().is_err());
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    todo!("make what the two ends share, and the two ends")
}

/// The end that sends, once. Made by [`channel`].
///
/// Dropping it tells the receiver that no value will come.
///
/// A `Sender<T>` is `Send` if `T` is. Ends that share what they point to by a raw pointer have to say so
/// themselves.
pub struct Sender<T> {
    // The fields are yours. This one takes no space, and makes `T` occur in a field, as it must.
    replace_me: PhantomData<T>,
}

impl<T> Sender<T> {
    /// Hands `value` over, and wakes the receiver if it sleeps. Never waits for it.
    ///
    /// Everything that this thread did before happens before the receiver returns with the value. `Ok` means
    /// that the receiver was still there, not that it has received: it may be dropped with the value in the
    /// channel.
    ///
    /// # Errors
    /// Returns `value`, untouched, if the receiver has been dropped. What the receiver's thread did before it
    /// dropped the receiver happens before this return.
    pub fn send(self, value: T) -> Result<(), SendError<T>> {
        let _ = value;
        todo!("leave the value in the slot, say so, and wake the receiver; or hand the value back")
    }

    /// Returns whether the receiver has been dropped, so that `send` would fail. Never waits.
    ///
    /// `true` is final; `false` may be out of date when you read it. It orders nothing.
    pub fn is_closed(&self) -> bool {
        todo!("return whether the receiver has been dropped")
    }
}

/// Tells the receiver that no value will come.
impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        todo!("say that no value will come, and wake the receiver")
    }
}

/// The end that receives, once. Made by [`channel`].
///
/// Dropping it makes `send` fail. A value that was sent before and not received is dropped with it.
///
/// A `Receiver<T>` is `Send` if `T` is.
pub struct Receiver<T> {
    // The fields are yours, as above.
    replace_me: PhantomData<T>,
}

impl<T> Receiver<T> {
    /// Returns the value, and sleeps until it has been sent. Also ends if the sender goes without sending.
    /// Returns at once if either has already happened.
    ///
    /// Everything that the sender's thread did before it sent, or before it dropped the sender, happens
    /// before this return.
    ///
    /// # Errors
    /// Returns [`RecvError`] if the sender has been dropped without sending, or if `try_recv` has already
    /// returned the value.
    pub fn recv(self) -> Result<T, RecvError> {
        todo!("sleep until there is a value, or the sender has gone")
    }

    /// Returns the value if it has been sent. Never waits. All that `recv` says of happens-before holds here,
    /// too, for a value and for [`TryRecvError::Disconnected`].
    ///
    /// # Errors
    /// Returns [`TryRecvError::Empty`] if nothing has been sent and the sender is still there; the receiver
    /// can be used as before. Returns [`TryRecvError::Disconnected`] if no value will come: the sender has
    /// been dropped without sending, or its value has been returned before.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        todo!("take the value if there is one; else say whether one may still come")
    }
}

/// Makes `send` fail, and drops a value that was not received.
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        todo!("say that nobody receives, and drop a value that was sent")
    }
}

// The errors are written already.

/// The error of [`Sender::send`]: the receiver has been dropped. Contains the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the receiver has been dropped")
    }
}

impl<T> Error for SendError<T> {}

/// The error of [`Receiver::recv`]: no value will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no value will come")
    }
}

impl Error for RecvError {}

/// The error of [`Receiver::try_recv`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// Nothing has been sent yet.
    Empty,
    /// No value will come.
    Disconnected,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing has been sent yet",
            Self::Disconnected => "no value will come",
        })
    }
}

impl Error for TryRecvError {}
