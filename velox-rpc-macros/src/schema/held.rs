//! Nested values inside an enum. validator's derive does not check them.

use serde_derive_internals::ast::{Field, Style, Variant};
use serde_derive_internals::attr::TagType;
use syn::{Attribute, Ident};

use crate::diagnostics::Mistakes;
use crate::schema::field::cfgs;
use crate::schema::rules;

/// A value marked `#[validate(nested)]`, which is the only value of a variant.
pub(crate) struct Held {
    pub(crate) variant: Ident,
    pub(crate) cfgs: Vec<Attribute>,
    /// The key on the wire under which the value is sent. `None` if the value replaces the whole.
    pub(crate) key: Option<String>,
}

impl Held {
    /// Returns the values in the variants of an enum that are to be checked.
    pub(crate) fn in_variants(tag: &TagType, variants: &[Variant<'_>], mistakes: &mut Mistakes) -> Vec<Self> {
        let mut values = Vec::new();
        for Variant { ident, attrs, style, fields, original } in variants {
            if is_held(*style, fields, mistakes) {
                let key = match tag {
                    TagType::Adjacent { content, .. } => Some(content.clone()),
                    TagType::External if !attrs.untagged() => Some(attrs.name().deserialize_name().value.clone()),
                    _ => None,
                };
                values.push(Self { variant: ident.clone(), cfgs: cfgs(&original.attrs), key });
            }
        }
        values
    }
}

/// Returns whether the only field is marked `#[validate(nested)]`. Reports rules that nothing would
/// check.
fn is_held(style: Style, fields: &[Field<'_>], mistakes: &mut Mistakes) -> bool {
    let attrs = fields.iter().map(|field| &field.original.attrs);
    match style {
        Style::Newtype => attrs.fold(false, |_, attrs| rules::nested_only(attrs, mistakes)),
        _ => {
            attrs.for_each(|attrs| rules::none(attrs, mistakes));
            false
        }
    }
}
