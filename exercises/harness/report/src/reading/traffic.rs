//! What a thread did to a channel, as a row says it.

use super::values::shown;
use crate::record::channel::{Buffer, Sends, Side, Traffic, What, Why};
use crate::record::{Log, Shown, ThreadId};
use harness_base::text::count;

/// The text of a row, `o` being what the channel is called.
pub(super) fn describe(log: &Log, o: &str, traffic: &Traffic) -> String {
    let Traffic { name, what, buffer, .. } = traffic;
    let thread = |thread: ThreadId| log.threads[thread].name.as_str();
    let has_buffer = buffer.capacity != Some(0);
    match what {
        What::Sends { value, to } => {
            let call = call(log, o, name, *value);
            match to {
                Some(to) if has_buffer => format!("{call}: wakes {}", thread(*to)),
                Some(to) => format!("{call}: meets {}", thread(*to)),
                None => format!("{call}: {}", contents(log, buffer)),
            }
        }
        What::Receives { value, woken } => {
            let call = result(log, o, name, *value);
            match woken {
                Some(woken) if has_buffer => {
                    let woken = thread(*woken);
                    format!("{call}: wakes {woken}, {}", contents(log, buffer))
                }
                Some(woken) => format!("{call}: meets {}", thread(*woken)),
                None => format!("{call}: {}", contents(log, buffer)),
            }
        }
        What::Sleeps { sends: Some(sends) } => {
            let call = call(log, o, name, sends.value);
            if has_buffer {
                format!("{call} … sleeps: {}", contents(log, buffer))
            } else {
                format!("{call} … sleeps: nobody receives")
            }
        }
        What::Sleeps { sends: None } if has_buffer => format!("{o}.{name} … sleeps: empty"),
        What::Sleeps { sends: None } => format!("{o}.{name} … sleeps: nobody sends"),
        What::IsSent { by } if has_buffer => {
            format!("{o}.{name} wakes up: {} made room", thread(*by))
        }
        What::IsSent { by } => format!("{o}.{name} wakes up: {} has it", thread(*by)),
        What::HasReceived { value, from } => {
            let from = thread(*from);
            match value {
                Some(value) => {
                    let value = shown(log, *value);
                    format!("{o}.{name} wakes up: {value} from {from}")
                }
                None => format!("{o}.{name} wakes up: a value from {from}"),
            }
        }
        What::Fails { sends, why, slept } => {
            let call = match sends {
                Some(sends) => call(log, o, name, sends.value),
                None => format!("{o}.{name}"),
            };
            let wakes = if *slept { " wakes up and" } else { "" };
            format!("{call}{wakes} fails: {}", reason(log, *sends, *why, buffer))
        }
        What::Cloned { side, left } => {
            format!("{o}: a {} is cloned, {left} now", word(*side))
        }
        What::Dropped { side, left, woken, discarded } => {
            let mut text = match left {
                0 => format!("{o}: the last {} is dropped", word(*side)),
                _ => format!("{o}: a {} is dropped, {left} left", word(*side)),
            };
            if *discarded > 0 {
                text += &format!(", with {}", count(*discarded, "value"));
            }
            if !woken.is_empty() {
                let woken: Vec<_> = woken.iter().map(|&t| thread(t)).collect();
                text += &format!(", wakes {}", woken.join(", "));
            }
            text
        }
        What::Looks(found) => format!("{o}.{name} = {}", shown(log, *found)),
    }
}

/// `jobs.send(1)`.
fn call(log: &Log, o: &str, name: &str, value: Option<Shown>) -> String {
    match value {
        Some(value) => format!("{o}.{name}({})", shown(log, value)),
        None => format!("{o}.{name}"),
    }
}

/// `jobs.recv = 1`.
fn result(log: &Log, o: &str, name: &str, value: Option<Shown>) -> String {
    match value {
        Some(value) => format!("{o}.{name} = {}", shown(log, value)),
        None => format!("{o}.{name}"),
    }
}

fn reason(log: &Log, sends: Option<Sends>, why: Why, buffer: &Buffer) -> String {
    let has_buffer = buffer.capacity != Some(0);
    match (why, sends) {
        (Why::Disconnected, Some(_)) => "no receiver is left".to_owned(),
        (Why::Disconnected, None) => "no sender is left".to_owned(),
        (Why::NotNow, Some(_)) if has_buffer => contents(log, buffer),
        (Why::NotNow, Some(_)) => "nobody receives".to_owned(),
        (Why::NotNow, None) if has_buffer => "empty".to_owned(),
        (Why::NotNow, None) => "nobody sends".to_owned(),
    }
}

/// `buffer [1, 2], full`; `2 of 3 in the buffer` if its values cannot be shown.
pub fn contents(log: &Log, buffer: &Buffer) -> String {
    let Buffer { first, len, capacity } = buffer;
    let full = if Some(*len) == *capacity { ", full" } else { "" };
    let values: Option<Vec<_>> = first.iter().map(|value| Some(shown(log, (*value)?))).collect();
    match (values, capacity) {
        (Some(values), _) => {
            let more = len - values.len();
            let more = if more > 0 { format!(", … {more} more") } else { String::new() };
            format!("buffer [{}{more}]{full}", values.join(", "))
        }
        (None, Some(capacity)) => format!("{len} of {capacity} in the buffer"),
        (None, None) => format!("{len} in the buffer"),
    }
}

/// `2 senders`.
pub fn handles(side: Side, number: usize) -> String {
    count(number, word(side))
}

fn word(side: Side) -> &'static str {
    match side {
        Side::Sender => "sender",
        Side::Receiver => "receiver",
    }
}
