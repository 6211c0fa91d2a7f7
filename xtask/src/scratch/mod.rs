//! The scratch workspace under `target/verify`: stubs, mistakes and benches as crates of their own, so that the
//! learner's tree is never touched and one call of cargo builds them all. `break` builds a single mistake there,
//! and `grade` the files that it grades.
//!
//! ```text
//! target/verify/
//!   Cargo.toml                 the root's dependencies, patches, lints and profiles
//!   Cargo.lock                 the root's
//!   exercises/…/               the lesson with its pristine stub, package NAME-stub
//!   solutions/…/               the reference with its bench, package NAME-bench
//!   mistakes/NAME/MISTAKE/     the lesson solved with the mistake, package NAME-mistake-MISTAKE
//!   sanitized/                 a workspace of its own: NAME/ is the lesson solved by the reference, package
//!                              NAME-sanitized, and target/ holds what is built with AddressSanitizer
//!   grade/NAME/                the lesson as it was shipped, with a learner's file, package NAME-grade
//! ```
//!
//! Packages have names of their own because they share the target folder with the real ones: two packages of
//! one name at one place of two workspaces would take each other's artefacts for their own. Files are written
//! only where they differ, so that what has not changed is not built again.
//!
//! [`mistake`] reads the patches that put a mistake into a reference. May use [`verdict`](crate::verdict) and the rooms
//! below it.

pub mod mistake;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, bail};
use toml::{Table, Value};

use crate::course::content::files_below;
use crate::course::lesson_tests::{only, source};
use crate::course::{Lesson, stub};
use crate::learner::files::lock;
use crate::run::Runner;
use crate::run::cargo::{self, Built};
use mistake::Mistake;

/// Where the scratch workspace is, from the root of the real one.
pub const ROOT: &str = "target/verify";

/// Where the scratch workspace of what is built with AddressSanitizer is, target folder included.
pub const SANITIZED: &str = "target/verify/sanitized";

/// The scratch workspace, as far as it is written. Nobody else writes it meanwhile.
#[derive(Debug)]
pub struct Scratch<'a> {
    runner: &'a Runner,
    root: PathBuf,
    members: Vec<Member>,
    debug_info: bool,
    _lock: File,
}

#[derive(Debug)]
struct Member {
    package: String,
    folder: String,
}

/// The package of a lesson with its pristine stub.
pub fn stub_package(lesson: &Lesson) -> String {
    format!("{}-stub", lesson.name)
}

/// The package of a lesson's bench.
pub fn bench_package(lesson: &Lesson) -> String {
    format!("{}-bench", lesson.name)
}

/// The package of a lesson solved with a mistake.
pub fn mistake_package(lesson: &Lesson, mistake: &Mistake) -> String {
    format!("{}-mistake-{}", lesson.name, mistake.name)
}

/// The folder of a lesson solved with a mistake, from the scratch's root.
pub fn mistake_folder(lesson: &Lesson, mistake: &Mistake) -> PathBuf {
    Path::new("mistakes").join(&lesson.name).join(&mistake.name)
}

/// A report in which the tests are those of the lesson, which the scratch has copies of. The file with the
/// mistake goes by its name alone, as it does in a dry run: its lines are not those of the learner's file.
pub fn real_places(report: &str, lesson: &Lesson, folder: &Path) -> String {
    let file = lesson.file_name();
    report
        .replace(&*folder.join("src").join(&file).to_string_lossy(), &file)
        .replace(&*folder.to_string_lossy(), &lesson.exercise.to_string_lossy())
}

/// The package of a lesson that is built with AddressSanitizer.
pub fn sanitized_package(lesson: &Lesson) -> String {
    format!("{}-sanitized", lesson.name)
}

/// The package of a lesson that is graded.
pub fn graded_package(lesson: &Lesson) -> String {
    format!("{}-grade", lesson.name)
}

/// The folder of a lesson that is graded, from the scratch's root.
pub fn graded_folder(lesson: &Lesson) -> PathBuf {
    Path::new("grade").join(&lesson.name)
}

impl<'a> Scratch<'a> {
    /// An empty scratch workspace with the dependencies, lints and profiles of the real one. Waits until no other
    /// runner has it.
    pub fn new(runner: &'a Runner) -> Result<Self> {
        Self::at(runner, ROOT)
    }

    /// The same in another folder, from the root of the real workspace.
    pub fn at(runner: &'a Runner, folder: &str) -> Result<Self> {
        let root = runner.workspace.path(folder);
        fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
        Ok(Self {
            runner,
            members: Vec::new(),
            debug_info: true,
            _lock: lock(&root.join("lock"))?,
            root,
        })
    }

    /// The same, but for the debug information, which only the reports of failed tests have use for, and which takes
    /// most of the room on the disk.
    pub fn without_debug_info(self) -> Self {
        Self { debug_info: false, ..self }
    }

    /// The path of something in the real workspace.
    fn path(&self, from_root: impl AsRef<Path>) -> PathBuf {
        self.runner.workspace.path(from_root)
    }

    /// Adds the lesson with its pristine stub.
    pub fn add_stub(&mut self, lesson: &Lesson) -> Result<()> {
        let stub = stub::read(&self.runner.workspace, lesson)
            .with_context(|| format!("cannot read {}", lesson.stub().display()))?;
        let (mut manifest, mut files) = self.exercise(lesson, &stub_package(lesson), stub)?;
        // The learner's own tour keeps its place in the target folder.
        if let Some(Value::Array(examples)) = manifest.get_mut("example") {
            for example in examples.iter_mut().filter_map(Value::as_table_mut) {
                if let Some(Value::String(name)) = example.get_mut("name") {
                    name.push_str("_stub");
                }
            }
        }
        files.copy(&self.path(&lesson.exercise), &["examples"])?;
        self.add(&lesson.exercise, manifest, files)
    }

    /// The exercise as a package of its own, with its tests, and this text as the learner's file.
    fn exercise(&self, lesson: &Lesson, package: &str, text: String) -> Result<(Table, Files)> {
        let mut manifest = read_manifest(&self.path(lesson.exercise.join("Cargo.toml")))?;
        rename(&mut manifest, package, &lesson.name);
        let mut files = Files::default();
        files.copy(&self.path(&lesson.exercise), &["src", "tests"])?;
        files.put(Path::new("src").join(lesson.file_name()), text.into_bytes());
        Ok((manifest, files))
    }

    /// Adds the reference with its bench. The bench finds the stub where it would find the learner's file.
    pub fn add_bench(&mut self, lesson: &Lesson) -> Result<()> {
        let mut manifest = read_manifest(&self.path(lesson.solution.join("Cargo.toml")))?;
        let package = bench_package(lesson);
        rename(&mut manifest, &package, &lesson.solution_package());
        package_only(&mut manifest);
        unit_tests(&mut manifest, false);
        let mut files = Files::default();
        files.copy(&self.path(&lesson.solution), &["src", "benches"])?;
        self.add(&lesson.solution, manifest, files)
    }

    /// Adds the lesson solved with a mistake, and of its tests only the one that must catch it: the others would take more
    /// than half of the time to build.
    ///
    /// # Errors
    ///
    /// The mistake does not fit the reference, or something cannot be read or written.
    pub fn add_mistake(
        &mut self,
        lesson: &Lesson,
        mistake: &Mistake,
        reference: &str,
    ) -> Result<()> {
        let solved =
            mistake.apply(reference, &format!("src/{}", lesson.file_name())).map_err(Error::msg)?;
        let package = mistake_package(lesson, mistake);
        let (mut manifest, mut files) = self.exercise(lesson, &package, solved)?;
        package_only(&mut manifest);
        unit_tests(&mut manifest, mistake.target().is_none());
        if let Some((path, test)) = source(&mistake.caught_by) {
            let tests = files.get(&path).and_then(|tests| str::from_utf8(tests).ok());
            if let Some(alone) = tests.map(|tests| only(tests, test)) {
                files.put(path, alone.into_bytes());
            }
        }
        if let Some(target) = mistake.target() {
            let path = format!("tests/{target}.rs");
            if !files.has(&path) {
                bail!("there is no {path}");
            }
            let mut test = Table::new();
            test.insert("name".into(), target.into());
            test.insert("path".into(), path.into());
            manifest.insert("test".into(), Value::Array(vec![Value::Table(test)]));
        } else {
            manifest.remove("test");
        }
        self.add(&mistake_folder(lesson, mistake), manifest, files)
    }

    /// Adds the lesson solved by the reference, with its tests on real threads and nothing else.
    pub fn add_sanitized(&mut self, lesson: &Lesson, reference: String) -> Result<()> {
        let package = sanitized_package(lesson);
        let (mut manifest, files) = self.exercise(lesson, &package, reference)?;
        manifest.remove("example");
        unit_tests(&mut manifest, false);
        self.add(Path::new(&lesson.name), manifest, files)
    }

    /// Adds the lesson as it was shipped, and the modules of its learner, with `file` as what its learner wrote.
    pub fn add_graded(
        &mut self,
        lesson: &Lesson,
        shipped: Vec<(PathBuf, Vec<u8>)>,
        file: Vec<u8>,
    ) -> Result<()> {
        let mut files = Files(shipped);
        let manifest = Path::new("Cargo.toml");
        let text = files.get(manifest).unwrap_or_default();
        let mut manifest = parse_manifest(&lesson.exercise.join(manifest), text)?;
        rename(&mut manifest, &graded_package(lesson), &lesson.name);
        manifest.remove("example");
        files.put(Path::new("src").join(lesson.file_name()), file);
        self.add(&graded_folder(lesson), manifest, files)
    }

    fn add(&mut self, place: &Path, manifest: Table, mut files: Files) -> Result<()> {
        let text = toml::to_string(&manifest)?;
        files.put("Cargo.toml".into(), text.into_bytes());
        files.lead_to(&self.path("solutions"));
        files.write(&self.root.join(place))?;
        let package = manifest.get("package").and_then(|package| package.get("name")?.as_str());
        self.members.push(Member {
            package: package.context("a lesson's manifest has no name")?.into(),
            folder: place.to_string_lossy().replace('\\', "/"),
        });
        Ok(())
    }

    /// Builds everything that was added: tests, examples and benches. With `show_progress` cargo's progress is
    /// shown meanwhile, and what rustc says is in [`Built::said`] only.
    pub fn build(&self, show_progress: bool) -> Result<Built> {
        self.write_root()?;
        let mut command = self.runner.cargo_once(&self.root);
        command
            .args(["build", "--workspace", "--tests", "--examples", "--benches"])
            .args(["--keep-going", "--target-dir"])
            .arg(self.target_folder());
        cargo::build(self.runner, command, show_progress)
    }

    /// Builds the tests of everything that was added, with AddressSanitizer, in a target folder of its own.
    pub fn build_sanitized(&self, host: &str) -> Result<Built> {
        self.write_root()?;
        let mut command = self.runner.cargo_once(&self.root);
        command
            .args(["build", "--workspace", "--tests", "--keep-going"])
            // Procedural macros and build scripts are built without it.
            .args(["--target", host, "--target-dir"])
            .arg(self.root.join("target"))
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Zsanitizer=address")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        cargo::build(self.runner, command, false)
    }

    /// Builds the bench of this name, optimised, of a lesson whose bench was added, and shows cargo's progress
    /// meanwhile.
    pub fn build_bench(&self, lesson: &Lesson, bench: &str) -> Result<Built> {
        self.write_root()?;
        let mut command = self.runner.cargo(&self.root);
        command
            .args(["bench", "--no-run", "--bench", bench, "--package"])
            .args([&bench_package(lesson), "--target-dir"])
            .arg(self.target_folder());
        cargo::build(self.runner, command, true)
    }

    /// Writes what belongs to no member.
    fn write_root(&self) -> Result<()> {
        let root = read_manifest(&self.path("Cargo.toml"))?;
        let mut files = Files::default();
        files.put("Cargo.toml".into(), self.manifest(root)?.into_bytes());
        files.write_beside_others(&self.root)?;
        // cargo strikes out of it what the scratch does not need, so it is copied each time.
        let lock = self.path("Cargo.lock");
        if lock.is_file() {
            fs::copy(&lock, self.root.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
        }
        Ok(())
    }

    fn manifest(&self, mut root: Table) -> Result<String> {
        let mut scratch = Table::new();
        let mut table = Table::new();
        table.insert("resolver".into(), "3".into());
        let members = self.members.iter();
        let members = members.map(|member| member.folder.as_str().into()).collect();
        table.insert("members".into(), Value::Array(members));
        if let Some(Value::Table(of_root)) = root.get_mut("workspace") {
            for key in ["resolver", "package", "dependencies", "lints"] {
                if let Some(mut value) = of_root.remove(key) {
                    if let ("dependencies", Value::Table(all)) = (key, &mut value) {
                        make_paths_absolute(all, &self.runner.workspace.root);
                    }
                    table.insert(key.into(), value);
                }
            }
        }
        scratch.insert("workspace".into(), Value::Table(table));
        if let Some(Value::Table(mut patches)) = root.remove("patch") {
            for (_, of_registry) in patches.iter_mut() {
                if let Value::Table(crates) = of_registry {
                    make_paths_absolute(crates, &self.runner.workspace.root);
                }
            }
            scratch.insert("patch".into(), Value::Table(patches));
        }
        let mut profiles = match root.remove("profile") {
            Some(Value::Table(profiles)) => profiles,
            _ => Table::new(),
        };
        if !self.debug_info {
            // For the members only: of what they depend on, this would be a second copy.
            edit(&mut profiles, "dev", |dev| {
                edit(dev, "package", |packages| {
                    for member in &self.members {
                        edit(packages, &member.package, |profile| {
                            profile.insert("debug".into(), false.into());
                            // The names of functions stay: the model asks for them when it looks who drops an object.
                            profile.insert("strip".into(), "debuginfo".into());
                        });
                    }
                });
            });
        }
        scratch.insert("profile".into(), Value::Table(profiles));
        Ok(toml::to_string(&scratch)?)
    }

    /// Where cargo builds the real workspace.
    fn target_folder(&self) -> PathBuf {
        // What is absolute stays as it is.
        let folder = std::env::var_os("CARGO_TARGET_DIR");
        self.path(folder.unwrap_or_else(|| "target".into()))
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_manifest(path: &Path) -> Result<Table> {
    parse_manifest(path, &read(path)?)
}

fn parse_manifest(path: &Path, text: &[u8]) -> Result<Table> {
    std::str::from_utf8(text)
        .map_err(Error::new)
        .and_then(|text| Ok(text.parse()?))
        .with_context(|| format!("cannot read {}", path.display()))
}

/// Changes the table called `key`, which is made where there is none.
fn edit(of: &mut Table, key: &str, change: impl FnOnce(&mut Table)) {
    let mut table = match of.remove(key) {
        Some(Value::Table(table)) => table,
        _ => Table::new(),
    };
    change(&mut table);
    of.insert(key.to_owned(), Value::Table(table));
}

/// Another package name, the same name of the library.
fn rename(manifest: &mut Table, package: &str, library: &str) {
    edit(manifest, "package", |table| {
        table.insert("name".into(), package.into());
    });
    edit(manifest, "lib", |table| {
        table.insert("name".into(), library.into());
        // The unit tests are built as tests; as benches they would be built once more.
        table.insert("bench".into(), false.into());
    });
}

/// Only the targets that the manifest names, and no example.
fn package_only(manifest: &mut Table) {
    manifest.remove("example");
    edit(manifest, "package", |table| {
        for key in ["autotests", "autoexamples", "autobins"] {
            table.insert(key.into(), false.into());
        }
    });
}

/// Whether the library's own unit tests are built.
fn unit_tests(manifest: &mut Table, built: bool) {
    edit(manifest, "lib", |table| {
        table.insert("test".into(), built.into());
    });
}

fn make_paths_absolute(dependencies: &mut Table, root: &Path) {
    for (_, dependency) in dependencies.iter_mut() {
        if let Value::Table(dependency) = dependency
            && let Some(Value::String(path)) = dependency.get_mut("path")
        {
            *path = root.join(&*path).to_string_lossy().into_owned();
        }
    }
}

/// Files to be written to a folder, by their paths in it.
#[derive(Debug, Default)]
struct Files(Vec<(PathBuf, Vec<u8>)>);

impl Files {
    /// Adds a file, in place of one that was there.
    fn put(&mut self, path: PathBuf, content: Vec<u8>) {
        self.0.retain(|(other, _)| *other != path);
        self.0.push((path, content));
    }

    fn has(&self, path: &str) -> bool {
        self.0.iter().any(|(other, _)| other == Path::new(path))
    }

    /// What is to be written to `path`.
    fn get(&self, path: &Path) -> Option<&[u8]> {
        let (_, content) = self.0.iter().find(|(other, _)| other == path)?;
        Some(content)
    }

    /// Adds what is in these parts of a folder.
    fn copy(&mut self, folder: &Path, parts: &[&str]) -> Result<()> {
        for part in files_below(folder, parts)? {
            let content = read(&folder.join(&part))?;
            self.put(part, content);
        }
        Ok(())
    }

    /// Makes what these sources include from another lesson's reference lead to the real `solutions`, as the paths of
    /// dependencies do.
    fn lead_to(&mut self, solutions: &Path) {
        let real = solutions.to_string_lossy().replace('\\', "/");
        let sources = self.0.iter_mut().filter(|(path, _)| path.extension() == Some("rs".as_ref()));
        for (_, content) in sources {
            if let Ok(text) = str::from_utf8(content) {
                let text = text
                    .replace("#[path = \"../../../../solutions/", &format!("#[path = \"{real}/"));
                *content = text.into_bytes();
            }
        }
    }

    /// Makes the folder hold these files and no others.
    fn write(self, folder: &Path) -> Result<()> {
        let keep: BTreeSet<PathBuf> = self.0.iter().map(|(path, _)| folder.join(path)).collect();
        remove_others(folder, &keep)?;
        self.write_beside_others(folder)
    }

    /// Writes the files that differ.
    fn write_beside_others(self, folder: &Path) -> Result<()> {
        for (path, content) in self.0 {
            let path = folder.join(path);
            if fs::read(&path).is_ok_and(|there| there == content) {
                continue;
            }
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)
                    .with_context(|| format!("cannot make {}", parent.display()))?;
            }
            fs::write(&path, content)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

fn remove_others(folder: &Path, keep: &BTreeSet<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, keep)?;
        } else if !keep.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_what_was_put_there_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let write = |names: &[&str]| {
            let mut files = Files::default();
            for name in names {
                files.put(name.into(), name.as_bytes().to_vec());
            }
            files.write(dir.path()).expect("written");
        };
        write(&["src/a.rs", "src/b.rs"]);
        let stamp =
            |name: &str| fs::metadata(dir.path().join(name)).and_then(|it| it.modified()).ok();
        let before = stamp("src/a.rs");
        write(&["src/a.rs", "c.rs"]);
        // What is the same is not written again.
        assert_eq!(stamp("src/a.rs"), before);
        assert!(stamp("src/b.rs").is_none() && stamp("c.rs").is_some());
    }

    #[test]
    fn what_is_included_from_another_reference_is_the_real_one() {
        let mut files = Files::default();
        let source =
            |path: &str| format!("#[path = \"{path}/01_a/src/a.rs\"]\nmod a;\n").into_bytes();
        files.put("src/lib.rs".into(), source("../../../../solutions"));
        files.put("src/b.rs".into(), source("../../../../exercises"));
        files.lead_to(Path::new("/root/solutions"));
        assert_eq!(files.get(Path::new("src/lib.rs")), Some(&*source("/root/solutions")));
        assert_eq!(files.get(Path::new("src/b.rs")), Some(&*source("../../../../exercises")));
    }

    #[test]
    fn paths_of_dependencies_lead_to_the_real_crates() {
        let mut dependencies: Table =
            "harness = { path = \"exercises/harness\" }\nloom = \"0.7\"\n".parse().expect("TOML");
        make_paths_absolute(&mut dependencies, Path::new("/root"));
        let text = toml::to_string(&dependencies).expect("TOML");
        assert!(
            text.contains("/root/exercises/harness") && text.contains("loom = \"0.7\""),
            "{text}"
        );
    }
}
