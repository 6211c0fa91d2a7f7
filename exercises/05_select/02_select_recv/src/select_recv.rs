//! A select that waits: for the first of many receivers that has something.

use crate::channel::Receiver;
use crate::sync::channel::RecvError;

/// Receives from the first of `receivers` that has something, and returns its index and what it got. Go's
/// `select` whose cases are all receives.
///
/// If several have something when it is called, takes from the first of them in the slice. If none has,
/// sleeps until a value is sent to one of the channels, or the last sender of one has gone: that one's error
/// is returned then. Takes one value, and what is sent to the other channels stays there for others. There
/// may be any number of receivers, and one may be in the slice more than once; the index is one of its places.
///
/// May be called beside any other calls, with any receivers in any order: calls do not stop each other. When
/// it has returned, nothing is registered with any of the channels.
///
/// ```
/// let (_quiet, never) = bounded::<u32>(1);
/// let (sender, receiver) = bounded(1);
/// thread::spawn(move || sender.send(7));
/// assert_eq!(select_recv(&[&never, &receiver]), (1, Ok(7)));
/// ```
///
/// # Panics
/// Panics with `select_recv: no receivers` if there are none: nothing could ever wake it.
pub fn select_recv<T>(receivers: &[&Receiver<T>]) -> (usize, Result<T, RecvError>) {
    let _ = receivers;
    todo!("take what is there, or register an arm with each and sleep until one is chosen")
}

// What stands for the call in the lists of all its channels is yours to write: a type that is a
// `crate::channel::Waiter`.
//
// `self: &Arc<Self>` does not work with the model's `Arc`: write `fn f(x: &Arc<T>)`.
