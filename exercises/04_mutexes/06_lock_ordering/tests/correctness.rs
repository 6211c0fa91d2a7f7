//! The contract of `lock_ordering` on real threads. IDs such as MU-09 name behaviours of Go's mutexes.

use harness::sync::real::thread;
use harness::testing::{
    assert_call_panics, assert_panics, let_others_run, must_end, must_sleep_on_threads, panic_of,
    staged_panic, staged_panic_of, while_unwinding,
};
use lock_ordering::{Account, Refused, Table, total, transfer};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `transfer`, `total` or `dine`";

fn balances<const N: usize>(accounts: &[Account; N]) -> [u64; N] {
    accounts.each_ref().map(Account::balance)
}

#[test]
fn accounts_and_tables_can_be_shared() {
    harness::assert_bounds!(Account: Send + Sync);
    harness::assert_bounds!(Table: Send + Sync);
}

#[test]
fn a_transfer_moves_the_amount() {
    must_end(IN_CALL, || {
        let accounts = [Account::new("Ada", 100), Account::new("Bob", 7)];
        let [ada, bob] = &accounts;
        assert_eq!((ada.name(), bob.name()), ("Ada", "Bob"), "the names");
        assert_eq!(transfer(ada, bob, 30), Ok(()));
        assert_eq!(balances(&accounts), [70, 37], "30 from Ada to Bob");
        assert_eq!(transfer(bob, ada, 37), Ok(()), "all there is");
        assert_eq!(balances(&accounts), [107, 0], "37 from Bob to Ada");
        assert_eq!(transfer(bob, ada, 0), Ok(()), "0 of 0");
        assert_eq!(balances(&accounts), [107, 0], "0 from Bob to Ada");
    });
}

/// The reason is the same wherever the accounts are in memory: `Insufficient` if the payer has too little, else
/// `Overflow` if the other has no room. Both accounts have the empty name, and are two all the same.
#[test]
fn a_refused_transfer_says_why_and_changes_nothing() {
    must_end(IN_CALL, || {
        // The poor one is before the full one in memory, and then behind it.
        for poor_is in [0, 1] {
            let mut accounts = [5, u64::MAX - 4].map(|balance| Account::new("", balance));
            accounts.rotate_right(poor_is);
            let (poor, full) = (&accounts[poor_is], &accounts[1 - poor_is]);
            let both = || [poor.balance(), full.balance()];
            for (amount, refused) in [
                (5, Refused::Overflow),
                (6, Refused::Insufficient),
                (u64::MAX, Refused::Insufficient),
            ] {
                assert_eq!(
                    transfer(poor, full, amount),
                    Err(refused),
                    "{amount} from account {poor_is}, with 5, to one with room for 4"
                );
                assert_eq!(both(), [5, u64::MAX - 4], "after {amount} was refused");
            }
            assert_eq!(transfer(poor, full, 4), Ok(()), "there is room for 4");
            assert_eq!(both(), [1, u64::MAX], "after 4 were moved");
        }
    });
}

#[test]
fn a_transfer_to_itself_changes_nothing() {
    // MU-08
    must_end(IN_CALL, || {
        let rich = &Account::new("rich", u64::MAX);
        assert_eq!(
            transfer(rich, rich, u64::MAX),
            Ok(()),
            "u64::MAX of u64::MAX to itself: the balance is large enough, and does not grow"
        );
        let poor = &Account::new("poor", 5);
        assert_eq!(transfer(poor, poor, 5), Ok(()), "5 of 5");
        assert_eq!(
            transfer(poor, poor, 6),
            Err(Refused::Insufficient),
            "6 of 5"
        );
        assert_eq!(
            (rich.balance(), poor.balance()),
            (u64::MAX, 5),
            "the balances"
        );
    });
}

/// Each account counts once, whether it is named once or five times, and whether there are three accounts or 10,000.
#[test]
fn a_total_counts_each_account_once() {
    must_end(IN_CALL, || {
        let [a, b, c] = &["same", "same", "other"].map(|name| Account::new(name, u64::MAX));
        let each = u128::from(u64::MAX);
        let nothing = panic_of(|| assert_eq!(total(&[]), 0, "the total of no accounts"));
        assert_eq!(nothing, None, "the panic of `total(&[])`");
        assert_eq!(
            total(&[a, b, c]),
            3 * each,
            "three accounts, two of one name, with u64::MAX each: a total has 128 bits"
        );
        assert_eq!(
            total(&[c, a, c, a, c]),
            2 * each,
            "two accounts, named five times"
        );
        assert_eq!(total(&[c, b, a]), 3 * each, "once more, in another order");
        let many: Vec<_> = (0..10_000)
            .map(|_| Account::new("one of many", 1))
            .collect();
        let many: Vec<_> = many.iter().collect();
        assert_eq!(total(&many), 10_000, "10,000 accounts with 1 each");
    });
}

/// Four threads move money between five accounts of seventy, in all directions, themselves included. Each counts all of it
/// now and then, in an order of its own.
#[test]
fn money_is_neither_lost_nor_made() {
    must_end(IN_CALL, || {
        let accounts = &[0; 70].map(|_| Account::new("one of seventy", 1_000));
        thread::scope(|s| {
            for worker in 0..4 {
                s.spawn(move || {
                    let mut dice = worker as u64;
                    let mut throw = || {
                        // Knuth's MMIX; its high bits are random enough.
                        dice = dice
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1_442_695_040_888_963_407);
                        (dice >> 33) as usize
                    };
                    for round in 0..500 {
                        let (from, to, amount) = (throw() % 5, throw() % 5, throw() % 700);
                        let (from, to) = (&accounts[17 * from], &accounts[17 * to]);
                        let _ = transfer(from, to, amount as u64);
                        if round % 10 == 0 {
                            let mut all: Vec<_> = accounts.iter().collect();
                            all.rotate_left(throw() % 70);
                            assert_eq!(total(&all), 70_000, "the total of all accounts");
                        }
                    }
                });
            }
        });
        assert_eq!(
            balances(accounts).iter().sum::<u64>(),
            70_000,
            "the total at the end"
        );
    });
}

#[test]
fn dine_returns_what_eat_returns() {
    must_end(IN_CALL, || {
        for seats in 1..=5 {
            let table = Table::new(seats);
            for seat in 0..seats {
                let said = format!("seat {seat} of {seats}");
                assert_eq!(table.dine(seat, || said.clone()), said);
            }
        }
    });
}

/// Five philosophers, more than a thread each: every one eats, and no two neighbours at once.
#[test]
fn everybody_eats_and_no_two_neighbours_at_once() {
    // MU-01
    const SEATS: usize = 5;
    const MEALS: usize = 100;
    must_end(IN_CALL, || {
        let table = &Table::new(SEATS);
        let users = &[0; SEATS].map(|_| AtomicUsize::new(0));
        thread::scope(|s| {
            for worker in 0..2 * SEATS {
                s.spawn(move || {
                    let seat = worker % SEATS;
                    let forks = [seat, (seat + 1) % SEATS];
                    for _ in 0..MEALS {
                        table.dine(seat, || {
                            for fork in forks {
                                let others = users[fork].fetch_add(1, Relaxed);
                                assert_eq!(
                                    others, 0,
                                    "others who use fork {fork} beside seat {seat}"
                                );
                            }
                            thread::yield_now();
                            for fork in forks {
                                users[fork].fetch_sub(1, Relaxed);
                            }
                        });
                    }
                });
            }
        });
    });
}

/// Each of two philosophers eats until the other does.
#[test]
fn philosophers_who_are_not_neighbours_eat_at_the_same_time() {
    for (seats, pair) in [(4, [0, 2]), (4, [3, 1]), (5, [4, 1]), (6, [2, 5])] {
        let hang = "a philosopher waits for one who is not a neighbour";
        must_end(hang, move || {
            let (table, both_eat) = (&Table::new(seats), &Barrier::new(2));
            thread::scope(|s| {
                for seat in pair {
                    s.spawn(move || table.dine(seat, || both_eat.wait()));
                }
            });
        });
    }
}

/// Seat 0 eats at a large table, and meanwhile everybody eats who is no neighbour. Catches forks that stand for several
/// others, as a fixed number of locks does.
#[test]
fn a_large_table_has_a_fork_for_each_seat() {
    const SEATS: usize = 10_000;
    must_end("a philosopher waits for one who is not a neighbour", || {
        let table = &Table::new(SEATS);
        table.dine(0, || {
            thread::scope(|s| {
                s.spawn(|| (2..SEATS - 1).for_each(|seat| table.dine(seat, || ())));
            });
        });
    });
}

/// Seat 0 eats, and others wait for it: its neighbour, and threads at its own seat. However many they are, they take no
/// place from the far side: there seat 3 eats, and seat 4 after it. If one of those who wait is woken for nothing, it must
/// not be in place of seat 4.
#[test]
fn those_who_wait_hold_up_only_their_neighbours() {
    must_end("a philosopher waits for one who is not a neighbour", || {
        let (table, eats, goes) = (&Table::new(6), &Barrier::new(2), &Barrier::new(2));
        thread::scope(|s| {
            table.dine(0, || {
                for seat in [0, 0, 0, 0, 0, 1] {
                    s.spawn(move || table.dine(seat, || ()));
                }
                let_others_run();
                let far = s.spawn(|| table.dine(3, || (eats.wait(), goes.wait())));
                eats.wait();
                let next = s.spawn(|| table.dine(4, || ()));
                let_others_run();
                goes.wait();
                far.join().expect("it has eaten");
                next.join().expect("it has eaten");
            });
        });
    });
}

#[test]
fn a_neighbour_does_not_eat_before_the_forks_are_back() {
    must_end(IN_CALL, || {
        let (table, meals) = (&Table::new(3), &AtomicUsize::new(0));
        thread::scope(|s| {
            table.dine(1, || {
                for seat in 0..3 {
                    s.spawn(move || table.dine(seat, || meals.fetch_add(1, Relaxed)));
                }
                let_others_run();
                assert_eq!(
                    meals.load(Relaxed),
                    0,
                    "meals while seat 1 has both its forks"
                );
            });
        });
        assert_eq!(meals.load(Relaxed), 3, "meals in the end");
    });
}

#[test]
fn a_panic_puts_the_forks_back() {
    // MU-09
    must_end(
        "the forks of a philosopher who panicked are still taken",
        || {
            for seats in 1..=3 {
                let table = Table::new(seats);
                for seat in 0..seats {
                    let panic =
                        staged_panic_of(|| table.dine(seat, || staged_panic("a fly in the soup")));
                    assert!(panic.is_some(), "`eat` panicked, but `dine` returned");
                }
                for seat in 0..seats {
                    table.dine(seat, || ());
                }
            }
        },
    );
}

/// Destructors use accounts and tables while their thread unwinds: each call does what it does otherwise.
#[test]
fn a_panic_elsewhere_changes_nothing() {
    must_end(IN_CALL, || {
        let accounts = [Account::new("Ada", 100), Account::new("Bob", 7)];
        let [ada, bob] = &accounts;
        let table = Table::new(2);
        while_unwinding(|| {
            assert_eq!(transfer(ada, bob, 30), Ok(()), "30 of 100");
            assert_eq!(total(&[ada, bob]), 107);
            table.dine(0, || ());
        });
        assert_eq!(balances(&accounts), [70, 37], "30 from Ada to Bob");
        table.dine(1, || ());
    });
}

#[test]
fn a_table_needs_a_seat() {
    assert_panics("lock_ordering: no seats", || drop(Table::new(0)));
}

#[test]
fn there_are_no_more_seats_than_that() {
    must_end(IN_CALL, || {
        let table = Table::new(3);
        for seat in [3, 4, usize::MAX] {
            let call = format!("dine({seat}, …) at a table with seats 0 to 2");
            assert_call_panics(&call, "lock_ordering: no such seat", || {
                table.dine(seat, || ())
            });
        }
        table.dine(2, || ());
    });
}

/// Seat 0 eats, and its neighbour waits for the fork between them: it sleeps.
#[test]
fn a_philosopher_who_waits_sleeps() {
    let table = Arc::new(Table::new(3));
    let neighbour = Arc::clone(&table);
    table.dine(0, || {
        must_sleep_on_threads("`dine`", "a neighbour was eating", move || {
            neighbour.dine(1, || ());
        });
    });
}
