//! `#[router("auth", state = AppState)]` turns an `impl` block of procedures into a router.

mod agreement;
mod chain;
mod check;
mod docs;
mod expand;
mod handler;
mod method;
mod model;
mod parse;
mod result;
mod rewrite;
mod route;
mod slips;

use proc_macro2::TokenStream;

use crate::diagnostics::Mistakes;

/// Runs the three stages.
pub(crate) fn router(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = parse::Arguments::read(arguments, &mut mistakes);
    let expanded = match parse::Block::read(item.clone(), &mut mistakes) {
        Some(block) => expand::router(&model::Router::new(arguments, block, &mut mistakes)),
        // This cannot become a router: emit it unchanged.
        None => item,
    };
    let mut tokens = mistakes.into_tokens();
    tokens.extend(expanded);
    tokens
}

#[cfg(test)]
mod tests;
