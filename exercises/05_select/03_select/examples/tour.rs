//! The Go program of the notes, in Rust: a counter that takes orders and hands out meals, whichever comes first, and keeps
//! what is between the two. Change something in it and run it again:
//!
//! `cargo run -p select --example select_tour`

use channels::real::{Arm, Receiver, SendOutcome, Sender, bounded};
use harness::sync::real::time::{Clock, Duration};
use select::{select, select_until};
use std::collections::VecDeque;
use std::thread;

/// Passes on what comes in, in order, and never lets the sender wait.
fn counter<T>(orders: Receiver<T>, meals: Sender<T>) {
    let (mut kept, mut is_open) = (VecDeque::new(), true);
    while is_open || !kept.is_empty() {
        let mut hand_out = kept.pop_front().map(|first| meals.arm(first));
        let mut take = orders.arm();
        // An arm that is not in the slice is switched off.
        let mut arms: Vec<&mut dyn Arm<'_>> = Vec::new();
        if let Some(hand_out) = &mut hand_out {
            arms.push(hand_out);
        }
        if is_open {
            arms.push(&mut take);
        }
        select(&mut arms);
        match take.outcome() {
            Some(Ok(order)) => kept.push_back(order),
            Some(Err(_closed)) => is_open = false,
            None => {}
        }
        match hand_out.map(|arm| arm.outcome()) {
            Some(SendOutcome::NotChosen(first)) => kept.push_front(first),
            Some(SendOutcome::Disconnected(_)) => return, // nobody eats any more
            Some(SendOutcome::Sent) | None => {}
        }
    }
}

/// Four orders, four meals, and the end of patience.
pub fn main() {
    let ((to_counter, orders), (to_guests, meals)) = (bounded(0), bounded(0));
    thread::scope(|s| {
        s.spawn(move || counter(orders, to_guests));
        for meal in ["soup", "fish", "cheese", "cake"] {
            to_counter.send(meal).expect("the counter is open");
            println!("ordered: {meal}");
        }
        for _ in 0..4 {
            println!("    eaten: {}", meals.recv().expect("there are four"));
        }
        let clock = Clock::real();
        let soon = clock.now() + Duration::from_millis(10);
        match select_until(&mut [&mut meals.arm()], &clock, soon) {
            Some(_) => println!("a fifth meal?"),
            None => println!("no fifth meal within 10 ms"),
        }
        drop(to_counter);
        println!("the kitchen closes: {:?}", meals.recv());
    });
}
