//! Workers serve requests from the first moment. A configuration, once there is one, tells them how.
//!
//! Two sources race to provide it. Run this a few times and see which source wins, and how many requests
//! each worker served before it saw the configuration.

use publication::Publication;
use std::thread;

struct Config {
    source: &'static str,
    greeting: String,
}

/// Runs the whole tour; it takes no arguments.
pub fn main() {
    let config = Publication::new();

    thread::scope(|scope| {
        for worker in 1..=3 {
            let config = &config;
            scope.spawn(move || {
                let mut early = 0;
                let seen = loop {
                    match config.get() {
                        Some(seen) => break seen,
                        // No configuration yet: serve this request with the defaults.
                        None => early += 1,
                    }
                    thread::yield_now();
                };
                let Config { source, greeting } = seen;
                println!(
                    "worker {worker}: {greeting} ({early} requests before the {source} spoke)"
                );
            });
        }
        for source in ["file", "environment"] {
            let config = &config;
            scope.spawn(move || {
                let greeting = format!("hello, as the {source} has it");
                match config.publish(Config { source, greeting }) {
                    Ok(()) => println!("{source}: published"),
                    Err(mine) => println!("{source}: too late with {:?}", mine.greeting),
                }
            });
        }
    });

    // Every borrower has ended, so this thread owns the cell, and the value moves out of it.
    let config = config.into_inner().expect("one source has published");
    println!("at the end the {} owns the greeting", config.source);
}
