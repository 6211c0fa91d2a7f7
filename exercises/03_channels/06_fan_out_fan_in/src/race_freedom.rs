//! Every interleaving of a few small programs. IDs such as CL-12 name behaviours of Go's channels.
//!
//! The items are in a channel before the workers begin, and in nearly all programs its sender has gone. Main asks for the
//! results.

use crate::sync::channel::{Receiver, bounded};
use crate::sync::thread::refuse_only;
use crate::{FanIn, fan_out};
use harness::Model;
use harness::testing::{
    Gate, Slot, both, message_of, must_sleep, must_sleep_again, payload_of, staged_panic,
    staged_panic_of, threads_at_once,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A channel with these items in it, whose sender has gone.
fn items<const N: usize>(items: [u32; N]) -> Receiver<u32> {
    let (sender, receiver) = bounded(N);
    for item in items {
        sender.send(item).expect("a receiver is there, and room");
    }
    receiver
}

/// The results, in ascending order.
fn sorted(results: FanIn<u32>) -> Vec<u32> {
    let mut results: Vec<_> = results.collect();
    results.sort_unstable();
    results
}

/// Asks for a result, and returns whose [`staged_panic`] came instead, if one did.
fn panic_of_next<T>(next: impl FnOnce() -> T) -> Option<&'static str> {
    let mut whose = None;
    if let Some(other) = payload_of(|| whose = staged_panic_of(|| drop(next()))) {
        let other = message_of(&*other);
        panic!(
            "`next` should go on with the worker's panic, and panicked with another payload: {other}"
        );
    }
    whose
}

/// One worker, and two items whose sender has gone. Both results come, and then `None`, as often as main asks.
#[test]
fn the_results_end_when_the_worker_has() {
    // CL-12
    harness::model(|| {
        let mut results = fan_out(items([1, 2]), 1, |n| n * 10);
        assert_eq!([results.next(), results.next()], [Some(10), Some(20)]);
        assert_eq!(results.next(), None, "there were two items");
        assert_eq!(results.next(), None, "once more");
    });
}

/// One item has come, and the input is open: its result comes at once, before any other item.
#[test]
fn a_result_does_not_wait_for_a_second_one() {
    harness::model(|| {
        let (sender, input) = bounded(1);
        sender.send(1).expect("a receiver is there, and room");
        assert_eq!(fan_out(input, 1, |n: u32| n * 10).next(), Some(10));
        drop(sender);
    });
}

/// Two workers, and an item for each. Each item is taken once, and the stream ends when both workers have.
#[test]
fn each_item_is_worked_on_once() {
    // CH-10, CL-16
    Model::new().preemption_bound(2).check(|| {
        let results = sorted(fan_out(items([1, 2]), 2, |n| n * 10));
        assert_eq!(
            results,
            [10, 20],
            "the results of items 1 and 2, in some order"
        );
    });
}

/// More workers than items: the one without an item must not end the stream of the other.
#[test]
fn a_worker_without_an_item_ends_nothing() {
    Model::new().preemption_bound(2).check(|| {
        let results = sorted(fan_out(items([1]), 2, |n| n * 10));
        assert_eq!(results, [10], "the results of item 1");
    });
}

/// No items: nothing to wait for.
#[test]
fn without_items_there_are_no_results() {
    harness::model(|| assert_eq!(fan_out(items([]), 1, |n| n).next(), None));
}

/// A program that must not end: its input is open and empty. Then one in which `next` may wake up once for no reason. Catches
/// a stream that ends as soon as there is nothing to do, and one that spins, or does so once it has woken up.
#[test]
fn the_stream_sleeps_while_the_input_is_open() {
    // CH-01
    must_sleep("`next`", "the input was open", || {
        let (_sender, input) = bounded::<u32>(1);
        let ended = fan_out(input, 1, |n| n).next();
        panic!("`next` returned {ended:?}");
    });
    must_sleep_again("`next`", |steps| {
        let (sender, input) = bounded(1);
        let mut results = fan_out(input, 1, |n: u32| n);
        let sends = || {
            steps();
            sender.send(7)
        };
        assert_eq!(both(|| results.next(), sends), (Some(7), Ok(())));
    });
}

/// Plain memory goes the whole way: from the producer to the worker, and from the worker to the consumer.
#[test]
fn what_was_done_before_is_visible_behind_each_channel() {
    // CH-19
    harness::model(|| {
        let slots = Arc::new([Slot::empty("by_producer"), Slot::empty("by_worker")]);
        let of_worker = Arc::clone(&slots);
        let (sender, input) = bounded(1);
        let mut results = fan_out(input, 1, move |n| {
            of_worker[1].write(of_worker[0].read());
            n
        });
        slots[0].write(7);
        sender.send(1).expect("a worker is there");
        drop(sender);
        assert_eq!(results.next(), Some(1));
        assert_eq!(slots[1].read(), 7, "what the worker has copied");
        assert_eq!(results.next(), None);
    });
}

/// The last that a worker does is to drop what it owns. Main looks when the stream has ended.
#[test]
fn when_the_stream_has_ended_the_workers_have_too() {
    Model::new().preemption_bound(2).check(|| {
        let work = Arc::new(Slot::empty("work"));
        let of_workers = Arc::clone(&work);
        let mut results = fan_out(items([1]), 2, move |n| {
            of_workers.write(n);
            n
        });
        assert_eq!((results.next(), results.next()), (Some(1), None));
        assert!(
            Arc::strong_count(&work) == 1,
            "`next` returned `None`, and `work` is still there: a worker has not ended, or somebody keeps it"
        );
        assert_eq!(work.read(), 1, "what `work` has written");
    });
}

/// The worker of item 1 panics, the other one does item 2. Its result comes first; then `next` goes on with the panic, when
/// both workers have ended; then it returns `None`.
#[test]
fn a_panic_comes_after_the_results_of_the_others() {
    Model::new().preemption_bound(2).check(|| {
        let work = Arc::new(());
        let of_workers = Arc::clone(&work);
        let mut results = fan_out(items([1, 2]), 2, move |n| match n {
            1 => staged_panic("the worker's"),
            n => n * 10 * u32::try_from(Arc::strong_count(&of_workers).min(1)).expect("1"),
        });
        let mut result = None;
        let early = panic_of_next(|| result = results.next());
        assert!(
            early.is_none(),
            "`next` went on with the panic of item 1 before it had returned the result of item 2"
        );
        assert_eq!(result, Some(20), "the result of item 2");
        let mut ended = None;
        let panic = panic_of_next(|| ended = results.next());
        assert!(panic.is_some(), "a worker has panicked, but `next` returned {ended:?}");
        assert!(
            Arc::strong_count(&work) == 1,
            "`next` went on with the panic, and `work` is still there: a worker has not ended, or somebody keeps it"
        );
        assert_eq!(results.next(), None, "after the panic");
    });
}

/// The only worker panics at the first of two items, and ends by that. `next` goes on with the panic, though an item is left
/// and the input is open. Nobody is left to receive, so the producer's next send fails.
#[test]
fn the_panic_of_the_last_worker_ends_the_stream() {
    harness::model(|| {
        let (sender, input) = bounded(2);
        assert!(
            sender.send(1).is_ok() && sender.send(2).is_ok(),
            "there is room"
        );
        let mut results = fan_out(input, 1, |_: u32| -> u32 { staged_panic("the worker's") });
        let mut ended = None;
        let panic = panic_of_next(|| ended = results.next());
        assert!(
            panic.is_some(),
            "the only worker has panicked, but `next` returned {ended:?}"
        );
        assert!(
            sender.send(3).is_err(),
            "`next` has gone on with the panic, and a send into the input succeeds: the worker has not ended, or somebody \
             keeps a receiver"
        );
    });
}

/// Nobody asks for a result, and there are three items. The worker may take one of them, and no other before its result
/// is handed over: neither to work on it nor to have it ready. Main takes the rest.
#[test]
fn a_worker_waits_until_its_result_is_wanted() {
    harness::model(|| {
        let begun = Arc::new(AtomicUsize::new(0));
        let of_worker = Arc::clone(&begun);
        let input = items([1, 2, 3]);
        let rest = input.clone();
        let mut results = fan_out(input, 1, move |n| {
            of_worker.fetch_add(1, Relaxed);
            n
        });
        assert!(
            rest.try_recv().is_ok() && rest.try_recv().is_ok(),
            "the worker has taken two items of three, and nobody has asked for the result of the first"
        );
        let begun = begun.load(Relaxed);
        assert!(
            begun <= 1,
            "the worker has begun {begun} items, and nobody has asked for a result"
        );
        assert!(
            results.next().is_some(),
            "the worker has one of three items"
        );
    });
}

/// A program that must not end: the worker has a result that nobody asks for, and main waits for something else. The
/// worker has nothing to do until main asks, and must not spin, even if it wakes up once for no reason.
#[test]
fn a_worker_with_a_result_sleeps() {
    must_sleep("the worker", "nobody had asked for its result", || {
        let _results = fan_out(items([1]), 1, |n| n);
        let (_never, nothing) = bounded::<u32>(0);
        let _ = nothing.recv();
        panic!("nobody has sent anything");
    });
    must_sleep_again("a worker with a result", |steps| {
        let mut results = fan_out(items([1]), 1, |n| n);
        steps();
        assert_eq!(results.next(), Some(1));
    });
}

/// Two workers have a result each, or will have it, when main walks away without one. Both learn that nobody asks any more,
/// drop it, and end: of three items they have taken two.
#[test]
fn the_workers_end_when_the_consumer_walks_away() {
    Model::new().preemption_bound(2).check(|| {
        let input = items([1, 2, 3]);
        let rest = input.clone();
        let _ = fan_out(input, 2, |n| n * 10);
        assert!(
            rest.try_recv().is_ok(),
            "nobody asks for results, and two workers have taken three items"
        );
    });
}

/// The second of three threads is refused, and the third could be had: nobody asks for it, and one worker does the work.
/// Catches a loop that leaves out the threads that are refused, and goes on.
#[test]
fn the_first_thread_that_is_refused_is_the_last_that_is_asked_for() {
    Model::new().preemption_bound(0).check(|| {
        let results = refuse_only(1, || fan_out(items([1, 2]), 3, |n| n * 10));
        assert_eq!(sorted(results), [10, 20]);
        let threads = threads_at_once();
        assert!(
            threads == 1,
            "the second thread was refused, and {threads} threads have worked"
        );
    });
}

/// The worker is at work, or about to begin, when main drops the stream. The drop does not wait for it: the work ends only
/// after the drop.
#[test]
fn the_drop_does_not_wait_for_the_work() {
    harness::model(|| {
        let dropped = Arc::new(Gate::shut("dropped"));
        let of_worker = Arc::clone(&dropped);
        let _ = fan_out(items([1]), 1, move |_| of_worker.pass());
        dropped.open();
    });
}

/// A worker hands its result over before it waits for another item. The consumer takes it, and walks away. The worker may
/// get one item more: then it finds that nobody asks, and ends, and the producer's send fails.
#[test]
fn the_producer_is_told_when_the_workers_have_gone() {
    // CL-06
    harness::model(|| {
        let (sender, input) = bounded(0);
        {
            let mut results = fan_out(input, 1, |n: u32| n);
            sender.send(0).expect("a worker is there");
            assert_eq!(results.next(), Some(0));
        }
        // The first may still be taken; then the worker finds that nobody asks.
        let refused = [sender.send(1), sender.send(2)]
            .iter()
            .filter(|sent| sent.is_err())
            .count();
        assert!(
            refused > 0,
            "the consumer had gone, and a worker took two items after that: the first told it that nobody asks"
        );
    });
}

/// Item 2 is finished first, and `next` returns its result at once. Item 1 is worked on until then.
#[test]
fn a_result_does_not_wait_for_that_of_an_earlier_item() {
    Model::new().preemption_bound(2).check(|| {
        let first_has_come = Arc::new(Gate::shut("the first result has come"));
        let of_workers = Arc::clone(&first_has_come);
        let mut results = fan_out(items([1, 2]), 2, move |n| {
            if n == 1 {
                of_workers.pass();
            }
            n * 10
        });
        assert_eq!(results.next(), Some(20), "only item 2 is finished");
        first_has_come.open();
        assert_eq!(results.next(), Some(10), "item 1 is finished, too");
    });
}

/// Each of two items waits until the other is worked on. Catches workers that take turns, or a single one.
#[test]
fn items_are_worked_on_at_the_same_time() {
    Model::new().loose_bound(2).check(|| {
        let both_work = Arc::new([(); 2].map(|()| Gate::shut("works")));
        let results = sorted(fan_out(items([0, 1]), 2, move |n| {
            both_work[n as usize].open();
            both_work[1 - n as usize].pass();
            n
        }));
        assert_eq!(results, [0, 1]);
        assert!(threads_at_once() <= 2, "threads for two workers");
    });
}
