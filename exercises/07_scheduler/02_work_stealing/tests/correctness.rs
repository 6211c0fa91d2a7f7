//! What the docs promise, on real threads. The orderings are the models' business, in `src/race_freedom.rs`.

use harness::assert_bounds;
use harness::testing::{must_end, panic_of};
use std::collections::BTreeSet;
use std::iter::{self, from_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{mem, slice, thread};
use work_stealing::{CAPACITY, Global, Local, Pass, StealOrder, Stealer, steal_work};

/// A task that is never freed: that it was taken twice is for the test to say, and not for the allocator.
fn task(n: usize) -> Arc<usize> {
    let task = Arc::new(n);
    mem::forget([&task; 9].map(Arc::clone));
    task
}

/// A queue that holds the tasks of this range in its ring.
fn ring(tasks: std::ops::Range<usize>) -> Local<usize> {
    let (mut local, global) = (Local::new(), Global::new());
    for n in tasks {
        local.push(task(n), &global);
    }
    assert!(global.is_empty(), "there was room in the ring");
    local
}

/// A queue whose ring is empty, and which has a next task.
fn next(n: usize) -> Local<usize> {
    let mut local = Local::new();
    local.push_next(task(n), &Global::new());
    local
}

/// All that is in a queue, in its order.
fn drained(local: &mut Local<usize>) -> Vec<usize> {
    from_fn(|| local.pop().map(|task| *task)).collect()
}

/// Some numbers, the middle ones left out if there are many.
fn some(numbers: &[usize]) -> String {
    match numbers {
        [first, second, .., last] if numbers.len() > 8 => {
            format!("{first}, {second} … {last} ({} of them)", numbers.len())
        }
        _ => format!("{numbers:?}"),
    }
}

/// What has become of the tasks of a theft, by `rule`: the one that the thief runs, what is in its queue, what is left.
#[track_caller]
fn require_theft(
    has: (Option<usize>, Vec<usize>, Vec<usize>),
    right: (Option<usize>, Vec<usize>, Vec<usize>),
    rule: &str,
) {
    let said = |(ran, own, left): &(Option<usize>, Vec<usize>, Vec<usize>)| {
        let (own, left) = (some(own), some(left));
        format!("{ran:?} returned, {own} in the thief's queue, {left} left with the victim")
    };
    let (must, is) = (said(&right), said(&has));
    assert!(
        has == right,
        "{rule}\n it must be: {must}\n but it is: {is}"
    );
}

/// A thief takes the older half of a ring, rounded up, returns the newest of these tasks, and queues the others in their order;
/// for each number of tasks that fits into a ring.
#[test]
fn a_thief_takes_half_runs_the_last_and_queues_the_rest() {
    // SC-12, SC-13
    let (mut victim, mut own, global) = (Local::new(), Local::new(), Global::new());
    let thief = victim.stealer();
    for tasks in 0..=CAPACITY {
        for n in 1..=tasks {
            victim.push(task(n), &global);
        }
        let half = tasks.div_ceil(2);
        let ran = thief.steal_into(&mut own).map(|task| *task);
        let right = (
            Some(half).filter(|&half| half > 0),
            Vec::from_iter(1..half),
            Vec::from_iter(half + 1..=tasks),
        );
        let rule = format!(
            "Of tasks 1 to {tasks} in a ring a thief takes the oldest {half}, and returns the newest of them."
        );
        require_theft((ran, drained(&mut own), drained(&mut victim)), right, &rule);
    }
}

/// Steals one task for the caller to run, from a single victim.
type Steal = fn(&Stealer<usize>, &mut Local<usize>) -> Option<Arc<usize>>;

/// Both calls that do, with their names.
const CALLS: [(&str, Steal); 2] = [
    ("`steal_into`", |victim, into| victim.steal_into(into)),
    ("`steal_work`", |victim, into| {
        steal_work(slice::from_ref(victim), iter::once(0), into)
    }),
];

/// A thief whose own ring has room for fewer tasks than it would queue takes the oldest ones: one more than there is room for.
/// A next task of its own takes no room.
#[test]
fn a_thief_takes_what_it_has_room_for() {
    // SC-12
    let rooms = [0, 1, 2, CAPACITY / 2 - 2, CAPACITY / 2 - 1, CAPACITY / 2];
    for (room, next, (call, steal)) in rooms
        .into_iter()
        .flat_map(|room| [(room, None), (room, Some(2_000))])
        .flat_map(|(room, next)| CALLS.map(|call| (room, next, call)))
    {
        let mut victim = ring(1..CAPACITY + 1);
        let mut own = ring(1_000..1_000 + CAPACITY - room);
        let kept = own.len();
        next.into_iter()
            .for_each(|n| own.push_next(task(n), &Global::new()));
        let ran = steal(&victim.stealer(), &mut own).map(|task| *task);
        let taken = (room + 1).min(CAPACITY / 2);
        let right = (
            Some(taken),
            Vec::from_iter(next.into_iter().chain(1_000..1_000 + kept).chain(1..taken)),
            Vec::from_iter(taken + 1..=CAPACITY),
        );
        let rule = format!(
            "{call}: the ring of the thief has room for {room}, and its next task is {next:?}. Half of the victim's tasks, which are 1 to \
             {CAPACITY}, is {}: the thief takes the oldest {taken}, returns the newest of them, and queues {}.",
            CAPACITY / 2,
            taken - 1
        );
        require_theft((ran, drained(&mut own), drained(&mut victim)), right, &rule);
    }
}

/// The thief's ring was full, and others have stolen from it. It has room for half of the victim's tasks, and takes half; and
/// then its ring can be filled again, and overflows.
#[test]
fn room_that_other_thieves_have_made_is_used() {
    // SC-12
    for left in [0, 100] {
        let (victim, mut own) = (ring(1..101), ring(1_000..1_000 + CAPACITY));
        while own.len() > left {
            own.stealer().steal();
        }
        let ran = victim.stealer().steal_into(&mut own).map(|task| *task);
        assert!(
            ran == Some(50),
            "the thief's ring was full, and others have left {left} tasks in it: there is room for half of 100 tasks, so it must \
             return 50, and returns {ran:?}"
        );
        let (global, before) = (Global::new(), own.len());
        for n in 0..=CAPACITY - before {
            own.push(task(n), &global);
        }
        let after = (own.len(), global.len());
        let right = (CAPACITY / 2, CAPACITY / 2 + 1);
        assert_eq!(
            after, right,
            "tasks (in the thief's ring, global) after {CAPACITY} + 1"
        );
    }
}

/// A thief takes the next task only if the ring is empty, and then whether it has room in its own ring or not.
#[test]
fn the_next_task_is_taken_only_from_an_empty_ring() {
    // SC-16
    for mut own in [Local::new(), ring(1_000..1_000 + CAPACITY)] {
        let (mut victim, kept) = (ring(1..3), own.len());
        victim.push_next(task(3), &Global::new());
        let thief = victim.stealer();
        let all: Vec<_> = from_fn(|| thief.steal_into(&mut own).map(|task| *task)).collect();
        let queued = own.len() - kept;
        assert!(
            all == [1, 2, 3] && queued == 0,
            "1, 2 are in the ring, and 3 is the next task, which is no part of a half, and goes last and alone: three thefts, \
             into a queue with {kept} tasks, must return 1, 2, 3 and queue nothing; they return {all:?} and queue {queued}"
        );
    }
}

/// A queue is stolen from into itself, as from another: the newest of the older half is returned, and the others go to the end
/// of the ring; the next task stays, unless the ring is empty.
#[test]
fn an_owner_may_steal_from_itself() {
    // SC-14
    for (tasks, next, (call, steal)) in [0, 1, 2, 3, 100]
        .into_iter()
        .flat_map(|tasks| [(tasks, None), (tasks, Some(2_000))])
        .flat_map(|(tasks, next)| CALLS.map(|call| (tasks, next, call)))
    {
        let mut own = ring(0..tasks);
        next.into_iter()
            .for_each(|n| own.push_next(task(n), &Global::new()));
        let ran = steal(&own.stealer(), &mut own).map(|task| *task);
        let half = tasks.div_ceil(2);
        let last = half.saturating_sub(1);
        let stays = next.filter(|_| half > 0);
        let right = (
            if half > 0 { Some(last) } else { next },
            Vec::from_iter(stays.into_iter().chain(half..tasks).chain(0..last)),
            vec![],
        );
        let rule = format!(
            "{call}: a queue is stolen from into itself; {tasks} tasks are in its ring, from 0 on, and its next task is {next:?}. By the \
             same rules as into another the oldest {half} are taken, and the next task only from an empty ring."
        );
        require_theft((ran, drained(&mut own), vec![]), right, &rule);
    }
    for tasks in [CAPACITY - 1, CAPACITY] {
        let mut own = ring(0..tasks);
        let ran = own.stealer().steal_into(&mut own).map(|task| *task);
        let mut all = drained(&mut own);
        all.extend(ran);
        all.sort_unstable();
        assert!(
            ran.is_some() && all == Vec::from_iter(0..tasks),
            "a queue of {tasks} tasks is stolen from into itself: {ran:?} is returned, and with it come out {}",
            some(&all)
        );
    }
}

/// Rings are robbed before next tasks, and the order says whose is first.
#[test]
fn rings_come_first_in_the_order_and_next_tasks_last() {
    // SC-16, SC-17
    let locals = [next(1), ring(10..14), next(2), ring(20..22), Local::new()];
    let victims = locals.each_ref().map(Local::stealer);
    let mut own = Local::new();
    let mut steal = |order: &[usize]| {
        let ran = steal_work(&victims, order.iter().copied(), &mut own);
        let ran = Vec::from_iter(ran.map(|task| *task));
        [ran, drained(&mut own)].concat()
    };
    let panicked = panic_of(|| drop(steal(&[5, 3])));
    assert!(
        panicked.is_some(),
        "index 5, of five victims, must panic before 3 is asked"
    );
    let thefts: [(&[usize], &[usize], &str); 10] = [
        (
            &[0, 3, 1, 2, 4],
            &[20],
            "3 has the first ring with tasks, 20 and 21; 0 has only a next task",
        ),
        (
            &[0, 1, 2, 3, 4],
            &[11, 10],
            "1 has the first ring with tasks, 10 to 13",
        ),
        (
            &[4, 2, 0, 3, 1],
            &[21],
            "3 has the first ring with tasks, 21",
        ),
        (
            &[0, 0, 2, 4, 4, 4, 1],
            &[12],
            "1 has 12 and 13 in its ring, after six others, some twice",
        ),
        (
            &[4, 2, 0, 1, 5],
            &[13],
            "1 has the last task that is in a ring, so nobody comes to index 5",
        ),
        (
            &[4, 4, 4, 4, 4, 2, 0, 1],
            &[2],
            "all rings are empty, and 2 has the first next task; the order may be longer than there are victims",
        ),
        (&[4, 2, 1], &[], "0 has a task, but is not in the order"),
        (&[], &[], "nobody is in the order"),
        (&[2, 0], &[1], "0 has the last task of all"),
        (&[0, 1, 2, 3, 4], &[], "there is no task left"),
    ];
    for (order, right, why) in thefts {
        let stolen = steal(order);
        assert!(
            stolen == right,
            "steal_work in the order {order:?} must take {right:?}, and takes {stolen:?}: {why}"
        );
    }
    let panicked = panic_of(|| drop(steal(&[5])));
    assert!(panicked.is_some(), "index 5, of five victims, must panic");
}

/// Of 300 victims the last one alone has tasks, in its ring and the next one: that is far down the order, and they are found.
#[test]
fn the_last_of_many_victims_is_asked() {
    // SC-17
    // More than a byte can count.
    let mut locals = Vec::from_iter((0..300).map(|_| Local::new()));
    locals[299].push_next(task(2), &Global::new());
    locals[299].push(task(1), &Global::new());
    let victims = Vec::from_iter(locals.iter().map(Local::stealer));
    let thefts = [(); 3].map(|()| {
        let stolen = steal_work(&victims, 0..300, &mut Local::new());
        stolen.map(|task| *task)
    });
    assert_eq!(
        thefts,
        [Some(1), Some(2), None],
        "three thefts in the order 0 to 299, and 299 has 1 in its ring and 2 as its next task"
    );
}

/// Workers that are idle are left out, as the worker itself is: whatever they have is not touched.
#[test]
fn idle_workers_are_not_asked() {
    // SC-18
    let locals = [ring(0..4), next(4), ring(5..7), Local::new()];
    let victims = locals.each_ref().map(Local::stealer);
    let is_idle = [true, true, false, true];
    let order = StealOrder::new(4);
    for random in 0..100 {
        let pass = order.pass(random).filter(|&victim| !is_idle[victim]);
        let ran = steal_work(&victims, pass, &mut Local::new()).map(|task| *task);
        let right = [5, 6].get(random as usize).copied();
        assert!(
            ran == right,
            "the order names worker 2 only, who had 5 and 6: theft {random} must return {right:?}, and returns {ran:?}"
        );
    }
    let left = locals.map(|local| local.len());
    assert_eq!(left, [4, 1, 0, 0], "tasks left; 0 and 1 are idle");
}

/// Numbers as a worker draws them.
fn randoms(mut random: u64) -> impl Iterator<Item = u32> {
    from_fn(move || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Some((random >> 32) as u32)
    })
}

fn have_common_divisor(a: usize, b: usize) -> bool {
    (2..=a).any(|n| a.is_multiple_of(n) && b.is_multiple_of(n))
}

/// A pass comes to each worker once, in strides of one length; for one worker to 64, and for more than a byte counts.
#[test]
fn a_pass_comes_to_each_worker_once() {
    // SC-17
    for workers in (1..=64).chain([256, 257, 1_000]) {
        let order = StealOrder::new(workers);
        let edges = [0, 1, 63, 64, u32::MAX - 1, u32::MAX];
        // Of many workers a few passes tell.
        let more = if workers > 64 { 5 } else { 300 };
        for random in edges.into_iter().chain(randoms(7).take(more)) {
            let pass: Vec<_> = order.pass(random).take(workers + 1).collect();
            let mut each = pass.clone();
            each.sort_unstable();
            each.dedup();
            let begin = &pass[..pass.len().min(8)];
            let case = format!("pass({random}) of {workers} workers begins with {begin:?}");
            let seen = (pass.len(), each.len(), each.last().map(|last| last + 1));
            let right = (workers, workers, Some(workers));
            assert!(
                seen == right,
                "a pass must yield each number below {workers} once: {case}, and yields {} numbers or more, {} different ones",
                seen.0,
                seen.1
            );
            let stride = |pair: &[usize]| (pair[1] + workers - pair[0]) % workers;
            let strides: BTreeSet<_> = pass.windows(2).map(stride).collect();
            assert!(strides.len() <= 1, "all strides must be alike: {case}");
        }
    }
}

/// A pass may begin with any worker and take any stride that has no common divisor with their number, both together.
#[test]
fn each_start_comes_with_each_stride() {
    // SC-17
    for workers in [2, 3, 4, 5, 6, 8, 9, 12, 16] {
        let order = StealOrder::new(workers);
        let seen = randoms(7).take(10_000).map(|random| {
            let mut pass = order.pass(random);
            let (first, second) = (pass.next().unwrap(), pass.next().unwrap());
            (first, (second + workers - first) % workers)
        });
        let seen: BTreeSet<_> = seen.collect();
        let strides = (1..workers).filter(|&stride| !have_common_divisor(stride, workers));
        for (stride, first) in strides.flat_map(|s| (0..workers).map(move |first| (s, first))) {
            let is_there = seen.contains(&(first, stride));
            assert!(
                is_there,
                "{workers} workers: of 10,000 passes none begins with {first} in strides of {stride}; each start must come with each \
                 such stride"
            );
        }
    }
}

/// Of a thousand workers, a pass may begin with any, and take any stride that has no common divisor with their number.
#[test]
fn each_start_and_each_stride_comes_with_many_workers() {
    // SC-17
    const WORKERS: usize = 1_000;
    let order = StealOrder::new(WORKERS);
    let (mut starts, mut strides) = (BTreeSet::new(), BTreeSet::new());
    for random in randoms(7).take(20_000) {
        let mut pass = order.pass(random);
        let (first, second) = (pass.next().unwrap(), pass.next().unwrap());
        starts.insert(first);
        strides.insert((second + WORKERS - first) % WORKERS);
    }
    let right = (1..WORKERS).filter(|&stride| !have_common_divisor(stride, WORKERS));
    let seen = (starts.len(), strides.len());
    let right = (WORKERS, right.count());
    assert!(
        seen == right,
        "of {WORKERS} workers there are {} starts and {} strides, but all passes have {} starts and {} strides",
        right.0,
        right.1,
        seen.0,
        seen.1
    );
}

/// Of a hundred thousand workers, a pass may begin with any, and go in long strides and short ones; and it comes to all of them.
#[test]
fn every_worker_may_be_the_first_of_very_many() {
    // SC-17
    const WORKERS: usize = 100_000;
    const PASSES: usize = 100;
    let order = StealOrder::new(WORKERS);
    let seen = Vec::from_iter(randoms(7).take(PASSES).map(|random| {
        let mut pass = order.pass(random);
        let (first, second) = (pass.next().unwrap(), pass.next().unwrap());
        [first, (second + WORKERS - first) % WORKERS]
    }));
    // That a quarter is left out by chance happens once in a million million times, and the numbers are always the same.
    for (what, n) in [("begin with a worker", 0), ("go in strides", 1)] {
        for from in (0..WORKERS).step_by(WORKERS / 4) {
            let quarter = from..from + WORKERS / 4;
            assert!(
                seen.iter().any(|pass| quarter.contains(&pass[n])),
                "{PASSES} passes over {WORKERS} workers, with random numbers: about {} must {what} of {quarter:?}, and none does",
                PASSES / 4
            );
        }
    }
    let numbers = order.pass(7).take(WORKERS + 1).count();
    assert_eq!(
        numbers, WORKERS,
        "numbers that a pass over {WORKERS} workers yields"
    );
}

/// Of no workers, a pass is empty; of one, it comes to that one.
#[test]
fn nobody_is_asked_where_nobody_is() {
    // SC-17
    let order = StealOrder::new(0);
    for random in [0, 1, u32::MAX] {
        assert_eq!(order.pass(random).next(), None, "of no workers");
    }
    let mut pass = StealOrder::new(1).pass(7);
    let four = [(); 4].map(|()| pass.next());
    assert!(
        four == [Some(0), None, None, None],
        "a pass over one worker must yield 0, and then None as often as it is asked, but yields {four:?}"
    );
}

/// A million tasks: one worker makes them, and three others live by stealing, from it and from each other.
#[test]
fn a_million_tasks_are_taken_once_each() {
    // SC-12, SC-14
    // Four times, for a test may not take as long as a loop that spins for ever.
    const TASKS: usize = 250_000;
    let take_all = || {
        let (global, over, order) = (Global::new(), AtomicBool::new(false), StealOrder::new(4));
        let mut locals = [(); 4].map(|()| Local::new());
        let victims = locals.each_ref().map(Local::stealer);
        let [maker, thieves @ ..] = locals.each_mut();
        let steal = |own: &mut Local<usize>, seed| {
            let (mut taken, mut randoms) = (Vec::new(), randoms(seed));
            loop {
                let last_round = over.load(Ordering::Acquire); // ask first, then look
                let task = own.pop().or_else(|| {
                    let pass = order.pass(randoms.next().unwrap_or(0));
                    steal_work(&victims, pass, own).or_else(|| global.pop_batch(64, own))
                });
                match task {
                    Some(task) => taken.push(task),
                    None if last_round => return taken,
                    None => thread::yield_now(),
                }
            }
        };
        let mut taken = Vec::new();
        thread::scope(|s| {
            let mut seed = 0;
            let thieves = thieves.map(|own| {
                seed += 1;
                s.spawn(move || steal(own, seed))
            });
            for n in 0..TASKS {
                match n % 3 {
                    0 => maker.push_next(Arc::new(n), &global),
                    _ => maker.push(Arc::new(n), &global),
                }
                // A hundred tasks for the others, and a hundred that it takes as well.
                if n / 100 % 2 == 0 {
                    taken.extend(maker.pop().into_iter().chain(maker.pop()));
                }
            }
            taken.extend(from_fn(|| maker.pop()));
            over.store(true, Ordering::Release);
            let stolen = thieves.map(|thief| thief.join().expect("a thief does not panic"));
            taken.extend(stolen.into_iter().flatten());
        });
        let mut numbers: Vec<_> = taken.iter().map(|task| **task).collect();
        numbers.sort_unstable();
        let wrong = (0..TASKS).find(|&n| numbers.get(n) != Some(&n));
        let count = numbers.len();
        if wrong.is_some() || count > TASKS {
            mem::forget((taken, locals)); // one of them might be freed twice
        }
        let said = format!("the first that is lost, or taken twice; {count} were taken");
        assert_eq!((wrong, count), (None, TASKS), "{said}");
    };
    for _ in 0..4 {
        must_end("a worker is still at work", take_all);
    }
}

/// Workers on several threads can use one order.
#[test]
fn an_order_can_be_shared() {
    let _ = StealOrder::new(2).pass(1);
    assert_bounds!(StealOrder: Send + Sync);
    assert_bounds!(Pass: Send + Sync);
    assert_bounds!(Stealer<u32>: Send + Sync);
    assert_bounds!(Local<u32>: Send);
    assert_bounds!(Stealer<std::cell::Cell<u32>>: !Send + !Sync);
}
