//! The face that runs under the model checker: the same API on loom, with every operation recorded. The only place, with
//! the search, that knows of loom. May use the record and [`leaks`](crate::leaks).
//!
//! These types exist only inside [`harness::model`](crate::model); made anywhere else they panic. What follows is
//! for the reader who wants to know what a model that passes has shown, and what it has not.
//!
//! # What is explored
//!
//! A model runs one small program again and again, until it has run in every way that counts.
//!
//! **Orders.** The threads of the program are coroutines; only one runs, and which one that is changes only at an
//! operation of the facade, before it takes effect. Loom decides at each operation who goes on, comes back to every
//! decision, and takes the other ways. Two orders that differ only in the order of operations that do not depend on
//! each other, such as accesses to different atomics or two loads, lead to the same end, and one of them is enough: that is why
//! three threads of three operations take hundreds of interleavings and not the 1,680 that there are. "437
//! interleavings explored, exhaustively" means 437 runs that stand for all.
//!
//! **Values.** A load returns any value that the memory model of C++20, which is Rust's, allows it to return under the
//! orderings given: not only the newest, but each older one that is not yet overwritten as far as the loading thread
//! can know. The same holds for a `compare_exchange` that fails. `Release`, `Acquire`, `AcqRel`, release sequences and
//! fences give a thread that knowledge, as do locks, spawning and joining; operations of `SeqCst`, fences included, have
//! one order besides. So a missing `Release` shows here on every machine, also on one whose processor would never
//! reorder the two. The stores to one atomic stand in every order that the memory model allows, even if they ran in
//! another.
//!
//! **Data races.** Two accesses to one [`UnsafeCell`](cell::UnsafeCell), one of them a write, that nothing orders end
//! the model, whatever values they would have read. The whole cell counts as one place. So does making it: a
//! thread that reaches a cell through a pointer that it read with too weak an ordering races with its making. So does
//! dropping it, or any other object of the facade: the drop must be ordered behind every use by another thread. An
//! `Arc` of std's sees to that in a way that the model does not see, and is told by the call stack.
//!
//! **Ends.** A model fails if a thread panics and nobody looks at what `join` returns; if threads wait and none can go
//! on; if a reference of an [`Arc`] or a value of [`leaks::track`](crate::leaks::track) is left, or is dropped
//! twice; if a thread takes more steps than [`Model::max_branches`](crate::Model::max_branches) allows; and if a
//! thread does nothing for three seconds that the model can see.
//!
//! **Spurious wake-ups** come only where [`Model::spurious_wakeups`](crate::Model::spurious_wakeups) asks for them,
//! because each doubles the interleavings. Up to so many waits of an interleaving, of a condition variable, a futex
//! or `park`, are explored both ways: woken by another thread, and returning by themselves. Before one that
//! returned by itself goes on, another thread takes at least a step, if one can: loom's `Notify` yields. Nothing is injected from outside: no thread of the program has to do anything
//! for it.
//!
//! **Spurious failures** of `compare_exchange_weak` come only where
//! [`Model::spurious_failures`](crate::Model::spurious_failures) asks for them. The program is explored anew for each set
//! of calls that fail so, up to so many at a time.
//!
//! **Lost races.** [`Model::interrupted_exchanges`](crate::Model::interrupted_exchanges) lets others run before each of
//! main's exchanges, so that main can lose any number of races in succession, in a single interleaving.
//!
//! **`try_lock`** fails whenever another thread holds the lock, which loom's never does. That makes every unlocking an
//! operation of its own, so that a program without `try_lock` is explored without it: the model begins again when
//! it meets the first one. It does so, too, when a mutex is unlocked while a panic unwinds, which loom's cannot be.
//!
//! # What is not
//!
//! - *Load buffering, and its like.* The threads run the program in the order of its text, one operation after another. So
//!   what is not explored is every execution in which program order, reads-from and the order S of the operations of
//!   `SeqCst` together have a cycle. Without `SeqCst` that is load buffering: a load that returns what is stored only
//!   later, which the memory model allows for relaxed accesses, and some processors do. With `SeqCst` there are a few
//!   more, in programs that have relaxed accesses beside it: `tests/exactness` counts them.
//! - *What a thread has read before it yields.* After [`yield_now`](thread::yield_now) or
//!   [`spin_loop`](hint::spin_loop), a load does not return again a value that this thread has read before and that has
//!   been replaced. Otherwise a loop that waits for a store would have no end.
//! - *Wake-ups without synchronisation.* What a thread did before it wakes another happens before the wake-up, also for
//!   a condition variable and a futex, of which the language does not promise it. The readers of a reader-writer lock
//!   are ordered one after another.
//! - *Channels that are seen in different orders.* All threads agree on the order of the operations on a channel, as on that
//!   of the operations on a mutex.
//! - *The order of waking*, but for two: a program in which one of several sleepers is woken is explored twice, and
//!   wakes the one that has slept longest, every time, or the one that fell asleep last. Which of those that are awake goes
//!   on first is explored.
//! - *Time* as it passes. There is only the manual [`time::Clock`], which stands still until the program advances it, so
//!   that a time-out is one more interleaving.
//! - *Two panics that unwind at once.* To std all threads of a model are one, and it counts their panics together:
//!   `thread::panicking` may say yes in a thread that does not panic. A thread that is switched away in a destructor
//!   while it unwinds, and another that panics and catches meanwhile, can end the process.
//! - *Memory outside the facade.* What is reached through raw pointers without a cell, a lock of std or a static
//!   is neither switched at nor checked. The tests of a lesson see to it that the learner's file uses the facade.
//! - *A yield that lets nobody run.* After [`yield_now`](thread::yield_now) another thread takes a step, if one can. Of two orders
//!   that differ only in which thread comes to its yield first, one may be left out.
//! - *More than five threads*, main included, and what a program does only with larger inputs.
//! - *Counts that are not the newest.* [`Arc::strong_count`] and [`Arc::weak_count`] return how many there are now.
//! - *The order in which thread-locals are dropped*: see [`thread_local!`].
//!
//! # What a pass therefore means
//!
//! That this program, with these threads and these inputs, cannot fail in any order of its operations, with
//! any value that its loads may return, but for the omissions above. It is a proof by cases, and no sample: running
//! it again shows nothing new. It holds for this program only. That two threads and one operation each are right
//! does not show that three are, so a lesson has a model for each thing that can go wrong, as small as shows it.
//!
//! The line that a passing model prints says how far it went. "exhaustively" is all there is. "at most 2 preemptions
//! each" is all in which running threads are interrupted no more than twice. Where a thread sleeps, yields or ends, any other may
//! go on, and that is no preemption. One that leads to nothing but a wait for a lock of the interrupted thread counts as two.
//! Most mistakes show with two, not all must. "in one order of the threads" is what the model asked for, and no more. "all with
//! at most 2 preemptions among them, then the time ran out" means that the model stopped after its time: it had seen all those,
//! and some of the others. A correct answer that takes more steps than the reference is not
//! rejected for that, and its pass is worth less.
//!
//! # What was added to loom
//!
//! Loom decides which thread goes on, and which way a choice goes. What there is to choose is the facade's own:
//! `memory.rs` keeps the stores of every atomic and what each thread knows of them, `choice.rs` makes loom explore each
//! store that may be read, and `meeting.rs` tells it which operations depend on each other. Loom's own atomics have
//! another memory model, which misses some outcomes and makes up others. `tests/exactness` compares programs of two atomics
//! and fences, made at random, with the axioms of C++20: nothing is made up, and nothing missed but for the cycles named
//! above. `tests/bounds.rs` compares what a preemption bound covers with a run of all orders. Condition variables, reader-writer locks, futexes, [channels](channel), scoped threads and
//! `park` are built here on loom's parking and mutexes; `tests/exploration.rs` holds them to their contracts, and
//! `tests/channels.rs` holds the channels to those of crossbeam-channel. A model
//! that fails does not unwind: its threads stop where they are, and the report is made from the record of what
//! they did, which is always on. It costs a few per cent of the search (`cargo bench -p harness`).

/// Whether this is the face that models explore: see [`real::IS_MODEL`](super::real::IS_MODEL).
pub const IS_MODEL: bool = true;

pub mod atomic;
pub mod cell;
pub mod channel;
pub mod futex;
pub mod thread;
pub mod time;

mod arc;
mod choice;
mod clock;
mod condvar;
mod exploring;
mod life;
mod local;
mod meeting;
mod memory;
mod mutex;
mod queue;
pub(crate) mod recorder;
mod rwlock;
mod shown;

pub use crate::sync::task;
pub use arc::{Arc, Weak};
pub use condvar::Condvar;
pub use local::thread_local;
pub use mutex::{Mutex, MutexGuard};
use queue::WaitQueue;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A new interleaving begins: main is about to run.
pub(crate) fn begin_iteration() {
    exploring::begin();
    recorder::begin_iteration();
    memory::begin();
    futex::begin();
    thread::begin();
    local::begin();
}

pub(crate) use memory::sights;
pub(crate) use queue::wake_for_no_reason;
pub(crate) use thread::kept_handles;

/// Main has come to the end of the program.
pub(crate) fn main_ends() {
    local::drop_all();
}

/// Runs `f`, and lets the dry run call what it makes after `name`: the mutex in the field `balance` of an account
/// becomes `savings.balance`. It has no counterpart in the real face: it is for what a model itself makes.
///
/// ```
/// use harness::sync::model::{Mutex, naming};
///
/// struct Account {
///     balance: Mutex<u64>,
/// }
///
/// harness::model(|| {
///     let account = |name| naming(name, || Account { balance: Mutex::new(10) });
///     let (savings, wages) = (account("savings"), account("wages"));
///     *savings.balance.lock() += std::mem::take(&mut *wages.balance.lock());
/// });
/// ```
pub fn naming<R>(name: &str, f: impl FnOnce() -> R) -> R {
    recorder::naming(name, f)
}

/// Hints to the processor.
pub mod hint {
    /// Lets the other threads of the model run: what this thread waits for can only come from them.
    #[track_caller]
    pub fn spin_loop() {
        super::thread::yield_now();
    }
}

/// Helpers with the API of crossbeam-utils.
pub mod utils {
    pub use crossbeam_utils::CachePadded;

    /// [`crossbeam_utils::Backoff`] as the model sees it: every step lets the other threads run, and after
    /// the first it advises to sleep, so that both ways are explored soon.
    #[derive(Debug, Default)]
    pub struct Backoff {
        stepped: std::cell::Cell<bool>,
    }

    impl Backoff {
        /// A back-off that has not begun.
        pub fn new() -> Self {
            Self::default()
        }

        /// Begins again.
        pub fn reset(&self) {
            self.stepped.set(false);
        }

        /// Backs off in a lock-free loop.
        #[track_caller]
        pub fn spin(&self) {
            self.stepped.set(true);
            super::thread::yield_now();
        }

        /// Backs off in a loop that waits for another thread.
        #[track_caller]
        pub fn snooze(&self) {
            self.stepped.set(true);
            super::thread::yield_now();
        }

        /// Whether it is time to sleep instead.
        pub fn is_completed(&self) -> bool {
            self.stepped.get()
        }
    }
}
