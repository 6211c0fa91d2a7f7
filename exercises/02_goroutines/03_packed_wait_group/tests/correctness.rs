//! What a wait group does, on real threads. IDs such as WG-05 name behaviours of Go's `sync.WaitGroup`.
//!
//! `src/race_freedom.rs` checks in every interleaving whether a `wait` sleeps and is woken, and that `add` and `done` take no
//! lock.

use harness::sync::real::thread;
use harness::testing::{
    assert_call_panics, let_others_run, must_end, must_sleep_on_threads, panic_of, while_unwinding,
};
use packed_wait_group::WaitGroup;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

/// Where a thread hangs, if a test does.
const IN_WAIT: &str = "a thread is still in `wait`, or waits for a lock";

#[test]
fn wait_returns_at_once_on_zero() {
    // WG-01
    must_end(IN_WAIT, || {
        let group = WaitGroup::new();
        group.wait();
        group.wait();
        group.add(1);
        group.done();
        group.wait();
        group.wait();
    });
}

#[test]
fn add_takes_any_delta() {
    // WG-08
    must_end(IN_WAIT, || {
        let group = WaitGroup::new();
        group.add(3);
        group.add(0);
        group.add(-2);
        assert_counter_is(1, &group);
        group.add(4);
        group.done();
        assert_counter_is(4, &group);
        group.add(-4);
        group.wait();
        group.add(0);
        group.wait();
    });
}

#[test]
fn a_group_is_small() {
    // WG-09: Go's is twelve bytes, in fields of eight and of four.
    let size = size_of_val(&WaitGroup::new());
    assert!(
        size <= 16,
        "a group takes {size} bytes, but the docs promise at most 16"
    );
}

/// A task that panics counts itself out in a destructor, and may add, and wait, as any other: its `wait` returns when the
/// counter is zero, and not before.
#[test]
fn a_panicking_thread_may_count_and_wait() {
    must_end(IN_WAIT, || {
        let group = used_group();
        while_unwinding(|| {
            group.add(3);
            group.done();
            group.add(-1);
        });
        assert_counter_is(1, &group);
        let returned = AtomicUsize::new(0);
        let early = thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    while_unwinding(|| group.wait());
                    returned.fetch_add(1, SeqCst);
                });
            }
            let_others_run();
            let early = returned.load(SeqCst);
            while_unwinding(|| group.done());
            early
        });
        assert!(
            early == 0,
            "{early} of 2 waits in a destructor of a panicking thread returned, but the counter was 1"
        );
        while_unwinding(|| assert_counter_is(0, &group));
    });
}

#[test]
fn one_done_too_many_panics() {
    // WG-05
    let group = WaitGroup::new();
    for when in ["of a new group", "after add(1) and `done`"] {
        assert_call_panics(
            &format!("`done` {when}"),
            "wait_group: negative counter",
            || group.done(),
        );
        group.add(1);
        group.done();
    }
}

#[test]
fn a_counter_below_zero_panics() {
    // WG-05, WG-08
    let group = WaitGroup::new();
    for (count, below) in [(0, -1), (2, -3)] {
        group.add(count);
        for delta in [below, isize::MIN] {
            assert_refused(count, delta, &group);
        }
    }
}

#[test]
fn a_refused_add_changes_nothing() {
    must_end(IN_WAIT, || {
        let group = WaitGroup::new();
        group.add(2);
        assert_refused(2, -3, &group);
        group.done();
        assert_counter_is(1, &group);
        group.done();
        assert_refused(0, -1, &group);
        group.wait();
    });
}

#[test]
fn the_counter_holds_many_and_never_wraps() {
    must_end(IN_WAIT, || {
        let many = i32::MAX as isize;
        for before in [0, 1, many] {
            let group = WaitGroup::new();
            group.add(before);
            // The docs leave the limit open up to `usize::MAX`, which the third step would exceed.
            let taken = (0..3)
                .take_while(|_| panic_of(|| group.add(isize::MAX)).is_none())
                .count();
            assert!(
                taken < 3,
                "isize::MAX was added {taken} times and never refused: the sum is more than usize::MAX, so some of it is lost"
            );
            let full =
                format!("add(isize::MAX) on a counter of {before} and {taken} times isize::MAX");
            assert_call_panics(&full, "wait_group: counter overflow", || {
                group.add(isize::MAX)
            });
            for _ in 0..taken {
                group.add(-isize::MAX);
            }
            assert_counter_is(before, &group);
            group.add(-before);
            group.wait();
        }
    });
}

#[test]
fn the_work_is_done_when_wait_returns() {
    // WG-02, WG-06, WG-07
    must_end(IN_WAIT, || {
        const WORKERS: usize = 4;
        let group = used_group();
        for round in 1..=50 {
            let work = AtomicUsize::new(0);
            group.add(WORKERS as isize);
            let seen = thread::scope(|s| {
                for _ in 0..WORKERS {
                    s.spawn(|| {
                        work.fetch_add(1, Relaxed);
                        group.done();
                    });
                }
                group.wait();
                work.load(Relaxed)
            });
            assert!(
                seen == WORKERS,
                "round {round}: `wait` returned after {seen} of {WORKERS} workers had done their work"
            );
        }
    });
}

/// Sixteen threads wait for one counter, and 256 in the last round: none returns before the last `done`, and then all
/// do. Catches a count of the sleepers in one byte, which is zero again when 256 sleep.
#[test]
fn nobody_passes_before_the_last_done_and_then_all_do() {
    // WG-02, WG-03, WG-04: the same two groups for all rounds.
    must_end(IN_WAIT, || {
        let arrived = used_group();
        let open = used_group();
        for round in 1..=8 {
            let threads = if round < 8 { 16 } else { 256 };
            let passed = AtomicUsize::new(0);
            let mut early = 0;
            arrived.add(threads as isize);
            open.add(threads as isize);
            thread::scope(|s| {
                for _ in 0..threads {
                    s.spawn(|| {
                        arrived.done();
                        open.wait();
                        passed.fetch_add(1, SeqCst);
                    });
                }
                arrived.wait();
                let_others_run();
                for _ in 0..threads {
                    early = early.max(passed.load(SeqCst));
                    open.done();
                }
            });
            assert!(
                early == 0,
                "round {round}: {early} waits returned before the last `done`"
            );
            assert_eq!(passed.into_inner(), threads, "round {round}");
        }
    });
}

#[test]
fn a_group_may_be_used_again_as_soon_as_its_waits_have_returned() {
    // WG-04, WG-10: a group that workers wait on is a gate. Two gates take turns: one is closed, by `add`,
    // before the other is opened, and by then all workers have left it.
    must_end(IN_WAIT, || {
        const WORKERS: usize = 3;
        const STEPS: usize = 200;
        let gates = [used_group(), used_group()];
        let finished = used_group();
        let work = AtomicUsize::new(0);
        let mut wrong = None;
        gates[0].add(1);
        thread::scope(|s| {
            for _ in 0..WORKERS {
                s.spawn(|| {
                    for step in 0..STEPS {
                        gates[step % 2].wait();
                        work.fetch_add(1, Relaxed);
                        finished.done();
                    }
                });
            }
            for step in 0..STEPS {
                finished.add(WORKERS as isize);
                gates[(step + 1) % 2].add(1);
                gates[step % 2].done();
                finished.wait();
                let seen = work.load(Relaxed);
                if seen != (step + 1) * WORKERS && wrong.is_none() {
                    wrong = Some((step + 1, seen));
                }
            }
            gates[STEPS % 2].done();
        });
        if let Some((steps, seen)) = wrong {
            panic!(
                "in {steps} steps, {WORKERS} workers should each do {steps} pieces of work, but in all {seen} were done"
            );
        }
    });
}

#[test]
fn tasks_may_add_tasks_while_others_wait() {
    // WG-14: a task adds its children while the task itself is still counted.
    fn task<'scope>(
        depth: usize,
        group: &'scope WaitGroup,
        leaves: &'scope AtomicUsize,
        scope: &'scope thread::Scope<'scope, '_>,
    ) {
        if depth == 0 {
            leaves.fetch_add(1, Relaxed);
        } else {
            group.add(2);
            for _ in 0..2 {
                scope.spawn(move || task(depth - 1, group, leaves, scope));
            }
        }
        group.done();
    }

    must_end(IN_WAIT, || {
        let group = used_group();
        let leaves = AtomicUsize::new(0);
        group.add(1);
        let seen = thread::scope(|s| {
            s.spawn(|| task(5, &group, &leaves, s));
            group.wait();
            leaves.load(Relaxed)
        });
        assert!(
            seen == 32,
            "`wait` returned after {seen} of 32 leaves had been counted"
        );
    });
}

/// Two threads are in `wait`, one after the other, and the counter is 1: each sleeps.
#[test]
fn a_thread_that_waits_sleeps() {
    let group = Arc::new(used_group());
    group.add(1);
    for _ in 0..2 {
        let group = Arc::clone(&group);
        must_sleep_on_threads("`wait`", "the counter was 1", move || group.wait());
    }
    group.done();
}

/// Makes a group that has served a round, which is as good as a new one (WG-04). An unwritten stub fails
/// here, and not in a thread that others wait for.
fn used_group() -> WaitGroup {
    let group = WaitGroup::new();
    group.add(1);
    group.done();
    group.wait();
    group
}

/// Checks the counter by what the docs promise: it can be taken down to zero and no further.
#[track_caller]
fn assert_counter_is(n: isize, group: &WaitGroup) {
    assert_refused(n, -n - 1, group);
    if let Some(message) = panic_of(|| group.add(-n)) {
        panic!(
            "the counter should be {n}, but add({}) panics: {message}",
            -n
        );
    }
    group.add(n);
}

/// Checks that an `add` which would take a counter of `count` below zero is refused.
#[track_caller]
fn assert_refused(count: isize, delta: isize, group: &WaitGroup) {
    let call = format!("add({delta}) on a counter of {count}");
    assert_call_panics(&call, "wait_group: negative counter", || group.add(delta));
}
