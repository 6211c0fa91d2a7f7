//! Destructors that run on what was never made.

use std::cell::Cell;

thread_local! {
    static DROPS: Cell<usize> = const { Cell::new(0) };
}

/// A value without a size that counts when it is dropped. A destructor that is called on memory that was never written
/// has no rubbish to work on here: it counts, and nothing worse happens.
#[derive(Debug)]
pub struct Counted;

impl Counted {
    /// Returns how many this thread has dropped so far.
    pub fn drops() -> usize {
        DROPS.get()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        DROPS.set(DROPS.get() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::Counted;
    use std::mem::MaybeUninit;

    #[test]
    fn a_drop_of_what_was_never_made_is_counted() {
        let never_made = MaybeUninit::<Counted>::uninit();
        assert_eq!(Counted::drops(), 0);
        // SAFETY: a `Counted` has no bytes that could be uninitialised.
        drop(unsafe { never_made.assume_init() });
        assert_eq!(Counted::drops(), 1);
    }
}
