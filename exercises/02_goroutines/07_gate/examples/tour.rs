//! A server starts its workers first; they may begin once its configuration is there.
//!
//! ```text
//! cargo run -p gate --example gate_tour
//! ```
//!
//! Then change something:
//! - let the configuration take longer than the health check waits, or less long;
//! - leave out `ready.open()`, and see which threads are still there after a while (end it with Ctrl-C);
//! - let a worker come long after the gate has opened.

use gate::Gate;
use harness::sync::real::time::{Clock, Duration};
use std::sync::OnceLock;
use std::thread;

/// How long it takes to read the configuration.
const READING: Duration = Duration::from_millis(40);

/// The timeout of each of the health check's waits.
const PATIENCE: Duration = Duration::from_millis(15);

/// Starts three workers and a health check, and lets them wait for the configuration.
pub fn main() {
    let ready = Gate::new();
    let config = OnceLock::new();
    let clock = &Clock::real();
    let begun = clock.now();
    let say = |what: &str| println!("{:>4} ms  {what}", (clock.now() - begun).as_millis());

    thread::scope(|s| {
        for worker in 1..=3 {
            let (ready, config, say) = (&ready, &config, &say);
            s.spawn(move || {
                ready.wait();
                let port: &u16 = config.get().expect("it is set before the gate opens");
                say(&format!("worker {worker}: listens on port {port}"));
            });
        }
        s.spawn(|| {
            while !ready.wait_timeout(clock, PATIENCE) {
                say("health check: not ready");
            }
            say("health check: ready");
        });

        say("main: reads the configuration");
        thread::sleep(READING);
        config.set(8080).expect("only main sets it");
        say("main: opens the gate");
        ready.open();
    });

    ready.wait();
    say("late thread: passes");
}
