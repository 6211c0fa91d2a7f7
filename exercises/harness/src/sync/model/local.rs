//! Values that each thread of the model has of its own.

use super::recorder;
use harness_report::record::ThreadId;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::rc::Rc;

/// Declares values of which each thread has its own, as [`std::thread_local!`] does.
///
/// A thread's values are dropped at its end, before it can be joined, the last made first; main's too.
#[macro_export]
#[doc(hidden)]
macro_rules! __model_thread_local {
    () => {};
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $t:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::sync::model::thread_local!(@one $(#[$attribute])* $vis $name: $t = $init);
        $($crate::sync::model::thread_local!($($rest)*);)?
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $t:ty = $init:expr $(; $($rest:tt)*)?) => {
        $crate::sync::model::thread_local!(@one $(#[$attribute])* $vis $name: $t = $init);
        $($crate::sync::model::thread_local!($($rest)*);)?
    };
    (@one $(#[$attribute:meta])* $vis:vis $name:ident: $t:ty = $init:expr) => {
        $(#[$attribute])*
        $vis static $name: $crate::sync::model::thread::LocalKey<$t> =
            $crate::sync::model::thread::LocalKey::new(|| $init);
    };
}

pub use __model_thread_local as thread_local;

/// What a thread knows its own value by.
pub struct LocalKey<T: 'static> {
    init: fn() -> T,
}

/// The value of a thread whose values are being dropped is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError;

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("already destroyed")
    }
}

impl Error for AccessError {}

/// A value of a thread.
struct Local {
    thread: ThreadId,
    /// Where the key lies.
    key: usize,
    /// `None` once it is dropped.
    value: Option<Rc<dyn Any>>,
}

// All threads of a model are coroutines of one operating-system thread, which has the list.
std::thread_local! {
    /// The values of this interleaving, in the order in which they were made.
    static LOCALS: RefCell<Vec<Local>> = const { RefCell::new(Vec::new()) };
}

/// A new interleaving begins, without values.
pub(super) fn begin() {
    LOCALS.take();
}

/// The current thread ends, and its values are dropped. What their destructors make is dropped, too.
pub(crate) fn drop_all() {
    let me = recorder::current();
    let last = || {
        LOCALS.with_borrow_mut(|all| {
            let mut mine = all.iter_mut().rev().filter(|local| local.thread == me);
            mine.find_map(|local| local.value.take())
        })
    };
    while let Some(value) = last() {
        drop(value);
    }
}

impl<T: 'static> LocalKey<T> {
    /// For `thread_local!`.
    #[doc(hidden)]
    pub const fn new(init: fn() -> T) -> Self {
        Self { init }
    }

    /// Lends this thread's value, which is made if it has none.
    ///
    /// # Panics
    /// If it is dropped already.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.try_with(f).unwrap_or_else(|error| {
            panic!(
                "cannot access a Thread Local Storage value during or after destruction: {error:?}"
            )
        })
    }

    /// Lends this thread's value, which is made if it has none.
    ///
    /// # Errors
    /// If it is dropped already.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let value = match self.find() {
            Some(value) => value.ok_or(AccessError)?,
            None => self.make(),
        };
        let value = value.downcast_ref::<T>();
        Ok(f(value.expect("a key is of one type")))
    }

    /// This thread's value, if it has been made; `None` within if it is dropped.
    fn find(&'static self) -> Option<Option<Rc<dyn Any>>> {
        let (me, key) = (recorder::current(), std::ptr::from_ref(self).addr());
        LOCALS.with_borrow(|all| {
            let mine = all.iter().find(|local| local.thread == me && local.key == key);
            mine.map(|local| local.value.clone())
        })
    }

    fn make(&'static self) -> Rc<dyn Any> {
        // It may use other values, and the facade.
        let value: Rc<dyn Any> = Rc::new((self.init)());
        let local = Local {
            thread: recorder::current(),
            key: std::ptr::from_ref(self).addr(),
            value: Some(Rc::clone(&value)),
        };
        LOCALS.with_borrow_mut(|all| all.push(local));
        value
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets this thread's value.
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// Returns a copy of this thread's value.
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes this thread's value and leaves the default.
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Replaces this thread's value and returns it.
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Lends this thread's value.
    #[track_caller]
    pub fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Lends this thread's value to be changed.
    #[track_caller]
    pub fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Sets this thread's value.
    #[track_caller]
    pub fn set(&'static self, value: T) {
        self.with(|cell| *cell.borrow_mut() = value);
    }

    /// Takes this thread's value and leaves the default.
    #[track_caller]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Replaces this thread's value and returns it.
    #[track_caller]
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}
