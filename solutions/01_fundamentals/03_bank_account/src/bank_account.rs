//! A bank account that threads share without a lock.

use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};
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
    /// The whole state. Every access is `Relaxed`, and that is enough for the order promised above:
    ///
    /// - The values that one atomic ever holds have one order, the same for all threads. A
    ///   read-modify-write, which includes a successful `compare_exchange`, writes directly after the value
    ///   it read: no other write fits between its read and its write. So it is one step.
    /// - A step that writes has the place of the value it wrote. A step that writes nothing (`balance`, a
    ///   refusal) comes directly after the value it read.
    /// - An access never reads a value older than one that was read or written by an access that happens
    ///   before it (coherence). So happens-before agrees with this order.
    ///
    /// Acquire and Release would order other memory around the atomic, and the account has no other memory.
    balance: AtomicU64,
}

impl Account {
    /// Opens an account that holds `balance`.
    pub fn new(balance: u64) -> Self {
        Self {
            balance: AtomicU64::new(balance),
        }
    }

    /// Returns the balance. It may have changed by the time the caller acts on it.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.balance.load(Relaxed)
    }

    /// Pays `amount` in and returns the balance right after this deposit. An `amount` of 0 always succeeds.
    ///
    /// # Errors
    /// Returns [`Overflow`] and changes nothing if the new balance would be more than [`u64::MAX`].
    pub fn deposit(&self, amount: u64) -> Result<u64, Overflow> {
        self.update(|balance| balance.checked_add(amount))
            .map_err(|balance| Overflow { balance, amount })
    }

    /// Draws `amount` and returns the balance right after this withdrawal. An `amount` of 0 always succeeds.
    ///
    /// # Errors
    /// Returns [`InsufficientFunds`] and changes nothing if the balance is less than `amount`.
    pub fn withdraw(&self, amount: u64) -> Result<u64, InsufficientFunds> {
        self.update(|balance| balance.checked_sub(amount))
            .map_err(|balance| InsufficientFunds { balance, amount })
    }

    /// Draws the whole balance in one step and returns it.
    #[must_use = "this money is in no account any more"]
    pub fn withdraw_all(&self) -> u64 {
        // There is nothing to decide, so nothing to retry: the caller gets whatever the balance is.
        self.balance.swap(0, Relaxed)
    }

    /// Replaces the balance by `next(balance)` in one step and returns the new balance. If `next` returns
    /// `None`, nothing changes, and `Err` holds the balance that `next` turned down.
    ///
    /// `next` decides about `seen`, and the exchange succeeds only if the balance is `seen` at that
    /// instant; otherwise `next` decides again about the newer balance. The balance may have changed and
    /// changed back in between. That does no harm, because the decision depends on the value alone.
    ///
    /// The loop is lock-free: an exchange fails because another thread has changed the balance. The weak
    /// form may also fail spuriously; on processors without a compare-and-swap instruction, it saves a loop
    /// inside this one.
    ///
    /// std has this loop as `AtomicU64::try_update`, which returns the old value.
    fn update(&self, next: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        // This may be stale. Then the exchange fails, or the refusal comes earlier in the order.
        let mut seen = self.balance();
        while let Some(new) = next(seen) {
            match self
                .balance
                .compare_exchange_weak(seen, new, Relaxed, Relaxed)
            {
                Ok(_) => return Ok(new),
                Err(newer) => seen = newer,
            }
        }
        Err(seen)
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
