//! What the tests of reports have in common.

use std::time::Duration;

/// A model whose report is the simplest there is, however busy the machine.
pub fn patient() -> harness::Model {
    harness::Model::new().simplest_within(Duration::from_secs(60))
}

/// `failures.rs:123` becomes `failures.rs:+3`, counted from the line `first`, so that a change above a test changes
/// nothing in its snapshot. What the columns lose by that, the snapshot loses too.
pub fn relative_lines(report: &str, file: &str, first: u32) -> String {
    let file = format!("{file}:");
    let mut parts = report.split(&file);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let line: u32 = part[..digits].parse().expect("a line number follows");
        let line = i64::from(line) - i64::from(first);
        text += &format!("{file}{line:+}{}", &part[digits..]);
    }
    text
}
