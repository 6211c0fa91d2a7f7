//! Time slices, and the monitor that ends them: the rules of Go's `sysmon`, with Go's names.

use crate::rules::{execute, find_runnable, gosched};
use simulator::Found;
use simulator::clock::Machine;
use std::time::Duration;

/// How long a slice may last, and a system call that nobody needs to end.
const FORCE_PREEMPT: Duration = Duration::from_millis(10);

/// How long the monitor sleeps when something has happened lately.
const SHORTEST: Duration = Duration::from_micros(20);

/// How long it sleeps at most.
const LONGEST: Duration = Duration::from_millis(10);

/// After this many rounds in a row without a retake, it sleeps longer.
const PATIENCE: u32 = 50;

/// Finds a task for P `pp`, which has none, by `find_runnable`, and begins to run it: it becomes `curg`,
/// nobody has asked it to give way, and it begins a slice, unless it inherits one. `None` means that the P is
/// idle. Only this function has to clear `preempt`, which means nothing for a P without a task.
pub fn schedule(
    machine: &mut Machine,
    pp: usize,
    cheaprand: &mut dyn FnMut() -> u32,
) -> Option<Found> {
    let found = find_runnable(&mut machine.sched, pp, cheaprand);
    let m = &mut machine.allm[pp];
    // The request was for the task that ran here, and has gone with it.
    m.preempt = false;
    m.curg = found.map(|found| found.g);
    if let Some(found) = found {
        execute(&mut machine.sched, pp, found.inherit_time);
    }
    found
}

/// Asks the task that runs on P `pp` to give way at its next safe point. If none runs, does nothing.
pub fn preemptone(machine: &mut Machine, pp: usize) {
    let m = &mut machine.allm[pp];
    m.preempt |= m.curg.is_some();
}

/// Is called when the task that runs on P `pp`, in no system call, has come to a point where it can be stopped.
/// If it has been asked to give way, it goes to the tail of the global queue, the P has no task, and this
/// returns true. Otherwise, or if the P has no task, nothing happens, and this returns false.
pub fn safe_point(machine: &mut Machine, pp: usize) -> bool {
    let m = &mut machine.allm[pp];
    let Some(g) = m.curg.take_if(|_| m.preempt) else {
        return false;
    };
    gosched(&mut machine.sched, g);
    true
}

/// The monitor: a thread that needs no P. It sleeps, looks at each P, and sleeps again.
pub struct Sysmon {
    /// What it remembers of each P.
    ticks: Vec<Ticks>,
    /// How many rounds in a row have retaken nothing.
    idle: u32,
    /// How long it slept last.
    slept: Duration,
}

/// What the monitor saw of a P, and when it first saw it. A number that is still the same later has not changed
/// in between, unless it has gone round all numbers.
#[derive(Clone, Default)]
struct Ticks {
    schedtick: u32,
    schedwhen: Duration,
    syscalltick: u32,
    syscallwhen: Duration,
}

impl Sysmon {
    /// Returns a monitor of `gomaxprocs` Ps. It has seen nothing yet, which is as if it had seen the number 0
    /// everywhere at time 0.
    pub fn new(gomaxprocs: usize) -> Self {
        Self {
            ticks: vec![Ticks::default(); gomaxprocs],
            idle: 0,
            slept: SHORTEST,
        }
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
        let mut retaken = 0;
        for (pp, seen) in self.ticks.iter_mut().enumerate() {
            if machine.allm[pp].curg.is_none() {
                continue;
            }
            let schedtick = machine.sched.allp[pp].schedtick;
            if seen.schedtick != schedtick {
                (seen.schedtick, seen.schedwhen) = (schedtick, now);
            }
            let is_over = now - seen.schedwhen >= FORCE_PREEMPT;
            if is_over {
                preemptone(machine, pp);
            }

            if !machine.allm[pp].in_syscall {
                continue;
            }
            let syscalltick = machine.allm[pp].syscalltick;
            if seen.syscalltick != syscalltick && !is_over {
                (seen.syscalltick, seen.syscallwhen) = (syscalltick, now);
                continue;
            }
            let p = &machine.sched.allp[pp];
            let has_work = p.runnext.is_some() || !p.runq.is_empty();
            let is_needed = has_work || machine.allm.iter().all(|m| m.curg.is_some());
            if is_needed || now - seen.syscallwhen >= FORCE_PREEMPT {
                let m = &mut machine.allm[pp];
                (m.curg, m.in_syscall) = (None, false);
                retaken += 1;
            }
        }
        retaken
    }

    /// Returns how long the monitor sleeps after a round that has retaken `retaken` Ps: 20 µs; but after 50
    /// rounds in a row without a retake, twice as long each time, up to 10 ms. After a retake it is 20 µs
    /// again.
    pub fn delay(&mut self, retaken: usize) -> Duration {
        self.idle = if retaken > 0 {
            0
        } else {
            self.idle.saturating_add(1)
        };
        self.slept = match self.idle {
            0 => SHORTEST,
            // As long as before: 20 µs.
            1..=PATIENCE => self.slept,
            _ => (self.slept * 2).min(LONGEST),
        };
        self.slept
    }
}
