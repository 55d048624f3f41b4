//! `#[schema]` on a struct or an enum, the counterpart of `z.object` in TypeScript.

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
mod rule;
mod rules;

use proc_macro2::TokenStream;

use crate::arguments::root_only;
use crate::diagnostics::Mistakes;

/// Runs the three stages.
pub(crate) fn schema(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let root = root_only("schema", arguments, &mut mistakes);
    let expanded = match parse::read(item.clone(), &mut mistakes) {
        Some(written) => {
            let settled = model::settled(written, &mut mistakes);
            expand::schema(&model::Schema::new(root, &settled, &mut mistakes))
        }
        // This is neither a struct nor an enum: emit it unchanged.
        None => item,
    };
    let mut tokens = mistakes.into_tokens();
    tokens.extend(expanded);
    tokens
}

#[cfg(test)]
mod tests;
