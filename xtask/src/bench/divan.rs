//! Reads the table that divan prints. divan 0.1 has no other output, so this takes it as it comes, with a
//! learner's own prints between its lines.

/// A line of the table that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// The names from the first level of the tree down to this line.
    pub path: Vec<String>,
    /// The median, in nanoseconds.
    pub median: f64,
}

/// The columns: fastest, slowest, median, mean, samples, iterations.
const COLUMNS: usize = 6;
const MEDIAN: usize = 2;

/// What is in the table. Lines that are cut off or were left out are not.
pub fn parse(output: &str) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut in_table = false;
    for line in output.lines() {
        // Above the first line of the table anybody may have drawn trees.
        in_table |= line.contains("fastest") && line.contains("median");
        if !in_table {
            continue;
        }
        let mut rest = line;
        if let Some((depth, below)) = branch(line) {
            path.truncate(depth);
            path.push(name(below).to_owned());
            rest = below;
        }
        // With a print in between, the figures stand on a later line than the name.
        if let Some(median) = median(rest).filter(|_| !path.is_empty()) {
            leaves.push(Leaf { path: path.clone(), median });
        }
    }
    leaves
}

/// What is being measured at the end of this output: the names of the line that has no figures yet.
pub fn at_work(output: &str) -> Option<String> {
    let last = output.lines().last().filter(|_| !output.ends_with('\n'))?;
    let (depth, below) = branch(last)?;
    let mut names = vec![name(below)];
    let mut depth = depth;
    for line in output.lines().rev().skip(1) {
        if let Some((above, below)) = branch(line).filter(|(above, _)| *above < depth) {
            names.push(name(below));
            depth = above;
        }
    }
    names.reverse();
    Some(names.join(", "))
}

/// How deep in the tree a line is, from 0, and what follows its branch.
fn branch(line: &str) -> Option<(usize, &str)> {
    let mut rest = line;
    for depth in 0.. {
        let below = rest.strip_prefix("├─ ").or_else(|| rest.strip_prefix("╰─ "));
        if let Some(below) = below {
            return Some((depth, below));
        }
        let inner = rest.strip_prefix("│  ");
        rest = inner.or_else(|| rest.strip_prefix("   "))?;
    }
    None
}

/// A name may have a space, and at least two follow it.
fn name(below: &str) -> &str {
    below.split("  ").next().unwrap_or(below).trim_end()
}

fn median(line: &str) -> Option<f64> {
    let columns: Vec<&str> = line.rsplitn(COLUMNS, '│').map(str::trim).collect();
    // From the right.
    let column = columns.get(COLUMNS - 1 - MEDIAN)?;
    nanoseconds(column).filter(|_| columns.len() == COLUMNS)
}

/// `1.143 ms` as 1,143,000.
fn nanoseconds(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let number: f64 = number.replace(',', "").parse().ok()?;
    let factor = match unit.trim() {
        "ps" => 1e-3,
        "ns" => 1.0,
        // Micro sign, Greek mu, and what is typed for either.
        "\u{b5}s" | "\u{3bc}s" | "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3_600e9,
        "d" => 86_400e9,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// As divan 0.1.21 printed them for the stubs.
    pub const BANK_ACCOUNT: &str = include_str!("captured/bank_account.txt");
    pub const PUBLICATION: &str = include_str!("captured/publication.txt");
    pub const WAIT_GROUP: &str = include_str!("captured/wait_group.txt");

    fn medians(output: &str) -> Vec<(String, f64)> {
        let leaves = parse(output).into_iter();
        leaves.map(|leaf| (leaf.path.join("/"), leaf.median)).collect()
    }

    #[test]
    fn tables_are_read() {
        let leaves = medians(BANK_ACCOUNT);
        assert_eq!(leaves.len(), 6);
        assert_eq!(leaves[5], ("std_mutex/t=2".into(), 125.9));
        let leaves = medians(PUBLICATION);
        assert_eq!(leaves.len(), 8);
        assert_eq!(leaves[3], ("get_by_two_threads/std OnceLock".into(), 0.26));
        let leaves = medians(WAIT_GROUP);
        // The ignored ones are not there.
        assert_eq!(leaves.len(), 9, "{leaves:?}");
        assert_eq!(leaves[2], ("contended/crossbeam".into(), 1_370_000.0));
        assert_eq!(leaves[4], ("fan_in/crossbeam".into(), 125_400.0));
    }

    #[test]
    fn every_unit_is_known() {
        for (text, expected) in [
            ("250 ps", 0.25),
            ("0.368 ns", 0.368),
            ("20.09 ns", 20.09),
            ("125.4 µs", 125_400.0),
            ("125.4 μs", 125_400.0),
            ("1.37 ms", 1_370_000.0),
            ("1,234.5 ms", 1_234_500_000.0),
            ("2 s", 2e9),
            ("1.5 m", 90e9),
            ("1 h", 3_600e9),
            ("1 d", 86_400e9),
        ] {
            let read = nanoseconds(text).expect(text);
            assert!((read - expected).abs() < expected * 1e-9, "{text}: {read}");
        }
        for text in ["", "(ignored)", "fast", "1 kg", "median", "12"] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_code_prints_is_passed_over() {
        let output = "├─ a tree of somebody  1 ns │ 1 ns │ 1 ns │ 1 ns │ 1 │ 1\n\
                      compare      fastest       │ slowest       │ median        │ mean          │ samples │ iters\n\
                      ├─ one       adding\nadding\n1 ns          │ 3 ns          │ 2 ns          │ 2 ns          │ 100     │ 100\n\
                      ╰─ two       5 ns          │ 6 ns          │ 7 ns          │ 8 ns          │ 100     │ 100\n";
        assert_eq!(medians(output), [("one".into(), 2.0), ("two".into(), 7.0)]);
    }

    #[test]
    fn a_table_that_was_cut_off_has_what_was_measured() {
        for end in (0..WAIT_GROUP.len()).filter(|end| WAIT_GROUP.is_char_boundary(*end)) {
            let part = medians(&WAIT_GROUP[..end]);
            assert!(medians(WAIT_GROUP).starts_with(&part), "{part:?}");
        }
    }

    #[test]
    fn the_row_at_work_is_known() {
        let (before, _) = WAIT_GROUP.split_once("1.026 ms").expect("it is there");
        assert_eq!(at_work(before).as_deref(), Some("contended, reference"));
        assert_eq!(at_work(WAIT_GROUP), None);
        assert_eq!(at_work(""), None);
    }
}
