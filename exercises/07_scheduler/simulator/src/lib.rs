//! The given parts of this chapter's simulators: the state of a scheduler, with Go's names; tasks as scripts;
//! and the table that shows what each P ran, and when. The lessons write the rules by which the state changes.
//!
//! | | |
//! |---|---|
//! | this file | the state: [`Sched`], [`P`], and what a P has [`Found`] |
//! | [`ticks`] | the simulator of `find_runnable`: each P does one thing a tick |
//! | [`clock`] | the simulator of `preemption`: time passes, and a monitor looks |
//! | [`table`] | the drawing |
//! | [`choices`] | every run of a program that has choices |
//!
//! Nothing here starts a thread or reads a clock, and every number that looks random comes from a seed. The
//! same program has the same trace each time.

pub mod choices;
pub mod clock;
pub mod table;
pub mod ticks;

use std::collections::VecDeque;
use std::fmt;

/// A goroutine: its number.
pub type G = u32;

/// How many tasks the ring of a P has room for.
pub const RUNQ: usize = 256;

/// A processor, in the sense of "the right to run Go code, with a queue of those that want it".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct P {
    /// The number of slices that this P has begun.
    pub schedtick: u32,
    /// The task that runs next, before those in the ring.
    pub runnext: Option<G>,
    /// The ring: the oldest task is in front.
    pub runq: VecDeque<G>,
    /// Whether it has found nothing to do.
    pub idle: bool,
}

/// The scheduler's state: its Ps, and what belongs to all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sched {
    /// The Ps. Their number is GOMAXPROCS.
    pub allp: Vec<P>,
    /// The global queue: the oldest task is in front.
    pub runq: VecDeque<G>,
    /// Tasks whose I/O is ready, the oldest in front. Nobody has asked for them yet.
    pub netpoll: VecDeque<G>,
}

impl Sched {
    /// Returns a scheduler with `gomaxprocs` Ps, which have nothing to do and have not looked yet.
    pub fn new(gomaxprocs: usize) -> Self {
        Self { allp: vec![P::default(); gomaxprocs], ..Self::default() }
    }

    /// Returns every task that waits for a P, in ascending order.
    pub fn waiting(&self) -> Vec<G> {
        let local = self.allp.iter().flat_map(|p| p.runnext.iter().chain(&p.runq));
        let mut all: Vec<G> = local.chain(&self.runq).chain(&self.netpoll).copied().collect();
        all.sort_unstable();
        all
    }
}

/// Where a P found a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the global queue, into which it looked first, because it was the queue's turn.
    Turn,
    /// In its own place for the task that runs next.
    RunNext,
    /// In its own ring.
    Runq,
    /// In the global queue, because it had nothing of its own.
    Global,
    /// Among those whose I/O is ready.
    Netpoll,
    /// In the ring of this P, or in its place for the task that runs next.
    Stolen(usize),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Turn => f.pad("turn"),
            Source::RunNext => f.pad("runnext"),
            Source::Runq => f.pad("runq"),
            Source::Global => f.pad("sched.runq"),
            Source::Netpoll => f.pad("netpoll"),
            Source::Stolen(p) => write!(f, "stolen of P{p}"),
        }
    }
}

/// What `find_runnable` has found for a P.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The task to run.
    pub g: G,
    /// Where it was.
    pub source: Source,
    /// Whether it runs in what is left of the time slice of the task before it.
    pub inherit_time: bool,
}

/// Numbers that look random, the same ones for the same seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Returns the sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub fn next_u32(&mut self) -> u32 {
        // SplitMix64: short, and no seed is a bad one.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 32) as u32
    }

    /// Returns a number below `n`, which is not zero.
    pub fn below(&mut self, n: u32) -> u32 {
        self.next_u32() % n
    }
}
