//! No value, no registration and no memory stays behind, however often the calls are made.

use channels::real::{Arm, SendOutcome, bounded};
use harness::leaks::{self, track};
use harness::sync::real::thread;
use harness::testing::must_end;
use try_select::{try_recv_any, try_select};

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `try_select` or `try_recv_any`";

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// What channels and threads keep of calls does not grow with their number: whether something was ready or not, nothing is
/// registered afterwards, and no memory is added. Nor does a thread leave any when it ends.
#[test]
fn channels_keep_nothing_of_the_calls() {
    // SL-12, SL-23
    must_end(IN_CALL, || {
        let ((to_busy, busy), (to_quiet, quiet)) = (bounded(1), bounded::<u32>(0));
        let calls = || {
            for _ in 0..10 {
                assert_eq!(try_recv_any(&[&quiet, &busy]), None);
                let (mut never, mut send) = (to_quiet.arm(1), to_busy.arm(2));
                assert_eq!(try_select(&mut [&mut never, &mut send]), Some(1));
                assert_eq!(try_recv_any(&[&quiet, &busy, &quiet]), Some((1, Ok(2))));
            }
        };
        leaks::check(|| {
            calls();
            thread::scope(|s| s.spawn(calls).join().expect("it has not panicked"));
        });
        assert_eq!(
            [busy.registered(), quiet.registered()],
            [0, 0],
            "registered when all calls have returned"
        );
    });
}

/// Values that are sent, received, not sent and not deliverable: each is dropped once, by the one that has it. And no call
/// keeps memory for channels that have gone.
#[test]
fn each_value_is_dropped_once() {
    // SL-14
    must_end(IN_CALL, || {
        leaks::check(|| {
            let ((to_a, a), (to_b, b)) = (bounded(1), bounded(1));
            let (to_nobody, _) = bounded(1);
            let mut sends = ["sent", "kept", "kept too"].map(|name| to_a.arm(track(name)));
            let [x, y, z] = &mut sends;
            assert_eq!(try_select(&mut [x, y, z]), Some(0));
            let kept = sends.map(|send| matches!(send.outcome(), SendOutcome::NotChosen(_)));
            assert_eq!(kept, [false, true, true], "which sends have their values");

            to_b.try_send(track("stays")).expect("has room");
            let received = try_recv_any(&[&a, &b]);
            assert!(matches!(received, Some((0, Ok(_)))), "both have a value");
            assert!(b.try_recv().is_ok(), "the other value is still there");

            let mut send = to_nobody.arm(track("undeliverable"));
            let arm: &mut dyn Arm<'_> = &mut send;
            assert_eq!(try_select(&mut [arm]), Some(0));
            assert!(matches!(send.outcome(), SendOutcome::Disconnected(_)));
        });
    });
}
