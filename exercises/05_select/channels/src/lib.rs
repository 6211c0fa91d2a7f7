//! The channels that the lessons of chapters 5 and 6 select on. They are given: there is nothing to write here. The
//! chapter's introduction, `exercises/05_select/README.md`, shows how they work, with a picture.
//!
//! `channel.rs` is compiled twice, once on each face of the facade: lessons take [`real`] on the machine and [`model`] in
//! their models.

#![allow(clippy::duplicate_mod, reason = "one source, two faces")]

pub mod model;
pub mod real;
