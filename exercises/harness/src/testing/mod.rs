//! What the tests of several lessons need, and no lesson is about.
//!
//! For tests on real threads: a call ends ([`must_end`]), a condition comes true ([`wait_until`]), a call sleeps
//! ([`must_sleep_on_threads`], [`must_sleep_soon_on_threads`], [`others_must_sleep`]), threads are likely to be asleep
//! ([`spawn_sleepers`], [`let_others_run`]), a call panics as it should ([`assert_panics`], [`assert_passes_on`],
//! [`staged_panic`]) or is made while its thread unwinds ([`while_unwinding`], [`unwinding_if`]), a destructor runs only
//! on what was made ([`Counted`]), a type is `Send` or `Sync` as it should be ([`assert_bounds!`](crate::assert_bounds)).
//!
//! For models: threads with names ([`spawn`], [`both`]), what they share ([`Flag`], [`Slot`], [`Watched`], [`Gate`]),
//! a call that is stopped in its middle while another must end ([`ends_beside_a_stopped_call`]), the program that is right
//! only if it sleeps for ever ([`must_sleep`], [`may_sleep`]) or again ([`must_sleep_again`]), a chance for others to be asleep
//! ([`let_others_sleep`]), what has come out of a container ([`require_each_once`]), what a call must not do
//! ([`never_waits`], [`gives_back_no_lock`]), and what an interleaving has shown so far ([`threads_at_once`],
//! [`threads_spawned`], [`has_waited`], [`has_locked`], [`has_only_loaded_once`], [`has_waited_for_a_lock`],
//! [`notifications`], [`most_woken`], [`yields`]).

#[doc(hidden)]
pub mod bounds;
mod drops;
mod models;
mod panics;
mod stopped;
mod threads;

pub use drops::Counted;
pub use models::{
    Flag, Gate, Slot, Watched, both, first_interleaving, gives_back_no_lock, has_locked,
    has_only_loaded_once, has_waited, has_waited_for_a_lock, let_others_sleep, may_sleep,
    most_woken, must_sleep, must_sleep_again, never_waits, notifications, require_each_once, spawn,
    threads_at_once, threads_spawned, yields,
};
pub use panics::{
    assert_call_panics, assert_panics, assert_passes_on, message_of, panic_of, payload_of,
    staged_panic, staged_panic_of, unwinding_if, while_unwinding,
};
pub use stopped::ends_beside_a_stopped_call;
pub use threads::{
    let_others_run, must_end, must_sleep_on_threads, must_sleep_soon_on_threads, others_must_sleep,
    spawn_detached, spawn_sleepers, wait_until,
};
