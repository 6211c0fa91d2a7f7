//! The Go program of the notes, in Rust: files are counted on two threads, and one of them is broken in a
//! way that nobody has thought of. Change something in it and run it again:
//!
//! `cargo run -p panic_isolation --example panic_isolation_tour`

use panic_isolation::Pool;
use std::any::Any;
use std::panic;

/// The number of records in a file, whose header says how many bytes each has.
fn count(file: &[usize]) -> usize {
    let size = file[0];
    (file.len() - 1) / size
}

/// What a panic says, if it says something.
fn message(payload: &(dyn Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    literal
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Counts four files, two of which are broken, and shows that the pool is as large as before.
pub fn main() {
    // Each panic is told here, where it belongs to a file. By default the hook has told it before, on
    // standard error.
    panic::set_hook(Box::new(|_| {}));

    let pool = Pool::new(2).expect("there are threads");
    let files: [&[usize]; 4] = [&[2, 7, 7, 7, 7], &[0, 7, 7], &[], &[1, 7, 7]];
    let handles = files.map(|file| pool.submit(move || count(file)));
    for (n, handle) in handles.into_iter().enumerate() {
        match handle.join() {
            Ok(records) => println!("file {n}: {records} records"),
            Err(payload) => println!("file {n}: a bug: {}", message(&*payload)),
        }
    }

    // Nobody wants to know. The job runs nevertheless, and its panic ends nothing else.
    drop(pool.submit(|| panic!("unheard")));

    let (ask, asked) = std::sync::mpsc::channel();
    let asks = pool.submit(move || ask.send("both threads are there"));
    let hears = pool.submit(move || asked.recv());
    asks.join()
        .expect("it does not panic")
        .expect("somebody hears");
    println!(
        "{}",
        hears
            .join()
            .expect("it does not panic")
            .expect("somebody asks")
    );
}
