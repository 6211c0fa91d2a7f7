//! Models: each explores every interleaving of main, which submits and joins, and a pool of one thread or
//! two. IDs such as WP-13 name behaviours of Go's worker pools.

use crate::sync::{self, thread::refuse_after};
use crate::{Handle, Pool};
use harness::leaks::{Tracked, track};
use harness::testing::{
    Flag, Gate, Slot, let_others_sleep, message_of, must_sleep, must_sleep_again, payload_of,
};
use harness::{Model, model};
use std::panic::resume_unwind;
use std::sync::Arc;

/// A pool, for which there are threads.
#[track_caller]
fn pool(threads: usize) -> Pool {
    Pool::new(threads).expect("there are threads")
}

/// Explores at most four preemptions: two jobs in succession, each with a handle, are some 40,000
/// interleavings of the reference.
fn few_preemptions(program: impl Fn() + Send + Sync + 'static) {
    Model::new().preemption_bound(4).check(program);
}

/// The value of a job that must not panic.
#[track_caller]
fn value<T>(handle: Handle<T>) -> T {
    handle.join().unwrap_or_else(|payload| {
        let message = message_of(&*payload);
        panic!("`join` should return a value, and returned the payload of a panic: {message}")
    })
}

/// What the jobs panic with, and whose it is.
struct Thrown(&'static str);

fn throw(whose: &'static str) -> ! {
    resume_unwind(Box::new(Thrown(whose)))
}

/// Runs two jobs that wait for each other, on two threads at the same time.
#[track_caller]
fn meet(pool: &Pool) {
    let (left, right) = (Arc::new(Gate::shut("left")), Arc::new(Gate::shut("right")));
    let job = |opens: &Arc<Gate>, passes: &Arc<Gate>| {
        let (opens, passes) = (Arc::clone(opens), Arc::clone(passes));
        pool.submit(move || {
            opens.open();
            passes.pass();
        })
    };
    for handle in [job(&left, &right), job(&right, &left)] {
        value(handle);
    }
}

/// Whose panic the job has ended with, if any.
#[track_caller]
fn whose<T>(handle: Handle<T>) -> Option<&'static str> {
    let payload = handle.join().err()?;
    let Some(thrown) = payload.downcast_ref::<Thrown>() else {
        let other = message_of(&*payload);
        panic!(
            "`join` should return what the job has panicked with, and returned something else: {other:?}"
        );
    };
    Some(thrown.0)
}

/// Drops the handle of a job, and requires that no panic comes out of it.
#[track_caller]
fn drop_quietly<T>(handle: Handle<T>) {
    let panic = payload_of(|| drop(handle));
    assert!(
        panic.is_none(),
        "a panic came out of the drop of a handle, which should keep it in"
    );
}

/// Panics when it is dropped, and 7 is the payload.
struct Explosive {
    _once: Tracked<()>,
    dropped: Arc<Flag>,
}

impl Explosive {
    fn new(dropped: &Arc<Flag>) -> Self {
        Self {
            _once: track(()),
            dropped: Arc::clone(dropped),
        }
    }
}

impl Drop for Explosive {
    fn drop(&mut self) {
        self.dropped.raise();
        resume_unwind(Box::new(7));
    }
}

/// A job returns a value while main joins it, and perhaps sleeps there. The end of the job must wake main, which gets
/// the value.
#[test]
fn join_gives_the_value() {
    model(|| {
        assert_eq!(value(pool(1).submit(|| 7)), 7, "what the job returned");
    });
}

/// Main submits a job that panics, drops the pool, and joins. A job that is queued when the pool is dropped still runs,
/// and a panic is an end like any other: if main sleeps, the job must wake it, and main gets the payload.
#[test]
fn join_gives_the_payload_of_a_panic() {
    // WP-13, as it is in Rust
    model(|| {
        let handle = pool(1).submit(|| -> u32 { throw("the job's") });
        assert_eq!(
            whose(handle),
            Some("the job's"),
            "whose panic `join` should return"
        );
    });
}

/// The only thread of a pool has a job that panics, and then another one. The panic must not end the thread: the
/// second job runs, and main gets the outcomes of both, whichever it joins first.
#[test]
fn the_thread_goes_on_after_a_panic() {
    // WP-13, as it is in Rust
    for joins_the_second_first in [false, true] {
        few_preemptions(move || {
            let pool = pool(1);
            let first = pool.submit(|| -> u32 { throw("the job's") });
            let second = pool.submit(|| 7);
            let (first, second) = if joins_the_second_first {
                let second = value(second);
                (whose(first), second)
            } else {
                (whose(first), value(second))
            };
            assert_eq!(first, Some("the job's"), "whose panic `join` should return");
            assert_eq!(second, 7, "what the job behind it returned");
        });
    }
}

/// A pool of two threads: one job panics, and then two jobs wait for each other. That takes two threads, so the panic
/// must not have cost one, no lock may be held while a job runs, and each job must wake a thread.
#[test]
fn the_pool_keeps_its_size() {
    // WP-13, as it is in Rust
    Model::new().loose_bound(2).check(|| {
        let pool = pool(2);
        let panics = pool.submit(|| -> u32 { throw("the job's") });
        meet(&pool);
        assert_eq!(
            whose(panics),
            Some("the job's"),
            "whose panic `join` should return"
        );
    });
}

/// Main writes, a job reads that and writes, and returns or panics; then main has joined it, and reads.
/// Nothing but the pool orders these.
#[test]
fn each_sees_what_the_other_wrote() {
    for panics in [false, true] {
        model(move || {
            let slot = Arc::new(Slot::empty("slot"));
            slot.write(1);
            let theirs = Arc::clone(&slot);
            let handle = pool(1).submit(move || {
                assert_eq!(theirs.read(), 1, "what main wrote before `submit`");
                theirs.write(2);
                if panics {
                    throw("the job's");
                }
            });
            let expected = panics.then_some("the job's");
            assert_eq!(whose(handle), expected, "whose panic `join` should return");
            assert_eq!(slot.read(), 2, "what the job wrote");
        });
    }
}

/// A job owns something that writes when it is dropped, and returns or panics. When main has joined it,
/// that is done.
#[test]
fn what_the_job_owned_is_gone_when_join_returns() {
    struct Owned(Arc<Slot>);
    impl Drop for Owned {
        fn drop(&mut self) {
            self.0.write(1);
        }
    }
    for panics in [false, true] {
        model(move || {
            let slot = Arc::new(Slot::empty("dropped"));
            let owned = Owned(Arc::clone(&slot));
            let handle = pool(1).submit(move || {
                let _owned = &owned;
                if panics {
                    throw("the job's");
                }
            });
            let expected = panics.then_some("the job's");
            assert_eq!(whose(handle), expected, "whose panic `join` should return");
            assert_eq!(slot.read(), 1, "1 if what the job owned has been dropped");
        });
    }
}

/// A program that must not end: main joins a job that never ends.
#[test]
fn join_sleeps_while_the_job_runs() {
    must_sleep("`join`", "the job had not ended", || {
        let handle = pool(1).submit(|| Gate::shut("never").pass());
        let _ = handle.join();
        // Without this a return would be a deadlock, too: the job sleeps.
        panic!("`join` returned, and the job had not ended");
    });
}

/// A program that must not end: there is a pool, and nothing to do.
#[test]
fn an_idle_thread_sleeps() {
    must_sleep("the thread", "there was no job", || {
        let _pool = pool(1);
        Gate::shut("never").pass();
    });
}

/// Main joins a job, and wakes for no reason before the job has ended. It goes on waiting, asleep. Then main wakes up three times, and
/// so does the thread before there is a job.
#[test]
fn a_spurious_wakeup_is_no_outcome() {
    Model::new().spurious_wakeups(1).check(|| {
        assert_eq!(value(pool(1).submit(|| 7)), 7, "what the job returned");
    });
    for (before, in_job) in [(0, 4), (4, 0)] {
        Model::new()
            .preemption_bound(1)
            .spurious_wakeups(3)
            .check(move || {
                let pool = pool(1);
                let_others_sleep(before);
                let handle = pool.submit(move || {
                    let_others_sleep(in_job);
                    7
                });
                assert_eq!(value(handle), 7, "what the job returned");
            });
    }
    must_sleep_again("`join`", |steps| value(pool(1).submit(steps)));
    must_sleep_again("an idle thread", |steps| {
        let pool = pool(1);
        steps();
        value(pool.submit(|| {}));
    });
}

/// Two threads sleep, and one of them wakes for no reason, finds no job and sleeps again. Then come two jobs that wait
/// for each other: each must wake a thread, and not both the same one.
#[test]
fn a_spurious_wakeup_is_no_other_thread() {
    Model::new()
        .preemption_bound(0)
        .spurious_wakeups(1)
        .check(|| {
            let pool = pool(2);
            let_others_sleep(2);
            meet(&pool);
        });
}

/// Main drops the handle of a job, before, while or after it runs, and submits no other. The job runs, and what it
/// returned is dropped once, at once: main waits for that, and the pool is still there.
#[test]
fn a_job_runs_without_its_handle() {
    struct Value(
        #[allow(dead_code, reason = "it is dropped")] Tracked<()>,
        Arc<Gate>,
    );
    impl Drop for Value {
        fn drop(&mut self) {
            self.1.open();
        }
    }
    few_preemptions(|| {
        let pool = pool(1);
        let (ran, dropped) = (
            Arc::new(Slot::empty("ran")),
            Arc::new(Gate::shut("dropped")),
        );
        let (theirs, returned) = (Arc::clone(&ran), Value(track(()), Arc::clone(&dropped)));
        let detached = pool.submit(move || {
            theirs.write(1);
            returned
        });
        drop(detached);
        dropped.pass();
        assert_eq!(ran.read(), 1, "1 if the job without a handle has run");
    });
}

/// Main drops the handle of a job, before, while or after it runs. The job returns something whose destructor
/// panics. That panic must be caught where the value is dropped: if it comes out of the drop of the handle, or
/// ends the pool's thread, the outcome was dropped outside of a `catch_unwind`.
#[test]
fn a_value_that_panics_when_it_is_dropped_harms_nobody() {
    few_preemptions(|| {
        let pool = pool(1);
        let dropped = Arc::new(Flag::lowered("dropped"));
        let returned = Explosive::new(&dropped);
        drop_quietly(pool.submit(move || returned));
        assert_eq!(
            value(pool.submit(|| 7)),
            7,
            "what the job behind it returned"
        );
        assert!(
            dropped.is_raised(),
            "what the job without a handle returned was not dropped"
        );
    });
}

/// Main drops the handle of a job, before, while or after it runs. The job panics with a payload whose destructor
/// panics. That second panic must be caught where the payload is dropped: if it comes out of the drop of the
/// handle, or ends the pool's thread, the outcome was dropped outside of a `catch_unwind`.
#[test]
fn a_payload_that_panics_when_it_is_dropped_harms_nobody() {
    // WP-13, as it is in Rust
    few_preemptions(|| {
        let pool = pool(1);
        let dropped = Arc::new(Flag::lowered("dropped"));
        let payload = Explosive::new(&dropped);
        drop_quietly(pool.submit(move || -> u32 { resume_unwind(Box::new(payload)) }));
        assert_eq!(
            value(pool.submit(|| 7)),
            7,
            "what the job behind it returned"
        );
        assert!(
            dropped.is_raised(),
            "the payload of the job without a handle was not dropped"
        );
    });
}

/// A job returns 7, and then something that it owned panics in its destructor. That is a panic of the job: the
/// handle gets it, and the thread goes on.
#[test]
fn a_panic_of_what_the_job_owned_is_the_jobs() {
    few_preemptions(|| {
        let pool = pool(1);
        let owned = Explosive::new(&Arc::new(Flag::lowered("dropped")));
        let handle = pool.submit(move || {
            let _owned = &owned;
            7
        });
        let payload = handle
            .join()
            .expect_err("what the job owned panics in its destructor");
        assert_eq!(
            payload.downcast_ref(),
            Some(&7),
            "the payload of that panic"
        );
        assert_eq!(
            value(pool.submit(|| 8)),
            8,
            "what the job behind it returned"
        );
    });
}

/// A job submits another to the same pool, which has one thread, and returns its handle. No lock is held while a
/// job runs, and `submit` does not wait for a thread.
#[test]
fn a_job_may_submit_another() {
    few_preemptions(|| {
        let pool = sync::Arc::new(pool(1));
        let again = sync::Arc::clone(&pool);
        let handle = pool.submit(move || again.submit(|| 7));
        assert_eq!(value(value(handle)), 7, "what the later job returned");
    });
}

/// A pool of two threads: a job submits another and joins it, and main joins the first, so main and that job may sleep
/// until a job has ended. The `submit` must wake the other thread of the pool, whoever else sleeps.
///
/// The model explores at most one preemption.
#[test]
fn a_job_wakes_a_thread_though_others_join() {
    Model::new().preemption_bound(1).check(|| {
        let pool = sync::Arc::new(pool(2));
        let again = sync::Arc::clone(&pool);
        let handle = pool.submit(move || value(again.submit(|| 7)));
        assert_eq!(value(handle), 7, "what the later job returned");
    });
}

/// Two threads: a job joins another, which panics, and goes on with its payload. So main gets that payload; the pool
/// is dropped by then, which wakes both threads to end.
#[test]
fn a_job_may_join_another() {
    // WP-13, as it is in Rust
    Model::new().loose_bound(2).check(|| {
        let pool = pool(2);
        let inner = pool.submit(|| -> u32 { throw("the inner job's") });
        let outer = pool.submit(move || {
            inner
                .join()
                .unwrap_or_else(|payload| resume_unwind(payload))
        });
        assert_eq!(
            whose(outer),
            Some("the inner job's"),
            "whose panic `join` should return"
        );
    });
}

/// Main submits a job that panics and one that does not, and drops the pool. What was submitted runs nevertheless,
/// and only then does the thread end.
#[test]
fn jobs_run_though_the_pool_is_dropped() {
    few_preemptions(|| {
        let pool = pool(1);
        let first = pool.submit(|| -> u32 { throw("the job's") });
        let second = pool.submit(|| 7);
        drop(pool);
        assert_eq!(
            whose(first),
            Some("the job's"),
            "whose panic `join` should return"
        );
        assert_eq!(value(second), 7, "what the second job returned");
    });
}

/// A job waits for main, which drops the job's handle, and then the pool, before it lets the job go on.
/// Neither drop waits for the job.
#[test]
fn the_drops_do_not_wait() {
    few_preemptions(|| {
        let gate = Arc::new(Gate::shut("gate"));
        let theirs = Arc::clone(&gate);
        let pool = pool(1);
        let handle = pool.submit(move || theirs.pass());
        drop(handle);
        drop(pool);
        gate.open();
    });
}

/// The last reference to a pool belongs to a job of its own, which returns, or panics and drops the pool while it
/// unwinds. Either way the drop closes the pool and does not wait for the thread that it is on, and the thread ends.
#[test]
fn a_job_may_own_its_pool() {
    for panics in [false, true] {
        few_preemptions(move || {
            let pool = sync::Arc::new(pool(1));
            let owned = sync::Arc::clone(&pool);
            let handle = pool.submit(move || {
                let _owned = &owned;
                if panics {
                    throw("the job's");
                }
            });
            drop(pool);
            let expected = panics.then_some("the job's");
            assert_eq!(whose(handle), expected, "whose panic `join` should return");
        });
    }
}

/// A pool of two threads is started, and the second thread is refused. `new` returns the error, and no pool is there whose
/// drop would end the first thread: `new` itself must wake it, and let it end.
#[test]
fn a_refused_thread_leaves_no_other() {
    model(|| {
        let refused = refuse_after(1, || Pool::new(2));
        assert!(
            refused.is_err(),
            "the second thread was refused, and `new` returned Ok"
        );
    });
}
