//! A map whose function runs on several threads: ordered, with a bound on what is in flight, and with the
//! first error as its last result.

use crate::sync::{Arc, Condvar, Mutex, thread};
use std::collections::VecDeque;
use std::io;
use std::iter::FusedIterator;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

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
    assert!(workers > 0, "parallel_map: zero workers");
    assert!(window > 0, "parallel_map: zero window");
    let source = Arc::new(Mutex::new(Some(items.into_iter())));
    let f = Arc::new(f);
    let map = ParallelMap {
        flight: Arc::new(Flight::new(window)),
    };
    for n in 1..=workers.min(window) {
        let (source, f, flight) = (Arc::clone(&source), Arc::clone(&f), Arc::clone(&map.flight));
        let work = move || {
            while let Some((position, item)) = take(&source, &flight) {
                // Unwind safety: after a panic of `f` no further item is taken. Calls that are under way
                // may see what it has left in what they share, as they may if `f` returns an error
                // halfway.
                let outcome = catch_unwind(AssertUnwindSafe(|| f(item)));
                flight.put(position, outcome);
            }
        };
        // If this fails, `map` is dropped, and those that were started end. Nothing joins them.
        thread::Builder::new()
            .name(format!("worker {n}"))
            .spawn(work)?;
    }
    Ok(map)
}

/// Waits for room, and takes the next item. Returns `None` when there are no more items to take.
fn take<I: Iterator, R, E>(
    source: &Mutex<Option<I>>,
    flight: &Flight<R, E>,
) -> Option<(usize, I::Item)> {
    // Position and item are taken in one critical section, or they would not belong together. It is a lock
    // of its own: the source may take long, and `next` and `put` must not wait for it. Only the thread that
    // holds it waits for room; the others wait for this lock, and would find no room either.
    let mut source = source.lock();
    let Some(position) = flight.claim() else {
        *source = None; // the map has ended, and somebody may wait for what the source holds
        return None;
    };
    // Unwind safety: a source that has panicked is not asked again, because `claim` fails from then on.
    let asked = catch_unwind(AssertUnwindSafe(|| {
        let item = source.as_mut()?.next();
        if item.is_none() {
            *source = None;
        }
        item
    }));
    // While the source is locked: the next thread must find that the source has ended.
    match asked {
        Ok(Some(item)) => return Some((position, item)),
        Ok(None) => flight.end_at(position),
        Err(payload) => {
            flight.put(position, Err(payload));
            *source = None; // here, because the other threads may be in `f` for long
        }
    }
    None
}

/// The results of a [`parallel_map`], in the order of its items.
///
/// It may be dropped at any time: the drop drops the results that are there, no further item is taken, except
/// by a thread that was about to, and the threads end. The drop does not wait for that, and does the same
/// while its thread unwinds. Each later result is dropped by the thread that brings it.
pub struct ParallelMap<R, E> {
    flight: Arc<Flight<R, E>>,
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
        let outcome = self.flight.next()?;
        Some(outcome.unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

impl<R, E> FusedIterator for ParallelMap<R, E> {}

impl<R, E> Drop for ParallelMap<R, E> {
    fn drop(&mut self) {
        self.flight.abandon();
    }
}

/// How often the consumer yields before it sleeps. Waking it for each result costs more than a short call of
/// `f`, and the thread that wakes it pays for that. This only saves time.
const YIELDS: usize = if crate::sync::IS_MODEL { 1 } else { 4 };

/// The outcome of a call of `f`: its result, or its panic.
type Outcome<R, E> = thread::Result<Result<R, E>>;

/// The items that are in flight. The consumer and the threads share this.
struct Flight<R, E> {
    window: usize,
    state: Mutex<State<R, E>>,
    /// The consumer sleeps here until the next result is there, or the end is known.
    ready: Condvar,
    /// The thread that holds the source sleeps here while the window is full.
    room: Condvar,
}

/// Positions are those of the items, from 0: `returned <= taken`, unless the consumer has left.
///
/// ```text
///  0 .. returned .............. taken ........ end
///       in flight: at most `window`            as far as is known
///       results[0] is that of `returned`
/// ```
struct State<R, E> {
    /// How many items have been asked for.
    taken: usize,
    /// How many results the consumer has got.
    returned: usize,
    /// How many results there will be, at most; this shrinks when one of them turns out to be the last. No item
    /// is taken from here on, and no result is kept.
    end: usize,
    /// `None` where the result is not there yet.
    results: VecDeque<Option<Outcome<R, E>>>,
}

impl<R, E> Flight<R, E> {
    fn new(window: usize) -> Self {
        Self {
            window,
            state: Mutex::new(State {
                taken: 0,
                returned: 0,
                end: usize::MAX,
                results: VecDeque::new(),
            }),
            ready: Condvar::new(),
            room: Condvar::new(),
        }
    }

    /// Sleeps until there is room, and takes the next position. Returns `None` if there are no more. The caller
    /// holds the source, so only one thread is here at a time.
    fn claim(&self) -> Option<usize> {
        let mut state = self.state.lock();
        // No wakeup is lost: what this looks at changes under the lock, which this thread holds from its
        // look until it is asleep. `next`, which makes room, and `put` and `abandon`, which move the end,
        // notify after that. Only one thread sleeps here, so one notification is enough. A loop, because a
        // wakeup may be spurious.
        while state.taken < state.end && state.taken - state.returned >= self.window {
            self.room.wait(&mut state);
        }
        let position = (state.taken < state.end).then_some(state.taken)?;
        state.taken += 1;
        Some(position)
    }

    /// Says that there is no item at `position`, which was claimed. The caller holds the source: nobody
    /// waits for room.
    fn end_at(&self, position: usize) {
        let mut state = self.state.lock();
        state.end = state.end.min(position);
        drop(state);
        self.ready.notify_one();
    }

    /// Keeps the outcome of a position that was claimed, if it is wanted. An error or a panic is the last one.
    fn put(&self, position: usize, outcome: Outcome<R, E>) {
        let is_last = !matches!(outcome, Ok(Ok(_)));
        let mut state = self.state.lock();
        if position >= state.end {
            drop(state);
            return; // and drops the outcome, without the lock
        }
        // Not returned yet, because it was not there.
        let index = position - state.returned;
        if state.results.len() <= index {
            state.results.resize_with(index + 1, || None);
        }
        state.results[index] = Some(outcome);
        let mut unwanted = VecDeque::new();
        if is_last {
            state.end = position + 1;
            unwanted = state.results.split_off(index + 1);
        }
        drop(state);
        // The consumer waits only for the first position; the thread that fills it wakes the consumer.
        if index == 0 {
            self.ready.notify_one();
        }
        if is_last {
            self.room.notify_one();
        }
        drop(unwanted);
    }

    /// Sleeps until the result of the first position in flight is there, and takes it.
    fn next(&self) -> Option<Outcome<R, E>> {
        let mut state = self.state.lock();
        // No wakeup is lost, for the same reason as in `claim`: `put` fills the first position under the
        // lock, and `end_at` moves the end under it. This is the only consumer, and nobody else makes a later
        // position the first.
        let mut yields = 0;
        let outcome = loop {
            if state.returned >= state.end {
                return None;
            }
            if let Some(outcome) = state.results.front_mut().and_then(Option::take) {
                break outcome;
            }
            if yields < YIELDS {
                yields += 1;
                drop(state);
                thread::yield_now();
                state = self.state.lock();
                continue;
            }
            self.ready.wait(&mut state);
        };
        state.results.pop_front();
        state.returned += 1;
        drop(state);
        self.room.notify_one();
        Some(outcome)
    }

    /// Ends the map at once.
    fn abandon(&self) {
        let mut state = self.state.lock();
        state.end = 0;
        let unwanted = mem::take(&mut state.results);
        drop(state);
        self.room.notify_one();
        drop(unwanted);
    }
}
