//! What the benches of the lessons have in common: "is yours written?" and a row for each contender. Macros, so that only
//! the benches depend on divan.
//!
//! `cargo xtask bench` measures the rows of a case against the row called `reference`, and knows the learner's file by the
//! name `yours`.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Barrier;
use std::thread;

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
    use super::panics;

    #[test]
    fn a_file_with_a_todo_is_told_from_one_that_is_written() {
        assert!(panics(|| todo!("to be written")));
        assert!(!panics(|| 7));
    }
}
