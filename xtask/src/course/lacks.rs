//! What a learner's file lacks of what it was shipped with. The lesson's own files use it, so rustc complains about them,
//! which the learner does not edit.

use std::collections::BTreeSet;
use std::fs;

use syn::{ImplItem, Item, UseTree, Visibility};

use crate::course::{Lesson, Workspace, stub};

/// What is the matter with the learner's file, in a sentence, if this can be told.
pub fn lacks(workspace: &Workspace, lesson: &Lesson) -> Option<String> {
    let file = fs::read(workspace.path(lesson.file())).ok()?;
    let name = lesson.file_name();
    let text = match std::str::from_utf8(&file) {
        Ok(text) => text,
        Err(error) => {
            let line = 1 + file[..error.valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            return Some(format!(
                "{name}:{line} is not UTF-8, as Rust's files are: save your file in that encoding."
            ));
        }
    };
    let there = items(text)?;
    let missing: Vec<_> = items(&stub::read(workspace, lesson).ok()?)?
        .difference(&there)
        .map(|item| format!("`{item}`"))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "{name} does not have {}, which the lesson's own files use. Write it there, under that name.",
            missing.join(", ")
        )
    })
}

/// The public items of a file, and the public methods of its types; `None` if it is no Rust.
fn items(text: &str) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for item in syn::parse_file(text).ok()?.items {
        let (visibility, name) = match item {
            Item::Fn(item) => (item.vis, item.sig.ident),
            Item::Struct(item) => (item.vis, item.ident),
            Item::Enum(item) => (item.vis, item.ident),
            Item::Trait(item) => (item.vis, item.ident),
            Item::Type(item) => (item.vis, item.ident),
            Item::Const(item) => (item.vis, item.ident),
            Item::Static(item) => (item.vis, item.ident),
            Item::Use(item) => {
                used(&item.tree, &mut found);
                continue;
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let syn::Type::Path(of) = &*item.self_ty else {
                    continue;
                };
                let Some(of) = of.path.segments.last() else {
                    continue;
                };
                for method in item.items {
                    if let ImplItem::Fn(method) = method
                        && matches!(method.vis, Visibility::Public(_))
                    {
                        found.insert(format!("{}::{}", of.ident, method.sig.ident));
                    }
                }
                continue;
            }
            _ => continue,
        };
        if matches!(visibility, Visibility::Public(_)) {
            found.insert(name.to_string());
        }
    }
    Some(found)
}

/// The names that a `use` brings.
fn used(tree: &UseTree, found: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => used(&path.tree, found),
        UseTree::Name(name) => drop(found.insert(name.ident.to_string())),
        UseTree::Rename(rename) => drop(found.insert(rename.rename.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| used(tree, found)),
        UseTree::Glob(_) => {}
    }
}
