//! Models: each explores every interleaving of a few threads. IDs such as GR-02 name behaviours of
//! goroutines.
//!
//! If threads share nothing, there is nothing to interleave, so such a model has one interleaving, or few.

use crate::sync::{Condvar, Mutex};
use crate::{reduce, sum};
use harness::testing::{Watched, threads_at_once};
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

/// Three numbers on three workers make three runs of one. Catches a `sum` that adds up everything on the calling
/// thread, and one that joins each thread before it spawns the next.
#[test]
fn the_sum_is_shared_out() {
    let most = most_threads_of_a_sum(&[1, 20, 300]);
    assert!(
        most >= 2,
        "`sum` has 3 runs, and besides the calling thread never more than {most} threads at once: \
         at least 2 are needed"
    );
}

/// Five numbers on three workers. Catches a `sum` that cuts the numbers in another way than `reduce`, and spawns
/// more threads than there are workers.
#[test]
fn the_sum_has_no_more_threads_than_workers() {
    let most = most_threads_of_a_sum(&[1, 20, 300, 4_000, 50_000]);
    assert!(
        most <= 3,
        "`sum` has 3 workers, and besides the calling thread {most} threads at once: at most 3 are allowed"
    );
}

/// Returns how many threads a `sum` on three workers has at once, at most.
#[track_caller]
fn most_threads_of_a_sum(numbers: &'static [u64]) -> usize {
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    harness::model(move || {
        assert_eq!(
            sum(numbers, 3),
            numbers.iter().sum(),
            "the sum of {numbers:?}, on 3 workers"
        );
        seen.fetch_max(threads_at_once(), Relaxed);
    });
    most.load(Relaxed)
}

/// Three words on three workers come in the order of the items. Catches results that are combined in the order in
/// which they come in: a later run may finish first.
#[test]
fn order_is_kept_in_every_interleaving() {
    harness::model(|| {
        let word = reduce(&letters("abc"), 3, |left, right| left + &right);
        assert_eq!(word.as_deref(), Some("abc"), "a, b, c, on 3 workers");
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

/// Four items on two workers make two runs of two, and `combine` is called once in each run. Each call
/// waits for the other: the program ends only if both runs are reduced at the same time. Catches a worker
/// that is joined before the next one is spawned, and a lock that is held while `combine` runs.
#[test]
fn no_run_is_held_up_by_another() {
    harness::model(|| {
        let meeting = Meeting::of(2);
        let word = reduce(&letters("abcd"), 2, |left, right| {
            meeting.attend();
            left + &right
        });
        assert_eq!(word.as_deref(), Some("abcd"));
    });
}

/// Seven items on four workers make three runs of two and one run of one: three calls of `combine` that
/// wait for each other. Catches runs of one, one, one and four, where the last has all the remainder: that
/// run comes to its second call only after its first.
///
/// Such runs get stuck in any order, so at most one preemption in each interleaving is enough: the
/// reference has 48 of them, instead of 17,281.
#[test]
fn no_run_is_longer_than_its_share() {
    harness::Model::new().preemption_bound(1).check(|| {
        let meeting = Meeting::of(3);
        let word = reduce(&letters("abcdefg"), 4, |left, right| {
            meeting.attend();
            left + &right
        });
        assert_eq!(word.as_deref(), Some("abcdefg"));
    });
}

/// Six items on three workers make three runs of two. Catches halves: the workers are cut in two, the items too,
/// and of three items one worker has all, a run that comes to its second call only after its first.
#[test]
fn three_workers_have_equal_runs() {
    harness::Model::new().preemption_bound(1).check(|| {
        let meeting = Meeting::of(3);
        let word = reduce(&letters("abcdef"), 3, |left, right| {
            meeting.attend();
            left + &right
        });
        assert_eq!(word.as_deref(), Some("abcdef"));
    });
}

/// Two items, and more workers than that. A model has room for five threads: catches threads that are
/// spawned for nothing. Then as many workers as a caller can ask for: catches arithmetic that overflows.
#[test]
fn nobody_is_spawned_for_nothing() {
    for workers in [64, usize::MAX] {
        harness::model(move || {
            assert_eq!(sum(&[1, 20], workers), 21, "1 + 20, on {workers} workers");
            assert_eq!(sum(&[], workers), 0, "nothing, on {workers} workers");
        });
        harness::model(move || {
            let word = reduce(&letters("ab"), workers, |left, right| left + &right);
            assert_eq!(word.as_deref(), Some("ab"), "a, b, on {workers} workers");
        });
    }
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
        let mut arrived = self.arrived.lock();
        *arrived += 1;
        if *arrived == self.quorum {
            self.all_here.notify_all();
        }
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
