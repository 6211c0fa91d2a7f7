//! To be written: in one line, what this file builds.

/// To be written: the docs of the stub, and in comments why it is right.
pub struct Runtime {}

impl Runtime {
    /// To be written: what a new one holds.
    pub fn new() -> Self {
        Self {}
    }
}
