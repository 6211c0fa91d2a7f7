//! What is read where a lesson does not compile, and of slips that compile.

use insta::assert_snapshot;

use crate::fixture::{Fixture, Lesson, Ran};

/// A harness with a lock whose guard has no poisoning.
const HARNESS: &str = "//! A lock.\n
use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;\n
/// A lock.
pub struct Mutex<T>(std::sync::Mutex<T>);\n
/// Its guard.
#[must_use = \"if unused the mutex unlocks at once\"]
pub struct MutexGuard<'a, T>(std::sync::MutexGuard<'a, T>);\n
impl<T> Mutex<T> {
    /// Makes one.
    pub fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }
    /// Locks it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
";

/// What explains some of the errors.
const COMPILE_FAIL: &str = "# Errors\n\n## A field assigned through `&self`\n\n<!-- rustc on E0594: self. -->\n\
                            Rejected with E0594:\n\n```rust\n## Not a heading.\n```\n\n## State that is not made to be shared\n\n\
                            <!-- rustc on E0277: between threads safely -->\nRejected with E0277:\n\n## A goroutine that outlives what a parameter borrows\n\n\
                            Rejected with E0521:\n\n## A lock that is released at once\n\n<!-- rustc on unused_must_use: Guard` -->\n";
const RUST: &str =
    "# Rust\n\n## Guards\n\n<!-- rustc on E0368: Guard< -->\n<!-- rustc on E0369: Guard< -->\n";

/// A stack that threads share. Its bodies are correct, and its fields a lock.
const STACK: &str = "//! A stack.\n
use harness::Mutex;\n
/// A stack.
pub struct Stack<T> {
    items: Mutex<Vec<T>>,
}\n
impl<T: Send> Stack<T> {
    /// Makes one.
    pub fn new() -> Self {
        Self { items: Mutex::new(Vec::new()) }
    }\n
    /// Puts an item on it.
    pub fn push(&self, item: T) {
        let mut items = self.items.lock();
        items.push(item);
    }\n
    /// Takes one off it.
    pub fn pop(&self) -> Option<T> {
        let mut items = self.items.lock();
        items.pop()
    }
}
";

/// A test that pushes from several threads, forty times.
fn pushes() -> String {
    let each = |n| {
        format!(
            "#[test]\nfn pushes_{n}() {{\n    let stack = Stack::new();\n    std::thread::scope(|s| {{\n        \
             s.spawn(|| stack.push(Box::new(|| {n}) as Box<dyn Fn() -> i32 + Send>));\n        \
             s.spawn(|| stack.pop());\n    }});\n}}\n\n"
        )
    };
    (0..40).map(each).collect()
}

/// A lesson that builds the stack.
fn stack(fixture: &Fixture) -> Lesson<'_> {
    let lesson = fixture.lesson("01_basics/01_stack", "stack");
    fixture.write("exercises/harness/src/lib.rs", HARNESS);
    fixture.write("exercises/01_fundamentals/COMPILE_FAIL.md", COMPILE_FAIL);
    fixture.write("exercises/RUST.md", RUST);
    fixture.replace("Cargo.toml", "missing_docs = \"warn\"", "unused_must_use = \"deny\"");
    let wiring =
        "//! Wiring.\n\nmod stack;\npub use stack::Stack;\n\n#[cfg(test)]\nmod race_freedom;\n";
    fixture.write(&lesson.exercise("src/lib.rs"), wiring);
    let pushes = pushes();
    fixture
        .write(&lesson.exercise("src/race_freedom.rs"), &format!("use crate::Stack;\n\n{pushes}"));
    fixture.write(
        &lesson.exercise("tests/correctness.rs"),
        &format!("//! What it does.\n\nuse stack::Stack;\n\n{pushes}"),
    );
    fixture.write(&lesson.exercise("tests/no_leaks.rs"), "//! Nothing.\n");
    let stub: String = STACK.lines().map(|line| format!("| {line}\n")).collect();
    fixture.write(&lesson.stub(), &stub.replace("| \n", "|\n"));
    let names = ["race_freedom", "correctness"]
        .map(|heading| (0..40).map(move |n| format!("{heading}::pushes_{n}")));
    let names: Vec<String> = names.into_iter().flatten().collect();
    lesson.record_with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    fixture.write(&lesson.file(), STACK);
    lesson
}

/// Runs the lesson with a file that does not compile. Returns rustc's words and what stands below them, which sends
/// the reader to their own file, in two screens.
fn failed(fixture: &Fixture) -> (String, String) {
    let Ran { code, stdout, .. } = fixture.run(&["next"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.starts_with("error"), "{stdout}");
    let rows = stdout.lines().map(|line| line.chars().count().div_ceil(80).max(1));
    assert!(rows.sum::<usize>() <= 48, "{stdout}");
    let edit = stdout.lines().find_map(|line| line.strip_prefix(" Edit   "));
    let edit = edit.expect("a file to edit");
    assert!(edit.starts_with("exercises/01_basics/01_stack/src/stack.rs"), "{edit}");
    let begins = [" … ", " E0", " unused_must_use ", " 1.1 "];
    let below = stdout.lines().position(|line| begins.iter().any(|begin| line.starts_with(begin)));
    let below = below.expect("a header");
    // How many there are depends on how far cargo had got when the first target failed.
    let counted = |line: &str| match line.split_once(" more errors") {
        Some((_, rest)) => format!(" … N more errors{rest}"),
        None => line.to_owned(),
    };
    let part = |lines: Vec<&str>| lines.into_iter().map(counted).collect::<Vec<_>>().join("\n");
    (part(stdout.lines().take(below).collect()), part(stdout.lines().skip(below).collect()))
}

#[test]
fn a_signature_that_allows_more_is_named_though_all_tests_pass() {
    let fixture = Fixture::new();
    let stack = stack(&fixture);
    fixture.write(
        &stack.file(),
        &STACK.replace("pop(&self) -> Option<T>", "pop<'a>(&self) -> Option<T>"),
    );
    let Ran { stdout, .. } = fixture.run(&["test", "stack"]);
    assert_snapshot!("wider", stdout);
}

#[test]
fn what_comes_from_std_or_is_not_imported_or_is_private_is_named() {
    let fixture = Fixture::new();
    let stack = stack(&fixture);
    for (name, from, to) in [
        ("lock_of_std", "use harness::Mutex;", "use std::sync::Mutex;"),
        ("no_import", "use harness::Mutex;", ""),
        ("private", "pub fn push", "fn push"),
    ] {
        fixture.write(&stack.file(), &STACK.replace(from, to));
        assert_snapshot!(name, failed(&fixture).1);
    }
}

#[test]
fn a_changed_signature_is_named_and_not_the_tests_that_suffer() {
    let fixture = Fixture::new();
    let stack = stack(&fixture);
    for (name, from, to) in [
        ("mut_self", "push(&self", "push(&mut self"),
        ("bound", "impl<T: Send>", "impl<T: Send + PartialEq>"),
        ("renamed", "fn pop", "fn take"),
    ] {
        fixture.write(&stack.file(), STACK);
        fixture.replace(&stack.file(), from, to);
        assert_snapshot!(name, failed(&fixture).1);
    }
}

#[test]
fn a_field_that_is_not_sync_is_named() {
    let fixture = Fixture::new();
    let stack = stack(&fixture);
    fixture.replace(&stack.file(), "use harness::Mutex", "use std::cell::RefCell");
    let text = fixture.read(&stack.file());
    let text = text.replace("Mutex", "RefCell").replace("lock()", "borrow_mut()");
    fixture.write(&stack.file(), &text);
    let (said, below) = failed(&fixture);
    assert!(
        said.contains("`RefCell<Vec<Box<dyn Fn() -> i32 + Send>>>` cannot be shared"),
        "{said}"
    );
    // The same words about another line say nothing more.
    assert_eq!(said.matches("error[E0277]").count(), 1, "{said}");
    assert_snapshot!("not_sync", below);
}

#[test]
fn rustc_is_overruled_where_it_does_not_know_the_lessons_locks() {
    let fixture = Fixture::new();
    let stack = stack(&fixture);
    for (name, from, to) in [
        ("advised_mut_self", "items: Mutex<Vec<T>>,", "items: Mutex<Vec<T>>,\n    n: usize,"),
        (
            "unwrapped",
            "let mut items = self.items.lock();\n        items.pop()",
            "let mut items = self.items.lock().unwrap();\n        items.pop()",
        ),
        (
            "statement",
            "let mut items = self.items.lock();\n        items.push(item);",
            "self.items.lock();\n        drop(item);",
        ),
        (
            "no_star",
            "items.push(item);",
            "let n = Mutex::new(0);\n        let mut n = n.lock();\n        n += 1;\n        n += 2;\n        n += 3;\n        if n > 4 {}\n        n -= 5;\n        items.push(item);",
        ),
        (
            "exchanged",
            "items.push(item);",
            "use std::sync::atomic::{AtomicBool, Ordering::Relaxed};\n        let n = AtomicBool::new(false);\n        if n.compare_exchange(false, true, Relaxed, Relaxed) {}\n        items.push(item);",
        ),
        (
            "escapes",
            "        items.pop()",
            "        std::thread::spawn(|| self.pop());\n        items.pop()",
        ),
    ] {
        fixture.write(&stack.file(), STACK);
        fixture.replace(&stack.file(), from, to);
        if name == "advised_mut_self" {
            fixture.replace(&stack.file(), "Vec::new()) }", "Vec::new()), n: 0 }");
            fixture.replace(
                &stack.file(),
                "items.push(item);",
                "items.push(item);\n        self.n += 1;",
            );
        }
        assert_snapshot!(name, failed(&fixture).1);
    }
}

#[test]
fn an_error_that_is_longer_than_the_screen_is_cut() {
    let fixture = Fixture::new();
    let stack = stack(&fixture);
    let long: String = (0..60).map(|n| format!("{n}\\n")).collect();
    let long = format!("compile_error!(\"{long}\");\n        items.pop()");
    fixture.replace(&stack.file(), "items.pop()", &long);
    let (said, below) = failed(&fixture);
    assert!(said.starts_with("error: 0\n"), "{said}");
    assert_snapshot!("cut", below);
}

#[test]
fn a_guard_that_is_thrown_away_is_named_before_the_tests() {
    let fixture = Fixture::new();
    let stack = stack(&fixture);
    let thrown_away =
        "let _ = self.items.lock();\n        assert!(false, \"not locked\");\n        drop(item);";
    fixture.replace(
        &stack.file(),
        "let mut items = self.items.lock();\n        items.push(item);",
        thrown_away,
    );
    let page = fixture.run(&["test", "stack", "correctness::pushes_7"]).stdout;
    let (_, page) = page.split_once("\n stack.rs:").expect(&page);
    let named = page.split("\n\n").next().expect("a paragraph");
    assert_snapshot!("thrown_away", named);
}

#[test]
fn a_lesson_whose_tests_were_edited_is_done_with_a_word() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.solve();
    let model = sum.exercise("src/race_freedom.rs");
    fixture.replace(&model, "!= 3", "!= 3 && false");
    // A test of the learner's own is not one of the lesson's.
    fixture.write(&sum.exercise("tests/mine.rs"), "//! Mine.\n\n#[test]\nfn mine() {}\n");
    let done = fixture.run(&["next"]);
    assert_eq!(done.code, Some(0), "{}", done.stdout);
    assert_snapshot!("edited", done.stdout);

    // Where a test fails, too.
    fixture.replace(&sum.file(), "a + b", "a + b + 1");
    let page = fixture.run(&["next"]).stdout;
    assert!(page.contains(&format!("   git checkout {model}\n")), "{page}");
}

#[test]
fn a_dry_run_is_named_where_another_failure_is_shown() {
    let fixture = Fixture::new();
    let sum = fixture.lesson("01_basics/01_sum", "sum");
    sum.solve();
    fixture.replace(&sum.file(), "a + b", "a + b + 1");
    let page = fixture.run(&["next"]).stdout;
    assert!(page.contains("\n See    cargo xtask dry-run sum adds_in_any_order\n"), "{page}");
    // Where the model is what is shown, it has been seen.
    let page = fixture.run(&["test", "sum", "race_freedom"]).stdout;
    assert!(!page.contains(" See "), "{page}");
}
