//! To be written: what this program shows. Change something in it and run it again:
//!
//! `cargo run -p {{name}} --example {{name}}_tour`

use {{name}}::{{Type}};

/// To be written: the Go program of the notes, in Rust.
pub fn main() {
    let _made = {{Type}}::new();
    println!("made one");
}
