//! A nursery: a block that does not end before the threads that were started in it.

// Locks, atomics, threads: all from `crate::sync`, or the model checker does not see them. To begin with:
// use crate::sync::{Mutex, thread};
// use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::marker::PhantomData;
use std::mem;

/// Where the children of one block are started: what [`open`] lends to its body.
///
/// Whoever can reach the nursery may start a child in it, the children included, as long as the block lasts.
///
/// A [`Scope`](std::thread::Scope) of std gives a handle for every thread, and replaces the payload of a
/// thread that panicked unjoined. A nursery gives no handles: nobody waits for one child, the block waits
/// for all of them, and the panic that ends it is the very one that a child began.
pub struct Nursery<'scope, 'env: 'scope> {
    // Your fields. Children reach the nursery from their own threads, so it has to be `Sync`.
    /// `'scope` is the time for which the nursery can be reached, `'env` that of what was there before it.
    /// Neither may shrink or grow: `spawn` could be lent what does not live long enough.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// Runs `body`, waits until all the children started in its nursery have ended, and returns what `body`
/// returned.
///
/// A child has ended when its closure has returned, or has been unwound by a panic, and all that the closure
/// owned is dropped. What the children did happens before `open` returns or unwinds, so they may borrow
/// whatever lives longer than this call. The thread under the child may still be on its way out.
///
/// `body` runs on the calling thread. While children are left `open` sleeps, and those that are started
/// meanwhile, by other children, are waited for too.
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
/// If `body` or a child panics. Nobody is interrupted by it: the block still waits for all of them. Then
/// `open` resumes the first of the panics, with its payload; the payloads of the others and what `body`
/// returned are dropped. [`Nursery::has_panicked`] says which is the first.
pub fn open<'env, T>(body: impl for<'scope> FnOnce(&'scope Nursery<'scope, 'env>) -> T) -> T {
    let _ = body;
    todo!("run the body, wait for every child, and resume the first panic if there is one")
}

impl<'scope> Nursery<'scope, '_> {
    /// Starts `child` in a thread of its own, and does not wait for it.
    ///
    /// What the caller did before happens before `child` begins. Children may be started at any time until
    /// the block ends, also after a panic.
    ///
    /// # Panics
    /// If the operating system refuses to make a thread. There is no child then, and `child` is dropped.
    pub fn spawn(&'scope self, child: impl FnOnce() + Send + 'scope) {
        let _ = child;
        todo!("start the child so that `open` cannot end before it")
    }

    /// Whether `body` or a child has panicked, so that nobody will see what this block finds out.
    ///
    /// Once this has said `true` it always does, and the first panic is decided: a later one is not it. It is
    /// `true` before the block ends, soon after the panic has unwound its closure. A child that runs for
    /// long does well to look now and then: the block waits for it all the same.
    pub fn has_panicked(&self) -> bool {
        todo!("say whether one has panicked")
    }
}

/// Forgets how long `child` may live, because [`thread::spawn`] wants what lives for ever.
///
/// # Safety
/// The child must be gone before `'scope` is over: called, and returned or unwound, or else dropped. In a
/// nursery `'scope` lasts until [`open`] returns or unwinds, and not a moment longer.
#[allow(dead_code, reason = "until `spawn` calls it")]
unsafe fn forget_scope<'scope>(
    child: Box<dyn FnOnce() + Send + 'scope>,
) -> Box<dyn FnOnce() + Send + 'static> {
    // SAFETY: a lifetime has no part in the layout of a type. That nobody uses what has ceased to live is
    // what the caller promises.
    unsafe { mem::transmute(child) }
}
