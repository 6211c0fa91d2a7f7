//! A channel for one value: sent at most once, received at most once.

use crate::sync::atomic::AtomicU8;
use crate::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sync::cell::UnsafeCell;
use crate::sync::thread::{self, Thread};
use std::error::Error;
use std::fmt;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;

/// Both ends are there, and nothing has been sent. The sender alone uses `value`, the receiver alone uses
/// `receiver`.
const OPEN: u8 = 0;
/// As OPEN, but the receiver has put its thread into `receiver` and sleeps: both slots are the sender's.
const ASLEEP: u8 = 1;
/// One end has gone. The other owns the whole channel, finds in `value` what was sent, and frees it.
const ALONE: u8 = 2;

/// Makes a channel for one value, and returns its two ends.
///
/// It is what a Go programmer makes with `make(chan T, 1)` for a result that comes once. Both ends are used
/// up by the call that hands the value over, so there is nothing to close, and nothing to send twice. An end
/// can be moved to another thread, and dropped at any time. The value is dropped exactly once: by the thread
/// that got it, or with the last end. The channel's memory is freed with the last end, too.
///
/// ```
/// use oneshot::channel;
/// use std::thread;
///
/// let (sender, receiver) = channel();
/// thread::spawn(move || sender.send(6 * 7));
/// assert_eq!(receiver.recv(), Ok(42));
///
/// let (sender, receiver) = channel::<u32>();
/// thread::spawn(move || drop(sender)); // or a panic, or a `return` in the middle
/// assert!(receiver.recv().is_err());
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let channel = NonNull::from(Box::leak(Box::new(Channel {
        state: AtomicU8::new(OPEN),
        value: UnsafeCell::new(None),
        receiver: UnsafeCell::new(MaybeUninit::uninit()),
    })));
    (Sender { channel }, Receiver { channel })
}

/// What the two ends share. Neither owns it while both are there; the state says when that ends. So no
/// reference count is needed: ALONE is the count.
struct Channel<T> {
    /// OPEN, ASLEEP, ALONE, in this order. Each end moves it once at most, except that a receiver may wait
    /// first.
    state: AtomicU8,
    /// The sender puts it there before it leaves.
    value: UnsafeCell<Option<T>>,
    /// The thread that sleeps. Initialised while the state is ASLEEP, until the sender takes it out.
    receiver: UnsafeCell<MaybeUninit<Thread>>,
}

/// The end that sends, once. Made by [`channel`].
///
/// Dropping it tells the receiver that no value will come.
pub struct Sender<T> {
    channel: NonNull<Channel<T>>,
}

// SAFETY: the sender may put a `T` into the channel on its thread that the receiver takes out on another,
// which `T: Send` allows. It lends no `&T`. Accesses to the channel are ordered by `state`, as shown at each
// of them.
unsafe impl<T: Send> Send for Sender<T> {}
// SAFETY: through `&Sender` one can only read `state`, which is atomic.
unsafe impl<T: Send> Sync for Sender<T> {}

impl<T> Sender<T> {
    /// Hands `value` over, and wakes the receiver if it sleeps. Never waits for it.
    ///
    /// Everything that this thread did before happens before the receiver returns with the value. `Ok` means
    /// that the receiver was still there, not that it has received: it may be dropped with the value in the
    /// channel.
    ///
    /// # Errors
    /// Returns `value`, untouched, if the receiver has been dropped. What the receiver's thread did before it
    /// dropped the receiver happens before this return.
    pub fn send(self, value: T) -> Result<(), SendError<T>> {
        // The channel is given up or taken over below; `drop` must not do it again.
        let this = ManuallyDrop::new(self);
        // SAFETY: the channel exists, for this end has not left it. The slot is the sender's until it has
        // left: the receiver only looks into it when it has read ALONE, and that before `leave` only the
        // receiver writes.
        unsafe {
            this.channel
                .as_ref()
                .value
                .with_mut(|slot| slot.write(Some(value)));
        }
        // SAFETY: this end has not left, and does so now: `this` is not used again.
        match unsafe { leave(this.channel) } {
            None => Ok(()),
            Some(mut channel) => {
                let value = channel.value.get_mut().take();
                Err(SendError(value.expect("it was put there just now")))
            }
        }
    }

    /// Returns whether the receiver has been dropped, so that `send` would fail. Never waits.
    ///
    /// `true` is final; `false` may be out of date when you read it. It orders nothing.
    pub fn is_closed(&self) -> bool {
        // SAFETY: the channel exists, for this end has not left it.
        let channel = unsafe { self.channel.as_ref() };
        // Relaxed: this thread reads nothing because of it.
        channel.state.load(Relaxed) == ALONE
    }
}

/// Tells the receiver that no value will come.
impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // SAFETY: this end has not left, since `send` forgets it, and is not used again.
        drop(unsafe { leave(self.channel) });
    }
}

/// The sender's last step: leaves the channel, with what is in `value`, to the receiver, and wakes it. If the
/// receiver has gone, returns the channel instead.
///
/// # Safety
/// The sender has not left the channel yet, and does not use it afterwards.
unsafe fn leave<T>(channel: NonNull<Channel<T>>) -> Option<Box<Channel<T>>> {
    // SAFETY: the channel exists, for the sender has not left it. It may be freed as soon as `state` is
    // ALONE, and `shared` is not used after that.
    let shared = unsafe { channel.as_ref() };
    // Release: pairs with the Acquire loads in `wait` and `try_recv`, and with that of the failing exchange
    // in `wait`. What was written to `value` happens before the receiver looks. Acquire, on failure: pairs
    // with the Release exchange in `wait`, for ASLEEP, and with the swap of the receiver's `drop`, for ALONE.
    match shared.state.compare_exchange(OPEN, ALONE, Release, Acquire) {
        Ok(_) => None,
        Err(ASLEEP) => {
            // Before the store: the receiver may wake up spuriously, and then it frees the channel.
            //
            // SAFETY: ASLEEP was read with Acquire, so the receiver's write happens before this: the slot is
            // initialised, and the sender's. It is not read again, because the state never is ASLEEP again.
            let receiver = unsafe { shared.receiver.with_mut(|slot| (*slot).assume_init_read()) };
            // A store is enough: from ASLEEP only the sender moves on. Release: pairs with the Acquire in
            // `wait`.
            shared.state.store(ALONE, Release);
            // After the store: `wait` proves that this is not missed. If the receiver has not waited for it,
            // its next `park` returns at once, which `park` may always do.
            receiver.unpark();
            None
        }
        // SAFETY: ALONE, and this end is still here, so it was the receiver that has gone, for good: nobody
        // else uses the channel. The pointer comes from a box. All that the receiver did happens before.
        Err(_) => Some(unsafe { Box::from_raw(channel.as_ptr()) }),
    }
}

/// The end that receives, once. Made by [`channel`].
///
/// Dropping it makes `send` fail. A value that was sent before and not received is dropped with it.
pub struct Receiver<T> {
    channel: NonNull<Channel<T>>,
}

// SAFETY: as for the sender: a `T` is moved from one thread to another.
unsafe impl<T: Send> Send for Receiver<T> {}
// SAFETY: through `&Receiver` nothing can be done at all.
unsafe impl<T: Send> Sync for Receiver<T> {}

impl<T> Receiver<T> {
    /// Returns the value, and sleeps until it has been sent. Also ends if the sender goes without sending.
    /// Returns at once if either has already happened.
    ///
    /// Everything that the sender's thread did before it sent, or before it dropped the sender, happens
    /// before this return.
    ///
    /// # Errors
    /// Returns [`RecvError`] if the sender has been dropped without sending, or if `try_recv` has already
    /// returned the value.
    pub fn recv(self) -> Result<T, RecvError> {
        self.wait();
        // The box frees the channel; `drop` must not do it again.
        let this = ManuallyDrop::new(self);
        // SAFETY: `wait` has read ALONE, and this end is still here, so it was the sender that has gone, for
        // good: nobody else uses the channel. The pointer comes from a box.
        let mut channel = unsafe { Box::from_raw(this.channel.as_ptr()) };
        channel.value.get_mut().take().ok_or(RecvError)
    }

    /// Returns the value if it has been sent. Never waits. All that `recv` says of happens-before holds here,
    /// too, for a value and for [`TryRecvError::Disconnected`].
    ///
    /// # Errors
    /// Returns [`TryRecvError::Empty`] if nothing has been sent and the sender is still there; the receiver
    /// can be used as before. Returns [`TryRecvError::Disconnected`] if no value will come: the sender has
    /// been dropped without sending, or its value has been returned before.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        // SAFETY: the channel exists, for this end has not left it.
        let channel = unsafe { self.channel.as_ref() };
        // Pairs with the Release in `leave`. Never ASLEEP: `recv` uses up the receiver.
        if channel.state.load(Acquire) == OPEN {
            return Err(TryRecvError::Empty);
        }
        // SAFETY: ALONE, and this end is still here, so the sender has left the slot to this end, and its
        // write happens before this. `&mut self` keeps others out.
        let value = unsafe { channel.value.with_mut(|slot| (*slot).take()) };
        value.ok_or(TryRecvError::Disconnected)
    }

    /// Sleeps until the sender has gone, whether it has sent or not.
    fn wait(&self) {
        // SAFETY: the channel exists, for this end has not left it.
        let channel = unsafe { self.channel.as_ref() };
        // Pairs with the Release in `leave`.
        if channel.state.load(Acquire) == ALONE {
            return;
        }
        let me = thread::current();
        // SAFETY: the slot is the receiver's as long as it has not said ASLEEP, and it says so once, below.
        // It is uninitialised, so nothing is lost by writing over it.
        unsafe {
            channel.receiver.with_mut(|slot| (*slot).write(me));
        }
        // Release: pairs with the Acquire in `leave`, which takes the thread out. Acquire, on failure: pairs
        // with the Release in `leave`.
        if channel
            .state
            .compare_exchange(OPEN, ASLEEP, Release, Acquire)
            .is_err()
        {
            // The sender has just left.
            //
            // SAFETY: it was written above, and the sender, which has not read ASLEEP, has not taken it out.
            unsafe {
                channel.receiver.with_mut(|slot| (*slot).assume_init_drop());
            }
            return;
        }
        // No wakeup is lost. The exchange has moved OPEN to ASLEEP, so the sender has not left before it.
        // When it leaves, it finds ASLEEP, stores ALONE, and unparks this thread after that. If that comes
        // before `park`, the next `park` returns at once; and each look at the state comes after a `park` has
        // returned, or before the first.
        //
        // A loop, because `park` may return for no reason: another library's `unpark` is enough.
        while channel.state.load(Acquire) == ASLEEP {
            thread::park();
        }
    }
}

/// Makes `send` fail, and drops a value that was not received.
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // SAFETY: the channel exists, for this end has not left it.
        let channel = unsafe { self.channel.as_ref() };
        // Release, for OPEN: pairs with the failing exchange in `leave`, so that all that was done here
        // happens before the sender frees the channel. Acquire, for ALONE: pairs with the Release in `leave`.
        if channel.state.swap(ALONE, AcqRel) == ALONE {
            // SAFETY: it was ALONE before, so the sender has gone, for good, and this end goes now: nobody
            // else uses the channel. The pointer comes from a box, and `channel` is not used again.
            drop(unsafe { Box::from_raw(self.channel.as_ptr()) });
        }
    }
}

/// The error of [`Sender::send`]: the receiver has been dropped. Contains the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the receiver has been dropped")
    }
}

impl<T> Error for SendError<T> {}

/// The error of [`Receiver::recv`]: no value will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no value will come")
    }
}

impl Error for RecvError {}

/// The error of [`Receiver::try_recv`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// Nothing has been sent yet.
    Empty,
    /// No value will come.
    Disconnected,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing has been sent yet",
            Self::Disconnected => "no value will come",
        })
    }
}

impl Error for TryRecvError {}
