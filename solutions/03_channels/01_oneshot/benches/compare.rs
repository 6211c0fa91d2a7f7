//! Your channel, the reference, a slot behind a mutex and a condition variable, the crate `oneshot`, and
//! crossbeam's channel with room for one.
//!
//! `cargo bench -p oneshot_solution`

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/oneshot.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/03_channels/01_oneshot/src/oneshot.rs"]
mod yours;

harness::bench_main!("oneshot.rs", || {
    let (sender, receiver) = yours::channel();
    let _ = sender.send(1);
    let _ = receiver.recv();
});

/// A row for each of the channels that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            mutex_and_condvar = crate::MutexAndCondvar,
            oneshot_crate = crate::OneshotCrate,
            crossbeam_bounded_1 = crate::Crossbeam,
        );
    };
}

/// A channel's whole life on one thread: make it, send, receive.
mod one_life {
    use super::*;
    fn run<C: OneShot>(bencher: divan::Bencher) {
        bencher.bench_local(|| {
            let (sender, receiver) = C::channel();
            C::send(sender, 7);
            C::recv(receiver)
        });
    }

    rows!(run(sample_size = 10_000));
}

/// Two threads, a thousand requests, each answered on a channel of its own: both sleep for most of it. The
/// channels are made outside the measured time.
mod two_threads {
    use super::*;
    fn run<C: OneShot>(bencher: divan::Bencher) {
        ping_pong::<C>(bencher, 1);
    }

    rows!(run(sample_count = 30));
}

/// The same with four such pairs: eight threads, oversubscribed unless there are eight processors.
mod eight_threads {
    use super::*;
    fn run<C: OneShot>(bencher: divan::Bencher) {
        ping_pong::<C>(bencher, 4);
    }

    rows!(run(sample_count = 30));
}

/// Half of a round: what one thread sends on, and what the other receives from.
type Way<C> = (Vec<<C as OneShot>::Sender>, Vec<<C as OneShot>::Receiver>);

fn ping_pong<C: OneShot>(bencher: divan::Bencher, pairs: usize) {
    const ROUNDS: usize = 1_000;
    let ways = || -> Vec<(Way<C>, Way<C>)> {
        let way = || (0..ROUNDS).map(|_| C::channel()).unzip();
        (0..pairs).map(|_| (way(), way())).collect()
    };
    bencher.with_inputs(ways).bench_local_values(|ways| {
        thread::scope(|s| {
            for (there, back) in ways {
                s.spawn(move || {
                    for (sender, receiver) in there.0.into_iter().zip(back.1) {
                        C::send(sender, 7);
                        C::recv(receiver);
                    }
                });
                s.spawn(move || {
                    for (receiver, sender) in there.1.into_iter().zip(back.0) {
                        C::send(sender, C::recv(receiver));
                    }
                });
            }
        });
    });
}

/// What all of them can do.
trait OneShot: 'static {
    type Sender: Send + 'static;
    type Receiver: Send + 'static;
    fn channel() -> (Self::Sender, Self::Receiver);
    fn send(sender: Self::Sender, value: u64);
    fn recv(receiver: Self::Receiver) -> u64;
}

macro_rules! one_shot {
    ($($name:ident = $channel:path, $Sender:ty, $Receiver:ty;)*) => {$(
        struct $name;
        impl OneShot for $name {
            type Sender = $Sender;
            type Receiver = $Receiver;
            #[inline(always)]
            fn channel() -> (Self::Sender, Self::Receiver) {
                $channel()
            }
            #[inline(always)]
            fn send(sender: Self::Sender, value: u64) {
                assert!(sender.send(value).is_ok());
            }
            #[inline(always)]
            fn recv(receiver: Self::Receiver) -> u64 {
                receiver.recv().unwrap_or_default()
            }
        }
    )*};
}

one_shot! {
    Yours = yours::channel, yours::Sender<u64>, yours::Receiver<u64>;
    Reference = reference::channel, reference::Sender<u64>, reference::Receiver<u64>;
    MutexAndCondvar = slot::channel, slot::Sender<u64>, slot::Receiver<u64>;
    OneshotCrate = oneshot::channel, oneshot::Sender<u64>, oneshot::Receiver<u64>;
    Crossbeam = bounded_1, crossbeam_channel::Sender<u64>, crossbeam_channel::Receiver<u64>;
}

fn bounded_1() -> (
    crossbeam_channel::Sender<u64>,
    crossbeam_channel::Receiver<u64>,
) {
    crossbeam_channel::bounded(1)
}

/// The first design that comes to mind: the slot of the lesson `goroutine`, and a flag for the sender that
/// goes.
mod slot {
    use crate::sync::{Arc, Condvar, Mutex};

    struct Shared<T> {
        state: Mutex<State<T>>,
        changed: Condvar,
    }

    struct State<T> {
        value: Option<T>,
        sender_gone: bool,
        receiver_gone: bool,
    }

    pub(crate) struct Sender<T>(Arc<Shared<T>>);
    pub(crate) struct Receiver<T>(Arc<Shared<T>>);

    pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                value: None,
                sender_gone: false,
                receiver_gone: false,
            }),
            changed: Condvar::new(),
        });
        (Sender(Arc::clone(&shared)), Receiver(shared))
    }

    impl<T> Sender<T> {
        pub(crate) fn send(self, value: T) -> Result<(), T> {
            let mut state = self.0.state.lock();
            if state.receiver_gone {
                return Err(value);
            }
            state.value = Some(value);
            Ok(())
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            self.0.state.lock().sender_gone = true;
            self.0.changed.notify_one();
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn recv(self) -> Option<T> {
            let mut state = self.0.state.lock();
            while state.value.is_none() && !state.sender_gone {
                self.0.changed.wait(&mut state);
            }
            state.value.take()
        }
    }

    impl<T> Drop for Receiver<T> {
        fn drop(&mut self) {
            self.0.state.lock().receiver_gone = true;
        }
    }
}
