//! What a person reads, and what programs read in its place.
//!
//! | | |
//! |---|---|
//! | [`page`] | a verdict, and the parts that all pages are made of |
//! | [`diff`] | two files side by side |
//! | [`json`] | a test and what became of it, for programs |
//!
//! May use [`verdict`](crate::verdict) and what stands below it.

pub mod diff;
pub mod json;
pub mod page;
