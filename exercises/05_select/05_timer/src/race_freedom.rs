//! To be written: which small programs run in each of their interleavings.

use crate::Timers;
use crate::sync::time::{Clock, Duration};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn tick_or_stop() {
    harness::model(|| {
        let clock = Clock::manual();
        let timers = Timers::new(clock.clone());
        let timer = timers.after(SECOND);
        clock.advance(SECOND);
        let stopped = timer.stop();
        let received = timer.ticks().try_recv().is_ok();
        assert!(stopped && !received);
    });
}
#[test]
fn after_fires() {
    harness::model(|| {
        let clock = Clock::manual();
        let timers = Timers::new(clock.clone());
        let timer = timers.after(SECOND);
        clock.advance(SECOND);
        assert_eq!(timer.ticks().recv().unwrap(), clock.now());
    });
}
#[test]
fn func() {
    harness::model(|| {
        let clock = Clock::manual();
        let timers = Timers::new(clock.clone());
        let called = std::sync::Arc::new(harness::testing::Flag::lowered("called"));
        let c = std::sync::Arc::clone(&called);
        let timer = timers.after_func(SECOND, move || c.raise());
        clock.advance(SECOND);
        if timer.stop() {
            assert!(!called.is_raised());
        }
    });
}
