//! Whether an object of the facade still lives when it is used.

use super::meeting::Meeting;
use super::memory::Plain;
use super::recorder;
use harness_report::place::Place;
use harness_report::record::{DROP, ObjectId, Pending};
use std::ptr;

/// The mark that a lock, a condition variable, an atomic or a cell carries as long as it lives, and that is struck out
/// when it is dropped.
///
/// An operation looks at it before it touches anything else of its object. By then the memory may have been freed, and used
/// for something else; where the dropped objects lay is kept in the session. So an operation on a dropped object is found
/// unless a new object lies at the very place: then it is an operation on that one. Memory that was given back to
/// the operating system, too, is out of reach.
#[derive(Debug)]
pub(super) struct Life {
    id: ObjectId,
    seal: u64,
    /// The operations on the object. What is dropped must be ordered behind all of them.
    operations: Plain,
    /// If drops are steps: what they and the operations have in common.
    meeting: Option<Meeting>,
    /// Part of another object of the facade, which lives as long and says when it is dropped.
    within: bool,
}

// SAFETY: nobody else refers to the meeting, and loom's part of it is only ever touched by the one operating-system thread that
// runs all threads of the model.
unsafe impl Send for Life {}
// SAFETY: see above.
unsafe impl Sync for Life {}

impl Life {
    pub(super) fn of(id: ObjectId) -> Self {
        Self {
            id,
            seal: seal(id),
            operations: Plain::new(),
            meeting: recorder::session().drops_are_steps.then(Meeting::new),
            within: false,
        }
    }

    /// The mark of a part of the object `id`.
    pub(super) fn within(id: ObjectId) -> Self {
        let mut life = Self::of(id);
        life.within = true;
        life
    }

    /// The operation `name` begins. Ends the model if its object does not live.
    pub(super) fn check(&self, name: &'static str, place: Place) {
        // Volatile, because this memory may have been written as something else.
        // SAFETY: the pointers come from a reference. If the object is gone, so is what the reference promised, and the
        // program has gone wrong already, in its own `unsafe` code; any bits that are found are numbers.
        let (id, found) = unsafe {
            (ptr::read_volatile(&raw const self.id), ptr::read_volatile(&raw const self.seal))
        };
        let mark = (found == seal(id)).then_some(id);
        let address = ptr::from_ref(self).addr();
        let operation = Pending::new(name, mark, place);
        if recorder::must_live(mark, address, operation) {
            self.operations.access(false);
            if let Some(meeting) = &self.meeting {
                let me = recorder::current();
                recorder::step(operation, || meeting.read(me));
            }
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if !self.within
            && let Some(meeting) = &self.meeting
            && let Some(made) = recorder::made(self.id)
        {
            let me = recorder::current();
            recorder::step(Pending::new(DROP, Some(self.id), made), || meeting.write(me));
        }
        // SAFETY: the pointer comes from a reference. Volatile, or nobody would seem to read it.
        unsafe { ptr::write_volatile(&raw mut self.seal, 0) };
        if !self.within {
            let address = ptr::from_ref(self).addr();
            recorder::dropped(self.id, address, || self.operations.is_unordered());
        }
    }
}

/// A number that memory which holds something else does not hold by chance.
fn seal(id: ObjectId) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let number = (id.iteration as u64).rotate_left(32) ^ id.index() as u64;
    (number ^ ODD).wrapping_mul(ODD) | 1
}
