//! Two threads find the same value at the same place, and each replaces it by the same other one: only one of them
//! should have.

use super::{Case, Race, Remark, at_row, lost_update};
use crate::diagnosis::code::{Dependence, Spot};
use crate::diagnosis::torn::{Torn, own_pairs};
use crate::reading::{culprit, racing_access};
use crate::record::ThreadId;
use harness_base::protocol::Kind;

pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let (thread, inside) = match racing_access(case.log) {
        Some((thread, access)) if case.kind == Kind::DataRace => (thread, Spot::of(access.place)?),
        _ => {
            let panic = culprit(case.log)?;
            (panic.thread, Spot::of_panic(panic)?)
        }
    };
    let entry = |thread: ThreadId| {
        let torn = own_pairs(case, thread).last()?;
        let found = case.event(torn.read).reads()?;
        let wrote = case.event(torn.write).writes()?;
        let enters = torn.dependence == Dependence::Control && wrote != found;
        enters.then_some((torn, found, wrote))
    };
    let (mine, found, wrote) = entry(thread)?;
    // It is inside still.
    let mut since = case.log.events_of(thread).filter(|(n, _)| *n > mine.write);
    if since.any(|(_, event)| event.object == Some(mine.object) && event.writes().is_some()) {
        return None;
    }
    let place = |event: usize| case.event(event).place;
    let look = place(mine.read)?;
    let is_inside = case.code.is_waited_for(look)
        || case.code.guards(look, &inside)
        || case.code.lets_through(look, &inside);
    if !is_inside {
        return None;
    }
    let others = (0..case.log.threads.len()).filter(|&other| other != thread);
    let same = |other: &ThreadId| {
        entry(*other).filter(|(theirs, f, w)| {
            (theirs.object, *f, *w) == (mine.object, found, wrote)
                && place(theirs.read) == place(mine.read)
                && place(theirs.write) == place(mine.write)
                && theirs.read < mine.write
                && mine.read < theirs.write
        })
    };
    let (theirs, ..) = others.filter_map(|other| same(&other)).next()?;
    let (first, second) = if mine.write < theirs.write { (mine, theirs) } else { (theirs, mine) };
    let [t, u] = [first, second].map(|torn| case.thread(case.event(torn.read).thread));
    let o = case.object(mine.object);
    let text = format!(
        "check-then-act: {t} ({}) and {u} ({}) both find {o} as it was, both store ({} and {}), and both go on. Look \
         and store in one step: compare_exchange or swap.",
        at_row(first.read),
        at_row(second.read),
        at_row(first.write),
        at_row(second.write)
    );
    let mark = format!("{t} has stored already");
    Some(Remark::new(text).mark(second.write, mark))
}

/// The same of two threads of which one has looked, and the other has come right between that and its change, wherever the data
/// are used. Silent if the thread has done anything else in between, for then it need not be what fails here.
pub(super) fn of_race(case: Case<'_>) -> Option<Remark> {
    let race = Race::of(case)?;
    let other = case.event(race.other).thread;
    let torn =
        [(race.thread, other), (other, race.thread)].into_iter().find_map(|(looks, comes)| {
            let torn = own_pairs(case, looks).last()?;
            let found = case.event(torn.read).reads()?;
            let (last, _) = case.log.events_before(looks, torn.write).next_back()?;
            let between = (torn.read + 1..torn.write).rfind(|&number| {
                let event = case.event(number);
                event.thread == comes
                    && event.object == Some(torn.object)
                    && event.writes().is_some_and(|new| new != found)
            })?;
            let splits = torn.dependence == Dependence::Control && last == torn.read;
            splits.then_some(Torn { between, ..torn })
        })?;
    Some(lost_update::remark(case, &torn, false))
}
