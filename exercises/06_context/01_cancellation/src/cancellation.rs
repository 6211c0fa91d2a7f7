//! A tree of contexts: cancelling one cancels all that were derived from it.

// Take locks, atomics and `Arc` from `crate::sync`: the model checker sees no others. To begin with:
// use crate::channel::{Sender, bounded};
// use crate::sync::{Arc, Mutex};
// A function that needs the `Arc` itself is `fn f(node: &Arc<Node>)`: only std's `Arc` can be `self: &Arc<Self>`.
use crate::channel::Receiver;
use crate::sync::task;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;

/// Why a context is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextError {
    /// Somebody has cancelled it.
    Canceled,
    /// Its time is over.
    DeadlineExceeded,
}

impl ContextError {
    /// Returns whether time has run out, and nobody has given up.
    pub fn is_timeout(self) -> bool {
        self == Self::DeadlineExceeded
    }
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Canceled => "context canceled",
            Self::DeadlineExceeded => "context deadline exceeded",
        })
    }
}

impl Error for ContextError {}

/// What has made somebody cancel a context, in detail.
pub type Cause = task::Arc<dyn Error + Send + Sync>;

/// Tells a task, and all that it has called and spawned, that its work is no longer wanted: Go's `context.Context`.
///
/// Contexts are a tree. [`background`](Self::background) makes a root, and [`with_cancel`](Self::with_cancel) a child,
/// together with the guard that cancels it. A context that is cancelled is *done*, for good, and so is everything below
/// it. Those above and beside it are not touched.
///
/// Nothing is interrupted: a task looks at [`err`](Self::err), or waits for [`done`](Self::done). A clone is the same
/// context.
///
/// ```
/// let (request, guard) = Context::background().with_cancel();
/// let (query, _query_guard) = request.with_cancel();
/// thread::scope(|s| {
///     s.spawn(|| {
///         let _ = query.done().recv(); // sleeps until the request is cancelled
///         println!("query: {}", query.err().expect("it is done")); // query: context canceled
///     });
///     drop(guard); // the client has gone
/// });
/// ```
#[derive(Clone)]
pub struct Context {
    // Your fields.
}

impl Context {
    /// Makes the root of a tree of its own. It is never done.
    pub fn background() -> Self {
        todo!("make a context that nobody can cancel")
    }

    /// Makes a child, and the guard that cancels it: when the guard is dropped, the child is done.
    ///
    /// Cancelling this context makes the child done, too, with the same error and the same cause. If this context is done
    /// already, the child is done from the beginning. If it is cancelled at the same time, the child is done when both
    /// calls have returned.
    ///
    /// This context keeps nothing of a child that is done.
    pub fn with_cancel(&self) -> (Self, CancelOnDrop) {
        todo!(
            "make a child, register it here unless this context is done, and return it with its guard"
        )
    }

    /// Returns a channel on which nothing is ever sent, and which is disconnected when the context is done.
    ///
    /// So `done().recv()` sleeps until then, and `done().arm()` is an arm for a select. It is the same channel each time,
    /// and the same for all clones. When it is disconnected, [`err`](Self::err) and [`cause`](Self::cause) are there. A clone
    /// of the channel promises nothing when its context was never cancelled and no handle of it is left.
    pub fn done(&self) -> &Receiver<Infallible> {
        todo!("return the channel")
    }

    /// Returns why the context is done, or `None` if it is not. The answer of a context that is done never changes.
    ///
    /// What the thread that cancelled the context did before happens before a return of `Some`, of this and of
    /// [`cause`](Self::cause), and before [`done`](Self::done) is disconnected.
    pub fn err(&self) -> Option<ContextError> {
        todo!("return the error, if the context is done")
    }

    /// Returns the cause that [`cancel_with`](CancelOnDrop::cancel_with) was given, or the error itself, if there was none.
    /// Returns `None` if the context is not done: with a cause there is an error, and with an error there is a cause.
    pub fn cause(&self) -> Option<Cause> {
        todo!("return the cause, if the context is done")
    }
}

/// Cancels a context when it is dropped: Go's `defer cancel()`.
///
/// Give it a name. `let (context, _) = parent.with_cancel()` drops it, and so cancels the context, in the same line. If it
/// is forgotten ([`mem::forget`](std::mem::forget)), the context stays in the tree until one above it is cancelled.
#[must_use = "dropping the guard cancels the context"]
pub struct CancelOnDrop {
    // Your fields.
}

impl CancelOnDrop {
    /// Cancels the context now: its error is [`ContextError::Canceled`].
    ///
    /// When this returns, the context and everything below it are done, even if another thread has begun to cancel some of
    /// them and has not returned yet. Those that were done before keep their error and their cause.
    pub fn cancel(&self) {
        todo!("cancel, without a cause")
    }

    /// Cancels the context as [`cancel`](Self::cancel) does, for another reason: with this error and, if there is one, this
    /// cause. If the context was done before, the cause is dropped. Its destructor may use the contexts.
    pub fn cancel_with(&self, error: ContextError, cause: Option<Cause>) {
        let _ = (error, cause);
        todo!("make the context and everything below it done, and take it out of its parent's list")
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        todo!("cancel")
    }
}
