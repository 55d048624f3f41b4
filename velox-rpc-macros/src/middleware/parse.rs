//! Parses the function, and recognizes one that is written as in TypeScript.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{FnArg, Pat, parse_quote};

use crate::diagnostics::{Mistakes, shown};
use crate::item::{self, Function};
use crate::tokens::{each, in_typescript, is, is_called, is_group, is_word, returned, returns, tokens};

/// Parses the function. If the item is something else, reports a mistake and returns `None`.
///
/// A body that the compiler would reject once more is left out.
pub(crate) fn read(item: TokenStream, mistakes: &mut Mistakes) -> Option<Function> {
    let belongs = "`#[middleware]` belongs on a function, `async fn tenant(ctx: &impl Ctx) -> Result<Tenant>`";
    if !item::is_a("fn", &item, belongs, mistakes) {
        return None;
    }
    let before = mistakes.count();
    let parsed = syn::parse2(item.clone()).or_else(|error| {
        let item = with_context(with_arrow(tokens(item)), mistakes);
        syn::parse2(item).map_err(|_| {
            if mistakes.count() == before {
                mistakes.add(error)
            }
        })
    });
    let mut function: Function = parsed.ok()?;
    item::once("middleware", |_| true, &mut function.attrs, mistakes);
    let inputs = &mut function.signature.inputs;
    if let Some(at) = inputs.iter().position(is_next) {
        mistakes.at_all(inputs.iter().skip(at), GOES_ON);
        *inputs = inputs.iter().take(at).cloned().collect();
    } else {
        let body = tokens(function.body.stream());
        slips(&body, mistakes);
        fields(function.signature.inputs.first(), &body, mistakes);
    }
    if mistakes.count() != before {
        function.attrs.push(parse_quote!(#[allow(warnings)]));
        function.body = Group::new(Delimiter::Brace, quote!(::core::unreachable!()));
    }
    Some(function)
}

/// Reports a body that is written as in TypeScript.
fn slips(body: &[TokenTree], mistakes: &mut Mistakes) {
    in_typescript(body, mistakes);
    returns(body, mistakes);
    let last = returned(body);
    let is_last = matches!(last.as_slice(), [next] if is_word(next, "next"));
    // `next` as in TypeScript, and the uses of something else with this name.
    let (mut next, mut others) = (is_last.then(|| last[0].clone()), 0);
    each(body, true, &mut |before, code| {
        let [word, rest @ ..] = code else { return };
        let is_after = |word: &str| before.is_some_and(|it| is_word(it, word));
        if is_word(word, "use") && before.is_some_and(|it| is(it, '.')) {
            mistakes.at(word, USE);
        }
        if !is_word(word, "next") || before.is_some_and(|it| is(it, '.') || is(it, ':')) {
            return;
        }
        let is_run = matches!(rest, [dot, run, ..] if is(dot, '.') && is_word(run, "run"));
        // A call without an object may call the user's own function.
        if takes_object(rest) || is_run || (is_after("return") && !is_called(rest)) {
            next = next.take().or(Some(word.clone()));
        } else {
            others += 1;
        }
    });
    // If nothing precedes the last expression, it is among the others already.
    let is_bare = is_last
        && matches!(body, [.., last] if is_word(last, "next"))
        && !matches!(body, [.., word, _] if is_word(word, "return"));
    if let Some(next) = next.filter(|_| others == usize::from(is_bare)) {
        mistakes.at(next, GOES_ON);
    }
}

/// Reports each `ctx.name` of a `ctx: &impl Ctx`, which is any context and has no fields.
fn fields(argument: Option<&FnArg>, body: &[TokenTree], mistakes: &mut Mistakes) {
    let Some(FnArg::Typed(argument)) = argument else { return };
    let (Pat::Ident(ctx), ty) = (&*argument.pat, shown(&argument.ty)) else { return };
    if !ty.starts_with("&impl Ctx") {
        return;
    }
    each(body, true, &mut |before, code| match code {
        [TokenTree::Ident(same), dot, TokenTree::Ident(name), rest @ ..]
            if *same == ctx.ident && is(dot, '.') && !is_called(rest) && !before.is_some_and(|it| is(it, '.')) =>
        {
            mistakes.at(name, if name == "user" { USER } else { FIELD });
        }
        _ => {}
    });
}

/// Returns whether these are the arguments of `next({ … })`.
fn takes_object(code: &[TokenTree]) -> bool {
    matches!(code, [TokenTree::Group(arguments), ..] if tokens(arguments.stream()).first().is_some_and(|it| is_group(it, Delimiter::Brace)))
}

/// Returns whether the argument is the `next` of a middleware in TypeScript.
fn is_next(argument: &FnArg) -> bool {
    matches!(argument, FnArg::Typed(argument) if matches!(&*argument.pat, Pat::Ident(name) if name.ident == "next"))
}

/// Replaces the `:` or `=>` of `fn tenant(…): Result<Tenant>`, which the compiler has reported.
fn with_arrow(item: Vec<TokenTree>) -> Vec<TokenTree> {
    let parameters = item.iter().position(|token| is_word(token, "fn")).map(|at| at + 2);
    let Some(start) = parameters.filter(|at| item.get(*at).is_some_and(|it| is_group(it, Delimiter::Parenthesis)))
    else {
        return item;
    };
    let is_mark = |token: &&TokenTree| [':', '=', '>'].iter().any(|mark| is(token, *mark));
    let (start, marks) = (start + 1, item[start + 1..].iter().take_while(is_mark).count());
    if marks == 0 {
        return item;
    }
    [&item[..start], &tokens(quote!(->)), &item[start + marks..]].concat()
}

/// Replaces the parameters of `fn tenant({ ctx, next })`, and reports them.
fn with_context(item: Vec<TokenTree>, mistakes: &mut Mistakes) -> TokenStream {
    let is_untyped = |parameters: &Group| {
        let parameters = tokens(parameters.stream());
        let is_object = parameters.first().is_some_and(|first| is_group(first, Delimiter::Brace));
        is_object || !parameters.iter().any(|token| is(token, ':'))
    };
    // `pub(crate)` comes before `fn`.
    let mut is_next = false;
    let with = item.into_iter().map(|token| match token {
        TokenTree::Group(parameters)
            if is_next && parameters.delimiter() == Delimiter::Parenthesis && is_untyped(&parameters) =>
        {
            is_next = false;
            mistakes.at(&parameters, "Rust needs the type of the argument: write `(ctx: &impl Ctx)`");
            Group::new(Delimiter::Parenthesis, quote!(ctx: &impl Sized)).into()
        }
        token => {
            is_next |= is_word(&token, "fn");
            token
        }
    });
    with.collect()
}

const FIELD: &str = "`&impl Ctx` is any context, so it has no fields: take `ctx: &impl Ctx<State = AppState>`, and write `ctx.base().db`";
const USER: &str = "`&impl Ctx` is any context, so it has no fields: take `ctx: &impl HasUser<User = SessionUser>`, and write `ctx.user()`";
const USE: &str = "`use` is a keyword of Rust: write `.use_(…)` in the chain of a procedure";
const GOES_ON: &str = "a `#[middleware]` function does not call `next`: end it with `Ok(…)` and the value to add; for \
    code around the call, put `.use_fn(async |ctx, next| …)` into the chain";
