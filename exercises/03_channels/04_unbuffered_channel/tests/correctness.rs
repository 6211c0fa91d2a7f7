//! To be written: which part of the contract is tested here, on real threads.

use unbuffered_channel::UnbufferedChannel;

#[test]
fn can_be_made() {
    let _made = UnbufferedChannel::new();
}
