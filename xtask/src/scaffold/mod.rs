//! A new lesson, laid out from the templates in `xtask/templates`: it builds, its few tests pass for the reference and
//! come to a `todo!()` in the stub, and `To be written` marks all that is missing.
//!
//! May use [`view`](crate::view) and the rooms below it.

mod names;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::course::{EXERCISES, Lesson, SOLUTIONS, Workspace, numbered_folders, stub};
use crate::learner::files::write_atomically;

use names::Chapter;

/// A file to be, below the folder of its exercise or its solution. `lesson.rs` gets the name of the lesson.
type Template = (&'static str, &'static str);

/// The templates of one folder, by the paths that they have there.
macro_rules! templates {
    ($folder:literal: $($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../templates/", $folder, "/", $path)))),*]
    };
}

const EXERCISE: [Template; 9] = templates!["exercise":
    "Cargo.toml",
    "README.md",
    "HINTS.md",
    "src/lib.rs",
    "src/lesson.rs",
    "src/race_freedom.rs",
    "tests/correctness.rs",
    "tests/no_leaks.rs",
    "examples/tour.rs",
];

const SOLUTION: [Template; 5] = templates!["solution":
    "Cargo.toml",
    "src/lib.rs",
    "src/lesson.rs",
    "examples/tour.rs",
    "benches/compare.rs",
];

/// What becomes of each integration test in the solution's folder.
const SOLUTION_TEST: &str = include_str!("../../templates/solution/tests/test.rs");

const CHAPTER: &str = include_str!("../../templates/chapter/README.md");

/// What an author says of a new lesson.
#[derive(Debug, clap::Args)]
pub struct Request {
    /// The chapter: its number or its name; or, to begin one, both: 03_channels
    chapter: String,
    /// The name of the crate: small letters, digits and _
    name: String,
    /// The title; without it, the name in words
    #[arg(long)]
    title: Option<String>,
    /// What it is called in Go
    #[arg(long)]
    go: Option<String>,
}

/// A lesson that is to be laid out.
#[derive(Debug)]
struct Plan {
    chapter: Chapter,
    /// The chapter's folder and the lesson's.
    place: PathBuf,
    name: String,
    title: String,
    go: String,
}

/// Lays out the lesson, and returns it.
///
/// # Errors
///
/// There is no such chapter, the name cannot be that of a crate or is taken, or a file cannot be written.
pub fn lay_out(workspace: &Workspace, request: &Request) -> Result<Lesson> {
    let plan = Plan::new(workspace, request)?;
    // All of it beside the lessons, on the same disk, and only when it is complete where it belongs.
    let target = workspace.path("target");
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    let beside = tempfile::Builder::new().prefix("new-").tempdir_in(target)?;
    for (path, text) in plan.files() {
        let path = beside.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut laid_out = Workspace::load(beside.path())?;
    let lesson = laid_out.to_be_written.pop();
    let lesson = lesson.context("the template of the manifest says nothing of a lesson")?;
    fs::create_dir(beside.path().join(lesson.mistakes())).context("cannot make the mistakes")?;
    for folder in [&lesson.solution, &lesson.exercise] {
        let to = workspace.path(folder);
        let made = to.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::rename(beside.path().join(folder), &to))
            .with_context(|| format!("cannot make {}", to.display()))?;
    }
    if plan.chapter.is_new {
        let folder = workspace.path(EXERCISES).join(&plan.chapter.folder);
        let readme = folder.join("README.md");
        write_atomically(&readme, plan.fill(CHAPTER).as_bytes())
            .with_context(|| format!("cannot write {}", readme.display()))?;
    }
    // As it is now that its chapter has a README.
    let there = Workspace::load(&workspace.root)?.to_be_written;
    let found = there.into_iter().find(|other| other.name == lesson.name);
    Ok(found.unwrap_or(lesson))
}

impl Plan {
    fn new(workspace: &Workspace, request: &Request) -> Result<Self> {
        let chapters = numbered_folders(&workspace.path(EXERCISES))?;
        let chapter = names::chapter(&chapters, &request.chapter)?;
        names::check_lesson(&workspace.root, &request.name)?;
        let folders = [EXERCISES, SOLUTIONS].map(|part| {
            let folder = workspace.path(part).join(&chapter.folder);
            numbered_folders(&folder).unwrap_or_default()
        });
        let last = folders.iter().flatten().map(|(number, _)| *number).max();
        let last = last.unwrap_or_default();
        let name = request.name.clone();
        Ok(Self {
            place: Path::new(&chapter.folder).join(format!("{:02}_{name}", last + 1)),
            title: request.title.clone().unwrap_or_else(|| names::in_words(&name)),
            go: request.go.clone().unwrap_or_default(),
            chapter,
            name,
        })
    }

    /// The files, from the root, as the templates have them.
    fn files(&self) -> Vec<(PathBuf, String)> {
        let exercise = Path::new(EXERCISES).join(&self.place);
        let solution = Path::new(SOLUTIONS).join(&self.place);
        let own_name = |path: &str| path.replace("lesson.rs", &format!("{}.rs", self.name));
        let mut files = Vec::new();
        for (folder, templates) in [(&exercise, &EXERCISE[..]), (&solution, &SOLUTION[..])] {
            for (path, template) in templates {
                files.push((folder.join(own_name(path)), self.fill(template)));
            }
        }
        for (path, template) in EXERCISE {
            if path == "src/lesson.rs" {
                files.push((solution.join("stub.txt"), stub::kept(&self.fill(template))));
            } else if let Some(test) = path.strip_prefix("tests/") {
                let test = test.trim_end_matches(".rs");
                let text = self.fill(SOLUTION_TEST).replace("{{test}}", test);
                files.push((solution.join(path), text));
            }
        }
        files
    }

    /// A template with what this lesson has in place of its marks.
    fn fill(&self, template: &str) -> String {
        let in_toml = |text: &str| toml::Value::from(text).to_string();
        let place = self.place.to_string_lossy().replace('\\', "/");
        let texts = [
            ("{{name}}", self.name.clone()),
            ("{{Type}}", names::type_name(&self.name)),
            ("{{place}}", place),
            ("{{chapter}}", self.chapter.title.clone()),
            ("{{title in TOML}}", in_toml(&self.title)),
            ("{{go in TOML}}", in_toml(&self.go)),
            // What its author wrote comes last: marks in it are none.
            ("{{title}}", self.title.clone()),
        ];
        let fill = |filled: String, (mark, text): &(&str, String)| filled.replace(mark, text);
        texts.iter().fold(template.to_owned(), fill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(place: &str, name: &str) -> Plan {
        Plan {
            chapter: Chapter { folder: "01_a".into(), title: "A".into(), is_new: false },
            place: place.into(),
            name: name.into(),
            title: "It is \"quoted\"".into(),
            go: "a\\b".into(),
        }
    }

    #[test]
    fn every_mark_is_filled() {
        for (path, text) in plan("01_a/02_b", "b").files() {
            assert!(!text.contains("{{"), "{}:\n{text}", path.display());
        }
    }

    #[test]
    fn what_wires_the_lessons_of_this_workspace_is_what_the_templates_have() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let workspace = Workspace::load(&root).expect("this workspace");
        assert!(!workspace.lessons.is_empty());
        for lesson in &workspace.lessons {
            let place = lesson.exercise.strip_prefix(EXERCISES).expect("an exercise");
            let files = plan(&place.to_string_lossy(), &lesson.name).files();
            for (path, text) in files {
                let there = fs::read_to_string(workspace.path(&path))
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let in_tests = path.parent().is_some_and(|folder| folder.ends_with("tests"));
                let there = there.replace("\r\n", "\n");
                if path.starts_with(&lesson.solution) && in_tests {
                    assert_eq!(text, there, "{}", path.display());
                }
                // A tour may be tested, and then it is wired for its tests too.
                if path.starts_with(&lesson.solution) && path.ends_with("examples/tour.rs") {
                    let missing = text.lines().find(|line| !there.lines().any(|l| l == *line));
                    assert_eq!(missing, None, "{}", path.display());
                }
            }
        }
    }
}
