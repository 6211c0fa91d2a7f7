//! A wakeup for a thread that had been woken already, and waits no more, while another sleeps.

use super::{Case, Remark, at_row, last_sleep_of};
use crate::record::{Effect, Event, ThreadId};

/// Silent if the wakeup comes before the sleep, if it is remembered for somebody who sleeps later, and if it goes to
/// something that was not made at the same place as what the sleeper sleeps on.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, sleeps) = last_sleep_of(case, thread)?;
    let mut since = case.log.events.iter().enumerate().skip(asleep).rev();
    let (waker, (target, woke), wakes) = since.find_map(|(number, event)| {
        let gone = goes_to_somebody_gone(case, sleeps, number, event)?;
        Some((number, gone, event))
    })?;
    let (t, u, v) = (case.thread(thread), case.thread(wakes.thread), case.thread(target));
    let text = format!(
        "a wakeup that goes astray: {u} wakes {v} ({}), which woke up before ({}) and waits no more, and {t} sleeps \
         ({}). A thread that wakes up must be off the list of those that wait, and on it again before it sleeps again.",
        at_row(waker),
        at_row(woke),
        at_row(asleep)
    );
    Some(Remark::new(text).mark(waker, format!("{v} waits no more")))
}

/// Whom a wakeup was for, and the event in which that thread had woken up for good.
fn goes_to_somebody_gone(
    case: Case<'_>,
    sleeps: &Event,
    number: usize,
    wakes: &Event,
) -> Option<(ThreadId, usize)> {
    let target = match &wakes.effect {
        Effect::Unpark(target) if sleeps.object.is_none() => *target,
        Effect::Notify { woken, .. } if woken.is_empty() && wakes.object != sleeps.object => {
            let [here, there] = [wakes.object?, sleeps.object?].map(|id| case.log.object(id).made);
            let slept = |event: &&Event| event.object == wakes.object && event.sleeps();
            case.log.events[..number].iter().rev().find(slept).filter(|_| here == there)?.thread
        }
        _ => return None,
    };
    let woke_up = |event: &Event| matches!(event.effect, Effect::Wakes { .. });
    let (woke, _) = case.log.events_before(target, number).rfind(|(_, event)| woke_up(event))?;
    let mut later = case.log.events_of(target).filter(|(later, _)| *later > woke);
    let is_gone = !later.any(|(_, event)| event.sleeps() || event.effect == Effect::ParkReturns);
    (is_gone && target != wakes.thread).then_some((target, woke))
}
