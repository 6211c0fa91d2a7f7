//! A thread waits in a call that must not, as the test says; or for a thread that the test has stopped in the middle of a call.

use super::{Case, Remark, at_row, last_sleep_of};
use crate::record::Wait;
use harness_base::protocol::Kind;

/// Silent if it waits for a lock, and if another thread spins.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let mut inside = case.log.threads.iter().enumerate();
    inside.find_map(|(thread, inside)| {
        let call = inside.must_not_wait_in?;
        let (number, waits) = match case.kind {
            Kind::Deadlock => (last_sleep_of(case, thread)?.0, "falls asleep"),
            _ if case.log.running == thread => (case.log.events_of(thread).next_back()?.0, "spins"),
            _ => return None,
        };
        let text = format!(
            "a call that waits: {call} must not wait for another thread, and {} {waits} in it ({}).",
            case.thread(thread),
            at_row(number)
        );
        Some(Remark::new(text).mark(number, "waits"))
    })
}

/// Silent if the stopped thread is not waited for: nobody else waits.
pub(super) fn of_stopped(case: Case<'_>) -> Option<Remark> {
    let mut threads = case.log.threads.iter().enumerate();
    let (stopped, (call, at)) = threads.find_map(|(n, thread)| Some((n, thread.stopped_in?)))?;
    let (last, _) = case.log.events_before(stopped, at).next_back()?;
    let mut others = (0..case.log.threads.len()).filter(|&other| other != stopped);
    let (waiter, waits) = others.find_map(|other| match case.log.waits(other) {
        Some(Wait::ForLock(_)) => Some((other, "waits for its lock")),
        Some(Wait::Asleep) => Some((other, "sleeps")),
        None if case.log.running == other => Some((other, "spins")),
        _ => None,
    })?;
    let text = format!(
        "a call that others wait for: {} is stopped in the middle of {call} (behind {}), as the operating system may stop a \
         thread anywhere and for long, and {} {waits}.",
        case.thread(stopped),
        at_row(last),
        case.thread(waiter)
    );
    Some(Remark::new(text).mark(last, "is stopped"))
}
