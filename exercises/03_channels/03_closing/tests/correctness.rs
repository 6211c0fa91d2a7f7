//! What the two ends do, on real threads. IDs such as CL-01 name behaviours of Go's channels.
//!
//! `src/race_freedom.rs` checks in every interleaving who sleeps and who is woken.

use closing::{Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError, bounded};
use harness::sync::real::thread;
use harness::testing::{
    assert_panics, let_others_run, must_end, must_sleep_on_threads, others_must_sleep, panic_of,
    payload_of, staged_panic, wait_until, while_unwinding,
};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Where a thread hangs, if a test does.
const ASLEEP: &str = "a thread is still in `send` or `recv`, or waits for a lock";

/// Three values are sent, and the channel closes, by `close` or by the sender's drop: the three come out, in
/// order, and only then the end, though another receiver has gone meanwhile.
#[test]
fn what_was_sent_before_the_close_comes_out() {
    // CL-01, CL-02, CL-11, CL-12
    must_end(ASLEEP, || {
        for explicit in [true, false] {
            let (sender, receiver) = bounded(3);
            let second = receiver.clone();
            for value in 1..=3 {
                assert_eq!(sender.send(value), Ok(()));
            }
            if explicit {
                assert!(sender.close(), "it was open");
            } else {
                drop(sender);
            }
            let first = receiver.try_recv();
            assert_eq!(first, Ok(1), "1, 2 and 3 were sent before the close");
            drop(second);
            let next = receiver.recv();
            assert_eq!(
                next,
                Ok(2),
                "2 and 3 were left, and one receiver of two has gone"
            );
            assert_eq!(receiver.iter().collect::<Vec<_>>(), [3], "3 was left");
            for _ in 0..3 {
                assert_eq!(receiver.recv(), Err(RecvError));
                assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
                assert_eq!(receiver.iter().next(), None);
            }
        }
    });
}

/// The channel is closed, and full: every `send` and `try_send` fails, with its value, and what was there
/// comes out.
#[test]
fn nothing_goes_into_a_closed_channel() {
    // CL-04, CL-05, CL-08, CL-09
    must_end(ASLEEP, || {
        let (sender, receiver) = bounded(1);
        let second = sender.clone();
        assert_eq!(sender.send(1), Ok(()));
        assert!(second.close(), "it was open");
        for sender in [&sender, &second, &second.clone()] {
            assert!(!sender.close(), "it was closed before");
            assert_eq!(sender.send(2), Err(SendError(2)));
            assert_eq!(
                sender.try_send(3),
                Err(TrySendError::Closed(3)),
                "the channel is closed, and full as well: that it is closed comes first"
            );
        }
        assert_eq!(receiver.recv(), Ok(1));
        assert_eq!(receiver.recv(), Err(RecvError), "2 and 3 were refused");
    });
}

/// The last receiver goes, and with it the channel closes: every call fails from then on, and `close` has
/// nothing to do.
#[test]
fn a_send_fails_when_nobody_receives() {
    must_end(ASLEEP, || {
        let (sender, receiver) = bounded(1);
        let second = receiver.clone();
        drop(receiver);
        assert_eq!(sender.send(1), Ok(()), "a clone of the receiver is there");
        assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
        drop(second);
        let text = || String::from("nobody");
        assert_eq!(
            sender.send(3),
            Err(SendError(3)),
            "nobody receives, although it was full"
        );
        assert_eq!(sender.try_send(4), Err(TrySendError::Closed(4)));
        assert!(
            !sender.close(),
            "`close` returned true, but the channel had closed before: nobody receives"
        );

        let (sender, receiver) = bounded(1);
        drop(receiver);
        let sent = text();
        let address = sent.as_ptr();
        let SendError(sent) = sender.send(sent).expect_err("nobody receives");
        assert_eq!(
            (sent.as_ptr(), sent),
            (address, text()),
            "it must be the same string"
        );
    });
}

/// Seventy thousand clones of each end go, more than 16 bits can count, and then the senders, one by one: the
/// channel is open until the last has gone.
#[test]
fn a_channel_is_open_while_there_is_a_clone() {
    // CH-02, CH-04
    must_end(ASLEEP, || {
        let (first, receiver) = bounded(1);
        drop((vec![first.clone(); 70_000], vec![receiver.clone(); 70_000]));
        let mut senders = vec![first.clone(), first.clone(), first];
        senders.push(senders[0].clone());
        while let Some(sender) = senders.pop() {
            assert_eq!(
                receiver.try_recv(),
                Err(TryRecvError::Empty),
                "senders are there; 70,000 clones of each end have gone before"
            );
            assert_eq!(
                sender.try_send(7),
                Ok(()),
                "{} more senders are there",
                senders.len()
            );
            assert_eq!(sender.try_send(8), Err(TrySendError::Full(8)));
            assert_eq!(
                receiver.clone().recv(),
                Ok(7),
                "a clone receives from the same channel"
            );
        }
        assert_eq!(
            receiver.try_recv(),
            Err(TryRecvError::Closed),
            "all senders have gone"
        );
    });
}

/// Jobs are closed, the workers end, and the last of them closes the results.
#[test]
fn workers_shut_down_and_nothing_is_lost() {
    // CH-10, CL-12, CL-16
    const JOBS: u64 = 10_000;
    must_end(ASLEEP, || {
        let (jobs, jobs_out) = bounded(8);
        let (results, results_out) = bounded(8);
        thread::scope(|s| {
            for _ in 0..5 {
                let (jobs, results) = (jobs_out.clone(), results.clone());
                s.spawn(move || {
                    for job in &jobs {
                        assert_eq!(results.send(job * 2), Ok(()), "main receives");
                    }
                });
            }
            drop((jobs_out, results));
            s.spawn(move || {
                for job in 0..JOBS {
                    assert_eq!(jobs.send(job), Ok(()), "the workers receive");
                }
            });
            let mut received: Vec<u64> = results_out.iter().collect();
            received.sort_unstable();
            assert!(
                received.into_iter().eq((0..JOBS).map(|job| job * 2)),
                "each job, and once"
            );
        });
    });
}

/// A value is received if, and only if, its `send` has returned `Ok`, whenever the channel is closed.
#[test]
fn every_accepted_value_is_received() {
    // CL-07
    must_end(ASLEEP, || {
        for round in 0..50 {
            let (sender, receiver) = bounded(2);
            let closer = sender.clone();
            let (accepted, received) = thread::scope(|s| {
                let senders: Vec<_> = (0..3)
                    .map(|_| {
                        let sender = sender.clone();
                        s.spawn(move || (0..100).take_while(|&n| sender.send(n).is_ok()).count())
                    })
                    .collect();
                let receives = s.spawn(move || receiver.iter().count());
                for _ in 0..round {
                    thread::yield_now();
                }
                closer.close();
                let accepted: usize = senders.into_iter().map(|sends| sends.join().unwrap()).sum();
                (accepted, receives.join().unwrap())
            });
            assert_eq!(accepted, received, "accepted by `send`, and received");
        }
    });
}

/// The consumer walks away with requests in the channel. Each holds the end on which its sender waits for the
/// answer.
#[test]
fn who_waits_for_an_answer_hears_that_nobody_gives_it() {
    must_end(ASLEEP, || {
        let (requests, server) = bounded::<Sender<u32>>(4);
        let sent = AtomicUsize::new(0);
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    let (reply, replied) = bounded(1);
                    assert!(requests.send(reply).is_ok(), "there was room for four");
                    sent.fetch_add(1, SeqCst);
                    assert_eq!(replied.recv(), Err(RecvError), "nobody answers");
                });
            }
            wait_until("not every request has been sent", || sent.load(SeqCst) == 4);
            let first = server.recv();
            drop(server);
            drop(first);
        });
    });
}

/// The thread with the only sender panics, then one with the only receiver: the panic drops that end, which
/// closes the channel, and who is in `recv`, or in `send`, hears of it.
#[test]
fn a_panic_closes_what_its_thread_leaves() {
    must_end(
        "a thread has panicked with the only end of its side, and a call of the other side sleeps on",
        || {
            let (sender, receiver) = bounded(1);
            let producer = thread::spawn(move || {
                let _ = sender.send(1);
                staged_panic("producer");
            });
            assert_eq!(receiver.iter().collect::<Vec<_>>(), [1]);
            assert!(producer.join().is_err());

            let (sender, receiver) = bounded(1);
            let consumer = thread::spawn(move || {
                let _ = receiver.recv();
                staged_panic("consumer");
            });
            while sender.send(1).is_ok() {}
            assert!(consumer.join().is_err());
        },
    );
}

/// A destructor runs because its thread panics: what it does with the ends, its own and clones, is no different
/// for that, and it wakes those that sleep.
#[test]
fn a_panicking_thread_uses_its_ends_as_any_other() {
    must_end(ASLEEP, || {
        let (sender, receiver) = bounded(1);
        while_unwinding(|| {
            let (sender, receiver) = (sender.clone(), receiver.clone());
            assert_eq!(sender.send(1), Ok(()));
            assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
            assert_eq!(receiver.recv(), Ok(1));
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        });
        assert_eq!(
            sender.send(2),
            Ok(()),
            "a clone of each end was made and dropped, and the first ends are there"
        );
        assert!(while_unwinding(|| sender.close()), "it was open");
        assert_eq!(while_unwinding(|| sender.send(3)), Err(SendError(3)));
        let tried = while_unwinding(|| sender.try_send(4));
        assert_eq!(tried, Err(TrySendError::Closed(4)));
        assert_eq!(receiver.iter().collect::<Vec<_>>(), [2]);

        let (sender, receiver) = bounded::<u32>(1);
        while_unwinding(|| drop(sender));
        assert_eq!(receiver.recv(), Err(RecvError), "the sender has gone");
        let tried = while_unwinding(|| receiver.try_recv());
        assert_eq!(tried, Err(TryRecvError::Closed), "the sender has gone");
        let (sender, receiver) = bounded(1);
        while_unwinding(|| drop(receiver));
        assert_eq!(sender.send(1), Err(SendError(1)), "the receiver has gone");

        for tries in [false, true] {
            let (sender, receiver) = bounded(1);
            thread::scope(|s| {
                let receives = s.spawn(|| receiver.recv());
                others_must_sleep("the channel is open and empty");
                let sent = while_unwinding(|| match tries {
                    true => sender.try_send(1).is_ok(),
                    false => sender.send(1).is_ok(),
                });
                assert_eq!((sent, receives.join().unwrap()), (true, Ok(1)));
                assert_eq!(sender.send(2), Ok(()));
                let sends = s.spawn(|| sender.send(3));
                others_must_sleep("the channel is open and full");
                let received = while_unwinding(|| match tries {
                    true => receiver.try_recv().ok(),
                    false => receiver.recv().ok(),
                });
                assert_eq!((received, sends.join().unwrap()), (Some(2), Ok(())));
                let sends = s.spawn(|| sender.send(4));
                others_must_sleep("the channel is open and full");
                assert!(while_unwinding(|| sender.close()), "it was open");
                assert_eq!(sends.join().unwrap(), Err(SendError(4)));
            });
        }
    });
}

/// The last receiver drops a value whose `drop` panics, while a sender sleeps: the sender has been told before
/// that, and the other value that was left is dropped, too. Catches a channel that wakes its sleepers after it has
/// called foreign code.
#[test]
fn a_panic_in_a_left_values_drop_keeps_nobody_asleep() {
    // CL-06
    struct Panics(bool);
    impl Drop for Panics {
        fn drop(&mut self) {
            if self.0 {
                staged_panic("the value's");
            }
        }
    }
    must_end(
        "the values that were left are being dropped, and a `send` that nobody has told of the end sleeps on",
        || {
            let (sender, receiver) = bounded(2);
            let left = Arc::new(());
            assert!(sender.send((Panics(true), None)).is_ok(), "there is room");
            let second = (Panics(false), Some(Arc::clone(&left)));
            assert!(sender.send(second).is_ok(), "there is room");
            thread::scope(|s| {
                let sleeper = s.spawn(|| sender.send((Panics(false), None)).is_err());
                let_others_run();
                payload_of(|| drop(receiver));
                assert!(
                    sleeper.join().unwrap(),
                    "nobody receives, and `send` returned Ok"
                );
            });
            assert_eq!(
                Arc::strong_count(&left),
                1,
                "two values were left, and the drop of the first panicked: the second is dropped all the same"
            );
        },
    );
}

#[test]
fn any_type_can_be_sent() {
    // CH-24
    must_end(ASLEEP, || {
        let (sender, receiver) = bounded(2);
        assert_eq!((sender.send(()), sender.send(())), (Ok(()), Ok(())));
        assert_eq!(
            sender.try_send(()),
            Err(TrySendError::Full(())),
            "a unit takes a place, too"
        );
        assert_eq!(receiver.recv(), Ok(()));
        let (sender, receiver) = bounded(1);
        assert!(sender.send(Rc::new(Cell::new(7))).is_ok(), "on one thread");
        assert_eq!(receiver.recv().map(|value| value.get()), Ok(7));
    });
}

#[test]
fn ends_cross_threads_if_the_values_may() {
    let _ends = bounded::<u32>(1);
    harness::assert_bounds!(Sender<Cell<u32>>: Send + Sync);
    harness::assert_bounds!(Receiver<Cell<u32>>: Send + Sync);
    harness::assert_bounds!(Sender<Rc<u32>>: !Send + !Sync);
    harness::assert_bounds!(Receiver<Rc<u32>>: !Send + !Sync);
}

/// There is room for 70,000 values, which is more than 16 bits can count, and for no more.
#[test]
fn a_channel_holds_its_capacity_and_no_more() {
    // CH-04
    const CAPACITY: usize = 70_000;
    let (sender, receiver) = bounded(CAPACITY);
    for value in 0..CAPACITY {
        let sent = sender.try_send(value);
        assert_eq!(sent, Ok(()), "{value} of {CAPACITY} places are taken");
    }
    assert_eq!(sender.try_send(CAPACITY), Err(TrySendError::Full(CAPACITY)));
    assert!(
        receiver.iter().take(CAPACITY).eq(0..CAPACITY),
        "they come out in order"
    );
    assert_eq!(
        receiver.try_recv(),
        Err(TryRecvError::Empty),
        "all came out"
    );
}

#[test]
fn a_capacity_that_cannot_be_is_refused() {
    // CH-12
    assert_panics("closing: no room for a value", || drop(bounded::<u64>(0)));
    // The second has a number of bytes that fits into a `usize`.
    for capacity in [usize::MAX, isize::MAX as usize / 8 + 1] {
        let too_large = panic_of(|| drop(bounded::<u64>(capacity)));
        assert!(
            too_large.is_some(),
            "`bounded::<u64>({capacity})` returned, and so many values take more than `isize::MAX` bytes"
        );
    }
}

#[test]
fn errors_say_what_happened() {
    let (sender, receiver) = bounded(1);
    assert_eq!(
        receiver.try_recv().err().unwrap().to_string(),
        "the channel is empty"
    );
    assert!(sender.send(|| 7).is_ok());
    sender.close();
    assert!(receiver.recv().is_ok());
    let closed = "the channel is closed and empty";
    assert_eq!(receiver.try_recv().err().unwrap().to_string(), closed);
    assert_eq!(receiver.recv().err().unwrap().to_string(), closed);
    drop(receiver);
    let (sender, _receiver) = bounded(1);
    let seven = || 7;
    assert!(sender.send(seven).is_ok());
    let full = sender.try_send(seven).unwrap_err();
    assert_eq!(
        (full.to_string().as_str(), format!("{full:?}").as_str()),
        ("the channel is full", "Full(..)")
    );
    sender.close();
    let refused = sender.send(seven).unwrap_err();
    assert_eq!(refused.to_string(), "the channel is closed");
    assert_eq!(format!("{refused:?}"), "SendError(..)");
    assert_eq!(
        sender.try_send(seven).unwrap_err().to_string(),
        "the channel is closed"
    );
}

/// Two threads are in `recv` of an empty channel, and two in `send` of a full one, the second each time while it unwinds:
/// they sleep.
#[test]
fn a_thread_that_waits_sleeps() {
    let ((_sender, empty), (full, _receiver)) = (bounded::<u32>(1), bounded(1));
    assert_eq!(full.send(1), Ok(()));
    let (first_empty, iterated, first_full) = (empty.clone(), empty.clone(), full.clone());
    must_sleep_on_threads("`recv`", "the channel was empty", move || {
        _ = first_empty.recv();
    });
    must_sleep_on_threads("`send`", "the channel was full", move || {
        _ = first_full.send(2);
    });
    let recv = "`recv` in a destructor, while its thread unwinds,";
    must_sleep_on_threads(recv, "the channel was empty", move || {
        _ = while_unwinding(|| empty.recv());
    });
    let next = "the iterator's `next` in a destructor, while its thread unwinds,";
    must_sleep_on_threads(next, "the channel was empty", move || {
        _ = while_unwinding(|| iterated.iter().next());
    });
    let send = "`send` in a destructor, while its thread unwinds,";
    must_sleep_on_threads(send, "the channel was full", move || {
        _ = while_unwinding(|| full.send(2));
    });
}

/// Two threads sleep, one in `recv` of an empty channel and one in `send` of a full one. Main wakes both in vain: it takes back
/// what it has sent, and fills the room that it has made. They sleep again.
#[test]
fn a_thread_that_is_woken_in_vain_sleeps_again() {
    const WHY: &str = "one channel is empty, the other full, and threads were woken in vain";
    must_end(ASLEEP, || {
        let ((sender, empty), (full, receiver)) = (bounded(1), bounded(1));
        assert_eq!(full.send(0), Ok(()));
        let (emptied, filled) = (empty.clone(), full.clone());
        thread::spawn(move || while emptied.recv().is_ok() {});
        thread::spawn(move || while filled.send(0).is_ok() {});
        for _ in 0..5 {
            others_must_sleep(WHY);
            _ = sender.try_send(0);
            _ = empty.try_recv();
            _ = receiver.try_recv();
            _ = full.try_send(0);
        }
        others_must_sleep(WHY);
    });
}
