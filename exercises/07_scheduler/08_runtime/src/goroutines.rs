//! Given: what a program calls. The threads of a runtime, the list of its goroutines, and the ways in and out.

use super::monitor::{Monitor, Snapshot};
use super::runtime::Scheduler;
use super::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use super::sync::task::{Arc, Context, Poll, Wake, Waker};
use super::sync::time::Clock;
use super::sync::utils::CachePadded;
use super::sync::{self, Mutex, futex, thread, thread_local};
use super::task::{JoinHandle, Place, Task};
use super::timers::Timers;
use std::cell::RefCell;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};

/// What the threads of a runtime share, and its goroutines.
pub(super) struct Shared {
    pub(super) scheduler: Scheduler,
    pub(super) timers: sync::Arc<Timers>,
    monitor: Arc<Monitor>,
    tasks: Tasks,
    /// How many workers have not left.
    present: AtomicUsize,
}

impl Shared {
    pub(super) fn new(workers: usize, clock: Clock) -> Arc<Self> {
        let timers = sync::Arc::new(Timers::new(clock));
        let monitor = Arc::new(Monitor::new(workers));
        Arc::new(Self {
            scheduler: Scheduler::new(workers, sync::Arc::clone(&timers), Arc::clone(&monitor)),
            timers,
            monitor,
            tasks: Tasks::new(workers),
            present: AtomicUsize::new(workers),
        })
    }

    /// Starts a goroutine, and puts it on the list `shard`.
    fn go<F>(self: &Arc<Self>, future: F, shard: usize) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (task, handle) = Task::new(self, future);
        if self.tasks.insert(&task, shard) {
            self.scheduler.schedule(task, Place::Next);
        } else {
            // SAFETY: no queue has ever had it.
            unsafe { task.cancel() };
        }
        handle
    }

    /// Runs `future` on this thread, as part of the runtime.
    #[track_caller]
    pub(super) fn block_on<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        refuse_on_worker("block_on");
        let _entered = enter(self, None);
        wait_for(future, "block_on")
    }

    /// Starts a goroutine from outside.
    pub(super) fn go_from_outside<F>(self: &Arc<Self>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.go(future, self.tasks.outside())
    }

    /// Takes a task that has ended off the list.
    pub(super) fn forget(&self, task: &Task) {
        self.tasks.remove(task);
    }

    /// Is a worker: works for the scheduler, and then leaves. The last one to leave ends all that is left.
    pub(super) fn work(self: &Arc<Self>, worker: usize) {
        struct Leaves<'a>(&'a Shared);
        impl Drop for Leaves<'_> {
            fn drop(&mut self) {
                self.0.leave(1);
            }
        }
        let _entered = enter(self, Some(worker));
        let _leaves = Leaves(self);
        self.scheduler.work(worker);
    }

    /// Counts out workers that leave, or have never come.
    fn leave(&self, workers: usize) {
        // AcqRel: all that the others did to the tasks, and the futures, happens before what the last one does.
        if self.present.fetch_sub(workers, Ordering::AcqRel) == workers {
            for task in self.tasks.close() {
                // SAFETY: no worker is left, so none runs it, and `close` returns each task once.
                unsafe { task.cancel() };
            }
        }
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            goroutines: self.tasks.len(),
            global: self.scheduler.queued(),
            timers: self.timers.len(),
            workers: self.monitor.workers(),
        }
    }
}

/// The runtime that a thread belongs to.
struct Current {
    shared: Arc<Shared>,
    shard: usize,
    is_worker: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// Makes `shared` the runtime of this thread, until the guard is dropped.
fn enter(shared: &Arc<Shared>, worker: Option<usize>) -> Entered {
    let current = Current {
        shared: Arc::clone(shared),
        shard: worker.unwrap_or(shared.tasks.outside()),
        is_worker: worker.is_some(),
    };
    Entered(CURRENT.with(|now| now.replace(Some(current))))
}

struct Entered(Option<Current>);

impl Drop for Entered {
    fn drop(&mut self) {
        let before = self.0.take();
        let left = CURRENT.with(|now| now.replace(before));
        // Only now: it may be the last reference to the runtime.
        drop(left);
    }
}

/// Returns the runtime that this thread belongs to, for `call`.
#[track_caller]
pub(super) fn current(call: &str) -> Arc<Shared> {
    CURRENT.with(|current| match &*current.borrow() {
        Some(current) => Arc::clone(&current.shared),
        None => outside(call),
    })
}

#[track_caller]
fn outside(call: &str) -> ! {
    panic!("runtime: {call} was called outside a runtime")
}

/// A runtime: goroutines, which are futures, on a fixed number of threads.
///
/// ```
/// use runtime::{Runtime, channel, go};
/// let runtime = Runtime::new(2);
/// let sum = runtime.block_on(async {
///     let (sender, receiver) = channel(0);
///     for n in 1..=3 {
///         let sender = sender.clone();
///         drop(go(async move { sender.send(n * n).await }));
///     }
///     drop(sender);
///     let mut sum = 0;
///     while let Some(n) = receiver.recv().await {
///         sum += n;
///     }
///     sum
/// });
/// assert_eq!(sum, 14);
/// ```
///
/// # The end
/// When it is dropped, each goroutine that runs goes on to its next `await`, and none is run after that: their futures are
/// dropped, and a wait for one gets [`JoinError::Cancelled`](super::JoinError::Cancelled). The drop returns when all that has
/// been done and the threads have ended; but if one of its own goroutines drops the runtime, it returns before.
pub struct Runtime {
    shared: Arc<Shared>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Runtime {
    /// Starts a runtime with this number of workers, on the clock of the machine.
    ///
    /// # Panics
    /// As [`with_clock`](Runtime::with_clock).
    pub fn new(workers: usize) -> Self {
        Self::with_clock(workers, Clock::real())
    }

    /// Starts a runtime with this number of workers, whose goroutines sleep by `clock`.
    ///
    /// # Panics
    /// If there are no workers. If the operating system refuses a thread: those that had been started have ended then.
    pub fn with_clock(workers: usize, clock: Clock) -> Self {
        assert!(workers > 0, "runtime: no workers");
        let mut runtime = Self {
            shared: Shared::new(workers, clock),
            threads: Vec::with_capacity(workers),
        };
        for worker in 0..workers {
            let shared = Arc::clone(&runtime.shared);
            let thread = thread::Builder::new().name(format!("worker {worker}"));
            match thread.spawn(move || shared.work(worker)) {
                Ok(thread) => runtime.threads.push(thread),
                Err(error) => {
                    runtime.shared.leave(workers - worker);
                    drop(runtime);
                    panic!("runtime: no thread for worker {worker}: {error}");
                }
            }
        }
        runtime
    }

    /// Starts a goroutine, from wherever this is called.
    pub fn go<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.shared.go_from_outside(future)
    }

    /// Runs `future` on this thread, which sleeps while it waits. In it, [`go`] and [`sleep`](super::sleep) are those of
    /// this runtime.
    ///
    /// # Panics
    /// As the future does; and on a worker, whose goroutines would wait for this one: await the future there.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.shared.block_on(future)
    }

    /// Returns what the runtime is doing.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.shared.scheduler.shut_down();
        let me = thread::current().id();
        let mut panicked = None;
        for thread in self.threads.drain(..) {
            if thread.thread().id() != me {
                panicked = panicked.or(thread.join().err());
            }
        }
        // A goroutine's panic does not come here. The scheduler has panicked.
        match panicked {
            Some(payload) if !thread::panicking() => resume_unwind(payload),
            _ => {}
        }
    }
}

/// Starts a goroutine of the runtime that this is called in.
///
/// # Panics
/// Outside a runtime: neither in a goroutine nor in [`block_on`](Runtime::block_on).
#[track_caller]
pub fn go<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    CURRENT.with(|current| match &*current.borrow() {
        Some(current) => current.shared.go(future, current.shard),
        None => outside("go"),
    })
}

/// Returns what the runtime that this is called in is doing.
///
/// # Panics
/// As [`go`] does.
#[track_caller]
pub fn snapshot() -> Snapshot {
    current("snapshot").snapshot()
}

/// Lets the other goroutines of this worker run first.
pub fn yield_now() -> impl Future<Output = ()> + Send {
    /// Whether it has yielded.
    struct Yield(bool);
    impl Future for Yield {
        type Output = ();
        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }
    Yield(false)
}

#[track_caller]
fn refuse_on_worker(call: &str) {
    let is_worker =
        CURRENT.with(|current| current.borrow().as_ref().is_some_and(|it| it.is_worker));
    assert!(
        !is_worker,
        "runtime: {call} would block a worker; use await"
    );
}

/// Runs `future` on this thread, for `call`.
#[track_caller]
pub(super) fn wait_for<F: Future>(future: F, call: &str) -> F::Output {
    refuse_on_worker(call);
    let sleeper = Arc::new(Sleeper {
        is_woken: AtomicU32::new(0),
    });
    let waker = Waker::from(Arc::clone(&sleeper));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        // Acquire: pairs with the Release in `wake_by_ref`. No wake-up is lost: one that comes after the swap changes the
        // word, so that the futex does not sleep.
        while sleeper.is_woken.swap(0, Ordering::Acquire) == 0 {
            futex::wait(&sleeper.is_woken, 0);
        }
    }
}

/// A thread that waits for a future.
struct Sleeper {
    is_woken: AtomicU32,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the Acquire in `wait_for`.
        if self.is_woken.swap(1, Ordering::Release) == 0 {
            futex::wake_one(&self.is_woken);
        }
    }
}

/// All goroutines of a runtime that have not ended. A shutdown has to find them, wherever their wakers are: a goroutine
/// that waits for a channel is known to that channel only.
///
/// Each worker has a list of its own, for what it spawns, and all other threads have one.
struct Tasks {
    shards: Box<[CachePadded<Mutex<Shard>>]>,
}

#[derive(Default)]
struct Shard {
    slots: Vec<Option<Arc<Task>>>,
    free: Vec<usize>,
    is_closed: bool,
}

impl Tasks {
    fn new(workers: usize) -> Self {
        let shards = (0..=workers).map(|_| CachePadded::default());
        Self {
            shards: shards.collect(),
        }
    }

    /// The list of the threads that are not workers.
    fn outside(&self) -> usize {
        self.shards.len() - 1
    }

    /// Puts a task on a list, and gives it its key, unless the runtime has been shut down. Returns whether it has.
    fn insert(&self, task: &Arc<Task>, shard: usize) -> bool {
        let mut list = self.shards[shard].lock();
        if list.is_closed {
            return false;
        }
        let slot = list.free.pop().unwrap_or_else(|| {
            list.slots.push(None);
            list.slots.len() - 1
        });
        // From 1: the monitor has another use for 0.
        let key = slot * self.shards.len() + shard + 1;
        task.key.store(key as u64, Ordering::Relaxed);
        list.slots[slot] = Some(Arc::clone(task));
        true
    }

    fn remove(&self, task: &Task) {
        let key = task.id() as usize - 1;
        let (slot, shard) = (key / self.shards.len(), key % self.shards.len());
        let mut list = self.shards[shard].lock();
        let task = list.slots[slot].take();
        list.free.push(slot);
        drop(list);
        // Only now: it may be the last reference.
        drop(task);
    }

    /// Takes no more tasks, and returns those that are on the lists.
    fn close(&self) -> Vec<Arc<Task>> {
        let mut left = Vec::new();
        for shard in &self.shards {
            let mut list = shard.lock();
            list.is_closed = true;
            left.extend(list.slots.drain(..).flatten());
            list.free.clear();
        }
        left
    }

    fn len(&self) -> usize {
        let lists = self.shards.iter().map(|shard| shard.lock());
        lists.map(|list| list.slots.len() - list.free.len()).sum()
    }
}
