//! From what a test printed and how it ended to what a learner needs to know.

use std::borrow::Cow;

use harness_base::page;
use harness_base::protocol::{Coverage, Kind, find_coverage, find_failure};

use crate::run::guard::{End, OUTPUT, THREADS};
use crate::run::{SourceLine, TestRun};
use crate::term::{columns, thousands};

use super::panics::{Panic, deciding, panic_line, panics, reason};

/// What became of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It passed; what its models explored.
    Passed(Vec<Coverage>),
    /// It came to a `todo!()`.
    NotWritten(Todo),
    /// It failed.
    Failed(Failure),
    /// The time was up before its turn came, or it is ignored, or not there any more.
    NotRun,
}

/// A `todo!()` that a test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Todo {
    /// What is to do.
    pub text: String,
    /// Where.
    pub at: Option<SourceLine>,
    /// Whether the test did not end by itself after that.
    pub hung: bool,
}

impl Todo {
    /// `FILE:LINE`; nothing where that is not known.
    pub fn place(&self) -> String {
        self.at.as_ref().map_or_else(String::new, SourceLine::short)
    }
}

/// How a test failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// In a few words.
    pub reason: String,
    /// In full, with the marks of a model's inks.
    pub report: String,
    /// Whether the test did not end by itself.
    pub hung: bool,
}

/// The kind of a failure: what a model, a leak check or a panic says, or the way a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A model, a leak check or a panic spoke.
    Reported(Kind),
    /// It did not end in time.
    TimeOut,
    /// It ended without a word: a signal, or an exit code out of nowhere.
    Abort,
    /// It printed more than it may.
    Flood,
    /// It started more threads than it may, or than its memory has room for.
    Threads,
}

impl FailureKind {
    /// Whether a model found what is wrong, and did not merely come to no end.
    pub fn is_found(self) -> bool {
        match self {
            FailureKind::Reported(kind) => {
                !matches!(kind, Kind::TooManySteps | Kind::Stuck | Kind::SetUp)
            }
            _ => false,
        }
    }
}

impl Failure {
    /// Whether the report says so, in whatever lines.
    pub fn says(&self, sentence: &str) -> bool {
        let report = page::plain(&self.report);
        report.split_whitespace().collect::<Vec<_>>().join(" ").contains(sentence)
    }

    /// How long a dry run's story is: its threads, then the number of its last row. Of a long one the report leaves out the
    /// middle, so that the rows which are there say nothing: all long ones have as many.
    pub fn size(&self) -> (usize, usize) {
        let report = page::plain(&self.report);
        // What the lines of the rows begin with: a number, which ends in the same column in all of them.
        let number = |line: &str| {
            let text = line.trim_start();
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let is_row = text[digits..].starts_with("  ");
            let number = text[..digits].parse::<usize>().ok().filter(|_| is_row)?;
            Some((line.len() - text.len() + digits, number))
        };
        let mut rows = report.lines().filter_map(|line| Some((number(line)?, line))).peekable();
        let column = rows.peek().map(|((column, _), _)| *column);
        let (mut threads, mut last) = (0, 0);
        for ((_, number), line) in rows.filter(|((at, _), _)| Some(*at) == column) {
            // One row may spawn several: "spawn second, third".
            let spawned = line.split_once("spawn ").map_or("", |(_, names)| names);
            let names = spawned.split("  ").next().unwrap_or_default();
            threads += names.split(',').filter(|name| !name.is_empty()).count();
            last = number;
        }
        (threads, last)
    }
}

/// The words for the ways in which a process ends.
const ENDS: [(FailureKind, &str); 4] = [
    (FailureKind::TimeOut, "time-out"),
    (FailureKind::Abort, "abort"),
    (FailureKind::Flood, "flood"),
    (FailureKind::Threads, "threads"),
];

impl std::fmt::Display for FailureKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self, ENDS.iter().find(|(kind, _)| kind == self)) {
            (FailureKind::Reported(kind), _) => kind.fmt(f),
            (_, end) => f.pad(end.map_or("", |(_, word)| word)),
        }
    }
}

impl std::str::FromStr for FailureKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((kind, _)) = ENDS.iter().find(|(_, word)| *word == text) {
            return Ok(*kind);
        }
        let kind = text.parse().map(FailureKind::Reported);
        kind.map_err(|error| format!("{error}, time-out, abort, flood, threads"))
    }
}

/// What libtest prints last when a test has passed. A process that ends with success and without it was ended
/// from within, by `std::process::exit`, before the test could fail.
const LIBTEST_OK: &str = "test result: ok. 1 passed";

/// What it prints last of a test that is marked `#[ignore]`.
const LIBTEST_IGNORED: &str = "test result: ok. 0 passed; 0 failed; 1 ignored";

/// What it says of a test meanwhile.
const STILL_RUNS: &str = " has been running for over 60 seconds";

/// The words that `std::thread::spawn` panics with where the system has no room for another thread. A thread that a test
/// refuses comes without the code of an error.
const NO_THREAD: &str = "failed to spawn thread: Os {";

/// The words that `todo!()` panics with.
const TODO: &str = "not yet implemented";

impl Outcome {
    /// What became of the test; `file_name` is the name of the file that the learner edits.
    pub fn of(raw: &TestRun, file_name: &str) -> Outcome {
        // Marks are for the eye: whatever looks for words looks at the text without them.
        let (stdout, stderr) = (page::plain(&raw.stdout), page::plain(&raw.stderr));
        if raw.success && stdout.contains(LIBTEST_OK) {
            return Outcome::Passed(find_coverage(&stdout));
        }
        if raw.success && stdout.contains(LIBTEST_IGNORED) {
            return Outcome::NotRun;
        }
        if raw.success {
            return Outcome::Failed(Failure {
                kind: FailureKind::Abort,
                reason: "ended the process before the test was over".to_owned(),
                report: without_model(&stdout, &stderr),
                hung: false,
            });
        }
        let (end, stderr) = End::find(&stderr);
        let hung = end.as_ref().is_some_and(End::is_stopped);
        let panics = panics(stderr);
        if let Some(mut todo) = find_todo(stderr, &panics, file_name) {
            todo.hung = hung;
            return Outcome::NotWritten(todo);
        }
        let model = find_failure(stderr)
            .map(|found| (found, End::find(&raw.stderr).1))
            .or_else(|| Some((find_failure(&stdout)?, raw.stdout.as_str())));
        let deciding = deciding(&panics, &raw.name);
        let panic = deciding.as_ref().map(|deciding| deciding.panic);
        let (kind, reason) = match (&end, &model, panic) {
            (_, Some(((Kind::Panic, report), _)), _) => {
                (FailureKind::Reported(Kind::Panic), reason_of_panic(report))
            }
            (_, Some(((kind, _), _)), _) => (FailureKind::Reported(*kind), kind.to_string()),
            // A panic, or an abort where even the panic found no memory.
            (None | Some(End::Signal(_)), ..) if stderr.contains(NO_THREAD) => (
                FailureKind::Threads,
                "started more threads than its memory has room for".to_owned(),
            ),
            (Some(end), ..) => (kind_of(end), what_an_end_means(end, stderr)),
            (None, None, Some(panic)) => (FailureKind::Reported(Kind::Panic), panic.reason()),
            (None, None, None) => (FailureKind::Abort, "ended without a word".to_owned()),
        };
        let report = match &model {
            Some(((_, report), marked)) => strip_machinery(report, marked),
            None => {
                let told = deciding.filter(|_| end.is_none());
                let stderr = told.map_or_else(
                    || stderr.to_owned(),
                    |told| without_wanted(stderr, &panics, &told.shown),
                );
                without_model(&stdout, &stderr)
            }
        };
        Outcome::Failed(Failure { kind, reason, report, hung })
    }
}

fn kind_of(end: &End) -> FailureKind {
    match end {
        End::TimeOut(_) | End::Stuck | End::Spins(_) => FailureKind::TimeOut,
        End::Flood => FailureKind::Flood,
        End::Threads => FailureKind::Threads,
        End::Signal(_) => FailureKind::Abort,
    }
}

/// How a process ended that did not end by itself.
fn what_an_end_means(end: &End, stderr: &str) -> String {
    let says = |words| stderr.contains(words);
    match end {
        End::TimeOut(ms) => format!("did not end within {} s", *ms as f64 / 1000.0),
        End::Stuck => "hangs, with every thread asleep".to_owned(),
        End::Spins(ms) => format!("still spins after {} s of processor time", ms / 1000),
        End::Flood => format!("printed more than {} KiB and was stopped", OUTPUT / 1024),
        End::Threads => {
            let most = thousands(THREADS);
            format!("started more than {most} threads and was stopped")
        }
        End::Signal(_) if says("has overflowed its stack") => "stack overflow".to_owned(),
        // An allocation, or the stack that std gives each thread for its signals.
        End::Signal(_) if says("memory allocation of ") || says("Cannot allocate memory") => {
            "ran out of memory".to_owned()
        }
        End::Signal(name) => what_a_signal_means(name, stderr),
    }
}

/// What the signal that killed a test most likely means. A panic or an allocation that failed has been told before.
fn what_a_signal_means(name: &str, stderr: &str) -> String {
    // What glibc's allocator says before it aborts.
    let allocator = "free(): |double free|malloc(): |malloc_consolidate(): |munmap_chunk(): |realloc(): |corrupted \
                     |unaligned tcache";
    let is_of_it = |line: &str| allocator.split('|').any(|word| line.starts_with(word));
    let by_allocator = || stderr.lines().any(is_of_it);
    let meaning = match name {
        "SIGSEGV" | "SIGBUS" => "most likely used memory after it was freed",
        "SIGABRT" if by_allocator() => "used memory after it was freed, or freed it twice",
        "SIGABRT" => "aborted",
        "SIGILL" | "SIGTRAP" => {
            "came to code that cannot be reached: most likely memory was used after it was freed"
        }
        _ => "was killed",
    };
    format!("{meaning} ({name})")
}

/// What a test printed, without the panics that it caught.
fn without_wanted(stderr: &str, panics: &[Panic<'_>], shown: &[&Panic<'_>]) -> String {
    let mut text = stderr.to_owned();
    for panic in panics.iter().rev().filter(|panic| !shown.contains(panic)) {
        text.replace_range(panic.span.clone(), "");
    }
    text
}

/// The first `todo!()` that a test came to, be it on a thread of its own or in a model.
fn find_todo(stderr: &str, panics: &[Panic<'_>], file_name: &str) -> Option<Todo> {
    let todo_text = |message: &str| {
        let (_, rest) = message.split_once(TODO)?;
        let line = rest.lines().next().unwrap_or_default();
        Some(line.trim_start_matches(':').trim().to_owned())
    };
    for panic in panics {
        if panic.message.starts_with(TODO) {
            return Some(Todo {
                text: todo_text(panic.message)?,
                at: panic.at.clone(),
                hung: false,
            });
        }
    }
    // A model's report names the line in words of its own: the first one in the learner's file after the
    // message, or else the last one before it.
    let message = stderr.find(TODO)?;
    let mark = format!("{file_name}:");
    let line_at = |start: usize| {
        let rest = &stderr[start + mark.len()..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        rest[..digits].parse().ok().map(|line| SourceLine { file: file_name.to_owned(), line })
    };
    let after = stderr[message..].find(&mark).map(|found| message + found);
    let at = after.and_then(line_at).or_else(|| stderr[..message].rfind(&mark).and_then(line_at));
    Some(Todo { text: todo_text(stderr)?, at, hung: false })
}

/// A model's `panic` in a few words: what its report says after `Panic:`, up to the place. A long line of the message may be
/// broken there.
fn reason_of_panic(report: &str) -> String {
    let mut lines = report.lines().skip_while(|line| !line.starts_with(PANIC));
    let Some(first) = lines.next() else {
        return "panic".to_owned();
    };
    let first = first.trim_start_matches(PANIC).trim();
    let rest: Vec<&str> = lines
        .map(str::trim_end)
        .take_while(|line| line.starts_with("  ") && !line.starts_with("  ("))
        .map(str::trim)
        .collect();
    let is_value = |line: &str| line.starts_with("left: ") || line.starts_with("right: ");
    let values = rest.iter().position(|line| is_value(line));
    let values = values.unwrap_or(rest.len());
    let message = [&[first], &rest[..values]].concat().join(" ");
    let message = std::iter::once(message.as_str()).chain(rest[values..].iter().copied());
    let message = message.collect::<Vec<_>>().join("\n");
    format!("panic: {}", reason(&message))
}

/// The title of what a model's report says of a panic.
const PANIC: &str = "Panic:";

/// A model's report without its machine-readable first line, and without what libtest prints after it. `marked` is
/// the output that ends with `report`, marks included.
fn strip_machinery(report: &str, marked: &str) -> String {
    // A mark is no line break: there are as many with the marks as without.
    let breaks = |text: &str| text.matches('\n').count();
    let before = breaks(marked) - breaks(report);
    let body: Vec<&str> = marked.lines().skip(before + 1).collect();
    tidy(&body.join("\n"))
}

/// The report of a test in which no model spoke: what it printed, without libtest's own lines.
fn without_model(stdout: &str, stderr: &str) -> String {
    let parts = [tidy(stdout), tidy(stderr)];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

/// What libtest and the panic machinery add to a test's own words.
const NOISE: [&str; 7] = [
    "running 1 test",
    "failures:",
    "test result: ",
    "note: run with `RUST_BACKTRACE",
    "successes:",
    "error: test failed",
    "passes: ",
];

/// The output without libtest's lines; marks stay where they are.
fn tidy(output: &str) -> String {
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    let (mut after_failures, mut in_stack) = (false, false);
    for marked in output.lines().map(str::trim_end) {
        let plain = page::plain(marked);
        let line = plain.trim_end();
        // The stack of a panic in a destructor while another panic unwinds: std prints it whatever it was told.
        in_stack = line == "stack backtrace:" || in_stack && line.starts_with(' ');
        if in_stack {
            continue;
        }
        if NOISE.iter().any(|noise| line.starts_with(noise)) {
            after_failures = line == "failures:";
            continue;
        }
        // `test correctness::x ... FAILED`, possibly cut by what the test printed, or what libtest says of one that the
        // machine has no time for.
        let of_libtest = line.contains(" ... ") || line.ends_with(STILL_RUNS);
        if line.starts_with("test ") && of_libtest && line.len() < 200 {
            continue;
        }
        if after_failures && line.starts_with("    ") && !line.trim().contains(' ') {
            continue;
        }
        let blank_before = lines.last().is_none_or(|last| columns(last) == 0);
        if line.is_empty() && blank_before {
            continue;
        }
        lines.push(match panic_line(line) {
            Cow::Owned(shorter) => Cow::Owned(shorter),
            Cow::Borrowed(_) => Cow::Borrowed(marked),
        });
    }
    while lines.last().is_some_and(|line| columns(line) == 0) {
        lines.pop();
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(stderr: &str) -> Outcome {
        let stdout = "\nrunning 1 test\ntest correctness::x ... FAILED\n\nfailures:\n\nfailures:\n    \
                      correctness::x\n\ntest result: FAILED. 0 passed; 1 failed\n";
        let raw = TestRun {
            name: "correctness::x".into(),
            stdout: stdout.into(),
            stderr: stderr.into(),
            ..TestRun::default()
        };
        Outcome::of(&raw, "wait_group.rs")
    }

    fn failure_of(stderr: &str) -> Failure {
        match failed(stderr) {
            Outcome::Failed(failure) => failure,
            other => panic!("expected a failure, got {other:?}"),
        }
    }

    /// What is to do, where, and whether the test hung then.
    fn todo_of(stderr: &str) -> (String, String, bool) {
        match failed(stderr) {
            Outcome::NotWritten(todo) => (todo.text.clone(), todo.place(), todo.hung),
            other => panic!("expected a todo, got {other:?}"),
        }
    }

    #[test]
    fn a_todo_is_not_written_yet() {
        for (stderr, text, at, hung) in [
            (
                "\nthread 'correctness::x' (77) panicked at exercises/02_a/01_b/src/wait_group.rs:41:9:\n\
                 not yet implemented: sleep until the counter is zero\nnote: run with `RUST_BACKTRACE=1` …\n",
                "sleep until the counter is zero",
                41,
                false,
            ),
            // On another thread, even if the test hangs.
            (
                "\nthread '<unnamed>' panicked at src/wait_group.rs:29:9:\nnot yet implemented: count down\n\
                 \nthread 'correctness::x' panicked at tests/correctness.rs:3:1:\na scoped thread panicked\n\
                 \nstopped: time-out 6000 ms\n",
                "count down",
                29,
                true,
            ),
            // In a model.
            (
                "fails: panic\n 1  spawn waiter race_freedom.rs:9\nmain panicked: not yet implemented: count down\n\
                 at src/wait_group.rs:29\n",
                "count down",
                29,
                false,
            ),
        ] {
            let expected = (text.to_owned(), format!("wait_group.rs:{at}"), hung);
            assert_eq!(todo_of(stderr), expected);
        }
    }

    #[test]
    fn a_model_names_the_kind() {
        let failure = failure_of("noise\nfails: data race\nthe dry run\n");
        assert_eq!(failure.kind, FailureKind::Reported(Kind::DataRace));
        assert_eq!(failure.reason, "data race");
        assert_eq!(failure.report, "the dry run");
    }

    #[test]
    fn marks_are_for_the_report_only() {
        use harness_base::page::Ink;
        let (bad, faint, end) = (Ink::Bad.mark(), Ink::Faint.mark(), Ink::Plain.mark());
        let report = format!("{bad}Panic:{end} too{end} late");
        let marked = failure_of(&format!("noise\nfails: panic\n{report}\nmore\n"));
        assert_eq!(marked.reason, "panic: too late");
        assert_eq!(marked.report, format!("{report}\nmore"));
        let cut_off = failure_of(&format!("noise\nfails: deadlock\nwho\n{end}"));
        assert_eq!(cut_off.report, "who");

        let todo = format!(
            "fails: panic\n{bad}not yet{end} implemented: wait\n{faint}wait_group.rs{end}:7\n"
        );
        let expected = ("wait".into(), "wait_group.rs:7".into(), false);
        assert_eq!(todo_of(&todo), expected);

        // libtest's own lines go, whatever colour a test left behind.
        let tidied = tidy(&format!(
            "{faint}a{end}\n{end}failures:\n\ntest x has been running for over 60 seconds\n{end}\nb\n{end}\n"
        ));
        assert_eq!(tidied, format!("{faint}a{end}\n\nb"));
    }

    #[test]
    fn a_panic_of_a_model_is_told_by_its_message() {
        for (report, told) in [
            ("1  panics: x\n\nPanic: too late\n  (main, at src/a.rs:1)\n", "too late"),
            (
                "Panic: assertion `left == right` failed: `has_panicked` was true before the\n  body panicked\n  \
                 left: 1\n  right: 2\n  (main, at src/a.rs:1)\n",
                "`has_panicked` was true before the body panicked: 1 against 2",
            ),
            (
                "Panic: assertion `left == right` failed\n   left: 1\n  right: 2\n  (main, at a.rs:1)\n",
                "1 against 2",
            ),
        ] {
            let failure =
                failure_of(&format!("fails: panic\nhas_panicked.load(Relaxed) = true\n{report}"));
            assert_eq!(failure.reason, format!("panic: {told}"));
        }
    }

    #[test]
    fn a_panic_that_the_test_caught_is_not_shown() {
        let failure = failure_of(
            "\nthread 'x' (7) panicked at src/wait_group.rs:20:5:\nwait_group: counter overflow\n\
             \nthread 'x' (7) panicked at tests/correctness.rs:20:5:\nadd(isize::MAX) should panic\n",
        );
        assert_eq!(failure.reason, "add(isize::MAX) should panic");
        assert_eq!(
            failure.report,
            "panicked at tests/correctness.rs:20:5:\nadd(isize::MAX) should panic"
        );
    }

    #[test]
    fn a_plain_assertion_is_a_panic() {
        let failure = failure_of(
            "\nthread 'correctness::x' (7) panicked at tests/correctness.rs:20:5:\n\
             assertion `left == right` failed: the sum\n  left: 1\n right: 2\n\
             note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
        );
        assert_eq!(failure.kind, FailureKind::Reported(Kind::Panic));
        assert_eq!(failure.reason, "the sum: 1 against 2");
        let report = &failure.report;
        let first = "panicked at tests/correctness.rs:20:5:";
        assert!(report.starts_with(first), "{report}");
        assert!(report.ends_with("right: 2"), "{report}");
    }

    #[test]
    fn a_stack_is_no_part_of_a_report() {
        let failure = failure_of(
            "\nthread 'correctness::x' (7) panicked at tests/correctness.rs:20:5:\nthere is an owner\nstack backtrace:\n   \
             0:     0x55e1 - std::backtrace::trace\n                               at /rustc/1/library/std/src/a.rs:117:9\n\
             the test says more\n",
        );
        assert_eq!(
            failure.report,
            "panicked at tests/correctness.rs:20:5:\nthere is an owner\nthe test says more"
        );
    }

    #[test]
    fn a_process_that_did_not_end_by_itself_says_how() {
        let no_thread = "\nthread 'x' (7) panicked at /rustc/1/library/std/src/thread/functions.rs:131:29:\n\
                         failed to spawn thread: Os { code: 11, kind: WouldBlock, message: \"…\" }\n";
        let [stopped, died] = ["stopped: ", "died: "];
        for (before, end, told) in [
            (stopped, "time-out 6000 ms", "time-out: did not end within 6 s"),
            (stopped, "stuck", "time-out: hangs, with every thread asleep"),
            (
                stopped,
                "processor time 4020 ms",
                "time-out: still spins after 4 s of processor time",
            ),
            (stopped, "output", "flood: printed more than 256 KiB and was stopped"),
            (stopped, "threads", "threads: started more than 2,000 threads and was stopped"),
            (no_thread, "", "threads: started more threads than its memory has room for"),
            (died, "SIGABRT", "abort: aborted (SIGABRT)"),
            (
                "free(): double free detected in tcache 2\n\n",
                "died: SIGABRT",
                "abort: used memory after it was freed, or freed it twice (SIGABRT)",
            ),
            (died, "SIGSEGV", "abort: most likely used memory after it was freed (SIGSEGV)"),
            (died, "SIGBUS", "abort: most likely used memory after it was freed (SIGBUS)"),
            (died, "SIGKILL", "abort: was killed (SIGKILL)"),
            ("\nthread 'x' has overflowed its stack\n\n", "died: SIGABRT", "abort: stack overflow"),
            (
                "memory allocation of 9 bytes failed\n\n",
                "died: SIGABRT",
                "abort: ran out of memory",
            ),
            ("", "", "abort: ended without a word"),
        ] {
            let failure = failure_of(&format!("{before}{end}\n"));
            assert_eq!(format!("{}: {}", failure.kind, failure.reason), told);
        }
    }

    #[test]
    fn every_kind_is_read_back() {
        let ends = ENDS.map(|(kind, _)| kind);
        for kind in Kind::ALL.map(FailureKind::Reported).into_iter().chain(ends) {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("sloth".parse::<FailureKind>().is_err());
    }
}
