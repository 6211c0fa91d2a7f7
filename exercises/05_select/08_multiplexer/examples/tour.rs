//! The pizza takes two seconds, the burger four, and the ice cream eight: the program of the notes, with every limit
//! that there is. The clock is a manual one, so it takes no time.
//!
//! ```text
//! cargo run -p multiplexer --example multiplexer_tour
//! ```
//!
//! Then change something:
//! - give a turn one second in place of three, and each evening one more moment for every `Idle`.
//! - let the limit be four seconds: does the burger come, or the end of the limit? What decides?
//! - close the restaurant after two seconds, when the pizza is ready, too.

use channels::real::{Sender, bounded};
use harness::sync::real::channel::unbounded;
use harness::sync::real::thread;
use harness::sync::real::time::{Clock, Duration};
use multiplexer::{Event, Multiplexer};
use std::fmt::Write;
use timer_solution::{Callback, Timers};

const SECOND: Duration = Duration::from_secs(1);

/// Runs it.
pub fn main() {
    print!("{}", log());
}

/// What happens on four evenings, and when. An evening has moments: a second, and how many events there will be in it.
pub fn log() -> String {
    evening("no limit", &[(2, 2), (4, 2), (8, 2)])
        + &evening("3 s for each turn", &[(2, 2), (4, 2), (7, 1), (8, 2)])
        + &evening("3 s for the whole", &[(2, 2), (3, 1)])
        + &evening("closes after 5 s", &[(2, 2), (4, 2), (5, 1)])
}

fn evening(title: &str, moments: &[(u32, usize)]) -> String {
    let clock = Clock::manual();
    let timers = Timers::new(clock.clone());
    let (oven, pizza) = bounded(1);
    let (grill, burger) = bounded(1);
    let (freezer, ice) = bounded(1);
    let _cooks = [
        cook(&timers, 2 * SECOND, "pizza", oven),
        cook(&timers, 4 * SECOND, "burger", grill),
        cook(&timers, 8 * SECOND, "ice cream", freezer),
    ];
    let (close, closed) = bounded(1);
    let _closes = timers.after_func(5 * SECOND, move || _ = close.try_send(()));

    let last = ice.clone();
    let guest = Multiplexer::new(&timers, vec![pizza, burger, ice]);
    let guest = match title {
        "3 s for each turn" => guest.with_idle(3 * SECOND),
        "3 s for the whole" => guest.with_limit(3 * SECOND),
        "closes after 5 s" => guest.with_shutdown(closed),
        _ => guest,
    };

    let mut log = format!("{title}\n");
    let (report, reports) = unbounded();
    thread::scope(|s| {
        let guest = s.spawn(move || {
            guest.for_each(|event| report.send(event).expect("somebody writes it down"));
        });
        let mut now = 0;
        for &(second, events) in moments {
            // The guest sleeps: so the time of a turn counts from the moment before.
            while last.registered() == 0 && !guest.is_finished() {
                thread::yield_now();
            }
            clock.advance((second - now) * SECOND);
            now = second;
            for event in reports.iter().take(events) {
                let what = match event {
                    Event::Received(_, food) => food.to_owned(),
                    Event::Closed(number) => format!("source {number} is closed"),
                    Event::Idle => "nothing for 3 s".to_owned(),
                    Event::TimedOut => "timed out".to_owned(),
                    Event::ShutDown => "shut down".to_owned(),
                };
                writeln!(log, "  {second} s  {what}").expect("a string takes everything");
            }
        }
    });
    log
}

/// Sends the food when it is ready, and closes the kitchen.
fn cook(
    timers: &Timers,
    takes: Duration,
    food: &'static str,
    kitchen: Sender<&'static str>,
) -> Callback {
    let mut kitchen = Some(kitchen);
    timers.after_func(takes, move || {
        if let Some(kitchen) = kitchen.take() {
            // The guest may have left.
            let _ = kitchen.try_send(food);
        }
    })
}
