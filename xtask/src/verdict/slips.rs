//! Slips in a learner's file that rustc accepts, or answers with odd words: the line of each.

/// The line of a lock whose guard is bound to `_`, so that it unlocks at once.
pub fn unlocked_at_once(source: &str) -> Option<u32> {
    statements(source).find_map(|(line, statement)| {
        let value = statement.strip_prefix("let_=");
        let value = value.or_else(|| statement.strip_prefix("_="))?;
        LOCKS.iter().any(|lock| value.ends_with(lock)).then_some(line)
    })
}

/// The line of the first `lock().unwrap()`.
pub fn unwrapped_guard(source: &str) -> Option<u32> {
    statements(source).find_map(|(line, statement)| {
        let mut found = LOCKS.iter().filter_map(|lock| statement.split_once(lock));
        let unwraps =
            |(_, rest): (&str, &str)| rest.starts_with(".unwrap()") || rest.starts_with(".expect(");
        found.any(unwraps).then_some(line)
    })
}

/// Calls that return a guard.
const LOCKS: [&str; 3] = [".lock()", ".read()", ".write()"];

/// The statements without white space and comments, each with the line that it ends in.
fn statements(source: &str) -> impl Iterator<Item = (u32, String)> {
    let mut statement = String::new();
    let code = source.lines().map(|line| line.split("//").next().unwrap_or(line));
    let characters = (1..).zip(code).flat_map(|(n, line)| line.chars().map(move |c| (n, c)));
    let characters: Vec<(u32, char)> = characters.filter(|(_, c)| !c.is_whitespace()).collect();
    characters.into_iter().filter_map(move |(line, c)| {
        if matches!(c, ';' | '{' | '}') {
            Some((line, std::mem::take(&mut statement)))
        } else {
            statement.push(c);
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_that_is_thrown_away_is_found() {
        for (source, line) in [
            ("fn f() {\n    let _ = self.m.lock();\n}", Some(2)),
            ("fn f() {\n _ = self\n .m\n .write();\n}", Some(4)),
            ("let _guard = m.lock();", None),
            ("// let _ = m.lock();", None),
            ("let _ = m.lock().take();", None),
            ("drop(m.lock());", None),
        ] {
            assert_eq!(unlocked_at_once(source), line, "{source}");
        }
    }

    #[test]
    fn a_guard_that_is_unwrapped_is_found() {
        for (source, line) in [
            ("let x = 1;\nlet slot = self.m.lock().unwrap();", Some(2)),
            ("if m.read().expect(\"\").is_none() {}", Some(1)),
            ("let slot = self.m.lock().take().unwrap();", None),
            ("/// m.lock().unwrap();\nfn f() {}", None),
        ] {
            assert_eq!(unwrapped_guard(source), line, "{source}");
        }
    }
}
