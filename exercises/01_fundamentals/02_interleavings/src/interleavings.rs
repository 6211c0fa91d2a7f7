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
    todo!("every value that n can have after two increments by load and store")
}

/// Returns the outcomes of two increments, each a read-modify-write: what `n` holds when both have ended.
///
/// ```text
/// main                              other
/// n.fetch_add(1, Relaxed);          n.fetch_add(1, Relaxed);
/// ```
pub fn increments_by_fetch_add() -> BTreeSet<u32> {
    todo!("every value that n can have after two increments by fetch_add")
}

/// Returns the outcomes of store buffering: each thread stores to its own atomic and then loads the other's.
///
/// ```text
/// main                              other
/// x.store(1, Relaxed);              y.store(1, Relaxed);
/// y.load(Relaxed)                   x.load(Relaxed)
/// ```
pub fn store_buffering_relaxed() -> BTreeSet<Loads> {
    todo!("every pair of values that the two loads can read")
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
    todo!("every pair of values that the two loads can read, with a fence before each")
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
    todo!("every pair of values that main can read, one after the other")
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
    todo!("every pair of values that main can read, now that ready is released and acquired")
}
