//! Stands in for `tracing-subscriber`, by `[patch.crates-io]` in the root's manifest.
//!
//! `loom::model` prints a log with it when `LOOM_LOG` is set. The harness drives loom through its `Builder`, which prints
//! none, so the real crate would be built for nothing: with the regular expressions of its filter, it takes a tenth of
//! the processor time of a fresh clone's first verdict, and loom has to wait for it. Here is what loom calls, and a
//! subscriber that wants nothing. The manifest asks for `tracing` without any level, so loom's calls of it cost nothing
//! either.

/// Which events would be printed.
#[derive(Debug)]
pub struct EnvFilter;

impl EnvFilter {
    /// Reads no variable: nothing is printed.
    pub fn from_env(_: &str) -> Self {
        Self
    }
}

/// What would format the events.
pub mod fmt {
    use tracing::subscriber::NoSubscriber;

    use super::EnvFilter;

    /// What would print them.
    #[derive(Debug)]
    pub struct Subscriber;

    impl Subscriber {
        /// Begins to set one up.
        pub fn builder() -> SubscriberBuilder {
            SubscriberBuilder
        }
    }

    /// A subscriber that is being set up. What it is told makes no difference.
    #[derive(Debug)]
    pub struct SubscriberBuilder;

    impl SubscriberBuilder {
        /// Which events to print.
        pub fn with_env_filter(self, _: EnvFilter) -> Self {
            self
        }

        /// Prints to where a test does.
        pub fn with_test_writer(self) -> Self {
            self
        }

        /// Prints no time.
        pub fn without_time(self) -> Self {
            self
        }

        /// A subscriber that wants no event.
        pub fn finish(self) -> NoSubscriber {
            NoSubscriber::default()
        }
    }
}
