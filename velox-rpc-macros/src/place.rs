//! Spans for generated code: the compiler reports errors at the user's code, but resolves names as
//! the expansion's own.

use proc_macro2::{Ident, Span};

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
