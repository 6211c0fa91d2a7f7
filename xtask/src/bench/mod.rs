//! A lesson's bench: yours, the reference and what one would take in production, at the same work.
//!
//! `solutions/…/benches/compare.rs` holds all of them and takes the learner's file in by its path. It leaves that
//! out where it comes to a `todo!()`. Where the file does not compile, hangs or panics, the others are measured
//! with the stub in its place, in the [scratch workspace](crate::scratch).
//!
//! Machines are busy and clocks change, so no time is shown, only ratios: what a row of a case took against what
//! the reference took in the same case of the same round, and of several rounds the median.
//!
//! May use [`view`](crate::view) and the rooms below it.

mod chart;
mod divan;
mod measure;
mod ratios;

use std::time::Duration;

use serde::Serialize;

pub use chart::render;
pub use measure::measure;
use ratios::{Case, Ratio, Row};

/// The name of the bench, and of the row that the others are measured against.
const BENCH: &str = "compare";
const REFERENCE: &str = "reference";
/// The row of the learner's file.
const YOURS: &str = "yours";

/// How often everything is measured.
const ROUNDS: usize = 3;

/// How long a round may take. One that works takes a few seconds.
const ROUND: Duration = Duration::from_secs(20);

/// How long a row is measured, in seconds: at least so long that a moment's disturbance is not all there is, and
/// so short that a lesson takes some ten seconds.
const MIN_TIME: &str = "0.05";
const MAX_TIME: &str = "0.3";

/// What a bench came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// How often everything was measured.
    pub rounds: usize,
    /// What became of the learner's file.
    pub yours: Yours,
    /// In the order of the bench.
    pub cases: Vec<Case>,
}

/// What became of the learner's file in a bench.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", content = "detail", rename_all = "kebab-case")]
pub enum Yours {
    /// It was measured.
    Measured,
    /// It comes to a `todo!()`; where.
    NotWritten(String),
    /// The bench cannot be built with it; rustc's first error.
    DoesNotCompile(String),
    /// It panicked, or was stopped; in a few words how.
    Stopped(String),
    /// The bench tried it and left it out.
    LeftOut,
}
