//! A receive that waits for ever, because a sender is kept alive that nobody uses any more.

use super::channels::{all_wait_at_channels, asleep_at, cloned, last_user};
use super::{Case, Remark, at_row};
use crate::place::short;
use crate::record::channel::Side;
use crate::record::{ObjectId, Reference};

/// More senders than this are not pointed at one by one.
const FEW: usize = 2;

/// Silent if a thread waits for something else than a channel or the end of a thread, and if a thread sleeps in a send or at
/// another channel: what it waits for may be why.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    if !all_wait_at_channels(case) {
        return None;
    }
    let all = 0..case.log.threads.len();
    let mut asleep = all.filter_map(|thread| {
        let receives = asleep_at(case, thread, "recv");
        let waits = receives.or_else(|| asleep_at(case, thread, "send"))?;
        Some((thread, waits, receives.is_some()))
    });
    let (thread, (row, channel), receives) = asleep.next()?;
    if !receives || asleep.any(|(_, (_, other), receives)| other != channel || !receives) {
        return None;
    }
    let senders: Vec<&Reference> = case.log.object(channel).ends.of(Side::Sender).collect();
    let (t, o) = (case.thread(thread), case.object(channel));
    let begin = format!(
        "a sender that is kept alive: {t} sleeps in {o}.recv ({}) until a value comes or {o} is closed. Nobody sends",
        at_row(row)
    );
    const REMEDY: &str =
        "Drop each sender as soon as its last value is sent; an original as well as its clones.";
    if senders.len() > FEW {
        let text = format!("{begin}, and {} senders are not dropped. {REMEDY}", senders.len());
        return Some(Remark::new(text));
    }
    let kept: Vec<String> = senders.iter().map(|sender| described(case, channel, sender)).collect();
    let text = format!("{begin}, and not dropped is {}. {REMEDY}", kept.join(", nor "));
    let births = senders.iter();
    let births = births.filter_map(|sender| cloned(case, channel, sender.number));
    Some(births.fold(Remark::new(text), |remark, birth| remark.mark(birth, "not dropped")))
}

/// Which sender it is.
fn described(case: Case<'_>, channel: ObjectId, sender: &Reference) -> String {
    let maker = case.thread(sender.maker);
    let made = match cloned(case, channel, sender.number) {
        Some(row) => format!("the clone that {maker} made ({})", at_row(row)),
        None => format!("the sender that {maker} made with the channel, {}", short(sender.made)),
    };
    match last_user(case, channel, sender.number) {
        Some((row, user)) if user != sender.maker => {
            format!("{made}, by which {} sent last ({})", case.thread(user), at_row(row))
        }
        _ => made,
    }
}
