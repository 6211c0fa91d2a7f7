//! Wait on the value of an atomic word.

use super::atomic::AtomicU32;
use super::queue::WaitQueue;
use super::recorder;
use harness_report::place::Place;
use harness_report::record::{Effect, Pending, ThreadId, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

thread_local! {
    /// The sleepers of each word, found by its address, as in the kernel.
    static QUEUES: RefCell<HashMap<usize, Arc<WaitQueue>>> = RefCell::default();
}

/// A new interleaving begins, without sleepers.
pub(super) fn begin() {
    QUEUES.take();
}

/// Sleeps if `*word` is `expected`, until a wake-up on the same word. It may also wake spuriously.
///
/// It reads the newest value of the word, as the kernel does under its own lock.
#[track_caller]
pub fn wait(word: &AtomicU32, expected: u32) {
    let place = Location::caller();
    let name = "futex::wait";
    let found = word.newest(name, place);
    let value = Value::Int(expected.into());
    if found == expected {
        let queue = queue(word);
        let ticket = queue.enter();
        queue.sleep(ticket, name, Some(word.id()), None, Some(value), place);
    } else {
        let found = Value::Int(found.into());
        let effect = Effect::NoSleep { name, expected: value, found };
        recorder::happened(effect, Some(word.id()), place);
    }
}

/// Wakes one thread that sleeps on `word`, if there is one. Which one is not promised: the model tries both the one that
/// has slept longest and the one that fell asleep last.
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

fn notified(word: &AtomicU32, name: &'static str, woken: Vec<ThreadId>, place: Place) {
    let effect = Effect::Notify { name, woken };
    recorder::happened(effect, Some(word.id()), place);
}

/// The sleepers of a word.
pub(super) fn queue(word: &AtomicU32) -> Arc<WaitQueue> {
    let address = std::ptr::from_ref(word).addr();
    QUEUES.with_borrow_mut(|queues| Arc::clone(queues.entry(address).or_default()))
}
