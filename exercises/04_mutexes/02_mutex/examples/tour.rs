//! Counts the hits of a web site: four workers write to one table, a reporter reads it only when it is free.
//!
//! ```text
//! cargo run -p mutex --example mutex_tour
//! ```
//!
//! Then change something:
//! - hold the lock while the page is made: move the `lock` up, and compare the time that it took;
//! - let the handler of `/admin` panic while it has the table. What does the next worker find?
//! - call `record` while this thread has the table, and see what waits for what. (End it with Ctrl-C.)

use mutex::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const WORKERS: usize = 4;
const REQUESTS: usize = 40;
const PAGES: [&str; 4] = ["/", "/docs", "/blog", "/admin"];

/// How often each page was asked for.
type Hits = Mutex<BTreeMap<&'static str, u32>>;

/// Serves [`REQUESTS`] in each of [`WORKERS`] threads, and shows what was counted.
pub fn main() {
    let hits = Hits::new(BTreeMap::new());
    let served = AtomicBool::new(false);
    let begun = Instant::now();
    let (looks, refused) = thread::scope(|s| {
        let reporter = s.spawn(|| report(&hits, &served));
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let hits = &hits;
                s.spawn(move || serve(worker, hits))
            })
            .collect();
        let failed: u32 = workers.into_iter().map(|w| w.join().unwrap()).sum();
        println!("{failed} handlers have panicked, and the table is as they left it");
        served.store(true, Relaxed);
        reporter.join().unwrap()
    });
    println!("all served after {:.1?}", begun.elapsed());
    println!("the reporter has looked {looks} times, and {refused} times the table was in use");

    // A guard lets go for a moment: others may use the table, and then it is this thread's again.
    let mut table = hits.lock();
    MutexGuard::unlocked(&mut table, || record("/late", &hits));
    for (page, hits) in table.iter() {
        println!("{page:<8}{hits:>4}  {}", "#".repeat(*hits as usize));
    }
    println!(
        "a mutex takes {} bytes beside its value",
        size_of::<Mutex<u32>>() - 4
    );
}

/// Serves requests, and returns how many handlers have panicked.
fn serve(worker: usize, hits: &Hits) -> u32 {
    let mut failed = 0;
    for request in 0..REQUESTS {
        let page = PAGES[(worker * request) % PAGES.len()];
        let handler = || {
            thread::sleep(Duration::from_micros(200)); // the page is made
            record(page, hits);
            if page == "/admin" {
                resume_unwind(Box::new("forbidden")); // a panic without a message
            }
        };
        failed += u32::from(catch_unwind(AssertUnwindSafe(handler)).is_err());
    }
    failed
}

fn record(page: &'static str, hits: &Hits) {
    *hits.lock().entry(page).or_insert(0) += 1;
}

/// Looks at the table until all is served, and returns how often, and how often it was in use. It never makes
/// a worker wait for long.
fn report(hits: &Hits, served: &AtomicBool) -> (u32, u32) {
    let (mut looks, mut refused) = (0, 0);
    while !served.load(Relaxed) {
        match hits.try_lock() {
            Some(_table) => looks += 1,
            None => refused += 1,
        }
        thread::sleep(Duration::from_micros(50));
    }
    (looks, refused)
}
