//! Every interleaving of a few small programs. IDs such as SL-07 name behaviours of Go's `select`, CL-03 of
//! its `close`.

use crate::channel::{Receiver, Sender, bounded};
use crate::select_recv;
use crate::sync::channel::{RecvError, TryRecvError};
use crate::sync::{naming, thread};
use harness::testing::{
    Slot, Watched, both, let_others_sleep, must_sleep, must_sleep_again, spawn,
};

type Ends<T> = (Sender<T>, Receiver<T>);

/// A channel; `name` is what the dry run calls it.
fn channel<T>(name: &str, capacity: usize) -> Ends<T> {
    naming(name, || bounded(capacity))
}

/// Two channels for one value each.
fn two<T>() -> (Ends<T>, Ends<T>) {
    (channel("a", 1), channel("b", 1))
}

/// How many arms are still registered with each.
fn registered<T, const N: usize>(receivers: [&Receiver<T>; N]) -> [usize; N] {
    receivers.map(Receiver::registered)
}

/// A value is sent to the second channel: before main has looked, while it registers, or when it sleeps. It
/// must come.
#[test]
fn a_value_wakes_it_whenever_it_comes() {
    // SL-24, CH-18, CH-19
    harness::model(|| {
        let ((_to_a, a), (to_b, b)) = two();
        let ((chosen, received), sent) = both(
            || select_recv(&[&a, &b]),
            || to_b.send(Watched::new("value", 7)).is_ok(),
        );
        let value = received.map(|value| value.read());
        assert_eq!((chosen, value), (1, Ok(7)), "what was sent to receiver 1");
        assert!(sent, "there is room for it");
        assert_eq!(registered([&a, &b]), [0, 0], "registered in a and b");
    });
}

/// Without a buffer: a sender comes to one of two channels, and main has its value before `send` returns.
fn a_sender_is_met(at: usize) {
    let ends = [channel("a", 0), channel("b", 0)];
    let [a, b] = ends.each_ref().map(|(_, receiver)| receiver);
    let (received, sent) = both(|| select_recv(&[a, b]), || ends[at].0.send(7));
    assert_eq!(received, (at, Ok(7)), "what was sent to receiver {at}");
    assert_eq!(sent, Ok(()), "it has been received");
    assert_eq!(registered([a, b]), [0, 0], "registered in a and b");
}

/// A sender comes to the first of two channels without a buffer, while main looks at either, registers or
/// sleeps. If it is not met then, it falls asleep itself.
#[test]
fn a_sender_to_the_first_is_met() {
    // CH-06
    harness::model(|| a_sender_is_met(0));
}

/// A sender comes to the last of two channels without a buffer, while main looks at either, registers or
/// sleeps. If it is not met then, it falls asleep itself.
#[test]
fn a_sender_to_the_last_is_met() {
    // CH-06
    harness::model(|| a_sender_is_met(1));
}

/// A value for each of two channels, one after the other. One is received; the other stays in its channel,
/// for the next one that comes.
#[test]
fn of_two_values_one_is_received_and_the_other_stays() {
    // SL-07
    harness::model(|| {
        let ((to_a, a), (to_b, b)) = two();
        let (received, sent) = both(
            || select_recv(&[&a, &b]),
            || (to_b.try_send(20), to_a.try_send(10)),
        );
        assert_eq!(sent, (Ok(()), Ok(())), "each has room for one");
        let (chosen, left) = match received {
            (0, Ok(10)) => ("a", (a.try_recv(), b.try_recv())),
            (1, Ok(20)) => ("b", (b.try_recv(), a.try_recv())),
            other => panic!("10 was sent to receiver 0, and 20 to receiver 1, not {other:?}"),
        };
        let other = if chosen == "a" { 20 } else { 10 };
        assert_eq!(
            left,
            (Err(TryRecvError::Empty), Ok(other)),
            "what is left in {chosen}, from where it received, and in the other channel"
        );
    });
}

/// Two threads send at once, each to a channel of its own. Both may find main asleep, and both may choose it:
/// one of them must be told that it is too late, so that its value stays.
#[test]
fn of_two_senders_at_once_one_is_chosen() {
    // SL-07, SL-25
    harness::Model::new().preemption_bound(3).check(|| {
        let ((to_a, a), (to_b, b)) = two();
        let mut all: Vec<u32> = thread::scope(|s| {
            let selects = spawn(s, "selects", || select_recv(&[&a, &b]));
            let sends = spawn(s, "sends", || to_a.try_send(10));
            assert_eq!(to_b.try_send(20), Ok(()), "b has room for one");
            assert_eq!(sends.join().expect("ends"), Ok(()), "a has room for one");
            let (_, received) = selects.join().expect("ends");
            received.into_iter().collect()
        });
        let chosen = all.clone();
        all.extend([&a, &b].into_iter().filter_map(|left| left.try_recv().ok()));
        all.sort_unstable();
        assert_eq!(
            all,
            [10, 20],
            "{chosen:?} was received by the select, and the rest should be left in a or b"
        );
    });
}

/// The last sender of one channel goes, and a value is sent to the other. Either may be what main returns
/// with; the value is not lost if it is the end.
#[test]
fn a_close_beside_a_value() {
    // SL-17, CL-03
    harness::model(|| {
        let ((to_a, a), (to_b, b)) = two();
        let (received, sent) = both(
            || select_recv(&[&a, &b]),
            || {
                drop(to_a);
                to_b.try_send(20)
            },
        );
        assert_eq!(sent, Ok(()), "b has room for one");
        match received {
            (0, Err(RecvError)) => assert_eq!(
                b.try_recv(),
                Ok(20),
                "main has returned the end of a, so 20, which was sent to b, should be left in b"
            ),
            (1, Ok(20)) => assert_eq!(select_recv(&[&a, &b]), (0, Err(RecvError))),
            other => panic!("a was closed, and 20 was sent to b, but it returned {other:?}"),
        }
    });
}

/// The last sender of the second channel goes, and nothing else happens.
#[test]
fn the_last_sender_wakes_it() {
    // CL-03, CL-13
    harness::model(|| {
        let ((_to_a, a), (to_b, b)) = two::<u32>();
        let last_words = Slot::empty("last words");
        let (received, ()) = both(
            || (select_recv(&[&a, &b]), last_words.read()),
            || {
                last_words.write(7);
                drop(to_b);
            },
        );
        let end = (1, Err(RecvError));
        assert_eq!(
            received,
            (end, 7),
            "receiver 1 has no sender; what that wrote"
        );
        assert_eq!(registered([&a, &b]), [0, 0], "registered in a and b");
    });
}

/// A program that must not end: two channels are open, and empty.
#[test]
fn it_sleeps_while_there_is_nothing() {
    // CH-01
    must_sleep("`select_recv`", "both channels were open and empty", || {
        let ((_to_a, a), (_to_b, b)) = two::<u32>();
        let _ = select_recv(&[&a, &b]);
    });
}

/// A program that must not end: one value is sent, and main calls twice.
#[test]
fn it_sleeps_again_when_all_has_been_received() {
    must_sleep("`select_recv`", "its channels were open and empty", || {
        let ((_to_a, a), (to_b, b)) = two();
        let ((), sent) = both(
            || {
                assert_eq!(select_recv(&[&a, &b]), (1, Ok(7)));
                let _ = select_recv(&[&a, &b, &a]);
                panic!("a second `select_recv` returned, and there was one value");
            },
            || to_b.try_send(7),
        );
        sent.expect("there is room");
    });
}

/// Two select from the same two channels, in opposite orders, and there is a value for each: both must sleep until then,
/// and return.
///
/// Each may hold the lock that the other wants. The second has clones, which lie in memory in the opposite order, too:
/// where a receiver lies says nothing of its channel.
#[test]
fn selects_in_opposite_orders_end() {
    // SL-21
    harness::Model::new().loose_bound(3).check(|| {
        let ((to_a, a), (to_b, b)) = two();
        let (a_and_b, b_and_a) = ([a.clone(), b.clone()], [b.clone(), a.clone()]);
        thread::scope(|s| {
            let forwards = spawn(s, "forwards", || select_recv(&a_and_b.each_ref()));
            let backwards = spawn(s, "backwards", || select_recv(&b_and_a.each_ref()));
            to_a.try_send(10).expect("a has room");
            to_b.try_send(20).expect("b has room");
            let received = [forwards, backwards].map(|select| select.join().expect("ends"));
            let either = [[(0, Ok(10)), (0, Ok(20))], [(1, Ok(20)), (1, Ok(10))]];
            assert!(
                either.contains(&received),
                "select_recv(&[a, b]) and select_recv(&[b, a]) should have one of 10, sent to a, \
                 and 20, sent to b, not {received:?}"
            );
        });
        assert_eq!(registered([&a, &b]), [0, 0], "registered in a and b");
    });
}

/// A select and a plain receive wait for `a`; the select waits for `b`, too, and `b` has a value. So the
/// value that is sent to `a` is for the receive: its sender must not give it to a select that has been
/// chosen.
#[test]
fn a_sender_goes_on_to_the_next_who_waits() {
    // SL-11, SL-25
    harness::Model::new().preemption_bound(2).check(|| {
        let ((to_a, a), (to_b, b)) = (channel("a", 0), channel("b", 1));
        thread::scope(|s| {
            let selects = spawn(s, "selects", || select_recv(&[&a, &b]));
            let receives = spawn(s, "receives", || a.recv());
            to_b.try_send(20).expect("b has room");
            to_a.send(10).expect("a has a receiver");
            // One of them has 10. The select may be it; then the receive still waits, and 20 is in b.
            if selects.join().expect("ends") == (0, Ok(10)) {
                assert_eq!(b.try_recv(), Ok(20), "what is left in b");
                to_a.send(11).expect("a has a receiver");
                assert_eq!(receives.join().expect("ends"), Ok(11), "the next value");
            } else {
                assert_eq!(receives.join().expect("ends"), Ok(10), "the value of a");
            }
        });
    });
}

/// Main selects twice, and another thread sends two values to one channel. They come in the order in which they were
/// sent, and each call sleeps until there is one for it: the second is not ended by a wakeup that was meant for the first,
/// and comes late.
#[test]
fn no_value_overtakes_another() {
    // CH-07
    harness::Model::new().preemption_bound(3).check(|| {
        let ((_to_a, a), (to_b, b)) = (channel("a", 2), channel("b", 2));
        let (received, sent) = both(
            || [(); 2].map(|()| select_recv(&[&a, &b])),
            || [to_b.try_send(1), to_b.try_send(2)],
        );
        assert_eq!(sent, [Ok(()); 2], "b has room for two");
        assert_eq!(received, [(1, Ok(1)), (1, Ok(2))], "what was sent to b");
    });
}

/// A channel is in the slice three times, once as a clone, and two values are sent to it: the second stays there, though it
/// may find arms of the call in the list that are not chosen.
#[test]
fn a_channel_may_be_named_more_than_once() {
    // SL-11, SL-21
    harness::model(|| {
        let ((_to_a, a), (to_b, b)) = (channel("a", 1), channel("b", 2));
        let also_b = b.clone();
        let ((chosen, received), sent) = both(
            || select_recv(&[&b, &a, &also_b, &b]),
            || [to_b.try_send(7), to_b.try_send(8)],
        );
        assert_eq!(sent, [Ok(()); 2], "b has room for two");
        assert_eq!(received, Ok(7), "what was sent to b first");
        assert!(
            [0, 2, 3].contains(&chosen),
            "b is at 0, 2 and 3, not at {chosen}"
        );
        assert_eq!(registered([&a, &b]), [0, 0], "registered in a and b");
        assert_eq!(
            b.try_recv(),
            Ok(8),
            "what is left in b, to which 7 and 8 were sent, when one call has received 7"
        );
    });
}

/// A value is sent to the second channel, and the select may wake up for no reason before it comes, up to three times: it
/// must return with the value, and not without. Each time it has to sleep again.
#[test]
fn a_spurious_wakeup_is_no_value() {
    for (wakeups, turns) in [(1, 0), (3, 3)] {
        harness::Model::new()
            .spurious_wakeups(wakeups)
            .check(move || {
                let ((_to_a, a), (to_b, b)) = two();
                let (sent, received) = both(
                    || {
                        let_others_sleep(turns);
                        to_b.try_send(7)
                    },
                    || select_recv(&[&a, &b]),
                );
                assert_eq!((received, sent), ((1, Ok(7)), Ok(())), "what was sent to b");
                assert_eq!(registered([&a, &b]), [0, 0], "registered in a and b");
            });
    }
    must_sleep_again("`select_recv`", |steps| {
        let ((_to_a, a), (to_b, b)) = two();
        let send = || {
            steps();
            to_b.try_send(7)
        };
        let (received, _) = both(|| select_recv(&[&a, &b]), send);
        assert_eq!(received, (1, Ok(7)), "what was sent to b");
    });
}

/// A weak exchange fails for no reason, if `choose` has one: main is not chosen by anybody then, and the
/// sender must not pass on as if it were.
#[test]
fn a_spurious_failure_chooses_somebody_all_the_same() {
    harness::Model::new().spurious_failures(1).check(|| {
        let ((_to_a, a), (to_b, b)) = two();
        let (received, sent) = both(|| select_recv(&[&a, &b]), || to_b.try_send(7));
        assert_eq!((received, sent), ((1, Ok(7)), Ok(())), "what was sent to b");
    });
}
