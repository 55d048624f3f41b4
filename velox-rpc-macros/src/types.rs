//! Recognizes types and enums that are written as in TypeScript.

use quote::ToTokens as _;
use syn::visit_mut::{VisitMut, visit_type_mut, visit_variant_mut};
use syn::{GenericArgument, Type, Variant};

use crate::diagnostics::Mistakes;
use crate::tokens::{is_text, tokens};

/// Reports types that are written as in TypeScript, and replaces them by something that compiles,
/// so that the compiler does not report them too.
pub(crate) struct InTypeScript<'a>(pub(crate) &'a mut Mistakes);

impl VisitMut for InTypeScript<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        let name = if let Type::Path(path) = ty { path.path.get_ident() } else { None };
        match name.and_then(|name| NAMES.iter().find(|(known, _)| name == known)) {
            Some((name, right)) => {
                let message = format!("`{name}` is a TypeScript type: write {right}");
                *ty = self.0.in_place_of_type(&*ty, message);
            }
            None => visit_type_mut(self, ty),
        }
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

/// Returns an argument in angle brackets as a type, if it is one.
pub(crate) fn type_of(argument: &GenericArgument) -> Option<&Type> {
    if let GenericArgument::Type(ty) = argument { Some(ty) } else { None }
}

const NAMES: [(&str, &str); 5] = [
    ("string", "`String`"),
    ("number", "`f64`, or an integer type such as `u32` or `i64`"),
    ("boolean", "`bool`"),
    ("any", "a concrete type, or `serde_json::Value` for any JSON value"),
    ("void", "`()`"),
];
