//! Transfers and totals: your file and the reference against two other ways out of the deadlock. `one_lock` has a single
//! lock for all accounts, which nobody can take in the wrong order. `tries_again` locks one account and tries the other;
//! if that fails, it gives the first back and begins with the other, as C++'s `std::lock` does.
//!
//! With `t=2`, the two threads transfer at the same time: between the same two accounts in `same_accounts`, each between
//! two of its own in `own_accounts`.

#![allow(missing_docs)]

use divan::{Bencher, black_box};
use harness::sync::real as sync;
use harness::testing::must_end;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

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
/// So much that no transfer is refused.
const OPENING: u64 = 1 << 32;

trait Bank: Sync {
    fn open() -> Self;
    fn transfer(&self, from: usize, to: usize);
    fn total(&self) -> u128;
}

/// A bank of the accounts of one of the two files.
macro_rules! bank {
    ($Bank:ident, $file:ident) => {
        struct $Bank([$file::Account; ACCOUNTS]);

        impl Bank for $Bank {
            fn open() -> Self {
                Self([0; ACCOUNTS].map(|_| $file::Account::new("account", OPENING)))
            }
            fn transfer(&self, from: usize, to: usize) {
                $file::transfer(&self.0[from], &self.0[to], 1).expect("there is enough");
            }
            fn total(&self) -> u128 {
                $file::total(&self.0.each_ref())
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
}

struct TriesAgain([Mutex<u64>; ACCOUNTS]);

impl Bank for TriesAgain {
    fn open() -> Self {
        Self([0; ACCOUNTS].map(|_| Mutex::new(OPENING)))
    }
    fn transfer(&self, from: usize, to: usize) {
        let (mut first, mut second) = (from, to);
        loop {
            let mut one = self.0[first].lock();
            if let Some(mut other) = self.0[second].try_lock() {
                let (payer, payee) = if first == from {
                    (&mut one, &mut other)
                } else {
                    (&mut other, &mut one)
                };
                **payer = payer.checked_sub(1).expect("there is enough");
                **payee = payee.checked_add(1).expect("there is room");
                return;
            }
            drop(one);
            (first, second) = (second, first);
        }
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

/// The total of four accounts.
mod total_of_four {
    use super::*;
    rows!(run());

    fn run<B: Bank>(bencher: Bencher) {
        let bank = B::open();
        bencher.bench_local(|| black_box(bank.total()));
    }
}
