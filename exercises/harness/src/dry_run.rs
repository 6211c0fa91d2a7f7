//! The dry run of an interleaving: a column per thread, a row per effect, and what went wrong.
//!
//! [`explain`] says what kind of failure it is, [`diagnosis`](crate::diagnosis) what kind of mistake that usually
//! is, [`rows`] what stands in the rows, [`layout`] where on the page; [`names`] finds what the program calls
//! its objects, in the [`source`].

mod explain;
mod layout;
mod names;
mod rows;
mod source;
mod words;

use crate::diagnosis::{self, Usually};
use crate::page::{Ink, Page};
use crate::record::Log;
use crate::recorder::Ending;
use crate::verdict::Kind;
pub(crate) use explain::{culprit, other_access, racing_access};
use layout::Layout;
pub(crate) use names::Names;
pub(crate) use source::Sources;
use std::fmt::Write;
pub(crate) use words::at_row;
use words::{paragraph, without_rows};

/// What failed, and how. A passing interleaving has none.
#[derive(Clone, Debug)]
struct Wrong {
    kind: Kind,
    /// What happened, line by line.
    lines: Vec<String>,
    usually: Option<Usually>,
}

/// An interleaving, ready to be shown.
#[derive(Clone, Debug)]
pub(crate) struct DryRun {
    log: Log,
    wrong: Option<Wrong>,
    sources: Sources,
    names: Names,
}

impl DryRun {
    /// An interleaving that failed. `ending` is `None` if the model hangs.
    pub(crate) fn of_failure(log: Log, ending: Option<&Ending>) -> (Kind, Self) {
        let sources = Sources::default();
        let names = Names::new(&log, &sources);
        let (kind, lines) = explain::failure(&log, &names, ending);
        let usually = diagnosis::usually(&log, &names, &sources, kind);
        let wrong = Some(Wrong {
            kind,
            lines,
            usually,
        });
        let dry_run = Self {
            log,
            wrong,
            sources,
            names,
        };
        (kind, dry_run)
    }

    /// One that did not.
    pub(crate) fn of_pass(log: Log) -> Self {
        let sources = Sources::default();
        let names = Names::new(&log, &sources);
        Self {
            log,
            wrong: None,
            sources,
            names,
        }
    }

    /// What went wrong, without a picture.
    pub(crate) fn message(&self) -> String {
        let wrong = self.wrong.iter();
        let lines = wrong.flat_map(|wrong| wrong.lines.iter().map(|line| without_rows(line)));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The picture, without a word about the failure.
    pub(crate) fn picture(&self, page: &Page) -> String {
        self.lay_out(page).text
    }

    /// The picture, what went wrong, what that usually is, and what the names mean.
    pub(crate) fn report(&self, page: &Page) -> String {
        let mut layout = self.lay_out(page);
        let Some(wrong) = &self.wrong else {
            return layout.text;
        };
        layout.text.push('\n');
        let title = (Ink::Bad, title(wrong.kind));
        let (first, rest) = match wrong.kind {
            // Here the lines are of equal rank.
            Kind::Deadlock => ("no thread can go on.", wrong.lines.as_slice()),
            _ => wrong
                .lines
                .split_first()
                .map_or(("", [].as_slice()), |(first, rest)| (first.as_str(), rest)),
        };
        layout.text += &paragraph(page, Some(title), &layout.with_rows(first), 2);
        for line in rest {
            let line = format!("  {}", layout.with_rows(line));
            layout.text += &paragraph(page, None, &line, 4);
        }
        if let Some(usually) = &wrong.usually {
            let text = layout.with_rows(&usually.text);
            layout.text += &paragraph(page, Some((Ink::Strong, "Usually")), &text, 2);
        }
        let legend = self.names.legend(&self.log, &layout.objects);
        if !legend.is_empty() {
            let _ = write!(
                layout.text,
                "\n{}",
                paragraph(page, Some((Ink::Strong, "Made at")), &legend, 2)
            );
        }
        layout.text
    }

    fn lay_out(&self, page: &Page) -> Layout {
        let wrong = self.wrong.as_ref();
        let kind = wrong.map(|wrong| wrong.kind);
        let marks = wrong
            .and_then(|wrong| wrong.usually.as_ref())
            .map_or(&[][..], |usually| &usually.marks);
        let rows = rows::rows(&self.log, &self.names, kind, marks);
        Layout::new(&self.log, &rows, page, &self.sources)
    }
}

/// A sentence, wrapped.
pub(crate) fn sentence(page: &Page, text: &str) -> String {
    paragraph(page, None, text, 0)
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Panic => "Panic",
        Kind::Deadlock => "Deadlock",
        Kind::DataRace => "Data race",
        Kind::Leak => "Leak",
        Kind::TooManySteps => "Too many steps",
        Kind::Stuck => "Stuck",
        Kind::SetUp => "The model cannot run",
    }
}
