//! What the docs promise, on real threads. IDs such as WP-13 name behaviours of Go's worker pools.

use harness::assert_bounds;
use harness::testing::{
    Counted, assert_panics, message_of, must_end, payload_of, staged_panic, staged_panic_of,
    while_unwinding,
};
use panic_isolation::{Handle, Pool};
use std::cell::Cell;
use std::collections::HashSet;
use std::marker::PhantomPinned;
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
fn payload<T>(handle: Handle<T>) -> Box<dyn std::any::Any + Send> {
    let Err(payload) = handle.join() else {
        panic!("the job has panicked, and `join` returned a value");
    };
    payload
}

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

/// A payload need not be text, and it is handed on as it is: the same allocation.
#[test]
fn the_payload_itself_comes_back() {
    // WP-13, as it is in Rust
    must_end(IN_POOL, || {
        let pool = pool(1);
        let boxed: Box<dyn std::any::Any + Send> = Box::new([7_u8; 100]);
        let address = &raw const *boxed as *const u8 as usize;
        let payload = payload(pool.submit(move || -> u32 { resume_unwind(boxed) }));
        assert_eq!(
            &raw const *payload as *const u8 as usize, address,
            "the address of the payload: it should be the box that the job has panicked with"
        );
        assert_eq!(payload.downcast_ref(), Some(&[7_u8; 100]));
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

/// A hundred jobs panic, with and without a handle. Then three jobs run at the same time, on the threads
/// that there were in the beginning; what these have in their thread-locals is still there.
#[test]
fn the_threads_stay_the_same() {
    // WP-13, as it is in Rust
    thread_local! {
        static MARK: Cell<bool> = const { Cell::new(false) };
    }
    /// Runs a job on each of the three threads at the same time, and returns what each has answered.
    fn on_all<T: Send + 'static>(pool: &Pool, job: fn() -> T) -> Vec<T> {
        let all_here = Arc::new(Barrier::new(3));
        let handles: Vec<_> = (0..3)
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
        "three jobs do not run at the same time on a pool of three threads",
        || {
            let pool = pool(3);
            let before: HashSet<_> = on_all(&pool, || {
                MARK.set(true);
                thread::current().id()
            })
            .into_iter()
            .collect();
            assert_eq!(before.len(), 3, "threads that ran three jobs at once");
            let kept: Vec<_> = (0..100)
                .filter_map(|n| {
                    let handle = pool.submit(|| -> u32 { staged_panic("the job's") });
                    (n % 2 == 0).then_some(handle)
                })
                .collect();
            for handle in kept {
                payload(handle);
            }
            let after = on_all(&pool, || (thread::current().id(), MARK.get()));
            for (id, is_marked) in after {
                assert!(
                    before.contains(&id) && is_marked,
                    "after a hundred panics a job ran on a thread that was not there before them: {id:?}"
                );
            }
        },
    );
}

/// A job that runs in a destructor, while its thread unwinds from the panic of another, could not panic
/// itself: that would end the process.
#[test]
fn the_next_job_does_not_run_while_its_thread_unwinds() {
    must_end(IN_POOL, || {
        let pool = pool(1);
        let first = pool.submit(|| -> u32 { staged_panic("the job's") });
        let second = pool.submit(thread::panicking);
        payload(first);
        assert!(
            !value(second),
            "`thread::panicking()` in the job behind one that has panicked"
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

/// The only thread of the pool has a job that waits for main, and main submits ten thousand others meanwhile.
#[test]
fn submit_never_waits() {
    must_end("a thread is in `submit`, which should not wait", || {
        let pool = pool(1);
        let (let_go, waits) = mpsc::channel::<()>();
        let first = pool.submit(move || waits.recv().is_ok());
        let others: Vec<_> = (0..10_000).map(|n| pool.submit(move || n)).collect();
        let_go.send(()).expect("the first job waits");
        assert!(value(first), "the first job has been let go");
        for (n, handle) in others.into_iter().enumerate() {
            assert_eq!(value(handle), n, "what job {n} returned");
        }
    });
}

/// The destructor of a payload panics with another payload, whose destructor panics with another one, and
/// so on, for ever. The second of them is leaked.
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
            let drops = Arc::new(AtomicUsize::new(0));
            let first = Endless(Arc::clone(&drops));
            let (let_go, waits) = mpsc::channel::<()>();
            drop(pool.submit(move || -> u32 {
                waits.recv().expect("main has dropped the handle");
                resume_unwind(Box::new(first))
            }));
            let_go.send(()).expect("the job waits");
            assert_eq!(
                value(pool.submit(|| 7)),
                7,
                "what the job behind it returned"
            );
            assert_eq!(
                drops.load(SeqCst),
                1,
                "payloads dropped: the job's, and not the one that its destructor panics with"
            );
        },
    );
}

/// The same for a handle that is dropped when the job has ended: on the thread of the caller, which may be
/// unwinding.
#[test]
fn dropping_a_handle_never_panics() {
    struct Explosive(Arc<AtomicUsize>);
    impl Drop for Explosive {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
            staged_panic("the destructor's");
        }
    }
    must_end(IN_POOL, || {
        let pool = pool(1);
        let drops = Arc::new(AtomicUsize::new(0));
        let [returned, thrown] = [(); 2].map(|()| Explosive(Arc::clone(&drops)));
        let returns = pool.submit(move || returned);
        let panics = pool.submit(move || -> u32 { resume_unwind(Box::new(thrown)) });
        value(pool.submit(|| ()));
        let panic = staged_panic_of(|| drop(returns));
        assert_eq!(panic, None, "whose panic came out of the drop of a handle");
        while_unwinding(|| drop(panics));
        assert_eq!(
            drops.load(SeqCst),
            2,
            "the value and the payload, dropped with their handles"
        );
    });
}

/// What a job returns submits another job when it is dropped, and waits for that. It is dropped while the
/// pool is not locked.
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
        "a thread drops what a job has returned, whose destructor uses the pool",
        || {
            let pool = Arc::new(pool(2));
            let (sender, got) = mpsc::channel();
            for panics in [false, true] {
                let outcome = Submits(Arc::clone(&pool), sender.clone());
                drop(pool.submit(move || {
                    if panics {
                        resume_unwind(Box::new(outcome));
                    }
                    outcome
                }));
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
