//! To be written: what this program shows. Change something in it and run it again:
//!
//! `cargo run -p unbuffered_channel --example unbuffered_channel_tour`

use unbuffered_channel::UnbufferedChannel;

/// To be written: the Go program of the notes, in Rust.
pub fn main() {
    let _made = UnbufferedChannel::new();
    println!("made one");
}
