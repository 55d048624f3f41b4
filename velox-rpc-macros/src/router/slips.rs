//! Reports code that is written as in TypeScript, or that passes the wrong thing to a step. It is
//! recognized by its form and reported here, because the compiler's own error would not help the
//! author.

use std::fmt::Display;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::diagnostics::{Mistakes, shown};
use crate::router::chain::{BUILDS, Closure, Step, last_chain, steps};
use crate::tokens::{
    between_commas, each, has_words, in_typescript, is, is_called, is_group, is_text, is_word, regrouped, returned,
    returns, tokens,
};

/// Reports the slips in a method's body. Returns whether there was one.
pub(crate) fn report(body: &[TokenTree], mistakes: &mut Mistakes) -> bool {
    let before = mistakes.count();
    for step in steps(body).iter().filter(|step| KEEP.iter().any(|name| step.name == name)) {
        if let Some(closure) = Closure::new(&tokens(step.arguments.stream())) {
            of_self(closure.body, mistakes);
        }
    }
    for step in last_chain(body) {
        let arguments = tokens(step.arguments.stream());
        let is_so = |slip: &&Slip| step.name == slip.0 && slip.1(&step, &arguments);
        if let Some((.., message)) = STEPS.iter().find(is_so) {
            match between_commas(arguments).first().filter(|_| step.name != "use") {
                Some(first) => mistakes.at_all(first, message.replace("{}", &meant(step.name, first))),
                None => mistakes.at(step.name, message),
            }
        } else if is_handler(step.name) && arguments.windows(2).any(|pair| is(&pair[0], '=') && is(&pair[1], '>')) {
            // `({ input, ctx }) => …`
            mistakes.at_all(&arguments, ARROW);
        } else if let Some(closure) = Closure::new(&arguments) {
            of_parameters(step.name, &closure, mistakes);
            in_typescript(closure.body, mistakes);
            if KEEP.iter().any(|name| step.name == name) {
                returns(closure.body, mistakes);
            }
        }
    }
    mistakes.count() != before
}

/// Reports every `self` in a handler, because handlers outlive the router. The compiler rejects
/// them too, but with an error about lifetimes. Other captures are left to the compiler, because
/// only their types decide whether they are allowed.
fn of_self(body: &[TokenTree], mistakes: &mut Mistakes) {
    let cure = |what: &str, field: &dyn Display| format!("put {what} into the state and read it as `ctx.{field}`");
    if !has_words(body, &["self"]) {
        return;
    }
    each(&without_items(body.to_vec()), true, &mut |_, code| {
        let (own, cure) = match code {
            [own, dot, TokenTree::Ident(name), rest @ ..]
                if is_word(own, "self") && is(dot, '.') && !is_called(rest) =>
            {
                (own, if name == "session" { SESSION.to_owned() } else { cure(&format!("`{name}`"), name) })
            }
            // A path, as in `self::db::find`.
            [own, colon, ..] if is_word(own, "self") && is(colon, ':') => return,
            [own, ..] if is_word(own, "self") => (own, cure("what it needs", &"db")),
            _ => return,
        };
        mistakes.at(own, format_args!("the handler outlives `self`, so it cannot use it: {cure}"));
    });
}

/// Returns a body without its imports, and without items that have their own `self`.
fn without_items(body: Vec<TokenTree>) -> Vec<TokenTree> {
    let mut item = None;
    let outside = body.into_iter().filter_map(|token| {
        let starts = ["use", "impl", "trait"].into_iter().find(|word| is_word(&token, word));
        item = item.or(starts);
        let ends = match item {
            None => false,
            Some("use") => is(&token, ';'),
            Some(_) => is_group(&token, Delimiter::Brace),
        };
        let is_inside = if ends { item.take() } else { item }.is_some();
        match token {
            _ if is_inside => None,
            TokenTree::Group(group) => {
                Some(regrouped(&group, without_items(tokens(group.stream())).into_iter().collect()).into())
            }
            token => Some(token),
        }
    });
    outside.collect()
}

/// Reports parameters of a closure that are written as in TypeScript.
fn of_parameters(step: &Ident, closure: &Closure<'_>, mistakes: &mut Mistakes) {
    let parameters = between_commas(closure.parameters.iter().cloned());
    match parameters.as_slice() {
        [only] if is_handler(step) && is_object(only) => mistakes.at_all(only, CALL),
        [_, _, ..] if is_handler(step) => mistakes.at_all(closure.parameters, CALL),
        [only] if is_handler(step) => of_part(only, closure.body, mistakes),
        [_] if step == "guard_fn" => mistakes.at_all(closure.parameters, GUARD),
        [only] if step == "use_fn" && is_object(only) => mistakes.at_all(only, NEXT),
        [_, next] if step == "use_fn" => of_next(next, closure, mistakes),
        _ => {}
    }
}

/// Returns whether a parameter is written as `{ input, ctx }` or `(input, ctx)`.
fn is_object(parameter: &[TokenTree]) -> bool {
    matches!(parameter, [TokenTree::Group(parts)] if parts.stream().into_iter().any(|part| is(&part, ',')) || parts.delimiter() == Delimiter::Brace)
}

/// Reports `|input| input.id`, which uses the call as if it were its input or its context.
fn of_part(parameter: &[TokenTree], body: &[TokenTree], mistakes: &mut Mistakes) {
    let [TokenTree::Ident(name)] = parameter else { return };
    let mut is_part = name == "input" || name == "ctx";
    let mut parts = 0;
    each(body, true, &mut |before, code| match code {
        [TokenTree::Ident(same), dot, part, ..] if same == name && !before.is_some_and(|token| is(token, '.')) => {
            is_part &= is(dot, '.') && !is_word(part, "input") && !is_word(part, "ctx");
            parts += 1;
        }
        _ => {}
    });
    if is_part && parts > 0 {
        mistakes.at(
            name,
            format_args!("a handler takes a `Call`, and `{name}` is a part of it: write `|Call {{ {name}, .. }}|`"),
        );
    }
}

/// Reports a middleware that never calls `next`, or calls it as in TypeScript.
fn of_next(next: &[TokenTree], closure: &Closure<'_>, mistakes: &mut Mistakes) {
    let [TokenTree::Ident(name), ty @ ..] = next else { return };
    let is_next = |token: &TokenTree| matches!(token, TokenTree::Ident(same) if same == name);
    let (mut is_used, mut wrong) = (false, None);
    each(closure.body, true, &mut |before, code| match code {
        // The middleware answers by itself.
        [outcome, ..] if is_word(outcome, "Outcome") => is_used = true,
        [used, rest @ ..] if is_next(used) && !before.is_some_and(|token| is(token, '.')) => {
            is_used = true;
            if is_called(rest) {
                wrong = Some(used.clone());
            }
        }
        _ => {}
    });
    // The closure returns `next`, or a future that nobody awaits.
    match returned(closure.body).as_slice() {
        [next] if is_next(next) => wrong = Some(next.clone()),
        [next, dot, run, _] if closure.is_async && is_next(next) && is(dot, '.') && is_word(run, "run") => {
            wrong = Some(next.clone());
        }
        _ => {}
    }
    if let Some(wrong) = wrong {
        mistakes.at(wrong, format_args!("to run the next step, write `{name}.run(ctx).await`"));
    } else if !is_used && (ty.is_empty() || ty.iter().any(|token| is_word(token, "_"))) {
        mistakes.at(name, NEVER);
    }
}

/// Returns whether the step ends a chain.
fn is_handler(step: &Ident) -> bool {
    BUILDS.iter().any(|(name, _)| step == name)
}

/// Returns what the user should write for this argument: an HTTP method, or a type.
fn meant(step: &Ident, argument: &[TokenTree]) -> String {
    let is_path = argument.iter().all(|token| matches!(token, TokenTree::Ident(_)) || is(token, ':'));
    match argument.last() {
        Some(last) if step == "rest" => last.to_string().trim_matches('"').to_uppercase(),
        Some(_) if is_path => shown(argument.iter().cloned().collect::<TokenStream>()),
        _ => String::from("T"),
    }
}

/// A step, the test for a slip in it, and the message. `{}` in the message is replaced by what
/// `meant` returns for the first argument.
type Slip = (&'static str, fn(&Step<'_>, &[TokenTree]) -> bool, &'static str);

fn text(_: &Step<'_>, arguments: &[TokenTree]) -> bool {
    is_text(arguments)
}

fn closure(_: &Step<'_>, arguments: &[TokenTree]) -> bool {
    Closure::new(arguments).is_some_and(|closure| closure.is_first && !closure.parameters.is_empty())
}

fn small_method(_: &Step<'_>, arguments: &[TokenTree]) -> bool {
    matches!(arguments, [method, _, _, TokenTree::Ident(name), end, ..]
        if is(end, ',') && is_word(method, "Method") && name.to_string().contains(char::is_lowercase))
}

/// Returns whether there is a `rate_limit(5, …)`.
fn limit(step: &Step<'_>, _: &[TokenTree]) -> bool {
    let text = step.arguments.to_string().replace(' ', "");
    text.split("rate_limit(").skip(1).any(|limit| limit.starts_with(|letter: char| letter.is_ascii_digit()))
}

fn alone(_: &Step<'_>, arguments: &[TokenTree]) -> bool {
    between_commas(arguments.iter().cloned()).len() < 2
}

const CALL: &str = "a handler takes one argument, a `Call`: write `|Call { input, ctx }|`";
const NEXT: &str = "a middleware takes two arguments: write `async |ctx, next| …`";
const GUARD: &str = "the closure of a guard takes the context and the input: write `|ctx, _|`, or `|ctx, input|`";
const NEVER: &str =
    "this middleware never calls `next`: end it with `next.run(ctx).await`, or use `.guard_fn(…)` to refuse calls";
const SESSION: &str =
    "read the session as `ctx.session`, which `.use_(self.session.optional())` before the handler provides";
const ARROW: &str = "a handler is a Rust closure: write `async |Call { input, ctx }| { … }`";
const STEPS: [Slip; 14] = [
    ("use", |_, _| true, "`use` is a keyword of Rust: write `.use_(…)`"),
    ("input", |_, a| !a.is_empty(), "an input is a type: write `.input::<{}>()`, with `#[schema]` above `struct {}`"),
    ("input", |step, _| step.types.is_empty(), "the type of the input is missing: write `.input::<T>()`"),
    (
        "output",
        |_, a| !a.is_empty(),
        "an output is a type: write `.output::<{}>()`, with `#[schema]` above `struct {}`",
    ),
    ("output", |step, _| step.types.is_empty(), "the type of the output is missing: write `.output::<T>()`"),
    ("rest", alone, "a route is a method and a path: write `.rest(Method::GET, \"/users/:id\")`"),
    ("rest", text, "an HTTP method is a constant of `velox_rpc::http::Method`: write `Method::{}`"),
    ("rest", small_method, "an HTTP method is a constant in upper case: write `Method::{}`"),
    ("guard", text, "`.guard(…)` takes a guard: pass a name and a closure to `.guard_fn(\"name\", |ctx, input| …)`"),
    ("guard", closure, "`.guard(…)` takes a guard: pass a closure to `.guard_fn(\"name\", |ctx, input| …)`"),
    ("guards", |step, arguments| !alone(step, arguments), "several guards are one list: write `.guards((a, b))`"),
    ("guard", limit, "a rate limit has a name: write `rate_limit(\"search\", 5, Duration::from_secs(60))`"),
    ("guard_fn", closure, "a guard has a name: write `.guard_fn(\"name\", |ctx, input| …)`"),
    ("use_", closure, "`.use_(…)` takes a middleware: pass a closure to `.use_fn(async |ctx, next| …)`"),
];
/// The steps that store their closure.
const KEEP: [&str; 5] = ["query", "mutation", "subscription", "use_fn", "guard_fn"];

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(body: TokenStream) -> Vec<String> {
        let mut mistakes = Mistakes::default();
        report(&tokens(body), &mut mistakes);
        mistakes.messages()
    }

    #[test]
    fn self_in_a_handler_is_reported_with_where_it_belongs() {
        let named = "the handler outlives `self`, so it cannot use it: put `mail` into the state and read it as \
            `ctx.mail`";
        assert_eq!(messages(quote!(procedure().query(async |_| { self.mail.send().await }))), [named]);
        assert_eq!(messages(quote!(procedure().mutation(move |_| Ok(vec![self.mail])))), [named]);
        assert_eq!(messages(quote!(procedure().query(|_| self.find()))).len(), 1);
        for item in [
            quote!(
                use crate::db::{self, find};
            ),
            quote!(impl Id { fn get(&self) -> u8 { self.0 } }),
        ] {
            let around = messages(quote!(procedure().query(|_| { #item Ok(self.mail) })));
            assert_eq!(around, [named], "{item}");
            let inside = messages(quote!(procedure().query(|_| { if true { #item } Ok(self.mail) })));
            assert_eq!(inside, [named], "{item}");
        }
    }

    #[test]
    fn self_anywhere_else_is_fine() {
        for body in [
            quote!(procedure().use_(self.session.required()).query(|_| Ok(1))),
            quote!(procedure().query(self.handler())),
            quote!(let mail = self.mail.clone(); procedure().query(move |_| Ok(mail.name()))),
            quote!(procedure().query(|_| {
                use crate::db::{self, find};
                Ok(db::all())
            })),
            quote!(procedure().query(|_| {
                trait Named {
                    fn name(&self) -> u8 {
                        self.id()
                    }
                }
                Ok(1)
            })),
        ] {
            assert_eq!(messages(body), Vec::<String>::new());
        }
    }
}
