//! Every way in which a model can fail ends in a failure of the right kind, with a report, in a process that
//! lives on.

mod common;

use common::relative_lines;
use harness::page::{Page, Paint};
use harness::protocol::Kind;
use harness::sync::model::{
    Arc, Condvar, Mutex, MutexGuard, RwLock,
    atomic::{AtomicBool, AtomicUsize, Ordering, Ordering::*},
    cell::UnsafeCell,
    thread,
    time::{Clock, Duration},
};
use harness::testing::payload_of;
use harness::text::columns;
use harness::{Failure, explore, leaks};
use std::panic::resume_unwind;

/// Requires the kind, and pins what a person reads: see `snapshots/`. Lines are counted from the test's first,
/// so that a change above it changes nothing.
#[track_caller]
fn fails(kind: Kind, program: impl Fn() + Send + Sync + 'static) -> Failure {
    let first_line = std::panic::Location::caller().line();
    let failure = common::patient().explore(program).expect_err("the model must fail");
    assert_eq!(failure.kind, kind, "{}", failure.report);
    let test = std::thread::current().name().map(str::to_owned);
    let test = test.expect("libtest names the thread after the test");
    insta::assert_snapshot!(
        test,
        relative_lines(&in_every_form(&failure), "failures.rs", first_line)
    );
    failure
}

/// The report on pages of several widths, in colour, and in ASCII. No line may be wider than its page.
fn in_every_form(failure: &Failure) -> String {
    let (mut colour, mut ascii) = (Page::new(80), Page::new(60));
    colour.paint = Paint::Terminal;
    ascii.unicode = false;
    let forms = [
        ("80 columns", Page::new(80)),
        ("100 columns", Page::new(100)),
        ("140 columns", Page::new(140)),
        ("44 columns", Page::new(44)),
        ("60 columns, ASCII", ascii),
        ("80 columns, colours of a terminal", colour),
    ];
    let mut text = String::new();
    for (title, page) in forms {
        let report = failure.render(&page);
        if page.paint == Paint::None {
            for line in report.lines() {
                assert!(columns(line) <= page.width, "too wide for {title}: {line}");
            }
        }
        assert!(page.unicode || report.is_ascii(), "not ASCII: {report}");
        text += &format!("[ {title} ]\n\n{}\n\n", report.trim_end().replace('\u{1b}', "␛"));
    }
    text
}

#[test]
fn lost_update() {
    let failure = fails(Kind::Panic, || {
        let n = AtomicUsize::new(0);
        let increment = || n.store(n.load(Acquire) + 1, Release);
        thread::scope(|s| {
            s.spawn(increment);
            increment();
        });
        assert_eq!(n.load(Acquire), 2, "two increments");
    });
    assert!(failure.message.contains("two increments"));
}

#[test]
fn missed_notify() {
    fails(Kind::Deadlock, || {
        let open = Mutex::new(false);
        let opened = Condvar::new();
        thread::scope(|s| {
            s.spawn(|| {
                *open.lock() = true;
                opened.notify_one();
            });
            let is_open = *open.lock();
            if !is_open {
                opened.wait(&mut open.lock());
            }
        });
    });
}

/// What the holder of a lock says takes the place of what is seen of its data; a lock that is given back at once is one row.
#[test]
fn what_is_said_under_a_lock() {
    fails(Kind::Deadlock, || {
        let list = Mutex::new(());
        thread::scope(|s| {
            s.spawn(|| MutexGuard::says(&mut list.lock(), "finds nobody"));
            let mut guard = list.lock();
            MutexGuard::says(&mut guard, "one waits");
            thread::yield_now();
            MutexGuard::says(&mut guard, "another waits");
            drop(guard);
            thread::park();
        });
    });
}

#[test]
fn one_notification_for_two_sleepers() {
    let failure = fails(Kind::Deadlock, || {
        let (open, opened) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| opened.wait_while(&mut open.lock(), |open| !*open));
            }
            *open.lock() = true;
            opened.notify_one();
        });
    });
    assert!(failure.report.contains("Usually: one notification, several sleepers"));
}

/// The diagnoses keep silent where none of them fits: nobody notified anybody.
#[test]
fn nobody_notifies() {
    let failure = fails(Kind::Deadlock, || {
        let (open, opened) = (Mutex::new(false), Condvar::new());
        opened.wait_while(&mut open.lock(), |open| !*open);
    });
    assert!(!failure.report.contains("Usually"), "{}", failure.report);
}

/// The sleeper was woken and slept again, because what it waits for never came: no notification is missing.
#[test]
fn notified_of_something_else() {
    let failure = fails(Kind::Deadlock, || {
        let (open, opened) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            let mut guard = open.lock();
            s.spawn(|| {
                drop(open.lock());
                opened.notify_all();
            });
            while !*guard {
                opened.wait(&mut guard);
            }
        });
    });
    assert!(!failure.report.contains("Usually"), "{}", failure.report);
}

/// It was woken, came too late to see what it waits for, and slept again: the fault is in what it looks for.
#[test]
fn woken_and_asleep_again() {
    let failure = fails(Kind::Deadlock, || {
        let (round, changed) = (Mutex::new(0), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                for _ in 0..2 {
                    *round.lock() += 1;
                    changed.notify_all();
                }
            });
            changed.wait_while(&mut round.lock(), |round| *round != 1);
        });
    });
    assert!(failure.report.contains("wakes up"), "{}", failure.report);
    assert!(!failure.report.contains("Usually"), "{}", failure.report);
}

/// The only notification was its own, before it looked: the other thread forgot to notify.
#[test]
fn notified_nobody_itself() {
    let failure = fails(Kind::Deadlock, || {
        let (open, opened) = (Mutex::new(true), Condvar::new());
        *open.lock() = false;
        opened.notify_all();
        thread::scope(|s| {
            s.spawn(|| *open.lock() = true);
            opened.wait_while(&mut open.lock(), |open| !*open);
        });
    });
    assert!(failure.report.contains("Usually: a change that"), "{}", failure.report);
}

#[test]
fn relaxed_flag() {
    fails(Kind::DataRace, || {
        struct Slot(UnsafeCell<u64>, AtomicBool);
        // SAFETY: deliberately none; that is what the model finds.
        unsafe impl Sync for Slot {}
        let slot = Slot(UnsafeCell::new(0), AtomicBool::new(false));
        let slot = &slot;
        thread::scope(|s| {
            s.spawn(move || {
                // SAFETY: see above.
                slot.0.with_mut(|p| unsafe { *p = 42 });
                slot.1.store(true, Relaxed);
            });
            if slot.1.load(Acquire) {
                // SAFETY: see above.
                assert_eq!(slot.0.with(|p| unsafe { *p }), 42);
            }
        });
    });
}

#[test]
fn cell_reached_by_a_thread_that_nothing_orders_after_its_making() {
    use harness::sync::model::atomic::AtomicPtr;
    let failure = fails(Kind::DataRace, || {
        struct Place(AtomicPtr<UnsafeCell<u8>>);
        let place = Place(AtomicPtr::default());
        thread::scope(|s| {
            s.spawn(|| {
                let cell = place.0.load(Relaxed);
                if !cell.is_null() {
                    // SAFETY: main frees the cell after the scope; that it may not be read yet is the point.
                    unsafe { &*cell }.with(|_| {});
                }
            });
            let cell = Box::into_raw(Box::new(UnsafeCell::new(1)));
            place.0.store(cell, Relaxed);
        });
        // SAFETY: the cell came from a box and no thread is left that knows it.
        drop(unsafe { Box::from_raw(place.0.into_inner()) });
    });
    assert!(failure.message.contains("main makes it"), "{}", failure.message);
}

#[test]
fn forgotten_arc() {
    let failure = fails(Kind::Leak, || {
        let a = Arc::new(Mutex::new(0));
        let b = a.clone();
        let t = thread::spawn(move || std::mem::forget(b));
        t.join().unwrap();
    });
    assert!(failure.message.contains("failures.rs:"), "{}", failure.message);
}

#[test]
fn value_never_dropped() {
    let failure = fails(Kind::Leak, || {
        std::mem::forget(leaks::track(7));
    });
    assert!(failure.message.contains("never dropped"));
}

#[test]
fn handle_of_a_thread_never_dropped() {
    let failure = fails(Kind::Leak, || {
        let sleeper = thread::spawn(|| thread::park());
        std::mem::forget(sleeper.thread().clone());
        sleeper.thread().unpark();
        sleeper.join().unwrap();
    });
    let accusation = "a `Thread` of thread 1 was never dropped";
    assert!(failure.message.contains(accusation), "{}", failure.message);
}

#[test]
fn abba_with_arcs_in_scope() {
    fails(Kind::Deadlock, || {
        let a = Arc::new(Mutex::new(1));
        let b = Arc::new(Mutex::new(2));
        let (a2, b2) = (a.clone(), b.clone());
        let t = thread::spawn(move || {
            let mut y = b2.lock();
            *y += *a2.lock();
        });
        {
            let mut x = a.lock();
            *x += *b.lock();
        }
        t.join().unwrap();
    });
}

#[test]
fn stale_load() {
    fails(Kind::Panic, || {
        let (data, flag) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                data.store(1, Relaxed);
                flag.store(1, Relaxed);
            });
            if flag.load(Relaxed) == 1 {
                assert_eq!(data.load(Relaxed), 1);
            }
        });
    });
}

#[test]
fn panic_in_a_spawned_thread() {
    let failure = fails(Kind::Panic, || {
        let m = Arc::new(Mutex::new(0));
        let m2 = m.clone();
        let t = thread::spawn(move || {
            let _guard = m2.lock();
            panic!("in the spawned thread");
        });
        drop(m.lock());
        t.join().unwrap();
    });
    assert!(failure.message.contains("in the spawned thread"), "{}", failure.message);
}

#[test]
fn panic_in_a_scoped_thread() {
    let failure = fails(Kind::Panic, || {
        thread::scope(|s| {
            s.spawn(|| panic!("in the scoped thread"));
        });
    });
    assert!(failure.message.contains("in the scoped thread"), "{}", failure.message);
}

#[test]
fn panic_in_a_detached_thread() {
    let failure = fails(Kind::Panic, || {
        drop(thread::spawn(|| panic!("in the detached thread")));
    });
    assert!(failure.message.contains("in the detached thread"), "{}", failure.message);
}

#[test]
fn panic_before_the_deadlock_it_causes() {
    let failure = fails(Kind::Panic, || {
        let go = Arc::new((Mutex::new(false), Condvar::new()));
        let go2 = go.clone();
        let t = thread::spawn(move || {
            assert!(*go2.0.lock(), "the cause");
            go2.1.notify_one();
        });
        let mut guard = go.0.lock();
        while !*guard {
            go.1.wait(&mut guard);
        }
        drop(guard);
        t.join().unwrap();
    });
    assert!(failure.message.contains("the cause"), "{}", failure.message);
}

/// Locks when dropped.
struct LocksOnDrop(Arc<Mutex<u32>>);

impl Drop for LocksOnDrop {
    fn drop(&mut self) {
        *self.0.lock() += 1;
    }
}

#[test]
fn panic_in_a_scope_whose_threads_wait_for_the_body() {
    let failure = fails(Kind::Panic, || {
        let (lock, told) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| told.wait(&mut lock.lock()));
            let told_yet = *lock.lock();
            assert!(told_yet, "it should not sleep");
            told.notify_one();
        });
    });
    assert!(failure.report.contains("Panic: it should not sleep"), "{}", failure.report);
}

#[test]
fn destructor_that_locks_while_the_model_dies() {
    fails(Kind::Deadlock, || {
        let m = Arc::new(Mutex::new(0));
        let _locks = LocksOnDrop(m.clone());
        let _first = m.lock();
        let _second = m.lock();
    });
}

#[test]
fn destructor_that_locks_while_a_panic_unwinds() {
    fails(Kind::Panic, || {
        let m = Arc::new(Mutex::new(0));
        let _locks = LocksOnDrop(m.clone());
        let _first = m.lock();
        panic!("unwinds");
    });
}

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("the destructor panics too");
    }
}

/// The one failure that a test cannot survive: Rust aborts a process whose destructor panics while a panic
/// unwinds. The report comes first, and an exit code in place of the signal; so the test looks from outside.
#[test]
fn destructor_that_panics_while_a_panic_unwinds() {
    const CHILD: &str = "HARNESS_TEST_DOUBLE_PANIC";
    if std::env::var_os(CHILD).is_some() {
        harness::model(|| {
            let _panics = PanicsOnDrop;
            panic!("the first panic");
        });
        unreachable!("the process has ended");
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "destructor_that_panics_while_a_panic_unwinds"])
        .arg("--nocapture")
        .env(CHILD, "1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{stderr}");
    assert!(stderr.contains("fails: panic") && stderr.contains("the first panic"), "{stderr}");
    assert!(stderr.contains("the destructor panics too"), "{stderr}");
}

#[test]
fn panic_before_a_spawned_thread_ran() {
    fails(Kind::Panic, || {
        let a = Arc::new(AtomicUsize::new(0));
        let a2 = a.clone();
        let _t = thread::spawn(move || a2.store(1, SeqCst));
        panic!("main panics before the spawned thread ever ran");
    });
}

#[test]
fn spin_without_yield() {
    fails(Kind::TooManySteps, || {
        let a = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| a.store(true, Release));
            while !a.load(Acquire) {}
        });
    });
}

#[test]
fn panic_inside_a_cell_access() {
    fails(Kind::Panic, || {
        UnsafeCell::new(0_u32).with_mut(|_| panic!("inside"));
    });
}

#[test]
fn read_lock_upgraded() {
    fails(Kind::Deadlock, || {
        let lock = RwLock::new(1);
        thread::scope(|s| {
            s.spawn(|| drop(lock.read()));
            let _read = lock.read();
            let _write = lock.write();
        });
    });
}

#[test]
fn read_lock_taken_twice_with_a_writer_between() {
    fails(Kind::Deadlock, || {
        let lock = RwLock::new(1);
        thread::scope(|s| {
            s.spawn(|| *lock.write() += 1);
            let _first = lock.read();
            let _second = lock.read();
        });
    });
}

#[test]
fn sixth_thread() {
    let failure = fails(Kind::SetUp, || {
        let all: Vec<_> = (0..5).map(|_| thread::spawn(|| {})).collect();
        for t in all {
            t.join().unwrap();
        }
    });
    assert!(failure.message.contains("5 threads"), "{}", failure.message);
}

#[inline(never)]
fn deep(n: usize) -> usize {
    let block = [n as u8; 512];
    if n == 0 { 0 } else { deep(n - 1) + usize::from(std::hint::black_box(block)[3]) }
}

#[test]
fn stack_overflow_in_main() {
    fails(Kind::SetUp, || {
        deep(200);
    });
}

#[test]
fn stack_overflow_in_a_thread_while_others_wait() {
    fails(Kind::SetUp, || {
        thread::scope(|s| {
            s.spawn(|| deep(200));
        });
    });
}

#[test]
fn park_without_unpark() {
    fails(Kind::Deadlock, || {
        thread::scope(|s| {
            s.spawn(thread::park);
        });
    });
}

#[test]
fn loop_that_never_touches_the_facade() {
    let failure = fails(Kind::Stuck, || {
        let a = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| a.store(true, Release));
            a.load(Acquire);
            while std::hint::black_box(true) {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
    });
    assert!(failure.message.contains("main runs without"), "{}", failure.message);
}

#[test]
fn lock_of_std_that_blocks_the_model() {
    fails(Kind::Stuck, || {
        let m = std::sync::Mutex::new(());
        let a = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| {
                let _guard = m.lock();
                a.store(true, Release);
            });
            let _guard = m.lock();
            a.load(Acquire);
        });
    });
}

#[test]
fn different_on_every_run() {
    use std::sync::atomic::AtomicUsize as Outside;
    let runs = Outside::new(0);
    fails(Kind::SetUp, move || {
        let run = runs.fetch_add(1, Relaxed);
        let a = AtomicUsize::new(0);
        thread::scope(|s| {
            s.spawn(|| a.store(1, Relaxed));
            if run.is_multiple_of(2) {
                a.load(Relaxed);
            } else {
                let m = Mutex::new(());
                drop(m.lock());
                a.swap(1, Relaxed);
            }
        });
    });
}

#[test]
fn object_kept_from_an_earlier_interleaving() {
    let kept = std::sync::Arc::new(std::sync::OnceLock::new());
    fails(Kind::SetUp, move || {
        let a: &AtomicUsize = kept.get_or_init(|| AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| a.store(1, Relaxed));
            a.load(Relaxed);
        });
    });
}

#[test]
#[should_panic(expected = "this type belongs to the model")]
fn made_outside_a_model() {
    let _ = Mutex::new(0);
}

/// The store and the notification fall between the waiter's look and its sleep: the notifier never takes the lock.
#[test]
fn notification_without_the_lock() {
    fails(Kind::Deadlock, || {
        let (ready, lock, changed) = (AtomicBool::new(false), Mutex::new(()), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                ready.store(true, SeqCst);
                changed.notify_one();
            });
            let mut guard = lock.lock();
            while !ready.load(SeqCst) {
                changed.wait(&mut guard);
            }
        });
    });
}

/// The reference is forgotten in one order of the two additions only.
#[test]
fn arc_forgotten_in_one_interleaving() {
    fails(Kind::Leak, || {
        let a = Arc::new(Mutex::new(0));
        let b = a.clone();
        let t = thread::spawn(move || {
            *b.lock() += 1;
            if *b.lock() == 2 {
                std::mem::forget(b);
            }
        });
        *a.lock() += 1;
        t.join().unwrap();
    });
}

/// Counts down when dropped.
struct CountsDownOnDrop(Arc<AtomicUsize>);

impl Drop for CountsDownOnDrop {
    fn drop(&mut self) {
        self.0.fetch_sub(1, AcqRel);
    }
}

#[test]
fn destructor_with_an_atomic_while_the_model_dies() {
    fails(Kind::Deadlock, || {
        let n = Arc::new(AtomicUsize::new(2));
        let m = Mutex::new(0);
        let _counts = CountsDownOnDrop(n.clone());
        let _first = m.lock();
        let _second = m.lock();
    });
}

#[test]
fn panic_that_the_program_catches_with_a_lock_held() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let passed = explore(|| {
        let m = Arc::new(Mutex::new(0));
        let m2 = m.clone();
        let t = thread::spawn(move || {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let _guard = m2.lock();
                panic!("caught by the program");
            }));
            assert!(caught.is_err());
        });
        t.join().unwrap();
        drop(m.lock());
    });
    assert!(passed.is_ok(), "{}", passed.unwrap_err().report);
}

#[test]
fn panic_while_another_thread_holds_a_lock() {
    fails(Kind::Panic, || {
        let m = Arc::new(Mutex::new(0));
        let flag = Arc::new(AtomicBool::new(false));
        let (m2, flag2) = (m.clone(), flag.clone());
        let t = thread::spawn(move || {
            assert!(!flag2.load(SeqCst), "main holds the lock");
            drop(m2.lock());
        });
        let guard = m.lock();
        flag.store(true, SeqCst);
        drop(guard);
        t.join().unwrap();
    });
}

#[test]
fn three_locks_in_a_ring() {
    fails(Kind::Deadlock, || {
        let (a, b, c) = (Mutex::new(1), Mutex::new(2), Mutex::new(3));
        let both = |first: &Mutex<i32>, second: &Mutex<i32>| {
            let mut x = first.lock();
            *x += *second.lock();
        };
        thread::scope(|s| {
            s.spawn(|| both(&a, &b));
            s.spawn(|| both(&b, &c));
            both(&c, &a);
        });
    });
}

#[test]
fn time_that_does_not_come() {
    fails(Kind::Deadlock, || {
        let (clock, open, opened) = (Clock::manual(), Mutex::new(false), Condvar::new());
        let second = Duration::from_secs(1);
        let deadline = clock.now() + second;
        thread::scope(|s| {
            s.spawn(|| clock.advance(second / 2));
            let mut open = open.lock();
            while !*open && !clock.wait_until(&opened, &mut open, deadline) {}
        });
    });
}

/// A child is counted although its thread is refused: the row says so.
#[test]
fn a_refused_thread_is_a_row() {
    fails(Kind::Deadlock, || {
        let (running, zero) = (Mutex::named("running", 1), Condvar::named("zero"));
        let refused = thread::refuse_after(0, || thread::Builder::new().spawn(|| {}).is_err());
        assert!(refused);
        let mut running = running.lock();
        while *running > 0 {
            zero.wait(&mut running);
        }
    });
}

/// A pointer that goes to another thread.
struct Shared<T>(*const T);

// SAFETY: deliberately none: nothing keeps what it points to alive, which is what the model finds.
unsafe impl<T> Send for Shared<T> {}

impl<T> Shared<T> {
    fn to(object: &T) -> Self {
        Self(object)
    }

    /// The object, alive or not.
    fn get(&self) -> &T {
        // SAFETY: see above.
        unsafe { &*self.0 }
    }
}

/// The owner waits for a flag that the other thread raises while it still holds the lock.
#[test]
fn lock_unlocked_after_its_owner_freed_it() {
    let failure = fails(Kind::UseAfterDrop, || {
        let count = Box::new(Mutex::new(0));
        let finished = Arc::new(AtomicBool::new(false));
        let (count2, finished2) = (Shared::to(&*count), finished.clone());
        let t = thread::spawn(move || {
            let mut count = count2.get().lock();
            *count += 1;
            finished2.store(true, Release);
        });
        while !finished.load(Acquire) {
            thread::yield_now();
        }
        drop(count);
        t.join().unwrap();
    });
    assert!(failure.message.contains("count.unlock"), "{}", failure.message);
}

#[test]
fn atomic_stored_to_after_drop() {
    fails(Kind::UseAfterDrop, || {
        let done = AtomicBool::new(false);
        let shared = Shared::to(&done);
        let t = thread::spawn(move || shared.get().store(true, Release));
        drop(done);
        t.join().unwrap();
    });
}

/// As soon as the count is zero the sleeper goes on, and the condition variable on its stack is gone.
#[test]
fn condition_variable_notified_after_its_frame_is_gone() {
    fn wait_for_child() -> thread::JoinHandle<()> {
        let (running, ended) = (Mutex::new(1), Condvar::new());
        let (running2, ended2) = (Shared::to(&running), Shared::to(&ended));
        let child = thread::spawn(move || {
            *running2.get().lock() -= 1;
            ended2.get().notify_one();
        });
        ended.wait_while(&mut running.lock(), |running| *running > 0);
        child
    }
    fails(Kind::UseAfterDrop, || wait_for_child().join().unwrap());
}

/// The handle lies on the stack of the thread that it unparks, which goes on as soon as the count is zero. A clone of it that is
/// made before is the child's own.
#[test]
fn thread_unparked_through_a_handle_that_is_gone() {
    fn wait_for_child(clones: bool) -> thread::JoinHandle<()> {
        let (running, owner) = (AtomicUsize::new(1), thread::current());
        let (running2, owner2) = (Shared::to(&running), Shared::to(&owner));
        let child = thread::spawn(move || {
            let mine = clones.then(|| owner2.get().clone());
            running2.get().fetch_sub(1, SeqCst);
            mine.as_ref().unwrap_or_else(|| owner2.get()).unpark();
        });
        while running.load(SeqCst) > 0 {
            thread::park();
        }
        child
    }
    let passed = common::patient().explore(|| wait_for_child(true).join().unwrap());
    assert!(passed.is_ok(), "{}", passed.unwrap_err().report);
    fails(Kind::UseAfterDrop, || wait_for_child(false).join().unwrap());
}

/// The panic is caught, and goes on when the child has said that it has ended: the panic is as it should be, and what it
/// drops on its way is used by the child.
#[test]
fn condition_variable_notified_after_a_resumed_panic_dropped_it() {
    fn wait_and_resume() {
        let (running, ended) = (Mutex::new(1), Condvar::new());
        let (running2, ended2) = (Shared::to(&running), Shared::to(&ended));
        thread::spawn(move || {
            *running2.get().lock() -= 1;
            ended2.get().notify_one();
        });
        let caught = payload_of(|| panic!("for the caller"));
        ended.wait_while(&mut running.lock(), |running| *running > 0);
        resume_unwind(caught.unwrap());
    }
    fails(Kind::UseAfterDrop, || {
        let looked_at = AtomicBool::new(false);
        assert!(payload_of(wait_and_resume).is_some());
        looked_at.store(true, Release);
    });
}

/// A place for an object, and for what comes there after it.
union Place<T> {
    object: std::mem::ManuallyDrop<T>,
    bytes: [u8; 512],
}

/// Drops what `make` makes, overwrites its memory with `byte`, and uses it.
#[track_caller]
fn used_in_memory_overwritten_with<T: 'static>(byte: u8, make: fn() -> T, operation: fn(&T)) {
    let failure = explore(move || {
        let mut place = Box::new(Place { object: std::mem::ManuallyDrop::new(make()) });
        // SAFETY: the object is there, and dropped once. That it is used afterwards is the point.
        unsafe {
            std::mem::ManuallyDrop::drop(&mut place.object);
            place.bytes = [byte; 512];
            operation(&place.object);
        }
    })
    .expect_err("the object is gone");
    assert_eq!(failure.kind, Kind::UseAfterDrop, "{}", failure.report);
    assert!(failure.message.contains("main drops it"), "{}", failure.message);
}

#[test]
fn use_after_drop_is_found_in_memory_that_was_used_again() {
    for byte in [0, 1, 0xff] {
        used_in_memory_overwritten_with(byte, || Mutex::new(7), |lock| *lock.lock() += 1);
        used_in_memory_overwritten_with(byte, || Mutex::new(7), |lock| drop(lock.try_lock()));
        used_in_memory_overwritten_with(byte, || RwLock::new(7), |lock| drop(lock.read()));
        used_in_memory_overwritten_with(byte, || RwLock::new(7), |lock| drop(lock.try_write()));
        used_in_memory_overwritten_with(byte, Condvar::new, |condvar| {
            condvar.notify_all();
        });
        used_in_memory_overwritten_with(byte, || UnsafeCell::new(7), |cell| cell.with(|_| ()));
        used_in_memory_overwritten_with(byte, || AtomicUsize::new(7), |n| n.store(8, SeqCst));
        used_in_memory_overwritten_with(
            byte,
            || AtomicUsize::new(7),
            |n| {
                n.fetch_add(1, SeqCst);
            },
        );
        used_in_memory_overwritten_with(
            byte,
            || AtomicBool::new(true),
            |flag| {
                flag.load(SeqCst);
            },
        );
    }
}

/// What moves lives on, and so does what is put where something else was dropped.
#[test]
fn what_moves_or_is_replaced_is_not_dropped() {
    let passed = explore(|| {
        let mut places = vec![AtomicUsize::new(1), AtomicUsize::new(2)];
        places.swap(0, 1);
        places[0] = AtomicUsize::new(3);
        places.reserve(100);
        let last = places.pop().expect("there are two");
        assert_eq!((places[0].load(SeqCst), last.load(SeqCst)), (3, 1));
        let mut boxed = Box::new(Mutex::new(last));
        boxed.get_mut().store(4, SeqCst);
        let moved = *boxed;
        assert_eq!(moved.lock().load(SeqCst), 4);
        assert_eq!(moved.into_inner().into_inner(), 4);
    });
    assert!(passed.is_ok(), "{}", passed.unwrap_err().report);
}

/// The store that hands the memory over is the last access, and takes effect before the other thread frees it.
#[test]
fn memory_freed_right_after_the_last_operation_on_it() {
    let passed = explore(|| {
        let done = Box::new(AtomicBool::new(false));
        let shared = Shared::to(&*done);
        let t = thread::spawn(move || shared.get().store(true, Release));
        while !done.load(Acquire) {
            thread::yield_now();
        }
        drop(done);
        t.join().unwrap();
    });
    assert!(passed.is_ok(), "{}", passed.unwrap_err().report);
}

/// The notifier holds the lock, so that the sleeper goes on, and the condition variable ends, only afterwards.
#[test]
fn condition_variable_dropped_by_the_woken_thread() {
    let passed = common::patient().spurious_wakeups(1).explore(|| {
        let both = Box::new((Mutex::new(1), Condvar::new()));
        let shared = Shared::to(&*both);
        let t = thread::spawn(move || {
            let (running, ended) = shared.get();
            let mut running = running.lock();
            *running -= 1;
            ended.notify_one();
        });
        let (running, ended) = &*both;
        ended.wait_while(&mut running.lock(), |running| *running > 0);
        drop(both);
        t.join().unwrap();
    });
    assert!(passed.is_ok(), "{}", passed.unwrap_err().report);
}

/// What a lock's rows say about the data behind it.
#[test]
fn what_became_of_the_data_behind_a_lock() {
    let failure = fails(Kind::Panic, || {
        let (count, slot, words) = (Mutex::new(1), RwLock::new(None), Mutex::new(Vec::new()));
        *count.lock() -= 1;
        assert_eq!(*count.lock(), 0);
        *slot.write() = Some('x');
        assert!(slot.read().is_some());
        words.lock().push("word");
        assert_eq!(words.lock().len(), 1);
        panic!("the end");
    });
    let report = failure.render(&Page::new(200));
    for row in [
        "count.lock, unlock: 1 becomes 0",
        "count.lock, unlock: 0",
        "slot.write, unlock write: None becomes",
        "Some('x')",
        "words.lock, unlock (&mut)",
    ] {
        assert!(report.contains(row), "{row}: {report}");
    }
}

/// What main does before another thread runs, on what no other thread uses, is one row.
#[test]
fn what_nothing_depends_on_is_one_row() {
    let failure = fails(Kind::Panic, || {
        let (own, shared) = (AtomicUsize::new(0), AtomicUsize::new(0));
        own.store(1, Relaxed);
        own.fetch_add(1, Relaxed);
        shared.store(1, Relaxed);
        own.fetch_add(1, Relaxed);
        thread::scope(|s| {
            s.spawn(|| shared.fetch_add(1, Relaxed));
            own.fetch_add(1, Relaxed);
        });
        assert_eq!(shared.load(Relaxed), 1);
    });
    let report = failure.render(&Page::new(200));
    let row = "… 2 rows that no other thread depends on";
    assert!(report.contains(row), "{report}");
}

/// A look and the exchange that goes by it are one row, a read and the write of what was read too. Rows in which a thread
/// only lets others run are left out, unless nothing ends.
#[test]
fn what_a_thread_does_in_one_go_is_one_row() {
    let rows = |explored: Result<harness::Explored, Failure>| {
        let failure = explored.expect_err("the model must fail");
        failure.render(&Page::new(200))
    };
    let report = rows(common::patient().explore(|| {
        let (n, slot) = (AtomicUsize::new(0), UnsafeCell::new(0));
        thread::scope(|s| {
            s.spawn(|| n.fetch_add(1, Relaxed));
            thread::yield_now();
            let old = n.load(Relaxed);
            let _ = n.compare_exchange(old, old + 5, Acquire, Relaxed);
            // SAFETY: only main comes here.
            (slot.with(|p| unsafe { p.read() }), slot.with_mut(|_| {})).0
        });
        assert_ne!(n.load(Relaxed), 6);
    }));
    for row in [" n.load(Relaxed), compare_exchange(Acquire): ", " slot.read, write "] {
        assert!(report.contains(row), "{row}: {report}");
    }
    assert!(!report.contains("yield") && !report.contains("join thread 1 …"), "{report}");

    // Another thread comes between the look and the exchange.
    let report = rows(common::patient().explore(|| {
        let n = AtomicUsize::new(0);
        thread::scope(|s| {
            s.spawn(|| n.fetch_add(1, Relaxed));
            let old = n.load(Relaxed);
            assert!(n.compare_exchange(old, 5, Relaxed, Relaxed).is_ok());
        });
    }));
    assert!(report.contains(" n.load(Relaxed) = 0 "), "{report}");

    let report = rows(explore(|| {
        let n = AtomicUsize::new(0);
        while n.load(Relaxed) == 0 {
            thread::yield_now();
        }
    }));
    assert!(report.contains("yield"), "{report}");
}

/// The last reference drops what all have used, whichever thread has it.
#[test]
fn what_an_arc_held_is_dropped_behind_all_uses() {
    let passed = explore(|| {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let theirs = shared.clone();
        let t = thread::spawn(move || {
            *theirs.0.lock() += 1;
            theirs.1.notify_one();
        });
        *shared.0.lock() += 1;
        drop(shared);
        t.join().unwrap();
    });
    assert!(passed.is_ok(), "{}", passed.unwrap_err().report);
}

/// What two threads own, and the last of them frees: a reference count by hand.
struct Half<T> {
    left: Shared<AtomicUsize>,
    owned: *mut (AtomicUsize, T),
    order: Ordering,
}

// SAFETY: whether the last owner comes after the other is what the tests are about; the model ends them if not.
unsafe impl<T> Send for Half<T> {}

impl<T> Half<T> {
    fn pair(order: Ordering, value: T) -> (Self, Self) {
        let owned = Box::into_raw(Box::new((AtomicUsize::new(2), value)));
        let half = || Self {
            // SAFETY: it was made in the line above.
            left: Shared::to(unsafe { &(*owned).0 }),
            owned,
            order,
        };
        (half(), half())
    }

    fn get(&self) -> &T {
        // SAFETY: there is an owner.
        unsafe { &(*self.owned).1 }
    }
}

impl<T> Drop for Half<T> {
    fn drop(&mut self) {
        if self.left.get().fetch_sub(1, self.order) == 1 {
            // SAFETY: the last owner frees it, if it knows that it is the last. That is the subject.
            drop(unsafe { Box::from_raw(self.owned) });
        }
    }
}

/// Both threads use what they own, and let go of it.
fn two_owners(order: Ordering) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (mine, theirs) = Half::pair(order, Mutex::new(1));
        thread::spawn(move || *theirs.get().lock() += 1);
        *mine.get().lock() += 1;
    }
}

/// No thread uses what was dropped, whichever comes first. But nothing tells the last owner what the other did.
#[test]
fn last_owner_that_is_not_told_of_the_others_uses() {
    for order in [Relaxed, Acquire, Release] {
        let failure = explore(two_owners(order)).expect_err("one half is not enough");
        assert_eq!(failure.kind, Kind::DataRace, "{}", failure.report);
        let report = failure.render(&Page::new(200));
        for words in [
            "is dropped, and nothing orders that after the use by another thread:",
            "and needs AcqRel",
            "AtomicUsize is dropped  <== races",
        ] {
            assert!(report.contains(words), "{words}: {report}");
        }
    }
    let passed = explore(two_owners(AcqRel));
    assert!(passed.is_ok(), "{}", passed.unwrap_err().report);
}

/// The reference count of a fixture is std's, and right, though the model does not see it.
#[test]
fn what_an_arc_of_std_held_is_dropped_behind_all_uses() {
    let passed = explore(|| {
        let shared = std::sync::Arc::new(AtomicUsize::new(0));
        let theirs = std::sync::Arc::clone(&shared);
        thread::spawn(move || theirs.store(1, Relaxed));
        shared.store(2, Relaxed);
    });
    assert!(passed.is_ok(), "{}", passed.unwrap_err().report);
}

/// The panic comes first, and what it drops is used afterwards.
#[test]
fn panic_that_drops_what_another_thread_uses() {
    let failure = explore(|| {
        let done = AtomicBool::new(false);
        let shared = Shared::to(&done);
        let _t = thread::spawn(move || shared.get().store(true, Release));
        assert!(done.load(Acquire), "the cause");
    });
    let failure = failure.expect_err("main may look first");
    assert_eq!(failure.kind, Kind::Panic, "{}", failure.report);
    assert!(failure.message.contains("the cause"), "{}", failure.message);
}

/// A model that lets waits return for no reason says so if that is not why it fails.
#[test]
fn failure_without_anything_spurious() {
    let sleeps = |notifies: bool, woken: usize| {
        let failure = common::patient().spurious_wakeups(woken).explore(move || {
            let (open, opened) = (Mutex::new(false), Condvar::new());
            thread::scope(|s| {
                s.spawn(|| {
                    *open.lock() = notifies;
                    opened.notify_one();
                });
                let mut open = open.lock();
                if !*open {
                    opened.wait(&mut open);
                }
                assert!(*open);
            });
        });
        failure.err().map(|failure| failure.report.contains("Nothing in it is spurious."))
    };
    assert_eq!([sleeps(true, 0), sleeps(true, 1)], [None, Some(false)]);
    assert_eq!([sleeps(false, 0), sleeps(false, 1)], [Some(false), Some(true)]);
}

/// After its time each wait returns at once, and the loop around it goes on.
#[test]
fn wait_for_a_time_that_has_come() {
    fails(Kind::TooManySteps, || {
        let (clock, open, opened) = (Clock::manual(), Mutex::new(false), Condvar::new());
        let second = Duration::from_secs(1);
        let deadline = clock.now() + second;
        thread::scope(|s| {
            s.spawn(|| clock.advance(second));
            let mut open = open.lock();
            while !*open {
                let _ = clock.wait_until(&opened, &mut open, deadline);
            }
        });
    });
}
