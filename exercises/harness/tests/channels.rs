//! The channels of the model are held to those of crossbeam-channel: one program runs on both faces, and whatever it comes
//! to on real threads is among what the model explores.

mod common;

use common::relative_lines;
use harness::page::Page;
use harness::protocol::Kind;
use harness::sync::model::channel::{RecvError, bounded, unbounded};
use harness::sync::model::{atomic::AtomicUsize, cell::UnsafeCell, thread};
use harness::{Failure, explore, leaks};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;

/// How often a program runs on real threads.
const RUNS: usize = 200;

/// The programs, for one face.
macro_rules! programs {
    ($face:ident) => {
        mod $face {
            use harness::leaks;
            use harness::sync::$face as sync;
            use std::iter::zip;
            use sync::channel::*;
            use sync::thread;

            /// What a thread alone finds: the same on both faces.
            pub fn alone() {
                let (tx, rx) = bounded(2);
                assert_eq!((tx.capacity(), rx.capacity()), (Some(2), Some(2)));
                assert!(tx.is_empty() && rx.is_empty() && !tx.is_full());
                assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
                assert_eq!((tx.send(1), tx.try_send(2)), (Ok(()), Ok(())));
                assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
                assert_eq!((tx.len(), rx.len()), (2, 2));
                assert!(rx.is_full() && !rx.is_empty());
                let tx2 = tx.clone();
                assert!(tx2.same_channel(&tx));
                assert!(!tx2.same_channel(&bounded(2).0));
                drop(tx);
                assert_eq!((rx.recv(), tx2.send(4)), (Ok(1), Ok(())));
                drop(tx2);
                // CL-01, CL-02: what is in the buffer comes first.
                assert_eq!((rx.recv(), rx.try_recv()), (Ok(2), Ok(4)));
                assert_eq!((rx.recv(), rx.recv()), (Err(RecvError), Err(RecvError)));
                assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));

                let (tx, rx) = bounded(0);
                assert_eq!((tx.capacity(), tx.len()), (Some(0), 0));
                assert!(tx.is_empty() && tx.is_full());
                assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
                assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
                drop(rx);
                assert_eq!(tx.send(1), Err(SendError(1)));
                assert_eq!(tx.try_send(1), Err(TrySendError::Disconnected(1)));

                let (tx, rx) = unbounded();
                assert_eq!((tx.capacity(), tx.is_full()), (None, false));
                assert!((0..9).all(|i| tx.send(i).is_ok()));
                assert_eq!(rx.try_iter().take(3).collect::<Vec<_>>(), [0, 1, 2]);
                let rx2 = rx.clone();
                drop(rx);
                assert_eq!(tx.send(9), Ok(()));
                drop(tx);
                assert!(zip(3.., &rx2).take(3).all(|(i, found)| i == found));
                assert_eq!(rx2.iter().next(), Some(6));
                assert_eq!(rx2.into_iter().collect::<Vec<_>>(), [7, 8, 9]);
            }

            /// Values that nobody receives are dropped once: with the last receiver, or with the last handle. What is
            /// refused comes back.
            pub fn left_behind() {
                for capacity in [Some(2), None] {
                    for receiver_first in [false, true] {
                        let (tx, rx) = capacity.map_or_else(unbounded, bounded);
                        tx.send(leaks::track(1)).unwrap();
                        tx.send(leaks::track(2)).unwrap();
                        if receiver_first {
                            drop(rx);
                            // A bounded channel keeps them until then.
                            assert_eq!(tx.len(), if capacity.is_some() { 2 } else { 0 });
                            assert_eq!(*tx.send(leaks::track(3)).unwrap_err().0, 3);
                            drop(tx);
                        } else {
                            drop(tx);
                            assert_eq!(*rx.recv().unwrap(), 1);
                            drop(rx);
                        }
                    }
                }
            }

            pub type Outcome = Vec<Option<u32>>;

            /// Values of two senders, in the order in which they come.
            pub fn two_senders(capacity: usize) -> Outcome {
                let (tx, rx) = bounded(capacity);
                thread::scope(|s| {
                    let tx2 = tx.clone();
                    s.spawn(move || tx2.send(1).unwrap());
                    s.spawn(move || tx.send(2).unwrap());
                    rx.iter().map(Some).collect()
                })
            }

            /// Which receiver gets which value.
            pub fn two_receivers(capacity: usize) -> Outcome {
                let (tx, rx) = bounded(capacity);
                thread::scope(|s| {
                    let rx2 = rx.clone();
                    let a = s.spawn(move || rx.recv().ok());
                    let b = s.spawn(move || rx2.recv().ok());
                    tx.send(1).unwrap();
                    tx.send(2).unwrap();
                    vec![a.join().unwrap(), b.join().unwrap()]
                })
            }

            /// One of two values finds the receiver asleep, or each, or neither.
            pub fn attempts(capacity: usize) -> Outcome {
                let (tx, rx) = bounded(capacity);
                thread::scope(|s| {
                    let received = s.spawn(move || vec![rx.try_recv().ok(), rx.recv().ok()]);
                    let sent = [tx.try_send(1).is_ok(), tx.try_send(2).is_ok()];
                    drop(tx);
                    let mut all = received.join().unwrap();
                    all.extend(sent.map(|sent| Some(sent.into())));
                    all
                })
            }

            /// Closing beside a sender and a receiver that may be asleep.
            pub fn walks_away(capacity: usize) -> Outcome {
                let (tx, rx) = bounded(capacity);
                thread::scope(|s| {
                    let sender = s.spawn(move || {
                        let sent = [tx.send(1), tx.send(2)];
                        sent.map(|sent| sent.err().map(|error| error.0))
                    });
                    let first = rx.recv().ok();
                    drop(rx);
                    let mut all = sender.join().unwrap().to_vec();
                    all.push(first);
                    all
                })
            }

            /// Two receivers that may be asleep, and no sender any more.
            pub fn no_sender_is_left(capacity: usize) -> Outcome {
                let (tx, rx) = bounded(capacity);
                thread::scope(|s| {
                    let rx2 = rx.clone();
                    let all = [s.spawn(move || rx.recv().ok()), s.spawn(move || rx2.recv().ok())];
                    drop(tx);
                    all.map(|receiver| receiver.join().unwrap()).to_vec()
                })
            }

            /// Two senders that may be asleep, and no receiver any more: what comes back to them.
            pub fn no_receiver_is_left(capacity: usize) -> Outcome {
                let (tx, rx) = bounded(capacity);
                (0..capacity).for_each(|_| tx.send(0).unwrap());
                thread::scope(|s| {
                    let tx2 = tx.clone();
                    let back = |sent: Result<(), SendError<u32>>| sent.err().map(|error| error.0);
                    let all =
                        [s.spawn(move || back(tx.send(1))), s.spawn(move || back(tx2.send(2)))];
                    drop(rx);
                    all.map(|sender| sender.join().unwrap()).to_vec()
                })
            }

            /// What a thread sees of another's sending and closing.
            pub fn looks(capacity: usize) -> Outcome {
                let (tx, rx) = bounded(capacity);
                thread::scope(|s| {
                    s.spawn(move || tx.try_send(1).unwrap_or_default());
                    let found = |rx: &Receiver<u32>| match rx.try_recv() {
                        Ok(value) => Some(value),
                        Err(TryRecvError::Empty) => Some(0),
                        Err(TryRecvError::Disconnected) => None,
                    };
                    vec![Some(rx.len() as u32), found(&rx), found(&rx)]
                })
            }
        }
    };
}

programs!(real);
programs!(model);

#[test]
fn a_thread_alone_finds_the_same_on_both() {
    real::alone();
    harness::model(model::alone);
}

#[test]
fn what_is_left_behind_is_dropped_once_on_both() {
    leaks::check(real::left_behind);
    harness::model(model::left_behind);
}

/// All that `program` comes to in the model.
fn explored<T: Ord + Send + 'static>(program: impl Fn() -> T + Send + Sync + 'static) -> Vec<T> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let collect = Arc::clone(&seen);
    let explored = explore(move || {
        let outcome = program();
        collect.lock().unwrap().insert(outcome);
    });
    let explored = explored.unwrap_or_else(|failure| panic!("{}", failure.report));
    assert!(explored.coverage.is_exhaustive());
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.into_iter().collect()
}

/// Runs a program on both faces, on a channel of each of the capacities. `outcomes` says how many there are.
#[track_caller]
fn both(
    capacities: &[usize],
    real: fn(usize) -> real::Outcome,
    model: fn(usize) -> model::Outcome,
    outcomes: &[usize],
) {
    let mut all = Vec::new();
    for &capacity in capacities {
        let explored = explored(move || model(capacity));
        all.push(explored.len());
        for _ in 0..RUNS {
            let found = real(capacity);
            assert!(explored.contains(&found), "{capacity}: {found:?}, {explored:?}");
        }
    }
    assert_eq!(all, outcomes);
}

#[test]
fn values_of_two_senders() {
    both(&[0, 1, 2], real::two_senders, model::two_senders, &[2, 2, 2]);
}

#[test]
fn values_for_two_receivers() {
    both(&[0, 1, 2], real::two_receivers, model::two_receivers, &[2, 2, 2]);
}

#[test]
fn attempts() {
    both(&[0, 1, 2], real::attempts, model::attempts, &[3, 4, 3]);
}

#[test]
fn a_receiver_walks_away() {
    both(&[0, 1, 2], real::walks_away, model::walks_away, &[1, 2, 2]);
}

/// CL-03, CL-06.
#[test]
fn everyone_learns_that_a_side_is_gone() {
    let (real, model) = (real::no_sender_is_left, model::no_sender_is_left);
    both(&[0, 1], real, model, &[1, 1]);
    let (real, model) = (real::no_receiver_is_left, model::no_receiver_is_left);
    both(&[0, 1], real, model, &[1, 1]);
}

#[test]
fn what_a_thread_sees_of_a_sender() {
    both(&[0, 1], real::looks, model::looks, &[3, 6]);
}

/// The drops of two senders come in either order, and each may be the one that closes.
#[test]
fn either_of_two_senders_closes() {
    let seen = explored(|| {
        let (tx, rx) = unbounded::<u32>();
        let (tx2, done) = (tx.clone(), [AtomicUsize::new(0), AtomicUsize::new(0)]);
        thread::scope(|s| {
            let done = &done;
            s.spawn(move || {
                drop(tx);
                done[0].fetch_add(1, Relaxed);
            });
            s.spawn(move || {
                drop(tx2);
                done[1].fetch_add(1, Relaxed);
            });
            let before = [0, 1].map(|i| done[i].fetch_add(0, Relaxed));
            (before, rx.try_recv() == Err(harness::sync::model::channel::TryRecvError::Empty))
        })
    });
    for before in [[0, 0], [0, 1], [1, 0]] {
        assert!(seen.contains(&(before, true)), "{before:?} in {seen:?}");
        assert!(seen.contains(&(before, false)), "{before:?} in {seen:?}");
    }
    assert!(seen.contains(&([1, 1], false)) && !seen.contains(&([1, 1], true)));
}

/// Plain memory that the model watches.
#[derive(Default)]
struct Plain(UnsafeCell<u32>);

// SAFETY: none of its own. The model stops at the second of two accesses that nothing orders.
unsafe impl Sync for Plain {}

impl Plain {
    fn write(&self) {
        self.0.with_mut(|_| {});
    }
}

#[track_caller]
fn races(program: impl Fn() + Send + Sync + 'static) {
    let failure = explore(program).expect_err("nothing orders the two");
    assert_eq!(failure.kind, Kind::DataRace, "{}", failure.report);
}

/// CH-19.
#[test]
fn a_send_happens_before_its_receive() {
    for capacity in [0, 1, 2] {
        harness::model(move || {
            let (tx, rx) = bounded(capacity);
            let plain = Plain::default();
            thread::scope(|s| {
                s.spawn(|| {
                    plain.write();
                    tx.send(1).unwrap();
                });
                rx.recv().unwrap();
                plain.write();
            });
        });
    }
}

/// CH-21: a channel of capacity 1 is a mutex if one sends to lock it, and not the other way round.
#[test]
fn a_receive_happens_before_the_send_that_takes_its_place() {
    harness::model(|| {
        let (tx, rx) = bounded(1);
        let plain = Plain::default();
        let critical = || {
            tx.send(()).unwrap();
            plain.write();
            rx.recv().unwrap();
        };
        thread::scope(|s| {
            s.spawn(critical);
            critical();
        });
    });
    for capacity in [1, 2] {
        let exchange = move |sends| {
            move || {
                let (tx, rx) = bounded(capacity);
                let plain = Plain::default();
                thread::scope(|s| {
                    s.spawn(|| {
                        plain.write();
                        while rx.recv() != Ok(sends - 1) {}
                    });
                    for i in 0..sends {
                        tx.send(i).unwrap();
                    }
                    plain.write();
                });
            }
        };
        harness::model(exchange(capacity + 1));
        races(exchange(capacity));
    }
}

/// CH-20.
#[test]
fn without_a_buffer_a_receive_happens_before_its_send_returns() {
    harness::model(|| {
        let (tx, rx) = bounded(0);
        let plain = Plain::default();
        thread::scope(|s| {
            s.spawn(|| {
                plain.write();
                rx.recv().unwrap();
            });
            tx.send(1).unwrap();
            plain.write();
        });
    });
}

/// CL-13: the last drop, and what came before the others.
#[test]
fn a_drop_happens_before_what_fails_because_of_it() {
    harness::model(|| {
        let (tx, rx) = unbounded::<u32>();
        let (a, b) = (Plain::default(), Plain::default());
        thread::scope(|s| {
            let (a, b, tx2) = (&a, &b, tx.clone());
            s.spawn(move || {
                a.write();
                drop(tx);
            });
            s.spawn(move || {
                b.write();
                drop(tx2);
            });
            assert_eq!(rx.recv(), Err(RecvError));
            a.write();
            b.write();
        });
    });
    harness::model(|| {
        let (tx, rx) = bounded(1);
        let plain = Plain::default();
        thread::scope(|s| {
            let plain = &plain;
            s.spawn(move || {
                plain.write();
                drop(rx);
            });
            while tx.send(1).is_ok() {}
            plain.write();
        });
    });
}

/// Nothing is passed on by an attempt that fails, nor back by a send into a buffer.
#[test]
fn nothing_else_is_ordered() {
    races(|| {
        let (tx, rx) = unbounded();
        let plain = Plain::default();
        thread::scope(|s| {
            s.spawn(|| {
                plain.write();
                tx.send(1).unwrap();
            });
            if rx.len() == 1 {
                plain.write();
            }
        });
    });
    races(|| {
        let (tx, rx) = bounded(1);
        let plain = Plain::default();
        thread::scope(|s| {
            s.spawn(|| {
                plain.write();
                rx.recv().unwrap();
            });
            tx.send(1).unwrap();
            plain.write();
        });
    });
}

/// Values that are on their way when a side walks away are dropped once: CH-25, CL-07.
#[test]
fn no_value_is_lost() {
    for capacity in [0, 1] {
        harness::model(move || {
            let (tx, rx) = bounded(capacity);
            thread::scope(|s| {
                s.spawn(move || {
                    for i in 0..2 {
                        if let Err(back) = tx.send(leaks::track(i)) {
                            assert_eq!(*back.0, i, "the value comes back");
                        }
                    }
                });
                let _first = rx.recv();
                drop(rx);
            });
        });
    }
}

#[test]
fn a_value_left_behind_may_use_the_facade_when_it_is_dropped() {
    struct Counts(Arc<AtomicUsize>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    harness::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = unbounded();
        thread::scope(|s| {
            let counts = Counts(Arc::clone(&drops));
            s.spawn(move || drop(tx.send(counts)));
            drop(rx);
        });
        assert_eq!(drops.load(Relaxed), 1);
    });
}

/// The state space stays small: an operation is a step, and nobody wakes up in vain.
#[test]
fn few_interleavings() {
    let borrowed = |senders: u32, each: u32, capacity| {
        let explored = explore(move || {
            let (tx, rx) = bounded(capacity);
            thread::scope(|s| {
                for _ in 0..senders {
                    s.spawn(|| (0..each).try_for_each(|i| tx.send(i)).unwrap());
                }
                assert!((0..senders * each).all(|_| rx.recv().is_ok()));
            });
        });
        explored.unwrap_or_else(|failure| panic!("{}", failure.report))
    };
    let most = [(1, 2, 0, 13), (1, 3, 1, 56), (2, 1, 0, 218), (2, 1, 1, 269)];
    for (senders, each, capacity, most) in most {
        let found = borrowed(senders, each, capacity).coverage;
        assert!(found.is_exhaustive() && found.interleavings <= most, "{found:?}");
    }
}

/// Pins the report.
#[track_caller]
fn pin(kind: Kind, program: impl Fn() + Send + Sync + 'static) -> Failure {
    let first_line = std::panic::Location::caller().line();
    let failure = common::patient().explore(program).expect_err("it fails");
    assert_eq!(failure.kind, kind, "{}", failure.report);
    let test = std::thread::current().name().map(str::to_owned);
    let test = test.expect("libtest names the thread after the test");
    let report = failure.render(&Page::new(80));
    insta::assert_snapshot!(test, relative_lines(&report, "channels.rs", first_line));
    failure
}

#[test]
fn a_buffer_is_drawn() {
    pin(Kind::Deadlock, || {
        let (jobs, inbox) = bounded(1);
        thread::scope(|s| {
            s.spawn(|| (0..3).for_each(|i| jobs.send(i).unwrap()));
            for i in 0..3 {
                assert_eq!(inbox.recv(), Ok(i));
            }
            inbox.recv()
        })
        .unwrap();
    });
}

#[test]
fn a_meeting_is_drawn() {
    pin(Kind::Deadlock, || {
        let (ask_tx, ask_rx) = bounded(0);
        thread::scope(|s| {
            s.spawn(move || {
                assert_eq!(ask_rx.recv(), Ok(true));
                ask_rx.recv()
            });
            ask_tx.send(true).unwrap();
            let (answer_tx, answer_rx) = bounded::<u32>(0);
            assert!(answer_rx.try_recv().is_err());
            answer_tx.send(1).unwrap();
        });
    });
}

#[test]
fn handles_and_values_that_cannot_be_shown_are_drawn() {
    pin(Kind::Panic, || {
        let (tx, rx) = bounded(2);
        let (unseen_tx, unseen_rx) = unbounded();
        thread::scope(|s| {
            (0..6).for_each(|i| unseen_tx.send(i).unwrap());
            let tx2 = tx.clone();
            s.spawn(move || {
                drop(unseen_rx);
                tx.send("one".to_owned()).unwrap();
            });
            s.spawn(move || assert!(tx2.try_send("two".to_owned()).is_ok()));
            while rx.recv().is_ok() {}
            assert_eq!(unseen_tx.send(7).map_err(|error| error.0), Err(7));
            panic!("no sender is left");
        });
    });
}
