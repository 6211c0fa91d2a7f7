//! How a test tells the runner what happened: lines of its output. The tests print them, `cargo xtask` reads them, and so
//! does a person who runs nextest by hand.
//!
//! May use [`text`](crate::text).

use crate::text::count;
use std::fmt;
use std::str::FromStr;

/// The way in which a test failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Threads wait for each other and none can go on.
    Deadlock,
    /// Two threads touch the same memory, one of them writes, and nothing orders the two.
    DataRace,
    /// A thread, a value or an allocation outlived the program.
    Leak,
    /// A panic, a failed assertion included.
    Panic,
    /// A lock, a condition variable, an atomic or a cell was used after it had been dropped.
    UseAfterDrop,
    /// More steps than the model allows, most often a loop that spins without yielding.
    TooManySteps,
    /// A thread of the model went on without an operation of the facade, or blocked in something that
    /// the model cannot see.
    Stuck,
    /// The model cannot run this program: a sixth thread, a stack overflow, a type made outside the model.
    SetUp,
}

impl Kind {
    /// All kinds, for tests and tables.
    pub const ALL: [Kind; 8] = [
        Kind::Deadlock,
        Kind::DataRace,
        Kind::Leak,
        Kind::Panic,
        Kind::UseAfterDrop,
        Kind::TooManySteps,
        Kind::Stuck,
        Kind::SetUp,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Deadlock => "deadlock",
            Kind::DataRace => "data race",
            Kind::Leak => "leak",
            Kind::Panic => "panic",
            Kind::UseAfterDrop => "use after drop",
            Kind::TooManySteps => "too many steps",
            Kind::Stuck => "stuck",
            Kind::SetUp => "set-up",
        })
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Kind::ALL.into_iter().find(|kind| kind.to_string() == s).ok_or_else(|| {
            let known: Vec<_> = Kind::ALL.iter().map(Kind::to_string).collect();
            format!("no failure kind is called {s:?}; there are {}", known.join(", "))
        })
    }
}

/// How the panic of a test begins whose threads all wait.
pub const HANGS: &str = "hangs: ";
/// How it begins if they spin.
pub const SPINS: &str = "spins: ";
/// How it begins if the time is up.
pub const LATE: &str = "does not end: ";

/// Whether a test panicked because it did not end. Such a panic tells what waits, and not why.
pub fn is_without_end(message: &str) -> bool {
    let mut beginnings = [HANGS, SPINS, LATE].into_iter();
    beginnings.any(|beginning| message.starts_with(beginning))
}

/// What a leak check says of a thread that has not ended.
pub const STILL_RUNS: &str = " still runs: spawned at ";

/// What the report says of a model that lets calls return or fail spuriously, and that fails without any of that: another model
/// may say more of the mistake.
pub const NOTHING_SPURIOUS: &str = "Nothing in it is spurious.";

/// What a report's sentence about the likely cause begins with, before a colon.
pub const USUALLY: &str = "Usually";

/// The line that opens the report of a failed model or leak check.
const FAILED: &str = "fails: ";
/// The line that a model prints when it passes.
const PASSED: &str = "passes: ";

/// The first line of a failure's report, for example `fails: deadlock`.
pub fn failure_line(kind: Kind) -> String {
    format!("{FAILED}{kind}")
}

/// The kind that a test's output names, and the report from there on. `None` if neither a model nor a leak
/// check failed: then it is an ordinary panic, or the process died.
pub fn find_failure(output: &str) -> Option<(Kind, &str)> {
    let mut at = 0;
    for line in output.split_inclusive('\n') {
        if let Some(kind) = line.trim_end().strip_prefix(FAILED).and_then(|kind| kind.parse().ok())
        {
            return Some((kind, &output[at..]));
        }
        at += line.len();
    }
    None
}

/// How much of a model's state space was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The number of interleavings explored.
    pub interleavings: usize,
    /// What they make up.
    pub extent: Extent,
}

/// What the interleavings that were explored make up. A preemption bound is the number of times that running
/// threads may be interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All there are.
    All,
    /// All within the preemption bound that the model states.
    UpTo(usize),
    /// One order of the threads: the model asks for no other.
    OneOrder,
    /// The time ran out.
    Cut {
        /// The largest preemption bound within which all were explored, if there was time for one.
        covered: Option<usize>,
    },
}

impl Coverage {
    /// Whether everything that the model asked for was explored.
    pub fn is_exhaustive(&self) -> bool {
        !matches!(self.extent, Extent::Cut { .. })
    }
}

/// What the line says of a model that asks for one order.
const ONE_ORDER: &str = "in one order of the threads";

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let explored = count(self.interleavings, "interleaving");
        write!(f, "{explored} explored")?;
        let most = |bound| format!("at most {}", count(bound, "preemption"));
        match self.extent {
            Extent::All => f.write_str(", exhaustively"),
            Extent::UpTo(bound) => write!(f, ", {} each, exhaustively", most(bound)),
            Extent::OneOrder => write!(f, ", {ONE_ORDER}"),
            Extent::Cut { covered } => {
                if let Some(bound) = covered {
                    write!(f, ", all with {} among them", most(bound))?;
                }
                f.write_str(", then the time ran out")
            }
        }
    }
}

/// The line that a passing model prints, for example
/// `passes: 23 interleavings explored, exhaustively`.
pub fn success_line(coverage: &Coverage) -> String {
    format!("{PASSED}{coverage}")
}

/// What the models in a test's output explored, one entry a model.
pub fn find_coverage(output: &str) -> Vec<Coverage> {
    output.lines().filter_map(parse_success_line).collect()
}

fn parse_success_line(line: &str) -> Option<Coverage> {
    let (number, rest) = line.trim().strip_prefix(PASSED)?.split_once(' ')?;
    let bound =
        rest.split_once("at most ").and_then(|(_, bound)| bound.split(' ').next()?.parse().ok());
    let extent = match (rest.ends_with("exhaustively"), bound) {
        _ if rest.ends_with(ONE_ORDER) => Extent::OneOrder,
        (true, None) => Extent::All,
        (true, Some(bound)) => Extent::UpTo(bound),
        (false, covered) => Extent::Cut { covered },
    };
    Some(Coverage { interleavings: number.parse().ok()?, extent })
}

/// The line before the dry run of a passing model.
const DRY_RUN: &str = "dry run:";
/// The line after it.
const DRY_RUN_END: &str = "end of dry run";

/// The dry run of a passing model, between the lines by which [`find_dry_runs`] finds it.
pub fn dry_run_block(dry_run: &str) -> String {
    format!("{DRY_RUN}\n{}\n{DRY_RUN_END}", dry_run.trim_end())
}

/// The dry runs of the passing models in a test's output.
pub fn find_dry_runs(output: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        match (inside, line.trim_end()) {
            (false, DRY_RUN) => {
                inside = true;
                found.push(String::new());
            }
            (true, DRY_RUN_END) => inside = false,
            (true, line) => {
                let text = found.last_mut().expect("one has begun");
                text.push_str(line);
                text.push('\n');
            }
            (false, _) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_line_is_found_with_its_report() {
        for kind in Kind::ALL {
            let output = format!("noise\n{}\nthe report\n", failure_line(kind));
            let (found, report) = find_failure(&output).expect("the line is there");
            assert_eq!(found, kind);
            assert!(report.ends_with("the report\n") && report.starts_with(FAILED));
        }
        assert_eq!(find_failure("fails: to convince\n"), None);
    }

    #[test]
    fn a_success_line_is_read_back() {
        let bounds = [None, Some(0), Some(1), Some(2)];
        let cut = bounds.map(|covered| Extent::Cut { covered });
        let whole = bounds.map(|bound| bound.map_or(Extent::All, Extent::UpTo));
        for extent in cut.into_iter().chain(whole).chain([Extent::OneOrder]) {
            for interleavings in [1, 23] {
                let coverage = Coverage { interleavings, extent };
                let output = format!("{}\n", success_line(&coverage));
                assert_eq!(find_coverage(&output), [coverage]);
            }
        }
    }

    #[test]
    fn dry_runs_are_found() {
        let one = "     main\n  1  returns\n";
        let output = format!("noise\n{}\nmore\n{}\n", dry_run_block(one), dry_run_block("x"));
        assert_eq!(find_dry_runs(&output), [one, "x\n"]);
    }
}
