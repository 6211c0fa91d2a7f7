//! Results, their order, who waits for whom, and how a pipeline ends. On real threads.

#![allow(clippy::drop_non_drop, reason = "the stub has nothing to drop")]

use harness::assert_bounds;
use harness::sync::real::{channel::bounded, thread::refuse_after};
use harness::testing::{
    assert_passes_on, let_others_run, message_of, must_end, must_sleep_on_threads,
    others_must_sleep, payload_of, staged_panic, staged_panic_of, wait_until, while_unwinding,
};
use pipeline::{Stage, stage};
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;

/// Where a thread hangs, if a test does.
const IN_PIPELINE: &str = "a stage has not ended, or sleeps though there is something to do";

/// What the items of these tests are, and what goes wrong with them.
type Item = Result<u32, String>;

/// An iterator that counts how often it has been asked.
fn counted(
    items: impl Iterator<Item = u32> + Send + 'static,
) -> (impl Iterator<Item = Item> + Send, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let items = items.map(Ok).inspect(move |_| {
        count.fetch_add(1, SeqCst);
    });
    (items, taken)
}

/// Asks for results, and returns whose [`staged_panic`] came instead, if one did.
fn panic_of_next<T>(next: impl FnOnce() -> T) -> Option<&'static str> {
    let mut whose = None;
    let other = payload_of(|| whose = staged_panic_of(|| drop(next())));
    if let Some(payload) = other {
        let message = message_of(&*payload);
        panic!(
            "`next` should resume the panic of the stage, and panicked with another payload: {message}"
        );
    }
    whose
}

/// The input is open and empty, and the consumer asks for a result: it sleeps, also if its call comes while it unwinds.
#[test]
fn a_consumer_that_waits_sleeps() {
    let (sender, input) = bounded(0);
    let other = input.clone();
    must_sleep_on_threads("`next`", "the input was open", move || {
        _ = stage(input.into_iter().map(Item::Ok), 1, Item::Ok).next();
    });
    let call = "`next` in a destructor, while its thread unwinds,";
    must_sleep_on_threads(call, "the input was open", move || {
        _ = while_unwinding(|| stage(other.into_iter().map(Item::Ok), 1, Item::Ok).next());
    });
    drop(sender);
}

/// 500 items, three stages, three capacities. Each result comes once, in the order of the items.
#[test]
fn results_come_in_the_order_of_the_items() {
    // CH-07, CH-08
    must_end(IN_PIPELINE, || {
        for capacity in [0, 1, 7] {
            let plus = stage((0..500).map(Item::Ok), capacity, |n| Ok(n + 1));
            let times = stage(plus, capacity, |n| Ok(n * 2));
            let text = stage(times, capacity, |n| Ok(n.to_string()));
            let expected = (0..500).map(|n| Ok(((n + 1) * 2).to_string()));
            assert!(text.eq(expected), "order, or number, of results");
        }
    });
}

/// The input has no items. `next` returns `None`, and again.
#[test]
fn without_items_there_are_no_results() {
    must_end(IN_PIPELINE, || {
        let mut results = stage(std::iter::empty::<Item>(), 3, Ok);
        assert_eq!((results.next(), results.next()), (None, None));
    });
}

/// A filter between two stages, and a channel before the first.
#[test]
fn any_iterator_is_an_input() {
    must_end(IN_PIPELINE, || {
        let (sender, input) = bounded(1);
        let producer = thread::spawn(move || {
            for n in 1..=6 {
                sender.send(Item::Ok(n)).expect("the stage is there");
            }
        });
        let squares = stage(input.into_iter(), 1, |n| Ok(n * n));
        let even = squares.filter(|square| square.as_ref().is_ok_and(|n| n % 2 == 0));
        let halves: Result<Vec<_>, _> = stage(even, 1, |n| Ok(n / 2)).collect();
        assert_eq!(halves, Ok(vec![2, 8, 18]));
        producer.join().expect("it panics if the stage has gone");
    });
}

/// What stays in the stage's thread need not be `Send`, and `f` may change what it owns.
#[test]
fn any_type_will_do() {
    must_end(IN_PIPELINE, || {
        let items = (1..=3).map(|n| Ok::<_, Infallible>(Rc::new(n)));
        let mut sum = 0;
        let sums = stage(items, 1, move |n| {
            sum += *n;
            Ok(Cell::new(sum))
        });
        let sums: Vec<u32> = sums.map(|Ok(sum)| sum.get()).collect();
        assert_eq!(sums, [1, 3, 6]);
    });
    assert_bounds!(Stage<Cell<u32>, String>: Send);
    assert_bounds!(Stage<Rc<u32>, String>: !Send);
}

/// The first stage works on item 2 while the second works on item 1: they meet.
#[test]
fn stages_work_at_the_same_time() {
    for capacity in [0, 1] {
        must_end("two stages never work at the same time", move || {
            let meet = Arc::new(Barrier::new(2));
            let [first, second] = [(2, Arc::clone(&meet)), (1, meet)].map(|(item, meet)| {
                move |n| {
                    if n == item {
                        meet.wait();
                    }
                    Item::Ok(n)
                }
            });
            let stages = stage(stage((1..=3).map(Ok), capacity, first), capacity, second);
            assert!(stages.eq([1, 2, 3].map(Ok)));
        });
    }
}

/// The stage takes as many items as were asked for, and `capacity`, and one more. Then it waits.
#[test]
fn a_stage_works_ahead_and_not_too_far() {
    // CH-03, CH-05
    for capacity in [0, 1, 5, 300] {
        must_end(IN_PIPELINE, move || {
            let (items, taken) = counted(1..);
            let mut results = stage(items, capacity, Ok);
            for asked in 0..4 {
                let most = asked + capacity + 1;
                let has_room = format!(
                    "capacity {capacity}, {asked} results asked for: the stage has not taken {most} items"
                );
                wait_until(&has_room, || taken.load(SeqCst) >= most);
                let_others_run();
                let taken = taken.load(SeqCst);
                assert!(
                    taken == most,
                    "capacity {capacity}, {asked} results asked for: the stage has taken {taken} items, and {most} are the most"
                );
                results.next().expect("no end").expect("nothing goes wrong");
            }
        });
    }
}

/// The consumer asks for nothing, and the third stage before it feels it.
#[test]
fn a_slow_consumer_holds_back_every_stage() {
    must_end(IN_PIPELINE, || {
        let (items, taken) = counted(1..);
        let mut results = stage(stage(stage(items, 1, Ok), 2, Ok), 0, Ok);
        assert_eq!(results.next(), Some(Ok(1)));
        others_must_sleep("nobody asks for a result, and there is no room for more");
        let taken = taken.load(SeqCst);
        assert!(
            taken <= 1 + 2 + 3 + 1,
            "{taken} items taken; the stages hold 2, 3 and 1 at most, and one was asked for"
        );
    });
}

/// Three stages, of which one fails at item 5: the four results before it come, then the error, once, then
/// `None`. The failed stage works on no later item, and those behind it do not work on the error.
#[test]
fn the_first_error_ends_the_pipeline() {
    for (capacity, failing) in [(0, 0), (0, 1), (0, 2), (4, 0), (4, 1), (4, 2)] {
        must_end(IN_PIPELINE, move || {
            let calls: [_; 3] = std::array::from_fn(|_| Arc::new(AtomicUsize::new(0)));
            let mut stages: Box<dyn Iterator<Item = Item> + Send> = Box::new((1..).map(Ok));
            for (i, count) in calls.iter().enumerate() {
                let count = Arc::clone(count);
                stages = Box::new(stage(stages, capacity, move |n| {
                    count.fetch_add(1, SeqCst);
                    if i == failing && n >= 5 {
                        return Err(format!("{n} failed"));
                    }
                    Ok(n)
                }));
            }
            let expected = [Ok(1), Ok(2), Ok(3), Ok(4), Err("5 failed".to_owned())];
            let results: Vec<Item> = stages.by_ref().take(6).collect();
            assert_eq!(results, expected, "results, then one error, then the end");
            assert_eq!(stages.next(), None, "once more");
            for (i, calls) in calls.iter().enumerate().skip(failing) {
                let (calls, right) = (calls.load(SeqCst), if i == failing { 5 } else { 4 });
                assert_eq!(
                    calls, right,
                    "calls of `f` of stage {i}, where stage {failing} failed at item 5"
                );
            }
        });
    }
}

/// The input is not asked again after it has returned `None`, nor after it has returned an error, though
/// more would come.
#[test]
fn the_input_is_not_asked_for_more_than_it_has_to_be() {
    must_end(IN_PIPELINE, || {
        for end in [None, Some(Err("broken".to_owned()))] {
            let mut items = vec![Some(Item::Ok(3)), end.clone(), Some(Ok(1))];
            items.reverse();
            let input = std::iter::from_fn(move || {
                items
                    .pop()
                    .expect("the input was asked again, after its end or an error")
            });
            let results: Vec<_> = stage(input, 0, Ok).collect();
            assert_eq!(
                results,
                [Some(Ok(3)), end].into_iter().flatten().collect::<Vec<_>>()
            );
        }
    });
}

/// An item and an error that take no memory: each comes through all the same.
#[test]
fn values_of_no_bytes_will_do() {
    // CH-24
    must_end(IN_PIPELINE, || {
        let units = stage([Ok(()), Err(())].into_iter(), 0, Ok);
        assert!(units.eq([Ok(()), Err(())]), "one result, then the error");
    });
}

/// Part of an input, or of a function. Its drop panics.
struct Breaks;

impl Drop for Breaks {
    fn drop(&mut self) {
        staged_panic("a drop's");
    }
}

/// A panic of `f`, of `input`, or of the drop of one of them ends the stage. All results before it come,
/// then `next` resumes it, with its payload, through later stages too; then `next` returns `None`.
#[test]
fn a_panic_reaches_the_consumer() {
    // GR-04, as it is in Rust
    for failing in 0..3 {
        must_end(IN_PIPELINE, move || {
            let panics = move |i| {
                move |n| {
                    if i == failing && n == 4 {
                        staged_panic("the stage's");
                    }
                    Item::Ok(n)
                }
            };
            let first = stage((1..).map(Ok), 2, panics(0));
            let mut stages = stage(stage(first, 0, panics(1)), 3, panics(2));
            let mut seen = Vec::new();
            let panic = panic_of_next(|| seen.extend(&mut stages));
            let results = seen.len();
            assert!(
                panic.is_some() && results == 3,
                "stage {failing} of 0 to 2 has panicked at item 4. After {results} results, `next` {}",
                ["returned `None`", "resumed the panic"][usize::from(panic.is_some())]
            );
            assert_eq!(stages.next(), None, "once the panic has been resumed");
            drop(stages);
        });
    }
    let seen = RefCell::new(Vec::new());
    let panic = staged_panic_of(|| {
        let items = (1..4)
            .map(Item::Ok)
            .chain(std::iter::from_fn(|| staged_panic("the input's")));
        stage(items, 1, Ok).for_each(|result| seen.borrow_mut().push(result));
    });
    assert!(
        panic.is_some(),
        "`input` has panicked, but `next` returned `None`"
    );
    let seen = seen.into_inner();
    assert_eq!(
        seen,
        [1, 2, 3].map(Ok),
        "results before the panic of `input`"
    );
    for of_input in [true, false] {
        let (in_input, in_f) = (of_input.then(|| Breaks), (!of_input).then(|| Breaks));
        let items = (1..4).map(move |n| {
            let _ = &in_input;
            Item::Ok(n)
        });
        let panic = panic_of_next(|| {
            let results = stage(items, 1, move |n| {
                let _ = &in_f;
                Ok(n)
            });
            results.for_each(drop);
        });
        let whose = if of_input { "`input`" } else { "`f`" };
        assert!(
            panic.is_some(),
            "{whose} has panicked as it was dropped, but `next` returned `None`"
        );
    }
    assert_passes_on(|raise| {
        let first = stage([Item::Ok(1)].into_iter(), 0, move |_| -> Item { raise() });
        stage(first, 0, Ok).for_each(drop);
    });
}

/// A destructor runs because its thread panics, and it makes a pipeline and asks for the results: that panic is not one
/// of a stage, and a panic of a stage is passed on there, too.
#[test]
fn a_panicking_thread_may_use_a_pipeline() {
    must_end(IN_PIPELINE, || {
        while_unwinding(|| {
            let stages = stage(stage((1..4).map(Item::Ok), 1, Ok), 0, |n| Ok(n * 2));
            assert!(stages.eq([2, 4, 6].map(Ok)), "three results, then the end");
            let mut fails = stage((1..).map(Item::Ok), 0, |_| Item::Err("failed".to_owned()));
            assert_eq!(fails.next(), Some(Err("failed".to_owned())));
            assert_eq!(fails.next(), None, "after an error");
            let mut panics = stage((1..).map(Item::Ok), 0, |_| -> Item {
                staged_panic("`f`'s")
            });
            assert_eq!(
                panic_of_next(|| panics.next()),
                Some("`f`'s"),
                "`f` has panicked, and `next`, called in a destructor, does not resume that panic"
            );
        });
    });
}

thread_local! {
    static LEAVES: RefCell<Option<Leaves>> = const { RefCell::new(None) };
}

/// The last that a thread does is to drop its thread-locals. This one takes its time.
struct Leaves(Arc<AtomicBool>);

impl Drop for Leaves {
    fn drop(&mut self) {
        let_others_run();
        self.0.store(true, SeqCst);
    }
}

/// How the last stage ends in a test.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    NoMoreItems,
    Error,
    Panic,
}

/// When `next` has returned `None`, or resumed a panic, the last stage's thread has ended, and `input` and
/// `f` have been dropped; after an error too. If nothing goes wrong, the stage before it has ended as well.
#[test]
fn when_the_results_have_ended_the_threads_have_too() {
    for end in [End::NoMoreItems, End::Error, End::Panic] {
        must_end(IN_PIPELINE, move || {
            let left: [_; 2] = std::array::from_fn(|_| Arc::new(AtomicBool::new(false)));
            let leave = |i: usize| {
                let left = Arc::clone(&left[i]);
                move || LEAVES.set(Some(Leaves(Arc::clone(&left))))
            };
            let (first_leaves, last_leaves, owned) = (leave(0), leave(1), Arc::new(()));
            let [by_input, by_f] = [Arc::clone(&owned), Arc::clone(&owned)];
            let first = stage([Item::Ok(1)].into_iter(), 1, move |n| {
                first_leaves();
                Ok(n)
            });
            let input = first.inspect(move |_| drop(Arc::clone(&by_input)));
            let mut results = stage(input, 1, move |n| {
                last_leaves();
                drop(Arc::clone(&by_f));
                match end {
                    End::NoMoreItems => Ok(n),
                    End::Error => Err("failed".to_owned()),
                    End::Panic => staged_panic("the stage's"),
                }
            });
            let panic = panic_of_next(|| while results.next().is_some() {});
            let came = if panic.is_some() {
                "resumed a panic"
            } else {
                "returned `None`"
            };
            assert_eq!(panic.is_some(), end == End::Panic, "{end:?}: `next` {came}");
            let last_has_ended = left[1].load(SeqCst);
            assert!(
                last_has_ended,
                "{end:?}: `next` has {came}, and the last stage's thread has not ended"
            );
            let dropped = Arc::strong_count(&owned) == 1;
            assert!(
                dropped,
                "{end:?}: `next` has {came}, and `input` or `f` is still there"
            );
            let first_has_ended = end != End::NoMoreItems || left[0].load(SeqCst);
            assert!(
                first_has_ended,
                "{end:?}: `next` has {came}, and the first stage's thread has not ended"
            );
        });
    }
}

/// The stage sleeps until its input has an item, or is at work on one, and the consumer does not wait for
/// that.
#[test]
fn leaving_does_not_wait_for_the_stage() {
    must_end("the drop of a `Stage` waits for a call of `f`", || {
        let ((begins, begun), (go_on, gate)) = (bounded(0), bounded::<()>(0));
        let results = stage([Item::Ok(1)].into_iter(), 0, move |n| {
            begins.send(()).expect("main waits for it");
            let _ = gate.recv();
            Ok(n)
        });
        begun.recv().expect("the stage has an item");
        drop(results);
        drop(go_on);
    });
    must_end("the drop of a `Stage` waits for its input", || {
        let (sender, input) = bounded::<Item>(1);
        drop(stage(input.into_iter(), 0, Ok));
        while sender.send(Ok(1)).is_ok() {}
    });
}

/// The operating system refuses the thread. `stage` panics, and by then `input` and `f` have been dropped.
#[test]
fn a_stage_that_gets_no_thread_panics() {
    must_end(IN_PIPELINE, || {
        let owned = Arc::new(());
        let [by_input, by_f] = [Arc::clone(&owned), Arc::clone(&owned)];
        let items = (1..).map(move |n| {
            let _ = &by_input;
            Item::Ok(n)
        });
        let refused = payload_of(|| {
            refuse_after(0, || {
                drop(stage(items, 1, move |n| {
                    let _ = &by_f;
                    Ok(n)
                }));
            });
        });
        assert!(
            refused.is_some(),
            "no thread could be had, and `stage` returned"
        );
        assert_eq!(
            Arc::strong_count(&owned),
            1,
            "`stage` has panicked, and `input` or `f` is still there"
        );
        assert!(
            stage((1..4).map(Item::Ok), 1, Ok).eq([1, 2, 3].map(Ok)),
            "a later one"
        );
    });
}
