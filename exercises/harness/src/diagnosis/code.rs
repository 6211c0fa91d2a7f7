//! What the source says around a place: as much as lines and indentation tell of a file that rustfmt has laid out.
//! Where that is not enough the answer is "not known", and a diagnosis that needs it keeps silent.

use crate::place::{Place, tidy};
use crate::reading::Sources;
use crate::record::{Event, Panic};
use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// A statement longer than this is not looked at to its end.
const LONGEST_STATEMENT: usize = 20;

/// How many times the panic's variables are followed to where they were bound.
const BINDINGS_FOLLOWED: usize = 3;

/// How a write depends on a read before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dependence {
    /// What is written is made of what was read.
    Data,
    /// Whether it is written depends on what was read.
    Control,
}

/// The source files of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code<'a>(&'a Sources);

/// A line of a source file, counted from 0, and a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    file: String,
    line: usize,
    column: usize,
}

impl Spot {
    pub(super) fn of(place: Place) -> Option<Self> {
        Some(Self {
            file: tidy(place.file()),
            line: usize::try_from(place.line()).ok()?.checked_sub(1)?,
            column: usize::try_from(place.column()).ok()?,
        })
    }

    pub(super) fn of_panic(panic: &Panic) -> Option<Self> {
        let (file, line) = panic.place.rsplit_once(':')?;
        Some(Self {
            file: file.to_owned(),
            line: line.parse::<usize>().ok()?.checked_sub(1)?,
            column: 0,
        })
    }
}

impl<'a> Code<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self(sources)
    }

    /// The file that a spot is in, if it is there and long enough.
    fn file(self, spot: &Spot) -> Option<File> {
        let lines = self.0.file(&spot.file)?;
        (spot.line < lines.len()).then_some(File(lines))
    }

    /// How the operation at `write` depends on the one at `read`, which came before it. `None` if they stand in
    /// different functions, or if it does not show.
    pub(super) fn dependence(self, read: Place, write: Place) -> Option<Dependence> {
        let (mut read, write) = (Spot::of(read)?, Spot::of(write)?);
        if read.file != write.file {
            return None;
        }
        let file = self.file(&read)?;
        if file.statement(read.line).contains(&write.line) {
            // It came first and stands behind: it is an argument.
            let behind = (write.line, write.column) < (read.line, read.column);
            return behind.then_some(Dependence::Data);
        }
        if file.function(read.line)? != file.function(write.line)? {
            // What a function returns is read where that is called.
            read.line = file.only_call(read.line, write.line)?;
        }
        if write.line <= read.line {
            return None;
        }
        let statement = file.statement(read.line);
        let names = file.made_of(&statement, write.line);
        let mentions = |range: &RangeInclusive<usize>| {
            let used = variables(&file.text(range));
            names.iter().any(|name| used.contains(name))
        };
        if mentions(&file.statement(write.line)) {
            return Some(Dependence::Data);
        }
        let enclosing: Vec<_> = file.enclosing(write.line).collect();
        let inner = enclosing.split_last().map_or(&[][..], |(_, inner)| inner);
        let decides = inner.iter().any(|&opener| {
            let header = file.statement(opener);
            header.contains(&read.line) || mentions(&header)
        });
        let guards = |opener: usize| {
            let header = file.statement(opener);
            let end = file.block_end(opener);
            let outer = file.enclosing(*header.start()).next();
            let leaves = words(&file.text(&(opener..=end)));
            (header.contains(&read.line) || mentions(&header))
                && end < write.line
                && outer.is_some_and(|outer| enclosing.contains(&outer))
                && (is_loop(&file.text(&header)) || LEAVES.iter().any(|w| leaves.contains(*w)))
        };
        let mut between = read.line..write.line;
        let guarded = between.any(|line| file.opens_block(line) && guards(line));
        (decides || guarded).then_some(Dependence::Control)
    }

    /// Whether the operation at `place` may be repeated by a loop around it, in its own function. `None` if that
    /// does not show.
    pub(super) fn is_in_loop(self, place: Place) -> Option<bool> {
        let spot = Spot::of(place)?;
        let file = self.file(&spot)?;
        file.function(spot.line)?;
        let own = file.text(&file.statement(spot.line));
        let mut headers = file.enclosing(spot.line);
        let any = headers.any(|opener| is_loop(&file.text(&file.statement(opener))));
        // `wait_while` repeats itself.
        Some(any || is_loop(&own) || words(&own).contains("wait_while"))
    }

    /// Whether what an operation on an atomic finds decides what its thread does: it stands in a condition, or
    /// a variable keeps it that does.
    pub(super) fn decides(self, place: Place) -> bool {
        let decides = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot)?;
            let statement = file.statement(spot.line);
            if is_condition(&file.text(&statement)) {
                return Some(true);
            }
            let names = file.bound_in(&statement);
            let end = file.block_end(*file.function(spot.line)?.start());
            let mut after = *statement.end() + 1..=end;
            Some(after.any(|line| {
                let text = file.text(&(line..=line));
                let words = words(&text);
                is_condition(&text) && names.iter().any(|name| words.contains(name))
            }))
        };
        decides().unwrap_or_default()
    }

    /// Whether the operation at `place` is the last thing in a function: its caller decides by it.
    pub(super) fn is_returned(self, place: Place) -> bool {
        let returned = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot)?;
            let statement = file.statement(spot.line);
            let text = file.text(&statement);
            Some(!text.trim_end().ends_with(';') || text.trim_start().starts_with("return"))
        };
        returned().unwrap_or_default()
    }

    /// Whether the statement at `place` changes what a lock guards.
    pub(super) fn changes(self, place: Place) -> bool {
        let changes = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot)?;
            let text = file.text(&file.statement(spot.line));
            let text = text.trim_start();
            Some(text.starts_with("let mut ") || (text.starts_with('*') && assigns(text)))
        };
        changes().unwrap_or_default()
    }

    /// Whether one of the words stands behind `place` in the same function.
    pub(super) fn comes_after(self, place: Place, any_of: &[&str]) -> bool {
        let comes = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot)?;
            let function = file.function(spot.line)?;
            let rest = words(&file.text(&(spot.line..=*function.end())));
            Some(any_of.iter().any(|word| rest.contains(*word)))
        };
        comes().unwrap_or_default()
    }

    /// Whether the operation at `place` stands in the condition of an `if`, and `inside` in the block behind it.
    pub(super) fn guards(self, place: Place, inside: &Spot) -> bool {
        let guards = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot)?;
            let statement = file.statement(spot.line);
            let opener = *statement.end();
            Some(
                spot.file == inside.file
                    && file.is_if(&statement)
                    && (opener..=file.block_end(opener)).contains(&inside.line),
            )
        };
        guards().unwrap_or_default()
    }

    /// Whether the operation at `place` stands in the condition of an `if` that leaves the function, and `inside`
    /// further down in that function.
    pub(super) fn lets_through(self, place: Place, inside: &Spot) -> bool {
        let lets = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot)?;
            let statement = file.statement(spot.line);
            let end = file.block_end(*statement.end());
            let block = words(&file.text(&(*statement.end()..=end)));
            Some(
                file.is_if(&statement)
                    && block.contains("return")
                    && spot.file == inside.file
                    && (end..=*file.function(spot.line)?.end()).contains(&inside.line),
            )
        };
        lets().unwrap_or_default()
    }

    /// Whether both places are in the same function.
    pub(super) fn same_function(self, a: Place, b: Place) -> bool {
        let same = || {
            let (a, b) = (Spot::of(a)?, Spot::of(b)?);
            let file = self.file(&a)?;
            Some(a.file == b.file && file.function(a.line)? == file.function(b.line)?)
        };
        same().unwrap_or_default()
    }

    /// Whether the operation at `place` stands in the condition of a `while`.
    pub(super) fn is_waited_for(self, place: Place) -> bool {
        let waits = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot)?;
            let text = file.text(&file.statement(spot.line));
            Some(text.trim_start().starts_with("while "))
        };
        waits().unwrap_or_default()
    }

    /// What a panic speaks of.
    pub(super) fn spoken_of(self, panic: &Panic) -> Option<Spoken> {
        let spot = Spot::of_panic(panic)?;
        let file = self.file(&spot)?;
        let function = file.function(spot.line)?;
        let mut ranges = vec![file.statement(spot.line)];
        let own = file.text(&ranges[0]);
        if ["panic!", "unreachable!"].iter().any(|m| own.contains(m)) {
            // It has no condition of its own; those around it are what it speaks of.
            let enclosing = file.enclosing(spot.line);
            let inner = enclosing.take_while(|opener| opener != function.start());
            ranges.extend(inner.map(|opener| file.statement(opener)));
        }
        let mut all = HashSet::new();
        for range in &ranges {
            all.extend(words(&file.text(range)));
        }
        for _ in 0..BINDINGS_FOLLOWED {
            for line in *function.start()..spot.line {
                let statement = file.statement(line);
                let binds = file.bound_in(&statement);
                if *statement.start() == line
                    && !ranges.contains(&statement)
                    && binds.iter().any(|name| all.contains(name))
                {
                    all.extend(words(&file.text(&statement)));
                    ranges.push(statement);
                }
            }
        }
        Some(Spoken {
            file: spot.file,
            lines: ranges,
            words: all,
        })
    }

    /// Whether what the operation at `place` returns is thrown away.
    pub(super) fn is_discarded(self, place: Place) -> bool {
        let discarded = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot)?;
            let text = file.text(&file.statement(spot.line));
            let used = text.trim_start().starts_with("let ") || is_condition(&text);
            Some(!used && text.trim_end().ends_with(';'))
        };
        discarded().unwrap_or_default()
    }

    /// The name of the function that a place is in.
    fn function_name(self, place: Place) -> Option<String> {
        let spot = Spot::of(place)?;
        self.file(&spot)?.function_name(spot.line)
    }
}

/// What a panic speaks of: its statement, and the statements that made what that mentions.
#[derive(Clone, Debug)]
pub(super) struct Spoken {
    file: String,
    lines: Vec<RangeInclusive<usize>>,
    words: HashSet<String>,
}

impl Spoken {
    /// Whether it mentions the object by its `name`, which may be that of a field, with a letter behind it.
    pub(super) fn names(&self, name: &str) -> bool {
        let field = name.rsplit('.').next().unwrap_or(name);
        let word = field.split(' ').next().unwrap_or(field);
        self.words.contains(word)
    }

    /// Whether it says what `event` found: the operation stands in it, or in a function that it calls.
    pub(super) fn shows(&self, code: Code<'_>, event: &Event) -> bool {
        let Some(place) = event.place else {
            return false;
        };
        let stands = Spot::of(place).is_some_and(|spot| {
            spot.file == self.file && self.lines.iter().any(|range| range.contains(&spot.line))
        });
        stands
            || code
                .function_name(place)
                .is_some_and(|name| self.words.contains(&name))
    }
}

/// Words that leave the block they stand in.
const LEAVES: &[&str] = &["return", "break", "continue", "panic"];

/// The lines of a file.
struct File(Rc<[String]>);

impl File {
    /// A line without comments and without what stands in quotes.
    fn line(&self, line: usize) -> String {
        self.0.get(line).map_or_else(String::new, |l| bare(l))
    }

    fn text(&self, range: &RangeInclusive<usize>) -> String {
        let lines = range.clone().map(|line| self.line(line));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn indent(&self, line: usize) -> usize {
        let text = self.0.get(line).map_or("", String::as_str);
        text.len() - text.trim_start().len()
    }

    fn opens_block(&self, line: usize) -> bool {
        self.line(line).trim_end().ends_with('{')
    }

    /// The lines of the statement, or of the head of the block, that `line` belongs to.
    fn statement(&self, line: usize) -> RangeInclusive<usize> {
        let ends = |line: usize| {
            let text = self.line(line);
            let text = text.trim_end();
            text.is_empty() || text.ends_with([';', '{', '}']) || text.contains("=>")
        };
        let mut start = line;
        while start > 0 && line - start < LONGEST_STATEMENT && !ends(start - 1) {
            start -= 1;
        }
        let mut end = line;
        while !ends(end)
            && end - line < LONGEST_STATEMENT
            && end + 1 < self.0.len()
            && !self.line(end + 1).trim_start().starts_with('}')
        {
            end += 1;
        }
        start..=end
    }

    /// Whether a statement is the head of an `if`.
    fn is_if(&self, statement: &RangeInclusive<usize>) -> bool {
        let text = self.text(statement);
        text.trim_start().starts_with("if ") && self.opens_block(*statement.end())
    }

    /// The lines that open the blocks around `line`, from the inside out, up to the function's or the closure's.
    fn enclosing(&self, line: usize) -> impl Iterator<Item = usize> + '_ {
        let mut indent = self.indent(*self.statement(line).start());
        let mut ended = false;
        let above = (0..*self.statement(line).start()).rev();
        above.filter(move |&line| {
            if ended || self.line(line).trim().is_empty() || self.indent(line) >= indent {
                return false;
            }
            indent = self.indent(line);
            ended = self.opens_function(line);
            self.opens_block(line)
        })
    }

    fn opens_function(&self, line: usize) -> bool {
        let head = self.text(&self.statement(line));
        let head = head.trim_end();
        head.ends_with('{')
            && (words(head).contains("fn") || head.ends_with("| {") || head.contains("| -> "))
    }

    /// The line that closes the block which `opener` opens.
    fn block_end(&self, opener: usize) -> usize {
        let closes = |line: &usize| {
            !self.line(*line).trim().is_empty() && self.indent(*line) <= self.indent(opener)
        };
        let mut after = opener + 1..self.0.len();
        after.find(closes).unwrap_or(self.0.len() - 1)
    }

    /// The lines of the innermost function or closure around `line`.
    fn function(&self, line: usize) -> Option<RangeInclusive<usize>> {
        let opener = self.enclosing(line).last()?;
        self.opens_function(opener)
            .then(|| opener..=self.block_end(opener))
    }

    /// The name of the innermost function around `line`. A closure has none.
    fn function_name(&self, line: usize) -> Option<String> {
        let head = self.text(&self.statement(*self.function(line)?.start()));
        let (_, after) = head.split_once("fn ")?;
        Some(after.chars().take_while(|c| is_ident(*c)).collect())
    }

    /// The line at which the function around `before` calls the one around `returned`, if there is one such line
    /// above `before`, and if `returned` is in what that function returns.
    fn only_call(&self, returned: usize, before: usize) -> Option<usize> {
        let body = self.statement(returned);
        if self.text(&body).trim_end().ends_with(';') || is_condition(&self.text(&body)) {
            return None;
        }
        let call = format!("{}(", self.function_name(returned)?);
        let mut calls = (*self.function(before)?.start() + 1..before).filter(|&line| {
            let text = self.line(line);
            text.match_indices(&call)
                .any(|(at, _)| !text[..at].ends_with(is_ident))
        });
        let first = calls.next()?;
        calls.next().is_none().then_some(first)
    }

    /// The names of what is made of a statement's value, by the `let`s from there to the line `until`.
    fn made_of(&self, statement: &RangeInclusive<usize>, until: usize) -> HashSet<String> {
        let mut names = self.bound_in(statement);
        for line in *statement.end() + 1..until {
            let range = self.statement(line);
            let used = variables(&self.text(&range));
            if *range.start() == line && names.iter().any(|name| used.contains(name)) {
                names.extend(self.bound_in(&range));
            }
        }
        names
    }

    /// The names that a `let` gives.
    fn bound_in(&self, statement: &RangeInclusive<usize>) -> HashSet<String> {
        let text = self.text(statement);
        let pattern = text
            .trim_start()
            .strip_prefix("let ")
            .and_then(|rest| rest.split_once(" ="))
            .map_or("", |(pattern, _)| pattern);
        let pattern = pattern.split(':').next().unwrap_or_default();
        let mut names = words(pattern);
        names.retain(|name| name != "mut" && name.starts_with(|c: char| c.is_lowercase()));
        names
    }
}

fn is_loop(head: &str) -> bool {
    let words = words(head);
    head.trim_end().ends_with('{') && (words.contains("while") || words.contains("loop"))
}

fn is_condition(text: &str) -> bool {
    let words = words(text);
    let decides = ["if", "while", "match", "assert", "assert_eq", "else"];
    decides.iter().any(|word| words.contains(*word))
}

/// Whether it has a `=` or a `+=` in it, not only a `==` or a `>=`.
fn assigns(text: &str) -> bool {
    let is_assignment = |(at, _): (usize, &str)| {
        !text[..at].ends_with(['=', '!', '<', '>']) && !text[at + 1..].starts_with(['=', '>'])
    };
    text.match_indices('=').any(is_assignment)
}

fn is_ident(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn words(text: &str) -> HashSet<String> {
    let all = text.split(|c: char| !is_ident(c));
    all.filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The words that are not fields or methods: `self.count.store(new)` uses `new`, not `count`.
fn variables(text: &str) -> HashSet<String> {
    let mut all = HashSet::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_ident) {
        let (before, word) = rest.split_at(start);
        let end = word.find(|c| !is_ident(c)).unwrap_or(word.len());
        if !before.ends_with('.') || before.ends_with("..") {
            all.insert(word[..end].to_owned());
        }
        rest = &word[end..];
    }
    all
}

/// A line without its comment, and without what it has in quotes.
fn bare(line: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                chars.next();
            }
            '"' => {
                quoted = !quoted;
                out.push(c);
            }
            '/' if !quoted && chars.peek() == Some(&'/') => break,
            _ if quoted => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File(text.lines().map(str::to_owned).collect())
    }

    #[test]
    fn a_statement_ends_where_its_bracket_or_semicolon_does() {
        let file = file(
            "fn f() {\n    if self\n        .state\n        .load(Relaxed)\n        .is_err()\n    {\n        \
             return; // early\n    }\n    a(\n        b,\n    );\n    c\n}",
        );
        for (line, statement) in [(3, 1..=5), (6, 6..=6), (9, 8..=10), (11, 11..=11)] {
            assert_eq!(file.statement(line), statement);
        }
        assert_eq!(file.function(3), Some(0..=12));
        assert_eq!(file.function_name(11).as_deref(), Some("f"));
        assert_eq!(file.block_end(5), 7);
    }

    #[test]
    fn a_closure_is_a_function_without_a_name() {
        let file = file("fn f() {\n    s.spawn(move |n| {\n        g(n);\n    });\n    h();\n}");
        assert_eq!(file.function(2), Some(1..=3));
        assert_eq!(file.function_name(2), None);
        assert_eq!(file.function(4), Some(0..=5));
    }

    #[test]
    fn quotes_and_comments_say_nothing() {
        assert_eq!(bare(r#"f("a \" // b", c); // d"#), r#"f("", c); "#);
    }

    #[test]
    fn a_field_is_no_variable() {
        let used = variables("self.count.store(new + 1, Relaxed)");
        assert!(used.contains("new") && !used.contains("count"));
    }

    #[test]
    fn a_comparison_assigns_nothing() {
        for (text, assigned) in [
            ("*a.lock() = 1;", true),
            ("*a.lock() += 1;", true),
            ("*a.lock() == 1", false),
            ("*a.lock() >= 1", false),
            ("*a.lock() != 1", false),
        ] {
            assert_eq!(assigns(text), assigned, "{text}");
        }
    }
}
