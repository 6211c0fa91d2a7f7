//! The gate of the mistakes: each is caught by the test that its header names.

use std::slice;

use anyhow::Result;
use harness_base::protocol::find_failure;

use super::{Gate, sentences};
use crate::course::lesson_tests::MODELS;
use crate::course::{Lesson, readme};
use crate::run::cargo::Built;
use crate::run::executor::{Job, NoJob, job_of, run_all};
use crate::run::report_page::ReportPage;
use crate::run::{Runner, TestRun};
use crate::scratch;
use crate::scratch::mistake::Mistake;
use crate::verdict::outcome::{FailureKind, Outcome};

/// So wide is the page of a mistake's report that no sentence is broken.
const UNBROKEN: usize = 2_000;

/// How often a test on real threads runs that has not caught its mistake.
const TRIES: usize = 3;

/// Each mistake compiles and is caught by the test that it names, as what it says, in time; and what is said of it is
/// what was recorded. With `record` that is written.
pub fn gate(
    runner: &Runner,
    lesson: &Lesson,
    mistakes: &[Mistake],
    mut problems: Vec<String>,
    scratch: &Built,
    record: bool,
) -> Result<Gate> {
    let runner = &runner.with_report(ReportPage { columns: UNBROKEN, ..ReportPage::PLAIN });
    let mut jobs: Vec<(Job<'_>, &Mistake)> = Vec::new();
    for mistake in mistakes {
        let package = scratch::mistake_package(lesson, mistake);
        let said = scratch.said_of(&package);
        problems.extend(said.iter().map(|said| format!("{}: {said}", mistake.name)));
        match job(runner, lesson, mistake, scratch)? {
            Ok(job) => jobs.push((job, mistake)),
            // What rustc says of it stands there already.
            Err(NoJob::NotBuilt) if !said.is_empty() => {}
            Err(NoJob::NotBuilt) => problems.push(format!(
                "{}: its tests were not built: {}",
                mistake.name,
                scratch.last_words()
            )),
            Err(NoJob::NoSuchTest) => problems
                .push(format!("{}: the lesson has no test {}", mistake.name, mistake.caught_by)),
        }
    }
    let (jobs, mistakes): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
    let mut raws = run_all(runner, &jobs);
    let mut lucky = 0;
    for ((raw, job), mistake) in raws.iter_mut().zip(&jobs).zip(&mistakes) {
        // Whatever the test does, on real threads the moment may not come at which a mistake shows. In a model it does.
        let passed_by_luck = |raw: &TestRun| {
            !mistake.caught_by.starts_with(MODELS)
                && matches!(Outcome::of(raw, &lesson.file_name()), Outcome::Passed(_))
        };
        lucky += usize::from(passed_by_luck(raw));
        for _ in 1..TRIES {
            if passed_by_luck(raw)
                && let Some(again) = run_all(runner, slice::from_ref(job)).pop()
            {
                *raw = again;
            }
        }
    }
    let mut caught = 0;
    let mut said = Vec::new();
    for (raw, mistake) in raws.iter().zip(mistakes) {
        match catch(&Outcome::of(raw, &lesson.file_name()), mistake) {
            Ok(()) => {
                caught += 1;
                said.push((mistake, raw));
            }
            Err(problem) => problems.push(format!("{}: {problem}", mistake.name)),
        }
    }
    problems.extend(sentences::check(&runner.workspace, lesson, &said, record)?);
    let readme = runner.workspace.read(&lesson.readme()).unwrap_or_default();
    let by_model = said.iter().filter(|(mistake, raw)| is_by_model(mistake, raw));
    let by_model: Vec<_> = by_model.map(|(mistake, _)| mistake.name.as_str()).collect();
    problems.extend(challenges(&lesson.name, &readme, &by_model));
    let luck = match lucky {
        0 => String::new(),
        n => format!(", {n} of them not in the first run"),
    };
    let note = format!("{caught} of {caught} caught{luck}");
    Ok(Gate::new(&lesson.name, "mistakes", problems, note))
}

/// Whether it was a model that caught the mistake, so that the explorer has interleavings to show.
pub fn is_by_model(mistake: &Mistake, raw: &TestRun) -> bool {
    mistake.caught_by.starts_with(MODELS) && find_failure(&raw.stderr).is_some()
}

/// What is wrong with the README's challenges: where models catch mistakes, there is one, and each can be won.
fn challenges(lesson: &str, readme: &str, by_model: &[&str]) -> Vec<String> {
    let Some(first) = by_model.first() else {
        return Vec::new();
    };
    let set = readme::challenges(readme, lesson);
    if set.is_empty() {
        let command = readme::challenge(lesson, first);
        return vec![format!(
            "README.md sets no challenge for the explorer: put {command}, in one line, below `## Things to break`. Models \
             catch {}",
            by_model.join(", ")
        )];
    }
    let lost = set.into_iter().filter(|name| !by_model.contains(name));
    lost.map(|name| {
        format!(
            "README.md sets the challenge {}, and no model catches that mistake. Models catch {}",
            readme::challenge(lesson, name),
            by_model.join(", ")
        )
    })
    .collect()
}

/// The test that must catch the mistake.
pub fn job<'a>(
    runner: &Runner,
    lesson: &Lesson,
    mistake: &Mistake,
    scratch: &'a Built,
) -> Result<Result<Job<'a>, NoJob>> {
    let package = scratch::mistake_package(lesson, mistake);
    job_of(runner, scratch, &package, mistake.target(), &mistake.caught_by)
}

/// Whether what became of a mistake's test is that it caught it as it should.
///
/// # Errors
///
/// It did not, or not as what the mistake is; in words.
pub fn catch(outcome: &Outcome, mistake: &Mistake) -> Result<(), String> {
    let test = &mistake.caught_by;
    match outcome {
        Outcome::Passed(_) => Err(format!("{test} does not catch it: it passes")),
        Outcome::NotWritten(_) => Err(format!("{test} comes to a todo!()")),
        Outcome::NotRun => Err(format!("{test} did not run")),
        Outcome::Failed(failure) if failure.kind != mistake.kind => Err(format!(
            "{test} says `{}` ({}), the header says `{}`",
            failure.kind, failure.reason, mistake.kind
        )),
        Outcome::Failed(failure) if failure.hung && mistake.kind != FailureKind::TimeOut => {
            Err(format!("{test} catches it but does not end"))
        }
        Outcome::Failed(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use harness_base::protocol::{Kind, failure_line};

    use super::*;

    fn catch(raw: &TestRun, kind: FailureKind) -> Result<(), String> {
        let mistake = Mistake {
            name: "one_notify".into(),
            mistake: "one notification".into(),
            why: "it wakes one".into(),
            caught_by: "race_freedom::wakes".into(),
            kind,
            diff: String::new(),
        };
        super::catch(&Outcome::of(raw, "a.rs"), &mistake)
    }

    #[test]
    fn a_lesson_with_models_sets_a_challenge_that_can_be_won() {
        let play = |name| format!("Play it: {}.", readme::challenge("sum", name));
        assert_eq!(challenges("sum", &play("late"), &["early", "late"]), [""; 0]);
        assert_eq!(challenges("sum", "No model.", &[]), [""; 0]);
        let none = challenges("sum", "Play.", &["early", "late"]).join("");
        assert!(none.contains("`cargo xtask explore sum --mistake early`, in one line"), "{none}");
        let lost = challenges("sum", &play("gone"), &["early", "late"]).join("");
        assert!(lost.contains("no model catches that mistake. Models catch early, late"), "{lost}");
    }

    #[test]
    fn a_mistake_is_caught_only_as_what_it_is() {
        let raw = |stderr: String| TestRun {
            name: "race_freedom::wakes".into(),
            stderr,
            ..TestRun::default()
        };
        let line = failure_line(Kind::Deadlock);
        let deadlock = raw(format!("{line}\nthe dry run\n"));
        let [as_deadlock, as_leak] = [Kind::Deadlock, Kind::Leak].map(FailureKind::Reported);
        assert_eq!(catch(&deadlock, as_deadlock), Ok(()));

        let other = catch(&deadlock, as_leak).expect_err("another kind");
        assert!(other.contains("says `deadlock`"), "{other}");

        let stdout = "test result: ok. 1 passed; 0 failed\n".to_owned();
        let passed = TestRun { success: true, stdout, ..raw(String::new()) };
        let passes = catch(&passed, as_deadlock).expect_err("it passes");
        assert!(passes.contains("it passes"), "{passes}");

        let hung = raw(format!("{line}\n\nstopped: time-out 6000 ms\n"));
        let hangs = catch(&hung, as_deadlock).expect_err("it hangs");
        assert!(hangs.contains("does not end"), "{hangs}");
        let silent = raw("\nstopped: time-out 6000 ms\n".into());
        assert_eq!(catch(&silent, FailureKind::TimeOut), Ok(()));
    }
}
