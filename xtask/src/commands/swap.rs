//! `cargo xtask swap [LESSON]`: the reference in place of the learner's file.

use anyhow::Result;

use super::Exit;
use super::in_place::Text;
use crate::course::Workspace;

/// Puts the reference in place of the file.
pub fn run(workspace: &Workspace, wanted: Option<&str>) -> Result<Exit> {
    Text::Reference.put(workspace, wanted)
}
