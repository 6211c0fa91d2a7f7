//! The file of the progress: read, written, set aside, and never by two at once.

use std::fs::File;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context, Result};

use super::{Passed, Progress, VERSION};
use crate::course::{Lesson, Workspace};
use crate::learner::files::{
    lock, look_versioned, make_folder, read_versioned, utc, write_atomically,
};

/// The folder of everything that the runner remembers, from the root. Git does not see it.
pub const FOLDER: &str = ".kata";

/// The file of the progress, in that folder.
const FILE: &str = "progress.toml";

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
        make_folder(&folder).with_context(|| {
            format!(
                "cannot make {}: the runner keeps your progress there; make the clone writable",
                folder.display()
            )
        })?;
        let lock = lock(&folder.join("lock"))?;
        let file = folder.join(FILE);
        let progress = read_versioned(
            &file,
            VERSION,
            "`cargo xtask list --check` finds out again what you have done.",
        )?
        .unwrap_or_default();
        Ok(Self { progress, folder, _lock: lock })
    }

    /// Reads the progress to look at it, even while another process changes it: a file is whole whenever it is
    /// read. One that cannot be understood is left to [`Store::open`].
    pub fn peek(workspace: &Workspace) -> Progress {
        let file = workspace.path(FOLDER).join(FILE);
        let text = std::fs::read_to_string(file).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// Reads the progress and changes nothing, not even the name of a file that is damaged: in that case it says
    /// what the damage is. `None`: there is none yet.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or comes from a later runner.
    pub fn look(workspace: &Workspace) -> Result<Option<Result<Progress, String>>> {
        look_versioned(&workspace.path(FOLDER).join(FILE), VERSION)
    }

    /// Writes the progress: beside, synced, renamed. It is the old file or the new one, whatever happens.
    pub fn save(&mut self) -> Result<()> {
        self.progress.version = VERSION;
        let text =
            toml::to_string(&self.progress).context("the progress cannot be written as TOML")?;
        let file = self.folder.join(FILE);
        write_atomically(&file, text.as_bytes())
            .with_context(|| format!("cannot write {} (is the disk full?)", file.display()))
    }

    /// Notes that the sources with this fingerprint passed so many tests, in so many interleavings.
    pub fn mark_done(
        &mut self,
        lesson: &Lesson,
        source: String,
        tests: usize,
        interleavings: usize,
    ) -> Result<()> {
        let passed = Passed { source, at: utc(SystemTime::now()), tests, interleavings };
        self.progress.of_mut(lesson).passed = Some(passed);
        self.save()
    }

    /// Notes that a mistake of the lesson was tried.
    pub fn mark_tried(&mut self, lesson: &Lesson, mistake: &str) -> Result<()> {
        if self.progress.of_mut(lesson).tried.insert(mistake.to_owned()) {
            self.save()?;
        }
        Ok(())
    }

    /// Notes that the reference took the place of the learner's file, or that something else did since.
    pub fn mark_swapped(&mut self, lesson: &Lesson, swapped: bool) -> Result<()> {
        let before = self.progress.of(lesson).map(|record| record.swapped);
        if before.unwrap_or_default() == swapped {
            return Ok(());
        }
        self.progress.of_mut(lesson).swapped = swapped;
        self.save()
    }

    /// Notes that the sources as they are do not pass.
    pub fn mark_not_done(&mut self, lesson: &Lesson, source: &str) -> Result<()> {
        let record = self.progress.of_mut(lesson);
        // Sources that passed earlier and differ stay on record: the lesson is "changed since it passed".
        if let Some(passed) = &record.passed
            && passed.source == source
        {
            record.passed = None;
            self.save()?;
        }
        Ok(())
    }
}

/// The folder of the versions of a lesson's file that the runner replaced.
pub fn versions_folder(workspace: &Workspace, lesson: &Lesson) -> PathBuf {
    let folder = workspace.path(FOLDER).join("versions");
    folder.join(&lesson.name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{State, fingerprint};
    use super::*;
    use crate::course::select::tests::workspace;

    /// A workspace of two lessons, with a file each.
    fn lessons() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut workspace = workspace(&["a", "b"]);
        workspace.root = dir.path().to_owned();
        for lesson in &workspace.lessons {
            for (path, text) in [(lesson.file(), "solved"), (lesson.stub(), "| stub")] {
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
        let [a, b] = &workspace.lessons[..] else { panic!("two lessons") };
        let mut store = Store::open(&workspace).expect("a store");
        let state = |store: &Store| store.progress.state(&workspace, a).expect("a state");
        assert_eq!(state(&store), State::Attempted);
        let source = fingerprint(&workspace, a).expect("a fingerprint");
        store.mark_done(a, source, 3, 23).expect("saved");
        store.mark_tried(a, "one_notification").expect("saved");
        assert_eq!(state(&store), State::Done);
        let current = store.progress.current(&workspace).expect("read");
        assert_eq!(current.map(|lesson| &lesson.name), Some(&b.name));
        fs::write(workspace.path(a.file()), "edited").expect("written");
        assert_eq!(state(&store), State::Changed);
        fs::write(workspace.path(b.file()), "stub").expect("written");
        let state_of_b = store.progress.state(&workspace, b);
        assert_eq!(state_of_b.expect("a state"), State::NotBegun);
        drop(store);

        // A second runner reads what the first one wrote.
        fs::write(workspace.path(a.file()), "solved").expect("written");
        let store = Store::open(&workspace).expect("a store");
        assert_eq!(state(&store), State::Done);
        let passed = store.progress.of(a).and_then(|record| record.passed.as_ref());
        assert_eq!(passed.map(|passed| (passed.tests, passed.interleavings)), Some((3, 23)));
        let tried = store.progress.of(a).map(|record| record.tried.len());
        assert_eq!(tried, Some(1));
    }

    #[test]
    fn a_file_of_an_earlier_runner_is_read() {
        let (_dir, workspace) = lessons();
        fs::create_dir_all(workspace.path(FOLDER)).expect("made");
        let passed =
            "[lessons.a.passed]\nsource = \"s\"\nat = \"2026-08-04T21:07:00Z\"\ntests = 3\n";
        let file = workspace.path(FOLDER).join(FILE);
        fs::write(file, format!("version = 2\n{passed}")).expect("written");
        let store = Store::open(&workspace).expect("a store");
        let record = store.progress.of(&workspace.lessons[0]).expect("read");
        assert_eq!(record.passed.as_ref().map(|passed| passed.interleavings), Some(0));
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
        let [half, wrong] = [&b"version = 1\n[lessons.a"[..], b"version = 1\nlessons = 3\n"];
        for damage in [half, b"\xff\xfe", b"", wrong] {
            let (_dir, workspace) = lessons();
            let folder = workspace.path(FOLDER);
            fs::create_dir_all(&folder).expect("made");
            fs::write(folder.join(FILE), damage).expect("written");
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
        let error = Store::open(&workspace).expect_err("a later version");
        let error = error.to_string();
        assert!(error.contains("later runner"), "{error}");
        let left = fs::read_to_string(&file).expect("read");
        assert_eq!(left, "version = 99\nnew = true\n");
    }
}
