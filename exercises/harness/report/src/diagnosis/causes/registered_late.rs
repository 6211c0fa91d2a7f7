//! A thread looks whether it has to wait, and only then says that it waits: another thread makes the change in between,
//! finds nobody, and wakes nobody.

use super::{Case, Remark, at_row, last_futex_sleep_of, last_sleep_of};
use crate::record::{Effect, Event, ThreadId};

/// Silent if the sleeper looks again after it has said so; a futex looks at its own word.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    [of_sleeper, of_ticket].into_iter().find_map(|rule| {
        let mut threads = 0..case.log.threads.len();
        threads.find_map(|thread| rule(case, thread))
    })
}

/// The same if what the thread has read is the value of the futex's word by which it sleeps, and the other, which finds nobody,
/// leaves that as it is. Silent if anybody changes the word after all, or wakes one of those that sleep on it.
fn of_ticket(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, sleeps, _) = last_futex_sleep_of(case, thread)?;
    let own = || case.log.events_before(thread, asleep);
    let (registers, register) =
        own().rfind(|(_, event)| event.writes().is_some() && event.object != sleeps.object)?;
    let (look, _) =
        own().rfind(|(_, event)| event.object == sleeps.object && event.reads().is_some())?;
    let finds_nobody = |(number, event): &(usize, &Event)| {
        (look..registers).contains(number)
            && event.thread != thread
            && event.object == register.object
            && event.reads().is_some()
            && event.place.is_some_and(|place| case.code.decides(place))
    };
    let all = || case.log.events.iter().enumerate();
    let (finds, find) = all().find(finds_nobody)?;
    let mut since = all().skip(look).filter(|(_, event)| event.object == sleeps.object);
    if since
        .any(|(_, event)| event.writes().is_some() || matches!(event.effect, Effect::Notify { .. }))
    {
        return None;
    }
    let text = format!(
        "a lost wakeup: {} reads {}, by which it will sleep ({}), and only then says in {} that it waits ({}). In between {} \
         finds nobody waiting ({}) and wakes nobody. Say so first.",
        case.thread(thread),
        case.object(sleeps.object?),
        at_row(look),
        case.object(register.object?),
        at_row(registers),
        case.thread(find.thread),
        at_row(finds)
    );
    Some(Remark::new(text).mark(registers, "too late"))
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
