//! No stage, no value and no memory stays behind, however a pipeline ends. The leak check waits for threads
//! that are about to end, and names those that do not.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use harness::leaks::{self, Tracked, track};
use harness::sync::real::channel::bounded;
use harness::sync::real::thread::{Builder, refuse_after};
use harness::testing::{payload_of, wait_until};
use pipeline::{Stage, stage};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

type Item = Tracked<u32>;

/// Calls `consume` with items from 1, in a thread of its own, and requires that nothing stays behind.
#[track_caller]
fn leaves_nothing(consume: impl Fn(Vec<Item>) + Clone + Send + 'static) {
    leaks::check(|| {
        let items = (1..=30).map(|n| track(n)).collect();
        let consume = consume.clone();
        let consumer = Builder::new()
            .name("consumer".to_owned())
            .spawn(move || consume(items))
            .expect("a thread can be spawned");
        wait_until("the consumer waits", || consumer.is_finished());
        if let Err(panic) = consumer.join() {
            resume_unwind(panic);
        }
    });
}

/// The first stage.
fn first(items: Vec<Item>, capacity: usize) -> Stage<Item, Item> {
    stage(items.into_iter().map(Ok), capacity, Ok)
}

/// Three stages.
fn three(items: Vec<Item>, capacity: usize) -> Stage<Item, Item> {
    stage(stage(first(items, capacity), capacity, Ok), capacity, Ok)
}

/// Three stages, and a consumer that reads to the end.
#[test]
fn nothing_is_left_at_the_end() {
    leaves_nothing(|items| {
        let mut stages = three(items, 2);
        assert_eq!(stages.by_ref().count(), 30);
        assert!(stages.next().is_none());
    });
}

/// The consumer takes three results, or none, and leaves. Each of three stages drops what it holds, and ends.
#[test]
fn every_stage_ends_when_the_consumer_leaves() {
    for (capacity, asks) in [(0, 0), (0, 3), (2, 0), (2, 3)] {
        leaves_nothing(move |items| assert_eq!(three(items, capacity).take(asks).count(), asks));
    }
}

/// The input has no end, and the consumer leaves at once: both stages end all the same.
#[test]
fn a_source_without_an_end_ends_when_the_consumer_leaves() {
    leaks::check(|| {
        let squares = stage((1..).map(Ok::<u64, ()>), 4, |n| Ok(n * n));
        drop(stage(squares, 4, Ok));
    });
}

/// Each stage has as much as it may hold, and sleeps or is about to.
#[test]
fn stages_that_are_held_back_end_when_the_consumer_leaves() {
    leaves_nothing(|items| {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let before = stage(first(items, 1), 2, move |item| {
            count.fetch_add(1, SeqCst);
            Ok(item)
        });
        wait_until("the second stage has room, and does nothing", || {
            calls.load(SeqCst) >= 2
        });
        drop(before);
    });
}

/// The consumer's panic drops the last stage as well as a return does.
#[test]
fn every_stage_ends_when_the_consumer_panics() {
    leaves_nothing(|items| {
        let stages = three(items, 1);
        let panic = payload_of(move || {
            let mut stages = stages;
            resume_unwind(Box::new(stages.next()));
        });
        assert!(panic.is_some(), "there are items");
    });
}

/// Stages end after an error, whether the consumer asks for it or not. The error, too, is a value that can
/// be lost.
#[test]
fn every_stage_ends_after_an_error() {
    for (capacity, asks) in [(0, 2), (0, 4), (2, 2), (2, 4)] {
        leaves_nothing(move |items| {
            let failing = stage(first(items, capacity), capacity, |item| {
                if *item == 3 { Err(item) } else { Ok(item) }
            });
            let results = stage(failing, capacity, Ok).take(asks).count();
            assert_eq!(results, asks.min(3), "two results and an error");
        });
    }
}

/// The consumer is still there, and has not asked for the error.
#[test]
fn the_stages_before_an_error_end_before_somebody_asks_for_it() {
    leaves_nothing(|items| {
        let owned = Arc::new(());
        let of_input = Arc::clone(&owned);
        let input = items.into_iter().map(move |item| {
            let _ = &of_input;
            Ok(item)
        });
        let mut results = stage(stage(input, 1, Ok), 0, Err::<Item, Item>);
        wait_until("the input is still there, after an error", || {
            Arc::strong_count(&owned) == 1
        });
        assert!(matches!(results.next(), Some(Err(item)) if *item == 1));
    });
}

/// One of four stages panics, and all end, before it and behind it. The payload is the consumer's.
#[test]
fn every_stage_ends_after_a_panic() {
    for failing in 0..3 {
        leaves_nothing(move |items| {
            let panics = move |i| {
                move |item: Item| {
                    if i == failing && *item == 3 {
                        resume_unwind(Box::new(item));
                    }
                    Ok::<_, Item>(item)
                }
            };
            let stages = stage(first(items, 1), 0, panics(0));
            let stages = stage(stage(stages, 1, panics(1)), 2, panics(2));
            let payload = payload_of(|| stages.for_each(drop));
            let payload = payload.expect("a stage has panicked, but the results just ended");
            let payload = payload.downcast::<Item>();
            assert_eq!(**payload.expect("the panic's own payload"), 3);
        });
    }
}

/// A stage panics after its consumer has left. Nobody is left who could be told, and the payload is dropped.
#[test]
fn a_panic_after_the_consumer_has_left_is_dropped() {
    leaves_nothing(|items| {
        let (sender, input) = bounded::<Result<Item, ()>>(0);
        drop(stage(input.into_iter(), 0, |item| -> Result<Item, ()> {
            resume_unwind(Box::new(item))
        }));
        for item in items {
            drop(sender.send(Ok(item)));
        }
    });
}

/// Of three stages the first, the second or the third gets no thread: those before it end.
#[test]
fn a_stage_without_a_thread_leaves_nothing_behind() {
    assert!(first(Vec::new(), 1).next().is_none(), "no items");
    for granted in 0..3 {
        leaves_nothing(move |items| {
            let refused = payload_of(|| drop(refuse_after(granted, || three(items, 1))));
            let refused = refused.is_some();
            assert!(refused, "a thread was refused, and `stage` returned");
        });
    }
}
