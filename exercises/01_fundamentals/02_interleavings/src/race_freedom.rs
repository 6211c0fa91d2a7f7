//! The six programs, run in every interleaving and with every value that a load may return, and their
//! outcomes compared with your sets. `other` sees what was stored before it was spawned (GR-01), and after
//! the join, main sees what `other` has stored (GR-02).

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

/// Two threads add one by a load and a store. Your set, against what the model finds. Catches a forgotten lost
/// update, in which both threads load before either stores, and the belief that two updates can be lost at once.
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
        "a thread stores what it has read plus one, and it reads 0 or what the other thread has stored before",
    );
}

/// Two threads add one by `fetch_add`. Your set, against what the model finds. Catches the belief that Relaxed
/// splits a read-modify-write into two steps.
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

/// Each of two threads stores to its own word and loads the other's. Your set, against what the model finds.
/// Catches the assumption of sequential consistency: threads take turns, and every load reads the newest value.
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
        "x and y are 0 until a thread stores 1, and no other value is ever stored",
    );
}

/// Each of two threads stores to its own word, executes a `fence(SeqCst)`, and loads the other's. Your set, against
/// what the model finds. Catches a fence that is ignored, and a fence that is taken for a lock: both stores may
/// come first.
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
        "one of the two fences comes second, and the load after it reads what was stored before the first",
    );
}

/// One thread stores the data and then says that it is ready, both Relaxed; main loads in the other order. Your
/// set, against what the model finds. Catches the belief that stores become visible in the order in which they were
/// executed.
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
        "data is 0 until it is 42, and no other value is ever stored",
    );
}

/// One thread stores the data and then says that it is ready, with Release; main loads that with Acquire, and then
/// the data. Your set, against what the model finds. Catches Release and Acquire that are ignored, and an Acquire
/// load that is thought to wait for its Release.
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
        "if an Acquire load reads true, all that came before the Release store of true happens before what follows",
    );
}

/// Runs `program` in every interleaving, and fails unless `yours` is exactly the set of its outcomes.
/// `why_not` says what rules out all other outcomes.
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

/// Returns every outcome of `program`.
#[track_caller]
fn outcomes<T: Copy + Ord + Send + 'static>(program: fn() -> T) -> BTreeSet<T> {
    // From std, so the model does not see it: it is not part of the program.
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let collected = Arc::clone(&seen);
    everything().check(move || {
        let outcome = program();
        collected.lock().unwrap().insert(outcome);
    });
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// Makes a model that does not stop early. Milliseconds are enough; if they ever are not, the test should
/// time out rather than call an outcome impossible that the model has not reached.
fn everything() -> Model {
    Model::new().budget(Duration::from_secs(600))
}

/// Returns the dry run of the simplest interleaving with one of these outcomes: an assertion in the model
/// says that none of them can happen, and the model refutes it.
fn dry_run<T>(missing: BTreeSet<T>, program: fn() -> T) -> String
where
    T: Copy + Debug + Ord + Send + Sync + 'static,
{
    let refuted = everything().explore(move || {
        let outcome = program();
        assert!(!missing.contains(&outcome), "{outcome:?} can happen");
    });
    let failure = refuted.expect_err("the model has reached each of these outcomes before");
    let remedy = if failure.report.contains("Usually:") {
        ", and \"Usually\" says what would rule it out"
    } else {
        ""
    };
    format!(
        "This is how it happens. An assertion in the model says that it cannot, so the model \"fails\" and the \
         program \"panics\"{remedy}. The program is right, and your set is wrong.\n\n{}",
        failure.report
    )
}

fn list<T: Debug>(outcomes: &BTreeSet<T>) -> String {
    let outcomes: Vec<String> = outcomes.iter().map(|o| format!("{o:?}")).collect();
    outcomes.join(", ")
}
