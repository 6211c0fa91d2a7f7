//! Four threads count words into one table behind a spin lock, and then one thread holds the lock for too
//! long.
//!
//! ```text
//! cargo run -p spin_lock --example spin_lock_tour
//! ```
//!
//! Then change something:
//! - let the counting threads hold the lock while they split the text, and not only while they count;
//! - make the holder sleep for `Duration::from_secs(1)`, and watch the processors meanwhile, in `top`;
//! - take `std::sync::Mutex` in place of the spin lock. What do the waiters do now while the holder sleeps?

use spin_lock::SpinLock;
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const TEXT: &str =
    "a lock that spins looks at a flag and looks at it again and again until the flag is down";

/// Counts words, and then waits for a holder that sleeps.
pub fn main() {
    let words: Vec<_> = TEXT.split(' ').collect();
    let counts = SpinLock::new(BTreeMap::new());
    thread::scope(|s| {
        for part in words.chunks(words.len().div_ceil(4)) {
            let counts = &counts;
            s.spawn(move || {
                for word in part {
                    // Locked for this line only: a guard without a name is dropped at the end of it.
                    *counts.lock().entry(*word).or_insert(0) += 1;
                }
            });
        }
    });
    for (word, count) in counts.into_inner() {
        println!("{count} {word}");
    }

    let lock = SpinLock::new(());
    let held = Barrier::new(3);
    let begun = Instant::now();
    thread::scope(|s| {
        s.spawn(|| {
            let _guard = lock.lock();
            held.wait();
            thread::sleep(Duration::from_millis(20));
        });
        for waiter in 1..=2 {
            let (lock, held) = (&lock, &held);
            s.spawn(move || {
                held.wait();
                let mut looks = 0;
                while lock.try_lock().is_none() {
                    looks += 1;
                }
                let took = begun.elapsed();
                println!("waiter {waiter} has tried {looks} times in vain, for {took:.0?}");
            });
        }
    });
}
