//! Parses the struct or enum.

use std::{mem, slice};

use proc_macro2::{Delimiter, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Meta, Path};

use crate::diagnostics::{Mistakes, shown};
use crate::item;
use crate::naming::pascal;
use crate::tokens::{between_commas, is, is_free, is_group, is_text, is_word, regrouped};

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
    let mut item: DeriveInput = syn::parse2(tokens.clone())
        .or_else(|error| {
            let before = mistakes.count();
            let is_enum = item::keyword(&tokens).is_some_and(|keyword| keyword == "enum");
            let item = syn::parse2(with_right_fields(tokens, is_enum, mistakes));
            if item.is_err() && mistakes.count() == before {
                mistakes.add(error);
            }
            item
        })
        .ok()?;
    item::once("schema", is_ours, &mut item.attrs, mistakes);
    match &mut item.data {
        Data::Struct(data) => once_each(&mut data.fields, mistakes),
        Data::Enum(data) => data.variants.iter_mut().for_each(|variant| once_each(&mut variant.fields, mistakes)),
        Data::Union(_) => {}
    }
    Some(item)
}

/// Returns whether `#[schema]` is given without arguments, or with a word for fields. With others it
/// belongs to a derive of another crate.
fn is_ours(schema: &Attribute) -> bool {
    let is_word = |path: Path| ["nullable", "trim", "lowercase", "uppercase"].iter().any(|word| path.is_ident(word));
    matches!(schema.meta, Meta::Path(_)) || schema.parse_args().is_ok_and(is_word)
}

/// Reports fields of the same name, and keeps the first. The compiler would report each at several
/// places. Fields with a `#[cfg(…)]` may never exist together.
fn once_each(fields: &mut Fields, mistakes: &mut Mistakes) {
    let Fields::Named(fields) = fields else { return };
    let mut known: Vec<Ident> = Vec::new();
    let fields = &mut fields.named;
    *fields = mem::take(fields)
        .into_iter()
        .filter(|field| {
            let is_cfg = field.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
            let Some(name) = field.ident.clone().filter(|_| !is_cfg) else { return true };
            let is_again = known.contains(&name);
            if is_again {
                mistakes.at(&name, format_args!("there is already a field `{name}`: remove one of the two"));
            }
            known.push(name);
            !is_again
        })
        .collect();
}

/// Returns the item with commas between its fields. A field that cannot be parsed is reported. It
/// gets a type that is an error, so that the compiler reports nothing where the struct is used.
fn with_right_fields(item: TokenStream, is_enum: bool, mistakes: &mut Mistakes) -> TokenStream {
    let with_fields = item.into_iter().map(|token| match token {
        TokenTree::Group(variants) if is_enum && variants.delimiter() == Delimiter::Brace => {
            let variants = regrouped(&variants, with_right_fields(between(variants.stream()), false, mistakes));
            variants.into()
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            let commas = group.stream().into_iter().map(|token| match token {
                semicolon if is(&semicolon, ';') => Punct::new(',', Spacing::Alone).into(),
                token => token,
            });
            let pieces = between_commas(commas);
            let fields = pieces.iter().flat_map(|piece| at_fields(piece)).map(|field| right_field(field, mistakes));
            let fields = fields.filter(|field| !field.is_empty());
            regrouped(&group, quote!(#(#fields),*)).into()
        }
        token => token,
    });
    with_fields.collect()
}

/// Returns variants with a comma before each. The compiler has reported one that is missing.
fn between(variants: TokenStream) -> TokenStream {
    let mut is_end = false;
    let with_commas = variants.into_iter().flat_map(|token| {
        let is_start = matches!(token, TokenTree::Ident(_)) || is(&token, '#');
        let comma = (is_start && is_end).then(|| Punct::new(',', Spacing::Alone).into());
        is_end = match &token {
            TokenTree::Group(group) => group.delimiter() != Delimiter::Bracket,
            TokenTree::Punct(_) => false,
            TokenTree::Ident(_) | TokenTree::Literal(_) => true,
        };
        comma.into_iter().chain([token])
    });
    with_commas.collect()
}

/// Splits a piece where another field begins. The compiler has reported the comma that is missing
/// there.
fn at_fields(piece: &[TokenTree]) -> Vec<&[TokenTree]> {
    let (mut fields, mut start, mut has_type) = (Vec::new(), 0, false);
    for (at, token) in piece.iter().enumerate() {
        if has_type && (is(token, '#') || is_word(token, "pub") || is_name(&piece[at..])) {
            fields.push(&piece[start..at]);
            (start, has_type) = (at, false);
        }
        has_type |= is_name(&piece[at..]);
    }
    fields.push(&piece[start..]);
    fields
}

/// Returns the raw identifier of a keyword. `self` and a few others have none.
fn raw(keyword: &TokenTree) -> Option<Ident> {
    let name = keyword.to_string();
    (!["self", "Self", "super", "crate"].contains(&&*name)).then(|| Ident::new_raw(&name, keyword.span()))
}

/// Returns whether the tokens begin with the name of a field and its colon.
fn is_name(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Ident(_), TokenTree::Punct(colon), ..] if colon.as_char() == ':' && colon.spacing() == Spacing::Alone)
}

fn right_field(field: &[TokenTree], mistakes: &mut Mistakes) -> TokenStream {
    let tokens: TokenStream = field.iter().cloned().collect();
    if Field::parse_named.parse2(tokens.clone()).is_ok() {
        return tokens;
    }
    let is_word_of_it = |token: &TokenTree| matches!(token, TokenTree::Ident(_)) && !is_word(token, "pub");
    let first = field.iter().position(is_word_of_it);
    let named = (0..field.len()).find(|at| is_name(&field[*at..]));
    let is_before = |word: &usize| named.is_some_and(|name| *word < name) && (*word == 0 || !is(&field[word - 1], '#'));
    if let Some(word) = first.filter(is_before) {
        let message = format!("Rust has no `{}` before a field: remove it, or write `pub`", field[word]);
        mistakes.at(&field[word], message);
        return right_field(&[&field[..word], &field[word + 1..]].concat(), mistakes);
    }
    let is_free = |at: &usize| is_free(&field[*at]);
    // The compiler has reported a keyword, with the raw identifier to write.
    if let Some(at) = named.filter(|at| !is_free(at))
        && let Some(raw) = raw(&field[at])
    {
        return right_field(&[&field[..at], &[raw.into()], &field[at + 1..]].concat(), mistakes);
    }
    let Some(at) = named.or(first).filter(is_free) else {
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
            let message = match list {
                TokenTree::Group(inner) if !inner.stream().is_empty() => {
                    let (outer, inner) = (ty(item), shown(inner.stream()));
                    format!("a type inside another is in `<…>`: write `{name}: {outer}<{inner}>`")
                }
                _ => format!("a list has the type `Vec<…>`: write `{name}: Vec<{}>`", ty(item)),
            };
            (list, message)
        }
        [_, object] if is_group(object, Delimiter::Brace) => {
            (object, format!("an object inside another is a struct: {}", own("struct")))
        }
        [_, text @ TokenTree::Literal(_), ..] if is_text(slice::from_ref(text)) => {
            (text, format!("a choice of strings is an enum: {}", own("enum")))
        }
        _ => (name, FIELD.to_owned()),
    };
    let ty = mistakes.in_place_of_type(place, message);
    let vis = field.iter().find(|token| is_word(token, "pub"));
    quote!(#vis #name: #ty)
}

const FIELD: &str = "a field is a name and a type: write `name: String`";
