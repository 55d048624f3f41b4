//! `#[router("auth", state = AppState)]` on an `impl` block: its procedures as a router.

mod agreement;
mod capture;
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

/// The three stages, one after the other.
pub(crate) fn router(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = parse::Arguments::read(arguments, &mut mistakes);
    let expanded = match parse::Block::read(item.clone(), &mut mistakes) {
        Some(block) => expand::router(&model::Router::new(arguments, block, &mut mistakes)),
        // Not something a router can be made of: it goes out as it came in.
        None => item,
    };
    let mut tokens = mistakes.into_tokens();
    tokens.extend(expanded);
    tokens
}

#[cfg(test)]
mod tests;
