//! The contract of `fan_out_fan_in` on real threads. IDs such as CL-16 name behaviours of Go's channels.

use fan_out_fan_in::{FanIn, fan_out};
use harness::sync::real::channel::{Receiver, bounded, unbounded};
use harness::sync::real::thread::{self, refuse_after};
use harness::testing::{
    assert_panics, assert_passes_on, let_others_run, must_end, must_sleep_on_threads,
    others_must_sleep, payload_of, staged_panic, staged_panic_of, while_unwinding,
};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};

/// Where a thread hangs, if a test does.
const IN_NEXT: &str = "the results have not ended, or a worker has not";

/// A channel into which a producer sends these items. Nobody waits for it, and it does not mind if nobody receives.
fn items(items: impl IntoIterator<Item = usize> + Send + 'static) -> Receiver<usize> {
    let (sender, receiver) = unbounded();
    std::thread::spawn(move || items.into_iter().try_for_each(|item| sender.send(item)));
    receiver
}

/// 500 items, and one, two or seven workers. Each item is worked on, and its result returned, once.
#[test]
fn every_result_comes_out_once() {
    // CH-10, CL-16
    must_end(IN_NEXT, || {
        for workers in [1, 2, 7] {
            let results: Vec<_> = fan_out(items(0..500), workers, |n| n * 2).collect();
            assert_eq!(
                results.len(),
                500,
                "results of 500 items from {workers} workers"
            );
            let results: BTreeSet<_> = results.into_iter().collect();
            assert!(
                results.into_iter().eq((0..500).map(|n| n * 2)),
                "each of them once"
            );
        }
    });
}

#[test]
fn one_worker_keeps_the_order() {
    must_end(IN_NEXT, || {
        let results: Vec<_> = fan_out(items([3, 1, 2]), 1, |n| n).collect();
        assert_eq!(results, [3, 1, 2], "there is only one to finish first");
    });
}

/// No items. `next` returns `None` at the end, and in every call after that.
#[test]
fn the_end_is_final() {
    // CL-02, CL-12
    must_end(IN_NEXT, || {
        let mut results = fan_out(items([]), 3, |n| n);
        assert_eq!([results.next(), results.next(), results.next()], [None; 3]);
    });
}

/// The items come one by one, each when the result of the last one is there.
#[test]
fn results_come_as_soon_as_they_are_there() {
    must_end(IN_NEXT, || {
        let (sender, input) = bounded(0);
        let mut results = fan_out(input, 2, |n: u32| n + 1);
        for n in 0..50 {
            sender.send(n).expect("two workers are there");
            assert_eq!(results.next(), Some(n + 1), "the result of {n}");
        }
        drop(sender);
        assert_eq!(results.next(), None);
    });
}

/// The input is open and empty, and the consumer asks for a result: it sleeps, also if its call comes while it unwinds.
#[test]
fn a_consumer_that_waits_sleeps() {
    let (sender, input) = bounded(0);
    let other = input.clone();
    must_sleep_on_threads("`next`", "the input was open", move || {
        _ = fan_out(input, 1, |n: u32| n).next();
    });
    let call = "`next` in a destructor, while its thread unwinds,";
    must_sleep_on_threads(call, "the input was open", move || {
        _ = while_unwinding(|| fan_out(other, 1, |n: u32| n).next());
    });
    drop(sender);
}

/// A destructor asks for the results because its thread panics: a panic of `work` is passed on there, too.
#[test]
fn a_panic_is_passed_on_while_the_consumer_unwinds() {
    must_end(IN_NEXT, || {
        let mut results = fan_out(items(0..1), 1, |_| -> usize { staged_panic("`work`'s") });
        let panic = while_unwinding(|| staged_panic_of(|| _ = results.next()));
        assert_eq!(panic, Some("`work`'s"), "`next` was called in a destructor");
    });
}

/// Each item waits until all of them are worked on. There is one worker more than a byte can count.
#[test]
fn all_workers_work_at_the_same_time() {
    const WORKERS: usize = 256;
    must_end(
        "256 workers do not work on 256 items at the same time, or not all results were taken",
        || {
            let all_work = Barrier::new(WORKERS);
            let results = fan_out(items(0..WORKERS), WORKERS, move |n| {
                all_work.wait();
                n
            });
            assert_eq!(results.count(), WORKERS);
        },
    );
}

/// One item panics, with a `&str` or a `String`. `next` goes on with that payload: not with a panic of its own, and not with
/// a copy of the message.
#[test]
fn a_panic_keeps_its_payload() {
    must_end(IN_NEXT, || {
        assert_passes_on(|raise| fan_out(items([1]), 2, move |_| raise()).for_each(|()| {}));
    });
}

/// One item of 100 panics, and three workers: two of them are left, which do the rest. The panic goes on in `next` after
/// all results, once.
#[test]
fn a_panic_of_work_reaches_the_consumer_at_the_end() {
    must_end(IN_NEXT, || {
        let mut results = fan_out(items(0..100), 3, |n| match n {
            50 => staged_panic("the worker's"),
            n => n,
        });
        let mut taken = 0;
        let panic = staged_panic_of(|| {
            while results.next().is_some() {
                taken += 1;
            }
        });
        let end = ["`next` returned `None`", "`next` went on with the panic"];
        let end = end[usize::from(panic.is_some())];
        assert!(
            taken == 99,
            "1 item of 100 panicked, and {end} after {taken} results, not after 99"
        );
        assert!(
            panic.is_some(),
            "a worker has panicked, but {end} after the results of the others"
        );
        assert_eq!(results.next(), None, "after the panic");
    });
}

thread_local! {
    static LEAVES: RefCell<Option<Leaves>> = const { RefCell::new(None) };
}

/// The last that a thread does is to drop its thread-locals. This one takes its time.
struct Leaves(Arc<AtomicUsize>);

impl Drop for Leaves {
    fn drop(&mut self) {
        let_others_run();
        self.0.fetch_add(1, SeqCst);
    }
}

/// Three workers, of which one panics or none. When `next` has returned `None`, or gone on with the panic, their
/// threads are gone: to have dropped what they own is not enough.
#[test]
fn when_the_results_have_ended_the_threads_have_too() {
    for panics in [false, true] {
        must_end(IN_NEXT, move || {
            let (left, all_work) = (Arc::new(AtomicUsize::new(0)), Barrier::new(3));
            let leave = Arc::clone(&left);
            let results = fan_out(items(0..3), 3, move |n| {
                LEAVES.set(Some(Leaves(Arc::clone(&leave))));
                all_work.wait();
                if panics && n == 1 {
                    staged_panic("a worker's");
                }
            });
            let panic = staged_panic_of(|| results.for_each(drop));
            assert!(
                panic.is_some() || !panics,
                "1 worker of 3 panicked, but `next` returned `None`"
            );
            let left = left.load(SeqCst);
            let then = ["had returned `None`", "had gone on with a panic"][usize::from(panics)];
            assert!(
                left == 3,
                "when `next` {then}, {} of 3 threads had not ended",
                3 - left
            );
        });
    }
}

/// Workers are threads of their own, and no more than were asked for.
#[test]
fn no_more_threads_than_workers() {
    must_end(IN_NEXT, || {
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let of_workers = Arc::clone(&seen);
        let me = format!("{:?}", thread::current().id());
        let results = fan_out(items(0..100), 3, move |_| {
            let id = format!("{:?}", thread::current().id());
            of_workers.lock().unwrap().insert(id);
            thread::yield_now();
        });
        assert_eq!(results.count(), 100);
        let seen = seen.lock().unwrap();
        assert!(
            seen.len() <= 3,
            "3 workers, and {} threads have worked",
            seen.len()
        );
        assert!(!seen.contains(&me), "the consumer has worked itself");
    });
}

/// With a slow consumer, a worker holds one result and waits.
#[test]
fn no_worker_runs_ahead() {
    must_end(IN_NEXT, || {
        let begun = Arc::new(AtomicUsize::new(0));
        let of_workers = Arc::clone(&begun);
        let mut results = fan_out(items(0..100), 3, move |_| {
            of_workers.fetch_add(1, SeqCst);
        });
        for asked in 0..20 {
            others_must_sleep("each worker has a result that nobody has asked for");
            let begun = begun.load(SeqCst);
            assert!(
                begun <= asked + 3,
                "3 workers have begun {begun} items, and {asked} results were asked for"
            );
            results.next().expect("there are 100 items");
        }
    });
}

/// Two workers, which both panic. A worker ends by that, and takes no other item: the results end, and the producer's next
/// send fails.
#[test]
fn when_all_have_panicked_the_results_end() {
    // CL-04
    must_end(IN_NEXT, || {
        let (sender, input) = bounded(0);
        let mut results = fan_out(input, 2, |n: u32| {
            if n < 2 {
                staged_panic("a worker's")
            }
        });
        assert!(
            sender.send(0).is_ok() && sender.send(1).is_ok(),
            "two workers take two items"
        );
        let panic = staged_panic_of(|| _ = results.next());
        assert_eq!(panic, Some("a worker's"));
        assert!(
            sender.send(2).is_err(),
            "all workers have gone, but an item was taken"
        );
        let again = staged_panic_of(|| assert_eq!(results.next(), None));
        assert!(
            again.is_none(),
            "`next` has gone on with the panic of one worker, and then with that of the other: one is enough"
        );
    });
}

/// No workers, which is a mistake of the caller: refused before a thread is started.
#[test]
fn nobody_works_without_workers() {
    assert_panics("fan_out_fan_in: no workers", || {
        _ = fan_out(items([1]), 0, |n| n)
    });
}

/// The operating system refuses a thread. Those that there are do the work; if there are none, `fan_out` panics. `workers` may
/// be any number: nothing is set aside, or asked for, as often as that.
#[test]
fn threads_that_cannot_be_had_are_done_without() {
    must_end(IN_NEXT, || {
        for threads in 1..4 {
            let mut results = None;
            let start = || fan_out(items(0..20), 4, |n| n);
            payload_of(|| results = Some(refuse_after(threads, start)));
            let results = results
                .unwrap_or_else(|| panic!("`fan_out` panicked, but it had {threads} of 4 threads"));
            assert_eq!(
                results.count(),
                20,
                "results of 20 items, with {threads} of 4 threads"
            );
        }
    });
    let asks_on = "`fan_out` has not returned: refused its third thread, it goes on asking for usize::MAX of them";
    must_end(asks_on, || {
        let results = refuse_after(2, || fan_out(items(0..20), usize::MAX, |n| n));
        assert_eq!(
            results.count(),
            20,
            "results of 20 items, with 2 threads of as many as there can be"
        );
        let panic = payload_of(|| _ = refuse_after(0, || fan_out(items([1]), 4, |n| n)));
        let message = panic.as_deref().map(harness::testing::message_of);
        assert_eq!(
            message,
            Some("fan_out_fan_in: no threads"),
            "no thread can be had"
        );
    });
}

#[test]
fn the_stream_can_go_to_another_thread() {
    fn is_send(_: impl Send) {}
    must_end(IN_NEXT, || {
        let results: FanIn<usize> = fan_out(items([1]), 1, |n| n);
        is_send(results);
    });
}
