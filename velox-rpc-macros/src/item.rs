//! What kind of item an attribute stands on, found without parsing it: enough to say that the attribute belongs
//! somewhere else.

use proc_macro2::{Ident, TokenStream, TokenTree};

/// The keyword an item begins with (`struct`, `fn`, …), after its attributes, visibility and modifiers.
pub(crate) fn keyword(item: &TokenStream) -> Option<Ident> {
    item.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if KEYWORDS.iter().any(|keyword| ident == keyword) => Some(ident),
        _ => None,
    })
}

/// "a struct", "a function", …: how the item is called in a message.
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
