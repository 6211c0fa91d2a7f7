//! Programs made at random, whose outcomes under the model are those that the axioms of C++20 allow: no other, and all
//! but those that need a cycle of program order, reads-from and the order S. The axioms are in `axioms.rs`, the rules of
//! the model in `src/sync/model/memory.rs`; the two have nothing in common.

mod axioms;

use axioms::Operation::{Add, Exchange, Fence, Load, Store};
use axioms::{Needs, Operation, Outcome, Program, VARIABLES, outcomes};
use harness::protocol::Kind;
use harness::sync::model::atomic::{AtomicBool, AtomicU64, Ordering, Ordering::*, fence};
use harness::sync::model::cell::UnsafeCell;
use harness::sync::model::{hint, thread};
use harness::{Model, explore};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn under_the_model(program: &Program) -> BTreeSet<Outcome> {
    fn run(operations: &[Operation], memory: &[AtomicU64]) -> Vec<u64> {
        let run = |&operation: &Operation| match operation {
            Load(v, order) => memory[v].load(order),
            Store(v, value, order) => {
                memory[v].store(value, order);
                0
            }
            Add(v, order) => memory[v].fetch_add(1, order),
            Exchange(v, value, success, failure) => {
                memory[v].compare_exchange(0, value, success, failure).unwrap_or_else(|found| found)
            }
            Fence(order) => {
                fence(order);
                0
            }
        };
        operations.iter().map(run).collect()
    }

    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let (runs, found) = (program.clone(), Arc::clone(&outcomes));
    // The machine may be busy, and what is not explored would count as missed.
    let patient = Model::new().budget(Duration::from_secs(60));
    let explored = patient.explore(move || {
        let memory = [const { 0 }; VARIABLES].map(AtomicU64::new);
        let (ours, theirs) = runs.split_first().expect("there is a thread");
        let answers = thread::scope(|s| {
            let theirs: Vec<_> =
                theirs.iter().map(|operations| s.spawn(|| run(operations, &memory))).collect();
            let mut answers = vec![run(ours, &memory)];
            answers.extend(theirs.into_iter().map(|thread| thread.join().unwrap()));
            answers
        });
        let finally = memory.each_ref().map(|v| v.load(Relaxed));
        let mut found = found.lock().unwrap();
        found.insert(Outcome { answers, finally });
    });
    let explored = explored.unwrap_or_else(|failure| panic!("{}", failure.report));
    assert!(explored.coverage.is_exhaustive(), "{program:?} takes too long");
    std::mem::take(&mut outcomes.lock().unwrap())
}

/// The next of a fixed sequence of numbers below `n` (xorshift).
fn draw(state: &mut u64, n: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state % n as u64) as usize
}

fn pick<T: Copy>(state: &mut u64, items: &[T]) -> T {
    items[draw(state, items.len())]
}

/// What the programs are made of.
struct Shape {
    threads: usize,
    operations: usize,
    variables: usize,
    /// Whether there are fences.
    fences: bool,
    /// The orderings there are, from [`ORDERINGS`].
    orderings: &'static [Ordering],
}

fn random(shape: &Shape, state: &mut u64) -> Program {
    let mut value = 1;
    let mut operation = || {
        let v = draw(state, shape.variables);
        value += 10;
        let mut order = |allowed: &[Ordering]| loop {
            let order = pick(state, shape.orderings);
            if allowed.contains(&order) {
                break order;
            }
        };
        let (load, store) = ([Relaxed, Acquire, SeqCst], [Relaxed, Release, SeqCst]);
        let (load, store, update) = (order(&load), order(&store), order(shape.orderings));
        match draw(state, if shape.fences { 9 } else { 6 }) {
            0 | 1 => Load(v, load),
            2 | 3 => Store(v, value, store),
            4 => Add(v, update),
            5 => Exchange(v, value, update, load),
            _ => Fence(loop {
                let order = pick(state, shape.orderings);
                if order != Relaxed {
                    break order;
                }
            }),
        }
    };
    (0..shape.threads).map(|_| (0..shape.operations).map(|_| operation()).collect()).collect()
}

const ORDERINGS: &[Ordering] = &[Relaxed, Acquire, Release, AcqRel, SeqCst];

fn assert_exact(shape: &Shape, programs: usize) {
    let state = &mut 0x2545_F491_4F6C_DD1D;
    let (mut all, mut omitted) = (0, 0);
    for _ in 0..programs {
        let program = random(shape, state);
        let (allowed, found) = (outcomes(&program), under_the_model(&program));
        for outcome in &found {
            assert!(allowed.contains_key(outcome), "{program:?}: made up {outcome:?}");
        }
        for (outcome, needs) in &allowed {
            all += 1;
            let missed = !found.contains(outcome);
            omitted += usize::from(missed);
            assert!(!missed || *needs == Needs::Cycle, "{program:?}: missed {outcome:?}");
        }
    }
    println!("{programs} programs, {all} outcomes, {omitted} of them need a cycle");
}

#[test]
fn on_one_variable() {
    let shape = |threads, operations| Shape {
        threads,
        operations,
        variables: 1,
        fences: false,
        orderings: &[Relaxed],
    };
    assert_exact(&shape(2, 2), 50);
    assert_exact(&shape(2, 3), 50);
    assert_exact(&shape(3, 1), 50);
}

fn on_two_variables(threads: usize, operations: usize, programs: usize) {
    let shape = |fences, orderings| Shape { threads, operations, variables: 2, fences, orderings };
    assert_exact(&shape(false, &[Relaxed, Acquire, Release, AcqRel]), programs);
    assert_exact(&shape(false, &[Relaxed, SeqCst]), programs);
    assert_exact(&shape(true, ORDERINGS), programs);
}

#[test]
fn of_two_threads_on_two_variables() {
    on_two_variables(2, 3, 40);
}

#[test]
fn of_two_threads_that_do_more() {
    on_two_variables(2, 4, 15);
}

#[test]
fn of_three_threads_on_two_variables() {
    on_two_variables(3, 2, 8);
}

/// Classics, each with what it is known to allow: no thread, one or all have the outcome in question.
mod litmus {
    use super::*;

    fn allows(program: Program, expected: bool, wanted: impl Fn(&Outcome) -> bool) {
        let allowed = outcomes(&program);
        assert_eq!(allowed.keys().any(&wanted), expected, "the axioms, {program:?}");
        let found = under_the_model(&program);
        assert_eq!(found.iter().any(&wanted), expected, "the model, {program:?}");
    }

    /// Store buffering, and what forbids it.
    #[test]
    fn sb() {
        let program = |order, between: &[Operation]| {
            let side = |mine, other, value| {
                let (store, load) = match order {
                    SeqCst => (SeqCst, SeqCst),
                    _ => (Release, Acquire),
                };
                [&[Store(mine, value, store)][..], between, &[Load(other, load)]].concat()
            };
            vec![side(0, 1, 1), side(1, 0, 1)]
        };
        let both_stale = |outcome: &Outcome| {
            let last = outcome.answers.iter().map(|answers| answers.last() == Some(&0));
            last.collect::<Vec<_>>() == [true, true]
        };
        allows(program(Relaxed, &[]), true, both_stale);
        allows(program(Relaxed, &[Fence(AcqRel)]), true, both_stale);
        allows(program(Relaxed, &[Fence(SeqCst)]), false, both_stale);
        allows(program(SeqCst, &[]), false, both_stale);
    }

    /// Dekker by a read-modify-write that changes nothing.
    #[test]
    fn dekker_by_fetch_add() {
        let side = |mine, other| vec![Store(mine, 5, Relaxed), Add(other, Relaxed)];
        let both_stale = |outcome: &Outcome| outcome.answers.iter().all(|answers| answers[1] == 0);
        allows(vec![side(0, 1), side(1, 0)], true, both_stale);
    }

    /// Of two threads that store to both variables in opposite orders, both first stores win.
    #[test]
    fn two_plus_two_writes() {
        let side = |first, second, order| vec![Store(first, 1, order), Store(second, 2, order)];
        let first_wins = |outcome: &Outcome| outcome.finally == [1, 1];
        allows(vec![side(0, 1, Release), side(1, 0, Release)], true, first_wins);
        allows(vec![side(0, 1, SeqCst), side(1, 0, SeqCst)], false, first_wins);
    }

    /// A store that is overtaken by one of the past.
    #[test]
    fn s() {
        let writer = vec![Store(0, 2, Relaxed), Store(1, 1, Relaxed)];
        let reader = vec![Load(1, Relaxed), Store(0, 1, Relaxed)];
        let overtaken = |outcome: &Outcome| outcome.answers[1][0] == 1 && outcome.finally[0] == 2;
        allows(vec![writer, reader], true, overtaken);
        let writer = vec![Store(0, 2, Relaxed), Store(1, 1, Release)];
        let reader = vec![Load(1, Acquire), Store(0, 1, Relaxed)];
        allows(vec![writer, reader], false, overtaken);
    }

    /// Write to read causality, with a write at the end.
    #[test]
    fn wwc() {
        let program = |order| {
            vec![
                vec![Store(0, 2, Relaxed)],
                vec![Load(0, Relaxed), Store(1, 1, order)],
                vec![Load(1, Acquire), Store(0, 1, Relaxed)],
            ]
        };
        let overtaken = |outcome: &Outcome| {
            outcome.answers[1][0] == 2 && outcome.answers[2][0] == 1 && outcome.finally[0] == 2
        };
        allows(program(Relaxed), true, overtaken);
        allows(program(Release), false, overtaken);
    }

    /// A payload that is read by a read-modify-write.
    #[test]
    fn message_passing_to_an_update() {
        let program = |release, acquire| {
            vec![
                vec![Store(0, 7, Relaxed), Store(1, 1, release)],
                vec![Load(1, acquire), Add(0, Relaxed)],
            ]
        };
        let stale = |outcome: &Outcome| outcome.answers[1] == [1, 0];
        allows(program(Relaxed, Relaxed), true, stale);
        allows(program(Release, Acquire), false, stale);
    }

    /// An exchange that fails is a load, with the ordering of failure.
    #[test]
    fn message_passing_to_an_exchange() {
        let program = |failure| {
            vec![
                vec![Store(0, 7, Relaxed), Store(1, 1, Release)],
                vec![Exchange(1, 9, AcqRel, failure), Load(0, Relaxed)],
            ]
        };
        let stale = |outcome: &Outcome| outcome.answers[1] == [1, 0];
        allows(program(Relaxed), true, stale);
        allows(program(Acquire), false, stale);
    }

    /// More stores than loom remembers.
    #[test]
    fn nine_stores() {
        let stores = (1..=9).map(|value| Store(0, value, Relaxed)).collect();
        let found = under_the_model(&vec![vec![Load(0, Relaxed), Load(0, Relaxed)], stores]);
        let seen: BTreeSet<_> = found.iter().map(|outcome| outcome.answers[0].clone()).collect();
        let possible = (0..=9).flat_map(|first| (first..=9).map(move |second| vec![first, second]));
        assert_eq!(seen, possible.collect());
    }

    /// Two readers that disagree on the order of two writers.
    #[test]
    fn iriw() {
        let program = |store, load| {
            let reader = |first, second| vec![Load(first, load), Load(second, load)];
            vec![reader(0, 1), reader(1, 0), vec![Store(0, 1, store)], vec![Store(1, 1, store)]]
        };
        let disagree = |outcome: &Outcome| outcome.answers[..2] == [[1, 0], [1, 0]];
        allows(program(Release, Acquire), true, disagree);
        allows(program(SeqCst, SeqCst), false, disagree);
    }
}

/// How a side of Peterson's lock lets the other go first.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Store(Ordering),
    Swap(Ordering),
}

struct Guarded(UnsafeCell<u64>);

// SAFETY: the model checks every access.
unsafe impl Sync for Guarded {}

/// Peterson's lock. Each side says that it wants in, lets the other go first, and looks.
fn peterson(flag: Ordering, turn: Turn, between: Option<Ordering>, look: Ordering) -> bool {
    let result = explore(move || {
        let flags = [false, false].map(AtomicBool::new);
        let turn_of = AtomicU64::new(0);
        let inside = Guarded(UnsafeCell::new(0));
        let inside = &inside;
        let enter = |me: usize| {
            let other = 1 - me;
            flags[me].store(true, flag);
            match turn {
                Turn::Store(order) => turn_of.store(other as u64, order),
                Turn::Swap(order) => _ = turn_of.swap(other as u64, order),
            }
            if let Some(order) = between {
                fence(order);
            }
            if flags[other].load(look) && turn_of.load(look) == other as u64 {
                return;
            }
            // SAFETY: the lock, if it is one. If not, the model says so.
            inside.0.with_mut(|inside| unsafe { *inside += 1 });
            flags[me].store(false, Release);
        };
        let enter = &enter;
        thread::scope(|s| {
            s.spawn(|| enter(1));
            enter(0);
        });
    });
    match result {
        Ok(_) => true,
        Err(failure) => {
            assert_eq!(failure.kind, Kind::DataRace, "{}", failure.report);
            false
        }
    }
}

/// A plain store is no read, so that no fence behind it makes up for what the store of the other side carries.
#[test]
fn peterson_by_a_store() {
    for store in [Relaxed, Release, SeqCst] {
        for between in [None, Some(Acquire), Some(Release), Some(AcqRel), Some(SeqCst)] {
            let excludes = peterson(Relaxed, Turn::Store(store), between, Acquire);
            assert!(!excludes, "{store:?}, fence {between:?}");
        }
    }
    assert!(peterson(SeqCst, Turn::Store(SeqCst), None, SeqCst));
}

/// Of two swaps the second reads the first.
#[test]
fn peterson_by_a_swap() {
    assert!(!peterson(Relaxed, Turn::Swap(Relaxed), None, Acquire));
    assert!(!peterson(Relaxed, Turn::Swap(Release), None, Acquire));
    assert!(!peterson(Relaxed, Turn::Swap(Acquire), Some(AcqRel), Acquire));
    assert!(peterson(Relaxed, Turn::Swap(AcqRel), None, Acquire));
    assert!(peterson(Relaxed, Turn::Swap(Release), Some(Acquire), Acquire));
}

/// tokio-rs/loom#392.
#[test]
fn a_store_behind_a_load_of_its_own_thread() {
    let load = Load(0, Relaxed);
    let program = vec![vec![load], vec![load, Store(0, 1, Relaxed)]];
    let first = |outcome: Outcome| outcome.answers[0][0];
    let seen: BTreeSet<_> = under_the_model(&program).into_iter().map(first).collect();
    assert_eq!(seen, BTreeSet::from([0, 1]));
}

/// A spin lock. What the waiting `swap` must find, sooner or later, is a plain store.
#[test]
fn a_swap_that_waits_for_a_store() {
    explore(|| {
        let (locked, value) = (AtomicBool::new(false), AtomicU64::new(0));
        let add_one = || {
            while locked.swap(true, Acquire) {
                hint::spin_loop();
            }
            value.store(value.load(Relaxed) + 1, Relaxed);
            locked.store(false, Release);
        };
        thread::scope(|s| {
            s.spawn(add_one);
            add_one();
        });
        assert_eq!(value.load(Relaxed), 2);
    })
    .unwrap_or_else(|failure| panic!("{}", failure.report));
}
