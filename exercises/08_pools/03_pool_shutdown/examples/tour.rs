//! A pool of two workers packs parcels, until it is told to end: once by a drain, once by a context.
//!
//! ```text
//! cargo run -p pool_shutdown --example pool_shutdown_tour
//! ```
//!
//! Then change something:
//! - stop the first pool in place of draining it. What comes back?
//! - let the packers look at the context, and leave a parcel half packed. Who knows about it then?
//! - cancel before the drain has begun, and after it. Is there a moment at which a parcel is lost?

use cancellation_solution::Context;
use pool_shutdown::{Pool, Rejected};
use std::thread;
use std::time::Duration;

fn pack(parcel: u32) {
    thread::sleep(Duration::from_millis(2));
    println!("  parcel {parcel} is packed");
}

/// Submits parcels until they are rejected, and returns how many were accepted.
fn submit_all(pool: &Pool<u32>) -> u32 {
    for parcel in 1..=20 {
        if let Err(Rejected(parcel)) = pool.submit(parcel) {
            println!("  parcel {parcel} comes too late");
            return parcel - 1;
        }
    }
    20
}

/// Closes for the evening, and then for a fire alarm.
pub fn main() {
    println!("closing time: everything that was accepted is packed");
    let pool = Pool::new(&Context::background(), 2, 4, pack).expect("there are threads");
    thread::scope(|s| {
        let accepted = s.spawn(|| submit_all(&pool));
        thread::sleep(Duration::from_millis(5));
        let back = pool.drain();
        let accepted = accepted.join().expect("it does not panic");
        println!("{accepted} accepted, {} handed back", back.len());
    });

    println!("fire alarm: what is in somebody's hands is packed, and no more");
    let (context, alarm) = Context::background().with_cancel();
    let pool = Pool::new(&context, 2, 4, pack).expect("there are threads");
    thread::scope(|s| {
        let accepted = s.spawn(|| submit_all(&pool));
        thread::sleep(Duration::from_millis(5));
        alarm.cancel();
        let back = pool.drain();
        let accepted = accepted.join().expect("it does not panic");
        println!("{accepted} accepted, {} handed back: {back:?}", back.len());
    });
}
