//! Code that does not end, does not stop printing, or takes the process with it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::fixture::Fixture;
use crate::processes;

/// Deadlines are generous: what is tested is that an end comes, on a machine that is busy.
const SOON: Duration = Duration::from_secs(20);

/// A verdict takes at most 15 s, and as much longer as processes wait for a processor: see `harness_base::liveness`.
const AT_MOST: Duration = Duration::from_secs(16 * 15);

/// The learner's file.
const FILE: &str = "exercises/01_hostile/01_gremlin/src/gremlin.rs";

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

/// Looks again and again.
pub fn poll() {
    loop {
        std::thread::sleep(std::time::Duration::from_millis(1));
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

/// Starts threads without end that take little room.
pub fn small_threads() {
    loop {
        let thread = std::thread::Builder::new().stack_size(32 << 10);
        thread.spawn(std::thread::park).unwrap();
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
    fixture.write(&lesson.exercise("src/lib.rs"), "//! Wiring.\npub mod gremlin;\n");
    let functions = [
        "deadlock",
        "spin",
        "poll",
        "flood",
        "abort",
        "exit",
        "threads",
        "small_threads",
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
    fixture.remove(&lesson.lock());
}

/// What a test of the lesson comes to, as the runner says it of nothing but that test. The file is untouched and
/// nobody is left.
fn alone(fixture: &Fixture, name: &str) -> String {
    let verdict = fixture.run(&["test", "gremlin", &format!("correctness::{name}")]);
    assert_eq!(processes::of(&fixture.root, 0), Vec::<String>::new());
    assert_eq!(verdict.code, Some(1), "{verdict:?}");
    assert_eq!(fixture.read(FILE), HOSTILE);
    verdict.stdout
}

#[test]
fn every_kind_of_hostile_test_gets_a_verdict() {
    let fixture = Fixture::new();
    hostile(&fixture);
    // Once to build, on a test that ends at once.
    fixture.run(&["test", "gremlin", "abort"]);
    let begun = Instant::now();
    let verdict = fixture.run(&["next"]);
    let took = begun.elapsed();
    assert_eq!(processes::of(&fixture.root, 0), Vec::<String>::new());
    assert_eq!(verdict.code, Some(1));
    assert!(took < AT_MOST, "{took:?}");
    assert_eq!(fixture.read(FILE), HOSTILE);
    // Threads of the usual size have no room left, or the panic that says so has none, or not even the abort.
    let expected = "started more threads than its memory has room for";
    let told = |line: &str| {
        let other = ["ran out of memory", "aborted (SIGABRT)"]
            .iter()
            .find_map(|end| line.strip_suffix(end));
        let of_threads = other.filter(|_| line.contains("✗ threads "));
        of_threads.map_or_else(|| line.to_owned(), |before| format!("{before}{expected}"))
    };
    let stdout: String = verdict.stdout.lines().map(|line| told(line) + "\n").collect();
    assert_snapshot!("hostile", stdout);
}

#[test]
fn a_hostile_test_is_told_alone() {
    let fixture = Fixture::new();
    hostile(&fixture);
    for name in ["abort", "exit", "small_threads", "memory", "todo_on_a_thread"] {
        assert_snapshot!(format!("alone_{name}"), alone(&fixture, name));
    }
    let overflow = alone(&fixture, "overflow");
    let (before, rest) = overflow.split_once("thread 'overflow' (").expect("named");
    let (_, after) = rest.split_once(')').expect("a number");
    let overflow = format!("{before}thread 'overflow' (N){after}");
    assert_snapshot!("alone_overflow", overflow);
    let threads = alone(&fixture, "threads");
    assert!(
        threads.contains("more threads than its memory has room for")
            || threads.contains("ran out of memory")
            || threads.contains("SIGABRT"),
        "{threads}"
    );
    for name in ["deadlock", "spin", "poll"] {
        assert_snapshot!(format!("alone_{name}"), alone(&fixture, name));
    }
}

#[test]
fn many_hanging_tests_take_no_longer_than_some() {
    let fixture = Fixture::new();
    hostile(&fixture);
    let tests: String = (0..20)
        .map(|i| format!("#[test]\nfn t{i:02}() {{ gremlin::gremlin::deadlock(); }}\n"))
        .collect();
    fixture.write("exercises/01_hostile/01_gremlin/tests/correctness.rs", &tests);
    fixture.run(&["test", "gremlin", "adds_in_any_order"]);
    let begun = Instant::now();
    let verdict = fixture.run(&["next"]);
    let took = begun.elapsed();
    assert_eq!(processes::of(&fixture.root, 0), Vec::<String>::new());
    assert!(took < AT_MOST, "{took:?}");
    for (words, times) in
        [("hangs, with every thread asleep\n", 20), ("not run: the time was up\n", 0)]
    {
        let found = verdict.stdout.matches(words).count();
        assert_eq!(found, times, "{words}{}", verdict.stdout);
    }
}

#[test]
fn a_flood_is_shown_in_part() {
    let fixture = Fixture::new();
    hostile(&fixture);
    let verdict = alone(&fixture, "flood");
    assert!(verdict.len() < 2000, "{verdict}");
    // How often it said it before the end is a matter of the machine.
    let shown: String = verdict
        .lines()
        .map(|line| {
            if line.ends_with(" more lines") || line.contains(" more lines.") {
                " [AND SO ON]"
            } else {
                line
            }
        })
        .map(|line| format!("{line}\n"))
        .collect();
    assert_snapshot!("alone_flood", shown);
}

#[test]
fn nothing_is_left_when_the_runner_is_killed() {
    let fixture = Fixture::new();
    hostile(&fixture);
    fixture.run(&["test", "gremlin", "abort"]);
    fixture.run(&["test", "gremlin", "abort"]);
    let mut command = fixture.command(&["test", "gremlin", "spin"]);
    let mut runner = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let begun = Instant::now();
    let runs = |line: &String| line.contains("--exact spin");
    while !processes::of(&fixture.root, runner.id()).iter().any(runs) {
        assert!(begun.elapsed() < SOON, "the test did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    runner.kill().expect("killed");
    runner.wait().expect("a status");
    processes::all_gone(&fixture.root);
}
