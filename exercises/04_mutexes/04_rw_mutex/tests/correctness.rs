//! What a lock of many readers does, on real threads. IDs such as RW-03 name behaviours of Go's
//! `sync.RWMutex`.
//!
//! `src/race_freedom.rs` checks in every interleaving who sleeps and is woken, and what is ordered.

use harness::assert_bounds;
use harness::sync::real::thread;
use harness::testing::{
    let_others_run, must_end, must_sleep_soon_on_threads, spawn_sleepers, staged_panic,
    staged_panic_of, wait_until, while_unwinding,
};
use rw_mutex::{RwMutex, RwMutexReadGuard, RwMutexWriteGuard};
use std::cell::Cell;
use std::marker::PhantomPinned;
use std::mem;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};

/// Where a thread hangs, if a test does.
const IN_LOCK: &str = "a thread is still in `read` or `write`";

const FREE: &str = "there was no guard";

#[test]
fn guards_lend_the_value() {
    let lock = RwMutex::new(String::from("a"));
    lock.write().push('b');
    assert_eq!(*lock.read(), "ab");
    *lock.write() = String::from("c");
    assert_eq!(lock.write().len(), 1);
    assert_eq!(lock.into_inner(), "c");
}

#[test]
fn who_may_lock_beside_whom() {
    // RW-03: the truth table of Go's TestRWMutex.
    must_end(IN_LOCK, || {
        let lock = RwMutex::new(1);
        let write = lock.write();
        assert!(lock.try_write().is_none(), "there was a writer");
        assert!(lock.try_read().is_none(), "there was a writer");
        drop(write);
        drop(lock.try_write().expect(FREE));
        let read = lock.try_read().expect(FREE);
        let second = lock.try_read().expect("there was a reader only");
        let third = lock.read();
        assert!(lock.try_write().is_none(), "there were three readers");
        drop((read, third));
        assert!(lock.try_write().is_none(), "there was a reader");
        drop(second);
        *lock.try_write().expect(FREE) += 1;
        assert_eq!(*lock.try_read().expect(FREE), 2);
    });
}

#[test]
fn readers_are_in_at_the_same_time() {
    // They meet inside.
    must_end(IN_LOCK, || {
        const READERS: usize = 8;
        let lock = RwMutex::new(7);
        let inside = Barrier::new(READERS);
        thread::scope(|s| {
            for _ in 0..READERS {
                s.spawn(|| {
                    for _ in 0..20 {
                        let value = lock.read();
                        inside.wait();
                        assert_eq!(*value, 7);
                    }
                });
            }
        });
        *lock.write() += 1;
    });
}

#[test]
fn a_writer_is_alone() {
    // Go's HammerRWMutex: a writer counts 10,000, a reader 1.
    must_end(IN_LOCK, || {
        const WRITER: usize = 10_000;
        const BESIDE: &str = "another guard was there beside that of a writer";
        for (readers, writers) in [(1, 1), (4, 1), (1, 4), (6, 3)] {
            let lock = RwMutex::new(0);
            let activity = AtomicUsize::new(0);
            thread::scope(|s| {
                for _ in 0..writers {
                    s.spawn(|| {
                        for _ in 0..200 {
                            let mut value = lock.write();
                            assert_eq!(activity.fetch_add(WRITER, SeqCst), 0, "{BESIDE}");
                            *value += 1;
                            thread::yield_now();
                            assert_eq!(activity.fetch_sub(WRITER, SeqCst), WRITER, "{BESIDE}");
                        }
                    });
                }
                for _ in 0..readers {
                    s.spawn(|| {
                        for _ in 0..200 {
                            let _value = lock.read();
                            assert!(activity.fetch_add(1, SeqCst) < WRITER, "{BESIDE}");
                            thread::yield_now();
                            assert!(activity.fetch_sub(1, SeqCst) < WRITER, "{BESIDE}");
                        }
                    });
                }
            });
            assert_eq!(lock.into_inner(), writers * 200);
        }
    });
}

/// Main has the lock, and 300 writers wait for it, or are about to, or 300 readers: each of them gets it in the end.
#[test]
fn each_of_many_who_wait_gets_the_lock() {
    // More of them than a count of 8 bits can hold.
    const MANY: usize = 300;
    for writes in [true, false] {
        must_end(IN_LOCK, move || {
            let lock = RwMutex::new(());
            let got_it = AtomicUsize::new(0);
            let guard = lock.write();
            thread::scope(|s| {
                for _ in 0..MANY {
                    s.spawn(|| {
                        if writes {
                            drop(lock.write());
                        } else {
                            drop(lock.read());
                        }
                        got_it.fetch_add(1, SeqCst);
                    });
                }
                let_others_run();
                drop(guard);
            });
            assert_eq!(got_it.into_inner(), MANY);
        });
    }
}

/// A writer comes while there are 256 read guards: it gets the lock when all of them have gone.
#[test]
fn a_writer_waits_for_each_of_many_readers() {
    must_end(IN_LOCK, || {
        let lock = RwMutex::new(());
        let mut readers: Vec<_> = (0..256).map(|_| lock.read()).collect();
        let has_written = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| {
                let _guard = lock.write();
                has_written.store(true, SeqCst);
            });
            while let Some(reader) = readers.pop() {
                if readers.len() % 100 == 0 {
                    let_others_run();
                }
                let left = readers.len() + 1;
                assert!(
                    !has_written.load(SeqCst),
                    "`write` returned, and there were {left} read guards"
                );
                drop(reader);
            }
        });
    });
}

/// 256 readers sleep, more than a byte can count, and a writer unlocks: all of them get the lock.
#[test]
fn a_writer_lets_many_readers_in() {
    must_end(IN_LOCK, || {
        let lock = Arc::new(RwMutex::new(()));
        let guard = lock.write();
        let readers = std::iter::repeat_n(&lock, 256).cloned();
        spawn_sleepers("reader", readers.map(|lock| move || drop(lock.read())));
        drop(guard);
        let asleep = "a writer has unlocked, and not all of 256 readers have got the lock";
        wait_until(asleep, || Arc::strong_count(&lock) == 1);
    });
}

#[test]
fn an_endless_stream_of_readers_lets_a_writer_in() {
    // RW-04: two readers that overlap all the time. Each goes only when the writer has been, or the other has
    // come.
    must_end(IN_LOCK, || {
        let lock = RwMutex::new(());
        let written = AtomicBool::new(false);
        let entered = [AtomicUsize::new(0), AtomicUsize::new(0)];
        thread::scope(|s| {
            for me in 0..2 {
                let (lock, written, entered) = (&lock, &written, &entered);
                s.spawn(move || {
                    while !written.load(SeqCst) {
                        let _guard = lock.read();
                        let seen = entered[1 - me].load(SeqCst);
                        entered[me].fetch_add(1, SeqCst);
                        // Not for ever: a writer that waits keeps the other out.
                        for _ in 0..200 {
                            if entered[1 - me].load(SeqCst) != seen || written.load(SeqCst) {
                                break;
                            }
                            thread::yield_now();
                        }
                    }
                });
            }
            while entered[0].load(SeqCst) + entered[1].load(SeqCst) < 4 {
                thread::yield_now();
            }
            let guard = lock.write();
            written.store(true, SeqCst);
            drop(guard);
        });
    });
}

#[test]
fn an_endless_stream_of_writers_lets_a_reader_in() {
    // RW-07: two writers that always want the lock.
    must_end(IN_LOCK, || {
        let lock = RwMutex::new(0_u64);
        let read = AtomicBool::new(false);
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    while !read.load(SeqCst) {
                        *lock.write() += 1;
                    }
                });
            }
            let_others_run();
            drop(lock.read());
            read.store(true, SeqCst);
        });
    });
}

/// A thread waits in `read` or `write`: it sleeps, after a few hundred looks at most, and so it does if its call comes while
/// it unwinds.
#[test]
fn a_thread_that_waits_sleeps() {
    type Wait = (&'static str, &'static str, fn());
    let waits: [Wait; 3] = [
        ("`read`", "there was a writer", || {
            let lock = RwMutex::new(());
            let _guard = lock.write();
            let _second = lock.read();
        }),
        ("`write`", "there was a writer", || {
            let lock = RwMutex::new(());
            let _guard = lock.write();
            let _second = lock.write();
        }),
        ("`write`", "there was a reader", || {
            let lock = RwMutex::new(());
            let _guard = lock.read();
            let _second = lock.write();
        }),
    ];
    for (call, because, wait) in waits {
        must_sleep_soon_on_threads(call, because, wait);
        let call = format!("{call} in a destructor, while its thread unwinds,");
        must_sleep_soon_on_threads(&call, because, move || while_unwinding(wait));
    }
}

#[test]
fn a_million_readers_are_counted() {
    let mut lock = RwMutex::new(1);
    for _ in 0..1_000_000 {
        mem::forget(lock.read());
    }
    assert!(lock.try_write().is_none(), "there were a million readers");
    assert_eq!(*lock.try_read().expect("there were readers only"), 1);
    *lock.get_mut() += 1;
    assert_eq!(lock.into_inner(), 2);
}

/// `get_mut` and `into_inner` do not lock: they return though a guard was leaked.
#[test]
fn get_mut_lends_the_value_without_locking() {
    must_end("a thread is still in `get_mut` or `into_inner`", || {
        let mut lock = RwMutex::new(1);
        *lock.get_mut() += 1;
        mem::forget(lock.write());
        assert!(lock.try_read().is_none(), "the guard was leaked");
        *lock.get_mut() += 1;
        assert!(lock.try_write().is_none(), "the guard was leaked");
        assert_eq!(lock.into_inner(), 3);
    });
}

/// A panic of a holder unlocks, and a destructor locks while its thread unwinds, as any other code does.
#[test]
fn nothing_is_poisoned() {
    must_end(IN_LOCK, || {
        let lock = RwMutex::new(1);
        for _ in 0..3 {
            let panics = staged_panic_of(|| {
                *lock.write() += 1;
                let _read = lock.read();
                staged_panic("reader");
            });
            assert_eq!(panics, Some("reader"));
            let panics = staged_panic_of(|| {
                let mut value = lock.write();
                *value += 1;
                staged_panic("writer");
            });
            assert_eq!(panics, Some("writer"));
        }
        assert_eq!(*lock.try_write().expect(FREE), 7);
        while_unwinding(|| {
            *lock.write() += 1;
            let free = lock.try_write().is_some();
            assert!(
                free,
                "`try_write` of a thread that unwinds was refused: {FREE}"
            );
            *lock.write() += 1;
            let reader = lock.read();
            let second = lock.try_read();
            let second = second.expect(
                "`try_read` of a thread that unwinds was refused, and there was one reader only",
            );
            assert_eq!((*reader, *second), (9, 9));
        });
    });
}

/// Any value will do: one without a size, one that must not move, one of no bytes, one that is no `Send`, one that stands at
/// multiples of 256 bytes only.
#[test]
fn any_value_will_do() {
    #[repr(align(256))]
    struct Aligned(u32);

    let slice: &RwMutex<[u8]> = &RwMutex::new([1, 2, 3]);
    slice.write()[1] = 5;
    assert_eq!(*slice.read(), [1, 5, 3]);
    let mut text: Box<RwMutex<dyn ToString>> = Box::new(RwMutex::new(7));
    assert_eq!(text.read().to_string(), "7");
    assert_eq!(text.get_mut().to_string(), "7");
    // A lock that has been used can be moved like any other.
    let mut two = [1, 2].map(RwMutex::new);
    two.iter().for_each(|lock| *lock.write() += 10);
    two.rotate_left(1);
    assert_eq!(two.map(|lock| *lock.read()), [12, 11]);
    let aligned = RwMutex::new(Aligned(1));
    aligned.write().0 += 1;
    assert_eq!(aligned.into_inner().0, 2);
    drop(RwMutex::new(PhantomPinned).read());
    drop(RwMutex::new(()).write());
    drop(RwMutex::new(Rc::new(1)).read());
}

#[test]
fn it_may_be_shared_if_the_value_may_be_shared_and_sent() {
    drop(RwMutex::new(1).read());
    assert_bounds!(RwMutex<u32>: Send + Sync);
    assert_bounds!(RwMutex<Cell<u32>>: Send + !Sync);
    assert_bounds!(RwMutex<Rc<u32>>: !Send + !Sync);
    assert_bounds!(RwMutex<std::sync::MutexGuard<'static, u32>>: !Send + !Sync);
    assert_bounds!(RwMutexReadGuard<'static, u32>: !Send + Sync);
    assert_bounds!(RwMutexWriteGuard<'static, u32>: !Send + Sync);
    assert_bounds!(RwMutexReadGuard<'static, Cell<u32>>: !Send + !Sync);
    assert_bounds!(RwMutexWriteGuard<'static, Cell<u32>>: !Send + !Sync);
}

#[test]
fn a_lock_is_small() {
    drop(RwMutex::new(1).read());
    let extra = size_of::<RwMutex<[u64; 9]>>() - size_of::<[u64; 9]>();
    assert!(
        extra <= 64,
        "a lock takes {extra} bytes more than its value, but the docs promise at most 64"
    );
}
