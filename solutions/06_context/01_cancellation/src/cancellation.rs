//! A tree of contexts: cancelling one cancels all that were derived from it.

// `super` and not `crate`: this file is compiled on both faces, see lib.rs.
use super::channel::{Receiver, Sender, bounded};
use super::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use super::sync::{Arc, Mutex, task};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::mem;

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
    node: Arc<Node>,
}

impl Context {
    /// Makes the root of a tree of its own. It is never done.
    pub fn background() -> Self {
        Self {
            node: Arc::new(Node::new(None)),
        }
    }

    /// Makes a child, and the guard that cancels it: when the guard is dropped, the child is done.
    ///
    /// Cancelling this context makes the child done, too, with the same error and the same cause. If this context is done
    /// already, the child is done from the beginning. If it is cancelled at the same time, the child is done when both
    /// calls have returned.
    ///
    /// This context keeps nothing of a child that is done.
    pub fn with_cancel(&self) -> (Self, CancelOnDrop) {
        let number = self.node.children_made.fetch_add(1, Relaxed);
        let node = Arc::new(Node::new(Some(Link {
            parent: Arc::clone(&self.node),
            number,
        })));
        let mut inner = self.node.inner.lock();
        // The look and the registration are one step. A cancellation makes this context done under the same lock, so it
        // comes either before, and the child is not registered but done like its parent, or after, and finds the child.
        let reason = match &inner.reason {
            Some(reason) => Some(reason.clone()),
            None => {
                inner.children.insert(number, Arc::clone(&node));
                None
            }
        };
        drop(inner);
        if let Some(reason) = reason {
            node.cancel(reason);
        }
        let context = Self {
            node: Arc::clone(&node),
        };
        (context, CancelOnDrop { node })
    }

    /// Returns a channel on which nothing is ever sent, and which is disconnected when the context is done.
    ///
    /// So `done().recv()` sleeps until then, and `done().arm()` is an arm for a select. It is the same channel each time,
    /// and the same for all clones. When it is disconnected, [`err`](Self::err) and [`cause`](Self::cause) are there. A clone
    /// of the channel promises nothing when its context was never cancelled and no handle of it is left.
    pub fn done(&self) -> &Receiver<Infallible> {
        &self.node.done
    }

    /// Returns why the context is done, or `None` if it is not. The answer of a context that is done never changes.
    ///
    /// What the thread that cancelled the context did before happens before a return of `Some`, of this and of
    /// [`cause`](Self::cause), and before [`done`](Self::done) is disconnected.
    pub fn err(&self) -> Option<ContextError> {
        // Pairs with the Release in `Node::end`.
        match self.node.error.load(Acquire) {
            LIVE => None,
            CANCELED => Some(ContextError::Canceled),
            _ => Some(ContextError::DeadlineExceeded),
        }
    }

    /// Returns the cause that [`cancel_with`](CancelOnDrop::cancel_with) was given, or the error itself, if there was none.
    /// Returns `None` if the context is not done: with a cause there is an error, and with an error there is a cause.
    pub fn cause(&self) -> Option<Cause> {
        let inner = self.node.inner.lock();
        let reason = inner.reason.clone()?;
        drop(inner);
        Some(reason.cause.unwrap_or_else(|| task::Arc::new(reason.error)))
    }
}

/// Cancels a context when it is dropped: Go's `defer cancel()`.
///
/// Give it a name. `let (context, _) = parent.with_cancel()` drops it, and so cancels the context, in the same line. If it
/// is forgotten ([`mem::forget`](std::mem::forget)), the context stays in the tree until one above it is cancelled.
#[must_use = "dropping the guard cancels the context"]
pub struct CancelOnDrop {
    node: Arc<Node>,
}

impl CancelOnDrop {
    /// Cancels the context now: its error is [`ContextError::Canceled`].
    ///
    /// When this returns, the context and everything below it are done, even if another thread has begun to cancel some of
    /// them and has not returned yet. Those that were done before keep their error and their cause.
    pub fn cancel(&self) {
        self.cancel_with(ContextError::Canceled, None);
    }

    /// Cancels the context as [`cancel`](Self::cancel) does, for another reason: with this error and, if there is one, this
    /// cause. If the context was done before, the cause is dropped. Its destructor may use the contexts.
    pub fn cancel_with(&self, error: ContextError, cause: Option<Cause>) {
        self.node.cancel(Reason { error, cause });
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.cancel();
    }
}

// What `Node::error` says.
const LIVE: u32 = 0;
const CANCELED: u32 = 1;
const DEADLINE_EXCEEDED: u32 = 2;

/// A context in the tree. A child is owned by its handles, its guard and, until it is done, its parent. As each child
/// has a guard, and the cancellation cuts the links in both directions, no cycle is left, and no chain: a node that is dropped
/// has nobody below it, and nobody above it.
struct Node {
    /// A copy of the error in `inner`, to be read without the lock. Changes once, from [`LIVE`].
    error: AtomicU32,
    done: Receiver<Infallible>,
    /// Each child has a number, and is registered under it.
    children_made: AtomicU64,
    /// No thread ever holds the locks of two nodes.
    inner: Mutex<Inner>,
}

struct Inner {
    /// Keeps `done` connected.
    open: Option<Sender<Infallible>>,
    /// Is there as soon as the context is done, and does not change any more.
    reason: Option<Reason>,
    /// `None` in a root, and in a node that is done.
    link: Option<Link>,
    /// Those that were derived from this one and are not done. None is added once there is a reason.
    children: BTreeMap<u64, Arc<Node>>,
}

/// From a child to its parent.
struct Link {
    parent: Arc<Node>,
    /// The number of the child in the parent's list.
    number: u64,
}

#[derive(Clone)]
struct Reason {
    error: ContextError,
    cause: Option<Cause>,
}

impl Node {
    fn new(link: Option<Link>) -> Self {
        let (open, done) = bounded(0);
        Self {
            error: AtomicU32::new(LIVE),
            done,
            children_made: AtomicU64::new(0),
            inner: Mutex::new(Inner {
                open: Some(open),
                reason: None,
                link,
                children: BTreeMap::new(),
            }),
        }
    }

    /// Makes this node and everything below it done, and returns when they are.
    ///
    /// First all of them get the reason, from above, and then their channels are disconnected, from below. So if a channel
    /// is disconnected, everything below it is done as well: a thread that finds a node in the hands of another has to
    /// wait for that one channel. It waits for nodes below its own only, so threads cannot wait for each other in a circle.
    ///
    /// A list takes the place of recursion: a tree may be as deep as there is memory for.
    fn cancel(&self, reason: Reason) {
        let own = self.end(&reason);
        let mut found: Vec<_> = own.children.into_values().collect();
        // Each stands before those below it.
        let mut below = Vec::new();
        while let Some(node) = found.pop() {
            let ended = node.end(&reason);
            found.extend(ended.children.into_values());
            below.push((node, ended.open));
        }
        for (node, open) in below.into_iter().rev() {
            node.disconnect(open);
        }
        self.disconnect(own.open);
        if let Some(Link { parent, number }) = own.link {
            let own = parent.inner.lock().children.remove(&number);
            // The lock is free.
            drop(own);
        }
    }

    /// Gives this node its reason, unless it has one, and takes out of it what a context that is done does not need.
    fn end(&self, reason: &Reason) -> Ended {
        let mut inner = self.inner.lock();
        if inner.reason.is_none() {
            inner.reason = Some(reason.clone());
            let error = match reason.error {
                ContextError::Canceled => CANCELED,
                ContextError::DeadlineExceeded => DEADLINE_EXCEEDED,
            };
            // Release: pairs with the Acquire in `err`. The lock is held, so a thread that sees the error finds the cause.
            self.error.store(error, Release);
        }
        Ended {
            open: inner.open.take(),
            link: inner.link.take(),
            children: mem::take(&mut inner.children),
        }
    }

    /// Disconnects `done`, or waits until the thread that has taken its sender has done so.
    fn disconnect(&self, open: Option<Sender<Infallible>>) {
        match open {
            // No lock is held: this wakes threads, which find the reason.
            Some(open) => drop(open),
            None => {
                let Err(_disconnected) = self.done.recv();
            }
        }
    }
}

/// What has been taken out of a node that is done. There is nothing left if it was done before.
struct Ended {
    open: Option<Sender<Infallible>>,
    link: Option<Link>,
    children: BTreeMap<u64, Arc<Node>>,
}
