//! No value, no memory and no thread stays behind, whichever end goes first.
//!
//! Tracked values are numbers on purpose: a string that is dropped twice crashes the whole process. No test
//! joins a thread: the leak check waits for each of them to end, and names those that do not.

use harness::leaks::{self, Tracked, track};
use harness::sync::real::Arc;
use harness::testing::{
    Counted, spawn_detached, spawn_sleepers, staged_panic, staged_panic_of, while_unwinding,
};
use oneshot::channel;
use std::sync::mpsc;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn a_received_value_is_dropped_once() {
    // CH-25
    leaks::check(|| {
        let (sender, receiver) = channel();
        assert!(sender.send(track(1)).is_ok());
        assert_eq!(*receiver.recv().expect("a value was sent"), 1);

        let (sender, mut receiver) = channel();
        assert!(sender.send(track(2)).is_ok());
        assert_eq!(*receiver.try_recv().expect("a value was sent"), 2);
        assert!(receiver.try_recv().is_err());
    });
}

/// A value was sent, and its receiver goes without it, at the end of its scope or while its thread unwinds: the value is
/// dropped with the receiver.
#[test]
fn a_value_that_nobody_receives_goes_with_the_receiver() {
    // CH-25
    leaks::check(|| {
        let (sender, receiver) = channel();
        let before = Counted::drops();
        assert!(sender.send((track(1), Counted)).is_ok());
        assert_eq!(Counted::drops() - before, 0, "values dropped by `send`");
        drop(receiver);
        assert_eq!(
            Counted::drops() - before,
            1,
            "values dropped with the receiver"
        );
        let (sender, receiver) = channel();
        assert!(sender.send(track(2)).is_ok());
        while_unwinding(|| drop(receiver));
    });
}

/// The receiver is dropped with a value whose `drop` panics: the channel's memory goes back all the same.
#[test]
fn a_panic_in_the_values_drop_leaks_nothing() {
    struct Panics(#[expect(dead_code, reason = "it is dropped")] Tracked<u32>);
    impl Drop for Panics {
        fn drop(&mut self) {
            staged_panic("in the value's drop");
        }
    }
    leaks::check(|| {
        let (sender, receiver) = channel();
        assert!(sender.send(Panics(track(1))).is_ok());
        assert!(staged_panic_of(|| drop(receiver)).is_some());
    });
}

#[test]
fn a_refused_value_stays_with_its_owner() {
    leaks::check(|| {
        let (sender, receiver) = channel();
        drop(receiver);
        let before = Counted::drops();
        let refused = sender
            .send((track(1), Counted))
            .expect_err("nobody receives");
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped by a `send` that fails"
        );
        assert_eq!(*refused.0.0, 1);
    });
}

/// Channels are used up without a value: no destructor of a value runs. Catches a slot whose destructor runs
/// on what was never made.
#[test]
fn where_nothing_was_sent_nothing_is_dropped() {
    leaks::check(|| {
        let before = Counted::drops();
        let (sender, receiver) = channel::<Counted>();
        drop(sender);
        assert!(receiver.recv().is_err());
        let (sender, receiver) = channel::<Counted>();
        drop(receiver);
        drop(sender);
        let (sender, mut receiver) = channel::<Counted>();
        assert!(receiver.try_recv().is_err());
        drop(sender);
        assert!(receiver.try_recv().is_err());
        drop(receiver);
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped though none was sent"
        );
    });
}

/// The ends leave in either order, with a value and without: the memory is given back each time. Catches
/// memory that is freed by one order of leaving only.
#[test]
fn memory_goes_back_whichever_end_leaves_last() {
    leaks::check(|| {
        let (sender, receiver) = channel::<[u64; 16]>();
        drop(sender);
        drop(receiver);
        let (sender, receiver) = channel::<[u64; 16]>();
        drop(receiver);
        drop(sender);
        let (sender, receiver) = channel();
        drop(receiver);
        assert!(sender.send([0u64; 16]).is_err());
        let (sender, receiver) = channel();
        assert!(sender.send([0u64; 16]).is_ok());
        drop(receiver);
    });
}

#[test]
fn every_receiver_wakes_when_its_sender_goes() {
    // CL-03
    leaks::check(|| {
        let (mut senders, mut receivers) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            let (sender, receiver) = channel::<Arc<u32>>();
            senders.push(sender);
            receivers.push(receiver);
        }
        spawn_sleepers(
            "receiver",
            receivers.into_iter().map(|receiver| {
                move || {
                    assert!(receiver.recv().is_err(), "nothing was sent");
                }
            }),
        );
        spawn_detached("dropper", move || drop(senders));
    });
}

#[test]
fn every_receiver_wakes_with_its_value() {
    leaks::check(|| {
        let (mut senders, mut receivers) = (Vec::new(), Vec::new());
        for n in 1..=4 {
            let (sender, receiver) = channel::<Tracked<u32>>();
            senders.push((sender, track(n)));
            receivers.push((receiver, n));
        }
        spawn_sleepers(
            "receiver",
            receivers.into_iter().map(|(receiver, n)| {
                move || {
                    let value = receiver.recv().expect("a value is sent");
                    assert_eq!(*value, n);
                }
            }),
        );
        for (sender, value) in senders {
            spawn_detached("sender", move || {
                let _ = sender.send(value);
            });
        }
    });
}

/// The consumer walks away while answers are on their way.
#[test]
fn nothing_stays_when_the_receivers_walk_away() {
    leaks::check(|| {
        for n in 0..8 {
            let (sender, receiver) = channel();
            let value = track(n);
            spawn_detached("sender", move || {
                let _ = sender.send(value);
            });
            if n % 2 == 0 {
                drop(receiver);
            } else {
                spawn_detached("walks away", move || drop(receiver));
            }
        }
    });
}

/// The threads panic with an end in hand, the one with a value in the channel, the other with none.
#[test]
fn a_panic_takes_its_end_along() {
    leaks::check(|| {
        let (sender, receiver) = channel();
        assert!(sender.send(track(1)).is_ok());
        let (unsent, waits) = channel::<u32>();
        let (done, ended) = mpsc::channel();
        spawn_detached("panics", move || {
            staged_panic_of(|| {
                let _ends = (receiver, unsent);
                staged_panic("with two ends");
            });
            let _ = done.send(());
        });
        assert!(waits.recv().is_err(), "its sender has gone with the panic");
        ended.recv().expect("the thread says so");
    });
}
