//! Each task is given back once: by the one who has taken it, or with the queue that it is in.

use harness::leaks::{self, track};
use std::sync::Arc;
use work_stealing::{CAPACITY, Global, Local, StealOrder, steal_work};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

/// Half of the tasks are stolen, some of them are run, and then all goes: the victim first, or the thief.
#[test]
fn what_was_stolen_is_dropped_with_the_thief() {
    for tasks in [1, 2, 3, CAPACITY] {
        for victim_goes_first in [true, false] {
            leaks::check(|| {
                let (mut victim, mut own, global) = (Local::new(), Local::new(), Global::new());
                for n in 0..tasks {
                    victim.push(Arc::new(track(n)), &global);
                }
                victim.push_next(Arc::new(track(tasks)), &global);
                let thief = victim.stealer();
                drop(thief.steal_into(&mut own));
                drop(own.pop());
                if victim_goes_first {
                    drop(victim);
                }
                drop(thief.steal_into(&mut own));
                drop(own);
            });
        }
    }
}

/// A goroutine is known to its join handle as well: a task that has been stolen and run leaves only that reference.
#[test]
fn a_theft_keeps_no_reference() {
    let (mut victim, mut own, global) = (Local::new(), Local::new(), Global::new());
    let handles = [(); 7].map(|()| Arc::new(()));
    for task in &handles {
        victim.push(Arc::clone(task), &global);
    }
    let victims = [victim.stealer()];
    drop(victims[0].steal_into(&mut own));
    drop(steal_work(&victims, 0..1, &mut own));
    let counts = || handles.each_ref().map(Arc::strong_count);
    assert_eq!(
        counts(),
        [2, 2, 2, 1, 2, 1, 2],
        "references; 4 and 6 were run"
    );
    while own.pop().is_some() {}
    assert_eq!(counts(), [1, 1, 1, 1, 1, 1, 2], "references; 7 is left");
    drop((victim, victims));
    assert_eq!(counts(), [1; 7], "references; the queue has gone");
}

#[test]
fn nothing_grows_with_thefts() {
    let (mut victim, mut own, global) = (Local::new(), Local::new(), Global::new());
    let victims = [victim.stealer(), own.stealer()];
    let order = StealOrder::new(2);
    leaks::check(|| {
        for n in 0..CAPACITY {
            victim.push_next(Arc::new(n), &global);
        }
        drop(victims[0].steal_into(&mut own));
        for random in 0..CAPACITY as u32 {
            drop(steal_work(&victims, order.pass(random), &mut own));
        }
        while own.pop().or_else(|| victim.pop()).is_some() {}
    });
}
