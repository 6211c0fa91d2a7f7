//! Traces of the references, pinned: a change of a rule, of a script or of the drawing shows here. No learner is held to
//! them: where the rules leave a choice, another trace is as right.

use find_runnable_solution::RULES;
use simulator::table::{Table, list};
use simulator::ticks::{Op, Simulator};
use simulator::{Random, clock};
use std::time::Duration;

/// The program of the tour of `find_runnable`, on so many Ps.
fn tour(gomaxprocs: usize) -> String {
    let mut sim = Simulator::new(RULES, gomaxprocs, 7);
    let main = sim.task(&[Op::Go(2), Op::Go(3), Op::Go(4), Op::Run(2), Op::Io(3), Op::Run(1)]);
    sim.task(&[Op::Run(12)]);
    sim.task(&[Op::Yield, Op::Run(1)]);
    sim.task(&[Op::Gosched, Op::Run(2)]);
    sim.sched.runq.push_back(main);
    sim.run_to_the_end(60);
    sim.draw()
}

#[test]
fn a_program_on_one_p() {
    insta::assert_snapshot!(tour(1));
}

#[test]
fn a_program_on_two_ps() {
    insta::assert_snapshot!(tour(2));
}

#[test]
fn a_program_on_four_ps() {
    let drawn = tour(4);
    assert!(drawn.lines().all(|line| harness::text::columns(line) <= 76), "it fits:\n{drawn}");
    insta::assert_snapshot!(drawn);
}

/// Sixty tasks on two Ps: shares, halves and turns.
#[test]
fn many_short_tasks() {
    let mut sim = Simulator::new(RULES, 2, 1);
    for _ in 0..60 {
        let g = sim.task(&[Op::Run(1)]);
        sim.sched.runq.push_back(g);
    }
    sim.run_to_the_end(100);
    insta::assert_snapshot!(sim.draw());
}

/// The programs of the tour of `preemption`.
#[test]
fn the_monitor_asks_and_retakes() {
    let mut sim = clock::Simulator::new(preemption_solution::rules(), 2);
    sim.start(&[clock::Op::Run(50_000)]);
    sim.start(&[clock::Op::Run(30_000)]);
    sim.start(&[clock::Op::Run(500), clock::Op::Syscall(3_000), clock::Op::Run(2_000)]);
    sim.start(&[clock::Op::Sleep(5_000), clock::Op::Run(100)]);
    sim.run_until(Duration::from_millis(100));
    insta::assert_snapshot!(sim.draw());

    let mut sim = clock::Simulator::new(preemption_solution::rules(), 1);
    sim.start(&[
        clock::Op::Run(8_000),
        clock::Op::Go(2),
        clock::Op::Syscall(60_000),
        clock::Op::Run(5),
    ]);
    sim.task(&[clock::Op::Run(1_000), clock::Op::Syscall(100), clock::Op::Run(5)]);
    sim.run_until(Duration::from_millis(100));
    insta::assert_snapshot!(sim.draw());
}

#[test]
fn a_failure_shows_the_last_ticks() {
    let mut sim = Simulator::new(RULES, 1, 1);
    sim.sched.allp[0].runq.extend([1, 2]);
    sim.find(0);
    sim.sched.runq.push_back(3);
    let message = harness::testing::panic_of(|| sim.global_must_have(&[3, 4], "Rule 0."));
    insta::assert_snapshot!(message.expect("it fails"));
}

#[test]
fn a_row_is_broken_to_the_width() {
    let mut table = Table::new(["tick", "P0", "P1"].map(str::to_owned).to_vec(), 30);
    let words = |text: &str| vec![text.to_owned()];
    table.push(vec![words("0"), words("one two three four five six seven"), words("short")]);
    insta::assert_snapshot!(table.draw_all());
}

#[test]
fn a_long_list_is_cut() {
    assert_eq!(list(0..0), "");
    assert_eq!(list(1..9), "1 2 3 4 5 6 7 8");
    assert_eq!(list(1..129), "1 2 3 … 128 (128)");
}

#[test]
fn random_numbers_come_from_the_seed() {
    let five = |seed| {
        let mut random = Random::new(seed);
        [(); 5].map(|()| random.next_u32())
    };
    assert_eq!(five(1), five(1));
    assert_ne!(five(1), five(2));
}
