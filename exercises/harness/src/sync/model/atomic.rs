//! Atomics with the API of std's, every operation recorded with its values.

use super::life::Life;
use super::meeting::Meeting;
use super::memory::{self, Found};
use super::recorder;
use super::thread;
use crate::place::Place;
use crate::record::{Effect, ObjectId, Pending, ThreadId, Value};
use std::panic::Location;
pub use std::sync::atomic::Ordering;

/// An atomic fence.
///
/// # Panics
/// If `order` is `Relaxed`.
#[track_caller]
pub fn fence(order: Ordering) {
    let place = Location::caller();
    assert_ne!(
        order,
        Ordering::Relaxed,
        "there is no such thing as a relaxed fence"
    );
    let me = recorder::current();
    let pending = Pending::new("fence", None, place);
    recorder::step(pending, || memory::fence(me, order));
    recorder::happened(Effect::Fence(order), None, place);
}

const WEAK: &str = "compare_exchange_weak";

trait Recordable: Copy {
    fn value(self) -> Value;

    /// How the memory keeps it.
    fn into_bits(self) -> u64;
    fn from_bits(bits: u64) -> Self;
}

macro_rules! atomic {
    ($(#[$doc:meta])* $name:ident $(<$g:ident>)?, $t:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name $(<$g>)? {
            memory: memory::Location,
            /// The value that `get_mut` lent out, until the next operation puts it back.
            lent: std::cell::Cell<Option<$t>>,
            life: Life,
            id: ObjectId,
        }

        // SAFETY: the cell is touched between operations of loom, when only one thread of the model runs.
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
                    memory: memory::Location::new(value.into_bits()),
                    lent: std::cell::Cell::new(None),
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

            /// One operation on the memory, by this thread, with what `get_mut` lent out put back.
            fn step<R>(
                &self,
                name: &'static str,
                place: Place,
                operation: impl FnOnce(&memory::Location, ThreadId) -> R,
            ) -> R {
                self.life.check(name, place);
                if let Some(value) = self.lent.take() {
                    self.memory.put_back(value.into_bits());
                    recorder::with_object(self.id, |atomic| atomic.newest = value.value());
                }
                let me = recorder::current();
                let pending = Pending::new(name, Some(self.id), place);
                recorder::step(pending, || operation(&self.memory, me))
            }

            /// Notes what an operation did.
            fn happened(&self, newest: u64, effect: Effect, place: Place) {
                recorder::with_object(self.id, |atomic| atomic.newest = <$t>::from_bits(newest).value());
                recorder::happened(effect, Some(self.id), place);
            }

            /// Reads the value: any that this thread may still see.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $t {
                let place = Location::caller();
                let Found { bits, newest } = self.step("load", place, |memory, me| memory.load(me, order));
                let got = <$t>::from_bits(bits);
                // Stale if it is not the newest.
                let effect = Effect::Load {
                    got: got.value(),
                    newest: <$t>::from_bits(newest).value(),
                    order,
                };
                self.happened(newest, effect, place);
                got
            }

            /// Replaces the value.
            #[track_caller]
            pub fn store(&self, value: $t, order: Ordering) {
                let place = Location::caller();
                let bits = value.into_bits();
                let found = self.step("store", place, |memory, me| memory.store(me, bits, order));
                let effect = Effect::Store { value: value.value(), order };
                self.happened(found.newest, effect, place);
            }

            /// Replaces the value and gives the old one.
            #[track_caller]
            pub fn swap(&self, value: $t, order: Ordering) -> $t {
                self.update("swap", value, order, |_| value)
            }

            #[track_caller]
            fn update(
                &self,
                name: &'static str,
                argument: $t,
                order: Ordering,
                new: impl Fn($t) -> $t,
            ) -> $t {
                let place = Location::caller();
                let change = |bits| Some(new(<$t>::from_bits(bits)).into_bits());
                let found = self.step(name, place, |memory, me| memory.update(me, order, order, change));
                let (Ok(Found { bits, newest }) | Err(Found { bits, newest })) = found;
                let old = <$t>::from_bits(bits);
                let effect = Effect::Update {
                    name,
                    argument: argument.value(),
                    old: old.value(),
                    new: new(old).value(),
                    order,
                };
                self.happened(newest, effect, place);
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
            /// is `expected`. In the model it does where [`Model::spurious_failures`](crate::Model::spurious_failures)
            /// asks for it.
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
                self.exchange(WEAK, expected, new, success, failure)
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
                if recorder::interrupts_exchange() {
                    thread::let_others_run(name, place);
                }
                let (old, bits) = (expected.into_bits(), new.into_bits());
                let change = |found| (found == old).then_some(bits);
                let found = self.step(name, place, |memory, me| {
                    if name == WEAK {
                        memory.update_weakly(me, success, failure, change)
                    } else {
                        memory.update(me, success, failure, change)
                    }
                });
                let (Ok(Found { newest, .. }) | Err(Found { newest, .. })) = found;
                let value = |found: Found| <$t>::from_bits(found.bits);
                let result = found.map(value).map_err(value);
                let effect = Effect::Exchange {
                    name,
                    expected: expected.value(),
                    new: new.value(),
                    found: result.map(Recordable::value).map_err(Recordable::value),
                    newest: <$t>::from_bits(newest).value(),
                    order: if result.is_ok() { success } else { failure },
                };
                self.happened(newest, effect, place);
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
                let value = self.lent.take().unwrap_or_else(|| {
                    let bits = self.step("get_mut", Location::caller(), |memory, me| memory.borrow(me));
                    <$t>::from_bits(bits)
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
            fn value(self) -> Value {
                Value::Int(self as i128)
            }

            fn into_bits(self) -> u64 {
                self as u64
            }

            fn from_bits(bits: u64) -> Self {
                bits as Self
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
                self.update("fetch_add", n, order, |old| old.wrapping_add(n))
            }

            /// Subtracts, wrapping around, and gives the old value.
            #[track_caller]
            pub fn fetch_sub(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_sub", n, order, |old| old.wrapping_sub(n))
            }

            /// Bitwise and; gives the old value.
            #[track_caller]
            pub fn fetch_and(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_and", n, order, |old| old & n)
            }

            /// Bitwise or; gives the old value.
            #[track_caller]
            pub fn fetch_or(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_or", n, order, |old| old | n)
            }

            /// Bitwise exclusive or; gives the old value.
            #[track_caller]
            pub fn fetch_xor(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_xor", n, order, |old| old ^ n)
            }

            /// The larger of the two stays; gives the old value.
            #[track_caller]
            pub fn fetch_max(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_max", n, order, |old| old.max(n))
            }

            /// The smaller of the two stays; gives the old value.
            #[track_caller]
            pub fn fetch_min(&self, n: $t, order: Ordering) -> $t {
                self.update("fetch_min", n, order, |old| old.min(n))
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
    fn value(self) -> Value {
        Value::Bool(self)
    }

    fn into_bits(self) -> u64 {
        self.into()
    }

    fn from_bits(bits: u64) -> Self {
        bits != 0
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
        self.update("fetch_and", b, order, |old| old & b)
    }

    /// Logical or; gives the old value.
    #[track_caller]
    pub fn fetch_or(&self, b: bool, order: Ordering) -> bool {
        self.update("fetch_or", b, order, |old| old | b)
    }

    /// Logical exclusive or; gives the old value.
    #[track_caller]
    pub fn fetch_xor(&self, b: bool, order: Ordering) -> bool {
        self.update("fetch_xor", b, order, |old| old ^ b)
    }
}

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

impl<T> Recordable for *mut T {
    fn value(self) -> Value {
        Value::Pointer(self.addr())
    }

    fn into_bits(self) -> u64 {
        self.expose_provenance() as u64
    }

    fn from_bits(bits: u64) -> Self {
        std::ptr::with_exposed_provenance_mut(bits as usize)
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

    /// What all that is done to it has in common in loom's eyes.
    pub(super) fn meeting(&self) -> Meeting {
        self.memory.meeting()
    }

    /// Reads the newest value, and orders nothing by it.
    pub(super) fn newest(&self, name: &'static str, place: Place) -> u32 {
        u32::from_bits(self.step(name, place, |memory, me| memory.newest(me)))
    }
}
