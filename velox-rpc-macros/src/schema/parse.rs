//! Parses the struct or enum.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote;
use syn::DeriveInput;

use crate::diagnostics::Mistakes;
use crate::item;
use crate::tokens::{is, is_word};

/// Parses the item. If it is neither a struct nor an enum, reports a mistake and returns `None`.
pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Option<DeriveInput> {
    match item::keyword(&tokens) {
        Some(keyword) if keyword == "struct" || keyword == "enum" => {}
        Some(keyword) if keyword == "union" => {
            mistakes.at(keyword, "the fields of a union cannot be told apart in JSON: make it an enum");
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
    syn::parse2(tokens.clone())
        .or_else(|error| {
            match as_in_typescript(tokens.clone()) {
                Some((place, message)) => mistakes.at(place, message),
                None => mistakes.add(error),
            }
            // An empty struct stands in for the item, so that the compiler does not also report
            // that the type is not an input.
            let names = tokens.into_iter().skip_while(|token| !is_word(token, "struct") && !is_word(token, "enum"));
            let name = names.skip(1).take(1).collect::<TokenStream>();
            syn::parse2(quote!(pub struct #name {}))
        })
        .ok()
}

/// Finds `name?: String` and `names: String[]`, and returns what to write instead.
fn as_in_typescript(tokens: TokenStream) -> Option<(TokenTree, &'static str)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.windows(2).find_map(|pair| match pair {
        [mark, colon] if is(mark, '?') && is(colon, ':') => {
            Some((mark.clone(), "a field that may be missing has the type `Option<…>`: write `name: Option<String>`"))
        }
        [TokenTree::Ident(_), TokenTree::Group(list)]
            if list.delimiter() == Delimiter::Bracket && list.stream().is_empty() =>
        {
            Some((pair[1].clone(), "a list has the type `Vec<…>`: write `Vec<String>`"))
        }
        [_, TokenTree::Group(fields)] => as_in_typescript(fields.stream()),
        _ => None,
    })
}
