//! A slice, summed and reduced on several threads at once.

use crate::sync::thread;
use std::panic::resume_unwind;

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
    // Addition modulo 2^64 is associative, so the brackets may be anywhere.
    reduce(numbers, workers, u64::wrapping_add).unwrap_or(0)
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
    assert!(workers > 0, "parallel_sum: no workers");
    // Rounded up: rounding down can make more runs than there are workers. At least 1, because `chunks`
    // panics for 0; this matters only if there are no items.
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
        // `collect` starts all threads at once: `map` alone would spawn each one just before its join.
        // Every call spawns new threads; rayon keeps its threads, so it is faster for short slices.
        let others: Vec<_> = runs.map(|run| s.spawn(move || reduce_run(run))).collect();
        // This thread has to wait for the others anyway, so it takes a run itself.
        let first = reduce_run(first);
        // Joins in the order of the runs, not in the order in which they finish. What a thread did happens
        // before its join returns. No other synchronisation is needed: the threads only read what they
        // share. A panic continues in this thread, and the scope first waits for the threads not yet joined.
        others.into_iter().fold(first, |left, other| {
            let right = other.join().unwrap_or_else(|panic| resume_unwind(panic));
            combine(left, right)
        })
    }))
}
