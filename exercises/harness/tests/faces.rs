//! One program, compiled against both faces of the facade, so that they cannot drift apart. It uses all that
//! lessons may use; what one face lacks does not compile here.

/// What every integer atomic can do.
macro_rules! integers {
    ($($name:ident)*) => { $({
        let mut n = $name::new(1);
        assert_eq!(n.load(Acquire), 1);
        n.store(2, Release);
        assert_eq!(n.swap(3, AcqRel), 2);
        assert_eq!(n.fetch_add(4, Relaxed), 3);
        assert_eq!(n.fetch_sub(1, Relaxed), 7);
        assert_eq!(n.fetch_and(5, Relaxed), 6);
        assert_eq!(n.fetch_or(3, Relaxed), 4);
        assert_eq!(n.fetch_xor(1, Relaxed), 7);
        assert_eq!(n.fetch_max(9, Relaxed), 6);
        assert_eq!(n.fetch_min(8, Relaxed), 9);
        assert_eq!(n.compare_exchange(8, 9, AcqRel, Acquire), Ok(8));
        assert_eq!(n.compare_exchange(8, 9, AcqRel, Acquire), Err(9));
        while n.compare_exchange_weak(9, 10, AcqRel, Acquire).is_err() {}
        assert_eq!(n.fetch_update(AcqRel, Acquire, |n| n.checked_add(1)), Ok(10));
        *n.get_mut() += 1;
        assert_eq!(n.into_inner(), 12);
        assert_eq!($name::default().into_inner(), $name::from(0).into_inner());
    })* };
}

/// What parking_lot's types have and the faces do not. A method of the type's own would come first, and not fit the call.
trait Lacks {
    fn wait_for(&self) {}
    fn wait_until(&self) {}
    fn wait_while_for(&self) {}
    fn try_lock_for(&self) {}
    fn is_locked(&self) {}
    fn data_ptr(&self) {}
    fn upgradable_read(&self) {}
    fn try_read_for(&self) {}
}

/// The program, and a lesson's way of choosing a face.
macro_rules! program {
    ($face:ident) => {
        mod $face {
            use crate::Lacks;
            use harness::sync::$face as sync;
            use harness::testing::{message_of, payload_of};
            use sync::atomic::{
                AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr,
                AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering::*, fence,
            };
            use std::cell::{Cell, RefCell};
            use sync::cell::UnsafeCell;
            use sync::utils::{Backoff, CachePadded};
            use sync::task::{self, Context, Poll, Wake, Waker};
            use sync::thread_local;
            use sync::{Arc, Condvar, Mutex, MutexGuard, RwLock, Weak, futex, hint, thread};

            const _: bool = sync::IS_MODEL;

            fn atomics() {
                integers!(AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize);
                integers!(AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize);
                let flag = AtomicBool::new(false);
                assert!(!flag.fetch_or(true, AcqRel));
                assert!(flag.fetch_and(true, AcqRel) && flag.fetch_xor(true, AcqRel));
                assert_eq!(flag.compare_exchange(false, true, AcqRel, Acquire), Ok(false));
                let mut value = 5;
                let pointer = AtomicPtr::new(&raw mut value);
                let null = pointer.swap(std::ptr::null_mut(), AcqRel);
                assert_eq!(null, &raw mut value);
                assert!(pointer.load(Acquire).is_null() && pointer.into_inner().is_null());
                fence(SeqCst);
            }

            fn add(mut guard: MutexGuard<'_, u32>, n: u32) {
                *guard += n;
            }

            fn locks() {
                let (count, changed) = (Mutex::new(0_u32), Condvar::new());
                let lock = RwLock::new(1);
                thread::scope(|s| {
                    let adder = s.spawn(|| {
                        add(count.lock(), 1);
                        let woken: bool = changed.notify_one();
                        drop(lock.read());
                        woken
                    });
                    let mut guard = count.lock();
                    while *guard < 1 {
                        changed.wait(&mut guard);
                    }
                    changed.wait_while(&mut guard, |count| *count < 1);
                    drop(guard);
                    let _woken: usize = changed.notify_all();
                    *lock.write() += 1;
                    let _woken: bool = adder.join().unwrap();
                });
                MutexGuard::unlocked(&mut count.lock(), || drop(count.lock()));
                let mut count = count;
                assert!(std::ptr::eq(MutexGuard::mutex(&count.lock()), &count));
                MutexGuard::says(&mut count.lock(), "nothing");
                *count.get_mut() += 1;
                assert!(count.try_lock().is_some_and(|count| *count == 2));
                assert_eq!(count.into_inner(), 2);
                assert!(lock.try_read().is_some() && lock.try_write().is_some());
                let mut lock = lock;
                *lock.get_mut() += 1;
                assert_eq!(lock.into_inner(), 3);
                assert_eq!(Mutex::<u8>::default().into_inner(), RwLock::<u8>::default().into_inner());
            }

            impl Lacks for Condvar {}
            impl<T> Lacks for Mutex<T> {}
            impl<T> Lacks for RwLock<T> {}

            /// What one face lacks and the other has would be an error of rustc's in half of a lesson's builds.
            fn nothing_more() {
                let (condvar, mutex, lock) = (Condvar::new(), Mutex::new(0), RwLock::new(0));
                condvar.wait_for();
                condvar.wait_until();
                condvar.wait_while_for();
                mutex.try_lock_for();
                mutex.is_locked();
                mutex.data_ptr();
                lock.upgradable_read();
                lock.try_read_for();
                lock.is_locked();
            }

            fn memory() {
                let mut cell = UnsafeCell::new(1);
                // SAFETY: one thread, one access at a time.
                cell.with_mut(|data| unsafe { *data += 1 });
                // SAFETY: see above.
                assert_eq!(cell.with(|data| unsafe { *data }), 2);
                *cell.get_mut() += 1;
                assert_eq!(cell.into_inner(), 3);
                let slice: &UnsafeCell<[u8]> = &UnsafeCell::new([4, 5]);
                // SAFETY: see above.
                assert_eq!(slice.with(|data| unsafe { (*data)[1] }), 5);

                let mut first = Arc::new(4);
                let second = Arc::clone(&first);
                assert_eq!((*second, Arc::strong_count(&first)), (4, 2));
                assert!(Arc::ptr_eq(&first, &second) && Arc::get_mut(&mut first).is_none());
                drop(second);
                let weak: Weak<u8> = Arc::downgrade(&first);
                assert!(Arc::get_mut(&mut first).is_none() && weak.ptr_eq(&weak.clone()));
                assert_eq!((weak.strong_count(), weak.weak_count()), (1, 1));
                assert_eq!(Arc::weak_count(&first), 1);
                assert_eq!(weak.upgrade().as_deref(), Some(&4));
                assert_eq!(Arc::try_unwrap(first).ok(), Some(4));
                assert!(weak.upgrade().is_none());
                assert_eq!((weak.strong_count(), weak.weak_count()), (0, 0));
                assert!(Weak::<u8>::new().upgrade().is_none());
                assert!(Weak::<u8>::default().ptr_eq(&Weak::new()));
                assert_eq!(format!("{weak:?} {:?}", Arc::new(1)), "(Weak) 1");
                let first = Arc::new(5);
                let second = first.clone();
                assert_eq!((Arc::into_inner(first), Arc::into_inner(second)), (None, Some(5)));

                let padded: CachePadded<u8> = CachePadded::new(5);
                assert_eq!(*padded, 5);
            }

            fn threads() {
                let word = Arc::new(AtomicU32::new(0));
                let theirs = Arc::clone(&word);
                let main = thread::current();
                let builder = thread::Builder::new().name("waker".to_owned());
                let waker = builder.stack_size(1 << 17).spawn(move || {
                    theirs.store(1, Release);
                    futex::wake_one(&theirs);
                    futex::wake_all(&theirs);
                    main.unpark();
                    thread::current().name().map(str::to_owned)
                });
                let waker = waker.unwrap();
                assert_ne!(waker.thread().id(), thread::current().id());
                while word.load(Acquire) == 0 {
                    futex::wait(&word, 0);
                }
                thread::park();
                assert_eq!(waker.join().unwrap().as_deref(), Some("waker"));
                assert!(thread::spawn(|| std::panic::resume_unwind(Box::new(1))).join().is_err());
                let scoped = thread::scope(|s| {
                    let builder = thread::Builder::new().name("scoped".to_owned());
                    builder.spawn_scoped(s, || 6).unwrap().join().unwrap()
                });
                assert_eq!(scoped, 6);
                assert!(!thread::panicking());
                let backoff = Backoff::new();
                while !backoff.is_completed() {
                    backoff.spin();
                    backoff.snooze();
                }
                backoff.reset();
                hint::spin_loop();
                thread::yield_now();
            }

            fn channels() {
                use sync::channel::{
                    IntoIter, Iter, Receiver, RecvError, SendError, Sender, TryIter, TryRecvError,
                    TrySendError, bounded, unbounded,
                };
                let (tx, rx): (Sender<u8>, Receiver<u8>) = unbounded();
                let _: Result<(), SendError<u8>> = tx.send(1);
                let _: Result<(), TrySendError<u8>> = tx.clone().try_send(2);
                let _: Result<u8, RecvError> = rx.recv();
                let _: Result<u8, TryRecvError> = rx.clone().try_recv();
                let _: (usize, usize) = (tx.len(), rx.len());
                let _: [bool; 4] = [tx.is_empty(), rx.is_empty(), tx.is_full(), rx.is_full()];
                let _: [Option<usize>; 2] = [tx.capacity(), rx.capacity()];
                assert!(tx.same_channel(&tx.clone()) && rx.same_channel(&rx.clone()));
                let mut attempts: TryIter<'_, u8> = rx.try_iter();
                assert_eq!(attempts.next(), None);
                assert_eq!(format!("{tx:?} {rx:?}"), "Sender { .. } Receiver { .. }");
                drop(tx);
                let mut all: Iter<'_, u8> = rx.iter();
                assert_eq!((all.next(), (&rx).into_iter().next()), (None, None));
                let mut owned: IntoIter<u8> = rx.into_iter();
                assert_eq!(owned.next(), None);
                let (tx, rx) = bounded(0);
                assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
                drop(rx);
                assert_eq!(tx.send(3), Err(SendError(3)));
            }

            thread_local! {
                /// Counts.
                static CALLS: Cell<u32> = const { Cell::new(1) };
                pub static NAMES: RefCell<Vec<u8>> = RefCell::default();
            }
            thread_local!(static OWNED: Box<u8> = Box::new(7));

            pub(crate) fn locals() {
                CALLS.set(CALLS.get() + 1);
                NAMES.with_borrow_mut(|names| names.push(1));
                let theirs = thread::scope(|s| {
                    let theirs = s.spawn(|| (CALLS.replace(9), NAMES.take(), OWNED.with(|n| **n)));
                    theirs.join().unwrap()
                });
                assert_eq!(theirs, (1, vec![], 7));
                assert_eq!((CALLS.take(), NAMES.replace(vec![2])), (2, vec![1]));
                assert_eq!(NAMES.with_borrow(Vec::len), 1);
                NAMES.set(vec![]);
                let key: &'static thread::LocalKey<Box<u8>> = &OWNED;
                let found: Result<u8, thread::AccessError> = key.try_with(|n| **n);
                assert_eq!(found.ok(), Some(7));
            }

            /// What wakes a task is shared by an `Arc` of std's.
            fn wakers() {
                struct Flag(AtomicBool);
                impl Wake for Flag {
                    fn wake(self: task::Arc<Self>) {
                        self.0.store(true, Release);
                    }
                }
                let flag = task::Arc::new(Flag(AtomicBool::new(false)));
                let waker = Waker::from(flag.clone());
                let poll = Poll::Ready(Context::from_waker(&waker).waker().wake_by_ref());
                assert!(poll.is_ready() && flag.0.load(Acquire));
            }

            fn time() {
                use sync::time::{Clock, Duration, Instant};
                let clock = Clock::manual();
                let begun: Instant = clock.now();
                let second = Duration::from_secs(1);
                assert_eq!(begun, Instant::default());
                let (open, opened) = (Mutex::new(false), Condvar::new());
                clock.clone().advance(second);
                assert!(clock.wait_until(&opened, &mut open.lock(), begun + second));
                clock.sleep_until(begun + second);
                let word = AtomicU32::new(0);
                assert!(clock.futex_wait_until(&word, 0, begun + second));
                assert!(!clock.futex_wait_until(&word, 1, begun + second + second));
                thread::current().unpark();
                assert!(!clock.park_until(begun + second + second));
                assert!(clock.park_until(begun + second));
                assert_eq!(clock.now() - begun, second);
                assert_eq!(begun.saturating_since(clock.now()), Duration::ZERO);
                assert_eq!(clock.now().to_string(), "1s");
            }

            /// What may cross to another thread does so on both faces, or on neither.
            fn bounds() {
                fn send<T: Send>() {}
                fn sync<T: Sync>() {}
                send::<Mutex<std::cell::Cell<u8>>>();
                sync::<Mutex<std::cell::Cell<u8>>>();
                sync::<RwLock<u8>>();
                sync::<Condvar>();
                sync::<MutexGuard<'_, u8>>();
                send::<UnsafeCell<u8>>();
                sync::<AtomicPtr<u8>>();
                send::<thread::JoinHandle<u8>>();
                sync::<thread::Thread>();
                send::<sync::channel::Sender<std::cell::Cell<u8>>>();
                sync::<sync::channel::Sender<std::cell::Cell<u8>>>();
                sync::<sync::channel::Receiver<u8>>();
                fn unwind_safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
                unwind_safe::<sync::channel::Sender<std::cell::Cell<u8>>>();
                unwind_safe::<sync::channel::Receiver<std::cell::Cell<u8>>>();
                unwind_safe::<(Arc<u8>, Weak<u8>)>();
                sync::<Arc<u8>>();
                send::<Weak<u8>>();
                sync::<sync::time::Clock>();
                send::<sync::time::Clock>();
            }

            /// The thread that asks for it is refused; another is not, nor is it afterwards.
            pub(crate) fn refused_threads() {
                let spawn = || thread::Builder::new().spawn(|| 1);
                thread::refuse_after(1, || {
                    let first = thread::spawn(|| thread::spawn(|| 2).join().unwrap());
                    assert_eq!(first.join().unwrap(), 2);
                    for _ in 0..2 {
                        let refused = spawn().map(drop).unwrap_err();
                        assert_eq!(refused.kind(), std::io::ErrorKind::WouldBlock);
                    }
                    thread::refuse_only(0, || {
                        assert!(spawn().is_err(), "this one, and no other");
                        assert_eq!(spawn().unwrap().join().unwrap(), 1);
                    });
                });
                let owned = Arc::new(());
                let theirs = Arc::clone(&owned);
                let panic = payload_of(|| {
                    thread::refuse_after(0, || drop(thread::spawn(move || drop(theirs))));
                });
                assert!(message_of(&*panic.unwrap()).starts_with("failed to spawn thread"));
                assert!(Arc::try_unwrap(owned).is_ok(), "what it owned is dropped");
                let panic = payload_of(|| {
                    thread::refuse_after(0, || thread::scope(|s| drop(s.spawn(|| 1))));
                });
                assert!(panic.is_some());
                assert_eq!(spawn().unwrap().join().unwrap(), 1);
            }

            pub(crate) fn program() {
                atomics();
                locks();
                nothing_more();
                memory();
                threads();
                channels();
                wakers();
                time();
                bounds();
            }
        }
    };
}

program!(real);
program!(model);

#[test]
fn the_program_runs_on_the_real_face() {
    real::program();
}

#[test]
fn the_program_runs_under_the_model() {
    let explored = harness::Model::new().preemption_bound(1).explore(model::program);
    if let Err(failure) = explored {
        panic!("{}", failure.report);
    }
}

#[test]
fn threads_have_values_of_their_own_on_the_real_face() {
    real::locals();
}

#[test]
fn threads_have_values_of_their_own_under_the_model() {
    harness::model(model::locals);
}

#[test]
fn threads_are_refused_on_the_real_face() {
    real::refused_threads();
}

#[test]
fn threads_are_refused_under_the_model() {
    harness::model(model::refused_threads);
}

/// What only real threads show: the clock of the machine runs, and the manual one wakes who waits for it.
#[test]
fn clocks_of_the_real_face() {
    use harness::sync::real::time::{Clock, Duration};
    use harness::sync::real::{Condvar, Mutex, thread};
    let (never, lock) = (Condvar::new(), Mutex::new(()));
    let wait = |clock: &Clock, deadline| {
        let mut guard = lock.lock();
        while !clock.wait_until(&never, &mut guard, deadline) {}
        assert!(clock.now() >= deadline);
    };
    let real = Clock::real();
    wait(&real, real.now() + Duration::from_millis(2));

    let manual = Clock::manual();
    let deadline = manual.now() + Duration::from_secs(3600);
    thread::scope(|s| {
        s.spawn(|| wait(&manual, deadline));
        s.spawn(|| manual.sleep_until(deadline));
        manual.advance(Duration::from_secs(3600));
    });
    let advanced =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| real.advance(Duration::ZERO)));
    assert!(advanced.is_err(), "nobody moves the machine's clock");
}
