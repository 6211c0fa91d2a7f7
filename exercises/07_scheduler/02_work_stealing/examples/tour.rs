//! A thief takes half, and then four workers share what one of them makes.
//!
//! `cargo run -p work_stealing --example work_stealing_tour`
//!
//! Then change something:
//! - leave out a `filter`, so that a worker asks itself as well: does anything change?
//! - let the workers steal one task at a time, by `steal`: how many thefts are there now?
//! - let each pass begin at worker 0, by `0..WORKERS` in place of `order.pass`: who is robbed most?

use std::hint::spin_loop;
use std::iter::from_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use work_stealing::{CAPACITY, Global, Local, StealOrder, Stealer, steal_work};

const WORKERS: usize = 4;
/// All of them are in the ring of worker 0 at first.
const TASKS: usize = CAPACITY;

/// What a worker has to say in the end.
struct Ran {
    tasks: usize,
    thefts: usize,
}

/// Runs tasks until `left` says that all have run.
fn worker(
    me: usize,
    mut own: Local<usize>,
    victims: &[Stealer<usize>],
    order: &StealOrder,
    left: &AtomicUsize,
) -> Ran {
    let mut ran = Ran {
        tasks: 0,
        thefts: 0,
    };
    let mut random = me as u32 + 1;
    while left.load(Relaxed) > 0 {
        let task = own.pop().or_else(|| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            let others = order.pass(random).filter(|&victim| victim != me);
            let stolen = steal_work(victims, others, &mut own)?;
            ran.thefts += 1;
            Some(stolen)
        });
        let Some(_task) = task else {
            thread::yield_now();
            continue;
        };
        for _ in 0..20_000 {
            spin_loop();
        }
        ran.tasks += 1;
        left.fetch_sub(1, Relaxed);
    }
    ran
}

/// Prints what a thief takes, in which orders it asks, and how four workers share a full ring.
pub fn main() {
    let (mut victim, mut own, global) = (Local::new(), Local::new(), Global::new());
    for n in 1..=9 {
        victim.push(Arc::new(n), &global);
    }
    let ran = victim.stealer().steal_into(&mut own);
    let queued: Vec<_> = from_fn(|| own.pop()).collect();
    let left: Vec<_> = from_fn(|| victim.pop()).collect();
    println!("of 1 to 9, a thief runs {ran:?} and queues {queued:?}; left are {left:?}");

    let order = StealOrder::new(8);
    for random in [0, 21, 14] {
        let pass = Vec::from_iter(order.pass(random));
        println!("one of eight workers asks the others in the order {pass:?}");
    }

    let (mut locals, left) = (
        [(); WORKERS].map(|()| Local::new()),
        AtomicUsize::new(TASKS),
    );
    let victims = locals.each_ref().map(Local::stealer);
    for n in 0..TASKS {
        locals[0].push(Arc::new(n), &global);
    }
    let order = StealOrder::new(WORKERS);
    let ran = thread::scope(|s| {
        let mut number = 0..;
        let workers = locals.map(|own| {
            let me = number.next().unwrap_or(0);
            let (victims, order, left) = (&victims, &order, &left);
            s.spawn(move || worker(me, own, victims, order, left))
        });
        workers.map(|worker| worker.join().expect("a worker does not panic"))
    });
    for (n, Ran { tasks, thefts }) in ran.iter().enumerate() {
        println!("worker {n} ran {tasks} tasks, and stole {thefts} times");
    }
    let all: usize = ran.iter().map(|ran| ran.tasks).sum();
    assert_eq!(all, TASKS, "each task ran once");
}
