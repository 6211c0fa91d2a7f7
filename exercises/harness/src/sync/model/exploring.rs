//! Where loom may try another order of the threads, or another value.

use std::cell::Cell;

thread_local! {
    /// Whether loom may.
    static EXPLORES: Cell<bool> = const { Cell::new(true) };
    /// Whether the last place where it may is in the middle of a step.
    static CHOSE: Cell<bool> = const { Cell::new(false) };
}

/// A new interleaving begins, in which loom explores.
pub(super) fn begin() {
    EXPLORES.set(true);
    CHOSE.set(false);
}

/// Loom explores a value, in the middle of a step.
pub(super) fn chooses() {
    CHOSE.set(true);
}

/// Whether loom must explore the step that begins: what it would like to try where it does not explore it tries at the last
/// place where it may, and it must not switch in the middle of a step.
pub(super) fn must() -> bool {
    CHOSE.take()
}

/// Whether loom explores.
pub(super) fn is_on() -> bool {
    EXPLORES.get()
}

/// Sets whether loom explores from here on, and returns whether it did.
pub(super) fn set(explores: bool) -> bool {
    let before = EXPLORES.replace(explores);
    match (before, explores) {
        (true, false) => loom::stop_exploring(),
        (false, true) => loom::explore(),
        _ => {}
    }
    before
}

/// Runs `f` as part of a step that has begun: loom does not switch where it does not explore. What it would like to try there
/// it tries at the last place where it may, which is before that step.
pub(super) fn within_step<R>(f: impl FnOnce() -> R) -> R {
    let before = set(false);
    let result = f();
    set(before);
    result
}
