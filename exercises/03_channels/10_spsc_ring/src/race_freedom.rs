//! Models: each explores every interleaving of the two ends. Ends try, and never wait: a loop would be as
//! many programs as it has turns. `Watched` and `Slot` are plain memory, so a value that is not ordered is a
//! data race.

use crate::{Consumer, Producer, ring};
use harness::leaks::track;
use harness::model;
use harness::testing::{
    Slot, Watched, both, ends_beside_a_stopped_call, has_locked, never_waits, staged_panic,
    staged_panic_of, while_unwinding,
};
use std::sync::Mutex;

/// A ring of `capacity` in which `used` places have been used once and are free again, so that the next
/// values go round the end.
fn used_ring<T: Default>(capacity: usize, used: usize) -> (Producer<T>, Consumer<T>) {
    let (mut producer, mut consumer) = ring(capacity);
    for _ in 0..used {
        assert!(
            producer.push(T::default()).is_ok(),
            "a push into an empty ring"
        );
        assert!(consumer.pop().is_some(), "a pop after a push");
    }
    (producer, consumer)
}

/// One push beside two attempts to pop. The value is announced when it is there, by a store that the
/// consumer's load acquires.
#[test]
fn a_value_is_there_when_it_is_popped() {
    // CH-19
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        let (popped, pushed) = both(
            || {
                [consumer.pop(), consumer.pop()]
                    .map(|value: Option<Watched<u32>>| value.map(|v| v.read()))
            },
            || producer.push(Watched::new("watched", 7)).is_ok(),
        );
        assert!(pushed, "the ring had room for two");
        let rest = consumer.pop().map(|value| value.read());
        let all: Vec<_> = popped.into_iter().chain([rest]).flatten().collect();
        assert_eq!(
            all,
            [7],
            "7 was pushed once, and both ends have done what they did"
        );
    });
}

/// A ring for one value: neither end takes a lock, whether there is room or not, and a value or none.
#[test]
fn neither_end_takes_a_lock() {
    model(|| {
        let (mut producer, mut consumer) = ring(1);
        both(
            || {
                let _ = (consumer.pop(), consumer.is_abandoned());
                assert!(!has_locked(), "the consumer took a lock");
            },
            || {
                let _ = (producer.push(1), producer.push(2));
                let _ = producer.is_abandoned();
                assert!(!has_locked(), "the producer took a lock");
            },
        );
    });
}

/// What the producer wrote elsewhere comes along with the value.
#[test]
fn a_push_carries_what_came_before() {
    // CH-19
    model(|| {
        let (mut producer, mut consumer) = ring(1);
        let note = Slot::empty("note");
        both(
            || {
                if consumer.pop().is_some() {
                    assert_eq!(note.read(), 7);
                }
            },
            || {
                note.write(7);
                assert_eq!(producer.push(()), Ok(()));
            },
        );
    });
}

/// The ring is full before the threads begin. One pop beside one push: the place is given back when the
/// value has been read, by a store that the producer's load acquires.
#[test]
fn a_place_is_free_when_its_value_has_been_read() {
    // CH-21
    model(|| {
        let (mut producer, mut consumer) = ring(1);
        assert!(producer.push(Watched::new("first", 1)).is_ok());
        let (pushed, popped) = both(
            || match producer.push(Watched::new("second", 2)) {
                Ok(()) => true,
                Err(refused) => {
                    assert_eq!(refused.read(), 2, "a refused push hands its own value back");
                    false
                }
            },
            || consumer.pop().map(|value| value.read()),
        );
        assert_eq!(popped, Some(1));
        let rest = consumer.pop().map(|value| value.read());
        assert_eq!(rest, pushed.then_some(2), "the push succeeded: {pushed}");
    });
}

/// What the consumer wrote before it popped is visible to the push that needed the place.
#[test]
fn a_pop_carries_what_came_before() {
    // CH-21
    model(|| {
        let (mut producer, mut consumer) = ring(1);
        assert_eq!(producer.push(1), Ok(()));
        let note = Slot::empty("note");
        both(
            || {
                if producer.push(2).is_ok() {
                    assert_eq!(note.read(), 7);
                }
            },
            || {
                note.write(7);
                assert_eq!(consumer.pop(), Some(1));
            },
        );
    });
}

/// Three pushes beside two pops, in a ring of two whose next value goes into the last place. Catches values
/// that are lost, doubled or turned round at the end of the circle, whichever end runs ahead.
#[test]
fn values_come_in_order() {
    // CH-07
    model(|| {
        let (mut producer, mut consumer) = used_ring(2, 1);
        let (pushed, mut popped) = both(
            || [1, 2, 3].map(|value| producer.push(value).is_ok().then_some(value)),
            || [consumer.pop(), consumer.pop()].to_vec(),
        );
        popped.extend([consumer.pop(), consumer.pop(), consumer.pop()]);
        let pushed: Vec<u32> = pushed.into_iter().flatten().collect();
        let popped: Vec<u32> = popped.into_iter().flatten().collect();
        assert_eq!(popped, pushed, "what was popped, and what was pushed");
        assert!(
            pushed.starts_with(&[1, 2]),
            "the ring was empty and holds two: {pushed:?}"
        );
    });
}

/// A ring of one is full and empty in turns. A value is announced when it has been written, and its place
/// is given back when it has been read.
#[test]
fn a_ring_of_one_is_handed_to_and_fro() {
    // CH-07, CH-21
    model(|| {
        let (mut producer, mut consumer) = ring(1);
        let (pushed, mut popped) = both(
            || [1, 2].map(|value| producer.push(value).is_ok().then_some(value)),
            || [consumer.pop(), consumer.pop()].to_vec(),
        );
        popped.extend([consumer.pop(), consumer.pop()]);
        let pushed: Vec<u32> = pushed.into_iter().flatten().collect();
        let popped: Vec<u32> = popped.into_iter().flatten().collect();
        assert_eq!(popped, pushed, "what was popped, and what was pushed");
    });
}

/// Pushes that are refused, beside pops; the ring is full and its values lie across the end. Catches a
/// refused push that moves anything, and a value that is not handed back.
#[test]
fn a_refused_push_changes_nothing() {
    // CH-04
    model(|| {
        let (mut producer, mut consumer) = used_ring(2, 1);
        assert_eq!((producer.push(1), producer.push(2)), (Ok(()), Ok(())));
        let (refused, popped) = both(
            || (producer.push(3).err(), producer.push(4).err()),
            || consumer.pop(),
        );
        assert_eq!(popped, Some(1));
        let left = [consumer.pop(), consumer.pop()];
        let right = match refused {
            (Some(3), Some(4)) => [Some(2), None],
            (Some(3), None) => [Some(2), Some(4)],
            (None, Some(4)) => [Some(2), Some(3)],
            other => panic!("there was room for one of 3 and 4: handed back {other:?}"),
        };
        assert_eq!(left, right, "left in the ring; handed back: {refused:?}");
    });
}

/// Pops that find nothing, beside a push: neither end notices.
#[test]
fn a_pop_from_an_empty_ring_changes_nothing() {
    // CH-02
    model(|| {
        let (mut producer, mut consumer) = used_ring(1, 1);
        let (first, pushed) = both(
            || {
                let first = consumer.pop();
                first.or(consumer.pop())
            },
            || producer.push(1),
        );
        assert_eq!(pushed, Ok(()), "the ring was empty");
        assert_eq!(first.or(consumer.pop()), Some(1));
        assert_eq!(
            (producer.push(2), consumer.pop()),
            (Ok(()), Some(2)),
            "the next round"
        );
    });
}

/// The producer pushes and is dropped. A consumer that is told so finds the value, and is told so again. So it does with a
/// value that was there before, and that it may know of.
#[test]
fn when_the_producer_is_gone_all_is_there() {
    // CL-01
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        assert_eq!((producer.push(1), producer.push(2)), (Ok(()), Ok(())));
        assert_eq!(consumer.pop(), Some(1));
        both(
            || {
                if consumer.is_abandoned() {
                    assert_eq!(
                        [consumer.pop(), consumer.pop()],
                        [Some(2), Some(3)],
                        "`is_abandoned` said that the producer, which had pushed 2 and then 3, is gone"
                    );
                }
            },
            move || assert_eq!(producer.push(3), Ok(()), "a place is free"),
        );
    });
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        let (popped, ()) = both(
            || {
                if consumer.is_abandoned() {
                    let all = [consumer.pop(), consumer.pop()]
                        .map(|v: Option<Watched<u32>>| v.map(|v| v.read()));
                    assert_eq!(
                        all,
                        [Some(7), None],
                        "`is_abandoned` said that the producer, which had pushed 7, is gone"
                    );
                    assert!(
                        consumer.is_abandoned(),
                        "a producer that is gone does not come back"
                    );
                    true
                } else {
                    false
                }
            },
            move || assert!(producer.push(Watched::new("watched", 7)).is_ok()),
        );
        assert!(
            consumer.is_abandoned(),
            "the producer was dropped, and `consumer.is_abandoned()` is false"
        );
        assert_eq!(consumer.pop().is_some(), !popped);
    });
}

/// The consumer writes and is dropped, by a panic of its thread or otherwise. If the producer is told that it is gone, what it
/// wrote is visible.
#[test]
fn when_the_consumer_is_gone_the_producer_sees_what_it_did() {
    for panics in [false, true] {
        model(move || {
            let (producer, consumer) = ring::<u32>(1);
            let note = Slot::empty("note");
            both(
                || {
                    if producer.is_abandoned() {
                        assert_eq!(note.read(), 7);
                    }
                },
                || {
                    note.write(7);
                    if panics {
                        while_unwinding(|| drop(consumer));
                    } else {
                        drop(consumer);
                    }
                },
            );
            assert!(
                producer.is_abandoned(),
                "the consumer was dropped, and `producer.is_abandoned()` is false"
            );
        });
    }
}

/// Each end is dropped by its own thread, with values in the ring. The second to go knows that it is, sees
/// all that the first has pushed or popped, and drops what is left.
#[test]
fn what_is_left_is_dropped_once() {
    // CH-25
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        for value in [1, 2] {
            assert!(producer.push(track(value)).is_ok());
        }
        both(
            move || drop(consumer.pop()),
            move || drop(producer.push(track(3))),
        );
    });
}

/// The producer's thread panics after a push, and its end is dropped by that. The consumer is told, as
/// after any drop, and finds what was pushed.
#[test]
fn a_panic_of_the_producer_leaves_what_was_pushed() {
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        let ((told, seen), ()) = both(
            || (consumer.is_abandoned(), consumer.pop()),
            || {
                let panicked = staged_panic_of(move || {
                    assert_eq!(producer.push(1), Ok(()));
                    staged_panic("the producer's");
                });
                assert_eq!(panicked, Some("the producer's"));
            },
        );
        assert!(
            consumer.is_abandoned(),
            "the panic of its thread has dropped the producer, and `consumer.is_abandoned()` is false"
        );
        assert!(
            seen.is_some() || !told,
            "`is_abandoned` said that the producer, which had pushed 1, is gone, and `pop` returned None"
        );
        assert_eq!(seen.or(consumer.pop()), Some(1));
        assert_eq!(consumer.pop(), None);
    });
}

/// One end is stopped in the middle of a call, at each place in turn, and the other makes one all the same. Catches a lock
/// that is made of an atomic.
#[test]
fn an_end_that_is_stopped_does_not_stop_the_other() {
    // Each end is in one thread alone: nobody waits for these locks.
    type Ends = (Mutex<Producer<u32>>, Mutex<Consumer<u32>>);
    type Call = (&'static str, fn(&Ends));
    let pushes: [Call; 2] = [
        ("`push`", |(end, _)| {
            _ = end.lock().expect("nothing panics").push(1)
        }),
        ("`is_abandoned`", |(end, _)| {
            _ = end.lock().expect("nothing panics").is_abandoned()
        }),
    ];
    let pops: [Call; 2] = [
        ("`pop`", |(_, end)| {
            _ = end.lock().expect("nothing panics").pop()
        }),
        ("`is_abandoned`", |(_, end)| {
            _ = end.lock().expect("nothing panics").is_abandoned()
        }),
    ];
    for pushed in 0..=2 {
        for (first, second) in pushes
            .into_iter()
            .flat_map(|push| pops.map(|pop| (push, pop)))
        {
            let make = move || {
                let (mut producer, consumer) = ring(2);
                (0..pushed).for_each(|value| assert_eq!(producer.push(value), Ok(())));
                (Mutex::new(producer), Mutex::new(consumer))
            };
            ends_beside_a_stopped_call(make, first, second);
            ends_beside_a_stopped_call(make, second, first);
        }
    }
}

/// One thread pushes into a full ring, the other pops from an empty one: neither call sleeps or yields.
/// Catches an end that sleeps or yields until the other has moved.
#[test]
fn nobody_waits() {
    // CH-02, CH-04
    model(|| {
        let (mut producer, mut consumer) = ring(1);
        both(
            || {
                let _ = never_waits("`push`", || (producer.push(1), producer.push(2)));
            },
            || {
                let _ = never_waits("`pop`", || (consumer.pop(), consumer.pop()));
            },
        );
    });
}
