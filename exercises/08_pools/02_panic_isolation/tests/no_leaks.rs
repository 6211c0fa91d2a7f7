//! However jobs and pools end, no thread, no value and no memory stays behind.

use harness::leaks::{self, track};
use harness::sync::real::thread::{refuse_after, refuse_only};
use harness::testing::{let_others_run, must_end};
use panic_isolation::Pool;
use std::panic::resume_unwind;
use std::sync::{Arc, Barrier, mpsc};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Three jobs are joined, and the pool is dropped, while both threads sleep or are about to: both must be woken, and
/// end. What the jobs owned and returned is dropped once.
#[test]
fn a_pool_leaves_nothing() {
    leaks::check(|| {
        let pool = Pool::new(2).expect("there are threads");
        let handles = [1, 2, 3].map(|n| {
            let (owned, returned) = (track(n), track(n));
            pool.submit(move || {
                assert_eq!(*owned, *returned);
                returned
            })
        });
        for (handle, n) in handles.into_iter().zip(1..) {
            assert_eq!(*handle.join().expect("it does not panic"), n);
        }
    });
}

/// Payloads and what the jobs owned are dropped once, whether somebody takes them or not.
#[test]
fn panics_leave_nothing() {
    leaks::check(|| {
        let pool = Pool::new(2).expect("there are threads");
        for takes in [true, false, true, false] {
            let (owned, thrown) = (track(1), track(2));
            let handle = pool.submit(move || {
                let _owned = &owned;
                resume_unwind(Box::new(thrown))
            });
            if takes {
                let outcome: Result<(), _> = handle.join();
                assert!(outcome.is_err(), "the job has panicked");
            }
        }
    });
}

/// Two handles are dropped, one of them after the pool. Both outcomes are dropped once, and the pool's thread ends.
#[test]
fn jobs_without_handles_leave_nothing() {
    leaks::check(|| {
        let pool = Pool::new(1).expect("there are threads");
        let early = pool.submit(|| track(1));
        drop(pool.submit(|| track(2)));
        drop(pool);
        drop(early);
    });
}

/// One of three threads is refused, and all after it. Those that were started end.
#[test]
fn a_refused_pool_leaves_nothing() {
    leaks::check(|| {
        for granted in 0..3 {
            let refused = refuse_after(granted, || Pool::new(3));
            assert!(
                refused.is_err(),
                "{granted} of three threads could be had, and `new` returned Ok"
            );
        }
    });
}

/// One of three threads is refused, and those after it are granted. `new` returns the error, or asks again: there is no pool
/// with fewer threads than it should have.
#[test]
fn a_refused_thread_is_not_left_out() {
    leaks::check(|| {
        for granted in 0..3 {
            let Ok(pool) = refuse_only(granted, || Pool::new(3)) else {
                continue;
            };
            let fewer = "a thread was refused, and `new` has returned a pool with fewer: three jobs do not run at once";
            must_end(fewer, move || {
                let all = Arc::new(Barrier::new(3));
                let jobs = [(); 3].map(|()| {
                    let all = Arc::clone(&all);
                    pool.submit(move || _ = all.wait())
                });
                assert!(jobs.into_iter().all(|job| job.join().is_ok()));
            });
        }
    });
}

/// A pool is there as long as its server, and it has a job for each request. The last has an outcome of 64 KiB, which is taken.
#[test]
fn a_pool_keeps_nothing_of_its_jobs() {
    const LARGE: usize = 64 << 10;
    let run = |pool: &Pool, jobs: usize| {
        // All wait at the same time, so that the queue needs as much room in each round.
        let (open, gate) = mpsc::channel::<()>();
        drop(pool.submit(move || _ = gate.recv()));
        let submit = |n| {
            let owned = vec![n; 10];
            let handle = pool.submit(move || {
                if n % 2 == 0 {
                    resume_unwind(Box::new(owned));
                }
                owned
            });
            (n % 3 == 0).then_some(handle)
        };
        let taken: Vec<_> = (0..jobs).filter_map(submit).collect();
        drop(open);
        taken.into_iter().for_each(|handle| drop(handle.join()));
        let last = pool.submit(|| [0_u8; LARGE]).join();
        assert!(last.is_ok(), "the last job returns");
    };
    let left_by = |rounds, jobs| {
        let left = |_| {
            let mut pool = None;
            let left = leaks::bytes_left_by(|| {
                let pool = pool.insert(Pool::new(1).expect("there are threads"));
                (0..rounds).for_each(|_| run(pool, jobs));
                // The thread may be about to let go of the last outcome.
                let_others_run();
            });
            drop(pool);
            left
        };
        (0..5).map(left).min().expect("five")
    };
    let few = left_by(1, 10);
    assert!(
        few < 32 << 10,
        "a pool keeps {few} bytes after 10 jobs, while it has none: it has kept the last, whose outcome was taken"
    );
    // A queue may keep the room that it once needed.
    let (once, again) = (left_by(1, 10_000), left_by(2, 10_000));
    assert!(
        again < once + 10_000,
        "a pool keeps {once} bytes after 10,000 jobs, and {again} after as many again: more than one byte for each of them"
    );
}
