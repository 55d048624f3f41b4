//! The item that an attribute is on. Its kind is found without parsing the item, so that a macro
//! can say where its attribute belongs. The bodies of functions stay as tokens.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Visibility};

use crate::diagnostics::{Mistakes, shown};
use crate::tokens::is_word;

/// A function or a method. Its body stays as tokens, so that code that is not yet complete passes
/// through and the compiler reports it.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Function {
    /// Reports type parameters and a `where` clause.
    pub(crate) fn refuse_generics(&self, message: impl std::fmt::Display, mistakes: &mut Mistakes) {
        let generics = &self.signature.generics;
        if !generics.params.is_empty() || generics.where_clause.is_some() {
            mistakes.at_all([generics.to_token_stream(), generics.where_clause.to_token_stream()], message);
        }
    }
}

/// Returns whether the item is of this kind. If it is another, reports where the attribute belongs.
pub(crate) fn is_a(wanted: &str, item: &TokenStream, belongs: &str, mistakes: &mut Mistakes) -> bool {
    match keyword(item) {
        Some(keyword) if keyword == wanted => return true,
        Some(keyword) => mistakes.at(&keyword, format_args!("{belongs}, not on {}", noun(&keyword))),
        None => mistakes.at_span(Span::call_site(), belongs),
    }
    false
}

/// Removes and reports an attribute that is written twice, which would generate everything twice.
pub(crate) fn once(name: &str, is_ours: fn(&Attribute) -> bool, attrs: &mut Vec<Attribute>, mistakes: &mut Mistakes) {
    attrs.retain(|attribute| {
        let path = shown(attribute.path());
        let is_again = (path == name || path == format!("velox_rpc::{name}")) && is_ours(attribute);
        if is_again {
            mistakes.at(attribute, format_args!("`#[{name}]` is written twice: remove one of the two"));
        }
        !is_again
    });
}

/// Returns the keyword of the item (`struct`, `fn`, …), after its attributes, visibility and
/// modifiers.
pub(crate) fn keyword(item: &TokenStream) -> Option<Ident> {
    match from_keyword(item).next() {
        Some(TokenTree::Ident(keyword)) => Some(keyword),
        _ => None,
    }
}

/// Returns the place of the item's name, or of the type after `impl`.
pub(crate) fn name(item: &TokenStream) -> Option<Span> {
    from_keyword(item).nth(1).map(|token| token.span())
}

/// Returns the tokens from the keyword on.
fn from_keyword(item: &TokenStream) -> impl Iterator<Item = TokenTree> {
    let is_keyword = |token: &TokenTree| NOUNS.iter().any(|(keyword, _)| is_word(token, keyword));
    item.clone().into_iter().skip_while(move |token| !is_keyword(token))
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
