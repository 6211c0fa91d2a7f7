//! From what was measured to ratios: per case of a bench, each row against the reference.

use serde::Serialize;

use super::divan::Leaf;
use super::{REFERENCE, YOURS};

/// A kind of work, and who did it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// As the bench calls it; how many threads, where that is all that tells cases apart.
    pub name: String,
    /// Yours first, then the reference, then the others.
    pub rows: Vec<Row>,
}

/// One that did the work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// As the bench calls it.
    pub name: String,
    /// Its time, in times of the reference's.
    #[serde(flatten)]
    pub ratio: Ratio,
}

/// A ratio that was measured several times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The median of all rounds.
    pub ratio: f64,
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

impl Ratio {
    /// `None` where nothing was measured.
    pub fn of(mut ratios: Vec<f64>) -> Option<Self> {
        ratios.sort_by(f64::total_cmp);
        let middle = ratios.len() / 2;
        let ratio = match ratios.len() {
            0 => return None,
            n if n % 2 == 1 => ratios[middle],
            _ => f64::midpoint(ratios[middle - 1], ratios[middle]),
        };
        Some(Self { ratio, low: ratios[0], high: *ratios.last()? })
    }
}

impl Case {
    /// Whether yours is in it.
    pub fn has_yours(&self) -> bool {
        self.rows.iter().any(|row| row.name == YOURS)
    }
}

/// The cases of a bench that was measured in `rounds`.
pub fn cases(rounds: &[Vec<Leaf>]) -> Vec<Case> {
    /// The case, the row, and a ratio a round.
    type Entry = (String, String, Vec<f64>);
    let mut entries: Vec<Entry> = Vec::new();
    for round in rounds {
        for leaf in round {
            let Some((case, row, reference)) = placed(leaf, round) else {
                continue;
            };
            // The reference is its own measure, also where the clock is too coarse for it.
            let ratio = if row == REFERENCE {
                1.0
            } else if reference > 0.0 {
                leaf.median / reference
            } else {
                continue;
            };
            let is_it = |(known, name, _): &&mut Entry| *known == case && name == row;
            match entries.iter_mut().find(is_it) {
                Some((.., ratios)) => ratios.push(ratio),
                None => entries.push((case, row.to_owned(), vec![ratio])),
            }
        }
    }
    let mut cases: Vec<Case> = Vec::new();
    for (name, row, ratios) in entries {
        let Some(ratio) = Ratio::of(ratios) else {
            continue;
        };
        let row = Row { name: row, ratio };
        match cases.iter_mut().find(|case| case.name == name) {
            Some(case) => case.rows.push(row),
            None => cases.push(Case { name, rows: vec![row] }),
        }
    }
    for case in &mut cases {
        case.rows.sort_by_key(|row| match row.name.as_str() {
            YOURS => 0,
            REFERENCE => 1,
            _ => 2,
        });
    }
    cases
}

/// The case of a leaf, its name in it, and what the reference took. The name is where the reference has its own:
/// on the last level of the tree in most benches, above the numbers of threads in others.
fn placed<'a>(leaf: &'a Leaf, round: &[Leaf]) -> Option<(String, &'a str, f64)> {
    let others = |path: &[String], at: usize| [&path[..at], &path[at + 1..]].concat();
    (0..leaf.path.len()).rev().find_map(|at| {
        let case = others(&leaf.path, at);
        let reference = round.iter().find(|reference| {
            reference.path.get(at).is_some_and(|name| name == REFERENCE)
                && others(&reference.path, at) == case
        })?;
        let name: Vec<String> = case.iter().map(|part| threads(part)).collect();
        Some((name.join(", "), leaf.path[at].as_str(), reference.median))
    })
}

/// divan's `t=2` in words.
fn threads(part: &str) -> String {
    match part.strip_prefix("t=").map(str::parse::<usize>) {
        Some(Ok(1)) => "1 thread".to_owned(),
        Some(Ok(n)) => format!("{n} threads"),
        _ => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::divan::{parse, tests::*};
    use super::*;

    fn shape(output: &str) -> Vec<(String, Vec<String>)> {
        let cases = cases(&[parse(output)]).into_iter();
        cases
            .map(|case| {
                let rows = case.rows.iter();
                let rows = rows.map(|row| format!("{} {:.2}", row.name, row.ratio.ratio));
                (case.name, rows.collect())
            })
            .collect()
    }

    #[test]
    fn rows_are_found_on_any_level_of_the_tree() {
        let cases = shape(BANK_ACCOUNT);
        assert_eq!(cases[0].0, "1 thread");
        assert_eq!(cases[1].0, "2 threads");
        let rows = ["reference 1.00", "parking_lot_mutex 1.03", "std_mutex 1.91"];
        assert_eq!(cases[1].1, rows);
        let cases = shape(PUBLICATION);
        assert_eq!(cases[2].0, "publish");
        assert_eq!(cases[2].1, ["reference 1.00", "std OnceLock 2.62"]);
        let cases = shape(WAIT_GROUP);
        assert_eq!(cases[2].0, "fan_in");
        let rows = ["reference 1.00", "crossbeam 0.98", "std_scope 0.89"];
        assert_eq!(cases[2].1, rows);
    }

    fn round(yours: Option<f64>, reference: f64) -> Vec<Leaf> {
        let leaf = |name: &str, median| Leaf { path: vec![name.to_owned()], median };
        let yours = yours.map(|median| leaf("yours", median));
        yours.into_iter().chain([leaf("reference", reference)]).collect()
    }

    #[test]
    fn each_round_has_its_own_measure() {
        // The machine was half as quick in the second round, and busy for a moment in the third.
        let rounds = [(12.0, 10.0), (24.0, 20.0), (30.0, 10.0)];
        let rounds = rounds.map(|(yours, reference)| round(Some(yours), reference));
        let cases = cases(&rounds);
        let yours = cases[0].rows[0].ratio;
        assert!(cases[0].has_yours());
        assert_eq!((yours.ratio, yours.low, yours.high), (1.2, 1.2, 3.0));
        assert_eq!(cases[0].rows[1].ratio.high, 1.0);
    }

    #[test]
    fn without_a_reference_there_is_no_ratio() {
        assert!(cases(&[]).is_empty());
        let alone = Leaf { path: vec!["yours".into()], median: 1.0 };
        assert!(cases(&[vec![alone]]).is_empty());
        let cases = cases(&[round(Some(1.0), 0.0)]);
        assert!(!cases[0].has_yours(), "nothing is so many times nothing");
        assert_eq!(Ratio::of(vec![]), None);
        let even = Ratio::of(vec![1.0, 2.0]);
        assert_eq!(even.map(|ratio| ratio.ratio), Some(1.5));
    }
}
