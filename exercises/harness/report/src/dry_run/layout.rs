//! Where the rows of a dry run stand on the page.
//!
//! The best layout that the page has room for, in this order: a lane for each thread with the places and the text
//! of the source in a column of their own; the same without the text; places in the lanes; and where lanes would
//! be too narrow to read, the rows under each other, each with its thread's name.

use super::words::{Line, Word, natural_width, words, wrap};
use crate::place::{Place, short};
use crate::reading::{PANICS, Row, Sources, with_rows};
use crate::record::{Log, ObjectId};
use harness_base::page::{Ink, Page};
use harness_base::text::{columns, count, shorten};

/// A lane is not made narrower than this.
const NARROWEST_LANE: usize = 20;

/// A lane is not made wider than this for the sake of a long row, which is broken instead.
const WIDEST_LANE: usize = 44;

/// Lanes may be as narrow as this to make room for text of the source.
const SNUG_LANE: usize = 32;

/// Fewer columns of source than this tell nothing.
const SOURCE: usize = 24;

/// Between two columns.
const GAP: usize = 2;

/// Rows shown at the beginning of a long interleaving; as many as [`TAIL`] are shown at the end.
const HEAD: usize = 20;
/// See [`HEAD`].
const TAIL: usize = 30;

/// The most rows that may repeat as one block.
const LONGEST_BLOCK: usize = 8;

/// A dry run on the page.
pub(super) struct Layout {
    pub(super) text: String,
    /// The objects in its rows, in the order in which they come.
    pub(super) objects: Vec<ObjectId>,
    /// For each event that is shown, or repeats one that is, the number of the row.
    numbers: Vec<(usize, usize)>,
}

impl Layout {
    pub(super) fn new(log: &Log, rows: &[Row], page: &Page, sources: &Sources) -> Self {
        let mut layout =
            Self { text: String::new(), objects: Vec::new(), numbers: fold(rows).numbers };
        // Rows may speak of each other.
        let rows: Vec<Row> = rows
            .iter()
            .map(|row| Row { text: layout.with_rows(&row.text), ..row.clone() })
            .collect();
        for row in rows.iter().filter(|row| row.object.is_some()) {
            let events = row.event.iter().chain(&row.folded);
            let objects = events.map(|&event| log.events[event].object);
            for object in objects.chain([row.object]).flatten() {
                if !layout.objects.contains(&object) {
                    layout.objects.push(object);
                }
            }
        }
        let entries = elide(fold(&rows).entries);
        let names: Vec<String> = log.threads.iter().map(|t| page.show(&t.name)).collect();
        let painter = Painter {
            page,
            sources,
            names,
            // Room for the number and two columns.
            number: numbers_width(&entries),
        };
        let lines = painter.lay_out(&entries);
        for line in lines {
            layout.text.push_str(&page.paint(&line));
            layout.text.push('\n');
        }
        layout
    }

    /// `text` with the numbers of the rows that it speaks of.
    pub(super) fn with_rows(&self, text: &str) -> String {
        with_rows(text, |event| {
            let known = self.numbers.iter().find(|(number, _)| *number == event);
            known.map(|(_, row)| *row)
        })
    }
}

/// What stands in a line of the dry run, before it is laid out.
#[derive(Clone, Debug)]
enum Entry<'a> {
    Row {
        row: &'a Row,
        number: usize,
        times: usize,
    },
    /// Rows `from` to `to` come `times` times more.
    Again {
        from: usize,
        to: usize,
        times: usize,
    },
    /// This many rows are left out.
    Skipped(usize),
}

struct Folded<'a> {
    entries: Vec<Entry<'a>>,
    numbers: Vec<(usize, usize)>,
}

/// Shows once what repeats, and says how often: a row that stands several times in succession, or a block of rows that
/// does so at least three times.
fn fold(rows: &[Row]) -> Folded<'_> {
    let mut folded = Folded { entries: Vec::new(), numbers: Vec::new() };
    let mut next = 1;
    let mut at = 0;
    while at < rows.len() {
        let (block, times) = (1..=LONGEST_BLOCK)
            .map(|block| (block, repetitions(&rows[at..], block)))
            .filter(|&(block, times)| times >= if block == 1 { 1 } else { 3 })
            // Of blocks that cover the same rows, the shortest comes first, and is kept.
            .rev()
            .max_by_key(|&(block, times)| block * times)
            .unwrap_or((1, 1));
        for (i, row) in rows[at..at + block].iter().enumerate() {
            folded.entries.push(Entry::Row {
                row,
                number: next + i,
                times: if block == 1 { times } else { 1 },
            });
        }
        if block > 1 {
            folded.entries.push(Entry::Again {
                from: next,
                to: next + block - 1,
                times: times - 1,
            });
        }
        for (i, row) in rows[at..at + block * times].iter().enumerate() {
            for event in row.event.iter().chain(&row.folded) {
                folded.numbers.push((*event, next + i % block));
            }
        }
        next += block;
        at += block * times;
    }
    folded
}

/// How often the first `block` rows stand at the beginning, one time right after the other.
fn repetitions(rows: &[Row], block: usize) -> usize {
    let Some(first) = rows.get(..block) else {
        return 0;
    };
    rows.chunks_exact(block)
        .take_while(|other| first.iter().zip(*other).all(|(a, b)| a.is_like(b)))
        .count()
}

/// Leaves out the middle of a long interleaving, but no row with a mark.
fn elide(entries: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    if entries.len() <= HEAD + TAIL + 1 {
        return entries;
    }
    let tail = entries.len() - TAIL;
    let mut kept: Vec<Entry<'_>> = Vec::new();
    for (i, entry) in entries.into_iter().enumerate() {
        let marked = matches!(&entry, Entry::Row { row, .. } if !row.marks.is_empty());
        if i < HEAD || i >= tail || marked {
            kept.push(entry);
        } else if let Some(Entry::Skipped(rows)) = kept.last_mut() {
            *rows += 1;
        } else {
            kept.push(Entry::Skipped(1));
        }
    }
    kept
}

fn is_panic(row: &Row) -> bool {
    row.text.starts_with(PANICS)
}

fn numbers_width(entries: &[Entry<'_>]) -> usize {
    let last = entries.iter().rev().find_map(|entry| match entry {
        Entry::Row { number, .. } => Some(*number),
        _ => None,
    });
    last.unwrap_or_default().to_string().len().max(3)
}

/// How the lanes share the page.
struct Lanes {
    widths: Vec<usize>,
    places: Places,
}

#[derive(Clone, Copy, PartialEq)]
enum Places {
    Nowhere,
    InLane,
    /// In a column of their own of this width, followed by this many columns of source.
    InColumn {
        width: usize,
        source: usize,
    },
}

struct Painter<'a> {
    page: &'a Page,
    sources: &'a Sources,
    names: Vec<String>,
    number: usize,
}

impl Painter<'_> {
    fn lay_out(&self, entries: &[Entry<'_>]) -> Vec<String> {
        match self.lanes(entries) {
            Some(lanes) => self.in_lanes(entries, &lanes),
            None => self.stacked(entries),
        }
    }

    /// The place of a row, if it is shown. A destructor that the compiler calls has std's line, which says nothing.
    fn place(&self, row: &Row) -> Option<Place> {
        row.place.filter(|place| self.page.places && !place.file().starts_with("/rustc/"))
    }

    /// What stands in a row's lane.
    fn cell(&self, row: &Row, times: usize, with_place: bool) -> Vec<Word> {
        let page = self.page;
        let ink = if is_panic(row) { Ink::Bad } else { Ink::Thread(row.thread) };
        let mut cell = words(&page.show(&row.text), ink, 0);
        for mark in &row.marks {
            cell.extend(words(&page.show(mark), Ink::Bad, GAP));
        }
        if let Some(place) = self.place(row).filter(|_| with_place) {
            cell.extend(words(&page.show(&short(place)), Ink::Faint, GAP));
        }
        if times > 1 {
            cell.extend(words(&format!("({times} times)"), Ink::Plain, GAP));
        }
        cell
    }

    /// The columns that each lane needs so that no row is broken, up to `most`.
    fn natural(&self, entries: &[Entry<'_>], with_place: bool, most: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.names.iter().map(|name| columns(name)).collect();
        for entry in entries {
            if let Entry::Row { row, times, .. } = entry {
                let needed = natural_width(&self.cell(row, *times, with_place));
                // What a thread says when it panics may be long, stands there once, and is said again below.
                let most = if is_panic(row) { NARROWEST_LANE } else { most };
                widths[row.thread] = widths[row.thread].max(needed.min(most));
            }
        }
        widths
    }

    /// The columns that numbers and lanes take.
    fn total(&self, widths: &[usize]) -> usize {
        self.number + GAP + widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
    }

    fn lanes(&self, entries: &[Entry<'_>]) -> Option<Lanes> {
        let page = self.page.width;
        let rows = || {
            entries.iter().filter_map(|entry| match entry {
                Entry::Row { row, .. } => Some(*row),
                _ => None,
            })
        };
        let places = rows().filter_map(|row| self.place(row));
        let place = places.map(|place| columns(&self.page.show(&short(place)))).max();
        let natural = self.natural(entries, false, WIDEST_LANE);
        let snug = self.natural(entries, false, SNUG_LANE);
        let Some(place) = place else {
            let natural = Some(natural).filter(|widths| self.total(widths) <= page);
            let widths = natural.or_else(|| self.squeezed(entries, false, page))?;
            return Some(Lanes { widths, places: Places::Nowhere });
        };
        let in_column = |widths: &[usize], source| Lanes {
            widths: widths.to_vec(),
            places: Places::InColumn { width: place, source },
        };
        for widths in [&natural, &snug] {
            let rest = page.saturating_sub(self.total(widths) + GAP + place);
            if rest >= GAP + SOURCE {
                return Some(in_column(widths, rest - GAP));
            }
        }
        if self.total(&natural) + GAP + place <= page {
            return Some(in_column(&natural, 0));
        }
        // Rows are to be broken, here or there: as few as possible.
        let beside = self.squeezed(entries, false, page.saturating_sub(GAP + place));
        let within = self.squeezed(entries, true, page);
        let beside = beside.map(|widths| in_column(&widths, 0));
        let within = within.map(|widths| Lanes { widths, places: Places::InLane });
        let all = beside.into_iter().chain(within);
        all.min_by_key(|lanes| self.height(entries, lanes))
    }

    /// The lines that the rows take.
    fn height(&self, entries: &[Entry<'_>], lanes: &Lanes) -> usize {
        let in_lane = lanes.places == Places::InLane;
        let rows = entries.iter().map(|entry| match entry {
            Entry::Row { row, times, .. } => {
                let cell = self.cell(row, *times, in_lane);
                wrap(&cell, lanes.widths[row.thread], 2).len()
            }
            _ => 1,
        });
        rows.sum()
    }

    /// Lanes on `page` columns in which long rows are broken. What a narrow lane leaves over, the others have.
    fn squeezed(&self, entries: &[Entry<'_>], with_place: bool, page: usize) -> Option<Vec<usize>> {
        let natural = self.natural(entries, with_place, usize::MAX);
        let room = page.checked_sub(self.total(&vec![0; natural.len()]))?;
        let mut widths = vec![0; natural.len()];
        let mut left = room;
        let mut open: Vec<usize> = (0..natural.len()).collect();
        while !open.is_empty() {
            let share = left / open.len();
            let (fits, wide): (Vec<usize>, Vec<usize>) =
                open.iter().copied().partition(|&lane| natural[lane] <= share);
            let given = if fits.is_empty() { &wide } else { &fits };
            for &lane in given {
                widths[lane] = natural[lane].min(share);
                left -= widths[lane];
            }
            open = if fits.is_empty() { Vec::new() } else { wide };
        }
        let enough = |(width, natural): (&usize, &usize)| *width >= NARROWEST_LANE.min(*natural);
        widths.iter().zip(&natural).all(enough).then_some(widths)
    }

    fn in_lanes(&self, entries: &[Entry<'_>], lanes: &Lanes) -> Vec<String> {
        let mut starts = Vec::new();
        let mut start = self.number + GAP;
        for width in &lanes.widths {
            starts.push(start);
            start += width + GAP;
        }
        let mut header = Line::default();
        for (thread, name) in self.names.iter().enumerate() {
            header.pad_to(starts[thread]);
            let name = shorten(name, lanes.widths[thread], &self.page.show("…"));
            header.push(&name, Ink::Thread(thread));
        }
        let mut lines = vec![header.finish()];
        for entry in entries {
            let Entry::Row { row, number, times } = entry else {
                lines.extend(self.between(entry));
                continue;
            };
            let in_lane = lanes.places == Places::InLane;
            let cell = self.cell(row, *times, in_lane);
            let room = if is_panic(row) {
                // Nothing stands beside it.
                self.page.width - starts[row.thread]
            } else {
                lanes.widths[row.thread]
            };
            for (i, part) in wrap(&cell, room, 2).iter().enumerate() {
                let mut line = self.begin(*number, i == 0);
                line.pad_to(starts[row.thread]);
                line.append(part);
                if i == 0
                    && let Places::InColumn { width, source } = lanes.places
                    && let Some(place) = self.place(row)
                {
                    line.end();
                    line.pad_to(start);
                    let text = self.page.show(&short(place));
                    line.push(&text, Ink::Faint);
                    self.push_source(&mut line, place, start + width + GAP, source);
                }
                lines.push(line.finish());
            }
        }
        lines
    }

    fn stacked(&self, entries: &[Entry<'_>]) -> Vec<String> {
        let mut lines = Vec::new();
        let names = self.names.iter().map(|name| columns(name)).max();
        let start = self.number + GAP + names.unwrap_or_default() + GAP;
        // Names as long as that leave no room for the rows.
        let start = start.min(self.page.width / 2);
        for entry in entries {
            let Entry::Row { row, number, times } = entry else {
                lines.extend(self.between(entry));
                continue;
            };
            let cell = self.cell(row, *times, true);
            let parts = wrap(&cell, self.page.width - start, 2);
            let last = parts.len() - 1;
            for (i, part) in parts.iter().enumerate() {
                let mut line = self.begin(*number, i == 0);
                if i == 0 {
                    let room = start.saturating_sub(self.number + 2 * GAP);
                    let name = shorten(&self.names[row.thread], room, &self.page.show("…"));
                    line.push(&name, Ink::Thread(row.thread));
                }
                line.pad_to(start);
                line.append(part);
                if i == last
                    && *times == 1
                    && let Some(place) = self.place(row)
                {
                    let at = line.columns + GAP;
                    let room = self.page.width.saturating_sub(at);
                    self.push_source(&mut line, place, at, if room < SOURCE { 0 } else { room });
                }
                lines.push(line.finish());
            }
        }
        lines
    }

    /// The beginning of a line, with the number of its row in the first.
    fn begin(&self, number: usize, first: bool) -> Line {
        let mut line = Line::default();
        if first {
            line.push(&format!("{number:>0$}", self.number), Ink::Plain);
        }
        line.pad_to(self.number + GAP);
        line
    }

    /// The line of an entry other than a row.
    fn between(&self, entry: &Entry<'_>) -> Option<String> {
        let text = match entry {
            Entry::Row { .. } => return None,
            Entry::Again { from, to, times } => {
                format!("… rows {from} to {to} again, {}", count(*times, "time"))
            }
            Entry::Skipped(rows) => {
                format!("… {} …", count(*rows, "row"))
            }
        };
        let mut line = Line::default();
        line.pad_to(self.number + GAP);
        line.push(&self.page.show(&text), Ink::Faint);
        Some(line.finish())
    }

    /// The text of the source from `column` on, in at most `width` columns; none if that is 0.
    fn push_source(&self, line: &mut Line, place: Place, column: usize, width: usize) {
        if width == 0 {
            return;
        }
        if let Some(text) = self.sources.line(place) {
            line.end();
            line.pad_to(column);
            let text = shorten(&self.page.show(&text), width, &self.page.show("…"));
            line.push(&text, Ink::Faint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &str) -> Vec<Row> {
        texts
            .split_whitespace()
            .enumerate()
            .map(|(event, text)| Row {
                event: Some(event),
                folded: Vec::new(),
                thread: 0,
                text: text.to_owned(),
                marks: Vec::new(),
                place: None,
                object: None,
            })
            .collect()
    }

    fn shown(entries: &[Entry<'_>]) -> String {
        let all = entries.iter().map(|entry| match entry {
            Entry::Row { row, number, times } => format!("{number}{}*{times}", row.text),
            Entry::Again { from, to, times } => format!("[{from}-{to}]*{times}"),
            Entry::Skipped(rows) => format!("..{rows}"),
        });
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_repeats_is_said_once() {
        for (texts, folded) in [
            ("a b c", "1a*1 2b*1 3c*1"),
            ("a b b b c", "1a*1 2b*3 3c*1"),
            ("a b a b c", "1a*1 2b*1 3a*1 4b*1 5c*1"),
            ("a b a b a b c", "1a*1 2b*1 [1-2]*2 3c*1"),
            ("x a b c a b c a b c a", "1x*1 2a*1 3b*1 4c*1 [2-4]*2 5a*1"),
        ] {
            assert_eq!(shown(&fold(&rows(texts)).entries), folded, "{texts}");
        }
    }

    #[test]
    fn the_row_of_a_repeated_event_is_that_of_the_first() {
        let rows = rows("x a b a b a b y");
        let numbers = fold(&rows).numbers;
        let row = |event| numbers.iter().find(|(e, _)| *e == event).map(|(_, row)| *row);
        assert_eq!([0, 1, 2, 5, 6, 7].map(row), [1, 2, 3, 2, 3, 4].map(Some));
    }

    #[test]
    fn the_middle_is_left_out_but_not_what_is_marked() {
        let texts: Vec<String> = (0..100).map(|i| format!("r{i}")).collect();
        let mut rows = rows(&texts.join(" "));
        rows[40].marks.push("!".to_owned());
        let entries = elide(fold(&rows).entries);
        let text = shown(&entries);
        assert_eq!(entries.len(), HEAD + 1 + 1 + 1 + TAIL);
        assert!(text.contains("20r19*1 ..20 41r40*1 ..29 71r70*1"), "{text}");
    }
}
