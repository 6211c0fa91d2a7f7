//! Values handed over without a buffer: your channel and the reference against crossbeam's `bounded(0)`, and against the
//! design that has one slot for all.
//!
//! Threads are spawned, hand over 10,000 values together, and are joined.

#![allow(missing_docs)]

use divan::black_box;
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use std::thread;
use unbuffered_channel_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/03_channels/04_unbuffered_channel/src/unbuffered_channel.rs"]
mod yours;

harness::bench_main!("unbuffered_channel.rs", || {
    let (sender, receiver) = yours::channel();
    thread::scope(|s| {
        s.spawn(move || sender.clone().send(1));
        receiver.clone().recv()
    })
});

const VALUES: usize = 10_000;

/// Hands over values, each receiver until there are no more.
macro_rules! hand_over {
    ($bencher:ident, $channel:path, $pairs:literal) => {
        $bencher.bench_local(|| {
            let (sender, receiver) = $channel();
            thread::scope(|s| {
                for _ in 0..$pairs {
                    let (sender, receiver) = (sender.clone(), receiver.clone());
                    s.spawn(move || {
                        (0..VALUES / $pairs).for_each(|value| _ = sender.send(black_box(value)))
                    });
                    s.spawn(move || while receiver.recv().map(black_box).is_ok() {});
                }
                drop((sender, receiver));
            });
        });
    };
}

fn crossbeam<T>() -> (crossbeam_channel::Sender<T>, crossbeam_channel::Receiver<T>) {
    crossbeam_channel::bounded(0)
}

/// One slot, one condition variable, and a number for each value, by which its sender learns that it was taken. Does not
/// count receivers: here they outlast the senders.
struct OneSlot<T> {
    state: sync::Mutex<Slot<T>>,
    changed: sync::Condvar,
}

struct Slot<T> {
    value: Option<T>,
    given: u64,
    taken: u64,
    senders: usize,
}

struct OneSlotSender<T>(sync::Arc<OneSlot<T>>);
struct OneSlotReceiver<T>(sync::Arc<OneSlot<T>>);

impl<T> OneSlotSender<T> {
    fn send(&self, value: T) {
        let OneSlot { state, changed } = &*self.0;
        let mut slot = state.lock();
        while slot.value.is_some() {
            changed.wait(&mut slot);
        }
        slot.value = Some(value);
        slot.given += 1;
        let mine = slot.given;
        // Everybody, here and below: a notification cannot be addressed.
        changed.notify_all();
        while slot.taken < mine {
            changed.wait(&mut slot);
        }
    }
}

impl<T> OneSlotReceiver<T> {
    fn recv(&self) -> Result<T, ()> {
        let OneSlot { state, changed } = &*self.0;
        let mut slot = state.lock();
        loop {
            if let Some(value) = slot.value.take() {
                slot.taken += 1;
                changed.notify_all();
                return Ok(value);
            }
            if slot.senders == 0 {
                return Err(());
            }
            changed.wait(&mut slot);
        }
    }
}

impl<T> Clone for OneSlotReceiver<T> {
    fn clone(&self) -> Self {
        Self(sync::Arc::clone(&self.0))
    }
}

impl<T> Clone for OneSlotSender<T> {
    fn clone(&self) -> Self {
        self.0.state.lock().senders += 1;
        Self(sync::Arc::clone(&self.0))
    }
}

impl<T> Drop for OneSlotSender<T> {
    fn drop(&mut self) {
        self.0.state.lock().senders -= 1;
        self.0.changed.notify_all();
    }
}

fn one_slot<T>() -> (OneSlotSender<T>, OneSlotReceiver<T>) {
    let slot = Slot {
        value: None,
        given: 0,
        taken: 0,
        senders: 1,
    };
    let shared = sync::Arc::new(OneSlot {
        state: sync::Mutex::new(slot),
        changed: sync::Condvar::new(),
    });
    (OneSlotSender(shared.clone()), OneSlotReceiver(shared))
}

/// A row for each of the channels that do the same work.
macro_rules! rows {
    ($run:ident!() $($more:tt)*) => {
        harness::bench_rows!($run!();
            yours = crate::yours::channel,
            reference = crate::reference::channel,
            crossbeam = crate::crossbeam,
            $($more)*
        );
    };
}

/// One sender, one receiver.
mod two_threads {
    use super::*;
    macro_rules! run {
        ($bencher:ident, $channel:path) => {
            hand_over!($bencher, $channel, 1);
        };
    }
    rows!(run!() one_slot = crate::one_slot,);
}

/// Four senders, four receivers.
mod eight_threads {
    use super::*;
    macro_rules! run {
        ($bencher:ident, $channel:path) => {
            hand_over!($bencher, $channel, 4);
        };
    }
    rows!(run!() one_slot = crate::one_slot,);
}

/// Nobody waits, so nothing is handed over.
mod tried_in_vain {
    use super::*;
    macro_rules! run {
        ($bencher:ident, $channel:path) => {
            let (sender, _receiver) = $channel();
            $bencher.bench_local(|| black_box(sender.try_send(black_box(1))).is_err());
        };
    }
    rows!(run!());
}
