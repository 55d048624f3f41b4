//! Checks that the rules of `#[validate(…)]` exist and are in a place where they are checked.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::diagnostics::{Mistakes, did_you_mean};
use crate::schema::attributes::{listed, metas};
use crate::schema::rule::Rule;

/// Returns whether all rules exist and accept their arguments. Reports those that do not.
pub(crate) fn known(attrs: &[Attribute], mistakes: &mut Mistakes) -> bool {
    let before = mistakes.count();
    for attribute in attrs.iter().filter(|attribute| attribute.path().is_ident("validate")) {
        match attribute.meta.require_list().and_then(listed) {
            Ok(rules) => rules.iter().for_each(|rule| takes(rule, mistakes)),
            Err(error) => {
                mistakes
                    .at_span(error.span(), "rules are written as in `#[validate(length(min = 1, max = 100), email)]`");
            }
        }
    }
    mistakes.count() == before
}

/// Reports a rule that does not exist, and arguments that a rule does not accept.
fn takes(rule: &Meta, mistakes: &mut Mistakes) {
    let name = rule.path().get_ident().map(ToString::to_string).unwrap_or_default();
    let Some((_, arguments)) = RULES.iter().find(|(known, _)| *known == name) else {
        let message = match OTHER_WORDS.iter().find(|(word, _)| *word == name) {
            Some((_, words)) => format!("unknown rule `{name}`: write {words}"),
            None => match did_you_mean(&name, &RULES.map(|(known, _)| known)) {
                Some(meant) => format!("unknown rule `{name}`: did you mean `{meant}`?"),
                None => {
                    format!("unknown rule `{name}`; the rules are {}", list(RULES.iter().map(|(known, _)| *known)))
                }
            },
        };
        mistakes.at(rule.path(), message);
        return;
    };
    let known: Vec<&str> = arguments.split_whitespace().chain(ALL).collect();
    let example = format!("`{name}({} = …)`", known[0]);
    // Without an argument it would check nothing. `ip` works without one.
    let needs_one = !arguments.is_empty() && name != "ip";
    match rule {
        _ if name == "multiple_of" && Rule::new(rule).and_then(|rule| rule.step()).is_none() => mistakes.at(
            rule,
            "`multiple_of` needs a number above zero: write `multiple_of = 5`, or `multiple_of(value = 5, message = \"…\")`",
        ),
        _ if name == "regex" && is_pattern(rule) => mistakes.at(rule, PATTERN),
        Meta::Path(_) if needs_one => mistakes.at(rule, MISSING.replace("{}", &example)),
        Meta::Path(_) => {}
        Meta::NameValue(_) if name == "multiple_of" => {}
        Meta::NameValue(pair) => {
            mistakes.at(pair, format_args!("the arguments of a rule are in parentheses: write {example}"))
        }
        Meta::List(inner) => match listed(inner) {
            Ok(given) => {
                let is_of_all = |argument: &Meta| ALL.iter().any(|name| argument.path().is_ident(name));
                if needs_one && given.iter().all(is_of_all) {
                    mistakes.at(rule, MISSING.replace("{}", &example));
                }
                for argument in given {
                    if !known.iter().any(|known| argument.path().is_ident(known)) {
                        let known = list(known.iter().copied());
                        mistakes.at(
                            argument.path(),
                            format_args!("the rule `{name}` does not have this argument; it has {known}"),
                        );
                    }
                }
            }
            Err(_) => mistakes.at(&inner.tokens, format_args!("the arguments of a rule have names: write {example}")),
        },
    }
}

/// Returns whether `regex(path = "…")` has a pattern in place of a path.
fn is_pattern(rule: &Meta) -> bool {
    let is_text =
        |path: &Expr| matches!(path, Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.parse::<Expr>().is_err());
    Rule::new(rule).is_some_and(|rule| rule.argument("path").is_some_and(is_text))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the number of `#[validate(multiple_of = 5)]`, as text.
pub(crate) fn multiple_of(attrs: &[Attribute]) -> Option<String> {
    metas(attrs, "validate").iter().find(|meta| meta.path().is_ident("multiple_of")).and_then(Rule::new)?.step()
}

/// Returns whether `#[validate(nested)]` is among the rules, and reports every other rule. Nothing
/// checks the other rules in a variant.
pub(crate) fn nested_only(attrs: &[Attribute], mistakes: &mut Mistakes) -> bool {
    let mut nested = false;
    for meta in metas(attrs, "validate") {
        if meta.path().is_ident("nested") {
            nested = true;
        } else {
            mistakes.at(
                meta,
                "velox checks the rules of structs: make a `#[schema] struct Name(#[validate(…)] String)`, \
                and hold it as `#[validate(nested)] Name` here",
            );
        }
    }
    nested
}

/// Reports every rule, including `nested`, on a field that nothing can check.
pub(crate) fn none(attrs: &[Attribute], mistakes: &mut Mistakes) {
    for meta in metas(attrs, "validate") {
        mistakes.at(
            meta,
            "velox does not check rules here: move these fields into a struct with `#[schema]`, and \
            write `#[validate(nested)] T` here",
        );
    }
}

const PATTERN: &str = "a pattern is compiled once: write `static PATTERN: LazyLock<Regex> = LazyLock::new(|| \
    Regex::new(\"…\").unwrap());` and `regex(path = *PATTERN)`";

const MISSING: &str = "this rule needs an argument: write {}";

/// The arguments that every rule accepts.
const ALL: [&str; 2] = ["message", "code"];

/// The rules, with the arguments they accept in addition to a message and a code.
const RULES: [(&str, &str); 15] = [
    ("length", "min max equal"),
    ("range", "min max exclusive_min exclusive_max"),
    ("multiple_of", "value"),
    ("email", ""),
    ("url", ""),
    ("ip", "v4 v6"),
    ("contains", "pattern"),
    ("does_not_contain", "pattern"),
    ("regex", "path"),
    ("must_match", "other"),
    ("non_control_character", ""),
    ("custom", "function use_context"),
    ("required", ""),
    ("nested", ""),
    ("skip", ""),
];

/// Words of Zod and TypeScript, with what to write instead.
const OTHER_WORDS: [(&str, &str); 10] = [
    ("min", "`length(min = 1)` for a string or a list, `range(min = 1)` for a number"),
    ("max", "`length(max = 100)` for a string or a list, `range(max = 100)` for a number"),
    ("nonempty", "`length(min = 1)`"),
    ("positive", "`range(exclusive_min = 0)`"),
    ("nonnegative", "`range(min = 0)`"),
    ("int", "an integer type such as `i64`"),
    ("uuid", "the type `uuid::Uuid`, with the feature `uuid` of velox-rpc"),
    ("optional", "the type `Option<…>`"),
    ("trim", "`#[schema(trim)]`"),
    ("pattern", "`regex(path = …)`"),
];
