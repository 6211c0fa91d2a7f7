//! Contexts with deadlines: cancelled by hand or by the clock, whichever is first.

use crate::cancellation::{self, Cause, ContextError};
use crate::channel::Receiver;
use crate::sync::Arc;
use crate::sync::time::{Duration, Instant};
use crate::timers::{Alarm, Timers};
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
    context: cancellation::Context,
    deadline: Option<Instant>,
    timers: Arc<Timers>,
}

impl Context {
    /// Makes the root of a tree whose deadlines go by these timers, and by their clock. It is never done, and has no deadline.
    pub fn background(timers: Arc<Timers>) -> Self {
        Self {
            context: cancellation::Context::background(),
            deadline: None,
            timers,
        }
    }

    /// Makes a child with this context's deadline, and the guard that cancels it.
    pub fn with_cancel(&self) -> (Self, CancelOnDrop) {
        self.child(self.deadline, None)
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
        if self.deadline.is_some_and(|earlier| earlier <= deadline) {
            return self.with_cancel();
        }
        self.child(Some(deadline), Some(deadline))
    }

    /// Makes a child with the deadline that is `timeout` from now: see [`with_deadline`](Self::with_deadline). If that is
    /// later than the clock can show, the child has this context's deadline.
    ///
    /// # Panics
    /// Panics where [`with_deadline`](Self::with_deadline) does.
    pub fn with_timeout(&self, timeout: Duration) -> (Self, CancelOnDrop) {
        match self.timers.clock().now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self.with_cancel(),
        }
    }

    /// Makes a child with this deadline, of which it has to be told at `own`.
    fn child(&self, deadline: Option<Instant>, own: Option<Instant>) -> (Self, CancelOnDrop) {
        let (context, guard) = self.context.with_cancel();
        let mut guard = CancelOnDrop {
            guard: Arc::new(guard),
            alarm: None,
        };
        if let Some(deadline) = own {
            guard.cancel_at(deadline, &context, &self.timers);
        }
        let context = Self {
            context,
            deadline,
            timers: Arc::clone(&self.timers),
        };
        (context, guard)
    }

    /// Returns when the context will be done at the latest. `None` if neither it nor any context above it has a deadline.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns a channel on which nothing is ever sent, and which is disconnected when the context is done.
    pub fn done(&self) -> &Receiver<Infallible> {
        self.context.done()
    }

    /// Returns why the context is done, or `None` if it is not. The answer of a context that is done never changes.
    pub fn err(&self) -> Option<ContextError> {
        self.context.err()
    }

    /// Returns the cause: the error itself. `None` as long as [`err`](Self::err) is.
    pub fn cause(&self) -> Option<Cause> {
        self.context.cause()
    }
}

/// Cancels a context when it is dropped.
#[must_use = "dropping the guard cancels the context"]
pub struct CancelOnDrop {
    /// The alarm has it, too.
    guard: Arc<cancellation::CancelOnDrop>,
    /// Dropped with the guard: this stops it, and frees what it has.
    alarm: Option<Alarm>,
}

impl CancelOnDrop {
    /// Cancels the context now, with the error [`Canceled`](ContextError::Canceled), and stops its alarm, if it has one. When
    /// this returns, the context and everything below it are done. If they were done before, their error stays as it is.
    pub fn cancel(&self) {
        // If the alarm goes off at the same time, the first of the two to reach the context decides: the tree keeps the first
        // reason.
        self.guard.cancel();
        if let Some(alarm) = &self.alarm {
            alarm.stop();
        }
    }

    /// Lets the clock cancel a context that has just been made.
    fn cancel_at(&mut self, deadline: Instant, context: &cancellation::Context, timers: &Timers) {
        if context.err().is_some() {
            return;
        }
        if deadline <= timers.clock().now() {
            self.guard.cancel_with(ContextError::DeadlineExceeded, None);
            return;
        }
        // If this panics, the guard is dropped, and the child has left the tree.
        let guard = Arc::clone(&self.guard);
        self.alarm = Some(timers.call_at(deadline, move || {
            guard.cancel_with(ContextError::DeadlineExceeded, None);
        }));
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.cancel();
    }
}
