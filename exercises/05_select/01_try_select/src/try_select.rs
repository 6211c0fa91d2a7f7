//! A select that does not wait: the first of several channel operations that is ready, or none.

use crate::channel::{Arm, Receiver};
use crate::sync::channel::RecvError;

/// Does one of the operations that `arms` offer, if one is ready, and returns its index. Returns `None` if
/// none is: Go's `select` with a `default` case.
///
/// An arm is ready if its operation need not wait: a receive, if there is a value, a sender that waits, or no
/// sender any more; a send, if there is room, a receiver that waits, or no receiver any more. Of several, the
/// first in the slice is done. What has become of an arm, its `outcome` says; the arms that were not chosen
/// are as they were before, with their values, and the slice has its order.
///
/// The answer is true of one instant. If it is `None`, there was an instant at which no arm was ready; if it
/// is an index, there was an instant at which that arm was ready and none before it.
///
/// There may be any number of arms, and of channels. A channel may be in several arms, in both directions; a
/// send and a receive of the same call do not meet. May be called beside any other calls, with any channels in
/// any order: it never sleeps but to lock a channel, and it always returns. It leaves nothing registered. If it
/// has to wake a thread, it unlocks all channels first.
///
/// ```
/// let (jobs, to_do) = bounded(1);
/// let (results, done) = bounded(1);
/// let (mut job, mut result) = (jobs.arm("sweep"), done.arm());
/// assert_eq!(try_select(&mut [&mut result, &mut job]), Some(1));
/// assert_eq!(to_do.recv(), Ok("sweep"));
/// ```
///
/// # Panics
/// Panics if it comes to an arm that has been completed before, or is registered.
pub fn try_select(arms: &mut [&mut dyn Arm<'_>]) -> Option<usize> {
    let _ = arms;
    todo!("complete the first arm that is ready; look at all of them in one instant")
}

/// Receives from one of `receivers`, if one is ready, and returns its index and what it got. Returns `None`
/// if none is.
///
/// The same as [`try_select`] with an arm for each. So a channel that is empty and has no sender any more
/// counts as ready: its error is returned.
///
/// ```
/// let (_quiet, never) = bounded::<u32>(1);
/// let (sender, receiver) = bounded(1);
/// assert_eq!(try_recv_any(&[&never, &receiver]), None);
/// sender.send(7)?;
/// assert_eq!(try_recv_any(&[&never, &receiver]), Some((1, Ok(7))));
/// ```
pub fn try_recv_any<T>(receivers: &[&Receiver<T>]) -> Option<(usize, Result<T, RecvError>)> {
    let _ = receivers;
    todo!("select with an arm for each receiver, and return what the chosen one has got")
}
