use super::memory::Edge;
use super::recorder;
use crate::place::Place;
use crate::record::{Effect, ObjectId, Reference, Value};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::{fmt, ops};

/// [`std::sync::Arc`] under the model: a reference that is never dropped fails the model as a leak. There is no
/// `Weak`, because loom has none.
///
/// Every clone and every drop is a step, and steps multiply the interleavings: a model whose subject is not
/// the reference count itself does better to share by `thread::scope` or by std's `Arc`.
pub struct Arc<T: ?Sized> {
    inner: ManuallyDrop<loom::sync::Arc<Shared<T>>>,
    /// From each reference that is dropped to the last.
    dropped: std::sync::Arc<Edge>,
    id: ObjectId,
    /// Which of the references it is, in the record.
    reference: usize,
}

/// What the references share.
struct Shared<T: ?Sized> {
    /// Comes first, so that it is dropped first.
    _last: Last,
    value: T,
}

struct Last(std::sync::Arc<Edge>);

impl Drop for Last {
    /// The last reference is dropped, and the value will be, or was taken out.
    fn drop(&mut self) {
        recorder::resumed();
        self.0.acquire();
    }
}

impl<T> Arc<T> {
    /// The first reference to `value`.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let place = Location::caller();
        let id = recorder::object("Arc", Value::Int(1), place);
        let dropped = std::sync::Arc::<Edge>::default();
        let inner = ManuallyDrop::new(loom::sync::Arc::new(Shared {
            _last: Last(std::sync::Arc::clone(&dropped)),
            value,
        }));
        let reference = made("new", id, place);
        Self {
            inner,
            dropped,
            id,
            reference,
        }
    }

    /// [`new`](Self::new), with the name that the dry run calls it by. It has no counterpart in the real face:
    /// it is for what a model itself makes.
    #[track_caller]
    pub fn named(name: &str, value: T) -> Self {
        let this = Self::new(value);
        recorder::name(this.id, name);
        this
    }

    /// Takes the value out, if this is the only reference.
    ///
    /// # Errors
    /// Returns the reference if there are others.
    #[track_caller]
    pub fn try_unwrap(mut this: Self) -> Result<T, Self> {
        let place = Location::caller();
        let (id, reference) = (this.id, this.reference);
        // SAFETY: `this` is forgotten at once, so both are moved and not dropped as well.
        let (inner, dropped) = unsafe {
            (
                ManuallyDrop::take(&mut this.inner),
                std::ptr::read(&raw const this.dropped),
            )
        };
        std::mem::forget(this);
        let result = recorder::step(id.pending("try_unwrap", place), || {
            loom::sync::Arc::try_unwrap(inner)
        });
        dropped.acquire();
        match result {
            Ok(shared) => {
                gone("try_unwrap", id, reference, place);
                Ok(shared.value)
            }
            Err(inner) => Err(Self {
                inner: ManuallyDrop::new(inner),
                dropped,
                id,
                reference,
            }),
        }
    }
}

impl<T: ?Sized> Arc<T> {
    /// The number of references there are now.
    #[track_caller]
    pub fn strong_count(this: &Self) -> usize {
        let place = Location::caller();
        let references = recorder::step(this.id.pending("strong_count", place), || {
            loom::sync::Arc::strong_count(&this.inner)
        });
        this.dropped.acquire();
        count("strong_count", this.id, references, place);
        references
    }

    /// The value itself, if this is the only reference.
    #[track_caller]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        let place = Location::caller();
        let shared = recorder::step(this.id.pending("get_mut", place), || {
            loom::sync::Arc::get_mut(&mut this.inner)
        })?;
        this.dropped.acquire();
        Some(&mut shared.value)
    }

    /// Whether both refer to the same value.
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        loom::sync::Arc::ptr_eq(&this.inner, &other.inner)
    }
}

impl<T: ?Sized> Clone for Arc<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let place = Location::caller();
        let inner = recorder::step(self.id.pending("clone", place), || {
            loom::sync::Arc::clone(&self.inner)
        });
        Self {
            inner: ManuallyDrop::new(inner),
            dropped: std::sync::Arc::clone(&self.dropped),
            id: self.id,
            reference: made("clone", self.id, place),
        }
    }
}

impl<T: ?Sized> Drop for Arc<T> {
    #[track_caller]
    fn drop(&mut self) {
        let place = Location::caller();
        recorder::step(self.id.pending("drop", place), || {
            // SAFETY: this is the destructor: `inner` is not used again.
            unsafe { ManuallyDrop::drop(&mut self.inner) }
        });
        self.dropped.release();
        gone("drop", self.id, self.reference, place);
    }
}

impl<T: ?Sized> ops::Deref for Arc<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.inner.value
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

/// Records a new reference and returns its number.
fn made(name: &'static str, id: ObjectId, place: Place) -> usize {
    let maker = recorder::current();
    let (number, left) = recorder::with_object(id, |arc| {
        let number = arc.references.last().map_or(0, |last| last.number + 1);
        arc.references.push(Reference {
            number,
            made: place,
            maker,
        });
        (number, arc.references.len())
    });
    count(name, id, left, place);
    number
}

/// Records that a reference is gone.
fn gone(name: &'static str, id: ObjectId, reference: usize, place: Place) {
    let left = recorder::with_object(id, |arc| {
        arc.references.retain(|other| other.number != reference);
        arc.references.len()
    });
    count(name, id, left, place);
}

fn count(name: &'static str, id: ObjectId, count: usize, place: Place) {
    recorder::happened(Effect::Count { name, count }, Some(id), place);
}
