//! What a look costs, in your rules and in the reference's, and in the first design that comes to mind: one queue for all.
//!
//! The scheduler is simulated, so no row pays for a lock or for memory that another processor has written. How much these
//! cost is measured in 7.1.
//!
//! `cargo bench -p find_runnable_solution`

use divan::{Bencher, black_box};
use simulator::{Found, Sched, Source};

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/find_runnable.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/07_scheduler/03_find_runnable/src/find_runnable.rs"]
mod yours;

harness::bench_main!("find_runnable.rs", || {
    let mut sched = Sched::new(2);
    yours::ready(&mut sched, 0, 1);
    yours::goyield(&mut sched, 0, 2);
    yours::gosched(&mut sched, 3);
    yours::execute(&mut sched, 0, false);
    (0..4)
        .map(|_| yours::find_runnable(&mut sched, 0, &mut || 1))
        .count()
});

/// The rules of one scheduler.
trait Rules {
    fn goyield(sched: &mut Sched, g: u32);
    fn look(sched: &mut Sched) -> Option<Found>;
}

macro_rules! rules {
    ($name:ident, $module:ident) => {
        struct $name;
        impl Rules for $name {
            fn goyield(sched: &mut Sched, g: u32) {
                $module::goyield(sched, 0, g);
            }
            fn look(sched: &mut Sched) -> Option<Found> {
                let found = $module::find_runnable(sched, 0, &mut || 1)?;
                $module::execute(sched, 0, found.inherit_time);
                Some(found)
            }
        }
    };
}
rules!(Yours, yours);
rules!(Reference, reference);

struct OneQueue;

impl Rules for OneQueue {
    fn goyield(sched: &mut Sched, g: u32) {
        sched.runq.push_back(g);
    }
    fn look(sched: &mut Sched) -> Option<Found> {
        let g = sched.runq.pop_front()?;
        Some(Found {
            g,
            source: Source::Global,
            inherit_time: false,
        })
    }
}

/// A P goes through a hundred tasks of its own, each of which gives way.
mod own_queue {
    use super::*;
    fn run<R: Rules>(bencher: Bencher) {
        let mut sched = Sched::new(4);
        (0..100).for_each(|g| R::goyield(&mut sched, g));
        bencher.bench_local(|| {
            for _ in 0..100 {
                let found = R::look(&mut sched).expect("there are a hundred");
                R::goyield(&mut sched, black_box(found.g));
            }
        });
    }
    harness::bench_rows!(run(sample_size = 100); yours = Yours, reference = Reference, one_queue = OneQueue,);
}

/// A thief finds a full ring, and goes through what it has stolen.
mod half_of_a_ring {
    use super::*;
    fn run<R: Rules>(bencher: Bencher) {
        let mut sched = Sched::new(2);
        sched.allp[0].schedtick = 1;
        bencher.bench_local(|| {
            sched.allp[1].runq.clear();
            sched.allp[1].runq.extend(0..256);
            (0..128).map(|_| black_box(R::look(&mut sched))).count()
        });
    }
    harness::bench_rows!(run(sample_size = 100); yours = Yours, reference = Reference,);
}
