//! Where a panic of a library was called from: the learner's own line, if the stack has one.

use std::path::Path;

/// Whether a panic happened in code that no learner wrote: in std, in a crate of the registry or in the harness.
fn is_of_a_library(place: &str) -> bool {
    let parts = ["/rustc/", "/library/", "/registry/src/", "exercises/harness/"];
    parts.iter().any(|part| place.contains(part))
}

/// The places of the panics in a test's output, each with where it stands.
fn places(stderr: &str) -> impl Iterator<Item = (usize, &str)> {
    const MARK: &str = " panicked at ";
    stderr.match_indices(MARK).filter_map(move |(at, _)| {
        let at = at + MARK.len();
        let line = stderr[at..].lines().next()?;
        Some((at, line.strip_suffix(':')?))
    })
}

/// Whether a backtrace may say more than the output of a test does.
pub fn is_worth_asking(stderr: &str) -> bool {
    places(stderr).any(|(_, place)| is_of_a_library(place))
}

/// `stderr` with the learner's line in place of a library's, where `traced` has the panic too, and with its backtrace.
/// The learner's code is in `folder/src`; paths are given from `root`.
pub fn with_own_places(stderr: &str, traced: &str, folder: &Path, root: &Path) -> String {
    let mut text = stderr.to_owned();
    let all: Vec<_> = places(stderr).collect();
    for (at, place) in all.into_iter().rev().filter(|(_, place)| is_of_a_library(place)) {
        let own = places(traced)
            .find(|(_, other)| *other == place)
            .and_then(|(at, _)| own_line(&traced[at..], folder));
        if let Some(own) = own {
            let folder = folder.strip_prefix(root).unwrap_or(folder).display();
            text.replace_range(at..at + place.len(), &format!("{folder}/src/{own}"));
        }
    }
    text
}

/// The innermost line of the learner's in the backtrace that stands at the beginning of `panic`, from `src` on.
fn own_line<'a>(panic: &'a str, folder: &Path) -> Option<&'a str> {
    let src = format!("{}/src/", folder.display());
    let (_, stack) = panic.split_once("\nstack backtrace:\n")?;
    stack
        .lines()
        .take_while(|line| line.starts_with(' '))
        .filter_map(|line| line.trim_start().strip_prefix("at "))
        .filter_map(|place| place.strip_prefix("./src/").or_else(|| place.strip_prefix(&src)))
        .find(|place| !place.starts_with("race_freedom.rs") && !place.starts_with("lib.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORE: &str = "/rustc/1/library/core/src/iter/traits/accum.rs:149:1";

    fn panic(place: &str, more: &str) -> String {
        format!(
            "\nthread 'x' (7) panicked at {place}:\nattempt to add with overflow\n{more}note: run …\n"
        )
    }

    fn shown(place: &str, frames: &[&str]) -> String {
        let frames = frames.iter().enumerate();
        let frames: String =
            frames.map(|(n, at)| format!("   {n}: name\n             at {at}\n")).collect();
        let traced = panic(place, &format!("stack backtrace:\n{frames}"));
        let (folder, root) = (Path::new("/w/exercises/01_a/02_b"), Path::new("/w"));
        with_own_places(&panic(place, ""), &traced, folder, root)
    }

    #[test]
    fn the_line_of_a_library_gives_way_to_the_learners() {
        let own = panic("exercises/01_a/02_b/src/b.rs:23:9", "");
        assert_eq!(shown(CORE, &[CORE, "./src/b.rs:23:9", "./src/b.rs:40:1"]), own);
        assert_eq!(shown(CORE, &["/w/exercises/01_a/02_b/src/b.rs:23:9"]), own);
    }

    #[test]
    fn without_a_line_of_the_learners_it_stays() {
        for frames in
            [&[][..], &[CORE], &["./tests/correctness.rs:1:1", "./src/race_freedom.rs:2:2"]]
        {
            assert_eq!(shown(CORE, frames), panic(CORE, ""));
        }
        let own = "exercises/01_a/02_b/src/b.rs:3:4";
        assert_eq!(shown(own, &["./src/b.rs:23:9"]), panic(own, ""));
    }

    #[test]
    fn a_backtrace_is_asked_for_where_it_helps() {
        assert!(is_worth_asking(&panic(CORE, "")));
        assert!(!is_worth_asking(&panic("tests/correctness.rs:1:2", "")));
        assert!(!is_worth_asking("ok"));
    }
}
