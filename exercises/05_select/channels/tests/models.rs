//! The channels in every interleaving.

use channels::model::bounded;
use harness::sync::model::channel::{RecvError, SendError};
use harness::testing::both;

/// A meeting: main receives what the other sends, whichever comes first.
#[test]
fn a_send_meets_a_receive() {
    harness::model(|| {
        let (sender, receiver) = bounded(0);
        let (received, sent) = both(|| receiver.recv(), || sender.send(1));
        assert_eq!((received, sent), (Ok(1), Ok(())));
    });
}

/// The buffer is full, and two send: main's receives make room for both, in order for each.
#[test]
fn a_receive_makes_room_for_a_send() {
    harness::model(|| {
        let (sender, receiver) = bounded(1);
        sender.send(1).expect("has room");
        let (received, sent) = both(
            || [receiver.recv(), receiver.recv(), receiver.recv()],
            || [sender.send(2), sender.send(3)],
        );
        assert_eq!(received, [Ok(1), Ok(2), Ok(3)]);
        assert_eq!(sent, [Ok(()), Ok(())]);
    });
}

/// The last receiver goes beside a send: the value arrives nowhere and comes back.
#[test]
fn the_last_receiver_goes_beside_a_send() {
    harness::model(|| {
        let (sender, receiver) = bounded(0);
        let (sent, ()) = both(|| sender.send(1), move || drop(receiver));
        assert_eq!(sent, Err(SendError(1)));
    });
}

/// The last sender goes beside a receive.
#[test]
fn the_last_sender_goes_beside_a_receive() {
    harness::model(|| {
        let (sender, receiver) = bounded::<u32>(1);
        let (received, ()) = both(|| receiver.recv(), move || drop(sender));
        assert_eq!(received, Err(RecvError));
    });
}
