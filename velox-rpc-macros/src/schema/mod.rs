//! `#[schema]` on a struct or an enum: what `z.object` is in TypeScript.

mod attributes;
mod checks;
mod examine;
mod expand;
mod field;
mod foreign;
mod held;
mod model;
mod parse;
mod peel;
mod rename;
mod rules;

use proc_macro2::TokenStream;

use crate::arguments::root_only;
use crate::diagnostics::Mistakes;

/// The three stages, one after the other.
pub(crate) fn schema(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let root = root_only("schema", arguments, &mut mistakes);
    let expanded = match parse::read(item.clone(), &mut mistakes) {
        Some(written) => expand::schema(&model::Schema::new(root, written, &mut mistakes)),
        // Neither a struct nor an enum: it goes out as it came in.
        None => item,
    };
    let mut tokens = mistakes.into_tokens();
    tokens.extend(expanded);
    tokens
}

#[cfg(test)]
mod tests;
