//! The public API of a source file, one line an item, so that a stub can be compared with its reference and with what
//! a learner made of it.
//!
//! What a learner is free in does not count: private items and fields, the names of parameters, `Send`, `Sync`
//! and `Drop` (they follow from the fields), and whether a trait is derived or written out.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{
    Attribute, Fields, FnArg, Generics, Ident, ImplItem, Item, ItemImpl, Path, ReturnType, Safety,
    Signature, TraitItem, Type, Variant, Visibility, punctuated::Punctuated, token::Comma,
};

/// Traits that follow from the fields, which are the learner's.
const FROM_FIELDS: &str = "Send Sync Drop Unpin UnwindSafe RefUnwindSafe";

/// What the two have that the other has not.
///
/// # Errors
///
/// One of them is not Rust.
pub fn differences(stub: &str, reference: &str) -> Result<Vec<String>, String> {
    let stub = of(stub).map_err(|error| format!("the stub cannot be read: {error}"))?;
    let reference =
        of(reference).map_err(|error| format!("the reference cannot be read: {error}"))?;
    let only_stub = stub.difference(&reference);
    let only_stub = only_stub.map(|item| format!("only in the stub:      {item}"));
    let only_reference = reference.difference(&stub);
    let only_reference = only_reference.map(|item| format!("only in the reference: {item}"));
    Ok(only_stub.chain(only_reference).collect())
}

/// An item of the lesson's public API that is not in the learner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The type that it belongs to, if it is a function of one.
    pub owner: String,
    /// What it is called: `add`, or `struct WaitGroup`.
    pub name: String,
    /// As the lesson has it.
    pub lessons: String,
    /// What the learner has under that name.
    pub yours: Option<String>,
}

impl Missed {
    /// `WaitGroup::add`, or `WaitGroup`.
    pub fn path(&self) -> String {
        let name = self.name.rsplit(' ').next().unwrap_or(&self.name);
        match self.owner.as_str() {
            "" => name.to_owned(),
            owner => format!("{owner}::{name}"),
        }
    }

    /// What is different of the two: the parts between their brackets and commas that are, or else all.
    pub fn parts(&self) -> Option<(String, String)> {
        let split = |line: &str| -> Vec<String> {
            let line = line.replace(" where ", ", ");
            let parts = line.split(", ").flat_map(|part| part.split(['(', ')']));
            parts.map(|part| part.trim().to_owned()).collect()
        };
        let yours = self.yours.as_ref()?;
        let (a, b) = (split(yours), split(&self.lessons));
        let differ = a.iter().zip(&b).filter(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
        let (a_differ, b_differ): (Vec<_>, Vec<_>) = differ.map(|(a, b)| (&**a, &**b)).unzip();
        Some(if a.len() == b.len() && a_differ.len() == 1 {
            (a_differ.concat(), b_differ.concat())
        } else {
            (yours.clone(), self.lessons.clone())
        })
    }
}

/// What the stub has and the learner's file has not, or has otherwise. What it has besides is the learner's business.
/// `None` if one of them is not Rust.
pub fn missed(stub: &str, yours: &str) -> Option<Vec<Missed>> {
    let (stub, yours) = (of(stub).ok()?, of(yours).ok()?);
    let missed = stub.difference(&yours).map(|lessons| {
        let key = key(lessons);
        let other = yours.difference(&stub).find(|line| self::key(line) == key);
        Missed {
            owner: key.0.to_owned(),
            name: key.1.to_owned(),
            lessons: lessons.clone(),
            yours: other.cloned(),
        }
    });
    let mut missed: Vec<_> = missed.collect();
    // Types before what they have.
    missed.sort_by_key(|one| !one.name.contains(' '));
    Some(missed)
}

/// What a line of an API is known by: the item that it is in, and its name.
fn key(line: &str) -> (&str, &str) {
    let name = |from: usize| {
        let end = line[from..].find(|c: char| !c.is_alphanumeric() && c != '_');
        end.map_or(line.len(), |end| from + end)
    };
    match (line.find("fn "), line.rfind("> "), line.split_once(' ')) {
        // The bounds of a type's own functions.
        (_, Some(at), _) if line.starts_with("impl<") => ("impl", &line[at + 2..name(at + 2)]),
        (Some(at), ..) => {
            let owner = line[..at].split(['<', ':', ' ']).next().unwrap_or_default();
            (owner, &line[at + 3..name(at + 3)])
        }
        (None, _, Some((kind, _))) if kind != "impl" => ("", &line[..name(kind.len() + 1)]),
        _ => ("", line),
    }
}

/// The public API of a source file, one line an item.
fn of(source: &str) -> syn::Result<BTreeSet<String>> {
    let file = syn::parse_file(source)?;
    let mut api = BTreeSet::new();
    collect(&file.items, "", &mut api);
    Ok(api)
}

fn collect(items: &[Item], module: &str, api: &mut BTreeSet<String>) {
    let public: BTreeSet<String> = items.iter().filter_map(public_type).collect();
    let mut add = |line: String| {
        api.insert(format!("{module}{line}"));
    };
    for item in items {
        match item {
            Item::Fn(item) if is_pub(&item.vis) => {
                add(signature(&item.sig));
            }
            Item::Struct(item) if is_pub(&item.vis) => {
                let (name, generics) = (&item.ident, generics(&item.generics));
                add(format!("struct {name}{generics}{}", public_fields(&item.fields)));
                derives(&item.attrs, name).for_each(&mut add);
            }
            Item::Enum(item) if is_pub(&item.vis) => {
                let variant = |one: &Variant| format!("{}{}", one.ident, all_fields(&one.fields));
                let variants: Vec<_> = item.variants.iter().map(variant).collect();
                let (name, generics) = (&item.ident, generics(&item.generics));
                add(format!("enum {name}{generics} {{ {} }}", variants.join(", ")));
                derives(&item.attrs, name).for_each(&mut add);
            }
            Item::Trait(item) if is_pub(&item.vis) => {
                let (name, generics) = (&item.ident, generics(&item.generics));
                add(format!("trait {name}{generics}: {}", tokens(&item.supertraits)));
                for inner in &item.items {
                    let line = match inner {
                        TraitItem::Fn(function) if function.default.is_some() => {
                            signature(&function.sig) + " { … }"
                        }
                        TraitItem::Fn(function) => signature(&function.sig),
                        other => tokens(other),
                    };
                    add(format!("trait {name}: {line}"));
                }
            }
            Item::Type(item) if is_pub(&item.vis) => {
                let (name, generics) = (&item.ident, generics(&item.generics));
                add(format!("type {name}{generics} = {}", tokens(&item.ty)));
            }
            Item::Const(item) if is_pub(&item.vis) => {
                add(format!("const {}: {}", item.ident, tokens(&item.ty)));
            }
            Item::Static(item) if is_pub(&item.vis) => {
                add(format!("static {}: {}", item.ident, tokens(&item.ty)));
            }
            Item::Use(item) if is_pub(&item.vis) => {
                add(format!("use {}", tokens(&item.tree)));
            }
            Item::Mod(item) if is_pub(&item.vis) => {
                if let Some((_, items)) = &item.content {
                    let mut inner = BTreeSet::new();
                    collect(items, &format!("{}::", item.ident), &mut inner);
                    inner.into_iter().for_each(&mut add);
                }
            }
            Item::Impl(item) => {
                let name = type_name(&item.self_ty).filter(|name| public.contains(name));
                match (name, &item.trait_) {
                    (None, _) => {}
                    (Some(name), Some((path, _))) => {
                        let line = trait_name(path).map(|of| format!("impl {of} for {name}"));
                        line.into_iter().for_each(&mut add);
                    }
                    (Some(_), None) => own_functions(item).for_each(&mut add),
                }
            }
            _ => {}
        }
    }
}

/// What is public in a type's own `impl`, and the bounds that it is public under.
fn own_functions(item: &ItemImpl) -> impl Iterator<Item = String> {
    let (name, bounds) = (tokens(&item.self_ty), parameters_only(&item.generics));
    let of = format!("{name}{}", where_clause(&item.generics));
    let line = |inner: &ImplItem| match inner {
        ImplItem::Fn(it) if is_pub(&it.vis) => Some(format!("{of}: {}", signature(&it.sig))),
        ImplItem::Const(it) if is_pub(&it.vis) => {
            Some(format!("{of}: const {}: {}", it.ident, tokens(&it.ty)))
        }
        _ => None,
    };
    let lines: Vec<String> = item.items.iter().filter_map(line).collect();
    let bounds = (!bounds.is_empty() && !lines.is_empty()).then(|| format!("impl{bounds} {name}"));
    bounds.into_iter().chain(lines)
}

fn is_pub(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn public_type(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) if is_pub(&item.vis) => Some(item.ident.to_string()),
        Item::Enum(item) if is_pub(&item.vis) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// `Guard` in `&'a Guard<'_, T>`.
fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}

/// The trait without the path to it; `None` for those that follow from the fields.
fn trait_name(path: &Path) -> Option<String> {
    let last = path.segments.last()?;
    let follows = FROM_FIELDS.split(' ').any(|name| last.ident == name);
    (!follows).then(|| tokens(last))
}

/// The traits that are derived for the type of this name.
fn derives(attributes: &[Attribute], name: &Ident) -> impl Iterator<Item = String> {
    let derives = attributes.iter().filter(|one| one.path().is_ident("derive"));
    let paths = derives.flat_map(|derive| {
        let paths = derive.parse_args_with(Punctuated::<Path, Comma>::parse_terminated);
        paths.into_iter().flatten()
    });
    paths.filter_map(move |path| Some(format!("impl {} for {name}", trait_name(&path)?)))
}

fn public_fields(fields: &Fields) -> String {
    let public = fields.iter().enumerate().filter(|(_, field)| is_pub(&field.vis));
    let public = public.map(|(i, field)| {
        let name = field.ident.as_ref();
        let name = name.map_or_else(|| i.to_string(), ToString::to_string);
        format!("{name}: {}", tokens(&field.ty))
    });
    match public.collect::<Vec<_>>() {
        none if none.is_empty() => String::new(),
        public => format!(" {{ {} }}", public.join(", ")),
    }
}

fn all_fields(fields: &Fields) -> String {
    let all = fields.iter().map(|field| match &field.ident {
        Some(name) => format!("{name}: {}", tokens(&field.ty)),
        None => tokens(&field.ty),
    });
    let all: Vec<_> = all.collect();
    match fields {
        Fields::Unit => String::new(),
        Fields::Unnamed(_) => format!("({})", all.join(", ")),
        Fields::Named(_) => format!(" {{ {} }}", all.join(", ")),
    }
}

/// A function's signature without the names of its parameters.
fn signature(signature: &Signature) -> String {
    let mut line = String::new();
    for (keyword, there) in [
        ("const ", signature.constness.is_some()),
        ("async ", signature.asyncness.is_some()),
        ("unsafe ", matches!(signature.safety, Safety::Unsafe(_))),
    ] {
        if there {
            line.push_str(keyword);
        }
    }
    let parameters = signature.inputs.iter().map(|input| match input {
        FnArg::Receiver(receiver) => {
            // `mut self` is the body's business; the `mut` of `&mut self` belongs to the kind.
            let mut receiver = receiver.clone();
            receiver.mutability = None;
            receiver.attrs.clear();
            tokens(&receiver)
        }
        FnArg::Typed(typed) => tokens(&typed.ty),
    });
    let parameters: Vec<_> = parameters.collect();
    let output = match &signature.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, of) => format!(" -> {}", tokens(of)),
    };
    format!(
        "{line}fn {}{}({}){output}{}",
        signature.ident,
        parameters_only(&signature.generics),
        parameters.join(", "),
        where_clause(&signature.generics)
    )
}

fn generics(generics: &Generics) -> String {
    format!("{}{}", parameters_only(generics), where_clause(generics))
}

fn parameters_only(generics: &Generics) -> String {
    if generics.params.is_empty() {
        return String::new();
    }
    let parameters: Vec<_> = generics.params.iter().map(tokens).collect();
    format!("<{}>", parameters.join(", "))
}

fn where_clause(generics: &Generics) -> String {
    let clause = generics.where_clause.as_ref();
    clause.map_or_else(String::new, |clause| {
        let predicates: Vec<_> = clause.predicates.iter().map(tokens).collect();
        format!(" where {}", predicates.join(", "))
    })
}

fn tokens(of: &impl ToTokens) -> String {
    tidy(&of.to_token_stream().to_string())
}

/// The spaces that a token stream prints are not those that a person writes.
fn tidy(tokens: &str) -> String {
    let mut text = tokens.to_owned();
    for (spaced, tight) in [
        (" < ", "<"),
        (" > ", "> "),
        (" >", ">"),
        (" :: ", "::"),
        (" , ", ", "),
        ("& ", "&"),
        (" :", ":"),
        ("( ", "("),
        (" )", ")"),
        ("[ ", "["),
        (" ]", "]"),
        (" (", "("),
        (" ;", ";"),
    ] {
        text = text.replace(spaced, tight);
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUB: &str = "
        /// Docs.
        #[derive(Debug)]
        pub struct WaitGroup { _write_me: () }
        pub enum Full<T> { Full(T), Closed { value: T } }
        impl WaitGroup {
            /// More docs.
            pub fn new() -> Self { todo!() }
            pub fn add(&self, n: usize) { todo!() }
            pub fn wait(self) { todo!() }
        }
        pub fn swap<T: Clone>(a: &mut T, b: &T) -> Option<T> where T: Send { todo!() }
        pub struct Slot<T> { replace_me: T }
        impl<T: Send> Slot<T> {
            pub fn take(&self) {}
        }
    ";

    const REFERENCE: &str = "
        use std::fmt;
        struct State(u32);
        impl State { pub fn helper(&self) {} }
        pub struct WaitGroup { state: State }
        pub enum Full<T> { Full(T), Closed { value: T } }
        impl fmt::Debug for WaitGroup { fn fmt(&self) {} }
        impl Drop for WaitGroup { fn drop(&mut self) {} }
        unsafe impl Sync for WaitGroup {}
        impl WaitGroup {
            pub fn new() -> Self { WaitGroup { state: State(0) } }
            pub fn add(&self, _more: usize) {}
            pub fn wait(mut self) {}
            fn private(&self) {}
            pub(crate) fn inner(&self) {}
        }
        pub fn swap<T: Clone>(x: &mut T, y: &T) -> Option<T> where T: Send { None }
        pub struct Slot<T> { value: Option<T> }
        impl<T> Slot<T> {
            fn private(&self) {}
        }
        impl<T: Send> Slot<T> {
            pub fn take(&self) {}
        }
    ";

    #[test]
    fn what_a_learner_is_free_in_does_not_count() {
        assert_eq!(differences(STUB, REFERENCE), Ok(vec![]));
    }

    #[test]
    fn every_difference_is_named() {
        for (from, to, named) in [
            ("wait(mut self)", "wait(&self)", "WaitGroup: fn wait(&self)"),
            ("fmt::Debug", "fmt::Display", "impl Display for WaitGroup"),
            ("Full(T), Closed", "Full(T), Empty, Closed", "enum Full<T>"),
            ("_more: usize", "_more: isize", "fn add(&self, isize)"),
            ("{ state: State }\n", "{ pub state: State }\n", "struct WaitGroup { state: State }"),
            ("where T: Send", "where T: Sync", "where T: Sync"),
            ("fn private", "pub fn private", "fn private"),
            ("pub fn swap", "fn swap", "fn swap"),
            ("pub fn new", "pub const fn new", "const fn new"),
        ] {
            let reference = REFERENCE.replacen(from, to, 1);
            assert_ne!(reference, REFERENCE, "{from} is there");
            let found = differences(STUB, &reference).expect("both are Rust");
            let is_named = found.iter().any(|line| line.contains(named));
            assert!(is_named, "{named} is not in {found:#?}");
        }
    }

    #[test]
    fn what_is_missed_is_told_in_few_words() {
        for (from, to, says) in [
            ("add(&self", "add(&mut self", "add: &mut self for &self"),
            ("T: Send", "T: Send + Eq", "swap: T: Send + Eq for T: Send"),
            (
                "n: usize",
                "n: isize, m: u8",
                "add: WaitGroup: fn add(&self, isize, u8) for WaitGroup: fn add(&self, usize)",
            ),
            ("fn wait", "fn await_zero", "wait: nothing for WaitGroup: fn wait(self)"),
            (
                "pub struct WaitGroup",
                "struct WaitGroup",
                "struct WaitGroup: nothing for struct WaitGroup",
            ),
            (
                "#[derive(Debug)]",
                "",
                "impl Debug for WaitGroup: nothing for impl Debug for WaitGroup",
            ),
        ] {
            let yours = STUB.replacen(from, to, 1);
            let missed = missed(STUB, &yours).expect("both are Rust");
            let said = missed.iter().map(|one| match one.parts() {
                Some((yours, lessons)) => format!("{}: {yours} for {lessons}", one.name),
                None => format!("{}: nothing for {}", one.name, one.lessons),
            });
            let said: Vec<_> = said.collect();
            assert!(said.iter().any(|line| line == says), "{says}: {said:?}");
        }
        let more = format!("{STUB} pub fn more() {{}}");
        assert_eq!(missed(STUB, &more), Some(vec![]));
        assert_eq!(missed(STUB, "pub fn"), None);
    }

    #[test]
    fn what_is_not_rust_is_said() {
        assert!(differences("pub fn", REFERENCE).is_err());
    }
}
