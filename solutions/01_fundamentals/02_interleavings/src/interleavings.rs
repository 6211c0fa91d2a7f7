//! What can happen: the outcomes of six small programs, worked out by hand.
//!
//! Each program has two threads, `main` and `other`. `main` makes the atomics, spawns `other`, does its own
//! part, and joins `other`. Every atomic begins as 0 or `false`. An outcome is in the set if the memory model
//! of Rust allows it, whether or not your processor ever shows it.
//!
//! Nothing here runs a program: each function returns what you have found with pencil and paper. For example
//! `BTreeSet::from([0, 7])` is a set of numbers, and
//! `BTreeSet::from([Loads { main: 5, other: 6 }])` a set of one pair of loads, of no program here.

use std::collections::BTreeSet;

/// An outcome of store buffering: what each thread's load read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loads {
    /// What `main` read in `y`.
    pub main: u32,
    /// What `other` read in `x`.
    pub other: u32,
}

/// An outcome of message passing: what `main` read, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// What it read in `ready`.
    pub ready: bool,
    /// What it read in `data`, whatever `ready` was.
    pub data: u32,
}

/// Two increments, each a load and a store. An outcome is what `n` holds when both threads have ended.
///
/// ```text
/// main                              other
/// let seen = n.load(Relaxed);       let seen = n.load(Relaxed);
/// n.store(seen + 1, Relaxed);       n.store(seen + 1, Relaxed);
/// ```
pub fn increments_by_load_and_store() -> BTreeSet<u32> {
    // Each thread stores what it has read, plus one.
    // - 2: the one loads after the other has stored.
    // - 1: both load 0, both store 1. The second store overwrites the first: a lost update.
    // Never 0, for a thread that reads 0 stores 1. Never 3, for that takes a thread that reads 2, which the
    // other stores only if it has read a 1 of this thread; and this thread stores nothing but its 3.
    BTreeSet::from([1, 2])
}

/// Two increments, each a read-modify-write. An outcome is what `n` holds when both threads have ended.
///
/// ```text
/// main                              other
/// n.fetch_add(1, Relaxed);          n.fetch_add(1, Relaxed);
/// ```
pub fn increments_by_fetch_add() -> BTreeSet<u32> {
    // A read-modify-write writes directly behind the value that it has read, in the one order of the values of
    // `n`. Relaxed does not weaken that: one of the two is second, and it reads the 1 of the first.
    BTreeSet::from([2])
}

/// Store buffering: each thread stores to its own atomic and then looks at the other's.
///
/// ```text
/// main                              other
/// x.store(1, Relaxed);              y.store(1, Relaxed);
/// y.load(Relaxed)                   x.load(Relaxed)
/// ```
pub fn store_buffering_relaxed() -> BTreeSet<Loads> {
    // All that two loads of 0 or 1 can read. Three by taking turns: `main` first, `other` first, both stores
    // before both loads. And one that no taking of turns explains: both read 0. Nothing orders either store
    // before the other thread's load, so either load may read the value before it. Processors do this while
    // both stores are still in their cores' store buffers; a compiler does, if it moves a load up across a
    // store to another address.
    BTreeSet::from([
        Loads { main: 0, other: 0 },
        Loads { main: 0, other: 1 },
        Loads { main: 1, other: 0 },
        Loads { main: 1, other: 1 },
    ])
}

/// Store buffering with a fence between the store and the load of each thread.
///
/// ```text
/// main                              other
/// x.store(1, Relaxed);              y.store(1, Relaxed);
/// fence(SeqCst);                    fence(SeqCst);
/// y.load(Relaxed)                   x.load(Relaxed)
/// ```
pub fn store_buffering_fenced() -> BTreeSet<Loads> {
    // The fences of SeqCst have one order, S. Whichever is second in S: the load behind it reads what was
    // stored in front of the first, or something newer. So one of the loads reads 1, and both read 0 is out.
    // Release and Acquire could not do this: they order what comes before a store that is read from, and
    // where both loads read 0, nobody reads from a store. The three ways of taking turns remain.
    BTreeSet::from([
        Loads { main: 0, other: 1 },
        Loads { main: 1, other: 0 },
        Loads { main: 1, other: 1 },
    ])
}

/// Message passing: `other` writes the data and then says that it is ready; `main` looks at both, once, in
/// the opposite order, and does not wait for anything.
///
/// ```text
/// main                              other
/// let ready = ready.load(Relaxed);  data.store(42, Relaxed);
/// let data = data.load(Relaxed);    ready.store(true, Relaxed);
/// ```
pub fn message_passing_relaxed() -> BTreeSet<Message> {
    // Everything, again. Three by taking turns: `main` looks at both before `other` writes, or at both after it,
    // or it misses `ready` and then finds the data, stored between its looks. And one out of turn: `ready` is
    // there, and the data is not. That `main` reads `true` does not order the store of 42 before its next load.
    BTreeSet::from([
        read(false, 0),
        read(false, 42),
        read(true, 0),
        read(true, 42),
    ])
}

/// Message passing with a Release store and an Acquire load of `ready`. The accesses to `data` are as before.
///
/// ```text
/// main                              other
/// let ready = ready.load(Acquire);  data.store(42, Relaxed);
/// let data = data.load(Relaxed);    ready.store(true, Release);
/// ```
pub fn message_passing_release_acquire() -> BTreeSet<Message> {
    // A load of `true` with Acquire reads from the store with Release: everything before that store, 42
    // included, happens before everything after that load. So `true` comes with 42, always.
    // A load of `false` reads from no store of `other` and orders nothing: both values are possible behind it.
    BTreeSet::from([read(false, 0), read(false, 42), read(true, 42)])
}

/// A message in one line: what `main` read in `ready`, and then in `data`.
fn read(ready: bool, data: u32) -> Message {
    Message { ready, data }
}
