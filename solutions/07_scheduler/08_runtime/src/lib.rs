//! The reference solution of the lesson `runtime`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;
#[cfg(not(test))]
use work_stealing_solution as work_stealing;
#[cfg(test)]
use work_stealing_solution::model as work_stealing;

#[path = "../../../../exercises/07_scheduler/08_runtime/src/channel.rs"]
mod channel;
#[path = "../../../../exercises/07_scheduler/08_runtime/src/goroutines.rs"]
mod goroutines;
#[path = "../../../../exercises/07_scheduler/08_runtime/src/monitor.rs"]
mod monitor;
mod runtime;
#[path = "../../../../exercises/07_scheduler/08_runtime/src/task.rs"]
mod task;
#[path = "../../../../exercises/07_scheduler/08_runtime/src/timers.rs"]
mod timers;

pub use channel::{Receiver, Recv, Send, Sender, channel};
pub use goroutines::{Runtime, go, snapshot, yield_now};
pub use monitor::{Doing, Gauge, Monitor, Snapshot, WorkerSnapshot};
pub use runtime::Scheduler;
pub use task::{JoinError, JoinHandle, Place, Task};
pub use timers::{Sleep, Timers, sleep, sleep_until};

#[cfg(test)]
#[path = "../../../../exercises/07_scheduler/08_runtime/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("runtime.rs");
