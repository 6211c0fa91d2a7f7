//! One of several parts that the lessons are dealt to.

use std::str::FromStr;

use serde::Serialize;

/// The `K` of `N` in `--partition K/N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Partition {
    /// Which part, from 1.
    part: usize,
    /// How many there are.
    of: usize,
}

impl Partition {
    /// Whether the lesson at this place of the course, from 1, is in this part. Lessons are dealt one by one, so
    /// that the long lessons of a chapter do not all fall to one machine.
    pub fn has(self, position: usize) -> bool {
        position % self.of == self.part % self.of
    }
}

impl FromStr for Partition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (part, of) = text.split_once('/')?;
            let (part, of) = (part.parse().ok()?, of.parse().ok()?);
            (1..=of).contains(&part).then_some(Self { part, of })
        };
        parse().ok_or_else(|| "a partition is K/N, the K-th of N parts: 1/4, 2/4, 3/4, 4/4".into())
    }
}

impl std::fmt::Display for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.part, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_is_in_one_part() {
        for of in 1..=5 {
            for position in 1..=65 {
                let parts = (1..=of)
                    .map(|part| format!("{part}/{of}").parse::<Partition>().expect("a part"));
                assert_eq!(parts.filter(|part| part.has(position)).count(), 1);
            }
        }
        let second: Partition = "2/4".parse().expect("a part");
        let dealt: Vec<_> = (1..=10).filter(|place| second.has(*place)).collect();
        assert_eq!(dealt, [2, 6, 10]);
    }

    #[test]
    fn a_partition_is_k_of_n() {
        for wrong in ["0/4", "5/4", "1/0", "1", "a/b", "hash:1/4"] {
            assert!(wrong.parse::<Partition>().is_err(), "{wrong}");
        }
    }
}
