//! Models: each explores every interleaving of the owner of a queue, which is main, and a thief, which owns a queue as well;
//! a ring holds four. The tasks are memory that the model watches: a task whose making is not ordered before its use is a
//! data race.

use self::Do::{Next, Pop, Push, Steal};
use crate::{CAPACITY, Global, Local, Stealer, steal_work};
use harness::leaks::track;
use harness::sync::model::thread::{scope, yield_now};
use harness::testing::{Watched, both, require_each_once, spawn};
use harness::{Model, model};
use std::iter::from_fn;
use std::mem;
use std::slice::from_ref;
use std::sync::Arc;

type Task = Arc<Watched<u32>>;
type Owner = Local<Watched<u32>>;
type Shared = Global<Watched<u32>>;

fn task(n: u32) -> Task {
    Arc::new(Watched::new(&format!("task {n}"), n))
}

/// What an owner can do, and at the end a thief of one task on the same thread.
#[derive(Clone, Copy, Debug)]
enum Do {
    Push(u32),
    Next(u32),
    Pop,
    Steal,
}

/// Does `all`, and looks at each task that was taken.
fn work(local: &mut Owner, global: &Shared, all: &[Do]) -> Vec<Task> {
    let look = |task: &Task| assert_ne!(task.read(), 0);
    let mut taken = Vec::new();
    for one in all {
        match *one {
            Push(n) => local.push(task(n), global),
            Next(n) => local.push_next(task(n), global),
            Pop => taken.extend(local.pop().inspect(look)),
            Steal => taken.extend(local.stealer().steal().inspect(look)),
        }
    }
    taken
}

/// Steals once, into a queue of the thief's own that has `room` for so many, and returns the task that was returned and those
/// that were queued. The thief looks at all of them.
fn steal(victim: &Stealer<Watched<u32>>, room: usize) -> (Option<Task>, Vec<Task>) {
    let (mut own, global) = (Local::new(), Global::new());
    let before = CAPACITY - room;
    for _ in 0..before {
        own.push(task(0), &global);
    }
    let ran = victim.steal_into(&mut own);
    for _ in 0..before {
        let kept = own.pop().map(|task| task.read());
        assert_eq!(kept, Some(0), "what the thief's own ring held before");
    }
    // One too many is enough: a head that has overtaken the tail would give four billion.
    let queued: Vec<_> = from_fn(|| own.pop()).take(CAPACITY + 1).collect();
    for task in ran.iter().chain(&queued) {
        task.read();
    }
    (ran, queued)
}

/// Where tasks are found, in the order of the arrays that say it.
const PLACES: &str = "popped, run by the thief, queued by it, left, global";

/// The owner does `before`. Then it goes on with `beside`, while a thief steals once, into a ring with this `room`.
#[track_caller]
fn race(before: &[Do], beside: &[Do], room: usize, last: u32) -> [Vec<u32>; 5] {
    let (mut local, global) = (Local::new(), Global::new());
    let victim = local.stealer();
    let mut popped = work(&mut local, &global, before);
    let (others, (ran, queued)) = both(
        || work(&mut local, &global, beside),
        || steal(&victim, room),
    );
    popped.extend(others);
    let left = from_fn(|| local.pop()).take(last as usize + 1).collect();
    let moved = from_fn(|| global.pop()).collect();
    let ran = Vec::from_iter(ran);
    require_each_once(local, PLACES, [popped, ran, queued, left, moved], last)
}

const FULL: [Do; 4] = [Push(1), Push(2), Push(3), Push(4)];

/// In each slot a task has been before.
const USED: [Do; 8] = [Push(1), Push(2), Push(3), Push(4), Pop, Pop, Pop, Pop];

/// One task is in the ring, and the owner pushes three more and takes one while a thief steals half. The tail publishes what
/// is in the slots before it: a thief that has read it sees the tasks, with all that their maker wrote into them, and takes half
/// of what was there at one moment.
#[test]
fn a_task_is_there_when_it_is_stolen() {
    // SC-12, SC-14
    model(|| {
        let before = [&USED[..], &[Push(5)]].concat();
        let [_, ran, queued, ..] = race(&before, &[Push(6), Push(7), Push(8), Pop], 4, 8);
        assert!(
            !ran.is_empty(),
            "`steal_into` has returned None, and a task was in the ring all the time: a head looks like a tail that is older than \
             it, and an exchange that another was faster with says nothing of what is left"
        );
        let right = matches!((&queued[..], &ran[..]), ([], [5]) | ([5], [6]) | ([6], [7]));
        assert!(
            right,
            "the ring held 5 to 8 at most, and 6 7 8 at the end: of what is there at one moment the thief must run 5; or run 6 and \
             queue 5; or run 7 and queue 6; run {ran:?}, queued {queued:?}"
        );
    });
}

/// Three tasks are in the ring. The owner takes two while a thief steals half: each task goes to one of them.
#[test]
fn a_half_is_stolen_beside_the_owner() {
    // SC-12, SC-13, SC-14
    model(|| {
        let [popped, ran, queued, ..] = race(&FULL[..3], &[Pop, Pop], 4, 3);
        let right = matches!(
            (&popped[..], &queued[..], &ran[..]),
            ([3], [1], [2]) | ([1, 3], [], [2]) | ([1, 2], [], [3])
        );
        assert!(
            right,
            "the thief must queue the older tasks of its half and run the newest; \
             popped {popped:?}, queued {queued:?}, run {ran:?}"
        );
    });
}

/// One task is in the ring. The owner takes it while a thief steals: one of them gets it, the other nothing.
#[test]
fn the_last_task_goes_to_one() {
    // SC-12
    model(|| drop(race(&[Push(1)], &[Pop], 4, 1)));
}

/// The next task is the only one. The owner takes it while a thief steals: one of them gets it, the other nothing.
#[test]
fn the_next_task_goes_to_one() {
    // SC-16
    model(|| drop(race(&[Next(1)], &[Pop], 4, 1)));
}

/// The ring is full, and the owner takes three tasks while a thief steals half of what there is. At no moment is the queue
/// empty, so the thief gets a task: that the owner was faster, time and again, is no reason to return `None`.
#[test]
fn nobody_is_turned_away_while_there_are_tasks() {
    // SC-14
    model(|| {
        let [popped, ran, ..] = race(&FULL, &[Pop, Pop, Pop], 4, 4);
        assert!(
            ran.len() == 1,
            "`steal_into` has returned no task, though one was in the ring all the time; the owner has taken {popped:?} of four"
        );
    });
}

/// The ring is full. The owner takes a task and pushes two others, the first into the slot of that one, while a thief
/// steals half: once the head has moved, a slot may hold another task, so a thief reads its slots before its exchange. The head
/// that it reads and the tail may be five tasks apart, in a ring of four.
#[test]
fn slots_are_used_again_beside_a_theft() {
    // SC-14, SC-15
    model(|| {
        let [_, ran, ..] = race(&FULL, &[Pop, Push(5), Push(6)], 4, 6);
        assert!(
            ran.len() == 1,
            "`steal_into` has returned no task, though some were in the ring all the time"
        );
    });
}

/// The ring is full, and the owner pushes one more while a thief steals half. Either the thief has made room, or half of the
/// ring and the new task go to the global queue, and the thief gets half of the rest. The owner writes into slots that are free: the thief must have read them before it moves the head.
#[test]
fn an_overflow_beside_a_theft_loses_nothing() {
    // SC-09
    model(|| {
        let [_, ran, queued, left, global] = race(&FULL, &[Push(5)], 4, 5);
        let right = match ran[..] {
            [2] => queued == [1] && left == [3, 4, 5],
            _ => ran == [3] && left == [4] && global == [1, 2, 5],
        };
        assert!(
            right,
            "the thief must run 2 and queue 1; or run 3, with 1, 2, 5 in the global queue; \
             run {ran:?}, queued {queued:?}, left {left:?}, global {global:?}"
        );
    });
}

/// The ring is full, and that of the thief has room for no task. It takes the oldest one, while the owner takes one.
#[test]
fn a_thief_without_room_takes_one() {
    // SC-12
    model(|| {
        let [popped, ran, queued, ..] = race(&FULL, &[Pop], 0, 4);
        let right = matches!((&popped[..], &ran[..]), ([1], [2]) | ([2], [1]));
        assert!(
            right && queued.is_empty(),
            "the owner must get 1 or 2, and the thief the other; \
             popped {popped:?}, run {ran:?}, queued {queued:?}"
        );
    });
}

/// The owner pushes two tasks while two thieves steal half each. A thief that finds the head where the other has moved it
/// finds a tail that is not behind it; and one that finds the tail where the owner has moved it finds the tasks before that in
/// their slots.
#[test]
fn a_thief_follows_another() {
    // SC-14
    Model::new().loose_bound(2).check(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let victim = local.stealer();
        let popped = work(&mut local, &global, &USED);
        let (ran, queued): (Vec<_>, Vec<_>) = scope(|s| {
            let thieves = ["thief 1", "thief 2"].map(|name| spawn(s, name, || steal(&victim, 4)));
            work(&mut local, &global, &[Push(5), Push(6)]);
            let thieves = thieves.map(|thief| thief.join().unwrap());
            thieves.into_iter().unzip()
        });
        let left = from_fn(|| local.pop()).take(3).collect();
        let [ran, queued] = [ran.into_iter().flatten().collect(), queued.concat()];
        require_each_once(local, PLACES, [popped, ran, queued, left, vec![]], 6);
    });
}

/// Tasks move from the place of the next one to the ring, and are taken, but one is in the queue all the time. So a thief does
/// not say `None` after an exchange that another was faster with, nor if the tail has moved since it found the ring empty.
///
/// At most three preemptions in each interleaving, with `steal_work` two.
#[test]
fn a_queue_with_a_task_is_never_found_empty() {
    // SC-11
    type Thief = fn(&Stealer<Watched<u32>>) -> Option<Task>;
    let half: Thief = |victim| victim.steal_into(&mut Local::new());
    let pass: Thief = |victim| steal_work(from_ref(victim), 0..1, &mut Local::new());
    let cases: [(&str, Thief, usize, Do, &[Do]); 3] = [
        (
            "steal_into",
            half,
            3,
            Next(1),
            &[Next(2), Pop, Next(3), Steal],
        ),
        (
            "steal_into",
            half,
            3,
            Push(1),
            &[Next(2), Steal, Next(3), Pop],
        ),
        ("steal_work", pass, 2, Next(1), &[Next(2), Pop]),
    ];
    for (call, thief, preemptions, before, beside) in cases {
        Model::new().preemption_bound(preemptions).check(move || {
            let (mut local, global) = (Local::new(), Global::new());
            let victim = local.stealer();
            work(&mut local, &global, &[before]);
            let owner = || work(&mut local, &global, beside);
            let (ran, _taken) = both(|| thief(&victim), owner);
            let said = format!("`{call}` has found no task beside {beside:?}");
            assert!(ran.is_some(), "{said}; there was always one in the queue");
            mem::forget(ran); // whether it was taken twice is for other models to say
        });
    }
}

/// A thief that is overtaken again and again goes on trying, because the queue is never empty. In the one interleaving
/// explored, before each of its exchanges a task is put in, and the one that the thief is about to take is taken or moves.
#[test]
fn a_thief_that_is_overtaken_again_and_again_gets_a_task() {
    // SC-14
    // More often than anybody would try again before giving up, and than a byte can count.
    const OVERTAKEN: u32 = 300;
    let in_the_ring: fn(u32) -> [Do; 2] = |n| [Push(n), Pop];
    // From the place of the next one to the ring, and there it is stolen by another.
    let next: fn(u32) -> [Do; 2] = |n| [Next(n), Steal];
    for (first, overtakes) in [(Push(1), in_the_ring), (Next(1), next)] {
        let model = Model::new().interrupted_exchanges(OVERTAKEN as usize);
        model
            .preemption_bound(0)
            .max_branches(12_000)
            .check(move || {
                let (mut local, global) = (Local::new(), Global::new());
                let victim = local.stealer();
                work(&mut local, &global, &[first]);
                let owner = || {
                    for n in 2..OVERTAKEN {
                        work(&mut local, &global, &overtakes(n));
                        yield_now();
                    }
                };
                let (ran, ()) = both(|| victim.steal_into(&mut Local::new()), owner);
                let said = "tasks run by the thief; there was always one, and it was overtaken";
                assert_eq!(ran.iter().len(), 1, "{said} {OVERTAKEN} times");
            });
    }
}

/// Victim 0 has a next task. The ring of victim 1 always has a task, and before each exchange by which a thief wants to take it,
/// one is put in and that one is taken. The thief gets a task out of the ring, however often it was overtaken: a race that it has
/// lost is no empty ring, so the next task stays.
#[test]
fn a_ring_that_others_rob_is_not_an_empty_one() {
    // SC-16
    const OVERTAKEN: u32 = 20; // more often than there are passes
    let model = Model::new().interrupted_exchanges(OVERTAKEN as usize);
    model.preemption_bound(0).check(|| {
        let (mut first, mut second, global) = (Local::new(), Local::new(), Global::new());
        work(&mut first, &global, &[Next(100)]);
        work(&mut second, &global, &[Push(1)]);
        let victims = [first.stealer(), second.stealer()];
        let owner = || {
            for n in 2..OVERTAKEN {
                work(&mut second, &global, &[Push(n), Pop]);
                yield_now();
            }
        };
        let (ran, ()) = both(|| steal_work(&victims, 0..2, &mut Local::new()), owner);
        let ran = ran.map(|task| task.read());
        assert!(
            ran.is_some_and(|ran| ran < 100),
            "a task of the ring must be stolen, which is less than 100, and not the next task, which is 100: {ran:?}"
        );
    });
}

/// The owner takes the next task, gives it back and makes another one the next, perhaps in the same memory, while a thief
/// steals. It gets the first or the second, with all that the maker wrote into it.
#[test]
fn a_next_task_follows_another() {
    // SC-16
    model(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let victim = local.stealer();
        work(&mut local, &global, &[Next(7)]);
        let (popped, stolen) = both(
            || {
                let popped = local.pop().map(|task| task.read());
                local.push_next(task(1), &global);
                popped
            },
            || victim.steal_into(&mut Local::new()).map(|task| task.read()),
        );
        let left = local.pop().map(|task| task.read());
        let mut all: Vec<_> = [popped, stolen, left].into_iter().flatten().collect();
        all.sort_unstable();
        let said = format!("popped {popped:?}, stolen {stolen:?}, left {left:?}");
        assert_eq!(all, [1, 7], "{said}");
    });
}

/// Main steals half of three tasks into its own ring, while another thread takes one of the three and then steals from main.
/// It must not find a task there that main has copied, and not got.
#[test]
fn a_thief_is_robbed() {
    // SC-13, SC-14
    model(|| {
        let (mut victim, mut own, global) = (Local::new(), Local::new(), Global::new());
        work(&mut victim, &global, &FULL[..3]);
        let (from, robbed) = (victim.stealer(), own.stealer());
        let (ran, (popped, stolen)) = both(
            || from.steal_into(&mut own),
            || (work(&mut victim, &global, &[Pop]), steal(&robbed, 4)),
        );
        let left = from_fn(|| own.pop()).chain(from_fn(|| victim.pop()));
        let left = left.take(4).collect();
        let (thief, queued) = stolen;
        let ran = ran.into_iter().chain(thief).collect();
        require_each_once(
            (victim, own),
            PLACES,
            [popped, ran, queued, left, vec![]],
            3,
        );
    });
}

/// The ring is full. Two thieves steal half each while the owner pushes task 5, into a slot that they make free or into
/// the global queue.
#[test]
fn two_thieves_and_an_owner() {
    // SC-09, SC-14
    Model::new().loose_bound(3).check(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let victim = local.stealer();
        work(&mut local, &global, &FULL);
        let (ran, queued): (Vec<_>, Vec<_>) = scope(|s| {
            let thieves = ["thief 1", "thief 2"].map(|name| spawn(s, name, || steal(&victim, 4)));
            local.push(task(5), &global);
            thieves
                .map(|thief| thief.join().unwrap())
                .into_iter()
                .unzip()
        });
        let left = from_fn(|| local.pop()).take(6).collect();
        let moved = from_fn(|| global.pop()).collect();
        let [ran, queued] = [ran.into_iter().flatten().collect(), queued.concat()];
        let [_, ran, ..] = require_each_once(local, PLACES, [vec![], ran, queued, left, moved], 5);
        assert_eq!(
            ran.len(),
            2,
            "thieves that have got a task; there were always two"
        );
    });
}

/// Victim 0 has a task in its ring and a next one, which another thief steals in this order while `steal_work` asks 0 first.
/// Victim 1 has one in its ring all the time. A ring that was seen with a task may be empty by the time of the theft.
#[test]
fn a_next_task_is_the_last_resort() {
    // SC-16
    model(|| {
        let (mut first, mut second, global) = (Local::new(), Local::new(), Global::new());
        work(&mut first, &global, &[Push(1), Next(9)]);
        work(&mut second, &global, &[Push(2)]);
        let victims = [first.stealer(), second.stealer()];
        let (_other, ran) = both(
            || work(&mut first, &global, &[Steal]),
            || steal_work(&victims, 0..2, &mut Local::new()),
        );
        let ran = ran.map(|task| task.read());
        assert!(
            matches!(ran, Some(1 | 2)),
            "1 and 2 are in rings, and 2 is all the time: `steal_work` must return one of them, and not 9, the next task of \
             victim 0; it returns {ran:?}"
        );
    });
}

/// The owner goes beside a thief that steals half, and goes too: each task is dropped once, with its queue.
#[test]
fn what_is_left_is_dropped_once() {
    // SC-14
    model(|| {
        let (mut local, global) = (Local::new(), Global::new());
        let victim = local.stealer();
        for n in 1..=4 {
            local.push_next(Arc::new(track(n)), &global);
        }
        both(
            move || drop(local),
            move || drop(victim.steal_into(&mut Local::new())),
        );
    });
}
