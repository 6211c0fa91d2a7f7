//! To be written: the work that is measured, and what a user would take for it in production.

#![allow(missing_docs)]

use cancellation_solution as reference;
#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;

#[allow(dead_code)]
#[path = "../../../../exercises/06_context/01_cancellation/src/cancellation.rs"]
mod yours;

harness::bench_main!("cancellation.rs", yours::Cancellation::new);

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Cancellation,
            reference = crate::reference::Cancellation,
        );
    };
}

/// To be written: what is measured here.
mod new {
    macro_rules! run {
        ($bencher:ident, $Type:ty) => {
            $bencher.bench_local(<$Type>::new);
        };
    }
    rows!(run!());
}
