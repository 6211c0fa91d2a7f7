//! What can happen: the outcomes of six small programs, worked out by hand.
//!
//! Each program has two threads, `main` and `other`. `main` creates the atomics, spawns `other`, does its
//! own part, and joins `other`. Every atomic begins as 0 or `false`. An outcome is in the set if Rust's
//! memory model allows it, even if your processor never shows it.
//!
//! No function here runs a program: each returns what you have found with pencil and paper. It returns the same
//! set on every call, starts no thread, and keeps nothing once the set is dropped. For example,
//! `BTreeSet::from([0, 7])` is a set of two numbers, and `BTreeSet::from([Loads { main: 5, other: 6 }])` is
//! a set of one pair of loads; neither is an answer here.

use std::collections::BTreeSet;

/// An outcome of store buffering: what each thread's load read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loads {
    /// What `main` read from `y`.
    pub main: u32,
    /// What `other` read from `x`.
    pub other: u32,
}

/// An outcome of message passing: what `main` read, first from `ready` and then from `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// What it read from `ready`.
    pub ready: bool,
    /// What it read from `data`, whatever `ready` was.
    pub data: u32,
}

/// Returns the outcomes of two increments, each a load and a store: what `n` holds when both have ended.
///
/// ```text
/// main                              other
/// let seen = n.load(Relaxed);       let seen = n.load(Relaxed);
/// n.store(seen + 1, Relaxed);       n.store(seen + 1, Relaxed);
/// ```
pub fn increments_by_load_and_store() -> BTreeSet<u32> {
    // Each thread stores what it has read, plus one.
    // - 2: one thread loads after the other has stored.
    // - 1: both load 0 and both store 1. The second store overwrites the first: a lost update.
    // Never 0, because the least that a thread stores is 1. Never 3, because then one thread has read 2. The
    // other stores 2 only if it has read 1 from this thread, and this thread stores nothing but its 3.
    BTreeSet::from([1, 2])
}

/// Returns the outcomes of two increments, each a read-modify-write: what `n` holds when both have ended.
///
/// ```text
/// main                              other
/// n.fetch_add(1, Relaxed);          n.fetch_add(1, Relaxed);
/// ```
pub fn increments_by_fetch_add() -> BTreeSet<u32> {
    // The values of `n` have one order, and a read-modify-write writes directly after the value that it
    // has read. Relaxed does not weaken that: one of the two comes second, and reads the 1 of the first.
    BTreeSet::from([2])
}

/// Returns the outcomes of store buffering: each thread stores to its own atomic and then loads the other's.
///
/// ```text
/// main                              other
/// x.store(1, Relaxed);              y.store(1, Relaxed);
/// y.load(Relaxed)                   x.load(Relaxed)
/// ```
pub fn store_buffering_relaxed() -> BTreeSet<Loads> {
    // Everything that two loads of 0 or 1 can read. Three outcomes come from taking turns: `main` first,
    // `other` first, or both stores before both loads. No order of the steps explains the fourth, where
    // both loads read 0. Nothing orders either store before the other thread's load, so each load may read
    // the old value. On a processor, this happens while both stores are still in their cores' store
    // buffers. A compiler causes it by moving a load up across a store to another address.
    BTreeSet::from([
        Loads { main: 0, other: 0 },
        Loads { main: 0, other: 1 },
        Loads { main: 1, other: 0 },
        Loads { main: 1, other: 1 },
    ])
}

/// Returns the outcomes of store buffering with a fence between the store and the load of each thread.
///
/// ```text
/// main                              other
/// x.store(1, Relaxed);              y.store(1, Relaxed);
/// fence(SeqCst);                    fence(SeqCst);
/// y.load(Relaxed)                   x.load(Relaxed)
/// ```
pub fn store_buffering_fenced() -> BTreeSet<Loads> {
    // All SeqCst fences have one order, S. The load after the second fence in S reads what was stored before
    // the first fence, or something newer. So at least one load reads 1: both cannot read 0.
    // Release and Acquire cannot rule that out: they order what comes before a store that is read from, and
    // if both loads read 0, neither reads from a store. The three outcomes of taking turns remain.
    BTreeSet::from([
        Loads { main: 0, other: 1 },
        Loads { main: 1, other: 0 },
        Loads { main: 1, other: 1 },
    ])
}

/// Returns the outcomes of message passing: `other` writes the data and then says that it is ready; `main`
/// loads both, once each, in the opposite order, and waits for nothing.
///
/// ```text
/// main                              other
/// let ready = ready.load(Relaxed);  data.store(42, Relaxed);
/// let data = data.load(Relaxed);    ready.store(true, Relaxed);
/// ```
pub fn message_passing_relaxed() -> BTreeSet<Message> {
    // Everything again. Three outcomes come from taking turns: `main` loads both before `other` stores, or
    // both after, or it reads `false` and then 42, stored between its loads. The fourth, `true` and then 0,
    // comes from no order of the steps: reading `true` does not order the store of 42 before the next load.
    BTreeSet::from([
        read(false, 0),
        read(false, 42),
        read(true, 0),
        read(true, 42),
    ])
}

/// Returns the outcomes of message passing with a Release store and an Acquire load of `ready`. The accesses
/// to `data` stay Relaxed.
///
/// ```text
/// main                              other
/// let ready = ready.load(Acquire);  data.store(42, Relaxed);
/// let data = data.load(Relaxed);    ready.store(true, Release);
/// ```
pub fn message_passing_release_acquire() -> BTreeSet<Message> {
    // An Acquire load of `true` reads from the Release store. Everything before that store, the store of 42
    // included, happens before everything after that load. So `true` always comes with 42.
    // A load of `false` reads from no store of `other` and orders nothing: either value may follow.
    BTreeSet::from([read(false, 0), read(false, 42), read(true, 42)])
}

/// Writes a message in one line: what `main` read from `ready`, and then from `data`.
fn read(ready: bool, data: u32) -> Message {
    Message { ready, data }
}
