//! The page of a lesson that cannot be built: rustc's words first, a few of them; then what they come to for somebody
//! who has a lesson to write.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::course::explained::{self, Section};
use crate::course::lacks::{lacks, missed};
use crate::course::shipped::Lock;
use crate::course::{api, settings};
use crate::run::SourceLine;
use crate::run::cargo::{Diagnostic, NotBuilt};
use crate::term::{FAINT, columns, count, paint, plain, terminal_width, width, wrap};
use crate::verdict::slips;

use harness_base::imports;

use super::LessonPage;
use super::parts::{behind, paragraph, row};

/// The most lines of the page: two screens.
const LINES: usize = 48;

/// The most errors that are shown.
const ERRORS: usize = 3;

/// The most differences of signatures that are named.
const DIFFERENCES: usize = 3;

/// Why no method of a lesson takes `&mut self` that the lesson gave `&self`.
const SHARED: &str =
    "Threads share it by `&self`; what changes inside is an atomic, or behind a lock.";

impl LessonPage<'_> {
    /// The page for a lesson that cannot be built.
    pub fn not_built(&self, failed: &NotBuilt) -> String {
        let errors = self.in_order(&failed.errors);
        let below = self.below(&errors);
        if errors.is_empty() {
            return format!("{}\n\n{below}", failed.said.trim_end());
        }
        let room = LINES.saturating_sub(lines_of(&below) + 3);
        self.words(&errors, room, places(&failed.errors)) + &below
    }

    /// Each error once, those in the learner's files first. The lesson is compiled for real threads and for the model.
    fn in_order<'a>(&self, all: &'a [Diagnostic]) -> Vec<&'a Diagnostic> {
        let mut errors: Vec<&Diagnostic> = all.iter().collect();
        // Of two that say the same the one that says it in fewer words.
        errors.sort_by_key(|error| error.rendered.len());
        let (mut places, mut messages) = (BTreeSet::new(), BTreeSet::new());
        errors.retain(|error| {
            places.insert((&error.code, &error.at))
                && (self.is_learners(error) || messages.insert((&error.code, &error.message)))
        });
        let position = |error: &Diagnostic| all.iter().position(|other| std::ptr::eq(other, error));
        // Of those that are nobody's fault the short ones first: more of them can be shown.
        errors.sort_by_key(|error| match self.is_learners(error) {
            true => (false, position(error)),
            false => (true, Some(error.rendered.len())),
        });
        errors
    }

    /// Whether it is in a file that the learner wrote: the lesson's, or one that was not shipped.
    fn is_learners(&self, error: &Diagnostic) -> bool {
        let Some((at, _)) = &error.at else {
            return false;
        };
        let slashes = |path: &str| path.replace('\\', "/");
        let exercise = slashes(&self.lesson.exercise.to_string_lossy()) + "/";
        let lock = Lock::read(&self.workspace.path(self.lesson.lock()));
        slashes(&at.file).strip_prefix(&exercise).is_some_and(|path| {
            path == format!("src/{}", self.lesson.file_name())
                || matches!(&lock, Ok(Some(lock)) if !lock.files.contains_key(path))
        })
    }

    /// As many errors as there is room for, and how many there are besides.
    fn words(&self, errors: &[&Diagnostic], room: usize, all: usize) -> String {
        let mut page = String::new();
        let (mut shown, mut more) = (0, Vec::new());
        for error in errors.iter().take(ERRORS) {
            let text = format!("{}\n\n", error.rendered.trim_end());
            if lines_of(&page) + lines_of(&text) > room {
                break;
            }
            page += &text;
            shown += 1;
        }
        if shown == 0 {
            let lines: Vec<&str> = errors[0].rendered.trim_end().lines().collect();
            let fits = |n: &usize| lines_of(&lines[..*n].join("\n")) < room;
            let fits = (1..lines.len()).take_while(fits).last().unwrap_or(1);
            let _ = writeln!(page, "{}\n", lines[..fits].join("\n"));
            more.push(count(lines.len() - fits, "more line"));
            shown = 1;
        }
        if all > shown {
            more.push(count(all - shown, "more error"));
        }
        if !more.is_empty() {
            let text = format!(
                "{} {}. All that rustc says: cargo check -p {} --tests",
                self.marks.more,
                more.join(", "),
                self.lesson.name
            );
            for line in wrap(&text, width() - 1) {
                let _ = writeln!(page, " {}", paint(FAINT, line));
            }
            page.push('\n');
        }
        page
    }

    /// What stands below rustc's words.
    fn below(&self, errors: &[&Diagnostic]) -> String {
        let mut page = String::new();
        let shown = &errors[..errors.len().min(ERRORS)];
        self.sections(&mut page, shown);
        page += &self.header();
        page.push('\n');
        let name = &self.lesson.name;
        let source = self.source();
        let (mut line, mut is_theirs) = (None, true);
        if !self.workspace.path(self.lesson.file()).exists() {
            let text = format!(
                "Your file is not there. `cargo xtask restore {name} --list` shows what the runner has kept of it, \
                 and `cargo xtask reset {name}` puts the stub there."
            );
            paragraph(&mut page, &text);
        } else if let Some(first) = errors.first() {
            if self.is_learners(first) {
                line = first.at.as_ref().map(|(at, _)| at.clone());
                let text =
                    "It does not compile yet. The first error above is the one to begin with.";
                paragraph(&mut page, text);
                self.advice(&mut page, errors, &source);
            } else if first.package == *name {
                line = self.outside(&mut page, errors, &source);
            } else {
                let text = format!(
                    "The first error is in {}, which no lesson edits. `git status` lists what was changed.",
                    first.package
                );
                paragraph(&mut page, &text);
                is_theirs = false;
            }
        } else {
            self.no_fault_of_the_learners(&mut page);
            is_theirs = false;
        }
        page.push('\n');
        if !is_theirs {
            row(&mut page, "Then", self.again());
            row(&mut page, "Stuck", "cargo xtask doctor");
            return page;
        }
        match line {
            Some(at) if !at.file.ends_with(&self.lesson.file_name()) => row(&mut page, "Edit", at),
            line => row(&mut page, "Edit", self.edit(line.map(|at| at.line))),
        }
        self.after_edit(&mut page);
        page
    }

    /// cargo fails, and no error is in the lesson's files.
    fn no_fault_of_the_learners(&self, page: &mut String) {
        paragraph(page, "cargo could not build it; what it says stands above.");
        let settings = settings::foreign(&self.workspace.root);
        if !settings.is_empty() {
            let text = "It is not your code. These settings are not the lessons'; if one is why, take it away:";
            paragraph(page, text);
            for setting in settings {
                let _ = writeln!(page, "   {setting}");
            }
        }
    }

    /// A line for each section that explains one of these errors.
    fn sections(&self, page: &mut String, errors: &[&Diagnostic]) {
        let mut sections: Vec<(String, Section)> = Vec::new();
        for error in errors {
            let Some(code) = &error.code else {
                continue;
            };
            let section = explained::explaining(self.workspace, code, &plain(&error.rendered));
            if let Some(section) = section
                && !sections.iter().any(|(_, other)| *other == section)
            {
                sections.push((code.clone(), section));
            }
        }
        for (code, section) in &sections {
            self.section(page, code, section);
        }
        if !sections.is_empty() {
            page.push('\n');
        }
    }

    fn section(&self, page: &mut String, code: &str, section: &Section) {
        let Section { heading, text, line, .. } = section;
        let (one, place) = (format!(" {code}  {heading}"), format!("{text}:{line}"));
        if columns(&one) + 2 + columns(&place) <= terminal_width() {
            let _ = writeln!(page, "{one}  {place}");
        } else {
            let _ = writeln!(page, "{one}\n {:1$}  {place}", "", columns(code));
        }
    }

    /// What rustc advises wrongly, or says in odd words, because it does not know the lessons' locks.
    fn advice(&self, page: &mut String, errors: &[&Diagnostic], source: &str) {
        let file = self.lesson.file_name();
        if errors.iter().any(|error| {
            matches!(error.code.as_deref(), Some("E0594" | "E0596"))
                && error.rendered.contains("&mut ")
        }) {
            let text = format!("Do not follow rustc to `&mut self`. {SHARED}");
            paragraph(page, &text);
        }
        let says = |error: &&Diagnostic, words: &str| error.message.contains(words);
        if errors
            .iter()
            .any(|error| error.code.as_deref() == Some("unused_must_use") && says(error, "Guard`"))
        {
            paragraph(
                page,
                "Do not follow rustc here: `let _ = …` compiles, and unlocks at once. A guard with a name holds \
                 the lock to the end of the block: `let _guard = …`.",
            );
        }
        let expects = |error: &&Diagnostic| {
            error.rendered.contains("compare_exchange")
                && error.rendered.contains(".expect(\"REASON\")")
        };
        if errors.iter().any(expects) {
            paragraph(
                page,
                "Do not follow rustc to `expect`: that panics as soon as another thread was first. Whether the \
                 exchange was made is `.is_ok()`.",
            );
        }
        let mut around = imports::violations(source).into_iter();
        if let Some(first) = around.find(|one| !one.path.starts_with("harness")) {
            // Its errors are about types that the lesson does not use: what to do about those is beside the point.
            paragraph(page, &format!("{file}:{}: {first}.", first.line));
            return;
        }
        let std = |error: &&Diagnostic| {
            ["use std::sync::", "use std::thread", "use std::cell::UnsafeCell", "cargo add thread"]
                .iter()
                .any(|advice| error.rendered.contains(advice))
        };
        if errors.iter().any(std) {
            paragraph(
                page,
                "Do not follow rustc to `std`: `crate::sync` has it, for example `use crate::sync::{thread, Mutex};`.",
            );
        }
        if let Some(line) = slips::unwrapped_guard(source) {
            let text = format!(
                "{file}:{line}: `lock()` gives the guard itself; there is no poisoning here. Behind it, `unwrap` \
                 and `expect` are looked up on the value that is locked: leave them out."
            );
            paragraph(page, &text);
        }
        let bare = |error: &&Diagnostic| {
            matches!(error.code.as_deref(), Some("E0368" | "E0369" | "E0308" | "E0277" | "E0600"))
                && error.message.contains("Guard<")
        };
        if errors.iter().any(bare) {
            paragraph(
                page,
                "A guard is not the value that is locked: if `n` is the guard, `*n` is the value.",
            );
        }
    }

    /// How the learner's public items differ from those of the lesson, a few of them.
    pub fn differences(&self, page: &mut String, missed: &[api::Missed]) {
        for missed in missed.iter().take(DIFFERENCES) {
            let text = match missed.parts() {
                Some((yours, lessons)) => {
                    format!("`{}`: `{yours}`, the lesson's is `{lessons}`", missed.name)
                }
                None => format!("`{}` is missing", missed.lessons),
            };
            behind(page, "   ", "   ", &text, width() - 3);
        }
        if let Some(more) = missed.len().checked_sub(DIFFERENCES).filter(|n| *n > 0) {
            let _ = writeln!(page, "   {} {more} more", self.marks.more);
        }
    }

    /// The learner's file compiles, and what uses it does not. Returns the line to look at, if one is known.
    fn outside(
        &self,
        page: &mut String,
        errors: &[&Diagnostic],
        source: &str,
    ) -> Option<SourceLine> {
        let is_private =
            |error: &&Diagnostic| matches!(error.code.as_deref(), Some("E0603" | "E0624"));
        if errors.iter().any(is_private) {
            paragraph(
                page,
                "Your file compiles, what uses it does not: what rustc calls private above is `pub` in the lesson.",
            );
            return None;
        }
        if let Some(text) = lacks(self.workspace, self.lesson) {
            paragraph(page, &text);
            return None;
        }
        let missed = missed(self.workspace, self.lesson, source);
        if missed.is_empty() {
            let unshared = |error: &&Diagnostic| error.message.contains("between threads safely");
            let text = match errors.iter().any(unshared) {
                true => {
                    "Your file compiles, what uses it does not: threads share it, and a field is not made for that. \
                     rustc names it above."
                }
                false => {
                    "Your file compiles, what uses it does not: was a signature or a bound changed, or is a field \
                     not `Sync`?"
                }
            };
            paragraph(page, text);
            return None;
        }
        let text =
            "Your file compiles, what uses it does not. It differs from what the lesson gave you:";
        paragraph(page, text);
        self.differences(page, &missed);
        let is_exclusive = |one: &api::Missed| {
            one.yours.as_ref().is_some_and(|yours| yours.contains("&mut self"))
                && one.lessons.contains("(&self")
        };
        if missed.iter().any(is_exclusive) {
            paragraph(page, SHARED);
            // What rustc says where it advises `&mut self`.
            let section = explained::explaining(self.workspace, "E0594", "self. `&` reference");
            if let Some(section) = section {
                self.section(page, "E0594", &section);
            }
        }
        let name = missed.iter().find(|one| one.yours.is_some())?;
        let name = format!("fn {}", name.name);
        let of_name = |line: &str| {
            let rest = line.split_once(&name).map(|(_, rest)| rest);
            rest.is_some_and(|rest| rest.starts_with(['(', '<']))
        };
        let line = (1..).zip(source.lines()).find(|(_, line)| of_name(line));
        line.map(|(line, _)| SourceLine { file: self.lesson.file_name(), line })
    }
}

/// How many errors there are, those of both faces together.
fn places(errors: &[Diagnostic]) -> usize {
    let places = errors.iter().map(|error| (&error.code, &error.at));
    places.collect::<BTreeSet<_>>().len()
}

/// The lines of a terminal that a text takes.
fn lines_of(text: &str) -> usize {
    let terminal = terminal_width();
    let lines = |line: &str| columns(line).div_ceil(terminal).max(1);
    text.lines().map(lines).sum()
}
