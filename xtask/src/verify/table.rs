//! The table of the gates.

use std::fmt::Write;

use super::{Gate, WORKSPACE};
use crate::term::{BAD, GOOD, Marks, STRONG, columns, paint, width, wrap};

/// How the table looks.
#[derive(Debug)]
pub struct Table {
    marks: Marks,
    names: usize,
}

/// The longest name of a gate.
const GATE_COLUMNS: usize = 9;

impl Table {
    /// A table for lessons with these names.
    pub fn new<'a>(marks: Marks, names: impl Iterator<Item = &'a str>) -> Self {
        let names = names.chain([WORKSPACE]).map(columns).max();
        let names = names.unwrap_or_default();
        Self { marks, names }
    }

    /// A row for each gate, its problems below it, what was not run, and the count of the gates as the last line.
    pub fn render(&self, gates: &[Gate], not_run: Option<&str>) -> String {
        let mut page = String::new();
        let mut of = "";
        for gate in gates {
            let shown = if gate.of == of { "" } else { &gate.of };
            of = &gate.of;
            let name = paint(STRONG, format!("{shown:<names$}", names = self.names));
            let (mark, note) = match &gate.result {
                Ok(note) => (paint(GOOD, self.marks.good), note.as_str()),
                Err(_) => (paint(BAD, self.marks.bad), ""),
            };
            let line = format!(" {name}  {mark} {:<GATE_COLUMNS$}  {note}", gate.name);
            let _ = writeln!(page, "{}", line.trim_end());
            for problem in gate.result.as_ref().err().into_iter().flatten() {
                self.problem(&mut page, problem);
            }
        }
        let failed = gates.iter().filter(|gate| gate.result.is_err()).count();
        if !gates.is_empty() {
            page.push('\n');
        }
        for line in not_run.iter().flat_map(|text| wrap(text, width())) {
            let _ = writeln!(page, "{line}");
        }
        let passed = gates.len() - failed;
        let _ = writeln!(page, "{passed} passed, {failed} failed");
        page
    }

    /// A problem, below its gate. One line is wrapped; several, such as rustc's words, stay as they are.
    fn problem(&self, page: &mut String, problem: &str) {
        let lines: Vec<String> = match problem.lines().count() {
            0 | 1 if columns(problem) > width() - 6 => wrap(problem, width() - 6),
            _ => problem.lines().map(str::to_owned).collect(),
        };
        for (i, line) in lines.iter().enumerate() {
            let mark = if i == 0 { self.marks.dot } else { " " };
            let _ = writeln!(page, "{}", format!("    {mark} {line}").trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::UNICODE;

    #[test]
    fn a_table_ends_with_the_count() {
        let long = "race_freedom::every_waiter_wakes does not catch it: it passes, and this line is longer than one";
        let gates = [
            Gate::new("workspace", "tests", vec![], "123 tests run: 123 passed"),
            Gate::new("wait_group", "texts", vec![], ""),
            Gate::new("wait_group", "stub", vec![], "13 tests to do"),
            Gate::new(
                "wait_group",
                "mistakes",
                vec![format!("one_notify: {long}"), "error: x\n  --> a.rs:1:2".into()],
                "",
            ),
            Gate::new("publication", "tour", vec![], "runs to its end"),
        ];
        let table = Table::new(UNICODE, ["wait_group", "publication"].into_iter());
        let page = anstream::adapter::strip_str(
            &table.render(&gates, Some("Not run: what needs a browser.")),
        )
        .to_string();
        insta::assert_snapshot!("table", page);
        assert!(page.ends_with("\n4 passed, 1 failed\n"));
    }
}
