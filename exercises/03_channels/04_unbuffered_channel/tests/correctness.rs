//! The contract of `unbuffered_channel` on real threads. IDs such as CH-09 name behaviours of Go's channels.

use harness::assert_bounds;
use harness::sync::real::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use harness::sync::real::thread;
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, others_must_sleep, panic_of, spawn_sleepers,
    staged_panic, wait_until, while_unwinding,
};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use unbuffered_channel::{Receiver, Sender, channel};

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `send` or `recv`, or one of their like";

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn values_arrive_in_order() {
    // CH-07, CH-08
    must_end(IN_CALL, || {
        let (sender, receiver) = channel();
        thread::scope(|s| {
            s.spawn(move || (0..100).for_each(|n| assert_eq!(sender.send(n), Ok(()))));
            for n in 0..100 {
                assert_eq!(receiver.recv(), Ok(n));
            }
            assert_eq!(receiver.recv(), Err(RecvError), "the sender has gone");
        });
    });
}

/// Nothing is promised of which thread meets which, but each value is received once.
#[test]
fn every_value_is_received_once() {
    // CH-09
    const SENDERS: usize = 4;
    const EACH: usize = 200;
    must_end(IN_CALL, || {
        let (sender, receiver) = channel();
        let received: Vec<usize> = thread::scope(|s| {
            for first in 0..SENDERS {
                let sender = sender.clone();
                s.spawn(move || {
                    (0..EACH).for_each(|n| assert_eq!(sender.send(first * EACH + n), Ok(())));
                });
            }
            drop(sender);
            let receivers = [0; 4].map(|_| {
                let receiver = receiver.clone();
                s.spawn(move || {
                    let received: Vec<_> = std::iter::from_fn(|| receiver.recv().ok()).collect();
                    received
                })
            });
            receivers
                .into_iter()
                .flat_map(|receiver| receiver.join().unwrap())
                .collect()
        });
        let mut sorted = received;
        sorted.sort_unstable();
        assert_eq!(
            sorted,
            (0..SENDERS * EACH).collect::<Vec<_>>(),
            "the values received"
        );
    });
}

/// Three threads send; one value is taken at a time, and one thread returns.
#[test]
fn a_send_returns_when_its_value_is_received_and_not_before() {
    // CH-03, CH-06
    must_end(IN_CALL, || {
        let (sender, receiver) = channel();
        let returned = Arc::new([const { AtomicUsize::new(0) }; 3]);
        spawn_sleepers(
            "sender",
            (0..3).map(|n| {
                let (sender, returned) = (sender.clone(), Arc::clone(&returned));
                move || {
                    assert_eq!(sender.send(n), Ok(()));
                    returned[n].store(1, SeqCst);
                }
            }),
        );
        let mut received = [0; 3];
        for _ in 0..3 {
            let_others_run();
            for n in 0..3 {
                let early = returned[n].load(SeqCst) > received[n];
                assert!(
                    !early,
                    "`send({n})` has returned, and {n} has not been received"
                );
            }
            received[receiver.recv().expect("three threads send")] = 1;
        }
        assert_eq!(received, [1; 3], "each value once");
        wait_until("a `send` whose value was received has not returned", || {
            returned.iter().all(|returned| returned.load(SeqCst) == 1)
        });
    });
}

#[test]
fn nothing_is_ever_left_in_the_channel() {
    // CH-02, CH-04, CH-06
    must_end(IN_CALL, || {
        let (sender, receiver) = channel();
        for n in 0..3 {
            assert_eq!(
                sender.try_send(n),
                Err(TrySendError::Full(n)),
                "nobody receives"
            );
            assert_eq!(
                receiver.try_recv(),
                Err(TryRecvError::Empty),
                "nobody sends"
            );
        }
    });
}

#[test]
fn try_send_and_try_recv_meet_a_thread_that_waits() {
    // CH-06
    must_end(IN_CALL, || {
        let (sender, receiver) = channel();
        thread::scope(|s| {
            let waits = receiver.clone();
            let got = s.spawn(move || waits.recv());
            wait_until("`try_send` fails, though a thread is in `recv`", || {
                sender.try_send(7).is_ok()
            });
            assert_eq!(got.join().unwrap(), Ok(7));
            let late = sender.try_send(7);
            assert_eq!(late, Err(TrySendError::Full(7)), "nobody receives any more");

            let sent = s.spawn(move || sender.send(8));
            wait_until("`try_recv` fails, though a thread is in `send`", || {
                receiver.try_recv() == Ok(8)
            });
            assert_eq!(sent.join().unwrap(), Ok(()));
            assert_eq!(
                receiver.try_recv(),
                Err(TryRecvError::Disconnected),
                "the sender has gone"
            );
        });
    });
}

/// The receivers go, the last of many clones: sends return their values then, and not before. Catches ends that are
/// counted in eight or sixteen bits.
#[test]
fn without_receivers_every_send_returns_its_value() {
    // CL-04, CL-05
    must_end(IN_CALL, || {
        let (sender, receiver) = channel();
        let clock = Clock::manual();
        let others = vec![receiver.clone(); 65_536];
        drop(receiver);
        assert_eq!(
            sender.try_send(1),
            Err(TrySendError::Full(1)),
            "65,536 receivers are left"
        );
        drop(others);
        for _ in 0..2 {
            assert_eq!(sender.send(2), Err(SendError(2)));
            assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
            for timeout in [SECOND, Duration::ZERO] {
                let sent = sender.send_timeout(&clock, 4, timeout);
                let gone = Err(SendTimeoutError::Disconnected(4));
                assert_eq!(sent, gone, "no receiver is left, {timeout:?}");
            }
        }
        assert_eq!(
            sender.clone().send(5),
            Err(SendError(5)),
            "a sender made after that"
        );
    });
}

/// The senders go, the last of many clones: receives fail then, and not before.
#[test]
fn without_senders_every_receive_says_so() {
    // CL-02, CL-11
    must_end(IN_CALL, || {
        let (sender, receiver) = channel::<u32>();
        let clock = Clock::manual();
        let others = vec![sender.clone(); 65_536];
        drop(sender);
        assert_eq!(
            receiver.try_recv(),
            Err(TryRecvError::Empty),
            "65,536 senders are left"
        );
        drop(others);
        for _ in 0..2 {
            assert_eq!(receiver.recv(), Err(RecvError));
            assert_eq!(
                receiver.try_recv(),
                Err(TryRecvError::Disconnected),
                "all senders have gone"
            );
            for timeout in [SECOND, Duration::ZERO] {
                let received = receiver.recv_timeout(&clock, timeout);
                let gone = Err(RecvTimeoutError::Disconnected);
                assert_eq!(received, gone, "no sender is left, {timeout:?}");
            }
        }
        assert_eq!(
            receiver.clone().recv(),
            Err(RecvError),
            "a receiver made after that"
        );
    });
}

/// Three threads are in `send` when the only receiver goes, and then three in `recv` when the only sender goes: all
/// of them are told.
#[test]
fn sleepers_are_told_when_the_other_side_goes() {
    // CL-03, CL-06
    must_end(
        "the other side has gone, and not every sleeper was told",
        || {
            let (sender, receiver) = channel();
            let (told, was_told) = mpsc::channel();
            let calls = (0..3).map(|n| {
                let (sender, told) = (sender.clone(), told.clone());
                move || told.send(sender.send(n) == Err(SendError(n))).unwrap()
            });
            spawn_sleepers("sender", calls);
            drop(receiver);
            for _ in 0..3 {
                assert!(
                    was_told.recv().unwrap(),
                    "`send` returned Ok, or another value"
                );
            }

            let (sender, receiver) = channel::<u32>();
            let calls = (0..3).map(|_| {
                let (receiver, told) = (receiver.clone(), told.clone());
                move || told.send(receiver.recv() == Err(RecvError)).unwrap()
            });
            spawn_sleepers("receiver", calls);
            drop(sender);
            for _ in 0..3 {
                assert!(
                    was_told.recv().unwrap(),
                    "`recv` returned a value, and none was sent"
                );
            }
        },
    );
}

/// The thread with the only sender panics, and then the one with the only receiver: the panic drops that end, and the
/// other side is told.
#[test]
fn a_panic_drops_the_ends_of_its_thread() {
    must_end(
        "a panic has dropped the only end of the other side, and a call sleeps on",
        || {
            let (sender, receiver) = channel::<u32>();
            let sending = thread::spawn(move || {
                let _sender = sender;
                let_others_run(); // so that the receiver may wait by then
                staged_panic("the sender's thread");
            });
            assert_eq!(receiver.recv(), Err(RecvError));
            assert!(sending.join().is_err());

            let (sender, receiver) = channel();
            let receiving = thread::spawn(move || {
                let _receiver = receiver;
                let_others_run();
                staged_panic("the receiver's thread");
            });
            assert_eq!(sender.send(7), Err(SendError(7)));
            assert!(receiving.join().is_err());
        },
    );
}

/// A destructor runs because its thread panics: it meets a thread that sleeps, in either direction, and wakes it, is refused
/// as anybody is, and its clones come and go.
#[test]
fn a_panicking_thread_may_send_and_receive() {
    must_end(
        "one of two threads is not panicking, and they do not meet",
        || {
            let (sender, receiver) = channel();
            while_unwinding(|| {
                drop((sender.clone(), receiver.clone()));
                assert_eq!(
                    sender.try_send(0),
                    Err(TrySendError::Full(0)),
                    "nobody waits"
                );
                assert_eq!(
                    receiver.try_recv(),
                    Err(TryRecvError::Empty),
                    "nobody waits"
                );
            });
            thread::scope(|s| {
                s.spawn(|| {
                    assert_eq!(sender.send(1), Ok(()), "somebody receives");
                    assert_eq!(receiver.recv(), Ok(2));
                });
                // Each time the other has come first, and sleeps.
                others_must_sleep("it is in `send`, and nobody receives");
                assert_eq!(while_unwinding(|| receiver.recv()), Ok(1));
                others_must_sleep("it is in `recv`, and nobody sends");
                let sent = while_unwinding(|| sender.send(2));
                assert_eq!(sent, Ok(()), "somebody receives");
            });
            while_unwinding(|| drop(receiver));
            assert_eq!(
                sender.send(3),
                Err(SendError(3)),
                "the only receiver has gone"
            );
        },
    );
}

/// A timeout of nothing is over at once; a longer one when the clock has come that far. Neither leaves a
/// trace, and a thread that waits does not notice them, nor they it, even if both use one end.
#[test]
fn a_timeout_ends_when_its_time_is_over() {
    // TM-07
    must_end("a timeout is over, and its call has not returned", || {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        clock.advance(SECOND);
        let zero = Duration::ZERO;
        assert_eq!(
            sender.send_timeout(&clock, 1, zero),
            Err(SendTimeoutError::Timeout(1))
        );
        assert_eq!(
            receiver.recv_timeout(&clock, zero),
            Err(RecvTimeoutError::Timeout)
        );
        thread::scope(|s| {
            let send = s.spawn(|| sender.send_timeout(&clock, 2, SECOND));
            while !send.is_finished() {
                clock.advance(SECOND / 10);
                thread::yield_now();
            }
            assert_eq!(send.join().unwrap(), Err(SendTimeoutError::Timeout(2)));
            let receive = s.spawn(|| receiver.recv_timeout(&clock, SECOND));
            while !receive.is_finished() {
                clock.advance(SECOND / 10);
                thread::yield_now();
            }
            assert_eq!(receive.join().unwrap(), Err(RecvTimeoutError::Timeout));
        });
        assert_eq!(
            receiver.try_recv(),
            Err(TryRecvError::Empty),
            "what timed out has left nothing"
        );
        assert_eq!(
            sender.try_send(3),
            Err(TrySendError::Full(3)),
            "what timed out has left nothing"
        );
        let (sender, receiver) = (Arc::new(sender), Arc::new(receiver));
        let patient = Arc::clone(&sender);
        spawn_sleepers("patient", [move || assert_eq!(patient.send(9), Ok(()))]);
        for n in 10..310 {
            let sent = sender.send_timeout(&clock, n, zero);
            assert_eq!(sent, Err(SendTimeoutError::Timeout(n)));
        }
        wait_until(
            "a thread is in `send(9)`, 300 other sends have timed out beside it, and `try_recv` does not find 9",
            || receiver.try_recv() == Ok(9),
        );
        let patient = Arc::clone(&receiver);
        spawn_sleepers("patient", [move || assert_eq!(patient.recv(), Ok(9))]);
        let received = receiver.recv_timeout(&clock, zero);
        assert_eq!(received, Err(RecvTimeoutError::Timeout));
        wait_until(
            "a thread is in `recv`, another receive has timed out beside it, and `try_send` does not find it",
            || sender.try_send(9).is_ok(),
        );
    });
}

/// A call with a timeout meets a thread that waits, or comes in time, which may be as long as a clock that has not been advanced
/// can show. Where it has a timeout of zero, it meets one that waits already, as a call does that only tries.
#[test]
fn a_call_with_a_timeout_meets_as_any_other() {
    // CH-06
    must_end(IN_CALL, || {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        thread::scope(|s| {
            let sent = s.spawn(|| sender.send_timeout(&clock, 7, Duration::MAX));
            assert_eq!(receiver.recv(), Ok(7));
            assert_eq!(sent.join().unwrap(), Ok(()));
            let sent = s.spawn(|| sender.send(8));
            assert_eq!(receiver.recv_timeout(&clock, Duration::MAX), Ok(8));
            assert_eq!(sent.join().unwrap(), Ok(()));
        });
        // A call that does not wait, or has a timeout of zero, meets a thread that waits, with a timeout or without.
        let (has_met, met) = mpsc::channel();
        for (timed, tries) in [(true, true), (true, false), (false, false)] {
            let (end, time, told) = (sender.clone(), clock.clone(), has_met.clone());
            let sends = move || match timed {
                true => end.send_timeout(&time, 9, SECOND).is_ok(),
                false => end.send(9).is_ok(),
            };
            spawn_sleepers("sender", [move || _ = told.send(sends())]);
            let (wait, meet) = (
                ["send", "send_timeout"],
                ["recv_timeout` of zero", "try_recv`"],
            );
            let (wait, meet) = (wait[usize::from(timed)], meet[usize::from(tries)]);
            wait_until(
                &format!("a thread is in `{wait}`, and `{meet} finds nobody"),
                || match tries {
                    true => receiver.try_recv() == Ok(9),
                    false => receiver.recv_timeout(&clock, Duration::ZERO) == Ok(9),
                },
            );
            assert!(met.recv().unwrap(), "`{wait}` was met, and failed");

            let (end, time, told) = (receiver.clone(), clock.clone(), has_met.clone());
            let receives = move || match timed {
                true => end.recv_timeout(&time, SECOND) == Ok(9),
                false => end.recv() == Ok(9),
            };
            spawn_sleepers("receiver", [move || _ = told.send(receives())]);
            let (wait, meet) = (
                ["recv", "recv_timeout"],
                ["send_timeout` of zero", "try_send`"],
            );
            let (wait, meet) = (wait[usize::from(timed)], meet[usize::from(tries)]);
            wait_until(
                &format!("a thread is in `{wait}`, and `{meet} finds nobody"),
                || match tries {
                    true => sender.try_send(9).is_ok(),
                    false => sender.send_timeout(&clock, 9, Duration::ZERO).is_ok(),
                },
            );
            assert!(met.recv().unwrap(), "`{wait}` was met, and failed");
        }
    });
}

/// The clock cannot show the end of the timeout: the call panics, whether it would have to wait or not, and
/// leaves nothing.
#[test]
fn an_end_beyond_the_clock_panics() {
    must_end("a call with an end beyond the clock should panic", || {
        let (clock, (sender, receiver)) = (Clock::manual(), channel());
        clock.advance(SECOND);
        let panic = panic_of(|| _ = sender.send_timeout(&clock, 7, Duration::MAX));
        assert!(
            panic.is_some(),
            "the clock cannot show the end, but `send_timeout` returned"
        );
        let panic = panic_of(|| _ = receiver.recv_timeout(&clock, Duration::MAX));
        assert!(
            panic.is_some(),
            "the clock cannot show the end, but `recv_timeout` returned"
        );
        assert_eq!(
            sender.try_send(7),
            Err(TrySendError::Full(7)),
            "the panic has left nothing"
        );
        assert_eq!(
            receiver.try_recv(),
            Err(TryRecvError::Empty),
            "the panic has left nothing"
        );
        let end = sender.clone();
        spawn_sleepers("sender", [move || assert_eq!(end.send(8), Ok(()))]);
        let panic = panic_of(|| _ = receiver.recv_timeout(&clock, Duration::MAX));
        assert!(
            panic.is_some(),
            "`recv_timeout` returned at once, for a thread sends; but the clock cannot show the end"
        );
        assert_eq!(
            receiver.recv(),
            Ok(8),
            "the panic has left the sender as it was"
        );
        let end = receiver.clone();
        spawn_sleepers("receiver", [move || assert_eq!(end.recv(), Ok(9))]);
        let panic = panic_of(|| _ = sender.send_timeout(&clock, 7, Duration::MAX));
        assert!(
            panic.is_some(),
            "`send_timeout` returned at once, for a thread receives; but the clock cannot show the end"
        );
        assert_eq!(
            sender.send(9),
            Ok(()),
            "the panic has left the receiver as it was"
        );
        drop(sender);
        let panic = panic_of(|| _ = receiver.recv_timeout(&clock, Duration::MAX));
        assert!(
            panic.is_some(),
            "`recv_timeout` returned at once, for nobody sends; but the clock cannot show the end"
        );
        // The thread that has sent may still hold its end.
        assert_eq!(
            receiver.recv(),
            Err(RecvError),
            "the panics have left no sender"
        );
        let (sender, receiver) = channel();
        _ = panic_of(|| _ = receiver.recv_timeout(&clock, Duration::MAX));
        drop(receiver);
        assert_eq!(
            sender.try_send(7),
            Err(TrySendError::Disconnected(7)),
            "the panic has left no receiver"
        );
        let panic = panic_of(|| _ = sender.send_timeout(&clock, 7, Duration::MAX));
        assert!(
            panic.is_some(),
            "`send_timeout` returned at once, for nobody receives; but the clock cannot show the end"
        );
    });
}

#[test]
fn values_without_size_are_handed_over_too() {
    // CH-24
    must_end(IN_CALL, || {
        let (sender, receiver) = channel();
        thread::scope(|s| {
            s.spawn(|| (0..3).for_each(|_| assert_eq!(sender.send(()), Ok(()))));
            assert_eq!(
                [receiver.recv(), receiver.recv(), receiver.recv()],
                [Ok(()); 3]
            );
        });
    });
}

/// An end is `Send` and `Sync` if the values are `Send`, and only then.
#[test]
fn ends_go_to_other_threads_if_their_values_may() {
    let _ends = channel::<u32>();
    assert_bounds!(Sender<Cell<u32>>: Send + Sync);
    assert_bounds!(Receiver<Cell<u32>>: Send + Sync);
    assert_bounds!(Sender<*const u32>: !Send + !Sync);
    assert_bounds!(Receiver<*const u32>: !Send + !Sync);
}

/// Four threads are in `recv`, or in `send`, one after the other, two of them for an hour, and two while they unwind, and
/// nobody meets them: each sleeps.
#[test]
fn a_thread_that_waits_sleeps() {
    const HOUR: Duration = Duration::from_secs(3600);
    // By a manual clock they would have to look again and again.
    type Call<End> = (&'static str, fn(End));
    let receives: [Call<Receiver<u32>>; 2] = [
        ("`recv`", |receiver| _ = receiver.recv()),
        ("`recv_timeout`", |receiver| {
            _ = receiver.recv_timeout(&Clock::real(), HOUR);
        }),
    ];
    let sends: [Call<Sender<u32>>; 2] = [
        ("`send`", |sender| _ = sender.send(1)),
        ("`send_timeout`", |sender| {
            _ = sender.send_timeout(&Clock::real(), 1, HOUR);
        }),
    ];
    let ((_sender, receiver), (sender, _receiver)) = (channel(), channel());
    for (call, receive) in receives {
        let (first, second) = (receiver.clone(), receiver.clone());
        must_sleep_on_threads(call, "nobody sent", move || receive(first));
        let call = format!("{call} in a destructor, while its thread unwinds,");
        must_sleep_on_threads(&call, "nobody sent", move || {
            while_unwinding(|| receive(second));
        });
    }
    for (call, send) in sends {
        let (first, second) = (sender.clone(), sender.clone());
        must_sleep_on_threads(call, "nobody received", move || send(first));
        let call = format!("{call} in a destructor, while its thread unwinds,");
        must_sleep_on_threads(&call, "nobody received", move || {
            while_unwinding(|| send(second));
        });
    }
}
