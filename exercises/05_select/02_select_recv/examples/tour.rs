//! The Go program of the notes in Rust: a question to three servers, of which the first answer counts; then
//! all that they have to say, in one stream. Change something in it and run it again:
//!
//! `cargo run -p select_recv --example select_recv_tour`

use channels::real::{Receiver, bounded};
use select_recv::select_recv;
use std::thread;
use std::time::Duration;

/// A server that takes `milliseconds` for an answer, and gives `answers`.
fn server(name: &'static str, milliseconds: u64, answers: usize) -> Receiver<String> {
    let (to_client, replies) = bounded(1);
    thread::spawn(move || {
        for n in 1..=answers {
            thread::sleep(Duration::from_millis(milliseconds));
            // Without a receiver there is nobody to answer.
            if to_client.send(format!("{name} says {n}")).is_err() {
                return;
            }
        }
    });
    replies
}

/// Asks, and prints.
pub fn main() {
    let names = ["Oslo", "Rome", "Bonn"];
    let servers = [
        server("Oslo", 30, 3),
        server("Rome", 10, 2),
        server("Bonn", 20, 4),
    ];
    let mut open: Vec<_> = names.into_iter().zip(&servers).collect();

    let receivers: Vec<_> = servers.iter().collect();
    let (fastest, answer) = select_recv(&receivers);
    let answer = answer.expect("each has an answer");
    println!("{} was the first: {answer}", names[fastest]);

    // The others' first answers are not lost: they come now, with the rest.
    while !open.is_empty() {
        let receivers: Vec<_> = open.iter().map(|(_, receiver)| *receiver).collect();
        match select_recv(&receivers) {
            (_, Ok(answer)) => println!("{answer}"),
            // An end is always ready: leave it in the slice, and this loop would never sleep again.
            (at, Err(_)) => {
                let (name, _) = open.remove(at);
                println!("{name} has ended");
            }
        }
    }
}
