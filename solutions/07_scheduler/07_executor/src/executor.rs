//! Goroutines as futures: tasks that any number of threads run, each task when it has been woken.

use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::atomic::{AtomicU8, AtomicU32};
use crate::sync::cell::UnsafeCell;
use crate::sync::task::{Arc, Context, Poll, Wake, Waker};
use crate::sync::{Mutex, futex};
use std::any::Any;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};

/// Runs `future` on this thread, and sleeps whenever it is pending.
///
/// The future is polled once at first, and then once each time it has been woken since its last poll began: several
/// wakes before a poll are one. A wake during a poll counts, from any thread, and even if the future parks and unparks this
/// thread itself. (A permit of [`std::thread::park`] that is there between two polls may be used up.) A waker of an earlier
/// call wakes nothing.
///
/// ```
/// use executor::block_on;
/// assert_eq!(block_on(async { 6 * 7 }), 42);
/// ```
///
/// # Happens-before
/// What was done before a wake happens before the poll that follows it.
///
/// # Panics
/// As the future does.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    // Not `thread::park`: code that parks this thread, in the future or around it, would take our wake for its own.
    let parker = Arc::new(Parker::default());
    let waker = Waker::from(Arc::clone(&parker));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => parker.park(),
        }
    }
}

/// A place where one thread sleeps until another wakes it.
#[derive(Default)]
struct Parker {
    state: AtomicU32,
}

/// Nobody sleeps, and there was no wake since the last look.
const EMPTY: u32 = 0;
/// The thread sleeps, or is about to.
const PARKED: u32 = 1;
/// There was a wake.
const NOTIFIED: u32 = 2;

impl Parker {
    /// Returns whether there was a wake since the last look.
    fn look(&self) -> bool {
        // Acquire: pairs with the Release of each wake since then, because all are exchanges of one word.
        self.state.swap(EMPTY, Acquire) == NOTIFIED
    }

    /// Sleeps until there is a wake.
    ///
    /// None is lost: one that comes before the exchange makes it fail; one that comes later finds PARKED, and changes the
    /// word before it wakes, so that `wait` returns or does not begin.
    fn park(&self) {
        while !self.look() {
            // Relaxed: the word says nothing of other memory until the next look.
            let parks = self.state.compare_exchange(EMPTY, PARKED, Relaxed, Relaxed);
            if parks.is_ok() {
                futex::wait(&self.state, PARKED);
            }
        }
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the Acquire in `look`.
        if self.state.swap(NOTIFIED, Release) == PARKED {
            futex::wake_one(&self.state);
        }
    }
}

/// Runs tasks, which are futures: on whatever threads call [`run`](Self::run) or
/// [`run_until_idle`](Self::run_until_idle). It has none of its own.
///
/// A task is polled once at first, and then once each time it has been woken since its last poll began. Woken tasks wait in
/// one queue, first in, first out. A task is polled by one thread at a time, though not always by the same one, and never
/// again after it has ended.
///
/// ```
/// use executor::Executor;
///
/// let executor = Executor::new();
/// let answer = executor.spawn(async { 6 * 7 });
/// let broken = executor.spawn(async { panic!("no answer") });
/// executor.run(async {
///     assert_eq!(answer.await.unwrap(), 42);
///     assert!(broken.await.is_err());
/// });
/// ```
///
/// # Happens-before
/// What was done before a spawn or a wake happens before the poll that follows it, and each poll of a task before its next
/// one.
///
/// # The end
/// The future of a task is dropped as soon as it is complete or has panicked, on the thread that polled it and before its
/// handle is ready. When the executor is dropped, so are all futures that are left, even if somebody keeps their wakers;
/// each is dropped before its handle is ready, which returns [`JoinError::Cancelled`], or [`JoinError::Panicked`] if that drop
/// panics. Waking a task that has ended does nothing.
///
/// A task that has an `Arc` of its own executor keeps it alive until the task ends.
///
/// # Locks
/// None is held while a future is polled, a waker is woken, or a future, an output or a waker is dropped: all of these may call
/// the executor and its handles. Wakers must not panic.
pub struct Executor {
    tasks: Arc<Tasks>,
}

impl Executor {
    /// Returns an executor without tasks.
    pub fn new() -> Self {
        let tasks = Tasks {
            lists: Mutex::new(Lists::default()),
        };
        Self {
            tasks: Arc::new(tasks),
        }
    }

    /// Makes `future` a task and puts it at the end of the queue. It runs whether its handle is awaited, kept or dropped.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let mut task = Arc::new(Task {
            state: AtomicU8::new(WOKEN),
            future: UnsafeCell::new(Some(future)),
            join: Mutex::new(Join::Pending(None)),
            tasks: Arc::clone(&self.tasks),
            slot: 0,
        });
        let mut lists = self.tasks.lists.lock();
        let slot = lists.vacant.pop().unwrap_or_else(|| {
            lists.all.push(None);
            lists.all.len() - 1
        });
        Arc::get_mut(&mut task).expect("nobody else has it").slot = slot;
        lists.all[slot] = Some(Arc::clone(&task) as _);
        let sleeper = lists.push(Arc::clone(&task) as _);
        drop(lists);
        if let Some(sleeper) = sleeper {
            sleeper.wake();
        }
        JoinHandle { task }
    }

    /// Runs tasks until `future`, which is polled on this thread, is complete, and returns what it returned. The thread
    /// sleeps while the future is pending and no task is queued.
    ///
    /// The future is polled at once, and then after each task, if it was woken: as long as tasks are queued, one is run
    /// between two polls. It may be polled without a wake.
    ///
    /// # Panics
    /// As the future does. Panics of tasks are not passed on, nor are those of the drops of their futures, of results that
    /// nobody wants, or of the payloads of such panics, which may be leaked.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let runner = Runner {
            tasks: &self.tasks,
            parker: Arc::new(Parker::default()),
        };
        let waker = Waker::from(Arc::clone(&runner.parker));
        let mut is_woken = true;
        loop {
            if is_woken {
                let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
                if let Poll::Ready(output) = polled {
                    return output;
                }
            }
            is_woken = runner.run_or_sleep();
        }
    }

    /// Runs tasks until none is queued. Does not sleep: tasks that are pending, or running on another thread, are left.
    pub fn run_until_idle(&self) {
        loop {
            let task = self.tasks.lists.lock().queue.pop_front();
            let Some(task) = task else { return };
            task.run();
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        let mut lists = self.tasks.lists.lock();
        lists.is_closed = true;
        let tasks = mem::take(&mut lists.all);
        let queue = mem::take(&mut lists.queue);
        drop(lists);
        // Without the lock: what is dropped here may wake tasks of this executor and drop their handles.
        for task in tasks.into_iter().flatten() {
            task.cancel();
        }
        drop(queue);
    }
}

/// A thread in [`Executor::run`].
struct Runner<'a> {
    tasks: &'a Tasks,
    parker: Arc<Parker>,
}

impl Runner<'_> {
    /// Runs one task, or sleeps if there is none. Returns whether there was a wake meanwhile.
    ///
    /// No task is left to sleeping threads: under the lock, either this thread finds it in the queue, or the thread that
    /// pushes it finds this one among the sleepers.
    fn run_or_sleep(&self) -> bool {
        let mut lists = self.tasks.lists.lock();
        if let Some(task) = lists.queue.pop_front() {
            drop(lists);
            task.run();
            return self.parker.look();
        }
        lists.asleep.push(Arc::clone(&self.parker));
        drop(lists);
        self.parker.park();
        // If no push has chosen this thread, none must choose it now that it is awake.
        let mut lists = self.tasks.lists.lock();
        lists
            .asleep
            .retain(|parker| !Arc::ptr_eq(parker, &self.parker));
        true
    }
}

impl Drop for Runner<'_> {
    /// A push may have chosen this thread, which now leaves, by a return or by a panic: another must run that task.
    fn drop(&mut self) {
        let mut lists = self.tasks.lists.lock();
        let sleeper = match lists.queue.is_empty() {
            true => None,
            false => lists.asleep.pop(),
        };
        drop(lists);
        if let Some(sleeper) = sleeper {
            sleeper.wake();
        }
    }
}

/// What an executor and its tasks share.
struct Tasks {
    lists: Mutex<Lists>,
}

#[derive(Default)]
struct Lists {
    /// The tasks to poll, each of them once.
    queue: VecDeque<Arc<dyn Run>>,
    /// All tasks that have not ended, each in its slot. Without this, a task that only its own future can wake would keep
    /// itself alive, and nobody would know of it.
    all: Vec<Option<Arc<dyn Run>>>,
    /// The free slots in `all`.
    vacant: Vec<usize>,
    /// The threads that sleep in `run`, or are about to, and that no push has chosen yet.
    asleep: Vec<Arc<Parker>>,
    /// The executor has been dropped.
    is_closed: bool,
}

impl Lists {
    /// Queues a task. Returns a thread that must be woken to run it, after the lock is released.
    #[must_use]
    fn push(&mut self, task: Arc<dyn Run>) -> Option<Arc<Parker>> {
        self.queue.push_back(task);
        self.asleep.pop()
    }
}

/// A task, whatever its future is.
trait Run: Send + Sync {
    /// Polls the future.
    fn run(self: Arc<Self>);

    /// Drops the future. No thread may be in `run`, now or later.
    fn cancel(&self);
}

/// A task, whatever its future is, if that returns `T`.
trait Joined<T>: Send + Sync {
    fn poll_join(&self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>>;
    fn is_finished(&self) -> bool;
    fn detach(&self);
}

// What a task does, and whether it was woken. The executor moves it on; a wake only sets WOKEN.
//
//                    wake                     run
//          IDLE ---------------> WOKEN ---------------> RUNNING ------> DONE
//           ^                      ^                     |   |           ^
//           |                      |     pending         |   | wake      |
//           +----------------------|---------------------+   v           |
//                                  +--------------- RUNNING | WOKEN -----+
//                                       pending
//
// A task is in the queue, once, exactly as long as its state is WOKEN: the thread that makes it so puts the task there, and
// the thread that makes it RUNNING has taken it out. While it is RUNNING, that thread alone has the future.

/// Waits to be woken.
const IDLE: u8 = 0;
/// Has been woken since its last poll began.
const WOKEN: u8 = 1;
/// A thread polls it.
const RUNNING: u8 = 2;
/// Has ended.
const DONE: u8 = 4;

/// A future and all that belongs to it, in one allocation.
struct Task<F: Future> {
    state: AtomicU8,
    /// `None` when the task has ended. It stays where it is: the task is in an `Arc`, and nothing moves the future out.
    future: UnsafeCell<Option<F>>,
    join: Mutex<Join<F::Output>>,
    tasks: Arc<Tasks>,
    /// Its place in `Lists::all`.
    slot: usize,
}

/// What the task and its handle owe each other.
enum Join<T> {
    /// The task has not ended; its end wakes this.
    Pending(Option<Waker>),
    /// The task has ended, and the handle is there.
    Done(Result<T, JoinError>),
    /// The handle has the result, or is gone.
    Detached,
}

// SAFETY: only the future is not `Sync` by itself. `run` accesses it while the task is RUNNING, which only one thread can
// make it, and `cancel` does when no other thread runs it; `F: Send` lets it move from one to the other. What it returned
// is behind a mutex.
unsafe impl<F: Future + Send> Sync for Task<F> where F::Output: Send {}

impl<F> Task<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    /// Drops the future and hands `result` over. Only the thread that has the future calls this, and once.
    fn end(&self, mut result: Result<F::Output, JoinError>) {
        let dropped = self.future.with_mut(|future| {
            // SAFETY: the caller has the future. It is dropped where it is, as pinning demands.
            catch_unwind(AssertUnwindSafe(|| unsafe { *future = None }))
        });
        if let Err(payload) = dropped {
            // Of two panics, the handle gets the first.
            match result {
                Err(JoinError::Panicked(_)) => discard(payload),
                _ => discard(mem::replace(&mut result, Err(JoinError::Panicked(payload)))),
            }
        }
        // Relaxed: a wake that finds DONE does nothing. A wake during the last poll, or the drop, is overwritten.
        self.state.store(DONE, Relaxed);

        let mut join = self.join.lock();
        if let Join::Pending(waker) = &mut *join {
            let waker = waker.take();
            *join = Join::Done(result);
            drop(join);
            if let Some(waker) = waker {
                waker.wake();
            }
        } else {
            drop(join);
            discard(result);
        }
    }
}

impl<F> Run for Task<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn run(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        // Acquire: pairs with the Release below, by which the last poll left the future, and with that of each wake since
        // then, even if it found the task WOKEN: a store would not have seen it.
        self.state.swap(RUNNING, Acquire);
        let polled = self.future.with_mut(|future| {
            // SAFETY: this thread has made the task RUNNING, so it alone has the future until it makes it something else.
            let future =
                unsafe { (*future).as_mut() }.expect("a task that has ended is not queued");
            // SAFETY: the future is never moved; see the field.
            let future = unsafe { Pin::new_unchecked(future) };
            catch_unwind(AssertUnwindSafe(|| {
                future.poll(&mut Context::from_waker(&waker))
            }))
        });
        let result = match polled {
            Ok(Poll::Pending) => {
                // One step: a wake comes before it, and is seen here, or after it, and finds the task IDLE.
                // Release: pairs with the Acquire above, in the thread that polls next.
                if self.state.fetch_sub(RUNNING, Release) != RUNNING {
                    self.tasks.queue(Arc::clone(&self) as _);
                }
                return;
            }
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(JoinError::Panicked(payload)),
        };
        self.tasks.forget(self.slot);
        self.end(result);
    }

    fn cancel(&self) {
        self.end(Err(JoinError::Cancelled));
    }
}

impl<F> Wake for Task<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // One step, so that only one of several wakes finds IDLE. If the task is RUNNING, the thread that runs it will
        // queue it.
        // Release: pairs with the Acquire in `run`.
        if self.state.fetch_or(WOKEN, Release) == IDLE {
            self.tasks.queue(Arc::clone(self) as _);
        }
    }
}

impl Tasks {
    /// Puts a task at the end of the queue, unless the executor is gone: then it would stay there for ever, and keep the
    /// queue that keeps it.
    fn queue(&self, task: Arc<dyn Run>) {
        let mut lists = self.lists.lock();
        if lists.is_closed {
            return drop(lists); // and the task after it
        }
        let sleeper = lists.push(task);
        drop(lists);
        if let Some(sleeper) = sleeper {
            sleeper.wake();
        }
    }

    /// Takes a task that has ended off the list of all.
    fn forget(&self, slot: usize) {
        let mut lists = self.lists.lock();
        let task = lists.all[slot].take();
        lists.vacant.push(slot);
        drop(lists);
        drop(task);
    }
}

/// Drops `value`. If that panics, there is nobody to tell.
fn discard<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // The payload's drop may panic as well. It ends there: the last payload is forgotten.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(mem::forget);
    }
}

/// A handle of a task, and a future that is ready when the task has ended. `T` is what the task's future returns.
///
/// Any thread may await it, on any executor; the waker of the last poll is woken. Dropping it detaches the task, which keeps
/// running; its result is dropped once, as soon as it exists and the handle is gone. A panic of that drop is lost.
///
/// What the task did, including the drop of its future, happens before the handle is ready, and before
/// [`is_finished`](Self::is_finished) returns true.
///
/// # Panics
/// If it is polled again after it was ready: "JoinHandle: polled after completion".
pub struct JoinHandle<T> {
    task: Arc<dyn Joined<T>>,
}

impl<T> JoinHandle<T> {
    /// Returns whether the task has ended: by returning, by a panic, or with its executor. Does not wait for it.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.task.poll_join(cx)
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.task.detach();
    }
}

impl<F> Joined<F::Output> for Task<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn poll_join(&self, cx: &mut Context<'_>) -> Poll<Result<F::Output, JoinError>> {
        // Wakers are cloned and dropped without the lock: dropping the last one of a task may run any code.
        let waker = cx.waker().clone();
        let mut join = self.join.lock();
        if let Join::Pending(old) = &mut *join {
            let old = old.replace(waker);
            drop(join);
            drop(old);
            return Poll::Pending;
        }
        let ended = mem::replace(&mut *join, Join::Detached);
        drop(join);
        match ended {
            Join::Done(result) => Poll::Ready(result),
            _ => panic!("JoinHandle: polled after completion"),
        }
    }

    fn is_finished(&self) -> bool {
        !matches!(*self.join.lock(), Join::Pending(_))
    }

    fn detach(&self) {
        let old = mem::replace(&mut *self.join.lock(), Join::Detached);
        discard(old); // a waker or a result; without the lock
    }
}

/// Why a task has no result.
#[derive(Debug)]
pub enum JoinError {
    /// Its future panicked, when it was polled or dropped. This is the payload, the very box that
    /// [`std::panic::catch_unwind`] returns; if it panicked both times, that of the poll.
    Panicked(Box<dyn Any + Send>),
    /// Its executor was dropped first, and the drop of its future did not panic.
    Cancelled,
}
