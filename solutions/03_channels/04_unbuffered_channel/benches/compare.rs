//! Values handed over without a buffer: your channel and the reference against crossbeam's `bounded(0)`.
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

/// A row for each of the channels that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::channel,
            reference = crate::reference::channel,
            crossbeam = crate::crossbeam,
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
    rows!(run!());
}

/// Four senders, four receivers.
mod eight_threads {
    use super::*;
    macro_rules! run {
        ($bencher:ident, $channel:path) => {
            hand_over!($bencher, $channel, 4);
        };
    }
    rows!(run!());
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
