//! The source of the program that ran, as far as it can be found.

use crate::place::Place;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Source files, read once each.
#[derive(Clone, Debug, Default)]
pub struct Sources(RefCell<HashMap<String, Option<Rc<[String]>>>>);

impl Sources {
    /// The line that a place stands in, without the space around it. `None` where the file is not there, as
    /// that of std, or has changed and has no such line.
    pub fn line(&self, place: Place) -> Option<String> {
        let line = self.raw_line(place, 0)?;
        let line = line.trim();
        (!line.is_empty()).then(|| line.to_owned())
    }

    /// The line `before` lines above the place's, as it stands.
    pub fn raw_line(&self, place: Place, before: usize) -> Option<String> {
        let lines = self.lines(place)?;
        let number = usize::try_from(place.line()).ok()?.checked_sub(1 + before)?;
        lines.get(number).cloned()
    }

    /// All lines of the file that a place is in.
    pub fn lines(&self, place: Place) -> Option<Rc<[String]>> {
        self.file(place.file())
    }

    /// All lines of a file.
    pub fn file(&self, path: &str) -> Option<Rc<[String]>> {
        let mut files = self.0.borrow_mut();
        if let Some(known) = files.get(path) {
            return known.clone();
        }
        let lines = read(path);
        files.insert(path.to_owned(), lines.clone());
        lines
    }
}

/// cargo compiles a workspace's packages in the workspace's root, which is what paths are relative to, and
/// runs their tests in the package's folder. A file that was saved after the test was built is not what ran.
fn read(file: &str) -> Option<Rc<[String]>> {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let mut all = here.ancestors().map(|folder| folder.join(file));
    let path = all.find(|path| path.is_file())?;
    let modified = |path: &Path| std::fs::metadata(path)?.modified();
    let built = std::env::current_exe().and_then(|test| modified(&test));
    if modified(&path).ok()? > built.ok()? {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}
