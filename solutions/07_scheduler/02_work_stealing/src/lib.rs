//! The reference solution of the lesson `work_stealing`, wired like the lesson itself and held to the lesson's own tests.
//! Later lessons stand on it: they take what is here on the machine, and [`model`] in their models.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

/// How many tasks the ring holds: a power of two. The models make do with four.
pub const CAPACITY: usize = if cfg!(test) { 4 } else { 256 };

/// The number that a queue gives to its first task: so near the last `u32` that the numbers wrap in every program. The
/// models begin with 0, for the reader's sake.
pub const START: u32 = if cfg!(test) { 0 } else { u32::MAX - 99 };

/// A task outside of the queues: a goroutine is known to its waker and to its join handle too. Inside it is a pointer, which
/// counts as one reference. This `Arc` is std's in the models too.
pub type Task<T> = sync::task::Arc<T>;

#[path = "../../../../solutions/07_scheduler/01_run_queue/src/run_queue.rs"]
mod run_queue;
pub use run_queue::{Global, Local, Stealer};

#[path = "../../../../exercises/07_scheduler/02_work_stealing/src/batch.rs"]
mod batch;
mod work_stealing;
pub use work_stealing::{Pass, StealOrder, steal_work};

/// The same under the model checker.
#[cfg(not(test))]
#[path = "."]
pub mod model {
    use harness::sync::model as sync;

    /// How many tasks the ring holds, in a model.
    pub const CAPACITY: usize = 4;
    const START: u32 = 0;
    /// As on the machine.
    pub type Task<T> = sync::task::Arc<T>;

    #[path = "../../../../solutions/07_scheduler/01_run_queue/src/run_queue.rs"]
    #[expect(clippy::duplicate_mod, reason = "one source, two faces")]
    mod run_queue;
    pub use run_queue::{Global, Local, Stealer};

    #[path = "../../../../exercises/07_scheduler/02_work_stealing/src/batch.rs"]
    #[expect(clippy::duplicate_mod, reason = "one source, two faces")]
    mod batch;

    #[path = "work_stealing.rs"]
    #[expect(clippy::duplicate_mod, reason = "one source, two faces")]
    mod work_stealing;
    pub use work_stealing::{Pass, StealOrder, steal_work};
}

#[cfg(test)]
#[path = "../../../../exercises/07_scheduler/02_work_stealing/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("work_stealing.rs");
