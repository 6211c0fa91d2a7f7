//! A map whose function runs on several threads: ordered, with a bound on what is in flight, and with the
//! first error as its last result.

// Take locks and threads from `crate::sync`, or channels: the model checker sees no others. To begin with:
// use crate::sync::{Arc, Condvar, Mutex, thread}; // No `Arc<dyn Trait>`, but `Arc<Box<dyn Trait>>`.
// use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::io;
use std::iter::FusedIterator;
use std::marker::PhantomData;

/// Calls `f` with each of `items`, on `workers` threads, and returns the results in the order of the items.
///
/// What comes out is what `items.into_iter().map(f)` would give, up to the first error, if `f` returns the
/// same for the same item. The first error is that of the first item that has one, whichever thread was
/// faster.
///
/// An item is **in flight** from the moment at which `items` is asked for it, until
/// [`next`](ParallelMap::next) has returned its result; it still is while `next` waits for it. No more than
/// `window` items ever are. That may be any number: it takes no memory by itself. The threads begin at once and
/// work ahead of the consumer, until that many are in flight; then they sleep. So `items` may be endless, and
/// one item that takes long holds back no more than the window.
///
/// One thread at a time asks `items`, for one item after the other. Nothing else waits meanwhile, nor while
/// `items` is dropped: results that are there can be taken. Each item stays on the thread that has asked for
/// it, so it need not be [`Send`].
///
/// **It ends** when
/// - `items` does. It is not asked again, and is dropped before the consumer is told;
/// - `f` returns an error, or `f` or `items` panics. That is the result of its item, and the last one: those
///   before it still come, later ones are dropped. `items` is not asked any more, except by a thread that was
///   about to, and never if it has panicked; it is dropped at once, whatever is in flight. Earlier items are
///   still worked on. Later ones may be, and nobody waits for them;
/// - the consumer drops the [`ParallelMap`].
///
/// Then the threads end, each as soon as it has no call of `f` or `items` to wait for, and `items` and `f`
/// are dropped, even if the consumer keeps the [`ParallelMap`].
///
/// ```
/// use parallel_map::parallel_map;
///
/// let words = ["1", "2", "x", "4", "y"];
/// let mut numbers = parallel_map(words, 2, 4, str::parse::<u32>)?;
/// assert_eq!(numbers.next(), Some(Ok(1)));
/// assert_eq!(numbers.next(), Some(Ok(2)));
/// assert!(numbers.next().is_some_and(|x| x.is_err()));
/// assert_eq!(numbers.next(), None);
///
/// let all: Result<Vec<u32>, _> = parallel_map(["1", "2"], 2, 4, str::parse)?.collect();
/// assert_eq!(all, Ok(vec![1, 2]));
/// # Ok::<_, std::io::Error>(())
/// ```
///
/// # Errors
/// If the operating system cannot create one of the threads. Those that were started end, and `items` and
/// `f` are dropped; `parallel_map` does not wait for that. No more threads are started than there is room for
/// in the window.
///
/// # Panics
/// If `workers` or `window` is 0: "parallel_map: zero workers", "parallel_map: zero window".
pub fn parallel_map<I, F, R, E>(
    items: I,
    workers: usize,
    window: usize,
    f: F,
) -> io::Result<ParallelMap<R, E>>
where
    I: IntoIterator,
    I::IntoIter: Send + 'static,
    F: Fn(I::Item) -> Result<R, E> + Send + Sync + 'static,
    R: Send + 'static,
    E: Send + 'static,
{
    let _ = (items.into_iter(), workers, window, f);
    todo!("start the threads, which take items while there is room in the window")
}

/// The results of a [`parallel_map`], in the order of its items.
///
/// It may be dropped at any time: the drop drops the results that are there, no further item is taken, except
/// by a thread that was about to, and the threads end. The drop does not wait for that, and does the same
/// while its thread unwinds. Each later result is dropped by the thread that brings it.
pub struct ParallelMap<R, E> {
    // Your fields, in place of this one.
    results: PhantomData<(R, E)>,
}

impl<R, E> Iterator for ParallelMap<R, E> {
    type Item = Result<R, E>;

    /// Sleeps until the next result is there, and returns it. Returns `None` when `items` has ended and all
    /// results have been returned, and after an error or a panic.
    ///
    /// What `f` and `items` did for an item happens before its result is returned.
    ///
    /// # Panics
    /// If `f` or `items` has panicked: this resumes the panic, with its payload, in place of the result.
    fn next(&mut self) -> Option<Result<R, E>> {
        todo!("sleep until the result of the next item is there, and return it")
    }
}

impl<R, E> FusedIterator for ParallelMap<R, E> {}

impl<R, E> Drop for ParallelMap<R, E> {
    fn drop(&mut self) {
        let _ = self.results;
        todo!("tell the threads that nobody wants a result any more")
    }
}
