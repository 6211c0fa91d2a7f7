//! A write and a read of an atomic that would order two accesses, if one of the two, or both, had a stronger ordering.

use super::{Case, Race, Remark, at_row, last_sleep_of};
use crate::diagnosis::order::{Later, Missing, missing, missing_news, with_half};
use crate::reading::{culprit, other_access, racing_access};
use crate::record::{Effect, Event, Source, ThreadId, Value};
use std::sync::atomic::Ordering::{Acquire, Release};

/// Of a data race.
pub(super) fn of_race(case: Case<'_>) -> Option<Remark> {
    let race = Race::of(case)?;
    let missing = missing(case.log, race.other, Later::Next(race.thread))?;
    ordering(case, missing)
}

/// Of a data race, where the thread goes by an old value that looks like the newest: it has been changed, and changed back.
pub(super) fn of_return(case: Case<'_>) -> Option<Remark> {
    let race = Race::of(case)?;
    let (read, event) = case.log.events_of(race.thread).rfind(|(_, event)| {
        event.reads().is_some() && event.place.is_some_and(|place| case.code.decides(place))
    })?;
    let since = event.source?.since();
    let writes = || {
        let all = case.log.events[..read].iter().enumerate().skip(since);
        all.filter(|(_, other)| other.object == event.object && other.writes().is_some())
    };
    let ((changed, _), (back, newest)) = (writes().next()?, writes().next_back()?);
    if newest.writes() != event.reads() {
        return None;
    }
    let missing = missing_news(case.log, read)?;
    let text = format!(
        "an old value that looks new: {t} finds {} in {} ({}), not as {} left it ({}), but as it was before {}. That it had \
         changed, {t} could know from {} ({}), {}",
        case.show(event.reads()?),
        case.object(event.object?),
        at_row(read),
        case.thread(newest.thread),
        at_row(back),
        at_row(changed),
        case.object(case.event(missing.read).object?),
        at_row(missing.read),
        which_orders_nothing(case, missing)?,
        t = case.thread(race.thread),
    );
    Some(mark_ends(case, missing, Remark::new(text).mark(read, "old")))
}

/// Of a stale load that a panic shows, or of another thread's, if it is the only one there is.
pub(super) fn of_stale_load(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let mut own = case.log.events_before(panic.thread, panic.at);
    let (load, event) = match own.rfind(|(_, event)| event.is_stale()) {
        Some(own) => case.code.spoken_of(panic)?.shows(case.code, own.1).then_some(own)?,
        None => {
            let of_lesson = |event: &Event| {
                event.object.is_some_and(|id| !case.log.object(id).is_fixture) && event.is_stale()
            };
            let before = case.log.events[..panic.at].iter().enumerate();
            let mut all = before.filter(|(_, event)| of_lesson(event));
            all.next().filter(|_| all.next().is_none())?
        }
    };
    if looks_again(case, load, panic.at) {
        return None;
    }
    let newest = newest_write(case, load)?;
    if case.event(newest).thread == event.thread {
        return None;
    }
    let missing = missing(case.log, newest, Later::Event(load))?;
    ordering(case, missing)
}

/// Of the stale loads that there are before a panic, if one pair of operations would have hidden all those values: it says that
/// they are there. Silent if one of its ends is not in order either, for then nobody may have meant it to say so.
pub(super) fn of_publication(case: Case<'_>) -> Option<Remark> {
    let panic = culprit(case.log)?;
    let is_of_lesson =
        |event: &Event| event.object.is_some_and(|id| !case.log.object(id).is_fixture);
    let before = case.log.events[..panic.at].iter().enumerate();
    let stale = before.filter(|(load, event)| {
        is_of_lesson(event) && event.is_stale() && !looks_again(case, *load, panic.at)
    });
    let lacks = stale.map(|(load, event)| {
        let newest = newest_write(case, load)?;
        let is_told = case.event(newest).thread != event.thread;
        missing(case.log, newest, Later::Event(load)).filter(|_| is_told)
    });
    let lacks: Option<Vec<Missing>> = lacks.collect();
    let (first, others) = lacks.as_ref()?.split_first()?;
    let is_one = others.iter().all(|other| other.stronger == first.stronger);
    ordering(case, *first).filter(|_| is_one && first.has_one_end())
}

/// Whether the thread of a load has read the same atomic again before the event `end`: then it has seen what is newer.
fn looks_again(case: Case<'_>, load: usize, end: usize) -> bool {
    let event = case.event(load);
    let mut since = case.log.events_before(event.thread, end);
    since.any(|(number, later)| {
        number > load && later.object == event.object && later.reads().is_some()
    })
}

/// Of a stale load that a thread goes to sleep by.
pub(super) fn of_stale_look(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| stale_look(case, thread))
}

/// Silent if the thread has used another atomic since, but for the word that it sleeps on: it may sleep by that.
fn stale_look(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, sleep) = last_sleep_of(case, thread)?;
    let mut own = case.log.events_before(thread, asleep);
    let (load, event) =
        own.rfind(|(_, event)| event.order().is_some() && event.object != sleep.object)?;
    if !event.is_stale() {
        return None;
    }
    let missing = missing(case.log, newest_write(case, load)?, Later::Event(load))?;
    let text = format!(
        "{} sleeps because of an old value of {} ({}). It reads {} too ({}), {}",
        case.thread(thread),
        case.object(event.object?),
        at_row(load),
        case.object(case.event(missing.read).object?),
        at_row(missing.read),
        which_orders_nothing(case, missing)?,
    );
    Some(mark_ends(case, missing, Remark::new(text)))
}

/// The last write before the event `load` to the atomic that it loads.
fn newest_write(case: Case<'_>, load: usize) -> Option<usize> {
    let object = case.event(load).object;
    let mut before = case.log.events[..load].iter();
    before.rposition(|other| other.object == object && other.writes().is_some())
}

/// The orderings that a pair of operations lacks.
fn ordering(case: Case<'_>, missing: Missing) -> Option<Remark> {
    let reader = case.event(missing.read);
    let place = reader.place?;
    // What the test itself uses to look orders nothing on purpose.
    if case.log.object(reader.object?).is_fixture {
        return None;
    }
    // With one end in order somebody meant it to be one. With neither, a reader that goes by what it reads did. A pointer
    // is there to be followed.
    let is_pointer = matches!(reader.reads(), Some(Value::Pointer(p)) if p != 0);
    let is_handed_on = is_pointer || case.code.is_returned(place) || case.code.answers_with(place);
    if !(case.code.decides(place) || missing.has_one_end() && is_handed_on) {
        return None;
    }
    let text = format!(
        "{} reads {} ({}), {}",
        case.thread(reader.thread),
        case.object(reader.object?),
        at_row(missing.read),
        which_orders_nothing(case, missing)?
    );
    Some(mark_ends(case, missing, Remark::new(text)))
}

/// What the read of a pair does not see to, and why.
fn which_orders_nothing(case: Case<'_>, missing: Missing) -> Option<String> {
    let writer = case.event(missing.write);
    Some(format!(
        "and that does not order it after what {} did before its {} ({}): {}.",
        case.thread(writer.thread),
        writer.operation(),
        at_row(missing.write),
        needs(case, missing)?
    ))
}

/// What the two ends of a pair are, and need to be.
pub(super) fn needs(case: Case<'_>, missing: Missing) -> Option<String> {
    let (writer, reader) = (case.event(missing.write), case.event(missing.read));
    let (w, r) = (writer.order()?, reader.order()?);
    let (release, acquire) = (with_half(writer, Release), with_half(reader, Acquire));
    // One line that each thread comes to, as the countdown of the last owner, is both ends.
    let is_one_line = writer.place == reader.place && writer.writes().is_some();
    let of_failure = matches!(reader.effect, Effect::Exchange { found: Err(_), .. });
    let is_ambiguous = writer.operation() == reader.operation() && !is_one_line;
    let [writer, reader] = [writer, reader].map(|event| match is_ambiguous {
        true => format!("{}'s {}", case.thread(event.thread), event.operation()),
        false => format!("the {}", event.operation()),
    });
    let at_read = if of_failure {
        format!(
            "{reader} fails ({}), its failure ordering is {r:?} and needs {acquire:?}",
            at_row(missing.read)
        )
    } else {
        format!("{reader} is {r:?} and needs {acquire:?}")
    };
    Some(match (missing.stronger.release, missing.stronger.acquire) {
        _ if is_one_line && !of_failure => {
            let fence = match w {
                Release => "a fence(Acquire) behind it",
                _ => "Release and a fence(Acquire) behind it",
            };
            format!(
                "{writer} is {w:?} and needs AcqRel, because each thread both says by it what it has done and \
                 learns what the others have. Or {fence}, for the thread that goes on"
            )
        }
        (Some(_), None) => format!("{writer} is {w:?} and needs {release:?}"),
        (None, Some(_)) => at_read,
        _ => format!("{writer} is {w:?} and needs {release:?}, {at_read}"),
    })
}

pub(super) fn mark_ends(case: Case<'_>, missing: Missing, mut remark: Remark) -> Remark {
    let ends = [(missing.stronger.release, Release), (missing.stronger.acquire, Acquire)];
    for (event, half) in ends {
        if let Some(event) = event {
            let failed = matches!(case.event(event).effect, Effect::Exchange { found: Err(_), .. });
            let order = with_half(case.event(event), half);
            let order =
                if failed { format!("{order:?} for its failure") } else { format!("{order:?}") };
            remark = remark.mark(event, format!("needs {order}"));
        }
    }
    remark
}

/// Of a data race with the making of an object: the pointer by which a thread came to it was handed over without
/// ordering.
pub(super) fn of_making(case: Case<'_>) -> Option<Remark> {
    let (thread, access) = racing_access(case.log)?;
    if other_access(case.log, thread, access).is_some() {
        return None;
    }
    let id = access.object?;
    let maker = case.log.object(id).maker;
    // It came by the last pointer that it read, if the maker wrote that.
    let (read, event) = case
        .log
        .events_of(thread)
        .rfind(|(_, event)| matches!(event.reads(), Some(Value::Pointer(p)) if p != 0))?;
    let Some(Source::Event(write)) = case.event(read).source else {
        return None;
    };
    if case.event(write).thread != maker {
        return None;
    }
    let missing = missing(case.log, write, Later::Event(read))?;
    let text = format!(
        "{} makes {} and hands it over by {} ({}), and {}, which finds it there ({}), is not ordered after its \
         making: {}.",
        case.thread(maker),
        case.object(id),
        case.object(event.object?),
        at_row(write),
        case.thread(thread),
        at_row(read),
        needs(case, missing)?
    );
    Some(mark_ends(case, missing, Remark::new(text)))
}
