//! The Go program of the notes in Rust: a logger that never makes its callers wait. Change something in it
//! and run it again:
//!
//! `cargo run -p try_select --example try_select_tour`

use channels::real::{Receiver, SendOutcome, Sender, bounded};
use try_select::{try_recv_any, try_select};

/// Takes lines into the first queue that has room. Without room a line is dropped, and counted.
struct Log {
    queues: [Sender<String>; 2],
    dropped: usize,
}

impl Log {
    fn line(&mut self, line: &str) {
        let [mut disk, mut spill] = self
            .queues
            .each_ref()
            .map(|queue| queue.arm(line.to_owned()));
        match try_select(&mut [&mut disk, &mut spill]) {
            Some(0) => println!("{line}: to the disk"),
            Some(_) => println!("{line}: to the spill, as the disk is behind"),
            None => {
                let SendOutcome::NotChosen(line) = disk.outcome() else {
                    unreachable!("no arm was ready")
                };
                println!("{line}: dropped");
                self.dropped += 1;
            }
        }
    }
}

/// Writes what is there, and returns whether there can be more.
fn write(stop: &Receiver<String>, queues: &[Receiver<String>; 2]) -> bool {
    let [disk, spill] = queues;
    loop {
        match try_recv_any(&[stop, disk, spill]) {
            // The first arm: once it is ready, no line is taken any more.
            Some((0, _)) => return false,
            Some((queue, Ok(line))) => println!("  written: {line} (from queue {queue})"),
            Some((_, Err(_))) => return false,
            None => return true,
        }
    }
}

/// Logs faster than the disk can write.
pub fn main() {
    let (to_disk, disk) = bounded(2);
    let (to_spill, spill) = bounded(1);
    let (running, stop) = bounded(0);
    let queues = [disk, spill];
    let mut log = Log {
        queues: [to_disk, to_spill],
        dropped: 0,
    };
    for line in ["one", "two", "three", "four"] {
        log.line(line);
    }
    assert!(write(&stop, &queues), "nobody has said stop");
    log.line("five");
    drop(running);
    assert!(!write(&stop, &queues), "told to stop");
    println!("{} dropped; the last line stays unwritten", log.dropped);
}
