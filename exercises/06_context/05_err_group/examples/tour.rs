//! Three pages are fetched at once, and one of them is not there. The others are told, and stop.
//!
//! ```text
//! cargo run -p err_group --example err_group_tour
//! ```
//!
//! Then change something:
//! - let no page be missing. What is printed, and in which order?
//! - let `fetch` not look at the context. How long does it take until the error is there?
//! - let one task panic. Which line of `main` does it reach?

use cancellation_solution::Context;
use std::error::Error;
use std::fmt;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

#[derive(Debug)]
enum FetchError {
    Missing(&'static str),
    Stopped(&'static str),
    NoThread(std::io::Error),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(page) => write!(f, "{page} is missing"),
            Self::Stopped(page) => write!(f, "{page} is not needed any more"),
            Self::NoThread(error) => write!(f, "no thread: {error}"),
        }
    }
}

impl Error for FetchError {}

impl From<std::io::Error> for FetchError {
    fn from(error: std::io::Error) -> Self {
        Self::NoThread(error)
    }
}

/// Takes ten steps for each page, and stops when it is told to.
fn fetch(context: &Context, page: &'static str) -> Result<usize, FetchError> {
    for step in 0..10 {
        if context.err().is_some() {
            println!("{page}: stopped before step {step}");
            return Err(FetchError::Stopped(page));
        }
        sleep(Duration::from_millis(2));
        if page == "missing.html" && step == 3 {
            return Err(FetchError::Missing(page));
        }
    }
    println!("{page}: here");
    Ok(page.len())
}

/// Fetches pages, at most two at a time, and returns their lengths.
fn fetch_all(pages: &[&'static str]) -> Result<Vec<usize>, std::sync::Arc<FetchError>> {
    let lengths = Mutex::new(Vec::new());
    let lengths = &lengths;
    err_group::scope(&Context::background(), Some(2), |group| {
        for page in pages.iter().copied() {
            let context = group.context().clone();
            group.go(move || {
                let length = fetch(&context, page)?;
                lengths.lock().expect("nobody panics in here").push(length);
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(lengths.lock().expect("nobody panics in here").clone())
}

/// Fetches three pages that are there, and then three of which one is not.
pub fn main() {
    match fetch_all(&["index.html", "about.html", "news.html"]) {
        Ok(lengths) => println!("all: {} bytes", lengths.iter().sum::<usize>()),
        Err(error) => println!("{error}"),
    }
    match fetch_all(&["index.html", "missing.html", "news.html"]) {
        Ok(lengths) => println!("all: {} bytes", lengths.iter().sum::<usize>()),
        Err(error) => println!("none: {error}"),
    }
}
