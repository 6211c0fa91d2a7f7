//! How often each outcome of the six programs comes on your machine, beside the sets that you have written
//! down:
//!
//! `cargo run -p interleavings --example interleavings_tour`
//!
//! Run it again with `--release`, on another machine, or with more work between a store and a load. A
//! processor shows what it usually does; a set says what it may do.

use interleavings::{
    Loads, Message, increments_by_fetch_add, increments_by_load_and_store, message_passing_relaxed,
    message_passing_release_acquire, store_buffering_fenced, store_buffering_relaxed,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hint;
use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicUsize,
    Ordering::{self, Acquire, Relaxed, Release, SeqCst},
    fence,
};
use std::thread;
use std::time::{Duration, Instant};

/// Runs each of the six programs up to 200,000 times.
pub fn main() {
    println!("How often each outcome came:");
    increments();
    store_buffering();
    message_passing();
}

fn increments() {
    let load_and_store = |n: &AtomicU32| {
        let seen = n.load(Relaxed);
        n.store(seen + 1, Relaxed);
    };
    let fetch_add = |n: &AtomicU32| {
        n.fetch_add(1, Relaxed);
    };
    let at_the_end = |n: &AtomicU32, (), ()| n.load(Relaxed);

    let seen = run(load_and_store, load_and_store, at_the_end);
    show(
        "increments by load and store",
        seen,
        increments_by_load_and_store(),
    );
    let seen = run(fetch_add, fetch_add, at_the_end);
    show("increments by fetch_add", seen, increments_by_fetch_add());
}

fn store_buffering() {
    #[derive(Default)]
    struct Memory {
        x: AtomicU32,
        y: AtomicU32,
    }
    let loads = |_: &Memory, main, other| Loads { main, other };

    let seen = run(
        |m: &Memory| {
            m.x.store(1, Relaxed);
            m.y.load(Relaxed)
        },
        |m| {
            m.y.store(1, Relaxed);
            m.x.load(Relaxed)
        },
        loads,
    );
    show("store buffering, Relaxed", seen, store_buffering_relaxed());

    let seen = run(
        |m: &Memory| {
            m.x.store(1, Relaxed);
            fence(SeqCst);
            m.y.load(Relaxed)
        },
        |m| {
            m.y.store(1, Relaxed);
            fence(SeqCst);
            m.x.load(Relaxed)
        },
        loads,
    );
    show("store buffering, fenced", seen, store_buffering_fenced());
}

fn message_passing() {
    #[derive(Default)]
    struct Memory {
        data: AtomicU32,
        ready: AtomicBool,
    }
    fn send_and_look(store: Ordering, load: Ordering) -> BTreeMap<Message, usize> {
        run(
            |m: &Memory| {
                let ready = m.ready.load(load);
                let data = m.data.load(Relaxed);
                Message { ready, data }
            },
            |m| {
                m.data.store(42, Relaxed);
                m.ready.store(true, store);
            },
            |_, message, ()| message,
        )
    }
    show(
        "message passing, Relaxed",
        send_and_look(Relaxed, Relaxed),
        message_passing_relaxed(),
    );
    show(
        "message passing, Release and Acquire",
        send_and_look(Release, Acquire),
        message_passing_release_acquire(),
    );
}

/// The number of rounds of a program, unless [`PATIENCE`] ends first.
const ROUNDS: usize = 200;
const RUNS_IN_A_ROUND: usize = 1_000;

/// If the two threads have to share a core, meeting takes long.
const PATIENCE: Duration = Duration::from_millis(500);

/// Runs a program again and again, and counts the outcomes.
fn run<M, A, B, T>(
    main: impl Fn(&M) -> A,
    other: impl Fn(&M) -> B + Sync,
    outcome: impl Fn(&M, A, B) -> T,
) -> BTreeMap<T, usize>
where
    M: Default + Sync,
    B: Send,
    T: Ord,
{
    let begun = Instant::now();
    let mut seen = BTreeMap::new();
    for _ in 0..ROUNDS {
        for outcome in side_by_side(&main, &other, &outcome) {
            *seen.entry(outcome).or_default() += 1;
        }
        if begun.elapsed() > PATIENCE {
            break;
        }
    }
    seen
}

/// Runs a round: each run has memory of its own, and the two threads meet before each run, so that they
/// access the same memory as nearly at the same time as they can.
fn side_by_side<M, A, B, T>(
    main: impl Fn(&M) -> A,
    other: impl Fn(&M) -> B + Sync,
    outcome: impl Fn(&M, A, B) -> T,
) -> Vec<T>
where
    M: Default + Sync,
    B: Send,
{
    let memories: Vec<M> = (0..RUNS_IN_A_ROUND).map(|_| M::default()).collect();
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
            hint::spin_loop();
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

fn show<T: Copy + Debug + Ord>(program: &str, seen: BTreeMap<T, usize>, yours: BTreeSet<T>) {
    println!("\n{program}, {} runs", seen.values().sum::<usize>());
    let all: BTreeSet<T> = yours.iter().chain(seen.keys()).copied().collect();
    for outcome in all {
        let times = seen.get(&outcome).copied().unwrap_or(0);
        let note = if !yours.contains(&outcome) {
            "  not in your set"
        } else if times == 0 {
            "  may happen, but did not"
        } else {
            ""
        };
        println!("{times:>9}  {outcome:?}{note}");
    }
}
