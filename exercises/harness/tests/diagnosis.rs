//! The diagnoses ("Usually: …") are held against programs that have the mistake, in each of its natural forms, and
//! against programs whose record looks alike and whose mistake is another one: there they keep silent.

mod common;
#[path = "common/race_freedom.rs"]
mod race_freedom;

use common::relative_lines;
use harness::page::Page;
use harness::protocol::Kind;
use harness::sync::model::{
    Arc, Condvar, Mutex, MutexGuard, RwLock,
    atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, Ordering::*, fence},
    cell::UnsafeCell,
    channel::{bounded, unbounded},
    futex, thread,
};
use harness::testing::{Gate, both, never_waits};
use harness::{Failure, Model, explore};
use std::ptr::null_mut;

#[track_caller]
fn usually(said: &str, program: impl Fn() + Send + Sync + 'static) -> Failure {
    said_of(said, common::patient().explore(program))
}

/// With a spurious wake-up.
#[track_caller]
fn usually_spurious(said: &str, program: impl Fn() + Send + Sync + 'static) -> Failure {
    said_of(said, common::patient().spurious_wakeups(1).explore(program))
}

#[track_caller]
fn said_of(said: &str, explored: Result<harness::Explored, Failure>) -> Failure {
    let failure = explored.expect_err("the model must fail");
    let report = failure.render(&Page::new(1_000));
    let usually = report.lines().find(|line| line.starts_with("Usually: "));
    assert!(usually.is_some_and(|text| text.contains(said)), "{report}");
    failure
}

#[track_caller]
fn silent(kind: Kind, program: impl Fn() + Send + Sync + 'static) {
    silent_of(kind, common::patient().explore(program));
}

#[track_caller]
fn silent_of(kind: Kind, explored: Result<harness::Explored, Failure>) {
    let failure = explored.expect_err("the model must fail");
    assert_eq!(failure.kind, kind, "{}", failure.report);
    assert!(!failure.report.contains("Usually"), "{}", failure.report);
}

/// Whether a row has a mark.
#[track_caller]
fn marked(failure: &Failure, mark: &str) {
    let report = failure.render(&Page::new(1_000));
    assert!(report.contains(&format!("<== {mark}")), "{report}");
}

/// Pins the picture.
#[track_caller]
fn pin(failure: &Failure) {
    let first_line = std::panic::Location::caller().line();
    let test = std::thread::current().name().map(str::to_owned);
    let test = test.expect("libtest names the thread after the test");
    let report = failure.render(&Page::new(100));
    insta::assert_snapshot!(test, relative_lines(&report, "diagnosis.rs", first_line));
}

/// Plain memory that the model watches.
struct Slot(UnsafeCell<u64>);

// SAFETY: none of its own. Where nothing orders two accesses the model stops at the second, before the memory is
// touched.
unsafe impl Sync for Slot {}

impl Slot {
    #[track_caller]
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    #[track_caller]
    fn write(&self) {
        self.0.with_mut(|_| {});
    }

    #[track_caller]
    fn read(&self) {
        self.0.with(|_| {});
    }
}

// Lost updates and check-then-act on an atomic.

#[test]
fn lost_update_of_spawned_threads() {
    let failure = usually("lost update: thread 1 reads n", || {
        let n = std::sync::Arc::new(AtomicUsize::new(0));
        let all: Vec<_> = (0..2)
            .map(|_| {
                let n = n.clone();
                thread::spawn(move || {
                    let old = n.load(Acquire);
                    n.store(old + 1, Release);
                })
            })
            .collect();
        for t in all {
            t.join().unwrap();
        }
        assert_eq!(n.load(Acquire), 2, "two increments");
    });
    pin(&failure);
}

#[test]
fn lost_update_behind_methods() {
    struct Counter {
        hits: AtomicUsize,
    }
    impl Counter {
        fn hit(&self) {
            let hits = self.hits.load(Acquire);
            self.hits.store(hits + 1, Release);
        }
        fn total(&self) -> usize {
            self.hits.load(Acquire)
        }
    }
    usually("lost update: main reads hits", || {
        let counter = Counter { hits: AtomicUsize::new(0) };
        thread::scope(|s| {
            s.spawn(|| counter.hit());
            counter.hit();
        });
        let total = counter.total();
        assert_eq!(total, 2);
    });
}

#[test]
fn check_then_act_on_a_stock() {
    usually("check-then-act: ", || {
        let stock = AtomicUsize::new(1);
        let sold = AtomicUsize::new(0);
        let buy = || {
            if stock.load(Acquire) > 0 {
                stock.store(0, Release);
                assert_eq!(sold.fetch_add(1, AcqRel), 0, "sold twice");
            }
        };
        thread::scope(|s| {
            s.spawn(buy);
            buy();
        });
    });
}

/// The data are used by who called.
#[test]
fn check_then_act_in_a_try_lock() {
    fn try_lock(locked: &AtomicBool, in_one_step: bool) -> bool {
        if in_one_step {
            return locked.compare_exchange(false, true, Acquire, Relaxed).is_ok();
        }
        if locked.load(Acquire) {
            return false;
        }
        locked.store(true, Relaxed);
        true
    }
    let program = |in_one_step: bool| {
        move || {
            let (locked, slot) = (AtomicBool::new(false), Slot::new());
            let enter = || {
                if try_lock(&locked, in_one_step) {
                    slot.write();
                    locked.store(false, Release);
                }
            };
            thread::scope(|s| {
                s.spawn(enter);
                enter();
            });
        }
    };
    usually("looks at locked (row 2), thread 1 writes it (row", program(false));
    explore(program(true)).expect("it is right");
}

/// It counts itself in by a step that may come too late, whatever it finds then.
#[test]
fn check_then_act_of_a_reader_that_counts_itself() {
    fn lock(count: &AtomicUsize) -> bool {
        if count.load(Acquire) & 1 == 0 {
            count.fetch_add(2, Acquire);
            return true;
        }
        false
    }
    usually("check-then-act: ", || {
        let (count, slot) = (AtomicUsize::new(0), Slot::new());
        thread::scope(|s| {
            s.spawn(|| {
                if count.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
                    slot.write();
                    count.fetch_sub(1, Release);
                }
            });
            if lock(&count) {
                slot.read();
                count.fetch_sub(2, Release);
            }
        });
    });
}

/// A look and a change that go well, beside a flag that does not order what it should.
#[test]
fn check_then_act_beside_a_race_of_another_cause() {
    silent(Kind::DataRace, || {
        let (asked, slot) = (AtomicBool::new(false), Slot::new());
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
            });
            if !asked.load(Acquire) {
                asked.store(true, Release);
            }
            slot.read();
        });
    });
}

#[test]
fn check_then_act_in_a_spin_lock() {
    usually("check-then-act: ", || {
        let (slot, locked) = (Slot::new(), AtomicBool::new(false));
        let enter = || {
            while locked.load(Acquire) {
                thread::yield_now();
            }
            locked.store(true, Relaxed);
            slot.write();
            locked.store(false, Release);
        };
        thread::scope(|s| {
            s.spawn(enter);
            enter();
        });
    });
}

/// The look is in a function of its own, and the panic speaks of what the functions answered.
#[test]
fn lost_update_and_check_then_act_by_way_of_a_getter() {
    struct Account {
        balance: AtomicUsize,
    }
    impl Account {
        fn balance(&self) -> usize {
            self.balance.load(Relaxed)
        }
        fn deposit(&self, amount: usize) -> usize {
            let balance = self.balance();
            let new = balance + amount;
            self.balance.store(new, Relaxed);
            new
        }
        fn withdraw(&self, amount: usize) -> bool {
            let balance = self.balance();
            if balance < amount {
                return false;
            }
            self.balance.fetch_sub(amount, Relaxed);
            true
        }
    }
    fn both<T: Send>(of: impl Fn(&Account) -> T + Sync) -> (T, T) {
        let account = Account { balance: AtomicUsize::new(1) };
        thread::scope(|s| {
            let other = s.spawn(|| of(&account));
            (of(&account), other.join().unwrap())
        })
    }
    usually("lost update: main reads balance", || {
        let (a, b) = both(|account| account.deposit(1));
        assert_eq!(a.max(b), 3);
    });
    usually("check-then-act: main looks at balance", || {
        let (a, b) = both(|account| account.withdraw(1));
        assert!(a != b, "there was enough for one");
    });
}

/// A look before a read-modify-write that decides by itself costs nothing.
#[test]
fn look_before_a_swap_or_an_exchange() {
    silent(Kind::Panic, || {
        let (taken, n) = (AtomicBool::new(false), AtomicUsize::new(0));
        let work = || {
            let first = !taken.load(Relaxed) && !taken.swap(true, AcqRel);
            let mut old = n.load(Relaxed);
            while let Err(now) = n.compare_exchange(old, old + 1, AcqRel, Relaxed) {
                old = now;
            }
            usize::from(first)
        };
        let firsts = thread::scope(|s| {
            let t = s.spawn(work);
            work() + t.join().unwrap()
        });
        assert_eq!(firsts + n.load(Acquire), 4, "wrong by arithmetic");
    });
}

/// A flag that several raise, whatever it was: nothing is lost by that. The sum is wrong for another reason.
#[test]
fn flags_raised_by_several_lose_nothing() {
    silent(Kind::Panic, || {
        let (started, sum) = (AtomicBool::new(false), AtomicUsize::new(0));
        let work = |n: usize| {
            if !started.load(Acquire) {
                started.store(true, Release);
            }
            sum.fetch_add(n, AcqRel);
        };
        thread::scope(|s| {
            s.spawn(|| work(1));
            work(1);
        });
        assert_eq!(sum.load(Acquire), 3, "wrong by arithmetic");
    });
}

/// Both initialise, which does no harm; what fails comes later.
#[test]
fn initialised_twice_without_harm() {
    fn initialise(ready: &AtomicBool) {
        if ready.load(Acquire) {
            return;
        }
        ready.store(true, Release);
    }
    silent(Kind::Panic, || {
        let (ready, n) = (AtomicBool::new(false), AtomicUsize::new(0));
        let work = || {
            initialise(&ready);
            assert_eq!(n.fetch_add(1, AcqRel), 0, "somebody comes second");
        };
        thread::scope(|s| {
            s.spawn(work);
            work();
        });
    });
}

/// The store does not depend on the load.
#[test]
fn stores_of_constants_lose_nothing() {
    silent(Kind::Panic, || {
        let last = AtomicUsize::new(0);
        let report = |n: usize| {
            last.load(Acquire);
            last.store(n, Release);
        };
        thread::scope(|s| {
            s.spawn(|| report(1));
            report(2);
        });
        assert_eq!(last.load(Acquire), 3, "nobody stores that");
    });
}

/// An update is lost, but the panic speaks of something else.
#[test]
fn lost_update_that_nobody_looks_at() {
    silent(Kind::Panic, || {
        let (hits, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            let old = hits.load(Relaxed);
            hits.store(old + 1, Relaxed);
            sum.fetch_add(1, AcqRel);
        };
        thread::scope(|s| {
            s.spawn(work);
            work();
        });
        assert_eq!(sum.load(Acquire), 3, "wrong by arithmetic");
    });
}

#[test]
fn increments_in_one_step_lose_nothing() {
    silent(Kind::Panic, || {
        let n = AtomicUsize::new(0);
        thread::scope(|s| {
            s.spawn(|| n.fetch_add(1, AcqRel));
            n.fetch_add(1, AcqRel);
        });
        assert_eq!(n.load(Acquire), 3, "wrong by arithmetic");
    });
}

// The same under a mutex that is given back in between.

#[test]
fn lost_update_in_two_critical_sections() {
    usually("lost update: main looks under balance", || {
        let balance = Mutex::new(0);
        let deposit = || {
            let old = *balance.lock();
            *balance.lock() = old + 1;
        };
        thread::scope(|s| {
            s.spawn(deposit);
            deposit();
        });
        assert_eq!(*balance.lock(), 2);
    });
}

#[test]
fn check_then_act_in_two_critical_sections() {
    usually("check-then-act: ", || {
        let balance = Mutex::new(1);
        let withdraw = || {
            let enough = *balance.lock() >= 1;
            if enough {
                *balance.lock() -= 1;
            }
        };
        thread::scope(|s| {
            s.spawn(withdraw);
            withdraw();
        });
        assert!(*balance.lock() >= 0, "overdrawn");
    });
}

/// Those to be told of an end, each by a flag of its own.
#[derive(Default)]
struct Listeners {
    is_over: bool,
    to_tell: Vec<std::sync::Arc<AtomicBool>>,
}

fn end(listeners: &Mutex<Listeners>) {
    let mut inner = listeners.lock();
    inner.is_over = true;
    let to_tell = std::mem::take(&mut inner.to_tell);
    drop(inner);
    to_tell.iter().for_each(|listener| listener.store(true, Release));
}

/// A listener registers itself while the end comes, by `register`.
fn registration(register: fn(&Mutex<Listeners>, &std::sync::Arc<AtomicBool>)) {
    let listeners = Mutex::named("listeners", Listeners::default());
    let listener = std::sync::Arc::new(AtomicBool::named("listener", false));
    thread::scope(|s| {
        s.spawn(|| register(&listeners, &listener));
        end(&listeners);
    });
    assert!(listener.load(Acquire), "it is over, and nobody has said so");
}

#[test]
fn look_and_registration_under_two_locks() {
    let failure = usually("looks under listeners", || {
        registration(|listeners, listener| {
            if listeners.lock().is_over {
                listener.store(true, Release);
                return;
            }
            let mut inner = listeners.lock();
            inner.to_tell.push(listener.clone());
        });
    });
    pin(&failure);
}

#[test]
fn a_second_look_under_the_second_lock() {
    silent(Kind::Panic, || {
        registration(|listeners, listener| {
            let is_over = listeners.lock().is_over;
            if !is_over {
                let mut inner = listeners.lock();
                if !inner.is_over {
                    inner.to_tell.push(listener.clone());
                }
            }
        });
    });
}

#[test]
fn a_registration_under_two_locks_that_nobody_comes_between() {
    silent(Kind::Panic, || {
        let (listeners, listener) = (Mutex::new(Listeners::default()), AtomicBool::new(false));
        let is_over = listeners.lock().is_over;
        if !is_over {
            listeners.lock().to_tell.push(std::sync::Arc::new(AtomicBool::new(false)));
        }
        thread::scope(|s| {
            s.spawn(|| end(&listeners));
        });
        assert!(listener.load(Acquire), "nobody has registered this one");
    });
}

#[test]
fn two_critical_sections_that_do_not_depend() {
    silent(Kind::Panic, || {
        let balance = Mutex::new(0);
        let work = || {
            *balance.lock() += 1;
            *balance.lock() += 1;
        };
        thread::scope(|s| {
            s.spawn(work);
            work();
        });
        assert_eq!(*balance.lock(), 5, "wrong by arithmetic");
    });
}

/// The other thread only reads in between.
#[test]
fn two_critical_sections_with_a_reader_between() {
    silent(Kind::Panic, || {
        let balance = Mutex::new(0);
        thread::scope(|s| {
            s.spawn(|| drop(balance.lock()));
            let old = *balance.lock();
            *balance.lock() = old + 1;
        });
        assert_eq!(*balance.lock(), 2, "wrong by arithmetic");
    });
}

// Wake-ups that are not looked into.

#[test]
fn condition_variable_in_an_if() {
    let failure = usually_spurious("`if` where a `while`", || {
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
    });
    pin(&failure);
}

#[test]
fn futex_in_an_if() {
    usually_spurious("wakes up for no reason in word.futex::wait", || {
        let word = AtomicU32::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                word.store(1, Release);
                futex::wake_one(&word);
            });
            if word.load(Acquire) == 0 {
                futex::wait(&word, 0);
            }
            assert_eq!(word.load(Acquire), 1, "woken too early");
        });
    });
}

#[test]
fn park_without_a_loop() {
    usually_spurious("wakes up for no reason in park", || {
        let done = std::sync::Arc::new(AtomicBool::new(false));
        let (theirs, main) = (done.clone(), thread::current());
        let t = thread::spawn(move || {
            theirs.store(true, Release);
            main.unpark();
        });
        thread::park();
        assert!(done.load(Acquire), "woken too early");
        t.join().unwrap();
    });
}

/// Takes one out of a queue, and looks only once whether there is one.
fn take_with_if(queue: &Mutex<u32>, filled: &Condvar) {
    let mut guard = queue.lock();
    if *guard == 0 {
        filled.wait(&mut guard);
    }
    assert!(*guard > 0, "the queue is empty");
    *guard -= 1;
}

/// Takes one out, if there is one, puts one in, and says so.
fn take_and_put(queue: &Mutex<u32>, filled: &Condvar) {
    let mut guard = queue.lock();
    *guard = guard.saturating_sub(1);
    drop(guard);
    *queue.lock() += 1;
    filled.notify_all();
}

#[test]
fn stolen_wake_up() {
    let failure = usually("thread 2 has queue first", || {
        let (queue, filled) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| take_with_if(&queue, &filled));
            s.spawn(|| take_and_put(&queue, &filled));
            let mut guard = queue.lock();
            *guard += 1;
            filled.notify_one();
            drop(guard);
        });
    });
    pin(&failure);
}

/// What is put in is taken before the sleeper falls asleep, and the notification comes afterwards.
#[test]
fn late_notification() {
    usually("is woken by a late notification in filled.wait", || {
        let (queue, filled) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| take_with_if(&queue, &filled));
            s.spawn(|| take_and_put(&queue, &filled));
            *queue.lock() += 1;
            filled.notify_one();
        });
    });
}

/// It lets others run, and looks again, before it falls asleep. It has missed nothing: nobody brings the second.
#[test]
fn yield_and_a_look_before_the_sleep() {
    silent(Kind::Deadlock, || {
        let (count, changed) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                *count.lock() += 1;
                changed.notify_one();
            });
            let mut guard = count.lock();
            if *guard < 2 {
                drop(guard);
                thread::yield_now();
                guard = count.lock();
            }
            while *guard < 2 {
                changed.wait(&mut guard);
            }
        });
    });
}

/// Woken for no reason, it looks again and sleeps again; what fails is something else.
#[test]
fn spurious_wake_up_that_a_loop_survives() {
    let explored = Model::new().spurious_wakeups(1).explore(|| {
        let (ready, changed) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                *ready.lock() = true;
                changed.notify_all();
            });
            changed.wait_while(&mut ready.lock(), |ready| !*ready);
            assert!(!*ready.lock(), "it is ready");
        });
    });
    silent_of(Kind::Panic, explored);
    let explored = Model::new().spurious_wakeups(1).explore(|| {
        let word = AtomicU32::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                word.store(1, Release);
                futex::wake_one(&word);
            });
            while word.load(Acquire) == 0 {
                futex::wait(&word, 0);
            }
            assert_eq!(word.load(Acquire), 0, "it is 1");
        });
    });
    silent_of(Kind::Panic, explored);
}

/// The test waits at a gate, which looks again by itself, though its wait stands in the line of `pass`; what fails is
/// something else.
#[test]
fn wait_at_a_gate_of_the_test() {
    silent(Kind::Panic, || {
        let gate = harness::testing::Gate::shut("gate");
        thread::scope(|s| {
            s.spawn(|| gate.open());
            gate.pass();
            panic!("wrong by arithmetic");
        });
    });
}

/// Another has the mutex before the one that is woken, which looks again: the wake-up is not to blame.
#[test]
fn wake_up_with_the_lock_taken_in_between_and_a_loop() {
    silent(Kind::Panic, || {
        let (queue, filled) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                let mut guard = queue.lock();
                while *guard == 0 {
                    filled.wait(&mut guard);
                }
                assert_eq!(*guard, 2, "wrong by arithmetic");
            });
            *queue.lock() += 1;
            filled.notify_one();
            drop(queue.lock());
        });
    });
}

/// The loop is around the call of the function that waits.
#[test]
fn wait_in_a_function_that_a_loop_calls() {
    fn block(filled: &Condvar, guard: &mut harness::sync::model::MutexGuard<'_, u32>) {
        filled.wait(guard);
    }
    silent(Kind::Panic, || {
        let (queue, filled) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                let mut guard = queue.lock();
                while *guard == 0 {
                    block(&filled, &mut guard);
                }
                assert!(*guard < 2, "another one has been put in");
            });
            s.spawn(|| *queue.lock() += 1);
            let mut guard = queue.lock();
            *guard += 1;
            filled.notify_one();
            drop(guard);
        });
    });
}

// Orderings.

#[test]
fn relaxed_store() {
    let failure = usually("the store is Relaxed and needs Release", || {
        let (slot, ready) = (Slot::new(), AtomicBool::new(false));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                ready.store(true, Relaxed);
            });
            if ready.load(Acquire) {
                slot.read();
            }
        });
    });
    assert!(!failure.report.contains("needs Acquire"));
}

#[test]
fn relaxed_load_in_a_loop() {
    usually("the load is Relaxed and needs Acquire", || {
        let (slot, ready) = (Slot::new(), AtomicBool::new(false));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                ready.store(true, Release);
            });
            while !ready.load(Relaxed) {
                thread::yield_now();
            }
            slot.read();
        });
    });
}

#[test]
fn relaxed_at_both_ends_of_a_spin_lock() {
    let lock = |acquire, release| {
        move || {
            let (slot, locked) = (Slot::new(), AtomicBool::new(false));
            let enter = || {
                while locked.swap(true, acquire) {
                    thread::yield_now();
                }
                slot.write();
                locked.store(false, release);
            };
            thread::scope(|s| {
                s.spawn(enter);
                enter();
            });
        }
    };
    usually(
        "the store is Relaxed and needs Release, the swap is Relaxed and needs Acquire",
        lock(Relaxed, Relaxed),
    );
    usually("the swap is Relaxed and needs Acquire", lock(Relaxed, Release));
    usually("the store is Relaxed and needs Release", lock(Acquire, Relaxed));
}

/// The last one to leave destroys what the others used.
#[test]
fn countdown_without_acquire() {
    let program = |order| {
        move || {
            let (slot, users) = (Slot::new(), AtomicUsize::new(2));
            let leave = || {
                slot.read();
                if users.fetch_sub(1, order) == 1 {
                    slot.write();
                }
            };
            thread::scope(|s| {
                s.spawn(leave);
                leave();
            });
        }
    };
    usually("the fetch_sub is Release and needs AcqRel", program(Release));
    usually("the fetch_sub is Acquire and needs AcqRel", program(Acquire));
    explore(program(AcqRel)).expect("it is right");
}

/// Two counts, as of an `Arc`: a thread that has the last of the second kind, and finds one of the first, is alone.
fn alone_by_two_counts(gives: Ordering, claims: Ordering) {
    let (slot, strong, weak) = (Slot::new(), AtomicUsize::new(1), AtomicUsize::new(2));
    thread::scope(|s| {
        s.spawn(|| {
            strong.fetch_add(1, Relaxed);
            weak.fetch_sub(1, gives);
            slot.read();
            strong.fetch_sub(1, Release);
        });
        if weak.compare_exchange(1, 9, claims, Relaxed).is_ok() && strong.load(Acquire) == 1 {
            slot.write();
        }
    });
}

/// The value read is the one from before it was changed and changed back. What would have told that is on another word.
#[test]
fn old_value_that_looks_new() {
    let program = |gives, claims| move || alone_by_two_counts(gives, claims);
    for (gives, claims, said) in [
        (Relaxed, Acquire, "the fetch_sub is Relaxed and needs Release."),
        (Release, Relaxed, "the compare_exchange is Relaxed and needs Acquire."),
        (
            Relaxed,
            Relaxed,
            "the fetch_sub is Relaxed and needs Release, the compare_exchange is Relaxed and needs Acquire.",
        ),
    ] {
        let failure = usually(said, program(gives, claims));
        let report = failure.render(&Page::new(1_000));
        assert!(report.contains("Usually: an old value that looks new: "), "{report}");
        marked(&failure, "old");
    }
    explore(program(Release, Acquire)).expect("it is right");
    // No ordering would tell: the second word is not looked at in one step.
    silent(Kind::DataRace, || {
        let (slot, strong, weak) = (Slot::new(), AtomicUsize::new(2), AtomicUsize::new(1));
        thread::scope(|s| {
            s.spawn(|| {
                weak.fetch_add(1, Relaxed);
                strong.fetch_sub(1, Release);
                strong.fetch_add(1, Relaxed);
                slot.read();
                strong.fetch_sub(1, Release);
                weak.fetch_sub(1, Release);
            });
            if weak.load(Acquire) == 1 && strong.load(Acquire) == 1 {
                slot.write();
            }
        });
    });
}

/// A relaxed read-modify-write in between passes the release on, so it is not to blame.
#[test]
fn relaxed_store_at_the_head_of_a_release_sequence() {
    usually("thread 1 did before its store", || {
        let (slot, stage) = (Slot::new(), AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                stage.store(1, Relaxed);
            });
            s.spawn(|| stage.fetch_add(1, Relaxed));
            if stage.load(Acquire) == 2 {
                slot.read();
            }
        });
    });
}

#[test]
fn stale_load_behind_a_relaxed_flag() {
    usually("the load is Relaxed and needs Acquire", || {
        let (data, flag) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|s| {
            s.spawn(|| {
                data.store(1, Relaxed);
                flag.store(true, Release);
            });
            if flag.load(Relaxed) {
                assert_eq!(data.load(Relaxed), 1);
            }
        });
    });
}

/// The fence comes too early: the flag's ordering is not what its author forgot, but it is what would help.
/// Nothing is said of a pair that fences have in order.
#[test]
fn fences_count_as_orderings() {
    explore(|| {
        let (slot, ready) = (Slot::new(), AtomicBool::new(false));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                fence(Release);
                ready.store(true, Relaxed);
            });
            if ready.load(Relaxed) {
                fence(Acquire);
                slot.read();
            }
        });
    })
    .expect("it is right");
    usually("the load is Relaxed and needs Acquire", || {
        let (slot, ready) = (Slot::new(), AtomicBool::new(false));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                fence(Release);
                ready.store(true, Relaxed);
            });
            if ready.load(Relaxed) {
                slot.read();
            }
        });
    });
}

/// A counter for statistics happens to be read in between. Nobody goes by it.
#[test]
fn relaxed_counter_that_nobody_goes_by() {
    silent(Kind::DataRace, || {
        let (slot, writes) = (Slot::new(), AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                writes.fetch_add(1, Relaxed);
            });
            writes.load(Relaxed);
            slot.read();
        });
    });
}

#[test]
fn stale_load_that_no_ordering_would_help() {
    silent(Kind::Panic, || {
        let data = AtomicUsize::new(0);
        thread::scope(|s| {
            s.spawn(|| data.store(1, Release));
            assert_eq!(data.load(Acquire), 1, "not yet");
        });
    });
}

// No common lock.

#[test]
fn lock_held_by_one_side_only() {
    usually("holds no lock", || {
        let (slot, m) = (Slot::new(), Mutex::new(()));
        thread::scope(|s| {
            s.spawn(|| {
                let _guard = m.lock();
                slot.write();
            });
            slot.read();
        });
    });
}

#[test]
fn two_different_locks() {
    let failure = usually("both must hold the same one", || {
        let slot = Slot::new();
        let a = Mutex::new(());
        let b = RwLock::new(());
        thread::scope(|s| {
            s.spawn(|| {
                let _guard = a.lock();
                slot.write();
            });
            let _guard = b.write();
            slot.write();
        });
    });
    pin(&failure);
}

#[test]
fn no_locks_at_all() {
    silent(Kind::DataRace, || {
        let slot = Slot::new();
        thread::scope(|s| {
            s.spawn(|| slot.write());
            slot.write();
        });
    });
}

/// Both hold the same lock, for reading, and write.
#[test]
fn writing_with_the_same_read_lock() {
    silent(Kind::DataRace, || {
        let (slot, lock) = (Slot::new(), RwLock::new(()));
        let write = || {
            let _guard = lock.read();
            slot.write();
        };
        thread::scope(|s| {
            s.spawn(write);
            write();
        });
    });
}

// Store buffering.

fn store_buffering(order_of_store: Ordering, fences: [bool; 2]) {
    let order_of_load = if order_of_store == SeqCst { SeqCst } else { Relaxed };
    let (x, y) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let side = |mine: &AtomicUsize, other: &AtomicUsize, fenced: bool| {
        mine.store(1, order_of_store);
        if fenced {
            fence(SeqCst);
        }
        other.load(order_of_load)
    };
    let (a, b) = thread::scope(|s| {
        let t = s.spawn(|| side(&x, &y, fences[0]));
        let b = side(&y, &x, fences[1]);
        (t.join().unwrap(), b)
    });
    assert!(a + b > 0, "one of the two must see the other");
}

#[test]
fn two_stores_that_neither_thread_sees() {
    let needs = "Both need a fence(SeqCst)";
    usually(needs, || store_buffering(Relaxed, [false, false]));
    usually(needs, || store_buffering(Relaxed, [true, false]));
    explore(|| store_buffering(Relaxed, [true, true])).expect("it is right");
    explore(|| store_buffering(SeqCst, [false, false])).expect("it is right");
}

// Deadlocks; `failures.rs` has more of them.

#[test]
fn join_with_a_lock_held() {
    let failure = usually("a join that keeps a lock: main waits for thread 1", || {
        let m = std::sync::Arc::new(Mutex::new(0));
        let theirs = m.clone();
        let t = thread::spawn(move || *theirs.lock() += 1);
        let _guard = m.lock();
        t.join().unwrap();
    });
    pin(&failure);
}

#[test]
fn scope_that_ends_with_a_lock_held() {
    usually("Unlock before you join", || {
        let m = Mutex::new(0);
        let guard = m.lock();
        thread::scope(|s| {
            s.spawn(|| *m.lock() += 1);
        });
        drop(guard);
    });
}

/// The lesson cannot move a join of the model's: it can call the closure without the lock.
#[test]
fn closure_that_joins_called_with_a_lock_held() {
    usually("The join is in code of the caller: run that without a lock.", || {
        let m = Mutex::new(0);
        let _guard = m.lock();
        race_freedom::needs(&m);
    });
}

#[test]
fn sleep_with_another_lock_held() {
    usually("a sleep that keeps a lock: main sleeps", || {
        let (outer, inner, changed) = (Mutex::new(()), Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                let _outer = outer.lock();
                *inner.lock() = true;
                changed.notify_one();
            });
            let _outer = outer.lock();
            changed.wait_while(&mut inner.lock(), |ready| !*ready);
        });
    });
}

/// What sleeps at a gate of the test is code that the caller gave. Main, which opens the gate, needs the lock before.
#[test]
fn code_of_the_caller_run_with_a_lock_held() {
    fn open_it(open: &Mutex<bool>, opened: &Condvar) {
        *open.lock() = true;
        opened.notify_all();
    }
    let runs = |is_locked: bool| {
        move || {
            let (state, open, opened) =
                (Mutex::new(0), Mutex::new(false), Condvar::named("the gate"));
            thread::scope(|s| {
                s.spawn(|| {
                    let guard = is_locked.then(|| state.lock());
                    opened.wait_while(&mut open.lock(), |open| !*open);
                    drop(guard);
                });
                *state.lock() += 1;
                open_it(&open, &opened);
            });
        }
    };
    usually("code of the caller, a closure or a destructor: run it without a lock", runs(true));
    explore(runs(false)).expect("it is right");
}

#[test]
fn park_with_a_lock_held() {
    usually("a sleep that keeps a lock: main sleeps", || {
        let m = std::sync::Arc::new(Mutex::new(false));
        let (theirs, main) = (m.clone(), thread::current());
        let t = thread::spawn(move || {
            *theirs.lock() = true;
            main.unpark();
        });
        let guard = m.lock();
        thread::park();
        drop(guard);
        t.join().unwrap();
    });
}

/// The thread that waits for the lock was never going to wake the sleeper.
#[test]
fn sleep_with_a_lock_held_that_a_bystander_needs() {
    silent(Kind::Deadlock, || {
        let (outer, inner, changed) = (Mutex::new(0), Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| *outer.lock() += 1);
            let _outer = outer.lock();
            changed.wait_while(&mut inner.lock(), |ready| !*ready);
        });
    });
}

#[test]
fn join_of_a_thread_that_sleeps() {
    silent(Kind::Deadlock, || {
        let t = thread::spawn(thread::park);
        let m = Mutex::new(());
        let _guard = m.lock();
        t.join().unwrap();
    });
}

// Leaks.

#[test]
fn clone_that_is_forgotten() {
    let failure = usually("it is the one that thread 1 made in row", || {
        let a = Arc::new(0);
        let theirs = a.clone();
        let t = thread::spawn(move || std::mem::forget(theirs.clone()));
        t.join().unwrap();
    });
    marked(&failure, "never dropped");
}

/// Which of the two made at one place was forgotten, the record does not say.
#[test]
fn one_of_two_clones_made_at_one_place() {
    silent(Kind::Leak, || {
        let a = Arc::new(0);
        let mut all: Vec<_> = (0..2).map(|_| a.clone()).collect();
        std::mem::forget(all.pop());
    });
}

// Announced too early.

/// A slot and a flag, written by one thread and read by main. The thread writes the flag first if it is `early`.
fn announced(early: bool, between: fn(&AtomicBool)) {
    let (slot, ready) = (Slot::new(), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            if early {
                ready.store(true, Release);
                between(&ready);
            }
            slot.write();
            if !early {
                ready.store(true, Release);
            }
        });
        if ready.load(Acquire) {
            slot.read();
        }
    });
}

#[test]
fn a_flag_before_the_data() {
    let failure = usually("announced too early: thread 1's store of ready", || {
        announced(true, |_| {});
    });
    assert!(failure.report.contains("too early"), "{}", failure.report);
}

/// What the thread does between the two may be what was to order them.
#[test]
fn a_flag_and_something_else_before_the_data() {
    silent(Kind::DataRace, || {
        announced(true, |ready| {
            ready.load(Acquire);
        });
    });
}

#[test]
fn a_flag_behind_the_data() {
    explore(|| announced(false, |_| {})).expect("it is right");
}

// What fails is not one of the known kinds, or is one whose natural neighbours are right.

/// The payload of a pointer that is taken by an exchange; the other side finds it gone and reads what was there.
#[test]
fn relaxed_failure_ordering() {
    let program = |failure| {
        move || {
            let (slot, state) = (Slot::new(), AtomicUsize::new(1));
            thread::scope(|s| {
                s.spawn(|| {
                    slot.write();
                    state.store(2, Release);
                });
                if state.compare_exchange(1, 0, AcqRel, failure).is_err() {
                    slot.read();
                }
            });
        }
    };
    let failure = usually("its failure ordering is Relaxed and needs Acquire", program(Relaxed));
    marked(&failure, "needs Acquire for");
    explore(program(Acquire)).expect("it is right");
}

#[test]
fn last_owner_of_a_relaxed_counter() {
    let failure = usually("Or Release and a fence(Acquire) behind it", || {
        let (slot, users) = (Slot::new(), AtomicUsize::new(2));
        let leave = || {
            slot.read();
            if users.fetch_sub(1, Relaxed) == 1 {
                slot.write();
            }
        };
        thread::scope(|s| {
            s.spawn(leave);
            leave();
        });
    });
    let report = failure.render(&Page::new(1_000));
    assert!(report.contains("the fetch_sub is Relaxed and needs AcqRel"), "{report}");
}

/// The value goes through two variables before it decides.
#[test]
fn relaxed_load_that_variables_carry() {
    usually("the load is Relaxed and needs Acquire", || {
        let (slot, stage) = (Slot::new(), AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                stage.store(1, Release);
            });
            let seen = stage.load(Relaxed);
            let is_ready = seen == 1;
            if is_ready {
                slot.read();
            }
        });
    });
}

/// The last look of a loop decides in the loop's condition, which stands above it.
#[test]
fn relaxed_load_that_a_loop_carries() {
    usually("the load is Relaxed and needs Acquire", || {
        let (slot, stage) = (Slot::new(), AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                stage.store(1, Release);
            });
            let mut seen = 0;
            while seen == 0 {
                seen = stage.load(Relaxed);
                thread::yield_now();
            }
            slot.read();
        });
    });
}

// Updates that a store wipes out.

/// A word of three states, in which a thread says that it waits: the store of the last one must see that.
fn ends_by(end: fn(&AtomicU32) -> bool) {
    let state = AtomicU32::new(0);
    thread::scope(|s| {
        s.spawn(|| {
            if state.compare_exchange(0, 1, AcqRel, Acquire).is_ok() {
                while state.load(Acquire) == 1 {
                    futex::wait(&state, 1);
                }
            }
        });
        if end(&state) {
            futex::wake_all(&state);
        }
    });
}

#[test]
fn lost_update_that_ends_in_a_deadlock() {
    let failure = usually("thread 1 changes it by its compare_exchange", || {
        ends_by(|state| {
            let is_awaited = state.load(Acquire) == 1;
            state.store(2, Release);
            is_awaited
        });
    });
    marked(&failure, "overwrites what");
    explore(|| ends_by(|state| state.swap(2, AcqRel) == 1)).expect("it is right");
}

/// The store comes without a look: what it overwrites is no matter of an old value, but that it wakes nobody is.
#[test]
fn store_without_a_look_that_ends_in_a_deadlock() {
    usually("a change that nobody is told of: thread 1", || {
        ends_by(|state| {
            state.store(2, Release);
            false
        });
    });
}

/// Directly, and by way of a getter.
#[test]
fn all_that_is_there_is_taken_twice() {
    fn look(stock: &AtomicUsize) -> usize {
        stock.load(Acquire)
    }
    fn take_all(stock: &AtomicUsize) -> usize {
        let all = stock.load(Acquire);
        stock.store(0, Release);
        all
    }
    fn take_what_it_saw(stock: &AtomicUsize) -> usize {
        let all = look(stock);
        stock.store(0, Release);
        all
    }
    for take in [take_all, take_what_it_saw] {
        usually("goes over that unseen", move || {
            let stock = AtomicUsize::new(5);
            let (a, b) = thread::scope(|s| {
                let other = s.spawn(|| take(&stock));
                (take(&stock), other.join().unwrap())
            });
            assert_eq!(a + b, 5, "{}", stock.load(Acquire));
        });
    }
}

#[test]
fn failure_that_is_ignored() {
    fn deposit(balance: &AtomicUsize) {
        let seen = balance.load(Acquire);
        let _ = balance.compare_exchange(seen, seen + 1, AcqRel, Acquire);
    }
    let failure = usually("a failure that is ignored: ", || {
        let balance = AtomicUsize::new(0);
        thread::scope(|s| {
            s.spawn(|| deposit(&balance));
            deposit(&balance);
        });
        assert_eq!(balance.load(Acquire), 2);
    });
    marked(&failure, "failure ignored");
}

/// The exchange raises a flag that may be up already: its failure is as good as its success.
#[test]
fn failure_that_does_not_matter() {
    silent(Kind::Panic, || {
        let raised = AtomicBool::new(false);
        let raise = || {
            let _ = raised.compare_exchange(false, true, AcqRel, Acquire);
        };
        thread::scope(|s| {
            s.spawn(raise);
            raise();
        });
        assert!(!raised.load(Acquire), "it is up");
    });
}

/// The thread that fails to move the tail has done its work by another write: somebody else has moved it.
#[test]
fn failure_of_a_thread_that_only_helps() {
    silent(Kind::Panic, || {
        let (items, tail) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let push = || {
            let seen = tail.load(Acquire);
            items.fetch_add(1, AcqRel);
            let _ = tail.compare_exchange(seen, seen + 1, AcqRel, Acquire);
        };
        thread::scope(|s| {
            s.spawn(push);
            push();
        });
        assert_eq!(tail.load(Acquire), 3, "wrong by arithmetic");
    });
}

/// Takes what it sees if that is enough.
fn withdraw_once(balance: &AtomicUsize, amount: usize) -> bool {
    let seen = balance.load(Acquire);
    seen >= amount && balance.compare_exchange_weak(seen, seen - amount, AcqRel, Acquire).is_ok()
}

/// The same, and it decides by what it finds.
fn withdraw(balance: &AtomicUsize, amount: usize) -> bool {
    let mut seen = balance.load(Acquire);
    while seen >= amount {
        match balance.compare_exchange_weak(seen, seen - amount, AcqRel, Acquire) {
            Ok(_) => return true,
            Err(found) => seen = found,
        }
    }
    false
}

#[test]
fn failure_taken_for_a_refusal() {
    let two = |withdraw: fn(&AtomicUsize, usize) -> bool| {
        move || {
            let balance = AtomicUsize::new(90);
            let paid = both(|| withdraw(&balance, 10), || withdraw(&balance, 20));
            assert_eq!(paid, (true, true), "withdraw_once: there was enough for both");
        }
    };
    let failure = usually("given up too early: ", two(withdraw_once));
    marked(&failure, "gives up");
    explore(two(withdraw)).expect("it is right");

    let alone = |withdraw: fn(&AtomicUsize, usize) -> bool| {
        move || {
            let balance = AtomicUsize::new(90);
            assert!(withdraw(&balance, 10), "withdraw_once: there was enough");
        }
    };
    let model = || common::patient().spurious_failures(1);
    let said = "fails for no reason, as its weak form may";
    said_of(said, model().explore(alone(withdraw_once)));
    model().explore(alone(withdraw)).expect("it is right");
}

/// The refusal is right, and the panic is about something else.
#[test]
fn failure_that_is_rightly_taken_for_a_refusal() {
    silent(Kind::Panic, || {
        let balance = AtomicUsize::new(20);
        let paid = both(|| withdraw(&balance, 10), || withdraw(&balance, 11));
        assert_eq!(paid, (true, true), "withdraw: there was enough for one only");
    });
    // A state that only one thread can leave, by what it has read or by a constant.
    silent(Kind::Panic, || {
        let state = AtomicUsize::new(0);
        let claim = |mine| {
            let seen = state.load(Acquire);
            seen == 0 && state.compare_exchange(seen, mine, AcqRel, Acquire).is_ok()
        };
        let claimed = both(|| claim(1), || claim(2));
        assert_eq!(claimed, (true, true), "claim: only one of them can");
    });
}

// Words that say too little.

/// A slot that one thread claims, writes and declares ready.
fn claimed(is_there: fn(usize) -> bool) {
    let (slot, state) = (Slot::new(), AtomicUsize::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            state.store(1, Release);
            thread::yield_now();
            slot.write();
            state.store(2, Release);
        });
        let seen = state.load(Acquire);
        if is_there(seen) {
            slot.read();
        }
    });
}

#[test]
fn claimed_is_taken_for_ready() {
    usually("claimed is not ready: thread 1's store of state", || {
        claimed(|state| state != 0);
    });
    explore(|| claimed(|state| state == 2)).expect("it is right");
}

/// It goes by the right word, which lacks its ordering.
#[test]
fn ready_without_an_ordering_is_not_claimed() {
    usually("the store is Relaxed and needs Release", || {
        let (slot, state) = (Slot::new(), AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                state.store(1, Release);
                slot.write();
                state.store(2, Relaxed);
            });
            if state.load(Acquire) == 2 {
                slot.read();
            }
        });
    });
}

/// The writer looks before it writes: that may be what was to order the two.
#[test]
fn claim_whose_writer_looks_first() {
    silent(Kind::DataRace, || {
        let (slot, state, readers) = (Slot::new(), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                state.store(1, Release);
                if readers.load(Acquire) == 0 {
                    slot.write();
                }
            });
            if state.load(Acquire) == 1 {
                slot.read();
                readers.store(1, Release);
            }
        });
    });
}

/// Adds, looks whether that was too much, and takes it back.
#[test]
fn added_and_taken_back() {
    fn enter(count: &AtomicUsize) -> bool {
        if count.fetch_add(1, AcqRel) >= 1 {
            count.fetch_sub(1, AcqRel);
            return false;
        }
        true
    }
    usually("added and taken back: ", || {
        let count = AtomicUsize::new(1);
        let (entered, seen) = thread::scope(|s| {
            let t = s.spawn(|| enter(&count));
            let seen = count.load(Acquire);
            (t.join().unwrap(), seen)
        });
        assert!(!entered && seen == 1, "{}", count.load(Acquire));
    });
}

/// A count of readers goes up and down whatever it was.
#[test]
fn count_of_readers() {
    silent(Kind::Panic, || {
        let readers = AtomicUsize::new(0);
        let read = || {
            readers.fetch_add(1, AcqRel);
            readers.fetch_sub(1, AcqRel);
        };
        thread::scope(|s| {
            s.spawn(read);
            assert_eq!(readers.load(Acquire), 0, "somebody reads");
        });
    });
}

#[test]
fn answer_of_another_moment() {
    fn deposit(balance: &AtomicUsize, amount: usize) -> usize {
        balance.fetch_add(amount, AcqRel);
        balance.load(Acquire)
    }
    fn sum(deposit: fn(&AtomicUsize, usize) -> usize) {
        let balance = AtomicUsize::new(0);
        let (a, b) = thread::scope(|s| {
            let other = s.spawn(|| deposit(&balance, 1));
            (deposit(&balance, 2), other.join().unwrap())
        });
        assert!(a != b, "{a} and {b}: {}", balance.load(Acquire));
    }
    usually("an answer of another moment: ", || sum(deposit));
    explore(|| sum(|balance, amount| balance.fetch_add(amount, AcqRel) + amount))
        .expect("it is right");
}

// Locks.

/// The value, made once, by the thread that comes first.
fn made_once(looks_again: bool) {
    let (ready, lock, made) = (AtomicBool::new(false), Mutex::new(()), AtomicUsize::new(0));
    let make = || {
        if !ready.load(Acquire) {
            let _guard = lock.lock();
            if looks_again && ready.load(Acquire) {
                return;
            }
            assert_eq!(made.fetch_add(1, AcqRel), 0, "made twice");
            ready.store(true, Release);
        }
    };
    thread::scope(|s| {
        s.spawn(make);
        make();
    });
}

#[test]
fn no_look_under_the_lock() {
    let failure = usually("no second look: ", || made_once(false));
    marked(&failure, "does not look again");
    explore(|| made_once(true)).expect("it is right");
}

/// Two threads, each under a lock of its own, choose the one that sleeps, and it goes to see who has.
fn chosen_once(choose: fn(&AtomicU32, u32) -> bool) {
    let (chosen, locks) = (AtomicU32::new(0), [1, 2].map(|_| Mutex::new(false)));
    thread::scope(|s| {
        for (number, lock) in (1..).zip(&locks) {
            let chosen = &chosen;
            s.spawn(move || {
                let mut has_chosen = lock.lock();
                *has_chosen = choose(chosen, number);
                drop(has_chosen);
                futex::wake_one(chosen);
            });
        }
        while chosen.load(Acquire) == 0 {
            futex::wait(&chosen, 0);
        }
        let [first, second] = [0, 1].map(|n| *locks[n].lock());
        assert!(!(first && second), "two have chosen it");
    });
}

/// The look before the lock is right. What comes between it and the lock overwrites what another has written.
#[test]
fn word_overwritten_between_the_look_and_the_lock() {
    silent(Kind::Panic, || {
        chosen_once(|chosen, number| {
            if chosen.load(Acquire) != 0 {
                return false;
            }
            chosen.store(number, Release);
            true
        });
    });
    explore(|| {
        chosen_once(|chosen, number| chosen.compare_exchange(0, number, AcqRel, Acquire).is_ok());
    })
    .expect("it is right");
}

#[test]
fn lock_that_is_not_free_taken_for_an_answer() {
    usually("giving up: ", || {
        let (value, done) = (Mutex::new(7), AtomicBool::new(false));
        thread::scope(|s| {
            s.spawn(|| drop(value.lock()));
            let found = value.try_lock().map(|value| *value);
            assert_eq!(found, Some(7), "it is there");
        });
        assert!(!done.load(Acquire));
    });
}

/// The one that has given up has ended, and main finds it out.
#[test]
fn lock_that_is_not_free_taken_for_an_answer_by_a_thread_that_ends() {
    let program = |waits: bool| {
        move || {
            let value = Mutex::new(0);
            let add = || {
                if waits {
                    *value.lock() += 1;
                } else if let Some(mut value) = value.try_lock() {
                    *value += 1;
                }
            };
            both(|| *value.lock() += 1, add);
            let sum = *value.lock();
            assert_eq!(sum, 2, "each has added one");
        }
    };
    usually("giving up: other's try_lock finds value held by main", program(false));
    explore(program(true)).expect("it is right");
}

/// A lock of one's own whose unlock is Relaxed, around an atomic: the thread that reads the old value is not the one that panics.
#[test]
fn old_value_under_a_lock_of_ones_own() {
    let program = |unlock: Ordering| {
        move || {
            let (busy, balance) = (AtomicBool::new(false), AtomicUsize::new(100));
            let take_all = || {
                while busy.swap(true, Acquire) {
                    thread::yield_now();
                }
                let all = balance.load(Relaxed);
                balance.store(0, Relaxed);
                busy.store(false, unlock);
                all
            };
            let (mine, others) = both(take_all, take_all);
            assert_eq!(mine + others, 100, "what was paid");
        }
    };
    usually("the store is Relaxed and needs Release", program(Relaxed));
    explore(program(Release)).expect("it is right");
}

/// Two locks of one's own with the same mistake in both: each would order what happens.
#[test]
fn either_of_two_locks_would_do() {
    struct Spin(AtomicBool);
    impl Spin {
        fn lock(&self) {
            while self.0.swap(true, Acquire) {
                thread::yield_now();
            }
        }
        fn unlock(&self, order: Ordering) {
            self.0.store(false, order);
        }
    }
    let program = |order: Ordering| {
        move || {
            let (a, b, slot) =
                (Spin(AtomicBool::new(false)), Spin(AtomicBool::new(false)), Slot::new());
            let eat = || {
                a.lock();
                b.lock();
                slot.write();
                b.unlock(order);
                a.unlock(order);
            };
            both(eat, eat);
        }
    };
    usually("the store is Relaxed and needs Release", program(Relaxed));
    explore(program(Release)).expect("it is right");
}

/// The exchange is tried again with what it found, and the sum is that of before.
#[test]
fn new_value_that_is_computed_once() {
    let program = |anew: bool| {
        move || {
            let balance = AtomicUsize::new(100);
            let deposit = |amount: usize| {
                let mut seen = balance.load(Acquire);
                let mut sum = seen + amount;
                while let Err(found) = balance.compare_exchange(seen, sum, AcqRel, Acquire) {
                    seen = found;
                    if anew {
                        sum = seen + amount;
                    }
                }
            };
            both(|| deposit(20), || deposit(30));
            assert_eq!(balance.load(Acquire), 150, "the balance after both");
        }
    };
    let failure = usually("fails to make 120 of 100 (row ", program(false));
    marked(&failure, "still made of 100");
    explore(program(true)).expect("it is right");
    // A state is no sum.
    silent(Kind::Panic, || {
        let state = AtomicUsize::new(0);
        let close = || {
            let mut seen = state.load(Acquire);
            while let Err(found) = state.compare_exchange(seen, 2, AcqRel, Acquire) {
                seen = found;
            }
        };
        both(close, || state.store(1, Release));
        assert_eq!(state.load(Acquire), 1, "the state at the end");
    });
}

/// It asks again, and waits then.
#[test]
fn lock_that_is_asked_for_twice() {
    silent(Kind::Panic, || {
        let value = Mutex::new(7);
        thread::scope(|s| {
            s.spawn(|| drop(value.lock()));
            let first = value.try_lock().is_some();
            let second = *value.lock();
            assert!(first && second == 7, "not at once");
        });
    });
}

// Sleepers.

/// A flag under a lock, and a sleeper; `tell` raises it and notifies.
fn told(tell: fn(&Mutex<bool>, &Condvar)) {
    let (ready, changed) = (Mutex::new(false), Condvar::new());
    thread::scope(|s| {
        s.spawn(|| tell(&ready, &changed));
        let mut guard = ready.lock();
        while !*guard {
            changed.wait(&mut guard);
        }
    });
}

#[test]
fn notified_before_the_change() {
    let failure = usually("notified too early: thread 1 notifies changed", || {
        told(|ready, changed| {
            changed.notify_one();
            *ready.lock() = true;
        });
    });
    marked(&failure, "nothing");
    explore(|| {
        told(|ready, changed| {
            *ready.lock() = true;
            changed.notify_one();
        });
    })
    .expect("it is right");
}

/// The change came before; that it is taken back later is another mistake.
#[test]
fn notified_after_a_change_that_is_taken_back() {
    silent(Kind::Deadlock, || {
        told(|ready, changed| {
            *ready.lock() = true;
            *ready.lock() = false;
            changed.notify_one();
            drop(ready.lock());
        });
    });
}

/// A barrier for two without the number of a round: the condition is over before the sleeper looks.
#[test]
fn come_and_gone() {
    fn meet(arrived: &Mutex<u32>, full: &Condvar) {
        let mut guard = arrived.lock();
        *guard += 1;
        if *guard == 2 {
            full.notify_all();
        }
        while *guard % 2 == 1 {
            full.wait(&mut guard);
        }
    }
    usually("come and gone: ", || {
        let (arrived, full) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                meet(&arrived, &full);
                meet(&arrived, &full);
            });
            meet(&arrived, &full);
            meet(&arrived, &full);
        });
    });
}

/// A waiter comes by and sleeps as well. It is not what makes the condition false.
#[test]
fn joined_by_another_that_only_waits() {
    silent(Kind::Deadlock, || {
        let (count, zero) = (Mutex::new(2), Condvar::new());
        let wait = || {
            let mut guard = count.lock();
            while *guard > 0 {
                zero.wait(&mut guard);
            }
        };
        thread::scope(|s| {
            s.spawn(wait);
            s.spawn(wait);
            *count.lock() -= 1;
            zero.notify_all();
        });
    });
}

/// The other one took what there was and went on; nothing more comes.
#[test]
fn taken_by_one_that_goes_on() {
    silent(Kind::Deadlock, || {
        let (queue, filled) = (Mutex::new(0), Condvar::new());
        let take = || {
            let mut guard = queue.lock();
            while *guard == 0 {
                filled.wait(&mut guard);
            }
            *guard -= 1;
        };
        thread::scope(|s| {
            s.spawn(take);
            s.spawn(take);
            let mut guard = queue.lock();
            *guard += 1;
            filled.notify_all();
        });
    });
}

/// A thread that waits says so; the other looks for it after its change.
fn registered(first: bool) {
    let (count, waiters, round) = (AtomicU32::new(1), AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            count.fetch_sub(1, AcqRel);
            fence(SeqCst);
            if waiters.load(Acquire) > 0 {
                round.store(1, Release);
                futex::wake_all(&round);
            }
        });
        if first {
            waiters.fetch_add(1, AcqRel);
            fence(SeqCst);
        }
        if count.load(Acquire) > 0 {
            if !first {
                waiters.fetch_add(1, AcqRel);
            }
            futex::wait(&round, 0);
        }
    });
}

#[test]
fn looked_before_it_said_that_it_waits() {
    usually("a lost wakeup: main looks at count", || registered(false));
    explore(|| registered(true)).expect("it is right");
}

/// A condition variable: the number by which one sleeps is read under the lock, and who waits is counted after it.
#[test]
fn looked_at_the_number_before_it_said_that_it_waits() {
    let program = |in_time: bool| {
        move || {
            let (number, waiters) = (AtomicU32::new(0), AtomicU32::new(0));
            let is_there = Mutex::new(false);
            thread::scope(|s| {
                s.spawn(|| {
                    *is_there.lock() = true;
                    if waiters.load(Relaxed) > 0 {
                        number.fetch_add(1, Relaxed);
                        futex::wake_all(&number);
                    }
                });
                let mut there = is_there.lock();
                while !*there {
                    if in_time {
                        waiters.fetch_add(1, Relaxed);
                    }
                    let seen = number.load(Relaxed);
                    drop(there);
                    if !in_time {
                        waiters.fetch_add(1, Relaxed);
                    }
                    futex::wait(&number, seen);
                    there = is_there.lock();
                }
            });
        }
    };
    usually("a lost wakeup: main reads number, by which it will sleep", program(false));
    explore(program(true)).expect("it is right");
}

#[test]
fn change_of_a_word_that_nobody_is_told_of() {
    let program = |change: fn(&AtomicU32)| {
        move || {
            let word = AtomicU32::new(0);
            thread::scope(|s| {
                s.spawn(|| change(&word));
                while word.load(Acquire) == 0 {
                    futex::wait(&word, 0);
                }
            });
        }
    };
    usually(
        "a change that nobody is told of: main sleeps as long as word is 0",
        program(|word| word.store(1, Release)),
    );
    usually(
        "comes before the change",
        program(|word| {
            futex::wake_all(word);
            word.store(1, Release);
        }),
    );
    explore(program(|word| {
        word.store(1, Release);
        futex::wake_all(word);
    }))
    .expect("it is right");
    // It is what the sleeper expects again.
    silent(
        Kind::Deadlock,
        program(|word| {
            word.store(1, Release);
            word.store(0, Release);
        }),
    );
}

/// A mutex of one word: 0 unlocked, 1 locked, 2 locked and somebody sleeps.
fn locked(word: &AtomicU32, takes: u32) {
    let mut leaves = 1;
    while word.compare_exchange(0, leaves, Acquire, Relaxed).is_err() {
        if word.swap(2, Acquire) == 0 {
            return;
        }
        futex::wait(word, 2);
        leaves = takes;
    }
}

fn unlocked(word: &AtomicU32) {
    if word.swap(0, Release) == 2 {
        futex::wake_one(word);
    }
}

#[test]
fn mark_that_a_woken_thread_does_not_set_again() {
    let program = |takes: u32| {
        move || {
            let word = AtomicU32::new(0);
            thread::scope(|s| {
                for _ in 0..2 {
                    s.spawn(|| {
                        locked(&word, takes);
                        unlocked(&word);
                    });
                }
                locked(&word, takes);
                unlocked(&word);
            });
        }
    };
    usually("leaves 1 there by its compare_exchange", program(1));
    explore(program(2)).expect("it is right");
}

#[test]
fn mark_that_is_overwritten() {
    let program = |tries: fn(&AtomicU32) -> bool| {
        move || {
            let word = AtomicU32::new(0);
            thread::scope(|s| {
                s.spawn(|| {
                    locked(&word, 2);
                    unlocked(&word);
                });
                locked(&word, 2);
                assert!(!tries(&word));
                unlocked(&word);
            });
        }
    };
    let failure = usually(
        "the mark of a sleeper is lost: thread 1 sleeps as long as word is 2",
        program(|word| word.swap(1, Acquire) == 0),
    );
    pin(&failure);
    explore(program(|word| word.compare_exchange(0, 1, Acquire, Relaxed).is_ok()))
        .expect("it is right");
}

#[test]
fn sleep_that_never_begins() {
    let program = |expects: u32| {
        move || {
            let word = AtomicU32::new(0);
            thread::scope(|s| {
                s.spawn(|| {
                    locked(&word, 2);
                    unlocked(&word);
                });
                while word.swap(2, Acquire) != 0 {
                    futex::wait(&word, expects);
                }
                unlocked(&word);
            });
        }
    };
    usually("main would sleep in futex::wait as long as word is 1", program(1));
    explore(program(2)).expect("it is right");
}

/// The word has been what the wait expects each time.
#[test]
fn sleep_for_which_the_word_changes_too_soon() {
    silent(Kind::TooManySteps, || {
        let word = AtomicU32::new(0);
        loop {
            if word.swap(0, Relaxed) == 1 {
                futex::wait(&word, 1);
            }
            word.store(1, Relaxed);
        }
    });
}

/// What is slept on is a number, no mark: the sleeper did not write it where it sleeps.
#[test]
fn count_that_is_woken_for_too_early() {
    let add = |word: &AtomicU32| word.fetch_add(2, Relaxed);
    usually("a change that nobody is told of: main sleeps as long as word is 2", move || {
        let word = AtomicU32::new(0);
        add(&word);
        thread::scope(|s| {
            s.spawn(|| {
                for _ in 0..2 {
                    if word.fetch_sub(1, Release) == 3 {
                        futex::wake_one(&word);
                    }
                }
            });
            while word.load(Acquire) == 2 {
                futex::wait(&word, 2);
            }
        });
    });
}

/// Both look for somebody, and then both sit down.
#[test]
fn check_then_act_of_two_that_sit_down() {
    fn meet(seats: &Mutex<Vec<thread::Thread>>, in_one_step: bool) {
        let mut there = seats.lock();
        if let Some(other) = there.pop() {
            drop(there);
            other.unpark();
            return;
        }
        if in_one_step {
            there.push(thread::current());
            drop(there);
        } else {
            drop(there);
            seats.lock().push(thread::current());
        }
        thread::park();
    }
    let program = |in_one_step: bool| {
        move || {
            let seats = Mutex::new(Vec::new());
            thread::scope(|s| {
                s.spawn(|| meet(&seats, in_one_step));
                meet(&seats, in_one_step);
            });
        }
    };
    usually("check-then-act: main looks under seats", program(false));
    explore(program(true)).expect("it is right");
}

/// What another thread changes that the sleeper has never looked at, and whom the one that made the change unparks.
#[test]
fn change_that_another_than_the_sleeper_is_told_of() {
    let program = |tells_the_waiter: bool| {
        move || {
            let (there, aside, main) = (Mutex::new(false), Mutex::new(0), thread::current());
            thread::scope(|s| {
                let waiter = s.spawn(|| {
                    while !*there.lock() {
                        thread::park();
                    }
                });
                let told = if tells_the_waiter { waiter.thread() } else { &main }.clone();
                let there = &there;
                s.spawn(move || {
                    *there.lock() = true;
                    told.unpark();
                });
                thread::yield_now();
                *aside.lock() += 1;
            });
        }
    };
    usually("thread 2 changes what there guards", program(false));
    usually("nobody unparks thread 1 after that: thread 2 unparks main", program(false));
    explore(program(true)).expect("it is right");
}

/// The word is taken back to what the sleeper has seen.
#[test]
fn lost_update_of_a_word_that_is_slept_on() {
    let program = |count: fn(&AtomicU32)| {
        move || {
            let (word, told) = (AtomicU32::new(0), AtomicU32::new(0));
            thread::scope(|s| {
                for _ in 0..2 {
                    s.spawn(|| {
                        told.fetch_add(1, Release);
                        count(&word);
                        futex::wake_all(&word);
                    });
                }
                loop {
                    let seen = word.load(Acquire);
                    if told.load(Acquire) == 2 {
                        break;
                    }
                    futex::wait(&word, seen);
                }
            });
        }
    };
    usually(
        "lost update: thread",
        program(|word| {
            let seen = word.load(Relaxed);
            word.store(seen + 1, Release);
        }),
    );
    explore(program(|word| {
        word.fetch_add(1, Release);
    }))
    .expect("it is right");
}

/// A flag and the word of a futex: each side writes its own and reads the other's.
#[test]
fn store_buffering_that_ends_in_a_deadlock() {
    let program = |fenced: bool| {
        move || {
            let (count, waiters) = (AtomicU32::new(1), AtomicU32::new(0));
            thread::scope(|s| {
                s.spawn(|| {
                    count.store(0, Release);
                    if fenced {
                        fence(SeqCst);
                    }
                    if waiters.load(Acquire) > 0 {
                        futex::wake_all(&count);
                    }
                });
                waiters.store(1, Release);
                if fenced {
                    fence(SeqCst);
                }
                while count.load(Acquire) > 0 {
                    futex::wait(&count, 1);
                }
            });
        }
    };
    usually("store buffering: thread 1 writes count", program(false));
    explore(program(true)).expect("it is right");
}

/// A parker of one's own: the token is taken by a store, which sees nothing.
#[test]
fn token_taken_by_a_store() {
    let program = |swaps: bool| {
        move || {
            let (work, token) = (AtomicU32::new(0), AtomicU32::new(0));
            thread::scope(|s| {
                s.spawn(|| {
                    work.store(1, Relaxed);
                    if token.swap(1, Release) == 0 {
                        futex::wake_one(&token);
                    }
                });
                loop {
                    if swaps {
                        token.swap(0, Acquire);
                    } else {
                        token.store(0, Relaxed);
                    }
                    if work.load(Relaxed) == 1 {
                        break;
                    }
                    futex::wait(&token, 0);
                }
            });
        }
    };
    let failure = usually("a store in place of a swap: ", program(false));
    marked(&failure, "does not see");
    explore(program(true)).expect("it is right");
}

/// Two threads wait for a value each. They stay on the list for as long as they wait, and no longer; or they put themselves
/// on it once, and only a waker takes them off.
fn called(is_kept: bool) {
    let shared = Mutex::new((Vec::<thread::Thread>::new(), 0));
    let take = || {
        let me = thread::current();
        let mut is_new = true;
        loop {
            let mut shared = shared.lock();
            if is_kept {
                shared.0.retain(|thread| thread.id() != me.id());
            }
            if shared.1 > 0 {
                shared.1 -= 1;
                return;
            }
            if is_kept || is_new {
                shared.0.push(me.clone());
            }
            is_new = false;
            drop(shared);
            thread::park();
        }
    };
    let put = || {
        let mut shared = shared.lock();
        shared.1 += 1;
        if !shared.0.is_empty() {
            shared.0.remove(0).unpark();
        }
    };
    thread::scope(|s| {
        s.spawn(take);
        s.spawn(take);
        thread::yield_now();
        thread::yield_now();
        put();
        put();
    });
}

#[test]
fn wakeup_of_a_thread_that_waits_no_more() {
    let model = || common::patient().spurious_wakeups(1).preemption_bound(2);
    let failure = said_of("a wakeup that goes astray: ", model().explore(|| called(false)));
    marked(&failure, "thread 2 waits no more");
    model().explore(|| called(true)).expect("it is right");
}

/// One of two threads that meet twice wakes up for no reason, and takes that for the second meeting.
fn meet_twice(looks_again: bool) {
    let (state, all) = (Mutex::new((0, 0)), Condvar::new());
    let meet = || {
        let mut state = state.lock();
        state.0 += 1;
        if state.0 == 2 {
            *state = (0, state.1 + 1);
            all.notify_all();
            return;
        }
        let round = state.1;
        while state.1 == round {
            all.wait(&mut state);
            if !looks_again {
                break;
            }
        }
    };
    let twice = || {
        meet();
        meet();
    };
    both(twice, twice);
}

/// The thread that sleeps for ever is the other one.
#[test]
fn if_in_place_of_while_in_a_thread_that_has_ended() {
    let model = || common::patient().spurious_wakeups(1);
    let failure = model().explore(|| meet_twice(false));
    said_of("`if` where a `while` is needed: ", failure);
    model().explore(|| meet_twice(true)).expect("it is right");
}

/// Two threads count down under a lock, and one sleeps until nothing is left: a count is lost between a look and a change.
#[test]
fn lost_update_that_a_sleeper_waits_for() {
    let program = |in_one_step: bool| {
        move || {
            let (left, changed) = (Mutex::new(2), Condvar::new());
            let done = || {
                if in_one_step {
                    *left.lock() -= 1;
                } else {
                    let before = *left.lock();
                    *left.lock() = before - 1;
                }
                changed.notify_all();
            };
            thread::scope(|scope| {
                scope.spawn(done);
                scope.spawn(done);
                let mut left = left.lock();
                while *left > 0 {
                    changed.wait(&mut left);
                }
            });
        }
    };
    usually("lost update: thread 1 looks under left", program(false));
    explore(program(true)).expect("it is right");
}

/// A thread sleeps until a word is said, and it is said without a notification.
#[test]
fn change_that_no_sleeper_is_told_of() {
    let program = |says: bool, notifies: bool| {
        move || {
            let (said, changed) = (Mutex::new(false), Condvar::new());
            let say = || {
                let mut said = said.lock();
                if says {
                    *said = true;
                }
                drop(said);
                if notifies {
                    changed.notify_one();
                }
            };
            let wait = || {
                let mut said = said.lock();
                while !*said {
                    changed.wait(&mut said);
                }
            };
            both(wait, say);
        }
    };
    // The notification is there, and left out.
    let left_out = "Behind that change is a notification, and other leaves it out: what it goes by was not so.";
    let failure = usually(left_out, program(true, false));
    marked(&failure, "untold");
    explore(program(true, true)).expect("it is right");
    // It has looked, and said nothing.
    silent(Kind::Deadlock, program(false, false));
    // It is told, and what it waits for is something else.
    silent(Kind::Deadlock, program(false, true));
}

/// The same where the value cannot be shown: what decides is whether the sleeper goes on when it is woken once more.
#[test]
fn change_of_a_queue_that_no_sleeper_is_told_of() {
    #[derive(Clone, Copy, PartialEq)]
    enum Told {
        Nobody,
        Another,
        Receiver,
    }
    let program = |told: Told, sends: bool| {
        move || {
            let (queue, not_empty, not_full) = (Mutex::new(vec![]), Condvar::new(), Condvar::new());
            let send = || {
                let mut values = queue.lock();
                if sends {
                    values.push(7);
                } else {
                    values.clear();
                }
                drop(values);
                match told {
                    Told::Nobody => false,
                    Told::Another => not_full.notify_one(),
                    Told::Receiver => not_empty.notify_one(),
                };
            };
            let receive = || {
                let mut values = queue.lock();
                while values.is_empty() {
                    not_empty.wait(&mut values);
                }
                values.pop();
            };
            both(receive, send);
        }
    };
    usually("and nobody notifies not_empty after that. Woken", program(Told::Nobody, true));
    let another = "after that: other notifies not_full (row 5). Woken";
    usually(another, program(Told::Another, true));
    explore(program(Told::Receiver, true)).expect("it is right");
    silent(Kind::Deadlock, program(Told::Nobody, false));
    silent(Kind::Deadlock, program(Told::Receiver, false));
}

/// The same where no lock guards what changes: the sleeper has looked at it under its own, before the change or after.
#[test]
fn change_of_an_atomic_that_no_sleeper_is_told_of() {
    let program = |frees: usize, tells: bool| {
        move || {
            let (free, state, freed) = (AtomicUsize::new(0), Mutex::new(0), Condvar::new());
            let give = || {
                free.fetch_add(frees, AcqRel);
                if tells {
                    drop(state.lock());
                    freed.notify_one();
                }
            };
            let take = || {
                let mut state = state.lock();
                while free.load(Acquire) == 0 {
                    freed.wait(&mut state);
                }
            };
            both(take, give);
        }
    };
    let cause =
        "other changes free by its fetch_add (row 5), and nobody notifies freed after that. Woken";
    usually(cause, program(1, false));
    explore(program(1, true)).expect("it is right");
    silent(Kind::Deadlock, program(0, false));
    silent(Kind::Deadlock, program(0, true));
}

/// What it waits for comes with the time, for which it does not wake up; or it was there before it slept.
#[test]
fn time_that_no_sleeper_is_woken_for() {
    use harness::sync::model::time::Clock;
    use std::time::Duration;

    usually("a time that nobody is woken for: main sleeps on changed", || {
        let (state, changed, clock) = (Mutex::new(0), Condvar::new(), Clock::manual());
        let deadline = clock.now() + Duration::from_secs(1);
        thread::scope(|scope| {
            scope.spawn(|| clock.advance(Duration::from_secs(1)));
            let mut state = state.lock();
            while clock.now() < deadline {
                changed.wait(&mut state);
            }
        });
    });
    usually("a wait for what is so already: main sleeps on changed", || {
        let (state, changed) = (Mutex::new(0), Condvar::new());
        let mut state = state.lock();
        loop {
            changed.wait(&mut state);
            if *state == 0 {
                break;
            }
        }
    });
}

/// A thread parks until something is so, and is not unparked.
#[test]
fn change_that_no_parked_thread_is_told_of() {
    let program = |says: bool, unparks: bool, looks: bool| {
        move || {
            let said = AtomicBool::new(false);
            let main = thread::current();
            thread::scope(|scope| {
                scope.spawn(|| {
                    said.store(says, Release);
                    if unparks {
                        main.unpark();
                    }
                });
                while looks && !said.load(Acquire) {
                    thread::park();
                }
                if !looks {
                    thread::park();
                }
            });
        }
    };
    usually("and nobody unparks main after that", program(true, false, true));
    explore(program(true, true, true)).expect("it is right");
    silent(Kind::Deadlock, program(false, true, true));
    // It would go on in any case.
    silent(Kind::Deadlock, program(true, false, false));
}

/// What a thread writes belongs before what it says under a lock.
#[test]
fn announced_under_a_lock_before_the_data() {
    let program = |first: bool| {
        move || {
            let (slot, ended) = (Slot::new(), Mutex::new(false));
            let end = || {
                if first {
                    slot.write();
                }
                *ended.lock() = true;
                if !first {
                    slot.write();
                }
            };
            let read = || {
                if *ended.lock() {
                    slot.read();
                }
            };
            both(read, end);
        }
    };
    let failure = usually("announced too early: other changes what ended guards", program(false));
    marked(&failure, "too early");
    explore(program(true)).expect("it is right");
    // What the test says when it likes is nobody's mistake.
    silent(Kind::DataRace, || {
        let (slot, begun) = (Slot::new(), Gate::shut("begun"));
        both(
            || {
                begun.pass();
                slot.read();
            },
            || {
                begun.open();
                slot.write();
            },
        );
    });
    // The reader has not looked since: a lock that only one of them holds is what is wrong.
    usually("both must hold the same one", || {
        let (slot, count) = (Slot::new(), Mutex::new(0));
        both(
            || slot.read(),
            || {
                *count.lock() += 1;
                let _held = count.lock();
                slot.write();
            },
        );
    });
}

/// The other thread waits in a call that must not.
#[test]
fn call_that_must_not_wait() {
    let failure = usually("a call that waits: `try_recv` must not wait", || {
        let (_sender, receiver) = bounded::<u32>(1);
        never_waits("`try_recv`", || receiver.recv()).ok();
    });
    marked(&failure, "waits");
    usually("a call that waits: `try_lock` must not wait", || {
        let free = AtomicBool::new(false);
        never_waits("`try_lock`", || {
            while !free.load(Acquire) {
                thread::yield_now();
            }
        });
    });
    // What it does behind the call is another matter.
    silent(Kind::Deadlock, || {
        never_waits("`try_recv`", || ());
        thread::park();
    });
}

/// A thread starts another and ends after it; main waits until none runs. A thread is counted before it starts, if
/// `first`, or by the one that starts it, afterwards.
fn counted(first: bool) {
    struct Group {
        running: Mutex<u32>,
        ended: Condvar,
        finished: AtomicUsize,
    }
    impl Group {
        fn end(&self) {
            let mut running = self.running.lock();
            *running -= 1;
            if *running == 0 {
                self.ended.notify_all();
            }
        }
        fn start_late(self: &std::sync::Arc<Self>) -> thread::JoinHandle<()> {
            let theirs = self.clone();
            let started = thread::spawn(move || theirs.end());
            *self.running.lock() += 1;
            started
        }
        fn start(self: &std::sync::Arc<Self>) -> thread::JoinHandle<()> {
            *self.running.lock() += 1;
            let theirs = self.clone();
            thread::spawn(move || theirs.end())
        }
    }
    let group = std::sync::Arc::new(Group {
        running: Mutex::new(1),
        ended: Condvar::new(),
        finished: AtomicUsize::new(0),
    });
    let theirs = group.clone();
    let parent = thread::spawn(move || {
        let child = if first { theirs.start() } else { theirs.start_late() };
        theirs.finished.fetch_add(1, AcqRel);
        theirs.end();
        child.join().unwrap();
    });
    let mut running = group.running.lock();
    while *running > 0 {
        group.ended.wait(&mut running);
    }
    drop(running);
    assert_eq!(group.finished.load(Acquire), 1, "left too early");
    parent.join().unwrap();
}

#[test]
fn counted_after_the_start() {
    let explored = common::patient().preemption_bound(2);
    said_of("counted too late: ", explored.clone().explore(|| counted(false)));
    explored.explore(|| counted(true)).expect("it is right");
}

/// Main fails by itself, and has never come to the line that locks what its child has locked: it counts nothing there.
#[test]
fn a_parent_that_fails_by_itself_has_not_counted_late() {
    type Ended = std::sync::Arc<(Mutex<bool>, Condvar)>;
    fn start(ended: &Ended, refused: bool) {
        let slot = std::sync::Arc::new(Mutex::new(Some(7)));
        if !refused {
            let (theirs, ended) = (slot.clone(), ended.clone());
            thread::spawn(move || {
                theirs.lock().take();
                *ended.0.lock() = true;
                ended.1.notify_all();
            });
            return;
        }
        slot.lock().take();
        panic!("of itself");
    }
    silent(Kind::Panic, || {
        let ended = Ended::new((Mutex::new(false), Condvar::new()));
        start(&ended, false);
        ended.1.wait_while(&mut ended.0.lock(), |ended| !*ended);
        start(&ended, true);
    });
}

/// Nothing has changed but what the test itself writes.
#[test]
fn woken_for_nothing_while_another_writes_something_else() {
    usually_spurious("goes on though nothing has changed", || {
        let (ready, changed) = (Mutex::new(false), Condvar::new());
        let started = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| {
                started.store(true, Release);
                *ready.lock() = true;
                changed.notify_one();
            });
            let mut guard = ready.lock();
            if !*guard {
                changed.wait(&mut guard);
            }
            assert!(*guard, "woken too early");
        });
    });
}

/// What it waits for is an atomic that another thread has written meanwhile: that it wakes up for no reason does no harm.
#[test]
fn woken_after_a_change_of_an_atomic_that_it_waits_for() {
    let explored = common::patient().spurious_wakeups(1).explore(|| {
        let (ready, lock, changed) = (AtomicBool::new(false), Mutex::new(()), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                ready.store(true, Release);
                changed.notify_one();
            });
            let mut guard = lock.lock();
            if !ready.load(Acquire) {
                changed.wait(&mut guard);
                panic!("wrong in any case");
            }
        });
    });
    let failure = explored.expect_err("the model must fail");
    assert!(!failure.report.contains("for no reason in"), "{}", failure.report);
}

/// The futex does not sleep, because the word has changed, and its caller takes that for being woken.
#[test]
fn futex_that_returns_at_once() {
    let program = |again: bool| {
        move || {
            let (count, done) = (AtomicU32::new(2), AtomicBool::new(false));
            thread::scope(|s| {
                s.spawn(|| {
                    count.fetch_sub(1, AcqRel);
                    done.store(true, Release);
                    count.fetch_sub(1, AcqRel);
                    futex::wake_all(&count);
                });
                if again {
                    loop {
                        match count.load(Acquire) {
                            0 => break,
                            left => futex::wait(&count, left),
                        }
                    }
                } else if count.load(Acquire) > 0 {
                    futex::wait(&count, 2);
                }
                assert!(done.fetch_or(false, Acquire), "left too early");
            });
        }
    };
    usually("returns at once, because count is 1", program(false));
    explore(program(true)).expect("it is right");
}

/// The word's only other value is what the thread waits for.
#[test]
fn futex_of_a_gate_that_returns_at_once() {
    silent(Kind::Panic, || {
        let word = AtomicU32::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                word.store(1, Release);
                futex::wake_all(&word);
            });
            if word.load(Acquire) == 0 {
                futex::wait(&word, 0);
            }
            panic!("wrong in any case");
        });
    });
}

/// A token that is older than the look.
#[test]
fn park_that_returns_at_once() {
    usually("park returns at once", || {
        let left = std::sync::Arc::new(AtomicUsize::new(1));
        let (theirs, main) = (left.clone(), thread::current());
        main.unpark();
        let t = thread::spawn(move || {
            theirs.fetch_sub(1, AcqRel);
            main.unpark();
        });
        let mine = left.clone();
        let wait = move || {
            if mine.load(Acquire) > 0 {
                thread::park();
            }
        };
        wait();
        assert_eq!(left.load(Acquire), 0, "left too early");
        t.join().unwrap();
    });
}

/// The look that is missing would also order: by the word, not by the wake-up.
#[test]
fn park_without_a_second_look_that_would_order() {
    let program = |again: bool| {
        move || {
            let slot = std::sync::Arc::new(Slot::new());
            let left = std::sync::Arc::new(AtomicUsize::new(2));
            let main = thread::current();
            let all: Vec<_> = (0..2)
                .map(|number| {
                    let (slot, left, main) = (slot.clone(), left.clone(), main.clone());
                    thread::spawn(move || {
                        if number == 0 {
                            slot.write();
                        }
                        if left.fetch_sub(1, Release) == 1 {
                            main.unpark();
                        }
                    })
                })
                .collect();
            if again {
                while left.load(Acquire) > 0 {
                    thread::park();
                }
            } else if left.load(Acquire) > 0 {
                thread::park();
            }
            slot.read();
            for t in all {
                t.join().unwrap();
            }
        }
    };
    usually("does not look at left again", program(false));
    explore(program(true)).expect("it is right");
}

// Channels.

/// The one that receives stops too soon, and waits for the one that sends.
#[test]
fn send_that_nobody_receives() {
    let failure =
        usually("main, which used the receiver last (row 6), waits for thread 1 to end", || {
            let (jobs, inbox) = bounded(1);
            let sender = thread::spawn(move || (0..3).for_each(|i| jobs.send(i).unwrap()));
            inbox.recv().unwrap();
            sender.join().unwrap();
        });
    marked(&failure, "nobody receives this");
    pin(&failure);
}

#[test]
fn send_to_oneself() {
    usually("no thread has used the receiver, which main made", || {
        let (tx, _rx) = bounded(0);
        tx.send(1).unwrap();
    });
}

#[test]
fn sends_that_cross() {
    usually("main sleeps in down.send (row 6), and no thread has used the receiver", || {
        let (down_tx, down_rx) = bounded(0);
        let (names, named) = bounded(1);
        thread::scope(|s| {
            s.spawn(move || {
                let (up_tx, up_rx) = bounded(0);
                names.send(up_rx).unwrap();
                up_tx.send(1).unwrap();
                down_rx.recv()
            });
            let up_rx = named.recv().unwrap();
            down_tx.send(1).unwrap();
            up_rx.recv().unwrap();
        });
    });
}

/// The original is still there when the clones are gone.
#[test]
fn original_sender_kept_beside_its_clones() {
    let failure = usually("not dropped is the sender that main made with the channel", || {
        let (results, all) = unbounded();
        thread::scope(|s| {
            for i in 0..2 {
                let results = results.clone();
                s.spawn(move || results.send(i).unwrap());
            }
            assert_eq!(all.iter().sum::<i32>(), 1);
        });
    });
    pin(&failure);
}

/// Main joins the workers before it closes the channel that they read to its end.
#[test]
fn channel_closed_behind_the_join() {
    usually("a sender that is kept alive: thread 1 sleeps in jobs.recv", || {
        let (jobs, inbox) = bounded(1);
        let worker = thread::spawn(move || inbox.iter().count());
        jobs.send(1).unwrap();
        worker.join().unwrap();
        drop(jobs);
    });
}

#[test]
fn clone_of_a_sender_forgotten() {
    let failure = usually(
        "not dropped is the clone that main made (row 1), by which thread 1 sent last (row 5)",
        || {
            let (jobs, inbox) = bounded(1);
            let theirs = jobs.clone();
            thread::spawn(move || {
                theirs.send(1).unwrap();
                std::mem::forget(theirs);
            });
            drop(jobs);
            while inbox.recv().is_ok() {}
        },
    );
    marked(&failure, "not");
}

/// The sender is kept by a thread that sleeps for a reason of its own, which is what is said.
#[test]
fn sender_kept_by_a_thread_that_missed_a_notification() {
    usually("a missed notification", || {
        let (jobs, inbox) = bounded(1);
        let (open, opened) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                let jobs = jobs;
                if !*open.lock() {
                    opened.wait(&mut open.lock());
                }
                jobs.send(1)
            });
            *open.lock() = true;
            opened.notify_one();
            inbox.recv().unwrap();
        });
    });
}

/// Each waits for the other to begin: neither keeps a sender too long.
#[test]
fn receives_that_cross() {
    silent(Kind::Deadlock, || {
        let (ask, asked) = bounded(1);
        let (answer, answered) = bounded(1);
        thread::scope(|s| {
            s.spawn(|| {
                asked.recv().unwrap();
                answer.send(1)
            });
            answered.recv().unwrap();
            ask.send(1).unwrap();
        });
    });
}

#[test]
fn send_that_keeps_a_lock() {
    usually("A channel gives back no lock: unlock it first.", || {
        let (jobs, inbox) = bounded(0);
        let log = Mutex::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                let mut log = log.lock();
                jobs.send(1).unwrap();
                *log += 1;
            });
            drop(log.lock());
            inbox.recv().unwrap();
        });
    });
}

/// A channel of the learner's own, whose `close` wakes one of the receivers.
#[test]
fn close_that_wakes_one() {
    struct Channel {
        state: Mutex<(u32, bool)>,
        changed: Condvar,
    }
    impl Channel {
        fn recv(&self) -> Option<u32> {
            let mut state = self.state.lock();
            while state.0 == 0 && !state.1 {
                self.changed.wait(&mut state);
            }
            state.0.checked_sub(1).inspect(|left| state.0 = *left)
        }
        fn close(&self) {
            self.state.lock().1 = true;
            self.changed.notify_one();
        }
    }
    usually("one notification, several sleepers", || {
        let channel = Channel { state: Mutex::new((0, false)), changed: Condvar::new() };
        thread::scope(|s| {
            s.spawn(|| channel.recv());
            s.spawn(|| channel.recv());
            channel.close();
        });
    });
}

/// Main sleeps for the ends of two threads, too late for an earlier notification, which was about something else. Of the
/// two, one was not told: main's sleep only follows from that.
#[test]
fn the_sleeper_that_was_not_told_and_the_one_that_waits_for_it() {
    usually("one notification, several sleepers: it wakes thread", || {
        let (closed, told) = (Mutex::new(false), Condvar::new());
        let (said, heard) = (Mutex::new(0), Condvar::new());
        let say = || {
            let mut said = said.lock();
            *said += 1;
            if *said != 2 {
                heard.notify_one();
            }
        };
        let until_closed = || {
            let mut closed = closed.lock();
            while !*closed {
                told.wait(&mut closed);
            }
            drop(closed);
            say();
        };
        thread::scope(|s| {
            drop(closed.lock());
            s.spawn(|| {
                say();
                until_closed();
            });
            s.spawn(until_closed);
            *closed.lock() = true;
            told.notify_one();
            let mut said = said.lock();
            while *said < 3 {
                heard.wait(&mut said);
            }
        });
    });
}

/// A channel orders what it passes on, and the store that is too weak is the only link that is missing.
#[test]
fn relaxed_store_behind_a_channel() {
    usually("the store is Relaxed and needs Release", || {
        let (slot, ready) = (Slot::new(), AtomicBool::new(false));
        let (token, handed) = bounded(1);
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                token.send(()).unwrap();
            });
            s.spawn(|| {
                handed.recv().unwrap();
                ready.store(true, Relaxed);
            });
            if ready.load(Acquire) {
                slot.read();
            }
        });
    });
}

// Loops without end.

#[test]
fn comparison_with_an_old_value() {
    usually("a comparison with an old value: ", || {
        let balance = AtomicUsize::new(0);
        thread::scope(|s| {
            s.spawn(|| balance.fetch_add(1, AcqRel));
            let seen = balance.load(Acquire);
            while balance.compare_exchange(seen, seen + 1, AcqRel, Acquire).is_err() {}
        });
    });
    // It has put the lock on itself, and waits until it is off: nothing that it knows of is old.
    silent(Kind::TooManySteps, || {
        let lock = AtomicBool::new(false);
        lock.store(true, Relaxed);
        while lock.compare_exchange_weak(false, true, Acquire, Relaxed).is_err() {}
    });
}

/// One thread puts `end` on, another sees that and puts `begin` on, and a third looks at `begin` first, and waits until `end`
/// is not behind it.
fn behind(put_on: Ordering, look: Ordering) {
    let (begin, end) = (AtomicU32::named("begin", 0), AtomicU32::named("end", 0));
    thread::scope(|s| {
        s.spawn(|| end.store(1, Release));
        s.spawn(|| {
            if end.load(Acquire) == 1 {
                let _ = begin.compare_exchange(0, 1, put_on, Relaxed);
            }
        });
        while begin.load(look) > end.load(Relaxed) {}
    });
}

#[test]
fn old_value_beside_a_newer_one() {
    for (put_on, look, said, mark) in [
        (Acquire, Acquire, "the compare_exchange is Acquire and needs AcqRel", "needs AcqRel"),
        (Release, Relaxed, "the load is Relaxed and needs Acquire", "needs Acquire"),
    ] {
        let short = common::patient().max_branches(100);
        let failure = said_of(said, short.explore(move || behind(put_on, look)));
        assert_eq!(failure.kind, Kind::TooManySteps, "{}", failure.report);
        assert!(!failure.report.contains("must let it run"), "{}", failure.report);
        marked(&failure, mark);
    }
    explore(|| behind(Release, Acquire)).expect("`end` is never behind");
}

#[test]
fn old_value_that_no_other_one_tells_of() {
    // Nothing that it reads was written by who had seen the newer one.
    silent(Kind::TooManySteps, || {
        let (turn, other) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                other.store(1, Release);
                turn.store(1, Release);
            });
            while turn.load(Acquire) == 0 || other.load(Acquire) == 0 {}
        });
    });
    // It waits for a thread that has not run.
    silent(Kind::TooManySteps, || {
        let flag = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| flag.store(true, Relaxed));
            while !flag.load(Relaxed) {}
        });
    });
}

/// It compares with what it has just read, and loops for another reason.
#[test]
fn loop_that_succeeds_again_and_again() {
    silent(Kind::TooManySteps, || {
        let balance = AtomicUsize::new(0);
        loop {
            let seen = balance.load(Acquire);
            let _ = balance.compare_exchange(seen, seen + 1, AcqRel, Acquire);
        }
    });
}

// Payloads that are handed over by a compare_exchange.

/// The publisher announces by an exchange.
#[test]
fn exchange_that_publishes_without_release() {
    let failure = usually("the compare_exchange is Relaxed and needs Release", || {
        let (slot, state) = (Slot::new(), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                let _ = state.compare_exchange(0, 1, Relaxed, Relaxed);
            });
            if state.load(Acquire) == 1 {
                slot.read();
            }
        });
    });
    marked(&failure, "needs Release");
}

/// The reader takes by an exchange.
#[test]
fn exchange_that_takes_without_acquire() {
    let failure = usually("the compare_exchange is Relaxed and needs Acquire", || {
        let (slot, state) = (Slot::new(), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                state.store(1, Release);
            });
            if state.compare_exchange(1, 2, Relaxed, Relaxed).is_ok() {
                slot.read();
            }
        });
    });
    marked(&failure, "needs Acquire");
}

// The match is what is read: an `if let` is another form.
#[allow(clippy::single_match)]
#[test]
fn exchange_that_takes_in_a_match() {
    usually("the compare_exchange is Release and needs AcqRel", || {
        let (slot, state) = (Slot::new(), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                state.store(1, Release);
            });
            match state.compare_exchange(1, 2, Release, Relaxed) {
                Ok(_) => slot.read(),
                Err(_) => {}
            }
        });
    });
}

/// The reader follows the pointer, whatever it is: no condition stands there.
#[test]
fn exchange_that_publishes_a_pointer_without_release() {
    struct Cell(AtomicPtr<Slot>);
    impl Cell {
        fn get(&self) -> Option<&Slot> {
            let found = self.0.load(Acquire);
            // SAFETY: it is null, or leads to what `publish` has left for good.
            unsafe { found.as_ref() }
        }

        fn publish(&self, slot: Box<Slot>) {
            let new = Box::into_raw(slot);
            match self.0.compare_exchange(null_mut(), new, Relaxed, Relaxed) {
                Ok(_) => {}
                // SAFETY: it was not published.
                Err(_) => drop(unsafe { Box::from_raw(new) }),
            }
        }
    }
    usually("the compare_exchange is Relaxed and needs Release", || {
        let cell = Cell(AtomicPtr::new(null_mut()));
        thread::scope(|s| {
            let slot = Box::new(Slot::new());
            s.spawn(|| cell.get().map(Slot::read));
            slot.write();
            cell.publish(slot);
        });
    });
}

/// Neither side orders.
#[test]
fn exchanges_that_hand_over_relaxed() {
    let both = "the compare_exchange_weak is Relaxed and needs Release, the compare_exchange is Relaxed and needs Acquire";
    usually(both, || {
        let (slot, state) = (Slot::new(), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                while state.compare_exchange_weak(0, 1, Relaxed, Relaxed).is_err() {
                    thread::yield_now();
                }
            });
            if state.compare_exchange(1, 2, Relaxed, Relaxed).is_ok() {
                slot.read();
            }
        });
    });
}

/// A lock of one's own: taken without Acquire, or given back without Release.
#[test]
fn spin_lock_by_exchange_that_orders_one_side_only() {
    let lock_with = |take, give| {
        move || {
            let (slot, locked) = (Slot::new(), AtomicBool::new(false));
            let add = || {
                while locked.compare_exchange(false, true, take, Relaxed).is_err() {
                    thread::yield_now();
                }
                slot.write();
                locked.store(false, give);
            };
            thread::scope(|s| {
                s.spawn(add);
                add();
            });
        }
    };
    usually("the compare_exchange is Relaxed and needs Acquire", lock_with(Relaxed, Release));
    usually("the store is Relaxed and needs Release", lock_with(Acquire, Relaxed));
}

/// A lock that is given back by an exchange, too.
#[test]
fn lock_given_back_by_an_exchange_without_release() {
    usually("'s compare_exchange is Relaxed and needs Release", || {
        let (slot, locked) = (Slot::new(), AtomicU32::new(0));
        let add = || {
            if locked.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
                slot.write();
                let _ = locked.compare_exchange(1, 0, Relaxed, Relaxed);
            }
        };
        thread::scope(|s| {
            s.spawn(add);
            add();
        });
    });
}

/// The exchange is in order. What is written after it is another mistake, whose sentence speaks of no ordering.
#[test]
fn exchange_that_announces_before_the_write() {
    let failure = common::patient().explore(|| {
        let (slot, state) = (Slot::new(), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                if state.compare_exchange(0, 1, AcqRel, Acquire).is_ok() {
                    slot.write();
                }
            });
            if state.load(Acquire) == 1 {
                slot.read();
            }
        });
    });
    let failure = failure.expect_err("it is announced before it is written");
    assert_eq!(failure.kind, Kind::DataRace, "{}", failure.report);
    assert!(!failure.report.contains(" and needs "), "{}", failure.report);
}

/// Two exchanges that both succeed on words of their own order nothing between the threads, whatever their ordering.
#[test]
fn exchanges_on_different_words_are_not_blamed() {
    silent(Kind::DataRace, || {
        let (slot, a, b) = (Slot::new(), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                let _ = a.compare_exchange(0, 1, Relaxed, Relaxed);
            });
            if b.compare_exchange(0, 1, Relaxed, Relaxed).is_ok() {
                slot.read();
            }
        });
    });
}

/// Woken for nothing, it gives up the node on its stack, which the other thread is about to use.
#[test]
fn frame_that_is_left_after_a_spurious_wakeup() {
    struct Node(*const AtomicBool);
    // SAFETY: deliberately none: what the owner of the frame must keep is the subject.
    unsafe impl Send for Node {}
    fn wait_for_go() {
        let go = AtomicBool::new(false);
        let node = Node(&raw const go);
        let me = thread::current();
        thread::spawn(move || {
            let node = node;
            // SAFETY: see `Node`.
            unsafe { (*node.0).store(true, Release) };
            me.unpark();
        });
        if !go.load(Acquire) {
            thread::park();
        }
    }
    let failure = usually_spurious(
        "`if` where a `while` is needed: main wakes up for no reason in park",
        wait_for_go,
    );
    assert_eq!(failure.kind, Kind::UseAfterDrop, "{}", failure.report);
}

/// A lock of one's own that is tried once and then waited for. The thread that had to wait has looked as well, but it
/// goes in by the exchange.
#[test]
fn lock_that_is_relaxed_for_those_who_had_to_wait() {
    let failure = usually("the swap is Relaxed and needs Acquire", || {
        let (slot, locked) = (Slot::new(), AtomicBool::new(false));
        let add = || {
            let first = locked.compare_exchange(false, true, Acquire, Relaxed);
            if first.is_err() {
                while locked.swap(true, Relaxed) {
                    while locked.load(Relaxed) {
                        thread::yield_now();
                    }
                }
            }
            slot.write();
            locked.store(false, Release);
        };
        thread::scope(|s| {
            s.spawn(add);
            add();
        });
    });
    marked(&failure, "needs Acquire");
    usually("thread 1's swap is Relaxed and needs Acquire", || {
        let (slot, state) = (Slot::new(), AtomicU32::new(0));
        let add = || {
            if state.compare_exchange(0, 1, Acquire, Relaxed).is_err() {
                while state.load(Relaxed) != 0 || state.swap(2, Relaxed) != 0 {
                    futex::wait(&state, 2);
                }
            }
            slot.write();
            if state.swap(0, Release) == 2 {
                futex::wake_one(&state);
            }
        };
        thread::scope(|s| {
            s.spawn(add);
            add();
        });
    });
}

/// The lock's word is given back by another one, which the taker has looked at without ordering.
#[test]
fn ticket_lock_that_orders_one_side_only() {
    struct Tickets {
        slot: Slot,
        next: AtomicU32,
        serving: AtomicU32,
    }
    impl Tickets {
        #[track_caller]
        fn new() -> Self {
            let [next, serving] = [0, 0].map(AtomicU32::new);
            let slot = Slot::new();
            Self { slot, next, serving }
        }

        fn leave(&self, give: std::sync::atomic::Ordering) {
            self.slot.write();
            let now = self.serving.load(Relaxed);
            self.serving.store(now + 1, give);
        }
    }
    let waits = |take, give| {
        move || {
            let lock = Tickets::new();
            let add = || {
                let mine = lock.next.fetch_add(1, Relaxed);
                while lock.serving.load(take) != mine {
                    thread::yield_now();
                }
                lock.leave(give);
            };
            thread::scope(|s| {
                s.spawn(add);
                add();
            });
        }
    };
    let (load, store) =
        ("the load is Relaxed and needs Acquire", "the store is Relaxed and needs Release");
    usually(load, waits(Relaxed, Release));
    usually(store, waits(Acquire, Relaxed));
    usually(&format!("{store}, {load}"), waits(Relaxed, Relaxed));
    let tries = |take| {
        move || {
            let lock = Tickets::new();
            let add = || {
                let now = lock.serving.load(take);
                let ticket = lock.next.compare_exchange(now, now + 1, Acquire, Relaxed);
                ticket.map(|_| lock.leave(Release)).is_ok()
            };
            thread::scope(|s| {
                s.spawn(add);
                add();
            });
        }
    };
    usually(load, tries(Relaxed));
    explore(tries(Acquire)).expect("it is right");
}

/// Of a release sequence, the write that the load has read from is named: the older ones come before the access.
#[test]
fn lock_whose_release_sequence_begins_before_the_access() {
    let failure = usually("before its swap (row 6): the compare_exchange", || {
        let (slot, state) = (Slot::new(), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                if state.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
                    slot.write();
                    state.swap(0, Release);
                }
            });
            state.swap(1, Acquire);
            state.swap(0, Release);
            if state.compare_exchange(0, 1, Relaxed, Relaxed).is_ok() {
                slot.read();
            }
        });
    });
    marked(&failure, "needs Acquire");
}

/// Both sides order. What lets two in is that it is taken in two steps, and no ordering would help.
#[test]
fn lock_that_is_taken_in_two_steps_is_not_blamed_for_its_orderings() {
    let failure = common::patient().explore(|| {
        let (slot, locked) = (Slot::new(), AtomicBool::new(false));
        let add = || {
            if !locked.load(Acquire) {
                locked.store(true, Relaxed);
                slot.write();
                locked.store(false, Release);
            }
        };
        thread::scope(|s| {
            s.spawn(add);
            if !locked.swap(true, Acquire) {
                slot.write();
                locked.store(false, Release);
            }
        });
    });
    let failure = failure.expect_err("two are inside");
    assert_eq!(failure.kind, Kind::DataRace, "{}", failure.report);
    assert!(!failure.report.contains(" and needs "), "{}", failure.report);
}

/// The data is handed on by a third thread, whose look is the weak one.
#[test]
fn lock_that_a_third_thread_passes_on() {
    usually("thread 2 reads", || {
        let (slot, first, second) = (Slot::new(), AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                first.store(true, Release);
            });
            s.spawn(|| {
                if first.load(Relaxed) {
                    second.store(true, Release);
                }
            });
            if second.load(Acquire) {
                slot.read();
            }
        });
    });
}

/// A waiter looks at a futex's word and at what it waits for, and sleeps because the second look is stale.
#[test]
fn stale_look_before_falling_asleep() {
    let waits = |order| {
        move || {
            let (full, word) = (AtomicUsize::new(0), AtomicU32::new(0));
            thread::scope(|s| {
                s.spawn(|| {
                    full.store(1, Relaxed);
                    word.fetch_add(1, Release);
                    futex::wake_all(&word);
                });
                loop {
                    let seen = word.load(order);
                    if full.load(Relaxed) == 1 {
                        return;
                    }
                    futex::wait(&word, seen);
                }
            });
        }
    };
    usually("the load is Relaxed and needs Acquire", waits(Relaxed));
    explore(waits(Acquire)).expect("it is right");
}

/// Two workers sleep, and two jobs come. The second finds the first still in the queue, and so nobody is notified for it.
#[test]
fn notification_only_if_the_queue_was_empty() {
    let works = |always: bool| {
        move || {
            let (queue, pushed) = (Mutex::new(Vec::new()), Condvar::new());
            // Neither ends before both have a job.
            let (met, meets) = (Mutex::new(0), Condvar::new());
            let work = || {
                let mut jobs = queue.lock();
                while jobs.pop().is_none() {
                    pushed.wait(&mut jobs);
                }
                drop(jobs);
                let mut here = met.lock();
                *here += 1;
                meets.notify_all();
                meets.wait_while(&mut here, |here| *here < 2);
            };
            thread::scope(|s| {
                s.spawn(work);
                s.spawn(work);
                for job in 0..2 {
                    let mut jobs = queue.lock();
                    let was_empty = jobs.is_empty();
                    jobs.push(job);
                    drop(jobs);
                    if always || was_empty {
                        pushed.notify_one();
                    }
                }
            });
        }
    };
    explore(works(true)).expect("it is right");
    let failure = usually("main changes what queue guards (row ", works(false));
    assert!(failure.report.contains("nobody notifies pushed"), "{}", failure.report);
}

/// A lock whose waiter marks the word by a store: an unlock between its look and that is written over.
#[test]
fn mark_put_over_an_unlock() {
    let waits = |swaps: bool| {
        move || {
            let word = AtomicU32::new(0);
            thread::scope(|s| {
                s.spawn(|| {
                    // Takes the lock, or leaves a mark at which it sleeps.
                    if word.swap(1, Acquire) == 0 {
                        return;
                    }
                    if !swaps {
                        word.store(2, Relaxed);
                    } else if word.swap(2, Acquire) == 0 {
                        return;
                    }
                    futex::wait(&word, 2);
                });
                if word.compare_exchange(0, 1, Acquire, Relaxed).is_ok()
                    && word.swap(0, Release) == 2
                {
                    futex::wake_one(&word);
                }
            });
        }
    };
    usually("a change that is written over: main's swap leaves 0 in word", waits(false));
    explore(waits(true)).expect("it is right");
    // The look is a load.
    usually("a change that is written over: main's swap leaves 0 in word", || {
        let word = AtomicU32::new(1);
        thread::scope(|s| {
            s.spawn(|| {
                if word.load(Acquire) == 1 {
                    word.store(2, Relaxed);
                    futex::wait(&word, 2);
                }
            });
            if word.swap(0, Release) == 2 {
                futex::wake_one(&word);
            }
        });
    });
}

/// The word that the notifier changed was read under the lock under which the waiter had looked: it has missed nothing then. The
/// other, which does change what is waited for, wakes nobody.
#[test]
fn notification_of_nothing_before_a_sleep() {
    let failure = explore(|| {
        let (full, word) = (Mutex::new(false), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                word.fetch_add(1, Relaxed);
                futex::wake_all(&word);
                *full.lock() = true;
            });
            let mut guard = full.lock();
            while !*guard {
                let seen = word.load(Relaxed);
                drop(guard);
                futex::wait(&word, seen);
                guard = full.lock();
            }
        });
    });
    let report = failure.expect_err("nobody is woken after the change").report;
    assert!(!report.contains("missed notification"), "{report}");
}

/// The waiter has looked at the newest value, but too early, and sleeps by a word that it read after that: that is what is said.
#[test]
fn fresh_look_before_falling_asleep() {
    usually("it must read the word before it looks whether it has to wait", || {
        let (full, word) = (AtomicUsize::new(0), AtomicU32::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                full.store(1, Relaxed);
                word.fetch_add(1, Release);
                futex::wake_all(&word);
            });
            while full.load(Relaxed) == 0 {
                futex::wait(&word, word.load(Acquire));
            }
        });
    });
}

/// A flag of the test orders nothing, and is not to blame for that: the second store replaces the first.
#[test]
fn flag_of_the_test_that_orders_nothing() {
    silent(Kind::DataRace, || {
        let (slot, open) = (Slot::new(), AtomicBool::new(false));
        let opened = harness::testing::Flag::lowered("opened");
        thread::scope(|s| {
            s.spawn(|| {
                slot.write();
                open.store(true, Release);
                opened.raise();
            });
            s.spawn(|| {
                if opened.is_raised() {
                    open.store(true, Release);
                }
            });
            if open.load(Acquire) {
                slot.read();
            }
        });
    });
}

/// A thread that wakes up for no reason looks at the clock and sleeps again: that its deadline has moved is not for want of a
/// loop.
#[test]
fn deadline_that_begins_anew() {
    use harness::sync::model::time::{Clock, Duration};
    let program = || {
        let (open, opened, clock) = (Mutex::new(false), Condvar::new(), Clock::manual());
        let second = Duration::from_secs(1);
        thread::scope(|s| {
            s.spawn(|| {
                clock.advance(second / 2);
                thread::yield_now();
                clock.advance(second / 2);
            });
            let mut open = open.lock();
            while !*open && !clock.wait_until(&opened, &mut open, clock.now() + second) {}
        });
    };
    let model = common::patient().preemption_bound(0).spurious_wakeups(1);
    silent_of(Kind::Deadlock, model.explore(program));
}

/// A thread that waits under a lock until there are two letters: it counts itself, reads the number by which it sleeps, and
/// unlocks. Whoever leaves a letter rings the bell, and another rings it for no reason.
fn waits_for_two_letters(ring: fn(&AtomicU32, &AtomicU32), counts_itself_out: bool) {
    let letters = Mutex::new(0);
    let (waiters, word) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|s| {
        s.spawn(|| ring(&waiters, &word));
        s.spawn(|| {
            for _ in 0..2 {
                *letters.lock() += 1;
                ring(&waiters, &word);
            }
        });
        let mut guard = letters.lock();
        while *guard < 2 {
            waiters.fetch_add(1, Relaxed);
            let seen = word.load(Relaxed);
            drop(guard);
            futex::wait(&word, seen);
            if counts_itself_out {
                waiters.fetch_sub(1, Relaxed);
            }
            guard = letters.lock();
        }
    });
}

/// A ring takes the sleeper off the count, though it has not slept yet and reads the new number.
#[test]
fn sleeper_that_is_counted_no_more() {
    let failure = usually("a wake that is left out: main sleeps on word", || {
        let ring = |waiters: &AtomicU32, word: &AtomicU32| {
            if waiters.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok() {
                word.fetch_add(1, Relaxed);
                futex::wake_one(word);
            }
        };
        waits_for_two_letters(ring, false);
    });
    assert!(failure.report.contains("There main had said that it sleeps"), "{}", failure.report);
    let ring = |waiters: &AtomicU32, word: &AtomicU32| {
        if waiters.load(Relaxed) != 0 {
            word.fetch_add(1, Relaxed);
            futex::wake_one(word);
        }
    };
    common::patient().explore(move || waits_for_two_letters(ring, true)).expect("it is right");
}

/// A wake is left out as long as one is on its way, and that one has come before the sleep.
#[test]
fn wake_that_came_before_the_sleep_stands_for_the_next() {
    let failure = usually("a wake that is left out: main sleeps on word", || {
        let (letters, pending, word) = (Mutex::new(0), AtomicBool::new(false), AtomicU32::new(0));
        let ring = || {
            if !pending.swap(true, Relaxed) {
                word.fetch_add(1, Relaxed);
                futex::wake_one(&word);
            }
        };
        thread::scope(|s| {
            s.spawn(ring);
            s.spawn(|| {
                *letters.lock() += 1;
                ring();
            });
            let mut guard = letters.lock();
            while *guard == 0 {
                let seen = word.load(Relaxed);
                drop(guard);
                futex::wait(&word, seen);
                pending.store(false, Relaxed);
                guard = letters.lock();
            }
        });
    });
    assert!(failure.report.contains("The wake that this stands for"), "{}", failure.report);
}

/// The bit of one that is awake is not taken away when that one falls asleep again: the next unlock leaves it to it.
#[test]
fn announcement_that_is_not_answered() {
    let program = |is_awake: u32| {
        move || {
            const LOCKED: u32 = 1;
            const AWAKE: u32 = 2;
            const SLEEPER: u32 = 4;
            let (state, permits) = (AtomicU32::new(LOCKED | is_awake), AtomicU32::new(0));
            thread::scope(|s| {
                s.spawn(|| {
                    let mut seen = state.load(Relaxed);
                    while seen & LOCKED != 0 {
                        match state.compare_exchange(seen, seen + SLEEPER, Acquire, Relaxed) {
                            Ok(_) => return futex::wait(&permits, 0),
                            Err(now) => seen = now,
                        }
                    }
                });
                let seen = state.fetch_sub(LOCKED, Release);
                if seen < SLEEPER || seen & AWAKE != 0 {
                    return;
                }
                permits.fetch_add(1, Release);
                futex::wake_one(&permits);
            });
        }
    };
    let failure = usually("a wake that is left out: thread 1 sleeps on permits", program(2));
    marked(&failure, "thread 1 is not woken");
    explore(program(0)).expect("it is right");
}

/// Two of three have come, and the third never does: the second is right to wake nobody.
#[test]
fn one_that_never_comes() {
    silent(Kind::Deadlock, || {
        let (left, done) = (AtomicU32::new(3), AtomicU32::new(0));
        let come = || {
            if left.fetch_sub(1, AcqRel) == 1 {
                done.store(1, Release);
                futex::wake_all(&done);
            }
        };
        thread::scope(|s| {
            s.spawn(come);
            come();
            while done.load(Acquire) == 0 {
                futex::wait(&done, 0);
            }
        });
    });
}

/// It has looked at the flag itself, and too early: that the second to close wakes nobody is right.
#[test]
fn closed_twice() {
    let failure = explore(|| {
        let (closed, word) = (AtomicBool::new(false), AtomicU32::new(0));
        let close = || {
            if !closed.swap(true, AcqRel) {
                word.fetch_add(1, Release);
                futex::wake_all(&word);
            }
        };
        thread::scope(|s| {
            s.spawn(|| {
                close();
                close();
            });
            if !closed.load(Acquire) {
                futex::wait(&word, word.load(Acquire));
            }
        });
    });
    let report = failure.expect_err("it looks too early").report;
    assert!(!report.contains("left out"), "{report}");
}

/// Main waits when the bell is rung for one, and a newcomer, which has seen the new number, is woken in its place.
fn rung_for_one(returns: bool) {
    let (woken, word) = (Mutex::new(false), AtomicU32::new(0));
    let wait = |guard: MutexGuard<'_, bool>| {
        let mut guard = guard;
        if !*guard {
            let seen = word.load(Relaxed);
            drop(guard);
            futex::wait(&word, seen);
            while !returns && word.load(Relaxed) == seen {
                futex::wait(&word, seen);
            }
            guard = woken.lock();
        }
        *guard = true;
        drop(guard);
        word.fetch_add(1, Relaxed);
        futex::wake_all(&word);
    };
    let guard = woken.lock();
    thread::scope(|s| {
        s.spawn(|| wait(woken.lock()));
        s.spawn(|| {
            drop(woken.lock());
            word.fetch_add(1, Relaxed);
            futex::wake_one(&word);
        });
        wait(guard);
    });
}

#[test]
fn woken_newcomer_that_sleeps_again() {
    let model = || common::patient().preemption_bound(1);
    let failure = said_of("a newcomer has the wakeup: ", model().explore(|| rung_for_one(false)));
    assert!(failure.report.contains("must return"), "{}", failure.report);
    model().explore(|| rung_for_one(true)).expect("it is right");
}

/// A door opens: as many are woken as were counted before, and one that comes during the call has the wakeup.
#[test]
fn newcomer_that_was_not_counted() {
    let program = |wakes_all: bool| {
        move || {
            let doors = Mutex::new(0);
            let (waiters, word) = (AtomicU32::new(0), AtomicU32::new(0));
            let pass = |door: u32| {
                let mut guard = doors.lock();
                while *guard < door {
                    waiters.fetch_add(1, Relaxed);
                    let seen = word.load(Relaxed);
                    drop(guard);
                    futex::wait(&word, seen);
                    waiters.fetch_sub(1, Relaxed);
                    guard = doors.lock();
                }
            };
            let open = |door: u32| {
                *doors.lock() = door;
                let count = waiters.load(Relaxed);
                word.fetch_add(1, Relaxed);
                if count == 1 && !wakes_all {
                    futex::wake_one(&word);
                } else {
                    futex::wake_all(&word);
                }
            };
            thread::scope(|s| {
                let first = s.spawn(|| pass(1));
                s.spawn(|| pass(2));
                open(1);
                first.join().unwrap();
                open(2);
            });
        }
    };
    let model = || common::patient().preemption_bound(2);
    let failure = said_of("a newcomer has the wakeup: ", model().explore(program(false)));
    assert!(failure.report.contains("wake all"), "{}", failure.report);
    model().explore(program(true)).expect("it is right");
}

/// Two sorts of sleepers: a ring goes to the first as long as one of them is counted, though it has been woken.
#[test]
fn ring_for_the_wrong_sort() {
    let failure = usually("woken at the wrong place: ", || {
        let letters = Mutex::new(0);
        let counts = [AtomicU32::new(0), AtomicU32::new(0)];
        let (here, there) = (AtomicU32::new(0), AtomicU32::new(0));
        let ring = || {
            if counts[0].load(Relaxed) != 0 {
                here.fetch_add(1, Relaxed);
                futex::wake_one(&here);
            } else if counts[1].load(Relaxed) != 0 {
                there.fetch_add(1, Relaxed);
                futex::wake_one(&there);
            }
        };
        let take = |count: &AtomicU32, word: &AtomicU32| {
            let mut guard = letters.lock();
            while *guard == 0 {
                count.fetch_add(1, Relaxed);
                let seen = word.load(Relaxed);
                drop(guard);
                futex::wait(word, seen);
                count.fetch_sub(1, Relaxed);
                guard = letters.lock();
            }
            *guard -= 1;
        };
        thread::scope(|s| {
            s.spawn(|| take(&counts[0], &here));
            s.spawn(|| take(&counts[1], &there));
            for _ in 0..2 {
                *letters.lock() += 1;
                ring();
            }
        });
    });
    marked(&failure, "thread 2 sleeps elsewhere");
}

/// A writer waits for those that were counted when it came, and one of them has only been refused.
#[test]
fn refused_reader_that_a_writer_waits_for() {
    let program = |departs: bool| {
        move || {
            const READER: u32 = 2;
            let (state, departing) = (AtomicU32::new(0), AtomicU32::new(0));
            let depart = || {
                if departing.fetch_sub(1, AcqRel) == 1 {
                    futex::wake_one(&departing);
                }
            };
            thread::scope(|s| {
                s.spawn(|| {
                    if state.fetch_add(READER, Acquire) != u32::MAX {
                        let seen = state.fetch_sub(READER, Release);
                        if departs && seen & 1 == 1 {
                            depart();
                        }
                    }
                });
                let readers = state.fetch_or(1, Acquire) / READER;
                if readers != 0 {
                    departing.fetch_add(readers, AcqRel);
                    loop {
                        let left = departing.load(Acquire);
                        if left == 0 {
                            break;
                        }
                        futex::wait(&departing, left);
                    }
                }
            });
        }
    };
    let failure = usually("added and taken back: thread 1 changes state", program(false));
    marked(&failure, "what thread 1 takes back");
    explore(program(true)).expect("it is right");
}

/// A turn that is given twice by the same value: the second time the word does not change.
#[test]
fn turn_that_is_always_one() {
    let program = |counts_on: bool| {
        move || {
            let (turn, ready) = (AtomicU32::new(0), AtomicU32::new(0));
            let wait = |word: &AtomicU32, seen: u32| {
                while word.load(Acquire) == seen {
                    futex::wait(word, seen);
                }
            };
            let set = |word: &AtomicU32, value: u32| {
                word.store(value, Release);
                futex::wake_all(word);
            };
            thread::scope(|s| {
                s.spawn(|| {
                    set(&turn, 1);
                    wait(&ready, 0);
                    set(&turn, if counts_on { 2 } else { 1 });
                });
                wait(&turn, 0);
                set(&ready, 1);
                wait(&turn, 1);
            });
        }
    };
    let failure =
        usually("a change that changes nothing: main sleeps as long as turn is 1", program(false));
    marked(&failure, "1 already");
    explore(program(true)).expect("it is right");
}

/// A count is taken down in one step and up in two: what the panic speaks of is another thing, which follows from the count.
#[test]
fn lost_update_of_a_count_that_something_else_goes_by() {
    usually("lost update: ", || {
        let (inside, said) = (AtomicU32::new(0), AtomicU32::new(0));
        let pass = || {
            let before = inside.load(Relaxed);
            inside.store(before + 1, Relaxed);
            inside.fetch_sub(1, Relaxed);
        };
        thread::scope(|s| {
            s.spawn(pass);
            pass();
        });
        if inside.load(Relaxed) != 0 {
            said.fetch_add(1, Relaxed);
        }
        assert_eq!(said.load(Relaxed), 0);
    });
}

/// A worker is woken for a job, and when it looks the queue is closed as well: it goes, and the job is left.
#[test]
fn job_that_is_left_at_the_close() {
    let program = |looks_for_work_first: bool| {
        move || {
            let (queue, changed) = (Mutex::new((0, false)), Condvar::new());
            let (done, ended) = (Mutex::new(false), Condvar::new());
            thread::scope(|s| {
                s.spawn(|| {
                    let mut jobs = queue.lock();
                    while jobs.0 == 0 {
                        changed.wait(&mut jobs);
                        if jobs.1 && (jobs.0 == 0 || !looks_for_work_first) {
                            return;
                        }
                    }
                    jobs.0 -= 1;
                    drop(jobs);
                    *done.lock() = true;
                    ended.notify_one();
                });
                queue.lock().0 += 1;
                changed.notify_one();
                queue.lock().1 = true;
                changed.notify_all();
                ended.wait_while(&mut done.lock(), |done| !*done);
            });
        }
    };
    let failure = usually("what a thread is woken for is left undone: ", program(false));
    marked(&failure, "leaves it to nobody");
    explore(program(true)).expect("it is right");
}

/// The worker is woken because it is over, and goes. That the caller waits for a job that was never submitted is another matter.
#[test]
fn worker_that_goes_because_it_is_over() {
    let failure = explore(|| {
        let (queue, changed) = (Mutex::new((0, false)), Condvar::new());
        let (done, ended) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                let mut jobs = queue.lock();
                while jobs.0 == 0 && !jobs.1 {
                    changed.wait(&mut jobs);
                }
                if jobs.0 != 0 {
                    *done.lock() = true;
                    ended.notify_one();
                }
            });
            queue.lock().1 = true;
            changed.notify_all();
            ended.wait_while(&mut done.lock(), |done| !*done);
        });
    });
    let report = failure.expect_err("there is no job").report;
    assert!(!report.contains("left undone"), "{report}");
}

/// The last of two owners frees the value. `leave` counts one out, and says whether that one is the last.
fn owners(leave: fn(&AtomicUsize) -> bool) {
    let owners = AtomicUsize::new(2);
    let value = std::sync::Mutex::new(Some(harness::leaks::track(7)));
    let leave = || {
        if leave(&owners) {
            drop(value.lock().unwrap().take());
        }
    };
    thread::scope(|s| {
        s.spawn(leave);
        leave();
    });
    std::mem::forget(value.lock().unwrap().take());
}

/// The count is taken down in two steps, or looked at before.
#[test]
fn owner_that_is_not_counted_out() {
    usually("lost update: ", || {
        owners(|owners| {
            let before = owners.load(Acquire);
            owners.store(before - 1, Release);
            before == 1
        });
    });
    usually("check-then-act: ", || {
        owners(|owners| {
            if owners.load(Acquire) != 1 {
                owners.fetch_sub(1, AcqRel);
                return false;
            }
            true
        });
    });
    explore(|| owners(|owners| owners.fetch_sub(1, AcqRel) == 1)).expect("it is right");
}

/// A queue of two slots, whose tail is published without Release: a thief, which may have looked before, finds old values in both.
#[test]
fn publication_that_is_relaxed_and_a_panic() {
    let program = |order: Ordering| {
        move || {
            let (slots, tail) = ([AtomicU32::new(9), AtomicU32::new(9)], AtomicUsize::new(0));
            let names = ["zero", "one"];
            thread::scope(|s| {
                s.spawn(|| {
                    slots[0].store(0, Relaxed);
                    slots[1].store(1, Relaxed);
                    tail.store(2, order);
                });
                if tail.load(Acquire) == 2 || tail.load(Acquire) == 2 {
                    let taken = slots.each_ref().map(|slot| slot.load(Relaxed));
                    let sum: u32 = taken.iter().sum();
                    assert_eq!(names.get(sum as usize), Some(&"one"));
                }
            });
        }
    };
    let failure = usually("the store is Relaxed and needs Release", program(Relaxed));
    marked(&failure, "needs Release");
    explore(program(Release)).expect("it is right");
}

/// A child is counted, gets no thread, and stays counted: in an atomic, and under a lock. One that is counted down again, or
/// only afterwards, is not what main waits for.
#[test]
fn thread_that_is_counted_and_refused() {
    let said = "a thread that is counted and does not exist: main counts it in left";
    let refuses = || thread::refuse_only(0, || thread::Builder::new().spawn(|| {}).is_err());
    let by_futex = move |takes_back: bool, wakes: bool| {
        move || {
            let left = Arc::new(AtomicU32::new(0));
            left.fetch_add(1, Relaxed);
            if refuses() && takes_back {
                left.fetch_sub(1, Relaxed);
            }
            left.fetch_add(1, Relaxed);
            let child = Arc::clone(&left);
            let _ = thread::spawn(move || {
                if child.fetch_sub(1, Release) == 1 && wakes {
                    futex::wake_all(&child);
                }
            });
            loop {
                match left.load(Acquire) {
                    0 => break,
                    some => futex::wait(&left, some),
                }
            }
        }
    };
    usually(said, by_futex(false, true));
    explore(by_futex(true, true)).expect("it is right");
    usually("a change that nobody is told of", by_futex(true, false));
    usually(said, move || {
        let (left, zero) = (Mutex::new(0), Condvar::new());
        *left.lock() += 1;
        assert!(refuses());
        let mut left = left.lock();
        while *left > 0 {
            zero.wait(&mut left);
        }
    });
}
