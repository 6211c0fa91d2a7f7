//! Every interleaving of a few small programs. IDs such as CH-19 name behaviours of Go's channels.
//!
//! Main is the producer and the consumer at once: what it sends is a stage's input, and it asks for the
//! results. So most programs have two threads. Those with two stages have three.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use crate::stage;
use crate::sync::channel::{Receiver, bounded};
use crate::sync::thread;
use harness::leaks::track;
use harness::testing::{
    Slot, message_of, must_sleep, payload_of, staged_panic, staged_panic_of, threads_at_once,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What goes wrong in these programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Broken;

type Item = Result<u32, Broken>;

/// What a stage can work on: all that is sent, until the sender is dropped.
fn received(input: Receiver<u32>) -> impl Iterator<Item = Item> + Send {
    input.into_iter().map(Ok)
}

/// Asks for a result, and returns whose [`staged_panic`] came instead, if one did.
fn panic_of_next<T>(next: impl FnOnce() -> T) -> Option<&'static str> {
    let mut whose = None;
    let other = payload_of(|| whose = staged_panic_of(|| drop(next())));
    if let Some(payload) = other {
        let message = message_of(&*payload);
        panic!(
            "`next` should resume the panic of the stage, and panicked with another payload: {message}"
        );
    }
    whose
}

/// Two items go through a stage, in a thread of its own. Both results come, in order. With the stage its
/// sender goes, and `next` returns `None`, again and again.
#[test]
fn results_come_in_order_and_then_the_end() {
    // CH-07, CL-12
    for capacity in [0, 1] {
        harness::model(move || {
            let mut tens = stage([Ok(1), Ok(2)].into_iter(), capacity, |n: u32| {
                Item::Ok(n * 10)
            });
            assert_eq!(threads_at_once(), 1, "a stage has a thread of its own");
            assert_eq!([tens.next(), tens.next()], [Some(Ok(10)), Some(Ok(20))]);
            assert_eq!(tens.next(), None, "there were two items");
            assert_eq!(tens.next(), None, "once more");
        });
    }
}

/// The producer sends one item, and waits for its result before it does anything else. What it wrote before
/// is there for `f`, and what `f` wrote is there for the consumer.
#[test]
fn what_was_done_before_is_visible_behind_each_stage() {
    // CH-19
    harness::model(|| {
        let slots = Arc::new([Slot::empty("by_producer"), Slot::empty("by_stage")]);
        let of_stage = Arc::clone(&slots);
        let (sender, input) = bounded(1);
        let mut results = stage(received(input), 1, move |n| {
            of_stage[1].write(of_stage[0].read());
            Item::Ok(n)
        });
        slots[0].write(7);
        sender.send(1).expect("the stage is there");
        assert_eq!(results.next(), Some(Ok(1)));
        assert_eq!(slots[1].read(), 7, "what the stage has copied");
        drop(sender);
        assert_eq!(results.next(), None);
        assert_eq!(
            Arc::strong_count(&slots),
            1,
            "`f` has not been dropped, but `next` returned `None`"
        );
    });
}

/// A program that must not end: the stage's input is open and empty.
#[test]
fn the_consumer_sleeps_while_the_stage_has_no_result() {
    // CH-01
    must_sleep("`next`", "the input was open", || {
        let (_sender, input) = bounded(1);
        let ended = stage(received(input), 1, Item::Ok).next();
        panic!("`next` returned {ended:?}");
    });
}

/// A program that must not end: the stage has a result that nobody asks for, or an error, and main waits for
/// something else. The stage has nothing to do until main asks, and must not spin.
#[test]
fn a_stage_that_is_held_back_sleeps() {
    // CH-03
    for last in [Ok(2), Err(Broken)] {
        must_sleep("the stage", "nobody had asked for its results", move || {
            let _results = stage([Ok(1), last].into_iter(), 1, Item::Ok);
            let (_never, nothing) = bounded::<u32>(0);
            let _ = nothing.recv();
            panic!("nobody has sent anything");
        });
    }
}

/// The second of three items fails: the result before it comes, then the error, once, then `None`. The
/// stage has ended by that: the third item is not worked on.
#[test]
fn an_error_is_the_last_result() {
    for capacity in [0, 1] {
        harness::model(move || {
            let calls = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&calls);
            let items = [Ok(1), Ok(2), Ok(3)].into_iter();
            let mut results = stage(items, capacity, move |n| {
                count.fetch_add(1, Relaxed);
                if n == 2 { Err(Broken) } else { Ok(n) }
            });
            assert_eq!(results.next(), Some(Ok(1)), "the result before the error");
            assert_eq!(results.next(), Some(Err(Broken)), "the error of item 2");
            assert_eq!(results.next(), None, "what came after the error");
            let calls = calls.load(Relaxed);
            assert_eq!(
                calls, 2,
                "calls of `f` for three items, of which the second fails"
            );
        });
    }
}

/// An item is an error, or `f` makes one of it. The stage drops `input` at once, and hands the error on
/// after that. The producer hears of it by its next send, before it asks for the error.
#[test]
fn an_error_ends_the_input_before_somebody_asks_for_it() {
    for item in [Err(Broken), Ok(1)] {
        harness::model(move || {
            let (sender, input) = bounded(0);
            let mut results = stage(input.into_iter(), 0, |_: u32| Item::Err(Broken));
            assert!(sender.send(item).is_ok(), "the stage has not failed yet");
            assert!(
                sender.send(Ok(2)).is_err(),
                "the stage has taken an item after an error: {item:?}, of which `f` makes Err"
            );
            assert_eq!((results.next(), results.next()), (Some(Err(Broken)), None));
        });
    }
}

/// `f` panics at the second item. That ends the stage: it drops `input`, so the producer's next send fails,
/// though nobody has asked for a result. `next` returns the first result, then resumes the panic, and then
/// returns `None`.
#[test]
fn a_panic_comes_after_the_results() {
    // GR-04, as it is in Rust
    harness::model(|| {
        let (sender, input) = bounded(0);
        let mut results = stage(received(input), 1, |n| {
            if n == 2 {
                staged_panic("the stage's");
            }
            Item::Ok(n)
        });
        assert!(sender.send(1).is_ok() && sender.send(2).is_ok());
        assert!(
            sender.send(3).is_err(),
            "the stage has panicked, and taken an item after that"
        );
        let mut first = None;
        let early = panic_of_next(|| first = results.next());
        assert!(
            early.is_none(),
            "`next` resumed the panic of item 2 before it had returned the result of item 1"
        );
        assert_eq!(first, Some(Ok(1)), "the result before the panic");
        let mut ended = None;
        let panic = panic_of_next(|| ended = results.next());
        assert!(
            panic.is_some(),
            "the stage has panicked, but `next` returned {ended:?}"
        );
        assert_eq!(results.next(), None, "once the panic has been resumed");
    });
}

/// The stage has a result, or is about to, when the consumer leaves. The drop waits for nobody; the stage
/// drops the result and `input`, and takes no other item: the producer's next send fails.
#[test]
fn a_consumer_that_leaves_ends_the_stage() {
    harness::model(|| {
        let (sender, input) = bounded(0);
        let results = stage(received(input), 0, Item::Ok);
        assert!(sender.send(1).is_ok(), "the stage has no reason to end");
        drop(results);
        assert!(
            sender.send(2).is_err(),
            "the consumer has left, and the stage, which has a result, has taken another item"
        );
    });
}

/// The source has no end, and the consumer leaves, with a result or without one. The drop waits for nobody,
/// the stage ends, and each result is dropped once.
#[test]
fn a_source_without_an_end_ends_with_its_consumer() {
    // CH-25
    for (capacity, asks) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        harness::model(move || {
            let mut results = stage((1..).map(Ok::<u32, Broken>), capacity, |n| Ok(track(n)));
            for n in 1..=asks {
                let result = results.next().expect("the source has no end");
                assert_eq!(*result.expect("nothing goes wrong"), n);
            }
            drop(results);
        });
    }
}

/// Two stages, and the consumer of the second leaves. The second ends with the result that it has, or gets
/// next, and drops its input; so the first ends in the same way.
///
/// Three threads have thousands without a bound.
#[test]
fn a_consumer_that_leaves_ends_the_stages_before_too() {
    harness::Model::new().preemption_bound(2).check(|| {
        let (sender, input) = bounded(0);
        let first = stage(received(input), 0, Item::Ok);
        let second = stage(first, 0, Item::Ok);
        assert!(sender.send(1).is_ok(), "no stage has a reason to end");
        drop(second);
        // The first stage hands over what it has, or learns that nobody is there. It ends with the next at
        // the latest.
        let told = (2..=3).any(|n| sender.send(n).is_err());
        assert!(told, "the consumer has left, and the first stage goes on");
    });
}

/// Two stages. The first fails, and the second hands its error on, without a call of `f`.
#[test]
fn an_error_goes_through_later_stages() {
    harness::model(|| {
        let first = stage([Err(Broken), Ok(2)].into_iter(), 0, Item::Ok);
        let mut second = stage(first, 0, |n| -> Item {
            panic!("the later stage got an item that was behind an error: {n}")
        });
        assert_eq!((second.next(), second.next()), (Some(Err(Broken)), None));
    });
}

/// Two stages. The first panics, and the second passes the panic on.
#[test]
fn a_panic_goes_through_later_stages() {
    harness::model(|| {
        let first = stage([Ok(1)].into_iter(), 0, |_: u32| -> Item {
            staged_panic("the first stage's")
        });
        let mut second = stage(first, 0, Item::Ok);
        let mut ended = None;
        let panic = panic_of_next(|| ended = second.next());
        assert!(
            panic.is_some(),
            "the first stage has panicked, but `next` of the second returned {ended:?}"
        );
    });
}

/// The second stage gets no thread. `stage` panics, and has dropped its input by then, so the first stage
/// ends.
#[test]
fn a_stage_without_a_thread_ends_the_one_before_it() {
    harness::model(|| {
        let (sender, input) = bounded(0);
        let first = stage(received(input), 0, Item::Ok);
        let refused = thread::refuse_after(0, || payload_of(|| drop(stage(first, 0, Item::Ok))));
        assert!(
            refused.is_some(),
            "no thread could be had, and `stage` returned"
        );
        let told = (1..=2).any(|n| sender.send(n).is_err());
        assert!(told, "there is no second stage, and the first goes on");
    });
}
