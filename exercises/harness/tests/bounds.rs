//! Programs made at random, of which a model with a preemption bound shows the outcomes that take no more forced switches of
//! threads than that, and no other. What those are is found here by running the program in every order.

use harness::Model;
use harness::sync::model::atomic::{AtomicUsize, Ordering::Relaxed};
use harness::sync::model::{Mutex, thread};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What a thread does.
#[derive(Clone, Copy, Debug)]
enum Operation {
    /// Adds one to a counter.
    Add(usize),
    /// Adds one to a counter with a lock held.
    AddLocked { lock: usize, counter: usize },
}
use Operation::{Add, AddLocked};

const COUNTERS: usize = 2;
const LOCKS: usize = 2;

/// What main does, and then what the others do.
type Program = Vec<Vec<Operation>>;

/// What each addition found, thread by thread.
type Outcome = Vec<Vec<usize>>;

fn under_the_model(program: &Program, bound: usize) -> BTreeSet<Outcome> {
    let outcomes = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let (program, found) = (program.clone(), Arc::clone(&outcomes));
    let model = Model::new().preemption_bound(bound).budget(Duration::from_secs(60));
    let explored = model.explore(move || {
        let counters = [const { 0 }; COUNTERS].map(AtomicUsize::new);
        let locks = [(); LOCKS].map(Mutex::new);
        let run = |operations: &[Operation]| -> Vec<usize> {
            let run = |&operation: &Operation| match operation {
                Add(counter) => counters[counter].fetch_add(1, Relaxed),
                AddLocked { lock, counter } => {
                    let _guard = locks[lock].lock();
                    counters[counter].fetch_add(1, Relaxed)
                }
            };
            operations.iter().map(run).collect()
        };
        let (ours, theirs) = program.split_first().expect("there is a thread");
        let outcome: Outcome = thread::scope(|s| {
            let theirs: Vec<_> = theirs.iter().map(|all| s.spawn(|| run(all))).collect();
            let mut outcome = vec![run(ours)];
            outcome.extend(theirs.into_iter().map(|thread| thread.join().unwrap()));
            outcome
        });
        found.lock().unwrap().insert(outcome);
    });
    let explored = explored.unwrap_or_else(|failure| panic!("{}", failure.report));
    assert!(explored.coverage.is_exhaustive());
    std::mem::take(&mut outcomes.lock().unwrap())
}

/// A step: what a model may switch before.
#[derive(Clone, Copy, Debug)]
enum Step {
    Add {
        counter: usize,
        unlocks: Option<usize>,
    },
    Lock(usize),
    /// Main waits for the end of a thread.
    Join(usize),
}

/// A program on its way.
#[derive(Clone)]
struct State {
    counters: [usize; COUNTERS],
    held: [bool; LOCKS],
    /// How many steps each thread has taken.
    taken: Vec<usize>,
    /// Whether each thread is at its next step: one that has not begun finds only then that it has to wait.
    is_there: Vec<bool>,
    outcome: Outcome,
}

fn steps(program: &Program) -> Vec<Vec<Step>> {
    let of = |operation: &Operation| match *operation {
        Add(counter) => vec![Step::Add { counter, unlocks: None }],
        AddLocked { lock, counter } => {
            vec![Step::Lock(lock), Step::Add { counter, unlocks: Some(lock) }]
        }
    };
    let mut all: Vec<Vec<Step>> =
        program.iter().map(|operations| operations.iter().flat_map(of).collect()).collect();
    let joins = (1..program.len()).map(Step::Join);
    all[0].extend(joins);
    all
}

/// Every outcome with at most `left` forced switches from here on. `running` has just taken a step, or is main at the
/// beginning.
fn outcomes(
    all: &[Vec<Step>],
    state: &State,
    running: usize,
    left: usize,
    found: &mut BTreeSet<Outcome>,
) {
    let next = |thread: usize| all[thread].get(state.taken[thread]);
    let waits = |thread: usize| match next(thread) {
        None => true,
        Some(&Step::Lock(lock)) => state.held[lock],
        Some(&Step::Join(thread)) => next(thread).is_some(),
        Some(_) => false,
    };
    let is_able = |&thread: &usize| !waits(thread) || !state.is_there[thread];
    let able: Vec<usize> = (0..all.len()).filter(is_able).collect();
    if able.is_empty() {
        found.insert(state.outcome.clone());
        return;
    }
    for &thread in &able {
        let is_forced = thread != running && able.contains(&running);
        let Some(left) = left.checked_sub(is_forced.into()) else { continue };
        let mut state = state.clone();
        if waits(thread) {
            state.is_there[thread] = true;
            outcomes(all, &state, thread, left, found);
            continue;
        }
        let step = next(thread).expect("it is able");
        state.taken[thread] += 1;
        match *step {
            Step::Add { counter, unlocks } => {
                state.outcome[thread].push(state.counters[counter]);
                state.counters[counter] += 1;
                if let Some(lock) = unlocks {
                    state.held[lock] = false;
                }
            }
            Step::Lock(lock) => state.held[lock] = true,
            Step::Join(_) => {}
        }
        state.is_there[thread] = true;
        outcomes(all, &state, thread, left, found);
    }
}

fn by_running_all(program: &Program, bound: usize) -> BTreeSet<Outcome> {
    let all = steps(program);
    let state = State {
        counters: [0; COUNTERS],
        held: [false; LOCKS],
        taken: vec![0; all.len()],
        is_there: (0..all.len()).map(|thread| thread == 0).collect(),
        outcome: vec![Vec::new(); all.len()],
    };
    let mut found = BTreeSet::new();
    outcomes(&all, &state, 0, bound, &mut found);
    found
}

/// The next of a fixed sequence of numbers below `n` (xorshift).
fn draw(state: &mut u64, n: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state % n as u64) as usize
}

fn random(state: &mut u64) -> Program {
    let mut operation = |_: usize| match draw(state, 2) {
        0 => Add(draw(state, COUNTERS)),
        _ => AddLocked { lock: draw(state, LOCKS), counter: draw(state, COUNTERS) },
    };
    [1, 3, 3].map(|operations| (0..operations).map(&mut operation).collect()).into()
}

#[test]
fn a_bound_is_covered_and_kept() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..40 {
        let program = random(&mut state);
        for bound in 0..=2 {
            let (shown, all) = (under_the_model(&program, bound), by_running_all(&program, bound));
            assert_eq!(shown, all, "at most {bound}: {program:?}");
        }
    }
}

/// What one switch less would do for, if it came where the thread switched to must then wait for a lock of the one before:
/// nothing else makes that place worth a switch, and the same end without the detour takes one more.
#[test]
fn a_switch_into_a_wait_counts_as_two() {
    let locked = |lock, counter| AddLocked { lock, counter };
    let program = vec![
        vec![locked(1, 1)],
        vec![locked(0, 0), locked(1, 0), locked(0, 0)],
        vec![locked(1, 0), locked(1, 1), Add(0)],
    ];
    let (shown, all) = (under_the_model(&program, 1), by_running_all(&program, 1));
    let missed: Vec<_> = all.difference(&shown).cloned().collect();
    assert_eq!(missed, [[vec![0], vec![1, 3, 4], vec![0, 1, 2]]]);
    assert!(under_the_model(&program, 2).is_superset(&all));
}
