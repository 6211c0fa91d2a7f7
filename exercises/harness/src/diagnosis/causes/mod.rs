//! One file per cause: its rule, and when it keeps silent. [`causes`] says which are looked for in which failures.

mod announced_early;
mod check_then_act;
mod forgotten_reference;
mod lock_cycle;
mod lock_taken_twice;
mod lost_notification;
mod lost_update;
mod missing_ordering;
mod no_common_lock;
mod no_second_look;
mod sleep_with_lock;
mod store_buffering;

use super::Case;
use super::order::{Later, Order, Source, Stronger, missing};
use crate::protocol::Kind;
use crate::reading::{Remark, at_row, other_access, racing_access};
use crate::record::{Effect, Event, Pending, ThreadId};

/// Says what the mistake is, if the failure shows its pattern beyond doubt.
pub(super) type Cause = fn(Case<'_>) -> Option<Remark>;

/// The causes of a kind of failure. The first that is found counts.
pub(super) fn causes(kind: Kind) -> &'static [Cause] {
    match kind {
        Kind::Deadlock => &[
            lock_taken_twice::cause,
            lock_cycle::cause,
            sleep_with_lock::cause,
            lost_notification::cause,
        ],
        Kind::DataRace => &[
            no_second_look::cause,
            check_then_act::cause,
            missing_ordering::of_making,
            missing_ordering::of_race,
            announced_early::cause,
            no_common_lock::cause,
        ],
        Kind::Panic => &[
            no_second_look::cause,
            missing_ordering::of_stale_load,
            store_buffering::cause,
            check_then_act::cause,
            lost_update::cause,
        ],
        Kind::Leak => &[forgotten_reference::cause],
        Kind::TooManySteps | Kind::Stuck | Kind::SetUp => &[],
    }
}

/// A data race of two accesses.
struct Race {
    thread: ThreadId,
    access: Pending,
    /// The access before, of another thread.
    other: usize,
    is: Order,
}

impl Race {
    /// `None` if the access that it races with is an earlier one, which is not known.
    fn of(case: Case<'_>) -> Option<Self> {
        let (thread, access) = racing_access(case.log)?;
        let other = other_access(case.log, thread, access)?;
        let is = Order::new(case.log, Stronger::default());
        let known = !is.is_before(case.log, other, Later::Next(thread));
        known.then_some(Self {
            thread,
            access,
            other,
            is,
        })
    }

    /// Whether the later thread has been told nothing: it has read no atomic that the other wrote since, and no pair of
    /// atomic operations would order the two accesses.
    fn is_untold(&self, case: Case<'_>) -> bool {
        let told = case.log.events_of(self.thread).any(|(number, _)| {
            let Some(Source::Event(write)) = self.is.source(number) else {
                return false;
            };
            write > self.other && case.event(write).thread == case.event(self.other).thread
        });
        !told && missing(case.log, self.other, Later::Next(self.thread)).is_none()
    }
}

/// What an operation on an atomic is called.
fn what(event: &Event) -> &'static str {
    match event.effect {
        Effect::Load { .. } => "load",
        Effect::Update { name, .. } | Effect::Exchange { name, .. } => name,
        _ => "store",
    }
}
