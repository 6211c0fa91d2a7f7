//! Threads that wait for each other in a ring: locks taken in different orders, or a join that keeps a lock.

use super::{Case, Remark, at_row};
use crate::diagnosis::waits::{Needs, all_needs, ring};
use crate::place::is_in_models;

pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let cycle = ring(&all_needs(case.log))?;
    if cycle.len() == 1 {
        return None;
    }
    let held = |need: &Needs| {
        need.lock.map(|(lock, since)| format!("{} ({})", case.object(lock), at_row(since)))
    };
    let mut remark = if let Some(join) = cycle.iter().find(|need| need.lock.is_none()) {
        // Begin with the one that joins: it holds what the others come to need.
        let at = cycle.iter().position(|need| need.waits == join.waits)?;
        let (after, before) = (&cycle[at + 1..], &cycle[..at]);
        let rest: Vec<String> = after
            .iter()
            .chain(before)
            .map(|need| match held(need) {
                Some(lock) => {
                    format!("{} needs {lock} of {}", case.thread(need.waits), case.thread(need.of))
                }
                None => {
                    format!("{} waits for {} to end", case.thread(need.waits), case.thread(need.of))
                }
            })
            .collect();
        if rest.is_empty() {
            return None;
        }
        let joined = case.log.threads[join.waits].pending?.place;
        let locks = cycle.iter().filter(|need| need.of == join.waits).filter_map(|need| need.lock);
        let mut locked = locks.filter_map(|(_, since)| case.event(since).place);
        // It joins in a closure or a destructor that the lesson calls.
        let remedy = if is_in_models(joined) && locked.any(|place| !is_in_models(place)) {
            "The join is in code of the caller: run that without a lock."
        } else {
            "Unlock before you join."
        };
        Remark::new(format!(
            "a join that keeps a lock: {} waits for {} to end, and {}. {remedy}",
            case.thread(join.waits),
            case.thread(join.of),
            rest.join(", and ")
        ))
    } else {
        // Each holds what the one before it wants.
        let links: Option<Vec<String>> = cycle
            .iter()
            .enumerate()
            .map(|(i, need)| {
                let before = &cycle[(i + cycle.len() - 1) % cycle.len()];
                let (wanted, _) = need.lock?;
                Some(format!(
                    "{} holds {} and wants {}",
                    case.thread(need.waits),
                    held(before)?,
                    case.object(wanted)
                ))
            })
            .collect();
        Remark::new(format!(
            "locks taken in different orders: {}. Let all threads take them in one order.",
            links?.join(", ")
        ))
    };
    for need in &cycle {
        if let Some((_, since)) = need.lock {
            let mark = format!("{} wants it", case.thread(need.waits));
            remark = remark.mark(since, mark);
        }
    }
    Some(remark)
}
