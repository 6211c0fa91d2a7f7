//! To be written: which part of the contract is tested here, on real threads.

use runtime::Runtime;

#[test]
fn can_be_made() {
    let _made = Runtime::new();
}
