//! A thread that must never wait: it takes a reading every few microseconds, and hands it to a thread that
//! may be late.
//!
//! ```text
//! cargo run -p spsc_ring --example spsc_ring_tour
//! ```
//!
//! Then change something:
//! - the capacity: how many readings are lost with 1, and from how many on is none lost?
//! - let the consumer sleep for `Duration::from_micros(200)` after each reading: now no capacity is enough;
//! - put `std::sync::mpsc::sync_channel(64)` and `try_send` in place of the ring. What is its longest delay?

use spsc_ring::ring;
use std::thread;
use std::time::{Duration, Instant};

const CAPACITY: usize = 64;
const READINGS: u32 = 20_000;

/// Samples a sine, and says what was lost on the way and how long the sampler was held up.
pub fn main() {
    let (mut producer, mut consumer) = ring(CAPACITY);
    let sampler = thread::spawn(move || {
        let (mut lost, mut longest) = (0, Duration::ZERO);
        for n in 0..READINGS {
            let reading = (f64::from(n) / 100.0).sin();
            let begun = Instant::now();
            if producer.push(reading).is_err() {
                lost += 1; // full: this reading is lost, and the next one is on time
            }
            longest = longest.max(begun.elapsed());
            for _ in 0..200 {
                std::hint::spin_loop();
            }
        }
        (lost, longest)
    });

    let (mut count, mut sum) = (0, 0.0);
    loop {
        // Ask first, then pop: if the sampler is gone now, all its readings are there.
        let last_round = consumer.is_abandoned();
        while let Some(reading) = consumer.pop() {
            count += 1;
            sum += reading;
        }
        if last_round {
            break;
        }
        thread::yield_now();
    }

    let (lost, longest) = sampler.join().expect("the sampler does not panic");
    println!(
        "{count} readings, mean {:.3}; {lost} lost",
        sum / f64::from(count.max(1))
    );
    println!("a push took {longest:.1?} at most");
    assert_eq!(count + lost, READINGS);
}
