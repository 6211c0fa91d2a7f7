//! Models: each explores the interleavings of workers and of threads that bring them work. Main is one of the workers
//! wherever that is possible; what it runs ends with a goroutine that shuts the scheduler down, so that it returns.
//!
//! The queues, tasks and timers are those that are given. The ring holds four tasks.

use crate::goroutines::Shared;
use crate::{JoinError, channel, go, sleep_until, snapshot, yield_now};
use harness::Model;
use harness::leaks::track;
use harness::sync::model::task::{Arc, Context, Poll, Wake, Waker};
use harness::sync::model::thread::scope;
use harness::sync::model::time::{Clock, Duration, Instant};
use harness::testing::{
    Gate, Slot, both, let_others_sleep, must_sleep, must_sleep_again, spawn, while_unwinding,
};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};

const HOUR: Duration = Duration::from_secs(3600);

fn workers(n: usize) -> Arc<Shared> {
    Shared::new(n, Clock::manual())
}

/// A goroutine that runs `f`, and then shuts the runtime down.
fn last<F: Future<Output = ()> + Send>(
    shared: &Arc<Shared>,
    f: F,
) -> impl Future<Output = ()> + Send + use<F> {
    let shared = Arc::clone(shared);
    async move {
        f.await;
        shared.scheduler.shut_down();
    }
}

/// Two workers sleep or are about to, while main runs `f`.
fn beside_two_workers(shared: &Arc<Shared>, f: impl FnOnce()) {
    scope(|s| {
        for (worker, name) in ["worker 0", "worker 1"].into_iter().enumerate() {
            spawn(s, name, move || shared.work(worker));
        }
        f();
    });
}

fn gates(names: [&str; 2]) -> [Arc<Gate>; 2] {
    names.map(|name| Arc::new(Gate::shut(name)))
}

/// Sets a timer that is due in the end of time.
fn set_for_the_end_of_time(shared: &Arc<Shared>) -> impl Future + use<> {
    let mut sleep = Box::pin(sleep_until(Instant::default() + Duration::MAX));
    shared.block_on(poll_fn(|context| {
        assert!(sleep.as_mut().poll(context).is_pending(), "it is early");
        Poll::Ready(())
    }));
    sleep
}

/// A goroutine that opens `mine`, and blocks its worker until `other` is open.
fn meets(mine: &Arc<Gate>, other: &Arc<Gate>) -> impl Future<Output = ()> + Send + use<> {
    let (mine, other) = (Arc::clone(mine), Arc::clone(other));
    async move {
        mine.open();
        other.pass();
    }
}

/// Two goroutines, each of which blocks its worker until the other has begun.
fn that_meet() -> [impl Future<Output = ()> + Send + use<>; 2] {
    let [one, two] = gates(["gate 1", "gate 2"]);
    [meets(&one, &two), meets(&two, &one)]
}

/// Sleeps on this thread, which is no worker's, until a time which comes when the timer is set and `when_set` has returned. A
/// worker wakes it.
fn sleep_on_this_thread(shared: &Arc<Shared>, when_set: impl FnOnce()) {
    let mut sleep = pin!(sleep_until(Instant::default() + HOUR));
    let mut when_set = Some(when_set);
    shared.block_on(poll_fn(|context| {
        let polled = sleep.as_mut().poll(context);
        if let (Poll::Pending, Some(when_set)) = (polled, when_set.take()) {
            when_set();
            shared.timers.clock().advance(HOUR);
        }
        polled
    }));
}

fn started_while_a_worker_falls_asleep(after_yields: usize) {
    let shared = workers(1);
    let slot = Arc::new(Slot::empty("slot"));
    both(
        || shared.work(0),
        || {
            let_others_sleep(after_yields);
            slot.write(7);
            let seen = Arc::clone(&slot);
            drop(shared.go_from_outside(last(&shared, async move {
                assert_eq!(seen.read(), 7, "what was written before `go`");
                seen.write(8);
            })));
        },
    );
    assert_eq!(
        slot.read(),
        8,
        "what the goroutine writes: `work` has returned, and only the goroutine shuts the scheduler down"
    );
}

/// One worker has nothing to do and goes to sleep, while another thread starts a goroutine. It is run: the worker sees
/// it before it sleeps, or is woken.
#[test]
fn a_goroutine_that_starts_while_the_worker_falls_asleep_is_run() {
    // SC-29, SC-32, GR-01
    Model::new()
        .loose_bound(4)
        .check(|| started_while_a_worker_falls_asleep(0));
}

/// One worker has nothing to do and goes to sleep, and its sleep may end for no reason, while another thread starts a
/// goroutine. It is run. Then the worker wakes up three times before the other thread starts one. With a timer or without, it
/// sleeps again.
#[test]
fn a_worker_may_wake_for_no_reason() {
    // SC-29
    Model::new()
        .preemption_bound(3)
        .spurious_wakeups(1)
        .check(|| started_while_a_worker_falls_asleep(0));
    Model::new()
        .preemption_bound(2)
        .spurious_wakeups(3)
        .check(|| started_while_a_worker_falls_asleep(3));
    for (call, has_timer) in [("`work`", false), ("`work`, with a timer,", true)] {
        must_sleep_again(call, move |steps| {
            let shared = workers(1);
            let _timer = has_timer.then(|| set_for_the_end_of_time(&shared));
            let shuts_down = || {
                steps();
                shared.scheduler.shut_down();
            };
            both(|| shared.work(0), shuts_down);
        });
    }
}

/// There is nothing to run. The worker sleeps, even while its thread unwinds: it neither returns nor looks again and again.
#[test]
fn a_worker_with_nothing_to_do_sleeps() {
    let because = "there is no goroutine, and the scheduler is not shut down";
    must_sleep("work", because, || workers(1).work(0));
    must_sleep("work, while its thread unwinds,", because, || {
        while_unwinding(|| workers(1).work(0));
    });
}

/// Two goroutines are started one after the other, while the worker falls asleep or wakes up. Both are run: if the second one
/// wakes nobody, because the worker is awake already, the worker finds it.
#[test]
fn a_goroutine_that_starts_while_the_worker_wakes_up_is_run() {
    // SC-25, SC-29
    Model::new().preemption_bound(2).check(|| {
        let shared = workers(1);
        let runs = Arc::new(Slot::empty("runs"));
        both(
            || shared.work(0),
            || {
                let first = Arc::clone(&runs);
                drop(shared.go_from_outside(async move { first.write(1) }));
                let second = Arc::clone(&runs);
                drop(shared.go_from_outside(last(&shared, async move {
                    assert_eq!(second.read(), 1, "goroutines that ran before the second");
                })));
            },
        );
    });
}

/// A goroutine starts another one, and then blocks its worker until that has run. The second worker, which is about to fall
/// asleep, takes it, also if there is a third one, which has not come yet. Catches a last look at the next worker only.
#[test]
fn an_idle_worker_takes_what_a_busy_one_has_started() {
    // SC-29, SC-31, GR-10
    for all in [2, 3] {
        Model::new().preemption_bound(1).check(move || {
            let shared = workers(all);
            let gate = Arc::new(Gate::shut("gate"));
            drop(shared.go_from_outside(last(&shared, async move {
                let other = Arc::clone(&gate);
                drop(go(async move { other.open() }));
                gate.pass();
            })));
            both(|| shared.work(0), || shared.work(1));
        });
    }
}

/// A thread that is no worker sets a timer while the worker falls asleep, without a time of its own: the worker must see the
/// timer, or be woken by the `notify`, and then sleep no longer than until that time. When it comes, it wakes the thread.
#[test]
fn a_timer_that_is_set_while_the_worker_falls_asleep_goes_off() {
    // SC-44
    Model::new().preemption_bound(2).check(|| {
        let shared = workers(1);
        both(
            || shared.work(0),
            || {
                sleep_on_this_thread(&shared, || {});
                shared.scheduler.shut_down();
            },
        );
    });
}

/// Two workers sleep or are about to, and main starts two goroutines, each of which blocks its worker until the other has
/// begun. The first one wakes a worker; the second need wake nobody while that looks for work. But when it has found
/// the first goroutine, the second is still there: somebody has to wake the other worker.
#[test]
fn the_last_worker_that_searches_wakes_another() {
    // SC-28, GR-10
    Model::new().preemption_bound(1).check(|| {
        let shared = workers(2);
        let [first, second] = that_meet();
        beside_two_workers(&shared, || {
            drop(shared.go_from_outside(first));
            drop(shared.go_from_outside(last(&shared, second)));
        });
    });
}

/// Two workers sleep or are about to, and main starts a goroutine, which blocks its worker until main has slept. Main's timer
/// need wake nobody while the worker that was woken is still looking for work. But when that has found the goroutine, the
/// timer is still there: somebody has to wake the other worker, although there is nothing in any queue.
#[test]
fn the_last_worker_that_searches_wakes_another_for_a_timer() {
    // SC-28, SC-44
    Model::new().loose_bound(1).check(|| {
        let shared = workers(2);
        let [begun, slept] = gates(["it has begun", "main has slept"]);
        beside_two_workers(&shared, || {
            let_others_sleep(4);
            drop(shared.go_from_outside(meets(&begun, &slept)));
            sleep_on_this_thread(&shared, || begun.pass());
            slept.open();
            shared.scheduler.shut_down();
        });
    });
}

/// Two workers sleep or are about to, and main sets a timer, which starts two goroutines when its time has come. Each blocks
/// its worker until the other has begun. They need wake nobody, because the worker that fires the timer has not found
/// anything yet; but it has them in its own queue, and runs one of them: somebody has to wake the other worker.
#[test]
fn a_worker_that_finds_what_its_timers_have_started_wakes_another() {
    // SC-28, SC-44
    struct Starts(Arc<Shared>);
    impl Wake for Starts {
        fn wake(self: Arc<Self>) {
            let [first, second] = that_meet();
            drop(go(first));
            drop(go(last(&self.0, second)));
        }
    }
    Model::new().preemption_bound(1).check(|| {
        let shared = workers(2);
        let waker = Waker::from(Arc::new(Starts(Arc::clone(&shared))));
        let mut sleep = pin!(sleep_until(Instant::default() + HOUR));
        beside_two_workers(&shared, || {
            let_others_sleep(4);
            let mut context = Context::from_waker(&waker);
            let polled = shared.block_on(async { sleep.as_mut().poll(&mut context) });
            assert!(polled.is_pending(), "it is early");
            shared.timers.clock().advance(HOUR);
        });
    });
}

/// A worker steals two goroutines at once. It runs one, which blocks it until the other has begun, and puts that into its own
/// queue, while the worker that has lost them runs what it has left, finds nothing, and falls asleep. Either it sees the
/// other goroutine, or the thief wakes it.
#[test]
fn what_a_thief_puts_into_its_own_queue_is_run() {
    // SC-28, SC-31
    Model::new().preemption_bound(1).check(|| {
        let shared = workers(2);
        let [filled, arrived] = gates(["the queue is filled", "the thief is there"]);
        let (fills, waits) = (Arc::clone(&filled), Arc::clone(&arrived));
        let [first, second] = that_meet();
        let second = last(&shared, second);
        drop(shared.go_from_outside(async move {
            // Many a scheduler puts what the first of its goroutines starts behind the others.
            yield_now().await;
            drop(go(first));
            drop(go(second));
            drop(go(async {}));
            drop(go(async move { waits.pass() }));
            fills.open();
        }));
        both(
            || shared.work(0),
            || {
                filled.pass();
                arrived.open();
                shared.work(1);
            },
        );
    });
}

/// The clock goes on for three centuries, and the worker sleeps: there is no timer, or only one that is due in the end of time.
/// Nothing has woken it, so it does not look again.
#[test]
fn a_worker_without_a_timer_sleeps_whatever_the_clock_shows() {
    const CENTURY: Duration = HOUR.saturating_mul(24 * 36_525);
    for has_timer in [false, true] {
        Model::new().preemption_bound(2).check(move || {
            let shared = workers(1);
            let _timer = has_timer.then(|| set_for_the_end_of_time(&shared));
            both(
                || shared.work(0),
                || {
                    (0..3).for_each(|_| shared.timers.clock().advance(CENTURY));
                    shared.scheduler.shut_down();
                },
            );
            let parked = shared.block_on(async { snapshot() }).workers[0].parked;
            let timer = match has_timer {
                true => "a timer, which was not due",
                false => "no timer",
            };
            assert!(
                parked <= 1,
                "the worker slept {parked} times; the shutdown alone woke it, and there was {timer}"
            );
        });
    }
}

/// One worker falls asleep while another thread shuts the scheduler down: it returns, and does not wait for its timer, if it
/// has one.
#[test]
fn a_worker_that_falls_asleep_hears_of_the_shutdown() {
    // At most three preemptions in each interleaving: 585 of 4,037.
    Model::new().preemption_bound(3).check(|| {
        let shared = workers(1);
        both(|| shared.work(0), || shared.scheduler.shut_down());
    });
    // At most two: 490.
    Model::new().preemption_bound(2).check(|| {
        let shared = workers(1);
        drop(shared.go_from_outside(sleep_until(Instant::default() + HOUR)));
        both(|| shared.work(0), || shared.scheduler.shut_down());
    });
}

/// Two workers sleep or are about to, while main shuts the scheduler down: both return.
#[test]
fn a_shutdown_reaches_every_worker() {
    Model::new().loose_bound(2).check(|| {
        let shared = workers(2);
        beside_two_workers(&shared, || shared.scheduler.shut_down());
    });
}

/// A goroutine is started beside a shutdown. It is run or cancelled, its handle hears which, and neither it nor the
/// runtime is left behind: a task in a queue would keep the scheduler that keeps the queue.
#[test]
fn a_goroutine_that_starts_beside_the_shutdown_is_run_or_dropped() {
    Model::new().preemption_bound(3).check(|| {
        let shared = workers(1);
        drop(shared.go_from_outside(last(&shared, async {})));
        both(
            || shared.work(0),
            || {
                let tracked = track(7);
                let handle = shared.go_from_outside(async move { *tracked });
                match shared.block_on(handle) {
                    Ok(seven) => assert_eq!(seven, 7, "what the goroutine returned"),
                    Err(JoinError::Cancelled) => {}
                    Err(JoinError::Panicked(_)) => panic!("the goroutine does not panic"),
                }
            },
        );
    });
}

/// A goroutine starts more others than its worker's queue has room for, beside a shutdown. The scheduler keeps none of them in
/// any queue: each task keeps the runtime, and so the scheduler.
#[test]
fn what_overflows_beside_the_shutdown_is_kept_in_no_queue() {
    Model::new().preemption_bound(1).check(|| {
        let shared = workers(1);
        drop(shared.go_from_outside(async {
            for _ in 0..6 {
                drop(go(async {}));
            }
        }));
        both(|| shared.work(0), || shared.scheduler.shut_down());
        let queued = shared.scheduler.queued();
        assert_eq!(queued, 0, "tasks in the global queue after the shutdown");
    });
}

/// A goroutine sleeps, and its worker has nothing else to do, while the clock is advanced to that time: the goroutine goes on.
#[test]
fn a_worker_sleeps_no_longer_than_its_goroutines() {
    // SC-44
    Model::new().preemption_bound(3).check(|| {
        let shared = workers(1);
        let clock = shared.timers.clock().clone();
        drop(shared.go_from_outside(last(&shared, sleep_until(Instant::default() + HOUR))));
        both(|| shared.work(0), || clock.advance(HOUR));
    });
}

/// The worker's sleep ends, because the time of a goroutine has come, and at the same moment another thread starts one and
/// wakes the worker. Then it sleeps again, and a third goroutine wakes it once more.
#[test]
fn a_worker_is_woken_at_the_end_of_its_sleep() {
    // SC-29, SC-44
    Model::new().loose_bound(2).check(|| {
        let shared = workers(1);
        let clock = shared.timers.clock().clone();
        drop(shared.go_from_outside(sleep_until(Instant::default() + HOUR)));
        both(
            || shared.work(0),
            || {
                clock.advance(HOUR);
                drop(shared.go_from_outside(async {}));
                drop(shared.go_from_outside(last(&shared, async {})));
            },
        );
    });
}

/// The worker sleeps until a time at which there is nothing to do any more: what wanted to be woken then has been dropped
/// meanwhile. It falls asleep again, while another thread starts a goroutine. That is run.
#[test]
fn a_worker_that_has_slept_until_a_time_sleeps_again() {
    // SC-29, SC-44
    Model::new().preemption_bound(2).check(|| {
        let shared = workers(1);
        let clock = shared.timers.clock().clone();
        let mut sleep = Box::pin(sleep_until(Instant::default() + HOUR));
        shared.block_on(poll_fn(|context| {
            assert!(sleep.as_mut().poll(context).is_pending(), "it is early");
            Poll::Ready(())
        }));
        both(
            || shared.work(0),
            || {
                drop(sleep);
                clock.advance(HOUR);
                drop(shared.go_from_outside(last(&shared, async {})));
            },
        );
    });
}

/// A goroutine yields, and so wakes itself while it runs, beside a worker that has nothing to do. It runs on one worker at a
/// time, and what it did on the one is there on the other.
#[test]
fn a_goroutine_that_moves_takes_its_memory_with_it() {
    Model::new().preemption_bound(2).check(|| {
        let shared = workers(2);
        let slot = Slot::empty("slot");
        drop(shared.go_from_outside(last(&shared, async move {
            slot.write(1);
            yield_now().await;
            slot.write(slot.read() + 1);
        })));
        both(|| shared.work(0), || shared.work(1));
    });
}

/// A goroutine waits for another, which may run on the other worker. It is woken once that has ended, and finds the
/// result, and what was done before.
#[test]
fn a_goroutine_waits_for_another() {
    // SC-47
    Model::new().preemption_bound(1).check(|| {
        let shared = workers(2);
        drop(shared.go_from_outside(last(&shared, async {
            let slot = Arc::new(Slot::empty("slot"));
            let written = Arc::clone(&slot);
            let handle = go(async move {
                written.write(7);
                8
            });
            let result = handle.await.expect("it does not panic");
            assert_eq!(
                (slot.read(), result),
                (7, 8),
                "(what it wrote, what it returned)"
            );
        })));
        both(|| shared.work(0), || shared.work(1));
    });
}

/// Main sends two values to a goroutine, through a channel without room. The worker sleeps between, or not.
#[test]
fn a_channel_wakes_a_goroutine() {
    // CH-18, CH-20
    Model::new().preemption_bound(2).check(|| {
        let shared = workers(1);
        let (sender, receiver) = channel(0);
        drop(shared.go_from_outside(last(&shared, async move {
            assert_eq!(receiver.recv().await, Some(1), "the first value");
            assert_eq!(receiver.recv().await, None, "the sender is gone");
        })));
        both(
            || shared.work(0),
            || {
                let sent = shared.block_on(sender.send(1));
                sent.expect("there is a receiver");
                drop(sender);
            },
        );
    });
}

/// A handle is asked twice, and then dropped, while its goroutine runs and ends. The result is dropped once.
#[test]
fn a_handle_is_dropped_beside_the_end_of_its_goroutine() {
    Model::new().loose_bound(2).check(|| {
        let shared = workers(1);
        let result = track(7);
        both(
            || shared.work(0),
            || {
                let mut handle = shared.go_from_outside(async move { result });
                shared.block_on(poll_fn(|context| {
                    let mut ended = false;
                    for _ in 0..2 {
                        ended = ended || Pin::new(&mut handle).poll(context).is_ready();
                    }
                    Poll::Ready(())
                }));
                drop(handle);
                shared.scheduler.shut_down();
            },
        );
    });
}
