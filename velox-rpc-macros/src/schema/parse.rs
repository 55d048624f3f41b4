//! What was written: the struct or enum.

use proc_macro2::{Span, TokenStream};
use syn::DeriveInput;

use crate::diagnostics::Mistakes;
use crate::item;

/// The item; `None`, with the mistake noted, if it is no struct or enum.
pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Option<DeriveInput> {
    match item::keyword(&tokens) {
        Some(keyword) if keyword == "struct" || keyword == "enum" => {}
        Some(keyword) if keyword == "union" => {
            mistakes.at(keyword, "a union does not say which of its fields is there: make it an enum");
            return None;
        }
        Some(keyword) => {
            let message =
                format!("`#[schema]` belongs on the struct or enum that is sent, not on {}", item::noun(&keyword));
            mistakes.at(keyword, message);
            return None;
        }
        None => {
            mistakes.at_span(Span::call_site(), "`#[schema]` belongs on the struct or enum that is sent");
            return None;
        }
    }
    syn::parse2(tokens).map_err(|error| mistakes.add(error)).ok()
}
