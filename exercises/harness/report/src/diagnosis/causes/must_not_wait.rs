//! A thread waits in a call that must not, as the test says.

use super::{Case, Remark, at_row, last_sleep_of};
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
