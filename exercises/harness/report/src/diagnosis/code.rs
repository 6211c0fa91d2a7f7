//! What the source says around a place, as far as its tokens tell: which statement, within which blocks, in which
//! function. If that is not enough the answer is "not known", and a diagnosis that needs it keeps silent.

use crate::place::{Place, tidy};
use crate::reading::Sources;
use crate::record::{Event, Panic, Value};
use proc_macro2::{Delimiter, LineColumn, TokenStream, TokenTree};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// How many times the panic's variables are followed to where they were bound.
const BINDINGS_FOLLOWED: usize = 3;

/// Words of the macros that panic.
const PANICS: &[&str] = &["panic", "assert", "assert_eq", "assert_ne", "unreachable"];

/// Words that leave the block they stand in.
const LEAVES: &[&str] = &["return", "break", "continue", "panic"];

/// How a write depends on a read before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dependence {
    /// What is written is made of what was read.
    Data,
    /// Whether it is written depends on what was read.
    Control,
}

/// What becomes of what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is what the function returns.
    Answers,
    /// Something else goes by it.
    Decides,
    Ignored,
}

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    file: String,
    at: LineColumn,
}

impl Spot {
    pub(super) fn of(place: Place) -> Option<Self> {
        Some(Self {
            file: tidy(place.file()),
            at: LineColumn {
                line: usize::try_from(place.line()).ok()?,
                column: usize::try_from(place.column()).ok()?.checked_sub(1)?,
            },
        })
    }

    /// Of a panic only the line is known; a macro that panics begins its statement most often.
    pub(super) fn of_panic(panic: &Panic) -> Option<Self> {
        let (file, line) = panic.place.rsplit_once(':')?;
        Some(Self {
            file: file.to_owned(),
            at: LineColumn { line: line.parse().ok()?, column: usize::MAX },
        })
    }
}

/// The source files of a program.
pub(super) struct Code<'a> {
    sources: &'a Sources,
    files: RefCell<HashMap<String, Option<Rc<File>>>>,
}

impl<'a> Code<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, files: RefCell::default() }
    }

    fn file(&self, name: &str) -> Option<Rc<File>> {
        let mut files = self.files.borrow_mut();
        let read = || Some(Rc::new(File::new(&self.sources.file(name)?.join("\n"))?));
        files.entry(name.to_owned()).or_insert_with(read).clone()
    }

    /// What `look` sees in the statement at `place`; no, if it is not known.
    fn at(&self, place: Place, look: impl FnOnce(&File, &Statement) -> Option<bool>) -> bool {
        let seen = || {
            let spot = Spot::of(place)?;
            let file = self.file(&spot.file)?;
            look(&file, file.statement(spot.at)?)
        };
        seen().unwrap_or_default()
    }

    /// How the operation at `write` depends on the one at `read`, which came before it. `None` if they stand in
    /// different functions, or if it does not show.
    pub(super) fn dependence(&self, read: Place, write: Place) -> Option<Dependence> {
        let (read, write) = (Spot::of(read)?, Spot::of(write)?);
        if read.file != write.file {
            return None;
        }
        let file = self.file(&read.file)?;
        let (mut look, change) = (file.statement(read.at)?, file.statement(write.at)?);
        if look.number == change.number {
            // It came first and stands behind: it is an argument.
            return (write.at < read.at).then_some(Dependence::Data);
        }
        if file.function(look)? != file.function(change)? {
            // What a function returns is read where that is called.
            look = file.only_call(look, change)?;
        }
        if change.number <= look.number {
            return None;
        }
        let names = file.made_of(look, change);
        let goes_by = |s: &Statement| s.number == look.number || s.uses(&names);
        if change.uses(&names) {
            return Some(Dependence::Data);
        }
        let around: Vec<usize> = file.around(change).map(|block| block.number).collect();
        let inner = file.around(change).take_while(|block| !block.is_function);
        let decides = inner.map(|block| file.head(block)).any(goes_by);
        let guards = |block: &Block| {
            let head = file.head(block);
            head.number >= look.number
                && block.end < change.start
                && goes_by(head)
                && head.block.is_some_and(|outer| around.contains(&outer))
                && (head.is_loop() || file.within(block).any(|s| LEAVES.iter().any(|w| s.has(w))))
        };
        (decides || file.blocks.iter().any(guards)).then_some(Dependence::Control)
    }

    /// Whether the operation at `place` may be repeated by a loop around it, in its own function. `None` if that
    /// does not show.
    pub(super) fn is_in_loop(&self, place: Place) -> Option<bool> {
        let spot = Spot::of(place)?;
        let file = self.file(&spot.file)?;
        let statement = file.statement(spot.at)?;
        file.function(statement)?;
        let mut heads = file.around(statement).map(|block| file.head(block));
        // `wait_while` repeats itself.
        Some(heads.any(Statement::is_loop) || statement.is_loop() || statement.has("wait_while"))
    }

    /// Whether what an operation on an atomic finds decides what its thread does: it stands in a condition, or
    /// variables carry it into one, or into an exchange, which succeeds only if it is as expected.
    pub(super) fn decides(&self, place: Place) -> bool {
        self.at(place, |file, statement| {
            if statement.is_condition() || file.is_called_in_a_condition(statement) {
                return Some(true);
            }
            let carried = file.carried(statement)?;
            let body = &file.blocks[file.function(statement)?];
            let again = file.loop_around(statement);
            Some(file.within(body).any(|s| {
                let comes_after = s.number > statement.number
                    || again.is_some_and(|block| block.head == s.number || block.holds(s));
                comes_after && (s.is_condition() || s.exchanges()) && s.uses(&carried)
            }))
        })
    }

    /// What becomes of what the operation at `read` finds, in the function of the operation at `write`, which comes
    /// after it. `None` if they stand in different functions, and the first is not in one that the second calls.
    pub(super) fn use_of(&self, read: Place, write: Place) -> Option<Use> {
        let (read, write) = (Spot::of(read)?, Spot::of(write)?);
        let file = self.file(&read.file).filter(|_| read.file == write.file)?;
        let (mut look, change) = (file.statement(read.at)?, file.statement(write.at)?);
        if file.function(look)? != file.function(change)? {
            look = file.only_call(look, change)?;
        }
        if file.is_answer(look)? {
            return Some(Use::Answers);
        }
        let carried = file.carried(look)?;
        let body = &file.blocks[file.function(look)?];
        let later = file.within(body).filter(|s| s.number != look.number);
        let is_used = look.is_condition() || later.into_iter().any(|s| s.uses(&carried));
        Some(if is_used { Use::Decides } else { Use::Ignored })
    }

    /// Whether the operation at `place` is the last thing in a function: its caller decides by it.
    pub(super) fn is_returned(&self, place: Place) -> bool {
        self.at(place, |_, s| Some(!s.ended || s.begins("return")))
    }

    /// Whether the statement at `place` changes what a lock guards.
    pub(super) fn changes(&self, place: Place) -> bool {
        self.at(place, |_, s| {
            let binds = s.begins("let") && s.words.get(1).is_some_and(|word| word.text == "mut");
            Some(binds || (s.begins("*") && s.assigns))
        })
    }

    /// Whether one of the words stands behind `place` in the same function.
    pub(super) fn comes_after(&self, place: Place, any_of: &[&str]) -> bool {
        self.at(place, |file, statement| {
            let function = file.function(statement)?;
            let mut rest = file.within(&file.blocks[function]);
            Some(
                rest.any(|s| s.number >= statement.number && any_of.iter().any(|word| s.has(word))),
            )
        })
    }

    /// Whether a function returns what the operation at `place` finds, as its last thing or by way of a variable.
    pub(super) fn answers_with(&self, place: Place) -> bool {
        self.at(place, |file, statement| file.is_answer(statement))
    }

    /// Whether the operation at `place` stands in the condition of an `if`, and `inside` in the block behind it.
    pub(super) fn guards(&self, place: Place, inside: &Spot) -> bool {
        self.at(place, |file, statement| {
            let block = file.if_block(statement)?;
            Some(tidy(place.file()) == inside.file && block.contains(inside.at))
        })
    }

    /// Whether the operation at `place` stands in the condition of an `if` that leaves the function, and `inside`
    /// further down in that function.
    pub(super) fn lets_through(&self, place: Place, inside: &Spot) -> bool {
        self.at(place, |file, statement| {
            let block = file.if_block(statement)?;
            let function = &file.blocks[file.function(statement)?];
            Some(
                file.within(block).any(|s| s.has("return"))
                    && tidy(place.file()) == inside.file
                    && function.contains(inside.at)
                    && block.end <= inside.at,
            )
        })
    }

    /// Whether both places are in the same function.
    pub(super) fn same_function(&self, a: Place, b: Place) -> bool {
        self.at(a, |file, statement| {
            let b = Spot::of(b).filter(|b| b.file == tidy(a.file()))?;
            Some(file.function(statement)? == file.function(file.statement(b.at)?)?)
        })
    }

    /// Whether the operation at `place` stands in the condition of a `while`.
    pub(super) fn is_waited_for(&self, place: Place) -> bool {
        self.at(place, |_, s| Some(s.begins("while")))
    }

    /// Whether what the operation at `place` returns is thrown away.
    pub(super) fn is_discarded(&self, place: Place) -> bool {
        self.at(place, |_, s| {
            Some((!s.begins("let") || s.binds_nothing()) && !s.is_condition() && s.ended)
        })
    }

    /// Whether the operation `name` at `place` is all that its statement does, and what it returns is thrown away.
    pub(super) fn is_ignored(&self, place: Place, name: &str) -> bool {
        self.is_discarded(place)
            && self.at(place, |_, s| {
                let first = s.words.iter().find(|word| word.is_called)?;
                Some(first.text == name && (!s.assigns || s.binds_nothing()))
            })
    }

    /// Whether what a lock guards is assigned to, between the statement at `lock`, which names the guard, and the one
    /// at `wait`.
    pub(super) fn assigns_between(&self, lock: Place, wait: Place) -> bool {
        self.at(lock, |file, statement| {
            let wait = Spot::of(wait).filter(|wait| wait.file == tidy(lock.file()))?;
            let guard = statement.binds();
            let body = &file.blocks[file.function(statement)?];
            let mut between =
                file.within(body).filter(|s| s.number > statement.number && s.start < wait.at);
            Some(between.any(|s| {
                let target = s.words.iter().find(|word| word.text != "*");
                s.assigns
                    && !s.begins("let")
                    && target.is_some_and(|word| guard.contains(&word.text.as_str()))
            }))
        })
    }

    /// Whether a word stands further down in the function around `place`, in the same statement as `beside`.
    pub(super) fn comes_later(&self, place: Place, word: &str, beside: &str) -> bool {
        self.at(place, |file, statement| {
            let body = &file.blocks[file.function(statement)?];
            let mut rest = file.within(body).filter(|s| s.number > statement.number);
            Some(rest.any(|s| s.has(word) && s.has(beside)))
        })
    }

    /// Whether a word stands anywhere in the function around `place`, in the same statement as `beside`.
    pub(super) fn has_beside(&self, place: Place, word: &str, beside: &str) -> bool {
        self.at(place, |file, statement| {
            let body = &file.blocks[file.function(statement)?];
            let mut all = file.within(body);
            Some(all.any(|s| s.has(word) && s.has(beside)))
        })
    }

    /// Whether the comparison of what the operation at `place` finds with a number, right behind it in the condition
    /// of an `if` or a `while`, holds for `value`. `None` if there is no such comparison.
    pub(super) fn holds_for(&self, place: Place, value: Value) -> Option<bool> {
        let is_condition = self.at(place, |_, s| Some(s.begins("if") || s.begins("while")));
        let Value::Int(value) = value else {
            return None;
        };
        let line = self.sources.raw_line(place, 0).filter(|_| is_condition)?;
        let at = usize::try_from(place.column()).ok()?.checked_sub(1)?;
        let (_, behind) = line.get(at..)?.split_once(')')?;
        let mut words = behind.split_whitespace();
        let (sign, number) = (words.next()?, words.next()?.parse::<i128>().ok()?);
        // Nothing more than that comparison, or it may say something else.
        if words.next() != Some("{") {
            return None;
        }
        Some(match sign {
            "==" => value == number,
            "!=" => value != number,
            "<" => value < number,
            "<=" => value <= number,
            ">" => value > number,
            ">=" => value >= number,
            _ => return None,
        })
    }

    /// What a panic speaks of.
    pub(super) fn spoken_of(&self, panic: &Panic) -> Option<Spoken> {
        let spot = Spot::of_panic(panic)?;
        let file = self.file(&spot.file)?;
        let own = file.statement(spot.at)?;
        let function = file.function(own)?;
        let mut about = vec![own.number];
        if ["panic", "unreachable"].iter().any(|word| own.has(word)) {
            // It has no condition of its own; those around it are what it speaks of.
            let inner = file.around(own).take_while(|block| !block.is_function);
            about.extend(inner.map(|block| block.head));
        }
        let mut words: HashSet<String> = HashSet::new();
        let speak = |words: &mut HashSet<String>, about: &[usize]| {
            let all = about.iter().map(|&number| &file.statements[number]);
            words.extend(all.flat_map(|s| &s.words).map(|word| word.text.clone()));
        };
        speak(&mut words, &about);
        for _ in 0..BINDINGS_FOLLOWED {
            let mut before = file.within(&file.blocks[function]);
            while let Some(s) = before.next().filter(|s| s.number < own.number) {
                if s.binds().iter().any(|name| words.contains(*name)) {
                    about.push(s.number);
                }
            }
            speak(&mut words, &about);
        }
        Some(Spoken { file: spot.file, statements: about, words })
    }
}

/// What a panic speaks of: its statement, and the statements that made what that mentions.
#[derive(Clone, Debug)]
pub(super) struct Spoken {
    file: String,
    statements: Vec<usize>,
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
    pub(super) fn shows(&self, code: &Code<'_>, event: &Event) -> bool {
        event.place.is_some_and(|place| {
            code.at(place, |file, s| {
                let stands = tidy(place.file()) == self.file && self.statements.contains(&s.number);
                Some(stands || self.words.contains(file.item_name(s)?))
            })
        })
    }
}

/// A file as statements and blocks. The head of a block is a statement, and so is the arm of a `match`; what stands in
/// the block is none of it.
#[derive(Debug, Default)]
struct File {
    /// In the order in which they begin.
    statements: Vec<Statement>,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Statement {
    number: usize,
    /// The block that it stands in.
    block: Option<usize>,
    start: LineColumn,
    end: LineColumn,
    words: Vec<Word>,
    /// Whether a semicolon ends it.
    ended: bool,
    /// Whether it has a `=` or a `+=` in it, not only a `==` or a `>=`.
    assigns: bool,
    /// The names that a `let` gives stand before this word.
    bound: usize,
    opens_block: bool,
}

/// An identifier or a keyword, or a `*` that begins a statement.
#[derive(Debug)]
struct Word {
    text: String,
    /// Whether it is a field or a method: `self.count.store(new)` uses `new`, not `count`.
    is_member: bool,
    is_called: bool,
}

#[derive(Debug)]
struct Block {
    number: usize,
    /// The statement that opens it.
    head: usize,
    /// Whether it is the body of a function or a closure.
    is_function: bool,
    start: LineColumn,
    end: LineColumn,
}

impl File {
    /// `None` if it is not Rust.
    fn new(text: &str) -> Option<Self> {
        let mut file = Self::default();
        file.read_block(text.parse().ok()?, None);
        Some(file)
    }

    fn read_block(&mut self, tokens: TokenStream, block: Option<usize>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let number = self.statements.len();
            self.statements.push(Statement {
                number,
                block,
                start: tokens[at].span().start(),
                end: tokens[at].span().end(),
                words: Vec::new(),
                ended: false,
                assigns: false,
                bound: 0,
                opens_block: false,
            });
            let length = length_of_statement(&tokens[at..]);
            let own = &tokens[at..at + length];
            self.read_tokens(own, number);
            self.statements[number].end = own[length - 1].span().end();
            self.statements[number].ended = is(&own[length - 1], ';');
            at += length;
        }
    }

    fn read_tokens(&mut self, tokens: &[TokenTree], number: usize) {
        for (i, token) in tokens.iter().enumerate() {
            let before = &tokens[..i];
            match token {
                TokenTree::Ident(ident) => {
                    let is_member = matches!(before, [.., dot] if is(dot, '.'))
                        && !matches!(before, [.., a, b] if is(a, '.') && is(b, '.'));
                    let is_called = tokens
                        .get(i + 1)
                        .is_some_and(|next| is_group(next, Delimiter::Parenthesis));
                    let text = ident.to_string();
                    self.statements[number].words.push(Word { text, is_member, is_called });
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    self.statements[number].opens_block = true;
                    let block = self.blocks.len();
                    self.blocks.push(Block {
                        number: block,
                        head: number,
                        is_function: opens_function(before),
                        start: group.span_open().start(),
                        end: group.span_close().end(),
                    });
                    self.read_block(group.stream(), Some(block));
                }
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.read_tokens(&inner, number);
                }
                TokenTree::Punct(punct) => {
                    let joined = |other: Option<&TokenTree>, signs: [char; 4]| {
                        other.is_some_and(|other| signs.iter().any(|&sign| is(other, sign)))
                    };
                    let statement = &mut self.statements[number];
                    match punct.as_char() {
                        '*' if statement.words.is_empty() => statement.words.push(Word {
                            text: "*".to_owned(),
                            is_member: false,
                            is_called: false,
                        }),
                        '=' if !joined(before.last(), ['=', '!', '<', '>'])
                            && !joined(tokens.get(i + 1), ['=', '>', '=', '>']) =>
                        {
                            statement.assigns = true;
                            statement.bind();
                        }
                        ':' => statement.bind(),
                        _ => {}
                    }
                }
                TokenTree::Literal(_) => {}
            }
        }
    }

    /// The innermost statement at a place.
    fn statement(&self, at: LineColumn) -> Option<&Statement> {
        if at.column == usize::MAX {
            let mut begun = self.statements.iter().filter(|s| s.start.line == at.line);
            let first = begun.clone().next();
            let panics = begun.find(|s| PANICS.iter().any(|word| s.has(word)));
            return panics.or(first).or_else(|| self.statement(LineColumn { column: 0, ..at }));
        }
        self.statements.iter().rfind(|s| s.start <= at && at < s.end)
    }

    fn head(&self, block: &Block) -> &Statement {
        &self.statements[block.head]
    }

    /// The blocks around a statement, from the inside out, up to the function's or the closure's.
    fn around(&self, statement: &Statement) -> impl Iterator<Item = &Block> {
        let mut next = statement.block;
        std::iter::from_fn(move || {
            let block = &self.blocks[next?];
            next = self.head(block).block.filter(|_| !block.is_function);
            Some(block)
        })
    }

    /// The body of the innermost function or closure around a statement.
    fn function(&self, statement: &Statement) -> Option<usize> {
        let outermost = self.around(statement).last()?;
        outermost.is_function.then_some(outermost.number)
    }

    /// The name of the innermost function around a statement. A closure has none.
    fn function_name(&self, statement: &Statement) -> Option<&str> {
        let head = self.head(&self.blocks[self.function(statement)?]);
        let mut words = head.words.iter().skip_while(|word| word.text != "fn");
        words.nth(1).map(|word| word.text.as_str())
    }

    /// Whether a statement is what its function returns, and a condition in this file calls that.
    fn is_called_in_a_condition(&self, statement: &Statement) -> bool {
        let name = self.function_name(statement).filter(|_| !statement.ended);
        name.is_some_and(|name| {
            let calls =
                |s: &Statement| s.words.iter().any(|word| word.is_called && word.text == name);
            let conditions = self.statements.iter().filter(|s| s.is_condition());
            conditions.filter(|s| !s.has("fn")).any(calls)
        })
    }

    /// Whether a function returns what a statement makes, in it or by way of a variable.
    fn is_answer(&self, statement: &Statement) -> Option<bool> {
        let body = &self.blocks[self.function(statement)?];
        let carried = self.carried(statement)?;
        let returns = |s: &Statement| s.begins("return") || !s.ended && !s.opens_block;
        let mut later = self.within(body).filter(|s| s.number > statement.number);
        Some(returns(statement) || later.any(|s| returns(s) && s.uses(&carried)))
    }

    /// The name of the function around a statement, around its closure too.
    fn item_name(&self, statement: &Statement) -> Option<&str> {
        let mut block = statement.block;
        std::iter::from_fn(|| {
            let head = self.head(&self.blocks[block?]);
            block = head.block;
            Some(head)
        })
        .find_map(|head| {
            let mut words = head.words.iter().skip_while(|word| word.text != "fn");
            words.nth(1).map(|word| word.text.as_str())
        })
    }

    /// The statements in a block, and in the blocks within.
    fn within<'a>(&'a self, block: &'a Block) -> impl Iterator<Item = &'a Statement> {
        self.statements.iter().filter(move |s| block.holds(s))
    }

    /// The block behind the condition, if a statement is the head of an `if`.
    fn if_block(&self, statement: &Statement) -> Option<&Block> {
        let is_if = statement.begins("if");
        self.blocks.iter().rfind(|block| is_if && block.head == statement.number)
    }

    /// The statement in the function around `before` that calls the one around `returned`, if there is one such above
    /// `before`, and if `returned` is in what that function returns.
    fn only_call(&self, returned: &Statement, before: &Statement) -> Option<&Statement> {
        if returned.ended || returned.is_condition() {
            return None;
        }
        let name = self.function_name(returned)?;
        let function = &self.blocks[self.function(before)?];
        let mut calls = self.within(function).filter(|s| {
            s.number < before.number
                && s.words.iter().any(|word| word.is_called && word.text == name)
        });
        let first = calls.next()?;
        calls.next().is_none().then_some(first)
    }

    /// The names of what is made of a statement's value, from there to another one.
    fn made_of<'a>(&'a self, statement: &'a Statement, until: &Statement) -> Vec<&'a str> {
        let between = self.statements[statement.number + 1..until.number].iter();
        carry(statement, between)
    }

    /// The same, from a statement to the end of its function.
    fn carried<'a>(&'a self, statement: &'a Statement) -> Option<Vec<&'a str>> {
        let rest = self.within(&self.blocks[self.function(statement)?]);
        Some(carry(statement, rest.filter(|s| s.number > statement.number)))
    }

    /// The innermost loop around a statement, in its function.
    fn loop_around(&self, statement: &Statement) -> Option<&Block> {
        let mut around = self.around(statement);
        around.find(|block| self.head(block).is_loop())
    }
}

impl Statement {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other.text == word)
    }

    fn begins(&self, word: &str) -> bool {
        self.words.first().is_some_and(|first| first.text == word)
    }

    fn uses(&self, names: &[&str]) -> bool {
        let mut variables = self.words.iter().filter(|word| !word.is_member);
        variables.any(|word| names.contains(&word.text.as_str()))
    }

    fn is_loop(&self) -> bool {
        self.opens_block && (self.has("while") || self.has("loop"))
    }

    fn is_condition(&self) -> bool {
        let decides = ["if", "while", "match", "assert", "assert_eq", "else", "then", "then_some"];
        decides.iter().any(|word| self.has(word))
    }

    fn exchanges(&self) -> bool {
        self.has("compare_exchange") || self.has("compare_exchange_weak")
    }

    /// The pattern of a `let` ends here.
    fn bind(&mut self) {
        if self.bound == 0 && self.begins("let") {
            self.bound = self.words.len();
        }
    }

    /// Whether it is a `let _ = …`.
    fn binds_nothing(&self) -> bool {
        self.begins("let") && self.bound == 2 && self.words[1].text == "_"
    }

    /// The variables that it gives a value.
    fn gives(&self) -> Vec<&str> {
        match self.words.as_slice() {
            [first, ..] if self.assigns && !self.begins("let") && !first.is_called => {
                let is_field = self.words.get(1).is_some_and(|second| second.is_member);
                let name = first.text.as_str();
                let is_name = name.starts_with(|c: char| c.is_lowercase()) && name != "self";
                if is_name && !is_field { vec![name] } else { Vec::new() }
            }
            _ => self.binds(),
        }
    }

    /// The names that a `let` gives.
    fn binds(&self) -> Vec<&str> {
        let pattern = self.words[..self.bound].iter().skip(1).map(|word| word.text.as_str());
        let is_name = |word: &&str| *word != "mut" && word.starts_with(|c: char| c.is_lowercase());
        pattern.filter(is_name).collect()
    }
}

impl Block {
    /// Whether a statement stands in it.
    fn holds(&self, s: &Statement) -> bool {
        self.start < s.start && s.end < self.end
    }

    fn contains(&self, at: LineColumn) -> bool {
        self.start <= at && (at <= self.end || at.column == usize::MAX && at.line <= self.end.line)
    }
}

/// The variables that hold what is made of a statement's value, by the statements that follow.
fn carry<'a>(
    statement: &'a Statement,
    following: impl Iterator<Item = &'a Statement>,
) -> Vec<&'a str> {
    let mut names = statement.gives();
    for s in following {
        if s.uses(&names) {
            names.extend(s.gives());
        }
    }
    names
}

/// The number of tokens up to the end of the statement that begins a block: a semicolon, a block that nothing goes on
/// from, or the comma behind the arm of a `match`.
fn length_of_statement(tokens: &[TokenTree]) -> usize {
    let goes_on = |at: usize| {
        tokens.get(at).is_some_and(|next| ['.', '?', ';'].iter().any(|&sign| is(next, sign)))
    };
    let mut is_arm = false;
    for (at, token) in tokens.iter().enumerate() {
        let arm_ends = is_arm && is(token, ',');
        if is(token, ';') || arm_ends || is_group(token, Delimiter::Brace) && !goes_on(at + 1) {
            return at + 1;
        }
        is_arm |= is(token, '>') && at > 0 && is(&tokens[at - 1], '=');
    }
    tokens.len()
}

/// Whether a brace behind these tokens begins the body of a function or a closure.
fn opens_function(before: &[TokenTree]) -> bool {
    let has = |sign| before.iter().any(|token| is(token, sign));
    let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "fn");
    before.iter().any(is_fn)
        || before.last().is_some_and(|last| is(last, '|'))
        || has('|') && has('-')
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statement at the place where `marker` stands first.
    fn statement<'a>(file: &'a File, text: &str, marker: &str) -> &'a Statement {
        let before = &text[..text.find(marker).expect("it is there")];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count();
        file.statement(LineColumn { line, column }).expect("a statement")
    }

    fn words(statement: &Statement) -> String {
        let all: Vec<&str> = statement.words.iter().map(|word| word.text.as_str()).collect();
        all.join(" ")
    }

    #[test]
    fn a_statement_is_found_however_it_is_laid_out() {
        let text = "fn f() { if self\n.state.load(Relaxed).is_err() { return; /* early */ } a(\nb,\n); \
                    match x { Some(y) => y.z(), None => { n() } } c }";
        let file = File::new(text).expect("it is Rust");
        for (marker, expected) in [
            ("state", "if self state load Relaxed is_err"),
            ("return", "return"),
            ("b,", "a b"),
            ("x {", "match x"),
            ("y.z", "Some y y z"),
            ("n()", "n"),
            ("c }", "c"),
        ] {
            let found = statement(&file, text, marker);
            assert_eq!(words(found), expected);
            assert_eq!(file.function_name(found), Some("f"));
        }
        assert!(statement(&file, text, "b,").ended && !statement(&file, text, "c }").ended);
        let inside = statement(&file, text, "return").start;
        let block = file.if_block(statement(&file, text, "state"));
        assert!(block.is_some_and(|block| block.contains(inside)));
    }

    #[test]
    fn a_closure_is_a_function_without_a_name() {
        let text = "fn f() { s.spawn(move |n| { g(n); }).k(); h(); }";
        let file = File::new(text).expect("it is Rust");
        let names =
            ["g(", "h(", "k("].map(|marker| file.function_name(statement(&file, text, marker)));
        assert_eq!(names, [None, Some("f"), Some("f")]);
        assert_eq!(words(statement(&file, text, "k(")), "s spawn move n k");
    }

    #[test]
    fn quotes_and_comments_say_nothing_and_a_field_is_no_variable() {
        let text = r#"f("a \" // b", c, self.count.store(new + 1)); // d"#;
        let file = File::new(text).expect("it is Rust");
        assert_eq!(words(&file.statements[0]), "f c self count store new");
        let uses = |name| file.statements[0].uses(&[name]);
        assert!(uses("new") && !uses("count"));
    }

    #[test]
    fn a_let_binds_and_a_comparison_assigns_nothing() {
        for (text, assigns, binds) in [
            ("*a.lock() = 1;", true, ""),
            ("*a.lock() += 1;", true, ""),
            ("*a.lock() == 1", false, ""),
            ("*a.lock() >= 1", false, ""),
            ("*a.lock() != 1", false, ""),
            ("let mut a: u8 = b;", true, "a"),
            ("let (a, Some(b)) = c;", true, "a b"),
        ] {
            let file = File::new(text).expect("it is Rust");
            let statement = &file.statements[0];
            assert_eq!(
                (statement.assigns, statement.binds().join(" ").as_str()),
                (assigns, binds),
                "{text}"
            );
        }
    }
}
