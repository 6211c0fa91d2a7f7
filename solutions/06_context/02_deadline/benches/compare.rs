//! Your contexts with deadlines, the reference, and two bounds: `tree_only` is the context of the lesson before, which has no
//! deadline, and `thread_each` starts a thread for each deadline, which sleeps until then or until the context is cancelled.
//!
//! `cargo bench -p deadline_solution`

use cancellation_solution as cancellation;
use channels::real as channel;
use divan::{Bencher, black_box};
use harness::sync::real as sync;
use std::sync::Arc;
use std::thread;
use sync::time::{Clock, Duration};
use sync::{Condvar, Mutex};
use timer_solution as timer;
use timers::Timers;

#[allow(dead_code)]
#[path = "../../../../exercises/06_context/02_deadline/src/timers.rs"]
mod timers;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/deadline.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/06_context/02_deadline/src/deadline.rs"]
mod yours;

harness::bench_main!("deadline.rs", || {
    let root = yours::Context::root();
    drop(root.child(HOUR));
    drop(root.child(HOUR).0.child(2 * HOUR));
});

const HOUR: Duration = Duration::from_secs(3600);

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Context,
            reference = crate::reference::Context,
            tree_only = crate::cancellation::Context,
            thread_each = crate::ThreadEach,
        );
    };
}

/// A context with a deadline in an hour is made and cancelled. With `t=2`, two threads share the root and its timers.
mod not_reached {
    use super::*;
    rows!(run(threads = [1, 2], sample_size = 100));

    fn run<T: Tree>(bencher: Bencher) {
        let root = T::root();
        bencher.bench(|| root.child(black_box(HOUR)));
    }
}

/// The same while a thousand others have deadlines.
mod among_a_thousand {
    use super::*;
    rows!(run(sample_size = 100));

    fn run<T: Tree>(bencher: Bencher) {
        let root = T::root();
        let _others: Vec<_> = (1..=1_000).map(|n| root.child(HOUR + n * HOUR)).collect();
        bencher.bench_local(|| root.child(black_box(HOUR)));
    }
}

/// A child with a deadline later than its parent's.
mod capped {
    use super::*;
    rows!(run(sample_size = 100));

    fn run<T: Tree>(bencher: Bencher) {
        let (parent, _guard) = T::root().child(HOUR);
        bencher.bench_local(|| parent.child(black_box(2 * HOUR)));
    }
}

trait Tree: Sync + Sized {
    type Guard;
    fn root() -> Self;
    fn child(&self, timeout: Duration) -> (Self, Self::Guard);
}

macro_rules! tree {
    ($($file:ident)+) => {$(
        impl Tree for $file::Context {
            type Guard = $file::CancelOnDrop;

            fn root() -> Self {
                Self::background(Arc::new(Timers::new(Clock::real())))
            }
            fn child(&self, timeout: Duration) -> (Self, Self::Guard) {
                self.with_timeout(timeout)
            }
        }
    )+};
}
tree!(yours reference);

impl Tree for cancellation::Context {
    type Guard = cancellation::CancelOnDrop;

    fn root() -> Self {
        Self::background()
    }
    fn child(&self, _: Duration) -> (Self, Self::Guard) {
        self.with_cancel()
    }
}

/// Each deadline has a thread.
struct ThreadEach(cancellation::Context);

struct Sleeper {
    is_cancelled: Arc<(Mutex<bool>, Condvar)>,
    guard: Arc<cancellation::CancelOnDrop>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.guard.cancel();
        *self.is_cancelled.0.lock() = true;
        self.is_cancelled.1.notify_one();
        let thread = self.thread.take().expect("it is joined once");
        thread.join().expect("it does not panic");
    }
}

impl Tree for ThreadEach {
    type Guard = Sleeper;

    fn root() -> Self {
        Self(cancellation::Context::background())
    }
    fn child(&self, timeout: Duration) -> (Self, Self::Guard) {
        let (context, guard) = self.0.with_cancel();
        let guard = Arc::new(guard);
        let is_cancelled = Arc::new((Mutex::new(false), Condvar::new()));
        let (theirs, late) = (Arc::clone(&is_cancelled), Arc::clone(&guard));
        let sleep = move || {
            let clock = Clock::real();
            let deadline = clock.now() + timeout;
            let mut is_cancelled = theirs.0.lock();
            while !*is_cancelled {
                if clock.wait_until(&theirs.1, &mut is_cancelled, deadline) {
                    late.cancel_with(cancellation::ContextError::DeadlineExceeded, None);
                    return;
                }
            }
        };
        let small = thread::Builder::new().stack_size(1 << 16);
        let guard = Sleeper {
            is_cancelled,
            guard,
            thread: Some(small.spawn(sleep).expect("a thread can be had")),
        };
        (Self(context), guard)
    }
}
