//! The data behind a lock, as far as a row can show it.

use harness_report::record::{Shown, Value};
use std::any::TypeId;
use std::marker::PhantomData;

/// What `data` is, if its type is a number, a `bool`, a `char`, or an option or a pair of such.
///
/// The facade's locks accept every type, as std's do, so there is no trait to ask.
pub(super) fn shown<T: ?Sized>(data: &T) -> Option<Shown> {
    let data = Data { id: type_id::<T>(), data };
    macro_rules! one_of {
        ($($t:ty)*) => { $(
            if let Some(&value) = data.get::<$t>() {
                return Some(Shown::One(value.into_value()));
            }
            if let Some(&value) = data.get::<Option<$t>>() {
                return Some(Shown::Option(value.map(Plain::into_value)));
            }
        )* };
    }
    macro_rules! pairs {
        ($($a:ty, $b:ty;)*) => { $(
            if let Some(&(a, b)) = data.get::<($a, $b)>() {
                return Some(Shown::Two(a.into_value(), b.into_value()));
            }
        )* };
    }
    one_of!(usize u32 bool u64 i32 i64 isize u8 u16 i8 i16 char);
    pairs!(
        usize, usize; usize, bool; bool, usize; bool, bool; usize, u32; u32, usize;
        u32, u32; u32, bool; bool, u32; u64, u64; u64, bool; bool, u64; i32, i32; i32, bool; bool, i32;
        i64, i64;
    );
    None
}

trait Plain {
    fn into_value(self) -> Value;
}

macro_rules! numbers {
    ($($t:ty)*) => { $(
        impl Plain for $t {
            fn into_value(self) -> Value {
                Value::Int(self as i128)
            }
        }
    )* };
}

numbers!(usize u32 u64 i32 i64 isize u8 u16 i8 i16);

impl Plain for bool {
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl Plain for char {
    fn into_value(self) -> Value {
        Value::Char(self)
    }
}

struct Data<'a, T: ?Sized> {
    id: TypeId,
    data: &'a T,
}

impl<T: ?Sized> Data<'_, T> {
    /// The data, if it is a `U`.
    fn get<U: 'static>(&self) -> Option<&U> {
        // SAFETY: `U` names no lifetime, so a type that has its id is `U` itself.
        (self.id == TypeId::of::<U>()).then(|| unsafe { &*std::ptr::from_ref(self.data).cast() })
    }
}

/// The id that `T` has if its lifetimes are left out.
fn type_id<T: ?Sized>() -> TypeId {
    trait Typed {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T: ?Sized> Typed for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let typed: &dyn Typed = &PhantomData::<T>;
    // SAFETY: the two types differ in a lifetime bound only. `id` looks at no value, and the compiler generates it without
    // knowing of lifetimes.
    let typed: &(dyn Typed + 'static) = unsafe { std::mem::transmute(typed) };
    typed.id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_shown() {
        let int = |i| Value::Int(i);
        assert_eq!(shown(&7_usize), Some(Shown::One(int(7))));
        assert_eq!(shown(&-7_i8), Some(Shown::One(int(-7))));
        assert_eq!(shown(&true), Some(Shown::One(Value::Bool(true))));
        assert_eq!(shown(&'x'), Some(Shown::One(Value::Char('x'))));
        assert_eq!(shown(&Some(7_u64)), Some(Shown::Option(Some(int(7)))));
        assert_eq!(shown(&None::<u64>), Some(Shown::Option(None)));
        let pair = Shown::Two(int(7), Value::Bool(false));
        assert_eq!(shown(&(7_u32, false)), Some(pair));
    }

    #[test]
    fn what_is_not_plain_is_not_shown() {
        struct OfTheSameSize(#[expect(dead_code, reason = "only its type counts")] u64);
        let local = 7_u64;
        assert_eq!(shown(&OfTheSameSize(7)), None);
        // It borrows from this frame.
        assert_eq!(shown(&&local), None);
        assert_eq!(shown(&Some(&local)), None);
        assert_eq!(shown("a slice"), None);
        assert_eq!(shown(&[7_u64][..]), None);
        assert_eq!(shown(&()), None);
    }
}
