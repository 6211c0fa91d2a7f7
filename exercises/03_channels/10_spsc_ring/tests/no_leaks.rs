//! Each value is dropped once: by the consumer, by the producer that was refused, or with the ring.

use harness::leaks::{self, track};
use harness::testing::{Counted, spawn_detached, staged_panic, staged_panic_of, while_unwinding};
use spsc_ring::ring;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Both ends go, the one first or the other, even while the thread unwinds: up to three values are left in a ring of three,
/// and each of them is dropped. They begin at any place, and may go on at the first slot after the last.
#[test]
fn what_is_still_in_the_ring_is_dropped_with_it() {
    // CH-25
    leaks::check(|| {
        for (used, left) in (0..4).flat_map(|used| (0..=3).map(move |left| (used, left))) {
            for consumer_first in [true, false] {
                let (mut producer, mut consumer) = ring(3);
                for n in 0..used {
                    assert!(producer.push(track(n)).is_ok());
                    assert!(consumer.pop().is_some());
                }
                for n in 0..left {
                    assert!(producer.push(track(10 + n)).is_ok());
                }
                if consumer_first {
                    drop(consumer);
                    // As by a panic.
                    while_unwinding(|| drop(producer));
                } else {
                    drop(producer);
                    drop(consumer);
                }
            }
        }
    });
}

/// What was popped outlives the ring.
#[test]
fn a_popped_value_is_its_owners() {
    // CH-25
    leaks::check(|| {
        let (mut producer, mut consumer) = ring(2);
        assert!(producer.push(track(1)).is_ok());
        let popped = consumer.pop().expect("pushed");
        assert!(producer.push(track(2)).is_ok());
        drop((producer, consumer));
        assert_eq!(popped, 1);
    });
}

#[test]
fn a_refused_value_is_its_owners() {
    leaks::check(|| {
        let (mut producer, consumer) = ring(1);
        assert!(producer.push(track(1)).is_ok());
        let refused = producer.push(track(2)).expect_err("the ring is full");
        drop((producer, consumer));
        assert_eq!(refused, 2);
    });
}

/// The slots are uninitialised at first, and again when a value has been taken out. The values have no bytes,
/// so a drop of what is not there does no more than count.
#[test]
fn only_what_was_pushed_is_dropped() {
    // CH-24, CH-25
    leaks::check(|| {
        let before = Counted::drops();
        drop(ring::<Counted>(3));
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped with an empty ring"
        );

        let (mut producer, mut consumer) = ring(2);
        for _ in 0..5 {
            assert!(producer.push(Counted).is_ok());
            std::mem::forget(consumer.pop().expect("a value was pushed"));
        }
        assert!(producer.push(Counted).is_ok());
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped by `push` and `pop`"
        );
        drop(producer);
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped while the consumer is there"
        );
        drop(consumer);
        assert_eq!(Counted::drops() - before, 1, "one value was left");
    });
}

#[test]
fn a_ring_does_not_grow() {
    let (mut producer, mut consumer) = ring(3);
    leaks::check(|| {
        for n in 0..5 {
            let _ = producer.push(n);
        }
        assert_eq!(consumer.pop(), Some(0));
        while consumer.pop().is_some() {}
    });
}

/// The consumer goes in the middle of the work, and the producer learns it and goes too.
#[test]
fn a_consumer_that_walks_away_leaves_nothing() {
    leaks::check(|| {
        let (mut producer, mut consumer) = ring(4);
        let mut values: Vec<_> = (0..10).map(|n| track(n)).collect();
        spawn_detached("producer", move || {
            while let Some(value) = values.pop() {
                if producer.is_abandoned() || producer.push(value).is_err() {
                    break;
                }
            }
        });
        spawn_detached("consumer", move || drop(consumer.pop()));
    });
}

/// The consumer goes before the producer, by a panic of its thread, and what is in the ring stays there. Catches a
/// consumer that empties the ring as it goes.
#[test]
fn what_is_in_the_ring_stays_until_both_ends_are_gone() {
    leaks::check(|| {
        let (mut producer, consumer) = ring(1);
        let before = Counted::drops();
        assert!(producer.push(Counted).is_ok(), "there is room");
        while_unwinding(|| drop(consumer));
        assert_eq!(
            Counted::drops() - before,
            0,
            "values dropped with the consumer"
        );
        let refused = producer.push(Counted);
        assert!(
            refused.is_err(),
            "the ring is full, with or without a consumer"
        );
        drop(refused);
        drop(producer);
        assert_eq!(
            Counted::drops() - before,
            2,
            "the refused value, and the one in the ring"
        );
    });
}

#[test]
fn a_producer_that_panics_leaves_what_it_pushed() {
    leaks::check(|| {
        let (mut producer, mut consumer) = ring(2);
        let values = [1, 2].map(|n| track(n));
        let panicked = staged_panic_of(move || {
            let [first, second] = values;
            assert!(producer.push(first).is_ok());
            let _second = second;
            staged_panic("the producer's");
        });
        assert_eq!(panicked, Some("the producer's"));
        assert!(consumer.is_abandoned(), "the panic dropped the producer");
        assert_eq!(consumer.pop().map(|value| *value), Some(1));
        assert!(consumer.pop().is_none());
    });
}
