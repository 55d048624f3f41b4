//! Spans for generated code: the compiler reports errors at the user's code, but resolves names as
//! the expansion's own.

use proc_macro2::{Span, TokenStream};

/// Returns a span for generated code whose errors are to be reported at `place`.
///
/// Names with this span resolve at the macro's call site. With `place` itself, a name that comes
/// from a user's `macro_rules!` would carry the hygiene of that macro. `let router` and a later
/// `router` could then be two different variables.
pub(crate) fn at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// Returns `path` with its errors reported at `place`. It still resolves as before.
pub(crate) fn moved(path: &TokenStream, place: Span) -> TokenStream {
    let moved = path.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    moved.collect()
}
