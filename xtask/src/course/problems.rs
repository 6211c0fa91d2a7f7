//! Folders and files for which cargo refuses the whole workspace, and lessons that are gone.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::workspace::{EXERCISES, Problem, SOLUTIONS, Workspace, numbered_folders};

/// What is wrong with the tree of the lessons.
pub fn of(workspace: &Workspace) -> Vec<Problem> {
    let mut found = workspace.problems.clone();
    found.extend(conflict(&workspace.root));
    // What cannot be looked at is no lesson.
    let _ = empty(&workspace.root, &mut found);
    let _ = gone(workspace, &mut found);
    found
}

/// A merge that was not brought to its end.
fn conflict(root: &Path) -> Option<Problem> {
    let lock = fs::read_to_string(root.join("Cargo.lock")).ok()?;
    let line = lock.lines().position(|line| line.starts_with("<<<<<<<"))?;
    Some(Problem {
        what: format!("Cargo.lock:{} has the marks of a merge conflict", line + 1),
        command: "git checkout HEAD -- Cargo.lock".to_owned(),
        blocks: true,
    })
}

/// Folders in a chapter that are no crates.
fn empty(root: &Path, found: &mut Vec<Problem>) -> Result<()> {
    for (_, chapter) in numbered_folders(&root.join(EXERCISES))? {
        for entry in fs::read_dir(root.join(EXERCISES).join(&chapter))? {
            let path = entry?.path();
            if path.is_dir() && !path.join("Cargo.toml").is_file() {
                let folder = path.strip_prefix(root).unwrap_or(&path).display();
                found.push(Problem {
                    what: format!("{folder} has no Cargo.toml, and cargo takes it for a lesson"),
                    command: format!("mv \"{folder}\" .."),
                    blocks: true,
                });
            }
        }
    }
    Ok(())
}

/// Lessons that have a solution and no exercise.
fn gone(workspace: &Workspace, found: &mut Vec<Problem>) -> Result<()> {
    let root = &workspace.root;
    for (_, chapter) in numbered_folders(&root.join(SOLUTIONS))? {
        let inner = Path::new(SOLUTIONS).join(&chapter);
        for (_, folder) in numbered_folders(&root.join(&inner))? {
            let exercise = Path::new(EXERCISES).join(&chapter).join(&folder);
            let lock = inner.join(&folder).join("shipped.lock");
            let is_lesson = root.join(lock).is_file();
            if is_lesson && !root.join(&exercise).exists() {
                let exercise = exercise.display();
                found.push(Problem {
                    what: format!("{exercise} is gone, and its lesson with it"),
                    command: format!("git checkout HEAD -- \"{exercise}\""),
                    blocks: false,
                });
            }
        }
    }
    Ok(())
}
