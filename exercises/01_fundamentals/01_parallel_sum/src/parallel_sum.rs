//! A slice, summed and reduced on several threads at once.

// Take threads, locks and atomics from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::thread;

/// Returns the sum of `numbers`, or 0 if there are none, computed on up to `workers` threads. A sum beyond
/// [`u64::MAX`] wraps around, as in Go: it is right modulo 2^64.
///
/// [`reduce`] says how the work is shared out, and what has ended when the call returns.
///
/// ```
/// assert_eq!(parallel_sum::sum(&[1, 2, 3, 4, 5], 2), 15);
/// ```
///
/// # Panics
/// Panics with `parallel_sum: no workers` if `workers` is zero. [`reduce`] says what happens if no thread can
/// be created.
pub fn sum(numbers: &[u64], workers: usize) -> u64 {
    let _ = numbers;
    todo!("sum the numbers on up to {workers} threads")
}

/// Combines all items into one, on up to `workers` threads: of `a`, `b`, `c` it makes
/// `combine(combine(a, b), c)`. Returns `None` if there are no items; one item is its own result. `combine` is
/// not called for either.
///
/// `combine` must be associative: the result must not depend on where the brackets are. It need not be
/// commutative: the items keep their order, whichever thread finishes first.
///
/// The items are cut into at most `workers` runs of neighbours. No run is empty, and none is longer than the
/// number of items divided by `workers`, rounded up. Each run is reduced by one thread, and no run waits for
/// another. At most `workers` threads are spawned, and at most one for each run; the calling thread may
/// reduce a run itself. All spawned threads have ended when the call returns or panics.
///
/// Unlike [`Iterator::reduce`], which combines from left to right, `reduce` chooses where the brackets are.
/// It works on clones of the items, which stay in the slice.
///
/// ```
/// let words = ["to", "be", "or", "not"].map(String::from);
/// let phrase = parallel_sum::reduce(&words, 2, |left, right| left + " " + &right);
/// assert_eq!(phrase.as_deref(), Some("to be or not"));
/// ```
///
/// # Panics
/// Panics with `parallel_sum: no workers` if `workers` is zero, even if there are no items. Panics if
/// `combine` or the cloning of an item panics, on any thread. If the operating system cannot create a thread,
/// panics or reduces that run on the calling thread. The other runs still get a thread each, if there is one to
/// be had, but they may have to wait for the calling thread.
pub fn reduce<T, F>(items: &[T], workers: usize, combine: F) -> Option<T>
where
    T: Clone + Send + Sync,
    F: Fn(T, T) -> T + Sync,
{
    let _ = (items, combine);
    todo!("combine the items, in order, on up to {workers} threads")
}
