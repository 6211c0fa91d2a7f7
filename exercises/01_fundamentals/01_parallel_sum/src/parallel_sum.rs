//! A slice, summed and reduced on several threads at once.

// Threads, locks, atomics: all from `crate::sync`, or the model checker does not see them. To begin with:
// use crate::sync::thread;

/// The sum of `numbers`, worked out on up to `workers` threads; 0 if there are none. A sum beyond
/// [`u64::MAX`] wraps around, as Go's does: it is right modulo 2^64.
///
/// How the work is shared out, and when the call returns, is as for [`reduce`].
///
/// ```
/// assert_eq!(parallel_sum::sum(&[1, 2, 3, 4, 5], 2), 15);
/// ```
///
/// # Panics
/// With `parallel_sum: no workers` if `workers` is zero.
pub fn sum(numbers: &[u64], workers: usize) -> u64 {
    let _ = numbers;
    todo!("sum the numbers on up to {workers} threads")
}

/// Puts `combine` between neighbours: of `a`, `b`, `c` it makes `combine(combine(a, b), c)`, on up to
/// `workers` threads. `None` if there are no items; one item is its own result.
///
/// `combine` has to be associative, that is, it must not matter where the brackets are. It need not be
/// commutative: the items stay in their order, whichever thread is done first.
///
/// The items are cut into at most `workers` runs of neighbours, none of them empty, and none longer than
/// their number divided by `workers`, rounded up. Each run is reduced by one thread, and no run is held up by
/// another. No more than `workers` threads are spawned, and no more than there are runs; the calling thread
/// may take a run itself. All of them have ended when the call returns or panics.
///
/// Unlike [`Iterator::reduce`], which goes from left to right, this chooses where the brackets are, and
/// clones the items, which stay where they are.
///
/// ```
/// let words = ["to", "be", "or", "not"].map(String::from);
/// let phrase = parallel_sum::reduce(&words, 2, |left, right| left + " " + &right);
/// assert_eq!(phrase.as_deref(), Some("to be or not"));
/// ```
///
/// # Panics
/// With `parallel_sum: no workers` if `workers` is zero, even if there is nothing to do; and if `combine` or
/// the cloning of an item panics, on whichever thread.
pub fn reduce<T, F>(items: &[T], workers: usize, combine: F) -> Option<T>
where
    T: Clone + Send + Sync,
    F: Fn(T, T) -> T + Sync,
{
    let _ = (items, combine);
    todo!("combine the items, in order, on up to {workers} threads")
}
