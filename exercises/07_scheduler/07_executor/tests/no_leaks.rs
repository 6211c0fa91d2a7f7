//! Each future and each output is dropped once, and neither tasks nor wakers stay.

use executor::{Executor, JoinHandle, block_on};
use harness::leaks::{self, track};
use harness::testing::staged_panic;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Where a task leaves its waker.
type Place = Arc<Mutex<Option<Waker>>>;

/// Leaves its waker in `place` and waits for ever.
fn waits(place: &Place) -> impl Future<Output = ()> + Send + 'static {
    waits_with(place, track(()))
}

fn waits_with<T: Send + 'static>(
    place: &Place,
    value: T,
) -> impl Future<Output = ()> + Send + 'static {
    let place = Arc::clone(place);
    poll_fn(move |cx| {
        let _ = &value;
        *place.lock().unwrap() = Some(cx.waker().clone());
        Poll::Pending
    })
}

#[test]
fn futures_and_outputs_are_dropped() {
    leaks::check(|| {
        let executor = Executor::new();
        let returns = || {
            let value = track(7);
            executor.spawn(async move { value })
        };
        let panics = || {
            let value = track(7);
            executor.spawn(async move {
                let _value = value;
                staged_panic("a task's");
            })
        };
        let (awaited, late) = (returns(), returns());
        drop(returns());
        let (panicked, _kept) = (panics(), panics());
        drop(panics());
        assert_eq!(*executor.run(awaited).unwrap(), 7);
        assert!(executor.run(panicked).is_err());
        executor.run_until_idle();
        drop(executor);
        drop(late);
    });
}

/// A waker is kept after the task has ended; after the executor has been dropped; and used then.
#[test]
fn wakers_may_outlive_everything() {
    leaks::check(|| {
        let (executor, place) = (Executor::new(), Place::default());
        let (ends, value) = (Arc::clone(&place), track(7));
        let ended = executor.spawn(poll_fn(move |cx| {
            *ends.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(*value)
        }));
        assert_eq!(executor.run(ended).unwrap(), 7);
        let of_ended = place.lock().unwrap().take().expect("a waker");
        of_ended.wake_by_ref();
        let handle = executor.spawn(waits(&place));
        executor.run_until_idle();
        let of_waiting = place.lock().unwrap().clone().expect("a waker");
        drop(executor);
        of_ended.wake();
        of_waiting.wake_by_ref();
        drop((handle, of_waiting, place));
    });
}

/// A task that has its own waker, and two that have each other's. Nobody else has any, and they wait for ever.
#[test]
fn tasks_that_keep_themselves_alive_are_dropped_with_the_executor() {
    leaks::check(|| {
        let executor = Executor::new();
        drop(executor.spawn(waits(&Place::default())));
        let (a, b) = (Place::default(), Place::default());
        for (own, others) in [(&a, &b), (&b, &a)] {
            let (waits, others) = (waits(own), Arc::clone(others));
            drop(executor.spawn(async move {
                let _others = others;
                waits.await;
            }));
        }
        drop((a, b));
        executor.run_until_idle();
    });
}

/// The executor is dropped, and its tasks wake each other when they are dropped, as the two sides of a channel do: that
/// ends, for no lock is held, and what is queued then does not stay.
#[test]
fn tasks_that_wake_each_other_at_the_end_are_dropped() {
    struct WakesOnDrop(Place);
    impl Drop for WakesOnDrop {
        fn drop(&mut self) {
            if let Some(waker) = self.0.lock().unwrap().take() {
                waker.wake();
            }
        }
    }
    leaks::check(|| {
        let executor = Executor::new();
        let places = [(); 3].map(|()| Place::default());
        for n in 0..3 {
            let (waits, wakes) = (
                waits(&places[n]),
                WakesOnDrop(Arc::clone(&places[(n + 1) % 3])),
            );
            drop(executor.spawn(async move {
                let _wakes = wakes;
                waits.await;
            }));
        }
        executor.run_until_idle();
    });
}

/// One executor, over and over: a hundred tasks, some of which end late or panic, and a task that is always there.
#[test]
fn an_executor_does_not_grow() {
    let (executor, place) = (Executor::new(), Place::default());
    let _always = executor.spawn(waits_with(&place, ()));
    executor.run_until_idle();
    leaks::check(|| {
        let mut last: Option<JoinHandle<()>> = None;
        for n in 0..100 {
            let before = last.take();
            let handle = executor.spawn(async move {
                if let Some(before) = before.filter(|_| n % 10 != 0) {
                    before.await.unwrap();
                }
            });
            last = Some(handle);
            if n % 5 == 0 {
                drop(executor.spawn(async { staged_panic("a task's") }));
            }
            if n % 7 == 0 {
                executor.run_until_idle();
            }
            let waker = place.lock().unwrap().clone();
            waker.expect("it has been polled").wake();
        }
        executor.run(last.expect("a hundred were spawned")).unwrap();
        executor.run_until_idle();
    });
}

/// A thousand tasks are woken in the poll that completes them, or afterwards: nothing is queued, and so nothing is kept,
/// though nobody runs tasks after that.
#[test]
fn a_task_that_is_woken_at_its_end_is_not_kept() {
    const TASKS: usize = 1_000;
    let (executor, wakers) = (
        Executor::new(),
        Arc::new(Mutex::new(Vec::with_capacity(TASKS))),
    );
    let run = |is_woken, is_woken_afterwards| {
        let spawn = |_| {
            let wakers = Arc::clone(&wakers);
            executor.spawn(poll_fn(move |cx| {
                if is_woken {
                    cx.waker().wake_by_ref();
                }
                if is_woken_afterwards {
                    wakers.lock().unwrap().push(cx.waker().clone());
                }
                Poll::Ready(())
            }))
        };
        let handles: Vec<_> = (0..TASKS).map(spawn).collect();
        executor.run(async {
            for handle in handles {
                handle.await.unwrap();
            }
        });
        wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    };
    run(false, false); // the queue may keep its capacity
    for (is_woken, when) in [(true, "in their last poll"), (false, "after their end")] {
        let bytes = leaks::bytes_left_by(|| run(is_woken, !is_woken));
        assert!(
            bytes < 16 * TASKS as isize,
            "{bytes} bytes are kept of {TASKS} tasks that were woken {when}: are they queued again?"
        );
    }
}

#[test]
fn nothing_is_left_of_a_run() {
    let executor = Executor::new();
    leaks::check(|| {
        let yields = || {
            let mut is_first = true;
            poll_fn(move |cx| {
                cx.waker().wake_by_ref();
                match std::mem::take(&mut is_first) {
                    true => Poll::Pending,
                    false => Poll::Ready(()),
                }
            })
        };
        block_on(yields());
        let value = track(());
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| executor.run(executor.spawn(yields())).unwrap());
            }
            executor.run(async {
                yields().await;
                drop(value);
            });
        });
        executor.run_until_idle();
    });
}
