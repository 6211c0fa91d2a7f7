//! No value, no memory and no thread stays behind, however a call ends.

use harness::leaks::{self, track};
use harness::sync::real::thread;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{must_end, spawn_detached, spawn_sleepers};
use std::mem;
use unbuffered_channel::channel;

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `send` or `recv`, or one of their like";

const SECOND: Duration = Duration::from_secs(1);

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[test]
fn a_value_that_is_handed_over_is_dropped_once() {
    // CH-25
    leaks::check(|| {
        let value = track(1);
        must_end(IN_CALL, || {
            let (sender, receiver) = channel();
            spawn_detached("sender", move || drop(sender.send(value)));
            assert_eq!(receiver.recv().map(|value| *value), Ok(1));
        });
    });
}

#[test]
fn a_value_that_nobody_takes_comes_back() {
    // CL-08
    leaks::check(|| {
        let value = track(1);
        must_end(IN_CALL, || {
            let (clock, (sender, receiver)) = (Clock::manual(), channel());
            let refused = sender.try_send(value).expect_err("nobody receives");
            let late = sender.send_timeout(&clock, refused.into_inner(), Duration::ZERO);
            let late = late.expect_err("nobody receives").into_inner();
            drop(receiver);
            let alone = sender.send(late).expect_err("the receiver has gone");
            assert_eq!(*alone.into_inner(), 1);
        });
    });
}

#[test]
fn those_who_sleep_leave_with_their_values_when_the_other_side_goes() {
    // CL-03, CL-06
    leaks::check(|| {
        let (sender, receiver) = channel();
        spawn_sleepers(
            "sender",
            [1, 2, 3].map(|n| {
                let (sender, value) = (sender.clone(), track(n));
                move || drop(sender.send(value).expect_err("nobody receives"))
            }),
        );
        drop((sender, receiver));
        let (sender, receiver) = channel::<u32>();
        spawn_sleepers(
            "receiver",
            [1, 2, 3].map(|_| {
                let receiver = receiver.clone();
                move || assert!(receiver.recv().is_err(), "nobody sends")
            }),
        );
        drop((sender, receiver));
    });
}

/// A consumer that walks away half-way: the producer learns of it by its next value, and ends.
#[test]
fn a_producer_ends_when_its_consumer_walks_away() {
    leaks::check(|| {
        let values = [1, 2, 3, 4, 5].map(|n| track(n));
        must_end(IN_CALL, || {
            let (sender, receiver) = channel();
            spawn_detached("producer", move || {
                for value in values {
                    if sender.send(value).is_err() {
                        break;
                    }
                }
            });
            for n in 1..=3 {
                assert_eq!(receiver.recv().map(|value| *value), Ok(n));
            }
        });
    });
}

#[test]
fn a_channel_keeps_nothing_of_its_calls() {
    must_end(IN_CALL, || {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        leaks::check(|| {
            for n in 0..10 {
                assert!(sender.try_send(n).is_err());
                assert!(receiver.try_recv().is_err());
                assert!(sender.send_timeout(&clock, n, Duration::ZERO).is_err());
                assert!(receiver.recv_timeout(&clock, Duration::ZERO).is_err());
                mem::drop((sender.clone(), receiver.clone()));
            }
            thread::scope(|s| {
                s.spawn(|| (0..10).for_each(|n| assert!(sender.send(n).is_ok())));
                (0..10).for_each(|_| assert!(receiver.recv().is_ok()));
            });
        });
    });
}

/// Nobody comes from the other side who could clear away what is left.
#[test]
fn a_channel_keeps_nothing_of_calls_that_time_out() {
    must_end("a timeout is over, and its call has not returned", || {
        let (clock, (sender, receiver)) = (Clock::manual(), channel::<u32>());
        let time_out = |call: &(dyn Fn() + Sync)| {
            leaks::check(|| {
                thread::scope(|s| {
                    let waits = s.spawn(|| (0..10).for_each(|_| call()));
                    while !waits.is_finished() {
                        clock.advance(SECOND);
                        thread::yield_now();
                    }
                });
            });
        };
        time_out(&|| assert!(sender.send_timeout(&clock, 7, SECOND).is_err()));
        time_out(&|| assert!(sender.send_timeout(&clock, 7, Duration::ZERO).is_err()));
        time_out(&|| assert!(receiver.recv_timeout(&clock, SECOND).is_err()));
        time_out(&|| assert!(receiver.recv_timeout(&clock, Duration::ZERO).is_err()));
    });
}
