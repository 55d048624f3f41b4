//! The macros of velox-rpc: [`macro@router`], [`macro@schema`] and [`macro@middleware`].
//!
//! Applications do not depend on this crate. velox-rpc re-exports the three macros, and its
//! documentation describes them, because their examples can run there. Expansions name no other
//! crate.
//!
//! Each macro has three stages, one file each: `parse` reads what the user wrote, `model` turns it
//! into types that cannot be wrong, and `expand` generates the code. Only `expand` uses `quote`.
//! The stages collect all mistakes of one use (see `diagnostics`). The macro reports them together
//! and emits the item again beside them.

#![forbid(unsafe_code)]

/// Generates code like `quote::quote`, at the place of the item's name.
macro_rules! quote {
    ($($tokens:tt)*) => { ::quote::quote_spanned!(crate::place::here()=> $($tokens)*) };
}

mod arguments;
mod diagnostics;
mod item;
mod middleware;
mod naming;
mod place;
mod root;
mod router;
mod schema;
#[cfg(test)]
mod testing;
mod tokens;
mod types;

use proc_macro::TokenStream;

/// Turns an `impl` block of procedures into a router. velox-rpc documents it.
#[proc_macro_attribute]
pub fn router(arguments: TokenStream, item: TokenStream) -> TokenStream {
    place::expanded(router::router, arguments, item)
}

/// Makes a struct or an enum usable as the input or output of procedures. velox-rpc documents it.
#[proc_macro_attribute]
pub fn schema(arguments: TokenStream, item: TokenStream) -> TokenStream {
    place::expanded(schema::schema, arguments, item)
}

/// Turns a function into a middleware that adds a field to the context. velox-rpc documents it.
#[proc_macro_attribute]
pub fn middleware(arguments: TokenStream, item: TokenStream) -> TokenStream {
    place::expanded(middleware::middleware, arguments, item)
}
