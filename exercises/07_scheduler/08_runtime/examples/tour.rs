//! Goroutines on two workers: a crawler that visits a tree of pages, no more than four at a time, and a monitor that draws
//! what the workers do.
//!
//! `cargo run -p runtime --example runtime_tour`

use runtime::{Runtime, Sender, channel, go, sleep, snapshot};
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Visits a page, and starts a goroutine for each page that it links to. In a box, because it starts its like.
fn visit(
    page: u32,
    permits: Sender<()>,
    found: Sender<u32>,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        // Go's idiom: a channel with room for four is a semaphore.
        permits.send(()).await.expect("main receives");
        sleep(Duration::from_millis(5)).await;
        for link in [2 * page, 2 * page + 1]
            .into_iter()
            .filter(|&link| link < 64)
        {
            drop(go(visit(link, permits.clone(), found.clone())));
        }
        found.send(page).await.expect("main receives");
    })
}

pub(crate) fn main() {
    let runtime = Runtime::new(2);

    let begun = Instant::now();
    let pages = runtime.block_on(async {
        let (permits, taken) = channel(4);
        let (found, pages) = channel(0);
        drop(go(visit(1, permits, found)));
        let mut visited = Vec::new();
        while let Some(page) = pages.recv().await {
            taken.recv().await;
            visited.push(page);
            if visited.len() == 20 {
                println!("After twenty pages:\n{}\n", snapshot());
            }
        }
        visited.sort_unstable();
        visited
    });
    assert_eq!(pages, Vec::from_iter(1..64));
    println!("{} pages in {:?}\n", pages.len(), begun.elapsed());

    // A hundred thousand goroutines, all of them alive at once.
    let (open, gate) = channel::<()>(0);
    let begun = Instant::now();
    let goroutines: Vec<_> = (0..100_000)
        .map(|n| {
            let gate = gate.clone();
            runtime.go(async move {
                gate.recv().await;
                n
            })
        })
        .collect();
    println!(
        "A hundred thousand goroutines, started in {:?}:\n{}\n",
        begun.elapsed(),
        runtime.snapshot()
    );
    drop(open);
    let sum: u64 = goroutines
        .into_iter()
        .map(|one| one.join().expect("it has not panicked"))
        .sum();
    assert_eq!(sum, 4_999_950_000);

    let panics = runtime.go(async { std::panic::resume_unwind(Box::new("just this one")) });
    println!(
        "A panic is the result of its goroutine: {:?}",
        panics.join().map(|()| "no panic")
    );
    println!("\nAnd at the end:\n{}", runtime.snapshot());
}
