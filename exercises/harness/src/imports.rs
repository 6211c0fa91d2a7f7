//! A learner's file may reach concurrency only through `crate::sync`.
