//! Nested values inside an enum or a newtype. validator's derive does not check them.

use syn::{Attribute, DataEnum, Fields, Ident};

use crate::diagnostics::Mistakes;
use crate::schema::attributes::{has, incoming_text, metas};
use crate::schema::field::{cfgs, variant_name};
use crate::schema::rename::Rule;
use crate::schema::rules;

/// A value marked `#[validate(nested)]`, which is the only value of a newtype or of a variant.
pub(crate) struct Held {
    /// The variant that holds the value. `None` for a newtype.
    pub(crate) variant: Option<Ident>,
    pub(crate) cfgs: Vec<Attribute>,
    /// The key on the wire under which the value is sent. `None` if the value replaces the whole.
    pub(crate) key: Option<String>,
}

impl Held {
    /// Returns the value of a newtype, if it is to be checked.
    pub(crate) fn in_tuple(fields: &Fields, mistakes: &mut Mistakes) -> Vec<Self> {
        let held = is_held(fields, mistakes).then(|| Self { variant: None, cfgs: Vec::new(), key: None });
        held.into_iter().collect()
    }

    /// Returns the values in the variants of an enum that are to be checked.
    pub(crate) fn in_variants(attrs: &[Attribute], data: &DataEnum, rule: Rule, mistakes: &mut Mistakes) -> Vec<Self> {
        let serde = metas(attrs, "serde");
        let content = incoming_text(&serde, "content");
        let in_place = has(&serde, &["tag", "untagged"]);
        let mut values = Vec::new();
        for variant in &data.variants {
            if is_held(&variant.fields, mistakes) {
                let key = match &content {
                    Some(content) => Some(content.clone()),
                    None if in_place || has(&metas(&variant.attrs, "serde"), &["untagged"]) => None,
                    None => Some(variant_name(variant, rule)),
                };
                values.push(Self { variant: Some(variant.ident.clone()), cfgs: cfgs(&variant.attrs), key });
            }
        }
        values
    }
}

/// Returns whether the only field is marked `#[validate(nested)]`. Reports rules that nothing would
/// check.
fn is_held(fields: &Fields, mistakes: &mut Mistakes) -> bool {
    if let Fields::Unnamed(unnamed) = fields
        && unnamed.unnamed.len() == 1
    {
        return unnamed.unnamed.iter().any(|field| rules::nested_only(&field.attrs, mistakes));
    }
    for field in fields {
        rules::none(&field.attrs, mistakes);
    }
    false
}
