//! To be written: in one line, what this file builds.

// Locks, atomics, threads: all from `crate::sync`, or the model checker does not see them.

/// To be written: what it is, how it differs from its neighbour, an example.
pub struct Runtime {
    // Your fields.
}

impl Runtime {
    /// To be written: what a new one holds.
    pub fn new() -> Self {
        todo!("To be written: say what is to do")
    }
}
