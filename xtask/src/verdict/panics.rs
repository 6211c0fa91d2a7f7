//! Panics as the standard library writes them on stderr.

use std::borrow::Cow;
use std::ops::Range;

use crate::run::SourceLine;

/// A panic as the standard library reports it.
#[derive(Debug, PartialEq, Eq)]
pub struct Panic<'a> {
    /// The name of the thread that panicked.
    pub thread: &'a str,
    /// Where.
    pub at: Option<SourceLine>,
    /// What it says, without the notes of the standard library.
    pub message: &'a str,
    /// Where it stands in the output.
    pub span: Range<usize>,
}

impl Panic<'_> {
    /// Whether a test's own code panicked, and not the code that it tests.
    fn is_of_a_test(&self) -> bool {
        self.at
            .as_ref()
            .is_some_and(|at| at.file.contains("tests/") || at.file.ends_with("race_freedom.rs"))
    }

    /// Whether it only says that another thread has panicked.
    fn is_second_hand(&self) -> bool {
        let first = self.message.lines().next().unwrap_or_default();
        first == "a scoped thread panicked" || first.ends_with("Any { .. }")
    }

    /// Whether it is of the same line as `other` and says the same: of a pool's threads, each may panic there.
    fn repeats(&self, other: &Panic<'_>) -> bool {
        self.at == other.at && self.message == other.message
    }

    /// What it says in a few words.
    pub fn reason(&self) -> String {
        reason(self.message)
    }
}

/// The message of a panic in a few words: of a comparison that failed, the numbers.
pub fn reason(message: &str) -> String {
    let mut lines = message.lines();
    let first = lines.next().unwrap_or("panic");
    let value = |name: &str| {
        let mut lines = message.lines().map(str::trim);
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    match (value("left"), value("right")) {
        (Some(left), Some(right)) if first.starts_with("assertion") => {
            let what = first.split_once("failed: ");
            let what = what.map_or_else(String::new, |(_, what)| format!("{what}: "));
            format!("{what}{left} against {right}")
        }
        _ => first.to_owned(),
    }
}

/// The panics in what a test printed on stderr, the first one first.
pub fn panics(stderr: &str) -> Vec<Panic<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in stderr.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let panic = line.split_once(" panicked at ");
        let Some((thread, named)) = panic.filter(|_| line.starts_with("thread '")) else {
            continue;
        };
        let rest = &stderr[at..];
        let marks = ["\nnote: run with", "\nstack backtrace:", "\nthread '", "\n\n"];
        let end = marks.iter().filter_map(|mark| rest.find(mark)).min();
        let end = end.unwrap_or(rest.len());
        let thread = thread.trim_start_matches("thread '");
        found.push(Panic {
            thread: thread.rsplit_once('\'').map_or(thread, |(name, _)| name),
            at: SourceLine::parse(named.trim_end_matches(':')),
            message: rest[..end].trim_end(),
            span: start..at + end,
        });
    }
    found
}

/// The panic that a test failed by, of those that it printed, and those that belong to it.
///
/// A test may ask for panics and catch them: they are no part of its failure. What ends it is the last panic of its
/// own thread. If that one only hands on the panic of another thread, that one says more.
pub fn deciding<'a, 'b>(panics: &'b [Panic<'a>], test: &str) -> Option<Deciding<'a, 'b>> {
    let is_own = |panic: &Panic<'_>| {
        let of_binary = test.strip_suffix(panic.thread);
        of_binary.is_some_and(|before| before.is_empty() || before.ends_with("::"))
    };
    let last = panics.iter().rposition(is_own);
    let last = last.unwrap_or(panics.len().checked_sub(1)?);
    let others = |panic: &Panic<'_>| !is_own(panic) && !panic.is_of_a_test();
    let origin = panics[last]
        .is_second_hand()
        .then(|| panics[..last].iter().rposition(|panic| !is_own(panic)))
        .flatten();
    let shown = panics.iter().enumerate().filter(|&(number, panic)| {
        let is_repeated = panics[..number].iter().any(|before| panic.repeats(before));
        let is_other = origin.is_none() && others(panic) && !is_repeated;
        number == last || Some(number) == origin || is_other
    });
    Some(Deciding {
        panic: &panics[origin.unwrap_or(last)],
        shown: shown.map(|(_, panic)| panic).collect(),
    })
}

/// What [`deciding`] finds.
#[derive(Debug, PartialEq, Eq)]
pub struct Deciding<'a, 'b> {
    /// The panic that says why the test failed.
    pub panic: &'b Panic<'a>,
    /// That one, and those of other threads that nothing shows to be wanted.
    pub shown: Vec<&'b Panic<'a>>,
}

/// The line that a panic's message or a model's report names first.
pub fn panicked_at(report: &str) -> Option<SourceLine> {
    report.lines().find_map(|line| {
        let (_, rest) = line
            .split_once("panicked at ")
            .or_else(|| line.trim_end().strip_suffix(')')?.split_once(", at "))?;
        SourceLine::parse(rest.trim_end().trim_end_matches(':'))
    })
}

/// `thread 'x' (77) panicked at a.rs:1:2:` in fewer words: the number says nothing, and the whole line is often
/// too wide.
pub fn panic_line(line: &str) -> Cow<'_, str> {
    let parts = line.strip_prefix("thread '").and_then(|rest| rest.split_once("' "));
    let parts = parts.and_then(|(thread, rest)| Some((thread, rest.split_once("panicked at ")?)));
    let Some((thread, (_, at))) = parts else {
        return Cow::Borrowed(line);
    };
    // libtest calls a test's thread by the test's path, a program its main thread `main`.
    match thread {
        "main" => Cow::Owned(format!("panicked at {at}")),
        "<unnamed>" => Cow::Owned(format!("a thread panicked at {at}")),
        test if at.contains("tests/") || test.contains("::") => {
            Cow::Owned(format!("panicked at {at}"))
        }
        named => Cow::Owned(format!("thread `{named}` panicked at {at}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a test prints of panics: thread, place and message.
    fn printed(all: &[(&str, &str, &str)]) -> String {
        let lines = all.iter().map(|(thread, at, message)| {
            format!("\nthread '{thread}' (7) panicked at {at}:\n{message}\nnote: run with `RUST_BACKTRACE=1` …\n")
        });
        lines.collect()
    }

    fn decides(all: &[(&str, &str, &str)]) -> (String, Vec<String>) {
        let output = printed(all);
        let panics = panics(&output);
        let found = deciding(&panics, "correctness::adds").expect("there are panics");
        let shown = found.shown.iter().map(|panic| panic.message.to_owned());
        (found.panic.reason(), shown.collect())
    }

    const TEST: &str = "exercises/02_a/01_b/tests/correctness.rs:20:5";
    const OWN: &str = "exercises/02_a/01_b/src/group.rs:9:5";

    #[test]
    fn a_panic_that_the_test_caught_does_not_decide() {
        let wanted = ("adds", OWN, "wait_group: counter overflow");
        let fails = ("adds", TEST, "add(isize::MAX) should panic");
        let (reason, shown) = decides(&[wanted, wanted, fails]);
        assert_eq!(reason, "add(isize::MAX) should panic");
        assert_eq!(shown, ["add(isize::MAX) should panic"]);
        // The test's own payload, thrown on a thread of the learner's.
        let payload = ("<unnamed>", TEST, "out of memory");
        let differs = "assertion `left == right` failed: the payload\n  left: None\n right: Some(\"out of memory\")";
        let fails = ("correctness::adds", TEST, differs);
        let (reason, shown) = decides(&[payload, fails]);
        assert_eq!(reason, "the payload: None against Some(\"out of memory\")");
        assert_eq!(shown.len(), 1);
    }

    #[test]
    fn a_panic_of_the_learners_thread_is_shown_and_decides_if_it_is_only_handed_on() {
        let cause = ("<unnamed>", OWN, "index out of bounds");
        let wrong = ("adds", TEST, "the sum is 0");
        let (reason, shown) = decides(&[cause, wrong]);
        assert_eq!(reason, "the sum is 0");
        assert_eq!(shown, ["index out of bounds", "the sum is 0"]);
        for second_hand in
            ["a scoped thread panicked", "called `Result::unwrap()` on an `Err` value: Any { .. }"]
        {
            let (reason, shown) = decides(&[cause, ("adds", TEST, second_hand)]);
            assert_eq!(reason, "index out of bounds");
            assert_eq!(shown.len(), 2);
        }
    }

    #[test]
    fn what_several_threads_say_is_said_once() {
        let cause = ("<unnamed>", OWN, "attempt to add with overflow");
        let (_, shown) = decides(&[cause, cause, cause, ("adds", TEST, "hangs")]);
        assert_eq!(shown, ["attempt to add with overflow", "hangs"]);
    }

    #[test]
    fn without_a_panic_of_the_test_the_last_one_decides() {
        let first = ("<unnamed>", OWN, "first");
        let last = ("<unnamed>", OWN, "last");
        assert_eq!(decides(&[first, last]).0, "last");
    }

    #[test]
    fn a_comparison_is_told_by_its_numbers() {
        let numbers = "\n  left: 1\n right: 2";
        let failed = "assertion `left == right` failed";
        for (message, told) in [
            (&*format!("{failed}{numbers}"), "1 against 2"),
            (&format!("{failed}: the sum{numbers}"), "the sum: 1 against 2"),
            ("assertion failed: x", "assertion failed: x"),
            ("plain\nmore", "plain"),
        ] {
            assert_eq!(reason(message), told);
        }
    }
}
