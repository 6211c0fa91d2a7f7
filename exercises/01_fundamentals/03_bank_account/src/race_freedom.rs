//! The account under the model checker: every test runs in each interleaving of its threads.
//!
//! Nothing says which thread comes first, so an outcome is right if the operations, one after the other in
//! some order, could have had it. The tests list these outcomes and accept no others.
//!
//! What came before the threads is visible to both (GR-01), and what both did is visible after the join
//! (GR-02).

use crate::sync::{naming, thread};
use crate::{Account, InsufficientFunds, Overflow};
use harness::testing::{both, ends_beside_a_stopped_call, threads_at_once};
use harness::{Model, model};
use std::fmt::Debug;

#[track_caller]
fn assert_in_some_order<T: Debug + PartialEq>(operations: &str, outcome: T, possible: &[T]) {
    if possible.contains(&outcome) {
        return;
    }
    let possible: Vec<_> = possible.iter().map(|p| format!("\n    {p:?}")).collect();
    panic!(
        "{operations} (main, other) returned\n    {outcome:?}\n\
         One after the other, in either order, they return one of{}",
        possible.concat()
    );
}

fn refused<T>(balance: u64, amount: u64) -> Result<T, InsufficientFunds> {
    Err(InsufficientFunds { balance, amount })
}

/// Two threads draw 100 from an account of 100: one is paid, and the other is refused. A thread that is overtaken
/// decides anew, about the balance that it finds then. Catches a second payout: both find 100 before either has
/// taken anything.
#[test]
fn one_of_two_withdrawals_is_refused() {
    model(|| {
        let account = Account::new(100);
        let outcome = both(|| account.withdraw(100), || account.withdraw(100));
        assert_in_some_order(
            "withdraw(100) and withdraw(100) from 100",
            outcome,
            &[(Ok(0), refused(0, 100)), (refused(0, 100), Ok(0))],
        );
        assert_eq!(
            account.balance(),
            0,
            "`balance` at the end, after operations that returned {outcome:?}"
        );
    });
}

/// Two threads pay in, and both deposits count. A thread that is overtaken adds to the balance that it finds then.
/// Catches a lost deposit: both threads read 100, and the one that writes last wipes out the other's deposit.
#[test]
fn no_deposit_is_lost() {
    model(|| {
        let account = Account::new(100);
        let outcome = both(|| account.deposit(20), || account.deposit(3));
        assert_in_some_order(
            "deposit(20) and deposit(3) on 100",
            outcome,
            &[(Ok(120), Ok(123)), (Ok(123), Ok(103))],
        );
        assert_eq!(
            account.balance(),
            123,
            "`balance` at the end, after operations that returned {outcome:?}"
        );
    });
}

/// There is room for one of two deposits. A thread that is overtaken looks for room anew, on top of the balance
/// that it finds then. Catches room given twice: both threads find room for 5 before either pays in; the balance
/// wraps around.
#[test]
fn the_last_room_is_given_once() {
    const ROOM: u64 = u64::MAX - 5;
    model(|| {
        let account = Account::new(ROOM);
        let outcome = both(|| account.deposit(5), || account.deposit(5));
        let refused = Err(Overflow {
            balance: u64::MAX,
            amount: 5,
        });
        assert_in_some_order(
            "deposit(5) and deposit(5) on u64::MAX - 5",
            outcome,
            &[(Ok(u64::MAX), refused), (refused, Ok(u64::MAX))],
        );
        assert_eq!(
            account.balance(),
            u64::MAX,
            "`balance` at the end, after operations that returned {outcome:?}"
        );
    });
}

/// One thread draws, or pays in, while another does so twice: a thread that is overtaken decides anew, and once more if
/// it is overtaken again. Catches a second try that does not look: what fitted when the first failed may not fit any more.
#[test]
fn who_is_overtaken_twice_decides_twice() {
    model(|| {
        let account = Account::new(5);
        let outcome = both(
            || account.withdraw(2),
            || [account.withdraw(1), account.withdraw(4)],
        );
        assert_in_some_order(
            "withdraw(2) and [withdraw(1), withdraw(4)] from 5",
            outcome,
            &[
                (Ok(3), [Ok(2), refused(2, 4)]),
                (Ok(2), [Ok(4), refused(2, 4)]),
                (refused(0, 2), [Ok(4), Ok(0)]),
            ],
        );
    });
    const FULL: u64 = u64::MAX;
    model(|| {
        let account = Account::new(FULL - 5);
        let outcome = both(
            || account.deposit(2),
            || [account.deposit(1), account.deposit(4)],
        );
        let refused = |balance, amount| Err(Overflow { balance, amount });
        assert_in_some_order(
            "deposit(2) and [deposit(1), deposit(4)] on u64::MAX - 5",
            outcome,
            &[
                (Ok(FULL - 3), [Ok(FULL - 2), refused(FULL - 2, 4)]),
                (Ok(FULL - 2), [Ok(FULL - 4), refused(FULL - 2, 4)]),
                (refused(FULL, 2), [Ok(FULL - 4), Ok(FULL)]),
            ],
        );
    });
}

/// A deposit and a withdrawal beside it. Both fit, so neither is refused, and each returns the balance right after
/// its own step. Catches a lost operation, and an answer that is read late: the other thread's operation comes
/// between our operation and the reading of our answer.
#[test]
fn deposit_and_withdrawal_both_count() {
    model(|| {
        let account = Account::new(100);
        let outcome = both(|| account.deposit(20), || account.withdraw(100));
        assert_in_some_order(
            "deposit(20) and withdraw(100) on 100",
            outcome,
            &[(Ok(120), Ok(20)), (Ok(20), Ok(0))],
        );
        assert_eq!(
            account.balance(),
            20,
            "`balance` at the end, after operations that returned {outcome:?}"
        );
    });
}

/// There is enough for three withdrawals, and none is refused because another thread was busy. Catches a
/// withdrawal that is overtaken, once or twice, and reports insufficient funds.
#[test]
fn withdrawals_that_fit_all_succeed() {
    model(|| {
        let account = Account::new(3);
        let (ours, theirs) = both(
            || account.withdraw(1),
            || [account.withdraw(1), account.withdraw(1)],
        );
        assert!(
            ours.is_ok() && theirs.iter().all(Result::is_ok),
            "there are 3 for three withdrawals of 1, but they returned {ours:?} and {theirs:?}"
        );
        assert_eq!(account.balance(), 0, "the balance at the end");
    });
}

/// A withdrawal beside a deposit: if it is refused, it names the balance that it found. Catches a wrong reason:
/// the deposit comes between the refusal and the reading of the balance for it.
#[test]
fn refusal_names_a_balance_that_was_too_low() {
    model(|| {
        let account = Account::new(0);
        let outcome = both(|| account.withdraw(100), || account.deposit(100));
        assert_in_some_order(
            "withdraw(100) and deposit(100) on 0",
            outcome,
            &[(refused(0, 100), Ok(100)), (Ok(0), Ok(100))],
        );
    });
}

/// A deposit beside a withdrawal: if it is refused, it names the balance that it found. Catches a wrong reason:
/// the withdrawal comes between the refusal and the reading of the balance for it.
#[test]
fn overflow_names_a_balance_that_was_too_high() {
    const FULL: u64 = u64::MAX;
    model(|| {
        let account = Account::new(FULL);
        let outcome = both(|| account.deposit(5), || account.withdraw(5));
        let refused = Err(Overflow {
            balance: FULL,
            amount: 5,
        });
        assert_in_some_order(
            "deposit(5) and withdraw(5) on a full account",
            outcome,
            &[(refused, Ok(FULL - 5)), (Ok(FULL), Ok(FULL - 5))],
        );
    });
}

/// A refused withdrawal changes nothing at any instant: a withdrawal beside it finds the money there. Catches a
/// check that comes after the taking: until it is put back, there is money for every thread.
#[test]
fn refused_withdrawal_is_never_seen() {
    model(|| {
        let account = Account::new(50);
        let outcome = both(|| account.withdraw(50), || account.withdraw(100));
        assert_in_some_order(
            "withdraw(50) and withdraw(100) from 50",
            outcome,
            &[(Ok(0), refused(0, 100)), (Ok(0), refused(50, 100))],
        );
        assert_eq!(
            account.balance(),
            0,
            "`balance` at the end, after operations that returned {outcome:?}"
        );
    });
}

/// A refused deposit changes nothing at any instant: a withdrawal beside it finds the money there. Catches a check
/// that comes after the adding: until it is taken back, the balance has wrapped around to almost nothing.
#[test]
fn refused_deposit_is_never_seen() {
    const FULL: u64 = u64::MAX;
    model(|| {
        let account = Account::new(FULL);
        let outcome = both(|| account.withdraw(1), || account.deposit(5));
        let refused = |balance| Err(Overflow { balance, amount: 5 });
        assert_in_some_order(
            "withdraw(1) and deposit(5) on u64::MAX",
            outcome,
            &[
                (Ok(FULL - 1), refused(FULL - 1)),
                (Ok(FULL - 1), refused(FULL)),
            ],
        );
        assert_eq!(
            account.balance(),
            FULL - 1,
            "`balance` at the end, after operations that returned {outcome:?}"
        );
    });
}

/// `balance`, beside an operation that is refused, shows what was there before. Catches an operation that changes
/// the balance first and then undoes it.
#[test]
fn refusals_are_not_in_the_balance() {
    const FULL: u64 = u64::MAX - 1;
    for (there, refuse) in [
        (
            50,
            (|account| account.withdraw(100).is_err()) as fn(&Account) -> bool,
        ),
        (FULL, |account| account.deposit(5).is_err()),
    ] {
        model(move || {
            let account = Account::new(there);
            let (seen, refused) = both(|| account.balance(), || refuse(&account));
            assert!(
                refused,
                "from {there} 100 cannot be drawn, nor can 5 be paid in to {FULL}"
            );
            assert_eq!(seen, there, "`balance` beside an operation that is refused");
        });
    }
}

/// `balance` shows what the account had, in the order in which it had it, beside a deposit and a withdrawal.
/// Catches an operation in two steps, with a balance between them that the account never had; and a balance put
/// together from two words, one read before an operation and one after it.
#[test]
fn balance_is_one_that_the_account_had() {
    // Last a balance whose upper half is empty until the deposit.
    for (begun, pays_in_first) in [(100, true), (100, false), (u64::from(u32::MAX), true)] {
        let between = if pays_in_first {
            begun + 20
        } else {
            begun - 50
        };
        let history = [begun, between, begun - 30];
        let when = move |seen| history.iter().position(|&balance| balance == seen);
        model(move || {
            let account = Account::new(begun);
            let pay_in = || account.deposit(20).expect("there is room");
            let ((first, then), _) = both(
                || (account.balance(), account.balance()),
                || {
                    if pays_in_first {
                        pay_in();
                    }
                    account.withdraw(50).expect("that much is there");
                    if !pays_in_first {
                        pay_in();
                    }
                },
            );
            assert!(
                when(first).is_some() && when(then).is_some() && when(first) <= when(then),
                "the account held {history:?}, in this order, but `balance` returned {first} and then {then}"
            );
        });
    }
}

/// Two threads take everything: one gets it, and the other finds the account empty. Catches a second payout: both
/// threads read 100 before either has emptied the account.
#[test]
fn withdraw_all_is_paid_once() {
    model(|| {
        let account = Account::new(100);
        let outcome = both(|| account.withdraw_all(), || account.withdraw_all());
        assert_in_some_order(
            "withdraw_all() and withdraw_all() from 100",
            outcome,
            &[(100, 0), (0, 100)],
        );
        assert_eq!(
            account.balance(),
            0,
            "`balance` at the end, after operations that returned {outcome:?}"
        );
    });
}

/// `withdraw_all` takes what is there, in one step, and is never refused: each of two deposits comes before it and is
/// taken, or after it and stays. Catches a deposit between the look and the withdrawal that is wiped out, or that stays
/// behind although it came before the withdrawal, also if that is the second.
#[test]
fn withdraw_all_takes_all_in_one_step() {
    model(|| {
        let account = Account::new(100);
        let outcome = both(
            || account.withdraw_all(),
            || [account.deposit(20), account.deposit(3)],
        );
        let taken = outcome.0;
        assert_in_some_order(
            "withdraw_all() and [deposit(20), deposit(3)] on 100",
            outcome,
            &[
                (100, [Ok(20), Ok(23)]),
                (120, [Ok(120), Ok(3)]),
                (123, [Ok(120), Ok(123)]),
            ],
        );
        let left = account.balance();
        assert_eq!(
            taken + left,
            123,
            "the money at the end: {taken} taken, and `balance` shows {left}"
        );
    });
}

/// What was drawn and what is left is what there was. Catches a sum that is paid out and also moved, or is lost on
/// the way: account A is closed into B while other threads draw from both.
#[test]
fn money_is_conserved() {
    model(|| {
        let a = naming("A", || Account::new(30));
        let b = naming("B", || Account::new(5));
        let drawn = thread::scope(|s| {
            let from_a = s.spawn(|| a.withdraw(10).map_or(0, |_| 10));
            let from_b = s.spawn(|| b.withdraw(10).map_or(0, |_| 10));
            b.deposit(a.withdraw_all()).expect("B has room for 30");
            from_a.join().unwrap() + from_b.join().unwrap()
        });
        // Wider than the balances, so that a wrapped balance is reported like any other.
        let parts = [a.balance(), b.balance(), drawn].map(u128::from);
        assert_eq!(
            parts.iter().sum::<u128>(),
            35,
            "A and B began with 30 + 5; now A holds, B holds, and the others have drawn {parts:?}"
        );
    });
}

/// An exchange in its weak form may fail though the balance is the expected one: it is then tried again, by the
/// thread that made it. Catches code that takes this for a refusal, or that does not try again.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    Model::new().spurious_failures(2).check(|| {
        let account = Account::new(100);
        assert_eq!(account.withdraw(40), Ok(60), "40 of 100");
        assert_eq!(account.deposit(5), Ok(65), "5 on top of 60");
        assert_eq!(account.withdraw_all(), 65, "all of 65");
        assert_eq!(
            threads_at_once(),
            0,
            "threads that an operation has started"
        );
    });
}

/// How often main is overtaken in succession: more often than anybody would try again before giving up, and than a byte
/// can count.
const OVERTAKEN: usize = 260;

/// A thread that is overtaken again and again goes on trying: lost races are no refusal. Catches an operation that
/// tries only so often, and then refuses though the balance allows it, or takes nothing. In the one interleaving
/// explored, the other thread changes the balance before each exchange of main.
#[test]
fn an_operation_that_is_overtaken_again_and_again_is_not_refused() {
    // What main has drawn, or `None` if it was refused.
    type Ours = fn(&Account) -> Option<u64>;
    type Theirs = fn(&Account) -> bool;
    let all = 1_000 + OVERTAKEN as u64;
    let moves: [(&str, Ours, Theirs, u64); 3] = [
        (
            "withdraw(1)",
            |a| a.withdraw(1).ok().map(|_| 1),
            |a| a.deposit(1).is_ok(),
            all,
        ),
        (
            "deposit(1)",
            |a| a.deposit(1).ok().map(|_| 0),
            |a| a.withdraw(1).is_ok(),
            1_001 - OVERTAKEN as u64,
        ),
        (
            "withdraw_all()",
            |a| Some(a.withdraw_all()).filter(|all| *all > 0),
            |a| a.deposit(1).is_ok(),
            all,
        ),
    ];
    for (name, ours, theirs, money) in moves {
        let overtaken = Model::new()
            .preemption_bound(0)
            .max_branches(20 * OVERTAKEN)
            .interrupted_exchanges(OVERTAKEN);
        overtaken.check(move || {
            let account = Account::new(1_000);
            let others = || {
                for _ in 0..OVERTAKEN {
                    assert!(theirs(&account), "refused, with about 1000 in the account");
                    thread::yield_now();
                }
            };
            let (drawn, ()) = both(|| ours(&account), others);
            let drawn = drawn
                .unwrap_or_else(|| panic!("{name} was refused, with about 1000 in the account"));
            assert_eq!(
                drawn + account.balance(),
                money,
                "the money at the end, after {name}: drawn by main, and in the account"
            );
        });
    }
}

/// A thread is stopped in the middle of an operation, at each place in turn, and another operates all the same. Catches a lock,
/// also one that is made of an atomic.
#[test]
fn a_thread_that_is_stopped_stops_no_other() {
    type Call = (&'static str, fn(&Account));
    let calls: [Call; 6] = [
        ("`balance`", |account| _ = account.balance()),
        ("`deposit`", |account| _ = account.deposit(1)),
        ("a refused `deposit`", |account| {
            _ = account.deposit(u64::MAX)
        }),
        ("`withdraw`", |account| _ = account.withdraw(1)),
        ("a refused `withdraw`", |account| _ = account.withdraw(100)),
        ("`withdraw_all`", |account| _ = account.withdraw_all()),
    ];
    for stopped in calls {
        for ends in calls {
            ends_beside_a_stopped_call(|| Account::new(3), stopped, ends);
        }
    }
}
