//! What the two ends do, on real threads. IDs such as CH-05 and CL-11 name behaviours of Go's channels.
//!
//! `src/race_freedom.rs` checks in every interleaving who sleeps, who is woken and who gets the value.

use harness::sync::real::thread;
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, others_must_sleep, staged_panic,
    while_unwinding,
};
use oneshot::{Receiver, RecvError, SendError, Sender, TryRecvError, channel};
use std::cell::Cell;
use std::marker::PhantomPinned;
use std::rc::Rc;

/// Where a thread hangs, if a test does.
const IN_RECV: &str = "a thread is still in `recv`";

/// One thread sends, and looks or receives more than once: the value comes once, then the news that none
/// will.
#[test]
fn a_value_is_received_once() {
    // CH-02, CH-05
    must_end(IN_RECV, || {
        let (sender, mut receiver) = channel();
        assert_eq!(
            receiver.try_recv(),
            Err(TryRecvError::Empty),
            "nothing was sent yet"
        );
        assert_eq!(
            receiver.try_recv(),
            Err(TryRecvError::Empty),
            "nothing was sent yet"
        );
        assert_eq!(sender.send(7), Ok(()));
        assert_eq!(receiver.try_recv(), Ok(7));
        for _ in 0..2 {
            let again = receiver.try_recv();
            assert_eq!(
                again,
                Err(TryRecvError::Disconnected),
                "7 was returned before"
            );
        }
        assert_eq!(
            receiver.recv(),
            Err(RecvError),
            "`try_recv` has returned 7 before"
        );

        let (sender, receiver) = channel();
        assert_eq!(sender.send("sent before `recv`"), Ok(()));
        assert_eq!(receiver.recv(), Ok("sent before `recv`"));
    });
}

#[test]
fn a_refused_value_comes_back() {
    must_end(IN_RECV, || {
        let (sender, receiver) = channel();
        assert!(!sender.is_closed(), "the receiver is there");
        drop(receiver);
        assert!(sender.is_closed(), "the receiver has been dropped");
        let text = String::from("nobody wants this");
        let address = text.as_ptr();
        let SendError(text) = sender
            .send(text)
            .expect_err("the receiver has been dropped");
        assert_eq!(text, "nobody wants this");
        assert_eq!(
            text.as_ptr(),
            address,
            "it must be the same string, not a copy"
        );
    });
}

#[test]
fn no_value_comes_from_a_sender_that_has_gone() {
    // CL-02, CL-11
    must_end(IN_RECV, || {
        let (sender, mut receiver) = channel::<u32>();
        drop(sender);
        for _ in 0..2 {
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        }
        assert_eq!(receiver.recv(), Err(RecvError));
    });
}

/// The sender's thread panics while another is in `recv`: the panic drops the sender, which ends the wait.
#[test]
fn a_panic_of_the_sending_thread_ends_the_wait() {
    must_end(IN_RECV, || {
        let (sender, receiver) = channel::<u32>();
        let worker = thread::spawn(move || {
            let_others_run();
            let _sender = sender;
            staged_panic("worker");
        });
        assert_eq!(receiver.recv(), Err(RecvError));
        assert!(worker.join().is_err());
    });
}

#[test]
fn a_panic_of_the_receiving_thread_gives_the_value_back() {
    must_end(IN_RECV, || {
        let (sender, receiver) = channel();
        let worker = thread::spawn(move || {
            let _receiver = receiver;
            staged_panic("worker");
        });
        assert!(worker.join().is_err());
        assert_eq!(sender.send(7), Err(SendError(7)));
    });
}

/// A destructor runs because its thread panics: what it does with the ends is no different for that, and a receiver that
/// sleeps is woken.
#[test]
fn a_panicking_thread_may_send_and_receive() {
    must_end(IN_RECV, || {
        while_unwinding(|| {
            let (sender, mut receiver) = channel();
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
            assert!(!sender.is_closed(), "the receiver is there");
            assert_eq!(sender.send(7), Ok(()));
            assert_eq!(receiver.try_recv(), Ok(7));
            let again = receiver.try_recv();
            assert_eq!(again, Err(TryRecvError::Disconnected), "7 was the value");
            let (sender, receiver) = channel();
            assert_eq!(sender.send(8), Ok(()));
            assert_eq!(receiver.recv(), Ok(8));
        });
        let (sender, receiver) = channel();
        let receives = thread::spawn(move || receiver.recv());
        others_must_sleep("nothing has been sent");
        let sent = while_unwinding(|| sender.send(8));
        assert_eq!((sent, receives.join().unwrap()), (Ok(()), Ok(8)));
        let (sender, receiver) = channel();
        while_unwinding(|| drop(receiver));
        let is_closed = while_unwinding(|| sender.is_closed());
        assert!(is_closed, "the receiver has been dropped");
        assert_eq!(
            while_unwinding(|| sender.send(9)),
            Err(SendError(9)),
            "the receiver has been dropped"
        );
    });
}

/// A thread may have an `unpark` left over from something else.
#[test]
fn a_wakeup_from_elsewhere_is_no_value() {
    must_end(IN_RECV, || {
        let (sender, receiver) = channel();
        let receives = thread::spawn(move || {
            thread::current().unpark();
            receiver.recv()
        });
        for _ in 0..10 {
            let_others_run();
            receives.thread().unpark();
        }
        let sent = sender.send(7);
        assert_eq!(
            sent,
            Ok(()),
            "`recv` should go on: its thread was woken in vain"
        );
        assert_eq!(receives.join().unwrap(), Ok(7));
    });
}

/// Each request brings the end on which it is answered, and both threads sleep for most of it.
#[test]
fn requests_and_replies() {
    // CH-01
    const ROUNDS: u64 = 2_000;
    must_end(IN_RECV, || {
        let (first, mut requests) = channel::<Request>();
        let server = thread::spawn(move || {
            let mut served = 0;
            while let Ok(request) = requests.recv() {
                served += 1;
                requests = request.next;
                let reply = request.reply.send(request.number + 1);
                assert_eq!(reply, Ok(()), "the client waits for it");
            }
            served
        });
        let mut to_server = first;
        for number in 0..ROUNDS {
            let (reply, replied) = channel();
            let (next_sender, next) = channel();
            let request = Request {
                number,
                reply,
                next,
            };
            assert!(to_server.send(request).is_ok(), "the server is there");
            to_server = next_sender;
            assert_eq!(replied.recv(), Ok(number + 1));
        }
        drop(to_server);
        assert_eq!(server.join().unwrap(), ROUNDS);
    });
}

struct Request {
    number: u64,
    reply: Sender<u64>,
    next: Receiver<Request>,
}

/// A value goes through eight threads, each of which has both its ends from elsewhere.
#[test]
fn ends_may_be_used_by_any_thread() {
    must_end(IN_RECV, || {
        let (first, mut last) = channel();
        for _ in 0..8 {
            let (sender, receiver) = channel();
            let before = std::mem::replace(&mut last, receiver);
            thread::spawn(move || {
                let value: u32 = before.recv().expect("the thread before sends");
                assert_eq!(sender.send(value + 1), Ok(()), "the thread behind is there");
            });
        }
        assert_eq!(
            last.try_recv(),
            Err(TryRecvError::Empty),
            "the first has not sent yet"
        );
        let receives = thread::spawn(move || last.recv());
        thread::spawn(move || first.send(0))
            .join()
            .unwrap()
            .expect("the first is there");
        assert_eq!(receives.join().unwrap(), Ok(8));
    });
}

#[test]
fn any_type_can_be_sent() {
    #[repr(align(256))]
    struct Aligned(u32);

    // CH-24
    must_end(IN_RECV, || {
        fn through<T>(value: T) -> T {
            let (sender, receiver) = channel();
            assert!(sender.send(value).is_ok(), "the receiver is there");
            receiver.recv().expect("a value was sent")
        }
        through(());
        through(PhantomPinned);
        assert_eq!(through(Aligned(7)).0, 7, "it stands at multiples of 256");
        // Ends that have been used can be moved like any other.
        let mut two = [(); 2].map(|()| channel());
        for (sender, receiver) in &mut two {
            assert!(!sender.is_closed(), "the receiver is there");
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        }
        two.rotate_left(1);
        for (sender, receiver) in &mut two {
            assert!(!sender.is_closed(), "the receiver is there");
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        }
        for (sender, receiver) in two {
            assert_eq!(sender.send(7), Ok(()), "the receiver is there");
            assert_eq!(receiver.recv(), Ok(7));
        }
        assert_eq!(through([7u64; 512]), [7; 512]);
        assert_eq!(through(Some(Box::new(7))), Some(Box::new(7)));
        let local = String::from("borrowed");
        assert_eq!(through(&local), "borrowed");
        assert_eq!(through(Rc::new(Cell::new(7))).get(), 7, "on one thread");
        assert_eq!(through(|| 7)(), 7, "a closure has no `Debug`");
    });
}

#[test]
fn ends_cross_threads_if_the_value_may() {
    harness::assert_bounds!(Sender<Cell<u32>>: Send);
    harness::assert_bounds!(Receiver<Cell<u32>>: Send);
    harness::assert_bounds!(Sender<Rc<u32>>: !Send + !Sync);
    harness::assert_bounds!(Receiver<Rc<u32>>: !Send + !Sync);
    // What a stub has in place of ends has these bounds, too.
    drop(channel::<u32>());
}

#[test]
fn errors_say_what_happened() {
    let (sender, receiver) = channel();
    drop(receiver);
    let refused = sender
        .send(|| 7)
        .expect_err("the receiver has been dropped");
    assert_eq!(refused.to_string(), "the receiver has been dropped");
    assert_eq!(format!("{refused:?}"), "SendError(..)");
    let (_sender, mut receiver) = channel::<u32>();
    let empty: Box<dyn std::error::Error> = receiver.try_recv().unwrap_err().into();
    assert_eq!(empty.to_string(), "nothing has been sent yet");
    drop(_sender);
    assert_eq!(
        receiver.try_recv().unwrap_err().to_string(),
        "no value will come"
    );
    assert_eq!(
        receiver.recv().unwrap_err().to_string(),
        "no value will come"
    );
}

/// A thread is in `recv`, and there is no value yet: it sleeps, also if its call comes while it unwinds. The first time a thread
/// that parks wakes up once for nothing.
#[test]
fn a_thread_that_waits_sleeps() {
    let [(sender, receiver), (other, second)] = [(); 2].map(|()| channel::<u32>());
    must_sleep_on_threads("`recv`", "nothing had been sent", move || {
        thread::current().unpark();
        _ = receiver.recv();
    });
    let call = "`recv` in a destructor, while its thread unwinds,";
    must_sleep_on_threads(call, "nothing had been sent", move || {
        _ = while_unwinding(|| second.recv());
    });
    drop((sender, other));
}
