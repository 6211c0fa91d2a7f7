//! A word says that somebody has begun, and another thread takes it for "is done".

use super::{Case, Race, Remark, at_row, what};
use crate::diagnosis::order::Source;
use crate::record::Effect;

/// The reader goes by a word that the writer wrote before it wrote the data, and has learned nothing from the writer
/// since.
///
/// Silent if the reader has been told of something that the writer did later, or if an ordering is missing.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let race = Race::of(case).filter(|race| race.is_untold(case))?;
    let (reader, write) = (race.thread, race.other);
    let writer = case.event(write).thread;
    if case.event(write).effect != Effect::Write {
        return None;
    }
    // What the reader went by last.
    let (heard, look) = case.log.events_of(reader).rfind(|(_, event)| {
        event.reads().is_some() && event.place.is_some_and(|place| case.code.decides(place))
    })?;
    let Some(Source::Event(word)) = race.is.source(heard) else {
        return None;
    };
    let said = case.event(word);
    if said.thread != writer || word > write || look.object != said.object {
        return None;
    }
    let (w, r, o) = (
        case.thread(writer),
        case.thread(reader),
        case.object(said.object?),
    );
    let data = case.object(race.access.object?);
    let text = format!(
        "claimed is not ready: {w}'s {} of {o} ({}) says that it has begun. {r} goes by that ({}) and comes to {data}, \
         which {w} writes later ({}). Only what is stored behind the write can say that it is there.",
        what(said),
        at_row(word),
        at_row(heard),
        at_row(write)
    );
    Some(Remark::new(text).mark(heard, "takes begun for done"))
}
