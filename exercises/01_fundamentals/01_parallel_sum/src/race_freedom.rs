//! Models: each explores every interleaving of a few threads. IDs such as GR-02 name behaviours of
//! goroutines.
//!
//! If threads share nothing, there is nothing to interleave, so such a model has one interleaving, or few.

use crate::sync::thread::refuse_only;
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::{reduce, sum};
use harness::testing::{Watched, payload_of, threads_at_once, threads_spawned};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Two numbers on two workers have one sum, in every interleaving. Catches a shared total to which a thread does
/// not add in one step, and a total that is read before all threads have ended.
#[test]
fn the_sum_is_the_same_in_every_interleaving() {
    // GR-02
    harness::model(|| {
        assert_eq!(sum(&[1, 20], 2), 21, "1 + 20, on 2 workers");
    });
}

/// Three numbers on two workers, runs of two and of one, have one sum in every interleaving.
#[test]
fn a_shorter_last_run_is_summed_too() {
    // GR-02
    harness::model(|| {
        assert_eq!(sum(&[1, 20, 300], 2), 321, "1 + 20 + 300, on 2 workers");
    });
}

/// Two to four workers have a run each, of one number or of many: a `sum` works on all runs at once, however short or
/// long they are. Catches a `sum` that adds up everything on the calling thread, one whose runs are longer than they
/// should be, and one that joins each thread before it spawns the next.
#[test]
fn the_sum_is_shared_out() {
    // If `reduce` makes runs that are too long, `sum` does too, and here it shows how long they are.
    require_runs_of(2, "abcd", 2);
    for workers in 2..=4 {
        for each in [1, 2, 4, 8, 16, 2_500] {
            let most = most_threads_of_a_sum(&[1; 10_000][..each * workers], workers);
            assert!(
                most >= workers - 1,
                "`sum` of {} numbers on {workers} workers has {workers} runs, and {most} is the most threads at once \
                 besides the calling thread: at least {} are needed",
                each * workers,
                workers - 1
            );
        }
    }
}

/// Three numbers on two workers make two runs, of two and of one, and at most two threads. Catches a `sum` that
/// cuts the numbers in another way than `reduce`: rounded down, a run has one number, and there are three. Also catches
/// threads besides those of the runs.
#[test]
fn the_sum_has_no_more_threads_than_workers() {
    uninterrupted().check(|| {
        assert_eq!(sum(&[1, 20, 300], 2), 321, "1 + 20 + 300, on 2 workers");
        let spawned = threads_spawned();
        assert!(
            spawned <= 2,
            "`sum` of 3 numbers on 2 workers has spawned {spawned} threads: at most 2 are allowed"
        );
    });
}

/// Returns how many threads a `sum` on `workers` workers has at once, at most.
#[track_caller]
fn most_threads_of_a_sum(numbers: &'static [u64], workers: usize) -> usize {
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    uninterrupted().check(move || {
        assert_eq!(
            sum(numbers, workers),
            numbers.iter().sum(),
            "the sum of {} numbers, on {workers} workers",
            numbers.len()
        );
        seen.fetch_max(threads_at_once(), Relaxed);
    });
    most.load(Relaxed)
}

/// Three words on three workers stay in the order of the items, whichever run is finished first. Catches results
/// that are combined in the order in which they come in: a later run may finish first.
#[test]
fn order_is_kept_in_every_interleaving() {
    // With two interruptions, two runs can overtake the first. Results that come through a channel have too many
    // interleavings for all.
    harness::Model::new().preemption_bound(2).check(|| {
        let word = reduce(&letters("abc"), 3, |left, right| left + &right);
        assert_eq!(
            word.as_deref(),
            Some("abc"),
            "a, b and c, on 3 workers, must stay in their order"
        );
    });
}

/// The items are written before the call, the partial results are written during it, and the result is read
/// after it. Catches a result that is handed over by something that orders nothing, such as a Relaxed flag:
/// the reader may then read it while it is still being written. A spawn and a join do order.
#[test]
fn what_a_worker_made_is_there_for_the_caller() {
    // GR-01, GR-02
    harness::model(|| {
        let items = ["a", "b", "c", "d"].map(|letter| watched(letter));
        let all = reduce(&items, 2, |left, right| {
            watched(&(left.read() + &right.read()))
        });
        assert_eq!(all.map(|all| all.read()).as_deref(), Some("abcd"));
    });
}

/// Four items on two workers make two runs of two, which are reduced at the same time: `combine` is called once in
/// each, and each call waits for the other. Catches a worker that is joined before the next one is spawned, and a
/// lock that is held while `combine` runs.
#[test]
fn no_run_is_held_up_by_another() {
    require_runs_of(2, "abcd", 2);
    require_meeting("abcd", 2, 2);
}

/// Six items on three workers make three runs of two. What puts two runs together waits until `combine` has been called
/// in all three. Catches a lock that is held while runs are put together, and that a thread needs to begin its run.
#[test]
fn no_run_is_held_up_while_others_are_put_together() {
    harness::Model::new().preemption_bound(1).check(|| {
        let meeting = Meeting::of(3);
        let word = reduce(&letters("abcdef"), 3, |left, right| {
            let word = left + &right;
            if word.len() == 2 {
                drop(meeting.arrive());
            } else {
                meeting.wait(meeting.arrived.lock());
            }
            word
        });
        assert_in_order(word, "abcdef", 3);
    });
}

/// Seven items on four workers make three runs of two and one run of one, in which `combine` is called three times
/// at once: each call waits for the others. Catches runs of one, one, one and four, where the last has all the
/// remainder: that run comes to its second call only after its first.
#[test]
fn no_run_is_longer_than_its_share() {
    require_meeting("abcdefg", 4, 3);
}

/// Six items on three workers make three runs of two, in which `combine` is called three times at once: each call
/// waits for the others. Catches halves: the workers are cut in two, the items too, and of three items one worker
/// has all, a run that comes to its second call only after its first.
#[test]
fn three_workers_have_equal_runs() {
    require_runs_of(2, "abcdef", 3);
    require_meeting("abcdef", 3, 3);
}

/// Requires runs of `most` items at most, which go into the items without a remainder: so whatever `combine` makes is
/// a part of a run, or is put together from whole runs. How the items are cut is the same in every interleaving.
#[track_caller]
fn require_runs_of(most: usize, items: &'static str, workers: usize) {
    uninterrupted().check(move || {
        let word = reduce(&letters(items), workers, |left, right| {
            let word = left + &right;
            let length = word.len();
            assert!(
                length <= most || length.is_multiple_of(most),
                "a run has {length} items, and {most} are the most: {} items on {workers} workers, and `combine` \
                 made {word:?}",
                items.len()
            );
            word
        });
        assert_in_order(word, items, workers);
    });
}

/// Requires that `calls` calls of `combine` can wait for each other.
///
/// Calls that cannot get stuck in any order, so at most one preemption in each interleaving is enough: the
/// reference has 48 of them for seven items on four workers, instead of 17,281.
#[track_caller]
fn require_meeting(items: &'static str, workers: usize, calls: usize) {
    harness::Model::new().preemption_bound(1).check(move || {
        let meeting = Meeting::of(calls);
        let word = reduce(&letters(items), workers, |left, right| {
            meeting.attend();
            left + &right
        });
        assert_in_order(word, items, workers);
    });
}

#[track_caller]
fn assert_in_order(word: Option<String>, items: &str, workers: usize) {
    assert_eq!(
        word.as_deref(),
        Some(items),
        "the letters of {items:?}, on {workers} workers, must stay in their order"
    );
}

/// Two items, and far more workers than that: no thread is spawned for nothing, no step is taken for each worker,
/// and no arithmetic overflows. A model has room for five threads.
#[test]
fn nobody_is_spawned_for_nothing() {
    // The middle one is zero in every narrower integer.
    for workers in [64, usize::MAX / 2 + 1, usize::MAX] {
        uninterrupted().check(move || {
            assert_eq!(sum(&[1, 20], workers), 21, "1 + 20, on {workers} workers");
            assert_eq!(sum(&[], workers), 0, "nothing, on {workers} workers");
        });
        uninterrupted().check(move || {
            let word = reduce(&letters("ab"), workers, |left, right| left + &right);
            assert_eq!(word.as_deref(), Some("ab"), "a, b, on {workers} workers");
        });
    }
}

/// Eight items on four workers make four runs, and one of them gets no thread. If the call does not panic, the calling
/// thread reduces that run and perhaps one more, so at least two threads are spawned. Catches a call that asks for no
/// thread after the first that it was refused.
#[test]
fn a_run_without_a_thread_leaves_the_others_theirs() {
    // The unwritten stub panics here, and not where a panic is right.
    uninterrupted().check(|| assert_eq!(sum(&[1, 20], 1), 21, "1 + 20, on 1 worker"));
    for refused in 0..3 {
        uninterrupted().check(move || {
            let call = || reduce(&letters("abcdefgh"), 4, |left, right| left + &right);
            require_two_threads("`reduce` of 8 items", refused, call);
        });
        uninterrupted().check(move || {
            require_two_threads("`sum` of 8 numbers", refused, || sum(&[1; 8], 4));
        });
    }
}

#[track_caller]
fn require_two_threads<R>(call: &str, refused: usize, f: impl FnOnce() -> R) {
    if payload_of(|| drop(refuse_only(refused, f))).is_none() {
        let spawned = threads_spawned();
        assert!(
            spawned >= 2,
            "{call} on 4 workers was refused thread {}, and {spawned} in all were spawned: the calling thread may take \
             that run and one of its own, so at least 2 are needed",
            refused + 1
        );
    }
}

/// A model for what does not depend on who comes first: how the work is cut, and how many threads there are.
fn uninterrupted() -> harness::Model {
    harness::Model::new().preemption_bound(0)
}

/// Returns one word for each letter.
fn letters(letters: &str) -> Vec<String> {
    letters.chars().map(String::from).collect()
}

/// A meeting: threads wait until enough of them have come. Later ones pass.
struct Meeting {
    quorum: usize,
    arrived: Mutex<usize>,
    all_here: Condvar,
}

impl Meeting {
    #[track_caller]
    fn of(quorum: usize) -> Self {
        Self {
            quorum,
            arrived: Mutex::named("arrived", 0),
            all_here: Condvar::named("all_here"),
        }
    }

    #[track_caller]
    fn attend(&self) {
        self.wait(self.arrive());
    }

    /// Comes, and waits for nobody.
    #[track_caller]
    fn arrive(&self) -> MutexGuard<'_, usize> {
        let mut arrived = self.arrived.lock();
        *arrived += 1;
        if *arrived == self.quorum {
            self.all_here.notify_all();
        }
        arrived
    }

    /// Waits until enough have come.
    #[track_caller]
    fn wait(&self, mut arrived: MutexGuard<'_, usize>) {
        while *arrived < self.quorum {
            self.all_here.wait(&mut arrived);
        }
    }
}

/// A word that the model watches, under a name that is the word itself.
#[track_caller]
fn watched(word: &str) -> Arc<Watched<String>> {
    Arc::new(Watched::new(word, word.to_owned()))
}
