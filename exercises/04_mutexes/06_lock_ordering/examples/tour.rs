//! The Go program of the notes in Rust: two people pay each other, five philosophers eat, and somebody counts the money.

use lock_ordering::{Account, Table, total, transfer};
use std::thread;

/// Runs the bank, and then the table.
pub fn main() {
    let (ada, bob) = (&Account::new("Ada", 100), &Account::new("Bob", 100));
    let pay_often = |from: &Account, to: &Account| {
        let refused = (0..1_000)
            .filter(|_| transfer(from, to, 1).is_err())
            .count();
        println!("{} had nothing left {refused} times", from.name());
    };
    thread::scope(|s| {
        s.spawn(|| pay_often(ada, bob));
        s.spawn(|| pay_often(bob, ada));
        for _ in 0..3 {
            println!("Ada and Bob have {} together", total(&[bob, ada]));
        }
    });
    println!(
        "{} has {}, {} has {}",
        ada.name(),
        ada.balance(),
        bob.name(),
        bob.balance()
    );

    let table = &Table::new(5);
    thread::scope(|s| {
        for seat in 0..5 {
            s.spawn(move || table.dine(seat, || println!("seat {seat} eats")));
        }
    });
    println!("everybody has eaten");
}
