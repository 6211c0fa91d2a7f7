//! Conway's Game of Life in four bands, with a worker for each: three wait groups, reused in every
//! generation.
//!
//! ```text
//! cargo run -p packed_wait_group --example packed_wait_group_tour
//! ```
//!
//! No cell has a lock, and every access to one is `Relaxed`. The groups alone make sure that the bands see
//! each other's last generation whole, and nothing of the next. Then change something:
//! - the pattern: `GLIDER` for `R_PENTOMINO`;
//! - the number of bands, which divides the number of rows: are many bands better than one for each core?
//! - close the other gate after this one is opened, not before. It may go well for many runs. When does it
//!   fail? (A run that fails may panic, show a wrong board, or hang until Ctrl-C.)

use packed_wait_group::WaitGroup;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

const WIDTH: usize = 64;
const HEIGHT: usize = 24;
const BANDS: usize = 4;
const GENERATIONS: usize = 200;

/// The cells that live at the beginning, as (row, column).
const R_PENTOMINO: [(usize, usize); 5] = [(10, 31), (10, 32), (11, 30), (11, 31), (12, 31)];
#[allow(dead_code, reason = "for the reader to try")]
const GLIDER: [(usize, usize); 5] = [(10, 31), (11, 32), (12, 30), (12, 31), (12, 32)];

type Board = Vec<AtomicBool>;

/// Plays the game, and shows the last generation.
pub fn main() {
    // The generation that is read and the one that is written take turns.
    let boards: [Board; 2] = std::array::from_fn(|_| {
        let dead = || AtomicBool::new(false);
        std::iter::repeat_with(dead).take(WIDTH * HEIGHT).collect()
    });
    for (row, column) in R_PENTOMINO {
        boards[0][row * WIDTH + column].store(true, Relaxed);
    }

    // A group on which many threads wait for one is a gate: `add` closes it, `done` opens it.
    let gates = [WaitGroup::new(), WaitGroup::new()];
    let finished = WaitGroup::new();
    let begun = Instant::now();
    gates[0].add(1);
    thread::scope(|s| {
        for band in 0..BANDS {
            let (boards, gates, finished) = (&boards, &gates, &finished);
            s.spawn(move || {
                for generation in 0..GENERATIONS {
                    gates[generation % 2].wait();
                    let (from, to) = (generation % 2, (generation + 1) % 2);
                    evolve(&boards[from], &boards[to], band);
                    finished.done();
                }
            });
        }
        for generation in 0..GENERATIONS {
            finished.add(BANDS as isize);
            gates[(generation + 1) % 2].add(1); // closed before any worker can get there
            gates[generation % 2].done(); // and all bands start
            finished.wait();
        }
    });

    let took = begun.elapsed();
    let board = &boards[GENERATIONS % 2];
    for row in board.chunks(WIDTH) {
        let row = row
            .iter()
            .map(|cell| if cell.load(Relaxed) { '#' } else { '.' });
        println!("{}", row.collect::<String>());
    }
    let alive = board.iter().filter(|cell| cell.load(Relaxed)).count();
    println!("{alive} cells live in generation {GENERATIONS}, after {took:.1?};");
    println!("a group takes {} bytes", size_of::<WaitGroup>());
}

/// Computes one generation of one band. The board is a torus.
fn evolve(from: &Board, to: &Board, band: usize) {
    let rows = HEIGHT / BANDS;
    for row in band * rows..(band + 1) * rows {
        for column in 0..WIDTH {
            let mut neighbours = 0;
            for (down, right) in AROUND {
                let (row, column) = ((row + down) % HEIGHT, (column + right) % WIDTH);
                neighbours += usize::from(from[row * WIDTH + column].load(Relaxed));
            }
            let at = row * WIDTH + column;
            let lives = neighbours == 3 || neighbours == 2 && from[at].load(Relaxed);
            to[at].store(lives, Relaxed);
        }
    }
}

/// The eight neighbours, as (down, right), where one up is all the way down but one.
const AROUND: [(usize, usize); 8] = {
    let (up, left) = (HEIGHT - 1, WIDTH - 1);
    [
        (up, left),
        (up, 0),
        (up, 1),
        (0, left),
        (0, 1),
        (1, left),
        (1, 0),
        (1, 1),
    ]
};
