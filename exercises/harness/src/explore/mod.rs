//! The search through the interleavings of a small program, and for the simplest that fails: one [`search`], and the
//! order of several, [`deepen`]. It says nothing to anybody: [`check`](crate::check) does.
//!
//! May use [`sync::model`](crate::sync::model) and what that stands on.

mod deepen;
mod search;

use crate::sync::model::recorder::Reach;
use deepen::Deepening;
pub(crate) use deepen::Failed;
use harness_base::liveness::Deadline;
use harness_base::protocol::{Coverage, Extent};
use harness_report::record::{Told, WeakExchange};
pub(crate) use search::Passed;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// How long a model may explore. A program within its contract that takes more steps than the reference
/// must not fail for that: what was explored by then counts.
const BUDGET: Duration = Duration::from_secs(4);

/// How long the search for a simpler failing interleaving may take.
const SIMPLEST_WITHIN: Duration = Duration::from_secs(1);

/// How long a model may explore for those who want every interleaving.
const TELLS_WITHIN: Duration = Duration::from_secs(3);

thread_local! {
    /// How long the models of the running test have explored: see [`Model::explore_in_test`].
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// How long a model may explore in a test whose models have explored for `spent`.
fn left(budget: Duration, spent: Duration) -> Duration {
    budget.saturating_sub(spent).max(budget / 4)
}

/// What a passing model explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explored {
    /// How much of the state space that was.
    pub coverage: Coverage,
}

/// How to explore: by default everything, without spurious wake-ups.
#[derive(Clone, Debug)]
#[must_use = "a model does nothing until `check` or `explore`"]
pub struct Model {
    preemption_bound: Option<usize>,
    reach: Reach,
    max_branches: usize,
    spurious_wakeups: usize,
    spurious_failures: usize,
    interrupted_exchanges: usize,
    /// The weak exchanges that fail spuriously in this exploration.
    fail: BTreeSet<WeakExchange>,
    /// Whether a waker of one thread chooses the one that fell asleep last, in this exploration.
    wakes_the_last: bool,
    budget: Duration,
    simplest_within: Duration,
    /// The interleavings that the search without a further bound sees before those with one.
    look: usize,
    /// See [`Session::recording`](crate::sync::model::recorder::Session::recording).
    recording: bool,
    /// Whether to keep the interleaving that tells most.
    pub(crate) wants_example: bool,
    /// Whether to note the steps of an interleaving: see [`Log::steps`](harness_report::record::Log::steps).
    pub(crate) notes_steps: bool,
    /// Who is told of every interleaving: see [`Model::tell`].
    told: Option<SyncSender<Told>>,
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// Everything, at most 1,000 steps an interleaving, no spurious wake-ups.
    pub fn new() -> Self {
        Self {
            preemption_bound: None,
            reach: Reach::Exact,
            max_branches: 1_000,
            spurious_wakeups: 0,
            spurious_failures: 0,
            interrupted_exchanges: 0,
            fail: BTreeSet::new(),
            wakes_the_last: false,
            budget: BUDGET,
            simplest_within: SIMPLEST_WITHIN,
            look: deepen::LOOK,
            recording: true,
            wants_example: false,
            notes_steps: false,
            told: None,
        }
    }

    /// Explores without writing down what happens, so that a failure has no dry run: for the bench that
    /// measures what the record costs.
    #[doc(hidden)]
    pub fn without_recording(mut self) -> Self {
        self.recording = false;
        self
    }

    /// Sets how many interleavings are explored before those with few preemptions: for tests that need a small
    /// program to count as a large one.
    #[doc(hidden)]
    pub fn look(mut self, interleavings: usize) -> Self {
        self.look = interleavings;
        self
    }

    /// Explores only interleavings in which running threads are interrupted at most `bound` times. Where a thread waits, yields
    /// or ends, any other may go on: that is no preemption. Most mistakes show with two. A pass says how many interleavings are
    /// left.
    pub fn preemption_bound(mut self, bound: usize) -> Self {
        self.preemption_bound = Some(bound);
        self
    }

    /// Explores all interleavings with fewer preemptions than `bound`, and of those with `bound` some: where nothing is left to
    /// choose after the last. For models in which all of them are too many. What a pass says it covered is the bound below.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn loose_bound(mut self, bound: usize) -> Self {
        self.preemption_bound = Some(bound.checked_sub(1).expect("nothing has fewer than none"));
        self.reach = Reach::SomeBeyond;
        self
    }

    /// Explores one order of the threads: each goes on as long as it can. What loads return, and what is spurious, is explored
    /// all the same. For models of so many threads that all orders are too many.
    pub fn one_order(mut self) -> Self {
        self.preemption_bound = Some(0);
        self.reach = Reach::OneOrder;
        self
    }

    /// Sets how many steps an interleaving may have before it counts as endless.
    pub fn max_branches(mut self, steps: usize) -> Self {
        self.max_branches = steps;
        self
    }

    /// Lets up to `n` waits of each interleaving (of a condition variable, a futex or `park`) return for no
    /// reason, as their contracts allow. Each is explored both ways. Waits that are under way at the same time
    /// may all do so.
    pub fn spurious_wakeups(mut self, n: usize) -> Self {
        self.spurious_wakeups = n;
        self
    }

    /// Lets up to `n` calls of `compare_exchange_weak` in each interleaving fail spuriously, as its contract allows: though
    /// the value is the expected one. Each is explored both ways. The program is explored anew for each set of calls, so
    /// that every call there is multiplies the interleavings.
    pub fn spurious_failures(mut self, n: usize) -> Self {
        self.spurious_failures = n;
        self
    }

    /// Lets others run before each of main's first `n` exchanges (`compare_exchange`, weak or not), as if main were
    /// interrupted there. If another thread changes the value each time, and then yields, main loses `n` races in
    /// succession. That takes many steps: with a [preemption bound](Self::preemption_bound) of 0 it is nearly the only
    /// interleaving.
    pub fn interrupted_exchanges(mut self, n: usize) -> Self {
        self.interrupted_exchanges = n;
        self
    }

    /// Sets how long the exploration may take before it ends with what it has seen. By default 4 s.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Sets how long the search for a simpler failing interleaving may take. By default 1 s.
    pub fn simplest_within(mut self, budget: Duration) -> Self {
        self.simplest_within = budget;
        self
    }

    /// Explores; if an interleaving fails, returns the simplest one found that fails in the same way.
    pub(crate) fn explore_with(
        &self,
        program: impl Fn() + Send + Sync + 'static,
    ) -> Result<Passed, Failed> {
        self.explore_until(program, &Arc::new(Deadline::after(self.budget)))
    }

    fn explore_until(
        &self,
        program: impl Fn() + Send + Sync + 'static,
        until: &Arc<Deadline>,
    ) -> Result<Passed, Failed> {
        let program: Program = Arc::new(program);
        self.each_variant(&program, until, |search| search.explore())
    }

    /// [`explore_with`](Self::explore_with) for one of the models of a test, which share the budget: a test may not take longer
    /// than it may because it explores several programs, each of them large in the learner's design.
    pub(crate) fn explore_in_test(
        &self,
        program: impl Fn() + Send + Sync + 'static,
    ) -> Result<Passed, Failed> {
        let spent = SPENT.get();
        let model = Self { budget: left(self.budget, spent), ..self.clone() };
        let until = Arc::new(Deadline::after(model.budget));
        let explored = model.explore_until(program, &until);
        SPENT.set(spent + until.spent());
        explored
    }

    /// Explores, and tells `to` of every interleaving, those that fail too.
    pub(crate) fn tell(&self, program: impl Fn() + Send + Sync + 'static, to: SyncSender<Told>) {
        let program: Program = Arc::new(program);
        let model = Self {
            told: Some(to.clone()),
            budget: TELLS_WITHIN,
            recording: true,
            notes_steps: true,
            ..self.clone()
        };
        let known = Cell::default();
        let until = Arc::new(Deadline::after(model.budget));
        let passed = model.each_variant(&program, &until, |search| Ok(search.tell(&known)));
        let nothing = Coverage { interleavings: 0, extent: Extent::Cut { covered: None } };
        let coverage = passed.map_or(nothing, |passed| passed.explored.coverage);
        // Who has enough does not listen any more.
        let _ = to.send(Told::Over(coverage));
    }

    /// Explores the program, once for each set of weak exchanges that fail and for each order of waking: all of them `until` the
    /// same moment, which is put off where the machine is busy.
    fn each_variant(
        &self,
        program: &Program,
        until: &Arc<Deadline>,
        explore: impl Fn(Deepening<'_>) -> Result<Passed, Failed>,
    ) -> Result<Passed, Failed> {
        let mut variants = vec![(false, BTreeSet::new())];
        let mut all: Option<Passed> = None;
        let mut next = 0;
        while let Some((wakes_the_last, fail)) = variants.get(next).cloned() {
            next += 1;
            let mut model = self.clone();
            model.fail = fail;
            model.wakes_the_last = wakes_the_last;
            let passed = match explore(Deepening::new(&model, program, Arc::clone(until))) {
                Ok(passed) => passed,
                Err(mut failed) => {
                    failed.interleavings +=
                        all.map_or(0, |all| all.explored.coverage.interleavings);
                    return Err(failed);
                }
            };
            if model.fail.len() < self.spurious_failures {
                for &exchange in &passed.weak_exchanges {
                    let mut more = model.fail.clone();
                    if more.insert(exchange) && !variants.contains(&(wakes_the_last, more.clone()))
                    {
                        variants.push((wakes_the_last, more));
                    }
                }
            }
            // To wake the last is another program only if there was a choice.
            if passed.wakes_choose && !wakes_the_last && model.fail.is_empty() {
                variants.push((true, BTreeSet::new()));
            }
            all = Some(match all {
                Some(all) => all.and(&passed),
                None => passed,
            });
        }
        Ok(all.expect("there is a first variant"))
    }
}

type Program = Arc<dyn Fn() + Send + Sync>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_of_a_test_share_its_time() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(4), Duration::ZERO), seconds(4));
        assert_eq!(left(seconds(4), seconds(1)), seconds(3));
        assert_eq!(left(seconds(4), seconds(60)), seconds(1), "the last explores a little, too");
    }
}
