//! A pipeline: stages in threads of their own, each with the results of the one before it as its input.

use crate::sync::channel::{Receiver, Sender, bounded};
use crate::sync::thread::{self, JoinHandle};
use std::iter::FusedIterator;
use std::panic::resume_unwind;

/// Starts a stage: a thread that calls `f` with each item of `input`, in order. Returns its results.
///
/// A [`Stage`] is itself an input, for the next stage; any other iterator is one, too, a channel's receiver
/// for example. An adapter such as `filter_map` between two stages runs in the thread of the second. All
/// stages work at the same time.
///
/// The stage begins at once and works ahead of its consumer, until `capacity` results wait to be asked for,
/// and it holds one more. Then it sleeps, and takes no further item before a result has been asked for: a
/// slow consumer holds back each stage before it. With a capacity of 0, the stage hands each result over
/// before it takes the next item.
///
/// The stage ends
/// - when `input` does;
/// - when an item is an error, or `f` returns one. The stage takes no further item. The error is its last
///   result, so it travels through all later stages, and their `f` is not called with it;
/// - when the consumer has dropped the [`Stage`]: at once if it holds a result, otherwise with the next that
///   it has. Results that nobody has asked for are dropped;
/// - when `f` or `input` panics, or the drop of one of them.
///
/// However it ends, it drops `input`, and thereby ends the stage before it in the same way. After an error it
/// does so at once, and does not wait until somebody asks for the error.
///
/// ```
/// use pipeline::stage;
///
/// let words = ["1", "2", "x", "4"].map(Ok);
/// let numbers = stage(words.into_iter(), 2, |word| word.parse::<u32>());
/// let squares = stage(numbers, 2, |n| Ok(n * n));
/// let mut squares = squares.map(|result| result.ok());
/// assert_eq!(squares.next(), Some(Some(1)));
/// assert_eq!(squares.next(), Some(Some(4)));
/// assert_eq!(squares.next(), Some(None), "x is not a number");
/// assert_eq!(squares.next(), None);
/// ```
///
/// # Panics
/// Panics if the operating system cannot create a thread. By then `input` and `f` have been dropped, and so
/// the stages before this one end.
pub fn stage<T, U, E>(
    input: impl Iterator<Item = Result<T, E>> + Send + 'static,
    capacity: usize,
    f: impl FnMut(T) -> Result<U, E> + Send + 'static,
) -> Stage<U, E>
where
    U: Send + 'static,
    E: Send + 'static,
{
    let (output, results) = bounded(capacity);
    let work = move || {
        // `run` drops `input`. If the error were sent from within, the stages before would go on until a slow
        // consumer asks for it.
        if let Err(error) = run(input, f, &output) {
            // Fails if the consumer has left. Then nobody wants the error either.
            let _ = output.send(Err(error));
        }
        // However this thread ends, it drops `output` last. That is how the consumer learns that there is
        // nothing more.
    };
    Stage {
        results,
        thread: Some(thread::spawn(work)),
    }
}

/// Works on `input` until it ends, or nobody receives from `output` any more.
///
/// # Errors
/// Returns the first error, which is not sent.
fn run<T, U, E>(
    input: impl Iterator<Item = Result<T, E>>,
    mut f: impl FnMut(T) -> Result<U, E>,
    output: &Sender<Result<U, E>>,
) -> Result<(), E> {
    for item in input {
        if output.send(Ok(f(item?)?)).is_err() {
            break;
        }
    }
    Ok(())
}

/// The results of a [`stage`], in the order of its items. An iterator, which ends when the stage does.
///
/// A `Stage` may be dropped at any time. Its stage and all those before it then end soon: each drops the
/// result that it holds, or the next that it has, and takes no further item. The drop does not wait for that:
/// a stage may be asleep until its input has another item.
pub struct Stage<T, E> {
    /// The only sender is the stage's: it ends with the stage. The only receiver is here: without it the
    /// stage's sends fail.
    results: Receiver<Result<T, E>>,
    /// Until it has been joined.
    thread: Option<JoinHandle<()>>,
}

impl<T, E> Iterator for Stage<T, E> {
    type Item = Result<T, E>;

    /// Sleeps until the stage has a result, and returns it. Returns `None` when the stage has ended, and
    /// whenever it is called after that. After an error there is nothing but `None`.
    ///
    /// What the stage did before it made a result happens before this returns it. What the stage did at all
    /// happens before this returns `None`: by then its thread has ended, and `input` and `f` have been
    /// dropped. The same is true of the stages before it whose results have all been taken; those before an
    /// error, or before an adapter that has ended early, end soon.
    ///
    /// # Panics
    /// If the stage has panicked: the call that would return `None` for the first time resumes the panic,
    /// with its payload, after all results that came before it. In a later stage, this is a panic of `input`.
    /// So it goes on to the consumer, and ends the stages on its way.
    fn next(&mut self) -> Option<Result<T, E>> {
        if let Ok(result) = self.results.recv() {
            return Some(result);
        }
        // The sender has been dropped: the thread has nothing left to do but to end.
        match self.thread.take()?.join() {
            Ok(()) => None,
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl<T, E> FusedIterator for Stage<T, E> {}
