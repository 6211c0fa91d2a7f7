//! What the docs promise, on real threads. The orderings are the models' business, in `src/race_freedom.rs`;
//! there the limit of `MAX_REFERENCES` is tested as well, for here nobody gets so far.

use arc::{Arc, Weak};
use harness::assert_bounds;
use harness::testing::{Counted, must_end, while_unwinding};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{MutexGuard, OnceLock};
use std::thread;

/// A clone lends the very value that the first owner lends, and a move of an `Arc` does not move the value.
#[test]
fn owners_lend_the_same_value() {
    let one = Arc::new(String::from("shared"));
    let other = one.clone();
    assert_eq!((one.as_str(), other.as_str()), ("shared", "shared"));
    assert!(
        std::ptr::eq(&*one, &*other),
        "a clone of an Arc is another owner of the same value"
    );
    let moved = one;
    assert!(
        std::ptr::eq(&*moved, &*other),
        "the value stays where it is when an Arc moves"
    );
}

/// `ptr_eq` compares what two `Arc`s own, not what is in it, whatever its size.
#[test]
fn ptr_eq_tells_the_same_from_the_equal() {
    let one = Arc::new(7);
    assert!(Arc::ptr_eq(&one, &one.clone()));
    assert!(!Arc::ptr_eq(&one, &Arc::new(7)), "equal, and not the same");
    let nothing = Arc::new(());
    assert!(
        !Arc::ptr_eq(&nothing, &Arc::new(())),
        "`ptr_eq` takes two values without a size for one"
    );
}

/// Up to 70,002 owners, made by `clone` or by `upgrade`, and a `Weak`, which is none.
#[test]
fn strong_count_counts_the_owners() {
    let one = Arc::new(7);
    assert_eq!(Arc::strong_count(&one), 1, "owners of a new value");
    // More than a count of 16 bits holds.
    let mut others = Vec::new();
    for owners in 2..=70_001 {
        others.push(one.clone());
        assert_eq!(Arc::strong_count(&one), owners, "one owner, and its clones");
    }
    let weak = Arc::downgrade(&one);
    assert_eq!(
        Arc::strong_count(&one),
        70_001,
        "owners beside a Weak, which is none"
    );
    let upgraded = weak.upgrade();
    assert_eq!(
        Arc::strong_count(&one),
        70_002,
        "an upgraded Weak is an owner"
    );
    drop((others, upgraded));
    assert_eq!(Arc::strong_count(&one), 1, "all others are gone");
}

/// More `Weak`s than a count of 16 bits holds, made by `downgrade` or by `clone`. They are forgotten, so each
/// counts for ever.
#[test]
fn there_can_be_many_weaks() {
    for by_clone in [false, true] {
        must_end("`downgrade` waits, and nobody is in `get_mut`", move || {
            let mut one = Arc::new(7);
            let first = Arc::downgrade(&one);
            for made in 2..70_000 {
                std::mem::forget(if by_clone {
                    first.clone()
                } else {
                    Arc::downgrade(&one)
                });
                let lent = Arc::get_mut(&mut one).is_some();
                assert!(
                    !lent,
                    "`get_mut` lent the value, and there are {made} `Weak`s"
                );
            }
            assert_eq!(first.upgrade().as_deref(), Some(&7), "there is an owner");
        });
    }
}

/// `get_mut` lends the value to the only reference. Another `Arc` or `Weak` refuses it for as long as it is
/// there, and the refusal changes nothing: the next `downgrade` goes through.
#[test]
fn get_mut_wants_to_be_alone() {
    must_end("a thread is still in `get_mut` or `downgrade`", || {
        let mut one = Arc::new(1);
        *Arc::get_mut(&mut one).expect("it is lent to the only reference") += 1;
        let other = one.clone();
        assert!(
            Arc::get_mut(&mut one).is_none(),
            "`get_mut` lent the value, and there is another owner"
        );
        drop(other);
        let weak = Arc::downgrade(&one);
        assert!(
            Arc::get_mut(&mut one).is_none(),
            "`get_mut` lent the value, and there is a Weak, which could be upgraded"
        );
        assert!(
            Arc::get_mut(&mut one).is_none(),
            "`get_mut` lent the value once it had been refused: the Weak is still there"
        );
        let another = weak.clone();
        drop(weak);
        assert!(
            Arc::get_mut(&mut one).is_none(),
            "`get_mut` lent the value: one Weak is gone, but its clone is there"
        );
        assert_eq!(another.upgrade().as_deref(), Some(&2));
        drop(another);
        *Arc::get_mut(&mut one).expect("all other references are gone") += 1;
        assert_eq!((*one, Arc::strong_count(&one)), (3, 1));
    });
}

/// `try_unwrap` hands the `Arc` back if there is another owner, and the count is what it was. The last
/// owner gets the value, `Weak` or not.
#[test]
fn try_unwrap_takes_the_last_owners_value() {
    let one = Arc::new(String::from("mine"));
    let other = one.clone();
    let one = Arc::try_unwrap(one).expect_err_or("there is another owner");
    assert_eq!(
        (one.as_str(), Arc::strong_count(&one)),
        ("mine", 2),
        "a refusal changes nothing"
    );
    drop(other);
    let weak = Arc::downgrade(&one);
    let Ok(value) = Arc::try_unwrap(one) else {
        panic!("`try_unwrap` refused the only owner: the other reference is a Weak");
    };
    assert!(
        weak.upgrade().is_none(),
        "the value was taken out, and a Weak was upgraded"
    );
    assert_eq!(value, "mine");
}

/// `expect_err` wants the value to be `Debug`.
trait ExpectErr<E> {
    fn expect_err_or(self, because: &str) -> E;
}

impl<T, E> ExpectErr<E> for Result<T, E> {
    #[track_caller]
    fn expect_err_or(self, because: &str) -> E {
        match self {
            Ok(_) => panic!("the value was taken out, and {because}"),
            Err(error) => error,
        }
    }
}

/// `upgrade` makes another owner of the same value as long as there is one, whichever; and never after the
/// last has gone.
#[test]
fn a_weak_is_upgraded_as_long_as_there_is_an_owner() {
    let one = Arc::new(7);
    let weak = Arc::downgrade(&one);
    let another = weak.clone();
    let other = weak.upgrade().expect("there is an owner");
    assert!(Arc::ptr_eq(&one, &other));
    drop(one);
    assert_eq!(
        another.upgrade().as_deref(),
        Some(&7),
        "the other owner is there"
    );
    drop(other);
    for attempt in 1..=3 {
        assert!(
            weak.upgrade().is_none(),
            "no owner is left, and a Weak was upgraded, attempt {attempt}"
        );
        assert!(
            another.upgrade().is_none(),
            "no owner is left, and the clone of a Weak was upgraded, attempt {attempt}"
        );
    }
    assert!(
        weak.clone().upgrade().is_none(),
        "a clone of a Weak without a value"
    );
}

/// Two owners and a `Weak` go, one after the other. The second owner drops the value: not the first, and
/// not the `Weak`, with which the memory goes.
#[test]
fn the_value_is_dropped_with_the_last_owner() {
    let before = Counted::drops();
    let one = Arc::new(Counted);
    let (other, weak) = (one.clone(), Arc::downgrade(&one));
    drop(one);
    assert_eq!(
        Counted::drops() - before,
        0,
        "values dropped while there is an owner"
    );
    drop(other);
    assert_eq!(
        Counted::drops() - before,
        1,
        "values dropped with the last owner, while there is a Weak"
    );
    drop(weak);
    assert_eq!(Counted::drops() - before, 1, "values dropped in all");
}

/// A value holds a `Weak` of itself, as nodes of a tree do, and its destructor upgrades it. The last owner
/// is gone by then.
#[test]
fn a_destructor_cannot_bring_its_value_back() {
    struct Node {
        me: OnceLock<Weak<Node>>,
        upgraded: Rc<Cell<Option<bool>>>,
    }
    impl Drop for Node {
        fn drop(&mut self) {
            let me = self.me.get().expect("it was set").clone();
            self.upgraded.set(Some(me.upgrade().is_some()));
        }
    }
    let upgraded = Rc::new(Cell::new(None));
    let node = Arc::new(Node {
        me: OnceLock::new(),
        upgraded: Rc::clone(&upgraded),
    });
    assert!(node.me.set(Arc::downgrade(&node)).is_ok());
    drop(node);
    let upgraded = upgraded.get();
    assert!(
        upgraded != Some(true),
        "the destructor has got an owner of the value that is being dropped"
    );
    assert!(upgraded.is_some(), "the destructor has not run");
}

/// A destructor uses what it owns while its thread unwinds: each call does what it does otherwise.
#[test]
fn a_panic_elsewhere_changes_nothing() {
    while_unwinding(|| {
        let mut one = Arc::new(Counted);
        let before = Counted::drops();
        assert!(
            Arc::get_mut(&mut one).is_some(),
            "`get_mut` was refused to the only reference"
        );
        let weak = Arc::downgrade(&one);
        let other = weak.upgrade().expect("there is an owner");
        drop((one, weak.clone()));
        let unwrapped = Arc::try_unwrap(other);
        assert!(
            unwrapped.is_ok(),
            "`try_unwrap` was refused to the only owner"
        );
        drop((unwrapped, weak));
        assert_eq!(
            Counted::drops() - before,
            1,
            "the value, when the last owner is gone"
        );
        drop(Arc::new(Counted));
        assert_eq!(Counted::drops() - before, 2, "another, with its owner");
    });
}

/// A value with a large alignment, an `Arc`, a value that cannot be sent, one that borrows.
#[test]
fn any_value_can_be_shared() {
    #[repr(align(64))]
    struct Aligned(u8);
    let aligned = Arc::new(Aligned(7));
    assert_eq!(
        (aligned.clone().0, &raw const *aligned as usize % 64),
        (7, 0)
    );
    let mut nothing = Arc::new(());
    let other = nothing.clone();
    assert!(
        Arc::get_mut(&mut nothing).is_none(),
        "a value without a size has two owners as well"
    );
    drop(other);
    let nested = Arc::new(Arc::new(1));
    assert_eq!(**nested.clone(), 1);
    let local = Arc::new(Cell::new(1));
    local.clone().set(2);
    assert_eq!(local.get(), 2);
    let borrowed = String::from("borrowed");
    assert_eq!(*Arc::new(borrowed.as_str()).clone(), "borrowed");
}

/// `Option<Arc>` too: a pointer that is never null leaves a value for `None`.
#[test]
fn a_reference_is_as_large_as_a_pointer() {
    drop(Arc::new([0; 100]));
    let pointer = size_of::<usize>();
    assert_eq!(size_of::<Arc<[u8; 100]>>(), pointer, "an Arc");
    assert_eq!(
        size_of::<Option<Arc<[u8; 100]>>>(),
        pointer,
        "an Option of an Arc"
    );
    assert_eq!(size_of::<Weak<[u8; 100]>>(), pointer, "a Weak");
}

/// Four threads clone, downgrade, upgrade and drop, a thousand times each, while main owns the value.
#[test]
fn many_threads_come_and_go() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Value(usize);
    impl Drop for Value {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Relaxed);
        }
    }
    must_end("a thread is still using its Arc", || {
        let value = Arc::new(Value(7));
        thread::scope(|s| {
            for _ in 0..4 {
                let (mine, weak) = (value.clone(), Arc::downgrade(&value));
                s.spawn(move || {
                    for _ in 0..1000 {
                        assert_eq!(mine.clone().0, 7);
                        let again = weak.clone().upgrade().expect("there are owners");
                        assert_eq!(again.0, 7);
                        drop(Arc::downgrade(&again));
                    }
                });
            }
        });
        assert_eq!(
            (Arc::strong_count(&value), DROPPED.load(Relaxed)),
            (1, 0),
            "owners left, values dropped"
        );
        drop(value);
        assert_eq!(
            DROPPED.load(Relaxed),
            1,
            "values dropped with the last owner"
        );
    });
}

/// The bounds of the section "Threads" in the docs.
#[test]
fn send_and_sync_take_both() {
    drop(Arc::new(0).clone());
    assert_bounds!(Arc<u32>: Send + Sync);
    assert_bounds!(Weak<u32>: Send + Sync);
    // Two threads with an `Arc<Cell>` each would write it at once.
    assert_bounds!(Arc<Cell<u32>>: !Send + !Sync);
    assert_bounds!(Weak<Cell<u32>>: !Send + !Sync);
    // The last owner drops the guard, in a thread that has not locked.
    assert_bounds!(Arc<MutexGuard<'static, u32>>: !Send + !Sync);
    assert_bounds!(Weak<MutexGuard<'static, u32>>: !Send + !Sync);
}
