//! To be written: which part of the contract is tested here, on real threads.

use timer::Timer;

#[test]
fn can_be_made() {
    let _made = Timer::new();
}
