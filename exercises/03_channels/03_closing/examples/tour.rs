//! A shop with two clerks and room for three customers in the queue; at six the door is closed.
//!
//! ```text
//! cargo run -p closing --example closing_tour
//! ```
//!
//! Then change something:
//! - leave out `door.close()`, and let only the two streets drop their senders: who ends the day now?
//! - let both clerks go home after two customers each, and see what the streets are told;
//! - keep one more clone of the sender in `main`, and see who waits for ever (end it with Ctrl-C).

use closing::{SendError, bounded};
use std::thread;
use std::time::Duration;

/// Lets two streets send customers, two clerks serve them, and `main` close the door.
pub fn main() {
    let (door, queue) = bounded::<String>(3);
    thread::scope(|s| {
        for clerk in ["Anna", "Ben"] {
            let queue = queue.clone();
            s.spawn(move || {
                for customer in &queue {
                    thread::sleep(Duration::from_millis(10));
                    println!("{clerk} has served {customer}");
                }
                println!("{clerk} goes home");
            });
        }
        // The clerks have clones of their own. If `main` kept this one, a street whose clerks have left would
        // wait for ever.
        drop(queue);

        for street in ["High Street", "Mill Lane"] {
            let door = door.clone();
            s.spawn(move || {
                for n in 1.. {
                    if let Err(SendError(customer)) = door.send(format!("{street} {n}")) {
                        println!("{customer} finds the door closed");
                        return;
                    }
                }
            });
        }

        thread::sleep(Duration::from_millis(25));
        println!(
            "it is six: {}",
            if door.close() {
                "closed"
            } else {
                "closed before"
            }
        );
    });
}
