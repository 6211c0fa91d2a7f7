//! Whenever the monitor looks. Nothing runs at the same time here; but the monitor is a thread like others,
//! and may wake up late. So each of these programs is run with every sequence of sleeps of 4 ms and 10 ms, in
//! place of those that `delay` returns.

use crate::{Sysmon, rules};
use simulator::choices::Runs;
use simulator::clock::{Op, Simulator, milliseconds};
use std::time::Duration;

/// Two tasks compute for 25 ms each on one P. Whenever the monitor looks, both have their time, and no slice
/// is cut short.
#[test]
fn two_tasks_share_a_p() {
    whenever_it_looks(1, &[25_000, 25_000], |sim| {
        sim.start(&[Op::Run(25_000)]);
        sim.start(&[Op::Run(25_000)]);
    });
}

/// Two tasks wake each other, and a third has work for 12 ms. Whenever the monitor looks, the pair shares a
/// slice.
#[test]
fn a_pair_and_a_third() {
    whenever_it_looks(1, &[15_000, 15_000, 12_000], |sim| {
        let half = [Op::Run(5_000), Op::Ready(2), Op::Block].repeat(3);
        sim.start(&half[..8]);
        let half = [Op::Run(5_000), Op::Ready(1), Op::Block].repeat(3);
        sim.start(&half[..8]);
        sim.start(&[Op::Run(12_000)]);
    });
}

/// One task is in a system call for 30 ms, another waits for its P. Whenever the monitor looks, no task is
/// lost when the call is over, wherever the P is then.
#[test]
fn a_system_call_and_a_task_that_waits() {
    whenever_it_looks(1, &[3_000, 14_000], |sim| {
        sim.start(&[
            Op::Run(1_000),
            Op::Go(2),
            Op::Syscall(30_000),
            Op::Run(2_000),
        ]);
        sim.task(&[Op::Run(14_000)]);
    });
}

/// Two Ps, three tasks, one of which cannot be stopped for 24 ms. Whenever the monitor looks, a request stops
/// nobody else.
#[test]
fn a_request_stops_the_task_that_was_asked() {
    whenever_it_looks(2, &[24_000, 12_000, 6_000], |sim| {
        sim.start(&[Op::Unsafe(24_000)]);
        sim.start(&[Op::Run(12_000)]);
        sim.start(&[Op::Sleep(1_000), Op::Run(6_000)]);
    });
}

/// Runs the program to its end with every sequence of sleeps. Task n computes for `micros[n - 1]`.
#[track_caller]
fn whenever_it_looks(gomaxprocs: usize, micros: &[u64], program: impl Fn(&mut Simulator<Sysmon>)) {
    const SLEEPS: [Duration; 2] = [Duration::from_millis(4), Duration::from_millis(10)];
    let mut runs = Runs::default();
    while runs.begin() {
        let mut sim = Simulator::new(rules(), gomaxprocs);
        program(&mut sim);
        sim.run_with(Duration::from_millis(200), &mut |_, _| {
            SLEEPS[runs.choose(SLEEPS.len())]
        });
        let (least, most) = (Duration::from_millis(10), Duration::from_millis(40));
        for (g, &right) in (1..).zip(micros) {
            let ran = sim.ran(g);
            sim.require(
                sim.has_ended(g) && ran == Duration::from_micros(right),
                || {
                    format!(
                        "task {g} must compute for {right} µs and end, and has computed for {}",
                        milliseconds(ran)
                    )
                },
            );
        }
        for slice in sim.slices().iter().filter(|slice| slice.preempted) {
            let length = slice.ended - slice.began;
            sim.require((least..=most).contains(&length), || {
                let from = milliseconds(slice.began);
                format!("the slice that began at {from} on P{} lasted for {length:?}, and not for 10 to 40 \
                     ms", slice.p)
            });
        }
        runs.end(|| sim.draw());
    }
    runs.tell();
}
