//! The tests that a lesson has: the list in its lock, or what the sources say.

use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::visit::Visit;

use crate::course::shipped::{self, Change, Lock};
use crate::course::{Lesson, Workspace};

/// What the canonical name of a model begins with.
pub const MODELS: &str = "race_freedom::";

/// The test that every lesson has from the harness: the learner's file reaches concurrency through the facade.
/// If it fails, no other verdict can be trusted, so it comes first.
pub const FACADE_TEST: &str = "facade::concurrency_comes_from_the_facade";

/// Whether a lesson that has the tests `expected` has this one. All others are the learner's own: they decide nothing.
pub fn is_of_lesson(canonical: &str, expected: &[String]) -> bool {
    canonical == FACADE_TEST || expected.iter().any(|name| name == canonical)
}

/// The names of the integration tests that hold the tests `expected`.
pub fn targets(expected: &[String]) -> BTreeSet<&str> {
    let headings = expected.iter().filter_map(|name| name.split_once("::"));
    let headings = headings.map(|(heading, _)| heading);
    headings.filter(|heading| !["race_freedom", "facade"].contains(heading)).collect()
}

/// Whether the exercise has test programs beside those that hold the tests `expected`.
pub fn has_others(workspace: &Workspace, lesson: &Lesson, expected: &[String]) -> bool {
    let targets = targets(expected);
    let entries = fs::read_dir(workspace.path(lesson.exercise.join("tests")));
    let entries = entries.into_iter().flatten().flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.any(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        !targets.contains(&*name)
            && (path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").is_file())
    })
}

/// Whether what the learner wrote has statics, so that what one test does may reach the next in the same process.
pub fn has_statics(workspace: &Workspace, lesson: &Lesson) -> bool {
    let folder = workspace.path(&lesson.exercise);
    lesson.written(&workspace.root).iter().any(|path| {
        let text = fs::read_to_string(folder.join(path)).unwrap_or_default();
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '\'');
        words.any(|word| word == "static")
    })
}

/// The canonical names of the tests that the lesson has, in the order in which its files have them.
///
/// The [lock](crate::course::shipped) lists the tests that the reference passes. Without one that can be read, the tests in
/// the sources are counted.
pub fn expected(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    match Lock::read(&workspace.path(lesson.lock())) {
        Ok(Some(lock)) => lock.tests,
        _ => in_sources(workspace, lesson),
    }
}

/// The tests under the lesson's three headings, as its sources have them.
pub fn in_sources(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    let mut names = Vec::new();
    for (heading, path) in [
        ("race_freedom", "src/race_freedom.rs"),
        ("correctness", "tests/correctness.rs"),
        ("no_leaks", "tests/no_leaks.rs"),
    ] {
        let path = workspace.path(lesson.exercise.join(path));
        let tests = test_functions(&fs::read_to_string(path).unwrap_or_default());
        names.extend(tests.iter().map(|name| format!("{heading}::{name}")));
    }
    names
}

/// The names of the lesson's models, without their heading: those that it has, and after them those that the
/// learner wrote.
pub fn models(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let all = expected(workspace, lesson).into_iter();
    for test in all.chain(in_sources(workspace, lesson)) {
        if let Some(name) = test.strip_prefix(MODELS)
            && !names.iter().any(|other| other == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// The files of `lesson` that are not as they were shipped, but for those that were added: they are the learner's own.
///
/// Without a lock that can be read there are none.
pub fn tampered(workspace: &Workspace, lesson: &Lesson) -> Vec<(PathBuf, Change)> {
    let lock = Lock::read(&workspace.path(lesson.lock())).ok().flatten();
    let there = shipped::digests(&workspace.path(&lesson.exercise), &lesson.file_name());
    let (Some(lock), Ok(there)) = (lock, there) else {
        return Vec::new();
    };
    let mut changes = shipped::changes(&lock.files, &there);
    changes.retain(|(_, change)| *change != Change::Added);
    changes
}

/// The paths of the `#[test]` functions in a source file, and of those in its modules.
fn test_functions(source: &str) -> Vec<String> {
    test_lines(source).into_iter().map(|(path, _)| path).collect()
}

/// The file that holds the test of this name, from the exercise's folder, and the test's path in it.
pub fn source(canonical: &str) -> Option<(PathBuf, &str)> {
    let (heading, path) = canonical.split_once("::")?;
    let folder = if heading == "race_freedom" { "src" } else { "tests" };
    Some((Path::new(folder).join(format!("{heading}.rs")), path))
}

/// A source file of tests without any but the one of this path: each other line is where it was. What served the others may
/// stay there unused.
pub fn only(source: &str, path: &str) -> String {
    let mut others = test_lines(source);
    others.retain(|(other, _)| other != path);
    let is_of_others = |number| others.iter().any(|(_, lines)| lines.contains(&number));
    let lines = (1..).zip(source.lines());
    let kept = lines
        .map(|(number, line)| if is_of_others(number) { "\n".into() } else { format!("{line}\n") });
    format!("#![allow(dead_code, unused_imports)] {}", kept.collect::<String>())
}

/// The paths of the `#[test]` functions in a source file, and their lines, from the first of the comment above.
fn test_lines(source: &str) -> Vec<(String, RangeInclusive<usize>)> {
    #[derive(Default)]
    struct Finder {
        modules: Vec<String>,
        found: Vec<(String, RangeInclusive<usize>)>,
    }
    impl<'ast> Visit<'ast> for Finder {
        fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
            self.modules.push(module.ident.to_string());
            syn::visit::visit_item_mod(self, module);
            self.modules.pop();
        }
        fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
            if function.attrs.iter().any(|one| one.path().is_ident("test")) {
                self.modules.push(function.sig.ident.to_string());
                let above = function
                    .attrs
                    .first()
                    .map_or(function.sig.fn_token.span, |first| first.pound_token.span);
                let end = function.block.brace_token.span.close().end();
                self.found.push((self.modules.join("::"), above.start().line..=end.line));
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

/// The names of the lesson's correctness tests that start threads: themselves, through a function of their file, or through
/// what the lesson is to build, as the reference does. When one of them fails, a model that fails too says more about it.
pub fn with_threads(workspace: &Workspace, lesson: &Lesson) -> Vec<String> {
    let read = |path: PathBuf| fs::read_to_string(workspace.path(path)).unwrap_or_default();
    let built = starting_threads(&read(lesson.reference()), Vec::new());
    let tests = read(lesson.exercise.join("tests/correctness.rs"));
    let names = starting_threads(&tests, built).into_iter();
    names.map(|name| format!("correctness::{name}")).collect()
}

/// The functions of a file that start threads, and the types with a method that does, themselves or through each other. `known`
/// are those of other files.
fn starting_threads(source: &str, known: Vec<String>) -> Vec<String> {
    let Ok(file) = syn::parse_file(source) else {
        return known;
    };
    // The bodies alone: comments speak of threads, too.
    let named = file.items.iter().filter_map(|item| match item {
        syn::Item::Fn(function) => {
            Some((function.sig.ident.to_string(), function.block.to_token_stream()))
        }
        syn::Item::Impl(one) => {
            let syn::Type::Path(path) = &*one.self_ty else {
                return None;
            };
            let bodies = one.items.iter().filter_map(|item| match item {
                syn::ImplItem::Fn(method) => Some(method.block.to_token_stream()),
                _ => None,
            });
            Some((path.path.segments.last()?.ident.to_string(), bodies.collect()))
        }
        _ => None,
    });
    let bodies = named.map(|(name, body)| {
        let body = body.to_string();
        let words = body.split(|c: char| !c.is_alphanumeric() && c != '_');
        let words: Vec<String> = words.map(str::to_owned).collect();
        (name, words)
    });
    let bodies: Vec<_> = bodies.collect();
    let mut found = known;
    // As long as another turns up that uses one of those found.
    loop {
        let more = bodies.iter().find(|(name, words)| {
            let starts = |word: &String| {
                ["spawn", "spawn_scoped"].contains(&word.as_str())
                    || word.starts_with("must_sleep")
                    || found.contains(word)
            };
            !found.contains(name) && words.iter().any(starts)
        });
        match more {
            Some((name, _)) => found.push(name.clone()),
            None => return found,
        }
    }
}

/// What a test does, as the comment above it says, in one line: what it would catch is left out, for that need not be what
/// the learner did. `None` if there is no such comment or the test is not found.
pub fn purpose(workspace: &Workspace, lesson: &Lesson, canonical: &str) -> Option<String> {
    let (file, path) = source(canonical)?;
    let file = workspace.path(lesson.exercise.join(file));
    let comment = comment_above(&fs::read_to_string(file).ok()?, path.rsplit("::").next()?)?;
    let purpose = without_catches(&comment);
    (!purpose.is_empty()).then(|| purpose.to_owned())
}

/// The sentences before the first that says what the test catches.
fn without_catches(comment: &str) -> &str {
    let begins =
        |text: &str| ["Catches ", "Also catches "].iter().any(|word| text.starts_with(word));
    let ends = comment.match_indices(". ").map(|(at, _)| at);
    let end = if begins(comment) {
        Some(0)
    } else {
        ends.map(|at| at + 1).find(|&end| begins(comment[end..].trim_start()))
    };
    &comment[..end.unwrap_or(comment.len())]
}

fn comment_above(source: &str, function: &str) -> Option<String> {
    let mark = format!("fn {function}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.contains(&mark))?;
    let above = lines[..at].iter().rev().filter(|line| !line.starts_with("#["));
    let above =
        above.map_while(|line| line.strip_prefix("//").map(|text| text.trim_start_matches('/')));
    let mut above: Vec<_> = above.map(str::trim).collect();
    above.reverse();
    // The first paragraph: what follows is for those who read the file.
    let paragraph: Vec<_> = above.into_iter().take_while(|line| !line.is_empty()).collect();
    Some(paragraph.join(" ")).filter(|text| !text.is_empty())
}

/// Every `todo!("…")` in a source file: its line and what it says is to do.
pub fn todos(source: &str) -> Vec<(u32, String)> {
    const MARK: &str = "todo!(";
    let mut found = Vec::new();
    let mut at = 0;
    for (line, number) in source.split_inclusive('\n').zip(1..) {
        let column = line.find(MARK);
        if let Some(column) = column.filter(|_| !line.trim_start().starts_with("//")) {
            // rustfmt may have put the text on a line of its own.
            let rest = source[at + column + MARK.len()..].trim_start();
            let text = rest.strip_prefix('"').and_then(|text| text.split_once('"'));
            let text = text.unwrap_or_default().0;
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            found.push((number, without_braces(&text)));
        }
        at += line.len();
    }
    found
}

/// A format string with the names of its arguments in place of their values: `{workers}` reads `workers`.
fn without_braces(format: &str) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        text += before;
        text += match name.split(':').next() {
            Some("") | None => "…",
            Some(name) => name,
        };
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_test_stays_where_it_was() {
        let source = "//! Tests.\nuse a::b;\n\n/// One.\n#[test]\nfn one() {\n    b();\n}\n\nfn helps() {}\n\
                      mod more {\n    #[test]\n    #[should_panic]\n    fn one() {}\n}\n";
        assert_eq!(test_functions(source), ["one", "more::one"]);
        let [first, second] = ["one", "more::one"].map(|path| only(source, path));
        assert_eq!([&first, &second].map(|alone| alone.lines().count()), [15; 2]);
        assert_eq!([test_functions(&first), test_functions(&second)], [["one"], ["more::one"]]);
        assert_eq!(first.lines().nth(6), Some("    b();"));
        assert!(second.contains("\n\n\n\n\n\n\nfn helps() {}\n"), "{second}");
    }

    #[test]
    fn arguments_are_named_in_what_is_to_be_written() {
        for (format, text) in [
            ("share among {workers} threads", "share among workers threads"),
            ("{a:?} and {}", "a and …"),
            ("no argument", "no argument"),
            ("a { alone", "a { alone"),
        ] {
            assert_eq!(without_braces(format), text);
        }
    }

    #[test]
    fn statics_are_found_in_what_the_learner_wrote() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut workspace = crate::course::select::tests::workspace(&["a"]);
        workspace.root = dir.path().to_owned();
        let lesson = &workspace.lessons[0];
        let file = workspace.path(lesson.file());
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file.with_file_name("lib.rs"), "static SHIPPED: u32 = 0;").expect("written");
        for (text, found) in [
            ("fn f() { static N: AtomicU32 = AtomicU32::new(0); }", true),
            ("fn f(f: impl FnOnce() + Send + 'static) {}", false),
        ] {
            fs::write(&file, text).expect("written");
            assert_eq!(has_statics(&workspace, lesson), found, "{text}");
        }
    }

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
        assert_eq!(without_catches("Both wait. Catches one wakeup. Then they end."), "Both wait.");
        assert_eq!(without_catches("Catches one wakeup. Both wait."), "");
        assert_eq!(without_catches("Both wait."), "Both wait.");
        assert_eq!(comment_above(SOURCE, "panics"), None);
        assert_eq!(comment_above(SOURCE, "absent"), None);
    }

    #[test]
    fn threads_are_found_behind_a_function() {
        let source = "fn both(f: fn()) { thread::scope(|s| { s.spawn(f); }); }\nfn twice() { both(a); both(a) }\n\
                      #[test] fn concurrent() { twice() }\n#[test] fn alone() { assert!(spawned == 1) }\n";
        let found = starting_threads(source, Vec::new());
        assert_eq!(found, ["both", "twice", "concurrent"]);
        let reference = "struct Pool; /** Those that spawn. */ struct Shared;\nimpl Pool { fn new() { thread::Builder::new().spawn(run) } }\n\
                         impl Shared { /** Pools spawn. */ fn run() {} }\nimpl Drop for Pool { fn drop(&mut self) {} }\n\
                         pub fn map() { Pool::new() }\npub fn count() -> u32 { 1 }\n";
        let built = starting_threads(reference, Vec::new());
        assert_eq!(built, ["Pool", "map"]);
        let tests = "#[test] fn maps() { map() }\n#[test] fn counts() { count() }\n#[test] fn pools() { Pool::new() }\n";
        assert_eq!(starting_threads(tests, built), ["Pool", "map", "maps", "pools"]);
    }

    #[test]
    fn todos_are_found_with_their_lines() {
        let source = "// todo!(\"not this\")\nfn a() {\n    todo!(\"count down\")\n}\nfn b() {\n    todo!(\n        \
                      \"wait\"\n    );\n    todo!()\n}\n";
        let [count, wait] = ["count down", "wait"].map(str::to_owned);
        assert_eq!(todos(source), [(3, count), (6, wait), (9, String::new())]);
    }
}
