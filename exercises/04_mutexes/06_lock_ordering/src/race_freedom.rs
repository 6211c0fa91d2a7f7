//! Every interleaving of a few small programs. IDs such as MU-08 name behaviours of Go's mutexes, SL-21 of its `select`,
//! GR-05 of its scheduler.
//!
//! Accounts stand in one array, so that the order of their addresses is the same in each interleaving.

use crate::sync::thread;
use crate::{Account, Refused, Table, total, transfer};
use harness::testing::{
    Gate, Slot, both, gives_back_no_lock, has_waited, has_waited_for_a_lock, must_sleep, panic_of,
    spawn, staged_panic, staged_panic_of, yields,
};

/// Two threads pay each other: each may hold the account from which it pays and want that of the other.
#[test]
fn transfers_in_opposite_directions_end() {
    // GR-05
    harness::model(|| {
        let [first, second] = &[Account::new("first", 10), Account::new("second", 20)];
        let paid = both(|| transfer(first, second, 1), || transfer(second, first, 2));
        assert_eq!(paid, (Ok(()), Ok(())), "both accounts have enough");
        assert_eq!(
            (first.balance(), second.balance()),
            (11, 19),
            "the balances"
        );
    });
}

/// Two threads pay each other, from accounts that are told apart by nothing but where they are: names and amounts are
/// equal, and so are the balances, each time main begins. An order of the locks must tell the two apart, and must not
/// change while a thread waits.
#[test]
fn transfers_between_namesakes_end() {
    harness::model(|| {
        let [first, second] = &[Account::new("Kim", 10), Account::new("Kim", 10)];
        let ((there, back), again) = both(
            || (transfer(second, first, 1), transfer(first, second, 1)),
            || transfer(second, first, 1),
        );
        assert_eq!(
            [there, back, again],
            [Ok(()); 3],
            "both accounts have enough"
        );
        assert_eq!((first.balance(), second.balance()), (11, 9), "the balances");
    });
}

/// Three threads, each of which pays from one account into the next: a cycle that no two of them make.
#[test]
fn transfers_in_a_circle_end() {
    harness::model(|| {
        let [a, b, c] = &["a", "b", "c"].map(|name| Account::new(name, 10));
        let pay = |from, to, amount| transfer(from, to, amount).expect("there are 10");
        thread::scope(|s| {
            spawn(s, "b to c", || pay(b, c, 2));
            spawn(s, "c to a", || pay(c, a, 3));
            pay(a, b, 1);
        });
        let balances = [a, b, c].map(Account::balance);
        assert_eq!(balances, [12, 9, 9], "the balances");
    });
}

/// An account pays itself: one account has one lock. Then another thread looks meanwhile, and nothing has left the
/// account at any instant.
#[test]
fn a_transfer_to_itself_ends() {
    // MU-08
    harness::model(|| {
        let [account] = &[Account::new("own", 10)];
        assert_eq!(transfer(account, account, 10), Ok(()), "there are 10");
        assert_eq!(
            transfer(account, account, 11),
            Err(Refused::Insufficient),
            "there are 10, not 11"
        );
        let (paid, seen) = both(|| transfer(account, account, 10), || account.balance());
        assert_eq!(paid, Ok(()), "there are 10");
        assert_eq!(seen, 10, "the balance beside a transfer to itself");
        assert_eq!(account.balance(), 10, "the balance");
    });
}

/// Main adds up while another thread moves money between the two: an amount that is on its way is missed, or counted
/// twice. `total` names the accounts in the transfer's order.
#[test]
fn a_total_sees_no_transfer_half_done() {
    harness::model(|| {
        let [first, second] = &[Account::new("first", 10), Account::new("second", 20)];
        let (sum, paid) = both(|| total(&[first, second]), || transfer(first, second, 5));
        assert_eq!(paid, Ok(()), "there are 10");
        assert_eq!(sum, 30, "the total of 10 and 20, beside a transfer of 5");
    });
}

/// Three accounts, of which the first and the last pay each other. Catches a total that lets one account go before it has
/// locked them all.
#[test]
fn a_total_of_three_is_of_one_instant() {
    harness::model(|| {
        let [a, b, c] = &["a", "b", "c"].map(|name| Account::new(name, 10));
        let ((first, second), _) = both(
            || (total(&[a, b, c]), total(&[c, b, a])),
            || (transfer(a, c, 1), transfer(c, a, 2)),
        );
        assert_eq!(
            (first, second),
            (30, 30),
            "two totals of three accounts with 10 each"
        );
    });
}

/// One coin goes there and back and there again: that two looks agree says nothing of what was between them. Catches a
/// total that is taken for right because it came out twice.
#[test]
fn a_total_is_not_guessed() {
    harness::model(|| {
        let [a, b] = &[Account::new("a", 1), Account::new("b", 0)];
        let (sum, _) = both(
            || total(&[a, b]),
            || (transfer(a, b, 1), transfer(b, a, 1), transfer(a, b, 1)),
        );
        assert_eq!(sum, 1, "the total of one coin");
    });
}

/// The payer has nothing and the payee is full, until a coin comes from there. Catches a reason that was true of one account
/// and at another time of the other.
#[test]
fn the_reason_of_a_refusal_is_of_one_instant() {
    for poor_is in [0, 1] {
        harness::model(move || {
            let mut accounts = [0, u64::MAX].map(|balance| Account::new("", balance));
            accounts.rotate_right(poor_is);
            let (poor, full) = (&accounts[poor_is], &accounts[1 - poor_is]);
            let (tried, paid) = both(|| transfer(poor, full, 1), || transfer(full, poor, 1));
            assert_eq!(paid, Ok(()), "there is enough, and room");
            assert_ne!(
                tried,
                Err(Refused::Overflow),
                "full had room whenever poor had a coin"
            );
        });
    }
}

/// Main adds up two accounts, or 65, while another thread moves money between two of them: the total is that of one
/// instant. Of the two, `total` names the one that pays last. For the 65 there is at most one preemption. Catches a
/// `total` that locks a number of accounts at most.
#[test]
fn a_total_in_the_other_order_ends() {
    // SL-21
    harness::model(|| {
        let [first, second] = &[Account::new("first", 10), Account::new("second", 20)];
        let (sum, paid) = both(|| total(&[second, first]), || transfer(first, second, 5));
        assert_eq!(paid, Ok(()), "there are 10");
        assert_eq!(sum, 30, "the total of 10 and 20, beside a transfer of 5");
        assert_eq!(
            yields(),
            0,
            "how often a call has yielded: one that has to wait sleeps"
        );
    });
    harness::Model::new().preemption_bound(1).check(|| {
        let accounts = Vec::from_iter((0..65).map(|_| Account::new("one of 65", 1)));
        let all: Vec<_> = accounts.iter().collect();
        let (sum, paid) = both(|| total(&all), || transfer(all[64], all[0], 1));
        assert_eq!(paid, Ok(()), "there is 1");
        assert_eq!(sum, 65, "65 accounts with 1 each, beside a transfer of 1");
    });
}

/// Two threads add up the same accounts, in two orders, and name one of them twice; and so they do with 33 accounts, with at
/// most one preemption. Catches an order of locks that is kept up to a number of accounts.
#[test]
fn totals_in_any_order_end() {
    // SL-21
    harness::model(|| {
        let [first, second] = &[Account::new("first", 10), Account::new("second", 20)];
        let sums = both(
            || total(&[first, second, first]),
            || total(&[second, first, second]),
        );
        assert_eq!(sums, (30, 30), "each account counts once");
    });
    harness::Model::new().preemption_bound(1).check(|| {
        let accounts = Vec::from_iter((0..33).map(|_| Account::new("one of 33", 1)));
        let forward: Vec<_> = accounts.iter().collect();
        let backward: Vec<_> = accounts.iter().rev().collect();
        let sums = both(|| total(&forward), || total(&backward));
        assert_eq!(sums, (33, 33), "33 accounts with 1 each");
    });
}

/// Two threads pay each other, a total is taken beside a transfer, and three philosophers eat. Catches a call that tries a
/// lock while it holds another, gives that one back if it fails, and begins anew: however seldom, and if only once.
#[test]
fn no_call_gives_back_a_lock_to_try_again_later() {
    harness::model(|| {
        let [a, b] = &["a", "b"].map(|name| Account::new(name, 10));
        let pay = |from, to| gives_back_no_lock("`transfer`", || transfer(from, to, 1));
        let paid = both(|| pay(a, b), || pay(b, a));
        assert_eq!(paid, (Ok(()), Ok(())), "both accounts have enough");
    });
    harness::model(|| {
        let [a, b] = &["a", "b"].map(|name| Account::new(name, 10));
        let sums = || gives_back_no_lock("`total`", || (total(&[a, b]), total(&[b, a])));
        let (sums, paid) = both(sums, || transfer(a, b, 1));
        assert_eq!((sums, paid), ((20, 20), Ok(())), "two totals of 10 and 10");
    });
    harness::model(|| {
        let table = &Table::new(3);
        let dine = |seat| gives_back_no_lock("`dine`", || table.dine(seat, || ()));
        thread::scope(|s| {
            spawn(s, "seat 1", || dine(1));
            spawn(s, "seat 2", || dine(2));
            dine(0);
        });
    });
}

/// Two threads take the same five from an account that has five, and put them where there is room for five: one gets them,
/// and the other finds too little. Catches a look at the balance that the lock does not outlast.
#[test]
fn the_same_money_is_not_paid_twice() {
    harness::model(|| {
        let [payer, payee] = &[
            Account::new("payer", 5),
            Account::new("payee", u64::MAX - 5),
        ];
        let pay = || {
            let mut result = Ok(());
            let panic = panic_of(|| result = transfer(payer, payee, 5));
            assert_eq!(
                panic, None,
                "the panic of a transfer of 5, beside another one of the same 5"
            );
            result
        };
        let mut paid: [_; 2] = both(pay, pay).into();
        paid.sort_by_key(Result::is_err);
        assert_eq!(
            paid,
            [Ok(()), Err(Refused::Insufficient)],
            "two transfers of the same 5"
        );
        assert_eq!(
            (payer.balance(), payee.balance()),
            (0, u64::MAX),
            "the balances"
        );
    });
}

/// One thread has its transfers refused, the other looks: nothing has left the one account, nor reached the other.
#[test]
fn a_refused_transfer_shows_at_no_instant() {
    harness::model(|| {
        let [payer, full] = &[Account::new("payer", 10), Account::new("full", u64::MAX)];
        let (seen, refused) = both(
            || (payer.balance(), full.balance()),
            || (transfer(payer, full, 5), transfer(payer, full, 11)),
        );
        assert_eq!(
            refused,
            (Err(Refused::Overflow), Err(Refused::Insufficient))
        );
        assert_eq!(
            seen,
            (10, u64::MAX),
            "the balances beside a transfer that is refused"
        );
        assert_eq!(
            yields(),
            0,
            "how often a call, `balance` too, has yielded: one that has to wait sleeps"
        );
    });
}

/// Two transfers that have no account in common. One lock for all would make one of them wait in some interleaving.
#[test]
fn transfers_without_a_common_account_do_not_wait() {
    harness::model(|| {
        let [a, b, c, d] = &["a", "b", "c", "d"].map(|name| Account::new(name, 10));
        let pay = |from, to| {
            transfer(from, to, 1).expect("there are 10");
            has_waited() || has_waited_for_a_lock()
        };
        let waited = both(|| pay(a, b), || pay(d, c));
        assert_eq!(
            waited,
            (false, false),
            "who has waited, though no account is in common"
        );
    });
}

/// At a table for two, both want both forks. What they write as they eat is a data race if they eat at once, or if the later
/// does not see what the earlier did.
#[test]
fn neighbours_never_eat_at_the_same_time() {
    // MU-01
    harness::model(|| {
        let (table, plate) = (Table::new(2), Slot::empty("plate"));
        let dine = |seat| table.dine(seat, || plate.write(plate.read() + 1));
        both(|| dine(0), || dine(1));
        assert_eq!(plate.read(), 2, "the meals");
    });
}

/// Each of three philosophers may hold one fork and want the next.
#[test]
fn a_full_table_ends_its_meal() {
    // GR-05
    harness::model(|| {
        let table = &Table::new(3);
        thread::scope(|s| {
            spawn(s, "seat 1", || table.dine(1, || ()));
            spawn(s, "seat 2", || table.dine(2, || ()));
            table.dine(0, || ());
        });
    });
}

/// At a table for three, seat 1 panics as it eats. The other eats all the same, whether it waits already or comes later: a
/// neighbour on either side, or a thread at the same seat.
#[test]
fn a_panic_lets_the_neighbour_eat() {
    for other in 0..3 {
        harness::model(move || {
            let table = Table::new(3);
            let (panicked, ate) = both(
                || staged_panic_of(|| table.dine(1, || staged_panic("a fly in the soup"))),
                || table.dine(other, || true),
            );
            assert_eq!(panicked, Some("a fly in the soup"), "what seat 1 said");
            assert!(ate, "the thread at seat {other} has eaten");
        });
    }
}

/// At a table for one, both forks are the same.
#[test]
fn a_table_for_one_has_one_fork() {
    // MU-08
    harness::model(|| {
        assert_eq!(Table::new(1).dine(0, || "full"), "full");
    });
}

/// Each of two philosophers who have no fork in common eats until the other has begun to eat.
#[test]
fn philosophers_who_are_not_neighbours_eat_at_the_same_time() {
    harness::model(|| {
        let table = Table::new(4);
        let eats = ["seat 0 eats", "seat 2 eats"].map(Gate::shut);
        let meal = |own: usize, other: usize| {
            eats[own].open();
            eats[other].pass();
        };
        both(
            || table.dine(0, || meal(0, 1)),
            || table.dine(2, || meal(1, 0)),
        );
    });
}

/// A program that must not end: main eats until its neighbours have eaten, at each seat in turn. A neighbour has to wait
/// for its first fork, or has that one and waits for the second. It must not eat, and it sleeps.
#[test]
fn a_neighbour_sleeps_until_the_forks_are_back() {
    for eater in 0..3 {
        must_sleep("`dine`", "a neighbour was eating", move || {
            let table = &Table::new(3);
            table.dine(eater, || {
                thread::scope(|s| {
                    for (seat, name) in [(0, "seat 0"), (1, "seat 1"), (2, "seat 2")] {
                        if seat != eater {
                            spawn(s, name, move || {
                                table.dine(seat, || panic!("{name} eats while seat {eater} does"));
                            });
                        }
                    }
                });
            });
        });
    }
}
