//! No registration, no value and no memory stays behind, however a call ends.

use channels::real::{SendOutcome, bounded};
use harness::leaks::{self, track};
use harness::sync::real::thread;
use harness::sync::real::time::Clock;
use harness::testing::{must_end, panic_of};
use select::{select, select_until};

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `select`, or in `send` or `recv` beside it";

/// Where a thread hangs, if a lock is not given back.
const AFTER_PANIC: &str =
    "a channel is still locked after a call that panicked, or a call has not returned";

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Nobody ever comes to the quiet channel, so nobody would clear away what is left in its lists. And what a thread keeps, to use
/// it again, is gone when the thread has ended.
#[test]
fn a_quiet_channel_keeps_nothing() {
    // SL-12
    must_end(IN_CALL, || {
        let ((to_quiet, quiet), (sender, receiver)) = (bounded::<u32>(0), bounded(0));
        let clock = Clock::manual();
        leaks::check(|| {
            let selects = || {
                for n in 0..20 {
                    let mut arm = receiver.arm();
                    assert_eq!(select(&mut [&mut quiet.arm(), &mut arm]), 1);
                    assert_eq!(arm.outcome(), Some(Ok(n)));
                }
                for _ in 0..20 {
                    let (mut recv, mut again) = (quiet.arm(), receiver.arm());
                    let index = select_until(&mut [&mut recv, &mut again], &clock, clock.now());
                    assert_eq!(index, None, "nobody sends");
                    let index = select_until(&mut [&mut to_quiet.arm(7)], &clock, clock.now());
                    assert_eq!(index, None, "nobody receives");
                }
            };
            let sends = || (0..20).for_each(|n| assert_eq!(sender.send(n), Ok(())));
            thread::scope(|s| {
                s.spawn(sends);
                selects();
            });
            thread::scope(|s| {
                s.spawn(selects);
                sends();
            });
        });
        assert_eq!(
            (quiet.registered(), receiver.registered()),
            (0, 0),
            "arms that are still registered with the quiet channel and with the other"
        );
    });
}

#[test]
fn every_value_is_dropped_once() {
    leaks::check(|| {
        let values = [1, 2, 3, 4].map(|n| track(n));
        must_end(IN_CALL, move || {
            let [one, two, three, four] = values;
            let [a, b] = [bounded(0), bounded(1)];
            let (mut first, mut second) = (a.0.arm(one), b.0.arm(two));
            assert_eq!(select(&mut [&mut first, &mut second]), 1, "b has room");
            let SendOutcome::NotChosen(one) = first.outcome() else {
                panic!("1 was not sent, and has not come back");
            };
            assert!(matches!(second.outcome(), SendOutcome::Sent));
            thread::scope(|s| {
                s.spawn(|| a.1.recv().map(|value| assert_eq!(*value, 1)));
                let (mut first, mut full) = (a.0.arm(one), b.0.arm(three));
                assert_eq!(select(&mut [&mut full, &mut first]), 1, "b is full");
            });
            drop(a.1);
            let mut refused = a.0.arm(four);
            assert_eq!(select(&mut [&mut refused]), 0, "a has no receivers");
            let SendOutcome::Disconnected(four) = refused.outcome() else {
                panic!("4 was refused, and has not come back");
            };
            assert_eq!(*four, 4);
        });
    });
}

/// A call that comes to an arm which has been completed before panics. What the arms have is still theirs.
#[test]
fn a_panic_leaves_nothing_behind() {
    leaks::check(|| {
        let value = track(1);
        must_end(AFTER_PANIC, move || {
            let (sender, receiver) = bounded(1);
            let (mut done, mut recv) = (sender.arm(value), receiver.arm());
            select(&mut [&mut done]);
            select(&mut [&mut recv]);
            let panic = panic_of(|| {
                select(&mut [&mut done, &mut recv]);
            });
            assert!(panic.is_some(), "both arms had been completed before");
            let received = recv.outcome().map(|value| value.map(|value| *value));
            assert_eq!(received, Some(Ok(1)));
        });
    });
}
