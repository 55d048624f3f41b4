//! Tells the compiler the return type of a handler before the handler's body.
//!
//! The compiler infers the type too, but only after the body. It then reports a value of a wrong
//! type at the whole chain instead of at the value.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned as _;

use crate::place;
use crate::router::chain::{About, Base, Closure, last_chain};
use crate::router::method::Procedure;
use crate::tokens::{is, is_group, is_word, last_block, regrouped, returned, tail, tokens, tries};

/// Adds the output type to the handler of the chain that a method's body ends in, if the handler's
/// closure surely returns a `Result` or its future.
pub(crate) fn tell(body: &mut Group, procedure: &Procedure, about: &About<'_>) -> Option<()> {
    let written = tokens(body.stream());
    let steps = last_chain(&written);
    let last = steps.last().filter(|step| step.name == "query" || step.name == "mutation")?;
    let base = Base::of(&written, about);
    // The handler of another base, or after `.output::<U>()`, may return another type than the
    // procedure.
    let is_known = base != Base::Unknown && !steps.iter().any(|step| step.name == "output");
    let span = place::at(procedure.output.span());
    let output = if is_known { procedure.output.to_token_stream() } else { quote_spanned!(span=> _) };
    let private = about.root.private();
    // The block starts with a `return` of the right type that never runs. The compiler infers the
    // return type of the block from it.
    let told = quote_spanned! {span=>
        if let ::core::option::Option::Some(__typed) = ::core::option::Option::None::<#private::Result<#output>> {
            return __typed;
        }
    };
    let argument = tokens(last.arguments.stream());
    let is_untyped = |handler: &Closure<'_>| !handler.body.first().is_some_and(|token| is(token, '-'));
    let handler = Closure::new(&argument).filter(is_untyped)?;
    let captures_nothing = base != Base::Unknown && tail(&written).len() == written.len();
    let (head, told) = match plain(&handler).filter(|_| captures_nothing) {
        Some((head, call)) => (head, quote!(#call #told)),
        None => (handler.head.iter().cloned().collect(), told),
    };
    let mut block = with_type(handler.body, handler.is_async, told)?;
    if !matches!(handler.body, [only] if is_group(only, Delimiter::Brace)) {
        let mut group = Group::new(Delimiter::Brace, block);
        // The block gets the span of the expression's end, because the closure ends there.
        group.set_span(handler.body.last().map_or_else(Span::call_site, TokenTree::span));
        block = group.to_token_stream();
    }
    let arguments = regrouped(last.arguments, quote!(#head #block)).into();
    let before = &written[..written.len() - 1];
    *body = regrouped(body, before.iter().cloned().chain([arguments]).collect());
    Some(())
}

/// Returns the head and the first statements of a plain closure with an `async` block, which does
/// the same as an `async` closure that captures nothing. The compiler builds the body of an `async`
/// closure a second time in every build, even if nothing has changed.
fn plain(handler: &Closure<'_>) -> Option<(TokenStream, TokenStream)> {
    let parameter = handler.parameters;
    let is_pattern = parameter.first().is_some_and(|token| !is(token, '#')) && !parameter.iter().any(|it| is(it, ','));
    if !handler.is_first || !handler.is_async || !is_pattern {
        return None;
    }
    let span = place::at(parameter[0].span());
    // The block takes the whole call. The parts that the handler does not name are dropped at its end,
    // as in an `async` closure.
    let call = quote_spanned!(span=> let __call = __call; let #(#parameter)* = __call;);
    Some((quote_spanned!(span=> |__call| async), call))
}

/// Returns code with `told` before it, inside the block that returns the handler's result: the
/// closure's, or an `async` block at its end. Returns `None` if the code may return something else,
/// such as a future from another function.
fn with_type(code: &[TokenTree], is_result: bool, told: TokenStream) -> Option<TokenStream> {
    let is_ok = |end: &[TokenTree]| matches!(end, [.., ok, value] if is_word(ok, "Ok") && is_group(value, Delimiter::Parenthesis));
    match (last_block(code), code) {
        (Some(block), [before @ .., _]) if before.is_empty() || !is_result => {
            let inside = with_type(&tokens(block.stream()), is_result || !before.is_empty(), told)?;
            Some(before.iter().cloned().chain([regrouped(block, inside).into()]).collect())
        }
        _ if is_result || is_ok(&returned(code)) || tries(code) => {
            Some(told.into_iter().chain(code.iter().cloned()).collect())
        }
        _ => None,
    }
}
