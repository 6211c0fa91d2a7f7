//! Two accesses under different locks, or one of them under none.

use super::{Case, Race, Remark, at_row};
use crate::record::{Effect, ObjectId};

/// Two accesses that hold locks, and none that both hold.
///
/// Silent if the reader has been told of something that the writer did later, or if an ordering is missing.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let race = Race::of(case).filter(|race| race.is_untold(case))?;
    let (thread, access, other) = (race.thread, race.access, race.other);
    let event = case.event(other);
    let locks = |thread, at| -> Vec<ObjectId> {
        let held = case.log.held(thread, at);
        held.into_iter().map(|(lock, _)| lock).collect()
    };
    let theirs = locks(event.thread, other);
    let mine = locks(thread, case.log.events.len());
    let any = !theirs.is_empty() || !mine.is_empty();
    if !any || theirs.iter().any(|lock| mine.contains(lock)) {
        return None;
    }
    let held = |locks: &[ObjectId]| match locks {
        [] => "no lock".to_owned(),
        all => all.iter().map(|&lock| case.object(lock)).collect::<Vec<_>>().join(" and "),
    };
    let what = match event.effect {
        Effect::Write => "writes",
        _ => "reads",
    };
    let o = case.object(access.object?);
    let text = format!(
        "{} holds {} when it {what} {o} ({}), {} holds {} when it {}s it. A lock orders only those who hold it: \
         both must hold the same one.",
        case.thread(event.thread),
        held(&theirs),
        at_row(other),
        case.thread(thread),
        held(&mine),
        access.name
    );
    let mark = match theirs.as_slice() {
        [] => "holds no lock".to_owned(),
        all => format!("holds {}", held(all)),
    };
    Some(Remark::new(text).mark(other, mark))
}
