//! The user's own `#[serde(…)]`, `#[validate(…)]` and `#[derive(…)]`, read as far as `#[schema]` has to know them.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, MetaList, Path, Token};

/// Everything inside the attributes of one name, as `rename = "a"` and `default` in `#[serde(rename = "a", default)]`.
pub(crate) fn metas(attrs: &[Attribute], name: &str) -> Vec<Meta> {
    attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident(name))
        .filter_map(|attribute| attribute.meta.require_list().ok())
        .flat_map(|list| inner(&list.tokens))
        .collect()
}

/// Whether one of `names` is among them, with or without a value.
pub(crate) fn has(metas: &[Meta], names: &[&str]) -> bool {
    metas.iter().any(|meta| names.iter().any(|name| meta.path().is_ident(name)))
}

/// What the text of `name = "text"` or, where both sides can differ, of `name(deserialize = "text")` is.
pub(crate) fn incoming_text(metas: &[Meta], name: &str) -> Option<String> {
    metas.iter().filter(|meta| meta.path().is_ident(name)).find_map(|meta| match meta {
        Meta::List(list) => text_of(&inner(&list.tokens), "deserialize").map(|text| text.value()),
        Meta::NameValue(pair) => text(&pair.value).map(|text| text.value()),
        Meta::Path(_) => None,
    })
}

/// The text of `name = "text"`.
pub(crate) fn text_of(metas: &[Meta], name: &str) -> Option<LitStr> {
    metas.iter().find_map(|meta| match meta {
        Meta::NameValue(pair) if pair.path.is_ident(name) => text(&pair.value),
        _ => None,
    })
}

/// All texts of `name = "text"`.
pub(crate) fn all_texts(metas: &[Meta], name: &str) -> Vec<String> {
    let named = metas.iter().filter_map(|meta| match meta {
        Meta::NameValue(pair) if pair.path.is_ident(name) => text(&pair.value),
        _ => None,
    });
    named.map(|text| text.value()).collect()
}

/// What stands in the parentheses of a meta; what is in no form that is known here is none of ours.
pub(crate) fn inner(tokens: &TokenStream) -> Vec<Meta> {
    let list = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens.clone());
    list.map(|metas| metas.into_iter().collect()).unwrap_or_default()
}

/// The same, where nothing else may stand.
pub(crate) fn listed(list: &MetaList) -> syn::Result<Vec<Meta>> {
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone())?;
    Ok(metas.into_iter().collect())
}

/// The last names of everything in the user's own `#[derive(…)]`.
pub(crate) fn derives(attrs: &[Attribute]) -> Vec<String> {
    attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok())
        .flatten()
        .filter_map(|path| path.segments.last().map(|segment| segment.ident.to_string()))
        .collect()
}

fn text(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Some(literal.clone()),
        _ => None,
    }
}
