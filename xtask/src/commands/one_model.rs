//! What the commands have in common that show one model of a lesson: which one, and what to say where there is nothing to
//! show.

use harness_base::protocol::Coverage;

use crate::course::lesson_tests::MODELS;
use crate::course::select::{self, NoSuchName};
use crate::course::{Lesson, Workspace, readme};
use crate::explore::Code;
use crate::run::SourceLine;
use crate::run::cargo::NotBuilt;
use crate::term::{OPEN, paint};
use crate::verdict::outcome::{Outcome, Todo};
use crate::view::{Length, LessonPage, paragraph, row, signed};

/// The model that is named; without a name the one in the lesson's README, or else the first.
pub fn choose<'a>(
    workspace: &Workspace,
    lesson: &Lesson,
    models: &'a [String],
    wanted: Option<&str>,
) -> Result<&'a str, NoSuchName> {
    if let Some(wanted) = wanted {
        return select::model(lesson, models, wanted);
    }
    let in_readme = readme::model(workspace, lesson);
    let shown = models.iter().find(|model| Some(*model) == in_readme.as_ref());
    match shown.or(models.first()) {
        Some(model) => Ok(model),
        // Without models there is no other answer to any name.
        None => select::model(lesson, models, ""),
    }
}

/// A model to show.
pub struct OneModel<'a> {
    /// The lesson.
    pub page: LessonPage<'a>,
    /// The name of its test, without the heading.
    pub model: &'a str,
    /// What it was called by; `None`: nothing, it is the lesson's choice.
    pub named: Option<&'a str>,
    /// The names of all models of the lesson.
    pub models: &'a [String],
    /// Whose code it runs.
    pub code: Code<'a>,
    /// The command that shows it.
    pub command: &'static str,
}

impl OneModel<'_> {
    /// The name of the test and what it is for.
    pub fn title(&self, text: &mut String) {
        self.page.test(text, &format!("{MODELS}{}", self.model));
    }

    /// The other tests that can be shown, and how.
    pub fn others(&self, text: &mut String) {
        let flag = match self.code {
            Code::Yours => String::new(),
            Code::Reference => " --solution".to_owned(),
            Code::Mistake(mistake) => format!(" --mistake {}", mistake.name),
        };
        let others: Vec<&str> =
            self.models.iter().map(String::as_str).filter(|other| *other != self.model).collect();
        let name = &self.page.lesson.name;
        if !others.is_empty() {
            paragraph(text, &format!("Other race-freedom tests: {}.", others.join(", ")));
            text.push('\n');
            row(text, "More", format!("cargo xtask {} {name} TEST{flag}", self.command));
        }
    }

    /// What the models of a test explored that has passed.
    ///
    /// # Errors
    /// The page for one that has not.
    pub fn passed(&self, outcome: Outcome) -> Result<Vec<Coverage>, String> {
        let mut text = self.page.begin();
        match outcome {
            Outcome::Passed(coverage) => return Ok(coverage),
            Outcome::NotWritten(todo) => self.not_written(&mut text, &todo),
            Outcome::Failed(failure) => {
                let test = format!("{MODELS}{}", self.model);
                self.page.failure(&mut text, &test, &failure, Length::Full);
                self.to_correct(&mut text, None);
            }
            Outcome::NotRun => return Err(self.not_there()),
        }
        Err(text)
    }

    fn not_written(&self, text: &mut String, todo: &Todo) {
        self.title(text);
        let at = todo.at.as_ref().map(SourceLine::short);
        let at = at.as_deref().unwrap_or("a todo!()");
        let what = if todo.text.is_empty() { String::new() } else { format!(" ({})", todo.text) };
        let sign = paint(OPEN, self.page.marks.open);
        let said =
            format!("Not written yet: the test comes to {at}{what}, so there is nothing to show.");
        signed(text, &sign, &said);
        text.push('\n');
        self.to_correct(text, todo.at.as_ref().map(|at| at.line));
    }

    /// The page for a test that is not in the lesson's file any more.
    pub fn not_there(&self) -> String {
        let mut text = self.page.begin();
        let file = self.page.lesson.exercise.join("src/race_freedom.rs");
        let (file, model) = (file.display(), self.model);
        paragraph(
            &mut text,
            &format!(
                "The lesson has a test {model}, and it is not in {file} any more. Bring it back:"
            ),
        );
        text.push('\n');
        row(&mut text, "Back", format!("git checkout {file}"));
        text
    }

    /// The page for tests that cannot be built: rustc first.
    pub fn not_built(&self, failed: &NotBuilt) -> String {
        let what = match self.code {
            Code::Yours => return self.page.not_built(failed),
            Code::Reference => "The reference does not compile".to_owned(),
            Code::Mistake(mistake) => {
                format!("With the mistake {} it does not compile", mistake.name)
            }
        };
        let mut text = format!("{}\n\n{}\n", failed.said.trim_end(), self.page.header());
        paragraph(&mut text, &format!("{what}; what rustc says stands above."));
        text.push('\n');
        self.to_correct(&mut text, None);
        text
    }

    /// What to do where there is something to write or to correct.
    fn to_correct(&self, text: &mut String, line: Option<u32>) {
        let lesson = self.page.lesson;
        let name = &lesson.name;
        match self.code {
            Code::Yours => {
                row(text, "Edit", self.page.edit(line));
                row(text, "Read", lesson.readme().display());
                row(text, "Then", format!("cargo xtask test {name}"));
                let test = self.named.map(|named| format!(" {named}")).unwrap_or_default();
                let see = format!("cargo xtask {} {name}{test} --solution", self.command);
                row(text, "See", see);
            }
            Code::Reference => {
                // It passes as it is shipped, so it was changed, or its tests were.
                paragraph(text, "If you changed the reference or the tests, bring them back:");
                let (solution, exercise) = (lesson.solution.display(), lesson.exercise.display());
                text.push('\n');
                row(
                    text,
                    "Back",
                    format!("git checkout {solution} {exercise}/src/race_freedom.rs"),
                );
                row(text, "Then", format!("cargo xtask verify {name}"));
            }
            Code::Mistake(_) => {
                self.others(text);
                row(text, "Read", lesson.readme().display());
            }
        }
    }
}
