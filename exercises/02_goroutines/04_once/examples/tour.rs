//! Three threads want to close one connection. Then: what four kinds of once do about a panic.
//!
//! ```text
//! cargo run -p once --example once_tour
//! ```
//!
//! Then change something:
//! - run it a few times: who closes the connection, and does "closed" ever come before "goodbye"?
//! - in your `call_once`, return if a call finds that another call is running the function, and run the
//!   tour again;
//! - let the farewell panic, and see what the other two threads do.

use once::Once;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

struct Connection {
    start: Instant,
    /// What the peer has received, and when.
    sent: Mutex<Vec<(Duration, &'static str)>>,
    closed: Once,
}

impl Connection {
    /// Says goodbye, and returns after goodbye has been said, whichever thread says it.
    fn close(&self, who: &str) {
        self.closed.call_once(|| {
            println!("{:>3} ms  {who} closes", self.clock().as_millis());
            thread::sleep(Duration::from_millis(20)); // the network
            self.send("goodbye");
        });
        println!(
            "{:>3} ms  {who}: closed, {} message sent",
            self.clock().as_millis(),
            self.sent.lock().unwrap().len()
        );
    }

    fn send(&self, message: &'static str) {
        let now = self.clock();
        self.sent.lock().unwrap().push((now, message));
    }

    fn clock(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Closes the connection three times at once, and compares what a panic means to each kind of once.
pub fn main() {
    let connection = Connection {
        start: Instant::now(),
        sent: Mutex::default(),
        closed: Once::new(),
    };
    thread::scope(|s| {
        for who in ["reader", "writer", "timeout"] {
            let connection = &connection;
            s.spawn(move || connection.close(who));
        }
    });
    for (at, message) in connection.sent.into_inner().unwrap() {
        println!("the peer got {message:?} after {} ms", at.as_millis());
    }

    println!();
    println!("A function panics on the first call. What does the second do?");
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {})); // the panics below are meant to happen
    let ours = Once::new();
    let std_once = std::sync::Once::new();
    let lock = OnceLock::new();
    second_call("yours, as Go's", |f| ours.call_once(f));
    second_call("std::sync::Once", |f| std_once.call_once(f));
    second_call("OnceLock::get_or_init", |f| *lock.get_or_init(f));
    panic::set_hook(hook);
}

/// Makes two calls, the first with a function that panics, and prints what the second does.
fn second_call(kind: &str, call: impl Fn(&mut dyn FnMut())) {
    let mut runs = 0;
    let mut again = || {
        catch_unwind(AssertUnwindSafe(|| {
            call(&mut || {
                runs += 1;
                assert!(runs > 1, "the first run fails");
            });
        }))
    };
    let (first, second) = (again(), again());
    assert!(first.is_err(), "the first call panics everywhere");
    let second = match (second, runs) {
        (Ok(()), 1) => "returns: the function has been run",
        (Ok(()), _) => "runs the function again",
        (Err(_), _) => "panics: poisoned",
    };
    println!("{kind:<24}{second}");
}
