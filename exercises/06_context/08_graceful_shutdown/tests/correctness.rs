//! Clients that speak to a server over sockets. IDs such as WP-11 name behaviours of Go's worker pools.
//!
//! Deadlines are those of a manual clock, so none comes before a test wants it, however slow the machine is.

use graceful_shutdown::{Connection, Drain, Handle, MAX_LINE, Phase, Report, Server};
use harness::sync::real::thread::{self, JoinHandle, refuse_only};
use harness::sync::real::time::{Clock, Duration, Instant};
use harness::testing::{
    let_others_run, must_end, must_sleep_on_threads, others_must_sleep, staged_panic, unwinding_if,
    wait_until, while_unwinding,
};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::resume_unwind;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::{fs, iter, mem};

const SECOND: Duration = Duration::from_secs(1);

/// Only so that no thread is left in a socket for ever: a test has failed long before.
const BACKSTOP: Option<Duration> = Some(Duration::from_secs(30));

/// A server at work.
struct Running {
    clock: Clock,
    address: SocketAddr,
    handle: Handle,
    served: JoinHandle<Report>,
}

impl Running {
    fn new(handler: impl Fn(&Handle, &str) -> String + Send + Sync + 'static) -> Self {
        Self::with(Server::serve, handler)
    }

    /// A server that `serve` runs.
    fn with<H: Fn(&Handle, &str) -> String + Send + Sync + 'static>(
        serve: impl FnOnce(Server, Box<dyn Fn(&str) -> String + Sync>) -> Report + Send + 'static,
        handler: H,
    ) -> Self {
        Self::on(Clock::manual(), serve, handler)
    }

    fn on<H: Fn(&Handle, &str) -> String + Send + Sync + 'static>(
        clock: Clock,
        serve: impl FnOnce(Server, Box<dyn Fn(&str) -> String + Sync>) -> Report + Send + 'static,
        handler: H,
    ) -> Self {
        let server = Server::bind((Ipv4Addr::LOCALHOST, 0), clock.clone()).expect("a free port");
        let (address, handle) = (server.local_addr(), server.handle());
        let of_handler = handle.clone();
        let served =
            thread::spawn(move || serve(server, Box::new(move |line| handler(&of_handler, line))));
        Self {
            clock,
            address,
            handle,
            served,
        }
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap_or_else(|error| {
            panic!("a client cannot connect, and nobody has shut down: {error}")
        });
        stream.set_read_timeout(BACKSTOP).expect("not zero");
        stream.set_write_timeout(BACKSTOP).expect("not zero");
        Client(BufReader::new(stream))
    }

    fn shutdown(&self, grace: Duration) {
        self.handle.shutdown(grace);
    }

    /// Requires `serve` to return this report.
    #[track_caller]
    fn reports(self, expected: Report) {
        wait_until(
            "`serve` has not returned after a shutdown, and nothing can be in flight any more",
            || self.served.is_finished(),
        );
        let Ok(report) = self.served.join() else {
            panic!("`serve` has panicked");
        };
        assert_eq!(report, expected, "what `serve` reports");
    }

    /// Shuts down with all the time there is, and requires this report.
    #[track_caller]
    fn ends(self, expected: Report) {
        self.shutdown(Duration::MAX);
        self.reports(expected);
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn send(&mut self, text: impl AsRef<[u8]>) {
        let stream = self.0.get_mut();
        stream.write_all(text.as_ref()).expect("the server reads");
    }

    /// The next reply, with its newline, or what there is of it.
    fn reply(&mut self) -> String {
        let mut reply = String::new();
        let read = self.0.read_line(&mut reply);
        read.unwrap_or_else(|error| panic!("{error} in place of a reply"));
        reply
    }

    fn ask(&mut self, request: &str) -> String {
        self.send(format!("{request}\n"));
        self.reply()
    }

    /// Whether its connection has ended by now, or it has a reply that nobody reads. Reads fail from now on in place of a wait.
    fn has_ended(&self) -> bool {
        let stream = self.0.get_ref();
        stream.set_nonblocking(true).expect("it is a socket");
        let read = stream.peek(&mut [0]);
        !read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Requires the server to have closed, or to close, this connection without another reply.
    #[track_caller]
    fn is_closed(&mut self) {
        self.is_closed_after("the last that was due");
    }

    #[track_caller]
    fn is_closed_after(&mut self, what: &str) {
        match self.0.fill_buf() {
            Ok([]) => {}
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(more) => panic!(
                "a reply too many, after {what}: {:?}",
                String::from_utf8_lossy(more)
            ),
            Err(error) => panic!("the connection should end: {error}"),
        }
    }
}

fn echo(_: &Handle, line: &str) -> String {
    line.to_owned()
}

/// The report of a server to which nothing else has happened.
fn answered(requests: usize) -> Report {
    Report {
        answered: requests,
        ..Report::default()
    }
}

/// Where handlers are held until the test lets them go on.
#[derive(Default)]
struct Held(Mutex<(usize, bool)>, Condvar);

impl Held {
    /// For a handler.
    fn hold(&self) {
        let mut state = self.0.lock().expect("no panic");
        state.0 += 1;
        self.1.notify_all();
        while !state.1 {
            state = self.1.wait(state).expect("no panic");
        }
    }

    /// Returns when that many handlers are held.
    fn wait_for(&self, handlers: usize) {
        let mut state = self.0.lock().expect("no panic");
        while state.0 < handlers {
            state = self.1.wait(state).expect("no panic");
        }
    }

    fn release(&self) {
        self.0.lock().expect("no panic").1 = true;
        self.1.notify_all();
    }
}

/// Whether a client that comes now is refused. One that waits, because the queue of a server that does not accept is full,
/// is not.
fn is_refused(address: SocketAddr) -> bool {
    let waits = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
    TcpStream::connect_timeout(&address, Duration::from_millis(100))
        .is_err_and(|error| !waits(error.kind()))
}

/// The client has closed its side by the time it reads: it is half open. Half a line is no request.
#[test]
fn every_line_is_answered_in_order() {
    must_end(
        "a client that has closed its side waits for a reply, or for the end",
        || {
            let server = Running::new(|_, line| format!("<{line}>"));
            let mut client = server.client();
            client.send("one\n\ntwo\n");
            client.send("thr");
            client.send("ee\nfo");
            client
                .0
                .get_ref()
                .shutdown(Shutdown::Write)
                .expect("it is connected");
            for line in ["one", "", "two", "three"] {
                let expected = format!("<{line}>\n");
                assert_eq!(client.reply(), expected, "the reply to the line {line:?}");
            }
            client.is_closed();
            server.ends(answered(4));
        },
    );
}

/// Only the newline is taken off, and one is put on, whatever the handler returns.
#[test]
fn a_carriage_return_is_part_of_the_line() {
    must_end("a client waits for its reply", || {
        let server = Running::new(|_, line| format!("{line:?}\n"));
        let mut client = server.client();
        let reply = client.ask("a\r");
        assert_eq!(reply, "\"a\\r\"\n", "the line that the handler was given");
        client
            .0
            .get_ref()
            .shutdown(Shutdown::Write)
            .expect("it is connected");
        assert_eq!(
            client.reply(),
            "\n",
            "the handler returned a newline at the end, and another follows it"
        );
        server.ends(answered(1));
    });
}

/// The client sends the rest when it has the reply.
#[test]
fn a_reply_does_not_wait_for_the_next_request() {
    must_end(
        "a client has sent a request and half of the next, and waits for the first reply",
        || {
            let server = Running::new(echo);
            let mut client = server.client();
            client.send("one\ntw");
            assert_eq!(client.reply(), "one\n", "the reply to \"one\"");
            assert_eq!(client.ask("o"), "two\n", "the reply to \"two\"");
            server.ends(answered(2));
        },
    );
}

/// The client sends them all before it reads the first reply. Each has three bytes, two of them for one letter: what
/// the server reads at once may end in the middle of it.
#[test]
fn a_connection_may_have_many_requests() {
    const MANY: usize = 20_000;
    must_end("a client waits for one of many replies", || {
        let server = Running::new(echo);
        let mut client = server.client();
        client.send("é\n".repeat(MANY));
        for i in 0..MANY {
            assert_eq!(client.reply(), "é\n", "reply {i} of {MANY}");
        }
        server.ends(answered(MANY));
    });
}

/// The last client has gone, and no other comes. `serve` sleeps until the next one, and has to wake up all
/// the same.
#[test]
fn a_server_without_clients_ends() {
    must_end("`serve` still waits for clients, after a shutdown", || {
        let server = Running::new(echo);
        assert_eq!(server.client().ask("a"), "a\n");
        wait_until(
            "the only client has gone, and `connections` does not return 0",
            || server.handle.connections() == 0,
        );
        server.ends(answered(1));
    });
}

/// A request is in flight, so `serve` does not return. New clients should try another server at once.
#[test]
fn after_a_shutdown_nobody_can_connect() {
    must_end(
        "a request is in flight, and its client waits for the reply",
        || {
            let held = Arc::new(Held::default());
            let in_handler = Arc::clone(&held);
            let server = Running::new(move |_, line| {
                in_handler.hold();
                line.to_owned()
            });
            let mut client = server.client();
            client.send("a\n");
            held.wait_for(1);
            server.shutdown(Duration::MAX);
            wait_until(
                "the server still listens after the shutdown, while a request is in flight",
                || is_refused(server.address),
            );
            held.release();
            assert_eq!(client.reply(), "a\n", "the reply in flight");
            server.reports(answered(1));
        },
    );
}

/// All of them are in their handlers when the server is told to end. Each has a thread, and gets its reply.
#[test]
fn a_hundred_requests_in_flight_are_answered() {
    // WP-11, WP-14
    must_end(
        "fewer than 100 handlers run at once, `shutdown` has not returned, or one of 100 clients waits for its reply",
        || {
            let held = Arc::new(Held::default());
            let in_handler = Arc::clone(&held);
            let server = Running::new(move |_, line| {
                in_handler.hold();
                line.repeat(2)
            });
            let mut clients: Vec<Client> = (0..100).map(|_| server.client()).collect();
            for (i, client) in clients.iter_mut().enumerate() {
                client.send(format!("{i}\n"));
            }
            held.wait_for(100);
            server.shutdown(Duration::MAX);
            wait_until("new connections get in, after a shutdown", || {
                is_refused(server.address)
            });
            assert!(
                !server.served.is_finished(),
                "100 requests were in flight, and `serve` returned"
            );
            held.release();
            for (i, client) in clients.iter_mut().enumerate() {
                assert_eq!(
                    client.reply(),
                    format!("{i}{i}\n"),
                    "the reply of client {i}"
                );
                client.is_closed();
            }
            server.reports(answered(100));
        },
    );
}

/// A hundred have sent nothing, one waits for no reply, one has sent half a line, and the time never comes.
#[test]
fn idle_clients_and_slow_senders_hold_up_nothing() {
    must_end(
        "clients without a request in flight hold up `serve`",
        || {
            let server = Running::new(echo);
            let mut clients: Vec<Client> = (0..102).map(|_| server.client()).collect();
            assert_eq!(clients[50].ask("a"), "a\n");
            assert_eq!(clients[101].ask("b"), "b\n");
            clients[101].send("half a li");
            wait_until(
                "102 clients have connected, and `connections` does not return 102",
                || server.handle.connections() == 102,
            );
            server.shutdown(Duration::MAX);
            clients.iter_mut().for_each(Client::is_closed);
            server.reports(answered(2));
        },
    );
}

/// The server always has another request to read.
#[test]
fn a_client_that_sends_without_a_pause_holds_up_nothing() {
    must_end(
        "a client sends without a pause, and `serve` goes on after a shutdown",
        || {
            let server = Running::new(echo);
            let mut client = server.client();
            let mut output = client.0.get_ref().try_clone().expect("a descriptor");
            let sends = thread::spawn(move || {
                let requests = "x\n".repeat(32 << 10);
                while output.write_all(requests.as_bytes()).is_ok() {}
            });
            assert_eq!(client.reply(), "x\n");
            let reads = thread::spawn(move || {
                while client.0.fill_buf().is_ok_and(|replies| !replies.is_empty()) {
                    let read = client.0.buffer().len();
                    client.0.consume(read);
                }
            });
            server.shutdown(Duration::MAX);
            assert!(server.served.join().is_ok(), "`serve` has panicked");
            for client in [sends, reads] {
                client.join().expect("no panic");
            }
        },
    );
}

/// The client has sent another request, which the server need not answer, and reads late: when the server
/// has gone, if the reply fits into the buffers between them.
#[test]
fn a_reply_in_flight_arrives_whole() {
    // WP-11
    for size in [FITS, 32 * FITS] {
        must_end(
            "`shutdown` has not returned, or a client waits for the rest of its reply",
            move || {
                let held = Arc::new(Held::default());
                let in_handler = Arc::clone(&held);
                let server = Running::new(move |_, line| {
                    in_handler.hold();
                    line.repeat(size)
                });
                let mut client = server.client();
                client.send("x\n");
                held.wait_for(1);
                client.send("y\n");
                server.shutdown(Duration::MAX);
                held.release();
                give_a_chance(|| size != FITS || server.served.is_finished());
                let mut replies = Vec::new();
                let end = client.0.read_to_end(&mut replies);
                let whole = replies.iter().filter(|byte| **byte == b'\n').count();
                let got = replies.len();
                assert!(
                    whole > 0,
                    "the reply of {size} bytes was cut after {got}, with {end:?}"
                );
                assert_eq!(got, whole * (size + 1), "bytes in {whole} replies");
                server.reports(answered(whole));
            },
        );
    }
}

/// A reply that fits into the buffers between server and client, in bytes.
const FITS: usize = 512 << 10;

/// Only a chance: if the buffers are smaller than here, the server has to wait for the client.
fn give_a_chance(is_over: impl Fn() -> bool) {
    let mut looks = 0..1000;
    while !is_over() && looks.next().is_some() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The client has sent more than the server reads, and reads its only reply when the server has gone.
#[test]
fn a_reply_before_the_end_of_a_connection_arrives_whole() {
    for (end, what) in [
        (b"panic\n".to_vec(), "a panic of the handler"),
        (
            [&[b'x'; MAX_LINE][..], b"\n"].concat(),
            "a line that is too long",
        ),
        (vec![0xff, b'\n'], "a line that is not UTF-8"),
    ] {
        must_end("a client waits for the rest of its reply", move || {
            let held = Arc::new(Held::default());
            let in_handler = Arc::clone(&held);
            let server = Running::new(move |_, line| match line {
                "panic" => staged_panic("the handler's"),
                _ => {
                    in_handler.hold();
                    line.repeat(FITS)
                }
            });
            let mut client = server.client();
            client.send([b"x\n", &end[..], &[b'\n'; 32 << 10]].concat());
            held.wait_for(1);
            held.release();
            give_a_chance(|| server.handle.connections() == 0);
            let mut reply = Vec::new();
            let read = client.0.read_to_end(&mut reply);
            assert_eq!(
                reply.len(),
                FITS + 1,
                "bytes of the reply before {what}, which ended with {read:?}"
            );
            // The client has not closed its side.
            wait_until(
                &format!("the connection goes on after {what}: `connections` does not return 0"),
                || server.handle.connections() == 0,
            );
            server.ends(Report {
                panicked: usize::from(end.starts_with(b"panic")),
                ..answered(1)
            });
        });
    }
}

/// More than the buffers of both sides hold, in bytes.
const TOO_BIG: usize = 64 << 20;

/// One client does not read its reply, which is too long for the buffers; two handlers work until their clients
/// have been cut, and then one of them panics.
fn cuts_what_is_left(over: impl FnOnce(&Running) + Send + 'static) {
    must_end(
        "`shutdown` has not returned, or `serve` goes on though the time is over",
        || {
            let [begun, late] = [(); 2].map(|()| Arc::new(Held::default()));
            let in_handler = [Arc::clone(&begun), Arc::clone(&late)];
            let server = Running::new(move |handle, line| {
                in_handler[0].hold();
                if line == "big" {
                    return "x".repeat(TOO_BIG);
                }
                wait_until(
                    "`Handle::phase` is not `Over`, and the deadline has come",
                    || handle.phase() == Phase::Over,
                );
                in_handler[1].hold();
                if line == "panics at last" {
                    staged_panic("the handler's");
                }
                String::new()
            });
            let mut clients = [(); 4].map(|()| server.client());
            clients[0].send("big\n");
            clients[1].send("works for long\n");
            clients[3].send("panics at last\n");
            begun.wait_for(3);
            assert_eq!(server.handle.phase(), Phase::Open);
            server.shutdown(2 * SECOND);
            wait_until(
                "an idle client's connection goes on after a shutdown, while requests of others are in flight",
                || clients[2].has_ended(),
            );
            begun.release();
            let begins = clients[0].0.fill_buf().is_ok_and(|part| !part.is_empty());
            assert!(begins, "a reply in flight should begin before the deadline");
            assert_eq!(server.handle.phase(), Phase::Draining);
            assert!(
                !server.served.is_finished(),
                "three requests were in flight, and `serve` returned"
            );
            over(&server);
            clients[1].is_closed();
            late.wait_for(2);
            assert!(
                !server.served.is_finished(),
                "a handler has not ended, and `serve` returned"
            );
            late.release();
            server.reports(Report {
                cut: 2,
                panicked: 1,
                ..answered(0)
            });
            drop(clients);
        },
    );
}

/// Three requests are in flight when the time is over: a reply that nobody reads, and two handlers that go on. The
/// report says which was cut, and which panicked.
#[test]
fn at_the_deadline_the_rest_is_cut() {
    cuts_what_is_left(|server| {
        server.clock.advance(SECOND);
        assert_eq!(
            server.handle.phase(),
            Phase::Draining,
            "a second before the deadline"
        );
        server.clock.advance(SECOND);
    });
}

/// Three requests are in flight, and a second shutdown gives no grace at all, long before the deadline of the
/// first: what is left is cut as at a deadline.
#[test]
fn a_second_shutdown_cuts_the_rest() {
    // WP-10
    cuts_what_is_left(|server| server.shutdown(Duration::ZERO));
}

/// Five shutdowns, half a second apart: some would be over later than those before them, and one is over
/// sooner. Another has a grace that ends later than the clock can show.
#[test]
fn the_earliest_deadline_counts() {
    let clock = Clock::manual();
    let drain = Drain::<Mute>::new(clock.clone());
    clock.advance(SECOND);
    assert!(drain.shutdown(Duration::MAX), "this call was the first");
    assert_eq!(
        drain.phase(),
        Phase::Draining,
        "the phase, after a grace that ends later than the clock can show"
    );
    for (grace, left) in [(5, 5), (7, 5), (3, 3), (4, 3)] {
        let first = drain.shutdown(grace * SECOND);
        assert!(!first, "this call was not the first");
        clock.advance(SECOND / 2);
        assert_eq!(
            drain.phase(),
            Phase::Draining,
            "{left} s were left half a second ago, and none has been added"
        );
    }
    clock.advance(2 * SECOND - Duration::from_nanos(1));
    assert_eq!(
        drain.phase(),
        Phase::Draining,
        "a nanosecond before the deadline"
    );
    clock.advance(Duration::from_nanos(1));
    assert_eq!(
        drain.phase(),
        Phase::Over,
        "the phase, at the earliest deadline: after a grace without end came those of 5, 7, 3 and 4 s, half a second apart"
    );
    drain.shutdown(Duration::MAX);
    assert_eq!(
        drain.phase(),
        Phase::Over,
        "a later shutdown puts nothing off"
    );
    let drain = Drain::<Mute>::new(clock.clone());
    drain.shutdown(Duration::MAX);
    let passed = clock.now().saturating_since(Instant::default());
    clock.advance(Duration::MAX - passed);
    assert_eq!(
        drain.phase(),
        Phase::Draining,
        "the last moment that the clock can show, and the grace ends after it: it has no end"
    );
}

#[derive(Clone)]
struct Mute;

impl Connection for Mute {
    fn finish(&self) {}
    fn cut(&self) {}
}

/// `wait` sleeps until somebody shuts down, and then until the only connection leaves: with time left, with all the time
/// there is, and when it has cut the connection. So it does in a destructor of a thread that unwinds, and when it has been woken
/// in vain: by a connection that comes and leaves before the shutdown, or by a shutdown that brings no deadline forward.
#[test]
fn wait_sleeps() {
    for (grace, because) in [
        (None, "nobody has shut down"),
        (
            Some(3600 * SECOND),
            "a connection is in flight, and the deadline is an hour away",
        ),
        (
            Some(Duration::MAX),
            "a connection is in flight, and there is no deadline",
        ),
        (
            Some(Duration::ZERO),
            "a connection has not left, which it has cut",
        ),
    ] {
        for (call, unwinds) in [
            ("`wait`", false),
            ("`wait`, while its thread unwinds,", true),
        ] {
            // A manual clock would have to be looked at again and again.
            let drain = Arc::new(Drain::new(Clock::real()));
            let has_returned = Arc::new(AtomicBool::new(false));
            let (of_thread, returns) = (Arc::clone(&drain), Arc::clone(&has_returned));
            must_sleep_on_threads(call, because, move || {
                let _in_flight = grace.map(|grace| {
                    let in_flight = of_thread.enter(Mute).ok();
                    of_thread.shutdown(grace);
                    in_flight
                });
                unwinding_if(unwinds, || of_thread.wait());
                returns.store(true, Relaxed);
            });
            for _ in 0..3 {
                match grace {
                    None => drop(drain.enter(Mute)),
                    Some(_) => _ = drain.shutdown(Duration::MAX),
                }
                others_must_sleep(because);
                assert!(
                    !has_returned.load(Relaxed),
                    "{call} returned, and {because}"
                );
            }
        }
    }
}

/// A thread shuts down in a destructor, because it unwinds: another, which waits for that, wakes up.
#[test]
fn a_thread_that_unwinds_may_shut_down() {
    must_end(
        "a thread has shut down, and `wait` has not returned",
        || {
            let drain = Drain::<Mute>::new(Clock::manual());
            thread::scope(|s| {
                let waits = s.spawn(|| drain.wait());
                let_others_run();
                let is_first = while_unwinding(|| drain.shutdown(SECOND));
                assert!(is_first, "nobody has shut down before");
                let cut = waits.join().unwrap_or_else(|why| resume_unwind(why));
                assert_eq!(cut, 0, "connections that had to be cut, of none");
            });
        },
    );
}

/// A connection that keeps in mind what it was told.
#[derive(Clone, Default)]
struct Told(Arc<(AtomicBool, AtomicBool)>);

impl Told {
    /// How many of them were told to finish, and how many were cut.
    fn count(all: &[Self]) -> (usize, usize) {
        let count = |was: fn(&Self) -> bool| all.iter().filter(|told| was(told)).count();
        (
            count(|told| told.0.0.load(Relaxed)),
            count(|told| told.0.1.load(Relaxed)),
        )
    }
}

impl Connection for Told {
    fn finish(&self) {
        self.0.0.store(true, Relaxed);
    }

    fn cut(&self) {
        self.0.1.store(true, Relaxed);
    }
}

/// A thousand connections stay, while many others come and go. Each that stays is told to finish, and each that has not
/// left at the deadline is cut.
#[test]
fn a_connection_that_stays_is_not_forgotten() {
    const MANY: usize = 1 << 16;
    const STAY: usize = 1000;
    must_end("every connection has left, and `wait` goes on", || {
        let clock = Clock::manual();
        let drain = Drain::new(clock.clone());
        let all: Vec<_> = (0..STAY).map(|_| Told::default()).collect();
        let in_flight: Vec<_> = all
            .iter()
            .map(|one| drain.enter(one.clone()).ok())
            .collect();
        for _ in 0..MANY {
            drop(drain.enter(Told::default()));
        }
        assert_eq!(
            drain.in_flight(),
            STAY,
            "connections that stay, while {MANY} have come and gone"
        );
        drain.shutdown(SECOND);
        thread::scope(|s| {
            let others = s.spawn(|| {
                let mut in_flight = in_flight; // dropped by a panic, which ends the wait
                wait_until(
                    "a connection is in flight that was not told to finish, one of a thousand",
                    || Told::count(&all) == (STAY, 0),
                );
                in_flight.truncate(STAY - 100);
                clock.advance(SECOND);
                wait_until(
                    "a connection is in flight that was not cut at the deadline, one of 900",
                    || Told::count(&all) == (STAY, STAY - 100),
                );
                drop(in_flight);
            });
            let cut = drain.wait();
            others.join().unwrap_or_else(|why| resume_unwind(why));
            assert_eq!(cut, STAY - 100, "connections that had to be cut");
        });
    });
}

/// Two sockets that are connected with each other.
fn pair() -> (Arc<TcpStream>, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let peer = TcpStream::connect(address).expect("it listens");
    let (stream, _) = listener.accept().expect("one has connected");
    (Arc::new(stream), peer)
}

/// One thread reads, another writes more than the buffers hold. The other side sends nothing and reads
/// nothing.
#[test]
fn a_cut_wakes_a_read_and_a_write() {
    must_end("a socket was cut, and a thread sleeps in it", || {
        let (stream, _peer) = pair();
        let reads = Arc::clone(&stream);
        let reads = thread::spawn(move || (&*reads).read(&mut [0]).unwrap_or(0));
        let writes = Arc::clone(&stream);
        let writes = thread::spawn(move || (&*writes).write_all(&vec![b'x'; TOO_BIG]).is_err());
        stream.cut();
        assert_eq!(reads.join().expect("no panic"), 0, "bytes that were read");
        assert!(
            writes.join().expect("no panic"),
            "a write succeeded that nobody read"
        );
        stream.cut();
        stream.finish();
    });
}

/// The read that waits for a request returns, and a reply can still be written.
#[test]
fn a_connection_that_is_to_finish_can_still_write() {
    must_end(
        "a socket was told to finish, and a thread sleeps in it",
        || {
            let (stream, mut peer) = pair();
            let reads = Arc::clone(&stream);
            let reads = thread::spawn(move || (&*reads).read(&mut [0]).unwrap_or(0));
            stream.finish();
            assert_eq!(reads.join().expect("no panic"), 0, "bytes that were read");
            (&*stream).write_all(b"x").expect("it is not cut");
            let mut reply = [0];
            peer.read_exact(&mut reply).expect("the reply was written");
            assert_eq!(&reply, b"x", "what the other side read");
        },
    );
}

/// By a handler, which would wait for itself if `shutdown` waited for the end.
#[test]
fn a_handler_may_shut_down() {
    must_end(
        "a handler has called `shutdown`, and its client waits for the reply",
        || {
            let server = Running::new(|handle, _| {
                handle.shutdown(Duration::MAX);
                "bye".to_owned()
            });
            let mut client = server.client();
            assert_eq!(client.ask("quit"), "bye\n");
            client.is_closed();
            server.reports(answered(1));
        },
    );
}

/// Before it serves, and again when it has ended.
#[test]
fn a_server_that_has_been_shut_down_does_not_serve() {
    must_end(
        "`serve` waits for clients, and was called after a shutdown",
        || {
            let serve = |server: Server, handler| {
                server.handle().shutdown(Duration::MAX);
                server.serve(handler)
            };
            let server = Running::with(serve, echo);
            let handle = server.handle.clone();
            server.reports(Report::default());
            handle.shutdown(Duration::ZERO);
            assert_eq!(handle.connections(), 0);
        },
    );
}

/// Another server has its address by then. A third is not bound to it, and nobody connects to that one.
#[test]
fn a_shutdown_of_a_server_that_has_ended_has_no_effect() {
    must_end("`serve` has not returned, or `shutdown` has not", || {
        let another = (0..10).find_map(|_| {
            let server = Running::new(echo);
            let (address, handle) = (server.address, server.handle.clone());
            server.ends(Report::default());
            // Another process may have got the port.
            Some((TcpListener::bind(address).ok()?, handle))
        });
        let (another, handle) = another.expect("the port is free again");
        let address = another.local_addr().expect("it is bound");
        let bound = Server::bind(address, Clock::manual());
        assert!(bound.is_err(), "another server listens there");
        another.set_nonblocking(true).expect("it is a socket");
        handle.shutdown(Duration::ZERO);
        let accepted = another.accept().map_err(|error| error.kind());
        assert_eq!(
            accepted.err(),
            Some(ErrorKind::WouldBlock),
            "another server listens there, and the shutdown has connected to it"
        );
    });
}

/// Its client gets no reply. Another client, and one that comes later, do not notice. So it is if the payload of the panic
/// panics when it is dropped.
#[test]
fn a_panic_of_the_handler_ends_one_connection() {
    // WP-13
    must_end(
        "a handler has panicked, and a client waits for the end or a reply",
        || {
            struct PanicsAgain;
            impl Drop for PanicsAgain {
                fn drop(&mut self) {
                    staged_panic("the payload's");
                }
            }
            let server = Running::new(|_, line| match line {
                "panic" => staged_panic("the handler's"),
                _ => line.to_owned(),
            });
            let (mut one, mut other) = (server.client(), server.client());
            assert_eq!(
                (one.ask("1"), other.ask("2")),
                ("1\n".to_owned(), "2\n".to_owned())
            );
            one.send("panic\n3\n");
            one.is_closed();
            assert_eq!(other.ask("4"), "4\n", "after a panic in another connection");
            assert_eq!(
                server.client().ask("5"),
                "5\n",
                "a new connection after a panic"
            );
            let report = Report {
                panicked: 1,
                ..answered(4)
            };
            server.ends(report);

            let server = Running::new(|_, _| resume_unwind(Box::new(PanicsAgain)));
            let mut one = server.client();
            one.send("1\n");
            one.is_closed();
            server.ends(Report {
                panicked: 1,
                ..answered(0)
            });
        },
    );
}

/// The system refuses the second of three threads: that connection is closed at once, and the others are served.
#[test]
fn a_connection_that_gets_no_thread_is_closed() {
    must_end(
        "a client waits for a reply, or for its end without a thread",
        || {
            let serve = |server: Server, handler| refuse_only(1, || server.serve(handler));
            let server = Running::with(serve, echo);
            let mut first = server.client();
            assert_eq!(first.ask("1"), "1\n");
            server.client().is_closed();
            assert_eq!(
                server.client().ask("3"),
                "3\n",
                "after one that got no thread"
            );
            assert_eq!(first.ask("1"), "1\n", "after one that got no thread");
            let report = Report {
                refused: 1,
                ..answered(3)
            };
            server.ends(report);
        },
    );
}

/// The process has no descriptor left, and `accept` fails until it has. The server goes on, and answers a client that comes
/// then.
#[test]
#[cfg(unix)]
fn a_server_without_descriptors_goes_on() {
    const NAME: &str = "a_server_without_descriptors_goes_on";
    // In a process of its own, which may have few: other tests need theirs.
    if std::env::var_os(NAME).is_none() {
        let child = Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().expect("this test"))
            .args([NAME, "--nocapture"])
            .env(NAME, "")
            .stdout(Stdio::null())
            .status();
        if !child.expect("there is a shell").success() {
            // It has said why.
            resume_unwind(Box::new(NAME));
        }
        return;
    }
    let server = Running::on(Clock::real(), Server::serve, echo);
    answers(server.address, "the first client");
    drop(take_all_descriptors(&server));
    let later = "a client that comes when there are descriptors again";
    answers(server.address, later);
    server.shutdown(Duration::MAX);
    must_end("`serve` goes on, after a shutdown", || {
        assert!(server.served.join().is_ok(), "`serve` has panicked");
    });
}

/// Requires a reply. The client stays.
#[cfg(unix)]
fn answers(address: SocketAddr, who: &'static str) {
    must_end("a client waits for its reply", move || {
        let stream = TcpStream::connect(address)
            .unwrap_or_else(|error| panic!("the server should go on, and {who} gets: {error}"));
        let mut client = Client(BufReader::new(stream));
        assert_eq!(client.ask("a"), "a\n", "the reply to {who}");
        mem::forget(client);
    });
}

/// One of them is for a client: a server that sleeps in `accept` may have had the descriptor for it, and fails at the next.
/// The client stays, so none is closed meanwhile.
#[cfg(unix)]
fn take_all_descriptors(server: &Running) -> Vec<fs::File> {
    let before = server.handle.connections();
    let mut taken: Vec<_> = iter::from_fn(|| fs::File::open("/dev/null").ok()).collect();
    let connected = iter::from_fn(|| {
        // The server may take what this leaves.
        taken.pop()?;
        Some(TcpStream::connect(server.address))
    });
    let client = connected.flatten().next();
    mem::forget(client.expect("the server listens"));
    give_a_chance(|| server.handle.connections() > before);
    // Only a chance, too: `accept` fails now, perhaps many times.
    std::thread::sleep(Duration::from_millis(20));
    taken
}

/// The longest request there may be is answered. A line that is a byte longer, or is not UTF-8, ends its
/// connection.
#[test]
fn a_line_that_is_no_request_ends_its_connection() {
    must_end(
        "a client has sent what is no request, and its connection goes on",
        || {
            let server = Running::new(|_, line| line.len().to_string());
            for (wrong, what) in [
                (("é".repeat(MAX_LINE / 2) + "\n").into_bytes(), "too long"),
                (vec![b'x'; MAX_LINE + 1], "too long, without an end"),
                (vec![0xff, b'\n'], "not UTF-8"),
            ] {
                let mut client = server.client();
                assert_eq!(
                    client.ask(&"x".repeat(MAX_LINE - 1)),
                    format!("{}\n", MAX_LINE - 1),
                    "the reply to the longest request there may be, of {MAX_LINE} bytes with its newline"
                );
                client.send(&wrong);
                client.is_closed_after(&format!("a line of {} bytes that is {what}", wrong.len()));
                assert_eq!(server.client().ask(what), format!("{}\n", what.len()));
            }
            server.ends(answered(6));
        },
    );
}

/// It has gone before its reply is written.
#[test]
fn a_client_that_leaves_is_no_trouble() {
    must_end("a client has left, and another waits for its reply", || {
        let server = Running::new(|_, line| line.repeat(TOO_BIG));
        let mut client = server.client();
        client.send("x\n");
        let mut one = [0];
        client.0.read_exact(&mut one).expect("the reply begins");
        drop(client);
        wait_until(
            "the only client has gone, and `connections` does not return 0",
            || server.handle.connections() == 0,
        );
        assert_eq!(server.client().ask(""), "\n", "another client");
        server.ends(Report {
            cut: 1,
            ..answered(1)
        });
    });
}
