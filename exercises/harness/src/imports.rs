//! A learner's file may reach concurrency only through `crate::sync`: what the model cannot see, it cannot
//! check.

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
        write!(
            f,
            "{} goes round the facade; write {}",
            self.path, self.instead
        )
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

/// Where the facade has what a module of another crate offers. The first entry that fits decides; an empty
/// replacement allows the path. Beginnings are of whole segments.
const RULES: &[(&str, &str)] = &[
    // The same type on both faces, and no operation.
    ("std::sync::atomic::Ordering", ""),
    ("core::sync::atomic::Ordering", ""),
    ("std::thread::panicking", ""),
    ("std::sync::atomic", "crate::sync::atomic"),
    ("core::sync::atomic", "crate::sync::atomic"),
    ("std::sync", "crate::sync"),
    ("std::thread", "crate::sync::thread"),
    ("std::cell::UnsafeCell", "crate::sync::cell::UnsafeCell"),
    ("core::cell::UnsafeCell", "crate::sync::cell::UnsafeCell"),
    ("std::hint::spin_loop", "crate::sync::hint::spin_loop"),
    ("core::hint::spin_loop", "crate::sync::hint::spin_loop"),
    ("parking_lot", "crate::sync"),
    ("atomic_wait", "crate::sync::futex"),
    ("crossbeam_utils", "crate::sync::utils"),
    ("crossbeam", "crate::sync"),
    ("crossbeam_channel", "crate::sync"),
    ("loom", "crate::sync"),
    ("harness", "crate::sync"),
];

/// Every path in a Rust file that goes round the facade, in the order of the file.
///
/// It reads tokens, not types: comments and strings do not count, groups in `use` are resolved, and a path
/// is judged by how it begins, so an import under another name is found where it is imported.
pub fn violations(source: &str) -> Vec<Violation> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !continues_a_path(&tokens[..at]) && begins_path(tokens[at].text) {
            at = read_path(&tokens, at, &mut Vec::new(), &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Whether a path can begin with this word. Before `::std::sync` may stand a keyword, which is no part of it.
fn begins_path(text: &str) -> bool {
    const KEYWORDS: [&str; 10] = [
        "as", "dyn", "else", "if", "impl", "in", "match", "mut", "return", "use",
    ];
    is_identifier(text) && !KEYWORDS.contains(&text)
}

/// Whether the next token belongs to something on its left: a path, a field, a method.
fn continues_a_path(before: &[Token<'_>]) -> bool {
    match before {
        [.., left, colons] if colons.text == "::" => left.text == ">" || begins_path(left.text),
        [.., last] => last.text == ".",
        [] => false,
    }
}

/// Reads the path or the `use` tree that begins at `at`, below `prefix`; gives the token after it.
fn read_path<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    prefix: &mut Vec<&'a str>,
    found: &mut Vec<Violation>,
) -> usize {
    let depth = prefix.len();
    let line = tokens[at].line;
    while let Some(token) = tokens.get(at) {
        if !is_identifier(token.text) && token.text != "*" {
            break;
        }
        prefix.push(token.text);
        at += 1;
        if tokens.get(at).is_none_or(|token| token.text != "::") {
            break;
        }
        at += 1;
    }
    if tokens.get(at).is_some_and(|token| token.text == "{")
        && at > 0
        && tokens[at - 1].text == "::"
    {
        at += 1;
        while let Some(token) = tokens.get(at) {
            match token.text {
                "}" => {
                    at += 1;
                    break;
                }
                "," | "::" => at += 1,
                _ if is_identifier(token.text) || token.text == "*" => {
                    at = read_path(tokens, at, prefix, found);
                    // `as name`
                    while tokens
                        .get(at)
                        .is_some_and(|token| !matches!(token.text, "," | "}"))
                    {
                        at += 1;
                    }
                }
                _ => at += 1,
            }
        }
    } else {
        judge(prefix, line, found);
    }
    prefix.truncate(depth);
    at
}

fn judge(path: &[&str], line: usize, found: &mut Vec<Violation>) {
    // `use std::sync::{self}` names std::sync.
    let path: Vec<_> = path.iter().copied().filter(|s| *s != "self").collect();
    let rule = RULES.iter().find_map(|(beginning, instead)| {
        let segments: Vec<_> = beginning.split("::").collect();
        path.starts_with(&segments)
            .then(|| (&path[segments.len()..], *instead))
    });
    if let Some((rest, instead)) = rule
        && !instead.is_empty()
        // A single word may be a variable's name; only a path or an import goes anywhere.
        && path.len() > 1
    {
        let item = rest.first().filter(|_| !instead.contains("UnsafeCell"));
        found.push(Violation {
            line,
            path: path.join("::"),
            instead: item.map_or_else(|| instead.to_owned(), |item| format!("{instead}::{item}")),
        });
    }
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    text: &'a str,
    line: usize,
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Identifiers and punctuation; `::` is one token. Comments, strings and numbers are left out.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while let Some(c) = source[at..].chars().next() {
        let length = length_of_next(source, at, c);
        let text = &source[at..at + length];
        let silent = c.is_whitespace()
            || c.is_ascii_digit()
            || text.starts_with("//")
            || text.starts_with("/*")
            || text.contains('"')
            || (c == '\'');
        if !silent {
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
        at += length;
    }
    tokens
}

fn length_of_next(source: &str, at: usize, c: char) -> usize {
    let rest = &source[at..];
    let to = |end: Option<usize>| end.unwrap_or(rest.len());
    if rest.starts_with("//") {
        return to(rest.find('\n'));
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with("::") {
        return 2;
    }
    if c == '"' {
        return string(rest, 0);
    }
    if c == '\'' {
        return quote(rest);
    }
    if c.is_alphanumeric() || c == '_' {
        let word = to(rest.find(|c: char| !c.is_alphanumeric() && c != '_'));
        let hashes = rest[word..].len() - rest[word..].trim_start_matches('#').len();
        let quoted = rest[word + hashes..].starts_with('"');
        return match &rest[..word] {
            "r" | "br" | "cr" if quoted => {
                let close = format!("\"{}", "#".repeat(hashes));
                let body = word + hashes + 1;
                rest[body..]
                    .find(&close)
                    .map_or(rest.len(), |end| body + end + close.len())
            }
            "b" | "c" if quoted && hashes == 0 => string(rest, word),
            // A raw identifier: the word after `r#` is what counts, and follows as the next token.
            _ => word,
        };
    }
    c.len_utf8()
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a string literal whose opening quote stands at `open`.
fn string(rest: &str, open: usize) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip_while(|(at, _)| *at <= open) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character literal, or the quote of a lifetime with its name.
fn quote(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => rest[3..].find('\'').map_or(rest.len(), |end| end + 4),
        (Some(_), Some((at, '\''))) => at + 1,
        (Some((_, c)), _) if c.is_alphabetic() || c == '_' => rest[1..]
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(rest.len(), |end| end + 1),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(usize, String, String)> {
        violations(source)
            .into_iter()
            .map(|v| (v.line, v.path, v.instead))
            .collect()
    }

    #[test]
    fn imports_and_paths_round_the_facade_are_found() {
        let cases = [
            (
                "use std::sync::Mutex;",
                "std::sync::Mutex",
                "crate::sync::Mutex",
            ),
            ("use std::sync as s;", "std::sync", "crate::sync"),
            (
                "use ::std::sync::Arc;",
                "std::sync::Arc",
                "crate::sync::Arc",
            ),
            (
                "use std::{fmt, sync::Arc};",
                "std::sync::Arc",
                "crate::sync::Arc",
            ),
            (
                "use std::{fmt, thread};",
                "std::thread",
                "crate::sync::thread",
            ),
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
            (
                "use parking_lot::Mutex as M;",
                "parking_lot::Mutex",
                "crate::sync::Mutex",
            ),
            (
                "use crossbeam::channel::*;",
                "crossbeam::channel::*",
                "crate::sync::channel",
            ),
            ("use std::sync::{self as s};", "std::sync", "crate::sync"),
            (
                "const R: &str = r#\"\"#; use std::thread;",
                "std::thread",
                "crate::sync::thread",
            ),
            (
                "fn f<'a>(x: &'a u8) -> char { 'x' } use std::thread;",
                "std::thread",
                "crate::sync::thread",
            ),
        ];
        for (source, path, instead) in cases {
            assert_eq!(
                found(source),
                [(1, path.to_owned(), instead.to_owned())],
                "{source}"
            );
        }
    }

    #[test]
    fn the_line_is_that_of_the_name() {
        let source = "// one\nuse std::{\n    fmt,\n    sync::Mutex,\n};\n";
        assert_eq!(found(source)[0].0, 4);
    }

    #[test]
    fn what_is_allowed_is_not_found() {
        let cases = [
            "use crate::sync::{Arc, Mutex, thread};",
            "use std::sync::atomic::Ordering::{Acquire, Release};",
            "use std::{cell::Cell, fmt, mem::MaybeUninit};",
            "// use std::sync::Mutex;",
            "/* use std::sync::Mutex; /* nested */ std::thread::spawn */",
            "/// [`std::sync::Mutex`]\nfn f() {}",
            "const S: &str = \"std::sync::Mutex \\\" std::thread\";",
            "fn f(loom: u8) -> u8 { loom }",
            "if std::thread::panicking() {}",
            "let c = '\"'; let d = '\\''; let e = 'x';",
            "crate::sync::thread::spawn(|| {});",
        ];
        for source in cases {
            assert_eq!(found(source), [], "{source}");
        }
    }
}
