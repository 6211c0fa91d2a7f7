//! What a run of a lesson's tests comes to, before anything is made of it for the eye.
//!
//! | | |
//! |---|---|
//! | this file | the verdict on a lesson: which tests decide, which failure comes first |
//! | [`outcome`] | what became of one test, from what it printed and how it ended |
//! | [`panics`] | panics as the standard library writes them |
//! | [`slips`] | slips in the source that rustc accepts, or answers with odd words |
//!
//! May use [`run`](mod@crate::run) and the rooms below it.

pub mod outcome;
pub mod panics;
pub mod slips;

use std::collections::BTreeSet;
use std::path::PathBuf;

use harness_base::protocol::{
    Coverage, Extent, Kind, NOTHING_SPURIOUS, STILL_RUNS, USUALLY, is_without_end,
};

use crate::course::lesson_tests::{FACADE_TEST, is_of_lesson};
use crate::course::shipped::Change;
use crate::run::{Filter, Ran, SourceLine};
use crate::verdict::outcome::{Failure, FailureKind, Outcome, Todo};

/// The heading that a test stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heading {
    /// What the code does, on real threads.
    Correctness,
    /// Every interleaving, in the model.
    RaceFreedom,
    /// Threads, values and memory.
    NoLeaks,
    /// Tests that the learner wrote. They are run and named, and decide nothing.
    Own,
}

impl Heading {
    /// All of them, in the order in which a verdict shows them.
    pub const ALL: [Heading; 4] =
        [Heading::Correctness, Heading::RaceFreedom, Heading::NoLeaks, Heading::Own];

    /// As a verdict shows it.
    pub fn title(self) -> &'static str {
        match self {
            Heading::Correctness => "Correctness",
            Heading::RaceFreedom => "Race-freedom",
            Heading::NoLeaks => "No leaks",
            Heading::Own => "Your own",
        }
    }

    /// The heading of a test of a lesson that has these tests. A learner may add some in any file.
    fn of(canonical: &str, expected: &[String]) -> Self {
        match canonical.split("::").next() {
            _ if !is_of_lesson(canonical, expected) => Heading::Own,
            Some("correctness") => Heading::Correctness,
            Some("race_freedom" | "facade") => Heading::RaceFreedom,
            Some("no_leaks") => Heading::NoLeaks,
            _ => Heading::Own,
        }
    }
}

/// A test and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// The canonical name.
    pub name: String,
    /// The heading that it stands under.
    pub heading: Heading,
    /// What became of it.
    pub outcome: Outcome,
}

impl Tested {
    /// What became of a test of this canonical name, in a lesson that has these tests.
    pub fn new(name: &str, outcome: Outcome, expected: &[String]) -> Self {
        Self { name: name.to_owned(), heading: Heading::of(name, expected), outcome }
    }

    /// The name below its heading.
    pub fn short_name(&self) -> &str {
        self.name.split_once("::").map_or(&self.name, |(_, name)| name)
    }

    /// Whether it passed.
    pub fn passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed(_))
    }

    /// Whether the lesson has it, so that it decides.
    pub fn is_of_lesson(&self) -> bool {
        self.heading != Heading::Own
    }
}

/// The verdict on a lesson.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The tests that ran, and after them those that the lesson has and that did not run.
    pub tests: Vec<Tested>,
    /// Whether the time was up before all had run.
    pub cut_short: bool,
    /// The correctness tests that start threads.
    pub with_threads: Vec<String>,
    /// Whether it is the reference that was run, in place of the learner's file.
    pub swapped: bool,
    /// The lesson's files that are not as they were shipped.
    pub tampered: Vec<(PathBuf, Change)>,
    /// The line in the learner's file of a lock that is released at once.
    pub unlocked_at_once: Option<u32>,
    /// How many warnings rustc has.
    pub warnings: usize,
    /// Why tests of the learner's own were left out, in rustc's words, if they do not compile.
    pub left_out: Option<String>,
    /// Which part of the tests was asked for; `None`: all.
    pub filter: Option<Filter>,
}

/// A verdict in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// All tests that the lesson has pass.
    Passes,
    /// Those that were asked for pass.
    PartPasses,
    /// Nothing is wrong, but nothing is written either.
    NothingWritten,
    /// Something is wrong, not written, or missing.
    Fails,
    /// No test's name contains what was asked for.
    NoSuchTest,
}

impl Conclusion {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::PartPasses => "part-passes",
            Self::NothingWritten => "nothing-written",
            Self::Fails => "fails",
            Self::NoSuchTest => "no-such-test",
        }
    }
}

impl Verdict {
    /// Judges a run. `expected` are the canonical names of the tests that the lesson has.
    pub fn new(ran: &Ran, file_name: &str, expected: &[String], filter: Option<&Filter>) -> Self {
        let mut tests: Vec<Tested> = ran
            .tests
            .iter()
            .map(|raw| Tested::new(&raw.name, Outcome::of(raw, file_name), expected))
            // A test of the learner's that is marked `#[ignore]` is not asked for.
            .filter(|test| test.is_of_lesson() || test.outcome != Outcome::NotRun)
            .collect();
        let there: BTreeSet<&str> = ran.tests.iter().map(|raw| raw.name.as_str()).collect();
        let is_missing = |name: &&String| {
            !there.contains(name.as_str()) && filter.is_none_or(|filter| filter.admits(name))
        };
        let missing = expected.iter().filter(is_missing);
        tests.extend(missing.map(|name| Tested::new(name, Outcome::NotRun, expected)));
        // In the order of the lesson's files: that is the order to work in.
        tests.sort_by_cached_key(|test| {
            let position = expected.iter().position(|name| *name == test.name);
            (position.unwrap_or(usize::MAX), test.name.clone())
        });
        Self {
            tests,
            cut_short: ran.cut_short,
            warnings: ran.warnings,
            left_out: ran.left_out.clone(),
            filter: filter.cloned(),
            ..Self::default()
        }
    }

    /// The verdict in a word.
    pub fn conclusion(&self) -> Conclusion {
        // The lesson's tests decide. With a filter, all that it admits: they were asked for.
        let deciding = || {
            let tests = self.tests.iter();
            tests.filter(|test| test.is_of_lesson() || self.filter.is_some())
        };
        let count = |which: fn(&Tested) -> bool| deciding().filter(|test| which(test)).count();
        let all = deciding().count();
        let passed = count(Tested::passed);
        let real_passed = count(|test| test.passed() && test.name != FACADE_TEST);
        let open = count(|test| matches!(test.outcome, Outcome::NotWritten(_)));
        if all == 0 && self.filter.is_some() {
            Conclusion::NoSuchTest
        } else if passed == all && passed > 0 {
            match self.filter {
                Some(_) => Conclusion::PartPasses,
                None => Conclusion::Passes,
            }
        } else if real_passed == 0 && open > 0 && open + passed == all {
            Conclusion::NothingWritten
        } else {
            Conclusion::Fails
        }
    }

    /// How many tests the lesson has.
    pub fn of_lesson(&self) -> usize {
        self.tests.iter().filter(|test| test.is_of_lesson()).count()
    }

    /// The tests under `heading`.
    pub fn under(&self, heading: Heading) -> impl Iterator<Item = &Tested> {
        self.tests.iter().filter(move |test| test.heading == heading)
    }

    /// The failure to look at first.
    ///
    /// The facade test before all, because without the facade no model means anything. Then a test on one thread that says
    /// what is wrong: what is wrong without concurrency is wrong with it. Then a model, because it shows the interleaving,
    /// where a test on real threads shows what came of it, if that: first of all those that found something and know a cause,
    /// of these the one with the fewest threads and the shortest story, and last those about what happens for no reason if
    /// nothing of it did. Then the others, heading by heading, and last those that ended without a word, or not at all, and
    /// the leaks that come of threads that do not end.
    pub fn first_failure(&self) -> Option<(&Tested, &Failure)> {
        let on_one_thread = |test: &Tested| {
            test.heading == Heading::Correctness && !self.with_threads.contains(&test.name)
        };
        let is_mute =
            |kind| matches!(kind, FailureKind::Abort | FailureKind::Reported(Kind::Stuck));
        let rank = |test: &Tested, failure: &Failure| {
            let ends = !failure.hung && !is_without_end(&failure.reason);
            let speaks = ends && matches!(failure.kind, FailureKind::Reported(_));
            let heading = match test.heading {
                _ if test.name == FACADE_TEST => 0,
                Heading::Own => 9,
                _ if !ends && test.heading != Heading::RaceFreedom => 7,
                _ if !speaks && test.heading != Heading::RaceFreedom => 6,
                // It waits for what no model sees, or memory is broken: nothing in it says what is wrong.
                _ if is_mute(failure.kind) => 6,
                Heading::Correctness if on_one_thread(test) => 1,
                Heading::RaceFreedom if speaks && failure.kind.is_found() => 2,
                Heading::Correctness => 4,
                Heading::RaceFreedom => 3,
                Heading::NoLeaks if failure.report.contains(STILL_RUNS) => 8,
                Heading::NoLeaks => 5,
            };
            // What a model lets happen for no reason is not the cause where nothing of it has happened.
            let merit = (heading == 2).then(|| {
                let names_a_cause = failure.says(&format!("{USUALLY}: "));
                (failure.says(NOTHING_SPURIOUS), !names_a_cause, failure.size())
            });
            (heading, merit)
        };
        let failure = self.tests.iter().filter_map(|test| match &test.outcome {
            Outcome::Failed(failure) => Some((test, failure)),
            _ => None,
        });
        failure.min_by_key(|(test, failure)| rank(test, failure))
    }

    /// The places where a `todo!()` stands that a test came to, each once, in the order of the lines.
    pub fn todos(&self) -> Vec<&Todo> {
        let mut todos: Vec<&Todo> = Vec::new();
        for test in &self.tests {
            if let Outcome::NotWritten(todo) = &test.outcome
                && !todos.iter().any(|other| same_todo(other, todo))
            {
                todos.push(todo);
            }
        }
        todos.sort_by_key(|todo| {
            let at = todo.at.as_ref();
            at.map_or((u32::MAX, ""), |at| (at.line, &at.file))
        });
        todos
    }

    /// What the models explored, all together; `None` where no model passed.
    pub fn explored(&self) -> Option<Explored> {
        let models = self.tests.iter().filter_map(|test| match &test.outcome {
            Outcome::Passed(coverage) => Some(coverage),
            _ => None,
        });
        Explored::together(models.flatten())
    }
}

/// A `todo!()` is known by its line; where a line is missing, by its words.
fn same_todo(a: &Todo, b: &Todo) -> bool {
    let line = |todo: &Todo| todo.at.as_ref().map(SourceLine::short);
    match (line(a), line(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a.text == b.text,
    }
}

/// What several models explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explored {
    /// All interleavings together.
    pub interleavings: usize,
    /// Whether a model states a preemption bound.
    pub bounded: bool,
    /// Whether each explored all within its bound.
    pub exhaustive: bool,
    /// If not, the largest preemption bound within which those that ran out of time explored all.
    pub covered: Option<usize>,
}

impl Explored {
    /// What several models explored; `None` where there are none.
    pub fn together<'a>(models: impl IntoIterator<Item = &'a Coverage>) -> Option<Self> {
        let mut models = models.into_iter().peekable();
        models.peek()?;
        let none = Self { interleavings: 0, bounded: false, exhaustive: true, covered: None };
        Some(models.fold(none, Self::and))
    }

    fn and(mut self, coverage: &Coverage) -> Self {
        self.interleavings += coverage.interleavings;
        match coverage.extent {
            Extent::All => {}
            Extent::UpTo(_) | Extent::OneOrder => self.bounded = true,
            Extent::Cut { covered } => {
                // No bound at all is the smallest.
                self.covered = if self.exhaustive { covered } else { covered.min(self.covered) };
                self.exhaustive = false;
            }
        }
        self
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::run::TestRun;

    /// A test that ran: its name, and `None` where it passed or what it printed on stderr.
    pub fn raw(name: &str, stderr: Option<&str>) -> TestRun {
        let stdout = match stderr {
            None => "test result: ok. 1 passed; 0 failed\n".into(),
            Some(_) => String::new(),
        };
        TestRun {
            name: name.into(),
            success: stderr.is_none(),
            stdout,
            stderr: stderr.unwrap_or("").into(),
            ..TestRun::default()
        }
    }

    pub fn verdict(tests: Vec<TestRun>, expected: &[&str], filter: Option<&str>) -> Verdict {
        let expected: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
        let filter = filter.map(|text| text.parse().expect("a filter"));
        let ran = Ran { tests, ..Ran::default() };
        Verdict::new(&ran, "a.rs", &expected, filter.as_ref())
    }

    fn first_failure(verdict: &Verdict) -> Option<&str> {
        let (test, _) = verdict.first_failure()?;
        Some(&test.name)
    }

    const TODO: &str = "thread 'x' panicked at src/a.rs:4:5:\nnot yet implemented: add\n";

    #[test]
    fn the_lesson_passes_when_all_of_its_tests_do() {
        let [a, b] = ["correctness::a", "no_leaks::b"];
        let both = [a, b];
        let of = |tests: &[(&str, Option<&str>)], expected: &[&str], filter| {
            let tests = tests.iter().map(|(name, stderr)| raw(name, *stderr));
            verdict(tests.collect(), expected, filter).conclusion()
        };
        // With fewer tests than it has it does not, and no test is no pass.
        assert_eq!(of(&[(a, None)], &both, None), Conclusion::Fails);
        let all = [(a, None), (b, None)];
        assert_eq!(of(&all, &both, None), Conclusion::Passes);
        assert_eq!(of(&[], &[], None), Conclusion::Fails);
        let one = verdict(vec![raw(a, None)], &both, None);
        assert_eq!(one.tests[1].outcome, Outcome::NotRun);
        // A part that passes is not the lesson.
        let part = of(&[(a, None)], &both, Some("correctness"));
        assert_eq!(part, Conclusion::PartPasses);
        let none = of(&[], &both, Some("absent"));
        assert_eq!(none, Conclusion::NoSuchTest);
        // Only todos is nothing written.
        let open = [(a, Some(TODO)), (FACADE_TEST, None)];
        assert_eq!(of(&open, &[a], None), Conclusion::NothingWritten);
        let begun = [(a, Some(TODO)), (b, None)];
        assert_eq!(of(&begun, &both, None), Conclusion::Fails);
    }

    #[test]
    fn tests_of_the_learners_own_are_named_and_decide_nothing() {
        let failed = Some("thread 'x' panicked at a.rs:1:1:\nboom\n");
        let of_lesson = ["correctness::a"];
        // In a file of its own, in the learner's file, and among those of the lesson.
        for mine in ["mine::x", "sum::tests::x", "correctness::x"] {
            let run = |a, own, filter| {
                let tests = vec![raw(of_lesson[0], a), raw(mine, own)];
                verdict(tests, &of_lesson, filter)
            };
            assert_eq!(run(None, failed, None).conclusion(), Conclusion::Passes);
            assert_eq!(run(None, failed, None).of_lesson(), 1);
            assert_eq!(run(failed, None, None).conclusion(), Conclusion::Fails);
            let open = run(Some(TODO), None, None);
            assert_eq!(open.conclusion(), Conclusion::NothingWritten);
            let named = run(None, failed, None);
            assert_eq!(named.tests[1].heading, Heading::Own);
            assert_eq!(first_failure(&named), Some(mine));
            // Asked for, they are part of what was asked for.
            let part = run(None, None, Some("x"));
            assert_eq!(part.conclusion(), Conclusion::PartPasses);
            assert_eq!(run(None, failed, Some("x")).conclusion(), Conclusion::Fails);
        }
    }

    #[test]
    fn an_ignored_test_did_not_run() {
        let ignored = |name: &str| TestRun {
            stdout: "test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured\n".into(),
            ..raw(name, None)
        };
        let tests = vec![ignored("correctness::a"), ignored("mine::x")];
        let verdict = verdict(tests, &["correctness::a"], None);
        assert_eq!(verdict.conclusion(), Conclusion::Fails);
        assert_eq!(verdict.tests.len(), 1, "the learner's own is left out");
        assert_eq!(verdict.tests[0].outcome, Outcome::NotRun);
    }

    #[test]
    fn the_first_failure_is_the_one_that_says_most() {
        let failed = Some("thread 'x' panicked at a.rs:1:1:\nboom\n");
        let hung = Some("\nstopped: time-out 6000 ms\n");
        let waits =
            Some("thread 'x' panicked at a.rs:1:1:\nhangs: a thread waits, and none is left\n");
        let stuck = harness_base::protocol::failure_line(Kind::Stuck) + "\n\nStuck: main runs\n";
        let leak = format!(
            "{}\n\nthread{STILL_RUNS}a.rs:1\n",
            harness_base::protocol::failure_line(Kind::Leak)
        );
        let order = [
            (FACADE_TEST, failed),
            ("correctness::alone", failed),
            ("race_freedom::model", failed),
            ("correctness::threads", failed),
            ("no_leaks::leaks", failed),
            ("race_freedom::stuck", Some(stuck.as_str())),
            ("correctness::hangs", hung),
            ("no_leaks::waits", waits),
            ("no_leaks::threads", Some(leak.as_str())),
            ("mine::test", failed),
        ];
        let killed = order.map(|(name, stderr)| match name {
            "race_freedom::stuck" => (name, Some("\ndied: SIGSEGV\n")),
            _ => (name, stderr),
        });
        for (order, first) in [order, killed]
            .iter()
            .flat_map(|order| (0..order.len()).map(move |first| (order, first)))
        {
            let expected: Vec<&str> = order.iter().map(|(name, _)| *name).collect();
            let tests =
                order[first..].iter().rev().map(|(name, stderr)| raw(name, *stderr)).collect();
            let mut verdict = verdict(tests, &expected, None);
            verdict.with_threads = vec!["correctness::threads".into()];
            assert_eq!(first_failure(&verdict), Some(order[first].0));
        }
    }

    #[test]
    fn of_several_models_that_found_something_one_with_a_cause_comes_first_and_then_the_smallest() {
        let model = |kind: &str, threads: usize, rows: usize| {
            let row = |number| match number < threads {
                true => format!("{:3}  spawn child  a.rs:1\n", number + 1),
                false => format!("{:3}  a.lock  a.rs:1\n", number + 1),
            };
            // As a report has them: the middle of a long story is left out.
            let middle = 4..rows.saturating_sub(2);
            let shown = (0..rows).filter(|number| !middle.contains(number));
            let rows: String = shown.map(row).collect();
            format!(
                "fails: {kind}\n120 interleavings explored\n     main  child\n{rows}\nWhat happened\n"
            )
        };
        let order = [
            model("panic", 2, 50) + "Usually: a cause\n",
            model("data race", 1, 5),
            model("deadlock", 1, 9),
            model("deadlock", 1, 99),
            model("deadlock", 1, 100),
            model("panic", 2, 4),
            model("data race", 1, 2) + "120 explored. Nothing in it\n is spurious. This is it:\n",
            model("too many steps", 1, 3),
        ];
        let names =
            ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| format!("race_freedom::{name}"));
        let names = names.each_ref().map(String::as_str);
        for first in 0..order.len() {
            let tests = order[first..].iter().zip(names).collect::<Vec<_>>();
            let last_first = tests.iter().rev();
            let raws = last_first.map(|(stderr, name)| raw(name, Some(stderr)));
            let verdict = verdict(raws.collect(), &names[..tests.len()], None);
            assert_eq!(first_failure(&verdict), Some(names[0]));
        }
    }

    #[test]
    fn what_ran_out_of_time_has_covered_the_smallest_bound() {
        let of = |extent| Coverage { interleavings: 10, extent };
        let cut = |covered| of(Extent::Cut { covered });
        let all = || of(Extent::All);
        for (models, exhaustive, covered) in [
            (vec![of(Extent::All), of(Extent::UpTo(1))], true, None),
            (vec![of(Extent::All), cut(Some(2))], false, Some(2)),
            (vec![cut(Some(2)), cut(Some(1)), all()], false, Some(1)),
            (vec![cut(Some(2)), cut(None), cut(Some(3))], false, None),
        ] {
            let all = Explored::together(&models).expect("there are models");
            assert_eq!((all.exhaustive, all.covered), (exhaustive, covered));
            assert_eq!(all.interleavings, 10 * models.len());
        }
    }

    #[test]
    fn a_todo_that_many_tests_come_to_is_said_once() {
        let tests = ["correctness::a", "no_leaks::b"].map(|name| raw(name, Some(TODO)));
        assert_eq!(verdict(tests.into(), &[], None).todos().len(), 1);
    }
}
