//! A loop around a futex wait that returns at once each time: the word never is what the wait expects.

use super::{AGAIN_AND_AGAIN, Case, Remark, at_row, end_of};
use crate::record::{Effect, Event};

/// Silent if the thread has found the expected value there in between: that is an old one, or another thread changes the word.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let (thread, _) = end_of(case)?;
    let is_wait = |event: &Event| matches!(event.effect, Effect::NoSleep { .. });
    let own = || case.log.events_of(thread).rev();
    let (last, event) = own().find(|(_, event)| is_wait(event))?;
    let Effect::NoSleep { name, expected, found } = event.effect else {
        return None;
    };
    let of_word = own().filter(|(_, other)| other.object == event.object);
    let rounds = of_word.take_while(|(_, other)| other.reads() != Some(expected));
    let again = rounds
        .filter(|(_, other)| is_wait(other))
        .take_while(|(_, other)| other.effect == event.effect && other.place == event.place);
    if again.count() < AGAIN_AND_AGAIN {
        return None;
    }
    let text = format!(
        "a sleep that never begins: {} would sleep in {name} as long as {} is {} ({}), and it is {} each time. Expect what the \
         word holds while others have to wait.",
        case.thread(thread),
        case.object(event.object?),
        case.show(expected),
        at_row(last),
        case.show(found)
    );
    Some(Remark::new(text).mark(last, "does not sleep"))
}
