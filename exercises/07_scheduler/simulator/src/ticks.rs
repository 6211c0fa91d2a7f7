//! The simulator of `find_runnable`: in each tick each P does one thing, in turn.

use crate::table::{Table, list};
use crate::{Found, G, Random, Sched, Source};
use harness::text::NO_BREAK;
use std::collections::BTreeMap;

/// The rules of a scheduler: functions of the lesson `find_runnable`, by their names.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the lesson's file has the docs")]
pub struct Rules {
    pub ready: fn(&mut Sched, usize, G),
    pub goyield: fn(&mut Sched, usize, G),
    pub gosched: fn(&mut Sched, G),
    pub find_runnable: fn(&mut Sched, usize, &mut dyn FnMut() -> u32) -> Option<Found>,
    pub execute: fn(&mut Sched, usize, bool),
}

/// How many ticks a slice lasts. The task that runs then is preempted, as by `gosched`.
pub const SLICE: u32 = 10;

/// What a task does next. Each takes one tick, except for `Run`, which says how many, and `Again`, which
/// takes none. A task ends with its last one; if that has taken it off its P, it comes back for another tick
/// to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Runs for this many ticks.
    Run(u32),
    /// Starts a task: `go f()`.
    Go(G),
    /// Wakes a task that blocks. If it does not block, its next `Block` is over at once.
    Ready(G),
    /// Blocks until another task wakes it.
    Block,
    /// Blocks until its I/O is ready, this many ticks later.
    Io(u32),
    /// Goes to the end of its P's ring.
    Yield,
    /// Goes to the end of the global queue.
    Gosched,
    /// Begins again.
    Again,
}

#[derive(Clone, Debug, Default)]
struct Task {
    script: Vec<Op>,
    at: usize,
    /// How many ticks of `Run` it has done.
    run: u32,
    blocks: bool,
    /// It was woken before it blocked.
    token: bool,
    /// How many ticks it was on a P.
    ticks: u32,
    ended: bool,
}

/// What a P does.
#[derive(Clone, Debug, Default)]
struct Running {
    g: Option<G>,
    slice_left: u32,
    /// What it did in the current row.
    says: String,
}

/// A scheduler, its tasks, and what has happened so far.
#[derive(Clone)]
pub struct Simulator {
    /// The state. A test may set it up as it likes.
    pub sched: Sched,
    rules: Rules,
    tasks: BTreeMap<G, Task>,
    running: Vec<Running>,
    /// Tasks that wait for I/O, with the tick in which it is ready.
    io: Vec<(u32, G)>,
    random: Random,
    tick: u32,
    table: Table,
    /// The state as the last row shows it.
    drawn: Option<Sched>,
}

impl Simulator {
    /// Returns a scheduler of `gomaxprocs` Ps that goes by `rules`, without a task.
    pub fn new(rules: Rules, gomaxprocs: usize, seed: u64) -> Self {
        let ps = (0..gomaxprocs).map(|p| format!("P{p}"));
        let heads = ["tick".to_owned()].into_iter().chain(ps).chain(["sched.runq".to_owned()]);
        Self {
            sched: Sched::new(gomaxprocs),
            rules,
            tasks: BTreeMap::new(),
            running: vec![Running::default(); gomaxprocs],
            io: Vec::new(),
            random: Random::new(seed),
            tick: 0,
            table: Table::new(heads.collect(), 76),
            drawn: None,
        }
    }

    /// Makes a task that nobody has started yet, and returns its number: 1, 2, …
    pub fn task(&mut self, script: &[Op]) -> G {
        let g = self.tasks.last_key_value().map_or(1, |(&last, _)| last + 1);
        self.tasks.insert(g, Task { script: script.to_vec(), ..Task::default() });
        g
    }

    /// Draws the state that was set up as the row `start`.
    pub fn begin(&mut self) {
        if self.drawn.is_none() {
            self.row("start".to_owned());
        }
    }

    /// Lets P `p` look for a task and begin to run it, as a tick of its own in which no other P does
    /// anything. The task ends with that.
    #[track_caller]
    pub fn find(&mut self, p: usize) -> Option<Found> {
        let mut random = self.random.clone();
        let found = self.find_with(p, &mut || random.next_u32());
        self.random = random;
        found
    }

    /// The same, with random numbers from `cheaprand`.
    #[track_caller]
    pub fn find_with(&mut self, p: usize, cheaprand: &mut dyn FnMut() -> u32) -> Option<Found> {
        self.begin();
        let found = self.look(p, cheaprand);
        self.running[p].says = found.map_or_else(|| "idle".to_owned(), said);
        self.row(self.tick.to_string());
        self.tick += 1;
        found
    }

    /// Lets each P do what it has to do in one tick, in ascending order.
    #[track_caller]
    pub fn tick(&mut self) {
        let mut random = self.random.clone();
        let order: Vec<usize> = (0..self.running.len()).collect();
        self.tick_in(&order, &mut || random.next_u32());
        self.random = random;
    }

    /// Lets the Ps do what they have to do in one tick, in this order. What is random comes from `cheaprand`.
    #[track_caller]
    pub fn tick_in(&mut self, order: &[usize], cheaprand: &mut dyn FnMut() -> u32) {
        self.begin();
        let now = self.tick;
        let ready: Vec<G> =
            self.io.iter().filter(|(due, _)| *due <= now).map(|(_, g)| *g).collect();
        self.io.retain(|(due, _)| *due > now);
        self.sched.netpoll.extend(ready);
        for &p in order {
            let mut says = self.running[p].g.map_or_else(String::new, |g| g.to_string());
            if self.running[p].g.is_none() {
                match self.look(p, cheaprand) {
                    None => {
                        self.running[p].says = "idle".to_owned();
                        self.require(self.sched.waiting().is_empty(), || {
                            let waiting = list(self.sched.waiting().into_iter());
                            format!("tick {now}: P{p} finds nothing, though this waits for a P: {waiting}")
                        });
                        continue;
                    }
                    Some(found) => {
                        if !found.inherit_time {
                            self.running[p].slice_left = SLICE;
                        }
                        self.running[p].g = Some(found.g);
                        says = said(found);
                    }
                }
            }
            let does = self.step(p);
            self.running[p].says = if says.is_empty() { does } else { format!("{says}: {does}") };
        }
        self.row(now.to_string());
        self.tick += 1;
    }

    /// Lets `ticks` ticks pass.
    #[track_caller]
    pub fn run(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.tick();
        }
    }

    /// Lets ticks pass until all tasks that can end have ended.
    ///
    /// # Panics
    /// If that takes more than `most` ticks.
    #[track_caller]
    pub fn run_to_the_end(&mut self, most: u32) {
        while !self.is_over() {
            self.require(self.tick < most, || {
                let left = list(self.left().into_iter());
                format!("after {most} ticks there are tasks that have not ended: {left}")
            });
            self.tick();
        }
    }

    /// Returns whether nothing runs and nothing ever will.
    pub fn is_over(&self) -> bool {
        let runs = self.running.iter().any(|running| running.g.is_some());
        !runs && self.io.is_empty() && self.sched.waiting().is_empty()
    }

    /// Returns the tasks that have not come to the end of their script.
    pub fn left(&self) -> Vec<G> {
        let left = self.tasks.iter().filter(|(_, task)| task.at < task.script.len());
        left.map(|(&g, _)| g).collect()
    }

    /// Returns how many ticks task `g` was on a P.
    pub fn ticks_of(&self, g: G) -> u32 {
        self.tasks[&g].ticks
    }

    /// Returns the number of ticks so far.
    pub fn now(&self) -> u32 {
        self.tick
    }

    /// Returns the task that P `p` runs.
    pub fn running(&self, p: usize) -> Option<G> {
        self.running[p].g
    }

    /// Draws the table of all ticks so far.
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
            let mut table = self.clone();
            table.begin();
            if table.running.iter().any(|running| !running.says.is_empty()) {
                table.row(self.tick.to_string()); // it fails in the middle of a tick
            } else if table.drawn.as_ref() != Some(&self.sched) {
                table.row("now".to_owned());
            }
            panic!(
                "{}\n\nThe last ticks. A P's cell: what it did, and below, what waits for it.\n\n{}",
                says(),
                table.table.draw_last(6)
            );
        }
    }

    /// Lets P `p` look, and fails unless it finds `g` in `source`, by `rule`.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn must_find(&mut self, p: usize, g: G, source: Source, rule: &str) -> Found {
        let tick = self.tick;
        let found = self.find(p);
        let right = found.filter(|found| found.g == g && found.source == source);
        self.require(right.is_some(), || {
            let has = found.map_or_else(|| "nothing".to_owned(), said);
            format!("tick {tick}: P{p} must find {g} ({source}), but finds {has}. {rule}")
        });
        right.expect("it was required")
    }

    /// Lets P `p` look, and fails unless it finds nothing, by `rule`.
    ///
    /// # Panics
    /// If it finds something.
    #[track_caller]
    pub fn must_find_nothing(&mut self, p: usize, rule: &str) {
        let tick = self.tick;
        if let Some(found) = self.find(p) {
            self.require(false, || {
                format!("tick {tick}: P{p} must find nothing, but finds {}. {rule}", said(found))
            });
        }
    }

    /// Fails unless `p` has this `runnext` and this ring, by `rule`.
    ///
    /// # Panics
    /// If it has not.
    #[track_caller]
    pub fn must_have(&self, p: usize, runnext: Option<G>, runq: &[G], rule: &str) {
        let has = &self.sched.allp[p];
        self.require(has.runnext == runnext && has.runq == runq, || {
            let right = queues(runnext, runq.iter().copied());
            let has = queues(has.runnext, has.runq.iter().copied());
            format!("{}P{p} must have {right}, but has {has}. {rule}", self.when())
        });
    }

    /// Fails unless the global queue has these tasks, by `rule`.
    ///
    /// # Panics
    /// If it has others.
    #[track_caller]
    pub fn global_must_have(&self, runq: &[G], rule: &str) {
        self.require(self.sched.runq == runq, || {
            let right = list_or_none(runq.iter().copied());
            let has = list_or_none(self.sched.runq.iter().copied());
            format!("{}sched.runq must have {right}, but has {has}. {rule}", self.when())
        });
    }

    /// Fails unless P `p` has begun this many slices, by `rule`.
    ///
    /// # Panics
    /// If it has begun more or fewer.
    #[track_caller]
    pub fn schedtick_must_be(&self, p: usize, right: u32, rule: &str) {
        let has = self.sched.allp[p].schedtick;
        self.require(has == right, || {
            format!("{}P{p}'s schedtick must be {right}, but is {has}. {rule}", self.when())
        });
    }

    fn when(&self) -> String {
        self.tick.checked_sub(1).map_or_else(String::new, |tick| format!("after tick {tick}: "))
    }

    /// Looks for a task for P `p`, and begins its slice. No task may be lost on the way, and none may come
    /// twice.
    #[track_caller]
    fn look(&mut self, p: usize, cheaprand: &mut dyn FnMut() -> u32) -> Option<Found> {
        let before = self.sched.waiting();
        let found = (self.rules.find_runnable)(&mut self.sched, p, cheaprand);
        if let Some(found) = found {
            (self.rules.execute)(&mut self.sched, p, found.inherit_time);
            self.running[p].says = said(found);
        }
        let mut after = self.sched.waiting();
        after.extend(found.map(|found| found.g));
        after.sort_unstable();
        let (lost, extra) = (without(&before, &after), without(&after, &before));
        self.require(lost.is_empty() && extra.is_empty(), || {
            let says = |what: &str, tasks: &[G]| match tasks {
                [] => String::new(),
                _ => format!(" {what}: {}.", list(tasks.iter().copied())),
            };
            format!(
                "tick {}: P{p} looks for a task, and the tasks are not the same as before.{}{} Each task is in one place at \
                 a time.",
                self.tick,
                says("Lost", &lost),
                says("There twice, or never there", &extra),
            )
        });
        found
    }

    /// Lets the task of P `p` do one thing. Returns what, in words.
    #[track_caller]
    fn step(&mut self, p: usize) -> String {
        let g = self.running[p].g.expect("it runs one");
        let known = self.tasks.contains_key(&g);
        self.require(known, || {
            format!("tick {}: P{p} runs task {g}, which nobody made", self.tick)
        });
        let task = self.tasks.get_mut(&g).expect("it was required");
        let has_ended = task.ended;
        if task.script.get(task.at) == Some(&Op::Again) {
            task.at = 0;
        }
        let op = task.script.get(task.at).copied();
        self.require(!has_ended, || {
            format!("tick {}: P{p} runs task {g}, which has ended", self.tick)
        });
        let now = self.tick;
        let task = self.tasks.get_mut(&g).expect("it was required");
        task.ticks += 1;
        match op {
            Some(Op::Run(ticks)) if task.run + 1 < ticks => task.run += 1,
            Some(_) => (task.run, task.at) = (0, task.at + 1),
            None => {}
        }
        let (mut stays, mut does) = (true, String::new());
        match op {
            Some(Op::Run(_)) => does += "runs",
            Some(Op::Go(other)) => {
                does += &format!("go {other}");
                (self.rules.ready)(&mut self.sched, p, other);
            }
            Some(Op::Ready(other)) => {
                does += &format!("wakes {other}");
                let woken =
                    self.tasks.get_mut(&other).expect("a script names tasks that were made");
                if std::mem::take(&mut woken.blocks) {
                    (self.rules.ready)(&mut self.sched, p, other);
                } else {
                    woken.token = true;
                }
            }
            Some(Op::Block) => {
                does += "blocks";
                let task = self.tasks.get_mut(&g).expect("it was required");
                if !std::mem::take(&mut task.token) {
                    (task.blocks, stays) = (true, false);
                }
            }
            Some(Op::Io(ticks)) => {
                does += "reads";
                self.io.push((now + 1 + ticks, g));
                stays = false;
            }
            Some(Op::Yield) => {
                does += "yields";
                (self.rules.goyield)(&mut self.sched, p, g);
                stays = false;
            }
            Some(Op::Gosched) => {
                does += "gosched";
                (self.rules.gosched)(&mut self.sched, g);
                stays = false;
            }
            // It has given up its P with the last thing it did.
            None => does += "returns",
            Some(Op::Again) => unreachable!("a script has more than this"),
        }
        let task = self.tasks.get_mut(&g).expect("it was required");
        if stays && task.at == task.script.len() {
            does += ", ends";
            (task.ended, stays) = (true, false);
        }
        let running = &mut self.running[p];
        running.slice_left = running.slice_left.saturating_sub(1);
        if stays && running.slice_left == 0 {
            does += ", preempted";
            (self.rules.gosched)(&mut self.sched, g);
            stays = false;
        }
        running.g = Some(g).filter(|_| stays);
        does
    }

    fn row(&mut self, when: String) {
        let cells = self.cells(when);
        self.table.push(cells);
        self.drawn = Some(self.sched.clone());
        self.running.iter_mut().for_each(|running| running.says.clear());
    }

    fn cells(&self, when: String) -> Vec<Vec<String>> {
        let ps = self.sched.allp.iter().zip(&self.running).map(|(p, running)| {
            let mut lines = vec![running.says.clone()];
            if p.runnext.is_some() || !p.runq.is_empty() {
                lines.push(queues(p.runnext, p.runq.iter().copied()));
            }
            lines.retain(|line| !line.is_empty());
            lines
        });
        let mut global = vec![list(self.sched.runq.iter().copied())];
        if !self.sched.netpoll.is_empty() {
            global.push(format!("netpoll{NO_BREAK}{}", list(self.sched.netpoll.iter().copied())));
        }
        [vec![when]].into_iter().chain(ps).chain([global]).collect()
    }
}

fn said(found: Found) -> String {
    format!("{} ({})", found.g, found.source)
}

/// The place for the next task and the ring, in words.
pub(crate) fn queues(runnext: Option<G>, runq: impl ExactSizeIterator<Item = G>) -> String {
    let next = runnext.map(|g| format!("runnext {g}"));
    let ring = (runq.len() > 0).then(|| format!("runq {}", list(runq)));
    let parts: Vec<String> = next.into_iter().chain(ring).collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

fn list_or_none(tasks: impl ExactSizeIterator<Item = G>) -> String {
    if tasks.len() == 0 { "nothing".to_owned() } else { list(tasks) }
}

/// What is in `all` more often than in `those`. Both are sorted.
fn without(all: &[G], those: &[G]) -> Vec<G> {
    let mut those = those.iter().copied().peekable();
    let missing = all.iter().copied().filter(|&g| {
        while those.next_if(|&other| other < g).is_some() {}
        those.next_if_eq(&g).is_none()
    });
    missing.collect()
}
