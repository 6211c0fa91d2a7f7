//! `cargo xtask explore LESSON [TEST]`: every interleaving of a model, to step through in a browser.

use std::fmt::Write;
use std::fs;
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::one_model::{OneModel, choose};
use super::{Exit, break_};
use crate::course::lesson_tests::{self, MODELS};
use crate::course::select;
use crate::explore::data::Explored;
use crate::explore::{Came, Code, explore, page};
use crate::learner::files::write_atomically;
use crate::run::Runner;
use crate::term::{self, BAD, GOOD, Marks, paint};
use crate::verdict::outcome::Outcome;
use crate::view::{LessonPage, paragraph, row, signed};

/// The folder of the pages, from the workspace's root.
const PAGES: &str = "target/explore";

/// What `--json` prints, for the help.
pub const FORMAT: &str = "\
With --json, one object:
  format          explore
  version         1; it rises when a field changes its meaning
  lesson, test    the names; about: what the test is for
  code            yours, the reference, or the mistake NAME
  model           number, of: a test may run several models. The one that fails
                  is here, or else the first
  coverage, cut   how many interleavings, and why some are missing, if they are
  failing         how many of the runs fail; fewestSwitches: the least number of
                  forced switches of one that does; found: the run that the
                  verdict shows
  sources         path, role (lesson, model, other), text
  threads         their names; objects: name, kind
  ops             the steps: thread, text, note, source, line, object, touches
                  ([object, r or w]), together (no other thread comes between)
  deltas          changes of the state: [object, label, text or null]
  runs            steps (places in ops), delta (places in deltas), able (the
                  threads that could go on before each step, as bits), switches,
                  end: kind, message, cause, rows (step, text)
xtask/src/explore/data.rs says more of each.";

/// Which model to explore, whose code it runs, and where the page goes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The lesson: its name, its number (2.2), or the beginning of its name
    lesson: String,
    /// The race-freedom test: its name or a part of it; without one, the one that catches the mistake, or the one in
    /// the lesson's README.md
    test: Option<String>,
    /// Run the reference with one of its classic mistakes instead of your code: `cargo xtask break LESSON` lists them
    #[arg(long, value_name = "NAME", conflicts_with = "solution")]
    mistake: Option<String>,
    /// Run the reference instead of your code
    #[arg(long)]
    solution: bool,
    /// Where to write the page, or the JSON; without it, the page goes to target/explore
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do not open the page. It is opened only if the output goes to a terminal
    #[arg(long)]
    no_open: bool,
    /// The same for programs, in place of the page
    #[arg(long)]
    json: bool,
}

/// Explores the model and writes the page.
pub fn run(runner: &Runner, options: &Options) -> Result<Exit> {
    let workspace = &*runner.workspace;
    let lesson = select::lesson(workspace, &options.lesson)?;
    let models = lesson_tests::models(workspace, lesson);
    let named = options.test.as_deref();
    let mistakes = options.mistake.as_ref().map(|_| break_::read(workspace, lesson));
    let mistake = match (&options.mistake, &mistakes) {
        (Some(name), Some(all)) => {
            Some(select::mistake(lesson, all, |mistake| &mistake.name, name)?)
        }
        _ => None,
    };
    let page = LessonPage::of(workspace, lesson, Marks::of_locale());
    let model = match (named, mistake) {
        (None, Some(mistake)) => match mistake.caught_by.strip_prefix(MODELS) {
            Some(model) => model,
            None => {
                term::print(&on_real_threads(&page, &mistake.name, &mistake.caught_by));
                return Ok(Exit::Failure);
            }
        },
        _ => choose(workspace, lesson, &models, named)?,
    };
    let code = match mistake {
        Some(mistake) => Code::Mistake(mistake),
        None if options.solution => Code::Reference,
        None => Code::Yours,
    };
    let show = OneModel { page, model, named, models: &models, code, command: "explore" };
    match explore(runner, lesson, model, code)? {
        Came::NotBuilt(failed) => term::print(&show.not_built(&failed)),
        Came::NotThere => term::print(&show.not_there()),
        // A model that came to a `todo!()` has an interleaving, which shows nothing.
        Came::Ran(outcome, Some(explored)) if !matches!(outcome, Outcome::NotWritten(_)) => {
            return write(&show, &explored, options);
        }
        Came::Ran(outcome, _) => term::print(&nothing(&show, outcome)),
    }
    Ok(Exit::Failure)
}

/// Writes what was asked for, and says where it is.
fn write(show: &OneModel<'_>, explored: &Explored, options: &Options) -> Result<Exit> {
    let workspace = show.page.workspace;
    if options.json {
        // Not pretty: it would be several times as large.
        let text = format!("{}\n", serde_json::to_string(explored)?);
        match &options.output {
            Some(path) => {
                fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?
            }
            None => term::print(&text),
        }
        return Ok(Exit::Success);
    }
    let path = match &options.output {
        Some(path) => path.clone(),
        None => {
            let folder = workspace.path(PAGES);
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
            folder.join(format!("{}.{}{}.html", explored.lesson, show.model, show.code.suffix()))
        }
    };
    write_atomically(&path, page(explored)?.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    let opened = !options.no_open && stdout().is_terminal() && open::that_detached(&path).is_ok();
    let mut text = show.page.begin();
    show.title(&mut text);
    sum(&mut text, show, explored);
    let shown = path.strip_prefix(&workspace.root).unwrap_or(&path).display().to_string();
    row(&mut text, "Page", shown);
    let _ = writeln!(text);
    paragraph(
        &mut text,
        if opened {
            "It is open in your browser."
        } else {
            "Open it in a browser; it needs no network."
        },
    );
    term::print(&text);
    Ok(Exit::Success)
}

/// What the model came to, in a few words.
fn sum(text: &mut String, show: &OneModel<'_>, explored: &Explored) {
    let Explored { recorded, model, .. } = explored;
    let end = recorded.runs.first().and_then(|run| run.end.as_ref());
    match (end, recorded.fewest_switches) {
        (Some(end), Some(fewest)) => {
            let fewest = match fewest {
                0 => "without a forced switch of threads".to_owned(),
                1 => "with one forced switch of threads".to_owned(),
                n => format!("with {n} forced switches of threads"),
            };
            let all = recorded.runs.len();
            let fail = match recorded.failing {
                _ if all == 1 => format!("The only interleaving here fails, {fewest}"),
                1 => format!("1 of the {all} interleavings here fails, {fewest}"),
                failing => {
                    format!("{failing} of the {all} interleavings here fail, the simplest {fewest}")
                }
            };
            let sign = paint(BAD, show.page.marks.bad);
            signed(text, &sign, &format!("It fails: {}. {fail}.", end.kind));
        }
        _ => signed(text, &paint(GOOD, show.page.marks.good), "It passes."),
    }
    paragraph(text, &recorded.coverage);
    if model.of > 1 {
        let (number, of) = (model.number, model.of);
        paragraph(text, &format!("The test runs {of} models; this is the {}.", ordinal(number)));
    }
    text.push('\n');
}

fn ordinal(number: usize) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        n => format!("{n}th"),
    }
}

/// What to say of a test that ran and explored nothing.
fn nothing(show: &OneModel<'_>, outcome: Outcome) -> String {
    if let Err(page) = show.passed(outcome) {
        return page;
    }
    let mut text = show.page.begin();
    show.title(&mut text);
    paragraph(&mut text, "It runs no model that must pass, so there is no interleaving to show.");
    text.push('\n');
    show.others(&mut text);
    row(&mut text, "Read", show.page.lesson.readme().display());
    text
}

/// What to say of a mistake that no model catches.
fn on_real_threads(page: &LessonPage<'_>, mistake: &str, caught_by: &str) -> String {
    let mut text = page.begin();
    let name = &page.lesson.name;
    paragraph(
        &mut text,
        &format!(
            "{caught_by} catches the mistake {mistake}. That test runs on real threads, in one order each time, so \
             there are no interleavings to step through. Name a race-freedom test to run one of the models with it."
        ),
    );
    text.push('\n');
    row(&mut text, "See", format!("cargo xtask break {name} {mistake}"));
    row(&mut text, "Or", format!("cargo xtask explore {name} TEST --mistake {mistake}"));
    text
}
