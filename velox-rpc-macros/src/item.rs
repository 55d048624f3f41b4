//! Finds the kind of item that an attribute is on without parsing the item, so that a macro can say
//! where its attribute belongs.

use proc_macro2::{Ident, TokenStream, TokenTree};

/// Returns the keyword of the item (`struct`, `fn`, …), after its attributes, visibility and
/// modifiers.
pub(crate) fn keyword(item: &TokenStream) -> Option<Ident> {
    item.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if NOUNS.iter().any(|(keyword, _)| ident == keyword) => Some(ident),
        _ => None,
    })
}

/// Returns what a message calls the item: "a struct", "a function", ….
pub(crate) fn noun(keyword: &Ident) -> &'static str {
    NOUNS.iter().find(|(known, _)| keyword == known).map_or("this", |(_, noun)| noun)
}

const NOUNS: [(&str, &str); 10] = [
    ("struct", "a struct"),
    ("enum", "an enum"),
    ("union", "a union"),
    ("fn", "a function"),
    ("trait", "a trait"),
    ("impl", "an `impl` block"),
    ("mod", "a module"),
    ("type", "a type alias"),
    ("static", "a static"),
    ("use", "an import"),
];
