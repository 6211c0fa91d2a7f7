//! A multiplexer: one loop over many channels, with time limits and a shutdown.

use crate::channel::{Arm, Receiver, RecvArm};
use crate::select::select;
use crate::sync::channel::TryRecvError;
use crate::sync::time::Duration;
use crate::timer::{Timer, Timers};

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
    timers: &'a Timers,
    /// `None` if it is closed.
    sources: Vec<Option<Receiver<T>>>,
    shutdown: Option<Receiver<()>>,
    limit: Option<Timer>,
    /// How long a turn may sleep, and the timer that every turn starts anew.
    idle: Option<(Duration, Timer)>,
    is_over: bool,
}

impl<'a, T> Multiplexer<'a, T> {
    /// Makes a multiplexer of `sources`, which are numbered from 0. It has no limits, and no shutdown.
    pub fn new(timers: &'a Timers, sources: Vec<Receiver<T>>) -> Self {
        Self {
            timers,
            is_over: sources.is_empty(),
            sources: sources.into_iter().map(Some).collect(),
            shutdown: None,
            limit: None,
            idle: None,
        }
    }

    /// Ends the whole when `limit` has passed from now on, however much happens in the meantime, and however
    /// short the turns are.
    pub fn with_limit(self, limit: Duration) -> Self {
        Self {
            limit: Some(self.timers.after(limit)),
            ..self
        }
    }

    /// Ends a turn when `idle` has passed since the call of `next`, if it still sleeps.
    pub fn with_idle(self, idle: Duration) -> Self {
        Self {
            idle: Some((idle, self.timers.after(Duration::MAX))),
            ..self
        }
    }

    /// Ends the whole when something can be received from `signal`, or when it has no senders any more. It
    /// waits for no source then: what they have sent and nobody has received is still in their channels.
    pub fn with_shutdown(self, signal: Receiver<()>) -> Self {
        Self {
            shutdown: Some(signal),
            ..self
        }
    }

    /// Returns the sources by their numbers, with all that has not been reported; `None` for those that were
    /// reported as closed.
    pub fn into_sources(self) -> Vec<Option<Receiver<T>>> {
        self.sources
    }

    /// Returns what has happened, if anything has.
    ///
    /// A `select` would find it, too, with an arm for each channel. But here most turns end, and an arm costs
    /// more than a look.
    fn look(&self) -> Option<Event<T>> {
        let has_come = |signal: &Receiver<()>| signal.try_recv() != Err(TryRecvError::Empty);
        if self.shutdown.as_ref().is_some_and(has_come) {
            return Some(Event::ShutDown);
        }
        let has_fired = |limit: &Timer| limit.ticks().try_recv().is_ok();
        if self.limit.as_ref().is_some_and(has_fired) {
            return Some(Event::TimedOut);
        }
        self.open()
            .find_map(|(number, source)| match source.try_recv() {
                Ok(value) => Some(Event::Received(number, value)),
                Err(TryRecvError::Disconnected) => Some(Event::Closed(number)),
                Err(TryRecvError::Empty) => None,
            })
    }

    /// Sleeps until something happens, and returns it.
    fn wait(&self) -> Event<T> {
        // In the order in which `select` looks at them.
        let mut shutdown = self.shutdown.as_ref().map(Receiver::arm);
        let mut limit = self.limit.as_ref().map(|timer| timer.ticks().arm());
        // A closed source has no arm: it could always be received from, and no turn would ever sleep again.
        let mut sources: Vec<_> = self
            .open()
            .map(|(number, source)| (number, source.arm()))
            .collect();
        let mut idle = self.idle.as_ref().map(|(idle, timer)| {
            // Whatever it has sent in an earlier turn is taken back: a turn counts from its own beginning.
            timer.reset(*idle);
            timer.ticks().arm()
        });

        let mut arms: Vec<&mut dyn Arm<'_>> = Vec::new();
        arms.extend(shutdown.iter_mut().map(as_dyn));
        arms.extend(limit.iter_mut().map(as_dyn));
        arms.extend(sources.iter_mut().map(|(_, arm)| as_dyn(arm)));
        arms.extend(idle.iter_mut().map(as_dyn));
        select(&mut arms);

        // One arm has been completed, and only that one has an outcome.
        if shutdown.and_then(RecvArm::outcome).is_some() {
            return Event::ShutDown;
        }
        if limit.and_then(RecvArm::outcome).is_some() {
            return Event::TimedOut;
        }
        let of_sources = sources.into_iter().find_map(|(number, arm)| {
            Some(match arm.outcome()? {
                Ok(value) => Event::Received(number, value),
                Err(_) => Event::Closed(number),
            })
        });
        of_sources.unwrap_or(Event::Idle)
    }

    /// The sources that are not closed, with their numbers.
    fn open(&self) -> impl Iterator<Item = (usize, &Receiver<T>)> {
        let sources = self.sources.iter().enumerate();
        sources.filter_map(|(number, source)| Some((number, source.as_ref()?)))
    }
}

fn as_dyn<'a, 'b, A: Arm<'b>>(arm: &'a mut A) -> &'a mut dyn Arm<'b> {
    arm
}

impl<T> Iterator for Multiplexer<'_, T> {
    type Item = Event<T>;

    fn next(&mut self) -> Option<Event<T>> {
        if self.is_over {
            return None;
        }
        let event = self.look().unwrap_or_else(|| self.wait());
        match event {
            Event::Closed(number) => {
                self.sources[number] = None;
                self.is_over = self.sources.iter().all(Option::is_none);
            }
            Event::TimedOut | Event::ShutDown => self.is_over = true,
            Event::Received(..) | Event::Idle => {}
        }
        Some(event)
    }
}
