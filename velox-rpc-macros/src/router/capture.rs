//! Reports handlers that use the `self` of the router, because handlers outlive it.
//!
//! The compiler rejects them too, but with an error about lifetimes. Other captures are left to the
//! compiler, because only their types decide whether they are allowed.

use proc_macro2::{Delimiter, Ident, TokenTree};

use crate::arguments::is_word;
use crate::diagnostics::Mistakes;
use crate::router::chain::{Closure, each, steps, tokens};

/// Reports every `self` in the closures that are passed to the chains of the body.
pub(crate) fn of_self(body: &[TokenTree], mistakes: &mut Mistakes) {
    for step in steps(body).iter().filter(|step| KEEP.iter().any(|name| step.name == name)) {
        let arguments = tokens(step.arguments.stream());
        if let Some(closure) = Closure::new(&arguments) {
            each(closure.body, true, &mut |_, tokens| match tokens {
                [own, rest @ ..] if is_word(own, "self") => {
                    let (what, read) = match field(rest) {
                        Some(name) => (format!("`{name}`"), format!("as `ctx.{name}`")),
                        None => (String::from("what it needs"), String::from("as `ctx.db`")),
                    };
                    let message = format!(
                        "the handler outlives `self`, so it cannot use it: put {what} into the state, where every \
                            handler reads it {read}"
                    );
                    mistakes.at(own, message);
                }
                _ => {}
            });
        }
    }
}

/// Returns the name in `.name` if it is a field and not a method.
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

/// The steps that keep the closure they are given.
const KEEP: [&str; 5] = ["query", "mutation", "subscription", "use_fn", "guard_fn"];

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::*;

    fn messages(body: TokenStream) -> Vec<String> {
        let mut mistakes = Mistakes::default();
        of_self(&tokens(body), &mut mistakes);
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
