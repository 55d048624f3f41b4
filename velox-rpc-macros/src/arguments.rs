//! Splits the arguments of an attribute, such as `"auth", state = AppState`. It reads
//! all arguments, even if one is wrong.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::Path;
use syn::parse::Parse;

use crate::diagnostics::{Mistakes, did_you_mean, shown};
use crate::tokens::{between_commas, is};

/// The `key = value` arguments, in any order and at most one for each key.
pub(crate) struct Keys<'a> {
    macro_name: &'a str,
    known: &'a [&'a str],
    pairs: Vec<(Ident, TokenStream)>,
    /// The keys that were probably meant, and their values. Each is reported already.
    guesses: Vec<(Ident, TokenStream)>,
}

impl<'a> Keys<'a> {
    /// Separates the keys from the bare arguments and returns both. Unknown and repeated keys are
    /// reported as mistakes.
    pub(crate) fn new(
        macro_name: &'a str,
        known: &'a [&'a str],
        arguments: Vec<Vec<TokenTree>>,
        mistakes: &mut Mistakes,
    ) -> (Self, Vec<TokenStream>) {
        let mut keys = Self { macro_name, known, pairs: Vec::new(), guesses: Vec::new() };
        let mut bare = Vec::new();
        for argument in arguments {
            match argument.as_slice() {
                [TokenTree::Ident(key), equals, value @ ..] if is(equals, '=') => {
                    keys.pair(key.clone(), value.iter().cloned().collect(), mistakes);
                }
                [TokenTree::Ident(key)] if known.contains(&key.to_string().as_str()) => {
                    keys.pair(key.clone(), TokenStream::new(), mistakes);
                }
                // `state: AppState`, or `state(AppState)`, but not `crate::AppState`
                [TokenTree::Ident(key), rest @ ..]
                    if known.contains(&key.to_string().as_str()) && !rest.get(1).is_some_and(|next| is(next, ':')) =>
                {
                    let value: TokenStream = match rest {
                        [TokenTree::Group(value)] => value.stream(),
                        rest => rest.iter().skip_while(|it| matches!(it, TokenTree::Punct(_))).cloned().collect(),
                    };
                    let message = format!("a value comes after `=`: write `{key} = {}`", shown(value.clone()));
                    mistakes.at_all(rest, message);
                    keys.guesses.push((key.clone(), value));
                }
                _ => bare.push(argument.into_iter().collect()),
            }
        }
        (keys, bare)
    }

    /// Takes the value of `name` and parses it as a `T`. If that fails, the message suggests
    /// `example`.
    pub(crate) fn take<T: Parse>(&mut self, name: &str, example: &str, mistakes: &mut Mistakes) -> Option<T> {
        let Some(position) = self.pairs.iter().position(|(key, _)| key == name) else {
            let (_, value) = self.guesses.iter().find(|(key, _)| key == name)?;
            return syn::parse2(value.clone()).ok();
        };
        let (key, value) = self.pairs.swap_remove(position);
        match syn::parse2(value.clone()) {
            Ok(value) => Some(value),
            Err(_) if value.is_empty() => {
                mistakes.at(key, format_args!("`{name}` has no value: write `{name} = {example}`"));
                None
            }
            Err(_) => {
                mistakes.at(value, format_args!("this is not a value for `{name}`: write `{name} = {example}`"));
                None
            }
        }
    }

    /// Stores one `key = value`, or reports what is wrong with it.
    fn pair(&mut self, key: Ident, value: TokenStream, mistakes: &mut Mistakes) {
        let name = key.to_string();
        if !self.known.contains(&name.as_str()) {
            mistakes.at(&key, unknown_key(self.macro_name, &name, self.known));
            // The value is used, so that the compiler does not report its absence.
            if let Some(meant) = did_you_mean(&name, self.known).filter(|_| !value.is_empty()) {
                self.guesses.push((Ident::new(meant, key.span()), value));
            }
        } else if self.pairs.iter().any(|(other, _)| *other == key) {
            mistakes.at(&key, format_args!("`{name}` is given twice: remove one of the two"));
        } else {
            self.pairs.push((key, value));
        }
    }
}

/// Reads the path to velox-rpc for a macro whose only argument is `crate = path`.
pub(crate) fn root_only(macro_name: &str, arguments: TokenStream, mistakes: &mut Mistakes) -> Option<Path> {
    let (mut keys, bare) = Keys::new(macro_name, &["crate"], between_commas(arguments), mistakes);
    for tokens in bare {
        mistakes.at(tokens, format_args!("`#[{macro_name}]` takes no arguments except `crate = …`: remove this"));
    }
    keys.take("crate", "velox_rpc", mistakes)
}

/// Returns the message for a key that the macro does not know.
fn unknown_key(macro_name: &str, name: &str, known: &[&str]) -> String {
    let list = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ");
    match did_you_mean(name, known) {
        Some(meant) => format!("`#[{macro_name}]` has no key `{name}`: did you mean `{meant}`?"),
        None if macro_name == "schema" => format!("`#[schema]` has no key `{name}`: write `#[serde({name} …)]`"),
        None if macro_name == "router" => format!("the keys are {list}; the namespace has none: write `\"users\"`"),
        None => format!("`#[{macro_name}]` has no key `{name}`, only {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(tokens: TokenStream) -> (Option<syn::Type>, Vec<TokenStream>, Vec<String>) {
        let mut mistakes = Mistakes::default();
        let (mut keys, bare) = Keys::new("router", &["state", "crate"], between_commas(tokens), &mut mistakes);
        let state = keys.take("state", "AppState", &mut mistakes);
        (state, bare, mistakes.messages())
    }

    #[test]
    fn a_type_with_commas_in_it_is_one_argument() {
        let (state, bare, mistakes) = keys(quote!("auth", state = State<fn(A, B) -> C, D>, crate = rpc,));
        assert_eq!(state, Some(syn::parse_quote!(State<fn(A, B) -> C, D>)));
        assert_eq!(bare.len(), 1);
        assert!(mistakes.is_empty());
    }

    #[test]
    fn every_key_that_is_wrong_is_named_with_what_to_write() {
        let (_, _, mistakes) = keys(quote!(stat = A, name = B, state = A, state = B));
        assert_eq!(
            mistakes,
            [
                "`#[router]` has no key `stat`: did you mean `state`?",
                "the keys are `state` and `crate`; the namespace has none: write `\"users\"`",
                "`state` is given twice: remove one of the two",
            ]
        );
        assert_eq!(keys(quote!(state =)).2, ["`state` has no value: write `state = AppState`"]);
        assert_eq!(keys(quote!(state)).2, ["`state` has no value: write `state = AppState`"]);
        for slip in [quote!(state: A<B>), quote!(state(A<B>))] {
            let (state, _, mistakes) = keys(slip);
            assert_eq!(mistakes, ["a value comes after `=`: write `state = A<B>`"]);
            assert_eq!(state, Some(syn::parse_quote!(A<B>)));
        }
        assert_eq!(keys(quote!(crate::A)).1.len(), 1);
        assert_eq!(keys(quote!(stat = A)).0, Some(syn::parse_quote!(A)));
        assert_eq!(keys(quote!(state = 3)).2, ["this is not a value for `state`: write `state = AppState`"]);
    }
}
