//! A plain store over a change that its thread has not seen: it looked, another thread changed the value, and the store
//! knows nothing of that.

use super::{Case, Remark, about, at_row, last_futex_sleep_of};
use crate::diagnosis::code::Use;
use crate::reading::culprit;
use crate::record::{Effect, Event, Standing};
use harness_base::protocol::Kind;

/// A look, another thread's change, and the store that wipes it out.
#[derive(Clone, Copy, Debug)]
struct Overwritten {
    look: usize,
    between: usize,
    store: usize,
}

/// The change must be a read-modify-write, or the thread must answer with what it saw. Silent if it has no use for
/// that, if the change left the value as it was, and if what failed has nothing to do with it: the panic must speak
/// of the atomic, the sleeper must be the one whose change is lost.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let all = (0..case.log.events.len()).filter_map(|store| overwritten(case, store));
    let mut concerned = all.filter(|lost| match case.kind {
        Kind::Deadlock => sleeps_for_it(case, *lost),
        _ => is_spoken_of(case, *lost).unwrap_or_default(),
    });
    let lost = concerned.next()?;
    let (store, change) = (case.event(lost.store), case.event(lost.between));
    let (t, u, o) =
        (case.thread(store.thread), case.thread(change.thread), case.object(store.object?));
    let text = format!(
        "lost update: {t} reads {o} ({}), {u} changes it by its {} ({}), and {t}'s store ({}) goes over that unseen. \
         A swap or a compare_exchange in place of load and store sees what it replaces.",
        at_row(lost.look),
        change.operation(),
        at_row(lost.between),
        at_row(lost.store)
    );
    Some(Remark::new(text).mark(lost.store, format!("overwrites what {u} wrote")))
}

/// A thread puts the value by which it sleeps over what another has written since it looked. Silent if the word is no longer, or
/// not again, that value, and if the thread has slept since: then it was woken for that change.
pub(super) fn by_sleeper(case: Case<'_>) -> Option<Remark> {
    (0..case.log.threads.len()).find_map(|thread| {
        let (asleep, sleep, expected) = last_futex_sleep_of(case, thread)?;
        let word = sleep.object?;
        let mut own = case.log.events_before(thread, asleep).filter(|(_, e)| e.object == Some(word));
        let (store, _) = own.rfind(|(_, event)| event.writes().is_some()).filter(
            |(_, event)| matches!(event.effect, Effect::Store { value, .. } if value == expected),
        )?;
        let before = own.rfind(|(_, event)| event.order().is_some() || event.sleeps());
        let (look, _) = before.filter(|(_, event)| event.reads().is_some())?;
        let (between, change) = (look + 1..store)
            .map(|number| (number, case.event(number)))
            .rfind(|(_, event)| event.object == Some(word) && event.writes().is_some())?;
        let left = change.writes().filter(|left| *left != expected && change.thread != thread)?;
        let (t, u, o) = (case.thread(thread), case.thread(change.thread), case.object(word));
        let text = format!(
            "a change that is written over: {u}'s {} leaves {} in {o} ({}), and {t}'s store puts {} in its place ({}) and sees \
             nothing of that; then {t} sleeps as long as that is there ({}). Put it there by a swap or a compare_exchange, and \
             go by what they found.",
            change.operation(),
            case.show(left),
            at_row(between),
            case.show(expected),
            at_row(store),
            at_row(asleep)
        );
        let is_left = case.log.object(word).newest == expected;
        is_left.then(|| Remark::new(text).mark(store, format!("overwrites what {u} wrote")))
    })
}

fn overwritten(case: Case<'_>, store: usize) -> Option<Overwritten> {
    let event = case.event(store);
    let Effect::Store { value, .. } = event.effect else {
        return None;
    };
    let mut own = case.log.events_before(event.thread, store);
    let (look, load) =
        own.rfind(|(_, other)| other.object == event.object && other.order().is_some())?;
    let saw = match load.effect {
        Effect::Load { got, .. } => got,
        _ => return None,
    };
    let used = case.code.use_of(load.place?, event.place?)?;
    if used == Use::Ignored {
        return None;
    }
    // The one that is there when the store comes.
    let between = (look + 1..store).rfind(|&number| {
        let other = case.event(number);
        other.object == event.object && other.writes().is_some()
    })?;
    let change = case.event(between);
    let wrote = change.writes()?;
    let unseen = change.thread != event.thread && wrote != saw;
    // What the thread gives away is given away twice, whatever is left in its place.
    let counts = change.reads().is_some() && wrote != value || used == Use::Answers;
    (unseen && counts).then_some(Overwritten { look, between, store })
}

/// Whether the thread whose change is lost has fallen asleep after it, for good.
fn sleeps_for_it(case: Case<'_>, lost: Overwritten) -> bool {
    let thread = case.event(lost.between).thread;
    let is_asleep = case.log.threads[thread].standing == Standing::Asleep;
    let own = case.log.events_of(thread);
    let mut since = own.filter(|(number, _)| *number > lost.between);
    let looked_again =
        |event: &Event| event.object == case.event(lost.store).object && event.writes().is_some();
    is_asleep && !since.any(|(_, event)| looked_again(event))
}

fn is_spoken_of(case: Case<'_>, lost: Overwritten) -> Option<bool> {
    let panic = culprit(case.log)?;
    let spoken = case.code.spoken_of(panic)?;
    let object = case.event(lost.store).object?;
    Some(lost.store < panic.at && about(case, panic, &spoken, object, lost.store))
}
