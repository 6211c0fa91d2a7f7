//! Channels under the model: the API of crossbeam-channel, without `select!` and without the timed operations.
//!
//! Whatever a program can do with a channel of crossbeam it can do here, in the same order or another: `tests/channels.rs`
//! runs programs on both. Two things are simpler, and no program can tell. A thread that sleeps in [`send`](Sender::send)
//! or [`recv`](Receiver::recv) is served by the thread on the other side and has nothing left to do when it wakes up; a
//! channel of crossbeam wakes it to try again. And the sleepers of one side are served in the order in which they fell
//! asleep; no program knows that order, because it cannot tell a thread that sleeps from one that is about to, and the
//! model explores all orders of falling asleep.
//!
//! Happens-before is what Go's memory model says, and no more. A send happens before its receive returns. The k-th receive
//! on a channel of capacity C happens before the (k+C)-th send returns; without a buffer, each receive happens before its
//! send returns. The drop of the last sender, and all that came before the drops of the others, happens before a receive
//! that fails because of it; the same holds for receivers and a send that fails.
//!
//! Each operation is one step. Two drops of handles depend on each other. Everything else depends only on the last drop
//! of a side.

mod core;

use self::core::{Channel, Failed};
use harness_report::place::Place;
use harness_report::record::channel::{Side, Why};
// The two of timeouts are for lessons that build channels: nothing here returns them.
pub use crossbeam_channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use std::fmt;
use std::iter::FusedIterator;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// A channel whose buffer holds at most `capacity` values. With a capacity of 0, a send and a receive meet.
#[track_caller]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    pair(Some(capacity), Location::caller())
}

/// A channel whose buffer holds any number of values.
#[track_caller]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    pair(None, Location::caller())
}

fn pair<T>(capacity: Option<usize>, place: Place) -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(capacity, place));
    let sender =
        Sender { number: channel.made(Side::Sender, place), channel: Arc::clone(&channel) };
    let receiver = Receiver { number: channel.made(Side::Receiver, place), channel };
    (sender, receiver)
}

/// The sending side of a channel. When the last sender is dropped, receives fail once the buffer is empty.
pub struct Sender<T> {
    channel: Arc<Channel<T>>,
    /// Which of the channel's handles it is, in the record.
    number: usize,
}

/// The receiving side of a channel. When the last receiver is dropped, sends fail.
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
    /// Which of the channel's handles it is, in the record.
    number: usize,
}

impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Sender<T> {
    /// Sends `value`. Sleeps as long as the buffer is full; without a buffer, until a thread receives the value.
    ///
    /// # Errors
    /// Returns the value if no receiver is left.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let place = Location::caller();
        let sent = self.channel.send(value, "send", true, self.number, place);
        sent.map_err(|failed| SendError(failed.value))
    }

    /// Sends `value` if there is room in the buffer; without a buffer, if a thread sleeps in a receive.
    ///
    /// # Errors
    /// Returns the value if it is not sent.
    #[track_caller]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let place = Location::caller();
        let sent = self.channel.send(value, "try_send", false, self.number, place);
        sent.map_err(|Failed { value, why }| match why {
            Why::NotNow => TrySendError::Full(value),
            Why::Disconnected => TrySendError::Disconnected(value),
        })
    }
}

impl<T> Receiver<T> {
    /// Receives a value. Sleeps until there is one.
    ///
    /// # Errors
    /// If the buffer is empty and no sender is left.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_at(Location::caller())
    }

    /// Receives a value if there is one in the buffer; without a buffer, if a thread sleeps in a send.
    ///
    /// # Errors
    /// If there is none: [`TryRecvError::Disconnected`] if no sender is left either.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.try_recv_at(Location::caller())
    }

    /// Receives values until the buffer is empty and no sender is left.
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self, place: Location::caller() }
    }

    /// Receives values until there is none without sleeping.
    #[track_caller]
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self, place: Location::caller() }
    }

    fn recv_at(&self, place: Place) -> Result<T, RecvError> {
        let received = self.channel.recv("recv", true, self.number, place);
        received.map_err(|_| RecvError)
    }

    fn try_recv_at(&self, place: Place) -> Result<T, TryRecvError> {
        let received = self.channel.recv("try_recv", false, self.number, place);
        received.map_err(|why| match why {
            Why::NotNow => TryRecvError::Empty,
            Why::Disconnected => TryRecvError::Disconnected,
        })
    }
}

/// What both sides can do.
macro_rules! handle {
    ($name:ident, $side:expr) => {
        impl<T> $name<T> {
            /// The number of values in the buffer.
            #[track_caller]
            pub fn len(&self) -> usize {
                self.channel.len(self.number, Location::caller())
            }

            /// Whether the buffer is empty. Without a buffer it always is.
            #[track_caller]
            pub fn is_empty(&self) -> bool {
                let place = Location::caller();
                self.channel.look("is_empty", self.number, place, |len, _| len == 0)
            }

            /// Whether the buffer is full. Without a buffer it always is.
            #[track_caller]
            pub fn is_full(&self) -> bool {
                let place = Location::caller();
                self.channel
                    .look("is_full", self.number, place, |len, capacity| Some(len) == capacity)
            }

            /// The number of values that the buffer can hold. `None` if it can hold any number.
            pub fn capacity(&self) -> Option<usize> {
                self.channel.capacity()
            }

            /// Whether both are of the same channel.
            pub fn same_channel(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.channel, &other.channel)
            }
        }

        impl<T> Clone for $name<T> {
            #[track_caller]
            fn clone(&self) -> Self {
                Self {
                    number: self.channel.cloned($side, Location::caller()),
                    channel: Arc::clone(&self.channel),
                }
            }
        }

        impl<T> Drop for $name<T> {
            #[track_caller]
            fn drop(&mut self) {
                self.channel.dropped($side, self.number, Location::caller());
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(concat!(stringify!($name), " { .. }"))
            }
        }
    };
}

handle!(Sender, Side::Sender);
handle!(Receiver, Side::Receiver);

/// What [`Receiver::iter`] returns.
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
    place: Place,
}

/// What [`Receiver::try_iter`] returns.
pub struct TryIter<'a, T> {
    receiver: &'a Receiver<T>,
    place: Place,
}

/// A [`Receiver`] as an iterator.
pub struct IntoIter<T> {
    receiver: Receiver<T>,
    place: Place,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.recv_at(self.place).ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv_at(self.place).ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.recv_at(self.place).ok()
    }
}

impl<T> FusedIterator for Iter<'_, T> {}
impl<T> FusedIterator for IntoIter<T> {}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;
    #[track_caller]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;
    #[track_caller]
    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self, place: Location::caller() }
    }
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Iter { .. }")
    }
}

impl<T> fmt::Debug for TryIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("TryIter { .. }")
    }
}

impl<T> fmt::Debug for IntoIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("IntoIter { .. }")
    }
}
