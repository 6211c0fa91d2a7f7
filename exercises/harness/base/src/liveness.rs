//! Whether the threads of a process get on, by what they do and not by the clock alone: on a busy machine slow is not
//! stuck.
//!
//! Linux tells of each thread, in `/proc/PID/task/TID`, how long it has run, how long it was ready and waited for a
//! processor (`schedstat`), and in which system call it sleeps (`syscall`). Where nobody tells, the clock decides,
//! with twice the time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// How long nothing must have run in a process that counts as stuck. The argument of [`Watch::look`] needs two looks,
/// however far apart.
pub const QUIET: Duration = Duration::from_secs(1);

/// A thread of this name runs a model, which is watched by itself.
pub const MODEL: &str = "model";

/// With more threads than this, a look takes so long that the clock has to do.
const MANY: usize = 512;

/// Time counts at least at this fraction of the clock, however busy the machine is: there is an end in any case.
const SLOWEST: u32 = 30;

/// Where the system tells of the threads of this process.
const THREADS: &str = "/proc/self/task";

/// Why a process, or a part of one, is no longer waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// Nothing can run: each thread sleeps until another of the process wakes it.
    Stuck,
    /// It has used so much processor time.
    Spins(Duration),
    /// Some thread can still run, but the time is up.
    Late(Duration),
}

/// The variable with the options of AddressSanitizer. It is set for a process that was built with it.
pub const SANITIZED: &str = "ASAN_OPTIONS";

/// How many times longer a process takes at most that was built with a sanitizer.
const SANITIZER: u32 = 10;

/// How long threads may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The processor time that one thread may use, and that all may use together on each processor.
    pub processor: Option<Duration>,
    /// The time for all, without that in which they were ready and waited for a processor.
    pub time: Duration,
}

impl Limits {
    fn times(self, factor: u32) -> Self {
        let processor = self.processor.map(|time| time * factor);
        Self { processor, time: self.time * factor }
    }
}

/// Watches the threads of a process.
#[derive(Debug)]
pub struct Watch {
    folder: String,
    limits: Limits,
    /// The thread that calls [`Watch::look`]: it cannot do anything for the others meanwhile.
    aside: Option<u32>,
    /// The main thread, if it only waits for the others.
    idle_main: Option<u32>,
    begun: Instant,
    /// The threads at the last look.
    threads: BTreeMap<u32, Thread>,
    /// Processor time: of each thread that is there, and of all that ever were.
    used: BTreeMap<u32, Duration>,
    used_by_all: Duration,
    /// How long threads were ready and waited for a processor, added up.
    hindered: Duration,
    /// Since when nothing has run and nothing can.
    quiet: Option<Instant>,
    /// Whether the process was new when the watch began, so that all that its threads have done counts.
    is_new: bool,
    looks: usize,
}

/// A thread, as the system describes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Thread {
    ran: Duration,
    /// Was ready and waited for a processor.
    waited: Duration,
    /// Whether it sleeps on a futex.
    sleep: Option<Sleep>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleep {
    /// Until another thread wakes it.
    UntilWoken,
    /// Or until some time has passed.
    WithTimeout,
}

impl Watch {
    /// Watches the threads of this process beside the calling one, without those that [only watch](only_watches). The main
    /// thread of a test's process only waits for the test. Under a sanitizer they may take a multiple of `limits`.
    pub fn others(limits: Limits) -> Self {
        let aside = this_thread();
        let main = Some(std::process::id()).filter(|main| Some(*main) != aside);
        let is_sanitized = std::env::var_os(SANITIZED).is_some();
        let limits = limits.times(if is_sanitized { SANITIZER } else { 1 });
        Self::new(THREADS.to_owned(), aside, main, false, limits)
    }

    /// Watches a process that was just started. `is_test` says that its main thread only waits for a test.
    pub fn process(process: u32, is_test: bool, limits: Limits) -> Self {
        let main = is_test.then_some(process);
        Self::new(format!("/proc/{process}/task"), None, main, true, limits)
    }

    fn new(
        folder: String,
        aside: Option<u32>,
        idle_main: Option<u32>,
        is_new: bool,
        limits: Limits,
    ) -> Self {
        Self {
            folder,
            limits,
            aside,
            idle_main,
            begun: Instant::now(),
            threads: BTreeMap::new(),
            used: BTreeMap::new(),
            used_by_all: Duration::ZERO,
            hindered: Duration::ZERO,
            quiet: None,
            is_new,
            looks: 0,
        }
    }

    /// Looks what the threads do now; says whether they are no longer worth waiting for.
    ///
    /// They are stuck if two looks find the same threads, each of them asleep without a timeout, and none has run in
    /// between. Then all of them slept at one moment, and only a thread that runs can wake another.
    pub fn look(&mut self) -> Option<Halt> {
        let now = Instant::now();
        let threads = self.read();
        let is_told = threads.is_some();
        let threads = threads.unwrap_or_default();
        for (id, thread) in &threads {
            let before = match self.threads.get(id) {
                Some(before) => *before,
                None if self.looks == 0 && !self.is_new => *thread,
                None => Thread::default(),
            };
            let ran = thread.ran.saturating_sub(before.ran);
            self.used_by_all += ran;
            *self.used.entry(*id).or_default() += ran;
            self.hindered += thread.waited.saturating_sub(before.waited);
        }
        self.used.retain(|id, _| threads.contains_key(id));
        // At the first look there is nothing to compare with.
        let is_quiet = is_told
            && self.looks > 0
            && threads == self.threads
            && threads.values().all(|thread| thread.sleep == Some(Sleep::UntilWoken));
        self.quiet = is_quiet.then(|| self.quiet.unwrap_or(now));
        self.looks += 1;
        self.threads = threads;

        let elapsed = now - self.begun;
        let time = if is_told {
            elapsed.saturating_sub(self.hindered).max(elapsed / SLOWEST)
        } else {
            elapsed / 2
        };
        if self.quiet.is_some_and(|since| now - since >= QUIET) {
            Some(Halt::Stuck)
        } else if let Some(used) = self.spins() {
            Some(Halt::Spins(used))
        } else {
            (time >= self.limits.time).then_some(Halt::Late(self.limits.time))
        }
    }

    /// The processor time that was used, if it is too much.
    fn spins(&self) -> Option<Duration> {
        let most = self.limits.processor?;
        let processors = available_parallelism().map_or(1, |n| n.get());
        let all = u32::try_from(processors).map_or(Duration::MAX, |n| most.saturating_mul(n));
        let mut one = self.used.iter().filter(|(_, used)| **used >= most);
        let is_model = |id: &u32| {
            let name = fs::read_to_string(format!("{}/{id}/comm", self.folder));
            name.is_ok_and(|name| name.trim_end() == MODEL)
        };
        if let Some((_, used)) = one.find(|(id, _)| !is_model(id)) {
            return Some(*used);
        }
        (self.used_by_all >= all && !self.used.keys().any(is_model)).then_some(self.used_by_all)
    }

    /// The threads that count. `None` if the system does not tell, or if they are too many.
    fn read(&self) -> Option<BTreeMap<u32, Thread>> {
        let ids = threads_in(&self.folder, self.aside)?;
        if ids.len() > MANY {
            return None;
        }
        let mut threads = BTreeMap::new();
        for id in ids {
            let file = |name| fs::read_to_string(format!("{}/{id}/{name}", self.folder));
            // It may have ended since.
            let Ok(times) = file("schedstat") else {
                continue;
            };
            let Times { ran, waited, .. } = Times::parse(&times)?;
            let sleep = file("syscall").ok().and_then(|call| sleep(&call));
            if Some(id) == self.idle_main && sleep.is_some() {
                continue;
            }
            let thread = Thread { ran, waited, sleep };
            threads.insert(id, thread);
        }
        // A kernel that does not count says 0.
        let counts = |thread: &Thread| !thread.ran.is_zero();
        (threads.is_empty() || threads.values().any(counts)).then_some(threads)
    }
}

/// The threads of this process that only watch others.
static WATCHERS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn watchers() -> MutexGuard<'static, Vec<u32>> {
    WATCHERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number that the system gives the calling thread; `None` if it does not tell.
fn this_thread() -> Option<u32> {
    let link = fs::read_link("/proc/thread-self").ok()?;
    link.file_name()?.to_str()?.parse().ok()
}

/// The threads of the process that has this folder of threads. `aside` is the calling thread if that is one of them: it is
/// left out then, and so are those that [only watch](only_watches).
fn threads_in(folder: &str, aside: Option<u32>) -> Option<Vec<u32>> {
    let entries = fs::read_dir(folder).ok()?;
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let watchers = aside.map(|_| watchers().clone()).unwrap_or_default();
    Some(ids.filter(|id| Some(*id) != aside && !watchers.contains(id)).collect())
}

/// Says that the calling thread only watches others, until this is dropped: it wakes none of them, however often it runs
/// itself, so that nobody need wait for it.
#[must_use = "it only watches until this is dropped"]
pub fn only_watches() -> Watcher {
    let me = this_thread();
    watchers().extend(me);
    Watcher(me)
}

/// See [`only_watches`].
#[derive(Debug)]
pub struct Watcher(Option<u32>);

impl Drop for Watcher {
    fn drop(&mut self) {
        watchers().retain(|watcher| Some(*watcher) != self.0);
    }
}

/// What `schedstat` tells of a thread.
struct Times {
    ran: Duration,
    waited: Duration,
    /// How often it got a processor.
    turns: u64,
}

impl Times {
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().map_while(|number| number.parse().ok());
        let mut number = || numbers.next();
        let (ran, waited) = (Duration::from_nanos(number()?), Duration::from_nanos(number()?));
        Some(Self { ran, waited, turns: number()? })
    }
}

/// A thread that should fall asleep, and is watched until it does.
#[derive(Debug)]
pub struct Sleeper {
    folder: PathBuf,
    /// At the last look: how long it had run, and its system call.
    before: Option<(Duration, String)>,
    /// Since when that has been so.
    quiet: Instant,
}

/// What becomes of a [`Sleeper`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It sleeps, and has used so much processor time before, in so many turns.
    Asleep(Duration, u64),
    /// It has used so much processor time, in so many turns, and does not sleep.
    Awake(Duration, u64),
}

impl Sleeper {
    /// The processor time within which a thread falls asleep that spins before.
    const PROCESSOR: Duration = Duration::from_secs(1);

    /// How often a thread has had a processor when it has surely not gone to sleep, but yields or waits for a moment again
    /// and again. On a busy machine such a thread uses next to no processor time.
    const TURNS: u64 = 1000;

    /// How long a thread that sleeps for a time has not run. One that looks again every moment runs before it is over.
    const REST: Duration = Duration::from_millis(100);

    /// Watches the calling thread. `None` if the system does not tell what threads do.
    pub fn this_thread() -> Option<Self> {
        let folder = folder_of(this_thread()?);
        let times = fs::read_to_string(folder.join("schedstat")).ok()?;
        // A kernel that does not count says 0.
        let counts = Times::parse(&times).is_some_and(|times| times.turns > 0);
        counts.then(|| Self { folder, before: None, quiet: Instant::now() })
    }

    /// Looks what it does now. `None` as long as it may still fall asleep, and if it has ended.
    ///
    /// It sleeps if two looks find it asleep until another wakes it, and it has not run in between. So it does if it sleeps
    /// for a time, and has not run for a tenth of a second. It is awake by what it has done, however long that took.
    pub fn look(&mut self) -> Option<Rest> {
        let file = |name| fs::read_to_string(self.folder.join(name)).ok();
        let Times { ran, turns, .. } = Times::parse(&file("schedstat")?)?;
        let call = file("syscall")?;
        let sleep = sleep(&call);
        // It begins with the number of the call: a thread that can run is in none.
        let is_in_a_call = call.starts_with(|c: char| c.is_ascii_digit());
        let now = Some((ran, call));
        let has_run = now != self.before;
        self.before = now;
        if has_run {
            self.quiet = Instant::now();
            let is_awake = ran >= Self::PROCESSOR || turns >= Self::TURNS;
            return is_awake.then_some(Rest::Awake(ran, turns));
        }
        let is_asleep =
            sleep == Some(Sleep::UntilWoken) || is_in_a_call && self.quiet.elapsed() >= Self::REST;
        is_asleep.then_some(Rest::Asleep(ran, turns))
    }
}

/// The threads of this process beside the calling one and those that [only watch](only_watches), all of which should fall
/// asleep, in whatever call.
#[derive(Debug, Default)]
pub struct Others {
    /// What each had done at the first look that found it, and at the last.
    threads: BTreeMap<PathBuf, (Done, Done)>,
}

/// How long a thread has run, and how often it has had a processor.
type Done = (Duration, u64);

impl Others {
    /// Looks what they do now. `None` as long as one may still fall asleep; it has until the next look for that.
    ///
    /// All sleep if none can run, and none has run since the last look. One is awake by what it has done since the first, in
    /// the bounds of a [`Sleeper`]. Where the system does not tell, all sleep.
    pub fn look(&mut self) -> Option<Rest> {
        let all_sleep = Some(Rest::Asleep(Duration::ZERO, 0));
        let mut quiet = true;
        let Some(others) = others() else {
            return all_sleep;
        };
        let is_first = self.threads.is_empty();
        let before = std::mem::take(&mut self.threads);
        for thread in others {
            let times = fs::read_to_string(thread.join("schedstat")).ok();
            let Some(Times { ran, turns, .. }) = times.as_deref().and_then(Times::parse) else {
                continue;
            };
            let now = (ran, turns);
            // A thread that is new since the first look has done all of it since then.
            let new = if is_first { now } else { Done::default() };
            let (first, last) = *before.get(&thread).unwrap_or(&(new, Done::default()));
            let (ran, turns) = (ran.saturating_sub(first.0), turns.saturating_sub(first.1));
            if ran >= Sleeper::PROCESSOR || turns >= Sleeper::TURNS {
                return Some(Rest::Awake(ran, turns));
            }
            quiet &= last == now && is_asleep(&thread);
            self.threads.insert(thread, (first, now));
        }
        all_sleep.filter(|_| quiet)
    }
}

/// Whether all threads of the process sleep, in whatever call, but the calling one and those that [only
/// watch](only_watches). `None` if the system does not tell.
pub fn others_sleep() -> Option<bool> {
    Some(others()?.iter().all(|thread| is_asleep(thread)))
}

/// The folders of the other threads of this process, without those that only watch.
fn others() -> Option<Vec<PathBuf>> {
    let ids = threads_in(THREADS, Some(this_thread()?))?;
    Some(ids.into_iter().map(folder_of).collect())
}

/// What the system tells of a thread of this process.
fn folder_of(id: u32) -> PathBuf {
    Path::new(THREADS).join(id.to_string())
}

/// Whether it sleeps, or is not there any more.
fn is_asleep(thread: &Path) -> bool {
    // After the name, which may hold anything, in parentheses.
    let stat = fs::read_to_string(thread.join("stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
    matches!(state, Some('S' | 'Z' | 'X') | None)
}

/// How a thread sleeps that is in this system call: `NUMBER ARGUMENTS… SP PC`, or `running`. `None` if it runs, or
/// sleeps in a way that something beside the process may end.
fn sleep(call: &str) -> Option<Sleep> {
    const FUTEX: Option<u64> = if cfg!(target_arch = "x86_64") {
        Some(202)
    } else if cfg!(any(target_arch = "aarch64", target_arch = "riscv64")) {
        Some(98)
    } else {
        None
    };
    let mut words = call.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    // Of all its arguments the fourth is the timeout, whichever way it waits.
    let timeout = words.nth(3)?;
    (Some(number) == FUTEX).then_some(if timeout == "0x0" {
        Sleep::UntilWoken
    } else {
        Sleep::WithTimeout
    })
}

/// The moment at which work should end, put off by as long as the threads that do it were ready and waited for a
/// processor.
#[derive(Debug)]
pub struct Deadline {
    begun: Instant,
    time: Duration,
    /// By how much it is put off, in nanoseconds.
    later: AtomicU64,
    /// The most that it is put off.
    latest: u64,
}

impl Deadline {
    /// Returns the moment that is `time` from now.
    pub fn after(time: Duration) -> Self {
        let latest = time.saturating_mul(SLOWEST - 1).as_nanos();
        Self {
            begun: Instant::now(),
            time,
            later: AtomicU64::new(0),
            latest: latest.try_into().unwrap_or(u64::MAX),
        }
    }

    /// Says whether it is over. For a thread that has worked towards it since it began to run, and towards no other.
    pub fn is_over(&self) -> bool {
        self.is_past() && {
            self.account();
            self.is_past()
        }
    }

    /// Takes into account how long the calling thread, of which the same must hold, has waited for a processor.
    pub fn account(&self) {
        thread_local! {
            static ACCOUNTED: Cell<u64> = const { Cell::new(0) };
        }
        let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let waited = times.split_whitespace().nth(1);
        let waited: u64 = waited.and_then(|time| time.parse().ok()).unwrap_or(0);
        let new = waited.saturating_sub(ACCOUNTED.replace(waited));
        // Relaxed: nothing else is passed on by it.
        self.later.fetch_add(new, Relaxed);
    }

    /// How much time has gone of it, without that which was [taken into account](Deadline::account).
    pub fn spent(&self) -> Duration {
        let later = self.later.load(Relaxed).min(self.latest);
        self.begun.elapsed().saturating_sub(Duration::from_nanos(later))
    }

    /// Says whether it is over by what was [taken into account](Deadline::account).
    fn is_past(&self) -> bool {
        self.spent() >= self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    const LOOK: Duration = Duration::from_millis(50);

    /// The clock says nothing.
    const PATIENT: Limits = Limits { processor: None, time: Duration::from_secs(600) };

    /// Looks until something comes of it or `is_over`.
    fn watch(limits: Limits, is_over: impl Fn() -> bool) -> Option<Halt> {
        let mut watch = Watch::others(limits);
        while !is_over() {
            let halt = watch.look();
            if halt.is_some() {
                return halt;
            }
            thread::sleep(LOOK);
        }
        None
    }

    fn park_until(over: &AtomicBool) {
        while !over.load(Relaxed) {
            thread::park();
        }
    }

    #[test]
    fn one_thread_that_runs_is_not_asleep() {
        let over = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| {
                while !over.load(Relaxed) {
                    std::hint::spin_loop();
                }
            });
            let seen = others_sleep();
            over.store(true, Relaxed);
            assert_ne!(seen, Some(true));
        });
    }

    /// One looks again and again, and the other sleeps for ever.
    #[test]
    fn a_thread_that_only_watches_is_not_waited_for() {
        let over = AtomicBool::new(false);
        thread::scope(|s| {
            let asleep = s.spawn(|| park_until(&over));
            s.spawn(|| {
                let _watcher = only_watches();
                while !over.load(Relaxed) {
                    thread::sleep(LOOK);
                }
            });
            assert_eq!(watch(PATIENT, || false), Some(Halt::Stuck));
            over.store(true, Relaxed);
            asleep.thread().unpark();
        });
        assert_eq!(*watchers(), []);
    }

    #[test]
    fn a_thread_asleep_for_ever_is_stuck() {
        let over = AtomicBool::new(false);
        thread::scope(|s| {
            let asleep = s.spawn(|| park_until(&over));
            assert_eq!(watch(PATIENT, || false), Some(Halt::Stuck));
            over.store(true, Relaxed);
            asleep.thread().unpark();
        });
    }

    #[test]
    fn a_thread_asleep_for_a_time_is_not_stuck() {
        thread::scope(|s| {
            let sleep = || thread::sleep(QUIET * 3 / 2);
            let waits = || thread::park_timeout(QUIET * 3 / 2);
            let threads = [s.spawn(sleep), s.spawn(waits)];
            let is_over = || threads.iter().all(|thread| thread.is_finished());
            assert_eq!(watch(PATIENT, is_over), None);
        });
    }

    /// While one thread can run it may wake the other.
    #[test]
    fn a_thread_that_waits_for_one_that_runs_is_not_stuck() {
        thread::scope(|s| {
            let runs = s.spawn(|| spin_for(QUIET * 3 / 2));
            let waits = s.spawn(|| runs.join());
            assert_eq!(watch(PATIENT, || waits.is_finished()), None);
        });
    }

    /// Uses so much processor time.
    fn spin_for(time: Duration) {
        let begun = ran();
        while ran() - begun < time {
            std::hint::spin_loop();
        }
    }

    fn ran() -> Duration {
        let times = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
        let ran = times.split_whitespace().next().expect("three numbers");
        Duration::from_nanos(ran.parse().expect("a number"))
    }

    /// A process of one thread, as the system tells of it: `ran` and `waited` are in `schedstat`.
    struct Told(tempfile::TempDir);

    impl Told {
        fn watch(limits: Limits, begun_before: Duration) -> (Self, Watch) {
            let folder = tempfile::tempdir().expect("a folder can be made");
            fs::create_dir(folder.path().join("7")).expect("it is empty");
            let threads = folder.path().display().to_string();
            let mut watch = Watch::new(threads, None, None, true, limits);
            watch.begun =
                Instant::now().checked_sub(begun_before).expect("the machine has run for longer");
            (Self(folder), watch)
        }

        fn says(&self, ran: Duration, waited: Duration) {
            let file =
                |name: &str, text: String| fs::write(self.0.path().join("7").join(name), text);
            let times = format!("{} {} 1\n", ran.as_nanos(), waited.as_nanos());
            file("schedstat", times).expect("the folder is there");
            file("syscall", "running\n".to_owned()).expect("the folder is there");
        }
    }

    /// However long it takes by the clock. What the system tells is made up, so that this machine may be as busy as it likes.
    #[test]
    fn time_in_which_a_thread_waits_for_a_processor_is_not_counted() {
        let minute = Duration::from_secs(60);
        let limits = Limits { processor: Some(10 * minute), time: 10 * minute };
        let (told, mut watch) = Told::watch(limits, 30 * minute);
        told.says(5 * minute, 25 * minute);
        assert_eq!(watch.look(), None);
        let (told, mut watch) = Told::watch(limits, 30 * minute);
        told.says(5 * minute, 15 * minute);
        assert_eq!(watch.look(), Some(Halt::Late(limits.time)));
        // There is an end in any case.
        let (told, mut watch) = Told::watch(limits, SLOWEST * limits.time);
        told.says(5 * minute, SLOWEST * limits.time);
        assert_eq!(watch.look(), Some(Halt::Late(limits.time)));
        let (told, mut watch) = Told::watch(limits, 30 * minute);
        told.says(10 * minute, 25 * minute);
        assert_eq!(watch.look(), Some(Halt::Spins(10 * minute)));
    }

    /// The same of a deadline.
    #[test]
    fn a_deadline_is_put_off_by_the_wait_for_a_processor() {
        let seconds = Duration::from_secs;
        let past = |waited: Duration| {
            let mut deadline = Deadline::after(seconds(60));
            let begun = Instant::now().checked_sub(seconds(90));
            deadline.begun = begun.expect("the machine has run for longer");
            deadline.later = AtomicU64::new(waited.as_nanos().try_into().expect("a minute or so"));
            assert!(deadline.spent() >= seconds(90) - waited);
            deadline.is_past()
        };
        assert!(past(Duration::ZERO) && past(seconds(24)));
        assert!(!past(seconds(36)));
    }

    /// More threads than processors: some wait, and the system tells for how long.
    #[test]
    fn the_system_tells_of_threads_that_wait_for_a_processor() {
        let processors = available_parallelism().map_or(1, |n| n.get());
        let waited = || {
            let times = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
            times.split_whitespace().nth(1).map(|time| time.parse::<u64>())
        };
        thread::scope(|s| {
            let spin = |_| {
                s.spawn(move || {
                    spin_for(QUIET / 10);
                    waited().expect("three numbers").expect("a number")
                })
            };
            let threads: Vec<_> = (0..4 * processors).map(spin).collect();
            let waited = threads.into_iter().map(|thread| thread.join().expect("no panic"));
            assert!(waited.sum::<u64>() > 0);
        });
    }

    #[test]
    fn a_deadline_comes() {
        let deadline = Deadline::after(Duration::from_millis(100));
        while !deadline.is_over() {
            thread::yield_now();
        }
    }

    #[test]
    fn a_futex_is_told_from_other_calls() {
        let futex = if cfg!(target_arch = "x86_64") { 202 } else { 98 };
        let call = |timeout| format!("{futex} 0x7f 0x80 0x2 {timeout} 0x0 0x0 0x7ff 0x7fe\n");
        assert_eq!(sleep(&call("0x0")), Some(Sleep::UntilWoken));
        assert_eq!(sleep(&call("0x7ff0")), Some(Sleep::WithTimeout));
        for other in ["running\n", "230 0x1 0x0 0x7f 0x0 0x0 0x0 0x1 0x2\n", "-1 0x1 0x2\n", ""] {
            assert_eq!(sleep(other), None);
        }
    }
}
