//! A bank account that threads share without a lock.

use std::error::Error;
use std::fmt;

/// A balance that many threads pay into and draw from without a lock: a thread that is stopped in the middle
/// of an operation does not block any other thread.
///
/// Every operation is one step. The steps of an account have one order, the same for all threads, and each
/// step finds the balance that the step before it left. If an operation happens before another one (earlier
/// in the same thread, or ordered by a spawn, a join, a lock, a channel), it comes first in that order.
///
/// An account orders nothing but its own balance: a thread that sees a deposit does not therefore see what
/// the depositor wrote elsewhere before it.
///
/// An account keeps its balance and nothing else: no operation leaves memory behind or starts a thread.
#[derive(Debug)]
pub struct Account {
    // The fields are yours. One `AtomicU64` from `crate::sync::atomic` is enough.
}

impl Account {
    /// Opens an account that holds `balance`.
    pub fn new(balance: u64) -> Self {
        todo!("make an account that holds {balance}")
    }

    /// Returns the balance. It may have changed by the time the caller acts on it.
    #[must_use]
    pub fn balance(&self) -> u64 {
        todo!("read the balance")
    }

    /// Pays `amount` in and returns the balance right after this deposit. An `amount` of 0 always succeeds.
    ///
    /// # Errors
    /// Returns [`Overflow`] and changes nothing if the new balance would be more than [`u64::MAX`].
    pub fn deposit(&self, amount: u64) -> Result<u64, Overflow> {
        todo!("check that there is room for {amount} and pay it in, both in one step")
    }

    /// Draws `amount` and returns the balance right after this withdrawal. An `amount` of 0 always succeeds.
    ///
    /// # Errors
    /// Returns [`InsufficientFunds`] and changes nothing if the balance is less than `amount`.
    pub fn withdraw(&self, amount: u64) -> Result<u64, InsufficientFunds> {
        todo!("check that {amount} is there and take it, both in one step")
    }

    /// Draws the whole balance in one step and returns it.
    #[must_use = "this money is in no account any more"]
    pub fn withdraw_all(&self) -> u64 {
        todo!("take the whole balance in one step, and return it")
    }
}

/// The error of a refused withdrawal: the balance was less than the amount asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsufficientFunds {
    /// The balance that the withdrawal found, which is less than `amount`.
    pub balance: u64,
    /// The amount asked for.
    pub amount: u64,
}

impl fmt::Display for InsufficientFunds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { balance, amount } = self;
        write!(f, "insufficient funds: {amount} asked for, {balance} there")
    }
}

impl Error for InsufficientFunds {}

/// The error of a refused deposit: the account cannot hold that much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// The balance that the deposit found, which is more than `u64::MAX - amount`.
    pub balance: u64,
    /// The amount to be paid in.
    pub amount: u64,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { balance, amount } = self;
        write!(f, "overflow: no room for {amount} on top of {balance}")
    }
}

impl Error for Overflow {}
