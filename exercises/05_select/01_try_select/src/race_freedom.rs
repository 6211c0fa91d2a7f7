//! Every interleaving of a few small programs. IDs such as SL-08 name behaviours of Go's `select`, CH-22 and
//! CL-11 of its channels and of `close`.

use crate::channel::{Arm, Receiver, SendOutcome, Sender, Waiter, bounded};
use crate::sync::channel::RecvError;
use crate::sync::naming;
use crate::sync::task::Arc;
use crate::{try_recv_any, try_select};
use harness::testing::{Watched, both, has_waited};

type Ends<T> = (Sender<T>, Receiver<T>);

/// A channel; `name` is what the dry run calls it.
fn channel<T>(name: &str, capacity: usize) -> Ends<T> {
    naming(name, || bounded(capacity))
}

/// Two channels for one value each.
fn two<T>() -> (Ends<T>, Ends<T>) {
    (channel("a", 1), channel("b", 1))
}

/// `a` holds a value. The other thread first puts one into `b`, and only then takes that of `a`: at each
/// instant, one of the two can be received from. So `None` is wrong, whenever main looks.
#[test]
fn none_is_wrong_if_one_of_two_is_always_ready() {
    // SL-01, SL-08
    harness::model(|| {
        let ((to_a, a), (to_b, b)) = two();
        to_a.try_send(1).expect("a is empty");
        let (got, (sent, _)) = both(
            || try_recv_any(&[&b, &a]),
            || (to_b.try_send(2), a.try_recv()),
        );
        assert_eq!(sent, Ok(()), "b was empty");
        let expected = [Some((0, Ok(2))), Some((1, Ok(1)))];
        assert!(
            expected.contains(&got),
            "b or a was ready at each instant, but try_recv_any(&[b, a]) returned {got:?}"
        );
    });
}

/// `a` holds a value. The other thread first drops the only sender of `b`, which makes that ready for good,
/// and then takes the value of `a`. So `None` is wrong, whenever main looks.
#[test]
fn none_is_wrong_if_the_other_is_closed_before() {
    // SL-09, SL-17, CL-11
    harness::model(|| {
        let ((to_a, a), (to_b, b)) = two();
        to_a.try_send(1).expect("a is empty");
        let (got, _) = both(
            || try_recv_any(&[&b, &a]),
            || {
                drop(to_b);
                a.try_recv()
            },
        );
        let expected = [Some((0, Err(RecvError))), Some((1, Ok(1)))];
        assert!(
            expected.contains(&got),
            "a had a value or b no sender, at each instant, but try_recv_any(&[b, a]) returned {got:?}"
        );
    });
}

/// There is a value in `a` or in `b` at each instant, and it moves back and forth: either is found empty
/// again and again, and never both. A third channel, between them in the slice, is always empty.
#[test]
fn none_is_wrong_however_often_one_looks() {
    // SL-08
    harness::model(|| {
        let ((to_a, a), (_to_quiet, quiet)) = (channel("a", 1), channel("quiet", 1));
        let (to_b, b) = channel("b", 1);
        to_a.try_send(1).expect("a is empty");
        let (got, _) = both(
            || try_recv_any(&[&b, &quiet, &a]),
            || {
                // Whether main has taken one of them does not matter any more.
                for _ in 0..2 {
                    let _ = (to_b.try_send(2), a.try_recv());
                    let _ = (to_a.try_send(1), b.try_recv());
                }
                let _ = (to_b.try_send(2), a.try_recv());
            },
        );
        assert!(
            got.is_some(),
            "b or a was ready at each instant, but try_recv_any(&[b, quiet, a]) returned None"
        );
    });
}

/// The call has 36 arms, and at each instant the first or the last is ready: there is a value in `a` until there
/// is one in `b`. So `None` is wrong. Between the two are 17 channels that stay empty, each in two arms.
#[test]
fn none_is_wrong_among_many_arms() {
    // SL-08
    harness::Model::new().max_branches(5_000).check(|| {
        let ((to_a, a), (to_b, b)) = two();
        let quiet = [(); 17].map(|()| bounded(1));
        to_a.try_send(1).expect("a is empty");
        let mut receivers = vec![&b];
        receivers.extend(quiet.iter().chain(&quiet).map(|(_, receiver)| receiver));
        receivers.push(&a);
        let (got, _) = both(
            || try_recv_any(&receivers),
            || (to_b.try_send(2), a.try_recv()),
        );
        let expected = [Some((0, Ok(2))), Some((35, Ok(1)))];
        assert!(
            expected.contains(&got),
            "b, the first of 36, or a, the last, was ready at each instant, but try_recv_any returned {got:?}"
        );
    });
}

/// Two sends: there is room in `b`, and before the other thread fills it, it makes room in `a`. So one of
/// main's values goes in, whenever main looks, and the other stays with its arm.
#[test]
fn none_is_wrong_if_there_is_always_room_in_one_of_two() {
    // SL-08, SL-14
    harness::model(|| {
        let ((to_a, a), (to_b, b)) = two();
        to_a.try_send(1).expect("a is empty");
        let main = || {
            let (mut first, mut second) = (to_a.arm(10), to_b.arm(20));
            let ready = try_select(&mut [&mut first, &mut second]);
            (ready, first.outcome(), second.outcome())
        };
        let (selected, filled) = both(main, || {
            let _ = a.try_recv();
            to_b.try_send(2)
        });
        match selected {
            (Some(0), SendOutcome::Sent, SendOutcome::NotChosen(20)) => {
                assert_eq!((a.try_recv(), filled), (Ok(10), Ok(())), "sent to a");
            }
            (Some(1), SendOutcome::NotChosen(10), SendOutcome::Sent) => {
                assert!(filled.is_err(), "b had room for one");
                assert_eq!(b.try_recv(), Ok(20), "sent to b");
            }
            other => panic!("a or b had room at each instant, but try_select returned {other:?}"),
        }
    });
}

/// The other thread sends to `a`, and then to `b`. So whenever `b` is ready, `a` is ready too, and `a` is the
/// first arm: to receive from `b` is wrong. It is how one looks whether to stop before one looks for work.
#[test]
fn the_first_arm_is_first_at_one_instant() {
    // SL-28
    harness::model(|| {
        let ((to_a, a), (to_b, b)) = two();
        let (got, sent) = both(
            || try_recv_any(&[&a, &b]),
            || (to_a.try_send(1), to_b.try_send(2)),
        );
        assert_eq!(sent, (Ok(()), Ok(())), "both were empty");
        assert!(
            [None, Some((0, Ok(1)))].contains(&got),
            "b was not ready before a, but try_recv_any(&[a, b]) returned {got:?}"
        );
    });
}

/// One names `a` first, the other `b`: each may hold the lock that the other wants.
#[test]
fn calls_in_opposite_orders_end() {
    // SL-21
    harness::model(|| {
        let ((to_a, a), (_to_b, b)) = two();
        to_a.try_send(1).expect("a is empty");
        let call = |receivers: [&_; 2]| (try_recv_any(&receivers), has_waited());
        let ((ab, waited), (ba, other_waited)) = both(|| call([&a, &b]), || call([&b, &a]));
        let one = (Some((0, Ok(1))), None);
        let other = (None, Some((1, Ok(1))));
        assert!(
            [one, other].contains(&(ab, ba)),
            "one of two calls gets the value, but they returned {ab:?} and {ba:?}"
        );
        assert!(
            !waited && !other_waited,
            "a call has yielded or slept: it may wait for the lock of a channel only"
        );
    });
}

/// Three channels and two sends to each of them: all of the locks, and arms in the middle.
#[test]
fn sends_in_opposite_orders_end() {
    // SL-21
    harness::model(|| {
        let names = ["a", "b", "c"];
        let channels = &names.map(|name| channel(name, 1));
        let call = |order: [usize; 3]| {
            let mut arms = order.map(|i| channels[i].0.arm(i));
            let [x, y, z] = &mut arms;
            try_select(&mut [x, y, z])
        };
        let sent = both(|| call([0, 2, 1]), || call([1, 2, 0]));
        assert_eq!(sent, (Some(0), Some(0)), "both have room in their first");
    });
}

/// `a` stands in three arms, on both sides, and another thread sends to it. There is one lock to it, and one instant for
/// all of its arms: it is empty, so that arm 2 can send, or it is full, so that arm 0 can receive.
#[test]
fn a_channel_in_several_arms_is_locked_once() {
    // SL-11, SL-21
    harness::model(|| {
        let ((to_a, a), (_to_b, b)) = two();
        let (mut first, mut quiet) = (a.arm(), b.arm());
        let (mut send, mut second) = (to_a.arm(1), a.arm());
        let mut arms: [&mut dyn Arm<'_>; 4] = [&mut first, &mut quiet, &mut send, &mut second];
        let (ready, sent) = both(|| try_select(&mut arms), || to_a.try_send(2).is_ok());
        assert!(
            [(Some(2), false), (Some(0), true)].contains(&(ready, sent)),
            "arm 2 sends and the other thread finds no room, or that sends and arm 0 receives; but try_select \
             returned {ready:?}, and whether the other has sent: {sent}"
        );
        if ready == Some(2) {
            assert_eq!(send.outcome(), SendOutcome::Sent);
            let value = try_recv_any(&[&b, &a, &a]);
            assert_eq!(value, Some((1, Ok(1))), "a has a value now");
        }
    });
}

/// A sender waits in a channel without a buffer. Main gets its value, or finds that nobody was there yet.
#[test]
fn a_sender_that_waits_is_met() {
    // CH-06, CH-19
    harness::model(|| {
        let ((to_a, a), (_to_b, b)) = (channel("a", 0), channel("b", 0));
        let (received, sent) = both(
            || match try_recv_any(&[&b, &a]) {
                Some((1, received)) => received,
                None => a.recv(),
                Some((other, _)) => panic!("nobody sends to receiver {other}"),
            },
            || to_a.send(Watched::new("value", 1)).is_ok(),
        );
        assert_eq!(received.map(|value| value.read()).ok(), Some(1));
        assert!(sent, "it has been received");
    });
}

/// A channel with one value is closed beside the call: the value is there at each instant.
#[test]
fn a_close_beside_the_call_hides_no_value() {
    // CH-22, CL-01
    harness::model(|| {
        let (to_a, a) = channel("a", 1);
        to_a.try_send(1).expect("a is empty");
        let (got, ()) = both(|| try_recv_any(&[&a]), || drop(to_a));
        assert_eq!(got, Some((0, Ok(1))), "the value came before the close");
        let end = Some((0, Err(RecvError)));
        assert_eq!(try_recv_any(&[&a]), end, "empty and closed");
    });
}

/// Waits in a channel. When it is woken, it selects from another channel, so it has to lock that.
struct LooksAt(Receiver<u32>);

impl Waiter for LooksAt {
    fn choose(&self, _arm: usize) -> bool {
        true
    }

    fn wake(&self) {
        let ready = try_recv_any(&[&self.0]);
        assert_eq!(ready, None, "the other channel is empty");
    }
}

/// Main's send chooses a receiver that waits. As that is woken it selects from the other channel, which main has
/// locked as well: so all locks must be free before anybody is woken, and what main's thread keeps must not be in
/// use. Either channel may be the older, and either arm the first.
#[test]
fn threads_are_woken_when_no_channel_is_locked() {
    // CL-15
    harness::model(|| {
        let ends = [channel("a", 0), channel("b", 0)];
        for (at, other, place) in [(0, 1, 1), (1, 0, 1), (0, 1, 0), (1, 0, 0)] {
            let ((to, from), (_, quiet)) = (&ends[at], &ends[other]);
            let waiter: Arc<dyn Waiter> = Arc::new(LooksAt(quiet.clone()));
            let mut waits = from.arm();
            waits.register(&mut waits.lock(), &waiter, 0);
            let (mut send, mut quiet) = (to.arm(1), quiet.arm());
            let mut arms: [&mut dyn Arm<'_>; 2] = [&mut send, &mut quiet];
            arms.rotate_left(place);
            let ready = try_select(&mut arms);
            assert_eq!(ready, Some(place), "a receiver waits for what is sent");
            assert!(waits.unregister(&mut waits.lock()), "it has been chosen");
            assert_eq!(waits.outcome(), Some(Ok(1)));
        }
    });
}
