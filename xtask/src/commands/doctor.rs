//! `cargo xtask doctor`: what is installed, what is missing, what to type. [`facts`] looks, [`findings`] says what
//! that means, and here it is printed.

mod facts;
mod findings;

use std::fmt::Write;

use super::Exit;
use crate::run::Runner;
use crate::term::{
    self, BAD, FAINT, GOOD, Marks, OPEN, STRONG, columns, count, paint, width, wrap,
};
use crate::view::behind;

use facts::Facts;
use findings::{Finding, Grade};

/// The columns in front of what was found: a mark and what was looked at.
const MARGIN: usize = 17;

/// Looks around, and says what stands between the learner and the lessons.
pub fn run(runner: &Runner) -> Exit {
    let findings = findings::of(&Facts::gather(runner));
    term::print(&render(&findings, width(), Marks::of_locale()));
    Exit::success_if(findings.iter().all(|finding| finding.grade != Grade::Bad))
}

fn render(findings: &[Finding], width: usize, marks: Marks) -> String {
    let mut page = String::new();
    let margin = " ".repeat(MARGIN);
    for finding in findings {
        let mark = match finding.grade {
            Grade::Good => paint(GOOD, marks.good),
            Grade::Warning => paint(OPEN, "!"),
            Grade::Bad => paint(BAD, marks.bad),
        };
        let what = paint(STRONG, format!("{:<13}", finding.what));
        let room = width.saturating_sub(MARGIN);
        behind(&mut page, &format!(" {mark} {what} "), &margin, &finding.found, room);
        for (why, command) in &finding.remedies {
            for line in wrap(why, room) {
                let _ = writeln!(page, "{margin}{}", paint(FAINT, line));
            }
            // In one piece, to be copied; further left where it is too long for its place.
            if let Some(command) = command {
                let indent = match MARGIN + 2 + columns(command) <= width {
                    true => MARGIN + 2,
                    false => 3,
                };
                let _ = writeln!(page, "{}{command}", " ".repeat(indent));
            }
        }
    }
    let of = |grade| findings.iter().filter(move |one| one.grade == grade);
    let sum = match (of(Grade::Bad).count(), of(Grade::Warning).count()) {
        (0, 0) => "Nothing is missing: cargo xtask next".to_owned(),
        (0, n) => {
            format!("{}. Nothing keeps you from the lessons: cargo xtask next", count(n, "warning"))
        }
        (n, _) => {
            format!("{} to solve first. Then once more: cargo xtask doctor", count(n, "problem"))
        }
    };
    page.push('\n');
    behind(&mut page, " ", " ", &sum, width - 1);
    page
}

#[cfg(test)]
mod tests {
    use super::facts::tests::{all_is_well, all_is_wrong, some_is_missing};
    use super::*;
    use crate::term::{ASCII, UNICODE, plain};
    #[test]
    fn each_finding_is_a_line_and_each_problem_has_its_command() {
        for (name, facts, width, marks) in [
            ("doctor", all_is_well(), 80, UNICODE),
            ("doctor_warns", some_is_missing(), 80, UNICODE),
            ("doctor_narrow", some_is_missing(), 40, ASCII),
            ("doctor_problems", all_is_wrong(), 80, UNICODE),
        ] {
            let page = plain(&render(&findings::of(&facts), width, marks));
            assert!(marks != ASCII || page.is_ascii(), "{page}");
            insta::assert_snapshot!(name, page);
        }
    }
}
