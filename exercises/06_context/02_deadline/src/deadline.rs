//! Contexts with deadlines: cancelled by hand or by the clock, whichever is first.

// Take locks, atomics and `Arc` from `crate::sync`: the model checker sees no others. What you stand on, to begin with:
// use crate::cancellation;
// use crate::timers::Alarm;
use crate::cancellation::{Cause, ContextError};
use crate::channel::Receiver;
use crate::sync::Arc;
use crate::sync::time::{Duration, Instant};
use crate::timers::Timers;
use std::convert::Infallible;

/// A context of a tree, as in the lesson `cancellation`, that may have a deadline: when the clock shows it, the context is
/// done, and so is everything below it.
///
/// A context without a deadline of its own has that of the context above it. None can have a later one than that.
///
/// ```
/// let timers = Arc::new(Timers::new(Clock::real()));
/// let server = Context::background(timers);
/// let (request, _request_guard) = server.with_timeout(Duration::from_secs(2));
/// let (query, _query_guard) = request.with_timeout(Duration::from_secs(10)); // two seconds, in fact
/// let _ = query.done().recv();
/// assert_eq!(query.err(), Some(ContextError::DeadlineExceeded));
/// ```
#[derive(Clone)]
pub struct Context {
    // Your fields.
}

impl Context {
    /// Makes the root of a tree whose deadlines go by these timers, and by their clock. It is never done, and has no deadline.
    pub fn background(timers: Arc<Timers>) -> Self {
        let _ = timers;
        todo!("make a root without a deadline")
    }

    /// Makes a child with this context's deadline, and the guard that cancels it.
    pub fn with_cancel(&self) -> (Self, CancelOnDrop) {
        todo!("make a child with this context's deadline")
    }

    /// Makes a child that is done when the clock shows `deadline`, with the error
    /// [`DeadlineExceeded`](ContextError::DeadlineExceeded), and the guard that cancels it before that.
    ///
    /// If this context has an earlier deadline, or the same, the child has that one, and no alarm is set for it: it is done
    /// when this context is, or at once if the clock shows that deadline already. If this context is done, so is the
    /// child, for the same reason. Otherwise, if the clock shows `deadline` already, the child is done when this returns.
    /// No alarm is set in any of these cases. What [`deadline`](Self::deadline) returns depends on the two deadlines alone.
    ///
    /// # Panics
    /// Panics if an alarm has to be set and [`Timers::call_at`] panics. The child is cancelled then.
    pub fn with_deadline(&self, deadline: Instant) -> (Self, CancelOnDrop) {
        let _ = deadline;
        todo!("make a child with the earlier of two deadlines, and set an alarm if it needs one")
    }

    /// Makes a child with the deadline that is `timeout` from now: see [`with_deadline`](Self::with_deadline). If that is
    /// later than the clock can show, the child has this context's deadline.
    ///
    /// # Panics
    /// Panics where [`with_deadline`](Self::with_deadline) does.
    pub fn with_timeout(&self, timeout: Duration) -> (Self, CancelOnDrop) {
        let _ = timeout;
        todo!("turn the timeout into a deadline")
    }

    /// Returns when the context will be done at the latest. `None` if neither it nor any context above it has a deadline.
    pub fn deadline(&self) -> Option<Instant> {
        todo!("return the deadline")
    }

    /// Returns a channel on which nothing is ever sent, and which is disconnected when the context is done.
    pub fn done(&self) -> &Receiver<Infallible> {
        todo!("return the channel of the tree's context")
    }

    /// Returns why the context is done, or `None` if it is not. The answer of a context that is done never changes.
    pub fn err(&self) -> Option<ContextError> {
        todo!("return the error of the tree's context")
    }

    /// Returns the cause: the error itself. `None` as long as [`err`](Self::err) is.
    pub fn cause(&self) -> Option<Cause> {
        todo!("return the cause of the tree's context")
    }
}

/// Cancels a context when it is dropped.
#[must_use = "dropping the guard cancels the context"]
pub struct CancelOnDrop {
    // Your fields.
}

impl CancelOnDrop {
    /// Cancels the context now, with the error [`Canceled`](ContextError::Canceled), and stops its alarm, if it has one. When
    /// this returns, the context and everything below it are done. If they were done before, their error stays as it is.
    pub fn cancel(&self) {
        todo!("cancel, and stop the alarm")
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        todo!("cancel")
    }
}
