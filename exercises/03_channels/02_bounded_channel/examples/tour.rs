//! A kitchen with two cooks, a pass with room for three plates, and one waiter.
//!
//! ```text
//! cargo run -p bounded_channel --example bounded_channel_tour
//! ```
//!
//! Then change something:
//! - give the pass room for one plate, or for twenty, and see when the cooks have finished;
//! - let the waiter be faster than the cooks;
//! - let him carry one plate fewer, and see which thread is still there after a while (end it with Ctrl-C).

use bounded_channel::Channel;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How many plates each of the two cooks makes.
const PLATES: u32 = 4;

/// Lets two cooks fill the pass, and a waiter empty it, more slowly.
pub fn main() {
    let pass = Channel::new(3);
    let begun = Instant::now();
    let (say, said) = mpsc::channel();
    let tell = |what: String| say.send((begun.elapsed(), what)).expect("main prints it");

    thread::scope(|s| {
        for cook in ["Anna", "Ben"] {
            let (pass, tell) = (&pass, &tell);
            s.spawn(move || {
                for plate in 1..=PLATES {
                    let plate = format!("{cook}'s plate {plate}");
                    match pass.try_send(plate) {
                        Ok(()) => {}
                        Err(plate) => {
                            tell(format!("{plate} has to wait: the pass is full"));
                            pass.send(plate);
                        }
                    }
                }
                tell(format!("{cook} goes home"));
            });
        }
        for _ in 0..2 * PLATES {
            thread::sleep(Duration::from_millis(10));
            let plate = pass.recv();
            tell(format!(
                "{plate} is served, {} of {} places are taken",
                pass.len(),
                pass.capacity()
            ));
        }
    });

    drop(say);
    for (time, what) in said {
        println!("{:>3} ms  {what}", time.as_millis());
    }
}
