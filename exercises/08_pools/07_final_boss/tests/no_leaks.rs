//! No thread, no job and no memory stays behind, however the pool ends, and a pool that goes on keeps nothing
//! of what has ended.

use cancellation_solution::Context;
use final_boss::{Pool, Terms, Wait, Worker};
use harness::leaks::{self, track};
use harness::sync::real::thread::{self, refuse_after};
use harness::sync::real::time::Clock;
use harness::testing::{let_others_run, must_end, staged_panic, wait_until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const NOT_ENDED: &str = "the pool does not end";

fn pool(workers: usize, capacity: usize) -> Pool {
    Pool::new(workers, capacity).expect("there are threads")
}

/// A job that returns one value, and submits another job that owns the other.
fn job<V: Send + 'static>(result: V, inner: V) -> impl FnOnce(&Worker) -> V + Send + 'static {
    move |worker| {
        drop(worker.submit(move |_: &Worker| inner));
        result
    }
}

/// Results that nobody fetches, jobs that panic, jobs of jobs.
#[test]
fn nothing_is_left_of_a_pool_that_was_shut_down() {
    leaks::check(|| {
        must_end(NOT_ENDED, || {
            let pool = pool(2, 8);
            for n in 0..20 {
                let job = job(track(n), track(n));
                let handle = pool.submit(move |worker: &Worker| {
                    if n % 3 == 0 {
                        staged_panic("the job's");
                    }
                    job(worker)
                });
                let handle = handle.expect("it is open");
                if n % 2 == 0 {
                    drop(handle.join());
                }
            }
            pool.shutdown();
        });
    });
}

/// It is dropped with jobs in all queues, and one that runs.
#[test]
fn nothing_is_left_of_a_pool_that_was_dropped() {
    leaks::check(|| {
        must_end(NOT_ENDED, || {
            let pool = pool(1, 4);
            let begun = Arc::new(AtomicBool::new(false));
            let begins = Arc::clone(&begun);
            let inner = [(); 3].map(|()| track(0));
            let runs = move |worker: &Worker| {
                for value in inner {
                    drop(worker.submit(move |_: &Worker| value));
                }
                begins.store(true, Relaxed);
            };
            drop(pool.submit(runs));
            wait_until("a job has not begun, and there is a worker", || {
                begun.load(Relaxed)
            });
            for n in 0..4 {
                let value = track(n);
                drop(pool.submit(move |_: &Worker| value));
            }
        });
    });
}

/// Workers come and go, with jobs in their queues.
#[test]
fn nothing_is_left_of_workers_that_have_left() {
    leaks::check(|| {
        must_end(NOT_ENDED, || {
            let pool = pool(3, 8);
            for size in [0, 2, 1, 3, 0, 1] {
                drop(pool.submit(job(track(1), track(2))));
                pool.resize(size).expect("there are threads");
            }
            pool.shutdown();
        });
    });
}

/// The system refuses the second thread.
#[test]
fn nothing_is_left_of_a_pool_that_gets_no_threads() {
    leaks::check(|| {
        must_end(NOT_ENDED, || {
            assert!(
                refuse_after(1, || Pool::new(3, 8)).is_err(),
                "one thread of three could be had"
            )
        });
    });
}

/// Jobs that come back, at once, at a deadline, or because of a context, and one that is cancelled in the
/// queue.
#[test]
fn nothing_is_left_of_jobs_that_were_refused() {
    leaks::check(|| {
        must_end(NOT_ENDED, || {
            let pool = pool(0, 1);
            let (context, guard) = Context::background().with_cancel();
            let clock = Clock::manual();
            let terms = |wait| Terms {
                wait,
                context: Some(context.clone()),
                ..Terms::default()
            };
            let values = [(); 4].map(|()| track(0));
            let [queued, full, late, cancelled] = values.map(|value| move |_: &Worker| value);
            let handle = pool
                .submit_with(&terms(Wait::Never), queued)
                .expect("there is room");
            assert!(pool.try_submit(full).is_err(), "there is no room");
            let now = clock.now();
            let late = pool.submit_with(&terms(Wait::Until(clock, now)), late);
            assert!(late.is_err(), "there is no room");
            thread::scope(|s| {
                let waits = s.spawn(|| pool.submit_with(&terms(Wait::Forever), cancelled).is_err());
                guard.cancel();
                assert!(
                    waits.join().expect("no panic"),
                    "there is no room, and the context is done"
                );
            });
            assert!(
                pool.help() || handle.is_finished(),
                "a job waits, or is cancelled"
            );
        });
    });
}

/// How many bytes a pool keeps that goes on, after that many rounds.
fn bytes_kept_after(rounds: usize, round: fn(&Pool)) -> isize {
    let mut kept = None;
    let bytes = leaks::bytes_left_by(|| {
        let pool = pool(1, 1);
        (0..rounds).for_each(|_| round(&pool));
        kept = Some(pool);
    });
    drop(kept);
    bytes
}

fn end_a_job(pool: &Pool) {
    let handle = pool.submit(job(Box::new(1), Box::new(2)));
    drop(handle.expect("it is open").join());
}

/// Makes the pool one without workers, and runs the jobs of those that leave.
fn pause(pool: &Pool) {
    pool.resize(0).expect("no thread is needed");
    wait_until("a worker that is too many has not left", || {
        pool.metrics().workers == 0
    });
    while pool.help() {}
}

/// Fills the queue of the pool, which has no workers from then on. If it is full already, nothing happens.
fn fill(pool: &Pool) {
    if pool.size() > 0 {
        pause(pool);
    }
    drop(pool.try_submit(|_: &Worker| ()));
}

/// Neither of jobs, nor of workers, nor of refusals. What is about to end may still hold something, so it
/// looks again before it accuses.
#[test]
fn a_pool_that_goes_on_keeps_nothing() {
    let rounds: [(_, fn(&Pool)); 4] = [
        ("jobs that have ended", end_a_job),
        ("workers that have left", |pool| {
            end_a_job(pool);
            pause(pool);
            pool.resize(1).expect("there is a thread");
        }),
        ("submissions that were refused", |pool| {
            fill(pool);
            let clock = Clock::manual();
            for _ in 0..5 {
                drop(pool.try_submit(|_: &Worker| ()));
                let late = Terms {
                    wait: Wait::Until(clock.clone(), clock.now()),
                    ..Terms::default()
                };
                drop(pool.submit_with(&late, |_: &Worker| ()));
            }
        }),
        (
            "submissions whose context was cancelled while they slept",
            |pool| {
                fill(pool);
                let (context, guard) = Context::background().with_cancel();
                let terms = Terms {
                    context: Some(context),
                    ..Terms::default()
                };
                thread::scope(|s| {
                    let sleeps = s.spawn(|| pool.submit_with(&terms, |_: &Worker| ()).is_err());
                    let_others_run();
                    guard.cancel();
                    assert!(sleeps.join().expect("no panic"), "there is no room");
                });
            },
        ),
    ];
    for (what, round) in rounds {
        must_end(NOT_ENDED, move || {
            let mut kept = 0;
            let nothing = (0..5).any(|_| {
                kept = bytes_kept_after(104, round) - bytes_kept_after(4, round);
                kept < 4 << 10
            });
            assert!(nothing, "it keeps {kept} bytes of 100 rounds of {what}");
        });
    }
}
