use super::*;
use crate::commands::watch::screen;
use crate::term::{ASCII, UNICODE};

const SIZE: Size = Size { rows: 10, columns: 40 };

/// Three lessons, the second one watched, its first verdict of `lines` lines there.
fn watching(lines: usize) -> State {
    let names = ["one", "two", "three"].map(str::to_owned).to_vec();
    let (mut state, actions) = State::new(names, 1, SIZE);
    let job = Job::Tests { lesson: 1 };
    assert_eq!(actions, [Action::Watch(1), Action::Start(1, job)]);
    assert_eq!(state.on(ended(1, lines)), []);
    state
}

fn ended(run: RunId, lines: usize) -> Event {
    let page = (1..=lines).map(|n| format!("line {n}\n")).collect();
    Event::Ended(run, End { page, goes_on: None })
}

fn press(state: &mut State, keys: &str) -> Vec<Action> {
    let letters = keys.chars().map(Key::Letter);
    letters.flat_map(|key| state.on(Event::Key(key))).collect()
}

fn rows(choices: &[Option<usize>]) -> Vec<Row> {
    let row =
        |(i, chooses): (usize, &Option<usize>)| Row { text: format!("row {i}"), chooses: *chooses };
    choices.iter().enumerate().map(row).collect()
}

#[test]
fn a_save_runs_the_tests_and_a_save_during_a_run_starts_again() {
    let mut state = watching(3);
    let job = Job::Tests { lesson: 1 };
    assert_eq!(state.on(Event::Saved), [Action::Start(2, job)]);
    assert_eq!(state.on(Event::Saved), [Action::Cancel, Action::Start(3, job)]);
    // What the cancelled run has to say comes too late.
    state.on(Event::Stage(2, Stage::Running { done: 9, of: 9 }));
    state.on(ended(2, 1));
    assert_eq!(state.going_on, Some((job, None)));
    state.on(ended(3, 5));
    assert_eq!(state.verdict.lines.len(), 5);
    assert_eq!(state.going_on, None);
}

#[test]
fn a_save_brings_the_verdict_back_but_not_over_a_list() {
    let mut state = watching(3);
    state.on(Event::Page("a hint".into()));
    state.on(Event::Saved);
    assert_eq!(state.over, None);
    state.on(Event::Rows(Choice::Lesson, rows(&[Some(0), Some(1)])));
    state.on(Event::Saved);
    assert!(matches!(state.over, Some(Over::List(_))));
}

#[test]
fn n_and_p_move_between_lessons_and_stop_at_the_ends() {
    let mut state = watching(3);
    let start = |run, lesson| Action::Start(run, Job::Tests { lesson });
    assert_eq!(press(&mut state, "n"), [Action::Watch(2), start(2, 2)]);
    assert_eq!(press(&mut state, "n"), []);
    assert_eq!(state.notes, [" This is the last lesson."]);
    assert_eq!(
        press(&mut state, "pp"),
        [
            Action::Watch(1),
            Action::Cancel,
            start(3, 1),
            Action::Watch(0),
            Action::Cancel,
            start(4, 0)
        ]
    );
    assert_eq!(press(&mut state, "p"), []);
    assert_eq!(state.notes, [" This is the first lesson."]);
}

#[test]
fn keys_ask_for_what_they_are_named_after() {
    let mut state = watching(3);
    assert_eq!(
        press(&mut state, "hclb"),
        [
            Action::Hint(1),
            Action::Compare(1),
            Action::List(Choice::Lesson),
            Action::List(Choice::Mistake)
        ]
    );
    assert_eq!(press(&mut state, "q"), [Action::Quit]);
    state.on(Event::Saved);
    assert_eq!(state.on(Event::Key(Key::Interrupt)), [Action::Cancel, Action::Quit]);
}

#[test]
fn a_stop_cancels_the_run_and_going_on_starts_it_again() {
    let mut state = watching(3);
    assert_eq!(state.on(Event::Key(Key::Suspend)), [Action::Suspend]);
    assert_eq!(state.on(Event::Continued), [Action::Resume]);
    state.on(Event::Saved);
    assert_eq!(state.on(Event::Key(Key::Suspend)), [Action::Cancel, Action::Suspend]);
    assert_eq!(
        state.on(Event::Continued),
        [Action::Resume, Action::Start(3, Job::Tests { lesson: 1 })]
    );
    assert_eq!(state.on(Event::Continued), [Action::Resume]);
}

#[test]
fn a_page_is_read_within_its_bounds() {
    let mut state = watching(20);
    let mut at = |key| {
        state.on(Event::Key(key));
        state.verdict.top
    };
    assert_eq!(at(Key::Up), 0);
    assert_eq!(at(Key::Down), 1);
    assert_eq!(at(Key::Letter(' ')), 8);
    assert_eq!(at(Key::PageDown), 12);
    assert_eq!(at(Key::End), 12);
    assert_eq!(at(Key::Down), 12);
    assert_eq!(at(Key::PageUp), 5);
    assert_eq!(at(Key::Home), 0);
    at(Key::End);
    // The same page again leaves the reader where they were; another one begins at its top.
    state.on(Event::Saved);
    state.on(ended(2, 20));
    assert_eq!(state.verdict.top, 12);
    state.on(Event::Saved);
    state.on(ended(3, 19));
    assert_eq!(state.verdict.top, 0);
    // A larger screen shows more, and no empty lines for it.
    state.on(Event::Key(Key::End));
    let size = Size { rows: 18, columns: 40 };
    assert_eq!(state.on(Event::Resize(size)), [Action::Render]);
    assert_eq!(state.verdict.top, 3);
}

#[test]
fn a_list_is_moved_through_and_chosen_from() {
    let mut state = watching(3);
    state.on(Event::Rows(Choice::Lesson, rows(&[None, Some(0), Some(1), None, Some(2)])));
    let at = |state: &State| match &state.over {
        Some(Over::List(list)) => list.at,
        _ => panic!("a list"),
    };
    assert_eq!(at(&state), 2, "the lesson that is watched");
    press(&mut state, "j");
    assert_eq!(at(&state), 4, "headings are passed over");
    press(&mut state, "jj");
    assert_eq!(at(&state), 4);
    press(&mut state, "kkk");
    assert_eq!(at(&state), 1);
    state.on(Event::Key(Key::End));
    assert_eq!(
        state.on(Event::Key(Key::Enter)),
        [Action::Watch(2), Action::Start(2, Job::Tests { lesson: 2 })]
    );
    assert_eq!(state.over, None);
    assert_eq!(state.lesson, 2);
}

#[test]
fn a_list_longer_than_the_screen_keeps_the_chosen_row_on_it() {
    let mut state = watching(3);
    let choices: Vec<_> = (0..30).map(|i| (i % 3 == 1).then_some(i / 3)).collect();
    state.on(Event::Rows(Choice::Mistake, rows(&choices)));
    for key in [Key::Down, Key::Up, Key::PageDown, Key::Home, Key::End] {
        for _ in 0..12 {
            state.on(Event::Key(key));
            let lines = screen::draw(&state, UNICODE, true, "");
            assert!(lines.iter().any(|line| line.contains("\x1b[7mrow")), "{key:?}: {lines:?}");
        }
    }
    state.on(Event::Key(Key::Home));
    let lines = screen::draw(&state, UNICODE, false, "");
    assert_eq!(lines[0], "row 0", "with the heading above");
    assert!(lines[1].starts_with("\x1b[7mrow 1 "), "without colours too");
}

#[test]
fn a_mistake_is_shown_as_it_is_told_and_left_with_escape() {
    let mut state = watching(3);
    state.on(Event::Rows(Choice::Mistake, rows(&[Some(0), None])));
    let job = Job::Mistake { lesson: 1, mistake: 0 };
    assert_eq!(state.on(Event::Key(Key::Enter)), [Action::Start(2, job)]);
    state.on(Event::Said(2, "what it is\n".into()));
    state.on(Event::Said(2, "how it is caught\n".into()));
    state.on(ended(2, 0));
    let lines = |state: &State| match &state.over {
        Some(Over::Text(text, _)) => text.lines.clone(),
        _ => panic!("a page"),
    };
    assert_eq!(lines(&state), ["what it is", "how it is caught"]);
    assert_eq!(state.verdict.lines.len(), 3, "the verdict is untouched");
    assert_eq!(state.on(Event::Key(Key::Escape)), []);
    assert_eq!(state.over, None);

    // A hint that was asked for meanwhile is not written on.
    state.on(Event::Rows(Choice::Mistake, rows(&[Some(0)])));
    state.on(Event::Key(Key::Enter));
    state.on(Event::Page("a hint".into()));
    state.on(Event::Said(3, "what it is\n".into()));
    assert_eq!(lines(&state), ["a hint"]);
}

#[test]
fn leaving_a_mistake_takes_up_the_tests_that_it_cut_short() {
    let mut state = watching(3);
    state.on(Event::Saved);
    state.on(Event::Rows(Choice::Mistake, rows(&[Some(0)])));
    assert_eq!(state.on(Event::Key(Key::Enter))[0], Action::Cancel);
    assert_eq!(
        state.on(Event::Key(Key::Escape)),
        [Action::Cancel, Action::Start(4, Job::Tests { lesson: 1 })]
    );
}

#[test]
fn an_empty_list_is_said_to_be_empty() {
    let mut state = watching(3);
    state.on(Event::Rows(Choice::Mistake, rows(&[])));
    assert_eq!(state.over, None);
    assert_eq!(state.notes, [" There is nothing to choose from."]);
}

#[test]
fn no_screen_is_drawn_over_its_edge() {
    let columns = |line: &str| {
        let plain = anstream::adapter::strip_str(line).to_string();
        unicode_width::UnicodeWidthStr::width(plain.as_str())
    };
    let mut state = watching(0);
    let page =
        "\x1b[1ma long line with a wide 漢字 in it, and more\x1b[0m of it\n\t\ttabs\n".repeat(9);
    state.on(Event::Rendered(page.clone()));
    let overs = [
        None,
        Some(Event::Page(page)),
        Some(Event::Rows(Choice::Mistake, rows(&[None, Some(0), None, Some(1), Some(2), None]))),
    ];
    for over in overs {
        state.over = None;
        over.map(|over| state.on(over));
        state.on(Event::Note("a note that is rather long\nand has two lines".into()));
        for rows in 0..30 {
            for width in [0, 1, 2, 3, 5, 8, 13, 39, 40, 79, 80, 200] {
                state.on(Event::Resize(Size { rows, columns: width }));
                state.on(Event::Key(Key::Down));
                for (marks, colour) in [(UNICODE, true), (ASCII, false)] {
                    let lines = screen::draw(&state, marks, colour, "waiting for a save");
                    assert_eq!(lines.len(), rows);
                    for line in &lines {
                        assert!(columns(line) <= width.max(1), "{width}: {line:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_line_below_says_what_is_going_on() {
    let mut state = watching(20);
    let status = |state: &State| {
        let lines = screen::draw(state, UNICODE, true, "waiting for a save");
        let line = &lines[lines.len() - 2];
        anstream::adapter::strip_str(line).to_string()
    };
    assert_eq!(status(&state), " run 1 · waiting for a save   1-8 of 20 ");
    state.on(Event::Saved);
    assert!(status(&state).starts_with(" building… "));
    state.on(Event::Stage(2, Stage::Building("Compiling a".into())));
    assert!(status(&state).starts_with(" building… Compiling a "));
    state.on(Event::Stage(2, Stage::Running { done: 7, of: 14 }));
    assert!(status(&state).starts_with(" running tests… 7 of 14 "));
    let end = End { page: String::new(), goes_on: Some(0) };
    state.on(Event::Ended(2, end));
    assert!(status(&state).starts_with(" run 2 · n: on to one · waiting"));
    // Where the page says, not to the one behind.
    assert_eq!(press(&mut state, "n")[0], Action::Watch(0));
}
