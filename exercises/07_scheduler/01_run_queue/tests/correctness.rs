//! What the docs promise, on real threads. The orderings are the models' business, in `src/race_freedom.rs`.

use harness::assert_bounds;
use harness::testing::{must_end, staged_panic, staged_panic_of};
use run_queue::{CAPACITY, Global, Local, Stealer};
use std::cell::Cell;
use std::collections::VecDeque;
use std::iter::from_fn;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const HALF: usize = CAPACITY / 2;

fn queues() -> (Local<usize>, Global<usize>) {
    (Local::new(), Global::new())
}

#[allow(clippy::vec_box, reason = "a task is a box, wherever it is")]
fn boxed(tasks: &[usize]) -> Vec<Box<usize>> {
    tasks.iter().copied().map(Box::new).collect()
}

/// All that `pop` returns, until it returns `None`.
fn drained(mut pop: impl FnMut() -> Option<Box<usize>>) -> Vec<usize> {
    from_fn(|| pop().map(|task| *task)).collect()
}

/// For each number up to the ring's capacity, that many tasks go in and come out. Their numbers wrap meanwhile.
#[test]
fn tasks_come_out_in_order() {
    // SC-02, SC-03
    let (mut local, global) = queues();
    let mut before = 0;
    for tasks in 0..=CAPACITY {
        for n in 0..tasks {
            local.push(Box::new(n), &global);
        }
        let right = Vec::from_iter(0..tasks);
        let popped = drained(|| local.pop());
        require_same(&format!("popped, after {before} others"), &popped, &right);
        before += tasks;
    }
    let moved = drained(|| global.pop());
    assert_eq!(moved, [], "global; there was always room in the ring");
}

#[test]
fn the_next_task_comes_first_and_the_one_before_it_last() {
    // SC-04, SC-05: what spawns 0 to 9 and then blocks is followed by 9, and then by 0 to 8.
    let (mut local, global) = queues();
    for n in 0..10 {
        local.push_next(Box::new(n), &global);
    }
    assert_eq!(drained(|| local.pop()), [9, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
}

/// A task finds the ring full, by `push` or because `push_next` puts another in its place: the older half of the ring and
/// then this task go to the global queue.
#[test]
fn half_of_a_full_ring_moves_to_the_global_queue() {
    // SC-08
    for makes_way in [false, true] {
        let (mut local, global) = queues();
        if makes_way {
            local.push_next(Box::new(CAPACITY), &global);
        }
        (0..CAPACITY).for_each(|n| local.push(Box::new(n), &global));
        let call = if makes_way {
            local.push_next(Box::new(0), &global);
            assert_eq!(local.pop().as_deref(), Some(&0), "the next task");
            "`push_next`, whose old task found the ring full"
        } else {
            local.push(Box::new(CAPACITY), &global);
            "`push` into a full ring"
        };
        let moved = [Vec::from_iter(0..HALF), vec![CAPACITY]].concat();
        let of = format!("after a {call}: the older half, and then the task without room");
        require_same(&format!("global, {of}"), &drained(|| global.pop()), &moved);
        let kept = Vec::from_iter(HALF..CAPACITY);
        require_same(
            &format!("in the ring, after a {call}"),
            &drained(|| local.pop()),
            &kept,
        );
    }
}

/// Requires these tasks, in this order.
#[track_caller]
fn require_same(what: &str, tasks: &[usize], right: &[usize]) {
    let n = tasks
        .iter()
        .zip(right)
        .take_while(|(task, right)| task == right)
        .count();
    let (has, expected) = (tasks.get(n), right.get(n));
    let (many, wanted) = (tasks.len(), right.len());
    assert!(
        has == expected,
        "{what}; expected {wanted} tasks, and there are {many}: after {n} others task {has:?}, and not {expected:?}"
    );
}

#[test]
fn the_global_queue_is_first_in_first_out() {
    // SC-22
    let global = Global::new();
    (1..=3).for_each(|n| global.push(Box::new(n)));
    let popped: Vec<u32> = std::iter::from_fn(|| global.pop())
        .map(|task| *task)
        .collect();
    assert_eq!(
        popped,
        [1, 2, 3],
        "tasks in the order in which they came out"
    );
}

/// A batch goes into the ring as far as there is room, and the rest of it into the global queue. There is room where thieves
/// have taken tasks, too.
#[test]
fn a_batch_fills_the_ring_and_the_rest_is_global() {
    // SC-10
    for (before, stolen) in [
        (0, 0),
        (1, 0),
        (CAPACITY - 1, 0),
        (CAPACITY, 0),
        (CAPACITY, 3),
    ] {
        for tasks in [0, 1, 2, CAPACITY, CAPACITY + 1, 3 * CAPACITY] {
            let (mut local, global) = queues();
            let thief = local.stealer();
            let all = Vec::from_iter(0..before + tasks);
            local.push_batch(boxed(&all[..before]), &global);
            (0..stolen).for_each(|_| drop(thief.steal()));
            local.push_batch(boxed(&all[before..]), &global);
            let left = &all[stolen..];
            let (ring, rest) = left.split_at(left.len().min(CAPACITY));
            let case = format!("{tasks} tasks after {before}, of which {stolen} were stolen");
            require_same(
                &format!("in the ring, {case}"),
                &drained(|| local.pop()),
                ring,
            );
            require_same(&format!("global, {case}"), &drained(|| global.pop()), rest);
        }
    }
}

#[test]
fn a_thief_takes_the_oldest_and_the_next_one_last() {
    // SC-01
    let (mut local, global) = queues();
    let thieves = [local.stealer(), local.stealer().clone()];
    assert!(thieves[0].is_empty(), "a new queue");
    local.push_next(Box::new(3), &global);
    local.push_batch(boxed(&[1, 2]), &global);
    for n in 1..=3 {
        assert!(!thieves[0].is_empty(), "{} tasks are left", 4 - n);
        let stolen = thieves[n % 2].steal().map(|task| *task);
        assert_eq!(stolen, Some(n), "1, 2 are in the ring, 3 is the next");
    }
    assert!(thieves[0].is_empty(), "the three tasks have been stolen");
    assert_eq!((thieves[0].steal(), local.pop()), (None, None));
}

/// All calls in all sorts of orders, in phases that fill the ring and phases that empty it, beside queues that cannot
/// be wrong.
#[test]
fn every_rhythm_keeps_the_order() {
    // SC-01, SC-04, SC-08
    for seed in 1..=8_u64 {
        let (mut local, global) = queues();
        let thief = local.stealer();
        let (mut ring, mut next, mut moved) = (VecDeque::new(), None, Vec::new());
        let mut random = seed;
        for n in 0..4_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let fills = n / 600 % 2 == 0;
            let call = match random >> 40 & 15 {
                call @ 0..12 if !fills => call / 6,
                call => call / 2,
            };
            let at = format!("call {n}, seed {seed}, {} in the ring", ring.len());
            let (taken, right, pushed) = match call {
                0 => (local.pop(), next.take().or_else(|| ring.pop_front()), None),
                1 => (
                    thief.steal(),
                    ring.pop_front().or_else(|| next.take()),
                    None,
                ),
                2..5 => {
                    local.push_next(Box::new(n), &global);
                    (None, None, next.replace(n))
                }
                _ => {
                    local.push(Box::new(n), &global);
                    (None, None, Some(n))
                }
            };
            let taken = taken.map(|task| *task);
            let call = if call == 0 { "pop" } else { "steal" };
            assert_eq!(taken, right, "what `{call}` has returned: {at}");
            if pushed.is_some() && ring.len() == CAPACITY {
                moved.extend(ring.drain(..HALF).chain(pushed));
            } else {
                ring.extend(pushed);
            }
            let is_empty = ring.is_empty() && next.is_none();
            assert_eq!(thief.is_empty(), is_empty, "is_empty: {at}");
        }
        let left = Vec::from_iter(next.into_iter().chain(ring));
        assert_eq!(drained(|| local.pop()), left, "what is left");
        assert_eq!(drained(|| global.pop()), moved, "what is global");
    }
}

/// A million tasks, an owner and three thieves.
#[test]
fn a_million_tasks_are_taken_once_each() {
    // SC-01, SC-09
    // Four times, for a test may not take as long as a loop that spins for ever.
    const TASKS: usize = 250_000;
    let take_all = || {
        let (mut local, global) = queues();
        let (thief, over) = (local.stealer(), AtomicBool::new(false));
        let steal = || {
            let mut taken = Vec::new();
            loop {
                let last_round = over.load(Ordering::Acquire); // ask first, then look
                match thief.steal().or_else(|| global.pop()) {
                    Some(task) => taken.push(task),
                    None if last_round => return taken,
                    None => thread::yield_now(),
                }
            }
        };
        let mut taken = Vec::new();
        thread::scope(|s| {
            let thieves = [(); 3].map(|()| s.spawn(steal));
            for n in 0..TASKS {
                match n % 3 {
                    0 => local.push_next(Box::new(n), &global),
                    _ => local.push(Box::new(n), &global),
                }
                // A thousand tasks that may overflow the ring, and a thousand that empty it.
                if n / 1_000 % 2 == 0 {
                    taken.extend(local.pop().into_iter().chain(local.pop()));
                }
            }
            taken.extend(from_fn(|| local.pop()));
            over.store(true, Ordering::Release);
            let stolen = thieves.map(|thief| thief.join().expect("a thief does not panic"));
            taken.extend(stolen.into_iter().flatten());
        });
        let mut numbers: Vec<_> = taken.iter().map(|task| **task).collect();
        numbers.sort_unstable();
        let wrong = (0..TASKS).find(|&n| numbers.get(n) != Some(&n));
        if wrong.is_some() {
            std::mem::forget(taken); // one of them might be freed twice
        }
        let count = numbers.len();
        assert_eq!(
            wrong, None,
            "the first that is lost, or taken twice; {count} were taken"
        );
    };
    for _ in 0..4 {
        must_end("a worker is still at work", take_all);
    }
}

/// The owner panics, and its handle is dropped by that: thieves take what it has left, a full ring and the next task.
#[test]
fn tasks_outlive_their_owner() {
    let (mut local, global) = queues();
    let thief = local.stealer();
    let panicked = staged_panic_of(move || {
        (0..CAPACITY).for_each(|n| local.push(Box::new(n), &global));
        local.push_next(Box::new(CAPACITY), &global);
        staged_panic("the owner's");
    });
    assert_eq!(panicked, Some("the owner's"));
    let stolen = thread::spawn(move || drained(|| thief.steal()));
    require_same(
        "stolen after the owner's handle was dropped; the ring was full, and the last is the next task",
        &stolen.join().unwrap(),
        &Vec::from_iter(0..=CAPACITY),
    );
}

/// A task that must not be sent cannot be stolen, and a queue has one owner.
#[test]
fn handles_can_be_sent_if_tasks_can() {
    drop(Local::<u32>::new());
    struct Is<T>(PhantomData<T>);
    trait Otherwise {
        const CLONE: bool = false;
    }
    impl<T> Otherwise for Is<T> {}
    impl<T: Clone> Is<T> {
        const CLONE: bool = true;
    }
    let clone = (Is::<Stealer<Rc<u32>>>::CLONE, Is::<Local<u32>>::CLONE);
    assert_eq!(clone, (true, false), "whether (Stealer, Local) is Clone");

    assert_bounds!(Local<Cell<u32>>: Send);
    assert_bounds!(Stealer<Cell<u32>>: Send + Sync);
    assert_bounds!(Global<Cell<u32>>: Send + Sync);
    assert_bounds!(Local<Rc<u32>>: !Send);
    assert_bounds!(Stealer<Rc<u32>>: !Send + !Sync);
    assert_bounds!(Global<Rc<u32>>: !Send + !Sync);
}
