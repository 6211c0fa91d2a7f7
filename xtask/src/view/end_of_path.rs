//! The end of the path: what was done, and where to go from here.

use super::parts::{all_done, behind, paragraph, signed};
use crate::course::Workspace;
use crate::learner::progress::Progress;
use crate::scratch::mistake;
use crate::term::{GOOD, Marks, STRONG, count, paint, plural, thousands, width};

/// The page of `next` when every lesson is done.
pub fn end_of_path(workspace: &Workspace, progress: &Progress, marks: Marks) -> String {
    let mut page = String::new();
    let lessons = workspace.lessons.len();
    if lessons == 0 {
        paragraph(&mut page, &all_done(workspace));
        return page;
    }
    let (mut tests, mut interleavings, mut tried, mut mistakes) = (0, 0, 0, 0);
    let mut untried = None;
    for lesson in &workspace.lessons {
        let record = progress.of(lesson).cloned().unwrap_or_default();
        let passed = record.passed.as_ref();
        tests += passed.map_or(0, |passed| passed.tests);
        interleavings += passed.map_or(0, |passed| passed.interleavings);
        let (all, _) = mistake::read_all(&workspace.path(lesson.mistakes()));
        let of_lesson = all.iter().filter(|one| record.tried.contains(&one.name)).count();
        tried += of_lesson;
        mistakes += all.len();
        if of_lesson < all.len() {
            untried.get_or_insert(&*lesson.name);
        }
    }

    let done = count(lessons, "lesson");
    let sign = paint(GOOD, marks.good);
    signed(&mut page, &sign, &format!("Congratulations: you have walked the whole path, {done}."));
    page.push('\n');
    let n = thousands(interleavings);
    let (of_tests, s) = (count(tests, "test"), plural(interleavings));
    let explored = format!("Your code passes {of_tests}; {n} interleaving{s} of it were explored.");
    let of_mistakes = format!("You have tried {tried} of {}.", count(mistakes, "mistake"));
    paragraph(&mut page, &format!("{explored} {of_mistakes}"));
    page.push('\n');

    let lesson = untried.unwrap_or("LESSON");
    for (word, text) in [
        (
            "Break",
            &*format!(
                "`cargo xtask break {lesson}` puts mistakes into a reference; each README has more under \
                 \"Things to break\"."
            ),
        ),
        (
            "Bench",
            "`cargo xtask bench LESSON` measures your code beside the reference and what production code uses.",
        ),
        (
            "Swap",
            "Later lessons stand on the references of earlier ones. Put your own crate in place of one, in the \
             lesson's Cargo.toml, and run its tests.",
        ),
        (
            "Read",
            "Rust Atomics and Locks (https://marabos.nl/atomics); the sources of crossbeam, parking_lot and tokio; \
             runtime/chan.go and runtime/proc.go of Go.",
        ),
        (
            "Build",
            "Something of your own on what you wrote, with a model for each hand-over: `cargo doc --open -p harness` \
             says how.",
        ),
    ] {
        let first = format!(" {}  ", paint(STRONG, format!("{word:<5}")));
        behind(&mut page, &first, &" ".repeat(8), text, width() - 8);
    }
    page
}
