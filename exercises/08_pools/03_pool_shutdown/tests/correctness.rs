//! What the docs promise, on real threads. IDs such as WP-08 are explained in exercises/GO.md.

use cancellation_solution::{CancelOnDrop, Context};
use harness::assert_bounds;
use harness::leaks;
use harness::sync::real::thread::{refuse_after, refuse_only};
use harness::testing::{
    assert_panics, let_others_run, must_end, must_sleep_on_threads, unwinding_if, wait_until,
    while_unwinding,
};
use pool_shutdown::{Pool, Rejected};
use std::cell::Cell;
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, OnceLock, mpsc};
use std::thread;

const IN_POOL: &str =
    "a thread is still in `submit`, `drain` or `stop`, or the pool's threads have not ended";

/// A pool whose threads can be had, and what cancels its context.
fn new<J: Send + 'static>(
    workers: usize,
    capacity: usize,
    work: impl Fn(J) + Send + Sync + 'static,
) -> (Pool<J>, CancelOnDrop) {
    let (context, guard) = Context::background().with_cancel();
    let pool = Pool::new(&context, workers, capacity, work).expect("there are threads");
    (pool, guard)
}

/// A pool with one worker, which is in job 0 until `open` is dropped, and a queue full of the jobs from 1 on.
struct Full {
    pool: Pool<usize>,
    guard: CancelOnDrop,
    open: mpsc::Sender<()>,
    /// The jobs that have run.
    ran: Arc<Mutex<Vec<usize>>>,
}

fn full(capacity: usize) -> Full {
    let (open, closed) = mpsc::channel();
    let (begun, begins) = mpsc::channel();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let (closed, of_jobs) = (Mutex::new(closed), Arc::clone(&ran));
    let (pool, guard) = new(1, capacity, move |job| {
        let _ = begun.send(());
        let _ = closed.lock().unwrap().recv();
        of_jobs.lock().unwrap().push(job);
    });
    assert_eq!(pool.submit(0), Ok(()));
    begins.recv().expect("the worker takes the first job");
    for job in 1..=capacity {
        let outcome = pool.submit(job);
        assert_eq!(
            outcome,
            Ok(()),
            "job {job}, and there is room for {capacity}"
        );
    }
    Full {
        pool,
        guard,
        open,
        ran,
    }
}

/// The three ways to shut down.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Drain,
    Stop,
    Cancel,
}
use Way::{Cancel, Drain, Stop};

impl Way {
    const ALL: [Self; 3] = [Drain, Stop, Cancel];

    /// Shuts down, and returns what comes back when all has ended.
    fn shut_down<J>(self, pool: &Pool<J>, guard: &CancelOnDrop) -> Vec<J> {
        match self {
            Drain => pool.drain(),
            Stop => pool.stop(),
            Cancel => {
                guard.cancel();
                pool.drain()
            }
        }
    }
}

/// The queue of one worker is full, and two threads wait for room. Then the worker goes on: both get in.
#[test]
fn all_who_wait_for_room_get_in() {
    // WP-05
    for _ in 0..100 {
        must_end("a thread waits in `submit`, and there is room", || {
            let full = full(2);
            thread::scope(|s| {
                for job in [3, 4] {
                    let pool = &full.pool;
                    s.spawn(move || assert_eq!(pool.submit(job), Ok(()), "job {job}"));
                }
                let_others_run();
                drop(full.open);
            });
            assert_eq!(full.pool.drain(), [], "nothing stops the pool");
            let mut ran = full.ran.lock().unwrap().clone();
            ran.sort_unstable();
            assert_eq!(ran, [0, 1, 2, 3, 4], "jobs that have run");
        });
    }
}

/// Four threads submit, and another shuts down meanwhile. Whatever becomes of a job, it becomes of it once.
#[test]
fn every_job_runs_once_or_comes_back_once() {
    // WP-02, WP-07, WP-09
    must_end(IN_POOL, || {
        for round in 0..90 {
            let way = Way::ALL[round % 3];
            let ran = Arc::new(Mutex::new(Vec::new()));
            let of_jobs = Arc::clone(&ran);
            let (pool, guard) = new(2, 4, move |job: usize| of_jobs.lock().unwrap().push(job));
            let rejected = Mutex::new(Vec::new());
            let back = thread::scope(|s| {
                for first in 0..4 {
                    let (pool, rejected) = (&pool, &rejected);
                    s.spawn(move || {
                        for job in (first..400).step_by(4) {
                            if let Err(Rejected(job)) = pool.submit(job) {
                                rejected.lock().unwrap().push(job);
                            }
                        }
                    });
                }
                wait_until("no job has run", || ran.lock().unwrap().len() > round);
                way.shut_down(&pool, &guard)
            });
            let count = ran.lock().unwrap().len();
            assert!(
                way != Drain || back.is_empty(),
                "a drain runs what was accepted"
            );
            let rejected = rejected.into_inner().unwrap();
            let mut all = [ran.lock().unwrap().clone(), back, rejected].concat();
            assert_eq!(
                ran.lock().unwrap().len(),
                count,
                "no job runs any more after {way:?}"
            );
            all.sort_unstable();
            assert!(
                all.iter().copied().eq(0..400),
                "{way:?}: {} jobs have run, come back or been rejected, of 400; each should be there once: {all:?}",
                all.len()
            );
        }
    });
}

/// The queue is full, and eight threads wait for room, when somebody drains, or stops, or cancels the context and
/// does not call the pool. Each of the three wakes all eight, before there is room: they get their jobs back.
#[test]
fn a_shutdown_wakes_all_that_wait_for_room() {
    // WP-08, WP-09
    for way in Way::ALL {
        let in_submit = match way {
            Drain => {
                "a thread still sleeps in `submit`, or in `drain`, after another has begun to drain"
            }
            Stop => {
                "a thread still sleeps in `submit`, or in `stop`, after another has begun to stop"
            }
            Cancel => "a thread still sleeps in `submit` after a cancel, or in the drain after it",
        };
        must_end(in_submit, move || {
            let Full {
                pool,
                guard,
                open,
                ran,
            } = full(3);
            thread::scope(|s| {
                let waiting: Vec<_> = (10..18)
                    .map(|job| {
                        let pool = &pool;
                        s.spawn(move || assert_eq!(pool.submit(job), Err(Rejected(job)), "{way:?}"))
                    })
                    .collect();
                let_others_run();
                let shut = || way.shut_down(&pool, &guard);
                // The cancel alone wakes them, and nobody calls the pool before they have returned.
                let early = match way {
                    Cancel => {
                        guard.cancel();
                        None
                    }
                    _ => Some(s.spawn(shut)),
                };
                for waiting in waiting {
                    waiting.join().expect("it was handed its job back");
                }
                drop(open);
                let back = early.unwrap_or_else(|| s.spawn(shut));
                let back = back.join().expect("it returns");
                let (expected, runs): (Vec<usize>, _) = match way {
                    Drain => (vec![], vec![0, 1, 2, 3]),
                    _ => (vec![1, 2, 3], vec![0]),
                };
                assert_eq!(
                    back, expected,
                    "what comes back, the oldest first, of {way:?}"
                );
                assert_eq!(
                    *ran.lock().unwrap(),
                    runs,
                    "what has run, in order, after {way:?}"
                );
            });
        });
    }
}

/// As many jobs as there are workers wait for each other, so each worker has to take one, and none may sleep
/// beside a job that waits. The drain returns when all of them have run.
#[test]
fn jobs_run_at_once_on_as_many_threads_as_there_are_workers() {
    // WP-01
    let sleeps_beside =
        "fewer jobs run at once than there are workers, and one waits beside a worker that sleeps";
    for workers in [8, 256] {
        must_end(sleeps_beside, move || {
            let (all, now, most) = (
                Barrier::new(workers),
                AtomicUsize::new(0),
                AtomicUsize::new(0),
            );
            let counts = Arc::new((all, now, most, AtomicUsize::new(0)));
            let of_jobs = Arc::clone(&counts);
            let (pool, _guard) = new(workers, 4, move |(): ()| {
                let (all, now, most, ran) = &*of_jobs;
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                all.wait();
                now.fetch_sub(1, SeqCst);
                ran.fetch_add(1, SeqCst);
            });
            (0..4 * workers).for_each(|_| assert_eq!(pool.submit(()), Ok(())));
            assert_eq!(pool.drain(), []);
            let (most, ran) = (counts.2.load(SeqCst), counts.3.load(SeqCst));
            assert_eq!(
                (most, ran),
                (workers, 4 * workers),
                "jobs (at once, in all), on {workers} workers"
            );
        });
    }
}

/// A pool that has been shut down, in any of the three ways, is shut down again. Each call returns with nothing, no
/// job is accepted any more, and none runs.
#[test]
fn a_pool_that_has_ended_stays_ended() {
    // WP-09, WP-10
    must_end(IN_POOL, || {
        for way in Way::ALL {
            let ran = Arc::new(AtomicUsize::new(0));
            let of_jobs = Arc::clone(&ran);
            let (pool, guard) = new(2, 2, move |n: usize| {
                of_jobs.fetch_add(n, SeqCst);
            });
            assert_eq!(way.shut_down(&pool, &guard), []);
            for again in Way::ALL {
                assert_eq!(
                    again.shut_down(&pool, &guard),
                    [],
                    "{again:?} after {way:?}"
                );
                assert_eq!(pool.submit(1), Err(Rejected(1)), "after {way:?}");
            }
            assert_eq!(ran.load(SeqCst), 0, "jobs that have run");
        }
    });
}

/// The only worker is in a job, and as many more are accepted as there is room for, without a sleep. When it goes on, 300 more
/// are submitted, whether there is room or not: all run in the order of submission.
#[test]
fn the_queue_has_room_for_capacity_jobs() {
    // WP-05
    for capacity in [1, 3, 300] {
        must_end(IN_POOL, move || {
            let Full {
                pool,
                guard: _guard,
                open,
                ran,
            } = full(capacity);
            drop(open);
            let last = capacity + 300;
            (capacity + 1..=last).for_each(|job| assert_eq!(pool.submit(job), Ok(())));
            assert_eq!(pool.drain(), []);
            let in_order = ran.lock().unwrap().iter().copied().eq(0..=last);
            assert!(in_order, "one worker runs jobs in the order of submission");
        });
    }
}

/// The only worker is in a job that does not end, and the queue is full. A thread that submits sleeps, and so does one that
/// shuts down, even while it unwinds.
#[test]
fn a_thread_that_waits_sleeps() {
    type Call = fn(&Pool<usize>);
    let calls: [(&str, Call); 3] = [
        ("`submit`", |pool| _ = pool.submit(2)),
        ("`drain`", |pool| _ = pool.drain()),
        ("`stop`", |pool| _ = pool.stop()),
    ];
    for unwinds in [false, true] {
        for (name, call) in calls {
            let Full {
                pool,
                guard: _guard,
                open: _open,
                ran: _,
            } = full(1);
            let because = format!(
                "the only worker was in a job, and the queue was full (while the thread unwinds: {unwinds})"
            );
            // It is never dropped: that would sleep, too.
            let pool = &*Box::leak(Box::new(pool));
            must_sleep_on_threads(name, &because, move || unwinding_if(unwinds, || call(pool)));
        }
    }
}

/// Eight threads shut down, in all three ways. All return, and what was queued has run or comes back once.
#[test]
fn many_may_shut_down_at_the_same_time() {
    // WP-10
    must_end(IN_POOL, || {
        for _ in 0..50 {
            let Full {
                pool,
                guard,
                open,
                ran,
            } = full(5);
            drop(open);
            let back: Vec<usize> = thread::scope(|s| {
                let (pool, guard) = (&pool, &guard);
                let shut = |n: usize| s.spawn(move || Way::ALL[n % 3].shut_down(pool, guard));
                let all: Vec<_> = (0..8).map(shut).collect();
                all.into_iter()
                    .flat_map(|shut| shut.join().unwrap())
                    .collect()
            });
            let mut all = [ran.lock().unwrap().clone(), back].concat();
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4, 5], "jobs that have run or come back");
        }
    });
}

/// The context above the pool's is cancelled. Nobody calls the pool.
#[test]
fn cancel_comes_from_any_context_above() {
    // WP-07, WP-08
    must_end(IN_POOL, || {
        let (server, guard) = Context::background().with_cancel();
        let (request, _request_guard) = server.with_cancel();
        let owned = Arc::new(());
        let of_work = Arc::clone(&owned);
        let pool = Pool::new(&request, 3, 1, move |_: u32| drop(Arc::clone(&of_work)));
        let pool = pool.expect("there are threads");
        guard.cancel();
        assert_eq!(pool.submit(1), Err(Rejected(1)), "a job after the cancel");
        wait_until(
            "the workers have not ended, and the context is done",
            || Arc::strong_count(&owned) == 1,
        );
    });
}

/// Two jobs, on two workers, shut their own pool down at the same time. In a job of the pool no shutdown sleeps,
/// whichever worker the job is on: it would wait for its own end.
#[test]
fn jobs_may_shut_their_own_pool_down() {
    type Job = Box<dyn FnOnce() + Send>;
    must_end(IN_POOL, || {
        for ways in [[Drain, Drain], [Drain, Stop], [Stop, Stop], [Cancel, Drain]] {
            let (pool, guard) = new(2, 2, |job: Job| job());
            let (shared, both) = (Arc::new((pool, guard)), Arc::new(Barrier::new(2)));
            for way in ways {
                let (own, both) = (Arc::clone(&shared), Arc::clone(&both));
                let job = Box::new(move || {
                    both.wait();
                    let back = way.shut_down(&own.0, &own.1);
                    assert_eq!(back.len(), 0, "nothing is queued");
                    both.wait();
                });
                assert!(shared.0.submit(job).is_ok(), "the pool is open");
            }
            assert_eq!(shared.0.drain().len(), 0, "both jobs run, of {ways:?}");
        }
    });
}

/// A job stops its own pool, with 300 others in the queue. They come back to it, the oldest first, as to any other thread.
#[test]
fn a_job_that_stops_gets_the_queue_in_order() {
    // More than a byte can count.
    const QUEUED: usize = 300;
    must_end(IN_POOL, || {
        let own = Arc::new(OnceLock::new());
        let (queued, all_queued) = mpsc::channel();
        let (back, comes_back) = mpsc::channel();
        let (of_work, all_queued) = (Arc::clone(&own), Mutex::new(all_queued));
        let (pool, _guard) = new(1, QUEUED, move |_: usize| {
            all_queued.lock().unwrap().recv().expect("main sends");
            let pool: &Pool<usize> = of_work.get().expect("it is there");
            back.send(pool.stop()).expect("main waits");
        });
        let pool = own.get_or_init(|| pool);
        (0..=QUEUED).for_each(|job| assert_eq!(pool.submit(job), Ok(())));
        queued.send(()).expect("job 0 waits");
        assert_eq!(
            comes_back.recv(),
            Ok(Vec::from_iter(1..=QUEUED)),
            "what comes back to job 0"
        );
        assert_eq!(pool.drain(), [], "what has not run");
    });
}

/// A hundred jobs panic, on two workers. Both workers go on, so two jobs can still meet; and all payloads are
/// dropped when the pool has ended.
#[test]
fn a_pool_keeps_its_workers_and_nothing_of_panics() {
    must_end(IN_POOL, || {
        let both = Barrier::new(2);
        let (pool, _guard) = new(2, 4, move |payload: Option<Arc<()>>| match payload {
            Some(payload) => resume_unwind(Box::new(payload)),
            None => {
                both.wait();
            }
        });
        let payload = Arc::new(());
        (0..100).for_each(|_| assert!(pool.submit(Some(Arc::clone(&payload))).is_ok()));
        (0..2).for_each(|_| assert!(pool.submit(None).is_ok()));
        assert_eq!(pool.drain().len(), 0, "all jobs run, after 100 panics too");
        assert_eq!(Arc::strong_count(&payload), 1, "payloads are dropped");
    });
}

/// A thread that unwinds submits a job and drains, and so does that job itself: the first drain returns when both jobs have
/// run, and the second does not sleep, as always.
#[test]
fn a_pool_works_while_its_user_unwinds() {
    type Job = Box<dyn FnOnce() + Send>;
    must_end(IN_POOL, || {
        let (pool, _guard) = new(1, 2, |job: Job| job());
        let (pool, ran) = (Arc::new(pool), Arc::new(AtomicUsize::new(0)));
        let (own, [first, second]) = (Arc::clone(&pool), [(); 2].map(|()| Arc::clone(&ran)));
        let (left, ran) = while_unwinding(|| {
            let job = Box::new(move || {
                let submitted = while_unwinding(|| {
                    let job = Box::new(move || {
                        let_others_run();
                        second.fetch_add(1, SeqCst);
                    });
                    own.submit(job).is_ok() && own.drain().is_empty()
                });
                first.fetch_add(usize::from(submitted), SeqCst);
            });
            assert!(pool.submit(job).is_ok(), "the pool is open");
            wait_until("the job has not drained its pool", || ran.load(SeqCst) > 0);
            (pool.drain().len(), ran.load(SeqCst))
        });
        assert_eq!(
            (left, ran),
            (0, 2),
            "jobs (that came back, that have run) when `drain` returned, while its thread unwound"
        );
    });
}

/// The drop sleeps until the running job has ended, even in a thread that unwinds.
#[test]
fn dropping_the_pool_finishes_the_running_job() {
    for unwinds in [false, true] {
        must_end(IN_POOL, move || {
            let Full {
                pool,
                guard: _guard,
                open,
                ran,
            } = full(2);
            thread::scope(|s| {
                let dropped = s.spawn(|| {
                    unwinding_if(unwinds, || drop(pool));
                    (
                        Arc::strong_count(&ran),
                        ran.lock().unwrap().first().copied(),
                    )
                });
                let_others_run();
                drop(open);
                assert_eq!(
                    dropped.join().unwrap(),
                    (1, Some(0)),
                    "owners of what `work` owns, and the job that ran, when the pool has been dropped \
                     (while unwinding: {unwinds})"
                );
            });
        });
    }
}

/// The payload of a job's panic submits another job when it is dropped. That happens on the worker, which
/// holds no lock, and goes on. Another payload owns the last reference to the pool: its destructor drops that, which is a
/// stop in a job.
#[test]
fn a_payload_is_dropped_without_a_lock() {
    type Job = Box<dyn FnOnce() + Send>;
    struct Submits(Arc<Pool<Job>>, Option<Job>);
    impl Drop for Submits {
        fn drop(&mut self) {
            let next = self.1.take().expect("it is dropped once");
            assert!(self.0.submit(next).is_ok(), "the pool is open");
        }
    }
    must_end(
        "a worker drops a payload, whose destructor uses the pool",
        || {
            let (pool, _guard) = new(1, 2, |job: Job| job());
            let pool = Arc::new(pool);
            let (ran, runs) = mpsc::channel();
            let next: Job = Box::new(move || ran.send(7).expect("main waits"));
            let payload = Submits(Arc::clone(&pool), Some(next));
            let panics = pool.submit(Box::new(move || resume_unwind(Box::new(payload))));
            assert!(panics.is_ok(), "the pool is open");
            assert_eq!(
                runs.recv(),
                Ok(7),
                "what the job of the destructor has sent"
            );
            assert!(pool.drain().is_empty(), "both jobs have run");
        },
    );
    must_end(
        "the destructor of a payload drops the pool, and waits for the worker that it is on",
        || {
            let (pool, _guard) = new(1, 1, |job: Job| job());
            let pool = Arc::new(pool);
            let (dropped, drops) = mpsc::channel::<()>();
            let (may_panic, gate) = mpsc::channel::<()>();
            let payload = (Arc::clone(&pool), dropped);
            let panics = pool.submit(Box::new(move || {
                assert!(gate.recv().is_err(), "nothing is sent");
                resume_unwind(Box::new(payload))
            }));
            assert!(panics.is_ok(), "the pool is open");
            drop(pool);
            drop(may_panic);
            assert!(drops.recv().is_err(), "nothing is sent");
        },
    );
}

/// The system refuses a worker, or the one thread besides, and grants those after it. `new` returns the error, or asks again:
/// there is no pool with fewer workers than it should have, and as many jobs run at once.
#[test]
fn a_thread_that_cannot_be_had_is_not_left_out() {
    let fewer = "a thread was refused, and `new` has returned a pool with fewer workers: four jobs do not run at once";
    must_end(fewer, || {
        for granted in 0..=4 {
            let (all, context) = (Barrier::new(4), Context::background());
            let new = || Pool::new(&context, 4, 4, move |(): ()| _ = all.wait());
            if let Ok(pool) = refuse_only(granted, new) {
                (0..4).for_each(|_| assert_eq!(pool.submit(()), Ok(())));
                assert_eq!(pool.drain(), []);
            }
        }
    });
}

/// The system refuses a worker, or the one thread besides, and all after it. `new` returns its error when the threads that
/// were started have ended and `work` is dropped.
#[test]
fn threads_that_cannot_be_had_are_an_error() {
    must_end(IN_POOL, || {
        for granted in 0..=4 {
            let (context, guard) = Context::background().with_cancel();
            let owned = Arc::new(());
            let of_work = Arc::clone(&owned);
            let refused = refuse_after(granted, || {
                Pool::new(&context, 4, 1, move |_: u32| drop(Arc::clone(&of_work)))
            });
            match refused {
                // It needs no thread besides its workers.
                Ok(_pool) => {
                    assert_eq!(granted, 4, "threads for a pool of four workers");
                    guard.cancel();
                    wait_until(
                        "`new` was refused the thread besides its workers, and returned no error: the pool does not stop \
                         when its context is done",
                        || Arc::strong_count(&owned) == 1,
                    );
                }
                Err(error) => assert_eq!(
                    error.kind(),
                    io::ErrorKind::WouldBlock,
                    "what the system has said"
                ),
            }
            assert_eq!(
                Arc::strong_count(&owned),
                1,
                "owners of what `work` owns: {granted} threads could be had, and `work` is dropped"
            );
        }
    });
}

/// Pools have ended and are not dropped yet, and nobody cancels their contexts. None has a thread left: what waits for
/// the context ends with the last worker, not with the pool.
#[test]
fn a_pool_that_has_ended_has_no_thread_left() {
    let mut ended = Vec::new();
    leaks::check(|| {
        for way in [Drain, Stop] {
            let (pool, guard) = new(2, 1, |_: u32| {});
            assert_eq!(way.shut_down(&pool, &guard), []);
            ended.push((pool, guard));
        }
    });
}

#[test]
fn a_pool_without_workers_or_without_room_is_refused() {
    let pool = |workers, capacity| {
        let _ = Pool::new(&Context::background(), workers, capacity, |_: u32| {});
    };
    assert_panics("pool_shutdown: no workers", || pool(0, 1));
    assert_panics("pool_shutdown: no room for a job", || pool(1, 0));
}

/// Jobs need not be `Sync`, `Clone` or `Debug`.
#[test]
fn any_job_that_can_be_sent_will_do() {
    struct Opaque(Cell<usize>);
    must_end(IN_POOL, || {
        let sum = Arc::new(AtomicUsize::new(0));
        let of_jobs = Arc::clone(&sum);
        let (pool, _guard) = new(1, 2, move |job: Opaque| {
            of_jobs.fetch_add(job.0.get(), SeqCst);
        });
        assert!(pool.submit(Opaque(Cell::new(7))).is_ok());
        assert!(pool.drain().is_empty());
        assert_eq!(sum.load(SeqCst), 7);
        assert_bounds!(Pool<Cell<u32>>: Send + Sync);
    });
}
