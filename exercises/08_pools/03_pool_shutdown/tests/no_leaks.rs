//! However a pool ends, no thread, no job and no memory stays behind, and nothing in the context above it.

use cancellation_solution::Context;
use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread::refuse_after;
use harness::testing::must_end;
use pool_shutdown::Pool;
use std::panic::resume_unwind;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const IN_POOL: &str =
    "a thread is still in `submit`, `drain` or `stop`, or the pool's threads have not ended";

/// Runs `end` on a pool with two workers and five jobs, which may be queued or have run.
fn check(end: fn(&Context, Pool<Tracked<u32>>)) {
    leaks::check(|| {
        let (jobs, owned) = ([0; 5].map(|n| track(n)), track("work"));
        must_end(IN_POOL, move || {
            let context = Context::background();
            let pool = Pool::new(&context, 2, 5, move |job: Tracked<u32>| {
                let _ = (&owned, job);
            });
            let pool = pool.expect("there are threads");
            for job in jobs {
                assert!(pool.submit(job).is_ok(), "the pool is open");
            }
            end(&context, pool);
        });
    });
}

/// Two workers, five jobs and a context that nobody cancels: after a drain all jobs have run and all threads end.
#[test]
fn a_drain_leaves_nothing() {
    // WP-12
    check(|_, pool| {
        assert_eq!(pool.drain().len(), 0);
    });
}

/// Two workers, five jobs and a stop: what has not begun is handed back, once, and all threads end.
#[test]
fn a_stop_leaves_nothing() {
    // WP-12
    check(|_, pool| {
        assert!(pool.stop().len() <= 5);
        assert_eq!(pool.stop().len(), 0, "what was handed back before");
    });
}

/// Two workers and five jobs when the pool is dropped: what has not begun is dropped, and all threads end.
#[test]
fn the_drop_of_a_pool_leaves_nothing() {
    // WP-12
    check(|_, pool| drop(pool));
}

/// What is queued when the context is cancelled, and what nobody takes back, is dropped with the pool.
#[test]
fn a_cancel_leaves_nothing() {
    // WP-12
    leaks::check(|| {
        let jobs = [0; 5].map(|n| track(n));
        must_end(IN_POOL, move || {
            let (context, guard) = Context::background().with_cancel();
            let pool = Pool::new(&context, 1, 2, |_job: Tracked<u32>| {});
            let pool = pool.expect("there are threads");
            for (n, job) in jobs.into_iter().enumerate() {
                if n == 3 {
                    guard.cancel();
                }
                assert_eq!(
                    pool.submit(job).is_ok(),
                    n < 3,
                    "job {n}, and the cancel was before 3"
                );
            }
        });
    });
}

/// Five jobs panic, and nobody gets their payloads: each is dropped once.
#[test]
fn panics_leave_nothing() {
    leaks::check(|| {
        let jobs = [0; 5].map(|n| track(n));
        must_end(IN_POOL, move || {
            let pool = Pool::new(&Context::background(), 2, 5, |job: Tracked<u32>| {
                resume_unwind(Box::new(job))
            });
            let pool = pool.expect("there are threads");
            jobs.into_iter()
                .for_each(|job| assert!(pool.submit(job).is_ok()));
            assert_eq!(pool.drain().len(), 0);
        });
    });
}

/// The system refuses a thread. Those that were started end, `work` is dropped, and nothing of the pool stays in the
/// context above it.
#[test]
fn threads_that_cannot_be_had_leave_nothing() {
    let (server, _guard) = Context::background().with_cancel();
    leaks::check(|| {
        for granted in 0..=3 {
            let owned = track("work");
            let refused = refuse_after(granted, || {
                let work = move |_: u32| assert!(!owned.is_empty());
                Pool::new(&server, 3, 1, work).map(|_| ())
            });
            // It may have one thread besides its workers, and needs none.
            assert!(
                refused.is_err() || granted == 3,
                "{granted} of 3 threads could be had"
            );
        }
    });
}

/// A server's context is there for years, and pools come and go below it.
#[test]
fn the_context_above_keeps_nothing_of_its_pools() {
    let (server, _guard) = Context::background().with_cancel();
    leaks::check(|| {
        let server = server.clone();
        must_end(IN_POOL, move || {
            for drains in [true, false] {
                let pool = Pool::new(&server, 1, 1, |_: Box<u32>| {}).expect("there are threads");
                assert!(pool.submit(Box::new(7)).is_ok());
                if drains {
                    assert!(pool.drain().is_empty());
                }
            }
        });
    });
}

/// A pool lives as long as its program. What it has run, it forgets.
#[test]
fn a_pool_keeps_nothing_of_its_jobs() {
    let pool = Pool::new(&Context::background(), 1, 1, |_: Box<u32>| {});
    let pool = pool.expect("there are threads");
    leaks::check(|| (0..3).for_each(|n| assert!(pool.submit(Box::new(n)).is_ok())));
    assert!(pool.drain().is_empty());
}
