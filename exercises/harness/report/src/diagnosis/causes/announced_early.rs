//! The data is announced before it is written.

use super::{Case, Race, Remark, at_row, gives_back_changed, has_changed};
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

/// The same, and it is said under a lock, which the writer has given back when it writes.
///
/// Silent if the reader has not had the lock since, if the lock is a fixture's, for what the test says in which order is not the
/// learner's mistake, and if another thread has changed what the lock guards before: the writer may only have taken a job.
pub(super) fn under_a_lock(case: Case<'_>) -> Option<Remark> {
    let race = Race::of(case).filter(|race| race.is_untold(case))?;
    let (reader, write) = (race.thread, race.other);
    let writer = case.event(write).thread;
    let own = || case.log.events_before(writer, write);
    let (gave_back, unlock) = own().rfind(|(_, event)| event.unlocks().is_some())?;
    let lock = unlock.unlocks().filter(|&lock| !case.log.object(lock).is_fixture)?;
    let (said, _) =
        own().rfind(|(number, event)| *number < gave_back && event.locks() == Some(lock))?;
    let mut heard = case.log.events_of(reader).filter(|(number, _)| *number > gave_back);
    let (heard, _) = heard.find(|(_, event)| event.locks() == Some(lock))?;
    let takes = case.log.events[..said].iter().any(|event| {
        event.thread != writer && event.unlocks() == Some(lock) && gives_back_changed(event)
    });
    if case.event(write).effect != Effect::Write || !has_changed(case, said) || takes {
        return None;
    }
    let (w, r, o) = (case.thread(writer), case.thread(reader), case.object(lock));
    let text = format!(
        "announced too early: {w} changes what {o} guards ({}), {r} goes by that ({}), and {w} writes the data only after its \
         change ({}). Write first, announce last.",
        at_row(said),
        at_row(heard),
        at_row(write)
    );
    Some(Remark::new(text).mark(said, "too early"))
}
