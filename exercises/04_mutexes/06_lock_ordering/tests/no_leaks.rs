//! No lock, no value and no memory stays behind, however often the calls are made and however they end.

use harness::leaks::{self, track};
use harness::sync::real::thread;
use harness::testing::{must_end, staged_panic, staged_panic_of};
use lock_ordering::{Account, Table, total, transfer};

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `transfer`, `total` or `dine`";

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Threads come and go, and the accounts and the table that they have used stay: no thread leaves anything in them.
#[test]
fn accounts_and_tables_keep_nothing_of_their_calls() {
    must_end(IN_CALL, || {
        let accounts = &[0; 3].map(|_| Account::new("one of three", 100));
        let [a, b, c] = accounts;
        let table = Table::new(3);
        leaks::check(|| {
            let calls = || {
                for _ in 0..10 {
                    transfer(a, b, 10).expect("there are 100");
                    transfer(b, a, 10).expect("there are 110");
                    assert!(transfer(a, c, 1_000).is_err(), "1,000 of 100");
                    assert_eq!(total(&[c, b, a, a]), 300);
                    table.dine(2, || ());
                }
            };
            thread::scope(|s| _ = s.spawn(calls));
        });
    });
}

#[test]
fn what_eat_owns_and_returns_is_dropped_once() {
    must_end(IN_CALL, || {
        leaks::check(|| {
            let table = Table::new(2);
            let (knife, soup) = (track("knife"), track("soup"));
            let soup = table.dine(1, move || {
                drop(knife);
                soup
            });
            drop(soup);
        });
    });
}

#[test]
fn a_panic_leaves_nothing_behind() {
    must_end(IN_CALL, || {
        leaks::check(|| {
            let table = Table::new(2);
            let knife = track("knife");
            let panic = staged_panic_of(|| {
                table.dine(0, move || {
                    let _knife = knife;
                    staged_panic("a fly in the soup")
                })
            });
            assert!(panic.is_some(), "`eat` panicked, but `dine` returned");
            table.dine(1, || ());
        });
    });
}
