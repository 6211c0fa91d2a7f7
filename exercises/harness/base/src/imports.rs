//! A learner's file may reach concurrency only through `crate::sync`: the model cannot check what it cannot see.
//!
//! Uses nothing of the harness.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::fmt;

/// Adds the test `facade::concurrency_comes_from_the_facade` to a lesson. It reads `src/FILE`.
#[macro_export]
macro_rules! facade_only {
    ($file:literal) => {
        #[cfg(test)]
        mod facade {
            #[test]
            fn concurrency_comes_from_the_facade() {
                $crate::imports::require_facade($file, include_str!($file));
            }
        }
    };
}

/// Adds the test of [`facade_only!`](crate::facade_only) to a lesson whose file has no use for concurrency, not even for
/// the facade's. `$why_not` says why.
#[macro_export]
macro_rules! no_concurrency {
    ($file:literal, $why_not:literal) => {
        #[cfg(test)]
        mod facade {
            #[test]
            fn concurrency_comes_from_the_facade() {
                $crate::imports::require_none($file, include_str!($file), $why_not);
            }
        }
    };
}

/// A path that goes round the facade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The line, counted from 1.
    pub line: usize,
    /// The path as it was meant, groups resolved: `std::sync::Mutex`.
    pub path: String,
    /// What to write instead.
    pub instead: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} goes round the facade; write {}", self.path, self.instead)
    }
}

/// Fails the test that calls it if `source`, the text of `src/FILE`, goes round the facade.
///
/// # Panics
/// If it does: every place is named, with what to write there.
pub fn require_facade(file: &str, source: &str) {
    let found = violations(source);
    if found.is_empty() {
        return;
    }
    let places: Vec<_> = found
        .iter()
        .map(|violation| format!("src/{file}:{}: {violation}", violation.line))
        .collect();
    panic!(
        "concurrency must come from the facade, crate::sync\n{}\n\
         The model explores what it can see, and it sees only what comes from `crate::sync`:\n\
         with a lock of another crate it would hang, or pass a program that is wrong.",
        places.join("\n")
    );
}

/// Fails the test that calls it if `source`, the text of `src/FILE`, uses the facade or goes round it.
///
/// # Panics
/// If it does: every place is named, and then `why_not`.
pub fn require_none(file: &str, source: &str, why_not: &str) {
    let places: Vec<_> = paths(source)
        .iter()
        .map(|found| format!("src/{file}:{}: {}", found.line, found.path))
        .collect();
    assert!(
        places.is_empty(),
        "this lesson needs no threads, locks or atomics\n{}\n{why_not}",
        places.join("\n")
    );
}

/// Where the facade has what a module of another crate offers. The first entry that fits decides; an empty
/// replacement allows the path. Beginnings are of whole segments.
const RULES: &[(&str, &str)] = &[
    (FACADE, FACADE),
    // The same type on both faces, and no operation.
    ("std::sync::atomic::Ordering", ""),
    ("core::sync::atomic::Ordering", ""),
    ("std::thread::panicking", ""),
    ("std::thread::available_parallelism", ""),
    // What the facade does not have.
    ("std::sync::Barrier", MUTEX),
    ("std::sync::LazyLock", MUTEX),
    ("std::sync::Once", MUTEX),
    ("std::sync::OnceLock", MUTEX),
    ("std::thread::sleep", "what wakes the thread: no test may depend on time"),
    ("std::sync::atomic", "crate::sync::atomic"),
    ("core::sync::atomic", "crate::sync::atomic"),
    ("std::sync::mpsc", "crate::sync::channel::{bounded, unbounded}"),
    ("std::sync", "crate::sync"),
    ("std::thread", "crate::sync::thread"),
    ("std::thread_local", "crate::sync::thread_local"),
    ("std::cell::UnsafeCell", "crate::sync::cell::UnsafeCell"),
    ("core::cell::UnsafeCell", "crate::sync::cell::UnsafeCell"),
    ("std::hint::spin_loop", "crate::sync::hint::spin_loop"),
    ("core::hint::spin_loop", "crate::sync::hint::spin_loop"),
    ("parking_lot", "crate::sync"),
    ("atomic_wait", "crate::sync::futex"),
    ("crossbeam_utils", "crate::sync::utils"),
    ("crossbeam::channel", "crate::sync::channel"),
    ("crossbeam", "crate::sync"),
    ("crossbeam_channel", "crate::sync::channel"),
    ("loom", "crate::sync"),
    ("harness", "crate::sync"),
];

const FACADE: &str = "crate::sync";

const MUTEX: &str = "what you need of it with crate::sync::Mutex, which the model can see";

/// Every path in a Rust file that goes round the facade, in the order of the file. None if it is not Rust.
///
/// It reads tokens, not types: comments and strings do not count, groups in `use` are resolved, and a path
/// is judged by how it begins, so an import under another name is found where it is imported.
pub fn violations(source: &str) -> Vec<Violation> {
    let mut found = paths(source);
    found.retain(|found| !found.path.starts_with(FACADE));
    found
}

/// Those, and the paths into the facade.
fn paths(source: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    if let Ok(tokens) = source.parse::<TokenStream>() {
        if !imports_thread_local(tokens.clone()) {
            read_thread_locals(tokens.clone(), &mut found);
        }
        read(tokens, &mut found);
        found.sort_by_key(|violation| violation.line);
    }
    found
}

/// std's macro is there without an import.
const THREAD_LOCAL: &str = "thread_local";

/// Whether a `use` brings the facade's `thread_local!`.
fn imports_thread_local(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let imports = tokens.split(|token| is(token, ';')).any(|item| {
        let begin = item.iter().position(|token| token.to_string() == "use");
        let text = begin.map(|begin| item[begin..].iter().cloned().collect::<TokenStream>());
        text.is_some_and(|text| {
            let text = text.to_string();
            let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            text.replace(' ', "").starts_with("usecrate::sync")
                && words.any(|word| word == THREAD_LOCAL)
        })
    });
    imports
        || tokens.into_iter().any(
            |token| matches!(token, TokenTree::Group(group) if imports_thread_local(group.stream())),
        )
}

/// Finds `thread_local!` without a path.
fn read_thread_locals(tokens: TokenStream, found: &mut Vec<Violation>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => read_thread_locals(group.stream(), found),
            TokenTree::Ident(word)
                if word == THREAD_LOCAL
                    && tokens.get(at + 1).is_some_and(|next| is(next, '!'))
                    && !at.checked_sub(1).is_some_and(|last| is(&tokens[last], ':')) =>
            {
                found.push(Violation {
                    line: word.span().start().line,
                    path: format!("{THREAD_LOCAL}!"),
                    instead: format!("crate::sync::{THREAD_LOCAL}!"),
                });
            }
            _ => {}
        }
    }
}

/// Reads paths wherever they stand, in groups and in the arguments of macros too.
fn read(tokens: TokenStream, found: &mut Vec<Violation>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(name) = module_elsewhere(&tokens[at..]) {
            found.push(Violation {
                line: token.span().start().line,
                path: format!("mod {name};"),
                instead: format!("mod {name} {{ … }} in this file"),
            });
            at += 3;
            continue;
        }
        match token {
            token if begins_path(token) && !continues_a_path(&tokens[..at]) => {
                at = read_path(&tokens, at, &[], found);
            }
            TokenTree::Group(group) => {
                read(group.stream(), found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// The name of a module that stands in another file, where nobody looks for paths: `mod name;`.
fn module_elsewhere(tokens: &[TokenTree]) -> Option<String> {
    match tokens {
        [TokenTree::Ident(keyword), TokenTree::Ident(name), end, ..]
            if keyword == "mod" && is(end, ';') =>
        {
            Some(name.to_string())
        }
        _ => None,
    }
}

/// Whether the next token belongs to something on its left: a path, a field, a method. Before `::std::sync` may stand a
/// keyword, which is no part of it.
fn continues_a_path(before: &[TokenTree]) -> bool {
    match before {
        [.., left, a, b] if is(a, ':') && is(b, ':') => is(left, '>') || begins_path(left),
        [.., last] => is(last, '.'),
        [] => false,
    }
}

fn begins_path(token: &TokenTree) -> bool {
    const KEYWORDS: [&str; 10] =
        ["as", "dyn", "else", "if", "impl", "in", "match", "mut", "return", "use"];
    matches!(token, TokenTree::Ident(word) if KEYWORDS.iter().all(|keyword| word != keyword))
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// Reads the path or the `use` tree that begins at `at`, below `prefix`; returns the token after it.
fn read_path(
    tokens: &[TokenTree],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<Violation>,
) -> usize {
    let line = tokens[at].span().start().line;
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) => {
                path.push(word.to_string().trim_start_matches("r#").to_owned())
            }
            Some(star) if is(star, '*') => path.push("*".to_owned()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let all: Vec<TokenTree> = group.stream().into_iter().collect();
                for tree in all.split(|token| is(token, ',')).filter(|tree| !tree.is_empty()) {
                    // A tree may begin with `::`.
                    let begin = tree.iter().take_while(|token| is(token, ':')).count();
                    read_path(tree, begin.min(tree.len() - 1), &path, found);
                }
                return at + 1;
            }
            _ => break,
        }
        at += 1;
        match tokens.get(at..at + 2) {
            Some([a, b]) if is(a, ':') && is(b, ':') => at += 2,
            _ => break,
        }
    }
    judge(&path, line, found);
    at
}

fn judge(path: &[String], line: usize, found: &mut Vec<Violation>) {
    // `use std::sync::{self}` names std::sync.
    let path: Vec<&str> = path.iter().map(String::as_str).filter(|s| *s != "self").collect();
    let rule = RULES.iter().find_map(|(beginning, instead)| {
        let segments: Vec<_> = beginning.split("::").collect();
        path.starts_with(&segments).then(|| (&path[segments.len()..], *instead))
    });
    if let Some((rest, instead)) = rule
        && !instead.is_empty()
        // A single word may be a variable's name; only a path or an import goes anywhere.
        && path.len() > 1
    {
        // What is named already is not named again.
        let is_item =
            instead.ends_with("UnsafeCell") || instead.ends_with('}') || instead.contains(' ');
        let item = rest.first().filter(|_| !is_item);
        found.push(Violation {
            line,
            path: path.join("::"),
            instead: item.map_or_else(|| instead.to_owned(), |item| format!("{instead}::{item}")),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::testing::panic_of;

    fn found(source: &str) -> Vec<(usize, String, String)> {
        violations(source).into_iter().map(|v| (v.line, v.path, v.instead)).collect()
    }

    #[test]
    fn imports_and_paths_round_the_facade_are_found() {
        let cases = [
            ("use std::sync::Mutex;", "std::sync::Mutex", "crate::sync::Mutex"),
            ("use std::sync as s;", "std::sync", "crate::sync"),
            ("use ::std::sync::Arc;", "std::sync::Arc", "crate::sync::Arc"),
            ("use std::{fmt, sync::Arc};", "std::sync::Arc", "crate::sync::Arc"),
            ("use std::{fmt, thread};", "std::thread", "crate::sync::thread"),
            (
                "fn f() { std::thread::spawn(|| {}); }",
                "std::thread::spawn",
                "crate::sync::thread::spawn",
            ),
            (
                "use std::sync::atomic::{AtomicU8, Ordering};",
                "std::sync::atomic::AtomicU8",
                "crate::sync::atomic::AtomicU8",
            ),
            (
                "use std::cell::UnsafeCell;",
                "std::cell::UnsafeCell",
                "crate::sync::cell::UnsafeCell",
            ),
            ("use parking_lot::Mutex as M;", "parking_lot::Mutex", "crate::sync::Mutex"),
            ("use crossbeam::channel::*;", "crossbeam::channel::*", "crate::sync::channel::*"),
            (
                "let (tx, rx) = crossbeam_channel::bounded(1);",
                "crossbeam_channel::bounded",
                "crate::sync::channel::bounded",
            ),
            (
                "use std::sync::mpsc::channel;",
                "std::sync::mpsc::channel",
                "crate::sync::channel::{bounded, unbounded}",
            ),
            ("use std::sync::{self as s};", "std::sync", "crate::sync"),
            ("fn f() { std::sync::OnceLock::<u8>::new() }", "std::sync::OnceLock", MUTEX),
            ("fn f() { std::sync::Once::new() }", "std::sync::Once::new", MUTEX),
            ("thread_local!(static N: u8 = 0);", "thread_local!", "crate::sync::thread_local!"),
            (
                "fn f() { std::thread_local! { static N: u8 = 0 } }",
                "std::thread_local",
                "crate::sync::thread_local",
            ),
            ("pub mod a;", "mod a;", "mod a { … } in this file"),
            ("const R: &str = r#\"\"#; use std::thread;", "std::thread", "crate::sync::thread"),
            (
                "fn f<'a>(x: &'a u8) -> char { 'x' } use std::thread;",
                "std::thread",
                "crate::sync::thread",
            ),
        ];
        for (source, path, instead) in cases {
            assert_eq!(found(source), [(1, path.to_owned(), instead.to_owned())], "{source}");
        }
    }

    #[test]
    fn the_line_is_that_of_the_name() {
        let source = "// one\nuse std::{\n    fmt,\n    sync::Mutex,\n};\n";
        assert_eq!(found(source)[0].0, 4);
    }

    #[test]
    fn a_lesson_without_concurrency_may_not_use_the_facade_either() {
        let why_not = "It keeps nothing.";
        require_none("a.rs", "use std::collections::BTreeSet;", why_not);
        for (source, path) in [
            ("use std::sync::OnceLock;", "std::sync::OnceLock"),
            ("fn f() { crate::sync::thread::spawn(g); }", "crate::sync::thread::spawn"),
            ("use crate::sync::{Arc};", "crate::sync::Arc"),
        ] {
            let said = panic_of(|| require_none("a.rs", source, why_not)).expect(source);
            assert!(said.ends_with(&format!("src/a.rs:1: {path}\n{why_not}")), "{said}");
        }
    }

    #[test]
    fn what_is_allowed_is_not_found() {
        let cases = [
            "use crate::sync::{Arc, Mutex, thread};",
            "use std::sync::atomic::Ordering::{Acquire, Release};",
            "use std::{cell::Cell, fmt, mem::MaybeUninit};",
            "mod a { fn f() {} }",
            "// use std::sync::Mutex;",
            "/* use std::sync::Mutex; /* nested */ std::thread::spawn */",
            "/// [`std::sync::Mutex`]\nfn f() {}",
            "const S: &str = \"std::sync::Mutex \\\" std::thread\";",
            "fn f(loom: u8) -> u8 { loom }",
            "if std::thread::panicking() {}",
            "std::thread::available_parallelism()",
            "let c = '\"'; let d = '\\''; let e = 'x';",
            "crate::sync::thread::spawn(|| {});",
            "crate::sync::thread_local!(static N: u8 = 0);",
            "use crate::sync::{Arc, thread_local}; thread_local! { static N: u8 = 0 }",
            "mod a { use crate::sync::thread_local; thread_local!(static N: u8 = 0); }",
            "use crate::sync::task::{Arc, Wake}; use std::task::Context;",
        ];
        for source in cases {
            assert_eq!(found(source), [], "{source}");
        }
    }
}
