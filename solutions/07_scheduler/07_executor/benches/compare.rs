//! Your executor, the reference, the designs that come to mind first, and async-executor, at the same work; and the three
//! `block_on`s.
//!
//! `cargo bench -p executor_solution`

#![allow(missing_docs)]

use divan::Bencher;
#[allow(unused_imports, reason = "your file starts without it")]
use harness::sync::real as sync;
use parking_lot::Mutex;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/executor.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/07_scheduler/07_executor/src/executor.rs"]
mod yours;

harness::bench_main!("executor.rs", || {
    let executor = yours::Executor::new();
    let handle = executor.spawn(async { 7 });
    executor.run_until_idle();
    (yours::block_on(handle).is_ok(), executor.run(async { 7 }))
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            queued_at_each_wake = crate::QueuedAtEachWake,
            async_executor = crate::AsyncExecutor,
        );
    };
}

/// A future that is ready, and one that wakes itself a hundred times.
mod block_on {
    use super::*;

    macro_rules! run {
        ($bencher:ident, $block_on:path) => {
            $bencher.bench_local(|| {
                $block_on(async {});
                $block_on(yields(100));
            })
        };
    }
    harness::bench_rows!(run!(sample_size = 1_000);
        yours = crate::yours::block_on,
        reference = crate::reference::block_on,
        futures_lite = futures_lite::future::block_on,
    );
}

/// One thread: a task is spawned and awaited, and then the next, a thousand times.
mod spawn_and_await {
    use super::*;
    fn run<E: Executor>(bencher: Bencher) {
        let executor = E::new();
        bencher.bench_local(|| {
            executor.run(async {
                for n in 0..1_000 {
                    assert_eq!(executor.spawn(async move { n }).await, n);
                }
            });
        });
    }

    rows!(run(sample_size = 10));

    /// A thread for each future.
    #[divan::bench(sample_count = 20, sample_size = 1)]
    fn a_thread_each(bencher: Bencher) {
        bencher.bench_local(|| {
            for n in 0..1_000_u64 {
                let task = thread::spawn(move || futures_lite::future::block_on(async move { n }));
                assert_eq!(task.join().unwrap(), n);
            }
        });
    }
}

/// One thread: a thousand tasks are spawned, and then awaited.
mod spawn_then_await {
    use super::*;
    fn run<E: Executor>(bencher: Bencher) {
        let executor = E::new();
        bencher.bench_local(|| {
            let tasks: Vec<_> = (0..1_000)
                .map(|n| executor.spawn(async move { n }))
                .collect();
            executor.run(async {
                for task in tasks {
                    divan::black_box(task.await);
                }
            });
        });
    }

    rows!(run(sample_size = 10));
}

/// One thread: two tasks hand a token to and fro, a thousand times each.
mod ping_pong {
    use super::*;
    fn run<E: Executor>(bencher: Bencher) {
        let executor = E::new();
        bencher.bench_local(|| {
            let boxes = [(); 2].map(|()| Arc::new(Mailbox::default()));
            let players = [0, 1].map(|n| {
                let (mine, others) = (Arc::clone(&boxes[n]), Arc::clone(&boxes[1 - n]));
                executor.spawn(async move {
                    for _ in 0..1_000 {
                        if n == 0 {
                            others.put();
                        }
                        mine.take().await;
                        if n == 1 {
                            others.put();
                        }
                    }
                    n as u64
                })
            });
            executor.run(async {
                for player in players {
                    divan::black_box(player.await);
                }
            });
        });
    }

    rows!(run(sample_size = 10));
}

/// Two threads run ten thousand tasks, each of which yields ten times.
mod two_threads {
    use super::*;
    fn run<E: Executor>(bencher: Bencher) {
        bencher.bench_local(|| share::<E>(2));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// The same with eight threads, on whatever processors there are.
mod eight_threads {
    use super::*;
    fn run<E: Executor>(bencher: Bencher) {
        bencher.bench_local(|| share::<E>(8));
    }

    rows!(run(sample_count = 20, sample_size = 1));
}

/// `threads` threads run tasks that a first one has spawned and awaits.
fn share<E: Executor>(threads: usize) {
    let executor = E::new();
    let ends: Vec<_> = (1..threads).map(|_| Arc::new(Mailbox::default())).collect();
    thread::scope(|s| {
        for end in &ends {
            s.spawn(|| executor.run(end.take()));
        }
        let tasks: Vec<_> = (0..10_000)
            .map(|n| {
                executor.spawn(async move {
                    yields(10).await;
                    n
                })
            })
            .collect();
        executor.run(async {
            for task in tasks {
                divan::black_box(task.await);
            }
        });
        ends.iter().for_each(|end| end.put());
    });
}

/// Wakes itself and is pending, so often.
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

/// Holds a token, or the waker of the one who waits for it.
#[derive(Default)]
struct Mailbox(Mutex<(bool, Option<Waker>)>);

impl Mailbox {
    fn put(&self) {
        let mut this = self.0.lock();
        this.0 = true;
        let waker = this.1.take();
        drop(this);
        waker.into_iter().for_each(Waker::wake);
    }

    fn take(&self) -> impl Future<Output = ()> + Send {
        poll_fn(|cx| {
            let mut this = self.0.lock();
            if std::mem::take(&mut this.0) {
                return Poll::Ready(());
            }
            this.1 = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

/// What all of them can do.
trait Executor: Sync {
    type Handle: Future<Output = u64> + Send;
    fn new() -> Self;
    fn spawn(&self, future: impl Future<Output = u64> + Send + 'static) -> Self::Handle;
    fn run<T>(&self, future: impl Future<Output = T>) -> T;
}

macro_rules! ours {
    ($($name:ident, $handle:ident = $module:ident;)*) => {$(
        struct $name($module::Executor);
        struct $handle($module::JoinHandle<u64>);

        impl Future for $handle {
            type Output = u64;
            #[inline(always)]
            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
                Pin::new(&mut self.0).poll(cx).map(|result| result.expect("it does not panic"))
            }
        }

        impl Executor for $name {
            type Handle = $handle;
            fn new() -> Self {
                Self($module::Executor::new())
            }
            #[inline(always)]
            fn spawn(&self, future: impl Future<Output = u64> + Send + 'static) -> $handle {
                $handle(self.0.spawn(future))
            }
            #[inline(always)]
            fn run<T>(&self, future: impl Future<Output = T>) -> T {
                self.0.run(future)
            }
        }
    )*};
}

ours! {
    Yours, YoursHandle = yours;
    Reference, ReferenceHandle = reference;
}

struct AsyncExecutor(async_executor::Executor<'static>);

impl Executor for AsyncExecutor {
    type Handle = async_executor::Task<u64>;
    fn new() -> Self {
        Self(async_executor::Executor::new())
    }
    #[inline(always)]
    fn spawn(&self, future: impl Future<Output = u64> + Send + 'static) -> Self::Handle {
        self.0.spawn(future)
    }
    #[inline(always)]
    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        futures_lite::future::block_on(self.0.run(future))
    }
}

/// The executor of many a tutorial: a task sends itself to a channel at each wake, and its future is behind a mutex, where
/// a second thread waits for the first. It spins if there is nothing to do.
struct QueuedAtEachWake {
    sender: crossbeam_channel::Sender<Arc<Queued>>,
    receiver: crossbeam_channel::Receiver<Arc<Queued>>,
}

struct Queued {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    sender: crossbeam_channel::Sender<Arc<Queued>>,
}

impl Wake for Queued {
    fn wake(self: Arc<Self>) {
        let sender = self.sender.clone();
        sender.send(self).expect("the queue is still there");
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Executor for QueuedAtEachWake {
    type Handle = Pin<Box<dyn Future<Output = u64> + Send>>;
    fn new() -> Self {
        let (sender, receiver) = crossbeam_channel::unbounded();
        Self { sender, receiver }
    }
    fn spawn(&self, future: impl Future<Output = u64> + Send + 'static) -> Self::Handle {
        let result = Arc::new((Mailbox::default(), Mutex::new(0)));
        let gives = Arc::clone(&result);
        let future = async move {
            *gives.1.lock() = future.await;
            gives.0.put();
        };
        let task = Arc::new(Queued {
            future: Mutex::new(Some(Box::pin(future))),
            sender: self.sender.clone(),
        });
        self.sender.send(task).expect("the queue is still there");
        Box::pin(async move {
            result.0.take().await;
            *result.1.lock()
        })
    }
    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        loop {
            if flag.0.swap(false, Ordering::Acquire) {
                let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
                if let Poll::Ready(output) = polled {
                    return output;
                }
            }
            let Ok(task) = self.receiver.try_recv() else {
                thread::yield_now();
                continue;
            };
            let mut future = task.future.lock();
            if let Some(polled) = &mut *future {
                let waker = Waker::from(Arc::clone(&task));
                let polled = polled.as_mut().poll(&mut Context::from_waker(&waker));
                if polled.is_ready() {
                    *future = None;
                }
            }
        }
    }
}
