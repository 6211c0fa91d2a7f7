//! The face that runs under the model checker: the same API on loom, with every operation recorded.
//!
//! These types exist only inside [`harness::model`](crate::model); made anywhere else they panic. What the
//! model explores:
//! - every order in which the operations of up to five threads can take effect. On one atomic the outcomes
//!   found are exactly those of brute force (`tests/exactness.rs`), which bare loom does not reach;
//! - every value that a load may return under the orderings given;
//! - spurious wake-ups where [`Model::spurious_wakeups`](crate::Model::spurious_wakeups) asks for them.
//!
//! And what it does not, so that a pass does not speak of it:
//! - load buffering: a load never returns a value that is stored only later;
//! - two threads that each store to the same two atomics, and each is overtaken by the other (2+2W);
//! - `SeqCst` operations count as `AcqRel`: where the total order matters, use `fence(SeqCst)`;
//! - a waker of several sleepers wakes them in the order in which they fell asleep;
//! - `compare_exchange_weak` never fails spuriously, and there is no time: no `wait_for`.

pub mod atomic;
pub mod cell;
pub mod futex;
pub mod thread;

mod arc;
mod condvar;
mod mutex;
mod queue;
mod rwlock;

pub use arc::Arc;
pub use condvar::Condvar;
pub(crate) use mutex::release_orphans;
pub use mutex::{Mutex, MutexGuard};
pub(crate) use queue::WaitQueue;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Runs `f`, and lets the dry run call what it makes after `name`: the mutex in the field `balance` of an account
/// becomes `savings.balance`. It has no counterpart in the real face: it is for what a model itself makes.
///
/// ```
/// use harness::sync::model::{Mutex, naming};
///
/// struct Account {
///     balance: Mutex<u64>,
/// }
///
/// harness::model(|| {
///     let account = |name| naming(name, || Account { balance: Mutex::new(10) });
///     let (savings, wages) = (account("savings"), account("wages"));
///     *savings.balance.lock() += std::mem::take(&mut *wages.balance.lock());
/// });
/// ```
pub fn naming<R>(name: &str, f: impl FnOnce() -> R) -> R {
    crate::recorder::naming(name, f)
}

/// Hints to the processor.
pub mod hint {
    /// Lets the other threads of the model run: what this thread waits for can only come from them.
    #[track_caller]
    pub fn spin_loop() {
        super::thread::yield_now();
    }
}

/// Helpers with the API of crossbeam-utils.
pub mod utils {
    pub use crossbeam_utils::CachePadded;

    /// [`crossbeam_utils::Backoff`] as the model sees it: every step lets the other threads run, and after
    /// the first it advises to sleep, so that both ways are explored soon.
    #[derive(Debug, Default)]
    pub struct Backoff {
        stepped: std::cell::Cell<bool>,
    }

    impl Backoff {
        /// A back-off that has not begun.
        pub fn new() -> Self {
            Self::default()
        }

        /// Begins again.
        pub fn reset(&self) {
            self.stepped.set(false);
        }

        /// Backs off in a lock-free loop.
        #[track_caller]
        pub fn spin(&self) {
            self.stepped.set(true);
            super::thread::yield_now();
        }

        /// Backs off in a loop that waits for another thread.
        #[track_caller]
        pub fn snooze(&self) {
            self.stepped.set(true);
            super::thread::yield_now();
        }

        /// Whether it is time to sleep instead.
        pub fn is_completed(&self) -> bool {
            self.stepped.get()
        }
    }
}
