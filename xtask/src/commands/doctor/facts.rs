//! What there is on this machine and in this clone. Nothing is judged here, and nothing is changed.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, IsTerminal};
use std::path::Path;
use std::process::Stdio;
use std::str::FromStr;

use anyhow::Result;
use serde::Deserialize;

use crate::commands::watch;
use crate::course::{EXERCISES, Problem, Workspace, problems, settings};
use crate::learner::progress::{State, Store};
use crate::run::{Runner, installed, nextest_is_installed};
use crate::term;

/// nextest's settings, from the root. The version that the runner is tested with stands there, for nextest too.
pub const NEXTEST_SETTINGS: &str = ".config/nextest.toml";

/// What there is.
#[derive(Debug)]
pub struct Facts {
    /// What the workspace asks of Rust.
    pub rust_asked: Version,
    /// The compiler; otherwise why it cannot be run.
    pub rustc: Result<Version, String>,
    /// cargo; otherwise why it cannot be run.
    pub cargo: Result<Version, String>,
    /// What the workspace asks of nextest; otherwise why that cannot be read.
    pub nextest_asked: Result<Version, String>,
    /// nextest, if it is installed; otherwise why it cannot be run.
    pub nextest: Option<Result<Version, String>>,
    /// mdBook, if it is installed; otherwise why it cannot be run.
    pub mdbook: Option<Result<Version, String>>,
    /// What is wrong with the tree of the lessons.
    pub problems: Vec<Problem>,
    /// The settings of cargo that are not the lessons'.
    pub settings: Vec<String>,
    /// The folders that the runner and the learner write to.
    pub folders: Vec<Folder>,
    /// How `watch` sees what is saved: told by the file system (`None`), or by looking again and again, and why.
    /// Otherwise why not at all.
    pub watching: Result<Option<String>, String>,
    /// What is written to.
    pub terminal: Terminal,
    /// The progress; otherwise why it cannot be used.
    pub progress: Result<Progress, String>,
}

/// A folder that is written to.
#[derive(Debug)]
pub struct Folder {
    /// As the learner knows it.
    pub name: String,
    /// How many bytes may still be written there; otherwise why that is not known.
    pub free: Result<u64, String>,
    /// Why nothing may be written there; `None`: it may.
    pub refused: Option<Refused>,
}

/// Why a folder cannot be written to.
#[derive(Debug)]
pub struct Refused {
    /// In the system's words.
    pub why: String,
    /// Whether it is for want of permission, not for another reason.
    pub permission: bool,
}

/// What is written to.
#[derive(Debug)]
pub struct Terminal {
    /// Whether it is a terminal at all.
    pub is_one: bool,
    /// Whether the locale can show Unicode.
    pub unicode: bool,
    /// Whether it is written to in colour.
    pub colour: bool,
    /// How wide it is.
    pub columns: usize,
}

/// How far the learner is.
#[derive(Debug)]
pub enum Progress {
    /// There is no file yet.
    None,
    /// So many lessons are done.
    Lessons {
        /// How many.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// The file cannot be understood, and why.
    Damaged(String),
}

impl Facts {
    /// Looks around.
    pub fn gather(runner: &Runner) -> Self {
        let workspace = &*runner.workspace;
        let root = &workspace.root;
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let nextest = nextest_is_installed()
            .then(|| version_of(runner.cargo(root).args(["nextest", "--version"])));
        Self {
            rust_asked: env!("CARGO_PKG_RUST_VERSION").parse().unwrap_or_default(),
            rustc: version_of(runner.tool(&rustc, root).arg("--version")),
            cargo: version_of(runner.cargo(root).arg("--version")),
            nextest_asked: nextest_asked(root),
            nextest,
            mdbook: installed("mdbook")
                .map(|mdbook| version_of(runner.tool(mdbook.as_os_str(), root).arg("--version"))),
            problems: problems::of(&runner.workspace),
            settings: settings::foreign(root),
            folders: folders(root),
            watching: watch::way(&root.join(EXERCISES)).map_err(|error| format!("{error:#}")),
            terminal: Terminal {
                is_one: std::io::stdout().is_terminal(),
                unicode: harness_base::page::is_unicode(),
                colour: runner.colour,
                columns: term::terminal_width(),
            },
            progress: progress(workspace).map_err(|error| format!("{error:#}")),
        }
    }
}

/// A version, as far as it is a number: `1.95.0`, of `rustc 1.95.0-nightly (59807616e 2026-04-14)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u64; 3]);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
        let word = text.split_ascii_whitespace().find(is_number);
        let word = word.ok_or_else(|| format!("no version is in {:?}", text.trim()))?;
        let number = word.split(['-', '+']).next().unwrap_or_default();
        let mut version = Self::default();
        for (place, part) in version.0.iter_mut().zip(number.split('.')) {
            let number = part.parse();
            *place = number.map_err(|_| format!("{word} is not a version"))?;
        }
        Ok(version)
    }
}

fn version_of(command: &mut std::process::Command) -> Result<Version, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return text(&output.stdout).parse();
    }
    let said = text(&output.stderr);
    let said = said.lines().next().unwrap_or("it says nothing");
    Err(format!("{}: {said}", output.status))
}

/// What the workspace's settings ask of nextest.
fn nextest_asked(root: &Path) -> Result<Version, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Settings {
        nextest_version: String,
    }
    let text = fs::read_to_string(root.join(NEXTEST_SETTINGS)).map_err(|e| e.to_string())?;
    let settings: Settings = toml::from_str(&text).map_err(|e| e.message().to_owned())?;
    settings.nextest_version.parse()
}

/// Where the lessons are edited, where they are built, and where the progress is.
fn folders(root: &Path) -> Vec<Folder> {
    let target = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => (folder.to_string_lossy().into_owned(), root.join(folder)),
        None => ("target".to_owned(), root.join("target")),
    };
    let of_root = |name: &str| (name.to_owned(), root.join(name));
    let state = of_root(crate::learner::progress::FOLDER);
    let folders = [of_root(EXERCISES), target, state].map(|(name, path)| {
        // What is not there yet is made in the nearest folder that is.
        let there = path.ancestors().find(|folder| folder.is_dir());
        let there = there.unwrap_or(root);
        Folder {
            name,
            free: free_space(there),
            refused: tempfile::tempfile_in(there).err().map(|error| Refused {
                permission: error.kind() == ErrorKind::PermissionDenied,
                why: error.to_string(),
            }),
        }
    });
    folders.into()
}

/// How many bytes are free for anybody on the disk of a folder.
#[cfg(unix)]
fn free_space(folder: &Path) -> Result<u64, String> {
    let disk = rustix::fs::statvfs(folder).map_err(|error| error.to_string())?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Not worth a dependency: [`findings`](super::findings) says nothing of it there.
#[cfg(not(unix))]
fn free_space(_: &Path) -> Result<u64, String> {
    Err("the system does not say".to_owned())
}

fn progress(workspace: &Workspace) -> Result<Progress> {
    let progress = match Store::look(workspace)? {
        None => return Ok(Progress::None),
        Some(Err(damage)) => return Ok(Progress::Damaged(damage)),
        Some(Ok(progress)) => progress,
    };
    let mut done = 0;
    for lesson in &workspace.lessons {
        done += usize::from(progress.state(workspace, lesson)? == State::Done);
    }
    Ok(Progress::Lessons { done, of: workspace.lessons.len() })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    fn folder(name: &str, free: u64) -> Folder {
        Folder { name: name.to_owned(), free: Ok(free), refused: None }
    }

    pub fn all_is_well() -> Facts {
        Facts {
            rust_asked: version("1.95"),
            rustc: Ok(version("1.96.1")),
            cargo: Ok(version("1.96.0")),
            nextest_asked: Ok(version("0.9.100")),
            nextest: Some(Ok(version("0.9.143"))),
            mdbook: Some(Ok(version("0.5.1"))),
            problems: Vec::new(),
            settings: Vec::new(),
            folders: vec![
                folder("exercises", 41_250_000_000),
                folder("target", 41_250_000_000),
                folder(".kata", 41_250_000_000),
            ],
            watching: Ok(None),
            terminal: Terminal { is_one: true, unicode: true, colour: true, columns: 132 },
            progress: Ok(Progress::Lessons { done: 3, of: 65 }),
        }
    }

    /// Everything that a learner can go on without.
    pub fn some_is_missing() -> Facts {
        Facts {
            nextest: None,
            mdbook: None,
            folders: vec![
                folder("exercises", 1_900_000_000),
                folder("/mnt/builds/target", 41_250_000_000),
                folder(".kata", 1_900_000_000),
            ],
            watching: Ok(Some("NFS does not tell of every save".to_owned())),
            terminal: Terminal { is_one: true, unicode: false, colour: false, columns: 40 },
            progress: Ok(Progress::Damaged("expected `=` at line 3".to_owned())),
            ..all_is_well()
        }
    }

    pub fn all_is_wrong() -> Facts {
        let refused = |name: &str, why: &str, permission| Folder {
            name: name.to_owned(),
            free: Ok(30_000_000),
            refused: Some(Refused { why: why.to_owned(), permission }),
        };
        Facts {
            rustc: Ok(version("1.84.0")),
            cargo: Err("No such file or directory".to_owned()),
            nextest: Some(Ok(version("0.9.72"))),
            mdbook: Some(Err("exit status: 127: mdbook: not found".to_owned())),
            problems: vec![Problem {
                what: "Cargo.lock:7 has the marks of a merge conflict".to_owned(),
                command: "git checkout HEAD -- Cargo.lock".to_owned(),
                blocks: true,
            }],
            settings: vec!["build.jobs in /home/me/.cargo/config.toml".to_owned()],
            folders: vec![
                refused("exercises", "Permission denied", true),
                refused("target", "Read-only file system", false),
                refused(".kata", "Permission denied", true),
            ],
            watching: Ok(Some("OS file watch limit reached.".to_owned())),
            terminal: Terminal { is_one: false, unicode: true, colour: false, columns: 80 },
            progress: Err(
                ".kata/progress.toml was written by a later runner (version 2).".to_owned()
            ),
            ..all_is_well()
        }
    }

    #[test]
    fn a_version_is_found_in_what_a_tool_says() {
        for (said, is) in [
            ("rustc 1.95.0 (59807616e 2026-04-14)", "1.95.0"),
            ("cargo 1.97.0-nightly (59807616e 2026-04-14)", "1.97.0"),
            ("cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143", "0.9.143"),
            ("1.95", "1.95.0"),
        ] {
            assert_eq!(version(said).to_string(), is);
        }
        assert!(version("0.9.99") < version("0.9.100"));
        assert!("cargo".parse::<Version>().is_err());
        assert!("cargo 1.x".parse::<Version>().is_err());
    }

    /// The settings as they are in the tree can be read, and the nextest that runs this test, if one does, is new
    /// enough for them.
    #[test]
    fn the_settings_say_which_nextest_is_asked_for() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a root");
        let asked = nextest_asked(root).expect("settings");
        if let Ok(found) = std::env::var("NEXTEST_VERSION") {
            assert!(version(&found) >= asked, "{found}");
        }
    }
}
