//! Where generated code is reported, without being read as if it stood there.

use proc_macro2::{Span, TokenStream};

/// The span for generated code that is to be reported at `place`.
///
/// Its names are the expansion's own: with `place` itself, a name that came out of a `macro_rules!` of the user's would
/// carry that macro's scope, and `let router` and `router` beside it could be two different things.
pub(crate) fn at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// A path that is to be reported at `place`, and means what it meant.
pub(crate) fn moved(path: &TokenStream, place: Span) -> TokenStream {
    let moved = path.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    moved.collect()
}
