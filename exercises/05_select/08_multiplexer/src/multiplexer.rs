//! A multiplexer: one loop over many channels, with time limits and a shutdown.

// Take channels, the select and the timers from the crate: the models put theirs in their place. To begin
// with:
// use crate::channel::{Arm, RecvArm};
// use crate::select::select;
// use crate::timer::Timer;
use crate::channel::Receiver;
use crate::sync::time::Duration;
use crate::timer::Timers;

/// What a [`Multiplexer`] reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<T> {
    /// The source of this number has sent a value.
    Received(usize, T),
    /// The source of this number has no senders any more, and all of its values have been received. Reported
    /// once.
    Closed(usize),
    /// A turn has lasted as long as [`Multiplexer::with_idle`] allows, and no source had anything. The next
    /// turn goes on.
    Idle,
    /// The time of [`Multiplexer::with_limit`] is over. This is the last event.
    TimedOut,
    /// The shutdown of [`Multiplexer::with_shutdown`] was asked for. This is the last event.
    ShutDown,
}

/// Waits for many sources at once: an iterator over what happens next.
///
/// Each call of `next` is a turn. It reports the first of these that has happened, in this order, and sleeps if
/// nothing has: the shutdown, the end of the limit, the sources in the order of their numbers. So a source can
/// keep those with higher numbers waiting, but not the shutdown nor the limit. If a turn sleeps, what happens
/// first ends it.
///
/// After the last event, and when all sources are closed, `next` returns `None`.
///
/// ```
/// use channels::real::bounded;
/// use harness::sync::real::time::{Clock, Duration};
/// use timer_solution::Timers;
///
/// let timers = Timers::new(Clock::real());
/// let (oven, pizza) = bounded(1);
/// let (grill, burger) = bounded(1);
/// let _pizza = timers.after_func(Duration::from_millis(20), move || _ = oven.send("pizza"));
/// let _burger = timers.after_func(Duration::from_millis(40), move || _ = grill.send("burger"));
///
/// let limit = Duration::from_millis(30);
/// for event in Multiplexer::new(&timers, vec![pizza, burger]).with_limit(limit) {
///     match event {
///         Event::Received(_, food) => println!("{food}"),
///         Event::TimedOut => println!("no burger today"),
///         _ => {}
///     }
/// }
/// ```
pub struct Multiplexer<'a, T> {
    // Your fields. These two are here because the types need them.
    timers: &'a Timers,
    sources: Vec<Receiver<T>>,
}

impl<'a, T> Multiplexer<'a, T> {
    /// Makes a multiplexer of `sources`, which are numbered from 0. It has no limits, and no shutdown.
    pub fn new(timers: &'a Timers, sources: Vec<Receiver<T>>) -> Self {
        let _ = Self { timers, sources };
        todo!("take over the sources")
    }

    /// Ends the whole when `limit` has passed from now on, however much happens in the meantime, and however
    /// short the turns are.
    pub fn with_limit(self, limit: Duration) -> Self {
        todo!("end the whole when {limit:?} have passed from now on")
    }

    /// Ends a turn when `idle` has passed since the call of `next`, if it still sleeps.
    pub fn with_idle(self, idle: Duration) -> Self {
        todo!("end a turn that has slept for {idle:?}")
    }

    /// Ends the whole when something can be received from `signal`, or when it has no senders any more. It
    /// waits for no source then: what they have sent and nobody has received is still in their channels.
    pub fn with_shutdown(self, signal: Receiver<()>) -> Self {
        let _ = signal;
        todo!("end the whole when something can be received from the signal")
    }

    /// Returns the sources by their numbers, with all that has not been reported; `None` for those that were
    /// reported as closed.
    pub fn into_sources(self) -> Vec<Option<Receiver<T>>> {
        todo!("return the sources, with `None` for those that are closed")
    }
}

impl<T> Iterator for Multiplexer<'_, T> {
    type Item = Event<T>;

    fn next(&mut self) -> Option<Event<T>> {
        let _ = (self.timers, &self.sources);
        todo!("report what happens first")
    }
}
