//! The face that runs on the machine: parking_lot, std, crossbeam-utils and atomic-wait, re-exported or
//! wrapped so thinly that nothing is left of it in an optimised build.

mod locks;

pub use crate::sync::task;
pub use locks::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use std::sync::{Arc, Weak};
pub use std::thread_local;

/// Whether this is the face that models explore. What only saves time, such as looking again before a sleep, has no place there:
/// what happens otherwise is what the models are for. (`cfg!(test)` would be true in benches as well.)
pub const IS_MODEL: bool = false;

/// Atomic integers, booleans and pointers, fences and orderings: those of std.
pub mod atomic {
    pub use std::sync::atomic::{
        AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8,
        AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
}

/// Shared mutable memory whose accesses the model can check.
pub mod cell {
    /// [`std::cell::UnsafeCell`] with its pointer lent to a closure, so that the model face knows when
    /// an access begins and when it ends.
    #[derive(Debug, Default)]
    #[repr(transparent)]
    pub struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// Wraps `value`.
        pub const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        /// Takes the value out.
        pub fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }

    impl<T: ?Sized> UnsafeCell<T> {
        /// Lends a pointer to read through. Under the model this is a read of the whole cell: a write
        /// by another thread that is not ordered before or after it is a data race.
        ///
        /// Dereferencing the pointer is the caller's promise that no other thread writes meanwhile.
        #[inline(always)]
        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        /// Lends a pointer to write through. Under the model this is a write of the whole cell: any
        /// access by another thread that is not ordered before or after it is a data race.
        ///
        /// Dereferencing the pointer is the caller's promise that no other thread reads or writes
        /// meanwhile.
        #[inline(always)]
        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }

        /// A plain reference: `&mut self` proves that no other thread accesses the cell.
        #[inline(always)]
        pub fn get_mut(&mut self) -> &mut T {
            self.0.get_mut()
        }
    }
}

/// Channels: those of crossbeam-channel.
///
/// Only what is named here is on both faces, and of the methods only those that do not take a time: a model has no clock
/// that runs, and these know no other. Nor is there `select!`. The errors of timeouts are here for lessons that build
/// channels.
pub mod channel {
    pub use crossbeam_channel::{
        IntoIter, Iter, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender,
        TryIter, TryRecvError, TrySendError, bounded, unbounded,
    };
}

/// Wait on the value of an atomic word, as the operating system's futex does.
pub mod futex {
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    /// [`wait`] for at most `time`.
    #[cfg(target_os = "linux")]
    pub(super) fn wait_timeout(word: &AtomicU32, expected: u32, time: Duration) {
        let time = libc::timespec {
            tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            // At most 999,999,999, which fits however wide the field is.
            tv_nsec: time.subsec_nanos() as _,
        };
        // SAFETY: the kernel reads the word and the time, and both live until the call returns. It takes the word to be one
        // of this process alone, as do the calls that wake it, in atomic-wait.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                expected,
                &raw const time,
            );
        }
    }

    /// [`wait`] for at most `time`. Looks at the word again and again, which makes no wake-up necessary.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn wait_timeout(word: &AtomicU32, expected: u32, time: Duration) {
        const LOOK: Duration = Duration::from_millis(1);
        if word.load(std::sync::atomic::Ordering::Relaxed) == expected {
            std::thread::sleep(time.min(LOOK));
        }
    }

    /// Sleeps if `*word` is `expected`, until a wake-up on the same word. The comparison and the falling
    /// asleep are one step: a wake-up that follows a change of the word cannot be missed.
    ///
    /// It may also wake spuriously, so call it in a loop that checks the word again.
    #[inline]
    pub fn wait(word: &AtomicU32, expected: u32) {
        atomic_wait::wait(word, expected);
    }

    /// Wakes one thread that sleeps on `word`, if there is one. Which one is not promised.
    #[inline]
    pub fn wake_one(word: &AtomicU32) {
        atomic_wait::wake_one(word);
    }

    /// Wakes every thread that sleeps on `word`.
    #[inline]
    pub fn wake_all(word: &AtomicU32) {
        atomic_wait::wake_all(word);
    }
}

/// Time as a clock tells it: one that runs, or one that stands still until somebody advances it.
pub mod time {
    use super::atomic::AtomicU32;
    use super::{Arc, Condvar, Mutex, MutexGuard, futex};
    pub use harness_report::instant::Instant;
    pub use std::time::Duration;

    /// How long a wait by a manual clock lasts before it returns spuriously: an advance does not wake it.
    const LOOK: Duration = Duration::from_millis(1);

    /// Tells the time, and ends waits when it has come. Clones are the same clock.
    #[derive(Clone, Debug)]
    pub struct Clock(Kind);

    #[derive(Clone, Debug)]
    enum Kind {
        Real(std::time::Instant),
        Manual(Arc<Manual>),
    }

    #[derive(Debug, Default)]
    struct Manual {
        now: Mutex<Instant>,
        advanced: Condvar,
    }

    impl Clock {
        /// The clock of the machine. It begins now, and never goes backwards.
        pub fn real() -> Self {
            Self(Kind::Real(std::time::Instant::now()))
        }

        /// A clock that stands at its beginning until [`advance`](Self::advance) moves it.
        pub fn manual() -> Self {
            Self(Kind::Manual(Arc::default()))
        }

        /// What it shows.
        pub fn now(&self) -> Instant {
            match &self.0 {
                Kind::Real(begun) => Instant::after(begun.elapsed()),
                Kind::Manual(manual) => *manual.now.lock(),
            }
        }

        /// Advances a manual clock, which ends the waits whose deadlines it reaches.
        ///
        /// # Panics
        /// If it is the clock of the machine.
        pub fn advance(&self, by: Duration) {
            let Kind::Manual(manual) = &self.0 else {
                panic!("only a manual clock can be advanced");
            };
            let mut now = manual.now.lock();
            *now = *now + by;
            drop(now);
            manual.advanced.notify_all();
        }

        /// Unlocks the mutex and sleeps on `condvar`, in one step, until `deadline` at the latest; locks it again before
        /// it returns. Returns whether the deadline is reached: `false` means a notification or a spurious wakeup, so
        /// call it in a loop that checks the condition again. Check it once more when the deadline is reached: it
        /// may have become true at the same time.
        #[must_use = "whether the deadline is reached"]
        pub fn wait_until<T: ?Sized>(
            &self,
            condvar: &Condvar,
            guard: &mut MutexGuard<'_, T>,
            deadline: Instant,
        ) -> bool {
            let left = self.left(deadline);
            condvar.wait_for(guard, left) && self.now() >= deadline
        }

        /// [`park`](super::thread::park)s until `deadline` at the latest. Returns whether the deadline is reached, even if the
        /// thread was unparked by then: look at what it waits for in either case.
        #[must_use = "whether the deadline is reached"]
        pub fn park_until(&self, deadline: Instant) -> bool {
            std::thread::park_timeout(self.left(deadline));
            self.now() >= deadline
        }

        /// Sleeps if `*word` is `expected`, as [`futex::wait`] does, until `deadline` at the latest. Returns whether the
        /// deadline is reached, even if the thread was woken by then: look at the word in either case.
        #[must_use = "whether the deadline is reached"]
        pub fn futex_wait_until(&self, word: &AtomicU32, expected: u32, deadline: Instant) -> bool {
            futex::wait_timeout(word, expected, self.left(deadline));
            self.now() >= deadline
        }

        /// How long a wait may last before the clock has to be looked at.
        fn left(&self, deadline: Instant) -> Duration {
            match &self.0 {
                Kind::Real(_) => deadline.saturating_since(self.now()),
                Kind::Manual(_) if self.now() >= deadline => Duration::ZERO,
                Kind::Manual(_) => LOOK,
            }
        }

        /// Sleeps until the clock shows `deadline` or later.
        pub fn sleep_until(&self, deadline: Instant) {
            match &self.0 {
                Kind::Real(_) => std::thread::sleep(deadline.saturating_since(self.now())),
                Kind::Manual(manual) => {
                    let mut now = manual.now.lock();
                    manual.advanced.wait_while(&mut now, |now| *now < deadline);
                }
            }
        }
    }
}

/// Hints to the processor.
pub mod hint {
    pub use std::hint::spin_loop;
}

/// Helpers from crossbeam-utils.
pub mod utils {
    pub use crossbeam_utils::{Backoff, CachePadded};
}

/// Threads: those of std, known to [`leaks`](crate::leaks) while a leak check is on.
pub mod thread {
    use crate::leaks;
    use crate::sync::refusal;
    use parking_lot::{Condvar, Mutex};
    use std::cell::{Cell, RefCell};
    use std::io;
    use std::sync::Arc;
    pub use std::thread::{
        AccessError, JoinHandle, LocalKey, Result, ScopedJoinHandle, Thread, ThreadId, current,
        panicking, park, yield_now,
    };

    thread_local! {
        static REFUSAL: Cell<refusal::Left> = const { Cell::new(None) };
        /// With which others this thread, and those that it spawns, have to be.
        static TOGETHER: RefCell<Option<Arc<Together>>> = const { RefCell::new(None) };
    }

    /// Runs `f`, in which this thread can spawn `n` threads; then it is refused them, as the operating system does when
    /// it has no more. For tests, which catch the panic of [`spawn`]: it prints nothing.
    pub fn refuse_after<R>(n: usize, f: impl FnOnce() -> R) -> R {
        let refusal = refusal::Refusal { granted: n, refused: usize::MAX };
        refusal::within(refusal, |left| REFUSAL.replace(left), f)
    }

    /// Runs `f`, in which the operating system refuses this thread the one thread that it asks for after `n` others. It
    /// can spawn the threads before and after that. As with [`refuse_after`], the panic prints nothing.
    pub fn refuse_only<R>(n: usize, f: impl FnOnce() -> R) -> R {
        let refusal = refusal::Refusal { granted: n, refused: 1 };
        refusal::within(refusal, |left| REFUSAL.replace(left), f)
    }

    /// Runs `f`, in which no thread ends before there are `n`: of those that this thread spawns, and that those spawn. A
    /// call that joins one of them before it has spawned all never returns. For work that no test can look into.
    pub fn together<R>(n: usize, f: impl FnOnce() -> R) -> R {
        let missing = Mutex::new(n);
        let outer =
            TOGETHER.replace(Some(Arc::new(Together { missing, complete: Condvar::new() })));
        let result = f();
        TOGETHER.set(outer);
        result
    }

    /// The threads of a call of [`together`].
    #[derive(Debug)]
    struct Together {
        missing: Mutex<usize>,
        complete: Condvar,
    }

    /// Counts the thread that the running one is about to spawn.
    fn one_more() -> Option<Arc<Together>> {
        let together = TOGETHER.with_borrow(Option::clone)?;
        let mut missing = together.missing.lock();
        *missing = missing.saturating_sub(1);
        if *missing == 0 {
            together.complete.notify_all();
        }
        drop(missing);
        Some(together)
    }

    /// Runs the body of a thread that belongs to these, if to any, and then waits until all are there.
    fn run_with<T>(others: Option<Arc<Together>>, f: impl FnOnce() -> T) -> T {
        struct Leaves(Option<Arc<Together>>);
        impl Drop for Leaves {
            fn drop(&mut self) {
                if let Some(together) = &self.0 {
                    let mut missing = together.missing.lock();
                    together.complete.wait_while(&mut missing, |missing| *missing > 0);
                }
            }
        }
        TOGETHER.set(others.clone());
        let _leaves = Leaves(others);
        f()
    }

    fn ask() -> io::Result<()> {
        refusal::ask(|left| REFUSAL.replace(left))
    }

    /// [`std::thread::spawn`].
    ///
    /// # Panics
    /// If the operating system refuses to make a thread.
    #[track_caller]
    pub fn spawn<F, T>(f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        refusal::expect(Builder::new().spawn(f))
    }

    /// [`std::thread::Builder`]: a thread with a name or a stack size of your choice.
    #[derive(Debug, Default)]
    pub struct Builder {
        name: Option<String>,
        stack_size: Option<usize>,
    }

    impl Builder {
        /// A builder with nothing set.
        pub fn new() -> Self {
            Self::default()
        }

        /// Names the thread: a panic, a leak report and the dry run call it so.
        pub fn name(mut self, name: String) -> Self {
            self.name = Some(name);
            self
        }

        /// Sets the size of the thread's stack, in bytes.
        pub fn stack_size(mut self, bytes: usize) -> Self {
            self.stack_size = Some(bytes);
            self
        }

        /// [`std::thread::Builder::spawn`].
        ///
        /// # Errors
        /// If the operating system refuses to make a thread.
        #[track_caller]
        pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
        where
            F: FnOnce() -> T + Send + 'static,
            T: Send + 'static,
        {
            ask()?;
            let watched = leaks::thread_started(self.name.as_deref());
            let others = one_more();
            self.into_std().spawn(move || run_with(others, || watched.run(f)))
        }

        /// [`std::thread::Builder::spawn_scoped`].
        ///
        /// # Errors
        /// If the operating system refuses to make a thread.
        #[track_caller]
        pub fn spawn_scoped<'scope, F, T>(
            self,
            scope: &'scope Scope<'scope, '_>,
            f: F,
        ) -> io::Result<ScopedJoinHandle<'scope, T>>
        where
            F: FnOnce() -> T + Send + 'scope,
            T: Send + 'scope,
        {
            ask()?;
            let watched = leaks::thread_started(self.name.as_deref());
            let others = one_more();
            self.into_std().spawn_scoped(&scope.0, move || run_with(others, || watched.run(f)))
        }

        fn into_std(self) -> std::thread::Builder {
            let mut builder = std::thread::Builder::new();
            if let Some(name) = self.name {
                builder = builder.name(name);
            }
            if let Some(bytes) = self.stack_size {
                builder = builder.stack_size(bytes);
            }
            builder
        }
    }

    /// [`std::thread::Scope`]: threads that may borrow and have all ended when [`scope`] returns.
    #[repr(transparent)]
    #[derive(Debug)]
    pub struct Scope<'scope, 'env: 'scope>(std::thread::Scope<'scope, 'env>);

    impl<'scope, 'env> Scope<'scope, 'env> {
        /// Spawns a thread that ends before the scope does.
        ///
        /// # Panics
        /// If the operating system refuses to make a thread.
        #[track_caller]
        pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
        where
            F: FnOnce() -> T + Send + 'scope,
            T: Send + 'scope,
        {
            refusal::expect(Builder::new().spawn_scoped(self, f))
        }
    }

    /// [`std::thread::scope`].
    ///
    /// # Panics
    /// If a thread that was not joined panicked.
    #[track_caller]
    pub fn scope<'env, F, T>(f: F) -> T
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
    {
        std::thread::scope(|inner| {
            // SAFETY: `Scope` is a transparent wrapper of std's `Scope`, so a shared reference to the one
            // is a valid shared reference to the other, for the same lifetime.
            let scope = unsafe {
                &*std::ptr::from_ref::<std::thread::Scope<'_, '_>>(inner).cast::<Scope<'_, '_>>()
            };
            f(scope)
        })
    }

    #[cfg(test)]
    mod tests {
        use super::{scope, spawn, together};
        use crate::testing::{must_end, panic_of};

        #[test]
        fn who_joins_before_all_are_spawned_never_returns() {
            must_end("all are there", || {
                let sum = together(3, || {
                    let all = [1, 2].map(|n| spawn(move || n + spawn(|| 10).join().unwrap()));
                    all.map(|one| one.join().unwrap()).iter().sum::<i32>()
                });
                assert_eq!(sum, 23);
            });
            let message = panic_of(|| {
                must_end("one at a time", || {
                    together(2, || (0..2).for_each(|_| scope(|s| drop(s.spawn(|| ())))));
                });
            });
            assert!(message.is_some_and(|text| text.starts_with("hangs: one at a time")));
        }
    }
}
