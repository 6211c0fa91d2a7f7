//! Who may use whom: a module uses the rooms below its own, never one above or beside it, and no modules use each other in
//! a ring. Each crate's root says in a table of its docs, from the top down, which rooms it has:
//!
//! ```text
//! //! | Room | What it is |
//! //! |---|---|
//! //! | `commands` | one file per command |
//! //! | `grade`, `verify` | two rooms on one floor: neither may use the other |
//! ```
//!
//! Tests within the crate may use what they like.

mod modules;
mod order;

use std::fs;
use std::path::{Path, PathBuf};

use modules::Crate;

/// Requires the crate with this root to keep the order that its root states.
#[track_caller]
fn assert_in_order(root: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let found = violations(&root);
    assert!(found.is_empty(), "{}:\n  {}", root.display(), found.join("\n  "));
}

fn violations(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root).expect("the crate has a root");
    let rooms = order::rooms(&text);
    assert!(!rooms.is_empty(), "{}: no table of rooms in its docs", root.display());
    order::violations(&Crate::read(root), &rooms)
}

#[test]
fn the_harness_keeps_the_order_of_its_rooms() {
    assert_in_order("../exercises/harness/src/lib.rs");
    assert_in_order("../exercises/harness/report/src/lib.rs");
    assert_in_order("../exercises/harness/base/src/lib.rs");
}

#[test]
fn the_runner_keeps_the_order_of_its_rooms() {
    assert_in_order("src/main.rs");
}

/// A crate in a temporary folder, of files with their texts.
fn in_a_crate(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path: PathBuf = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    violations(&folder.path().join("lib.rs"))
}

const ROOT: &str = "\
//! | Room | What it is |
//! |---|---|
//! | `top` | what people see |
//! | `left`, `right` | two on one floor |
//! | `low` | the ground |
mod left;
mod low;
mod right;
mod top;
pub use low::Thing;
";

/// [`ROOT`] with these texts in its files, and nothing in the others.
fn with(texts: &[(&str, &str)]) -> Vec<String> {
    let mut files = vec![("lib.rs", ROOT)];
    for name in ["left.rs", "low.rs", "right.rs", "top.rs"] {
        let given = texts.iter().find(|(other, _)| *other == name);
        files.push(given.copied().unwrap_or((name, "")));
    }
    files.extend(texts.iter().filter(|(name, _)| name.contains('/')));
    in_a_crate(&files)
}

#[test]
fn what_stands_below_may_be_used() {
    let found = with(&[
        (
            "top.rs",
            "use crate::{left, right::b, Thing}; fn f() { left::a(); b(); crate::low::c() }",
        ),
        ("left.rs", "pub fn a() { super::low::c(); }"),
        ("right.rs", "pub fn b() { println!(\"{}\", crate::low::c()); }"),
        (
            "low.rs",
            "pub struct Thing; pub fn c() {} #[cfg(test)] mod tests { use crate::top; }
             #[cfg(test)] use crate::left; /// See [`crate::top`].
             pub(crate) fn d() {}",
        ),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_stands_above_or_beside_may_not() {
    for (texts, expected) in [
        (vec![("low.rs", "use crate::top::f;")], "low uses top, which stands above it"),
        (vec![("low.rs", "fn f() { super::top::g() }")], "low uses top, which stands above it"),
        (
            vec![("low.rs", "fn f() { assert!(matches!(1, crate::top::X)) }")],
            "low uses top, which stands above it",
        ),
        (
            vec![("low.rs", "use crate as here; fn f(t: here::top::T) {}")],
            "low uses top, which stands above it",
        ),
        (
            vec![("left.rs", "fn f(x: crate::right::T) {}")],
            "left uses right, which stands beside it",
        ),
        // By the name under which another module has it.
        (
            vec![("low.rs", "use crate::left::X;"), ("left.rs", "pub use crate::top::X;")],
            "low uses top, which stands above it",
        ),
        (
            vec![
                ("low.rs", "use crate::left::X;"),
                ("left.rs", "pub use crate::top::*;"),
                ("top.rs", "pub struct X;"),
            ],
            "low uses top, which stands above it",
        ),
    ] {
        let found = with(&texts);
        assert!(found.iter().any(|line| line == expected), "{texts:?}: {found:?}");
    }
}

#[test]
fn a_ring_within_a_room_is_found() {
    let found = with(&[
        ("low.rs", "mod a; mod b; mod c; pub use c::Z;"),
        ("low/a.rs", "use super::b::Y; pub struct X;"),
        ("low/b.rs", "use super::Z; pub struct Y;"),
        ("low/c.rs", "pub struct Z; pub fn f() { super::a::X; }"),
    ]);
    assert_eq!(found, ["a ring: low::a uses low::b uses low::c uses low::a"]);
}

#[test]
fn every_module_has_a_room() {
    let root = ROOT.replace("//! | `low` | the ground |\n", "");
    let found = in_a_crate(&[
        ("lib.rs", &root),
        ("left.rs", "use crate::low::c;"),
        ("right.rs", ""),
        ("top.rs", ""),
        ("low.rs", "pub fn c() {}"),
    ]);
    assert_eq!(found, ["low is in no room"]);
}
