//! What a diagnosis takes for the models of a lesson, by the name of the file.

use harness::sync::model::{Mutex, thread};

/// A closure as a model gives it to a lesson: it starts a thread that needs the lock, and waits for it.
pub fn needs(lock: &Mutex<i32>) {
    thread::scope(|s| {
        s.spawn(|| *lock.lock() += 1);
    });
}
