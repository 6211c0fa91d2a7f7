//! The leak checks are held against programs that leak each of the three, and against programs that do not
//! but look as if they might.

use harness::leaks::{self, CountingAllocator, Leaks};
use harness::sync::real::thread;
use harness::testing::{must_end, payload_of, staged_panic};
use std::cell::RefCell;
use std::collections::HashSet;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Arc, Mutex, mpsc};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[track_caller]
fn leaks(body: impl FnMut()) -> Leaks {
    leaks::find(body).expect_err("the check must find the leak")
}

#[track_caller]
fn balanced(body: impl FnMut()) {
    if let Err(leaks) = leaks::find(body) {
        panic!("nothing leaks here:\n{leaks}");
    }
}

#[test]
fn a_thread_that_never_ends_is_named_with_where_it_was_spawned() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let line = line!() + 2;
    let found = leaks(|| {
        let builder = thread::Builder::new().name("straggler".to_owned());
        drop(builder.spawn(|| {
            while !STOP.load(Relaxed) {
                std::thread::park_timeout(std::time::Duration::from_millis(10));
            }
        }));
    });
    STOP.store(true, Relaxed);
    assert_eq!(found.threads.len(), 1);
    let accusation = &found.threads[0];
    assert!(accusation.contains("\"straggler\""), "{accusation}");
    assert!(accusation.contains(&format!("leaks.rs:{}", line + 1)), "{accusation}");
}

#[test]
fn what_is_started_where_it_must_end_belongs_to_the_check() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let found = leaks(|| {
        must_end("nothing", || {
            std::mem::forget(leaks::track(1));
            drop(thread::spawn(|| {
                while !STOP.load(Relaxed) {
                    std::thread::park_timeout(std::time::Duration::from_millis(10));
                }
            }));
        });
    });
    STOP.store(true, Relaxed);
    assert_eq!((found.threads.len(), found.values.len()), (1, 1), "{found}");
    balanced(|| must_end("nothing", || drop(thread::spawn(|| vec![7; 10]))));
}

#[test]
fn a_thread_that_is_about_to_end_is_waited_for() {
    balanced(|| {
        let (go, wait) = mpsc::channel::<()>();
        drop(thread::spawn(move || {
            let _ = wait.recv();
            for _ in 0..100 {
                std::thread::yield_now();
            }
        }));
        drop(go);
    });
}

#[test]
fn a_thread_that_panics_has_ended() {
    balanced(|| {
        let quiet = || std::panic::resume_unwind(Box::new("no banner"));
        assert!(thread::spawn(quiet).join().is_err());
    });
}

#[test]
fn threads_of_a_scope_belong_to_the_check() {
    let found = leaks(|| {
        thread::scope(|s| {
            s.spawn(|| std::mem::forget(black_box(Box::new([0_u64; 4]))));
        });
    });
    assert_eq!(found.heap.len(), 1);
}

#[test]
fn a_value_never_dropped_is_named_with_where_it_was_made() {
    let mut line = 0;
    let found = leaks(|| {
        line = line!() + 1;
        std::mem::forget(leaks::track("kept"));
    });
    assert_eq!(found.values.len(), 1);
    let accusation = &found.values[0];
    assert!(accusation.contains("was never dropped"), "{accusation}");
    assert!(accusation.contains(&format!("leaks.rs:{line}")), "{accusation}");
}

#[test]
fn values_of_one_place_are_counted_in_one_line() {
    let found = leaks(|| {
        for n in 0..3 {
            let value = leaks::track(n);
            if n > 0 {
                std::mem::forget(value);
            }
        }
    });
    assert_eq!(found.values.len(), 1, "{found}");
    assert!(found.values[0].starts_with("2 values of type i32 were never dropped: "), "{found}");
}

#[test]
fn a_value_dropped_twice_is_found() {
    let found = leaks(|| {
        let value = leaks::track(1);
        // SAFETY: what is duplicated owns no memory; dropping it twice is the point.
        drop(unsafe { std::ptr::read(&raw const value) });
    });
    assert!(found.values[0].contains("was dropped twice"), "{found}");
}

#[test]
fn a_value_dropped_by_another_thread_later_is_waited_for() {
    balanced(|| {
        let value = leaks::track(vec![1, 2, 3]);
        drop(thread::spawn(move || drop(value)));
    });
}

#[test]
#[should_panic(expected = "this value would not be checked")]
fn a_value_that_nobody_checks_is_refused() {
    let _ = leaks::track(0);
}

#[test]
fn a_block_never_freed_is_named_with_where_it_was_allocated() {
    let mut line = 0;
    let found = leaks(|| {
        line = line!() + 1;
        std::mem::forget(black_box(Box::new([0_u8; 48])));
    });
    assert_eq!(found.heap.len(), 1, "{found}");
    let accusation = &found.heap[0];
    assert!(accusation.contains("1 block (48 bytes)"), "{accusation}");
    assert!(accusation.contains(&format!("leaks.rs:{line}")), "{accusation}");
}

/// The harness spawns it: its own line says nothing.
#[test]
fn a_thread_that_is_never_joined_is_charged_to_the_line_that_spawned_it() {
    let mut line = 0;
    let found = leaks(|| {
        line = line!() + 1;
        std::mem::forget(thread::spawn(|| ()));
    });
    for accusation in &found.heap {
        assert!(accusation.contains(&format!("leaks.rs:{line}")), "{accusation}");
    }
    assert!(!found.heap.is_empty(), "{found}");
}

#[test]
fn what_stays_in_a_thread_local_is_left_by_the_first_call() {
    thread_local! {
        static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let keep = |bytes: usize| KEPT.with_borrow_mut(|kept| kept.resize(bytes, 0));
    balanced(|| keep(48));
    assert_eq!(leaks::bytes_left_by(|| keep(48)), 48);
    assert_eq!(leaks::bytes_left_by(|| drop(vec![0; 48])), 0);
    let panic = payload_of(|| {
        leaks::bytes_left_by(|| staged_panic("mine"));
    });
    assert!(panic.is_some());
}

#[test]
fn a_cycle_of_references_is_found() {
    struct Node(Mutex<Option<Arc<Node>>>);
    let found = leaks(|| {
        let node = Arc::new(Node(Mutex::new(None)));
        *node.0.lock().unwrap() = Some(Arc::clone(&node));
    });
    assert_eq!(found.heap.len(), 1, "{found}");
}

#[test]
fn a_cache_that_grows_once_is_no_leak() {
    static CACHE: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    balanced(|| {
        let mut cache = CACHE.lock().unwrap();
        if cache.is_empty() {
            cache.resize(100, 0);
        }
    });
}

/// A vector doubles its capacity, so most rounds allocate nothing, and it is one block all the time.
#[test]
fn four_bytes_a_round_are_found() {
    let calls = Mutex::new(Vec::<u32>::new());
    let line = line!() + 1;
    let found = leaks(|| calls.lock().unwrap().push(7));
    assert_eq!(found.heap.len(), 1, "{found}");
    let place = format!("leaks.rs:{line}");
    assert!(found.heap[0].contains(&place), "{found}");
}

#[test]
fn growth_is_found_however_many_calls_a_round_makes() {
    fn is_found(calls_a_round: usize, mut call: impl FnMut()) {
        let found = leaks(|| (0..calls_a_round).for_each(|_| call()));
        assert_eq!(found.heap.len(), 1, "{calls_a_round} calls: {found}");
    }
    std::thread::scope(|s| {
        for calls in [2, 3, 5, 100] {
            s.spawn(move || {
                let mut bytes = Vec::<u8>::new();
                is_found(calls, || bytes.push(7));
            });
            s.spawn(move || {
                let mut numbers = HashSet::new();
                is_found(calls, || assert!(numbers.insert(numbers.len())));
            });
        }
    });
}

/// What a round keeps and the next one replaces is no leak, nor is a buffer that is as large as its largest use.
#[test]
fn what_is_replaced_is_no_leak() {
    let last = Mutex::new(String::new());
    let (mut round, mut buffer) = (0, Vec::new());
    balanced(|| {
        round += 1;
        *last.lock().unwrap() = format!("round {round:06}");
        buffer.clear();
        buffer.extend(0..round % 5);
    });
}

#[test]
fn a_block_freed_by_another_thread_is_balanced() {
    balanced(|| {
        let block = Box::new([0_u8; 64]);
        drop(thread::spawn(move || drop(block)));
    });
}

#[test]
fn checks_side_by_side_do_not_disturb_each_other() {
    std::thread::scope(|s| {
        s.spawn(|| {
            for _ in 0..20 {
                balanced(|| drop(black_box(vec![Box::new(1); 10])));
            }
        });
        let found = leaks(|| std::mem::forget(black_box(Box::new(2))));
        assert_eq!(found.heap.len(), 1);
    });
}

#[test]
fn what_a_test_prints_is_no_leak() {
    // Only libtest keeps it, and only if the test is not run with `--nocapture`.
    balanced(|| {
        eprintln!("a line that a test prints");
        drop(std::panic::catch_unwind(|| panic!("a panic that is caught")));
        drop(thread::spawn(|| panic!("a panic that is printed by a thread")).join());
    });
}

#[test]
fn what_a_thread_that_panics_keeps_is_a_leak() {
    struct Keeps;
    impl Drop for Keeps {
        fn drop(&mut self) {
            std::mem::forget(black_box(Box::new([0u8; 100])));
        }
    }
    let found = leaks(|| {
        let unwound = std::panic::catch_unwind(|| {
            let _keeps = Keeps;
            panic!("a panic that is caught");
        });
        drop(unwound);
    });
    let accusation = "1 block (100 bytes) never freed: allocated in a thread that panics";
    assert_eq!(found.heap, [accusation]);
}
