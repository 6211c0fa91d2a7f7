//! A send that nobody receives: its channel has a receiver, and no thread is left to use it.

use super::channels::{all_wait_at_channels, asleep_at, last_user};
use super::{Case, Remark, at_row};
use crate::record::channel::Side;
use crate::record::{ObjectId, Reference, ThreadId, Wait};

/// Silent if a thread waits for something else than a channel or the end of a thread: that may be why.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    if !all_wait_at_channels(case) {
        return None;
    }
    (0..case.log.threads.len()).find_map(|thread| of_sender(case, thread))
}

fn of_sender(case: Case<'_>, thread: ThreadId) -> Option<Remark> {
    let (asleep, channel) = asleep_at(case, thread, "send")?;
    let ends = &case.log.object(channel).ends;
    let receivers: Vec<&Reference> = ends.of(Side::Receiver).collect();
    let (t, o) = (case.thread(thread), case.object(channel));
    let rest = match receivers.as_slice() {
        [only] => of_receiver(case, thread, channel, only),
        all => format!("{} receivers are there, and none of them is used again", all.len()),
    };
    let text = format!(
        "a send that nobody receives: {t} sleeps in {o}.send ({}), and {rest}. Receive until the channel is closed; or drop \
         the receiver, then the send fails.",
        at_row(asleep)
    );
    Some(Remark::new(text).mark(asleep, "nobody receives this"))
}

/// What became of the thread that used the only receiver last, if one has.
fn of_receiver(
    case: Case<'_>,
    sender: ThreadId,
    channel: ObjectId,
    receiver: &Reference,
) -> String {
    let Some((row, holder)) = last_user(case, channel, receiver.number) else {
        // It may have been given to any thread.
        let maker = case.thread(receiver.maker);
        return format!("no thread has used the receiver, which {maker} made");
    };
    let h = case.thread(holder);
    if holder == sender {
        return format!("{h} itself used the receiver last ({})", at_row(row));
    }
    let received = format!("{h}, which used the receiver last ({})", at_row(row));
    let now = match case.log.waits(holder) {
        Some(Wait::ForEnd(target)) => format!("waits for {} to end", case.thread(target)),
        Some(Wait::Asleep) => {
            let pending = case.log.threads[holder].pending;
            let at = pending.and_then(|pending| Some((pending.object?, pending.name)));
            match at {
                Some((id, name)) => format!("sleeps in {}.{name} itself", case.object(id)),
                None => "sleeps itself".to_owned(),
            }
        }
        _ => "has ended, and the receiver is not dropped".to_owned(),
    };
    format!("{received}, {now}")
}
