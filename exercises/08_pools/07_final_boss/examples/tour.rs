//! A pool through a working day: jobs that divide themselves, one that panics, a request that is given up, a
//! queue that is full, more workers for the rush, and the end. Change the numbers and run it again:
//!
//! `cargo run -p final_boss --example final_boss_tour`

use cancellation_solution::Context;
use final_boss::{Pool, Priority, Terms, Worker};
use harness::testing::staged_panic;

/// Adds the numbers up: one half itself, the other half as a job of its own.
fn sum(worker: &Worker, from: u64, to: u64) -> u64 {
    if to - from <= 1_000 {
        return (from..to).sum();
    }
    let middle = from.midpoint(to);
    match worker.submit(move |worker: &Worker| sum(worker, middle, to)) {
        Ok(other) => {
            let one = sum(worker, from, middle);
            while !other.is_finished() && worker.help() {}
            one + other.join().expect("adding does not panic")
        }
        // The pool is shut down, and the job has come back.
        Err(refused) => sum(worker, from, middle) + (refused.job)(worker),
    }
}

/// Each step waits for the one before, so that the pool's numbers are the same each time.
pub fn main() {
    let pool = Pool::new(2, 3).expect("there are threads");

    let total = pool
        .submit(|worker: &Worker| sum(worker, 0, 100_000))
        .expect("it is open");
    println!(
        "the sum of the numbers below 100,000 is {:?}",
        total.join().ok()
    );

    let broken = pool
        .submit(|_: &Worker| staged_panic("the tour's"))
        .expect("it is open");
    let result: Result<(), _> = broken.join();
    println!("a job panicked, and only its handle knows: {result:?}");

    // Without workers jobs only wait, so that what follows is the same each time.
    pool.resize(0).expect("no thread is needed");
    let (request, client) = Context::background().with_cancel();
    let terms = |priority, context| Terms {
        priority,
        context,
        ..Terms::default()
    };
    let report = |name: &'static str| move |_: &Worker| println!("  {name}");
    let backup = terms(Priority::Low, None);
    let lookup = terms(Priority::Normal, Some(request));
    let alarm = terms(Priority::High, None);
    let mut handles = Vec::new();
    for (terms, name) in [(backup, "backup"), (lookup, "lookup"), (alarm, "alarm")] {
        handles.push((
            name,
            pool.submit_with(&terms, report(name))
                .expect("there is room"),
        ));
    }
    if let Err(refused) = pool.try_submit(report("one more")) {
        println!("three jobs wait, and a fourth comes back: {refused}");
    }
    drop(client);
    println!("the client of the lookup has gone; two workers for the rest:");
    pool.resize(2).expect("there are threads");
    for (name, handle) in handles {
        println!("{name}: {:?}", handle.join());
    }

    pool.shutdown();
    println!("{}", pool.metrics());
}
