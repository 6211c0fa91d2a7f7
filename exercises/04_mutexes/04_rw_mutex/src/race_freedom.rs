//! Every interleaving of a few small programs. IDs such as RW-04 name behaviours of Go's `sync.RWMutex`.
//!
//! Three threads that retry on one word have too many interleavings to try them all: those models say how
//! many forced switches of threads they explore.

use crate::sync::thread;
use crate::{MAX_READERS, RwMutex};
use harness::testing::{
    Flag, Slot, assert_call_panics, both, let_others_sleep, must_sleep, must_sleep_again,
    never_waits, notifications, panic_of, spawn, staged_panic, staged_panic_of, yields,
};
use std::mem::forget;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

/// One thread reads and another writes: they take turns, and the second sees what the first did. Catches a
/// reader and a writer inside at once, an unlock of either kind that orders nothing, and one that wakes
/// nobody. Nobody may spin: a thread that spins in a model lets the others go on, and hardly ever gets to
/// sleep, so that these tests would see little of it. The README says how to spin on the machine alone.
#[test]
fn a_reader_and_a_writer_take_turns() {
    // RW-14
    harness::model(|| {
        let lock = RwMutex::new(0);
        let (written, read) = (Slot::empty("written"), Slot::empty("read"));
        both(
            || {
                let mut value = lock.write();
                read.read();
                written.write(7);
                *value = 7;
            },
            || {
                let value = lock.read();
                assert_eq!(written.read(), *value);
                read.write(1);
            },
        );
        assert_eq!((*lock.read(), read.read()), (7, 1));
        let yields = yields();
        assert_eq!(
            yields, 0,
            "a thread that waits in `read` or `write` is to sleep, and in this model one has spun or yielded"
        );
    });
}

/// Two threads write: they take turns, and the second sees what the first wrote. Then one tries to write and another tries
/// as well, to write or to read: one of them at least gets the lock, and a writer is alone. Catches two writers inside
/// at once, a second one that nobody wakes, and a second try that does not look who is there.
#[test]
fn one_writer_at_a_time() {
    // RW-14
    harness::model(|| {
        let lock = RwMutex::new(0);
        let slot = Slot::empty("slot");
        let add = || {
            let mut value = lock.write();
            slot.write(slot.read() + 1);
            *value += 1;
        };
        both(add, add);
        assert_eq!((*lock.read(), slot.read()), (2, 2));
    });
    for other_writes in [true, false] {
        harness::model(move || {
            let lock = RwMutex::new(0);
            let writes = || {
                let guard = never_waits("`try_write`", || lock.try_write());
                guard.map(|mut value| *value += 1).is_some()
            };
            let reads = || {
                let guard = never_waits("`try_read`", || lock.try_read());
                guard.map(|value| *value).is_some()
            };
            let (main, other) = both(writes, || if other_writes { writes() } else { reads() });
            assert!(
                main || other,
                "the lock was free, two threads tried for it, and none got it"
            );
        });
    }
}

/// Two writers wait for main, which writes, or reads: both get the lock in the end. Catches a writer that is
/// forgotten: main wakes one of two, and that one has to wake the other when it unlocks, which may wait for it
/// since before it had the lock. Two forced switches.
#[test]
fn every_writer_is_woken() {
    for main_writes in [true, false] {
        harness::Model::new().loose_bound(2).check(move || {
            let lock = RwMutex::new(0);
            let (writes, reads) = if main_writes {
                (Some(lock.write()), None)
            } else {
                (None, Some(lock.read()))
            };
            thread::scope(|s| {
                spawn(s, "writer 1", || *lock.write() += 1);
                spawn(s, "writer 2", || *lock.write() += 1);
                drop((writes, reads));
            });
            assert_eq!(lock.into_inner(), 2);
        });
    }
}

/// Two readers wait for a writer: both get the lock in the end, and see what it wrote. When they have left, the
/// lock is free. Catches one wakeup for two readers, and a word that is no longer what it was on a new lock.
#[test]
fn every_reader_is_let_in() {
    // RW-07
    harness::Model::new().preemption_bound(2).check(|| {
        let lock = RwMutex::new(0);
        let mut guard = lock.write();
        thread::scope(|s| {
            spawn(s, "reader 1", || assert_eq!(*lock.read(), 7));
            spawn(s, "reader 2", || assert_eq!(*lock.read(), 7));
            *guard = 7;
            drop(guard);
        });
        let free = lock.try_write().is_some();
        assert!(free, "`try_write` returned None, and there was no guard");
    });
}

/// A writer waits while two threads read: it gets the lock when both have unlocked, and sees what they did.
/// Catches a writer that the last of two readers does not wake, or the first of them too early: the count of
/// those who leave. Two forced switches.
#[test]
fn the_last_reader_wakes_the_writer() {
    // RW-08
    harness::Model::new().preemption_bound(2).check(|| {
        let lock = RwMutex::new(0);
        let (one, two) = (Slot::empty("one"), Slot::empty("two"));
        let guard = lock.read();
        thread::scope(|s| {
            spawn(s, "reader", || {
                let _guard = lock.read();
                two.write(1);
            });
            spawn(s, "writer", || {
                *lock.write() += 1;
                one.read();
            });
            one.write(1);
            drop(guard);
        });
        assert_eq!((*lock.write(), one.read(), two.read()), (1, 1, 1));
    });
}

/// Main reads three times, and the other thread writes twice: each of them gets the lock in the end. Catches
/// a reader that comes while a writer waits for another reader, and that is forgotten then, or counted among
/// those that the writer waits for.
#[test]
fn readers_come_back_while_a_writer_waits() {
    // RW-08
    harness::Model::new().preemption_bound(2).check(|| {
        let lock = RwMutex::new(0);
        both(
            || {
                for _ in 0..3 {
                    drop(lock.read());
                }
            },
            || {
                *lock.write() += 1;
                *lock.write() += 1;
            },
        );
        assert_eq!(lock.into_inner(), 2);
    });
}

/// A program that has to end in a deadlock in some interleaving: main reads twice, and a writer comes in between, which
/// keeps the second `read` out. Catches a lock that prefers readers.
#[test]
fn a_writer_that_waits_keeps_new_readers_out() {
    // RW-04, RW-05
    must_sleep("a second `read`", "a writer waits for the first", || {
        let lock = RwMutex::new(0);
        thread::scope(|s| {
            let first = lock.read();
            spawn(s, "writer", || *lock.write() += 1);
            let second = lock.read();
            drop((first, second));
        });
    });
}

/// Main reads, and a writer waits for it: `try_read` is refused from then on, and not before there is a writer. So it is
/// if the writer has waited for another writer first, and found a reader when it woke up. That program runs without a forced
/// switch or with one: main yields, and the writer goes on until it sleeps.
#[test]
fn a_writer_that_waits_keeps_try_read_out() {
    // RW-06
    let refused = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&refused);
    harness::model(move || {
        let lock = RwMutex::new(0);
        let first = lock.read();
        assert!(
            lock.try_read().is_some(),
            "there was a reader, and no writer"
        );
        thread::scope(|s| {
            spawn(s, "writer", || *lock.write() += 1);
            if never_waits("`try_read`", || lock.try_read()).is_none() {
                seen.store(true, SeqCst);
            }
            drop(first);
        });
        assert_eq!(*lock.read(), 1);
    });
    assert!(
        refused.load(SeqCst),
        "in no interleaving a writer that waited kept `try_read` out"
    );
    harness::Model::new().preemption_bound(1).check(|| {
        let lock = RwMutex::new(());
        let has_written = Flag::lowered("has written");
        let guard = lock.write();
        thread::scope(|s| {
            spawn(s, "writer", || {
                let _guard = lock.write();
                has_written.raise();
            });
            // A writer that looks a few times before it sleeps looks again at each of these.
            let writer_sleeps = || (0..24).for_each(|_| thread::yield_now());
            writer_sleeps();
            drop(guard);
            let first = lock.read();
            writer_sleeps();
            let second = lock.try_read();
            assert!(
                second.is_none() || has_written.is_raised(),
                "`try_read` returned a guard, and a writer, awake since another has unlocked, waited for a reader"
            );
            drop((first, second));
        });
    });
}

/// A reader and a writer wait when main, a writer, unlocks: the reader is the first to get the lock, and the
/// writer is woken as well. Catches
/// a writer that unlocks for the next writer, though a reader waits. Runs without forced switches only: main
/// yields, and the other goes on until it sleeps; so the reader waits when main unlocks, and so does the
/// second writer.
#[test]
fn readers_that_wait_go_before_the_next_writer() {
    // RW-07
    for writer_first in [false, true] {
        harness::Model::new().preemption_bound(0).check(move || {
            let lock = RwMutex::new(0);
            let has_read = Flag::lowered("has read");
            let guard = lock.write();
            thread::scope(|s| {
                let read = || {
                    let _guard = lock.read();
                    has_read.raise();
                };
                let write = || {
                    let _guard = lock.write();
                    assert!(
                        has_read.is_raised(),
                        "a writer got the lock before a reader that waited when the last one unlocked"
                    );
                };
                if writer_first {
                    spawn(s, "writer", write);
                    let_others_sleep(8);
                }
                spawn(s, "reader", read);
                let_others_sleep(8);
                if !writer_first {
                    spawn(s, "writer", write);
                    let_others_sleep(8);
                }
                drop(guard);
            });
        });
    }
}

/// Programs that must not end. Catches a second guard, and a wait that spins.
#[test]
fn guards_that_exclude_each_other_sleep() {
    // RW-03
    must_sleep("`write`", "there was a reader", || {
        let lock = RwMutex::new(());
        let _guard = lock.read();
        let _second = lock.write();
    });
    must_sleep("`write`", "there was a writer", || {
        let lock = RwMutex::new(());
        let _guard = lock.write();
        let _second = lock.write();
    });
    must_sleep("`read`", "there was a writer", || {
        let lock = RwMutex::new(());
        let _guard = lock.write();
        let _second = lock.read();
    });
}

/// A thread that waits for the lock wakes up for no reason, up to three times: it goes on only when the lock is its
/// own. Catches a thread that takes a spurious wakeup for the lock, the first or a later one, or spins from then on: a
/// reader or a writer. The
/// steps and yields before the lock and behind it give the other time to wake up in between. Two forced switches.
#[test]
fn a_spurious_wakeup_is_no_lock() {
    let explore = |main_writes: bool, other_writes: bool| {
        let model = harness::Model::new().preemption_bound(2);
        model.spurious_wakeups(1).check(move || {
            let lock = RwMutex::new(());
            let step = Flag::lowered("step");
            let slots = [Slot::empty("main's"), Slot::empty("other's")];
            let enter = |writes: bool, me: usize| {
                step.raise();
                locked(&lock, writes, || {
                    step.raise();
                    slots[me].write(1);
                    slots[1 - me].read();
                });
            };
            both(|| enter(main_writes, 0), || enter(other_writes, 1));
        });
    };
    explore(true, true);
    explore(true, false);

    let outlasts = |main_writes: bool, other_writes: bool| {
        let model = harness::Model::new().preemption_bound(2);
        model.spurious_wakeups(3).check(move || {
            let (lock, gone) = (RwMutex::new(()), Flag::lowered("gone"));
            thread::scope(|s| {
                locked(&lock, main_writes, || {
                    spawn(s, "other", || {
                        locked(&lock, other_writes, || {
                            assert!(gone.is_raised(), "two guards that exclude each other");
                        });
                    });
                    let_others_sleep(3);
                    gone.raise();
                });
            });
        });
    };
    outlasts(true, true);
    outlasts(true, false);
    outlasts(false, true);

    for (call, main_writes) in [("`write`", true), ("`write`", false), ("`read`", true)] {
        must_sleep_again(call, move |steps| {
            let lock = RwMutex::new(());
            thread::scope(|s| {
                locked(&lock, main_writes, || {
                    spawn(s, "other", || locked(&lock, call == "`write`", || ()));
                    steps();
                });
            });
        });
    }
}

/// Runs `f` while the calling thread has the lock, as a writer or as a reader.
fn locked(lock: &RwMutex<()>, writes: bool, f: impl FnOnce()) {
    if writes {
        let _guard = lock.write();
        f();
    } else {
        let _guard = lock.read();
        f();
    }
}

/// `try_write` is refused, and a reader that tries beside a reader gets in meanwhile. Catches a refused `try_write` that
/// shows, even for a moment: as a writer that waits, it would keep a reader out.
#[test]
fn a_refused_try_write_changes_nothing() {
    // RW-03
    harness::model(|| {
        let lock = RwMutex::new(0);
        let guard = lock.read();
        let (read, written) = both(
            || lock.try_read().is_some(),
            || never_waits("`try_write`", || lock.try_write()).is_some(),
        );
        assert!(read, "`try_read` returned None, and there was no writer");
        assert!(
            !written,
            "`try_write` returned a guard, and there was a reader"
        );
        drop(guard);
        assert!(lock.try_write().is_some(), "there was no guard");
    });
}

/// A thread waits for main's guard when main's `try_write` and `try_read` are refused: it gets the lock all the same when
/// the guard is dropped. Catches a refused call that forgets who waits.
#[test]
fn a_refused_call_forgets_nobody_who_waits() {
    // RW-03
    for waiter_writes in [true, false] {
        harness::model(move || {
            let lock = RwMutex::new(0);
            let guard = lock.write();
            thread::scope(|s| {
                spawn(s, "waiter", || {
                    if waiter_writes {
                        *lock.write() += 1;
                    } else {
                        drop(lock.read());
                    }
                });
                let written = never_waits("`try_write`", || lock.try_write()).is_some();
                let read = never_waits("`try_read`", || lock.try_read()).is_some();
                assert!(!written && !read, "there was a writer");
                drop(guard);
            });
        });
    }
}

/// Main writes, unlocks and writes again, and the other thread tries to read: if it is refused, nothing has
/// changed, and if not, it sees what was written. Catches a refused `try_read` that shows: as a reader that
/// waits or leaves.
#[test]
fn a_refused_try_read_changes_nothing() {
    // RW-03
    harness::model(|| {
        let lock = RwMutex::new(0);
        let slot = Slot::empty("slot");
        let guard = lock.write();
        both(
            || {
                slot.write(1);
                drop(guard);
                let _guard = lock.write();
                slot.write(2);
            },
            || {
                if let Some(_guard) = lock.try_read() {
                    assert_ne!(slot.read(), 0);
                }
            },
        );
        assert!(lock.try_write().is_some(), "there was no guard");
    });
}

/// Nobody else uses the lock, and a weak exchange fails for no reason: every call succeeds all the same.
/// Catches the spurious failure of a weak exchange that is taken for another guard.
#[test]
fn a_spurious_failure_is_no_guard() {
    // RW-03
    harness::Model::new().spurious_failures(1).check(|| {
        let lock = RwMutex::new(0);
        let free = lock.try_read().is_some();
        assert!(free, "`try_read` returned None, and there was no guard");
        let free = lock.try_write().is_some();
        assert!(free, "`try_write` returned None, and there was no guard");
        *lock.write() += 1;
        assert_eq!(*lock.read(), 1);
    });
}

/// A reader panics with the lock, and then a writer: the guard unlocks, and wakes main if it waits. Catches a
/// guard that a panic does not drop, of either kind, or whose drop wakes nobody then. Nothing is poisoned.
#[test]
fn a_panic_unlocks() {
    harness::model(|| {
        let lock = RwMutex::new(0);
        let panics = || {
            let panics = staged_panic_of(|| {
                let _guard = lock.read();
                staged_panic("reader");
            });
            assert_eq!(panics, Some("reader"));
        };
        both(|| *lock.write() += 1, panics);
        assert_eq!(lock.into_inner(), 1);
    });
    harness::model(|| {
        let lock = RwMutex::new(0);
        let panics = || {
            let panics = staged_panic_of(|| {
                let mut value = lock.write();
                *value += 1;
                staged_panic("writer");
            });
            assert_eq!(panics, Some("writer"));
        };
        both(|| drop(lock.read()), panics);
        assert_eq!(lock.into_inner(), 1);
    });
}

/// Threads lock in every way, and unlock by a panic too, and nobody has to wait: the operating system is not
/// called. Catches a lock that
/// asks the operating system to wake somebody, though nobody has waited: one thread locks in every way, and
/// two read at once.
#[test]
fn an_unlock_without_waiters_wakes_nobody() {
    harness::model(|| {
        let lock = RwMutex::new(0);
        let writer = lock.write();
        assert!(lock.try_write().is_none() && lock.try_read().is_none());
        drop(writer);
        let writer = lock.try_write();
        assert!(writer.is_some(), "there was no guard");
        drop(writer);
        both(|| *lock.read(), || *lock.read());
        let reader = lock.try_read();
        assert!(lock.try_write().is_none(), "there was a reader");
        drop(reader);
        assert_eq!(
            notifications(),
            0,
            "wakeups asked for, and no thread had waited"
        );
    });
    harness::model(|| {
        let lock = RwMutex::new(0);
        let panics = staged_panic_of(|| {
            let _guard = lock.write();
            staged_panic("writer");
        });
        assert_eq!(panics, Some("writer"));
        assert_eq!(
            notifications(),
            0,
            "wakeups asked for by a panic, and no thread had waited"
        );
    });
}

/// Two threads try to read, and nobody writes. Then another reader comes or goes before each exchange of main, 300 times in a
/// row. Catches a try that gives up because another reader was faster, once or again and again.
#[test]
fn readers_refuse_no_reader() {
    // RW-03
    harness::model(|| {
        let lock = RwMutex::new(7);
        let (ours, theirs) = both(|| lock.try_read().is_some(), || lock.try_read().is_some());
        assert!(
            ours && theirs,
            "nobody writes, but `try_read` returned None"
        );
    });
    // More often than anybody would try again before giving up, and than a byte can count.
    const OVERTAKEN: usize = 260;
    let overtaken = harness::Model::new()
        .preemption_bound(0)
        .max_branches(20 * OVERTAKEN)
        .interrupted_exchanges(OVERTAKEN);
    overtaken.check(|| {
        let lock = RwMutex::new(7);
        let others = || {
            let mut reads = None;
            for _ in 0..OVERTAKEN {
                reads = reads.is_none().then(|| lock.read());
                thread::yield_now();
            }
        };
        let (is_in, ()) = both(|| lock.try_read().is_some(), others);
        assert!(is_in, "nobody writes, but `try_read` returned None");
    });
}

/// The writer unlocks and tries to lock again, while another thread is refused. Catches a reader that counts itself first,
/// and takes that back.
#[test]
fn a_refused_try_read_refuses_nobody() {
    harness::model(|| {
        let lock = RwMutex::new(7);
        let guard = lock.write();
        let (again, read) = both(
            || {
                drop(guard);
                lock.try_write().is_some()
            },
            || lock.try_read().is_some(),
        );
        assert!(
            again || read,
            "a `try_read` that was refused has kept a writer out"
        );
    });
}

/// A reader and a writer wait when main unlocks. If main cannot read at once, a writer is before it, and it must see what that
/// one wrote. Catches a turn that is meant for the reader who waits, and taken by one who comes later. Runs without a
/// forced switch or with one: main yields, and the other goes on until it sleeps; so both wait when main unlocks, and
/// the writer may come before the reader has noticed.
#[test]
fn a_later_reader_takes_no_turn_of_one_that_waits() {
    // RW-04
    harness::Model::new().loose_bound(1).check(|| {
        let lock = RwMutex::new(0);
        let guard = lock.write();
        thread::scope(|s| {
            spawn(s, "reader", || drop(lock.read()));
            thread::yield_now();
            spawn(s, "writer", || *lock.write() = 1);
            thread::yield_now();
            drop(guard);
            thread::yield_now();
            if lock.try_read().is_none() {
                assert_eq!(
                    *lock.read(),
                    1,
                    "a reader came while a writer waited, and got the lock before it: it has taken the turn of \
                     a reader that waited before"
                );
            }
        });
    });
}

/// What a writer wrote elsewhere, before it unlocked, is there for one who tries, of either kind.
#[test]
fn a_guard_that_was_tried_for_sees_what_a_writer_did() {
    // RW-08
    let sees = |is_locked: fn(&RwMutex<u32>) -> bool| {
        harness::model(move || {
            let (lock, note) = (RwMutex::new(0), Slot::empty("note"));
            let guard = lock.write();
            both(
                || {
                    note.write(7);
                    drop(guard);
                },
                || {
                    if is_locked(&lock) {
                        assert_eq!(note.read(), 7);
                    }
                },
            );
        });
    };
    sees(|lock| lock.try_write().is_some());
    sees(|lock| lock.try_read().is_some());
}

/// One reader more than there may be is refused and leaves nothing behind: when the others have gone, a writer gets the
/// lock, even if it came meanwhile. Catches a lower limit, none at all, and a refused reader that stays counted, by
/// the lock or by the writer that waits. One forced switch.
#[test]
fn a_refused_reader_leaves_the_count() {
    const TOO_MANY: &str = "rw_mutex: too many readers";
    harness::model(|| {
        let lock = RwMutex::new(7);
        let guards: Vec<_> = (0..MAX_READERS)
            .map(|n| {
                if n % 2 == 0 {
                    lock.try_read()
                } else {
                    Some(lock.read())
                }
            })
            .map(|guard| guard.expect("`try_read` returned None, and there were readers only"))
            .collect();
        assert_call_panics("`read` beyond MAX_READERS", TOO_MANY, || drop(lock.read()));
        assert_call_panics("`try_read` beyond MAX_READERS", TOO_MANY, || {
            drop(lock.try_read())
        });
        assert!(guards.iter().all(|guard| **guard == 7));
        drop(guards);
        assert!(
            lock.try_write().is_some(),
            "`try_write` returned None, and all readers had gone: a refused one is still counted"
        );
    });
    harness::Model::new().preemption_bound(1).check(|| {
        let lock = RwMutex::new(0);
        let guards: Vec<_> = (0..MAX_READERS).map(|_| lock.read()).collect();
        thread::scope(|s| {
            spawn(s, "one too many", || {
                // It may also come when the others have gone.
                let panics = panic_of(|| drop(lock.read()));
                assert_eq!(panics.as_deref().unwrap_or(TOO_MANY), TOO_MANY);
            });
            spawn(s, "writer", || *lock.write() += 1);
            thread::yield_now();
            drop(guards);
        });
        assert_eq!(lock.into_inner(), 1);
    });
}

/// Two threads try to read where there is room for one reader. Then one reader more than there may be waits for a writer: when
/// that unlocks, no more get in than there may be at once. Catches a limit that is looked at before the last try, and one that
/// counts only those who are in. The second program runs in one order of the threads: main yields, and each of the others goes on
/// until it sleeps.
#[test]
fn no_more_readers_get_in_than_there_may_be() {
    harness::model(|| {
        let lock = RwMutex::new(0);
        let _guards: Vec<_> = (1..MAX_READERS).map(|_| lock.read()).collect();
        let is_in = || panic_of(|| forget(lock.try_read())).is_none();
        let two = both(is_in, is_in);
        assert_ne!(
            two,
            (true, true),
            "two calls of `try_read` have got in where there was room for one reader"
        );
    });
    harness::Model::new().one_order().check(|| {
        let lock = RwMutex::new(0);
        let guard = lock.write();
        let inside = AtomicU32::new(0);
        thread::scope(|s| {
            for n in 1..=MAX_READERS + 1 {
                spawn(s, &format!("reader {n}"), || {
                    // The one too many may panic at once, or when it has waited.
                    _ = panic_of(|| {
                        forget(lock.read());
                        inside.fetch_add(1, SeqCst);
                    });
                });
            }
            thread::yield_now();
            drop(guard);
        });
        let inside = inside.load(SeqCst);
        assert_eq!(
            inside, MAX_READERS,
            "there are {inside} read guards, and there can be {MAX_READERS}"
        );
    });
}
