//! The facade: one API, two faces. [`real`] may use [`leaks`](crate::leaks); [`model`] that and the record. Neither uses
//! the other.
//!
//! A lesson's `lib.rs` makes one of them `crate::sync`. The library and its integration tests, benches
//! and examples get [`real`]; the library's unit tests, which hold the models, get [`model`].
//! `tests/faces.rs` compiles one program against both, so that they cannot drift apart.
//!
//! | | [`real`] | [`model`] |
//! |---|---|---|
//! | `Mutex`, `Condvar`, `RwLock` | parking_lot: no poisoning | the same API on loom |
//! | `atomic` | std | loom, every operation recorded |
//! | `Arc`, `Weak` | std | counted: a reference that is never dropped is a leak |
//! | `task` | std, with its `Arc`, which wakers are made of | the same: nothing there is explored |
//! | `thread` | std, counted for [`leaks`](crate::leaks) | loom; `scope` and `park` built on it |
//! | `thread_local!` | std | a value for each thread of the model, dropped when that ends |
//! | `cell::UnsafeCell` | `with` and `with_mut`, free of charge | loom: two unordered accesses are a data race |
//! | `futex` | the platform's, by way of the atomic-wait crate | a wait queue |
//! | `channel` | crossbeam-channel, without `select!` and what takes a time | the same semantics, disconnecting included; nobody is woken in vain |
//! | `time` | the machine's clock, or a manual one | the manual one: a time-out is one more interleaving |
//! | `hint`, `utils` | std, crossbeam-utils | spinning yields |

pub mod model;
pub mod real;
mod refusal;
pub mod task;
