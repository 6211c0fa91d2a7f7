//! Time slices, and the monitor that ends them: the rules of Go's `sysmon`, with Go's names.
//!
//! The state is given: read `Machine` and `M` in `exercises/07_scheduler/simulator/src/clock.rs`. `pp` is the
//! number of a P; `machine.sched.allp[pp]` is that P with its queue, and `machine.allm[pp]` is what runs
//! there. The rules of the queues are those of the lesson `find_runnable`:
//! `crate::rules::{execute, find_runnable, gosched}`. Each function changes the state as its docs say, and
//! nothing else of it.

use simulator::Found;
use simulator::clock::Machine;
use std::time::Duration;

/// Finds a task for P `pp`, which has none, by `find_runnable`, and begins to run it: it becomes `curg`,
/// nobody has asked it to give way, and it begins a slice, unless it inherits one. `None` means that the P is
/// idle. Only this function has to clear `preempt`, which means nothing for a P without a task.
pub fn schedule(
    machine: &mut Machine,
    pp: usize,
    cheaprand: &mut dyn FnMut() -> u32,
) -> Option<Found> {
    let _ = (machine, pp, cheaprand);
    todo!("find a task, make it `curg`, and begin its slice")
}

/// Asks the task that runs on P `pp` to give way at its next safe point. If none runs, does nothing.
pub fn preemptone(machine: &mut Machine, pp: usize) {
    let _ = (machine, pp);
    todo!("ask the task that runs there to give way")
}

/// Is called when the task that runs on P `pp`, in no system call, has come to a point where it can be stopped.
/// If it has been asked to give way, it goes to the tail of the global queue, the P has no task, and this
/// returns true. Otherwise, or if the P has no task, nothing happens, and this returns false.
pub fn safe_point(machine: &mut Machine, pp: usize) -> bool {
    let _ = (machine, pp);
    todo!("if it was asked to, put the task into the global queue")
}

/// The monitor: a thread that needs no P. It sleeps, looks at each P, and sleeps again.
pub struct Sysmon {
    // Your fields.
}

impl Sysmon {
    /// Returns a monitor of `gomaxprocs` Ps. It has seen nothing yet, which is as if it had seen the number 0
    /// everywhere at time 0.
    pub fn new(gomaxprocs: usize) -> Self {
        let _ = gomaxprocs;
        todo!("remember nothing of each P yet")
    }

    /// Looks at each P that has a task, in ascending order; what it remembers of the others stays as it is.
    /// `now` is the time since the program began. Returns the number of Ps that it has retaken.
    ///
    /// **Slices.** If `schedtick` is not the number that it remembers for this P, whether larger or smaller, a
    /// slice has begun: it remembers the number and `now`. If it is, and 10 ms or more have passed since then,
    /// it asks the task to give way, by [`preemptone`]; and does so again in each round, as long as nothing
    /// changes.
    ///
    /// **System calls.** If the task is in a system call, and `syscalltick` is not the number that it
    /// remembers, it remembers the number and `now`, and leaves the P. Otherwise, or if it has just asked the
    /// task to give way, it remembers nothing, and retakes the P, which then has no task and is in no system
    /// call; `syscalltick` stays as it is. But it leaves the P where it is if nobody needs it: nothing waits in
    /// the P's `runnext` and ring, another P is idle, and less than 10 ms have passed since it remembered a
    /// system call there.
    pub fn retake(&mut self, machine: &mut Machine, now: Duration) -> usize {
        let _ = (machine, now);
        todo!("look at each P: is it still in the same slice, the same system call?")
    }

    /// Returns how long the monitor sleeps after a round that has retaken `retaken` Ps: 20 µs; but after 50
    /// rounds in a row without a retake, twice as long each time, up to 10 ms. After a retake it is 20 µs
    /// again.
    pub fn delay(&mut self, retaken: usize) -> Duration {
        let _ = retaken;
        todo!("sleep for 20 µs, or longer and longer if nothing happens")
    }
}
