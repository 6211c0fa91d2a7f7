//! Whether a type is `Send` or `Sync`, as a test asks: a program that relies on a missing bound cannot be compiled, so
//! it cannot be a test.

use std::marker::PhantomData;

/// Requires a type to be, or not to be, `Send` and `Sync`:
///
/// ```
/// # use std::{cell::Cell, rc::Rc};
/// harness::assert_bounds!(Cell<u32>: Send + !Sync);
/// harness::assert_bounds!(Rc<u32>: !Send + !Sync);
/// ```
///
/// # Panics
/// If it is otherwise. The message names the type and the bound.
#[macro_export]
macro_rules! assert_bounds {
    ($type:ty: $($bounds:tt)+) => {{
        #[allow(unused_imports, reason = "used where a bound is missing")]
        use $crate::testing::bounds::{Is, Otherwise as _, require};
        require(
            stringify!($type),
            stringify!($($bounds)+),
            [("Send", Is::<$type>::Send), ("Sync", Is::<$type>::Sync)],
        );
    }};
}

/// Compares the `bounds` that [`assert_bounds!`](crate::assert_bounds) was given with those that the type `has`.
#[track_caller]
pub fn require(name: &str, bounds: &str, has: [(&str, bool); 2]) {
    for bound in bounds.split('+').map(str::trim) {
        let (negated, bound) = match bound.strip_prefix('!') {
            Some(bound) => (true, bound.trim()),
            None => (false, bound),
        };
        let (_, has) = has.iter().find(|(known, _)| *known == bound).expect(bound);
        let verb = if negated { "must not be" } else { "must be" };
        assert!(*has != negated, "{name} {verb} {bound}");
    }
}

/// `Is::<T>::Send` is the constant of the impl that has the bound, where the bound holds, and else the trait's.
pub struct Is<T: ?Sized>(PhantomData<T>);

#[allow(missing_docs, non_upper_case_globals)]
mod constants {
    use super::Is;

    /// What holds for every type.
    pub trait Otherwise {
        const Send: bool = false;
        const Sync: bool = false;
    }

    impl<T: ?Sized> Otherwise for Is<T> {}

    impl<T: ?Sized + Send> Is<T> {
        pub const Send: bool = true;
    }

    impl<T: ?Sized + Sync> Is<T> {
        pub const Sync: bool = true;
    }
}
pub use constants::Otherwise;

#[cfg(test)]
mod tests {
    use crate::testing::assert_panics;
    use std::cell::Cell;
    use std::rc::Rc;
    use std::sync::MutexGuard;

    #[test]
    fn a_bound_too_many_or_too_few_is_rejected() {
        crate::assert_bounds!(u32: Send + Sync);
        crate::assert_bounds!(Cell<u32>: Send + !Sync);
        crate::assert_bounds!(Rc<u32>: !Send + !Sync);
        crate::assert_bounds!(MutexGuard<'static, u32>: Sync);
        assert_panics("u32 must not be Send", || {
            crate::assert_bounds!(u32: !Send);
        });
        assert_panics("Rc<u32> must be Send", || {
            crate::assert_bounds!(Rc<u32>: Send);
        });
        assert_panics("Cell<u32> must be Sync", || {
            crate::assert_bounds!(Cell<u32>: Send + Sync);
        });
        assert_panics("u32 must not be Sync", || {
            crate::assert_bounds!(u32: Send + !Sync);
        });
    }
}
