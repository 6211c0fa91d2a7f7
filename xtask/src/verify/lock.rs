//! Whether `shipped.lock` says what the exercise has.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use crate::course::shipped::{self, Change, Lock};
use crate::course::{Lesson, Workspace, lesson_tests};
use crate::learner::files::write_atomically;

/// Whether the lock has the exercise's files, and the tests `passed` by the reference; with `record` it is written.
pub fn check(
    workspace: &Workspace,
    lesson: &Lesson,
    passed: &BTreeSet<String>,
    record: bool,
) -> Result<Vec<String>> {
    let path = workspace.path(lesson.lock());
    let files = shipped::digests(&workspace.path(&lesson.exercise), &lesson.file_name())?;
    let recorded = Lock::read(&path);
    if let Ok(Some(lock)) = &recorded
        && lock.lesson == lesson.name
        && lock.files == files
        && passed.iter().eq(lock.tests.iter().collect::<BTreeSet<_>>())
    {
        return Ok(Vec::new());
    }
    if record {
        // In the order of the files, which is the order to work in; what they do not show comes last.
        let in_sources = lesson_tests::in_sources(workspace, lesson);
        let mut tests: Vec<String> = passed.iter().cloned().collect();
        tests.sort_by_key(|name| {
            let place = in_sources.iter().position(|other| other == name);
            place.unwrap_or(usize::MAX)
        });
        let lock = Lock { lesson: lesson.name.clone(), tests, files };
        write_atomically(&path, lock.to_string().as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        return Ok(Vec::new());
    }
    let place = lesson.lock();
    let place = place.display();
    let command = format!("cargo xtask verify {} --record", lesson.name);
    let lock = match recorded {
        Ok(Some(lock)) => lock,
        Ok(None) => return Ok(vec![format!("there is no {place}: {command}")]),
        Err(error) => return Ok(vec![format!("{error:#}")]),
    };
    let mut problems = Vec::new();
    if lock.lesson != lesson.name {
        problems.push(format!("{place} is of {}", lock.lesson));
    }
    let recorded: BTreeSet<String> = lock.tests.into_iter().collect();
    let lacks = passed.difference(&recorded);
    problems.extend(lacks.map(|name| format!("{place} has no {name}")));
    let more = recorded.difference(passed);
    problems.extend(more.map(|name| format!("{place} has {name}, which is no test")));
    for (path, change) in shipped::changes(&lock.files, &files) {
        let path = lesson.exercise.join(path);
        let path = path.display();
        problems.push(match change {
            Change::Edited => format!("{path} is not the file that {place} records"),
            Change::Deleted => format!("there is no {path}, which {place} records"),
            Change::Added => format!("{place} does not record {path}"),
        });
    }
    problems.push(format!("if the exercise is right: {command}"));
    Ok(problems)
}
