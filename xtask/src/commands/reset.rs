//! `cargo xtask reset [LESSON]`: the stub in place of the learner's file.

use anyhow::Result;

use super::Exit;
use super::in_place::Text;
use crate::course::Workspace;

/// Puts the stub in place of the file.
pub fn run(workspace: &Workspace, wanted: Option<&str>) -> Result<Exit> {
    Text::Stub.put(workspace, wanted)
}
