//! Atomics with the API of std's, every operation recorded with its values.

use super::life::Life;
use super::meeting::Meeting;
use super::memory::{self, Found};
use super::recorder::{self, Turn};
use super::thread;
use harness_report::place::Place;
use harness_report::record::{Effect, ObjectId, Pending, Source, ThreadId, Value};
use std::panic::Location;
pub use std::sync::atomic::Ordering;

/// An atomic fence.
///
/// # Panics
/// If `order` is `Relaxed`.
#[track_caller]
pub fn fence(order: Ordering) {
    let place = Location::caller();
    assert_ne!(order, Ordering::Relaxed, "there is no such thing as a relaxed fence");
    let me = recorder::current();
    let pending = Pending::new("fence", None, place);
    let turn = if order == Ordering::SeqCst { Turn::Runs } else { Turn::Stays };
    recorder::step_that(turn, pending, || memory::fence(me, order));
    recorder::happened(Effect::Fence(order), None, place);
}

const WEAK: &str = "compare_exchange_weak";

trait Recordable: Copy {
    fn value(self) -> Value;

    /// How the memory keeps it.
    fn into_bits(self) -> u64;
    fn from_bits(bits: u64) -> Self;
}

/// An atomic as its bits: what all of them do, compiled once and not for each type.
#[derive(Debug)]
struct Bits {
    memory: memory::Location,
    life: Life,
    id: ObjectId,
    /// What the dry run shows of the bits.
    show: fn(u64) -> Value,
}

impl Bits {
    fn new(type_name: &'static str, bits: u64, show: fn(u64) -> Value, place: Place) -> Self {
        let id = recorder::object(type_name, show(bits), place);
        let shown = memory::ShownAs { object: id.index(), show };
        Self { memory: memory::Location::new(bits, shown), life: Life::of(id), id, show }
    }

    /// Puts back what `get_mut` lent out.
    fn put_back(&self, bits: u64) {
        self.memory.put_back(bits);
        recorder::with_object(self.id, |atomic| atomic.newest = (self.show)(bits));
    }

    /// One operation on the memory, by this thread, which may choose what it finds.
    fn step<R>(
        &self,
        name: &'static str,
        place: Place,
        chooses: impl FnOnce(&memory::Location, ThreadId) -> bool,
        operation: impl FnOnce(&memory::Location, ThreadId) -> R,
    ) -> R {
        let me = recorder::current();
        let pending = Pending::new(name, Some(self.id), place);
        let turn = recorder::turn_of_choice(|| chooses(&self.memory, me));
        recorder::step_that(turn, pending, || operation(&self.memory, me))
    }

    /// Notes what an operation did, and where what it read was written.
    fn happened(&self, newest: u64, effect: Effect, source: Option<Source>, place: Place) {
        recorder::with_object(self.id, |atomic| atomic.newest = (self.show)(newest));
        recorder::accessed(effect, source, self.id, place);
    }

    fn load(&self, order: Ordering, place: Place) -> u64 {
        let Found { bits, newest, source } = self.step(
            "load",
            place,
            |memory, me| memory.load_chooses(me, order),
            |memory, me| memory.load(me, order),
        );
        // Stale if it is not the newest.
        let effect = Effect::Load { got: (self.show)(bits), newest: (self.show)(newest), order };
        self.happened(newest, effect, Some(source), place);
        bits
    }

    fn store(&self, bits: u64, order: Ordering, place: Place) {
        let newest = self.step(
            "store",
            place,
            |memory, me| memory.store_chooses(me, order),
            |memory, me| memory.store(me, bits, order),
        );
        let value = (self.show)(bits);
        self.happened(newest, Effect::Store { value, order }, None, place);
    }

    fn update(
        &self,
        name: &'static str,
        argument: u64,
        order: Ordering,
        new: &dyn Fn(u64) -> u64,
        place: Place,
    ) -> u64 {
        let change = |bits| Some(new(bits));
        let found = self.step(
            name,
            place,
            |memory, me| memory.update_chooses(me, (order, order), change),
            |memory, me| memory.update(me, order, order, change),
        );
        let (Ok(found) | Err(found)) = found;
        let Found { bits, newest, source } = found;
        let effect = Effect::Update {
            name,
            argument: (self.show)(argument),
            old: (self.show)(bits),
            new: (self.show)(new(bits)),
            order,
        };
        self.happened(newest, effect, Some(source), place);
        bits
    }

    fn exchange(
        &self,
        name: &'static str,
        [expected, new]: [u64; 2],
        [success, failure]: [Ordering; 2],
        place: Place,
    ) -> Result<u64, u64> {
        if recorder::interrupts_exchange() {
            thread::let_others_run(name, place);
        }
        let change = |found| (found == expected).then_some(new);
        let found = self.step(
            name,
            place,
            |memory, me| {
                memory.update_chooses(me, (success, failure), change)
                    || name == WEAK && memory.load_chooses(me, failure)
            },
            |memory, me| {
                if name == WEAK {
                    memory.update_weakly(me, success, failure, change)
                } else {
                    memory.update(me, success, failure, change)
                }
            },
        );
        let (Ok(Found { newest, source, .. }) | Err(Found { newest, source, .. })) = found;
        let result = found.map(|found| found.bits).map_err(|found| found.bits);
        let effect = Effect::Exchange {
            name,
            expected: (self.show)(expected),
            new: (self.show)(new),
            found: result.map(self.show).map_err(self.show),
            newest: (self.show)(newest),
            order: if result.is_ok() { success } else { failure },
        };
        self.happened(newest, effect, Some(source), place);
        result
    }

    fn borrow(&self, place: Place) -> u64 {
        let me = recorder::current();
        let pending = Pending::new("get_mut", Some(self.id), place);
        recorder::step_that(Turn::Stays, pending, || self.memory.borrow(me))
    }
}

macro_rules! atomic {
    ($(#[$doc:meta])* $name:ident $(<$g:ident>)?, $t:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name $(<$g>)? {
            bits: Bits,
            /// The value that `get_mut` lent out, until the next operation puts it back.
            lent: std::cell::Cell<Option<$t>>,
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
                let show = |bits| <$t>::from_bits(bits).value();
                Self {
                    bits: Bits::new(stringify!($name), value.into_bits(), show, Location::caller()),
                    lent: std::cell::Cell::new(None),
                }
            }

            /// [`new`](Self::new), with the name that the dry run calls it by. It has no counterpart in the real face:
            /// it is for what a model itself makes.
            #[track_caller]
            pub fn named(name: &str, value: $t) -> Self {
                let this = Self::new(value);
                recorder::name(this.bits.id, name);
                this
            }

            /// What an operation works on, with what `get_mut` lent out put back. First of all it has to be there still.
            fn bits(&self, name: &'static str, place: Place) -> &Bits {
                self.bits.life.check(name, place);
                if let Some(value) = self.lent.take() {
                    self.bits.put_back(value.into_bits());
                }
                &self.bits
            }

            /// Reads the value: any that this thread may still see.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $t {
                let place = Location::caller();
                <$t>::from_bits(self.bits("load", place).load(order, place))
            }

            /// Replaces the value.
            #[track_caller]
            pub fn store(&self, value: $t, order: Ordering) {
                let place = Location::caller();
                self.bits("store", place).store(value.into_bits(), order, place);
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
                let new = |bits| new(<$t>::from_bits(bits)).into_bits();
                let place = Location::caller();
                let bits = self.bits(name, place);
                let old = bits.update(name, argument.into_bits(), order, &new, place);
                <$t>::from_bits(old)
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
                self.exchange("compare_exchange", [expected, new], [success, failure])
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
                self.exchange(WEAK, [expected, new], [success, failure])
            }

            #[track_caller]
            fn exchange(
                &self,
                name: &'static str,
                values: [$t; 2],
                orders: [Ordering; 2],
            ) -> Result<$t, $t> {
                let values = values.map(Recordable::into_bits);
                let place = Location::caller();
                let found = self.bits(name, place).exchange(name, values, orders, place);
                found.map(<$t>::from_bits).map_err(<$t>::from_bits)
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
                let place = Location::caller();
                let value = self.lent.take().unwrap_or_else(|| {
                    <$t>::from_bits(self.bits("get_mut", place).borrow(place))
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
        self.bits.id
    }

    /// What all that is done to it has in common in loom's eyes.
    pub(super) fn meeting(&self) -> Meeting {
        self.bits.memory.meeting()
    }

    /// Reads the newest value, and orders nothing by it.
    pub(super) fn newest(&self, name: &'static str, place: Place) -> u32 {
        let bits = self.bits(name, place);
        u32::from_bits(bits.step(name, place, |_, _| false, |memory, me| memory.newest(me)))
    }
}
