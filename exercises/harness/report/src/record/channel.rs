//! What is known of the channels of an interleaving.

use super::{Reference, Shown, ThreadId};
use crate::place::Place;

/// What a thread did to a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// The operation, as the program calls it.
    pub name: &'static str,
    pub what: What,
    /// The buffer when it was done.
    pub buffer: Buffer,
    /// The sender or the receiver by which it was done: see [`Ends`].
    pub handle: usize,
}

/// What came of an operation on a channel.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A value is in the buffer; or it was handed to a receiver that slept.
    Sends { value: Option<Shown>, to: Option<ThreadId> },
    /// A value came out of the buffer, and the value of a sender that slept went in; or it came from that sender.
    Receives { value: Option<Shown>, woken: Option<ThreadId> },
    /// A send or a receive falls asleep.
    Sleeps { sends: Option<Sends> },
    /// A send that slept has ended, for `by` took the value.
    IsSent { by: ThreadId },
    /// A receive that slept has ended with a value of `from`.
    HasReceived { value: Option<Shown>, from: ThreadId },
    /// A send or a receive has failed, some time after it fell asleep if it `slept`.
    Fails { sends: Option<Sends>, why: Why, slept: bool },
    /// Handles of its side there are now.
    Cloned { side: Side, left: usize },
    /// Handles of its side that are left, the threads that this woke, and the values that went with it.
    Dropped { side: Side, left: usize, woken: Vec<ThreadId>, discarded: usize },
    /// What `len` and its like returned.
    Looks(Shown),
}

/// The value that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sends {
    pub value: Option<Shown>,
}

/// Why an operation on a channel failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There was no room, or nothing to receive; without a buffer, no thread slept on the other side.
    NotNow,
    /// Nothing is left on the other side.
    Disconnected,
}

/// The buffer of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    /// The first values, as far as a row shows them.
    pub first: Vec<Option<Shown>>,
    pub len: usize,
    /// `None` if it is unbounded.
    pub capacity: Option<usize>,
}

impl Buffer {
    /// How many values a row shows.
    pub const SHOWN: usize = 4;
}

/// The two sides of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Sender,
    Receiver,
}

/// The handles of a channel that have not been dropped.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    made: usize,
    handles: Vec<(Side, Reference)>,
}

impl Ends {
    /// Enters a handle and returns its number.
    #[inline]
    pub fn add(&mut self, side: Side, made: Place, maker: ThreadId) -> usize {
        let number = self.made;
        self.made += 1;
        let reference = Reference { number, made, maker };
        self.handles.push((side, reference));
        number
    }

    /// The handle is dropped.
    #[inline]
    pub fn remove(&mut self, number: usize) {
        self.handles.retain(|(_, handle)| handle.number != number);
    }

    /// Those of one side.
    pub fn of(&self, side: Side) -> impl Iterator<Item = &Reference> {
        let mine = self.handles.iter().filter(move |(other, _)| *other == side);
        mine.map(|(_, handle)| handle)
    }
}
