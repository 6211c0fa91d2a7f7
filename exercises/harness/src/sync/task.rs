//! What a future is polled with, the same on both faces: `std::task`, and the `Arc` that it asks for.
//!
//! [`Wake`] is a trait for std's [`Arc`], which the model cannot replace. The count of such an `Arc` is not explored, nor
//! is it checked for leaks; track the value in it if it must be dropped.

pub use std::sync::Arc;
pub use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
