//! The interleavings of a few small programs with a pool. IDs such as WP-02 name behaviours of Go's worker
//! pools.
//!
//! In most of them main submits the jobs first, to a pool without workers, and then two threads do something
//! at the same time: main is one of them, and often a worker too, because it helps. What a job does is a
//! write to plain memory. `LOCAL` and `PATIENCE` are two here, and a worker that has found nothing sleeps at
//! once.
//!
//! Where a pool has threads of its own, not everything is explored, but all with a stated number of forced
//! switches.

use crate::cancellation::Context;
use crate::sync::thread;
use crate::sync::time::{Clock, Duration};
use crate::{Handle, JobError, Metrics, Pool, Reason, Refused, Terms, Wait, Worker};
use harness::testing::{Gate, Slot, both, let_others_sleep, must_sleep, spawn, staged_panic};
use harness::{Model, model};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A job's work: it is done once, and others see that it was.
#[derive(Clone)]
struct Work(Arc<(Slot, AtomicUsize)>);

impl Work {
    #[track_caller]
    fn new(name: &str) -> Self {
        Self(Arc::new((Slot::empty(name), AtomicUsize::new(0))))
    }

    fn job(&self) -> impl FnOnce(&Worker) + Send + 'static {
        let work = self.clone();
        move |_| work.run()
    }

    fn run(&self) {
        let before = self.0.1.fetch_add(1, Relaxed);
        assert_eq!(before, 0, "a job ran a second time");
        self.0.0.write(7);
    }

    fn times(&self) -> usize {
        self.0.1.load(Relaxed)
    }

    /// Requires it to be done, and all that it has written to be there.
    #[track_caller]
    fn is_done(&self, which: &str) {
        assert_eq!(self.times(), 1, "how often {which} has run");
        assert_eq!(self.0.0.read(), 7, "what {which} has written");
    }
}

#[track_caller]
fn pool(workers: usize, capacity: usize) -> Pool {
    Pool::new(workers, capacity).expect("there are threads")
}

/// Terms that name a context, and nothing else.
fn within(context: Context) -> Terms {
    Terms {
        context: Some(context),
        ..Terms::default()
    }
}

#[track_caller]
fn accepted<F>(answer: Result<Handle<()>, Refused<F>>) -> Handle<()> {
    answer.unwrap_or_else(|refused| {
        panic!(
            "a job was refused ({:?}), and it had to be accepted",
            refused.reason
        )
    })
}

#[track_caller]
fn returned(handle: Handle<()>, which: &str) {
    let result = handle.join();
    assert!(
        result.is_ok(),
        "{which} returned, and its handle says {result:?}"
    );
}

/// Joins a job that must have been cancelled, and counted before its handle knows.
#[track_caller]
fn cancelled_and_counted(pool: &Pool, handle: Handle<()>, why: &str) {
    let result = handle.join();
    assert!(
        matches!(result, Err(JobError::Cancelled)),
        "{why}: {result:?}"
    );
    let metrics = pool.metrics();
    assert_eq!(
        metrics.cancelled, 1,
        "a job was joined, and the metrics say {metrics}"
    );
}

/// Requires all accounts to be closed, with these numbers of jobs.
#[track_caller]
fn closed(pool: &Pool, completed: u64, panicked: u64, cancelled: u64) -> Metrics {
    let metrics = pool.metrics();
    let ended = (metrics.completed, metrics.panicked, metrics.cancelled);
    assert_eq!(
        ended,
        (completed, panicked, cancelled),
        "jobs (completed, panicked, cancelled), and the metrics say {metrics}"
    );
    assert!(
        metrics.add_up() && metrics.running + metrics.queued == 0,
        "the accounts do not close: {metrics}"
    );
    metrics
}

/// Two jobs wait, and two threads help: each job runs once, and the thread that joins it sees what it did.
#[test]
fn each_job_runs_once() {
    // WP-02
    model(|| {
        let pool = pool(0, 2);
        let works = [Work::new("first"), Work::new("second")];
        let handles = works
            .each_ref()
            .map(|work| accepted(pool.submit(work.job())));
        let helped = both(|| pool.help(), || pool.help());
        assert_eq!(
            helped,
            (true, true),
            "two jobs waited, and two threads helped"
        );
        for (handle, work) in handles.into_iter().zip(&works) {
            returned(handle, "a job");
            work.is_done("a job");
        }
        closed(&pool, 2, 0, 0);
    });
}

/// The only worker looks for a job, and sleeps, while main submits one: it has to run.
#[test]
fn a_job_wakes_the_worker() {
    // At most 3 forced switches: 839 interleavings of the reference.
    Model::new().preemption_bound(3).check(|| {
        let pool = pool(1, 1);
        let work = Work::new("work");
        returned(accepted(pool.submit(work.job())), "the job");
        work.is_done("the job");
        let metrics = pool.metrics();
        assert_eq!(
            metrics.completed, 1,
            "a job was joined, and the metrics say {metrics}"
        );
    });
}

/// Two workers sleep, and main submits two jobs, one right after the other, the first of which waits for the
/// second: each of them has to wake a worker, and so has the second if it waits for room first.
#[test]
fn each_of_two_jobs_wakes_a_worker() {
    for (capacity, yields) in [(1, 1), (2, 1), (1, 2), (2, 2)] {
        // One order of the threads: 8 interleavings of the reference each.
        Model::new().one_order().check(move || {
            let pool = pool(2, capacity);
            let met = Arc::new(Gate::shut("met"));
            let opens = Arc::clone(&met);
            let_others_sleep(yields);
            let first = accepted(pool.submit(move |_: &Worker| met.pass()));
            let second = accepted(pool.submit(move |_: &Worker| opens.open()));
            returned(first, "the first job");
            returned(second, "the second job");
        });
    }
}

/// The queue is full, and nobody takes a job: `submit` has to sleep.
#[test]
fn submit_sleeps_if_there_is_no_room() {
    // WP-05
    must_sleep("`submit`", "the queue was full", || {
        let pool = pool(0, 1);
        drop(accepted(pool.submit(|_: &Worker| ())));
        drop(pool.submit(|_: &Worker| ()));
    });
}

/// There is no job: the worker has to sleep.
#[test]
fn a_worker_sleeps_if_there_is_no_job() {
    must_sleep("a worker", "there was no job", || {
        let _pool = pool(1, 1);
        Gate::shut("never").pass();
    });
}

/// The queue is full. Main submits another job while a thread takes the first: main has to get in, and to
/// wake up if it has fallen asleep.
#[test]
fn room_wakes_a_submission() {
    // WP-05
    model(|| {
        let pool = pool(0, 1);
        let works = [Work::new("first"), Work::new("second")];
        drop(accepted(pool.submit(works[0].job())));
        let (handle, helped) = both(|| pool.submit(works[1].job()), || pool.help());
        drop(accepted(handle));
        assert!(helped, "a job waited, and `help` found none");
        assert!(
            pool.help(),
            "the second job was accepted, and `help` found none"
        );
        works.iter().for_each(|work| work.is_done("each job"));
        closed(&pool, 2, 0, 0);
    });
}

/// The worker sleeps. Main submits two jobs, and there is room for one: the worker wakes up for the first,
/// and has to let the second in.
#[test]
fn a_worker_that_wakes_lets_a_submission_in() {
    // WP-05
    // At most 2 forced switches: 544 interleavings of the reference.
    Model::new().preemption_bound(2).check(|| {
        let pool = pool(1, 1);
        let works = [Work::new("first"), Work::new("second")];
        let_others_sleep(2);
        let handles = works
            .each_ref()
            .map(|work| accepted(pool.submit(work.job())));
        for (handle, work) in handles.into_iter().zip(&works) {
            returned(handle, "a job");
            work.is_done("a job");
        }
    });
}

/// The queue is full, and main waits for room. Its context is cancelled: main has to wake up, and to get its
/// job back.
#[test]
fn a_context_ends_the_wait_for_room() {
    // WP-08
    model(|| {
        let pool = pool(0, 1);
        drop(accepted(pool.submit(|_: &Worker| ())));
        let (context, guard) = Context::background().with_cancel();
        let terms = within(context);
        let (answer, ()) = both(
            || pool.submit_with(&terms, |_: &Worker| ()),
            || guard.cancel(),
        );
        let reason = answer.err().map(|refused| refused.reason);
        assert_eq!(
            reason,
            Some(Reason::Cancelled),
            "the context was cancelled, and nobody made room"
        );
        let metrics = pool.metrics();
        assert_eq!(
            (metrics.submitted, metrics.rejected),
            (1, 1),
            "jobs (submitted, rejected)"
        );
        assert!(
            pool.help() && !pool.help(),
            "one job waited, and another was handed back"
        );
    });
}

/// The queue is full, and main waits for room until a deadline. The other thread makes room, and then the
/// time comes: main gets in, or gets its job back. Never both.
#[test]
fn room_and_deadline_at_once() {
    // At most 3 forced switches: 268 interleavings of the reference.
    Model::new().preemption_bound(3).check(|| {
        let pool = pool(0, 1);
        drop(accepted(pool.submit(|_: &Worker| ())));
        let clock = Clock::manual();
        let second = Duration::from_secs(1);
        let wait = Wait::Until(clock.clone(), clock.now() + second);
        let terms = Terms {
            wait,
            ..Terms::default()
        };
        let work = Work::new("work");
        let (answer, ()) = both(
            || pool.submit_with(&terms, work.job()).map(drop),
            || {
                clock.advance(second);
                pool.help();
            },
        );
        let reason = answer.err().map(|refused| refused.reason);
        assert!(
            matches!(reason, None | Some(Reason::TimedOut)),
            "refused: {reason:?}"
        );
        let accepted = u64::from(reason.is_none());
        assert_eq!(
            pool.help(),
            reason.is_none(),
            "a job waits (left) if it was accepted (right)"
        );
        assert_eq!(work.times(), accepted as usize, "how often the job ran");
        let metrics = closed(&pool, 1 + accepted, 0, 0);
        assert_eq!(
            metrics.rejected,
            1 - accepted,
            "submissions that were refused"
        );
    });
}

/// The queue is full, and two submissions wait for room, one of them with a context or a deadline. Main makes
/// room for one, and cancels the context, or the time comes. If that one is refused, the other has to get the
/// place, without any other call.
#[test]
fn a_place_that_nobody_takes_goes_to_the_next() {
    for is_late in [false, true] {
        // At most 1 forced switch: 194 and 81 interleavings of the reference.
        Model::new().loose_bound(1).check(move || {
            let pool = pool(0, 1);
            drop(accepted(pool.submit(|_: &Worker| ())));
            let (context, guard) = Context::background().with_cancel();
            let (clock, delay) = (Clock::manual(), Duration::from_secs(1));
            let terms = if is_late {
                Terms {
                    wait: Wait::Until(clock.clone(), clock.now() + delay),
                    ..Terms::default()
                }
            } else {
                within(context)
            };
            let submit = |terms| pool.submit_with(terms, |_: &Worker| ()).map(drop);
            let plain = Terms::default();
            thread::scope(|s| {
                let first = spawn(s, "first", || submit(&terms));
                let second = spawn(s, "second", || submit(&plain));
                let_others_sleep(2);
                assert!(pool.help(), "a job waited, and `help` found none");
                if is_late {
                    clock.advance(delay);
                } else {
                    guard.cancel();
                }
                if first.join().expect("no panic").is_ok() {
                    pool.help(); // its job may be cancelled by now
                }
                let second = second.join().expect("no panic");
                assert!(second.is_ok(), "the second was refused: {second:?}");
            });
        });
    }
}

/// The queue is full, with room for one job, and a thread waits for room. Main makes room and submits another job at once:
/// one of the two gets the place.
#[test]
fn one_place_is_for_one_job() {
    // At most 1 forced switch.
    Model::new().preemption_bound(1).check(|| {
        let pool = pool(0, 1);
        drop(accepted(pool.submit(|_: &Worker| ())));
        thread::scope(|s| {
            let waits = spawn(s, "waits", || pool.submit(|_: &Worker| ()).map(drop));
            let_others_sleep(1);
            assert!(pool.help(), "a job waited, and `help` found none");
            let is_accepted = pool.try_submit(|_: &Worker| ()).is_ok();
            let_others_sleep(1);
            let queued = pool.metrics().queued;
            assert!(
                queued <= 1,
                "{queued} jobs wait in a queue with room for one: main's, accepted: {is_accepted}, and that of the \
                 thread that waited"
            );
            pool.help();
            let answer = waits.join().expect("no panic");
            assert!(answer.is_ok(), "it waited for room: {answer:?}");
        });
    });
}

/// A worker takes a job from its own queue, while the shared one is full and a thread waits for room there: that makes
/// no room.
#[test]
fn a_job_of_a_worker_makes_no_room() {
    // No forced switch.
    Model::new().preemption_bound(0).check(|| {
        let pool = Arc::new(pool(1, 1));
        let [begun, ends, looked] =
            ["begun", "ends", "looked"].map(|name| Arc::new(Gate::shut(name)));
        let queued = Arc::new(AtomicUsize::new(0));
        let own = {
            let (pool, queued) = (Arc::clone(&pool), Arc::clone(&queued));
            let looked = Arc::clone(&looked);
            move |_: &Worker| {
                let_others_sleep(2);
                queued.store(pool.metrics().queued as usize, Relaxed);
                looked.open();
            }
        };
        let job = {
            let (begun, ends) = (Arc::clone(&begun), Arc::clone(&ends));
            move |worker: &Worker| {
                drop(accepted(worker.submit(own)));
                begun.open();
                ends.pass();
            }
        };
        drop(accepted(pool.submit(job)));
        begun.pass();
        drop(accepted(pool.submit(|_: &Worker| ())));
        thread::scope(|s| {
            let waits = spawn(s, "waits", || pool.submit(|_: &Worker| ()).map(drop));
            let_others_sleep(2);
            ends.open();
            looked.pass();
            let answer = waits.join().expect("no panic");
            assert!(answer.is_ok(), "it waited for room: {answer:?}");
        });
        pool.shutdown();
        assert_eq!(
            queued.load(Relaxed),
            1,
            "jobs that wait in a shared queue with room for one, while a worker runs a job of its own queue"
        );
    });
}

/// A job comes beside a shutdown: either it is refused, or it runs before the shutdown is over.
#[test]
fn a_job_beside_a_shutdown_runs_or_comes_back() {
    // WP-03, WP-09
    model(|| {
        let pool = pool(0, 1);
        let work = Work::new("work");
        let (answer, metrics) = both(
            || pool.submit(work.job()),
            || {
                pool.shutdown();
                pool.metrics()
            },
        );
        assert!(
            metrics.ended() <= metrics.submitted,
            "a job has ended that is not counted as submitted yet: {metrics}"
        );
        match answer {
            Ok(handle) => {
                work.is_done("the job that was accepted");
                returned(handle, "the job");
                closed(&pool, 1, 0, 0);
            }
            Err(refused) => {
                assert_eq!(refused.reason, Reason::Closed);
                assert_eq!(
                    work.times(),
                    0,
                    "how often the job has run that was refused"
                );
                closed(&pool, 0, 0, 0);
            }
        }
    });
}

/// A job comes while the pool ends at once: it is refused, or it is cancelled and counted before its handle
/// knows.
#[test]
fn a_job_beside_the_end_is_cancelled_or_comes_back() {
    // WP-07, WP-09
    model(|| {
        let pool = pool(0, 1);
        let work = Work::new("work");
        let submit = || {
            let Ok(handle) = pool.submit(work.job()) else {
                return 0;
            };
            cancelled_and_counted(&pool, handle, "the job was accepted");
            1
        };
        let (accepted, cancelled) = both(submit, || pool.shutdown_now());
        assert_eq!(work.times(), 0, "how often the job has run");
        assert_eq!(
            cancelled, accepted,
            "jobs that `shutdown_now` has cancelled"
        );
        closed(&pool, 0, 0, accepted as u64);
    });
}

/// Main waits for room in a full queue, and another thread shuts down, gracefully or at once: main has to wake
/// up, and get its job back, even if the shutdown runs the job in the queue.
#[test]
fn a_shutdown_ends_the_wait_for_room() {
    // WP-08, WP-09
    for is_graceful in [false, true] {
        model(move || {
            let pool = pool(0, 1);
            drop(accepted(pool.submit(|_: &Worker| ())));
            let work = Work::new("work");
            let (answer, cancelled) = both(
                || pool.submit(work.job()).map(drop),
                || {
                    if is_graceful {
                        pool.shutdown();
                        return 0;
                    }
                    pool.shutdown_now()
                },
            );
            let reason = answer.err().map(|refused| refused.reason);
            assert_eq!(
                reason,
                Some(Reason::Closed),
                "nobody made room before the shutdown"
            );
            let (ran, now) = if is_graceful { (1, 0) } else { (0, 1) };
            assert_eq!(
                (cancelled, work.times()),
                (now, 0),
                "(jobs cancelled, runs of the other)"
            );
            closed(&pool, ran, 0, now as u64);
        });
    }
}

/// Two submissions sleep, because the queue is full. Main shuts down: both have to wake up, and come back.
#[test]
fn a_shutdown_ends_each_wait_for_room() {
    for is_graceful in [false, true] {
        // No forced switch.
        Model::new().preemption_bound(0).check(move || {
            let pool = pool(0, 1);
            drop(accepted(pool.submit(|_: &Worker| ())));
            thread::scope(|s| {
                let waits = ["first", "second"]
                    .map(|name| spawn(s, name, || pool.submit(|_: &Worker| ()).map(drop)));
                let_others_sleep(2);
                if is_graceful {
                    pool.shutdown();
                } else {
                    pool.shutdown_now();
                }
                for waits in waits {
                    let answer = waits.join().expect("no panic");
                    let reason = answer.err().map(|refused| refused.reason);
                    assert_eq!(
                        reason,
                        Some(Reason::Closed),
                        "it waited when the pool was shut down"
                    );
                }
            });
        });
    }
}

/// Two workers sleep. Main shuts down: both have to wake up, and to leave.
#[test]
fn a_shutdown_wakes_all_workers() {
    // At most 1 forced switch.
    Model::new().loose_bound(1).check(|| {
        let pool = pool(2, 1);
        let_others_sleep(2);
        pool.shutdown();
        assert_eq!(pool.metrics().workers, 0, "workers after the shutdown");
    });
}

/// A job is running when main shuts down, gracefully or at once: main waits for its end, and sees what it did.
#[test]
fn a_shutdown_waits_for_what_runs() {
    // WP-11, WP-14
    for is_graceful in [false, true] {
        model(move || {
            let pool = pool(0, 1);
            let (begun, work) = (Arc::new(Gate::shut("begun")), Work::new("work"));
            let job = {
                let (begun, work) = (Arc::clone(&begun), work.clone());
                move |_: &Worker| {
                    begun.open();
                    work.run();
                }
            };
            drop(accepted(pool.submit(job)));
            thread::scope(|s| {
                spawn(s, "helper", || {
                    assert!(pool.help(), "a job waited, and `help` found none")
                });
                begun.pass();
                if is_graceful {
                    pool.shutdown();
                } else {
                    assert_eq!(
                        pool.shutdown_now(),
                        0,
                        "jobs cancelled: the only one was running"
                    );
                }
                work.is_done("the job that was running");
            });
            closed(&pool, 1, 0, 0);
        });
    }
}

/// Two threads end the pool, both gracefully or one of them at once, while one job waits: it runs or is
/// cancelled, and when either call returns nothing waits or runs.
#[test]
fn two_shutdowns_at_once() {
    // WP-10
    let ends: [fn(&Pool) -> usize; 2] = [Pool::shutdown_now, |pool| {
        pool.shutdown();
        0
    }];
    for end in ends {
        // At most 3 forced switches.
        Model::new()
            .preemption_bound(3)
            .check(move || two_shutdowns(end));
    }
}

fn two_shutdowns(end: fn(&Pool) -> usize) {
    let pool = pool(0, 1);
    let work = Work::new("work");
    drop(accepted(pool.submit(work.job())));
    let look = || {
        let metrics = pool.metrics();
        assert_eq!(
            metrics.ended(),
            1,
            "jobs that have ended, of one, and a shutdown has returned: {metrics}"
        );
    };
    let ((), cancelled) = both(
        || {
            pool.shutdown();
            look();
        },
        || {
            let cancelled = end(&pool);
            look();
            cancelled
        },
    );
    assert_eq!(
        work.times() + cancelled,
        1,
        "runs and cancellations of one job"
    );
    closed(&pool, work.times() as u64, 0, cancelled as u64);
}

/// The worker's first job panics. The second has to run all the same, and the numbers must be right.
#[test]
fn a_panic_ends_the_job_and_not_the_worker() {
    // WP-13
    // At most 3 forced switches: 553 interleavings of the reference.
    Model::new().preemption_bound(3).check(|| {
        let pool = pool(0, 2);
        let job = |_: &Worker| staged_panic("the job's");
        let panics = accepted(pool.submit(job));
        let work = Work::new("work");
        let handle = accepted(pool.submit(work.job()));
        pool.resize(1).expect("there is a thread");
        returned(handle, "the second job");
        work.is_done("the second job");
        let result = panics.join();
        assert!(
            matches!(result, Err(JobError::Panicked(_))),
            "the first job panicked: {result:?}"
        );
        let metrics = closed(&pool, 1, 1, 0);
        assert_eq!(metrics.workers, 1, "workers");
    });
}

/// A job whose context is done is taken: when its handle says so, it has been counted.
#[test]
fn a_cancelled_job_is_counted_before_its_handle_knows() {
    model(|| {
        let pool = pool(0, 1);
        let (context, guard) = Context::background().with_cancel();
        let terms = within(context);
        let handle = accepted(pool.submit_with(&terms, |_: &Worker| ()));
        guard.cancel();
        both(
            || cancelled_and_counted(&pool, handle, "its context is done"),
            || pool.help(),
        );
    });
}

/// The context of a job is cancelled while a thread takes the job: it runs, or it is cancelled, and is
/// counted once.
#[test]
fn a_job_is_cancelled_once() {
    model(|| {
        let pool = pool(0, 1);
        let (context, guard) = Context::background().with_cancel();
        let terms = within(context);
        let work = Work::new("work");
        let handle = accepted(pool.submit_with(&terms, work.job()));
        let ((), cancelled) = both(
            || {
                guard.cancel();
                pool.help();
            },
            || pool.shutdown_now(),
        );
        let result = handle.join();
        let ran = work.times();
        assert_eq!(
            result.is_ok(),
            ran == 1,
            "the handle says {result:?}, and the job ran {ran} times"
        );
        assert!(
            cancelled <= 1 - ran,
            "of one job, {ran} ran and {cancelled} were cancelled"
        );
        closed(&pool, ran as u64, 0, 1 - ran as u64);
    });
}

/// A job submits another and waits for it, without helping. The other worker, asleep or not, has to steal it.
#[test]
fn a_job_of_a_job_is_stolen() {
    // At most 1 forced switch, besides that of the job: 448 interleavings of the reference.
    Model::new().loose_bound(1).check(|| {
        let pool = pool(0, 1);
        let inner = Work::new("inner");
        let job = {
            let inner = inner.clone();
            move |worker: &Worker| {
                let_others_sleep(1);
                returned(accepted(worker.submit(inner.job())), "the inner job");
            }
        };
        let outer = accepted(pool.submit(job));
        pool.resize(2).expect("there are threads");
        returned(outer, "the outer job");
        inner.is_done("the inner job");
        let metrics = closed(&pool, 2, 0, 0);
        assert_eq!(metrics.stolen, 1, "jobs that were stolen");
    });
}

/// The only worker sleeps. Main helps, and the job that it runs submits another, which comes into the shared queue: that
/// has to wake the worker, because the first job waits for it.
#[test]
fn a_job_of_a_thread_that_helps_wakes_the_worker() {
    // At most 1 forced switch: 29 interleavings of the reference.
    Model::new().preemption_bound(1).check(|| {
        let pool = Arc::new(pool(0, 1));
        let inner = Work::new("inner");
        let job = {
            let (pool, inner) = (Arc::clone(&pool), inner.clone());
            move |worker: &Worker| {
                pool.resize(1).expect("there is a thread");
                let_others_sleep(1);
                returned(accepted(worker.submit(inner.job())), "the inner job");
            }
        };
        drop(accepted(pool.submit(job)));
        assert!(pool.help(), "a job waited, and `help` found none");
        inner.is_done("the inner job");
        closed(&pool, 2, 0, 0);
    });
}

/// A worker runs a job that submits another, while main makes the pool smaller by that worker. Whether the
/// job is in its queue by then or not, it is still there when the worker has left.
#[test]
fn a_worker_that_leaves_takes_no_job_along() {
    // At most 3 forced switches: 2,355 interleavings of the reference.
    Model::new().loose_bound(3).check(|| {
        let pool = pool(0, 1);
        let inner = Work::new("inner");
        let job = {
            let inner = inner.clone();
            move |worker: &Worker| drop(accepted(worker.submit(inner.job())))
        };
        let outer = accepted(pool.submit(job));
        pool.resize(1).expect("there is a thread");
        returned(outer, "the outer job");
        pool.resize(0).expect("no thread is needed");
        pool.shutdown();
        inner.is_done("the job that a job has submitted");
        closed(&pool, 2, 0, 0);
    });
}

/// A worker has run a job, and leaves while main looks at the numbers: the job is counted once, whether the
/// worker is there or not.
#[test]
fn a_worker_that_leaves_takes_no_number_along() {
    // At most 2 forced switches: 361 interleavings of the reference.
    Model::new().preemption_bound(2).check(|| {
        let pool = pool(1, 1);
        returned(accepted(pool.submit(|_: &Worker| ())), "the job");
        pool.resize(0).expect("no thread is needed");
        closed(&pool, 1, 0, 0);
    });
}

/// Two workers sleep. One job comes, and the pool becomes smaller by one: the worker that is woken for the
/// job may be the one that leaves, and the other has to take the job.
#[test]
fn a_worker_that_leaves_takes_no_wakeup_along() {
    // No forced switch. Main sleeps, so both workers may be asleep when the other thread begins.
    Model::new().preemption_bound(0).check(|| {
        let pool = pool(2, 1);
        let work = Work::new("work");
        thread::scope(|s| {
            spawn(s, "other", || {
                let handle = accepted(pool.submit(work.job()));
                pool.resize(1).expect("no thread is needed");
                returned(handle, "the job");
                work.is_done("the job");
            });
        });
    });
}

/// A job submits another while the pool ends at once: the other runs, is cancelled, or comes back to the job.
/// It does not stay in a queue.
#[test]
fn a_job_of_a_job_beside_the_end() {
    // At most 3 forced switches: 1,026 interleavings of the reference.
    Model::new().preemption_bound(3).check(|| {
        let pool = pool(1, 1);
        let inner = Work::new("inner");
        let begun = Arc::new(Gate::shut("begun"));
        let job = {
            let (inner, begun) = (inner.clone(), Arc::clone(&begun));
            move |worker: &Worker| {
                begun.open();
                worker.submit(inner.job()).is_ok()
            }
        };
        let outer = pool.submit(job).expect("it is open");
        begun.pass();
        let cancelled = pool.shutdown_now();
        let accepted = outer.join().expect("it began before the shutdown");
        let ran = inner.times();
        assert_eq!(
            ran + cancelled,
            usize::from(accepted),
            "runs and cancellations of the inner job"
        );
        closed(&pool, 1 + ran as u64, 0, cancelled as u64);
    });
}

/// Threads that sleep in the pool may wake up for no reason: the worker, and the thread that shuts down while a
/// job runs.
#[test]
fn a_spurious_wakeup_changes_nothing() {
    // At most 3 forced switches: 2,999 interleavings of the reference.
    Model::new().loose_bound(3).spurious_wakeups(1).check(|| {
        let pool = pool(1, 1);
        let work = Work::new("work");
        drop(accepted(pool.submit(work.job())));
        pool.shutdown();
        work.is_done("the job");
        closed(&pool, 1, 0, 0);
    });
}

/// They wake up three times for no reason: a thread that waits for room, and one that shuts down while main runs a job.
/// Neither goes on before there is room, or before the job has ended.
#[test]
fn three_spurious_wakeups_change_nothing() {
    // At most 1 forced switch.
    Model::new()
        .preemption_bound(1)
        .spurious_wakeups(3)
        .check(|| {
            let pool = pool(0, 1);
            drop(accepted(pool.submit(|_: &Worker| ())));
            let room = Slot::empty("room");
            thread::scope(|s| {
                spawn(s, "waits", || {
                    drop(accepted(pool.submit(|_: &Worker| ())));
                    assert_eq!(room.read(), 1, "`submit` returned, and there was no room");
                });
                let_others_sleep(3);
                room.write(1);
                assert!(pool.help(), "a job waited, and `help` found none");
            });
        });
    for is_graceful in [false, true] {
        // At most 1 forced switch.
        Model::new()
            .preemption_bound(1)
            .spurious_wakeups(3)
            .check(move || {
                let pool = pool(0, 1);
                let (begun, work) = (Arc::new(Gate::shut("begun")), Work::new("work"));
                let job = {
                    let (begun, work) = (Arc::clone(&begun), work.clone());
                    move |_: &Worker| {
                        begun.open();
                        let_others_sleep(3);
                        work.run();
                    }
                };
                drop(accepted(pool.submit(job)));
                thread::scope(|s| {
                    spawn(s, "shuts down", || {
                        begun.pass();
                        if is_graceful {
                            pool.shutdown();
                        } else {
                            pool.shutdown_now();
                        }
                        work.is_done("the job that was running");
                    });
                    assert!(pool.help(), "a job waited, and `help` found none");
                });
            });
    }
}
