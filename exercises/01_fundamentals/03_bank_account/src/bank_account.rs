//! A bank account that threads share without a lock.

use std::error::Error;
use std::fmt;

/// A balance that many threads pay into and draw from, without a lock: a thread that is stopped in the
/// middle of an operation holds up no other.
///
/// Every operation is one step. The steps of an account have one order, the same for all threads, and
/// each finds the balance that the step before it left. An operation that happens before another (earlier
/// in the same thread, or ordered by a spawn, a join, a lock, a channel) comes before it in that order.
///
/// That is all: an account orders its own balance and no other memory. Whoever sees a deposit does not
/// for that reason see what the depositor wrote elsewhere before it.
#[derive(Debug)]
pub struct Account {
    // The fields are yours. One `AtomicU64` from `crate::sync::atomic` is enough.
}

impl Account {
    /// An account that holds `balance`.
    pub fn new(balance: u64) -> Self {
        todo!("an account that holds {balance}")
    }

    /// The balance. It may have changed by the time the caller acts on it.
    #[must_use]
    pub fn balance(&self) -> u64 {
        todo!("read the balance")
    }

    /// Pays `amount` in and returns the balance right after this deposit. An `amount` of 0 always succeeds.
    ///
    /// # Errors
    /// [`Overflow`] if the balance would go beyond [`u64::MAX`]; then nothing has changed.
    pub fn deposit(&self, amount: u64) -> Result<u64, Overflow> {
        todo!("see that there is room for {amount} and pay it in, both in one step")
    }

    /// Draws `amount` and returns the balance right after this withdrawal. An `amount` of 0 always succeeds.
    ///
    /// # Errors
    /// [`InsufficientFunds`] if the balance is less than `amount`; then nothing has changed.
    pub fn withdraw(&self, amount: u64) -> Result<u64, InsufficientFunds> {
        todo!("see that {amount} is there and take it, both in one step")
    }

    /// Draws all there is, in one step, and returns how much that was.
    #[must_use = "this money is in no account any more"]
    pub fn withdraw_all(&self) -> u64 {
        todo!("leave nothing, and say how much was taken")
    }
}

/// Why a withdrawal was refused: there was less than it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsufficientFunds {
    /// The balance that the withdrawal found. It is less than `amount`.
    pub balance: u64,
    /// What it asked for.
    pub amount: u64,
}

impl fmt::Display for InsufficientFunds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { balance, amount } = self;
        write!(f, "insufficient funds: {amount} asked for, {balance} there")
    }
}

impl Error for InsufficientFunds {}

/// Why a deposit was refused: the account cannot hold that much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// The balance that the deposit found. It is more than `u64::MAX - amount`.
    pub balance: u64,
    /// What was to be paid in.
    pub amount: u64,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { balance, amount } = self;
        write!(f, "overflow: no room for {amount} on top of {balance}")
    }
}

impl Error for Overflow {}
