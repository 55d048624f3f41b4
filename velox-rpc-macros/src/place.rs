//! Spans for generated code: the compiler reports errors at the user's code, but resolves names as
//! the expansion's own.

use std::cell::Cell;

use proc_macro2::{Ident, Span, TokenStream};

use crate::item;

/// Returns a span for generated code whose errors are to be reported at `place`.
///
/// Names with this span resolve at the macro's call site. With `place` itself, a name that comes
/// from a user's `macro_rules!` would carry the hygiene of that macro. `let router` and a later
/// `router` could then be two different variables.
pub(crate) fn at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// Returns `name` with its errors reported at `place`. It still resolves as before.
pub(crate) fn moved(name: &Ident, place: Span) -> Ident {
    Ident::new(&name.to_string(), name.span().located_at(place))
}

thread_local! {
    /// The place of the name of the item that is expanded.
    static NAME: Cell<Option<Span>> = const { Cell::new(None) };
}

/// Expands an item. Generated code has the place of the item's name (see [`here`]).
pub(crate) fn expanded(
    expand: fn(TokenStream, TokenStream) -> TokenStream,
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let item = item.into();
    NAME.set(item::name(&item));
    expand(arguments.into(), item).into()
}

/// Makes a name in generated code.
pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name, here())
}

/// Returns the span of generated code: its errors are reported at the name of the item.
///
/// `Span::call_site()` is the place of the attribute. The compiler keeps such a span in a table, and
/// needs 3 % longer to build an application, since it looks each of them up.
pub(crate) fn here() -> Span {
    NAME.get().map_or_else(Span::call_site, at)
}
