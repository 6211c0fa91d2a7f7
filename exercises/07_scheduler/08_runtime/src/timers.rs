//! Given: the times at which goroutines want to be woken, on the runtime's clock.

use super::goroutines::{self, Shared};
use super::sync::Mutex;
use super::sync::task::{Arc, Context, Poll, Waker};
use super::sync::time::{Clock, Duration, Instant};
use std::collections::BTreeMap;
use std::pin::Pin;
// Not the facade's: a hint, which orders nothing.
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a timer is found by: when it is due, and a number that no other one has.
type Key = (Instant, u64);

/// The timers of a runtime.
pub struct Timers {
    clock: Clock,
    pending: Mutex<Pending>,
    /// When the earliest is due, in nanoseconds after the clock's beginning. For a quick look: what counts is `pending`.
    earliest: AtomicU64,
}

#[derive(Default)]
struct Pending {
    wakers: BTreeMap<Key, Waker>,
    set: u64,
}

impl Timers {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            pending: Mutex::default(),
            earliest: AtomicU64::new(u64::MAX),
        }
    }

    /// The clock by which they are due, for a worker that sleeps until then.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// When the next one is due. Looks under the lock: a timer that was set before this is seen.
    pub fn next(&self) -> Option<Instant> {
        let pending = self.pending.lock();
        pending.wakers.keys().next().map(|key| key.0)
    }

    /// Wakes the goroutines whose time has come. If no time has come, this costs a load or two: a worker can afford it
    /// between any two goroutines.
    ///
    /// A timer that another thread is setting just now may be missed: [`next`](Timers::next) misses none.
    pub fn fire(&self) {
        let earliest = self.earliest.load(Relaxed);
        if earliest == u64::MAX {
            return;
        }
        let now = self.clock.now();
        if earliest > nanoseconds(now) {
            return;
        }
        loop {
            let mut pending = self.pending.lock();
            let due = pending
                .wakers
                .first_entry()
                .filter(|first| first.key().0 <= now);
            let Some(waker) = due.map(|first| first.remove()) else {
                self.note_earliest(&pending);
                return;
            };
            drop(pending);
            // Only now, without the lock: a wake schedules a task.
            waker.wake();
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.pending.lock().wakers.len()
    }

    /// Sets a timer. Returns its key, and whether it is the earliest.
    fn set(&self, deadline: Instant, waker: Waker) -> (Key, bool) {
        let mut pending = self.pending.lock();
        pending.set += 1;
        let key = (deadline, pending.set);
        pending.wakers.insert(key, waker);
        self.note_earliest(&pending);
        let is_earliest = pending.wakers.keys().next() == Some(&key);
        (key, is_earliest)
    }

    fn note_earliest(&self, pending: &Pending) {
        let earliest = pending.wakers.keys().next();
        self.earliest
            .store(earliest.map_or(u64::MAX, |key| nanoseconds(key.0)), Relaxed);
    }

    /// Replaces the waker of a timer. Returns whether it was still there.
    fn reset(&self, key: Key, waker: &Waker) -> bool {
        let mut pending = self.pending.lock();
        let Some(old) = pending.wakers.get_mut(&key) else {
            return false;
        };
        let old = std::mem::replace(old, waker.clone());
        drop(pending);
        drop(old);
        true
    }

    fn clear(&self, key: Key) {
        let waker = self.pending.lock().wakers.remove(&key);
        // Only now: it may be the last reference to a task.
        drop(waker);
    }
}

/// At most `u64::MAX - 1`: that is in the year 2554 of a clock that begins now.
fn nanoseconds(moment: Instant) -> u64 {
    let since = moment.saturating_since(Instant::default()).as_nanos();
    u64::try_from(since).map_or(u64::MAX - 1, |since| since.min(u64::MAX - 1))
}

/// Waits until the runtime's clock shows `deadline` or later.
///
/// # Panics
/// If it is polled outside a runtime: neither by a goroutine nor in [`block_on`](super::Runtime::block_on).
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep {
        deadline,
        timer: None,
    }
}

/// Waits for `time` on the runtime's clock, from the call on. A time that is too long for the clock never ends.
///
/// # Panics
/// If it is called outside a runtime.
pub fn sleep(time: Duration) -> Sleep {
    let now = goroutines::current("sleep").timers.clock.now();
    match now.checked_add(time) {
        Some(deadline) => sleep_until(deadline),
        None => sleep_until(Instant::default() + Duration::MAX),
    }
}

/// Ends at its deadline: see [`sleep_until`]. If it is dropped before, nothing is left of it.
#[must_use = "a future does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Sleep {
    deadline: Instant,
    timer: Option<(Home, Key)>,
}

struct Home(Arc<Shared>);

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Home")
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some((home, key)) = &self.timer {
            if home.0.timers.reset(*key, context.waker()) {
                return Poll::Pending;
            }
            self.timer = None;
            return Poll::Ready(());
        }
        let home = goroutines::current("sleep_until");
        if home.timers.clock.now() >= self.deadline {
            return Poll::Ready(());
        }
        let (key, is_earliest) = home.timers.set(self.deadline, context.waker().clone());
        if is_earliest {
            // The workers that sleep do so until another time, or for ever.
            home.scheduler.notify();
        }
        self.timer = Some((Home(home), key));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((home, key)) = self.timer.take() {
            home.0.timers.clear(key);
        }
    }
}
