//! Transfers and totals: your file and the reference against two other ways out of the deadlock. `one_lock` has a single
//! lock for all accounts, which nobody can take in the wrong order. `tries_again` locks one account and tries the other;
//! if that fails, it gives the first back and begins with the other, as C++'s `std::lock` does.
//!
//! With `t=2`, the two threads transfer at the same time: between the same two accounts in `same_accounts`, each between
//! two of its own in `own_accounts`. In `eat_apart` they are philosophers who are not neighbours, and eat asleep, for about a
//! hundred microseconds: locks that are held for long, as while a disk is read. That shows on a single processor, too.

#![allow(missing_docs)]

use divan::{Bencher, black_box};
use harness::sync::real as sync;
use harness::testing::must_end;
use parking_lot::{Mutex, MutexGuard};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/lock_ordering.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/04_mutexes/06_lock_ordering/src/lock_ordering.rs"]
mod yours;

// What deadlocks is not measured: it would not end. Four threads find nearly every cycle.
harness::bench_main!("lock_ordering.rs", || must_end("it deadlocks", || {
    let bank = Yours::open();
    let pay = |from, to| (0..100_000).for_each(|_| bank.transfer(from, to));
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| pay(1, 0));
            s.spawn(|| pay(0, 1));
        }
    });
    bank.total();
}));

const ACCOUNTS: usize = 4;
const SEATS: usize = ACCOUNTS;
/// So much that no transfer is refused.
const OPENING: u64 = 1 << 32;

trait Bank: Sync {
    fn open() -> Self;
    fn transfer(&self, from: usize, to: usize);
    fn total(&self) -> u128;
    fn dine(&self, seat: usize, eat: impl FnOnce());
}

/// A bank of the accounts of one of the two files.
macro_rules! bank {
    ($Bank:ident, $file:ident) => {
        struct $Bank([$file::Account; ACCOUNTS], $file::Table);

        impl Bank for $Bank {
            fn open() -> Self {
                let accounts = [0; ACCOUNTS].map(|_| $file::Account::new("account", OPENING));
                Self(accounts, $file::Table::new(SEATS))
            }
            fn transfer(&self, from: usize, to: usize) {
                $file::transfer(&self.0[from], &self.0[to], 1).expect("there is enough");
            }
            fn total(&self) -> u128 {
                $file::total(&self.0.each_ref())
            }
            fn dine(&self, seat: usize, eat: impl FnOnce()) {
                self.1.dine(seat, eat);
            }
        }
    };
}
bank!(Yours, yours);
bank!(Reference, reference);

struct OneLock(Mutex<[u64; ACCOUNTS]>);

impl Bank for OneLock {
    fn open() -> Self {
        Self(Mutex::new([OPENING; ACCOUNTS]))
    }
    fn transfer(&self, from: usize, to: usize) {
        let balances = &mut *self.0.lock();
        balances[from] = balances[from].checked_sub(1).expect("there is enough");
        balances[to] = balances[to].checked_add(1).expect("there is room");
    }
    fn total(&self) -> u128 {
        self.0
            .lock()
            .iter()
            .map(|&balance| u128::from(balance))
            .sum()
    }
    fn dine(&self, _: usize, eat: impl FnOnce()) {
        let _all = self.0.lock();
        eat();
    }
}

/// Its accounts are the forks as well.
struct TriesAgain([Mutex<u64>; ACCOUNTS]);

impl TriesAgain {
    /// Locks two accounts, whichever first.
    fn both(&self, one: usize, other: usize) -> [MutexGuard<'_, u64>; 2] {
        loop {
            let first = self.0[one].lock();
            if let Some(second) = self.0[other].try_lock() {
                return [first, second];
            }
            drop(first);
            let second = self.0[other].lock();
            if let Some(first) = self.0[one].try_lock() {
                return [first, second];
            }
        }
    }
}

impl Bank for TriesAgain {
    fn open() -> Self {
        Self([0; ACCOUNTS].map(|_| Mutex::new(OPENING)))
    }
    fn transfer(&self, from: usize, to: usize) {
        let [mut payer, mut payee] = self.both(from, to);
        *payer = payer.checked_sub(1).expect("there is enough");
        *payee = payee.checked_add(1).expect("there is room");
    }
    fn total(&self) -> u128 {
        'again: loop {
            let mut locked = Vec::with_capacity(ACCOUNTS);
            for balance in &self.0 {
                match balance.try_lock() {
                    Some(guard) => locked.push(guard),
                    None => continue 'again,
                }
            }
            return locked.iter().map(|balance| u128::from(**balance)).sum();
        }
    }
    fn dine(&self, seat: usize, eat: impl FnOnce()) {
        let _forks = self.both(seat, (seat + 1) % SEATS);
        eat();
    }
}

/// A row for each bank.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::Yours,
            reference = crate::Reference,
            one_lock = crate::OneLock,
            tries_again = crate::TriesAgain,
        );
    };
}

/// A transfer and one back.
mod same_accounts {
    use super::*;
    rows!(run(threads = [1, 2], sample_size = 20_000));

    fn run<B: Bank>(bencher: Bencher) {
        let bank = B::open();
        bencher.bench(|| {
            bank.transfer(black_box(0), black_box(1));
            bank.transfer(black_box(1), black_box(0));
        });
    }
}

/// The same, between accounts that no other thread uses.
mod own_accounts {
    use super::*;
    rows!(run(threads = [1, 2], sample_size = 20_000));

    fn run<B: Bank>(bencher: Bencher) {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static FIRST: usize = THREADS.fetch_add(2, Relaxed) % ACCOUNTS;
        }
        let bank = B::open();
        bencher.bench(|| {
            let first = FIRST.with(|first| *first);
            bank.transfer(black_box(first), black_box(first + 1));
            bank.transfer(black_box(first + 1), black_box(first));
        });
    }
}

/// A meal of a philosopher who is nobody's neighbour.
mod eat_apart {
    use super::*;
    rows!(run(threads = [1, 2], sample_size = 20));

    fn run<B: Bank>(bencher: Bencher) {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static SEAT: usize = THREADS.fetch_add(2, Relaxed) % SEATS;
        }
        let bank = B::open();
        bencher.bench(|| {
            let seat = SEAT.with(|seat| *seat);
            bank.dine(seat, || std::thread::sleep(Duration::from_micros(50)));
        });
    }
}

/// The total of four accounts.
mod total_of_four {
    use super::*;
    rows!(run());

    fn run<B: Bank>(bencher: Bencher) {
        let bank = B::open();
        bencher.bench_local(|| black_box(bank.total()));
    }
}
