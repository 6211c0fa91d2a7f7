//! Three threads want exchange rates at the same time. One of them loads the rates, the other two wait, and
//! the rates are loaded only once. Then the same with a bank that is closed.
//!
//! ```text
//! cargo run -p lazy --example lazy_tour
//! ```
//!
//! Then change something:
//! - leave out the second half of the loop in `main`: the rates are not loaded at all;
//! - put `std::sync::LazyLock` in place of `Lazy`, and read the messages of the threads that did not run
//!   the function.

use lazy::Lazy;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

type Rates = HashMap<&'static str, f64>;

fn load() -> Rates {
    println!("  loading the rates");
    thread::sleep(Duration::from_millis(30)); // the network
    HashMap::from([("CHF", 1.25), ("EUR", 1.08), ("JPY", 0.0067)])
}

/// Prints what a hundred dollars are in three currencies, with a thread for each.
fn convert(rates: &Lazy<Rates>) {
    thread::scope(|scope| {
        for currency in ["CHF", "EUR", "JPY"] {
            scope.spawn(move || {
                let start = Instant::now();
                let rate = catch_unwind(AssertUnwindSafe(|| rates[currency]));
                let waited = start.elapsed().as_millis();
                match rate {
                    Ok(rate) => println!("  {:.2} {currency}, after {waited} ms", 100.0 / rate),
                    Err(payload) => {
                        let said = payload.downcast_ref::<&str>().copied();
                        let said = said.or(payload.downcast_ref::<String>().map(|s| &**s));
                        println!("  no {currency}: {}", said.unwrap_or("no reason given"));
                    }
                }
            });
        }
    });
}

/// Converts twice with rates that can be loaded, and twice with rates that cannot.
pub fn main() {
    // The messages of the panics below would only clutter the output.
    std::panic::set_hook(Box::new(|_| ()));

    let rates = Lazy::new(load as fn() -> Rates);
    let closed = Lazy::new((|| panic!("the bank is closed")) as fn() -> Rates);
    println!("loaded yet? {}", Lazy::get(&rates).is_some());

    for (name, rates) in [("the rates", &rates), ("a closed bank", &closed)] {
        println!("{name}, all at once:");
        convert(rates);
        println!("{name}, once more:");
        convert(rates);
    }
}
