//! The prime sieve, a pipeline that grows by a stage for each prime; and one that ends with an error.
//!
//! ```text
//! cargo run -p pipeline --example pipeline_tour
//! ```
//!
//! Then change something:
//! - let the sieve find 500 primes, and look at it with `ps -eL` while it runs: how many threads, and how many after?
//! - make the capacity 0, and 1,000: which is faster, and what does it cost?
//! - put the line that is no number first, or last: what is printed?

use pipeline::{Stage, stage};
use std::convert::Infallible;

/// Prints primes, and then how far a list of prices can be read.
pub fn main() {
    for prime in primes(15) {
        print!("{prime} ");
    }
    println!();

    let lines = ["12.50", "3.99", "free", "7.00"];
    let prices = stage(lines.into_iter().map(Ok), 2, str::parse::<f64>);
    let doubled = stage(prices, 2, |price| Ok(price * 2.0));
    for result in doubled {
        match result {
            Ok(price) => println!("{price:.2}"),
            Err(error) => println!("stopped: {error}"),
        }
    }
}

/// Returns the first `count` primes. Each of them gets a stage, which lets through what it does not divide.
fn primes(count: usize) -> Vec<u32> {
    let mut numbers: Stage<u32, Infallible> = stage((2..).map(Ok), 16, Ok);
    let mut primes = Vec::new();
    while primes.len() < count {
        let Some(Ok(prime)) = numbers.next() else {
            break; // there are no more `u32`s
        };
        primes.push(prime);
        let not_divided = numbers.filter(move |n| n.is_ok_and(|n| n % prime != 0));
        numbers = stage(not_divided, 16, Ok);
    }
    primes
    // The last stage goes with `numbers`, and all others with it.
}
