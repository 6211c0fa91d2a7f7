//! What a learner's file lacks of what it was shipped with. The lesson's own files use it, so rustc complains about them,
//! which the learner does not edit.

use std::fs;

use crate::course::{Lesson, Workspace, api, stub};

/// What is the matter with the learner's file, in a sentence, if this can be told.
pub fn lacks(workspace: &Workspace, lesson: &Lesson) -> Option<String> {
    let file = fs::read(workspace.path(lesson.file())).ok()?;
    let name = lesson.file_name();
    let text = match std::str::from_utf8(&file) {
        Ok(text) => text,
        Err(error) => {
            let line =
                1 + file[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            return Some(format!(
                "{name}:{line} is not UTF-8, as Rust's files are: save your file in that encoding."
            ));
        }
    };
    let missing = missed(workspace, lesson, text).into_iter();
    // Traits and bounds are not what a name stands for.
    let missing = missing.filter(|one| one.yours.is_none() && !one.lessons.starts_with("impl"));
    let missing: Vec<_> = missing.map(|one| format!("`{}`", one.path())).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "{name} does not have {}, which the lesson's own files use. Write it there, under that name.",
            missing.join(", ")
        )
    })
}

/// How the public items of the learner's file differ from those that it was shipped with. None if one of the two files
/// cannot be read.
pub fn missed(workspace: &Workspace, lesson: &Lesson, source: &str) -> Vec<api::Missed> {
    let stub = stub::read(workspace, lesson).unwrap_or_default();
    api::missed(&stub, source).unwrap_or_default()
}
