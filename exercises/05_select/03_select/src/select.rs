//! Waits on several channels at once: of several sends and receives, does one, as soon as one can be done.

// Take locks, atomics and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::channel::{Locked, Waiter};
// use crate::sync::{atomic::AtomicU32, futex};
// The channels take waiters as std's `Arc`: use crate::sync::task::Arc;
// A lock or an atomic of `crate::sync` cannot be a `static`: each interleaving of a model makes its own.
use crate::channel::Arm;
use crate::sync::time::{Clock, Instant};

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
/// ```
/// use channels::real::{SendOutcome, bounded};
/// use select::select;
///
/// let ((orders, _), (_kitchen, meals)) = (bounded(1), bounded::<&str>(0));
/// let (mut meal, mut order) = (meals.arm(), orders.arm("soup"));
/// assert_eq!(select(&mut [&mut meal, &mut order]), 1, "no meal is ready, and there is room for an order");
/// assert_eq!(order.outcome(), SendOutcome::Sent);
/// assert_eq!(meal.outcome(), None);
/// ```
///
/// # Panics
/// Panics with `select: no arms` if there are none, as nothing could end the call. Panics if it comes to an arm that has
/// been completed before.
pub fn select(arms: &mut [&mut dyn Arm<'_>]) -> usize {
    let _ = arms;
    todo!("complete the first arm that can be; if none can, wait in the lists of all of them")
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
    let _ = (arms, clock, deadline);
    todo!("as `select`, and stop waiting at the deadline")
}
