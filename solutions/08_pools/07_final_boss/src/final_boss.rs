//! A pool of threads for heavy jobs, with bounded queues.

use crate::channel::{Arm, Sender, bounded};
use crate::job::{self, Handle, Priority, Reason, Refused, Terms, Wait};
use crate::metrics::{Counters, Metrics};
use crate::select::{select, select_until};
use crate::sync::atomic::Ordering::Relaxed;
use crate::sync::atomic::{AtomicBool, AtomicUsize};
use crate::sync::channel::RecvError;
use crate::sync::thread::{self, Builder, JoinHandle};
use crate::sync::utils::CachePadded;
use crate::sync::{Arc, Condvar, Mutex, MutexGuard};
use crate::{LOCAL, LOOKS, PATIENCE};
use std::collections::VecDeque;
use std::io;

type Job = job::Job<Worker>;

// Where jobs wait, and under which lock:
//
//   submit ──> waiting ──> queue ──────────> worker     the pool's `state`: one lock for all of it
//              (no room)   (by priority)
//   a job's submit ───────> a worker's own ──> it, or a thief     a lock for each worker: `Local::queue`
//
// A thread that holds `state` may take the lock of a worker's queue, never the other way round, and never two
// of those.

/// A pool of threads that run jobs.
///
/// A job is a closure. It is submitted from outside by [`submit`](Pool::submit), which waits for room and so
/// slows its caller down to what the pool can do; or by another job, through the [`Worker`] that the job is
/// lent. The [`Handle`] gets its result, or its panic, which ends the job and nothing else.
///
/// ```
/// let pool = Pool::new(2, 100)?;
/// let sum = pool.submit(|worker: &Worker| {
///     let half = worker.submit(|_: &Worker| (0..500).sum::<u64>()).expect("the pool is open");
///     let other: u64 = (500..1000).sum();
///     while !half.is_finished() && worker.help() {}
///     half.join().expect("no panic") + other
/// })?;
/// assert_eq!(sum.join()?, 499_500);
/// pool.shutdown();
/// println!("{}", pool.metrics());
/// ```
///
/// # Order
/// Jobs from outside wait in the shared queue, in three lanes. The highest [`Priority`](crate::Priority) goes
/// first. But a lane that was passed over [`PATIENCE`](crate::PATIENCE) times in succession, while a job
/// waited in it, goes before the others, the lowest of such lanes first. Within a lane the oldest job goes
/// first.
///
/// Jobs that a job submits wait in the queue of its worker. The worker takes them before those of the shared
/// queue, the oldest first; but after `PATIENCE` of them in succession it looks into the shared queue first.
/// A worker that finds neither steals what waits in the queue of another.
///
/// # Bounds
/// `capacity` jobs may wait in the shared queue, and [`LOCAL`](crate::LOCAL) in the queue of each worker. Only
/// a worker that leaves may exceed this, because its jobs move to the shared queue, as jobs of normal
/// priority. There is room again when fewer than `capacity` wait there.
///
/// # Happens-before
/// What was done before a job was submitted happens before it begins; what a job did happens before its
/// handle has the result, and before a shutdown returns.
pub struct Pool {
    shared: Arc<Shared>,
}

/// What a job sees of the pool that runs it.
pub struct Worker {
    shared: Arc<Shared>,
    /// `None` if the thread is not one of the pool's: it helps.
    local: Option<Arc<Local>>,
}

struct Shared {
    capacity: usize,
    state: Mutex<State>,
    /// Idle workers sleep here, until there is a job, or they are to leave.
    work: Condvar,
    /// Threads that shut down sleep here, until nothing runs.
    ended: Condvar,
    /// How many workers sleep. Changed under the lock of `state`, and read without it.
    idle: CachePadded<AtomicUsize>,
    /// Whether there are more workers than wanted. Changed under the lock of `state`, and read without it.
    surplus: AtomicBool,
    /// The counts of threads that are not workers, and of workers that have left.
    counters: Counters,
}

struct State {
    open: bool,
    queue: Lanes,
    /// Submissions for which there is no room, the oldest first. As long as there is one, the queue is full.
    waiting: VecDeque<Waiting>,
    /// The number of the next such submission.
    tickets: u64,
    /// How many workers there should be.
    size: usize,
    /// The workers that are there.
    workers: Vec<(Arc<Local>, JoinHandle<()>)>,
    /// The worker that left last. It joins the one that left before it.
    left: Option<JoinHandle<()>>,
    /// How many other threads run a job.
    helping: usize,
}

/// A submission that waits for room.
struct Waiting {
    ticket: u64,
    priority: Priority,
    job: Job,
    /// Gets `None` when the job is accepted, and the job if it is refused.
    answer: Sender<Option<Job>>,
}

/// What belongs to one worker.
struct Local {
    queue: CachePadded<Mutex<Queue>>,
    counters: CachePadded<Counters>,
}

struct Queue {
    open: bool,
    jobs: VecDeque<Job>,
}

/// A job that was found, and the answer for the submission that got its place in the queue.
struct Found {
    job: Job,
    admitted: Option<Sender<Option<Job>>>,
}

impl Pool {
    /// Starts `workers` threads, with room for `capacity` jobs that wait. Without workers the pool is paused:
    /// jobs wait until it is [resized](Pool::resize), or somebody [helps](Pool::help).
    ///
    /// # Errors
    /// If the operating system refuses a thread. By then those that were started have ended.
    ///
    /// # Panics
    /// Panics with `final_boss: no room for a job` if `capacity` is zero.
    pub fn new(workers: usize, capacity: usize) -> io::Result<Self> {
        assert!(capacity > 0, "final_boss: no room for a job");
        let shared = Shared {
            capacity,
            state: Mutex::new(State {
                open: true,
                queue: Lanes::default(),
                waiting: VecDeque::new(),
                tickets: 0,
                size: 0,
                workers: Vec::new(),
                left: None,
                helping: 0,
            }),
            work: Condvar::new(),
            ended: Condvar::new(),
            idle: CachePadded::new(AtomicUsize::new(0)),
            surplus: AtomicBool::new(false),
            counters: Counters::default(),
        };
        let pool = Self {
            shared: Arc::new(shared),
        };
        pool.resize(workers)?;
        Ok(pool)
    }

    /// Submits a job on the default [`Terms`]: sleeps until there is room. See
    /// [`submit_with`](Pool::submit_with).
    ///
    /// # Errors
    /// Hands the job back if the pool is shut down.
    pub fn submit<F, T>(&self, job: F) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&Worker) -> T + Send + 'static,
        T: Send + 'static,
    {
        self.submit_with(&Terms::default(), job)
    }

    /// Submits a job if there is room now. See [`submit_with`](Pool::submit_with).
    ///
    /// # Errors
    /// Hands the job back if there is no room, or the pool is shut down.
    pub fn try_submit<F, T>(&self, job: F) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&Worker) -> T + Send + 'static,
        T: Send + 'static,
    {
        let wait = Wait::Never;
        self.submit_with(
            &Terms {
                wait,
                ..Terms::default()
            },
            job,
        )
    }

    /// Submits a job on these terms. If there is no room, it sleeps as long as `terms.wait` says, and at most
    /// until the context is done or the pool is shut down.
    ///
    /// A job that is accepted runs once, unless it is cancelled before it begins: by its context, as soon as
    /// its turn comes, or by [`shutdown_now`](Pool::shutdown_now). One that has begun is never interrupted.
    /// What a cancelled job owns is dropped while no lock is held, and may ask the pool for its metrics.
    ///
    /// If a submission gets a place and does not take it, because its context is done or its time is over,
    /// the next one that waits gets it.
    ///
    /// A job should submit through its [`Worker`], and not by this function, where it may sleep until other jobs
    /// have ended.
    ///
    /// # Errors
    /// Hands the job back, with the [`Reason`](crate::Reason): if its context is done at the call, even if there
    /// is room. If several are true at the call, `Closed` goes before `Cancelled`, and `Cancelled` before `Full`
    /// and `TimedOut`.
    pub fn submit_with<F, T>(&self, terms: &Terms, job: F) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&Worker) -> T + Send + 'static,
        T: Send + 'static,
    {
        Job::submit(job, terms.context.as_ref(), |job| {
            self.shared.enqueue(job, terms)
        })
    }

    /// Runs one of the jobs that wait on this thread, and returns whether there was one. So one more job than
    /// there are workers may run at the same time.
    pub fn help(&self) -> bool {
        let mut state = self.shared.state.lock();
        let outsider = Worker {
            shared: Arc::clone(&self.shared),
            local: None,
        };
        let Some(found) = outsider.find(&mut state) else {
            return false;
        };
        state.helping += 1;
        drop(state);
        outsider.run(found.admit(&self.shared));
        self.shared.state.lock().helping -= 1;
        // All threads that sleep in `wait_for_the_end` have to look again.
        self.shared.ended.notify_all();
        true
    }

    /// Sets how many workers there are, and does not wait. If workers are missing, new ones start at
    /// once. Surplus ones leave when the job that they run has ended, unless the pool is larger again by then, and
    /// no job goes with them: what waits in the queue of one that leaves moves to the shared queue. If the pool is
    /// shut down, nothing happens.
    ///
    /// # Errors
    /// If the operating system refuses a thread. The pool has those that it got by then.
    pub fn resize(&self, workers: usize) -> io::Result<()> {
        let mut state = self.shared.state.lock();
        if !state.open {
            return Ok(());
        }
        state.size = workers;
        let mut result = Ok(());
        while state.workers.len() < state.size {
            match self.start() {
                Ok(worker) => state.workers.push(worker),
                Err(error) => {
                    state.size = state.workers.len();
                    result = Err(error);
                }
            }
        }
        self.shared.look_for_surplus(&state);
        drop(state);
        self.shared.work.notify_all();
        result
    }

    /// Starts a worker. It cannot look for jobs before it is in `workers`: the caller holds the lock.
    fn start(&self) -> io::Result<(Arc<Local>, JoinHandle<()>)> {
        let local = Arc::new(Local {
            queue: CachePadded::new(Mutex::new(Queue {
                open: true,
                jobs: VecDeque::new(),
            })),
            counters: CachePadded::default(),
        });
        let worker = Worker {
            shared: Arc::clone(&self.shared),
            local: Some(Arc::clone(&local)),
        };
        let thread = Builder::new().name("worker".to_owned());
        let thread = thread.spawn(move || worker.work())?;
        Ok((local, thread))
    }

    /// Returns how many workers there should be: what [`resize`](Pool::resize) was told last before a shutdown,
    /// or [`new`](Pool::new).
    pub fn size(&self) -> usize {
        self.shared.state.lock().size
    }

    /// Returns what has happened so far. When no call is under way and no job runs, the numbers
    /// [add up](Metrics::add_up); otherwise they may be of different moments, but no job ends before it began.
    pub fn metrics(&self) -> Metrics {
        let state = self.shared.state.lock();
        let locals = state.workers.iter().map(|(local, _)| &**local);
        let queued = locals
            .clone()
            .map(|local| local.queue.lock().jobs.len())
            .sum::<usize>()
            + state.queue.len();
        let counters = locals.map(|local| &*local.counters);
        // Under the lock: a worker that leaves while this counts would count twice, or not at all.
        Metrics {
            workers: state.workers.len() as u64,
            queued: queued as u64,
            ..Metrics::sum(counters.chain([&self.shared.counters]))
        }
    }

    /// Ends the pool gracefully: from now on nobody can submit, not even the jobs. Runs what waits, on this
    /// thread too, and returns when no job runs and all workers have left.
    ///
    /// May be called again, and by several threads at the same time: each waits for the end. A job must not
    /// call it, because it would wait for itself.
    pub fn shutdown(&self) {
        let refused = self.shared.close(&mut self.shared.state.lock());
        refuse(refused);
        while self.help() {}
        self.shared.wait_for_the_end();
    }

    /// Ends the pool at once, like [`shutdown`](Pool::shutdown), but cancels the jobs that wait, before it waits
    /// for those that run. Returns how many it has cancelled. If another thread has called
    /// [`shutdown`](Pool::shutdown), this cuts it short.
    pub fn shutdown_now(&self) -> usize {
        let mut state = self.shared.state.lock();
        let refused = self.shared.close(&mut state);
        let mut jobs = Vec::from_iter(std::iter::from_fn(|| state.queue.pop()));
        for (local, _) in &state.workers {
            jobs.extend(local.queue.lock().jobs.drain(..));
        }
        let cancelled = jobs.len();
        // Under the lock: another shutdown may return before they are dropped.
        self.shared.counters.cancelled.add(cancelled as u64);
        drop(state);
        refuse(refused);
        jobs.into_iter().for_each(Job::cancel);
        self.shared.wait_for_the_end();
        cancelled
    }
}

impl Drop for Pool {
    /// As [`shutdown_now`](Pool::shutdown_now).
    fn drop(&mut self) {
        self.shutdown_now();
    }
}

impl Worker {
    /// Submits a job from within another. It waits in the queue of this worker, or in the shared queue if the
    /// thread is not a worker but helps. Never sleeps: if there is no room, it runs the job now, on this
    /// thread, and then returns.
    ///
    /// # Errors
    /// Hands the job back if the pool is shut down.
    pub fn submit<F, T>(&self, job: F) -> Result<Handle<T>, Refused<F>>
    where
        F: FnOnce(&Worker) -> T + Send + 'static,
        T: Send + 'static,
    {
        Job::submit(job, None, |job| self.enqueue(job))
    }

    /// Runs one of the jobs that wait, on this thread and within the job that calls this, and returns whether
    /// there was one. This is for a job that waits for others: if all workers slept until queued jobs had ended,
    /// nobody would run those. It may run any of the jobs that wait.
    pub fn help(&self) -> bool {
        let job = self.own().or_else(|| {
            let found = self.find(&mut self.shared.state.lock())?;
            Some(found.admit(&self.shared))
        });
        job.map(|job| self.run(job)).is_some()
    }

    /// Runs jobs, on a worker, until it leaves.
    fn work(self) {
        let mut own_in_succession = 0;
        while let Some(job) = self.next(&mut own_in_succession) {
            self.run(job);
        }
    }

    /// Finds the next job, and sleeps until there is one. `None` means that this worker has left.
    fn next(&self, own_in_succession: &mut u32) -> Option<Job> {
        // Relaxed: if this does not see yet that there are too many workers, this one runs one more job.
        if *own_in_succession < PATIENCE && !self.shared.surplus.load(Relaxed) {
            *own_in_succession += 1;
            if let Some(job) = self.own() {
                return Some(job);
            }
        }
        *own_in_succession = 0;
        let mut state = self.shared.state.lock();
        let (mut looks, mut is_idle) = (LOOKS, false);
        let found = loop {
            if state.workers.len() > state.size {
                break None;
            }
            let found = self.find(&mut state);
            if found.is_some() || !state.open {
                break found;
            }
            // No wakeup is lost. `state` changes under its lock, which this thread holds from its last look
            // until it is asleep. A job that goes into the queue of a worker goes there without that lock.
            // But between counting itself as idle and falling asleep, this thread looks into that queue,
            // under the queue's lock. Either the job is there by then, or it comes later. Then the thread
            // that puts it there has that lock after this one, and sees that there is an idle worker: see
            // `Worker::enqueue`.
            if is_idle {
                self.shared.work.wait(&mut state);
            } else if looks > 0 {
                looks -= 1;
                MutexGuard::unlocked(&mut state, thread::yield_now);
            } else {
                is_idle = true;
                self.shared.idle.fetch_add(1, Relaxed);
            }
        };
        if is_idle {
            self.shared.idle.fetch_sub(1, Relaxed);
        }
        match found {
            Some(found) => {
                drop(state);
                Some(found.admit(&self.shared))
            }
            None => {
                self.leave(state);
                None
            }
        }
    }

    /// Takes the oldest job of this worker's own queue.
    fn own(&self) -> Option<Job> {
        self.local.as_ref()?.queue.lock().jobs.pop_front()
    }

    /// Looks everywhere: into the shared queue, this worker's own, and those of others.
    fn find(&self, state: &mut State) -> Option<Found> {
        if let Some(job) = state.queue.pop() {
            return Some(Found {
                job,
                admitted: self.shared.admit(state),
            });
        }
        let job = self.own().or_else(|| self.steal(state))?;
        Some(Found {
            job,
            admitted: None,
        })
    }

    /// Takes the older half of another worker's jobs, and moves all of it but one to this worker's queue, which
    /// is empty.
    fn steal(&self, state: &State) -> Option<Job> {
        let is_own = |local: &Arc<Local>| {
            self.local
                .as_ref()
                .is_some_and(|own| Arc::ptr_eq(own, local))
        };
        // Begins with the next worker, or all thieves would visit the same one first.
        let own = state.workers.iter().position(|(local, _)| is_own(local));
        let (before, after) = state.workers.split_at(own.map_or(0, |own| own + 1));
        for (victim, _) in after
            .iter()
            .chain(before)
            .filter(|(local, _)| !is_own(local))
        {
            let mut queue = victim.queue.lock();
            let half = match &self.local {
                Some(_) => queue.jobs.len().div_ceil(2),
                None => queue.jobs.len().min(1),
            };
            let mut stolen: VecDeque<_> = queue.jobs.drain(..half).collect();
            // Never holds two of these locks: two thieves that rob each other would deadlock.
            drop(queue);
            if let Some(job) = stolen.pop_front() {
                self.counters().stolen.add(half as u64);
                if let Some(own) = &self.local {
                    own.queue.lock().jobs.append(&mut stolen);
                }
                return Some(job);
            }
        }
        None
    }

    /// Runs a job, unless its context is done, and counts what becomes of it.
    fn run(&self, job: Job) {
        let counters = self.counters();
        if job.is_cancelled() {
            counters.cancelled.add(1);
            job.cancel();
            return;
        }
        counters.begun.add(1);
        job.run(self, |panicked| {
            let count = if panicked {
                &counters.panicked
            } else {
                &counters.completed
            };
            count.add(1);
        });
    }

    fn counters(&self) -> &Counters {
        self.local
            .as_ref()
            .map_or(&self.shared.counters, |local| &local.counters)
    }

    /// Accepts a job that the job of this worker submits, or refuses it.
    fn enqueue(&self, job: Job) -> Result<(), Refused<Job>> {
        let Some(local) = &self.local else {
            // A thread that helps has no queue.
            let mut state = self.shared.state.lock();
            return match self.shared.offer(&mut state, job, Priority::Normal) {
                Err(Refused {
                    job,
                    reason: Reason::Full,
                }) => {
                    drop(state);
                    self.shared.counters.submitted.add(1);
                    self.run(job);
                    Ok(())
                }
                answer => self.shared.answer_and_wake(state, answer),
            };
        };
        let mut queue = local.queue.lock();
        if !queue.open {
            local.counters.rejected.add(1);
            return Err(Refused {
                job,
                reason: Reason::Closed,
            });
        }
        local.counters.submitted.add(1);
        if queue.jobs.len() >= LOCAL {
            drop(queue);
            self.run(job);
            return Ok(());
        }
        queue.jobs.push_back(job);
        drop(queue);
        // Relaxed: a worker that looked into this queue before the job was there had counted itself as idle
        // before that, and the queue's lock has passed that on: see `Worker::next`.
        if self.shared.idle.load(Relaxed) > 0 {
            // The idle worker holds this lock from its look until it is asleep, so by now it sleeps, or has woken
            // up.
            drop(self.shared.state.lock());
            self.shared.work.notify_one();
        }
        Ok(())
    }

    /// Ends a worker. Its counts and its jobs stay with the pool.
    fn leave(&self, mut state: MutexGuard<'_, State>) {
        let own = self.local.as_ref().expect("only workers leave");
        let index = state
            .workers
            .iter()
            .position(|(local, _)| Arc::ptr_eq(local, own));
        let (_, thread) = state.workers.swap_remove(index.expect("each leaves once"));
        for job in own.queue.lock().jobs.drain(..) {
            state.queue.push(job, Priority::Normal);
        }
        self.shared.counters.absorb(&own.counters);
        self.shared.look_for_surplus(&state);
        let before = state.left.replace(thread);
        drop(state);
        // For its jobs nobody has to be woken: a worker that sleeps was woken when they came, or fell asleep
        // before there were any. And if this one was itself woken for a job that it leaves here, `resize` has
        // woken all others.
        self.shared.ended.notify_all();
        // That one is about to end: a worker does nothing after this. So the pool keeps one handle, however
        // many have left.
        if let Some(before) = before {
            let _ = before.join();
        }
    }
}

impl Shared {
    /// Accepts a job from outside, or refuses it.
    fn enqueue(&self, job: Job, terms: &Terms) -> Result<(), Refused<Job>> {
        let mut state = self.state.lock();
        match self.offer(&mut state, job, terms.priority) {
            Err(Refused {
                job,
                reason: Reason::Full,
            }) if !matches!(terms.wait, Wait::Never) => {
                let answer = self.wait_for_room(state, job, terms);
                self.answer(answer)
            }
            answer => self.answer_and_wake(state, answer),
        }
    }

    /// Passes on what has become of a job that was offered to the shared queue: if it is in there, for a worker.
    fn answer_and_wake(
        &self,
        state: MutexGuard<'_, State>,
        answer: Result<(), Refused<Job>>,
    ) -> Result<(), Refused<Job>> {
        // Under the lock: a worker that is idle now sleeps.
        let wakes = answer.is_ok() && self.idle.load(Relaxed) > 0;
        drop(state);
        if wakes {
            self.work.notify_one();
        }
        self.answer(answer)
    }

    /// Counts a refusal.
    fn answer(&self, answer: Result<(), Refused<Job>>) -> Result<(), Refused<Job>> {
        answer.inspect_err(|_| self.counters.rejected.add(1))
    }

    /// Puts a job into the queue, if the pool is open, the job is not cancelled, and there is room.
    fn offer(&self, state: &mut State, job: Job, priority: Priority) -> Result<(), Refused<Job>> {
        let reason = if !state.open {
            Reason::Closed
        } else if job.is_cancelled() {
            Reason::Cancelled
        } else if state.queue.len() >= self.capacity {
            Reason::Full
        } else {
            self.counters.submitted.add(1);
            state.queue.push(job, priority);
            return Ok(());
        };
        Err(Refused { job, reason })
    }

    /// Sleeps until another thread accepts or refuses the job, or until the deadline has come or the context is
    /// done.
    fn wait_for_room(
        &self,
        mut state: MutexGuard<'_, State>,
        job: Job,
        terms: &Terms,
    ) -> Result<(), Refused<Job>> {
        let (answer, turn) = bounded(1);
        let ticket = state.tickets;
        state.tickets += 1;
        state.waiting.push_back(Waiting {
            ticket,
            priority: terms.priority,
            job,
            answer,
        });
        drop(state);

        let mut answered = turn.arm();
        let mut done = terms.context.as_ref().map(|context| context.done().arm());
        let mut arms: Vec<&mut dyn Arm<'_>> = vec![&mut answered];
        arms.extend(done.iter_mut().map(|arm| arm as &mut dyn Arm<'_>));
        let reason = match &terms.wait {
            Wait::Until(clock, deadline) => match select_until(&mut arms, clock, *deadline) {
                Some(0) => None,
                Some(_) => Some(Reason::Cancelled),
                None => Some(Reason::TimedOut),
            },
            _ => (select(&mut arms) != 0).then_some(Reason::Cancelled),
        };
        drop(arms);
        let Some(reason) = reason else {
            return understood(answered.outcome().expect("it was chosen"));
        };
        let mut state = self.state.lock();
        let place = state
            .waiting
            .iter()
            .position(|waiting| waiting.ticket == ticket);
        match place.and_then(|place| state.waiting.remove(place)) {
            Some(Waiting { job, .. }) => Err(Refused { job, reason }),
            None => {
                drop(state);
                // Another thread was faster, and has sent the answer or is about to.
                understood(turn.recv())
            }
        }
    }

    /// Gives the place that has become free to the submission that has waited longest.
    fn admit(&self, state: &mut State) -> Option<Sender<Option<Job>>> {
        // A worker that has left may have put in more than there is room for.
        if state.queue.len() >= self.capacity {
            return None;
        }
        let Waiting {
            priority,
            job,
            answer,
            ..
        } = state.waiting.pop_front()?;
        self.counters.submitted.add(1);
        state.queue.push(job, priority);
        Some(answer)
    }

    fn look_for_surplus(&self, state: &State) {
        let surplus = state.workers.len() > state.size;
        self.surplus.store(surplus, Relaxed);
    }

    /// Closes the pool: from now on nothing is accepted. Returns the submissions that wait for room.
    fn close(&self, state: &mut State) -> VecDeque<Waiting> {
        state.open = false;
        for (local, _) in &state.workers {
            local.queue.lock().open = false;
        }
        std::mem::take(&mut state.waiting)
    }

    /// Sleeps until no job runs and all workers have left. To be called after [`close`](Self::close).
    fn wait_for_the_end(&self) {
        self.work.notify_all();
        let mut state = self.state.lock();
        // No wakeup is lost: threads that leave, or have helped, change `state` under the lock that this one
        // holds from its look until it is asleep, and notify after that.
        while !state.workers.is_empty() || state.helping > 0 {
            self.ended.wait(&mut state);
        }
        let left = state.left.take();
        drop(state);
        if let Some(left) = left {
            let _ = left.join();
        }
    }
}

/// Hands the jobs back to the submissions that wait for room.
fn refuse(waiting: VecDeque<Waiting>) {
    for Waiting { job, answer, .. } in waiting {
        // A submission whose time is over waits for this answer, too: see `wait_for_room`.
        let _ = answer.send(Some(job));
    }
}

/// Turns the answer to a submission into its result.
fn understood(answer: Result<Option<Job>, RecvError>) -> Result<(), Refused<Job>> {
    match answer.expect("everybody gets an answer") {
        None => Ok(()),
        Some(job) => Err(Refused {
            job,
            reason: Reason::Closed,
        }),
    }
}

impl Found {
    /// Tells the submission that got the place, now that the lock is free, and returns the job.
    fn admit(self, shared: &Shared) -> Job {
        if let Some(answer) = self.admitted {
            let _ = answer.send(None);
            // Its job is in the queue now, and nobody has been woken for it. Relaxed: a worker that was asleep
            // when the job got there had counted itself before, under the lock.
            if shared.idle.load(Relaxed) > 0 {
                shared.work.notify_one();
            }
        }
        self.job
    }
}

/// The shared queue: a lane for each priority.
#[derive(Default)]
struct Lanes {
    lanes: [Lane; 3],
}

#[derive(Default)]
struct Lane {
    jobs: VecDeque<Job>,
    /// How often in succession another lane was chosen, while a job waited in this one.
    passed_over: u32,
}

impl Lanes {
    fn len(&self) -> usize {
        self.lanes.iter().map(|lane| lane.jobs.len()).sum()
    }

    fn push(&mut self, job: Job, priority: Priority) {
        self.lanes[priority as usize].jobs.push_back(job);
    }

    /// Takes the oldest job of the lane whose turn it is.
    fn pop(&mut self) -> Option<Job> {
        let waiting = || {
            self.lanes
                .iter()
                .enumerate()
                .filter(|(_, lane)| !lane.jobs.is_empty())
        };
        let (chosen, _) = waiting()
            .rfind(|(_, lane)| lane.passed_over >= PATIENCE)
            .or_else(|| waiting().next())?;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            lane.passed_over = if index == chosen || lane.jobs.is_empty() {
                0
            } else {
                lane.passed_over + 1
            };
        }
        self.lanes[chosen].jobs.pop_front()
    }
}
