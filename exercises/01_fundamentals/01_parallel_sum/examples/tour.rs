//! A year of trade, with a price every half minute: the turnover, and the best trade that was possible.
//!
//! ```text
//! cargo run --release -p parallel_sum --example parallel_sum_tour
//! ```
//!
//! Run it with `--release`, because it measures time. Then change something:
//! - the number of prices: how few must there be until one worker is the fastest?
//! - swap `left` and `right` in `Span::then`. The lowest and the highest price stay the same, but the best
//!   trade now sells before it buys.
//! - `span.then(next)` does little for each item. Make it do more, and see up to how many workers it pays.

use parallel_sum::{reduce, sum};
use std::hint::black_box;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// What the program knows about a span of time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    lowest: u64,
    highest: u64,
    /// The highest profit from buying once and selling once, in this order.
    best_trade: u64,
}

impl Span {
    fn of(price: u64) -> Self {
        Self {
            lowest: price,
            highest: price,
            best_trade: 0,
        }
    }

    /// Returns `self` followed by `later`. Associative, like time itself, and not commutative, for the same
    /// reason.
    fn then(self, later: Self) -> Self {
        let (left, right) = (self, later);
        Self {
            lowest: left.lowest.min(right.lowest),
            highest: left.highest.max(right.highest),
            best_trade: left
                .best_trade
                .max(right.best_trade)
                .max(right.highest.saturating_sub(left.lowest)),
        }
    }
}

/// Prices that go up and down, the same on every run.
fn prices(count: u64) -> Vec<u64> {
    let mut price = 50_000;
    let mut random = 42_u64;
    (0..count)
        .map(|_| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            price = (price + random % 21).saturating_sub(10).max(1);
            price
        })
        .collect()
}

/// Sums and reduces on more and more workers, and prints how long it takes.
pub fn main() {
    let prices = prices(365 * 24 * 120);
    let spans: Vec<Span> = prices.iter().copied().map(Span::of).collect();
    let cores = available_parallelism().map_or(1, usize::from);
    println!("{} prices, {cores} cores\n", prices.len());

    println!("workers      sum       µs   best trade       µs");
    for workers in [1, 2, 4, 8, 64] {
        let (total, sum_took) = fastest(|| sum(black_box(&prices), workers));
        let (span, reduce_took) = fastest(|| reduce(black_box(&spans), workers, Span::then));
        let best_trade = span.expect("there are prices").best_trade;
        println!(
            "{workers:>7} {total:>8} {:>8} {best_trade:>12} {:>8}",
            sum_took.as_micros(),
            reduce_took.as_micros()
        );
    }
}

/// Returns the result of `f`, and the shortest time of five runs.
fn fastest<R>(f: impl Fn() -> R) -> (R, Duration) {
    (0..5)
        .map(|_| {
            let start = Instant::now();
            let result = f();
            (result, start.elapsed())
        })
        .min_by_key(|(_, took)| *took)
        .expect("five is more than none")
}
