//! Models: each explores every interleaving of two or three threads that share a list. Some values have a
//! `Slot` in them, which is plain memory: what a thread did with such a value, and the value's destructor,
//! must be ordered, or it is a data race.

use crate::Values;
use crate::sync::thread::scope;
use harness::leaks::{Tracked, track};
use harness::testing::{Slot, both, has_locked, never_waits, spawn};
use harness::testing::{staged_panic, staged_panic_of};
use harness::{Model, model};
use std::sync::{Arc, Mutex};

/// A value that is written to, and that looks at what was written when it is dropped.
struct Noted(
    Slot,
    #[allow(dead_code, reason = "it is dropped")] Tracked<()>,
);

impl Noted {
    fn new() -> Self {
        Self(Slot::empty("note"), track(()))
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.read();
    }
}

/// Writes to the newest [`Noted`].
fn note(values: &Values) {
    let noted = values.get::<Noted>().expect("this list has a Noted");
    noted.0.write(7);
}

#[derive(Debug, PartialEq)]
struct Name(&'static str);

/// A value that is dropped once.
struct Once(#[allow(dead_code, reason = "it is dropped")] Tracked<()>);

impl Once {
    fn new() -> Self {
        Self(track(()))
    }
}

/// Two threads drop the last two handles of a list at the same time, and one of them has written to a value.
/// Each value is dropped once, by the later of the two, after what the earlier one has done.
#[test]
fn the_last_of_two_drops_every_value() {
    model(|| {
        let mine = Values::new().with(Once::new()).with(Noted::new());
        let theirs = mine.clone();
        both(
            || drop(mine),
            || {
                note(&theirs);
                drop(theirs);
            },
        );
    });
}

/// Two threads drop the last two handles of a list, and a weak exchange may fail for no reason. The value is
/// dropped once.
#[test]
fn an_exchange_that_fails_for_no_reason_loses_no_value() {
    Model::new().spurious_failures(1).check(|| {
        let mine = Values::new().with(Once::new());
        let theirs = mine.clone();
        both(|| drop(mine), || drop(theirs));
    });
}

/// Three threads drop the last three handles, and two of them have written to the values. The last one drops
/// them after what both others have done.
#[test]
fn the_last_of_three_drops_every_value() {
    struct Second(Noted);
    model(|| {
        let mine = Values::new().with(Noted::new()).with(Second(Noted::new()));
        let (second, third) = (mine.clone(), mine.clone());
        scope(|s| {
            spawn(s, "second", move || note(&second));
            spawn(s, "third", move || {
                third.get::<Second>().expect("it is there").0.0.write(7)
            });
            drop(mine);
        });
    });
}

/// Two lists were made from a third, which is gone. Both go at the same time: each drops its own value, and
/// the later one what they share.
#[test]
fn a_shared_tail_goes_with_the_last_that_has_it() {
    model(|| {
        let shared = Values::new().with(Noted::new()).with(Once::new());
        let (mine, theirs) = (shared.with(Once::new()), shared.with(Once::new()));
        drop(shared);
        both(
            move || {
                note(&mine);
                drop(mine);
            },
            || drop(theirs),
        );
    });
}

/// The longer list goes at the same time as the list from which it was made. The tail that they share goes with
/// the later one; what is in front of it, with the longer one.
#[test]
fn a_tail_goes_beside_the_list_it_is_the_tail_of() {
    model(|| {
        let shared = Values::new().with(Once::new()).with(Noted::new());
        let longer = shared.with(Once::new()).with(Once::new());
        both(
            || drop(longer),
            move || {
                note(&shared);
                drop(shared);
            },
        );
    });
}

/// A thread reads a value and derives from its list, while another thread drops the list that both have it
/// from. What a list has stays until that list is gone.
#[test]
fn a_list_keeps_its_values_while_another_goes() {
    model(|| {
        let parent = Values::new().with(Noted::new());
        let child = parent.with(Name("child"));
        let ((), longer) = both(
            || drop(parent),
            move || {
                note(&child);
                child.with(Once::new())
            },
        );
        let noted = longer.get::<Noted>().expect("the parent's value is in it");
        assert_eq!(noted.0.read(), 7, "what was written through the child");
        assert_eq!(longer.get(), Some(&Name("child")));
    });
}

/// Two threads derive from the same list at the same time. Neither sees what the other has put in, and the
/// list that both began with is as it was.
#[test]
fn lists_made_at_once_do_not_see_each_other() {
    // CX-29
    fn names(list: &Values) -> (Option<&Name>, Option<&u32>) {
        (list.get(), list.get())
    }
    model(|| {
        let shared = Values::new().with(Name("shared"));
        let (mine, theirs) = both(
            || shared.with(Name("mine")).with(1_u32),
            || shared.with(Name("theirs")),
        );
        assert_eq!(names(&mine), (Some(&Name("mine")), Some(&1)), "main's list");
        assert_eq!(names(&theirs), (Some(&Name("theirs")), None), "the other's");
        assert_eq!(
            names(&shared),
            (Some(&Name("shared")), None),
            "the one both were made from"
        );
    });
}

/// Two threads clone the same list and drop the clones, at the same time. All of them are counted: the value is
/// there as long as main's list, and is dropped with it.
#[test]
fn lists_that_come_and_go_are_all_counted() {
    model(|| {
        let mine = Values::new().with(Noted::new());
        let theirs = mine.clone();
        both(
            || drop(mine.clone()),
            move || {
                let another = theirs.clone();
                drop(theirs);
                note(&another);
            },
        );
        let noted = mine.get::<Noted>().expect("main's list has it");
        assert_eq!(noted.0.read(), 7, "what the other thread has written");
    });
}

/// Two threads read the same list, derive from it and hide a value in it, at the same time. Neither waits for
/// the other: there is nothing that only one of them may do.
#[test]
fn nobody_waits_for_a_reader() {
    model(|| {
        let shared = Values::new().with(Name("shared"));
        let uses = || {
            let list = &shared;
            never_waits("`get`", || {
                assert_eq!(list.get(), Some(&Name("shared")));
                assert_eq!(list.get::<u32>(), None, "nobody has put in a u32");
            });
            let with = never_waits("`with`", || list.with(1_u32));
            let without = never_waits("`without`", || list.without::<Name>());
            assert_eq!(with.get(), Some(&1_u32));
            assert_eq!(without.get::<Name>(), None, "it is hidden");
            let clone = never_waits("`clone`", || list.clone());
            never_waits("the drop of a list", || drop((with, without, clone)));
            assert!(
                !has_locked(),
                "this thread has taken a lock, for which another may have to wait"
            );
        };
        both(uses, uses);
    });
}

/// One thread makes a list of a thousand values and drops it. It does so without a pause: there is nobody to wait for.
#[test]
fn a_long_list_is_dropped_without_a_pause() {
    Model::new().max_branches(20_000).check(|| {
        let list = (0..1000).fold(Values::new(), |list, n: usize| list.with(n));
        never_waits("the drop of a list", || drop(list));
        assert!(!has_locked(), "a lock was taken on the way");
    });
}

/// A value's destructor reads the list that the value was put in front of, while another thread drops its
/// own. A call from a destructor is a call like any other.
#[test]
fn a_destructor_may_use_the_list() {
    struct Looks(Values);
    impl Drop for Looks {
        fn drop(&mut self) {
            note(&self.0.with(Name("from a destructor")));
        }
    }
    model(|| {
        let parent = Values::new().with(Noted::new());
        let mine = parent.with(Looks(parent.clone()));
        both(|| drop(mine), || drop(parent));
    });
}

/// The destructor of the newest value panics. The older ones are dropped all the same, in this thread or in the
/// one that still has them.
#[test]
fn a_destructor_that_panics_loses_no_value() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            staged_panic("the destructor's");
        }
    }
    model(|| {
        let shared = Values::new().with(Noted::new()).with(Once::new());
        let mine = shared.with(Panics);
        both(
            || {
                let panic = staged_panic_of(|| drop(mine));
                assert_eq!(
                    panic,
                    Some("the destructor's"),
                    "it goes on to the caller of `drop`"
                );
            },
            move || {
                note(&shared);
                drop(shared);
            },
        );
    });
}

/// Two threads drop the last two handles of a list of four at the same time. Whichever of them drops the
/// values, it does so one after the other, and not each from within the drop of the one before.
#[test]
fn two_that_go_at_once_need_no_stack_for_each_value() {
    /// Writes down how deep in the stack its destructor runs.
    struct Deep(Arc<Mutex<Vec<usize>>>);
    impl Drop for Deep {
        fn drop(&mut self) {
            let here = 0_u8;
            self.0.lock().unwrap().push((&raw const here).addr());
        }
    }
    model(|| {
        let places = Arc::new(Mutex::new(Vec::new()));
        let deep = || Deep(Arc::clone(&places));
        let mine = (0..4).fold(Values::new(), |list, _| list.with(deep()));
        let theirs = mine.clone();
        both(|| drop(mine), || drop(theirs));
        let places = places.lock().unwrap();
        assert_eq!(places.len(), 4, "values dropped");
        // Each from within the drop of the one before: then the places go down all the time, or up, if the
        // older values go first.
        let down = places.windows(2).all(|pair| pair[1] < pair[0]);
        let up = places.windows(2).all(|pair| pair[1] > pair[0]);
        assert!(
            !down && !up,
            "each of four values was dropped in a stack frame of its own"
        );
    });
}
