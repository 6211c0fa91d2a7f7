//! The picture of an interleaving: a column per thread, a row per effect, and what went wrong.
//!
//! [`explain`] says what went wrong, [`layout`] where the rows stand on the page, [`words`] where lines break.
//!
//! May use [`reading`](crate::reading), the [`page`](harness_base::page) and [`text`](harness_base::text). What kind of mistake it is
//! likely to be, it is told.

mod explain;
mod layout;
mod words;

use crate::reading::{Reading, Remark, mentioned, rows, without_rows};
use crate::record::Ending;
pub use explain::what_went_wrong;
use harness_base::page::{Ink, Page};
use harness_base::protocol::{Kind, USUALLY};
use layout::Layout;
use words::paragraph;

/// What failed, and how. A passing interleaving has none.
#[derive(Clone, Debug)]
struct Wrong {
    kind: Kind,
    /// What happened, line by line.
    lines: Vec<String>,
    cause: Option<Remark>,
}

/// An interleaving, ready to be shown.
#[derive(Clone, Debug)]
pub struct DryRun {
    reading: Reading,
    wrong: Option<Wrong>,
}

impl DryRun {
    /// An interleaving that failed, with its likely `cause`. `ending` is `None` if the model hangs.
    pub fn of_failure(
        reading: Reading,
        kind: Kind,
        ending: Option<&Ending>,
        cause: Option<Remark>,
    ) -> Self {
        let lines = explain::what_went_wrong(&reading.log, &reading.names, ending);
        let wrong = Some(Wrong { kind, lines, cause });
        Self { reading, wrong }
    }

    /// One that did not.
    pub fn of_pass(reading: Reading) -> Self {
        Self { reading, wrong: None }
    }

    /// What went wrong, without a picture.
    pub fn message(&self) -> String {
        let wrong = self.wrong.iter();
        let lines = wrong.flat_map(|wrong| wrong.lines.iter().map(|line| without_rows(line)));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The picture, without a word about the failure.
    pub fn picture(&self, page: &Page) -> String {
        self.lay_out(page).text
    }

    /// What went wrong and what that usually is, which a reader is to see first; then the picture, which `lead` leads over
    /// to, and what the names mean.
    pub fn report(&self, page: &Page, lead: &str) -> String {
        let layout = self.lay_out(page);
        let mut text = self.words(page, &layout);
        text += &format!("\n{}\n{}", paragraph(page, None, lead, 0), layout.text);
        let Reading { log, names, .. } = &self.reading;
        let legend = names.legend(log, &layout.objects);
        if !legend.is_empty() {
            let made_at = paragraph(page, Some((Ink::Strong, "Made at")), &legend, 2);
            text += &format!("\n{made_at}");
        }
        text
    }

    /// What went wrong, and what that usually is.
    fn words(&self, page: &Page, layout: &Layout) -> String {
        let Some(wrong) = &self.wrong else {
            return String::new();
        };
        let title = (Ink::Bad, title(wrong.kind));
        let (first, rest) = match wrong.kind {
            // Here the lines are of equal rank.
            Kind::Deadlock => ("no thread can go on.", wrong.lines.as_slice()),
            _ => wrong
                .lines
                .split_first()
                .map_or(("", [].as_slice()), |(first, rest)| (first.as_str(), rest)),
        };
        let mut text = paragraph(page, Some(title), &layout.with_rows(first), 2);
        for line in rest {
            let line = format!("  {}", layout.with_rows(line));
            text += &paragraph(page, None, &line, 4);
        }
        if let Some(cause) = &wrong.cause {
            let cause = layout.with_rows(&cause.text);
            text += &paragraph(page, Some((Ink::Strong, USUALLY)), &cause, 2);
        }
        text
    }

    fn lay_out(&self, page: &Page) -> Layout {
        let Reading { log, names, sources } = &self.reading;
        let kind = self.wrong.as_ref().map(|wrong| wrong.kind);
        let cause = self.wrong.as_ref().and_then(|wrong| wrong.cause.as_ref());
        let lines = self.wrong.iter().flat_map(|wrong| &wrong.lines);
        let texts = lines.chain(cause.map(|cause| &cause.text));
        let told: Vec<usize> = texts.flat_map(|text| mentioned(text)).collect();
        let marks = cause.map_or(&[][..], |cause| &cause.marks);
        let rows = rows(log, names, kind, marks, &told);
        Layout::new(log, &rows, page, sources)
    }
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Panic => "Panic",
        Kind::UseAfterDrop => "Use after drop",
        Kind::Deadlock => "Deadlock",
        Kind::DataRace => "Data race",
        Kind::Leak => "Leak",
        Kind::TooManySteps => "Too many steps",
        Kind::Stuck => "Stuck",
        Kind::SetUp => "The model cannot run",
    }
}
