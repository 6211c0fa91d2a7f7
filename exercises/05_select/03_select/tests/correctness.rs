//! The contract of `select` on real threads. IDs such as SL-13 name behaviours of Go's `select`.

use channels::real::{Arm, Receiver, SendOutcome, Sender, bounded};
use harness::sync::real::channel::{RecvError, TryRecvError};
use harness::sync::real::thread;
use harness::sync::real::time::{Clock, Duration, Instant};
use harness::testing::{
    assert_panics, must_end, must_sleep_on_threads, panic_of, unwinding_if, wait_until,
    while_unwinding,
};
use select::{select, select_until};
use std::cell::Cell;

/// Where a thread hangs, if a test does.
const IN_CALL: &str = "a thread is still in `select`, or in `send` or `recv` beside it";

/// Where a thread hangs, if a lock is not given back.
const AFTER_PANIC: &str =
    "a channel is still locked after a call that panicked, or a call has not returned";

const SECOND: Duration = Duration::from_secs(1);

/// What `select` takes.
fn each<'s, 'a, A: Arm<'a>>(arms: &'s mut [A]) -> Vec<&'s mut dyn Arm<'a>> {
    let arms = arms.iter_mut().map(|arm| arm as &mut dyn Arm<'a>);
    arms.collect()
}

/// Of three arms two can be completed, and then one: it is the first of them in the slice, whichever channel is the oldest, and
/// the others are as before. So it is with `select`, at a deadline that has come, and before one.
#[test]
fn the_first_arm_that_can_be_completed_is() {
    // SL-14
    must_end(IN_CALL, || {
        let clock = Clock::manual();
        let (now, later) = (clock.now(), clock.now() + SECOND);
        for deadline in [None, Some(now), Some(later)] {
            let call = |arms: &mut [&mut dyn Arm<'_>]| {
                let channels: Vec<_> = arms.iter().map(|arm| arm.channel()).collect();
                let called = match deadline {
                    None => (Some(select(arms)), "select"),
                    Some(deadline) => (select_until(arms, &clock, deadline), "select_until"),
                };
                assert!(
                    arms.iter().map(|arm| arm.channel()).eq(channels),
                    "{} has changed the order of the arms in the slice",
                    called.1
                );
                called
            };
            // The slice has them in another order than that in which they were made.
            let [(to_c, c), (to_b, b), (_to_a, a)] = [bounded(1), bounded(1), bounded(1)];
            to_b.send(20).expect("there is room");
            let (mut first, mut second, mut third) = (a.arm(), b.arm(), to_c.arm(30));
            let (index, name) = call(&mut [&mut first, &mut second, &mut third]);
            assert_eq!(
                index,
                Some(1),
                "{name}: a is empty, b has a value, c has room: arm 1 is the first that can be completed"
            );
            assert_eq!((first.outcome(), second.outcome()), (None, Some(Ok(20))));
            assert_eq!(third.outcome(), SendOutcome::NotChosen(30));
            assert_eq!(c.try_recv(), Err(TryRecvError::Empty), "30 was not sent");

            let (mut first, mut second, mut third) = (a.arm(), b.arm(), to_c.arm(31));
            let (index, name) = call(&mut [&mut first, &mut second, &mut third]);
            assert_eq!(index, Some(2), "{name}: a and b are empty, and c has room");
            assert_eq!(third.outcome(), SendOutcome::Sent);
            assert_eq!(c.try_recv(), Ok(31));
        }
    });
}

/// `a` is in two arms, and an arm of `b` is between them, or each is in five hundred: the arms are taken in the order of the
/// slice, and not channel by channel.
#[test]
fn an_arm_between_two_of_another_channel_has_its_turn() {
    // SL-11
    must_end(IN_CALL, || {
        for swapped in [false, true] {
            let mut channels = [bounded(1), bounded(1)];
            if swapped {
                channels.reverse();
            }
            let [(to_a, a), (to_b, b)] = channels;
            let of_arm = |n: usize| [&to_b, &to_a][n % 2];
            let mut many: Vec<_> = (0..1_000).map(|n| of_arm(n).arm(n)).collect();
            let index = select(&mut each(&mut many));
            assert_eq!(index, 0, "a and b have room: of 1,000 arms, 0 is the first");
            assert_eq!((a.try_recv().ok(), b.try_recv().ok()), (None, Some(0)));

            to_b.send(20).expect("there is room");
            let (mut first, mut second, mut third) = (a.arm(), b.arm(), to_a.arm(10));
            let index = select(&mut [&mut first, &mut second, &mut third]);
            assert_eq!(
                index, 1,
                "a is empty, b has a value, a has room: arm 1 is the first that can be completed"
            );
            assert_eq!(third.outcome(), SendOutcome::NotChosen(10));

            let (mut first, mut second, mut third) = (to_a.arm(11), to_b.arm(21), a.arm());
            let index = select(&mut [&mut first, &mut second, &mut third]);
            assert_eq!(index, 0, "a and b have room: arm 0 is the first");
            assert_eq!(second.outcome(), SendOutcome::NotChosen(21));
        }
    });
}

/// One channel stands in three arms. Those that are not completed are selected again.
#[test]
fn of_a_channel_in_several_arms_one_arm_is_completed() {
    // SL-11
    must_end(IN_CALL, || {
        let (sender, receiver) = bounded(2);
        let (mut one, mut two, mut recv) = (sender.arm(1), sender.arm(2), receiver.arm());
        assert_eq!(
            select(&mut [&mut recv, &mut two, &mut one]),
            1,
            "there is room"
        );
        assert_eq!(select(&mut [&mut one, &mut recv]), 0, "there is still room");
        assert_eq!(
            (one.outcome(), two.outcome()),
            (SendOutcome::Sent, SendOutcome::Sent)
        );
        let (mut three, mut again) = (sender.arm(3), receiver.arm());
        let index = select(&mut [&mut three, &mut recv, &mut again]);
        assert_eq!(
            (index, recv.outcome(), again.outcome()),
            (1, Some(Ok(2)), None)
        );
        assert_eq!(three.outcome(), SendOutcome::NotChosen(3));
        assert_eq!(receiver.try_recv(), Ok(1));
    });
}

#[test]
fn a_channel_without_senders_is_ready_and_its_values_come_first() {
    // SL-17, SL-22
    must_end(IN_CALL, || {
        let [(_quiet, nothing), (sender, receiver)] = [bounded(1), bounded(1)];
        sender.send(7).expect("there is room");
        drop(sender);
        for expected in [Ok(7), Err(RecvError), Err(RecvError)] {
            let mut arm = receiver.arm();
            assert_eq!(select(&mut [&mut nothing.arm(), &mut arm]), 1);
            assert_eq!(arm.outcome(), Some(expected));
        }
    });
}

#[test]
fn a_channel_without_receivers_is_ready_and_gives_the_value_back() {
    // SL-18
    must_end(IN_CALL, || {
        let [(_quiet, nothing), (sender, receiver)] = [bounded(1), bounded(1)];
        drop(receiver);
        let mut arm = sender.arm(7);
        assert_eq!(select(&mut [&mut nothing.arm(), &mut arm]), 1);
        assert_eq!(arm.outcome(), SendOutcome::Disconnected(7));
    });
}

#[test]
fn arms_of_any_types_stand_together() {
    must_end(IN_CALL, || {
        let (strings, (units, _units), cells) = (bounded(0), bounded(1), bounded(1));
        let dynamic = bounded::<Box<dyn FnOnce() -> u32 + Send>>(1);
        cells.0.send(Cell::new(7)).expect("there is room");
        let mut arms = (
            strings.1.arm(),
            units.arm(()),
            cells.1.arm(),
            dynamic.1.arm(),
        );
        let (first, second, third) = (&mut arms.0, &mut arms.1, &mut arms.2);
        let all: &mut [&mut dyn Arm<'_>] = &mut [first, third, &mut arms.3, second];
        assert_eq!(select(all), 1);
        assert_eq!(
            arms.2.outcome().map(|cell| cell.map(Cell::into_inner)),
            Some(Ok(7))
        );
        assert_eq!(select(&mut [&mut arms.0, &mut arms.3, &mut arms.1]), 2);
        assert_eq!(arms.1.outcome(), SendOutcome::Sent);
        let nothing: Option<Result<String, _>> = arms.0.outcome();
        assert_eq!(nothing, None);
        assert!(arms.3.outcome().is_none(), "nobody has sent a closure");
    });
}

/// Of a hundred thousand arms of seven channels, or of two thousand arms of as many, none can be completed, and then the last.
/// A function that calls itself for each of them has no room for that on the stack, which is one of 128 KiB here.
#[test]
fn there_may_be_a_hundred_thousand_arms() {
    must_end(IN_CALL, || {
        for (arms, channels) in [(100_000, 7), (2_000, 2_000)] {
            let small = thread::Builder::new().stack_size(128 << 10);
            let calls = small.spawn(move || the_last_of_many_is_completed(arms, channels));
            let ended = calls.expect("there is room for a thread").join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

fn the_last_of_many_is_completed(how_many: usize, channels: usize) {
    let channels: Vec<_> = (0..channels).map(|_| bounded(0)).collect();
    let (sender, receiver) = bounded(1);
    let others = channels.iter().cycle().map(|(_, other)| other.arm());
    let mut arms: Vec<_> = others.take(how_many - 1).collect();
    arms.push(receiver.arm());
    let clock = Clock::manual();
    let index = select_until(&mut each(&mut arms), &clock, clock.now());
    assert_eq!(index, None, "nobody sends");
    let registered = || -> usize {
        let others: usize = channels.iter().map(|(end, _)| end.registered()).sum();
        others + sender.registered()
    };
    assert_eq!(
        registered(),
        0,
        "arms that are still registered, of {how_many}, when `select_until` has returned `None`"
    );
    let index = thread::scope(|s| {
        s.spawn(|| {
            wait_until("nobody waits at the last of the channels", || {
                sender.registered() == 1
            });
            sender.send(7)
        });
        select(&mut each(&mut arms))
    });
    assert_eq!(
        index,
        how_many - 1,
        "index: 7 was sent to the last of {how_many} arms"
    );
    assert_eq!(arms.pop().and_then(|arm| arm.outcome()), Some(Ok(7)));
    sender.try_send(8).expect("has room");
    arms.push(receiver.arm());
    assert_eq!(
        select(&mut each(&mut arms)),
        how_many - 1,
        "index: 8 waits in the channel of the last of {how_many} arms"
    );
    assert_eq!(arms.pop().and_then(|arm| arm.outcome()), Some(Ok(8)));
    for arm in arms {
        assert_eq!(arm.outcome(), None);
    }
    assert_eq!(registered(), 0, "arms that are still registered");
}

/// Any arm of many can be the one, and a call that has been chosen is never chosen again, however many ask: all arms but one
/// are of a quiet channel. That one is completed, and before the call can leave the quiet channel's list, a value is sent
/// there, which must stay.
#[test]
fn whichever_of_many_arms_is_chosen_it_is_the_only_one() {
    // SL-07, SL-11, SL-25
    must_end(IN_CALL, || {
        for at in [254, 255, 65_534, 65_535] {
            let ((sender, receiver), (to_quiet, quiet)) = (bounded(1), bounded(1));
            let of_arm = |n| if n == at { &receiver } else { &quiet };
            let mut arms: Vec<_> = (0..at + 3).map(|n| of_arm(n).arm()).collect();
            let index = thread::scope(|s| {
                s.spawn(|| {
                    wait_until("the call is not registered", || sender.registered() == 1);
                    let mut too_late = to_quiet.arm(10);
                    let mut quiet_is_locked = too_late.lock();
                    sender.try_send(20).expect("has room");
                    assert!(too_late.try_complete(&mut quiet_is_locked), "has room");
                });
                select(&mut each(&mut arms))
            });
            assert_eq!(index, at, "index: 20 was sent to arm {at}");
            assert_eq!(arms.remove(at).outcome(), Some(Ok(20)));
            let left = quiet.try_recv();
            assert_eq!(
                left,
                Ok(10),
                "arm {at} of {} had been chosen, and the quiet channel chose the call a second time: what is \
                 left of the value that was sent there",
                at + 3
            );
        }
    });
}

/// The last sender of a channel goes, which has 300 arms of one call in its list: the channel asks for each of them whether it
/// may choose it, and one is completed.
#[test]
fn of_300_arms_that_could_end_a_call_one_is_completed() {
    // SL-11, SL-17
    must_end(IN_CALL, || {
        let (sender, receiver) = bounded::<u32>(0);
        let mut arms: Vec<_> = (0..300).map(|_| receiver.arm()).collect();
        let last = receiver.clone();
        let index = thread::scope(|s| {
            s.spawn(move || {
                let holds = "the call has not registered its 300 arms";
                wait_until(holds, || last.registered() == 300);
                drop(sender);
            });
            select(&mut each(&mut arms))
        });
        let outcomes = arms.into_iter().map(|arm| arm.outcome()).enumerate();
        let completed: Vec<_> = outcomes.filter(|(_, outcome)| outcome.is_some()).collect();
        assert_eq!(
            completed,
            [(index, Some(Err(RecvError)))],
            "which of the 300 arms are completed, and with what, after index {index}"
        );
        assert_eq!(receiver.registered(), 0, "arms that are still registered");
    });
}

/// Without arms nothing could end the call: it panics, in a destructor of a thread that unwinds, too.
#[test]
fn a_select_without_arms_panics() {
    // SL-02
    must_end(IN_CALL, || {
        let panics = || {
            assert_panics("select: no arms", || {
                select(&mut []);
            });
        };
        panics();
        while_unwinding(panics);
    });
}

/// A call that comes to an arm which has been completed before panics. Its channels are locked no more, and its other arms
/// are in no list. It does not come to an arm behind one that can be completed.
#[test]
fn an_arm_is_completed_once_and_a_second_time_leaves_no_lock_and_no_arm_behind() {
    must_end(AFTER_PANIC, || {
        let [(to_a, a), (to_b, b)] = [bounded(1), bounded(1)];
        to_b.send(20).expect("there is room");
        let (mut first, mut second) = (a.arm(), b.arm());
        assert_eq!(select(&mut [&mut first, &mut second]), 1);
        let panic = panic_of(|| {
            select(&mut [&mut first, &mut second]);
        });
        assert!(panic.is_some(), "the second arm had been completed before");
        assert_eq!(
            (a.registered(), b.registered()),
            (0, 0),
            "arms that are still registered with a and with b, after a call that panicked"
        );
        to_a.send(10).expect("there is room");
        assert_eq!(select(&mut [&mut first, &mut second]), 0, "a has a value");
        assert_eq!(second.outcome(), Some(Ok(20)), "what it was completed with");
        assert_eq!(first.outcome(), Some(Ok(10)));
    });
}

/// The clock shows the deadline before the call. If an arm can be completed it is; if none can, all are as they were, and are
/// selected again.
#[test]
fn at_the_deadline_every_arm_is_as_it_was() {
    // SL-01
    must_end(
        "the deadline has come, and `select_until` has not returned",
        || {
            for clock in [Clock::manual(), Clock::real()] {
                let [(to_a, a), (to_b, b)] = [bounded(0), bounded(1)];
                let (mut recv, mut send) = (a.arm(), to_b.arm(20));
                to_b.send(21).expect("there is room");
                for _ in 0..3 {
                    let index = select_until(&mut [&mut recv, &mut send], &clock, clock.now());
                    assert_eq!(index, None, "a is empty, and b is full");
                }
                let registered = (to_a.registered(), to_b.registered());
                assert_eq!(registered, (0, 0), "arms that are still registered");
                assert_eq!(select_until(&mut [], &clock, clock.now()), None, "no arms");

                assert_eq!(b.recv(), Ok(21));
                let index = select_until(&mut [&mut recv, &mut send], &clock, clock.now());
                assert_eq!(
                    index,
                    Some(1),
                    "there is room, and that goes before the deadline"
                );
                assert_eq!((recv.outcome(), send.outcome()), (None, SendOutcome::Sent));
                assert_eq!(b.recv(), Ok(20));
            }
        },
    );
}

/// Nobody comes to the arm, or there is none: `select_until` returns `None` when the clock shows the deadline, and not before.
#[test]
fn a_deadline_ends_a_call_that_sleeps_and_not_too_soon() {
    must_end(
        "the deadline has come, and `select_until` has not returned",
        || {
            let (_sender, receiver) = bounded::<u32>(0);
            let clock = Clock::real();
            for arms in [&mut [&mut receiver.arm() as &mut dyn Arm<'_>][..], &mut []] {
                let (count, deadline) = (arms.len(), clock.now() + Duration::from_millis(20));
                assert_eq!(select_until(arms, &clock, deadline), None, "nobody sends");
                assert!(
                    clock.now() >= deadline,
                    "too soon: a call with {count} arms has returned, and the deadline has not come"
                );
            }
            let clock = Clock::manual();
            let deadline = clock.now() + 3 * SECOND;
            thread::scope(|s| {
                let call = s.spawn(|| {
                    let index = select_until(&mut [&mut receiver.arm()], &clock, deadline);
                    (index, clock.now() >= deadline)
                });
                while !call.is_finished() {
                    clock.advance(SECOND);
                    thread::yield_now();
                }
                assert_eq!(
                    call.join().unwrap(),
                    (None, true),
                    "`None`, at the deadline"
                );
            });
        },
    );
}

/// In a destructor, while the thread unwinds, a call sleeps, is woken or ended by its deadline, and leaves all lists as any other
/// does.
#[test]
fn a_call_works_while_its_thread_unwinds() {
    must_end(IN_CALL, || {
        let [(to_a, a), (to_b, b)] = [bounded(0), bounded(0)];
        let clock = Clock::real();
        let (mut recv, mut quiet, mut again) = (a.arm(), b.arm(), a.arm());
        let mut arms: [&mut dyn Arm<'_>; 3] = [&mut again, &mut recv, &mut quiet];
        let deadline = clock.now() + Duration::from_millis(20);
        let index = while_unwinding(|| select_until(&mut arms, &clock, deadline));
        assert_eq!(index, None, "nobody sends");
        assert!(
            clock.now() >= deadline,
            "too soon: the deadline has not come"
        );
        let index = thread::scope(|s| {
            s.spawn(|| {
                wait_until("the call is not registered with a", || {
                    to_a.registered() >= 1
                });
                to_a.send(7)
            });
            while_unwinding(|| select(&mut arms))
        });
        assert!(
            index < 2,
            "7 was sent to a, which is in arms 0 and 1, not in {index}"
        );
        let left = (to_a.registered(), to_b.registered());
        assert_eq!(left, (0, 0), "arms that are still registered");
        let got = [recv, quiet, again].map(|arm| arm.outcome());
        let sent = got.into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(sent, [Ok(7)], "what all three arms have got");
    });
}

/// No arm can be completed, and the deadline is an hour away, later than any clock gets, or there is none: a call falls asleep, in a
/// destructor of a thread that unwinds, too, with an arm and without.
#[test]
fn a_call_that_waits_sleeps() {
    let (_sender, receiver) = bounded::<u32>(0);
    let hour = 3600 * SECOND;
    for (call, arms, timeout) in [
        ("`select`", 1, None),
        ("`select_until`", 1, Some(hour)),
        ("`select_until` without arms", 0, Some(hour)),
        (
            "`select_until`, until the last moment there is,",
            1,
            Some(Duration::MAX),
        ),
    ] {
        for unwinds in [false, true] {
            let receiver = receiver.clone();
            let sleeper = match unwinds {
                true => format!("{call}, while its thread unwinds,").replace(",,", ","),
                false => call.to_owned(),
            };
            must_sleep_on_threads(&sleeper, "nobody sends", move || {
                let _ = unwinding_if(unwinds, || {
                    // A manual clock would have to be looked at again and again.
                    let clock = Clock::real();
                    let mut arms: Vec<_> = (0..arms).map(|_| receiver.arm()).collect();
                    let mut arms: Vec<_> = arms.iter_mut().map(|arm| arm as _).collect();
                    let Some(timeout) = timeout else {
                        return Some(select(&mut arms));
                    };
                    let deadline = clock.now().checked_add(timeout);
                    let last = Instant::after(Duration::MAX);
                    select_until(&mut arms, &clock, deadline.unwrap_or(last))
                });
            });
        }
    }
}

/// A call sleeps until its deadline, and then the same thread makes 500 whose deadlines are far: each gets a value.
#[test]
fn a_call_with_a_deadline_is_chosen_as_any_other() {
    must_end(IN_CALL, || {
        let (clock, (sender, receiver)) = (Clock::real(), bounded(0));
        let soon = clock.now() + Duration::from_millis(1);
        let index = select_until(&mut [&mut receiver.arm()], &clock, soon);
        assert_eq!(index, None, "nobody sends");
        let deadline = clock.now() + Duration::from_secs(1 << 40);
        thread::scope(|s| {
            s.spawn(|| (0..500).for_each(|n| assert_eq!(sender.send(n), Ok(()))));
            for n in 0..500 {
                let mut arm = receiver.arm();
                let index = select_until(&mut [&mut arm], &clock, deadline);
                let got = (index, arm.outcome());
                let expected = (Some(0), Some(Ok(n)));
                assert_eq!(
                    got, expected,
                    "index, and receive: {n} is sent, and the time has not come"
                );
            }
        });
    });
}

/// One thread offers each value to four channels; four threads receive, each from two.
#[test]
fn a_value_that_is_offered_to_several_is_received_once() {
    // SL-07
    const VALUES: u32 = 4_000;
    must_end(IN_CALL, || {
        let channels: [(Sender<u32>, Receiver<u32>); 4] = [0, 0, 1, 2].map(bounded);
        let (senders, receivers): (Vec<_>, Vec<_>) = channels.into_iter().unzip();
        let mut received: Vec<u32> = thread::scope(|s| {
            s.spawn(move || {
                for n in 0..VALUES {
                    let mut arms: Vec<_> = senders.iter().map(|to| to.arm(n)).collect();
                    let mut offered = each(&mut arms);
                    offered.rotate_left(n as usize % 4);
                    select(&mut offered);
                    let outcomes = arms.into_iter().map(|arm| arm.outcome());
                    let sent = outcomes
                        .filter(|outcome| *outcome == SendOutcome::Sent)
                        .count();
                    assert_eq!(sent, 1, "how many arms have sent {n}");
                }
            });
            let receivers = &receivers;
            let takers: Vec<_> = (0..4)
                .map(|n| {
                    s.spawn(move || {
                        let mut taken = Vec::new();
                        let mut from = vec![&receivers[n], &receivers[(n + 1) % 4]];
                        while !from.is_empty() {
                            let mut arms: Vec<_> = from.iter().map(|end| end.arm()).collect();
                            let index = select(&mut each(&mut arms));
                            match arms.swap_remove(index).outcome() {
                                Some(Ok(value)) => taken.push(value),
                                Some(Err(RecvError)) => drop(from.remove(index)),
                                None => panic!("select returned {index}, which is not completed"),
                            }
                        }
                        taken
                    })
                })
                .collect();
            takers
                .into_iter()
                .flat_map(|taker| taker.join().unwrap())
                .collect()
        });
        received.sort_unstable();
        assert!(
            received.into_iter().eq(0..VALUES),
            "each value is received once"
        );
    });
}

/// Four threads send, and four receive, each at a channel of its own. One thread sends to all four by `select`, and one
/// receives from all four. A channel of which the two have had enough is left out.
#[test]
fn selects_beside_plain_sends_and_receives_lose_nothing() {
    // SL-13
    const EACH: usize = 1_000;
    must_end(IN_CALL, || {
        let channels: Vec<(Sender<usize>, Receiver<usize>)> = [0, 0, 2, 3].map(bounded).into();
        let received: Vec<Vec<usize>> = thread::scope(|s| {
            let channels = &channels;
            for (sender, _) in channels {
                s.spawn(|| (0..EACH).for_each(|n| assert_eq!(sender.send(n), Ok(()))));
            }
            s.spawn(|| {
                let mut sent = [0; 4];
                for turn in 0..4 * EACH {
                    let open: Vec<usize> = turns(turn).filter(|&c| sent[c] < EACH).collect();
                    let arm = |&c: &usize| channels[c].0.arm(EACH + sent[c]);
                    let mut arms: Vec<_> = open.iter().map(arm).collect();
                    let index = select(&mut each(&mut arms));
                    assert_eq!(arms.swap_remove(index).outcome(), SendOutcome::Sent);
                    sent[open[index]] += 1;
                }
            });
            let by_select = s.spawn(|| {
                let mut received = vec![Vec::new(); 4];
                for turn in 0..4 * EACH {
                    let open: Vec<usize> =
                        turns(turn).filter(|&c| received[c].len() < EACH).collect();
                    let mut arms: Vec<_> = open.iter().map(|&c| channels[c].1.arm()).collect();
                    let index = select(&mut each(&mut arms));
                    let value = arms.swap_remove(index).outcome();
                    received[open[index]].push(value.expect("is completed").expect("is open"));
                }
                received
            });
            let plain: Vec<_> = channels
                .iter()
                .map(|(_, receiver)| {
                    s.spawn(|| {
                        (0..EACH)
                            .map(|_| receiver.recv().expect("is open"))
                            .collect()
                    })
                })
                .collect();
            let mut received = by_select.join().unwrap();
            for (all, plain) in received.iter_mut().zip(plain) {
                let plain: Vec<usize> = plain.join().unwrap();
                all.extend(plain);
            }
            received
        });
        for (c, mut all) in received.into_iter().enumerate() {
            all.sort_unstable();
            let all_sent = all.into_iter().eq(0..2 * EACH);
            assert!(
                all_sent,
                "channel {c}: each value that was sent is received, once"
            );
            assert_eq!(
                channels[c].0.registered(),
                0,
                "arms that are still registered"
            );
        }
    });
}

/// The four channels, in another order each turn.
fn turns(turn: usize) -> impl Iterator<Item = usize> {
    (0..4).map(move |n| {
        if turn.is_multiple_of(2) {
            (turn + n) % 4
        } else {
            (turn + 4 - n) % 4
        }
    })
}
