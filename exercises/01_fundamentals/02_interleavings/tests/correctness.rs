//! Your sets compared with this machine.
//!
//! A machine shows some of what can happen, never all of it, so these tests find outcomes that are missing
//! and no others. Whether a set is exact, the models in `src/race_freedom.rs` check.

use harness::sync::real::thread;
use interleavings::{
    Loads, Message, increments_by_fetch_add, increments_by_load_and_store, message_passing_relaxed,
    message_passing_release_acquire, store_buffering_fenced, store_buffering_relaxed,
};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hint::spin_loop;
use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};
use std::time::{Duration, Instant};

/// A load returns what was stored, so `n` holds no more than two increments can make of it.
#[test]
fn increments_count_to_two_at_most() {
    assert_values(&increments_by_load_and_store(), |&n| n <= 2);
    assert_values(&increments_by_fetch_add(), |&n| n <= 2);
}

/// A load returns what was stored: 0 by main, before all else, or 1. Outcomes that differ in one field are two.
#[test]
fn store_buffering_loads_0_or_1() {
    let is_stored = |loads: &Loads| loads.main <= 1 && loads.other <= 1;
    assert_values(&store_buffering_relaxed(), is_stored);
    assert_values(&store_buffering_fenced(), is_stored);
    let loads = |main, other| Loads { main, other };
    assert_told_apart([loads(0, 0), loads(0, 1), loads(1, 0), loads(1, 1)]);
}

/// A load returns what was stored: 0 by main, before all else, or 42. Outcomes that differ in one field are two.
#[test]
fn data_is_0_or_42() {
    let is_stored = |message: &Message| [0, 42].contains(&message.data);
    assert_values(&message_passing_relaxed(), is_stored);
    assert_values(&message_passing_release_acquire(), is_stored);
    let message = |ready, data| Message { ready, data };
    assert_told_apart([
        message(false, 0),
        message(false, 42),
        message(true, 0),
        message(true, 42),
    ]);
}

#[test]
fn increments_by_load_and_store_on_this_machine() {
    let yours = increments_by_load_and_store();
    let increment = |n: &AtomicU32| {
        let seen = n.load(Relaxed);
        n.store(seen + 1, Relaxed);
    };
    assert_covers(&yours, increment, increment, |n, (), ()| n.load(Relaxed));
}

#[test]
fn increments_by_fetch_add_on_this_machine() {
    let yours = increments_by_fetch_add();
    let increment = |n: &AtomicU32| {
        n.fetch_add(1, Relaxed);
    };
    assert_covers(&yours, increment, increment, |n, (), ()| n.load(Relaxed));
}

#[test]
fn store_buffering_relaxed_on_this_machine() {
    let yours = store_buffering_relaxed();
    assert_covers(
        &yours,
        |Buffers { x, y }| {
            x.store(1, Relaxed);
            y.load(Relaxed)
        },
        |Buffers { x, y }| {
            y.store(1, Relaxed);
            x.load(Relaxed)
        },
        |_, main, other| Loads { main, other },
    );
}

#[test]
fn store_buffering_fenced_on_this_machine() {
    let yours = store_buffering_fenced();
    assert_covers(
        &yours,
        |Buffers { x, y }| {
            x.store(1, Relaxed);
            fence(SeqCst);
            y.load(Relaxed)
        },
        |Buffers { x, y }| {
            y.store(1, Relaxed);
            fence(SeqCst);
            x.load(Relaxed)
        },
        |_, main, other| Loads { main, other },
    );
}

#[test]
fn message_passing_relaxed_on_this_machine() {
    let yours = message_passing_relaxed();
    assert_covers(
        &yours,
        |Mailbox { data, ready }| Message {
            ready: ready.load(Relaxed),
            data: data.load(Relaxed),
        },
        |Mailbox { data, ready }| {
            data.store(42, Relaxed);
            ready.store(true, Relaxed);
        },
        |_, message, ()| message,
    );
}

#[test]
fn message_passing_release_acquire_on_this_machine() {
    let yours = message_passing_release_acquire();
    assert_covers(
        &yours,
        |Mailbox { data, ready }| Message {
            ready: ready.load(Acquire),
            data: data.load(Relaxed),
        },
        |Mailbox { data, ready }| {
            data.store(42, Relaxed);
            ready.store(true, Release);
        },
        |_, message, ()| message,
    );
}

/// The memory of store buffering.
#[derive(Default)]
struct Buffers {
    x: AtomicU32,
    y: AtomicU32,
}

/// The memory of message passing.
#[derive(Default)]
struct Mailbox {
    data: AtomicU32,
    ready: AtomicBool,
}

/// Fails if `yours` has an outcome with a value that is never stored.
#[track_caller]
fn assert_values<T: Debug + Ord>(yours: &BTreeSet<T>, stored: impl Fn(&T) -> bool) {
    for outcome in yours {
        assert!(
            stored(outcome),
            "{outcome:?} is in your set, with a value that the program never stores"
        );
    }
}

/// Fails if two outcomes count as one: a set would then have only one of them. Catches an `Ord` or `PartialEq` that does
/// not look at both fields, as the derived ones do.
#[track_caller]
fn assert_told_apart<T: Debug + Ord>(outcomes: [T; 4]) {
    for (n, one) in outcomes.iter().enumerate() {
        for other in &outcomes[n + 1..] {
            assert!(
                one != other && one.cmp(other).is_ne() && other.cmp(one).is_ne(),
                "{one:?} and {other:?} differ, but compare as equal: they are compared field by field, as derived"
            );
        }
    }
}

/// Runs the program, with `main` and `other` as its two parts, and fails if an outcome is not in `yours`:
/// one part after the other, and both at once, as this machine happens to run them.
#[track_caller]
fn assert_covers<M, A, B, T>(
    yours: &BTreeSet<T>,
    main: impl Fn(&M) -> A,
    other: impl Fn(&M) -> B + Sync,
    outcome: impl Fn(&M, A, B) -> T,
) where
    M: Default + Sync,
    B: Send,
    T: Debug + Ord,
{
    let memory = M::default();
    let first = main(&memory);
    let second = thread::scope(|s| s.spawn(|| other(&memory)).join().unwrap());
    let seen = outcome(&memory, first, second);
    assert!(
        yours.contains(&seen),
        "{seen:?} is not in your set, but it is the outcome if `main` does all its part, and then `other`"
    );

    let memory = M::default();
    let first = thread::scope(|s| s.spawn(|| other(&memory)).join().unwrap());
    let second = main(&memory);
    let seen = outcome(&memory, second, first);
    assert!(
        yours.contains(&seen),
        "{seen:?} is not in your set, but it is the outcome if `other` does all its part, and then `main`"
    );

    // A round is short, so that the test ends early on a busy machine, where the two threads rarely run at
    // once.
    let begun = Instant::now();
    for _ in 0..20 {
        for seen in side_by_side(&main, &other, &outcome) {
            assert!(
                yours.contains(&seen),
                "{seen:?} is not in your set, but this machine has just shown it"
            );
        }
        if begun.elapsed() > Duration::from_millis(300) {
            break;
        }
    }
}

/// Runs the program a hundred times, each time with memory of its own. The two threads meet before each
/// run, so that they access the same memory as nearly at the same time as they can.
fn side_by_side<M, A, B, T>(
    main: impl Fn(&M) -> A,
    other: impl Fn(&M) -> B + Sync,
    outcome: impl Fn(&M, A, B) -> T,
) -> Vec<T>
where
    M: Default + Sync,
    B: Send,
{
    let memories: Vec<M> = (0..100).map(|_| M::default()).collect();
    let arrived = AtomicUsize::new(0);
    let meet = |run: usize| {
        arrived.fetch_add(1, Relaxed);
        let mut looks = 0;
        while arrived.load(Relaxed) < 2 * (run + 1) {
            looks += 1;
            // The other thread may need this very core.
            if looks % 1_000 == 0 {
                thread::yield_now();
            }
            spin_loop();
        }
    };
    let (ours, theirs) = thread::scope(|s| {
        let theirs = s.spawn(|| {
            let run = |(run, memory)| {
                meet(run);
                other(memory)
            };
            memories.iter().enumerate().map(run).collect::<Vec<B>>()
        });
        let run = |(run, memory)| {
            meet(run);
            main(memory)
        };
        let ours: Vec<A> = memories.iter().enumerate().map(run).collect();
        (ours, theirs.join().unwrap())
    });
    let all = memories.iter().zip(ours).zip(theirs);
    all.map(|((memory, a), b)| outcome(memory, a, b)).collect()
}
