//! A shop asks three warehouses at once, and takes the first that has the book.
//!
//! ```text
//! cargo run -p oneshot --example oneshot_tour
//! ```
//!
//! Then change something:
//! - let `send` be called before the warehouse has looked, or not at all;
//! - take the panic out of the attic;
//! - let the shop ask with `try_recv` in a loop, and count how often it asks in vain.

use oneshot::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Asks one warehouse, and returns the end on which the answer comes: the shelf, or nothing.
fn ask(warehouse: &'static str, takes: u64) -> Receiver<String> {
    let (answer, answered) = channel();
    thread::spawn(move || {
        for _ in 0..takes {
            if answer.is_closed() {
                println!("{warehouse}: nobody waits for this any more");
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        if warehouse == "attic" {
            // The sender is dropped on the way out, and the shop hears of it.
            std::panic::resume_unwind(Box::new("the floor gives way"));
        }
        if let Err(refused) = answer.send(format!("{warehouse}, shelf {takes}")) {
            println!(
                "{warehouse}: found it too late, and put it back: {}",
                refused.0
            );
        }
    });
    answered
}

/// Asks three warehouses and waits for two of them.
pub fn main() {
    let cellar = ask("cellar", 2);
    let attic = ask("attic", 1);
    let harbour = ask("harbour", 50);
    for (name, answered) in [("attic", attic), ("cellar", cellar)] {
        match answered.recv() {
            Ok(place) => println!("shop: it is there: {place}"),
            Err(error) => println!("shop: the {name} does not answer: {error}"),
        }
    }
    drop(harbour);
    thread::sleep(Duration::from_millis(30));
}
