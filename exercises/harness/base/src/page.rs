//! The page that a report is written for: its width, its signs, its colours. The runner and a test agree on it
//! here, by environment variables and by marks in the text.
//!
//! A test's output goes through pipes, where terminal colours may be taken away. If the runner wants colours it asks for
//! marks instead, characters that have no other use, and replaces them by colours.

use anstyle::{AnsiColor, Style};

/// Environment variable: the columns that a report may take. The runner sets it.
pub const WIDTH: &str = "HARNESS_WIDTH";

/// Environment variable: set to [`MARKS`] by a reader that will put colours in the place of [`Ink`]'s marks.
pub const INK: &str = "HARNESS_INK";

/// Value of [`INK`].
pub const MARKS: &str = "marks";

/// Environment variable: makes a passing model show an interleaving too, [`DRY_RUN_FULL`] or
/// [`DRY_RUN_BARE`].
pub const DRY_RUN: &str = "HARNESS_DRY_RUN";

/// Value of [`DRY_RUN`]: as a failure is shown, with places.
pub const DRY_RUN_FULL: &str = "full";

/// Value of [`DRY_RUN`]: without places in the source, for a README, which an edit elsewhere must not change.
pub const DRY_RUN_BARE: &str = "bare";

/// Environment variable: makes a model write down every interleaving that it explores, in files whose names begin with
/// this: see the module `runs`.
pub const RUNS: &str = "HARNESS_RUNS";

/// The columns of a page if nothing says how many there are.
pub const DEFAULT_WIDTH: usize = 80;

/// No report is narrower than this: below, lines are better broken by the terminal.
const NARROWEST: usize = 30;

/// The first of the characters that stand for an ink, in one of Unicode's private areas.
const FIRST_MARK: u32 = 0xE000;

/// The threads that have a colour of their own: a model has no more.
const THREADS: usize = 5;

/// What a part of a report is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Ends the ink before it.
    Plain,
    /// What a reader must not miss.
    Bad,
    /// What a reader may pass over.
    Faint,
    /// What a reader looks for: names, titles.
    Strong,
    /// The column of a thread, by its number.
    Thread(usize),
}

impl Ink {
    /// The character that stands for it.
    pub fn mark(self) -> char {
        let n = match self {
            Ink::Plain => 0,
            Ink::Bad => 1,
            Ink::Faint => 2,
            Ink::Strong => 3,
            Ink::Thread(number) => 4 + number % THREADS,
        };
        u32::try_from(n)
            .ok()
            .and_then(|n| char::from_u32(FIRST_MARK + n))
            .expect("a handful of characters of the private area")
    }

    /// The ink that a character stands for.
    pub fn of_mark(mark: char) -> Option<Self> {
        let n = usize::try_from(u32::from(mark).checked_sub(FIRST_MARK)?).ok()?;
        match n {
            0 => Some(Ink::Plain),
            1 => Some(Ink::Bad),
            2 => Some(Ink::Faint),
            3 => Some(Ink::Strong),
            _ => (n < 4 + THREADS).then(|| Ink::Thread(n - 4)),
        }
    }

    /// How a terminal shows it. `None` ends what came before.
    pub fn style(self) -> Option<Style> {
        let colour = |colour: AnsiColor| Some(colour.on_default());
        match self {
            Ink::Plain => None,
            Ink::Bad => Some(AnsiColor::Red.on_default().bold()),
            Ink::Faint => Some(Style::new().dimmed()),
            Ink::Strong => Some(Style::new().bold()),
            Ink::Thread(number) => match number % THREADS {
                0 => colour(AnsiColor::Cyan),
                1 => colour(AnsiColor::Yellow),
                2 => colour(AnsiColor::Magenta),
                3 => colour(AnsiColor::Green),
                _ => colour(AnsiColor::Blue),
            },
        }
    }
}

/// What becomes of the marks of [`Ink`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// They go.
    None,
    /// They become the colours of a terminal.
    Terminal,
    /// They stay, for a reader who knows them.
    Marks,
}

/// How a report is to look.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The most columns that a line takes.
    pub width: usize,
    /// Whether it may have characters outside ASCII.
    pub unicode: bool,
    /// What parts are painted with.
    pub paint: Paint,
    /// Whether rows say where in the source they come from.
    pub places: bool,
}

impl Page {
    /// A page of `width` columns, with all signs, without colour, with places.
    pub fn new(width: usize) -> Self {
        Self { width, unicode: true, paint: Paint::None, places: true }
    }

    /// The page that the output of this process goes to: a terminal, a pipe, or the runner.
    pub fn of_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let columns = |name: &str| variable(name)?.parse().ok().filter(|&columns| columns > 0);
        // nextest shows what a test printed four columns further in.
        let margin = if variable("NEXTEST").is_some() { 4 } else { 0 };
        let width = columns(WIDTH).unwrap_or_else(|| {
            let terminal = columns("COLUMNS").unwrap_or(DEFAULT_WIDTH);
            terminal.saturating_sub(margin)
        });
        // libtest prints on stdout what a test prints on stderr.
        let terminal = anstream::AutoStream::choice(&std::io::stderr())
            != anstream::ColorChoice::Never
            && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        let paint = match variable(INK) {
            Some(ink) if ink == MARKS => Paint::Marks,
            _ if terminal => Paint::Terminal,
            _ => Paint::None,
        };
        Self { width: width.max(NARROWEST), unicode: is_unicode(), paint, places: true }
    }

    /// `text` in the characters that the page has: others are replaced by similar ones, and what would disturb the
    /// columns is left out.
    pub fn show(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '…' if !self.unicode => out.push_str("..."),
                '\t' => out.push(' '),
                c if c.is_control() || Ink::of_mark(c).is_some() => {}
                // The space that keeps a line from being broken is one of ours.
                c if !c.is_ascii() && c != '\u{a0}' && !self.unicode => out.push('?'),
                c => out.push(c),
            }
        }
        out
    }

    /// `text` with its marks as they are to be.
    pub fn paint(&self, text: &str) -> String {
        match self.paint {
            Paint::None => plain(text),
            Paint::Terminal => coloured(text),
            Paint::Marks => text.to_owned(),
        }
    }
}

/// `text` with the colours of a terminal in the place of the marks.
pub fn coloured(text: &str) -> String {
    replace_marks(text, |ink| {
        ink.style()
            .map_or_else(|| anstyle::Reset.render().to_string(), |style| style.render().to_string())
    })
}

/// `text` without its marks.
pub fn plain(text: &str) -> String {
    replace_marks(text, |_| String::new())
}

fn replace_marks(text: &str, by: impl Fn(Ink) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match Ink::of_mark(c) {
            Some(ink) => out.push_str(&by(ink)),
            None => out.push(c),
        }
    }
    out
}

/// Whether the locale can show more than ASCII. Windows has no such variables, and a console that can.
pub fn is_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale_is_unicode(locale.as_deref(), cfg!(windows))
}

fn locale_is_unicode(locale: Option<&str>, otherwise: bool) -> bool {
    locale.map_or(otherwise, |locale| {
        let locale = locale.to_lowercase();
        locale.ends_with("utf-8") || locale.ends_with("utf8") || locale.contains("utf-8@")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_has_a_mark_of_its_own() {
        let threads = (0..THREADS).map(Ink::Thread);
        for ink in [Ink::Plain, Ink::Bad, Ink::Faint, Ink::Strong].into_iter().chain(threads) {
            assert_eq!(Ink::of_mark(ink.mark()), Some(ink));
        }
        assert_eq!(Ink::of_mark('x'), None);
        assert_eq!(Ink::of_mark('\u{F8FF}'), None);
    }

    #[test]
    fn marks_become_colours_or_nothing() {
        let text = format!("{}a{} b", Ink::Thread(1).mark(), Ink::Plain.mark());
        assert_eq!(coloured(&text), "\u{1b}[33ma\u{1b}[0m b");
        assert_eq!(plain(&text), "a b");
    }

    #[test]
    fn the_locale_decides_on_the_signs() {
        assert!(locale_is_unicode(Some("de_AT.UTF-8"), false));
        assert!(locale_is_unicode(Some("C.utf8"), false));
        assert!(!locale_is_unicode(Some("C"), true));
        assert!(!locale_is_unicode(None, false));
    }
}
