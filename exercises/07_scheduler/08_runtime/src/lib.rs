//! Wiring for the lesson `runtime`: nothing to edit here. Your file is `runtime.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face. So it is with the queues, which are those of the lesson
//! `work_stealing`, as its reference has them: `crate::work_stealing`.
//!
//! Given, and finished: goroutines, in `task.rs`; what a program calls, in `goroutines.rs`; channels, timers and the monitor.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use work_stealing_solution as work_stealing;
#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use work_stealing_solution::model as work_stealing;

mod channel;
mod goroutines;
mod monitor;
mod runtime;
mod task;
mod timers;

pub use channel::{Receiver, Recv, Send, Sender, channel};
pub use goroutines::{Runtime, go, snapshot, yield_now};
pub use monitor::{Doing, Gauge, Monitor, Snapshot, WorkerSnapshot};
pub use runtime::Scheduler;
pub use task::{JoinError, JoinHandle, Place, Task};
pub use timers::{Sleep, Timers, sleep, sleep_until};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("runtime.rs");
