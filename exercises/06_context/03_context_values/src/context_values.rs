//! The values of a context: an immutable list, whose tail is shared by all that was derived from it.

// You are likely to need:
//   use crate::sync::Arc;
//   use std::any::{Any, TypeId};
use std::marker::PhantomData;

/// Values of a request, found by their types. A context hands them down, from the function that knows them to
/// those that need them.
///
/// A `Values` never changes: [`with`](Self::with) makes another one, with a value more. The new one shares all
/// older values with the one it was made from, and neither is affected by what is made from the other. There
/// is one value of each type to be seen, the newest. What is to have a key of its own needs a type of its own:
/// `struct UserId(u64)`, and not `u64`.
///
/// A map that is cloned for each child copies all it has; this copies nothing.
///
/// ```
/// use context_values::Values;
///
/// #[derive(Debug, PartialEq)]
/// struct UserId(u64);
/// #[derive(Debug, PartialEq)]
/// struct Trace(&'static str);
///
/// let request = Values::new().with(UserId(7));
/// let query = request.with(Trace("query"));
/// assert_eq!(query.get(), Some(&UserId(7)));
/// assert_eq!(query.get(), Some(&Trace("query")));
/// assert_eq!(request.get::<Trace>(), None);
/// assert_eq!(query.without::<UserId>().get::<UserId>(), None);
/// ```
///
/// # Threads
/// Any thread may read, derive, clone and drop at any time, and no call waits for another. A value is dropped
/// by whichever thread drops the last `Values` that has it, shadowed or not. What the others did with the
/// value, before they dropped theirs, happens before its destructor.
pub struct Values {
    // Your fields.
    replace_me: (),
}

// What a list consists of is yours to design. A `Box<dyn Any + Send + Sync>` holds a value of any type, and
// `downcast_ref` lends it if the type is right. (The models' `Arc` holds no `dyn`.)

impl Values {
    /// Makes a list without values.
    pub fn new() -> Self {
        todo!("make an empty list")
    }

    /// Makes a list that has `value`, and all values of this one. An older value of the same type is shadowed.
    ///
    /// Takes the same time and memory however many values there are: at most two allocations.
    #[must_use = "a list never changes: this makes another one"]
    pub fn with<T: Send + Sync + 'static>(&self, value: T) -> Self {
        let _ = (self.replace_me, value);
        todo!("put the value in front of all values of this list")
    }

    /// Makes a list that has all values of this one, except that no value of type `T` is to be seen, however
    /// many there are. A newer one can be put in front by [`with`](Self::with).
    ///
    /// The hidden values are not dropped: they may be shared. Takes the same time and memory as `with`.
    #[must_use = "a list never changes: this makes another one"]
    pub fn without<T: Send + Sync + 'static>(&self) -> Self {
        let _ = PhantomData::<T>;
        todo!("hide what there is of type T")
    }

    /// Returns the newest value of type `T`, or `None` if there is none, or if it is hidden.
    ///
    /// Looks at one value after the other, from the newest to the oldest. It neither waits nor allocates, and
    /// copies nothing: all lists that share a value lend the same one.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        todo!("find the newest value of type T, and lend it")
    }
}

/// Makes a list without values.
impl Default for Values {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a list with the same values, which are shared and not cloned. It allocates nothing.
impl Clone for Values {
    fn clone(&self) -> Self {
        todo!("share all that this list has")
    }
}

/// Drops the values that no other list has, each of them once. It takes no more stack for a million values
/// than for two. If the destructor of one panics, the others are dropped all the same.
impl Drop for Values {
    fn drop(&mut self) {
        // Nothing is dropped yet. There is no `todo!()` here because a failing test drops its lists while it
        // panics, and a second panic aborts the whole test run.
    }
}
