//! A hundred dollars, two withdrawals. Change the numbers and run it again:
//!
//! `cargo run -p bank_account --example bank_account_tour`

use bank_account::Account;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

/// Two people and one account, once and half a million times; then the account moves.
pub fn main() {
    once();
    many_times();
    moving_the_account();
}

fn once() {
    println!("100 in the account, and two people who want 100:");
    let account = Account::new(100);
    thread::scope(|s| {
        for name in ["at the machine", "by card       "] {
            let account = &account;
            s.spawn(move || match account.withdraw(100) {
                Ok(left) => println!("  {name}  paid, {left} left"),
                Err(refusal) => println!("  {name}  {refusal}"),
            });
        }
    });
}

/// The Go program of the lesson: free of data races, and wrong.
struct CheckThenAct(AtomicU64);

impl CheckThenAct {
    fn new(balance: u64) -> Self {
        Self(AtomicU64::new(balance))
    }

    fn withdraw(&self, amount: u64) -> bool {
        if self.0.load(SeqCst) < amount {
            return false;
        }
        self.0.fetch_sub(amount, SeqCst);
        true
    }
}

fn many_times() {
    const ACCOUNTS: usize = 500_000;
    println!("\nThe same with {ACCOUNTS} accounts. How many paid both:");

    let naive: Vec<_> = (0..ACCOUNTS).map(|_| CheckThenAct::new(100)).collect();
    let both = paid_both(&naive, |account| account.withdraw(100));
    println!("  check, then act  {both}");

    let yours: Vec<_> = (0..ACCOUNTS).map(|_| Account::new(100)).collect();
    let both = paid_both(&yours, |account| account.withdraw(100).is_ok());
    println!("  your account     {both}");
}

/// Two threads go from account to account, and are often at the same one. Returns how many accounts paid
/// both.
fn paid_both<A: Sync>(accounts: &[A], withdraw: impl Fn(&A) -> bool + Sync) -> usize {
    let start = Barrier::new(2);
    let draw_from_all = || {
        start.wait();
        accounts.iter().map(&withdraw).collect::<Vec<bool>>()
    };
    thread::scope(|s| {
        let theirs = s.spawn(draw_from_all);
        let ours = draw_from_all();
        let theirs = theirs.join().unwrap();
        ours.iter()
            .zip(theirs)
            .filter(|&(&ours, theirs)| ours && theirs)
            .count()
    })
}

fn moving_the_account() {
    println!("\nThe account moves to another bank while wages come in, a dollar at a time:");
    let (old, new) = (Account::new(500), Account::new(0));
    let transfers = thread::scope(|s| {
        let wages = s.spawn(|| {
            for _ in 0..10_000 {
                old.deposit(1).expect("there is room for wages");
            }
        });
        let mut transfers = 0;
        loop {
            let last = wages.is_finished();
            new.deposit(old.withdraw_all())
                .expect("there is room for all of it");
            transfers += 1;
            if last {
                break transfers;
            }
        }
    });
    let arrived = new.balance();
    println!("  after {transfers} transfers, {arrived} have arrived");
}
