//! What the dry run calls the objects of a program.
//!
//! By the name that the author of a model gave, if there is one; else by the name that the source gives on the
//! line where the object is made, `count` for `count: Mutex::new(0)` or for `let count = Mutex::new(0)`; else by
//! its type. A letter tells apart what would go by the same name.

use super::source::Sources;
use crate::place::{Place, short};
use crate::record::{Log, ObjectId};
use std::collections::HashMap;

/// What each object of an interleaving is called.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<usize, Name>);

#[derive(Clone, Debug)]
struct Name {
    text: String,
    /// Whether it says more than the type, so that a reader wants to know what is behind it.
    explained: bool,
}

impl Names {
    pub fn new(log: &Log, sources: &Sources) -> Self {
        let mut all: Vec<(usize, String, &'static str)> = log
            .objects()
            .map(|(id, object)| {
                let found = name_in_source(object.made, sources);
                let name = match (&object.given_name, found) {
                    (Some(given), Some(found)) if given.ends_with('.') => format!("{given}{found}"),
                    (Some(given), _) => given.trim_end_matches('.').to_owned(),
                    (None, Some(found)) => found,
                    (None, None) => object.type_name.to_owned(),
                };
                (id.index(), name, object.type_name)
            })
            .collect();
        let mut seen: HashMap<(String, &str), usize> = HashMap::new();
        for (_, name, type_name) in &all {
            *seen.entry((name.clone(), type_name)).or_default() += 1;
        }
        let mut letters: HashMap<(String, &str), u8> = HashMap::new();
        for (_, name, type_name) in &mut all {
            let key = (name.clone(), *type_name);
            if seen[&key] > 1 {
                let letter = letters.entry(key).or_default();
                *name = format!("{name} {}", char::from(b'A' + *letter));
                *letter = (*letter + 1) % 26;
            }
        }
        let named = all.into_iter().map(|(index, text, type_name)| {
            let explained = text != type_name;
            (index, Name { text, explained })
        });
        Self(named.collect())
    }

    /// What an object is called.
    pub fn of(&self, id: ObjectId) -> &str {
        self.0.get(&id.index()).map_or("?", |name| &name.text)
    }

    /// What the names of `objects` stand for, and where the objects were made.
    pub fn legend(&self, log: &Log, objects: &[ObjectId]) -> String {
        let explained = objects.iter().filter_map(|&id| {
            let name = self.0.get(&id.index()).filter(|name| name.explained)?;
            let object = log.object(id);
            let kind = if name.text.starts_with(object.type_name) {
                String::new()
            } else {
                format!(", {} {}", article(object.type_name), object.type_name)
            };
            Some(format!("{} ({}{kind})", name.text, short(object.made)))
        });
        explained.collect::<Vec<_>>().join(", ")
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" }
}

/// The name that the source gives to what is made at `made`.
fn name_in_source(made: Place, sources: &Sources) -> Option<String> {
    let line = sources.raw_line(made, 0)?;
    let column = usize::try_from(made.column()).ok()?.checked_sub(1)?;
    let before: String = line.chars().take(column).collect();
    if before.trim().is_empty() {
        // rustfmt breaks a long line behind the name.
        return name_before(&sources.raw_line(made, 1)?);
    }
    name_before(&before)
}

/// The name that a declaration or a field gives to the expression that follows.
fn name_before(text: &str) -> Option<String> {
    let text = without_wrappers(text.trim_end());
    if let Some(field) = text.strip_suffix(':') {
        return ident_at_end(field).filter(|_| !field.ends_with(':'));
    }
    if let Some(binding) = text.strip_suffix('=') {
        return of_binding(binding);
    }
    // One of several: `let (open, opened) = (Mutex::new(false), Condvar::new());`
    let (binding, values) = text.rsplit_once("= (")?;
    let names = binding.trim_end().strip_suffix(')')?.rsplit_once("let (")?.1;
    let nth = commas(values)?;
    ident_at_end(names.split(',').nth(nth)?)
}

/// The name in `let mut name: Type`, or in `let (name_tx, name_rx)`.
fn of_binding(text: &str) -> Option<String> {
    let pattern = text.trim_start().strip_prefix("let ")?;
    let pattern = pattern.trim_start();
    if let Some((names, _)) = pattern.strip_prefix('(').and_then(|p| p.split_once(')')) {
        return of_ends(names);
    }
    let pattern = pattern.strip_prefix("mut ").unwrap_or(pattern);
    let name = pattern.split(':').next()?.trim();
    ident_at_end(name).filter(|ident| ident == name.trim_start_matches('_'))
}

/// The name of a channel whose two ends are bound: `jobs` for `jobs_tx, jobs_rx`, and for `jobs, inbox`.
fn of_ends(names: &str) -> Option<String> {
    const ENDS: &[&str] =
        &["tx", "rx", "s", "r", "send", "recv", "sender", "receiver", "in", "out"];
    let (sender, receiver) = names.split_once(',').filter(|_| !names.contains('('))?;
    let bare = |name: &str| {
        let name = name.trim();
        ident_at_end(name.strip_prefix("mut ").unwrap_or(name))
    };
    let (sender, receiver) = (bare(sender)?, bare(receiver)?);
    let parts = |name: &str| {
        let parts = name.split('_').map(str::to_owned);
        let said = parts.filter(|part| !ENDS.contains(&part.trim_end_matches(char::is_numeric)));
        said.collect::<Vec<_>>().join("_")
    };
    let said = [parts(&sender), parts(&receiver)];
    said.into_iter().find(|name| !name.is_empty())
}

/// How many commas stand between the values of a tuple. `None` if a bracket is still open.
fn commas(values: &str) -> Option<usize> {
    let (mut depth, mut commas) = (0_i32, 0);
    for c in values.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => commas += 1,
            _ => {}
        }
    }
    (depth == 0).then_some(commas)
}

/// `text` without the constructors that the object is at once put into, as in `let a = Arc::new(Mutex::new(0))`.
fn without_wrappers(mut text: &str) -> &str {
    while let Some(inner) = text.strip_suffix("::new(") {
        let start = inner.rfind(|c: char| !(c.is_alphanumeric() || "_:<>".contains(c)));
        text = start.map_or("", |start| &inner[..=start]).trim_end();
    }
    text
}

fn ident_at_end(text: &str) -> Option<String> {
    let text = text.trim_end();
    let start = text
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let ident = text[start..].trim_start_matches('_');
    let first = ident.chars().next()?;
    (!first.is_numeric()).then(|| ident.to_owned())
}

#[cfg(test)]
mod tests {
    use super::name_before;

    #[test]
    fn the_source_names_what_it_makes() {
        for (before, name) in [
            ("            count: ", Some("count")),
            ("    let count = ", Some("count")),
            ("let mut count: Mutex<u8> = ", Some("count")),
            ("    let a = Arc::new(", Some("a")),
            ("    let a = std::sync::Arc::new(CachePadded::new(", Some("a")),
            ("Self { zero: Box::<T>::new(", Some("zero")),
            ("let (open, opened) = (", Some("open")),
            ("let (open, opened) = (Mutex::new((1, 2)), ", Some("opened")),
            ("        let slot =", Some("slot")),
            ("    let _lock = ", Some("lock")),
            ("let (jobs_tx, jobs_rx) = ", Some("jobs")),
            ("    let (jobs, mut inbox): (Sender<u8>, _) = ", Some("jobs")),
            ("let (tx, results) = ", Some("results")),
            // None of these says what the value is called.
            ("        Self(", None),
            ("let gate = Gate(", None),
            ("Arc::new(", None),
            ("*slot = ", None),
            ("let Pair { a, b } = ", None),
            ("let (tx, rx) = ", None),
            ("let ((jobs, inbox), done) = ", None),
            ("let (tx2, _rx2) = ", None),
            ("call(x, ", None),
            ("T::", None),
            ("vec![", None),
        ] {
            assert_eq!(name_before(before).as_deref(), name, "{before}");
        }
    }
}
