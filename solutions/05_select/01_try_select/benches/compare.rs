//! Selects that do not wait: your file and the reference against a loop that tries one channel after the
//! other, and crossbeam-channel with a `default` case. Neither of those two sees all channels in one instant.

#![allow(missing_docs)]

use channels::real as channel;
use divan::{Bencher, black_box};
use harness::sync::real as sync;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/try_select.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/05_select/01_try_select/src/try_select.rs"]
mod yours;

harness::bench_main!("try_select.rs", || {
    let some = <Yours as Channels>::open(2);
    some.send(1);
    assert_eq!(some.try_recv_any(), Some((1, 7)));
});

/// Some channels for one value each.
trait Channels: Sync {
    fn open(channels: usize) -> Self;
    fn send(&self, channel: usize);
    fn try_recv_any(&self) -> Option<(usize, u64)>;
    /// Sends to the first of channels 0 and 1 that has room.
    fn try_send_either(&self) -> Option<usize>;
}

type Ours = Vec<(channel::Sender<u64>, channel::Receiver<u64>)>;

/// The lesson's channels, and one of the two files.
macro_rules! channels {
    ($Channels:ident, $file:ident) => {
        struct $Channels(Ours);

        impl Channels for $Channels {
            fn open(channels: usize) -> Self {
                Self((0..channels).map(|_| channel::bounded(1)).collect())
            }
            fn send(&self, channel: usize) {
                self.0[channel].0.try_send(7).expect("has room");
            }
            fn try_recv_any(&self) -> Option<(usize, u64)> {
                let got = match &*self.0 {
                    [(_, a), (_, b)] => $file::try_recv_any(&[a, b]),
                    all => $file::try_recv_any(&all.iter().map(|(_, r)| r).collect::<Vec<_>>()),
                };
                got.map(|(at, value)| (at, value.expect("is open")))
            }
            fn try_send_either(&self) -> Option<usize> {
                let (mut a, mut b) = (self.0[0].0.arm(7), self.0[1].0.arm(7));
                $file::try_select(&mut [&mut a, &mut b])
            }
        }
    };
}
channels!(Yours, yours);
channels!(Reference, reference);

struct OneAfterTheOther(Ours);

impl Channels for OneAfterTheOther {
    fn open(channels: usize) -> Self {
        Self((0..channels).map(|_| channel::bounded(1)).collect())
    }
    fn send(&self, channel: usize) {
        self.0[channel].0.try_send(7).expect("has room");
    }
    fn try_recv_any(&self) -> Option<(usize, u64)> {
        let mut all = self.0.iter().enumerate();
        all.find_map(|(at, (_, receiver))| Some((at, receiver.try_recv().ok()?)))
    }
    fn try_send_either(&self) -> Option<usize> {
        (0..2).find(|&at| self.0[at].0.try_send(7).is_ok())
    }
}

struct Crossbeam(
    Vec<(
        crossbeam_channel::Sender<u64>,
        crossbeam_channel::Receiver<u64>,
    )>,
);

impl Channels for Crossbeam {
    fn open(channels: usize) -> Self {
        Self(
            (0..channels)
                .map(|_| crossbeam_channel::bounded(1))
                .collect(),
        )
    }
    fn send(&self, channel: usize) {
        self.0[channel].0.try_send(7).expect("has room");
    }
    fn try_recv_any(&self) -> Option<(usize, u64)> {
        if let [(_, a), (_, b)] = &*self.0 {
            return crossbeam_channel::select! {
                recv(a) -> value => Some((0, value.expect("is open"))),
                recv(b) -> value => Some((1, value.expect("is open"))),
                default => None,
            };
        }
        let mut select = crossbeam_channel::Select::new();
        for (_, receiver) in &self.0 {
            select.recv(receiver);
        }
        let chosen = select.try_select().ok()?;
        let at = chosen.index();
        Some((at, chosen.recv(&self.0[at].1).expect("is open")))
    }
    fn try_send_either(&self) -> Option<usize> {
        let (a, b) = (&self.0[0].0, &self.0[1].0);
        crossbeam_channel::select! {
            send(a, 7) -> sent => sent.map(|()| 0).ok(),
            send(b, 7) -> sent => sent.map(|()| 1).ok(),
            default => None,
        }
    }
}

/// A row for each kind of channels.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            one_after_the_other = crate::OneAfterTheOther,
            crossbeam = crate::Crossbeam,
        );
    };
}

/// Two channels, both empty.
mod none_of_two {
    use super::*;
    rows!(run(threads = [1, 2], sample_size = 10_000));

    fn run<C: Channels>(bencher: Bencher) {
        let channels = C::open(2);
        bencher.bench(|| assert_eq!(black_box(&channels).try_recv_any(), None));
    }
}

/// Sixteen channels, all empty.
mod none_of_sixteen {
    use super::*;
    rows!(run(sample_size = 1_000));

    fn run<C: Channels>(bencher: Bencher) {
        let channels = C::open(16);
        bencher.bench(|| assert_eq!(black_box(&channels).try_recv_any(), None));
    }
}

/// A send to the first of two that has room, and a receive of what was sent.
mod there_and_back {
    use super::*;
    rows!(run(threads = [1, 2], sample_size = 10_000));

    fn run<C: Channels>(bencher: Bencher) {
        let channels = C::open(2);
        bencher.bench(|| {
            black_box(channels.try_send_either());
            black_box(channels.try_recv_any());
        });
    }
}
