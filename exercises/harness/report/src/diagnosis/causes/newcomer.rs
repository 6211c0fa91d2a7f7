//! A wakeup for one goes to a thread that began to sleep after the change, and knows of it.

use super::{Case, Remark, at_row, last_futex_sleep_of};
use crate::record::{Effect, Event, ThreadId};

/// The word has changed since the one fell asleep, the other fell asleep on the new value, and is woken. Silent if the word has
/// changed again.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, sleep, expected) = last_futex_sleep_of(case, thread)?;
    let word = sleep.object?;
    let is_of_word = |event: &Event| event.object == Some(word);
    let since = || case.log.events.iter().enumerate().skip(asleep).filter(|(_, e)| is_of_word(e));
    let (woken, wakes, newcomer) =
        since().rev().find_map(|(number, event)| match &event.effect {
            Effect::Notify { woken, .. } => Some((number, event, woken.as_slice())),
            _ => None,
        })?;
    let &[newcomer] = newcomer else {
        return None;
    };
    let mut before = case.log.events_before(newcomer, woken);
    let (slept, new) = before.rfind(|(_, event)| is_of_word(event) && event.sleeps())?;
    let Effect::Sleeps { expected: Some(found), .. } = new.effect else {
        return None;
    };
    let (changed, change) =
        since().rfind(|(number, event)| *number < slept && event.writes() == Some(found))?;
    if found == expected || case.log.object(word).newest != found {
        return None;
    }
    let (t, n, o) = (case.thread(thread), case.thread(newcomer), case.object(word));
    let lesson = match sleeps_again(case, newcomer, woken) {
        Some(again) => format!(
            "{n} finds {o} as it was and sleeps again ({}). A thread that is woken must return, or its wakeup is lost.",
            at_row(again)
        ),
        None => "If the news is for all who slept before, wake all.".to_owned(),
    };
    let text = format!(
        "a newcomer has the wakeup: {t} sleeps on {o} ({}), {} changes that ({}), and {n} sleeps there only since ({}); but {} \
         wakes {n} ({}), and {t} sleeps on. {lesson}",
        at_row(asleep),
        case.thread(change.thread),
        at_row(changed),
        at_row(slept),
        case.thread(wakes.thread),
        at_row(woken)
    );
    Some(Remark::new(text).mark(woken, format!("{t} is not woken")))
}

/// Where a thread that was woken falls asleep again, as before: it has only looked at the word.
fn sleeps_again(case: Case<'_>, thread: ThreadId, woken: usize) -> Option<usize> {
    let (_, slept) = case.log.events_before(thread, woken).rfind(|(_, event)| event.sleeps())?;
    let looks = |event: &Event| {
        event.object == slept.object
            && matches!(event.effect, Effect::Wakes { .. } | Effect::Load { .. })
    };
    let mut own =
        case.log.events_of(thread).filter(|(number, event)| *number > woken && !looks(event));
    let (again, _) = own
        .next()
        .filter(|(_, event)| event.effect == slept.effect && event.object == slept.object)?;
    Some(again)
}
