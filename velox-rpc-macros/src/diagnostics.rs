//! Collects the mistakes of one use of a macro, so that all of them are reported at once.
//!
//! Every stage uses this module. A stage does not stop at the first mistake: it reports the mistake
//! here and continues with the closest thing that makes sense.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Type, parse_quote};

/// All mistakes found so far.
#[derive(Default)]
pub(crate) struct Mistakes {
    errors: Option<syn::Error>,
    count: usize,
}

impl Mistakes {
    /// Reports a mistake at `tokens`, which should be the smallest part of the user's code that is
    /// wrong.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Reports a mistake, unless one with the same message was reported elsewhere.
    pub(crate) fn at_first(&mut self, tokens: impl ToTokens, message: String) {
        let is_known = self.errors.iter().flatten().any(|error| error.to_string() == message);
        if is_known { self.count += 1 } else { self.at(tokens, message) }
    }

    /// Reports a mistake that spans several pieces, from the first to the last.
    pub(crate) fn at_all<T: ToTokens>(&mut self, pieces: impl IntoIterator<Item = T>, message: impl std::fmt::Display) {
        let tokens: TokenStream = pieces.into_iter().map(|piece| piece.to_token_stream()).collect();
        self.at(tokens, message);
    }

    /// Reports a mistake at a span.
    pub(crate) fn at_span(&mut self, span: Span, message: impl std::fmt::Display) {
        self.add(syn::Error::new(span, message));
    }

    /// Reports a mistake, and returns a type to use in place of the one that is missing.
    ///
    /// The type is an array whose length is the error once more. The compiler reports an error once
    /// at one place, and reports nothing about values whose type has an error in it.
    pub(crate) fn in_place_of_type(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) -> Type {
        let error = syn::Error::new_spanned(tokens, message);
        let length = error.to_compile_error();
        self.add(error);
        parse_quote!([(); #length])
    }

    /// Adds an error, for example one from the parser.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.count += 1;
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// Returns the number of mistakes so far.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the `compile_error!`s to emit beside the item, or nothing if there was no mistake.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.errors.map(|errors| errors.into_compile_error()).unwrap_or_default()
    }

    /// Returns the messages, for tests.
    #[cfg(test)]
    pub(crate) fn messages(self) -> Vec<String> {
        self.errors.into_iter().flatten().map(|error| error.to_string()).collect()
    }
}

/// Formats a type for a message as its author would write it: `Vec<User>`, not `Vec < User >`.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (loose, tight) in
        [(" < ", "<"), (" >", ">"), ("< ", "<"), (" :: ", "::"), (":: ", "::"), (" ,", ","), ("& ", "&"), (" ()", "()")]
    {
        text = text.replace(loose, tight);
    }
    text.replace(",(", ", (")
}

/// Returns the entry of `known` that `written` was probably meant to be, if one is close enough.
pub(crate) fn did_you_mean<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (distance(&written.to_lowercase(), candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 2)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns the edit distance of two words: the number of letters to insert, delete or replace.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut previous: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = previous[column] + usize::from(letter != *other);
            current.push(replaced.min(previous[column + 1] + 1).min(current[column] + 1));
        }
        previous = current;
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_the_key_that_was_meant() {
        let known = ["state", "crate"];
        assert_eq!(did_you_mean("stat", &known), Some("state"));
        assert_eq!(did_you_mean("State", &known), Some("state"));
        assert_eq!(did_you_mean("krate", &known), Some("crate"));
        assert_eq!(did_you_mean("namespace", &known), None);
    }

    #[test]
    fn mistakes_are_all_reported_in_the_order_they_were_found() {
        let mut mistakes = Mistakes::default();
        mistakes.at_span(Span::call_site(), "first");
        mistakes.at_span(Span::call_site(), "second");
        assert_eq!(mistakes.messages(), ["first", "second"]);
    }

    #[test]
    fn a_type_is_shown_as_it_is_written() {
        for ty in ["Vec<User>", "HashMap<String, Vec<u8>>", "()", "a::B<C>", "&str"] {
            assert_eq!(shown(syn::parse_str::<syn::Type>(ty).expect("a type")), ty);
        }
    }
}
