//! What the model explores: exactly the outcomes that can happen, and nothing that cannot.

use harness::page::Page;
use harness::protocol::{Extent, Kind};
use harness::sync::model::{
    Condvar, Mutex, RwLock,
    atomic::{AtomicU32, AtomicUsize, Ordering::*, fence},
    futex, thread,
    time::{Clock, Duration, Instant},
};
use harness::{Failure, Model, explore, leaks};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Every outcome that `program` has under some interleaving.
#[track_caller]
fn outcomes<T: Ord + Send + 'static>(
    model: Model,
    program: impl Fn() -> T + Send + Sync + 'static,
) -> Vec<T> {
    let seen = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let collect = Arc::clone(&seen);
    let explored = model
        .explore(move || {
            let outcome = program();
            collect.lock().unwrap().insert(outcome);
        })
        .unwrap_or_else(|failure| panic!("{}", failure.report));
    assert!(explored.coverage.is_exhaustive());
    std::mem::take(&mut *seen.lock().unwrap()).into_iter().collect()
}

/// Two relaxed stores by one thread and two loads by another.
fn store_buffering(fences: bool) -> Vec<(usize, usize)> {
    outcomes(Model::new(), move || {
        let (x, y) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let side = |mine: &AtomicUsize, other: &AtomicUsize| {
            mine.store(1, Relaxed);
            if fences {
                fence(SeqCst);
            }
            other.load(Relaxed)
        };
        thread::scope(|s| {
            let t = s.spawn(|| side(&x, &y));
            let seen = side(&y, &x);
            (t.join().unwrap(), seen)
        })
    })
}

#[test]
fn store_buffering_is_seen_and_a_fence_forbids_it() {
    assert_eq!(store_buffering(false), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(store_buffering(true), [(0, 1), (1, 0), (1, 1)]);
}

#[test]
fn two_increments_as_load_and_store() {
    let seen = outcomes(Model::new(), || {
        let n = AtomicUsize::new(0);
        let increment = || n.store(n.load(Relaxed) + 1, Relaxed);
        thread::scope(|s| {
            s.spawn(increment);
            increment();
        });
        n.load(Relaxed)
    });
    assert_eq!(seen, [1, 2]);
}

#[test]
fn try_lock_meets_a_lock_that_is_held_for_an_instant() {
    let seen = outcomes(Model::new(), || {
        let m = Mutex::new(());
        thread::scope(|s| {
            s.spawn(|| drop(m.lock()));
            m.try_lock().is_some()
        })
    });
    assert_eq!(seen, [false, true]);
}

#[test]
fn a_mutex_orders_what_it_guards() {
    let seen = outcomes(Model::new(), || {
        let m = Mutex::new(0);
        thread::scope(|s| {
            s.spawn(|| *m.lock() += 1);
            s.spawn(|| *m.lock() *= 10);
            *m.lock() += 2;
        });
        m.into_inner()
    });
    assert_eq!(seen, [3, 12, 21, 30]);
}

#[test]
fn a_reader_writer_lock_lets_readers_share_and_keeps_writers_alone() {
    let seen = outcomes(Model::new(), || {
        let lock = RwLock::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                let mut value = lock.write();
                *value += 1;
                *value += 1;
            });
            let first = lock.read();
            *first
        })
    });
    assert_eq!(seen, [0, 2]);
    let both_read = outcomes(Model::new(), || {
        let lock = RwLock::new(());
        thread::scope(|s| {
            let _mine = lock.read();
            s.spawn(|| lock.try_read().is_some()).join().unwrap()
        })
    });
    assert_eq!(both_read, [true]);
}

#[test]
fn a_condition_variable_wakes_whoever_waits() {
    let seen = outcomes(Model::new(), || {
        let (ready, changed) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                *ready.lock() = true;
                changed.notify_one();
            });
            let mut guard = ready.lock();
            let mut waits = 0;
            while !*guard {
                changed.wait(&mut guard);
                waits += 1;
            }
            waits
        })
    });
    assert_eq!(seen, [0, 1]);
}

/// `if` where `while` is needed: right only if nothing wakes up for no reason.
fn waits_once() {
    let (ready, changed) = (Mutex::new(false), Condvar::new());
    thread::scope(|s| {
        s.spawn(|| {
            *ready.lock() = true;
            changed.notify_one();
        });
        let mut guard = ready.lock();
        if !*guard {
            changed.wait(&mut guard);
        }
        assert!(*guard, "woken too early");
    });
}

#[test]
fn spurious_wakeups_come_only_when_asked_for() {
    explore(waits_once).expect("without spurious wake-ups one look is enough");
    let failure = Model::new()
        .spurious_wakeups(1)
        .explore(waits_once)
        .expect_err("a spurious wake-up finds the missing loop");
    assert_eq!(failure.kind, Kind::Panic);
    assert!(failure.report.contains("for no reason"), "{}", failure.report);
}

fn adds_one(value: &AtomicU32, tries: usize) -> bool {
    (0..tries).any(|_| {
        let old = value.load(Relaxed);
        let exchanged = value.compare_exchange_weak(old, old + 1, Relaxed, Relaxed);
        exchanged.is_ok()
    })
}

/// Nothing says which of two sleepers `notify_one` wakes.
#[test]
fn either_of_two_sleepers_is_woken() {
    let first_is_woken = outcomes(Model::new(), || {
        let (asleep, notified) = (Mutex::new(Vec::new()), Condvar::new());
        let woken = Mutex::new(None);
        let sleep = |n: usize| {
            let mut asleep = asleep.lock();
            asleep.push(n);
            notified.wait(&mut asleep);
            drop(asleep);
            woken.lock().get_or_insert(n);
            notified.notify_one();
        };
        thread::scope(|s| {
            s.spawn(|| sleep(1));
            s.spawn(|| sleep(2));
            while asleep.lock().len() < 2 {
                thread::yield_now();
            }
            notified.notify_one();
        });
        let woken = *woken.lock();
        woken == asleep.lock().first().copied()
    });
    assert_eq!(first_is_woken, [false, true]);
}

#[test]
fn a_weak_exchange_fails_spuriously_only_when_asked_to() {
    let program = || assert!(adds_one(&AtomicU32::new(0), 1), "nobody was in between");
    explore(program).expect("it fails spuriously");
    let failure = Model::new().spurious_failures(1).explore(program);
    let failure = failure.expect_err("it does not fail");
    assert_eq!(failure.kind, Kind::Panic);
    assert!(failure.report.contains("fails spuriously: 0"), "{}", failure.report);
}

#[test]
fn as_many_weak_exchanges_fail_as_asked_for() {
    let tries = |tries| move || assert!(adds_one(&AtomicU32::new(0), tries), "too few");
    for n in 0..4 {
        let model = Model::new().spurious_failures(n);
        let explored = model.clone().explore(tries(n + 1)).expect("one is left");
        assert_eq!(explored.coverage.interleavings, n + 1);
        if n > 0 {
            model.explore(tries(n)).expect_err("all fail");
        }
    }
}

/// Any of the exchanges may be the one, of either thread.
#[test]
fn each_weak_exchange_fails_in_some_interleaving() {
    let seen = outcomes(Model::new().spurious_failures(1), || {
        let (a, b) = (AtomicU32::new(0), AtomicU32::new(0));
        let twice = |value: &AtomicU32| [adds_one(value, 1), adds_one(value, 1)];
        thread::scope(|s| {
            let theirs = s.spawn(|| twice(&a));
            [twice(&b), theirs.join().unwrap()].concat()
        })
    });
    let all_but = |failing| (0..4).map(|n| n != failing).collect::<Vec<_>>();
    let all: Vec<_> = (0..5).map(all_but).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn a_loop_around_a_wait_survives_spurious_wakeups() {
    for n in [1, 2] {
        let model = Model::new().spurious_wakeups(n);
        let woken = outcomes(model, || {
            let (ready, changed) = (Mutex::new(false), Condvar::new());
            thread::scope(|s| {
                s.spawn(|| {
                    *ready.lock() = true;
                    changed.notify_all();
                });
                changed.wait_while(&mut ready.lock(), |ready| !*ready);
            });
        });
        assert_eq!(woken, [()]);
    }
}

#[test]
fn a_futex_compares_and_sleeps_in_one_step() {
    let seen = outcomes(Model::new(), || {
        let word = AtomicU32::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                word.store(1, Release);
                futex::wake_one(&word);
            });
            let mut waits = 0;
            while word.load(Acquire) == 0 {
                futex::wait(&word, 0);
                waits += 1;
            }
            waits
        })
    });
    assert_eq!(seen, [0, 1]);
    let failure = explore(|| {
        let word = AtomicU32::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                futex::wake_one(&word);
                word.store(1, Release);
            });
            while word.load(Acquire) == 0 {
                futex::wait(&word, 0);
            }
        });
    })
    .expect_err("a wake-up before the store is lost");
    assert_eq!(failure.kind, Kind::Deadlock);
}

#[test]
fn an_unpark_is_kept_for_the_next_park() {
    explore(|| {
        let flag = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&flag);
        let main = thread::current();
        let t = thread::spawn(move || {
            theirs.store(1, Relaxed);
            main.unpark();
        });
        thread::park();
        assert_eq!(flag.load(Relaxed), 1, "unpark synchronises with park");
        t.join().unwrap();
    })
    .unwrap_or_else(|failure| panic!("{}", failure.report));
}

#[test]
fn join_gives_the_value_or_the_panic() {
    explore(|| {
        assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
        let payload = thread::spawn(|| panic!("caught by join")).join();
        let payload = payload.expect_err("the thread panicked");
        assert_eq!(payload.downcast_ref(), Some(&"caught by join"));
        let scoped = thread::scope(|s| s.spawn(|| -> u8 { panic!("in a scope") }).join().is_err());
        assert!(scoped);
    })
    .unwrap_or_else(|failure| panic!("{}", failure.report));
}

/// A panic that the program catches is no failure, whatever its destructors did on the way.
#[test]
fn a_panic_that_is_caught_does_no_harm() {
    struct Notifies<'a>(&'a Mutex<u32>, &'a Condvar);
    impl Drop for Notifies<'_> {
        fn drop(&mut self) {
            *self.0.lock() += 1;
            self.1.notify_all();
        }
    }
    explore(|| {
        let (count, changed) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                let caught = catch_unwind(AssertUnwindSafe(|| {
                    let _notifies = Notifies(&count, &changed);
                    let _held = count.lock();
                    panic!("while the lock is held");
                }));
                assert!(caught.is_err());
                *count.lock() += 1;
                changed.notify_all();
            });
            changed.wait_while(&mut count.lock(), |count| *count < 2);
        });
        assert_eq!(count.into_inner(), 2);
    })
    .unwrap_or_else(|failure| panic!("{}", failure.report));
}

/// The unlock of an unwinding guard reaches who waits, though its thread does nothing more.
#[test]
fn a_thread_that_unwinds_with_a_guard_and_ends_lets_others_lock() {
    explore(|| {
        let lock = Mutex::new(0);
        let lock_and_panic = || {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                *lock.lock() += 1;
                let _held = lock.lock();
                resume_unwind(Box::new("while the lock is held"));
            }));
            assert!(caught.is_err());
        };
        thread::scope(|s| {
            s.spawn(lock_and_panic);
            lock_and_panic();
        });
        assert_eq!(lock.into_inner(), 2);
    })
    .unwrap_or_else(|failure| panic!("{}", failure.report));
}

/// While one thread unwinds, others lock and unlock as ever, though std takes them for one thread that panics.
#[test]
fn others_unlock_while_a_thread_unwinds() {
    struct Finish<'a>(&'a Mutex<bool>, &'a Condvar);
    impl Drop for Finish<'_> {
        fn drop(&mut self) {
            *self.0.lock() = true;
            self.1.notify_all();
        }
    }
    explore(|| {
        let (finished, changed) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                let mut finished = finished.lock();
                changed.wait_while(&mut finished, |finished| !*finished);
            });
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let _finish = Finish(&finished, &changed);
                resume_unwind(Box::new("while the other thread has the lock"));
            }));
            assert!(caught.is_err());
        });
    })
    .unwrap_or_else(|failure| panic!("{}", failure.report));
}

/// What was done under the lock is visible to the next thread that locks it, even if the last one unwound.
#[test]
fn an_unlock_that_unwinds_is_seen_by_the_next_lock() {
    let seen = outcomes(Model::new(), || {
        let (lock, note) = (Mutex::new(()), AtomicU32::new(0));
        thread::scope(|s| {
            let other = s.spawn(|| {
                let _held = lock.lock();
                (note.load(Relaxed), note.load(Relaxed))
            });
            let _ = catch_unwind(AssertUnwindSafe(|| {
                let _held = lock.lock();
                note.store(1, Relaxed);
                note.store(2, Relaxed);
                resume_unwind(Box::new("while the lock is held"));
            }));
            other.join().unwrap()
        })
    });
    assert_eq!(seen, [(0, 0), (2, 2)]);
}

#[test]
fn a_mutex_dropped_while_its_guard_unwinds_does_no_harm() {
    explore(|| {
        let caught = catch_unwind(|| {
            let m = Mutex::new(String::from("dropped"));
            let _held = m.lock();
            panic!("out of the scope of the mutex");
        });
        assert!(caught.is_err());
        drop(Mutex::new(0).lock());
    })
    .unwrap_or_else(|failure| panic!("{}", failure.report));
}

#[test]
fn a_plain_reference_to_an_atomic_is_put_back() {
    explore(|| {
        let mut n = AtomicUsize::new(1);
        *n.get_mut() += 1;
        assert_eq!(*n.get_mut(), 2);
        assert_eq!(n.fetch_add(1, Relaxed), 2);
        assert_eq!(n.into_inner(), 3);
        let mut b = harness::sync::model::atomic::AtomicBool::new(false);
        *b.get_mut() = true;
        assert!(b.load(Relaxed));
    })
    .unwrap_or_else(|failure| panic!("{}", failure.report));
}

#[test]
fn a_plain_reference_that_races_is_named_by_the_line_that_takes_it() {
    struct Shared(std::cell::UnsafeCell<AtomicUsize>);
    // SAFETY: the model stops at the reference, before anything is written through it.
    unsafe impl Sync for Shared {}

    let failure = explore(|| {
        let shared = Shared(AtomicUsize::new(0).into());
        let gone = AtomicUsize::new(0);
        // Whole, and not its cell alone.
        let (shared, gone) = (&shared, &gone);
        thread::scope(|s| {
            s.spawn(move || {
                // SAFETY: main takes its reference when this has been done, though nothing orders the two.
                unsafe { &*shared.0.get() }.fetch_add(1, Relaxed);
                gone.store(1, Relaxed);
            });
            if gone.load(Relaxed) == 1 {
                // SAFETY: as above.
                unsafe { &mut *shared.0.get() }.get_mut();
            }
        });
    })
    .expect_err("nothing orders the two");
    assert_eq!(failure.kind, Kind::DataRace, "{}", failure.report);
    let report = failure.render(&Page::new(1_000));
    assert!(!report.contains("atomic.rs:"), "{report}");
    for said in ["thread 1 uses it by fetch_add", "main uses it by get_mut, exploration.rs:"] {
        assert!(report.contains(said), "{report}");
    }
}

#[test]
fn a_preemption_bound_is_kept_and_reported() {
    let program = || {
        let m = Mutex::new(0);
        thread::scope(|s| {
            s.spawn(|| *m.lock() += 1);
            s.spawn(|| *m.lock() += 1);
            *m.lock() += 1;
        });
    };
    let all = explore(program).expect("it is right").coverage;
    let some = Model::new().preemption_bound(0).explore(program).expect("it is right").coverage;
    assert!(some.interleavings < all.interleavings);
    assert_eq!((all.extent, some.extent), (Extent::All, Extent::UpTo(0)));
}

/// More interleavings than there is time for.
fn three_threads_of_four_increments() {
    let n = AtomicUsize::new(0);
    thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                for _ in 0..4 {
                    n.fetch_add(1, Relaxed);
                }
            });
        }
    });
}

#[test]
fn an_exploration_that_takes_too_long_passes_and_says_so() {
    let explored = Model::new()
        .budget(Duration::from_millis(20))
        .explore(three_threads_of_four_increments)
        .expect("it is right");
    assert!(!explored.coverage.is_exhaustive());
}

/// The time runs out in each stage of the search once: at its first interleaving, which takes longer than that.
#[test]
fn a_search_whose_time_runs_out_says_which_bound_it_has_covered() {
    const LOOK: usize = 2;
    const BUDGET: Duration = Duration::from_secs(2);
    // How often the program runs: that includes those that are found to be beyond the bound.
    let within = |bound| {
        let runs = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let explored = Model::new().preemption_bound(bound).explore(move || {
            counted.fetch_add(1, Relaxed);
            two_threads_that_take_turns();
        });
        let coverage = explored.expect("it is right").coverage;
        assert!(coverage.interleavings <= runs.load(Relaxed));
        runs.load(Relaxed)
    };
    // The first interleaving of the first look, of the bounds 0 to 3, and of what comes after them.
    let mut first = vec![1, LOOK + 1];
    for bound in 0..=3 {
        first.push(first.last().unwrap() + within(bound));
    }
    let covered = [None, None, Some(0), Some(1), Some(2), Some(3)];
    std::thread::scope(|s| {
        for (first, covered) in first.into_iter().zip(covered) {
            s.spawn(move || {
                let runs = std::sync::atomic::AtomicUsize::new(0);
                let model = Model::new().look(LOOK).budget(BUDGET);
                let explored = model.explore(move || {
                    if runs.fetch_add(1, Relaxed) + 1 == first {
                        std::thread::sleep(BUDGET);
                    }
                    two_threads_that_take_turns();
                });
                let coverage = explored.expect("it is right").coverage;
                assert_eq!(coverage.extent, Extent::Cut { covered }, "from {first}");
            });
        }
    });
}

/// Counts to six if the threads are made to take turns, which takes four forced switches.
fn turns() -> usize {
    let n = AtomicUsize::new(0);
    let take_turns = |of: [usize; 3]| {
        for turn in of {
            let _ = n.compare_exchange(turn, turn + 1, Relaxed, Relaxed);
        }
    };
    thread::scope(|s| {
        s.spawn(|| take_turns([1, 3, 5]));
        take_turns([0, 2, 4]);
    });
    n.into_inner()
}

fn two_threads_that_take_turns() {
    turns();
}

#[test]
fn what_fails_with_four_switches_only_is_found() {
    let fails = || assert!(turns() < 6, "six turns");
    let bounded = Model::new().preemption_bound(3);
    bounded.explore(fails).expect("it takes a fourth");
    // With the bounds after the failure, and before it.
    for model in [Model::new(), Model::new().look(1)] {
        let failure = model.explore(fails).expect_err("the fourth shows it");
        assert_eq!(failure.kind, Kind::Panic);
        says(&failure, "It takes at least 4 forced switches");
    }
    let failure = Model::new().preemption_bound(4).look(1).explore(fails);
    let failure = failure.expect_err("it is within the bound");
    says(&failure, "The simplest that fails needs 4 forced switches");
}

/// Though the search without a bound has only begun.
#[test]
fn what_fails_with_few_switches_is_found_early() {
    let failure = Model::new().look(1).explore(|| {
        let n = Mutex::new(0);
        let increment = || {
            let old = *n.lock();
            *n.lock() = old + 1;
        };
        thread::scope(|s| {
            s.spawn(increment);
            increment();
        });
        assert_eq!(n.into_inner(), 2, "two increments");
    });
    let failure = failure.expect_err("one is lost");
    says(&failure, "The simplest that fails needs one forced switch");
    let until = format!("{} interleavings explored until one failed.", failure.interleavings);
    says(&failure, &until);
}

/// Whether a report says this, wherever its lines end.
#[track_caller]
fn says(failure: &Failure, text: &str) {
    let words: Vec<&str> = failure.report.split_whitespace().collect();
    assert!(words.join(" ").contains(text), "{}", failure.report);
}

/// The assertion fails under the lock, so the lock is given back while a panic unwinds. Whether or not another thread
/// locks it then, that is the failure.
#[test]
fn a_failure_under_a_lock_is_found() {
    for others in [false, true] {
        let failure = explore(move || {
            let n = Mutex::new(0);
            thread::scope(|s| {
                s.spawn(|| {
                    *n.lock() += 1;
                    if others {
                        *n.lock() += 1;
                    }
                });
                let n = n.lock();
                assert!(*n != 1, "one is seen");
            });
        });
        let failure = failure.expect_err("one is there for a while");
        assert_eq!(failure.kind, Kind::Panic);
        let message = &failure.message;
        assert!(message.starts_with("one is seen"), "{message}");
    }
}

/// Panics with a lock held, in a scope that locks it again.
fn panics_and_locks_again() {
    struct LocksAgain<'a>(&'a Mutex<u32>);
    impl Drop for LocksAgain<'_> {
        fn drop(&mut self) {
            *self.0.lock() += 1;
        }
    }
    let lock = Mutex::new(0);
    let _again = LocksAgain(&lock);
    let _held = lock.lock();
    panic!("seen");
}

/// The exploration has to begin again in the very interleaving that fails, and has no time to come to it once more.
#[test]
fn a_failure_seen_before_a_restart_is_kept() {
    const BUDGET: Duration = Duration::from_millis(100);
    for is_caught in [false, true] {
        let runs = std::sync::atomic::AtomicUsize::new(0);
        let explored = Model::new().budget(BUDGET).explore(move || {
            if runs.fetch_add(1, Relaxed) == 0 {
                panics_and_locks_again();
            }
            if is_caught {
                let caught = catch_unwind(panics_and_locks_again);
                assert!(caught.is_err());
            }
            std::thread::sleep(BUDGET);
            three_threads_of_four_increments();
        });
        match explored {
            Ok(explored) => {
                assert!(is_caught, "a panic was seen");
                assert!(!explored.coverage.is_exhaustive());
            }
            Err(failure) => {
                assert!(!is_caught, "the program catches that panic\n{}", failure.report);
                assert_eq!(failure.kind, Kind::Panic);
                assert!(failure.message.contains("seen"), "{}", failure.message);
            }
        }
    }
}

#[test]
fn try_lock_does_not_disturb_the_other_ways_to_lock() {
    let seen = outcomes(Model::new(), || {
        let (value, changed) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                if let Some(mut value) = value.try_lock() {
                    *value += 10;
                }
                *value.lock() += 1;
                changed.notify_one();
            });
            let mut guard = value.lock();
            while *guard % 10 == 0 {
                changed.wait(&mut guard);
            }
        });
        value.into_inner()
    });
    assert_eq!(seen, [1, 11]);
}

/// With spurious wake-ups a notification lets other threads run before it takes effect.
#[test]
fn a_notifier_is_itself_again_after_it_has_notified() {
    let program = || {
        let (ready, changed) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| changed.wait_while(&mut ready.lock(), |ready| !*ready));
            }
            *ready.lock() = true;
            changed.notify_all();
            assert_eq!(thread::current().name(), Some("main"));
        });
    };
    Model::new()
        .spurious_wakeups(1)
        .explore(program)
        .unwrap_or_else(|failure| panic!("{}", failure.report));
}

/// The scope waits for a thread whose handle another one holds, and joins later than the scope.
#[test]
fn a_scoped_thread_is_joined_while_the_scope_waits_for_it() {
    let explored = explore(|| {
        let word = &AtomicUsize::new(0);
        thread::scope(|s| {
            let handle = s.spawn(|| {
                word.store(1, Relaxed);
                7
            });
            s.spawn(move || {
                assert_eq!(handle.join().unwrap(), 7);
                assert_eq!(word.load(Relaxed), 1);
            });
        });
    });
    let coverage = explored.expect("every order is right").coverage;
    assert!(coverage.is_exhaustive(), "{coverage}");
}

/// One thread opens and notifies, another moves the clock to the deadline: main may see the one, the other, or both.
#[test]
fn a_time_out_is_one_more_interleaving() {
    let seen = outcomes(Model::new(), || {
        let (clock, open, opened) = (Clock::manual(), Mutex::new(false), Condvar::new());
        let second = Duration::from_secs(1);
        thread::scope(|s| {
            s.spawn(|| {
                *open.lock() = true;
                opened.notify_one();
            });
            s.spawn(|| clock.advance(second));
            let deadline = Instant::default() + second;
            let mut guard = open.lock();
            if *guard {
                return (true, None);
            }
            let timed_out = clock.wait_until(&opened, &mut guard, deadline);
            (*guard, Some(timed_out))
        })
    });
    let all = [(false, Some(true)), (true, None), (true, Some(false)), (true, Some(true))];
    assert_eq!(seen, all);
}

/// The time may come after a change and before its notification. The two meet in nothing but the sleeper, and either
/// may be the one that wakes it.
#[test]
fn an_advance_overtakes_a_notification() {
    let seen = outcomes(Model::new(), || {
        let (clock, open, opened) = (Clock::manual(), Mutex::new(false), Condvar::new());
        let second = Duration::from_secs(1);
        let mut guard = open.lock();
        thread::scope(|s| {
            s.spawn(|| {
                // Main sleeps by now: it has given the lock away.
                *open.lock() = true;
                opened.notify_one();
            });
            s.spawn(|| {
                let is_open = *open.lock();
                if is_open {
                    clock.advance(second);
                }
            });
            let timed_out = clock.wait_until(&opened, &mut guard, Instant::default() + second);
            drop(guard);
            timed_out
        })
    });
    assert_eq!(seen, [false, true]);
}

/// Time that does not come is waited for in vain.
#[test]
fn a_clock_that_is_advanced_too_little_wakes_nobody() {
    let second = Duration::from_secs(1);
    for (by, ends) in [(second / 2, false), (second, true), (2 * second, true)] {
        let explored = explore(move || {
            let clock = Clock::manual();
            thread::scope(|s| {
                s.spawn(|| clock.advance(by));
                clock.sleep_until(Instant::default() + second);
                assert!(clock.now() - Instant::default() >= second);
            });
        });
        match explored {
            Ok(_) => assert!(ends, "it has ended after {by:?}"),
            Err(failure) => {
                assert!(!ends, "{}", failure.report);
                assert_eq!(failure.kind, Kind::Deadlock);
                assert!(
                    failure.message.contains("to advance the clock")
                        || failure.message.contains("left to advance"),
                    "{}",
                    failure.message
                );
            }
        }
    }
}

/// Under a spurious wake-up a wait by the clock returns early and says so.
#[test]
fn a_wait_by_the_clock_may_return_for_no_reason() {
    let seen = outcomes(Model::new().spurious_wakeups(1), || {
        let (clock, lock, never) = (Clock::manual(), Mutex::new(()), Condvar::new());
        let second = Duration::from_secs(1);
        thread::scope(|s| {
            s.spawn(|| {
                // One that woke for no reason goes on only after another's step.
                clock.now();
                clock.advance(second);
            });
            let mut guard = lock.lock();
            clock.wait_until(&never, &mut guard, Instant::default() + second)
        })
    });
    assert_eq!(seen, [false, true]);
}

/// One of two threads drops the last reference while the other upgrades a weak one.
#[test]
fn an_upgrade_gets_the_value_or_comes_too_late() {
    use harness::sync::model::Arc;
    let seen = outcomes(Model::new(), || {
        let value = Arc::new(leaks::track(7));
        let weak = Arc::downgrade(&value);
        thread::scope(|s| {
            s.spawn(move || drop(value));
            let upgraded = weak.upgrade();
            (upgraded.map(|value| **value), weak.strong_count() > 0)
        })
    });
    // The value of a temporary is dropped with the statement.
    assert_eq!(seen, [(None, false), (Some(7), false), (Some(7), true)]);
}

#[test]
fn counts_of_references_are_exact() {
    use harness::sync::model::Arc;
    let seen = outcomes(Model::new(), || {
        let value = Arc::new(());
        thread::scope(|s| {
            let theirs = value.clone();
            s.spawn(move || {
                let _more = (theirs.clone(), Arc::downgrade(&theirs));
            });
            (Arc::strong_count(&value), Arc::weak_count(&value))
        })
    });
    // The three are dropped in the order of their declaration: the clone, the weak reference, the original.
    assert_eq!(seen, [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1)]);
}

/// Of those who give up their references exactly one gets the value, and it sees what the others did with it.
#[test]
fn the_last_reference_gets_the_value() {
    use harness::sync::model::{Arc, cell::UnsafeCell};
    struct Plain(UnsafeCell<u8>);
    // SAFETY: none of its own. The model stops at the second of two accesses that nothing orders.
    unsafe impl Sync for Plain {}
    let program = |last: fn(Arc<Plain>) -> Option<Plain>| {
        move || {
            let value = Arc::new(Plain(UnsafeCell::new(0)));
            let theirs = value.clone();
            let other = thread::spawn(move || {
                theirs.0.with(|_| {});
                last(theirs).map(|mut value| *value.0.get_mut() = 1).is_some()
            });
            let mine = last(value).map(|mut value| *value.0.get_mut() = 2);
            (mine.is_some(), other.join().unwrap())
        }
    };
    assert_eq!(outcomes(Model::new(), program(Arc::into_inner)), [(false, true), (true, false)]);
    let seen = outcomes(Model::new(), program(|value| Arc::try_unwrap(value).ok()));
    assert_eq!(seen, [(false, false), (false, true), (true, false)]);
    // The number tells nothing of what the others did.
    let counted = explore(|| {
        let value = Arc::new(Plain(UnsafeCell::new(0)));
        let theirs = value.clone();
        let other = thread::spawn(move || theirs.0.with(|_| {}));
        if Arc::strong_count(&value) == 1 {
            value.0.with_mut(|_| {});
        }
        other.join().unwrap();
    });
    assert_eq!(counted.unwrap_err().kind, Kind::DataRace);
}

#[test]
fn a_weak_reference_that_is_forgotten_is_a_leak() {
    use harness::sync::model::Arc;
    let failure = explore(|| std::mem::forget(Arc::downgrade(&Arc::new(1)))).unwrap_err();
    assert_eq!(failure.kind, Kind::Leak);
    let said = "the weak reference that main made at exploration.rs";
    assert!(failure.message.contains(said), "{}", failure.message);
}

#[test]
fn a_thread_has_its_own_value_until_it_ends() {
    use harness::sync::model::{thread::LocalKey, thread_local};
    use std::cell::{Cell, RefCell};
    thread_local! {
        static COUNT: Cell<u32> = const { Cell::new(0) };
        static LAST: RefCell<Option<Leaves>> = const { RefCell::new(None) };
        static LATE: Cell<u32> = const { Cell::new(5) };
    }
    static KEY: &LocalKey<RefCell<Option<Leaves>>> = &LAST;
    struct Leaves(Arc<AtomicUsize>);
    impl Drop for Leaves {
        fn drop(&mut self) {
            assert!(KEY.try_with(|_| ()).is_err(), "it is being dropped");
            assert_eq!(LATE.get(), 5, "made by a destructor");
            self.0.fetch_add(1, Relaxed);
        }
    }
    let seen = outcomes(Model::new(), || {
        let left = Arc::new(AtomicUsize::new(0));
        let work = |left: &Arc<AtomicUsize>| {
            KEY.set(Some(Leaves(Arc::clone(left))));
            COUNT.set(COUNT.get() + 1);
            thread::yield_now();
            COUNT.replace(9)
        };
        let theirs = Arc::clone(&left);
        let other = thread::spawn(move || work(&theirs));
        let counts = [work(&left), other.join().unwrap()];
        (counts, left.load(Relaxed))
    });
    assert_eq!(seen, [([1, 1], 1)]);
}

/// An unpark and the clock race for a thread that parks, and a store with its wake for one that waits on a futex.
#[test]
fn a_timed_wait_ends_by_the_clock_or_before() {
    let second = Duration::from_secs(1);
    let parked = outcomes(Model::new(), move || {
        let (clock, word) = (Clock::manual(), AtomicU32::new(0));
        let main = thread::current();
        thread::scope(|s| {
            s.spawn(|| {
                word.store(1, Release);
                main.unpark();
            });
            s.spawn(|| clock.advance(second));
            let late = clock.park_until(Instant::default() + second);
            (late, word.load(Acquire))
        })
    });
    assert_eq!(parked, [(false, 1), (true, 0), (true, 1)]);
    let waited = outcomes(Model::new(), move || {
        let (clock, word) = (Clock::manual(), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                word.store(1, Release);
                futex::wake_one(&word);
            });
            s.spawn(|| clock.advance(second));
            let late = clock.futex_wait_until(&word, 0, Instant::default() + second);
            (late, word.load(Relaxed))
        })
    });
    assert_eq!(waited, [(false, 1), (true, 0), (true, 1)]);
}

/// Nothing is left behind by a wait that ended early: the clock does not wake the thread from another.
#[test]
fn a_wait_that_ended_early_has_no_timer_left() {
    let second = Duration::from_secs(1);
    let failure = explore(move || {
        let (clock, word) = (Clock::manual(), AtomicU32::new(0));
        let deadline = Instant::default() + second;
        thread::current().unpark();
        assert!(!clock.park_until(deadline), "it has its token");
        assert!(!clock.futex_wait_until(&word, 1, deadline), "not expected");
        let clock = &clock;
        thread::scope(|s| {
            s.spawn(move || clock.advance(second));
            thread::park();
        });
    });
    assert_eq!(failure.unwrap_err().kind, Kind::Deadlock);
}

/// They count as beyond the bound, and their failures are told as such.
#[test]
fn some_interleavings_beyond_the_bound_are_explored_if_asked_for() {
    let fails = || assert!(turns() < 6, "six turns");
    let strictly = Model::new().preemption_bound(3).explore(fails).expect("it takes a fourth");
    let failure = Model::new().loose_bound(4).explore(fails).expect_err("nothing is left after it");
    says(&failure, "It takes at least three forced switches");
    let loosely = Model::new().loose_bound(3).explore(fails).expect("it takes a fourth");
    let [strictly, loosely] = [strictly, loosely].map(|explored| explored.coverage);
    assert_eq!((strictly.extent, loosely.extent), (Extent::UpTo(3), Extent::UpTo(2)));
    assert!(loosely.interleavings < strictly.interleavings);
}
