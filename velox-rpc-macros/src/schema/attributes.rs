//! Reads the user's `#[validate(…)]` and `#[derive(…)]` as far as `#[schema]` needs them. Makes
//! attributes.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::token::{Bracket, Paren};
use syn::{AttrStyle, Attribute, MacroDelimiter, Meta, MetaList, Path, Token};

use crate::place;

/// Returns everything inside the attributes of one name, such as `rename = "a"` and `default` in
/// `#[serde(rename = "a", default)]`.
pub(crate) fn metas(attrs: &[Attribute], name: &str) -> Vec<Meta> {
    attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident(name))
        .filter_map(|attribute| attribute.meta.require_list().ok())
        .filter_map(|list| listed(list).ok())
        .flatten()
        .collect()
}

/// Makes the attribute `#[name(tokens)]`. Parsing one would slow down the user's build.
pub(crate) fn attribute(name: &str, tokens: TokenStream) -> Attribute {
    let path = place::ident(name).into();
    let here = place::here();
    let list = MetaList { path, delimiter: MacroDelimiter::Paren(Paren(here)), tokens };
    let (pound_token, bracket_token) = (Token![#](here), Bracket(here));
    Attribute { pound_token, style: AttrStyle::Outer, bracket_token, meta: Meta::List(list) }
}

/// Returns whether `metas` contain one of `names`, with or without a value.
pub(crate) fn has(metas: &[Meta], names: &[&str]) -> bool {
    metas.iter().any(|meta| names.iter().any(|name| meta.path().is_ident(name)))
}

/// Returns the metas inside parentheses, or an error if anything else is among them.
pub(crate) fn listed(list: &MetaList) -> syn::Result<Vec<Meta>> {
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone())?;
    Ok(metas.into_iter().collect())
}

/// Returns the last path segment of everything in the user's `#[derive(…)]`.
pub(crate) fn derives(attrs: &[Attribute]) -> Vec<String> {
    attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok())
        .flatten()
        .filter_map(|path| path.segments.last().map(|segment| segment.ident.to_string()))
        .collect()
}
