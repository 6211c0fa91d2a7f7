//! Given: a channel whose senders and receivers are goroutines. One that has to wait leaves a waker, and the thread goes on.

use super::sync::channel::SendError;
use super::sync::task::{Context, Poll, Waker};
use super::sync::{Arc, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;

/// Makes a channel with room for `capacity` values. Without room, a send is over when a receiver has the value.
///
/// On both sides, those that wait are served in the order in which they came: a value goes to the receiver that has waited
/// longest, and not to one that comes by just then.
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State {
        capacity,
        buffer: VecDeque::new(),
        tickets: 0,
        senders: Line::new(),
        receivers: Line::new(),
        sent: Line::new(),
        received: Line::new(),
        ends: [1, 1],
    };
    let state = Arc::new(Mutex::new(state));
    let sender = Sender {
        channel: Arc::clone(&state),
    };
    (sender, Receiver { channel: state })
}

/// While a receiver waits the buffer is empty, and while a sender waits it is full.
struct State<T> {
    capacity: usize,
    buffer: VecDeque<T>,
    /// How many have waited so far: each has a number, its ticket.
    tickets: u64,
    /// Those that wait, with what they send.
    senders: Line<(Waker, T)>,
    receivers: Line<Waker>,
    /// Those that need not wait any more, and have not been polled yet. A value that a sender finds here comes back.
    sent: Line<Option<T>>,
    received: Line<Option<T>>,
    /// How many ends there are, of senders and of receivers.
    ends: [usize; 2],
}

const SENDERS: usize = 0;
const RECEIVERS: usize = 1;

impl<T> State<T> {
    /// Sends `value` if nobody has to wait for that. Returns the waker of the receiver that got it, if one waited.
    fn send(&mut self, value: T) -> Result<Option<Waker>, T> {
        if let Some((ticket, waker)) = self.receivers.pop() {
            self.received.push(ticket, Some(value));
            return Ok(Some(waker));
        }
        if self.buffer.len() >= self.capacity {
            return Err(value);
        }
        self.buffer.push_back(value);
        Ok(None)
    }

    /// Takes the oldest value, if there is one, and lets the sender that waits longest have the room. Returns its waker.
    fn recv(&mut self) -> Option<(T, Option<Waker>)> {
        // A value that a receiver gave back may be one more than there is room for.
        let has_room = self.buffer.len() <= self.capacity;
        let oldest = self.buffer.pop_front();
        if oldest.is_some() && !has_room {
            return Some((oldest?, None));
        }
        let Some((ticket, (waker, offered))) = self.senders.pop() else {
            return Some((oldest?, None));
        };
        self.sent.push(ticket, None);
        let value = match oldest {
            Some(oldest) => {
                self.buffer.push_back(offered);
                oldest
            }
            None => offered,
        };
        Some((value, Some(waker)))
    }

    /// A number for one that begins to wait.
    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }
}

/// Values by their tickets, of which a later one is higher.
struct Line<V> {
    /// `None`: it has been taken out.
    entries: VecDeque<(u64, Option<V>)>,
    /// How many have been taken out, and are still there.
    gaps: usize,
}

impl<V> Line<V> {
    const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            gaps: 0,
        }
    }

    fn push(&mut self, ticket: u64, value: V) {
        self.entries.push_back((ticket, Some(value)));
    }

    /// Takes out the first.
    fn pop(&mut self) -> Option<(u64, V)> {
        while let Some((ticket, value)) = self.entries.pop_front() {
            match value {
                Some(value) => return Some((ticket, value)),
                None => self.gaps -= 1,
            }
        }
        None
    }

    fn get(&mut self, ticket: u64) -> Option<&mut V> {
        let at = self.entries.binary_search_by_key(&ticket, |entry| entry.0);
        self.entries[at.ok()?].1.as_mut()
    }

    fn remove(&mut self, ticket: u64) -> Option<V> {
        let value = {
            let at = self.entries.binary_search_by_key(&ticket, |entry| entry.0);
            self.entries[at.ok()?].1.take()?
        };
        self.gaps += 1;
        // Not one by one: n of them would take n * n steps. Not when there are many: those that come and go beside one that
        // stays would be kept.
        if self.gaps * 2 > self.entries.len() {
            self.entries.retain(|entry| entry.1.is_some());
            self.gaps = 0;
        }
        Some(value)
    }
}

type Channel<T> = Arc<Mutex<State<T>>>;

/// An end that is gone. If it was the last of its side, those that wait on the other side are served: with nothing.
fn remove_end<T>(channel: &Channel<T>, side: usize) {
    let mut state = channel.lock();
    state.ends[side] -= 1;
    if state.ends[side] > 0 {
        return;
    }
    let mut wakers = Vec::new();
    let mut unread = VecDeque::new();
    if side == SENDERS {
        while let Some((ticket, waker)) = state.receivers.pop() {
            state.received.push(ticket, None);
            wakers.push(waker);
        }
    } else {
        while let Some((ticket, (waker, value))) = state.senders.pop() {
            state.sent.push(ticket, Some(value));
            wakers.push(waker);
        }
        unread = mem::take(&mut state.buffer);
    }
    drop(state);
    // Only now, without the lock: the drop of a value may use the channel.
    for waker in wakers {
        waker.wake();
    }
    drop(unread);
}

/// Unlocks, and wakes the one that has been served.
fn unlock<T>(state: MutexGuard<'_, State<T>>, served: Option<Waker>) {
    drop(state);
    if let Some(waker) = served {
        waker.wake();
    }
}

/// The sending end of a [`channel`].
pub struct Sender<T> {
    channel: Channel<T>,
}

/// The receiving end of a [`channel`]. Each value goes to one of the clones.
pub struct Receiver<T> {
    channel: Channel<T>,
}

impl<T> Sender<T> {
    /// Sends `value`. Waits while there is no room for it or, in a channel without room, until a receiver takes it.
    ///
    /// If the future is dropped before it has ended, the value has not been sent, or a receiver has got it already.
    ///
    /// # Errors
    /// Returns `value` if there is no receiver any more.
    pub fn send(&self, value: T) -> Send<'_, T> {
        Send {
            channel: &self.channel,
            progress: Sending::New(value),
        }
    }
}

impl<T> Receiver<T> {
    /// Takes the oldest value. Waits until there is one; returns `None` if there is none, and no sender any more.
    ///
    /// If the future is dropped when it has been served and not polled since, its value goes to the next receiver.
    pub fn recv(&self) -> Recv<'_, T> {
        Recv {
            channel: &self.channel,
            ticket: None,
        }
    }
}

/// See [`Sender::send`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Send<'a, T> {
    channel: &'a Channel<T>,
    progress: Sending<T>,
}

enum Sending<T> {
    New(T),
    Waiting(u64),
    Over,
}

/// Nothing in it is pinned.
impl<T> Unpin for Send<'_, T> {}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match mem::replace(&mut this.progress, Sending::Over) {
            Sending::New(value) => {
                let mut state = this.channel.lock();
                if state.ends[RECEIVERS] == 0 {
                    return Poll::Ready(Err(SendError(value)));
                }
                match state.send(value) {
                    Ok(served) => {
                        unlock(state, served);
                        Poll::Ready(Ok(()))
                    }
                    Err(value) => {
                        let ticket = state.ticket();
                        state.senders.push(ticket, (context.waker().clone(), value));
                        this.progress = Sending::Waiting(ticket);
                        Poll::Pending
                    }
                }
            }
            Sending::Waiting(ticket) => {
                let mut state = this.channel.lock();
                if let Some((waker, _)) = state.senders.get(ticket) {
                    waker.clone_from(context.waker());
                    this.progress = Sending::Waiting(ticket);
                    return Poll::Pending;
                }
                Poll::Ready(match state.sent.remove(ticket).flatten() {
                    None => Ok(()),
                    Some(value) => Err(SendError(value)),
                })
            }
            Sending::Over => panic!("channel: a send was polled after its end"),
        }
    }
}

impl<T> Drop for Send<'_, T> {
    fn drop(&mut self) {
        if let Sending::Waiting(ticket) = self.progress {
            let mut state = self.channel.lock();
            let unsent = state.senders.remove(ticket);
            let returned = state.sent.remove(ticket);
            drop(state);
            // Only now: the drop of a value may use the channel.
            drop((unsent, returned));
        }
    }
}

/// See [`Receiver::recv`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Recv<'a, T> {
    channel: &'a Channel<T>,
    /// It waits under this number.
    ticket: Option<u64>,
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let channel = self.channel;
        let mut state = channel.lock();
        if let Some(ticket) = self.ticket {
            if let Some(waker) = state.receivers.get(ticket) {
                waker.clone_from(context.waker());
                return Poll::Pending;
            }
            self.ticket = None;
            return Poll::Ready(state.received.remove(ticket).flatten());
        }
        if let Some((value, served)) = state.recv() {
            unlock(state, served);
            return Poll::Ready(Some(value));
        }
        if state.ends[SENDERS] == 0 {
            return Poll::Ready(None);
        }
        let ticket = state.ticket();
        state.receivers.push(ticket, context.waker().clone());
        self.ticket = Some(ticket);
        Poll::Pending
    }
}

impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let mut state = self.channel.lock();
        let waker = state.receivers.remove(ticket);
        let mut served = None;
        if let Some(value) = state.received.remove(ticket).flatten() {
            // It is older than what is in the buffer, and may be one more than there is room for.
            match state.receivers.pop() {
                Some((next, waker)) => {
                    state.received.push(next, Some(value));
                    served = Some(waker);
                }
                None => state.buffer.push_front(value),
            }
        }
        unlock(state, served);
        drop(waker);
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.channel.lock().ends[SENDERS] += 1;
        Self {
            channel: Arc::clone(&self.channel),
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.channel.lock().ends[RECEIVERS] += 1;
        Self {
            channel: Arc::clone(&self.channel),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        remove_end(&self.channel, SENDERS);
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        remove_end(&self.channel, RECEIVERS);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
