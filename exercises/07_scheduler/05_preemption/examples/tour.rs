//! What the monitor does, in simulated time, as tables of Ps by moments.
//!
//! `cargo run -p preemption --example preemption_tour`
//!
//! Then change something:
//! - give the first program one P: when does the timer of task 4 fire?
//! - let task 3 be in its system call for 30 ms;
//! - make the long task `Op::Unsafe`: it cannot be stopped, as if it held a lock of the runtime.

use preemption::rules;
use simulator::clock::{Op, Simulator};
use std::time::Duration;

/// Draws three programs.
pub fn main() {
    println!("Two tasks that compute (1, 2), one with a system call (3), one that sleeps (4):\n");
    let mut sim = Simulator::new(rules(), 2);
    sim.start(&[Op::Run(50_000)]);
    sim.start(&[Op::Run(30_000)]);
    sim.start(&[Op::Run(500), Op::Syscall(3_000), Op::Run(2_000)]);
    sim.start(&[Op::Sleep(5_000), Op::Run(100)]);
    sim.run_until(Duration::from_millis(100));
    println!("{}", sim.draw());

    println!("Two that wake each other (1, 2), and one that waits in the ring (3), on one P:\n");
    let mut sim = Simulator::new(rules(), 1);
    let half = |other| [Op::Run(4_000), Op::Ready(other), Op::Block].repeat(4);
    sim.start(&half(2)[..11]);
    sim.start(&half(1)[..11]);
    sim.start(&[Op::Run(3_000)]);
    sim.run_until(Duration::from_millis(100));
    println!("{}", sim.draw());

    println!(
        "A P whose task is in a system call for 60 ms (1), and a task that waits for it (2):\n"
    );
    let mut sim = Simulator::new(rules(), 1);
    sim.start(&[Op::Run(8_000), Op::Go(2), Op::Syscall(60_000), Op::Run(5)]);
    sim.task(&[Op::Run(1_000), Op::Syscall(100), Op::Run(5)]);
    sim.run_until(Duration::from_millis(100));
    println!("{}", sim.draw());
    println!("The monitor has looked {} times.", sim.rounds());
}
