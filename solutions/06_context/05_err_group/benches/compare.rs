//! Your group, the reference, std's scope whose handles are joined in order, and rayon's scope, at the same work.
//!
//! `cargo bench -p err_group_solution`

use cancellation_solution as cancellation;
use cancellation_solution::Context;
use divan::{Bencher, black_box};
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use std::error::Error;
use std::fmt;
use std::sync::Mutex;
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/err_group.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/06_context/05_err_group/src/err_group.rs"]
mod yours;

harness::bench_main!("err_group.rs", || Yours::run(2, 1));

macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            std_scope_joined_in_order = crate::StdScope,
            rayon_scope = crate::RayonScope,
        );
    };
}

/// A group with one task, which does nothing.
mod one_task {
    use super::*;
    fn run<G: Tasks>(bencher: Bencher) {
        bencher.bench_local(|| G::run(1, 0));
    }

    rows!(run(sample_size = 20));
}

/// Two tasks that have something to do.
mod two_tasks {
    use super::*;
    fn run<G: Tasks>(bencher: Bencher) {
        bencher.bench_local(|| G::run(2, 20_000));
    }

    rows!(run(sample_size = 20));
}

/// Eight tasks, on whatever processors there are.
mod eight_tasks {
    use super::*;
    fn run<G: Tasks>(bencher: Bencher) {
        bencher.bench_local(|| G::run(8, 5_000));
    }

    rows!(run(sample_size = 10));
}

/// A hundred tasks, of which two run at the same time. The others have no limit: the time is that of the tasks
/// without waiting.
mod a_hundred_tasks_two_at_a_time {
    use super::*;
    fn run<G: Tasks>(bencher: Bencher) {
        bencher.bench_local(|| G::run_limited(100, 100));
    }

    rows!(run(sample_count = 50, sample_size = 1));
}

/// The first of eight tasks fails at once, and the others look whether they are still needed, if they can.
mod the_first_of_eight_fails {
    use super::*;
    fn run<G: Tasks>(bencher: Bencher) {
        bencher.bench_local(|| G::fail(8, 100_000));
    }

    rows!(run(sample_count = 50, sample_size = 1));
}

/// Work that nobody can leave out.
fn work(steps: usize) -> Result<(), Failed> {
    for step in 0..steps {
        black_box(step);
    }
    Ok(())
}

/// The same, but looks after every hundred steps whether it is still needed.
fn work_while(steps: usize, is_needed: impl Fn() -> bool) {
    for _ in 0..steps / 100 {
        if !is_needed() {
            return;
        }
        let _ = work(100);
    }
}

#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl Error for Failed {}

/// What all of them can do.
trait Tasks {
    /// `tasks` tasks, each of so many steps.
    fn run(tasks: usize, steps: usize);
    /// The same, two at a time.
    fn run_limited(tasks: usize, steps: usize) {
        Self::run(tasks, steps);
    }
    /// The same, and the first fails.
    fn fail(tasks: usize, steps: usize);
}

struct Yours;
struct Reference;

macro_rules! groups {
    ($($name:ident = $room:ident),*) => {$(
        impl Tasks for $name {
            fn run(tasks: usize, steps: usize) {
                let outcome = $room::scope(&Context::background(), None, |group| {
                    for _ in 0..tasks {
                        group.go(move || work(steps)).expect("a thread");
                    }
                    Ok(())
                });
                assert!(outcome.is_ok());
            }

            fn run_limited(tasks: usize, steps: usize) {
                let outcome = $room::scope(&Context::background(), Some(2), |group| {
                    for _ in 0..tasks {
                        group.go(move || work(steps)).expect("a thread");
                    }
                    Ok(())
                });
                assert!(outcome.is_ok());
            }

            fn fail(tasks: usize, steps: usize) {
                let outcome = $room::scope(&Context::background(), None, |group| {
                    for n in 0..tasks {
                        let context = group.context().clone();
                        group
                            .go(move || {
                                if n == 0 {
                                    return Err(Failed);
                                }
                                work_while(steps, || context.err().is_none());
                                Ok(())
                            })
                            .expect("a thread");
                    }
                    Ok(())
                });
                assert!(outcome.is_err());
            }
        }
    )*};
}

groups!(Yours = yours, Reference = reference);

/// The first design: an error is found when its turn comes, and nobody is told.
struct StdScope;

impl StdScope {
    fn tasks(
        tasks: usize,
        task: impl Fn(usize) -> Result<(), Failed> + Sync,
    ) -> Result<(), Failed> {
        thread::scope(|s| {
            let task = &task;
            let handles: Vec<_> = (0..tasks).map(|n| s.spawn(move || task(n))).collect();
            handles
                .into_iter()
                .try_for_each(|handle| handle.join().expect("no panic"))
        })
    }
}

impl Tasks for StdScope {
    fn run(tasks: usize, steps: usize) {
        let outcome = Self::tasks(tasks, |_| work(steps));
        assert!(outcome.is_ok());
    }

    fn fail(tasks: usize, steps: usize) {
        let outcome = Self::tasks(tasks, |n| {
            if n == 0 {
                return Err(Failed);
            }
            work_while(steps, || true);
            Ok(())
        });
        assert!(outcome.is_err());
    }
}

/// Threads that are there already. The first error is kept behind a lock; nobody is told.
struct RayonScope;

impl RayonScope {
    fn tasks(
        tasks: usize,
        task: impl Fn(usize) -> Result<(), Failed> + Sync,
    ) -> Result<(), Failed> {
        let first = Mutex::new(Ok(()));
        rayon::scope(|s| {
            for n in 0..tasks {
                let (first, task) = (&first, &task);
                s.spawn(move |_| {
                    if let Err(error) = task(n) {
                        let mut first = first.lock().expect("no panic");
                        if first.is_ok() {
                            *first = Err(error);
                        }
                    }
                });
            }
        });
        first.into_inner().expect("no panic")
    }
}

impl Tasks for RayonScope {
    fn run(tasks: usize, steps: usize) {
        let outcome = Self::tasks(tasks, |_| work(steps));
        assert!(outcome.is_ok());
    }

    fn fail(tasks: usize, steps: usize) {
        let outcome = Self::tasks(tasks, |n| {
            if n == 0 {
                return Err(Failed);
            }
            work_while(steps, || true);
            Ok(())
        });
        assert!(outcome.is_err());
    }
}
