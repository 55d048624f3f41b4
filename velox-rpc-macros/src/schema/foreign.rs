//! Types of other crates, by their names: those whose JSON Schema is behind a feature, and those that have none.

use proc_macro2::TokenStream;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{Type, parse_quote};

/// Whether there is one in a type.
pub(crate) fn mentioned(ty: &Type) -> bool {
    let mut types = Types { private: TokenStream::new(), are_there: false };
    types.visit_type_mut(&mut ty.clone());
    types.are_there
}

/// The type with `Shown<…>` around each of them.
pub(crate) fn shown(ty: &Type, private: TokenStream) -> Type {
    let mut shown = ty.clone();
    Types { private, are_there: false }.visit_type_mut(&mut shown);
    shown
}

struct Types {
    private: TokenStream,
    are_there: bool,
}

impl VisitMut for Types {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::Path(path)
                if path
                    .path
                    .segments
                    .last()
                    .is_some_and(|segment| NAMES.split(' ').any(|name| segment.ident == name)) =>
            {
                let private = &self.private;
                *ty = parse_quote!(#private::Shown<#ty>);
                self.are_there = true;
            }
            _ => visit_type_mut(self, ty),
        }
    }
}

/// A type of the user's own of such a name is shown as well, and nothing changes.
const NAMES: &str = "Uuid Url Decimal BigDecimal DateTime NaiveDate NaiveDateTime NaiveTime Timestamp Zoned Span OffsetDateTime \
    PrimitiveDateTime";
