//! Models: each explores every interleaving of main and, mostly, one other thread. Either may run tasks. A task uses plain
//! memory in each poll: two polls that are not ordered are a data race.

use crate::sync::Mutex;
use crate::sync::atomic::AtomicU32;
use crate::sync::task::{Arc, Context, Poll, Waker};
use crate::sync::thread;
use crate::{Executor, JoinError, JoinHandle, block_on};
use harness::leaks::track;
use harness::sync::model::thread::scope;
use harness::testing::{
    Flag, Gate, Slot, both, let_others_sleep, must_sleep, must_sleep_again, spawn, staged_panic,
    staged_panic_of,
};
use harness::{Model, model};
use std::future::{pending, poll_fn, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a task waits for, and what a test knows of it.
struct Word {
    /// 1 if it has been said. It orders nothing: that is what the wake is for.
    said: AtomicU32,
    /// Plain memory that each poll writes.
    memory: Slot,
    waker: Mutex<Option<Waker>>,
    /// Only looked at when nobody polls.
    polls: AtomicUsize,
}

impl Word {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            said: AtomicU32::named("said", 0),
            memory: Slot::empty("the future's memory"),
            waker: Mutex::named("waker", None),
            polls: AtomicUsize::new(0),
        })
    }

    /// One poll of a future that is ready when it sees that the word has been said. Leaves its waker first.
    fn poll(&self, cx: &mut Context<'_>) -> Poll<u32> {
        let poll = self.polls.fetch_add(1, Relaxed) as u32 + 1;
        *self.waker.lock() = Some(cx.waker().clone());
        self.memory.write(poll); // after the lock, which must not order it before a poll elsewhere
        match self.said.load(Relaxed) {
            0 => Poll::Pending,
            _ => Poll::Ready(poll),
        }
    }

    /// The waker that the last poll left, if it has not been taken yet.
    fn waker(&self) -> Option<Waker> {
        self.waker.lock().take()
    }

    /// Says the word and wakes the one who waits for it, if there is one yet. Returns whether there was.
    fn say(&self) -> bool {
        let Some(waker) = self.waker() else {
            return false;
        };
        self.said.store(1, Relaxed);
        waker.wake();
        true
    }

    /// Says the word. If nobody waits for it yet, the next poll hears it.
    fn say_anyway(&self) {
        let mut waker = self.waker.lock();
        self.said.store(1, Relaxed);
        let waiting = waker.take();
        drop(waker);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    fn polls(&self) -> usize {
        self.polls.load(Relaxed)
    }
}

/// Spawns a task that waits for `word`.
fn listen(executor: &Executor, word: &Arc<Word>) -> JoinHandle<u32> {
    let word = Arc::clone(word);
    executor.spawn(poll_fn(move |cx| word.poll(cx)))
}

/// An executor with a task that has been polled once and waits for its word.
fn idle() -> (Executor, Arc<Word>, JoinHandle<u32>) {
    let (executor, word) = (Executor::new(), Word::new());
    let handle = listen(&executor, &word);
    executor.run_until_idle();
    assert_eq!(word.polls(), 1, "polls of a new task");
    (executor, word, handle)
}

/// Runs what is queued, and requires that the task has heard the word.
#[track_caller]
fn must_have_heard(executor: &Executor, word: &Word, handle: &JoinHandle<u32>) {
    executor.run_until_idle();
    let polls = word.polls();
    assert!(
        handle.is_finished(),
        "the task was woken after the word was said, and has not seen it in {polls} polls; it is not queued any more"
    );
}

fn poll_once<T>(handle: &mut JoinHandle<T>) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(Waker::noop()))
}

/// The first poll of a future starts a thread that writes and wakes. `block_on` polls it a second time, after the wake, and
/// no third time, though it may wake up for no reason, once or three times: it sleeps again. So does `run`.
#[test]
fn block_on_sleeps_until_it_is_woken() {
    for spurious in [1, 3] {
        Model::new().spurious_wakeups(spurious).check(move || {
            let (slot, mut polls) = (Slot::empty("slot"), 0);
            let slot = &slot;
            let read = scope(|s| {
                block_on(poll_fn(|cx| {
                    polls += 1;
                    if polls > 1 {
                        return Poll::Ready(slot.read());
                    }
                    let waker = cx.waker().clone();
                    spawn(s, "other", move || {
                        let_others_sleep(spurious);
                        slot.write(7);
                        waker.wake();
                    });
                    Poll::Pending
                }))
            });
            assert_eq!((read, polls), (7, 2), "(what was read, polls)");
        });
    }
    for (call, is_run) in [("`block_on`", false), ("`run`", true)] {
        must_sleep_again(call, move |steps| {
            let word = Word::new();
            let says_late = || {
                steps();
                word.say_anyway();
            };
            let waits = || {
                let future = poll_fn(|cx| word.poll(cx));
                if is_run {
                    Executor::new().run(future)
                } else {
                    block_on(future)
                }
            };
            both(waits, says_late);
        });
    }
}

/// The future of `block_on`, and that of `run`, is woken twice while it is polled, its thread runs a task or sleeps, and the
/// word is said before the second time. The poll that follows that wake hears the word, wherever the first wake has got to.
#[test]
fn the_second_of_two_wakes_counts() {
    for is_run in [false, true] {
        model(move || {
            let (executor, word) = (Executor::new(), Word::new());
            drop(executor.spawn(ready(())));
            scope(|s| {
                let future = poll_fn(|cx| {
                    let polled = word.poll(cx);
                    if word.polls() == 1 {
                        let (waker, word) = (cx.waker().clone(), &word);
                        spawn(s, "other", move || {
                            waker.wake_by_ref();
                            word.said.store(1, Relaxed);
                            waker.wake();
                        });
                    }
                    polled
                });
                match is_run {
                    true => executor.run(future),
                    false => block_on(future),
                }
            });
            let polls = word.polls();
            assert!(
                is_run || polls <= 3,
                "{polls} polls of a future that was woken twice"
            );
        });
    }
}

/// A future is woken, and parks the thread that polls it before it returns, as a channel in it might. The permit of
/// `thread::park` is the future's; that it was woken is not forgotten.
#[test]
fn a_future_may_park_its_thread() {
    model(|| {
        let (is_through, mut polls) = (Flag::lowered("is_through"), 0);
        let is_through = &is_through;
        scope(|s| {
            block_on(poll_fn(|cx| {
                polls += 1;
                if polls > 1 {
                    return Poll::Ready(());
                }
                let (waker, main) = (cx.waker().clone(), thread::current());
                spawn(s, "other", move || {
                    waker.wake();
                    is_through.raise();
                    main.unpark();
                });
                while !is_through.is_raised() {
                    thread::park();
                }
                Poll::Pending
            }))
        });
    });
}

/// The future of `block_on`, and that of `run`, is woken while it is polled, and before that poll ends it calls `run` and
/// `block_on` itself, on the same thread. These return, and the wake still counts: there is another poll.
#[test]
fn a_future_may_run_others_in_its_poll() {
    /// Is woken in its first poll, and then calls `before_it_returns`.
    fn is_woken(before_it_returns: fn()) -> impl Future<Output = ()> {
        let mut first = Some(before_it_returns);
        poll_fn(move |cx| match first.take() {
            Some(before_it_returns) => {
                cx.waker().wake_by_ref();
                before_it_returns();
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
    }
    let others = || {
        Executor::new().run(is_woken(|| ()));
        block_on(is_woken(|| ()));
    };
    model(move || block_on(is_woken(others)));
    model(move || Executor::new().run(is_woken(others)));
}

/// Nobody wakes the future, and no task is queued: the thread sleeps, and neither spins nor returns.
#[test]
fn who_waits_sleeps() {
    must_sleep("`block_on`", "nobody had woken the future", || {
        block_on(pending())
    });
    must_sleep("`run`", "nobody had woken the future", || {
        Executor::new().run(pending())
    });
}

/// Main polls a task for the first time, and another thread wakes it as soon as it has its waker: while it is being polled,
/// or when it is idle. The word was said before, so the task is polled again, unless it has heard it.
#[test]
fn a_wake_beside_the_poll_is_not_lost() {
    // SC-47
    model(|| {
        let (executor, word) = (Executor::new(), Word::new());
        let handle = listen(&executor, &word);
        let (_, said) = both(|| executor.run_until_idle(), || word.say());
        if !said {
            word.say();
        }
        must_have_heard(&executor, &word, &handle);
        assert!(word.polls() <= 2, "{} polls, and one wake", word.polls());
    });
}

/// Main polls a task for the first time. Another thread wakes it as soon as it has its waker, and runs what is queued: it
/// must not poll the task before main has left it.
#[test]
fn one_thread_at_a_time_polls_a_task() {
    model(|| {
        let (executor, word) = (Executor::new(), Word::new());
        let handle = listen(&executor, &word);
        let wakes_and_runs = || {
            let said = word.say();
            executor.run_until_idle();
            said
        };
        let (_, said) = both(|| executor.run_until_idle(), wakes_and_runs);
        if !said {
            word.say();
        }
        must_have_heard(&executor, &word, &handle);
    });
}

/// A task that waits is woken by two threads at the same time, and runs afterwards: it is queued once, and polled once.
#[test]
fn two_wakes_are_one_poll() {
    // SC-47
    model(|| {
        let (executor, word, _handle) = idle();
        let waker = word.waker().expect("it has been polled");
        let another = waker.clone();
        both(|| waker.wake_by_ref(), || another.wake());
        executor.run_until_idle();
        let polls = word.polls() - 1;
        assert_eq!(polls, 1, "polls after both wakes, and none between them");
    });
}

/// A task is queued. Another thread says the word and wakes it once more, while main polls it: the poll that follows that
/// wake, whichever it is, hears the word.
#[test]
fn a_wake_of_a_queued_task_counts() {
    // SC-47
    model(|| {
        let (executor, word, handle) = idle();
        let waker = word.waker().expect("it has been polled");
        waker.wake_by_ref();
        let says = || {
            word.said.store(1, Relaxed);
            waker.wake_by_ref();
        };
        both(|| executor.run_until_idle(), says);
        must_have_heard(&executor, &word, &handle);
    });
}

/// Main polls a task that completes, while another thread wakes it once more: it is not polled after it was complete.
#[test]
fn a_wake_beside_the_end_does_nothing() {
    // SC-47
    model(|| {
        let (executor, word, handle) = idle();
        let waker = word.waker().expect("it has been polled");
        word.said.store(1, Relaxed);
        waker.wake_by_ref();
        both(|| executor.run_until_idle(), || waker.wake_by_ref());
        must_have_heard(&executor, &word, &handle);
        let polls = word.polls() - 1;
        assert_eq!(
            polls, 1,
            "polls after the word was said; the first of them was ready"
        );
    });
}

/// Two tasks, which two threads run: each task is polled once, and so ends once, on whichever thread.
#[test]
fn two_threads_share_the_tasks() {
    model(|| {
        let executor = Executor::new();
        let slots = ["task 1's", "task 2's"].map(|name| Arc::new(Slot::empty(name)));
        let mut handles = slots.each_ref().map(|slot| {
            let slot = Arc::clone(slot);
            executor.spawn(async move { slot.write(slot.read() + 1) })
        });
        both(|| executor.run_until_idle(), || executor.run_until_idle());
        let finished = handles
            .each_mut()
            .map(|handle| poll_once(handle).is_ready());
        assert_eq!(finished, [true; 2], "whether the tasks are finished");
        let polls = slots.map(|slot| slot.read());
        assert_eq!(
            polls, [1; 2],
            "polls of the tasks, which were ready at once"
        );
    });
}

/// Writes when it is dropped.
struct WritesOnDrop(Arc<Slot>);

impl Drop for WritesOnDrop {
    fn drop(&mut self) {
        self.0.write(2);
    }
}

/// Another thread waits for a task that main runs. If it is told that the task is finished, and when it is woken, it reads
/// what the task and the drop of its future have written.
#[test]
fn a_handle_waits_for_the_whole_task() {
    // GR-02
    model(|| {
        let executor = Executor::new();
        let slots = ["by the task", "by its drop"].map(|name| Arc::new(Slot::empty(name)));
        let [ran, dropped] = slots.clone();
        let later = WritesOnDrop(dropped);
        let handle = executor.spawn(poll_fn(move |_| {
            let _ = &later;
            ran.write(1);
            Poll::Ready(7)
        }));
        let (_, read) = both(
            || executor.run_until_idle(),
            || {
                if handle.is_finished() {
                    slots.iter().for_each(|slot| {
                        let _ = slot.read();
                    });
                }
                let output = block_on(handle).expect("it does not panic");
                (output, slots.each_ref().map(|slot| slot.read()))
            },
        );
        assert_eq!(read, (7, [1, 2]), "the output, and what was written");
    });
}

/// Another thread waits for a task that main runs, and which panics: main goes on, and the payload comes out of the handle.
#[test]
fn a_panic_comes_out_of_the_handle() {
    // GR-04
    model(|| {
        let executor = Executor::new();
        let value = track(7);
        let handle = executor.spawn(async move {
            let _value = value;
            staged_panic("the task's");
        });
        let (_, ended) = both(|| executor.run_until_idle(), || block_on(handle));
        let Err(JoinError::Panicked(payload)) = ended else {
            panic!("expected the payload of the task's panic, and not {ended:?}");
        };
        let whose = staged_panic_of(|| std::panic::resume_unwind(payload));
        assert_eq!(whose, Some("the task's"));
    });
}

/// The handle is dropped while main runs the task: what the task returns is dropped once, by the thread that is last.
#[test]
fn what_a_detached_task_returns_is_dropped_once() {
    model(|| {
        let executor = Executor::new();
        let value = track(7);
        let handle = executor.spawn(async move { value });
        both(|| executor.run_until_idle(), move || drop(handle));
    });
}

/// Main sleeps in `run` for a task that is idle, or is about to. Another thread wakes the task: main wakes up and runs it.
#[test]
fn a_woken_task_wakes_the_thread_that_runs_it() {
    // SC-31
    model(|| {
        let (executor, word, handle) = idle();
        let (ended, _) = both(|| executor.run(handle), || word.say());
        assert_eq!(ended.expect("it does not panic"), 2, "polls of the task");
    });
}

/// Main sleeps in `run`, or is about to. Another thread writes, and spawns a task that wakes main's future: main runs it,
/// and the task reads what was written.
#[test]
fn a_spawned_task_wakes_the_thread_that_runs_it() {
    // GR-01, SC-31
    model(|| {
        let (executor, word) = (Executor::new(), Word::new());
        let slot = Arc::new(Slot::empty("slot"));
        let spawns = || {
            slot.write(7);
            let (word, slot) = (Arc::clone(&word), Arc::clone(&slot));
            drop(executor.spawn(async move {
                assert_eq!(slot.read(), 7);
                assert!(word.say(), "main has polled its future first");
            }));
        };
        both(|| executor.run(poll_fn(|cx| word.poll(cx))), spawns);
    });
}

/// Main runs a task, which wakes itself and main's future, and main then keeps its thread until the task has ended. The
/// other thread sleeps in `run`, or is about to: it must be told that the task is queued again.
///
/// At most one preemption in each interleaving.
#[test]
fn a_task_that_wakes_itself_wakes_another_thread() {
    // SC-31
    Model::new().preemption_bound(1).check(|| {
        let (executor, root) = (Executor::new(), Word::new());
        let gate = Arc::new(Gate::shut("the task's end"));
        let (wakes, opens, mut is_first) = (Arc::clone(&root), Arc::clone(&gate), true);
        let handle = executor.spawn(poll_fn(move |cx| {
            if !std::mem::take(&mut is_first) {
                opens.open();
                return Poll::Ready(());
            }
            wakes.say_anyway();
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        both(
            || executor.run(poll_fn(|cx| root.poll(cx).map(|_| gate.pass()))),
            || executor.run(handle).expect("no panic"),
        );
    });
}

/// Main and a second thread sleep in `run`. Another wakes a task, for which one of them is woken, and then main's future:
/// if main leaves with that, by a return or by a panic, the other must be told that there is a task. Then the same with two
/// tasks, and two threads that leave, and with main's future woken before the task.
///
/// At most two preemptions in each interleaving, or one if main panics or two leave.
#[test]
fn who_leaves_passes_the_task_on() {
    // SC-31
    let cases = [
        (1, false, false, 2),
        (1, true, false, 1),
        (2, false, false, 1),
        (1, false, true, 2),
    ];
    for (leave, panics, future_first, bound) in cases {
        Model::new().loose_bound(bound).check(move || {
            let executor = Executor::new();
            let [words, roots] =
                [(); 2].map(|()| (0..leave).map(|_| Word::new()).collect::<Vec<_>>());
            let handles: Vec<_> = words.iter().map(|word| listen(&executor, word)).collect();
            executor.run_until_idle();
            let run = |root: &Word| {
                let leaves = |_| {
                    if panics {
                        staged_panic("main's");
                    }
                };
                staged_panic_of(|| executor.run(poll_fn(|cx| root.poll(cx).map(leaves))));
            };
            scope(|s| {
                spawn(s, "runner", || {
                    executor.run(async {
                        for handle in handles {
                            handle.await.expect("no panic");
                        }
                    })
                });
                roots[1..].iter().for_each(|root| {
                    spawn(s, "leaver", || run(root));
                });
                spawn(s, "waker", || {
                    let wake_futures = || roots.iter().for_each(|root| root.say_anyway());
                    if future_first {
                        wake_futures();
                    }
                    assert!(words.iter().all(|word| word.say()), "all have been polled");
                    if !future_first {
                        wake_futures();
                    }
                });
                run(&roots[0]);
            });
        });
    }
}

/// Main and a second thread sleep in `run`. A third wakes main's future, and main leaves `run`, and then wakes a task: that
/// must wake the second thread, and not one that is not there any more.
///
/// At most two preemptions in each interleaving.
#[test]
fn who_has_left_is_not_woken_for_a_task() {
    // SC-31
    Model::new().preemption_bound(2).check(|| {
        let (executor, word, handle) = idle();
        let root = Word::new();
        scope(|s| {
            spawn(s, "runner", || executor.run(handle).expect("no panic"));
            spawn(s, "waker", || root.say_anyway());
            executor.run(poll_fn(|cx| root.poll(cx)));
            word.say();
        });
    });
}

/// The executor is dropped while another thread wakes a task of it. The future is dropped once, the handle says so, and the
/// waker outlives it.
#[test]
fn an_executor_is_dropped_beside_a_wake() {
    model(|| {
        let (executor, word) = (Executor::new(), Word::new());
        let (value, listens) = (track(7), Arc::clone(&word));
        let mut handle = executor.spawn(poll_fn(move |cx| {
            let _ = (&value, listens.poll(cx));
            Poll::<()>::Pending
        }));
        executor.run_until_idle();
        let waker = word.waker().expect("it has been polled");
        both(move || drop(executor), || waker.wake_by_ref());
        let ended = poll_once(&mut handle);
        assert!(
            matches!(ended, Poll::Ready(Err(JoinError::Cancelled))),
            "the executor was dropped with a task, and its handle says {ended:?}"
        );
        waker.wake();
        assert_eq!(word.polls(), 1, "polls");
    });
}
