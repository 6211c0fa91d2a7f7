//! The lessons, as the tree and the manifests tell them. Nothing about a lesson is written anywhere else.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::course::content::files_below;
use crate::course::shipped::{Lock, digest};

/// The folder of the exercises, beside the root's `Cargo.toml`.
pub const EXERCISES: &str = "exercises";
/// The folder of the solutions, which mirrors that of the exercises.
pub const SOLUTIONS: &str = "solutions";

/// The workspace and its lessons, in the order in which they are learnt.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder of the root's `Cargo.toml`.
    pub root: PathBuf,
    /// All lessons, chapter by chapter.
    pub lessons: Vec<Lesson>,
    /// Those that are still to be written. A learner does not meet them: only their authors name them.
    pub to_be_written: Vec<Lesson>,
    /// What is wrong with the tree. It costs the lessons that it is about.
    pub problems: Vec<Problem>,
}

/// Something that is in the way of more than the lesson it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What and where, in a sentence.
    pub what: String,
    /// What to type.
    pub command: String,
    /// Whether cargo refuses all lessons because of it.
    pub blocks: bool,
}

/// A message of several lines, with a picture in the middle, by its first line and its last.
fn in_a_line(message: &str) -> String {
    let mut lines = message.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let last = lines.next_back();
    last.map_or_else(|| first.to_owned(), |last| format!("{first}: {last}"))
}

/// Two lessons of one name: the one without a solution is the copy.
fn copy(root: &Path, one: &Lesson, other: &Lesson) -> Problem {
    let (original, copy) = match root.join(&one.solution).is_dir() {
        true => (one, other),
        false => (other, one),
    };
    let (original, copy) = (original.exercise.display(), copy.exercise.display());
    Problem {
        what: format!("two lessons are called {}: {original} and {copy}", one.name),
        command: format!("mv \"{copy}\" .."),
        blocks: true,
    }
}

/// One lesson: a crate under `exercises/`, and its reference under `solutions/`.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The crate's name, which never changes.
    pub name: String,
    /// Chapter and place in it.
    pub number: Number,
    /// The chapter's title.
    pub chapter: String,
    /// What the manifest says.
    pub about: About,
    /// The exercise's folder, from the root, for example `exercises/02_goroutines/02_wait_group`.
    pub exercise: PathBuf,
    /// The solution's folder, from the root. It need not exist.
    pub solution: PathBuf,
}

/// The number of a lesson, for example `2.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// The chapter.
    pub chapter: u32,
    /// The place in the chapter.
    pub lesson: u32,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.chapter, self.lesson)
    }
}

/// What a lesson's manifest says of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct About {
    /// One line: what is built.
    #[serde(skip)]
    pub description: String,
    /// The lesson's title.
    pub title: String,
    /// What it is called in Go.
    pub go: String,
    /// The concepts it teaches.
    pub concepts: Vec<String>,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// The learner begins with code that runs and is wrong, not with a `todo!()` in each body.
    pub repair: bool,
    /// What is said of a lesson that is not finished.
    pub status: Option<Status>,
}

/// `status` in `[package.metadata.lesson]`. A lesson that is finished has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Status {
    /// It builds, and that is all: `list`, `next` and `grade` pass it over.
    #[serde(rename = "to be written")]
    ToBeWritten,
}

impl Lesson {
    /// The file that the learner edits, from the root.
    pub fn file(&self) -> PathBuf {
        self.exercise.join("src").join(self.file_name())
    }

    /// The name of the file that the learner edits.
    pub fn file_name(&self) -> String {
        format!("{}.rs", self.name)
    }

    /// What is wrong with the place of the learner's file below `root`, if it is not there: which one is missing, and
    /// which stands beside it. One that was moved may well compile.
    pub fn missing_file(&self, root: &Path) -> Option<String> {
        let file = self.file();
        if root.join(&file).exists() {
            return None;
        }
        let beside = self.written(root).into_iter();
        let beside: Vec<_> = beside.map(|path| self.exercise.join(path)).collect();
        let file = file.display();
        let beside = match &beside[..] {
            [] => String::new(),
            [one] => format!(
                "\nBeside it there is another. If it is yours:\n  mv {} {file}",
                one.display()
            ),
            several => {
                let line = |path: &PathBuf| format!("\n  {}", path.display());
                let lines: String = several.iter().map(line).collect();
                format!("\nBeside it there are:{lines}")
            }
        };
        Some(format!("{file} is not there.{beside}"))
    }

    /// The files in `src` that did not come with the lesson, and the learner's own, from the exercise's folder.
    pub fn written(&self, root: &Path) -> Vec<PathBuf> {
        let shipped = [Path::new("src/lib.rs"), Path::new("src/race_freedom.rs")];
        let mut files = files_below(&root.join(&self.exercise), &["src"]).unwrap_or_default();
        files.retain(|path| !shipped.contains(&path.as_path()));
        files
    }

    /// The lesson's text, from the root.
    pub fn readme(&self) -> PathBuf {
        self.exercise.join("README.md")
    }

    /// The staged hints, from the root.
    pub fn hints(&self) -> PathBuf {
        self.exercise.join("HINTS.md")
    }

    /// What the learner begins with, from the root, in the form that [`stub`](crate::course::stub) reads.
    pub fn stub(&self) -> PathBuf {
        self.solution.join("stub.txt")
    }

    /// The reference, from the root.
    pub fn reference(&self) -> PathBuf {
        self.solution.join("src").join(self.file_name())
    }

    /// The patches that put a mistake into the reference, from the root.
    pub fn mistakes(&self) -> PathBuf {
        self.solution.join("mistakes")
    }

    /// The package name of the solution.
    pub fn solution_package(&self) -> String {
        format!("{}_solution", self.name)
    }

    /// The bench that measures the learner's file beside the reference, from the root.
    pub fn bench(&self) -> PathBuf {
        self.solution.join("benches/compare.rs")
    }

    /// What the lesson was shipped with, from the root; see [`shipped`](crate::course::shipped).
    pub fn lock(&self) -> PathBuf {
        self.solution.join("shipped.lock")
    }
}

/// The part of a lesson's manifest that the runner reads. What is missing is left for `verify` to say.
#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    description: String,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    lesson: Option<About>,
}

impl Workspace {
    /// The workspace around the current folder.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir().context("cannot tell the current folder")?;
        let root = here
            .ancestors()
            .find(|dir| dir.join("Cargo.toml").is_file() && dir.join(EXERCISES).is_dir())
            .with_context(|| {
                format!(
                    "no lessons here: neither {} nor a folder above it has Cargo.toml and {EXERCISES}/.\n\
                     Change to the folder that you cloned and try again.",
                    here.display()
                )
            })?;
        Self::load(root)
    }

    /// Reads the lessons under `root`.
    pub fn load(root: &Path) -> Result<Self> {
        let mut unreadable = Vec::new();
        let mut workspace = Self::load_by(root, EXERCISES, |lesson| {
            let read = read_manifest(&root.join(&lesson.exercise).join("Cargo.toml"));
            Ok(read.unwrap_or_else(|error| {
                unreadable.push((lesson.clone(), in_a_line(&error.root_cause().to_string())));
                None
            }))
        })?;
        let unreadable = unreadable.into_iter().map(|(lesson, why)| {
            let manifest = lesson.exercise.join("Cargo.toml");
            let manifest = manifest.display();
            Problem {
                what: format!("{manifest} cannot be read: {why}"),
                command: format!("git checkout HEAD -- \"{manifest}\""),
                blocks: true,
            }
        });
        workspace.problems.extend(unreadable);
        Ok(workspace)
    }

    /// Reads the lessons under `root` that have a [lock](Lock), so that a learner who edits or removes the manifest of
    /// an exercise does not change which lessons there are. What another manifest than the one shipped says is not
    /// used.
    pub fn load_shipped(root: &Path) -> Result<Self> {
        Self::load_by(root, SOLUTIONS, |lesson| {
            let Some(lock) = Lock::read(&root.join(lesson.lock()))? else {
                return Ok(None);
            };
            let path = root.join(lesson.exercise.join("Cargo.toml"));
            let as_shipped = fs::read(&path)
                .is_ok_and(|text| lock.files.get("Cargo.toml") == Some(&digest(&text)));
            let of_manifest = if as_shipped { read_manifest(&path)? } else { None };
            let Lock { lesson: name, .. } = lock;
            let title = name.clone();
            let as_named = || (name, About { title, ..About::default() });
            Ok(Some(of_manifest.unwrap_or_else(as_named)))
        })
    }

    /// Reads the lessons whose folders are below `of`; `read` tells their names and what is to be said of them.
    fn load_by(
        root: &Path,
        of: &str,
        mut read: impl FnMut(&Lesson) -> Result<Option<(String, About)>>,
    ) -> Result<Self> {
        let mut lessons: Vec<Lesson> = Vec::new();
        for (chapter, chapter_folder) in numbered_folders(&root.join(of))? {
            let chapter_title = chapter_title(&root.join(EXERCISES).join(&chapter_folder));
            for (number, folder) in numbered_folders(&root.join(of).join(&chapter_folder))? {
                let inner = Path::new(&chapter_folder).join(folder);
                let mut lesson = Lesson {
                    name: String::new(),
                    number: Number { chapter, lesson: number },
                    chapter: chapter_title.clone(),
                    about: About::default(),
                    exercise: Path::new(EXERCISES).join(&inner),
                    solution: Path::new(SOLUTIONS).join(&inner),
                };
                if let Some((name, about)) = read(&lesson)? {
                    (lesson.name, lesson.about) = (name, about);
                    lessons.push(lesson);
                }
            }
        }
        let mut problems = Vec::new();
        let mut singles: Vec<Lesson> = Vec::new();
        for lesson in lessons {
            match singles.iter_mut().find(|other| other.name == lesson.name) {
                None => singles.push(lesson),
                Some(other) => {
                    problems.push(copy(root, other, &lesson));
                    if !root.join(&other.solution).is_dir() {
                        *other = lesson;
                    }
                }
            }
        }
        let (to_be_written, lessons) = singles
            .into_iter()
            .partition(|lesson| lesson.about.status == Some(Status::ToBeWritten));
        Ok(Self { root: root.to_owned(), lessons, to_be_written, problems })
    }

    /// The position of `lesson` among all lessons, from 1.
    pub fn position(&self, lesson: &Lesson) -> usize {
        let others = self.lessons.iter().take_while(|other| other.name != lesson.name);
        1 + others.count()
    }

    /// The text of a file that came with the course, at a path from the root.
    pub fn read(&self, from_root: &Path) -> Result<String> {
        fs::read_to_string(self.path(from_root)).with_context(|| {
            let path = from_root.display();
            format!("cannot read {path}: `git checkout {path}` brings it back")
        })
    }

    /// An absolute path for one that counts from the root.
    pub fn path(&self, from_root: impl AsRef<Path>) -> PathBuf {
        self.root.join(from_root)
    }
}

/// The folders called `NN_something`, in the order of their numbers.
pub fn numbered_folders(dir: &Path) -> Result<Vec<(u32, String)>> {
    let entries =
        fs::read_dir(dir).with_context(|| format!("cannot read the folder {}", dir.display()))?;
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read the folder {}", dir.display()))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let number = name.split_once('_').and_then(|(number, _)| number.parse().ok());
        if let Some(number) = number.filter(|_| entry.path().is_dir()) {
            folders.push((number, name));
        }
    }
    folders.sort();
    Ok(folders)
}

/// The first heading of the chapter's README; without one, the folder's name made readable.
fn chapter_title(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    let heading = |line: &str| Some(line.strip_prefix("# ")?.trim().to_owned());
    let heading = text.lines().find_map(heading);
    heading.unwrap_or_else(|| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let words = name.split_once('_').map_or(&*name, |(_, words)| words);
        let words = words.replace('_', " ");
        let mut letters = words.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    })
}

/// The name of the crate and what its manifest says; `None` where this is not a lesson.
fn read_manifest(path: &Path) -> Result<Option<(String, About)>> {
    let Ok(text) = fs::read_to_string(path) else {
        return Ok(None);
    };
    let manifest: Manifest = toml::from_str(&text).with_context(|| {
        format!("cannot read {}: correct it, or `git checkout` it", path.display())
    })?;
    let package = manifest.package;
    let about = package.metadata.and_then(|metadata| metadata.lesson);
    Ok(about.map(|about| {
        let description = package.description;
        (package.name, About { description, ..about })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("files can be written");
    }

    #[test]
    fn lessons_come_in_the_order_of_their_numbers() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let lesson = |name: &str| {
            format!("[package]\nname = \"{name}\"\n[package.metadata.lesson]\ntitle = \"T\"\n")
        };
        for (path, text) in [
            ("10_last/01_z/Cargo.toml", lesson("z")),
            ("02_two_words/02_b/Cargo.toml", lesson("b")),
            ("02_two_words/01_c/Cargo.toml", lesson("c")),
            ("02_two_words/03_plain/Cargo.toml", "[package]\nname = \"plain\"\n".into()),
            ("10_last/README.md", "text\n# The last chapter\n".into()),
            ("harness/Cargo.toml", "[package]\nname = \"harness\"\n".into()),
        ] {
            write(dir.path(), &format!("exercises/{path}"), &text);
        }
        let workspace = Workspace::load(dir.path()).expect("a workspace");
        let lessons = workspace.lessons.iter();
        let seen = lessons.map(|one| format!("{} {} {}", one.number, one.name, one.chapter));
        let seen: Vec<_> = seen.collect();
        assert_eq!(seen, ["2.1 c Two words", "2.2 b Two words", "10.1 z The last chapter"]);
    }

    #[test]
    fn a_lesson_to_be_written_is_not_among_the_lessons() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = "exercises/01_x/01_a/Cargo.toml";
        let lesson = "[package]\nname = \"a\"\n[package.metadata.lesson]\nstatus = ";
        write(dir.path(), path, &format!("{lesson}\"to be written\"\n"));
        let workspace = Workspace::load(dir.path()).expect("a workspace");
        assert!(workspace.lessons.is_empty());
        assert_eq!(workspace.to_be_written[0].name, "a");

        write(dir.path(), path, &format!("{lesson}\"done\"\n"));
        let workspace = Workspace::load(dir.path()).expect("the others");
        let problem = &workspace.problems[0].what;
        assert!(problem.contains("expected `to be written`"), "{problem}");
    }

    #[test]
    fn locks_say_which_lessons_there_are() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let manifest = "exercises/01_x/01_a/Cargo.toml";
        write(dir.path(), manifest, "no manifest any more");
        let lock = "lesson = \"a\"\ntests = []\n[files]\n";
        write(dir.path(), "solutions/01_x/01_a/shipped.lock", lock);
        let workspace = Workspace::load_shipped(dir.path()).expect("a workspace");
        let lesson = &workspace.lessons[0];
        assert_eq!(lesson.name, "a");
        assert_eq!(lesson.exercise, Path::new("exercises/01_x/01_a"));
    }

    #[test]
    fn of_two_lessons_of_one_name_the_copy_is_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for folder in ["01_a", "02_b"] {
            let manifest = "[package]\nname = \"same\"\n[package.metadata.lesson]\n";
            write(dir.path(), &format!("exercises/01_x/{folder}/Cargo.toml"), manifest);
        }
        fs::create_dir_all(dir.path().join("solutions/01_x/02_b")).expect("made");
        let workspace = Workspace::load(dir.path()).expect("one of them");
        assert_eq!(workspace.lessons.len(), 1);
        assert!(workspace.lessons[0].exercise.ends_with("02_b"));
        let problem = &workspace.problems[0];
        let what = &problem.what;
        assert!(what.contains("two lessons are called same"), "{what}");
        assert_eq!(problem.command, "mv \"exercises/01_x/01_a\" ..");
    }
}
