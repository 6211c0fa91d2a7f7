//! Values, as a row shows them.

use crate::record::{Effect, Event, Log, Shown, Value};

/// A value as a row shows it.
pub fn show(log: &Log, value: Value) -> String {
    match value {
        Value::Int(i) if i == i128::from(u64::MAX) => "MAX".to_owned(),
        // A counter that went below zero is easier to see so.
        Value::Int(i) if i > i128::from(u64::MAX) - COUNTED => {
            format!("MAX-{}", i128::from(u64::MAX) - i)
        }
        Value::Int(i) if i >= COUNTED => hex(i),
        Value::Int(i) => i.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Char(c) => format!("{c:?}"),
        Value::Pointer(0) => "null".to_owned(),
        Value::Pointer(address) => pointer(log, address),
    }
}

/// What a counter of a lesson stays below. A larger number is most likely a word with several fields.
const COUNTED: i128 = 1 << 24;

/// `0x8000_0001`.
fn hex(number: i128) -> String {
    let digits = format!("{number:x}");
    let mut text = String::from("0x");
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(4) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// A pointer is called by the order in which the interleaving first shows it: the address says nothing, and is
/// another one on every run.
fn pointer(log: &Log, address: usize) -> String {
    let mut seen: Vec<usize> = Vec::new();
    for value in log.events.iter().flat_map(values) {
        if let Value::Pointer(other) = value
            && other != 0
            && !seen.contains(&other)
        {
            seen.push(other);
        }
    }
    let rank = seen.iter().position(|&other| other == address);
    rank.map_or_else(|| "a pointer".to_owned(), |rank| format!("pointer {}", rank + 1))
}

/// The values that a row shows.
fn values(event: &Event) -> Vec<Value> {
    match event.effect {
        Effect::Load { got, newest, .. } => vec![got, newest],
        Effect::Store { value, .. } => vec![value],
        Effect::Update { argument, old, new, .. } => vec![argument, old, new],
        Effect::Exchange { expected, new, found, newest, .. } => {
            vec![expected, new, found.unwrap_or_else(|found| found), newest]
        }
        _ => Vec::new(),
    }
}

/// Data as a row shows it.
pub fn shown(log: &Log, data: Shown) -> String {
    match data {
        Shown::One(value) => show(log, value),
        Shown::Option(None) => "None".to_owned(),
        Shown::Option(Some(value)) => format!("Some({})", show(log, value)),
        Shown::Two(a, b) => format!("({}, {})", show(log, a), show(log, b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_words_of_several_fields() {
        let max = i128::from(u64::MAX);
        for (number, text) in [
            (0, "0"),
            (-1, "-1"),
            (16_777_215, "16777215"),
            (0x8000_0001, "0x8000_0001"),
            (0x1_0000_0000, "0x1_0000_0000"),
            (1 << 63, "0x8000_0000_0000_0000"),
            (max - 3, "MAX-3"),
            (max, "MAX"),
        ] {
            assert_eq!(show(&Log::default(), Value::Int(number)), text);
        }
    }
}
