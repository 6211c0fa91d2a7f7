//! A mark in a futex's word said that a thread sleeps, and is gone: the thread that should wake the sleeper goes by the word.

use super::{Case, Remark, at_row, last_futex_sleep_of};
use crate::record::{Effect, Source, ThreadId};

/// A mark is what a thread writes where it falls asleep. Silent if the last change has seen the mark, if nothing goes by what
/// that change has seen, and if the thread that took the mark away has told another one than the one that left none.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, event, expected) = last_futex_sleep_of(case, thread)?;
    let of_word = || case.log.events.iter().enumerate().filter(|(_, e)| e.object == event.object);
    let writes = || of_word().filter(|(_, event)| event.writes().is_some());
    let (marked, mark) = writes().rfind(|(number, _)| *number < asleep)?;
    let is_mark = of_word().any(|(number, sleep)| {
        number > marked
            && sleep.sleeps()
            && sleep.thread == mark.thread
            && mark.place.zip(sleep.place).is_some_and(|(a, b)| case.code.same_function(a, b))
    });
    let (gone, takes) = writes().find(|(number, _)| *number > asleep)?;
    let (changed, change) = writes().next_back()?;
    let found = change.reads()?;
    let Some(Source::Event(left)) = change.source else {
        return None;
    };
    if !is_mark || left < gone || found == expected || !case.code.decides(change.place?) {
        return None;
    }
    let (leaves, t) = (case.event(left), case.thread(thread));
    let taken = if gone == left {
        String::new()
    } else {
        let tells = |event: &Effect| matches!(event, Effect::Notify { woken, .. } if woken.contains(&leaves.thread));
        of_word().find(|(number, e)| (gone..left).contains(number) && tells(&e.effect))?;
        format!(
            "{}'s {} ({}) takes that away and wakes {}, ",
            case.thread(takes.thread),
            takes.operation(),
            at_row(gone),
            case.thread(leaves.thread)
        )
    };
    let text = format!(
        "the mark of a sleeper is lost: {t} sleeps as long as {} is {} ({}), {taken}{} leaves {} there by its {} ({}), and so \
         {}'s {} ({}) wakes nobody. Leave the mark there as long as a thread may sleep.",
        case.object(event.object?),
        case.show(expected),
        at_row(asleep),
        case.thread(leaves.thread),
        case.show(found),
        leaves.operation(),
        at_row(left),
        case.thread(change.thread),
        change.operation(),
        at_row(changed)
    );
    Some(Remark::new(text).mark(left, format!("{t} sleeps, and the mark is gone")))
}
