//! A round of the soak, for `tests/correctness.rs` and `examples/soak.rs`. Nothing to edit here.
//!
//! Eight producers submit jobs of all kinds while the pool is resized at random, jobs panic, contexts are
//! cancelled and, before the end, the pool is shut down under their hands. Then every account must close:
//! what the producers and the jobs have counted for themselves is what the pool says.

use crate::cancellation::Context;
use crate::sync::time::{Clock, Duration};
use crate::{Handle, JobError, Metrics, Pool, Priority, Terms, Wait, Worker};
use harness::testing::staged_panic;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

const PRODUCERS: u64 = 8;

/// What happened, as the producers and the jobs have counted it.
#[derive(Default)]
struct Tally {
    accepted: AtomicU64,
    refused: AtomicU64,
    returned: AtomicU64,
    panicked: AtomicU64,
    /// Producers that are still at work.
    at_work: AtomicU64,
    /// Handles that reported something other than what happened.
    wrong: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// Numbers that look random, and are the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// What a job does: computes, panics, or submits others and waits for one of them.
fn job(
    tally: Arc<Tally>,
    seed: u64,
    may_submit: bool,
) -> impl FnOnce(&Worker) -> u64 + Send + 'static {
    move |worker| {
        let mut random = Random(seed | 1);
        if random.one_in(16) {
            count(&tally.panicked);
            staged_panic("the soak's");
        }
        if may_submit && random.one_in(4) {
            let mut last = None;
            for _ in 0..random.below(20) {
                match worker.submit(job(Arc::clone(&tally), random.below(u64::MAX), false)) {
                    Ok(handle) => {
                        count(&tally.accepted);
                        last = Some(handle);
                    }
                    Err(_) => count(&tally.refused),
                }
            }
            if let Some(handle) = last.filter(|_| random.one_in(2)) {
                while !handle.is_finished() && worker.help() {}
                let _ = handle.join();
            }
        }
        let computed = (0..random.below(300)).fold(seed, |sum, n| std::hint::black_box(sum ^ n));
        std::hint::black_box(computed);
        count(&tally.returned);
        seed
    }
}

/// One producer, with that many submissions. The first one shuts the pool down before the end.
fn produce(pool: &Pool, tally: &Arc<Tally>, number: u64, seed: u64, submissions: u64) {
    let mut random = Random(seed);
    let clock = Clock::real();
    let mut handles: VecDeque<(u64, Handle<u64>)> = VecDeque::new();
    let mut guards = VecDeque::new();
    let join = |(expected, handle): (u64, Handle<u64>)| match handle.join() {
        Ok(got) if got == expected => {}
        Err(JobError::Cancelled | JobError::Panicked(_)) => {}
        Ok(_) | Err(JobError::Lost) => count(&tally.wrong),
    };
    for done in 0..submissions {
        if number == 0 && done == submissions / 4 * 3 {
            if random.one_in(2) {
                pool.shutdown();
            } else {
                pool.shutdown_now();
            }
        }
        let context = random.one_in(4).then(|| {
            let (context, guard) = Context::background().with_cancel();
            guards.push_back(guard);
            context
        });
        let terms = Terms {
            priority: Priority::ALL[random.below(3) as usize],
            context,
            wait: match random.below(3) {
                0 => Wait::Forever,
                1 => Wait::Never,
                _ => Wait::Until(
                    clock.clone(),
                    clock.now() + Duration::from_micros(random.below(200)),
                ),
            },
        };
        let seed = random.below(u64::MAX);
        match pool.submit_with(&terms, job(Arc::clone(tally), seed, true)) {
            Ok(handle) => {
                count(&tally.accepted);
                handles.push_back((seed, handle));
            }
            Err(_) => count(&tally.refused),
        }
        // Some handles are joined, and some are dropped; contexts are cancelled while their jobs wait, or
        // later.
        if handles.len() > 16 {
            let oldest = handles.pop_front().expect("there are 16");
            if random.one_in(2) {
                join(oldest);
            }
        }
        if guards.len() > 2 {
            guards.pop_front();
        }
        if random.one_in(8) {
            pool.help();
        }
    }
    drop(guards);
    handles.into_iter().for_each(join);
    tally.at_work.fetch_sub(1, Relaxed);
}

/// The life of one pool: `submissions` by each producer.
///
/// # Errors
/// If an account does not close.
pub fn soak_round(seed: u64, submissions: u64) -> Result<Metrics, String> {
    let pool = Pool::new(4, 64).map_err(|error| format!("no threads: {error}"))?;
    let tally = Arc::new(Tally::default());
    tally.at_work.store(PRODUCERS, Relaxed);
    let mut random = Random(seed | 1);
    thread::scope(|s| {
        for number in 0..PRODUCERS {
            let (pool, tally, seed) = (&pool, &tally, random.below(u64::MAX) | 1);
            s.spawn(move || produce(pool, tally, number, seed, submissions));
        }
        let (pool, tally) = (&pool, &tally);
        s.spawn(move || {
            while tally.at_work.load(Relaxed) > 0 {
                // If there is no thread to be had, the pool is smaller. That is no mistake.
                let _ = pool.resize(random.below(6) as usize);
                thread::sleep(Duration::from_micros(random.below(400)));
            }
        });
    });
    pool.shutdown();
    let metrics = pool.metrics();
    let [accepted, refused, returned, panicked, wrong] = [
        &tally.accepted,
        &tally.refused,
        &tally.returned,
        &tally.panicked,
        &tally.wrong,
    ]
    .map(|counter| counter.load(Relaxed));
    let expected = Metrics {
        submitted: accepted,
        rejected: refused,
        completed: returned,
        panicked,
        cancelled: accepted.wrapping_sub(returned + panicked),
        stolen: metrics.stolen,
        ..Metrics::default()
    };
    if metrics != expected {
        return Err(format!(
            "the pool says\n{metrics}\nand those concerned say\n{expected}"
        ));
    }
    if wrong > 0 {
        return Err(format!(
            "{wrong} handles have the result of another job, or none"
        ));
    }
    Ok(metrics)
}
