//! Tells the compiler the return type of a handler before the handler's body.
//!
//! The compiler infers the type too, but only after the body. It then reports a value of a wrong
//! type at the whole chain instead of at the value.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::place;
use crate::router::chain::{About, Base, Closure, Step, last_chain};
use crate::router::method::Procedure;
use crate::tokens::{is, is_group, is_word, regrouped, returned, tokens};

/// Returns the body of a method with the output type added to the handler of its last chain.
pub(crate) fn typed(body: &Group, procedure: &Procedure, about: &About<'_>) -> Group {
    let mut written = tokens(body.stream());
    if Base::of(&written, about) == Base::Unknown {
        return body.clone();
    }
    let steps = last_chain(&written);
    let is_result = |step: &&Step<'_>| step.name == "query" || step.name == "mutation";
    let Some(last) = steps.last().filter(is_result).filter(|_| !steps.iter().any(|step| step.name == "output")) else {
        return body.clone();
    };
    let argument = tokens(last.arguments.stream());
    let is_untyped = |handler: &Closure<'_>| !handler.body.first().is_some_and(|token| is(token, '-'));
    // A body that does not end in `Ok(…)` may return a future instead of a `Result`.
    let is_ok = |body: &[TokenTree]| matches!(body, [.., ok, value] if is_word(ok, "Ok") && is_group(value, Delimiter::Parenthesis));
    let returns_result = |handler: &Closure<'_>| handler.is_async || is_ok(&returned(handler.body));
    let Some(handler) = Closure::new(&argument).filter(|it| is_untyped(it) && returns_result(it)) else {
        return body.clone();
    };
    let block = with_type(handler.body, &procedure.output, &about.root.private());
    let arguments = handler.head.iter().cloned().chain([block.into()]).collect();
    let arguments = regrouped(last.arguments, arguments);
    written.pop();
    written.push(arguments.into());
    regrouped(body, written.into_iter().collect())
}

/// Returns a block that starts with a `return` of the right type that never runs. The compiler
/// infers the return type of the block from it.
fn with_type(body: &[TokenTree], output: &Type, private: &TokenStream) -> Group {
    let told = quote_spanned! {place::at(output.span())=>
        if let ::core::option::Option::Some(__typed) = ::core::option::Option::None::<#private::Result<#output>> {
            return __typed;
        }
    };
    match body {
        [TokenTree::Group(block)] if block.delimiter() == Delimiter::Brace => {
            regrouped(block, told.into_iter().chain(block.stream()).collect())
        }
        expression => {
            let mut tokens = told;
            expression.iter().for_each(|token| token.to_tokens(&mut tokens));
            let mut block = Group::new(Delimiter::Brace, tokens);
            // The block gets the span of the expression's end, because the closure ends there.
            block.set_span(expression.last().map_or_else(Span::call_site, TokenTree::span));
            block
        }
    }
}
