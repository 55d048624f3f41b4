//! Helpers for the tests of all three macros: the messages of an expansion, its text, and the
//! search for unqualified names.

use proc_macro2::{TokenStream, TokenTree};

/// Returns the messages that an expansion reports, in order.
pub(crate) fn messages(expansion: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expansion).expect("an expansion is a list of items");
    let errors = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Macro(item)
            if item.mac.path.segments.last().is_some_and(|segment| segment.ident == "compile_error") =>
        {
            Some(item.mac.parse_body::<syn::LitStr>().expect("compile_error! takes a text").value())
        }
        _ => None,
    });
    errors.collect()
}

/// Formats the expansion.
pub(crate) fn formatted(expansion: TokenStream) -> String {
    let file = syn::parse2(expansion).expect("an expansion is a list of items");
    prettyplease::unparse(&file)
}

/// Returns the names in `expansion` that the user did not write (`written`), that the expansion
/// does not declare itself, and that do not follow `::core` or the root's `__private`. If the
/// user's program has an item of such a name, the expansion would use that item by mistake.
pub(crate) fn strays(expansion: TokenStream, written: &TokenStream) -> Vec<String> {
    let mut known = Vec::new();
    identifiers(written, &mut known);
    let mut strays = Vec::new();
    search(expansion, &known, &mut strays);
    strays
}

fn search(tokens: TokenStream, known: &[String], strays: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut position = 0;
    while let Some(token) = tokens.get(position) {
        match token {
            TokenTree::Group(group) => search(group.stream(), known, strays),
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let ours = OURS.contains(&name.as_str()) || LANGUAGE.contains(&name.as_str());
                let before = position.checked_sub(1).map(|before| tokens[before].to_string());
                let method = before.as_deref() == Some(".");
                if !ours && !method && !known.contains(&name) {
                    strays.push(name);
                }
            }
            TokenTree::Punct(_) if is_absolute(&tokens[position..]) => {
                position += path_length(&tokens[position..]);
                continue;
            }
            _ => {}
        }
        position += 1;
    }
}

/// Returns whether an absolute path starts here, which nothing in the user's program can change.
fn is_absolute(tokens: &[TokenTree]) -> bool {
    let text: Vec<String> = tokens.iter().take(6).map(ToString::to_string).collect();
    let text: Vec<&str> = text.iter().map(String::as_str).collect();
    matches!(text.as_slice(), [":", ":", "core", ..] | [":", ":", "velox_rpc", ":", ":", "__private"])
}

/// Returns the number of tokens in `::a::b::c`.
fn path_length(tokens: &[TokenTree]) -> usize {
    let is_step = |step: &&[TokenTree]| matches!(step, [colon, _, TokenTree::Ident(_)] if colon.to_string() == ":");
    tokens.chunks(3).take_while(is_step).count() * 3
}

fn identifiers(tokens: &TokenStream, known: &mut Vec<String>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(ident) => known.push(ident.to_string()),
            TokenTree::Group(group) => identifiers(&group.stream(), known),
            _ => {}
        }
    }
}

/// Names that the expansions declare: associated items, locals, parameters.
const OURS: [&str; 62] = [
    "build",
    "__typed",
    "into_router",
    "router",
    "__has",
    "name",
    "__Fields",
    "__Unknown",
    "T",
    "fields",
    "field",
    "matching",
    "other",
    "value",
    "FIELDS",
    "NAMES",
    "validate",
    "held",
    "errors",
    "__C",
    "__inner",
    "Target",
    "State",
    "Context",
    "deref",
    "base",
    "call",
    "__ctx",
    "__next",
    "__value",
    "User",
    "user",
    "TenantContext",
    "TenantMiddleware",
    "Known",
    "Unknown",
    "examine",
    "examine_fields",
    "part",
    "found",
    "names",
    "may_be_missing",
    "new",
    "rules",
    "parts",
    "content",
    "text",
    "got",
    "count",
    "read",
    "whole",
    "MISSING",
    "validator",
    "Validate",
    "broken",
    "code",
    "message",
    "__broken",
    "u64",
    "__rules_of_email",
    "__rules_of_years_old",
    "Described",
];
/// Keywords, built-in attributes and their arguments, primitive types.
const LANGUAGE: [&str; 52] = [
    "impl",
    "for",
    "fn",
    "self",
    "Self",
    "let",
    "mut",
    "pub",
    "struct",
    "enum",
    "const",
    "use",
    "as",
    "type",
    "match",
    "if",
    "else",
    "async",
    "await",
    "allow",
    "deprecated",
    "automatically_derived",
    "derive",
    "doc",
    "serde",
    "schemars",
    "validate",
    "extend",
    "rename_all",
    "rename_all_fields",
    "skip_serializing_if",
    "unused_imports",
    "unused_variables",
    "unreachable_patterns",
    "non_camel_case_types",
    "clippy",
    "unused_self",
    "unnecessary_wraps",
    "crate",
    "str",
    "bool",
    "static",
    "_",
    "trait",
    "while",
    "return",
    "true",
    "false",
    "u8",
    "dead_code",
    "all",
    "pedantic",
];
