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
    ($type:ty: $($bounds:tt)+) => {
        $crate::assert_bounds!(@ $type, $($bounds)+)
    };
    (@ $type:ty, ! $bound:ident $(+ $($rest:tt)+)?) => {
        $crate::assert_bounds!(@ $type, $bound, false, "must not be");
        $($crate::assert_bounds!(@ $type, $($rest)+);)?
    };
    (@ $type:ty, $bound:ident $(+ $($rest:tt)+)?) => {
        $crate::assert_bounds!(@ $type, $bound, true, "must be");
        $($crate::assert_bounds!(@ $type, $($rest)+);)?
    };
    (@ $type:ty, $bound:ident, $expected:literal, $verb:literal) => {{
        #[allow(unused_imports, reason = "only where the bound is missing")]
        use $crate::testing::bounds::Otherwise as _;
        let is = <$crate::testing::bounds::Is<$type>>::$bound;
        let (name, bound) = (stringify!($type), stringify!($bound));
        assert!(is == $expected, "{name} {} {bound}", $verb);
    }};
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
