//! A server handles two requests, each with two tasks. One client goes away; later the server shuts down.
//!
//! ```text
//! cargo run -p cancellation --example cancellation_tour
//! ```
//!
//! Then change something:
//! - let the report be derived from the server and not from its request: who stops it now?
//! - write `let (request, _) = …` in `handle`, and see how far the tasks get;
//! - leave out the cause, and see what the tasks say then.

use cancellation::{CancelOnDrop, Context, ContextError};
use std::sync::Arc;
use std::thread::{self, Scope};
use std::time::Duration;

/// A step of a task.
const STEP: Duration = Duration::from_millis(10);

/// Starts two requests, and ends them.
pub fn main() {
    let (server, shutdown) = Context::background().with_cancel();
    thread::scope(|s| {
        let client_1 = handle(s, "request 1", &server);
        let _client_2 = handle(s, "request 2", &server);
        thread::sleep(STEP * 3);

        println!("client 1 goes away");
        let gone = Arc::new(std::io::Error::other("the client has gone away"));
        client_1.cancel_with(ContextError::Canceled, Some(gone));
        thread::sleep(STEP * 3);

        println!("the server shuts down");
        shutdown.cancel();
        // Everything below is done by now. The scope waits until the tasks have noticed.
    });
}

/// Starts the tasks of a request, which end when it does. Dropping what this returns cancels it.
fn handle<'scope>(
    s: &'scope Scope<'scope, '_>,
    name: &'static str,
    server: &Context,
) -> CancelOnDrop {
    let (request, cancel) = server.with_cancel();
    // A task that looks now and then.
    let query = request.clone();
    s.spawn(move || {
        let mut rows = 0;
        while query.err().is_none() {
            thread::sleep(STEP);
            rows += 100;
        }
        say(name, &format!("the query stops at {rows} rows"), &query);
    });
    // A task that sleeps until the end, and could end earlier by itself.
    s.spawn(move || {
        let (report, _done_at_return) = request.with_cancel();
        let _ = report.done().recv();
        say(name, "the report is given up", &report);
    });
    cancel
}

fn say(request: &str, what: &str, context: &Context) {
    let cause = context.cause().expect("it is done");
    println!("{request}: {what}: {cause}");
}
