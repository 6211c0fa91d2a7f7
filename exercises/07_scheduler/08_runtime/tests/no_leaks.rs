//! A runtime leaves nothing behind: no thread, no goroutine, no waker, no byte.

use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread::refuse_after;
use harness::testing::{must_end, panic_of, staged_panic, wait_until};
use runtime::{Runtime, channel, go, sleep, yield_now};
use std::future::pending;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_runtime_that_has_done_its_work() {
    leaks::check(|| {
        let runtime = Runtime::new(2);
        let (values, result) = ([(); 10].map(|()| track(())), track(7));
        let handle = runtime.go(async move {
            let (sender, receiver) = channel(1);
            let sends = go(async move {
                for value in values {
                    sender.send(value).await.expect("there is a receiver");
                }
            });
            while receiver.recv().await.is_some() {
                yield_now().await;
            }
            sends.await.expect("it has not panicked");
            result
        });
        assert!(handle.join().is_ok(), "a goroutine has panicked");
        // The results that nobody wants.
        let unwanted = [8, 9].map(|n| track(n));
        let [ended, _forgotten] = unwanted.map(|value| runtime.go(async { value }));
        wait_until("a goroutine has not ended", || ended.is_finished());
    });
}

/// Goroutines that wait for each other, for a time, or for ever, and some that have not begun.
#[test]
fn a_runtime_that_is_dropped_in_the_middle() {
    leaks::check(|| {
        let runtime = Runtime::new(2);
        let (sender, receiver) = channel(0);
        for n in 0..5 {
            let (sender, receiver) = (sender.clone(), receiver.clone());
            let (kept, value) = (track(n), track(n));
            drop(runtime.go(async move {
                let _kept = kept;
                match n {
                    0 => drop(receiver.recv().await),
                    1 => sleep(HOUR).await,
                    2 => pending().await,
                    // Waits for another goroutine.
                    3 => drop(go(async move { sender.send(value).await }).await),
                    _ => loop {
                        yield_now().await;
                    },
                }
            }));
        }
        drop((sender, receiver));
        runtime.block_on(yield_now());
        for n in 0..5 {
            let value = track(n);
            drop(runtime.go(async move { drop(value) }));
        }
    });
}

#[test]
fn goroutines_that_panic() {
    leaks::check(|| {
        let runtime = Runtime::new(2);
        let panics = |n| {
            let kept = track(n);
            async move {
                let _kept = kept;
                yield_now().await;
                staged_panic("a goroutine's");
            }
        };
        drop(runtime.go(panics(1)));
        drop(runtime.go(panics(2)).join());
        // The drop of a future panics, when it is cancelled.
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                staged_panic("a destructor's");
            }
        }
        let (kept, panics) = (track(3), Panics);
        drop(runtime.go(async move {
            let _both = (kept, panics);
            pending::<()>().await;
        }));
    });
}

/// Goroutines are started by the destructors of others, while these are cancelled.
#[test]
fn goroutines_that_start_at_the_end() {
    struct Starts(Option<Tracked<u32>>);
    impl Drop for Starts {
        fn drop(&mut self) {
            let kept = self.0.take();
            drop(go(async move { drop(kept) }));
        }
    }
    leaks::check(|| {
        let runtime = Runtime::new(1);
        let starts = Starts(Some(track(7)));
        drop(runtime.go(async move {
            let _starts = starts;
            pending::<()>().await;
        }));
        runtime.block_on(yield_now());
    });
}

/// The handle of a goroutine, and the waker of one, outlive the runtime.
#[test]
fn what_outlives_the_runtime() {
    leaks::check(|| {
        let runtime = Runtime::new(1);
        let (sender, receiver) = channel(0);
        let value = track(7);
        let handle = runtime.go(async move { sender.send(value).await.is_ok() });
        let other = Runtime::new(1);
        let takes = other.go(async move {
            let first = receiver.recv().await;
            (first, receiver)
        });
        drop(takes.join());
        drop(runtime);
        drop((handle.join(), other));
    });
}

#[test]
fn a_runtime_whose_thread_was_refused() {
    leaks::check(|| {
        drop(Runtime::new(1));
        let refused = panic_of(|| drop(refuse_after(1, || Runtime::new(3))));
        assert!(
            refused.is_some(),
            "a thread was refused, and there is a runtime"
        );
    });
}

#[test]
fn a_runtime_does_not_grow() {
    must_end("a goroutine has not ended", || {
        let runtime = Runtime::new(2);
        leaks::check(|| {
            let all = runtime.go(async {
                let handles: Vec<_> = (0..50).map(|n| go(async move { n })).collect();
                for handle in handles {
                    handle.await.expect("it has not panicked");
                }
                let mut long = Box::pin(sleep(HOUR));
                std::future::poll_fn(|context| {
                    assert!(long.as_mut().poll(context).is_pending());
                    std::task::Poll::Ready(())
                })
                .await;
            });
            all.join().expect("it has not panicked");
        });
    });
}

/// A hundred thousand goroutines that wait for one channel, on two workers: all alive at once.
#[test]
fn a_hundred_thousand_goroutines_take_less_than_a_hundred_megabytes() {
    const GOROUTINES: usize = 100_000;
    must_end("the goroutines have not ended", || {
        let mut kept = None;
        let bytes = leaks::bytes_left_by(|| {
            let runtime = Runtime::new(2);
            let (open, gate) = channel::<()>(0);
            let handles: Vec<_> = (0..GOROUTINES)
                .map(|_| {
                    let gate = gate.clone();
                    runtime.go(async move { gate.recv().await })
                })
                .collect();
            wait_until("the workers are not idle", || {
                let snapshot = runtime.snapshot();
                snapshot.global == 0
                    && snapshot
                        .workers
                        .iter()
                        .all(|worker| worker.doing == runtime::Doing::Parked)
            });
            kept = Some((runtime, open, handles));
        });
        let (runtime, open, handles) = kept.expect("it has run");
        assert_eq!(
            runtime.snapshot().goroutines,
            GOROUTINES,
            "goroutines alive"
        );
        assert!(
            bytes < 100_000_000,
            "{GOROUTINES} goroutines take {bytes} bytes"
        );
        println!(
            "{GOROUTINES} goroutines take {bytes} bytes, {} each",
            bytes as usize / GOROUTINES
        );
        drop(open);
        for handle in handles {
            assert!(
                matches!(handle.join(), Ok(None)),
                "a goroutine has not returned"
            );
        }
    });
}
