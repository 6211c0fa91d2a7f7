//! Your runtime, the reference, one with a single queue, and those that one would take in production, with the same
//! programs. `benches/go`, at the top of the workspace, has them in Go.
//!
//! `cargo bench -p runtime_solution`
//!
//! Each runs a thousand times what its name says. The program is a goroutine itself: what a thread outside pays to start
//! one, and to hear that it has ended, is the same for all, and a few microseconds in each thousand. `smol` is what that
//! crate is made of: async-executor, with the threads that its docs tell one to start, and async-channel.

#![allow(missing_docs)]

use async_executor::Executor;
use divan::{Bencher, black_box};
use futures_lite::future;
use std::cell::OnceCell;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, mpsc};
use std::thread;

// The same given parts, with another scheduler.
#[path = "."]
#[allow(dead_code, unused_imports)]
mod one_queue {
    use harness::sync::real as sync;

    #[path = "../../../../exercises/07_scheduler/08_runtime/src/channel.rs"]
    mod channel;
    #[path = "../../../../exercises/07_scheduler/08_runtime/src/goroutines.rs"]
    mod goroutines;
    #[path = "../../../../exercises/07_scheduler/08_runtime/src/monitor.rs"]
    mod monitor;
    #[path = "one_queue/runtime.rs"]
    mod runtime;
    #[path = "../../../../exercises/07_scheduler/08_runtime/src/task.rs"]
    mod task;
    #[path = "../../../../exercises/07_scheduler/08_runtime/src/timers.rs"]
    mod timers;

    pub use channel::channel;
    pub use goroutines::{Runtime, go, yield_now};
    pub use task::JoinHandle;
    pub use timers::{sleep, sleep_until};
}

harness::bench_main!("runtime.rs", || {
    let runtime = runtime::Runtime::new(2);
    let one = runtime.block_on(async { runtime::go(async { 1 }).await });
    assert_eq!(one.expect("it has not panicked"), 1);
});

const TIMES: usize = 1_000;

/// A row for each of the runtimes that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            one_queue = crate::OneQueue,
            std_threads = crate::Threads,
            tokio = crate::Tokio,
            smol = crate::Smol,
        );
    };
}

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident: $workers:literal, $program:ident;)+) => {$(
        $(#[$doc])*
        mod $name {
            fn run<P: crate::Programs>(bencher: divan::Bencher) {
                crate::run::<P>(bencher, $workers, P::$program);
            }
            rows!(run(sample_count = 200, sample_size = 1));
        }
    )+};
}

cases! {
    /// Starts a goroutine and waits for it.
    spawn_and_join: 2, spawn_and_join;
    /// Sends a number to another goroutine, through a channel, and waits for it to come back.
    ping_pong: 2, ping_pong;
    /// Starts a thousand goroutines, and waits for all of them.
    fan_out: 2, fan_out;
    /// Two goroutines, and each starts a thousand others and waits for them, one after another.
    two_at_once: 2, two_at_once;
    /// The same with eight workers, on whatever processors there are.
    spawn_and_join_8_workers: 8, spawn_and_join;
    ping_pong_8_workers: 8, ping_pong;
    fan_out_8_workers: 8, fan_out;
}

fn run<P: Programs>(bencher: Bencher, workers: usize, program: fn(&P)) {
    let runtime = P::new(workers);
    bencher.bench_local(|| program(&runtime));
}

trait Programs {
    fn new(workers: usize) -> Self;
    fn spawn_and_join(&self);
    fn ping_pong(&self);
    fn fan_out(&self);
    fn two_at_once(&self);
}

/// The three programs, in terms of `$go` and `$channel`. `$run` runs a future as a goroutine, to its end.
macro_rules! programs {
    ($go:expr, $channel:expr, $run:expr) => {
        fn spawn_and_join(&self) {
            ($run)(self, async {
                for n in 0..TIMES {
                    let handle = $go(async move { black_box(n) });
                    assert_eq!(handle.await.expect("it does not panic"), n);
                }
            });
        }

        fn two_at_once(&self) {
            ($run)(self, async {
                let handles = [(); 2].map(|()| {
                    $go(async {
                        for n in 0..TIMES {
                            let handle = $go(async move { black_box(n) });
                            assert_eq!(handle.await.expect("it does not panic"), n);
                        }
                    })
                });
                for handle in handles {
                    handle.await.expect("it does not panic");
                }
            });
        }

        #[allow(unused_mut, reason = "tokio's receivers must be")]
        fn ping_pong(&self) {
            ($run)(self, async {
                let ((there, mut theirs), (back, mut ours)) = ($channel(1), $channel(1));
                let echo = $go(async move {
                    for _ in 0..TIMES {
                        let n: usize = theirs.recv().await.expect("there is a sender");
                        back.send(n).await.expect("there is a receiver");
                    }
                });
                for n in 0..TIMES {
                    there.send(n).await.expect("there is a receiver");
                    assert_eq!(ours.recv().await.expect("there is a sender"), n);
                }
                echo.await.expect("it does not panic");
            });
        }

        fn fan_out(&self) {
            ($run)(self, async {
                let start = |n| $go(async move { black_box(n) });
                let handles: Vec<_> = (0..TIMES).map(start).collect();
                for handle in handles {
                    handle.await.expect("it does not panic");
                }
            });
        }
    };
}

/// A runtime with the API of the lesson.
macro_rules! of_the_lesson {
    ($name:ident: $runtime:path, $go:path, $channel:path) => {
        struct $name($runtime);

        impl Programs for $name {
            fn new(workers: usize) -> Self {
                Self(<$runtime>::new(workers))
            }

            programs!($go, $channel, |it: &Self, program| {
                let main = it.0.go(program);
                main.join().expect("it does not panic");
            });
        }
    };
}

of_the_lesson!(Yours: runtime::Runtime, runtime::go, runtime::channel);
of_the_lesson!(Reference: runtime_solution::Runtime, runtime_solution::go, runtime_solution::channel);
of_the_lesson!(OneQueue: one_queue::Runtime, one_queue::go, one_queue::channel);

struct Tokio(tokio::runtime::Runtime);

impl Programs for Tokio {
    fn new(workers: usize) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(workers).build();
        Self(runtime.expect("threads can be had"))
    }

    programs!(
        tokio::spawn,
        tokio::sync::mpsc::channel,
        |it: &Self, program| {
            let main = it.0.spawn(program);
            it.0.block_on(main).expect("it does not panic");
        }
    );
}

/// An executor, and the threads that run it as long as the sender is there.
struct Smol {
    executor: Arc<Executor<'static>>,
    _workers: async_channel::Sender<()>,
}

thread_local! {
    static EXECUTOR: OnceCell<Arc<Executor<'static>>> = const { OnceCell::new() };
}

impl Smol {
    fn go<F>(future: F) -> impl Future<Output = Result<F::Output, Infallible>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let executor =
            EXECUTOR.with(|executor| Arc::clone(executor.get().expect("this is a worker")));
        let task = executor.spawn(future);
        async { Ok(task.await) }
    }
}

impl Programs for Smol {
    fn new(workers: usize) -> Self {
        let executor = Arc::new(Executor::new());
        let (sender, receiver) = async_channel::bounded::<()>(1);
        for _ in 0..workers {
            let (executor, receiver) = (Arc::clone(&executor), receiver.clone());
            thread::spawn(move || {
                EXECUTOR.with(|mine| mine.set(Arc::clone(&executor)).expect("a new thread"));
                let _closed = future::block_on(executor.run(receiver.recv()));
            });
        }
        Self {
            executor,
            _workers: sender,
        }
    }

    programs!(Smol::go, async_channel::bounded, |it: &Self, program| {
        future::block_on(it.executor.spawn(program));
    });
}

/// A thread for each goroutine.
struct Threads;

impl Programs for Threads {
    fn new(_workers: usize) -> Self {
        Self
    }

    fn spawn_and_join(&self) {
        for n in 0..TIMES {
            let handle = thread::spawn(move || black_box(n));
            assert_eq!(handle.join().expect("it does not panic"), n);
        }
    }

    fn two_at_once(&self) {
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| self.spawn_and_join());
            }
        });
    }

    fn ping_pong(&self) {
        let (there, theirs) = mpsc::sync_channel(1);
        let (back, ours) = mpsc::sync_channel(1);
        let echo = thread::spawn(move || {
            for _ in 0..TIMES {
                let n: usize = theirs.recv().expect("there is a sender");
                back.send(n).expect("there is a receiver");
            }
        });
        for n in 0..TIMES {
            there.send(n).expect("there is a receiver");
            assert_eq!(ours.recv().expect("there is a sender"), n);
        }
        echo.join().expect("it does not panic");
    }

    fn fan_out(&self) {
        let start = |n| thread::spawn(move || black_box(n));
        let handles: Vec<_> = (0..TIMES).map(start).collect();
        for handle in handles {
            handle.join().expect("it does not panic");
        }
    }
}
