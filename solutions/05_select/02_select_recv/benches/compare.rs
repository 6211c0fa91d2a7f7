//! Waiting on several channels: your file and the reference against a loop that tries all of them and yields,
//! and crossbeam-channel: its `select!` where the receivers are known, its `Select` where there are many.

#![allow(missing_docs)]

use divan::{Bencher, black_box};
use harness::sync::real as sync;
use harness::testing::must_end;
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/select_recv.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/05_select/02_select_recv/src/select_recv.rs"]
mod yours;

use channels::real as channel;

// What hangs is not measured.
harness::bench_main!("select_recv.rs", || must_end("it hangs", || {
    let (ping, pong) = (<Yours as Channel>::open(1), <Yours as Channel>::open(1));
    echo::<Yours>(&ping, &pong, 1_000);
}));

/// The two ends of a channel, and a select over several.
trait Channel: Sized + Send + Sync {
    type Sender: Send + Sync;
    type Receiver: Send + Sync;
    fn ends(capacity: usize) -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, value: u64);
    /// Returns `None` if a channel has no sender any more.
    fn select(receivers: &[&Self::Receiver]) -> (usize, Option<u64>);
    /// The same for two.
    fn select_two(a: &Self::Receiver, b: &Self::Receiver) -> (usize, Option<u64>) {
        Self::select(&[a, b])
    }
    fn open(capacity: usize) -> Open<Self> {
        Self::ends(capacity)
    }
}

type Open<C> = (<C as Channel>::Sender, <C as Channel>::Receiver);

/// The chapter's channels, with one of the selects.
macro_rules! channel {
    ($Channel:ident, $select:path) => {
        struct $Channel;

        impl Channel for $Channel {
            type Sender = channel::Sender<u64>;
            type Receiver = channel::Receiver<u64>;
            fn ends(capacity: usize) -> Open<Self> {
                channel::bounded(capacity)
            }
            fn send(sender: &Self::Sender, value: u64) {
                sender.send(value).expect("there is a receiver");
            }
            fn select(receivers: &[&Self::Receiver]) -> (usize, Option<u64>) {
                let (at, received) = $select(receivers);
                (at, received.ok())
            }
        }
    };
}
channel!(Yours, yours::select_recv);
channel!(Reference, reference::select_recv);
channel!(Polls, polls);

fn polls(receivers: &[&channel::Receiver<u64>]) -> (usize, Result<u64, sync::channel::RecvError>) {
    loop {
        for (at, receiver) in receivers.iter().enumerate() {
            match receiver.try_recv() {
                Ok(value) => return (at, Ok(value)),
                Err(sync::channel::TryRecvError::Disconnected) => {
                    return (at, Err(sync::channel::RecvError));
                }
                Err(sync::channel::TryRecvError::Empty) => {}
            }
        }
        thread::yield_now();
    }
}

struct Crossbeam;

impl Channel for Crossbeam {
    type Sender = crossbeam_channel::Sender<u64>;
    type Receiver = crossbeam_channel::Receiver<u64>;
    fn ends(capacity: usize) -> Open<Self> {
        crossbeam_channel::bounded(capacity)
    }
    fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).expect("there is a receiver");
    }
    fn select(receivers: &[&Self::Receiver]) -> (usize, Option<u64>) {
        let mut select = crossbeam_channel::Select::new();
        for receiver in receivers {
            select.recv(receiver);
        }
        let chosen = select.select();
        let at = chosen.index();
        (at, chosen.recv(receivers[at]).ok())
    }
    fn select_two(a: &Self::Receiver, b: &Self::Receiver) -> (usize, Option<u64>) {
        crossbeam_channel::select! {
            recv(a) -> value => (0, value.ok()),
            recv(b) -> value => (1, value.ok()),
        }
    }
}

/// A row for each kind of channel.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            polls = crate::Polls,
            crossbeam = crate::Crossbeam,
        );
    };
}

/// A value is sent, and selected from two channels, by one thread: nobody waits.
mod ready {
    use super::*;
    rows!(run(sample_size = 10_000));

    fn run<C: Channel>(bencher: Bencher) {
        let (quiet, busy) = (C::open(1), C::open(1));
        bencher.bench_local(|| {
            C::send(&busy.0, black_box(7));
            black_box(C::select_two(&quiet.1, &busy.1))
        });
    }
}

/// The same with sixteen.
mod ready_among_sixteen {
    use super::*;
    rows!(run(sample_size = 1_000));

    fn run<C: Channel>(bencher: Bencher) {
        let all: Vec<_> = (0..16).map(|_| C::open(1)).collect();
        let receivers: Vec<_> = all.iter().map(|(_, receiver)| receiver).collect();
        bencher.bench_local(|| {
            C::send(&all[11].0, black_box(7));
            black_box(C::select(&receivers))
        });
    }
}

/// Sends `rounds` values to and fro between two threads, each of which selects from what it is sent and a
/// quiet channel.
fn echo<C: Channel>(ping: &Open<C>, pong: &Open<C>, rounds: u64) {
    let quiet = C::open(1);
    thread::scope(|s| {
        s.spawn(|| {
            for _ in 0..rounds {
                let (_, value) = C::select_two(&quiet.1, &ping.1);
                C::send(&pong.0, value.expect("is open"));
            }
        });
        for round in 0..rounds {
            C::send(&ping.0, round);
            assert_eq!(C::select_two(&quiet.1, &pong.1), (1, Some(round)));
        }
    });
}

/// Two threads send a value to and fro, 1,000 times.
mod ping_pong {
    use super::*;
    rows!(run(sample_count = 20));

    fn run<C: Channel>(bencher: Bencher) {
        let (ping, pong) = (C::open(1), C::open(1));
        bencher.bench_local(|| echo::<C>(&ping, &pong, 1_000));
    }
}

/// Each producer sends 1,000 values through a channel of its own. Each consumer selects from all of them
/// until all are closed.
fn stream<C: Channel>(producers: usize, consumers: usize) {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..producers).map(|_| C::open(16)).unzip();
    thread::scope(|s| {
        for sender in senders {
            s.spawn(move || (0..1_000).for_each(|value| C::send(&sender, value)));
        }
        for _ in 0..consumers {
            s.spawn(|| {
                let mut open: Vec<_> = receivers.iter().collect();
                while !open.is_empty() {
                    if let (at, None) = C::select(&open) {
                        open.swap_remove(at);
                    }
                }
            });
        }
    });
}

mod two_producers_one_consumer {
    use super::*;
    rows!(run(sample_count = 20));

    fn run<C: Channel>(bencher: Bencher) {
        bencher.bench_local(|| stream::<C>(2, 1));
    }
}

mod four_producers_four_consumers {
    use super::*;
    rows!(run(sample_count = 20));

    fn run<C: Channel>(bencher: Bencher) {
        bencher.bench_local(|| stream::<C>(4, 4));
    }
}
