//! A thread asks for a lock that it holds.

use super::{Case, Remark, at_row};
use crate::diagnosis::waits::all_needs;

pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let needs = all_needs(case.log);
    let own = needs.iter().find(|need| need.waits == need.of)?;
    let (lock, since) = own.lock?;
    let hint = if case.log.object(lock).type_name == "RwLock" {
        "It is not re-entrant: a thread that reads cannot write before it has unlocked, and may not even read again, \
         because a waiting writer goes first."
    } else {
        "It is not re-entrant."
    };
    let text = format!(
        "a lock taken twice: {} asks for {}, which it holds already ({}). {hint}",
        case.thread(own.waits),
        case.object(lock),
        at_row(since)
    );
    Some(Remark::new(text).mark(since, "still held"))
}
