//! To be written: which part of the contract is tested here, on real threads.

use cancellation::Cancellation;

#[test]
fn can_be_made() {
    let _made = Cancellation::new();
}
