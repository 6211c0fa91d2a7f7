//! To be written: what this program shows. Change something in it and run it again:
//!
//! `cargo run -p runtime --example runtime_tour`

use runtime::Runtime;

/// To be written: the Go program of the notes, in Rust.
pub fn main() {
    let _made = Runtime::new();
    println!("made one");
}
