//! An account owns no memory but its own: its operations leave only a balance behind.

use bank_account::Account;
use harness::leaks;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// The account outlives the check, so that a history, which its destructor would free, counts too.
#[test]
fn operations_leave_nothing_behind() {
    let account = Account::new(100);
    leaks::check(|| {
        account.deposit(50).unwrap();
        account.withdraw(50).unwrap();
        account.withdraw(u64::MAX).unwrap_err();
        account.deposit(u64::MAX).unwrap_err();
        let all = account.withdraw_all();
        account.deposit(all).unwrap();
    });
    assert_eq!(account.balance(), 100);
}

#[test]
fn a_dropped_account_leaves_nothing_behind() {
    leaks::check(|| {
        let account = Account::new(0);
        account.deposit(100).unwrap();
    });
}
