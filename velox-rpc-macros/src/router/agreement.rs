//! Checks whether a chain agrees with its method and its router: the kind of the procedure, its
//! input, and the state.
//!
//! Only mistakes that the tokens prove are reported here. The compiler finds the others.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{PathArguments, ReturnType, Type};

use crate::diagnostics::{Mistakes, shown};
use crate::naming::{pascal, unraw};
use crate::router::chain::{About, BUILDS, Base, Closure, Step, last_chain};
use crate::router::result;
use crate::tokens::{each, is, is_called, is_word, tokens};
use crate::types::types_in;

/// The description of a procedure in the signature of its method.
pub(crate) struct Said<'a> {
    pub(crate) method: &'a Ident,
    pub(crate) kind: &'a Ident,
    pub(crate) input: &'a Type,
    pub(crate) output: &'a Type,
}

/// Reports the differences between the signature and the chain that the body ends in.
pub(crate) fn report(said: &Said<'_>, body: &[TokenTree], about: &About<'_>, mistakes: &mut Mistakes) {
    let Said { method, kind, input, output } = said;
    let chain = last_chain(body);
    let Some(last) = chain.last() else { return };
    let is_end = |step: &&Step<'_>| BUILDS.iter().any(|(name, _)| step.name == name);
    let mut after = chain.iter().skip_while(|step| !is_end(step)).skip(1);
    let late = after.find(|step| step.name != "describe" && step.name != "deprecated");
    if let Some((end, late)) = chain.iter().find(is_end).zip(late).filter(|_| Base::of(body, about) != Base::Unknown) {
        let message = format!("the handler ends a chain: move `.{}(…)` before `.{}(…)`", late.name, end.name);
        mistakes.at(late.name, message);
        return;
    }
    let of_kind = |(_, built): &&(&str, &str)| kind == built;
    if let Some((step, built)) = BUILDS.iter().find(|(step, _)| last.name == step)
        && let Some((right, _)) = BUILDS.iter().find(of_kind).filter(|(right, _)| right != step)
    {
        let message = format!(
            "`{method}` is a `{kind}`, and `.{step}(…)` makes a `{built}`: write `.{right}(…)`, or return `{built}<…>`"
        );
        mistakes.at(last.name, message);
    }
    if Base::of(body, about) != Base::Procedure {
        return;
    }
    if !chain.iter().any(|step| is_end(&step)) {
        let step = kind.to_string().to_lowercase();
        mistakes.at(last.name, format_args!("a handler is missing after this: `.{step}(|Call {{ input, ctx }}| …)`"));
        return;
    }
    let has_none = matches!(input, Type::Tuple(tuple) if tuple.elems.is_empty());
    let (wanted, output) = (shown(input), shown(output));
    match chain.iter().find(|step| step.name == "input") {
        Some(step) if has_none => {
            let read = shown(&step.types);
            mistakes.at(input, format_args!("the chain reads an input, `{read}`: write `{kind}<{read}, {output}>`"));
        }
        None if !has_none => {
            let message = format!(
                "the chain reads no input: put `.input::<{wanted}>()` into it, or write `{kind}<(), {output}>`"
            );
            mistakes.at(input, message);
        }
        _ if chain.iter().any(gives_fields) => {}
        _ => {
            let arguments = tokens(last.arguments.stream());
            if let Some(handler) = Closure::new(&arguments) {
                fields(&handler, &output, about, mistakes);
            }
        }
    }
}

/// Reports a base whose type leaves out what its chain adds: the context of a session, or the input.
/// In the type, an error replaces the context, so that the compiler reports nothing where the base
/// is used.
pub(crate) fn base(ty: &mut ReturnType, body: &[TokenTree], about: &About<'_>, mistakes: &mut Mistakes) -> Option<()> {
    let builder = result::builder(ty).filter(|_| Base::of(body, about) == Base::Procedure)?;
    let types: Vec<Type> = types_in(builder).into_iter().cloned().collect();
    let (state, rest) = types.split_first()?;
    let (plain, chain) = (format!("Context<{}>", shown(state)), last_chain(body));
    let written = rest.first().map_or_else(|| plain.clone(), shown);
    let mut uses = chain.iter().filter(|step| step.name.to_string().starts_with("use_"));
    let (made, has_session) = uses.try_fold((plain.clone(), false), added)?;
    let input = chain.iter().find(|step| step.name == "input" && rest.len() < 2);
    if input.is_none() && !(has_session && written == plain) {
        return None;
    }
    let input = input.map_or_else(String::new, |step| format!(", {}", shown(&step.types)));
    let context = if written == plain { made } else { written };
    let user = if context.contains("SessionUser") { USER } else { "" };
    let right = format!("ProcedureBuilder<{}, {context}{input}>", shown(state));
    let error =
        mistakes.in_place_of_type(&*builder, format_args!("this is not the type of the chain: write `{right}`{user}"));
    builder.arguments = PathArguments::AngleBracketed(syn::parse_quote!(<#state, (#(#rest,)* #error)>));
    Some(())
}

/// Adds the context of a middleware around another one, and whether it is a session's. Returns
/// `None` for a middleware with an unknown context.
fn added((inner, has_session): (String, bool), step: &Step<'_>) -> Option<(String, bool)> {
    match tokens(step.arguments.stream()).as_slice() {
        _ if step.name == "use_fn" => None,
        [TokenTree::Ident(name)] => Some((format!("{}Context<{inner}>", pascal(&unraw(name))), has_session)),
        [.., TokenTree::Ident(of), _, TokenTree::Ident(kind), TokenTree::Group(_)] => {
            let (_, context) = SESSIONS.iter().find(|(name, _)| kind == name && of.to_string().contains("session"))?;
            Some((context.replace("{}", &inner), true))
        }
        _ => None,
    }
}

/// Returns whether a step adds a field to the context, or was meant to.
fn gives_fields(step: &Step<'_>) -> bool {
    let is_session = |arguments: TokenStream| {
        let text = arguments.to_string();
        ["required", "optional", "middleware"].iter().any(|word| text.contains(word))
    };
    step.name == "use_" || step.name == "use_fn" || is_session(step.arguments.stream())
}

/// Reports each `ctx.name` of a context that has no fields. A context with a state has that state's
/// fields, which are not known here. A field of the state cannot be moved out of it. So if the
/// handler returns `ctx.user` as a `SessionUser`, it means the user of a session.
fn fields(handler: &Closure<'_>, output: &str, about: &About<'_>, mistakes: &mut Mistakes) {
    let [call, TokenTree::Group(parts)] = handler.parameters else { return };
    let parts = tokens(parts.stream());
    let is_own = |at: usize| is_word(&parts[at], "ctx") && !parts.get(at + 1).is_some_and(|next| is(next, ':'));
    if !is_word(call, "Call") || !(0..parts.len()).any(is_own) {
        return;
    }
    let mut missing = Vec::new();
    let mut is_another = false;
    each(handler.body, true, &mut |before, tokens| match tokens {
        [ctx, ..] if !is_word(ctx, "ctx") || before.is_some_and(|it| is(it, '.')) => {}
        [_, dot, TokenTree::Ident(name), rest @ ..] if is(dot, '.') => {
            let is_user = || name == "user" && before.is_none() && rest.is_empty() && output.contains("SessionUser");
            if !is_called(rest) && (!about.has_state || is_user()) {
                missing.push(name.clone());
            }
        }
        // `ctx` without a field and without `&` may be a local variable of that name.
        _ => is_another |= !before.is_some_and(|it| is(it, '&')),
    });
    for name in missing.into_iter().filter(|_| !is_another) {
        if name == "user" || name == "session" {
            let cure = "put `.use_(self.session.required())` before the handler";
            mistakes.at(&name, format_args!("`ctx` has no field `{name}` here: {cure}"));
        } else {
            let message = format!(
                "`ctx` has no field `{name}` here: for a field of the state, write `#[router(\"{}\", state = AppState)]`; \
                    for a field that a middleware adds, put `.use_(…)` before the handler",
                about.namespace.value()
            );
            mistakes.at_first(name, message);
        }
    }
}

/// The contexts of the session middlewares.
const SESSIONS: [(&str, &str); 3] = [
    ("required", "UserContext<{}, SessionUser>"),
    ("optional", "UserContext<{}, Option<SessionUser>>"),
    ("middleware", "SessionContext<{}>"),
];
const USER: &str = "; with a `user_loader`, write its type in place of `SessionUser`";
