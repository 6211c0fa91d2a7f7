//! Whether `exercises/GO.md` and the lessons agree on Go's behaviours: what a lesson cites by its ID stands there with the
//! lesson, and the tests that stand there are tests of lessons that cite the ID.
//!
//! A row of the file is `| WG-02 | behaviour | Go | held by |`, where "held by" has `` `lesson`: `heading::test` ``
//! for each test, or begins with `differs:` and says what Rust does on purpose.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::{Gate, WORKSPACE};
use crate::course::content::files_below;
use crate::course::{Lesson, Workspace, lesson_tests};

/// The file, from the root.
const GO_MD: &str = "exercises/GO.md";

/// What IDs begin with: goroutines, WaitGroup, Mutex, RWMutex, Cond, Once, channels, close, select, timers, context,
/// errgroup, semaphore, singleflight, sync.Map, Pool, scheduler, worker pools.
const SUBJECTS: [&str; 18] = [
    "GR", "WG", "MU", "RW", "CO", "ON", "CH", "CL", "SL", "TM", "CX", "EG", "SP", "SF", "SM", "PO",
    "SC", "WP",
];

/// A line of the file that is about a behaviour.
#[derive(Debug)]
struct Row {
    line: usize,
    id: String,
    /// Lesson and test.
    tests: Vec<(String, String)>,
    differs: bool,
}

/// A place where a lesson cites an ID.
struct Citation {
    file: PathBuf,
    line: usize,
    id: String,
}

/// What stands against this lesson.
pub fn problems(workspace: &Workspace, lesson: &Lesson) -> Result<Vec<String>> {
    let rows = rows(workspace);
    let cited = citations(workspace, lesson)?;
    let tests = lesson_tests::expected(workspace, lesson);
    let mut problems = Vec::new();
    for Citation { file, line, id } in &cited {
        let mut of_id = rows.iter().filter(|row| row.id == *id).peekable();
        let at = format!("{}:{line} cites {id}", file.display());
        let name = &lesson.name;
        if of_id.peek().is_none() {
            problems.push(format!(
                "{at}, which {GO_MD} does not have: correct the ID, or add a row | {id} | … | … | `{name}`: `TEST` |"
            ));
        } else if !of_id.any(|row| row.tests.iter().any(|(lesson, _)| lesson == name)) {
            problems.push(format!(
                "{at}, and its row in {GO_MD} does not name the lesson: correct the ID, or add `{name}`: `TEST` to the row"
            ));
        }
    }
    for Row { line, id, tests: held, .. } in &rows {
        let held = held.iter().filter(|(name, _)| *name == lesson.name);
        let mut held = held.peekable();
        if held.peek().is_some() && !cited.iter().any(|citation| citation.id == *id) {
            problems.push(format!(
                "{GO_MD}:{line}: {id} names `{}`, which does not cite it: write {id} above the test, or take the \
                 lesson out of the row",
                lesson.name
            ));
        }
        for (name, test) in held.filter(|(_, test)| !tests.contains(test)) {
            problems.push(format!(
                "{GO_MD}:{line}: {id} names `{name}`: `{test}`, which is no test of the lesson: correct it to one of \
                 those in {}",
                lesson.lock().display()
            ));
        }
    }
    Ok(problems)
}

/// What stands against the file whatever the lessons say; `None` without the file.
pub fn gate(workspace: &Workspace) -> Option<Gate> {
    workspace.path(GO_MD).is_file().then(|| {
        let rows = rows(workspace);
        let note = format!("{} behaviours of Go", rows.len());
        Gate::new(WORKSPACE, "GO.md", bad_rows(&rows, workspace), note)
    })
}

fn bad_rows(rows: &[Row], workspace: &Workspace) -> Vec<String> {
    let mut problems = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let Row { line, id, .. } = row;
        if let Some(other) = rows[..i].iter().find(|other| other.id == *id) {
            problems.push(format!(
                "{GO_MD}:{line}: {id} has a row in line {} too: make one of the two",
                other.line
            ));
        }
        if row.tests.is_empty() && !row.differs {
            problems.push(format!(
                "{GO_MD}:{line}: {id} names no test: write `lesson`: `heading::test` into its last column, or \
                 differs: and how"
            ));
        }
        for (name, test) in &row.tests {
            let mut lessons = workspace.lessons.iter().chain(&workspace.to_be_written);
            if !lessons.any(|lesson| lesson.name == *name) {
                problems.push(format!(
                    "{GO_MD}:{line}: {id} names `{name}`: `{test}`, and there is no lesson {name}: `cargo xtask list` \
                     shows their names"
                ));
            }
        }
    }
    problems
}

fn rows(workspace: &Workspace) -> Vec<Row> {
    parse(&fs::read_to_string(workspace.path(GO_MD)).unwrap_or_default())
}

fn parse(text: &str) -> Vec<Row> {
    let row = |(line, text): (usize, &str)| {
        let mut columns = text.strip_prefix('|')?.split('|').map(str::trim);
        let id = columns.next().filter(|id| ids(id).any(|found| found == *id))?;
        let held_by = columns.nth(2).unwrap_or_default();
        // What is in backticks, in pairs: a lesson, and a test after a colon.
        let mut quoted = held_by.split('`').skip(1);
        let mut tests = Vec::new();
        while let (Some(lesson), Some(between)) = (quoted.next(), quoted.next()) {
            if between.trim() == ":"
                && let (Some(test), _) = (quoted.next(), quoted.next())
            {
                tests.push((lesson.to_owned(), test.to_owned()));
            }
        }
        Some(Row { line, id: id.to_owned(), tests, differs: held_by.starts_with("differs:") })
    };
    (1..).zip(text.lines()).filter_map(row).collect()
}

/// Where the lesson cites behaviours, each once a file. What the learner writes is not looked at.
fn citations(workspace: &Workspace, lesson: &Lesson) -> Result<Vec<Citation>> {
    let of_exercise = ["README.md", "HINTS.md", "src", "tests", "examples"];
    let of_solution = ["src", "stub.txt", "mistakes", "benches"];
    let mut found: Vec<Citation> = Vec::new();
    for (folder, parts) in [(&lesson.exercise, &of_exercise[..]), (&lesson.solution, &of_solution)]
    {
        for path in files_below(&workspace.path(folder), parts)? {
            let file = folder.join(path);
            if file == lesson.file() {
                continue;
            }
            let text = fs::read(workspace.path(&file)).unwrap_or_default();
            for (line, text) in (1..).zip(String::from_utf8_lossy(&text).lines()) {
                for id in ids(text) {
                    let known = |other: &&Citation| other.id == id && other.file == *file;
                    if !found.iter().any(|other| known(&other)) {
                        found.push(Citation { file: file.clone(), line, id: id.to_owned() });
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The IDs in a text: words such as `WG-02`.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let is_id = move |word: &&str| match word.split_once('-') {
        Some((subject, number)) if SUBJECTS.contains(&subject) => {
            number.len() == 2 && number.bytes().all(is_digit)
        }
        _ => false,
    };
    text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').filter(is_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_of_known_subjects() {
        let found: Vec<_> =
            ids("As in `WG-02` (ON-14), and UTF-16, SHA-25, WG-2, XWG-03, WG-021.").collect();
        assert_eq!(found, ["WG-02", "ON-14"]);
    }

    #[test]
    fn rows_are_read_with_their_tests() {
        let rows = parse(
            "# Go\n\n| ID | behaviour | Go | held by |\n|---|---|---|---|\n\
             | WG-02 | It `waits`. | sync | `sum`: `correctness::a`; `total`: `race_freedom::b` |\n\
             | ON-10 | It panics. | sync | differs: it returns `None`; `sum`: `correctness::c` |\n",
        );
        let read: Vec<_> = rows
            .iter()
            .map(|row| (row.line, row.id.as_str(), row.differs, row.tests.len()))
            .collect();
        assert_eq!(read, [(5, "WG-02", false, 2), (6, "ON-10", true, 1)]);
        assert_eq!(rows[0].tests[1], ("total".into(), "race_freedom::b".into()));
        assert_eq!(rows[1].tests[0], ("sum".into(), "correctness::c".into()));
    }
}
