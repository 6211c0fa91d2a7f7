//! A diff for the eye: painted, and as narrow as the page.

use std::fmt::Write;

use crate::style::{FAINT, GONE, NEW, columns, paint, width, wrap};

/// The lines of a unified diff, painted, all of them moved to the left as far as they go together.
pub fn render(unified: &str) -> String {
    let mut lines: Vec<&str> = unified
        .lines()
        .skip_while(|line| !line.starts_with("@@"))
        .collect();
    // A last line that is blank would stand beside the one that follows the diff.
    if lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    let indent = lines
        .iter()
        .filter(|line| !line.starts_with("@@"))
        .filter_map(|line| line.get(1..).filter(|code| !code.trim().is_empty()))
        .map(|code| code.len() - code.trim_start_matches(' ').len())
        .min()
        .unwrap_or_default();
    let mut text = String::new();
    for line in lines {
        let style = match line.as_bytes().first() {
            Some(b'@') => Some(FAINT),
            Some(b'-') => Some(GONE),
            Some(b'+') => Some(NEW),
            _ => None,
        };
        let shown = if line.starts_with("@@") {
            vec![line.to_owned()]
        } else {
            let (sign, code) = line.split_at_checked(1).unwrap_or_default();
            fold(code.get(indent..).unwrap_or_default())
                .into_iter()
                .map(|code| format!("{sign}{code}").trim_end().to_owned())
                .collect()
        };
        for line in shown {
            let line = style.map_or_else(|| line.clone(), |style| paint(style, &line));
            let _ = writeln!(text, "{}", format!(" {line}").trim_end());
        }
    }
    text
}

/// A line of code that is too wide for the page in several, each a comment if the first is.
fn fold(code: &str) -> Vec<String> {
    // A margin and a sign stand before it.
    let room = width() - 2;
    if columns(code) <= room {
        return vec![code.to_owned()];
    }
    let trimmed = code.trim_start();
    let indent = &code[..code.len() - trimmed.len()];
    let comment = ["//! ", "/// ", "// "]
        .into_iter()
        .find(|comment| trimmed.starts_with(comment));
    let (first, more) = match comment {
        Some(comment) => (comment, comment),
        None => ("", "    "),
    };
    let code_width = room.saturating_sub(columns(indent) + columns(more)).max(20);
    wrap(&trimmed[first.len()..], code_width)
        .iter()
        .enumerate()
        .map(|(i, part)| format!("{indent}{}{part}", if i == 0 { first } else { more }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_fits_the_page() {
        let long = "word ".repeat(20);
        let shown = render(&format!(
            "--- a\n+++ b\n@@ -1,3 +1,2 @@\n     // {long}\n-    a();\n+        b();\n\n"
        ));
        let plain = anstream::adapter::strip_str(&shown).to_string();
        assert!(
            plain.starts_with(" @@ -1,3 +1,2 @@\n  // word word"),
            "{plain}"
        );
        assert!(
            plain.ends_with("\n  // word word word word word\n -a();\n +    b();\n"),
            "{plain}"
        );
        assert!(
            plain.lines().all(|line| columns(line) <= width()),
            "{plain}"
        );
    }
}
