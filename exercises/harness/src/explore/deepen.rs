//! The order of the searches.
//!
//! Most programs have few interleavings, so a search without a bound [looks](LOOK) first. If it is not done by then it
//! waits, while others explore everything with no forced switch of threads, with at most one, and so on up to
//! [`DEEPEST`]; then it goes on from where it was. So a mistake shows early, and a search whose time runs out has
//! covered a stated bound. If an interleaving fails, a simpler one is sought in the same order.

use super::search::{Found, Limits, Outcome, Passed, Search};
use super::{Model, Program};
use crate::sync::model::recorder::{Look, Reach};
use harness_base::liveness::Deadline;
use harness_base::protocol::{Extent, Kind, NOTHING_SPURIOUS};
use harness_base::text::count;
use harness_report::record::{Event, Standing, ThreadId, Told};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// The largest preemption bound that is explored for itself. Nearly all mistakes show with two forced switches, and a
/// third still costs little.
const DEEPEST: usize = 3;

/// A forced switch is easier to follow than a stale load, up to this many of them.
const SIMPLE_ENOUGH: usize = 2;

/// The number of interleavings that are explored before those with few forced switches: about a quarter of a second.
/// With fewer, larger programs pay for the bounds though they pass; with more, mistakes wait that only a bound shows.
pub(super) const LOOK: usize = 5_000;

/// A deadlock that was found later than this in its search is not looked for again, to wake its sleepers.
const SECOND_CHANCE: usize = 2_000;

/// How many more stores an interleaving may make than any before it, to begin with: see [`Limits::spare_coins`].
const SPARE_COINS: usize = 16;

/// All searches for one program.
pub(super) struct Deepening<'a> {
    model: &'a Model,
    program: &'a Program,
    until: Arc<Deadline>,
    unlocks_are_steps: bool,
    drops_are_steps: bool,
    spare_coins: usize,
    /// The interleavings explored so far.
    explored: usize,
    /// The largest preemption bound within which every interleaving was explored and passed.
    covered: Option<usize>,
    /// An interleaving in which a panic unwound when its search had to be begun again: perhaps a failure.
    suspect: Option<Found>,
    /// An interleaving in which nothing orders a drop: a failure, if there is no other.
    unordered_drop: Option<Found>,
    /// The places of the panics that the program is known to catch.
    caught: BTreeSet<String>,
    /// See [`Found::ends_process`].
    ends_process: bool,
}

/// What has been found out about a program.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    unlocks_are_steps: bool,
    drops_are_steps: bool,
    /// Whether there is more than one look takes in.
    is_large: bool,
}

/// What a search has seen without a failure.
enum Seen {
    All(Passed),
    Part(Search),
}

/// The interleaving that is shown of a program that fails.
pub(crate) struct Failed {
    pub(crate) found: Found,
    /// The number of interleavings explored until one failed.
    pub(crate) interleavings: usize,
    /// Whether this process must end, for this interleaving or for another one.
    pub(crate) ends_process: bool,
    why: Why,
}

/// An interleaving that fails, and within which limits it was found.
struct Failing {
    found: Found,
    /// Unless it was put aside, and counts because nothing else fails.
    limits: Option<Box<Limits>>,
}

impl Failing {
    /// The preemption bound.
    fn bound(&self) -> Option<usize> {
        self.limits.as_ref()?.preemption_bound
    }
}

impl<'a> Deepening<'a> {
    pub(super) fn new(model: &'a Model, program: &'a Program, until: Arc<Deadline>) -> Self {
        Self {
            model,
            program,
            until,
            unlocks_are_steps: false,
            drops_are_steps: false,
            spare_coins: SPARE_COINS,
            explored: 0,
            covered: None,
            suspect: None,
            unordered_drop: None,
            caught: BTreeSet::new(),
            ends_process: false,
        }
    }

    /// Explores everything within the model's bound, or what the time allows.
    pub(super) fn explore(mut self) -> Result<Passed, Failed> {
        self.passes().map_err(|first| self.fails(first))
    }

    fn passes(&mut self) -> Result<Passed, Failing> {
        let all = self.model.preemption_bound;
        let look =
            Look { interleavings: self.model.look, until: Instant::now() + self.model.budget / 4 };
        let mut whole = self.search(Limits { look: Some(look), ..self.limits(all) })?;
        if matches!(whole, Seen::Part(_)) {
            for bound in 0..all.unwrap_or(usize::MAX).min(DEEPEST + 1) {
                if !self.covers(bound)? {
                    break;
                }
            }
        }
        loop {
            match whole {
                Seen::All(passed) => return self.sum_up(passed),
                Seen::Part(search) => whole = self.outcome(search.go_on())?,
            }
        }
    }

    /// Explores every interleaving with at most `bound` forced switches. Whether there was time for that.
    fn covers(&mut self, bound: usize) -> Result<bool, Failing> {
        let seen = self.search(self.limits(Some(bound)))?;
        let covers = matches!(seen, Seen::All(passed) if passed.explored.coverage.is_exhaustive());
        // Beyond a bound that was skipped nothing is covered.
        if covers && bound == self.next_bound() {
            self.covered = Some(bound);
        }
        Ok(covers)
    }

    fn next_bound(&self) -> usize {
        self.covered.map_or(0, |covered| covered + 1)
    }

    fn limits(&self, preemption_bound: Option<usize>) -> Limits {
        Limits {
            preemption_bound,
            // With a smaller bound all are explored.
            reach: if preemption_bound == self.model.preemption_bound {
                self.model.reach
            } else {
                Reach::Exact
            },
            newest_only: false,
            second_chance: None,
            unlocks_are_steps: self.unlocks_are_steps,
            drops_are_steps: self.drops_are_steps,
            spare_coins: self.spare_coins,
            look: None,
            until: Arc::clone(&self.until),
        }
    }

    fn search(&mut self, limits: Limits) -> Result<Seen, Failing> {
        self.outcome(Search::new(self.model, self.program, limits))
    }

    /// What a search comes to, though it be begun again.
    fn outcome(&mut self, mut search: Search) -> Result<Seen, Failing> {
        loop {
            let mut limits = search.limits.clone();
            let (interleavings, outcome) = search.wait();
            self.explored += interleavings;
            match outcome {
                Outcome::Passed(mut passed) => {
                    let unordered = passed.unordered_drop.take();
                    self.unordered_drop = unordered.or(self.unordered_drop.take());
                    self.caught.extend(passed.caught.iter().cloned());
                    return Ok(Seen::All(passed));
                }
                Outcome::Paused(search) => return Ok(Seen::Part(search)),
                Outcome::Failed(found) => {
                    self.ends_process |= found.ends_process();
                    return Err(Failing { found, limits: Some(Box::new(limits)) });
                }
                Outcome::NeedsCoins => {
                    self.spare_coins *= 4;
                    limits.spare_coins = self.spare_coins;
                }
                Outcome::DropsMustBeSteps(suspect) => {
                    self.suspect = self.suspect.take().or(suspect);
                    self.drops_are_steps = true;
                    limits.drops_are_steps = true;
                    self.say(Told::Anew);
                }
                Outcome::UnlocksMustBeSteps(suspect) => {
                    self.suspect = self.suspect.take().or(suspect);
                    self.unlocks_are_steps = true;
                    limits.unlocks_are_steps = true;
                    self.say(Told::Anew);
                }
            }
            search = Search::new(self.model, self.program, limits);
        }
    }

    /// Explores for those who want every interleaving: everything, or, if that is too much, first what takes the fewest
    /// forced switches. `known` is what other variants of the program have shown: they share the reader.
    pub(super) fn tell(mut self, known: &Cell<Known>) -> Passed {
        self.unlocks_are_steps = known.get().unlocks_are_steps;
        self.drops_are_steps = known.get().drops_are_steps;
        let mut is_large = known.get().is_large;
        let all = self.model.preemption_bound;
        let mut passed = None;
        if !is_large {
            let until = Instant::now() + self.model.budget / 2;
            let look = Look { interleavings: self.model.look, until };
            passed = self.tell_within(Limits { look: Some(look), ..self.limits(all) });
            is_large = passed.is_none();
            if is_large {
                self.say(Told::Anew);
                self.until = Arc::new(Deadline::after(self.model.budget));
            }
        }
        if is_large {
            for bound in 0..all.unwrap_or(usize::MAX).min(DEEPEST + 1) {
                self.tell_within(self.limits(Some(bound)));
            }
            passed = self.tell_within(self.limits(all));
        }
        let Self { unlocks_are_steps, drops_are_steps, .. } = self;
        known.set(Known { unlocks_are_steps, drops_are_steps, is_large });
        passed.unwrap_or_else(Passed::nothing)
    }

    /// Tells of what is within these limits, unless that is too much.
    fn tell_within(&mut self, limits: Limits) -> Option<Passed> {
        match self.search(limits) {
            Ok(Seen::All(passed)) => {
                if let Some(found) = self.unordered_drop.take() {
                    self.say_fails(found);
                }
                Some(passed)
            }
            Ok(Seen::Part(_)) => None,
            // Loom could not go on after this one.
            Err(failing) => {
                self.say_fails(failing.found);
                Some(Passed::nothing())
            }
        }
    }

    fn say_fails(&self, Found { log, ending, .. }: Found) {
        // It hangs: that is no end which anybody could be told of.
        if ending.is_some() {
            self.say(Told::Run { log, ending });
        }
    }

    fn say(&self, what: Told) {
        if let Some(to) = &self.model.told {
            // Who has enough does not listen any more.
            let _ = to.send(what);
        }
    }

    /// What the whole comes to when its last search has passed.
    fn sum_up(&mut self, mut passed: Passed) -> Result<Passed, Failing> {
        let coverage = &mut passed.explored.coverage;
        if let Extent::Cut { covered } = &mut coverage.extent {
            *covered = self.covered;
            coverage.interleavings = self.explored;
            // What unwound was not met again. If the program catches such panics, it caught that one too.
            let caught = &self.caught;
            let failed = |found: &mut Found| {
                found.log.panics.iter().any(|panic| !caught.contains(&panic.place))
            };
            if let Some(found) = self.suspect.take_if(failed) {
                return Err(Failing { found, limits: None });
            }
        }
        match self.unordered_drop.take() {
            Some(found) => Err(Failing { found, limits: None }),
            None => Ok(passed),
        }
    }

    /// Chooses the interleaving that is shown.
    fn fails(&mut self, first: Failing) -> Failed {
        let interleavings = self.explored;
        // What hangs once hangs again, and one that could not begin has nothing to simplify.
        let hopeless = matches!(first.found.kind, Kind::Stuck | Kind::SetUp | Kind::TooManySteps);
        let (shown, why) = if first.found.log.races_with_drop() {
            // It is the shortest already.
            (first, Why::NoSimpler)
        } else if hopeless || self.ends_process {
            (first, Why::Only)
        } else {
            self.simplest(first)
        };
        let found = self.with_second_chances(shown);
        Failed { found, interleavings, ends_process: self.ends_process, why }
    }

    /// In a deadlock, notes which of those that sleep would go on if somebody woke them.
    fn with_second_chances(&self, Failing { mut found, limits, .. }: Failing) -> Found {
        let log = &mut *found.log;
        let wanted = found.kind == Kind::Deadlock && log.iteration <= SECOND_CHANCE;
        let Some(limits) = limits.filter(|_| wanted) else {
            return found;
        };
        let asleep = |&thread: &ThreadId| log.threads[thread].standing == Standing::Asleep;
        let sleepers: Vec<ThreadId> = (0..log.threads.len()).filter(asleep).collect();
        // For all of them together: the test has its own limit.
        let until = Arc::new(Deadline::after(self.model.simplest_within / 2));
        for sleeper in sleepers {
            let limits = Limits {
                second_chance: Some(sleeper),
                look: None,
                until: Arc::clone(&until),
                ..(*limits).clone()
            };
            if Search::new(self.model, self.program, limits).ends_wait(log) {
                log.untold.push(sleeper);
            }
        }
        found
    }

    /// The interleaving that is easiest to follow among those that fail like `first`: the one with the fewest forced
    /// switches, and rather one switch more than a stale load.
    fn simplest(&mut self, first: Failing) -> (Failing, Why) {
        self.until = Arc::new(Deadline::after(self.model.simplest_within));
        let kind = first.found.kind;
        let most = first.bound().unwrap_or(DEEPEST).min(DEEPEST);
        let mut simpler = None;
        while self.next_bound() <= most && first.bound() != Some(self.next_bound()) {
            match self.covers(self.next_bound()) {
                Ok(true) => {}
                Ok(false) => break,
                Err(failing) => {
                    simpler = Some(failing);
                    break;
                }
            }
        }
        // Nothing fails with fewer.
        let fewest = self.next_bound();
        let known = simpler.as_ref().unwrap_or(&first);
        if known.bound() != Some(fewest) {
            return (first, Why::at_least(fewest));
        }
        if known.found.reads() || known.found.kind != kind {
            if known.found.kind == kind {
                // One as simple is at hand: only so much longer.
                self.until = Arc::new(Deadline::after(self.model.simplest_within / 4));
            }
            for bound in fewest..=fewest.max(most.min(SIMPLE_ENOUGH)) {
                let limits =
                    Limits { newest_only: true, reach: Reach::Exact, ..self.limits(Some(bound)) };
                match self.search(limits) {
                    Err(fresh) if fresh.found.kind == kind && bound == fewest => {
                        return (fresh, Why::Fewest(bound));
                    }
                    Err(fresh) if fresh.found.kind == kind => {
                        return (fresh, Why::FewestFresh(bound));
                    }
                    Ok(Seen::All(passed)) if passed.explored.coverage.is_exhaustive() => {}
                    _ => break,
                }
            }
        }
        let shown = match simpler {
            Some(simpler) if simpler.found.kind == kind => simpler,
            Some(_) => return (first, Why::NoSimpler),
            None => first,
        };
        let why = if shown.found.is_beyond { Why::at_least(fewest) } else { Why::Fewest(fewest) };
        (shown, why)
    }
}

impl Failed {
    /// Says how it was found, and leads over to the dry run.
    pub(crate) fn sentence(&self, model: &Model) -> String {
        let until = match self.interleavings {
            1 => "The first interleaving fails.".to_owned(),
            n => format!("{} explored until one failed.", count(n, "interleaving")),
        };
        let allows = model.spurious_wakeups + model.spurious_failures > 0;
        if allows && !self.found.log.events.iter().any(Event::is_spurious) {
            return format!("{until} {NOTHING_SPURIOUS} {}", self.why);
        }
        format!("{until} {}", self.why)
    }
}

/// Why an interleaving is the one shown.
enum Why {
    /// It has this many forced switches of threads, and none fails with fewer.
    Fewest(usize),
    /// The same of those that fail without a stale load.
    FewestFresh(usize),
    /// None fails with fewer forced switches than this.
    AtLeast(usize),
    NoSimpler,
    /// No simpler one was sought.
    Only,
}

impl Why {
    fn at_least(switches: usize) -> Self {
        if switches == 0 { Why::NoSimpler } else { Why::AtLeast(switches) }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switches = |n: &usize| match n {
            0 => "no forced switch".to_owned(),
            1 => "one forced switch".to_owned(),
            2 => "two forced switches".to_owned(),
            3 => "three forced switches".to_owned(),
            n => format!("{n} forced switches"),
        };
        match self {
            Why::Fewest(n) => {
                write!(f, "The simplest that fails needs {} of threads:", switches(n))
            }
            Why::FewestFresh(n) => {
                write!(f, "The simplest without a stale load needs {} of threads:", switches(n))
            }
            Why::AtLeast(n) => write!(f, "It takes at least {} of threads:", switches(n)),
            Why::NoSimpler => f.write_str("No simpler one was found than this:"),
            Why::Only => f.write_str("This is it:"),
        }
    }
}
