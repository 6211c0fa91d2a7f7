//! Your channel, the reference, the same without closing (the lesson before), and crossbeam's, which closes
//! too.
//!
//! `cargo bench -p closing_solution`

use bounded_channel_solution as unclosable;
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/closing.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/03_channels/03_closing/src/closing.rs"]
mod yours;

harness::bench_main!("closing.rs", || {
    let (sender, receiver) = yours::bounded(1);
    let _ = sender.clone().send(1);
    sender.close();
    receiver.clone().iter().count()
});

/// A row for each of the channels that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            without_closing = crate::Unclosable,
            crossbeam = crate::Crossbeam,
        );
    };
}

/// One thread puts a value in and takes it out: nobody waits.
mod one_thread {
    use super::*;
    fn run<C: Ends>(bencher: divan::Bencher) {
        let (sender, receiver) = C::ends(64);
        bencher.bench_local(|| {
            C::send(&sender, 7);
            C::recv(&receiver)
        });
    }

    rows!(run(sample_size = 10_000));
}

/// One sends 10,000 values and one receives them, with room for 64.
mod two_threads {
    use super::*;
    fn run<C: Ends>(bencher: divan::Bencher) {
        bencher.bench_local(|| flow::<C>(1));
    }

    rows!(run(sample_count = 30));
}

/// Four send 10,000 values and four receive them: oversubscribed, unless there are eight processors.
mod eight_threads {
    use super::*;
    fn run<C: Ends>(bencher: divan::Bencher) {
        bencher.bench_local(|| flow::<C>(4));
    }

    rows!(run(sample_count = 30));
}

fn flow<C: Ends>(pairs: u64) {
    const VALUES: u64 = 10_000;
    let (sender, receiver) = C::ends(64);
    thread::scope(|s| {
        for _ in 0..pairs {
            let (sender, receiver) = (sender.clone(), receiver.clone());
            s.spawn(move || (0..VALUES / pairs).for_each(|value| C::send(&sender, value)));
            s.spawn(move || (0..VALUES / pairs).map(|_| C::recv(&receiver)).sum::<u64>());
        }
    });
}

/// What all of them can do.
trait Ends {
    type Sender: Clone + Send + 'static;
    type Receiver: Clone + Send + 'static;
    fn ends(capacity: usize) -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, value: u64);
    fn recv(receiver: &Self::Receiver) -> u64;
}

macro_rules! ends {
    ($($name:ident = $from:ident;)*) => {$(
        struct $name;
        impl Ends for $name {
            type Sender = $from::Sender<u64>;
            type Receiver = $from::Receiver<u64>;
            fn ends(capacity: usize) -> (Self::Sender, Self::Receiver) {
                $from::bounded(capacity)
            }
            #[inline(always)]
            fn send(sender: &Self::Sender, value: u64) {
                sender.send(value).expect("the receiver is there");
            }
            #[inline(always)]
            fn recv(receiver: &Self::Receiver) -> u64 {
                receiver.recv().expect("the sender is there")
            }
        }
    )*};
}

ends! {
    Yours = yours;
    Reference = reference;
    Crossbeam = crossbeam_channel;
}

struct Unclosable;

impl Ends for Unclosable {
    type Sender = sync::Arc<unclosable::Channel<u64>>;
    type Receiver = sync::Arc<unclosable::Channel<u64>>;
    fn ends(capacity: usize) -> (Self::Sender, Self::Receiver) {
        let channel = sync::Arc::new(unclosable::Channel::new(capacity));
        (sync::Arc::clone(&channel), channel)
    }
    #[inline(always)]
    fn send(sender: &Self::Sender, value: u64) {
        sender.send(value);
    }
    #[inline(always)]
    fn recv(receiver: &Self::Receiver) -> u64 {
        receiver.recv()
    }
}
