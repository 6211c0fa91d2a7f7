//! Panics that a test expects.

use crate::sync::model::recorder::in_model;
use std::any::Any;
use std::cell::Cell;
use std::fmt::Write;
use std::panic::{
    AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind, set_hook, take_hook,
};
use std::sync::Once;

thread_local! {
    /// How many calls of [`payload_of`] this thread is in: what panics there, a test asked for.
    static EXPECTING: Cell<usize> = const { Cell::new(0) };
    /// Where the last such panic was.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Runs `f` and returns the payload of its panic, if it panics. Nothing of that is printed, except by a `todo!`.
pub fn payload_of(f: impl FnOnce()) -> Option<Payload> {
    silence_what_is_expected();
    EXPECTING.set(EXPECTING.get() + 1);
    let panic = catch_unwind(AssertUnwindSafe(f)).err();
    EXPECTING.set(EXPECTING.get() - 1);
    panic
}

fn silence_what_is_expected() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let unwritten = info
                .payload_as_str()
                .is_some_and(|message| message.starts_with("not yet implemented"));
            // A model prints nothing, but writes it down.
            if EXPECTING.get() == 0 || unwritten || in_model() {
                previous(info);
            } else {
                PLACE.set(info.location().map(harness_report::place::short));
            }
        }));
    });
}

/// Runs `f` and returns the message of its panic, if it panics. See [`message_of`].
pub fn panic_of(f: impl FnOnce()) -> Option<String> {
    Some(message_of(&*payload_of(f)?).to_owned())
}

/// Returns the message in the payload of a panic. `panic!` leaves a `&str` or a `String`; any other payload has no
/// message, and this says so instead.
pub fn message_of(payload: &(dyn Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    literal
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a payload that is not text")
}

/// Requires `f` to panic with exactly this message.
///
/// # Panics
/// If it does not.
#[track_caller]
pub fn assert_panics(expected: &str, f: impl FnOnce()) {
    assert_call_panics("", expected, f);
}

/// [`assert_panics`], and the message names the call that `f` is, as in "add(-3) on a counter of 2".
///
/// # Panics
/// If it does not panic with exactly this message.
#[track_caller]
pub fn assert_call_panics(call: &str, expected: &str, f: impl FnOnce()) {
    let call = if call.is_empty() { String::new() } else { format!("{call} ") };
    PLACE.set(None);
    match panic_of(f) {
        Some(message) if message == expected => {}
        Some(message) => {
            let at = PLACE.take().map(|place| format!(" at {place}"));
            let at = at.unwrap_or_default();
            panic!("{call}should panic with {expected:?}, but does with {message:?}{at}")
        }
        None => panic!("{call}should panic with {expected:?}, but returns"),
    }
}

/// Requires the panic of what `f` is given to go on as it began, with its payload itself. `f` is called twice: a program that
/// makes a new payload of the message turns a `&str` into a `String`, or copies a `String`.
///
/// # Panics
/// If it does not.
#[track_caller]
pub fn assert_passes_on(f: impl Fn(fn() -> !)) {
    for (raises, is_itself, kind) in [
        (raise_str as fn() -> !, is_raised_str as fn(&Payload) -> bool, "a `&str`"),
        (raise_string, is_raised_string, "a `String`"),
    ] {
        match payload_of(|| f(raises)) {
            None => panic!("should pass on a panic, but returns"),
            Some(payload) if is_itself(&payload) => {}
            Some(payload) => panic!(
                "should pass on the payload itself, {kind}, but panics with another one, {:?}",
                message_of(&*payload)
            ),
        }
    }
}

/// What a panic carries.
type Payload = Box<dyn Any + Send>;

const RAISED: &str = "a word";

fn raise_str() -> ! {
    resume_unwind(Box::new(RAISED))
}

fn is_raised_str(payload: &Payload) -> bool {
    payload.downcast_ref() == Some(&RAISED)
}

/// The text ends with the place at which it lies, which a copy of it does not.
fn raise_string() -> ! {
    let mut text = String::with_capacity(64);
    let place = text.as_ptr();
    write!(text, "{RAISED}, at {place:?}").expect("a `String` takes all that is written");
    resume_unwind(Box::new(text))
}

fn is_raised_string(payload: &Payload) -> bool {
    let text = payload.downcast_ref::<String>();
    text.is_some_and(|text| *text == format!("{RAISED}, at {:?}", text.as_ptr()))
}

/// Runs `f` in a destructor while the thread unwinds, as a program does that cleans up after a panic. There,
/// [`std::thread::panicking`] is true, although `f` has not panicked. A panic of `f` goes on when the thread has
/// unwound.
pub fn while_unwinding<R>(f: impl FnOnce() -> R) -> R {
    struct CallsOnDrop<F: FnOnce()>(Option<F>);
    impl<F: FnOnce()> Drop for CallsOnDrop<F> {
        fn drop(&mut self) {
            self.0.take().expect("it is dropped once")();
        }
    }

    // A thread that unwinds could not set the hook.
    silence_what_is_expected();
    let mut result = None;
    staged_panic_of(|| {
        let _calls = CallsOnDrop(Some(|| {
            result = Some(catch_unwind(AssertUnwindSafe(f)));
        }));
        staged_panic("while_unwinding's");
    });
    let result = result.expect("the destructor has run");
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs `f`: in [`while_unwinding`] if `unwinds` is true, and otherwise as any other call.
pub fn unwinding_if<R>(unwinds: bool, f: impl FnOnce() -> R) -> R {
    if unwinds { while_unwinding(f) } else { f() }
}

/// The payload of [`staged_panic`].
struct Staged(&'static str);

/// Panics without a message on standard error, for a test that wants a panic. [`staged_panic_of`] recognises it
/// and returns `whose`.
pub fn staged_panic(whose: &'static str) -> ! {
    resume_unwind(Box::new(Staged(whose)))
}

/// Runs `f` and returns whose [`staged_panic`] ended it, if one did. Any other panic goes on.
pub fn staged_panic_of(f: impl FnOnce()) -> Option<&'static str> {
    // Not `payload_of`, which prints nothing: what goes on has to be told.
    let panic = catch_unwind(AssertUnwindSafe(f)).err()?;
    match panic.downcast::<Staged>() {
        Ok(staged) => Some(staged.0),
        Err(other) => resume_unwind(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_in_either_kind_of_text() {
        let code = 404;
        assert_eq!(panic_of(|| panic!("lost")).as_deref(), Some("lost"));
        assert_eq!(panic_of(|| panic!("status {code}")).as_deref(), Some("status 404"));
        assert_eq!(
            panic_of(|| resume_unwind(Box::new(1))).as_deref(),
            Some("a payload that is not text")
        );
        assert_eq!(panic_of(|| {}), None);
        let payload = payload_of(|| resume_unwind(Box::new(1))).expect("it panics");
        assert_eq!(payload.downcast_ref(), Some(&1));
    }

    #[test]
    fn another_panic_or_none_is_rejected() {
        let line = line!() + 1;
        let other = panic_of(|| assert_panics("a", || panic!("b")));
        let said = format!("should panic with \"a\", but does with \"b\" at panics.rs:{line}");
        assert_eq!(other, Some(said));
        assert_panics("should panic with \"a\", but returns", || assert_panics("a", || {}));
        assert_panics("f() should panic with \"a\", but returns", || {
            assert_call_panics("f()", "a", || {})
        });
    }

    #[test]
    fn another_payload_with_the_same_text_is_rejected() {
        assert_passes_on(|raise| raise());
        let told = panic_of(|| {
            assert_passes_on(|raise| {
                let payload = payload_of(|| raise()).expect("it panics");
                resume_unwind(Box::new(message_of(&*payload).to_owned()));
            });
        });
        assert_eq!(
            told.as_deref(),
            Some(
                "should pass on the payload itself, a `&str`, but panics with another one, \"a word\""
            )
        );
        assert_panics("should pass on a panic, but returns", || assert_passes_on(|_| {}));
        let told = panic_of(|| {
            assert_passes_on(|raise| {
                let payload = payload_of(|| raise()).expect("it panics");
                match payload.downcast_ref::<String>() {
                    Some(text) => resume_unwind(Box::new(text.clone())),
                    None => resume_unwind(payload),
                }
            });
        });
        let told = told.expect("a copy is no payload passed on");
        assert!(told.starts_with("should pass on the payload itself, a `String`"), "{told}");
    }

    #[test]
    fn what_runs_while_unwinding_may_return_or_panic() {
        assert!(while_unwinding(std::thread::panicking));
        assert!(while_unwinding(|| payload_of(|| panic!("expected"))).is_some());
        assert!(!std::thread::panicking());
        assert_eq!(staged_panic_of(|| while_unwinding(|| staged_panic("mine"))), Some("mine"));
    }

    #[test]
    fn a_panic_that_was_not_staged_goes_on() {
        assert_eq!(staged_panic_of(|| staged_panic("mine")), Some("mine"));
        assert_eq!(staged_panic_of(|| {}), None);
        assert_panics("not staged", || {
            staged_panic_of(|| panic!("not staged"));
        });
    }
}
