//! Jobs, the terms on which they are submitted, and what becomes of them. Nothing to edit here.

use crate::cancellation::Context;
use crate::sync::task::Arc;
use crate::sync::time::{Clock, Instant};
use crate::sync::{Condvar, Mutex};
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Which of the jobs in the shared queue go first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Before all others.
    High,
    /// Before those that can wait.
    #[default]
    Normal,
    /// When nothing else waits, or when it has waited long enough.
    Low,
}

impl Priority {
    /// All of them, the highest first. `priority as usize` is the place in here.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];
}

/// How long a submission waits if there is no room.
#[derive(Clone, Debug, Default)]
pub enum Wait {
    /// Until there is room.
    #[default]
    Forever,
    /// Not at all.
    Never,
    /// Until this clock shows this time, or a later one.
    Until(Clock, Instant),
}

/// The terms of a submission.
#[derive(Clone, Default)]
pub struct Terms {
    /// Which jobs the job goes before.
    pub priority: Priority,
    /// If this is done, the submission does not wait any longer, and a job that has not begun does not begin.
    pub context: Option<Context>,
    /// How long the submission waits for room.
    pub wait: Wait,
}

/// Why a job was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The pool is shut down.
    Closed,
    /// There is no room, and the submission must not wait.
    Full,
    /// There was no room until the deadline.
    TimedOut,
    /// The context of the job is done.
    Cancelled,
}

/// A job that was refused, and why.
pub struct Refused<J> {
    /// The job, as it was given.
    pub job: J,
    /// Why the pool does not take it.
    pub reason: Reason,
}

impl<J> fmt::Debug for Refused<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refused({:?})", self.reason)
    }
}

impl<J> fmt::Display for Refused<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            Reason::Closed => "the pool is shut down",
            Reason::Full => "the queue is full",
            Reason::TimedOut => "the queue was full until the deadline",
            Reason::Cancelled => "the context of the job is done",
        })
    }
}

impl<J> Error for Refused<J> {}

/// Why a job has no result.
pub enum JobError {
    /// It was cancelled before it began: by its context, or by a shutdown.
    Cancelled,
    /// It panicked, with this payload.
    Panicked(Box<dyn Any + Send>),
    /// The pool has dropped the job, which it had accepted. No pool should.
    Lost,
}

impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "Cancelled",
            Self::Panicked(_) => "Panicked(..)",
            Self::Lost => "Lost",
        })
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the job was cancelled before it began",
            Self::Panicked(_) => "the job panicked",
            Self::Lost => "the pool has lost the job",
        })
    }
}

impl Error for JobError {}

/// The right to the result of a job. Dropping it changes nothing for the job, whose result is then dropped.
#[must_use = "dropping it throws the result away; if that is meant, drop it"]
pub struct Handle<T>(Arc<dyn Awaited<T>>);

impl<T> Handle<T> {
    /// Sleeps until the job has ended, and returns its result.
    ///
    /// What the job did happens before this returns, and by then the pool's metrics have counted it. A job
    /// that waits for another one should [`help`](crate::Worker::help) in the meantime.
    ///
    /// # Errors
    /// If the job was cancelled, or has panicked.
    pub fn join(self) -> Result<T, JobError> {
        self.0.join()
    }

    /// Returns whether the job has ended: [`join`](Self::join) would not sleep.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

/// A job as a pool handles it, of whatever type its closure is. `W` is what the closure gets to see of the
/// pool.
///
/// A pool that accepts a job ends it once, by [`run`](Self::run) or by [`cancel`](Self::cancel). If it does
/// neither, a thread that waits for the job learns that it is lost.
pub struct Job<W>(Option<Arc<dyn Runs<W>>>);

impl<W> Job<W> {
    /// Makes a job of `f`, gives it to `enqueue`, and returns the handle; or gives `f` back if `enqueue`
    /// refuses it.
    pub fn submit<F, T>(
        f: F,
        context: Option<&Context>,
        enqueue: impl FnOnce(Self) -> Result<(), Refused<Self>>,
    ) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&W) -> T + Send + 'static,
        T: Send + 'static,
    {
        let task = Arc::new(Task {
            context: context.cloned(),
            stage: Mutex::new(Stage::Waiting(f)),
            ended: Condvar::new(),
        });
        match enqueue(Self(Some(task.clone()))) {
            Ok(()) => Ok(Handle(task)),
            Err(Refused { job, reason }) => {
                let f = task.begin().expect("a job that is refused has not begun");
                drop(job);
                Err(Refused { job: f, reason })
            }
        }
    }

    /// Returns whether the context of the job is done.
    pub fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(|task| task.is_cancelled())
    }

    /// Runs the job on this thread. When it has ended, and before its handle knows, calls `ended` with
    /// whether it has panicked. This itself does not panic.
    pub fn run(mut self, worker: &W, mut ended: impl FnMut(bool)) {
        if let Some(task) = self.0.take() {
            task.run(worker, &mut ended);
        }
    }

    /// Drops the job, and tells its handle that it was cancelled. Does not panic, even if the drop does.
    pub fn cancel(mut self) {
        if let Some(task) = self.0.take() {
            task.end_without(JobError::Cancelled);
        }
    }
}

impl<W> Drop for Job<W> {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.end_without(JobError::Lost);
        }
    }
}

/// A job, from its submission to its end. One allocation holds all of it.
struct Task<F, T> {
    context: Option<Context>,
    stage: Mutex<Stage<F, T>>,
    ended: Condvar,
}

enum Stage<F, T> {
    Waiting(F),
    /// Also when the closure has been handed back.
    Begun,
    Ended(Result<T, JobError>),
    /// The result has been taken.
    Joined,
}

impl<F, T> Task<F, T> {
    /// Takes the closure, once.
    fn begin(&self) -> Option<F> {
        let mut stage = self.stage.lock();
        if !matches!(*stage, Stage::Waiting(_)) {
            return None;
        }
        match mem::replace(&mut *stage, Stage::Begun) {
            Stage::Waiting(f) => Some(f),
            _ => None,
        }
    }

    fn end(&self, result: Result<T, JobError>) {
        *self.stage.lock() = Stage::Ended(result);
        self.ended.notify_all();
    }
}

/// A task as pools know it.
trait Runs<W>: Send + Sync {
    fn is_cancelled(&self) -> bool;
    fn run(self: Arc<Self>, worker: &W, ended: &mut dyn FnMut(bool));
    fn end_without(self: Arc<Self>, error: JobError);
}

impl<W, F, T> Runs<W> for Task<F, T>
where
    F: FnOnce(&W) -> T + Send,
    T: Send,
{
    fn is_cancelled(&self) -> bool {
        let context = self.context.as_ref();
        context.is_some_and(|context| context.err().is_some())
    }

    fn run(self: Arc<Self>, worker: &W, ended: &mut dyn FnMut(bool)) {
        let f = self.begin().expect("a job runs once");
        let result = catch_unwind(AssertUnwindSafe(|| f(worker))).map_err(JobError::Panicked);
        ended(result.is_err());
        self.end(result);
        // If there is no handle any more, this drops the result, and whatever that does stays here.
        contain(|| drop(self));
    }

    fn end_without(self: Arc<Self>, error: JobError) {
        if let Some(f) = self.begin() {
            contain(|| drop(f));
            self.end(Err(error));
        }
    }
}

/// A task as handles know it.
trait Awaited<T>: Send + Sync {
    fn join(&self) -> Result<T, JobError>;
    fn is_finished(&self) -> bool;
}

impl<F: Send, T: Send> Awaited<T> for Task<F, T> {
    fn join(&self) -> Result<T, JobError> {
        let mut stage = self.stage.lock();
        // No wakeup is lost: `end` changes the stage under the lock, which this thread holds from its look
        // until it is asleep.
        while !matches!(*stage, Stage::Ended(_)) {
            self.ended.wait(&mut stage);
        }
        match mem::replace(&mut *stage, Stage::Joined) {
            Stage::Ended(result) => result,
            _ => unreachable!("it has ended"),
        }
    }

    fn is_finished(&self) -> bool {
        matches!(*self.stage.lock(), Stage::Ended(_))
    }
}

/// Runs `f`, and forgets its panic: the payload's drop might panic again.
fn contain(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        mem::forget(payload);
    }
}
