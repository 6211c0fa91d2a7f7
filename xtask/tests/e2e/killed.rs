//! Runners that are killed at any instant, and two at once: whatever the learner had in the file is there, or
//! comes back.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::fixture::{Fixture, Lesson};

/// How many runners are killed.
const KILLS: u32 = 300;

/// After how many the next fixture begins, so that lists stay short.
const KILLS_PER_FIXTURE: u32 = 60;

/// How many pairs of runners are at the same file at once.
const PAIRS: usize = 40;

const COMMANDS: [&str; 3] = ["swap", "restore", "reset"];

/// Where a kill came, as far as the files tell.
#[derive(Debug, Default)]
struct Killed {
    /// Nothing was kept yet.
    before: u32,
    /// The file was kept, or being kept, and not replaced.
    kept: u32,
    /// The file was replaced, and what came out of its place still lay beside it.
    replaced: u32,
    /// All was done but the words about it.
    after: u32,
    /// The runner had ended.
    ended: u32,
}

/// Numbers that differ from run to run: whatever they are, the test must pass.
fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

/// A learner's file that nobody has seen before, of up to some 40 KiB.
fn fresh_file() -> String {
    let line = format!("// {:016x} größer\n", random(u64::MAX));
    let times = usize::try_from(1 + random(1500)).expect("it is small");
    line.repeat(times)
}

fn start(fixture: &Fixture, command: &str) -> Child {
    fixture
        .command(&[command, "sum"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the runner can be started")
}

/// How long a replacement takes here: the median of some.
fn run_time(fixture: &Fixture, sum: &Lesson<'_>) -> Duration {
    let mut times: Vec<Duration> = (0..15)
        .map(|i| {
            fixture.write(&sum.file(), &fresh_file());
            let begun = Instant::now();
            let mut child = start(fixture, COMMANDS[i % 3]);
            assert!(child.wait().expect("a status").success());
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// Every version in the store, read without the runner.
fn stored(fixture: &Fixture) -> BTreeSet<String> {
    files(&fixture.root.join(".kata/versions/sum"))
        .iter()
        .filter(|name| name.ends_with(".rs") && !name.starts_with('.'))
        .map(|name| fixture.read(&format!(".kata/versions/sum/{name}")))
        .collect()
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| {
            let name = entry.expect("an entry").file_name();
            name.into_string().expect("a name in Unicode")
        })
        .collect();
    names.sort();
    names
}

/// A runner, after another was killed: it has nothing to complain of.
fn ok(fixture: &Fixture, arguments: &[&str]) {
    let ran = fixture.run(arguments);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
}

#[test]
fn nothing_is_lost_when_a_runner_is_killed_at_any_instant() {
    let mut killed = Killed::default();
    let mut median = Duration::ZERO;
    let begun = Instant::now();
    for round in 0..KILLS / KILLS_PER_FIXTURE {
        let fixture = Fixture::new();
        let sum = fixture.lesson("01_basics/01_sum", "sum");
        let (reference, stub) = (fixture.read(&sum.reference()), sum.stub_text());
        let src = fixture.root.join(sum.exercise("src"));
        median = run_time(&fixture, &sum);
        for trial in 0..KILLS_PER_FIXTURE {
            let command = COMMANDS[trial as usize % 3];
            let mine = fresh_file();
            fixture.write(&sum.file(), &mine);
            let before = stored(&fixture);

            let mut runner = start(&fixture, command);
            let most = u64::try_from(median.as_nanos() * 5 / 4).expect("it is short");
            thread::sleep(Duration::from_nanos(random(most)));
            runner.kill().expect("killed, or ended before");
            let ended = runner.wait().expect("a status").success();

            // Before anybody cleans up: never torn, and where it is not in the file it is in the store.
            let now = fixture.read(&sum.file());
            let after = stored(&fixture);
            let what = format!("{command}, trial {trial} of round {round}");
            let new = match command {
                "swap" => now == reference,
                "reset" => now == stub,
                _ => before.contains(&now) && now != reference,
            };
            assert!(now == mine || new, "torn: {what}: {now}");
            assert!(now == mine || after.contains(&mine), "lost: {what}");

            let beside = files(&src).len() > 3;
            let in_store = files(&fixture.root.join(".kata/versions/sum")).len() > before.len() + 1;
            *match (ended, now == mine) {
                (true, _) => &mut killed.ended,
                (false, true) if in_store => &mut killed.kept,
                (false, true) => &mut killed.before,
                (false, false) if beside => &mut killed.replaced,
                (false, false) => &mut killed.after,
            } += 1;

            // And the learner gets it back by the one command that the page names.
            if now == mine {
                ok(&fixture, &["restore", "sum", "--list"]);
            } else {
                ok(&fixture, &["restore", "sum"]);
            }
            assert_eq!(fixture.read(&sum.file()), mine, "not restored: {what}");
            assert_eq!(files(&src), ["lib.rs", "race_freedom.rs", "sum.rs"]);
        }
        // The next copy clears away what was half written in the store.
        fixture.write(&sum.file(), &fresh_file());
        ok(&fixture, &["reset", "sum"]);
        for name in files(&fixture.root.join(".kata/versions/sum")) {
            assert!(
                name == "index.toml" || !name.starts_with('.') && name.ends_with(".rs"),
                "left behind: {name}"
            );
        }
    }
    eprintln!("{KILLS} kills in {:?}, a run takes {median:?}: {killed:?}", begun.elapsed());
}

#[test]
fn two_runners_at_one_file_lose_nothing() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    // Whatever was in the file, and what the two may put there.
    let mut been: BTreeSet<String> = [sum.stub_text(), fixture.read(&sum.reference())].into();
    for pair in 0..PAIRS {
        let mine = fresh_file();
        fixture.write(&sum.file(), &mine);
        been.insert(mine);
        let commands = [COMMANDS[pair % 3], COMMANDS[pair / 3 % 3]];
        let runners = commands.map(|command| start(&fixture, command));
        for mut runner in runners {
            let status = runner.wait().expect("a status");
            // Two that restore may leave nothing to restore for the second.
            assert!(status.code().is_some_and(|code| code < 2), "{commands:?}");
        }
        let now = fixture.read(&sum.file());
        assert!(been.contains(&now), "torn by {commands:?}: {now}");
        let mut there = stored(&fixture);
        there.insert(now);
        there.extend([sum.stub_text(), fixture.read(&sum.reference())]);
        assert_eq!(there, been, "after {commands:?}");
    }
}

#[test]
fn what_an_editor_saves_while_a_runner_replaces_is_not_lost() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let median = run_time(&fixture, &sum);
    let path = fixture.root.join(sum.file());
    for trial in 0..PAIRS {
        fixture.write(&sum.file(), &fresh_file());
        let saved = fresh_file();
        let mut runner = start(&fixture, COMMANDS[trial % 3]);
        let most = u64::try_from(median.as_nanos()).expect("it is short");
        thread::sleep(Duration::from_nanos(random(most)));
        // As editors save that leave no moment without a whole file.
        let beside = path.with_extension("rs~");
        fs::write(&beside, &saved).expect("written");
        fs::rename(&beside, &path).expect("renamed");
        assert!(runner.wait().expect("a status").success());
        assert!(
            fixture.read(&sum.file()) == saved || stored(&fixture).contains(&saved),
            "lost in trial {trial}"
        );
    }
}
