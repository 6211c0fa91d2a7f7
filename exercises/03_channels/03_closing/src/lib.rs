//! Wiring for the lesson `closing`: nothing to edit here. Your file is `closing.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

mod closing;
pub use closing::{
    Iter, Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError, bounded,
};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("closing.rs");
