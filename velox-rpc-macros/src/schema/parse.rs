//! Parses the struct or enum.

use proc_macro2::{Delimiter, Punct, Spacing, Span, TokenStream, TokenTree};

use syn::parse::Parser as _;
use syn::{DeriveInput, Field};

use crate::diagnostics::{Mistakes, shown};
use crate::item;
use crate::naming::pascal;
use crate::tokens::{between_commas, is, is_group, is_word, regrouped};

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
            let before = mistakes.count();
            let is_enum = item::keyword(&tokens).is_some_and(|keyword| keyword == "enum");
            let item = syn::parse2(with_right_fields(tokens, is_enum, mistakes));
            if item.is_err() && mistakes.count() == before {
                mistakes.add(error);
            }
            item
        })
        .ok()
}

/// Returns the item with commas between its fields. A field that cannot be parsed is reported. It
/// gets a type that is an error, so that the compiler reports nothing where the struct is used.
fn with_right_fields(item: TokenStream, is_enum: bool, mistakes: &mut Mistakes) -> TokenStream {
    let with_fields = item.into_iter().map(|token| match token {
        TokenTree::Group(variants) if is_enum && variants.delimiter() == Delimiter::Brace => {
            regrouped(&variants, with_right_fields(variants.stream(), false, mistakes)).into()
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            let commas = group.stream().into_iter().map(|token| match token {
                semicolon if is(&semicolon, ';') => Punct::new(',', Spacing::Alone).into(),
                token => token,
            });
            let fields = between_commas(commas).into_iter().map(|field| right_field(&field, mistakes));
            regrouped(&group, quote!(#(#fields),*)).into()
        }
        token => token,
    });
    with_fields.collect()
}

fn right_field(field: &[TokenTree], mistakes: &mut Mistakes) -> TokenStream {
    let tokens: TokenStream = field.iter().cloned().collect();
    if Field::parse_named.parse2(tokens.clone()).is_ok() {
        return tokens;
    }
    let is_name = |token: &TokenTree| matches!(token, TokenTree::Ident(_)) && !is_word(token, "pub");
    let Some(at) = field.iter().position(is_name) else {
        mistakes.at(tokens, FIELD);
        return TokenStream::new();
    };
    let (name, type_name) = (&field[at], pascal(&field[at].to_string()));
    let own = |kind: &str| format!("write `{name}: {type_name}`, with `#[schema]` above `{kind} {type_name}`");
    let ty = |ty: &[TokenTree]| shown(ty.iter().cloned().collect::<TokenStream>());
    let (place, message) = match &field[at + 1..] {
        [mark, _, optional @ ..] if is(mark, '?') => {
            let ty = ty(optional);
            (mark, format!("a field that may be missing has the type `Option<…>`: write `{name}: Option<{ty}>`"))
        }
        [_, item @ .., list] if is_group(list, Delimiter::Bracket) => {
            (list, format!("a list has the type `Vec<…>`: write `{name}: Vec<{}>`", ty(item)))
        }
        [_, object] if is_group(object, Delimiter::Brace) => {
            (object, format!("an object inside another is a struct: {}", own("struct")))
        }
        [_, text @ TokenTree::Literal(_), ..] => (text, format!("a choice of strings is an enum: {}", own("enum"))),
        _ => (name, FIELD.to_owned()),
    };
    let ty = mistakes.in_place_of_type(place, message);
    let vis = field.iter().find(|token| is_word(token, "pub"));
    quote!(#vis #name: #ty)
}

const FIELD: &str = "a field is a name and a type: write `name: String`";
