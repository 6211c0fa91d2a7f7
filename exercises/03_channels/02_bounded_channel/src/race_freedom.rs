//! Every interleaving of a few small programs. IDs such as CH-18 name behaviours of Go's channels.
//!
//! Three threads are explored with at most two preemptions: 132 to 340 interleavings of the reference, of
//! more than 50,000.

use crate::Channel;
use crate::sync::thread;
use harness::testing::{
    Flag, Slot, Watched, both, let_others_sleep, must_sleep, must_sleep_again, never_waits, spawn,
};

/// A program that must not end. Catches a `recv` that makes something up, and one that spins.
#[test]
fn recv_sleeps_while_the_channel_is_empty() {
    // CH-01
    must_sleep("`recv`", "the channel was empty", || {
        let channel = Channel::new(2);
        channel.send(1);
        channel.recv();
        channel.recv();
    });
}

/// A program that must not end. Catches a channel with more room than it was given, and a `send` that spins
/// or throws something away.
#[test]
fn send_sleeps_while_the_channel_is_full() {
    // CH-03
    for capacity in 1..=2 {
        let full = "the channel was full";
        must_sleep("`send`", full, move || {
            let channel = Channel::new(capacity);
            for value in 0..=capacity {
                channel.send(value);
            }
        });
    }
}

/// With room for one, each side waits for the other. Catches the lost wakeup on either side: a thread looks,
/// the other changes the buffer and finds nobody to wake, the first falls asleep.
#[test]
fn both_sides_are_woken() {
    // CH-07, CH-18
    for yields in [0, 2] {
        harness::model(move || {
            let channel = Channel::new(1);
            both(
                || {
                    assert_eq!(
                        (channel.recv(), channel.recv()),
                        (1, 2),
                        "1 was sent before 2"
                    )
                },
                || {
                    let_others_sleep(yields);
                    channel.send(1);
                    let_others_sleep(yields);
                    channel.send(2);
                },
            );
        });
    }
}

/// Two receivers may be asleep before main sends two values, by `send` and by `try_send`: each gets one,
/// though one of them may have woken up for no reason. Catches a notification only when the channel was empty
/// before: the second value wakes nobody. And one that goes to a sleeper of the other side, to one that has
/// its value already, or to none.
#[test]
fn every_value_wakes_a_receiver() {
    for (bound, spurious, yields, tries) in [(2, 0, 0, [false, true]), (1, 1, 2, [true, false])] {
        let model = harness::Model::new()
            .loose_bound(bound)
            .spurious_wakeups(spurious);
        model.check(move || {
            let channel = Channel::new(2);
            thread::scope(|s| {
                let receivers =
                    ["receiver 1", "receiver 2"].map(|name| spawn(s, name, || channel.recv()));
                let_others_sleep(yields);
                for (value, tries) in [1, 2].into_iter().zip(tries) {
                    if tries {
                        assert_eq!(channel.try_send(value), Ok(()), "there was room");
                    } else {
                        channel.send(value);
                    }
                }
                let mut received = receivers.map(|receiver| receiver.join().unwrap());
                received.sort_unstable();
                assert_eq!(received, [1, 2], "each value is received once");
            });
        });
    }
}

/// The channel is full, and two senders may be asleep before main takes two values, by `recv` and by
/// `try_recv`: both senders get in, and both values come out before theirs. Catches a notification only when
/// the channel was full before, and one that goes to a sleeper of the other side.
#[test]
fn every_room_wakes_a_sender() {
    // CH-16
    for tries in [[false, true], [true, false]] {
        harness::Model::new().preemption_bound(2).check(move || {
            let channel = Channel::new(2);
            channel.send(0);
            channel.send(0);
            thread::scope(|s| {
                for value in 1..=2 {
                    let channel = &channel;
                    spawn(s, &format!("sender {value}"), move || channel.send(value));
                }
                for tries in tries {
                    let value = if tries {
                        channel.try_recv()
                    } else {
                        Some(channel.recv())
                    };
                    assert_eq!(
                        value,
                        Some(0),
                        "two 0 were in the channel before 1 and 2 were sent, so they come out first"
                    );
                }
            });
            let mut left = [channel.recv(), channel.recv()];
            left.sort_unstable();
            assert_eq!(left, [1, 2], "both were sent");
        });
    }
}

/// Both sides sleep at the same time: a receiver that came when the channel was empty, and a sender that came
/// when it was full. Catches one condition variable for both, with one notification: it may wake the side
/// that has nothing to do.
#[test]
fn a_wakeup_reaches_the_side_that_needs_it() {
    harness::Model::new().preemption_bound(2).check(|| {
        let channel = Channel::new(1);
        thread::scope(|s| {
            spawn(s, "receiver 1", || channel.recv());
            spawn(s, "receiver 2", || channel.recv());
            channel.send(1);
            channel.send(2);
        });
        assert_eq!(channel.len(), 0, "two were sent, two were received");
    });
}

/// Main takes the value for which the receiver was woken. Catches `if` in place of `while`, and a receiver
/// that takes its wakeup for a value. In Go nobody can come in between: there the value is handed to the
/// sleeper.
#[test]
fn a_value_may_be_gone_when_the_woken_receiver_looks() {
    // CH-13, CH-15
    for yields in [0, 2] {
        harness::model(move || {
            let channel = Channel::new(1);
            thread::scope(|s| {
                let receiver = spawn(s, "receiver", || channel.recv());
                let_others_sleep(yields);
                channel.send(1);
                if never_waits("`try_recv`", || channel.try_recv()).is_some() {
                    channel.send(2);
                    assert_eq!(receiver.join().unwrap(), 2, "main has received 1");
                } else {
                    assert_eq!(receiver.join().unwrap(), 1, "main has received nothing");
                }
            });
        });
    }
}

/// Main takes the room for which the sender was woken, and `len` counts no more than what is in. Catches `if`
/// in place of `while`: one value too many.
#[test]
fn the_room_may_be_gone_when_the_woken_sender_looks() {
    // CH-14
    for yields in [0, 2] {
        harness::model(move || {
            let channel = Channel::new(1);
            channel.send(1);
            thread::scope(|s| {
                spawn(s, "sender", || channel.send(2));
                let_others_sleep(yields);
                assert_eq!(channel.recv(), 1);
                let sent = channel.try_send(3).is_ok();
                let len = channel.len();
                assert!(len <= 1, "`len` returned {len}, and there is room for 1");
                if sent {
                    assert_eq!(channel.recv(), 3, "3 was first to find room");
                }
            });
            assert_eq!(channel.recv(), 2);
        });
    }
}

/// Two values go through a channel with room for one, and a thread that sleeps wakes up for no reason, or one that has
/// to wait for steps of the other does so up to three times. Catches `if` in place of `while`, once or several
/// times, on either side, and a thread that sleeps once and spins from then on.
#[test]
fn a_spurious_wakeup_brings_nothing() {
    harness::Model::new().spurious_wakeups(1).check(|| {
        let channel = Channel::new(1);
        both(
            || assert_eq!((channel.recv(), channel.recv()), (1, 2)),
            || {
                channel.send(1);
                channel.send(2);
            },
        );
    });
    harness::Model::new().spurious_wakeups(3).check(|| {
        let channel = Channel::new(1);
        both(
            || assert_eq!(channel.recv(), 1),
            || {
                let_others_sleep(3);
                channel.send(1);
            },
        );
    });
    harness::Model::new().spurious_wakeups(3).check(|| {
        let (channel, sent) = (Channel::new(1), Flag::lowered("sent"));
        channel.send(1);
        both(
            || {
                channel.send(2);
                sent.raise();
            },
            || {
                let_others_sleep(3);
                assert!(
                    !sent.is_raised(),
                    "`send` returned, and the channel was full"
                );
                assert_eq!((channel.recv(), channel.recv()), (1, 2));
            },
        );
    });
    must_sleep_again("`recv`", |steps| {
        let channel = Channel::new(1);
        let sends = || {
            steps();
            channel.send(1);
        };
        both(|| assert_eq!(channel.recv(), 1), sends);
    });
    must_sleep_again("`send`", |steps| {
        let channel = Channel::new(1);
        channel.send(1);
        let receives = || {
            steps();
            (channel.recv(), channel.recv())
        };
        let ((), received) = both(|| channel.send(2), receives);
        assert_eq!(received, (1, 2));
    });
}

/// What a thread did before it sent is visible to the one that receives, and so is the value. Catches a value
/// that is announced by operations that order nothing.
#[test]
fn a_send_happens_before_its_receive() {
    // CH-19
    harness::model(|| {
        let channel = Channel::new(2);
        let slot = Slot::empty("slot");
        both(
            || {
                let value: Watched<u32> = channel.recv();
                assert_eq!((value.read(), slot.read()), (6, 7));
            },
            || {
                slot.write(7);
                channel.send(Watched::new("value", 6));
            },
        );
    });
}

/// The channel as a semaphore: room that a receiver has made brings what the receiver did before, even if other
/// values are still there. Catches room that is announced by operations that order nothing.
#[test]
fn a_receive_happens_before_the_send_that_takes_its_room() {
    // CH-21
    for capacity in 1..=2 {
        harness::model(move || {
            let channel = Channel::new(capacity);
            let slot = Slot::empty("slot");
            (0..capacity).for_each(|_| channel.send(()));
            both(
                || {
                    channel.send(());
                    assert_eq!(slot.read(), 7);
                },
                || {
                    slot.write(7);
                    channel.recv();
                },
            );
        });
    }
}

/// The channel is full, and `try_recv` is called beside `try_send`: the one gets the value that was there,
/// and the other succeeds, or is refused and changes nothing. Catches a refused call that leaves something
/// behind, or takes something.
#[test]
fn try_calls_beside_each_other() {
    // CH-02, CH-04
    harness::model(|| {
        let channel = Channel::new(1);
        let slot = Slot::empty("slot");
        assert_eq!(channel.try_send(1), Ok(()), "there was room");
        let (sent, received) = both(
            || {
                let sent = never_waits("`try_send`", || channel.try_send(2));
                if sent.is_ok() {
                    assert_eq!(slot.read(), 7);
                }
                sent
            },
            || {
                slot.write(7);
                never_waits("`try_recv`", || channel.try_recv())
            },
        );
        assert_eq!(received, Some(1), "1 was there before");
        let left = channel.try_recv();
        match sent {
            Ok(()) => assert_eq!(left, Some(2), "`try_send(2)` returned `Ok`"),
            Err(value) => assert_eq!((value, left), (2, None), "2 was refused"),
        }
    });
}

/// A receiver sleeps, and main puts a value in by `try_send`; then a sender sleeps, and main makes room by
/// `try_recv`. Both wake up. Catches a `try_send`, or a `try_recv`, that succeeds and wakes nobody.
#[test]
fn try_calls_wake_sleepers() {
    // CH-18
    for yields in [0, 2] {
        harness::model(move || {
            let channel = Channel::new(1);
            thread::scope(|s| {
                let receiver = spawn(s, "receiver", || channel.recv());
                let_others_sleep(yields);
                assert_eq!(channel.try_send(1), Ok(()), "the channel was empty");
                assert_eq!(receiver.join().unwrap(), 1);
            });
            channel.send(2);
            thread::scope(|s| {
                spawn(s, "sender", || channel.send(3));
                let_others_sleep(yields);
                assert_eq!(channel.try_recv(), Some(2), "the channel was full");
            });
            assert_eq!(channel.recv(), 3);
        });
    }
}

/// Two threads try to send, and there is room for both; then two try to receive, and there are two values.
/// All succeed. Catches a `try_recv` and a `try_send` that only try to take a lock: one that is held for a
/// moment is no reason to say that the channel is empty, or full.
#[test]
fn a_try_call_does_not_fail_because_others_are_at_work() {
    harness::model(|| {
        let channel = Channel::new(2);
        let (mine, other) = both(|| channel.try_send(1), || channel.try_send(2));
        assert_eq!((mine, other), (Ok(()), Ok(())), "there was room for both");
        let (mine, other) = both(|| channel.try_recv(), || channel.try_recv());
        let mut received = [mine, other];
        received.sort_unstable();
        assert_eq!(received, [Some(1), Some(2)], "two were there");
    });
}

/// A refused `try_send`, beside one that must find room. Catches a call that reserves room which it cannot
/// have, and one that gives up because another is at work.
#[test]
fn a_refused_try_send_takes_no_room() {
    // CH-04
    harness::model(|| {
        let channel = Channel::new(1);
        channel.send(1);
        let (ours, theirs) = both(
            || {
                channel.recv();
                channel.try_send(3)
            },
            || channel.try_send(2),
        );
        assert!(
            ours.is_ok() || theirs.is_ok(),
            "there was room for one, and both `try_send`s were refused"
        );
    });
}

/// Main alone makes room, or alone sends, or alone receives, beside a `send` or a `recv` of the other thread: if
/// main's `try_send` is refused, it finds a value, and if its `try_recv` is, it finds room. Catches a call that
/// is refused because another is on its way, which has not put its value in, or not taken it out.
#[test]
fn a_refused_call_was_right_to_give_up() {
    harness::model(|| {
        let channel = Channel::new(1);
        channel.send(1);
        both(
            || {
                assert_eq!(channel.try_recv(), Some(1), "1 was there before");
                if channel.try_send(3).is_ok() {
                    assert_eq!(
                        channel.try_recv(),
                        Some(3),
                        "3 was sent, and nobody else receives"
                    );
                } else {
                    assert_eq!(
                        channel.try_recv(),
                        Some(2),
                        "`try_send(3)` was refused, as if the channel were full, and then there was no value: \
                         `send(2)` had not put its own in"
                    );
                }
            },
            || channel.send(2),
        );
    });
    harness::model(|| {
        let channel = Channel::new(1);
        channel.send(1);
        both(
            || match channel.try_recv() {
                Some(_) => channel.send(2),
                None => assert_eq!(
                    channel.try_send(2),
                    Ok(()),
                    "`try_recv` had found the channel empty, and nobody else sends"
                ),
            },
            || channel.recv(),
        );
    });
    harness::model(|| {
        let channel = Channel::new(2);
        both(
            || {
                channel.send(1);
                let received = [channel.try_recv(), channel.try_recv()];
                assert!(
                    received.contains(&Some(1)),
                    "1 was sent, and nobody else receives, but two `try_recv`s returned {received:?}"
                );
            },
            || channel.send(2),
        );
    });
}

/// Main counts when it has received the only value, and while a second value is sent: what it has counted can
/// be received, for nobody else receives. Catches a count that is kept beside the lock, and one that is not
/// taken because others are at work.
#[test]
fn len_counts_what_is_there() {
    // CH-11
    harness::model(|| {
        let channel = Channel::new(1);
        both(
            || {
                channel.recv();
                assert_eq!(
                    channel.len(),
                    0,
                    "the length when the only value is received"
                );
            },
            || channel.send(1),
        );
    });
    harness::model(|| {
        let channel = Channel::new(2);
        channel.send(1);
        both(
            || {
                let len = channel.len();
                let found = (0..len).map_while(|_| channel.try_recv()).count();
                assert!(
                    len == found && len > 0,
                    "`len` returned {len}, and then {found} could be received; 1 was there before"
                );
            },
            || channel.send(2),
        );
    });
}

/// A refused `try_send` and a refused `try_recv` beside a thread that sleeps. Catches a refused call that
/// takes the sleeper's place, or its wakeup.
#[test]
fn a_refused_call_disturbs_no_sleeper() {
    harness::model(|| {
        let channel = Channel::new(1);
        channel.send(1);
        both(
            || {
                if channel.len() == 1 {
                    let _ = channel.try_send(3).is_err_and(|value| value == 3);
                }
                let mut received = vec![channel.recv(), channel.recv()];
                received.extend(channel.try_recv());
                assert_eq!(received[0], 1, "1 was there before");
                assert!(
                    received.contains(&2),
                    "2 was sent, {received:?} were received"
                );
            },
            || channel.send(2),
        );
    });
}

/// A `send` that finds room, and a `recv` that finds a value, wait for nobody. Catches a rendezvous.
#[test]
fn nobody_waits_where_there_is_room_and_a_value() {
    // CH-05
    harness::model(|| {
        let channel = Channel::new(3);
        channel.send(1);
        both(
            || {
                never_waits("`recv`, for which there was a value,", || {
                    channel.recv();
                });
            },
            || {
                never_waits("`send`, for which there was room,", || {
                    channel.send(2);
                    channel.send(3);
                });
            },
        );
    });
}
