//! Visits a web site whose size is unknown until the last page has been fetched: every page names others.
//!
//! ```text
//! cargo run -p wait_group --example wait_group_tour
//! ```
//!
//! Then change something:
//! - the site below: give a page more links, or make one slow;
//! - move `group.add(1)` into the new thread, as its first line, and see how many pages `wait` waits for;
//! - leave out one `group.done()`, and see what waits for it. (End it with Ctrl-C.)

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use wait_group::WaitGroup;

struct Page {
    path: &'static str,
    /// How long it takes to fetch, in milliseconds.
    fetch: u64,
    links: &'static [Page],
}

const fn page(path: &'static str, fetch: u64, links: &'static [Page]) -> Page {
    Page { path, fetch, links }
}

static SITE: Page = page(
    "/",
    16,
    &[
        page(
            "/docs",
            12,
            &[
                page("/docs/install", 10, &[]),
                page("/docs/guide", 30, &[page("/docs/guide/2", 14, &[])]),
            ],
        ),
        page("/blog", 40, &[page("/blog/threads", 18, &[])]),
        page("/about", 8, &[]),
    ],
);

struct Visit {
    path: &'static str,
    began: Duration,
    ended: Duration,
}

struct Crawl {
    start: Instant,
    visits: Mutex<Vec<Visit>>,
    group: WaitGroup,
}

fn visit(page: &'static Page, crawl: Arc<Crawl>) {
    let began = crawl.start.elapsed();
    thread::sleep(Duration::from_millis(page.fetch)); // the network
    let ended = crawl.start.elapsed();
    crawl.visits.lock().unwrap().push(Visit {
        path: page.path,
        began,
        ended,
    });
    for link in page.links {
        // This page is not finished yet, so the counter is above zero and `wait` cannot return.
        crawl.group.add(1);
        let crawl = Arc::clone(&crawl);
        thread::spawn(move || visit(link, crawl));
    }
    crawl.group.done();
}

/// Crawls [`SITE`], waits for the last page, and shows when each page was fetched.
pub fn main() {
    let crawl = Arc::new(Crawl {
        start: Instant::now(),
        visits: Mutex::default(),
        group: WaitGroup::new(),
    });

    crawl.group.add(1);
    let first = Arc::clone(&crawl);
    thread::spawn(move || visit(&SITE, first));
    crawl.group.wait();

    let waited = crawl.start.elapsed().as_millis();
    let visits = crawl.visits.lock().unwrap();
    for visit in visits.iter() {
        // A column is two milliseconds.
        let column = |at: Duration| at.as_millis() as usize / 2;
        let (from, to) = (column(visit.began), column(visit.ended));
        let bar = "=".repeat((to - from).max(1));
        println!("{:<16}|{}{bar}", visit.path, " ".repeat(from));
    }
    let (pages, fetch) = total(&SITE);
    println!(
        "wait returned after {waited} ms with {} of {pages} pages;",
        visits.len()
    );
    println!("one after the other they would have taken {fetch} ms");
}

/// Returns the number of pages from this one on, and how long they take to fetch one after the other.
fn total(page: &Page) -> (u64, u64) {
    page.links
        .iter()
        .map(total)
        .fold((1, page.fetch), |(n, ms), (links, fetch)| {
            (n + links, ms + fetch)
        })
}
