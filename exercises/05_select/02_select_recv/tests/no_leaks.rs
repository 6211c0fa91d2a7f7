//! No registration, no value, no memory and no thread stays behind, however often it is called and whatever
//! wakes it.

use channels::real::bounded;
use harness::leaks::{self, track};
use harness::sync::real::channel::RecvError;
use harness::sync::real::thread;
use harness::testing::{must_end, spawn_sleepers, wait_until};
use select_recv::select_recv;

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `select_recv`";

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Two threads send a value to and fro, and both select from a quiet channel as well; main sleeps each time. A call keeps nothing
/// when it has returned: not in that channel, and not in its thread.
#[test]
fn a_quiet_channel_keeps_nothing() {
    // SL-12
    must_end(IN_CALL, || {
        let (to_quiet, quiet) = bounded::<u32>(0);
        let ((ping, pinged), (pong, ponged)) = (bounded(0), bounded(0));
        leaks::check(|| {
            thread::scope(|s| {
                s.spawn(|| {
                    for _ in 0..50 {
                        let (at, value) = select_recv(&[&quiet, &pinged, &quiet]);
                        assert_eq!(at, 1, "nobody sends to the others");
                        wait_until("main does not wait", || pong.registered() >= 1);
                        pong.send(value.expect("is open")).expect("is received");
                    }
                });
                for round in 0..50 {
                    ping.send(round).expect("is received");
                    let received = select_recv(&[&quiet, &ponged, &quiet]);
                    assert_eq!(received, (1, Ok(round)), "what was sent back");
                }
            });
            assert_eq!(to_quiet.registered(), 0, "registered in the quiet channel");
        });
    });
}

/// A thousand calls find a value at once, behind a quiet channel. They leave nothing there.
#[test]
fn a_call_that_need_not_wait_keeps_nothing() {
    // SL-12
    must_end(IN_CALL, || {
        let ((_to_quiet, quiet), (to_busy, busy)) = (bounded::<u32>(0), bounded(1));
        leaks::check(|| {
            for round in 0..1_000 {
                to_busy.try_send(round).expect("has room");
                assert_eq!(select_recv(&[&quiet, &busy]), (1, Ok(round)));
            }
            assert_eq!(quiet.registered(), 0, "registered in the quiet channel");
        });
    });
}

/// A value that wakes it, one that comes too late, and one in the first channel that it is not asked for any
/// more.
#[test]
fn each_value_is_dropped_once() {
    // SL-07, CH-25
    must_end(IN_CALL, || {
        leaks::check(|| {
            let ((to_a, a), (to_b, b)) = (bounded(1), bounded(1));
            thread::scope(|s| {
                let select = s.spawn(|| select_recv(&[&a, &b]));
                wait_until("it is not registered", || b.registered() >= 1);
                to_b.try_send(track("in time")).expect("has room");
                to_a.try_send(track("too late")).expect("has room");
                let (chosen, received) = select.join().expect("it ends");
                assert_eq!(chosen, 1, "b had a value first");
                drop(received);
            });
            to_b.try_send(track("left in b")).expect("has room");
            assert!(matches!(select_recv(&[&a, &b]), (0, Ok(_))), "left in a");
        });
    });
}

/// Four calls sleep until the last sender of a channel goes. They leave nothing behind.
#[test]
fn everybody_leaves_at_the_end() {
    // CL-03
    must_end(IN_CALL, || {
        leaks::check(|| {
            let ((to_done, done), (_to_a, a)) = (bounded(4), bounded::<u32>(0));
            let (to_b, b) = bounded::<u32>(0);
            spawn_sleepers(
                "selects",
                (0..4).map(|_| {
                    let (a, b, to_done) = (a.clone(), b.clone(), to_done.clone());
                    move || to_done.send(select_recv(&[&a, &b])).expect("main waits")
                }),
            );
            drop((to_b, to_done));
            for _ in 0..4 {
                assert_eq!(done.recv(), Ok((1, Err(RecvError))), "b has no sender");
            }
        });
    });
}
