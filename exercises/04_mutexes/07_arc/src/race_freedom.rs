//! Models: each explores every interleaving of a few owners. The values have a `Slot` in them, which is plain
//! memory: what an owner did to it and what comes after the last owner must be ordered by the counts, or it
//! is a data race.

use crate::sync::thread::scope;
use crate::{Arc, MAX_REFERENCES};
use harness::leaks::track;
use harness::testing::{
    Flag, Slot, both, has_waited, panic_of, spawn, staged_panic, staged_panic_of,
};
use harness::{Model, model};

/// A value that owners write to, and that looks at what they wrote when it is dropped.
struct Noted(Slot);

impl Noted {
    fn new() -> Self {
        Self(Slot::empty("note"))
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.read();
    }
}

const TOO_MANY: &str = "arc: too many references";

/// Two owners go, and one of them has written. The one that goes last drops the value, once, after all that
/// the other did to it, and frees the memory after that.
#[test]
fn the_last_owner_drops_after_all_others_are_done() {
    model(|| {
        let mine = Arc::new(Noted::new());
        let theirs = mine.clone();
        both(
            move || drop(mine),
            move || {
                theirs.0.write(7);
                drop(theirs);
            },
        );
    });
}

/// Three owners in three threads. Catches a count that is right for two: the last one reads what the second
/// has made of the first one's step.
#[test]
fn the_last_of_three_drops_after_all_others_are_done() {
    model(|| {
        let mine = Arc::new((Noted::new(), Noted::new(), track(())));
        let (second, third) = (mine.clone(), mine.clone());
        scope(|s| {
            spawn(s, "second", move || second.0.0.write(7));
            spawn(s, "third", move || third.1.0.write(7));
            drop(mine);
        });
    });
}

/// Owners come and go at the same time. Catches counting in two steps, which loses one, and drops the value
/// twice or never.
#[test]
fn owners_that_come_and_go_are_all_counted() {
    model(|| {
        let mine = Arc::new(track(7));
        let theirs = mine.clone();
        both(
            || drop(mine.clone()),
            move || {
                let another = theirs.clone();
                drop(theirs);
                assert_eq!(**another, 7);
            },
        );
        assert_eq!(
            (Arc::strong_count(&mine), **mine),
            (1, 7),
            "main's Arc is left"
        );
    });
}

/// Another owner writes, and goes. Catches a `get_mut` that lends the value before that is over, or does not
/// see it.
#[test]
fn get_mut_comes_after_the_other_owners() {
    model(|| {
        let mut mine = Arc::new(Noted::new());
        let theirs = mine.clone();
        let (lent, ()) = both(
            || {
                let value = Arc::get_mut(&mut mine);
                value.map(|noted| noted.0.read())
            },
            move || theirs.0.write(7),
        );
        assert!(
            matches!(lent, None | Some(7)),
            "{lent:?}, where 7 was written before"
        );
        assert!(Arc::get_mut(&mut mine).is_some(), "the other owner is gone");
    });
}

/// The other owner makes a `Weak`, drops its `Arc`, upgrades the `Weak`, and reads. At no moment is main
/// alone, unless all of that is over: `get_mut` must not take two counts for one moment, and what it lends
/// comes after the read.
#[test]
fn get_mut_finds_no_gap_between_the_counts() {
    model(|| {
        let mut mine = Arc::new(Noted::new());
        let theirs = mine.clone();
        both(
            || {
                if let Some(noted) = Arc::get_mut(&mut mine) {
                    noted.0.write(7);
                }
            },
            move || {
                let weak = Arc::downgrade(&theirs);
                drop(theirs);
                if let Some(again) = weak.upgrade() {
                    again.0.read();
                }
            },
        );
        assert!(
            Arc::get_mut(&mut mine).is_some(),
            "main's Arc is the only reference left"
        );
    });
}

/// There is one `Arc`, and a `Weak`, which becomes another one, reads the value, and goes. `get_mut` lends
/// the value only if both are gone, and after what they did.
#[test]
fn get_mut_counts_what_a_weak_became() {
    model(|| {
        let mut mine = Arc::new(Noted::new());
        let weak = Arc::downgrade(&mine);
        both(
            || {
                if let Some(noted) = Arc::get_mut(&mut mine) {
                    noted.0.write(7);
                }
            },
            move || {
                let theirs = weak.upgrade().expect("main owns the value");
                drop(weak);
                theirs.0.read();
            },
        );
    });
}

/// Another owner writes, and goes. Catches a `try_unwrap` that takes the value before that is over, or does
/// not see it.
#[test]
fn try_unwrap_comes_after_the_other_owners() {
    model(|| {
        let mine = Arc::new(Slot::empty("note"));
        let theirs = mine.clone();
        let (taken, ()) = both(|| Arc::try_unwrap(mine), move || theirs.write(7));
        match taken {
            Ok(note) => assert_eq!(note.read(), 7, "what the other owner wrote"),
            Err(mine) => assert_eq!(mine.read(), 7, "main still owns the value"),
        }
    });
}

/// Two owners want the value. Catches one that both get, and one that is dropped though it was taken.
#[test]
fn one_owner_at_most_takes_the_value_out() {
    model(|| {
        let mine = Arc::new(track(7));
        let theirs = mine.clone();
        let (one, other) = both(
            || Arc::try_unwrap(mine).ok(),
            || Arc::try_unwrap(theirs).ok(),
        );
        assert!(
            one.is_none() || other.is_none(),
            "the value was taken out twice"
        );
    });
}

/// A `Weak` is upgraded while the last owner goes. Either there is a new owner, which drops the value in its
/// turn, or `upgrade` returns `None`.
#[test]
fn an_upgrade_gets_the_value_or_nothing() {
    model(|| {
        let mine = Arc::new((Noted::new(), track(7)));
        let weak = Arc::downgrade(&mine);
        both(
            move || drop(mine),
            move || {
                if let Some(theirs) = weak.upgrade() {
                    assert_eq!(*theirs.1, 7);
                    theirs.0.0.write(7);
                }
            },
        );
    });
}

/// A `Weak` is upgraded while the last owner takes the value out: either the value is taken, or there is
/// another owner.
#[test]
fn an_upgrade_and_try_unwrap_exclude_each_other() {
    model(|| {
        let mine = Arc::new(track(7));
        let weak = Arc::downgrade(&mine);
        let (taken, upgraded) = both(|| Arc::try_unwrap(mine), || weak.upgrade());
        assert_ne!(
            taken.is_ok(),
            upgraded.is_some(),
            "taken out, and upgraded (or neither)"
        );
        drop((taken, upgraded));
        assert!(weak.upgrade().is_none(), "no owner is left");
    });
}

/// An owner stays while another comes and goes. Catches an upgrade that gives up because the count has
/// changed, or because a weak exchange has failed for no reason.
#[test]
fn an_upgrade_succeeds_while_there_is_an_owner() {
    Model::new().spurious_failures(1).check(|| {
        let mine = Arc::new(7);
        let weak = Arc::downgrade(&mine);
        let (upgraded, ()) = both(|| weak.upgrade(), || drop(mine.clone()));
        assert_eq!(
            upgraded.as_deref(),
            Some(&7),
            "main owns the value all the time"
        );
    });
}

/// There is one reference, and no other thread: `get_mut` lends the value, and `try_unwrap` takes it out. An
/// exchange that fails for no reason, as a weak one may, is no other reference.
#[test]
fn the_only_reference_is_never_refused() {
    Model::new().spurious_failures(1).check(|| {
        let mut mine = Arc::new(7);
        let lent = Arc::get_mut(&mut mine);
        assert!(
            lent.is_some(),
            "`get_mut` was refused to the only reference"
        );
        let taken = Arc::try_unwrap(mine).ok();
        assert_eq!(taken, Some(7), "what `try_unwrap` gave to the only owner");
    });
}

/// Two owners ask for the value at once. Both are refused, and none waits until the other has had its answer.
#[test]
fn get_mut_does_not_wait() {
    model(|| {
        let mut mine = Arc::new(7);
        let mut theirs = mine.clone();
        let refused = |arc: &mut Arc<u32>| {
            let is_refused = Arc::get_mut(arc).is_none();
            assert!(
                !has_waited(),
                "`get_mut` has slept or yielded: it must not wait"
            );
            is_refused
        };
        let both_refused = both(|| refused(&mut mine), || refused(&mut theirs));
        assert_eq!(both_refused, (true, true), "there are two owners");
    });
}

/// The last `Arc` and the last `Weak` go at the same time. Catches memory that is freed twice, or under the
/// other's feet, and a value that is dropped when the memory goes, not when the last owner does.
#[test]
fn the_last_arc_and_the_last_weak_go_together() {
    model(|| {
        let mine = Arc::new((Noted::new(), track(7)));
        let weak = Arc::downgrade(&mine);
        let another = weak.clone();
        both(move || drop((mine, another)), move || drop(weak));
    });
}

/// `downgrade` beside `get_mut`, and beside another `downgrade`. Catches a `Weak` that is not counted, and a
/// `get_mut` that leaves its lock behind.
#[test]
fn weaks_that_come_and_go_are_all_counted() {
    Model::new().spurious_failures(1).check(|| {
        let mut mine = Arc::new(track(7));
        let theirs = mine.clone();
        let (_, weak) = both(
            || {
                assert!(
                    Arc::get_mut(&mut mine).is_none(),
                    "another owner is there all the time"
                );
                Arc::downgrade(&mine)
            },
            || Arc::downgrade(&theirs),
        );
        drop((mine, theirs));
        assert!(weak.upgrade().is_none(), "no owner is left");
    });
}

/// Two threads, each with a `Weak`, clone and drop it. Then one is left, and `get_mut` is refused because of
/// that one only.
#[test]
fn weaks_of_two_threads_are_all_counted() {
    model(|| {
        let mut mine = Arc::new(track(7));
        let (weak, theirs) = (Arc::downgrade(&mine), Arc::downgrade(&mine));
        both(
            || drop(weak.clone()),
            move || {
                let another = theirs.clone();
                drop(theirs);
                drop(another);
            },
        );
        assert!(
            Arc::get_mut(&mut mine).is_none(),
            "`get_mut` lent the value, and one Weak is left"
        );
        drop(weak);
        assert!(
            Arc::get_mut(&mut mine).is_some(),
            "`get_mut` was refused, and no Weak is left"
        );
    });
}

/// Both threads clone at the limit, where there is room for one at most. Catches a count that goes over it,
/// and a refusal that stays counted.
#[test]
fn a_refused_clone_leaves_the_count() {
    model(|| {
        let mine = Arc::new(track(7));
        let kept: Vec<_> = (2..MAX_REFERENCES).map(|_| mine.clone()).collect();
        let clone = || {
            let mut made = None;
            let refused = panic_of(|| made = Some(mine.clone()));
            assert!(
                matches!(refused.as_deref(), None | Some(TOO_MANY)),
                "{refused:?}"
            );
            made
        };
        let (one, other) = both(clone, clone);
        assert!(
            one.is_none() || other.is_none(),
            "{MAX_REFERENCES} are allowed, and this is one more"
        );
        drop((one, other));
        assert_eq!(Arc::strong_count(&mine), MAX_REFERENCES - 1);
        drop(kept);
        assert_eq!(
            Arc::try_unwrap(mine).ok().map(|value| *value),
            Some(7),
            "the only owner"
        );
    });
}

/// There are as many owners as there may be. Main drops them all, and another thread upgrades meanwhile: it
/// is refused, or gets the value. Catches a call that counts itself first and takes that back: the owners go
/// in between, and the value is left to nobody.
#[test]
fn a_refused_upgrade_is_no_owner() {
    model(|| {
        let mine = Arc::new(track(7));
        let weak = Arc::downgrade(&mine);
        let owners: Vec<_> = (1..MAX_REFERENCES).map(|_| mine.clone()).collect();
        let upgrade = || {
            let mut owner = None;
            panic_of(|| owner = weak.upgrade());
            owner.is_some_and(|owner| **owner == 7)
        };
        both(|| drop((mine, owners)), upgrade);
        assert!(weak.upgrade().is_none(), "all owners are gone");
    });
}

/// As many references as there may be are made, although an exchange may fail for no reason. Then every way
/// to one too many, one after the other: each panics, and changes nothing.
#[test]
fn one_reference_too_many_panics() {
    Model::new().spurious_failures(1).check(|| {
        let mut mine = Arc::new(track(7));
        let weak = Arc::downgrade(&mine);
        let owners: Vec<_> = (1..MAX_REFERENCES).map(|_| mine.clone()).collect();
        let weaks: Vec<_> = (1..MAX_REFERENCES).map(|_| weak.clone()).collect();
        let calls: [(&str, &dyn Fn()); 4] = [
            ("Arc::clone", &|| drop(mine.clone())),
            ("Weak::upgrade", &|| drop(weak.upgrade())),
            ("Arc::downgrade", &|| drop(Arc::downgrade(&mine))),
            ("Weak::clone", &|| drop(weak.clone())),
        ];
        for (call, refused) in calls.into_iter().chain(calls) {
            assert_eq!(
                panic_of(refused).as_deref(),
                Some(TOO_MANY),
                "{call}, at the limit"
            );
        }
        assert_eq!(Arc::strong_count(&mine), MAX_REFERENCES);
        drop(owners);
        assert_eq!(Arc::strong_count(&mine), 1);
        drop((weak, weaks));
        assert!(
            Arc::get_mut(&mut mine).is_some(),
            "the only reference is left"
        );
    });
}

/// The limit of `Weak`s holds when the owners are gone, but for one place in the count that they may leave
/// behind. Catches a limit that only `downgrade` looks at, and a refused `Weak` that stays counted.
#[test]
fn one_weak_too_many_panics_without_an_owner() {
    model(|| {
        let weak = Arc::downgrade(&Arc::new(track(7)));
        let mut weaks = vec![weak];
        let refused = panic_of(|| {
            while weaks.len() <= MAX_REFERENCES + 1 {
                let weak = weaks[0].clone();
                weaks.push(weak);
            }
        });
        assert_eq!(
            refused.as_deref(),
            Some(TOO_MANY),
            "`Weak`s that were made: {}",
            weaks.len()
        );
        assert!(
            weaks.len() >= MAX_REFERENCES,
            "refused with {} `Weak`s, and {MAX_REFERENCES} are allowed",
            weaks.len()
        );
        assert!(weaks[0].upgrade().is_none(), "the owner is gone");
    });
}

/// An owner's thread panics with the `Arc` in its hands.
#[test]
fn a_panic_drops_the_owners_arc() {
    model(|| {
        let mine = Arc::new(Noted::new());
        let theirs = mine.clone();
        let ((), panicked) = both(
            move || drop(mine),
            || {
                staged_panic_of(move || {
                    theirs.0.write(7);
                    staged_panic("an owner's");
                })
            },
        );
        assert_eq!(panicked, Some("an owner's"));
    });
}

/// The destructor looks whether it can be found: from the moment at which the last owner goes, a `Weak` leads
/// nowhere.
#[test]
fn no_upgrade_while_the_value_is_dropped() {
    struct Looks<'a>(&'a Flag);
    impl Drop for Looks<'_> {
        fn drop(&mut self) {
            self.0.raise();
        }
    }
    model(|| {
        let is_dropped = Flag::lowered("is dropped");
        let mine = Arc::new(Looks(&is_dropped));
        let weak = Arc::downgrade(&mine);
        both(
            || {
                if is_dropped.is_raised() {
                    assert!(
                        weak.upgrade().is_none(),
                        "upgraded while the destructor runs, or after it"
                    );
                }
            },
            move || drop(mine),
        );
        assert!(
            is_dropped.is_raised(),
            "the last owner is gone, and only a Weak is left"
        );
    });
}
