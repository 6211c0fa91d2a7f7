//! Each task is dropped once: by the one who has taken it, or with the queue.

use harness::leaks::{self, track};
use harness::testing::{Counted, staged_panic, staged_panic_of, while_unwinding};
use run_queue::{CAPACITY, Global, Local};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// With any number of tasks in the ring, whose numbers wrap, and one that is the next; and the same by a thread that unwinds.
#[test]
fn what_is_left_is_dropped_with_the_queue() {
    for left in [0, 1, 2, CAPACITY, CAPACITY + 1] {
        leaks::check(|| {
            let (mut local, global) = (Local::new(), Global::new());
            for n in 0..98 {
                local.push(Box::new(track(n)), &global);
                drop(local.pop());
            }
            for n in 0..left {
                local.push_next(Box::new(track(n)), &global);
            }
            if left == CAPACITY {
                while_unwinding(|| drop((local, global)));
            }
        });
    }
}

/// The tasks have no bytes, so a drop of what is not there does no more than count. Of 300 handles the last one counts.
#[test]
fn only_what_is_left_is_dropped_and_not_before() {
    let before = Counted::drops();
    let dropped = || Counted::drops() - before;
    let (mut local, global) = (Local::new(), Global::new());
    let thief = local.stealer();
    // More than a byte can count.
    let others = Vec::from_iter((0..300).map(|n| {
        if n % 2 == 0 {
            thief.clone()
        } else {
            local.stealer()
        }
    }));
    for _ in 0..3 {
        local.push_next(Box::new(Counted), &global);
    }
    let taken = (local.pop(), thief.steal());
    drop((local, others));
    assert_eq!(dropped(), 0, "drops, while a thief is there");
    drop(thief);
    assert_eq!(dropped(), 1, "one task was left in the queue");
    drop(taken);
    assert_eq!(dropped(), 3, "and two were taken");
    global.push(Box::new(Counted));
    drop(global);
    assert_eq!(dropped(), 4, "one was left in the global queue");
}

#[test]
fn a_queue_does_not_grow() {
    let (mut local, global) = (Local::new(), Global::new());
    let thief = local.stealer();
    leaks::check(|| {
        for n in 0..3 * CAPACITY {
            local.push_next(Box::new(n), &global);
        }
        local.push_batch(vec![Box::new(1), Box::new(2)], &global);
        drop(thief.clone().steal());
        while local.pop().or_else(|| global.pop()).is_some() {}
    });
}

/// The drop of a task panics, of one in the ring, or of the next one, or of one in the global queue: the others are dropped all
/// the same.
#[test]
fn a_task_that_panics_takes_no_other_with_it() {
    struct Panics(bool);
    impl Drop for Panics {
        fn drop(&mut self) {
            if self.0 {
                staged_panic("a task's");
            }
        }
    }
    for panics in 0..4 {
        leaks::check(|| {
            let (mut local, global) = (Local::new(), Global::new());
            let task = |n| Box::new((track(n), Panics(n == panics)));
            for n in 0..4 {
                local.push_next(task(n), &global);
                global.push(task(n));
            }
            assert_eq!(staged_panic_of(move || drop(local)), Some("a task's"));
            assert_eq!(staged_panic_of(move || drop(global)), Some("a task's"));
        });
    }
}
