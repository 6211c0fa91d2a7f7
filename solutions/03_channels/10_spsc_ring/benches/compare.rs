//! Your ring, the reference, the designs that come to mind first, crossbeam's ArrayQueue and rtrb, at the
//! same work.
//!
//! `cargo bench -p spsc_ring_solution`
//!
//! ArrayQueue can do more: any number of threads may push and pop. rtrb is a ring for two, like ours.

use crossbeam_queue::ArrayQueue;
use crossbeam_utils::Backoff;
use divan::Bencher;
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/spsc_ring.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/03_channels/10_spsc_ring/src/spsc_ring.rs"]
mod yours;

harness::bench_main!("spsc_ring.rs", || {
    let (mut producer, mut consumer) = yours::ring(1);
    assert_eq!((producer.push(1), consumer.pop()), (Ok(()), Some(1)));
    producer.is_abandoned()
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            mutex_and_deque = crate::Locked,
            nothing_cached = crate::NothingCached,
            array_queue = crate::ArrayQueue<u64>,
            rtrb = crate::Rtrb,
        );
    };
}

/// One thread has both ends: a value goes in and comes out.
mod one_thread {
    use super::*;
    fn run<R: Ring>(bencher: Bencher) {
        let (mut producer, mut consumer) = R::ring(1024);
        bencher.bench_local(|| {
            R::push(&mut producer, 7);
            R::pop(&mut consumer)
        });
    }

    rows!(run(sample_size = 10_000));
}

/// Two threads, a processor each, hand over 500,000 numbers.
mod two_threads {
    use super::*;
    fn run<R: Ring>(bencher: Bencher) {
        bencher.bench_local(|| hand_over::<R>(1, 500_000, 1024));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// Eight threads on whatever processors there are: four rings, 100,000 numbers each.
mod eight_threads {
    use super::*;
    fn run<R: Ring>(bencher: Bencher) {
        bencher.bench_local(|| hand_over::<R>(4, 100_000, 1024));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// Hands over `values` numbers in each of so many `rings` at once. An end that cannot go on backs off.
fn hand_over<R: Ring>(rings: usize, values: u64, capacity: usize) {
    thread::scope(|s| {
        for _ in 0..rings {
            let (mut producer, mut consumer) = R::ring(capacity);
            s.spawn(move || {
                for value in 0..values {
                    let backoff = Backoff::new();
                    while !R::push(&mut producer, value) {
                        backoff.snooze();
                    }
                }
            });
            s.spawn(move || {
                for expected in 0..values {
                    let backoff = Backoff::new();
                    let value = loop {
                        match R::pop(&mut consumer) {
                            Some(value) => break value,
                            None => backoff.snooze(),
                        }
                    };
                    assert_eq!(value, expected);
                }
            });
        }
    });
}

/// What all of them can do.
trait Ring {
    type Producer: Send;
    type Consumer: Send;
    fn ring(capacity: usize) -> (Self::Producer, Self::Consumer);
    fn push(producer: &mut Self::Producer, value: u64) -> bool;
    fn pop(consumer: &mut Self::Consumer) -> Option<u64>;
}

macro_rules! ends {
    ($($name:ident: $producer:ty, $consumer:ty, $ring:expr, $push:expr, $pop:expr;)*) => {$(
        impl Ring for $name {
            type Producer = $producer;
            type Consumer = $consumer;
            fn ring(capacity: usize) -> ($producer, $consumer) {
                $ring(capacity)
            }
            #[inline(always)]
            fn push(producer: &mut $producer, value: u64) -> bool {
                $push(producer, value)
            }
            #[inline(always)]
            fn pop(consumer: &mut $consumer) -> Option<u64> {
                $pop(consumer)
            }
        }
    )*};
}

struct Yours;
struct Reference;
struct Rtrb;

ends! {
    Yours: yours::Producer<u64>, yours::Consumer<u64>, yours::ring,
        |end: &mut yours::Producer<u64>, value| end.push(value).is_ok(), yours::Consumer::pop;
    Reference: reference::Producer<u64>, reference::Consumer<u64>, reference::ring,
        |end: &mut reference::Producer<u64>, value| end.push(value).is_ok(), reference::Consumer::pop;
    Rtrb: rtrb::Producer<u64>, rtrb::Consumer<u64>, rtrb::RingBuffer::new,
        |end: &mut rtrb::Producer<u64>, value| end.push(value).is_ok(), |end: &mut rtrb::Consumer<u64>| end.pop().ok();
}

/// Both ends are the same handle.
trait Shared: Send + Sync {
    fn new(capacity: usize) -> Self;
    fn push(&self, value: u64) -> bool;
    fn pop(&self) -> Option<u64>;
}

impl<R: Shared> Ring for R {
    type Producer = Arc<R>;
    type Consumer = Arc<R>;
    fn ring(capacity: usize) -> (Arc<R>, Arc<R>) {
        let ring = Arc::new(R::new(capacity));
        (Arc::clone(&ring), ring)
    }
    #[inline(always)]
    fn push(producer: &mut Arc<R>, value: u64) -> bool {
        R::push(producer, value)
    }
    #[inline(always)]
    fn pop(consumer: &mut Arc<R>) -> Option<u64> {
        R::pop(consumer)
    }
}

impl Shared for ArrayQueue<u64> {
    fn new(capacity: usize) -> Self {
        ArrayQueue::new(capacity)
    }
    #[inline(always)]
    fn push(&self, value: u64) -> bool {
        ArrayQueue::push(self, value).is_ok()
    }
    #[inline(always)]
    fn pop(&self) -> Option<u64> {
        ArrayQueue::pop(self)
    }
}

/// The first design: a deque behind a lock.
struct Locked(parking_lot::Mutex<VecDeque<u64>>, usize);

impl Shared for Locked {
    fn new(capacity: usize) -> Self {
        Self(VecDeque::with_capacity(capacity).into(), capacity)
    }
    fn push(&self, value: u64) -> bool {
        let mut values = self.0.lock();
        let fits = values.len() < self.1;
        if fits {
            values.push_back(value);
        }
        fits
    }
    fn pop(&self) -> Option<u64> {
        self.0.lock().pop_front()
    }
}

/// The second: two indices side by side, and each call reads both. They run freely, and the capacity is a
/// power of two.
struct NothingCached {
    head: AtomicUsize,
    tail: AtomicUsize,
    slots: Box<[UnsafeCell<u64>]>,
}

// SAFETY: the bench has one thread that pushes and one that pops, and the indices keep the two apart.
unsafe impl Sync for NothingCached {}

impl Shared for NothingCached {
    fn new(capacity: usize) -> Self {
        assert!(capacity.is_power_of_two());
        Self {
            head: 0.into(),
            tail: 0.into(),
            slots: (0..capacity).map(|_| 0.into()).collect(),
        }
    }
    #[inline(always)]
    fn push(&self, value: u64) -> bool {
        let tail = self.tail.load(Relaxed);
        if tail.wrapping_sub(self.head.load(Acquire)) == self.slots.len() {
            return false;
        }
        // SAFETY: the slot is free, and only the one producer writes.
        unsafe { *self.slots[tail & (self.slots.len() - 1)].get() = value };
        self.tail.store(tail.wrapping_add(1), Release);
        true
    }
    #[inline(always)]
    fn pop(&self) -> Option<u64> {
        let head = self.head.load(Relaxed);
        if head == self.tail.load(Acquire) {
            return None;
        }
        // SAFETY: the slot was written before the tail that was read, and only the one consumer reads.
        let value = unsafe { *self.slots[head & (self.slots.len() - 1)].get() };
        self.head.store(head.wrapping_add(1), Release);
        Some(value)
    }
}
