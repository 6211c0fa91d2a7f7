//! The links of the book's pages: those between pages lead to the book's, those to other files to copies of them, and those
//! that lead nowhere are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::pages::Page;
use crate::course::readme::prose;

/// What came of following all links.
#[derive(Debug, Default)]
pub struct Links {
    /// The pages' texts, in their order, with links that lead to the book's places.
    pub texts: Vec<String>,
    /// The files that are linked to and are no pages, from the workspace's root.
    pub files: BTreeSet<PathBuf>,
    /// Links that lead nowhere, and where they are.
    pub broken: Vec<String>,
}

/// Follows the links of all pages.
pub fn follow(root: &Path, pages: &[Page]) -> Links {
    let headings: BTreeMap<&Path, BTreeSet<String>> =
        pages.iter().map(|page| (page.path.as_path(), headings(&page.text))).collect();
    let mut links = Links::default();
    for page in pages {
        let mut text = String::new();
        let mut done = 0;
        for place in targets(&page.text) {
            let target = &page.text[place.clone()];
            text.push_str(&page.text[done..place.start]);
            done = place.end;
            match follow_one(root, &headings, page, target, &mut links.files) {
                Ok(new) => text.push_str(&new),
                Err(why) => {
                    let line = 1 + page.text[..place.start].matches('\n').count();
                    let path = page.path.display();
                    links.broken.push(format!("{path}:{line}: the link to {target}: {why}"));
                }
            }
        }
        text.push_str(&page.text[done..]);
        links.texts.push(text);
    }
    links
}

/// Where a link of a page leads in the book.
fn follow_one(
    root: &Path,
    headings: &BTreeMap<&Path, BTreeSet<String>>,
    page: &Page,
    target: &str,
    files: &mut BTreeSet<PathBuf>,
) -> Result<String, String> {
    if ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
        return Ok(target.to_owned());
    }
    let (file, heading) = match target.split_once('#') {
        Some((file, heading)) => (file, Some(heading)),
        None => (target, None),
    };
    let path = match file {
        "" => Some(page.path.clone()),
        file => normal(&page.path.with_file_name(file)),
    };
    let path = path.ok_or("it leaves the workspace")?;
    if let Some(headings) = headings.get(path.as_path()) {
        return match heading {
            Some(heading) if !headings.contains(heading) => {
                Err(format!("{} has no such heading", path.display()))
            }
            _ => {
                let file = file.strip_suffix("README.md").map(|folder| format!("{folder}index.md"));
                let rest = heading.map_or_else(String::new, |heading| format!("#{heading}"));
                Ok(file.unwrap_or_else(|| target.split('#').next().unwrap_or_default().to_owned())
                    + &rest)
            }
        };
    }
    if !root.join(&path).is_file() {
        return Err(format!("there is no {}", path.display()));
    }
    files.insert(path);
    Ok(as_text(file))
}

/// The name of a copy: what is not HTML a browser shows only as text.
pub fn as_text(file: &str) -> String {
    format!("{file}.txt")
}

/// A path without `..`. `None` if it leaves the folder that it counts from.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir if normal.pop() => {}
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(normal)
}

/// Where the targets of the links are, `](…)`, outside of code.
fn targets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (place, line) in prose(text) {
        // A span of code ends with its paragraph.
        in_code &= !line.is_empty();
        let mut rest = line;
        while let Some(at) = rest.find(['`', ']']) {
            let after = &rest[at..];
            rest = &after[1..];
            if after.starts_with('`') {
                rest = after.trim_start_matches('`');
                in_code = !in_code;
            } else if !in_code
                && let Some(target) = after.strip_prefix("](")
                && let Some(end) = target.find(')')
            {
                let start = place.start + (line.len() - target.len());
                found.push(start..start + end);
                rest = &target[end..];
            }
        }
    }
    found
}

/// The names by which a page's headings are linked to, as mdBook and GitHub make them.
fn headings(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let name: String = title
            .trim()
            .chars()
            .filter_map(|c| match c {
                ' ' => Some('-'),
                '_' | '-' => Some(c),
                _ if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
                _ => None,
            })
            .collect();
        // A name that is there already is given a number.
        let another = (1..).map(|n| format!("{name}-{n}"));
        let free = std::iter::once(name.clone()).chain(another).find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_of_code() {
        let text = "A [page](a.md), [`code`](b.md#c) and `[no](c.md)`.\n\n```md\n[no](d.md)\n```\nAn `open span\n\n[e](e.md)\n";
        let found: Vec<_> = targets(text).into_iter().map(|place| &text[place]).collect();
        assert_eq!(found, ["a.md", "b.md#c", "e.md"]);
    }

    #[test]
    fn headings_are_named_as_in_the_site() {
        let text = "# A page\n\n## `unsafe`: UnsafeCell, MaybeUninit\n\n## Twice\n\n### Twice\n\n#no\n\n```text\n# no\n```\n";
        let names: Vec<_> = headings(text).into_iter().collect();
        assert_eq!(names, ["a-page", "twice", "twice-1", "unsafe-unsafecell-maybeuninit"]);
    }

    #[test]
    fn a_path_stays_in_the_workspace() {
        assert_eq!(normal("a/b/../../c/./d.md".as_ref()), Some("c/d.md".into()));
        assert_eq!(normal("a/../../d.md".as_ref()), None);
    }
}
