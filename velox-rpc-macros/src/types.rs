//! Recognizes types that cannot be sent, and types and enums that are written as in TypeScript.

use quote::ToTokens as _;
use syn::visit_mut::{VisitMut, visit_field_mut, visit_return_type_mut, visit_type_mut, visit_variant_mut};
use syn::{Field, GenericArgument, PathArguments, PathSegment, ReturnType, Type, Variant, parse_quote};

use crate::diagnostics::{Mistakes, shown};
use crate::tokens::{is_text, tokens};

/// Reports types that are written as in TypeScript or cannot be sent, and replaces them by something
/// that compiles, so that the compiler does not report them too.
pub(crate) struct InTypeScript<'a>(pub(crate) &'a mut Mistakes);

impl VisitMut for InTypeScript<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match in_rust(ty) {
            Some(right) => {
                let message = format!("`{}` is a TypeScript type: write {right}", shown(&*ty));
                *ty = self.0.in_place_of_type(&*ty, message);
            }
            None => visit_type_mut(self, ty),
        }
    }

    fn visit_field_mut(&mut self, field: &mut Field) {
        owned(&mut field.ty, true, self.0);
        visit_field_mut(self, field);
    }

    fn visit_return_type_mut(&mut self, ty: &mut ReturnType) {
        if let ReturnType::Type(_, ty) = ty {
            owned(ty, false, self.0);
        }
        visit_return_type_mut(self, ty);
    }

    fn visit_variant_mut(&mut self, variant: &mut Variant) {
        if let Some((_, text)) = variant.discriminant.take_if(|(_, value)| is_text(&tokens(value.to_token_stream()))) {
            self.0.at(
                text,
                "a variant is sent as its name in camelCase: remove this, or write `#[serde(rename = \"…\")]` above it",
            );
        }
        visit_variant_mut(self, variant);
    }
}

/// Reports `str` and, in a field, references. Looks only inside types that hold values of their
/// types, because `Box<str>`, `fn(&str)` and the like are right. A reference with a lifetime may be
/// right, too: an output can borrow.
fn owned(ty: &mut Type, is_field: bool, mistakes: &mut Mistakes) {
    let right: Type = match ty {
        ty if is_str(ty) => {
            *ty = mistakes.in_place_of_type(&*ty, "`str` has no fixed size: write `String`");
            return;
        }
        Type::Path(path) => {
            let last =
                path.path.segments.last_mut().filter(|segment| HOLD.split(' ').any(|name| segment.ident == name));
            if let Some(PathArguments::AngleBracketed(arguments)) = last.map(|segment| &mut segment.arguments) {
                for argument in &mut arguments.args {
                    if let GenericArgument::Type(inner) = argument {
                        owned(inner, is_field, mistakes);
                    }
                }
            }
            return;
        }
        Type::Reference(reference) if is_field && reference.lifetime.is_none() => match &*reference.elem {
            ty if is_str(ty) => parse_quote!(String),
            Type::Slice(list) => {
                let item = &list.elem;
                parse_quote!(Vec<#item>)
            }
            other => other.clone(),
        },
        _ => return,
    };
    mistakes.at(&*ty, format_args!("a `#[schema]` type owns its data: write `{}`", shown(&right)));
    *ty = right;
}

fn is_str(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("str"))
}

/// Returns what to write for a type of TypeScript.
fn in_rust(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.first().filter(|_| path.path.segments.len() == 1)?;
    let (written, inner) = (segment.ident.to_string(), types_in(segment));
    let is_named = |(name, right): &&(&str, &str)| written == *name && right.contains("{}") != inner.is_empty();
    let (name, right) = NAMES.iter().find(is_named)?;
    let each: Vec<Option<String>> = inner.iter().map(|ty| in_rust(ty)).collect();
    // A type of the user may have one of these names, too.
    let is_sure = match (*name, inner.as_slice()) {
        ("Array", [_]) => true,
        ("Record", [key, _]) if shown(key) == "String" => true,
        (_, inner) => inner.is_empty() || each.iter().any(Option::is_some),
    };
    let first = |right: String| right.split('`').nth(1).map(String::from);
    let each = each.into_iter().zip(inner).map(|(right, ty)| right.and_then(first).unwrap_or_else(|| shown(ty)));
    let right = right.replace("{}", &each.collect::<Vec<_>>().join(", "));
    // An `f64` cannot be a key.
    is_sure.then(|| right.replace("HashSet<f64", "HashSet<i64").replace("HashMap<f64", "HashMap<i64"))
}

/// Returns the types in the brackets of a segment.
pub(crate) fn types_in(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    arguments.args.iter().filter_map(|it| if let GenericArgument::Type(ty) = it { Some(ty) } else { None }).collect()
}

/// Returns the type without parentheses and invisible groups.
pub(crate) fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => peeled(&paren.elem),
        Type::Group(group) => peeled(&group.elem),
        other => other,
    }
}

/// Types that hold values of the types in their brackets.
const HOLD: &str = "Option Vec HashSet BTreeSet HashMap BTreeMap Query Mutation Subscription";

const NAMES: [(&str, &str); 13] = [
    ("string", "`String`"),
    ("number", "`f64`, or an integer type such as `u32` or `i64`"),
    ("boolean", "`bool`"),
    ("bigint", "`i64`, or another integer type such as `u64`"),
    ("any", "a concrete type, or `serde_json::Value` for any JSON value"),
    ("unknown", "a concrete type, or `serde_json::Value` for any JSON value"),
    ("object", "a struct with `#[schema]`, or `serde_json::Value` for any JSON value"),
    ("void", "`()`"),
    ("Uint8Array", "`Vec<u8>` for a list of numbers, or `String` for base64"),
    ("Array", "`Vec<{}>`"),
    ("Set", "`HashSet<{}>`"),
    ("Map", "`HashMap<{}>`"),
    ("Record", "`HashMap<{}>`"),
];
