//! What the learner has done, in `.kata/progress.toml`. It can always be derived again from the code
//! (`cargo xtask list --check`): a lesson is done while its sources are those that passed.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::workspace::{Lesson, Workspace};

/// The folder of everything that the runner remembers, from the root. Git does not see it.
const FOLDER: &str = ".kata";

/// The layout of the file. A file of a later runner is left alone.
const VERSION: u32 = 1;

/// What the runner remembers of the lessons.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    version: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lessons: BTreeMap<String, Record>,
}

/// What the runner remembers of one lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// How many of its hints were shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hints: usize,
    /// The last time that it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Passed>,
}

/// The sources that passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passed {
    /// The [`fingerprint`] of the sources.
    pub source: String,
    /// When, in UTC.
    pub at: String,
    /// How many tests ran.
    pub tests: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// How far a learner is with a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// These very sources passed all tests.
    Done,
    /// Others did: run it again.
    Changed,
    /// The file is not the stub any more.
    Attempted,
    /// The file is the stub.
    NotBegun,
}

impl Progress {
    /// What the runner remembers of `lesson`.
    pub fn of(&self, lesson: &Lesson) -> Option<&Record> {
        self.lessons.get(&lesson.name)
    }

    /// What the runner remembers of `lesson`, to be changed.
    pub fn of_mut(&mut self, lesson: &Lesson) -> &mut Record {
        self.lessons.entry(lesson.name.clone()).or_default()
    }

    /// How far the learner is with `lesson`.
    ///
    /// # Errors
    ///
    /// The lesson's sources cannot be read.
    pub fn state(&self, workspace: &Workspace, lesson: &Lesson) -> Result<State> {
        Ok(
            match self.of(lesson).and_then(|record| record.passed.as_ref()) {
                Some(passed) if passed.source == fingerprint(workspace, lesson)? => State::Done,
                Some(_) => State::Changed,
                None if crate::tests_of::is_attempted(workspace, lesson) => State::Attempted,
                None => State::NotBegun,
            },
        )
    }

    /// The lesson to work on: the first that is not done.
    ///
    /// # Errors
    ///
    /// A lesson's sources cannot be read.
    pub fn current<'a>(&self, workspace: &'a Workspace) -> Result<Option<&'a Lesson>> {
        for lesson in &workspace.lessons {
            if self.state(workspace, lesson)? != State::Done {
                return Ok(Some(lesson));
            }
        }
        Ok(None)
    }
}

/// A short name for exactly these sources: everything under the lesson's `src/` and `tests/`.
///
/// # Errors
///
/// A file cannot be read.
pub fn fingerprint(workspace: &Workspace, lesson: &Lesson) -> Result<String> {
    let folder = workspace.path(&lesson.exercise);
    let mut files = Vec::new();
    for part in ["src", "tests"] {
        collect_files(&folder, Path::new(part), &mut files)?;
    }
    files.sort();
    let mut hash = hmac_sha256::Hash::new();
    for file in files {
        let content = fs::read(folder.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        // Lengths first, so that no two trees read the same.
        let name = file.to_string_lossy().replace('\\', "/");
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn collect_files(folder: &Path, part: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder.join(part)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read {}", folder.join(part).display()));
        }
    };
    for entry in entries {
        let entry =
            entry.with_context(|| format!("cannot read {}", folder.join(part).display()))?;
        let path = part.join(entry.file_name());
        if entry.path().is_dir() {
            collect_files(folder, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The progress, held so that no second runner changes it meanwhile.
#[derive(Debug)]
pub struct Store {
    /// What the runner remembers.
    pub progress: Progress,
    folder: PathBuf,
    // Held for as long as the store lives; the system lets go of it even when the runner is killed.
    _lock: File,
}

impl Store {
    /// Reads the progress; waits for another runner that has it, and says so.
    ///
    /// A file that cannot be understood is set aside, with a word on stderr, and the progress begins anew.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to, or the file comes from a later runner.
    pub fn open(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.path(FOLDER);
        fs::create_dir_all(&folder).with_context(|| {
            format!(
                "cannot make {}: the runner keeps your progress there; make the clone writable",
                folder.display()
            )
        })?;
        let lock = lock(&folder.join("lock"))?;
        let file = folder.join("progress.toml");
        let progress = match fs::read(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => Progress::default(),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
            Ok(bytes) => match parse(&bytes) {
                Ok(progress) => progress,
                Err(damage) => {
                    set_aside(&file, &damage)?;
                    Progress::default()
                }
            },
        };
        anyhow::ensure!(
            progress.version <= VERSION,
            "{} was written by a later runner (version {}). Pull the newest `cargo xtask`, or move the file away.",
            file.display(),
            progress.version,
        );
        Ok(Self {
            progress,
            folder,
            _lock: lock,
        })
    }

    /// Writes the progress: beside, synced, renamed. It is the old file or the new one, whatever happens.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&mut self) -> Result<()> {
        self.progress.version = VERSION;
        let text =
            toml::to_string(&self.progress).context("the progress cannot be written as TOML")?;
        let file = self.folder.join("progress.toml");
        write_atomically(&file, text.as_bytes())
            .with_context(|| format!("cannot write {}: is the disk full?", file.display()))
    }

    /// Notes that the sources with this fingerprint passed.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn mark_done(&mut self, lesson: &Lesson, source: String, tests: usize) -> Result<()> {
        let passed = Passed {
            source,
            at: utc(SystemTime::now()),
            tests,
        };
        self.progress.of_mut(lesson).passed = Some(passed);
        self.save()
    }

    /// Notes that the sources as they are do not pass.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn mark_not_done(&mut self, lesson: &Lesson, source: &str) -> Result<()> {
        let record = self.progress.of_mut(lesson);
        // Sources that passed earlier and differ stay on record: the lesson is "changed since it passed".
        if record
            .passed
            .as_ref()
            .is_some_and(|passed| passed.source == source)
        {
            record.passed = None;
            self.save()?;
        }
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Result<Progress, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    // A later version may have fields that this one does not know: it is not damaged for that.
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = toml::from_str(text).map_err(|error| error.to_string())?;
    if version > VERSION {
        return Ok(Progress {
            version,
            ..Progress::default()
        });
    }
    toml::from_str(text).map_err(|error| error.to_string())
}

fn set_aside(file: &Path, damage: &str) -> Result<()> {
    let stamp = utc(SystemTime::now()).replace(':', "");
    let mut aside = file.with_file_name(format!("progress.toml.damaged-{stamp}"));
    for n in 2.. {
        if !aside.exists() {
            break;
        }
        aside = file.with_file_name(format!("progress.toml.damaged-{stamp}-{n}"));
    }
    fs::rename(file, &aside).with_context(|| {
        format!(
            "{} is damaged and cannot be set aside: move it away by hand",
            file.display()
        )
    })?;
    let first = damage.lines().next().unwrap_or("it cannot be read");
    eprintln!(
        " {} is damaged ({first}).\n It is set aside as {}; nothing of it is used or lost.\n \
         `cargo xtask list --check` finds out again what you have done.",
        file.display(),
        aside.file_name().unwrap_or_default().display(),
    );
    Ok(())
}

/// Takes the lock, or says who has it and waits.
///
/// # Errors
///
/// The file cannot be made, or the system has no locks there.
pub fn lock(path: &Path) -> Result<File> {
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .with_context(|| format!("cannot make {}: make the folder writable", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = holder.trim();
            eprintln!(
                " another `cargo xtask` is at work here{}; waiting for it to end (Ctrl-C gives up)",
                if holder.is_empty() {
                    String::new()
                } else {
                    format!(" (process {holder})")
                },
            );
            file.lock()
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    // For the one that waits, to say for whom. Nothing depends on it.
    let _ = file
        .rewind()
        .and_then(|()| file.set_len(0))
        .and_then(|()| write!(file, "{}", std::process::id()));
    Ok(file)
}

/// Writes `content` beside `path`, syncs it, and renames it.
///
/// # Errors
///
/// The file cannot be written.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(content)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    // The rename itself is on the disk when the folder is. Where folders cannot be synced, it is soon.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A moment as `2026-08-04T21:07:00Z`.
fn utc(moment: SystemTime) -> String {
    let seconds = moment
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Days to a date of the Gregorian calendar, in 400-year eras that begin on 1 March of year 0.
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::select::tests::workspace;

    /// A workspace of two lessons, with a file each.
    fn lessons() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut workspace = workspace(&["a", "b"]);
        workspace.root = dir.path().to_owned();
        for lesson in &workspace.lessons {
            for (path, text) in [(lesson.file(), "solved"), (lesson.stub(), "stub")] {
                let path = workspace.path(path);
                fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
                fs::write(path, text).expect("files can be written");
            }
        }
        (dir, workspace)
    }

    #[test]
    fn done_means_this_very_source() {
        let (_dir, workspace) = lessons();
        let [a, b] = &workspace.lessons[..] else {
            panic!("two lessons")
        };
        let mut store = Store::open(&workspace).expect("a store");
        let state = |store: &Store| store.progress.state(&workspace, a).expect("a state");
        assert_eq!(state(&store), State::Attempted);
        let source = fingerprint(&workspace, a).expect("a fingerprint");
        store.mark_done(a, source, 3).expect("saved");
        assert_eq!(state(&store), State::Done);
        assert_eq!(
            store
                .progress
                .current(&workspace)
                .expect("read")
                .map(|l| &l.name),
            Some(&b.name)
        );
        fs::write(workspace.path(a.file()), "edited").expect("written");
        assert_eq!(state(&store), State::Changed);
        fs::write(workspace.path(b.file()), "stub").expect("written");
        assert_eq!(
            store.progress.state(&workspace, b).expect("a state"),
            State::NotBegun
        );
        drop(store);

        // A second runner reads what the first one wrote.
        fs::write(workspace.path(a.file()), "solved").expect("written");
        let store = Store::open(&workspace).expect("a store");
        assert_eq!(state(&store), State::Done);
        assert_eq!(
            store
                .progress
                .of(a)
                .and_then(|r| r.passed.as_ref())
                .map(|p| p.tests),
            Some(3)
        );
    }

    #[test]
    fn a_changed_test_makes_a_lesson_unverified() {
        let (_dir, workspace) = lessons();
        let a = &workspace.lessons[0];
        let before = fingerprint(&workspace, a).expect("a fingerprint");
        let tests = workspace.path(&a.exercise).join("tests");
        fs::create_dir_all(&tests).expect("made");
        fs::write(tests.join("correctness.rs"), "#[test] fn x() {}").expect("written");
        assert_ne!(before, fingerprint(&workspace, a).expect("a fingerprint"));
    }

    #[test]
    fn a_damaged_file_is_set_aside() {
        for damage in [
            &b"version = 1\n[lessons.a"[..],
            b"\xff\xfe",
            b"",
            b"version = 1\nlessons = 3\n",
        ] {
            let (_dir, workspace) = lessons();
            let folder = workspace.path(FOLDER);
            fs::create_dir_all(&folder).expect("made");
            fs::write(folder.join("progress.toml"), damage).expect("written");
            let store = Store::open(&workspace).expect("a store");
            assert_eq!(store.progress, Progress::default());
            let aside = fs::read_dir(&folder)
                .expect("listed")
                .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                .find(|path| path.to_string_lossy().contains("progress.toml.damaged-"));
            assert_eq!(fs::read(aside.expect("set aside")).expect("read"), damage);
        }
    }

    #[test]
    fn a_file_of_a_later_runner_is_left_alone() {
        let (_dir, workspace) = lessons();
        let file = workspace.path(FOLDER).join("progress.toml");
        fs::create_dir_all(workspace.path(FOLDER)).expect("made");
        fs::write(&file, "version = 99\nnew = true\n").expect("written");
        let error = Store::open(&workspace)
            .expect_err("a later version")
            .to_string();
        assert!(error.contains("later runner"), "{error}");
        assert_eq!(
            fs::read_to_string(&file).expect("read"),
            "version = 99\nnew = true\n"
        );
    }

    #[test]
    fn moments_are_written_in_utc() {
        let at = |seconds| utc(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(at(1_785_877_620), "2026-08-04T21:07:00Z");
    }
}
