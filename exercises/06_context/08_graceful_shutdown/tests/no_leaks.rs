//! No thread, no descriptor and no memory stays behind, however the connections end, and however the server
//! does.

use graceful_shutdown::{Connection, Drain, Handle, Server};
use harness::leaks;
use harness::sync::real::thread::{self, refuse_after};
use harness::sync::real::time::{Clock, Duration};
use harness::testing::{must_end, staged_panic, wait_until};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

#[global_allocator]
static ALLOCATOR: leaks::CountingAllocator = leaks::CountingAllocator;

const NOT_ENDED: &str = "a client waits for its reply, or `serve` has not returned";

/// How many sockets of this process have `port` on either side. `None` if the system does not tell, as
/// Linux does.
fn sockets_on(port: u16) -> Option<usize> {
    open_of(&names_on(port)?)
}

/// The names of the sockets that have `port` on either side.
fn names_on(port: u16) -> Option<Vec<String>> {
    let port = format!(":{port:04X}");
    let table = fs::read_to_string("/proc/self/net/tcp").ok()?;
    // A machine that has run tests like these has thousands of them for a minute, most on other ports.
    let of_port = table.lines().filter(|line| line.contains(&port));
    let of_port = of_port.filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, remote) = (fields.next()?, fields.next()?);
        let inode = fields.nth(6)?;
        let is_ours = local.ends_with(&port) || remote.ends_with(&port);
        is_ours.then(|| format!("socket:[{inode}]"))
    });
    Some(of_port.collect())
}

/// How many descriptors of this process are of sockets with these names. A socket that has been shut down is
/// on no port any more, and still open.
fn open_of(names: &[String]) -> Option<usize> {
    let descriptors = fs::read_dir("/proc/self/fd").ok()?;
    let targets = descriptors.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
    Some(
        targets
            .filter(|target| names.iter().any(|socket| target.as_os_str() == &**socket))
            .count(),
    )
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).expect("the server listens");
    // Only so that no thread is left in a socket for ever: a test has failed long before.
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("not zero");
    BufReader::new(stream)
}

/// Sends `request`, and returns what comes back: the reply, or nothing.
fn ask(client: &mut BufReader<TcpStream>, request: &str) -> String {
    let mut reply = String::new();
    let sent = client.get_mut().write_all(request.as_bytes());
    let _ = sent.and_then(|()| client.read_line(&mut reply));
    reply
}

/// Handles `big`, `panic` and `wait`, which waits until the time is over; anything else is echoed.
fn handler(handle: &Handle, line: &str) -> String {
    match line {
        "big" => "x".repeat(8 << 20),
        "panic" => staged_panic("the handler's"),
        "wait" => {
            wait_until("the deadline has not come", || {
                handle.phase() == graceful_shutdown::Phase::Over
            });
            String::new()
        }
        _ => line.to_owned(),
    }
}

/// Runs a server for `clients`, which shut it down, and requires that nothing stays behind.
#[track_caller]
fn leaves_nothing(clients: fn(SocketAddr, &Handle)) {
    leaks::check(|| {
        must_end(NOT_ENDED, move || {
            let server =
                Server::bind((Ipv4Addr::LOCALHOST, 0), Clock::manual()).expect("a free port");
            let (address, handle) = (server.local_addr(), server.handle());
            let listening = names_on(address.port()).unwrap_or_default();
            assert_ne!(sockets_on(address.port()), Some(0), "the listener");
            let of_handler = handle.clone();
            let served = thread::spawn(move || server.serve(|line| handler(&of_handler, line)));
            clients(address, &handle);
            served.join().expect("`serve` does not panic");
            // The test still has a handle.
            let kept = open_of(&listening).unwrap_or(0);
            assert_eq!(
                kept, 0,
                "listening sockets that are still open when `serve` has returned"
            );
            let left = sockets_on(address.port()).unwrap_or(0);
            assert_eq!(
                left, 0,
                "sockets that are still open when `serve` has returned"
            );
        });
    });
}

/// It is shut down while it waits for its first client.
#[test]
fn nothing_is_left_of_a_server_that_nobody_asked() {
    leaves_nothing(|_, handle| handle.shutdown(Duration::MAX));
}

/// One has had a reply, one is idle, one has sent half a line, one has ended.
#[test]
fn nothing_is_left_of_clients_that_were_told() {
    leaves_nothing(|address, handle| {
        let mut clients = [(); 4].map(|()| connect(address));
        for (client, more) in clients.iter_mut().zip(["", "", "half a li", ""]) {
            assert_eq!(ask(client, &format!("a\n{more}")), "a\n");
        }
        let [_, _, _, ended] = &clients;
        ended
            .get_ref()
            .shutdown(std::net::Shutdown::Both)
            .expect("it is connected");
        handle.shutdown(Duration::MAX);
        for mut client in clients {
            let _ = client.read(&mut [0]);
        }
    });
}

/// One waits for a handler, and one for a reply that it does not read.
#[test]
fn nothing_is_left_of_clients_that_were_cut() {
    leaves_nothing(|address, handle| {
        let clients = ["wait\n", "big\n"].map(|request| {
            let mut client = connect(address);
            client
                .get_mut()
                .write_all(request.as_bytes())
                .expect("it is connected");
            client
        });
        wait_until(
            "two clients have connected, and `connections` does not return 2",
            || handle.connections() == 2,
        );
        handle.shutdown(Duration::MAX);
        handle.shutdown(Duration::ZERO);
        drop(clients);
    });
}

/// The only connection ends with a panic, before the shutdown.
#[test]
fn nothing_is_left_of_a_connection_whose_handler_panicked() {
    leaves_nothing(|address, handle| {
        assert_eq!(ask(&mut connect(address), "panic\n"), "");
        wait_until(
            "the only client has gone, and `connections` does not return 0",
            || handle.connections() == 0,
        );
        handle.shutdown(Duration::MAX);
    });
}

/// The system refuses it every thread.
#[test]
fn nothing_is_left_of_a_server_that_gets_no_threads() {
    leaks::check(|| {
        must_end(NOT_ENDED, || {
            let server =
                Server::bind((Ipv4Addr::LOCALHOST, 0), Clock::manual()).expect("a free port");
            let (address, handle) = (server.local_addr(), server.handle());
            let served = thread::spawn(|| refuse_after(0, || server.serve(str::to_owned)));
            assert_eq!(ask(&mut connect(address), "a\n"), "");
            handle.shutdown(Duration::MAX);
            served.join().expect("`serve` does not panic");
            assert_eq!(sockets_on(address.port()).unwrap_or(0), 0, "open sockets");
        });
    });
}

/// Returns how many bytes a server keeps that still serves, when that many clients have come and gone.
fn bytes_kept_after(clients: usize) -> isize {
    let mut running = None;
    let bytes = leaks::bytes_left_by(|| {
        let server = Server::bind((Ipv4Addr::LOCALHOST, 0), Clock::manual()).expect("a free port");
        let (address, handle) = (server.local_addr(), server.handle());
        let served = thread::spawn(|| server.serve(str::to_owned));
        // Two of the sockets are those of the first client, on either side. The others are the server's own.
        let mut first = connect(address);
        assert_eq!(ask(&mut first, "a\n"), "a\n");
        let own = sockets_on(address.port()).map(|all| all - 2);
        drop(first);
        for _ in 1..clients {
            assert_eq!(ask(&mut connect(address), "a\n"), "a\n");
        }
        wait_until(
            "all clients have gone, and the server still has a connection or a socket of one",
            || handle.connections() == 0 && sockets_on(address.port()) <= own,
        );
        running = Some((handle, served));
    });
    let (handle, served) = running.expect("it runs");
    handle.shutdown(Duration::ZERO);
    served.join().expect("`serve` does not panic");
    bytes
}

/// A connection that takes no memory.
#[derive(Clone)]
struct Mute;

impl Connection for Mute {
    fn finish(&self) {}
    fn cut(&self) {}
}

/// One connection stays while many come and go. Catches a list that has a place for each there ever was.
#[test]
fn a_drain_keeps_nothing_of_connections_that_have_left() {
    const MANY: usize = 10_000;
    let drain = Drain::new(Clock::manual());
    let _in_flight = drain.enter(Mute).ok();
    let bytes = leaks::bytes_left_by(|| {
        for _ in 0..MANY {
            drop(drain.enter(Mute));
        }
    });
    assert!(
        bytes < 1 << 10,
        "it keeps {bytes} bytes of {MANY} connections that have left"
    );
}

/// Neither its socket nor its memory, while the server goes on. Threads that are about to end may still
/// hold something, so it looks again before it accuses.
#[test]
fn a_server_keeps_nothing_of_connections_that_have_ended() {
    must_end(
        "all clients have gone, and the server holds on to one",
        || {
            let mut kept = 0;
            let nothing = (0..5).any(|_| {
                kept = bytes_kept_after(404) - bytes_kept_after(4);
                kept < 16 << 10 // 400 handles of threads are four times as much
            });
            assert!(
                nothing,
                "it keeps {kept} bytes of 400 connections that have ended"
            );
        },
    );
}
