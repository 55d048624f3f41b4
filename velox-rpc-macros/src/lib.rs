//! The macros of velox-rpc: [`macro@router`], [`macro@schema`] and [`macro@middleware`].
//!
//! Nobody depends on this crate itself: velox-rpc re-exports the three, documents them where their examples can run,
//! and is the only crate the expansions name. Each macro goes through the same three stages, a file each: `parse` (what
//! was written), `model` (what is meant; nothing in it can be wrong) and `expand` (the only user of `quote`). All
//! mistakes of one use are collected on the way (`diagnostics`) and reported together, with the item emitted again
//! beside them.

#![forbid(unsafe_code)]

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

use proc_macro::TokenStream;

/// Makes an `impl` block of procedures a router: see velox-rpc's documentation of it.
#[proc_macro_attribute]
pub fn router(arguments: TokenStream, item: TokenStream) -> TokenStream {
    router::router(arguments.into(), item.into()).into()
}

/// Makes a struct or an enum an input or an output of procedures: see velox-rpc's documentation of it.
#[proc_macro_attribute]
pub fn schema(arguments: TokenStream, item: TokenStream) -> TokenStream {
    schema::schema(arguments.into(), item.into()).into()
}

/// Makes a function a middleware that adds a field to the context: see velox-rpc's documentation of it.
#[proc_macro_attribute]
pub fn middleware(arguments: TokenStream, item: TokenStream) -> TokenStream {
    middleware::middleware(arguments.into(), item.into()).into()
}
