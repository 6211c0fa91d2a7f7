//! Models: each explores every interleaving of an owner, which is main, and a thief; the ring holds four. The tasks
//! are plain memory that the model watches: a task whose making is not ordered before its use is a data race.

use self::Do::{Batch, Next, Pop, Push};
use crate::{Global, Local};
use harness::leaks::track;
use harness::sync::model::thread::scope;
use harness::testing::{Watched, both, has_waited, spawn};
use harness::{Model, model};
use std::iter::from_fn;
use std::mem;

type Task = Box<Watched<u32>>;
type Owner = Local<Watched<u32>>;
type Shared = Global<Watched<u32>>;

fn task(n: u32) -> Task {
    Box::new(Watched::new(&format!("task {n}"), n))
}

/// Looks at a task on the thread that has taken it, and so makes sure that it is there. The thread has not waited for it.
fn seen(taken: Option<Task>) -> Option<Task> {
    assert!(!has_waited(), "`steal` or `pop` has slept or yielded");
    taken.inspect(|task| assert_ne!(task.read(), 0))
}

/// What an owner can do.
enum Do {
    Push(u32),
    Next(u32),
    Batch(u32, u32),
    Pop,
}

fn work(local: &mut Owner, global: &Shared, all: &[Do]) -> Vec<Task> {
    let mut popped = Vec::new();
    for one in all {
        match *one {
            Push(n) => local.push(task(n), global),
            Next(n) => local.push_next(task(n), global),
            Batch(a, b) => local.push_batch(vec![task(a), task(b)], global),
            Pop => popped.extend(seen(local.pop())),
        }
    }
    assert!(
        !has_waited(),
        "the owner has slept or yielded in one of its calls"
    );
    popped
}

/// What came out, in its order: the tasks that were popped, that were stolen, that were left in the queue, and that were
/// in the global one.
type Outcome = [Vec<u32>; 4];

/// Requires that the tasks from 1 to `last` have come out, each once. If not they are forgotten: a task that two have
/// got would be freed twice.
#[track_caller]
fn require_each_once(tasks: [Vec<Task>; 4], last: u32) -> Outcome {
    let number = |task: &Task| task.read();
    let outcome = tasks
        .each_ref()
        .map(|tasks| Vec::from_iter(tasks.iter().map(number)));
    let mut all = outcome.concat();
    all.sort_unstable();
    if all != Vec::from_iter(1..=last) {
        mem::forget(tasks);
        let said = "[popped, stolen, left in the queue, global]";
        panic!("tasks 1 to {last} must come out, each once, and not {all:?}: {said} = {outcome:?}");
    }
    outcome
}

/// The owner does `before`. Then it goes on with `beside`, and a thief tries so often to `steal` at the same time.
#[track_caller]
fn race(before: &[Do], beside: &[Do], steal: usize, last: u32) -> Outcome {
    let (mut local, global) = (Local::new(), Global::new());
    let thief = local.stealer();
    let mut early = work(&mut local, &global, before);
    let (popped, stolen) = both(
        || work(&mut local, &global, beside),
        || (0..steal).filter_map(|_| seen(thief.steal())).collect(),
    );
    early.extend(popped);
    // One too many is enough: a head that has overtaken the tail would give four billion.
    let left = from_fn(|| local.pop()).take(last as usize + 1).collect();
    let moved = from_fn(|| global.pop()).collect();
    require_each_once([early, stolen, left, moved], last)
}

const FULL: [Do; 4] = [Push(1), Push(2), Push(3), Push(4)];

/// In each slot a task has been before, and is still alive.
const USED: [Do; 6] = [Batch(1, 2), Batch(3, 4), Pop, Pop, Pop, Pop];

/// The owner pushes a task while a thief tries twice to steal it. The thief finds nothing, or the task with all that
/// its maker wrote into it.
#[test]
fn a_task_is_there_when_it_is_stolen() {
    // SC-01
    model(|| drop(race(&USED, &[Push(5)], 2, 5)));
}

/// A batch goes into a ring with room for one, while a thief tries to steal two tasks. It finds tasks with all that
/// their maker wrote into them.
#[test]
fn a_batch_is_there_when_it_is_stolen() {
    // SC-10
    model(|| drop(race(&FULL[..3], &[Batch(4, 5)], 2, 5)));
}

/// One task is in the ring. The owner takes it while a thief steals it: one of them gets it, the other nothing.
#[test]
fn the_last_task_goes_to_one() {
    // SC-01
    model(|| drop(race(&[Push(1)], &[Pop], 1, 1)));
}

/// The next task is the only one. The owner takes it while a thief steals it: one of them gets it, the other nothing.
#[test]
fn the_next_task_goes_to_one() {
    // SC-01
    model(|| drop(race(&[Next(1)], &[Pop], 1, 1)));
}

/// Two tasks are in the ring, and the owner takes one while a thief steals one. At no moment is the queue empty, so each
/// gets one: that another was faster is no reason to return `None`.
#[test]
fn nobody_is_turned_away_while_there_are_tasks() {
    // SC-01
    model(|| {
        let [popped, stolen, ..] = race(&FULL[..2], &[Pop], 1, 2);
        let each = (popped.len(), stolen.len());
        assert_eq!(each, (1, 1), "tasks (popped, stolen), of two");
    });
}

/// The ring is full. The owner takes a task and pushes another, whose slot is that of the first, while a thief steals
/// one: the oldest there is, whatever is in its slot by then.
#[test]
fn a_slot_is_used_again_beside_a_theft() {
    // SC-01
    model(|| {
        let [popped, stolen, ..] = race(&FULL, &[Pop, Push(5)], 1, 5);
        let right = popped[0] + stolen[0] == 3;
        assert!(
            right,
            "1 and 2 must be taken; popped {popped:?}, stolen {stolen:?}"
        );
    });
}

/// The ring is full, and the owner pushes one more while a thief steals one. Either the thief has made room, or half of
/// the ring and the new task go to the global queue, without the one that is stolen.
#[test]
fn an_overflow_beside_a_theft_loses_nothing() {
    // SC-08, SC-09
    model(|| {
        let [_, stolen, ring, global] = race(&FULL, &[Push(5)], 1, 5);
        let right = match stolen[..] {
            [1] => ring == [2, 3, 4, 5],
            _ => stolen == [3] && global == [1, 2, 5],
        };
        let expected =
            "task 1 is stolen and makes room for 5, or 1, 2, 5 are global and 3 is stolen";
        assert!(
            right,
            "{expected}; stolen {stolen:?}, ring {ring:?}, global {global:?}"
        );
    });
}

/// The owner pushes and takes, so that both indices move on, while a thief looks twice: it must not see that the task
/// has gone without seeing that it had come.
#[test]
fn a_thief_does_not_steal_what_has_gone() {
    // SC-03
    model(|| drop(race(&USED, &[Push(5), Pop], 2, 5)));
}

/// Task 1 is the next one; the owner puts task 2 in its place and takes that. Task 1 moves to the ring meanwhile, and is
/// in the queue all the time: a thief that steals gets it, or task 2, and does not go away empty-handed.
#[test]
fn a_task_that_moves_can_be_stolen() {
    // SC-11
    model(|| {
        let [_, stolen, ..] = race(&[Next(1)], &[Next(2), Pop], 1, 2);
        assert_eq!(stolen.len(), 1, "tasks stolen; task 1 was always there");
    });
}

/// Task 1 is the next one; the owner puts task 2 in its place and takes that. Task 1 moves to the ring meanwhile, and is
/// in the queue all the time: a thief must not hear that the queue is empty.
#[test]
fn a_queue_is_not_empty_while_a_task_moves() {
    // SC-11
    model(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let thief = local.stealer();
        work(&mut local, &global, &[Next(1)]);
        let beside = [Next(2), Pop];
        let (_popped, is_empty) = both(|| work(&mut local, &global, &beside), || thief.is_empty());
        assert!(
            !is_empty,
            "`is_empty` returned true; task 1 was always there"
        );
    });
}

/// The owner takes the next task, frees it and makes another one the next, perhaps in the same memory, while a thief
/// steals. It gets the first or the second, with all that the maker wrote into it.
#[test]
fn a_next_task_follows_another() {
    // SC-04
    model(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let thief = local.stealer();
        work(&mut local, &global, &[Next(7)]);
        let (popped, stolen) = both(
            || {
                let popped = local.pop().map(|task| task.read());
                local.push_next(task(1), &global);
                popped
            },
            || seen(thief.steal()).map(|task| task.read()),
        );
        let left = local.pop().map(|task| task.read());
        let mut all: Vec<_> = [popped, stolen, left].into_iter().flatten().collect();
        all.sort_unstable();
        assert_eq!(
            all,
            [1, 7],
            "popped {popped:?}, stolen {stolen:?}, left {left:?}"
        );
    });
}

/// The owner's ring overflows while another thread puts task 6 into the global queue: the batch stays together.
#[test]
fn a_batch_goes_to_the_global_queue_as_one() {
    // SC-08, SC-22
    model(|| {
        let (mut local, global) = (Local::new(), Global::new());
        work(&mut local, &global, &FULL);
        both(|| local.push(task(5), &global), || global.push(task(6)));
        let left = from_fn(|| local.pop()).collect();
        let moved = from_fn(|| global.pop()).collect();
        let [_, _, _, order] = require_each_once([vec![], vec![], left, moved], 6);
        let together = matches!(order[..], [1, 2, 5, 6] | [6, 1, 2, 5]);
        assert!(
            together,
            "1, 2, 5 must be together in the global queue: {order:?}"
        );
    });
}

/// The ring is full, and the owner pushes tasks 5 and 6 at once while another thread puts task 7 into the global queue: what
/// does not fit goes there together.
#[test]
fn the_rest_of_a_batch_goes_to_the_global_queue_as_one() {
    // SC-10
    model(|| {
        let (mut local, global) = (Local::new(), Global::new());
        work(&mut local, &global, &FULL);
        both(
            || local.push_batch(vec![task(5), task(6)], &global),
            || global.push(task(7)),
        );
        let left = from_fn(|| local.pop()).collect();
        let moved = from_fn(|| global.pop()).collect();
        let [_, _, _, order] = require_each_once([vec![], vec![], left, moved], 7);
        let together = matches!(order[..], [5, 6, 7] | [7, 5, 6]);
        assert!(
            together,
            "5, 6 must be together in the global queue: {order:?}"
        );
    });
}

/// Two threads pop from the global queue, in which there are two tasks, or one: each gets one, or one of them does.
#[test]
fn two_threads_pop_from_the_global_queue() {
    // SC-22
    for tasks in [2, 1] {
        model(move || {
            let global = Global::new();
            (1..=tasks).for_each(|n| global.push(task(n)));
            let (mine, other) = both(|| global.pop(), || global.pop());
            let popped: Vec<_> = [mine, other].into_iter().flatten().collect();
            let left = from_fn(|| global.pop()).collect();
            let [popped, ..] = require_each_once([popped, vec![], vec![], left], tasks);
            let number = popped.len() as u32;
            assert_eq!(number, tasks, "tasks popped, of {tasks}, by two threads");
        });
    }
}

/// Task 1 is the next one. The owner pushes task 2 and pops while a thief steals: there is always a task in the queue, so
/// the owner gets one, even if the thief has just taken the next.
#[test]
fn a_pop_looks_into_the_ring_if_the_next_task_is_stolen() {
    // SC-01
    model(|| {
        let [popped, ..] = race(&[Next(1)], &[Push(2), Pop], 1, 2);
        assert_eq!(popped.len(), 1, "tasks popped; there was always one");
    });
}

/// Task 1 is in the ring. The owner makes task 2 the next one, and then a task is stolen, which is the oldest: task 1. The
/// queue is never empty, and a thief must not hear that it is.
#[test]
fn a_queue_is_not_empty_when_a_next_task_comes_and_the_ring_is_robbed() {
    // SC-11
    model(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let thief = local.stealer();
        work(&mut local, &global, &[Push(1)]);
        let robber = local.stealer();
        let (_stolen, is_empty) = both(
            || {
                work(&mut local, &global, &[Next(2)]);
                seen(robber.steal())
            },
            || thief.is_empty(),
        );
        assert!(
            !is_empty,
            "`is_empty` returned true; there was always task 1 or task 2"
        );
    });
}

/// The ring is full. Two thieves steal one task each while the owner pushes task 5, into a slot that they make free or
/// into the global queue.
///
/// At most three preemptions in each interleaving: 1,844 of them. Without a bound there are too many.
#[test]
fn two_thieves_and_an_owner() {
    // SC-01, SC-09
    Model::new().preemption_bound(3).check(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let thief = local.stealer();
        work(&mut local, &global, &FULL);
        let stolen = scope(|s| {
            let steal = || seen(thief.steal());
            let thieves = ["thief 1", "thief 2"].map(|name| spawn(s, name, steal));
            local.push(task(5), &global);
            let stolen = thieves.map(|thief| thief.join().unwrap());
            stolen.into_iter().flatten().collect()
        });
        let left = from_fn(|| local.pop()).collect();
        let moved = from_fn(|| global.pop()).collect();
        let [_, stolen, ..] = require_each_once([vec![], stolen, left, moved], 5);
        assert_eq!(stolen.len(), 2, "tasks stolen; there were always two");
    });
}

/// The owner pushes two tasks while two thieves steal one each. A thief that finds the head where the other has moved it
/// finds a tail that is not behind it.
///
/// At most two preemptions in each interleaving: 3,287 of them. Without a bound there are too many.
#[test]
fn a_thief_follows_another() {
    // SC-01
    Model::new().preemption_bound(2).check(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let thief = local.stealer();
        let popped = work(&mut local, &global, &USED);
        let stolen = scope(|s| {
            let steal = || seen(thief.steal());
            let thieves = ["thief 1", "thief 2"].map(|name| spawn(s, name, steal));
            work(&mut local, &global, &[Push(5), Push(6)]);
            let stolen = thieves.map(|thief| thief.join().unwrap());
            stolen.into_iter().flatten().collect()
        });
        let left = from_fn(|| local.pop()).take(3).collect();
        require_each_once([popped, stolen, left, vec![]], 6);
    });
}

/// The owner is dropped beside a thief that steals and goes too: what is left is dropped once, with the last of them.
#[test]
fn what_is_left_is_dropped_once() {
    model(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let thief = local.stealer();
        for n in 1..=3 {
            local.push_next(Box::new(track(n)), &global);
        }
        both(move || drop(local), move || drop(thief.steal()));
    });
}
