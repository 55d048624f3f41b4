//! Parses the function. Its body stays as tokens.

use proc_macro2::{Group, Span, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Visibility};

use crate::diagnostics::Mistakes;
use crate::item;

/// The function as the user wrote it.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

impl Function {
    /// Parses the function. If the item is something else, reports a mistake and returns `None`.
    pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Option<Self> {
        match item::keyword(&tokens) {
            Some(keyword) if keyword == "fn" => {}
            Some(keyword) => {
                let message = format!(
                    "`#[middleware]` belongs on a function, `async fn tenant(ctx: &impl Ctx) -> \
                        Result<Tenant>`, not on {}",
                    item::noun(&keyword)
                );
                mistakes.at(keyword, message);
                return None;
            }
            None => {
                mistakes.at_span(
                    Span::call_site(),
                    "`#[middleware]` belongs on a function, `async fn tenant(ctx: &impl Ctx) -> Result<Tenant>`",
                );
                return None;
            }
        }
        syn::parse2(tokens).map_err(|error| mistakes.add(error)).ok()
    }
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
