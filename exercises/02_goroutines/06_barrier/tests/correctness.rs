//! What a barrier does, on real threads. IDs such as WG-04 name behaviours of Go's `sync.WaitGroup`.
//!
//! `src/race_freedom.rs` checks in every interleaving whether a `wait` sleeps and is woken.

use barrier::Barrier;
use harness::sync::real::thread;
use harness::testing::{
    assert_panics, let_others_run, must_end, must_sleep_on_threads, while_unwinding,
};
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

/// Where a thread hangs, if a test does.
const IN_WAIT: &str = "a thread is still in `wait`, or waits for a lock";

#[test]
fn no_participants_are_refused() {
    assert_panics("barrier: no participants", || {
        Barrier::new(0);
    });
}

#[test]
fn alone_one_leads_every_round() {
    must_end(IN_WAIT, || {
        let barrier = Barrier::new(1);
        for round in 1..=100 {
            assert!(
                barrier.wait().is_leader(),
                "no other thread is in round {round}, so this one must be its leader"
            );
        }
    });
}

/// Sixteen threads at one barrier, half of them in a destructor while they panic, and in each second round the last as well,
/// and 300 at another: none passes before the last, and then all do. Catches a count of the threads in one byte, and a
/// thread that does not arrive, or wakes nobody, because it is panicking.
#[test]
fn nobody_passes_before_the_last_arrives_and_then_all_do() {
    // WG-02, WG-03, WG-04: the same barrier for all rounds.
    must_end(IN_WAIT, || {
        let mut barrier = used_barrier(16);
        for round in 1..=8 {
            let threads = if round < 8 { 16 } else { 300 };
            if round == 8 {
                barrier = Barrier::new(threads);
            }
            let passed = AtomicUsize::new(0);
            let early = thread::scope(|s| {
                for number in 1..threads {
                    let (barrier, passed) = (&barrier, &passed);
                    s.spawn(move || {
                        if round < 8 && number % 2 == 0 {
                            while_unwinding(|| barrier.wait());
                        } else {
                            barrier.wait();
                        }
                        passed.fetch_add(1, SeqCst);
                    });
                }
                let_others_run();
                let early = passed.load(SeqCst);
                if round % 2 == 1 {
                    while_unwinding(|| barrier.wait());
                } else {
                    barrier.wait();
                }
                early
            });
            assert!(
                early == 0,
                "round {round}: {early} waits returned before the last thread had arrived"
            );
            assert_eq!(passed.into_inner(), threads - 1, "round {round}");
        }
    });
}

#[test]
fn every_round_has_one_leader() {
    must_end(IN_WAIT, || {
        const THREADS: usize = 4;
        const ROUNDS: usize = 500;
        let barrier = used_barrier(THREADS);
        let leaders: Vec<_> = (0..ROUNDS).map(|_| AtomicUsize::new(0)).collect();
        thread::scope(|s| {
            for _ in 0..THREADS {
                s.spawn(|| {
                    for leaders in &leaders {
                        if barrier.wait().is_leader() {
                            leaders.fetch_add(1, Relaxed);
                        }
                    }
                });
            }
        });
        for (round, leaders) in leaders.into_iter().enumerate() {
            let leaders = leaders.into_inner();
            assert!(
                leaders == 1,
                "round {} has {leaders} leaders, but it must have exactly one",
                round + 1
            );
        }
    });
}

#[test]
fn threads_stay_in_step() {
    // WG-04, WG-07: no thread pauses between the rounds, so the fast ones come again while the slow ones
    // are leaving.
    must_end(IN_WAIT, || {
        const THREADS: usize = 4;
        const STEPS: usize = 500;
        let barrier = used_barrier(THREADS);
        let steps: Vec<_> = (0..THREADS).map(|_| AtomicUsize::new(0)).collect();
        let out_of_step = thread::scope(|s| {
            let threads: Vec<_> = (0..THREADS)
                .map(|own| {
                    let (barrier, steps) = (&barrier, &steps);
                    s.spawn(move || {
                        let mut out_of_step = None;
                        for step in 1..=STEPS {
                            steps[own].store(step, Relaxed);
                            barrier.wait();
                            // All threads have begun this step, and may have begun the next by now.
                            for other in steps {
                                let other = other.load(Relaxed);
                                if other != step && other != step + 1 {
                                    out_of_step.get_or_insert((step, other));
                                }
                            }
                        }
                        out_of_step
                    })
                })
                .collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(Result::unwrap).collect::<Vec<_>>()
        });
        if let Some((step, other)) = out_of_step.into_iter().flatten().next() {
            panic!(
                "one thread was past the barrier of step {step}, but another was in step {other}"
            );
        }
    });
}

#[test]
fn more_threads_than_a_round_takes_make_several_rounds() {
    must_end(IN_WAIT, || {
        const ROUND: usize = 3;
        const ROUNDS: usize = 4;
        for _ in 0..50 {
            let barrier = used_barrier(ROUND);
            let called = AtomicUsize::new(0);
            let back = AtomicUsize::new(0);
            let early = AtomicUsize::new(0);
            let leaders = AtomicUsize::new(0);
            thread::scope(|s| {
                for _ in 0..ROUND * ROUNDS {
                    s.spawn(|| {
                        called.fetch_add(1, SeqCst);
                        if barrier.wait().is_leader() {
                            leaders.fetch_add(1, Relaxed);
                        }
                        let back = back.fetch_add(1, SeqCst) + 1;
                        if called.load(SeqCst) < back.next_multiple_of(ROUND) {
                            early.fetch_add(1, Relaxed);
                        }
                    });
                }
            });
            let early = early.into_inner();
            assert!(
                early == 0,
                "{early} waits returned from a round that was not full"
            );
            let leaders = leaders.into_inner();
            assert!(
                leaders == ROUNDS,
                "{ROUNDS} rounds had {leaders} leaders in all, but each must have exactly one"
            );
        }
    });
}

/// Two threads have arrived, one after the other, and the third has not: each sleeps.
#[test]
fn a_thread_that_waits_sleeps() {
    let barrier = Arc::new(used_barrier(3));
    for _ in 0..2 {
        let barrier = Arc::clone(&barrier);
        must_sleep_on_threads("`wait`", "the round was not full", move || {
            barrier.wait();
        });
    }
    barrier.wait();
}

/// Makes a barrier that has served a round of other threads, and is as good as a new one. An unwritten stub
/// fails here, and not in a thread that others wait for.
fn used_barrier(n: usize) -> Barrier {
    if let Err(panic) = catch_unwind(|| Barrier::new(1).wait()) {
        resume_unwind(panic);
    }
    let barrier = Barrier::new(n);
    thread::scope(|s| {
        for _ in 1..n {
            s.spawn(|| barrier.wait());
        }
        barrier.wait();
    });
    barrier
}
