//! The gate of AddressSanitizer: references with `unsafe` pass their tests on real threads under it, repeatedly.
//!
//! Its runtime comes with the stable toolchain, on the platforms that have one. `--target` keeps build scripts and
//! procedural macros out of it, which rustc itself loads. Leak detection stays off: the harness has its own, and that of
//! the sanitizer cannot look into a process that is traced.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use harness_base::liveness;

use super::Gate;
use crate::course::Lesson;
use crate::run::Runner;
use crate::run::cargo::{Binary, Built};
use crate::run::executor::{self, PATIENT_TIMEOUT};
use crate::run::guard::{End, What};
use crate::scratch::{self, SANITIZED, Scratch};

/// How often each test runs: a use after free needs the right interleaving, and may need luck.
const REPETITIONS: usize = 3;

/// What a report of the sanitizer begins with, after the number of the process.
const MARK: &str = "ERROR: AddressSanitizer: ";

/// What the references with `unsafe` were built with, and for which target.
pub enum Sanitizer {
    /// This toolchain has none; for which platform.
    Missing(String),
    /// It was built with it.
    Built(Built),
}

/// Builds the lessons of which `references` has the text and that have `unsafe` in it, with their tests, under the
/// sanitizer; `None` if there is none.
pub fn build<'a>(
    runner: &Runner,
    lessons: impl Iterator<Item = &'a Lesson>,
) -> Result<Option<Sanitizer>> {
    let mut scratch = Scratch::at(runner, SANITIZED)?;
    let mut any = false;
    for lesson in lessons {
        if let Ok(reference) = fs::read_to_string(runner.workspace.path(lesson.reference()))
            && has_unsafe(&reference)
        {
            scratch.add_sanitized(lesson, reference)?;
            any = true;
        }
    }
    if !any {
        return Ok(None);
    }
    let toolchain = Toolchain::find()?;
    Ok(Some(if toolchain.has_sanitizer() {
        Sanitizer::Built(scratch.build_sanitized(&toolchain.host)?)
    } else {
        Sanitizer::Missing(toolchain.host)
    }))
}

/// Whether a file has `unsafe` outside of comments.
pub fn has_unsafe(source: &str) -> bool {
    source.lines().any(|line| {
        let code = line.split("//").next().unwrap_or_default();
        let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word == "unsafe")
    })
}

/// Runs the tests of a lesson that was built with the sanitizer; `None` if its reference has no `unsafe`.
pub fn gate(
    runner: &Runner,
    lesson: &Lesson,
    sanitizer: Option<&Sanitizer>,
) -> Result<Option<Gate>> {
    let gate = |problems, note: String| Some(Gate::new(&lesson.name, "sanitizer", problems, note));
    let built = match sanitizer {
        None => return Ok(None),
        Some(Sanitizer::Missing(_) | Sanitizer::Built(_))
            if !fs::read_to_string(runner.workspace.path(lesson.reference()))
                .is_ok_and(|reference| has_unsafe(&reference)) =>
        {
            return Ok(None);
        }
        Some(Sanitizer::Missing(host)) => {
            let note = format!("not run: the toolchain has no AddressSanitizer for {host}");
            return Ok(gate(Vec::new(), note));
        }
        Some(Sanitizer::Built(built)) => built,
    };
    let package = scratch::sanitized_package(lesson);
    let mut problems = built.said_of(&package);
    let binaries: Vec<_> = built.tests_of(&package).collect();
    if binaries.is_empty() && problems.is_empty() {
        problems.push(format!("no test was built: {}", built.last_words()));
    }
    // All at once: most tests sleep for a part of their time, and another order of the threads is what each run is for.
    let runs = binaries.repeat(REPETITIONS);
    let found = executor::each(&runs, |binary| run(runner, lesson, binary));
    // What one run of a binary has found the others mostly find, too.
    let mut of_binary = BTreeMap::new();
    for (binary, found) in runs.iter().zip(found) {
        if let Some(problem) = found? {
            of_binary.entry(&binary.target).or_insert(problem);
        }
    }
    problems.extend(of_binary.into_values());
    let note = format!("finds nothing in {REPETITIONS} runs of the tests on real threads");
    Ok(gate(problems, note))
}

/// Runs the tests of a binary, one after the other in one process; what is wrong, if anything is.
fn run(runner: &Runner, lesson: &Lesson, binary: &Binary) -> Result<Option<String>> {
    let mut command = executor::command(runner, binary, What::Program, 10 * PATIENT_TIMEOUT);
    command.arg("--test-threads=1").env(liveness::SANITIZED, "detect_leaks=0");
    let output = runner
        .control
        .output(&mut command, |_| ())
        .with_context(|| format!("cannot run {}", binary.path.display()))?;
    if output.status.success() {
        return Ok(None);
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let target = binary.target.as_deref().unwrap_or(&lesson.name);
    // `test NAME ... ` is there before the test runs, and the rest of the line after it.
    let test = stdout.lines().last().and_then(|line| line.strip_prefix("test "));
    let test = test.and_then(|line| line.split_once(" ... "));
    let test = test.map_or(target.to_owned(), |(test, _)| format!("{target}::{test}"));
    Ok(Some(match stderr.split_once(MARK) {
        Some((_, report)) => {
            let summary = summary(report, &lesson.file_name());
            format!("{test}: AddressSanitizer: {summary}")
        }
        None => {
            let (end, said) = End::find(&stderr);
            let end = end.map_or_else(|| output.status.to_string(), |end| end.to_string());
            format!("{test} fails under AddressSanitizer: {end}\n{stdout}{said}")
        }
    }))
}

/// The kind of a report, and below it the places in the lesson's file that its stacks name.
fn summary(report: &str, file: &str) -> String {
    let kind = report.split_whitespace().next().unwrap_or("an error without a name");
    let mut lines = vec![kind.to_owned()];
    for line in report.lines() {
        let stack = line.ends_with(" here:") || line.contains(" thread T") && line.ends_with(':');
        let place = line.split_whitespace().last();
        let frame = place.filter(|place| place.contains(&format!("/{file}:")));
        if stack {
            lines.push(line.trim().to_owned());
        } else if let Some(place) = frame {
            let from = place.rfind("/src/").map_or(0, |at| at + 1);
            lines.push(format!("  {}", &place[from..]));
        }
    }
    lines.join("\n")
}

/// The toolchain in use.
struct Toolchain {
    host: String,
    /// Where the libraries for the host are.
    libraries: PathBuf,
}

impl Toolchain {
    fn find() -> Result<Self> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let ask = |arguments: &[&str]| -> Result<String> {
            let output = Command::new(&rustc)
                .args(arguments)
                .output()
                .with_context(|| format!("cannot run {}", rustc.display()))?;
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let version = ask(&["-vV"])?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.context("`rustc -vV` does not tell the host")?.to_owned();
        let libraries = ask(&["--print", "target-libdir"])?.trim().into();
        Ok(Self { host, libraries })
    }

    /// Whether the runtime is among the libraries: `librustc-stable_rt.asan.a`, or the like.
    fn has_sanitizer(&self) -> bool {
        has_runtime(&self.libraries)
    }
}

fn has_runtime(libraries: &Path) -> bool {
    let mut entries = fs::read_dir(libraries).into_iter().flatten().flatten();
    entries.any(|entry| entry.file_name().to_string_lossy().contains("_rt.asan."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_a_word_of_the_code() {
        assert!(has_unsafe("fn a() { unsafe { b() } }"));
        assert!(has_unsafe("unsafe impl Send for A {}"));
        assert!(!has_unsafe("// unsafe\n#![forbid(unsafe_code)]\n"));
    }

    #[test]
    fn a_report_is_summed_up_by_the_places_in_the_lesson() {
        let report = "heap-use-after-free on address 0x5020 at pc 0x55 bp 0x7f sp 0x7f\n\
                      READ of size 4 at 0x5020 thread T1 (adds)\n    \
                          #0 0x55 in sum::sum::add::h1 /t/verify/sanitized/exercises/01_a/01_sum/src/sum.rs:7:5\n    \
                          #1 0x56 in core::ops::call_once /rustc/ops.rs:250:5\n\
                      0x5020 is located 0 bytes inside of 4-byte region\n\
                      freed by thread T2 here:\n    \
                          #0 0x57 in free /asan.cpp:68:3\n    \
                          #1 0x58 in sum::sum::add /t/src/sum.rs:6:5\n\
                      previously allocated by thread T1 (adds) here:\n    \
                          #0 0x59 in malloc /asan.cpp:68:3\n";
        assert_eq!(
            summary(report, "sum.rs"),
            "heap-use-after-free\n  src/sum.rs:7:5\nfreed by thread T2 here:\n  src/sum.rs:6:5\n\
             previously allocated by thread T1 (adds) here:"
        );
    }

    #[test]
    fn a_platform_without_the_runtime_says_so_and_does_not_fail() {
        let empty = tempfile::tempdir().expect("a temporary folder");
        assert!(!has_runtime(empty.path()));
        assert!(!has_runtime(&empty.path().join("not there")));
        fs::write(empty.path().join("librustc-stable_rt.asan.a"), "").expect("written");
        assert!(has_runtime(empty.path()));

        let mut workspace = crate::course::select::tests::workspace(&["sum"]);
        let dir = tempfile::tempdir().expect("a temporary folder");
        workspace.root = dir.path().to_owned();
        let lesson = &workspace.lessons[0];
        let reference = workspace.path(lesson.reference());
        fs::create_dir_all(reference.parent().expect("a folder")).expect("made");
        fs::write(reference, "unsafe impl Send for A {}").expect("written");
        let runner = Runner::new(workspace.clone()).expect("a runner");
        let missing = Sanitizer::Missing("wasm32-wasip1".into());
        let gate = gate(&runner, lesson, Some(&missing)).expect("nothing runs");
        let note = "not run: the toolchain has no AddressSanitizer for wasm32-wasip1";
        assert_eq!(gate.expect("a gate").result, Ok(note.into()));
    }
}
