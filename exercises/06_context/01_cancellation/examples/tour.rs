//! To be written: what this program shows. Change something in it and run it again:
//!
//! `cargo run -p cancellation --example cancellation_tour`

use cancellation::Cancellation;

/// To be written: the Go program of the notes, in Rust.
pub fn main() {
    let _made = Cancellation::new();
    println!("made one");
}
