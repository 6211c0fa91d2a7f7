//! Every interleaving of a few small programs. IDs such as EG-03 name behaviours of Go's `errgroup.Group`,
//! WG-07 of its `sync.WaitGroup`, GR-01 of goroutines.

use crate::Nursery;
use crate::sync::thread;
use harness::leaks::{Tracked, track};
use harness::testing::{
    Flag, Gate, Slot, both, let_others_sleep, must_sleep, must_sleep_again, payload_of,
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// One child, and the block ends after it: no wakeup is lost, and the child uses nothing of the nursery once
/// the block may end. Catches a block that does not wait, and the lost wakeup: main checks and sees one
/// child, the child ends and notifies no thread, main falls asleep. Also catches a child that uses the
/// nursery after it has let the block end: the child counts down, main finds zero and returns, the child
/// notifies.
#[test]
fn the_block_ends_after_its_child() {
    // WG-02
    harness::model(|| {
        let finished = Flag::lowered("finished");
        crate::open(|nursery| nursery.spawn(|| finished.raise()));
        assert!(finished.is_raised(), "`open` returned before its child");
    });
}

/// A weak exchange may fail though the value is the expected one: such a failure is not the end of another
/// child. Catches code that takes it for one.
#[test]
fn an_exchange_that_fails_spuriously_is_tried_again() {
    harness::Model::new().spurious_failures(1).check(|| {
        let finished = Flag::lowered("finished");
        crate::open(|nursery| nursery.spawn(|| finished.raise()));
        assert!(finished.is_raised(), "`open` returned before its child");
    });
}

/// Of two children one never ends, so the block may not end either, and has to sleep. Catches a block that
/// ends before its child, or when another child ends, and one that spins, even if it does so only then.
#[test]
fn the_block_sleeps_while_a_child_is_left() {
    // WG-02
    must_sleep("`open`", "its child was left", || {
        let gate = Gate::shut("gate");
        crate::open(|nursery| {
            nursery.spawn(|| gate.pass());
            nursery.spawn(|| ());
        });
        // Without this a return would be a deadlock, too: the child sleeps.
        panic!("`open` returned, and its child was left");
    });
}

/// Two children write plain memory, and main reads both after the block: the end of each child is ordered
/// before that of the block. Catches a count in which two children that end at once count as one, and a block
/// that ends with the first of two.
#[test]
fn what_the_children_wrote_is_visible_after_the_block() {
    // WG-06, WG-07
    harness::model(|| {
        let (one, two) = (Slot::empty("one"), Slot::empty("two"));
        crate::open(|nursery| {
            nursery.spawn(|| one.write(1));
            nursery.spawn(|| two.write(2));
        });
        assert_eq!((one.read(), two.read()), (1, 2));
    });
}

/// A child spawns a sibling: the block waits for that too, though the body has ended, and perhaps all
/// children known by then. The sibling reads what its sibling has written before.
#[test]
fn a_sibling_spawned_by_a_child_is_waited_for() {
    // WG-14, WG-15, GR-01
    harness::model(|| {
        let note = Slot::empty("note");
        let finished = Flag::lowered("finished");
        crate::open(|nursery| {
            nursery.spawn(|| {
                note.write(7);
                nursery.spawn(|| {
                    assert_eq!(note.read(), 7);
                    finished.raise();
                });
            });
        });
        assert!(
            finished.is_raised(),
            "`open` returned before a child that another child had spawned"
        );
    });
}

/// A child spawns a sibling, which may end before `spawn` returns: the child itself is still to be waited
/// for. Catches a child that is counted only after its thread has been spawned: if the sibling has ended by
/// then, it was subtracted in place of the child that spawned it.
#[test]
fn a_child_that_has_spawned_a_sibling_is_waited_for() {
    // WG-14, WG-15
    harness::model(|| {
        let finished = Flag::lowered("finished");
        crate::open(|nursery| {
            nursery.spawn(|| {
                nursery.spawn(|| ());
                finished.raise();
            });
        });
        assert!(
            finished.is_raised(),
            "`open` returned before a child that had spawned another child"
        );
    });
}

/// The child can end only after the body has gone on: `spawn` does not wait for it.
#[test]
fn spawn_does_not_wait_for_the_child() {
    harness::model(|| {
        let gate = Gate::shut("gate");
        crate::open(|nursery| {
            nursery.spawn(|| gate.pass());
            gate.open();
        });
    });
}

/// One child panics: the other child runs and ends all the same, before the panic leaves the block. Catches
/// the early return: the other is still running, or has not begun, because `spawn` starts no child after a
/// panic. Also catches an end by a panic that orders nothing: main reads what both have written.
#[test]
fn a_panic_waits_for_the_other_children() {
    // EG-03, WG-07
    harness::model(|| {
        let finished = Flag::lowered("finished");
        let (one, two) = (Slot::empty("one"), Slot::empty("two"));
        let outcome = outcome(|| {
            crate::open(|nursery| {
                nursery.spawn(|| {
                    one.write(1);
                    boom("child")
                });
                nursery.spawn(|| {
                    two.write(2);
                    finished.raise();
                });
            })
        });
        assert!(
            finished.is_raised(),
            "the panic left the block before the other child had ended, or that child never began"
        );
        assert_eq!((one.read(), two.read()), (1, 2));
        assert_eq!(outcome, Err("child".to_owned()));
    });
}

/// A child spawns a sibling and panics: the sibling runs and ends before the panic leaves the block. Catches
/// a panic that goes straight through `open`, and one that counts for more than the child that panicked.
#[test]
fn a_panic_waits_for_the_sibling_just_spawned() {
    // EG-03, WG-14
    harness::model(|| {
        let finished = Flag::lowered("finished");
        let outcome = outcome(|| {
            crate::open(|nursery| {
                nursery.spawn(|| {
                    nursery.spawn(|| finished.raise());
                    boom("child");
                });
            })
        });
        assert!(
            finished.is_raised(),
            "the panic left the block before the panicking child's sibling had ended"
        );
        assert_eq!(outcome, Err("child".to_owned()));
    });
}

/// The body panics: its child runs and ends before the panic leaves the block, and main sees what it wrote.
/// Catches a panic of the body that goes straight through `open`, or that leaves behind what the child wrote.
#[test]
fn a_panic_of_the_body_waits_for_the_children() {
    // EG-03, WG-07
    harness::model(|| {
        let finished = Flag::lowered("finished");
        let slot = Slot::empty("slot");
        let outcome = outcome(|| {
            crate::open(|nursery| {
                nursery.spawn(|| {
                    slot.write(7);
                    finished.raise();
                });
                boom("body")
            })
        });
        assert!(
            finished.is_raised(),
            "the body's panic left the block before the child had ended"
        );
        assert_eq!(slot.read(), 7);
        assert_eq!(outcome, Err("body".to_owned()));
    });
}

/// A child gets no thread, and the body catches the panic of `spawn`: neither counts, and what the closure
/// owned spawns another child when it is dropped. Catches a child that counts although its thread cannot be
/// had, a panic of `spawn` that counts although the body has caught it, and a closure that is dropped under a
/// lock.
#[test]
fn a_child_that_gets_no_thread_is_no_child() {
    struct SpawnsOnDrop<'scope, 'env> {
        nursery: &'scope Nursery<'scope, 'env>,
        dropped: &'scope Flag,
        finished: &'scope Flag,
    }
    impl Drop for SpawnsOnDrop<'_, '_> {
        fn drop(&mut self) {
            self.dropped.raise();
            self.nursery.has_panicked();
            let finished = self.finished;
            // There are threads again.
            thread::refuse_after(usize::MAX, || self.nursery.spawn(|| finished.raise()));
        }
    }

    harness::model(|| {
        let dropped = Flag::lowered("dropped");
        let finished = Flag::lowered("finished");
        crate::open(|nursery| {
            let (dropped, finished) = (&dropped, &finished);
            let spawns = SpawnsOnDrop {
                nursery,
                dropped,
                finished,
            };
            let refused = thread::refuse_after(0, || {
                payload_of(|| {
                    nursery.spawn(move || {
                        let _spawns = spawns;
                        panic!("a child ran without a thread")
                    })
                })
            });
            assert!(
                refused.is_some(),
                "no thread could be created, but `spawn` returned"
            );
            assert!(
                dropped.is_raised(),
                "`spawn` has panicked, but the closure that got no thread is not dropped"
            );
            assert!(
                !nursery.has_panicked(),
                "the body has caught the panic of `spawn`, but `has_panicked` returned true"
            );
        });
        assert!(
            finished.is_raised(),
            "`open` returned before the child that was spawned when the refused one was dropped"
        );
    });
}

/// `has_panicked` turns true when the first payload is decided, not sooner: a child that sees it and panics
/// is a later one. It stays true. Catches a later panic that takes the place of the first, or takes back that there was one.
///
/// Three threads have thousands without a bound.
#[test]
fn the_first_panic_resumes() {
    // EG-02
    harness::Model::new().preemption_bound(2).check(|| {
        let mut was_taken_back = false;
        let outcome = outcome(|| {
            crate::open(|nursery| {
                nursery.spawn(|| boom("first"));
                nursery.spawn(|| {
                    if nursery.has_panicked() {
                        boom("later");
                    }
                });
                was_taken_back = nursery.has_panicked() && !nursery.has_panicked();
            })
        });
        assert!(
            !was_taken_back,
            "`has_panicked` returned true and then false"
        );
        assert_eq!(
            outcome,
            Err("first".to_owned()),
            "a panic that began when `has_panicked` was true is not the first, but its payload left the block"
        );
    });
}

/// `has_panicked` is false to every thread before a panic, and stays true to every thread after one, even while
/// another is asking. Catches an answer that another thread changes by asking at the same time, such as by a
/// `try_lock` that finds the lock taken.
#[test]
fn threads_that_ask_at_once_get_the_same_answer() {
    harness::model(|| {
        // An assertion in the body would be a later panic, and be lost.
        let (mut before, mut after) = ((false, false), None);
        let outcome = outcome(|| {
            crate::open(|nursery| {
                let ask = || both(|| nursery.has_panicked(), || nursery.has_panicked());
                before = ask();
                nursery.spawn(|| boom("child"));
                if nursery.has_panicked() {
                    after = Some(ask());
                }
            })
        });
        assert!(
            before == (false, false),
            "nothing has panicked; two threads asked `has_panicked` at the same time, and got {before:?}"
        );
        if let Some(after) = after {
            assert!(
                after == (true, true),
                "`has_panicked` had returned true; then two threads asked at the same time, and got {after:?}"
            );
        }
        assert_eq!(outcome, Err("child".to_owned()));
    });
}

/// The body panics, and its child learns of it by `has_panicked`: before that the body's payload is kept as
/// the first, and after it `open` waits. Catches a panic of the body that counts only at the end: `open`
/// waits for the child, and the child for a sign of the panic.
#[test]
fn a_child_learns_that_the_body_has_panicked() {
    harness::model(|| {
        let outcome = outcome(|| {
            crate::open(|nursery| {
                nursery.spawn(|| {
                    while !nursery.has_panicked() {
                        thread::yield_now();
                    }
                    boom("later");
                });
                boom("body")
            })
        });
        assert_eq!(
            outcome,
            Err("body".to_owned()),
            "a panic that began when `has_panicked` was true is not the first, but its payload left the block"
        );
    });
}

/// A child panics, and the body learns of it by `has_panicked`: before that the child's payload is kept as
/// the first, and after it the child counts as ended. Catches a panic of a child that counts only at the end,
/// and a panic of the body that takes the place of the child's.
#[test]
fn the_body_learns_that_a_child_has_panicked() {
    // EG-02
    harness::model(|| {
        let outcome = outcome(|| {
            crate::open(|nursery| {
                nursery.spawn(|| boom("child"));
                while !nursery.has_panicked() {
                    thread::yield_now();
                }
                boom("later")
            })
        });
        assert_eq!(
            outcome,
            Err("child".to_owned()),
            "a panic that began when `has_panicked` was true is not the first, but its payload left the block"
        );
    });
}

/// A child and the body panic at once: when `open` resumes one of the panics, the other's payload is dropped
/// already. Catches a payload that is lost or dropped twice, or dropped when the block has ended.
#[test]
fn every_payload_is_dropped_once() {
    struct Payload(Arc<Flag>);
    impl Drop for Payload {
        fn drop(&mut self) {
            self.0.raise();
        }
    }

    // EG-02
    harness::model(|| {
        let dropped = Arc::new(Flag::lowered("dropped"));
        let payload = || track(Payload(Arc::clone(&dropped)));
        let result = catch_unwind(AssertUnwindSafe(|| {
            crate::open(|nursery| {
                let childs = payload();
                nursery.spawn(move || resume_unwind(Box::new(childs)));
                resume_unwind(Box::new(payload()))
            })
        }));
        let Err(first) = result;
        match first.downcast::<Tracked<Payload>>() {
            Ok(_first) => assert!(
                dropped.is_raised(),
                "`open` has resumed one of two panics, but the other's payload is not dropped yet"
            ),
            Err(other) => resume_unwind(other),
        }
    });
}

/// Two children panic, and the drop of one payload waits for the body, which asks `has_panicked` first: no
/// call may wait for that drop. Catches a payload that is dropped under a lock.
#[test]
fn the_drop_of_a_payload_holds_up_nobody() {
    struct PassesOnDrop(Arc<Gate>);
    impl Drop for PassesOnDrop {
        fn drop(&mut self) {
            self.0.pass();
        }
    }

    harness::Model::new().preemption_bound(2).check(|| {
        let gate = Arc::new(Gate::shut("gate"));
        let theirs = PassesOnDrop(Arc::clone(&gate));
        let payload = payload_of(|| {
            crate::open(|nursery| {
                nursery.spawn(|| resume_unwind(Box::new("the other panic")));
                nursery.spawn(move || resume_unwind(Box::new(theirs)));
                nursery.has_panicked();
                gate.open();
            });
        });
        assert!(
            payload.is_some(),
            "two children have panicked, but `open` returned"
        );
    });
}

/// `open` wakes up for no reason, up to three times, before the child has ended: it has to look, and sleep again.
/// Catches `if` in place of `while`, and a `while` that ends after some turns.
#[test]
fn a_spurious_wakeup_does_not_end_the_block() {
    harness::Model::new().spurious_wakeups(3).check(|| {
        let finished = Flag::lowered("finished");
        crate::open(|nursery| {
            nursery.spawn(|| {
                // A sleeper wakes up again only when another thread has taken a step.
                let_others_sleep(3);
                finished.raise();
            });
        });
        assert!(finished.is_raised(), "`open` returned before its child");
    });
    must_sleep_again("`open`", |steps| {
        crate::open(|nursery| nursery.spawn(steps))
    });
}

/// A child ends when what its closure owned is dropped, for a destructor may use what was borrowed: the block
/// ends after that. Catches a child that counts as ended as soon as its closure has returned.
#[test]
fn what_a_child_owned_is_dropped_before_the_block_ends() {
    struct RaisesOnDrop<'a>(&'a Flag);
    impl Drop for RaisesOnDrop<'_> {
        fn drop(&mut self) {
            self.0.raise();
        }
    }

    harness::model(|| {
        let dropped = Flag::lowered("finished");
        crate::open(|nursery| {
            let owned = RaisesOnDrop(&dropped);
            nursery.spawn(move || {
                let _owned = &owned;
            });
        });
        assert!(
            dropped.is_raised(),
            "`open` returned before what its child owned was dropped"
        );
    });
}

/// Panics with a message that [`outcome`] recognises.
#[track_caller]
fn boom(whose: &str) -> ! {
    panic!("for `open` to catch and resume: {whose}")
}

/// Runs `f`, and returns whose panic left it, if [`boom`] began that panic. Any other panic continues.
fn outcome(f: impl FnOnce()) -> Result<(), String> {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
        return Ok(());
    };
    let message = payload.downcast_ref::<String>();
    match message.and_then(|message| message.strip_prefix("for `open` to catch and resume: ")) {
        Some(whose) => Err(whose.to_owned()),
        None => resume_unwind(payload),
    }
}
