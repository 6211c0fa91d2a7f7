//! A futex's word is no longer what its sleeper expects, and nobody woke the sleeper after that change.

use super::{Case, Remark, at_row, last_sleep_of, what};
use crate::record::{Effect, ThreadId};

/// Silent if the word is, or is again, what the sleeper expects: then it would sleep anyway.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, event) = last_sleep_of(case, thread)?;
    let Effect::Sleeps {
        expected: Some(expected),
        ..
    } = event.effect
    else {
        return None;
    };
    let word = event.object?;
    if case.log.object(word).newest == expected {
        return None;
    }
    // The change after which it would not have slept any more.
    let since = || case.log.events.iter().enumerate().skip(asleep);
    let of_word = || since().filter(|(_, event)| event.object == Some(word));
    let (changed, change) = of_word().find(|(_, event)| event.writes().is_some())?;
    let wakes = of_word().filter(|(_, event)| matches!(event.effect, Effect::Notify { .. }));
    let (before, after): (Vec<_>, Vec<_>) = wakes.partition(|(number, _)| *number < changed);
    if !after.is_empty() {
        return None;
    }
    let (t, u, o) = (
        case.thread(thread),
        case.thread(change.thread),
        case.object(word),
    );
    let too_early = before.last().map_or_else(String::new, |(number, _)| {
        format!(" The wake in {} comes before it.", at_row(*number))
    });
    let text = format!(
        "a change that nobody is told of: {t} sleeps as long as {o} is {} ({}), {u} changes it by its {} ({}), and no \
         thread wakes {t} after that.{too_early} Change first, then wake.",
        case.show(expected),
        at_row(asleep),
        what(change),
        at_row(changed)
    );
    Some(Remark::new(text).mark(changed, format!("{t} is not woken")))
}
