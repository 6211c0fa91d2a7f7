//! A mistake that people make: a patch against the reference, with a header that says what is wrong and which
//! test catches it.
//!
//! ```text
//! Mistake: one notification for several sleepers
//! Why: notify_one wakes one of the threads that wait; the others sleep for ever.
//! Caught-by: race_freedom::every_waiter_wakes
//! Kind: deadlock
//!
//! --- a/src/wait_group.rs
//! +++ b/src/wait_group.rs
//! @@ … @@
//! ```

use std::fs;
use std::path::Path;

use crate::verdict::outcome::FailureKind;

/// A mistake, its header understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// The file's name without `.patch`.
    pub name: String,
    /// What is wrong.
    pub mistake: String,
    /// Why it bites.
    pub why: String,
    /// The canonical name of the test that catches it.
    pub caught_by: String,
    /// The kind of failure that the test names.
    pub kind: FailureKind,
    /// The unified diff.
    pub diff: String,
}

/// The mistakes in a folder, by name; what cannot be understood is a problem.
pub fn read_all(folder: &Path) -> (Vec<Mistake>, Vec<String>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "patch")).collect();
    paths.sort();
    let (mut mistakes, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.file_stem().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let parsed = fs::read_to_string(&path)
            .map_err(|error| error.to_string())
            .and_then(|text| parse(&name, &text));
        match parsed {
            Ok(mistake) => mistakes.push(mistake),
            Err(problem) => problems.push(format!("mistakes/{name}.patch: {problem}")),
        }
    }
    (mistakes, problems)
}

/// Reads a header and its diff.
///
/// # Errors
///
/// A part of the header is missing, unknown or said twice.
pub fn parse(name: &str, text: &str) -> Result<Mistake, String> {
    let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.chars().all(is_fit) {
        return Err("its name may have small letters, digits and _ only".to_owned());
    }
    let text = text.replace("\r\n", "\n");
    let (header, diff) = text.split_once("\n\n").ok_or("no blank line ends the header")?;
    let mut entries: Vec<(&str, String)> = Vec::new();
    for line in header.lines() {
        if let Some(more) = line.strip_prefix("  ") {
            let (_, value) =
                entries.last_mut().ok_or("the header begins with a line that goes on")?;
            value.push(' ');
            value.push_str(more.trim());
        } else {
            let (key, value) =
                line.split_once(':').ok_or_else(|| format!("not `Key: value`: {line}"))?;
            if entries.iter().any(|(other, _)| *other == key) {
                return Err(format!("`{key}:` stands there twice"));
            }
            entries.push((key, value.trim().to_owned()));
        }
    }
    let mut take = |key: &str| {
        let at = entries.iter().position(|(other, _)| *other == key);
        let value = at.map(|at| entries.swap_remove(at).1).unwrap_or_default();
        if value.is_empty() { Err(format!("the header has no `{key}:`")) } else { Ok(value) }
    };
    let mistake = Mistake {
        name: name.to_owned(),
        mistake: take("Mistake")?,
        why: take("Why")?,
        caught_by: take("Caught-by")?,
        kind: take("Kind")?.parse()?,
        diff: diff.to_owned(),
    };
    if let Some((key, _)) = entries.first() {
        return Err(format!(
            "no header is called `{key}:`; there are Mistake, Why, Caught-by, Kind"
        ));
    }
    if !mistake.caught_by.contains("::") {
        return Err(format!("`{}` is no test: write HEADING::NAME", mistake.caught_by));
    }
    Ok(mistake)
}

impl Mistake {
    /// The integration test that holds the catching test; `None`: the library's own unit tests.
    pub fn target(&self) -> Option<&str> {
        let (heading, _) = self.caught_by.split_once("::")?;
        (heading != "race_freedom" && heading != "facade").then_some(heading)
    }

    /// The reference with the mistake in it; `path` is the file that the patch must be for.
    ///
    /// # Errors
    ///
    /// It is a patch for something else, or does not fit the reference.
    pub fn apply(&self, reference: &str, path: &str) -> Result<String, String> {
        let patch = diffy::Patch::from_str(&self.diff)
            .map_err(|error| format!("no unified diff: {error}"))?;
        if patch.hunks().is_empty() {
            return Err("the diff changes nothing".to_owned());
        }
        for (side, prefix) in [(patch.original(), "a/"), (patch.modified(), "b/")] {
            let named = side.unwrap_or_default();
            if named.strip_prefix(prefix) != Some(path) {
                return Err(format!("it is for `{named}`; write `{prefix}{path}`"));
            }
        }
        let patched = diffy::apply(reference, &patch).map_err(|error| {
            format!("it does not fit the reference any more ({error}): make it again with diff -u")
        })?;
        if patched == reference { Err("the diff changes nothing".to_owned()) } else { Ok(patched) }
    }
}

#[cfg(test)]
mod tests {
    use harness_base::protocol::Kind;

    use super::*;

    const REFERENCE: &str = "fn a() {\n    notify_all();\n}\n";
    const PATCH: &str = "Mistake: one notification\n  for several sleepers\nWhy: it wakes one.\nCaught-by: \
                         race_freedom::every_waiter_wakes\nKind: deadlock\n\n--- a/src/a.rs\n+++ b/src/a.rs\n\
                         @@ -1,3 +1,3 @@\n fn a() {\n-    notify_all();\n+    notify_one();\n }\n";

    #[test]
    fn a_patch_is_read_and_applied() {
        let mistake = parse("one_notify", PATCH).expect("a mistake");
        assert_eq!(mistake.mistake, "one notification for several sleepers");
        assert_eq!(mistake.kind, FailureKind::Reported(Kind::Deadlock));
        assert_eq!(mistake.target(), None);
        let applied = mistake.apply(REFERENCE, "src/a.rs");
        assert_eq!(applied, Ok(REFERENCE.replace("all", "one")));
    }

    #[test]
    fn a_bad_header_is_refused() {
        let with = |from: &str, to: &str| PATCH.replace(from, to);
        for (text, problem) in [
            (with("Why: it wakes one.\n", ""), "no `Why:`"),
            (with("Kind: deadlock", "Kind: sloth"), "no failure kind"),
            (with("Kind:", "Kind: leak\nKind:"), "twice"),
            (with("Why:", "Author: me\nWhy:"), "no header is called `Author:`"),
            (with("race_freedom::", ""), "is no test"),
            (with("\n\n", "\n"), "no blank line"),
            (with("Mistake:", "Mistake"), "Key: value"),
        ] {
            let said = parse("x", &text).expect_err(problem);
            assert!(said.contains(problem), "{said}");
        }
        assert!(parse("Bad Name", PATCH).is_err());
    }

    #[test]
    fn a_patch_that_does_not_fit_is_refused() {
        let mistake = parse("one_notify", PATCH).expect("a mistake");
        for (reference, path, problem) in
            [("fn b() {}\n", "src/a.rs", "does not fit"), (REFERENCE, "src/b.rs", "b.rs")]
        {
            let said = mistake.apply(reference, path).expect_err(problem);
            assert!(said.contains(problem), "{said}");
        }
    }
}
