//! Threads of the model: coroutines, of which loom runs one at a time.

use super::exploring;
use super::life::Life;
use super::local;
pub use super::local::{AccessError, LocalKey};
use super::memory::{self, Edge};
use super::queue::WaitQueue;
use super::recorder::{self, Turn};
use crate::sync::refusal;
use harness_report::place::Place;
use harness_report::record::{Effect, ObjectId, Pending, SCOPED_PANIC, ThreadId as Number, Value};
use parking_lot::Mutex;
use std::cell::{Cell, RefCell};
use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
pub use std::thread::{Result, panicking};

/// Lets the other threads run: only they can do what this one waits for.
#[track_caller]
pub fn yield_now() {
    let place = Location::caller();
    let_others_run("yield_now", place);
    recorder::happened(Effect::Yield, None, place);
}

/// Lets the other threads run before the operation `name`.
pub(super) fn let_others_run(name: &'static str, place: Place) {
    memory::yields();
    let me = recorder::current();
    let is_alone =
        POLLING.get() == 0 && recorder::with_log(|log| log.able().all(|thread| thread == me));
    recorder::step_that(Turn::Waits, pending(name, place), || {
        loom::thread::yield_now();
        if is_alone {
            // Loom has the thread owe the yield to the next one that can go on. This forgives it.
            loom::thread::current().unpark();
        }
    });
}

thread_local! {
    /// How many threads wait without sleeping, which only loom knows to go on.
    static POLLING: Cell<usize> = const { Cell::new(0) };
    /// What is left to each thread of the interleaving, by its number; nothing for a thread that may have any.
    static REFUSALS: RefCell<Vec<(Number, refusal::Refusal)>> = const { RefCell::new(Vec::new()) };
}

/// Sets what is left for the running thread, and returns what was.
fn replace_left(left: refusal::Left) -> refusal::Left {
    let me = recorder::current();
    REFUSALS.with_borrow_mut(|all| {
        let mine = all.iter().position(|&(thread, _)| thread == me);
        let was = mine.map(|mine| all.swap_remove(mine).1);
        all.extend(left.map(|left| (me, left)));
        was
    })
}

/// Runs `f`, in which this thread can spawn `n` threads; then it is refused them, as the operating system does when it
/// has no more. For tests, which catch the panic of [`spawn`]: it prints nothing.
pub fn refuse_after<R>(n: usize, f: impl FnOnce() -> R) -> R {
    let refusal = refusal::Refusal { granted: n, refused: usize::MAX };
    refusal::within(refusal, replace_left, f)
}

/// Runs `f`, in which the operating system refuses this thread the one thread that it asks for after `n` others. It
/// can spawn the threads before and after that. As with [`refuse_after`], the panic prints nothing.
pub fn refuse_only<R>(n: usize, f: impl FnOnce() -> R) -> R {
    let refusal = refusal::Refusal { granted: n, refused: 1 };
    refusal::within(refusal, replace_left, f)
}

fn ask(place: Place) -> io::Result<()> {
    refusal::ask(replace_left)
        .inspect_err(|_| recorder::happened(Effect::SpawnRefused, None, place))
}

fn pending(name: &'static str, place: Place) -> Pending {
    Pending::new(name, None, place)
}

/// Spawns a thread.
///
/// # Panics
/// If a test [refuses](refuse_after) it.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    refusal::expect(Builder::new().spawn(f))
}

/// A thread with a name, which is what the dry run calls it.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// A builder with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the thread.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// Has no effect here: every thread of a model has 32 KiB.
    pub fn stack_size(self, _bytes: usize) -> Self {
        self
    }

    /// Spawns the thread.
    ///
    /// # Errors
    /// If a test [refuses](refuse_after) it.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let place = Location::caller();
        ask(place)?;
        Ok(JoinHandle(spawn_at(self.name, place, f)))
    }

    /// Spawns the thread in a scope.
    ///
    /// # Errors
    /// If a test [refuses](refuse_after) it.
    #[track_caller]
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let place = Location::caller();
        ask(place)?;
        Ok(scope.spawn_at(self.name, place, f))
    }
}

/// A handle to a thread of the model. It is an object of its own, for it may lie in memory that the thread frees when it
/// is unparked.
#[derive(Debug)]
pub struct Thread {
    number: Number,
    name: Option<String>,
    parking: Arc<Parking>,
    life: Life,
    id: ObjectId,
}

/// Tells threads of one interleaving apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(Number);

impl Clone for Thread {
    #[track_caller]
    fn clone(&self) -> Self {
        Self::new(self.number, self.name.clone(), Arc::clone(&self.parking), Location::caller())
    }
}

impl Thread {
    fn new(number: Number, name: Option<String>, parking: Arc<Parking>, made: Place) -> Self {
        let id = recorder::object("Thread", Value::Int(0), made);
        Self { number, name, parking, life: Life::of(id), id }
    }

    /// Gives the thread its token: its current or next [`park`] returns.
    #[track_caller]
    pub fn unpark(&self) {
        let place = Location::caller();
        let by = self.id.pending("unpark", place);
        self.life.check(by.name, place);
        self.parking.meet(by);
        self.parking.has_token.store(true, Relaxed);
        self.parking.handed_on.release();
        recorder::happened(Effect::Unpark(self.number), None, place);
        self.parking.sleeper.wake_one(by);
    }

    /// The thread's identity.
    pub fn id(&self) -> ThreadId {
        ThreadId(self.number)
    }

    /// The name given to the [`Builder`]; main is called so.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

thread_local! {
    /// Where each thread of the interleaving parks, by its number.
    static PARKINGS: RefCell<Vec<Arc<Parking>>> = RefCell::default();
}

/// A new interleaving begins: main is its only thread.
pub(super) fn begin() {
    PARKINGS.set(vec![Parking::new()]);
    REFUSALS.take();
    POLLING.set(0);
}

/// The threads of which somebody still has a [`Thread`], now that the interleaving is over.
pub(crate) fn kept_handles() -> Vec<Number> {
    let is_kept = |parking: &Arc<Parking>| Arc::strong_count(parking) > 1;
    PARKINGS.with_borrow(|all| (0..all.len()).filter(|&number| is_kept(&all[number])).collect())
}

/// Where a thread waits for its token.
#[derive(Debug)]
pub(super) struct Parking {
    /// What parking and unparking have in common for loom's eyes. Nobody ever waits on it.
    pub(super) meeting: Arc<loom::sync::Condvar>,
    has_token: AtomicBool,
    handed_on: Edge,
    pub(super) sleeper: Arc<WaitQueue>,
}

impl Parking {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            meeting: Arc::new(loom::sync::Condvar::new()),
            has_token: AtomicBool::new(false),
            handed_on: Edge::default(),
            sleeper: Arc::default(),
        })
    }

    fn meet(&self, pending: Pending) {
        recorder::step(pending, || self.meeting.notify_one());
    }

    /// Takes the token, if it is there.
    fn take(&self, place: Place) -> bool {
        self.meet(pending("park", place));
        self.token()
    }

    /// [`take`](Self::take) in a step that meets those of a clock, too.
    pub(super) fn take_with(&self, clock: &loom::sync::Condvar, by: Pending) -> bool {
        recorder::step(by, || {
            self.meeting.notify_one();
            exploring::within_step(|| clock.notify_one());
        });
        self.token()
    }

    fn token(&self) -> bool {
        self.handed_on.acquire();
        self.has_token.swap(false, Relaxed)
    }
}

/// Where the running thread parks.
pub(super) fn parking() -> Arc<Parking> {
    let me = recorder::current();
    PARKINGS.with_borrow(|all| Arc::clone(&all[me]))
}

/// Sleeps until this thread is unparked; returns at once if it has been already. It may also wake spuriously.
#[track_caller]
pub fn park() {
    let place = Location::caller();
    let mine = parking();
    if mine.take(place) {
        recorder::happened(Effect::ParkReturns, None, place);
        return;
    }
    let ticket = mine.sleeper.enter();
    mine.sleeper.sleep(ticket, "park", None, None, None, place);
    mine.take(place);
}

/// The running thread.
#[track_caller]
pub fn current() -> Thread {
    let number = recorder::current();
    let name = recorder::with_log(|log| log.threads[number].given_name.clone());
    Thread::new(number, name, parking(), Location::caller())
}

/// The result that a thread leaves for `join`.
type Packet<T> = Arc<Mutex<Option<Result<T>>>>;

/// The body of a thread that leaves its result in `packet` and says whether it panicked. The panic is caught
/// here, so that its payload can be as short-lived as what a scoped thread borrows.
fn body<T>(packet: Packet<T>, f: impl FnOnce() -> T) -> impl FnOnce() -> bool {
    move || {
        let result = catch_unwind(AssertUnwindSafe(f));
        // std would end the process if one of them panicked.
        let dropped = catch_unwind(local::drop_all);
        let result = result.and_then(|value| dropped.map(|()| value));
        let panicked = result.is_err();
        *packet.lock() = Some(result);
        panicked
    }
}

fn start(
    name: Option<String>,
    place: Place,
    body: impl FnOnce() -> bool + 'static,
) -> (Thread, loom::thread::JoinHandle<()>) {
    let number = recorder::spawning(name.clone(), place);
    memory::spawn();
    let parking = Parking::new();
    PARKINGS.with_borrow_mut(|all| all.push(Arc::clone(&parking)));
    let inner = loom::thread::spawn(move || recorder::thread_body(number, body));
    (Thread::new(number, name, parking, place), inner)
}

/// A thread not yet joined.
struct Spawned<T> {
    thread: Thread,
    inner: loom::thread::JoinHandle<()>,
    packet: Packet<T>,
}

fn spawn_at<F, T>(name: Option<String>, place: Place, f: F) -> Spawned<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let packet = Packet::default();
    let (thread, inner) = start(name, place, body(Arc::clone(&packet), f));
    Spawned { thread, inner, packet }
}

/// Waits for the end of a thread and hands over what it left.
fn join<T>(
    number: Number,
    inner: loom::thread::JoinHandle<()>,
    packet: &Packet<T>,
    place: Place,
) -> Result<T> {
    wait_for_end(number, inner, place);
    take_result(number, packet)
}

/// What a thread that has ended left.
fn take_result<T>(number: Number, packet: &Packet<T>) -> Result<T> {
    let result = packet.lock().take();
    let result = result.expect("a thread leaves its result before it ends");
    if result.is_err() {
        recorder::panic_joined(number);
    }
    result
}

fn wait_for_end(number: Number, inner: loom::thread::JoinHandle<()>, place: Place) {
    let running = recorder::with_log(|log| !log.threads[number].has_ended());
    if running {
        recorder::happened(Effect::JoinWaits(number), None, place);
    }
    let pending = Pending { target: Some(number), ..pending("join", place) };
    let turn = if running { Turn::Waits } else { Turn::Runs };
    recorder::step_that(turn, pending, || inner.join())
        .expect("the body of a thread catches its panic");
    memory::join(number);
    recorder::happened(Effect::Join(number), None, place);
}

/// A thread to be joined. Dropping the handle detaches the thread; the model still waits for its end.
pub struct JoinHandle<T>(Spawned<T>);

impl<T> JoinHandle<T> {
    /// Waits for the thread to end.
    ///
    /// # Errors
    /// Returns the payload of the panic, if that ended the thread.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        let Spawned { thread, inner, packet } = self.0;
        join(thread.number, inner, &packet, Location::caller())
    }

    /// The thread.
    pub fn thread(&self) -> &Thread {
        &self.0.thread
    }
}

impl<T> std::fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

/// Threads that may borrow and have all ended when [`scope`] returns.
#[derive(Debug)]
pub struct Scope<'scope, 'env: 'scope> {
    /// The threads of the scope that have not been joined.
    running: Arc<Mutex<Vec<ScopedThread>>>,
    /// Neither lifetime may shrink: a closure could smuggle a shorter borrow in.
    invariant: PhantomData<(&'scope mut &'scope (), &'env mut &'env ())>,
}

#[derive(Debug)]
struct ScopedThread {
    number: Number,
    inner: loom::thread::JoinHandle<()>,
    ended: Ended,
}

/// Whether the scope has seen the thread end, for a handle that comes later than the scope.
type Ended = Arc<AtomicBool>;

/// A scoped thread to be joined. The scope joins those that the program does not.
pub struct ScopedJoinHandle<'scope, T> {
    thread: Thread,
    packet: Packet<T>,
    running: Arc<Mutex<Vec<ScopedThread>>>,
    ended: Ended,
    scope: PhantomData<&'scope ()>,
}

/// Runs `f`, which may spawn threads that borrow from its surroundings, and waits for all of them.
///
/// # Panics
/// If a thread that was not joined panicked, or if `f` panics; in either case after all have ended.
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let place = Location::caller();
    let scope = Scope { running: Arc::default(), invariant: PhantomData };
    let begins = recorder::with_log(|log| log.events.len());
    let result = catch_unwind(AssertUnwindSafe(|| f(&scope)));
    if result.is_err() {
        // Threads that wait for the body may keep the scope from ending: that is not the first thing that went wrong.
        recorder::body_panic(begins, true);
    }
    let mut any_panicked = false;
    // A thread may spawn another one while it is waited for.
    loop {
        let mut running = scope.running.lock();
        if running.is_empty() {
            break;
        }
        let thread = running.remove(0);
        drop(running);
        wait_for_end(thread.number, thread.inner, place);
        thread.ended.store(true, Relaxed);
        any_panicked |= recorder::with_log(|log| log.threads[thread.number].has_panicked());
    }
    match result {
        Err(payload) => {
            recorder::body_panic(begins, false);
            resume_unwind(payload)
        }
        Ok(_) if any_panicked => panic!("{SCOPED_PANIC}"),
        Ok(value) => value,
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Spawns a thread that ends before the scope does.
    ///
    /// # Panics
    /// If a test [refuses](refuse_after) it.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        refusal::expect(Builder::new().spawn_scoped(self, f))
    }

    /// Spawns it at this place, whatever a test refuses.
    pub(crate) fn spawn_at<F, T>(
        &'scope self,
        name: Option<String>,
        place: Place,
        f: F,
    ) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let packet = Packet::default();
        let body: Box<dyn FnOnce() -> bool + 'scope> = Box::new(body(Arc::clone(&packet), f));
        // SAFETY: only the lifetime changes. The closure and what it borrows are gone before `'scope` ends,
        // because `scope` does not return, nor unwind, before it has waited for every thread in `running`,
        // and this one is entered there before anything else can happen. If the model ends early, `scope`
        // never returns at all.
        let body: Box<dyn FnOnce() -> bool + 'static> = unsafe {
            std::mem::transmute::<
                Box<dyn FnOnce() -> bool + 'scope>,
                Box<dyn FnOnce() -> bool + 'static>,
            >(body)
        };
        let (thread, inner) = start(name, place, body);
        let number = thread.number;
        let ended = Ended::default();
        self.running.lock().push(ScopedThread { number, inner, ended: Arc::clone(&ended) });
        ScopedJoinHandle {
            thread,
            packet,
            running: Arc::clone(&self.running),
            ended,
            scope: PhantomData,
        }
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for the thread to end.
    ///
    /// # Errors
    /// Returns the payload of the panic, if that ended the thread.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        self.join_at(Location::caller())
    }

    /// [`join`](Self::join) at this place.
    pub(crate) fn join_at(self, place: Place) -> Result<T> {
        let number = self.thread.number;
        let mine = {
            let mut running = self.running.lock();
            let mine = running.iter().position(|thread| thread.number == number);
            mine.map(|index| running.remove(index))
        };
        if let Some(mine) = mine {
            return join(number, mine.inner, &self.packet, place);
        }
        // The scope waits for it already, and says when it has ended: loom lets only one thread wait.
        loop {
            if self.ended.load(Relaxed) {
                memory::join(number);
                recorder::happened(Effect::Join(number), None, place);
                return take_result(number, &self.packet);
            }
            let pending = Pending { target: Some(number), ..pending("join", place) };
            POLLING.set(POLLING.get() + 1);
            recorder::step_that(Turn::Waits, pending, loom::thread::yield_now);
            POLLING.set(POLLING.get() - 1);
        }
    }

    /// The thread.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }
}

impl<T> std::fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
