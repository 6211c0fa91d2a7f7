//! The contract of `select_recv` on real threads. IDs such as SL-07 name behaviours of Go's `select`, CL-03
//! of its `close`.

use channels::real::{Arm, Receiver, Sender, bounded};
use harness::sync::real::channel::{RecvError, TryRecvError};
use harness::sync::real::thread;
use harness::testing::{
    assert_panics, must_end, must_sleep_on_threads, spawn_sleepers, wait_until, while_unwinding,
};
use select_recv::select_recv;
use std::rc::Rc;
use std::sync::mpsc;

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `select_recv`";

type Ends<T> = (Sender<T>, Receiver<T>);

fn channels<T, const N: usize>(capacity: usize) -> [Ends<T>; N] {
    [(); N].map(|()| bounded(capacity))
}

/// Without receivers nothing could ever wake it: it panics, in a destructor of a thread that unwinds, too.
#[test]
fn without_receivers_it_panics() {
    // SL-02
    must_end(IN_CALL, || {
        let panics = || {
            assert_panics("select_recv: no receivers", || {
                let _ = select_recv::<u32>(&[]);
            });
        };
        panics();
        while_unwinding(panics);
    });
}

/// Whichever channel is older, and however many have a value: the first in the slice is taken, and the call is registered
/// nowhere when it has returned.
#[test]
fn the_first_in_the_slice_that_has_something_is_taken() {
    // SL-07
    must_end(IN_CALL, || {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let [a, b, c] = channels(1);
            let ends = [a, b, c];
            for (i, (to, _)) in ends.iter().enumerate() {
                to.try_send(i).expect("has room");
            }
            let receivers = order.map(|i| &ends[i].1);
            for (first, &value) in order.iter().enumerate() {
                assert_eq!(
                    select_recv(&receivers),
                    (first, Ok(value)),
                    "channels {order:?}, all from index {first} on have a value"
                );
                assert_eq!(
                    receivers.map(Receiver::registered),
                    [0; 3],
                    "arms registered with each of the three, after a call that did not have to wait"
                );
            }
        }
    });
}

/// The index counts the slice, in which a channel may stand more than once.
#[test]
fn the_index_is_a_place_in_the_slice() {
    // SL-11
    must_end(IN_CALL, || {
        let [(to_a, a), (to_b, b)] = channels(1);
        let also_a = a.clone();
        let receivers = [&a, &a, &also_a, &b];
        to_b.try_send(2).expect("has room");
        assert_eq!(
            select_recv(&receivers),
            (3, Ok(2)),
            "select_recv(&[a, a, a, b]): the index of b is 3"
        );
        to_a.try_send(1).expect("has room");
        let (chosen, received) = select_recv(&receivers);
        assert_eq!(received, Ok(1), "what was sent to a");
        assert!(chosen < 3, "a is at 0, 1 and 2, not at {chosen}");

        let (_to_quiet, quiet) = bounded(1);
        let mut receivers = vec![&quiet; 65_537];
        receivers.extend([&b, &a]);
        to_a.try_send(3).expect("has room");
        to_b.try_send(4).expect("has room");
        assert_eq!(
            select_recv(&receivers),
            (65_537, Ok(4)),
            "of 65,539 receivers the last two have a value, 4 and 3"
        );
    });
}

/// A receiver that is at its end is as good as one with a value, and goes before a later one that has a
/// value.
#[test]
fn an_end_is_something() {
    // SL-17, CL-02
    must_end(IN_CALL, || {
        let [(_to_quiet, quiet), (to_closed, closed), (to_c, c)] = channels(1);
        to_closed.try_send(1).expect("has room");
        to_c.try_send(2).expect("has room");
        drop(to_closed);
        let receivers = [&quiet, &closed, &c];
        assert_eq!(select_recv(&receivers), (1, Ok(1)), "sent before the end");
        for _ in 0..2 {
            let end = (1, Err(RecvError));
            assert_eq!(select_recv(&receivers), end, "receiver 1 is at its end");
        }
        assert_eq!(c.try_recv(), Ok(2), "what is in c stays there");
    });
}

#[test]
fn a_sender_that_waits_is_met() {
    // CH-06, CH-16
    must_end(IN_CALL, || {
        for capacity in [0, 1] {
            let [(_to_quiet, quiet), (to_b, b)] = channels(capacity);
            (0..capacity).for_each(|value| to_b.try_send(value).expect("has room"));
            spawn_sleepers("sends", [move || to_b.send(capacity).expect("is received")]);
            wait_until("no sender waits", || b.registered() >= 1);
            for value in 0..=capacity {
                let received = select_recv(&[&quiet, &b]);
                assert_eq!(received, (1, Ok(value)), "capacity {capacity}");
            }
        }
    });
}

#[test]
fn any_type_can_be_received() {
    // CH-24
    must_end(IN_CALL, || {
        let [(_to_quiet, quiet), (to_b, b)] = channels::<(), 2>(1);
        to_b.try_send(()).expect("has room");
        assert_eq!(select_recv(&[&quiet, &b]), (1, Ok(())));
        // A type that is not `Send`, and not `'static`.
        let local = "of this call";
        let [(_to_quiet, quiet), (to_b, b)] = channels(1);
        to_b.try_send(Rc::new(&local)).expect("has room");
        assert_eq!(select_recv(&[&quiet, &b]), (1, Ok(Rc::new(&local))));
    });
}

/// Of 300 receivers, whichever gets a value wakes it. It sleeps each time, and is registered with all of
/// them.
#[test]
fn each_of_many_can_wake_it() {
    // SL-07
    must_end(IN_CALL, || {
        let ends = &channels::<usize, 300>(0);
        let receivers: &Vec<_> = &ends.iter().map(|(_, receiver)| receiver).collect();
        let order = [0, 1, 127, 128, 255, 256, 257, 299, 150, 3];
        thread::scope(|s| {
            let select = s.spawn(|| order.map(|_| select_recv(receivers)));
            for at in order {
                wait_until("it is not registered with all 300", || {
                    select.is_finished() || ends.iter().all(|(to, _)| to.registered() >= 1)
                });
                wait_until("it is registered, and does not take a value", || {
                    // If it has ended, it has panicked, and that is what is to be told.
                    select.is_finished() || ends[at].0.try_send(at).is_ok()
                });
            }
            let received = select.join().expect("it ends");
            let expected = order.map(|at| (at, Ok(at)));
            assert_eq!(received, expected, "where each value was received");
        });
        let left: usize = ends.iter().map(|(to, _)| to.registered()).sum();
        assert_eq!(left, 0, "registered in all channels together");
    });
}

/// A call that has been chosen is never chosen again, however many channels ask: it stands 65,538 times in the list of `a`
/// when `b` chooses it, and before it can leave that list, a value is sent to `a`. That must stay there.
#[test]
fn a_call_that_has_been_chosen_is_not_chosen_again() {
    // SL-07, SL-11, SL-25
    const AT: usize = 65_537;
    must_end(IN_CALL, || {
        let [(to_a, a), (to_b, b)] = channels(1);
        let mut receivers = vec![&a; 65_539];
        receivers[AT] = &b;
        let received = thread::scope(|s| {
            let select = s.spawn(|| select_recv(&receivers));
            wait_until("it is not registered", || b.registered() >= 1);
            let mut too_late = to_a.arm(10);
            let mut a_is_locked = too_late.lock();
            to_b.try_send(20).expect("has room");
            assert!(too_late.try_complete(&mut a_is_locked), "a has room");
            drop(a_is_locked);
            select.join().expect("it ends")
        });
        assert_eq!(received, (AT, Ok(20)), "what was sent to b, and its index");
        assert_eq!(
            a.try_recv(),
            Ok(10),
            "sent to a: a asked the call 65,538 times, which b had chosen, and it must refuse each time"
        );
    });
}

/// While it sleeps, the channels belong to all: others receive from them, look at them, and close them. When it has
/// returned, it stands in the list of none.
#[test]
fn the_channels_are_free_while_it_sleeps() {
    must_end(IN_CALL, || {
        let [(to_a, a), (to_b, b)] = channels::<u32, 2>(1);
        let (done, is_done) = mpsc::channel();
        let (also_a, also_b) = (a.clone(), b.clone());
        spawn_sleepers(
            "selects",
            [move || {
                done.send(select_recv(&[&also_a, &also_b]))
                    .expect("main waits");
            }],
        );
        wait_until("it is not registered", || b.registered() >= 1);
        assert_eq!(a.try_recv(), Err(TryRecvError::Empty));
        let also_to_a = to_a.clone();
        drop(to_a);
        assert_eq!(b.try_recv(), Err(TryRecvError::Empty));
        assert!(
            is_done.try_recv().is_err(),
            "nothing has been sent or closed"
        );
        drop(also_to_a);
        let received = is_done.recv().expect("it ends");
        assert_eq!(received, (0, Err(RecvError)), "a has no sender any more");
        assert_eq!(
            to_b.registered(),
            0,
            "arms in the list of b, which was not chosen, after the call"
        );
    });
}

/// In a destructor, while the thread unwinds, a call sleeps, is woken and leaves all lists as any other does.
#[test]
fn a_call_works_while_its_thread_unwinds() {
    must_end(IN_CALL, || {
        let [(to_a, a), (to_b, b)] = channels(0);
        let received = thread::scope(|s| {
            s.spawn(|| {
                wait_until("it is not registered with b", || to_b.registered() >= 1);
                to_b.send(7)
            });
            while_unwinding(|| select_recv(&[&a, &b, &a]))
        });
        assert_eq!(received, (1, Ok(7)), "what was sent to b");
        let left = [to_a.registered(), to_b.registered()];
        assert_eq!(left, [0, 0], "registered in a and b");
    });
}

/// Nobody sends: a call falls asleep, in a destructor of a thread that unwinds, too.
#[test]
fn a_call_that_waits_sleeps() {
    let (_sender, receiver) = bounded::<u32>(0);
    let other = receiver.clone();
    must_sleep_on_threads("`select_recv`", "nobody sends", move || {
        _ = select_recv(&[&other]);
    });
    let call = "`select_recv`, while its thread unwinds,";
    must_sleep_on_threads(call, "nobody sends", move || {
        _ = while_unwinding(|| select_recv(&[&receiver]));
    });
}

/// The last sender goes, and all who wait are told.
#[test]
fn an_end_wakes_everybody() {
    // CL-03
    must_end(IN_CALL, || {
        let [(_to_a, a), (to_b, b)] = channels::<u32, 2>(0);
        let (done, ends) = mpsc::channel();
        spawn_sleepers(
            "selects",
            (0..8).map(|_| {
                let (a, b, done) = (a.clone(), b.clone(), done.clone());
                move || done.send(select_recv(&[&a, &b])).expect("main waits")
            }),
        );
        wait_until("not all of them wait", || b.registered() == 8);
        drop((to_b, done));
        let told: Vec<_> = ends.iter().collect();
        assert_eq!(
            told,
            [(1, Err(RecvError)); 8],
            "what the eight have returned"
        );
        assert_eq!([a.registered(), b.registered()], [0, 0], "registered");
    });
}

/// Four senders, each with a channel of its own; two that select from all four, in opposite orders, and one
/// that receives from each in turn if it can. Every value is received once.
#[test]
fn every_value_is_received_once() {
    // SL-07, SL-21, CH-09
    const EACH: usize = 2_000;
    must_end(IN_CALL, || {
        for capacity in [0, 1] {
            let ends: [Ends<usize>; 4] = channels(capacity);
            let receivers = &ends.each_ref().map(|(_, receiver)| receiver.clone());
            let select = |reversed: bool| {
                let mut open: Vec<_> = receivers.iter().collect();
                if reversed {
                    open.reverse();
                }
                let mut all = Vec::new();
                while !open.is_empty() {
                    match select_recv(&open) {
                        (_, Ok(value)) => all.push(value),
                        (at, Err(RecvError)) => drop(open.swap_remove(at)),
                    }
                }
                all
            };
            let polls = || {
                let mut all = Vec::new();
                for _ in 0..EACH {
                    all.extend(
                        receivers
                            .iter()
                            .filter_map(|receiver| receiver.try_recv().ok()),
                    );
                    thread::yield_now();
                }
                all
            };
            let mut all = thread::scope(|s| {
                for (id, (to, _)) in ends.into_iter().enumerate() {
                    let mut values = id * EACH..(id + 1) * EACH;
                    s.spawn(move || values.try_for_each(|value| to.send(value)));
                }
                let others = [s.spawn(|| select(true)), s.spawn(polls)];
                let mut all = select(false);
                for other in others {
                    all.extend(other.join().expect("it ends"));
                }
                all
            });
            all.sort_unstable();
            assert_eq!(all.len(), 4 * EACH, "values received, capacity {capacity}");
            assert!(
                all.into_iter().eq(0..4 * EACH),
                "one came twice, and one never"
            );
        }
    });
}
