//! The last owner drops the value, once; the last reference frees the memory, once.

use arc::{Arc, Weak};
use harness::leaks::{self, track};
use harness::sync::real::thread;
use harness::testing::{spawn_detached, staged_panic, staged_panic_of, while_unwinding};
use std::sync::OnceLock;

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Two owners, one of them cloned by another thread, and no `Weak`: the second to go drops the
/// value and frees the memory, even while its thread unwinds.
#[test]
fn value_and_memory_go_with_the_last_owner() {
    leaks::check(|| {
        let one = Arc::new(track(1));
        let other = thread::scope(|s| s.spawn(|| one.clone()).join().expect("it clones"));
        drop(one);
        assert_eq!(**other, 1);
        while_unwinding(|| drop(other));
    });
}

/// The owners go first, and the last `Weak`, a clone, frees the memory, even while its thread unwinds.
#[test]
fn the_memory_goes_with_the_last_weak() {
    leaks::check(|| {
        let one = Arc::new((track(1), [0u64; 8]));
        let (weak, another) = (Arc::downgrade(&one), Arc::downgrade(&one));
        let upgraded = weak.upgrade();
        drop(another);
        drop(one);
        drop(upgraded);
        assert!(weak.upgrade().is_none());
        let last = weak.clone();
        drop(weak);
        assert!(last.upgrade().is_none());
        while_unwinding(|| drop(last));
    });
}

/// All `Weak`s go while there is an owner: the value and its memory stay.
#[test]
fn a_weak_that_goes_first_frees_nothing() {
    leaks::check(|| {
        let one = Arc::new(track(1));
        drop(Arc::downgrade(&one));
        drop(Arc::downgrade(&one).clone());
        assert_eq!(**one, 1);
    });
}

/// `try_unwrap`, with a `Weak` or without one: the value is the caller's, and the memory goes with the last
/// reference.
#[test]
fn a_value_taken_out_is_dropped_once() {
    leaks::check(|| {
        for with_weak in [false, true] {
            let one = Arc::new((track(1), [0u64; 8]));
            let weak = with_weak.then(|| Arc::downgrade(&one));
            let Ok(value) = Arc::try_unwrap(one) else {
                panic!("the only owner");
            };
            assert_eq!(value.0, 1);
            assert!(weak.is_none_or(|weak| weak.upgrade().is_none()));
        }
    });
}

/// `get_mut` and `try_unwrap` are refused because of another owner. Both owners go, and with the second the
/// value.
#[test]
fn a_refused_call_counts_nothing() {
    leaks::check(|| {
        let mut one = Arc::new(track(1));
        let other = one.clone();
        assert!(Arc::get_mut(&mut one).is_none());
        let Err(one) = Arc::try_unwrap(one) else {
            panic!("there is another owner");
        };
        drop((one, other));
    });
}

/// Parents own their children, and children know their parents by a `Weak`: no circle of owners, and nothing
/// is left. With an `Arc` both ways, each would wait for the other to go first.
#[test]
fn a_tree_with_weak_parents_goes_as_a_whole() {
    struct Node {
        _name: leaks::Tracked<u32>,
        parent: OnceLock<Weak<Node>>,
        children: OnceLock<Vec<Arc<Node>>>,
    }
    let node = |name| {
        Arc::new(Node {
            _name: name,
            parent: OnceLock::new(),
            children: OnceLock::new(),
        })
    };
    leaks::check(|| {
        let root = node(track(0));
        let children: Vec<_> = (1..4).map(|name| node(track(name))).collect();
        for child in &children {
            assert!(child.parent.set(Arc::downgrade(&root)).is_ok());
        }
        assert!(root.children.set(children).is_ok());
        let children = root.children.get().expect("they were set");
        let parent = children[0].parent.get().and_then(Weak::upgrade);
        assert!(parent.is_some_and(|parent| Arc::ptr_eq(&parent, &root)));
    });
}

/// Owners and `Weak`s go in four threads, in any order: the last drops the value, and frees the memory.
#[test]
fn whoever_is_last_in_whichever_thread() {
    leaks::check(|| {
        let one = Arc::new(track(1));
        for n in 1..=3 {
            let (mine, weak) = (one.clone(), Arc::downgrade(&one));
            spawn_detached(format!("owner {n}"), move || {
                drop(mine);
                drop(weak.upgrade());
            });
        }
    });
}

/// The value's destructor panics, with a `Weak` beside it or without one. The memory goes with the last
/// reference.
#[test]
fn a_destructor_that_panics_still_frees_the_memory() {
    struct Panics(#[allow(dead_code, reason = "for its size")] [u64; 8]);
    impl Drop for Panics {
        fn drop(&mut self) {
            staged_panic("the destructor's");
        }
    }
    leaks::check(|| {
        for with_weak in [false, true] {
            let one = Arc::new(Panics([0; 8]));
            let weak = with_weak.then(|| Arc::downgrade(&one));
            assert_eq!(staged_panic_of(|| drop(one)), Some("the destructor's"));
            let gone = weak.is_none_or(|weak| weak.upgrade().is_none());
            assert!(gone, "the value is gone");
        }
    });
}
