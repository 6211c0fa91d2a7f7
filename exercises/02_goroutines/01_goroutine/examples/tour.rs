//! T
pub fn main() {}
