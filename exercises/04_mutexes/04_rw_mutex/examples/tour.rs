//! A routing table: four threads look up where packets go, all the time, and now and then a route changes.
//!
//! ```text
//! cargo run -p rw_mutex --example rw_mutex_tour
//! ```
//!
//! Then change something:
//! - take a `std::sync::Mutex` for the table, and compare how many packets get through;
//! - let a lookup hold the lock while the packet is sent. Who waits for whom when a route changes?
//! - look up a route while you hold another's guard: call `forward` from within. (End it with Ctrl-C.)

use rw_mutex::RwMutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const READERS: u64 = 4;
const CHANGES: u32 = 5;

/// Which door each network is behind.
type Routes = RwMutex<BTreeMap<u8, &'static str>>;

/// Forwards packets until the routes have changed [`CHANGES`] times.
pub fn main() {
    let routes = Routes::new(BTreeMap::from([
        (10, "east"),
        (172, "west"),
        (192, "north"),
    ]));
    let over = AtomicBool::new(false);
    let (forwarded, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        for reader in 0..READERS {
            let (routes, over, forwarded, dropped) = (&routes, &over, &forwarded, &dropped);
            s.spawn(move || {
                let mut packet = reader;
                while !over.load(Relaxed) {
                    let network = [10, 172, 192, 127][(packet % 4) as usize];
                    let counter = if forward(routes, network).is_some() {
                        forwarded
                    } else {
                        dropped
                    };
                    counter.fetch_add(1, Relaxed);
                    packet += 1;
                }
            });
        }
        for change in 1..=CHANGES {
            thread::sleep(Duration::from_millis(4));
            let doors = ["east", "south", "west", "north"];
            let asked = Instant::now();
            let mut table = routes.write(); // no reader that comes from now on gets in before
            let waited = asked.elapsed();
            table.insert(10, doors[change as usize % doors.len()]);
            println!(
                "change {change}: network 10 is {} now; waited {waited:.0?}",
                table[&10]
            );
        }
        over.store(true, Relaxed);
    });
    let (forwarded, dropped) = (forwarded.into_inner(), dropped.into_inner());
    println!("{forwarded} packets forwarded meanwhile, {dropped} for networks that nobody knows");
    println!("the routes: {:?}", routes.read().iter().collect::<Vec<_>>());
}

/// Returns the door that a packet for `network` goes through.
fn forward(routes: &Routes, network: u8) -> Option<&'static str> {
    routes.read().get(&network).copied()
}
