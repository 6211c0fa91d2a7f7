//! Your select and the reference, on the chapter's channels, against crossbeam's `select!` on crossbeam's; and the two ways
//! that need no select: to try one channel after the other until there is a value, and a thread for each channel that
//! forwards what comes into one.
//!
//! `cargo bench -p select_solution`

use channels::real as channel;
use harness::bench::together;
#[allow(unused_imports, reason = "the stub has no use for all of it")]
use harness::sync::real as sync;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/select.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/05_select/03_select/src/select.rs"]
mod yours;

harness::bench_main!("select.rs", || {
    let (sender, receiver) = channel::bounded(1);
    let _ = sender.send(1);
    Yours::recv(&Yours::merge(vec![receiver.clone(), receiver]));
});

/// Something that receives from several channels at once.
trait Merged {
    type Sender: Clone + Send + Sync;
    type Receiver: Clone + Send + Sync;
    type All: Sync;
    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, value: u64);
    fn merge(receivers: Vec<Self::Receiver>) -> Self::All;
    /// Takes a value from one of two channels, or of four.
    fn recv(all: &Self::All) -> u64;
}

/// What stands on the chapter's channels.
macro_rules! on_our_channels {
    ($Merged:ident, $All:ty, $merge:expr, $recv:expr) => {
        struct $Merged;
        impl Merged for $Merged {
            type Sender = channel::Sender<u64>;
            type Receiver = channel::Receiver<u64>;
            type All = $All;
            fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
                channel::bounded(capacity)
            }
            fn send(sender: &Self::Sender, value: u64) {
                sender.send(value).expect("the receiver is there");
            }
            fn merge(receivers: Vec<Self::Receiver>) -> Self::All {
                $merge(receivers)
            }
            fn recv(all: &Self::All) -> u64 {
                $recv(all)
            }
        }
    };
}

/// What takes a value by a select.
macro_rules! by_select {
    ($Merged:ident, $select:path) => {
        on_our_channels!(
            $Merged,
            Vec<channel::Receiver<u64>>,
            |receivers| receivers,
            |all: &[channel::Receiver<u64>]| {
                match all {
                    [a, b] => {
                        let [mut a, mut b] = [a.arm(), b.arm()];
                        let index = $select(&mut [&mut a, &mut b]);
                        [a, b].into_iter().nth(index)
                    }
                    [a, b, c, d] => {
                        let [mut a, mut b, mut c, mut d] = [a.arm(), b.arm(), c.arm(), d.arm()];
                        let index = $select(&mut [&mut a, &mut b, &mut c, &mut d]);
                        [a, b, c, d].into_iter().nth(index)
                    }
                    _ => unreachable!("two or four"),
                }
                .and_then(channel::RecvArm::outcome)
                .expect("this one has been chosen")
                .expect("the sender is there")
            }
        );
    };
}
by_select!(Yours, yours::select);
by_select!(Reference, reference::select);

on_our_channels!(
    Polls,
    Vec<channel::Receiver<u64>>,
    |receivers| receivers,
    |all: &[channel::Receiver<u64>]| loop {
        if let Some(value) = all.iter().find_map(|receiver| receiver.try_recv().ok()) {
            return value;
        }
        thread::yield_now();
    }
);

on_our_channels!(
    Forwards,
    channel::Receiver<u64>,
    |receivers: Vec<channel::Receiver<u64>>| {
        let (sender, all) = channel::bounded(0);
        for receiver in receivers {
            let sender = sender.clone();
            thread::spawn(move || {
                while let Ok(value) = receiver.recv() {
                    if sender.send(value).is_err() {
                        return;
                    }
                }
            });
        }
        all
    },
    |all: &channel::Receiver<u64>| all.recv().expect("the sender is there")
);

struct Crossbeam;

impl Merged for Crossbeam {
    type Sender = crossbeam_channel::Sender<u64>;
    type Receiver = crossbeam_channel::Receiver<u64>;
    type All = Vec<crossbeam_channel::Receiver<u64>>;
    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        crossbeam_channel::bounded(capacity)
    }
    fn send(sender: &Self::Sender, value: u64) {
        sender.send(value).expect("the receiver is there");
    }
    fn merge(receivers: Vec<Self::Receiver>) -> Self::All {
        receivers
    }
    fn recv(all: &Self::All) -> u64 {
        match &all[..] {
            [a, b] => crossbeam_channel::select! {
                recv(a) -> value => value,
                recv(b) -> value => value,
            },
            [a, b, c, d] => crossbeam_channel::select! {
                recv(a) -> value => value,
                recv(b) -> value => value,
                recv(c) -> value => value,
                recv(d) -> value => value,
            },
            _ => unreachable!("two or four"),
        }
        .expect("the sender is there")
    }
}

/// A row for each of them.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            crossbeam = crate::Crossbeam,
            polls = crate::Polls,
            forwards = crate::Forwards,
        );
    };
}

/// One thread: the second of two channels has a value each time.
mod ready {
    use super::*;
    rows!(run(sample_size = 2_000));

    fn run<M: Merged>(bencher: divan::Bencher) {
        let ((_quiet, a), (sender, b)) = (M::bounded(1), M::bounded(1));
        let all = M::merge(vec![a, b]);
        bencher.bench_local(|| {
            M::send(&sender, 7);
            M::recv(&all)
        });
    }
}

/// A case in which `pairs` threads send 10,000 values by turns to `channels` channels with room for `capacity`, and as many
/// threads receive them, each from all channels.
macro_rules! flows {
    ($($case:ident: $pairs:literal, $channels:literal, $capacity:literal;)+) => {$(
        mod $case {
            use super::*;
            rows!(run(sample_count = 20));

            fn run<M: Merged>(bencher: divan::Bencher) {
                bencher.bench_local(|| flow::<M>($pairs, $channels, $capacity));
            }
        }
    )+};
}

// Eight threads are oversubscribed, unless there are eight processors.
flows! {
    two_threads: 1, 2, 64;
    two_threads_unbuffered: 1, 2, 0;
    eight_threads: 4, 4, 64;
    eight_threads_unbuffered: 4, 4, 0;
}

fn flow<M: Merged>(pairs: usize, channels: usize, capacity: usize) {
    const VALUES: usize = 10_000;
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..channels).map(|_| M::bounded(capacity)).unzip();
    let all = M::merge(receivers);
    let threads = AtomicUsize::new(0);
    together(2 * pairs, || {
        let number = threads.fetch_add(1, Relaxed);
        for n in 0..VALUES / pairs {
            if number < pairs {
                M::send(&senders[(number + n) % channels], 7);
            } else {
                M::recv(&all);
            }
        }
    });
}
