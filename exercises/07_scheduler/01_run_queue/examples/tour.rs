//! Go's order on one processor, and then four workers that share a tree of tasks.
//!
//! `cargo run -p run_queue --example run_queue_tour`
//!
//! Then change something:
//! - spawn 600 in place of 10: which task runs second, and why? (Half of the ring has moved, three times.)
//! - use `push` in place of `push_next` in the first part: the order is the one that most people expect of Go;
//! - let the workers not steal: who runs what then?

use run_queue::{Global, Local, Stealer};
use std::collections::BTreeMap;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

const SPAWNED: u32 = 10;

/// A task spawns two more, of one level less.
struct Task {
    level: u32,
}

/// How many tasks are in the tree.
const TASKS: usize = 8191;

/// Runs tasks until `left` says that all have run, and returns how many there were, by where they came from.
fn worker(
    mut local: Local<Task>,
    others: &[Stealer<Task>],
    global: &Global<Task>,
    left: &AtomicUsize,
) -> BTreeMap<&'static str, usize> {
    let mut ran = BTreeMap::new();
    while left.load(Relaxed) > 0 {
        let own = local.pop().map(|task| ("own", task));
        let found = own
            .or_else(|| Some(("global", global.pop()?)))
            .or_else(|| Some(("stolen", others.iter().find_map(Stealer::steal)?)));
        let Some((from, task)) = found else {
            thread::yield_now();
            continue;
        };
        for _ in 0..1_000 {
            spin_loop();
        }
        if let Some(level) = task.level.checked_sub(1) {
            local.push(Box::new(Task { level }), global);
            local.push_next(Box::new(Task { level }), global);
        }
        *ran.entry(from).or_insert(0) += 1;
        left.fetch_sub(1, Relaxed);
    }
    ran
}

/// Prints the order of ten tasks on one processor, and who ran how many of a tree on four.
pub fn main() {
    let (mut local, global) = (Local::new(), Global::new());
    for n in 0..SPAWNED {
        local.push_next(Box::new(n), &global); // as `go` does: the new task is the next one
    }
    let order: Vec<_> = std::iter::from_fn(|| local.pop()).collect();
    println!(
        "one processor: 0 to {} are spawned, and run as {order:?}",
        SPAWNED - 1
    );

    let (global, left) = (Global::new(), AtomicUsize::new(TASKS));
    let mut locals = [(); 4].map(|()| Local::new());
    let stealers = locals.each_ref().map(Local::stealer);
    locals[0].push(
        Box::new(Task {
            level: TASKS.ilog2(),
        }),
        &global,
    );
    let ran = thread::scope(|s| {
        let workers = locals.map(|local| s.spawn(|| worker(local, &stealers, &global, &left)));
        workers.map(|worker| worker.join().expect("a worker does not panic"))
    });
    for (n, ran) in ran.iter().enumerate() {
        println!("worker {n} ran {ran:?}");
    }
    let count: usize = ran.iter().flat_map(BTreeMap::values).sum();
    assert_eq!(count, TASKS, "each task ran once");
}
