//! Soaks the pool: round after round eight producers submit jobs of all kinds while the pool is resized at
//! random, jobs panic, contexts are cancelled and, before the end, the pool is shut down under their hands.
//! Every account must close: what the producers and the jobs have counted for themselves is what the pool
//! says. Over all rounds the memory must stay flat. What a round is stands in `src/soak.rs`.
//!
//! `cargo run --release -p final_boss --example final_boss_soak [SECONDS]`
//!
//! Takes 60 s if nothing else is said. Exits with 1 if an account does not close, or the memory grows.

use final_boss::{Metrics, soak_round};
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

/// The memory of this process that is in use, in KiB, if the system tells, as Linux does.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Runs rounds for that many seconds, and prints a line of the table now and then.
///
/// # Errors
/// If an account does not close, or the memory grows.
fn soak(seconds: u64) -> Result<(), String> {
    println!(
        "{:>6} {:>7} {:>10} {:>10} {:>9} {:>10} {:>9} {:>9} {:>9}",
        "s",
        "rounds",
        "submitted",
        "completed",
        "panicked",
        "cancelled",
        "rejected",
        "stolen",
        "KiB"
    );
    let begun = Instant::now();
    let mut all = Metrics::default();
    let mut warm = None;
    let (mut rounds, mut rows) = (0, 0);
    while begun.elapsed().as_secs() < seconds {
        let metrics = soak_round(0x9e37_79b9 + rounds, 2_000)?;
        rounds += 1;
        all.submitted += metrics.submitted;
        all.completed += metrics.completed;
        all.panicked += metrics.panicked;
        all.cancelled += metrics.cancelled;
        all.rejected += metrics.rejected;
        all.stolen += metrics.stolen;
        if begun.elapsed().as_secs_f64() >= (rows + 1) as f64 * seconds as f64 / 12.0 {
            rows += 1;
            let memory = resident();
            // The first rows warm up: stacks, and what the allocator keeps for each thread.
            if rows == 3 {
                warm = memory;
            }
            println!(
                "{:>6.1} {:>7} {:>10} {:>10} {:>9} {:>10} {:>9} {:>9} {:>9}",
                begun.elapsed().as_secs_f64(),
                rounds,
                all.submitted,
                all.completed,
                all.panicked,
                all.cancelled,
                all.rejected,
                all.stolen,
                memory.map_or("?".to_owned(), |memory| memory.to_string()),
            );
        }
    }
    if !all.add_up() {
        return Err(format!("the accounts do not close:\n{all}"));
    }
    println!(
        "All accounts close: {} = {} + {} + {}.",
        all.submitted, all.completed, all.panicked, all.cancelled
    );
    if let (Some(warm), Some(now)) = (warm, resident()) {
        let most = warm + warm / 4 + 4096;
        if now > most {
            return Err(format!("the memory has grown from {warm} KiB to {now}"));
        }
        println!(
            "The memory is flat: {warm} KiB after a quarter of the time, {now} KiB at the end."
        );
    }
    Ok(())
}

/// Soaks for as long as the first argument says.
pub fn main() -> ExitCode {
    let seconds = match std::env::args().nth(1).map(|seconds| seconds.parse()) {
        None => 60,
        Some(Ok(seconds)) => seconds,
        Some(Err(error)) => {
            eprintln!("how many seconds? {error}");
            return ExitCode::from(2);
        }
    };
    match soak(seconds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
