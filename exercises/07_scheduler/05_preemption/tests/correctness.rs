//! The rules, one by one: a state is set up, one function is called, and what it leaves is compared with the
//! rule. Then tasks with scripts, in simulated time. A failure shows the table.

use preemption::{Sysmon, preemptone, rules, safe_point, schedule};
use simulator::clock::{M, Op, Simulator, milliseconds};
use simulator::{G, Random, Source};
use std::time::Duration;

const BEGIN: &str = "Rule 1, begin: what schedule finds becomes curg, nobody has asked it yet, and it begins a slice, unless it \
                     was in runnext.";
const ASK: &str = "Rule 2, ask: preemptone asks the task that runs there, if there is one.";
const GIVE_WAY: &str = "Rule 3, give way: at a safe point, a task that was asked goes to the tail of the \
     global queue.";
const SLICES: &str = "Rule 4, slices: a task is asked when its schedtick has been the same for 10 ms, and \
     again in each round.";
const SYSCALLS: &str = "Rule 5, system calls: a P is retaken when the monitor sees the same call for the second time, if the P has \
                        work or no P is idle, or else if 10 ms have passed.";
const COUNT: &str = "Rule 6, count: retake returns the number of Ps that it has taken from system calls. Who \
     was asked does not count.";
const DELAY: &str = "Rule 7, delay: 20 µs; after 50 rounds in a row without a retake twice as long each \
     time, up to 10 ms.";

type Sim = Simulator<Sysmon>;
type SetUp = fn(&mut Sim);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// On each P one of these tasks runs, in the slice number 1.
fn running(tasks: &[Option<G>]) -> Sim {
    let mut sim = Simulator::new(rules(), tasks.len());
    for (p, &g) in tasks.iter().enumerate() {
        sim.machine.allm[p].curg = g;
        sim.machine.sched.allp[p].schedtick = u32::from(g.is_some());
    }
    sim
}

#[track_caller]
fn must_be_asked(sim: &Sim, right: &[bool], rule: &str) {
    let asked: Vec<bool> = sim.machine.allm.iter().map(|m| m.preempt).collect();
    sim.require(asked == right, || {
        let on = |ps: &[bool]| {
            (0..ps.len())
                .filter(|&p| ps[p])
                .map(|p| format!("P{p} "))
                .collect::<String>()
        };
        let (right, asked) = (on(right), on(&asked));
        format!(
            "{}: asked must be the tasks on [{}], but are those on [{}]. {rule}",
            milliseconds(sim.now()),
            right.trim(),
            asked.trim()
        )
    });
}

/// What differs between two `M`s, in words.
fn differences(right: &M, has: &M) -> String {
    let fields = |m: &M| {
        [
            format!("curg {:?}", m.curg),
            format!("preempt {}", m.preempt),
            format!("in_syscall {}", m.in_syscall),
            format!("syscalltick {}", m.syscalltick),
        ]
    };
    let pairs = fields(right).into_iter().zip(fields(has));
    let differ = pairs.filter(|(right, has)| right != has);
    let words: Vec<_> = differ
        .map(|(right, has)| format!("{right}, but has {has}"))
        .collect();
    words.join("; ")
}

/// A P takes a task from its ring, then the next one, and then finds nothing.
#[test]
fn what_is_found_begins_to_run() {
    // SC-06
    let mut sim = running(&[None, Some(9)]);
    sim.machine.sched.allp[0].schedtick = 1;
    sim.machine.sched.allp[0].runq.push_back(1);
    // The task before was asked, and blocked.
    sim.machine.allm[0].preempt = true;
    let places = [
        (Some(1), Some(Source::Runq), 2),
        (Some(2), Some(Source::RunNext), 2),
        (None, None, 2),
    ];
    for (g, source, tick) in places {
        let found = schedule(&mut sim.machine, 0, &mut || 1);
        let has = (found.map(|found| found.g), found.map(|found| found.source));
        sim.require(has == (g, source), || {
            format!("schedule must find {g:?} in {source:?}, but finds {found:?}. {BEGIN}")
        });
        let right = M {
            curg: g,
            ..M::default()
        };
        let m = &sim.machine.allm[0];
        sim.require(*m == right, || {
            format!("P0 must have {}. {BEGIN}", differences(&right, m))
        });
        let schedtick = sim.machine.sched.allp[0].schedtick;
        sim.require(schedtick == tick, || {
            format!("P0's schedtick must be {tick}, but is {schedtick}. {BEGIN}")
        });
        if g == Some(1) {
            sim.machine.sched.allp[0].runnext = Some(2);
            sim.machine.allm[0].preempt = true;
        }
    }
    let other = &sim.machine.allm[1];
    sim.require(other.curg == Some(9), || {
        format!("P1 must still run 9, but has {other:?}. {BEGIN}")
    });
}

/// One P runs a task, the other none.
#[test]
fn only_a_task_that_runs_can_be_asked() {
    // SC-42
    let mut sim = running(&[Some(1), None]);
    preemptone(&mut sim.machine, 0);
    must_be_asked(&sim, &[true, false], ASK);
    preemptone(&mut sim.machine, 0);
    must_be_asked(&sim, &[true, false], ASK);
    preemptone(&mut sim.machine, 1);
    must_be_asked(&sim, &[true, false], ASK);
}

/// Two tasks come to a safe point. One of them was asked to give way.
#[test]
fn who_was_asked_goes_to_the_tail_of_the_global_queue() {
    // SC-23
    let mut sim = running(&[Some(1), Some(2)]);
    sim.machine.sched.runq.extend([7, 8]);
    for p in 0..2 {
        sim.machine.sched.allp[p].runnext = Some(4);
        sim.machine.sched.allp[p].runq.extend([5, 6]);
    }
    let before = sim.machine.clone();
    sim.machine.allm[1].preempt = true;
    let answers = [0, 1].map(|p| safe_point(&mut sim.machine, p));
    sim.require(answers == [false, true], || {
        format!("2 was asked, on P1, and safe_point must return [false, true] for P0 and P1, but returns \
             {answers:?}. {GIVE_WAY}")
    });
    let mut right = before;
    right.sched.runq.push_back(2);
    right.allm[1].curg = None;
    right.allm[1].preempt = sim.machine.allm[1].preempt; // it says nothing there
    sim.require(sim.machine == right, || {
        let queues = |machine: &simulator::clock::Machine| {
            let p = &machine.sched.allp[1];
            let curg = machine.allm.iter().map(|m| m.curg).collect::<Vec<_>>();
            format!(
                "sched.runq {:?}, P1's runnext {:?}, runq {:?} and schedtick {}, curg {curg:?}",
                machine.sched.runq, p.runnext, p.runq, p.schedtick
            )
        };
        format!(
            "there must be {}, but there is {}. {GIVE_WAY}",
            queues(&right),
            queues(&sim.machine)
        )
    });
    // A request that is left over from a task that has blocked.
    sim.machine.allm[1].preempt = true;
    let mut gives_way = safe_point(&mut sim.machine, 1);
    sim.machine.allm[1].preempt = right.allm[1].preempt;
    gives_way |= sim.machine != right;
    sim.require(!gives_way, || {
        format!(
            "P1 has no task, so safe_point must return false there and change nothing. {GIVE_WAY}"
        )
    });
}

/// A slice is seen at 3 ms for the first time. Until just before 13 ms nobody is asked, and from 13 ms on in
/// each round.
#[test]
fn a_slice_is_over_when_it_was_seen_for_ten_milliseconds() {
    // SC-42
    for at in [us(13_000), us(13_020), us(17_123), us(60_000)] {
        let mut sim = running(&[Some(1), None]);
        for quiet in [ms(3), us(3_020), ms(8), us(12_999)] {
            sim.round(quiet);
            must_be_asked(&sim, &[false, false], SLICES);
        }
        sim.round(at);
        must_be_asked(&sim, &[true, false], SLICES);
        // The request is lost: the task blocks, and the next one inherits the slice.
        sim.machine.allm[0].preempt = false;
        sim.machine.allm[0].curg = Some(2);
        sim.round(at + us(20));
        must_be_asked(&sim, &[true, false], SLICES);
    }
}

/// Each slice lasts for 9.99 ms, on two Ps in turn; the monitor looks often.
#[test]
fn a_new_slice_begins_anew() {
    // SC-42
    let mut sim = running(&[Some(1), Some(2)]);
    for micros in (0..100_000).step_by(30) {
        let slice = u32::try_from(micros / 9_990).expect("a few");
        sim.machine.sched.allp[0].schedtick = 1 + slice;
        sim.machine.sched.allp[1].schedtick = u32::MAX.wrapping_add(slice);
        sim.round(us(micros));
        let [one, two] = [0, 1].map(|p| sim.machine.sched.allp[p].schedtick);
        let rule = format!(
            "schedtick is {one} on P0 and {two} on P1, and has been so for less than 10 ms: another number, \
             smaller or larger, is another slice. {SLICES}"
        );
        must_be_asked(&sim, &[false, false], &rule);
    }
}

/// The monitor has seen slice 5 on P0 long ago. On P1 the number is the same, and it is another P. Then there
/// are a hundred Ps, and the last of them has a task.
#[test]
fn each_p_has_a_slice_of_its_own() {
    let mut sim = running(&[Some(1), None]);
    sim.machine.sched.allp[0].schedtick = 5;
    sim.round(ms(1));
    sim.machine.allm[1].curg = Some(2);
    sim.machine.sched.allp[1].schedtick = 5;
    sim.round(ms(12));
    must_be_asked(&sim, &[true, false], SLICES);
    sim.round(ms(22));
    must_be_asked(&sim, &[true, true], SLICES);
    // However many there are.
    let mut sim = running(&[None; 100]);
    sim.machine.allm[99].curg = Some(1);
    sim.machine.sched.allp[99].schedtick = 1;
    sim.round(ms(0));
    sim.round(ms(10));
    must_be_asked(&sim, &[[false; 99].as_slice(), &[true]].concat(), SLICES);
}

/// A task enters a system call that is seen at 1 ms and at 1.02 ms. Whether its P is needed depends on the
/// others, however many there are.
#[test]
fn a_p_in_a_system_call_is_retaken_if_it_is_needed() {
    // SC-35, SC-36
    let ring = |sim: &mut Sim| sim.machine.sched.allp[0].runq.push_back(7);
    let next = |sim: &mut Sim| sim.machine.sched.allp[0].runnext = Some(7);
    let elsewhere = |sim: &mut Sim| {
        sim.machine.sched.runq.push_back(7);
        sim.machine.sched.netpoll.push_back(8);
    };
    let nothing = |_: &mut Sim| {};
    // What waits, the number of Ps beside P0 that are busy and idle, and whether P0 is needed.
    let cases: [(&str, SetUp, (usize, usize), bool); 11] = [
        ("a task in its ring", ring, (0, 1), true),
        ("a task in its runnext", next, (0, 1), true),
        ("a task in its ring", ring, (1, 0), true),
        ("nothing of its own", nothing, (0, 0), true),
        ("nothing of its own", nothing, (1, 0), true),
        ("nothing of its own", nothing, (2, 0), true),
        ("nothing of its own", nothing, (0, 1), false),
        ("nothing of its own", nothing, (1, 1), false),
        ("nothing of its own", nothing, (70, 1), false),
        ("nothing of its own", nothing, (70, 0), true),
        (
            "tasks in the global queue and in netpoll only",
            elsewhere,
            (0, 1),
            false,
        ),
    ];
    for (waits, set_up, (busy, idle), is_needed) in cases {
        let others = (11..).map(Some).take(busy);
        let tasks: Vec<_> = [Some(1)].into_iter().chain(others).collect();
        let mut sim = running(&[tasks, vec![None; idle]].concat());
        set_up(&mut sim);
        sim.machine.allm[0].in_syscall = true;
        sim.machine.allm[0].syscalltick = 1;
        for (at, look, right) in [
            (us(1_000), "first", false),
            (us(1_020), "second", is_needed),
        ] {
            let mut must_be = sim.machine.clone();
            let retaken = sim.round(at);
            let must = if right { "retaken" } else { "left" };
            if right {
                let m = &mut must_be.allm[0];
                (m.curg, m.in_syscall) = (None, false);
                m.preempt = sim.machine.allm[0].preempt; // it says nothing there
            }
            let is_right = sim.machine == must_be && retaken == usize::from(right);
            sim.require(is_right, || {
                let mut differ = differences(&must_be.allm[0], &sim.machine.allm[0]);
                if differ.is_empty() {
                    let (right, has) = (&must_be.sched, &sim.machine.sched);
                    differ = format!("{right:?}, but has {has:?}");
                }
                format!(
                    "{}: the monitor sees this system call on P0 for the {look} time, with {waits}; of the other \
                     Ps, {busy} have a task and {idle} have none. P0 must be {must}, and nothing else changes: \
                     it must have {differ}; retake returns {retaken}. {SYSCALLS}",
                    milliseconds(at)
                )
            });
        }
    }
}

/// Nobody needs the P of a system call that is seen at 1 ms for the first time. It is retaken at 11 ms, not
/// before.
#[test]
fn a_p_in_a_long_system_call_is_retaken_though_nobody_needs_it() {
    // SC-36
    let mut sim = running(&[Some(1), None]);
    sim.machine.allm[0].in_syscall = true;
    sim.machine.allm[0].syscalltick = 1;
    for (at, right) in [
        (us(1_000), 0),
        (us(1_020), 0),
        (us(10_999), 0),
        (us(11_000), 1),
        (us(11_020), 0),
    ] {
        let retaken = sim.round(at);
        sim.require(retaken == right, || {
            format!(
                "{}: P0's call was first seen at 1 ms, and nobody needs P0. retake must return {right}, but \
                 returns {retaken}. {SYSCALLS}",
                milliseconds(at)
            )
        });
    }
}

/// A task computes for 10 ms and then enters a system call, while another waits in the ring. One look is
/// enough, even if the task was asked before the call.
#[test]
fn a_slice_that_is_over_needs_no_second_look() {
    // SC-36
    for (looks, last, asks) in [
        (&[20][..], 10_020, "asks"),
        (&[20, 10_020], 10_040, "asks again"),
    ] {
        let mut sim = running(&[Some(1), None]);
        sim.machine.sched.allp[0].runq.push_back(7);
        for &at in looks {
            sim.round(us(at));
        }
        sim.machine.allm[0].in_syscall = true;
        sim.machine.allm[0].syscalltick = 1;
        let retaken = sim.round(us(last));
        sim.require(retaken == 1, || {
            format!(
                "{}: the slice is over, so the monitor {asks}, and P0 must be retaken at once, though the call \
                 is new to the monitor. {SYSCALLS}",
                milliseconds(us(last))
            )
        });
    }
}

/// Nobody needs the P of a system call when the slice is over. Its task is asked all the same, and gives way
/// when it is back.
#[test]
fn a_task_in_a_system_call_is_asked_too() {
    // SC-42
    let mut sim = running(&[Some(1), None]);
    sim.round(us(20));
    sim.machine.allm[0].in_syscall = true;
    sim.machine.allm[0].syscalltick = 1;
    let retaken = [ms(5), us(10_020)].map(|at| sim.round(at));
    must_be_asked(&sim, &[true, false], SLICES);
    sim.require(retaken == [0, 0], || {
        format!("the call was seen at 5 ms, so P0 must be left until 15 ms, but retake returns {retaken:?}. \
             {SYSCALLS}")
    });
    let last = sim.round(ms(15));
    sim.require(last == 1, || {
        format!("15 ms: P0 must be retaken, but retake returns {last}. {SYSCALLS}")
    });
}

/// Two Ps are in system calls, and neither has work. When the one is retaken it is idle, so nobody needs the
/// other.
#[test]
fn a_p_that_was_retaken_is_idle() {
    // SC-36
    let mut sim = running(&[Some(1), Some(2)]);
    for m in &mut sim.machine.allm {
        (m.in_syscall, m.syscalltick) = (true, 1);
    }
    let retaken = [us(20), us(40), us(60)].map(|at| sim.round(at));
    let left = sim.machine.allm[1].curg;
    sim.require(retaken == [0, 1, 0] && left == Some(2), || {
        format!(
            "retake must return 0, then 1 for P0, and then 0, but returns {retaken:?}. {SYSCALLS}"
        )
    });
}

/// Whether P0 is asked, retaken or left depends on which numbers the monitor has seen there, and when. P1 is
/// idle, and nothing waits.
#[test]
fn what_the_monitor_remembers_of_a_p() {
    // SC-36, SC-42
    remembers(
        "slice 0 is known from the beginning, since time 0",
        &[
            (9_999, Some(1), 0, None, "left"),
            (10_000, Some(1), 0, None, "asked"),
        ],
    );
    remembers(
        "call 0 is known from the beginning, since time 0",
        &[
            (9_999, Some(1), 1, Some(0), "left"),
            (10_000, Some(1), 1, Some(0), "retaken"),
        ],
    );
    remembers(
        "a P without a task is not looked at: slice 2 is seen at 5 ms",
        &[
            (1_000, None, 2, None, "left"),
            (5_000, Some(1), 2, None, "left"),
            (14_999, Some(1), 2, None, "left"),
            (15_000, Some(1), 2, None, "asked"),
        ],
    );
    remembers(
        "a P without a task is not forgotten: slice 1 was seen at 1 ms",
        &[
            (1_000, Some(1), 1, None, "left"),
            (5_000, None, 1, None, "left"),
            (11_000, Some(2), 1, None, "asked"),
        ],
    );
    remembers(
        "a call is not remembered outside of it, at 6 ms, nor when the task was just asked, at 11 ms: call 1 \
         was remembered at 1 ms, 10 ms ago",
        &[
            (1_000, Some(1), 1, Some(1), "left"),
            (6_000, Some(1), 1, None, "left"),
            (11_000, Some(1), 1, Some(2), "retaken"),
        ],
    );
    remembers(
        "a request of an earlier round says nothing: at 10.02 ms slice 1 and call 1 are new",
        &[
            (10_000, Some(1), 0, None, "asked"),
            (10_020, Some(1), 1, Some(1), "asked"),
        ],
    );
    remembers(
        "a retake changes nothing that is remembered: slice 7 was seen at 9 ms and is over, and call 0 at time 0",
        &[
            (9_000, Some(1), 7, Some(0), "left"),
            (10_000, Some(1), 7, Some(0), "retaken"),
            (19_000, Some(2), 7, Some(1), "retaken"),
        ],
    );
    // Those that a counter of 32 bits would take for early ones.
    for (wraps, unit) in [(1 << 32, "microseconds"), (1000 << 32, "milliseconds")] {
        remembers(
            &format!("slice 2 and call 2 are seen a millisecond before 2^32 {unit}"),
            &[
                (wraps - 1_000, Some(1), 2, Some(2), "left"),
                (wraps + 8_999, Some(1), 2, Some(2), "left"),
                (wraps + 9_000, Some(1), 2, Some(2), "retaken"),
                (wraps + 9_020, Some(2), 2, None, "asked"),
            ],
        );
    }
    // Those that a byte, or two, would take for the same, and smaller ones.
    for (seen, next) in [(1, 257), (1, 65_537), (5, 4), (u32::MAX, 0)] {
        remembers(
            &format!("slice {seen} is seen at 1 ms, slice {next} at 5 ms"),
            &[
                (1_000, Some(1), seen, None, "left"),
                (5_000, Some(1), next, None, "left"),
                (14_999, Some(1), next, None, "left"),
                (15_000, Some(1), next, None, "asked"),
            ],
        );
        remembers(
            &format!("call {seen} is seen at 1 ms, call {next} at 5 ms"),
            &[
                (1_000, Some(1), 1, Some(seen), "left"),
                (5_000, Some(1), 2, Some(next), "left"),
                (14_999, Some(1), 2, Some(next), "left"),
                (15_000, Some(1), 2, Some(next), "retaken"),
            ],
        );
    }
}

/// When the monitor looks, in microseconds; what P0 has then: a task, its `schedtick`, its `syscalltick` if the
/// task is in a system call; and what must become of it.
type Row<'a> = (u64, Option<G>, u32, Option<u32>, &'a str);

#[track_caller]
fn remembers(case: &str, rows: &[Row<'_>]) {
    let mut sim = running(&[Some(1), None]);
    for &(at, curg, schedtick, call, right) in rows {
        sim.machine.sched.allp[0].schedtick = schedtick;
        let m = &mut sim.machine.allm[0];
        (m.curg, m.in_syscall) = (curg, call.is_some());
        m.syscalltick = call.unwrap_or(m.syscalltick);
        let retaken = sim.round(us(at));
        let m = &sim.machine.allm[0];
        let is = match retaken {
            0 if m.preempt && m.curg.is_some() => "asked",
            0 => "left",
            _ => "retaken",
        };
        sim.require(is == right, || {
            let at = milliseconds(us(at));
            let retakes = [right, is].contains(&"retaken");
            let rule = if retakes { SYSCALLS } else { SLICES };
            format!("{at}: {case}. P0 must be {right}, but is {is}. {rule}")
        });
    }
}

/// A task makes one system call after another. Each is over before the monitor looks again.
#[test]
fn short_system_calls_keep_their_p() {
    // SC-35
    let mut sim = running(&[Some(1), Some(2)]);
    sim.machine.sched.allp[0].runq.push_back(7);
    for call in 1..=100 {
        sim.machine.allm[0].in_syscall = true;
        sim.machine.allm[0].syscalltick = call;
        sim.machine.sched.allp[0].schedtick = call;
        let retaken = sim.round(us(20 * u64::from(call)));
        sim.require(retaken == 0, || {
            format!("call {call} is new, and its P must be left. {SYSCALLS}")
        });
    }
    // It computes: a number that is the same says nothing now.
    sim.machine.allm[0].in_syscall = false;
    for at in [2_020, 2_040] {
        let retaken = sim.round(us(at));
        let m = &sim.machine.allm[0];
        sim.require(retaken == 0 && m.curg == Some(1), || {
            format!("P0 is in no system call and must be left, but there is {m:?}. {SYSCALLS}")
        });
    }
}

/// Three Ps: one task computes too long, two are in system calls while tasks wait for them.
#[test]
fn who_is_asked_is_not_retaken() {
    // SC-41
    let mut sim = running(&[Some(1), Some(2), Some(3)]);
    for p in [1, 2] {
        sim.machine.allm[p].in_syscall = true;
        sim.machine.allm[p].syscalltick = 1;
        sim.machine.sched.allp[p].runnext = Some(6 + p as G);
    }
    let none = sim.round(us(20));
    let two = sim.round(us(40));
    sim.require((none, two) == (0, 2), || {
        format!("retake must return 0 and then 2, but returns {none} and {two}. {COUNT}")
    });
    let asked = sim.round(ms(20));
    must_be_asked(&sim, &[true, false, false], SLICES);
    sim.require(asked == 0, || {
        format!("retake must return 0, but returns {asked}. {COUNT}")
    });
}

/// Rounds without a retake, then one with, and so on.
#[test]
fn the_monitor_sleeps_longer_while_nothing_happens() {
    // SC-41
    let mut sysmon = Sysmon::new(1);
    let mut must_sleep = |right: Duration, retaken: usize, when: &str| {
        let slept = sysmon.delay(retaken);
        assert!(
            slept == right,
            "{when}: must sleep for {right:?}, but sleeps for {slept:?}. {DELAY}"
        );
    };
    for (rounds, since, retaken) in [
        (80, "the beginning", 1),
        (70_000_u32, "the last retake", 256),
    ] {
        for round in 1..=rounds {
            let right = match round {
                ..=50 => us(20),
                51..=58 => us(20) * 2_u32.pow(round - 50),
                _ => ms(10),
            };
            must_sleep(
                right,
                0,
                &format!("after round {round} without a retake since {since}"),
            );
        }
        must_sleep(
            us(20),
            retaken,
            &format!("after a round that has retaken {retaken}"),
        );
    }
    // A retake begins everything again, even before the sleeps are longer.
    for rounds in [40, 50] {
        for round in 1..=rounds {
            must_sleep(
                us(20),
                0,
                &format!("after round {round} since the last retake"),
            );
        }
        must_sleep(
            us(20),
            1,
            &format!("after a retake in round {}", rounds + 1),
        );
    }
}

/// Two tasks compute for ever on one P, in loops without calls.
#[test]
fn two_tasks_that_never_block_take_turns() {
    // SC-43
    let mut sim = Simulator::new(rules(), 1);
    let hogs = [0, 1].map(|_| sim.start(&[Op::Run(10_000_000)]));
    sim.run_until(ms(1_000));
    let [one, two] = hogs.map(|g| sim.ran(g));
    sim.require(one.abs_diff(two) <= ms(20) && one + two == ms(1_000), || {
        format!("in 1 s, two tasks must have half each, give or take a slice of 20 ms, but have {one:?} and \
             {two:?}. {SLICES}")
    });
    // The monitor sees it after 10 ms at most, and looks again 10 ms later.
    slices_must_be_right(&sim, ms(20));
}

/// Every slice in which a task was preempted lasted for 10 ms at least, and none lasted for more than `most`.
#[track_caller]
fn slices_must_be_right(sim: &Sim, most: Duration) {
    for slice in sim.slices() {
        let length = slice.ended - slice.began;
        let (from, to) = (milliseconds(slice.began), milliseconds(slice.ended));
        sim.require(length <= most, || {
            format!("the slice from {from} to {to} on P{} lasted for {length:?}, and {most:?} is the most. \
                 {SLICES}", slice.p)
        });
        sim.require(!slice.preempted || length >= ms(10), || {
            format!(
                "the slice from {from} to {to} on P{} was cut short after {length:?}. {SLICES}",
                slice.p
            )
        });
    }
}

/// Two tasks wake each other for ever; a third waits in the ring of the same P.
#[test]
fn a_pair_that_wakes_each_other_shares_a_slice() {
    // SC-07, SC-06
    let mut sim = Simulator::new(rules(), 1);
    let (ping, pong) = (1, 2);
    sim.start(&[Op::Run(300), Op::Ready(pong), Op::Block, Op::Again]);
    sim.start(&[Op::Run(300), Op::Ready(ping), Op::Block, Op::Again]);
    let third = sim.start(&[Op::Run(10_000_000)]);
    sim.run_until(ms(1_000));
    let wait = sim.longest_wait(third);
    sim.require(wait <= ms(25), || {
        format!("task {third} has waited for {wait:?}, because {ping} and {pong} wake each other: the two \
             must share one slice. {SLICES}")
    });
    // When the one is preempted the other inherits, and is asked in the next round.
    slices_must_be_right(&sim, ms(30));
}

/// Two tasks compute for ever on two Ps, and a third sleeps for a millisecond, again and again.
#[test]
fn timers_fire_beside_tasks_that_never_block() {
    // SC-44
    let mut sim = Simulator::new(rules(), 2);
    sim.start(&[Op::Run(10_000_000)]);
    sim.start(&[Op::Run(10_000_000)]);
    let sleeper = sim.start(&[Op::Sleep(1_000), Op::Run(1), Op::Again]);
    sim.run_until(ms(1_000));
    let times = sim.ran(sleeper).as_micros();
    sim.require(times >= 45, || {
        format!("in 1 s, task {sleeper} has woken up {times} times. A P comes by at least every 20 ms, so it \
             must be 45 at least. {SLICES}")
    });
}

/// A task is asked where it cannot be stopped, and gives way as soon as it can.
#[test]
fn a_request_waits_for_a_safe_point() {
    // SC-42
    let mut sim = Simulator::new(rules(), 1);
    let stubborn = sim.start(&[Op::Unsafe(35_000), Op::Run(10_000)]);
    let other = sim.start(&[Op::Run(1_000)]);
    sim.run_until(ms(36));
    let has = (sim.ran(stubborn), sim.ran(other));
    sim.require(has == (ms(35), ms(1)), || {
        format!("task {stubborn} cannot be stopped for 35 ms; then {other} must run for 1 ms, but they have \
             run for {has:?}. {GIVE_WAY}")
    });
}

/// A task is in a long system call, and another waits in its P's ring. The monitor has slept for 10 ms at a
/// time before.
#[test]
fn the_p_of_a_system_call_serves_others() {
    // SC-36
    let mut sim = Simulator::new(rules(), 1);
    let main = sim.start(&[Op::Run(8_000), Op::Go(2), Op::Syscall(100_000), Op::Run(5)]);
    let other = sim.task(&[Op::Run(1_000), Op::Syscall(60), Op::Run(5)]);
    sim.run_until(ms(40));
    let waited = sim.longest_wait(other);
    sim.require(sim.has_ended(other) && waited <= ms(20), || {
        format!("task {other} waits behind a system call of 100 ms. The monitor comes by at least every 10 \
             ms, and must retake P0 the second time, but it has waited for {waited:?}. {SYSCALLS}")
    });
    sim.run_until(ms(200));
    sim.require(sim.has_ended(main), || {
        format!("task {main} returns at 108 ms, and must come to its end")
    });
}

/// One task computes for a second. The monitor has nothing to retake.
#[test]
fn a_monitor_that_is_not_needed_looks_a_hundred_times_a_second() {
    // SC-41
    let mut sim = Simulator::new(rules(), 1);
    sim.start(&[Op::Run(10_000_000)]);
    sim.run_until(ms(1_000));
    let rounds = sim.rounds();
    sim.require((100..=170).contains(&rounds), || {
        format!("in 1 s the monitor has looked {rounds} times: 50 rounds of 20 µs, 9 longer ones, and then \
             one each 10 ms are 157. {DELAY}")
    });
}

/// Three hundred programs of up to six tasks on one to three Ps. Each task computes for exactly as long as
/// its script says.
#[test]
fn every_task_of_any_program_computes_as_long_as_its_script() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let mut sim = Simulator::new(rules(), 1 + random.below(3) as usize);
        let lengths: Vec<u64> = (0..1 + random.below(6))
            .map(|_| {
                let mut length = 0;
                let ops: Vec<Op> = (0..1 + random.below(6))
                    .map(|_| {
                        let time = u64::from(match random.below(3) {
                            0 => 1 + random.below(50),
                            1 => random.below(3_000),
                            _ => random.below(30_000),
                        });
                        match random.below(5) {
                            0 => Op::Syscall(time),
                            1 => Op::Sleep(time),
                            _ => {
                                length += time;
                                Op::Run(time)
                            }
                        }
                    })
                    .collect();
                sim.start(&ops);
                length
            })
            .collect();
        sim.run_until(ms(5_000));
        for (g, &length) in (1..).zip(&lengths) {
            let (ran, ended) = (sim.ran(g), sim.has_ended(g));
            sim.require(ended && ran == us(length), || {
                format!("program {seed}: task {g} must compute for {} and end, but has computed for {}, and \
                     has {}ended", milliseconds(us(length)), milliseconds(ran), if ended { "" } else { "not " })
            });
        }
    }
}
