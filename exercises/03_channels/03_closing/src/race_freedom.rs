//! Every interleaving of a few small programs. IDs such as CL-03 name behaviours of Go's channels.
//!
//! Threads borrow their ends where it does not matter who drops them: each drop is a step more to explore.
//! Three threads are explored with at most two preemptions, and with one if main yields first: 76 to 305
//! interleavings of the reference, of more than 50,000.

use crate::sync::thread;
use crate::{RecvError, SendError, TryRecvError, TrySendError, bounded};
use harness::leaks::track;
use harness::testing::{
    Flag, Slot, Watched, both, let_others_sleep, must_sleep, must_sleep_again, never_waits, spawn,
};

/// A program that must not end: a clone of the sender is still there. Catches a clone that is not counted,
/// and a receiver that gives up when the first sender goes.
#[test]
fn recv_sleeps_while_a_sender_is_left() {
    // CH-01
    must_sleep(
        "`recv`",
        "the second of two senders was still there",
        || {
            let (sender, receiver) = bounded::<u32>(1);
            let second = sender.clone();
            drop(sender);
            let _ = receiver.recv();
            drop(second);
        },
    );
}

/// A program that must not end: a clone of the receiver is still there, and the channel is full.
#[test]
fn send_sleeps_while_a_receiver_is_left() {
    // CH-03
    must_sleep(
        "`send`",
        "the second of two receivers was still there",
        || {
            let (sender, receiver) = bounded(1);
            let second = receiver.clone();
            drop(receiver);
            let _ = sender.send(1);
            let _ = sender.send(2);
            drop(second);
        },
    );
}

/// Two receivers sleep, or are about to, and main closes, or drops the only sender. If it sends a value right
/// before, one of them gets that, and the other wakes up, too. Catches one notification for several sleepers,
/// a close that comes between a receiver's look and its sleep, and one that wakes nobody beside a value.
#[test]
fn the_end_wakes_every_receiver() {
    // CL-03
    for (sends, closes, yields, bound) in [
        (false, true, 0, 2),
        (false, true, 2, 1),
        (false, false, 2, 1),
        (true, true, 2, 0),
    ] {
        harness::Model::new()
            .preemption_bound(bound)
            .check(move || {
                let (sender, receiver) = bounded::<u32>(1);
                thread::scope(|s| {
                    for name in ["receiver 1", "receiver 2"] {
                        spawn(s, name, || match receiver.recv() {
                            Ok(7) if sends => {}
                            end => assert_eq!(end, Err(RecvError)),
                        });
                    }
                    let_others_sleep(yields);
                    if sends {
                        assert_eq!(sender.send(7), Ok(()), "there was room");
                    }
                    if closes {
                        assert!(sender.close(), "it was open");
                        // Kept, so that it is the close that wakes them, and not the drop.
                        Some(sender)
                    } else {
                        drop(sender);
                        None
                    }
                });
            });
    }
}

/// Two senders sleep at a full channel, or are about to. Main closes it: both fail, and that wakes them, not
/// the room that main makes, if it takes out the value that was there. Catches one notification for several
/// sleepers, a sender that puts its value in after all, and a value that is lost.
#[test]
fn close_wakes_every_sender() {
    // CL-06, CL-07, CL-08
    for (yields, bound, makes_room) in [(0, 2, true), (2, 1, false)] {
        harness::Model::new()
            .preemption_bound(bound)
            .check(move || {
                let (sender, receiver) = bounded(1);
                assert_eq!(sender.send(0), Ok(()), "there was room");
                thread::scope(|s| {
                    for value in 1..=2 {
                        let sender = &sender;
                        spawn(s, &format!("sender {value}"), move || {
                            let refused = sender.send(value);
                            assert_eq!(
                                refused,
                                Err(SendError(value)),
                                "`send({value})`: the channel was full until it was closed, and nothing goes \
                                 into a closed channel, though there is room again"
                            );
                        });
                    }
                    let_others_sleep(yields);
                    assert!(sender.close(), "it was open");
                    if makes_room {
                        assert_eq!(receiver.recv(), Ok(0), "0 was sent before the close");
                    }
                });
                if !makes_room {
                    assert_eq!(receiver.recv(), Ok(0), "0 was sent before the close");
                }
                assert_eq!(receiver.recv(), Err(RecvError), "1 and 2 were refused");
            });
    }
}

/// Two senders sleep at a full channel, or are about to, and the last receiver goes: both fail. In Go they
/// would wait for ever.
#[test]
fn the_last_receiver_wakes_every_sender() {
    for (yields, bound) in [(0, 2), (2, 1)] {
        harness::Model::new()
            .preemption_bound(bound)
            .check(move || {
                let (sender, receiver) = bounded(1);
                assert_eq!(sender.send(0), Ok(()), "there was room");
                thread::scope(|s| {
                    for value in 1..=2 {
                        let sender = &sender;
                        spawn(s, &format!("sender {value}"), move || {
                            let refused = sender.send(value);
                            assert_eq!(
                                refused,
                                Err(SendError(value)),
                                "`send({value})`: the channel was full until its last receiver went, and \
                                 nothing goes in after that, though what was left has made room"
                            );
                        });
                    }
                    let_others_sleep(yields);
                    drop(receiver);
                });
            });
    }
}

/// Each of two threads drops a sender while main receives. Catches counts of which each reads the other's old
/// value: nobody is the last, or both are.
#[test]
fn the_last_of_two_senders_wakes_the_receiver() {
    // CL-03
    for yields in [0, 2] {
        harness::Model::new().preemption_bound(2).check(move || {
            let (sender, receiver) = bounded::<u32>(1);
            let second = sender.clone();
            thread::scope(|s| {
                spawn(s, "first", move || drop(sender));
                spawn(s, "second", move || {
                    let_others_sleep(yields);
                    drop(second);
                });
                assert_eq!(receiver.recv(), Err(RecvError));
            });
        });
    }
}

/// The channel has room for two and is full, and two senders may be asleep before main takes both values:
/// both senders get in. Catches a notification only when the channel was full before.
#[test]
fn every_room_wakes_a_sender() {
    for tries in [[false, true], [true, false]] {
        harness::Model::new().loose_bound(1).check(move || {
            let (sender, receiver) = bounded(2);
            assert_eq!((sender.send(0), sender.send(0)), (Ok(()), Ok(())));
            thread::scope(|s| {
                for name in ["sender 1", "sender 2"] {
                    spawn(s, name, || assert_eq!(sender.send(1), Ok(())));
                }
                let_others_sleep(2);
                for tries in tries {
                    let value = if tries {
                        receiver.try_recv().ok()
                    } else {
                        receiver.recv().ok()
                    };
                    assert_eq!(value, Some(0), "two 0 were there before the others");
                }
            });
        });
    }
}

/// Each of two threads drops a receiver while main sends into a full channel: the last of them ends the wait.
#[test]
fn the_last_of_two_receivers_wakes_the_sender() {
    for yields in [0, 2] {
        harness::Model::new().preemption_bound(2).check(move || {
            let (sender, receiver) = bounded(1);
            let second = receiver.clone();
            assert_eq!(sender.send(0), Ok(()), "there was room");
            thread::scope(|s| {
                spawn(s, "first", move || drop(receiver));
                spawn(s, "second", move || {
                    let_others_sleep(yields);
                    drop(second);
                });
                assert_eq!(
                    sender.send(1),
                    Err(SendError(1)),
                    "`send(1)`: full until the last receiver went, and nothing goes in after that"
                );
            });
        });
    }
}

/// Two values, and the end right behind them: the receiver gets both before it is told of the end. Catches a
/// receiver that is told of the end first, or sleeps through it, and a value that is announced by operations
/// that order nothing.
#[test]
fn the_end_comes_after_the_last_value() {
    // CH-19, CL-01, CL-12
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        let (received, ()) = both(
            || {
                receiver
                    .iter()
                    .map(|value: Watched<u32>| value.read())
                    .collect::<Vec<_>>()
            },
            move || {
                for value in 1..=2 {
                    let sent = sender.send(Watched::new("value", value));
                    assert!(sent.is_ok(), "the receiver is there");
                }
            },
        );
        assert_eq!(
            received,
            [1, 2],
            "received before the end was reported; 1 and 2 were sent, and then the sender went"
        );
        assert!(receiver.recv().is_err(), "it is over for good");
    });
}

/// One sends while another closes: what `send` accepted is received, and what it refused is not. Catches a
/// value that is accepted and never comes out, and one that is refused and comes out nevertheless.
#[test]
fn a_value_beside_a_close_arrives_or_comes_back() {
    // CL-07, CL-08
    harness::model(|| {
        let (sender, receiver) = bounded(2);
        let (sent, closed) = both(|| sender.send(track(7)), || sender.close());
        assert!(closed, "nobody else has closed it");
        match (sent, receiver.try_recv()) {
            (Ok(()), Ok(value)) => assert_eq!(value, 7),
            (Err(SendError(value)), Err(TryRecvError::Closed)) => assert_eq!(value, 7),
            (sent, received) => panic!("`send(7)` returned {sent:?}, then `try_recv` {received:?}"),
        }
        let again = sender.try_send(track(8));
        assert!(
            matches!(again, Err(TrySendError::Closed(_))),
            "closed for good"
        );
    });
}

/// One sends while the last receiver goes. The value is dropped once: with the receiver, or by the sender,
/// which gets it back.
#[test]
fn a_value_beside_the_last_receiver_is_dropped_once() {
    harness::model(|| {
        let (sender, receiver) = bounded(2);
        both(
            || {
                let sent = never_waits("`send`, for which there was room,", || {
                    sender.send(track(7))
                });
                if let Err(SendError(value)) = sent {
                    assert_eq!(value, 7, "`send` failed, and returned another value");
                }
                let again = never_waits("`try_send`", || sender.try_send(track(8)));
                assert!(
                    !matches!(again, Err(TrySendError::Full(_))),
                    "there was room"
                );
            },
            move || drop(receiver),
        );
        assert!(sender.send(track(9)).is_err(), "nobody receives");
    });
}

/// A value is in the channel, and main looks while the other thread closes: it gets the value, and then the
/// end. Catches a `try_recv` that finds neither the value, nor the end, while one of the two is there.
#[test]
fn try_recv_beside_a_close_finds_the_value() {
    // CH-22, CL-11
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        assert_eq!(sender.send(7), Ok(()), "there was room");
        let (received, _) = both(
            || never_waits("`try_recv`", || receiver.try_recv()),
            || sender.close(),
        );
        assert_eq!(received, Ok(7), "7 was there before");
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    });
}

/// The channel is closed, and then looked into; main tries to send meanwhile. Catches a call that looks
/// whether the channel is closed, and adds its value later: it would be lost.
#[test]
fn nothing_goes_in_after_the_close() {
    // CL-05
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        let (sent, seen) = both(
            || sender.try_send(1),
            || {
                sender.close();
                receiver.try_recv()
            },
        );
        if sent.is_ok() {
            assert_eq!(
                seen,
                Ok(1),
                "`try_send` returned Ok, so its value came before the close"
            );
        }
    });
}

/// The only value is sent, and the channel closed; main looks once. Catches a call that looks for a value,
/// and asks later whether the channel is closed.
#[test]
fn one_look_does_not_miss_the_last_value() {
    // CH-22, CL-11
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        let (seen, ()) = both(
            || receiver.try_recv(),
            || {
                assert!(sender.try_send(1).is_ok(), "there is room");
                sender.close();
            },
        );
        assert_ne!(
            seen,
            Err(TryRecvError::Closed),
            "a value was sent before the close"
        );
    });
}

/// A sender sleeps at a full channel, or is about to, and the other thread takes the value by `try_recv`;
/// then a receiver sleeps, and the other thread puts one in by `try_send`. Both wake up. Catches a call that
/// succeeds and wakes nobody.
#[test]
fn try_calls_wake_sleepers() {
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        assert_eq!(sender.send(1), Ok(()), "there was room");
        let (sent, received) = both(|| sender.send(2), || receiver.try_recv());
        assert_eq!((sent, received), (Ok(()), Ok(1)), "1 was there before");
        assert_eq!(receiver.recv(), Ok(2));
    });
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        let (received, sent) = both(|| receiver.recv(), || sender.try_send(3));
        assert_eq!((received, sent), (Ok(3), Ok(())), "there was room");
    });
}

/// Two threads try for the only room, and two for the only value. Catches a call that looks first and sleeps
/// later.
#[test]
fn try_calls_beside_each_other_wait_for_nobody() {
    // CH-02, CH-04
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        let (ours, theirs) = both(|| sender.try_send(1), || sender.try_send(2));
        assert!(
            ours.is_ok() != theirs.is_ok(),
            "room for one of two, but they returned {ours:?} and {theirs:?}"
        );
        let (ours, theirs) = both(|| receiver.try_recv(), || receiver.try_recv());
        assert!(
            ours.is_ok() != theirs.is_ok(),
            "a value for one of two, but they returned {ours:?} and {theirs:?}"
        );
    });
}

/// Main receives, or sends, and the other thread writes, then closes or drops the last sender: when main
/// learns of the end, by whichever call, it sees what was written. Catches an end that is told by operations
/// that order nothing, whichever way it comes about.
#[test]
fn what_was_done_before_the_end_is_visible_after_it() {
    // CL-13
    for (closes, yields) in [(true, 0), (true, 2), (false, 0), (false, 2)] {
        harness::model(move || {
            let (sender, receiver) = bounded::<u32>(1);
            let slot = Slot::empty("slot");
            both(
                || {
                    assert_eq!(receiver.recv(), Err(RecvError), "nothing was sent");
                    assert_eq!(slot.read(), 7);
                },
                || {
                    let_others_sleep(yields);
                    slot.write(7);
                    if closes {
                        sender.close();
                    }
                    drop(sender);
                },
            );
        });
    }
    for call in ["send", "try_send", "try_recv"] {
        harness::model(move || {
            let (sender, receiver) = bounded(1);
            let slot = Slot::empty("slot");
            both(
                || {
                    let learns = match call {
                        "send" => {
                            std::iter::repeat_with(|| sender.send(1)).any(|sent| sent.is_err())
                        }
                        "try_send" => sender.try_send(1).is_err(),
                        _ => receiver.try_recv() == Err(TryRecvError::Closed),
                    };
                    if learns {
                        assert_eq!(slot.read(), 7);
                    }
                },
                || {
                    slot.write(7);
                    sender.close();
                    // It learns of the end itself, which is no news for main.
                    let _ = receiver.recv();
                },
            );
        });
    }
}

/// Main sends, and the other thread writes, then drops the last receiver: when a `send` or a `try_send` fails
/// because of that, main sees what was written.
#[test]
fn what_was_done_before_the_last_receiver_went_is_visible() {
    for (tries, yields) in [(true, 0), (false, 0), (false, 2)] {
        harness::model(move || {
            let (sender, receiver) = bounded(1);
            let slot = Slot::empty("slot");
            both(
                || {
                    if tries {
                        if sender.try_send(1) == Err(TrySendError::Closed(1)) {
                            assert_eq!(slot.read(), 7);
                        }
                        return;
                    }
                    while sender.send(1).is_ok() {}
                    assert_eq!(slot.read(), 7);
                },
                || {
                    let_others_sleep(yields);
                    slot.write(7);
                    drop(receiver);
                },
            );
        });
    }
}

/// Each thread drops one of two senders, and main learns of the end: what the other thread did before is
/// visible, even if its sender was not the last. Then the same with receivers. Catches a count that orders
/// nothing.
#[test]
fn what_was_done_before_any_end_was_dropped_is_visible() {
    harness::model(|| {
        let (sender, receiver) = bounded::<u32>(1);
        let (second, slot) = (sender.clone(), Slot::empty("slot"));
        both(
            || {
                drop(sender);
                assert_eq!(receiver.recv(), Err(RecvError), "nothing was sent");
                assert_eq!(slot.read(), 7);
            },
            || {
                slot.write(7);
                drop(second);
            },
        );
    });
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        let (second, slot) = (receiver.clone(), Slot::empty("slot"));
        both(
            || {
                drop(receiver);
                while sender.send(1).is_ok() {}
                assert_eq!(slot.read(), 7);
            },
            || {
                slot.write(7);
                drop(second);
            },
        );
    });
}

/// A sender sleeps at a full channel, or is about to. Main takes the value, and then the room for which the
/// sender was woken: the sender sleeps on.
#[test]
fn the_room_may_be_gone_when_the_woken_sender_looks() {
    for yields in [0, 2] {
        harness::model(move || {
            let (sender, receiver) = bounded(1);
            let sent = Flag::lowered("sent");
            assert_eq!(sender.send(1), Ok(()), "there is room for one");
            thread::scope(|s| {
                spawn(s, "sender", || {
                    assert_eq!(sender.send(2), Ok(()), "the receiver is there");
                    sent.raise();
                });
                let_others_sleep(yields);
                assert_eq!(receiver.recv(), Ok(1));
                if sender.try_send(3).is_ok() {
                    assert!(
                        !sent.is_raised(),
                        "3 is in the channel, which has room for one, and `send(2)` has returned"
                    );
                    assert_eq!(receiver.recv(), Ok(3), "3 was first to find room");
                }
            });
            assert_eq!(receiver.recv(), Ok(2));
        });
    }
}

/// Two values go through a channel with room for one, and a thread that sleeps wakes up for no reason, or one that has
/// to wait for steps of the other does so up to three times. Catches `if` in place of `while`, once or several
/// times, on either side: a wakeup for no reason is neither a value nor room nor the end. Catches a thread that sleeps
/// once and spins from then on, too.
#[test]
fn a_spurious_wakeup_is_no_end() {
    harness::Model::new().spurious_wakeups(1).check(|| {
        let (sender, receiver) = bounded(1);
        both(
            || assert_eq!((receiver.recv(), receiver.recv()), (Ok(1), Ok(2))),
            || {
                assert_eq!(sender.send(1), Ok(()), "the receiver is there");
                assert_eq!(sender.send(2), Ok(()), "the receiver is there");
            },
        );
    });
    harness::Model::new().spurious_wakeups(3).check(|| {
        let (sender, receiver) = bounded(1);
        both(
            || assert_eq!(receiver.recv(), Ok(1)),
            || {
                let_others_sleep(3);
                assert_eq!(sender.send(1), Ok(()), "the receiver is there");
            },
        );
    });
    harness::Model::new().spurious_wakeups(3).check(|| {
        let ((sender, receiver), sent) = (bounded(1), Flag::lowered("sent"));
        assert_eq!(sender.send(1), Ok(()), "the receiver is there");
        both(
            || {
                assert_eq!(sender.send(2), Ok(()), "the receiver is there");
                sent.raise();
            },
            || {
                let_others_sleep(3);
                assert!(
                    !sent.is_raised(),
                    "`send` returned, and the channel was full"
                );
                assert_eq!((receiver.recv(), receiver.recv()), (Ok(1), Ok(2)));
            },
        );
    });
    must_sleep_again("`recv`", |steps| {
        let (sender, receiver) = bounded(1);
        let sends = || {
            steps();
            sender.send(1)
        };
        assert_eq!(both(|| receiver.recv(), sends), (Ok(1), Ok(())));
    });
    must_sleep_again("`send`", |steps| {
        let (sender, receiver) = bounded(1);
        assert_eq!(sender.send(1), Ok(()), "the receiver is there");
        let receives = || {
            steps();
            (receiver.recv(), receiver.recv())
        };
        let (sent, received) = both(|| sender.send(2), receives);
        assert_eq!((sent, received), (Ok(()), (Ok(1), Ok(2))));
    });
}

/// Two threads close at the same time: one of them is told that it has closed the channel, and for both it is
/// closed when `close` returns. Catches a close that both callers take for theirs, or neither, and one that
/// returns before the other, which is first, has closed the channel.
#[test]
fn one_of_two_closes_it() {
    // CL-09
    harness::model(|| {
        let (sender, receiver) = bounded::<u32>(1);
        let close = || {
            let closed = sender.close();
            assert_eq!(
                sender.try_send(7),
                Err(TrySendError::Closed(7)),
                "`close` has returned {closed}, so the channel is closed, by this call or before it"
            );
            closed
        };
        let (mine, other) = both(close, close);
        assert!(
            mine != other,
            "one of the two has closed it: {mine}, {other}"
        );
        assert!(!sender.close(), "it was closed before");
        assert_eq!(receiver.recv(), Err(RecvError));
    });
}

/// The channel holds a value whose `drop` uses the channel, which is closed and not locked by then. Catches
/// values that are dropped while the lock is held, or before the channel is closed.
#[test]
fn values_are_dropped_outside_the_lock() {
    // CL-15
    struct Asks(crate::Sender<Asks>);
    impl Drop for Asks {
        fn drop(&mut self) {
            assert!(
                !self.0.close(),
                "a value that was left is dropped, and the channel is still open: `close` returned true"
            );
        }
    }
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        let asks = Asks(sender.clone());
        assert!(sender.send(asks).is_ok(), "there was room");
        drop(receiver);
    });
}
