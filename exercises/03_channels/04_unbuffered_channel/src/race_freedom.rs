//! Every interleaving of a few small programs. IDs such as CH-20 name behaviours of Go's channels.
//!
//! Time stands still until a thread advances the clock. In nearly all programs main is one of the threads that meet, and
//! what a thread did before is a plain write, which the other one reads: without an order it is a data race.

use crate::sync::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use crate::sync::thread;
use crate::sync::time::{Clock, Duration};
use crate::{Receiver, Sender, channel};
use harness::Model;
use harness::testing::{
    Flag, Slot, both, let_others_sleep, must_sleep, must_sleep_again, never_waits, spawn,
};

const SECOND: Duration = Duration::from_secs(1);

/// One value, from one thread to another, and what both did before. Catches a lost wakeup on either side, and a
/// meeting that orders only one way.
#[test]
fn each_sees_what_the_other_did_before_they_met() {
    // CH-18, CH-19, CH-20
    harness::model(|| {
        let (sender, receiver) = channel();
        let (of_sender, of_receiver) = (Slot::empty("of_sender"), Slot::empty("of_receiver"));
        both(
            || {
                of_receiver.write(1);
                assert_eq!(receiver.recv(), Ok(7));
                assert_eq!(of_sender.read(), 2, "what the sender wrote");
            },
            || {
                of_sender.write(2);
                assert_eq!(sender.send(7), Ok(()));
                assert_eq!(of_receiver.read(), 1, "what the receiver wrote");
            },
        );
    });
}

/// A program that must not end, for nobody receives. Catches a buffer in disguise: a send that leaves its value and
/// goes.
#[test]
fn send_sleeps_until_somebody_receives() {
    // CH-03, CH-06
    must_sleep("`send`", "nobody has called `recv`", || {
        let (sender, _receiver) = channel();
        let _ = sender.send(7);
    });
}

/// A program that must not end, for nobody sends.
#[test]
fn recv_sleeps_until_somebody_sends() {
    // CH-01
    must_sleep("`recv`", "nobody has called `send`", || {
        let (_sender, receiver) = channel::<u32>();
        let _ = receiver.recv();
    });
}

/// Two values from one thread: the second must not overtake the first, nor be put in its place.
#[test]
fn values_of_one_sender_come_in_order() {
    // CH-07, CH-08
    harness::model(|| {
        let (sender, receiver) = channel();
        both(
            || assert_eq!((receiver.recv(), receiver.recv()), (Ok(1), Ok(2))),
            || {
                assert_eq!(sender.send(1), Ok(()));
                assert_eq!(sender.send(2), Ok(()));
            },
        );
    });
}

/// Two threads send, and main takes one value: the sender of the other is still in its call. Catches a meeting that is
/// acknowledged to the wrong sender.
#[test]
fn the_sender_whose_value_was_taken_returns_and_no_other() {
    // CH-06
    Model::new().loose_bound(3).check(|| {
        let (sender, receiver) = channel();
        let returned = ["first returned", "second returned"].map(Flag::lowered);
        thread::scope(|s| {
            let send = |index: usize| {
                assert_eq!(sender.send(index), Ok(()));
                returned[index].raise();
            };
            spawn(s, "first", move || send(0));
            spawn(s, "second", move || send(1));
            let taken = receiver.recv().expect("two threads send");
            assert!(
                !returned[1 - taken].is_raised(),
                "a `send` has returned, but its value has not been received: it was that of the other thread"
            );
            assert_eq!(receiver.recv(), Ok(1 - taken), "the other value");
        });
    });
}

/// Main sends, and comes to receive itself only when its send has returned. Catches a value that is put down for any
/// receiver: it was the other thread that main has met.
#[test]
fn the_receiver_that_was_met_gets_the_value() {
    // CH-15
    harness::model(|| {
        let (sender, receiver) = channel();
        let other = receiver.clone();
        let (late, met) = both(
            || {
                assert_eq!(sender.send(7), Ok(()));
                drop(sender);
                receiver.recv()
            },
            || other.recv(),
        );
        assert_eq!(
            met,
            Ok(7),
            "what the receiver got that was in `recv`, when main's `send` had returned `Ok`"
        );
        assert_eq!(
            late,
            Err(RecvError),
            "the one that came after the send had returned"
        );
    });
}

/// Two threads receive, and main sends to both. Catches a value that is overwritten before it was fetched, and a wakeup
/// that both receivers hear and neither gets.
#[test]
fn each_of_two_receivers_gets_a_value() {
    // CH-18
    Model::new().loose_bound(3).check(|| {
        let (sender, receiver) = channel();
        thread::scope(|s| {
            let receive = || receiver.recv().expect("main sends two values");
            let first = spawn(s, "first", receive);
            let second = spawn(s, "second", receive);
            assert_eq!((sender.send(1), sender.send(2)), (Ok(()), Ok(())));
            let got = [first.join().unwrap(), second.join().unwrap()];
            assert!(
                got == [1, 2] || got == [2, 1],
                "the two values, but they got {got:?}"
            );
        });
    });
}

/// `try_send` while nobody waits, and beside a thread that receives: it meets that thread if it waits by then.
#[test]
fn try_send_meets_a_receiver_that_waits() {
    // CH-06
    harness::model(|| {
        let (sender, receiver) = channel();
        assert_eq!(
            sender.try_send(6),
            Err(TrySendError::Full(6)),
            "nobody waits"
        );
        let (sent, got) = both(
            || {
                let sent = never_waits("`try_send`", || sender.try_send(7)).is_ok();
                if !sent {
                    assert_eq!(sender.send(8), Ok(()));
                }
                sent
            },
            || receiver.recv(),
        );
        assert_eq!(
            got,
            Ok(if sent { 7 } else { 8 }),
            "`try_send` succeeded: {sent}"
        );
    });
}

/// `try_recv` while nobody waits, and beside a thread that sends: it meets that thread if it waits by then.
#[test]
fn try_recv_meets_a_sender_that_waits() {
    // CH-02, CH-06
    harness::model(|| {
        let (sender, receiver) = channel();
        assert_eq!(
            receiver.try_recv(),
            Err(TryRecvError::Empty),
            "nobody waits"
        );
        both(
            || {
                let tried = never_waits("`try_recv`", || receiver.try_recv());
                let got =
                    tried.or_else(|_| receiver.recv().map_err(|_| TryRecvError::Disconnected));
                assert_eq!(got, Ok(7), "`try_recv` said {tried:?}");
            },
            || assert_eq!(sender.send(7), Ok(())),
        );
    });
}

/// Nobody waits in either of two calls that do not wait, so they never meet. Catches a `try_send` that leaves its value
/// behind, to be found.
#[test]
fn two_that_do_not_wait_do_not_meet() {
    // CH-06
    harness::model(|| {
        let (sender, receiver) = channel();
        let met = both(|| sender.try_send(7), || receiver.try_recv());
        assert_eq!(met, (Err(TrySendError::Full(7)), Err(TryRecvError::Empty)));
    });
}

/// Two threads try to send, and one receives. Catches a call that looks for a receiver first, and then sends as if it
/// were still there.
#[test]
fn of_two_that_try_one_meets_the_receiver() {
    // CH-04
    Model::new().preemption_bound(2).check(|| {
        let (sender, receiver) = channel();
        thread::scope(|s| {
            spawn(s, "receiver", || {
                assert!(receiver.recv().is_ok(), "a value comes in any case")
            });
            let theirs = spawn(s, "other", || sender.try_send(2).is_ok());
            let ours = sender.try_send(1).is_ok();
            let theirs = theirs.join().unwrap();
            assert!(!(ours && theirs), "one receiver has met two senders");
            if !ours && !theirs {
                assert_eq!(sender.send(3), Ok(()));
            }
        });
    });
}

/// A thread waits, and main tries to meet it while another thread is in the middle of its own call. Catches a call that
/// gives up because somebody else has the lock for a moment. One switch of threads is forced, at most. So if the other
/// thread has begun its call after the first one has come, and is interrupted in it, the first one is asleep.
#[test]
fn a_call_that_tries_does_not_mind_other_calls() {
    // CH-06
    let meets = |call: &'static str,
                 wait: fn(&Sender<u32>, &Receiver<u32>),
                 call_beside: fn(&Sender<u32>, &Receiver<u32>),
                 try_to_meet: fn(&Sender<u32>, &Receiver<u32>) -> bool,
                 meet: fn(&Sender<u32>, &Receiver<u32>)| {
        Model::new().preemption_bound(1).check(move || {
            let (sender, receiver) = channel();
            let [comes, begins, ends] = ["comes", "begins", "ends"].map(Flag::lowered);
            thread::scope(|s| {
                spawn(s, "waits", || {
                    comes.raise();
                    wait(&sender, &receiver);
                });
                spawn(s, "other", || {
                    if comes.is_raised() {
                        begins.raise();
                    }
                    call_beside(&sender, &receiver);
                    ends.raise();
                });
                let_others_sleep(2);
                let is_awaited = begins.is_raised() && !ends.is_raised();
                let has_met = try_to_meet(&sender, &receiver);
                assert!(
                    has_met || !is_awaited,
                    "{call} has given up, and a thread waited: it was only that another thread used the channel"
                );
                if !has_met {
                    meet(&sender, &receiver);
                }
            });
        });
    };
    meets(
        "`try_send`",
        |_, receiver| assert_eq!(receiver.recv(), Ok(7)),
        |_, receiver| assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty)),
        |sender, _| sender.try_send(7).is_ok(),
        |sender, _| assert_eq!(sender.send(7), Ok(())),
    );
    meets(
        "`try_recv`",
        |sender, _| assert_eq!(sender.send(7), Ok(())),
        |sender, _| assert_eq!(sender.try_send(8), Err(TrySendError::Full(8))),
        |_, receiver| receiver.try_recv() == Ok(7),
        |_, receiver| assert_eq!(receiver.recv(), Ok(7)),
    );
}

/// Two threads drop a receiver each, while a sender waits, or before it comes: the last of them ends the
/// wait, and what either did before is visible. Catches a sender that sleeps on, a value that does not come
/// back, and a count that orders nothing.
#[test]
fn a_send_fails_when_the_last_receiver_goes() {
    // CL-06
    Model::new().preemption_bound(2).check(|| {
        let (sender, receiver) = channel();
        let other = receiver.clone();
        let notes = [Slot::empty("first's note"), Slot::empty("second's note")];
        thread::scope(|s| {
            for (index, receiver) in [receiver, other].into_iter().enumerate() {
                let note = &notes[index];
                spawn(s, ["first", "second"][index], move || {
                    note.write(1);
                    drop(receiver);
                });
            }
            assert_eq!(sender.send(7), Err(SendError(7)));
            let read = [notes[0].read(), notes[1].read()];
            assert_eq!(read, [1, 1], "what was written before the receivers went");
        });
        assert_eq!(sender.try_send(8), Err(TrySendError::Disconnected(8)));
    });
}

/// Two threads drop a sender each, while a receiver waits, or before it comes: the last of them ends the
/// wait, and what either did before is visible.
#[test]
fn a_recv_fails_when_the_last_sender_goes() {
    // CL-03, CL-13
    Model::new().preemption_bound(2).check(|| {
        let (sender, receiver) = channel::<u32>();
        let other = sender.clone();
        let notes = [Slot::empty("first's note"), Slot::empty("second's note")];
        thread::scope(|s| {
            for (index, sender) in [sender, other].into_iter().enumerate() {
                let note = &notes[index];
                spawn(s, ["first", "second"][index], move || {
                    note.write(1);
                    drop(sender);
                });
            }
            assert_eq!(receiver.recv(), Err(RecvError));
            let read = [notes[0].read(), notes[1].read()];
            assert_eq!(read, [1, 1], "what was written before the senders went");
        });
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    });
}

/// The last end of the other side goes, and then the time is over: a call with a timeout says that the side has gone,
/// though it may find both so when it wakes up.
#[test]
fn a_side_that_goes_in_time_is_not_a_timeout() {
    harness::model(|| {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        let goes = || {
            drop(receiver);
            clock.advance(SECOND);
        };
        let (sent, ()) = both(|| sender.send_timeout(&clock, 7, SECOND), goes);
        let gone = Err(SendTimeoutError::Disconnected(7));
        assert_eq!(sent, gone, "the receiver went before the time was over");
    });
    harness::model(|| {
        let (clock, (sender, receiver)) = (Clock::manual(), channel::<u32>());
        let goes = || {
            drop(sender);
            clock.advance(SECOND);
        };
        let (received, ()) = both(|| receiver.recv_timeout(&clock, SECOND), goes);
        let gone = Err(RecvTimeoutError::Disconnected);
        assert_eq!(received, gone, "the sender went before the time was over");
    });
}

/// Two senders wait, one of them with a timeout, when the only receiver goes: each of them is told, and gets its value
/// back. Catches one notification for two sleepers, and a sleeper with a timeout that is left to its clock, which stands
/// still here.
#[test]
fn every_sender_that_waits_gets_its_value_back() {
    // CL-06
    Model::new().preemption_bound(3).check(|| {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        thread::scope(|s| {
            spawn(s, "first", || {
                assert_eq!(sender.send(1), Err(SendError(1)));
            });
            spawn(s, "second", || {
                let sent = sender.send_timeout(&clock, 2, SECOND);
                assert_eq!(sent, Err(SendTimeoutError::Disconnected(2)));
            });
            drop(receiver);
        });
    });
}

/// Two receivers wait, one of them with a timeout, when the only sender goes: each of them is told.
#[test]
fn every_receiver_that_waits_is_told() {
    // CL-03
    Model::new().preemption_bound(3).check(|| {
        let (clock, (sender, receiver)) = (Clock::manual(), channel::<u32>());
        thread::scope(|s| {
            spawn(s, "first", || {
                assert_eq!(receiver.recv(), Err(RecvError));
            });
            spawn(s, "second", || {
                let received = receiver.recv_timeout(&clock, SECOND);
                assert_eq!(received, Err(RecvTimeoutError::Disconnected));
            });
            drop(sender);
        });
    });
}

/// The end of a timeout meets a receiver that comes just then, and one of the two may wake up for no reason. Either
/// they meet, or the value comes back: not both, and not neither, by which both would sleep.
#[test]
fn a_send_that_times_out_takes_its_value_back() {
    // CH-06
    Model::new().spurious_wakeups(1).check(|| {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        let (sent, received) = both(
            || {
                let sent = sender.send_timeout(&clock, 7, SECOND);
                drop(sender);
                sent
            },
            || {
                clock.advance(SECOND);
                receiver.recv()
            },
        );
        let right = [
            (Ok(()), Ok(7)),
            (Err(SendTimeoutError::Timeout(7)), Err(RecvError)),
        ];
        assert!(
            right.contains(&(sent, received)),
            "the send: {sent:?}; the receive: {received:?}"
        );
    });
}

/// The end of a timeout meets a sender that comes just then, and one of the two may wake up for no reason. A receive
/// that times out leaves nothing that a send could find.
#[test]
fn a_recv_that_times_out_leaves_no_trace() {
    // CH-06
    Model::new().spurious_wakeups(1).check(|| {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        let (received, sent) = both(
            || {
                let received = receiver.recv_timeout(&clock, SECOND);
                drop(receiver);
                received
            },
            || {
                clock.advance(SECOND);
                sender.send(7)
            },
        );
        let right = [
            (Ok(7), Ok(())),
            (Err(RecvTimeoutError::Timeout), Err(SendError(7))),
        ];
        assert!(
            right.contains(&(received, sent)),
            "the receive: {received:?}; the send: {sent:?}"
        );
    });
}

/// One of two senders, or of three, may time out when main comes to receive: it takes back its own value and leaves the
/// others waiting, each with its own. Catches a timeout that takes away another sender, or its wakeup.
#[test]
fn a_timeout_leaves_the_others_alone() {
    let models = [
        (Model::new().loose_bound(3), 1, 0),
        (Model::new().one_order(), 2, 2),
    ];
    for (model, patient, yields) in models {
        model.check(move || {
            let (clock, (sender, receiver)) = (Clock::manual(), channel());
            thread::scope(|s| {
                if patient == 2 {
                    spawn(s, "first", || assert_eq!(sender.send(0), Ok(())));
                }
                let hasty = spawn(s, "hasty", || sender.send_timeout(&clock, 1, SECOND));
                spawn(s, "patient", || assert_eq!(sender.send(2), Ok(())));
                let_others_sleep(yields);
                clock.advance(SECOND);
                let mut got = Vec::new();
                while got.iter().filter(|&&value| value != 1).count() < patient {
                    got.push(receiver.recv().expect("a sender is there, and waits"));
                }
                drop(receiver);
                let hasty = hasty.join().unwrap();
                assert_eq!(
                    hasty.is_ok(),
                    got.contains(&1),
                    "`send_timeout` of 1 returned {hasty:?}, and main got {got:?}"
                );
            });
        });
    }
}

/// Time stands still a nanosecond before the timeout, which is no whole number of milliseconds: two programs that must not
/// end. Catches a timeout that comes too early, one that is cut short to such a number, and one that spins.
#[test]
fn a_timeout_sleeps_until_its_time() {
    // TM-07
    const TIME: Duration = Duration::from_nanos(2_999_999);
    let early = "of 2,999,999 ns one was left";
    must_sleep("`send_timeout`", early, || {
        let (clock, (sender, _receiver)) = (Clock::manual(), channel());
        both(
            || {
                panic!(
                    "`send_timeout` returned {:?}",
                    sender.send_timeout(&clock, 7, TIME)
                )
            },
            || clock.advance(TIME - Duration::from_nanos(1)),
        );
    });
    must_sleep("`recv_timeout`", early, || {
        let (clock, (_sender, receiver)) = (Clock::manual(), channel::<u32>());
        both(
            || {
                panic!(
                    "`recv_timeout` returned {:?}",
                    receiver.recv_timeout(&clock, TIME)
                )
            },
            || clock.advance(TIME - Duration::from_nanos(1)),
        );
    });
}

/// A thread waits for another to meet, and wakes up for no reason before it comes: once, or up to three times if the
/// other yields three times before. Catches `if` in place of `while`, once or several times, on both sides, with and without a
/// timeout, and a thread that spins once it has woken up.
#[test]
fn a_spurious_wakeup_is_no_meeting() {
    let meets = |send: fn(&Sender<u32>, &Clock), receive: fn(&Receiver<u32>, &Clock) -> u32| {
        for (spurious, [before_send, before_receive]) in [(1, [0, 0]), (3, [3, 0]), (3, [0, 3])] {
            Model::new().spurious_wakeups(spurious).check(move || {
                let (clock, (sender, receiver)) = (Clock::manual(), channel());
                let ((), got) = both(
                    || {
                        let_others_sleep(before_send);
                        send(&sender, &clock);
                    },
                    || {
                        let_others_sleep(before_receive);
                        receive(&receiver, &clock)
                    },
                );
                assert_eq!(got, 7);
            });
        }
    };
    meets(
        |sender, _| assert_eq!(sender.send(7), Ok(())),
        |receiver, _| receiver.recv().expect("a thread sends"),
    );
    must_sleep_again("`send`", |steps| {
        let (sender, receiver) = channel();
        let receive = || {
            steps();
            receiver.recv()
        };
        assert_eq!(both(|| sender.send(7), receive), (Ok(()), Ok(7)));
    });
    must_sleep_again("`recv`", |steps| {
        let (sender, receiver) = channel();
        let send = || {
            steps();
            sender.send(7)
        };
        assert_eq!(both(|| receiver.recv(), send), (Ok(7), Ok(())));
    });
    meets(
        |sender, clock| assert_eq!(sender.send_timeout(clock, 7, SECOND), Ok(())),
        |receiver, clock| {
            receiver
                .recv_timeout(clock, SECOND)
                .expect("a thread sends")
        },
    );
    must_sleep_again("`send_timeout`", |steps| {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        let receive = || {
            steps();
            receiver.recv()
        };
        let met = both(|| sender.send_timeout(&clock, 7, SECOND), receive);
        assert_eq!(met, (Ok(()), Ok(7)));
    });
    must_sleep_again("`recv_timeout`", |steps| {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        let send = || {
            steps();
            sender.send(7)
        };
        let met = both(|| receiver.recv_timeout(&clock, SECOND), send);
        assert_eq!(met, (Ok(7), Ok(())));
    });
}

/// Half of the timeout passes, main wakes up for no reason, and the other half passes: the call ends, for its timeout
/// counts from the call and not from the last wakeup. Catches a deadline that is made anew for each sleep. Without
/// preemption, main is asleep in its call before the other thread advances the clock.
#[test]
fn a_spurious_wakeup_extends_no_timeout() {
    // TM-10
    let ends = |call: fn(&Clock, &Sender<u32>, &Receiver<u32>)| {
        let model = Model::new().spurious_wakeups(1).preemption_bound(0);
        model.check(move || {
            let (clock, (sender, receiver)) = (Clock::manual(), channel());
            both(
                || call(&clock, &sender, &receiver),
                || {
                    clock.advance(SECOND / 2);
                    thread::yield_now();
                    clock.advance(SECOND / 2);
                },
            );
        });
    };
    ends(|clock, sender, _| {
        let sent = sender.send_timeout(clock, 7, SECOND);
        assert_eq!(sent, Err(SendTimeoutError::Timeout(7)));
    });
    ends(|clock, _, receiver| {
        let received = receiver.recv_timeout(clock, SECOND);
        assert_eq!(received, Err(RecvTimeoutError::Timeout));
    });
}
