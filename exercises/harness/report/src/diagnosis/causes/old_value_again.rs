//! A loop that goes on reading an old value, beside another atomic whose value it reads is newer: nothing orders the two
//! for its thread.

use super::missing_ordering::{mark_ends, needs};
use super::{AGAIN_AND_AGAIN, Case, Remark, at_row, end_of};
use crate::diagnosis::order::{Later, Missing, missing};
use crate::record::Event;

/// A loop with more operations than this is not looked at.
const LONGEST_ROUND: usize = 20;

/// Silent if the loop changes something, or if no pair of operations, of which it makes the later one in each round, would
/// show it a newer value.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let (thread, _) = end_of(case)?;
    let own: Vec<(usize, &Event)> = case.log.events_of(thread).collect();
    let is_again = |a: &Event, b: &Event| a.place == b.place && a.effect == b.effect;
    let round = &own[own.len().saturating_sub(LONGEST_ROUND)..];
    let in_round = |event: &Event| round.iter().any(|(_, other)| is_again(event, other));
    let begin = own.iter().rposition(|(_, event)| !in_round(event)).map_or(0, |last| last + 1);
    let rounds = &own[begin..];
    if rounds.iter().any(|(_, event)| event.writes().is_some()) {
        return None;
    }
    let first = |event: &Event| rounds.iter().find(|(_, other)| is_again(event, other));
    let &(old, stale) = rounds.iter().find(|(_, event)| event.is_stale())?;
    let mut again = rounds.iter().filter(|(_, event)| is_again(event, stale));
    // In the second round it has read all that it reads.
    let (second, _) = *again.nth(1)?;
    if again.count() + 2 < AGAIN_AND_AGAIN {
        return None;
    }
    let mut log = case.log.clone();
    log.events.truncate(second + 1);
    let newer = case.log.events[..old].iter().enumerate().rev();
    let newer = newer
        .filter(|(_, event)| event.object == stale.object && event.writes().is_some())
        .take_while(|(_, event)| event.writes() != stale.reads() && event.thread != thread);
    let found = newer.filter_map(|(newer, _)| missing(&log, newer, Later::Event(second)));
    let Missing { write, read, stronger } =
        { found }.find(|found| rounds.iter().any(|(number, _)| *number == found.read))?;
    let (read, reader) = *first(case.event(read))?;
    let missing = Missing { write, read, stronger: stronger.at(read) };
    let writer = case.event(write);
    let t = case.thread(thread);
    let text = format!(
        "{t} goes on reading an old value of {} ({}). It reads {} too ({}), and that does not order it after what {} did \
         and saw before its {} ({}): {}.",
        case.object(stale.object?),
        at_row(old),
        case.object(reader.object?),
        at_row(read),
        case.thread(writer.thread),
        writer.operation(),
        at_row(write),
        needs(case, missing)?
    );
    Some(mark_ends(case, missing, Remark::new(text)))
}
