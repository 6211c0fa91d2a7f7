//! `cargo xtask verify [LESSON…]`: the gates.
//!
//! Two builds serve all lessons: the references in the workspace itself, where `cargo nextest run` has use for
//! them too, and stubs, mistakes and benches in the [scratch workspace](crate::scratch). The tests run
//! in the runner's own executor.

use std::io::{IsTerminal, Write};

use anyhow::{Result, bail};

use super::Exit;
use crate::course::select;
use crate::run::Runner;
use crate::run::report_page::ReportPage;
use crate::scratch::Scratch;
use crate::term::{self, Marks};
use crate::verify::gates::{Verified, build_references};
use crate::verify::table::Table;
use crate::verify::workspace_tests::{self, VERIFYING};
use crate::verify::{go, sanitizer};

/// What to verify beyond the gates.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The exercises are as they are shipped.
    pub shipped: bool,
    /// Write `shipped.lock` and the dry run in the README.
    pub record: bool,
}

/// Verifies the lessons that go by `wanted`; without any, all of them and the workspace's own tests.
pub fn run(runner: &Runner, wanted: &[String], options: Options) -> Result<Exit> {
    let workspace = &*runner.workspace;
    if std::env::var_os(VERIFYING).is_some_and(|root| root == *workspace.root) {
        bail!(
            "`verify` runs already: it runs the workspace's tests, and one of them runs `verify` on the workspace"
        );
    }
    let lessons = if wanted.is_empty() {
        let mut all: Vec<_> = workspace
            .lessons
            .iter()
            .chain(&workspace.to_be_written)
            .collect();
        all.sort_by_key(|lesson| lesson.number);
        all
    } else {
        wanted
            .iter()
            .map(|wanted| select::lesson(workspace, wanted))
            .collect::<Result<Vec<_>, _>>()?
    };
    let runner = runner.with_report(ReportPage::PLAIN);
    let mut scratch = Scratch::new(&runner)?.without_debug_info();
    let table = Table::new(
        Marks::of_locale(),
        lessons.iter().map(|lesson| lesson.name.as_str()),
    );

    let mut gates = Vec::new();
    if wanted.is_empty() {
        say("the workspace's own tests");
        gates.push(workspace_tests::gate(&runner)?);
        gates.extend(go::gate(workspace));
    }
    let mut verified: Vec<Verified<'_>> = Vec::new();
    for lesson in lessons {
        verified.push(Verified::read(
            workspace,
            &mut scratch,
            lesson,
            options.shipped,
        )?);
    }
    if !verified.is_empty() {
        say("building the references");
        let references = build_references(&runner, &verified)?;
        say("building stubs, mistakes and benches");
        let built = scratch.build(false)?;
        say("building what has unsafe, with AddressSanitizer");
        let written = verified.iter().filter(|one| one.is_written());
        let sanitizer = sanitizer::build(&runner, written.map(|one| one.lesson))?;
        for verified in verified {
            say(&format!("testing {}", verified.lesson.name));
            gates.extend(verified.gates(
                &runner,
                &references,
                &built,
                sanitizer.as_ref(),
                options.record,
            )?);
        }
    }
    say("");
    term::print(&table.render(&gates));
    Ok(Exit::success_if(
        gates.iter().all(|gate| gate.result.is_ok()),
    ))
}

/// Says on a terminal what takes so long, in a line that goes away again.
pub fn say(what: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let dots = if what.is_empty() { "" } else { " …" };
        let _ = write!(stderr, "\r\x1b[K{what}{dots}").and_then(|()| stderr.flush());
    }
}
