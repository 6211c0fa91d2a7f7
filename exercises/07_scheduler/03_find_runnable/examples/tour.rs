//! A Go program on two Ps, tick by tick, as a table; and then how long a task waits in the global queue,
//! beside a P that has enough of its own.
//!
//! `cargo run -p find_runnable --example find_runnable_tour`
//!
//! Then change something:
//! - give the program one P, or four;
//! - let task 2 run for 30 ticks: a slice has 10;
//! - let your `find_runnable` look into the global queue at every 7th slice, or at every 1,000th.

use find_runnable::RULES;
use simulator::ticks::{Op, Simulator};

/// Draws the program, and says who waited how long.
pub fn main() {
    // func main() {
    //     go hash()
    //     go poll()
    //     go log()
    //     …; conn.Read(buf); …
    // }
    let mut sim = Simulator::new(RULES, 2, 7);
    let (hash, poll, log) = (2, 3, 4);
    let main = sim.task(&[
        Op::Go(hash),
        Op::Go(poll),
        Op::Go(log),
        Op::Run(2),
        Op::Io(3),
        Op::Run(1),
    ]);
    sim.task(&[Op::Run(12)]); // hash: longer than a slice
    sim.task(&[Op::Yield, Op::Run(1)]);
    sim.task(&[Op::Gosched, Op::Run(2)]);
    sim.sched.runq.push_back(main);
    sim.run_to_the_end(60);
    println!("main (1) starts hash ({hash}), poll ({poll}) and log ({log}), on two Ps:\n");
    println!("{}", sim.draw());

    let mut sim = Simulator::new(RULES, 1, 7);
    for _ in 0..2 {
        let g = sim.task(&[Op::Yield, Op::Again]);
        (RULES.ready)(&mut sim.sched, 0, g);
    }
    sim.run(2);
    let third = sim.task(&[Op::Run(1)]);
    sim.sched.runq.push_back(third);
    let from = sim.now();
    while sim.ticks_of(third) == 0 && sim.now() < 10_000 {
        sim.tick();
    }
    println!(
        "Two tasks give way to each other on one P. A third, in the global queue, ran after {} ticks.",
        sim.now() - from
    );
}
