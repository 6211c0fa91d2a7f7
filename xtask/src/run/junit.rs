//! Reads the JUnit report that nextest leaves.

use anyhow::{Context, Result};
use roxmltree::{Document, Node};

use super::canonical;
use crate::guard::End;
use crate::outcome::Raw;

/// What a report of nextest says.
#[derive(Debug, Default)]
pub struct Report {
    /// The tests that came to an end.
    pub tests: Vec<Raw>,
    /// Whether nextest stopped others because the time of all was up.
    pub stopped: bool,
}

/// Reads a report of nextest.
///
/// # Errors
///
/// The text is not a JUnit report.
pub fn read(xml: &str) -> Result<Report> {
    let document = Document::parse(xml).context(
        "nextest's JUnit report cannot be read: if the disk is full, make room and try again",
    )?;
    let mut report = Report::default();
    for suite in elements(document.root_element(), "testsuite") {
        // `wait_group`, or `wait_group::correctness` for an integration test.
        let binary = suite.attribute("name").unwrap_or_default();
        let target = binary.split_once("::").map(|(_, target)| target);
        for case in elements(suite, "testcase") {
            let name = case
                .attribute("name")
                .context("nextest's JUnit report has a test without a name")?;
            // A test that was skipped is no test that ran.
            if elements(case, "skipped").next().is_some() {
                continue;
            }
            let failure = elements(case, "failure")
                .chain(elements(case, "error"))
                .next();
            let seconds = case
                .attribute("time")
                .and_then(|time| time.parse().ok())
                .unwrap_or_default();
            let mut stderr = text_of(case, "system-err");
            if let Some(failure) = failure
                && End::find(&stderr).0.is_none()
            {
                // The guard had no last word: nextest ended it too, for the time of one test or of all.
                let says = |attribute, what| {
                    failure
                        .attribute(attribute)
                        .is_some_and(|text: &str| text.contains(what))
                };
                if says("type", "timeout") {
                    stderr.push_str(&format!("\n{}\n", End::TimeOut((seconds * 1000.0) as u64)));
                } else if says("message", "SIGTERM") {
                    report.stopped = true;
                    continue;
                }
            }
            report.tests.push(Raw {
                name: canonical(target, name),
                success: failure.is_none(),
                stdout: text_of(case, "system-out"),
                stderr,
                seconds,
            });
        }
    }
    Ok(report)
}

fn elements<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children()
        .filter(move |child| child.has_tag_name(name))
}

fn text_of(case: Node<'_, '_>, name: &'static str) -> String {
    elements(case, name)
        .flat_map(|element| element.children())
        .filter_map(|child| child.text())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_nextest_is_read() {
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="3" failures="1" errors="0" uuid="x" timestamp="2026" time="0.1">
    <testsuite name="wait_group" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="race_freedom::wakes" classname="wait_group" timestamp="2026" time="0.012">
            <system-out>passes: 23 interleavings explored, exhaustively
</system-out>
        </testcase>
    </testsuite>
    <testsuite name="wait_group::correctness" tests="1" disabled="0" errors="0" failures="1">
        <testcase name="adds" classname="wait_group::correctness" timestamp="2026" time="0.004">
            <failure message="thread 'adds' panicked" type="test failure with exit code 101">long text</failure>
            <system-out>test adds ... FAILED</system-out>
            <system-err>thread 'adds' panicked at a.rs:1:1: a &lt; b &amp; c</system-err>
        </testcase>
    </testsuite>
</testsuites>"#;
        let Report { tests, stopped } = read(xml).expect("a report");
        assert!(!stopped);
        let seen: Vec<_> = tests
            .iter()
            .map(|test| (test.name.as_str(), test.success))
            .collect();
        assert_eq!(
            seen,
            [("race_freedom::wakes", true), ("correctness::adds", false)]
        );
        assert!(tests[0].stdout.starts_with("passes: 23"));
        assert!(tests[1].stderr.ends_with("a < b & c"));
        assert!((tests[0].seconds - 0.012).abs() < 1e-9);
    }

    #[test]
    fn a_test_that_nextest_stopped_with_all_others_did_not_run() {
        let xml = r#"<testsuites><testsuite name="a">
            <testcase name="x" time="1.0"><failure message="process aborted with signal 15 (SIGTERM)" type="test abort"/></testcase>
            <testcase name="y" time="8.0"><failure message="test timed out" type="test timeout"/></testcase>
            <testcase name="z" time="8.0"><failure message="SIGTERM" type="t"/><system-err>died: SIGTERM</system-err></testcase>
        </testsuite></testsuites>"#;
        let Report { tests, stopped } = read(xml).expect("a report");
        assert!(stopped);
        let seen: Vec<_> = tests
            .iter()
            .map(|test| (test.name.as_str(), End::find(&test.stderr).0))
            .collect();
        assert_eq!(
            seen,
            [
                ("y", Some(End::TimeOut(8000))),
                ("z", Some(End::Signal("SIGTERM".into())))
            ]
        );
    }

    #[test]
    fn half_a_report_is_refused() {
        assert!(read("<testsuites><testsuite name=\"a\">").is_err());
    }
}
