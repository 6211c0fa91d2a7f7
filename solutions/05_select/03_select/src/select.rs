//! Waits on several channels at once: of several sends and receives, does one, as soon as one can be done.

// `super` is the crate, or `model`, where this file is included a second time.
use super::channel::{Arm, ChannelId, Locked, Waiter};
use super::sync::atomic::{AtomicU32, Ordering::Relaxed};
use super::sync::futex;
use super::sync::task::Arc;
use super::sync::thread;
use super::sync::time::{Clock, Instant};

/// Completes one of `arms`, and returns its index. Sleeps until one can be completed.
///
/// If several can be completed at the call, the first of them in the slice is. What has come of it is in its `outcome()`;
/// the other arms are as they were before the call, a send has its value, and all of them can be selected again. The slice
/// has its order.
///
/// Any arms may stand together: sends and receives, several of one channel, in any order, and any number of them. Two arms of
/// one call never meet each other. On the other side of an arm may be a plain `send` or `recv`, one that tries, or another
/// select. A call that sleeps keeps its place among those that wait for a channel.
///
/// A receive from a channel that is empty and has no senders can be completed, and so can a send to one without receivers:
/// they fail, at once or while this sleeps, and the value of the send is in its outcome.
///
/// # Panics
/// Panics with `select: no arms` if there are none, as nothing could end the call. Panics if it comes to an arm that has
/// been completed before.
pub fn select(arms: &mut [&mut dyn Arm<'_>]) -> usize {
    assert!(!arms.is_empty(), "select: no arms");
    if let Some(index) = try_each(arms) {
        return index;
    }
    // Where threads only have to wait their turn, an arm can be completed after this, and nobody has to be woken.
    thread::yield_now();
    complete_one(arms, Call::sleep).expect("the call has slept until it was chosen")
}

/// Completes one of `arms`, as [`select`] does, and returns its index; or returns `None` if none of them can be completed
/// until `clock` shows `deadline`.
///
/// An arm that can be completed at the call is, even if the time has come already: the deadline of a call that must not
/// wait is `clock.now()`. It then takes all arms at one instant: it does not return `None` if at each instant of the call
/// at least one of them could be completed. After `None` all arms are as they were before the call. Without arms, only
/// the deadline ends the call.
///
/// # Panics
/// Panics if it comes to an arm that has been completed before.
pub fn select_until(
    arms: &mut [&mut dyn Arm<'_>],
    clock: &Clock,
    deadline: Instant,
) -> Option<usize> {
    try_each(arms).or_else(|| complete_one(arms, |call| call.sleep_until(clock, deadline)))
}

/// Completes the first of `arms` that can be completed, with one channel locked at a time. Its `None` says little: while it
/// looks at the second channel, things change in the first.
fn try_each(arms: &mut [&mut dyn Arm<'_>]) -> Option<usize> {
    arms.iter_mut()
        .position(|arm| arm.try_complete(&mut arm.lock()))
}

/// Completes one of `arms` now, or lets others complete one during `sleep`. Returns `None` if nobody has.
fn complete_one(arms: &mut [&mut dyn Arm<'_>], sleep: impl FnOnce(&Call)) -> Option<usize> {
    let mut channels = lock_all(arms);
    // All channels are locked from the first look to the last registration. So nobody comes to a channel that has been
    // looked at and does not know of this call yet; and nobody finds this call registered, not even itself, while it may
    // still complete an arm.
    for (index, arm) in arms.iter_mut().enumerate() {
        let at = place_of(arm.channel(), &channels);
        if arm.try_complete(&mut channels[at].1) {
            // This lock wakes the thread on the other side as it goes, so it goes last.
            let wakes = channels.swap_remove(at);
            drop(channels);
            drop(wakes);
            return Some(index);
        }
    }
    let call = Arc::new(Call::new());
    let waiter: Arc<dyn Waiter> = call.clone();
    for (index, arm) in arms.iter_mut().enumerate() {
        let at = place_of(arm.channel(), &channels);
        arm.register(&mut channels[at].1, &waiter, index);
    }
    drop(channels);

    sleep(&call);

    // Who has chosen this call completes its arm under the channel's lock, so it has done so when that lock is free. One at
    // most is chosen, and that may be after the deadline, as long as one arm is registered: only the lists know which.
    let mut completed = None;
    for (index, arm) in arms.iter_mut().enumerate() {
        if arm.unregister(&mut arm.lock()) {
            completed = Some(index);
        }
    }
    completed
}

/// Locks the channels of all arms, each once, and returns them in order.
///
/// Every call takes them in ascending order, so no two wait for each other: of the calls that hold a lock, the one that
/// holds the highest waits for none that another holds.
fn lock_all<'a>(arms: &[&mut dyn Arm<'a>]) -> Vec<(ChannelId, Locked<'a>)> {
    let mut one_of_each: Vec<&dyn Arm<'a>> = arms.iter().map(|arm| &**arm).collect();
    one_of_each.sort_unstable_by_key(|arm| arm.channel());
    one_of_each.dedup_by_key(|arm| arm.channel());
    one_of_each
        .into_iter()
        .map(|arm| (arm.channel(), arm.lock()))
        .collect()
}

fn place_of(channel: ChannelId, channels: &[(ChannelId, Locked<'_>)]) -> usize {
    let place = channels.binary_search_by_key(&channel, |(id, _)| *id);
    place.expect("the channels of all arms are locked")
}

/// A call that sleeps: what the channels have in their lists of waiters.
struct Call {
    /// 1 when a channel has chosen it.
    is_chosen: AtomicU32,
}

impl Call {
    fn new() -> Self {
        Self {
            is_chosen: AtomicU32::new(0),
        }
    }

    /// Sleeps until the call is chosen.
    fn sleep(&self) {
        // Relaxed: what the other thread did is seen through the lock of its channel, in `unregister`. No wakeup is lost: the
        // futex compares and falls asleep in one step, and the waker has chosen before. A loop, because a wakeup may be
        // spurious.
        while self.is_chosen.load(Relaxed) == 0 {
            futex::wait(&self.is_chosen, 0);
        }
    }

    /// Sleeps until the call is chosen or `clock` shows `deadline`.
    fn sleep_until(&self, clock: &Clock, deadline: Instant) {
        // As above.
        while self.is_chosen.load(Relaxed) == 0 {
            if clock.futex_wait_until(&self.is_chosen, 0, deadline) {
                return;
            }
        }
    }
}

impl Waiter for Call {
    fn choose(&self, _arm: usize) -> bool {
        // One step, as several channels may call at the same time, each under its own lock. Relaxed: see `sleep`.
        self.is_chosen
            .compare_exchange(0, 1, Relaxed, Relaxed)
            .is_ok()
    }

    fn wake(&self) {
        futex::wake_one(&self.is_chosen);
    }
}
