//! Atomics with the API of std's, every operation recorded with its values.

use super::life::Life;
use super::recorder;
use crate::place::Place;
use crate::record::{Effect, ObjectId, Pending, Value};
use std::panic::Location;
pub use std::sync::atomic::Ordering;

/// An atomic fence. The only way to the total order of sequential consistency that the model follows.
///
/// # Panics
/// If `order` is `Relaxed`.
#[track_caller]
pub fn fence(order: Ordering) {
    let place = Location::caller();
    let pending = Pending::new("fence", None, place);
    recorder::step(pending, || loom::sync::atomic::fence(order));
    recorder::happened(Effect::Fence(order), None, place);
}

/// A one-way edge of happens-before between two threads, for the facade's own use. A lock of loom's, because
/// an atomic may not be made by one thread and reached by another that nothing orders after it.
#[derive(Debug)]
pub(super) struct Edge(loom::sync::Mutex<()>);

impl Edge {
    /// What this thread did so far is released.
    pub(super) fn release() -> Self {
        let edge = Self(loom::sync::Mutex::new(()));
        drop(edge.0.lock());
        edge
    }

    /// What the releasing thread did is visible to this one.
    pub(super) fn acquire(&self) {
        drop(self.0.lock());
    }
}

/// Beside each atomic, a second one that makes up for two things that loom 0.7 gets wrong. What the model finds
/// for one atomic is then exactly what can happen: `tests/exactness.rs` compares it with brute force.
///
/// **Orders that loom does not try.** It tries another order of two operations only if it notices that the
/// later one depends on the earlier, and remembers one access to each atomic for that, the last. But a write
/// depends on every load before it. In `load` by one thread, then `load` and `store` by another, the second
/// load makes loom forget the first, and it never tries the store before it (tokio-rs/loom#392, #166). So
/// each operation comes with an [`access`](Self::access) here; any two of these depend on each other, so the
/// last one stands for all before it.
///
/// **Outcomes that loom makes up.** A read-modify-write stands right behind the write that it read, and a
/// store cannot come between. Loom leaves the order of a store and another thread's read-modify-write open
/// all the same, and a later one may find either: the store that unlocks a spin lock is not seen by the
/// `swap` that waits for it, ever. So a store first looks at the newest value, which puts it behind. That
/// all stores stand in the order in which they are executed costs nothing as long as one atomic is
/// concerned, because every order of execution is tried. What it hides is two threads that each store to two
/// atomics and are both overtaken.
///
/// Loom does not switch threads within an operation that comes in several steps, because it is told not to
/// explore there. What it notices there it tries at the last place where it may: before the first step.
#[derive(Debug)]
struct Memory(loom::sync::atomic::AtomicBool);

impl Memory {
    #[track_caller]
    fn new() -> Self {
        Self(loom::sync::atomic::AtomicBool::new(false))
    }

    /// A load or a read-modify-write. It comes first, so that loom explores what it may read.
    fn step<R>(&self, pending: Pending, operation: impl FnOnce() -> R) -> R {
        recorder::step(pending, || {
            let result = operation();
            loom::stop_exploring();
            self.access();
            loom::explore();
            result
        })
    }

    /// A store, behind the newest value, which `look` reads.
    fn store(&self, pending: Pending, look: impl FnOnce(), store: impl FnOnce()) {
        recorder::step(pending, || {
            self.access();
            loom::stop_exploring();
            look();
            store();
            loom::explore();
        });
    }

    /// An exchange that fails: loom counts it among the read-modify-writes, and it leaves nothing behind.
    fn access(&self) {
        let relaxed = Ordering::Relaxed;
        let _ = self.0.compare_exchange(true, true, relaxed, relaxed);
    }
}

trait Recordable: Copy {
    /// For an exchange of a value for itself, which reads the newest value and changes nothing.
    const ANY: Self;

    fn value(self) -> Value;
}

macro_rules! atomic {
    ($(#[$doc:meta])* $name:ident $(<$g:ident>)?, $t:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name $(<$g>)? {
            /// In a cell only for `get_mut`: see there.
            inner: std::cell::UnsafeCell<loom::sync::atomic::$name $(<$g>)?>,
            /// The value that `get_mut` lent out, until the next operation puts it back.
            lent: std::cell::Cell<Option<$t>>,
            memory: Memory,
            life: Life,
            id: ObjectId,
        }

        // SAFETY: the cells are touched between operations of loom, when only one thread of the model runs.
        // What the atomic holds is an integer, a boolean or a pointer, which std's atomics share too.
        unsafe impl $(<$g>)? Send for $name $(<$g>)? {}
        // SAFETY: see above.
        unsafe impl $(<$g>)? Sync for $name $(<$g>)? {}

        impl $(<$g>)? $name $(<$g>)? {
            /// An atomic that holds `value`.
            #[track_caller]
            pub fn new(value: $t) -> Self {
                let id = recorder::object(stringify!($name), value.value(), Location::caller());
                Self {
                    inner: std::cell::UnsafeCell::new(loom::sync::atomic::$name::new(value)),
                    lent: std::cell::Cell::new(None),
                    memory: Memory::new(),
                    life: Life::of(id),
                    id,
                }
            }

            /// [`new`](Self::new), with the name that the dry run calls it by. It has no counterpart in the real face:
            /// it is for what a model itself makes.
            #[track_caller]
            pub fn named(name: &str, value: $t) -> Self {
                let this = Self::new(value);
                recorder::name(this.id, name);
                this
            }

            /// Loom's atomic, with what `get_mut` lent out put back.
            #[track_caller]
            fn raw(&self, name: &'static str) -> &loom::sync::atomic::$name $(<$g>)? {
                self.life.check(name, Location::caller());
                if let Some(value) = self.lent.take() {
                    // SAFETY: `lent` is filled by `get_mut` only, whose exclusive borrow has ended or we
                    // would not be called; between two operations of loom no other thread looks.
                    let inner = unsafe { &mut *self.inner.get() };
                    recorder::step(self.pending("get_mut", Location::caller()), || {
                        *inner = loom::sync::atomic::$name::new(value);
                    });
                    recorder::with_object(self.id, |atomic| atomic.newest = value.value());
                }
                // SAFETY: from here on the cell is only shared, until the next exclusive borrow.
                unsafe { &*self.inner.get() }
            }

            fn pending(&self, name: &'static str, place: Place) -> Pending {
                Pending::new(name, Some(self.id), place)
            }

            /// Reads the value: any that this thread may still see.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $t {
                let place = Location::caller();
                let raw = self.raw("load");
                let newest_only = recorder::session().newest_only;
                let got = self.memory.step(self.pending("load", place), || {
                    if newest_only {
                        let any = <$t>::ANY;
                        raw.compare_exchange(any, any, order, order).unwrap_or_else(|found| found)
                    } else {
                        raw.load(order)
                    }
                });
                let newest = recorder::with_object(self.id, |atomic| atomic.newest);
                let effect = Effect::Load { got: got.value(), newest, order };
                recorder::happened(effect, Some(self.id), place);
                got
            }

            /// Replaces the value.
            #[track_caller]
            pub fn store(&self, value: $t, order: Ordering) {
                let place = Location::caller();
                let raw = self.raw("store");
                let relaxed = Ordering::Relaxed;
                let any = <$t>::ANY;
                let look = || {
                    let _ = raw.compare_exchange(any, any, relaxed, relaxed);
                };
                let store = || raw.store(value, order);
                self.memory.store(self.pending("store", place), look, store);
                recorder::with_object(self.id, |atomic| atomic.newest = value.value());
                let effect = Effect::Store { value: value.value(), order };
                recorder::happened(effect, Some(self.id), place);
            }

            /// Replaces the value and gives the old one.
            #[track_caller]
            pub fn swap(&self, value: $t, order: Ordering) -> $t {
                self.update("swap", value, order, |raw| raw.swap(value, order), |_| value)
            }

            #[track_caller]
            fn update(
                &self,
                name: &'static str,
                argument: $t,
                order: Ordering,
                operation: impl FnOnce(&loom::sync::atomic::$name $(<$g>)?) -> $t,
                new: impl FnOnce($t) -> $t,
            ) -> $t {
                let place = Location::caller();
                let raw = self.raw(name);
                let old = self.memory.step(self.pending(name, place), || operation(raw));
                let new = new(old).value();
                recorder::with_object(self.id, |atomic| atomic.newest = new);
                let (argument, old_value) = (argument.value(), old.value());
                let effect = Effect::Update { name, argument, old: old_value, new, order };
                recorder::happened(effect, Some(self.id), place);
                old
            }

            /// Replaces the value if it is `expected`.
            ///
            /// # Errors
            /// Gives the value found, if it was another one.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                expected: $t,
                new: $t,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$t, $t> {
                self.exchange("compare_exchange", expected, new, success, failure)
            }

            /// [`compare_exchange`](Self::compare_exchange), which on some machines may fail though the value
            /// is `expected`. In the model it never does.
            ///
            /// # Errors
            /// Gives the value found, if it was another one.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                expected: $t,
                new: $t,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$t, $t> {
                self.exchange("compare_exchange_weak", expected, new, success, failure)
            }

            #[track_caller]
            fn exchange(
                &self,
                name: &'static str,
                expected: $t,
                new: $t,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$t, $t> {
                let place = Location::caller();
                let raw = self.raw(name);
                let result = self.memory.step(self.pending(name, place), || {
                    raw.compare_exchange(expected, new, success, failure)
                });
                if result.is_ok() {
                    recorder::with_object(self.id, |atomic| atomic.newest = new.value());
                }
                let effect = Effect::Exchange {
                    name,
                    expected: expected.value(),
                    new: new.value(),
                    found: result.map(Recordable::value).map_err(Recordable::value),
                    order: if result.is_ok() { success } else { failure },
                };
                recorder::happened(effect, Some(self.id), place);
                result
            }

            /// Replaces the value by what `f` makes of it, as often as another thread comes in between.
            ///
            /// # Errors
            /// Gives the value found, if `f` made `None` of it.
            #[track_caller]
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                mut f: impl FnMut($t) -> Option<$t>,
            ) -> Result<$t, $t> {
                let mut found = self.load(failure);
                while let Some(new) = f(found) {
                    match self.compare_exchange_weak(found, new, success, failure) {
                        Ok(old) => return Ok(old),
                        Err(newer) => found = newer,
                    }
                }
                Err(found)
            }

            /// A plain reference: `&mut self` proves that nobody else is looking.
            #[track_caller]
            pub fn get_mut(&mut self) -> &mut $t {
                self.life.check("get_mut", Location::caller());
                let value = self.lent.take().unwrap_or_else(|| {
                    let pending = self.pending("get_mut", Location::caller());
                    let inner = self.inner.get_mut();
                    // SAFETY: `&mut self`: no other thread writes. Loom checks it.
                    recorder::step(pending, || unsafe { inner.unsync_load() })
                });
                self.lent.set(Some(value));
                self.lent.get_mut().as_mut().expect("it was set in the line above")
            }

            /// Takes the value out.
            #[track_caller]
            pub fn into_inner(mut self) -> $t {
                *self.get_mut()
            }
        }

        impl $(<$g>)? From<$t> for $name $(<$g>)? {
            #[track_caller]
            fn from(value: $t) -> Self {
                Self::new(value)
            }
        }
    };
}

macro_rules! integers {
    ($($name:ident $t:ty),* $(,)?) => { $(
        impl Recordable for $t {
            const ANY: Self = 0;

            fn value(self) -> Value {
                Value::Int(self as i128)
            }
        }

        atomic!(
            #[doc = concat!("[`std::sync::atomic::", stringify!($name), "`] under the model.")]
            $name, $t
        );

        impl $name {
            /// Adds, wrapping around, and gives the old value.
            #[track_caller]
            pub fn fetch_add(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_add", n, order, |raw| raw.fetch_add(n, order), |old| old.wrapping_add(n))
            }

            /// Subtracts, wrapping around, and gives the old value.
            #[track_caller]
            pub fn fetch_sub(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_sub", n, order, |raw| raw.fetch_sub(n, order), |old| old.wrapping_sub(n))
            }

            /// Bitwise and; gives the old value.
            #[track_caller]
            pub fn fetch_and(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_and", n, order, |raw| raw.fetch_and(n, order), |old| old & n)
            }

            /// Bitwise or; gives the old value.
            #[track_caller]
            pub fn fetch_or(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_or", n, order, |raw| raw.fetch_or(n, order), |old| old | n)
            }

            /// Bitwise exclusive or; gives the old value.
            #[track_caller]
            pub fn fetch_xor(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_xor", n, order, |raw| raw.fetch_xor(n, order), |old| old ^ n)
            }

            /// The larger of the two stays; gives the old value.
            #[track_caller]
            pub fn fetch_max(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_max", n, order, |raw| raw.fetch_max(n, order), |old| old.max(n))
            }

            /// The smaller of the two stays; gives the old value.
            #[track_caller]
            pub fn fetch_min(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_min", n, order, |raw| raw.fetch_min(n, order), |old| old.min(n))
            }
        }

        impl Default for $name {
            #[track_caller]
            fn default() -> Self {
                Self::new(0)
            }
        }
    )* };
}

integers!(
    AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize,
    AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize,
);

impl Recordable for bool {
    const ANY: Self = false;

    fn value(self) -> Value {
        Value::Bool(self)
    }
}

atomic!(
    /// [`std::sync::atomic::AtomicBool`] under the model.
    AtomicBool, bool
);

impl AtomicBool {
    /// Logical and; gives the old value.
    #[track_caller]
    pub fn fetch_and(&self, b: bool, order: Ordering) -> bool {
        self.update(
            "fetch_and",
            b,
            order,
            |raw| raw.fetch_and(b, order),
            |old| old & b,
        )
    }

    /// Logical or; gives the old value.
    #[track_caller]
    pub fn fetch_or(&self, b: bool, order: Ordering) -> bool {
        self.update(
            "fetch_or",
            b,
            order,
            |raw| raw.fetch_or(b, order),
            |old| old | b,
        )
    }

    /// Logical exclusive or; gives the old value.
    #[track_caller]
    pub fn fetch_xor(&self, b: bool, order: Ordering) -> bool {
        self.update(
            "fetch_xor",
            b,
            order,
            |raw| raw.fetch_xor(b, order),
            |old| old ^ b,
        )
    }
}

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

impl<T> Recordable for *mut T {
    const ANY: Self = std::ptr::null_mut();

    fn value(self) -> Value {
        Value::Pointer(self.addr())
    }
}

atomic!(
    /// [`std::sync::atomic::AtomicPtr`] under the model.
    AtomicPtr<T>, *mut T
);

impl<T> Default for AtomicPtr<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(std::ptr::null_mut())
    }
}

/// What `futex` needs of a word.
impl AtomicU32 {
    pub(super) fn id(&self) -> ObjectId {
        self.id
    }

    /// Reads the newest value, in a step that depends on every other one on the same word and orders nothing:
    /// a relaxed exchange that fails.
    pub(super) fn newest(&self, name: &'static str, place: Place) -> u32 {
        let raw = self.raw(name);
        let newest = recorder::with_object(self.id, |atomic| atomic.newest);
        let other = match newest {
            Value::Int(0) => 1,
            _ => 0,
        };
        let (relaxed, pending) = (Ordering::Relaxed, self.pending(name, place));
        self.memory
            .step(pending, || {
                raw.compare_exchange(other, other, relaxed, relaxed)
            })
            .unwrap_or_else(|found| found)
    }
}
