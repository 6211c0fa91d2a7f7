//! The wait group of chapter 2, on your own condition variable.
//!
//! ```text
//! cargo run -p condvar --example condvar_tour
//! cargo run -p condvar --example condvar_tour --features my_mutex
//! cargo test -p condvar --example condvar_tour --features my_mutex
//! ```
//!
//! The first runs on your condition variable and the reference's mutex, the second on your own mutex as well,
//! and the third puts the wait group's own tests to both. Then change something:
//! - put your own wait group in place of this one, from `exercises/02_goroutines/02_wait_group`;
//! - notify one in your `notify_all`, and see who is still there. (End it with Ctrl-C.)

use condvar::{Condvar, Mutex};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// The reference of the lesson `wait_group`, as it stands there; the mutex and the condition variable were
/// given then.
pub struct WaitGroup {
    count: Mutex<usize>,
    zero: Condvar,
}

#[allow(missing_docs)]
impl WaitGroup {
    pub fn new() -> Self {
        Self {
            count: Mutex::new(0),
            zero: Condvar::new(),
        }
    }

    pub fn add(&self, delta: isize) {
        let mut count = self.count.lock();
        let Some(new) = count.checked_add_signed(delta) else {
            if delta < 0 {
                panic!("wait_group: negative counter");
            }
            panic!("wait_group: counter overflow");
        };
        *count = new;
        drop(count);
        if new == 0 {
            self.zero.notify_all();
        }
    }

    pub fn done(&self) {
        self.add(-1);
    }

    pub fn wait(&self) {
        let mut count = self.count.lock();
        while *count != 0 {
            self.zero.wait(&mut count);
        }
    }
}

// Its tests call its crate by this name.
#[cfg(test)]
extern crate self as wait_group;

#[cfg(test)]
#[path = "../../../../exercises/02_goroutines/02_wait_group/tests/correctness.rs"]
mod correctness;

const WORKERS: usize = 4;
const ROUNDS: usize = 1_000;

/// Lets workers do rounds that all begin together, and a producer and a consumer share a shelf.
pub fn main() {
    rounds();
    shelf();
}

/// Four workers, a thousand rounds: nobody begins one before all have ended the last. What opens a round is a
/// wait group too, that all wait for.
fn rounds() {
    let gates = [WaitGroup::new(), WaitGroup::new()];
    let finished = WaitGroup::new();
    let work = AtomicUsize::new(0);
    let begun = Instant::now();
    gates[0].add(1);
    thread::scope(|s| {
        for _ in 0..WORKERS {
            s.spawn(|| {
                for round in 0..ROUNDS {
                    gates[round % 2].wait();
                    work.fetch_add(1, Relaxed);
                    finished.done();
                }
            });
        }
        for round in 0..ROUNDS {
            finished.add(WORKERS as isize);
            gates[(round + 1) % 2].add(1); // closed before anybody can get there
            gates[round % 2].done(); // and all go
            finished.wait();
            assert_eq!(work.load(Relaxed), (round + 1) * WORKERS);
        }
    });
    let took = begun.elapsed();
    println!("{ROUNDS} rounds of {WORKERS} workers: {took:.1?}");
}

/// The program of the notes: a shelf with room for two, a baker who is quick and a customer who is slow.
fn shelf() {
    const LOAVES: u32 = 6;
    let shelf = Mutex::new(Vec::new());
    let (filled, emptied) = (Condvar::new(), Condvar::new());
    thread::scope(|s| {
        s.spawn(|| {
            for loaf in 1..=LOAVES {
                let mut shelf = shelf.lock();
                emptied.wait_while(&mut shelf, |shelf| shelf.len() == 2);
                shelf.push(loaf);
                println!("bakes {loaf}   {:?}", *shelf);
                drop(shelf);
                filled.notify_one();
            }
        });
        for _ in 1..=LOAVES {
            thread::sleep(Duration::from_millis(3)); // on the way
            let mut shelf = shelf.lock();
            filled.wait_while(&mut shelf, |shelf| shelf.is_empty());
            let loaf = shelf.remove(0);
            println!("   eats {loaf} {:?}", *shelf);
            drop(shelf);
            emptied.notify_one();
        }
    });
}
