//! Shared mutable memory whose accesses the model checks.

use super::life::Life;
use super::memory::Plain;
use super::recorder::{self, Turn};
use harness_report::place::Place;
use harness_report::record::{Effect, ObjectId, Stop, Value};
use std::panic::Location;

/// [`real::cell::UnsafeCell`](crate::sync::real::cell::UnsafeCell) under the model: two accesses to the whole
/// cell, one of them a write, that no synchronisation orders are a data race and fail the model.
#[derive(Debug)]
pub struct UnsafeCell<T: ?Sized> {
    memory: Plain,
    life: Life,
    id: ObjectId,
    /// Last, so that a cell of an array is a cell of a slice.
    inner: std::cell::UnsafeCell<T>,
}

impl<T> UnsafeCell<T> {
    /// Wraps `value`.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let id = recorder::object("UnsafeCell", Value::Int(0), Location::caller());
        Self {
            memory: Plain::new(),
            life: Life::of(id),
            id,
            inner: std::cell::UnsafeCell::new(value),
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

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// Lends a pointer to read through.
    #[track_caller]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        let place = Location::caller();
        self.access(false, place);
        recorder::happened(Effect::Read, Some(self.id), place);
        let result = f(self.inner.get());
        self.access(false, place);
        result
    }

    /// Lends a pointer to write through.
    #[track_caller]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        let place = Location::caller();
        self.access(true, place);
        recorder::happened(Effect::Write, Some(self.id), place);
        let result = f(self.inner.get());
        self.access(true, place);
        result
    }

    /// A plain reference. `&mut self` proves that no other thread accesses the cell, if handing it over
    /// synchronises; the model checks that.
    #[track_caller]
    pub fn get_mut(&mut self) -> &mut T {
        let data = self.with_mut(|data| data);
        // SAFETY: the pointer comes from the cell, which is borrowed mutably for as long as the reference.
        unsafe { &mut *data }
    }

    /// An access begins, or ends: it must be ordered with all others at both times.
    fn access(&self, writes: bool, place: Place) {
        let name = if writes { "write" } else { "read" };
        self.life.check(name, place);
        let pending = self.id.pending(name, place);
        recorder::step_that(Turn::Stays, pending, || {
            if self.memory.access(writes) {
                recorder::stop(Stop::DataRace);
            }
        });
    }
}

impl<T: Default> Default for UnsafeCell<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}
