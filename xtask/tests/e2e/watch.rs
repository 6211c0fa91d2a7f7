//! `watch`, on a terminal and in a pipe.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::fixture::{Fixture, Lesson};
use crate::processes;
use crate::pty::Pty;

const AT_MOST: Duration = Duration::from_secs(120);

const WAITS: &str = "waiting for a save";

/// A lesson, and another one after it.
fn two(fixture: &Fixture) -> (Lesson<'_>, Lesson<'_>) {
    (fixture.lesson("01_basics/01_sum", "sum"), fixture.lesson("01_basics/02_total", "total"))
}

/// The runner on a terminal.
fn watch(fixture: &Fixture, arguments: &[&str], rows: u16, columns: u16) -> Pty {
    let arguments: Vec<_> = ["watch"].iter().chain(arguments).copied().collect();
    Pty::start(on_terminal(fixture.command(&arguments)), rows, columns)
}

/// Without what the test run around this one sets.
pub fn on_terminal(mut command: Command) -> Command {
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "CI"] {
        command.env_remove(name);
    }
    command
}

pub fn wait_until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < AT_MOST, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Makes the `add` of a file write the number of its process to a file and hang.
pub fn hang(fixture: &Fixture, file: &str) {
    let beside = fixture.root.join("hangs");
    fixture.write(
        file,
        &format!(
            "//! Sums.\n\n/// Hangs.\npub fn add(_: u32, _: u32) -> u32 {{\n    \
             let _ = std::fs::write({beside:?}, std::process::id().to_string());\n    \
             loop {{\n        std::thread::park();\n    }}\n}}\n"
        ),
    );
}

/// The process that hangs.
pub fn hanging(fixture: &Fixture) -> i32 {
    let file = fixture.root.join("hangs");
    let read = || std::fs::read_to_string(&file).ok()?.parse().ok();
    // Read once: a second test that hangs truncates the file before it writes.
    let process = std::cell::Cell::new(None::<i32>);
    wait_until("a test hangs", || {
        process.set(read());
        process.get().is_some()
    });
    process.get().expect("waited for")
}

pub fn is_there(process: i32) -> bool {
    Pid::from_raw(process).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[test]
fn every_save_gets_a_verdict_and_q_gives_the_terminal_back() {
    let fixture = Fixture::new();
    let (sum, _) = two(&fixture);
    let mut pty = watch(&fixture, &[], 24, 80);
    let screen = pty.wait_for("run 1 · waiting for a save");
    assert!(screen.contains("Nothing is written yet."), "{screen}");
    assert!(pty.with_screen(|screen| screen.alternate_screen() && screen.hide_cursor()));
    assert!(!pty.has_its_settings());

    sum.solve();
    fixture.replace(&sum.file(), "a + b", "a - b");
    let screen = pty.wait_for("run 2 · waiting");
    assert!(screen.contains("✗ adds"), "{screen}");
    fixture.replace(&sum.file(), "a - b", "a + ");
    let screen = pty.wait_for("run 3 · waiting");
    assert!(screen.contains("expected"), "{screen}");
    sum.solve();
    let screen = pty.wait_for("run 4 · n: on to total · waiting");
    assert!(screen.contains("sum is done"), "{screen}");
    // Noted as `next` does.
    let list = fixture.run(&["list"]).stdout;
    assert!(list.contains("1 of 2 done"), "{list}");

    pty.send("n");
    let screen = pty.wait("the other lesson", |screen| {
        screen.contains(" 1.2  total") && screen.contains(WAITS)
    });
    assert!(screen.contains("total.rs:6"), "{screen}");
    pty.send("p");
    pty.wait("the first lesson", |screen| screen.contains(" 1.1  sum") && screen.contains(WAITS));
    pty.send("q");
    assert!(pty.end().success());
    pty.assert_restored();
    let left = pty.screen();
    assert!(left.contains(" 1.1  sum") && left.contains("Correctness   ✓ 2 of 2"), "{left}");
    assert_eq!(processes::of(&fixture.root, 0), Vec::<String>::new());
}

#[test]
fn a_save_during_a_run_starts_again_and_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let (sum, _) = two(&fixture);
    hang(&fixture, &sum.file());
    let mut pty = watch(&fixture, &["sum"], 24, 80);
    let hangs = hanging(&fixture);
    pty.wait_for("running tests… ");
    sum.solve();
    pty.wait_for("sum is done");
    wait_until("the hanging test is gone", || !is_there(hangs));
    let id = pty.pid();
    wait_until("nothing is left", || processes::of(&fixture.root, id).is_empty());

    // The same for an end in the middle of a run.
    std::fs::remove_file(fixture.root.join("hangs")).expect("there");
    hang(&fixture, &sum.file());
    let hangs = hanging(&fixture);
    pty.send("\x03");
    assert!(pty.end().success());
    wait_until("the hanging test is gone", || !is_there(hangs));
    wait_until("nothing is left", || processes::of(&fixture.root, 0).is_empty());
}

#[test]
fn a_signal_ends_it_with_the_terminal_given_back_and_nothing_left() {
    let fixture = Fixture::new();
    let (sum, _) = two(&fixture);
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let _ = std::fs::remove_file(fixture.root.join("hangs"));
        hang(&fixture, &sum.file());
        let mut pty = watch(&fixture, &[], 24, 80);
        let hangs = hanging(&fixture);
        pty.signal(signal);
        assert_eq!(pty.end().signal(), Some(signal.as_raw()));
        pty.assert_restored();
        wait_until("the hanging test is gone", || !is_there(hangs));
        wait_until("nothing is left", || processes::of(&fixture.root, 0).is_empty());
    }
}

#[test]
fn another_runner_at_work_is_said_and_the_keys_still_answer() {
    let fixture = Fixture::new();
    two(&fixture);
    fixture.write(".kata/lock", "4711");
    let lock =
        std::fs::File::options().write(true).open(fixture.root.join(".kata/lock")).expect("a file");
    lock.lock().expect("nobody else has it");
    let mut pty = watch(&fixture, &["sum"], 24, 80);
    pty.wait_for("another `cargo xtask` is at work here (process 4711)");
    pty.send("h");
    pty.wait_for("Hint 1 of 3");
    pty.send("q");
    assert!(pty.end().success());
    pty.assert_is_normal();
    drop(lock);
}

#[test]
fn a_list_a_hint_and_the_mistakes_are_shown_on_the_way() {
    let fixture = Fixture::new();
    let (sum, _) = two(&fixture);
    sum.mistake("minus", "a - b", "correctness::adds", "panic");
    let mut pty = watch(&fixture, &["sum"], 24, 80);
    pty.wait_for(WAITS);
    pty.send("h");
    pty.wait_for("Hint 1 of 3");
    pty.send("h");
    pty.wait_for("Hint 2 of 3: the operator");
    pty.send("\x1b");
    pty.wait_for("Nothing is written yet.");
    // The progress knows of the hints as well.
    wait_until("it is remembered", || {
        fixture.root.join(".kata/progress.toml").exists()
            && fixture.read(".kata/progress.toml").contains("hints = 2")
    });
    pty.send("b");
    pty.wait_for("another operator");
    pty.send("\r");
    pty.wait_for("Caught:");
    pty.send("\x1b");
    pty.wait_for("Nothing is written yet.");
    pty.send("l");
    pty.wait_for("Enter go there");
    pty.send("\x1b[B");
    pty.send("\r");
    pty.wait("the other lesson", |screen| screen.contains(" 1.2  total") && screen.contains(WAITS));
    pty.send("q");
    assert!(pty.end().success());
}

#[test]
fn a_page_longer_than_the_screen_is_scrolled_and_drawn_within_every_size() {
    let fixture = Fixture::new();
    let (sum, _) = two(&fixture);
    sum.solve();
    fixture.replace(&sum.file(), "a + b", "a - b");
    let mut pty = watch(&fixture, &["sum"], 24, 80);
    pty.wait_for(WAITS);
    for (rows, columns) in [(20, 40), (12, 80), (40, 120), (5, 20), (24, 80)] {
        pty.resize(rows, columns);
        // Its first and its last line show that it is drawn, and that nothing was pushed out.
        pty.wait(&format!("{columns}x{rows}"), |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            let keys =
                lines.last().is_some_and(|line| line.trim_start().starts_with(['n', 'S', '?']));
            lines.len() == usize::from(rows)
                && keys
                && lines[0].starts_with(" 1.1  sum")
                && lines[lines.len() - 2].starts_with(" run 1")
        });
    }
    pty.resize(12, 80);
    pty.wait_for("1-10 of ");
    pty.send(" ");
    pty.wait("the page moves", |screen| {
        !screen.contains("1-10 of ") && !screen.contains(" 1.1  sum")
    });
    pty.send("G");
    pty.wait_for("Stuck  cargo xtask hint");
    pty.send("g");
    pty.wait_for("1-10 of ");
    pty.send("q");
    assert!(pty.end().success());
}

#[test]
fn ctrl_z_stops_it_and_fg_takes_it_up_again() {
    let fixture = Fixture::new();
    let (sum, _) = two(&fixture);
    sum.solve();
    let mut shell = Command::new("bash");
    shell
        .args(["--norc", "--noprofile", "-i"])
        .current_dir(&fixture.root)
        .env("PS1", "shell> ")
        .env("LC_ALL", "C.UTF-8")
        .env("RUNNER", env!("CARGO_BIN_EXE_xtask"))
        .env_remove("CARGO_TARGET_DIR");
    let mut pty = Pty::start(on_terminal(shell), 24, 80);
    pty.wait_for("shell>");
    pty.send("\"$RUNNER\" watch sum\r");
    pty.wait_for("run 1 ·");
    pty.send("\x1a");
    let screen = pty.wait_for("Stopped");
    assert!(!screen.contains("run 1 ·"), "{screen}");
    pty.assert_is_normal();
    pty.send("echo $((40 + 2))\r");
    pty.wait_for("\n42");
    pty.send("fg\r");
    pty.wait_for("run 1 ·");
    assert!(pty.with_screen(|screen| screen.alternate_screen()));
    // It is alive, and stops and goes on once more.
    fixture.replace(&sum.file(), "a + b", "a - b");
    pty.wait_for("run 2 ·");
    pty.send("\x1a");
    pty.wait("stopped again", |screen| screen.matches("Stopped").count() == 2);
    pty.send("fg\r");
    pty.wait_for("run 2 ·");
    pty.send("q");
    pty.wait("the shell again", |screen| screen.trim_end().ends_with("shell>"));
    pty.assert_is_normal();
    pty.send("exit\r");
    pty.end();
}

#[test]
fn tests_that_flood_and_abort_spoil_no_screen() {
    let fixture = Fixture::new();
    let (sum, _) = two(&fixture);
    fixture.write(
        &sum.file(),
        "//! Sums.\n\n/// Floods, or aborts.\npub fn add(a: u32, b: u32) -> u32 {\n    if (a, b) == (2, 2) {\n        \
         loop {\n            println!(\"\\x1b[2J\\x1b[?1049l more and more\");\n        }\n    }\n    \
         std::process::abort()\n}\n",
    );
    let mut pty = watch(&fixture, &["sum"], 24, 80);
    let screen = pty.wait_for("run 1 ·");
    assert!(screen.contains("printed more than 256 KiB"), "{screen}");
    assert!(screen.contains("✗ 0 of 2"), "{screen}");
    assert!(pty.with_screen(|screen| screen.alternate_screen()));
    pty.send("q");
    assert!(pty.end().success());
    assert_eq!(processes::of(&fixture.root, 0), Vec::<String>::new());
}

#[test]
fn in_a_pipe_one_verdict_follows_the_other() {
    let fixture = Fixture::new();
    let (sum, total) = two(&fixture);
    for (signal, poll) in [(Signal::TERM, None), (Signal::INT, Some("--poll"))] {
        for lesson in [&sum, &total] {
            fixture.write(&lesson.file(), &lesson.stub_text());
        }
        let arguments: Vec<_> = ["watch"].into_iter().chain(poll).collect();
        let mut runner = fixture
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let (sender, notes) = mpsc::channel();
        let stderr = BufReader::new(runner.stderr.take().expect("piped"));
        std::thread::spawn(move || {
            for line in stderr.lines() {
                sender.send(line.expect("text")).ok();
            }
        });
        let note = |text: &str| {
            while !notes.recv_timeout(AT_MOST).expect(text).contains(text) {}
        };
        if poll.is_some() {
            note("The files are looked at twice a second: --poll asks for it.");
        }
        note("01_sum/src/sum.rs");
        sum.solve();
        // It follows the current lesson.
        note("02_total/src/total.rs");
        hang(&fixture, &total.file());
        let hangs = hanging(&fixture);
        let pid = Pid::from_raw(runner.id().cast_signed()).expect("a process");
        kill_process(pid, signal).expect("it is there");
        assert_eq!(runner.wait().expect("a status").signal(), Some(signal.as_raw()));
        wait_until("the hanging test is gone", || !is_there(hangs));
        let mut pages = String::new();
        let mut stdout = runner.stdout.take().expect("piped");
        stdout.read_to_string(&mut pages).expect("text");
        assert!(pages.contains("Nothing is written yet."), "{pages}");
        assert!(pages.contains("sum is done"), "{pages}");
        assert!(!pages.contains('\x1b'), "{pages}");
        wait_until("nothing is left", || processes::of(&fixture.root, 0).is_empty());
        std::fs::remove_file(fixture.root.join("hangs")).expect("there");
    }
}

#[test]
fn a_question_mark_shows_the_keys_and_the_footer_fits() {
    let fixture = Fixture::new();
    two(&fixture);
    let mut pty = watch(&fixture, &[], 24, 60);
    let screen = pty.wait_for(WAITS);
    let footer = screen.lines().last().expect("a footer").to_owned();
    pty.send("?");
    let help = pty.wait_for("the next lesson");
    insta::assert_snapshot!("keys", format!("{footer}\n----\n{help}"));
    pty.send("q");
    assert!(pty.end().success());
}

#[test]
fn a_save_of_the_file_behind_a_link_is_a_run() {
    let fixture = Fixture::new();
    let (sum, _) = two(&fixture);
    let elsewhere = Fixture::new();
    sum.solve();
    let text = fixture.read(&sum.file());
    elsewhere.write("mine/sum.rs", &text);
    fixture.remove(&sum.file());
    let target = elsewhere.root.join("mine/sum.rs");
    std::os::unix::fs::symlink(&target, fixture.root.join(sum.file())).expect("linked");
    let mut pty = watch(&fixture, &[], 24, 80);
    pty.wait_for("run 1 ");
    elsewhere.write("mine/sum.rs", &text.replace("a + b", "a - b"));
    let screen = pty.wait_for("run 2 ");
    assert!(screen.contains("✗ adds"), "{screen}");
    pty.send("q");
    assert!(pty.end().success());
}
