//! However jobs and pools end, no thread, no value and no memory stays behind.

use harness::leaks::{self, track};
use harness::sync::real::thread::{refuse_after, refuse_only};
use harness::testing::{let_others_run, must_end};
use panic_isolation::Pool;
use std::panic::resume_unwind;
use std::sync::{Arc, Barrier};

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
    let left_by = |jobs: usize| {
        let mut pool = None;
        let left = leaks::bytes_left_by(|| {
            let pool = pool.insert(Pool::new(1).expect("there are threads"));
            for n in 0..jobs {
                let owned = vec![n; 10];
                let handle = pool.submit(move || {
                    if n % 2 == 0 {
                        resume_unwind(Box::new(owned));
                    }
                    owned
                });
                if n % 3 == 0 {
                    let _ = handle.join();
                }
            }
            let last = pool.submit(|| [0_u8; LARGE]).join();
            assert!(last.is_ok(), "the last job returns");
            // The thread may be about to let go of it.
            let_others_run();
        });
        drop(pool);
        left
    };
    let few = (0..5).map(|_| left_by(10)).min().expect("five");
    assert!(
        few < 32 << 10,
        "a pool keeps {few} bytes after 10 jobs, while it has none: it has kept the last, whose outcome was taken"
    );
    let many = left_by(10_000);
    // A queue may keep the room that it once needed for those that waited: a few words for each.
    assert!(
        many < few + 320_000,
        "a pool keeps {few} bytes after 10 jobs, and {many} after 10,000: more than 32 bytes for each of them"
    );
}
