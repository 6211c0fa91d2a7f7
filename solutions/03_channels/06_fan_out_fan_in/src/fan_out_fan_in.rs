//! Workers that share an input, and the one stream into which their results are merged.

use crate::sync::Arc;
use crate::sync::channel::{Receiver, bounded};
use crate::sync::thread::{self, JoinHandle};
use std::any::Any;
use std::mem;
use std::panic::resume_unwind;

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
    assert!(workers > 0, "fan_out_fan_in: no workers");
    let work = Arc::new(work);
    // No buffer: a worker hands its result over, or waits.
    let (output, results) = bounded(0);
    let spawn = |_| {
        let (input, output, work) = (input.clone(), output.clone(), Arc::clone(&work));
        let worker = move || {
            // Ends when no item is left and none will come. Fails to send when the consumer has gone.
            for item in input {
                if output.send(work(item)).is_err() {
                    break;
                }
            }
            // However this thread ends, by a panic of `work` too, it drops its `output`. The last to do so ends
            // `results`. Nobody has to count, and nobody can close too early or twice.
        };
        thread::Builder::new().spawn(worker).ok()
    };
    let workers: Vec<_> = (0..workers).map_while(spawn).collect();
    assert!(!workers.is_empty(), "fan_out_fan_in: no threads");
    // Our own `output` and `input` go here. With a sender left in this thread, `results` would never end; with a
    // receiver, a producer would not learn that all workers have gone.
    FanIn { results, workers }
}

/// The merged results of the workers of [`fan_out`]. An iterator, which ends when all workers have.
///
/// A `FanIn` may be dropped at any time. The workers then end too, each as soon as it has finished the item that it works
/// on, or else gets next; the drop does not wait for that. Results that nobody asked for are dropped.
pub struct FanIn<U> {
    /// The senders are the workers': it ends with the last of them.
    results: Receiver<U>,
    /// Those that have not been joined.
    workers: Vec<JoinHandle<()>>,
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
        if let Ok(result) = self.results.recv() {
            return Some(result);
        }
        // The last sender has been dropped: each worker has ended, or has nothing left to do but to end.
        let ended = mem::take(&mut self.workers).into_iter();
        let panics: Vec<Payload> = ended.filter_map(|worker| worker.join().err()).collect();
        // All have been joined by now, whatever comes of the payloads.
        if let Some(panic) = panics.into_iter().next() {
            resume_unwind(panic);
        }
        None
    }
}

/// What a panic carries.
type Payload = Box<dyn Any + Send>;
