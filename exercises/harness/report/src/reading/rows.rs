//! The rows of a dry run, before they are laid out.

use super::values::{show, shown};
use super::{Mark, Names, at_row, culprit, late_use, other_access, racing_access, traffic};
use crate::place::Place;
use crate::record::{Data, Effect, Event, Log, ObjectId, Pending, Standing, Thread, ThreadId};
use harness_base::protocol::Kind;
use harness_base::text::NO_BREAK;

/// How the row of a panic begins.
pub const PANICS: &str = "panics: ";

/// What one thread did, or was about to do.
#[derive(Clone, Debug)]
pub struct Row {
    /// The event behind it. `None` for an operation that never took effect.
    pub event: Option<usize>,
    /// Events of the same thread that came right after it and are shown in it.
    pub folded: Vec<usize>,
    pub thread: ThreadId,
    pub text: String,
    /// What a reader must not miss about it.
    pub marks: Vec<String>,
    pub place: Option<Place>,
    pub object: Option<ObjectId>,
}

impl Row {
    /// Whether it reads the same.
    pub fn is_like(&self, other: &Self) -> bool {
        self.thread == other.thread
            && self.text == other.text
            && self.marks == other.marks
            && self.place == other.place
    }
}

/// The rows of an interleaving, `kind` being how it failed, if it did. `told` are the events that sentences name.
pub fn rows(
    log: &Log,
    names: &Names,
    kind: Option<Kind>,
    marks: &[Mark],
    told: &[usize],
) -> Vec<Row> {
    let end = match (kind, culprit(log)) {
        (Some(Kind::Panic), Some(panic)) => (panic.at + 1).min(log.events.len()),
        _ => log.events.len(),
    };
    let racing = racing_access(log).filter(|_| kind == Some(Kind::DataRace));
    let other = racing.and_then(|(thread, access)| other_access(log, thread, access));
    let counts = kind == Some(Kind::Leak);
    let mut rows: Vec<Row> = log.events[..end]
        .iter()
        .enumerate()
        .filter(|(_, event)| {
            let is_count = matches!(event.effect, Effect::Count { .. } | Effect::WeakCount { .. });
            counts || !is_count
        })
        .map(|(number, event)| Row {
            event: Some(number),
            folded: Vec::new(),
            thread: event.thread,
            text: describe(log, names, event, number),
            marks: marks_of(log, event, number, Some(number) == other, marks),
            place: event.place,
            object: event.object,
        })
        .collect();
    rows = fold_said(log, rows);
    if let Some(kind) = kind {
        rows.retain(|row| !is_idle(log, row, kind, told));
        rows = fold_set_up(log, fold_quiet(log, rows), told);
    }
    // A drop has its row.
    if let Some((thread, access)) = racing.filter(|_| !log.races_with_drop()) {
        let mut row = pending_row(names, thread, access, "");
        row.marks.push(format!("<=={NO_BREAK}races"));
        rows.push(row);
    }
    if let Some((thread, operation)) = late_use(log).filter(|_| kind == Some(Kind::UseAfterDrop)) {
        let mut row = pending_row(names, thread, operation, "");
        row.marks.push(format!("<=={NO_BREAK}after the drop"));
        rows.push(row);
    }
    match kind {
        Some(Kind::Deadlock) => {
            for (number, thread) in log.threads.iter().enumerate() {
                // A lock that was found taken stands there already; one that was found free and lost does not.
                let last = log.events.iter().rev().find(|event| event.thread == number);
                let shown =
                    last.is_some_and(|event| matches!(event.effect, Effect::LockWaits { .. }));
                let waits = thread.standing == Standing::Running && !shown;
                if let Some(pending) = thread.pending.filter(|p| waits && p.target.is_none()) {
                    rows.push(pending_row(names, number, pending, " …"));
                }
            }
        }
        // Where it stood when the model gave up.
        Some(Kind::SetUp) => {
            let running = log.running;
            let pending = log.threads.get(running).and_then(|thread| thread.pending);
            if let Some(pending) = pending.filter(|pending| pending.target.is_none()) {
                rows.push(pending_row(names, running, pending, " …"));
            }
        }
        _ => {}
    }
    rows
}

/// Whether a row shows only that a thread lets others run, which no sentence names. If nothing ends, that is the story.
fn is_idle(log: &Log, row: &Row, kind: Kind, told: &[usize]) -> bool {
    let is_story = matches!(kind, Kind::Deadlock | Kind::TooManySteps | Kind::Stuck);
    let idles =
        |event: &usize| matches!(log.events[*event].effect, Effect::Yield | Effect::JoinWaits(_));
    let is_told = row.event.is_some_and(|event| told.contains(&event));
    !is_story && !is_told && row.marks.is_empty() && row.event.as_ref().is_some_and(idles)
}

/// Shows in one row a lock that is taken and given back at once, if what was done with it has been said.
fn fold_said(log: &Log, rows: Vec<Row>) -> Vec<Row> {
    let event = |row: &Row| row.event.map(|number| &log.events[number]);
    fold(rows, |lock, row| {
        let locks = event(lock)?.locks()?;
        let is_said = matches!(event(row)?.data, Some(Data::Said(_)));
        (is_said && row.object == Some(locks)).then(|| row.text.replacen(".unlock", "", 1))
    })
}

/// Lets a row take in those of its thread that come right after it, as long as neither has a mark. `join` returns the text of
/// both, or `None` if they are to stay two.
fn fold(rows: Vec<Row>, join: impl Fn(&mut Row, &Row) -> Option<String>) -> Vec<Row> {
    let mut folded: Vec<Row> = Vec::new();
    for row in rows {
        let last = folded.last_mut().filter(|last| {
            last.thread == row.thread && last.marks.is_empty() && row.marks.is_empty()
        });
        let joined = last.and_then(|last| {
            let text = join(last, &row)?;
            Some((last, text))
        });
        if let Some((last, text)) = joined {
            last.text = text;
            last.folded.extend(row.event);
        } else {
            folded.push(row);
        }
    }
    folded
}

/// Shows in one row what a thread does in one go: several threads that it spawns or joins, a look and the exchange that
/// goes by it, a read and the write of what was read, a lock that it takes and gives back, or sleeps with, the lock that
/// it has again when it wakes, and that it returns.
fn fold_quiet(log: &Log, rows: Vec<Row>) -> Vec<Row> {
    let effect = |row: &Row| {
        let event = row.folded.last().copied().or(row.event)?;
        Some(&log.events[event].effect)
    };
    fold(rows, |last, row| {
        let is_same = last.object == row.object;
        let without_object = || {
            let dot = row.text.find('.').map_or(0, |dot| dot + 1);
            &row.text[dot..]
        };
        let more = match (effect(last)?, effect(row)?) {
            (Effect::Spawn(_), Effect::Spawn(t)) | (Effect::Join(_), Effect::Join(t)) => {
                format!(", {}", log.threads[*t].name)
            }
            // The exchange shows what was found.
            (Effect::Load { got, .. }, Effect::Exchange { found: Ok(found), .. })
                if is_same && got == found && last.folded.is_empty() =>
            {
                let value = last.text.rfind(" = ")?;
                last.text.truncate(value);
                last.place = row.place;
                format!(", {}", without_object())
            }
            (Effect::Read, Effect::Write) if is_same && is_same_line(last, row) => {
                format!(", {}", without_object())
            }
            (Effect::Lock(_), Effect::Sleeps { unlocks, .. })
                if *unlocks == last.object && last.folded.is_empty() =>
            {
                last.object = row.object;
                last.place = row.place;
                format!("; {}", row.text)
            }
            (Effect::Lock(_) | Effect::TryLock { ok: true, .. }, Effect::Unlock(_)) if is_same => {
                let what = row.text.find(".unlock").map_or(0, |dot| dot + 1);
                format!(", {}", &row.text[what..])
            }
            (Effect::Wakes { .. }, Effect::Lock(_)) => {
                last.object = row.object;
                format!(", {}", row.text)
            }
            (Effect::Panics(_), _) => return None,
            (_, Effect::Returns) => format!("; {}", row.text),
            _ => return None,
        };
        Some(format!("{}{more}", last.text))
    })
}

/// Whether two rows come from the same line of the source.
fn is_same_line(a: &Row, b: &Row) -> bool {
    let line = |row: &Row| row.place.map(|place| (place.file(), place.line()));
    line(a) == line(b)
}

/// Shows in one row what main does before another thread runs, on objects that no other thread comes to: nothing depends
/// on when it does that. Of a single row it would save nothing.
fn fold_set_up(log: &Log, rows: Vec<Row>, told: &[usize]) -> Vec<Row> {
    let Some(first) = rows.iter().position(|row| row.thread != 0) else {
        return rows;
    };
    let is_shared = |id: ObjectId| {
        let used = |event: &Event| event.thread != 0 && event.object == Some(id);
        let waits = |thread: &Thread| thread.pending.is_some_and(|p| p.object == Some(id));
        log.events.iter().any(used) || log.threads[1..].iter().any(waits)
    };
    let is_quiet = |row: &Row| {
        row.marks.is_empty()
            && row.object.is_some_and(|id| !is_shared(id))
            && row.event.is_some_and(|event| !told.contains(&event))
            && !row.folded.iter().any(|event| told.contains(event))
    };
    let mut folded: Vec<Row> = Vec::new();
    let mut rows = rows.into_iter().enumerate().peekable();
    while let Some((number, mut row)) = rows.next() {
        let mut more = 0;
        if number < first && is_quiet(&row) {
            while let Some((_, next)) = rows.next_if(|(n, next)| *n < first && is_quiet(next)) {
                more += 1;
                row.folded.extend(next.event);
                row.folded.extend(next.folded);
            }
        }
        if more > 0 {
            row.text = format!("… {} rows that no other thread depends on", more + 1);
            row.place = None;
            row.object = None;
        }
        folded.push(row);
    }
    folded
}

/// What is remarkable about an event.
fn marks_of(log: &Log, event: &Event, number: usize, races: bool, marks: &[Mark]) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(newest) = event.stale() {
        all.push(format!("STALE: newest is {}", show(log, newest)));
    }
    if event.effect == Effect::Dropped && log.races_with_drop() {
        all.push(format!("<=={NO_BREAK}races"));
    } else if event.effect == Effect::Dropped {
        all.push(format!("<=={NO_BREAK}too early"));
    }
    if races {
        all.push(format!("<=={NO_BREAK}races"));
    }
    let said = marks.iter().filter(|mark| mark.event == number);
    all.extend(said.map(|mark| format!("<=={NO_BREAK}{}", mark.text)));
    all
}

/// An operation that was begun and never finished.
fn pending_row(names: &Names, thread: ThreadId, pending: Pending, more: &str) -> Row {
    let object = pending.object.map_or_else(String::new, |id| format!("{}.", names.of(id)));
    Row {
        event: None,
        folded: Vec::new(),
        thread,
        text: format!("{object}{}{more}", pending.name),
        marks: Vec::new(),
        place: Some(pending.place),
        object: pending.object,
    }
}

/// Who has the lock that a thread did not get, and in which row that began.
fn holder(log: &Log, event: &Event, number: usize) -> Option<String> {
    let lock = event.object?;
    let others = (0..log.threads.len()).filter(|&other| other != event.thread);
    let mut holds = others.filter_map(|other| {
        let held = log.held(other, number);
        let (_, since) = held.into_iter().find(|(held, _)| *held == lock)?;
        Some(format!("{} has it ({})", log.threads[other].name, at_row(since)))
    });
    holds.next()
}

/// What an event says.
pub fn describe(log: &Log, names: &Names, event: &Event, number: usize) -> String {
    let name = |thread: ThreadId| log.threads[thread].name.as_str();
    let all = |threads: &[ThreadId]| threads.iter().map(|&t| name(t)).collect::<Vec<_>>();
    let o = event.object.map_or("", |id| names.of(id));
    match &event.effect {
        Effect::Spawn(t) => format!("spawn {}", name(*t)),
        Effect::SpawnRefused => "spawn fails: no more threads".to_owned(),
        Effect::JoinWaits(t) => format!("join {} …", name(*t)),
        Effect::Join(t) => format!("join {}", name(*t)),
        Effect::Returns => "returns".to_owned(),
        Effect::Panics(message) => {
            format!("{PANICS}{}", message.lines().next().unwrap_or_default())
        }
        Effect::ParkReturns => "park: has its token".to_owned(),
        Effect::Unpark(t) => format!("unpark {}", name(*t)),
        Effect::Yield => "yield".to_owned(),
        Effect::Fence(order) => format!("fence({order:?})"),
        Effect::Load { got, order, .. } => format!("{o}.load({order:?}) = {}", show(log, *got)),
        Effect::Store { value, order } => format!("{o}.store({}, {order:?})", show(log, *value)),
        // What a fixture finds when it looks.
        Effect::Update { old, new, .. } if is_fixture(log, event) && old == new => {
            let before = log.events[..number].iter();
            let newest = before
                .filter(|other| other.object == event.object)
                .filter_map(Event::writes)
                .next_back();
            match newest.filter(|newest| newest != new) {
                None => format!("{o} = {} (newest)", show(log, *new)),
                Some(newest) => {
                    format!("{o} = {} (comes before the {})", show(log, *new), show(log, newest))
                }
            }
        }
        Effect::Update { name, argument, old, new, order } => format!(
            "{o}.{name}({}, {order:?}): {} becomes {}",
            show(log, *argument),
            show(log, *old),
            show(log, *new)
        ),
        Effect::Exchange { name, expected, new, found, order, .. } => match found {
            Ok(_) => format!(
                "{o}.{name}({order:?}): {} becomes {}",
                show(log, *expected),
                show(log, *new)
            ),
            Err(found) if found == expected => {
                format!("{o}.{name}({order:?}) fails spuriously: {}", show(log, *found))
            }
            Err(found) => format!(
                "{o}.{name}({order:?}) fails: {} expected, {} found",
                show(log, *expected),
                show(log, *found)
            ),
        },
        Effect::LockWaits { name: what, holders } => {
            format!("{o}.{what} … held by {}", all(holders).join(", "))
        }
        Effect::Lock(what) => format!("{o}.{what}"),
        Effect::Unlock(what) => format!("{o}.{what}{}", of_data(log, event)),
        Effect::Dropped => format!("{o} is dropped"),
        Effect::TryLock { name, ok: true } => format!("{o}.{name}: locked"),
        Effect::TryLock { name, ok: false } => {
            let holder = holder(log, event, number);
            let holder = holder.map_or_else(String::new, |holder| format!(": {holder}"));
            format!("{o}.{name}: not free{holder}")
        }
        Effect::Sleeps { name: "park", .. } => "park …".to_owned(),
        Effect::Wakes { name: "park", spurious } => woken("park", *spurious),
        Effect::Sleeps { name: what, unlocks, expected } => {
            let expected =
                expected.map_or_else(String::new, |value| format!("({})", show(log, value)));
            let unlocks =
                unlocks.map_or_else(String::new, |id| format!(", unlocks {}", names.of(id)));
            format!("{o}.{what}{expected} … sleeps{unlocks}{}", of_data(log, event))
        }
        Effect::Wakes { name, spurious } => woken(&format!("{o}.{name}"), *spurious),
        Effect::NoSleep { name, expected, found } => {
            let (expected, found) = (show(log, *expected), show(log, *found));
            format!("{o}.{name}({expected}) returns at once: {found} found")
        }
        Effect::Notify { name, woken } if woken.is_empty() => format!("{o}.{name}: nobody waits"),
        Effect::Notify { name, woken } => format!("{o}.{name}: wakes {}", all(woken).join(", ")),
        Effect::Now(now) => format!("{o}.now = {now}"),
        Effect::Advance { by, woken } if woken.is_empty() => {
            format!("{o}.advance({by:?}): nobody's time has come")
        }
        Effect::Advance { by, woken } => {
            format!("{o}.advance({by:?}): time is up for {}", all(woken).join(", "))
        }
        Effect::TooLate(what) => format!("{o}.{what} returns: the time has come"),
        Effect::Channel(traffic) => traffic::describe(log, o, traffic),
        Effect::Read => format!("{o}.read"),
        Effect::Write => format!("{o}.write"),
        Effect::Count { name, count } => format!("{o}.{name}: count {count}"),
        Effect::WeakCount { name, count } => format!("{o}.{name}: weak count {count}"),
        Effect::UpgradeFails => format!("{o}.upgrade fails: the value is gone"),
    }
}

/// What became of the data behind the lock that an event gives back.
fn of_data(log: &Log, event: &Event) -> String {
    match &event.data {
        Some(Data::Said(steps)) => format!(": {}", steps.join(", ")),
        Some(Data::Shown { before, after }) if before == after => {
            format!(": {}", shown(log, *after))
        }
        Some(Data::Shown { before, after }) => {
            format!(": {} becomes {}", shown(log, *before), shown(log, *after))
        }
        Some(Data::Hidden { mutably: true }) => " (&mut)".to_owned(),
        _ => String::new(),
    }
}

/// Whether it is an operation on what the model itself has made.
fn is_fixture(log: &Log, event: &Event) -> bool {
    event.object.is_some_and(|id| log.object(id).is_fixture)
}

fn woken(what: &str, spurious: bool) -> String {
    if spurious { format!("{what} wakes up for no reason") } else { format!("{what} wakes up") }
}
