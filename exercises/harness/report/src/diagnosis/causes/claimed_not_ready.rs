//! A word says that somebody has begun, and another thread takes it for "is done".

use super::{Case, Race, Remark, at_row};
use crate::record::{Effect, Event, Source};

/// The reader goes by a word that the writer wrote before it wrote the data, and has learned nothing from the writer
/// since.
///
/// Silent if the later of the two has been told of something that the other did later, if an ordering is missing, and
/// if the writer has done anything in between by which it may have waited for the reader.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let race = Race::of(case).filter(|race| race.is_untold(case))?;
    let other = case.event(race.other);
    let end = case.log.events.len();
    // The two accesses may come in either order.
    let (writer, write, reader, read) = match other.effect {
        Effect::Write => (other.thread, race.other, race.thread, end),
        _ => (race.thread, end, other.thread, race.other),
    };
    // What the reader went by last.
    let (heard, look) = case.log.events_before(reader, read).rfind(|(_, event)| {
        event.reads().is_some() && event.place.is_some_and(|place| case.code.decides(place))
    })?;
    let Some(Source::Event(word)) = case.event(heard).source else {
        return None;
    };
    // Who changes the word as well does not take it for anything: that is a step of its own.
    if look.writes().is_some_and(|new| look.reads() != Some(new)) {
        return None;
    }
    let said = case.event(word);
    if said.thread != writer || word > write || look.object != said.object {
        return None;
    }
    let reached = |object| case.log.events_of(reader).any(|(_, event)| event.object == object);
    let may_wait = |event: &Event| {
        let tells = event.reads().is_some() || event.locks().is_some() || event.sleeps();
        matches!(event.effect, Effect::Load { .. } | Effect::Join(_) | Effect::ParkReturns)
            || tells && reached(event.object)
    };
    let mut between = case.log.events_before(writer, write).filter(|(number, _)| *number > word);
    if between.any(|(_, event)| may_wait(event)) {
        return None;
    }
    let (w, r, o) = (case.thread(writer), case.thread(reader), case.object(said.object?));
    let data = case.object(race.access.object?);
    let written = if write == end {
        "has yet to write".to_owned()
    } else {
        format!("writes later ({})", at_row(write))
    };
    let text = format!(
        "claimed is not ready: {w}'s {} of {o} ({}) says that it has begun. {r} goes by that ({}) and comes to {data}, \
         which {w} {written}. Only what is stored behind the write can say that it is there.",
        said.operation(),
        at_row(word),
        at_row(heard)
    );
    Some(Remark::new(text).mark(heard, "takes begun for done"))
}
