//! A published value is dropped exactly once, and one that was never published is not dropped at all.
//!
//! Tracked values are numbers on purpose: a string that is dropped twice crashes the whole process, but
//! with a number the test can say what happened. The heap is checked too, for cells that keep their value
//! in a box.

use harness::leaks::{self, track};
use harness::sync::real::thread;
use harness::testing::{Counted, while_unwinding};
use publication::Publication;
use std::sync::Barrier;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// A cell drops the value that was published, once.
#[test]
fn a_value_is_dropped_with_its_cell() {
    leaks::check(|| {
        let cell = Publication::new();
        cell.publish(track(1)).expect("the only publisher wins");
        assert!(cell.get().is_some());
    });
}

/// The cell goes while its thread is panicking, and its value goes with it all the same.
#[test]
fn a_panic_drops_the_value_too() {
    leaks::check(|| {
        let cell = Publication::new();
        cell.publish(track(1)).expect("the only publisher wins");
        while_unwinding(|| drop(cell));
    });
}

/// Nothing was published, so there is nothing to drop: what the slot holds is not a value.
#[test]
fn an_empty_cell_drops_nothing() {
    leaks::check(|| {
        drop(Publication::<Counted>::new());
        assert_eq!(Counted::drops(), 0, "values dropped with an empty cell");
        assert!(Publication::<Counted>::new().into_inner().is_none());
        assert_eq!(
            Counted::drops(),
            0,
            "values dropped by `into_inner` of an empty cell"
        );
    });
}

/// A cell drops what was published, once, and nothing else: neither what is in the slot before a value is moved
/// in, nor what was taken out. The values have no bytes, so a drop of what was never made does no more than count.
#[test]
fn only_what_was_published_is_dropped() {
    let drops_in = |f: &dyn Fn()| {
        let before = Counted::drops();
        f();
        Counted::drops() - before
    };
    leaks::check(|| {
        let cell = Publication::new();
        let publish = || cell.publish(Counted).expect("the only publisher wins");
        assert_eq!(drops_in(&publish), 0, "values dropped by `publish`");
        assert_eq!(
            drops_in(&|| drop(cell.publish(Counted))),
            1,
            "the refused value"
        );
        let before = Counted::drops();
        drop(cell);
        assert_eq!(
            Counted::drops() - before,
            1,
            "values dropped with their cell: a value without bytes was published"
        );

        let cell = Publication::new();
        cell.publish(Counted).expect("the only publisher wins");
        let before = Counted::drops();
        let taken = cell.into_inner().expect("published");
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped by `into_inner`"
        );
        drop(taken);
    });
}

/// A refused value goes back to its owner, and nothing of it stays behind: neither the value nor a box made for
/// it.
#[test]
fn a_refused_value_stays_with_its_owner() {
    leaks::check(|| {
        let cell = Publication::new();
        cell.publish(track(1)).expect("the first publisher wins");
        let refused = cell.publish(track(2)).expect_err("the second is refused");
        assert_eq!(refused, 2);
        drop(refused);
        assert_eq!(cell.get().map(|value| **value), Some(1));
    });
}

/// `into_inner` moves the value out: its new owner drops it, once, and a box in which it lay is freed.
#[test]
fn a_value_taken_out_is_dropped_once() {
    leaks::check(|| {
        let cell = Publication::new();
        cell.publish(track(1)).expect("the only publisher wins");
        let value = cell.into_inner().expect("published");
        assert_eq!(value, 1);
    });
}

/// Three threads publish at once: the winner's value is dropped with the cell, and the others by those who get them
/// back. Catches a box that stays behind if its value is refused at the last moment, for which it takes luck: there are
/// many rounds.
#[test]
fn every_value_is_dropped_once() {
    leaks::check(|| {
        for _ in 0..25 {
            let cell = Publication::new();
            let start = Barrier::new(3);
            thread::scope(|scope| {
                for value in [track(1), track(2), track(3)] {
                    let (cell, start) = (&cell, &start);
                    scope.spawn(move || {
                        start.wait();
                        drop(cell.publish(value));
                    });
                }
            });
            assert!(cell.get().is_some());
        }
    });
}

/// For a cell that keeps its value in a box: a box whose value has been moved out must still be freed.
#[test]
fn the_memory_goes_back_too() {
    leaks::check(|| {
        let full = Publication::new();
        assert_eq!(full.publish([1u64; 8]), Ok(()));
        assert_eq!(full.publish([2u64; 8]), Err([2; 8]));
        let taken = Publication::new();
        assert_eq!(taken.publish([3u64; 8]), Ok(()));
        assert_eq!(taken.into_inner(), Some([3; 8]));
    });
}
