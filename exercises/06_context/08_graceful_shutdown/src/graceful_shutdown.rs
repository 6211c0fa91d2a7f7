//! A TCP server that ends well: it answers what is in flight, cuts what is left at a deadline, and leaves
//! nothing behind.

// Take locks, clocks and threads from `crate::sync`: the model checker sees no others. The sockets are std's,
// which no model sees. To begin with:
// use crate::sync::thread::{self, Builder};
// use crate::sync::{Condvar, Mutex};
use crate::sync::Arc;
use crate::sync::time::{Clock, Duration};
use std::io;
use std::marker::PhantomData;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};

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
    // Your fields.
    connections: PhantomData<C>,
}

impl<C: Connection> Drain<C> {
    /// Returns a drain that is open, with nothing in flight. Deadlines are times of `clock`.
    pub fn new(clock: Clock) -> Self {
        let _ = clock;
        todo!("make a drain that is open")
    }

    /// Lets a connection in. It is in flight until the guard is dropped, by a panic too.
    ///
    /// A connection that gets in beside a shutdown is told to finish, like all others. After a shutdown
    /// none gets in.
    ///
    /// # Errors
    /// Returns the connection if somebody has shut down.
    pub fn enter(&self, connection: C) -> Result<InFlight<'_, C>, C> {
        let _ = connection;
        todo!("let the connection in, unless somebody has shut down")
    }

    /// Returns how many connections are in flight.
    pub fn in_flight(&self) -> usize {
        let _ = &self.connections;
        todo!("count the connections in flight")
    }

    /// Returns how far the shutdown has got. At the deadline it is [`Phase::Over`].
    pub fn phase(&self) -> Phase {
        todo!("compare the deadline with the clock")
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
        let _ = grace;
        todo!("set the deadline or bring it forward, and wake the thread in `wait`")
    }

    /// Sleeps until somebody shuts down, then tells every connection in flight to
    /// [finish](Connection::finish), and sleeps until all have left. Those that have not left at the
    /// deadline it [cuts](Connection::cut), each once, and sleeps until they have left, too. Returns how
    /// many it has cut.
    ///
    /// What was done before a connection left happens before this returns. The drain calls and drops
    /// connections while it holds no lock, so they may call the drain. Only one thread calls `wait`, once.
    pub fn wait(&self) -> usize {
        todo!(
            "wait for the shutdown, tell all to finish, wait for them, and cut the rest at the deadline"
        )
    }
}

/// Keeps a connection in flight. The connection leaves when this is dropped.
#[must_use = "if it is not kept, the connection has left again"]
pub struct InFlight<'a, C> {
    // Your fields.
    drain: PhantomData<&'a Drain<C>>,
}

impl<C> Drop for InFlight<'_, C> {
    fn drop(&mut self) {
        let _ = self.drain;
        todo!("let the connection leave, and wake the thread in `wait` if it was the last")
    }
}

impl Connection for Arc<TcpStream> {
    fn finish(&self) {
        todo!("wake a read that sleeps; std's `shutdown` says how")
    }

    fn cut(&self) {
        todo!("wake whatever sleeps in this socket")
    }
}

/// The longest request, in bytes, with its newline.
pub const MAX_LINE: usize = 8192;

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
    // Your fields.
}

/// Shuts a [`Server`] down, from any thread. Clones are handles of the same server.
#[derive(Clone)]
pub struct Handle {
    // Your fields.
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
        let (_, _) = (address, clock);
        todo!("listen on the address")
    }

    /// Returns the address at which it listens.
    pub fn local_addr(&self) -> SocketAddr {
        todo!("return the address at which it listens")
    }

    /// Returns a handle to shut it down with.
    pub fn handle(&self) -> Handle {
        todo!("return a handle of this server")
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
        let _ = handler;
        todo!("accept until somebody shuts down, and drain")
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
        let _ = grace;
        todo!("shut the drain down, and wake the thread that accepts")
    }

    /// Returns how far the shutdown has got. A handler that takes long asks now and then, and gives up when
    /// it is [`Phase::Over`].
    pub fn phase(&self) -> Phase {
        todo!("ask the drain")
    }

    /// Returns how many connections have been accepted and have not ended, idle ones too.
    pub fn connections(&self) -> usize {
        todo!("ask the drain")
    }
}
