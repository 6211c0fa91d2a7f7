//! Which files are saved: told by the file system, or found out by looking again and again where it does not tell.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use notify::event::{AccessKind, AccessMode};
use notify::{
    Config, ErrorKind, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher,
};

use crate::course::{Lesson, Workspace};

/// How often the files are looked at where nobody tells.
const POLL: Duration = Duration::from_millis(500);

/// A save is over when nothing has happened for so long: editors write beside, rename, and sync.
const QUIET: Duration = Duration::from_millis(60);

/// However much happens, it is told after this.
const PATIENCE: Duration = Duration::from_millis(500);

/// Tells of the saves in a lesson's folder.
pub struct Saves {
    watcher: Box<dyn Watcher + Send>,
    sender: mpsc::Sender<Event>,
    folders: Vec<PathBuf>,
    /// Why the files are looked at again and again; `None` where the file system tells.
    pub polls: Option<String>,
}

impl Saves {
    /// Calls `saved` after each save. `poll`: do not count on the file system.
    pub fn new(poll: bool, saved: impl Fn() + Send + 'static) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        thread::spawn(move || gather(&events, &saved));
        if poll {
            return Self::polling(sender, "--poll asks for it".to_owned());
        }
        match RecommendedWatcher::new(hand_on(&sender), Config::default()) {
            Ok(watcher) => Ok(Self::by(Box::new(watcher), sender, None)),
            Err(error) => Self::polling(sender, plain(&error)),
        }
    }

    fn by(
        watcher: Box<dyn Watcher + Send>,
        sender: mpsc::Sender<Event>,
        polls: Option<String>,
    ) -> Self {
        Self { watcher, sender, folders: Vec::new(), polls }
    }

    fn polling(sender: mpsc::Sender<Event>, reason: String) -> Result<Self> {
        // The times alone are compared in seconds: a second save in one would be missed.
        let config = Config::default().with_poll_interval(POLL).with_compare_contents(true);
        let watcher = PollWatcher::new(hand_on(&sender), config)
            .context("the files cannot be watched; `cargo xtask next` runs a lesson once")?;
        Ok(Self::by(Box::new(watcher), sender, Some(reason)))
    }

    /// Tells of the saves in a lesson from now on, and of no others.
    pub fn watch_lesson(&mut self, workspace: &Workspace, lesson: &Lesson) -> Result<()> {
        let (folder, file) = (&lesson.exercise, lesson.file());
        self.watch(&workspace.path(folder), &workspace.path(file))
    }

    /// Tells of the saves in `folder` from now on, and of no others; and of those of `file`, which is in it, where that
    /// is a link to another place.
    pub fn watch(&mut self, folder: &Path, file: &Path) -> Result<()> {
        for folder in self.folders.drain(..) {
            // It may have gone.
            let _ = self.watcher.unwatch(&folder);
        }
        let reason = match (no_events(folder), &self.polls) {
            (Some(system), None) => format!("{system} does not tell of every save"),
            (_, polls) => match (polls.is_some(), self.watch_both(folder, file)) {
                (_, Ok(())) => return Ok(()),
                (false, Err(error)) => plain(&error),
                (true, Err(error)) => {
                    return Err(error)
                        .with_context(|| format!("cannot watch {}", folder.display()));
                }
            },
        };
        *self = Self::polling(self.sender.clone(), reason)?;
        self.watch(folder, file)
    }

    fn watch_both(&mut self, folder: &Path, file: &Path) -> notify::Result<()> {
        self.watcher.watch(folder, RecursiveMode::Recursive)?;
        self.folders.push(folder.to_owned());
        if let Some(target) = behind_link(folder, file) {
            self.watcher.watch(&target, RecursiveMode::NonRecursive)?;
            self.folders.push(target);
        }
        Ok(())
    }
}

/// The folder of the file that `file` leads to, where that is not within `folder`.
fn behind_link(folder: &Path, file: &Path) -> Option<PathBuf> {
    let target = file.canonicalize().ok()?.parent()?.to_owned();
    let within = folder.canonicalize().ok()?;
    (!target.starts_with(within)).then_some(target)
}

/// Why files cannot be watched, in words.
fn plain(error: &notify::Error) -> String {
    // EMFILE and ENOSPC: inotify has no instance left, or no watch.
    let used_up = match &error.kind {
        ErrorKind::MaxFilesWatch => true,
        ErrorKind::Io(error) => matches!(error.raw_os_error(), Some(24 | 28)),
        _ => false,
    };
    if used_up && cfg!(target_os = "linux") {
        "other programs use up inotify's limit; `cargo xtask doctor` says how to raise it"
            .to_owned()
    } else {
        error.to_string()
    }
}

/// The file system's name, where it takes part in a network or a virtual machine: what is saved on the other side
/// is not told on this one.
#[cfg(target_os = "linux")]
fn no_events(folder: &Path) -> Option<&'static str> {
    // The magic numbers of statfs(2).
    match rustix::fs::statfs(folder).ok()?.f_type {
        0x6969 => Some("NFS"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("FUSE"),
        0x786F_4256 => Some("vboxsf"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn no_events(_folder: &Path) -> Option<&'static str> {
    None
}

fn hand_on(sender: &mpsc::Sender<Event>) -> impl Fn(notify::Result<Event>) + Send + 'static {
    let sender = sender.clone();
    move |event| {
        // An error is about a file that has gone meanwhile; the next event tells of what came in its place.
        if let Ok(event) = event
            && is_save(&event)
        {
            let _ = sender.send(event);
        }
    }
}

/// Whether it changes what the lesson's tests are built from. Builds read those files, which is told too.
fn is_save(event: &Event) -> bool {
    let closed = AccessKind::Close(AccessMode::Write);
    let changes = !matches!(event.kind, EventKind::Access(kind) if kind != closed);
    changes && (event.need_rescan() || event.paths.iter().any(|path| is_source(path)))
}

/// Not the files that an editor puts beside: `.#name.rs`, `.name.rs.swp`, `name.rs~`.
fn is_source(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    name == "Cargo.toml" || (name.ends_with(".rs") && !name.starts_with('.'))
}

/// Makes one save of the events that come close together.
fn gather(events: &mpsc::Receiver<Event>, saved: &impl Fn()) {
    while events.recv().is_ok() {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match events.recv_timeout(QUIET) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        saved();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_files_of_an_editor_are_no_source() {
        for (name, source) in [
            ("/l/src/a.rs", true),
            ("/l/Cargo.toml", true),
            ("/l/src/.#a.rs", false),
            ("/l/src/.a.rs.swp", false),
            ("/l/src/a.rs~", false),
            ("/l/src/4913", false),
            ("/l/README.md", false),
        ] {
            assert_eq!(is_source(Path::new(name)), source, "{name}");
        }
    }

    #[test]
    fn a_save_is_told_in_every_way_and_a_look_is_not() {
        for poll in [false, true] {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let (a, b) = (dir.path().join("a"), dir.path().join("b"));
            for folder in [&a, &b] {
                fs::create_dir_all(folder.join("src")).expect("made");
                fs::write(folder.join("src/a.rs"), "one").expect("written");
            }
            let (sender, saves) = mpsc::channel();
            let mut watcher =
                Saves::new(poll, move || sender.send(()).expect("heard")).expect("a way to watch");
            let elsewhere = tempfile::tempdir().expect("a temporary folder");
            let target = elsewhere.path().join("mine.rs");
            fs::write(&target, "one").expect("written");
            #[cfg(unix)]
            std::os::unix::fs::symlink(&target, a.join("src/link.rs")).expect("linked");
            let link = a.join("src/link.rs");
            watcher.watch(&a, &link).expect("watched");
            assert_eq!(watcher.polls.is_some(), poll);
            let told = || saves.recv_timeout(Duration::from_secs(60)).expect("told");

            fs::write(a.join("src/a.rs"), "three").expect("written");
            told();
            // Beside and renamed, as editors do.
            fs::write(a.join("src/.a.rs.new"), "a longer one").expect("written");
            fs::rename(a.join("src/.a.rs.new"), a.join("src/a.rs")).expect("renamed");
            told();
            if cfg!(unix) {
                fs::write(&target, "longer").expect("written");
                told();
            }
            watcher.watch(&b, &b.join("src/a.rs")).expect("watched");
            fs::write(b.join("src/a.rs"), "of the other lesson").expect("written");
            told();
        }
        let used_up = notify::Error::io(std::io::Error::from_raw_os_error(24));
        if cfg!(target_os = "linux") {
            assert!(plain(&used_up).starts_with("other programs use up inotify's limit"));
        }
        let opened = Event::new(EventKind::Access(AccessKind::Open(AccessMode::Any)));
        assert!(!is_save(&opened.add_path("/l/src/a.rs".into())));
    }
}
