//! What a round of the monitor costs, in your rules and in the reference's, and in the first design that comes to mind: a
//! monitor that looks at the clock once for each P and remembers which task ran since when.
//!
//! The machine is simulated, so no row pays for waking a thread up, which costs a real monitor some microseconds.
//!
//! `cargo bench -p preemption_solution`

use divan::{Bencher, black_box};
use simulator::clock::{M, Machine};
use std::collections::HashMap;
use std::time::Duration;

#[allow(unused_imports, reason = "your file starts without it")]
use find_runnable_solution as rules;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/preemption.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/07_scheduler/05_preemption/src/preemption.rs"]
mod yours;

harness::bench_main!("preemption.rs", || {
    let mut machine = Machine::new(1);
    machine.sched.runq.push_back(1);
    yours::schedule(&mut machine, 0, &mut || 1);
    let mut sysmon = yours::Sysmon::new(1);
    let retaken = sysmon.retake(&mut machine, Duration::from_millis(1));
    yours::preemptone(&mut machine, 0);
    (sysmon.delay(retaken), yours::safe_point(&mut machine, 0))
});

trait Monitor {
    fn new(gomaxprocs: usize) -> Self;
    fn round(&mut self, machine: &mut Machine, now: Duration) -> Duration;
}

macro_rules! monitor {
    ($module:ident) => {
        impl Monitor for $module::Sysmon {
            fn new(gomaxprocs: usize) -> Self {
                $module::Sysmon::new(gomaxprocs)
            }
            fn round(&mut self, machine: &mut Machine, now: Duration) -> Duration {
                let retaken = self.retake(machine, now);
                self.delay(retaken)
            }
        }
    };
}
monitor!(reference);
monitor!(yours);

/// A map from the task to the time at which it was seen first.
struct ByTask(HashMap<u32, Duration>);

impl Monitor for ByTask {
    fn new(_: usize) -> Self {
        Self(HashMap::new())
    }
    fn round(&mut self, machine: &mut Machine, now: Duration) -> Duration {
        let runs = |g: &u32| machine.allm.iter().any(|m| m.curg == Some(*g));
        self.0.retain(|g, _| runs(g));
        for m in &mut machine.allm {
            if let Some(g) = m.curg {
                let since = *self.0.entry(g).or_insert(now);
                m.preempt = now - since >= Duration::from_millis(10);
            }
        }
        Duration::from_micros(20)
    }
}

/// A round over 64 Ps that all compute, each in a new slice now and then.
mod round {
    use super::*;
    fn run<T: Monitor>(bencher: Bencher) {
        let mut machine = Machine::new(64);
        for (p, m) in (1..).zip(&mut machine.allm) {
            *m = M {
                curg: Some(p),
                ..M::default()
            };
        }
        let mut sysmon = T::new(64);
        let (mut now, mut n) = (Duration::ZERO, 0);
        bencher.bench_local(|| {
            n = (n + 1) % 64;
            machine.sched.allp[n].schedtick += 1;
            now += black_box(sysmon.round(&mut machine, now));
        });
    }
    harness::bench_rows!(
        run(sample_size = 100);
        yours = yours::Sysmon,
        reference = reference::Sysmon,
        by_task = ByTask,
    );
}
