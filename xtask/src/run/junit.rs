//! Reads the JUnit report that nextest leaves.

use anyhow::{Context, Result};
use roxmltree::{Document, Node};

use super::canonical;
use crate::outcome::Raw;

/// The tests in a report of nextest.
///
/// # Errors
///
/// The text is not a JUnit report.
pub fn read(xml: &str) -> Result<Vec<Raw>> {
    let document = Document::parse(xml).context("nextest's JUnit report cannot be read")?;
    let mut tests = Vec::new();
    for suite in elements(document.root_element(), "testsuite") {
        // `wait_group`, or `wait_group::correctness` for an integration test.
        let binary = suite.attribute("name").unwrap_or_default();
        let target = binary.split_once("::").map(|(_, target)| target);
        for case in elements(suite, "testcase") {
            let name = case
                .attribute("name")
                .context("nextest's JUnit report has a test without a name")?;
            let failed = elements(case, "failure")
                .chain(elements(case, "error"))
                .next()
                .is_some();
            // A script of set-up, or a test that was skipped, is no test that ran.
            if elements(case, "skipped").next().is_some() {
                continue;
            }
            tests.push(Raw {
                name: canonical(target, name),
                success: !failed,
                stdout: text_of(case, "system-out"),
                stderr: text_of(case, "system-err"),
                seconds: case
                    .attribute("time")
                    .and_then(|time| time.parse().ok())
                    .unwrap_or_default(),
            });
        }
    }
    Ok(tests)
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
        let tests = read(xml).expect("a report");
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
    fn half_a_report_is_refused() {
        assert!(read("<testsuites><testsuite name=\"a\">").is_err());
    }
}
