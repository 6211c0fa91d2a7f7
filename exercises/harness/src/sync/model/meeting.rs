//! What loom has to know of operations that depend on each other.

use super::exploring;
use harness_report::record::{MAX_THREADS, ThreadId};
use loom::sync::Condvar;
use std::rc::Rc;

/// Something that operations read or write, for loom's eyes: it explores both orders of two of them, unless both only
/// read. Nobody ever waits here, and nothing synchronises.
///
/// Loom tries another order of two operations only if they are on one object, and remembers only one access to each
/// object, the last. But a write depends on every read before it: in a read by one thread, then a read and a write by
/// another, the second read would make loom forget the first, and it would never try the write before it
/// (tokio-rs/loom#392, #166). So each thread reads on an object of its own, and a write goes round all.
#[derive(Clone, Debug)]
pub(super) struct Meeting(Rc<[Condvar; MAX_THREADS]>);

impl Meeting {
    pub(super) fn new() -> Self {
        Self(Rc::new(std::array::from_fn(|_| Condvar::new())))
    }

    /// A step that depends on those that write. Other threads may run before it.
    pub(super) fn read(&self, me: ThreadId) {
        self.0[me].notify_one();
    }

    /// A step that depends on all others. Other threads may run before it.
    pub(super) fn write(&self, me: ThreadId) {
        self.0[me].notify_one();
        exploring::within_step(|| self.others(me));
    }

    /// [`write`](Self::write) as part of a step that has begun.
    pub(super) fn write_as_well(&self, me: ThreadId) {
        exploring::within_step(|| {
            self.0[me].notify_one();
            self.others(me);
        });
    }

    fn others(&self, me: ThreadId) {
        for (thread, meeting) in self.0.iter().enumerate() {
            if thread != me {
                meeting.notify_one();
            }
        }
    }

    /// [`read`](Self::read) as part of a step that has begun.
    pub(super) fn read_as_well(&self, me: ThreadId) {
        exploring::within_step(|| self.read(me));
    }
}
