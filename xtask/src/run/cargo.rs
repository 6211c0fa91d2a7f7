//! Builds tests with cargo, whose messages say which binaries there are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Runner;
use super::fresh::{self, Artifact};
use super::source_line::SourceLine;
use super::stderr::{self, Listener};
use crate::term::plain;

/// A test binary.
#[derive(Clone, Debug)]
pub struct Binary {
    /// The package whose tests it holds.
    pub package: String,
    /// The name of the integration test; `None` for the library's own unit tests.
    pub target: Option<String>,
    /// The file.
    pub path: PathBuf,
    /// The package's folder: tests run there.
    pub folder: PathBuf,
}

/// What a build made.
#[derive(Debug, Default)]
pub struct Built {
    /// Whether everything was built.
    pub success: bool,
    /// The test binaries.
    pub binaries: Vec<Binary>,
    /// All files that were built.
    pub artifacts: Vec<Artifact>,
    /// The runnable examples and benches that were built: package, target and file.
    pub executables: Vec<Binary>,
    /// Warnings and errors of rustc, each with the package that it is about.
    pub diagnostics: Vec<Diagnostic>,
    /// What cargo says; for a learner, with the diagnostics as rustc wrote them.
    pub said: String,
}

/// A warning or an error of rustc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The package.
    pub package: String,
    /// As rustc writes it, perhaps in colours.
    pub rendered: String,
    /// Whether it is an error.
    pub is_error: bool,
    /// `E0382`, or the name of a lint. A syntax error has none.
    pub code: Option<String>,
    /// Its first line.
    pub message: String,
    /// The line that it points at, and the column.
    pub at: Option<(SourceLine, u32)>,
}

/// What cargo and rustc say to a package that they could not build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotBuilt {
    /// All of it.
    pub said: String,
    /// The errors of rustc.
    pub errors: Vec<Diagnostic>,
}

/// Which tests of a package to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tests<'a> {
    /// All.
    All,
    /// The models and these integration tests.
    Of(BTreeSet<&'a str>),
    /// The library's own unit tests, which are the models.
    Models,
}

/// Builds tests of one package and shows cargo's progress meanwhile.
pub fn build_tests(runner: &Runner, package: &str, tests: Tests<'_>) -> Result<Built> {
    let targets = match tests {
        Tests::All => vec!["--tests"],
        Tests::Models => vec!["--lib"],
        Tests::Of(targets) => {
            let targets = targets.into_iter().flat_map(|target| ["--test", target]);
            std::iter::once("--lib").chain(targets).collect()
        }
    };
    let root = &runner.workspace.root;
    let again = || {
        let mut command = runner.cargo(root);
        command.args(["test", "--no-run", "--package", package]);
        command.args(&targets);
        build(runner, command, true)
    };
    let mut built = again()?;
    if built.success && fresh::settle(root, &built.of(package)) {
        built = again()?;
        if built.success {
            fresh::settle(root, &built.of(package));
        }
    }
    Ok(built)
}

/// Runs `command`, a cargo that builds, and reads its messages.
///
/// # Errors
///
/// cargo cannot be run, or the run was cancelled.
pub fn build(runner: &Runner, mut command: Command, show_progress: bool) -> Result<Built> {
    let colours = show_progress && runner.colour;
    let format = if colours {
        "--message-format=json-diagnostic-rendered-ansi"
    } else {
        "--message-format=json"
    };
    command
        .args([format, "--color", if colours { "always" } else { "never" }])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    die_with_this_process(&mut command);
    let begun = Instant::now();
    let mut running = runner
        .control
        .spawn(&mut command)
        .with_context(|| format!("cannot run {}: is cargo installed?", runner.cargo.display()))?;
    let mut listener = Listener::new(show_progress).followed_by(&runner.control);
    let mut built = Built::default();
    let (stdout, stderr) = (running.child.stdout.take(), running.child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Some(stderr) = stderr {
                stderr::lines(stderr, |line| listener.line(&line, begun));
            }
        });
        if let Some(stdout) = stdout {
            stderr::lines(stdout, |line| built.message(&line));
        }
    });
    built.success = running.wait().context("cannot wait for cargo")?.success();
    listener.clear();
    runner.control.check()?;
    if show_progress {
        let diagnostics = built.diagnostics.iter();
        built.said = diagnostics.map(|one| one.rendered.as_str()).collect();
    }
    built.said += &listener.said;
    Ok(built)
}

/// On Linux cargo is told to stop when the runner dies, however it dies. Elsewhere an interrupt from the terminal
/// reaches both.
fn die_with_this_process(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        let die = || {
            Ok(rustix::process::set_parent_process_death_signal(Some(
                rustix::process::Signal::TERM,
            ))?)
        };
        // SAFETY: the closure runs between fork and exec, where only async-signal-safe work is allowed; it makes
        // one system call and allocates nothing.
        unsafe { command.pre_exec(die) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

/// The line that rustc's first error points at, in what it says without colours.
pub fn first_error_line(said: &str) -> Option<SourceLine> {
    let mut lines = said.lines().skip_while(|line| !line.starts_with("error"));
    lines.find_map(|line| SourceLine::parse(line.trim_start().strip_prefix("--> ")?))
}

/// rustc's first error in a line, with where it is.
pub fn first_error(said: &str) -> String {
    let plain = plain(said);
    let error = plain.lines().find(|line| line.starts_with("error"));
    let message = error.and_then(|line| Some(line.split_once(": ")?.1));
    let message = message.unwrap_or("cargo says no more");
    match first_error_line(&plain) {
        Some(line) => format!("{message} ({})", line.short()),
        None => message.to_owned(),
    }
}

impl Built {
    /// Why it was not built.
    pub fn not_built(self) -> NotBuilt {
        let mut errors = self.diagnostics;
        // `aborting due to 2 previous errors` counts what stands there already.
        errors.retain(|one| one.is_error && one.at.is_some());
        NotBuilt { said: self.said, errors }
    }

    /// The test binaries of a package.
    pub fn tests_of<'a>(&'a self, package: &str) -> impl Iterator<Item = &'a Binary> {
        self.binaries.iter().filter(move |binary| binary.package == package)
    }

    /// Whether anything of a package was built that can be run.
    pub fn has(&self, package: &str) -> bool {
        let mut all = self.binaries.iter().chain(&self.executables);
        all.any(|binary| binary.package == package)
    }

    /// The files that were built of a package.
    fn of(&self, package: &str) -> Vec<&Artifact> {
        let all = self.artifacts.iter();
        all.filter(|artifact| artifact.package == package).collect()
    }

    /// How many warnings rustc has for a package, each counted once: the library is compiled with and without its tests.
    pub fn warnings_of(&self, package: &str) -> usize {
        let of_package = self.diagnostics.iter().filter(|one| one.package == package);
        let warnings = of_package.filter(|one| !one.is_error && one.at.is_some());
        let places: BTreeSet<_> = warnings.map(|one| (&one.at, &one.message)).collect();
        places.len()
    }

    /// Warnings and errors about a package, each once: the library is compiled with and without its tests.
    pub fn said_of(&self, package: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.diagnostics
            .iter()
            .filter(|diagnostic| {
                diagnostic.package == package && seen.insert(diagnostic.rendered.clone())
            })
            // `aborting due to 2 previous errors`, `2 warnings emitted`: counts of what stands there already.
            .filter(|diagnostic| diagnostic.rendered.contains("-->"))
            .map(|diagnostic| diagnostic.rendered.trim_end().to_owned())
            .collect()
    }

    /// The end of what cargo said, for when nothing else explains why something is not there.
    pub fn last_words(&self) -> String {
        let lines = self.said.lines();
        let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
        let from = lines.len().saturating_sub(10);
        if lines.is_empty() {
            "the manifest has no such target".to_owned()
        } else {
            lines[from..].join("\n")
        }
    }

    /// Takes in one of cargo's messages. What is none is passed over: cargo may learn new ones.
    fn message(&mut self, line: &str) {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let package = package_name(&text(&message["package_id"])).to_owned();
        match message["reason"].as_str() {
            Some("compiler-artifact") => {
                if let Some(file) = message["filenames"][0].as_str() {
                    self.artifacts.push(Artifact {
                        package: package.clone(),
                        file: file.into(),
                        fresh: message["fresh"] == true,
                    });
                }
                let Some(path) = message["executable"].as_str() else {
                    return;
                };
                let target = &message["target"];
                let kinds = target["kind"].as_array();
                let of_library = kinds.is_none_or(|all| all.iter().all(|kind| kind == "lib"));
                let manifest = PathBuf::from(text(&message["manifest_path"]));
                let binary = Binary {
                    package,
                    target: (!of_library).then(|| text(&target["name"])),
                    path: path.into(),
                    folder: manifest.parent().unwrap_or(Path::new(".")).to_owned(),
                };
                match message["profile"]["test"] == true {
                    true => self.binaries.push(binary),
                    false => self.executables.push(binary),
                }
            }
            Some("compiler-message") => {
                let message = &message["message"];
                let level = text(&message["level"]);
                let is_error = level.starts_with("error");
                let spans = message["spans"].as_array().into_iter().flatten();
                let primary = spans.into_iter().find(|span| span["is_primary"] == true);
                let at = primary.map(|span| {
                    let number = |key: &str| span[key].as_u64().and_then(|n| n.try_into().ok());
                    let line = number("line_start").unwrap_or_default();
                    let file = text(&span["file_name"]);
                    let column = number("column_start").unwrap_or_default();
                    (SourceLine { file, line }, column)
                });
                if is_error || level == "warning" {
                    self.diagnostics.push(Diagnostic {
                        package,
                        rendered: text(&message["rendered"]),
                        is_error,
                        code: message["code"]["code"].as_str().map(str::to_owned),
                        message: text(&message["message"]),
                        at,
                    });
                }
            }
            _ => {}
        }
    }
}

/// The name in a package id: `path+file:///a/b#name@0.1.0`, or `path+file:///a/name#0.1.0`.
fn package_name(id: &str) -> &str {
    let (url, fragment) = id.rsplit_once('#').unwrap_or((id, ""));
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None => url.rsplit('/').next().unwrap_or(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_cargo_are_read() {
        let mut built = Built::default();
        for line in [
            r#"{"reason":"compiler-message","package_id":"path+file:///w/01_a#bank@0.1.0","manifest_path":"/w/Cargo.toml","target":{"kind":["lib"],"name":"bank"},"message":{"level":"warning","rendered":"warning: unused"}}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///w/bank#0.1.0","manifest_path":"/w/bank/Cargo.toml","target":{"kind":["test"],"name":"correctness"},"profile":{"test":true},"executable":"/t/correctness-1"}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///w/bank#0.1.0","manifest_path":"/w/bank/Cargo.toml","target":{"kind":["lib"],"name":"bank"},"profile":{"test":true},"executable":"/t/bank-1"}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///w/bank#0.1.0","manifest_path":"/w/bank/Cargo.toml","target":{"kind":["lib"],"name":"bank"},"profile":{"test":false},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "not a message",
        ] {
            built.message(line);
        }
        let seen = built.binaries.iter();
        let seen: Vec<_> = seen.map(|b| (b.package.as_str(), b.target.as_deref())).collect();
        assert_eq!(seen, [("bank", Some("correctness")), ("bank", None)]);
        assert_eq!(built.binaries[0].folder, Path::new("/w/bank"));
        assert_eq!(built.diagnostics.len(), 1);
        assert_eq!(built.diagnostics[0].package, "bank");
    }

    #[test]
    fn a_compile_error_is_a_line() {
        let said = "warning: x\n\n\x1b[1merror[E0425]\x1b[0m: cannot find value `c`\n  --> exercises/a/src/sum.rs:5:9\n";
        assert_eq!(first_error(said), "cannot find value `c` (sum.rs:5)");
        assert_eq!(first_error(""), "cargo says no more");
    }
}
