//! To be written: which small programs run in each of their interleavings.

use crate::Runtime;

/// To be written: which interleaving this is there to catch.
#[test]
fn can_be_made_in_a_model() {
    harness::model(|| {
        let _made = Runtime::new();
    });
}
