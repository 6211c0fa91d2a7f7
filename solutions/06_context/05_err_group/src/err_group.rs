//! A group of tasks that can fail: the first error cancels the others, and is what comes of all.

use crate::cancellation::{CancelOnDrop, Cause, Context, ContextError};
use crate::sync::{Arc, Condvar, Mutex, task, thread};
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

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
    let (context, guard) = parent.with_cancel();
    let shared = Arc::new(Shared {
        context,
        guard,
        limit: limit.unwrap_or(usize::MAX),
        state: Mutex::new(State {
            running: 0,
            error: None,
            panic: None,
        }),
        slot_free: Condvar::new(),
    });
    let value = thread::scope(|scope| {
        let group = Group {
            scope,
            shared: Arc::clone(&shared),
        };
        // A panic that left this closure would wait for the tasks as well. But they would not be told.
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&group)));
        shared.keep(outcome)
    });
    // All threads have ended, so nobody fails any more. Until here a task could go by the context.
    shared.guard.cancel();
    let mut state = shared.state.lock();
    let (error, panic) = (state.error.take(), state.panic.take());
    drop(state);
    if let Some(payload) = panic {
        drop((error, value, shared)); // the context owns the error, too, if that is the cause
        resume_unwind(payload);
    }
    match (error, value) {
        (None, Some(value)) => Ok(value),
        (Some(error), _) => Err(error),
        (None, None) => unreachable!("a body without a value has failed"),
    }
}

/// Starts tasks that belong together: [`scope`] lends one to its body. A clone is the same group, for a task
/// that starts others.
///
/// A task has ended when its closure has returned or unwound, and everything that the closure owned is
/// dropped. Its slot is free from then on, and by then its error or panic counts: if it was the first to fail,
/// the context is done.
pub struct Group<'scope, 'env: 'scope, E> {
    scope: &'scope thread::Scope<'scope, 'env>,
    shared: Arc<Shared<E>>,
}

impl<'scope, E> Group<'scope, '_, E>
where
    E: Error + Send + Sync + 'static,
{
    /// Returns the context of the tasks, a child of the one that [`scope`] was given. A task that looks at it
    /// takes a clone along.
    pub fn context(&self) -> &Context {
        &self.shared.context
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
        let mut state = self.shared.state.lock();
        // No wakeup is lost: slots are given back under the lock, which this thread holds from its look until
        // it is asleep. One that is given back later finds it asleep, and notifies. A thread that comes along
        // may take the slot before the one that was notified; so that one looks again.
        while state.running >= self.shared.limit {
            self.shared.slot_free.wait(&mut state);
        }
        // Before the task begins: it may run to its end, or start others, before the spawn returns.
        state.running += 1;
        drop(state);
        self.start(task)
    }

    /// Starts `task` as [`go`](Self::go) does, if there is a slot for it now. Does not wait.
    ///
    /// # Errors
    /// Hands `task` back if as many tasks run as the limit allows. Otherwise as `go`.
    pub fn try_go<F>(&self, task: F) -> Result<(), TryGoError<F>>
    where
        F: FnOnce() -> Result<(), E> + Send + 'scope,
    {
        let mut state = self.shared.state.lock();
        // The look and the step are one: nobody else takes the slot in between.
        if state.running >= self.shared.limit {
            return Err(TryGoError::Full(task));
        }
        state.running += 1;
        drop(state);
        self.start(task).map_err(TryGoError::NoThread)
    }

    /// Starts `task`, for which the caller has taken a slot.
    fn start(&self, task: impl FnOnce() -> Result<(), E> + Send + 'scope) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = move || {
            // When this returns, `task` is gone, with all that it owned.
            let outcome = catch_unwind(AssertUnwindSafe(task));
            shared.keep(outcome);
            shared.free_slot();
        };
        let spawned = thread::Builder::new().spawn_scoped(self.scope, thread);
        if spawned.is_err() {
            self.shared.free_slot();
        }
        spawned.map(drop)
    }
}

impl<E> Clone for Group<'_, '_, E> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// What a group, its clones and its tasks have in common.
struct Shared<E> {
    context: Context,
    guard: CancelOnDrop,
    limit: usize,
    state: Mutex<State<E>>,
    /// Those who want a slot sleep here while there is none.
    slot_free: Condvar,
}

struct State<E> {
    /// The number of slots that are taken.
    running: usize,
    /// The first of each.
    error: Option<task::Arc<E>>,
    panic: Option<Payload>,
}

/// What a panic carries.
type Payload = Box<dyn Any + Send>;

impl<E: Error + Send + Sync + 'static> Shared<E> {
    /// Returns the value, if there is one. Otherwise keeps what went wrong, and tells the others, unless
    /// something has gone wrong before.
    fn keep<T>(&self, outcome: Result<Result<T, E>, Payload>) -> Option<T> {
        let (mut error, mut panic) = match outcome {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(error)) => (Some(task::Arc::new(error)), None),
            Err(payload) => (None, Some(payload)),
        };
        let cause = error.clone().map(|error| error as Cause);
        let mut state = self.state.lock();
        let is_first = state.error.is_none() && state.panic.is_none();
        if state.error.is_none() {
            state.error = error.take();
        }
        if state.panic.is_none() {
            state.panic = panic.take();
        }
        drop(state);
        // Only the first cancels: another one could be quicker from here on, with another cause. The lock is
        // free, because this wakes those that wait for the context; and if they ask for the error, it is there.
        if is_first {
            self.guard.cancel_with(ContextError::Canceled, cause);
        }
        // A later error or payload is dropped here, without the lock.
        None
    }
}

impl<E> Shared<E> {
    fn free_slot(&self) {
        self.state.lock().running -= 1;
        // One slot, one thread that wants it. `go` proves that it is not missed.
        self.slot_free.notify_one();
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
