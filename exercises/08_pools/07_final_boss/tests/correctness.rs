//! Pools at work on real threads. IDs such as WP-01 name behaviours of Go's worker pools.

use cancellation_solution::Context;
use final_boss::{
    Handle, JobError, LOCAL, PATIENCE, Pool, Priority, Reason, Refused, Terms, Wait, Worker,
    soak_round,
};
use harness::assert_bounds;
use harness::sync::real::thread::{self, refuse_after, refuse_only};
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{
    assert_panics, let_others_run, message_of, must_end, must_sleep_on_threads, others_must_sleep,
    staged_panic, staged_panic_of, wait_until, while_unwinding,
};
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex, mpsc};

fn pool(workers: usize, capacity: usize) -> Pool {
    Pool::new(workers, capacity).expect("there are threads")
}

#[track_caller]
fn accepted<T, F>(answer: Result<Handle<T>, Refused<F>>) -> Handle<T> {
    answer.unwrap_or_else(|refused| panic!("a job was refused: {refused}"))
}

#[track_caller]
fn refused<T, F>(answer: Result<Handle<T>, Refused<F>>) -> (F, Reason) {
    match answer {
        Ok(_) => panic!("a job was accepted, and it had to be refused"),
        Err(Refused { job, reason }) => (job, reason),
    }
}

/// Requires all accounts to be closed, with these numbers of jobs.
#[track_caller]
fn closed(pool: &Pool, completed: u64, panicked: u64, cancelled: u64) {
    let metrics = pool.metrics();
    let ended = (metrics.completed, metrics.panicked, metrics.cancelled);
    assert_eq!(
        ended,
        (completed, panicked, cancelled),
        "jobs (completed, panicked, cancelled)"
    );
    assert!(
        metrics.add_up() && metrics.running + metrics.queued == 0,
        "the accounts do not close: {metrics}"
    );
}

/// Where jobs write down that they have run.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn job(&self, name: impl Into<String>) -> impl FnOnce(&Worker) + Send + 'static {
        let (log, name) = (self.clone(), name.into());
        move |_| log.0.lock().expect("no panic").push(name)
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().expect("no panic").clone()
    }
}

/// Requires that so many jobs run at the same time: each waits for all others.
#[track_caller]
fn runs_at_once(pool: &Pool, jobs: usize) {
    let all = Arc::new(Barrier::new(jobs));
    let handles: Vec<_> = (0..jobs)
        .map(|_| {
            let all = Arc::clone(&all);
            accepted(pool.submit(move |_: &Worker| {
                all.wait();
            }))
        })
        .collect();
    handles
        .into_iter()
        .for_each(|handle| handle.join().expect("no panic"));
}

/// A job that has begun, and runs until it is told to end.
struct Held {
    end: Arc<AtomicBool>,
    handle: Option<Handle<()>>,
}

impl Drop for Held {
    /// If a test fails, its pool waits for this job.
    fn drop(&mut self) {
        self.end.store(true, Relaxed);
    }
}

impl Held {
    #[track_caller]
    fn new(pool: &Pool, terms: &Terms, then: impl FnOnce(&Worker) + Send + 'static) -> Self {
        let (held, begun) = Self::waiting(pool, terms, then);
        wait_until("a job has not begun, and there is a worker for it", || {
            begun.load(Relaxed)
        });
        held
    }

    /// The same before it has begun, and whether it has.
    #[track_caller]
    fn waiting(
        pool: &Pool,
        terms: &Terms,
        then: impl FnOnce(&Worker) + Send + 'static,
    ) -> (Self, Arc<AtomicBool>) {
        let (begun, end) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let (begins, ends) = (Arc::clone(&begun), Arc::clone(&end));
        let job = move |worker: &Worker| {
            then(worker);
            begins.store(true, Relaxed);
            wait_until("the test has not told a job to end", || ends.load(Relaxed));
        };
        let handle = Some(accepted(pool.submit_with(terms, job)));
        (Self { end, handle }, begun)
    }

    fn has_ended(&self) -> bool {
        self.handle.as_ref().is_some_and(Handle::is_finished)
    }

    fn end(mut self) {
        self.end.store(true, Relaxed);
        let handle = self.handle.take().expect("it ends once");
        handle.join().expect("a job that has begun ends");
    }
}

/// Results of any type that can be sent come back to those who hold the handles.
#[test]
fn results_come_back() {
    must_end("a handle does not get its result", || {
        let pool = pool(2, 4);
        let handles: Vec<_> = (0..100)
            .map(|n| accepted(pool.submit(move |_: &Worker| (Cell::new(n), n.to_string()))))
            .collect();
        for (n, handle) in handles.into_iter().enumerate() {
            let (number, text) = handle.join().expect("no panic");
            assert_eq!(
                (number.get(), text),
                (n, n.to_string()),
                "the result of job {n}"
            );
        }
        accepted(pool.submit(|_: &Worker| ()))
            .join()
            .expect("no panic");
        closed(&pool, 101, 0, 0);
        assert_bounds!(Pool: Send + Sync);
        assert_bounds!(Worker: Send + Sync);
    });
}

/// Eight threads push 4,000 jobs through room for four. Each runs once, and never more at a time than there
/// are workers.
#[test]
fn no_more_run_at_once_than_there_are_workers() {
    // WP-01, WP-02, WP-05
    must_end("a submission waits for room, or a job for a worker", || {
        let pool = pool(3, 4);
        runs_at_once(&pool, 3);
        let [running, most, ran] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
        thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    for _ in 0..500 {
                        let (running, most, ran) =
                            (Arc::clone(&running), Arc::clone(&most), Arc::clone(&ran));
                        drop(accepted(pool.submit(move |_: &Worker| {
                            most.fetch_max(running.fetch_add(1, Relaxed) + 1, Relaxed);
                            ran.fetch_add(1, Relaxed);
                            running.fetch_sub(1, Relaxed);
                        })));
                    }
                });
            }
            for _ in 0..100 {
                let metrics = pool.metrics();
                assert!(
                    metrics.ended() + metrics.running <= metrics.submitted,
                    "jobs ended before they came: {metrics}"
                );
            }
        });
        while pool.metrics().queued > 0 {
            thread::yield_now();
        }
        pool.shutdown();
        assert_eq!(ran.load(Relaxed), 4000, "runs of 4,000 jobs");
        assert!(
            most.load(Relaxed) <= 3,
            "three workers ran {} jobs at once",
            most.load(Relaxed)
        );
        closed(&pool, 4003, 0, 0);
    });
}

/// The pool is paused. As many jobs get in as there is room for, of whatever priority, and the next comes
/// back and can still be run.
#[test]
fn the_capacity_is_exact() {
    // WP-05
    // The last is more than a byte can count.
    for capacity in [1, 2, 7, 300] {
        let pool = pool(0, capacity);
        for n in 0..capacity {
            let terms = Terms {
                priority: Priority::ALL[n % 3],
                wait: Wait::Never,
                context: None,
            };
            drop(accepted(pool.submit_with(&terms, |_: &Worker| ())));
        }
        let (job, reason) = refused(pool.try_submit(|_: &Worker| 7));
        assert_eq!(reason, Reason::Full, "of {capacity} places all are taken");
        assert!(pool.help(), "a job waits");
        let handle = accepted(pool.try_submit(job));
        while pool.help() {}
        assert_eq!(
            handle.join().expect("no panic"),
            7,
            "the job that came back, and was submitted again"
        );
        let metrics = pool.metrics();
        assert_eq!(metrics.rejected, 1, "submissions that were refused");
        closed(&pool, capacity as u64 + 1, 0, 0);
    }
    assert_panics("final_boss: no room for a job", || drop(Pool::new(1, 0)));
}

/// The order in which a pool has to take `jobs`, by the rule.
fn by_the_rule(jobs: &[(Priority, String)]) -> Vec<String> {
    let mut lanes = Priority::ALL.map(|of| {
        let jobs = jobs.iter().filter(|(priority, _)| *priority == of);
        jobs.map(|(_, name)| name.clone()).collect::<VecDeque<_>>()
    });
    let mut passed_over = [0; 3];
    let mut order = Vec::new();
    while order.len() < jobs.len() {
        let waits: Vec<_> = (0..3).filter(|lane| !lanes[*lane].is_empty()).collect();
        let patient = waits
            .iter()
            .rev()
            .find(|lane| passed_over[**lane] >= PATIENCE);
        let chosen = *patient.unwrap_or(&waits[0]);
        waits.iter().for_each(|lane| passed_over[*lane] += 1);
        passed_over[chosen] = 0;
        order.extend(lanes[chosen].pop_front());
    }
    order
}

/// Submits so many jobs of each priority, the lowest first, and lets them run. Requires the order of the
/// rule.
#[track_caller]
fn run_in_order(pool: &Pool, [high, normal, low]: [usize; 3]) {
    let (log, mut jobs) = (Log::default(), Vec::new());
    for (priority, many) in [
        (Priority::Low, low),
        (Priority::Normal, normal),
        (Priority::High, high),
    ] {
        for n in 0..many {
            let name = format!("{priority:?} {n}");
            let terms = Terms {
                priority,
                ..Terms::default()
            };
            drop(accepted(pool.submit_with(&terms, log.job(&name))));
            jobs.push((priority, name));
        }
    }
    while pool.help() {}
    let (took, expected) = (log.all(), by_the_rule(&jobs));
    assert_eq!(
        took.len(),
        jobs.len(),
        "jobs that ran, of those that waited"
    );
    for (n, (took, expected)) in took.iter().zip(&expected).enumerate() {
        let of = format!("of {high} high, {normal} normal and {low} low jobs");
        assert_eq!(
            took, expected,
            "the job taken after {n} others (left), and the one by the rule, {of}"
        );
    }
}

/// Jobs of all priorities wait. The highest goes first, and none is passed over more often than the rule
/// allows.
#[test]
fn priorities_have_an_order_and_nobody_starves() {
    for jobs in [[3, 3, 3], [40, 40, 40], [100, 0, 2], [0, 20, 9], [9, 1, 1]] {
        run_in_order(&pool(0, 200), jobs);
    }
}

/// Many jobs are taken while none of low priority waits: nobody is passed over. Those that come later wait
/// their turn.
#[test]
fn a_lane_without_jobs_is_not_passed_over() {
    let pool = pool(0, 200);
    for jobs in [[20, 0, 0], [3, 3, 3], [0, 20, 0], [3, 0, 3]] {
        run_in_order(&pool, jobs);
    }
}

/// A job submits twenty others, which its worker takes first; but after some of them it takes one from
/// outside.
#[test]
fn a_worker_takes_its_own_jobs_first_and_others_in_between() {
    must_end("a job does not run", || {
        let pool = pool(0, 4);
        let log = Log::default();
        let own: Vec<_> = (0..20).map(|n| log.job(format!("own {n}"))).collect();
        let job = |worker: &Worker| {
            own.into_iter()
                .for_each(|job| drop(accepted(worker.submit(job))))
        };
        let terms = Terms {
            priority: Priority::High,
            ..Terms::default()
        };
        drop(accepted(pool.submit_with(&terms, job)));
        for n in 0..3 {
            drop(accepted(pool.submit(log.job(format!("shared {n}")))));
        }
        pool.resize(1).expect("there is a thread");
        wait_until("24 jobs are not done", || pool.metrics().completed == 24);
        let mut expected: Vec<_> = (0..20).map(|n| format!("own {n}")).collect();
        let patience = PATIENCE as usize;
        expected.insert(patience, "shared 0".to_owned());
        expected.insert(2 * patience + 1, "shared 1".to_owned());
        expected.push("shared 2".to_owned());
        assert_eq!(
            log.all(),
            expected,
            "the order in which one worker takes jobs"
        );
    });
}

/// A job that submits itself again keeps its worker busy. A job from outside runs all the same.
#[test]
fn own_jobs_do_not_starve_the_shared_queue() {
    fn again(worker: &Worker, stop: Arc<AtomicBool>) {
        if !stop.load(Relaxed) {
            drop(worker.submit(move |worker: &Worker| again(worker, stop)));
        }
    }
    must_end(
        "a job from outside starves, because a worker's own jobs have no end",
        || {
            let pool = pool(1, 2);
            let stop = Arc::new(AtomicBool::new(false));
            let stopped = Arc::clone(&stop);
            drop(accepted(
                pool.submit(move |worker: &Worker| again(worker, stopped)),
            ));
            accepted(pool.submit(move |_: &Worker| stop.store(true, Relaxed)))
                .join()
                .expect("no panic");
        },
    );
}

/// A job submits as many others as its worker has room for, and then one more: that runs at once, on this
/// thread.
#[test]
fn a_job_that_finds_no_room_runs_its_job_itself() {
    must_end("a job waits for room, and its worker with it", || {
        let pool = Arc::new(pool(1, 1));
        let counted = Arc::new(AtomicUsize::new(0));
        let (ran, inside) = (Arc::clone(&counted), Arc::clone(&pool));
        let job = move |worker: &Worker| {
            let one = |ran: &Arc<AtomicUsize>| {
                let (ran, inside) = (Arc::clone(ran), Arc::clone(&inside));
                move |_: &Worker| {
                    ran.fetch_add(1, Relaxed);
                    (std::thread::current().id(), inside.metrics().running)
                }
            };
            for _ in 0..LOCAL {
                drop(accepted(worker.submit(one(&ran))));
            }
            let before = ran.load(Relaxed);
            let handle = accepted(worker.submit(one(&ran)));
            let at_once = handle
                .is_finished()
                .then(|| handle.join().expect("no panic"));
            (
                before,
                at_once.unzip(),
                std::thread::current().id(),
                ran.load(Relaxed),
            )
        };
        let (before, (thread, running), own, after) =
            accepted(pool.submit(job)).join().expect("no panic");
        assert_eq!(
            thread,
            Some(own),
            "the thread that ran the job without room, and that of the job that submitted it"
        );
        assert_eq!((before, after), (0, 1), "jobs that had run (before, after)");
        assert_eq!(
            running,
            Some(2),
            "`running`, as the inner job sees it, which was run within the one that submitted it: both have begun"
        );
        pool.shutdown();
        assert_eq!(counted.load(Relaxed), LOCAL + 1, "runs");
        closed(&pool, LOCAL as u64 + 2, 0, 0);
    });
}

/// A job with a hundred others in its worker's queue does not end. Main helps with one of them, and so does a
/// job that main runs. A second worker comes, and runs all others.
#[test]
fn jobs_are_stolen_from_a_worker_that_is_busy() {
    must_end(
        "100 jobs wait behind one that does not end, and a worker is idle",
        || {
            let pool = pool(1, 1);
            let log = Log::default();
            let jobs: Vec<_> = (0..100).map(|n| log.job(n.to_string())).collect();
            let submit = |worker: &Worker| {
                jobs.into_iter()
                    .for_each(|job| drop(accepted(worker.submit(job))))
            };
            let held = Held::new(&pool, &Terms::default(), submit);
            assert_eq!(
                pool.metrics().queued,
                100,
                "jobs that wait in the queue of a worker"
            );
            let here = "100 jobs wait in the queue of a worker, and `help` found none";
            assert!(pool.help(), "{here}");
            assert_eq!(pool.metrics().completed, 1, "jobs that one `help` has run");
            let helps = accepted(pool.submit(|worker: &Worker| worker.help()));
            assert!(pool.help(), "a job waits in the shared queue");
            let helped = helps.join().expect("no panic");
            assert!(helped, "a job helps: {here}");
            pool.resize(2).expect("there is a thread");
            wait_until("a hundred jobs have not been stolen", || {
                pool.metrics().completed == 101
            });
            assert_eq!(
                pool.metrics().stolen,
                100,
                "`stolen`: jobs taken from the queue of a busy worker, two by threads that help and 98 by a worker"
            );
            assert_eq!(log.all().len(), 100, "runs");
            held.end();
        },
    );
}

/// One worker, and jobs that submit two more each, and help while they wait for them.
#[test]
fn a_job_that_helps_does_not_wait_in_vain() {
    fn fib(worker: &Worker, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let other = accepted(worker.submit(move |worker: &Worker| fib(worker, n - 2)));
        let one = fib(worker, n - 1);
        while !other.is_finished() && worker.help() {}
        one + other.join().expect("no panic")
    }
    for workers in [0, 1, 3] {
        must_end("jobs wait for jobs that nobody runs", move || {
            let pool = pool(workers, 1);
            let handle = accepted(pool.submit(|worker: &Worker| fib(worker, 12)));
            assert!(workers > 0 || pool.help(), "a job waits");
            assert_eq!(handle.join().expect("no panic"), 144);
            pool.shutdown();
            assert!(pool.metrics().add_up());
        });
    }
}

/// Submits a job whose context is cancelled before it begins, and one more. Returns the terms and the handle
/// of the first.
fn one_cancelled_and_another(pool: &Pool, log: &Log) -> (Terms, Handle<()>) {
    let (context, guard) = Context::background().with_cancel();
    let terms = Terms {
        context: Some(context),
        ..Terms::default()
    };
    let handle = accepted(pool.submit_with(&terms, log.job("cancelled")));
    drop(accepted(pool.submit(log.job("other"))));
    guard.cancel();
    (terms, handle)
}

/// Requires that of the two only the other one has run.
#[track_caller]
fn only_the_other_has_run(log: &Log, cancelled: Handle<()>) {
    let result = cancelled.join();
    assert!(
        matches!(result, Err(JobError::Cancelled)),
        "its context was cancelled before its turn came, and `join` returned {result:?}"
    );
    assert_eq!(log.all(), ["other"], "what has run");
}

/// A job whose context is done does not begin. Before it is accepted it comes back, unless the pool is closed
/// as well.
#[test]
fn a_job_whose_context_is_done_does_not_begin() {
    let pool = pool(0, 4);
    let log = Log::default();
    let (terms, handle) = one_cancelled_and_another(&pool, &log);
    let (_, reason) = refused(pool.submit_with(&terms, log.job("too late")));
    assert_eq!(reason, Reason::Cancelled);
    drop([(); 2].map(|()| accepted(pool.try_submit(|_: &Worker| ()))));
    let clock = Clock::manual();
    let now = clock.now();
    for wait in [Wait::Forever, Wait::Never, Wait::Until(clock, now)] {
        let terms = Terms {
            wait,
            ..terms.clone()
        };
        let (_, reason) = refused(pool.submit_with(&terms, log.job("too late")));
        assert_eq!(
            reason,
            Reason::Cancelled,
            "cancelled, and the queue is full as well, or it is too late"
        );
    }
    while pool.help() {}
    only_the_other_has_run(&log, handle);
    closed(&pool, 3, 0, 1);
    pool.shutdown();
    let (_, reason) = refused(pool.submit_with(&terms, log.job("too late")));
    assert_eq!(reason, Reason::Closed, "closed, and cancelled as well");
    assert_eq!(pool.metrics().rejected, 5, "submissions that were refused");
}

/// The thread that shuts a paused pool down runs what waits, but no job whose context is done.
#[test]
fn a_shutdown_asks_the_context_too() {
    let pool = pool(0, 4);
    let log = Log::default();
    let (_, handle) = one_cancelled_and_another(&pool, &log);
    pool.shutdown();
    only_the_other_has_run(&log, handle);
    closed(&pool, 1, 0, 1);
}

/// What a job owns that asks its pool for the size and the numbers when it is dropped.
struct Asks(Arc<Pool>);

impl Drop for Asks {
    fn drop(&mut self) {
        let _ = (self.0.size(), self.0.metrics());
    }
}

/// What a cancelled job owns asks the pool for its size and its numbers when it is dropped: by a thread that
/// helps, by a worker, and in both shutdowns. No lock is held then.
#[test]
fn a_cancelled_job_is_dropped_without_a_lock() {
    let ways: [fn(&Pool); 4] = [
        |pool| _ = pool.help(),
        |pool| pool.resize(1).expect("there is a thread"),
        |pool| pool.shutdown(),
        |pool| _ = pool.shutdown_now(),
    ];
    for way in ways {
        must_end(
            "a cancelled job is dropped, and what it owned asks its pool",
            move || {
                let pool = Arc::new(pool(0, 4));
                let (context, guard) = Context::background().with_cancel();
                let terms = Terms {
                    context: Some(context),
                    ..Terms::default()
                };
                let owned = Asks(Arc::clone(&pool));
                let handle = accepted(pool.submit_with(&terms, move |_: &Worker| drop(owned)));
                guard.cancel();
                way(&pool);
                let result = handle.join();
                assert!(
                    matches!(result, Err(JobError::Cancelled)),
                    "`join` returned {result:?}"
                );
            },
        );
    }
}

/// A pool is dropped by a thread that unwinds: what waits is cancelled at once, while a job runs, and that one ends.
#[test]
fn a_pool_that_is_dropped_while_its_thread_unwinds_ends() {
    must_end("a job waits, and its pool has been dropped", || {
        let pool = pool(1, 1);
        let (waits, waiting) = mpsc::channel::<Handle<()>>();
        let ended = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&ended);
        let (begun, begins) = mpsc::channel();
        let running = accepted(pool.submit(move |_: &Worker| {
            begun.send(()).expect("main waits");
            let waiting = waiting.recv().expect("main sends");
            wait_until(
                "a pool is dropped, and a job that waits is not cancelled",
                || waiting.is_finished(),
            );
            ends.store(true, Relaxed);
            waiting.join()
        }));
        begins.recv().expect("there is a worker");
        let handle = accepted(pool.submit(|_: &Worker| ()));
        waits.send(handle).expect("the job receives");
        while_unwinding(|| drop(pool));
        let has_ended = ended.load(Relaxed);
        let result = match running.join() {
            // It waited in vain: that is what went wrong.
            Err(JobError::Panicked(payload)) => resume_unwind(payload),
            result => result.expect("a job that has begun ends"),
        };
        assert!(
            has_ended,
            "a job runs, and the drop of its pool has returned"
        );
        assert!(
            matches!(result, Err(JobError::Cancelled)),
            "a job waited when its pool was dropped, which cancels it, and its handle says {result:?}"
        );
    });
}

/// A thread that unwinds submits four jobs, where one at a time finds room, and shuts the pool down. Each submission sleeps
/// until there is room, and all jobs have run when `shutdown` returns, as always.
#[test]
fn a_pool_works_while_its_user_unwinds() {
    must_end("a thread submits or shuts down, and unwinds", || {
        let (pool, ran) = (pool(1, 1), Arc::new(AtomicUsize::new(0)));
        let ran = while_unwinding(|| {
            for _ in 0..4 {
                let ran = Arc::clone(&ran);
                drop(accepted(pool.submit(move |_: &Worker| {
                    let_others_run();
                    ran.fetch_add(1, Relaxed);
                })));
            }
            pool.shutdown();
            ran.load(Relaxed)
        });
        assert_eq!(
            ran, 4,
            "jobs that have run when `shutdown` returned, while its thread unwound"
        );
        closed(&pool, 4, 0, 0);
    });
}

/// A thread that helps has no queue of its own: what its job submits waits in the shared queue, which has
/// room for one, and what finds no room there has run when its submit returns. While it ran, both jobs were
/// running.
#[test]
fn a_job_of_a_helper_finds_room_or_runs_at_once() {
    let pool = Arc::new(pool(0, 1));
    let log = Log::default();
    let (of_job, inside) = (log.clone(), Arc::clone(&pool));
    let running = accepted(pool.submit(move |worker: &Worker| {
        drop(accepted(worker.submit(of_job.job("waits"))));
        let second = of_job.job("runs at once");
        let running = accepted(worker.submit(move |worker: &Worker| {
            second(worker);
            inside.metrics().running
        }));
        of_job.job("first")(worker);
        assert!(
            running.is_finished(),
            "there was no room, and it has not run"
        );
        running.join().expect("no panic")
    }));
    assert!(pool.help(), "a job waits");
    assert_eq!(
        log.all(),
        ["runs at once", "first"],
        "what has run: the job on a thread that helps submitted two, and the shared queue had room for one of them"
    );
    assert_eq!(
        running.join().expect("no panic"),
        2,
        "`running`, as the inner job sees it, which was run within the one that submitted it: both have begun"
    );
    assert_eq!(
        pool.metrics().queued,
        1,
        "jobs in a queue with room for one"
    );
    while pool.help() {}
    closed(&pool, 3, 0, 0);
}

/// Two workers sleep, and two jobs come, one right after the other, which wait for each other: each wakes a
/// worker.
#[test]
fn each_of_two_jobs_in_quick_succession_wakes_a_worker() {
    must_end("a job waits beside a worker that sleeps", || {
        let pool = pool(2, 2);
        for round in 0..100 {
            if round % 50 == 0 {
                others_must_sleep("there is no job");
            }
            let both = Arc::new(Barrier::new(2));
            let jobs = [(); 2].map(|()| {
                let both = Arc::clone(&both);
                accepted(pool.submit(move |_: &Worker| both.wait().is_leader()))
            });
            for job in jobs {
                job.join().expect("no panic");
            }
        }
    });
}

/// There is no worker, and no room for a second job. A thread that submits one sleeps, and so does one that joins the first.
#[test]
fn a_thread_that_waits_sleeps() {
    let pool = Arc::new(pool(0, 1));
    let first = accepted(pool.submit(|_: &Worker| ()));
    must_sleep_on_threads("`join`", "no worker had run the job", || _ = first.join());
    must_sleep_on_threads("`submit`", "there was no room", {
        let pool = Arc::clone(&pool);
        move || _ = pool.submit(|_: &Worker| ())
    });
}

/// Idle workers may be woken by each `resize`, and a submission that waits whenever another one takes the place that has become
/// free. They find nothing, and sleep again.
#[test]
fn a_thread_that_was_woken_in_vain_sleeps_again() {
    must_end("a submission waits, and the pool is shut down", || {
        let (idle, full) = (pool(2, 1), Arc::new(pool(0, 1)));
        drop(accepted(full.submit(|_: &Worker| ())));
        let submits = Arc::clone(&full);
        // Nobody joins it if a worker or a submission does not sleep.
        let waits = thread::spawn(move || while submits.submit(|_: &Worker| ()).is_ok() {});
        for _ in 0..4 {
            others_must_sleep(
                "the workers of one pool have no job, and there is no room in the other pool",
            );
            idle.resize(2).expect("no thread is needed");
            full.help();
            let _ = full.try_submit(|_: &Worker| ());
        }
        others_must_sleep(
            "the workers of one pool have no job, and there is no room in the other pool",
        );
        full.shutdown();
        waits.join().expect("no panic");
    });
}

/// A pool is shut down, in either way, while as many jobs run on its workers as `workers`, and on threads that help as
/// `helping`. They end one after the other, and the call sleeps until the last of them has ended.
#[track_caller]
fn ends_with_the_last_job(workers: usize, helping: usize) {
    let ways: [fn(&Pool); 2] = [Pool::shutdown, |pool| _ = pool.shutdown_now()];
    for end in ways {
        must_end(
            "a pool is shut down, no job runs, and the call does not return",
            move || {
                let jobs = workers + helping;
                let pool = pool(workers, jobs);
                let (begins, begun) = mpsc::channel();
                let ends: Vec<_> = (0..jobs)
                    .map(|_| {
                        let (end, ended) = mpsc::channel::<()>();
                        let begins = begins.clone();
                        drop(accepted(pool.submit(move |_: &Worker| {
                            begins.send(()).expect("main waits");
                            let _ = ended.recv();
                        })));
                        end
                    })
                    .collect();
                thread::scope(|s| {
                    (0..helping).for_each(|_| drop(s.spawn(|| while !pool.help() {})));
                    begun.iter().take(jobs).for_each(drop);
                    let shutdown = s.spawn(|| end(&pool));
                    let last = ends.len().min(4);
                    for (n, end) in ends.into_iter().enumerate() {
                        if n < last {
                            others_must_sleep(
                                "the jobs that run sleep, and the pool is shut down by a thread that waits for them",
                            );
                        }
                        let left = jobs - n;
                        assert!(
                            !shutdown.is_finished(),
                            "the shutdown has returned, and {left} of {jobs} jobs still run, on workers or on threads \
                             that help"
                        );
                        drop(end);
                    }
                });
                closed(&pool, jobs as u64, 0, 0);
            },
        );
    }
}

/// A pool is shut down while four jobs run. The thread that waits for them may be woken at the end of each, and sleeps again.
#[test]
fn a_shutdown_sleeps_until_the_last_job_has_ended() {
    ends_with_the_last_job(4, 0);
}

/// A pool is shut down while 256 threads that help run a job each: they are more than a byte can count.
#[test]
fn a_shutdown_waits_for_all_threads_that_help() {
    ends_with_the_last_job(0, 256);
}

/// A submission that waits for room until a time gives up at that time and not before, however many others have given up
/// meanwhile; if there is room, no time is too late. If the pool is shut down before the time, it comes back at once.
#[test]
fn a_deadline_ends_the_wait_for_room() {
    must_end(
        "a submission waits for room, and its deadline has come, or the pool is shut down",
        || {
            let pool = pool(0, 1);
            let clock = Clock::manual();
            let in_two = clock.now() + Duration::from_nanos(2);
            let (context, _guard) = Context::background().with_cancel();
            let terms = Terms {
                wait: Wait::Until(clock.clone(), in_two),
                context: Some(context),
                ..Terms::default()
            };
            let later = Terms {
                wait: Wait::Until(clock.clone(), in_two + Duration::from_nanos(1)),
                ..Terms::default()
            };
            let past = Terms {
                wait: Wait::Until(clock.clone(), clock.now()),
                ..Terms::default()
            };
            drop(accepted(pool.submit_with(&past, |_: &Worker| ())));
            assert_eq!(
                refused(pool.submit_with(&past, |_: &Worker| ())).1,
                Reason::TimedOut
            );
            thread::scope(|s| {
                let waits = s.spawn(|| refused(pool.submit_with(&terms, |_: &Worker| ())).1);
                clock.advance(Duration::from_nanos(1));
                let_others_run();
                assert!(!waits.is_finished(), "a nanosecond was left");
                // More than a byte can count.
                for _ in 0..600 {
                    let late = refused(pool.submit_with(&past, |_: &Worker| ())).1;
                    assert_eq!(late, Reason::TimedOut);
                }
                clock.advance(Duration::from_nanos(1));
                assert_eq!(waits.join().expect("no panic"), Reason::TimedOut);
                let waits = s.spawn(|| refused(pool.submit_with(&later, |_: &Worker| ())).1);
                let_others_run();
                pool.shutdown();
                assert_eq!(waits.join().expect("no panic"), Reason::Closed);
            });
        },
    );
}

/// Up and down: the new workers work at the same time, and those that are too many leave.
#[test]
fn a_pool_grows_and_shrinks() {
    must_end("jobs wait for workers that were to come", || {
        let pool = pool(0, 8);
        for size in [1, 4, 2, 256, 0, 2] {
            pool.resize(size).expect("there are threads");
            assert_eq!(pool.size(), size);
            let what = format!(
                "the size has become {size}, and there are more workers, or fewer: idle ones leave at once"
            );
            wait_until(&what, || pool.metrics().workers == size as u64);
            runs_at_once(&pool, size);
        }
        pool.shutdown();
        pool.resize(3).expect("nothing happens");
        assert_eq!(
            (pool.size(), pool.metrics().workers),
            (2, 0),
            "(size, workers) of a pool of two after a shutdown, and a `resize` to three"
        );
        closed(&pool, 1 + 4 + 2 + 256 + 2, 0, 0);
    });
}

/// Three jobs run when the pool becomes smaller, and larger again, before anybody has left: no worker is missing, and
/// none starts. It becomes one of a single worker. They end, and from then on one job runs at a time.
#[test]
fn workers_that_are_too_many_end_their_jobs_and_take_no_others() {
    must_end("a job does not run, or a worker does not leave", || {
        let pool = pool(3, 100);
        let held = [(); 3].map(|()| Held::new(&pool, &Terms::default(), |_| ()));
        for size in [0, 3, 1] {
            pool.resize(size).expect("no thread is needed");
            let metrics = pool.metrics();
            assert_eq!(
                (metrics.running, metrics.workers),
                (3, 3),
                "(jobs that run, workers), of three that nobody has left: the pool had to become one of {size}"
            );
        }
        let running = Arc::new(AtomicUsize::new(0));
        let handles: Vec<_> = (0..50)
            .map(|_| {
                let running = Arc::clone(&running);
                accepted(pool.submit(move |_: &Worker| {
                    let others = running.fetch_add(1, Relaxed);
                    std::thread::yield_now();
                    running.fetch_sub(1, Relaxed);
                    others
                }))
            })
            .collect();
        held.into_iter().for_each(Held::end);
        for handle in handles {
            assert_eq!(
                handle.join().expect("no panic"),
                0,
                "other jobs that run beside one, in a pool that has been made one of a single worker: those that are \
                 too many take no more"
            );
        }
        closed(&pool, 53, 0, 0);
    });
}

/// A worker has twenty jobs in its queue when it becomes one too many. It ends the job that it runs, and the
/// twenty wait for others, as normal ones, in a shared queue with room for two: while they are more, there is no
/// room, for those that sleep either.
#[test]
fn a_worker_that_is_too_many_takes_no_more_of_its_own() {
    must_end("a worker that is too many does not leave", || {
        let pool = pool(1, 2);
        let log = Log::default();
        let names: Vec<_> = (0..20).map(|n| format!("own {n}")).collect();
        let own: Vec<_> = names.iter().map(|name| log.job(name)).collect();
        let submit = |worker: &Worker| {
            own.into_iter()
                .for_each(|job| drop(accepted(worker.submit(job))))
        };
        let held = Held::new(&pool, &Terms::default(), submit);
        let mut jobs = Vec::new();
        for priority in [Priority::Low, Priority::Normal] {
            let (name, wait) = (format!("{priority:?}"), Wait::Never);
            let terms = Terms {
                priority,
                wait,
                context: None,
            };
            drop(accepted(pool.submit_with(&terms, log.job(&name))));
            jobs.push((priority, name));
        }
        jobs.extend(names.into_iter().map(|name| (Priority::Normal, name)));
        pool.resize(0).expect("no thread is needed");
        held.end();
        wait_until("a worker that is too many has not left", || {
            pool.metrics().workers == 0
        });
        let metrics = pool.metrics();
        assert_eq!(
            (metrics.completed, metrics.queued),
            (1, 22),
            "jobs (completed, queued)"
        );
        thread::scope(|s| {
            // Whether it sleeps by now or not, it is refused.
            let sleeps = s.spawn(|| refused(pool.submit(|_: &Worker| ())).1);
            let_others_run();
            for waiting in (12..=22).rev() {
                let answer = pool.try_submit(|_: &Worker| ()).map(drop);
                assert_eq!(
                    answer.map_err(|refused| refused.reason),
                    Err(Reason::Full),
                    "there is room for two jobs, and {waiting} wait"
                );
                assert!(pool.help(), "{waiting} jobs wait, and `help` found none");
                assert_eq!(
                    pool.metrics().queued,
                    waiting - 1,
                    "jobs that wait: one of {waiting} was taken, and there is room for two"
                );
            }
            pool.shutdown();
            assert_eq!(sleeps.join().expect("no panic"), Reason::Closed);
        });
        assert_eq!(
            log.all(),
            by_the_rule(&jobs),
            "the order of the jobs (left), and the one by the rule, with 20 normal ones from a worker"
        );
        closed(&pool, 23, 0, 0);
    });
}

/// The system has one more thread. The pool becomes as large as it can, and works.
#[test]
fn a_thread_that_cannot_be_had_is_no_worker() {
    must_end("a job waits for a thread that could not be had", || {
        let pool = pool(1, 4);
        assert!(
            refuse_after(1, || pool.resize(4)).is_err(),
            "one thread of three could be had"
        );
        assert_eq!(
            (pool.size(), pool.metrics().workers),
            (2, 2),
            "(size, workers) of a pool of one that was to become one of four, and got one thread more"
        );
        runs_at_once(&pool, 2);
        assert!(
            refuse_after(1, || Pool::new(2, 1)).is_err(),
            "one thread of two could be had"
        );
        for granted in 0..2 {
            // If it has asked again, there are two workers.
            if let Ok(pool) = refuse_only(granted, || Pool::new(2, 2)) {
                runs_at_once(&pool, 2);
            }
        }
    });
}

/// A hundred jobs wait. All of them run before the shutdown returns, though no worker is there, and later
/// ones come back.
#[test]
fn a_shutdown_runs_what_waits() {
    // WP-03, WP-09, WP-10
    for workers in [0, 2] {
        must_end("`shutdown` does not return", move || {
            let pool = pool(workers, 100);
            let log = Log::default();
            for n in 0..100 {
                drop(accepted(pool.submit(log.job(n.to_string()))));
            }
            pool.shutdown();
            assert_eq!(
                log.all().len(),
                100,
                "jobs that have run by the end of the shutdown"
            );
            let (_, reason) = refused(pool.submit(|_: &Worker| 7));
            assert_eq!(reason, Reason::Closed);
            pool.shutdown();
            assert_eq!(
                pool.shutdown_now(),
                0,
                "jobs that a second shutdown has cancelled"
            );
            closed(&pool, 100, 0, 0);
            assert_eq!(pool.metrics().workers, 0);
        });
    }
}

/// A job runs, with ten in its worker's queue and ten more in the shared one, when all ends at once: it ends,
/// and none of the others ever begins. They are cancelled while it runs still, and what those ten of the worker
/// own asks the pool for its numbers when it is dropped: no lock is held then.
#[test]
fn the_end_cancels_what_waits_everywhere() {
    // WP-07, WP-14
    must_end(
        "`shutdown_now` does not return, or a handle does not get its result",
        || {
            let pool = Arc::new(pool(1, 10));
            let log = Log::default();
            let own: Vec<_> = (0..10)
                .map(|n| (Asks(Arc::clone(&pool)), log.job(format!("own {n}"))))
                .collect();
            let submit = |worker: &Worker| {
                for (asks, job) in own {
                    let job = move |worker: &Worker| {
                        drop(asks);
                        job(worker);
                    };
                    drop(accepted(worker.submit(job)));
                }
            };
            let held = Held::new(&pool, &Terms::default(), submit);
            let shared: Vec<_> = (0..10)
                .map(|n| accepted(pool.submit(log.job(format!("shared {n}")))))
                .collect();
            let outside = Arc::clone(&pool);
            let ends = thread::spawn(move || outside.shutdown_now());
            wait_until(
                "a job runs, and `shutdown_now` has not cancelled those that wait",
                || shared.iter().all(Handle::is_finished),
            );
            // That one gives up in time, too.
            assert!(
                !held.has_ended(),
                "a job ran to its end before `shutdown_now` had cancelled those that wait"
            );
            for handle in shared {
                let result = handle.join();
                assert!(
                    matches!(result, Err(JobError::Cancelled)),
                    "a job waited: {result:?}"
                );
            }
            assert!(
                !ends.is_finished(),
                "a job runs, and `shutdown_now` has returned"
            );
            held.end();
            assert_eq!(
                ends.join().expect("no panic"),
                20,
                "jobs that `shutdown_now` has cancelled: ten waited in the shared queue, and ten in a worker's"
            );
            assert_eq!(log.all(), [""; 0], "what has run of the jobs that waited");
            assert_eq!(
                pool.shutdown_now(),
                0,
                "jobs that a second `shutdown_now` has cancelled itself"
            );
            closed(&pool, 1, 0, 20);
        },
    );
}

/// A graceful shutdown runs a job that waited, on its own thread, while the worker runs another and a third
/// waits. The end at once cuts that short: it cancels the third, and waits for the two that run.
#[test]
fn a_shutdown_can_be_cut_short() {
    must_end("`shutdown` or `shutdown_now` does not return", || {
        let pool = Arc::new(pool(1, 10));
        let held = Held::new(&pool, &Terms::default(), |_| ());
        let (second, begun) = Held::waiting(&pool, &Terms::default(), |_| ());
        let log = Log::default();
        let third = accepted(pool.submit(log.job("third")));
        let outside = Arc::clone(&pool);
        let shutdown = thread::spawn(move || outside.shutdown());
        wait_until("a job waits, and `shutdown` does not run it", || {
            begun.load(Relaxed)
        });
        let (_, reason) = refused(pool.try_submit(|_: &Worker| ()));
        assert_eq!(
            reason,
            Reason::Closed,
            "the pool is shut down, and runs what waits"
        );
        assert!(
            !shutdown.is_finished(),
            "a job runs, and `shutdown` has returned"
        );
        let outside = Arc::clone(&pool);
        let now = thread::spawn(move || outside.shutdown_now());
        wait_until(
            "`shutdown_now` came after `shutdown`, and has not cancelled what waits",
            || third.is_finished(),
        );
        assert!(
            !second.has_ended() && !held.has_ended() && !now.is_finished(),
            "two jobs ran, and `shutdown_now` has not cancelled the third before they ended, or has returned"
        );
        second.end();
        held.end();
        shutdown.join().expect("no panic");
        assert_eq!(
            now.join().expect("no panic"),
            1,
            "jobs that `shutdown_now` has cancelled"
        );
        let result = third.join();
        assert!(
            matches!(result, Err(JobError::Cancelled)),
            "the third job waited: {result:?}"
        );
        assert_eq!(log.all(), [""; 0], "what has run of the jobs that waited");
        closed(&pool, 2, 0, 1);
    });
}

/// A job that runs while the pool is shut down, in either way, cannot submit others: they come back to it.
#[test]
fn a_job_of_a_job_comes_back_after_a_shutdown() {
    for graceful in [true, false] {
        must_end("a shutdown does not return", move || {
            let pool = Arc::new(pool(1, 1));
            let inside = Arc::clone(&pool);
            let job = move |worker: &Worker| {
                let outside = Cell::new(0);
                wait_until("the pool still takes jobs after a shutdown", || {
                    let reason = inside.try_submit(|_: &Worker| ()).err().map(|it| it.reason);
                    outside.set(outside.get() + u64::from(reason.is_some()));
                    reason == Some(Reason::Closed)
                });
                drop(inside);
                let answer = worker.submit(|_: &Worker| ()).err();
                (answer.map(|refused| refused.reason), outside.get())
            };
            let terms = Terms {
                priority: Priority::High,
                ..Terms::default()
            };
            let handle = accepted(pool.submit_with(&terms, job));
            wait_until("a job has not begun, and there is a worker", || {
                pool.metrics().running == 1
            });
            if graceful {
                pool.shutdown()
            } else {
                let _ = pool.shutdown_now();
            }
            let (answer, outside) = handle.join().expect("no panic");
            assert_eq!(answer, Some(Reason::Closed), "the answer to the job");
            assert_eq!(
                pool.metrics().rejected,
                outside + 1,
                "submissions that were refused: {outside} through the pool, and one through the job's worker"
            );
        });
    }
}

/// A value whose drop panics.
struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        staged_panic("a drop's");
    }
}

/// Jobs panic, and results, payloads and closures whose drops panic are dropped. The workers go on, all of
/// them.
#[test]
fn panics_stay_in_their_jobs() {
    // WP-13
    must_end("a job waits for a worker that is gone", || {
        let pool = pool(2, 8);
        for n in 0..20 {
            let job = move |_: &Worker| -> () { resume_unwind(Box::new(format!("job {n}"))) };
            let Err(JobError::Panicked(payload)) = accepted(pool.submit(job)).join() else {
                panic!("job {n} has panicked, and its handle says something else");
            };
            assert_eq!(message_of(&*payload), format!("job {n}"), "the payload");
            let result = accepted(pool.submit(|_: &Worker| Explosive));
            let payload =
                accepted(pool.submit(|_: &Worker| -> () { resume_unwind(Box::new(Explosive)) }));
            // Where a job has ended already, its handle may be the last owner, and the panic comes here.
            staged_panic_of(|| drop(result));
            staged_panic_of(|| drop(payload));
        }
        runs_at_once(&pool, 2);
        let held = Held::new(&pool, &Terms::default(), |_| ());
        let second = Held::new(&pool, &Terms::default(), |_| ());
        let explosive = Explosive;
        drop(accepted(pool.submit(move |_: &Worker| drop(explosive))));
        thread::scope(|s| {
            let end = s.spawn(|| pool.shutdown_now());
            wait_until("`shutdown_now` has not cancelled a job that waits", || {
                pool.metrics().cancelled == 1
            });
            held.end();
            second.end();
            end.join().expect("`shutdown_now` does not panic");
        });
        let metrics = pool.metrics();
        assert_eq!(metrics.panicked, 40, "jobs that have panicked");
        assert!(metrics.add_up(), "the accounts do not close: {metrics}");
    });
}

/// Eight producers, a pool that is resized at random, jobs that panic, are cancelled and submit others, and a
/// shutdown under their hands: all accounts close.
#[test]
fn soaked_for_a_while_all_accounts_close() {
    must_end("a producer waits for the pool, which has jobs", || {
        for seed in 0..6 {
            if let Err(error) = soak_round(7919 * seed, 200) {
                panic!("{error}");
            }
        }
    });
}
