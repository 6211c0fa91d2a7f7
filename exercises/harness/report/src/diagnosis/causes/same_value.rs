//! A thread is woken for a change that leaves the word as it was, and sleeps again.

use super::{Case, Remark, at_row, last_futex_sleep_of, last_wakeup};
use crate::record::{Effect, Event, ThreadId};

/// The waker puts a value in the word before it wakes the sleeper, and that value is there already. Silent if the sleeper does
/// more than look at the word before it sleeps again, and if the word changes later.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, sleep, expected) = last_futex_sleep_of(case, thread)?;
    let word = sleep.object?;
    let (woken, wakes) = last_wakeup(case, thread, word, asleep)?;
    let slept = case.log.events_before(thread, woken).rfind(|(_, event)| event.sleeps());
    let (slept, _) = slept.filter(|(_, e)| e.object == sleep.object && e.effect == sleep.effect)?;
    let looks_only = |event: &Event| {
        matches!(event.effect, Effect::Wakes { .. } | Effect::Load { .. })
            && event.object == Some(word)
    };
    let mut own = case.log.events_before(thread, asleep).filter(|(number, _)| *number > woken);
    let writes = |event: &Event| event.object == Some(word) && event.writes().is_some();
    let mut since =
        case.log.events.iter().enumerate().skip(slept).filter(|(_, event)| writes(event));
    let (wrote, write) = since.next()?;
    if !own.all(|(_, event)| looks_only(event))
        || write.thread != wakes.thread
        || write.writes() != Some(expected)
        || wrote > woken
        || since.next().is_some()
    {
        return None;
    }
    let (t, u, o) = (case.thread(thread), case.thread(write.thread), case.object(word));
    let value = case.show(expected);
    let text = format!(
        "a change that changes nothing: {t} sleeps as long as {o} is {value} ({}), {u}'s {} puts {value} there once more ({}) and \
         {u} wakes {t} ({}), which sleeps again ({}). Each time needs a value of its own: a number that counts on.",
        at_row(slept),
        write.operation(),
        at_row(wrote),
        at_row(woken),
        at_row(asleep)
    );
    Some(Remark::new(text).mark(wrote, format!("{value} already")))
}
