//! Every interleaving of a few small programs. IDs such as SL-10 name behaviours of Go's `select`.
//!
//! Models of three threads are explored with the preemption bound that they state.

use crate::channel::{Arm, Receiver, RecvArm, SendOutcome, Sender, Waiter, bounded};
use crate::sync::channel::{RecvError, TryRecvError};
use crate::sync::task::Arc;
use crate::sync::thread;
use crate::sync::time::{Clock, Duration};
use crate::{select, select_until};
use harness::testing::{Slot, both, let_others_sleep, must_sleep, must_sleep_again, spawn};

const SECOND: Duration = Duration::from_secs(1);

/// For models with many arms: how many steps a thread may take.
const MANY_STEPS: usize = 20_000;

/// What came out of a receive arm, if it was completed.
type Got = Option<Result<u32, RecvError>>;

/// Receives from one of two channels. Returns the index, and what the arms have.
fn recv_either(a: &Receiver<u32>, b: &Receiver<u32>) -> (usize, [Got; 2]) {
    let (mut first, mut second) = (a.arm(), b.arm());
    let index = select(&mut [&mut first, &mut second]);
    (index, [first.outcome(), second.outcome()])
}

/// Nobody waits any more, so nobody may be in a list.
#[track_caller]
fn nobody_is_registered(receivers: &[&Receiver<u32>]) {
    let registered: Vec<usize> = receivers.iter().map(|end| end.registered()).collect();
    assert_eq!(
        registered,
        vec![0; receivers.len()],
        "how many arms are still registered with each channel, after the call"
    );
}

/// A program that must not end: one thread offers to send to a channel and to receive from it, and nobody else is there.
#[test]
fn a_select_does_not_meet_itself() {
    // SL-10
    for sends_first in [true, false] {
        must_sleep(
            "`select`",
            "nobody is there but this call itself",
            move || {
                let (sender, receiver) = bounded(0);
                let (mut send, mut recv) = (sender.arm(1), receiver.arm());
                if sends_first {
                    select(&mut [&mut send, &mut recv]);
                } else {
                    select(&mut [&mut recv, &mut send]);
                }
            },
        );
    }
}

/// Programs that must not end: one channel is empty, the other is full, and the time does not come.
#[test]
fn a_call_sleeps_while_nothing_can_be_done() {
    // SL-24
    must_sleep(
        "`select`",
        "one channel was empty and the other full",
        || {
            let ((_sender, empty), (full, _receiver)) = (bounded::<u32>(1), bounded(1));
            full.try_send(1).expect("there is room for one");
            select(&mut [&mut empty.arm(), &mut full.arm(2)]);
        },
    );
    must_sleep(
        "`select_until`",
        "the deadline was a nanosecond away",
        || {
            let (clock, (_sender, empty)) = (Clock::manual(), bounded::<u32>(1));
            let deadline = clock.now() + SECOND;
            clock.advance(SECOND - Duration::from_nanos(1));
            select_until(&mut [&mut empty.arm()], &clock, deadline);
        },
    );
    must_sleep(
        "`select_until` without arms",
        "the deadline had not come",
        || {
            let clock = Clock::manual();
            select_until(&mut [], &clock, clock.now() + SECOND);
        },
    );
}

/// No arm can be completed, and the clock shows the deadline: before the call, or when the other thread advances it. The
/// call ends then, at the deadline and not after it.
#[test]
fn the_deadline_ends_a_call() {
    harness::model(|| {
        let (clock, (_sender, receiver)) = (Clock::manual(), bounded::<u32>(0));
        let index = select_until(&mut [&mut receiver.arm()], &clock, clock.now());
        assert_eq!(
            index, None,
            "the clock showed the deadline, and nobody sent"
        );
        let deadline = clock.now() + SECOND;
        let (index, ()) = both(
            || select_until(&mut [&mut receiver.arm()], &clock, deadline),
            || clock.advance(SECOND),
        );
        assert_eq!(index, None, "nobody sends");
        nobody_is_registered(&[&receiver]);
    });
}

/// Without arms, only the deadline ends the call: not a wakeup for no reason, and not one that somebody else sent the thread.
#[test]
fn without_arms_only_the_deadline_ends_a_call() {
    for is_unparked in [false, true] {
        harness::Model::new().spurious_wakeups(1).check(move || {
            let clock = Clock::manual();
            let deadline = clock.now() + SECOND;
            let ((index, has_come), ()) = both(
                || {
                    if is_unparked {
                        thread::current().unpark();
                    }
                    let index = select_until(&mut [], &clock, deadline);
                    (index, clock.now() >= deadline)
                },
                || clock.advance(SECOND),
            );
            assert_eq!(index, None, "there are no arms");
            assert!(
                has_come,
                "it has returned before the clock showed the deadline"
            );
        });
    }
}

/// How a thread sends, or receives.
#[derive(Clone, Copy, Debug)]
enum Form {
    Plain,
    OneArm,
    /// Behind an arm that nobody comes for.
    TwoArms,
}

fn send_as(form: Form, sender: &Sender<u32>, quiet: &Receiver<u32>) {
    let mut arm = sender.arm(7);
    let (index, expected) = match form {
        Form::Plain => return assert_eq!(sender.send(7), Ok(()), "a plain send"),
        Form::OneArm => (select(&mut [&mut arm]), 0),
        Form::TwoArms => (select(&mut [&mut quiet.arm(), &mut arm]), 1),
    };
    let sent = (index, arm.outcome());
    assert_eq!(
        sent,
        (expected, SendOutcome::Sent),
        "index, and send, of {form:?}"
    );
}

fn recv_as(form: Form, receiver: &Receiver<u32>, quiet: &Receiver<u32>) {
    let mut arm = receiver.arm();
    let (index, expected) = match form {
        Form::Plain => return assert_eq!(receiver.recv(), Ok(7), "a plain receive"),
        Form::OneArm => (select(&mut [&mut arm]), 0),
        Form::TwoArms => (select(&mut [&mut quiet.arm(), &mut arm]), 1),
    };
    let received = (index, arm.outcome());
    assert_eq!(
        received,
        (expected, Some(Ok(7))),
        "index, and receive, of {form:?}"
    );
}

/// A send meets a receive, in all nine combinations of a plain call, a select of one arm, and a select of two. Each of the
/// two sees what the other did before, and leaves nothing in the lists.
#[test]
fn every_kind_of_send_meets_every_kind_of_receive() {
    // SL-16
    for sends in [Form::Plain, Form::OneArm, Form::TwoArms] {
        for receives in [Form::Plain, Form::OneArm, Form::TwoArms] {
            harness::model(move || {
                let (sender, receiver) = bounded(0);
                let quiet = [bounded(0), bounded(0)];
                let [sent, received] = [Slot::empty("sent"), Slot::empty("received")];
                both(
                    || {
                        received.write(1);
                        recv_as(receives, &receiver, &quiet[0].1);
                        assert_eq!(sent.read(), 1, "the sender wrote it before it sent");
                    },
                    || {
                        sent.write(1);
                        send_as(sends, &sender, &quiet[1].1);
                        assert_eq!(received.read(), 1, "the receiver wrote it before");
                    },
                );
                nobody_is_registered(&[&receiver, &quiet[0].1, &quiet[1].1]);
            });
        }
    }
}

/// Main receives from one of two channels, and another thread sends to both, in either order. The first to choose a call that
/// sleeps completes its arm there and then, and nothing is left for the call to try: the other value stays in its channel.
#[test]
fn one_arm_is_completed_and_the_other_value_is_left() {
    // SL-07, SL-26
    for b_first in [false, true] {
        harness::model(move || {
            let [a, b] = [bounded(1), bounded(1)];
            let (taken, _) = both(
                || recv_either(&a.1, &b.1),
                || match b_first {
                    false => (a.0.send(10), b.0.send(20)),
                    true => (b.0.send(20), a.0.send(10)),
                },
            );
            one_is_taken_and_one_is_left(taken, &a.1, &b.1);
            nobody_is_registered(&[&a.1, &b.1]);
        });
    }
}

#[track_caller]
fn the_returned_arm_is_completed(index: usize, got: &[Got]) {
    let completed: Vec<_> = (0..got.len()).filter(|&at| got[at].is_some()).collect();
    assert_eq!(
        completed,
        [index],
        "the arms that were completed, against the index that was returned"
    );
}

/// 10 was sent to `a` and 20 to `b`, and a select that received from both has returned `taken`.
#[track_caller]
fn one_is_taken_and_one_is_left(taken: (usize, [Got; 2]), a: &Receiver<u32>, b: &Receiver<u32>) {
    let (index, got) = taken;
    the_returned_arm_is_completed(index, &got);
    let left = [a.try_recv().ok(), b.try_recv().ok()];
    let expected = match index {
        0 => ([Some(Ok(10)), None], [None, Some(20)]),
        _ => ([None, Some(Ok(20))], [Some(10), None]),
    };
    assert_eq!(
        (got, left),
        expected,
        "what the arms got, and what is left in the channels, after index {index}"
    );
}

/// Two threads that send to two channels come at the same time, and main waits on both: one of them has its value taken.
/// With at most two preemptions.
#[test]
fn of_two_that_come_at_once_one_is_served() {
    // SL-25
    harness::Model::new().preemption_bound(2).check(|| {
        let [a, b] = [bounded(1), bounded(1)];
        let taken = thread::scope(|s| {
            spawn(s, "to a", || a.0.send(10).expect("there is room"));
            spawn(s, "to b", || b.0.send(20).expect("there is room"));
            recv_either(&a.1, &b.1)
        });
        one_is_taken_and_one_is_left(taken, &a.1, &b.1);
    });
}

/// A select and a plain receive wait at one channel. Main sends to the select's other channel, and then to this one: the
/// second value is for the plain receive, whether it waits in front of the select or behind. With at most two preemptions.
#[test]
fn a_select_that_is_chosen_takes_nobody_elses_value() {
    // SL-25, SL-11
    harness::Model::new().preemption_bound(2).check(|| {
        let [a, b] = [bounded(0), bounded(0)];
        thread::scope(|s| {
            spawn(s, "select", || {
                let got = recv_either(&a.1, &b.1);
                assert_eq!(got, (1, [None, Some(Ok(20))]), "20 was sent to b first");
            });
            spawn(s, "plain", || assert_eq!(a.1.recv(), Ok(10)));
            assert_eq!(b.0.send(20), Ok(()), "the select receives it");
            assert_eq!(a.0.send(10), Ok(()), "the plain receive takes it");
        });
        nobody_is_registered(&[&a.1, &b.1]);
    });
}

/// Two threads look at the same two channels, which they name in two orders, and find nothing. Then two sleep there, and
/// both leave when the time comes: with at most one preemption.
#[test]
fn selects_that_name_the_channels_in_two_orders_end() {
    // SL-21
    harness::model(|| {
        let [(_to_a, a), (_to_b, b)] = [bounded::<u32>(1), bounded::<u32>(1)];
        let clock = Clock::manual();
        let now = clock.now();
        let indices = both(
            || select_until(&mut [&mut a.arm(), &mut b.arm()], &clock, now),
            || select_until(&mut [&mut b.arm(), &mut a.arm()], &clock, now),
        );
        assert_eq!(indices, (None, None), "nobody sends");
    });
    harness::Model::new().preemption_bound(1).check(|| {
        let [(_to_a, a), (_to_b, b)] = [bounded::<u32>(1), bounded::<u32>(1)];
        let clock = &Clock::manual();
        let deadline = clock.now() + SECOND;
        thread::scope(|s| {
            for (name, [one, two]) in [("first", [&a, &b]), ("second", [&b, &a])] {
                spawn(s, name, move || {
                    let index =
                        select_until(&mut [&mut one.arm(), &mut two.arm()], clock, deadline);
                    assert_eq!(index, None, "nobody sends");
                });
            }
            let_others_sleep(2);
            clock.advance(SECOND);
        });
    });
}

/// Two selects that meet each other. Each offers to send to one channel, without a buffer, and to receive from the other:
/// one of the two values is handed over, and the other comes back.
#[test]
fn two_selects_meet_in_one_channel() {
    // SL-10, SL-16, SL-21
    harness::model(|| {
        let [a, b] = [bounded(0), bounded(0)];
        let offer = |value, to: &Sender<u32>, from: &Receiver<u32>| {
            let (mut send, mut recv) = (to.arm(value), from.arm());
            let index = select(&mut [&mut send, &mut recv]);
            (index, send.outcome(), recv.outcome())
        };
        let (main, other) = both(|| offer(1, &a.0, &b.1), || offer(2, &b.0, &a.1));
        let expected = match main.0 {
            0 => (
                (0, SendOutcome::Sent, None),
                (1, SendOutcome::NotChosen(2), Some(Ok(1))),
            ),
            _ => (
                (1, SendOutcome::NotChosen(1), Some(Ok(2))),
                (0, SendOutcome::Sent, None),
            ),
        };
        assert_eq!((main, other), expected, "index, send and receive of each");
        nobody_is_registered(&[&a.1, &b.1]);
    });
}

/// Two selects over one channel without a buffer, both of which offer to send to it and to receive from it: the one sends
/// to the other.
#[test]
fn two_selects_meet_though_each_has_both_sides() {
    // SL-10, SL-11
    harness::model(|| {
        let (sender, receiver) = bounded(0);
        let offer = |value| {
            let (mut send, mut recv) = (sender.arm(value), receiver.arm());
            select(&mut [&mut send, &mut recv]);
            (send.outcome(), recv.outcome())
        };
        let met = both(|| offer(1), || offer(2));
        let [one, other] = [1, 2].map(|value| (SendOutcome::NotChosen(value), Some(Ok(3 - value))));
        let sent = (SendOutcome::Sent, None);
        assert!(
            met == (sent, other) || met == (one, sent),
            "one of two should send to the other, and they have {met:?}"
        );
        nobody_is_registered(&[&receiver]);
    });
}

/// A select offers to send to a channel and to receive from it, and another thread sends, or receives: the select does the
/// other. If the other thread begins to wait before the select is in the lists, the select still finds it there.
#[test]
fn a_select_with_both_sides_meets_either() {
    // SL-11, SL-16
    for other_sends in [true, false] {
        harness::model(move || {
            let (sender, receiver) = bounded(0);
            let (mine, _) = both(
                || {
                    let (mut send, mut recv) = (sender.arm(1), receiver.arm());
                    let index = select(&mut [&mut send, &mut recv]);
                    (index, send.outcome(), recv.outcome())
                },
                || match other_sends {
                    true => assert_eq!(sender.send(2), Ok(()), "a plain send"),
                    false => assert_eq!(receiver.recv(), Ok(1), "a plain receive"),
                },
            );
            let expected = match other_sends {
                true => (1, SendOutcome::NotChosen(1), Some(Ok(2))),
                false => (0, SendOutcome::Sent, None),
            };
            assert_eq!(mine, expected, "index, send and receive of the select");
            nobody_is_registered(&[&receiver]);
        });
    }
}

/// One channel stands in two receive arms, another in two send arms: of the four one is completed, and a channel that is in
/// two arms is locked once.
#[test]
fn a_channel_may_stand_in_several_arms() {
    // SL-11, SL-21
    harness::model(|| {
        let [a, b] = [bounded(0), bounded(0)];
        let (outcome, other) = both(
            || {
                let (mut one, mut two) = (a.1.arm(), a.1.arm());
                let (mut three, mut four) = (b.0.arm(3), b.0.arm(4));
                select(&mut [&mut three, &mut one, &mut four, &mut two]);
                let received = [one.outcome(), two.outcome()];
                let sent = [three.outcome(), four.outcome()];
                (received.into_iter().flatten().count(), sent)
            },
            || b.1.recv(),
        );
        let came_back = |value| SendOutcome::NotChosen(value);
        let expected = match other {
            Ok(3) => [SendOutcome::Sent, came_back(4)],
            _ => [came_back(3), SendOutcome::Sent],
        };
        assert_eq!(
            outcome,
            (0, expected),
            "receives, and sends: {other:?} was received"
        );
        nobody_is_registered(&[&a.1, &b.1]);
    });
}

/// A send loses against a receive: its value comes back, and nobody finds it in the channel.
#[test]
fn the_value_of_a_send_that_is_not_chosen_comes_back() {
    // SL-14
    harness::model(|| {
        let [a, b] = [bounded(0), bounded(0)];
        let (got, _) = both(
            || {
                let (mut recv, mut send) = (a.1.arm(), b.0.arm(2));
                let index = select(&mut [&mut recv, &mut send]);
                (index, recv.outcome(), send.outcome())
            },
            || a.0.send(1),
        );
        let expected = (0, Some(Ok(1)), SendOutcome::NotChosen(2));
        assert_eq!(
            got, expected,
            "index, receive and send: 1 was sent to a, and nobody receives from b"
        );
        assert_eq!(b.1.try_recv(), Err(TryRecvError::Empty), "2 was not sent");
        nobody_is_registered(&[&a.1, &b.1]);
    });
}

/// The last sender of one of two channels goes, and then a value is sent to the other. The first to choose the select
/// completes its arm, and that arm's index is returned; the second to ask changes nothing.
#[test]
fn a_channel_without_senders_ends_a_select() {
    // SL-17
    harness::model(|| {
        let [(to_a, a), (to_b, b)] = [bounded(1), bounded(1)];
        let ((index, got), _) = both(
            || recv_either(&a, &b),
            || {
                drop(to_b);
                to_a.send(10)
            },
        );
        the_returned_arm_is_completed(index, &got);
        let expected = match index {
            0 => [Some(Ok(10)), None],
            _ => [None, Some(Err(RecvError))],
        };
        assert_eq!(got, expected, "what the arms got, after index {index}");
        nobody_is_registered(&[&a, &b]);
    });
}

/// The last receiver goes, before or while the select sleeps: the send is chosen, and its value is in the outcome. In Go it
/// would panic.
#[test]
fn a_channel_without_receivers_ends_a_select() {
    // SL-18, SL-19
    harness::model(|| {
        let [(to_a, a), (_to_b, b)] = [bounded(0), bounded::<u32>(0)];
        let (got, ()) = both(
            || {
                let (mut send, mut recv) = (to_a.arm(1), b.arm());
                let index = select(&mut [&mut recv, &mut send]);
                (index, send.outcome(), recv.outcome())
            },
            move || drop(a),
        );
        assert_eq!(got, (1, SendOutcome::Disconnected(1), None));
        assert_eq!(to_a.registered(), 0, "arms that are still registered");
        nobody_is_registered(&[&b]);
    });
}

/// One that waits behind the call, and that main serves.
struct Behind;

impl Waiter for Behind {
    fn choose(&self, _arm: usize) -> bool {
        true
    }

    fn wake(&self) {}
}

/// A select sleeps, with a deadline or without, and somebody comes to wait behind it for the same channel. Whatever the clock
/// shows before the deadline, and though the select may wake up for no reason, what is sent then is for the select: it was
/// there first.
#[test]
fn a_call_that_sleeps_keeps_its_place() {
    // CH-13
    for has_deadline in [true, false] {
        let model = harness::Model::new().preemption_bound(2);
        model.spurious_wakeups(1).check(move || {
            let (clock, (sender, receiver)) = (Clock::manual(), bounded(0));
            let deadline = clock.now() + 2 * SECOND;
            both(
                || {
                    let is_first = receiver.registered() == 1;
                    let waiter: Arc<dyn Waiter> = Arc::new(Behind);
                    let mut behind = receiver.arm();
                    if is_first {
                        behind.register(&mut behind.lock(), &waiter, 0);
                    }
                    clock.advance(SECOND);
                    thread::yield_now();
                    let is_sent = sender.try_send(7).is_ok();
                    assert!(is_sent || !is_first, "two wait, and neither has received 7");
                    assert!(
                        !is_first || !behind.unregister(&mut behind.lock()),
                        "7 was for the select, which came first, and went to the one behind it"
                    );
                    clock.advance(SECOND);
                    if !has_deadline && !is_sent {
                        sender.send(7).expect("the select receives");
                    }
                },
                || match has_deadline {
                    true => select_until(&mut [&mut receiver.arm()], &clock, deadline),
                    false => Some(select(&mut [&mut receiver.arm()])),
                },
            );
            nobody_is_registered(&[&receiver]);
        });
    }
}

/// Main calls twice. The first call gets a value at the moment of its deadline, and may return before the thread that gave it
/// the value comes to wake it. That wakeup is not for the second call, which nobody serves: it sleeps until its own
/// deadline.
#[test]
fn a_wakeup_that_comes_late_ends_no_later_call() {
    // SL-26
    harness::Model::new().preemption_bound(3).check(|| {
        let (clock, (sender, receiver)) = (Clock::manual(), bounded(1));
        let [deadline, later] = [1, 2].map(|n| clock.now() + n * SECOND);
        let ((first, second, has_come), ()) = both(
            || {
                let mut arm = receiver.arm();
                let index = select_until(&mut [&mut arm], &clock, deadline);
                let second = select_until(&mut [&mut receiver.arm()], &clock, later);
                ((index, arm.outcome()), second, clock.now() >= later)
            },
            || {
                let mut send = sender.arm(7);
                let mut locked = send.lock();
                assert!(send.try_complete(&mut locked), "there is room");
                clock.advance(SECOND);
                drop(locked);
                clock.advance(SECOND);
            },
        );
        assert_eq!(
            first,
            (Some(0), Some(Ok(7))),
            "7 was sent before the first deadline"
        );
        assert_eq!(second, None, "nothing else was sent");
        assert!(
            has_come,
            "the second call returned before the clock showed its deadline"
        );
    });
}

/// The clock comes to the deadline of a select that receives, and main sends it a value, before or after that: either the
/// value arrives and the index is returned, or it is refused and `None` is. Either way all arms leave their lists, those
/// before the one that was completed and those behind it.
#[test]
fn a_value_beside_the_deadline_arrives_or_is_refused() {
    // SL-26
    for sends_first in [false, true] {
        harness::model(move || {
            let (clock, (sender, receiver)) = (Clock::manual(), bounded(0));
            let (_quiet, nothing) = bounded(0);
            let deadline = clock.now() + SECOND;
            let (is_sent, got) = both(
                || {
                    if sends_first {
                        let is_sent = sender.try_send(7).is_ok();
                        clock.advance(SECOND);
                        return is_sent;
                    }
                    clock.advance(SECOND);
                    sender.try_send(7).is_ok()
                },
                || {
                    let (mut idle, mut arm) = (nothing.arm(), receiver.arm());
                    let index = match sends_first {
                        true => select_until(&mut [&mut idle, &mut arm], &clock, deadline),
                        false => select_until(&mut [&mut arm, &mut idle], &clock, deadline),
                    };
                    (index, arm.outcome())
                },
            );
            let expected = match is_sent {
                true => (Some(usize::from(sends_first)), Some(Ok(7))),
                false => (None, None),
            };
            let what = match is_sent {
                true => {
                    "`try_send` has delivered 7: the call's arm was completed, whatever the clock shows"
                }
                false => "`try_send` has delivered nothing: no arm was completed",
            };
            assert_eq!(got, expected, "{what}");
            nobody_is_registered(&[&receiver, &nothing]);
        });
    }
}

/// The clock comes to the deadline of a select that sends, and then main tries to receive: either it gets the value and the
/// index is returned, or it gets nothing, `None` is returned, and the value comes back. Until the call is out of the list it
/// can be chosen, past its deadline, too.
#[test]
fn a_send_beside_the_deadline_arrives_or_comes_back() {
    harness::model(|| {
        let (clock, (sender, receiver)) = (Clock::manual(), bounded(0));
        let deadline = clock.now() + SECOND;
        let (received, got) = both(
            || {
                clock.advance(SECOND);
                receiver.try_recv()
            },
            || {
                let mut arm = sender.arm(7);
                (
                    select_until(&mut [&mut arm], &clock, deadline),
                    arm.outcome(),
                )
            },
        );
        let expected = match received {
            Ok(_) => (Some(0), SendOutcome::Sent),
            Err(_) => (None, SendOutcome::NotChosen(7)),
        };
        let what = match received {
            Ok(_) => {
                "main has received 7 from the call: its arm was completed, whatever the clock shows"
            }
            Err(_) => "main has received nothing: no arm was completed",
        };
        assert_eq!(
            got, expected,
            "{what} (`try_recv` has returned {received:?})"
        );
        nobody_is_registered(&[&receiver]);
    });
}

/// The deadline has come before the call. At each instant one of two channels has a value, or has no senders: main makes the
/// second so before it empties the first. So `select_until` must not return `None`.
#[test]
fn arms_are_looked_at_in_one_instant() {
    // SL-08, SL-09
    for (swapped, drops) in [(false, false), (true, false), (false, true), (true, true)] {
        harness::model(move || {
            // The order of their addresses is not for the model to choose, so each is the first once.
            let mut channels = [bounded(1), bounded(1)];
            if swapped {
                channels.reverse();
            }
            let [(to_a, a), (to_b, b)] = channels;
            to_a.try_send(10).expect("there is room");
            let clock = Clock::manual();
            let (index, _) = both(
                || select_until(&mut [&mut b.arm(), &mut a.arm()], &clock, clock.now()),
                || {
                    if drops {
                        drop(to_b);
                    } else {
                        to_b.try_send(20).expect("there is room");
                    }
                    a.try_recv()
                },
            );
            assert!(
                index.is_some(),
                "`None`, though at each instant one of the two could be completed"
            );
        });
    }
}

/// The deadline has come before the call, which has 142 arms, and at each instant the first or the last can be completed. So
/// `select_until` must not return `None`. Between the two are 70 channels that stay empty, each in two arms.
#[test]
fn many_arms_are_looked_at_in_one_instant() {
    // SL-08
    harness::Model::new().max_branches(MANY_STEPS).check(|| {
        let [(to_a, a), (to_b, b)] = [bounded(1), bounded(1)];
        let quiet = [(); 70].map(|()| bounded(1));
        to_a.try_send(10).expect("there is room");
        let clock = Clock::manual();
        let (index, _) = both(
            || {
                let mut arms: Vec<_> = among(&b, &quiet, &a).collect();
                select_until(&mut each(&mut arms), &clock, clock.now())
            },
            || (to_b.try_send(20), a.try_recv()),
        );
        assert!(
            index.is_some(),
            "`None` of 142 arms, though at each instant the first or the last could be completed"
        );
    });
}

/// Main waits with 36 arms, at 19 channels, and one value is sent, for the first arm or for the last.
#[test]
fn a_select_with_many_arms_misses_no_value() {
    // SL-26
    for to_first in [true, false] {
        harness::Model::new()
            .max_branches(MANY_STEPS)
            .check(move || {
                let [a, b] = [bounded(1), bounded(1)];
                let quiet = [(); 17].map(|()| bounded(1));
                let to = if to_first { &b.0 } else { &a.0 };
                let (got, _) = both(
                    || {
                        let mut arms: Vec<_> = among(&b.1, &quiet, &a.1).collect();
                        let index = select(&mut each(&mut arms));
                        (index, arms.swap_remove(index).outcome())
                    },
                    || to.send(7),
                );
                let expected = if to_first { 0 } else { 35 };
                assert_eq!(got, (expected, Some(Ok(7))), "index, and receive");
            });
    }
}

/// Arms of `first` and `last`, and between them two of each of `quiet`.
fn among<'a>(
    first: &'a Receiver<u32>,
    quiet: &'a [(Sender<u32>, Receiver<u32>)],
    last: &'a Receiver<u32>,
) -> impl Iterator<Item = RecvArm<'a, u32>> {
    let between = quiet.iter().chain(quiet).map(|(_, receiver)| receiver);
    [first]
        .into_iter()
        .chain(between)
        .chain([last])
        .map(|end| end.arm())
}

/// What `select` takes.
fn each<'s, 'a, A: Arm<'a>>(arms: &'s mut [A]) -> Vec<&'s mut dyn Arm<'a>> {
    let arms = arms.iter_mut().map(|arm| arm as &mut dyn Arm<'a>);
    arms.collect()
}

/// A weak exchange may fail though the word is as it was expected: that is no reason to pass a call by that waits.
#[test]
fn an_exchange_that_fails_for_no_reason_passes_nobody_by() {
    harness::Model::new().spurious_failures(1).check(|| {
        let [a, b] = [bounded(0), bounded(0)];
        let (got, sent) = both(|| recv_either(&a.1, &b.1), || b.0.send(20));
        assert_eq!(sent, Ok(()), "the select receives it");
        assert_eq!(
            got,
            (1, [None, Some(Ok(20))]),
            "index, and what the arms got"
        );
        nobody_is_registered(&[&a.1, &b.1]);
    });
}

/// A thread that wakes up without having been woken, up to three times, goes on to sleep: no arm has been completed. The
/// other thread yields before it sends, so that the call can have fallen asleep, and woken. Each time it has to sleep again.
#[test]
fn a_spurious_wakeup_is_no_choice() {
    for (wakeups, turns) in [(1, 0), (1, 2), (3, 3)] {
        let model = || harness::Model::new().spurious_wakeups(wakeups);
        model().check(move || {
            let [a, b] = [bounded(1), bounded(1)];
            let (got, _) = both(
                || recv_either(&a.1, &b.1),
                || {
                    let_others_sleep(turns);
                    b.0.send(20)
                },
            );
            assert_eq!(
                got,
                (1, [None, Some(Ok(20))]),
                "index, and what the arms got"
            );
        });
        model().check(move || {
            let (clock, (sender, receiver)) = (Clock::manual(), bounded(1));
            let deadline = clock.now() + SECOND;
            let (index, _) = both(
                || select_until(&mut [&mut receiver.arm()], &clock, deadline),
                || {
                    let_others_sleep(turns);
                    sender.send(7)
                },
            );
            assert_eq!(index, Some(0), "the time has not come, and 7 was sent");
        });
    }
    must_sleep_again("`select`", |steps| {
        let [a, b] = [bounded(1), bounded(1)];
        let send = || {
            steps();
            b.0.send(20)
        };
        let (got, _) = both(|| recv_either(&a.1, &b.1), send);
        assert_eq!(
            got,
            (1, [None, Some(Ok(20))]),
            "index, and what the arms got"
        );
    });
    must_sleep_again("`select_until`", |steps| {
        let (clock, (sender, receiver)) = (Clock::manual(), bounded(1));
        let deadline = clock.now() + SECOND;
        let send = || {
            steps();
            sender.send(7)
        };
        let (index, _) = both(
            || select_until(&mut [&mut receiver.arm()], &clock, deadline),
            send,
        );
        assert_eq!(index, Some(0), "the time has not come, and 7 was sent");
    });
}
