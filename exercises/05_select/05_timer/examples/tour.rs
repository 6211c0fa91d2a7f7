//! To be written: what this program shows. Change something in it and run it again:
//!
//! `cargo run -p timer --example timer_tour`

use timer::Timer;

/// To be written: the Go program of the notes, in Rust.
pub fn main() {
    let _made = Timer::new();
    println!("made one");
}
