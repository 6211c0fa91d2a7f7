//! `cargo xtask next`: runs the first lesson that is not done.

use anyhow::Result;

use super::Exit;
use super::test::{self, Document, ForPrograms};
use crate::progress::Store;
use crate::render;
use crate::style;
use crate::workspace::Workspace;

/// Runs the current lesson.
pub fn run(workspace: &Workspace, form: ForPrograms) -> Result<Exit> {
    let mut store = Store::open(workspace)?;
    match store.progress.current(workspace)? {
        Some(lesson) => test::judge(workspace, &mut store, lesson, None, form),
        None if form.json => {
            style::print(&Document::all_done().to_json()?);
            Ok(Exit::Success)
        }
        None => {
            let mut page = String::new();
            render::paragraph(&mut page, &render::all_done(workspace));
            style::print(&page);
            Ok(Exit::Success)
        }
    }
}
