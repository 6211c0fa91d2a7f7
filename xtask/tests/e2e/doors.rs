//! The two doors to a lesson's tests, `cargo xtask test LESSON` and `cargo nextest run -p LESSON`, come to the same
//! verdicts. Where nextest is not installed `cargo test` stands in for it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::fixture::{Fixture, has_nextest};
use crate::processes;

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    Passed,
    Failed,
    Hung,
}
use Became::{Failed, Hung, Passed};

/// Whether all passed, and what became of each test, by its name without a heading.
type Verdict = (bool, BTreeMap<String, Became>);

const TESTS: [&str; 4] = ["adds", "adds_in_any_order", "adds_nothing", "keeps_nothing"];

fn runner(fixture: &Fixture) -> Verdict {
    let ran = fixture.run(&["test", "sum", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let tests = document["tests"].as_array().expect("tests").iter();
    let became = tests.map(|test| {
        let name = test["name"].as_str().expect("a name");
        let became = match (test["verdict"].as_str(), test["kind"].as_str()) {
            (Some("passed"), _) => Passed,
            (_, Some("time-out")) => Hung,
            _ => Failed,
        };
        (last_part(name), became)
    });
    (ran.code == Some(0), became.collect())
}

/// With the profile that the workspace has, and nothing else but that every test is named.
fn nextest(fixture: &Fixture) -> Verdict {
    let output = fixture
        .environment("cargo".as_ref())
        .args(["nextest", "run", "-p", "sum", "--no-fail-fast"])
        .args(["--status-level", "all", "--final-status-level", "none"])
        .output()
        .expect("started");
    let said = String::from_utf8_lossy(&output.stderr);
    let mut became = BTreeMap::new();
    for line in said.lines() {
        // `PASS [   0.005s] (1/4) sum::correctness adds`
        let mut words = line.split_whitespace();
        let is = match words.next() {
            Some("PASS") => Passed,
            Some("FAIL") => Failed,
            Some("TIMEOUT") => Hung,
            _ => continue,
        };
        became.insert(last_part(words.next_back().expect("a name")), is);
    }
    (output.status.success(), became)
}

/// libtest has no time-out: what has not ended when all others have is taken to hang.
fn cargo_test(fixture: &Fixture, hang: usize) -> Verdict {
    let mut command = fixture.environment("cargo".as_ref());
    command.args(["test", "-p", "sum", "--tests", "--no-fail-fast"]);
    // With one thread libtest writes the name before the test has ended.
    command.env("RUST_TEST_THREADS", "2");
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let mut became: BTreeMap<_, _> = TESTS.map(|test| (test.to_owned(), Hung)).into();
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut left = TESTS.len() - hang;
    while left > 0 {
        let line = lines.next().expect("each test ends").expect("text");
        let Some((name, is)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        else {
            continue;
        };
        let is = if is == "ok" { Passed } else { Failed };
        became.insert(last_part(name), is);
        left -= 1;
    }
    (hang == 0 && ended_well(child, hang > 0), became)
}

/// Waits for the process; one that hangs is ended, with all that it started.
fn ended_well(mut child: Child, hangs: bool) -> bool {
    if hangs {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = Pid::from_raw(child.id().cast_signed()).expect("a process");
        kill_process_group(group, Signal::KILL).expect("it is there");
    }
    child.wait().expect("a status").success()
}

fn last_part(name: &str) -> String {
    name.rsplit("::").next().expect("a part").to_owned()
}

#[test]
fn both_doors_come_to_the_same_verdicts() {
    let with_nextest = has_nextest();
    if !with_nextest {
        eprintln!("cargo-nextest is not installed: the runner is compared with `cargo test`.");
    }
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    let reference = fixture.read(&sum.reference());
    let hangs = "if a == 0 {\n        loop {\n            std::thread::park();\n        }\n    }\n    a + b";
    for (text, expected) in [
        (sum.stub_text(), [Failed; 4]),
        (reference.replace("a + b", "a - b"), [Failed, Failed, Passed, Passed]),
        (reference.replace("a + b", hangs), [Passed, Passed, Passed, Hung]),
        (format!("{reference}// Mine.\n"), [Passed; 4]),
    ] {
        fixture.write(&sum.file(), &text);
        let all_pass = expected == [Passed; 4];
        let hang = expected.iter().filter(|became| **became == Hung).count();
        let expected: BTreeMap<_, _> = TESTS.map(str::to_owned).into_iter().zip(expected).collect();
        let of_runner = runner(&fixture);
        assert_eq!(of_runner, (all_pass, expected), "the runner, on\n{text}");
        let other = if with_nextest { nextest(&fixture) } else { cargo_test(&fixture, hang) };
        assert_eq!(other, of_runner, "the other door, on\n{text}");
        processes::all_gone(&fixture.root);
    }
}

/// What stands in for nextest where that is missing is right about a lesson, too.
#[test]
fn cargo_test_comes_to_the_same_verdict() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    fixture.replace(&sum.reference(), "a + b", "a - b");
    sum.solve();
    assert_eq!(cargo_test(&fixture, 0), runner(&fixture));
}
