//! Your server, the reference, and one by hand that starts a thread for each connection and can never end: what
//! it costs to know who is in flight. And the drain alone, against the wait group of crossbeam, which only counts.
//!
//! `cargo bench -p graceful_shutdown_solution`

use crossbeam_utils::sync::WaitGroup;
use harness::sync::real as sync;
use harness::sync::real::time::{Clock, Duration};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/graceful_shutdown.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/06_context/08_graceful_shutdown/src/graceful_shutdown.rs"]
mod yours;

harness::bench_main!("graceful_shutdown.rs", || {
    let server = yours::Server::bind((Ipv4Addr::LOCALHOST, 0), Clock::real());
    let server = server.expect("a free port");
    server.handle().shutdown(Duration::ZERO);
    server.serve(str::to_owned)
});

/// One connection: a thousand requests, each sent when the reply to the one before has come.
mod requests {
    use super::*;
    fn run<S: Serves>(bencher: divan::Bencher) {
        with_server::<S>(|address| {
            let mut client = connect(address);
            bencher.bench_local(|| (0..1000).for_each(|_| ask(&mut client)));
        });
    }

    harness::bench_rows!(run(sample_count = 30);
        yours = crate::Yours,
        reference = crate::Reference,
        by_hand = crate::ByHand,
    );
}

/// A hundred connections, one after the other, with a request each.
mod connections {
    use super::*;
    fn run<S: Serves>(bencher: divan::Bencher) {
        with_server::<S>(|address| {
            bencher.bench_local(|| (0..100).for_each(|_| ask(&mut connect(address))));
        });
    }

    harness::bench_rows!(run(sample_count = 30);
        yours = crate::Yours,
        reference = crate::Reference,
        by_hand = crate::ByHand,
    );
}

/// In and out, ten thousand times, by each of two threads and of eight.
mod in_and_out {
    use super::*;

    mod two_threads {
        use super::*;
        fn run<T: Tracks>(bencher: divan::Bencher) {
            in_and_out::<T>(bencher, 2);
        }
        super::tracks!(run);
    }

    mod eight_threads {
        use super::*;
        fn run<T: Tracks>(bencher: divan::Bencher) {
            in_and_out::<T>(bencher, 8);
        }
        super::tracks!(run);
    }

    macro_rules! tracks {
        ($run:ident) => {
            harness::bench_rows!($run(sample_count = 30);
                yours = crate::YourDrain,
                reference = crate::ReferenceDrain,
                crossbeam_wait_group = crate::Crossbeam,
            );
        };
    }
    use tracks;

    fn in_and_out<T: Tracks>(bencher: divan::Bencher, threads: usize) {
        bencher.bench_local(|| {
            let tracks = T::new();
            harness::bench::together(threads, || (0..10_000).for_each(|_| tracks.in_and_out()));
        });
    }
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_nodelay(true).expect("it is connected");
    BufReader::new(stream)
}

fn ask(client: &mut BufReader<TcpStream>) {
    let mut reply = String::new();
    client.get_mut().write_all(b"hello\n").expect("it reads");
    client.read_line(&mut reply).expect("it replies");
    assert_eq!(reply, "hello\n");
}

/// A server that answers lines with lines.
trait Serves {
    type Handle;
    /// Starts it, and returns where it listens, and what ends it.
    fn start() -> (SocketAddr, Self::Handle);
    fn stop(handle: Self::Handle);
}

fn with_server<S: Serves>(body: impl FnOnce(SocketAddr)) {
    let (address, handle) = S::start();
    body(address);
    S::stop(handle);
}

macro_rules! of_servers {
    ($($name:ident, $drain:ident = $from:ident;)*) => {$(
        struct $name;
        impl Serves for $name {
            type Handle = ($from::Handle, thread::JoinHandle<$from::Report>);
            fn start() -> (SocketAddr, Self::Handle) {
                let server = $from::Server::bind((Ipv4Addr::LOCALHOST, 0), Clock::real());
                let server = server.expect("a free port");
                let (address, handle) = (server.local_addr(), server.handle());
                (address, (handle, thread::spawn(move || server.serve(str::to_owned))))
            }
            fn stop((handle, served): Self::Handle) {
                handle.shutdown(Duration::ZERO);
                served.join().expect("no panic");
            }
        }

        struct $drain($from::Drain<Nothing>);
        impl $from::Connection for Nothing {
            fn finish(&self) {}
            fn cut(&self) {}
        }
        impl Tracks for $drain {
            fn new() -> Self {
                Self($from::Drain::new(Clock::real()))
            }
            fn in_and_out(&self) {
                drop(divan::black_box(self.0.enter(Nothing)));
            }
        }
    )*};
}

of_servers! {
    Yours, YourDrain = yours;
    Reference, ReferenceDrain = reference;
}

/// Nobody knows its connections, and it never ends.
struct ByHand;

impl Serves for ByHand {
    type Handle = ();
    fn start() -> (SocketAddr, ()) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let _ = stream.set_nodelay(true);
                    let mut output = &stream;
                    for line in BufReader::new(&stream).lines().map_while(Result::ok) {
                        if output.write_all(format!("{line}\n").as_bytes()).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        (address, ())
    }
    fn stop(_: ()) {}
}

/// What one connection costs those who count them.
trait Tracks: Sync {
    fn new() -> Self;
    fn in_and_out(&self);
}

#[derive(Clone)]
struct Nothing;

struct Crossbeam(WaitGroup);

impl Tracks for Crossbeam {
    fn new() -> Self {
        Self(WaitGroup::new())
    }
    fn in_and_out(&self) {
        drop(divan::black_box(self.0.clone()));
    }
}
