//! What the docs promise, on real threads. No test here needs luck to pass, and the tests with threads do
//! not catch a wrong ordering: that is what the models in `src/race_freedom.rs` are for.

use harness::assert_bounds;
use harness::testing::while_unwinding;
use publication::Publication;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, MutexGuard};
use std::thread;

#[test]
fn get_is_none_before_publish() {
    let cell = Publication::<String>::new();
    assert_eq!(cell.get(), None);
    assert_eq!(cell.get(), None, "a get changes nothing");
}

#[test]
fn get_lends_what_was_published() {
    let cell = Publication::new();
    assert_eq!(cell.publish(String::from("first")), Ok(()));
    assert_eq!(cell.get().map(String::as_str), Some("first"));
}

#[test]
fn every_get_lends_the_same_value() {
    let cell = Publication::new();
    assert_eq!(cell.publish([7u64; 32]), Ok(()));
    let (once, again) = (cell.get().unwrap(), cell.get().unwrap());
    assert_eq!(once, &[7; 32]);
    assert!(
        std::ptr::eq(once, again),
        "two calls of get lent two different values"
    );
}

/// Two cells change places after a value was published in each: each takes its value along. Catches a pointer to the
/// place in which the value was written.
#[test]
fn a_cell_that_is_moved_takes_its_value_along() {
    let mut cells = [1, 2].map(|value| {
        let cell = Publication::new();
        assert_eq!(cell.publish(value), Ok(()));
        cell
    });
    // A pointer to the old place finds a value there too: the other one.
    cells.swap(0, 1);
    assert_eq!(
        cells.each_ref().map(Publication::get),
        [Some(&2), Some(&1)],
        "the values of two cells that have changed places"
    );
}

/// A destructor publishes while its thread unwinds: the value is there as any other is. Catches
/// `thread::panicking()` taken for "this `publish` has failed".
#[test]
fn a_publish_while_its_thread_unwinds_is_a_publish() {
    let cell = Publication::new();
    assert_eq!(while_unwinding(|| cell.publish(1)), Ok(()));
    let seen = cell.get();
    assert_eq!(
        seen,
        Some(&1),
        "`publish(1)` returned `Ok` while its thread unwound"
    );
    let late = while_unwinding(|| cell.publish(2));
    assert_eq!(late, Err(2), "1 was published before");
    assert_eq!(cell.into_inner(), Some(1));
}

/// A refused value is the caller's again, untouched.
#[test]
fn a_late_publisher_gets_its_value_back() {
    let cell = Publication::new();
    assert_eq!(cell.publish(String::from("first")), Ok(()));
    assert_eq!(
        cell.publish(String::from("second")),
        Err(String::from("second")),
        "another value was published before"
    );
}

/// The reference taken before the refusals is checked after each of them: if the slot is written again, the
/// value changes behind the reader's reference. There are more refusals than a byte can count.
#[test]
fn a_refused_publish_changes_nothing() {
    let cell = Publication::new();
    assert_eq!(cell.publish(1), Ok(()));
    let seen = cell.get().expect("published");
    // More refusals than a counter of 16 bits has values.
    for late in 2..=70_000 {
        assert_eq!(
            cell.publish(late),
            Err(late),
            "1 was published before {late}"
        );
        assert_eq!(
            *seen, 1,
            "a reference that was lent before {late} was refused"
        );
        assert_eq!(cell.get(), Some(&1), "get after {late} was refused");
    }
    assert_eq!(cell.into_inner(), Some(1));
}

#[test]
fn into_inner_takes_the_value_out() {
    let cell = Publication::new();
    assert_eq!(cell.publish(String::from("mine")), Ok(()));
    assert_eq!(cell.into_inner(), Some(String::from("mine")));
}

#[test]
fn into_inner_of_an_empty_cell_is_none() {
    assert_eq!(Publication::<u32>::new().into_inner(), None);
}

/// Any value can be published, also one that is `None` or 0, has no bytes, or is aligned to 256 of them: the value itself
/// cannot show whether there is one.
#[test]
fn any_value_can_be_published() {
    let nothing = Publication::new();
    assert_eq!(nothing.publish(None::<u32>), Ok(()));
    assert_eq!(nothing.publish(Some(1)), Err(Some(1)));
    assert_eq!(nothing.get(), Some(&None));
    assert_eq!(nothing.into_inner(), Some(None));

    let zero = Publication::new();
    assert_eq!(zero.publish(0u8), Ok(()));
    assert_eq!(zero.get(), Some(&0));

    let unit = Publication::new();
    assert_eq!(unit.get(), None);
    assert_eq!(unit.publish(()), Ok(()));
    assert_eq!(unit.publish(()), Err(()));
    assert_eq!(unit.get(), Some(&()));
    assert_eq!(unit.into_inner(), Some(()));

    // There are eight, because one may be aligned by luck.
    #[derive(Debug, PartialEq)]
    #[repr(align(256))]
    struct Line(u8);
    let lines: [Publication<Line>; 8] = std::array::from_fn(|_| Publication::new());
    for line in &lines {
        assert_eq!(line.publish(Line(7)), Ok(()));
        let at = std::ptr::from_ref(line.get().expect("published")).addr();
        assert_eq!(
            at % align_of::<Line>(),
            0,
            "how far the value is from its alignment"
        );
    }
    for line in lines {
        assert_eq!(line.into_inner(), Some(Line(7)));
    }
}

#[test]
fn one_of_many_publishers_wins() {
    const PUBLISHERS: usize = 4;
    for _ in 0..100 {
        let cell = Publication::new();
        let start = Barrier::new(PUBLISHERS);
        let results: Vec<_> = thread::scope(|scope| {
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|me| {
                    let (cell, start) = (&cell, &start);
                    scope.spawn(move || {
                        start.wait();
                        cell.publish(me)
                    })
                })
                .collect();
            publishers.into_iter().map(|p| p.join().unwrap()).collect()
        });

        let winners: Vec<_> = (0..PUBLISHERS).filter(|&me| results[me].is_ok()).collect();
        assert_eq!(winners.len(), 1, "exactly one publisher wins: {results:?}");
        for (me, result) in results.into_iter().enumerate() {
            if me != winners[0] {
                assert_eq!(result, Err(me), "publisher {me} gets its own value back");
            }
        }
        assert_eq!(cell.get(), Some(&winners[0]));
    }
}

/// Sets its flag when it is dropped.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// After CH-19: what a send publishes is visible to the receiver. Here it is visible to every reader.
#[test]
fn readers_see_nothing_or_the_whole_value() {
    const WHOLE: [usize; 16] = [1; 16];
    for _ in 0..50 {
        let cell = Publication::new();
        let start = Barrier::new(3);
        let published = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    start.wait();
                    while !published.load(Ordering::Acquire) {
                        // Copied before it is compared: a torn value may be whole again by the time it is
                        // printed.
                        if let Some(seen) = cell.get().copied() {
                            assert_eq!(seen, WHOLE, "a reader saw part of a value");
                        }
                    }
                    // `publish` has returned `Ok`, and the flag orders that before this.
                    assert_eq!(cell.get(), Some(&WHOLE));
                });
            }
            start.wait();
            // Also set if `publish` panics: the readers must not loop for ever.
            let _published = SetOnDrop(&published);
            assert_eq!(cell.publish(WHOLE), Ok(()));
        });
    }
}

/// Once published, always there: for a reader beside another reader, and while another thread tries to
/// publish. A `get` that gives up if another thread holds a lock is likely to fail here.
#[test]
fn a_published_value_never_hides() {
    const LOOKS: usize = 10_000;
    let cell = Publication::new();
    assert_eq!(cell.publish(1), Ok(()));
    let start = Barrier::new(3);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                for look in 0..LOOKS {
                    assert_eq!(cell.get(), Some(&1), "published before look {look}");
                }
            });
        }
        start.wait();
        for _ in 0..LOOKS {
            assert_eq!(cell.publish(2), Err(2), "1 was published before");
        }
    });
}

/// The cell is made on this thread, filled on a second, and emptied on a third.
#[test]
fn the_cell_moves_between_threads() {
    let cell = Publication::new();
    let cell = thread::spawn(move || {
        assert_eq!(cell.publish(String::from("from afar")), Ok(()));
        cell
    })
    .join()
    .unwrap();
    let value = thread::spawn(move || cell.into_inner()).join().unwrap();
    assert_eq!(value, Some(String::from("from afar")));
}

/// The bounds of the section "Threads" in the docs. A shared cell lends its value to several threads at once, so a
/// cell is `Sync` only if its value is; and it carries the value from the thread that publishes it to the one that
/// drops it, so the value must be `Send` too. A cell that moves to another thread takes its value along.
#[test]
fn send_and_sync_follow_from_the_value() {
    let cell = Publication::new();
    thread::scope(|scope| {
        scope.spawn(|| cell.publish(5));
    });
    assert_eq!(cell.get(), Some(&5));

    assert_bounds!(Publication<u32>: Send + Sync);
    // Another thread can change the content of a `&Cell`, so only one thread at a time may have the cell.
    assert_bounds!(Publication<Cell<u32>>: Send + !Sync);
    // Two threads with an `Rc` each would count references in a data race.
    assert_bounds!(Publication<Rc<u32>>: !Send + !Sync);
    // All threads may read a guard, but the thread that locked must drop it. A shared cell would carry it
    // to the thread that drops the cell.
    assert_bounds!(Publication<MutexGuard<'static, u32>>: !Sync);
}
