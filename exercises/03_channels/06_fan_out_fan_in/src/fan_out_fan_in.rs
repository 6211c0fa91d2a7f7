//! Workers that share an input, and the one stream into which their results are merged.

// Take channels, threads and locks from `crate::sync`: the model checker sees no others. To begin with:
// use crate::sync::channel::bounded;
// use crate::sync::thread::{self, JoinHandle};
use crate::sync::channel::Receiver;
use std::marker::PhantomData;

/// Starts up to `workers` threads that take their items from `input`, and merges what `work` makes of them.
///
/// Each item is taken by one worker, and each result comes out once, when it is finished; of several that wait, any may be
/// first. Items are worked on at the same time, one by each worker. A worker that has finished an item sleeps until
/// somebody asks for the result, before it takes the next one: no more than one item for each worker is taken and not
/// handed on, however slow the consumer is.
///
/// The workers end when `input` does, which means when its last sender has been dropped and no item is left; or when the
/// [`FanIn`] has been dropped. What the sender of an item did before happens before `work` is called with it.
///
/// ```
/// use fan_out_fan_in::fan_out;
/// use harness::sync::real::channel::bounded;
/// use std::thread;
///
/// let (sender, numbers) = bounded(0);
/// thread::spawn(move || (1..=4).for_each(|n| sender.send(n).expect("somebody receives")));
/// let mut squares: Vec<u32> = fan_out(numbers, 3, |n| n * n).collect();
/// squares.sort_unstable();
/// assert_eq!(squares, [1, 4, 9, 16]);
/// ```
///
/// # Panics
/// Panics with `fan_out_fan_in: no workers` if `workers` is zero, and with `fan_out_fan_in: no threads` if the operating
/// system cannot create any. If it can create some, these are the workers.
pub fn fan_out<T, U>(
    input: Receiver<T>,
    workers: usize,
    work: impl Fn(T) -> U + Send + Sync + 'static,
) -> FanIn<U>
where
    T: Send + 'static,
    U: Send + 'static,
{
    let _ = (input, workers, work);
    todo!("start the workers, and keep what is needed to receive their results")
}

/// The merged results of the workers of [`fan_out`]. An iterator, which ends when all workers have.
///
/// A `FanIn` may be dropped at any time. The workers then end too, each as soon as it has finished the item that it works
/// on, or else gets next; the drop does not wait for that. Results that nobody asked for are dropped.
pub struct FanIn<U> {
    // The fields are yours. This one takes no space, and makes `U` occur in a field, as it must.
    replace_me: PhantomData<fn() -> U>,
}

impl<U> Iterator for FanIn<U> {
    type Item = U;

    /// Sleeps until a worker has a result, and returns it. Returns `None` when all workers have ended, and whenever it is
    /// called after that.
    ///
    /// What a worker did before it returned from `work` happens before this returns the result; what all of them did,
    /// before this returns `None`. By then their threads have ended, and `work` has been dropped.
    ///
    /// # Panics
    /// If `work` panics, its worker ends, and the others go on with the rest of the items. When all have ended, and all
    /// results have been returned, the first call resumes the panic, with its payload, in place of `None`. If several
    /// workers have panicked, it is one of theirs, and the other payloads are dropped.
    fn next(&mut self) -> Option<U> {
        todo!("receive a result; at the end join the workers, and go on with a panic of theirs")
    }
}
