//! The names of chapters, lessons and types.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::course::select::NoSuchName;

/// Names that the wiring of a lesson has a use for, or that Rust has.
const RESERVED: &str =
    "alloc core correctness facade no_leaks proc_macro race_freedom std sync test tour";

/// A chapter, be it there or to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// The name of its folder, for example `03_channels`.
    pub folder: String,
    /// Its name in words.
    pub title: String,
    /// Whether it is to be begun.
    pub is_new: bool,
}

/// The chapter that `wanted` names by number, by name, or by both; both may name one that is to be begun.
///
/// # Errors
///
/// There is no such chapter, or another one has that number or that name.
pub fn chapter(there: &[(u32, String)], wanted: &str) -> Result<Chapter, NoSuchName> {
    let words = |folder: &str| match folder.split_once('_') {
        Some((_, words)) => words.to_owned(),
        None => String::new(),
    };
    let chapter = |folder: &str, is_new| Chapter {
        folder: folder.to_owned(),
        title: in_words(&words(folder)),
        is_new,
    };
    let number = wanted.split('_').next().and_then(|n| n.parse::<u32>().ok());
    let name = match number {
        Some(_) => words(wanted),
        None => wanted.to_owned(),
    };
    let found = there.iter().find(|(n, folder)| {
        (number.is_none() || number == Some(*n)) && (name.is_empty() || words(folder) == name)
    });
    if let (Some((_, folder)), false) = (found, wanted.is_empty()) {
        return Ok(chapter(folder, false));
    }
    let listed = there.iter().map(|(_, folder)| format!("\n  {folder}"));
    let listed: String = listed.collect();
    let (Some(number), false) = (number, name.is_empty()) else {
        return Err(NoSuchName(format!(
            "there is no chapter {wanted}. There are{listed}\n\
             To begin one, give its number and its name: 03_channels"
        )));
    };
    let mut all = there.iter();
    let taken = all.find(|(n, folder)| *n == number || words(folder) == name);
    if let Some((_, folder)) = taken {
        return Err(NoSuchName(format!(
            "there is a chapter {folder}; one called {wanted} cannot stand beside it"
        )));
    }
    if number > 99 || !is_name(&name) {
        return Err(NoSuchName(format!(
            "no chapter can be called {wanted}: its number has two digits, its name small letters, digits and _"
        )));
    }
    Ok(chapter(&format!("{number:02}_{name}"), true))
}

/// Whether a lesson may have this name.
///
/// # Errors
///
/// It is no name for a crate, or one that is taken; or `Cargo.lock`, which knows which are, cannot be read.
pub fn check_lesson(root: &Path, name: &str) -> Result<()> {
    if !is_name(name) {
        bail!(
            "no crate can be called `{name}`: a name has small letters, digits and _, and begins with a letter"
        );
    }
    // A keyword is no identifier.
    let is_reserved = RESERVED.split(' ').any(|word| word == name);
    if is_reserved || syn::parse_str::<syn::Ident>(name).is_err() {
        bail!("no lesson can be called `{name}`: the word has a meaning of its own in its code");
    }
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
    }
    let path = root.join("Cargo.lock");
    let text = fs::read_to_string(&path).with_context(|| {
        format!("cannot read {}: `cargo generate-lockfile` makes it", path.display())
    })?;
    let lock: Lock =
        toml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
    // Those of the workspace are among them.
    let taken = lock.package.iter().find(|package| {
        let other = package.name.replace('-', "_");
        other == name || other == format!("{name}_solution")
    });
    if let Some(Package { name: other }) = taken {
        bail!("there is a crate called {other}: choose another name than `{name}`");
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(is_fit)
        && name.split('_').all(|word| !word.is_empty())
}

/// `wait_group` as `Wait group`.
pub fn in_words(name: &str) -> String {
    capital(&name.replace('_', " "))
}

/// `wait_group` as `WaitGroup`.
pub fn type_name(name: &str) -> String {
    name.split('_').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_goes_by_number_or_name_and_begins_with_both() {
        let there = [(1, "01_fundamentals".to_owned()), (2, "02_wait_groups".to_owned())];
        let found = |wanted: &str| match chapter(&there, wanted) {
            Ok(chapter) if chapter.is_new => format!("new {} {}", chapter.folder, chapter.title),
            Ok(chapter) => chapter.folder,
            Err(error) => error.to_string(),
        };
        for wanted in ["2", "02", "wait_groups", "02_wait_groups", "2_wait_groups"] {
            assert_eq!(found(wanted), "02_wait_groups");
        }
        assert_eq!(found("3_more_locks"), "new 03_more_locks More locks");
        for (wanted, said) in [
            ("3", "no chapter 3. There are\n  01_fundamentals\n"),
            ("fundamentls", "To begin one, give its number and its name"),
            ("", "no chapter"),
            ("02_locks", "there is a chapter 02_wait_groups"),
            ("03_fundamentals", "there is a chapter 01_fundamentals"),
            ("03_Locks", "small letters"),
            ("100_locks", "two digits"),
            ("../x", "no chapter"),
        ] {
            assert!(found(wanted).contains(said), "{wanted}: {}", found(wanted));
        }
    }

    #[test]
    fn a_lesson_has_a_name_that_rust_and_cargo_take_and_nobody_has() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let lock = "[[package]]\nname = \"wait_group\"\n[[package]]\nname = \"parking_lot\"\n\
                    [[package]]\nname = \"once_solution\"\n";
        fs::write(dir.path().join("Cargo.lock"), lock).expect("written");
        let check = |name: &str| check_lesson(dir.path(), name).map_err(|error| error.to_string());
        assert_eq!(check("rendezvous"), Ok(()));
        assert_eq!(check("ring_buffer_2"), Ok(()));
        for (name, said) in [
            ("", "begins with a letter"),
            ("2nd", "begins with a letter"),
            ("Mutex", "small letters"),
            ("a-b", "small letters"),
            ("a__b", "small letters"),
            ("é", "small letters"),
            ("async", "a meaning of its own"),
            ("sync", "a meaning of its own"),
            ("wait_group", "a crate called wait_group"),
            ("parking_lot", "a crate called parking_lot"),
            ("once", "a crate called once_solution"),
        ] {
            let error = check(name).expect_err(name);
            assert!(error.contains(said), "{name}: {error}");
        }
    }

    #[test]
    fn names_become_words_and_types() {
        assert_eq!(in_words("wait_group"), "Wait group");
        assert_eq!(type_name("wait_group"), "WaitGroup");
    }
}
