//! A tree that is not as the runner wants it: files that are gone or damaged, folders that cannot be written, a disk
//! that is full, paths of all alphabets. What the user reads, and that no byte is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::fixture::{Fixture, Ran};
use crate::processes;

const MINE: &str =
    "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    b + a // größer\n}\n";

/// What there is under a folder, but for what cargo built and for the lock: the content of each file.
pub fn files(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if path != root.join("target") && path != root.join("cargo home") {
                    folders.push(path);
                }
            } else if path != root.join(".kata/lock") && path != root.join("Cargo.lock") {
                let content = fs::read(&path).expect("a file");
                let path = path.strip_prefix(root).expect("below");
                files.insert(
                    path.to_string_lossy().into_owned(),
                    String::from_utf8(content).expect("text"),
                );
            }
        }
    }
    files
}

/// What the runner said, whatever it said it on, with `STAMP` and `XXXXXX` for what differs in the names of files.
/// What went before it is its exit code.
fn said(ran: &Ran) -> String {
    let mut text = format!("{}{}", ran.stderr, ran.stdout);
    if let Some((before, after)) = text.split_once(".damaged-") {
        let rest = after.find(';').map_or("", |end| &after[end..]);
        text = format!("{before}.damaged-STAMP{rest}");
    }
    // Six letters that nobody can foretell.
    if let Some((before, after)) = text.split_once(".partial") {
        text = format!("{}XXXXXX.partial{after}", &before[..before.len() - 6]);
    }
    format!("exit code {:?}\n{text}", ran.code)
}

/// The page, without the words of cargo and rustc above it: in which order several of them complain is a matter of
/// the moment. It has this among them.
fn page(ran: &Ran, complaint: &str) -> String {
    let (theirs, page) = ran.stdout.split_once("\n 1.1  sum").expect("a header");
    assert!(theirs.contains(complaint), "{theirs}");
    format!("exit code {:?}\n 1.1  sum{page}", ran.code)
}

/// Runs it, with nobody left behind.
fn run(fixture: &Fixture, arguments: &[&str]) -> Ran {
    let ran = fixture.run(arguments);
    assert_eq!(processes::of(&fixture.root, 0), Vec::<String>::new());
    ran
}

#[test]
fn a_file_that_does_not_compile_is_left_as_it_is() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), "pub fn add(a: u32, b: u32 -> u32 {\n");
    let before = files(&fixture.root);
    for arguments in [&["next"][..], &["test", "sum"]] {
        let ran = run(&fixture, arguments);
        assert_eq!(files(&fixture.root), before);
        assert_snapshot!("does_not_compile", page(&ran, "unclosed delimiter"));
    }
}

#[test]
fn a_deleted_file_can_be_had_again() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), MINE);
    assert_eq!(fixture.run(&["reset", "sum"]).code, Some(0));
    fixture.remove(&sum.file());
    let before = files(&fixture.root);
    for arguments in [&["next"][..], &["test", "sum"]] {
        let ran = run(&fixture, arguments);
        assert_eq!(files(&fixture.root), before);
        assert_snapshot!("deleted_file", page(&ran, "sum.rs is not there"));
    }
    assert_eq!(fixture.run(&["restore", "sum"]).code, Some(0));
    assert_eq!(fixture.read(&sum.file()), MINE);
    fixture.remove(&sum.file());
    assert_eq!(fixture.run(&["reset", "sum"]).code, Some(0));
    assert_eq!(fixture.read(&sum.file()), sum.stub_text());

    // A manifest that is cut off in the middle.
    fixture.write(&sum.exercise("Cargo.toml"), "[package]\nname = \"su");
    assert_snapshot!("cut_off_manifest", said(&run(&fixture, &["next"])));
}

#[test]
fn damaged_and_half_written_progress_is_set_aside_by_whoever_finds_it() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.lesson("01_basics/02_total", "total");
    fixture.write(&sum.file(), MINE);
    assert_eq!(fixture.run(&["next"]).code, Some(0));
    let whole = fixture.read(".kata/progress.toml");
    let half = &whole[..whole.len() / 2];
    for (i, (arguments, damage)) in [
        (&["next"][..], half),
        (&["test", "sum"], "\u{0}\u{0}\u{0}\u{0}"),
        (&["swap", "sum"], half),
        (&["restore", "sum"], half),
        (&["reset", "sum"], ""),
    ]
    .into_iter()
    .enumerate()
    {
        fixture.write(".kata/progress.toml", damage);
        // What a runner left that was killed while it wrote.
        fixture.write(".kata/.progress.toml.x1y2z3.partial", half);
        let ran = run(&fixture, arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let stderr = Ran { stdout: String::new(), ..ran };
        assert_snapshot!(format!("damaged_progress_{}", arguments[0]), said(&stderr));
        let aside = files(&fixture.root.join(".kata"));
        let aside = aside.iter().filter(|(path, _)| path.contains("progress.toml.damaged-"));
        assert_eq!(aside.clone().count(), i + 1, "each by itself");
        assert!(aside.clone().any(|(_, content)| content == damage), "{damage:?}");
    }
    assert_eq!(fixture.read(&sum.file()), sum.stub_text());
    assert_eq!(fixture.run(&["restore", "sum"]).code, Some(0));
    assert_eq!(fixture.read(&sum.file()), MINE);
}

#[test]
fn a_path_may_have_spaces_and_letters_of_any_alphabet() {
    let mut fixture = Fixture::new();
    let sum = fixture.lesson("01_größe und 数/01_la somme", "sum");
    fixture.write(&sum.file(), MINE);
    let file = sum.file();
    // The clone, the runner and what it builds, all of them behind such a name.
    let root = fixture.root.join("größe und 数");
    fs::create_dir(&root).expect("made");
    for entry in [".config", "Cargo.toml", "exercises", "solutions"] {
        fs::rename(fixture.root.join(entry), root.join(entry)).expect("moved");
    }
    let runner = root.join("läufer 走");
    fs::copy(env!("CARGO_BIN_EXE_xtask"), &runner).expect("copied");
    fixture.root = root;
    fixture.runner = Some(runner);
    fixture.write(&file, &MINE.replace("b + a", "b - a"));
    let wrong = run(&fixture, &["next"]);
    assert_snapshot!("odd_path_wrong", wrong.stdout);
    fixture.write(&file, MINE);
    let passes = run(&fixture, &["test", "sum"]);
    assert_eq!(passes.code, Some(0), "{passes:?}");
    assert_snapshot!("odd_path_passes", passes.stdout);
    fixture.remove(".kata/progress.toml");
    for command in ["swap", "restore", "reset", "restore"] {
        assert_eq!(run(&fixture, &[command, "sum"]).code, Some(0));
    }
    assert_eq!(fixture.read(&file), MINE);
}

/// A limit on the size of files, in blocks of 512 bytes, is to the runner, to cargo and to rustc a disk that is full.
#[cfg(unix)]
fn on_full_disk(fixture: &Fixture, blocks: u32, arguments: &[&str]) -> Ran {
    let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = fixture.environment("sh".as_ref());
    shell.args(["-c", &limit, env!("CARGO_BIN_EXE_xtask")]).args(arguments);
    let ran = fixture.run_command(&mut shell);
    assert_eq!(processes::of(&fixture.root, 0), Vec::<String>::new());
    ran
}

#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.write(&sum.file(), MINE);
    let before = files(&fixture.root);
    // To build.
    let ran = on_full_disk(&fixture, 0, &["next"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_snapshot!("full_disk_build", page(&ran, "File too large"));
    assert_eq!(files(&fixture.root), before);
    // To write down that it is done.
    assert_eq!(fixture.run(&["test", "sum"]).code, Some(0));
    fixture.remove(".kata/progress.toml");
    for arguments in [&["next"][..], &["test", "sum"]] {
        let ran = on_full_disk(&fixture, 0, arguments);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_snapshot!("full_disk_done", said(&ran));
        assert_eq!(files(&fixture.root), before);
    }
    let before = files(&fixture.root);
    for command in ["swap", "reset"] {
        let ran = on_full_disk(&fixture, 0, &[command, "sum"]);
        assert_snapshot!(format!("full_disk_{command}"), said(&ran));
        assert_eq!(files(&fixture.root), before);
    }
    assert_eq!(fixture.run(&["swap", "sum"]).code, Some(0));
    let before = files(&fixture.root);
    let ran = on_full_disk(&fixture, 0, &["restore", "sum"]);
    assert_snapshot!("full_disk_restore", said(&ran));
    assert_eq!(files(&fixture.root), before);
    assert_eq!(fixture.run(&["restore", "sum"]).code, Some(0));
    assert_eq!(fixture.read(&sum.file()), MINE);
}

#[cfg(target_os = "linux")]
mod read_only {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

    use super::*;

    /// Takes everybody's right to write away from a folder and all in it, or gives its owner's back.
    fn set_writable(path: &Path, writable: bool) {
        let mut permissions = fs::metadata(path).expect("there").permissions();
        let mode = permissions.mode();
        permissions.set_mode(if writable { mode | 0o200 } else { mode & !0o222 });
        if writable {
            fs::set_permissions(path, permissions.clone()).expect("changed");
        }
        if path.is_dir() {
            for entry in fs::read_dir(path).expect("a folder") {
                set_writable(&entry.expect("an entry").path(), writable);
            }
        }
        fs::set_permissions(path, permissions).expect("changed");
    }

    /// Runs the runner as somebody to whom permissions apply: root, too, once it cannot override them.
    fn run_without_override(fixture: &Fixture, arguments: &[&str]) -> Ran {
        let mut command = fixture.command(arguments);
        // SAFETY: the closure runs between fork and exec, where only async-signal-safe work is allowed; it makes
        // one system call and allocates nothing.
        unsafe {
            command.pre_exec(|| {
                // Who is not root may not, and need not.
                let _ = remove_capability_from_bounding_set(CapabilitySet::DAC_OVERRIDE);
                Ok(())
            });
        }
        let ran = fixture.run_command(&mut command);
        assert_eq!(processes::of(&fixture.root, 0), Vec::<String>::new());
        ran
    }

    #[test]
    fn a_tree_that_cannot_be_written_is_said() {
        let fixture = Fixture::new();
        let sum = fixture.lesson("01_basics/01_sum", "sum");
        fixture.write(&sum.file(), MINE);
        let check = |name: &str, arguments: &[&str], read_only: &str| {
            let mut before = files(&fixture.root);
            set_writable(&fixture.root.join(read_only), false);
            let ran = run_without_override(&fixture, arguments);
            set_writable(&fixture.root.join(read_only), true);
            assert_eq!(ran.code, Some(1), "{name}: permissions hold nobody up here: {ran:?}");
            assert_snapshot!(format!("read_only_{name}"), said(&ran));
            let mut after = files(&fixture.root);
            // The copy comes first: one more, of a file that stays, is nothing lost.
            after.retain(|path, _| before.contains_key(path) && !path.ends_with("index.toml"));
            before.retain(|path, _| !path.ends_with("index.toml"));
            assert_eq!(after, before, "{name}");
        };
        // Before the first run of all, and after some.
        check("clone_at_first", &["next"], "");
        assert_eq!(fixture.run(&["next"]).code, Some(0));
        for arguments in [
            &["next"][..],
            &["test", "sum"],
            &["swap", "sum"],
            &["reset", "sum"],
            &["restore", "sum"],
        ] {
            check("clone", arguments, "");
        }
        // In parts.
        fixture.replace(&sum.file(), "b + a", "a + b");
        check("target", &["test", "sum"], "target");
        fixture.replace(&sum.file(), "a + b", "b + a");
        check("exercise_swap", &["swap", "sum"], "exercises");
        assert_eq!(fixture.run(&["reset", "sum"]).code, Some(0));
        check("exercise_restore", &["restore", "sum"], "exercises");
        assert_eq!(fixture.run(&["restore", "sum"]).code, Some(0));
        assert_eq!(fixture.read(&sum.file()), MINE);
    }
}
