//! Puts a page together from three services that are asked at the same time; one of them breaks.
//!
//! ```text
//! cargo run -p goroutine --example goroutine_tour
//! ```
//!
//! Then change something:
//! - ask one after the other: call `ask` without `go`, and see what that does to the last line, and to the mail;
//! - drop the handle of the weather, and put it on the page by way of a `Mutex<String>`. When may you read it?
//! - leave `main` right after the three calls of `go`, and see how much of the page you get.

use goroutine::{JoinHandle, go};
use std::thread;
use std::time::{Duration, Instant};

/// Asks a service, which takes its time, in milliseconds.
fn ask(service: &str, takes: u64) -> String {
    thread::sleep(Duration::from_millis(takes)); // the network
    if service == "mail" {
        panic!("connection reset by mail server");
    }
    format!("{service} after {takes} ms")
}

/// Puts the page together, and says how long that took.
pub fn main() {
    let start = Instant::now();
    let services = [("news", 300), ("mail", 100), ("weather", 200)];
    let asked = services.map(|(service, takes)| go(move || ask(service, takes)));

    // This does not wait: a reader in a hurry gets what is there.
    while !asked.iter().all(JoinHandle::is_finished) {
        let line = asked
            .each_ref()
            .map(|handle| if handle.is_finished() { '#' } else { '.' });
        println!(
            "{:>3} ms  {}",
            start.elapsed().as_millis(),
            String::from_iter(line)
        );
        thread::sleep(Duration::from_millis(50));
    }

    for ((service, _), handle) in services.iter().zip(asked) {
        match handle.join() {
            Ok(part) => println!("{part}"),
            // In Go, the process would have ended before this.
            Err(payload) => match payload.downcast_ref::<&str>() {
                Some(reason) => println!("{service} is out of order: {reason}"),
                None => println!("{service} is out of order"),
            },
        }
    }
    let (waited, in_a_row) = (
        start.elapsed().as_millis(),
        services.iter().map(|(_, takes)| takes).sum::<u64>(),
    );
    println!("the page took {waited} ms; one after the other, it would have been {in_a_row}");
}
