//! The six programs, run in every interleaving and with every value that a load may return, and what they
//! came to beside what you have written down. `other` knows what was stored before it was spawned (GR-01), and after
//! the join main knows what `other` has stored (GR-02).

use crate::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};
use crate::{Loads, Message};
use harness::Model;
use harness::testing::both;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Catches the lost update that is forgotten: both load before either stores. Catches, too, two updates that are
/// thought to be lost at once.
#[test]
fn increments_by_load_and_store() {
    fn program() -> u32 {
        let n = AtomicU32::named("n", 0);
        let increment = || {
            let seen = n.load(Relaxed);
            n.store(seen + 1, Relaxed);
        };
        both(increment, increment);
        n.load(Relaxed)
    }
    require_exactly(
        crate::increments_by_load_and_store(),
        program,
        "a thread stores what it has read plus one, and it can read 0 or what the other has stored before",
    );
}

/// Catches the belief that Relaxed makes a read-modify-write come apart.
#[test]
fn increments_by_fetch_add() {
    fn program() -> u32 {
        let n = AtomicU32::named("n", 0);
        let increment = || {
            n.fetch_add(1, Relaxed);
        };
        both(increment, increment);
        n.load(Relaxed)
    }
    require_exactly(
        crate::increments_by_fetch_add(),
        program,
        "fetch_add reads and writes in one step, so the second of the two reads what the first has written",
    );
}

/// Catches sequential consistency assumed, where the threads take turns and every load reads the newest value.
#[test]
fn store_buffering_relaxed() {
    fn program() -> Loads {
        let (x, y) = (AtomicU32::named("x", 0), AtomicU32::named("y", 0));
        let (main, other) = both(
            || {
                x.store(1, Relaxed);
                y.load(Relaxed)
            },
            || {
                y.store(1, Relaxed);
                x.load(Relaxed)
            },
        );
        Loads { main, other }
    }
    require_exactly(
        crate::store_buffering_relaxed(),
        program,
        "x and y are 0 until somebody stores 1, and nothing else is ever stored",
    );
}

/// Catches the fence that is ignored, and the one that is taken for a lock: both stores may come first.
#[test]
fn store_buffering_fenced() {
    fn program() -> Loads {
        let (x, y) = (AtomicU32::named("x", 0), AtomicU32::named("y", 0));
        let (main, other) = both(
            || {
                x.store(1, Relaxed);
                fence(SeqCst);
                y.load(Relaxed)
            },
            || {
                y.store(1, Relaxed);
                fence(SeqCst);
                x.load(Relaxed)
            },
        );
        Loads { main, other }
    }
    require_exactly(
        crate::store_buffering_fenced(),
        program,
        "one of the two fences is the second, and the load behind it reads what was stored in front of the first",
    );
}

/// Catches the belief that stores become visible in the order in which they were executed.
///
/// mem, "Incorrect synchronization".
#[test]
fn message_passing_relaxed() {
    fn program() -> Message {
        let (data, ready) = (
            AtomicU32::named("data", 0),
            AtomicBool::named("ready", false),
        );
        let (message, ()) = both(
            || {
                let ready = ready.load(Relaxed);
                let data = data.load(Relaxed);
                Message { ready, data }
            },
            || {
                data.store(42, Relaxed);
                ready.store(true, Relaxed);
            },
        );
        message
    }
    require_exactly(
        crate::message_passing_relaxed(),
        program,
        "data is 0 until it is 42, and nothing else is ever stored",
    );
}

/// Catches Release and Acquire ignored, and an Acquire that is thought to wait for its Release.
///
/// mem, "Atomic Values".
#[test]
fn message_passing_release_acquire() {
    fn program() -> Message {
        let (data, ready) = (
            AtomicU32::named("data", 0),
            AtomicBool::named("ready", false),
        );
        let (message, ()) = both(
            || {
                let ready = ready.load(Acquire);
                let data = data.load(Relaxed);
                Message { ready, data }
            },
            || {
                data.store(42, Relaxed);
                ready.store(true, Release);
            },
        );
        message
    }
    require_exactly(
        crate::message_passing_release_acquire(),
        program,
        "an Acquire load that reads true has before it all that came before the Release store of true",
    );
}

/// Lets the model run `program` in every interleaving, and fails if `yours` are not exactly the outcomes that it came
/// to. `why_not` says what keeps the program from any other.
#[track_caller]
fn require_exactly<T>(yours: BTreeSet<T>, program: fn() -> T, why_not: &str)
where
    T: Copy + Debug + Ord + Send + Sync + 'static,
{
    let possible = outcomes(program);
    let missing = &possible - &yours;
    let impossible = &yours - &possible;

    let mut message = String::new();
    if !missing.is_empty() {
        message += &format!("possible, but not in your set: {}\n", list(&missing));
    }
    if !impossible.is_empty() {
        message += &format!("in your set, but impossible: {}\n", list(&impossible));
        message += &format!("What rules it out: {why_not}.\n");
    }
    if !missing.is_empty() {
        message += &format!("\n{}", dry_run(missing, program));
    }
    assert!(message.is_empty(), "{message}");
}

/// Every outcome that `program` comes to.
#[track_caller]
fn outcomes<T: Copy + Ord + Send + 'static>(program: fn() -> T) -> BTreeSet<T> {
    // Of std, and so invisible to the model: it takes no part in the program.
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let collected = Arc::clone(&seen);
    everything().check(move || {
        let outcome = program();
        collected.lock().unwrap().insert(outcome);
    });
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// A model that does not stop early. Milliseconds are enough; if ever they are not, the test shall run out of time
/// rather than call impossible what the model has not come to.
fn everything() -> Model {
    Model::new().budget(Duration::from_secs(600))
}

/// The simplest interleaving that leads to one of these outcomes: the model is told that none of them can happen, and
/// refutes it.
fn dry_run<T>(missing: BTreeSet<T>, program: fn() -> T) -> String
where
    T: Copy + Debug + Ord + Send + Sync + 'static,
{
    let refuted = everything().explore(move || {
        let outcome = program();
        assert!(!missing.contains(&outcome), "{outcome:?} can happen");
    });
    let failure = refuted.expect_err("the model has come to each of these outcomes before");
    let remedy = if failure.report.contains("Usually:") {
        ", and \"Usually\" tells what would keep the program from it"
    } else {
        ""
    };
    format!(
        "This is how it happens. The model was told that it cannot, so where it does, the model \"fails\" and the \
         program \"panics\"{remedy}. It is not the program that is wrong here: it is the set.\n\n{}",
        failure.report
    )
}

fn list<T: Debug>(outcomes: &BTreeSet<T>) -> String {
    let outcomes: Vec<String> = outcomes.iter().map(|o| format!("{o:?}")).collect();
    outcomes.join(", ")
}
