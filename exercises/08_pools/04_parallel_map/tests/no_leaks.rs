//! However a map ends, no thread, no value and no memory stays behind.

use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread::refuse_after;
use harness::testing::payload_of;
use parallel_map::{ParallelMap, parallel_map};
use std::panic::resume_unwind;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// What becomes of an item.
#[derive(Clone, Copy)]
enum Fate {
    Value,
    Error,
    Panic,
}
use Fate::{Error, Panic, Value};

/// Tracked items, which become results, errors, and payloads, on two threads with a window of three.
fn map(fates: impl IntoIterator<Item = Fate>) -> ParallelMap<Tracked<usize>, Tracked<usize>> {
    let items: Vec<_> = fates.into_iter().enumerate().collect();
    let items: Vec<_> = items
        .into_iter()
        .map(|(n, fate)| (track(n), fate))
        .collect();
    let results = parallel_map(items, 2, 3, |(item, fate)| match fate {
        Value => Ok(item),
        Error => Err(item),
        Panic => resume_unwind(Box::new(item)),
    });
    results.expect("there are threads")
}

#[test]
fn a_map_that_is_taken_to_its_end_leaves_nothing() {
    leaks::check(|| {
        let results: Result<Vec<_>, _> = map([Value; 10]).collect();
        assert_eq!(results.expect("none fails").len(), 10);
    });
}

#[test]
fn a_consumer_that_leaves_leaves_nothing() {
    leaks::check(|| {
        drop(map([Value; 10]));
        let mut results = map([Value; 10]);
        assert!(results.next().is_some_and(|result| result.is_ok()));
        drop(results);
        let mut endless =
            parallel_map(0.., 2, 3, |n: u64| Ok::<_, ()>(vec![n])).expect("there are threads");
        assert_eq!(endless.nth(9), Some(Ok(vec![9])));
    });
}

/// Errors and payloads behind the first failure are dropped, and the items that nobody has taken.
#[test]
fn failures_leave_nothing() {
    leaks::check(|| {
        let results: Result<Vec<_>, _> = map([Value, Error, Error, Panic, Value, Error]).collect();
        assert_eq!(results.err().as_deref(), Some(&1));
        drop(map([Error, Panic, Value]));
    });
}

#[test]
fn panics_leave_nothing() {
    leaks::check(|| {
        let mut results = map([Value, Panic, Panic, Error, Value]);
        let payload = payload_of(|| _ = results.by_ref().count());
        let payload = payload.expect("the second item has panicked");
        assert_eq!(
            payload.downcast_ref::<Tracked<usize>>().map(|n| **n),
            Some(1)
        );
        let next = payload_of(|| assert!(results.next().is_none(), "a result"));
        assert!(
            next.is_none(),
            "after the panic `next` should return None, and it did not"
        );
    });
}

#[test]
fn a_refused_thread_leaves_nothing() {
    leaks::check(|| {
        let items = [1, 2, 3].map(|n| track(n));
        let refused = refuse_after(1, || parallel_map(items, 2, 3, Ok::<_, ()>));
        assert!(
            refused.is_err(),
            "the second thread was refused, and there is a map"
        );
    });
}

/// A map may run for as long as its server. It keeps nothing of what it has returned.
#[test]
fn a_map_keeps_nothing_of_its_results() {
    let left_by = |items: u64| {
        let mut kept = None;
        let left = leaks::bytes_left_by(|| {
            let results = kept.insert(
                parallel_map(0.., 2, 8, |n: u64| Ok::<_, ()>(vec![n; 10]))
                    .expect("there are threads"),
            );
            for n in 0..items {
                assert_eq!(
                    results.next().map(|result| result.map(|v| v[0])),
                    Some(Ok(n))
                );
            }
        });
        drop(kept);
        left
    };
    let (few, many) = (left_by(10), left_by(20_000));
    assert!(
        many < few + 10_000,
        "a map keeps {few} bytes after 10 results, and {many} after 20,000: more than half a byte for each of them"
    );
}
