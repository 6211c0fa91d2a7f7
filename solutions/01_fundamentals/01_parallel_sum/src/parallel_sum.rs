//! A slice, summed and reduced on several threads at once.

use crate::sync::thread;
use std::panic::resume_unwind;

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
    // Addition modulo 2^64 is associative, so the brackets may be anywhere.
    reduce(numbers, workers, u64::wrapping_add).unwrap_or(0)
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
    assert!(workers > 0, "parallel_sum: no workers");
    // Rounded up: rounded down, the remainder would need a run more than there are workers. And at least 1,
    // which `chunks` insists on; it matters only if there are no items.
    let longest = items.len().div_ceil(workers).max(1);
    let mut runs = items.chunks(longest);
    let first = runs.next()?;
    // No run is empty, so each has a result.
    let reduce_run = |run: &[T]| {
        let reduced = run.iter().cloned().reduce(&combine);
        reduced.expect("`chunks` gives no empty slice")
    };
    let reduce_run = &reduce_run;
    Some(thread::scope(|s| {
        // `collect` is what starts them all: `map` alone would spawn each only when it is time to join it.
        // They are made anew on every call; rayon keeps its threads, and so is faster for short slices.
        let others: Vec<_> = runs.map(|run| s.spawn(move || reduce_run(run))).collect();
        // Somebody has to wait for the others; that thread may as well take a run.
        let first = reduce_run(first);
        // In the order of the runs, not in that in which they were finished. What a thread did happens before
        // its join returns, which is all the synchronisation there is: nothing is shared but what all only
        // read. A panic goes on in this thread; the scope first waits for those that are not joined yet.
        others.into_iter().fold(first, |left, other| {
            let right = other.join().unwrap_or_else(|panic| resume_unwind(panic));
            combine(left, right)
        })
    }))
}
