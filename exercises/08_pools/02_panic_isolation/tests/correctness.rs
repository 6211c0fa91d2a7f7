//! What the docs promise, on real threads. IDs such as WP-13 name behaviours of Go's worker pools.

use harness::assert_bounds;
use harness::testing::{
    Counted, assert_panics, message_of, must_end, must_sleep_on_threads, others_must_sleep,
    payload_of, staged_panic, unwinding_if, while_unwinding,
};
use panic_isolation::{Handle, Pool};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::marker::PhantomPinned;
use std::mem;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

const IN_POOL: &str = "a job has not ended, or has not begun";

#[track_caller]
fn pool(threads: usize) -> Pool {
    Pool::new(threads).expect("there are threads")
}

/// The value of a job that must not panic.
#[track_caller]
fn value<T>(handle: Handle<T>) -> T {
    handle.join().unwrap_or_else(|payload| {
        let message = message_of(&*payload);
        panic!("`join` should return a value, and returned the payload of a panic: {message}")
    })
}

/// The payload of a job that must panic.
#[track_caller]
fn payload<T>(handle: Handle<T>) -> Box<dyn Any + Send> {
    let Err(payload) = handle.join() else {
        panic!("the job has panicked, and `join` returned a value");
    };
    payload
}

/// `Pool::new(0)` is a panic with a message of its own.
#[test]
fn a_pool_without_threads_is_refused() {
    assert_panics("pool: zero threads", || drop(Pool::new(0)));
}

/// A hundred jobs on three threads, joined in the opposite order; then values without a size, and such as
/// may not be moved about.
#[test]
fn values_come_back_through_their_handles() {
    // WP-02
    must_end(IN_POOL, || {
        let pool = pool(3);
        let handles: Vec<_> = (0..100).map(|n| pool.submit(move || n * n)).collect();
        for (n, handle) in handles.into_iter().enumerate().rev() {
            assert_eq!(value(handle), n * n, "what job {n} returned");
        }
        value(pool.submit(|| Counted));
        value(pool.submit(|| PhantomPinned));
    });
}

/// A payload need not be text, and whatever it is, it is handed on as it is: the same allocation.
#[test]
fn the_payload_itself_comes_back() {
    // WP-13, as it is in Rust
    must_end(IN_POOL, || {
        let pool = pool(1);
        let payloads: [(_, Box<dyn Any + Send>); 3] = [
            ("an array", Box::new([7_u8; 100])),
            ("a `String`", Box::new(String::from("job 7 "))),
            ("a `&str`", Box::new("job 7")),
        ];
        for (what, boxed) in payloads {
            let (kind, address) = ((*boxed).type_id(), (&raw const *boxed).addr());
            let payload = payload(pool.submit(move || -> u32 { resume_unwind(boxed) }));
            assert_eq!(
                (&raw const *payload).addr(),
                address,
                "the address of the payload, {what}: it should be the box that the job has panicked with"
            );
            assert_eq!(
                (*payload).type_id(),
                kind,
                "the type of the payload, {what}"
            );
        }
    });
}

/// Fifty jobs return their number, or panic with it. Each handle gets the number of its own job, in the
/// same way.
#[test]
fn each_handle_gets_its_own_panic() {
    must_end(IN_POOL, || {
        let pool = pool(2);
        let handles: Vec<_> = (0..50)
            .map(|n| {
                pool.submit(move || {
                    if n % 2 == 0 {
                        resume_unwind(Box::new(n));
                    }
                    n
                })
            })
            .collect();
        for (n, handle) in handles.into_iter().enumerate() {
            match handle.join() {
                Ok(value) => assert_eq!((value, n % 2), (n, 1), "a value of job {n}"),
                Err(payload) => {
                    assert_eq!(payload.downcast_ref(), Some(&n), "the payload of job {n}");
                    assert_eq!(
                        n % 2,
                        0,
                        "job {n} has not panicked, and its handle got a payload"
                    );
                }
            }
        }
    });
}

/// There are many jobs, and a hundred of them panic, with and without a handle. Then three jobs run at the
/// same time, and three more, on the threads that there were in the beginning; what these have in their
/// thread-locals is still there.
#[test]
fn the_threads_stay_the_same() {
    // WP-13, as it is in Rust
    thread_local! {
        static MARK: Cell<bool> = const { Cell::new(false) };
    }
    /// Runs a job on each of the threads at the same time, and returns what each has answered.
    fn on_all<T: Send + 'static>(pool: &Pool, threads: usize, job: fn() -> T) -> Vec<T> {
        let all_here = Arc::new(Barrier::new(threads));
        let handles: Vec<_> = (0..threads)
            .map(|_| {
                let all_here = Arc::clone(&all_here);
                pool.submit(move || {
                    all_here.wait();
                    job()
                })
            })
            .collect();
        handles.into_iter().map(value).collect()
    }
    must_end(
        "as many jobs as a pool has threads do not run at the same time",
        || {
            on_all(&pool(256), 256, || ());
            let pool = pool(3);
            let before: HashSet<_> = on_all(&pool, 3, || {
                MARK.set(true);
                thread::current().id()
            })
            .into_iter()
            .collect();
            assert_eq!(before.len(), 3, "threads that ran three jobs at once");
            others_must_sleep("there is no job");
            // With the three before and three after them as many as 16 bits can count.
            let many = (1 << 16) - 6;
            let kept: Vec<_> = (0..many)
                .filter_map(|n| {
                    let panics = n % 650 == 0;
                    let handle = pool.submit(move || {
                        if panics {
                            staged_panic("the job's")
                        }
                    });
                    (n % 1300 == 0).then_some(handle)
                })
                .collect();
            for handle in kept {
                payload(handle);
            }
            for _ in 0..2 {
                for (id, is_marked) in on_all(&pool, 3, || (thread::current().id(), MARK.get())) {
                    assert!(
                        before.contains(&id) && is_marked,
                        "after a hundred panics a job ran on a thread that was not there before them: {id:?}"
                    );
                }
            }
        },
    );
}

/// The panic of a job has been caught when its thread takes the next one. A job that runs in a destructor, while its
/// thread still unwinds, could not panic itself: that would end the process.
#[test]
fn the_next_job_does_not_run_while_its_thread_unwinds() {
    must_end(IN_POOL, || {
        let pool = pool(1);
        let first = pool.submit(|| -> u32 { staged_panic("the job's") });
        let second = pool.submit(thread::panicking);
        payload(first);
        assert!(
            !value(second),
            "the job behind one that has panicked ran while its thread was unwinding: `thread::panicking()` is true"
        );
    });
}

/// Forty jobs, every third of which panics, are submitted to a pool of one thread. They begin in that order.
#[test]
fn jobs_begin_in_order() {
    must_end(IN_POOL, || {
        let pool = pool(1);
        let order = Arc::new(Mutex::new(Vec::new()));
        let handles: Vec<_> = (0..40)
            .map(|n| {
                let order = Arc::clone(&order);
                pool.submit(move || {
                    order.lock().unwrap().push(n);
                    if n % 3 == 0 {
                        staged_panic("every third");
                    }
                })
            })
            .collect();
        for handle in handles {
            let _ = handle.join();
        }
        let order = order.lock().unwrap().clone();
        assert_eq!(
            order,
            (0..40).collect::<Vec<_>>(),
            "the order in which they began"
        );
    });
}

/// The only thread of the pool has a job that waits for main, and main submits seventy thousand others
/// meanwhile. They begin in the order in which they were submitted.
#[test]
fn submit_never_waits() {
    must_end("a thread is in `submit`, which should not wait", || {
        let pool = pool(1);
        let (let_go, waits) = mpsc::channel::<()>();
        let first = pool.submit(move || waits.recv().is_ok());
        let begun = Arc::new(AtomicUsize::new(0));
        let others: Vec<_> = (0..70_000)
            .map(|_| {
                let begun = Arc::clone(&begun);
                pool.submit(move || begun.fetch_add(1, SeqCst))
            })
            .collect();
        let_go.send(()).expect("the first job waits");
        assert!(value(first), "the first job has been let go");
        for (n, handle) in others.into_iter().enumerate() {
            assert_eq!(
                value(handle),
                n,
                "how many of 70,000 jobs began before job {n}, on the only thread"
            );
        }
    });
}

/// Main joins a job that does not end, and sleeps, even while it unwinds.
#[test]
fn a_thread_that_joins_sleeps() {
    let joins = || {
        let (_never, waits) = mpsc::channel::<()>();
        let pool = pool(1);
        _ = pool.submit(move || waits.recv().is_ok()).join();
    };
    must_sleep_on_threads("`join`", "the job had not ended", joins);
    let call = "`join`, while its thread unwinds,";
    must_sleep_on_threads(call, "the job had not ended", move || {
        while_unwinding(joins)
    });
}

/// The destructor of an outcome panics with a payload, whose destructor panics with another one, and so on,
/// for ever. The first is dropped, with the handle or when the job ends, and the second is leaked. No panic
/// gets out of the drop of the handle, whose thread may be unwinding, and the pool's thread goes on.
#[test]
fn payloads_without_an_end_harm_nobody() {
    struct Endless(Arc<AtomicUsize>);
    impl Drop for Endless {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
            resume_unwind(Box::new(Self(Arc::clone(&self.0))));
        }
    }
    must_end(
        "a thread drops one payload after another, and each makes a new one",
        || {
            let pool = pool(1);
            for case in 0..8 {
                let [panics, runs, unwinds] = [1, 2, 4].map(|bit| case & bit != 0);
                let drops = Arc::new(AtomicUsize::new(0));
                let outcome = Endless(Arc::clone(&drops));
                let (end, ends) = mpsc::channel::<()>();
                let mut end = Some(end);
                let handle = pool.submit(move || {
                    let _ = ends.recv();
                    if panics {
                        resume_unwind(Box::new(outcome));
                    }
                    outcome
                });
                if !runs {
                    end = None;
                    value(pool.submit(|| ()));
                }
                let escaped = payload_of(|| unwinding_if(unwinds, || drop(handle)));
                let what = if panics { "payload" } else { "value" };
                let when = if runs { "before" } else { "after" };
                let how = if unwinds {
                    "while the thread unwinds, "
                } else {
                    ""
                };
                let case =
                    format!("(the handle of a {what} is dropped {how}{when} the end of the job)");
                // Forgotten, because its destructor would panic.
                let escaped = escaped.map(mem::forget).is_some();
                assert!(
                    !escaped,
                    "a panic has come out of the drop of a handle {case}: that of {}",
                    match drops.load(SeqCst) {
                        1 => "the outcome's destructor",
                        _ => "its payload's destructor: the payload was dropped, and not leaked",
                    }
                );
                drop(end);
                assert_eq!(
                    value(pool.submit(|| 7)),
                    7,
                    "what the next job returned {case}"
                );
                assert_eq!(
                    drops.load(SeqCst),
                    1,
                    "drops: the outcome's, and not that of what its destructor panics with {case}"
                );
            }
        },
    );
}

/// What a job returns, or panics with, submits another job when it is dropped, and waits for that. The handle is
/// dropped before the end of the job, or after. The outcome is dropped at once, while the pool is not locked.
#[test]
fn an_outcome_is_dropped_without_a_lock() {
    struct Submits(Arc<Pool>, mpsc::Sender<u32>);
    impl Drop for Submits {
        fn drop(&mut self) {
            let handle = self.0.submit(|| 7);
            self.1.send(value(handle)).expect("main waits");
        }
    }
    must_end(
        "an outcome is not dropped at once, or its destructor waits for a job and the pool is locked",
        || {
            let pool = Arc::new(pool(2));
            let (sender, got) = mpsc::channel();
            for [panics, has_ended] in [[false, false], [false, true], [true, false], [true, true]]
            {
                let outcome = Submits(Arc::clone(&pool), sender.clone());
                let (end, ends) = mpsc::channel::<()>();
                let handle = pool.submit(move || {
                    let _ = ends.recv();
                    if panics {
                        resume_unwind(Box::new(outcome));
                    }
                    outcome
                });
                if has_ended {
                    drop(end);
                    // Two jobs meet, on the two threads: neither is in the job before them.
                    let meet = Arc::new(Barrier::new(2));
                    let meeting = [(); 2].map(|()| {
                        let meet = Arc::clone(&meet);
                        pool.submit(move || _ = meet.wait())
                    });
                    meeting.into_iter().for_each(value);
                    drop(handle);
                } else {
                    drop(handle);
                    drop(end);
                }
                assert_eq!(got.recv(), Ok(7), "what the destructor has got");
            }
        },
    );
}

/// A destructor uses the pool while its thread unwinds: it gets values and payloads as always.
#[test]
fn the_pool_works_while_its_user_unwinds() {
    must_end(IN_POOL, || {
        let pool = pool(1);
        let outcome = while_unwinding(|| value(pool.submit(|| 7)));
        assert_eq!(outcome, 7, "what the job returned");
        let payload =
            while_unwinding(|| payload(pool.submit(|| -> u32 { resume_unwind(Box::new(8)) })));
        assert_eq!(payload.downcast_ref(), Some(&8), "the payload of the job");
    });
}

/// A job may see half of a change, of what it shares with others, and the compiler would not let it into
/// `catch_unwind`. It is in for it with `thread::spawn` as well.
#[test]
fn a_job_need_not_be_unwind_safe() {
    must_end(IN_POOL, || {
        let pool = pool(1);
        let shared = Arc::new(Mutex::new(Cell::new(1)));
        let (mut own, theirs) = (Cell::new(1), Arc::clone(&shared));
        let by_reference: &'static mut u32 = Box::leak(Box::new(1));
        let handle = pool.submit(move || {
            theirs.lock().unwrap().set(2);
            *own.get_mut() += 1;
            *by_reference += 1;
            drop(Box::new(own));
            staged_panic("the job's")
        });
        payload::<()>(handle);
        assert_eq!(shared.lock().unwrap().get(), 2, "what the job has left");
    });
}

/// The handle goes to another thread, which joins it after the pool is gone.
#[test]
fn a_handle_may_be_joined_elsewhere() {
    must_end(IN_POOL, || {
        let pool = pool(1);
        let handle = pool.submit(|| 7);
        drop(pool);
        let value = thread::spawn(move || value(handle)).join();
        assert_eq!(value.expect("it does not panic"), 7);
    });
    assert_bounds!(Pool: Send + Sync);
    assert_bounds!(Handle<Cell<u32>>: Send + Sync);
    assert_bounds!(Handle<Rc<u32>>: !Send + !Sync);
}

/// A pool is dropped while a handle of it is kept. Its thread ends nevertheless: the sender that the job leaves there is
/// dropped with it.
#[test]
fn a_handle_keeps_no_thread() {
    thread_local! {
        static LEFT: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
    }
    must_end(
        "the pool is dropped and its job has ended, but not its thread: a handle is kept",
        || {
            let (sender, left) = mpsc::channel();
            let pool = pool(1);
            let handle = pool.submit(|| LEFT.set(Some(sender)));
            drop(pool);
            assert!(left.recv().is_err(), "nothing is sent");
            value(handle);
        },
    );
}

/// Four threads submit to a pool of three at the same time; every fifth job panics, and every seventh loses
/// its handle.
#[test]
fn nothing_is_lost_in_a_crowd() {
    // WP-02, WP-13
    must_end(IN_POOL, || {
        let pool = pool(3);
        let ran = Arc::new(AtomicUsize::new(0));
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for n in 0..500 {
                        let ran = Arc::clone(&ran);
                        let handle = pool.submit(move || {
                            ran.fetch_add(1, SeqCst);
                            if n % 5 == 0 {
                                staged_panic("every fifth");
                            }
                            n
                        });
                        if n % 7 != 0 {
                            let value = payload_or(handle);
                            assert_eq!(value, (n % 5 != 0).then_some(n), "the value of job {n}");
                        }
                    }
                });
            }
        });
        while ran.load(SeqCst) < 2000 {
            value(pool.submit(|| ()));
        }
        assert_eq!(ran.load(SeqCst), 2000, "jobs that have run");
    });
}

fn payload_or(handle: Handle<usize>) -> Option<usize> {
    let mut value = None;
    let panic = payload_of(|| value = handle.join().ok());
    assert!(
        panic.is_none(),
        "`join` returns a payload, and does not panic with it"
    );
    value
}
