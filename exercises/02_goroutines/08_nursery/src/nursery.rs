//! A nursery: a block that does not end before the threads that were started in it have ended.

// Take locks, atomics and threads from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::{Mutex, thread};
// use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::marker::PhantomData;
use std::mem;

/// Starts the children of one block: [`open`] lends a nursery to its body.
///
/// Every thread that can reach the nursery may start a child in it, including the children, as long as the
/// block lasts.
///
/// A [`Scope`](std::thread::Scope) of std returns a handle for every thread, and replaces the payload if a
/// thread panicked and was not joined. A nursery has no handles: the block waits for all children, never
/// for a single one, and a child's panic leaves the block with its original payload.
pub struct Nursery<'scope, 'env: 'scope> {
    // Your fields. Children reach the nursery from their own threads, so it has to be `Sync`.
    // The two below take no space, and stay: they hold on to the lifetimes.
    /// `'scope` is the lifetime of the nursery, `'env` that of what was there before it. Neither may shrink
    /// or grow, or `spawn` would accept a closure whose borrows do not live long enough.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// Runs `body`, waits until all children started in its nursery have ended, and returns what `body`
/// returned.
///
/// A child has ended when its closure has returned or been unwound by a panic, and everything that the
/// closure owned is dropped. What the children did happens before `open` returns or unwinds, so they may
/// borrow anything that lives longer than this call. The thread of a child may not have ended yet.
///
/// `body` runs on the calling thread. While there are children left, `open` sleeps. It also waits for
/// children that other children start in the meantime.
///
/// ```
/// let words = ["to", "be", "or", "not"];
/// let (mut letters, mut longest) = (0, 0);
/// let count = nursery::open(|nursery| {
///     nursery.spawn(|| letters = words.iter().map(|word| word.len()).sum());
///     nursery.spawn(|| longest = words.iter().map(|word| word.len()).max().unwrap());
///     words.len()
/// });
/// assert_eq!((count, letters, longest), (4, 9, 3));
/// ```
///
/// # Panics
/// Panics if `body` or a child panics. The panic interrupts nothing else: the block still waits for all of
/// them. Then `open` resumes the first of the panics, with its payload; before that, the payloads of the
/// others and the value that `body` returned are dropped. Their destructors must not panic, and no other
/// thread waits for them.
/// [`Nursery::has_panicked`] says which panic is the first.
pub fn open<'env, T>(body: impl for<'scope> FnOnce(&'scope Nursery<'scope, 'env>) -> T) -> T {
    let _ = body;
    todo!("run the body, wait for every child, and resume the first panic if there is one")
}

impl<'scope> Nursery<'scope, '_> {
    /// Starts `child` in a thread of its own, and does not wait for it.
    ///
    /// What the caller did before happens before `child` begins. Children may be started at any time until
    /// the block ends, even after a panic.
    ///
    /// # Panics
    /// Panics if the operating system cannot create a thread. Then there is no child, and `child` is
    /// dropped; what it owned may use the nursery even then. The panic is the caller's own: a caller that
    /// catches it has not panicked.
    pub fn spawn(&'scope self, child: impl FnOnce() + Send + 'scope) {
        let _ = child;
        todo!("start the child so that `open` cannot end before it")
    }

    /// Returns whether `body` or a child has panicked. If so, the results of this block will be lost.
    ///
    /// If a call has returned `true`, all later calls do too, and the first panic is decided: a panic that
    /// begins later is not the first. Calls return `true` before the block ends, soon after the panic has
    /// unwound its closure. A child that runs for a long time should check now and then, because the block
    /// waits for it even after a panic.
    pub fn has_panicked(&self) -> bool {
        todo!("return whether the body or a child has panicked")
    }
}

/// Turns the lifetime of `child` into `'static`, because [`thread::spawn`] requires that.
///
/// # Safety
/// The child must be gone before `'scope` ends: called, and returned or unwound, or else dropped. In a
/// nursery, `'scope` lasts until [`open`] returns or unwinds, and no longer.
#[allow(dead_code, reason = "until `spawn` calls it")]
unsafe fn forget_scope<'scope>(
    child: Box<dyn FnOnce() + Send + 'scope>,
) -> Box<dyn FnOnce() + Send + 'static> {
    // SAFETY: a lifetime does not change the layout of a type. The caller promises that the child is gone
    // before anything that it borrows is.
    unsafe { mem::transmute(child) }
}
