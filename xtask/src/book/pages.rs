//! The book's pages: which texts, in which order, under which titles.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::course::{EXERCISES, Workspace, numbered_folders, readme};

const README: &str = "README.md";

/// A page of the book.
#[derive(Debug)]
pub struct Page {
    /// The text's file, from the workspace's root.
    pub path: PathBuf,
    /// Its first heading.
    pub title: String,
    /// How the text of the file goes.
    pub text: String,
    /// How deep it stands in the table of contents. `None`: before the list, or behind it.
    depth: Option<usize>,
}

impl Page {
    fn read(workspace: &Workspace, path: PathBuf, depth: Option<usize>) -> Result<Self> {
        let text = fs::read_to_string(workspace.path(&path));
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let title = readme::prose(&text).find_map(|(_, line)| line.strip_prefix("# "));
        let title =
            title.map_or_else(|| path.display().to_string(), |title| title.trim().to_owned());
        Ok(Self { path, title, text, depth })
    }

    /// Where the page is in the book: a README.md is the index of its folder.
    pub fn place(&self) -> PathBuf {
        match self.path.file_name() == Some(OsStr::new(README)) {
            true => self.path.with_file_name("index.md"),
            false => self.path.clone(),
        }
    }
}

/// The pages of the course, in the order of the book: the course, the path, each chapter with its lessons, and what stands
/// beside them.
pub fn of(workspace: &Workspace) -> Result<Vec<Page>> {
    let exercises = Path::new(EXERCISES);
    let mut pages = Vec::new();
    let mut beside = texts(workspace, exercises);
    let mut read = |path: PathBuf, depth: Option<usize>| -> Result<()> {
        if workspace.path(&path).is_file() {
            pages.push(Page::read(workspace, path, depth)?);
        }
        Ok(())
    };
    read(README.into(), None)?;
    read(exercises.join(README), Some(0))?;
    for (_, chapter) in numbered_folders(&workspace.path(exercises))? {
        let folder = exercises.join(chapter);
        beside.extend(texts(workspace, &folder));
        read(folder.join(README), Some(0))?;
        let lessons = workspace.lessons.iter();
        for lesson in lessons.filter(|lesson| lesson.exercise.parent() == Some(&folder)) {
            read(lesson.readme(), Some(1))?;
        }
    }
    for path in beside {
        read(path, None)?;
    }
    Ok(pages)
}

/// The texts in a folder beside its README.md.
fn texts(workspace: &Workspace, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace.path(folder)).into_iter().flatten().flatten();
    let names = entries.map(|entry| PathBuf::from(entry.file_name()));
    let names = names.filter(|name| name.extension().is_some_and(|end| end == "md"));
    let mut names: Vec<_> = names.filter(|name| name.as_os_str() != README).collect();
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

/// mdBook's table of contents.
pub fn summary(pages: &[Page]) -> String {
    let mut text = "# Summary\n\n".to_owned();
    let mut depth = None;
    for page in pages {
        if page.depth.is_some() != depth.is_some() {
            text.push('\n');
        }
        depth = page.depth;
        let item = depth.map_or_else(String::new, |depth| format!("{}- ", "  ".repeat(depth)));
        let place = page.place().display().to_string().replace('\\', "/");
        let _ = writeln!(text, "{item}[{}]({place})", page.title);
    }
    text
}
