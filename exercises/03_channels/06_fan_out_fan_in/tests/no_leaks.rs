//! No thread, no value and no memory stays behind: not at the end, not after a panic, not when the consumer walks away.

use fan_out_fan_in::fan_out;
use harness::leaks::{self, track};
use harness::sync::real::channel::{bounded, unbounded};
use harness::sync::real::thread::refuse_after;
use harness::testing::{
    let_others_run, must_end, payload_of, spawn_detached, staged_panic, staged_panic_of,
    while_unwinding,
};
use std::sync::{Arc, Barrier};

/// Where a thread hangs, if a test does.
const IN_NEXT: &str = "the results have not ended, or a worker has not";

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn every_item_and_result_is_dropped_once() {
    leaks::check(|| {
        let (items, works) = ([1, 2, 3].map(|n| track(n)), track("work"));
        must_end(IN_NEXT, move || {
            let (sender, input) = unbounded();
            items
                .into_iter()
                .for_each(|item| sender.send(item).unwrap());
            drop(sender);
            let results = fan_out(input, 2, move |item| {
                let _ = &works;
                item
            });
            assert_eq!(results.map(|result| *result).sum::<i32>(), 6);
        });
    });
}

/// The consumer takes one result of an endless input and walks away, while workers wait: for somebody to ask, and for
/// items. The producer learns of it by its next item.
#[test]
fn nobody_is_left_when_the_consumer_walks_away() {
    leaks::check(|| {
        let items = [0; 50].map(|n| track(n));
        must_end(IN_NEXT, move || {
            let (sender, input) = bounded(1);
            spawn_detached("producer", move || {
                let refused = items.into_iter().find_map(|item| sender.send(item).err());
                assert!(
                    refused.is_some(),
                    "50 items were taken, though nobody asks for results"
                );
            });
            let mut results = fan_out(input, 3, |item| item);
            assert!(results.next().is_some());
            let_others_run();
        });
    });
}

/// Two workers are at work, and the consumer panics, and drops the stream by that, before it has asked for anything. The
/// drop does not wait for the workers; each of them ends after its item, and no other is worked on.
#[test]
fn nobody_is_left_when_nothing_was_asked_for() {
    let waits = "the drop of the stream waits for the workers, or a worker has not ended";
    leaks::check(|| {
        let items = [1, 2, 3].map(|n| track(n));
        let together = Arc::new(Barrier::new(3));
        must_end(waits, move || {
            let (sender, input) = unbounded();
            items
                .into_iter()
                .for_each(|item| sender.send(item).unwrap());
            let of_workers = Arc::clone(&together);
            let results = fan_out(input, 2, move |item| {
                of_workers.wait(); // at work
                of_workers.wait(); // after the drop
                item
            });
            together.wait();
            while_unwinding(move || {
                let _dropped = results;
            });
            together.wait();
        });
    });
}

/// Workers panic, and the consumer asks for all results, or for none: the payloads are dropped, too.
#[test]
fn a_panic_leaves_nothing_behind() {
    let check = |asks: bool| {
        let items = [1, 2, 3, 4].map(|n| track(n));
        must_end(IN_NEXT, move || {
            let (sender, input) = unbounded();
            items
                .into_iter()
                .for_each(|item| sender.send(item).unwrap());
            drop(sender);
            let results = fan_out(input, 2, |item| match *item {
                1 | 3 => staged_panic("a worker's"),
                _ => item,
            });
            if asks {
                let panic = staged_panic_of(|| results.for_each(drop));
                assert!(panic.is_some(), "two workers have panicked");
            } else {
                let _dropped = results;
                let_others_run(); // one has panicked by then, most likely
            }
        });
    };
    leaks::check(|| check(true));
    leaks::check(|| check(false));
}

#[test]
fn refused_threads_leave_nothing_behind() {
    leaks::check(|| {
        let works = [track(1), track(2)];
        must_end(IN_NEXT, move || {
            for (threads, work) in works.into_iter().enumerate() {
                let (sender, input) = bounded(1);
                let start = || {
                    fan_out(input, 3, move |item: usize| {
                        let _ = &work;
                        item
                    })
                };
                let panic = payload_of(|| _ = refuse_after(threads, start));
                assert_eq!(
                    panic.is_some(),
                    threads == 0,
                    "whether `fan_out` panicked with {threads} threads"
                );
                drop(sender);
            }
        });
    });
}

#[test]
fn many_rounds_leave_nothing_behind() {
    leaks::check(|| {
        for _ in 0..3 {
            let (sender, input) = unbounded();
            (0..20).for_each(|item| sender.send(item).unwrap());
            drop(sender);
            assert_eq!(fan_out(input, 2, |item: u32| item).count(), 20);
        }
    });
}
