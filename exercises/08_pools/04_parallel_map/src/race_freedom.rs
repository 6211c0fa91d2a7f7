//! Models: each explores every interleaving of main, which is the consumer, and one thread or two. IDs such
//! as WP-06 name behaviours of Go's worker pools and of its errgroup.

use crate::sync::{atomic, thread::refuse_after};
use crate::{ParallelMap, parallel_map};
use harness::leaks::{Tracked, track};
use harness::testing::{
    Gate, Slot, let_others_sleep, message_of, must_sleep, must_sleep_again, payload_of,
};
use harness::{Model, model};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

/// Explores at most two preemptions: two threads and main have too many interleavings.
fn two_threads(program: impl Fn() + Send + Sync + 'static) {
    Model::new().loose_bound(2).check(program);
}

/// The same, if there is one thread only, and it has a lot to do.
fn one_thread(program: impl Fn() + Send + Sync + 'static) {
    Model::new().loose_bound(4).check(program);
}

/// What goes wrong in these programs: the number of the item, and that it is dropped.
#[derive(Debug)]
struct Failed(
    usize,
    #[allow(dead_code, reason = "it is dropped")] Tracked<()>,
);

impl Failed {
    fn at(position: usize) -> Self {
        Self(position, track(()))
    }
}

/// What a test watches of a source. Nothing in here orders anything for the model.
struct Watch {
    /// How often it was asked.
    asked: AtomicUsize,
    /// How many results main has asked for.
    wanted: atomic::AtomicUsize,
    /// By how much the source was ahead of main, at most.
    ahead: AtomicUsize,
}

impl Watch {
    /// Says that main asks for a result.
    fn wants(&self) {
        self.wanted.fetch_add(1, Relaxed);
    }
}

/// The numbers from 0, up to a length. It opens a gate when it is dropped.
struct Source {
    length: usize,
    watch: Arc<Watch>,
    dropped: Arc<Gate>,
}

impl Source {
    fn of(length: usize) -> Self {
        Self {
            length,
            watch: Arc::new(Watch {
                asked: AtomicUsize::new(0),
                wanted: atomic::AtomicUsize::named("wanted", 0),
                ahead: AtomicUsize::new(0),
            }),
            dropped: Arc::new(Gate::shut("gone")),
        }
    }
}

impl Iterator for Source {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let position = self.watch.asked.fetch_add(1, SeqCst);
        // A read-modify-write sees the newest value, and orders nothing.
        let wanted = self.watch.wanted.fetch_add(0, Relaxed);
        let ahead = (position + 1).saturating_sub(wanted);
        self.watch.ahead.fetch_max(ahead, SeqCst);
        (position < self.length).then_some(position)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.dropped.open();
    }
}

/// Opens a gate when it is dropped, or passes it.
struct OnDrop(fn(&Gate), Arc<Gate>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        (self.0)(&self.1);
    }
}

/// A map for which there are threads.
#[track_caller]
fn map<I, R>(
    items: I,
    [workers, window]: [usize; 2],
    f: impl Fn(I::Item) -> Result<R, Failed> + Send + Sync + 'static,
) -> ParallelMap<R, Failed>
where
    I: IntoIterator,
    I::IntoIter: Send + 'static,
    R: Send + 'static,
{
    parallel_map(items, workers, window, f).expect("there are threads")
}

/// The next result, which is a value.
#[track_caller]
fn value<R>(map: &mut ParallelMap<R, Failed>) -> R {
    match map.next() {
        Some(Ok(value)) => value,
        Some(Err(failed)) => panic!(
            "`next` should return a value, and returned the error of item {}",
            failed.0
        ),
        None => panic!("`next` should return a value, and returned None"),
    }
}

/// Which item the next result is the error of.
#[track_caller]
fn error<R>(map: &mut ParallelMap<R, Failed>) -> usize {
    match map.next() {
        Some(Err(failed)) => failed.0,
        Some(Ok(_)) => panic!("`next` should return an error, and returned a value"),
        None => panic!("`next` should return an error, and returned None"),
    }
}

/// Requires that there are no more results, however often one asks.
#[track_caller]
fn end<R>(map: &mut ParallelMap<R, Failed>) {
    for _ in 0..2 {
        assert!(
            map.next().is_none(),
            "`next` should return None, and returned a result"
        );
    }
}

/// What the panic of items carries.
struct Thrown(usize);

/// Which item's panic the next call of `next` resumes.
#[track_caller]
fn panic<R>(map: &mut ParallelMap<R, Failed>) -> usize {
    let Some(payload) = payload_of(|| drop(map.next())) else {
        panic!("`next` should resume a panic, and returned");
    };
    let Some(thrown) = payload.downcast_ref::<Thrown>() else {
        let other = message_of(&*payload);
        panic!(
            "`next` should resume the panic of an item, and panicked with something else: {other:?}"
        );
    };
    thrown.0
}

/// One thread, a window of one and two items. Both results come, in order, and then the end.
#[test]
fn the_results_and_then_the_end() {
    // WP-02
    one_thread(|| {
        let mut results = map([3, 4], [1, 1], |n| Ok(10 * n));
        assert_eq!(value(&mut results), 30, "the result of the first item");
        assert_eq!(value(&mut results), 40, "the result of the second item");
        end(&mut results);
    });
}

/// Two threads and three items. Each result comes once, in the order of the items, and main is woken for each that
/// it sleeps for.
#[test]
fn two_threads_share_the_items() {
    // WP-02
    two_threads(|| {
        let mut results = map(Source::of(3), [2, 2], Ok);
        for n in 0..3 {
            assert_eq!(value(&mut results), n, "the result of item {n}");
        }
        end(&mut results);
    });
}

/// Two threads: the first item takes until the second has been worked on. The result of the first comes
/// first.
#[test]
fn the_order_is_that_of_the_items() {
    two_threads(|| {
        let second = Gate::shut("second");
        let mut results = map([0, 1], [2, 2], move |n| {
            if n == 0 {
                second.pass();
            } else {
                second.open();
            }
            Ok(n)
        });
        assert_eq!(value(&mut results), 0, "the first result: that of item 0");
        assert_eq!(value(&mut results), 1, "the second result: that of item 1");
        end(&mut results);
    });
}

/// A window of two: the source is never more than two items ahead of what main has asked for, whether main
/// asks or leaves. One thread, and two.
#[test]
fn never_more_than_the_window_is_in_flight() {
    // WP-05
    for workers in [1, 2] {
        two_threads(move || {
            let source = Source::of(4);
            let (watch, dropped) = (Arc::clone(&source.watch), Arc::clone(&source.dropped));
            let mut results = map(source, [workers, 2], Ok);
            watch.wants();
            assert_eq!(value(&mut results), 0, "the result of item 0");
            drop(results);
            dropped.pass();
            let ahead = watch.ahead.load(SeqCst);
            assert!(
                ahead <= 2,
                "the source was asked for {ahead} items more than main has asked for results, and 2 is the window. Main has asked \
                 for one result, and left"
            );
        });
    }
}

/// Two threads and a window of two. Main waits in `next` for the first item, which takes until the second
/// has been worked on. What main waits for is in flight: the source is not asked for a third item meanwhile.
#[test]
fn the_item_that_next_waits_for_is_in_flight() {
    // WP-05
    two_threads(|| {
        let second = Gate::shut("second");
        let [is_done, is_early] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let (done, early) = (Arc::clone(&is_done), Arc::clone(&is_early));
        let source = (0..3).inspect(move |&n| {
            early.fetch_or(n == 2 && !is_done.load(SeqCst), SeqCst);
        });
        let mut results = map(source, [2, 2], move |n| {
            if n == 0 {
                second.pass();
                done.store(true, SeqCst);
            } else if n == 1 {
                second.open();
            }
            Ok(n)
        });
        assert_eq!(value(&mut results), 0, "the result of item 0");
        assert!(
            !is_early.load(SeqCst),
            "the source was asked for item 2 while item 0 was worked on: 3 items were in flight, and 2 is the window"
        );
    });
}

/// A window of two and one thread. It works on the second item though main has asked for nothing.
#[test]
fn the_window_is_filled_without_a_consumer() {
    // WP-06
    model(|| {
        let second = Arc::new(Gate::shut("second"));
        let theirs = Arc::clone(&second);
        let mut results = map([0, 1], [1, 2], move |n| {
            if n == 1 {
                theirs.open();
            }
            Ok(n)
        });
        second.pass();
        assert_eq!(value(&mut results), 0, "the result of item 0");
    });
}

/// One thread, and the first of two items fails. The source is not asked for another, and is dropped
/// though main still has the map. Then main gets the error, and the end.
#[test]
fn an_error_stops_the_source() {
    // EG-04
    model(|| {
        let source = Source::of(2);
        let (watch, dropped) = (Arc::clone(&source.watch), Arc::clone(&source.dropped));
        let mut results = map(source, [1, 5], |n| Err::<usize, _>(Failed::at(n)));
        dropped.pass();
        let asked = watch.asked.load(SeqCst);
        assert_eq!(
            asked, 1,
            "how often the source was asked: item 0 has failed, and there is one thread"
        );
        assert_eq!(error(&mut results), 0, "the item whose error comes");
        end(&mut results);
    });
}

/// Two threads take an item each, and both items fail. The error of item 0 is the one that counts, even if item 1
/// has failed before: main waits for it, and gets it. The other one is dropped.
#[test]
fn the_first_error_is_that_of_the_first_item() {
    two_threads(|| {
        let mut results = map([0, 1], [2, 2], |n| Err::<usize, _>(Failed::at(n)));
        assert_eq!(error(&mut results), 0, "the item whose error comes first");
        end(&mut results);
    });
}

/// Two threads: item 0 is worked on until the other thread has taken item 1, which fails or panics; or until the
/// source has been dropped for that failure: the other thread does so as soon as it has noticed, and waits for no
/// earlier item. Then item 0 returns a value, or an error of its own. Main waits for the outcome of item 0, and gets
/// it first.
#[test]
fn what_comes_before_a_failure_still_comes() {
    for [first_fails, panics] in [[false, false], [true, false], [true, true]] {
        two_threads(move || {
            let source = Source::of(2);
            let dropped = Arc::clone(&source.dropped);
            let second = Gate::shut("second");
            let mut results = map(source, [2, 2], move |n| {
                if n == 1 {
                    second.open();
                    if panics {
                        resume_unwind(Box::new(Thrown(n)));
                    }
                    return Err(Failed::at(n));
                }
                if first_fails {
                    second.pass();
                    Err(Failed::at(n))
                } else {
                    dropped.pass();
                    Ok(n)
                }
            });
            if first_fails {
                assert_eq!(error(&mut results), 0, "the item whose error comes first");
            } else {
                assert_eq!(value(&mut results), 0, "the result of item 0");
                assert_eq!(error(&mut results), 1, "the item whose error comes");
            }
            end(&mut results);
        });
    }
}

/// Two threads: item 0 fails while item 1 is worked on, until main has had the error and the end, and the
/// source is dropped. Neither main nor the source waits for item 1.
#[test]
fn an_error_does_not_wait_for_later_items() {
    // EG-04
    two_threads(|| {
        let source = Source::of(2);
        let dropped = Arc::clone(&source.dropped);
        let gate = Arc::new(Gate::shut("main has the end"));
        let theirs = Arc::clone(&gate);
        let mut results = map(source, [2, 2], move |n| {
            if n == 0 {
                return Err(Failed::at(n));
            }
            theirs.pass();
            Ok(n)
        });
        assert_eq!(error(&mut results), 0, "the item whose error comes");
        end(&mut results);
        dropped.pass();
        gate.open();
    });
}

/// One thread, whose second item panics. Main gets the first result, then the panic with its payload, and
/// then the end.
#[test]
fn a_panic_comes_in_place_of_the_result() {
    // WP-13, as it is in Rust
    one_thread(|| {
        let mut results = map([0, 1, 2], [1, 2], |n| {
            if n == 1 {
                resume_unwind(Box::new(Thrown(n)));
            }
            Ok(n)
        });
        assert_eq!(value(&mut results), 0, "the result of item 0");
        assert_eq!(
            panic(&mut results),
            1,
            "the item whose panic `next` resumes"
        );
        end(&mut results);
    });
}

/// One thread or two, and the source panics when it is asked for the second item. Main gets the first
/// result, then the panic, and then the end. The source is not asked again, not even by a thread that waits for its
/// turn. With two threads the first item may be worked on until the source has been dropped: the thread in which it
/// has panicked drops it, and does not wait for the item.
#[test]
fn a_panic_of_the_source_comes_in_place_of_the_result() {
    // WP-13, as it is in Rust
    struct Panics(Source);
    impl Iterator for Panics {
        type Item = usize;
        fn next(&mut self) -> Option<usize> {
            let item = self.0.next()?;
            if item == 1 {
                resume_unwind(Box::new(Thrown(item)));
            }
            Some(item)
        }
    }
    for (workers, takes_long) in [(1, false), (2, true), (2, false)] {
        two_threads(move || {
            let source = Source::of(9);
            let (watch, dropped) = (Arc::clone(&source.watch), Arc::clone(&source.dropped));
            let mut results = map(Panics(source), [workers, 3], move |n| {
                if takes_long {
                    dropped.pass();
                }
                Ok(n)
            });
            assert_eq!(value(&mut results), 0, "the result of item 0");
            assert_eq!(
                panic(&mut results),
                1,
                "the item whose panic `next` resumes"
            );
            end(&mut results);
            let asked = watch.asked.load(SeqCst);
            assert_eq!(
                asked, 2,
                "how often the source was asked: it panicked the second time"
            );
        });
    }
}

/// Main leaves at once or after the first result, while a thread works ahead, or sleeps until there is room: the
/// drop of the map wakes it. The source is dropped, and the thread ends.
#[test]
fn a_consumer_that_leaves_ends_it() {
    for leaves_at_once in [true, false] {
        one_thread(move || {
            let source = Source::of(usize::MAX);
            let dropped = Arc::clone(&source.dropped);
            let mut results = map(source, [1, 1], |n| Ok((n, track(()))));
            if !leaves_at_once {
                assert_eq!(value(&mut results).0, 0, "the result of item 0");
            }
            drop(results);
            dropped.pass();
        });
    }
}

/// Two threads wait for room, one of them for the other's lock, when main leaves. Both end.
#[test]
fn a_consumer_that_leaves_ends_both_threads() {
    two_threads(|| {
        let source = Source::of(usize::MAX);
        let dropped = Arc::clone(&source.dropped);
        drop(map(source, [2, 2], |n| Ok((n, track(())))));
        dropped.pass();
    });
}

/// A call of `f` waits until main has dropped the results. The drop does not wait for the call.
#[test]
fn the_drop_does_not_wait() {
    one_thread(|| {
        let gate = Arc::new(Gate::shut("main has left"));
        let theirs = Arc::clone(&gate);
        let results = map([0], [1, 1], move |n| {
            theirs.pass();
            Ok((n, track(())))
        });
        drop(results);
        gate.open();
    });
}

/// A thread is in the source when main leaves, or has got the error of the item before. Another one waits for
/// its turn. It does not ask any more, and the source is dropped.
#[test]
fn a_thread_that_waits_for_its_turn_does_not_ask_any_more() {
    for leaves in [true, false] {
        Model::new().loose_bound(1).check(move || {
            let source = Source::of(usize::MAX);
            let (watch, dropped) = (Arc::clone(&source.watch), Arc::clone(&source.dropped));
            let [asked, answers] = ["asked", "answers"].map(|name| Arc::new(Gate::shut(name)));
            let (is_asked, may_answer) = (Arc::clone(&asked), Arc::clone(&answers));
            // Of the threads one fails, one is in the source, and one waits for its turn.
            let (last, workers) = if leaves { (0, 2) } else { (1, 3) };
            let source = source.inspect(move |&n| {
                if n == last {
                    is_asked.open();
                    may_answer.pass();
                }
            });
            let until = Arc::clone(&asked);
            let mut results = map(source, [workers, workers], move |n| {
                if n < last {
                    until.pass();
                    return Err(Failed::at(n));
                }
                Ok(n)
            });
            let results = if leaves {
                asked.pass();
                drop(results);
                None
            } else {
                assert_eq!(error(&mut results), 0, "the item whose error comes");
                Some(results)
            };
            answers.open();
            dropped.pass();
            drop(results);
            let asked = watch.asked.load(SeqCst);
            assert_eq!(
                asked,
                last + 1,
                "how often the source was asked: the other thread waited for its turn when it was over"
            );
        });
    }
}

/// The source has ended, or its second item has failed. The thread that notices drops it, and its destructor waits
/// until main has dropped the map. Main takes the results meanwhile: neither `next` nor the drop of the map waits
/// for the destructor, or runs it.
#[test]
fn the_destructor_of_the_source_holds_back_no_result() {
    for fails in [false, true] {
        one_thread(move || {
            let [begins, left] = ["begins", "main has left"].map(|name| Arc::new(Gate::shut(name)));
            let theirs = [Arc::clone(&begins), Arc::clone(&left)];
            // Only if it was asked: nobody opens the gate for a source that is dropped before.
            let mut destructor = None;
            let source = (0..2).inspect(move |_| {
                let [begins, left] = &theirs;
                destructor.get_or_insert_with(|| {
                    let begins = OnDrop(Gate::open, Arc::clone(begins));
                    (begins, OnDrop(Gate::pass, Arc::clone(left)))
                });
            });
            let mut results = map(source, [1, 3], move |n| {
                if fails && n == 1 {
                    return Err(Failed::at(n));
                }
                Ok(n)
            });
            begins.pass();
            assert_eq!(value(&mut results), 0, "the result of item 0");
            if fails {
                assert_eq!(error(&mut results), 1, "the item whose error comes");
                end(&mut results);
            }
            drop(results);
            left.open();
        });
    }
}

/// All results have been taken, or the only item has failed. `f` is dropped though main keeps the map.
#[test]
fn f_is_dropped_though_main_keeps_the_map() {
    for fails in [false, true] {
        one_thread(move || {
            let dropped = Arc::new(Gate::shut("f is dropped"));
            let captured = OnDrop(Gate::open, Arc::clone(&dropped));
            let mut results = map([0], [1, 1], move |n| {
                _ = &captured;
                if fails { Err(Failed::at(n)) } else { Ok(n) }
            });
            if fails {
                assert_eq!(error(&mut results), 0, "the item whose error comes");
            } else {
                assert_eq!(value(&mut results), 0, "the result of item 0");
            }
            end(&mut results);
            dropped.pass();
        });
    }
}

/// The source has its second item when main has taken the first result. `next` does not wait for the source.
#[test]
fn a_slow_source_holds_back_no_result() {
    one_thread(|| {
        let gate = Arc::new(Gate::shut("main has the first result"));
        let theirs = Arc::clone(&gate);
        let source = [0, 1].into_iter().inspect(move |&n| {
            if n == 1 {
                theirs.pass();
            }
        });
        let mut results = map(source, [1, 2], Ok);
        assert_eq!(value(&mut results), 0, "the result of item 0");
        gate.open();
        assert_eq!(value(&mut results), 1, "the result of item 1");
    });
}

/// A program that must not end: main asks for the result of an item that is worked on for ever, by one of two
/// threads. The result of the item behind it makes no difference.
#[test]
fn next_sleeps_while_there_is_no_result() {
    must_sleep("`next`", "the item was being worked on", || {
        let mut results = map([0, 1], [2, 2], |n| {
            if n == 0 {
                Gate::shut("never").pass();
            }
            Ok(n)
        });
        let _ = results.next();
        panic!("`next` returned, and the item was being worked on");
    });
}

/// Programs that must not end: main asks for nothing, and the window is full. One thread sleeps, or both of two.
#[test]
fn a_thread_sleeps_while_the_window_is_full() {
    for workers in [1, 2] {
        must_sleep("a thread", "the window was full", move || {
            let _results = map(0.., [workers, 2], Ok);
            Gate::shut("never").pass();
        });
    }
}

/// Two threads: item 0 fails when the result of item 1 is there, or its panic, or nearly. When main has had the
/// error, that result or payload is dropped, though main still has the map. Or main drops the map then, and item
/// 0 is worked on until what came of item 1 is dropped: it does not stay for the last thread.
#[test]
fn an_unwanted_result_is_not_kept() {
    for [leaves, panics] in [[false, false], [false, true], [true, false], [true, true]] {
        Model::new().preemption_bound(1).check(move || {
            let [gate, second] = ["dropped", "second"].map(|name| Arc::new(Gate::shut(name)));
            let (theirs, is_there) = (Arc::clone(&gate), Arc::clone(&second));
            let mut results = map([0, 1], [2, 2], move |n| {
                if n == 0 {
                    is_there.pass();
                    if leaves {
                        theirs.pass();
                    }
                    return Err(Failed::at(n));
                }
                is_there.open();
                let outcome = OnDrop(Gate::open, Arc::clone(&theirs));
                if panics {
                    resume_unwind(Box::new(outcome));
                }
                Ok(outcome)
            });
            let _results = if leaves {
                second.pass();
                drop(results);
                None
            } else {
                assert_eq!(error(&mut results), 0, "the item whose error comes");
                Some(results)
            };
            gate.pass();
        });
    }
}

/// Two threads: item 1 fails when the result of item 2 is there, or its panic, or nearly, or before it is. That
/// result or payload is not wanted, and its destructor waits until main has had the result of item 0. `next`
/// does not wait for it.
#[test]
fn an_unwanted_result_is_dropped_without_a_lock() {
    for [is_late, panics] in [[false, false], [true, false], [false, true], [true, true]] {
        Model::new().preemption_bound(1).check(move || {
            let [gate, failed] = ["main has item 0", "gone"].map(|name| Arc::new(Gate::shut(name)));
            let (theirs, last) = (Arc::clone(&gate), Gate::shut("last"));
            let guard = OnDrop(Gate::open, Arc::clone(&failed));
            let source = (0..3).inspect(move |_| _ = &guard);
            let mut results = map(source, [2, 3], move |n| {
                if n == 1 {
                    last.pass();
                    return Err(Failed::at(n));
                }
                if n == 0 {
                    return Ok((n, None));
                }
                last.open();
                if is_late {
                    failed.pass();
                }
                let outcome = OnDrop(Gate::pass, Arc::clone(&theirs));
                if panics {
                    resume_unwind(Box::new(outcome));
                }
                Ok((n, Some(outcome)))
            });
            assert_eq!(value(&mut results).0, 0, "the first result: that of item 0");
            gate.open();
            assert_eq!(error(&mut results), 1, "the item whose error comes");
        });
    }
}

/// Two threads: item 0 fails while a thread is in the source, for the item behind the next. That comes to
/// its end, or to a panic, when main has had the error. It makes no difference any more: there are no more
/// results.
#[test]
fn a_source_that_ends_after_a_failure_is_too_late() {
    for panics in [false, true] {
        two_threads(move || {
            let [asked, answers] = ["asked", "answers"].map(|name| Arc::new(Gate::shut(name)));
            let (is_asked, may_answer) = (Arc::clone(&asked), Arc::clone(&answers));
            let mut items = 0..2;
            let source = std::iter::from_fn(move || {
                let item = items.next();
                if item.is_none() {
                    is_asked.open();
                    may_answer.pass();
                    if panics {
                        resume_unwind(Box::new(Thrown(2)));
                    }
                }
                item
            });
            let mut results = map(source, [2, 3], move |n| {
                if n == 0 {
                    asked.pass();
                    return Err(Failed::at(n));
                }
                Ok(n)
            });
            assert_eq!(error(&mut results), 0, "the item whose error comes");
            answers.open();
            end(&mut results);
        });
    }
}

/// Two threads and a window of two: item 0 fails while the other thread waits for room, or is about to.
/// Main has asked for nothing, and yet both threads end, and the source is dropped.
#[test]
fn a_failure_ends_the_wait_for_room() {
    // EG-04
    two_threads(|| {
        let source = Source::of(usize::MAX);
        let dropped = Arc::clone(&source.dropped);
        let second = Gate::shut("second");
        let mut results = map(source, [2, 2], move |n| {
            if n == 0 {
                second.pass();
                return Err(Failed::at(n));
            }
            second.open();
            Ok(n)
        });
        dropped.pass();
        assert_eq!(error(&mut results), 0, "the item whose error comes");
    });
}

/// Two threads ask a source that has plain memory, and `f` writes into other plain memory. The map alone
/// orders what the source does, and what `f` does before main reads it.
#[test]
fn each_sees_what_the_other_wrote() {
    // GR-01
    two_threads(|| {
        let before = Slot::empty("before");
        before.write(1);
        let source = (0..2).inspect(move |_| before.write(before.read() + 1));
        let written = Arc::new([Slot::empty("slot 0"), Slot::empty("slot 1")]);
        let theirs = Arc::clone(&written);
        let mut results = map(source, [2, 2], move |n: usize| {
            theirs[n].write(7);
            Ok(n)
        });
        for n in 0..2 {
            assert_eq!(value(&mut results), n, "the result of item {n}");
            assert_eq!(written[n].read(), 7, "what `f` wrote for item {n}");
        }
    });
}

/// The source has ended, and writes when it is dropped. Then main is told the end, and woken if it sleeps in `next`:
/// it can read what the destructor wrote.
#[test]
fn the_source_is_dropped_before_the_end_is_told() {
    struct Writes(Arc<Slot>);
    impl Iterator for Writes {
        type Item = usize;
        fn next(&mut self) -> Option<usize> {
            None
        }
    }
    impl Drop for Writes {
        fn drop(&mut self) {
            self.0.write(1);
        }
    }
    model(|| {
        let dropped = Arc::new(Slot::empty("dropped"));
        let mut results = map(Writes(Arc::clone(&dropped)), [1, 1], Ok);
        end(&mut results);
        assert_eq!(dropped.read(), 1, "1 if the source has been dropped");
    });
}

/// A source that goes on after its end, as an iterator may. Two threads: it is not asked again.
#[test]
fn a_source_is_not_asked_after_its_end() {
    two_threads(|| {
        let source = Source::of(1);
        let (watch, dropped) = (Arc::clone(&source.watch), Arc::clone(&source.dropped));
        let mut results = map(source, [2, 3], Ok);
        assert_eq!(value(&mut results), 0, "the result of item 0");
        end(&mut results);
        drop(results);
        dropped.pass();
        let asked = watch.asked.load(SeqCst);
        assert_eq!(
            asked, 2,
            "how often the source was asked: for its only item, and for its end"
        );
    });
}

/// Main or the thread wakes up for no reason, while there is no result, or no room. It goes on waiting, asleep. Then main wakes up
/// three times, and then the thread.
#[test]
fn a_spurious_wakeup_is_neither_result_nor_room() {
    for (times, bound, in_f, in_main) in [(1, 2, 0, 0), (3, 1, 4, 0), (3, 1, 0, 4)] {
        let model = Model::new().spurious_wakeups(times).preemption_bound(bound);
        model.check(move || {
            let source = Source::of(2);
            let watch = Arc::clone(&source.watch);
            let mut results = map(source, [1, 1], move |n| {
                let_others_sleep(in_f);
                Ok(n)
            });
            for n in 0..2 {
                let_others_sleep(in_main);
                watch.wants();
                assert_eq!(value(&mut results), n, "the result of item {n}");
            }
            let ahead = watch.ahead.load(SeqCst);
            assert!(
                ahead <= 1,
                "the source was asked for {ahead} items more than main had asked for results, and 1 is the window: it was asked while \
                 an item was in flight"
            );
        });
    }
    must_sleep_again("`next`", |steps| {
        let mut results = map(Source::of(1), [1, 1], move |n| {
            steps();
            Ok(n)
        });
        assert_eq!(value(&mut results), 0, "the result of item 0");
    });
    must_sleep_again("a thread that waits for room", |steps| {
        let mut results = map(Source::of(2), [1, 1], Ok);
        steps();
        assert_eq!(value(&mut results), 0, "the result of item 0");
    });
}

/// The second of two threads is refused. There is no map; the source is dropped, and the first thread ends.
/// It may be in the source until main has been told: `parallel_map` does not wait for it.
#[test]
fn a_refused_thread_leaves_no_other() {
    for is_held in [false, true] {
        one_thread(move || {
            let source = Source::of(usize::MAX);
            let dropped = Arc::clone(&source.dropped);
            let told = Arc::new(Gate::shut("told"));
            let theirs = Arc::clone(&told);
            let source = source.inspect(move |_| {
                if is_held {
                    theirs.pass();
                }
            });
            let refused = refuse_after(1, || {
                parallel_map(source, 2, 2, |n| Ok::<_, Failed>((n, track(()))))
            });
            assert!(
                refused.is_err(),
                "the second thread was refused, and there is a map"
            );
            told.open();
            dropped.pass();
        });
    }
}
