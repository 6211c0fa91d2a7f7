//! The Go program of the notes in Rust: three workers measure words, one by one, and one of them cannot read.

use fan_out_fan_in::fan_out;
use harness::sync::real::channel::bounded;
use std::thread;

/// Measures words, and then walks away from an endless stream of them.
pub fn main() {
    let (sender, words) = bounded(0);
    thread::spawn(move || {
        for word in ["gopher", "crab", "ferris", "channel", "worker"] {
            sender.send(word).expect("somebody measures");
        }
    });
    let lengths = fan_out(words, 3, |word| {
        println!("{:?} measures {word}", thread::current().id());
        (word, word.len())
    });
    for (word, length) in lengths {
        println!("{word} has {length} letters");
    }

    let (sender, numbers) = bounded(0);
    let producer = thread::spawn(move || (0..).take_while(|&n| sender.send(n).is_ok()).count());
    let big = fan_out(numbers, 3, |n: u64| n * n).find(|square| *square > 1_000);
    println!("the first square beyond 1000 that came out: {big:?}");
    // `find` has dropped the stream: the workers end, and the producer learns of it.
    println!(
        "the producer has sent {} numbers",
        producer.join().expect("it does not panic")
    );
}
