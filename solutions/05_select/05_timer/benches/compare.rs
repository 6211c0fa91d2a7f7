//! To be written: the work that is measured, and what a user would take for it in production.

#![allow(missing_docs)]

#[allow(unused_imports, reason = "the stub has no use for it")]
use harness::sync::real as sync;
use timer_solution as reference;

#[allow(dead_code)]
#[path = "../../../../exercises/05_select/05_timer/src/timer.rs"]
mod yours;

harness::bench_main!("timer.rs", yours::Timer::new);

/// A row for each of the types that do the same work.
macro_rules! rows {
    ($($run:tt)+) => {
        harness::bench_rows!($($run)+;
            yours = crate::yours::Timer,
            reference = crate::reference::Timer,
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
