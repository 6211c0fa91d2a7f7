//! Three goroutines on one thread, in turn; a task that another thread wakes; a panic; and ten thousand tasks on four threads.
//!
//! `cargo run -p executor --example executor_tour`
//!
//! Then change something:
//! - leave the `yields` out of the first part: who gets its turn when?
//! - let the ticker wake twice in a row, without the pause: how often is the task polled? (Twice or three times.)
//! - drop the executor before the ticker ends: what does the handle say?

use executor::{Executor, JoinError};
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::thread;
use std::time::Duration;

/// What `runtime.Gosched` is: lets the others have a turn.
async fn yields() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Runs the four parts.
pub fn main() {
    let executor = Arc::new(Executor::new());

    let goroutines = ["a", "b", "c"].map(|name| {
        executor.spawn(async move {
            for round in 1..=3 {
                print!("{name}{round} ");
                yields().await;
            }
        })
    });
    executor.run(async {
        for goroutine in goroutines {
            goroutine.await.expect("it does not panic");
        }
    });
    println!(" one thread runs three tasks, in turn");

    let (polls, ticks) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counts, hears) = (Arc::clone(&polls), Arc::clone(&ticks));
    let listener = executor.spawn(poll_fn(move |cx| {
        if counts.fetch_add(1, Relaxed) == 0 {
            let (waker, ticks) = (cx.waker().clone(), Arc::clone(&hears));
            thread::spawn(move || {
                for _ in 0..2 {
                    thread::sleep(Duration::from_millis(5));
                    ticks.fetch_add(1, Relaxed);
                    waker.wake_by_ref();
                }
            });
        }
        match hears.load(Relaxed) {
            2 => Poll::Ready("heard both ticks"),
            _ => Poll::Pending,
        }
    }));
    let heard = executor.run(listener).expect("it does not panic");
    println!(
        "a task that another thread woke twice {heard}, in {} polls",
        polls.load(Relaxed)
    );

    let broken = executor.spawn(async { resume_unwind(Box::new("no answer")) });
    let broken: Result<(), _> = executor.run(broken);
    if let Err(JoinError::Panicked(payload)) = broken {
        println!(
            "a task panicked, and nothing else: {:?}",
            payload.downcast_ref::<&str>()
        );
    }

    let ran_by = Arc::new([0; 4].map(AtomicUsize::new));
    let tasks: Vec<_> = (0..10_000)
        .map(|n: u64| executor.spawn(async move { (0..n % 1_000).fold(n, |n, m| n ^ m) }))
        .collect();
    let shares = tasks.len() / ran_by.len();
    let mut tasks = tasks.into_iter();
    thread::scope(|s| {
        for ran in ran_by.iter() {
            let mine: Vec<_> = tasks.by_ref().take(shares).collect();
            let executor = &executor;
            s.spawn(move || {
                executor.run(async move {
                    for task in mine {
                        std::hint::black_box(task.await.expect("it does not panic"));
                        ran.fetch_add(1, Relaxed);
                    }
                });
            });
        }
    });
    println!("four threads have awaited {ran_by:?} of ten thousand tasks");
}
