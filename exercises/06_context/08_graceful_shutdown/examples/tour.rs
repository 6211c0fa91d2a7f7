//! A server that ends well on a signal.
//!
//! ```text
//! cargo run -p graceful_shutdown --example graceful_shutdown_tour
//! cargo run -p graceful_shutdown --example graceful_shutdown_tour -- 127.0.0.1:7000
//! ```
//!
//! The first plays it: clients come, and the process sends itself SIGTERM. The second listens until you send a
//! signal: talk to it with `nc 127.0.0.1 7000`, say `sheep 50`, and press Ctrl-C while it counts; then press it
//! again.
//!
//! Then change something:
//! - give the first signal no grace: what does the sleepy client get?
//! - let the second signal come half a second after the first;
//! - leave out the line that closes `signals`: what does the program wait for?

use graceful_shutdown::{Handle, Phase, Server};
use harness::sync::real::time::{Clock, Duration};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

const GRACE: Duration = Duration::from_secs(10);

/// Serves until a signal comes.
pub fn main() {
    let address = std::env::args().nth(1);
    let address_or_free = address.as_deref().unwrap_or("127.0.0.1:0");
    let server = Server::bind(address_or_free, Clock::real()).expect("the address is free");
    println!("serving on {}", server.local_addr());

    // Signals come as values on a thread of its own. In a signal's handler next to nothing would be allowed.
    let mut signals = Signals::new([SIGTERM, SIGINT]).expect("they can be handled");
    let no_more_signals = signals.handle();
    let handle = server.handle();
    let stop = thread::spawn(move || {
        for signal in &mut signals {
            match handle.phase() {
                Phase::Open => println!(
                    "signal {signal}: draining, {} connected",
                    handle.connections()
                ),
                _ => println!("signal {signal}: that was the second"),
            }
            let is_first = handle.phase() == Phase::Open;
            handle.shutdown(if is_first { GRACE } else { Duration::ZERO });
        }
    });

    let play = address.is_none().then(|| {
        let (address, handle) = (server.local_addr(), server.handle());
        thread::spawn(move || clients(address, &handle))
    });
    let of_handler = server.handle();
    let report = server.serve(|line| answer(&of_handler, line));
    println!("{report:?}");

    // If no signal had come, that thread would still wait for one.
    no_more_signals.close();
    stop.join().expect("no panic");
    if let Some(play) = play {
        play.join().expect("no panic");
    }
}

/// Counts sheep for as long as it is asked to, or may.
fn answer(handle: &Handle, line: &str) -> String {
    let Some(sheep) = line.strip_prefix("sheep ") else {
        return line.to_uppercase();
    };
    let wanted = sheep.parse().unwrap_or(3);
    let mut counted = 0;
    while counted < wanted && handle.phase() != Phase::Over {
        counted += 1;
        thread::sleep(Duration::from_millis(100));
    }
    format!("{counted} sheep")
}

/// One client is idle when the signal comes, one waits for its reply.
fn clients(address: SocketAddr, handle: &Handle) {
    let [mut awake, mut sleepy] =
        [(); 2].map(|()| TcpStream::connect(address).expect("it listens"));
    println!("awake:  {:?}", ask(&mut awake, "hello"));
    sleepy.write_all(b"sheep 3\n").expect("it reads");
    while handle.connections() < 2 {
        thread::yield_now();
    }
    thread::sleep(Duration::from_millis(50)); // so that the handler has begun
    signal_hook::low_level::raise(SIGTERM).expect("a signal can be sent");
    println!("sleepy: {:?}", reply(&sleepy));
    println!("awake:  {:?}", reply(&awake));
    println!(
        "late:   {:?}",
        TcpStream::connect(address)
            .map(drop)
            .map_err(|error| error.kind())
    );
}

fn ask(client: &mut TcpStream, request: &str) -> String {
    writeln!(client, "{request}").expect("it reads");
    reply(client)
}

/// The next reply, or nothing if the connection has ended.
fn reply(client: &TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(client)
        .read_line(&mut line)
        .expect("no error");
    line
}
