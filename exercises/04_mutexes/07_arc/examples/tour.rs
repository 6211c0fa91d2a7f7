//! A cache that keeps nothing alive: it hands out documents that are in use already, and forgets those that
//! are not.
//!
//! ```text
//! cargo run -p arc --example arc_tour
//! ```
//!
//! Then change something:
//! - let the cache hold `Arc<Document>` in place of `Weak<Document>`. Which line of the output is missing now?
//! - give the document a field `cache: Arc<Cache>`. Is that a circle of owners? And with the change above?
//! - ask `Arc::strong_count` in `open`, and print it. Run it several times: what could a program decide by it?

use arc::{Arc, Weak};
use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;

/// Something that is expensive to make, and never changes.
struct Document {
    name: String,
    pages: usize,
}

impl Drop for Document {
    fn drop(&mut self) {
        let thread = thread::current();
        let whose = thread.name().unwrap_or("a thread").to_owned();
        println!("{whose} was the last to use {}, and drops it", self.name);
    }
}

#[derive(Default)]
struct Cache(Mutex<HashMap<String, Weak<Document>>>);

impl Cache {
    /// Returns the document that others use, or makes it.
    fn open(&self, name: &str) -> Arc<Document> {
        let mut known = self.0.lock().expect("nobody panics in here");
        // Not "is it there?" and then "give it to me": the last user may go in between.
        if let Some(document) = known.get(name).and_then(Weak::upgrade) {
            return document;
        }
        println!("{name} is read");
        let document = Arc::new(Document {
            name: name.to_owned(),
            pages: name.len(),
        });
        known.insert(name.to_owned(), Arc::downgrade(&document));
        document
    }
}

/// Three threads use two documents; then the cache is asked what it still has.
pub fn main() {
    let cache = Cache::default();
    let readme = cache.open("README");
    thread::scope(|s| {
        for (thread, name) in [
            ("first", "README"),
            ("second", "LICENSE"),
            ("third", "README"),
        ] {
            let cache = &cache;
            let reads = move || {
                let document = cache.open(name);
                println!("{thread} reads {}, {} pages", document.name, document.pages);
            };
            thread::Builder::new()
                .name(thread.to_owned())
                .spawn_scoped(s, reads)
                .expect("a thread can be spawned");
        }
    });
    let again = cache.open("README");
    assert!(Arc::ptr_eq(&readme, &again), "it was in use all the time");
    drop(readme);
    match Arc::try_unwrap(again) {
        Ok(document) => println!(
            "main is the only one that uses {}, and takes it home",
            document.name
        ),
        Err(_) => unreachable!("all threads have ended"),
    }
    assert!(
        cache
            .0
            .into_inner()
            .is_ok_and(|known| known.values().all(|weak| weak.upgrade().is_none()))
    );
    println!("the cache has nothing left");
}
