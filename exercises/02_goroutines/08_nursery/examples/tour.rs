//! How much is in a directory and in all directories below it? A child of its own reads each directory, and
//! starts a sibling for every directory that it finds. All of them add to one number, on the stack of the
//! caller of `open`.
//!
//! ```text
//! cargo run -p nursery --example nursery_tour
//! ```
//!
//! Then change something:
//! - leave out the check of `has_panicked`, and see how much longer the second survey takes to fail;
//! - move `survey` into the body of `nursery::open`, so that it ends before the children do, and read what
//!   the compiler says;
//! - let the body return `nursery`, to spawn a child after the block has ended. Does it compile?

use nursery::Nursery;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

struct Dir {
    name: &'static str,
    /// In kilobytes, all files together; `None` if the disk cannot read them.
    files: Option<u64>,
    dirs: Vec<Dir>,
}

fn dir<const N: usize>(name: &'static str, files: u64, dirs: [Dir; N]) -> Dir {
    let (files, dirs) = (Some(files), dirs.into());
    Dir { name, files, dirs }
}

struct Survey {
    total: AtomicU64,
    read: AtomicUsize,
}

/// Reads `dir`, and starts a child for each directory in it.
fn du<'scope>(dir: &'scope Dir, survey: &'scope Survey, nursery: &'scope Nursery<'scope, '_>) {
    if nursery.has_panicked() {
        return; // the total will be lost
    }
    thread::sleep(Duration::from_millis(10)); // the disk
    let Some(files) = dir.files else {
        panic!("{}: the disk cannot read it", dir.name);
    };
    survey.total.fetch_add(files, Relaxed);
    survey.read.fetch_add(1, Relaxed);
    for below in &dir.dirs {
        nursery.spawn(move || du(below, survey, nursery));
    }
}

/// Returns the size of `root`, if all of it can be read.
fn survey(root: &Dir) -> Option<u64> {
    let start = Instant::now();
    let survey = Survey {
        total: AtomicU64::new(0),
        read: AtomicUsize::new(0),
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        nursery::open(|nursery| du(root, &survey, nursery))
    }));
    // Whatever the outcome, no child is left that could still add to the total.
    let read = survey.read.into_inner();
    let end = if outcome.is_ok() {
        "well"
    } else {
        "by a panic"
    };
    println!(
        "{}: {read} directories read when the block ended {end}, after {} ms",
        root.name,
        start.elapsed().as_millis()
    );
    outcome.ok().map(|()| survey.total.into_inner())
}

/// Surveys two trees: one that can be read, and one with a directory that cannot.
pub fn main() {
    let target = dir("target", 1, [dir("debug", 900, [dir("deps", 700, [])])]);
    let music = dir("music", 120, [dir("bach", 300, []), dir("ligeti", 80, [])]);
    let home = dir(
        "home",
        4,
        [music, dir("src", 9, [dir("kata", 2, [target])])],
    );
    if let Some(total) = survey(&home) {
        println!("{}: {total} kB in all", home.name);
    }

    let mut backup = home;
    backup.name = "backup";
    backup.dirs.push(Dir {
        name: "letters",
        files: None,
        dirs: Vec::new(),
    });
    if survey(&backup).is_none() {
        println!("{}: the total is unknown", backup.name);
    }
}
