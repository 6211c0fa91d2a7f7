//! The state is the caller's: nothing stays behind when it is dropped, and a monitor that looks a million
//! times is no larger than one that has not begun.

use harness::leaks;
use harness::sync::real::thread::refuse_after;
use harness::testing::payload_of;
use preemption::{Sysmon, rules};
use simulator::clock::{Machine, Op, Simulator};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Two Ps, and tasks that compute, sleep and are in system calls.
fn program() {
    let mut sim = Simulator::new(rules(), 2);
    for _ in 0..3 {
        sim.start(&[
            Op::Run(20_000),
            Op::Syscall(15_000),
            Op::Sleep(300),
            Op::Run(5),
        ]);
    }
    sim.run_until(Duration::from_millis(200));
}

#[test]
fn a_program_leaves_nothing() {
    leaks::check(program);
    assert_eq!(
        leaks::bytes_left_by(program),
        0,
        "bytes that a program keeps when its machine is dropped"
    );
}

/// One P in a slice without an end, another in a system call that is retaken and entered again.
#[test]
fn a_monitor_does_not_grow() {
    let mut machine = Machine::new(2);
    let mut sysmon = Sysmon::new(2);
    let mut now = Duration::ZERO;
    leaks::check(|| {
        for _ in 0..1_000 {
            machine.allm[0].curg = Some(1);
            machine.allm[1].curg = Some(2);
            machine.allm[1].in_syscall = true;
            machine.allm[1].syscalltick += 1;
            for _ in 0..3 {
                let retaken = sysmon.retake(&mut machine, now);
                now += sysmon.delay(retaken);
            }
        }
    });
}

#[test]
fn no_thread_is_started() {
    program();
    let refused = payload_of(|| refuse_after(0, program));
    assert!(refused.is_none(), "a call spawned a thread");
}
