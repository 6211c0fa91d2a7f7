//! Models: each explores every interleaving of a few owners. The values have a `Slot` in them, which is plain
//! memory: what an owner did to it and what comes after the last owner must be ordered by the counts, or it
//! is a data race.

use crate::sync::thread::{scope, yield_now};
use crate::{Arc, MAX_REFERENCES, Weak};
use harness::leaks::track;
use harness::testing::{
    Flag, Slot, both, never_waits, panic_of, spawn, staged_panic, staged_panic_of, unwinding_if,
};
use harness::{Model, model};
use std::sync::OnceLock;

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

/// Three owners in three threads. The last to go drops the value after all that the other two did to it: it
/// reads what the second has made of the first one's step.
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

/// Owners come and go at the same time. Each is counted, in one step: main's is the only one that is left.
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
        let owners = Arc::strong_count(&mine);
        assert_eq!(
            owners, 1,
            "owners that are counted: all but main's are gone"
        );
        assert_eq!(**mine, 7);
    });
}

/// Another owner writes, and goes. `get_mut` lends the value only after that, and then what was written is
/// seen, though the thread that asks unwinds.
#[test]
fn get_mut_comes_after_the_other_owners() {
    for unwinds in [false, true] {
        model(move || {
            let mut mine = Arc::new(Noted::new());
            let theirs = mine.clone();
            let (lent, ()) = both(
                || {
                    let value = unwinding_if(unwinds, || Arc::get_mut(&mut mine));
                    value.map(|noted| noted.0.read())
                },
                move || theirs.0.write(7),
            );
            assert!(
                matches!(lent, None | Some(7)),
                "{lent:?}, where 7 was written before"
            );
            assert!(
                Arc::get_mut(&mut mine).is_some(),
                "`get_mut` was refused to the only reference: the other owner has gone, or a refusal before has left something"
            );
        });
    }
}

/// The other owner makes a `Weak`, and waits with that while main is in `get_mut`; then it drops its `Arc`,
/// upgrades the `Weak`, and reads. At no moment is main alone, unless all of that is over: `get_mut` must
/// not take two counts for one moment, and what it lends comes after the read.
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
                let weak = one_more("Arc::downgrade", 0, || Arc::downgrade(&theirs));
                drop(theirs);
                if let Some(again) = weak.upgrade() {
                    again.0.read();
                }
            },
        );
        assert!(
            Arc::get_mut(&mut mine).is_some(),
            "`get_mut` was refused to the only reference: all others have gone"
        );
    });
}

/// There is one `Arc`, and a `Weak`, which becomes another one, and that makes a `Weak` again, and so on.
/// At each moment there is one or the other: `get_mut` lends the value only if both are gone, and after
/// what they did.
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
                let theirs = weak
                    .upgrade()
                    .expect("`upgrade` returned `None`, and main owns the value");
                drop(weak);
                let weak = Arc::downgrade(&theirs);
                drop(theirs);
                weak.upgrade()
                    .expect("`upgrade` returned `None`, and main owns the value")
                    .0
                    .read();
            },
        );
    });
}

/// Another owner writes, and goes. `try_unwrap` takes the value out only after that, and then what was
/// written is seen, whether there is a `Weak` or not.
#[test]
fn try_unwrap_comes_after_the_other_owners() {
    for weaks in 0..2 {
        model(move || {
            let mine = Arc::new(Slot::empty("note"));
            let (_weak, theirs) = ((weaks == 1).then(|| Arc::downgrade(&mine)), mine.clone());
            let (taken, ()) = both(|| Arc::try_unwrap(mine), move || theirs.write(7));
            match taken {
                Ok(note) => assert_eq!(note.read(), 7, "what the other owner wrote"),
                Err(mine) => assert_eq!(mine.read(), 7, "main still owns the value"),
            }
        });
    }
}

/// Two owners want the value, each by `try_unwrap`. One at most gets it, the other one stays an owner all
/// the while, and the value is dropped once.
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

/// A `Weak` is upgraded while the last owner goes. Either there is a new owner, which drops the value in
/// its turn, or `upgrade` returns `None`. The memory stays until both are done with it.
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

/// An owner stays while another comes and goes. An upgrade beside that succeeds, even if the count changes
/// under it, or a weak exchange fails for no reason.
#[test]
fn an_upgrade_succeeds_while_there_is_an_owner() {
    Model::new().spurious_failures(1).check(|| {
        let mine = Arc::new(7);
        let weak = Arc::downgrade(&mine);
        let (upgraded, ()) = both(|| weak.upgrade(), || drop(mine.clone()));
        assert_eq!(
            upgraded.as_deref(),
            Some(&7),
            "`upgrade`, while main owns the value all the time"
        );
    });
}

/// An owner stays while another comes and goes, before each exchange of main, 260 times in a row: `upgrade` succeeds, for it
/// fails only without an owner. Catches one that tries only so often.
#[test]
fn an_upgrade_that_is_overtaken_again_and_again_succeeds() {
    // More often than anybody would try again before giving up, and than a byte can count.
    const OVERTAKEN: usize = 260;
    let overtaken = Model::new()
        .preemption_bound(0)
        .max_branches(20 * OVERTAKEN)
        .interrupted_exchanges(OVERTAKEN);
    overtaken.check(|| {
        let mine = Arc::new(7);
        let weak = Arc::downgrade(&mine);
        let others = || {
            let mut kept = None;
            for _ in 0..OVERTAKEN {
                // One owner more, and one less, in turns.
                kept = kept.is_none().then(|| mine.clone());
                yield_now();
            }
        };
        let (upgraded, ()) = both(|| weak.upgrade(), others);
        assert_eq!(
            upgraded.as_deref(),
            Some(&7),
            "`upgrade`, while main owns the value all the time"
        );
    });
}

/// There is one reference, and no other thread. `get_mut` lends the value, though a weak exchange may fail
/// for no reason. Then the value is taken out, or dropped, and after that its memory is freed.
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
        drop(Arc::new(track(8)));
    });
}

/// Two owners ask for the value at once. Both are refused, and none waits until the other has had its answer. Nor does
/// an `upgrade` wait for it.
#[test]
fn get_mut_does_not_wait() {
    let refused = |arc: &mut Arc<u32>| never_waits("`get_mut`", || Arc::get_mut(arc).is_none());
    model(move || {
        let mut mine = Arc::new(7);
        let mut theirs = mine.clone();
        let both_refused = both(|| refused(&mut mine), || refused(&mut theirs));
        assert_eq!(both_refused, (true, true), "there are two owners");
    });
    model(move || {
        let mut mine = Arc::new(7);
        let weak = Arc::downgrade(&mine);
        let upgrade = || never_waits("`upgrade`", || weak.upgrade().is_some());
        let right = both(|| refused(&mut mine), upgrade);
        assert_eq!(right, (true, true), "there are an owner and a `Weak`");
    });
}

/// The last `Arc` and the last `Weak` go at the same time. The owner drops the value; whichever is the last
/// frees the memory, when the other is done with it.
#[test]
fn the_last_arc_and_the_last_weak_go_together() {
    model(|| {
        let mine = Arc::new((Noted::new(), track(7)));
        let weak = Arc::downgrade(&mine);
        let another = weak.clone();
        both(move || drop((mine, another)), move || drop(weak));
    });
}

/// `downgrade` beside a `get_mut` that is refused, and beside another `downgrade`. The refusal leaves
/// nothing behind, and each `Weak` is counted.
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

/// Calls both, each in a thread, where there is room for one reference more.
fn at_the_limit<R: Send>(one: impl FnOnce() -> R + Send, other: impl FnOnce() -> R + Send) {
    fn made<R>(make: impl FnOnce() -> R) -> Option<R> {
        let mut made = None;
        let refused = panic_of(|| made = Some(make()));
        let right = matches!(refused.as_deref(), None | Some(TOO_MANY));
        assert!(right, "refused with {refused:?}");
        made
    }
    let (one, other) = both(|| made(one), || made(other));
    assert!(
        one.is_none() || other.is_none(),
        "both calls have made a reference, which is one more than {MAX_REFERENCES}"
    );
}

/// Two threads make an owner each, and then a `Weak`, where there is room for one. A refused one is not
/// counted, and no more are made than there may be: to look at the count and to change it is one step.
#[test]
fn a_refused_clone_leaves_the_count() {
    model(|| {
        let mine = Arc::new(track(7));
        let weak = Arc::downgrade(&mine);
        let kept: Vec<_> = (2..MAX_REFERENCES).map(|_| mine.clone()).collect();
        let upgrade = || {
            weak.upgrade()
                .expect("`upgrade` returned `None`, and main owns the value")
        };
        at_the_limit(|| mine.clone(), upgrade);
        let owners = Arc::strong_count(&mine);
        let right = MAX_REFERENCES - 1;
        assert_eq!(
            owners, right,
            "owners that are counted: a refused one is none"
        );
        drop(kept);
        assert_eq!(
            Arc::try_unwrap(mine).ok().map(|value| *value),
            Some(7),
            "the only owner"
        );
    });
    model(|| {
        let mut mine = Arc::new(track(7));
        let weak = Arc::downgrade(&mine);
        let kept: Vec<_> = (2..MAX_REFERENCES).map(|_| weak.clone()).collect();
        at_the_limit(|| weak.clone(), || Arc::downgrade(&mine));
        drop((kept, weak));
        assert!(
            Arc::get_mut(&mut mine).is_some(),
            "`get_mut` was refused to the only reference: a `Weak` that was refused is still counted"
        );
    });
}

/// There are as many owners as there may be. Main drops them all, and another thread upgrades meanwhile: it
/// is refused, or gets the value. It does not count as an owner before that is clear: the last owner must
/// know that it is the last.
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

/// Makes a reference more, where there are `n`, which is less than the limit.
fn one_more<R>(call: &str, n: usize, make: impl FnOnce() -> R) -> R {
    let mut made = None;
    match panic_of(|| made = Some(make())).as_deref() {
        None => made.expect("it did not panic"),
        Some(TOO_MANY) => panic!("{call} was refused, and there are {n} of {MAX_REFERENCES}"),
        Some(other) => panic!("{other}"),
    }
}

/// As many references as there may be are made, the last of them by `clone` and again by `upgrade` or
/// `downgrade`, although an exchange may fail for no reason. Each way to one too many panics, and changes
/// nothing.
#[test]
fn one_reference_too_many_panics() {
    Model::new().spurious_failures(1).check(|| {
        let mut mine = Arc::new(track(7));
        let weak = Arc::downgrade(&mine);
        let range = 1..MAX_REFERENCES;
        let owners = range.clone().map(|n| one_more("Arc::clone", n, || mine.clone()));
        let weaks = range.clone().map(|n| one_more("Weak::clone", n, || weak.clone()));
        let (mut owners, mut weaks): (Vec<_>, Vec<_>) = (owners.collect(), weaks.collect());
        // The last place once more, the other way.
        drop((owners.pop(), weaks.pop()));
        let upgraded = one_more("Weak::upgrade", range.end - 1, || weak.upgrade());
        owners.push(upgraded.expect("`upgrade` returned `None`, and main owns the value"));
        weaks.push(one_more("Arc::downgrade", range.end - 1, || Arc::downgrade(&mine)));
        let calls: [(&str, &dyn Fn()); 4] = [
            ("Arc::clone", &|| drop(mine.clone())),
            ("Weak::upgrade", &|| drop(weak.upgrade())),
            ("Arc::downgrade", &|| drop(Arc::downgrade(&mine))),
            ("Weak::clone", &|| drop(weak.clone())),
        ];
        for (refusals, (call, refused)) in calls.into_iter().chain(calls).enumerate() {
            assert_eq!(
                panic_of(refused).as_deref(),
                Some(TOO_MANY),
                "what {call} panics with, where there are {MAX_REFERENCES}, after {refusals} refused calls"
            );
        }
        let counted = Arc::strong_count(&mine);
        assert_eq!(counted, MAX_REFERENCES, "owners, after eight refusals");
        drop(owners);
        assert_eq!(Arc::strong_count(&mine), 1, "owners that are left");
        drop((weak, weaks));
        assert!(
            Arc::get_mut(&mut mine).is_some(),
            "`get_mut` was refused to the only reference: a `Weak` that was refused is still counted"
        );
    });
}

/// The limit of `Weak`s holds when the owners are gone, but for one place in the count that they may leave
/// behind. `Weak::clone` looks at it too, and one that was refused is not counted.
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

/// An owner's thread panics with the `Arc` in its hands, which is dropped by that as by anything else. Each of the two
/// owners has written, and the last drops the value after that.
#[test]
fn a_panic_drops_the_owners_arc() {
    model(|| {
        let mine = Arc::new([Noted::new(), Noted::new()]);
        let theirs = mine.clone();
        let ((), panicked) = both(
            move || {
                mine[0].0.write(7);
                drop(mine);
            },
            || {
                staged_panic_of(move || {
                    theirs[1].0.write(7);
                    staged_panic("an owner's");
                })
            },
        );
        assert_eq!(panicked, Some("an owner's"));
    });
}

/// The value holds a `Weak` of itself, and its destructor upgrades it, while main upgrades another. From
/// the moment at which the last owner goes, a `Weak` leads nowhere; and the destructor runs without a lock
/// that `upgrade` takes.
#[test]
fn no_upgrade_while_the_value_is_dropped() {
    struct Looks<'a> {
        is_dropped: &'a Flag,
        me: OnceLock<Weak<Looks<'a>>>,
    }
    impl Drop for Looks<'_> {
        fn drop(&mut self) {
            let found = self.me.get().and_then(Weak::upgrade).is_some();
            assert!(
                !found,
                "the destructor has got an owner of the value that is being dropped"
            );
            self.is_dropped.raise();
        }
    }
    model(|| {
        let is_dropped = Flag::lowered("is dropped");
        let mine = Arc::new(Looks {
            is_dropped: &is_dropped,
            me: OnceLock::new(),
        });
        let weak = Arc::downgrade(&mine);
        assert!(mine.me.set(weak.clone()).is_ok(), "it is set once");
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
