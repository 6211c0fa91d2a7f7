//! No thread, no value and no memory stays behind: not after a panic, and not when somebody walks away.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread::refuse_after;
use harness::testing::{let_others_run, must_end, payload_of, staged_panic, staged_panic_of};
use std::sync::Barrier;
use worker_pool::WorkerPool;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const IN_POOL: &str = "a thread is still in `submit`, `join` or `next`, or a worker has not ended";

/// Three jobs run and their results are read after `join`: each job, each result and `work` is dropped once.
#[test]
fn every_job_and_every_result_is_dropped_once() {
    leaks::check(|| {
        let jobs = [1, 2, 3].map(|n| (track(n), track(n * 10)));
        let owned = track("work");
        must_end(IN_POOL, move || {
            let (pool, results) =
                WorkerPool::new(2, 3, move |(job, result): (Tracked<i32>, Tracked<i32>)| {
                    let _ = (&owned, job);
                    result
                })
                .unwrap();
            jobs.into_iter().for_each(|job| pool.submit(job));
            pool.join();
            assert_eq!(results.map(|result| *result).sum::<i32>(), 60);
        });
    });
}

/// The consumer has read one result and goes. The workers have jobs, and one of them a result for which
/// there is no room.
#[test]
fn nothing_is_left_when_the_consumer_walks_away() {
    leaks::check(|| {
        let jobs = [0; 5].map(|n| track(n));
        must_end(IN_POOL, move || {
            let (pool, mut results) = WorkerPool::new(1, 2, |job| job).unwrap();
            jobs.into_iter().for_each(|job| pool.submit(job));
            assert!(results.next().is_some());
            let_others_run();
            drop(results);
            drop(pool);
        });
    });
}

/// The pool is dropped, and then the `Results`: the queued jobs run, their results are dropped, and the worker ends.
#[test]
fn nothing_is_left_when_both_ends_are_dropped_at_once() {
    leaks::check(|| {
        let jobs = [0; 5].map(|n| track(n));
        must_end(IN_POOL, move || {
            let (pool, results) = WorkerPool::new(1, 2, |job| job).unwrap();
            jobs.into_iter().for_each(|job| pool.submit(job));
            drop((pool, results));
        });
    });
}

/// The workers of a pool that never had a job sleep when it is dropped: the drop must wake each of them, to end.
#[test]
fn a_pool_without_jobs_leaves_nothing() {
    leaks::check(|| drop(WorkerPool::new(3, 5, |n: u32| n).unwrap()));
}

/// Nine jobs are tried and some come back. Each is dropped once: by the caller, or as a result.
#[test]
fn a_job_that_is_handed_back_belongs_to_the_caller() {
    leaks::check(|| {
        let jobs = [0; 9].map(|n| track(n));
        must_end(IN_POOL, move || {
            let (pool, results) = WorkerPool::new(1, 1, |job| job).unwrap();
            let refused = jobs
                .into_iter()
                .filter_map(|job| pool.try_submit(job).err());
            let refused: Vec<_> = refused.collect();
            assert!(refused.len() >= 6, "9 jobs, and room for 3");
            drop(pool);
            assert_eq!(results.count() + refused.len(), 9);
        });
    });
}

/// Two workers have two jobs each, which panic. `join` goes on with one of the payloads; the other three are
/// dropped, as are the jobs.
#[test]
fn panics_leave_nothing() {
    leaks::check(|| {
        let (jobs, payloads) = (
            [1, 2, 3, 4].map(|n| track(n)),
            [1, 2, 3, 4].map(|n| track(n)),
        );
        must_end(IN_POOL, move || {
            // So each worker has two of the four.
            let both = Barrier::new(2);
            let (pool, results) = WorkerPool::new(2, 4, move |(job, payload)| -> u32 {
                let _job = job;
                both.wait();
                std::panic::resume_unwind(Box::new(payload))
            })
            .unwrap();
            jobs.into_iter()
                .zip(payloads)
                .for_each(|job| pool.submit(job));
            assert!(
                payload_of(|| pool.join()).is_some(),
                "four jobs have panicked"
            );
            assert_eq!(results.count(), 0);
        });
    });
}

/// The system refuses one of three threads. Those that were started end, and `work` is dropped.
#[test]
fn threads_that_cannot_be_had_leave_nothing() {
    leaks::check(|| {
        for granted in 0..3 {
            let owned = track("work");
            let refused = refuse_after(granted, || {
                WorkerPool::new(3, 1, move |_: u32| owned.len()).map(|_| ())
            });
            assert!(refused.is_err(), "{granted} of 3 threads could be had");
        }
    });
}

/// A pool lives as long as its program. What it has run, it forgets, and what has panicked too.
#[test]
fn a_pool_keeps_nothing_of_its_jobs() {
    let (pool, mut results) = WorkerPool::new(1, 4, |job: Box<u32>| match *job {
        0 => staged_panic("the job's"),
        n => Box::new(n),
    })
    .unwrap();
    leaks::check(|| {
        for n in [0, 1, 2] {
            pool.submit(Box::new(n));
        }
        assert_eq!(
            (results.next(), results.next()),
            (Some(Box::new(1)), Some(Box::new(2)))
        );
    });
    assert_eq!(staged_panic_of(|| pool.join()), Some("the job's"));
}

/// A pool that has run twenty thousand jobs keeps no more than one that has run twelve.
#[test]
fn a_pool_does_not_grow_with_its_jobs() {
    let left_by = |jobs: u32| {
        let mut kept = None;
        let left = leaks::bytes_left_by(|| {
            let (pool, results) = kept.insert(WorkerPool::new(1, 4, |n: u32| n).unwrap());
            for first in (0..jobs).step_by(4) {
                (first..first + 4).for_each(|n| pool.submit(n));
                assert!(results.by_ref().take(4).eq(first..first + 4), "the results");
            }
        });
        drop(kept);
        left
    };
    let (few, many) = (left_by(12), left_by(20_000));
    assert!(
        many < few + 10_000,
        "a pool keeps {few} bytes after 12 jobs, and {many} after 20,000: more than half a byte for each of them"
    );
}
