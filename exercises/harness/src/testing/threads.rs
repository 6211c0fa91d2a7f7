//! For tests on real threads. None of these lets a test pass because a wait was long enough.

use crate::leaks;
use crate::sync::real::thread::{self, Builder};
use harness_base::liveness::{self, Halt, Limits, Others, Rest, Sleeper, Watch};
use harness_base::protocol::{HANGS, LATE, SPINS};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// What the threads of [`must_end`] may take. A call that ends takes a fraction of it on the slowest machine.
const END: Limits =
    Limits { processor: Some(Duration::from_secs(3)), time: Duration::from_secs(5) };

/// What [`wait_until`] waits for: less than [`must_end`], so that within one it is the first to say what is wrong.
const CONDITION: Limits = Limits { processor: None, time: Duration::from_secs(4) };

/// What a few hundred looks never take of a processor's time: 500 yields take 0.3 ms, and 100,000 turns of `spin_loop`, which are
/// too many, 2.5 ms.
const SOON: Duration = Duration::from_micros(1_500);

/// What it takes to give a processor to another thread and get one back, on a machine that is busy.
const TURN: Duration = Duration::from_micros(20);

/// For how long a thread that sleeps has not run. One that looks again every moment runs before it is over.
const REST: Duration = Duration::from_millis(20);

/// How often threads that are waited for are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Runs `body` on a thread of its own and requires it to end: a thread that nothing will ever wake fails the test
/// instead of hanging it. `where_it_hangs` says what has not ended in that case, as in "a thread is still in `wait`".
///
/// # Panics
/// As `body` does. If all threads sleep and none is left to wake another; if one spins; if `body` does not end within
/// five seconds, without the time in which threads waited for a processor.
#[track_caller]
pub fn must_end(where_it_hangs: &str, body: impl FnOnce() + Send + 'static) {
    let (running, ended) = mpsc::channel::<()>();
    let body = leaks::for_this_check(body);
    // Of std: a leak check must not count it, but what it does.
    let body = std::thread::spawn(move || {
        let _running = running;
        body();
    });
    let mut threads = Watch::others(END);
    // So that a `wait_until` in `body` that waits in vain says so when all threads sleep, and not after four seconds.
    let _watcher = liveness::only_watches();
    while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        let what_happened = match threads.look() {
            None => continue,
            Some(Halt::Stuck) => {
                format!("{HANGS}{where_it_hangs}, and no thread is left that could wake it")
            }
            Some(Halt::Spins(used)) => {
                let used = used.as_secs();
                format!("{SPINS}after {used} s of processor time {where_it_hangs}")
            }
            Some(Halt::Late(time)) => format!("{LATE}after {time:?} {where_it_hangs}"),
        };
        panic!("{what_happened}");
    }
    if let Err(panic) = body.join() {
        resume_unwind(panic);
    }
}

/// Returns when `condition` is true, which another thread is about to make it. `what_holds_instead` says what is
/// true until then, as in "`is_finished` still returns false".
///
/// # Panics
/// If every other thread sleeps and none is left to make it true; if it is not true after four seconds, without the
/// time in which threads waited for a processor.
#[track_caller]
pub fn wait_until(what_holds_instead: &str, condition: impl Fn() -> bool) {
    let mut threads = Watch::others(CONDITION);
    let soon = Instant::now() + LOOK;
    let (mut look_at, mut halt) = (soon, None);
    while !condition() {
        // They halted before the condition was looked at, so it stays as it is.
        match halt {
            None => {}
            Some(Halt::Late(time)) => panic!("waits in vain: after {time:?} {what_holds_instead}"),
            Some(Halt::Stuck | Halt::Spins(_)) => panic!(
                "waits in vain: {what_holds_instead}, and no thread is left that could change it"
            ),
        }
        let now = Instant::now();
        if now < soon {
            thread::yield_now();
            continue;
        }
        // What takes so long need not be seen at once: others need the processor more.
        std::thread::sleep(Duration::from_millis(1));
        if now >= look_at {
            halt = threads.look();
            look_at = now + LOOK;
        }
    }
}

/// Makes `call` on a thread of its own and requires it to fall asleep there, as [`must_sleep`](super::must_sleep) does in a
/// model: an implementation may wait in another way on the machine. Returns as soon as it sleeps, and how much processor
/// time it has used before, without what it takes to yield: it may spin for a moment. The thread is left alone then.
///
/// It does not matter how long anything takes, nor what other threads do. Where the system does not tell what threads do,
/// nothing is required. Not for timed waits by a manual clock, which look at it again and again.
///
/// # Panics
/// As `f` does. If `f` returns, with `because`, as in "there was a guard"; if it goes on and on: it has used a second
/// of processor time, or had a processor 1,000 times.
#[track_caller]
pub fn must_sleep_on_threads(
    call: &str,
    because: &str,
    f: impl FnOnce() + Send + 'static,
) -> Duration {
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        let told = tell.send(Sleeper::this_thread());
        told.expect("it is waited for");
        f();
    });
    let Some(mut sleeper) = told.recv().expect("the first that it does") else {
        return Duration::ZERO;
    };
    loop {
        if thread.is_finished() {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            panic!("{call} returned, and {because}");
        }
        match sleeper.look() {
            None => std::thread::sleep(Duration::from_millis(1)),
            Some(Rest::Asleep(used, turns)) => {
                let turns = u32::try_from(turns).unwrap_or(u32::MAX);
                return used.saturating_sub(TURN.saturating_mul(turns));
            }
            Some(Rest::Awake(used, turns)) => panic!(
                "{call} should fall asleep here, and it does not: {because}, and its thread goes on, after {:.1} s of \
                 processor time in {turns} turns",
                used.as_secs_f32()
            ),
        }
    }
}

/// [`must_sleep_on_threads`], and `f` may look whether it can go on a few hundred times before it sleeps.
///
/// # Panics
/// As [`must_sleep_on_threads`] does. If each of 20 threads uses so much processor time as a few hundred looks never take.
#[track_caller]
pub fn must_sleep_soon_on_threads(call: &str, because: &str, f: impl Fn() + Send + Sync + 'static) {
    let f = Arc::new(f);
    // Only the least of them says something: whatever disturbs a thread makes it use more.
    let used = |_| {
        let f = Arc::clone(&f);
        must_sleep_on_threads(call, because, move || f())
    };
    assert!(
        (0..20).map(used).any(|used| used < SOON),
        "{call} may look a few hundred times, and should fall asleep then: {because}, and each of 20 threads has used \
         more than {SOON:?} of processor time before it slept"
    );
}

/// Requires all other threads of the test to fall asleep, and returns when they do. `because` says why there is nothing to
/// do for them, as in "there is no job". They may spin before.
///
/// It does not matter how long anything takes. Where the system does not tell what threads do, nothing is required. Not beside
/// timed waits by a manual clock, which look at it again and again.
///
/// # Panics
/// If one goes on and on: it has used a second of processor time, or had a processor 1,000 times.
#[track_caller]
pub fn others_must_sleep(because: &str) {
    let mut others = Others::default();
    loop {
        match others.look() {
            None => std::thread::sleep(REST),
            Some(Rest::Asleep(..)) => return,
            Some(Rest::Awake(used, turns)) => panic!(
                "each thread should be asleep, and one goes on: {because}, and it has used {:.1} s of processor time in \
                 {turns} turns",
                used.as_secs_f32()
            ),
        }
    }
}

/// Gives other threads a chance to fall asleep, or to return too early. It is no more than a chance: a test must
/// pass whether they take it or not.
pub fn let_others_run() {
    // Where others need the processor each yield may cost a slice of theirs, and they have had their chance after a few.
    let enough = Instant::now() + Duration::from_millis(50);
    for _ in 0..100 {
        thread::yield_now();
        if Instant::now() >= enough {
            break;
        }
    }
    // Of eight that are new some may not have had a processor yet; and some never sleep.
    let enough = Instant::now() + Duration::from_millis(100);
    while liveness::others_sleep() == Some(false) && Instant::now() < enough {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts a thread that nobody joins. A leak check waits for it to end and names it if it does not.
#[track_caller]
pub fn spawn_detached(name: impl Into<String>, f: impl FnOnce() + Send + 'static) {
    Builder::new().name(name.into()).spawn(f).expect("a thread can be spawned");
}

/// Starts a [detached](spawn_detached) thread for each call, numbered after `name`. Returns when all of them have
/// begun and have had a [chance](let_others_run) to fall asleep in their calls.
#[track_caller]
pub fn spawn_sleepers<F>(name: &str, calls: impl IntoIterator<Item = F>)
where
    F: FnOnce() + Send + 'static,
{
    let coming = Arc::new(AtomicUsize::new(0));
    let mut spawned = 0;
    for call in calls {
        spawned += 1;
        let coming = Arc::clone(&coming);
        spawn_detached(format!("{name} {spawned}"), move || {
            coming.fetch_add(1, Relaxed);
            call();
        });
    }
    while coming.load(Relaxed) < spawned {
        thread::yield_now();
    }
    let_others_run();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_panics, panic_of};
    use harness_base::liveness::QUIET;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn a_body_that_hangs_is_rejected() {
        must_end("nothing", || {});
        assert_panics("mine", || must_end("nothing", || panic!("mine")));
        let (hold, held) = mpsc::channel::<()>();
        let message = panic_of(|| {
            must_end("a thread receives", move || {
                let _ = held.recv();
            })
        });
        let hangs = "hangs: a thread receives, and no thread is left that could wake it";
        assert!(message.is_some_and(|text| text.starts_with(hangs)));
        drop(hold);
    }

    /// It sleeps for longer than it takes to say of a thread that it hangs.
    #[test]
    fn a_body_that_sleeps_for_a_time_ends() {
        must_end("two sleep", || {
            thread::scope(|s| {
                let sleep = || std::thread::sleep(QUIET * 3 / 2);
                s.spawn(sleep);
                sleep();
            });
        });
    }

    #[test]
    fn a_body_that_spins_is_rejected_though_another_thread_is_asleep() {
        let (hold, held) = mpsc::channel::<()>();
        let over = Arc::new(AtomicBool::new(false));
        let spins = Arc::clone(&over);
        let message = panic_of(|| {
            must_end("a thread spins", move || {
                thread::scope(|s| {
                    s.spawn(move || held.recv());
                    while !spins.load(Relaxed) {
                        std::hint::spin_loop();
                    }
                });
            })
        });
        over.store(true, Relaxed);
        drop(hold);
        let spins = "spins: after 3 s of processor time a thread spins";
        assert!(message.is_some_and(|text| text.starts_with(spins)));
    }

    #[test]
    fn a_body_that_polls_for_ever_is_rejected() {
        let over = Arc::new(AtomicBool::new(false));
        let polls = Arc::clone(&over);
        let message = panic_of(|| {
            must_end("a thread polls", move || {
                while !polls.load(Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            })
        });
        over.store(true, Relaxed);
        let polls = "does not end: after 5s a thread polls";
        assert!(message.is_some_and(|text| text.starts_with(polls)));
    }

    #[test]
    fn a_condition_that_never_holds_is_rejected() {
        let in_vain = "waits in vain: it is false, and no thread is left that could change it";
        assert_panics(in_vain, || wait_until("it is false", || false));
        let told = Arc::new(AtomicBool::new(false));
        let polls = Arc::clone(&told);
        spawn_detached("polls", move || {
            while !polls.load(Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        assert_panics("waits in vain: after 4s it is false", || {
            wait_until("it is false", || false)
        });
        let tell = Arc::clone(&told);
        spawn_detached("teller", move || tell.store(true, Relaxed));
        wait_until("it is false", || told.load(Relaxed));
    }

    /// It does not matter on what.
    #[test]
    fn a_call_that_sleeps_on_a_thread_is_asleep() {
        use crate::sync::real::{Condvar, Mutex, atomic::AtomicU32, channel, futex};
        static WORD: AtomicU32 = AtomicU32::new(0);
        static LOCK: Mutex<()> = Mutex::new(());
        static CONDVAR: Condvar = Condvar::new();
        let _guard = LOCK.lock();
        let must_sleep = |f: fn()| must_sleep_on_threads("it", "it should wait", f);
        must_sleep(|| drop(LOCK.lock()));
        must_sleep(|| futex::wait(&WORD, 0));
        must_sleep(|| CONDVAR.wait(&mut Mutex::new(()).lock()));
        must_sleep(|| {
            let (_sender, receiver) = channel::bounded::<()>(1);
            _ = receiver.recv();
        });
        must_sleep(|| _ = std::thread::spawn(|| futex::wait(&WORD, 0)).join());
        must_sleep(|| std::thread::park_timeout(Duration::from_secs(3600)));
    }

    /// It may spin before: for a moment where that is said, and otherwise for as long as it likes.
    #[test]
    fn a_call_may_spin_before_it_sleeps() {
        fn spins(looks: u32, turn: fn()) -> impl Fn() {
            move || {
                (0..looks).for_each(|_| turn());
                std::thread::park();
            }
        }
        for turn in [std::hint::spin_loop, thread::yield_now] {
            must_sleep_soon_on_threads("`wait`", "it should wait", spins(500, turn));
        }
        let spins = || spins(1_000_000, std::hint::spin_loop);
        must_sleep_on_threads("`wait`", "it should wait", spins());
        let message = panic_of(|| must_sleep_soon_on_threads("`wait`", "it should wait", spins()));
        let says =
            "`wait` may look a few hundred times, and should fall asleep then: it should wait";
        assert!(message.is_some_and(|text| text.starts_with(says)));
    }

    /// It spins, yields or looks again every moment, though others need the processor.
    #[test]
    fn a_call_that_waits_awake_on_a_thread_is_rejected() {
        static OVER: AtomicBool = AtomicBool::new(false);
        fn until_over(turn: fn()) -> impl FnOnce() + Send + 'static {
            move || {
                while !OVER.load(Relaxed) {
                    turn();
                }
            }
        }
        let rejected = |turn| {
            let message = panic_of(|| {
                must_sleep_on_threads("`wait`", "it should wait", until_over(turn));
            });
            let message = message.expect("it should be rejected");
            let says = "`wait` should fall asleep here, and it does not: it should wait, and its";
            assert!(message.starts_with(says), "{message}");
        };
        rejected(std::hint::spin_loop);
        rejected(|| std::thread::sleep(Duration::from_millis(1)));
        rejected(thread::yield_now);
        for _ in 0..4 {
            std::thread::spawn(until_over(std::hint::spin_loop));
        }
        rejected(thread::yield_now);
        OVER.store(true, Relaxed);
        assert_panics("`wait` returned, and it should wait", || {
            must_sleep_on_threads("`wait`", "it should wait", || {});
        });
        assert_panics("mine", || {
            must_sleep_on_threads("`wait`", "it should wait", || panic!("mine"));
        });
    }

    /// It is one of several, and they have been there for long.
    #[test]
    fn a_thread_beside_the_caller_that_waits_awake_is_rejected() {
        static OVER: AtomicBool = AtomicBool::new(false);
        let (_hold, held) = mpsc::channel::<()>();
        spawn_detached("receives", move || _ = held.recv());
        spawn_detached("sleeps", || std::thread::sleep(Duration::from_secs(3600)));
        others_must_sleep("there is nothing to do");
        let turns: [fn(); 3] = [
            std::hint::spin_loop,
            || std::thread::sleep(Duration::from_millis(1)),
            thread::yield_now,
        ];
        for turn in turns {
            OVER.store(false, Relaxed);
            spawn_detached("goes on", move || {
                while !OVER.load(Relaxed) {
                    turn();
                }
            });
            let message = panic_of(|| others_must_sleep("there is nothing to do"));
            OVER.store(true, Relaxed);
            let says = "each thread should be asleep, and one goes on: there is nothing to do";
            assert!(message.is_some_and(|text| text.starts_with(says)));
            others_must_sleep("the one that went on has ended");
        }
    }

    #[test]
    fn sleepers_have_begun_when_they_are_left_alone() {
        let begun = Arc::new(AtomicUsize::new(0));
        let calls = (0..3).map(|_| {
            let begun = Arc::clone(&begun);
            move || {
                let name = thread::current().name().map(str::to_owned);
                assert!(name.is_some_and(|name| name.starts_with("sleeper ")));
                begun.fetch_add(1, Relaxed);
            }
        });
        spawn_sleepers("sleeper", calls);
        wait_until("one has not run", || begun.load(Relaxed) == 3);
    }
}
