use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on a clock. Moments of different clocks have nothing to do with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The moment this long after the clock began.
    pub fn after(since_beginning: Duration) -> Self {
        Self(since_beginning)
    }

    /// Returns how long after `earlier` it is, or zero if it is before.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the moment this long after it, or `None` if the clock cannot show a moment that late.
    pub fn checked_add(self, by: Duration) -> Option<Self> {
        self.0.checked_add(by).map(Self)
    }
}

/// # Panics
/// If the clock cannot show a moment that late.
impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0 + by)
    }
}

/// # Panics
/// If the second moment is the later.
impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        self.0 - earlier.0
    }
}

/// The time since the clock began.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
