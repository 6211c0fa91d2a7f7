//! Your contexts, the reference, tokio-util's `CancellationToken`, and a tree in which nobody is registered: `looks_up`
//! has a flag in each context, and asks all flags on the way to the root. It can be polled, and nobody can sleep on it.
//!
//! `cargo bench -p cancellation_solution`

use channels::real as channel;
use divan::{Bencher, black_box};
use harness::bench::together;
use harness::sync::real as sync;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio_util::sync::{CancellationToken, DropGuard};

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/cancellation.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/06_context/01_cancellation/src/cancellation.rs"]
mod yours;

harness::bench_main!("cancellation.rs", || {
    let (context, guard) = yours::Context::background().with_cancel();
    guard.cancel();
    let _error = context.err();
});

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Context,
            reference = crate::reference::Context,
            tokio_util = crate::CancellationToken,
            looks_up = crate::LooksUp,
        );
    };
}

/// How deep and how wide the trees are.
const LARGE: usize = 1_000;

/// A child of the root is made, and cancelled by its guard. With `t=2`, two threads share the root.
mod child {
    use super::*;
    rows!(run(threads = [1, 2], sample_size = 1_000));

    fn run<T: Tree>(bencher: Bencher) {
        let root = T::root();
        bencher.bench(|| root.child());
    }
}

/// The same, 1,000 times by each of eight threads, more than there are processors.
mod child_oversubscribed {
    use super::*;
    rows!(run());

    fn run<T: Tree>(bencher: Bencher) {
        bencher.bench_local(|| {
            let root = T::root();
            together(8, || (0..1_000).for_each(|_| drop(root.child())));
        });
    }
}

/// A context with 1,000 children is cancelled. They are made outside the measured time.
mod cancel_wide {
    use super::*;
    rows!(run());

    fn run<T: Tree>(bencher: Bencher) {
        bencher
            .with_inputs(|| {
                let (parent, guard) = T::root().child();
                let children: Vec<_> = (0..LARGE).map(|_| parent.child()).collect();
                (guard, parent, children)
            })
            .bench_local_values(|(guard, parent, children)| {
                drop(guard);
                (parent, children)
            });
    }
}

/// A chain of 1,000 contexts is cancelled from its top.
mod cancel_deep {
    use super::*;
    rows!(run());

    fn run<T: Tree>(bencher: Bencher) {
        bencher
            .with_inputs(|| {
                let (top, guard) = T::root().child();
                let mut chain = vec![top.child()];
                for level in 1..LARGE {
                    chain.push(chain[level - 1].0.child());
                }
                (guard, top, chain)
            })
            .bench_local_values(|(guard, top, chain)| {
                drop(guard);
                (top, chain)
            });
    }
}

/// A task asks whether its context is done, which it is not. The context is the fourth from the root.
mod ask {
    use super::*;
    rows!(run(threads = [1, 2], sample_size = 10_000));

    fn run<T: Tree>(bencher: Bencher) {
        let (a, _a) = T::root().child();
        let (b, _b) = a.child();
        let (c, _c) = b.child();
        bencher.bench(|| black_box(&c).is_done());
    }
}

trait Tree: Sync + Sized {
    type Guard;
    fn root() -> Self;
    fn child(&self) -> (Self, Self::Guard);
    fn is_done(&self) -> bool;
}

macro_rules! tree {
    ($($file:ident)+) => {$(
        impl Tree for $file::Context {
            type Guard = $file::CancelOnDrop;

            fn root() -> Self {
                Self::background()
            }
            fn child(&self) -> (Self, Self::Guard) {
                self.with_cancel()
            }
            fn is_done(&self) -> bool {
                self.err().is_some()
            }
        }
    )+};
}
tree!(yours reference);

impl Tree for CancellationToken {
    type Guard = DropGuard;

    fn root() -> Self {
        Self::new()
    }
    fn child(&self) -> (Self, Self::Guard) {
        let child = self.child_token();
        (child.clone(), child.drop_guard())
    }
    fn is_done(&self) -> bool {
        self.is_cancelled()
    }
}

#[derive(Clone)]
struct LooksUp(Arc<Flag>);

struct Flag {
    is_set: AtomicBool,
    parent: Option<LooksUp>,
}

struct SetOnDrop(LooksUp);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.0.is_set.store(true, Relaxed);
    }
}

impl LooksUp {
    fn new(parent: Option<Self>) -> Self {
        Self(Arc::new(Flag {
            is_set: AtomicBool::new(false),
            parent,
        }))
    }
}

impl Tree for LooksUp {
    type Guard = SetOnDrop;

    fn root() -> Self {
        Self::new(None)
    }
    fn child(&self) -> (Self, Self::Guard) {
        let child = Self::new(Some(self.clone()));
        (child.clone(), SetOnDrop(child))
    }
    fn is_done(&self) -> bool {
        let mut at = Some(self);
        while let Some(LooksUp(flag)) = at {
            if flag.is_set.load(Relaxed) {
                return true;
            }
            at = flag.parent.as_ref();
        }
        false
    }
}
