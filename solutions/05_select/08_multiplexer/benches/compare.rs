//! Your multiplexer and the reference, on the chapter's channels, select and timers; the loop of the Go program on the same, with
//! a timer that is made anew in each turn; and the loop by hand on crossbeam's channels, with its `Select` for any number of
//! sources and with its `select!` for two.
//!
//! `cargo bench -p multiplexer_solution`

#![allow(missing_docs)]

use channels::real as channel;
use channels::real::Arm;
use crossbeam_channel as crossbeam;
use harness::sync::real as sync;
use select_solution as select;
use std::thread;
use std::time::Instant;
use sync::time::{Clock, Duration};
use timer::Timers;
use timer_solution as timer;

// Both are included by path, and so compiled alike: calls into another crate might not be inlined.
#[allow(dead_code)]
#[path = "../src/multiplexer.rs"]
mod reference;
#[allow(dead_code)]
#[path = "../../../../exercises/05_select/08_multiplexer/src/multiplexer.rs"]
mod yours;

harness::bench_main!("multiplexer.rs", || {
    let timers = Timers::new(Clock::real());
    let (sender, source) = channel::bounded(1);
    let _ = sender.send(1);
    yours::Multiplexer::new(&timers, vec![source]).next()
});

const EACH: u64 = 5_000;
const HOUR: Duration = Duration::from_secs(3600);

/// What all of them can do: receive everything from so many sources, each with a thread that sends, with a limit for each turn,
/// one for the whole, and a shutdown. The channels have room for `capacity` values.
trait Loop {
    fn run(sources: u64, capacity: usize) -> u64;
}

/// The contenders that take any number of sources, and more.
macro_rules! rows {
    ($run:ident($($options:tt)*) $(, $name:ident = $more:path)*) => {
        harness::bench_rows!($run($($options)*);
            yours = crate::Yours,
            reference = crate::Reference,
            timer_in_each_turn = crate::AnewInEachTurn,
            crossbeam_select = crate::CrossbeamSelect,
            $($name = $more,)*
        );
    };
}

/// Two threads send, and values are nearly always there.
mod two_busy_sources {
    use super::*;
    fn run<L: Loop>(bencher: divan::Bencher) {
        bencher.bench_local(|| L::run(2, 64));
    }
    rows!(
        run(sample_count = 20),
        crossbeam_select_macro = crate::CrossbeamMacro
    );
}

/// Without a buffer: the loop sleeps in many of its turns.
mod two_sources_without_a_buffer {
    use super::*;
    fn run<L: Loop>(bencher: divan::Bencher) {
        bencher.bench_local(|| L::run(2, 0));
    }
    rows!(
        run(sample_count = 20),
        crossbeam_select_macro = crate::CrossbeamMacro
    );
}

/// Seven threads send, with the loop eight: oversubscribed, unless there are eight processors.
mod seven_sources {
    use super::*;
    fn run<L: Loop>(bencher: divan::Bencher) {
        bencher.bench_local(|| L::run(7, 64));
    }
    rows!(run(sample_count = 10));
}

macro_rules! of_multiplexers {
    ($($name:ident = $file:ident;)*) => {$(
        struct $name;
        impl Loop for $name {
            fn run(sources: u64, capacity: usize) -> u64 {
                let timers = Timers::new(Clock::real());
                let (_shutdown, signal) = channel::bounded(0);
                thread::scope(|s| {
                    let receivers = (0..sources).map(|_| {
                        let (sender, receiver) = channel::bounded(capacity);
                        s.spawn(move || (0..EACH).for_each(|n| sender.send(n).expect("it is there")));
                        receiver
                    });
                    let events = $file::Multiplexer::new(&timers, receivers.collect());
                    let events = events.with_idle(HOUR).with_limit(HOUR).with_shutdown(signal);
                    let values = events.map(|event| match event {
                        $file::Event::Received(_, n) => n,
                        _ => 0,
                    });
                    values.sum()
                })
            }
        }
    )*};
}

of_multiplexers! {
    Yours = yours;
    Reference = reference;
}

/// The Go program, word for word: every turn has arms for all, and makes a timer.
struct AnewInEachTurn;

impl Loop for AnewInEachTurn {
    fn run(sources: u64, capacity: usize) -> u64 {
        let timers = Timers::new(Clock::real());
        let (_shutdown, signal) = channel::bounded::<()>(0);
        let limit = timers.after(HOUR);
        thread::scope(|s| {
            let mut sources: Vec<_> = (0..sources)
                .map(|_| {
                    let (sender, receiver) = channel::bounded(capacity);
                    s.spawn(move || (0..EACH).for_each(|n| sender.send(n).expect("it is there")));
                    receiver
                })
                .collect();
            let mut sum = 0;
            while !sources.is_empty() {
                let turn = timers.after(HOUR);
                let (mut signal, mut limit, mut turn) =
                    (signal.arm(), limit.ticks().arm(), turn.ticks().arm());
                let mut arms: Vec<_> = sources.iter().map(channel::Receiver::arm).collect();
                let mut all: Vec<&mut dyn Arm<'_>> = vec![&mut signal, &mut limit, &mut turn];
                all.extend(arms.iter_mut().map(|arm| arm as &mut dyn Arm<'_>));
                let chosen = select::select(&mut all) - 3;
                match arms.swap_remove(chosen).outcome().expect("it was chosen") {
                    Ok(n) => sum += n,
                    Err(_) => drop(sources.remove(chosen)),
                }
            }
            sum
        })
    }
}

struct CrossbeamSelect;

impl Loop for CrossbeamSelect {
    fn run(sources: u64, capacity: usize) -> u64 {
        let (_shutdown, signal) = crossbeam::bounded::<()>(0);
        let limit = crossbeam::after(HOUR);
        thread::scope(|s| {
            let sources: Vec<_> = (0..sources)
                .map(|_| {
                    let (sender, receiver) = crossbeam::bounded(capacity);
                    s.spawn(move || (0..EACH).for_each(|n| sender.send(n).expect("it is there")));
                    receiver
                })
                .collect();
            let mut select = crossbeam::Select::new();
            select.recv(&signal);
            select.recv(&limit);
            for source in &sources {
                select.recv(source);
            }
            let (mut sum, mut open) = (0, sources.len());
            while open > 0 {
                let chosen = select
                    .select_deadline(Instant::now() + HOUR)
                    .expect("within an hour");
                let index = chosen.index();
                match chosen.recv(&sources[index - 2]) {
                    Ok(n) => sum += n,
                    Err(_) => {
                        select.remove(index);
                        open -= 1;
                    }
                }
            }
            sum
        })
    }
}

struct CrossbeamMacro;

impl Loop for CrossbeamMacro {
    fn run(_two: u64, capacity: usize) -> u64 {
        let (_shutdown, signal) = crossbeam::bounded::<()>(0);
        let limit = crossbeam::after(HOUR);
        thread::scope(|s| {
            let source = || {
                let (sender, receiver) = crossbeam::bounded(capacity);
                s.spawn(move || (0..EACH).for_each(|n| sender.send(n).expect("it is there")));
                receiver
            };
            let (mut one, mut two) = (source(), source());
            let (mut sum, mut open) = (0, 2);
            while open > 0 {
                let turn = crossbeam::after(HOUR);
                crossbeam::select! {
                    recv(signal) -> _ => break,
                    recv(limit) -> _ => break,
                    recv(turn) -> _ => break,
                    recv(one) -> value => match value {
                        Ok(n) => sum += n,
                        Err(_) => { one = crossbeam::never(); open -= 1; }
                    },
                    recv(two) -> value => match value {
                        Ok(n) => sum += n,
                        Err(_) => { two = crossbeam::never(); open -= 1; }
                    },
                }
            }
            sum
        })
    }
}
