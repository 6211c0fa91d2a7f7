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
use crate::verify::{browser, go, sanitizer};

/// What to verify beyond the gates.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The lessons; without any, all of them and the workspace's own tests
    lessons: Vec<String>,
    /// Require too that each exercise's file is its stub, as it is shipped
    #[arg(long)]
    shipped: bool,
    /// Write down what the lessons are shipped with (solutions/…/shipped.lock), and the dry runs in their README.md
    #[arg(long)]
    record: bool,
    /// Test the explorer's page too: its types, its format, and in a browser. It needs node, npm and a Chromium, and says
    /// how to install what is missing
    #[arg(long)]
    browser: bool,
}

/// Verifies the lessons that were named; without any, all of them and the workspace's own tests.
pub fn run(runner: &Runner, options: &Options) -> Result<Exit> {
    let wanted = &options.lessons;
    let workspace = &*runner.workspace;
    if std::env::var_os(VERIFYING).is_some_and(|root| root == *workspace.root) {
        bail!(
            "`verify` runs already: it runs the workspace's tests, and one of them runs `verify` on the workspace"
        );
    }
    let lessons = if wanted.is_empty() {
        let all = workspace.lessons.iter().chain(&workspace.to_be_written);
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|lesson| lesson.number);
        all
    } else {
        select::lessons(workspace, wanted)?
    };
    let runner = runner.with_report(ReportPage::PLAIN);
    let mut scratch = Scratch::new(&runner)?.without_debug_info();
    let names = lessons.iter().map(|lesson| lesson.name.as_str());
    let table = Table::new(Marks::of_locale(), names);

    let mut gates = Vec::new();
    if wanted.is_empty() {
        say("the workspace's own tests");
        gates.push(workspace_tests::gate(&runner)?);
        gates.extend(go::gate(workspace));
    }
    let mut verified: Vec<Verified<'_>> = Vec::new();
    for lesson in lessons {
        let read = Verified::read(workspace, &mut scratch, lesson, options.shipped)?;
        verified.push(read);
    }
    if !verified.is_empty() {
        say("building the references");
        let references = build_references(&runner, &verified, wanted.is_empty())?;
        say("building stubs, mistakes and benches");
        let built = scratch.build(false)?;
        say("building what has unsafe, with AddressSanitizer");
        let written = verified.iter().filter(|one| one.is_written());
        let sanitizer = sanitizer::build(&runner, written.map(|one| one.lesson))?;
        for verified in verified {
            say(&format!("testing {}", verified.lesson.name));
            let sanitizer = sanitizer.as_ref();
            // The workspace's own tests are those of the references, too.
            let before = usize::from(wanted.is_empty());
            let of =
                verified.gates(&runner, &references, &built, sanitizer, before, options.record)?;
            gates.extend(of);
        }
    }
    // The pages are explored in the scratch, too, by runners of their own.
    drop(scratch);
    if options.browser {
        gates.extend(browser::gates(&runner, say)?);
    }
    let not_run = !options.browser && wanted.is_empty() && browser::has_tests(workspace);
    say("");
    term::print(&table.render(&gates, not_run.then_some(browser::NOT_RUN)));
    let passes = gates.iter().all(|gate| gate.result.is_ok());
    Ok(Exit::success_if(passes))
}

/// Says on a terminal what takes so long, in a line that goes away again.
pub fn say(what: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let dots = if what.is_empty() { "" } else { " …" };
        let _ = write!(stderr, "\r\x1b[K{what}{dots}").and_then(|()| stderr.flush());
    }
}
