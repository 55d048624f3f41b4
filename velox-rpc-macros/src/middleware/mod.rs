//! `#[middleware] async fn tenant(ctx: &impl Ctx) -> Result<Tenant>`: a middleware that adds a field `tenant` to the
//! context.

mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;

use crate::arguments::root_only;
use crate::diagnostics::Mistakes;

/// The three stages, one after the other.
pub(crate) fn middleware(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let root = root_only("middleware", arguments, &mut mistakes);
    let expanded = match parse::Function::read(item.clone(), &mut mistakes) {
        Some(function) => expand::middleware(&model::Middleware::new(root, function, &mut mistakes)),
        // Not a function: it goes out as it came in.
        None => item,
    };
    let mut tokens = mistakes.into_tokens();
    tokens.extend(expanded);
    tokens
}

#[cfg(test)]
mod tests;
