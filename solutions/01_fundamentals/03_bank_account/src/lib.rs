//! The reference solution of the lesson `bank_account`, wired like the lesson itself and held to the
//! lesson's own tests.

#[cfg(test)]
use harness::sync::model as sync;
#[cfg(not(test))]
use harness::sync::real as sync;

mod bank_account;
pub use bank_account::{Account, InsufficientFunds, Overflow};

#[cfg(test)]
#[path = "../../../../exercises/01_fundamentals/03_bank_account/src/race_freedom.rs"]
mod race_freedom;

harness::facade_only!("bank_account.rs");
