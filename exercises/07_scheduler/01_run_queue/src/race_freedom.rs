//! Models: each explores every interleaving of an owner, which is main, and a thief; the ring holds four. The tasks
//! are plain memory that the model watches: a task whose making is not ordered before its use is a data race.

use self::Do::{Batch, Next, Pop, Push, Steal};
use crate::{Global, Local, Stealer};
use harness::leaks::track;
use harness::sync::model::thread::{scope, yield_now};
use harness::testing::{
    Watched, both, ends_beside_a_stopped_call, has_waited, require_each_once, spawn,
};
use harness::{Model, model};
use std::iter::from_fn;
use std::mem;
use std::sync::Mutex;
use std::time::Duration;

type Task = Box<Watched<u32>>;
type Owner = Local<Watched<u32>>;
type Thief = Stealer<Watched<u32>>;
type Shared = Global<Watched<u32>>;

fn task(n: u32) -> Task {
    Box::new(Watched::new(&format!("task {n}"), n))
}

/// Looks at a task on the thread that has taken it, and so makes sure that it is there. The thread has not waited for it.
fn seen(taken: Option<Task>) -> Option<Task> {
    assert!(!has_waited(), "`steal` or `pop` has slept, yielded or spun");
    looked_at(taken)
}

fn looked_at(taken: Option<Task>) -> Option<Task> {
    taken.inspect(|task| assert_ne!(task.read(), 0))
}

/// What an owner can do, and at the end a thief on the same thread.
#[derive(Clone, Copy, Debug)]
enum Do {
    Push(u32),
    Next(u32),
    Batch(u32, u32),
    Pop,
    Steal,
}

/// Does `all`, and returns what was taken.
fn work(local: &mut Owner, global: &Shared, all: &[Do]) -> Vec<Task> {
    let taken = work_and_wait(local, global, all);
    let said = "the owner has slept, yielded or spun in one of its calls";
    assert!(!has_waited(), "{said}");
    taken
}

/// Does `all`, on a thread that may have waited for another.
fn work_and_wait(local: &mut Owner, global: &Shared, all: &[Do]) -> Vec<Task> {
    let mut taken = Vec::new();
    for one in all {
        match *one {
            Push(n) => local.push(task(n), global),
            Next(n) => local.push_next(task(n), global),
            Batch(a, b) => local.push_batch(vec![task(a), task(b)], global),
            Pop => taken.extend(looked_at(local.pop())),
            Steal => taken.extend(looked_at(local.stealer().steal())),
        }
    }
    taken
}

/// Where tasks are found, in the order of the arrays that say it.
const PLACES: &str = "popped, stolen, left in the queue, global";

/// The owner does `before`. Then it goes on with `beside`, and a thief tries so often to `steal` at the same time.
#[track_caller]
fn race(before: &[Do], beside: &[Do], steal: usize, last: u32) -> [Vec<u32>; 4] {
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
    require_each_once(local, PLACES, [early, stolen, left, moved], last)
}

const FULL: [Do; 4] = [Push(1), Push(2), Push(3), Push(4)];

/// In each slot a task has been before, and is still alive.
const USED: [Do; 6] = [Batch(1, 2), Batch(3, 4), Pop, Pop, Pop, Pop];

/// The owner pushes a task while a thief tries twice to steal it. The thief finds nothing, or the task with all that
/// its maker wrote into it; and not the task that stood in its slot before.
#[test]
fn a_task_is_there_when_it_is_stolen() {
    // SC-01
    model(|| drop(race(&USED, &[Push(5)], 2, 5)));
}

/// A batch goes into an empty ring, and into one with room for one, while a thief tries to steal two tasks. It finds tasks
/// with all that their maker wrote into them; and not those that stood in their slots before.
#[test]
fn a_batch_is_there_when_it_is_stolen() {
    // SC-10
    model(|| drop(race(&USED, &[Batch(5, 6)], 2, 6)));
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

/// An exchange may fail although nobody else is there, if it is a `compare_exchange_weak`: the owner takes the next task first
/// all the same, and a full ring overflows.
#[test]
fn a_weak_exchange_may_fail_for_no_reason() {
    // SC-01, SC-08
    Model::new().spurious_failures(1).check(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let before = [Push(1), Push(2), Push(3), Push(4), Push(5), Next(6)];
        let taken = work(
            &mut local,
            &global,
            &[&before[..], &[Pop, Steal, Pop]].concat(),
        );
        let moved = from_fn(|| global.pop()).collect();
        let [taken, _, _, moved] =
            require_each_once(local, PLACES, [taken, vec![], vec![], moved], 6);
        assert_eq!(
            (taken, moved),
            (vec![6, 3, 4], vec![1, 2, 5]),
            "tasks (popped, stolen and popped; global); 6 is the next, 5 overflows"
        );
    });
}

/// Two tasks are in the ring, or four, and the owner takes one while a thief steals the others. Before each of these calls
/// there is a task for it: that another was faster, once or three times, is no reason to return `None`.
#[test]
fn nobody_is_turned_away_while_there_are_tasks() {
    // SC-01
    for tasks in [2, 4] {
        model(move || {
            let [popped, stolen, ..] = race(&FULL[..tasks], &[Pop], tasks - 1, tasks as u32);
            let each = (popped.len(), stolen.len());
            let said = format!("tasks (popped, stolen), of {tasks}");
            assert_eq!(each, (1, tasks - 1), "{said}");
        });
    }
}

/// Tasks 1 and 2 are in the ring, and 3 is the next. Of two that steal, one may lose the race for 1, but then there is 2 in the
/// ring: the next task is not for thieves yet.
#[test]
fn a_thief_that_loses_a_race_takes_the_next_of_the_ring() {
    // SC-01
    model(|| {
        let before = [Push(1), Push(2), Next(3)];
        let [by_owner, stolen, ..] = race(&before, &[Steal], 1, 3);
        let said = "1 and 2 must be stolen: the ring was not empty, so the next task, 3, must stay";
        assert_eq!(
            by_owner[0] + stolen[0],
            3,
            "{said}; stolen {by_owner:?} and {stolen:?}"
        );
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

/// A thief is stopped in `steal`, at each place in turn, and the owner takes that task and so many others that a number modulo
/// twice the capacity comes back: the thief must not take the new task of that number for the old one.
#[test]
fn a_number_does_not_come_back() {
    // SC-01, SC-03
    type Queue = (
        Mutex<(Local<u32>, Vec<Box<u32>>)>,
        Stealer<u32>,
        Global<u32>,
    );
    let make = || -> Queue {
        let (mut local, global) = (Local::new(), Global::new());
        local.push(Box::new(1), &global);
        let thief = local.stealer();
        (Mutex::new((local, Vec::new())), thief, global)
    };
    let steal = |queue: &Queue| {
        let stolen = queue.1.steal();
        let number = stolen.as_deref().copied().unwrap_or(0);
        mem::forget(stolen); // the owner may have it too
        let popped = &queue.0.lock().expect("nothing panics").1;
        let twice = popped.iter().any(|task| **task == number);
        assert!(!twice, "task {number} was popped, and then stolen too");
    };
    let pop_and_push = |queue: &Queue| {
        let (local, popped) = &mut *queue.0.lock().expect("nothing panics");
        for n in 2..=9 {
            popped.extend(local.pop());
            local.push(Box::new(n), &queue.2);
        }
    };
    let owner = "what the owner pops and pushes";
    ends_beside_a_stopped_call(make, ("`steal`", steal), (owner, pop_and_push));
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
        assert_eq!(
            stolen.len(),
            1,
            "tasks stolen; task 1 was always there, and the thief found nothing"
        );
    });
}

/// Tasks move from the place of the next one to the ring, and are taken, but one is in the queue all the time: a thief must
/// not find it empty, however often that changes while it looks.
///
/// At most two preemptions in each interleaving; where the owner does six things one for `steal`, and four for `is_empty`.
#[test]
fn a_queue_with_a_task_is_never_found_empty() {
    // SC-11
    type Call = fn(&Thief) -> bool;
    let is_empty: Call = |thief| {
        let is_empty = thief.is_empty();
        assert!(!has_waited(), "`is_empty` has slept, yielded or spun");
        is_empty
    };
    // Not freed: whether it was taken twice is for other models to say.
    let finds_none: Call = |thief| seen(thief.steal()).map(mem::forget).is_none();
    const MOVES: [Do; 6] = [Next(2), Pop, Next(3), Steal, Next(4), Pop];
    const COMES_FIRST: [Do; 4] = [Next(2), Steal, Next(3), Pop];
    let cases: [(&str, Call, Do, &[Do]); 5] = [
        ("is_empty", is_empty, Next(1), &MOVES),
        ("is_empty", is_empty, Push(1), &COMES_FIRST),
        ("steal", finds_none, Next(1), &MOVES[..4]),
        ("steal", finds_none, Next(1), &MOVES),
        ("steal", finds_none, Push(1), &COMES_FIRST),
    ];
    for (call, finds_nothing, before, beside) in cases {
        let preemptions = match (call, beside.len()) {
            (_, ..=4) => 3,
            ("steal", _) => 2,
            _ => 5,
        };
        Model::new().loose_bound(preemptions).check(move || {
            let (mut local, global) = (Local::new(), Global::new());
            let thief = local.stealer();
            work(&mut local, &global, &[before]);
            let owner = || work(&mut local, &global, beside);
            let (found_nothing, _taken) = both(|| finds_nothing(&thief), owner);
            let said = format!("`{call}` has found no task beside {beside:?}");
            assert!(!found_nothing, "{said}; there was always one in the queue");
        });
    }
}

/// The owner or a thief is stopped in the middle of a call, at each place in turn, and another thief, or the owner, makes one
/// all the same. Catches a lock around the queue, also one that is made of an atomic. The lock of the global queue is not
/// needed here, because there is room: so a thread that is stopped with it stops nobody either.
#[test]
fn a_thread_that_is_stopped_stops_no_other() {
    // The owner is in one thread alone: nobody waits for this lock.
    type Queue = (Mutex<Local<u32>>, Stealer<u32>, Global<u32>);
    type Call = (&'static str, fn(&Queue));
    fn owner(queue: &Queue, f: fn(&mut Local<u32>, &Global<u32>)) {
        f(&mut queue.0.lock().expect("nothing panics"), &queue.2);
    }
    let of_owner: [Call; 4] = [
        ("`push`", |queue| {
            owner(queue, |local, global| local.push(Box::new(1), global))
        }),
        ("`push_next`", |queue| {
            owner(queue, |local, global| local.push_next(Box::new(2), global))
        }),
        ("`push_batch`", |queue| {
            owner(queue, |local, global| {
                local.push_batch(vec![Box::new(3)], global)
            })
        }),
        ("`pop`", |queue| owner(queue, |local, _| _ = local.pop())),
    ];
    let of_thief: [Call; 3] = [
        ("`steal`", |queue| _ = queue.1.steal()),
        ("`is_empty`", |queue| _ = queue.1.is_empty()),
        ("`clone`", |queue| _ = queue.1.clone()),
    ];
    for pushed in [0, 1, 2] {
        let make = move || {
            let (mut local, global) = (Local::new(), Global::new());
            (0..pushed).for_each(|n| local.push(Box::new(n), &global));
            let thief = local.stealer();
            (Mutex::new(local), thief, global)
        };
        let of_global: Call = ("`Global::push`", |queue| queue.2.push(Box::new(4)));
        for call in of_owner {
            ends_beside_a_stopped_call(make, of_global, call);
        }
        for thief in of_thief {
            for other in of_owner.into_iter().chain(of_thief) {
                ends_beside_a_stopped_call(make, other, thief);
            }
            for other in of_owner {
                ends_beside_a_stopped_call(make, thief, other);
            }
        }
    }
}

/// A thief that is overtaken again and again goes on trying, because the queue is never empty. Before each of its exchanges
/// a task is put in, and the one that the thief is about to take is taken or moves.
#[test]
fn a_thief_that_is_overtaken_again_and_again_gets_a_task() {
    // SC-01
    // More often than anybody would try again before giving up, and than a byte can count.
    const OVERTAKEN: u32 = 300;
    let in_the_ring: fn(u32) -> [Do; 2] = |n| [Push(n), Pop];
    // From the place of the next one to the ring, and there it is stolen by another.
    let next: fn(u32) -> [Do; 2] = |n| [Next(n), Steal];
    for (first, overtakes) in [(Push(1), in_the_ring), (Next(1), next)] {
        // A design whose exchange may fail with more than one older value has more interleavings than there is time for.
        let model = Model::new()
            .preemption_bound(0)
            .max_branches(12_000)
            .budget(Duration::from_secs(1));
        model
            .interrupted_exchanges(OVERTAKEN as usize)
            .check(move || {
                let (mut local, global) = (Local::new(), Global::new());
                let thief = local.stealer();
                work(&mut local, &global, &[first]);
                let owner = || {
                    for n in 2..OVERTAKEN {
                        work_and_wait(&mut local, &global, &overtakes(n));
                        yield_now();
                    }
                };
                let (stolen, ()) = both(|| seen(thief.steal()), owner);
                let said = "tasks stolen; there was always one, and the thief was overtaken";
                assert_eq!(stolen.iter().len(), 1, "{said} {OVERTAKEN} times");
            });
    }
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
        let [_, _, _, order] = require_each_once(local, PLACES, [vec![], vec![], left, moved], 6);
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
        let [_, _, _, order] = require_each_once(local, PLACES, [vec![], vec![], left, moved], 7);
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
            let [popped, ..] = require_each_once((), PLACES, [popped, vec![], vec![], left], tasks);
            let number = popped.len() as u32;
            let said = "`None` is no answer while a task is there, even if the other thread holds the lock";
            assert_eq!(
                number, tasks,
                "tasks popped, of {tasks}, by two threads: {said}"
            );
        });
    }
}

/// A thread puts task 2 into the global queue and pops twice, while another puts task 1 in: at most one can be before task 2.
#[test]
fn what_a_thread_puts_into_the_global_queue_it_can_pop() {
    // SC-22
    model(|| {
        let global = Global::new();
        let push_and_pop = || {
            global.push(task(2));
            [global.pop(), global.pop()]
        };
        let (popped, ()) = both(push_and_pop, || global.push(task(1)));
        let popped: Vec<_> = popped.iter().flatten().map(|task| task.read()).collect();
        let said = "task 2 was put in, then two tasks were popped, at most one of them before it";
        assert!(popped.contains(&2), "{said}; popped {popped:?}");
    });
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

/// The ring is full. Two thieves steal one task each while the owner pushes task 5, into a slot that they make free or
/// into the global queue.
#[test]
fn two_thieves_and_an_owner() {
    // SC-01, SC-09
    Model::new().loose_bound(3).check(|| {
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
        let [_, stolen, ..] = require_each_once(local, PLACES, [vec![], stolen, left, moved], 5);
        assert_eq!(
            stolen.len(),
            2,
            "tasks stolen by two thieves; there was always one for each, also when the other was faster"
        );
    });
}

/// The owner pushes two tasks while two thieves steal one each. A thief that finds the head where the other has moved it
/// finds a tail that is not behind it.
#[test]
fn a_thief_follows_another() {
    // SC-01
    Model::new().loose_bound(2).check(|| {
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
        require_each_once(local, PLACES, [popped, stolen, left, vec![]], 6);
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
