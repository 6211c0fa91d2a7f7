//! A thread looks whether a sleeper has to be woken, goes by what it finds, and wakes nobody.

use super::{Case, Remark, at_row, field, last_futex_sleep_of, tells};
use crate::record::{Effect, Event, ObjectId, Source, ThreadId};

/// The look is the last chance: a wake of the sleeper's word stands further down in its function, and nobody changes that word or
/// wakes anybody there afterwards. What is found must concern the sleeper: it has announced itself there, or the value stands for
/// a wake that came before it slept.
///
/// Silent if the thread that has looked has not left that function, and may wake the sleeper yet.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| of_sleeper(case, thread))
}

fn of_sleeper(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, sleep, _) = last_futex_sleep_of(case, thread)?;
    let word = sleep.object?;
    let (look, looks) = last_look(case, thread, asleep, word)?;
    let (left, leaves) = left_by(case, looks)?;
    let (t, u) = (case.thread(thread), case.thread(looks.thread));
    let lesson = match announcement(case, thread, asleep, looks) {
        Some(_) if leaves.thread == thread => {
            format!("That is how {t} has said that it sleeps: {u} must wake it.")
        }
        Some(announced) if announced < left => {
            format!(
                "There {t} had said that it sleeps ({}): that must stay as long as it does.",
                at_row(announced)
            )
        }
        _ => {
            let early = early_wake(case, thread, asleep, word, looks, left)?;
            format!("The wake that this stands for ({}) came before {t} slept.", at_row(early))
        }
    };
    let text = format!(
        "a wake that is left out: {t} sleeps on {} ({}), {u}'s {} finds {} in {} ({}), as {}'s {} left it ({}), and {u} wakes \
         nobody. {lesson}",
        case.object(word),
        at_row(asleep),
        looks.operation(),
        case.show(looks.reads()?),
        case.object(looks.object?),
        at_row(look),
        case.thread(leaves.thread),
        leaves.operation(),
        at_row(left)
    );
    Some(Remark::new(text).mark(look, format!("{t} is not woken")))
}

/// The last look of another thread at another word that decides whether to wake somebody on `word`.
fn last_look(
    case: Case<'_>,
    thread: ThreadId,
    asleep: usize,
    word: ObjectId,
) -> Option<(usize, &Event)> {
    let name = field(case, word);
    let may_wake = |event: &Event| {
        let wakes = |place| {
            ["wake_one", "wake_all"].iter().any(|wake| case.code.comes_later(place, wake, &name))
        };
        event.place.is_some_and(|place| wakes(place) && case.code.decides(place))
    };
    let mut since = case.log.events.iter().enumerate().skip(asleep + 1);
    let (look, looks) = since.rfind(|(_, event)| {
        event.thread != thread
            && event.object != Some(word)
            && event.reads().is_some()
            && may_wake(event)
    })?;
    let stays = case.log.threads[looks.thread].pending.map(|pending| pending.place);
    let is_in_there = !case.log.threads[looks.thread].has_ended()
        && stays.zip(looks.place).is_none_or(|(a, b)| case.code.same_function(a, b));
    let is_last = !case.log.events[look..].iter().any(|event| tells(event, word));
    (is_last && !is_in_there && !looks.is_stale()).then_some((look, looks))
}

/// The event that has left what a look finds there: not one that has put the same value in its place.
fn left_by<'a>(case: Case<'a>, looks: &Event) -> Option<(usize, &'a Event)> {
    let mut source = looks.source;
    while let Some(Source::Event(write)) = source {
        let event = case.log.events.get(write)?;
        if event.reads() != event.writes() {
            return Some((write, event));
        }
        source = event.source;
    }
    None
}

/// The event in which the sleeper has announced itself where the other looks. Not in the function of the look: who does the same as
/// the sleeper does not look for it.
fn announcement(case: Case<'_>, thread: ThreadId, asleep: usize, looks: &Event) -> Option<usize> {
    let (announced, event) = in_this_wait(case, thread, asleep)
        .filter(|(_, event)| event.object == looks.object && event.writes().is_some())
        .last()?;
    let is_same = event.place.zip(looks.place).is_none_or(|(a, b)| case.code.same_function(a, b));
    (!is_same).then_some(announced)
}

/// A wake by the thread that has left the value, after that and before the sleep. The sleeper has not looked at the value, or it
/// would know.
fn early_wake(
    case: Case<'_>,
    thread: ThreadId,
    asleep: usize,
    word: ObjectId,
    looks: &Event,
    left: usize,
) -> Option<usize> {
    let mut own = in_this_wait(case, thread, asleep);
    let is_news = looks.writes().is_some_and(|new| Some(new) != looks.reads());
    if is_news || own.any(|(_, event)| event.object == looks.object) {
        return None;
    }
    let mut wakes = case.log.events_before(case.event(left).thread, asleep);
    let wake = wakes.find(|(number, event)| {
        *number > left
            && event.object == Some(word)
            && matches!(&event.effect, Effect::Notify { woken, .. } if woken.is_empty())
    });
    wake.map(|(number, _)| number)
}

/// What a thread has done before it fell asleep, since it slept before.
fn in_this_wait(
    case: Case<'_>,
    thread: ThreadId,
    asleep: usize,
) -> impl Iterator<Item = (usize, &Event)> {
    let woke = case.log.events_before(thread, asleep).rfind(|(_, event)| event.sleeps());
    let since = woke.map_or(0, |(number, _)| number);
    case.log.events_before(thread, asleep).filter(move |(number, _)| *number > since)
}
