//! However a group ends, no thread, no value and no memory stays behind, and nothing in the context above it.

use cancellation_solution::Context;
use err_group::{Group, TryGoError, scope};
use harness::leaks::{self, Tracked, track};
use harness::sync::real::thread::refuse_after;
use harness::testing::payload_of;
use std::error::Error;
use std::fmt;
use std::panic::resume_unwind;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

#[derive(Debug)]
struct Failed(#[allow(dead_code, reason = "it is dropped")] Tracked<String>);

impl Failed {
    fn new() -> Self {
        Self(track("failed".to_owned()))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl Error for Failed {}

#[track_caller]
fn go<'scope>(
    group: &Group<'scope, '_, Failed>,
    task: impl FnOnce() -> Result<(), Failed> + Send + 'scope,
) {
    group.go(task).expect("there are threads");
}

fn wait_for_the_end(context: &Context) {
    let Err(_) = context.done().recv();
}

#[test]
fn a_group_that_succeeds_leaves_nothing() {
    leaks::check(|| {
        let value = scope(&Context::background(), Some(2), |group| {
            for n in 0..5 {
                let owned = track(n);
                go(group, move || {
                    assert_eq!(*owned, n);
                    Ok(())
                });
            }
            Ok(track(7))
        });
        assert_eq!(*value.expect("nobody has failed"), 7);
    });
}

/// All errors but the first are dropped, and the first with its last owner.
#[test]
fn a_group_that_fails_leaves_nothing() {
    leaks::check(|| {
        let [one, two, late] = [(); 3].map(|()| Failed::new());
        let outcome = scope(&Context::background(), None, |group| {
            go(group, || Err(one));
            go(group, || Err(two));
            wait_for_the_end(group.context());
            let context = group.context().clone();
            go(group, move || {
                wait_for_the_end(&context);
                Err(late)
            });
            Ok(track(7))
        });
        assert!(outcome.is_err());
    });
}

#[test]
fn panics_leave_nothing() {
    leaks::check(|| {
        let [one, two, body] = [1, 2, 3].map(|n| track(n));
        let error = Failed::new();
        let payload = payload_of(|| {
            let _ = scope(
                &Context::background(),
                Some(3),
                |group| -> Result<(), Failed> {
                    go(group, || Err(error));
                    go(group, || resume_unwind(Box::new(one)));
                    go(group, || resume_unwind(Box::new(two)));
                    wait_for_the_end(group.context());
                    resume_unwind(Box::new(body))
                },
            );
        });
        let payload = payload.expect("three have panicked");
        assert!(payload.is::<Tracked<i32>>(), "the payload is one of theirs");
    });
}

#[test]
fn tasks_that_are_refused_leave_nothing() {
    leaks::check(|| {
        let outcome = scope(&Context::background(), Some(1), |group| {
            let owned = track(1);
            let refused = refuse_after(0, || group.go(move || panic!("it ran: {owned:?}")));
            assert!(refused.is_err(), "no thread could be had");
            let context = group.context().clone();
            go(group, move || {
                wait_for_the_end(&context);
                Ok(())
            });
            let owned = track(2);
            let Err(TryGoError::Full(task)) = group.try_go(move || {
                assert_eq!(*owned, 2);
                Ok(())
            }) else {
                panic!("one task is running, of one");
            };
            drop(task);
            Err::<(), _>(Failed::new())
        });
        assert!(outcome.is_err());
    });
}

/// A group lives on, in which a task has failed. Its later tasks come and go, half of them fail, and what it keeps of each adds up
/// from round to round.
#[test]
fn a_group_keeps_nothing_of_tasks_that_have_ended() {
    let outcome = scope(&Context::background(), Some(1), |group| {
        group.go(|| Err(fmt::Error)).expect("there are threads");
        leaks::check(|| {
            for n in 0..10 {
                let owned = track(n);
                let task = move || {
                    if *owned % 2 == 0 {
                        Err(fmt::Error)
                    } else {
                        Ok(())
                    }
                };
                group.go(task).expect("there are threads");
            }
        });
        Ok(())
    });
    assert!(outcome.is_err(), "the first task has failed");
}

/// A server's context is there for years, and each request has a group below it.
#[test]
fn the_context_above_keeps_nothing_of_its_groups() {
    let (server, _guard) = Context::background().with_cancel();
    leaks::check(|| {
        for n in 0..6 {
            let error = (n % 2 == 0).then(Failed::new);
            let outcome = scope(&server, Some(1), |group| {
                go(group, || error.map_or(Ok(()), Err));
                go(group, || Ok(()));
                Ok(())
            });
            assert_eq!(outcome.is_err(), n % 2 == 0);
        }
    });
}
