//! Code that does not end, does not stop printing, or takes the process with it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::fixture::Fixture;

/// Deadlines are generous: what is tested is that an end comes, on a machine that is busy.
const SOON: Duration = Duration::from_secs(20);

const HOSTILE: &str = r#"//! Everything that goes wrong.
use std::sync::Mutex;

/// Waits for itself.
pub fn deadlock() {
    let lock = Mutex::new(());
    let _first = lock.lock();
    let _second = lock.lock();
}

/// Never yields.
pub fn spin() {
    loop {
        std::hint::spin_loop();
    }
}

/// Prints without end.
pub fn flood() {
    loop {
        println!("more and more and more");
        eprintln!("and here too");
    }
}

/// Takes the process with it.
pub fn abort() {
    std::process::abort();
}

/// Ends the process as if all were well.
pub fn exit() {
    std::process::exit(0);
}

/// Calls itself.
#[allow(unconditional_recursion)]
pub fn overflow(n: u64) -> u64 {
    overflow(n + 1) + n
}

/// Starts threads without end.
pub fn threads() {
    loop {
        std::thread::spawn(std::thread::park);
    }
}

/// Wants all memory.
pub fn memory() {
    let mut all = Vec::new();
    loop {
        all.push(vec![1_u8; 1 << 20]);
    }
}

/// A thread has nothing to do yet, and main waits for it.
pub fn todo_on_a_thread() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(|| todo!("send something"));
    let _ = receiver.recv();
    drop(sender);
}
"#;

fn hostile(fixture: &Fixture) {
    let lesson = fixture.lesson("01_hostile/01_gremlin", "gremlin");
    fixture.write(&lesson.file(), HOSTILE);
    fixture.write(
        &lesson.exercise("src/lib.rs"),
        "//! Wiring.\npub mod gremlin;\n",
    );
    let functions = [
        "deadlock",
        "spin",
        "flood",
        "abort",
        "exit",
        "threads",
        "memory",
        "todo_on_a_thread",
    ];
    let mut tests: String = functions
        .iter()
        .map(|name| format!("#[test]\nfn {name}() {{ gremlin::gremlin::{name}(); }}\n"))
        .collect();
    tests.push_str("#[test]\nfn overflow() { assert_eq!(gremlin::gremlin::overflow(1), 2); }\n");
    fixture.write(&lesson.exercise("tests/correctness.rs"), &tests);
    fixture.remove(&lesson.exercise("tests/no_leaks.rs"));
    fixture.remove(&lesson.solution("tests.txt"));
}

/// The processes that run from the workspace.
fn left_behind(root: &Path) -> Vec<String> {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(|process| {
            let program = std::fs::read_link(process.ok()?.path().join("exe")).ok()?;
            program
                .starts_with(root)
                .then(|| program.display().to_string())
        })
        .collect()
}

/// Waits until no process of the workspace is left.
fn all_gone(root: &Path) {
    let begun = Instant::now();
    while let left = left_behind(root)
        && !left.is_empty()
    {
        assert!(begun.elapsed() < SOON, "left behind: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_kind_of_hostile_test_gets_a_verdict() {
    let fixture = Fixture::new();
    hostile(&fixture);
    for nextest in [true, false] {
        fixture.nextest.set(nextest);
        // Once to build, on a test that ends at once.
        fixture.run(&["test", "gremlin", "abort"]);
        let begun = Instant::now();
        let verdict = fixture.run(&["next"]);
        let took = begun.elapsed();
        assert_eq!(left_behind(&fixture.root), Vec::<String>::new());
        assert_eq!(verdict.code, Some(1));
        assert!(took < Duration::from_secs(15), "{took:?}");
        // Threads without end meet the limit of memory in one of two places.
        let stdout: String = verdict
            .stdout
            .lines()
            .map(|line| {
                if line.contains("✗ threads ") {
                    "   ✗ threads           [out of memory]"
                } else {
                    line
                }
            })
            .map(|line| format!("{line}\n"))
            .collect();
        assert_snapshot!("hostile", stdout);
    }
}

#[test]
fn many_hanging_tests_take_no_longer_than_some() {
    let fixture = Fixture::new();
    hostile(&fixture);
    let tests: String = (0..20)
        .map(|i| format!("#[test]\nfn t{i:02}() {{ gremlin::gremlin::deadlock(); }}\n"))
        .collect();
    fixture.write(
        "exercises/01_hostile/01_gremlin/tests/correctness.rs",
        &tests,
    );
    for nextest in [true, false] {
        fixture.nextest.set(nextest);
        fixture.run(&["test", "gremlin", "adds_in_any_order"]);
        let begun = Instant::now();
        let verdict = fixture.run(&["next"]);
        let took = begun.elapsed();
        assert_eq!(left_behind(&fixture.root), Vec::<String>::new());
        assert!(took < Duration::from_secs(15), "{took:?}");
        assert_eq!(
            verdict.stdout.matches("did not end within 6 s\n").count(),
            16,
            "{}",
            verdict.stdout
        );
        assert_eq!(
            verdict.stdout.matches("not run: the time was up\n").count(),
            5,
            "{}",
            verdict.stdout
        );
    }
}

#[test]
fn a_flood_is_shown_in_part() {
    let fixture = Fixture::new();
    hostile(&fixture);
    for nextest in [true, false] {
        fixture.nextest.set(nextest);
        let verdict = fixture.run(&["test", "gremlin", "flood"]);
        assert!(
            verdict
                .stdout
                .contains("printed more than 256 KiB and was stopped"),
            "{}",
            verdict.stdout
        );
        assert!(verdict.stdout.len() < 2000, "{}", verdict.stdout);
    }
}

#[test]
fn nothing_is_left_when_the_runner_is_killed() {
    let fixture = Fixture::new();
    hostile(&fixture);
    fixture.run(&["test", "gremlin", "abort"]);
    for nextest in [true, false] {
        fixture.nextest.set(nextest);
        fixture.run(&["test", "gremlin", "abort"]);
        let mut command = fixture.command(&["test", "gremlin", "spin"]);
        let mut runner = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let begun = Instant::now();
        while left_behind(&fixture.root).is_empty() {
            assert!(begun.elapsed() < SOON, "the test did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        runner.kill().expect("killed");
        runner.wait().expect("a status");
        all_gone(&fixture.root);
    }
}
