//! A withdrawal of 1 and a deposit of 1, both checked, on one account: your account and the reference
//! against the same arithmetic under a lock.
//!
//! `t=1` is the price without contention. With `t=2`, both threads work on the same account without a
//! pause, which is the worst case for all four; a time is what one thread needs for a pair. A sample is
//! 50,000 pairs, about a millisecond: in a shorter sample, the second thread starts when the first has
//! ended, and there is no contention.

use divan::{Bencher, black_box};
use harness::sync::real as sync;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/bank_account.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/01_fundamentals/03_bank_account/src/bank_account.rs"]
mod yours;

/// Never empty and never full, so no operation is refused.
const OPENING: u64 = 1 << 32;

harness::bench_main!("bank_account.rs", || {
    let account = yours::Account::new(OPENING);
    let _ = (account.withdraw(1), account.deposit(1));
});

#[divan::bench(threads = [1, 2], sample_size = 50_000)]
fn yours(bencher: Bencher) {
    let account = yours::Account::new(OPENING);
    bencher.bench(|| {
        black_box(account.withdraw(black_box(1))).expect("there is enough");
        black_box(account.deposit(black_box(1))).expect("there is room");
    });
}

#[divan::bench(threads = [1, 2], sample_size = 50_000)]
fn reference(bencher: Bencher) {
    let account = reference::Account::new(OPENING);
    bencher.bench(|| {
        black_box(account.withdraw(black_box(1))).expect("there is enough");
        black_box(account.deposit(black_box(1))).expect("there is room");
    });
}

#[divan::bench(threads = [1, 2], sample_size = 50_000)]
fn parking_lot_mutex(bencher: Bencher) {
    let account = parking_lot::Mutex::new(OPENING);
    bencher.bench(|| {
        black_box(withdraw(&mut account.lock(), black_box(1))).expect("there is enough");
        black_box(deposit(&mut account.lock(), black_box(1))).expect("there is room");
    });
}

#[divan::bench(threads = [1, 2], sample_size = 50_000)]
fn std_mutex(bencher: Bencher) {
    let account = std::sync::Mutex::new(OPENING);
    bencher.bench(|| {
        black_box(withdraw(&mut account.lock().unwrap(), black_box(1))).expect("there is enough");
        black_box(deposit(&mut account.lock().unwrap(), black_box(1))).expect("there is room");
    });
}

/// What the account does between its load and its store, for the owner of a lock.
fn withdraw(balance: &mut u64, amount: u64) -> Option<u64> {
    *balance = balance.checked_sub(amount)?;
    Some(*balance)
}

/// See [`withdraw`].
fn deposit(balance: &mut u64, amount: u64) -> Option<u64> {
    *balance = balance.checked_add(amount)?;
    Some(*balance)
}
