//! The public API of a source file, one line an item, so that a stub can be compared with its reference and with what
//! a learner made of it.
//!
//! What a learner is free in does not count: private items and fields, the names of parameters, `Send`, `Sync`
//! and `Drop` (they follow from the fields), and whether a trait is derived or written out.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{
    Attribute, Fields, FnArg, GenericParam, Generics, ImplItem, Item, Meta, Path, ReturnType,
    Safety, Signature, TraitItem, Type, Visibility, punctuated::Punctuated, token::Comma,
};

/// Traits that follow from the fields, which are the learner's.
const FROM_FIELDS: [&str; 6] = [
    "Send",
    "Sync",
    "Drop",
    "Unpin",
    "UnwindSafe",
    "RefUnwindSafe",
];

/// What the two have that the other has not.
///
/// # Errors
///
/// One of them is not Rust.
pub fn differences(stub: &str, reference: &str) -> Result<Vec<String>, String> {
    let stub = of(stub).map_err(|error| format!("the stub cannot be read: {error}"))?;
    let reference =
        of(reference).map_err(|error| format!("the reference cannot be read: {error}"))?;
    let only_stub = stub
        .difference(&reference)
        .map(|item| format!("only in the stub:      {item}"));
    let only_reference = reference
        .difference(&stub)
        .map(|item| format!("only in the reference: {item}"));
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
        if self.owner.is_empty() {
            name.to_owned()
        } else {
            format!("{}::{name}", self.owner)
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
        let differ = a
            .iter()
            .zip(&b)
            .filter(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
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
    for item in items {
        match item {
            Item::Fn(item) if is_pub(&item.vis) => {
                api.insert(format!("{module}{}", signature(&item.sig)));
            }
            Item::Struct(item) if is_pub(&item.vis) => {
                let fields = public_fields(&item.fields);
                api.insert(format!(
                    "{module}struct {}{}{fields}",
                    item.ident,
                    generics(&item.generics)
                ));
                derives(&item.attrs, &item.ident.to_string(), module, api);
            }
            Item::Enum(item) if is_pub(&item.vis) => {
                let variants: Vec<_> = item
                    .variants
                    .iter()
                    .map(|variant| format!("{}{}", variant.ident, all_fields(&variant.fields)))
                    .collect();
                let generics = generics(&item.generics);
                api.insert(format!(
                    "{module}enum {}{generics} {{ {} }}",
                    item.ident,
                    variants.join(", ")
                ));
                derives(&item.attrs, &item.ident.to_string(), module, api);
            }
            Item::Trait(item) if is_pub(&item.vis) => {
                let bounds = item.supertraits.to_token_stream();
                let generics = generics(&item.generics);
                api.insert(format!(
                    "{module}trait {}{generics}: {}",
                    item.ident,
                    tidy(&bounds.to_string())
                ));
                for inner in &item.items {
                    let line = match inner {
                        TraitItem::Fn(function) => {
                            let default = if function.default.is_some() {
                                " { … }"
                            } else {
                                ""
                            };
                            format!("{}{default}", signature(&function.sig))
                        }
                        other => tokens(other),
                    };
                    api.insert(format!("{module}trait {}: {line}", item.ident));
                }
            }
            Item::Type(item) if is_pub(&item.vis) => {
                let generics = generics(&item.generics);
                api.insert(format!(
                    "{module}type {}{generics} = {}",
                    item.ident,
                    tokens(&item.ty)
                ));
            }
            Item::Const(item) if is_pub(&item.vis) => {
                api.insert(format!(
                    "{module}const {}: {}",
                    item.ident,
                    tokens(&item.ty)
                ));
            }
            Item::Static(item) if is_pub(&item.vis) => {
                api.insert(format!(
                    "{module}static {}: {}",
                    item.ident,
                    tokens(&item.ty)
                ));
            }
            Item::Use(item) if is_pub(&item.vis) => {
                api.insert(format!("{module}use {}", tokens(&item.tree)));
            }
            Item::Mod(item) if is_pub(&item.vis) => {
                if let Some((_, items)) = &item.content {
                    collect(items, &format!("{module}{}::", item.ident), api);
                }
            }
            Item::Impl(item) => {
                let Some(name) = type_name(&item.self_ty).filter(|name| public.contains(name))
                else {
                    continue;
                };
                if let Some((path, _)) = &item.trait_ {
                    if let Some(name_of_trait) = trait_name(path) {
                        api.insert(format!("{module}impl {name_of_trait} for {name}"));
                    }
                    continue;
                }
                let of = format!(
                    "{module}{}{}",
                    tokens(&item.self_ty),
                    where_clause(&item.generics)
                );
                let parameters = parameters_only(&item.generics);
                if !parameters.is_empty() && item.items.iter().any(is_public) {
                    api.insert(format!(
                        "{module}impl{parameters} {}",
                        tokens(&item.self_ty)
                    ));
                }
                for inner in &item.items {
                    match inner {
                        ImplItem::Fn(function) if is_pub(&function.vis) => {
                            api.insert(format!("{of}: {}", signature(&function.sig)));
                        }
                        ImplItem::Const(constant) if is_pub(&constant.vis) => {
                            api.insert(format!(
                                "{of}: const {}: {}",
                                constant.ident,
                                tokens(&constant.ty)
                            ));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_pub(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_public(item: &ImplItem) -> bool {
    match item {
        ImplItem::Fn(function) => is_pub(&function.vis),
        ImplItem::Const(constant) => is_pub(&constant.vis),
        _ => false,
    }
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
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}

/// The trait without the path to it; `None` for those that follow from the fields.
fn trait_name(path: &Path) -> Option<String> {
    let last = path.segments.last()?;
    (!FROM_FIELDS.contains(&last.ident.to_string().as_str())).then(|| tokens(last))
}

fn derives(attributes: &[Attribute], name: &str, module: &str, api: &mut BTreeSet<String>) {
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
    {
        let Meta::List(_) = &attribute.meta else {
            continue;
        };
        let paths = attribute.parse_args_with(Punctuated::<Path, Comma>::parse_terminated);
        for path in paths.into_iter().flatten() {
            if let Some(name_of_trait) = trait_name(&path) {
                api.insert(format!("{module}impl {name_of_trait} for {name}"));
            }
        }
    }
}

fn public_fields(fields: &Fields) -> String {
    let public: Vec<_> = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| is_pub(&field.vis))
        .map(|(i, field)| {
            let name = field
                .ident
                .as_ref()
                .map_or_else(|| i.to_string(), ToString::to_string);
            format!("{name}: {}", tokens(&field.ty))
        })
        .collect();
    if public.is_empty() {
        String::new()
    } else {
        format!(" {{ {} }}", public.join(", "))
    }
}

fn all_fields(fields: &Fields) -> String {
    let all: Vec<_> = fields
        .iter()
        .map(|field| {
            let name = field
                .ident
                .as_ref()
                .map_or_else(String::new, |name| format!("{name}: "));
            format!("{name}{}", tokens(&field.ty))
        })
        .collect();
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
    let parameters: Vec<_> = signature
        .inputs
        .iter()
        .map(|input| match input {
            FnArg::Receiver(receiver) => {
                // `mut self` is the body's business; the `mut` of `&mut self` belongs to the kind.
                let mut receiver = receiver.clone();
                receiver.mutability = None;
                receiver.attrs.clear();
                tokens(&receiver)
            }
            FnArg::Typed(typed) => tokens(&typed.ty),
        })
        .collect();
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
    let parameters: Vec<_> = generics
        .params
        .iter()
        .map(|parameter| match parameter {
            GenericParam::Type(parameter) => tokens(parameter),
            GenericParam::Lifetime(parameter) => tokens(parameter),
            GenericParam::Const(parameter) => tokens(parameter),
        })
        .collect();
    format!("<{}>", parameters.join(", "))
}

fn where_clause(generics: &Generics) -> String {
    generics
        .where_clause
        .as_ref()
        .map_or_else(String::new, |clause| {
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
        let cases = [
            (
                "pub fn wait(mut self) {}",
                "pub fn wait(&self) {}",
                "WaitGroup: fn wait(&self)",
            ),
            (
                "impl fmt::Debug for",
                "impl fmt::Display for",
                "impl Display for WaitGroup",
            ),
            ("Full(T), Closed", "Full(T), Empty, Closed", "enum Full<T>"),
            ("_more: usize", "_more: isize", "fn add(&self, isize)"),
            (
                "state: State }\n",
                "pub state: State }\n",
                "struct WaitGroup { state: State }",
            ),
            ("where T: Send", "where T: Sync", "where T: Sync"),
            ("fn private", "pub fn private", "fn private"),
            ("pub fn swap", "fn swap", "fn swap"),
            ("pub fn new", "pub const fn new", "const fn new"),
        ];
        for (from, to, named) in cases {
            let reference = REFERENCE.replacen(from, to, 1);
            assert_ne!(reference, REFERENCE, "{from} is there");
            let found = differences(STUB, &reference).expect("both are Rust");
            assert!(
                found.iter().any(|line| line.contains(named)),
                "{named} is not in {found:#?}"
            );
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
            (
                "fn wait",
                "fn await_zero",
                "wait: nothing for WaitGroup: fn wait(self)",
            ),
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
        assert_eq!(
            missed(STUB, &format!("{STUB} pub fn more() {{}}")),
            Some(vec![])
        );
        assert_eq!(missed(STUB, "pub fn"), None);
    }

    #[test]
    fn what_is_not_rust_is_said() {
        assert!(differences("pub fn", REFERENCE).is_err());
    }
}
