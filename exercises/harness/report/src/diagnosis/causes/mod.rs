//! One file per cause: its rule, and when it keeps silent. [`causes`] says which are looked for in which failures.

mod announced_early;
mod answer_of_another_moment;
mod channels;
mod check_then_act;
mod claimed_not_ready;
mod come_and_gone;
mod compares_with_an_old_value;
mod computed_once;
mod counted_late;
mod counted_though_refused;
mod failure_ignored;
mod forgotten_reference;
mod gave_up;
mod given_up;
mod gone_astray;
mod kept_open;
mod lock_cycle;
mod lock_taken_twice;
mod looked_before_the_lock;
mod lost_notification;
mod lost_update;
mod mark_gone;
mod missing_ordering;
mod must_not_wait;
mod never_sleeps;
mod newcomer;
mod no_common_lock;
mod no_second_look;
mod nobody_notified;
mod nobody_receives;
mod nobody_woken;
mod notified_first;
mod old_value_again;
mod overwritten;
mod registered_late;
mod returned_at_once;
mod same_value;
mod sleep_with_lock;
mod store_before_sleep;
mod store_buffering;
mod taken_back;
mod wake_left_out;
mod woken_elsewhere;
mod woken_for_nothing;

use super::Case;
use super::code::Spoken;
use super::order::{Later, Order, Stronger, missing};
use crate::reading::{Remark, at_row, culprit, other_access, racing_access};
use crate::record::{
    Data, Effect, Event, ObjectId, Panic, Pending, Source, Standing, ThreadId, Value,
};
use harness_base::protocol::Kind;

/// Integers up to this may be states: only one thread can leave such a one, and what is stored need not be made of it.
const STATES: i128 = 8;

/// As often as this a loop does the same before that is called endless.
const AGAIN_AND_AGAIN: usize = 5;

/// Says what the mistake is, if the failure shows its pattern beyond doubt.
pub(super) type Cause = fn(Case<'_>) -> Option<Remark>;

/// The causes of a data race of a drop. The place where the memory is freed tells less than that of an access.
pub(super) const OF_DROP: &[Cause] = &[missing_ordering::of_race];

/// The causes of a kind of failure. The first that is found counts.
pub(super) fn causes(kind: Kind) -> &'static [Cause] {
    match kind {
        Kind::Deadlock => &[
            must_not_wait::of_stopped,
            must_not_wait::cause,
            counted_though_refused::cause,
            lock_taken_twice::cause,
            lock_cycle::cause,
            sleep_with_lock::cause,
            overwritten::cause,
            store_buffering::cause,
            store_before_sleep::cause,
            overwritten::by_sleeper,
            notified_first::cause,
            come_and_gone::cause,
            registered_late::cause,
            taken_back::of_sleeper,
            mark_gone::cause,
            nobody_woken::cause,
            gone_astray::cause,
            missing_ordering::of_stale_look,
            wake_left_out::cause,
            newcomer::cause,
            woken_elsewhere::cause,
            same_value::cause,
            lost_notification::cause,
            nobody_receives::cause,
            kept_open::cause,
            no_second_look::of_any_thread,
            nobody_notified::cause,
            lost_notification::of_several,
            woken_for_nothing::cause,
            lost_update::of_sleeper,
            taken_back::untold,
        ],
        Kind::DataRace => &[
            no_second_look::cause,
            returned_at_once::cause,
            looked_before_the_lock::cause,
            counted_late::cause,
            check_then_act::cause,
            missing_ordering::of_making,
            missing_ordering::of_race,
            missing_ordering::of_return,
            announced_early::cause,
            announced_early::under_a_lock,
            claimed_not_ready::cause,
            check_then_act::of_race,
            no_common_lock::cause,
        ],
        Kind::Panic => &[
            no_second_look::cause,
            returned_at_once::cause,
            looked_before_the_lock::cause,
            missing_ordering::of_stale_load,
            store_buffering::cause,
            counted_late::cause,
            check_then_act::cause,
            lost_update::cause,
            overwritten::cause,
            failure_ignored::cause,
            computed_once::cause,
            taken_back::cause,
            answer_of_another_moment::cause,
            gave_up::cause,
            given_up::cause,
            missing_ordering::of_publication,
        ],
        Kind::Leak => &[forgotten_reference::cause, lost_update::of_leak],
        Kind::TooManySteps => &[
            must_not_wait::of_stopped,
            compares_with_an_old_value::cause,
            never_sleeps::cause,
            old_value_again::cause,
            must_not_wait::cause,
        ],
        Kind::UseAfterDrop => &[no_second_look::cause],
        Kind::Stuck | Kind::SetUp => &[],
    }
}

/// A data race of two accesses.
struct Race {
    thread: ThreadId,
    access: Pending,
    /// The access before, of another thread.
    other: usize,
}

impl Race {
    /// `None` if the access that it races with is an earlier one, which is not known.
    fn of(case: Case<'_>) -> Option<Self> {
        let (thread, access) = racing_access(case.log)?;
        let other = other_access(case.log, thread, access)?;
        let is = Order::new(case.log, Stronger::default());
        let known = !is.is_before(case.log, other, Later::Next(thread));
        known.then_some(Self { thread, access, other })
    }

    /// Whether the later thread has been told nothing: it has read no atomic that the other wrote since, and no pair of
    /// atomic operations would order the two accesses.
    fn is_untold(&self, case: Case<'_>) -> bool {
        let told = case.log.events_of(self.thread).any(|(number, _)| {
            let Some(Source::Event(write)) = case.event(number).source else {
                return false;
            };
            write > self.other && case.event(write).thread == case.event(self.other).thread
        });
        !told && missing(case.log, self.other, Later::Next(self.thread)).is_none()
    }
}

/// The thread that a failure is found in, and the number of events before that.
fn end_of(case: Case<'_>) -> Option<(ThreadId, usize)> {
    if case.kind == Kind::Panic {
        return culprit(case.log).map(|panic| (panic.thread, panic.at));
    }
    let (thread, _) = case.log.stopped.as_ref()?;
    Some((*thread, case.log.events.len()))
}

/// The event in which a thread fell asleep for good.
fn last_sleep_of(case: Case<'_>, thread: ThreadId) -> Option<(usize, &Event)> {
    if case.log.threads[thread].standing != Standing::Asleep {
        return None;
    }
    let mut own = case.log.events_of(thread);
    own.next_back().filter(|(_, event)| event.sleeps())
}

/// The same for a thread that sleeps on a futex, and what it expects there.
fn last_futex_sleep_of(case: Case<'_>, thread: ThreadId) -> Option<(usize, &Event, Value)> {
    let (asleep, event) = last_sleep_of(case, thread)?;
    match event.effect {
        Effect::Sleeps { expected: Some(expected), .. } => Some((asleep, event, expected)),
        _ => None,
    }
}

/// Whether an event changes `word`, or wakes somebody there.
fn tells(event: &Event, word: ObjectId) -> bool {
    let wakes = matches!(event.effect, Effect::Notify { .. });
    event.object == Some(word) && (wakes || event.writes().is_some())
}

/// What the source calls an object.
fn field(case: Case<'_>, id: ObjectId) -> String {
    let name = case.object(id);
    let field = name.rsplit('.').next().unwrap_or(name);
    field.split(' ').next().unwrap_or(field).to_owned()
}

/// The last notification of `condition` before the event `asleep` that woke a thread.
fn last_wakeup(
    case: Case<'_>,
    thread: ThreadId,
    condition: ObjectId,
    asleep: usize,
) -> Option<(usize, &Event)> {
    let before = case.log.events[..asleep].iter().enumerate();
    let mut before = before.filter(|(_, event)| event.object == Some(condition));
    before.rfind(
        |(_, event)| matches!(&event.effect, Effect::Notify { woken, .. } if woken.contains(&thread)),
    )
}

/// Whether a thread, woken in the event `woken`, gave the mutex back before it fell asleep again: then its wait is
/// over, and it sleeps in another one.
fn returned(
    case: Case<'_>,
    thread: ThreadId,
    woken: usize,
    asleep: usize,
    mutex: ObjectId,
) -> bool {
    let mut own = case.log.events_before(thread, asleep);
    own.any(|(number, event)| number > woken && event.unlocks() == Some(mutex))
}

/// Whether a panic is about what happened to an object in an event: it names the object, or speaks of the function of
/// that event, or of what its thread has found there since.
fn about(case: Case<'_>, panic: &Panic, spoken: &Spoken, object: ObjectId, event: usize) -> bool {
    let looks = |event: &Event| {
        event.object == Some(object) && (event.reads().is_some() || event.locks().is_some())
    };
    let since = case.log.events_of(panic.thread);
    let mut looked = since.filter(|(n, e)| (event..panic.at).contains(n) && looks(e));
    spoken.names(case.object(object))
        || spoken.shows(case.code, case.event(event))
        || looked.any(|(_, event)| spoken.shows(case.code, event))
}

/// Whether one of two changes by `fetch_add` and `fetch_sub` undoes the other.
fn takes_back(first: &Event, second: &Event) -> bool {
    match (&first.effect, &second.effect) {
        (
            Effect::Update { name: a, argument, .. },
            Effect::Update { name: b, argument: back, .. },
        ) => {
            let counts = |name: &str| matches!(name, "fetch_add" | "fetch_sub");
            counts(a) && counts(b) && a != b && argument == back
        }
        _ => false,
    }
}

/// Whether the data was changed under the lock that an event took.
fn has_changed(case: Case<'_>, locked: usize) -> bool {
    given_back(case, locked).is_some_and(gives_back_changed)
}

/// The event in which the thread gives back the lock that it took in the event `locked`.
fn given_back(case: Case<'_>, locked: usize) -> Option<&Event> {
    let (thread, lock) = (case.event(locked).thread, case.event(locked).locks());
    let mut own = case.log.events_of(thread).filter(|(number, _)| *number > locked);
    own.find(|(_, event)| event.unlocks() == lock).map(|(_, event)| event)
}

/// Whether an event gives back a lock with other data behind it than there were.
fn gives_back_changed(event: &Event) -> bool {
    match &event.data {
        Some(Data::Shown { before, after }) => before != after,
        Some(Data::Hidden { mutably }) => *mutably,
        Some(Data::Said(_)) => true,
        None => false,
    }
}
