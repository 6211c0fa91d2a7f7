//! `cargo xtask verify [LESSON…]`: the gates.
//!
//! Two builds serve all lessons: the references in the workspace itself, where `cargo nextest run` has use for
//! them too, and stubs, mistakes and benches in the [scratch workspace](crate::verify::scratch). The tests run
//! in the runner's own executor.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::io::{IsTerminal, Write as _};
use std::process::Stdio;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Exit;
use crate::outcome::{Failure, Outcome, Raw};
use crate::progress::{lock, write_atomically};
use crate::run::cargo::{self, Binary, Built};
use crate::run::executor::{self, Job, Limits};
use crate::run::{self, Setup, stderr};
use crate::select;
use crate::style::{BAD, GOOD, Marks, STRONG, WIDTH, columns, paint, wrap};
use crate::tests_of;
use crate::verdict::FACADE_TEST;
use crate::verify::mistake::{self, Mistake};
use crate::verify::scratch::{self, Scratch};
use crate::verify::{Gate, api, texts};
use crate::workspace::{Lesson, Workspace};

/// How often the reference runs each test.
const REPETITIONS: usize = 3;

/// The longest that a test may take: what nextest's default profile gives it. A learner's test has less, but
/// builds that run beside `verify` slow it down, and a verdict on a lesson must not depend on them.
const ONE: Duration = Duration::from_secs(10);

/// The fewest mistakes of a lesson.
const MISTAKES: usize = 5;

/// Set while the workspace's own tests run, to the workspace: none of them may verify that again.
const VERIFYING: &str = "XTASK_VERIFYING";

/// What to verify beyond the gates.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The exercises are as they are shipped.
    pub shipped: bool,
    /// Write `tests.txt`.
    pub record: bool,
}

/// Verifies the lessons that go by `wanted`; without any, all of them and the workspace's own tests.
pub fn run(workspace: &Workspace, wanted: &[String], options: Options) -> Result<Exit> {
    if std::env::var_os(VERIFYING).is_some_and(|root| root == *workspace.root) {
        bail!(
            "`verify` runs already: it runs the workspace's tests, and one of them runs `verify` on the workspace"
        );
    }
    let lessons = if wanted.is_empty() {
        workspace.lessons.iter().collect()
    } else {
        wanted
            .iter()
            .map(|wanted| select::lesson(workspace, wanted))
            .collect::<Result<Vec<_>, _>>()?
    };
    let setup = Setup::new()?;
    let mut scratch = Scratch::new(workspace)?;
    let _lock = lock(&scratch.root().join("lock"))?;
    let table = Table {
        marks: Marks::of_locale(),
        names: lessons
            .iter()
            .map(|lesson| lesson.name.len())
            .max()
            .unwrap_or(0)
            .max(9),
    };

    let mut gates = Vec::new();
    if wanted.is_empty() {
        say("the workspace's own tests");
        gates.push(workspace_tests(&setup, workspace)?);
    }
    let mut verified: Vec<Verified<'_>> = Vec::new();
    for lesson in lessons {
        verified.push(Verified::read(workspace, &mut scratch, lesson, options)?);
    }
    if !verified.is_empty() {
        say("building the references");
        let references = build_references(&setup, workspace, &verified)?;
        say("building stubs, mistakes and benches");
        let built = scratch.build(&setup, workspace)?;
        for verified in verified {
            say(&format!("testing {}", verified.lesson.name));
            gates.extend(verified.gates(&setup, workspace, &references, &built, options)?);
        }
    }
    say("");
    anstream::print!("{}", table.render(&gates));
    Ok(if gates.iter().all(|gate| gate.result.is_ok()) {
        Exit::Success
    } else {
        Exit::Failure
    })
}

/// Says on a terminal what takes so long, in a line that goes away again.
fn say(what: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let dots = if what.is_empty() { "" } else { " …" };
        let _ = write!(stderr, "\r\x1b[K{what}{dots}").and_then(|()| stderr.flush());
    }
}

/// The tests of the workspace's default members: the harness, the references, the runner.
fn workspace_tests(setup: &Setup, workspace: &Workspace) -> Result<Gate> {
    let mut command = setup.cargo(&workspace.root);
    command.args(if setup.nextest {
        &["nextest", "run", "--color", "never"][..]
    } else {
        &["test", "--color", "never"]
    });
    let mut child = command
        .env(VERIFYING, &workspace.root)
        .stdin(Stdio::null())
        .stdout(if setup.nextest {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}: is cargo installed?", setup.cargo.display()))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut listener = stderr::Listener::new(false);
    let mut printed = String::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Some(stdout) = stdout {
                stderr::lines(stdout, |line| {
                    printed.push_str(&line);
                    true
                });
            }
        });
        if let Some(stderr) = stderr {
            let begun = std::time::Instant::now();
            stderr::lines(stderr, |line| {
                listener.line(&line, begun);
                true
            });
        }
    });
    let status = child.wait().context("cannot wait for cargo")?;
    listener.end();
    let summary = listener
        .after
        .lines()
        .find(|line| line.trim_start().starts_with("Summary"));
    let note = match summary.and_then(|line| line.split_once(']')) {
        Some((_, counts)) => counts.trim().to_owned(),
        None => "all pass".to_owned(),
    };
    let problems = if status.success() {
        Vec::new()
    } else {
        let command = if setup.nextest {
            "cargo nextest run"
        } else {
            "cargo test"
        };
        let said = [listener.said, listener.after, printed].concat();
        // The end of it names what failed, and there may be a lot of it.
        let lines: Vec<&str> = said
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let from = lines.len().saturating_sub(40);
        let mut problems = vec![format!(
            "`{command}` ended with {status}; the end of what it said:"
        )];
        problems.extend(lines[from..].iter().map(|line| (*line).to_owned()));
        problems
    };
    Ok(Gate::new("workspace", "tests", problems, note))
}

/// Builds tests and tours of the references.
fn build_references(
    setup: &Setup,
    workspace: &Workspace,
    verified: &[Verified<'_>],
) -> Result<Built> {
    let mut command = setup.cargo(&workspace.root);
    command.args(["build", "--tests", "--examples", "--keep-going"]);
    for verified in verified {
        command.args(["--package", &verified.lesson.solution_package()]);
    }
    cargo::build(setup, command, false)
}

/// A lesson that is being verified: what could be said without a build.
struct Verified<'a> {
    lesson: &'a Lesson,
    gates: Vec<Gate>,
    /// Whether the scratch has its stub and its bench.
    in_scratch: bool,
    mistakes: Vec<Mistake>,
    mistake_problems: Vec<String>,
}

impl<'a> Verified<'a> {
    /// Looks at texts and signatures, and adds stub, bench and mistakes to the scratch.
    fn read(
        workspace: &Workspace,
        scratch: &mut Scratch,
        lesson: &'a Lesson,
        options: Options,
    ) -> Result<Self> {
        let name = &lesson.name;
        let mut gates = vec![Gate::new(
            name,
            "texts",
            texts::problems(workspace, lesson),
            "",
        )];
        let read = |path: std::path::PathBuf| {
            fs::read_to_string(workspace.path(&path))
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))
        };
        let (stub, reference) = (read(lesson.stub()), read(lesson.reference()));
        let api = match (&stub, &reference) {
            (Ok(stub), Ok(reference)) => {
                api::differences(stub, reference).unwrap_or_else(|error| vec![error])
            }
            _ => [&stub, &reference]
                .into_iter()
                .filter_map(|text| text.clone().err())
                .collect(),
        };
        gates.push(Gate::new(name, "api", api, "stub and reference agree"));
        if options.shipped {
            let problems = match (fs::read(workspace.path(lesson.file())), &stub) {
                (Ok(file), Ok(stub)) if file == stub.as_bytes() => Vec::new(),
                _ => vec![format!(
                    "{} differs from {}",
                    lesson.file().display(),
                    lesson.stub().display()
                )],
            };
            gates.push(Gate::new(
                name,
                "shipped",
                problems,
                "the exercise is its stub",
            ));
        }

        let (mut mistakes, mut mistake_problems) =
            mistake::read_all(&workspace.path(lesson.solution.join("mistakes")));
        if mistakes.len() + mistake_problems.len() < MISTAKES {
            mistake_problems.push(format!(
                "{} mistakes; a lesson has at least {MISTAKES}",
                mistakes.len()
            ));
        }
        let in_scratch = stub.is_ok() && reference.is_ok();
        if in_scratch {
            scratch.add_stub(workspace, lesson)?;
            scratch.add_bench(workspace, lesson)?;
        }
        let path = format!("src/{}", lesson.file_name());
        mistakes.retain(|mistake| {
            let added = reference
                .clone()
                .and_then(|reference| mistake.apply(&reference, &path))
                .and_then(|solved| {
                    scratch
                        .add_mistake(workspace, lesson, mistake, solved)
                        .map_err(|error| format!("{error:#}"))
                });
            if let Err(problem) = &added {
                mistake_problems.push(format!("{}: {problem}", mistake.name));
            }
            added.is_ok()
        });
        Ok(Self {
            lesson,
            gates,
            in_scratch,
            mistakes,
            mistake_problems,
        })
    }

    /// Runs what was built.
    fn gates(
        mut self,
        setup: &Setup,
        workspace: &Workspace,
        references: &Built,
        scratch: &Built,
        options: Options,
    ) -> Result<Vec<Gate>> {
        let lesson = self.lesson;
        let name = &lesson.name;
        let mut gates = std::mem::take(&mut self.gates);
        if self.in_scratch {
            gates.push(stub_gate(setup, lesson, scratch)?);
        } else {
            gates.push(Gate::new(
                name,
                "stub",
                vec![format!("there is no {}", lesson.stub().display())],
                "",
            ));
        }
        gates.push(reference_gate(
            setup, workspace, lesson, references, options,
        )?);
        gates.push(self.mistakes_gate(setup, scratch)?);
        gates.push(tour_gate(setup, lesson, references));
        if self.in_scratch {
            gates.push(bench_gate(lesson, scratch));
        }
        Ok(gates)
    }

    /// Each mistake compiles and is caught by the test that it names, as what it says, in time.
    fn mistakes_gate(&self, setup: &Setup, scratch: &Built) -> Result<Gate> {
        let mut problems = self.mistake_problems.clone();
        let mut jobs: Vec<(Job<'_>, &Mistake)> = Vec::new();
        for mistake in &self.mistakes {
            let package = scratch::mistake_package(self.lesson, mistake);
            let said = said_of(scratch, &package);
            problems.extend(said.iter().map(|said| format!("{}: {said}", mistake.name)));
            let target = mistake.target();
            let binary =
                binaries_of(scratch, &package).find(|binary| binary.target.as_deref() == target);
            let Some(binary) = binary else {
                if said.is_empty() {
                    problems.push(format!(
                        "{}: its tests were not built: {}",
                        mistake.name,
                        last_words(scratch)
                    ));
                }
                continue;
            };
            let tests = executor::list(setup, binary)?;
            match tests
                .iter()
                .find(|test| run::canonical(target, test) == mistake.caught_by)
            {
                Some(test) => jobs.push((
                    Job {
                        binary,
                        canonical: mistake.caught_by.clone(),
                        test: test.clone(),
                    },
                    mistake,
                )),
                None => problems.push(format!(
                    "{}: the lesson has no test {}",
                    mistake.name, mistake.caught_by
                )),
            }
        }
        let (jobs, mistakes): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        let raws = run_all(setup, &jobs);
        let mut caught = 0;
        for (raw, mistake) in raws.iter().zip(mistakes) {
            match catch(raw, mistake, &self.lesson.file_name()) {
                Ok(()) => caught += 1,
                Err(problem) => problems.push(format!("{}: {problem}", mistake.name)),
            }
        }
        Ok(Gate::new(
            &self.lesson.name,
            "mistakes",
            problems,
            format!("{caught} of {caught} caught"),
        ))
    }
}

/// Whether a test that ran against a mistake caught it as it should.
fn catch(raw: &Raw, mistake: &Mistake, file_name: &str) -> Result<(), String> {
    let test = &mistake.caught_by;
    match Outcome::of(raw, file_name) {
        Outcome::Passed(_) => Err(format!("{test} does not catch it: it passes")),
        Outcome::NotWritten(_) => Err(format!("{test} comes to a todo!()")),
        Outcome::NotRun => Err(format!("{test} did not run")),
        Outcome::Wrong(wrong) if wrong.kind != mistake.kind => Err(format!(
            "{test} says `{}` ({}), the header says `{}`",
            wrong.kind, wrong.reason, mistake.kind
        )),
        Outcome::Wrong(wrong) if wrong.hung && mistake.kind != Failure::TimeOut => {
            Err(format!("{test} catches it but does not end"))
        }
        Outcome::Wrong(_) => Ok(()),
    }
}

/// The stub builds without warnings, and each of its tests fails through `todo!()` and ends.
fn stub_gate(setup: &Setup, lesson: &Lesson, scratch: &Built) -> Result<Gate> {
    let package = scratch::stub_package(lesson);
    let mut problems = said_of(scratch, &package);
    let jobs = jobs_of(setup, scratch, &package)?;
    if jobs.is_empty() && problems.is_empty() {
        problems.push(format!("no test was built: {}", last_words(scratch)));
    }
    let raws = run_all(setup, &jobs);
    for raw in &raws {
        let test = &raw.name;
        match Outcome::of(raw, &lesson.file_name()) {
            Outcome::Passed(_) if test == FACADE_TEST => {}
            Outcome::Wrong(wrong) if test == FACADE_TEST => {
                problems.push(format!("{test}: {}", wrong.report))
            }
            Outcome::NotWritten(todo) if todo.hung => {
                problems.push(format!("{test} does not end after the todo!()"))
            }
            Outcome::NotWritten(todo) if todo.text.is_empty() => {
                problems.push(format!(
                    "{test} comes to a todo!() that does not say what to do"
                ));
            }
            Outcome::NotWritten(_) => {}
            Outcome::Passed(_) => {
                problems.push(format!("{test} passes although nothing is written"))
            }
            Outcome::Wrong(wrong) => problems.push(format!(
                "{test} fails otherwise than by todo!(): {}",
                wrong.reason
            )),
            Outcome::NotRun => problems.push(format!("{test} did not run")),
        }
    }
    Ok(Gate::new(
        &lesson.name,
        "stub",
        problems,
        format!(
            "{} tests to do",
            raws.iter().filter(|raw| raw.name != FACADE_TEST).count()
        ),
    ))
}

/// The reference passes every test, each time; its models explore all there is; the list of tests is right.
fn reference_gate(
    setup: &Setup,
    workspace: &Workspace,
    lesson: &Lesson,
    references: &Built,
    options: Options,
) -> Result<Gate> {
    let package = lesson.solution_package();
    let mut problems = said_of(references, &package);
    let jobs = jobs_of(setup, references, &package)?;
    if jobs.is_empty() && problems.is_empty() {
        problems.push(format!("no test was built: {}", last_words(references)));
    }
    let (mut interleavings, mut slowest) = (0, 0.0_f64);
    let mut complained = BTreeSet::new();
    for repetition in 0..REPETITIONS {
        for raw in run_all(setup, &jobs) {
            slowest = slowest.max(raw.seconds);
            let problem = match Outcome::of(&raw, &lesson.file_name()) {
                Outcome::Passed(coverage) => {
                    if repetition == 0 {
                        interleavings += coverage
                            .iter()
                            .map(|coverage| coverage.interleavings)
                            .sum::<usize>();
                    }
                    let partly = coverage.into_iter().find(|coverage| !coverage.exhaustive);
                    partly.map(|coverage| {
                        format!("does not explore all: {coverage}; make the model smaller")
                    })
                }
                Outcome::Wrong(wrong) => Some(format!("fails: {}\n{}", wrong.reason, wrong.report)),
                Outcome::NotWritten(todo) => Some(format!("comes to a todo!(): {}", todo.text)),
                Outcome::NotRun => Some("did not run".to_owned()),
            };
            if let Some(problem) = problem.filter(|_| complained.insert(raw.name.clone())) {
                problems.push(format!("{} {problem}", raw.name));
            }
        }
    }
    let there: BTreeSet<String> = jobs.iter().map(|job| job.canonical.clone()).collect();
    if problems.is_empty() {
        problems.extend(check_test_list(workspace, lesson, &there, options.record)?);
    }
    let models = if interleavings > 0 {
        format!(", {interleavings} interleavings")
    } else {
        String::new()
    };
    let note = format!(
        "{} tests, {REPETITIONS} times{models}, slowest {slowest:.1} s",
        there.len()
    );
    Ok(Gate::new(&lesson.name, "reference", problems, note))
}

/// Whether `tests.txt` names the tests that the reference passed; writes it where that is asked for.
fn check_test_list(
    workspace: &Workspace,
    lesson: &Lesson,
    there: &BTreeSet<String>,
    record: bool,
) -> Result<Vec<String>> {
    let path = workspace.path(lesson.test_list());
    let listed = fs::read_to_string(&path)
        .map(|text| tests_of::parse_list(&text))
        .unwrap_or_default();
    if there.iter().eq(listed.iter().collect::<BTreeSet<_>>()) {
        return Ok(Vec::new());
    }
    if record {
        // In the order of the files, which is the order to work in; what they do not show comes last.
        let in_sources = tests_of::in_sources(workspace, lesson);
        let mut names: Vec<&String> = there.iter().collect();
        names.sort_by_key(|name| {
            in_sources
                .iter()
                .position(|other| other == *name)
                .unwrap_or(usize::MAX)
        });
        let mut text = String::from(
            "# The tests that the reference passes: a lesson is done when all of these pass.\n\
             # Written by `cargo xtask verify --record`, checked by `cargo xtask verify`.\n",
        );
        names.iter().for_each(|name| text.extend([name, "\n"]));
        write_atomically(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        return Ok(Vec::new());
    }
    let command = format!("cargo xtask verify {} --record", lesson.name);
    if listed.is_empty() {
        return Ok(vec![format!(
            "there is no {}: {command}",
            lesson.test_list().display()
        )]);
    }
    let listed: BTreeSet<String> = listed.into_iter().collect();
    let mut problems: Vec<String> = there
        .difference(&listed)
        .map(|name| format!("tests.txt has no {name}"))
        .collect();
    problems.extend(
        listed
            .difference(there)
            .map(|name| format!("tests.txt has {name}, which is no test")),
    );
    problems.push(format!("if the tests are right: {command}"));
    Ok(problems)
}

/// The tour runs to its end.
fn tour_gate(setup: &Setup, lesson: &Lesson, references: &Built) -> Gate {
    let package = lesson.solution_package();
    let target = format!("{package}_tour");
    let tour = references
        .executables
        .iter()
        .find(|binary| binary.target.as_ref() == Some(&target));
    let problems = match tour {
        None => vec![format!(
            "no example {target} was built: {}",
            last_words(references)
        )],
        Some(tour) => match executor::program(setup, tour) {
            Ok(raw) if raw.success => Vec::new(),
            Ok(raw) => vec![format!(
                "it does not run to its end:\n{}{}",
                raw.stdout,
                raw.stderr.trim_end()
            )],
            Err(error) => vec![format!("{error:#}")],
        },
    };
    Gate::new(&lesson.name, "tour", problems, "runs to its end")
}

/// The bench compiles, with the stub as the learner's part.
fn bench_gate(lesson: &Lesson, scratch: &Built) -> Gate {
    let package = scratch::bench_package(lesson);
    let mut problems = said_of(scratch, &package);
    let there = scratch
        .binaries
        .iter()
        .chain(&scratch.executables)
        .any(|binary| binary.package == package);
    if !there && problems.is_empty() {
        problems.push(format!("no bench was built: {}", last_words(scratch)));
    }
    Gate::new(&lesson.name, "bench", problems, "compiles")
}

fn binaries_of<'a>(built: &'a Built, package: &str) -> impl Iterator<Item = &'a Binary> {
    built
        .binaries
        .iter()
        .filter(move |binary| binary.package == package)
}

fn jobs_of<'a>(setup: &Setup, built: &'a Built, package: &str) -> Result<Vec<Job<'a>>> {
    let mut jobs = Vec::new();
    for binary in binaries_of(built, package) {
        for test in executor::list(setup, binary)? {
            jobs.push(Job {
                binary,
                canonical: run::canonical(binary.target.as_deref(), &test),
                test,
            });
        }
    }
    Ok(jobs)
}

/// Warnings and errors about a package, each once: the library is compiled with and without its tests.
fn said_of(built: &Built, package: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    built
        .diagnostics
        .iter()
        .filter(|diagnostic| {
            diagnostic.package == package && seen.insert(diagnostic.rendered.clone())
        })
        // `aborting due to 2 previous errors`, `2 warnings emitted`: counts of what stands there already.
        .filter(|diagnostic| diagnostic.rendered.contains("-->"))
        .map(|diagnostic| diagnostic.rendered.trim_end().to_owned())
        .collect()
}

/// The end of what cargo said, for when nothing else explains why something is not there.
fn last_words(built: &Built) -> String {
    let lines: Vec<&str> = built
        .said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(10);
    if lines.is_empty() {
        "the manifest has no such target".to_owned()
    } else {
        lines[from..].join("\n")
    }
}

/// Runs each job to its end, however many there are.
fn run_all(setup: &Setup, jobs: &[Job<'_>]) -> Vec<Raw> {
    // Models are busy, but what hangs, as a mistake may, sleeps.
    let at_once = available_parallelism().map_or(2, usize::from) + 1;
    let all = Duration::from_secs(24 * 3600);
    executor::run(
        setup,
        jobs,
        &Limits {
            one: ONE,
            all,
            at_once,
        },
    )
}

/// The table of the gates.
struct Table {
    marks: Marks,
    names: usize,
}

/// The longest name of a gate.
const GATE_COLUMNS: usize = 9;

impl Table {
    fn render(&self, gates: &[Gate]) -> String {
        let mut page = String::new();
        let mut of = "";
        for gate in gates {
            let shown = if gate.of == of { "" } else { &gate.of };
            of = &gate.of;
            let name = paint(STRONG, format!("{shown:<names$}", names = self.names));
            let (mark, note) = match &gate.result {
                Ok(note) => (paint(GOOD, self.marks.good), note.as_str()),
                Err(_) => (paint(BAD, self.marks.bad), ""),
            };
            let _ = writeln!(
                page,
                "{}",
                format!(" {name}  {mark} {:<GATE_COLUMNS$}  {note}", gate.name).trim_end()
            );
            for problem in gate.result.as_ref().err().into_iter().flatten() {
                self.problem(&mut page, problem);
            }
        }
        let failed = gates.iter().filter(|gate| gate.result.is_err()).count();
        let gap = if gates.is_empty() { "" } else { "\n" };
        let _ = writeln!(
            page,
            "{gap}{} passed, {failed} failed",
            gates.len() - failed
        );
        page
    }

    /// A problem, below its gate. One line is wrapped; several, such as rustc's words, stay as they are.
    fn problem(&self, page: &mut String, problem: &str) {
        let lines: Vec<String> = match problem.lines().count() {
            0 | 1 if columns(problem) > WIDTH - 6 => wrap(problem, WIDTH - 6),
            _ => problem.lines().map(str::to_owned).collect(),
        };
        for (i, line) in lines.iter().enumerate() {
            let mark = if i == 0 { self.marks.dot } else { " " };
            let _ = writeln!(page, "{}", format!("    {mark} {line}").trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use harness::verdict::{Kind, failure_line};

    use super::*;
    use crate::style::UNICODE;

    fn mistake(kind: Failure) -> Mistake {
        Mistake {
            name: "one_notify".into(),
            mistake: "one notification".into(),
            why: "it wakes one".into(),
            caught_by: "race_freedom::wakes".into(),
            kind,
            diff: String::new(),
        }
    }

    #[test]
    fn a_mistake_is_caught_only_as_what_it_is() {
        let raw = |stderr: String| Raw {
            name: "race_freedom::wakes".into(),
            stderr,
            ..Raw::default()
        };
        let deadlock = raw(format!("{}\nthe dry run\n", failure_line(Kind::Deadlock)));
        let as_deadlock = mistake(Failure::Kind(Kind::Deadlock));
        assert_eq!(catch(&deadlock, &as_deadlock, "a.rs"), Ok(()));

        let other = catch(&deadlock, &mistake(Failure::Kind(Kind::Leak)), "a.rs")
            .expect_err("another kind");
        assert!(other.contains("says `deadlock`"), "{other}");

        let stdout = "test result: ok. 1 passed; 0 failed\n".to_owned();
        let passed = Raw {
            success: true,
            stdout,
            ..raw(String::new())
        };
        assert!(
            catch(&passed, &as_deadlock, "a.rs")
                .expect_err("it passes")
                .contains("it passes")
        );

        let hung = raw(format!(
            "{}\n\nstopped: time-out 6000 ms\n",
            failure_line(Kind::Deadlock)
        ));
        assert!(
            catch(&hung, &as_deadlock, "a.rs")
                .expect_err("it hangs")
                .contains("does not end")
        );
        let silent = raw("\nstopped: time-out 6000 ms\n".into());
        assert_eq!(catch(&silent, &mistake(Failure::TimeOut), "a.rs"), Ok(()));
    }

    #[test]
    fn a_table_ends_with_the_count() {
        let long = "race_freedom::every_waiter_wakes does not catch it: it passes, and this line is longer than one";
        let gates = [
            Gate::new("workspace", "tests", vec![], "123 tests run: 123 passed"),
            Gate::new("wait_group", "texts", vec![], ""),
            Gate::new("wait_group", "stub", vec![], "13 tests to do"),
            Gate::new(
                "wait_group",
                "mistakes",
                vec![
                    format!("one_notify: {long}"),
                    "error: x\n  --> a.rs:1:2".into(),
                ],
                "",
            ),
            Gate::new("publication", "tour", vec![], "runs to its end"),
        ];
        let table = Table {
            marks: UNICODE,
            names: 11,
        };
        let page = anstream::adapter::strip_str(&table.render(&gates)).to_string();
        insta::assert_snapshot!("table", page);
        assert!(page.ends_with("\n4 passed, 1 failed\n"));
    }
}
