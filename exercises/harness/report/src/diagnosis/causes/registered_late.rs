//! A thread looks whether it has to wait, and only then says that it waits: another thread makes the change in between,
//! finds nobody, and wakes nobody.

use super::{Case, Remark, at_row, last_sleep_of};
use crate::record::ThreadId;

/// Silent if the sleeper looks again after it has said so; a futex looks at its own word.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, sleeps) = last_sleep_of(case, thread)?;
    let (registers, register) =
        case.log.events_before(thread, asleep).rfind(|(_, event)| event.writes().is_some())?;
    let (look, looks) = case
        .log
        .events_before(thread, asleep)
        .rfind(|(_, event)| event.reads().is_some() && event.object != register.object)?;
    if look > registers || sleeps.object == looks.object || !case.code.decides(looks.place?) {
        return None;
    }
    // The change, and the other's look for somebody who waits.
    let (changes, change) = (look + 1..registers).find_map(|number| {
        let event = case.event(number);
        let changes = event.object == looks.object && event.writes().is_some();
        (changes && event.thread != thread).then_some((number, event))
    })?;
    let (finds, _) = case.log.events_of(change.thread).find(|(number, event)| {
        (changes..registers).contains(number)
            && event.object == register.object
            && event.reads().is_some()
            && event.place.is_some_and(|place| case.code.decides(place))
    })?;
    let (t, u) = (case.thread(thread), case.thread(change.thread));
    let (word, waiters) = (case.object(looks.object?), case.object(register.object?));
    let text = format!(
        "a lost wakeup: {t} looks at {word} ({}) and only then says in {waiters} that it waits ({}). In between {u} \
         changes {word} ({}), finds nobody waiting ({}) and wakes nobody. Say so first, then look.",
        at_row(look),
        at_row(registers),
        at_row(changes),
        at_row(finds)
    );
    Some(Remark::new(text).mark(registers, "too late"))
}
