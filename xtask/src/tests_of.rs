//! The tests that a lesson has: the list that its solution keeps, or what the sources say.

use std::fs;
use std::path::Path;

use syn::visit::Visit;

use crate::workspace::{Lesson, Workspace};

/// The canonical names of the tests that the lesson has, in the order in which its files have them.
///
/// `tests.txt` in the solution's folder says which tests the reference passes; `cargo xtask verify --record`
/// writes it and `verify` checks it. A learner who deletes a test does not delete it there. Where it is
/// missing, the sources of the tests are counted.
pub fn expected(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    match fs::read_to_string(workspace.path(lesson.test_list())) {
        Ok(list) => parse_list(&list),
        Err(_) => in_sources(workspace, lesson),
    }
}

/// The names in a `tests.txt`: one a line; lines that begin with `#` are for people.
pub fn parse_list(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// The tests under the lesson's three headings, as its sources have them.
pub fn in_sources(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    let mut names = Vec::new();
    for (heading, path) in [
        ("race_freedom", "src/race_freedom.rs"),
        ("correctness", "tests/correctness.rs"),
        ("no_leaks", "tests/no_leaks.rs"),
    ] {
        let text =
            fs::read_to_string(workspace.path(lesson.exercise.join(path))).unwrap_or_default();
        names.extend(
            test_functions(&text)
                .into_iter()
                .map(|name| format!("{heading}::{name}")),
        );
    }
    names
}

/// The paths of the `#[test]` functions in a source file, and of those in its modules.
fn test_functions(source: &str) -> Vec<String> {
    #[derive(Default)]
    struct Finder {
        modules: Vec<String>,
        found: Vec<String>,
    }
    impl<'ast> Visit<'ast> for Finder {
        fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
            self.modules.push(module.ident.to_string());
            syn::visit::visit_item_mod(self, module);
            self.modules.pop();
        }
        fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
            if function
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("test"))
            {
                self.modules.push(function.sig.ident.to_string());
                self.found.push(self.modules.join("::"));
                self.modules.pop();
            }
        }
    }
    let mut finder = Finder::default();
    if let Ok(file) = syn::parse_file(source) {
        finder.visit_file(&file);
    }
    finder.found
}

/// What the comment above a test says, in one line; `None` where there is none or the test is not found.
pub fn comment(workspace: &Workspace, lesson: &Lesson, canonical: &str) -> Option<String> {
    let (heading, path) = canonical.split_once("::")?;
    let folder = workspace.path(&lesson.exercise);
    let file = match heading {
        "race_freedom" => folder.join("src/race_freedom.rs"),
        _ => folder.join("tests").join(format!("{heading}.rs")),
    };
    comment_above(&fs::read_to_string(file).ok()?, path.rsplit("::").next()?)
}

fn comment_above(source: &str, function: &str) -> Option<String> {
    let mark = format!("fn {function}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.contains(&mark))?;
    let mut above: Vec<&str> = Vec::new();
    for line in lines[..at].iter().rev() {
        if line.starts_with("#[") {
            continue;
        }
        let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//")) else {
            break;
        };
        above.push(text.trim());
    }
    above.reverse();
    // The first paragraph: what follows is for those who read the file.
    let paragraph: Vec<_> = above
        .into_iter()
        .take_while(|line| !line.is_empty())
        .collect();
    Some(paragraph.join(" ")).filter(|text| !text.is_empty())
}

/// Whether the file exists and the learner has changed it: it is not the stub any more.
pub fn is_attempted(workspace: &Workspace, lesson: &Lesson) -> bool {
    let read = |path: &Path| fs::read(workspace.path(path)).ok();
    match (read(&lesson.file()), read(&lesson.stub())) {
        (Some(file), Some(stub)) => file != stub,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "
        // Two threads wait.
        // Both wake.
        //
        // More for readers.
        #[test]
        fn both_wake() {}

        fn helper() {}

        mod inner {
            #[test]
            #[should_panic(expected = \"x\")]
            fn panics() {}
        }
    ";

    #[test]
    fn tests_are_found_in_sources() {
        assert_eq!(test_functions(SOURCE), ["both_wake", "inner::panics"]);
        assert!(test_functions("fn broken( {").is_empty());
    }

    #[test]
    fn the_comment_above_a_test_is_its_first_paragraph() {
        assert_eq!(
            comment_above(SOURCE, "both_wake").as_deref(),
            Some("Two threads wait. Both wake.")
        );
        assert_eq!(comment_above(SOURCE, "panics"), None);
        assert_eq!(comment_above(SOURCE, "absent"), None);
    }

    #[test]
    fn a_list_of_tests_may_have_comments() {
        let names: Vec<_> = parse_list("# what\n\na::b\n  c::d\n").into_iter().collect();
        assert_eq!(names, ["a::b", "c::d"]);
    }
}
