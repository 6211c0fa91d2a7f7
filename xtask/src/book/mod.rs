//! The course as a site, for mdBook: every README.md, the introductions of the chapters and the pages beside them.
//!
//! The book's sources are a copy of these texts below `target/book`, in the same folders, so that most links stay as they
//! are. [`links`] changes the rest and refuses those that lead nowhere; [`pages`] finds the texts and their order.
//!
//! May use [`explore`](mod@crate::explore) and the rooms below it.

mod links;
mod pages;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::course::lesson_tests::MODELS;
use crate::course::{Lesson, readme};
use crate::explore::{self, Code, explore, page};
use crate::learner::files::write_atomically;
use crate::run::{Runner, installed};
use crate::scratch::mistake::{self, Mistake};
use crate::term::note;
use links::Links;

/// Where the book is, from the workspace's root.
const FOLDER: &str = "target/book";

/// Its first page, from the workspace's root.
pub const SITE: &str = "target/book/html/index.html";

/// mdBook's settings: no buttons that send code to a server, no text that is changed, no page for a server's errors.
const SETTINGS: &str = r#"[book]
title = {TITLE}
language = "en"
src = "src"

[build]
build-dir = "html"
use-default-preprocessors = false

[output.html]
no-section-label = true
smart-punctuation = false
input-404 = ""

[output.html.fold]
enable = true
level = 1

[output.html.playground]
runnable = false
"#;

/// Which pages of the explorer the book has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Explore {
    /// The challenge of each lesson, which takes some minutes
    Challenges,
    /// Each mistake that a model catches: hundreds of pages, which take about an hour
    Mistakes,
}

/// What came of the book.
#[derive(Debug)]
pub enum Came {
    /// It is there: so many pages, and so many of the explorer's.
    Site(usize, usize),
    /// Links that lead nowhere.
    Broken(Vec<String>),
    /// mdBook is not installed.
    NoTool,
}

/// Writes the site, with the pages of the explorer that are asked for.
///
/// # Errors
///
/// A text cannot be read, a challenge cannot be explored, or mdBook fails.
pub fn write(runner: &Runner, with: Option<Explore>, say: impl Fn(&str)) -> Result<Came> {
    let workspace = &*runner.workspace;
    let pages = pages::of(workspace)?;
    let Links { mut texts, files, broken } = links::follow(&workspace.root, &pages);
    if !broken.is_empty() {
        return Ok(Came::Broken(broken));
    }
    let Some(mdbook) = installed("mdbook") else {
        return Ok(Came::NoTool);
    };
    let folder = workspace.path(FOLDER);
    let sources = folder.join("src");
    if sources.exists() {
        fs::remove_dir_all(&sources)
            .with_context(|| format!("cannot remove {}", sources.display()))?;
    }
    let mut explored = 0;
    if let Some(which) = with {
        for lesson in &workspace.lessons {
            let at = pages.iter().position(|page| page.path == lesson.readme());
            let Some(text) = at.and_then(|at| texts.get_mut(at)) else { continue };
            say(&format!("exploring {}", lesson.name));
            explored += explorer(runner, lesson, which, text, &sources)?;
        }
        say("");
    }
    let title = pages.first().map(|page| page.title.as_str()).unwrap_or_default();
    put(&folder.join("book.toml"), &SETTINGS.replace("{TITLE}", &format!("{title:?}")))?;
    put(&sources.join("SUMMARY.md"), &pages::summary(&pages))?;
    for (page, text) in pages.iter().zip(&texts) {
        put(&sources.join(page.place()), text)?;
    }
    copy(&workspace.root, &sources, &files)?;
    let output = runner
        .tool(mdbook.as_os_str(), &folder)
        .arg("build")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", mdbook.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`mdbook build` in {FOLDER} ended with {}:\n{}", output.status, said.trim_end());
    }
    Ok(Came::Site(pages.len(), explored))
}

/// Writes the explorer's pages of the lesson, and puts a link to each behind the command that makes it; to those that no
/// command stands for, at the end. Returns how many it wrote.
fn explorer(
    runner: &Runner,
    lesson: &Lesson,
    which: Explore,
    text: &mut String,
    sources: &Path,
) -> Result<usize> {
    let (mistakes, _) = mistake::read_all(&runner.workspace.path(lesson.mistakes()));
    let challenges: BTreeSet<_> =
        readme::challenges(text, &lesson.name).into_iter().map(str::to_owned).collect();
    let (mut written, mut others) = (0, String::new());
    for mistake in &mistakes {
        let is_challenge = challenges.contains(&mistake.name);
        let Some(model) = mistake.caught_by.strip_prefix(MODELS) else { continue };
        if !is_challenge && which == Explore::Challenges {
            continue;
        }
        let command = readme::challenge(&lesson.name, &mistake.name);
        let came = explore(runner, lesson, model, Code::Mistake(mistake))?;
        let explore::Came::Ran(_, Some(explored)) = came else {
            // The book is worth having without it.
            let says_why = format!("`cargo xtask verify {}` says why", lesson.name);
            note(&format!("{command} shows nothing: {says_why}; the book goes on without"));
            continue;
        };
        written += 1;
        let file = format!("explore.{}.html", mistake.name);
        put(&sources.join(&lesson.exercise).join(&file), &page(&explored)?)?;
        if is_challenge {
            *text = text.replace(&command, &format!("{command} ([play it here]({file}#play))"));
        } else {
            let Mistake { name, mistake, .. } = mistake;
            others += &format!("- [{name}]({file}#play): {mistake}\n");
        }
    }
    if !others.is_empty() {
        *text += &format!("\n## Other mistakes to play\n\n{others}");
    }
    Ok(written)
}

/// Copies files that pages link to; the browser shows them as text.
fn copy(root: &Path, sources: &Path, files: &BTreeSet<PathBuf>) -> Result<()> {
    for file in files {
        let text = fs::read_to_string(root.join(file));
        let text = text.with_context(|| format!("cannot read {}", file.display()))?;
        put(&sources.join(links::as_text(&file.display().to_string())), &text)?;
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    write_atomically(path, text.as_bytes()).with_context(cannot)
}
