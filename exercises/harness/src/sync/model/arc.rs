use super::meeting::Meeting;
use super::memory::Edge;
use super::recorder;
use harness_report::place::Place;
use harness_report::record::{Effect, Object, ObjectId, Reference, Value};
use std::cell::{Cell, UnsafeCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::{fmt, ops};

/// [`std::sync::Arc`] under the model: a reference that is never dropped fails the model as a leak.
///
/// Every clone and every drop is a step, and steps multiply the interleavings: a model whose subject is not
/// the reference count itself does better to share by `thread::scope` or by std's `Arc`.
///
/// The count is the facade's own, because loom's `Arc` has no [`Weak`]. What happens before what is as with std's: the drop
/// of each reference before the value is dropped, taken out, or borrowed by [`get_mut`](Self::get_mut); nothing else.
pub struct Arc<T: ?Sized> {
    /// The memory, which this `Arc` of std's frees. The value in it is dropped earlier.
    shared: std::sync::Arc<Shared<T>>,
    /// Which of the references it is, in the record.
    reference: usize,
}

/// [`std::sync::Weak`] under the model: a reference that does not keep the value alive. It keeps the memory, so one that is
/// never dropped is a leak, too.
pub struct Weak<T: ?Sized> {
    /// Nothing, if it was made by [`Weak::new`].
    shared: Option<std::sync::Arc<Shared<T>>>,
    /// Which of the references it is, in the record.
    reference: usize,
}

// SAFETY: as for any `Arc`, the value is shared between threads and may be dropped by any. The rest is only ever touched by
// the one operating-system thread that runs all threads of the model.
unsafe impl<T: ?Sized + Send + Sync> Send for Arc<T> {}
// SAFETY: see above.
unsafe impl<T: ?Sized + Send + Sync> Sync for Arc<T> {}
// SAFETY: see above.
unsafe impl<T: ?Sized + Send + Sync> Send for Weak<T> {}
// SAFETY: see above.
unsafe impl<T: ?Sized + Send + Sync> Sync for Weak<T> {}

impl<T: ?Sized + std::panic::RefUnwindSafe> std::panic::UnwindSafe for Arc<T> {}
impl<T: ?Sized + std::panic::RefUnwindSafe> std::panic::RefUnwindSafe for Arc<T> {}
impl<T: ?Sized + std::panic::RefUnwindSafe> std::panic::UnwindSafe for Weak<T> {}
impl<T: ?Sized + std::panic::RefUnwindSafe> std::panic::RefUnwindSafe for Weak<T> {}

/// What the references share.
struct Shared<T: ?Sized> {
    strong: Cell<usize>,
    weak: Cell<usize>,
    /// What all operations have in common, in loom's eyes, that another may make fail or succeed: drops, upgrades, and those
    /// that need the only reference. It never has waiters.
    meeting: loom::sync::Condvar,
    /// Making references reads it, counting them writes it: two clones come to the same in either order, and so do a clone
    /// and a drop, for the original is still there.
    counting: Meeting,
    /// From each drop of a reference to who finds that it is the last.
    dropped: Edge,
    /// From each drop of a weak reference to who finds that there is none.
    weak_dropped: Edge,
    id: ObjectId,
    /// Alive as long as `strong` is not 0.
    value: UnsafeCell<ManuallyDrop<T>>,
}

impl<T: ?Sized> Shared<T> {
    /// A step that depends on all others but the making of references.
    fn meet(&self, name: &'static str, place: Place) {
        recorder::step(self.id.pending(name, place), || self.meeting.notify_one());
    }

    /// A step that depends only on counting.
    fn meet_counting(&self, name: &'static str, place: Place) {
        let me = recorder::current();
        recorder::step(self.id.pending(name, place), || self.counting.read(me));
    }

    /// A step that depends on all others.
    fn meet_all(&self, name: &'static str, place: Place) {
        let me = recorder::current();
        recorder::step(self.id.pending(name, place), || {
            self.meeting.notify_one();
            self.counting.write_as_well(me);
        });
    }

    /// A new reference. Returns its number.
    fn made(&self, name: &'static str, place: Place) -> usize {
        self.strong.set(self.strong.get() + 1);
        let count = self.strong.get();
        let number = made(self.id, place, |object| &mut object.references);
        self.happened(Effect::Count { name, count }, place);
        number
    }

    /// A new weak reference. Returns its number.
    fn weak_made(&self, name: &'static str, place: Place) -> usize {
        self.weak.set(self.weak.get() + 1);
        let count = self.weak.get();
        let number = made(self.id, place, |object| &mut object.weak);
        self.happened(Effect::WeakCount { name, count }, place);
        number
    }

    /// A reference is gone. Returns whether it was the last.
    fn gone(&self, name: &'static str, reference: usize, place: Place) -> bool {
        let count = self.strong.get() - 1;
        self.strong.set(count);
        gone(self.id, reference, |object| &mut object.references);
        self.happened(Effect::Count { name, count }, place);
        count == 0
    }

    fn happened(&self, effect: Effect, place: Place) {
        recorder::happened(effect, Some(self.id), place);
    }
}

impl<T> Arc<T> {
    /// The first reference to `value`.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let place = Location::caller();
        let shared = std::sync::Arc::new(Shared {
            strong: Cell::new(0),
            weak: Cell::new(0),
            meeting: loom::sync::Condvar::new(),
            counting: Meeting::new(),
            dropped: Edge::default(),
            weak_dropped: Edge::default(),
            id: recorder::object("Arc", Value::Int(1), place),
            value: UnsafeCell::new(ManuallyDrop::new(value)),
        });
        let reference = shared.made("new", place);
        Self { shared, reference }
    }

    /// [`new`](Self::new), with the name that the dry run calls it by. It has no counterpart in the real face:
    /// it is for what a model itself makes.
    #[track_caller]
    pub fn named(name: &str, value: T) -> Self {
        let this = Self::new(value);
        recorder::name(this.shared.id, name);
        this
    }

    /// Takes the value out, if this is the only reference. Weak references do not count.
    ///
    /// # Errors
    /// Returns the reference if there are others.
    #[track_caller]
    pub fn try_unwrap(this: Self) -> Result<T, Self> {
        let place = Location::caller();
        let name = "try_unwrap";
        this.shared.meet(name, place);
        if this.shared.strong.get() > 1 {
            return Err(this);
        }
        Ok(this.take(name, place).expect("it is the only reference"))
    }

    /// Drops the reference, and takes the value out if it was the last. Of several threads that do so, exactly one gets it.
    #[track_caller]
    pub fn into_inner(this: Self) -> Option<T> {
        let place = Location::caller();
        let name = "into_inner";
        this.shared.meet(name, place);
        this.take(name, place)
    }

    /// Ends the reference, in a step that has been taken, and takes the value out if it was the last.
    fn take(self, name: &'static str, place: Place) -> Option<T> {
        let reference = self.reference;
        // SAFETY: `self` is forgotten at once, so its field is moved and not dropped as well.
        let shared = unsafe { std::ptr::read(&raw const self.shared) };
        std::mem::forget(self);
        shared.dropped.release();
        shared.gone(name, reference, place).then(|| {
            shared.dropped.acquire();
            // SAFETY: that was the last reference, so nobody else reaches the value now, nor will: `upgrade` fails, and
            // what drops the value is the drop of a reference.
            unsafe { ManuallyDrop::take(&mut *shared.value.get()) }
        })
    }
}

impl<T: ?Sized> Arc<T> {
    /// A reference to the value that does not keep it alive.
    #[track_caller]
    pub fn downgrade(this: &Self) -> Weak<T> {
        let place = Location::caller();
        let name = "downgrade";
        this.shared.meet_counting(name, place);
        Weak {
            reference: this.shared.weak_made(name, place),
            shared: Some(std::sync::Arc::clone(&this.shared)),
        }
    }

    /// The number of references there are now. Weak ones do not count.
    #[track_caller]
    pub fn strong_count(this: &Self) -> usize {
        let place = Location::caller();
        let name = "strong_count";
        this.shared.meet_all(name, place);
        let count = this.shared.strong.get();
        this.shared.happened(Effect::Count { name, count }, place);
        count
    }

    /// The number of weak references there are now.
    #[track_caller]
    pub fn weak_count(this: &Self) -> usize {
        let place = Location::caller();
        let name = "weak_count";
        this.shared.meet_all(name, place);
        let count = this.shared.weak.get();
        this.shared.happened(Effect::WeakCount { name, count }, place);
        count
    }

    /// The value itself, if this is the only reference, weak ones included.
    #[track_caller]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        this.shared.meet("get_mut", Location::caller());
        let shared = &this.shared;
        if shared.strong.get() > 1 || shared.weak.get() > 0 {
            return None;
        }
        shared.dropped.acquire();
        shared.weak_dropped.acquire();
        // SAFETY: it is the only reference and borrowed mutably, so nobody else reaches the value.
        Some(unsafe { &mut *shared.value.get() })
    }

    /// Whether both refer to the same value.
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        std::sync::Arc::ptr_eq(&this.shared, &other.shared)
    }
}

impl<T: ?Sized> Clone for Arc<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let place = Location::caller();
        self.shared.meet_counting("clone", place);
        Self {
            reference: self.shared.made("clone", place),
            shared: std::sync::Arc::clone(&self.shared),
        }
    }
}

impl<T: ?Sized> Drop for Arc<T> {
    #[track_caller]
    fn drop(&mut self) {
        let place = Location::caller();
        self.shared.meet("drop", place);
        self.shared.dropped.release();
        if self.shared.gone("drop", self.reference, place) {
            self.shared.dropped.acquire();
            // SAFETY: that was the last reference, so nobody else reaches the value now, nor will: `upgrade` fails.
            unsafe { ManuallyDrop::drop(&mut *self.shared.value.get()) }
        }
    }
}

impl<T: ?Sized> ops::Deref for Arc<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: this reference keeps the value alive, and as long as it is borrowed nobody borrows the value mutably.
        unsafe { &*self.shared.value.get() }
    }
}

impl<T> Weak<T> {
    /// A reference to nothing.
    pub const fn new() -> Self {
        Self { shared: None, reference: 0 }
    }
}

impl<T: ?Sized> Weak<T> {
    /// A reference to the value, if there still is one that keeps it alive.
    #[track_caller]
    pub fn upgrade(&self) -> Option<Arc<T>> {
        let place = Location::caller();
        let shared = self.shared.as_ref()?;
        let name = "upgrade";
        shared.meet(name, place);
        if shared.strong.get() == 0 {
            shared.happened(Effect::UpgradeFails, place);
            return None;
        }
        shared.dropped.acquire();
        Some(Arc { reference: shared.made(name, place), shared: std::sync::Arc::clone(shared) })
    }

    /// The number of references that keep the value alive now.
    #[track_caller]
    pub fn strong_count(&self) -> usize {
        let place = Location::caller();
        let name = "strong_count";
        let Some(shared) = &self.shared else { return 0 };
        shared.meet_all(name, place);
        let count = shared.strong.get();
        shared.happened(Effect::Count { name, count }, place);
        count
    }

    /// The number of weak references there are now; 0 if the value is dropped.
    #[track_caller]
    pub fn weak_count(&self) -> usize {
        let place = Location::caller();
        let name = "weak_count";
        let Some(shared) = &self.shared else { return 0 };
        shared.meet_all(name, place);
        let count = if shared.strong.get() == 0 { 0 } else { shared.weak.get() };
        shared.happened(Effect::WeakCount { name, count }, place);
        count
    }

    /// Whether both refer to the same value, or both to nothing.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        match (&self.shared, &other.shared) {
            (Some(mine), Some(theirs)) => std::sync::Arc::ptr_eq(mine, theirs),
            (mine, theirs) => mine.is_none() && theirs.is_none(),
        }
    }
}

impl<T: ?Sized> Clone for Weak<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let place = Location::caller();
        let name = "clone";
        let reference = self.shared.as_ref().map_or(0, |shared| {
            shared.meet_counting(name, place);
            shared.weak_made(name, place)
        });
        Self { shared: self.shared.clone(), reference }
    }
}

impl<T: ?Sized> Drop for Weak<T> {
    #[track_caller]
    fn drop(&mut self) {
        let place = Location::caller();
        let name = "drop";
        if let Some(shared) = &self.shared {
            shared.meet(name, place);
            shared.weak_dropped.release();
            let count = shared.weak.get() - 1;
            shared.weak.set(count);
            gone(shared.id, self.reference, |object| &mut object.weak);
            shared.happened(Effect::WeakCount { name, count }, place);
        }
    }
}

impl<T> Default for Weak<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Default> Default for Arc<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> fmt::Debug for Weak<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(Weak)")
    }
}

/// Records a new reference and returns its number.
fn made(
    id: ObjectId,
    place: Place,
    list: impl FnOnce(&mut Object) -> &mut Vec<Reference>,
) -> usize {
    let maker = recorder::current();
    recorder::with_object(id, |arc| {
        let list = list(arc);
        let number = list.last().map_or(0, |last| last.number + 1);
        list.push(Reference { number, made: place, maker });
        number
    })
}

/// Records that a reference is gone.
fn gone(id: ObjectId, reference: usize, list: impl FnOnce(&mut Object) -> &mut Vec<Reference>) {
    recorder::with_object(id, |arc| {
        list(arc).retain(|other| other.number != reference);
    });
}
