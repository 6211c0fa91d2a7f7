//! Given: a goroutine. A future, where it stands, and the handle that waits for what it returns.

use super::goroutines::Shared;
use super::sync::atomic::AtomicU32;
use super::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use super::sync::cell::UnsafeCell;
use super::sync::task::{Arc, Context, Poll, Wake, Waker};
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
// Not the facade's: they order nothing, so there is nothing in them to explore.
use std::sync::atomic::AtomicU64;

// The state of a task: a set of these.
//
// | state           | who has the task                        | a wake-up                            |
// |-----------------|-----------------------------------------|--------------------------------------|
// | 0               | a thread that has its waker             | sets WOKEN, and schedules it         |
// | WOKEN           | a queue                                 | changes nothing                      |
// | RUNNING         | the worker that polls it                | sets WOKEN: the worker schedules it  |
// | RUNNING, WOKEN  | the same                                | changes nothing                      |
// | DONE            | nobody                                  | changes nothing                      |
const RUNNING: u32 = 1;
const WOKEN: u32 = 2;
const DONE: u32 = 4;

/// Where to queue a task that has become runnable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It runs next on the worker that schedules it: it has been made, or woken, by what runs there.
    Next,
    /// It has yielded: it runs after the tasks that are in the queue of that worker already.
    Last,
}

/// A goroutine: what queues hold, and what wakers point to.
pub struct Task {
    state: AtomicU32,
    /// The future, and what it returns. The join handle has it too, and knows its type.
    body: Arc<dyn Body>,
    home: Arc<Shared>,
    /// Where it is in the list of all tasks.
    pub(super) key: AtomicU64,
}

impl Task {
    /// Makes a task of `home`, and the handle that waits for it. It must be scheduled once; it counts as woken.
    pub(super) fn new<F>(home: &Arc<Shared>, future: F) -> (Arc<Self>, JoinHandle<F::Output>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let body = Arc::new(Goroutine {
            future: UnsafeCell::new(Some(future)),
            joining: AtomicU32::new(0),
            result: UnsafeCell::new(None),
            waiter: UnsafeCell::new(None),
        });
        let handle = JoinHandle {
            body: body.clone(),
            has_result: false,
        };
        let task = Self {
            state: AtomicU32::new(WOKEN),
            body,
            home: Arc::clone(home),
            key: AtomicU64::new(0),
        };
        (Arc::new(task), handle)
    }

    /// The number of the goroutine, from 1. Another one gets it when this one has ended.
    pub fn id(&self) -> u64 {
        self.key.load(Relaxed)
    }

    /// Polls the future once. If it has yielded, or has been woken meanwhile, schedules the task again, at the
    /// [last](Place::Last) place.
    ///
    /// Never panics: a panic of the future ends the future, and is the result that its join handle gets.
    pub fn run(self: Arc<Self>) {
        // Acquire: pairs with the Release of the wake-ups, so that the poll sees why it was woken; and with that of the
        // worker that polled it last. A task stands in one queue, once, so nobody else is here.
        let before = self.state.swap(RUNNING, AcqRel);
        // A swap, and not a look: a look would not see the wake-ups.
        assert_eq!(
            before, WOKEN,
            "runtime: a task was run that had been taken from no queue, or twice; its state"
        );
        // SAFETY: the pointer is that of a live `Arc`. The waker that is made of it is never dropped, so the count of
        // references stays right; it is lent out for the poll, and `self` lives longer.
        let waker = ManuallyDrop::new(Waker::from(unsafe { Arc::from_raw(Arc::as_ptr(&self)) }));
        // SAFETY: the state is RUNNING, and was not: this is the one thread that may.
        let is_done = unsafe { self.body.poll(&mut Context::from_waker(&waker)) };
        if is_done {
            // Relaxed: nothing of the task will be touched again but by its last owner.
            self.state.store(DONE, Relaxed);
            self.home.forget(&self);
            return;
        }
        // Release: pairs with the swap above, of the next worker that polls it. Acquire: as there.
        let state = self.state.fetch_and(!RUNNING, AcqRel);
        if state & WOKEN != 0 {
            self.home.scheduler.schedule(Arc::clone(&self), Place::Last);
        }
    }

    /// Ends the task without polling it again: its future is dropped, and its handle gets [`JoinError::Cancelled`].
    ///
    /// # Safety
    /// No worker runs it now or later, and nobody else calls this.
    pub(super) unsafe fn cancel(&self) {
        self.state.fetch_or(DONE, AcqRel);
        // SAFETY: nobody else touches the future, as the caller promises.
        unsafe { self.body.cancel() };
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the swap in `run`: what was done before the wake-up happens before the poll, even if the
        // task is in a queue already, so that this changes nothing. Exactly one of the wake-ups between two polls finds
        // 0, or else the worker that polls finds WOKEN.
        if self.state.fetch_or(WOKEN, Release) == 0 {
            self.home.scheduler.schedule(Arc::clone(self), Place::Next);
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "goroutine {}", self.id())
    }
}

/// What a task does not know the type of.
trait Body: Send + Sync {
    /// Polls the future. Returns whether it has ended.
    ///
    /// # Safety
    /// No other thread calls this or `cancel` at the same time.
    unsafe fn poll(&self, context: &mut Context<'_>) -> bool;

    /// Drops the future, if it has not ended.
    ///
    /// # Safety
    /// As for `poll`.
    unsafe fn cancel(&self);
}

/// A future of type `F`, which is never moved: it lives in an `Arc` until it is dropped, in its place. And what is between it
/// and its join handle.
struct Goroutine<F: Future> {
    future: UnsafeCell<Option<F>>,
    joining: AtomicU32,
    result: UnsafeCell<Option<Result<F::Output, JoinError>>>,
    waiter: UnsafeCell<Option<Waker>>,
}

// `joining` is a set of these.
//
// | state           | `result` belongs to | `waiter` belongs to |
// |-----------------|---------------------|---------------------|
// | 0, UNWANTED     | the worker          | the handle          |
// | WAITS           | the worker          | nobody              |
// | ENDED           | the handle          | the handle          |
// | ENDED, WAITS    | the handle          | the worker          |
// | ENDED, UNWANTED | the one of the two that was later               |
const WAITS: u32 = 1;
const ENDED: u32 = 2;
const UNWANTED: u32 = 4;

// SAFETY: threads that share it reach the future through `poll` and `cancel` only, one at a time, as their callers promise.
// So it goes from thread to thread, which `F: Send` allows; and so do the result, which is `Send`, and the waker, each of
// which belongs to one thread at a time: see the table.
unsafe impl<F: Future + Send> Sync for Goroutine<F> where F::Output: Send {}

impl<F: Future> Goroutine<F> {
    /// Leaves the result for the handle. Called once, by the one that polls or cancels.
    fn end(&self, result: Result<F::Output, JoinError>) {
        // SAFETY: it has not ended, so the result is this thread's.
        self.result.with_mut(|slot| unsafe { *slot = Some(result) });
        // Release: pairs with the Acquire in `poll_result` and `disown`. Acquire: pairs with their Release.
        let before = self.joining.fetch_or(ENDED, AcqRel);
        if before & WAITS != 0 {
            // SAFETY: ENDED and WAITS: the waker is this thread's.
            let waiter = self.waiter.with_mut(|slot| unsafe { (*slot).take() });
            waiter.expect("it is there before WAITS").wake();
        }
        if before & UNWANTED != 0 {
            // SAFETY: the handle went first, and will not come back.
            let unwanted = self.result.with_mut(|slot| unsafe { (*slot).take() });
            quietly(|| drop(unwanted));
        }
    }
}

/// Calls `drops`, and drops the payload of its panic: the program's hook has printed it. If that drop panics as well, the
/// second payload is leaked.
fn quietly(drops: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(drops)) {
        mem::forget(catch_unwind(AssertUnwindSafe(|| drop(payload))));
    }
}

impl<F> Body for Goroutine<F>
where
    F: Future + Send,
    F::Output: Send,
{
    unsafe fn poll(&self, context: &mut Context<'_>) -> bool {
        let polled = self.future.with_mut(|future| {
            // SAFETY: no other thread is here, as the caller promises.
            let slot = unsafe { &mut *future };
            let future = slot.as_mut().expect("a task that has ended is not polled");
            // SAFETY: it is in an `Arc`, out of which nothing is moved, and dropped in its place, below.
            let future = unsafe { Pin::new_unchecked(future) };
            let polled = catch_unwind(AssertUnwindSafe(|| future.poll(context)));
            if let Ok(Poll::Pending) = polled {
                return Poll::Pending;
            }
            // The future goes before its result is known: a thread that has joined it finds nothing of it left.
            let dropped = catch_unwind(AssertUnwindSafe(|| *slot = None));
            match (polled, dropped) {
                (Ok(Poll::Ready(value)), Ok(())) => Poll::Ready(Ok(value)),
                (Ok(_), Err(payload)) => Poll::Ready(Err(JoinError::Panicked(payload))),
                (Err(payload), dropped) => {
                    quietly(|| drop(dropped));
                    Poll::Ready(Err(JoinError::Panicked(payload)))
                }
                (Ok(Poll::Pending), _) => unreachable!("has returned"),
            }
        });
        match polled {
            Poll::Pending => false,
            Poll::Ready(result) => {
                self.end(result);
                true
            }
        }
    }

    unsafe fn cancel(&self) {
        self.future.with_mut(|future| {
            // SAFETY: no other thread is here, as the caller promises. The future is dropped in its place.
            quietly(|| unsafe { *future = None });
        });
        self.end(Err(JoinError::Cancelled));
    }
}

/// Waits for a goroutine. Await it in another one, or [`join`](JoinHandle::join) it on a thread.
///
/// If it is dropped the goroutine goes on, and its result is dropped.
#[must_use = "a goroutine goes on without its handle; `drop` it if that is meant"]
pub struct JoinHandle<T> {
    body: Arc<dyn Joined<T>>,
    has_result: bool,
}

/// Why a goroutine has not returned.
pub enum JoinError {
    /// It has panicked: this is the panic's payload.
    Panicked(Box<dyn Any + Send>),
    /// The runtime was shut down before it ended.
    Cancelled,
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Panicked(_) => "Panicked",
            Self::Cancelled => "Cancelled",
        })
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Panicked(_) => "the goroutine panicked",
            Self::Cancelled => "the runtime was shut down before the goroutine ended",
        })
    }
}

impl std::error::Error for JoinError {}

/// What a handle does not know the type of.
trait Joined<T>: Send + Sync {
    /// Takes the result, or leaves the waker.
    ///
    /// # Safety
    /// Only the handle calls this, and not again when it has got the result.
    unsafe fn poll_result(&self, waker: &Waker) -> Poll<Result<T, JoinError>>;

    fn has_ended(&self) -> bool;

    /// Says that nobody will ask for the result.
    ///
    /// # Safety
    /// Only the handle calls this, once, and then nothing more.
    unsafe fn disown(&self);
}

impl<F: Future + Send> Joined<F::Output> for Goroutine<F>
where
    F::Output: Send,
{
    unsafe fn poll_result(&self, waker: &Waker) -> Poll<Result<F::Output, JoinError>> {
        // Acquire, here and below: pairs with the Release in `end`.
        let mut state = self.joining.load(Acquire);
        if state == WAITS {
            // Polled again, perhaps by another one.
            state = self.joining.fetch_and(!WAITS, AcqRel) & !WAITS;
        }
        if state & ENDED == 0 {
            // SAFETY: it neither waits nor has ended, so the waker is this thread's.
            self.waiter
                .with_mut(|slot| unsafe { *slot = Some(waker.clone()) });
            // Release: pairs with the Acquire in `end`.
            if self.joining.fetch_or(WAITS, AcqRel) & ENDED == 0 {
                return Poll::Pending;
            }
        }
        // SAFETY: it has ended, so the result is the handle's.
        let result = self.result.with_mut(|slot| unsafe { (*slot).take() });
        Poll::Ready(result.expect("the handle takes it once"))
    }

    fn has_ended(&self) -> bool {
        self.joining.load(Acquire) & ENDED != 0
    }

    unsafe fn disown(&self) {
        if self.joining.fetch_and(!WAITS, AcqRel) == WAITS {
            // SAFETY: it has waited, and neither waits now nor has ended: the waker is this thread's.
            drop(self.waiter.with_mut(|slot| unsafe { (*slot).take() }));
        }
        if self.joining.fetch_or(UNWANTED, AcqRel) & ENDED != 0 {
            // SAFETY: it had ended before, so the result is the handle's.
            drop(self.result.with_mut(|slot| unsafe { (*slot).take() }));
        }
    }
}

impl<T> JoinHandle<T> {
    /// Blocks the thread until the goroutine has ended, and returns what it has returned.
    ///
    /// # Errors
    /// [`JoinError::Panicked`] if it has panicked, [`JoinError::Cancelled`] if the runtime was shut down before it ended.
    ///
    /// # Panics
    /// On a worker: the goroutines that are in its queue would wait for this one. Await the handle there.
    pub fn join(self) -> Result<T, JoinError> {
        super::goroutines::wait_for(self, "join")
    }

    /// Returns whether the goroutine has ended.
    pub fn is_finished(&self) -> bool {
        self.body.has_ended()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(
            !self.has_result,
            "runtime: a join handle was polled after its end"
        );
        // SAFETY: this is the handle, and it has not got the result.
        let polled = unsafe { self.body.poll_result(context.waker()) };
        self.has_result = polled.is_ready();
        polled
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if !self.has_result {
            // SAFETY: this is the end of the handle.
            unsafe { self.body.disown() };
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}
