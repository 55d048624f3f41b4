//! `#[middleware] async fn tenant(ctx: &impl Ctx) -> Result<Tenant>` is a middleware that adds a
//! field `tenant` to the context.

mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;

use crate::arguments::root_only;
use crate::diagnostics::Mistakes;

/// Runs the three stages.
pub(crate) fn middleware(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let root = root_only("middleware", arguments, &mut mistakes);
    let expanded = match parse::read(item.clone(), &mut mistakes) {
        Some(function) => expand::middleware(&model::Middleware::new(root, function, &mut mistakes)),
        // This is not a function: emit it unchanged.
        None => item,
    };
    let mut tokens = mistakes.into_tokens();
    tokens.extend(expanded);
    tokens
}

#[cfg(test)]
mod tests;
