//! A lock of many readers or one writer, in one atomic word and two more to sleep on.

use crate::MAX_READERS;
use crate::sync::atomic::AtomicU32;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::cell::UnsafeCell;
use crate::sync::{futex, hint};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

// The word:
//
// | bits    |                                                                                     |
// |---------|-------------------------------------------------------------------------------------|
// | WRITER  | a writer has announced itself: it waits for the readers before it, or has the lock  |
// | WAITING | other writers wait for that one, asleep or about to be                              |
// | READERS | how many readers have the lock or, if there is WRITER, wait for it                  |
// | PHASES  | counts, modulo 4, how often waiting readers have been let in                        |

const WRITER: u32 = 1;
const WAITING: u32 = 2;
const READER: u32 = 4;
const PHASE: u32 = 1 << 30;
const READERS: u32 = PHASE - READER;
const PHASES: u32 = !(PHASE - 1);

/// One bit is left over: a refused reader is counted for a moment as well, and there are fewer than 100 million threads.
const _: () = assert!(MAX_READERS <= READERS / READER / 2 + 1);

/// How often the lock is looked at before a thread goes to sleep. Not at all in a model, where nothing would
/// be left to wait for then.
const SPINS: u32 = if crate::sync::IS_MODEL { 0 } else { 100 };

/// Protects a value that many threads may read at once, or one may write. Go's `sync.RWMutex`, with the data
/// inside.
///
/// # Who goes first
/// A writer that waits for readers keeps new ones out, so an endless stream of readers does not keep it
/// waiting: it waits only for the readers that were there when it came, and for writers. If it has waited for
/// a writer, readers may come in until it is awake and takes its turn. And when a writer unlocks, all
/// readers that wait at that moment get the lock before the next writer, so an endless stream of writers does
/// not keep readers waiting either. In which order writers get the lock is not promised.
///
/// It follows that a thread must not read-lock twice: if a writer comes in between, the second `read` waits
/// for the writer, and the writer for the first. Nor can a read lock become a write lock.
///
/// Guards unlock when they are dropped, even by a panic, and nothing is poisoned. A lock adds at most 64
/// bytes to the value, and owns no memory elsewhere.
///
/// ```
/// let config = RwMutex::new(String::from("v1"));
/// {
///     let (one, two) = (config.read(), config.try_read());
///     assert_eq!(*one, "v1");
///     assert!(two.is_some() && config.try_write().is_none());
/// }
/// config.write().push_str(".1");
/// assert_eq!(config.into_inner(), "v1.1");
/// ```
///
/// # Happens-before
/// What a writer did before its guard was dropped happens before everything that later guards see, of either
/// kind. What a reader did before its guard was dropped happens before everything that a later writer does.
pub struct RwMutex<T: ?Sized> {
    /// As in the table above. Writers that wait for another writer sleep on it.
    state: AtomicU32,
    /// How many readers the writer that has announced itself still waits for. It sleeps on this. Below zero,
    /// by wrapping, if some of them have left before it has added their number.
    departing: AtomicU32,
    /// The PHASE up to which waiting readers have been told to go on. They sleep on this.
    admitted: AtomicU32,
    data: UnsafeCell<T>,
}

// SAFETY: the owner of the lock owns the value, and nothing else in it is tied to a thread.
unsafe impl<T: ?Sized + Send> Send for RwMutex<T> {}

// SAFETY: threads that share the lock read the value at once, which `T: Sync` allows, or reach it one after
// the other, which `T: Send` allows. The comments at `read_lock` and `write_lock` show that they do no more.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwMutex<T> {}

impl<T> RwMutex<T> {
    /// Creates an unlocked lock that holds `value`.
    pub fn new(value: T) -> Self {
        Self {
            state: AtomicU32::new(0),
            departing: AtomicU32::new(0),
            admitted: AtomicU32::new(0),
            data: UnsafeCell::new(value),
        }
    }

    /// Takes the value out. Nothing is locked, and guards that were leaked do not matter any more.
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> RwMutex<T> {
    /// Locks for reading: together with other readers, as long as no writer has the lock or waits for it.
    /// Otherwise sleeps until that writer has unlocked; then it has the lock before any other writer.
    ///
    /// # Panics
    /// Panics with `rw_mutex: too many readers` if there are [`MAX_READERS`](crate::MAX_READERS) read guards.
    /// Readers that wait may be counted as well. Nothing has changed then. Only leaked guards add up to that.
    #[inline]
    pub fn read(&self) -> RwMutexReadGuard<'_, T> {
        self.read_lock();
        self.read_guard()
    }

    /// Locks for reading if no writer has the lock or waits for it, and returns `None` otherwise. Never
    /// waits, and changes nothing if it returns `None`.
    ///
    /// # Panics
    /// As [`read`](Self::read) does.
    pub fn try_read(&self) -> Option<RwMutexReadGuard<'_, T>> {
        let mut state = self.state.load(Relaxed);
        while state & WRITER == 0 {
            assert!(readers(state) < MAX_READERS, "rw_mutex: too many readers");
            // Acquire, as in `read_lock`.
            match self
                .state
                .compare_exchange_weak(state, state + READER, Acquire, Relaxed)
            {
                Ok(_) => return Some(self.read_guard()),
                Err(newer) => state = newer,
            }
        }
        None
    }

    /// Locks for writing. Sleeps while there are other guards, and keeps new readers out meanwhile.
    #[inline]
    pub fn write(&self) -> RwMutexWriteGuard<'_, T> {
        self.write_lock();
        self.write_guard()
    }

    /// Locks for writing if nobody has the lock, and returns `None` otherwise. Never waits, and changes
    /// nothing if it returns `None`: in particular it keeps no reader out.
    pub fn try_write(&self) -> Option<RwMutexWriteGuard<'_, T>> {
        let mut state = self.state.load(Relaxed);
        while state & (WRITER | READERS) == 0 {
            // Acquire, as in `write_lock`.
            match self
                .state
                .compare_exchange_weak(state, state | WRITER, Acquire, Relaxed)
            {
                Ok(_) => return Some(self.write_guard()),
                Err(newer) => state = newer,
            }
        }
        None
    }

    /// Lends the value without locking: `&mut self` proves that there is no guard, or that it was leaked.
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }

    #[inline]
    fn read_guard(&self) -> RwMutexReadGuard<'_, T> {
        RwMutexReadGuard {
            lock: self,
            not_send: PhantomData,
        }
    }

    #[inline]
    fn write_guard(&self) -> RwMutexWriteGuard<'_, T> {
        RwMutexWriteGuard {
            lock: self,
            not_send: PhantomData,
        }
    }

    /// Counts this thread among the readers, in one step that never fails. If there was no writer, it has the
    /// lock: a writer that comes now sees it counted, and waits for it to leave.
    ///
    /// Acquire pairs with the Release in `write_unlock`, and with those of earlier writers, because every
    /// change of the word is a read-modify-write.
    #[inline]
    fn read_lock(&self) {
        let before = self.state.fetch_add(READER, Acquire);
        if before & WRITER != 0 || readers(before) >= MAX_READERS {
            self.read_lock_contended(before);
        }
    }

    #[cold]
    fn read_lock_contended(&self, before: u32) {
        if before & WRITER != 0 {
            self.wait_for_writer(before);
        }
        if readers(before) >= MAX_READERS {
            self.read_unlock();
            panic!("rw_mutex: too many readers");
        }
    }

    /// Waits until the writer that this thread has found in the word has let it in.
    fn wait_for_writer(&self, before: u32) {
        // The writer lets in everybody that is counted when it unlocks, and counts the phase on in the same
        // step. This thread waits for exactly that: `admitted` follows the phase. It cannot miss it by a
        // whole turn, because the phase moves on only with a reader that is let in, and the next writer has
        // to wait for this one.
        let mine = phase(before.wrapping_add(PHASE));
        // No wakeup is lost: the futex compares `admitted` with what was seen, and `write_unlock` changes it
        // first and wakes all afterwards. A loop, because the wakeup may be spurious, or `admitted` may be on
        // its way from the phase before. Acquire pairs with the Release of that store.
        let mut spins = SPINS;
        loop {
            let seen = self.admitted.load(Acquire);
            if seen == mine {
                return;
            }
            if spins == 0 {
                futex::wait(&self.admitted, seen);
            } else {
                spins -= 1;
                hint::spin_loop();
            }
        }
    }

    /// Release, for a writer that comes later: pairs with its Acquire, on either of the two ways.
    #[inline]
    fn read_unlock(&self) {
        let before = self.state.fetch_sub(READER, Release);
        // A writer has announced itself while this thread had the lock, and has counted it in `departing`.
        // The last one wakes it. If this thread is faster, the number is below zero for a moment, and the
        // writer's addition makes up for it.
        if before & WRITER != 0 && self.departing.fetch_sub(1, Release) == 1 {
            futex::wake_one(&self.departing);
        }
    }

    /// First the place of the only writer, which keeps new readers out; then the readers that were there have
    /// to leave.
    ///
    /// Acquire pairs with the Release in `write_unlock` and in `read_unlock`.
    #[inline]
    fn write_lock(&self) {
        let mut state = self.state.load(Relaxed);
        if state & !PHASES == 0 {
            match self
                .state
                .compare_exchange_weak(state, state | WRITER, Acquire, Relaxed)
            {
                Ok(_) => return,
                Err(newer) => state = newer,
            }
        }
        let present = self.announce(state);
        if present != 0 {
            self.wait_for_readers(present);
        }
    }

    /// Sets WRITER, as a mutex is locked, and returns how many readers were there in that step. `state` is
    /// what the word was just now.
    #[cold]
    fn announce(&self, mut state: u32) -> u32 {
        // What WAITING has to be when this thread sets WRITER: set if it has slept, because then others may
        // sleep.
        let mut mark = 0;
        let mut spins = SPINS;
        loop {
            if state & WRITER == 0 {
                let new = state | WRITER | mark;
                match self
                    .state
                    .compare_exchange_weak(state, new, Acquire, Relaxed)
                {
                    Ok(_) => return readers(state),
                    Err(newer) => state = newer,
                }
                continue;
            }
            if state & WAITING == 0 {
                if spins != 0 {
                    spins -= 1;
                    hint::spin_loop();
                    state = self.state.load(Relaxed);
                    continue;
                }
                if let Err(newer) =
                    self.state
                        .compare_exchange_weak(state, state | WAITING, Relaxed, Relaxed)
                {
                    state = newer;
                    continue;
                }
            }
            // No wakeup is lost. This thread falls asleep only with WRITER and WAITING in the word, and only
            // `write_unlock` takes them away, both in one step, and then wakes one. That one sets WAITING
            // again when it sets WRITER or sleeps, and so the next is woken by the next. Readers change the
            // word too, so it may not be what was seen: then this thread looks again.
            mark = WAITING;
            futex::wait(&self.state, state | WAITING);
            state = self.state.load(Relaxed);
        }
    }

    /// Waits until the readers that were there have left. Later ones do not get in, because WRITER is set.
    #[cold]
    fn wait_for_readers(&self, present: u32) {
        // Acquire, here and below: pairs with the Release in `read_unlock`. The word is 0 when `present`
        // readers have subtracted their one, some before this addition and some after it.
        let mut left = self
            .departing
            .fetch_add(present, Acquire)
            .wrapping_add(present);
        let mut spins = SPINS;
        while left != 0 {
            // No wakeup is lost: the futex compares with what was seen, and the last reader changes it first
            // and wakes afterwards.
            if spins == 0 {
                futex::wait(&self.departing, left);
            } else {
                spins -= 1;
                hint::spin_loop();
            }
            left = self.departing.load(Acquire);
        }
    }

    /// Lets in all readers that wait, and then the next writer.
    #[inline]
    fn write_unlock(&self) {
        let state = self.state.load(Relaxed);
        let nobody_waits = state & (WAITING | READERS) == 0;
        // Release, here and below: pairs with the Acquire of those who lock next.
        if !nobody_waits
            || self
                .state
                .compare_exchange(state, state & !WRITER, Release, Relaxed)
                .is_err()
        {
            self.write_unlock_contended();
        }
    }

    #[cold]
    fn write_unlock_contended(&self) {
        let mut state = self.state.load(Relaxed);
        let unlocked = loop {
            let mut new = state & !(WRITER | WAITING);
            if readers(state) != 0 {
                new = new.wrapping_add(PHASE);
            }
            match self
                .state
                .compare_exchange_weak(state, new, Release, Relaxed)
            {
                Ok(_) => break new,
                Err(newer) => state = newer,
            }
        };
        if readers(state) != 0 {
            // All who were counted have the lock now. The next store to `admitted` comes from a writer that
            // has waited for all of them to leave, and so for this one to be seen.
            self.admitted.store(phase(unlocked), Release);
            futex::wake_all(&self.admitted);
        }
        if state & WAITING != 0 {
            futex::wake_one(&self.state);
        }
    }
}

fn readers(state: u32) -> u32 {
    (state & READERS) / READER
}

fn phase(state: u32) -> u32 {
    state / PHASE
}

/// Proves that its thread has locked a [`RwMutex`] for reading, lends the value, and unlocks when it is
/// dropped.
///
/// A guard stays on the thread that locked: it is not `Send`.
#[must_use = "the lock is given back when the guard is dropped, which is at once"]
pub struct RwMutexReadGuard<'a, T: ?Sized> {
    lock: &'a RwMutex<T>,
    /// Keeps the guard on its thread.
    not_send: PhantomData<*const ()>,
}

/// Proves that its thread has locked a [`RwMutex`] for writing, lends the value, and unlocks when it is
/// dropped.
///
/// A guard stays on the thread that locked: it is not `Send`.
#[must_use = "the lock is given back when the guard is dropped, which is at once"]
pub struct RwMutexWriteGuard<'a, T: ?Sized> {
    lock: &'a RwMutex<T>,
    /// Keeps the guard on its thread.
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard lends `&T` and nothing else, which `T: Sync` allows.
unsafe impl<T: ?Sized + Sync> Sync for RwMutexReadGuard<'_, T> {}

// SAFETY: as for the read guard.
unsafe impl<T: ?Sized + Sync> Sync for RwMutexWriteGuard<'_, T> {}

impl<T: ?Sized> Deref for RwMutexReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: valid and aligned, because it points into the lock, which the guard borrows. As long as
        // this guard is there, no thread writes (see `read_lock`), and what writers did before happens before
        // this.
        self.lock.data.with(|data| unsafe { &*data })
    }
}

impl<T: ?Sized> Deref for RwMutexWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: valid and aligned, as above. As long as this guard is there, no other thread reads or
        // writes (see `write_lock`), and this one writes only through the guard, which the reference borrows.
        self.lock.data.with(|data| unsafe { &*data })
    }
}

impl<T: ?Sized> DerefMut for RwMutexWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; and no other reference lives, because this one borrows the guard mutably.
        self.lock.data.with_mut(|data| unsafe { &mut *data })
    }
}

impl<T: ?Sized> Drop for RwMutexReadGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.read_unlock();
    }
}

impl<T: ?Sized> Drop for RwMutexWriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.write_unlock();
    }
}
