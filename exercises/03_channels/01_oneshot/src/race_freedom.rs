//! Every interleaving of a sender and a receiver. IDs such as CH-19 and CL-13 name behaviours of Go's
//! channels.

use crate::{RecvError, SendError, TryRecvError, channel};
use harness::leaks::{Tracked, track};
use harness::testing::{
    Gate, Slot, Watched, both, must_sleep, must_sleep_again, never_waits, unwinding_if,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// Main receives while the other thread sends: it gets the value whole, and sees what the sender did before.
/// Catches a value that is announced before it is written, or by operations that order nothing; and the lost
/// wakeup: main looks, the sender sends and finds nobody to wake, main falls asleep.
#[test]
fn recv_returns_what_was_sent() {
    // CH-19
    harness::model(|| {
        let (sender, receiver) = channel();
        let slot = Slot::empty("slot");
        let (received, sent) = both(
            || {
                let received: Watched<u32> = receiver.recv().expect("a value was sent");
                (received.read(), slot.read())
            },
            || {
                slot.write(7);
                sender.send(Watched::new("value", 6))
            },
        );
        assert!(sent.is_ok(), "`send` failed, but the receiver was there");
        assert_eq!(
            received,
            (6, 7),
            "what was sent, and what was written before"
        );
    });
}

/// A program that must not end: the sender is kept, and nothing is sent. Catches a `recv` that gives up, and
/// one that spins.
#[test]
fn recv_sleeps_while_nothing_is_sent() {
    // CH-01
    let kept = "nothing was sent, and the sender was still there";
    must_sleep("`recv`", kept, || {
        let (sender, receiver) = channel::<u32>();
        let _ = receiver.recv();
        drop(sender);
    });
}

/// Main receives, and the sender is dropped unused: `recv` fails, and what the sender's thread did before is
/// visible. Catches a receiver that nobody tells that the sender has gone, and one that is told too early:
/// what the sender's thread wrote before belongs to main. So it is if a panic drops the sender.
#[test]
fn a_sender_that_goes_wakes_the_receiver() {
    // CL-03, CL-13
    for panics in [false, true] {
        harness::model(move || a_sender_goes(panics));
    }
}

/// Main receives, and the sender is dropped unused, by a panic or otherwise.
fn a_sender_goes(panics: bool) {
    let (sender, receiver) = channel::<u32>();
    let slot = Slot::empty("slot");
    both(
        || {
            assert_eq!(receiver.recv(), Err(RecvError), "nothing was sent");
            assert_eq!(slot.read(), 7);
        },
        || {
            slot.write(7);
            unwinding_if(panics, || drop(sender));
        },
    );
}

/// Main waits for a value, and wakes up for no reason before there is one. Catches `if` in place of `while`:
/// main wakes up once or twice for no reason, and must not take that for a value, or for the end. Catches one that does not
/// sleep again, too.
#[test]
fn a_spurious_wakeup_is_no_value() {
    harness::Model::new().spurious_wakeups(2).check(|| {
        let (sender, receiver) = channel();
        let (received, sent) = both(|| receiver.recv(), || sender.send(7));
        assert_eq!((received, sent), (Ok(7), Ok(())));
    });
    must_sleep_again("`recv`", |steps| {
        let (sender, receiver) = channel::<u32>();
        let goes = || {
            steps();
            drop(sender);
        };
        let (received, ()) = both(|| receiver.recv(), goes);
        assert_eq!(received, Err(RecvError), "nothing was sent");
    });
}

/// Main waits, the sender is dropped unused, and main wakes up for no reason before that. Catches a receiver
/// that wakes up for no reason and frees what the sender is about to use.
#[test]
fn a_spurious_wakeup_is_no_end() {
    harness::Model::new()
        .spurious_wakeups(2)
        .check(|| a_sender_goes(false));
}

/// The receiver goes, by a panic or otherwise, while the sender sends. Catches a value that both drop, or neither; a `send` that says
/// `Ok` though the receiver has gone long ago; and one that returns while what the receiver's thread did
/// before is not there yet.
#[test]
fn a_receiver_that_goes_and_a_value_that_comes() {
    for panics in [false, true] {
        harness::model(move || {
            let (sender, receiver) = channel();
            let slot = Slot::empty("slot");
            both(
                || {
                    slot.write(7);
                    unwinding_if(panics, || drop(receiver));
                },
                || {
                    if let Err(SendError(value)) = sender.send(track(6)) {
                        assert_eq!(value, 6, "`send` failed, and returned another value");
                        assert_eq!(slot.read(), 7);
                    }
                },
            );
        });
    }
}

/// Both ends are dropped at the same time: what they share is given back, once. Catches two ends that each
/// leave the rest to the other, or both clear it away.
#[test]
fn both_go_at_once() {
    harness::model(|| {
        let (sender, receiver) = channel::<Watched<u32>>();
        both(|| drop(receiver), || drop(sender));
    });
}

/// Main looks while the other thread sends: it gets `Empty`, and the value afterwards, or the value, and
/// `Disconnected` from then on, even if the other thread is still in `send`. Catches a `try_recv` that takes
/// half a value, loses one, returns it twice, or promises another.
#[test]
fn try_recv_beside_a_send() {
    // CH-02, CH-19
    harness::model(|| {
        let (sender, mut receiver) = channel::<Tracked<u32>>();
        let slot = Slot::empty("slot");
        let (seen, sent) = both(
            || {
                let seen = never_waits("`try_recv`", || receiver.try_recv());
                if let Ok(seen) = &seen {
                    assert_eq!((**seen, slot.read()), (6, 7));
                    let again = receiver.try_recv().err();
                    assert_eq!(
                        again,
                        Some(TryRecvError::Disconnected),
                        "`try_recv` has returned the value just now, so no other will come"
                    );
                }
                seen
            },
            || {
                slot.write(7);
                sender.send(track(6))
            },
        );
        assert!(sent.is_ok(), "`send` failed, but the receiver was there");
        let later = receiver.try_recv();
        match (seen, later) {
            (Ok(_), Err(TryRecvError::Disconnected)) => {}
            (Err(TryRecvError::Empty), Ok(later)) => assert_eq!(later, 6),
            (seen, later) => panic!(
                "`try_recv` beside the `send` returned {seen:?}, and when 6 had been sent, {later:?}"
            ),
        }
    });
}

/// Main looks once while the sender is dropped unused: it learns of the end, or sees nothing yet. Catches a
/// `try_recv` that reports the end before what the sender did is visible, or never reports it.
#[test]
fn try_recv_beside_a_sender_that_goes() {
    // CL-11, CL-13
    harness::model(|| {
        let (sender, mut receiver) = channel::<u32>();
        let slot = Slot::empty("slot");
        both(
            || match receiver.try_recv() {
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => assert_eq!(slot.read(), 7),
                Ok(value) => panic!("nothing was sent, but `try_recv` returned {value}"),
            },
            || {
                slot.write(7);
                drop(sender);
            },
        );
        let later = receiver.try_recv();
        assert_eq!(
            later,
            Err(TryRecvError::Disconnected),
            "the sender has gone"
        );
    });
}

/// A thread that has not made the channel looks, finds nothing, and then receives in earnest: it gets the
/// value. Catches a look in vain that leaves something behind at which the `recv` after it sleeps or
/// stumbles, and a wakeup for the thread that made the channel, and not for the one that is in `recv`.
#[test]
fn recv_after_a_look_in_vain() {
    harness::model(|| {
        let (sender, mut receiver) = channel();
        let (_, received) = both(
            || sender.send(7),
            || match receiver.try_recv() {
                Err(TryRecvError::Empty) => receiver.recv().ok(),
                seen => seen.ok(),
            },
        );
        assert_eq!(received, Some(7));
    });
}

/// The sender asks whether the receiver has gone while it goes. Catches an `is_closed` that is early: if it
/// says that the receiver has gone, `send` has to fail. Once it has gone, `is_closed` says so.
#[test]
fn is_closed_beside_a_receiver_that_goes() {
    harness::model(|| {
        let (sender, receiver) = channel();
        let (again, ()) = both(
            || {
                if sender.is_closed() {
                    assert_eq!(sender.send(7), Err(SendError(7)), "the receiver has gone");
                    return None;
                }
                Some(sender)
            },
            || drop(receiver),
        );
        if let Some(sender) = again {
            assert!(sender.is_closed(), "the receiver has been dropped");
            assert_eq!(sender.send(7), Err(SendError(7)), "the receiver has gone");
        }
    });
}

/// The sender asks whether the receiver has gone while it is in `recv`: it has not. Catches an `is_closed`
/// that takes a receiver that sleeps, or is about to, for one that has gone.
#[test]
fn is_closed_beside_a_receiver_that_waits() {
    harness::model(|| {
        let (sender, receiver) = channel();
        let (received, _) = both(
            || receiver.recv(),
            || {
                assert!(
                    !sender.is_closed(),
                    "the receiver is in `recv`, and has not been dropped"
                );
                sender.send(7)
            },
        );
        assert_eq!(received, Ok(7));
    });
}

/// The other thread sends, or drops its end, while main receives: it does not sleep or yield. Catches a
/// sender that waits for the receiver: to be asleep, to be awake, or to have taken the value.
#[test]
fn the_sender_waits_for_nobody() {
    // CH-05
    for sends in [true, false] {
        harness::model(move || {
            let (sender, receiver) = channel();
            both(
                || receiver.recv().is_ok(),
                move || {
                    never_waits("`send`, or the sender's drop,", || {
                        if sends {
                            let _ = sender.send(7);
                        } else {
                            drop(sender);
                        }
                    });
                },
            );
        });
    }
}

/// Main drops the receiver beside a send: a value that was sent is dropped by then, and `send` does not wait
/// for its `drop`, which may take its time. Catches a value that is left to the sender's thread, to be
/// dropped some time after the receiver has gone, and one that is dropped under a lock which `send` needs.
#[test]
fn a_value_that_was_sent_is_dropped_with_the_receiver() {
    // CH-25
    struct Counted(Arc<AtomicU32>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    harness::model(|| {
        let (sender, receiver) = channel();
        let drops = Arc::new(AtomicU32::new(0));
        let value = Counted(drops.clone());
        let (dropped, sent) = both(
            || {
                drop(receiver);
                drops.load(SeqCst)
            },
            || {
                sender
                    .send(value)
                    .map_err(|error| std::mem::forget(error.0))
            },
        );
        let expected = u32::from(sent.is_ok());
        assert_eq!(
            dropped, expected,
            "values dropped when the receiver is; `send` returned {sent:?}"
        );
    });
    struct Slow(Arc<Gate>);
    impl Drop for Slow {
        fn drop(&mut self) {
            self.0.pass();
        }
    }
    harness::model(|| {
        let (sender, receiver) = channel();
        let sent = Arc::new(Gate::shut("sent"));
        let value = Slow(sent.clone());
        both(
            || drop(receiver),
            || {
                let refused = sender.send(value);
                sent.open();
                drop(refused);
            },
        );
    });
}
