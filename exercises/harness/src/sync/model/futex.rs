//! Wait on the value of an atomic word.

use super::atomic::AtomicU32;
use super::queue::WaitQueue;
use crate::recorder::{self, Effect, Pending, Value};
use std::panic::Location;
use std::sync::Arc;

/// Sleeps if `*word` is `expected`, until a wake-up on the same word. It may also return for no reason.
///
/// It reads the newest value of the word, as the kernel does under its own lock.
#[track_caller]
pub fn wait(word: &AtomicU32, expected: u32) {
    let place = Location::caller();
    let name = "futex::wait";
    let found = word.newest(name, place);
    if found == expected {
        let queue = queue(word);
        let ticket = queue.enter();
        queue.sleep(ticket, name, Some(word.id()), None, place);
    } else {
        let found = Value::Int(found.into());
        recorder::happened(Effect::NoSleep { name, found }, Some(word.id()), place);
    }
}

/// Wakes the thread that has slept longest on `word`, if there is one.
#[track_caller]
pub fn wake_one(word: &AtomicU32) {
    let place = Location::caller();
    let name = "futex::wake_one";
    word.newest(name, place);
    let woken = queue(word).wake_one(Pending::new(name, Some(word.id()), place));
    notified(word, name, woken, place);
}

/// Wakes every thread that sleeps on `word`.
#[track_caller]
pub fn wake_all(word: &AtomicU32) {
    let place = Location::caller();
    let name = "futex::wake_all";
    word.newest(name, place);
    let woken = queue(word).wake_all(Pending::new(name, Some(word.id()), place));
    notified(word, name, woken, place);
}

fn notified(
    word: &AtomicU32,
    name: &'static str,
    woken: Vec<recorder::ThreadId>,
    place: recorder::Place,
) {
    let effect = Effect::Notify { name, woken };
    recorder::happened(effect, Some(word.id()), place);
}

/// The sleepers of a word, found by its address, as in the kernel.
fn queue(word: &AtomicU32) -> Arc<WaitQueue> {
    let address = std::ptr::from_ref(word).addr();
    let session = recorder::session();
    let mut queues = session.futexes.lock();
    Arc::clone(queues.entry(address).or_default())
}
