//! A select that waits: for the first of many receivers that has something.

use crate::channel::{Arm, ChannelId, Locked, Receiver, RecvArm, Waiter};
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crate::sync::channel::{RecvError, TryRecvError};
use crate::sync::futex;
use crate::sync::task::Arc;

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
    assert!(!receivers.is_empty(), "select_recv: no receivers");
    if let Some(received) = take_first(receivers) {
        return received;
    }
    let mut arms: Vec<_> = receivers.iter().map(|receiver| receiver.arm()).collect();
    let chosen = match complete_or_register(&mut arms) {
        Ready::Now(arm) => arm,
        Ready::Later(selection) => {
            let chosen = selection.sleep();
            // All have to go, those behind the chosen one too. Nobody can choose an arm any more, so one lock
            // at a time is enough.
            for arm in &mut arms {
                arm.unregister(&mut arm.lock());
            }
            chosen
        }
    };
    let received = arms.swap_remove(chosen).outcome();
    (chosen, received.expect("the arm has been completed"))
}

/// Receives from the first that has something. Not for the answer "none", which is not of one instant: it
/// only spares the locks, if there is something. As nothing is registered yet, each channel can be tried by
/// itself.
fn take_first<T>(receivers: &[&Receiver<T>]) -> Option<(usize, Result<T, RecvError>)> {
    let tried = receivers.iter().map(|receiver| receiver.try_recv());
    tried.enumerate().find_map(|(i, tried)| match tried {
        Ok(value) => Some((i, Ok(value))),
        Err(TryRecvError::Disconnected) => Some((i, Err(RecvError))),
        Err(TryRecvError::Empty) => None,
    })
}

enum Ready {
    /// This arm has been completed.
    Now(usize),
    /// All arms are registered with this.
    Later(Arc<Selection>),
}

/// Completes the first arm that is ready, or else registers all.
///
/// All channels are locked from the first look to the last registration. So no value comes to a channel
/// unseen, between the look at it and its registration; and no registered arm is chosen while another is
/// still looked at: both would be done.
fn complete_or_register<T>(arms: &mut [RecvArm<'_, T>]) -> Ready {
    let mut locks = lock_all(arms);
    for (i, arm) in arms.iter_mut().enumerate() {
        if arm.try_complete(locked(&mut locks, arm)) {
            return Ready::Now(i);
        }
    }
    let selection = Arc::new(Selection::new());
    let waiter: Arc<dyn Waiter> = selection.clone();
    for (i, arm) in arms.iter_mut().enumerate() {
        arm.register(locked(&mut locks, arm), &waiter, i);
    }
    Ready::Later(selection)
}

type Locks<'a> = Vec<(ChannelId, Locked<'a>)>;

/// Locks the channels of all arms, each once, in the order of the channels, which all who lock several keep
/// to.
fn lock_all<'a, T>(arms: &[RecvArm<'a, T>]) -> Locks<'a> {
    let mut order: Vec<_> = (0..arms.len()).map(|i| (arms[i].channel(), i)).collect();
    order.sort_unstable();
    order.dedup_by_key(|(id, _)| *id);
    let locks = order.into_iter().map(|(id, i)| (id, arms[i].lock()));
    locks.collect()
}

/// Finds the lock of an arm's channel.
fn locked<'l, 'a, T>(locks: &'l mut Locks<'a>, arm: &RecvArm<'_, T>) -> &'l mut Locked<'a> {
    let at = locks.binary_search_by_key(&arm.channel(), |(id, _)| *id);
    &mut locks[at.expect("the channels of all arms are locked")].1
}

/// Which arm of a call has been chosen: what stands for the call in the lists of all its channels.
struct Selection {
    /// `OPEN`, or the index of the arm. Written once. It is the word to sleep on.
    chosen: AtomicU32,
}

const OPEN: u32 = u32::MAX;

impl Selection {
    fn new() -> Self {
        Self {
            chosen: AtomicU32::new(OPEN),
        }
    }

    /// Sleeps until an arm has been chosen, and returns its index.
    fn sleep(&self) -> usize {
        // No wakeup is lost: the futex compares and falls asleep in one step, and a wakeup comes after the
        // exchange in `choose`, which changes what it compares. A loop, because a wakeup may be spurious.
        loop {
            match self.chosen.load(Relaxed) {
                OPEN => futex::wait(&self.chosen, OPEN),
                arm => return arm as usize,
            }
        }
    }
}

impl Waiter for Selection {
    fn choose(&self, arm: usize) -> bool {
        let arm = u32::try_from(arm).expect("there is no memory for so many arms");
        // An exchange, for several channels may ask at the same time, each under its own lock: the first
        // finds it open.
        //
        // Relaxed will do. What the channel does with the arm is done under its lock, which it has had since
        // before this, and the selecting thread takes the same lock after it has seen the index. It cannot
        // get the lock before the channel does: then its load would happen before this exchange, and not read
        // what it writes.
        self.chosen
            .compare_exchange(OPEN, arm, Relaxed, Relaxed)
            .is_ok()
    }

    fn wake(&self) {
        futex::wake_one(&self.chosen);
    }
}
