//! A request may take 60 ms, and each of its three queries has a timeout of its own. One query is done in time, one is too slow
//! for its own deadline, and one for the request's.
//!
//! ```text
//! cargo run -p deadline --example deadline_tour
//! ```
//!
//! Then change something:
//! - give the request more time;
//! - derive the last query from the server in place of the request;
//! - cancel the request after 15 ms, and see which error wins.

use deadline::{Context, Timers};
use harness::sync::real::time::{Clock, Duration};
use std::sync::Arc;
use std::thread;

/// Runs three queries.
pub fn main() {
    let clock = Clock::real();
    let server = Context::background(Arc::new(Timers::new(clock.clone())));
    let begun = clock.now();
    let (request, _request_done) = server.with_timeout(ms(60));
    let show = |context: &Context| match context.deadline() {
        Some(deadline) => format!("{} ms", (deadline - begun).as_millis()),
        None => "none".to_owned(),
    };
    println!(
        "deadline of the server: {}, of the request: {}",
        show(&server),
        show(&request)
    );

    thread::scope(|s| {
        for (name, timeout, work) in [
            ("user", ms(40), ms(10)),
            ("orders", ms(30), ms(90)),
            ("recommendations", ms(500), ms(90)),
        ] {
            let (request, clock, show) = (&request, &clock, &show);
            s.spawn(move || {
                let (query, _query_done) = request.with_timeout(timeout);
                println!(
                    "{name}: timeout {} ms, deadline {}",
                    timeout.as_millis(),
                    show(&query)
                );
                // Works in small steps, and looks in between.
                let end = clock.now() + work;
                while clock.now() < end {
                    if let Some(error) = query.err() {
                        let late = (clock.now() - begun).as_millis();
                        println!("{name}: {error}, noticed after {late} ms");
                        return;
                    }
                    thread::sleep(ms(1));
                }
                println!("{name}: done");
            });
        }
    });
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
