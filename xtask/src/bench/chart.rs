//! Ratios for the eye: a block for each case, and in it a line with a ratio and a bar for each row.

use std::fmt::Write;

use super::{BENCH, Case, Comparison, REFERENCE, Ratio, Row, YOURS, Yours};
use crate::term::{ASCII, FAINT, GOOD, Marks, OPEN, STRONG, columns, paint, shorten, width};
use crate::view::{LessonPage, paragraph, row, signed};

/// Bars of ratios beyond this are cut, so that one slow row does not make dots of all others.
const CUT: f64 = 5.0;

/// Names beyond this are cut.
const NAME_COLUMNS: usize = 24;

/// Rounds that differ by more than this part of their median are not one number.
const WIDE: f64 = 0.1;

/// Eighths of a column, from one to seven.
const EIGHTHS: [&str; 7] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The ratios of a bench, what they mean, and what is missing.
pub fn render(page: &LessonPage<'_>, comparison: &Comparison) -> String {
    let mut text = String::new();
    missing(&mut text, page, &comparison.yours);
    paragraph(
        &mut text,
        &format!(
            "Each number is a time divided by the reference's: 2.00 takes twice as long, and a shorter bar is \
             quicker. It is the median of {} rounds; where they differ by more than a tenth, the least and the \
             greatest stand beside it.",
            comparison.rounds
        ),
    );
    text.push('\n');
    text.push_str(&chart(&comparison.cases, width(), page.marks));
    let bench = page.lesson.solution.join(format!("benches/{BENCH}.rs"));
    row(&mut text, "Bench", bench.display());
    text
}

/// Says why yours was not measured, or not everywhere.
fn missing(text: &mut String, page: &LessonPage<'_>, yours: &Yours) {
    let test = format!("cargo xtask test {}", page.lesson.name);
    let words = match yours {
        Yours::Measured => return,
        Yours::NotWritten(place) if place.is_empty() => {
            "Yours is missing: it comes to a todo!().".to_owned()
        }
        Yours::NotWritten(place) => format!("Yours is missing: not written yet, {place}."),
        Yours::DoesNotCompile(error) => {
            format!("Yours is missing: the bench cannot be built with it. First error: {error}.")
        }
        Yours::Stopped(how) => format!(
            "Yours did not come to its end, and is missing where it was not measured by then: {how}. What the \
             tests say: {test}"
        ),
        Yours::LeftOut => format!(
            "Yours is missing: it does not do what the bench asks of it. What the tests say: {test}"
        ),
    };
    signed(text, &paint(OPEN, page.marks.open), &words);
    text.push('\n');
}

fn chart(cases: &[Case], width: usize, marks: Marks) -> String {
    let rows = || cases.iter().flat_map(|case| &case.rows);
    let names = rows().map(|row| columns(&row.name).min(NAME_COLUMNS)).max();
    let names = names.unwrap_or_default();
    let spread = rows().map(|row| columns(&range(row.ratio))).max();
    let spread = spread.filter(|spread| *spread > 0).map_or(0, |s| s + 2);
    // A margin of three, a ratio of six, and two spaces on either side of it.
    let room = width.saturating_sub(3 + names + 2 + 6 + 2 + spread).max(10);
    let longest = rows().map(|row| row.ratio.ratio).fold(1.0, f64::max);
    let unit = room as f64 / longest.min(CUT);

    let mut text = String::new();
    for case in cases {
        if !case.name.is_empty() {
            let name = shorten(&case.name, width - 1, marks.more);
            let _ = writeln!(text, " {}", paint(STRONG, name));
        }
        for row in &case.rows {
            text.push_str(&line(row, names, room, unit, marks));
        }
        text.push('\n');
    }
    text
}

fn line(row: &Row, names: usize, room: usize, unit: f64, marks: Marks) -> String {
    let name = format!("{:<names$}", shorten(&row.name, names, marks.more));
    let name = match row.name.as_str() {
        YOURS => paint(STRONG, name),
        _ => name,
    };
    let ratio = row.ratio.ratio;
    let bar = bar(ratio * unit, room, marks);
    let range = range(row.ratio);
    let pad = match range.is_empty() {
        true => 0,
        false => room - columns(&bar) + 2,
    };
    let bar = match row.name.as_str() {
        YOURS => paint(GOOD, bar),
        REFERENCE => bar,
        _ => paint(FAINT, bar),
    };
    let line = format!("   {name}  {:>6}  {bar}{:pad$}{}", number(ratio), "", paint(FAINT, range));
    format!("{}\n", line.trim_end())
}

/// A bar of so many columns; something even of next to none. One that does not fit ends in a sign.
fn bar(length: f64, room: usize, marks: Marks) -> String {
    let ascii = marks == ASCII;
    let full = if ascii { "#" } else { "█" };
    // Less than an eighth beyond the room is the rounding of the longest bar.
    if length > room as f64 + 0.1 {
        let end = if ascii { ">" } else { "▶" };
        return full.repeat(room - 2) + " " + end;
    }
    if ascii {
        return full.repeat((length.round() as usize).clamp(1, room));
    }
    let eighths = ((length * 8.0).round() as usize).clamp(1, room * 8);
    let rest = (eighths % 8).checked_sub(1).map_or("", |i| EIGHTHS[i]);
    full.repeat(eighths / 8) + rest
}

/// Three digits say all that can be said.
fn number(ratio: f64) -> String {
    match ratio {
        _ if ratio < 0.005 => "< 0.01".to_owned(),
        _ if ratio < 0.995 * 10.0 => format!("{ratio:.2}"),
        _ if ratio < 0.995 * 100.0 => format!("{ratio:.1}"),
        _ if ratio < 99_999.5 => format!("{ratio:.0}"),
        _ => "> 10^5".to_owned(),
    }
}

/// The least and the greatest, where one number does not stand for both.
fn range(ratio: Ratio) -> String {
    let is_wide = ratio.high - ratio.low > WIDE * ratio.ratio;
    let text = is_wide.then(|| format!("{} to {}", number(ratio.low), number(ratio.high)));
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::divan::{parse, tests::*};
    use super::super::ratios::cases;
    use super::*;
    use crate::course::select::tests::workspace;
    use crate::term::{UNICODE, plain};

    #[test]
    fn the_chart_of_a_lesson() {
        let mut cases = cases(&[parse(PUBLICATION), parse(BANK_ACCOUNT)]);
        let yours =
            |ratio, low, high| Row { name: YOURS.into(), ratio: Ratio { ratio, low, high } };
        cases[0].rows.insert(0, yours(1.04, 1.01, 1.05));
        cases[2].rows.insert(0, yours(212.4, 188.0, 260.0));
        cases[3].rows.insert(0, yours(0.004, 0.004, 0.004));
        for (width, marks, name) in
            [(80, UNICODE, "chart_80"), (60, UNICODE, "chart_60"), (80, ASCII, "chart_ascii")]
        {
            let chart = plain(&chart(&cases, width, marks));
            assert!(chart.lines().all(|line| columns(line) <= width), "{chart}");
            assert_eq!(chart.is_ascii(), marks == ASCII, "{chart}");
            insta::assert_snapshot!(name, chart);
        }
        assert_eq!(chart(&[], 80, UNICODE), "");
    }

    #[test]
    fn what_is_missing_is_said() {
        let workspace = workspace(&["wait_group"]);
        let page = LessonPage::of(&workspace, &workspace.lessons[0], UNICODE);
        let mut text = String::new();
        for yours in [
            Yours::Measured,
            Yours::NotWritten("wait_group.rs:41".into()),
            Yours::DoesNotCompile("cannot find value `c` (wait_group.rs:5)".into()),
            Yours::Stopped("did not end within 20 s (contended, yours)".into()),
            Yours::LeftOut,
        ] {
            missing(&mut text, &page, &yours);
        }
        insta::assert_snapshot!("missing", plain(&text));
    }

    #[test]
    fn numbers_have_three_digits() {
        let all = [0.004, 0.13, 1.0, 9.949, 9.96, 12.34, 99.6, 1234.5, 2e7];
        let expected = "< 0.01 0.13 1.00 9.95 10.0 12.3 100 1234 > 10^5";
        assert_eq!(all.map(number).join(" "), expected);
    }
}
