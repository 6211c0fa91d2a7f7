//! A replacement that is stopped after each of its steps, in each of the ways that there are: a kill, an error of
//! the disk, an editor that saves at that moment.

use super::*;

const MINE: &[u8] = b"fn mine() {}\n";
const NEW: &[u8] = b"fn reference() {}\n";
const SAVED: &[u8] = b"fn saved_meanwhile() {}\n";

/// A folder with a learner's file and a store.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        fs::create_dir(folder.root().join("src")).expect("made");
        fs::write(folder.file(), MINE).expect("written");
        folder
    }

    /// The same files, as a kill would leave them at this moment.
    fn copy(&self) -> Self {
        fn copy_tree(from: &Path, to: &Path) {
            for entry in fs::read_dir(from).expect("listed") {
                let entry = entry.expect("an entry");
                let to = to.join(entry.file_name());
                if entry.file_type().expect("a type").is_dir() {
                    fs::create_dir(&to).expect("made");
                    copy_tree(&entry.path(), &to);
                } else {
                    fs::copy(entry.path(), to).expect("copied");
                }
            }
        }
        let copy = Self(tempfile::tempdir().expect("a temporary folder"));
        copy_tree(self.root(), copy.root());
        copy
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn file(&self) -> PathBuf {
        self.root().join("src/sum.rs")
    }

    fn versions(&self) -> Versions {
        Versions::open(self.root().join(".kata/versions/sum")).expect("a store")
    }

    fn replace(&self, watch: Watch<'_>) -> Result<Replaced> {
        self.replace_by(exchange, watch)
    }

    /// Replaces as a system does that exchanges files in this way.
    fn replace_by(
        &self,
        exchange: fn(&Path, &Path) -> io::Result<bool>,
        watch: Watch<'_>,
    ) -> Result<Replaced> {
        let mut target = Target::new(&self.file()).expect("a file");
        target.exchange = exchange;
        target.replace(&mut self.versions(), NEW, Why::Swap, watch)
    }

    /// Fails if what was there cannot be had back.
    fn assert_has(&self, content: &[u8], when: impl std::fmt::Debug) {
        assert!(self.to_be_had().contains(&content.to_vec()), "{when:?}");
    }

    /// Replaces while somebody does this once, after the step.
    fn replace_while(&self, at: Step, disturb: impl FnOnce()) -> Replaced {
        let mut disturb = Some(disturb);
        let replaced = self.replace(&mut |step| {
            if step == at
                && let Some(disturb) = disturb.take()
            {
                disturb();
            }
            Ok(())
        });
        replaced.expect("replaced")
    }

    /// Every content that can be had back: the file's, and all versions'.
    fn to_be_had(&self) -> Vec<Vec<u8>> {
        let versions = self.versions();
        let all = versions.all().into_iter();
        let mut all: Vec<_> =
            all.map(|version| versions.content(&version).expect("whole")).collect();
        all.extend(fs::read(self.file()).ok());
        all
    }

    /// As the next runner does it, and what it then finds in the learner's folder.
    fn clean_up(&self) -> usize {
        let target = Target::new(&self.file()).expect("a file");
        target.clean_up(&mut self.versions(), &[NEW], &mut |_| Ok(())).expect("cleaned up");
        fs::read_dir(self.root().join("src")).expect("listed").count()
    }
}

/// The steps of a replacement that nothing disturbs.
const ORDER: [Step; 10] = [
    Step::CopyWritten,
    Step::CopyKept,
    Step::IndexWritten,
    Step::IndexKept,
    Step::NewWritten,
    Step::NewStaged,
    Step::Compared,
    Step::Replaced,
    Step::Checked,
    Step::Removed,
];

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
#[test]
fn nothing_new_comes_near_the_file_before_the_old_is_kept() {
    let folder = Folder::new();
    let mut steps = Vec::new();
    let replaced = folder
        .replace(&mut |step| {
            steps.push(step);
            Ok(())
        })
        .expect("replaced");
    assert_eq!(steps, ORDER);
    assert_eq!(replaced, Replaced { kept: vec![1] });
}

/// A system that cannot.
fn no_exchange(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

#[test]
fn without_an_exchange_the_rename_comes_right_after_the_last_look() {
    let folder = Folder::new();
    let mut steps = Vec::new();
    folder
        .replace_by(no_exchange, &mut |step| {
            steps.push(step);
            Ok(())
        })
        .expect("replaced");
    assert_eq!(steps, ORDER[..8], "up to Replaced");
    assert_eq!(fs::read(folder.file()).expect("read"), NEW);
}

#[test]
fn a_kill_after_any_step_loses_nothing() {
    let mut killed = Vec::new();
    for exchange in [exchange as fn(&_, &_) -> _, no_exchange] {
        let folder = Folder::new();
        folder
            .replace_by(exchange, &mut |step| {
                killed.push((step, folder.copy()));
                Ok(())
            })
            .expect("replaced");
    }
    for (step, folder) in killed {
        let content = fs::read(folder.file()).expect("a file is always there");
        assert!(content == MINE || content == NEW, "torn after {step:?}");
        // The new content is in place only when the copy and the index are.
        if content == NEW {
            let versions = folder.versions();
            assert_eq!(versions.all()[0].kept.why, Why::Swap, "{step:?}");
        }
        folder.assert_has(MINE, step);
        assert_eq!(folder.clean_up(), 1, "nothing is left beside, {step:?}");
        folder.assert_has(MINE, step);
        // And the next runner can do what this one could not.
        folder.replace(&mut |_| Ok(())).expect("replaced");
        assert_eq!(fs::read(folder.file()).expect("read"), NEW);
        folder.assert_has(MINE, step);
    }
}

#[test]
fn an_error_after_any_step_loses_nothing() {
    let without = ORDER[..8].iter().map(|step| (no_exchange as _, *step));
    let with = ORDER.iter().map(|step| (exchange as fn(&_, &_) -> _, *step));
    for (exchange, failing) in with.chain(without) {
        let folder = Folder::new();
        let mut failed = false;
        let result = folder.replace_by(exchange, &mut |step| {
            failed |= step == failing;
            anyhow::ensure!(!failed, "the disk is full");
            Ok(())
        });
        assert_eq!(result.is_err(), failed, "{failing:?}");
        let content = fs::read(folder.file()).expect("a file is always there");
        assert!(content == MINE || content == NEW, "torn after {failing:?}");
        folder.assert_has(MINE, failing);
        assert_eq!(folder.clean_up(), 1, "nothing is left beside, {failing:?}");
    }
}

/// How an editor saves.
#[derive(Clone, Copy, Debug)]
enum Save {
    /// It writes into the file.
    InPlace,
    /// It renames a new file to it.
    ByRename,
}

impl Save {
    fn save(self, file: &Path) {
        match self {
            Save::InPlace => fs::write(file, SAVED).expect("written"),
            Save::ByRename => {
                let other = file.with_file_name("sum.rs.editor");
                fs::write(&other, SAVED).expect("written");
                fs::rename(other, file).expect("renamed");
            }
        }
    }
}

// Without an exchange, what is saved in the instant after the last look is lost.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
#[test]
fn what_an_editor_saves_at_any_step_is_not_lost() {
    for at in ORDER {
        for save in [Save::InPlace, Save::ByRename] {
            let folder = Folder::new();
            folder.replace_while(at, || save.save(&folder.file()));
            folder.assert_has(MINE, (save, at));
            folder.assert_has(SAVED, (save, at));
        }
    }
}

#[test]
fn a_save_that_a_killed_runner_had_taken_out_is_kept_by_the_next() {
    let folder = Folder::new();
    let target = Target::new(&folder.file()).expect("a file");
    fs::write(target.staged(), SAVED).expect("written");
    let mut versions = folder.versions();
    let found = target.clean_up(&mut versions, &[NEW], &mut |_| Ok(())).expect("cleaned up");
    assert_eq!(found, Some(1));
    assert_eq!(versions.all()[0].kept.why, Why::Found);
    folder.assert_has(SAVED, ());
    assert!(!target.staged().exists());
}

#[test]
fn a_file_that_goes_away_meanwhile_is_kept_as_it_was() {
    for at in ORDER {
        let folder = Folder::new();
        folder.replace_while(at, || fs::remove_file(folder.file()).expect("removed"));
        folder.assert_has(MINE, at);
        assert_eq!(folder.clean_up(), usize::from(folder.file().exists()));
    }
}

#[test]
fn a_file_that_turns_up_where_there_was_none_is_kept() {
    let folder = Folder::new();
    fs::remove_file(folder.file()).expect("removed");
    let nothing = folder.copy();
    let replaced = nothing.replace(&mut |_| Ok(())).expect("put there");
    assert_eq!(replaced, Replaced::default());
    assert_eq!(fs::read(nothing.file()).expect("read"), NEW);

    folder.replace_while(Step::NewStaged, || Save::InPlace.save(&folder.file()));
    assert_eq!(fs::read(folder.file()).expect("read"), NEW);
    folder.assert_has(SAVED, ());
}

#[test]
fn a_file_that_changes_all_the_time_is_given_up() {
    let folder = Folder::new();
    let mut n = 0;
    let error = folder
        .replace(&mut |step| {
            if step == Step::NewStaged {
                n += 1;
                fs::write(folder.file(), format!("// {n}\n")).expect("written");
            }
            Ok(())
        })
        .expect_err("it never stands still")
        .to_string();
    assert!(error.contains("changes all the time"), "{error}");
    let all = folder.to_be_had();
    assert!(all.contains(&MINE.to_vec()) && all.len() == ATTEMPTS + 1);
}

#[cfg(unix)]
#[test]
fn permissions_stay_and_so_does_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    let elsewhere = folder.root().join("elsewhere.rs");
    fs::rename(folder.file(), &elsewhere).expect("renamed");
    symlink("../elsewhere.rs", folder.file()).expect("linked");
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o640)).expect("set");
    let target = Target::new(&folder.file()).expect("a file");
    assert_eq!(target.behind_link(), Some(&*elsewhere.canonicalize().expect("a path")));
    folder.replace(&mut |_| Ok(())).expect("replaced");
    assert!(folder.file().is_symlink());
    assert_eq!(fs::read(&elsewhere).expect("read"), NEW);
    let metadata = fs::metadata(&elsewhere).expect("metadata");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    folder.assert_has(MINE, ());

    fs::remove_file(&elsewhere).expect("removed");
    let nowhere = Target::new(&folder.file()).expect_err("nowhere");
    let nowhere = nowhere.to_string();
    assert!(nowhere.contains("a link that leads nowhere"), "{nowhere}");
}

#[test]
fn a_folder_is_not_replaced() {
    let folder = Folder::new();
    fs::remove_file(folder.file()).expect("removed");
    fs::create_dir(folder.file()).expect("made");
    let error = Target::new(&folder.file()).expect_err("a folder").to_string();
    assert!(error.ends_with("is not a file: move it away and try again"));
}
