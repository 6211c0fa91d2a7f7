//! Values that must be dropped exactly once.

use parking_lot::Mutex;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Every tracked value that some owner still watches. It is one table, found by number alone, because the
/// value itself may be dropped twice or be made of uninitialised memory: nothing in it can be trusted.
static TABLE: LazyLock<Mutex<HashMap<u64, Entry>>> = LazyLock::new(Mutex::default);

/// Numbers start high and are scattered, so that rubbish is not mistaken for one.
static NEXT: AtomicU64 = AtomicU64::new(1);

struct Entry {
    owner: u64,
    made: &'static Location<'static>,
    type_name: &'static str,
    drops: u32,
}

thread_local! {
    static OWNER: Cell<u64> = const { Cell::new(0) };
}

/// What values are charged to: a leak check, or one interleaving of a model.
#[derive(Debug)]
pub(crate) struct Owner(u64);

impl Owner {
    pub(crate) fn new() -> Self {
        Self(scattered())
    }

    pub(crate) fn is_balanced(&self) -> bool {
        TABLE.lock().values().all(|entry| entry.owner != self.0 || entry.drops == 1)
    }

    /// In the order of the places where they were made, those of which the same is to be said together.
    pub(crate) fn unbalanced(&self) -> Vec<Unbalanced> {
        let mut all = BTreeMap::<_, Unbalanced>::new();
        let table = TABLE.lock();
        for entry in table.values().filter(|entry| entry.owner == self.0 && entry.drops != 1) {
            let Entry { made, type_name, drops, .. } = *entry;
            let place = (made.file(), made.line(), made.column());
            let none = Unbalanced { values: 0, made, type_name, drops };
            all.entry((place, type_name, drops)).or_insert(none).values += 1;
        }
        all.into_values().collect()
    }

    pub(crate) fn clear(&self) {
        TABLE.lock().retain(|_, entry| entry.owner != self.0);
    }
}

/// Runs `f` with every value that this thread tracks charged to `owner`.
pub(crate) fn with_owner<R>(owner: &Owner, f: impl FnOnce() -> R) -> R {
    struct Restore(u64);
    impl Drop for Restore {
        fn drop(&mut self) {
            OWNER.set(self.0);
        }
    }
    let _restore = Restore(OWNER.replace(owner.0));
    f()
}

/// Values that were not dropped exactly once.
#[derive(Debug)]
pub(crate) struct Unbalanced {
    /// How many.
    values: usize,
    made: &'static Location<'static>,
    type_name: &'static str,
    drops: u32,
}

impl fmt::Display for Unbalanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (values, were) = match self.values {
            1 => ("value".to_owned(), "was"),
            n => (format!("{n} values"), "were"),
        };
        let times = match self.drops {
            0 => "never dropped".to_owned(),
            2 => "dropped twice".to_owned(),
            n => format!("dropped {n} times"),
        };
        write!(
            f,
            "{values} of type {} {were} {times}: made at {}",
            self.type_name,
            harness_report::place::full(self.made)
        )
    }
}

/// Wraps `value` so that the leak check or model around it requires it to be dropped exactly once. Only the
/// thread that runs the check, and any thread of a model, may call this.
///
/// # Panics
/// Outside both a leak check and a model, because the value would not be checked.
#[track_caller]
pub fn track<T>(value: T) -> Tracked<T> {
    let owner = OWNER.get();
    assert!(
        owner != 0,
        "harness::leaks::track: this value would not be checked; \
         call it inside harness::leaks::check or harness::model"
    );
    let number = scattered();
    let entry =
        Entry { owner, made: Location::caller(), type_name: std::any::type_name::<T>(), drops: 0 };
    TABLE.lock().insert(number, entry);
    Tracked { number, value }
}

fn scattered() -> u64 {
    // An odd multiplier is a bijection on u64: distinct numbers stay distinct.
    NEXT.fetch_add(1, Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A value whose drops are counted. Made by [`track`].
pub struct Tracked<T> {
    number: u64,
    value: T,
}

impl<T> Drop for Tracked<T> {
    fn drop(&mut self) {
        // A number that is not in the table belongs to a check that is over, or is rubbish: a slot that
        // was never written. The latter shows as a value that was never dropped, or as a crash.
        if let Some(entry) = TABLE.lock().get_mut(&self.number) {
            entry.drops += 1;
        }
    }
}

impl<T> Deref for Tracked<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Tracked<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Tracked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: PartialEq> PartialEq<T> for Tracked<T> {
    fn eq(&self, other: &T) -> bool {
        self.value == *other
    }
}
