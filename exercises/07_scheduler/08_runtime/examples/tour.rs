//! To be written
pub(crate) fn main() {}
