//! Models: each explores the interleavings of main, a worker or two, and whatever waits for the context.
//! IDs such as WP-07 are explained in exercises/GO.md; WP-07 to WP-12 are bugs of a pool that people use.
//!
//! Four threads are explored to a bound of one preemption, three to a bound of two, or of one where more does
//! not matter.

use crate::cancellation::{CancelOnDrop, Context};
use crate::sync::Arc;
use crate::sync::thread::{refuse_after, scope};
use crate::{Pool, Rejected};
use harness::Model;
use harness::testing::{
    Flag, Gate, Slot, both, has_locked, has_waited, has_waited_for_a_lock, let_others_sleep,
    must_sleep, must_sleep_again, spawn, staged_panic,
};
use std::sync::Arc as Plain;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A pool below a context that is never done, whose threads can be had.
fn new<J: Send + 'static>(
    workers: usize,
    capacity: usize,
    work: impl Fn(J) + Send + Sync + 'static,
) -> Pool<J> {
    Pool::new(&Context::background(), workers, capacity, work).expect("there are threads")
}

/// What a job of [`Held`] does: it says that it has begun, and ends when it may.
struct Held {
    begun: Gate,
    may_end: Gate,
    /// The number of the last job that has run to its end.
    last: Slot,
}

impl Held {
    fn new() -> Plain<Self> {
        Plain::new(Self {
            begun: Gate::shut("begun"),
            may_end: Gate::shut("may_end"),
            last: Slot::empty("last"),
        })
    }

    fn run(&self, job: u32) {
        self.begun.open();
        self.may_end.pass();
        self.last.write(job);
    }

    /// A pool with one worker, which is in job 1, and these jobs in its queue, which has room for one.
    fn pool<const N: usize>(self: &Plain<Self>, queued: [u32; N]) -> (Pool<u32>, CancelOnDrop) {
        let (context, guard) = Context::background().with_cancel();
        let of_jobs = Plain::clone(self);
        let pool = Pool::new(&context, 1, 1, move |job| of_jobs.run(job));
        let pool = pool.expect("there are threads");
        assert_eq!(pool.submit(1), Ok(()), "job 1, and the pool is open");
        self.begun.pass();
        for job in queued {
            assert_eq!(pool.submit(job), Ok(()), "job {job}, and the pool is open");
        }
        (pool, guard)
    }
}

/// Explores all interleavings with fewer preemptions, and some with so many.
fn explore(preemptions: usize, program: impl Fn() + Send + Sync + 'static) {
    Model::new().loose_bound(preemptions).check(program);
}

/// Two jobs are queued when main drains. Both were accepted, so both run; `drain` returns after them, what
/// they wrote is there, and `work` is dropped.
#[test]
fn drain_returns_when_all_jobs_have_run() {
    // WP-03, WP-11
    explore(2, || {
        let sum = Plain::new(Slot::empty("sum"));
        let of_jobs = Plain::clone(&sum);
        let pool = new(1, 2, move |n: u32| of_jobs.write(of_jobs.read() + n));
        assert_eq!(pool.submit(1), Ok(()), "the pool is open");
        assert_eq!(pool.submit(2), Ok(()), "the pool is open");
        assert_eq!(
            pool.drain(),
            [],
            "what `drain` hands back, and nobody stops the pool"
        );
        assert_eq!(
            sum.read(),
            3,
            "the sum of the jobs that have run: `drain` returns after jobs 1 and 2"
        );
        assert_eq!(
            Plain::strong_count(&sum),
            1,
            "owners of what `work` owns: when `drain` has returned, `work` is dropped"
        );
    });
}

/// `work` owns a value whose drop writes to plain memory. Either shutdown returns after that.
#[test]
fn work_is_dropped_when_a_shutdown_returns() {
    struct WritesAtDrop(Plain<Slot>);
    impl Drop for WritesAtDrop {
        fn drop(&mut self) {
            self.0.write(1);
        }
    }
    for drains in [true, false] {
        explore(2, move || {
            let dropped = Plain::new(Slot::empty("dropped"));
            let owned = WritesAtDrop(Plain::clone(&dropped));
            let pool = new(1, 1, move |_: u32| {
                let _ = &owned;
            });
            let back = if drains { pool.drain() } else { pool.stop() };
            assert_eq!(back, [], "there was no job");
            assert_eq!(
                dropped.read(),
                1,
                "1 if `work` is dropped when the shutdown (a drain: {drains}) has returned"
            );
        });
    }
}

/// One job runs and one is queued when main stops. The first is finished and the second does not begin: it is
/// handed back. `stop` returns after the first.
#[test]
fn stop_hands_back_what_has_not_begun() {
    // WP-11, WP-14
    explore(1, || {
        let held = Held::new();
        let (pool, _guard) = held.pool([2]);
        let (back, ()) = both(|| pool.stop(), || held.may_end.open());
        assert!(
            back == [2] || back.is_empty() && held.last.read() == 2,
            "job 2 is handed back, or it has run: back came {back:?}"
        );
        assert_ne!(
            held.last.read(),
            0,
            "`stop` returned before job 1 had ended"
        );
    });
}

/// Job 1 runs and job 2 is queued when a thread stops the pool. Another one submits: it gets its job back at once,
/// while job 1 still runs, and then lets job 1 end. Job 2 must not begin.
#[test]
fn no_job_begins_after_the_stop() {
    // WP-07
    explore(1, || {
        let held = Held::new();
        let (pool, _guard) = held.pool([2]);
        let stop = || {
            let back = pool.stop();
            assert_eq!(
                back,
                [2],
                "what `stop` hands back: job 2, which had not begun"
            );
        };
        let refused = || {
            // Nobody makes room, so this returns when the pool is shut down.
            assert_eq!(
                pool.submit(3),
                Err(Rejected(3)),
                "a job when the pool stops"
            );
            held.may_end.open();
        };
        both(stop, refused);
        assert_eq!(
            held.last.read(),
            1,
            "the last job that has run: job 2 must not begin after the stop"
        );
    });
}

/// Job 1 runs and job 2 is queued when the context is cancelled. Then job 1 ends. Job 2 must not begin,
/// whether anybody had told the worker or not: it comes back from the drain that follows.
#[test]
fn no_job_begins_after_cancel() {
    // WP-07
    explore(2, || {
        let held = Held::new();
        let (pool, guard) = held.pool([2]);
        guard.cancel();
        held.may_end.open();
        let back = pool.drain();
        assert_eq!(
            held.last.read(),
            1,
            "the last job that has run: job 2 must not begin after the cancel"
        );
        assert_eq!(
            back,
            [2],
            "what `drain` hands back: job 2, which has not run, and nobody else has taken"
        );
    });
}

/// The worker sleeps, or has not begun, when a job is submitted, the context cancelled, and another job refused, all of which has
/// been done before the worker can look. What it knew before it slept is old: when it wakes it must ask the context, and not
/// begin the job.
///
/// No preemptions.
#[test]
fn a_worker_that_wakes_asks_the_context() {
    // WP-07
    Model::new().preemption_bound(0).check(|| {
        let ran = Plain::new(Flag::lowered("ran"));
        let of_jobs = Plain::clone(&ran);
        let (context, guard) = Context::background().with_cancel();
        let pool = Pool::new(&context, 1, 1, move |_: u32| of_jobs.raise());
        let pool = pool.expect("there are threads");
        let runs_on = || !has_waited() && !has_waited_for_a_lock();
        // The lock brings the cancel to whoever has it afterwards. If this takes none, the worker may see it later.
        let refused = || {
            let in_time = !ran.is_raised();
            assert_eq!(
                pool.submit(2),
                Err(Rejected(2)),
                "a job after the cancel"
            );
            in_time && has_locked() && runs_on()
        };
        let cancelled = || {
            assert_eq!(pool.submit(1), Ok(()), "job 1, and the pool is open");
            guard.cancel();
            runs_on() && both(|| (), refused).1
        };
        let ((), before_the_look) = both(|| (), cancelled);
        let back = pool.drain();
        if before_the_look {
            assert_eq!(
                (ran.is_raised(), &*back),
                (false, &[1][..]),
                "(whether job 1 has run, what `drain` hands back): the context was cancelled before the worker could \
                 look, so it must not begin the job"
            );
        }
    });
}

/// The queue is full, and a thread sleeps in `submit`, or is about to, when the context is cancelled. The cancel must
/// wake it, and it gets its job back, though no room is made.
#[test]
fn cancel_wakes_a_submit_that_waits_for_room() {
    // WP-08
    explore(1, || {
        let held = Held::new();
        let (pool, guard) = held.pool([2]);
        let (outcome, ()) = both(|| pool.submit(3), || guard.cancel());
        held.may_end.open();
        assert_eq!(
            outcome,
            Err(Rejected(3)),
            "what `submit` returns after the cancel: there was no room for job 3, and none is made"
        );
        assert_eq!(
            pool.stop(),
            [2],
            "what `stop` hands back: job 2, which was queued at the cancel"
        );
    });
}

/// The queue is full, and a thread sleeps in `submit`, or is about to, when another one drains. The drain itself must
/// wake it, before there is room: it gets its job back, and the jobs that were accepted run.
#[test]
fn drain_wakes_a_submit_that_waits_for_room() {
    // WP-09
    explore(1, || {
        let held = Held::new();
        let (pool, _guard) = held.pool([2]);
        let submit = || {
            let outcome = pool.submit(3);
            held.may_end.open();
            outcome
        };
        let (outcome, back) = both(submit, || pool.drain());
        assert_eq!(
            outcome,
            Err(Rejected(3)),
            "what `submit` returns: there was no room for job 3 before the drain, and afterwards none is accepted"
        );
        assert_eq!(
            back,
            [],
            "what `drain` hands back, and nobody stops the pool"
        );
        assert_eq!(
            held.last.read(),
            2,
            "the last job that has run: job 2 was accepted before the drain"
        );
    });
}

/// The queue is full, and a thread sleeps in `submit`, or is about to, when another one drains and the worker
/// goes on. Room that comes after the shutdown is no room: the job has got in before and runs, or comes back.
#[test]
fn room_after_the_shutdown_is_no_room() {
    // WP-09
    explore(1, || {
        let held = Held::new();
        let (pool, _guard) = held.pool([2]);
        held.may_end.open();
        let (outcome, back) = both(|| pool.submit(3), || pool.drain());
        assert_eq!(
            back,
            [],
            "what `drain` hands back, and nobody stops the pool; `submit` returned {outcome:?}"
        );
        let last = if outcome.is_ok() { 3 } else { 2 };
        assert_eq!(
            held.last.read(),
            last,
            "the last job that has run, and `submit` returned {outcome:?}"
        );
    });
}

/// A submit and a drain at the same time. Either the job is accepted, and has run when both have returned,
/// or it is handed back.
#[test]
fn a_job_beside_a_shutdown_runs_or_comes_back() {
    // WP-02, WP-09
    explore(1, || {
        let ran = Plain::new(Slot::empty("ran"));
        let of_jobs = Plain::clone(&ran);
        let pool = new(1, 1, move |n: u32| of_jobs.write(n));
        let (outcome, back) = both(|| pool.submit(7), || pool.drain());
        assert_eq!(
            back,
            [],
            "what `drain` hands back, and nobody stops the pool"
        );
        let accepted = outcome.is_ok();
        assert_eq!(
            pool.drain(),
            [],
            "what `drain` hands back, and nobody stops the pool"
        );
        assert_eq!(
            ran.read(),
            if accepted { 7 } else { 0 },
            "the job that has run, and `submit` returned {outcome:?}"
        );
    });
}

/// A pool without jobs is drained, stopped, or its context is cancelled. As soon as that has returned, `submit` hands a job
/// back, and does not panic, whether anybody has told the pool of the cancel or not.
#[test]
fn a_job_after_the_shutdown_comes_back() {
    // WP-09
    for way in ["drain", "stop", "cancel"] {
        explore(2, move || {
            let (context, guard) = Context::background().with_cancel();
            let pool = Pool::new(&context, 1, 1, |_: u32| {}).expect("there are threads");
            match way {
                "drain" => drop(pool.drain()),
                "stop" => drop(pool.stop()),
                _ => guard.cancel(),
            }
            let outcome = pool.submit(7);
            assert_eq!(outcome, Err(Rejected(7)), "a job after the {way}");
        });
    }
}

/// Two threads drain. Both must sleep until the job has run, and both must wake.
#[test]
fn two_may_drain_at_the_same_time() {
    // WP-10, WP-11
    explore(1, || {
        let ran = Plain::new(Slot::empty("ran"));
        let of_jobs = Plain::clone(&ran);
        let pool = new(1, 1, move |n: u32| of_jobs.write(n));
        assert_eq!(pool.submit(7), Ok(()), "the pool is open");
        let drain = || {
            let back = pool.drain();
            assert_eq!(
                ran.read(),
                7,
                "the job that has run: each `drain` returns after it"
            );
            back
        };
        assert_eq!(
            both(drain, drain),
            (vec![], vec![]),
            "what `drain` hands back, and nobody stops the pool"
        );
    });
}

/// A second call finds that the pool has ended, and returns at once, with nothing.
#[test]
fn a_second_shutdown_is_harmless() {
    // WP-10
    explore(2, || {
        let pool = new(1, 1, |_: u32| {});
        for time in ["first", "second"] {
            assert_eq!(pool.stop(), [], "the {time} `stop`");
            assert_eq!(pool.drain(), [], "the {time} `drain`");
        }
    });
}

/// One thread drains and another stops while a job runs and one is queued. It runs, or one of the two gets
/// it, and never both.
#[test]
fn a_queued_job_comes_back_once() {
    // WP-02, WP-10
    explore(1, || {
        let held = Held::new();
        let (pool, _guard) = held.pool([2]);
        held.may_end.open();
        let (drained, stopped) = both(|| pool.drain(), || pool.stop());
        let back = [drained, stopped].concat();
        let ran = held.last.read() == 2;
        assert!(
            back == [2] && !ran || back.is_empty() && ran,
            "job 2 has run: {ran}; and back came {back:?}"
        );
    });
}

/// Job 1 runs and job 2 is queued when a thread stops the pool. Another one submits, gets its job back at once, and
/// drains, while job 1 ends. The stop holds: job 2 does not run, and one of the two calls hands it back.
#[test]
fn a_drain_does_not_take_the_stop_back() {
    explore(1, || {
        let held = Held::new();
        let (pool, _guard) = held.pool([2]);
        let refused = || {
            assert_eq!(
                pool.submit(3),
                Err(Rejected(3)),
                "a job when the pool stops"
            );
            let (drained, ()) = both(|| pool.drain(), || held.may_end.open());
            drained
        };
        let (stopped, drained) = both(|| pool.stop(), refused);
        assert_eq!(
            [stopped, drained].concat(),
            [2],
            "what both calls hand back: job 2, which must not begin after the stop, though another drains"
        );
        assert_eq!(
            held.last.read(),
            1,
            "the last job that has run: job 2 must not begin after the stop"
        );
    });
}

/// One thread drains while a job runs, and the context is cancelled before that job ends. The drain becomes
/// a stop: the queued job is handed back.
#[test]
fn cancel_turns_a_drain_into_a_stop() {
    // WP-07
    explore(1, || {
        let held = Held::new();
        let (pool, guard) = held.pool([2]);
        let cancel = || {
            guard.cancel();
            held.may_end.open();
        };
        let (back, ()) = both(|| pool.drain(), cancel);
        assert_eq!(
            back,
            [2],
            "what `drain` hands back: job 2, which had not begun at the cancel"
        );
        assert_eq!(
            held.last.read(),
            1,
            "the last job that has run: job 2 must not begin after the cancel"
        );
    });
}

/// Nobody ever cancels the context. The pool has been drained and dropped, so what waits for the context must end, too:
/// the thread that the model calls asleep at the end is one that the pool has left there.
#[test]
fn nothing_waits_for_a_signal_that_does_not_come() {
    // WP-12
    explore(2, || {
        let pool = Pool::new(&Context::background(), 1, 1, |_: u32| {});
        let pool = pool.expect("there are threads");
        assert_eq!(pool.drain(), [], "there was no job");
    });
}

/// A pool below a context that is done has been shut down before it began.
#[test]
fn a_pool_below_a_context_that_is_done_is_stopped() {
    explore(2, || {
        let (context, guard) = Context::background().with_cancel();
        guard.cancel();
        let pool = Pool::new(&context, 1, 1, |_: u32| {}).expect("there are threads");
        assert_eq!(
            pool.submit(7),
            Err(Rejected(7)),
            "a job, and the context is done"
        );
        assert_eq!(pool.drain(), [], "nothing was accepted");
    });
}

/// A program that must not end: a job does not end, and somebody drains.
#[test]
fn drain_sleeps_while_a_job_runs() {
    // WP-11
    must_sleep("`drain`", "a job was running", || {
        let never = Gate::shut("never");
        let pool = new(1, 1, move |_: u32| never.pass());
        assert_eq!(pool.submit(1), Ok(()), "the pool is open");
        let back = pool.drain();
        panic!("`drain` returned {back:?}, and a job was running");
    });
}

/// A program that must not end: a job runs and does not end, and somebody stops the pool.
#[test]
fn stop_sleeps_while_a_job_runs() {
    // WP-11, WP-14
    must_sleep("`stop`", "a job was running", || {
        let held = Held::new();
        let (pool, _guard) = held.pool([]);
        let back = pool.stop();
        panic!("`stop` returned {back:?}, and a job was running");
    });
}

/// A program that must not end: the pool is open, a job runs, and the queue is full.
#[test]
fn submit_sleeps_while_the_queue_is_full() {
    // WP-05
    must_sleep("`submit`", "the queue was full", || {
        let held = Held::new();
        let (pool, _guard) = held.pool([2]);
        let outcome = pool.submit(3);
        panic!("`submit` returned {outcome:?}, and the queue was full");
    });
}

/// A program that must not end: there is no job and nobody shuts down. Neither main nor the pool may spin.
#[test]
fn an_open_pool_sleeps() {
    must_sleep("the pool", "nobody shut down", || {
        let gate = Plain::new(Gate::shut("never"));
        let _pool = new(1, 1, |_: u32| {});
        gate.pass();
    });
}

/// An idle worker wakes up three times for no reason, and then there is a job: it runs.
#[test]
fn an_idle_worker_may_wake_for_no_reason() {
    Model::new().one_order().spurious_wakeups(3).check(|| {
        let ran = Plain::new(AtomicUsize::new(0));
        let counts = Plain::clone(&ran);
        let pool = new(1, 1, move |n: usize| _ = counts.fetch_add(n, Relaxed));
        let_others_sleep(4);
        assert_eq!(pool.submit(1), Ok(()), "`submit`, and there is room");
        assert_eq!(pool.drain(), [], "what `drain` hands back");
        assert_eq!(
            ran.load(Relaxed),
            1,
            "runs of the job when `drain` returned"
        );
    });
}

/// The queue is full. `other` submits and main drains, or the other way round, and one of the threads that
/// sleep wakes for no reason, once or three times. In one order of the threads: main is asleep before the other thread begins.
fn a_spurious_wakeup(main_submits: bool, times: usize) {
    Model::new()
        .one_order()
        .spurious_wakeups(times)
        .check(move || {
            let held = Held::new();
            let (pool, _guard) = held.pool([2]);
            let drains = Flag::lowered("drains");
            let drain = || {
                if main_submits {
                    let_others_sleep(1 + times);
                }
                drains.raise();
                let back = pool.drain();
                assert_eq!(
                    held.last.read(),
                    2,
                    "the last job that has run: `drain` returns after job 2"
                );
                back
            };
            let submit = || {
                if !main_submits {
                    let_others_sleep(2 * (times - 1));
                }
                let outcome = pool.submit(3);
                assert!(
                    drains.is_raised(),
                    "`submit` returned {outcome:?}, the queue was full and nobody shut down"
                );
                held.may_end.open();
                outcome
            };
            let (outcome, back) = if main_submits {
                both(submit, drain)
            } else {
                let (back, outcome) = both(drain, submit);
                (outcome, back)
            };
            assert_eq!(
                outcome,
                Err(Rejected(3)),
                "what `submit` returns: there was no room before the drain, and afterwards no job is accepted"
            );
            assert_eq!(back, [], "what `drain` hands back, and nobody stops the pool");
        });
}

/// The queue is full, and the job that runs takes some steps.
fn sleeps_again(call: &'static str, sleeps: fn(&Pool<u32>)) {
    must_sleep_again(call, move |steps| {
        let pool = new(1, 1, move |job| {
            if job == 1 {
                steps();
            }
        });
        for job in 1..=2 {
            assert_eq!(pool.submit(job), Ok(()), "job {job}, and the pool is open");
        }
        sleeps(&pool);
    });
}

/// A thread that waits for room wakes for no reason. It must not put its job in, and not give up, but sleep again.
#[test]
fn a_spurious_wakeup_makes_no_room() {
    for times in [1, 3] {
        a_spurious_wakeup(true, times);
    }
    sleeps_again("`submit`", |pool| {
        assert_eq!(pool.submit(3), Ok(()), "job 3, and the pool is open");
    });
}

/// A thread that drains wakes for no reason. It must not return before the jobs have run, but sleep again. So must one that
/// stops, and a worker without a job.
#[test]
fn a_spurious_wakeup_ends_no_drain() {
    for times in [1, 3] {
        a_spurious_wakeup(false, times);
    }
    sleeps_again("`drain`", |pool| drop(pool.drain()));
    sleeps_again("`stop`", |pool| drop(pool.stop()));
    must_sleep_again("a worker without a job", |steps| {
        let pool = new(1, 1, |_: u32| ());
        steps();
        drop(pool);
    });
}

type Job = Box<dyn FnOnce() + Send>;

/// A pool whose jobs are closures, so that they can own the pool.
fn pool_of_closures(capacity: usize) -> Arc<Pool<Job>> {
    Arc::new(new(1, capacity, |job: Job| job()))
}

/// Submits a closure to a pool that is open.
#[track_caller]
fn submit(pool: &Pool<Job>, job: impl FnOnce() + Send + 'static) {
    let outcome = pool.submit(Box::new(job));
    assert!(
        outcome.is_ok(),
        "`submit` handed a job back, and the pool is open"
    );
}

/// A job stops its own pool, on the only worker, while another one is queued. It gets that one, and does
/// not wait for itself.
#[test]
fn a_job_may_stop_its_own_pool() {
    explore(2, || {
        let (queued, back) = (
            Plain::new(Gate::shut("queued")),
            Plain::new(Slot::empty("back")),
        );
        let pool = pool_of_closures(2);
        let (own, of_job) = (
            Arc::clone(&pool),
            (Plain::clone(&queued), Plain::clone(&back)),
        );
        submit(&pool, move || {
            of_job.0.pass();
            let jobs = own.stop();
            of_job.1.write(u32::try_from(jobs.len()).expect("1"));
        });
        submit(&pool, || panic!("a job began after the stop"));
        queued.open();
        let rest = pool.drain().len();
        assert_eq!(
            (back.read(), rest),
            (1, 0),
            "jobs that `stop` has handed to the job, and `drain` to main"
        );
    });
}

/// A job drains its own pool, on the only worker, while another one is queued. It does not wait; that one
/// runs.
#[test]
fn a_job_may_drain_its_own_pool() {
    explore(2, || {
        let (queued, ran) = (
            Plain::new(Gate::shut("queued")),
            Plain::new(Slot::empty("ran")),
        );
        let answers = Plain::new(["handed back", "accepted"].map(Slot::empty));
        let pool = pool_of_closures(2);
        let of_job = (Plain::clone(&queued), Plain::clone(&answers));
        let own = Arc::clone(&pool);
        // Main looks at the answers: the pool would drop what the job panics with.
        submit(&pool, move || {
            of_job.0.pass();
            of_job.1[0].write(u32::try_from(own.drain().len()).expect("1"));
            of_job.1[1].write(own.submit(Box::new(|| {})).is_ok().into());
        });
        let of_job = Plain::clone(&ran);
        submit(&pool, move || of_job.write(1));
        queued.open();
        assert_eq!(
            pool.drain().len(),
            0,
            "what `drain` hands back, and nobody stops the pool"
        );
        assert_eq!(ran.read(), 1, "1 if the queued job has run");
        assert_eq!(
            (answers[0].read(), answers[1].read()),
            (0, 0),
            "(jobs that `drain` has handed to the job, jobs that the pool has accepted from it afterwards)"
        );
    });
}

/// A job cancels its pool's context while another one is queued, and then drains. That is a stop, whether
/// anybody had told the pool or not: the job gets the queued one.
#[test]
fn a_job_may_cancel_and_then_drain_its_own_pool() {
    explore(1, || {
        let (queued, done) = (
            Plain::new(Gate::shut("queued")),
            Plain::new(Gate::shut("done")),
        );
        let back = Plain::new(Slot::empty("back"));
        let (context, guard) = Context::background().with_cancel();
        let pool = Pool::new(&context, 1, 2, |job: Job| job());
        let pool = Arc::new(pool.expect("there are threads"));
        let (own, of_job) = (
            Arc::clone(&pool),
            (
                Plain::clone(&queued),
                Plain::clone(&back),
                Plain::clone(&done),
            ),
        );
        submit(&pool, move || {
            of_job.0.pass();
            guard.cancel();
            let jobs = own.drain();
            of_job.1.write(u32::try_from(jobs.len()).expect("1"));
            of_job.2.open();
        });
        submit(&pool, || panic!("a job began after the cancel"));
        queued.open();
        // Only then: a drain that slept already might get the queued job.
        done.pass();
        let rest = pool.drain().len();
        assert_eq!(
            (back.read(), rest),
            (1, 0),
            "jobs that `drain` has handed to the job after its cancel, and to main afterwards"
        );
    });
}

/// A job has the last handle of its pool, and drops it, while another one is queued. That is a stop, which does not wait
/// for the job: the queued one is dropped, and does not run. Then every thread of the pool ends, though nobody cancels
/// the context.
#[test]
fn a_job_may_drop_its_own_pool() {
    struct OpensAtDrop(Plain<Gate>);
    impl Drop for OpensAtDrop {
        fn drop(&mut self) {
            self.0.open();
        }
    }
    explore(2, || {
        let (queued, gone) = (
            Plain::new(Gate::shut("queued")),
            Plain::new(Gate::shut("gone")),
        );
        let ran = Plain::new(Flag::lowered("ran"));
        let pool = pool_of_closures(2);
        let (own, of_job) = (Arc::clone(&pool), Plain::clone(&queued));
        submit(&pool, move || {
            of_job.pass();
            drop(own);
        });
        let (of_job, opens) = (Plain::clone(&ran), OpensAtDrop(Plain::clone(&gone)));
        submit(&pool, move || {
            let _opens = opens;
            of_job.raise();
        });
        drop(pool);
        queued.open();
        gone.pass();
        assert!(
            !ran.is_raised(),
            "the queued job has run, and the pool was dropped before"
        );
    });
}

/// A job of one pool drains another pool, of which it is no job. So the `drain` must sleep until that one's job has run, and
/// the job sees what that one wrote.
#[test]
fn a_job_waits_for_another_pool() {
    explore(1, || {
        // The flag orders nothing, and says whether the slot may be read.
        let ran = Plain::new((Flag::lowered("ran"), Slot::empty("wrote")));
        let seen = Plain::new(Slot::empty("seen"));
        let (of_job, by_job) = (Plain::clone(&ran), Plain::clone(&seen));
        let other = new(1, 1, move |n: u32| {
            of_job.1.write(n);
            of_job.0.raise();
        });
        assert_eq!(other.submit(7), Ok(()), "the pool is open");
        let pool = pool_of_closures(1);
        submit(&pool, move || {
            let back = other.drain();
            assert_eq!(
                back,
                [],
                "what `drain` hands back, and nobody stops the pool"
            );
            by_job.write(if ran.0.is_raised() { ran.1.read() } else { 0 });
        });
        assert_eq!(
            pool.drain().len(),
            0,
            "what `drain` hands back, and nobody stops the pool"
        );
        assert_eq!(
            seen.read(),
            7,
            "what the other pool's job had written, which is 7, when the `drain` of that pool returned in a job of this one"
        );
    });
}

/// A job runs when the pool is dropped. The drop sleeps until the job has ended.
#[test]
fn dropping_the_pool_waits_for_the_running_job() {
    explore(1, || {
        let held = Held::new();
        let (pool, _guard) = held.pool([]);
        let ((), ()) = both(move || drop(pool), || held.may_end.open());
        assert_eq!(
            held.last.read(),
            1,
            "the last job that has run: the drop returns after job 1"
        );
    });
}

/// A job panics, on the only worker. The next one runs, and the pool can be drained.
#[test]
fn a_panic_ends_the_job_and_not_the_worker() {
    explore(2, || {
        let ran = Plain::new(Slot::empty("ran"));
        let of_jobs = Plain::clone(&ran);
        let pool = new(1, 2, move |n: u32| match n {
            1 => staged_panic("job 1's"),
            n => of_jobs.write(n),
        });
        assert_eq!(pool.submit(1), Ok(()), "the pool is open");
        assert_eq!(pool.submit(2), Ok(()), "the pool is open");
        assert_eq!(
            pool.drain(),
            [],
            "what `drain` hands back, and nobody stops the pool"
        );
        assert_eq!(ran.read(), 2, "the job that has run after the panic");
    });
}

/// The queue is full, and two threads wait for room. Then the worker goes on, and may take two jobs before
/// one of them has awoken: both must get in.
#[test]
fn every_submit_that_waits_finds_room() {
    // WP-05
    explore(1, || {
        let begun = Plain::new(Gate::shut("begun"));
        let of_jobs = Plain::clone(&begun);
        let pool = new(1, 2, move |n: u32| {
            if n == 1 {
                of_jobs.open();
                let_others_sleep(5);
            }
        });
        assert_eq!(pool.submit(1), Ok(()), "job 1, and the pool is open");
        begun.pass();
        for n in [2, 3] {
            assert_eq!(pool.submit(n), Ok(()), "job {n}, and the pool is open");
        }
        let outcomes = both(|| pool.submit(4), || pool.submit(5));
        assert_eq!(
            outcomes,
            (Ok(()), Ok(())),
            "jobs 4 and 5, and nobody shuts down"
        );
        assert_eq!(
            pool.drain(),
            [],
            "what `drain` hands back, and nobody stops the pool"
        );
    });
}

/// Two workers sleep, and two jobs come, one right after the other, the first of which waits for the second. Each
/// of them must wake a worker; main shuts down when both have met.
#[test]
fn each_of_two_jobs_wakes_a_worker() {
    // WP-01
    // Workers may let others run once before they sleep.
    for yields in [1, 2] {
        Model::new().one_order().check(move || {
            let met = Plain::new(Gate::shut("met"));
            let of_jobs = Plain::clone(&met);
            let pool = new(2, 2, move |n: u32| match n {
                1 => of_jobs.pass(),
                _ => of_jobs.open(),
            });
            let_others_sleep(yields);
            for n in [1, 2] {
                assert_eq!(pool.submit(n), Ok(()), "job {n}, and the pool is open");
            }
            met.pass();
        });
    }
}

/// Two workers sleep, or are about to, and the pool is drained. Both must wake, or the drain would never end.
#[test]
fn every_worker_learns_of_the_shutdown() {
    explore(1, || {
        let pool = new(2, 1, |_: u32| {});
        let_others_sleep(1);
        assert_eq!(pool.drain(), [], "there was no job");
    });
}

/// The queue is full, and three threads wait for room, when a job stops its pool. All three get their jobs
/// back. With five threads only one order of them is explored.
#[test]
fn every_submit_that_waits_learns_of_the_shutdown() {
    // WP-08
    Model::new().one_order().check(|| {
        let begun = Plain::new(Gate::shut("begun"));
        let pool = pool_of_closures(1);
        let (own, of_job) = (Arc::clone(&pool), Plain::clone(&begun));
        submit(&pool, move || {
            of_job.open();
            let_others_sleep(5);
            drop(own.stop());
        });
        begun.pass();
        submit(&pool, || {});
        let is_refused = || pool.submit(Box::new(|| {})).is_err();
        let refused = scope(|s| {
            let others = ["one", "another"].map(|name| spawn(s, name, is_refused));
            let main = is_refused();
            main && others
                .into_iter()
                .all(|other| other.join().expect("no panic"))
        });
        assert!(refused, "a job for which there was no room was accepted");
    });
}

/// A thread cannot be had. `new` says so; those that were there have ended and own nothing any more, and nothing of
/// the pool is left in the context above it.
#[test]
fn without_all_threads_there_is_no_pool() {
    explore(2, || {
        for granted in [0, 1] {
            let owned = Plain::new(Slot::empty("owned"));
            let of_work = Plain::clone(&owned);
            let refused = refuse_after(granted, || {
                let work = move |n| of_work.write(n);
                Pool::new(&Context::background(), 2, 1, work).map(|_| ())
            });
            assert!(
                refused.is_err(),
                "only {granted} threads could be had, and `new` returned a pool of 2"
            );
            assert_eq!(
                Plain::strong_count(&owned),
                1,
                "owners of what `work` owns: `new` returns an error when the threads that it had started have ended"
            );
        }
    });
}
