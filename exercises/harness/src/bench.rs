//! What the benches of the lessons have in common: "is yours written?" and a row for each contender. Macros, so that only
//! the benches depend on divan.
//!
//! `cargo xtask bench` measures the rows of a case against the row called `reference`, and knows the learner's file by the
//! name `yours`.

use std::hint::black_box;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Barrier, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

/// Writes the `main` of a bench. `$uses_yours` is a closure that takes the learner's file, `$file`, through what the
/// benches measure: if it panics, the rows called `yours` are left out. `$first`, if it is there, runs before the benches.
#[macro_export]
macro_rules! bench_main {
    ($file:literal, $uses_yours:expr $(, $first:expr)?) => {
        fn main() {
            $($first();)?
            let mut divan = ::divan::Divan::from_args();
            if $crate::bench::panics($uses_yours) {
                println!(
                    "{} is not written yet: the rows called `yours` are left out",
                    $file
                );
                divan = divan.skip_regex("yours");
            }
            divan.main();
        }
    };
}

/// Writes a bench for each contender, all with the same options of `divan::bench`. What is measured is a function that
/// is generic in the contender's type, or a macro:
///
/// ```text
/// bench_rows!(run(threads = [1, 2]); yours = crate::yours::Once, std = std::sync::Once);
/// bench_rows!(run!(); yours = crate::yours::go, std = std::thread::spawn);
/// ```
///
/// The first calls `run::<Once>(bencher)`, the second `run!(bencher, go)`.
#[macro_export]
macro_rules! bench_rows {
    ($run:ident $options:tt; $($name:ident = $contender:path),+ $(,)?) => {$(
        #[::divan::bench $options]
        fn $name(bencher: ::divan::Bencher) {
            $run::<$contender>(bencher);
        }
    )+};
    ($run:ident! $options:tt; $($name:ident = $contender:path),+ $(,)?) => {$(
        #[::divan::bench $options]
        fn $name(bencher: ::divan::Bencher) {
            $run!(bencher, $contender);
        }
    )+};
}

/// Runs `work` on `threads` new threads, which start it together, and returns when all have ended.
pub fn together(threads: usize, work: impl Fn() + Sync) {
    let start = Barrier::new(threads);
    thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| {
                start.wait();
                work();
            });
        }
    });
}

/// Computes for about this long on a processor of its own: a job of a known length. It counts steps and does not look at
/// the clock, so what interrupts it makes it no shorter. Returns what it has computed, which nobody can leave out.
///
/// The first call measures the machine, which takes some 50 ms: [`bench_main`] can make it first.
pub fn compute(time: Duration) -> u64 {
    const MEASURED: u64 = 1_000_000;
    fn run(steps: u64) -> u64 {
        let step = |x: u64, step: u64| black_box(x ^ step).wrapping_mul(0x5851_f42d_4c95_7f2d);
        (0..steps).fold(1, step)
    }
    static STEPS_A_MICROSECOND: LazyLock<u64> = LazyLock::new(|| {
        let measured = (0..50).map(|_| {
            let start = Instant::now();
            black_box(run(MEASURED));
            start.elapsed()
        });
        let best = measured.min().expect("fifty");
        MEASURED * 1_000 / u64::try_from(best.as_nanos()).expect("less than centuries")
    });
    let nanos = u64::try_from(time.as_nanos()).expect("less than centuries");
    run(*STEPS_A_MICROSECOND * nanos / 1_000)
}

/// Returns whether `f` panics, and prints no message if it does.
pub fn panics<T>(f: impl FnOnce() -> T) -> bool {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let panics = panic::catch_unwind(AssertUnwindSafe(f)).is_err();
    panic::set_hook(hook);
    panics
}

#[cfg(test)]
mod tests {
    use super::{compute, panics};
    use std::time::Duration;

    #[test]
    fn a_file_with_a_todo_is_told_from_one_that_is_written() {
        assert!(panics(|| todo!("to be written")));
        assert!(!panics(|| 7));
    }

    #[test]
    fn what_takes_no_time_makes_no_step() {
        assert_eq!(compute(Duration::ZERO), 1);
        assert_ne!(compute(Duration::from_micros(10)), 1);
    }
}
