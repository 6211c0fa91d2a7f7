//! What the docs promise, on real threads. The orderings are the models' business, in `src/race_freedom.rs`.

use harness::assert_bounds;
use harness::testing::{assert_panics, must_end, panic_of, while_unwinding};
use spsc_ring::{Consumer, Producer, ring};
use std::cell::Cell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::MutexGuard;
use std::thread;

/// Capacities from 1 to 70,000, to which an index has to count; three rounds each. As many pushes are
/// accepted, and no more; as many pops find a value.
#[test]
fn a_ring_holds_exactly_its_capacity() {
    // CH-04, CH-05, CH-11
    // The last is more than an index of 16 bits can name.
    for capacity in (1..=20).chain([63, 64, 65, 1000, 70_000]) {
        let (mut producer, mut consumer) = ring(capacity);
        for round in 1..=3 {
            for n in 0..capacity {
                assert_eq!(
                    producer.push(n),
                    Ok(()),
                    "value {n} of {capacity}, round {round}"
                );
            }
            for _ in 0..3 {
                assert_eq!(
                    producer.push(7),
                    Err(7),
                    "a push into a ring of {capacity} that holds as many, round {round}"
                );
            }
            for n in 0..capacity {
                assert_eq!(
                    consumer.pop(),
                    Some(n),
                    "capacity {capacity}, round {round}"
                );
            }
            for _ in 0..3 {
                assert_eq!(
                    consumer.pop(),
                    None,
                    "a ring of {capacity} is empty, round {round}"
                );
            }
        }
    }
}

/// Pushes and pops in all rhythms, against a queue that cannot be wrong. Catches an index that goes astray at
/// the end of the circle, from whatever fill it comes there.
#[test]
fn every_rhythm_keeps_the_order() {
    // CH-07
    for capacity in 1..=5 {
        for (pushes, pops) in (1..=6).flat_map(|pushes| (1..=6).map(move |pops| (pushes, pops))) {
            let (mut producer, mut consumer) = ring(capacity);
            let (mut right, mut next) = (VecDeque::new(), 0);
            for step in 0..40 {
                for _ in 0..pushes {
                    let fits = right.len() < capacity;
                    let expected = if fits { Ok(()) } else { Err(next) };
                    assert_eq!(
                        producer.push(next),
                        expected,
                        "ring of {capacity}, {right:?} in it, step {step}"
                    );
                    if fits {
                        right.push_back(next);
                    }
                    next += 1;
                }
                for _ in 0..pops {
                    assert_eq!(
                        consumer.pop(),
                        right.pop_front(),
                        "ring of {capacity}, step {step}"
                    );
                }
            }
        }
    }
}

/// More rounds than an index of 16 bits has values.
#[test]
fn a_ring_does_not_wear_out() {
    let (mut producer, mut consumer) = ring(3);
    assert_eq!(producer.push(0), Ok(()));
    for value in 1..200_000 {
        assert_eq!(
            producer.push(value),
            Ok(()),
            "one of three places is in use"
        );
        assert_eq!(consumer.pop(), Some(value - 1), "the oldest value");
    }
}

/// A ring of no places could hand nothing over, not even values without a size.
#[test]
fn a_capacity_of_zero_is_refused() {
    // CH-12: Go has channels without a buffer. This is no place for two threads to meet.
    drop(ring::<u8>(1));
    assert_panics("spsc_ring: zero capacity", || drop(ring::<u8>(0)));
    assert_panics("spsc_ring: zero capacity", || drop(ring::<()>(0)));
}

/// No memory holds the values: one byte more than `isize::MAX`, or many more.
#[test]
fn a_capacity_that_no_memory_holds_is_refused() {
    // CH-12
    drop(ring::<u64>(1));
    for capacity in [
        usize::MAX,
        usize::MAX - 1,
        usize::MAX / 8,
        usize::MAX / 16 + 1,
    ] {
        let refused = panic_of(|| drop(ring::<u64>(capacity)));
        assert!(
            refused.is_some(),
            "a ring for {capacity} numbers of 8 bytes"
        );
    }
}

/// Values without a size, with a large alignment, that are `None`, that cannot be sent: the ring moves
/// them, and reads nothing into them.
#[test]
fn any_value_can_be_pushed() {
    // CH-24
    let (mut producer, mut consumer) = ring(2);
    let pushed = (producer.push(()), producer.push(()), producer.push(()));
    assert_eq!(
        pushed,
        (Ok(()), Ok(()), Err(())),
        "three values without a size, in a ring of two"
    );
    assert_eq!(
        [consumer.pop(), consumer.pop(), consumer.pop()],
        [Some(()), Some(()), None]
    );

    let (mut producer, mut consumer) = ring(1);
    assert_eq!(producer.push(None::<u32>), Ok(()));
    assert_eq!(producer.push(Some(1)), Err(Some(1)));
    assert_eq!(consumer.pop(), Some(None));

    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(64))]
    struct Aligned(u8);
    let (mut producer, mut consumer) = ring(3);
    for n in 0..3 {
        assert_eq!(producer.push(Aligned(n)), Ok(()));
    }
    let popped = consumer.pop().unwrap();
    assert_eq!(popped, Aligned(0));

    let local = Rc::new(7);
    let (mut producer, mut consumer) = ring(1);
    assert!(producer.push(Rc::clone(&local)).is_ok());
    assert_eq!(Rc::strong_count(&local), 2);
    assert_eq!(consumer.pop().as_deref(), Some(&7));
    assert_eq!(Rc::strong_count(&local), 1);
}

/// An end says that the other is gone as soon as it has been dropped, by a panic of its thread or
/// otherwise. Nothing else changes by that: what is in the ring can be popped, and a ring without a
/// consumer fills up as any other does.
#[test]
fn each_end_learns_that_the_other_is_gone() {
    let (mut producer, mut consumer) = ring(2);
    assert!(
        !producer.is_abandoned() && !consumer.is_abandoned(),
        "both ends are there"
    );
    assert_eq!(producer.push(1), Ok(()));
    drop(producer);
    assert!(
        consumer.is_abandoned(),
        "the producer was dropped, with a value in the ring, and `consumer.is_abandoned()` is false"
    );
    assert_eq!(
        (consumer.pop(), consumer.pop()),
        (Some(1), None),
        "what was pushed can still be popped"
    );

    let (producer, consumer) = ring::<u32>(1);
    while_unwinding(move || drop(producer));
    assert!(
        consumer.is_abandoned(),
        "the producer was dropped while its thread unwound, and `consumer.is_abandoned()` is false"
    );

    let (mut producer, consumer) = ring(1);
    while_unwinding(move || drop(consumer));
    assert!(
        producer.is_abandoned(),
        "the consumer was dropped while its thread unwound, and `producer.is_abandoned()` is false"
    );
    assert_eq!(
        (producer.push(1), producer.push(2)),
        (Ok(()), Err(2)),
        "two pushes into an empty ring of one, whose consumer is gone"
    );
}

/// A destructor pushes and pops while its thread unwinds: both ends do what they do otherwise.
#[test]
fn a_panic_elsewhere_changes_nothing() {
    while_unwinding(|| {
        let (mut producer, mut consumer) = ring(1);
        assert_eq!((producer.push(1), producer.push(2)), (Ok(()), Err(2)));
        assert_eq!((consumer.pop(), consumer.pop()), (Some(1), None));
        assert!(!producer.is_abandoned() && !consumer.is_abandoned());
    });
}

/// One thread pushes up to 20,000 numbers, the other pops them. All come, each once, in order.
#[test]
fn two_threads_hand_over_everything_in_order() {
    // CH-07, CH-19
    // As few rounds as show it: where all processors are busy, each may wait for a turn of both threads.
    for (capacity, values) in [(1, 500), (2, 1_000), (100, 20_000)] {
        must_end("a thread is still at its end of the ring", move || {
            let (mut producer, mut consumer) = ring(capacity);
            let wrong = thread::scope(|s| {
                s.spawn(move || {
                    for n in 0..values {
                        let mut value = Box::new(n);
                        while let Err(refused) = producer.push(value) {
                            assert_eq!(*refused, n, "a refused push hands its own value back");
                            value = refused;
                            thread::yield_now();
                        }
                    }
                });
                let received = s.spawn(move || {
                    let (mut next, mut wrong) = (0, None);
                    loop {
                        let abandoned = consumer.is_abandoned();
                        match consumer.pop() {
                            Some(value) => {
                                wrong = wrong.or((*value != next).then_some((*value, next)));
                                next += 1;
                            }
                            None if abandoned => {
                                return wrong.or((next != values).then_some((next, values)));
                            }
                            None => thread::yield_now(),
                        }
                    }
                });
                received.join().unwrap()
            });
            assert_eq!(wrong, None, "(found, expected), in a ring of {capacity}");
        });
    }
}

/// Each end moves to another thread, with values on the way.
#[test]
fn the_ends_move_between_threads() {
    let (mut producer, mut consumer) = ring(2);
    let producer = thread::spawn(move || {
        assert_eq!(producer.push(String::from("one")), Ok(()));
        producer
    });
    let mut producer = producer.join().unwrap();
    assert_eq!(producer.push(String::from("two")), Ok(()));
    let mut consumer = thread::spawn(move || {
        assert_eq!(consumer.pop().as_deref(), Some("one"));
        consumer
    })
    .join()
    .unwrap();
    assert_eq!(consumer.pop().as_deref(), Some("two"));
}

/// The bounds that the docs promise, and the one that they rule out: with two producers, two threads would
/// write the same slot.
#[test]
fn the_ends_can_be_sent_and_not_cloned() {
    // CH-27
    drop(ring::<u32>(1));
    struct Is<T>(PhantomData<T>);
    trait Otherwise {
        const CLONE: bool = false;
    }
    impl<T> Otherwise for Is<T> {}
    impl<T: Clone> Is<T> {
        #[allow(dead_code, reason = "used if an end is `Clone`, which it must not be")]
        const CLONE: bool = true;
    }
    const { assert!(Is::<PhantomData<u32>>::CLONE, "the test can tell") };
    let ends = [
        ("a producer", Is::<Producer<u32>>::CLONE),
        ("a consumer", Is::<Consumer<u32>>::CLONE),
    ];
    for (end, is_clone) in ends {
        assert!(!is_clone, "{end} must not be Clone");
    }

    assert_bounds!(Producer<u32>: Send);
    assert_bounds!(Consumer<u32>: Send);
    assert_bounds!(Producer<Cell<u32>>: Send);
    assert_bounds!(Consumer<Cell<u32>>: Send);
    assert_bounds!(Producer<Rc<u32>>: !Send);
    assert_bounds!(Consumer<Rc<u32>>: !Send);
    assert_bounds!(Consumer<MutexGuard<'static, u32>>: !Send);
}
