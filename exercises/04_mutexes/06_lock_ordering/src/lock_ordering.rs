//! Operations that need several locks at once. They deadlock: repair them.

use crate::sync::Mutex;
use std::ptr;

/// An account at a bank, with a lock of its own.
pub struct Account {
    name: String,
    balance: Mutex<u64>,
}

/// Why a [`transfer`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The account that pays has less than the amount.
    Insufficient,
    /// The account that is paid would hold more than [`u64::MAX`].
    Overflow,
}

impl Account {
    /// Opens an account. The name is only a name: any number of accounts may have the same.
    pub fn new(name: &str, balance: u64) -> Self {
        Self {
            name: name.to_owned(),
            balance: Mutex::new(balance),
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the balance at some instant during the call.
    pub fn balance(&self) -> u64 {
        *self.balance.lock()
    }
}

/// Moves `amount` from one account to another, in one step: no [`total`] sees an amount that has left the one and not
/// reached the other.
///
/// May be called from any number of threads, with any accounts in any order. Every call ends, whatever the others do: a
/// call that has to wait sleeps, and none gives back a lock to try again later. Calls that have no account in common do
/// not wait for each other. A transfer from an account to itself changes nothing, and is refused only if the balance is
/// too small.
///
/// # Errors
/// [`Refused::Insufficient`] if `from` has less than `amount`, else [`Refused::Overflow`] if `to` would hold more than
/// [`u64::MAX`]. A refused transfer changes nothing, at no instant.
pub fn transfer(from: &Account, to: &Account, amount: u64) -> Result<(), Refused> {
    let mut payer = from.balance.lock();
    let left = payer.checked_sub(amount).ok_or(Refused::Insufficient)?;
    if ptr::eq(from, to) {
        return Ok(());
    }
    let mut payee = to.balance.lock();
    let sum = payee.checked_add(amount).ok_or(Refused::Overflow)?;
    (*payer, *payee) = (left, sum);
    Ok(())
}

/// Returns what the accounts hold together, at one instant. An account that is named more than once counts once.
///
/// Like [`transfer`], it may be called with any accounts in any order, beside any other calls, and always ends.
pub fn total(accounts: &[&Account]) -> u128 {
    let mut named: Vec<&Account> = Vec::new();
    let mut balances = Vec::new();
    for &account in accounts {
        if !named.iter().any(|other| ptr::eq(*other, account)) {
            named.push(account);
            balances.push(account.balance.lock());
        }
    }
    balances.iter().map(|balance| u128::from(**balance)).sum()
}

/// A round table with a fork between each two neighbours. A philosopher needs both forks to eat.
pub struct Table {
    /// Fork `i` lies between the seats `i - 1` and `i`, fork 0 between the last seat and the first.
    forks: Vec<Mutex<()>>,
}

impl Table {
    /// Lays a table with that many seats, and as many forks.
    ///
    /// # Panics
    /// Panics with `lock_ordering: no seats` if `seats` is zero.
    pub fn new(seats: usize) -> Self {
        assert!(seats > 0, "lock_ordering: no seats");
        Self {
            forks: (0..seats).map(|_| Mutex::new(())).collect(),
        }
    }

    /// Takes the two forks beside `seat`, eats, puts them back, and returns what `eat` returned.
    ///
    /// While `eat` runs, no neighbour's does, and what a neighbour did in an earlier `eat` happens before it. At a table
    /// for one, the only fork is both forks. Philosophers who are not neighbours may eat at the same time.
    ///
    /// May be called for all seats at once, and by several threads for one seat. If each `eat` ends, so does every call: a
    /// call that has to wait sleeps, and none puts a fork back to try again later.
    ///
    /// # Panics
    /// Panics with `lock_ordering: no such seat` if there are not as many seats. If `eat` panics, the forks are put back
    /// and the panic goes on.
    pub fn dine<R>(&self, seat: usize, eat: impl FnOnce() -> R) -> R {
        assert!(seat < self.forks.len(), "lock_ordering: no such seat");
        let (left, right) = (seat, (seat + 1) % self.forks.len());
        let _left = self.forks[left].lock();
        let _right = (left != right).then(|| self.forks[right].lock());
        eat()
    }
}
