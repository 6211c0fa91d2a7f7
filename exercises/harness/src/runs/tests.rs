//! What is recorded of small programs, right ones and wrong ones.

use super::{MOST, Recording, record};
use crate::explore::Model;
use crate::sync::model::atomic::AtomicUsize;
use crate::sync::model::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sync::model::cell::UnsafeCell;
use crate::sync::model::{Arc, Condvar, Mutex, RwLock, channel, futex, thread};
use harness_base::protocol::Kind;
use std::collections::BTreeSet;
use std::fmt::Write;

fn recorded(program: impl Fn() + Send + Sync + 'static) -> Recording {
    let mut model = Model::new();
    model.notes_steps = true;
    let program = std::sync::Arc::new(program);
    let again = std::sync::Arc::clone(&program);
    let failed = model.explore_with(move || again()).err();
    record(&model, &program, failed.as_ref())
}

/// The kinds of the runs that fail.
fn kinds(recording: &Recording) -> BTreeSet<String> {
    let ends = recording.runs.iter().filter_map(|run| run.end.as_ref());
    ends.map(|end| end.kind.to_string()).collect()
}

/// The runs as a reader sees them: a line for each row, with what it changes.
fn shown(recording: &Recording) -> String {
    let tables = &recording.tables;
    let threads: Vec<_> = tables.threads.iter().map(|(name, _)| name).collect();
    let objects: Vec<_> = tables.objects.iter().map(|(name, _)| name).collect();
    let (ops, deltas): (Vec<_>, Vec<_>) =
        (tables.ops.iter().collect(), tables.deltas.iter().collect());
    let mut text = String::new();
    for (number, run) in recording.runs.iter().enumerate() {
        let _ = writeln!(text, "run {number}, forced switches: {}", run.switches);
        for (row, (&op, &delta)) in run.ops.iter().zip(&run.deltas).enumerate() {
            let op = ops[op];
            let together = if op.together { "+" } else { " " };
            let able = run.able[row];
            let _ = write!(text, " {able} {together}{:<6} {}", threads[op.thread], op.text);
            let _ = op.note.iter().try_for_each(|note| write!(text, " | {note}"));
            for (object, label, now) in deltas[delta] {
                let now = now.as_deref().unwrap_or("-");
                let _ = write!(text, " [{} {label}: {now}]", objects[*object]);
            }
            if let Some(mark) = run.end.as_ref().and_then(|end| end.marks.get(&row)) {
                let _ = write!(text, " <== {mark}");
            }
            text.push('\n');
        }
        if let Some(end) = &run.end {
            let _ = writeln!(text, " {}: {}", end.kind, end.message.replace('\n', "\n   "));
            let _ = end.cause.iter().try_for_each(|cause| writeln!(text, " Usually: {cause}"));
        }
    }
    text
}

/// Two threads look at a number and store the next: one increment is lost in some interleavings.
fn lost_update() {
    let count = std::sync::Arc::new(AtomicUsize::named("count", 0));
    let add = |count: &AtomicUsize| count.store(count.load(Relaxed) + 1, Relaxed);
    let other = thread::Builder::new().name("other".to_owned());
    let theirs = std::sync::Arc::clone(&count);
    let other = other.spawn(move || add(&theirs)).expect("no test refuses it");
    add(&count);
    other.join().expect("it does not panic");
    assert_eq!(count.load(Relaxed), 2, "</script> one is lost");
}

#[test]
fn a_lost_update_in_all_its_runs() {
    let recording = recorded(lost_update);
    assert!(recording.cut.is_none(), "{:?}", recording.cut);
    insta::assert_snapshot!(shown(&recording).replace(&format!("{}:", file!()), "tests.rs:"));
}

#[test]
fn the_file_of_a_small_model() {
    let recording = recorded(|| {
        let lock = std::sync::Arc::new(Mutex::named("lock", 0));
        let theirs = std::sync::Arc::clone(&lock);
        let other = thread::spawn(move || *theirs.lock() += 1);
        *lock.lock() += 1;
        other.join().expect("it does not panic");
    });
    let json = recording.json();
    // The text of this file is not of this test.
    let (before, rest) = json.split_once("\"sources\":[").expect("the files");
    let (_, rest) = rest.split_once("],\"threads\"").expect("the threads");
    let json = format!("{before}\"sources\":[…],\"threads\"{rest}");
    let mut text = String::new();
    for part in json.split_inclusive("},") {
        let line = part.split_once("\"line\":");
        let line = line
            .map(|(before, line)| (before, line.trim_start_matches(|c: char| c.is_ascii_digit())));
        let _ = match line {
            Some((before, after)) if !after.starts_with("null") => {
                writeln!(text, "{before}\"line\":N{after}")
            }
            _ => writeln!(text, "{part}"),
        };
    }
    insta::assert_snapshot!(text);
}

/// An interleaving that fails does not end the search, whatever its kind: the others are there, too.
#[test]
fn the_search_goes_on_after_a_failure() {
    let deadlock = || {
        let (a, b) = (Mutex::named("a", ()), Mutex::named("b", ()));
        thread::scope(|scope| {
            scope.spawn(|| {
                let _b = b.lock();
                let _a = a.lock();
            });
            let _a = a.lock();
            let _b = b.lock();
        });
    };
    let never_notified = || {
        let (flag, raised) = (Mutex::named("flag", false), Condvar::named("raised"));
        thread::scope(|scope| {
            scope.spawn(|| *flag.lock() = true);
            let mut up = flag.lock();
            while !*up {
                raised.wait(&mut up);
            }
        });
    };
    let race = || {
        let (cell, ready) = (UnsafeCell::named("cell", 0), AtomicUsize::named("ready", 0));
        struct Shared(UnsafeCell<u8>, AtomicUsize);
        // SAFETY: that it is not is what the model finds.
        unsafe impl Sync for Shared {}
        let shared = Shared(cell, ready);
        let shared = &shared;
        thread::scope(|scope| {
            scope.spawn(|| {
                // SAFETY: threads of a model never run at the same time.
                shared.0.with_mut(|cell| unsafe { *cell = 1 });
                shared.1.store(1, Relaxed);
            });
            if shared.1.load(Acquire) == 1 {
                // SAFETY: see above.
                let _ = shared.0.with(|cell| unsafe { *cell });
            }
        });
    };
    let leak = || {
        let value = Arc::new(1);
        let turn = std::sync::Arc::new(AtomicUsize::named("turn", 0));
        let theirs = std::sync::Arc::clone(&turn);
        let other = thread::spawn(move || theirs.store(1, Release));
        if turn.load(Acquire) == 1 {
            std::mem::forget(value.clone());
        }
        other.join().expect("it does not panic");
    };
    let panics_elsewhere = || {
        let turn = std::sync::Arc::new(AtomicUsize::named("turn", 0));
        let theirs = std::sync::Arc::clone(&turn);
        drop(thread::spawn(move || assert_eq!(theirs.load(Acquire), 0)));
        turn.store(1, Release);
    };
    for (name, recording, kind) in [
        ("two locks", recorded(deadlock), Kind::Deadlock),
        ("nobody notifies", recorded(never_notified), Kind::Deadlock),
        ("relaxed flag", recorded(race), Kind::DataRace),
        ("forgotten reference", recorded(leak), Kind::Leak),
        ("panic of a detached thread", recorded(panics_elsewhere), Kind::Panic),
        ("lost update", recorded(lost_update), Kind::Panic),
    ] {
        assert!(recording.cut.is_none(), "{name}: {:?}", recording.cut);
        assert_eq!(kinds(&recording), BTreeSet::from([kind.to_string()]), "{name}");
        assert!(recording.runs[0].end.is_some(), "{name}: the one that the verdict shows is first");
        let passes = recording.runs.iter().filter(|run| run.end.is_none());
        assert!(passes.count() > 0, "{name}: some pass");
    }
}

/// Threads that wait, each for another one that is going to wake it, are no deadlock.
#[test]
fn what_passes_has_no_run_that_fails() {
    let condvar = || {
        let (flag, raised) = (Mutex::named("flag", false), Condvar::named("raised"));
        thread::scope(|scope| {
            scope.spawn(|| {
                *flag.lock() = true;
                raised.notify_one();
            });
            let mut up = flag.lock();
            while !*up {
                raised.wait(&mut up);
            }
        });
    };
    let channels = || {
        let (ask, asked) = channel::bounded(0);
        let (answer, answered) = channel::bounded(1);
        let server = thread::spawn(move || {
            while let Ok(question) = asked.recv() {
                if answer.send(question + 1).is_err() {
                    break;
                }
            }
        });
        ask.send(1).expect("the server is there");
        assert_eq!(answered.recv(), Ok(2));
        drop(ask);
        server.join().expect("it does not panic");
    };
    let parked = || {
        let main = thread::current();
        let other = thread::spawn(move || main.unpark());
        thread::park();
        other.join().expect("it does not panic");
    };
    let word = || {
        let word = std::sync::Arc::new(crate::sync::model::atomic::AtomicU32::named("word", 0));
        let theirs = std::sync::Arc::clone(&word);
        let other = thread::spawn(move || {
            theirs.store(1, Release);
            futex::wake_all(&theirs);
        });
        while word.load(Acquire) == 0 {
            futex::wait(&word, 0);
        }
        other.join().expect("it does not panic");
    };
    let readers = || {
        let lock = RwLock::named("lock", 0);
        thread::scope(|scope| {
            scope.spawn(|| *lock.write() += 1);
            let _ = *lock.read();
        });
    };
    let tries = || {
        let lock = Mutex::named("lock", 0);
        thread::scope(|scope| {
            scope.spawn(|| *lock.lock() += 1);
            if let Some(mut count) = lock.try_lock() {
                *count += 1;
            }
        });
    };
    let dropped_in_any_order = || {
        let lock = std::sync::Arc::new(Mutex::named("lock", 0));
        let theirs = std::sync::Arc::clone(&lock);
        drop(thread::spawn(move || {
            if let Some(mut count) = theirs.try_lock() {
                *count += 1;
            }
        }));
        *lock.lock() += 1;
    };
    let counted = || {
        let value = Arc::new(AtomicUsize::named("value", 0));
        let theirs = Arc::clone(&value);
        let other = thread::spawn(move || theirs.fetch_add(1, AcqRel));
        drop(value);
        other.join().expect("it does not panic");
    };
    for (name, recording) in [
        ("condition variable", recorded(condvar)),
        ("channels", recorded(channels)),
        ("park", recorded(parked)),
        ("futex", recorded(word)),
        ("reader-writer lock", recorded(readers)),
        ("try_lock", recorded(tries)),
        ("drops", recorded(dropped_in_any_order)),
        ("Arc", recorded(counted)),
    ] {
        assert_eq!(kinds(&recording), BTreeSet::new(), "{name}:\n{}", shown(&recording));
        assert!(recording.cut.is_none(), "{name}: {:?}", recording.cut);
        assert!(recording.runs.len() > 1, "{name}");
    }
}

/// However many there are: the one that the verdict shows is there, and the reader is told that others are not.
#[test]
fn too_many_are_cut() {
    let recording = recorded(|| {
        let count = std::sync::Arc::new(AtomicUsize::named("count", 0));
        let others: Vec<_> = (0..3)
            .map(|_| {
                let count = std::sync::Arc::clone(&count);
                thread::spawn(move || {
                    count.store(count.load(Relaxed) + 1, Relaxed);
                    count.store(count.load(Relaxed) + 1, Relaxed);
                })
            })
            .collect();
        for other in others {
            other.join().expect("it does not panic");
        }
        assert_eq!(count.load(Relaxed), 6, "some are lost");
    });
    assert!(recording.runs[0].end.is_some(), "the one that the verdict shows");
    assert!(recording.runs.len() <= MOST);
    let cut = recording.cut.as_deref().expect("some are missing");
    assert!(recording.json().contains(cut) && cut.contains("fewest forced switches"), "{cut}");
}

/// A model that nobody wants to step through notes no steps.
#[test]
fn ordinary_runs_note_no_steps() {
    let failed = Model::new().explore_with(lost_update).err().expect("it fails");
    assert!(failed.found.log.steps.is_empty());
}
