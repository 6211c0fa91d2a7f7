//! Each value is dropped once, with the last list that has it, and all memory is given back.

use context_values::Values;
use harness::leaks::{self, Tracked, track};
use harness::testing::{spawn_detached, staged_panic, staged_panic_of};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

struct User(#[allow(dead_code, reason = "it is dropped")] Tracked<String>);
struct Trace(#[allow(dead_code, reason = "it is dropped")] Tracked<[u64; 8]>);

fn user() -> User {
    User(track("ann".to_owned()))
}

fn trace() -> Trace {
    Trace(track([0; 8]))
}

/// A clone keeps the values when the list that it was made from goes. With the clone all goes, the shadowed value too.
#[test]
fn values_and_memory_go_with_the_last_list() {
    leaks::check(|| {
        let list = Values::new().with(user()).with(trace()).with(user());
        let clone = list.clone();
        drop(list);
        assert!(clone.get::<User>().is_some());
    });
}

/// Eight lists share a tail, and go in no order. The tail goes with the last of them.
#[test]
fn branches_leave_nothing() {
    leaks::check(|| {
        let root = Values::new().with(user());
        let mut branches: Vec<_> = (0..8).map(|_| root.with(trace())).collect();
        drop(root);
        branches.push(branches[3].with(user()).with(trace()));
        branches.swap(0, 5);
        drop(branches.remove(3));
        drop(branches);
    });
}

/// A hidden value goes with the last list that has it.
#[test]
fn hidden_values_leave_nothing() {
    leaks::check(|| {
        let list = Values::new().with(user()).with(trace());
        let hidden = list.without::<User>().without::<Trace>().without::<User>();
        drop(list);
        drop(hidden.with(user()));
    });
}

/// A list that lives as long as a server has children all the time.
#[test]
fn a_list_keeps_nothing_of_its_children() {
    let root = Values::new().with(1_u32);
    leaks::check(|| {
        for _ in 0..10 {
            let request = root.with(user()).with(2_u32);
            assert_eq!(request.get(), Some(&2_u32));
            assert!(request.without::<User>().get::<User>().is_none());
        }
        assert_eq!(root.get(), Some(&1_u32));
    });
}

/// Three threads have lists with a shared tail. Whichever drops the last one drops the tail.
#[test]
fn the_last_in_whichever_thread_leaves_nothing() {
    leaks::check(|| {
        let list = Values::new().with(user()).with(trace());
        for n in 1..=3 {
            let theirs = list.with(n);
            spawn_detached(format!("reader {n}"), move || {
                assert_eq!(theirs.get(), Some(&n));
                drop(theirs.with(n + 1));
            });
        }
    });
}

/// A value whose destructor panics is the newest, in the middle, or the oldest. The others are dropped all the same.
#[test]
fn a_destructor_that_panics_leaves_nothing() {
    struct Panics(#[allow(dead_code, reason = "for its size")] [u64; 8]);
    impl Drop for Panics {
        fn drop(&mut self) {
            staged_panic("the destructor's");
        }
    }
    for place in 0..3 {
        leaks::check(|| {
            let list = (0..3).fold(Values::new(), |list, n| {
                if n == place {
                    list.with(Panics([0; 8]))
                } else {
                    list.with(user()).with(trace())
                }
            });
            assert_eq!(
                staged_panic_of(|| drop(list)),
                Some("the destructor's"),
                "the panic goes on to the caller of `drop`"
            );
        });
    }
}
