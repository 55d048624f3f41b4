//! Rewrites `procedure()` to `procedure::<AppState>()` in the bodies of a router's methods.
//!
//! It works on tokens, so that it also finds calls inside other macros. A local function named
//! `procedure` would do the same, but would make the user's import of `procedure` unused.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use crate::root::Root;
use crate::tokens::regrouped;

/// Rewrites every bare call in `body`.
pub(crate) fn procedure_calls(body: &Group, state: &Type, root: &Root) -> Group {
    // This is faster than rewriting tokens that do not change.
    if !calls_procedure(body.stream(), root) {
        return body.clone();
    }
    regrouped(body, stream(body.stream(), state, root))
}

/// Returns whether `tokens` contain a bare `procedure()` anywhere.
pub(crate) fn calls_procedure(tokens: TokenStream, root: &Root) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    (0..tokens.len()).any(|position| match &tokens[position] {
        TokenTree::Group(group) => calls_procedure(group.stream(), root),
        _ => is_bare_call(&tokens, position, root),
    })
}

fn stream(tokens: TokenStream, state: &Type, root: &Root) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rewritten = TokenStream::new();
    for (position, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => TokenTree::from(procedure_calls(group, state, root)).to_tokens(&mut rewritten),
            token => token.to_tokens(&mut rewritten),
        }
        if is_bare_call(&tokens, position, root) {
            rewritten.extend(quote_spanned!(state.span()=> ::<#state>));
        }
    }
    rewritten
}

/// Returns whether the token is the name in `procedure()`, in `velox_rpc::procedure()`, or in the
/// same path of a renamed crate. A method `.procedure()`, the user's own `Self::procedure()` and
/// `fn procedure()` do not count.
pub(crate) fn is_bare_call(tokens: &[TokenTree], position: usize, root: &Root) -> bool {
    let TokenTree::Ident(name) = &tokens[position] else { return false };
    let Some(TokenTree::Group(arguments)) = tokens.get(position + 1) else { return false };
    if name != "procedure" || arguments.delimiter() != Delimiter::Parenthesis || !arguments.stream().is_empty() {
        return false;
    }
    match &tokens[..position] {
        [.., TokenTree::Ident(crate_name), TokenTree::Punct(first), TokenTree::Punct(second)]
            if first.as_char() == ':' && second.as_char() == ':' =>
        {
            root.is_called(&crate_name.to_string())
        }
        [.., TokenTree::Punct(before)] => !matches!(before.as_char(), '.' | ':'),
        [.., TokenTree::Ident(before)] => before != "fn",
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn rewritten(body: TokenStream) -> String {
        let root = Root::find(Some(parse_quote!(::rpc)));
        procedure_calls(&Group::new(Delimiter::Brace, body), &parse_quote!(State<A>), &root)
            .to_string()
            .replace(' ', "")
    }

    fn expected(body: TokenStream) -> String {
        Group::new(Delimiter::Brace, body).to_string().replace(' ', "")
    }

    #[test]
    fn a_bare_call_gets_the_state() {
        assert_eq!(rewritten(quote!(procedure().query(f))), expected(quote!(procedure::<State<A>>().query(f))));
        assert_eq!(rewritten(quote!(let a = procedure(); a)), expected(quote!(let a = procedure::<State<A>>(); a)));
        assert_eq!(rewritten(quote!(velox_rpc::procedure())), expected(quote!(velox_rpc::procedure::<State<A>>())));
        assert_eq!(rewritten(quote!(::rpc::procedure())), expected(quote!(::rpc::procedure::<State<A>>())));
        assert_eq!(rewritten(quote!(return procedure())), expected(quote!(return procedure::<State<A>>())));
    }

    #[test]
    fn a_call_inside_groups_and_macros_gets_it_too() {
        assert_eq!(
            rewritten(quote!(trace!({ procedure() }, [x]))),
            expected(quote!(trace!({ procedure::<State<A>>() }, [x])))
        );
    }

    #[test]
    fn anything_else_of_that_name_stays_as_it_is() {
        for body in [
            quote!(self.procedure()),
            quote!(Self::procedure()),
            quote!(::procedure()),
            quote!(
                fn procedure() {}
            ),
            quote!(procedure(1)),
            quote!(procedure::<Other>()),
            quote!(procedure![]),
            quote!(vec.map(procedure)),
        ] {
            assert_eq!(rewritten(body.clone()), expected(body));
        }
    }
}
