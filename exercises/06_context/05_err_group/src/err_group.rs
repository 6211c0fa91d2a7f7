//! A group of tasks that can fail: the first error cancels the others, and is what comes of all.

// Take locks and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::cancellation::{CancelOnDrop, Cause, ContextError};
// use crate::sync::{Arc, Condvar, Mutex};
// use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use crate::cancellation::Context;
use crate::sync::{task, thread};
use std::error::Error;
use std::fmt;
use std::io;
use std::marker::PhantomData;

/// Runs `body`, which starts tasks in the group that it is lent, waits until all of them have ended, and
/// returns what `body` returned, or the first error.
///
/// Body and tasks *fail* if they return an error or panic. The first to fail is the one that fails first, not
/// the one that was started first. It cancels the group's [context](Group::context), and nothing else happens
/// to the others: `scope` waits for all of them, and a task that takes long should look at the context. When
/// `scope` returns, the context is done, whatever came of the group; not before, if nobody has failed.
///
/// At most `limit` tasks run at the same time, or any number if it is `None`. The body is not a task.
///
/// Tasks may borrow what lives longer than the call. What they did happens before `scope` returns or unwinds.
///
/// ```
/// use cancellation_solution::Context;
/// use std::num::ParseIntError;
///
/// let words = ["1", "2", "x"];
/// let result = err_group::scope(&Context::background(), Some(2), |group| {
///     for word in words {
///         group.go(move || word.parse::<u32>().map(drop)).expect("there are threads");
///     }
///     Ok::<_, ParseIntError>(words.len())
/// });
/// assert_eq!(result.unwrap_err().to_string(), "invalid digit found in string");
/// ```
///
/// # Errors
/// Returns the first error, if nobody has panicked. It is the [cause](Context::cause) of the group's context,
/// too, unless the context was done before, and so it is shared. Later errors, and what `body` has returned,
/// are dropped.
///
/// # Panics
/// Panics if `body` or a task has panicked, even if there was an error first: `scope` resumes the first of the
/// panics, with its payload, when all tasks have ended. The first error, the payloads of other panics, and what
/// `body` has returned are dropped before that. Their destructors must not panic.
pub fn scope<'env, T, E>(
    parent: &Context,
    limit: Option<usize>,
    body: impl for<'scope> FnOnce(&Group<'scope, 'env, E>) -> Result<T, E>,
) -> Result<T, task::Arc<E>>
where
    E: Error + Send + Sync + 'static,
{
    let _ = (parent, limit, body);
    todo!("run the body, wait for all tasks, and return the first error or resume the first panic")
}

/// Starts tasks that belong together: [`scope`] lends one to its body. A clone is the same group, for a task
/// that starts others.
///
/// A task has ended when its closure has returned or unwound, and everything that the closure owned is
/// dropped. Its slot is free from then on, and by then its error or panic counts: if it was the first to fail,
/// the context is done.
pub struct Group<'scope, 'env: 'scope, E> {
    /// Spawns the threads of the group: see [`thread::scope`].
    scope: &'scope thread::Scope<'scope, 'env>,
    // What the group, its clones and its tasks have in common is yours to design. A task outlives the body
    // that has started it, so it cannot borrow that from the body's stack.
    replace_me: PhantomData<E>,
}

impl<'scope, E> Group<'scope, '_, E>
where
    E: Error + Send + Sync + 'static,
{
    /// Returns the context of the tasks, a child of the one that [`scope`] was given. A task that looks at it
    /// takes a clone along.
    pub fn context(&self) -> &Context {
        todo!("lend the context of the tasks")
    }

    /// Starts `task` in a thread of its own. While as many tasks run as the limit allows, sleeps until one of
    /// them has ended: for ever, if the limit is zero, or if all of them wait for this call.
    ///
    /// What the caller did before happens before `task` begins. The task is started even if the context is done.
    ///
    /// # Errors
    /// If the operating system cannot create a thread. There is no task then: `task` is dropped, its slot is
    /// free, and nobody has failed.
    pub fn go(&self, task: impl FnOnce() -> Result<(), E> + Send + 'scope) -> io::Result<()> {
        let _ = (self.scope, task);
        todo!(
            "wait for a slot, and start a thread that runs the task, keeps what goes wrong, and frees the slot"
        )
    }

    /// Starts `task` as [`go`](Self::go) does, if there is a slot for it now. Does not wait.
    ///
    /// # Errors
    /// Hands `task` back if as many tasks run as the limit allows. Otherwise as `go`.
    pub fn try_go<F>(&self, task: F) -> Result<(), TryGoError<F>>
    where
        F: FnOnce() -> Result<(), E> + Send + 'scope,
    {
        let _ = task;
        todo!("start the task if there is a slot for it, and hand it back if not")
    }
}

impl<E> Clone for Group<'_, '_, E> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope,
            replace_me: PhantomData,
        }
    }
}

/// Why [`Group::try_go`] has started no task.
pub enum TryGoError<F> {
    /// As many tasks run as the limit allows. This is the one that was not started.
    Full(F),
    /// The operating system cannot create a thread. The task is dropped.
    NoThread(io::Error),
}

impl<F> fmt::Debug for TryGoError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::NoThread(error) => f.debug_tuple("NoThread").field(error).finish(),
        }
    }
}

impl<F> fmt::Display for TryGoError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("as many tasks run as the limit allows"),
            Self::NoThread(error) => write!(f, "no thread for the task: {error}"),
        }
    }
}

impl<F> Error for TryGoError<F> {}
