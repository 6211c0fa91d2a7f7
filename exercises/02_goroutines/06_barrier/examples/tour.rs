//! A rod that is hot in the middle cools down: four workers compute it in steps, with a band each.
//!
//! ```text
//! cargo run -p barrier --example barrier_tour
//! ```
//!
//! Then change something:
//! - the number of workers, to 2 or 16 (it has to divide 64): the picture stays the same, cell by cell;
//! - leave out the second `barrier.wait()`: a worker that reads `settled` before the leader has decided
//!   goes on for another step, and may wait there for workers that have left (end it with Ctrl-C);
//! - make it `Barrier::new(WORKERS + 1)`, and see what waits for it. (Ctrl-C again.)

use barrier::Barrier;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread;

const WORKERS: usize = 4;
/// The first and the last cell are the air at either end, which stays cold.
const CELLS: usize = 66;
/// The temperature of the middle at the start, in thousandths of a degree.
const HOT: u32 = 100_000;

/// Temperatures in thousandths of a degree. All accesses are Relaxed: the barrier orders them.
type Rod = Vec<AtomicU32>;

/// Simulates until the hottest cell is down to a tenth, and draws the rod on the way.
pub fn main() {
    let rod = |hot: Range<usize>| -> Rod {
        (0..CELLS)
            .map(|cell| AtomicU32::new(if hot.contains(&cell) { HOT } else { 0 }))
            .collect()
    };
    let rods = [rod(25..41), rod(0..0)];
    let barrier = Barrier::new(WORKERS);
    let settled = AtomicBool::new(false);

    draw(0, &rods[0]);
    thread::scope(|s| {
        for worker in 0..WORKERS {
            let (rods, barrier, settled) = (&rods, &barrier, &settled);
            let width = (CELLS - 2) / WORKERS;
            let band = 1 + worker * width..1 + (worker + 1) * width;
            s.spawn(move || work(band, rods, barrier, settled));
        }
    });
}

fn work(band: Range<usize>, rods: &[Rod; 2], barrier: &Barrier, settled: &AtomicBool) {
    for step in 0.. {
        let (now, next) = (&rods[step % 2], &rods[(step + 1) % 2]);
        for cell in band.clone() {
            // The neighbours of the band's ends belong to other workers, which wrote them one step ago.
            let around = now[cell - 1].load(Relaxed) + now[cell + 1].load(Relaxed);
            next[cell].store((around + 2 * now[cell].load(Relaxed)) / 4, Relaxed);
        }
        if barrier.wait().is_leader() {
            // All of `next` has been written, and no worker writes before the second `wait`.
            let hottest = next.iter().map(|cell| cell.load(Relaxed)).max();
            let cold = hottest < Some(HOT / 10);
            settled.store(cold, Relaxed);
            if cold || (step + 1).is_power_of_two() {
                draw(step + 1, next);
            }
        }
        // The leader has no head start: without this `wait`, the others would not wait for its decision.
        barrier.wait();
        if settled.load(Relaxed) {
            return;
        }
    }
}

fn draw(step: usize, rod: &Rod) {
    const SHADES: &[u8] = b" .:-=+*#%@";
    let shade = |cell: &AtomicU32| {
        let shade = cell.load(Relaxed) as usize * SHADES.len() / (HOT as usize + 1);
        char::from(SHADES[shade])
    };
    let picture: String = rod.iter().map(shade).collect();
    println!("step {step:>5} |{picture}|");
}
