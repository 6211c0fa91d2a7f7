//! A bank account that threads share without a lock.

use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};
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
    /// The whole state. Every access is `Relaxed`, and that is enough for the order promised above:
    ///
    /// - The values that one atomic ever holds have one order, the same for all threads. A
    ///   read-modify-write, a successful `compare_exchange` included, writes directly behind the value it
    ///   read: between its reading and its writing there is no room for another thread. That is one step.
    /// - A step that writes stands where its value stands. One that writes nothing (`balance`, a refusal)
    ///   stands directly behind the value it read.
    /// - A thread never reads a value older than one it has read, written, or been shown by a spawn or a
    ///   join (coherence). So happens-before agrees with this order.
    ///
    /// Acquire and Release order other memory around the atomic, and there is none.
    balance: AtomicU64,
}

impl Account {
    /// An account that holds `balance`.
    pub fn new(balance: u64) -> Self {
        Self {
            balance: AtomicU64::new(balance),
        }
    }

    /// The balance. It may have changed by the time the caller acts on it.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.balance.load(Relaxed)
    }

    /// Pays `amount` in and returns the balance right after this deposit. An `amount` of 0 always succeeds.
    ///
    /// # Errors
    /// [`Overflow`] if the balance would go beyond [`u64::MAX`]; then nothing has changed.
    pub fn deposit(&self, amount: u64) -> Result<u64, Overflow> {
        self.update(|balance| balance.checked_add(amount))
            .map_err(|balance| Overflow { balance, amount })
    }

    /// Draws `amount` and returns the balance right after this withdrawal. An `amount` of 0 always succeeds.
    ///
    /// # Errors
    /// [`InsufficientFunds`] if the balance is less than `amount`; then nothing has changed.
    pub fn withdraw(&self, amount: u64) -> Result<u64, InsufficientFunds> {
        self.update(|balance| balance.checked_sub(amount))
            .map_err(|balance| InsufficientFunds { balance, amount })
    }

    /// Draws all there is, in one step, and returns how much that was.
    #[must_use = "this money is in no account any more"]
    pub fn withdraw_all(&self) -> u64 {
        // Nothing to decide, so nothing to retry: whatever is in the word is what the caller gets.
        self.balance.swap(0, Relaxed)
    }

    /// Replaces the balance by `next(balance)` in one step and returns the new balance. If `next` gives
    /// `None`, nothing changes and the balance that it turned down comes back.
    ///
    /// What `next` decides is decided about `seen`, and the exchange succeeds only if the balance is
    /// `seen` at that instant; otherwise the decision is void and is taken again. That the balance may
    /// have changed and changed back in between does no harm: the decision rests on the value alone.
    ///
    /// Lock-free: an exchange fails because another thread's has succeeded. The weak form may also fail
    /// for no reason; on processors without a compare-and-swap instruction that saves a second loop.
    ///
    /// std has this loop as `AtomicU64::try_update`, with the old value for an answer.
    fn update(&self, next: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        // May be stale. Then the exchange fails, or the refusal stands earlier in the order.
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
