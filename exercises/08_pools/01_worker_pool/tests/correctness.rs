//! What the docs promise, on real threads. IDs such as WP-01 are explained in exercises/GO.md.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use harness::assert_bounds;
use harness::sync::real::thread::{refuse_after, refuse_only};
use harness::testing::{
    assert_panics, assert_passes_on, let_others_run, must_end, must_sleep_on_threads,
    others_must_sleep, payload_of, unwinding_if, wait_until, while_unwinding,
};
use std::cell::Cell;
use std::collections::HashSet;
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::{self, ThreadId};
use worker_pool::{Full, Results, WorkerPool};

const IN_POOL: &str = "a thread is still in `submit`, `join` or `next`, or a worker has not ended";

/// Returns a channel that keeps its receivers asleep until the sender is dropped.
fn gate() -> (mpsc::Sender<()>, Arc<Mutex<mpsc::Receiver<()>>>) {
    let (open, closed) = mpsc::channel();
    (open, Arc::new(Mutex::new(closed)))
}

fn pass(gate: &Mutex<mpsc::Receiver<()>>) {
    let _ = gate.lock().unwrap().recv();
}

/// Three threads submit a thousand jobs in all, and a fourth reads; then the pool is dropped. Each job has one
/// result, and no thread stays asleep: neither a worker beside a job, nor a submitter or a worker beside room, nor
/// the reader beside a result or at the end.
#[test]
fn three_threads_submit_and_every_job_has_its_result() {
    // WP-02, WP-04
    for (workers, capacity) in [(1, 1), (2, 1), (4, 8), (2, 1_000)] {
        must_end(IN_POOL, move || {
            let (pool, results) = WorkerPool::new(workers, capacity, |n: usize| n).unwrap();
            let mut results: Vec<_> = thread::scope(|s| {
                s.spawn(move || {
                    thread::scope(|s| {
                        for first in 0..3 {
                            let pool = &pool;
                            s.spawn(move || (first..1_000).step_by(3).for_each(|n| pool.submit(n)));
                        }
                    });
                });
                results.collect()
            });
            results.sort_unstable();
            let every = (0..1_000).collect::<Vec<_>>();
            assert_eq!(results.len(), 1_000, "results of 1,000 jobs");
            assert!(results == every, "each of the jobs 0 to 999 has one result");
        });
    }
}

/// Jobs leave the queue in the order in which they came; with one worker, so do their results. Also if there are more than
/// there is room for, and `submit` sleeps.
#[test]
fn one_worker_runs_the_jobs_in_the_order_of_submission() {
    for (capacity, jobs) in [(10, 10), (3, 1_000)] {
        must_end(IN_POOL, move || {
            let (pool, results) = WorkerPool::new(1, capacity, |n: u32| n).unwrap();
            let submits = thread::spawn(move || {
                (0..jobs).for_each(|n| pool.submit(n));
                pool.join();
            });
            let wrong = (0..).zip(results).find(|(n, result)| n != result);
            assert_eq!(
                wrong, None,
                "the first job that came out of turn (its turn, the job), of {jobs}, with a capacity of {capacity}"
            );
            submits.join().unwrap();
        });
    }
}

/// The threads are started once. As many jobs as there are workers wait for each other, so they run at once;
/// and one more at the same time would be seen. The reader waits from the beginning: its results end after
/// the last job.
#[test]
fn as_many_jobs_run_at_once_as_there_are_workers() {
    // WP-01, WP-04
    for workers in [8, 256] {
        must_end(IN_POOL, move || {
            let counts = (
                Barrier::new(workers),
                AtomicUsize::new(0),
                AtomicUsize::new(0),
            );
            let counts = Arc::new(counts);
            let of_jobs = Arc::clone(&counts);
            let jobs = 4 * workers;
            let (pool, results) = WorkerPool::new(workers, jobs, move |(): ()| {
                let (all, now, most) = &*of_jobs;
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                all.wait();
                now.fetch_sub(1, SeqCst);
                thread::current().id()
            })
            .unwrap();
            (0..jobs).for_each(|_| pool.submit(()));
            drop(pool);
            let ran: Vec<ThreadId> = results.collect();
            assert_eq!(
                ran.len(),
                jobs,
                "results of {jobs} jobs, on {workers} workers"
            );
            let threads = HashSet::<ThreadId>::from_iter(ran);
            assert_eq!(
                threads.len(),
                workers,
                "threads that ran the jobs of {workers} workers"
            );
            assert!(!threads.contains(&thread::current().id()));
            let most = counts.2.load(SeqCst);
            assert!(
                most <= workers,
                "{most} jobs ran at once, on {workers} workers"
            );
        });
    }
}

/// The only worker is in a job, and `capacity` more are accepted. Then there is no room.
#[test]
fn try_submit_hands_the_job_back_when_the_queue_is_full() {
    // WP-05
    for capacity in [1, 3, 300] {
        must_end(IN_POOL, move || {
            let (open, closed) = gate();
            let (begun, begins) = mpsc::channel();
            let (pool, results) = WorkerPool::new(1, capacity, move |name: String| {
                let _ = begun.send(());
                pass(&closed);
                name
            })
            .unwrap();
            let mut accepted = vec![String::from("0")];
            pool.submit(accepted[0].clone());
            begins.recv().expect("the worker takes the first job");
            for n in 1..=capacity {
                let name = n.to_string();
                accepted.push(name.clone());
                let outcome = pool.try_submit(name);
                assert_eq!(
                    outcome,
                    Ok(()),
                    "job {n} for a queue with room for {capacity}"
                );
            }
            for _ in 0..3 {
                let outcome = pool.try_submit(String::from("too many"));
                assert_eq!(
                    outcome,
                    Err(Full(String::from("too many"))),
                    "{capacity} jobs are queued, of {capacity}"
                );
            }
            drop(open);
            let results = thread::scope(|s| {
                s.spawn(move || pool.join());
                results.collect::<Vec<_>>()
            });
            assert_eq!(
                results, accepted,
                "the results of the jobs that were accepted"
            );
        });
    }
}

/// Nobody reads. Exactly `2 * capacity + workers` jobs find room.
#[test]
fn unread_results_hold_back_the_workers_and_those_the_queue() {
    // WP-05, WP-06
    for (workers, capacity) in [(1, 1), (1, 300), (3, 1), (2, 7)] {
        must_end(IN_POOL, move || {
            let (pool, results) = WorkerPool::new(workers, capacity, |n: usize| n).unwrap();
            let room = 2 * capacity + workers;
            let accepted = Cell::new(0);
            let try_one = || {
                if pool.try_submit(accepted.get()).is_ok() {
                    accepted.set(accepted.get() + 1);
                }
                accepted.get()
            };
            wait_until(
                "a pool whose results nobody reads accepts fewer than `2 * capacity + workers` jobs",
                || try_one() >= room,
            );
            others_must_sleep("nobody reads, and there is no room for the results");
            for _ in 0..20 {
                let_others_run();
                let accepted = try_one();
                assert_eq!(
                    accepted, room,
                    "jobs accepted while nobody reads, with {workers} workers and a capacity of {capacity}"
                );
            }
            drop(pool);
            assert_eq!(results.count(), room, "results of the accepted jobs");
        });
    }
}

/// The pool is open and has no job, or nobody reads and there is no room: the thread that calls `next`, `submit` or `join`
/// sleeps, even while it unwinds.
#[test]
fn a_thread_that_waits_sleeps() {
    type Call = fn(WorkerPool<u32>, Results<u32>);
    let calls: [(&str, u32, Call, &str); 3] = [
        (
            "`next`",
            0,
            |_pool, mut results| _ = results.next(),
            "the pool was open",
        ),
        (
            "`submit`",
            3,
            |pool, _results| pool.submit(4),
            "there was no room",
        ),
        (
            "`join`",
            3,
            |pool, _results| pool.join(),
            "there was no room for a result",
        ),
    ];
    for unwinds in [false, true] {
        for (name, jobs, call, why) in calls {
            let because = format!("{why} (while the thread unwinds: {unwinds})");
            must_sleep_on_threads(name, &because, move || {
                let (pool, results) = WorkerPool::new(1, 1, |n: u32| n).unwrap();
                (1..=jobs).for_each(|n| pool.submit(n));
                unwinding_if(unwinds, || call(pool, results));
            });
        }
    }
}

/// Four threads have one job each in the pool at most, and its queue has room for four.
#[test]
fn try_submit_finds_room_where_there_is_some() {
    must_end(IN_POOL, || {
        let (pool, results) =
            WorkerPool::new(2, 4, |done: Arc<AtomicUsize>| done.fetch_add(1, SeqCst)).unwrap();
        drop(results);
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    let done = Arc::new(AtomicUsize::new(0));
                    for job in 1..=2_000 {
                        let outcome = pool.try_submit(Arc::clone(&done));
                        assert!(
                            outcome.is_ok(),
                            "job {job} was refused: at most 3 of 4 places in the queue were taken"
                        );
                        while done.load(SeqCst) < job {
                            thread::yield_now();
                        }
                    }
                });
            }
        });
    });
}

/// A job is held until the pool has been dropped: the drop closes the pool and does not wait for jobs. Those that
/// were accepted run.
#[test]
fn dropping_the_pool_does_not_wait() {
    // WP-03
    must_end(IN_POOL, || {
        let (open, closed) = gate();
        let (pool, results) = WorkerPool::new(1, 2, move |n: u32| {
            pass(&closed);
            n
        })
        .unwrap();
        pool.submit(1);
        pool.submit(2);
        drop(pool);
        // Were it still waiting, nobody would open the gate.
        drop(open);
        assert_eq!(results.collect::<Vec<_>>(), [1, 2], "accepted, so they run");
    });
}

/// The `Results` are dropped after the first result. That is no reason to stop, and does not wait for the jobs
/// that are still to come: a hundred more are accepted, and run. One more panics, and `join` goes on with its panic.
#[test]
fn jobs_run_though_nobody_wants_their_results() {
    must_end(IN_POOL, || {
        let ran = Arc::new(AtomicUsize::new(0));
        let of_jobs = Arc::clone(&ran);
        let (pool, mut results) = WorkerPool::new(2, 1, move |n: usize| {
            if n == 0 {
                resume_unwind(Box::new("the job's"));
            }
            of_jobs.fetch_add(n, SeqCst)
        })
        .unwrap();
        pool.submit(1);
        assert_eq!(results.next(), Some(0));
        drop(results);
        (0..100).for_each(|_| pool.submit(1));
        pool.submit(0);
        assert!(
            payload_of(|| pool.join()).is_some(),
            "`join` returned: a job panicked after the `Results` were dropped, and `join` goes on with its panic"
        );
        assert_eq!(ran.load(SeqCst), 101, "jobs that have run");
    });
}

/// Two workers sleep, and two jobs come, one right after the other, which wait for each other: each of them
/// wakes a worker.
#[test]
fn each_of_two_jobs_in_quick_succession_wakes_a_worker() {
    // WP-01
    must_end(IN_POOL, || {
        let both = Barrier::new(2);
        let (pool, mut results) =
            WorkerPool::new(2, 2, move |_: u32| both.wait().is_leader()).unwrap();
        others_must_sleep("there is no job");
        for _ in 0..100 {
            pool.submit(1);
            pool.submit(2);
            let leaders = results.by_ref().take(2).filter(|leads| *leads).count();
            assert_eq!(leaders, 1, "of two jobs that have met, one is the leader");
        }
    });
}

/// All of eight workers have a result for which there is no room, when the `Results` are dropped: each of
/// them goes on.
#[test]
fn every_worker_that_waits_for_room_goes_on_when_nobody_wants_results() {
    for _ in 0..5 {
        must_end(IN_POOL, || {
            let (pool, results) = WorkerPool::new(8, 1, |n: u32| n).unwrap();
            // One result in its place, one for each worker, and one job behind them.
            (0..10).for_each(|n| pool.submit(n));
            drop(results);
            pool.join();
        });
    }
}

/// A destructor is a job's code like any other: that of the first result waits for the third job, which the
/// other of two workers has to take. So no lock is held while a result is dropped that nobody wants.
#[test]
fn a_result_that_nobody_wants_is_dropped_without_a_lock() {
    struct Waits(Option<mpsc::Receiver<()>>);
    impl Drop for Waits {
        fn drop(&mut self) {
            let _ = self.0.take().map(|third| third.recv());
        }
    }
    must_end(
        "a worker drops a result, and the other cannot go on",
        || {
            let (begins, third) = mpsc::channel();
            let (pool, results) =
                WorkerPool::new(2, 3, |job: Box<dyn FnOnce() -> Waits + Send>| job()).unwrap();
            drop(results);
            pool.submit(Box::new(|| Waits(Some(third))));
            pool.submit(Box::new(|| Waits(None)));
            pool.submit(Box::new(|| {
                drop(begins);
                Waits(None)
            }));
            pool.join();
        },
    );
}

/// A result waits to be read when the `Results` are dropped, and its destructor waits for the last of three jobs,
/// the second of which runs meanwhile. So no lock is held while the drop of the `Results` drops what waits.
#[test]
fn results_that_wait_are_dropped_without_a_lock() {
    struct Waits(Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>);
    impl Drop for Waits {
        fn drop(&mut self) {
            if let Some((open, third)) = self.0.take() {
                let _ = open.send(());
                let _ = third.recv();
            }
        }
    }
    must_end(
        "a result is dropped with the `Results`, and the worker cannot go on",
        || {
            let (open, closed) = gate();
            let (begun, second) = mpsc::channel::<()>();
            let (begins, third) = mpsc::channel();
            let (pool, results) =
                WorkerPool::new(1, 3, |job: Box<dyn FnOnce() -> Waits + Send>| job()).unwrap();
            let waits = Waits(Some((open.clone(), third)));
            pool.submit(Box::new(move || waits));
            pool.submit(Box::new(move || {
                drop(begun);
                pass(&closed);
                Waits(None)
            }));
            pool.submit(Box::new(|| {
                drop(begins);
                Waits(None)
            }));
            let _ = second.recv();
            drop(results);
            // The destructor has done so, unless the worker drops the result at its end.
            let _ = open.send(());
            pool.join();
        },
    );
}

/// A thread that unwinds drops the pool, and then another one the results: that closes, and sets the workers
/// free, as always.
#[test]
fn the_drops_are_the_same_while_a_thread_unwinds() {
    must_end(
        "the drop of the pool, or of the results, while a thread unwinds has done nothing",
        || {
            let (pool, mut results) = WorkerPool::new(1, 1, |n: u32| n).unwrap();
            while_unwinding(|| drop(pool));
            assert_eq!(results.next(), None, "the pool was dropped, without a job");

            let (pool, results) = WorkerPool::new(1, 1, |n: u32| n).unwrap();
            while_unwinding(|| drop(results));
            (1..=4).for_each(|n| pool.submit(n));
            pool.join();
        },
    );
}

/// A thread that unwinds submits a job and joins the pool: the job is accepted, and has run when `join` returns, as always.
#[test]
fn a_pool_works_while_its_user_unwinds() {
    must_end(IN_POOL, || {
        let ran = Arc::new(AtomicUsize::new(0));
        let of_jobs = Arc::clone(&ran);
        let (pool, results) = WorkerPool::new(1, 1, move |n: usize| {
            let_others_run();
            of_jobs.fetch_add(n, SeqCst);
        })
        .unwrap();
        let ran = while_unwinding(move || {
            pool.submit(7);
            pool.join();
            ran.load(SeqCst)
        });
        assert_eq!(
            (ran, results.count()),
            (7, 1),
            "(the job that has run when `join` returned, results), while the thread unwound"
        );
    });
}

/// Nearly all of the jobs panic. The pool keeps its workers: at the end two jobs still run at once.
#[test]
fn a_panic_costs_one_result_and_join_passes_it_on() {
    must_end(IN_POOL, || {
        let both = Barrier::new(2);
        let (pool, results) = WorkerPool::new(2, 4, move |n: u32| {
            match n {
                0..100 if !n.is_multiple_of(10) => resume_unwind(Box::new(format!("job {n}"))),
                0..100 => {}
                _ => {
                    both.wait();
                }
            }
            n
        })
        .unwrap();
        let mut results: Vec<_> = thread::scope(|s| {
            s.spawn(move || {
                (0..102).for_each(|n| pool.submit(n));
                let payload = payload_of(|| pool.join()).expect("90 jobs have panicked");
                let message = payload
                    .downcast_ref::<String>()
                    .expect("the job's own payload");
                assert!(
                    message.starts_with("job "),
                    "`join` goes on with the payload of a job, and not with {message:?}"
                );
            });
            results.collect()
        });
        results.sort_unstable();
        let expected = (0..100).step_by(10).chain([100, 101]).collect::<Vec<_>>();
        assert_eq!(
            results, expected,
            "the results of the jobs that did not panic"
        );
    });
}

/// `join` goes on with the panic of the job: with its payload, not with one of its own.
#[test]
fn the_payload_is_passed_on_as_it_was() {
    must_end(IN_POOL, || {
        let (pool, results) = WorkerPool::new(1, 1, |(): ()| -> u32 {
            let payload: Box<&'static str> = Box::new("the job's");
            resume_unwind(payload)
        })
        .unwrap();
        pool.submit(());
        assert_panics("the job's", || pool.join());
        assert_eq!(results.count(), 0, "results");
        assert_passes_on(|raise| {
            let (pool, _results) = WorkerPool::new(1, 4, move |()| -> u32 { raise() }).unwrap();
            pool.submit(());
            pool.join();
        });
    });
}

/// The room for results is full, and a hundred jobs panic, one after the other. They have no result, so the worker
/// waits for no room; and it keeps one of their payloads at most. Then one more job returns.
#[test]
fn of_many_panics_one_payload_is_kept() {
    must_end(IN_POOL, || {
        let (pool, mut results) = WorkerPool::new(1, 4, |payload: Option<Arc<()>>| {
            if let Some(payload) = payload {
                resume_unwind(Box::new(payload));
            }
        })
        .unwrap();
        let payload = Arc::new(());
        (0..4).for_each(|_| pool.submit(None));
        (0..100).for_each(|_| pool.submit(Some(Arc::clone(&payload))));
        pool.submit(None);
        assert_eq!(results.by_ref().take(5).count(), 5, "results");
        let kept = Arc::strong_count(&payload) - 1;
        assert!(
            kept <= 1,
            "{kept} of 100 payloads have not been dropped, and one worker keeps at most one"
        );
        assert!(payload_of(|| pool.join()).is_some(), "jobs have panicked");
    });
}

/// Three jobs panic on one of two workers, while the other is in a job. The destructor of the first payload that is
/// dropped lets that one end, and waits for the job behind. So no lock is held while a payload is dropped.
#[test]
fn a_payload_is_dropped_without_a_lock() {
    type Waits = (mpsc::Sender<()>, mpsc::Receiver<()>);
    struct Payload(Arc<Mutex<Option<Waits>>>);
    impl Drop for Payload {
        fn drop(&mut self) {
            let first = self.0.lock().unwrap().take();
            if let Some((open, last)) = first {
                drop(open);
                let _ = last.recv();
            }
        }
    }
    must_end(
        "a worker drops a payload, and the other cannot go on",
        || {
            let (open, closed) = gate();
            let (begins, last) = mpsc::channel();
            let waits = Arc::new(Mutex::new(Some((open, last))));
            let (pool, results) =
                WorkerPool::new(2, 5, |job: Box<dyn FnOnce() + Send>| job()).unwrap();
            pool.submit(Box::new(move || pass(&closed)));
            for _ in 0..3 {
                let payload = Payload(Arc::clone(&waits));
                pool.submit(Box::new(move || resume_unwind(Box::new(payload))));
            }
            pool.submit(Box::new(|| drop(begins)));
            assert!(payload_of(|| pool.join()).is_some(), "jobs have panicked");
            assert_eq!(results.count(), 2, "results");
        },
    );
}

/// Without `join` nobody hears of it, but for the message that a panic prints.
#[test]
fn a_pool_whose_job_has_panicked_can_be_dropped() {
    must_end(IN_POOL, || {
        let (pool, results) =
            WorkerPool::new(1, 1, |(): ()| -> u32 { resume_unwind(Box::new(7)) }).unwrap();
        pool.submit(());
        drop(pool);
        assert_eq!(results.count(), 0, "results");
    });
}

/// The system refuses one of the threads, and grants those after it. `new` returns the error, or asks again: there is no pool
/// with fewer workers than it should have, and as many jobs run at once.
#[test]
fn a_thread_that_cannot_be_had_is_not_left_out() {
    let fewer = "a thread was refused, and `new` has returned a pool with fewer workers: four jobs do not run at once";
    must_end(fewer, || {
        for granted in 0..4 {
            let all = Barrier::new(4);
            let new = || WorkerPool::new(4, 4, move |(): ()| _ = all.wait());
            if let Ok((pool, results)) = refuse_only(granted, new) {
                (0..4).for_each(|_| pool.submit(()));
                assert_eq!(results.take(4).count(), 4, "results");
            }
        }
    });
}

/// The system refuses one of the threads, and all after it. `new` returns its error when the threads that were started have
/// ended and `work` is dropped.
#[test]
fn threads_that_cannot_be_had_are_an_error() {
    must_end(IN_POOL, || {
        for granted in 0..4 {
            let owned = Arc::new(());
            let of_work = Arc::clone(&owned);
            let refused = refuse_after(granted, || {
                WorkerPool::new(4, 1, move |_: u32| Arc::strong_count(&of_work))
            });
            let error = refused.err().expect("a thread could not be had");
            assert_eq!(
                error.kind(),
                io::ErrorKind::WouldBlock,
                "what the system has said"
            );
            assert_eq!(
                Arc::strong_count(&owned),
                1,
                "owners of what `work` owns: `new` returns an error when the threads that it had started have ended"
            );
        }
    });
}

#[test]
fn a_pool_without_workers_or_without_room_is_refused() {
    assert_panics("worker_pool: no workers", || {
        drop(WorkerPool::new(0, 1, |n: u32| n))
    });
    assert_panics("worker_pool: no room for a job", || {
        drop(WorkerPool::new(1, 0, |n: u32| n))
    });
}

/// Jobs and results need not be `Sync`, `Clone` or `Debug`. A closure is a job like any other.
#[test]
fn any_job_that_can_be_sent_will_do() {
    must_end(IN_POOL, || {
        let (pool, results) =
            WorkerPool::new(1, 2, |job: Box<dyn FnOnce() -> Cell<u32> + Send>| job()).unwrap();
        let name = String::from("name");
        pool.submit(Box::new(move || {
            Cell::new(u32::try_from(name.len()).unwrap())
        }));
        pool.submit(Box::new(|| Cell::new(7)));
        drop(pool);
        assert_eq!(results.map(Cell::into_inner).sum::<u32>(), 11);
        assert_bounds!(WorkerPool<Cell<u32>>: Send + Sync);
        assert_bounds!(Results<Cell<u32>>: Send);
    });
}
