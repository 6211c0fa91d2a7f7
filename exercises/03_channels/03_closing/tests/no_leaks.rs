//! No value, no memory and no thread stays behind, whichever end goes first.
//!
//! Tracked values are numbers on purpose: a string that is dropped twice crashes the whole process. No test
//! joins a thread: the leak check waits for each of them to end, and names those that do not.

use closing::{Receiver, Sender, bounded};
use harness::leaks::{self, Tracked, track};
use harness::testing::{Counted, spawn_detached, spawn_sleepers, while_unwinding};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// The last receiver goes, at the end of its scope or while its thread unwinds, and a sender is kept: what is left in the
/// channel is dropped at once.
#[test]
fn values_go_with_the_last_receiver() {
    // CH-25
    leaks::check(|| {
        let (sender, receiver) = bounded(3);
        let second = receiver.clone();
        let before = Counted::drops();
        for n in 1..=3 {
            assert!(sender.send((track(n), Counted)).is_ok());
        }
        drop(receiver.recv());
        drop(receiver);
        assert_eq!(
            Counted::drops() - before,
            1,
            "one was received, a receiver is there"
        );
        drop(second);
        assert_eq!(
            Counted::drops() - before,
            3,
            "two were left with the last receiver"
        );
        assert!(sender.send((track(4), Counted)).is_err());
        assert_eq!(Counted::drops() - before, 4, "the value that came back");
        let (sender, receiver) = bounded(1);
        assert!(sender.send((track(5), Counted)).is_ok());
        while_unwinding(|| drop(receiver));
        assert_eq!(
            Counted::drops() - before,
            5,
            "one was left with a last receiver that a panic has dropped"
        );
    });
}

/// The channel is closed with two values in it, and its sender goes: one is received, and the other goes with
/// the receiver.
#[test]
fn values_that_nobody_takes_out_of_a_closed_channel_are_dropped() {
    leaks::check(|| {
        let (sender, receiver) = bounded(2);
        assert!(sender.send(track(1)).is_ok());
        assert!(sender.send(track(2)).is_ok());
        sender.close();
        drop(sender);
        assert_eq!(*receiver.recv().expect("1 was sent"), 1);
    });
}

/// Three values come back from calls that fail, and one is left in the channel when its last receiver goes,
/// though it was closed before: each is dropped once, and the sender that is kept keeps none.
#[test]
fn a_refused_value_stays_with_its_owner() {
    leaks::check(|| {
        let (sender, receiver) = bounded(1);
        assert!(sender.send((track(1), Counted)).is_ok());
        let before = Counted::drops();
        let full = sender.try_send((track(2), Counted)).expect_err("full");
        sender.close();
        let closed = sender.try_send((track(3), Counted)).expect_err("closed");
        let refused = sender.send((track(4), Counted)).expect_err("closed");
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped by calls that fail"
        );
        drop((full, closed, refused, receiver));
        assert_eq!(
            Counted::drops() - before,
            4,
            "values dropped: three that came back, and the one that the last receiver left in a closed channel"
        );
    });
}

/// A channel keeps nothing of clones and calls that have passed: it outlives the check, which runs its closure several
/// times.
#[test]
fn a_channel_keeps_nothing_of_clones_and_calls() {
    let (sender, receiver) = bounded(4);
    leaks::check(|| {
        for n in 0..10 {
            assert!(sender.clone().send(n).is_ok());
            assert!(receiver.clone().recv().is_ok());
            assert!(receiver.try_recv().is_err());
        }
    });
    assert!(
        sender.send(7).is_ok(),
        "all its clones have gone, but it is there"
    );
}

/// Four sleep in `send`, and their values come back when the channel is closed, or when nobody receives any
/// more.
#[test]
fn every_sender_that_sleeps_gets_its_value_back() {
    // CL-06
    for closes in [true, false] {
        leaks::check(|| {
            let (sender, receiver) = bounded(1);
            assert!(sender.send(track(0)).is_ok());
            let calls = (1..=4).map(|n| {
                let (sender, value) = (sender.clone(), track(n));
                move || {
                    let refused = sender.send(value).expect_err("full, then closed");
                    assert_eq!(*refused.0, n, "another value came back");
                }
            });
            spawn_sleepers("sender", calls);
            spawn_detached("closer", move || {
                if closes {
                    sender.close();
                }
                drop(receiver);
            });
        });
    }
}

#[test]
fn every_receiver_that_sleeps_hears_of_the_end() {
    // CL-03
    for closes in [true, false] {
        leaks::check(|| {
            let (sender, receiver) = bounded::<u32>(1);
            let calls = std::iter::repeat_n(receiver, 4)
                .map(|receiver| move || assert!(receiver.recv().is_err(), "nothing was sent"));
            spawn_sleepers("receiver", calls);
            spawn_detached("closer", move || {
                if closes {
                    sender.close();
                }
                drop(sender);
            });
        });
    }
}

/// Three stages, and the consumer walks away after a few values: every stage ends.
#[test]
fn a_consumer_that_walks_away_ends_every_stage() {
    leaks::check(|| {
        let values: Vec<_> = (0..20).map(|n| track(n)).collect();
        let (first, first_out) = bounded(1);
        let (second, second_out) = bounded(2);
        spawn_detached("source", move || {
            for value in values {
                if first.send(value).is_err() {
                    return;
                }
            }
        });
        spawn_detached("stage", move || stage(&first_out, &second));
        spawn_detached("consumer", move || second_out.iter().take(3).for_each(drop));
    });
}

fn stage(input: &Receiver<Tracked<i32>>, output: &Sender<Tracked<i32>>) {
    for value in input {
        if output.send(value).is_err() {
            return;
        }
    }
}
