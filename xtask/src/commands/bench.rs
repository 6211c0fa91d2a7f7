//! `cargo xtask bench [LESSON]`: what yours takes, in times of the reference.

use anyhow::Result;
use serde::Serialize;

use super::{Exit, begun_or_last_finished};
use crate::bench::{self, Comparison, Yours};
use crate::learner::progress::Store;
use crate::run::Runner;
use crate::term::{self, Marks};
use crate::view::{LessonPage, json};

/// The comparison for programs. A field may be added; one that changes its meaning raises `version`. The help of
/// `--json` describes it for its readers.
#[derive(Debug, Serialize)]
struct Document<'a> {
    version: u32,
    lesson: &'a str,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Measures the lesson that goes by `wanted`; without a name, the one at hand.
pub fn run(runner: &Runner, wanted: Option<&str>, json: bool) -> Result<Exit> {
    let workspace = &*runner.workspace;
    // Held while it measures: a second runner would build and test beside it, and nothing would be comparable.
    let store = Store::open(workspace)?;
    let Some(lesson) = begun_or_last_finished(workspace, &store, wanted)? else {
        return Ok(super::no_lesson());
    };
    let page = LessonPage::of(workspace, lesson, Marks::of_locale());
    if !json {
        term::print(&format!("{}\n", page.header()));
    }
    let comparison = bench::measure(runner, lesson)?;
    term::print(&if json {
        let document = Document { version: 1, lesson: &lesson.name, comparison: &comparison };
        json::text(&document)?
    } else {
        bench::render(&page, &comparison)
    });
    Ok(Exit::success_if(comparison.yours == Yours::Measured))
}
