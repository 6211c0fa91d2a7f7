//! What the docs promise, on real threads. The orderings are the models' business, in `src/race_freedom.rs`.

use context_values::Values;
use harness::assert_bounds;
use harness::sync::real::thread::refuse_after;
use harness::testing::{
    Counted, assert_passes_on, must_end, staged_panic, staged_panic_of, while_unwinding,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

/// Names, so that each test can say what it has in mind.
#[derive(Debug, PartialEq)]
struct User(&'static str);
#[derive(Debug, PartialEq)]
struct Trace(u32);

/// How long a long list is.
const LONG: usize = 1_000_000;

#[test]
fn a_new_list_has_no_values() {
    assert_eq!(Values::new().get::<User>(), None);
    assert_eq!(Values::default().get::<()>(), None);
    assert_eq!(
        Values::new().clone().get::<User>(),
        None,
        "a clone of nothing"
    );
}

/// The key is the type, and nothing but the type: what looks alike is not found.
#[test]
fn a_value_is_found_by_its_type() {
    // CX-29
    let list = Values::new().with(User("ann")).with(Trace(7)).with(7_u32);
    assert_eq!(list.get(), Some(&User("ann")));
    assert_eq!(
        list.get(),
        Some(&Trace(7)),
        "a newtype is a type of its own"
    );
    assert_eq!(list.get(), Some(&7_u32), "and so is what is in it");
    assert_eq!(list.get::<i32>(), None, "nobody has put in an i32");
    assert_eq!(
        list.get::<Option<User>>(),
        None,
        "an Option is another type"
    );
}

/// Of several values of one type, `get` lends the newest.
#[test]
fn the_newest_value_of_a_type_is_seen() {
    // CX-29
    let mut list = Values::new().with(Trace(0)).with(User("ann"));
    for n in 1..=10 {
        list = list.with(Trace(n)).with(n);
        assert_eq!(
            list.get(),
            Some(&Trace(n)),
            "the newest of {} values",
            n + 1
        );
    }
    assert_eq!(list.get(), Some(&User("ann")), "behind 20 others");
}

/// Other lists are made from a list, one with values more and one with a value hidden. It shows what it showed before, and so does
/// each of them.
#[test]
fn a_list_never_changes() {
    let parent = Values::new().with(User("ann"));
    let child = parent.with(User("bob")).with(Trace(1));
    let sibling = parent.with(Trace(2));
    let hidden = child.without::<Trace>();
    let seen = |list: &Values| {
        (
            list.get().map(|user: &User| user.0),
            list.get().map(|t: &Trace| t.0),
        )
    };
    assert_eq!(
        seen(&parent),
        (Some("ann"), None),
        "the list that others were made from"
    );
    assert_eq!(
        seen(&child),
        (Some("bob"), Some(1)),
        "what was made from it"
    );
    assert_eq!(
        seen(&sibling),
        (Some("ann"), Some(2)),
        "and what was made after that"
    );
    assert_eq!(seen(&hidden), (Some("bob"), None), "without the Trace");
    assert_eq!(seen(&child.clone()), (Some("bob"), Some(1)), "a clone");
}

/// In what `without` makes, no value of that type is to be seen, however many there are behind it: until a newer one is put in front.
#[test]
fn a_hidden_value_is_not_seen() {
    // CX-29, "nil value shadows"
    let two = Values::new()
        .with(Trace(1))
        .with(Trace(2))
        .with(User("ann"));
    let hidden = two.without::<Trace>();
    assert_eq!(
        hidden.get::<Trace>(),
        None,
        "neither the newest nor an older one"
    );
    assert_eq!(
        hidden.get(),
        Some(&User("ann")),
        "the other values are there"
    );
    assert_eq!(
        hidden.with(User("bob")).get::<Trace>(),
        None,
        "still hidden"
    );
    assert_eq!(hidden.with(Trace(3)).get(), Some(&Trace(3)), "a newer one");
    let both = hidden.without::<User>();
    assert_eq!(
        (both.get::<Trace>(), both.get::<User>()),
        (None, None),
        "the Trace was hidden first, and then the User, too"
    );
    assert_eq!(
        hidden.without::<Trace>().get::<Trace>(),
        None,
        "hidden twice"
    );
    let nothing = Values::new().without::<Trace>();
    assert_eq!(nothing.get::<Trace>(), None, "hidden where there was none");
    assert_eq!(nothing.with(Trace(4)).get(), Some(&Trace(4)));
}

/// Two types are two keys, even if they have one name.
#[test]
fn types_of_the_same_name_are_two() {
    // CX-29
    fn one() -> Values {
        struct Key(u32);
        let list = Values::new().with(Key(1));
        assert_eq!(list.get::<Key>().map(|key| key.0), Some(1));
        list
    }
    fn same_function() -> (Values, bool) {
        let list = {
            struct Key(#[allow(dead_code, reason = "for its size")] [u64; 4]);
            Values::new().with(Key([0; 4]))
        };
        struct Key;
        let found = list.get::<Key>().is_some();
        (list, found)
    }
    struct Key;
    assert!(one().get::<Key>().is_none(), "a type of another function");
    assert!(
        !same_function().1,
        "a type of another block, with the same path"
    );
    type Get = fn(&Values) -> Option<u32>;
    let (older, get): (_, Get) = {
        struct Key(u32);
        let get = |list: &Values| list.get::<Key>().map(|key| key.0);
        (Values::new().with(Key(1)), get)
    };
    let (behind, beside) = {
        struct Key;
        (older.with(Key), older.without::<Key>())
    };
    assert_eq!(
        get(&behind),
        Some(1),
        "a value, behind one of another type with the same path"
    );
    assert_eq!(
        get(&beside),
        Some(1),
        "a value, when another type with the same path is hidden"
    );
}

/// Values of no size, of a large alignment, of ten thousand bytes, closures, and lists.
#[test]
fn any_value_can_be_put_in() {
    // CX-30
    #[repr(align(64))]
    struct Aligned(u8);
    let list = Values::new()
        .with(())
        .with(Aligned(7))
        .with([7_u8; 10_000])
        .with("static")
        .with(String::from("owned"))
        .with(Box::<dyn Fn() -> u32 + Send + Sync>::from(Box::new(|| 7)))
        .with(Values::new().with(Trace(7)));
    assert_eq!(list.get(), Some(&()));
    let aligned: &Aligned = list.get().expect("it was put in");
    assert_eq!(
        (aligned.0, (&raw const *aligned).addr() % 64),
        (7, 0),
        "value and place"
    );
    assert_eq!(
        list.get::<[u8; 10_000]>().map(|bytes| bytes[9_999]),
        Some(7)
    );
    assert_eq!(list.get(), Some(&"static"));
    assert_eq!(list.get::<String>().map(String::as_str), Some("owned"));
    let call = list
        .get::<Box<dyn Fn() -> u32 + Send + Sync>>()
        .expect("it was put in");
    assert_eq!(call(), 7);
    let inner: &Values = list.get().expect("it was put in");
    assert_eq!(inner.get(), Some(&Trace(7)));
    assert_eq!(list.get::<Trace>(), None, "it is in a list of its own");
}

/// Lists that share a value lend the same one, at the same place: it need not even be `Clone`.
#[test]
fn all_lists_lend_the_same_value() {
    struct NotClone(#[allow(dead_code, reason = "for its size")] u32);
    let parent = Values::new().with(NotClone(7));
    let child = parent.with(User("ann")).clone();
    let moved = child;
    let place = |list: &Values| list.get().map(|value: &NotClone| &raw const *value);
    assert_eq!(
        place(&parent),
        place(&moved),
        "a value that lists share is one value"
    );
}

/// A value lives as long as a list has it, seen, shadowed or hidden, and no longer.
#[test]
fn values_outlive_the_list_that_they_came_from() {
    // CX-16
    let before = Counted::drops();
    let parent = Values::new().with(Counted).with(User("ann"));
    let child = parent.with(Trace(1));
    drop(parent);
    assert_eq!(child.get(), Some(&User("ann")), "the parent is gone");
    let hidden = child.without::<Counted>();
    let shadowed = child.with(Counted);
    drop(child);
    assert_eq!(
        Counted::drops() - before,
        0,
        "values dropped while a list has them"
    );
    drop(shadowed);
    assert_eq!(
        Counted::drops() - before,
        1,
        "only the newer one was in no other list"
    );
    drop(hidden);
    assert_eq!(
        Counted::drops() - before,
        2,
        "a hidden value goes with the last list, too"
    );
    let shadows_the_newest = Values::new().with(Counted).with(Counted);
    assert_eq!(
        Counted::drops() - before,
        2,
        "values dropped: a list has the value that its newest shadows, too"
    );
    drop(shadows_the_newest);
    while_unwinding(|| {
        let list = Values::new().with(Counted).with(User("bob")).with(Counted);
        assert_eq!(list.get(), Some(&User("bob")), "while its thread unwinds");
        drop(list);
    });
    assert_eq!(
        Counted::drops() - before,
        6,
        "a list that is dropped while its thread unwinds drops its two values, too"
    );
}

/// Counts what each thread allocates.
struct CountsAllocations;

thread_local! {
    static ALLOCATED: Cell<[usize; 2]> = const { Cell::new([0, 0]) };
}

// SAFETY: it is the system's allocator, which is called with what this one is called with.
unsafe impl GlobalAlloc for CountsAllocations {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let [blocks, bytes] = ALLOCATED.get();
        ALLOCATED.set([blocks + 1, bytes + layout.size()]);
        // SAFETY: the caller keeps to the contract of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: see above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountsAllocations = CountsAllocations;

/// Returns what `f` does, and how many blocks and bytes it has allocated meanwhile.
fn allocated<R>(f: impl FnOnce() -> R) -> (R, [usize; 2]) {
    let [blocks, bytes] = ALLOCATED.get();
    let result = f();
    let [more_blocks, more_bytes] = ALLOCATED.get();
    (result, [more_blocks - blocks, more_bytes - bytes])
}

/// `u32`s that are numbered from the oldest on.
fn numbers(count: usize) -> Values {
    (0..count).fold(Values::new(), |list, n| list.with(n))
}

/// `with` and `without` allocate one block or two, and as many bytes for a long list as for a short one. So it is for each of a
/// thousand lists, one longer than the other.
#[test]
fn deriving_allocates_the_same_however_long_the_list_is() {
    // One type each, so that a map has as many entries.
    fn eight<const N: usize>(list: Values) -> Values {
        struct Of<const N: usize, const M: usize>;
        let list = list
            .with(Of::<N, 0>)
            .with(Of::<N, 1>)
            .with(Of::<N, 2>)
            .with(Of::<N, 3>);
        list.with(Of::<N, 4>)
            .with(Of::<N, 5>)
            .with(Of::<N, 6>)
            .with(Of::<N, 7>)
    }
    let short = Values::new().with(1_usize);
    let of_many_types = eight::<3>(eight::<2>(eight::<1>(eight::<0>(short.clone()))));
    let (short_one, [blocks, bytes]) = allocated(|| short.with(User("ann")));
    assert!(
        (1..=2).contains(&blocks),
        "`with` should allocate one block or two, not {blocks}"
    );
    let (_hidden, of_without) = allocated(|| short_one.without::<User>());
    assert!(
        of_without[0] <= 2,
        "`without` should allocate at most two blocks, not {}",
        of_without[0]
    );
    for (list, what) in [
        (of_many_types, "33 types"),
        (numbers(10_000), "10,000 values"),
    ] {
        let (longer, again) = allocated(|| list.with(User("ann")));
        assert_eq!(
            again,
            [blocks, bytes],
            "blocks and bytes of `with`, for a list of {what}"
        );
        let (hidden, again) = allocated(|| longer.without::<User>());
        assert_eq!(
            again, of_without,
            "blocks and bytes of `without`, for a list of {what}"
        );
        let (found, of_get) = allocated(|| hidden.get::<usize>().is_some());
        assert!(found, "there is a usize in it");
        assert_eq!(
            of_get,
            [0, 0],
            "blocks and bytes of `get`, for a list of {what}"
        );
        let (_clone, of_clone) = allocated(|| hidden.clone());
        assert_eq!(
            of_clone,
            [0, 0],
            "blocks and bytes of `clone`, for a list of {what}"
        );
    }
    let mut list = short_one.clone();
    for n in 2..1_100 {
        let (longer, again) = allocated(|| list.with(User("ann")));
        assert_eq!(
            again,
            [blocks, bytes],
            "blocks and bytes of `with`, for a list of {n} values"
        );
        list = longer;
    }
    assert_eq!(short_one.get(), Some(&User("ann")));
}

/// Writes down where in the stack its destructor runs.
struct Deep(Arc<Mutex<Vec<usize>>>);

impl Drop for Deep {
    fn drop(&mut self) {
        let here = 0_u8;
        self.0.lock().unwrap().push((&raw const here).addr());
    }
}

/// Returns whether 2000 values are dropped in stack frames of their own, each from within the drop of the one before. Then
/// the places go down all the time, or up, if the older values go first.
fn in_frames_of_their_own(drop_2000: impl FnOnce(&dyn Fn() -> Deep)) -> bool {
    let places = Arc::new(Mutex::new(Vec::new()));
    drop_2000(&|| Deep(Arc::clone(&places)));
    let places = places.lock().unwrap();
    assert_eq!(places.len(), 2000, "values dropped");
    let down = places.windows(2).all(|pair| pair[1] < pair[0]);
    let up = places.windows(2).all(|pair| pair[1] > pair[0]);
    down || up
}

/// Returns whether even a `Vec` seems to drop its elements like that. A sanitizer may keep variables elsewhere, in places that
/// it goes through one after the other: so ask before the list is dropped.
fn places_say_nothing() -> bool {
    in_frames_of_their_own(|deep| drop(Vec::from_iter((0..2000).map(|_| deep()))))
}

/// A list of 2,000 values is dropped, one value after the other. Recursion shows here first: with so few values it does not
/// overflow the stack.
#[test]
fn values_are_dropped_one_after_the_other() {
    let places_say_nothing = places_say_nothing();
    let in_frames = in_frames_of_their_own(|deep| {
        drop((0..2000).fold(Values::new(), |list, _| list.with(deep())));
    });
    assert!(
        !in_frames || places_say_nothing,
        "each of 2,000 values was dropped in a stack frame of its own"
    );
}

/// The destructor of the newest value panics. The panic goes on to the caller of `drop`, with its own payload. The 2,000 values
/// behind it are dropped all the same, one after the other: not by the compiler, whose drop of a node drops the next one
/// from within.
#[test]
fn after_a_panic_too_values_are_dropped_one_after_the_other() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            staged_panic("the destructor's");
        }
    }
    let places_say_nothing = places_say_nothing();
    let in_frames = in_frames_of_their_own(|deep| {
        let values = (0..2000).fold(Values::new(), |list, _| list.with(deep()));
        let list = values.with(Panics);
        drop(values);
        let panic = staged_panic_of(|| drop(list));
        assert_eq!(panic, Some("the destructor's"), "it goes on to the caller");
    });
    assert!(
        !in_frames || places_say_nothing,
        "after the panic, each of 2,000 values was dropped in a stack frame of its own"
    );
}

/// The destructor of a value panics, and the caller of `drop` gets that panic: the payload itself.
#[test]
fn a_panic_of_a_destructor_goes_on_with_its_payload() {
    struct Raises(fn() -> !);
    impl Drop for Raises {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    assert_passes_on(|raise| drop(Values::new().with(User("ann")).with(Raises(raise))));
}

/// A value that owns a list drops that list in its own destructor, and waits for it: what only that list had is gone when
/// `drop` returns there.
#[test]
fn a_list_in_a_value_is_dropped_by_the_value() {
    struct Owns(Values, Arc<AtomicUsize>);
    impl Drop for Owns {
        fn drop(&mut self) {
            let before = Counted::drops();
            drop(mem::take(&mut self.0));
            self.1.store(Counted::drops() - before, Relaxed);
        }
    }
    let inside = Arc::new(AtomicUsize::new(0));
    let inner = Values::new().with(User("ann")).with(Counted);
    drop(Values::new().with(Owns(inner, Arc::clone(&inside))));
    assert_eq!(
        inside.load(Relaxed),
        1,
        "values of the inner list that were dropped before the `drop` of that list returned, of 1"
    );
}

/// Lists of 100,000 values are dropped, and no thread can be had for the second. The thread that drops the list drops the
/// values, however many there are.
#[test]
fn the_thread_that_drops_the_list_drops_its_values() {
    thread_local! {
        static DROPPED: Cell<usize> = const { Cell::new(0) };
    }
    struct Here;
    impl Drop for Here {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }
    const VALUES: usize = LONG / 10;
    for threads in [usize::MAX, 0] {
        let list = (0..VALUES).fold(Values::new(), |list, _| list.with(Here));
        let before = DROPPED.get();
        refuse_after(threads, || drop(list));
        assert_eq!(
            DROPPED.get() - before,
            VALUES,
            "values dropped by the thread that dropped the list"
        );
    }
}

/// How wide is the count? 70,000 clones of one list are there at the same time, and then 70,000 lists made from it: more than
/// 255, and more than 65,535. The list stays until the last of them is gone.
#[test]
fn a_list_may_have_any_number_of_children() {
    let parent = Values::new().with(User("ann")).with(Trace(1));
    let clones: Vec<_> = (0..70_000).map(|_| parent.clone()).collect();
    let children: Vec<_> = (0..70_000).map(|n| clones[n].with(n)).collect();
    drop(clones);
    let after = "70,000 of 140,001 handles are gone";
    assert_eq!(parent.get(), Some(&Trace(1)), "{after}");
    drop(parent);
    let after = "the list is gone from which 70,000 others were made";
    assert_eq!(children[0].get(), Some(&Trace(1)), "{after}");
    assert_eq!(children[69_999].get(), Some(&69_999_usize), "{after}");
    let last = children.into_iter().next_back();
    assert_eq!(
        last.expect("there are 70,000").get(),
        Some(&User("ann")),
        "the last of 70,000 children, when the others are gone"
    );
}

/// `get` goes through a million values, on an ordinary stack: it does not call itself for each. (The list is forgotten then, and not dropped.)
#[test]
fn a_list_of_a_million_is_searched() {
    let search = || {
        let list = numbers(LONG).with(Trace(1));
        assert_eq!(list.get(), Some(&(LONG - 1)), "the newest usize");
        assert_eq!(list.get::<User>(), None, "which a million values are not");
        mem::forget(list);
        let oldest = Values::new().with(User("ann"));
        let list = (0..LONG / 10).fold(oldest, |list, n| list.with(n));
        assert_eq!(list.get(), Some(&User("ann")), "behind all others");
        mem::forget(list);
    };
    must_end(
        "`get` is still searching a list of a million values",
        search,
    );
}

/// A list of a million values is dropped, and one whose newer half is dropped before the older one.
#[test]
fn a_list_of_a_million_is_dropped() {
    must_end("a list of a million values is still being dropped", || {
        drop(numbers(LONG));
        let older = numbers(LONG / 2);
        let list = (0..LONG / 2).fold(older.clone(), |list, n| list.with(n).clone());
        drop(list);
        assert_eq!(
            older.get(),
            Some(&(LONG / 2 - 1)),
            "the newest that is left"
        );
        drop(older);
    });
}

/// Lists of all lengths end in the same tail, in four threads, which drop theirs in an order of their own.
#[test]
fn many_threads_share_a_tail() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Value(usize);
    impl Drop for Value {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Relaxed);
        }
    }
    const VALUES: usize = 100_000;
    must_end("a thread is still dropping its lists", || {
        let mut lists: [Vec<Values>; 4] = Default::default();
        let mut list = Values::new().with(User("ann"));
        for n in 0..VALUES {
            list = list.with(Value(n));
            if n % 10 == 0 {
                lists[n / 10 % 4].push(list.clone());
            }
        }
        let theirs = [list.with(Trace(0)), list.with(Trace(1)), list.clone(), list];
        thread::scope(|s| {
            for (thread, (mut lists, list)) in lists.into_iter().zip(theirs).enumerate() {
                s.spawn(move || {
                    if thread % 2 == 0 {
                        lists.reverse();
                    }
                    assert_eq!(list.get::<Value>().map(|value| value.0), Some(VALUES - 1));
                    assert_eq!(list.get(), Some(&User("ann")), "behind all others");
                    drop(list);
                    drop(lists);
                });
            }
        });
        assert_eq!(DROPPED.load(Relaxed), VALUES, "values dropped, of as many");
    });
}

/// The bounds of the section "Threads" in the docs.
#[test]
fn send_and_sync() {
    drop(Values::new());
    assert_bounds!(Values: Send + Sync);
}
