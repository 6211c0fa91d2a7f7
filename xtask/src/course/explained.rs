//! The sections of the course's texts that explain an error of rustc.
//!
//! A section explains the errors that its programs are `Rejected with`. Where several sections explain one error, a
//! comment says which of rustc's words each is about: `<!-- rustc on E0382: Mutex< -->`, several with commas between
//! them. Such a comment also makes a section explain an error that none of its programs is rejected with.

use crate::course::Workspace;

/// The texts, the one to look at first in front.
pub const TEXTS: [&str; 2] = ["exercises/01_fundamentals/COMPILE_FAIL.md", "exercises/RUST.md"];

/// A section of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Its heading, as it stands in the text.
    pub heading: String,
    /// The text, from the workspace's root.
    pub text: &'static str,
    /// The line of the heading.
    pub line: usize,
    /// The codes that it explains, and which words rustc says then.
    codes: Vec<(String, Vec<String>)>,
}

impl Section {
    /// How many words of rustc it knows of those that are `said` with this code; `None` if it does not explain it.
    fn knows(&self, code: &str, said: &str) -> Option<usize> {
        let of_code = self.codes.iter().filter(|(other, _)| other == code);
        let said_all = of_code.filter(|(_, words)| words.iter().all(|word| said.contains(word)));
        said_all.map(|(_, words)| words.len()).max()
    }
}

/// The section that explains best what rustc said under `code`: of all whose words were said, that with most words.
pub fn explaining(workspace: &Workspace, code: &str, said: &str) -> Option<Section> {
    let texts = TEXTS.iter().filter_map(|text| {
        let content = std::fs::read_to_string(workspace.path(text)).ok()?;
        Some(sections(text, &content))
    });
    best(texts.flatten(), code, said)
}

fn best(sections: impl Iterator<Item = Section>, code: &str, said: &str) -> Option<Section> {
    let known = sections.filter_map(|section| Some((section.knows(code, said)?, section)));
    // The first of those that are equal.
    let best = known.reduce(|best, other| if other.0 > best.0 { other } else { best });
    best.map(|(_, section)| section)
}

/// The sections of a text.
fn sections(text: &'static str, content: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut in_block = false;
    for (line, number) in content.lines().zip(1..) {
        in_block ^= line.starts_with("```");
        if let Some(heading) = line.strip_prefix("## ").filter(|_| !in_block) {
            sections.push(Section {
                heading: heading.to_owned(),
                text,
                line: number,
                codes: Vec::new(),
            });
        }
        let Some(section) = sections.last_mut() else {
            continue;
        };
        if let Some((code, words)) = comment(line) {
            let words = words.split(", ").map(str::to_owned).collect();
            section.codes.push((code.to_owned(), words));
        } else if let Some(code) = line.strip_prefix("Rejected ") {
            let code = code.trim_start_matches("with ").trim_start_matches("by the lint ");
            let code = code.trim_end_matches(':').trim_matches('`');
            // Words that stand there restrict it.
            if !section.codes.iter().any(|(other, _)| other == code) {
                section.codes.push((code.to_owned(), Vec::new()));
            }
        }
    }
    sections
}

/// The code and the words of a comment.
fn comment(line: &str) -> Option<(&str, &str)> {
    let inside = line.strip_prefix("<!-- rustc on ")?.strip_suffix(" -->")?;
    inside.split_once(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPILE_FAIL: &str = include_str!("../../../exercises/01_fundamentals/COMPILE_FAIL.md");
    const SMALL: &str = "Small differences";
    const RUST: &str = include_str!("../../../exercises/RUST.md");

    fn all() -> Vec<Section> {
        let mut all = sections(TEXTS[0], COMPILE_FAIL);
        all.extend(sections(TEXTS[1], RUST));
        all
    }

    #[test]
    fn each_section_is_found_by_its_code_and_words() {
        let fences =
            COMPILE_FAIL.lines().filter_map(|line| line.strip_prefix("```rust,compile_fail,"));
        for code in fences {
            let explains = |section: &Section| section.codes.iter().any(|(other, _)| other == code);
            assert!(all().iter().any(explains), "{code}");
        }
        for section in all() {
            for (code, words) in &section.codes {
                let said = words.join(" ");
                let found = best(all().into_iter(), code, &said).map(|found| found.codes);
                let found = found.expect("a section");
                // Another section may know the same words.
                let known = found.contains(&(code.clone(), words.clone()));
                assert!(known, "{code}: {said}: {found:?}");
            }
        }
    }

    #[test]
    fn what_rustc_says_leads_to_the_section_that_is_about_it() {
        for (code, said, heading) in [
            (
                "E0382",
                "move occurs because `total` has type `Mutex<u32>`",
                "A wait group, or a mutex, passed by value",
            ),
            ("E0382", "value moved into closure here", "Closures and `move`"),
            ("E0382", "has type `Vec<u64>`", "Moved, `Copy`, `Clone`"),
            (
                "E0277",
                "`Cell<u64>` cannot be shared between threads safely",
                "State that is not made to be shared",
            ),
            ("E0277", "can't compare `Any` with `Any`", ""),
            (
                "E0594",
                "cannot assign to `self.n`, which is behind a `&` reference",
                "A field assigned through `&self`",
            ),
            (
                "E0596",
                "cannot borrow `self.n` as mutable, as it is behind a `&` reference",
                "A field assigned through `&self`",
            ),
            (
                "E0368",
                "`+=` cannot be applied to type `lock_api::mutex::MutexGuard<'_, u32>`",
                "Guards",
            ),
            (
                "E0599",
                "no method named `unlock` found for struct `lock_api::mutex::Mutex<R, T>`",
                "Guards",
            ),
            ("E0277", "cannot add `u64` to `usize`: no implementation for `usize + u64`", SMALL),
            ("E0308", "found `u64` help: you can convert a `u64` to a `usize`", SMALL),
            (
                "E0277",
                "the `?` operator can only be used in a function that returns `Result`",
                SMALL,
            ),
            (
                "E0061",
                "argument #1 of type `std::sync::atomic::Ordering` is missing",
                "Orderings, and `compare_exchange`",
            ),
            (
                "E0308",
                "if a.compare_exchange(0, 1, Acquire, Relaxed) { expected `bool`, found `Result<u32, u32>`",
                "Orderings, and `compare_exchange`",
            ),
            (
                "E0308",
                "expected `u32`, found `Result<u32, Box<dyn Any + Send>>`",
                "`Result`, `Option`, and `join`",
            ),
            (
                "E0369",
                "binary operation `==` cannot be applied to type `&T` help: consider restricting type parameter `T`",
                "Functions as parameters; bounds",
            ),
            (
                "E0373",
                "closure may outlive the current function",
                "A goroutine that outlives a variable",
            ),
            (
                "E0521",
                "borrowed data escapes outside of function",
                "A goroutine that outlives what a parameter borrows",
            ),
            (
                "unused_must_use",
                "unused `lock_api::mutex::MutexGuard` that must be used",
                "A lock that is released at once",
            ),
            ("E9999", "", ""),
        ] {
            let found = best(all().into_iter(), code, said).map(|found| found.heading);
            assert_eq!(found.unwrap_or_default(), heading, "{code}: {said}");
        }
    }
}
