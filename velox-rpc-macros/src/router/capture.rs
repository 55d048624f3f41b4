//! Handlers that use the router's `self`, which they outlive.
//!
//! The compiler finds them as well, but what it says is about lifetimes. What a handler captures else is the compiler's
//! to judge: whether it can depends on its type.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote_spanned;

use crate::diagnostics::Mistakes;
use crate::place;

/// Reports every `self` in a closure that the chain of a body is given; whether there was one.
pub(crate) fn of_self(body: &Group, mistakes: &mut Mistakes) -> bool {
    let before = mistakes.count();
    for closure in closures(body) {
        report(closure, mistakes);
    }
    mistakes.count() != before
}

/// The body with something of the same type in the place of each of these `self`, so that it compiles.
pub(crate) fn without_self(body: &Group) -> Group {
    let mut tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    for position in 2..tokens.len() {
        if let Some(arguments) = closure(&tokens[position - 2..=position]) {
            tokens[position] = TokenTree::Group(with(arguments, replaced(arguments.stream())));
        }
    }
    with(body, tokens.into_iter().collect())
}

fn replaced(tokens: TokenStream) -> TokenStream {
    let replaced = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => TokenTree::Group(with(&group, replaced(group.stream()))).into(),
        TokenTree::Ident(ident) if ident == "self" => {
            quote_spanned!(place::at(ident.span())=> (::core::unreachable!() as &'static Self))
        }
        other => other.into(),
    });
    replaced.collect::<Vec<TokenStream>>().into_iter().collect()
}

fn report(closure: TokenStream, mistakes: &mut Mistakes) {
    let tokens: Vec<TokenTree> = closure.into_iter().collect();
    for (position, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => report(group.stream(), mistakes),
            TokenTree::Ident(ident) if ident == "self" => {
                let message = match field(&tokens[position + 1..]) {
                    Some(name) => format!(
                        "the handler outlives `self`, so it cannot use it: put `{name}` into the state, where \
                            every handler reads it as `ctx.{name}`"
                    ),
                    None => String::from(
                        "the handler outlives `self`, so it cannot use it: put what it needs into the state, \
                            where every handler reads it, as `ctx.db`",
                    ),
                };
                mistakes.at(ident, message);
            }
            _ => {}
        }
    }
}

/// The name in `.name`, if it is a field and not a method.
fn field(rest: &[TokenTree]) -> Option<&Ident> {
    match rest {
        [TokenTree::Punct(dot), TokenTree::Ident(_), TokenTree::Group(group), ..]
            if dot.as_char() == '.' && group.delimiter() == Delimiter::Parenthesis =>
        {
            None
        }
        [TokenTree::Punct(dot), TokenTree::Ident(name), ..] if dot.as_char() == '.' => Some(name),
        _ => None,
    }
}

/// The closures among the arguments of the chain in a body.
fn closures(body: &Group) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    tokens.windows(3).filter_map(closure).map(Group::stream).collect()
}

/// The argument of `.query(|…| …)`, if it is a closure.
fn closure(call: &[TokenTree]) -> Option<&Group> {
    let [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(arguments)] = call else { return None };
    let takes_closures = dot.as_char() == '.' && CALLS.iter().any(|call| name == call);
    let first = arguments
        .stream()
        .into_iter()
        .find(|token| !matches!(token, TokenTree::Ident(ident) if ident == "async" || ident == "move"));
    let is_closure = matches!(first, Some(TokenTree::Punct(bar)) if bar.as_char() == '|');
    (takes_closures && is_closure).then_some(arguments)
}

/// The group with other tokens in it.
fn with(group: &Group, tokens: TokenStream) -> Group {
    let mut changed = Group::new(group.delimiter(), tokens);
    changed.set_span(group.span());
    changed
}

/// The steps that keep the closure they are given.
const CALLS: [&str; 4] = ["query", "mutation", "use_fn", "check"];

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn messages(body: TokenStream) -> Vec<String> {
        let mut mistakes = Mistakes::default();
        of_self(&Group::new(Delimiter::Brace, body), &mut mistakes);
        mistakes.messages()
    }

    #[test]
    fn self_in_a_handler_is_reported_with_where_it_belongs() {
        let named = "the handler outlives `self`, so it cannot use it: put `mail` into the state, where every \
            handler reads it as `ctx.mail`";
        assert_eq!(messages(quote!(procedure().query(async |_| { self.mail.send().await }))), [named]);
        assert_eq!(messages(quote!(procedure().mutation(move |_| Ok(vec![self.mail])))), [named]);
        assert_eq!(messages(quote!(procedure().query(|_| self.find()))).len(), 1);
    }

    #[test]
    fn self_anywhere_else_is_fine() {
        for body in [
            quote!(procedure().use_(self.session.required()).query(|_| Ok(1))),
            quote!(procedure().query(self.handler())),
            quote!(let mail = self.mail.clone(); procedure().query(move |_| Ok(mail.name()))),
        ] {
            assert_eq!(messages(body), Vec::<String>::new());
        }
    }
}
