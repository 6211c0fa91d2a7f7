use crate::{Context, ContextError};
use harness::testing::{Slot, both};

#[test]
fn a_child_made_beside_the_cancellation() {
    harness::model(|| {
        let (parent, guard) = Context::background().with_cancel();
        let (_, (child, _g)) = both(|| guard.cancel(), || parent.with_cancel());
        assert!(child.err().is_some());
        assert!(child.done().try_recv().is_err());
    });
}
#[test]
fn two_cancel_at_once() {
    harness::model(|| {
        let (parent, guard) = Context::background().with_cancel();
        let (child, _g) = parent.with_cancel();
        both(
            || {
                guard.cancel();
                assert!(child.err().is_some());
            },
            || {
                guard.cancel();
                assert!(child.err().is_some());
            },
        );
    });
}
#[test]
fn parent_and_child_at_once() {
    harness::model(|| {
        let (parent, guard) = Context::background().with_cancel();
        let (child, g) = parent.with_cancel();
        let (grandchild, _gg) = child.with_cancel();
        both(
            || {
                guard.cancel();
                assert!(grandchild.err().is_some());
            },
            || {
                g.cancel();
                assert!(grandchild.err().is_some());
            },
        );
    });
}
#[test]
fn watcher() {
    harness::model(|| {
        let (parent, guard) = Context::background().with_cancel();
        let (child, g) = parent.with_cancel();
        both(
            || {
                guard.cancel();
                assert!(child.err().is_some());
            },
            || {
                let _ = parent.done().recv();
                g.cancel();
                assert!(parent.err().is_some());
            },
        );
    });
}
#[test]
fn slot() {
    harness::model(|| {
        let (parent, guard) = Context::background().with_cancel();
        let slot = Slot::empty("work");
        both(
            || {
                slot.write(1);
                guard.cancel();
            },
            || {
                if let Some(_) = parent.err() {
                    slot.read();
                }
            },
        );
    });
}
