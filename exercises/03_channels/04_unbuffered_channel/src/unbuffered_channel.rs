//! A channel without a buffer: to send is to meet a receiver.

// Take locks, atomics and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::{Arc, Condvar, Mutex};
// The errors are those of crossbeam-channel.
use crate::sync::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use crate::sync::time::{Clock, Duration};
use std::marker::PhantomData;

/// Makes a channel without a buffer, and returns its two ends.
///
/// A value goes from a thread that sends to a thread that receives, and both are there: `send` returns after its value
/// has been received. So a channel without a buffer is also a meeting point. Either end can be cloned and moved to
/// other threads. When the last sender has been dropped, receives fail; when the last receiver has, sends fail and
/// return their values.
///
/// Nothing is ever in the channel but in the hands of a thread that waits, so nothing can be left in it.
///
/// ```
/// use std::thread;
/// use unbuffered_channel::channel;
///
/// let (sender, receiver) = channel();
/// thread::spawn(move || {
///     for number in 1..=3 {
///         sender.send(number).expect("somebody receives");
///     }
/// });
/// assert_eq!(receiver.recv(), Ok(1));
/// assert_eq!(receiver.recv(), Ok(2));
/// assert_eq!(receiver.recv(), Ok(3));
/// assert!(receiver.recv().is_err(), "the sender has gone");
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    todo!("make what the two ends share")
}

/// The sending end of a channel. Made by [`channel`], and by cloning.
///
/// When the last one is dropped, the receives that wait fail, and so do all later ones.
pub struct Sender<T> {
    // The fields are yours. This one takes no space, and makes `T` occur in a field, as it must.
    replace_me: PhantomData<T>,
}

impl<T> Sender<T> {
    /// Sleeps until a receiver takes `value`, and returns after that.
    ///
    /// What this thread did before happens before the receive returns, and what the receiver's thread did before it
    /// called happens before this returns.
    ///
    /// # Errors
    /// Returns `value` if there is no receiver any more, even if the last one is dropped while this waits.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let _ = value;
        todo!("wait until a receiver has taken the value")
    }

    /// Hands `value` to a receiver that waits now. Does not wait for one.
    ///
    /// # Errors
    /// Returns `value`, in [`TrySendError::Full`] if no receiver waits, in [`TrySendError::Disconnected`] if there is
    /// none any more.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let _ = value;
        todo!("hand the value to a receiver that waits, or give it back")
    }

    /// As [`send`](Self::send), but waits only until `clock` has advanced by `timeout` since the call.
    ///
    /// The meeting takes precedence over the clock: if a receiver has taken the value, this returns `Ok`, however late.
    ///
    /// # Errors
    /// Returns `value`, in [`SendTimeoutError::Timeout`], or in [`SendTimeoutError::Disconnected`] if there is no
    /// receiver any more, even with a timeout of zero. No receiver gets it then.
    ///
    /// # Panics
    /// Panics if the end of the timeout is later than the clock can represent, even if this would not have to wait.
    pub fn send_timeout(
        &self,
        clock: &Clock,
        value: T,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        let _ = (clock, value, timeout);
        todo!("wait for a receiver until the time is over")
    }
}

/// Makes another sending end of the same channel.
impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        todo!("count one sender more")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        todo!("count one sender less; with the last one, end the receives that wait")
    }
}

/// The receiving end of a channel. Made by [`channel`], and by cloning.
///
/// When the last one is dropped, the sends that wait return their values, and so do all later ones.
pub struct Receiver<T> {
    // The fields are yours. This one takes no space, and makes `T` occur in a field, as it must.
    replace_me: PhantomData<T>,
}

impl<T> Receiver<T> {
    /// Sleeps until a sender hands over a value, and returns it.
    ///
    /// What the sender's thread did before it called happens before this returns, and what this thread did before
    /// happens before the send returns.
    ///
    /// # Errors
    /// Returns [`RecvError`] if there is no sender any more, even if the last one is dropped while this waits.
    pub fn recv(&self) -> Result<T, RecvError> {
        todo!("wait until a sender hands over a value")
    }

    /// Takes the value of a sender that waits now. Does not wait for one.
    ///
    /// # Errors
    /// Returns [`TryRecvError::Empty`] if no sender waits, [`TryRecvError::Disconnected`] if there is none any more.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        todo!("take the value of a sender that waits")
    }

    /// As [`recv`](Self::recv), but waits only until `clock` has advanced by `timeout` since the call.
    ///
    /// The meeting takes precedence over the clock: if a sender has handed a value over, this returns it, however late.
    ///
    /// # Errors
    /// Returns [`RecvTimeoutError::Timeout`], or [`RecvTimeoutError::Disconnected`] if there is no sender any more,
    /// even with a timeout of zero. No value is lost: none was taken.
    ///
    /// # Panics
    /// Panics if the end of the timeout is later than the clock can represent, even if this would not have to wait.
    pub fn recv_timeout(&self, clock: &Clock, timeout: Duration) -> Result<T, RecvTimeoutError> {
        let _ = (clock, timeout);
        todo!("wait for a sender until the time is over")
    }
}

/// Makes another receiving end of the same channel.
impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        todo!("count one receiver more")
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        todo!("count one receiver less; with the last one, end the sends that wait")
    }
}
