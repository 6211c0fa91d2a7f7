//! Two requests at once: each layer of a server hands down what it knows, in a list that it made from the
//! one it got.
//!
//! ```text
//! cargo run -p context_values --example context_values_tour
//! ```
//!
//! Then change something:
//! - let `authenticate` put in the bare `&'static str` instead of a `User`, and `handle` the path of the
//!   request, a `&'static str` too. Whom does `log` name now?
//! - leave out `without` in `audit`. Which line changes?
//! - put a `std::cell::Cell` into a list. What does the compiler say, and about which line?

use context_values::Values;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

/// The keys are types, and each layer has its own. One that is not `pub` is a secret of its module.
struct RequestId(u32);
struct User(&'static str);
/// What is shared and changes is made for it: the list itself does not change.
struct Queries(AtomicU32);

fn log(values: &Values, line: &str) {
    let id = values.get::<RequestId>().map_or(0, |id| id.0);
    let user = values.get::<User>().map_or("nobody", |user| user.0);
    println!("request {id}, for {user}: {line}");
}

fn query(values: &Values, what: &str) {
    if let Some(queries) = values.get::<Queries>() {
        queries.0.fetch_add(1, Relaxed);
    }
    log(values, what);
}

/// Writes to the audit log for the server, not for the user.
fn audit(values: &Values) {
    query(&values.without::<User>(), "insert into audit");
}

fn authenticate(values: &Values, user: &'static str) -> Values {
    values.with(User(user))
}

fn handle(server: &Values, id: u32, user: &'static str) {
    let request = server.with(RequestId(id)).with(Queries(AtomicU32::new(0)));
    log(&request, "begins");
    let known = authenticate(&request, user);
    query(&known, "select orders");
    let supported = known.with(User("support"));
    query(&supported, "select address");
    audit(&supported);
    let queries = request
        .get::<Queries>()
        .map(|queries| queries.0.load(Relaxed));
    assert_eq!(queries, Some(3), "all layers share one counter");
    log(&known, "ends");
}

/// Two requests are handled, each in a thread of its own.
pub fn main() {
    struct Server(&'static str);
    let server = Values::new().with(Server("eu-1"));
    thread::scope(|s| {
        for (id, user) in [(1, "ann"), (2, "bob")] {
            let server = &server;
            s.spawn(move || handle(server, id, user));
        }
    });
    assert!(
        server.get::<User>().is_none(),
        "what a request knows stays there"
    );
    let name = server.get::<Server>().map(|server| server.0);
    println!(
        "server {} has handled both",
        name.unwrap_or("without a name")
    );
}
