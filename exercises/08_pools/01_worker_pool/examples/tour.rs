//! Checksums of many blocks, computed by a few workers. The program submits as fast as the queue lets it.
//!
//! ```text
//! cargo run -p worker_pool --example worker_pool_tour
//! ```
//!
//! Then change something:
//! - let `main` submit all blocks itself, before it reads. From how many on does the program not end? (Ctrl-C ends it.)
//! - give it a queue of a thousand. What changes in "submitted", and what in memory?
//! - let block 5 panic. How many results are there, and where does the program end?

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use worker_pool::WorkerPool;

struct Block {
    number: usize,
    bytes: Vec<u8>,
}

/// FNV-1a, over and over: something that takes a while.
fn checksum(block: Block) -> (usize, u64) {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for byte in block.bytes.iter().cycle().take(200_000) {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    (block.number, sum)
}

/// Submits twenty blocks from a thread of its own, and reads the results.
pub fn main() {
    let (pool, results) = WorkerPool::new(2, 4, checksum).expect("there are threads");
    let submitted = AtomicUsize::new(0);
    thread::scope(|s| {
        s.spawn(|| {
            for number in 0..20 {
                let bytes = vec![number as u8; 1024];
                pool.submit(Block { number, bytes });
                submitted.fetch_add(1, Relaxed);
            }
            // Waits for the last job, passes a panic on, and lets the loop below end.
            pool.join();
        });
        for (read, (number, sum)) in results.enumerate() {
            let ahead = submitted.load(Relaxed).saturating_sub(read);
            println!("block {number:2}: {sum:016x}   {ahead} submitted and not read before it");
        }
    });
}
