//! Recognizes types of other crates by their names: types whose JSON Schema needs a feature, and
//! types without one.

use proc_macro2::TokenStream;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{Type, parse_quote};

/// Returns the type with `Shown<…>` around each of them.
pub(crate) fn shown(ty: &Type, private: TokenStream) -> Type {
    let mut shown = ty.clone();
    Types(private).visit_type_mut(&mut shown);
    shown
}

struct Types(TokenStream);

impl VisitMut for Types {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::Path(path) if path.path.segments.last().is_some_and(|it| is_known(&it.ident.to_string())) => {
                let private = &self.0;
                *ty = parse_quote!(#private::Shown<#ty>);
            }
            _ => visit_type_mut(self, ty),
        }
    }
}

fn is_known(name: &str) -> bool {
    NAMES.split(' ').any(|known| known == name)
}

/// A user's type with one of these names is wrapped in `Shown<…>` too, which changes nothing.
const NAMES: &str = "Uuid Url Decimal BigDecimal DateTime NaiveDate NaiveDateTime NaiveTime Timestamp Zoned Span OffsetDateTime \
    PrimitiveDateTime";
