//! A thread is counted only after it was started: it may be done before that.

use super::{Case, Remark, at_row, end_of, field};
use crate::record::{Effect, ObjectId, ThreadId};

/// Somebody waits and goes on too early; a child that has ended took part in what it waits for, and its parent stands
/// between the spawn and a change of the same object further down in the same function.
///
/// Silent if what stands further down concerns another object.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let (culprit, end) = end_of(case)?;
    let spawns = case.log.events[..end].iter().enumerate();
    spawns
        .filter_map(|(number, event)| match event.effect {
            Effect::Spawn(child) => Some((number, event.thread, child)),
            _ => None,
        })
        .find_map(|(spawn, parent, child)| of_spawn(case, culprit, spawn, parent, child))
}

fn of_spawn(
    case: Case<'_>,
    culprit: ThreadId,
    spawn: usize,
    parent: ThreadId,
    child: ThreadId,
) -> Option<Remark> {
    let place = case.event(spawn).place?;
    let operation = |id: ObjectId| match case.log.object(id).type_name {
        "Mutex" => Some("lock"),
        name if name.starts_with("Atomic") => Some("fetch_add"),
        _ => None,
    };
    // What the child has taken part in, and the parent has not come to since.
    let mut own = case.log.events_of(child);
    let (told, object) = own.find_map(|(number, event)| {
        let id = event.object?;
        let takes = event.locks().is_some() || event.writes().is_some();
        let counts = takes && case.code.comes_later(place, operation(id)?, &field(case, id));
        let counted = case.log.events_of(parent).any(|(n, e)| n > spawn && e.object == Some(id));
        (counts && !counted).then_some((number, id))
    })?;
    let woke = case.log.events_of(child).any(|(number, event)| {
        number > told
            && matches!(&event.effect, Effect::Notify { woken, .. } if woken.contains(&culprit))
    });
    // A parent that has not come to count has not waited either: what fails in it is something else.
    if !woke || culprit == child || culprit == parent {
        return None;
    }
    let [t, p, c] = [culprit, parent, child].map(|thread| case.thread(thread));
    let text = format!(
        "counted too late: {p} starts {c} ({}) and counts it in {} only afterwards. {c} is done before that ({}), and \
         {t} takes it that nobody is left. Count first, then start.",
        at_row(spawn),
        case.object(object),
        at_row(told)
    );
    Some(Remark::new(text).mark(spawn, format!("{c} is not counted yet")))
}
