//! The contract of `try_select` on real threads. IDs such as SL-01 name behaviours of Go's `select`, CH-02 of
//! its channels.

use channels::real::{Arm, Receiver, SendOutcome, Sender, Waiter, bounded};
use harness::sync::real::channel::{RecvError, TryRecvError, TrySendError};
use harness::sync::real::task::Arc;
use harness::sync::real::thread;
use harness::testing::{assert_panics, must_end, spawn_sleepers, wait_until, while_unwinding};
use std::iter;
use std::rc::Rc;
use try_select::{try_recv_any, try_select};

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `try_select` or `try_recv_any`";

type Ends<T> = (Sender<T>, Receiver<T>);

fn channels<T, const N: usize>(capacity: usize) -> [Ends<T>; N] {
    [(); N].map(|()| bounded(capacity))
}

/// `try_select` with these arms. Afterwards the slice has its order.
fn select<'a>(arms: &mut [impl Arm<'a>]) -> Option<usize> {
    let channels: Vec<_> = arms.iter().map(|arm| arm.channel()).collect();
    let mut arms: Vec<&mut dyn Arm<'a>> = arms.iter_mut().map(|arm| arm as _).collect();
    let ready = try_select(&mut arms);
    assert!(
        arms.iter().map(|arm| arm.channel()).eq(channels),
        "`try_select` has changed the order of the arms in the slice"
    );
    ready
}

#[test]
fn without_arms_nothing_is_ready() {
    must_end(IN_CALL, || {
        assert_eq!(try_select(&mut []), None);
        // The type needs no more than the signature says: it is not `Send`, and not `'static`.
        let local = 7;
        assert_eq!(try_recv_any::<Rc<&u32>>(&[]), None);
        let (to_here, here) = bounded(1);
        to_here.try_send(Rc::new(&local)).expect("has room");
        assert_eq!(try_recv_any(&[&here]), Some((0, Ok(Rc::new(&local)))));
    });
}

#[test]
fn none_is_ready_if_all_would_wait() {
    // SL-01, SL-23, CH-02, CH-04
    must_end(IN_CALL, || {
        let [(_to_empty, empty), (full, from_full)] = channels(1);
        let (meeting, from_meeting) = bounded(0);
        full.try_send(1).expect("has room");
        let mut recv = empty.arm();
        let (mut send, mut meets) = (full.arm(2), meeting.arm(3));
        assert_eq!(
            try_select(&mut [&mut recv, &mut send, &mut meets]),
            None,
            "an empty channel to receive from, a full one and one without a receiver to send to"
        );
        assert_eq!(recv.outcome(), None, "nothing was received");
        assert_eq!(send.outcome(), SendOutcome::NotChosen(2));
        assert_eq!(meets.outcome(), SendOutcome::NotChosen(3));
        assert_eq!(from_full.try_recv(), Ok(1), "what was in there");
        assert_eq!(
            [empty.registered(), full.registered(), meeting.registered()],
            [0; 3],
            "registered when the call has returned"
        );
        assert_eq!(from_meeting.try_recv(), Err(TryRecvError::Empty));
    });
}

/// Ready is: a value, room, somebody who waits, nobody left on the other side.
#[test]
fn each_of_these_is_ready() {
    // SL-17, SL-18, CH-06, CL-11
    must_end(IN_CALL, || {
        let [(_to_quiet, quiet), (to_value, value), (to_closed, closed)] = channels(1);
        to_value.try_send(1).expect("has room");
        assert_eq!(
            try_recv_any(&[&quiet, &value]),
            Some((1, Ok(1))),
            "there is a value"
        );
        drop(to_closed);
        to_value.try_send(2).expect("has room");
        for _ in 0..2 {
            assert_eq!(
                try_recv_any(&[&quiet, &closed, &value]),
                Some((1, Err(RecvError))),
                "receiver 1 has no sender any more, and receiver 2 has a value"
            );
        }
        let (to_nobody, _) = bounded(1);
        let (mut recv, mut send) = (quiet.arm(), to_nobody.arm("undeliverable"));
        assert_eq!(
            try_select(&mut [&mut recv, &mut send]),
            Some(1),
            "the channel of arm 1 has no receiver any more"
        );
        assert_eq!(send.outcome(), SendOutcome::Disconnected("undeliverable"));

        let (to_meeting, meeting) = bounded(0);
        let waits = to_meeting.clone();
        spawn_sleepers("sends", [move || waits.send(2).expect("is received")]);
        wait_until("no sender waits", || meeting.registered() == 1);
        assert_eq!(
            try_recv_any(&[&quiet, &meeting]),
            Some((1, Ok(2))),
            "a sender waits"
        );
        let waits = meeting.clone();
        let (to_main, result) = bounded(1);
        let recv = move || to_main.send(waits.recv()).expect("main receives");
        spawn_sleepers("receives", [recv]);
        wait_until("no receiver waits", || meeting.registered() == 1);
        let (mut recv, mut send) = (quiet.arm(), to_meeting.arm(3));
        assert_eq!(
            try_select(&mut [&mut recv, &mut send]),
            Some(1),
            "a receiver waits"
        );
        assert_eq!(send.outcome(), SendOutcome::Sent);
        assert_eq!(result.recv(), Ok(Ok(3)), "what the receiver got");
    });
}

/// Whichever channel is older, and however many are ready: the first in the slice is done, and no other.
#[test]
fn the_first_in_the_slice_is_done_and_no_other() {
    // SL-07, SL-14
    must_end(IN_CALL, || {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let ends = channels::<_, 3>(1);
            for (i, (to, _)) in ends.iter().enumerate() {
                to.try_send(i).expect("has room");
            }
            let receivers = order.map(|i| &ends[i].1);
            for (first, &value) in order.iter().enumerate() {
                assert_eq!(
                    try_recv_any(&receivers),
                    Some((first, Ok(value))),
                    "channels {order:?}, all from index {first} on have a value"
                );
            }
            assert_eq!(try_recv_any(&receivers), None, "all have been received");

            for room in 0..3 {
                let mut sends = order.map(|i| ends[i].0.arm(10 + i));
                let ready = select(&mut sends);
                assert_eq!(
                    ready,
                    Some(room),
                    "channels {order:?} with room from {room} on"
                );
                for (i, send) in sends.into_iter().enumerate() {
                    let expected = match i == room {
                        true => SendOutcome::Sent,
                        false => SendOutcome::NotChosen(10 + order[i]),
                    };
                    assert_eq!(send.outcome(), expected, "send {i}; {room} was chosen");
                }
            }
        }
    });
}

/// `a` is in two arms, and an arm of `b` is between them. All that can be done is done in the order of the slice,
/// and not channel by channel.
#[test]
fn an_arm_between_two_of_another_channel_has_its_turn() {
    // SL-11
    must_end(IN_CALL, || {
        for swapped in [false, true] {
            let mut ends = channels(1);
            if swapped {
                ends.reverse();
            }
            let [(to_a, a), (to_b, b)] = ends;
            to_b.try_send(2).expect("has room");
            let (mut first, mut second, mut third) = (a.arm(), b.arm(), to_a.arm(1));
            let ready = try_select(&mut [&mut first, &mut second, &mut third]);
            assert_eq!(
                ready,
                Some(1),
                "a is empty, b has a value, a has room: arm 1 is the first that is ready"
            );
            assert_eq!(third.outcome(), SendOutcome::NotChosen(1));

            let (mut first, mut second, mut third) = (to_a.arm(1), to_b.arm(2), a.arm());
            let ready = try_select(&mut [&mut first, &mut second, &mut third]);
            assert_eq!(ready, Some(0), "a and b have room: arm 0 is the first");
            assert_eq!(second.outcome(), SendOutcome::NotChosen(2));
        }
    });
}

/// A channel may be in several arms, in one direction or in both: each of them has its turn, and each has its index.
#[test]
fn a_channel_may_be_in_several_arms() {
    // SL-11, SL-21
    must_end(IN_CALL, || {
        let [(to_a, a), (to_b, b)] = channels(2);
        assert_eq!(try_recv_any(&[&a, &b, &a, &b]), None, "both are empty");
        let mut sends = [1, 2, 3].map(|value| to_a.arm(value));
        let [first, second, third] = &mut sends;
        assert_eq!(try_select(&mut [first, second, third]), Some(0));
        assert_eq!(
            sends.map(|send| send.outcome()),
            [
                SendOutcome::Sent,
                SendOutcome::NotChosen(2),
                SendOutcome::NotChosen(3)
            ]
        );
        assert_eq!(try_recv_any(&[&b, &a, &a]), Some((1, Ok(1))));
        assert_eq!(a.try_recv(), Err(TryRecvError::Empty), "one was sent");
        to_b.try_send(4).expect("has room");
        assert_eq!(
            try_recv_any(&[&a, &a, &b]),
            Some((2, Ok(4))),
            "try_recv_any(&[a, a, b]): the index of b is 2"
        );
        let (mut recv, mut quiet, mut send) = (a.arm(), b.arm(), to_a.arm(5));
        assert_eq!(
            try_select(&mut [&mut recv, &mut quiet, &mut send]),
            Some(2),
            "a is in arm 0, which receives, and in arm 2, which sends; a and b are empty, so arm 2 is ready"
        );
        assert_eq!(send.outcome(), SendOutcome::Sent);
    });
}

#[test]
fn a_send_and_a_receive_of_one_call_do_not_meet() {
    // SL-10
    must_end(IN_CALL, || {
        let (to, from) = bounded(0);
        for send_first in [true, false] {
            let (mut send, mut recv) = (to.arm(1), from.arm());
            let ready = match send_first {
                true => try_select(&mut [&mut send, &mut recv]),
                false => try_select(&mut [&mut recv, &mut send]),
            };
            assert_eq!(ready, None, "there is no buffer, and nobody else waits");
            assert_eq!(send.outcome(), SendOutcome::NotChosen(1));
            assert_eq!(to.registered(), 0, "registered afterwards");
        }
    });
}

/// Two channels in the states that there are; one call with a single arm, and the channel's own.
#[test]
fn a_call_with_one_arm_is_a_try() {
    // SL-29
    must_end(IN_CALL, || {
        for capacity in 0..3 {
            for filled in 0..=capacity {
                let [one, other] = channels(capacity);
                for (to, _) in [&one, &other] {
                    (0..filled).for_each(|value| to.try_send(value).expect("has room"));
                }
                let state = format!("{filled} of {capacity}");
                let mut send = one.0.arm(9);
                let ready = try_select(&mut [&mut send]);
                let tried = other.0.try_send(9);
                assert_eq!(ready, tried.ok().map(|()| 0), "a send to {state}");
                loop {
                    let ready = try_recv_any(&[&one.1]);
                    let tried = match other.1.try_recv() {
                        Err(TryRecvError::Empty) => None,
                        tried => Some((0, tried.map_err(|_| RecvError))),
                    };
                    assert_eq!(ready, tried, "a receive, after {state}");
                    if ready.is_none() {
                        break;
                    }
                }
            }
        }
    });
}

/// In a destructor, while the thread unwinds, the answers are those of any other call.
#[test]
fn a_call_works_while_its_thread_unwinds() {
    must_end(IN_CALL, || {
        let [(to_a, a), (_to_b, b)] = channels(1);
        let mut send = to_a.arm(1);
        while_unwinding(|| {
            assert_eq!(try_recv_any(&[&b, &a]), None, "both are empty");
            assert_eq!(try_select(&mut [&mut send]), Some(0), "a has room");
            assert_eq!(try_recv_any(&[&b, &a]), Some((1, Ok(1))));
        });
    });
}

/// 300 channels, and each of them is the one that is ready.
#[test]
fn there_may_be_hundreds_of_channels() {
    must_end(IN_CALL, || {
        let ends = channels::<_, 300>(1);
        let receivers: Vec<_> = ends.iter().map(|(_, receiver)| receiver).collect();
        for (i, (to, _)) in ends.iter().enumerate() {
            to.try_send(7).expect("has room");
            assert_eq!(
                try_recv_any(&receivers),
                Some((i, Ok(7))),
                "of 300 channels, which are in the order of the slice, number {i} has the value 7"
            );
        }
    });
}

/// 2,000 channels, and the last is ready. A function that calls itself for each channel has no room for that on the stack,
/// which is one of 128 KiB here.
#[test]
fn there_may_be_any_number_of_channels() {
    must_end(IN_CALL, || {
        let call = || {
            let ends: Vec<Ends<u32>> = (0..2_000).map(|_| bounded(1)).collect();
            let receivers: Vec<_> = ends.iter().map(|(_, receiver)| receiver).collect();
            ends[1_999].0.try_send(7).expect("has room");
            try_recv_any(&receivers)
        };
        let small = thread::Builder::new().stack_size(128 << 10);
        let got = small.spawn(call).expect("a thread").join();
        assert_eq!(
            got.expect("it has not panicked"),
            Some((1_999, Ok(7))),
            "of 2,000 channels the last has the value 7"
        );
    });
}

/// 65,538 arms of two channels, and the last is ready: its index does not fit into 16 bits.
#[test]
fn there_may_be_any_number_of_arms() {
    must_end(IN_CALL, || {
        let [(_to_quiet, quiet), (to_b, b)] = channels(1);
        let mut receivers = vec![&quiet; 65_537];
        receivers.push(&b);
        to_b.try_send(7).expect("has room");
        assert_eq!(
            try_recv_any(&receivers),
            Some((65_537, Ok(7))),
            "of 65,538 receivers the last has the value 7"
        );
        to_b.try_send(8).expect("has room");
        let mut arms: Vec<_> = receivers.iter().map(|receiver| receiver.arm()).collect();
        assert_eq!(
            select(&mut arms),
            Some(65_537),
            "of 65,538 arms the last is ready"
        );
    });
}

/// 40 channels of two types, in an order that is neither theirs nor its reverse. One is ready at a time.
#[test]
fn there_may_be_many_arms() {
    must_end(IN_CALL, || {
        let (numbers, words) = (channels::<u32, 20>(1), channels::<&str, 20>(1));
        let order: Vec<_> = (0..20).map(|i| i * 7 % 20).collect();
        for (at, &i) in order.iter().enumerate() {
            for is_word in [false, true] {
                match is_word {
                    true => words[i].0.try_send("word").expect("has room"),
                    false => numbers[i].0.try_send(7).expect("has room"),
                }
                let mut recv_words: Vec<_> = order.iter().map(|&i| words[i].1.arm()).collect();
                let mut recv_numbers: Vec<_> = order.iter().map(|&i| numbers[i].1.arm()).collect();
                let mut arms: Vec<&mut dyn Arm<'_>> = Vec::new();
                for (word, number) in recv_words.iter_mut().zip(&mut recv_numbers) {
                    arms.extend([number as &mut dyn Arm<'_>, word]);
                }
                let expected = 2 * at + usize::from(is_word);
                assert_eq!(try_select(&mut arms), Some(expected), "of 40 arms");
            }
        }
    });
}

/// A waiter that is registered already: nobody chooses it.
struct Never;

impl Waiter for Never {
    fn choose(&self, _arm: usize) -> bool {
        false
    }
    fn wake(&self) {}
}

/// A call that comes to an arm which has been completed, or is registered, panics, and its channels are locked no more. So it is
/// in a destructor of a thread that unwinds, too. It does not come to an arm behind one that is ready.
#[test]
fn an_arm_that_is_done_or_registered_panics_and_locks_nothing_for_good() {
    let hangs = "a channel is still locked after a call that panicked, or a call has not returned";
    must_end(hangs, || {
        let [(to_a, a), (_to_b, b)] = channels(1);
        let (mut quiet, mut send) = (b.arm(), to_a.arm(1));
        assert_eq!(try_select(&mut [&mut quiet, &mut send]), Some(1));
        let mut panics = || {
            assert_panics("channels: the arm has been completed", || {
                try_select(&mut [&mut quiet, &mut send]);
            });
        };
        panics();
        while_unwinding(panics);
        let mut ready = a.arm();
        assert_eq!(
            try_select(&mut [&mut ready, &mut send]),
            Some(0),
            "arm 0 is ready, so the call does not come to arm 1, which has been completed"
        );
        to_a.try_send(1).expect("has room");
        let mut waits = b.arm();
        let waiter: Arc<dyn Waiter> = Arc::new(Never);
        waits.register(&mut waits.lock(), &waiter, 0);
        assert_panics("channels: the arm is registered", || {
            try_select(&mut [&mut quiet, &mut waits]);
        });
        assert!(!waits.unregister(&mut waits.lock()), "nobody has chosen it");
        assert_eq!(try_recv_any(&[&b, &a]), Some((1, Ok(1))));
    });
}

/// Two threads send 500 values through four channels, each to whatever has room, in an order of its own; two
/// receive from whatever has a value. No value is lost and none comes twice.
#[test]
fn every_value_arrives_once() {
    // SL-07, SL-21
    const EACH: usize = 500;
    must_end(IN_CALL, || {
        let ends = &channels::<usize, 4>(1);
        let send = |id: usize| {
            for value in id * EACH..(id + 1) * EACH {
                let order = [0, 1, 2, 3].map(|i| (i * (2 * id + 1) + value) % 4);
                while select_send(order.map(|i| &ends[i].0), value).is_err() {
                    thread::yield_now();
                }
            }
        };
        let recv = |id: usize| {
            let receivers = [0, 1, 2, 3].map(|i| &ends[(i * (2 * id + 1)) % 4].1);
            let next = || loop {
                match try_recv_any(&receivers) {
                    Some((_, value)) => return value.ok(),
                    None => thread::yield_now(),
                }
            };
            iter::from_fn(next).take(EACH).collect::<Vec<_>>()
        };
        let mut all = thread::scope(|s| {
            s.spawn(|| send(0));
            s.spawn(|| send(1));
            let other = s.spawn(|| recv(0));
            let mut all = recv(1);
            all.extend(other.join().expect("it receives"));
            all
        });
        all.sort_unstable();
        assert!(
            all.iter().copied().eq(0..2 * EACH),
            "0 to 999, each once, were sent; received in order of size: {all:?}"
        );
    });
}

/// Sends to the first that has room.
fn select_send<T, const N: usize>(to: [&Sender<T>; N], value: T) -> Result<(), TrySendError<T>>
where
    T: Copy,
{
    let mut arms = to.map(|to| to.arm(value));
    let ready = select(&mut arms);
    ready.map(drop).ok_or(TrySendError::Full(value))
}
