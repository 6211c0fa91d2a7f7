//! A bounded queue between one producer and one consumer: two indices, and no operation that waits.

use crate::sync::Arc;
use crate::sync::atomic::Ordering::{Acquire, Release};
use crate::sync::atomic::{AtomicBool, AtomicUsize};
use crate::sync::cell::UnsafeCell;
use crate::sync::utils::CachePadded;
use std::mem::MaybeUninit;

// The slots are a circle, and there is one more than the ring holds:
//
//        head            tail
//   +---+---+---+---+---+---+---+---+
//   |   | a | b | c | d |   |   |   |       a is popped next, and the next value goes into `tail`
//   +---+---+---+---+---+---+---+---+
//
// | head, tail              | the ring is |
// |-------------------------|-------------|
// | head = tail             | empty       |
// | head = the one after tail | full: the slot at `tail` stays free, so that this is not the line above |
//
// From `head` up to `tail`, without it, the slots hold values, and the consumer may access them. All others
// are uninitialised, and the producer may access them. Each end moves its own index, and gives slots away by
// that.

/// What the ends share.
struct Ring<T> {
    /// The slot to pop next. Only the consumer writes it.
    head: CachePadded<AtomicUsize>,
    /// The slot to push into next. Only the producer writes it.
    tail: CachePadded<AtomicUsize>,
    /// Whether one of the ends is gone.
    abandoned: AtomicBool,
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
}

// SAFETY: what is shared besides atomics are the slots, and each is accessed by one end at a time, as the
// picture says. A value goes in on one thread and comes out, or is dropped, on another, which `T: Send`
// allows. No `&T` is ever shared.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Ring<T> {
    /// The slot after `index`. Cheaper than a division: capacities are not powers of two.
    #[inline]
    fn after(&self, index: usize) -> usize {
        if index + 1 == self.slots.len() {
            0
        } else {
            index + 1
        }
    }
}

/// The end that pushes. It can be moved to another thread, but not cloned.
pub struct Producer<T> {
    ring: Arc<Ring<T>>,
    /// `ring.tail`: nobody else writes that, so it need never be read.
    tail: usize,
    /// What `ring.head` was when this end looked last. It may have moved on since, so there may be more room
    /// than it says, never less.
    head: usize,
}

/// The end that pops. It can be moved to another thread, but not cloned.
pub struct Consumer<T> {
    ring: Arc<Ring<T>>,
    /// `ring.head`: nobody else writes that, so it need never be read.
    head: usize,
    /// What `ring.tail` was when this end looked last. There may be more values than it says, never fewer.
    tail: usize,
}

// SAFETY: an end is an `Arc` of what threads may share, and two numbers. It is not tied to the thread that
// made it.
unsafe impl<T: Send> Send for Producer<T> {}
// SAFETY: as for the producer.
unsafe impl<T: Send> Send for Consumer<T> {}

/// Makes a ring that holds `capacity` values, and returns its two ends.
///
/// A ring is a queue for one producer and one consumer, each on a thread of its own. Unlike a channel it
/// takes no lock and never waits: a push into a full ring is refused, and so is a pop from an empty one. What
/// to do then is the caller's choice: lose the value, do something else, or spin.
///
/// ```
/// let (mut producer, mut consumer) = spsc_ring::ring(2);
/// assert_eq!(consumer.pop(), None);
///
/// assert_eq!(producer.push('a'), Ok(()));
/// assert_eq!(producer.push('b'), Ok(()));
/// assert_eq!(producer.push('c'), Err('c'));
///
/// assert_eq!(consumer.pop(), Some('a'));
/// drop(producer);
/// assert!(consumer.is_abandoned());
/// assert_eq!(consumer.pop(), Some('b'));
/// ```
///
/// # Happens-before
/// What the producer did before a push happens before what the consumer does after the pop that returns the
/// value. What the consumer did before the k-th pop happens before what the producer does after push number
/// k + `capacity`. Calls that are refused order nothing.
///
/// # The end
/// When both ends have been dropped, the values that are still in the ring are dropped, each once. Not
/// before: the consumer can pop them after the producer is gone.
///
/// # Panics
/// Panics with `spsc_ring: zero capacity` if `capacity` is zero. Panics, with any message, if that many values
/// take more than [`isize::MAX`] bytes, and may panic if `capacity` is [`usize::MAX`].
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    assert!(capacity > 0, "spsc_ring: zero capacity");
    let slots = capacity
        .checked_add(1)
        .expect("spsc_ring: capacity overflow");
    let ring = Arc::new(Ring {
        head: CachePadded::new(AtomicUsize::new(0)),
        tail: CachePadded::new(AtomicUsize::new(0)),
        abandoned: AtomicBool::new(false),
        slots: (0..slots)
            .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
            .collect(),
    });
    let producer = Producer {
        ring: Arc::clone(&ring),
        tail: 0,
        head: 0,
    };
    let consumer = Consumer {
        ring,
        head: 0,
        tail: 0,
    };
    (producer, consumer)
}

impl<T> Producer<T> {
    /// Puts `value` at the end of the ring, if there is room. Never waits.
    ///
    /// # Errors
    /// Hands `value` back if the ring is full. A pop makes room for the pushes that it happens before; a push
    /// at the same time may or may not find the room. A refused push changes nothing.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), T> {
        let next = self.ring.after(self.tail);
        if next == self.head {
            // Only now look where the consumer is: as long as there is room by what is known already, the two
            // ends share no cache line but that of the slot. Acquire: pairs with the Release in `pop`. The
            // consumer has read the slots behind its index before it moved on, and they may be written again.
            let head = self.ring.head.load(Acquire);
            if next == head {
                return Err(value);
            }
            self.head = head;
        }
        self.ring.slots[self.tail].with_mut(|slot| {
            // SAFETY: `slot` is valid and aligned. No other thread accesses it: the consumer only reads slots
            // from head up to the tail that it has seen, which this one is not among before the store below;
            // and it has left the slot for good in the last round, which happens before by the Acquire above,
            // or has never been there. The slot is uninitialised, so nothing is lost by writing over it.
            unsafe { (*slot).write(value) };
        });
        self.tail = next;
        // Release: pairs with the Acquire in `pop`. The write of the slot happens before its read.
        self.ring.tail.store(next, Release);
        Ok(())
    }

    /// Returns whether the consumer has been dropped, so that nobody will pop what is pushed. A push goes on
    /// as before.
    ///
    /// If this returns `true`, everything that the consumer did before its drop happens before the return.
    pub fn is_abandoned(&self) -> bool {
        // Acquire: pairs with the Release in the consumer's `drop`.
        self.ring.abandoned.load(Acquire)
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest value out of the ring, or returns `None` if it is empty. Never waits.
    ///
    /// A pop finds the values whose pushes happen before it; it may or may not find one that is pushed at the
    /// same time. A pop that finds nothing changes nothing.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.head == self.tail {
            // Acquire: pairs with the Release in `push`. The slots before that index have been written.
            let tail = self.ring.tail.load(Acquire);
            if self.head == tail {
                return None;
            }
            self.tail = tail;
        }
        let value = self.ring.slots[self.head].with(|slot| {
            // SAFETY: `slot` is valid and aligned, and initialised: its index is before a tail that was read
            // with Acquire, so its write happens before this. The producer does not access it until it has
            // seen the store below. This takes the value out: after the store the slot counts as
            // uninitialised.
            unsafe { (*slot).assume_init_read() }
        });
        self.head = self.ring.after(self.head);
        // Release: pairs with the Acquire in `push`. The read of the slot happens before it is written again.
        self.ring.head.store(self.head, Release);
        Some(value)
    }

    /// Returns whether the producer has been dropped. What it pushed before can still be popped.
    ///
    /// If this returns `true`, everything that the producer did before its drop happens before the return:
    /// pop until `None`, and you have everything. If you pop first and ask afterwards, a value may have come
    /// in between.
    pub fn is_abandoned(&self) -> bool {
        // Acquire: pairs with the Release in the producer's `drop`.
        self.ring.abandoned.load(Acquire)
    }
}

/// Tells the consumer, which can still pop what is in the ring.
impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in the consumer's `is_abandoned`. All pushes come before. One flag
        // does for both ends: it is read only by the one that is still there.
        self.ring.abandoned.store(true, Release);
    }
}

/// Tells the producer.
impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in the producer's `is_abandoned`.
        self.ring.abandoned.store(true, Release);
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        // Both ends are gone, and what they did happens before this: that is `Arc`'s doing.
        let (mut head, tail) = (*self.head.get_mut(), *self.tail.get_mut());
        while head != tail {
            // SAFETY: from head up to tail the slots are initialised, and their values have not been taken
            // out. Each is dropped once, as the loop never comes back to it.
            unsafe { self.slots[head].get_mut().assume_init_drop() };
            head = self.after(head);
        }
    }
}
