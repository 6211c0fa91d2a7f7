//! The modules of a crate, and which of them use which, as far as paths tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree};

/// A crate. Modules are named by their paths, `sync::model`; the root's is empty.
pub struct Crate {
    modules: BTreeMap<String, Module>,
    /// Which module uses which, by any path in it.
    pub uses: BTreeSet<(String, String)>,
}

#[derive(Default)]
struct Module {
    /// The items that it defines, other modules left out.
    items: BTreeSet<String>,
    /// What it imports, by the name that it has there.
    imports: Vec<(String, Vec<String>)>,
    /// The modules of which it imports everything.
    globs: Vec<Vec<String>>,
    /// Every path in it.
    paths: Vec<Vec<String>>,
}

impl Crate {
    /// Reads the files from the crate's root on. What is there only for tests does not count.
    pub fn read(root: &Path) -> Self {
        let mut all = Self { modules: BTreeMap::new(), uses: BTreeSet::new() };
        let folder = root.parent().expect("a root is in a folder");
        all.read_file(root, folder.to_owned(), String::new());
        for (name, module) in &all.modules {
            let imports = module.imports.iter().map(|(_, path)| path);
            for path in imports.chain(&module.globs).chain(&module.paths) {
                if let Some(used) = all.resolve(name, path, 0).filter(|used| used != name) {
                    all.uses.insert((name.clone(), used));
                }
            }
        }
        all
    }

    fn read_file(&mut self, file: &Path, folder: PathBuf, name: String) {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.read_items(&parsed.items, folder, name);
    }

    fn read_items(&mut self, items: &[Item], folder: PathBuf, name: String) {
        let mut module = Module::default();
        for item in items {
            if let Item::Mod(inner) = item {
                if is_for_tests(&inner.attrs) {
                    continue;
                }
                let ident = inner.ident.to_string();
                let full = [name.as_str(), &ident].join("::");
                let full = full.trim_start_matches("::").to_owned();
                let within = folder.join(&ident);
                match &inner.content {
                    Some((_, items)) => self.read_items(items, within, full),
                    None => {
                        let file = within.with_extension("rs");
                        let file = if file.is_file() { file } else { within.join("mod.rs") };
                        self.read_file(&file, within, full);
                    }
                }
            } else {
                module.items.extend(name_of(item));
                module.visit_item(item);
            }
        }
        self.modules.insert(name, module);
    }

    /// The module that a path in `module` leads to: the one that defines what it names.
    fn resolve(&self, module: &str, path: &[String], depth: usize) -> Option<String> {
        // Imports that go round in a circle are no Rust.
        if depth > 16 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" | "$crate" => self.walk("", rest, depth),
            "self" => self.walk(module, rest, depth),
            "super" => {
                self.walk(module.rsplit_once("::").map_or("", |(outer, _)| outer), rest, depth)
            }
            _ if path.len() == 1 => None,
            _ => self.step(module, first, depth).and_then(|next| self.walk(&next, rest, depth)),
        }
    }

    /// The module that `path` leads to from `module`, as far as it leads to modules.
    fn walk(&self, module: &str, path: &[String], depth: usize) -> Option<String> {
        match path.split_first() {
            None => Some(module.to_owned()),
            Some((first, rest)) if first == "super" => {
                self.walk(module.rsplit_once("::").map_or("", |(outer, _)| outer), rest, depth)
            }
            Some((first, rest)) => match self.step(module, first, depth) {
                Some(next) => self.walk(&next, rest, depth),
                None => Some(module.to_owned()),
            },
        }
    }

    /// What `name` is in `module`: a module in it, or the home of what it imports.
    fn step(&self, module: &str, name: &str, depth: usize) -> Option<String> {
        let within = [module, name].join("::");
        let within = within.trim_start_matches("::");
        if self.modules.contains_key(within) {
            return Some(within.to_owned());
        }
        let here = self.modules.get(module)?;
        if here.items.contains(name) {
            return None;
        }
        if let Some((_, path)) = here.imports.iter().find(|(imported, _)| imported == name) {
            return self.resolve(module, path, depth + 1);
        }
        here.globs.iter().find_map(|path| {
            let target = self.resolve(module, path, depth + 1)?;
            let defines = self.modules.get(&target)?.items.contains(name);
            if defines { Some(target) } else { self.step(&target, name, depth + 1) }
        })
    }
}

impl Module {
    fn import(&mut self, tree: &UseTree, mut path: Vec<String>) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.import(&inner.tree, path);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, path.clone());
                }
            }
            UseTree::Glob(_) => self.globs.push(path),
            UseTree::Name(_) | UseTree::Rename(_) => {
                let (name, rename) = match tree {
                    UseTree::Rename(inner) => (&inner.ident, &inner.rename),
                    UseTree::Name(inner) => (&inner.ident, &inner.ident),
                    _ => unreachable!("those two only"),
                };
                if name != "self" {
                    path.push(name.to_string());
                }
                let known_as =
                    if rename == "self" { path.last().cloned() } else { Some(rename.to_string()) };
                self.imports.extend(known_as.map(|known_as| (known_as, path)));
            }
        }
    }

    /// The paths in the tokens of a macro, which nobody else reads.
    fn read_tokens(&mut self, tokens: impl ToTokens) {
        let text = tokens.to_token_stream().to_string();
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let mut at = 0;
        while at < words.len() {
            let mut path = vec![words[at].to_owned()];
            while words.get(at + 1) == Some(&"::") && words.get(at + 2).is_some_and(|w| is_ident(w))
            {
                path.push(words[at + 2].to_owned());
                at += 2;
            }
            at += 1;
            if path.len() > 1 && is_ident(&path[0]) {
                self.paths.push(path);
            }
        }
    }
}

impl Visit<'_> for Module {
    fn visit_item(&mut self, item: &Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        self.import(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string());
        self.paths.push(segments.collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, inner: &syn::Macro) {
        self.read_tokens(&inner.tokens);
    }

    // Neither uses anything.
    fn visit_attribute(&mut self, _: &Attribute) {}
    fn visit_visibility(&mut self, _: &syn::Visibility) {}
}

fn is_ident(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute.to_token_stream().to_string();
        let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.next() == Some("cfg") && words.any(|word| word == "test") && !text.contains("not")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name that an item has, if it has one.
fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}
