//! Models: each explores the interleavings of main and one or two workers. IDs such as WP-04 are explained in
//! exercises/GO.md.
//!
//! Nearly all are explored to a bound of two or three preemptions,
//! which leaves 13 to 2,000 interleavings of the reference.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use crate::sync::thread::refuse_after;
use crate::sync::{Arc, Mutex};
use crate::{Full, WorkerPool};
use harness::testing::{
    Flag, Gate, Slot, both, let_others_sleep, must_sleep, must_sleep_again, staged_panic,
    staged_panic_of, threads_at_once,
};
use harness::{Model, model};
use std::sync::Arc as Plain;

/// A slot that threads share. The pool has to order what they do with it.
fn slot(name: &str) -> Plain<Slot> {
    Plain::new(Slot::empty(name))
}

/// Plain memory goes the whole way: main writes before it submits, by `submit` or `try_submit`, the job reads
/// that and writes, and main reads when it has the result. A worker that sleeps wakes up for the job.
#[test]
fn what_was_done_before_is_visible_on_both_ways() {
    // WP-02
    for tries in [false, true] {
        Model::new().preemption_bound(3).check(move || {
            let (by_main, by_job) = (slot("by_main"), slot("by_job"));
            let of_job = (Plain::clone(&by_main), Plain::clone(&by_job));
            let (pool, mut results) = WorkerPool::new(1, 1, move |n: u32| {
                of_job.1.write(of_job.0.read());
                n * 10
            })
            .unwrap();
            by_main.write(7);
            if tries {
                assert_eq!(pool.try_submit(1), Ok(()), "the queue is empty");
            } else {
                pool.submit(1);
            }
            assert_eq!(results.next(), Some(10), "the result of job 1");
            assert_eq!(by_job.read(), 7, "what the job has copied");
            drop(pool);
            assert_eq!(results.next(), None, "there was one job");
            assert_eq!(results.next(), None, "once more");
        });
    }
}

/// Two workers and two jobs, and each job counts in memory of its own. Each must have run once when the
/// results have ended, and no other thread than the two workers may have been there.
#[test]
fn each_job_runs_once() {
    // WP-01, WP-02
    Model::new().preemption_bound(2).check(|| {
        let runs = [slot("runs of 1"), slot("runs of 2")];
        let of_jobs = runs.clone();
        let (pool, results) = WorkerPool::new(2, 2, move |n: usize| {
            let runs = &of_jobs[n - 1];
            runs.write(runs.read() + 1);
            n
        })
        .unwrap();
        pool.submit(1);
        pool.submit(2);
        drop(pool);
        let mut results: Vec<_> = results.collect();
        results.sort_unstable();
        assert_eq!(
            results,
            [1, 2],
            "the results of jobs 1 and 2, in some order"
        );
        assert_eq!(
            runs.map(|runs| runs.read()),
            [1, 1],
            "how often jobs 1 and 2 have run"
        );
        assert!(
            threads_at_once() <= 2,
            "{} threads besides main, and 2 workers were asked for",
            threads_at_once()
        );
    });
}

/// Two workers, and one job. The worker that has none ends first, perhaps; the results must not end with
/// it, but after the last job.
#[test]
fn the_results_end_after_the_last_job() {
    // WP-04
    Model::new().preemption_bound(2).check(|| {
        let (pool, results) = WorkerPool::new(2, 1, |n: u32| n * 10).unwrap();
        pool.submit(1);
        drop(pool);
        let results: Vec<_> = results.collect();
        assert_eq!(
            results,
            [10],
            "the results, which must not end before that of job 1"
        );
    });
}

/// One worker, and the pool is dropped while two jobs are queued. Both were accepted, so both run, in this
/// order.
#[test]
fn queued_jobs_run_after_the_close() {
    // WP-03
    Model::new().preemption_bound(3).check(|| {
        let (pool, results) = WorkerPool::new(1, 2, |n: u32| n * 10).unwrap();
        pool.submit(1);
        pool.submit(2);
        drop(pool);
        assert_eq!(
            results.collect::<Vec<_>>(),
            [10, 20],
            "the results of the jobs that were queued when the pool was dropped"
        );
    });
}

/// A thread is asleep in `next`, or about to be, when the pool is dropped without a job. It must learn that
/// there will be no results.
#[test]
fn dropping_the_pool_ends_the_results() {
    // WP-04
    Model::new().preemption_bound(2).check(|| {
        let (pool, mut results) = WorkerPool::new(1, 1, |n: u32| n).unwrap();
        let ((), result) = both(move || drop(pool), move || results.next());
        assert_eq!(result, None, "the pool was dropped, and there was no job");
    });
}

/// A program that must not end: there is no job, and the pool is open.
#[test]
fn next_sleeps_while_the_pool_is_open() {
    must_sleep("`next`", "the pool was open", || {
        let (pool, mut results) = WorkerPool::new(1, 1, |n: u32| n).unwrap();
        let result = results.next();
        drop(pool);
        panic!("`next` returned {result:?}, and the pool was open");
    });
}

/// `join` returns when the jobs have run and the worker has ended: what the jobs wrote is there, `work` is
/// dropped, and the results can still be read.
#[test]
fn join_returns_after_the_last_job() {
    // WP-03
    Model::new().preemption_bound(3).check(|| {
        let last = slot("last");
        let of_job = Plain::clone(&last);
        let (pool, results) = WorkerPool::new(1, 2, move |n: u32| {
            of_job.write(n);
            n * 10
        })
        .unwrap();
        pool.submit(1);
        pool.submit(2);
        pool.join();
        assert_eq!(last.read(), 2, "what the last job wrote");
        assert_eq!(
            Plain::strong_count(&last),
            1,
            "owners of what `work` owns: when `join` has returned, `work` is dropped"
        );
        assert_eq!(results.collect::<Vec<_>>(), [10, 20], "the results");
    });
}

/// Two workers, which sleep or do not, and two jobs, which come one right after the other and wait for each other. Each
/// job needs a worker, so each `submit` must wake one, though the other job is still in the queue; main waits for the
/// results, and does not close the pool before.
#[test]
fn two_workers_run_two_jobs_at_the_same_time() {
    // WP-01
    two_jobs_meet(|pool| pool.submit(1));
}

/// Two workers and two jobs that wait for each other, and the second is tried. A `try_submit` wakes a worker as `submit`
/// does, though the other job is still in the queue.
#[test]
fn a_job_that_is_tried_wakes_a_worker_too() {
    // WP-01
    two_jobs_meet(|pool| assert_eq!(pool.try_submit(1), Ok(()), "there is room for two jobs"));
}

/// Submits job 0, and job 1 by `submit`; the two wait for each other. At most one preemption in each interleaving, and
/// two in some.
fn two_jobs_meet(submit: fn(&WorkerPool<usize>)) {
    Model::new().loose_bound(2).check(move || {
        let arrived = [Gate::shut("first here"), Gate::shut("second here")];
        let (pool, mut results) = WorkerPool::new(2, 2, move |n: usize| {
            arrived[n].open();
            arrived[1 - n].pass();
        })
        .unwrap();
        pool.submit(0);
        submit(&pool);
        assert_eq!(results.by_ref().take(2).count(), 2, "results");
        pool.join();
        assert_eq!(results.count(), 0, "more results");
    });
}

/// Two workers sleep with a result each, because two wait to be read. Main reads all of them, as fast as it
/// can, or drops the `Results`: either is news for both workers, and each must wake up.
#[test]
fn every_worker_that_waits_for_room_goes_on() {
    for reads in [true, false] {
        Model::new().preemption_bound(1).check(move || {
            let (pool, results) = WorkerPool::new(2, 2, |n: u32| n).unwrap();
            (1..=4).for_each(|n| pool.submit(n));
            if reads {
                drop(pool);
                let_others_sleep(2);
                let sum = results.sum::<u32>();
                assert_eq!(sum, 10, "the sum of the results of jobs 1 to 4");
            } else {
                let_others_sleep(2);
                drop(results);
                pool.join();
            }
        });
    }
}

/// A worker sleeps because there is no job, and another thread sleeps in `next`, or is about to. Main submits a job, by
/// `submit` or `try_submit`, and does not close the pool: the worker must wake up, whoever else sleeps, and then the
/// reader, for the result.
#[test]
fn a_job_wakes_a_worker_though_a_reader_sleeps() {
    // WP-01
    for tries in [false, true] {
        Model::new().preemption_bound(2).check(move || {
            let (pool, mut results) = WorkerPool::new(1, 1, |n: u32| n * 10).unwrap();
            let submit = || {
                let_others_sleep(2);
                if tries {
                    assert_eq!(pool.try_submit(1), Ok(()), "the queue is empty");
                } else {
                    pool.submit(1);
                }
            };
            let ((), result) = both(submit, || results.next());
            assert_eq!(result, Some(10), "the result of job 1");
            pool.join();
        });
    }
}

/// A program that must not end: the queue has room for one, the only worker is in a job that does not end,
/// and a job waits. There is no room for a third.
#[test]
fn submit_sleeps_while_the_queue_is_full() {
    // WP-05
    must_sleep("`submit`", "the queue was full", || {
        let never = Gate::shut("never");
        let (pool, _results) = WorkerPool::new(1, 1, move |_: u32| never.pass()).unwrap();
        pool.submit(1);
        pool.submit(2);
        pool.submit(3);
        panic!("`submit` accepted 3 jobs: one runs, and the queue has room for one");
    });
}

/// A program that must not end: one thread submits all its jobs, and would read the results afterwards.
/// With room for one job and one result, the fourth job finds no room, and never will.
#[test]
fn to_submit_everything_before_reading_sleeps_for_ever() {
    // WP-06
    must_sleep("`submit`", "nobody read results", || {
        let (pool, _results) = WorkerPool::new(1, 1, |n: u32| n).unwrap();
        (1..=4).for_each(|n| pool.submit(n));
        panic!(
            "`submit` accepted 4 jobs: there is room for 1 result, 1 is in the worker's hands, and 1 job waits"
        );
    });
}

/// One worker and a capacity of 1: three jobs find room, one as a result, one in the worker's hands, one as a job. Then
/// the pool is dropped, which does not wait until somebody reads, and main reads all three.
#[test]
fn there_is_room_for_capacity_results_and_capacity_jobs() {
    // WP-06
    Model::new().preemption_bound(3).check(|| {
        let (pool, results) = WorkerPool::new(1, 1, |n: u32| n * 10).unwrap();
        (1..=3).for_each(|n| pool.submit(n));
        drop(pool);
        assert_eq!(results.collect::<Vec<_>>(), [10, 20, 30], "the results");
    });
}

/// Three jobs, for which there is room, and threads that sleep wake for no reason. A wakeup alone is no job, no room
/// and no result. Then main sleeps until a job has ended, in `next` or in `join`, or a worker until there is one: it has to
/// sleep again.
#[test]
fn a_spurious_wakeup_is_nothing() {
    Model::new()
        .preemption_bound(2)
        .spurious_wakeups(1)
        .check(|| {
            let (pool, results) = WorkerPool::new(1, 1, |n: u32| n * 10).unwrap();
            (1..=3).for_each(|n| pool.submit(n));
            drop(pool);
            assert_eq!(results.collect::<Vec<_>>(), [10, 20, 30], "the results");
        });
    must_sleep_again("`next`", |steps| {
        let (pool, mut results) = WorkerPool::new(1, 1, move |()| steps()).unwrap();
        pool.submit(());
        assert_eq!(results.next(), Some(()), "the result");
    });
    must_sleep_again("`join`", |steps| {
        let (pool, _results) = WorkerPool::new(1, 1, move |()| steps()).unwrap();
        pool.submit(());
        pool.join();
    });
    must_sleep_again("a worker without a job", |steps| {
        let (pool, _results) = WorkerPool::new(1, 1, |()| ()).unwrap();
        steps();
        drop(pool);
    });
}

/// As many jobs as there is room for are in the pool. Another thread submits one more, which may return
/// only when main has begun to read; a thread that sleeps for room wakes for no reason meanwhile,
/// once or three times. It has to sleep again.
#[test]
fn a_spurious_wakeup_is_no_room() {
    // WP-05
    for times in [1, 3] {
        let model = Model::new().preemption_bound(1).spurious_wakeups(times);
        model.check(move || {
            let reads = Flag::lowered("reads");
            let (pool, mut results) = WorkerPool::new(1, 1, |n: u32| n * 10).unwrap();
            (1..=3).for_each(|n| pool.submit(n));
            let (first, ()) = both(
                || {
                    let_others_sleep(times - 1);
                    reads.raise();
                    results.next()
                },
                || {
                    pool.submit(4);
                    assert!(
                        reads.is_raised(),
                        "`submit` accepted a fourth job before a result was read: there is room for 3"
                    );
                },
            );
            drop(pool);
            assert_eq!(first, Some(10), "the first result");
            assert_eq!(results.collect::<Vec<_>>(), [20, 30, 40], "the others");
        });
    }
    must_sleep_again("`submit`, or a worker that waits for room,", |steps| {
        let (pool, mut results) = WorkerPool::new(1, 1, |n: u32| n * 10).unwrap();
        (1..=3).for_each(|n| pool.submit(n));
        let reads_late = || {
            steps();
            results.next()
        };
        let ((), first) = both(|| pool.submit(4), reads_late);
        assert_eq!(first, Some(10), "the first result");
    });
}

/// Two threads try to submit at the same time, and there is room for both. That another thread is about to
/// submit is no reason to hand a job back.
#[test]
fn try_submit_accepts_if_there_is_room() {
    // WP-05
    Model::new().preemption_bound(2).check(|| {
        let (pool, results) = WorkerPool::new(1, 2, |n: u32| n).unwrap();
        let outcomes = both(|| pool.try_submit(1), || pool.try_submit(2));
        assert_eq!(
            outcomes,
            (Ok(()), Ok(())),
            "what two threads got that submitted a job each, and the queue has room for two"
        );
        drop(pool);
        assert_eq!(results.sum::<u32>(), 3, "the sum of both results");
    });
}

/// Two threads submit more jobs than there is room for, one in one case and two in the other. Both may sleep when
/// the worker takes two jobs, one right after the other: each job that is taken makes room, and wakes a submitter
/// that sleeps. The `Results` have been dropped, and that drop waits for nothing.
#[test]
fn every_submit_that_sleeps_finds_room_at_last() {
    // WP-05
    for capacity in [1, 2] {
        Model::new().preemption_bound(2).check(move || {
            let sum = slot("sum");
            let of_jobs = Plain::clone(&sum);
            let work = move |n: u32| of_jobs.write(of_jobs.read() + n);
            let (pool, results) = WorkerPool::new(1, capacity, work).unwrap();
            drop(results);
            both(|| (1..=3).for_each(|n| pool.submit(n)), || pool.submit(4));
            pool.join();
            assert_eq!(
                sum.read(),
                10,
                "the sum of jobs 1 to 4, which were accepted"
            );
        });
    }
}

/// The only worker is in a job, and the queue has room for one. Of two threads that try at the same time
/// one puts its job in, and the other has its own handed back.
#[test]
fn one_of_two_gets_the_last_room() {
    // WP-05
    Model::new().preemption_bound(2).check(|| {
        let gates = Plain::new((Gate::shut("begun"), Gate::shut("end")));
        let of_job = Plain::clone(&gates);
        let (pool, results) = WorkerPool::new(1, 1, move |n: u32| {
            of_job.0.open();
            of_job.1.pass();
            n * 10
        })
        .unwrap();
        pool.submit(1);
        gates.0.pass();
        let outcomes = both(|| pool.try_submit(2), || pool.try_submit(3));
        gates.1.open(); // first, so that the pool can end whatever is wrong
        let accepted = match outcomes {
            (Ok(()), Err(Full(3))) => 20,
            (Err(Full(2)), Ok(())) => 30,
            other => panic!(
                "the queue has room for one job; `try_submit` of jobs 2 and 3 returned {other:?}"
            ),
        };
        drop(pool);
        assert_eq!(results.collect::<Vec<_>>(), [10, accepted], "the results");
    });
}

/// The only worker is in a job until main lets it go, and the queue is full. Another thread is in `submit`, or
/// sleeps there. Main tries: it gets its job back, and does not wait for that thread, which waits for the worker.
#[test]
fn try_submit_does_not_wait_for_a_submit_that_sleeps() {
    Model::new().preemption_bound(2).check(|| {
        let gates = Plain::new((Gate::shut("begun"), Gate::shut("end")));
        let of_job = Plain::clone(&gates);
        let (pool, results) = WorkerPool::new(1, 1, move |n: u32| {
            if n == 1 {
                of_job.0.open();
                of_job.1.pass();
            }
        })
        .unwrap();
        drop(results);
        pool.submit(1);
        gates.0.pass();
        pool.submit(2);
        let try_one = || {
            let outcome = pool.try_submit(3);
            gates.1.open();
            outcome
        };
        let (outcome, ()) = both(try_one, || pool.submit(4));
        assert_eq!(outcome, Err(Full(3)), "the outcome, and the queue was full");
    });
}

/// There is no room for the results of four jobs, and another thread drops the `Results` meanwhile, perhaps
/// while the worker sleeps with a result, or has just found no room and is about to. It must be woken, and all
/// four jobs run.
#[test]
fn dropped_results_hold_nobody_up() {
    Model::new().preemption_bound(2).check(|| {
        let last = slot("last");
        let of_job = Plain::clone(&last);
        let (pool, results) = WorkerPool::new(1, 1, move |n: u32| of_job.write(n)).unwrap();
        let submit = move || {
            (1..=4).for_each(|n| pool.submit(n));
            pool.join();
        };
        both(submit, || drop(results));
        assert_eq!(last.read(), 4, "the last job that has run");
    });
}

/// One thread joins the pool, and needs another that reads: there are two results more than there is room for.
/// The close is no reason to let them pile up, nor to drop them.
#[test]
fn join_sleeps_until_the_results_have_room() {
    Model::new().preemption_bound(2).check(|| {
        let (pool, results) = WorkerPool::new(1, 1, |n: u32| n * 10).unwrap();
        (1..=3).for_each(|n| pool.submit(n));
        let reads = Flag::lowered("reads");
        let join = || {
            pool.join();
            assert!(
                reads.is_raised(),
                "`join` returned before a result was read: there are 3, and room for 1"
            );
        };
        let read = || {
            reads.raise();
            results.collect::<Vec<_>>()
        };
        let ((), results) = both(join, read);
        assert_eq!(results, [10, 20, 30], "the results");
    });
}

/// The first of two jobs panics, on the only worker. The second runs, the results end, and `join` passes
/// the panic on.
#[test]
fn a_panic_is_passed_on_by_join() {
    Model::new().preemption_bound(3).check(|| {
        let (pool, results) = WorkerPool::new(1, 2, |n: u32| match n {
            1 => staged_panic("job 1's"),
            n => n * 10,
        })
        .unwrap();
        pool.submit(1);
        pool.submit(2);
        let panic = staged_panic_of(|| pool.join());
        assert_eq!(panic, Some("job 1's"), "the panic that `join` goes on with");
        assert_eq!(
            results.collect::<Vec<_>>(),
            [20],
            "the results: that of job 2, which came after the panic"
        );
    });
}

/// One of two workers is in a job that panics, and the other in one that does not. `join` must wait for
/// both before the panic goes on, whichever is first.
#[test]
fn a_panic_goes_on_when_all_workers_have_ended() {
    Model::new().preemption_bound(2).check(|| {
        let written = slot("written");
        let of_job = Plain::clone(&written);
        let (pool, _results) = WorkerPool::new(2, 2, move |n: u32| match n {
            1 => staged_panic("job 1's"),
            n => of_job.write(n),
        })
        .unwrap();
        pool.submit(1);
        pool.submit(2);
        let panic = staged_panic_of(|| pool.join());
        assert_eq!(panic, Some("job 1's"), "the panic that `join` goes on with");
        assert_eq!(
            Plain::strong_count(&written),
            1,
            "owners of what `work` owns: `join` waits for all workers before the panic goes on"
        );
        assert_eq!(written.read(), 2, "what job 2 wrote");
    });
}

/// A job drops the pool, which nobody else has any more. It must not wait for the worker that it runs on.
#[test]
fn a_job_may_drop_the_pool() {
    type Job = Box<dyn FnOnce() + Send>;
    Model::new().preemption_bound(2).check(|| {
        let (pool, results) = WorkerPool::new(1, 2, |job: Job| job()).unwrap();
        let shared = Arc::new(Mutex::new(None));
        let of_job = Arc::clone(&shared);
        pool.submit(Box::new(move || {
            let pool: Option<WorkerPool<Job>> = of_job.lock().take();
            drop(pool);
        }));
        let before = shared.lock().replace(pool);
        assert!(before.is_none());
        drop(shared);
        let count = results.count();
        assert!(count <= 1, "one job, and {count} results");
    });
}

/// The second of two threads cannot be had. `new` says so, and the first has ended and owns nothing any more.
#[test]
fn without_all_threads_there_is_no_pool() {
    model(|| {
        for granted in [0, 1] {
            let owned = slot("owned");
            let of_work = Plain::clone(&owned);
            let refused = refuse_after(granted, || {
                WorkerPool::new(2, 1, move |n| of_work.write(n)).map(|_| ())
            });
            assert!(
                refused.is_err(),
                "{granted} of 2 threads could be had, and `new` returned a pool"
            );
            assert_eq!(
                Plain::strong_count(&owned),
                1,
                "owners of what `work` owns: `new` returns an error when the threads that it had started have ended"
            );
        }
    });
}
