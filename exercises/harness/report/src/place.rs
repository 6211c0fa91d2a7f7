//! Places in the source, as a report names them.

use std::panic::Location;

/// A place in the source of the program that runs.
pub type Place = &'static Location<'static>;

/// `src/wait_group.rs:41`, with what the compiler leaves in a path taken out: a solution includes the tests of
/// its exercise by a path with many `..` in it.
pub fn full(place: &Location<'_>) -> String {
    format!("{}:{}", tidy(place.file()), place.line())
}

/// `wait_group.rs:41`.
pub fn short(place: &Location<'_>) -> String {
    let file = place.file();
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    format!("{name}:{}", place.line())
}

/// Whether it is in the models of a lesson, which the learner does not edit.
pub fn is_in_models(place: Place) -> bool {
    place.file().ends_with("race_freedom.rs")
}

/// The path without the folders that it enters only to leave them.
pub fn tidy(path: &str) -> String {
    let separator = if path.contains('\\') { "\\" } else { "/" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match (part, parts.last()) {
            (".", _) => {}
            ("..", Some(&last)) if last != ".." && !last.is_empty() => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join(separator)
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn a_path_is_what_it_leads_to() {
        for (path, tidied) in [
            ("src/lib.rs", "src/lib.rs"),
            ("solutions/a/src/../../../exercises/a/src/m.rs", "exercises/a/src/m.rs"),
            ("../x/./y.rs", "../x/y.rs"),
            ("/work/a/../b.rs", "/work/b.rs"),
            ("a\\b\\..\\c.rs", "a\\c.rs"),
        ] {
            assert_eq!(tidy(path), tidied);
        }
    }
}
