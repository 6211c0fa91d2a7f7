//! A channel without a buffer: to send is to meet a receiver.

use crate::sync::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use crate::sync::time::{Clock, Duration, Instant};
use crate::sync::{Arc, Condvar, Mutex};
use std::collections::VecDeque;
use std::mem;

/// Makes a channel without a buffer, and returns its two ends.
///
/// A value goes from a thread that sends to a thread that receives, and both are there: `send` returns after its value
/// has been received. So a channel without a buffer is also a meeting point. Either end can be cloned and moved to
/// other threads. When the last sender has been dropped, receives fail; when the last receiver has, sends fail and
/// return their values.
///
/// Nothing is ever in the channel but in the hands of a thread that waits, so nothing can be left in it.
///
/// ```
/// use std::thread;
/// use unbuffered_channel::channel;
///
/// let (sender, receiver) = channel();
/// thread::spawn(move || {
///     for number in 1..=3 {
///         sender.send(number).expect("somebody receives");
///     }
/// });
/// assert_eq!(receiver.recv(), Ok(1));
/// assert_eq!(receiver.recv(), Ok(2));
/// assert_eq!(receiver.recv(), Ok(3));
/// assert!(receiver.recv().is_err(), "the sender has gone");
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let side = || Side {
        ends: 1,
        waiting: VecDeque::new(),
    };
    let channel = Arc::new(Channel {
        sides: Mutex::new([side(), side()]),
    });
    let sender = Sender {
        end: End(Arc::clone(&channel)),
    };
    let receiver = Receiver { end: End(channel) };
    (sender, receiver)
}

/// The side of the senders, and that of the receivers. Each is the other's `1 - side`.
const SENDERS: usize = 0;
const RECEIVERS: usize = 1;

struct Channel<T> {
    /// One of the two queues is always empty: a thread that finds somebody waiting on the other side does not wait.
    sides: Mutex<[Side<T>; 2]>,
}

struct Side<T> {
    /// How many ends there are. Never rises from zero, as ends are made by cloning.
    ends: usize,
    /// The threads that wait, the one that has waited longest in front. To take a seat out of here decides how its wait
    /// ends, and obliges to end it. It happens under the lock, so only one thread does it.
    waiting: VecDeque<Arc<Seat<T>>>,
}

/// Where one thread waits. It has a condition variable of its own, so its wakeup cannot reach another.
struct Seat<T> {
    meeting: Mutex<Meeting<T>>,
    ended: Condvar,
}

struct Meeting<T> {
    /// What a sender offers, until it is taken; or what a receiver has been given.
    value: Option<T>,
    /// Whether the wait is over. Then only the thread that waited uses the seat.
    is_over: bool,
}

/// How long a call waits for somebody to come.
enum Patience<'a> {
    None,
    Until(&'a Clock, Instant),
    Endless,
}

/// Why a call has met nobody.
enum Unmet {
    /// Its patience is over.
    Late,
    /// There is nobody on the other side any more.
    Alone,
}

impl<T> Channel<T> {
    /// Meets a thread of the other side: the one that has waited longest, or else, while `patience` lasts, one that comes.
    /// A sender brings a value and gets none, a receiver the other way round.
    ///
    /// # Errors
    /// Returns what the caller brought, and why it has met nobody.
    fn meet(
        &self,
        side: usize,
        brings: Option<T>,
        patience: Patience<'_>,
    ) -> Result<Option<T>, (Option<T>, Unmet)> {
        let sends = brings.is_some();
        let mut sides = self.sides.lock();
        let other = &mut sides[1 - side];
        if let Some(seat) = other.waiting.pop_front() {
            drop(sides);
            // What the other thread did before it sat down happens before this, by the lock. What this thread did
            // before happens before the other one's return, by the lock of the seat.
            return Ok(seat.end(brings));
        }
        if other.ends == 0 {
            return Err((brings, Unmet::Alone));
        }
        if let Patience::None = patience {
            return Err((brings, Unmet::Late));
        }
        let seat = Arc::new(Seat {
            meeting: Mutex::new(Meeting {
                value: brings,
                is_over: false,
            }),
            ended: Condvar::new(),
        });
        sides[side].waiting.push_back(Arc::clone(&seat));
        drop(sides);
        if !seat.wait(&patience) {
            if self.withdraw(side, &seat) {
                return Err((seat.take(), Unmet::Late));
            }
            // The time is over, but another thread has the seat by now and is about to end the wait. It does not sleep
            // before it has.
            seat.wait(&Patience::Endless);
        }
        // A meeting has taken a sender's value, and given a receiver one.
        match seat.take() {
            value if value.is_some() == sends => Err((value, Unmet::Alone)),
            value => Ok(value),
        }
    }

    /// Takes a seat back out of the queue, unless another thread has been faster.
    fn withdraw(&self, side: usize, seat: &Arc<Seat<T>>) -> bool {
        let waiting = &mut self.sides.lock()[side].waiting;
        let place = waiting.iter().position(|other| Arc::ptr_eq(other, seat));
        place.and_then(|place| waiting.remove(place)).is_some()
    }
}

impl<T> Seat<T> {
    /// Ends the wait in a meeting: leaves `value` in the seat, and returns what was there.
    fn end(&self, value: Option<T>) -> Option<T> {
        let mut meeting = self.meeting.lock();
        let found = mem::replace(&mut meeting.value, value);
        meeting.is_over = true;
        drop(meeting);
        // One is enough: only one thread sleeps here. `wait` proves that it is not missed.
        self.ended.notify_one();
        found
    }

    /// Ends the wait without a meeting: what is in the seat stays there.
    fn abandon(&self) {
        self.meeting.lock().is_over = true;
        self.ended.notify_one();
    }

    /// Sleeps until the wait is over, or until `patience` is. Returns whether the wait is over.
    fn wait(&self, patience: &Patience<'_>) -> bool {
        let mut meeting = self.meeting.lock();
        // No wakeup is lost. `is_over` becomes true under this lock, and this thread holds it from its look until it is
        // asleep. So the change comes before the look, which then sees it, or the notification, which follows the
        // change, finds this thread asleep. A loop, because a wakeup may be spurious.
        while !meeting.is_over {
            match *patience {
                Patience::Until(clock, deadline) => {
                    if clock.wait_until(&self.ended, &mut meeting, deadline) {
                        break;
                    }
                }
                Patience::None | Patience::Endless => self.ended.wait(&mut meeting),
            }
        }
        meeting.is_over
    }

    /// What is in the seat.
    fn take(&self) -> Option<T> {
        self.meeting.lock().value.take()
    }
}

/// What the two ends have in common: they are counted.
struct End<T, const SIDE: usize>(Arc<Channel<T>>);

impl<T, const SIDE: usize> Clone for End<T, SIDE> {
    fn clone(&self) -> Self {
        self.0.sides.lock()[SIDE].ends += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T, const SIDE: usize> Drop for End<T, SIDE> {
    fn drop(&mut self) {
        let mut sides = self.0.sides.lock();
        sides[SIDE].ends -= 1;
        if sides[SIDE].ends > 0 {
            return;
        }
        // Nobody can join them any more: `meet` looks at `ends` under the same lock.
        let abandoned = mem::take(&mut sides[1 - SIDE].waiting);
        drop(sides);
        for seat in abandoned {
            seat.abandon();
        }
    }
}

/// The sending end of a channel. Made by [`channel`], and by cloning.
///
/// When the last one is dropped, the receives that wait fail, and so do all later ones.
pub struct Sender<T> {
    end: End<T, SENDERS>,
}

impl<T> Sender<T> {
    /// Sleeps until a receiver takes `value`, and returns after that.
    ///
    /// What this thread did before happens before the receive returns, and what the receiver's thread did before it
    /// called happens before this returns.
    ///
    /// # Errors
    /// Returns `value` if there is no receiver any more, even if the last one is dropped while this waits.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        match self.meet(value, Patience::Endless) {
            Ok(()) => Ok(()),
            Err((value, _)) => Err(SendError(value)),
        }
    }

    /// Hands `value` to a receiver that waits now. Does not wait for one.
    ///
    /// # Errors
    /// Returns `value`, in [`TrySendError::Full`] if no receiver waits, in [`TrySendError::Disconnected`] if there is
    /// none any more.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        match self.meet(value, Patience::None) {
            Ok(()) => Ok(()),
            Err((value, Unmet::Late)) => Err(TrySendError::Full(value)),
            Err((value, Unmet::Alone)) => Err(TrySendError::Disconnected(value)),
        }
    }

    /// As [`send`](Self::send), but waits only until `clock` has advanced by `timeout` since the call.
    ///
    /// The meeting takes precedence over the clock: if a receiver has taken the value, this returns `Ok`, however late.
    ///
    /// # Errors
    /// Returns `value`, in [`SendTimeoutError::Timeout`], or in [`SendTimeoutError::Disconnected`] if there is no
    /// receiver any more, even with a timeout of zero. No receiver gets it then.
    ///
    /// # Panics
    /// Panics if the end of the timeout is later than the clock can represent, even if this would not have to wait.
    pub fn send_timeout(
        &self,
        clock: &Clock,
        value: T,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        let deadline = clock.now() + timeout;
        match self.meet(value, Patience::Until(clock, deadline)) {
            Ok(()) => Ok(()),
            Err((value, Unmet::Late)) => Err(SendTimeoutError::Timeout(value)),
            Err((value, Unmet::Alone)) => Err(SendTimeoutError::Disconnected(value)),
        }
    }

    fn meet(&self, value: T, patience: Patience<'_>) -> Result<(), (T, Unmet)> {
        match self.end.0.meet(SENDERS, Some(value), patience) {
            Ok(_) => Ok(()),
            Err((value, why)) => Err((value.expect("nobody has taken it"), why)),
        }
    }
}

/// Makes another sending end of the same channel.
impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            end: self.end.clone(),
        }
    }
}

/// The receiving end of a channel. Made by [`channel`], and by cloning.
///
/// When the last one is dropped, the sends that wait return their values, and so do all later ones.
pub struct Receiver<T> {
    end: End<T, RECEIVERS>,
}

impl<T> Receiver<T> {
    /// Sleeps until a sender hands over a value, and returns it.
    ///
    /// What the sender's thread did before it called happens before this returns, and what this thread did before
    /// happens before the send returns.
    ///
    /// # Errors
    /// Returns [`RecvError`] if there is no sender any more, even if the last one is dropped while this waits.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.meet(Patience::Endless).map_err(|_| RecvError)
    }

    /// Takes the value of a sender that waits now. Does not wait for one.
    ///
    /// # Errors
    /// Returns [`TryRecvError::Empty`] if no sender waits, [`TryRecvError::Disconnected`] if there is none any more.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.meet(Patience::None).map_err(|unmet| match unmet {
            Unmet::Late => TryRecvError::Empty,
            Unmet::Alone => TryRecvError::Disconnected,
        })
    }

    /// As [`recv`](Self::recv), but waits only until `clock` has advanced by `timeout` since the call.
    ///
    /// The meeting takes precedence over the clock: if a sender has handed a value over, this returns it, however late.
    ///
    /// # Errors
    /// Returns [`RecvTimeoutError::Timeout`], or [`RecvTimeoutError::Disconnected`] if there is no sender any more,
    /// even with a timeout of zero. No value is lost: none was taken.
    ///
    /// # Panics
    /// Panics if the end of the timeout is later than the clock can represent, even if this would not have to wait.
    pub fn recv_timeout(&self, clock: &Clock, timeout: Duration) -> Result<T, RecvTimeoutError> {
        let deadline = clock.now() + timeout;
        self.meet(Patience::Until(clock, deadline))
            .map_err(|unmet| match unmet {
                Unmet::Late => RecvTimeoutError::Timeout,
                Unmet::Alone => RecvTimeoutError::Disconnected,
            })
    }

    fn meet(&self, patience: Patience<'_>) -> Result<T, Unmet> {
        match self.end.0.meet(RECEIVERS, None, patience) {
            Ok(value) => Ok(value.expect("a sender comes with a value")),
            Err((_, why)) => Err(why),
        }
    }
}

/// Makes another receiving end of the same channel.
impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self {
            end: self.end.clone(),
        }
    }
}
