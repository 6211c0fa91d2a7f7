//! What a nursery does, on real threads. IDs such as EG-02 name behaviours of Go's `errgroup.Group`.
//!
//! `src/race_freedom.rs` checks in every interleaving whether the block waits for every child.

use harness::sync::real::thread::refuse_after;
use harness::testing::{
    assert_passes_on, let_others_run, must_end, must_sleep_on_threads, panic_of, payload_of,
    staged_panic, staged_panic_of, wait_until, while_unwinding,
};
use nursery::Nursery;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

/// What is true until a panic counts, which is about to happen.
const NO_PANIC: &str = "a panic has left its closure, and `has_panicked` still returns false";

/// Where a thread hangs, if a test does.
const IN_BLOCK: &str = "the block has not ended, or `spawn` has not returned";

#[test]
fn a_block_without_children_returns_what_its_body_does() {
    // EG-01
    must_end(IN_BLOCK, || {
        assert_eq!(
            nursery::open(|_| "nothing to wait for"),
            "nothing to wait for"
        );
    });
}

/// The body runs on the thread that called `open`, which returns what the body returned.
#[test]
fn the_body_runs_on_the_calling_thread() {
    must_end(IN_BLOCK, || {
        // A `Cell` cannot be shared, so the body must stay on this thread.
        let here = Cell::new(None);
        let value = nursery::open(|nursery| {
            nursery.spawn(|| ());
            here.set(Some(thread::current().id()));
            String::from("the body's")
        });
        assert_eq!(here.get(), Some(thread::current().id()));
        assert_eq!(value, "the body's");
    });
}

#[test]
fn children_read_and_write_what_they_borrow() {
    must_end(IN_BLOCK, || {
        let numbers: Vec<u64> = (1..=1000).collect();
        let mut sums = [0; 4];
        nursery::open(|nursery| {
            for (chunk, sum) in numbers.chunks(250).zip(&mut sums) {
                nursery.spawn(move || *sum = chunk.iter().sum());
            }
        });
        assert_eq!(sums.iter().sum::<u64>(), 500_500);
    });
}

/// Every child waits for all the others and for the body, so none can end unless all of them run.
#[test]
fn children_and_body_run_side_by_side() {
    must_end(IN_BLOCK, || {
        let all_here = Barrier::new(5);
        nursery::open(|nursery| {
            for _ in 0..4 {
                nursery.spawn(|| {
                    all_here.wait();
                });
            }
            all_here.wait();
        });
    });
}

/// 256 children are there at once, and stay until after the body has ended: the block ends after them.
/// Catches a count of eight bits, in which 256 children are none, and a `spawn` that waits while there are
/// many children.
#[test]
fn many_children_run_side_by_side() {
    const CHILDREN: usize = 256;
    must_end("256 children do not all run at once", || {
        // Owned, not borrowed: if the block ends too early, the children find them alive.
        let release = Arc::new(Barrier::new(CHILDREN + 1));
        let ended = Arc::new(AtomicUsize::new(0));
        let (body_ends, body_ended) = mpsc::channel();
        let releases = Arc::clone(&release);
        thread::spawn(move || {
            if body_ended.recv().is_ok() {
                let_others_run();
                releases.wait();
            }
        });
        nursery::open(|nursery| {
            for _ in 0..CHILDREN {
                let (release, ended) = (Arc::clone(&release), Arc::clone(&ended));
                nursery.spawn(move || {
                    release.wait();
                    ended.fetch_add(1, Relaxed);
                });
            }
            body_ends.send(()).expect("it is waited for");
        });
        let seen = ended.load(Relaxed);
        assert!(
            seen == CHILDREN,
            "{CHILDREN} children were there at once, and `open` returned when {seen} of them had done their work"
        );
    });
}

/// One child gets no thread, and the next one gets one again: it runs. Catches a nursery that spawns no more
/// after the operating system has refused it a thread, and an `open` that needs a thread of its own.
#[test]
fn a_refused_child_costs_only_itself() {
    must_end(IN_BLOCK, || {
        nursery::open(|_| ());
        let mut value = None;
        let panic = panic_of(|| value = Some(refuse_after(0, || nursery::open(|_| 7))));
        assert_eq!(
            (value, panic),
            (Some(7), None),
            "a block without children needs no thread, and `open` could have none"
        );
        let ran = AtomicBool::new(false);
        nursery::open(|nursery| {
            let refused = refuse_after(0, || payload_of(|| nursery.spawn(|| ())));
            assert!(
                refused.is_some(),
                "no thread could be created, but `spawn` returned"
            );
            let later = panic_of(|| nursery.spawn(|| ran.store(true, Relaxed)));
            assert_eq!(
                later, None,
                "`spawn` panicked although a thread can be created again"
            );
        });
        assert!(
            ran.into_inner(),
            "the child after the refused one was not waited for, or never began"
        );
    });
}

/// There is a thread for the child, and no more: `spawn` returns, and the child runs, or `spawn` panics, and it does
/// not. Catches a second thread for each child, to join the first: if only that cannot be had, nobody waits for the
/// child.
#[test]
fn one_thread_is_enough_for_a_child() {
    must_end(IN_BLOCK, || {
        nursery::open(|nursery| nursery.spawn(|| ()));
        // Owned, not borrowed: a child that is not counted must find it.
        let (runs, ran) = mpsc::channel();
        let mut refused = None;
        nursery::open(|nursery| {
            refused = refuse_after(1, || {
                payload_of(|| nursery.spawn(move || runs.send(()).expect("it is waited for")))
            });
        });
        let has_run = ran.recv().is_ok();
        if refused.is_some() {
            assert!(
                !has_run,
                "one thread could be created, `spawn` panicked for want of a second, and the child has run all the same"
            );
        } else {
            assert!(
                has_run,
                "one thread could be created, `spawn` returned, and the child has not run"
            );
        }
    });
}

/// A child that borrows what its body made would outlive it. The compiler rejects such a program only if the lifetimes
/// are fixed, and a program that must not compile cannot be a test: this one looks for the two fields that fix them.
#[test]
fn the_lifetimes_neither_shrink_nor_grow() {
    nursery::open(|_| ());
    let source = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/nursery.rs"));
    let source: String = source.split_whitespace().collect();
    for field in [
        "scope: PhantomData<&'scope mut &'scope ()>",
        "env: PhantomData<&'env mut &'env ()>",
    ] {
        assert!(
            source.contains(&field.replace(' ', "")),
            "the field `{field}` is gone: without it, a child may borrow what does not live long enough"
        );
    }
}

/// Children spawn siblings, which spawn siblings: the block waits for all 64 at the end, and no `spawn` waits
/// for a child. Catches a `spawn` that waits for other children, such as one that has room for only so many:
/// the child that it waits for may be the one that calls it.
#[test]
fn children_spawn_siblings_which_spawn_siblings() {
    // WG-14
    fn family<'scope>(
        depth: usize,
        leaves: &'scope AtomicUsize,
        nursery: &'scope Nursery<'scope, '_>,
    ) {
        if depth == 0 {
            leaves.fetch_add(1, Relaxed);
            return;
        }
        for _ in 0..2 {
            nursery.spawn(move || family(depth - 1, leaves, nursery));
        }
    }

    must_end(IN_BLOCK, || {
        for _ in 0..5 {
            let leaves = AtomicUsize::new(0);
            nursery::open(|nursery| family(6, &leaves, nursery));
            let seen = leaves.into_inner();
            assert!(
                seen == 64,
                "`open` returned after {seen} of 64 leaves had been counted"
            );
        }
    });
}

/// Each child spawns the next one as its last act, so the last of them is usually spawned long after the
/// body has ended.
#[test]
fn a_chain_of_siblings_is_waited_for_to_its_end() {
    // WG-14
    fn link<'scope>(left: usize, nursery: &'scope Nursery<'scope, '_>, end: &'scope AtomicBool) {
        if left == 0 {
            end.store(true, Relaxed);
        } else {
            nursery.spawn(move || link(left - 1, nursery, end));
        }
    }

    must_end(IN_BLOCK, || {
        let end = AtomicBool::new(false);
        nursery::open(|nursery| link(200, nursery, &end));
        assert!(
            end.into_inner(),
            "`open` returned before the last of the chain"
        );
    });
}

/// Four children, fifty times: when the block ends, all have done their work.
#[test]
fn the_work_is_done_when_the_block_ends() {
    // WG-06
    must_end(IN_BLOCK, || {
        for round in 1..=50 {
            let work = AtomicUsize::new(0);
            nursery::open(|nursery| {
                for _ in 0..4 {
                    nursery.spawn(|| {
                        thread::yield_now();
                        work.fetch_add(1, Relaxed);
                    });
                }
            });
            let seen = work.into_inner();
            assert!(
                seen == 4,
                "round {round}: `open` returned after {seen} of 4 children had done their work"
            );
        }
    });
}

/// A child never ends, and the body has returned or panicked: the block sleeps.
#[test]
fn a_block_that_waits_sleeps() {
    for panics in [false, true] {
        must_sleep_on_threads("`open`", "a child was left", move || {
            staged_panic_of(|| {
                nursery::open(|nursery| {
                    nursery.spawn(|| {
                        loop {
                            thread::park();
                        }
                    });
                    if panics {
                        staged_panic("the body's");
                    }
                })
            });
        });
    }
}

/// A child panics, and the body does not: `open` panics with the child's own payload, in no other box.
#[test]
fn a_childs_panic_resumes_with_its_payload() {
    // Not EG-14: a nursery passes the panic on to the caller of `open`.
    must_end(IN_BLOCK, || {
        assert_eq!(
            staged_panic_of(|| nursery::open(
                |nursery| nursery.spawn(|| staged_panic("the child's"))
            )),
            Some("the child's"),
            "the body has returned, but a child has panicked"
        );
        assert_passes_on(|raise| nursery::open(|nursery| nursery.spawn(move || raise())));
    });
}

/// The block is in a destructor while its thread unwinds: that panic is none of the block's, which waits as always.
/// Catches `thread::panicking()` taken for "the body has panicked".
#[test]
fn a_block_while_its_thread_unwinds_is_a_block() {
    must_end(IN_BLOCK, || {
        // Owned, not borrowed: if the block ends too early, the child finds it alive.
        let ended = Arc::new(AtomicBool::new(false));
        let value = while_unwinding(|| {
            let value = nursery::open(|nursery| {
                let ended = Arc::clone(&ended);
                nursery.spawn(move || {
                    let_others_run();
                    ended.store(true, Relaxed);
                });
                assert!(
                    !nursery.has_panicked(),
                    "`has_panicked` returned true, but the panic is none of the block's"
                );
                7
            });
            assert!(
                ended.load(Relaxed),
                "`open` returned before its child, while its thread unwound"
            );
            value
        });
        assert_eq!(value, 7);
        let panic = while_unwinding(|| {
            staged_panic_of(|| {
                nursery::open(|nursery| nursery.spawn(|| staged_panic("the child's")))
            })
        });
        assert_eq!(
            panic,
            Some("the child's"),
            "what `open` panicked with, while its thread unwound"
        );
    });
}

/// The body panics: `open` panics with its payload.
#[test]
fn a_panic_of_the_body_resumes_with_its_payload() {
    must_end(IN_BLOCK, || {
        assert_eq!(
            staged_panic_of(|| nursery::open(|_| staged_panic("the body's"))),
            Some("the body's")
        );
    });
}

/// One child panics, and four run until they learn of it: all have ended when the panic leaves the block.
#[test]
fn all_others_have_ended_when_a_panic_leaves_the_block() {
    // EG-03
    must_end(IN_BLOCK, || {
        for round in 1..=20 {
            let ended = AtomicUsize::new(0);
            let panic = staged_panic_of(|| {
                nursery::open(|nursery| {
                    nursery.spawn(|| staged_panic("the child's"));
                    for _ in 0..4 {
                        nursery.spawn(|| {
                            // Still running when the panic comes, which must not end the block.
                            wait_until(NO_PANIC, || nursery.has_panicked());
                            thread::yield_now();
                            ended.fetch_add(1, Relaxed);
                        });
                    }
                })
            });
            assert_eq!(panic, Some("the child's"), "round {round}");
            let seen = ended.into_inner();
            assert!(
                seen == 4,
                "round {round}: the panic left the block after {seen} of 4 others had ended"
            );
        }
    });
}

/// A child panics, and another child and the body do when they know of it: the first counts.
#[test]
fn a_later_panic_is_not_the_one_that_resumes() {
    // EG-02
    must_end(IN_BLOCK, || {
        let panic = staged_panic_of(|| {
            nursery::open(|nursery| {
                nursery.spawn(|| {
                    wait_until(NO_PANIC, || nursery.has_panicked());
                    staged_panic("a later child's");
                });
                nursery.spawn(|| staged_panic("the first"));
                wait_until(NO_PANIC, || nursery.has_panicked());
                staged_panic("the body's")
            })
        });
        assert_eq!(panic, Some("the first"));
    });
}

/// A child panics: `open` drops the body's value, or its payload, and that of a later child, and only then resumes
/// the first panic, so neither is dropped while the thread unwinds.
///
/// A destructor that runs while its thread unwinds can tell: so does that of a `MutexGuard`, which then
/// poisons its mutex.
#[test]
fn what_is_left_is_dropped_before_the_panic_resumes() {
    /// What it is, and those that were dropped, with whether their thread unwound.
    struct Left(&'static str, Arc<Mutex<Vec<(&'static str, bool)>>>);
    impl Drop for Left {
        fn drop(&mut self) {
            self.1.lock().unwrap().push((self.0, thread::panicking()));
        }
    }

    must_end(IN_BLOCK, || {
        for body_panics in [false, true] {
            let dropped = Arc::new(Mutex::new(Vec::new()));
            let bodys = ["the body's value", "the body's payload"][usize::from(body_panics)];
            let [bodys, later] =
                [bodys, "a later child's payload"].map(|what| Left(what, Arc::clone(&dropped)));
            let panic = staged_panic_of(|| {
                nursery::open(|nursery| {
                    nursery.spawn(|| staged_panic("the first"));
                    wait_until(NO_PANIC, || nursery.has_panicked());
                    nursery.spawn(move || resume_unwind(Box::new(later)));
                    if body_panics {
                        resume_unwind(Box::new(bodys));
                    }
                    bodys
                });
            });
            assert_eq!(panic, Some("the first"));
            let mut dropped = dropped.lock().unwrap();
            assert_eq!(dropped.len(), 2, "what was dropped: {dropped:?}");
            dropped.retain(|(_, unwinding)| *unwinding);
            assert!(
                dropped.is_empty(),
                "dropped while `open` unwound, and not before it resumed the panic: {}",
                dropped[0].0
            );
        }
    });
}

/// A panic that is caught inside a child is no panic of the child, so `has_panicked` stays false.
#[test]
fn has_panicked_is_false_until_one_has() {
    must_end(IN_BLOCK, || {
        nursery::open(|nursery| {
            assert!(!nursery.has_panicked(), "no child has been spawned yet");
            let (send, receive) = mpsc::channel();
            nursery.spawn(move || {
                // A panic that the child itself catches does not count.
                assert_eq!(staged_panic_of(|| staged_panic("caught")), Some("caught"));
                send.send(nursery.has_panicked()).expect("the body listens");
            });
            assert_eq!(
                receive.recv(),
                Ok(false),
                "what `has_panicked` returned to the child; neither the body nor a child has panicked"
            );
            assert!(
                !nursery.has_panicked(),
                "`has_panicked` returned true, but neither the body nor a child has panicked"
            );
        });
    });
}

/// After a panic children may still be spawned, by the body, by children and by destructors of a child that unwinds,
/// and the block waits for them.
#[test]
fn children_may_be_spawned_after_a_panic() {
    must_end(IN_BLOCK, || {
        let late = AtomicBool::new(false);
        let from_a_drop = AtomicBool::new(false);
        let panic = staged_panic_of(|| {
            nursery::open(|nursery| {
                nursery.spawn(|| staged_panic("the child's"));
                wait_until(NO_PANIC, || nursery.has_panicked());
                nursery.spawn(|| nursery.spawn(|| late.store(true, Relaxed)));
                nursery.spawn(|| {
                    while_unwinding(|| nursery.spawn(|| from_a_drop.store(true, Relaxed)));
                });
            })
        });
        assert_eq!(panic, Some("the child's"));
        assert!(
            late.into_inner(),
            "a child spawned after the panic was not waited for, or never began"
        );
        assert!(
            from_a_drop.into_inner(),
            "a child spawned by a destructor, while a child unwound, was not waited for, or never began"
        );
    });
}

/// A child opens a nursery of its own, whose panic it catches: that is none of the outer block's.
#[test]
fn a_nursery_inside_a_child_ends_before_the_child_does() {
    must_end(IN_BLOCK, || {
        let log = Mutex::new(Vec::new());
        let say = |what| log.lock().unwrap().push(what);
        let panic = staged_panic_of(|| {
            nursery::open(|outer| {
                outer.spawn(|| {
                    let panic = staged_panic_of(|| {
                        nursery::open(|inner| {
                            inner.spawn(|| {
                                wait_until(NO_PANIC, || inner.has_panicked());
                                say("the grandchild has ended");
                            });
                            staged_panic("the inner block's")
                        })
                    });
                    assert_eq!(panic, Some("the inner block's"));
                    say("the inner block has ended");
                    assert!(!outer.has_panicked(), "the inner panic was caught");
                    staged_panic("the outer block's");
                });
            })
        });
        assert_eq!(panic, Some("the outer block's"));
        assert_eq!(
            log.into_inner().unwrap(),
            ["the grandchild has ended", "the inner block has ended"]
        );
    });
}
