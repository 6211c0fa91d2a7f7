//! A server waits for requests. Each has a time limit, every beat of a ticker is a line in the log, and if
//! nothing comes for a while a watchdog barks: the program of the notes, on the clock of the machine.

use harness::sync::real::channel::unbounded;
use harness::sync::real::time::{Clock, Duration};
use std::thread;
use timer::Timers;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Runs it.
pub fn main() {
    let timers = Timers::new(Clock::real());

    // Twice the same request, and a time limit of 20 ms: the second answer takes longer.
    for takes in [5, 40] {
        let (sender, answers) = unbounded();
        let limit = timers.after_func(20 * MILLISECOND, {
            let sender = sender.clone();
            move || _ = sender.send("too late")
        });
        let server = thread::spawn(move || {
            thread::sleep(takes * MILLISECOND);
            // The one that asked may be gone by now.
            let _ = sender.send("the answer");
        });
        let answer = answers.recv().expect("the server answers");
        let stopped = if limit.stop() { "stopped" } else { "over" };
        println!("a request of {takes} ms: {answer}; the time limit was {stopped}");
        server.join().expect("the server does not panic");
    }

    // A ticker of 10 ms, and a reader who sleeps through three of its ticks.
    let ticker = timers.ticker(10 * MILLISECOND);
    for pause in [0, 35, 0] {
        thread::sleep(pause * MILLISECOND);
        let tick = ticker.ticks().recv().expect("the ticker is there");
        let now = timers.clock().now();
        println!(
            "after a pause of {pause} ms: a tick, {} ms old",
            (now - tick).as_millis()
        );
    }
    ticker.stop();

    // A watchdog that is reset in time, three times, and then is not.
    let (barks, barked) = unbounded();
    let watchdog = timers.after_func(20 * MILLISECOND, move || _ = barks.send(()));
    let mut in_time = 0;
    for pause in [1, 2, 3] {
        thread::sleep(pause * MILLISECOND);
        in_time += u32::from(watchdog.reset(20 * MILLISECOND));
    }
    barked.recv().expect("the watchdog is there");
    println!("the watchdog barked, after {in_time} signs of life");
}
