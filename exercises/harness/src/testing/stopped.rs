//! A thread that the operating system stops in the middle of a call, for as long as it likes.

use super::models::{Gate, both, reject};
use crate::sync::model::recorder;
use crate::{Failure, Model};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Requires a call to end though another is stopped in its middle: "without a lock" says no less, and a lock that is made of
/// an atomic shows in no other way. The pairs are the call that is stopped and the one that must end, with what the learner
/// knows them by, as in `` ("`add(1)`", |counter| counter.add(1)) ``. Tried for each place between two operations of the
/// first at which it can be stopped. It goes on when the second has ended.
///
/// # Panics
/// If the second sleeps, spins, waits for a lock, or fails in any other way.
#[track_caller]
pub fn ends_beside_a_stopped_call<S: Sync + 'static>(
    make: impl Fn() -> S + Send + Sync + 'static,
    (held, stopped): (&'static str, impl Fn(&S) + Send + Sync + 'static),
    (call, ends): (&'static str, impl Fn(&S) + Send + Sync + 'static),
) {
    if let Err(failure) = explore(held, make, stopped, ends) {
        let message = format!("{call} must end though another thread stands still in {held}");
        reject(&failure, &message);
    }
}

fn explore<S: Sync + 'static>(
    call: &'static str,
    make: impl Fn() -> S + Send + Sync + 'static,
    stopped: impl Fn(&S) + Send + Sync + 'static,
    ends: impl Fn(&S) + Send + Sync + 'static,
) -> Result<(), Failure> {
    let program = Arc::new((make, stopped, ends));
    // Before its first operation it is not in the call's middle.
    for steps in 1.. {
        let was_stopped = Arc::new(AtomicBool::new(false));
        let (program, stops) = (Arc::clone(&program), Arc::clone(&was_stopped));
        Model::new().preemption_bound(0).explore(move || {
            let (make, stopped, ends) = &*program;
            let shared = make();
            let gates = Arc::new([Gate::shut("stopped"), Gate::shut("ended")]);
            let [reached, over] = &*gates;
            let first = || {
                stop_after(steps, call, &stops, &gates);
                stopped(&shared);
                recorder::before_steps(None);
                reached.open();
            };
            let second = || {
                reached.pass();
                ends(&shared);
                over.open();
            };
            both(second, first);
        })?;
        if !was_stopped.load(Relaxed) {
            break;
        }
    }
    Ok(())
}

/// Stops the running thread before one of its steps: opens the first gate, and goes on behind the second.
fn stop_after(
    steps: usize,
    call: &'static str,
    was_stopped: &Arc<AtomicBool>,
    gates: &Arc<[Gate; 2]>,
) {
    let (me, left) = (recorder::current(), Cell::new(steps));
    let (was_stopped, gates) = (Arc::clone(was_stopped), Arc::clone(gates));
    let stands_in = move |call| {
        recorder::with_log(|log| {
            log.threads[me].stopped_in = call;
        });
    };
    recorder::before_steps(Some(Rc::new(move || {
        if recorder::current() != me || left.replace(left.get().saturating_sub(1)) > 0 {
            return;
        }
        recorder::before_steps(None);
        was_stopped.store(true, Relaxed);
        stands_in(Some((call, recorder::next_event())));
        gates[0].open();
        gates[1].pass();
        stands_in(None);
    })));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::model::atomic::{AtomicBool, AtomicU32, Ordering::*};
    use crate::sync::model::{Mutex, RwLock, futex, thread};

    /// What is said of a call that is stopped in its middle, and made by another thread then.
    fn said_of<S: Sync + 'static>(make: fn() -> S, call: fn(&S)) -> Option<String> {
        explore("`add`", make, call, call).err().map(|failure| failure.report)
    }

    #[track_caller]
    fn fails<S: Sync + 'static>(usually: &str, make: fn() -> S, call: fn(&S)) {
        let report = said_of(make, call).expect("others have to wait");
        let report = report.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            report.contains("Usually: a call that others wait for: other is stopped"),
            "{report}"
        );
        assert!(report.contains(usually), "{report}");
    }

    #[test]
    fn a_lock_is_one_though_it_is_made_of_an_atomic() {
        let spins = |(taken, count): &(AtomicBool, AtomicU32)| {
            while taken.swap(true, Acquire) {
                thread::yield_now();
            }
            count.fetch_add(1, Relaxed);
            taken.store(false, Release);
        };
        fails("main spins.", || (AtomicBool::new(false), AtomicU32::new(0)), spins);
        let locks = |count: &Mutex<u32>| *count.lock() += 1;
        fails("main waits for its lock.", || Mutex::new(0), locks);
        let writes = |count: &RwLock<u32>| *count.write() += 1;
        fails("main waits for its lock.", || RwLock::new(0), writes);
        let sleeps = |word: &AtomicU32| {
            while word.swap(1, Acquire) == 1 {
                futex::wait(word, 1);
            }
            word.store(0, Release);
            futex::wake_one(word);
        };
        fails("main sleeps.", || AtomicU32::new(0), sleeps);
    }

    #[test]
    fn a_loop_that_goes_by_what_it_found_ends() {
        let exchanges = |count: &AtomicU32| {
            let mut found = count.load(Relaxed);
            while let Err(now) = count.compare_exchange(found, found + 1, AcqRel, Relaxed) {
                found = now;
            }
        };
        assert_eq!(said_of(|| AtomicU32::new(0), exchanges), None);
    }

    #[test]
    fn every_place_of_the_call_is_tried() {
        // Others have to wait between its second and its third operation only.
        let call = |word: &AtomicU32| {
            word.fetch_add(2, Relaxed);
            while word.fetch_or(1, Acquire) & 1 == 1 {
                thread::yield_now();
            }
            word.fetch_and(!1, Release);
            word.fetch_add(2, Relaxed);
        };
        fails("main spins.", || AtomicU32::new(0), call);
    }
}
