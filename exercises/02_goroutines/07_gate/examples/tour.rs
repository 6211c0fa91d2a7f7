//! A server whose workers are started first and may begin when its configuration is there.
//!
//! ```text
//! cargo run -p gate --example gate_tour
//! ```
//!
//! Then change something:
//! - let the configuration take longer than the health check has patience, or shorter;
//! - leave out `ready.open()`, and see who is still there after a while. (Ctrl-C is the answer.)
//! - let a worker come when the gate has long been open.

use gate::Gate;
use harness::sync::real::time::{Clock, Duration};
use std::sync::OnceLock;
use std::thread;

/// How long it takes to read the configuration.
const READING: Duration = Duration::from_millis(40);

/// How long each of the health check's looks lasts.
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
        config.set(8080).expect("nobody else sets it");
        say("main: opens the gate");
        ready.open();
    });

    ready.wait();
    say("late comer: passes");
}
