//! Finds the kind of item that an attribute is on without parsing the item, so that a macro can say
//! where its attribute belongs.

use proc_macro2::{Ident, TokenStream, TokenTree};

/// Returns the keyword of the item (`struct`, `fn`, …), after its attributes, visibility and
/// modifiers.
pub(crate) fn keyword(item: &TokenStream) -> Option<Ident> {
    item.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if KEYWORDS.iter().any(|keyword| ident == keyword) => Some(ident),
        _ => None,
    })
}

/// Returns what a message calls the item: "a struct", "a function", ….
pub(crate) fn noun(keyword: &Ident) -> &'static str {
    NOUNS[KEYWORDS.iter().position(|known| keyword == known).unwrap_or(KEYWORDS.len())]
}

const KEYWORDS: [&str; 10] = ["struct", "enum", "union", "fn", "trait", "impl", "mod", "type", "static", "use"];
const NOUNS: [&str; 11] = [
    "a struct",
    "an enum",
    "a union",
    "a function",
    "a trait",
    "an `impl` block",
    "a module",
    "a type alias",
    "a static",
    "an import",
    "this",
];
