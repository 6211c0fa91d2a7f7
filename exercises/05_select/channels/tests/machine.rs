//! The channels on real threads, and their arms with a waiter that the test controls.

use channels::real::{Arm, Receiver, SendOutcome, Sender, Waiter, bounded};
use harness::leaks;
use harness::sync::real::channel::{RecvError, SendError, TryRecvError, TrySendError};
use harness::sync::real::task::Arc;
use harness::sync::real::thread;
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[test]
fn values_arrive_in_order_through_every_capacity() {
    for capacity in [0, 1, 7, 1_000] {
        let (sender, receiver) = bounded(capacity);
        let values: Vec<u32> = thread::scope(|scope| {
            scope.spawn(move || (0..500).for_each(|n| sender.send(n).expect("is received")));
            iter::from_fn(|| receiver.recv().ok()).collect()
        });
        assert!(values.into_iter().eq(0..500), "capacity {capacity}");
    }
}

#[test]
fn four_senders_and_four_receivers_lose_nothing() {
    for capacity in [0, 3] {
        let (sender, receiver) = bounded(capacity);
        let mut all: Vec<u32> = thread::scope(|scope| {
            for first in 0..4_u32 {
                let sender = sender.clone();
                let send = move |n: u32| sender.send(n * 4 + first).expect("is received");
                scope.spawn(move || (0..250).for_each(send));
            }
            drop(sender);
            let take = || iter::from_fn(|| receiver.recv().ok()).collect::<Vec<_>>();
            let takers: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            let taken = takers.into_iter().map(|taker| taker.join().expect("ends"));
            taken.flatten().collect()
        });
        all.sort_unstable();
        assert!(all.into_iter().eq(0..1_000), "capacity {capacity}");
    }
}

#[test]
fn nothing_waits_where_it_need_not() {
    let (sender, receiver) = bounded(1);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(sender.try_send('a'), Ok(()));
    assert_eq!(sender.try_send('b'), Err(TrySendError::Full('b')));
    assert_eq!(receiver.try_recv(), Ok('a'));
    assert_eq!(sender.try_send('c'), Ok(()));
    drop(sender);
    assert_eq!(receiver.recv(), Ok('c'));
    assert_eq!(receiver.recv(), Err(RecvError));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));

    let (sender, receiver) = bounded(0);
    assert_eq!(sender.try_send('a'), Err(TrySendError::Full('a')));
    drop(receiver);
    assert_eq!(sender.try_send('a'), Err(TrySendError::Disconnected('a')));
    assert_eq!(sender.send('a'), Err(SendError('a')));
}

/// Waits on channels without a thread. Can be chosen once, and counts how often it was woken.
struct Chosen {
    arm: AtomicUsize,
    woken: AtomicUsize,
}

const NONE: usize = usize::MAX;

impl Waiter for Chosen {
    fn choose(&self, arm: usize) -> bool {
        self.arm
            .compare_exchange(NONE, arm, Relaxed, Relaxed)
            .is_ok()
    }

    fn wake(&self) {
        self.woken.fetch_add(1, Relaxed);
    }
}

fn waiter() -> (Arc<Chosen>, Arc<dyn Waiter>) {
    let chosen = Arc::new(Chosen {
        arm: AtomicUsize::new(NONE),
        woken: AtomicUsize::new(0),
    });
    (Arc::clone(&chosen), chosen)
}

type Two<T> = [(Sender<T>, Receiver<T>); 2];

#[test]
fn a_waiter_chosen_by_one_channel_is_passed_over_by_the_other() {
    for capacity in [0, 1] {
        let [(one, from_one), (other, from_other)]: Two<u32> =
            [bounded(capacity), bounded(capacity)];
        let (chosen, as_waiter) = waiter();
        let (mut first, mut second) = (from_one.arm(), from_other.arm());
        first.register(&mut first.lock(), &as_waiter, 7);
        second.register(&mut second.lock(), &as_waiter, 8);
        let (next, as_next) = waiter();
        let mut behind = from_one.arm();
        behind.register(&mut behind.lock(), &as_next, 9);

        other.try_send(20).expect("somebody waits");
        assert_eq!(chosen.arm.load(Relaxed), 8);
        one.try_send(10).expect("somebody else waits");
        assert_eq!(
            (chosen.woken.load(Relaxed), next.woken.load(Relaxed)),
            (1, 1)
        );
        assert_eq!(next.arm.load(Relaxed), 9);

        assert_eq!((one.registered(), other.registered()), (2, 1));
        assert!(!first.unregister(&mut first.lock()));
        assert!(second.unregister(&mut second.lock()));
        assert!(behind.unregister(&mut behind.lock()));
        assert_eq!((one.registered(), other.registered()), (0, 0));
        assert_eq!(first.outcome(), None);
        assert_eq!(second.outcome(), Some(Ok(20)));
        assert_eq!(behind.outcome(), Some(Ok(10)));
    }
}

#[test]
fn a_send_that_is_passed_over_has_its_value_back() {
    let [(one, from_one), (other, from_other)]: Two<u32> = [bounded(0), bounded(0)];
    let (_, as_waiter) = waiter();
    let (mut first, mut second) = (one.arm(10), other.arm(20));
    first.register(&mut first.lock(), &as_waiter, 0);
    second.register(&mut second.lock(), &as_waiter, 1);
    assert_eq!(from_other.try_recv(), Ok(20));
    assert_eq!(from_one.try_recv(), Err(TryRecvError::Empty));
    assert!(!first.unregister(&mut first.lock()));
    assert!(second.unregister(&mut second.lock()));
    assert_eq!(first.outcome(), SendOutcome::NotChosen(10));
    assert_eq!(second.outcome(), SendOutcome::Sent);
}

#[test]
fn the_last_end_to_go_chooses_all_who_wait() {
    let (sender, receiver) = bounded::<u32>(0);
    let (waiters, mut arms): (Vec<_>, Vec<_>) = (0..3).map(|_| (waiter(), receiver.arm())).unzip();
    for (arm, (_, waiter)) in arms.iter_mut().zip(&waiters) {
        arm.register(&mut arm.lock(), waiter, 0);
    }
    drop(sender.clone());
    assert!(
        waiters
            .iter()
            .all(|(chosen, _)| chosen.woken.load(Relaxed) == 0)
    );
    drop(sender);
    assert!(
        waiters
            .iter()
            .all(|(chosen, _)| chosen.woken.load(Relaxed) == 1)
    );
    for mut arm in arms {
        assert!(arm.unregister(&mut arm.lock()));
        assert_eq!(arm.outcome(), Some(Err(RecvError)));
    }

    let (sender, receiver) = bounded(0);
    let (_, as_waiter) = waiter();
    let mut arm = sender.arm('a');
    arm.register(&mut arm.lock(), &as_waiter, 0);
    drop(receiver);
    assert!(arm.unregister(&mut arm.lock()));
    assert_eq!(arm.outcome(), SendOutcome::Disconnected('a'));
}

#[test]
fn a_waiting_sender_gets_the_room_that_a_receive_makes() {
    let (sender, receiver) = bounded(2);
    sender.try_send(1).expect("has room");
    sender.try_send(2).expect("has room");
    let (chosen, as_waiter) = waiter();
    let mut arm = sender.arm(3);
    assert!(!arm.try_complete(&mut arm.lock()));
    arm.register(&mut arm.lock(), &as_waiter, 0);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(chosen.woken.load(Relaxed), 1);
    assert_eq!(sender.try_send(4), Err(TrySendError::Full(4)));
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(2), Ok(3)));
    assert!(arm.unregister(&mut arm.lock()));
    assert_eq!(arm.outcome(), SendOutcome::Sent);
}

#[test]
#[should_panic(expected = "channels: the lock of another channel")]
fn an_arm_refuses_the_lock_of_another_channel() {
    let [(_one, from_one), (_other, from_other)]: Two<u32> = [bounded(0), bounded(0)];
    from_one.arm().try_complete(&mut from_other.arm().lock());
}

#[test]
fn values_left_in_the_buffer_are_dropped_with_the_last_receiver() {
    leaks::check(|| {
        let (sender, receiver) = bounded(2);
        sender.try_send(leaks::track(1)).expect("has room");
        sender.try_send(leaks::track(2)).expect("has room");
        drop(receiver);
        drop(sender);
    });
}
