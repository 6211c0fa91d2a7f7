//! Your channel, the reference, two that come to mind before it (one condition variable for both sides; two,
//! and nobody yields before it sleeps), and crossbeam's.
//!
//! `cargo bench -p bounded_channel_solution`

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/bounded_channel.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/03_channels/02_bounded_channel/src/bounded_channel.rs"]
mod yours;

harness::bench_main!("bounded_channel.rs", || {
    let channel = yours::Channel::new(1);
    channel.send(1);
    channel.recv()
});

/// A row for each of the channels that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Channel<u64>,
            reference = crate::reference::Channel<u64>,
            one_condvar = crate::OneCondvar,
            two_condvars = crate::TwoCondvars,
            crossbeam = crate::Crossbeam,
        );
    };
}

/// One thread puts a value in and takes it out: nobody waits.
mod one_thread {
    use super::*;
    fn run<C: Bounded>(bencher: divan::Bencher) {
        let channel = C::new(64);
        bencher.bench_local(|| {
            channel.send(7);
            channel.recv()
        });
    }

    rows!(run(sample_size = 10_000));
}

/// One sends 10,000 values and one receives them, with room for 64.
mod two_threads {
    use super::*;
    fn run<C: Bounded>(bencher: divan::Bencher) {
        bencher.bench_local(|| flow::<C>(1, 64));
    }

    rows!(run(sample_count = 30));
}

/// Four send 10,000 values and four receive them: oversubscribed, unless there are eight processors.
mod eight_threads {
    use super::*;
    fn run<C: Bounded>(bencher: divan::Bencher) {
        bencher.bench_local(|| flow::<C>(4, 64));
    }

    rows!(run(sample_count = 30));
}

/// The same with room for one value: everybody waits for everybody.
mod eight_threads_room_for_one {
    use super::*;
    fn run<C: Bounded>(bencher: divan::Bencher) {
        bencher.bench_local(|| flow::<C>(4, 1));
    }

    rows!(run(sample_count = 10));
}

fn flow<C: Bounded>(pairs: u64, capacity: usize) {
    const VALUES: u64 = 10_000;
    let channel = &C::new(capacity);
    thread::scope(|s| {
        for _ in 0..pairs {
            s.spawn(move || (0..VALUES / pairs).for_each(|value| channel.send(value)));
            s.spawn(move || {
                (0..VALUES / pairs).for_each(|_| {
                    channel.recv();
                })
            });
        }
    });
}

/// What all of them can do.
trait Bounded: Send + Sync {
    fn new(capacity: usize) -> Self;
    fn send(&self, value: u64);
    fn recv(&self) -> u64;
}

macro_rules! bounded {
    ($($channel:ty,)*) => {$(
        impl Bounded for $channel {
            fn new(capacity: usize) -> Self {
                <$channel>::new(capacity)
            }
            #[inline(always)]
            fn send(&self, value: u64) {
                <$channel>::send(self, value);
            }
            #[inline(always)]
            fn recv(&self) -> u64 {
                <$channel>::recv(self)
            }
        }
    )*};
}

bounded! {
    yours::Channel<u64>,
    reference::Channel<u64>,
    OneCondvar,
    TwoCondvars,
    Crossbeam,
}

struct Crossbeam(
    crossbeam_channel::Sender<u64>,
    crossbeam_channel::Receiver<u64>,
);

impl Crossbeam {
    fn new(capacity: usize) -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(capacity);
        Self(sender, receiver)
    }
    #[inline(always)]
    fn send(&self, value: u64) {
        self.0.send(value).expect("the receiver is there");
    }
    #[inline(always)]
    fn recv(&self) -> u64 {
        self.1.recv().expect("the sender is there")
    }
}

/// The second design that comes to mind: both sides sleep on one condition variable, so all are woken each
/// time.
struct OneCondvar {
    buffer: sync::Mutex<std::collections::VecDeque<u64>>,
    capacity: usize,
    changed: sync::Condvar,
}

impl OneCondvar {
    fn new(capacity: usize) -> Self {
        Self {
            buffer: sync::Mutex::new(std::collections::VecDeque::with_capacity(capacity)),
            capacity,
            changed: sync::Condvar::new(),
        }
    }
    #[inline(always)]
    fn send(&self, value: u64) {
        let mut buffer = self.buffer.lock();
        while buffer.len() == self.capacity {
            self.changed.wait(&mut buffer);
        }
        buffer.push_back(value);
        drop(buffer);
        self.changed.notify_all();
    }
    #[inline(always)]
    fn recv(&self) -> u64 {
        let mut buffer = self.buffer.lock();
        loop {
            if let Some(value) = buffer.pop_front() {
                drop(buffer);
                self.changed.notify_all();
                return value;
            }
            self.changed.wait(&mut buffer);
        }
    }
}

/// The third: a condition variable for each side. The reference is this, and yields once before it sleeps.
struct TwoCondvars {
    buffer: sync::Mutex<std::collections::VecDeque<u64>>,
    capacity: usize,
    not_empty: sync::Condvar,
    not_full: sync::Condvar,
}

impl TwoCondvars {
    fn new(capacity: usize) -> Self {
        Self {
            buffer: sync::Mutex::new(std::collections::VecDeque::with_capacity(capacity)),
            capacity,
            not_empty: sync::Condvar::new(),
            not_full: sync::Condvar::new(),
        }
    }
    #[inline(always)]
    fn send(&self, value: u64) {
        let mut buffer = self.buffer.lock();
        while buffer.len() == self.capacity {
            self.not_full.wait(&mut buffer);
        }
        buffer.push_back(value);
        drop(buffer);
        self.not_empty.notify_one();
    }
    #[inline(always)]
    fn recv(&self) -> u64 {
        let mut buffer = self.buffer.lock();
        loop {
            if let Some(value) = buffer.pop_front() {
                drop(buffer);
                self.not_full.notify_one();
                return value;
            }
            self.not_empty.wait(&mut buffer);
        }
    }
}
