//! Models: each explores every interleaving of a few threads, and every value that a load may return in it.
//! A reordering that your processor never shows is an interleaving like any other here.

use crate::Publication;
use crate::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::thread;
use harness::leaks::track;
use harness::testing::{Watched, both, ends_beside_a_stopped_call, has_locked, never_waits, spawn};

/// One thread publishes while another calls `get`, which finds nothing, or the whole value. Catches a `get` that
/// finds the value announced but not yet written: it was announced too early, or by a store and a load that order
/// nothing.
///
/// CH-19 for a cell in place of a channel, and mem, "Incorrect synchronization".
#[test]
fn a_reader_sees_nothing_or_the_whole_value() {
    harness::model(|| {
        let cell = Publication::<Watched<u32>>::new();
        thread::scope(|scope| {
            spawn(scope, "reader", || {
                if let Some(seen) = cell.get() {
                    assert_eq!(seen.read(), 7);
                }
            });
            let result = cell.publish(Watched::new("watched", 7));
            assert!(result.is_ok(), "the only publisher was refused");
        });
        let seen = cell
            .get()
            .expect("the value was published, and the publisher has ended");
        assert_eq!(seen.read(), 7);
    });
}

/// A weak exchange may fail though the cell is empty. Catches a publisher that takes this for a refusal.
#[test]
fn a_publisher_alone_is_not_refused() {
    harness::Model::new().spurious_failures(2).check(|| {
        let cell = Publication::new();
        assert_eq!(cell.publish(1), Ok(()), "the only publisher");
        assert_eq!(cell.get(), Some(&1));
    });
}

/// The publisher leaves a note first, and a reader that sees the value looks for the note. Catches a reader
/// that does not find it: the note is Relaxed, so only `publish` and `get` can order it.
///
/// mem, "Atomic Values"; ON-07 promises the same of a Once.
#[test]
fn publish_carries_what_came_before() {
    harness::model(|| {
        let cell = Publication::new();
        let note = AtomicU32::new(0);
        thread::scope(|scope| {
            spawn(scope, "reader", || {
                if cell.get().is_some() {
                    assert_eq!(
                        note.load(Relaxed),
                        1,
                        "`get` returned the value, but the reader does not see the note stored before `publish`"
                    );
                }
            });
            note.store(1, Relaxed);
            assert_eq!(cell.publish(()), Ok(()));
        });
    });
}

/// Two threads publish. To find the cell empty and to claim it is one step, and only the thread that has claimed
/// it writes into it. Catches the interleaving in which both find the cell empty before either has claimed it.
#[test]
fn one_of_two_publishers_wins() {
    harness::model(|| {
        let cell = Publication::new();
        let (first, second) = thread::scope(|scope| {
            let rival = spawn(scope, "rival", || cell.publish(2));
            (cell.publish(1), rival.join().unwrap())
        });
        let winner = match (first, second) {
            (Ok(()), Err(2)) => 1,
            (Err(1), Ok(())) => 2,
            (first, second) => panic!(
                "one publisher must win, and the other must get its own value back: \
                 publish(1) returned {first:?}, publish(2) returned {second:?}"
            ),
        };
        assert_eq!(cell.into_inner(), Some(winner), "the winner's value");
    });
}

/// Two threads publish, and each calls `get` twice after that. A value that a `get` has returned stays there, and is
/// the winner's. Catches a loser that changes the value or the state while the winner reads, and a winner that
/// announces its value and takes that back for a moment.
#[test]
fn a_reader_sees_only_the_winners_value() {
    harness::model(|| {
        let cell = Publication::new();
        let publishes_and_reads = |value| {
            let won = cell.publish(value).is_ok();
            let seen = cell.get().copied();
            assert_eq!(
                won,
                seen == Some(value),
                "publish({value}): whether it won, and whether {value} was seen, for `get` returned {seen:?}"
            );
            if seen.is_some() {
                assert_eq!(
                    cell.get().copied(),
                    seen,
                    "the value changed after {seen:?} was seen"
                );
            }
        };
        both(|| publishes_and_reads(1), || publishes_and_reads(2));
    });
}

/// One reader sees the value and tells another. Catches a second `get` that finds nothing, or finds a value
/// that is not ordered after its making: happens-before carries over from thread to thread.
#[test]
fn a_reader_told_of_the_value_sees_it() {
    harness::model(|| {
        let cell = Publication::<Watched<u32>>::new();
        let told = AtomicBool::new(false);
        thread::scope(|scope| {
            spawn(scope, "first reader", || {
                if cell.get().is_some() {
                    // Pairs with the Acquire below.
                    told.store(true, Release);
                }
            });
            spawn(scope, "second reader", || {
                if told.load(Acquire) {
                    let seen = cell.get();
                    let seen = seen.expect("the first reader has already seen the value");
                    assert_eq!(seen.read(), 7);
                }
            });
            assert!(
                cell.publish(Watched::new("watched", 7)).is_ok(),
                "the only publisher was refused"
            );
        });
    });
}

/// The value is there before the threads start, so `get` finds it at every instant: beside another `get`, and
/// beside a `publish` that is refused. Catches a `get` that finds nothing: because the late publisher has changed
/// the state and not yet restored it, or because another thread holds a lock that `get` only tries to take.
#[test]
fn nobody_hides_a_published_value() {
    harness::model(|| {
        let cell = Publication::new();
        assert_eq!(cell.publish(1), Ok(()));
        thread::scope(|scope| {
            spawn(scope, "reader", || {
                assert_eq!(
                    cell.get(),
                    Some(&1),
                    "`get`, in a thread that was spawned after 1 was published, beside a `publish(2)` that is refused"
                );
            });
            spawn(scope, "late publisher", || {
                assert_eq!(cell.publish(2), Err(2));
            });
            assert_eq!(
                cell.get(),
                Some(&1),
                "`get`, in the thread that has published 1, beside a `publish(2)` that is refused"
            );
        });
    });
}

/// Two threads publish, one value is there, and the cell is dropped: one value goes with the cell, the other with its
/// publisher. Catches a value that is dropped twice, or not at all, in one of the two orders.
#[test]
fn both_values_are_dropped_once() {
    harness::model(|| {
        let cell = Publication::new();
        thread::scope(|scope| {
            spawn(scope, "rival", || drop(cell.publish(track(2))));
            drop(cell.publish(track(1)));
        });
        assert!(
            cell.get().is_some(),
            "two threads have published, so one value must be there, but `get` returned None"
        );
        drop(cell);
    });
}

/// A refused `publish` changes nothing at any instant: a `get` beside it finds the value that was there before.
/// Catches a publisher that claims the cell first and finds out later that it is taken: in between, the value is
/// hidden from a reader.
#[test]
fn a_refused_publisher_hides_nothing() {
    harness::model(|| {
        let cell = Publication::new();
        assert_eq!(cell.publish(1), Ok(()));
        let (seen, refused) = both(|| cell.get().copied(), || cell.publish(2));
        assert_eq!(seen, Some(1), "`get`, beside a `publish` that is refused");
        assert_eq!(refused, Err(2), "1 was published before");
    });
}

/// Two threads publish, and each calls `get` after that. Either may be stopped anywhere, and stops no other: neither
/// takes a lock, or waits. Catches a publisher or a reader that sleeps or spins until the first publisher has finished,
/// and a lock around the slot.
#[test]
fn nobody_waits_for_the_winner() {
    harness::model(|| {
        let cell = Publication::new();
        let publishes_and_reads = |value| {
            let _ = never_waits("`publish`", || cell.publish(value));
            never_waits("`get`", || cell.get());
            assert!(
                !has_locked(),
                "`publish` or `get` took a lock: a thread that is stopped while it holds one stops the others"
            );
        };
        both(|| publishes_and_reads(1), || publishes_and_reads(2));
    });
}

/// A thread is stopped in the middle of a call, at each place in turn, and another makes a call all the same. Catches a
/// lock that is made of an atomic.
#[test]
fn a_thread_that_is_stopped_stops_no_other() {
    type Call = (&'static str, fn(&Publication<u32>));
    let calls: [Call; 2] = [
        ("`publish`", |cell| _ = cell.publish(1)),
        ("`get`", |cell| _ = cell.get()),
    ];
    let published = || {
        let cell = Publication::new();
        assert_eq!(cell.publish(0), Ok(()));
        cell
    };
    for make in [Publication::new, published] {
        for stopped in calls {
            for ends in calls {
                ends_beside_a_stopped_call(make, stopped, ends);
            }
        }
    }
}
