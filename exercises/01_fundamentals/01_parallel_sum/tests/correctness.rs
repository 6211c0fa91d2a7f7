//! What `sum` and `reduce` return, on real threads.
//!
//! `src/race_freedom.rs` checks that they do so in every interleaving.

use harness::sync::real::thread::{refuse_after, refuse_only, together};
use harness::testing::{must_end, panic_of, payload_of, staged_panic, while_unwinding};
use parallel_sum::{reduce, sum};
use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};
use std::thread::{self, ThreadId};

#[test]
fn every_number_is_summed_once() {
    // Powers of two: a wrong sum shows which number is missing.
    for length in 0..=20 {
        let numbers: Vec<u64> = (0..length).map(|n| 1 << n).collect();
        for workers in 1..=7 {
            assert_eq!(
                sum(&numbers, workers),
                numbers.iter().sum(),
                "the sum of {numbers:?}, on {workers} workers"
            );
        }
    }
}

#[test]
fn the_sum_wraps_around() {
    for workers in 1..=3 {
        assert_eq!(
            sum(&[u64::MAX, 1, 7], workers),
            7,
            "u64::MAX + 1 + 7, on {workers} workers"
        );
        assert_eq!(
            sum(&[1, 7, u64::MAX, u64::MAX], workers),
            6,
            "1 + 7 + u64::MAX + u64::MAX, on {workers} workers"
        );
    }
}

#[test]
fn nothing_adds_up_to_zero_and_reduces_to_none() {
    for workers in [1, 2, 64] {
        assert_eq!(sum(&[], workers), 0, "on {workers} workers");
        let nothing = reduce(&[], workers, |_: String, _| {
            panic!("`combine` was called, but there is nothing to combine")
        });
        assert_eq!(nothing, None, "on {workers} workers");
    }
}

#[test]
fn one_item_is_its_own_result() {
    for workers in [1, 2, 64] {
        assert_eq!(sum(&[7], workers), 7, "on {workers} workers");
        let one = reduce(&["only".to_owned()], workers, |_, _| {
            panic!("`combine` was called, but there is only one item")
        });
        assert_eq!(one.as_deref(), Some("only"), "on {workers} workers");
    }
}

#[test]
fn more_workers_than_items_make_no_difference() {
    assert_eq!(sum(&[1, 20, 300], 64), 321);
    let word = reduce(&letters(3), 64, |left, right| left + &right);
    assert_eq!(word.as_deref(), Some("abc"));
}

#[test]
fn zero_workers_are_refused() {
    assert_refused(|| {
        sum(&[1, 2, 3], 0);
    });
    assert_refused(|| {
        sum(&[], 0);
    });
    assert_refused(|| {
        reduce(&letters(3), 0, |left, right| left + &right);
    });
    assert_refused(|| {
        reduce(&letters(0), 0, |left, right| left + &right);
    });
}

/// `combine` need not be commutative: the left piece comes first, and the pieces are neighbours.
#[test]
fn items_stay_in_their_order() {
    for length in 1..=20 {
        let letters = letters(length);
        for workers in 1..=7 {
            let word = reduce(&letters, workers, |left, right| left + &right);
            assert_eq!(
                word,
                Some(letters.concat()),
                "{letters:?}, on {workers} workers"
            );
        }
    }
}

/// Wherever the brackets are, `combine` gets two neighbours, and the left one comes first.
#[test]
fn only_neighbours_are_combined() {
    for length in 1..=20 {
        let items: Vec<_> = (0..length).map(|n| (n, n + 1)).collect();
        for workers in 1..=7 {
            let all = reduce(&items, workers, join_neighbours);
            assert_eq!(
                all,
                Some((0, length)),
                "{length} items, on {workers} workers"
            );
        }
    }
}

#[test]
fn there_are_no_more_threads_than_workers() {
    for length in 1..=20 {
        for workers in 1..=7 {
            let spawned = Mutex::new(HashSet::new());
            let items = vec![Clocked(&spawned, thread::current().id()); length];
            spawned.lock().unwrap().clear();
            reduce(&items, workers, |left, _| left.clock());
            let spawned = spawned.lock().unwrap().len();
            assert!(
                spawned <= workers,
                "{length} items, on {workers} workers: {spawned} threads were spawned, at most {workers} are allowed"
            );
        }
    }
}

/// `combine` panics, once, and so must the call, on whichever thread it was: it returns no result without that
/// run, and does not try the run again.
#[test]
fn a_panic_of_combine_is_passed_on() {
    // GR-04: in Go, it would end the process.
    // The first call is for the unwritten stub: it panics here, and not where a panic is expected.
    reduce(&letters(8), 1, |left, _| left);
    for workers in 1..=4 {
        for bad in ["b", "d", "f", "h"] {
            let letters = letters(8);
            let fine = AtomicBool::new(true);
            let mut word = None;
            let panic = payload_of(|| {
                word = reduce(&letters, workers, |left, right| {
                    if right.contains(bad) && fine.swap(false, Relaxed) {
                        staged_panic("`combine`");
                    }
                    left + &right
                });
            });
            assert!(
                panic.is_some(),
                "`combine` panicked at {bad:?}, on {workers} workers, but `reduce` returned {word:?}"
            );
        }
    }
}

/// `clone` panics, once, and so must the call, on whichever thread it was.
#[test]
fn a_panic_of_clone_is_passed_on() {
    struct Fragile<'a>(&'a str, &'a str, &'a AtomicBool);
    impl Clone for Fragile<'_> {
        fn clone(&self) -> Self {
            if self.0 == self.1 && self.2.swap(false, Relaxed) {
                staged_panic("`clone`");
            }
            Self(self.0, self.1, self.2)
        }
    }
    reduce(&letters(4), 1, |left, _| left);
    for workers in [1, 2, 4] {
        for bad in ["a", "b", "c", "d"] {
            let letters = letters(4);
            let fine = AtomicBool::new(true);
            let items: Vec<_> = letters
                .iter()
                .map(|letter| Fragile(letter, bad, &fine))
                .collect();
            let panic = payload_of(|| {
                reduce(&items, workers, |_, right| right);
            });
            assert!(
                panic.is_some(),
                "`clone` panicked at {bad:?}, on {workers} workers, but `reduce` returned"
            );
        }
    }
}

/// Eight items on two workers can only be cut in the middle, so a call of `combine` that reaches across the
/// middle combines the runs, and all others reduce one.
#[test]
fn a_run_is_reduced_by_one_thread() {
    let halves = [(); 2].map(|()| Mutex::new(HashSet::new()));
    let items: Vec<_> = (0..8).map(|n| (n, n + 1)).collect();
    reduce(&items, 2, |left: (usize, usize), right: (usize, usize)| {
        if left.0 / 4 == (right.1 - 1) / 4 {
            let mut half = halves[left.0 / 4].lock().unwrap();
            half.insert(thread::current().id());
        }
        (left.0, right.1)
    });
    for (half, threads) in halves.into_iter().enumerate() {
        let threads = threads.into_inner().unwrap().len();
        assert_eq!(
            threads, 1,
            "8 items on 2 workers: threads that combined two items of half {half}, a run that one thread reduces"
        );
    }
}

/// Ten items on four workers: runs have two or three items each, or one has one. So two single items are only combined
/// within a run. Catches a calling thread that takes a run of its own besides those of the workers.
#[test]
fn there_are_no_more_runs_than_workers() {
    let threads = Mutex::new(HashSet::new());
    let items: Vec<_> = (0..10).map(|n| (n, n + 1)).collect();
    reduce(&items, 4, |left: (u32, u32), right: (u32, u32)| {
        if right.1 - left.0 == 2 {
            threads.lock().unwrap().insert(thread::current().id());
        }
        (left.0, right.1)
    });
    let threads = threads.into_inner().unwrap().len();
    assert!(
        threads <= 4,
        "10 items on 4 workers: {threads} threads have combined two items, so there are {threads} runs, at most 4 \
         are allowed"
    );
}

/// On 260 workers, 260 runs of two items are reduced at the same time, however many cores there are: the first call
/// of `combine` in each waits for all the others. Then their results are combined in order. Catches a call that has
/// fewer threads than runs, such as one for each core of the machine, 256 at most, or a few at a time, and results
/// that are sorted by names, where "run 10" comes before "run 2", or numbered in a byte.
#[test]
fn many_runs_are_reduced_at_once() {
    must_end("on 260 workers, a run waits for another to begin", || {
        let all_runs = Barrier::new(260);
        let items: Vec<_> = (0..520).map(|n| (n, n + 1)).collect();
        let all = reduce(&items, 260, |left: (u32, u32), right: (u32, u32)| {
            let piece = join_neighbours(left, right);
            if piece.1 - piece.0 == 2 {
                all_runs.wait();
            }
            piece
        });
        assert_eq!(
            all,
            Some((0, 520)),
            "520 items in 260 runs of two: from the first to the last"
        );
    });
}

/// A `sum` of a hundred runs has a hundred threads at once, or 99 and its caller. No run ends here before all have
/// begun. Catches a `sum` that spawns a few threads, waits for them, and spawns the next.
#[test]
fn a_sum_of_many_runs_has_a_thread_for_each() {
    let where_it_hangs =
        "`sum` of 200 numbers on 100 workers waits for a thread before all runs have one";
    must_end(where_it_hangs, || {
        assert_eq!(together(99, || sum(&[1; 200], 100)), 200);
    });
}

/// A thread that is panicking calls `reduce`, as a destructor may: its panic is no panic of `combine`. Catches
/// `thread::panicking()` taken for "a run has panicked".
#[test]
fn a_panic_of_the_caller_is_no_panic_of_combine() {
    for workers in 1..=3 {
        let word = while_unwinding(|| reduce(&letters(3), workers, |left, right| left + &right));
        assert_eq!(
            word.as_deref(),
            Some("abc"),
            "a, b, c, on {workers} workers, called while unwinding"
        );
    }
}

/// A thread that cannot be had costs no item: the call panics, or reduces that run itself, in its place. No run
/// waits for one that has no thread. Catches a run that is left out, or combined out of order, if it gets no
/// thread, and a call that asks again and again until it gets one.
#[test]
fn a_refused_thread_costs_no_item() {
    must_end("`reduce` was refused a thread, and has not ended", || {
        reduce(&letters(8), 1, |left, _| left);
        let reduce = || reduce(&letters(8), 4, |left, right| left + &right);
        for n in 0..4 {
            let all = Some("abcdefgh".to_owned());
            assert_all_or_panic(all.clone(), n + 1, "all later ones", || {
                refuse_after(n, reduce)
            });
            assert_all_or_panic(all, n + 1, "no later one", || refuse_only(n, reduce));
        }
    });
}

/// A thread that cannot be had costs no number: the call panics, or sums that run itself. Catches a `sum` that
/// does not leave its work to `reduce`, and leaves a run out if it gets no thread.
#[test]
fn a_refused_thread_costs_no_number() {
    must_end("`sum` was refused a thread, and has not ended", || {
        sum(&[1, 20, 300], 1);
        let sum = || sum(&[1, 20, 300], 3);
        for n in 0..3 {
            assert_all_or_panic(321, n + 1, "all later ones", || refuse_after(n, sum));
            assert_all_or_panic(321, n + 1, "no later one", || refuse_only(n, sum));
        }
    });
}

/// Requires `call` to panic or to return `all`. It is refused thread `number`, and the later ones that `later` says.
#[track_caller]
fn assert_all_or_panic<R: Debug + PartialEq>(
    all: R,
    number: usize,
    later: &str,
    call: impl FnOnce() -> R,
) {
    let mut returned = None;
    payload_of(|| returned = Some(call()));
    if let Some(returned) = returned {
        assert!(
            returned == all,
            "the call was refused thread {number} and {later}: it should panic, or reduce the run itself and \
             return {all:?}, but it returned {returned:?}"
        );
    }
}

/// An item that records the threads on which it is cloned or combined, except the thread that made it.
struct Clocked<'a>(&'a Mutex<HashSet<ThreadId>>, ThreadId);

impl Clocked<'_> {
    fn clock(self) -> Self {
        let here = thread::current().id();
        if here != self.1 {
            self.0.lock().unwrap().insert(here);
        }
        self
    }
}

impl Clone for Clocked<'_> {
    fn clone(&self) -> Self {
        Self(self.0, self.1).clock()
    }
}

/// Combines two pieces of a line, each from a first place to a last.
#[track_caller]
fn join_neighbours(left: (u32, u32), right: (u32, u32)) -> (u32, u32) {
    assert_eq!(
        left.1, right.0,
        "`combine` was given {left:?} and {right:?}: these are not neighbours, or not in order"
    );
    (left.0, right.1)
}

/// Returns the first `length` letters of the alphabet.
fn letters(length: u8) -> Vec<String> {
    (b'a'..b'a' + length)
        .map(|letter| char::from(letter).to_string())
        .collect()
}

/// Requires the panic that the docs promise. The message may be longer, as that of `assert_ne!` is.
#[track_caller]
fn assert_refused(f: impl FnOnce()) {
    const EXPECTED: &str = "parallel_sum: no workers";
    match panic_of(f) {
        Some(message) if message.contains(EXPECTED) => {}
        Some(message) => panic!("should panic with {EXPECTED:?}, but panics with {message:?}"),
        None => panic!("should panic with {EXPECTED:?}, but returns"),
    }
}
