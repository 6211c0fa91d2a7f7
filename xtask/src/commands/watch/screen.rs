//! The screen that a [`State`] makes: exactly as many lines as it has, none wider than it is.

use super::state::{Choice, Job, List, Over, State};
use super::text::Text;
use crate::run::control::Stage;
use crate::term::{FAINT, Marks, STRONG, columns, fold, paint, plain};

/// The line that says what is going on, and the row of a list that is chosen: no colour, so where colours are not
/// wanted it stays.
const INVERT: anstyle::Style = anstyle::Style::new().invert();

/// The keys that are named. `r`, which runs the tests again as a save does, finds no room beside the others; `?` shows it.
const KEYS: [(&str, &str); 7] = [
    ("n", "next"),
    ("p", "previous"),
    ("h", "hint"),
    ("c", "compare"),
    ("l", "list"),
    ("b", "break"),
    ("q", "quit"),
];

/// The lines of the screen. `waits` says what the runner waits for when nothing is going on.
pub fn draw(state: &State, marks: Marks, colour: bool, waits: &str) -> Vec<String> {
    let width = state.size.columns;
    let rows = state.rows();
    let mut lines = match &state.over {
        Some(Over::List(list)) => list_lines(list, rows, width),
        Some(Over::Text(text, _)) => window(text, rows),
        None => window(&state.verdict, rows),
    };
    lines.resize(rows, String::new());
    let notes = &state.notes[state.notes.len() - state.notes_shown()..];
    lines.extend(notes.iter().map(|note| first_columns(note, width)));
    lines.push(status(state, marks, waits, width));
    lines.push(keys(state, width));
    if !colour {
        for line in &mut lines {
            let plain = plain(line);
            *line = if line.starts_with(&INVERT.render().to_string()) {
                paint(INVERT, plain)
            } else {
                plain
            };
        }
    }
    // A screen of one or two lines shows the page.
    lines.truncate(state.size.rows);
    lines
}

fn window(text: &Text, rows: usize) -> Vec<String> {
    let lines = text.lines.iter().skip(text.top).take(rows);
    lines.cloned().collect()
}

fn list_lines(list: &List, rows: usize, width: usize) -> Vec<String> {
    let shown = list.rows.iter().enumerate().skip(list.top).take(rows);
    shown
        .map(|(i, row)| {
            if i == list.at {
                // Its own colours would end the inversion.
                let plain = first_columns(&plain(&row.text), width);
                let room = width.saturating_sub(columns(&plain));
                paint(INVERT, format!("{plain}{}", " ".repeat(room)))
            } else {
                first_columns(&row.text, width)
            }
        })
        .collect()
}

/// As much of a line as fits.
fn first_columns(line: &str, width: usize) -> String {
    fold(line, width).into_iter().next().unwrap_or_default()
}

/// What is going on on the left; on the right, which part of the page is on the screen.
fn status(state: &State, marks: Marks, waits: &str, width: usize) -> String {
    let dot = marks.dot;
    let more = marks.more;
    let left = match &state.going_on {
        Some((_, Some(Stage::Running { done, of }))) if *of > 0 => {
            format!("running tests{more} {done} of {of}")
        }
        Some((_, Some(Stage::Running { .. }))) => format!("running tests{more}"),
        Some((_, Some(Stage::Building(what)))) => format!("building{more} {what}"),
        Some((Job::Mistake { .. }, None)) => {
            format!("building the reference with the mistake{more}")
        }
        Some((_, None)) => format!("building{more}"),
        None if state.verdicts == 0 => waits.to_owned(),
        None => {
            let next = state.goes_on.and_then(|next| state.lessons.get(next));
            let next = next.map_or_else(String::new, |next| format!(" {dot} n: on to {next}"));
            format!("run {}{next} {dot} {waits}", state.verdicts)
        }
    };
    let left = format!(" {left}");
    let (top, all) = match &state.over {
        Some(Over::List(list)) => (list.top, list.rows.len()),
        Some(Over::Text(text, _)) => (text.top, text.lines.len()),
        None => (state.verdict.top, state.verdict.lines.len()),
    };
    let rows = state.rows();
    let position = if all > rows {
        format!("{}-{} of {all} ", top + 1, (top + rows).min(all))
    } else {
        String::new()
    };
    let keep = width.saturating_sub(columns(&position) + usize::from(!position.is_empty()));
    let left = first_columns(&left, keep);
    let room = width.saturating_sub(columns(&left) + columns(&position));
    paint(INVERT, first_columns(&format!("{left}{}{position}", " ".repeat(room)), width))
}

/// The keys that do something here, as far as there is room, each with its name.
fn keys(state: &State, width: usize) -> String {
    let mut keys: Vec<(&str, &str)> = match &state.over {
        Some(Over::List(list)) => {
            let go = match list.choice {
                Choice::Lesson => "go there",
                Choice::Mistake => "show",
            };
            vec![("j/k", "move"), ("Enter", go), ("Esc", "back"), KEYS[6]]
        }
        Some(Over::Text(..)) => vec![("Esc", "back"), KEYS[2], KEYS[4], KEYS[5], KEYS[6]],
        None => KEYS.to_vec(),
    };
    let scrolls = match &state.over {
        Some(Over::List(_)) => false,
        Some(Over::Text(text, _)) => text.lines.len() > state.rows(),
        None => state.verdict.lines.len() > state.rows(),
    };
    if scrolls {
        keys.insert(0, ("Space", "more"));
    }
    let columns_of = |(key, name): &(&str, &str)| 2 + columns(key) + 1 + columns(name);
    if keys.iter().map(columns_of).sum::<usize>() > width {
        // The first that fit, then the one that shows all, and the way out.
        let last = [("?", "help"), KEYS[6]];
        let mut room = width.saturating_sub(last.iter().map(columns_of).sum());
        keys.retain(|key| {
            let fits = key.0 != "q" && columns_of(key) <= room;
            room = if fits { room - columns_of(key) } else { 0 };
            fits
        });
        keys.extend(last);
    }
    let line: String = keys
        .iter()
        .map(|(key, name)| format!("  {} {}", paint(STRONG, key), paint(FAINT, name)))
        .collect();
    first_columns(&line[1..], width)
}
