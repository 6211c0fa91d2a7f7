//! What the docs promise, on real threads. That no wakeup is lost is the models' business, in `src/race_freedom.rs`.

use harness::sync::real::thread::refuse_after;
use harness::sync::real::time::{Clock, Duration, Instant};
use harness::testing::{
    assert_call_panics, assert_panics, message_of, must_end, others_must_sleep, wait_until,
    while_unwinding,
};
use runtime::{
    Doing, JoinError, JoinHandle, Runtime, Snapshot, WorkerSnapshot, channel, go, sleep,
    sleep_until, snapshot, yield_now,
};
use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;

const SECOND: Duration = Duration::from_secs(1);

/// Runs `program` as the main goroutine of a runtime, and fails if it does not end.
fn run<F>(workers: usize, where_it_hangs: &str, program: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    must_end(where_it_hangs, move || {
        joined(Runtime::new(workers).go(program).join());
    });
}

/// What a goroutine has returned. Its panic goes on.
fn joined<T>(result: Result<T, JoinError>) -> T {
    match result {
        Ok(value) => value,
        Err(JoinError::Panicked(payload)) => std::panic::resume_unwind(payload),
        Err(JoinError::Cancelled) => panic!("the goroutine was cancelled"),
    }
}

/// Requires that a goroutine has not ended before the shutdown.
#[track_caller]
fn require_cancelled<T: std::fmt::Debug>(result: Result<T, JoinError>, which: &str) {
    let is_cancelled = matches!(result, Err(JoinError::Cancelled));
    assert!(
        is_cancelled,
        "{which} is cancelled when the runtime goes, and its handle says {result:?}"
    );
}

fn after(seconds: u32) -> Instant {
    Instant::default() + SECOND * seconds
}

#[test]
fn goroutines_start_inside_and_outside() {
    must_end("a goroutine has not ended", || {
        let runtime = Runtime::new(2);
        let from_outside = runtime.go(async { 1 });
        let inside = runtime.go(async { go(async { go(async { 2 }).await }).await });
        assert_eq!(joined(from_outside.join()), 1);
        assert_eq!(joined(joined(joined(inside.join()))), 2);
        // `block_on` takes what is not `Send`, and what borrows.
        let three = std::rc::Rc::new(3);
        let sum = runtime.block_on(async { *three + joined(go(async { 4 }).await) });
        assert_eq!(sum, 7);
    });
}

/// Goroutines, one for each worker, hand a token on in a circle, without an await: they have to run at the same time.
#[test]
fn workers_run_at_the_same_time() {
    // GR-10
    const WORKERS: usize = 4;
    run(
        WORKERS,
        "four goroutines wait for each other, one for each worker, and not all of them run",
        async {
            let turn = Arc::new(AtomicUsize::new(0));
            let player = |me: usize| {
                let turn = Arc::clone(&turn);
                async move {
                    for round in 0..25 {
                        while turn.load(Ordering::Acquire) != WORKERS * round + me {
                            thread::yield_now();
                        }
                        turn.fetch_add(1, Ordering::Release);
                    }
                }
            };
            let others = [1, 2, 3].map(|n| go(player(n)));
            player(0).await;
            for other in others {
                joined(other.await);
            }
        },
    );
}

/// Ten thousand goroutines, each of which starts another, yields, and waits for it.
#[test]
fn every_goroutine_runs_to_its_end() {
    // SC-31
    run(4, "a goroutine has not ended", async {
        let ended = Arc::new(AtomicUsize::new(0));
        let handles: Vec<_> = (0..10_000)
            .map(|n| {
                let ended = Arc::clone(&ended);
                go(async move {
                    let child = go(async move {
                        yield_now().await;
                        n
                    });
                    yield_now().await;
                    assert_eq!(joined(child.await), n);
                    ended.fetch_add(1, Ordering::Relaxed);
                })
            })
            .collect();
        for handle in handles {
            joined(handle.await);
        }
        assert_eq!(ended.load(Ordering::Relaxed), 10_000);
    });
}

/// Two goroutines wake each other, and never stop before the third has run, which stands in the queue of their worker.
#[test]
fn a_pair_that_wakes_each_other_leaves_room_for_a_third() {
    // SC-06, SC-07
    leave_room(a_round::<1>, in_the_queue, "in their worker's queue");
}

/// In each round a goroutine wakes two others, and they wake it. They never stop before a fourth has run, which stands in the
/// queue of their worker.
#[test]
fn three_that_wake_each_other_leave_room_for_a_fourth() {
    // SC-06, SC-07
    leave_room(a_round::<2>, in_the_queue, "in their worker's queue");
}

/// Two goroutines wake each other, and never stop before a third has run, which has been started from outside.
#[test]
fn a_pair_that_wakes_each_other_leaves_room_for_one_from_outside() {
    // SC-20, SC-24
    let third = |runtime: &Runtime, ran| from_outside(runtime, 1, ran);
    leave_room(a_round::<1>, third, "started from outside");
}

/// Two goroutines wake each other, and never stop before the third has run, which stands in the queue of their worker. Ten
/// thousand that have been started from outside wait as well, so that each look at the global queue finds one.
#[test]
fn a_pair_and_those_from_outside_leave_room_for_a_third() {
    // SC-07, SC-24
    let third = |runtime: &Runtime, ran| {
        from_outside(runtime, 10_000, Arc::default());
        in_the_queue(runtime, ran);
    };
    leave_room(
        a_round::<1>,
        third,
        "in the queue, beside 10000 from outside",
    );
}

/// A goroutine stands in the queue of its worker, and others are started from outside without end: the global queue is never
/// empty when the worker looks. They do not stop before the one in the worker's queue has run.
#[test]
fn those_from_outside_leave_room_for_one_in_the_queue() {
    // SC-24
    must_end("goroutines from outside have not ended", || {
        let runtime = Arc::new(Runtime::with_clock(1, Clock::manual()));
        let shared = Arc::clone(&runtime);
        let (end, started) = mpsc::channel();
        drop(runtime.go(async move {
            let ran = Arc::new(AtomicBool::new(false));
            in_the_queue(&shared, Arc::clone(&ran));
            go_on_from_outside(shared, ran, 0, end);
        }));
        let started = started.recv().expect("the last one says how many");
        assert!(
            started < ENOUGH,
            "{started} goroutines were started from outside, and another, in the queue of the worker, has not run once"
        );
    });
}

/// Unless the flag is up, has a hundred goroutines started by a thread that is no worker, the last of which goes on in the
/// same way. Says in the end how many there were.
fn go_on_from_outside(
    runtime: Arc<Runtime>,
    ran: Arc<AtomicBool>,
    started: usize,
    end: mpsc::Sender<usize>,
) {
    if started >= ENOUGH || ran.load(Ordering::Relaxed) {
        drop(runtime);
        end.send(started).expect("the test waits");
        return;
    }
    let thread = thread::spawn(move || {
        (1..100).for_each(|_| drop(runtime.go(async {})));
        let shared = Arc::clone(&runtime);
        let last = async move { go_on_from_outside(shared, ran, started + 100, end) };
        drop(runtime.go(last));
    });
    thread.join().expect("no panic");
}

/// A goroutine sleeps again and again, each time until a moment that has come already when the worker looks, and does not stop
/// before the other one has run, which stands in the queue of its worker.
#[test]
fn a_goroutine_that_its_timers_wake_leaves_room_for_another() {
    // SC-07, SC-44
    leave_room(a_sleeper, in_the_queue, "in its worker's queue");
}

async fn raise(flag: Arc<AtomicBool>) {
    flag.store(true, Ordering::Relaxed);
}

fn in_the_queue(_: &Runtime, ran: Arc<AtomicBool>) {
    drop(go(raise(ran)));
}

/// Starts so many goroutines, from a thread that is no worker.
fn from_outside(runtime: &Runtime, goroutines: usize, ran: Arc<AtomicBool>) {
    let start = || drop(runtime.go(raise(Arc::clone(&ran))));
    thread::scope(|s| drop(s.spawn(|| (0..goroutines).for_each(|_| start()))));
}

/// What keeps a worker busy, until the flag is up. Returns how often it has been woken: `ENOUGH` is the most.
type Busy = Pin<Box<dyn Future<Output = usize> + Send>>;

const ENOUGH: usize = 100_000;

/// In each round one goroutine wakes the others, and each of those wakes it.
fn a_round<const OTHERS: usize>(_: Clock, ran: Arc<AtomicBool>) -> Busy {
    Box::pin(async move {
        let others = [(); OTHERS].map(|()| {
            let (there, theirs) = channel(0);
            let (back, ours) = channel(0);
            drop(go(async move {
                while let Some(round) = theirs.recv().await {
                    let _ = back.send(round).await;
                }
            }));
            (there, ours)
        });
        for round in 0..ENOUGH {
            if ran.load(Ordering::Relaxed) {
                return round;
            }
            for (there, _) in &others {
                there.send(round).await.expect("the other is there");
            }
            for (_, ours) in &others {
                ours.recv().await.expect("the other is there");
            }
        }
        ENOUGH
    })
}

fn a_sleeper(clock: Clock, ran: Arc<AtomicBool>) -> Busy {
    Box::pin(async move {
        for round in 0..ENOUGH {
            if ran.load(Ordering::Relaxed) {
                return round;
            }
            let mut sleeps = pin!(sleep(SECOND));
            assert!(polled(&mut sleeps).await.is_pending(), "it is early");
            clock.advance(SECOND);
            sleeps.await;
        }
        ENOUGH
    })
}

/// Requires that what `busy` does, on the only worker, does not keep what `third` starts from running.
fn leave_room(
    busy: fn(Clock, Arc<AtomicBool>) -> Busy,
    third: fn(&Runtime, Arc<AtomicBool>),
    which: &'static str,
) {
    must_end("what keeps the worker busy has not ended", move || {
        let clock = Clock::manual();
        let runtime = Arc::new(Runtime::with_clock(1, clock.clone()));
        let shared = Arc::clone(&runtime);
        let rounds = runtime.go(async move {
            let ran = Arc::new(AtomicBool::new(false));
            third(&shared, Arc::clone(&ran));
            drop(shared);
            busy(clock, ran).await
        });
        let within = joined(rounds.join()) < ENOUGH;
        assert!(
            within,
            "a worker's goroutines were woken {ENOUGH} times, and another, {which}, has not run once"
        );
    });
}

/// It does so a hundred times, each time beside three others that have just been started.
#[test]
fn a_goroutine_that_yields_lets_the_others_run_first() {
    // SC-23
    run(1, "a goroutine has not ended", async {
        let ran = Arc::new(AtomicUsize::new(0));
        for time in 1..=100 {
            for _ in 0..3 {
                let ran = Arc::clone(&ran);
                drop(go(async move {
                    ran.fetch_add(1, Ordering::Relaxed);
                }));
            }
            yield_now().await;
            let (ran, right) = (ran.load(Ordering::Relaxed), 3 * time);
            assert_eq!(
                ran, right,
                "goroutines that ran before the one that yielded, the {time}. time"
            );
        }
    });
}

/// A goroutine that yields again and again keeps its worker busy, and another's time comes. The worker looks at its timers
/// between the two runs of the one that yields, so that the other one runs then, or after the second one at the latest.
#[test]
fn timers_go_off_on_a_busy_worker() {
    // SC-44
    const ENOUGH: usize = 2;
    must_end("a goroutine has not ended", || {
        let clock = Clock::manual();
        let runtime = Runtime::with_clock(1, clock.clone());
        let yields = runtime.go(async move {
            let woken = Arc::new(AtomicBool::new(false));
            let is_woken = Arc::clone(&woken);
            drop(go(async move {
                sleep_until(after(1)).await;
                is_woken.store(true, Ordering::Relaxed);
            }));
            yield_now().await;
            clock.advance(SECOND);
            let mut yields = 0;
            while !woken.load(Ordering::Relaxed) && yields <= ENOUGH {
                yield_now().await;
                yields += 1;
            }
            yields
        });
        let yields = joined(yields.join());
        assert!(
            yields <= ENOUGH,
            "the time of a goroutine had come, and its worker ran another one {yields} times before it"
        );
    });
}

#[test]
fn a_sleep_ends_at_its_time_and_not_before() {
    must_end("a sleep has not ended", || {
        let clock = Clock::manual();
        let runtime = Runtime::with_clock(2, clock.clone());
        let order = Arc::new(Mutex::new(Vec::new()));
        let sleepers: Vec<JoinHandle<()>> = [2, 1, 3]
            .map(|seconds| {
                let order = Arc::clone(&order);
                runtime.go(async move {
                    sleep_until(after(seconds)).await;
                    order.lock().unwrap().push(seconds);
                })
            })
            .into();
        for asleep in [3, 2, 1] {
            let wait = format!("the number of goroutines that sleep is not {asleep}");
            wait_until(&wait, || {
                let awake = order.lock().unwrap().len();
                (awake, runtime.snapshot().timers) == (3 - asleep, asleep)
            });
            clock.advance(SECOND - Duration::from_nanos(1));
            let none = runtime.block_on(async {
                yield_now().await;
                snapshot().timers
            });
            assert_eq!(
                none, asleep,
                "sleepers, a nanosecond before the next one's time"
            );
            clock.advance(Duration::from_nanos(1));
        }
        for sleeper in sleepers {
            joined(sleeper.join());
        }
        assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
        // What is over need not be waited for; what is too long never ends.
        runtime.block_on(async {
            sleep_until(after(3)).await;
            sleep(Duration::ZERO).await;
            let mut long = pin!(sleep(Duration::MAX));
            let polled = poll_fn(|context| Poll::Ready(long.as_mut().poll(context))).await;
            assert!(polled.is_pending(), "a sleep of `Duration::MAX` has ended");
        });
    });
}

/// The clock of the machine: all workers sleep, and nobody but a timer wakes them.
#[test]
fn a_sleep_ends_on_the_clock_of_the_machine() {
    run(2, "the sleep has not ended", async {
        let begun = std::time::Instant::now();
        sleep(Duration::from_millis(20)).await;
        let slept = begun.elapsed();
        assert!(
            slept >= Duration::from_millis(20),
            "it ended after {slept:?}"
        );
    });
}

/// All of 256 workers sleep, and a goroutine is started: one of them wakes, runs it, and sleeps again. The second time the thread
/// that starts it unwinds.
#[test]
fn one_of_many_workers_that_sleep_is_woken() {
    must_end(
        "a goroutine that was started while 256 workers slept, first by a thread as any other and then by one that unwinds",
        || {
            let runtime = Runtime::new(256);
            let start = || runtime.go(async { 7 });
            let starts: [&dyn Fn() -> JoinHandle<u32>; 4] =
                [&start, &|| while_unwinding(start), &start, &start];
            let all_sleep = || {
                wait_until("a worker has nothing to do, and does not sleep", || {
                    let workers = runtime.snapshot().workers;
                    workers.iter().all(|worker| worker.doing == Doing::Parked)
                });
                others_must_sleep("there is no goroutine to run");
            };
            for start in starts {
                all_sleep();
                assert_eq!(joined(start().join()), 7);
            }
            all_sleep();
        },
    );
}

#[test]
fn a_panic_is_its_goroutines_own() {
    must_end("a goroutine has not ended", || {
        let runtime = Runtime::new(1);
        for n in 0..3 {
            let panics = runtime.go(async move {
                yield_now().await;
                std::panic::resume_unwind(Box::new(format!("panic {n}")));
            });
            match panics.join() {
                Err(JoinError::Panicked(payload)) => {
                    assert_eq!(message_of(&*payload), format!("panic {n}"))
                }
                other => panic!("`Panicked` expected, found {other:?}"),
            }
            let after = runtime.go(async { 7 });
            assert_eq!(
                joined(after.join()),
                7,
                "the next goroutine on the same worker"
            );
        }
    });
}

#[test]
fn a_runtime_that_is_dropped_cancels_its_goroutines() {
    must_end("the drop, or who waits for a goroutine", || {
        let runtime = Runtime::new(2);
        let (sender, receiver) = channel::<u32>(0);
        let waits = runtime.go(async move { receiver.recv().await });
        let polled = Arc::new(AtomicUsize::new(0));
        let polls = Arc::clone(&polled);
        let sleeps = runtime.go(async move {
            polls.fetch_add(1, Ordering::Relaxed);
            sleep(SECOND * 3600).await;
        });
        wait_until("a goroutine has not begun", || {
            runtime.snapshot().timers == 1
        });
        assert!(!waits.is_finished() && !sleeps.is_finished());
        let joins = thread::spawn(move || waits.join());
        drop(runtime);
        assert!(
            sleeps.is_finished(),
            "a goroutine is still there when the runtime is not"
        );
        require_cancelled(sleeps.join(), "a goroutine that sleeps");
        let waits = joins.join().unwrap();
        require_cancelled(waits, "a goroutine that waits for a channel");
        let polls = polled.load(Ordering::Relaxed);
        assert_eq!(polls, 1, "polls of a goroutine that slept");
        let returned = pin!(sender.send(7)).poll(&mut Context::from_waker(Waker::noop()));
        let is_refused = matches!(returned, Poll::Ready(Err(_)));
        assert!(is_refused, "the receiver went with its goroutine");
    });
}

/// A goroutine drops the last reference to its runtime: a worker cannot wait for itself. The goroutine goes on to its next
/// await; neither that nor what stands in the queues is run after that.
#[test]
fn a_goroutine_may_drop_its_runtime() {
    must_end(
        "the goroutine that dropped its runtime, or one that waits",
        || {
            let runtime = Arc::new(Runtime::new(1));
            let [is_last, ran, ran_after] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
            let [last, runs, runs_after] = [&is_last, &ran, &ran_after].map(Arc::clone);
            let (own, after) = (Arc::clone(&runtime), Arc::clone(&ran_after));
            let drops = runtime.go(async move {
                while last.load(Ordering::Acquire) == 0 {
                    yield_now().await;
                }
                drop(go(async move { after.fetch_add(1, Ordering::Relaxed) }));
                drop(own);
                runs.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
                runs_after.fetch_add(1, Ordering::Relaxed);
            });
            let waits = runtime.go(pending::<()>());
            drop(runtime);
            is_last.store(1, Ordering::Release);
            let (drops, waits) = (drops.join(), waits.join());
            let [ran, ran_after] = [ran, ran_after].map(|runs| runs.load(Ordering::Relaxed));
            assert_eq!(ran, 1, "how often it went on to its next await");
            assert_eq!(
                ran_after, 0,
                "goroutines that were run after the shutdown: this one after its await, or the one in the queue"
            );
            require_cancelled(drops, "the goroutine that dropped the runtime, and awaited");
            require_cancelled(waits, "a goroutine that waits");
        },
    );
}

/// A goroutine of one runtime is woken by a worker of another, and runs on its own worker all the same.
#[test]
fn a_goroutine_runs_on_the_workers_of_its_own_runtime() {
    must_end("a goroutine of two runtimes", || {
        let (one, two) = (Runtime::new(1), Runtime::new(1));
        let (there, theirs) = channel(0);
        let (back, ours) = channel(0);
        let echoes = two.go(async move {
            let (me, mut elsewhere) = (thread::current().id(), 0);
            while let Some(n) = theirs.recv().await {
                elsewhere += usize::from(thread::current().id() != me);
                back.send(n).await.expect("the other is there");
            }
            (me, elsewhere)
        });
        let first = one.go(async move {
            let (me, mut elsewhere) = (thread::current().id(), 0);
            for n in 0..100 {
                there.send(n).await.expect("the other is there");
                assert_eq!(ours.recv().await, Some(n), "what the other sent back");
                elsewhere += usize::from(thread::current().id() != me);
            }
            (me, elsewhere)
        });
        let (first, second) = (joined(first.join()), joined(echoes.join()));
        assert_eq!(
            (first.1, second.1),
            (0, 0),
            "how often two goroutines ran elsewhere than on the one worker of their runtime"
        );
        assert_ne!(first.0, second.0, "the threads of the two goroutines");
    });
}

/// A thread that has started a goroutine ends. One of its thread-local values is dropped after all that came later to the thread,
/// and starts another goroutine then, from a thread that is no worker: it runs.
#[test]
fn a_thread_that_ends_may_start_a_goroutine() {
    struct Starts(Arc<Runtime>, Arc<Mutex<Option<JoinHandle<u32>>>>);
    impl Drop for Starts {
        fn drop(&mut self) {
            // Caught, because a panic in a drop like this ends the process.
            let start = std::panic::AssertUnwindSafe(|| self.0.go(async { 7 }));
            *self.1.lock().unwrap() = std::panic::catch_unwind(start).ok();
        }
    }
    thread_local! {
        static AT_THE_END: RefCell<Option<Starts>> = const { RefCell::new(None) };
    }
    must_end("a goroutine that a thread started at its end", || {
        let (runtime, started) = (Arc::new(Runtime::new(1)), Arc::default());
        let starts = Starts(Arc::clone(&runtime), Arc::clone(&started));
        let ends = thread::spawn(move || {
            let runtime = Arc::clone(&starts.0);
            AT_THE_END.set(Some(starts));
            joined(runtime.go(async {}).join());
        });
        ends.join().unwrap();
        let started = started.lock().unwrap().take();
        let started = started
            .expect("`go` has panicked on a thread whose thread-local values are being dropped");
        assert_eq!(joined(started.join()), 7);
    });
}

#[test]
fn calls_that_would_block_a_worker_are_refused() {
    run(1, "a call that would block the worker", async {
        let handle = go(async {});
        assert_call_panics(
            "join() in a goroutine",
            "runtime: join would block a worker; use await",
            || {
                drop(handle.join());
            },
        );
        let message = "runtime: block_on would block a worker; use await";
        assert_call_panics("block_on() in a goroutine", message, || {
            Runtime::new(1).block_on(async {});
        });
    });
    assert_panics("runtime: go was called outside a runtime", || {
        drop(go(async {}))
    });
    assert_panics("runtime: no workers", || drop(Runtime::new(0)));
}

#[test]
fn a_thread_that_is_refused_leaves_no_runtime() {
    must_end("the worker whose colleague was refused", || {
        let refused = harness::testing::panic_of(|| drop(refuse_after(1, || Runtime::new(3))));
        let message = refused.expect("the third thread was refused, and there is a runtime");
        let said = message.starts_with("runtime: no thread for worker 1: ");
        assert!(said, "the message: {message}");
    });
}

/// Polls a future once.
async fn polled<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(pin!(&mut *future).poll(context))).await
}

/// Those that wait are served in the order in which they came, in whatever order they are polled again.
#[test]
fn who_waits_at_a_channel_is_served_in_order() {
    // CH-13, CH-14, CH-15, CH-16
    run(1, "a goroutine waits for the channel", async {
        for capacity in [0, 1, 3] {
            let case = format!("capacity {capacity}");
            let (sender, receiver) = channel(capacity);
            let mut receives: Vec<_> = (0..3).map(|_| Box::pin(receiver.recv())).collect();
            for receive in &mut receives {
                assert!(
                    polled(receive).await.is_pending(),
                    "nobody has sent, {case}"
                );
            }
            for n in 0..3 {
                sender.send(n).await.expect("there is a receiver");
            }
            for (n, receive) in receives.into_iter().enumerate().rev() {
                assert_eq!(receive.await, Some(n), "{case}");
            }
            for n in 0..capacity {
                sender.send(n).await.expect("there is room");
            }
            let mut sends: Vec<_> = (0..3)
                .map(|n| Box::pin(sender.send(capacity + n)))
                .collect();
            for send in &mut sends {
                assert!(
                    polled(send).await.is_pending(),
                    "the channel is full, {case}"
                );
            }
            for n in 0..capacity + 3 {
                assert_eq!(receiver.recv().await, Some(n), "{case}");
            }
            for send in sends {
                assert!(
                    send.await.is_ok(),
                    "a value that was received has been sent, {case}"
                );
            }
        }
    });
}

#[test]
fn a_channel_without_its_other_end_keeps_nobody() {
    run(1, "a goroutine waits for the channel", async {
        let (sender, receiver) = channel(1);
        sender.send(1).await.expect("there is a receiver");
        drop(sender.clone());
        let mut full = Box::pin(sender.send(2));
        assert!(polled(&mut full).await.is_pending(), "the channel is full");
        drop(receiver.clone());
        assert!(polled(&mut full).await.is_pending(), "there is a receiver");
        drop(receiver);
        assert_eq!(full.await.map_err(|error| error.0), Err(2));
        assert_eq!(sender.send(3).await.map_err(|error| error.0), Err(3));

        let (sender, receiver) = channel(1);
        sender.send(()).await.expect("there is a receiver");
        let mut second = Box::pin(async { (receiver.recv().await, receiver.recv().await) });
        assert!(polled(&mut second).await.is_pending(), "there is a sender");
        drop(sender);
        assert_eq!(second.await, (Some(()), None));
        assert_eq!(receiver.recv().await, None);
    });
}

/// A receive and a send are dropped while they wait, and a receive when it has been served: nothing is lost, and nothing
/// that was given up is sent.
#[test]
fn what_is_given_up_loses_nothing() {
    run(1, "a goroutine waits for the channel", async {
        let (sender, receiver) = channel(0);
        let mut waits = [(); 3].map(|()| Box::pin(receiver.recv()));
        for receive in &mut waits {
            assert!(polled(receive).await.is_pending(), "nobody has sent");
        }
        let [first, second, third] = waits;
        drop(second);
        sender.send(7).await.expect("there is a receiver");
        drop(first);
        assert_eq!(third.await, Some(7), "the value that the first was given");

        let mut served = Box::pin(receiver.recv());
        assert!(polled(&mut served).await.is_pending(), "nobody has sent");
        sender.send(8).await.expect("there is a receiver");
        drop(served);
        let mut given_up = Box::pin(sender.send(9));
        assert!(
            polled(&mut given_up).await.is_pending(),
            "8 has come back, and nobody receives"
        );
        drop(given_up);
        assert_eq!(receiver.recv().await, Some(8), "the value that came back");
        drop(sender);
        assert_eq!(receiver.recv().await, None, "9 was given up");
    });
}

/// A runtime with one worker, asked by a goroutine that runs next, while three others stand in the queue, or 256, more than a byte
/// can count. Ten times, because now and then what is started next may stand in the queue as well.
#[test]
fn the_monitor_says_what_a_worker_does() {
    for others in [3, 256] {
        must_end("a goroutine has not ended", move || {
            let runtime = Runtime::new(1);
            let why = "the worker has nothing to do, and does not say that it is parked";
            let idle = || runtime.snapshot().workers[0].doing == Doing::Parked;
            let mut seen = Vec::new();
            for _ in 0..10 {
                wait_until(why, idle);
                let before = runtime.snapshot().workers[0].clone();
                let asked = runtime.go(async move {
                    let doing = || snapshot().workers[0].doing;
                    let own = doing();
                    let others: Vec<_> = (0..others).map(|_| go(async move { doing() })).collect();
                    (own, joined(go(async { snapshot() }).await), others)
                });
                let (own, asked, others) = joined(asked.join());
                let [worker] = &asked.workers[..] else {
                    panic!("there is one worker: {asked:?}");
                };
                let is_running = |doing: &Doing| matches!(doing, Doing::Running(_));
                assert!(
                    is_running(&worker.doing),
                    "the one that asks runs: {asked:?}"
                );
                let mut doing = vec![own, worker.doing];
                doing.extend(others.into_iter().map(|other| joined(other.join())));
                let wrong = (0..doing.len())
                    .find(|&n| !is_running(&doing[n]) || doing[..n].contains(&doing[n]));
                if let Some(wrong) = wrong {
                    panic!(
                        "of {} goroutines none had ended when the last of them was started, so each has a number of its own; \
                         one of them runs, and the worker says {:?}, having said {:?} when the others ran",
                        doing.len(),
                        doing[wrong],
                        &doing[..wrong.min(5)]
                    );
                }
                assert_eq!(worker.stolen, 0, "thefts of the only worker");
                assert!(
                    asked.global == 0 || doing.len() > 256,
                    "tasks in no worker's queue, when the worker has put three into its own: {asked:?}"
                );
                seen.push((asked.goroutines, worker.queued, worker.ran - before.ran));
            }
            let right = (others + 2, others, 2);
            assert!(
                seen.contains(&right),
                "(goroutines that have not ended, how many are in the queue, how many have run since the worker was idle) must \
                 be {right:?}, and was {seen:?}"
            );
            wait_until(why, idle);
            let worker = &runtime.snapshot().workers[0];
            assert!(worker.parked >= 1, "it has slept ten times: {worker:?}");
            let runs = 10 * (others as u64 + 3);
            assert_eq!(
                worker.ran, runs,
                "runs of {others} goroutines once each, of one that asks once, and of one that waits for it twice; ten times"
            );
        });
    }
}

/// The only worker is in a goroutine, and 300 are started from outside, more than a byte can count: they are in no worker's queue.
/// When the first of them runs, the others are in the worker's queue or in none.
#[test]
fn the_monitor_says_how_many_are_in_no_workers_queue() {
    must_end("a goroutine has not ended", || {
        let runtime = Runtime::new(1);
        let (begun, begins) = mpsc::channel();
        let (open, waits) = mpsc::channel::<()>();
        let blocks = runtime.go(async move {
            begun.send(()).expect("the test waits");
            _ = waits.recv();
        });
        begins.recv().expect("it begins");
        let (asked, seen) = mpsc::sync_channel(1);
        for _ in 0..300 {
            let asked = asked.clone();
            drop(runtime.go(async move { _ = asked.try_send(snapshot()) }));
        }
        let global = runtime.snapshot().global;
        drop(open);
        joined(blocks.join());
        let first = seen.recv().expect("a goroutine has asked");
        let queued = first.workers[0].queued;
        assert_eq!(
            queued + first.global,
            299,
            "tasks in the worker's queue, which are {queued}, and in none, which are {}, when the first of 300 ran",
            first.global
        );
        assert_eq!(
            global, 300,
            "tasks in no worker's queue: the only worker is in a goroutine, and 300 were started from outside"
        );
    });
}

/// Two workers: one is blocked by a goroutine that has started another, and the other one has to steal that.
#[test]
fn the_monitor_counts_thefts() {
    run(
        2,
        "the goroutine that was started by one that blocks",
        async {
            let ran = Arc::new(AtomicBool::new(false));
            let runs = Arc::clone(&ran);
            let asked = go(async move {
                runs.store(true, Ordering::Release);
                snapshot()
            });
            while !ran.load(Ordering::Acquire) {
                thread::yield_now();
            }
            let seen = joined(asked.await);
            let stolen: u64 = seen.workers.iter().map(|worker| worker.stolen).sum();
            assert_ne!(stolen, 0, "thefts: {seen:?}");
        },
    );
}

#[test]
fn the_monitor_draws() {
    let drawn = Runtime::new(3).snapshot().to_string();
    assert_eq!(
        drawn.lines().count(),
        5,
        "two lines, and one for each worker:\n{drawn}"
    );
    let worker = |doing, queued, ran, stolen, parked| WorkerSnapshot {
        doing,
        queued,
        ran,
        stolen,
        parked,
    };
    let snapshot = Snapshot {
        goroutines: 12,
        global: 3,
        timers: 1,
        workers: vec![
            worker(Doing::Running(17), 8, 4711, 3, 9),
            worker(Doing::Parked, 0, 812, 40, 41),
            worker(Doing::Searching, 0, 0, 0, 0),
        ],
    };
    insta::assert_snapshot!(snapshot, @r"
    goroutines 12   global queue 3   timers 1
    worker  doing           queued      ran   steals    parks
         0  goroutine 17         8     4711        3        9
         1  parked               0      812       40       41
         2  searching            0        0        0        0
    ");
}
