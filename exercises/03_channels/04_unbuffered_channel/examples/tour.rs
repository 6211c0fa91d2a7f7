//! The Go program of the notes in Rust: a kitchen hands its dishes over, one by one, and nothing gets cold.

use std::thread;
use unbuffered_channel::channel;

/// Cooks four dishes, and serves three.
pub fn main() {
    let (kitchen, waiter) = channel();
    thread::scope(|s| {
        s.spawn(move || {
            for dish in ["soup", "fish", "cheese", "cake"] {
                println!("the kitchen has {dish}");
                match kitchen.send(dish) {
                    Ok(()) => println!("the kitchen has handed over the {dish}"),
                    Err(back) => println!("the waiter has gone home; the {} stays here", back.0),
                }
            }
        });
        for _ in 0..3 {
            let dish = waiter.recv().expect("there are four dishes");
            println!("    the waiter serves the {dish}");
        }
        drop(waiter);
    });
}
