//! To be written: the work that is measured, and what a user would take for it in production.

#![allow(missing_docs)]

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use runtime_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/07_scheduler/02_runtime/src/runtime.rs"]
mod yours;

harness::bench_main!("runtime.rs", yours::Runtime::new);

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Runtime,
            reference = crate::reference::Runtime,
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
