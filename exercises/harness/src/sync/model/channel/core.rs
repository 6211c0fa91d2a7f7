//! What the handles of a channel share.

use crate::sync::model::exploring;
use crate::sync::model::memory::Edge;
use crate::sync::model::queue::WaitQueue;
use crate::sync::model::recorder;
use crate::sync::model::shown::shown;
use harness_report::place::Place;
use harness_report::record::channel::{Buffer, Sends, Side, Traffic, What, Why};
use harness_report::record::{Effect, ObjectId, Shown, Standing, ThreadId, Value};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) struct Channel<T> {
    /// What the operations have in common in loom's eyes. It never has waiters.
    meeting: loom::sync::Condvar,
    /// What the drops of handles have in common, so that each can be the last.
    drops: loom::sync::Condvar,
    state: Mutex<State<T>>,
    sleepers: WaitQueue,
    capacity: Option<usize>,
    id: ObjectId,
}

struct State<T> {
    buffer: VecDeque<Message<T>>,
    /// The places in the buffer that were never used. It is not looked at if the buffer is unbounded.
    fresh: usize,
    /// What was done before each place in the buffer that has been used became free, the first first.
    freed: VecDeque<Edge>,
    senders: End<T>,
    receivers: End<T>,
}

/// One side. At most one side has sleepers: senders if the buffer is full, receivers if it is empty.
struct End<T> {
    handles: usize,
    /// From each drop of a handle to those who find that none is left.
    gone: Edge,
    asleep: VecDeque<Sleeper<T>>,
}

/// A value on its way.
struct Message<T> {
    value: T,
    from: ThreadId,
    /// From the send to the receive.
    sent: Edge,
}

struct Sleeper<T> {
    thread: ThreadId,
    /// What it did before it fell asleep.
    before: Edge,
    slot: Arc<Slot<T>>,
}

/// Where a thread that sleeps leaves its message, or finds it.
struct Slot<T> {
    message: Mutex<Option<Message<T>>>,
    /// Who took the message out.
    taken_by: Mutex<Option<ThreadId>>,
}

/// A send that failed.
pub(super) struct Failed<T> {
    pub(super) value: T,
    pub(super) why: Why,
}

/// An operation that has begun.
#[derive(Clone, Copy)]
struct Operation {
    name: &'static str,
    handle: usize,
    place: Place,
}

impl<T> End<T> {
    fn new() -> Self {
        Self { handles: 0, gone: Edge::default(), asleep: VecDeque::new() }
    }
}

impl<T> Slot<T> {
    fn new(message: Option<Message<T>>) -> Arc<Self> {
        Arc::new(Self { message: Mutex::new(message), taken_by: Mutex::new(None) })
    }

    fn take(&self) -> Option<Message<T>> {
        *self.taken_by.lock() = Some(recorder::current());
        self.message.lock().take()
    }
}

impl<T> Sleeper<T> {
    /// The current thread, which falls asleep now.
    fn new(slot: &Arc<Slot<T>>) -> Self {
        Self { thread: recorder::current(), before: passed_on(), slot: Arc::clone(slot) }
    }
}

/// What the current thread has done so far.
fn passed_on() -> Edge {
    let edge = Edge::default();
    edge.release();
    edge
}

impl<T> State<T> {
    fn end(&mut self, side: Side) -> &mut End<T> {
        match side {
            Side::Sender => &mut self.senders,
            Side::Receiver => &mut self.receivers,
        }
    }

    /// The current thread uses the place in the buffer that has been free for longest.
    fn use_place(&mut self) {
        if self.fresh > 0 {
            self.fresh -= 1;
        } else if let Some(freed) = self.freed.pop_front() {
            freed.acquire();
        }
    }

    fn shown(&self, capacity: Option<usize>) -> Buffer {
        let first = self.buffer.iter().take(Buffer::SHOWN);
        Buffer {
            first: first.map(|message| shown(&message.value)).collect(),
            len: self.buffer.len(),
            capacity,
        }
    }
}

impl<T> Channel<T> {
    pub(super) fn new(capacity: Option<usize>, place: Place) -> Self {
        Self {
            meeting: loom::sync::Condvar::new(),
            drops: loom::sync::Condvar::new(),
            state: Mutex::new(State {
                buffer: VecDeque::new(),
                fresh: capacity.unwrap_or(0),
                freed: VecDeque::new(),
                senders: End::new(),
                receivers: End::new(),
            }),
            sleepers: WaitQueue::default(),
            capacity,
            id: recorder::object("channel", Value::Int(0), place),
        }
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    /// A new handle. Returns its number.
    pub(super) fn made(&self, side: Side, place: Place) -> usize {
        self.state.lock().end(side).handles += 1;
        let me = recorder::current();
        recorder::with_object(self.id, |channel| channel.ends.add(side, place, me))
    }

    /// A new handle, made from another. It is no step: as long as that one lives nobody can tell when it is made.
    pub(super) fn cloned(&self, side: Side, place: Place) -> usize {
        let handle = self.made(side, place);
        let left = self.state.lock().end(side).handles;
        let operation = Operation { name: "clone", handle, place };
        self.happened(operation, What::Cloned { side, left });
        handle
    }

    pub(super) fn send(
        &self,
        value: T,
        name: &'static str,
        blocks: bool,
        handle: usize,
        place: Place,
    ) -> Result<(), Failed<T>> {
        let operation = self.begin(name, handle, place);
        let shown = shown(&value);
        let sends = Some(Sends { value: shown });
        let message = Message { value, from: recorder::current(), sent: passed_on() };
        let fails = |message: Message<T>, why, slept| {
            self.happened(operation, What::Fails { sends, why, slept });
            let value = message.value;
            Err(Failed { value, why })
        };

        let mut state = self.state.lock();
        if state.receivers.handles == 0 {
            state.receivers.gone.acquire();
            drop(state);
            return fails(message, Why::Disconnected, false);
        }
        if let Some(receiver) = state.receivers.asleep.pop_front() {
            *receiver.slot.message.lock() = Some(message);
            drop(state);
            let to = Some(receiver.thread);
            self.happened(operation, What::Sends { value: shown, to });
            self.wake(receiver.thread, operation);
            if self.capacity == Some(0) {
                receiver.before.acquire();
            } else if self.capacity.is_some() {
                // The value goes through a place in the buffer, which the receive frees again.
                receiver.before.release();
                let mut state = self.state.lock();
                state.use_place();
                state.freed.push_back(receiver.before);
            }
            return Ok(());
        }
        if self.capacity.is_none_or(|capacity| state.buffer.len() < capacity) {
            state.use_place();
            state.buffer.push_back(message);
            drop(state);
            let what = What::Sends { value: shown, to: None };
            self.happened(operation, what);
            return Ok(());
        }
        if !blocks {
            drop(state);
            return fails(message, Why::NotNow, false);
        }
        let slot = Slot::new(Some(message));
        state.senders.asleep.push_back(Sleeper::new(&slot));
        drop(state);
        self.sleep(operation, sends);
        if let Some(message) = slot.message.lock().take() {
            return fails(message, Why::Disconnected, true);
        }
        let by = *slot.taken_by.lock();
        let by = by.expect("nobody else takes the message out");
        self.happened(operation, What::IsSent { by });
        Ok(())
    }

    pub(super) fn recv(
        &self,
        name: &'static str,
        blocks: bool,
        handle: usize,
        place: Place,
    ) -> Result<T, Why> {
        let operation = self.begin(name, handle, place);
        let fails = |why, slept| {
            let sends = None;
            self.happened(operation, What::Fails { sends, why, slept });
            Err(why)
        };

        let mut state = self.state.lock();
        let sender = state.senders.asleep.pop_front();
        let woken = sender.as_ref().map(|sender| sender.thread);
        let left_there = sender.and_then(|sender| sender.slot.take());
        let message = match (state.buffer.pop_front(), left_there) {
            (Some(first), left_there) => {
                if left_there.is_none() && self.capacity.is_some() {
                    // Its send happens before the receive.
                    first.sent.acquire();
                    state.freed.push_back(passed_on());
                }
                // The place goes to the sender that is woken.
                state.buffer.extend(left_there);
                Some(first)
            }
            (None, left_there) => left_there,
        };
        if let Some(message) = message {
            drop(state);
            message.sent.acquire();
            let value = shown(&message.value);
            self.happened(operation, What::Receives { value, woken });
            if let Some(woken) = woken {
                self.wake(woken, operation);
            }
            return Ok(message.value);
        }
        if state.senders.handles == 0 {
            state.senders.gone.acquire();
            drop(state);
            return fails(Why::Disconnected, false);
        }
        if !blocks {
            drop(state);
            return fails(Why::NotNow, false);
        }
        let slot = Slot::new(None);
        state.receivers.asleep.push_back(Sleeper::new(&slot));
        drop(state);
        self.sleep(operation, None);
        let Some(message) = slot.take() else {
            return fails(Why::Disconnected, true);
        };
        let (value, from) = (shown(&message.value), message.from);
        self.happened(operation, What::HasReceived { value, from });
        Ok(message.value)
    }

    pub(super) fn len(&self, handle: usize, place: Place) -> usize {
        let operation = self.begin("len", handle, place);
        let len = self.state.lock().buffer.len();
        let shown = Shown::One(Value::Int(len as i128));
        self.happened(operation, What::Looks(shown));
        len
    }

    /// Whether `look` likes the number of values in the buffer, and its capacity.
    pub(super) fn look(
        &self,
        name: &'static str,
        handle: usize,
        place: Place,
        look: impl FnOnce(usize, Option<usize>) -> bool,
    ) -> bool {
        let operation = self.begin(name, handle, place);
        let likes = look(self.state.lock().buffer.len(), self.capacity);
        let shown = Shown::One(Value::Bool(likes));
        self.happened(operation, What::Looks(shown));
        likes
    }

    /// A handle is dropped. If it is the last of its side, the sleepers of the other side wake up. What is in the buffer is
    /// dropped with the last receiver if the buffer is unbounded, otherwise with the last handle.
    pub(super) fn dropped(&self, side: Side, handle: usize, place: Place) {
        let operation = Operation { name: "drop", handle, place };
        let left = recorder::step(self.id.pending("drop", place), || {
            self.drops.notify_one();
            let left = {
                let mut state = self.state.lock();
                let end = state.end(side);
                end.handles -= 1;
                end.handles
            };
            if left == 0 {
                // One step in all: see `Meeting`.
                exploring::within_step(|| self.meeting.notify_one());
            }
            left
        });
        recorder::with_object(self.id, |channel| channel.ends.remove(handle));
        let mut state = self.state.lock();
        state.end(side).gone.release();
        let (mut discarded, mut asleep) = (VecDeque::new(), VecDeque::new());
        if left == 0 {
            state.end(side).gone.acquire();
            let other = match side {
                Side::Sender => Side::Receiver,
                Side::Receiver => Side::Sender,
            };
            asleep = std::mem::take(&mut state.end(other).asleep);
            let is_last = state.end(other).handles == 0;
            if is_last {
                state.end(other).gone.acquire();
            }
            if is_last || side == Side::Receiver && self.capacity.is_none() {
                discarded = std::mem::take(&mut state.buffer);
            }
        }
        drop(state);
        let what = What::Dropped {
            side,
            left,
            woken: asleep.iter().map(|sleeper| sleeper.thread).collect(),
            discarded: discarded.len(),
        };
        self.happened(operation, what);
        for sleeper in &asleep {
            self.wake(sleeper.thread, operation);
        }
        for message in discarded {
            message.sent.acquire();
            drop(message.value);
        }
    }

    fn begin(&self, name: &'static str, handle: usize, place: Place) -> Operation {
        recorder::step(self.id.pending(name, place), || self.meeting.notify_one());
        Operation { name, handle, place }
    }

    /// Sleeps until another thread has served this one, or its side is the only one left. The caller has entered it among
    /// the sleepers of its side.
    fn sleep(&self, operation: Operation, sends: Option<Sends>) {
        let Operation { name, place, .. } = operation;
        let me = recorder::current();
        let ticket = self.sleepers.enter_for_good();
        recorder::with_log(|log| log.threads[me].standing = Standing::Asleep);
        self.happened(operation, What::Sleeps { sends });
        self.sleepers.sleep_quietly(&ticket, name, Some(self.id), place);
    }

    fn wake(&self, thread: ThreadId, by: Operation) {
        self.sleepers.wake(thread, self.id.pending(by.name, by.place));
    }

    fn happened(&self, operation: Operation, what: What) {
        let Operation { name, handle, place } = operation;
        let buffer = self.state.lock().shown(self.capacity);
        let traffic = Traffic { name, what, buffer, handle };
        recorder::happened(Effect::Channel(traffic), Some(self.id), place);
    }
}
