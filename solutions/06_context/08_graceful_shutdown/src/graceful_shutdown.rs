//! A TCP server that ends well: it answers what is in flight, cuts what is left at a deadline, and leaves
//! nothing behind.

use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::sync::thread::{self, Builder};
use crate::sync::time::{Clock, Duration, Instant};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::mem;
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a [`Drain`] needs of a connection: another thread than the one that serves it can end it.
///
/// A clone is the same connection. Either call may come when the connection has just ended, and does
/// nothing then.
pub trait Connection: Clone {
    /// Makes the connection take no further request. A thread that sleeps until the next one comes wakes
    /// up. The request in flight is not disturbed.
    fn finish(&self);

    /// Ends the connection at once, whatever it is doing. A thread that sleeps in a read or a write wakes up.
    fn cut(&self);
}

/// How far a shutdown has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has shut down.
    Open,
    /// Nobody gets in any more, and what is in flight has time until the deadline.
    Draining,
    /// The deadline has been reached. What is still in flight is cut.
    Over,
}

/// Knows which connections are in flight, and ends them: gracefully until a deadline, then by force.
///
/// A wait group counts, and cannot do more than wait. A drain also refuses newcomers, can tell those that
/// are in flight to end, and has a deadline. It needs no sockets: anything that can be told to end is a
/// [`Connection`].
///
/// ```
/// # use graceful_shutdown::{Connection, Drain};
/// # use harness::sync::real::time::{Clock, Duration};
/// # fn f<C: Connection>(connection: C, another: C) {
/// let drain = Drain::new(Clock::real());
/// let in_flight = drain.enter(connection).ok();
/// drain.shutdown(Duration::from_secs(10));
/// assert!(drain.enter(another).is_err(), "there is no way in any more");
/// drop(in_flight);
/// assert_eq!(drain.wait(), 0, "nothing had to be cut");
/// # }
/// ```
pub struct Drain<C> {
    clock: Clock,
    state: Mutex<State<C>>,
    /// Notified when the deadline is set or brought forward, and when the last connection leaves.
    changed: Condvar,
}

/// When a shutdown is over. The order of the variants counts: never is later than every moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deadline {
    At(Instant),
    Never,
}

struct State<C> {
    /// The deadline, as soon as somebody has shut down. It is never put off.
    until: Option<Deadline>,
    /// In flight, by numbers that are used once.
    in_flight: BTreeMap<u64, C>,
    next: u64,
}

impl<C> State<C> {
    fn phase(&self, now: impl FnOnce() -> Instant) -> Phase {
        match self.until {
            None => Phase::Open,
            Some(Deadline::At(until)) if now() >= until => Phase::Over,
            Some(_) => Phase::Draining,
        }
    }
}

impl<C: Connection> Drain<C> {
    /// Returns a drain that is open, with nothing in flight. Deadlines are times of `clock`.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Mutex::new(State {
                until: None,
                in_flight: BTreeMap::new(),
                next: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Lets a connection in. It is in flight until the guard is dropped, by a panic too.
    ///
    /// A connection that gets in beside a shutdown is told to finish, like all others. After a shutdown
    /// none gets in.
    ///
    /// # Errors
    /// Returns the connection if somebody has shut down.
    pub fn enter(&self, connection: C) -> Result<InFlight<'_, C>, C> {
        let mut state = self.state.lock();
        if state.until.is_some() {
            return Err(connection);
        }
        let number = state.next;
        state.next += 1;
        state.in_flight.insert(number, connection);
        Ok(InFlight {
            drain: self,
            number,
        })
    }

    /// Returns how many connections are in flight.
    pub fn in_flight(&self) -> usize {
        self.state.lock().in_flight.len()
    }

    /// Returns how far the shutdown has got. At the deadline it is [`Phase::Over`].
    pub fn phase(&self) -> Phase {
        self.state.lock().phase(|| self.clock.now())
    }

    /// Shuts down: nobody gets in any more, and what is in flight has `grace` to end, counted from now.
    /// Does not wait.
    ///
    /// Any thread may call it again. The earliest of all deadlines counts: a later call can bring it
    /// forward, and cannot put it off. A grace of zero ends everything now. One whose end the clock cannot
    /// show has no end.
    ///
    /// Returns whether this call was the first.
    pub fn shutdown(&self, grace: Duration) -> bool {
        let mut state = self.state.lock();
        let until = self.clock.now().checked_add(grace);
        let until = until.map_or(Deadline::Never, Deadline::At);
        let before = state.until;
        state.until = Some(before.map_or(until, |before| before.min(until)));
        drop(state);
        self.changed.notify_all();
        before.is_none()
    }

    /// Sleeps until somebody shuts down, then tells every connection in flight to
    /// [finish](Connection::finish), and sleeps until all have left. Those that have not left at the
    /// deadline it [cuts](Connection::cut), each once, and sleeps until they have left, too. Returns how
    /// many it has cut.
    ///
    /// What was done before a connection left happens before this returns. The drain calls and drops
    /// connections while it holds no lock, so they may call the drain. Only one thread calls `wait`, once.
    pub fn wait(&self) -> usize {
        // No wakeup is lost in any of the three waits: what they wait for changes only under this lock, and
        // each change is followed by a notification, in `shutdown` and in the drop of `InFlight`.
        let mut state = self.state.lock();
        self.changed
            .wait_while(&mut state, |state| state.until.is_none());
        // Nobody gets in from now on, so these are all there will ever be.
        Self::tell_all(&mut state, C::finish);
        while let Some(until) = state.until
            && !state.in_flight.is_empty()
            // The deadline is read anew in each turn: a second shutdown may have brought it forward.
            && !self.has_come(until, &mut state)
        {}
        let cut = Self::tell_all(&mut state, C::cut);
        self.changed
            .wait_while(&mut state, |state| !state.in_flight.is_empty());
        cut
    }

    /// Sleeps until something has changed, or until this deadline. Returns whether it has come.
    fn has_come(&self, until: Deadline, state: &mut MutexGuard<'_, State<C>>) -> bool {
        match until {
            Deadline::At(until) => self.clock.wait_until(&self.changed, state, until),
            Deadline::Never => {
                self.changed.wait(state);
                false
            }
        }
    }

    /// Calls `tell` with each connection, and returns how many there were.
    fn tell_all(state: &mut MutexGuard<'_, State<C>>, tell: impl Fn(&C)) -> usize {
        let all: Vec<C> = state.in_flight.values().cloned().collect();
        let count = all.len();
        MutexGuard::unlocked(state, || {
            all.into_iter().for_each(|connection| tell(&connection))
        });
        count
    }

    /// Sleeps for a moment, or until something ends. Returns whether somebody has shut down.
    fn rest(&self) -> bool {
        const MOMENT: Duration = Duration::from_millis(10);
        let mut state = self.state.lock();
        if state.until.is_none() {
            let _ = self
                .clock
                .wait_until(&self.changed, &mut state, self.clock.now() + MOMENT);
        }
        state.until.is_some()
    }
}

/// Keeps a connection in flight. The connection leaves when this is dropped.
#[must_use = "if it is not kept, the connection has left again"]
pub struct InFlight<'a, C> {
    drain: &'a Drain<C>,
    number: u64,
}

impl<C> Drop for InFlight<'_, C> {
    fn drop(&mut self) {
        let mut state = self.drain.state.lock();
        // Dropped at the end, after the lock: the connection's destructor is not ours.
        let _connection = state.in_flight.remove(&self.number);
        let was_last = state.in_flight.is_empty();
        drop(state);
        if was_last {
            self.drain.changed.notify_all();
        }
    }
}

impl Connection for Arc<TcpStream> {
    /// A read that sleeps returns, with the end of the file. Replies can be written as before.
    fn finish(&self) {
        let _ = self.shutdown(Shutdown::Read);
    }

    /// What has been written by now still goes out.
    fn cut(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// The longest request, in bytes, with its newline.
pub const MAX_LINE: usize = 8192;

/// How much is read, and thrown away, of what a client has sent after its last request that is answered, in
/// bytes.
const LEFTOVER: u64 = 16 << 20;

/// How long the connection that wakes `serve` may take. It takes microseconds, unless the queue is full.
const WAKE: Duration = Duration::from_secs(1);

/// A server that answers lines with lines, each connection in a thread of its own.
///
/// A request is a line of UTF-8. Its reply is what the handler returns for the line without its newline,
/// followed by a newline. A carriage return before the newline is part of the line. A client may send
/// requests without waiting for replies, which come in the order of the requests, and may close its side
/// when it has sent the last. No reply waits for a further request. Half a line at the end is not a
/// request.
///
/// A connection ends when its client has closed its side and all replies have been written, or has gone; at
/// a line that is longer than [`MAX_LINE`], without waiting for the end of the line, or is not UTF-8; and if
/// the handler panics. The replies written until then arrive whole, even if the client has sent more.
pub struct Server {
    listener: TcpListener,
    handle: Handle,
}

/// Shuts a [`Server`] down, from any thread. Clones are handles of the same server.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    address: SocketAddr,
    drain: Drain<Arc<TcpStream>>,
}

/// What became of the requests for which the handler was called, and of connections that got no thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Requests whose replies were written in full.
    pub answered: usize,
    /// Requests whose replies could not be written in full: the client had gone, or the deadline had come.
    pub cut: usize,
    /// Requests for which the handler panicked.
    pub panicked: usize,
    /// Connections that were closed at once, because no thread could be had for them.
    pub refused: usize,
}

impl Server {
    /// Returns a server that listens on `address`. Port 0 stands for a free one. Deadlines are times of
    /// `clock`.
    ///
    /// # Errors
    /// If the system does not let it listen there.
    pub fn bind(address: impl ToSocketAddrs, clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let drain = Drain::new(clock);
        Ok(Self {
            listener,
            handle: Handle(Arc::new(Shared { address, drain })),
        })
    }

    /// Returns the address at which it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.handle.0.address
    }

    /// Returns a handle to shut it down with.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves until somebody shuts down and everything has ended. Accepts connections on the calling
    /// thread, starts a thread for each, and keeps nothing of those that have ended. The threads call
    /// `handler` at the same time.
    ///
    /// After a shutdown it stops listening at once: a connection that it has not accepted by then is
    /// refused or reset. A request is in flight from the call of the handler until its reply has been
    /// written. Each request in flight is answered, and its reply arrives whole, whatever else the client
    /// has sent; then the connection ends. A request for which the handler has not been called may stay
    /// without a reply. A client that is idle, slow to send its request, or sends requests without a pause,
    /// holds up nothing. At the deadline all connections are cut.
    ///
    /// When this returns, all sockets are closed and no handler runs. A thread cannot be ended from
    /// outside, so this waits for each handler, even after the deadline: one that takes long should look at
    /// [`Handle::phase`].
    ///
    /// If the handler panics, its connection ends and all others go on, even if the payload panics again when
    /// it is dropped. If no thread can be had for a connection, that one is closed. While none can be
    /// accepted, because the process has no descriptor left, the server goes on, and answers those that come
    /// when there is one again.
    pub fn serve(self, handler: impl Fn(&str) -> String + Sync) -> Report {
        let Self { listener, handle } = self;
        let (handler, counts, drain) = (&handler, &Counts::default(), &handle.0.drain);
        thread::scope(|scope| {
            for stream in listener.incoming() {
                let Ok(stream) = stream else {
                    // A client has gone again, or too many files are open, and then the next call would
                    // fail at once.
                    if drain.rest() {
                        break;
                    }
                    continue;
                };
                let stream = Arc::new(stream);
                // After a shutdown: this is the connection that `Handle::shutdown` makes, or one that came
                // before it.
                let Ok(in_flight) = drain.enter(Arc::clone(&stream)) else {
                    break;
                };
                let connection = move || {
                    converse(&stream, drain, handler, counts);
                    drop(stream);
                    drop(in_flight);
                };
                // If there is no thread, its closure is dropped, and with it socket and guard.
                let thread = Builder::new().name("connection".to_owned());
                if thread.spawn_scoped(scope, connection).is_err() {
                    counts.refused.fetch_add(1, Relaxed);
                }
            }
            // Before the wait: a client that comes now should try another server, and not wait for this one.
            drop(listener);
            drain.wait();
            // And the scope waits for the threads.
        });
        counts.report()
    }
}

impl Handle {
    /// Shuts the server down: what is in flight has `grace` to end, counted from now. Does not wait, so a
    /// handler may call it.
    ///
    /// A later call can bring the deadline forward, as with [`Drain::shutdown`]. A server that has been
    /// shut down before [`Server::serve`] serves nobody. On a server that has ended this has no effect, and
    /// connects to nobody: its address may be another server's by then.
    pub fn shutdown(&self, grace: Duration) {
        if self.0.drain.shutdown(grace) {
            // `serve` may sleep in `accept`, and only a connection wakes it. It then asks the drain, which has
            // been shut down. If the queue is full, this one fails, and one of those in the queue wakes
            // `serve`.
            let mut address = self.0.address;
            match address.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
                IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
                _ => {}
            }
            let _ = TcpStream::connect_timeout(&address, WAKE);
        }
    }

    /// Returns how far the shutdown has got. A handler that takes long asks now and then, and gives up when
    /// it is [`Phase::Over`].
    pub fn phase(&self) -> Phase {
        self.0.drain.phase()
    }

    /// Returns how many connections have been accepted and have not ended, idle ones too.
    pub fn connections(&self) -> usize {
        self.0.drain.in_flight()
    }
}

/// Answers one client, until it has no more requests or somebody shuts down.
fn converse(
    stream: &TcpStream,
    drain: &Drain<Arc<TcpStream>>,
    handler: impl Fn(&str) -> String,
    counts: &Counts,
) {
    // Without it, the second of two short replies may wait for the client's acknowledgement of the first.
    let _ = stream.set_nodelay(true);
    let mut requests = BufReader::new(stream);
    let mut line = String::new();
    while drain.phase() == Phase::Open {
        line.clear();
        let read = requests.by_ref().take(MAX_LINE as u64).read_line(&mut line);
        let (Ok(_), Some(request)) = (read, line.strip_suffix('\n')) else {
            break;
        };
        let mut reply = match catch_unwind(AssertUnwindSafe(|| handler(request))) {
            Ok(reply) => reply,
            Err(payload) => {
                counts.panicked.fetch_add(1, Relaxed);
                // The payload's drop may panic, and that panic's payload as well: the last is forgotten.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(mem::forget);
                break;
            }
        };
        reply.push('\n');
        let mut output = stream;
        let count = match output.write_all(reply.as_bytes()) {
            Ok(()) => &counts.answered,
            Err(_) => &counts.cut,
        };
        count.fetch_add(1, Relaxed);
    }
    // If something is left to read when a socket is closed, the system aborts the connection, and throws
    // away what the client has not yet received of its replies.
    let _ = stream.shutdown(Shutdown::Read);
    let _ = io::copy(&mut stream.take(LEFTOVER), &mut io::sink());
}

/// The numbers of a [`Report`] while they grow. Relaxed, for they are read when all threads have been joined.
#[derive(Default)]
struct Counts {
    answered: AtomicUsize,
    cut: AtomicUsize,
    panicked: AtomicUsize,
    refused: AtomicUsize,
}

impl Counts {
    fn report(&self) -> Report {
        Report {
            answered: self.answered.load(Relaxed),
            cut: self.cut.load(Relaxed),
            panicked: self.panicked.load(Relaxed),
            refused: self.refused.load(Relaxed),
        }
    }
}
