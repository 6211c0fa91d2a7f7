//! What models are made of. Nothing here orders more than its docs say: whatever a model shares must not hide that the
//! code under test orders too little.

use crate::check::Failure;
use crate::explore::Model;
use crate::sync::model::atomic::{AtomicBool, Ordering::Relaxed};
use crate::sync::model::cell::UnsafeCell;
use crate::sync::model::recorder;
use crate::sync::model::thread::{Builder, Scope, ScopedJoinHandle, scope, yield_now};
use crate::sync::model::{Condvar, Mutex};
use harness_base::protocol::{Kind, failure_line};
use harness_report::record::{Effect, Event};
use std::mem;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// Starts a thread in `scope`; `name` heads its column in the dry run.
#[track_caller]
pub fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    f: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    Builder::new()
        .name(name.to_owned())
        .spawn_scoped(scope, f)
        .expect("a model has room for a thread")
}

/// Runs `main` on this thread and `other` on another at the same time, and returns what both returned. What came
/// before is visible to both, and what both did is visible afterwards, for the other thread is joined.
#[track_caller]
pub fn both<A, B: Send>(main: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    // Rows show the caller's line: a closure does not pass it on by itself.
    let place = Location::caller();
    scope(|scope| {
        let other = scope.spawn_at(Some("other".to_owned()), place, other);
        let main = main();
        (main, other.join_at(place).expect("a panic ends the model"))
    })
}

/// Says that something has happened. It orders nothing. Both operations are read-modify-writes, which come right behind
/// the value that they read, so a look sees every raise that took effect before it. So it catches a thread that goes on too
/// early, and not one that leaves another's writes behind; for those there is [`Slot`].
#[derive(Debug)]
pub struct Flag(AtomicBool);

impl Flag {
    /// Returns a flag that is down; `name` is what the dry run calls it.
    #[track_caller]
    pub fn lowered(name: &str) -> Self {
        Self(AtomicBool::named(name, false))
    }

    /// Says that it has happened.
    #[track_caller]
    pub fn raise(&self) {
        self.0.fetch_or(true, Relaxed);
    }

    /// Returns whether it has happened.
    #[track_caller]
    pub fn is_raised(&self) -> bool {
        self.0.fetch_or(false, Relaxed)
    }
}

/// Plain memory that threads write and read, guarded only by the code under test.
#[derive(Debug)]
pub struct Slot(UnsafeCell<u32>);

// SAFETY: none of its own. The code under test has to order the accesses; if it does not, the model ends the test at
// the second of the two, before the memory is touched.
unsafe impl Sync for Slot {}

impl Slot {
    /// Returns a slot that holds 0; `name` is what the dry run calls it.
    #[track_caller]
    pub fn empty(name: &str) -> Self {
        Self(UnsafeCell::named(name, 0))
    }

    /// Writes, as a plain store does.
    #[track_caller]
    pub fn write(&self, value: u32) {
        // SAFETY: the model has checked that no other thread accesses it.
        self.0.with_mut(|slot| unsafe { *slot = value });
    }

    /// Reads, as a plain load does.
    #[track_caller]
    pub fn read(&self) -> u32 {
        // SAFETY: the model has checked that no other thread writes.
        self.0.with(|slot| unsafe { *slot })
    }
}

/// A value that the code under test stores, moves and hands over. The model watches it: a read that is not ordered
/// after its making is a data race.
#[derive(Debug)]
pub struct Watched<T>(UnsafeCell<T>);

// SAFETY: the cell is written while it is made and only read afterwards, through the facade. Whether the reads are
// ordered after the making is what the model checks, before the memory is touched.
unsafe impl<T: Send + Sync> Sync for Watched<T> {}

impl<T: Clone> Watched<T> {
    /// Makes the value, which counts as a write; `name` is what the dry run calls it.
    #[track_caller]
    pub fn new(name: &str, value: T) -> Self {
        let cell = UnsafeCell::named(name, value);
        cell.with_mut(|_| {});
        Self(cell)
    }

    /// Returns a copy of the value.
    #[track_caller]
    pub fn read(&self) -> T {
        self.0.with(|value| {
            // SAFETY: nothing writes after `new`, and a read that races with it ends the model in `with`.
            unsafe { (*value).clone() }
        })
    }
}

/// Requires that the values from 1 to `last` have come out of `source`, each once, and returns what came out, in its order.
/// `places` says where the arrays come from, as in "popped, stolen".
///
/// If not, all is forgotten: what two have got would be freed twice, and a source that is out of order might hold
/// billions.
///
/// # Panics
/// If a value is missing, or there more than once.
#[track_caller]
pub fn require_each_once<S, V: Deref<Target = Watched<u32>>, const N: usize>(
    source: S,
    places: &str,
    values: [Vec<V>; N],
    last: u32,
) -> [Vec<u32>; N] {
    let found = values.each_ref().map(|part| Vec::from_iter(part.iter().map(|value| value.read())));
    let mut all = found.concat();
    all.sort_unstable();
    if all != Vec::from_iter(1..=last) {
        mem::forget((values, source));
        panic!(
            "values 1 to {last} must come out, each once, and not {all:?}: [{places}] = {found:?}"
        );
    }
    found
}

/// Holds threads until another lets them go on. What was done before `open` is visible after `pass`.
#[derive(Debug)]
pub struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    /// Returns a gate that is shut; `name` is what the dry run calls it.
    #[track_caller]
    pub fn shut(name: &str) -> Self {
        Self {
            is_open: Mutex::named(name, false),
            opened: Condvar::named(&format!("{name}.opened")),
        }
    }

    /// Lets everybody pass, from now on.
    #[track_caller]
    pub fn open(&self) {
        *self.is_open.lock() = true;
        self.opened.notify_all();
    }

    /// Sleeps until the gate is open.
    #[track_caller]
    pub fn pass(&self) {
        let mut is_open = self.is_open.lock();
        while !*is_open {
            self.opened.wait(&mut is_open);
        }
    }
}

/// Yields `times` times, so that threads which yield before they fall asleep can be asleep when this returns: such threads run
/// on when this one has yielded too. It is no more than a chance: without preemptions they would not have got it, and in
/// other interleavings they do not take it.
#[track_caller]
pub fn let_others_sleep(times: usize) {
    for _ in 0..times {
        yield_now();
    }
}

/// Requires `program` to sleep for ever in `call`, which is what the model calls a deadlock. A call that returns fails
/// the test with `because`, as in "the counter was 1"; so does one that spins, and any other failure.
///
/// The model stops at the first interleaving that sleeps or fails, so keep `program` to one thread if that is possible.
/// If another thread of `program` sleeps for ever, panic after the call: main's return alone is no failure then.
///
/// # Panics
/// If `program` does anything but sleep.
#[track_caller]
pub fn must_sleep(call: &str, because: &str, program: impl Fn() + Send + Sync + 'static) {
    match Model::new().explore(program) {
        Ok(_) => panic!("{call} returned, and {because}"),
        Err(failure) if failure.kind == Kind::Deadlock => {}
        Err(failure) => {
            reject(&failure, &format!("{call} should fall asleep here, and it does not"))
        }
    }
}

/// Explores `program`, in which a thread sleeps in `call` and may wake up once for no reason, while another thread takes the
/// steps that `program` is given. The one that has woken up has to sleep again; it may look about a hundred times before.
///
/// # Panics
/// If it goes on and on, or `program` fails.
#[track_caller]
pub fn must_sleep_again(call: &'static str, program: impl Fn(fn()) + Send + Sync + 'static) {
    const STEPS: usize = 300;
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let model = Model::new().preemption_bound(0).spurious_wakeups(1).max_branches(20_000);
    model.check(move || {
        program(|| let_others_sleep(STEPS));
        seen.fetch_max(yields().saturating_sub(STEPS), Relaxed);
    });
    // Not in the model: its report would take the spurious wakeup for the cause.
    let looks = most.load(Relaxed);
    assert!(
        looks < STEPS - 50,
        "{call} should sleep as long as it has to wait, and again if it wakes up for no reason, but it yielded {looks} times \
         while another thread took {STEPS} steps"
    );
}

/// Explores `program` like [`model`](crate::model), except that it may sleep for ever, too. `right` says what it should
/// do, as in "a second call should sleep or panic".
///
/// # Panics
/// If `program` fails in any other way.
#[track_caller]
pub fn may_sleep(right: &str, program: impl Fn() + Send + Sync + 'static) {
    match Model::new().explore(program) {
        Err(failure) if failure.kind != Kind::Deadlock => reject(&failure, right),
        Ok(_) | Err(_) => {}
    }
}

/// Returns how many threads besides main this interleaving has had at the same time, at most. An implementation that
/// shares its work shows that in some interleavings, not in all.
pub fn threads_at_once() -> usize {
    recorder::with_log(|log| {
        let (mut running, mut most) = (0, 0);
        for event in &log.events {
            match event.effect {
                Effect::Spawn(_) => running += 1,
                Effect::Returns => running -= 1,
                _ => {}
            }
            most = most.max(running);
        }
        most
    })
}

/// Returns how many threads this interleaving has spawned so far. One that was refused does not count.
pub fn threads_spawned() -> usize {
    count(|effect| matches!(effect, Effect::Spawn(_)))
}

/// Makes a call that must not wait for another thread, as in `` never_waits("`try_recv`", || r.try_recv()) ``. Waiting for a lock
/// does not count.
///
/// # Panics
/// If it has slept or yielded. If it does so without end, the model's report names the call.
#[track_caller]
pub fn never_waits<R>(call: &'static str, f: impl FnOnce() -> R) -> R {
    let me = recorder::current();
    let begins = recorder::with_log(|log| {
        log.threads[me].must_not_wait_in = Some(call);
        log.events.len()
    });
    let result = f();
    let waited = recorder::with_log(|log| {
        log.threads[me].must_not_wait_in = None;
        let mut own = log.events[begins..].iter().filter(|event| event.thread == me);
        own.any(|event| waits(&event.effect))
    });
    assert!(!waited, "{call} has slept or yielded: it must not wait");
    result
}

/// Makes a call that must not give back a lock in order to try again later, as in
/// `` gives_back_no_lock("`transfer`", || transfer(a, b, 1)) ``.
///
/// # Panics
/// If it held a lock, tried another one in vain, gave back the first without having the other, and took the first again.
#[track_caller]
pub fn gives_back_no_lock<R>(call: &str, f: impl FnOnce() -> R) -> R {
    let me = recorder::current();
    let begins = recorder::with_log(|log| log.events.len());
    let result = f();
    let takes_again = recorder::with_log(|log| {
        let own = log.events[begins..].iter().filter(|event| event.thread == me);
        let (mut held, mut missed, mut given_back) = (Vec::new(), Vec::new(), Vec::new());
        for event in own {
            match event.effect {
                Effect::Lock(_) | Effect::TryLock { ok: true, .. } => {
                    if given_back.contains(&event.object) {
                        return true;
                    }
                    missed.retain(|lock| *lock != event.object);
                    held.push(event.object);
                }
                Effect::TryLock { ok: false, .. } if !held.is_empty() => missed.push(event.object),
                Effect::Unlock(_) => {
                    held.retain(|lock| *lock != event.object);
                    if !missed.is_empty() {
                        given_back.push(event.object);
                    }
                }
                _ => {}
            }
        }
        false
    });
    assert!(
        !takes_again,
        "{call} found a lock taken, gave back one that it held, and took that one again: no call gives back a lock to try \
         again later"
    );
    result
}

/// Returns whether the running thread has slept or yielded in this interleaving: it has waited for another. Waiting for a
/// lock does not count.
pub fn has_waited() -> bool {
    has_done(waits)
}

fn waits(effect: &Effect) -> bool {
    *effect == Effect::Yield || effect.sleeps()
}

/// Returns whether the running thread has asked for a lock in this interleaving while another thread held it.
pub fn has_waited_for_a_lock() -> bool {
    has_done(|effect| match effect {
        Effect::LockWaits { .. } => true,
        Effect::TryLock { ok, .. } => !ok,
        _ => false,
    })
}

/// Returns whether the running thread has asked for a lock in this interleaving, whether another thread held it or not.
pub fn has_locked() -> bool {
    has_done(|effect| {
        matches!(effect, Effect::Lock(_) | Effect::LockWaits { .. } | Effect::TryLock { .. })
    })
}

/// Returns whether a single load of an atomic is all that the running thread has done in this interleaving, beside fences:
/// they touch no memory.
pub fn has_only_loaded_once() -> bool {
    let me = recorder::current();
    recorder::with_log(|log| {
        let counts =
            |event: &&Event| event.thread == me && !matches!(event.effect, Effect::Fence(_));
        let mut own = log.events.iter().filter(counts);
        let first = own.next().is_some_and(|event| matches!(event.effect, Effect::Load { .. }));
        first && own.next().is_none()
    })
}

fn has_done(what: impl Fn(&Effect) -> bool) -> bool {
    let me = recorder::current();
    recorder::with_log(|log| {
        let mut events = log.events.iter();
        events.any(|event| event.thread == me && what(&event.effect))
    })
}

/// Returns how often the threads of this interleaving have called the operating system, or would on the machine, to wake others:
/// by wake-ups of futexes, whether anybody slept or not, and by notifications of condition variables that woke somebody. A
/// condition variable knows itself that nobody waits.
pub fn notifications() -> usize {
    count(|effect| match effect {
        Effect::Notify { name, woken } => name.starts_with("futex") || !woken.is_empty(),
        _ => false,
    })
}

/// Returns how many threads were woken at once, at most, by a notification of this interleaving.
pub fn most_woken() -> usize {
    recorder::with_log(|log| {
        let woken = log.events.iter().filter_map(|event| match &event.effect {
            Effect::Notify { woken, .. } => Some(woken.len()),
            _ => None,
        });
        woken.max().unwrap_or(0)
    })
}

/// Returns how often the threads of this interleaving have yielded, and so how often they have spun. A thread that yields lets
/// the others go on: what would happen if it fell asleep at once is not explored then.
pub fn yields() -> usize {
    count(|effect| matches!(effect, Effect::Yield))
}

/// Returns how many operations of this interleaving had such an effect.
fn count(is_such: impl Fn(&Effect) -> bool) -> usize {
    recorder::with_log(|log| {
        let effects = log.events.iter().map(|event| &event.effect);
        effects.filter(|effect| is_such(effect)).count()
    })
}

/// Explores the first interleaving of `program` and no other, however long it is: no thread is preempted in it. For a mistake
/// that shows after hundreds of rounds. When all of them are over, `program` has to panic with `end`: a panic ends the search.
///
/// # Panics
/// If it fails in any other way, with the model's report.
#[track_caller]
pub fn first_interleaving(end: &str, program: impl Fn() + Send + Sync + 'static) {
    let model = Model::new().preemption_bound(0).max_branches(20_000);
    if let Err(failure) = model.simplest_within(Duration::ZERO).explore(program)
        && !failure.message.contains(end)
    {
        reject(&failure, &failure.message);
    }
}

/// Fails the test with the model's report.
#[track_caller]
pub(super) fn reject(failure: &Failure, message: &str) -> ! {
    eprintln!("{}\n\n{}", failure_line(failure.kind), failure.report);
    panic!("{message}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{explore, model};
    use crate::sync::model::atomic::{AtomicU32, Ordering::Acquire, fence};
    use crate::sync::model::{futex, thread};
    use crate::testing::{assert_panics, panic_of};

    #[test]
    fn a_first_interleaving_ends_as_it_was_told() {
        first_interleaving("all rounds are over", || panic!("all rounds are over"));
        let other = panic_of(|| {
            first_interleaving("all rounds are over", || panic!("a round came again"));
        });
        assert!(other.is_some_and(|other| other.starts_with("a round came again")));
    }

    #[track_caller]
    fn fails(kind: Kind, program: impl Fn() + Send + Sync + 'static) {
        let failure = explore(program).expect_err("the model must fail");
        assert_eq!(failure.kind, kind, "{}", failure.report);
    }

    fn never_woken() {
        Gate::shut("never").pass();
    }

    #[test]
    fn a_call_that_does_not_sleep_is_rejected() {
        must_sleep("`pass`", "the gate was shut", never_woken);
        assert_panics("`pass` returned, and the gate was shut", || {
            must_sleep("`pass`", "the gate was shut", || {});
        });
        let awake = "`pass` should fall asleep here, and it does not";
        assert_panics(awake, || {
            must_sleep("`pass`", "the gate was shut", || panic!("no"));
        });
        assert_panics(awake, || {
            must_sleep("`pass`", "the gate was shut", || {
                loop {
                    thread::yield_now();
                }
            });
        });
    }

    #[test]
    fn a_thread_that_spins_after_a_spurious_wakeup_is_rejected() {
        let program = |wait: fn(&AtomicU32)| {
            move |steps: fn()| {
                let word = AtomicU32::new(0);
                let wake = || {
                    steps();
                    word.store(1, Relaxed);
                    futex::wake_all(&word);
                };
                both(|| wait(&word), wake);
            }
        };
        fn sleeps(word: &AtomicU32) {
            while word.load(Relaxed) == 0 {
                (0..100).for_each(|_| yield_now());
                futex::wait(word, 0);
            }
        }
        fn spins(word: &AtomicU32) {
            futex::wait(word, 0);
            while word.load(Relaxed) == 0 {
                yield_now();
            }
        }
        must_sleep_again("`wait`", program(sleeps));
        let told = panic_of(|| must_sleep_again("`wait`", program(spins)));
        assert!(
            told.is_some_and(|told| told.contains("`wait` should sleep as long as it has to wait"))
        );
    }

    #[test]
    fn what_neither_ends_nor_sleeps_is_rejected() {
        may_sleep("sleep or return", never_woken);
        may_sleep("sleep or return", || {});
        assert_panics("sleep or return", || {
            may_sleep("sleep or return", || panic!("no"));
        });
    }

    #[test]
    fn a_flag_tells_what_comes_too_early_and_orders_nothing() {
        fails(Kind::Panic, || {
            let flag = Flag::lowered("flag");
            both(|| assert!(flag.is_raised()), || flag.raise());
        });
        fails(Kind::DataRace, || {
            let (flag, slot) = (Flag::lowered("flag"), Slot::empty("slot"));
            let other = || {
                slot.write(7);
                flag.raise();
            };
            both(|| flag.is_raised().then(|| slot.read()), other);
        });
    }

    #[test]
    fn a_slot_and_a_watched_value_want_an_order() {
        fails(Kind::DataRace, || {
            let slot = Slot::empty("slot");
            both(|| slot.read(), || slot.write(7));
        });
        fails(Kind::DataRace, || {
            // A lock of std, and a flag: neither orders anything for the model.
            let (made, flag) = (std::sync::Mutex::new(None), Flag::lowered("flag"));
            let make = || {
                *made.lock().unwrap() = Some(Arc::new(Watched::new("made", 7)));
                flag.raise();
            };
            let look = || {
                if flag.is_raised() {
                    let seen = made.lock().unwrap().clone();
                    seen.expect("it is made before the flag is raised").read();
                }
            };
            both(look, make);
        });
        model(|| {
            let slot = Slot::empty("slot");
            let ((), made) = both(
                || {},
                || {
                    slot.write(7);
                    Watched::new("made", String::from("whole"))
                },
            );
            assert_eq!((slot.read(), made.read().as_str()), (7, "whole"));
        });
    }

    #[test]
    fn each_value_must_come_out_once() {
        model(|| {
            let value = |n| Arc::new(Watched::new("value", n));
            let found = require_each_once((), "here, there", [vec![value(2)], vec![value(1)]], 2);
            assert_eq!(found, [[2], [1]]);
        });
        for numbers in [vec![1, 2, 2], vec![2]] {
            let said =
                format!("values 1 to 2 must come out, each once, and not {numbers:?}: [here]");
            let failure = explore(move || {
                let values = numbers.iter().map(|&n| Arc::new(Watched::new("value", n)));
                require_each_once((), "here", [Vec::from_iter(values)], 2);
            });
            let report = failure.expect_err("the model must fail").report;
            assert!(report.contains(&said), "{report}");
        }
    }

    #[test]
    fn threads_that_run_at_once_are_counted() {
        let most = |joins_at_once: bool| {
            let most = Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let seen = Arc::clone(&most);
            model(move || {
                let first = thread::spawn(|| {});
                let first = if joins_at_once {
                    first.join().unwrap();
                    None
                } else {
                    Some(first)
                };
                thread::spawn(|| {}).join().unwrap();
                first.map(thread::JoinHandle::join);
                seen.fetch_max(threads_at_once(), std::sync::atomic::Ordering::Relaxed);
            });
            most.load(std::sync::atomic::Ordering::Relaxed)
        };
        assert_eq!((most(true), most(false)), (1, 2));
    }

    #[test]
    fn threads_that_were_spawned_are_counted() {
        model(|| {
            thread::spawn(|| {}).join().unwrap();
            assert!(thread::refuse_after(0, || Builder::new().spawn(|| {})).is_err());
            thread::spawn(|| {}).join().unwrap();
            assert_eq!(threads_spawned(), 2);
        });
    }

    #[test]
    fn a_thread_that_yields_or_sleeps_has_waited() {
        model(|| {
            let (gate, lock) = (Gate::shut("gate"), Mutex::new(()));
            let (main, other) = both(
                || {
                    drop(lock.lock());
                    gate.open();
                    has_waited()
                },
                || {
                    assert!(!has_locked());
                    drop(lock.lock());
                    assert!(has_locked());
                    thread::yield_now();
                    has_waited()
                },
            );
            assert!(!main && other);
        });
    }

    #[test]
    fn a_second_operation_is_more_than_a_load() {
        let only_loads = |second: fn(&AtomicU32)| {
            let word = AtomicU32::new(0);
            thread::scope(|s| {
                let other = s.spawn(|| {
                    assert!(!has_only_loaded_once(), "it has done nothing yet");
                    word.load(Relaxed);
                    second(&word);
                    has_only_loaded_once()
                });
                other.join().unwrap()
            })
        };
        model(move || {
            assert!(only_loads(|_| {}) && only_loads(|_| fence(Acquire)));
            assert!(!only_loads(|word| assert_eq!(word.load(Relaxed), 0)));
            assert!(!only_loads(|word| word.store(1, Relaxed)));
        });
    }

    #[test]
    fn notifications_and_yields_are_counted() {
        model(|| {
            let gate = Gate::shut("gate");
            drop(Mutex::new(()).lock());
            assert_eq!(notifications(), 0);
            gate.open();
            assert_eq!(notifications(), 0, "the condition variable knows that nobody waits");
            let word = AtomicU32::new(0);
            futex::wake_one(&word);
            assert_eq!((notifications(), yields()), (1, 0));
            assert!(most_woken() <= 1, "one thread at most sleeps at the gate");
            thread::yield_now();
            assert_eq!(yields(), 1);
        });
    }

    #[test]
    fn a_notification_that_wakes_two_at_once_is_seen() {
        let most = |wake: fn(&AtomicU32)| {
            let seen = Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let most = Arc::clone(&seen);
            Model::new().preemption_bound(0).check(move || {
                let word = AtomicU32::new(0);
                scope(|scope| {
                    spawn(scope, "one", || futex::wait(&word, 0));
                    spawn(scope, "another", || futex::wait(&word, 0));
                    let_others_sleep(2);
                    word.store(1, Relaxed);
                    wake(&word);
                    wake(&word);
                });
                most.fetch_max(most_woken(), std::sync::atomic::Ordering::Relaxed);
            });
            seen.load(std::sync::atomic::Ordering::Relaxed)
        };
        assert_eq!((most(futex::wake_one), most(futex::wake_all)), (1, 2));
    }

    #[test]
    fn a_thread_that_yields_first_can_be_asleep_when_it_was_let_sleep() {
        let is_seen_asleep = |times| {
            let seen = Arc::new(std::sync::atomic::AtomicBool::new(false));
            let any = Arc::clone(&seen);
            Model::new().preemption_bound(0).check(move || {
                let (gate, asleep) = (Gate::shut("gate"), Flag::lowered("asleep"));
                both(
                    || {
                        let_others_sleep(times);
                        any.fetch_or(asleep.is_raised(), std::sync::atomic::Ordering::Relaxed);
                        gate.open();
                    },
                    || {
                        thread::yield_now();
                        asleep.raise();
                        gate.pass();
                    },
                );
            });
            seen.load(std::sync::atomic::Ordering::Relaxed)
        };
        assert_eq!((is_seen_asleep(0), is_seen_asleep(2)), (false, true));
    }

    #[test]
    fn a_thread_that_finds_a_lock_taken_has_waited_for_it() {
        let seen = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
        let all = Arc::clone(&seen);
        model(move || {
            let (lock, own) = (Mutex::new(()), Mutex::new(()));
            let (main, (lock_was_taken, try_lock_was_taken)) = both(
                || {
                    let _held = lock.lock();
                    drop(own.lock());
                },
                || {
                    drop(lock.try_lock());
                    let tried = has_waited_for_a_lock();
                    drop(lock.lock());
                    (has_waited_for_a_lock(), tried)
                },
            );
            all.lock().unwrap().insert((lock_was_taken, try_lock_was_taken));
            main
        });
        let all = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(
            all.into_iter().collect::<Vec<_>>(),
            [(false, false), (true, false), (true, true)]
        );
    }

    /// A thread has `first` and tries `second`, which main may have. Then it waits for `second` with `first` in its hand, or
    /// gives `first` back.
    #[test]
    fn a_lock_is_given_back_to_try_again_if_it_is_taken_again() {
        let takes_both = |gives_back: bool, tries_again: bool| {
            explore(move || {
                let [first, second] = [(); 2].map(Mutex::new);
                both(
                    || drop(second.lock()),
                    || {
                        gives_back_no_lock("`take`", || {
                            let held = first.lock();
                            if second.try_lock().is_some() {
                                return;
                            }
                            let held = (!gives_back).then_some(held);
                            let again = tries_again.then(|| second.lock());
                            let last = (gives_back && tries_again).then(|| first.lock());
                            drop((held, again, last));
                        });
                    },
                );
            })
        };
        assert!(takes_both(false, true).is_ok());
        assert!(takes_both(false, false).is_ok());
        assert!(takes_both(true, false).is_ok());
        let failure = takes_both(true, true).expect_err("`first` is taken again");
        let says = "gave back one that it held, and took that one again";
        assert!(failure.message.contains(says), "{}", failure.message);
    }

    #[test]
    fn a_gate_lets_all_pass_and_brings_what_was_done_before() {
        model(|| {
            let (gate, slot) = (Gate::shut("gate"), Slot::empty("slot"));
            let pass = || {
                gate.pass();
                assert_eq!(slot.read(), 7);
            };
            thread::scope(|s| {
                spawn(s, "first", pass);
                spawn(s, "second", pass);
                slot.write(7);
                gate.open();
            });
            pass();
        });
    }
}
