//! What an account promises to one thread, and that it keeps the promise to many on the real machine.
//! `src/race_freedom.rs` explores every interleaving of a few.

use bank_account::{Account, InsufficientFunds, Overflow};
use std::error::Error;
use std::sync::Barrier;
use std::thread;

#[test]
fn opens_with_its_balance() {
    for balance in [0, 100, u64::MAX] {
        assert_eq!(Account::new(balance).balance(), balance);
    }
}

#[test]
fn deposit_returns_the_balance_after_it() {
    let account = Account::new(100);
    assert_eq!(account.deposit(50), Ok(150));
    assert_eq!(account.deposit(1), Ok(151));
    assert_eq!(account.balance(), 151);
}

#[test]
fn withdraw_returns_the_balance_after_it() {
    let account = Account::new(100);
    assert_eq!(account.withdraw(30), Ok(70));
    assert_eq!(account.withdraw(1), Ok(69));
    assert_eq!(account.balance(), 69);
}

/// A withdrawal is refused only if the balance is less than its amount: all that is there fits.
#[test]
fn the_last_unit_can_be_withdrawn() {
    let account = Account::new(100);
    assert_eq!(account.withdraw(100), Ok(0), "withdraw(100) from 100");
    assert_eq!(account.balance(), 0);
}

/// A refusal names the balance that it found and the amount asked for, and takes nothing.
#[test]
fn overdraft_is_refused_and_changes_nothing() {
    let account = Account::new(30);
    for amount in [31, 100, u64::MAX] {
        let refused = InsufficientFunds {
            balance: 30,
            amount,
        };
        assert_eq!(
            account.withdraw(amount),
            Err(refused),
            "withdraw({amount}) from 30"
        );
        assert_eq!(account.balance(), 30, "after refusing {amount}");
    }
    assert_eq!(account.withdraw(30), Ok(0), "what fits must still be paid");
}

/// A deposit is refused only if the balance would be more than `u64::MAX`: it may be just that.
#[test]
fn account_can_be_filled_to_the_brim() {
    let account = Account::new(1);
    assert_eq!(
        account.deposit(u64::MAX - 1),
        Ok(u64::MAX),
        "deposit(u64::MAX - 1) on 1"
    );
    assert_eq!(
        account.withdraw(u64::MAX),
        Ok(0),
        "withdraw(u64::MAX) from u64::MAX"
    );
}

/// A deposit that does not fit is refused as a whole: it names the balance that it found and the amount, and adds
/// nothing.
#[test]
fn overflow_is_refused_and_changes_nothing() {
    let balance = u64::MAX - 10;
    let account = Account::new(balance);
    for amount in [11, 100, u64::MAX] {
        assert_eq!(
            account.deposit(amount),
            Err(Overflow { balance, amount }),
            "deposit({amount}) on u64::MAX - 10"
        );
        assert_eq!(account.balance(), balance, "after refusing {amount}");
    }
    assert_eq!(
        account.deposit(10),
        Ok(u64::MAX),
        "what fits must still be paid"
    );
}

/// Zero can always be moved, even from an empty account and into a full one, and the answer is the balance.
#[test]
fn nothing_can_always_be_moved() {
    for balance in [0, 100, u64::MAX] {
        let account = Account::new(balance);
        assert_eq!(account.deposit(0), Ok(balance), "deposit(0) on {balance}");
        assert_eq!(
            account.withdraw(0),
            Ok(balance),
            "withdraw(0) from {balance}"
        );
    }
}

#[test]
fn withdraw_all_leaves_nothing() {
    for balance in [0, 100, u64::MAX] {
        let account = Account::new(balance);
        assert_eq!(account.withdraw_all(), balance);
        assert_eq!(account.balance(), 0);
        assert_eq!(account.withdraw_all(), 0, "the account was emptied before");
        assert_eq!(account.deposit(5), Ok(5), "a deposit into an empty account");
    }
}

#[test]
fn accounts_do_not_share_their_money() {
    let (ours, theirs) = (Account::new(100), Account::new(7));
    assert_eq!(ours.withdraw(60), Ok(40));
    assert_eq!(theirs.deposit(1), Ok(8));
    assert_eq!((ours.balance(), theirs.balance()), (40, 8));
}

#[test]
fn a_refusal_says_what_was_there_and_what_was_asked() {
    fn buy(account: &Account) -> Result<u64, Box<dyn Error>> {
        account.withdraw(50)?;
        Ok(account.deposit(u64::MAX)?)
    }
    let refusal = |opening| buy(&Account::new(opening)).unwrap_err().to_string();
    let overdraft = refusal(30);
    assert!(
        overdraft.contains("50") && overdraft.contains("30"),
        "{overdraft}"
    );
    let overflow = refusal(80);
    assert!(overflow.contains("18446744073709551615"), "{overflow}");
    assert!(overflow.contains("30"), "{overflow}");
}

// The three tests below run on the machine's own threads, in parallel. A correct account passes under any
// schedule, and soon enough even if it is a lock that threads queue for. A wrong one may fail, no more than
// that: only the models try every interleaving.

const THREADS: u64 = 4;
const ROUNDS: u64 = 500;

/// Runs `work` on four threads that start together, and adds up what they return.
fn on_four_threads(work: impl Fn(u64) -> u64 + Sync) -> u64 {
    let start = Barrier::new(THREADS as usize);
    let (start, work) = (&start, &work);
    thread::scope(|s| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                s.spawn(move || {
                    start.wait();
                    work(number)
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    })
}

#[test]
fn every_deposit_of_many_threads_counts() {
    let account = Account::new(0);
    on_four_threads(|_| {
        for _ in 0..ROUNDS {
            account.deposit(1).unwrap();
        }
        0
    });
    // GR-02: the scope has joined its threads, so everything that they did is visible here.
    assert_eq!(account.balance(), THREADS * ROUNDS);
}

#[test]
fn many_threads_draw_what_is_there_and_no_more() {
    let opening = THREADS * ROUNDS / 2;
    let account = Account::new(opening);
    let paid_out =
        on_four_threads(|_| (0..ROUNDS).filter(|_| account.withdraw(1).is_ok()).count() as u64);
    assert_eq!((paid_out, account.balance()), (opening, 0));
}

#[test]
fn money_moved_to_and_fro_is_conserved() {
    let (a, b) = (Account::new(1_000), Account::new(1_000));
    on_four_threads(|number| {
        let (from, to) = if number % 2 == 0 { (&a, &b) } else { (&b, &a) };
        for round in 0..ROUNDS {
            let moved = match round % 3 {
                0 => from.withdraw_all(),
                _ => from.withdraw(number).map_or(0, |_| number),
            };
            to.deposit(moved).unwrap();
        }
        0
    });
    assert_eq!(a.balance() + b.balance(), 2_000);
}
