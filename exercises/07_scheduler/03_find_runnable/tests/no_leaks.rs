//! The state is the caller's: nothing stays behind when it is dropped, and queues do not grow beyond what is
//! in them.

use find_runnable::RULES;
use harness::leaks;
use harness::sync::real::thread::refuse_after;
use harness::testing::payload_of;
use simulator::ticks::{Op, Simulator};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Three Ps, and tasks that give way, read and start each other.
fn program() {
    let mut sim = Simulator::new(RULES, 3, 1);
    let main = sim.task(&[Op::Go(2), Op::Go(3), Op::Io(2), Op::Gosched, Op::Run(3)]);
    sim.task(&[Op::Yield, Op::Run(2)]);
    sim.task(&[Op::Io(1), Op::Yield]);
    sim.sched.runq.push_back(main);
    sim.run_to_the_end(100);
}

#[test]
fn a_program_leaves_nothing() {
    leaks::check(program);
    assert_eq!(
        leaks::bytes_left_by(program),
        0,
        "bytes that a program keeps when its scheduler is dropped"
    );
}

/// Two tasks go round for ever. The longer they do, the more would stay.
#[test]
fn a_scheduler_does_not_grow() {
    let mut sim = Simulator::new(RULES, 2, 1);
    for g in 1..=2 {
        sim.task(&[Op::Yield, Op::Gosched, Op::Again]);
        sim.sched.runq.push_back(g);
    }
    sim.run(100);
    leaks::check(|| {
        let mut copy = sim.clone();
        copy.run(100);
    });
    let size = |sim: &Simulator| {
        let rings = sim.sched.allp.iter().map(|p| p.runq.capacity());
        rings.sum::<usize>() + sim.sched.runq.capacity() + sim.sched.netpoll.capacity()
    };
    let before = size(&sim);
    sim.run(10_000);
    let after = size(&sim);
    assert!(
        after <= before + 64,
        "room in the queues, for two tasks: {before} before 10,000 ticks, {after} after"
    );
}

#[test]
fn no_thread_is_started() {
    program();
    let refused = payload_of(|| refuse_after(0, program));
    assert!(refused.is_none(), "a call spawned a thread");
}
