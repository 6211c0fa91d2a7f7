//! The rules, one by one: a state is set up, a P looks, and what it finds and leaves is compared with the
//! rule. Then tasks with scripts, tick by tick. A failure shows the table.

use find_runnable::{
    RULES, execute, globrunqget, gosched, goyield, ready, runqget, runqsteal, steal_order,
};
use simulator::ticks::{Op, SLICE, Simulator};
use simulator::{G, RUNQ, Random, Sched, Source};
use std::collections::BTreeSet;

const NEXT: &str = "Rule 1, next: who is started or woken runs next, and the one before it goes to the \
     ring's tail.";
const TAILS: &str =
    "Rule 2, tails: goyield goes to the tail of the ring, gosched to the tail of the global queue.";
const SLICES: &str =
    "Rule 3, slices: each task begins one, except the one from runnext, which inherits it.";
const OWN: &str = "Rule 4, its own: first runnext, then the oldest of the ring.";
const TURN: &str = "Rule 5, turn: if schedtick is a multiple of 61, one task of the global queue comes \
     before all others, and nothing goes to the ring.";
const SHARE: &str = "Rule 6, share: min(len / GOMAXPROCS + 1, len, half a ring, max); the oldest runs, the \
     others go to the ring.";
const POLL: &str = "Rule 7, poll: the oldest runs; one for each idle P goes to the global queue, the rest to \
     the own ring.";
const ORDER: &str = "Rule 8, order: its turn, its own, the global queue, netpoll, the others.";
const HALF: &str = "Rule 9, half: a thief takes half of the ring, rounded up, runs the last and keeps the \
     others in order.";
const STEPS: &str = "Rule 10, rounds: a steal_order begins at random % gomaxprocs, goes on in steps of one size \
     that has no divisor in common with gomaxprocs, and has each P once.";
const ROUNDS: &str = "Rule 10, rounds: four times round in a steal_order; runnext of another only the last \
     time; no idle P.";

/// Tasks 1, 2, … as they are numbered in tests that set up the state themselves.
fn tasks(numbers: impl Iterator<Item = u32>) -> Vec<G> {
    numbers.collect()
}

fn simulator(gomaxprocs: usize) -> Simulator {
    Simulator::new(RULES, gomaxprocs, 1)
}

/// A P whose turn for the global queue was one slice ago.
fn after_its_turn(gomaxprocs: usize) -> Simulator {
    let mut sim = simulator(gomaxprocs);
    sim.sched.allp.iter_mut().for_each(|p| p.schedtick = 1);
    sim
}

/// Three tasks are started one after the other.
#[test]
fn a_started_task_runs_next() {
    // SC-04
    let mut sim = simulator(2);
    sim.sched.allp[0].runq.push_back(9);
    sim.begin();
    for (g, ring) in [(1, &[9][..]), (2, &[9, 1]), (3, &[9, 1, 2])] {
        ready(&mut sim.sched, 0, g);
        sim.must_have(0, Some(g), ring, NEXT);
    }
    sim.must_have(1, None, &[], NEXT);
    sim.global_must_have(&[], NEXT);
}

/// Task 1 gives way in both ways, beside tasks that wait already.
#[test]
fn who_gives_way_goes_to_a_tail() {
    // SC-23, SC-22
    let mut sim = simulator(2);
    sim.sched.allp[0].runnext = Some(7);
    sim.sched.allp[0].runq.extend([8, 9]);
    sim.sched.runq.extend([5, 6]);
    sim.begin();
    goyield(&mut sim.sched, 1, 3);
    sim.must_have(1, None, &[3], TAILS);
    goyield(&mut sim.sched, 0, 1);
    sim.must_have(0, Some(7), &[8, 9, 1], TAILS);
    sim.global_must_have(&[5, 6], TAILS);
    gosched(&mut sim.sched, 2);
    sim.must_have(0, Some(7), &[8, 9, 1], TAILS);
    sim.global_must_have(&[5, 6, 2], TAILS);
}

/// A P has tasks of its own, one of them in runnext.
#[test]
fn the_next_task_comes_first_and_then_the_ring_in_order() {
    // SC-19
    let mut sim = after_its_turn(2);
    sim.sched.allp[0].runnext = Some(7);
    sim.sched.allp[0].runq.extend([8, 9]);
    sim.sched.allp[1].runnext = Some(1);
    sim.sched.allp[1].runq.extend([2, 3]);
    sim.begin();
    let taken: Vec<_> = std::iter::from_fn(|| runqget(&mut sim.sched, 1)).collect();
    let right = [(1, true), (2, false), (3, false)];
    sim.require(taken == right, || {
        format!("runqget must return {right:?}, (task, inherits), but returns {taken:?}. {OWN}")
    });
    sim.must_have(0, Some(7), &[8, 9], OWN);
    sim.must_find(0, 7, Source::RunNext, OWN);
    sim.must_find(0, 8, Source::Runq, OWN);
    sim.must_find(0, 9, Source::Runq, OWN);
}

/// A P has nothing of its own, with queues of many lengths and with one P to eight, and 256.
#[test]
fn a_p_takes_its_share_of_the_global_queue() {
    // SC-21, SC-22
    for gomaxprocs in [1, 2, 3, 4, 8, 256] {
        for len in [
            0, 1, 2, 3, 4, 5, 7, 8, 9, 127, 128, 129, 254, 255, 256, 257, 1000, 3000,
        ] {
            let share = (len / gomaxprocs as u32 + 1).min(len).min(128);
            let mut sim = after_its_turn(gomaxprocs);
            sim.sched.runq.extend(1..=len);
            // Idle ones count, too: they may be about to look.
            sim.sched
                .allp
                .iter_mut()
                .skip(1)
                .for_each(|p| p.idle = len % 2 == 0);
            sim.begin();
            let rule = format!(
                "It takes min({len} / {gomaxprocs} + 1, {len}, 128) = {share} of {len} tasks, with \
                     {gomaxprocs} Ps. {SHARE}"
            );
            let found = globrunqget(&mut sim.sched, 0, usize::MAX);
            let right = (len > 0).then_some(1);
            sim.require(found == right, || {
                format!("globrunqget must return {right:?}, but returns {found:?}. {rule}")
            });
            sim.must_have(0, None, &tasks(2..=share), &rule);
            sim.global_must_have(&tasks(share + 1..=len), &rule);
        }
    }
    // `find_runnable` asks for all of it.
    for (gomaxprocs, len, share) in [(2, 9, 5), (1, 300, 128)] {
        let mut sim = after_its_turn(gomaxprocs);
        sim.sched.runq.extend(1..=len);
        let rule = format!(
            "find_runnable sets no max: it takes min({len} / {gomaxprocs} + 1, {len}, 128) = {share} of \
             {len} tasks, with {gomaxprocs} Ps. {SHARE}"
        );
        sim.must_find(0, 1, Source::Global, &rule);
        sim.must_have(0, None, &tasks(2..=share), &rule);
        sim.global_must_have(&tasks(share + 1..=len), &rule);
    }
}

/// The caller wants fewer tasks than its share. What the P has already, next and in its ring, does not matter.
#[test]
fn a_share_has_at_most_max_tasks() {
    // SC-20
    for (max, share) in [(0, 0), (1, 1), (2, 2), (4, 4), (5, 4)] {
        let mut sim = after_its_turn(2);
        sim.sched.allp[0].runnext = Some(98);
        sim.sched.allp[0].runq.push_back(99);
        sim.sched.runq.extend(1..=7);
        sim.begin();
        let found = globrunqget(&mut sim.sched, 0, max);
        let rule = format!(
            "It takes min(7 / 2 + 1, 7, 128, max = {max}) = {share} of 7 tasks, with 2 Ps. {SHARE}"
        );
        let right = (max > 0).then_some(1);
        sim.require(found == right, || {
            format!("globrunqget must return {right:?}, but returns {found:?}. {rule}")
        });
        let ring = [&[99][..], &tasks(2..=share)].concat();
        sim.must_have(0, Some(98), &ring, &rule);
        sim.global_must_have(&tasks(share + 1..=7), &rule);
    }
}

/// The ring of the P is nearly full. It grows here if it has to, so the share is what it always is.
#[test]
fn a_share_does_not_depend_on_the_ring() {
    let mut sim = after_its_turn(1);
    sim.sched.allp[0].runq.extend(1001..=1250);
    sim.sched.runq.extend(1..=300);
    sim.begin();
    let found = globrunqget(&mut sim.sched, 0, usize::MAX);
    let rule =
        format!("It takes min(300 / 1 + 1, 300, 128) = 128 of 300 tasks, with one P. {SHARE}");
    sim.require(found == Some(1), || {
        format!("globrunqget must return Some(1), but returns {found:?}. {rule}")
    });
    let ring = [tasks(1001..=1250), tasks(2..=128)].concat();
    sim.must_have(0, None, &ring, &rule);
    sim.global_must_have(&tasks(129..=300), &rule);
}

/// Rings of every length, and two that have grown, with and without a next task.
#[test]
fn a_thief_takes_half_rounded_up_and_runs_the_last() {
    // SC-12, SC-13
    for len in (1..=RUNQ as u32).chain([300, 600]) {
        let mut sim = after_its_turn(2);
        sim.sched.allp[0].runq.extend([1001, 1002]);
        sim.sched.allp[1].runnext = Some(1000);
        sim.sched.allp[1].runq.extend(1..=len);
        sim.begin();
        let half = len.div_ceil(2);
        let rule = format!("{half} of {len}. {HALF}");
        let stolen = runqsteal(&mut sim.sched, 0, 1, len % 3 == 0);
        sim.require(stolen == Some(half), || {
            format!("runqsteal must return Some({half}), but returns {stolen:?}. {rule}")
        });
        let ring = [&[1001, 1002][..], &tasks(1..half)].concat();
        sim.must_have(0, None, &ring, &rule);
        sim.must_have(1, Some(1000), &tasks(half + 1..=len), &rule);
    }
    // `find_runnable` leaves it at that.
    let mut sim = after_its_turn(2);
    sim.sched.allp[1].runq.extend(1..=600);
    sim.must_find(0, 300, Source::Stolen(1), HALF);
    sim.must_have(0, None, &tasks(1..300), HALF);
    sim.global_must_have(&[], HALF);
}

/// Nothing is in the ring of the victim, and one task would run next.
#[test]
fn the_next_task_of_another_is_stolen_only_if_asked_for() {
    // SC-16
    let mut sim = after_its_turn(2);
    sim.sched.allp[1].runnext = Some(5);
    sim.begin();
    for (asked, right, left) in [
        (false, None, Some(5)),
        (true, Some(5), None),
        (true, None, None),
    ] {
        let stolen = runqsteal(&mut sim.sched, 0, 1, asked);
        sim.require(stolen == right, || {
            format!("runqsteal with steal_runnext = {asked} must return {right:?}, but returns {stolen:?}. \
                 {ROUNDS}")
        });
        sim.must_have(1, left, &[], ROUNDS);
    }
    sim.must_have(0, None, &[], ROUNDS);
}

/// One to 64 Ps, and more than a byte can count, and many random numbers.
#[test]
fn a_thief_comes_to_each_p_once_a_round() {
    // SC-17
    let mut random = Random::new(1);
    for gomaxprocs in (1..=64).chain([300]) {
        let (mut orders, mut starts) = (BTreeSet::new(), BTreeSet::new());
        let numbers: Vec<u32> = match gomaxprocs {
            ..=64 => (0..40 * gomaxprocs).map(|_| random.next_u32()).collect(),
            // Of many, those that begin with each of them twice.
            _ => (0..2 * gomaxprocs as u32).collect(),
        };
        for number in [0, 1, u32::MAX].into_iter().chain(numbers) {
            let order = steal_order(gomaxprocs, number);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert!(
                sorted == Vec::from_iter(0..gomaxprocs),
                "steal_order({gomaxprocs}, {number}) must have each P once, and is {order:?}. {STEPS}"
            );
            let start = number as usize % gomaxprocs;
            assert!(
                order[0] == start,
                "steal_order({gomaxprocs}, {number}) must begin at {number} % {gomaxprocs} = {start}, and is \
                 {order:?}. {STEPS}"
            );
            let step =
                |n: usize| (order[(n + 1) % gomaxprocs] + gomaxprocs - order[n]) % gomaxprocs;
            assert!(
                (0..gomaxprocs).all(|n| step(n) == step(0)),
                "steal_order({gomaxprocs}, {number}) must go in steps of one size, and is {order:?}. {STEPS}"
            );
            starts.insert(order[0]);
            orders.insert(step(0));
        }
        let coprimes = (1..gomaxprocs.max(2))
            .filter(|&step| is_coprime(step, gomaxprocs))
            .count();
        assert!(
            gomaxprocs < 3 || orders.len() >= 2,
            "{gomaxprocs} Ps, {coprimes} possible steps, but every steal_order goes in steps of {orders:?}: the \
             step must depend on random, too."
        );
        assert_eq!(
            starts.len(),
            gomaxprocs,
            "Ps at which a round begins. {STEPS}"
        );
    }
}

fn is_coprime(a: usize, b: usize) -> bool {
    (2..=a).all(|d| !a.is_multiple_of(d) || !b.is_multiple_of(d))
}

/// A P with enough work of its own looks 200 times. At slices 0, 61, 122 and 183 it is the global queue's turn.
#[test]
fn every_61st_slice_takes_one_task_of_the_global_queue() {
    // SC-20
    let mut sim = simulator(2);
    sim.sched.allp[0].runq.extend(1000..1200);
    sim.sched.runq.extend(1..=100);
    let (mut local, mut global) = (1000.., 1..);
    for slice in 0..200 {
        let turn = slice % 61 == 0;
        let g = if turn { global.next() } else { local.next() }.expect("they do not end");
        let rule = format!("schedtick was {slice}. {TURN}");
        sim.must_find(0, g, if turn { Source::Turn } else { Source::Runq }, &rule);
        sim.must_have(0, None, &tasks(local.start..1200), &rule);
    }
    sim.global_must_have(&tasks(5..=100), TURN);
}

/// It is the global queue's turn, and there is nothing in it: the P goes on with its own. Nor does it hold on
/// to a turn.
#[test]
fn a_turn_without_a_task_is_over() {
    let mut sim = simulator(1);
    sim.sched.allp[0].runq.extend([1, 2]);
    sim.must_find(0, 1, Source::Runq, TURN);
    sim.sched.runq.push_back(9);
    sim.must_find(0, 2, Source::Runq, TURN);
    sim.must_find(0, 9, Source::Global, ORDER);
}

/// 200 tasks from runnext are one slice: the turn of the global queue does not come while schedtick stands
/// still.
#[test]
fn ticks_count_slices_and_not_tasks() {
    // SC-20, SC-06
    let mut sim = after_its_turn(1);
    sim.sched.runq.push_back(1000);
    for g in 1..=200 {
        ready(&mut sim.sched, 0, g);
        sim.must_find(0, g, Source::RunNext, SLICES);
    }
    sim.schedtick_must_be(0, 1, SLICES);
    // And its turn comes though a task waits in runnext: the second time and the last time.
    sim.sched.runq.push_back(1001);
    for (tick, g) in [(61, 1000), (u32::MAX / 61 * 61, 1001)] {
        sim.sched.allp[0].schedtick = tick;
        ready(&mut sim.sched, 0, 1);
        let rule = format!("schedtick was {tick} = 61 * {}. {TURN}", tick / 61);
        sim.must_find(0, g, Source::Turn, &rule);
        sim.must_find(0, 1, Source::RunNext, OWN);
    }
}

/// A P takes a task from each place there is. Each begins a slice, but the one from runnext.
#[test]
fn the_next_task_inherits_the_slice() {
    // SC-06
    let mut sim = simulator(2);
    sim.sched.allp[0].runnext = Some(2);
    sim.sched.allp[0].runq.push_back(3);
    sim.sched.runq.extend([1, 4]);
    sim.sched.netpoll.push_back(5);
    sim.sched.allp[1].runnext = Some(6);
    let places = [
        (1, Source::Turn, 1),
        (2, Source::RunNext, 1),
        (3, Source::Runq, 2),
        (4, Source::Global, 3),
        (5, Source::Netpoll, 4),
        (6, Source::Stolen(1), 5),
    ];
    for (g, source, slices) in places {
        let found = sim.must_find(0, g, source, ORDER);
        let inherits = source == Source::RunNext;
        sim.require(found.inherit_time == inherits, || {
            format!(
                "tick {}: inherit_time of task {g} ({source}) must be {inherits}. {SLICES}",
                sim.now() - 1
            )
        });
        sim.schedtick_must_be(0, slices, SLICES);
    }
    sim.schedtick_must_be(1, 0, "Only P0 has run anything.");
    for (before, after) in [(255, 256), (65_535, 65_536), (u32::MAX, 0)] {
        sim.sched.allp[0].schedtick = before;
        sim.sched.allp[0].runq.push_back(7);
        sim.must_find(0, 7, Source::Runq, OWN);
        let rule = format!("A slice adds one to {before}, and after the last u32 comes 0.");
        sim.schedtick_must_be(0, after, &rule);
    }
}

/// A task waits in each place there is. The P finds them in the order of the rule, however often it looks.
#[test]
fn the_places_come_in_order() {
    // SC-19
    for its_turn in [true, false] {
        let mut sim = simulator(2);
        sim.sched.allp[0].schedtick = if its_turn { 122 } else { 60 };
        sim.sched.allp[0].runnext = Some(2);
        sim.sched.runq.extend([1, 3]);
        sim.sched.netpoll.push_back(4);
        sim.sched.allp[1].runq.push_back(5);
        if its_turn {
            sim.must_find(0, 1, Source::Turn, ORDER);
        }
        sim.must_find(0, 2, Source::RunNext, ORDER);
        if !its_turn {
            sim.must_find(0, 1, Source::Global, ORDER);
            sim.must_find(0, 3, Source::Runq, ORDER);
        } else {
            sim.must_find(0, 3, Source::Global, ORDER);
        }
        sim.must_find(0, 4, Source::Netpoll, ORDER);
        sim.must_find(0, 5, Source::Stolen(1), ORDER);
        sim.must_find_nothing(0, "There is nothing left to find.");
    }
}

/// Up to three hundred tasks whose I/O is ready, beside none to three idle Ps, and 280.
#[test]
fn what_is_ready_is_handed_out() {
    // SC-19, SC-33
    for idle in (0..=3).chain([280]) {
        for ready in [1, 2, 3, 7, 300] {
            let mut sim = after_its_turn(4.max(1 + idle));
            // P0 is idle no more when it looks.
            sim.sched
                .allp
                .iter_mut()
                .take(1 + idle)
                .for_each(|p| p.idle = true);
            // Nobody but a test puts a task into the ring of a P that is idle. It counts all the same.
            sim.sched.allp[idle].runq.extend((idle > 0).then_some(999));
            sim.sched.netpoll.extend(1..=ready);
            let rule = format!(
                "{ready} are ready, {idle} Ps are idle; P0 looks for work, so it is not. {POLL}"
            );
            sim.must_find(0, 1, Source::Netpoll, &rule);
            let handed = ready.min(1 + u32::try_from(idle).expect("a few"));
            sim.global_must_have(&tasks(2..=handed), &rule);
            sim.must_have(0, None, &tasks(handed + 1..=ready), &rule);
        }
    }
}

/// Three Ps have tasks. The thief takes from the one that comes first in its order, whatever number it draws.
#[test]
fn the_first_victim_in_the_order_is_robbed() {
    // SC-17, SC-19
    for number in 0..64 {
        let mut sim = after_its_turn(4);
        for victim in 1..4 {
            sim.sched.allp[victim].runq.push_back(victim as u32);
        }
        let order = steal_order(4, number);
        let victim = order
            .iter()
            .copied()
            .find(|&p| p != 0)
            .expect("there are others");
        let found = sim.find_with(0, &mut || number);
        let says = found.map(|found| (found.g, found.source));
        sim.require(says == Some((victim as u32, Source::Stolen(victim))), || {
            format!("tick 0: cheaprand says {number}, so P0 goes round in the order {order:?} and robs \
                 P{victim}, but finds {says:?}. {ROUNDS}")
        });
    }
    // However many there are.
    let mut sim = after_its_turn(300);
    sim.sched.allp[299].runq.push_back(7);
    sim.must_find(0, 7, Source::Stolen(299), ROUNDS);
}

/// P1 has a task in runnext only, P2 one in its ring. In whichever order the thief goes, it finds the latter
/// first.
#[test]
fn the_next_task_of_another_is_the_last_resort() {
    // SC-16
    for number in 0..16 {
        let mut sim = after_its_turn(3);
        sim.sched.allp[1].runnext = Some(1);
        sim.sched.allp[2].runq.push_back(2);
        let mut asked = 0;
        let mut cheaprand = || {
            asked += 1;
            number + asked
        };
        let first = sim.find_with(0, &mut cheaprand).map(|found| found.source);
        sim.require(first == Some(Source::Stolen(2)), || {
            format!("tick 0: P0 must rob P2's ring and leave P1's runnext, but finds {first:?}. {ROUNDS}")
        });
        // Now two have one in runnext. The order of the fourth round decides.
        sim.sched.allp[2].runnext = Some(3);
        let mut asked = 0;
        let mut cheaprand = || {
            asked += 1;
            if asked == 4 { number } else { number + 1 }
        };
        let second = sim.find_with(0, &mut cheaprand).map(|found| found.source);
        let order = steal_order(3, number);
        let victim = order
            .iter()
            .copied()
            .find(|&p| p != 0)
            .expect("there are others");
        sim.require(second == Some(Source::Stolen(victim)), || {
            format!(
                "tick 1: only runnexts are left to steal, so the fourth round decides, whose order is {order:?}: P0 must draw 4 \
                 numbers, one for each round, and rob P{victim}, but draws {asked} and finds {second:?}. {ROUNDS}"
            )
        });
    }
}

/// P1 has a task in runnext or none, or is idle as P2 is: a thief draws a number for each of its four rounds,
/// even if there is nobody to steal from. It draws one if it robs a ring in the first round, and none if the task
/// is its own.
#[test]
fn a_thief_draws_a_number_for_each_round() {
    // SC-17
    for (next, idle) in [(None, false), (Some(1), false), (None, true)] {
        let mut sim = after_its_turn(3);
        sim.sched.allp[1].runnext = next;
        sim.sched.allp[1].idle = idle;
        sim.sched.allp[2].idle = true;
        let mut drawn = 0;
        let mut cheaprand = || {
            drawn += 1;
            drawn
        };
        let found = sim.find_with(0, &mut cheaprand).map(|found| found.g);
        sim.require((found, drawn) == (next, 4), || {
            format!("tick 0: P0 must draw 4 random numbers and find {next:?}, but draws {drawn} and finds \
                 {found:?}. {ROUNDS}")
        });
    }
    for (owner, right) in [(1, 1), (0, 0)] {
        let mut sim = after_its_turn(3);
        sim.sched.allp[owner].runq.push_back(1);
        let mut drawn = 0;
        let mut cheaprand = || {
            drawn += 1;
            drawn
        };
        let found = sim.find_with(0, &mut cheaprand).map(|found| found.g);
        sim.require((found, drawn) == (Some(1), right), || {
            format!("tick 0: task 1 is in the ring of P{owner}. P0 must find it and draw {right} random numbers, \
                 but finds {found:?} and draws {drawn}. A number is drawn as a round begins. {ROUNDS}")
        });
    }
}

/// Only `find_runnable` says whether a P is idle, and only `execute` counts its slices.
#[test]
fn no_more_is_changed_than_the_docs_say() {
    // SC-19
    let mut sched = Sched::new(2);
    for p in &mut sched.allp {
        (p.idle, p.schedtick) = (true, 7);
    }
    let mut must_be = |call: &str, does: &dyn Fn(&mut Sched), ticks: u32| {
        does(&mut sched);
        for (pp, p) in sched.allp.iter().enumerate() {
            let right = (true, if pp == 0 { ticks } else { 7 });
            assert!(
                (p.idle, p.schedtick) == right,
                "(idle, schedtick) of P{pp} must be {right:?} after `{call}`, and is {:?}",
                (p.idle, p.schedtick)
            );
        }
    };
    must_be("ready", &|sched| ready(sched, 0, 1), 7);
    must_be("goyield", &|sched| goyield(sched, 0, 2), 7);
    must_be("gosched", &|sched| gosched(sched, 3), 7);
    must_be("runqsteal", &|sched| _ = runqsteal(sched, 1, 0, true), 7);
    must_be("runqget", &|sched| _ = runqget(sched, 0), 7);
    must_be("globrunqget", &|sched| _ = globrunqget(sched, 0, 1), 7);
    must_be("execute(.., true)", &|sched| execute(sched, 0, true), 7);
    must_be("execute(.., false)", &|sched| execute(sched, 0, false), 8);
}

/// A P finds nothing, and later finds something. Thieves leave it out meanwhile.
#[test]
fn a_p_that_finds_nothing_is_idle() {
    // SC-19, SC-18
    let mut sim = after_its_turn(2);
    sim.must_find_nothing(0, "There is nothing to find.");
    let is_idle = sim.sched.allp[0].idle;
    sim.require(is_idle, || {
        "tick 0: P0 has found nothing and must be idle".to_owned()
    });
    sim.schedtick_must_be(0, 1, SLICES);
    sim.sched.runq.push_back(1);
    sim.must_find(0, 1, Source::Global, ORDER);
    let is_idle = sim.sched.allp[0].idle;
    sim.require(!is_idle, || {
        "tick 1: P0 has found a task and must not be idle".to_owned()
    });
    // Nobody but a test puts a task into the ring of an idle P.
    sim.sched.allp[0].idle = true;
    sim.sched.allp[0].runq.push_back(2);
    sim.sched.allp[0].runnext = Some(3);
    sim.must_find_nothing(1, &format!("P0 is idle, so P1 leaves it out. {ROUNDS}"));
}

/// A task starts ten others and ends. They run in Go's order.
#[test]
fn who_is_started_last_runs_first() {
    // SC-05
    let mut sim = simulator(1);
    let main = sim.task(&[2, 3, 4, 5, 6].map(Op::Go));
    for _ in 0..5 {
        sim.task(&[Op::Run(1)]);
    }
    sim.sched.runq.push_back(main);
    let mut order = Vec::new();
    sim.run(5);
    for _ in 0..5 {
        let before = sim.clone();
        sim.tick();
        order.extend((2..=6).filter(|&g| sim.ticks_of(g) > before.ticks_of(g)));
    }
    sim.require(order == [6, 2, 3, 4, 5], || {
        format!("1 starts 2 to 6 and ends; then 6 2 3 4 5 must run, but {order:?} do. {NEXT}")
    });
}

/// Two tasks start each other again and again, locally. A third is in the global queue.
#[test]
fn two_tasks_that_restart_each_other_do_not_starve_the_global_queue() {
    // SC-24
    let mut sim = simulator(1);
    let one = sim.task(&[Op::Run(1), Op::Yield, Op::Again]);
    let two = sim.task(&[Op::Run(1), Op::Yield, Op::Again]);
    let third = sim.task(&[Op::Run(1)]);
    ready(&mut sim.sched, 0, one);
    ready(&mut sim.sched, 0, two);
    sim.run(2); // the first turn is over
    sim.sched.runq.push_back(third);
    while sim.ticks_of(third) == 0 {
        let tick = sim.sched.allp[0].schedtick;
        sim.require(tick <= 61, || {
            format!("after {tick} slices task {third} still waits in the global queue. {TURN}")
        });
        sim.tick();
    }
}

/// Two tasks wake each other: each is the next when the other blocks. A third is in the ring.
#[test]
fn two_tasks_that_wake_each_other_do_not_starve_the_ring() {
    // SC-06, SC-07
    let mut sim = simulator(1);
    let (ping, pong) = (1, 2);
    sim.task(&[Op::Ready(pong), Op::Block, Op::Again]);
    sim.task(&[Op::Block, Op::Ready(ping), Op::Again]);
    let third = sim.task(&[Op::Run(5)]);
    ready(&mut sim.sched, 0, pong);
    ready(&mut sim.sched, 0, ping);
    sim.run(4);
    goyield(&mut sim.sched, 0, third);
    while sim.ticks_of(third) == 0 {
        let now = sim.now();
        sim.require(now < 3 * SLICE, || {
            format!("tick {now}: tasks {ping} and {pong} wake each other, and {third} has not run in three \
                 slices of {SLICE} ticks: the pair must share one. {SLICES}")
        });
        sim.tick();
    }
}

/// Three hundred programs of up to eight tasks that run, block, read, give way and start others, on one to four
/// Ps. Each task runs for exactly as many ticks as its script has, and no P is idle beside a task that waits.
#[test]
fn every_task_of_any_program_runs_as_long_as_its_script() {
    // SC-31
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let mut sim = Simulator::new(RULES, 1 + random.below(4) as usize, seed);
        let count = 1 + random.below(8);
        let mut lengths = Vec::new();
        for g in 1..=count {
            let mut script = Vec::new();
            for _ in 0..1 + random.below(6) {
                script.push(match random.below(6) {
                    0 => Op::Yield,
                    1 => Op::Gosched,
                    2 => Op::Io(random.below(5)),
                    3 => Op::Run(11 + random.below(20)),
                    _ => Op::Run(1 + random.below(3)),
                });
            }
            // Each is started by an earlier one.
            script.extend((1..=count).filter(|child| child / 2 == g).map(Op::Go));
            script.push(Op::Run(1));
            let ticks = script
                .iter()
                .map(|op| if let Op::Run(ticks) = op { *ticks } else { 1 });
            lengths.push(ticks.sum::<u32>());
            sim.task(&script);
        }
        sim.sched.runq.push_back(1);
        sim.run_to_the_end(2000);
        for (g, &right) in (1..).zip(&lengths) {
            let ran = sim.ticks_of(g);
            sim.require(ran == right, || {
                format!("seed {seed}: task {g} must run for {right} ticks, but has run for {ran}")
            });
        }
    }
}
