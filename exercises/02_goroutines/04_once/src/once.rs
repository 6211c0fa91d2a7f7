// breaks 2 (returns when it has ended): whether to wake is decided by a count that a waiter raises after it has looked: Dekker without fences
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::futex;

/// A once.
pub struct Once {
    state: AtomicU32,
    waiting: AtomicU32,
}

struct Finish<'a>(&'a Once);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.state.store(2, Ordering::Release);
        if self.0.waiting.load(Ordering::Acquire) > 0 {
            futex::wake_all(&self.0.state);
        }
    }
}

impl Once {
    /// New.
    pub fn new() -> Self {
        Self { state: AtomicU32::new(0), waiting: AtomicU32::new(0) }
    }

    /// Calls.
    pub fn call_once(&self, f: impl FnOnce()) {
        if self.state.load(Ordering::Acquire) == 2 {
            return;
        }
        if self.state.compare_exchange(0, 1, Ordering::Acquire, Ordering::Acquire).is_ok() {
            let _finish = Finish(self);
            f();
            return;
        }
        self.waiting.fetch_add(1, Ordering::AcqRel);
        while self.state.load(Ordering::Acquire) != 2 {
            futex::wait(&self.state, 1);
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
