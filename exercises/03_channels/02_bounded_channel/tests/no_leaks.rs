//! No value, no memory and no thread stays behind.
//!
//! Tracked values are numbers on purpose: a string that is dropped twice crashes the whole process. No test
//! joins a thread: the leak check waits for each of them to end, and names those that do not.

use bounded_channel::Channel;
use harness::leaks::{self, Tracked, track};
use harness::sync::real::Arc;
use harness::testing::{
    Counted, payload_of, spawn_detached, spawn_sleepers, staged_panic, while_unwinding,
};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Three values go in, the two oldest come out, and two more go in: three are left, and the channel drops
/// those when it is dropped itself. So does one that is dropped while its thread unwinds, one whose values take no
/// memory, and one where the `drop` of the first value panics.
#[test]
fn what_is_in_the_channel_goes_with_it() {
    // CH-25
    struct Panics(bool);
    impl Drop for Panics {
        fn drop(&mut self) {
            if self.0 {
                staged_panic("the value's");
            }
        }
    }
    leaks::check(|| {
        // With room for one more: a ring goes round, and has a place that is empty.
        let channel = Channel::new(4);
        for n in 1..=3 {
            channel.send((track(n), Counted));
        }
        let before = Counted::drops();
        let first = channel.recv();
        assert_eq!(Counted::drops() - before, 0, "values dropped by `recv`");
        channel.send((track(4), Counted));
        drop(first);
        drop(channel.recv());
        channel.send((track(5), Counted));
        assert_eq!(
            Counted::drops() - before,
            2,
            "two have been received and dropped"
        );
        gone(channel);
        assert_eq!(
            Counted::drops() - before,
            5,
            "values dropped: two that were received, and three that were still in the channel when it went"
        );
        let channel = Channel::new(4);
        channel.send(track(6));
        while_unwinding(|| gone(channel));
        let before = Counted::drops();
        let channel = Channel::new(3);
        channel.send(Counted);
        channel.send(Counted);
        gone(channel);
        assert_eq!(
            Counted::drops() - before,
            2,
            "values dropped: two that take no memory were in the channel when it went"
        );
        let before = Counted::drops();
        let channel = Channel::new(3);
        (1..=3).for_each(|n| channel.send((Panics(n == 1), Counted)));
        payload_of(|| gone(channel));
        assert_eq!(
            Counted::drops() - before,
            3,
            "values dropped: three were in the channel when it went, and the `drop` of the first panicked"
        );
    });
}

#[test]
fn an_empty_channel_drops_nothing() {
    leaks::check(|| {
        let before = Counted::drops();
        gone(Channel::<Counted>::new(4));
        let channel = Channel::<Counted>::new(1);
        assert!(channel.try_recv().is_none());
        gone(channel);
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped though none was sent"
        );
    });
}

#[test]
fn a_refused_value_stays_with_its_owner() {
    leaks::check(|| {
        let channel = Channel::new(1);
        channel.send((track(1), Counted));
        let before = Counted::drops();
        let refused = channel
            .try_send((track(2), Counted))
            .expect_err("there is no room");
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped by a `try_send` that fails"
        );
        assert_eq!(*refused.0, 2);
        assert_eq!(*channel.recv().0, 1);
    });
}

/// A channel keeps nothing of the calls that have passed: it outlives the check, which runs its closure several times.
#[test]
fn a_channel_keeps_nothing_of_what_has_passed() {
    let channel = Arc::new(Channel::new(4));
    leaks::check(|| {
        for n in 0..10 {
            channel.send(n);
            assert!(channel.try_send(n + 1).is_ok());
            channel.recv();
            assert!(channel.try_recv().is_some());
            assert!(channel.try_recv().is_none());
        }
        for n in 0..8 {
            let channel = Arc::clone(&channel);
            spawn_detached(format!("pair {n}"), move || {
                if n % 2 == 0 {
                    channel.send(n);
                } else {
                    channel.recv();
                }
            });
        }
    });
    assert!(channel.is_empty());
}

#[test]
fn every_receiver_leaves_with_its_value() {
    leaks::check(|| {
        let channel: Arc<Channel<Tracked<u32>>> = Arc::new(Channel::new(2));
        let calls = std::iter::repeat_n(&channel, 4).map(|channel| {
            let channel = Arc::clone(channel);
            move || drop(channel.recv())
        });
        spawn_sleepers("receiver", calls);
        let values = [1, 2, 3, 4].map(|n| track(n));
        spawn_detached("sender", move || {
            values.into_iter().for_each(|value| channel.send(value));
        });
    });
}

/// The last two values stay in the channel, and go with it.
#[test]
fn every_sender_leaves_when_there_is_room() {
    leaks::check(|| {
        let channel = Arc::new(Channel::new(2));
        (1..=2).for_each(|n| channel.send(track(n)));
        let calls = (3..=6).map(|n| {
            let (channel, value) = (Arc::clone(&channel), track(n));
            move || channel.send(value)
        });
        spawn_sleepers("sender", calls);
        spawn_detached("receiver", move || {
            (0..4).for_each(|_| drop(channel.recv()))
        });
    });
}

/// Drops what it is given.
fn gone<T>(_: T) {}
