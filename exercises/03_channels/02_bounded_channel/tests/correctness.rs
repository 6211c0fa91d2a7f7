//! What a channel does, on real threads. IDs such as CH-09 name behaviours of Go's channels.
//!
//! `src/race_freedom.rs` checks in every interleaving who sleeps and who is woken.

use bounded_channel::Channel;
use harness::sync::real::thread;
use harness::testing::{
    assert_panics, let_others_run, must_end, must_sleep_on_threads, others_must_sleep, panic_of,
    staged_panic, while_unwinding,
};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// Where a thread hangs, if a test does.
const ASLEEP: &str = "a thread is still in `send` or `recv`, or waits for a lock";

/// Each of three times a channel is filled, a value more is refused, and all values come out, in order: a ring goes
/// round meanwhile.
#[test]
fn a_channel_holds_its_capacity_and_no_more() {
    // CH-02, CH-04, CH-05, CH-11
    must_end(ASLEEP, || {
        // The last is more than 16 bits can count.
        for capacity in [1, 2, 3, 5, 8, 100, 70_000] {
            let channel = Channel::new(capacity);
            assert_eq!(channel.capacity(), capacity);
            for round in 0..3 {
                for n in 0..capacity {
                    assert_eq!(channel.len(), n);
                    assert_eq!(
                        channel.try_send(n),
                        Ok(()),
                        "{n} of {capacity} places are taken"
                    );
                }
                assert_eq!(
                    channel.try_send(capacity),
                    Err(capacity),
                    "all {capacity} places are taken"
                );
                assert_eq!((channel.len(), channel.is_empty()), (capacity, false));
                for n in 0..capacity {
                    assert_eq!(
                        channel.try_recv(),
                        Some(n),
                        "with room for {capacity}, when {} have come out before: values come in the order of the calls",
                        round * capacity + n
                    );
                }
                assert_eq!(
                    channel.try_recv(),
                    None,
                    "all {capacity} have been received"
                );
                assert_eq!((channel.len(), channel.is_empty()), (0, true));
            }
        }
    });
}

/// Two threads, and then one that goes round a channel with room for three more often than 16 bits can count.
#[test]
fn values_come_out_as_they_went_in() {
    // CH-07
    must_end(ASLEEP, || {
        for capacity in [1, 2, 7, 100] {
            let channel = Channel::new(capacity);
            thread::scope(|s| {
                s.spawn(|| (0..100).for_each(|value| channel.send(value)));
                for value in 0..100 {
                    assert_eq!(channel.recv(), value, "with room for {capacity}");
                }
            });
        }
        let channel = Channel::new(3);
        channel.send(0);
        for value in 0..70_000 {
            channel.send(value + 1);
            assert_eq!(channel.recv(), value, "with room for 3, and two in it");
        }
    });
}

#[test]
fn every_value_arrives_once() {
    // CH-09
    const THREADS: u64 = 4;
    const EACH: u64 = 1_000;
    must_end(ASLEEP, || {
        for capacity in [1, 3, 64] {
            let channel = Channel::new(capacity);
            let received = Mutex::new(Vec::new());
            thread::scope(|s| {
                for sender in 0..THREADS {
                    let (channel, received) = (&channel, &received);
                    s.spawn(move || (0..EACH).for_each(|n| channel.send((sender, n))));
                    s.spawn(move || {
                        let mine: Vec<_> = (0..EACH).map(|_| channel.recv()).collect();
                        for sender in 0..THREADS {
                            let of_one = mine.iter().filter(|value| value.0 == sender);
                            assert!(of_one.is_sorted(), "values of one sender came out of order");
                        }
                        received.lock().unwrap().extend(mine);
                    });
                }
            });
            let mut received = received.into_inner().unwrap();
            received.sort_unstable();
            let sent = (0..THREADS).flat_map(|sender| (0..EACH).map(move |n| (sender, n)));
            assert!(
                received.into_iter().eq(sent),
                "every value arrives, and arrives once"
            );
        }
    });
}

#[test]
fn many_workers_share_the_work() {
    // CH-10
    const WORKERS: usize = 23;
    const ITEMS: u64 = 20_000;
    must_end(ASLEEP, || {
        let (jobs, results) = (Channel::new(23), Channel::new(20));
        let sum = thread::scope(|s| {
            for _ in 0..WORKERS {
                s.spawn(|| {
                    while let Some(job) = jobs.recv() {
                        results.send(job * 2);
                    }
                });
            }
            s.spawn(|| {
                (0..ITEMS).for_each(|item| jobs.send(Some(item)));
                (0..WORKERS).for_each(|_| jobs.send(None));
            });
            (0..ITEMS).map(|_| results.recv()).sum::<u64>()
        });
        assert_eq!(sum, ITEMS * (ITEMS - 1));
        assert_eq!((jobs.len(), results.len()), (0, 0));
    });
}

/// As a semaphore: who has sent is inside, and at most as many are inside as there is room for.
#[test]
fn a_channel_admits_as_many_as_it_has_room_for() {
    // CH-21
    must_end(ASLEEP, || {
        let room = Channel::new(3);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    for _ in 0..200 {
                        room.send(());
                        most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, SeqCst);
                        room.recv();
                    }
                });
            }
        });
        let most = most.into_inner();
        assert!(
            most <= 3,
            "{most} were inside at the same time, with room for 3"
        );
    });
}

/// A value that takes no memory takes a place all the same: two units fill a channel with room for two.
#[test]
fn any_type_can_be_sent() {
    // CH-24
    must_end(ASLEEP, || {
        let units = Channel::new(2);
        units.send(());
        units.send(());
        assert_eq!(
            (units.try_send(()), units.len()),
            (Err(()), 2),
            "what `try_send` and `len` return when two units are in, and there is room for two"
        );
        units.recv();
        assert_eq!(units.try_send(()), Ok(()));

        let closures: Channel<Box<dyn Fn() -> u32 + Send>> = Channel::new(1);
        closures.send(Box::new(|| 7));
        let refused = closures
            .try_send(Box::new(|| 8))
            .map_err(|refused| refused())
            .expect_err("there is no room");
        assert_eq!((refused, closures.recv()()), (8, 7));

        let local = Channel::new(1);
        local.send(Rc::new(Cell::new(7)));
        assert_eq!(local.recv().get(), 7, "on one thread");
    });
}

/// A channel hands its values to other threads: it is `Send` and `Sync` if they are `Send`, and only then.
#[test]
fn a_channel_is_shared_if_its_values_may_move() {
    let _channel = Channel::<u32>::new(1);
    harness::assert_bounds!(Channel<Cell<u32>>: Send + Sync);
    harness::assert_bounds!(Channel<Rc<u32>>: !Send + !Sync);
}

/// `new` panics for a capacity of 0, and for one whose values would take more than `isize::MAX` bytes, even if
/// it does not ask for the memory at once.
#[test]
fn a_capacity_that_cannot_be_is_refused() {
    // CH-12
    assert_panics("bounded_channel: no room for a value", || {
        Channel::<u64>::new(0);
    });
    // The second has a number of bytes that fits into a `usize`.
    for capacity in [usize::MAX, isize::MAX as usize / 8 + 1] {
        let too_large = panic_of(|| {
            Channel::<u64>::new(capacity);
        });
        assert!(
            too_large.is_some(),
            "`Channel::<u64>::new({capacity})` returned, and so many values take more than `isize::MAX` bytes"
        );
    }
}

/// A destructor runs because its thread panics: it sends and receives as anybody does, with sleep and without, and wakes those
/// that sleep.
#[test]
fn a_panicking_thread_may_send_and_receive() {
    must_end(ASLEEP, || {
        let channel = Channel::new(1);
        while_unwinding(|| {
            assert_eq!(channel.try_send(1), Ok(()), "the channel is empty");
            assert_eq!(channel.try_send(2), Err(2), "the channel is full");
            assert_eq!((channel.len(), channel.recv()), (1, 1));
            assert_eq!(channel.try_recv(), None, "the channel is empty");
            channel.send(3);
            assert_eq!(channel.try_recv(), Some(3));
        });
        let sums = Channel::new(3);
        thread::scope(|s| {
            s.spawn(|| {
                while_unwinding(|| {
                    for _ in 0..3 {
                        sums.send(channel.recv() + channel.recv());
                    }
                });
            });
            (1..=6).for_each(|value| channel.send(value));
            let sums: [u32; 3] = std::array::from_fn(|_| sums.recv());
            assert_eq!(
                sums,
                [3, 7, 11],
                "1 to 6 were sent, and the sums of each two came back"
            );
        });
        let [empty, full] = [(); 2].map(|()| Channel::new(1));
        full.send(1);
        thread::scope(|s| {
            s.spawn(|| (empty.recv(), full.send(2)));
            let_others_run();
            assert_eq!(while_unwinding(|| empty.try_send(0)), Ok(()));
            let_others_run();
            assert_eq!(while_unwinding(|| full.try_recv()), Some(1));
        });
    });
}

#[test]
fn a_panic_elsewhere_leaves_the_channel_as_it_is() {
    must_end(ASLEEP, || {
        let channel = Channel::new(2);
        let sent = AtomicU64::new(0);
        thread::scope(|s| {
            let worker = s.spawn(|| {
                channel.send(1);
                sent.store(1, SeqCst);
                staged_panic("worker");
            });
            assert!(worker.join().is_err());
        });
        assert_eq!((sent.into_inner(), channel.len()), (1, 1));
        channel.send(2);
        assert_eq!((channel.recv(), channel.recv()), (1, 2));
    });
}

/// Two threads are in `recv` of an empty channel, and two in `send` of a full one, the second each time while it unwinds:
/// they sleep.
#[test]
fn a_thread_that_waits_sleeps() {
    let [empty, full] = [(); 2].map(|()| Arc::new(Channel::new(1)));
    full.send(1);
    let [first_empty, first_full] = [&empty, &full].map(Arc::clone);
    must_sleep_on_threads("`recv`", "the channel was empty", move || {
        _ = first_empty.recv();
    });
    must_sleep_on_threads("`send`", "the channel was full", move || first_full.send(2));
    let recv = "`recv` in a destructor, while its thread unwinds,";
    must_sleep_on_threads(recv, "the channel was empty", move || {
        _ = while_unwinding(|| empty.recv());
    });
    let send = "`send` in a destructor, while its thread unwinds,";
    must_sleep_on_threads(send, "the channel was full", move || {
        while_unwinding(|| full.send(2));
    });
}

/// Two threads sleep, one in `recv` of an empty channel and one in `send` of a full one. Main wakes both in vain: it takes back
/// what it has sent, and fills the room that it has made. They sleep again.
#[test]
fn a_thread_that_is_woken_in_vain_sleeps_again() {
    const WHY: &str = "one channel is empty, the other full, and threads were woken in vain";
    must_end(ASLEEP, || {
        let [empty, full] = [(); 2].map(|()| Arc::new(Channel::new(1)));
        full.send(0);
        let [emptied, filled] = [&empty, &full].map(Arc::clone);
        // They are left there.
        thread::spawn(move || {
            loop {
                emptied.recv();
            }
        });
        thread::spawn(move || {
            loop {
                filled.send(0);
            }
        });
        for _ in 0..5 {
            others_must_sleep(WHY);
            _ = empty.try_send(0);
            _ = empty.try_recv();
            _ = full.try_recv();
            _ = full.try_send(0);
        }
        others_must_sleep(WHY);
    });
}
