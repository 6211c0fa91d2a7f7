//! Wiring for the lesson `bank_account`: nothing to edit here. Your file is `bank_account.rs`.
//!
//! The library and the tests in `tests/` see the real face of the facade; the library's own unit
//! tests, the models in `race_freedom.rs`, see the model face.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
#[allow(unused_imports)] // until your file imports from it
use harness::sync::real as sync;

mod bank_account;
pub use bank_account::{Account, InsufficientFunds, Overflow};

#[cfg(test)]
mod race_freedom;

harness::facade_only!("bank_account.rs");
