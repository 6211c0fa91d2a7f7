//! The simulator of `preemption`: time passes, and something happens when an operation of a task is over,
//! when a timer is due, and when the monitor wakes up.

use crate::table::{Table, list};
use crate::ticks::queues;
use crate::{Found, G, Random, Sched};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// The thread that runs a P, and what it runs. There is one for each P, with the same number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct M {
    /// The task that runs on the P, or whose system call the P waits for. `None`: the P is idle.
    pub curg: Option<G>,
    /// Whether that task has been asked to give way at its next safe point.
    pub preempt: bool,
    /// Whether that task is in a system call. The P is still attached to it.
    pub in_syscall: bool,
    /// The number of system calls that were entered on this P.
    pub syscalltick: u32,
}

/// A scheduler and the threads that run its Ps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The queues, and the Ps with their `schedtick`.
    pub sched: Sched,
    /// What runs on the Ps, by the P's number.
    pub allm: Vec<M>,
}

impl Machine {
    /// Returns a machine with `gomaxprocs` idle Ps.
    pub fn new(gomaxprocs: usize) -> Self {
        Self { sched: Sched::new(gomaxprocs), allm: vec![M::default(); gomaxprocs] }
    }
}

/// The rules of a scheduler: functions of the lesson `preemption`, by their names. `S` is its `Sysmon`.
#[allow(missing_docs, reason = "the lesson's file has the docs")]
pub struct Rules<S> {
    pub schedule: fn(&mut Machine, usize, &mut dyn FnMut() -> u32) -> Option<Found>,
    pub safe_point: fn(&mut Machine, usize) -> bool,
    pub sysmon: fn(usize) -> S,
    pub retake: fn(&mut S, &mut Machine, Duration) -> usize,
    pub delay: fn(&mut S, usize) -> Duration,
    /// Those of `find_runnable`.
    pub queues: crate::ticks::Rules,
}

/// What a task does next. Numbers are microseconds; `Go`, `Ready` and `Again` take no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Computes for this long. It can be stopped at any moment: at a call, or by a signal in a loop without one.
    Run(u64),
    /// Computes for this long where it cannot be stopped, such as in the runtime itself.
    Unsafe(u64),
    /// Starts a task: `go f()`.
    Go(G),
    /// Wakes a task that blocks. If it does not block, its next `Block` is over at once.
    Ready(G),
    /// Blocks until another task wakes it.
    Block,
    /// Is in a system call for this long.
    Syscall(u64),
    /// Sleeps for this long: `time.Sleep`.
    Sleep(u64),
    /// Begins again.
    Again,
}

#[derive(Debug, Default)]
struct Task {
    script: Vec<Op>,
    at: usize,
    /// What is left of the operation that it is in.
    left: Duration,
    blocks: bool,
    token: bool,
    ran: Duration,
    /// When it last began to wait for a P.
    waits_since: Duration,
    longest_wait: Duration,
    ended: bool,
}

/// A slice: it begins with a task that does not inherit it, and ends when the next one begins, or when the P
/// is idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Which P it was on.
    pub p: usize,
    /// The last task in it.
    pub last: G,
    /// When it began.
    pub began: Duration,
    /// When it ended.
    pub ended: Duration,
    /// Whether a task was preempted in it.
    pub preempted: bool,
}

/// How long the monitor sleeps before its first round.
pub const FIRST_ROUND: Duration = Duration::from_micros(20);

/// A machine, its tasks, its monitor, and what has happened so far.
pub struct Simulator<S> {
    /// The state. A test may set it up as it likes before anything has happened.
    pub machine: Machine,
    /// The monitor.
    pub sysmon: S,
    rules: Rules<S>,
    tasks: BTreeMap<G, Task>,
    now: Duration,
    round_at: Duration,
    rounds: usize,
    /// System calls: when each is over, whose it is, and on which P it began.
    syscalls: Vec<(Duration, G, usize)>,
    sleepers: Vec<(Duration, G)>,
    /// The slice that each P is in; `ended` means nothing yet.
    slices_now: Vec<Option<Slice>>,
    slices: Vec<Slice>,
    random: Random,
    table: Table,
    /// The words of the next row: for the monitor, and for each P.
    says: Vec<String>,
    /// The state as the last row shows it.
    drawn: Option<Machine>,
}

impl<S> Simulator<S> {
    /// Returns a machine with `gomaxprocs` Ps that goes by `rules`, without a task.
    pub fn new(rules: Rules<S>, gomaxprocs: usize) -> Self {
        let ps = (0..gomaxprocs).map(|p| format!("P{p}"));
        let heads = ["time", "sysmon"].map(str::to_owned).into_iter().chain(ps);
        Self {
            machine: Machine::new(gomaxprocs),
            sysmon: (rules.sysmon)(gomaxprocs),
            rules,
            tasks: BTreeMap::new(),
            now: Duration::ZERO,
            round_at: FIRST_ROUND,
            rounds: 0,
            syscalls: Vec::new(),
            sleepers: Vec::new(),
            slices_now: vec![None; gomaxprocs],
            slices: Vec::new(),
            random: Random::new(1),
            table: Table::new(heads.chain(["sched.runq".to_owned()]).collect(), 76),
            says: vec![String::new(); 1 + gomaxprocs],
            drawn: None,
        }
    }

    /// Makes a task that nobody has started yet, and returns its number: 1, 2, …
    pub fn task(&mut self, script: &[Op]) -> G {
        let g = self.tasks.last_key_value().map_or(1, |(&last, _)| last + 1);
        self.tasks.insert(g, Task { script: script.to_vec(), ..Task::default() });
        g
    }

    /// Makes a task and puts it at the tail of the global queue.
    pub fn start(&mut self, script: &[Op]) -> G {
        let g = self.task(script);
        self.machine.sched.runq.push_back(g);
        g
    }

    /// Lets time pass until `end`.
    #[track_caller]
    pub fn run_until(&mut self, end: Duration) {
        let delay = self.rules.delay;
        self.run_with(end, &mut |sysmon, retaken| delay(sysmon, retaken));
    }

    /// Lets time pass until `end`, or until all tasks have ended. The monitor sleeps as long as `delay` says.
    #[track_caller]
    pub fn run_with(&mut self, end: Duration, delay: &mut dyn FnMut(&mut S, usize) -> Duration) {
        self.settle();
        while !self.is_over() {
            let next = self.next_event();
            if next > end {
                break;
            }
            self.pass(next - self.now);
            self.end_operations();
            self.end_syscalls();
            self.look();
            if self.round_at == self.now {
                self.monitor(delay);
            }
            self.settle();
        }
        if !self.is_over() {
            self.pass(end.saturating_sub(self.now));
        }
    }

    /// Lets the monitor look, at the time `at` and the state as it is, and does nothing else. Returns how many
    /// Ps it has retaken.
    #[track_caller]
    pub fn round(&mut self, at: Duration) -> usize {
        self.row();
        self.now = at;
        let mut retaken = 0;
        self.monitor(&mut |_, number| {
            retaken = number;
            FIRST_ROUND
        });
        self.row();
        retaken
    }

    /// Returns whether all tasks that were started have ended.
    pub fn is_over(&self) -> bool {
        let runs = self.machine.allm.iter().any(|m| m.curg.is_some());
        let elsewhere = !self.syscalls.is_empty() || !self.sleepers.is_empty();
        !runs && !elsewhere && self.machine.sched.waiting().is_empty()
    }

    /// Returns the time.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Returns for how long task `g` has had a P and computed.
    pub fn ran(&self, g: G) -> Duration {
        self.tasks[&g].ran
    }

    /// Returns whether task `g` has come to its end.
    pub fn has_ended(&self, g: G) -> bool {
        self.tasks[&g].ended
    }

    /// Returns the longest time for which task `g` was ready to run and had no P.
    pub fn longest_wait(&self, g: G) -> Duration {
        let task = &self.tasks[&g];
        let waits = self.machine.sched.waiting().contains(&g);
        let now = if waits { self.now - task.waits_since } else { Duration::ZERO };
        task.longest_wait.max(now)
    }

    /// Returns the slices that are over.
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    /// Returns how often the monitor has looked.
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// Draws the table of all that has happened.
    pub fn draw(&self) -> String {
        self.table.draw_all()
    }

    /// Fails unless `ok`, with the message of `says` and the last rows of the table.
    ///
    /// # Panics
    /// Unless `ok`.
    #[track_caller]
    pub fn require(&self, ok: bool, says: impl FnOnce() -> String) {
        if !ok {
            let mut table = self.table.clone();
            if self.says_something() || self.drawn.as_ref() != Some(&self.machine) {
                table.push(self.cells());
            }
            panic!(
                "{}\n\nThe last rows. A P's cell: what happened, or the task that it runs, and below, what \
                     waits for it.\n\n{}",
                says(),
                table.draw_last(6)
            );
        }
    }

    /// Returns when something happens next.
    fn next_event(&self) -> Duration {
        let computes = |m: &M| Some(self.now + self.tasks[&m.curg.filter(|_| !m.in_syscall)?].left);
        let operations = self.machine.allm.iter().filter_map(computes);
        let syscalls = self.syscalls.iter().map(|&(at, ..)| at);
        // A P that looks for work runs the timers. If none looks, they have to wait.
        let some_idle = self.machine.allm.iter().any(|m| m.curg.is_none());
        let timers = self.sleepers.iter().filter(|_| some_idle).map(|&(at, _)| at.max(self.now));
        let all = operations.chain(syscalls).chain(timers).chain([self.round_at]);
        all.min().expect("there is the monitor")
    }

    /// Lets time pass in which nothing happens.
    fn pass(&mut self, time: Duration) {
        self.now += time;
        for m in &self.machine.allm {
            if let Some(g) = m.curg.filter(|_| !m.in_syscall) {
                let task = self.tasks.get_mut(&g).expect("it runs");
                task.ran += time;
                task.left = task.left.saturating_sub(time);
            }
        }
    }

    /// Does what happens at once when something has changed: those that are asked give way, and those that have
    /// nothing look.
    #[track_caller]
    fn settle(&mut self) {
        self.look();
        self.safe_points();
        self.look();
        self.row();
    }

    /// Ends the operations that are over.
    #[track_caller]
    fn end_operations(&mut self) {
        for p in 0..self.machine.allm.len() {
            let m = &self.machine.allm[p];
            if let Some(g) = m.curg.filter(|_| !m.in_syscall)
                && self.tasks[&g].left.is_zero()
            {
                self.go_on(p, g);
            }
        }
    }

    /// Goes on with the script of the task on P `p`, up to something that takes time.
    #[track_caller]
    fn go_on(&mut self, p: usize, g: G) {
        loop {
            let task = self.tasks.get_mut(&g).expect("it runs");
            if task.script.get(task.at) == Some(&Op::Again) {
                task.at = 0;
            }
            let Some(op) = task.script.get(task.at).copied() else {
                task.ended = true;
                self.say(p, format!("{g} ends"));
                self.leave(p);
                return;
            };
            task.at += 1;
            match op {
                Op::Run(time) | Op::Unsafe(time) => {
                    task.left = Duration::from_micros(time);
                    if time > 0 {
                        return;
                    }
                }
                Op::Go(other) => {
                    self.say(p, format!("{g} go {other}"));
                    self.make_ready(p, other);
                }
                Op::Ready(other) => {
                    let woken =
                        self.tasks.get_mut(&other).expect("a script names tasks that were made");
                    if std::mem::take(&mut woken.blocks) {
                        self.say(p, format!("{g} wakes {other}"));
                        self.make_ready(p, other);
                    } else {
                        woken.token = true;
                    }
                }
                Op::Block => {
                    if !std::mem::take(&mut task.token) {
                        task.blocks = true;
                        self.say(p, format!("{g} blocks"));
                        self.leave(p);
                        return;
                    }
                }
                Op::Syscall(time) => {
                    self.say(p, format!("{g} enters syscall"));
                    self.syscalls.push((self.now + Duration::from_micros(time), g, p));
                    let m = &mut self.machine.allm[p];
                    m.in_syscall = true;
                    m.syscalltick = m.syscalltick.wrapping_add(1);
                    return;
                }
                Op::Sleep(time) => {
                    self.sleepers.push((self.now + Duration::from_micros(time), g));
                    self.say(p, format!("{g} sleeps"));
                    self.leave(p);
                    return;
                }
                Op::Again => unreachable!("a script has more than this"),
            }
        }
    }

    fn make_ready(&mut self, p: usize, g: G) {
        (self.rules.queues.ready)(&mut self.machine.sched, p, g);
        self.tasks.get_mut(&g).expect("a script names tasks that were made").waits_since = self.now;
    }

    /// Takes the task of P `p` off it.
    fn leave(&mut self, p: usize) {
        self.machine.allm[p].curg = None;
    }

    fn end_slice(&mut self, p: usize) {
        if let Some(slice) = self.slices_now[p].take() {
            self.slices.push(Slice { ended: self.now, ..slice });
        }
    }

    /// Lets task `g` go on in the slice of P `p`, or begin one.
    fn in_slice(&mut self, p: usize, g: G) {
        let new = Slice { p, last: g, began: self.now, ended: self.now, preempted: false };
        self.slices_now[p].get_or_insert(new).last = g;
    }

    /// Ends the system calls that are over: each task goes on with its P, or with an idle one, or waits for
    /// one.
    #[track_caller]
    fn end_syscalls(&mut self) {
        let now = self.now;
        let over: Vec<_> = self.syscalls.iter().copied().filter(|&(at, ..)| at <= now).collect();
        self.syscalls.retain(|&(at, ..)| at > now);
        for (_, g, p) in over {
            if self.machine.allm[p].curg == Some(g) {
                self.machine.allm[p].in_syscall = false;
                self.say(p, format!("{g} returns"));
                self.go_on(p, g);
            } else if let Some(p) = self.machine.allm.iter().position(|m| m.curg.is_none()) {
                let m = &mut self.machine.allm[p];
                (m.curg, m.preempt) = (Some(g), false);
                (self.rules.queues.execute)(&mut self.machine.sched, p, false);
                self.end_slice(p);
                self.in_slice(p, g);
                self.say(p, format!("{g} returns"));
                self.go_on(p, g);
            } else {
                (self.rules.queues.gosched)(&mut self.machine.sched, g);
                self.tasks.get_mut(&g).expect("it was made").waits_since = now;
                self.says[0] += &format!("({g} returns) ");
            }
        }
    }

    /// Lets the Ps that have no task look.
    #[track_caller]
    fn look(&mut self) {
        let mut looks = true;
        while looks {
            looks = false;
            for p in 0..self.machine.allm.len() {
                if self.machine.allm[p].curg.is_none() {
                    looks |= self.look_as(p);
                }
            }
        }
    }

    /// Lets P `p` look, and begin what it finds. Returns whether it has found something.
    #[track_caller]
    fn look_as(&mut self, p: usize) -> bool {
        // A P that looks for work runs the timers first.
        let now = self.now;
        let due: Vec<G> =
            self.sleepers.iter().filter(|&&(at, _)| at <= now).map(|&(_, g)| g).collect();
        self.sleepers.retain(|&(at, _)| at > now);
        for g in due {
            self.say(p, format!("timer of {g}"));
            self.make_ready(p, g);
        }
        let before = self.machine.sched.waiting();
        let random = &mut self.random;
        let found = (self.rules.schedule)(&mut self.machine, p, &mut || random.next_u32());
        let right = found.map(|found| found.g);
        let m = &self.machine.allm[p];
        self.require(m.curg == right, || {
            let has = m.curg;
            format!("P{p}: schedule returns {right:?}, but curg is {has:?}. Rule 1, begin: what it returns \
                 is what runs.")
        });
        let Some(found) = found else {
            self.require(before.is_empty(), || {
                format!(
                    "P{p} finds nothing, though this waits for a P: {}",
                    list(before.into_iter())
                )
            });
            self.end_slice(p);
            return false;
        };
        let (g, is_waiting) = (found.g, before.contains(&found.g));
        self.require(is_waiting, || format!("P{p} runs {g}, which did not wait for a P"));
        if !found.inherit_time {
            self.end_slice(p);
        }
        self.in_slice(p, g);
        let task = self.tasks.get_mut(&g).expect("it was made");
        let waited = now - task.waits_since;
        task.longest_wait = task.longest_wait.max(waited);
        self.say(p, format!("{g} ({})", found.source));
        if self.tasks[&g].left.is_zero() {
            self.go_on(p, g);
        }
        true
    }

    /// Calls `safe_point` for each task that computes where it can be stopped.
    #[track_caller]
    fn safe_points(&mut self) {
        for p in 0..self.machine.allm.len() {
            let m = &self.machine.allm[p];
            let Some(g) = m.curg.filter(|_| !m.in_syscall) else {
                continue;
            };
            let task = &self.tasks[&g];
            if let Some(Op::Unsafe(_)) = task.at.checked_sub(1).and_then(|at| task.script.get(at)) {
                continue;
            }
            let was_asked = m.preempt;
            let gives_way = (self.rules.safe_point)(&mut self.machine, p);
            self.require(gives_way == was_asked, || {
                let asked = if was_asked { "asked" } else { "not asked" };
                format!("P{p}: {g} was {asked} to give way, and safe_point returns {gives_way}. Rule 3, give \
                     way.")
            });
            if gives_way {
                let waits = self.machine.sched.waiting().contains(&g);
                self.require(waits, || {
                    format!("P{p}: {g} gives way, and is in no queue. Rule 3, give way.")
                });
                self.tasks.get_mut(&g).expect("it runs").waits_since = self.now;
                self.say(p, format!("{g} gives way"));
                self.leave(p);
                if let Some(slice) = &mut self.slices_now[p] {
                    slice.preempted = true;
                }
            }
        }
    }

    /// A round of the monitor.
    #[track_caller]
    fn monitor(&mut self, delay: &mut dyn FnMut(&mut S, usize) -> Duration) {
        let before = self.machine.clone();
        let now = self.now;
        self.rounds += 1;
        let retaken = (self.rules.retake)(&mut self.sysmon, &mut self.machine, now);
        let mut taken = 0;
        for (p, before) in before.allm.iter().enumerate() {
            let m = &self.machine.allm[p];
            if before.curg.is_some() && m.curg.is_none() {
                taken += 1;
                self.says[0] += &format!("retakes P{p} ");
            } else if let Some(g) = m.curg.filter(|_| m.preempt && !before.preempt) {
                self.says[0] += &format!("asks {g} on P{p} ");
            }
        }
        self.require(taken == retaken, || {
            format!(
                "retake must return the number of Ps that it has retaken, {taken}, and returns \
                 {retaken}. Rule 6, count."
            )
        });
        let sleeps = delay(&mut self.sysmon, retaken);
        self.require(!sleeps.is_zero(), || {
            "the monitor must sleep between two rounds. Rule 7, delay.".to_owned()
        });
        self.round_at = now + sleeps;
    }

    fn say(&mut self, p: usize, what: String) {
        let says = &mut self.says[p + 1];
        if !says.is_empty() {
            says.push_str(", ");
        }
        says.push_str(&what);
    }

    fn says_something(&self) -> bool {
        self.says.iter().any(|says| !says.is_empty())
    }

    /// Draws a row, if there is something to say. Each task must be in one place.
    #[track_caller]
    fn row(&mut self) {
        let mut all = self.machine.sched.waiting();
        all.extend(self.machine.allm.iter().filter_map(|m| m.curg));
        all.sort_unstable();
        let twice = all.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        self.require(twice.is_none(), || {
            format!("task {} is in two places at a time", twice.unwrap_or_default())
        });
        if self.says_something() || self.drawn.is_none() {
            self.drawn = Some(self.machine.clone());
            let cells = self.cells();
            self.table.push(cells);
            self.says.iter_mut().for_each(String::clear);
        }
    }

    fn cells(&self) -> Vec<Vec<String>> {
        let ps = self.machine.allm.iter().zip(&self.machine.sched.allp).enumerate();
        let ps = ps.map(|(p, (m, queue))| {
            let mut says = self.says[p + 1].clone();
            if says.is_empty()
                && let Some(g) = m.curg
            {
                let _ = write!(says, "{g}{}", if m.in_syscall { " in syscall" } else { "" });
            }
            let mut lines = vec![says];
            if queue.runnext.is_some() || !queue.runq.is_empty() {
                lines.push(queues(queue.runnext, queue.runq.iter().copied()));
            }
            lines.retain(|line| !line.is_empty());
            lines
        });
        let global = list(self.machine.sched.runq.iter().copied());
        let first = [vec![milliseconds(self.now)], vec![self.says[0].trim().to_owned()]];
        first.into_iter().chain(ps).chain([vec![global]]).collect()
    }
}

/// `10.02 ms`.
pub fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    let (whole, rest) = (micros / 1000, micros % 1000);
    let rest = format!("{rest:03}");
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{whole}\u{a0}ms") } else { format!("{whole}.{rest}\u{a0}ms") }
}
