//! The data is announced before it is written.

use super::{Case, Race, Remark, at_row};
use crate::record::{Effect, Source};

/// The writer says that the data is there, the reader goes by that, and the write comes only afterwards, as the next
/// that its thread does.
///
/// Silent if it says so by a read-modify-write, which is a claim rather, if the reader has been told of something that
/// the writer did later, or if an ordering is missing.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let race = Race::of(case).filter(|race| race.is_untold(case))?;
    let (reader, write) = (race.thread, race.other);
    let writer = case.event(write).thread;
    if case.event(write).effect != Effect::Write {
        return None;
    }
    let (word, said) = case.log.events_before(writer, write).next_back()?;
    // What also reads is a claim more likely.
    if !matches!(said.effect, Effect::Store { .. }) {
        return None;
    }
    let (heard, _) = case.log.events_of(reader).find(|(number, event)| {
        let by_word =
            matches!(case.event(*number).source, Some(Source::Event(source)) if source == word);
        by_word && event.place.is_some_and(|place| case.code.decides(place))
    })?;
    let (w, r, o) = (case.thread(writer), case.thread(reader), case.object(said.object?));
    let text = format!(
        "announced too early: {w}'s {} of {o} ({}) says that the data is there, {r} goes by it ({}), and {w} writes \
         the data only then ({}). Write first, announce last.",
        said.operation(),
        at_row(word),
        at_row(heard),
        at_row(write)
    );
    Some(Remark::new(text).mark(word, "too early"))
}
