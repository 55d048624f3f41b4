//! Reads the chain that a method's body ends in, `procedure().input::<T>().query(|…| …)`.
//!
//! It works on tokens and does not parse Rust, so that it can also read code written as in
//! TypeScript.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::LitStr;

use crate::item::Function;
use crate::root::Root;
use crate::router::result;
use crate::router::rewrite::is_bare_call;
use crate::tokens::{is, is_word, tail, tokens};

/// The parts of a router that affect how its chains are read.
pub(crate) struct About<'a> {
    pub(crate) root: &'a Root,
    pub(crate) namespace: &'a LitStr,
    pub(crate) has_state: bool,
    /// The router's methods that return a `ProcedureBuilder`, also under another name.
    pub(crate) bases: Vec<Ident>,
}

/// One step: `.name::<T>(arguments)`.
pub(crate) struct Step<'a> {
    pub(crate) name: &'a Ident,
    /// The tokens between `::<` and `>`.
    pub(crate) types: TokenStream,
    pub(crate) arguments: &'a Group,
    /// The positions of its first token and of the token after its last one.
    start: usize,
    end: usize,
}

/// Returns the steps of all chains in a body, except those inside the arguments of a step.
pub(crate) fn steps(body: &[TokenTree]) -> Vec<Step<'_>> {
    (0..body.len()).filter_map(|start| step(body, start)).collect()
}

/// Returns the steps of the chain that a body ends in, or none if it ends in something else.
pub(crate) fn last_chain(body: &[TokenTree]) -> Vec<Step<'_>> {
    let tail = tail(body);
    let steps = steps(tail);
    if steps.last().is_some_and(|step| step.end == tail.len()) { steps } else { Vec::new() }
}

/// The start of a chain.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Base {
    /// `procedure()`: the chain has nothing but its own steps.
    Procedure,
    /// A method of the router that returns a `ProcedureBuilder`.
    Method,
    /// Something else, or a chain with a step that the builder does not have.
    Unknown,
}

impl Base {
    /// Returns the start of the chain that a body ends in.
    pub(crate) fn of(body: &[TokenTree], about: &About<'_>) -> Self {
        let (tail, steps) = (tail(body), last_chain(body));
        let is_known = |step: &Step<'_>| STEPS.split(' ').any(|name| step.name == name);
        let is_whole = |steps: &[Step<'_>], start: usize| {
            let ends = steps.iter().map(|step| step.end);
            steps.iter().zip(std::iter::once(start).chain(ends)).all(|(step, end)| step.start == end && is_known(step))
        };
        let call = (0..tail.len()).find(|at| is_bare_call(tail, *at, about.root));
        match (call, steps.as_slice()) {
            (Some(at), steps)
                if tail[..at].iter().all(|it| is(it, ':') || matches!(it, TokenTree::Ident(_)))
                    && is_whole(steps, at + 2) =>
            {
                Self::Procedure
            }
            (None, [base, steps @ ..])
                if base.start == 1
                    && is_word(&tail[0], "self")
                    && about.bases.contains(base.name)
                    && is_whole(steps, base.end) =>
            {
                Self::Method
            }
            _ => Self::Unknown,
        }
    }
}

/// Returns whether a method returns a `ProcedureBuilder`, by its type or by the chain it ends in.
pub(crate) fn is_builder(method: &mut Function, about: &About<'_>) -> bool {
    let is_end = |step: &Step<'_>| step.name == "output" || BUILDS.iter().any(|(name, _)| step.name == name);
    let body = tokens(method.body.stream());
    result::builder(&mut method.signature.output).is_some()
        || Base::of(&body, about) != Base::Unknown && !last_chain(&body).iter().any(is_end)
}

fn step(body: &[TokenTree], start: usize) -> Option<Step<'_>> {
    let [dot, TokenTree::Ident(name), rest @ ..] = &body[start..] else { return None };
    let (types, rest) = turbofish(rest);
    match rest {
        [TokenTree::Group(arguments), rest @ ..] if is(dot, '.') && arguments.delimiter() == Delimiter::Parenthesis => {
            let types = types.iter().cloned().collect();
            Some(Step { name, types, arguments, start, end: body.len() - rest.len() })
        }
        _ => None,
    }
}

/// Splits off a turbofish. Returns the tokens between `::<` and `>`, and the tokens after it.
fn turbofish(tokens: &[TokenTree]) -> (&[TokenTree], &[TokenTree]) {
    let [first, second, open, inner @ ..] = tokens else { return (&[], tokens) };
    if !is(first, ':') || !is(second, ':') || !is(open, '<') {
        return (&[], tokens);
    }
    let mut depth = 1_usize;
    for (at, token) in inner.iter().enumerate() {
        if is(token, '<') {
            depth += 1;
        } else if is(token, '>') && !(at > 0 && is(&inner[at - 1], '-')) {
            depth -= 1;
        }
        if depth == 0 {
            return (&inner[..at], &inner[at + 1..]);
        }
    }
    (&[], tokens)
}

/// The closure that is the last argument of a step.
pub(crate) struct Closure<'a> {
    /// The tokens of all arguments up to the closing bar of the closure.
    pub(crate) head: &'a [TokenTree],
    pub(crate) is_first: bool,
    pub(crate) is_async: bool,
    /// The tokens between the bars.
    pub(crate) parameters: &'a [TokenTree],
    pub(crate) body: &'a [TokenTree],
}

impl<'a> Closure<'a> {
    pub(crate) fn new(arguments: &'a [TokenTree]) -> Option<Self> {
        let open = arguments.iter().position(|token| is(token, '|'))?;
        let close = open + 1 + arguments[open + 1..].iter().position(|token| is(token, '|'))?;
        let words = arguments[..open].iter().rev().take_while(|it| is_word(it, "move") || is_word(it, "async")).count();
        let comma = arguments.iter().rev().take_while(|token| is(token, ',')).count();
        let start = open - words;
        (start == 0 || is(&arguments[start - 1], ',')).then(|| Self {
            head: &arguments[..=close],
            is_first: start == 0,
            is_async: arguments[start..open].iter().any(|token| is_word(token, "async")),
            parameters: &arguments[open + 1..close],
            body: &arguments[close + 1..arguments.len() - comma],
        })
    }
}

/// The steps of a `ProcedureBuilder`. This crate knows how each of them changes the types.
const STEPS: &str = "use_ use_fn guard guards guard_fn rest no_rest parent parents body_limit handler_timeout any_host fails_with \
    deprecated describe input output query mutation subscription";

/// The steps that end a chain, and the types they build.
pub(crate) const BUILDS: [(&str, &str); 3] =
    [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
