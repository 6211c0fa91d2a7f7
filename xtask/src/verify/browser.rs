//! The gates of the explorer's page: the types of its script, its format, and its tests in a browser.
//!
//! They need node, npm and a Chromium. Nothing else here does, so they run only if `--browser` asks for them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::{Gate, WORKSPACE, ended};
use crate::course::Workspace;
use crate::run::Runner;

/// The tests' folder, from the workspace's root.
const FOLDER: &str = "xtask/tests/browser";

/// The variable that names the browser, if it is not the one on the `PATH`.
const CHROMIUM: &str = "CHROMIUM";

/// What browsers are called that the tests can drive.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// What is said where these gates were not asked for.
pub const NOT_RUN: &str = "Not run: the tests of the explorer's page, in a browser. To run them: cargo xtask verify --browser";

/// Whether the workspace has these tests.
pub fn has_tests(workspace: &Workspace) -> bool {
    workspace.path(FOLDER).join("package.json").is_file()
}

/// Checks the page's script and runs its tests, on pages that this runner writes.
pub fn gates(runner: &Runner, say: impl Fn(&str)) -> Result<Vec<Gate>> {
    let gate = |name, problems, note: &str| Gate::new(WORKSPACE, name, problems, note);
    if !has_tests(&runner.workspace) {
        let problem = format!("there is no {FOLDER}/package.json");
        return Ok(vec![gate("browser", vec![problem], "")]);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let browser = match find(&path, env::var_os(CHROMIUM).as_deref()) {
        Ok(browser) => browser,
        Err(missing) => return Ok(vec![gate("browser", vec![missing], "")]),
    };
    let npm = |words: &[&str]| {
        let mut command = runner.tool("npm".as_ref(), &runner.workspace.path(FOLDER));
        command.args(words).env(CHROMIUM, &browser).env("XTASK", &runner.own_binary);
        said(command, &format!("npm {}", words.join(" ")))
    };
    if !is_installed(&runner.workspace.path(FOLDER)) {
        say("installing what the browser tests use");
        if let Err(problems) = npm(&["ci", "--no-audit", "--no-fund"])? {
            return Ok(vec![gate("browser", problems, "")]);
        }
    }
    let mut gates = Vec::new();
    for (name, note, words) in [
        ("types", "tsc finds nothing", &["run", "--silent", "types"][..]),
        ("format", "prettier finds nothing", &["run", "--silent", "format"]),
        // This reporter has the failures at its end.
        ("browser", "", &["run", "--silent", "test", "--", "--test-reporter=spec"]),
    ] {
        say(&format!("the explorer's page: {name}"));
        gates.push(match npm(words)? {
            Ok(said) if note.is_empty() => gate(name, Vec::new(), &count(&said)),
            Ok(_) => gate(name, Vec::new(), note),
            Err(problems) => gate(name, problems, ""),
        });
    }
    Ok(gates)
}

/// Finds node, npm and the browser, and returns the browser.
///
/// # Errors
///
/// Something is missing; which, and how to install it.
fn find(path: &OsStr, chosen: Option<&OsStr>) -> Result<PathBuf, String> {
    let on_path = |name: &str| {
        let files = env::split_paths(path).map(|folder| folder.join(name));
        files.into_iter().find(|file| file.is_file())
    };
    let browser = match chosen {
        Some(chosen) => Some(PathBuf::from(chosen)).filter(|file| file.is_file()),
        None => BROWSERS.iter().find_map(|name| on_path(name)),
    };
    if let (Some(chosen), None) = (chosen, &browser) {
        return Err(format!("{CHROMIUM} is {}, which is no file", chosen.display()));
    }
    let tools = [("node", "nodejs"), ("npm", "npm")];
    let mut missing: Vec<_> =
        tools.into_iter().filter(|(name, _)| on_path(name).is_none()).collect();
    if browser.is_none() {
        missing.push(("chromium", "chromium"));
    }
    let Some(browser) = browser.filter(|_| missing.is_empty()) else {
        let (names, packages): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let sudo = if on_path("sudo").is_some() { "sudo " } else { "" };
        let install = if on_path("apt-get").is_some() {
            format!("{sudo}apt-get install --no-install-recommends {}", packages.join(" "))
        } else if on_path("brew").is_some() {
            // node brings npm.
            let names: Vec<_> = names.iter().filter(|name| **name != "npm").copied().collect();
            format!("brew install {}", names.join(" "))
        } else {
            format!(
                "install them with the system's packages; a browser elsewhere is named by {CHROMIUM}=PATH"
            )
        };
        return Err(format!("not found on the PATH: {}. To install: {install}", names.join(", ")));
    };
    Ok(browser)
}

/// Whether npm has installed what the lock file says, and not an earlier one.
fn is_installed(folder: &Path) -> bool {
    let changed = |file: &str| fs::metadata(folder.join(file)).and_then(|about| about.modified());
    // npm writes this one last.
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    }
}

/// What a program said that ended well; otherwise the problems.
fn said(mut command: Command, words: &str) -> Result<Result<String, Vec<String>>> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run `{words}`"))?;
    let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stdout));
    Ok(if output.status.success() { Ok(said) } else { Err(ended(words, output.status, &said)) })
}

/// How many tests passed, as node's reporter counts them.
fn count(said: &str) -> String {
    let passed = said.lines().find_map(|line| line.split_once("pass ")?.1.trim().parse().ok());
    passed.map_or("all pass".to_owned(), |passed: usize| format!("{passed} tests pass"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `PATH` of one folder with these programs.
    fn path_of(programs: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for program in programs {
            fs::write(folder.path().join(program), "").expect("written");
        }
        folder
    }

    #[test]
    fn what_is_missing_is_named_with_the_command_that_installs_it() {
        for (there, said) in [
            (
                &["apt-get", "sudo"][..],
                "node, npm, chromium. To install: sudo apt-get install --no-install-recommends nodejs npm chromium",
            ),
            (
                &["apt-get", "node", "npm"],
                "chromium. To install: apt-get install --no-install-recommends chromium",
            ),
            (&["brew"], "node, npm, chromium. To install: brew install node chromium"),
            (&["node"], "npm, chromium. To install: install them with the system's packages"),
        ] {
            let folder = path_of(there);
            let missing = find(folder.path().as_os_str(), None).expect_err("it is missing");
            let wanted = format!("not found on the PATH: {said}");
            assert!(missing.starts_with(&wanted), "{there:?}: {missing}");
        }
    }

    #[test]
    fn the_browser_is_that_of_the_variable_or_of_the_path() {
        let folder = path_of(&["node", "npm", "chromium-browser", "mine"]);
        let path = folder.path().as_os_str();
        assert_eq!(find(path, None), Ok(folder.path().join("chromium-browser")));
        let mine = folder.path().join("mine");
        assert_eq!(find(path, Some(mine.as_os_str())), Ok(mine));
        let gone = find(path, Some("/gone".as_ref()));
        assert_eq!(gone, Err("CHROMIUM is /gone, which is no file".to_owned()));
    }

    #[test]
    fn a_later_lock_is_installed_anew() {
        let folder = path_of(&["package-lock.json"]);
        assert!(!is_installed(folder.path()));
        fs::create_dir(folder.path().join("node_modules")).expect("made");
        fs::write(folder.path().join("node_modules/.package-lock.json"), "").expect("written");
        assert!(is_installed(folder.path()));
        let lock = fs::File::options().append(true).open(folder.path().join("package-lock.json"));
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
        lock.expect("open").set_modified(later).expect("set");
        assert!(!is_installed(folder.path()));
    }

    #[test]
    fn the_note_counts_the_tests() {
        assert_eq!(count("✔ opens (12ms)\nℹ tests 38\nℹ pass 38\nℹ fail 0\n"), "38 tests pass");
        assert_eq!(count(""), "all pass");
    }
}
