//! What the docs promise, on real threads. The orderings are the models' business, in `src/race_freedom.rs`.

use executor::{Executor, JoinError, JoinHandle, block_on};
use harness::assert_bounds;
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, others_must_sleep, panic_of, payload_of,
    staged_panic, staged_panic_of, unwinding_if, while_unwinding,
};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn, ready};
use std::marker::PhantomPinned;
use std::mem::forget;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Wakes itself and is pending, so often; what Go's `runtime.Gosched` is.
fn yields(mut times: usize) -> impl Future<Output = ()> + Send {
    poll_fn(move |cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// A task that counts its polls, leaves its waker and is pending as long as `is_open` is not set.
#[derive(Default)]
struct Door {
    is_open: AtomicBool,
    polls: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Door {
    fn pass(self: &Arc<Self>) -> impl Future<Output = usize> + Send + 'static {
        let door = Arc::clone(self);
        poll_fn(move |cx| {
            let polls = door.polls.fetch_add(1, Relaxed) + 1;
            *door.waker.lock().unwrap() = Some(cx.waker().clone());
            match door.is_open.load(Relaxed) {
                true => Poll::Ready(polls),
                false => Poll::Pending,
            }
        })
    }

    fn waker(&self) -> Waker {
        let waker = self.waker.lock().unwrap().clone();
        waker.expect("the task has been polled")
    }

    fn polls(&self) -> usize {
        self.polls.load(Relaxed)
    }

    /// Wakes the task that waits, if there is one yet; a later one passes at once.
    fn open(&self) {
        self.is_open.store(true, Relaxed);
        let waker = self.waker.lock().unwrap().take();
        waker.into_iter().for_each(Waker::wake);
    }
}

fn poll<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// What a task that must have ended has returned.
#[track_caller]
fn result_of<T>(mut handle: JoinHandle<T>) -> Result<T, JoinError> {
    assert!(handle.is_finished(), "the task has not ended");
    match poll(&mut handle, Waker::noop()) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("`is_finished` returned true, and the handle is pending"),
    }
}

/// The future borrows, stays on its thread, cannot be moved, and calls `block_on` itself.
#[test]
fn block_on_takes_any_future() {
    let (text, shared) = (String::from("borrowed"), Rc::new(Cell::new(0)));
    let length = block_on(async {
        yields(3).await;
        shared.set(block_on(async {
            yields(2).await;
            text.len()
        }));
        yields(1).await;
        shared.get()
    });
    assert_eq!(length, 8);
}

/// Tasks that have woken themselves go to the end of the queue, behind those that wait already.
#[test]
fn tasks_run_in_the_order_in_which_they_were_queued() {
    for tasks in [3, 1_000] {
        let (executor, order) = (Executor::new(), Arc::new(Mutex::new(Vec::new())));
        for n in 0..tasks {
            let order = Arc::clone(&order);
            drop(executor.spawn(async move {
                for round in 0..3 {
                    order.lock().unwrap().push((round, n));
                    yields(1).await;
                }
            }));
        }
        executor.run_until_idle();
        let right = (0..3 * tasks).map(|turn| (turn / tasks, turn % tasks));
        let order = order.lock().unwrap();
        for (&(before, task), (_, first)) in order.iter().zip(right) {
            assert_eq!(
                task, first,
                "the task that is polled: it has had {before} turns, and stood behind the other in the queue"
            );
        }
        assert_eq!(
            order.len(),
            3 * tasks,
            "turns of {tasks} tasks that yield, three each, when `run_until_idle` returned: it goes on while one is \
             queued"
        );
    }
}

/// Three tasks that wait are woken in another order than they were spawned in, and then one more is spawned: they run in that
/// order.
#[test]
fn tasks_run_in_the_order_in_which_they_were_woken() {
    let (executor, order) = (Executor::new(), Arc::new(Mutex::new(Vec::new())));
    let doors = [(); 4].map(|()| Arc::new(Door::default()));
    let spawn = |n: usize| {
        let (passes, order) = (doors[n].pass(), Arc::clone(&order));
        drop(executor.spawn(async move {
            passes.await;
            order.lock().unwrap().push(n);
        }));
    };
    (0..3).for_each(spawn);
    executor.run_until_idle();
    for n in [2, 0, 1, 3] {
        doors[n].open();
    }
    spawn(3);
    executor.run_until_idle();
    let order = order.lock().unwrap().clone();
    assert_eq!(
        order,
        [2, 0, 1, 3],
        "the order in which tasks ran: 2, 0 and 1 were woken in this order, and 3 was spawned after that"
    );
}

#[test]
fn a_task_is_polled_once_for_any_number_of_wakes() {
    // SC-47
    let (executor, door) = (Executor::new(), Arc::new(Door::default()));
    let handle = executor.spawn(door.pass());
    assert_eq!(door.polls(), 0, "polls, and nobody runs tasks");
    // The last is more than a `u16` counts.
    for (wakes, polls) in [(0, 1), (0, 1), (1, 2), (5, 3), (0, 3), (70_000, 4)] {
        for _ in 0..wakes {
            door.waker().wake_by_ref();
            door.waker().wake();
        }
        executor.run_until_idle();
        assert_eq!(door.polls(), polls, "polls, after {wakes} more wakes");
        assert!(!handle.is_finished(), "the task waits");
    }
    let waker = door.waker();
    door.open();
    executor.run_until_idle();
    for _ in 0..3 {
        waker.wake_by_ref();
        executor.run_until_idle();
    }
    assert_eq!(result_of(handle).unwrap(), 5, "polls until it was complete");
    assert_eq!(
        door.polls(),
        5,
        "polls of a task that was woken when it had ended"
    );
}

/// A task wakes itself many times in one poll: also as often as makes a `u8` or a `u16` zero again.
#[test]
fn a_task_that_is_woken_while_it_runs_is_polled_once_more() {
    // SC-47
    for wakes in [100, 1 << 8, 1 << 16] {
        let (executor, polls) = (Executor::new(), Arc::new(AtomicUsize::new(0)));
        let counts = Arc::clone(&polls);
        let handle = executor.spawn(poll_fn(move |cx| {
            if counts.fetch_add(1, Relaxed) == 0 {
                (0..wakes).for_each(|_| cx.waker().wake_by_ref());
            }
            Poll::<()>::Pending
        }));
        executor.run_until_idle();
        assert_eq!(polls.load(Relaxed), 2, "polls, after {wakes} wakes");
        assert!(!handle.is_finished());
    }
}

/// The future of `block_on` wakes itself as many times, and then the future of the call before.
#[test]
fn block_on_polls_once_for_any_number_of_wakes() {
    must_end("`block_on` has not polled a future that was woken", || {
        let mut earlier: Option<Waker> = None;
        for wakes in [100, 1 << 8, 1 << 16] {
            let (mut polls, is_woken_again) = (0, Arc::new(AtomicBool::new(false)));
            block_on(poll_fn(|cx| {
                polls += 1;
                match polls {
                    1 => (0..wakes).for_each(|_| cx.waker().wake_by_ref()),
                    2 => {
                        earlier.take().into_iter().for_each(Waker::wake);
                        let (waker, again) = (cx.waker().clone(), Arc::clone(&is_woken_again));
                        thread::spawn(move || {
                            let_others_run(); // so that a poll without a wake comes first
                            again.store(true, Relaxed);
                            waker.wake();
                        });
                    }
                    _ => {
                        let again = is_woken_again.load(Relaxed);
                        assert!(
                            again,
                            "a third poll, and there were {wakes} wakes in the first, and in the second one by \
                             the waker of an earlier call"
                        );
                        earlier = Some(cx.waker().clone());
                        return Poll::Ready(());
                    }
                }
                Poll::Pending
            }));
        }
    });
}

/// Handles return what their tasks have returned, and know also later that these have ended.
#[test]
fn a_handle_returns_the_output() {
    let executor = Executor::new();
    let (text, unit) = (
        executor.spawn(async { String::from("text") }),
        executor.spawn(ready(())),
    );
    let pinned = executor.spawn(async {
        let large = [7_u8; 10_000];
        yields(3).await;
        (PhantomPinned, large)
    });
    let mut late = executor.spawn(async { yields(200_000).await });
    assert!(
        poll(&mut late, Waker::noop()).is_pending(),
        "nobody runs tasks"
    );
    executor.run_until_idle();
    assert_eq!(result_of(text).unwrap(), "text");
    result_of(unit).unwrap();
    assert_eq!(result_of(pinned).unwrap().1[9_999], 7);
    assert!(
        poll(&mut late, Waker::noop()).is_ready(),
        "a task has woken itself 200,000 times, and `run_until_idle` has returned before its end"
    );
    assert!(
        late.is_finished(),
        "`is_finished` is false, and the task has ended; its output was taken by a poll"
    );
    for _ in 0..2 {
        assert_eq!(
            panic_of(|| drop(poll(&mut late, Waker::noop()))).as_deref(),
            Some("JoinHandle: polled after completion"),
            "the panic of a handle that is polled again, once and once more"
        );
    }
}

/// Nobody wakes the future, and no task is queued; one waits. The thread sleeps, in `block_on` and in `run`, even while it unwinds.
#[test]
fn a_thread_that_waits_sleeps() {
    for unwinds in [false, true] {
        let waits = move |call: fn()| unwinding_if(unwinds, call);
        let because = format!("nobody had woken the future (while the thread unwinds: {unwinds})");
        must_sleep_on_threads("`block_on`", &because, move || {
            waits(|| block_on(pending()));
        });
        must_sleep_on_threads("`run`", &because, move || {
            waits(|| {
                let executor = Executor::new();
                drop(executor.spawn(pending::<()>()));
                executor.run(pending())
            });
        });
    }
}

/// Threads sleep in `block_on` and in `run`. Four times they are unparked, which wakes no future, and then their futures are
/// woken and are pending again, and so is a task: the threads sleep again.
#[test]
fn a_thread_that_was_woken_sleeps_again() {
    let waits = "one thread is in `block_on` and two are in `run`, all futures are pending, and so is the task";
    must_end(
        "futures that were pending have been woken, and are ready",
        move || {
            let executor = Arc::new(Executor::new());
            let doors = [(); 4].map(|()| Arc::new(Door::default()));
            let [of_block_on, of_run, of_another, of_task] =
                doors.each_ref().map(|door| door.pass());
            drop(executor.spawn(of_task));
            // Nobody joins them if one of them does not sleep.
            let mut threads = vec![thread::spawn(move || block_on(of_block_on))];
            threads.extend([of_run, of_another].map(|future| {
                let executor = Arc::clone(&executor);
                thread::spawn(move || executor.run(future))
            }));
            for _ in 0..4 {
                others_must_sleep(waits);
                threads.iter().for_each(|thread| thread.thread().unpark());
                others_must_sleep(waits);
                doors.iter().for_each(|door| door.waker().wake());
            }
            others_must_sleep(waits);
            assert_eq!(
                doors[0].polls(),
                5,
                "polls of the future of `block_on`, which was woken four times"
            );
            doors.iter().for_each(|door| door.open());
            threads
                .into_iter()
                .for_each(|thread| _ = thread.join().unwrap());
        },
    );
}

/// 256 threads sleep in `run`, more than a byte can count, and a task is woken that has had as many wakers: a thread runs it, and
/// it wakes the others.
#[test]
fn one_of_many_threads_that_sleep_runs_the_task() {
    must_end("a task was woken while 256 threads slept in `run`", || {
        let (executor, task) = (Arc::new(Executor::new()), Arc::new(Door::default()));
        let doors = [(); 256].map(|()| Arc::new(Door::default()));
        let (passes, theirs) = (task.pass(), doors.clone());
        drop(executor.spawn(async move {
            passes.await;
            theirs.iter().for_each(|door| door.open());
        }));
        executor.run_until_idle();
        let mut wakers = Vec::new();
        for n in 1..=300 {
            wakers.push(task.waker());
            task.waker().wake();
            executor.run_until_idle();
            let polls = task.polls();
            assert_eq!(
                polls,
                n + 1,
                "polls of a task that was woken {n} times, and of which {n} wakers are kept"
            );
        }
        let threads = doors.map(|door| {
            let executor = Arc::clone(&executor);
            thread::spawn(move || executor.run(door.pass()))
        });
        others_must_sleep(
            "256 threads are in `run`, no task is queued, and no future has been woken",
        );
        task.open();
        threads
            .into_iter()
            .for_each(|thread| _ = thread.join().unwrap());
    });
}

/// A handle is polled with one waker and then with another, as happens if it is passed on: the last one counts.
#[test]
fn a_handle_wakes_the_waker_of_its_last_poll() {
    let (executor, counts) = (
        Executor::new(),
        [(); 2].map(|()| Arc::new(Count::default())),
    );
    let mut handle = executor.spawn(ready(7));
    for count in &counts {
        assert!(poll(&mut handle, &Waker::from(Arc::clone(count))).is_pending());
    }
    executor.run_until_idle();
    assert_eq!(
        counts[1].0.load(Relaxed),
        1,
        "wakes of the last poll's waker"
    );
    assert_eq!(result_of(handle).unwrap(), 7);
}

/// One handle is dropped before the first poll, and one while the task waits. Both tasks go on, and what they return is dropped
/// when they end, though there are wakers.
#[test]
fn dropping_the_handle_detaches() {
    // GR-03
    let (executor, drops) = (Executor::new(), Arc::new(Mutex::new(Vec::new())));
    let doors = [(); 2].map(|()| Arc::new(Door::default()));
    let [first, second] = doors.each_ref().map(|door| {
        let (passes, output) = (door.pass(), Dropped(Arc::clone(&drops)));
        executor.spawn(async move { (passes.await, output) })
    });
    drop(first);
    executor.run_until_idle();
    drop(second);
    let _kept = doors.each_ref().map(|door| door.waker());
    doors.iter().for_each(|door| door.open());
    executor.run_until_idle();
    assert_eq!(
        doors.map(|door| door.polls()),
        [2, 2],
        "polls, after a wake each"
    );
    let drops = drops.lock().unwrap().len();
    assert_eq!(
        drops, 2,
        "drops of what two tasks returned, whose handles were dropped before; there are wakers of them"
    );
}

/// `run` polls its future after each task, if it was woken, and returns as soon as it is complete, though tasks are queued;
/// another call runs them.
#[test]
fn run_waits_for_its_future_only() {
    // GR-03
    must_end("`run` has not returned", || {
        let executor = Executor::new();
        let waits = executor.spawn(pending::<()>());
        let mut handles: Vec<_> = (1..=1_000).map(|n| executor.spawn(ready(n))).collect();
        let (text, first) = (String::from("borrowed"), handles.remove(0));
        assert_eq!(executor.run(async { first.await.unwrap() + text.len() }), 9);
        let finished = || handles.iter().filter(|handle| handle.is_finished()).count();
        let more = finished();
        assert!(
            more == 0,
            "`run` went on with {more} more tasks when the first had woken its future, which was complete then"
        );
        assert_eq!(executor.run(ready(5)), 5);
        let more = finished();
        assert!(
            more == 0,
            "`run` went on with {more} tasks, and its future was complete at once"
        );
        executor.run_until_idle();
        let outputs: Vec<_> = handles
            .into_iter()
            .map(|handle| result_of(handle).unwrap())
            .collect();
        assert!(outputs.into_iter().eq(2..=1_000), "their outputs");
        assert!(!waits.is_finished());
    });
}

/// Two tasks yield for ever, and the future of `run` a hundred times. Tasks and future take turns: a task runs, then the
/// future is polled, if it was woken.
#[test]
fn nobody_starves() {
    let said = "`run` has not returned: its future has yielded, and is not polled again while tasks are queued";
    must_end(said, || {
        let (executor, turns) = (Executor::new(), Arc::new([0, 1].map(AtomicUsize::new)));
        for n in 0..2 {
            let turns = Arc::clone(&turns);
            drop(executor.spawn(async move {
                loop {
                    turns[n].fetch_add(1, Relaxed);
                    yields(1).await;
                }
            }));
        }
        executor.run(yields(100));
        for turns in turns.iter() {
            let turns = turns.load(Relaxed);
            assert!(
                turns >= 25,
                "`run` has polled its own future a hundred times and more, and a task that was always queued {turns} \
                 times: it polls the future again without running a task"
            );
        }
    });
}

/// A task panics; the thread that runs it goes on with the next, and the payload comes out of the handle.
#[test]
fn a_panic_ends_one_task() {
    // GR-04
    let executor = Executor::new();
    let panics = executor.spawn(async {
        yields(1).await;
        resume_unwind(Box::new(404_u32))
    });
    drop(executor.spawn(async { staged_panic("a detached task's") }));
    let after = executor.spawn(async { yields(2).await });
    let has_panicked = payload_of(|| executor.run_until_idle()).is_some();
    assert!(
        !has_panicked,
        "a task's panic has come out of `run_until_idle`"
    );
    result_of(after).expect("the task behind them does not panic");
    let result: Result<(), _> = result_of(panics);
    let Err(JoinError::Panicked(payload)) = result else {
        panic!("expected the payload of the panic, and not {result:?}");
    };
    assert_eq!(payload.downcast_ref(), Some(&404_u32), "the payload");
}

/// Notes on which thread it was dropped.
struct Dropped(Arc<Mutex<Vec<thread::ThreadId>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        // A test that fails while it looks at them poisons the lock, and a second panic would end the process.
        let mut drops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drops.push(thread::current().id());
    }
}

/// A waker of the task is kept, and its handle too: the future is dropped all the same, by the thread that polled it.
#[test]
fn a_future_is_dropped_as_soon_as_it_is_complete() {
    for panics in [false, true] {
        let (executor, door) = (Executor::new(), Arc::new(Door::default()));
        let drops = Arc::new(Mutex::new(Vec::new()));
        let (held, mut passes) = (Dropped(Arc::clone(&drops)), Box::pin(door.pass()));
        let handle = executor.spawn(poll_fn(move |cx| {
            let _ = &held;
            let polled = passes.as_mut().poll(cx);
            if panics && polled.is_ready() {
                staged_panic("the task's");
            }
            polled
        }));
        executor.run_until_idle();
        let _kept = door.waker();
        assert_eq!(
            drops.lock().unwrap().len(),
            0,
            "drops of a future that is pending"
        );
        door.open();
        let runner = thread::scope(|s| {
            let runner = s.spawn(|| executor.run_until_idle());
            let id = runner.thread().id();
            runner.join().unwrap();
            id
        });
        assert_eq!(
            *drops.lock().unwrap(),
            [runner],
            "the threads that have dropped the future, when the one that polled it had gone on (the poll has panicked: \
             {panics}); its waker and its handle are kept"
        );
        assert_eq!(result_of(handle).is_err(), panics);
    }
}

/// A future is dropped before its handle is ready, at its end, after a panic, and with the executor; and no lock is held
/// then. Its drop asks the handle, and so does the handle's waker when it is woken.
#[test]
fn a_future_is_dropped_before_its_handle_is_ready() {
    struct Asks {
        handle: Arc<OnceLock<JoinHandle<()>>>,
        answers: Arc<Mutex<Vec<bool>>>,
    }
    impl Drop for Asks {
        fn drop(&mut self) {
            let handle = self.handle.get().expect("it was spawned");
            self.answers.lock().unwrap().push(handle.is_finished());
        }
    }
    impl Wake for Asks {
        fn wake(self: Arc<Self>) {} // and drops it
    }

    must_end(
        "`is_finished` was called by the drop of the future, or by the handle's waker, and has not returned",
        || {
            for end in ["it is complete", "it panics", "the executor is dropped"] {
                let (executor, answers) = (Executor::new(), Arc::new(Mutex::new(Vec::new())));
                let handle = Arc::new(OnceLock::new());
                let [asks, of_waker] = [(); 2].map(|()| Asks {
                    handle: Arc::clone(&handle),
                    answers: Arc::clone(&answers),
                });
                let mut task = executor.spawn(poll_fn(move |_| {
                    let _ = &asks;
                    match end {
                        "it is complete" => Poll::Ready(()),
                        "it panics" => staged_panic("the task's"),
                        _ => Poll::Pending,
                    }
                }));
                assert!(poll(&mut task, &Waker::from(Arc::new(of_waker))).is_pending());
                assert!(handle.set(task).is_ok());
                executor.run_until_idle();
                drop(executor);
                assert_eq!(
                    *answers.lock().unwrap(),
                    [false, true],
                    "whether the handle was ready when the future was dropped, and when its waker was woken, because \
                 {end}"
                );
                assert!(handle.get().expect("it is set").is_finished(), "now it is");
            }
        },
    );
}

/// Panics when it is dropped.
struct Panics(&'static str);

impl Drop for Panics {
    fn drop(&mut self) {
        staged_panic(self.0);
    }
}

/// Whose panic has come out of a handle.
#[track_caller]
fn whose_panic<T>(handle: JoinHandle<T>) -> Option<&'static str> {
    match result_of(handle) {
        Err(JoinError::Panicked(payload)) => staged_panic_of(|| resume_unwind(payload)),
        Err(JoinError::Cancelled) => {
            panic!("the future's poll or drop has panicked, and its handle says `Cancelled`")
        }
        Ok(_) => {
            panic!("the future's poll or drop has panicked, and its handle returned the output")
        }
    }
}

/// The drop of a future panics: that comes out of its handle. The drops of outputs that nobody gets panic: that is lost.
#[test]
fn a_panic_of_a_drop_ends_one_task() {
    // GR-04
    let (executor, drops) = (Executor::new(), Arc::new(Mutex::new(Vec::new())));
    let output = (Dropped(Arc::clone(&drops)), Panics("the output's drop"));
    let (panics, mut output) = (Panics("the future's drop"), Some(output));
    let dropped = executor.spawn(poll_fn(move |_| {
        let _ = &panics;
        Poll::Ready(output.take())
    }));
    drop(executor.spawn(async { Panics("the output's drop") }));
    let unwanted = executor.spawn(async { Panics("the output's drop") });
    let after = executor.spawn(ready(7));
    let whose = staged_panic_of(|| executor.run_until_idle());
    assert_eq!(whose, None, "whose panic has come out of `run_until_idle`");
    assert_eq!(result_of(after).unwrap(), 7, "the task behind them");
    assert_eq!(whose_panic(dropped), Some("the future's drop"));
    let drops = drops.lock().unwrap().len();
    assert_eq!(
        drops, 1,
        "drops of the output that the handle did not return"
    );
    let whose = staged_panic_of(|| drop(unwanted));
    assert_eq!(whose, None, "whose panic has come out of a handle's drop");
}

/// A future panics when it is polled, and again when it is dropped: the first payload comes out of the handle.
#[test]
fn of_two_panics_the_first_comes_out() {
    let executor = Executor::new();
    let panics = Panics("the future's drop");
    let handle = executor.spawn(poll_fn(move |_| -> Poll<()> {
        let _ = &panics;
        staged_panic("the poll's");
    }));
    let whose = staged_panic_of(|| executor.run_until_idle());
    assert_eq!(whose, None, "whose panic has come out of `run_until_idle`");
    assert_eq!(
        whose_panic(handle),
        Some("the poll's"),
        "the panic that the handle returned, of the two"
    );
}

/// The payload of a task's panic panics when it is dropped, with the task's end or with the handle, and so does the payload of
/// that panic, without an end. Nobody hears of it. Nor if it is the second payload of one task.
#[test]
fn a_panic_of_a_payloads_drop_is_lost() {
    struct Endless;
    impl Drop for Endless {
        fn drop(&mut self) {
            resume_unwind(Box::new(Endless));
        }
    }
    struct PanicsTwice;
    impl Future for PanicsTwice {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            staged_panic("the poll's");
        }
    }
    impl Drop for PanicsTwice {
        fn drop(&mut self) {
            resume_unwind(Box::new(Endless));
        }
    }

    let executor = Executor::new();
    let twice = executor.spawn(PanicsTwice);
    drop(executor.spawn(async { resume_unwind(Box::new(Endless)) }));
    let unwanted = executor.spawn(async { resume_unwind(Box::new(Endless)) });
    let after = executor.spawn(ready(7));
    let payload = payload_of(|| executor.run_until_idle()).map(forget);
    assert!(
        payload.is_none(),
        "the panic of a payload's drop has come out of `run_until_idle`"
    );
    let payload = payload_of(|| drop(unwanted)).map(forget);
    assert!(
        payload.is_none(),
        "the panic of a payload's drop has come out of a handle's drop"
    );
    assert_eq!(
        whose_panic(twice),
        Some("the poll's"),
        "the panic that the handle returned, of a future's poll and its drop"
    );
    assert_eq!(result_of(after).unwrap(), 7, "the task behind them");
}

/// Two futures are left, and the drop of the first panics: that comes out of its handle, and the second is dropped too.
#[test]
fn a_panic_of_a_drop_does_not_come_out_of_the_executors() {
    let (executor, drops) = (Executor::new(), Arc::new(Mutex::new(Vec::new())));
    let (panics, held) = (Panics("the future's drop"), Dropped(Arc::clone(&drops)));
    let first = executor.spawn(async move {
        let _panics = panics;
        pending::<()>().await;
    });
    let second = executor.spawn(async move {
        let _held = held;
        pending::<()>().await;
    });
    let whose = staged_panic_of(|| drop(executor));
    assert_eq!(
        whose, None,
        "whose panic has come out of the executor's drop"
    );
    assert_eq!(whose_panic(first), Some("the future's drop"));
    assert_eq!(drops.lock().unwrap().len(), 1, "drops of the other future");
    let result = result_of(second);
    assert!(
        matches!(result, Err(JoinError::Cancelled)),
        "the other handle returned {result:?}"
    );
}

/// The panic of the future that `run` was given goes on; the executor and its tasks are as before.
#[test]
fn a_panic_of_the_callers_future_goes_on() {
    let executor = Executor::new();
    let handle = executor.spawn(ready(7));
    for _ in 0..2 {
        let whose = staged_panic_of(|| executor.run(async { staged_panic("run's") }));
        assert_eq!(whose, Some("run's"));
        let whose = staged_panic_of(|| block_on(async { staged_panic("block_on's") }));
        assert_eq!(whose, Some("block_on's"));
    }
    assert_eq!(executor.run(handle).unwrap(), 7);
}

/// One task waits, one is queued, one has never been polled. All are dropped with the executor, though there are wakers;
/// one handle is being waited for.
#[test]
fn what_is_left_is_dropped_with_the_executor() {
    what_is_left_is_dropped_by(drop);
}

/// The executor is dropped because its thread panics, while a task waits, one is queued, and one has never been polled: all are
/// dropped with it.
#[test]
fn what_is_left_is_dropped_with_the_executor_of_a_thread_that_panics() {
    what_is_left_is_dropped_by(|executor| while_unwinding(|| drop(executor)));
}

#[track_caller]
fn what_is_left_is_dropped_by(ends: impl FnOnce(Executor)) {
    let (executor, drops) = (Executor::new(), Arc::new(Mutex::new(Vec::new())));
    let doors = [(); 3].map(|()| Arc::new(Door::default()));
    let mut handles = Vec::new();
    for (n, door) in doors.iter().enumerate() {
        if n == 2 {
            executor.run_until_idle();
            doors[1].waker().wake();
        }
        let (held, passes) = (Dropped(Arc::clone(&drops)), door.pass());
        handles.push(executor.spawn(async move {
            let _held = held;
            passes.await;
        }));
    }
    let count = Arc::new(Count::default());
    assert!(poll(&mut handles[0], &Waker::from(Arc::clone(&count))).is_pending());
    let wakers = [doors[0].waker(), doors[1].waker()];
    ends(executor);
    assert_eq!(
        drops.lock().unwrap().len(),
        3,
        "futures dropped with the executor, of three"
    );
    assert_eq!(
        count.0.load(Relaxed),
        1,
        "wakes of the one who waited for the first"
    );
    for handle in handles {
        let result = result_of(handle);
        assert!(
            matches!(result, Err(JoinError::Cancelled)),
            "a handle returned {result:?}"
        );
    }
    wakers.into_iter().for_each(Waker::wake);
    assert_eq!(doors.map(|door| door.polls()), [1, 1, 0], "polls");
}

/// A destructor uses an executor while its thread unwinds: it wakes tasks, runs them, and gets what they return; and a handle that
/// it drops gives up the output at once, though there is a waker.
#[test]
fn an_executor_works_while_its_user_unwinds() {
    must_end("a task was woken, and its thread unwinds", || {
        let (executor, drops) = (Executor::new(), Arc::new(Mutex::new(Vec::new())));
        let doors = [(); 3].map(|()| Arc::new(Door::default()));
        let [first, second, third] = doors.each_ref().map(|door| door.pass());
        let output = Dropped(Arc::clone(&drops));
        let (first, second) = (executor.spawn(first), executor.spawn(second));
        let unwanted = executor.spawn(async move { (third.await, output) });
        executor.run_until_idle();
        let _kept = doors[2].waker();
        let polls = while_unwinding(|| {
            doors.iter().for_each(|door| door.open());
            let polls = executor.run(first).expect("it does not panic");
            executor.run_until_idle();
            (polls, result_of(second).expect("it does not panic"))
        });
        assert_eq!(polls, (2, 2), "polls of two tasks, which were woken once");
        while_unwinding(|| drop(unwanted));
        let drops = drops.lock().unwrap().len();
        assert_eq!(
            drops, 1,
            "drops of an output whose handle was dropped, while its thread unwound; there is a waker of its task"
        );
    });
}

/// Futures, outputs and wakers call the executor back when they are dropped or woken.
#[test]
fn no_lock_is_held_while_others_code_runs() {
    must_end(
        "a drop or a wake that calls the executor has not returned",
        || {
            struct Calls(Arc<Executor>, Option<Waker>);
            impl Calls {
                fn call(&self) {
                    self.1.iter().for_each(Waker::wake_by_ref);
                    let handle = self.0.spawn(ready(()));
                    assert!(!handle.is_finished());
                }
            }
            impl Drop for Calls {
                fn drop(&mut self) {
                    self.call();
                }
            }
            impl Wake for Calls {
                fn wake(self: Arc<Self>) {
                    self.call();
                }
            }

            let executor = Arc::new(Executor::new());
            let waker = || Waker::from(Arc::new(Calls(Arc::clone(&executor), None)));
            for is_detached in [true, false] {
                let of_future = Calls(Arc::clone(&executor), None);
                let of_output = Arc::clone(&executor);
                let mut of_future = Some(of_future);
                let mut handle = executor.spawn(poll_fn(move |cx| {
                    let calls = of_future.as_mut().expect("it is dropped with the future");
                    calls.1 = Some(cx.waker().clone());
                    Poll::Ready(Calls(Arc::clone(&of_output), None))
                }));
                for _ in 0..2 {
                    assert!(poll(&mut handle, &waker()).is_pending());
                }
                if is_detached {
                    drop(handle);
                    executor.run_until_idle();
                } else {
                    executor.run_until_idle();
                    drop(handle);
                }
            }
            executor.run_until_idle();
        },
    );
}

/// A handle holds no lock while it drops its waker: that one's drop runs tasks, and so ends the handle's own task.
#[test]
fn no_lock_is_held_while_a_handle_drops_its_waker() {
    struct Runs(Arc<Executor>);
    impl Drop for Runs {
        fn drop(&mut self) {
            self.0.run_until_idle();
        }
    }
    impl Wake for Runs {
        fn wake(self: Arc<Self>) {}
    }

    let said = "a handle has dropped its waker, whose drop ends the handle's own task, and that has not returned";
    must_end(said, || {
        for is_replaced in [false, true] {
            let executor = Arc::new(Executor::new());
            let mut handle = executor.spawn(ready(7));
            let waker = Waker::from(Arc::new(Runs(Arc::clone(&executor))));
            assert!(poll(&mut handle, &waker).is_pending());
            drop(waker);
            if is_replaced {
                let _ = poll(&mut handle, Waker::noop());
                assert!(
                    handle.is_finished(),
                    "the old waker's drop has run the task"
                );
            }
            drop(handle);
        }
    });
}

/// Tasks spawn tasks, as goroutines do, and each waits for its two.
#[test]
fn tasks_spawn_tasks() {
    fn tree(executor: Arc<Executor>, level: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(async move {
            let Some(below) = level.checked_sub(1) else {
                return 1;
            };
            let halves = [(); 2].map(|()| executor.spawn(tree(Arc::clone(&executor), below)));
            let mut leaves = 0;
            for half in halves {
                leaves += half.await.expect("no task panics");
            }
            leaves
        })
    }

    must_end("the tree has not been counted", || {
        let executor = Arc::new(Executor::new());
        thread::scope(|s| {
            let runners = [(); 3]
                .map(|()| s.spawn(|| executor.run(executor.spawn(tree(Arc::clone(&executor), 9)))));
            for runner in runners {
                assert_eq!(runner.join().unwrap().unwrap(), 512, "leaves");
            }
        });
    });
}

/// Four threads run a hundred thousand tasks, each of which wakes itself twice, and a fifth spawns them. One more waits all
/// the time, and is cancelled.
#[test]
fn a_hundred_thousand_tasks_end_once_each() {
    const TASKS: usize = 100_000;
    must_end("a task has not ended", || {
        let (executor, polls) = (Executor::new(), Arc::new(AtomicUsize::new(0)));
        let waits = executor.spawn(pending::<()>());
        let doors = [(); 3].map(|()| Arc::new(Door::default()));
        thread::scope(|s| {
            for door in &doors {
                s.spawn(|| executor.run(door.pass()));
            }
            let handles: Vec<_> = (0..TASKS)
                .map(|n| {
                    let (polls, mut left) = (Arc::clone(&polls), 2);
                    executor.spawn(poll_fn(move |cx| {
                        polls.fetch_add(1, Relaxed);
                        if left == 0 {
                            return Poll::Ready(n);
                        }
                        left -= 1;
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    }))
                })
                .collect();
            let sum = executor.run(async {
                let mut sum = 0;
                for handle in handles {
                    sum += handle.await.unwrap();
                }
                sum
            });
            doors.iter().for_each(|door| door.open());
            assert_eq!(
                sum,
                TASKS * (TASKS - 1) / 2,
                "the sum of what the tasks returned"
            );
        });
        assert_eq!(polls.load(Relaxed), 3 * TASKS, "polls, of three each");
        drop(executor);
        assert!(
            waits.is_finished(),
            "the task that waits, beside {TASKS} others, is not cancelled with its executor"
        );
        let result = result_of(waits);
        assert!(
            matches!(result, Err(JoinError::Cancelled)),
            "its handle returned {result:?}"
        );
    });
}

/// Two threads sleep in `run`, and two tasks are woken, each of which keeps its thread until the other runs too.
#[test]
fn each_task_wakes_a_thread() {
    // SC-31
    must_end("a thread sleeps in `run`, and a task is queued", || {
        let executor = Executor::new();
        for _ in 0..20 {
            let (doors, both) = (
                [(); 2].map(|()| Arc::new(Door::default())),
                Arc::new(Barrier::new(2)),
            );
            let handles = doors.each_ref().map(|door| {
                let (passes, both) = (door.pass(), Arc::clone(&both));
                executor.spawn(async move {
                    passes.await;
                    both.wait();
                })
            });
            executor.run_until_idle();
            thread::scope(|s| {
                for handle in handles {
                    s.spawn(|| executor.run(handle).unwrap());
                }
                let_others_run(); // so that they may be asleep
                doors.iter().for_each(|door| door.open());
            });
        }
    });
}

#[test]
fn handles_and_executors_can_be_sent() {
    drop(Executor::new());
    fn is_unpin<T: Unpin>() {}
    is_unpin::<JoinHandle<PhantomPinned>>();
    assert_bounds!(Executor: Send + Sync);
    assert_bounds!(JoinHandle<RefCell<u32>>: Send + Sync);
    assert_bounds!(JoinError: Send);
}
