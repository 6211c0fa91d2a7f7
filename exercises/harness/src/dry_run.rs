//! The report of a failing interleaving: a column per thread, a row per effect, and what went wrong.

use crate::diagnosis;
use crate::place::short;
use crate::recorder::{
    Effect, Ending, Event, Fate, Log, MAX_THREADS, ObjectId, Panic, Pending, Place, Standing,
    ThreadId, Value,
};
use crate::sync::model::thread::SCOPED_PANIC;
use crate::verdict::Kind;
use std::fmt::Write;

/// Columns where the terminal does not say how many it has.
const DEFAULT_WIDTH: usize = 80;

/// A lane narrower than this is no lane: then the rows stand under each other, each with its thread's name.
const NARROWEST_LANE: usize = 20;

/// Rows shown at the beginning of a long interleaving; as many as [`TAIL`] are shown at the end.
const HEAD: usize = 20;
/// See [`HEAD`].
const TAIL: usize = 30;

/// What kind of failure it is, and what went wrong, in words. `ending` is `None` if the model hangs.
pub(crate) fn diagnose(log: &Log, ending: Option<&Ending>) -> (Kind, String) {
    let Some(ending) = ending else {
        return (Kind::Stuck, stuck(log));
    };
    match ending {
        Ending::Passed | Ending::UsesTryLock => {
            unreachable!("neither is a failure: the search handles them")
        }
        Ending::Panicked | Ending::PanickedTwice => (Kind::Panic, panic_message(log)),
        // Whatever happened after a thread died of a panic that nobody saw, the panic came first.
        Ending::Loom if log.unseen_panic().is_some() => (Kind::Panic, panic_message(log)),
        Ending::Loom => by_loom(log),
        Ending::StackOverflow => (
            Kind::SetUp,
            "a thread of the model ran out of stack: each has 32 KiB. \
             Is there a recursion without end, or a large array on the stack?"
                .to_owned(),
        ),
        Ending::TooManyThreads(place) => (
            Kind::SetUp,
            format!(
                "a model can have {MAX_THREADS} threads, main included; {} spawns one more",
                short(place)
            ),
        ),
        Ending::Values(lines) => (Kind::Leak, lines.join("\n")),
        Ending::Misuse(message) => (Kind::SetUp, message.clone()),
    }
}

/// What loom's panic means.
fn by_loom(log: &Log) -> (Kind, String) {
    let Some((thread, message)) = &log.loom else {
        return (
            Kind::SetUp,
            "the model checker stopped without a word".to_owned(),
        );
    };
    let message = message.trim();
    let is = |beginnings: &[&str]| beginnings.iter().any(|b| message.starts_with(b));
    if is(&["deadlock"]) {
        (Kind::Deadlock, deadlock(log))
    } else if is(&[
        "Causality violation",
        "currently writing",
        "currently reading",
    ]) {
        (Kind::DataRace, data_race(log, *thread))
    } else if is(&["Arc leaked", "Allocation leaked", "Messages leaked"]) {
        (Kind::Leak, leaked_arcs(log))
    } else if is(&["Model exceeded maximum number of branches"]) {
        let message = "more steps than a model may take: a loop that waits for another thread \
             must let it run, by thread::yield_now() or hint::spin_loop()";
        (Kind::TooManySteps, message.to_owned())
    } else if message.contains("deterministic") {
        let message = "the program did not do the same twice under the same schedule: \
             a model may not depend on time, on random numbers or on the addresses of things";
        (Kind::SetUp, message.to_owned())
    } else {
        (
            Kind::SetUp,
            format!("the model checker cannot follow: {message}"),
        )
    }
}

fn stuck(log: &Log) -> String {
    let name = &log.threads[log.running].name;
    let last = log.events.iter().rev().find(|e| e.thread == log.running);
    let since = last.and_then(|e| e.place).map_or_else(
        || "since it began".to_owned(),
        |place| format!("since {}", short(place)),
    );
    format!(
        "{name} runs without an operation of crate::sync {since}.\n\
         A loop that waits for another thread must contain one, for example thread::yield_now();\n\
         and a lock of std or parking_lot used directly blocks the model, which cannot see it."
    )
}

/// The panic that explains the failure.
fn culprit(log: &Log) -> Option<&Panic> {
    if let Some(unseen) = log.unseen_panic() {
        return Some(unseen);
    }
    let last = log.panics.last()?;
    // Main passed on what it got from `join`; better shown is what the thread said itself.
    let second_hand = last.message == SCOPED_PANIC || last.message.ends_with("Any { .. }");
    let first_hand = log
        .panics
        .iter()
        .find(|p| p.fate == Fate::Joined || p.fate == Fate::EndedThread);
    first_hand.filter(|_| second_hand).or(Some(last))
}

fn panic_message(log: &Log) -> String {
    culprit(log).map_or_else(
        || "a panic".to_owned(),
        |panic| {
            let name = &log.threads[panic.thread].name;
            format!("{}\n({name}, at {})", panic.message, panic.place)
        },
    )
}

fn deadlock(log: &Log) -> String {
    let lines = log
        .threads
        .iter()
        .enumerate()
        .filter_map(|(number, thread)| {
            let waits = waits(log, number)?;
            Some(format!("{} {waits}", thread.name))
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a thread waits for, if it does.
fn waits(log: &Log, number: ThreadId) -> Option<String> {
    let thread = &log.threads[number];
    if thread.has_ended() {
        return None;
    }
    let Pending {
        name,
        object,
        place,
        target,
    } = thread.pending?;
    let at = short(place);
    if let Some(target) = target {
        return Some(format!(
            "waits for {} to end, {at}",
            log.threads[target].name
        ));
    }
    let object_name = object.map_or_else(String::new, |id| format!("{}.", object_name(log, id)));
    if thread.standing == Standing::Asleep {
        let who = if name == "park" { "unpark" } else { "wake" };
        return Some(format!(
            "sleeps in {object_name}{name}, {at}: no thread is left to {who} it"
        ));
    }
    let holder = object.and_then(|id| log.object(id).holders.first().copied());
    Some(match holder {
        Some((holder, since)) if holder == number => {
            format!(
                "waits in {object_name}{name}, {at}, for itself: it holds the lock since {}",
                short(since)
            )
        }
        Some((holder, since)) => format!(
            "waits in {object_name}{name}, {at}: {} holds the lock since {}",
            log.threads[holder].name,
            short(since)
        ),
        None => format!("waits in {object_name}{name}, {at}"),
    })
}

fn data_race(log: &Log, thread: ThreadId) -> String {
    let Some(access) = racing_access(log, thread) else {
        return "two threads touch the same memory, one of them writes, and nothing orders the two"
            .to_owned();
    };
    let id = access.object.expect("an access has an object");
    let made = log.object(id).made;
    let one = |thread: ThreadId, what: &str, place: Place| {
        format!(
            "  {} {what}s it, {}",
            log.threads[thread].name,
            short(place)
        )
    };
    let mut message = format!(
        "two threads reach {} (made at {}), one of them writes, and nothing orders the two:\n",
        object_name(log, id),
        short(made)
    );
    if let Some(other) = other_access(log, thread, access) {
        let what = match log.events[other].effect {
            Effect::Write => "write",
            _ => "read",
        };
        let event = &log.events[other];
        let place = event.place.unwrap_or(made);
        let _ = writeln!(message, "{}", one(event.thread, what, place));
    } else {
        let maker = log.object(id).maker;
        let _ = writeln!(message, "{}", one(maker, "make", made));
    }
    message + &one(thread, access.name, access.place)
}

/// The access that loom objected to: begun, never finished.
fn racing_access(log: &Log, thread: ThreadId) -> Option<Pending> {
    log.threads[thread].pending.filter(|p| p.object.is_some())
}

/// The number of the event that the access races with: the last conflicting one of another thread.
fn other_access(log: &Log, thread: ThreadId, access: Pending) -> Option<usize> {
    log.events.iter().rposition(|event| {
        event.thread != thread
            && event.object == access.object
            && match event.effect {
                Effect::Write => true,
                Effect::Read => access.name == "write",
                _ => false,
            }
    })
}

fn leaked_arcs(log: &Log) -> String {
    let lines: Vec<_> = log
        .objects
        .iter()
        .filter(|object| object.type_name == "Arc" && object.count > 0)
        .map(|object| {
            let s = if object.count == 1 { "" } else { "s" };
            format!(
                "the Arc made at {} still has {} reference{s} when all threads are done",
                short(object.made),
                object.count
            )
        })
        .collect();
    lines.join("\n")
}

/// A report that lacks only the number of interleavings it took to find.
pub(crate) struct Report(String);

impl Report {
    pub(crate) fn with_count(&self, interleavings: usize) -> String {
        let s = if interleavings == 1 { "" } else { "s" };
        format!(
            "{interleavings} interleaving{s} explored until one failed. The simplest found that fails:\n\n{}",
            self.0
        )
    }
}

/// The dry run.
pub(crate) fn report(log: &Log, kind: Kind, message: &str) -> Report {
    let rows = rows(log, kind);
    let width = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(DEFAULT_WIDTH);
    let mut text = lanes(log, &rows, width);
    text.push('\n');
    let mut lines = message.lines();
    let title = match kind {
        Kind::Panic => "Panic",
        Kind::Deadlock => "Deadlock",
        Kind::DataRace => "Data race",
        Kind::Leak => "Leak",
        Kind::TooManySteps => "Too many steps",
        Kind::Stuck => "Stuck",
        Kind::SetUp => "The model cannot run",
    };
    let first = format!("{title}: {}", lines.next().unwrap_or_default());
    let usual = diagnosis::of_deadlock(log).filter(|_| kind == Kind::Deadlock);
    let usual = usual.map(|mistake| format!("Usually: {mistake}"));
    let rest = lines.map(|line| format!("  {line}"));
    for line in std::iter::once(first).chain(rest).chain(usual) {
        // The layout of a line that fits is its author's.
        let fits = line.chars().count() <= width;
        let parts = if fits { vec![line] } else { wrap(&line, width) };
        for part in parts {
            let _ = writeln!(text, "{}", part.trim_end());
        }
    }
    legend(log, &rows, &mut text);
    Report(text)
}

/// One line of the dry run, before it is laid out.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    thread: ThreadId,
    text: String,
    place: Option<Place>,
    object: Option<ObjectId>,
}

fn rows(log: &Log, kind: Kind) -> Vec<Row> {
    let end = match (kind, culprit(log)) {
        (Kind::Panic, Some(panic)) => (panic.at + 1).min(log.events.len()),
        _ => log.events.len(),
    };
    let racing = match (kind, &log.loom) {
        (Kind::DataRace, Some((thread, _))) => {
            racing_access(log, *thread).map(|access| (*thread, access))
        }
        _ => None,
    };
    let other = racing.and_then(|(thread, access)| other_access(log, thread, access));
    let mut rows: Vec<Row> = log.events[..end]
        .iter()
        .enumerate()
        .filter(|(_, event)| kind == Kind::Leak || !matches!(event.effect, Effect::Count { .. }))
        .map(|(number, event)| Row {
            thread: event.thread,
            text: describe(log, event)
                + if Some(number) == other {
                    "  <== races"
                } else {
                    ""
                },
            place: event.place,
            object: event.object,
        })
        .collect();
    if let Some((thread, access)) = racing {
        rows.push(pending_row(log, thread, access, "  <== races"));
    }
    if kind == Kind::Deadlock {
        for (number, thread) in log.threads.iter().enumerate() {
            // A lock that was found taken stands there already; one that was found free and lost does not.
            let last = log.events.iter().rev().find(|event| event.thread == number);
            let shown = last.is_some_and(|event| matches!(event.effect, Effect::LockWaits { .. }));
            let waits = thread.standing == Standing::Running && !shown;
            if let Some(pending) = thread.pending.filter(|p| waits && p.target.is_none()) {
                rows.push(pending_row(log, number, pending, " …"));
            }
        }
    }
    rows
}

/// An operation that was begun and never finished.
fn pending_row(log: &Log, thread: ThreadId, pending: Pending, mark: &str) -> Row {
    let object = pending
        .object
        .map_or_else(String::new, |id| format!("{}.", object_name(log, id)));
    Row {
        thread,
        text: format!("{object}{}{mark}", pending.name),
        place: Some(pending.place),
        object: pending.object,
    }
}

fn describe(log: &Log, event: &Event) -> String {
    let name = |thread: ThreadId| &log.threads[thread].name;
    let names = |threads: &[ThreadId]| {
        let all: Vec<_> = threads.iter().map(|&t| name(t).as_str()).collect();
        if all.is_empty() {
            "nobody waits".to_owned()
        } else {
            format!("wakes {}", all.join(", "))
        }
    };
    let o = event
        .object
        .map_or_else(String::new, |id| object_name(log, id));
    match &event.effect {
        Effect::Spawn(t) => format!("spawn {}", name(*t)),
        Effect::JoinWaits(t) => format!("join {} …", name(*t)),
        Effect::Join(t) => format!("join {}", name(*t)),
        Effect::Returns => "returns".to_owned(),
        Effect::Panics(message) => {
            format!("panics: {}", message.lines().next().unwrap_or_default())
        }
        Effect::ParkReturns => "park: has its token".to_owned(),
        Effect::Unpark(t) => format!("unpark {}", name(*t)),
        Effect::Yield => "yield".to_owned(),
        Effect::Fence(order) => format!("fence({order:?})"),
        Effect::Load { got, newest, order } => {
            let stale = if got == newest {
                String::new()
            } else {
                format!("  STALE: newest is {}", show(log, *newest))
            };
            format!("{o}.load({order:?}) = {}{stale}", show(log, *got))
        }
        Effect::Store { value, order } => format!("{o}.store({}, {order:?})", show(log, *value)),
        Effect::Update {
            name,
            argument,
            old,
            new,
            order,
        } => format!(
            "{o}.{name}({}, {order:?}): {} becomes {}",
            show(log, *argument),
            show(log, *old),
            show(log, *new)
        ),
        Effect::Exchange {
            name,
            expected,
            new,
            found,
            order,
        } => match found {
            Ok(_) => format!(
                "{o}.{name}({order:?}): {} becomes {}",
                show(log, *expected),
                show(log, *new)
            ),
            Err(found) => format!(
                "{o}.{name}({order:?}) fails: {} expected, {} found",
                show(log, *expected),
                show(log, *found)
            ),
        },
        Effect::LockWaits { name: what, holder } => {
            format!("{o}.{what} … held by {}", name(*holder))
        }
        Effect::Lock(what) => format!("{o}.{what}"),
        Effect::TryLock { name, ok } => {
            format!("{o}.{name}: {}", if *ok { "locked" } else { "not free" })
        }
        Effect::Unlock(what) => format!("{o}.{what}"),
        Effect::Sleeps("park") => "park …".to_owned(),
        Effect::Wakes {
            name: "park",
            spurious,
        } => woken("park", *spurious),
        Effect::Sleeps(what) => format!("{o}.{what} … sleeps"),
        Effect::Wakes { name, spurious } => woken(&format!("{o}.{name}"), *spurious),
        Effect::NoSleep { name, found } => {
            format!("{o}.{name} returns: {} found", show(log, *found))
        }
        Effect::Notify { name, woken } => format!("{o}.{name}: {}", names(woken)),
        Effect::Read => format!("{o} read"),
        Effect::Write => format!("{o} write"),
        Effect::Count { name, count } => format!("{o} {name}: count {count}"),
    }
}

fn woken(what: &str, spurious: bool) -> String {
    if spurious {
        format!("{what} wakes up for no reason")
    } else {
        format!("{what} wakes up")
    }
}

fn show(log: &Log, value: Value) -> String {
    match value {
        // A counter that went below zero is easier to see so.
        Value::Int(i) if i > i128::from(i64::MAX) => format!("MAX-{}", i128::from(u64::MAX) - i),
        Value::Int(i) => i.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Pointer(0) => "null".to_owned(),
        Value::Pointer(address) => pointer(log, address),
    }
}

/// A pointer is called by the order in which the interleaving first shows it: the address says nothing, and is
/// another one on every run.
fn pointer(log: &Log, address: usize) -> String {
    let mut seen: Vec<usize> = Vec::new();
    for value in log.events.iter().flat_map(values) {
        if let Value::Pointer(other) = value
            && other != 0
            && !seen.contains(&other)
        {
            seen.push(other);
        }
    }
    let rank = seen.iter().position(|&other| other == address);
    rank.map_or_else(
        || "a pointer".to_owned(),
        |rank| format!("pointer {}", rank + 1),
    )
}

/// The values that a row shows.
fn values(event: &Event) -> Vec<Value> {
    match event.effect {
        Effect::Load { got, newest, .. } => vec![got, newest],
        Effect::Store { value, .. } => vec![value],
        Effect::Update {
            argument, old, new, ..
        } => vec![argument, old, new],
        Effect::Exchange {
            expected,
            new,
            found,
            ..
        } => vec![expected, new, found.unwrap_or_else(|found| found)],
        _ => Vec::new(),
    }
}

/// The type, and a letter if the program made several of it.
fn object_name(log: &Log, id: ObjectId) -> String {
    let object = log.object(id);
    let mut same = log
        .objects
        .iter()
        .filter(|o| o.type_name == object.type_name);
    if same.clone().count() == 1 {
        return object.type_name.to_owned();
    }
    let nth = same
        .position(|o| std::ptr::eq(o, object))
        .unwrap_or_default();
    let letter = char::from(b'A' + u8::try_from(nth % 26).unwrap_or_default());
    format!("{} {letter}", object.type_name)
}

/// Where the objects were made that only a letter tells apart.
fn legend(log: &Log, rows: &[Row], text: &mut String) {
    let mut seen: Vec<ObjectId> = Vec::new();
    for id in rows.iter().filter_map(|row| row.object) {
        if !seen.contains(&id) && object_name(log, id) != log.object(id).type_name {
            seen.push(id);
        }
    }
    if !seen.is_empty() {
        text.push('\n');
    }
    for id in seen {
        let made = short(log.object(id).made);
        let _ = writeln!(text, "{} is made at {made}", object_name(log, id));
    }
}

fn lanes(log: &Log, rows: &[Row], width: usize) -> String {
    let cells = fold(rows);
    let lane = (width.saturating_sub(5) / log.threads.len().max(1)).saturating_sub(1);
    let mut text = String::new();
    if lane < NARROWEST_LANE {
        for (number, (row, cell)) in cells.iter().enumerate() {
            let name = &log.threads[row.thread].name;
            let _ = writeln!(text, "{:>3}  {name}: {cell}", number + 1);
        }
        return text;
    }
    let widths: Vec<usize> = (0..log.threads.len())
        .map(|thread| {
            let own = cells.iter().filter(|(row, _)| row.thread == thread);
            let widest = own.map(|(_, cell)| cell.chars().count()).max();
            widest
                .unwrap_or_default()
                .max(log.threads[thread].name.chars().count())
                .min(lane)
        })
        .collect();
    text.push_str("    ");
    for (thread, width) in log.threads.iter().zip(&widths) {
        let _ = write!(text, " {:<width$}", thread.name);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    let skipped = cells.len().saturating_sub(HEAD + TAIL);
    for (number, (row, cell)) in cells.iter().enumerate() {
        if skipped > 1 && number == HEAD {
            let _ = writeln!(text, "     … {skipped} steps …");
        }
        if skipped > 1 && (HEAD..HEAD + skipped).contains(&number) {
            continue;
        }
        let indent: usize = widths[..row.thread].iter().map(|width| width + 1).sum();
        for (line, part) in wrap(cell, widths[row.thread]).iter().enumerate() {
            let number = if line == 0 {
                (number + 1).to_string()
            } else {
                String::new()
            };
            let line = format!("{number:>3}  {:indent$}{part}", "");
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

/// Each row with its text, repetitions of the same row counted.
fn fold(rows: &[Row]) -> Vec<(&Row, String)> {
    let mut folded: Vec<(&Row, usize)> = Vec::new();
    for row in rows {
        match folded.last_mut() {
            Some((last, times)) if *last == row => *times += 1,
            _ => folded.push((row, 1)),
        }
    }
    folded
        .into_iter()
        .map(|(row, times)| {
            let mut cell = row.text.clone();
            // A destructor that the compiler calls has std's line, which says nothing.
            if let Some(place) = row
                .place
                .filter(|place| !place.file().starts_with("/rustc/"))
            {
                let _ = write!(cell, "  {}", short(place));
            }
            if times > 1 {
                let _ = write!(cell, "  ({times} times)");
            }
            (row, cell)
        })
        .collect()
}

/// Breaks a cell at spaces; a word longer than the lane is cut.
fn wrap(cell: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in cell.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + word.len() <= width {
                if gap == 1 {
                    line.push(' ');
                }
                line.extend(&word);
                break;
            }
            if used > 0 {
                lines.push("  ".to_owned());
                // The indent is no word: the next one follows it without a gap.
                let line = lines.last_mut().expect("just pushed");
                if word.len() + 2 <= width {
                    line.extend(&word);
                    break;
                }
            }
            let line = lines.last_mut().expect("there is always a line");
            let room = width.saturating_sub(line.chars().count()).max(1);
            let rest = word.split_off(room.min(word.len()));
            line.extend(&word);
            if rest.is_empty() {
                break;
            }
            word = rest;
            lines.push(String::new());
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}
