//! Every order. Nothing runs at the same time here; but in which order the Ps come to look, and with whom a
//! thief begins, is nobody's to choose. So each of these programs is run with every order of its Ps in every
//! tick, and every random number that makes a difference.

use crate::{RULES, ready};
use simulator::choices::Runs;
use simulator::ticks::{Op, Simulator};

/// One task starts three others, on two Ps. Whatever the order, each task runs as long as its script says,
/// and no P is idle beside a task that waits.
#[test]
fn no_task_is_lost_and_none_runs_twice() {
    every_order(2, |sim| {
        let main = sim.task(&[Op::Go(2), Op::Go(3), Op::Go(4)]);
        sim.task(&[Op::Yield, Op::Run(1)]);
        sim.task(&[Op::Run(2)]);
        sim.task(&[Op::Run(1)]);
        ready(&mut sim.sched, 0, main);
    });
}

/// Three Ps: one with work, two thieves. Whatever the order, no two Ps run the same task.
#[test]
fn two_thieves_and_one_victim() {
    every_order(3, |sim| {
        let tasks: Vec<_> = (0..4).map(|_| sim.task(&[Op::Run(1)])).collect();
        sim.sched.allp[0].runq.extend(tasks);
        sim.sched.allp[0].schedtick = 1;
    });
}

/// Two tasks of three whose I/O is ready are handed out by whichever P comes first.
#[test]
fn what_is_ready_runs_whoever_asks() {
    every_order(2, |sim| {
        let busy = sim.task(&[Op::Io(0), Op::Run(1)]);
        for _ in 0..2 {
            let g = sim.task(&[Op::Io(1)]);
            sim.sched.runq.push_back(g);
        }
        ready(&mut sim.sched, 0, busy);
    });
}

/// Two tasks wake each other and a third gives way, on two Ps. Whatever the order, all come to their end.
#[test]
fn who_is_woken_runs() {
    every_order(2, |sim| {
        sim.task(&[Op::Ready(2), Op::Block]);
        sim.task(&[Op::Block, Op::Ready(1)]);
        sim.task(&[Op::Gosched, Op::Run(1)]);
        (1..=3).for_each(|g| ready(&mut sim.sched, 0, g));
    });
}

/// Runs the program to its end in every order.
#[track_caller]
fn every_order(gomaxprocs: usize, program: impl Fn(&mut Simulator)) {
    let mut runs = Runs::default();
    while runs.begin() {
        let mut sim = Simulator::new(RULES, gomaxprocs, 0);
        program(&mut sim);
        while !sim.is_over() {
            sim.require(sim.now() < 40, || {
                "after 40 ticks the tasks have not ended".to_owned()
            });
            let mut order: Vec<usize> = (0..gomaxprocs).collect();
            for at in 0..gomaxprocs {
                let other = at + runs.choose(gomaxprocs - at);
                order.swap(at, other);
            }
            // One number for all rounds of a tick: it decides with whom a thief begins, and how it goes on.
            let mut drawn = None;
            let numbers = if gomaxprocs < 3 {
                gomaxprocs
            } else {
                2 * gomaxprocs
            };
            let mut cheaprand = || *drawn.get_or_insert_with(|| runs.choose(numbers) as u32);
            sim.tick_in(&order, &mut cheaprand);
        }
        let left = sim.left();
        sim.require(left.is_empty(), || {
            format!("tasks {left:?} have not come to the end of their scripts")
        });
        runs.end(|| sim.draw());
    }
    runs.tell();
}
