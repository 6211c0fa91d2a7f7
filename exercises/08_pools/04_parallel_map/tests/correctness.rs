//! What the docs promise, on real threads. IDs such as WP-01 name behaviours of Go's worker pools and of
//! its errgroup.

use harness::assert_bounds;
use harness::sync::real::thread::{refuse_after, refuse_only};
use harness::testing::{
    Counted, assert_panics, assert_passes_on, must_end, must_sleep_on_threads, others_must_sleep,
    wait_until, while_unwinding,
};
use parallel_map::{ParallelMap, parallel_map};
use std::cell::Cell;
use std::collections::HashSet;
use std::convert::Infallible;
use std::iter::FusedIterator;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

const IN_MAP: &str = "a thread is still in `next`, or in a call of `f`";

/// Starts the threads of a map that does not fail.
#[track_caller]
fn spawn<I, R>(
    items: I,
    [workers, window]: [usize; 2],
    f: impl Fn(I::Item) -> R + Send + Sync + 'static,
) -> impl Iterator<Item = R>
where
    I: IntoIterator,
    I::IntoIter: Send + 'static,
    R: Send + 'static,
{
    let results = parallel_map(items, workers, window, move |item| {
        Ok::<_, Infallible>(f(item))
    });
    let results = results.expect("there are threads");
    results.map(|result| match result {
        Ok(value) => value,
    })
}

#[test]
fn zero_is_refused() {
    let f = |n: u32| Ok::<_, ()>(n);
    assert_panics("parallel_map: zero workers", || {
        drop(parallel_map([1], 0, 1, f))
    });
    assert_panics("parallel_map: zero window", || {
        drop(parallel_map([1], 1, 0, f))
    });
}

/// Thousands of items on three threads, in windows from one to more than there are items, and without a limit:
/// the last time more items than a `u16` can count.
#[test]
fn results_come_in_the_order_of_the_items() {
    // WP-02
    must_end(IN_MAP, || {
        // A small window makes threads sleep and wake each other for every item.
        for (items, window) in [
            (1_000, 1),
            (1_000, 2),
            (2_000, 7),
            (10_000, 20_000),
            (70_000, usize::MAX),
        ] {
            let squares = spawn(0..items, [3, window], |n: u64| {
                if n.is_multiple_of(97) {
                    thread::yield_now();
                }
                n * n
            });
            let squares: Vec<_> = squares.collect();
            let wrong = squares
                .iter()
                .zip(0..)
                .find(|&(square, n)| *square != n * n);
            assert_eq!(
                wrong, None,
                "a result at the wrong place, and its place, with a window of {window}"
            );
            assert_eq!(
                squares.len() as u64,
                items,
                "results of {items} items, with a window of {window}"
            );
        }
        assert_eq!(
            spawn(0..10_000, [3, 7], |n| n).count(),
            10_000,
            "results in all"
        );
        assert_eq!(
            spawn([0; 0], [2, 2], |n| n).count(),
            0,
            "results of no items"
        );
        assert_eq!(
            spawn([(); 3], [2, 2], |()| Counted).count(),
            3,
            "results without a size"
        );
    });
}

/// A window that no memory has room for, and a source that says it has as many items. The third fails.
#[test]
fn a_window_may_be_any_number() {
    let where_it_hangs = "no result comes, and the window is half of all numbers, or all";
    must_end(where_it_hangs, || {
        for window in [usize::MAX / 2 + 1, usize::MAX] {
            let results = parallel_map(0.., 1, window, |n| if n < 2 { Ok(n) } else { Err(n) });
            let results: Vec<_> = results.expect("there are threads").collect();
            assert_eq!(results, [Ok(0), Ok(1), Err(2)], "with a window of {window}");
        }
    });
}

/// Three calls of `f` wait for each other. That takes three threads.
#[test]
fn all_threads_work_at_the_same_time() {
    must_end(
        "three items are not worked on at the same time by three threads",
        || {
            let all_here = Barrier::new(3);
            let ids = spawn(0..6, [3, 3], move |_| {
                all_here.wait();
                thread::current().id()
            });
            let ids: HashSet<_> = ids.collect();
            assert_eq!(ids.len(), 3, "threads that worked on six items");
        },
    );
}

#[test]
fn no_more_than_the_workers_work() {
    // WP-01
    must_end(IN_MAP, || {
        let (busy, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::clone(&most);
        let results = spawn(0..500, [3, 50], move |_| {
            seen.fetch_max(busy.fetch_add(1, SeqCst) + 1, SeqCst);
            thread::yield_now();
            busy.fetch_sub(1, SeqCst);
        });
        assert_eq!(results.count(), 500, "results in all");
        let most = most.load(SeqCst);
        assert!(
            most <= 3,
            "{most} items were worked on at the same time, and there are 3 threads"
        );
    });
}

/// A source without an end. Nobody asks for a result, and as many items are worked on as
/// the window has room for. Then each result that is taken makes room for one item.
#[test]
fn the_threads_work_ahead_by_the_window() {
    // WP-05, WP-06
    for window in [5, 300] {
        must_end(
            "main waits until an item is taken for which there is room",
            move || {
                let (works, worked) = mpsc::channel();
                let mut results = spawn(0.., [2, window], move |n: usize| {
                    let _ = works.send(()); // main may have left
                    n
                });
                for taken in 0..20 {
                    for _ in 0..if taken == 0 { window } else { 1 } {
                        worked.recv().expect("the threads are there");
                    }
                    if taken == 0 {
                        others_must_sleep("the window is full");
                    }
                    let more = worked.try_iter().count();
                    assert!(
                        more == 0,
                        "{} items were in flight, and {window} is the window: {taken} results were taken, and \
                         {} items are worked on",
                        window + more,
                        window + taken + more
                    );
                    assert_eq!(results.next(), Some(taken), "result {taken}");
                }
            },
        );
    }
}

/// The first item takes as long as all others together. Meanwhile the other thread works on those behind it,
/// and no more than the window is asked for.
#[test]
fn a_slow_item_holds_back_the_source() {
    // WP-05
    must_end(IN_MAP, || {
        let asked = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&asked);
        let source = (0..1000).inspect(move |_| {
            seen.fetch_add(1, SeqCst);
        });
        let (let_go, waits) = mpsc::channel::<()>();
        let (waits, done) = (Mutex::new(waits), Arc::new(AtomicUsize::new(0)));
        let theirs = Arc::clone(&done);
        let mut results = spawn(source, [2, 8], move |n| {
            if n == 0 {
                let _ = waits.lock().unwrap().recv(); // until main lets it go
            }
            theirs.fetch_add(1, SeqCst);
            n
        });
        wait_until(
            "seven items behind the slow one have room in the window, and are not all worked on",
            || done.load(SeqCst) >= 7,
        );
        for _ in 0..100 {
            thread::yield_now();
        }
        let asked = asked.load(SeqCst);
        assert!(
            asked == 8,
            "{asked} items were asked for while the first of them is worked on: all of them are in flight, and \
             8 is the window"
        );
        let_go.send(()).expect("it waits");
        assert_eq!(results.by_ref().count(), 1000, "results in all");
    });
}

/// The first item is worked on for ever, and the consumer asks for its result, and sleeps, even while it unwinds.
#[test]
fn a_consumer_that_waits_sleeps() {
    let waits = || {
        let (_never, waits) = mpsc::channel::<()>();
        let waits = Mutex::new(waits);
        let mut results = spawn(0..9, [2, 3], move |n| {
            n > 0 || waits.lock().unwrap().recv().is_ok()
        });
        _ = results.next();
    };
    let because = "the first item was worked on";
    must_sleep_on_threads("`next`", because, waits);
    must_sleep_on_threads("`next`, while its thread unwinds,", because, move || {
        while_unwinding(waits)
    });
}

/// Two items of a hundred are errors, and the later one is found first.
#[test]
fn the_first_error_is_that_of_the_first_item() {
    must_end(IN_MAP, || {
        for _ in 0..50 {
            let later = Mutex::new(None);
            let (tell, told) = mpsc::channel();
            *later.lock().unwrap() = Some(told);
            let results = parallel_map(0..100, 3, 20, move |n| match n {
                30 => {
                    let told = later.lock().unwrap().take().expect("once");
                    told.recv().expect("item 40 has failed, or is about to");
                    Err(n)
                }
                40 => {
                    tell.send(()).expect("item 30 waits");
                    Err(n)
                }
                _ => Ok(n),
            });
            let results: Vec<_> = results.expect("there are threads").collect();
            let expected: Vec<_> = (0..30).map(Ok).chain([Err(30)]).collect();
            assert_eq!(results, expected, "all results");
        }
    });
}

/// `collect` into a `Result` takes the first error, and drops the map.
#[test]
fn it_collects_into_a_result() {
    // EG-04
    must_end(IN_MAP, || {
        let parse = |word: &str| word.parse::<u32>();
        let good = parallel_map(["1", "2", "3"], 2, 2, parse).expect("there are threads");
        assert_eq!(good.collect::<Result<Vec<_>, _>>(), Ok(vec![1, 2, 3]));
        let bad = parallel_map((0_u64..).map(|n| n / 1000), 2, 4, |n| {
            if n == 3 { Err(n) } else { Ok(n) }
        });
        let bad: Result<Vec<_>, _> = bad.expect("there are threads").collect();
        assert_eq!(bad, Err(3), "the error in an endless source");
    });
}

/// A call of `f` panics, and then a source: the results before it come first, then the panic as it was, and
/// then the end.
#[test]
fn panics_go_on_with_their_payload() {
    // WP-13, as it is in Rust
    must_end(IN_MAP, || {
        let mut results = spawn(0..9, [2, 3], |n| if n == 5 { panic!("item 5") } else { n });
        for n in 0..5 {
            assert_eq!(results.next(), Some(n), "the result of item {n}");
        }
        assert_panics("item 5", || _ = results.next());
        assert_eq!(results.next(), None, "after the panic");
        assert_passes_on(|raise| spawn(0..1, [2, 3], move |_| -> u32 { raise() }).for_each(drop));

        let source = (0..9).inspect(|n| assert!(*n != 2, "{}", "the source"));
        let mut results = spawn(source, [2, 3], |n| n);
        assert_eq!((results.next(), results.next()), (Some(0), Some(1)));
        assert_panics("the source", || _ = results.next());
        assert_eq!(results.next(), None, "after the panic");
    });
}

/// The source has ended, and its destructor panics: that is a panic of the source, and comes in place of the
/// end, which is told when the destructor has returned.
#[test]
fn a_source_may_panic_in_its_destructor() {
    struct Panics(std::ops::Range<u32>);
    impl Iterator for Panics {
        type Item = u32;
        fn next(&mut self) -> Option<u32> {
            self.0.next()
        }
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            if self.0.is_empty() {
                panic!("the destructor");
            }
        }
    }
    must_end(IN_MAP, || {
        let mut results = spawn(Panics(0..2), [2, 3], |n| n);
        assert_eq!((results.next(), results.next()), (Some(0), Some(1)));
        assert_panics("the destructor", || _ = results.next());
        assert_eq!(results.next(), None, "after the panic");
    });
}

/// Three threads share a source that has mutable state and no lock. Each item comes once, and is worked on
/// by the thread that has asked for it, so that it need not be `Send`.
#[test]
fn the_source_is_asked_by_one_thread_at_a_time() {
    struct Counts(u32);
    impl Iterator for Counts {
        type Item = (thread::ThreadId, Rc<u32>);
        fn next(&mut self) -> Option<Self::Item> {
            let before = self.0;
            thread::yield_now();
            self.0 = before + 1;
            (before < 2000).then(|| (thread::current().id(), Rc::new(before)))
        }
    }
    must_end(IN_MAP, || {
        let results = spawn(Counts(0), [3, 9], |(made_on, number)| {
            assert_eq!(
                made_on,
                thread::current().id(),
                "the thread that made item {number}"
            );
            *number
        });
        let numbers: Vec<_> = results.collect();
        assert_eq!(numbers.len(), 2000, "items in all");
        let wrong = numbers.into_iter().zip(0..).find(|(number, n)| number != n);
        assert_eq!(wrong, None, "an item at the wrong place, and its place");
    });
}

/// The source sleeps between two items. The consumer has the first result meanwhile, and leaves; when the
/// source wakes up, it is dropped, and `f` too.
#[test]
fn a_source_that_sleeps_is_dropped_when_it_wakes() {
    must_end("the source is not dropped, or `f` is not", || {
        let (items, source) = mpsc::channel();
        let (alive, owned) = (Arc::new(()), Arc::new(()));
        let (in_source, in_f) = (Arc::clone(&alive), Arc::clone(&owned));
        let source = source.into_iter().inspect(move |_| _ = &in_source);
        items.send(0).expect("the source is there");
        let mut results = spawn(source, [2, 4], move |n| {
            let _ = &in_f;
            n
        });
        assert_eq!(
            results.next(),
            Some(0),
            "the first result, while the source sleeps"
        );
        drop(results);
        let _ = items.send(1);
        wait_until("the source is still there", || {
            Arc::strong_count(&alive) == 1
        });
        wait_until("`f` is still there", || Arc::strong_count(&owned) == 1);
    });
}

/// The system refuses one of three threads, and grants those after it. `parallel_map` returns the error, or asks again: there is
/// no map with fewer threads than it should have, and as many calls of `f` run at once.
#[test]
fn a_thread_that_cannot_be_had_is_not_left_out() {
    let fewer = "a thread was refused, and `parallel_map` has returned a map with fewer: three calls of `f` do not run at once";
    must_end(fewer, || {
        for granted in 0..3 {
            let all = Barrier::new(3);
            let f = move |_| Ok::<_, ()>(all.wait().is_leader());
            if let Ok(results) = refuse_only(granted, || parallel_map(0..3, 3, 3, f)) {
                assert_eq!(results.count(), 3, "results");
            }
        }
    });
}

/// With a window of one there is work for one thread.
#[test]
fn no_more_threads_are_started_than_have_room() {
    must_end(IN_MAP, || {
        let started = refuse_after(1, || parallel_map(0..3, 4, 1, Ok::<u32, ()>));
        let Ok(results) = started else {
            panic!("a window of one needs one thread, and `parallel_map` asked for more");
        };
        assert_eq!(results.count(), 3, "results");
    });
}

/// The consumer is in a destructor while its thread unwinds: it gets values, and it may leave.
#[test]
fn it_works_while_the_consumer_unwinds() {
    must_end(IN_MAP, || {
        let sum = while_unwinding(|| spawn(1..=100, [2, 4], |n| n).sum::<u32>());
        assert_eq!(sum, 5050);
        let owned = Arc::new(());
        let in_f = Arc::clone(&owned);
        let first = while_unwinding(|| {
            let f = move |n| {
                let _ = &in_f;
                n
            };
            spawn(1.., [2, 4], f).next()
        });
        assert_eq!(first, Some(1));
        let still = "the consumer has left while its thread unwound, and `f` is still there";
        wait_until(still, || Arc::strong_count(&owned) == 1);
        drops_results_while_it_unwinds();
    });
}

/// Two threads are in `f`, so that of item 0, which was first, the result is there when the map is dropped.
fn drops_results_while_it_unwinds() {
    let (token, in_f) = (Arc::new(()), Arc::new(AtomicUsize::new(0)));
    let (release, gate) = mpsc::channel::<()>();
    let (gate, result, entered) = (Mutex::new(gate), Arc::clone(&token), Arc::clone(&in_f));
    let results = spawn(0.., [2, 4], move |n| {
        if n > 0 {
            entered.fetch_add(1, SeqCst);
            let _ = gate.lock().map(|gate| gate.recv());
        }
        Arc::clone(&result)
    });
    wait_until(
        "two threads and a window of four, and no call of `f` for items 1 and 2",
        || in_f.load(SeqCst) == 2,
    );
    let left = while_unwinding(|| {
        drop(results);
        Arc::strong_count(&token) - 2
    });
    drop(release);
    assert_eq!(
        left, 0,
        "results that are still there when the map has been dropped, while its thread unwound"
    );
}

#[test]
fn a_map_goes_where_its_results_may_go() {
    fn is_fused(_: &impl FusedIterator) {}
    must_end(IN_MAP, || {
        let results = parallel_map(0..3, 1, 1, Ok::<u32, ()>).expect("there are threads");
        is_fused(&results);
        let sum = thread::spawn(move || results.map(|n| n.unwrap_or(0)).sum::<u32>());
        assert_eq!(sum.join().expect("it does not panic"), 3);
    });
    assert_bounds!(ParallelMap<Cell<u32>, Cell<u32>>: Send + Sync);
    assert_bounds!(ParallelMap<Rc<u32>, ()>: !Send + !Sync);
    assert_bounds!(ParallelMap<(), Rc<u32>>: !Send + !Sync);
}
