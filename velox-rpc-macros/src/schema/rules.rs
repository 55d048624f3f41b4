//! The rules of `#[validate(…)]`, and where they cannot be.

use syn::Attribute;

use crate::diagnostics::Mistakes;
use crate::schema::attributes::metas;

/// Whether `#[validate(nested)]` is there. validator itself only knows structs with named fields; elsewhere this is the
/// one rule that works, every other one would look as if it did and is a mistake.
pub(crate) fn nested_only(attrs: &[Attribute], mistakes: &mut Mistakes) -> bool {
    let mut nested = false;
    for meta in metas(attrs, "validate") {
        if meta.path().is_ident("nested") {
            nested = true;
        } else {
            mistakes.at(
                meta,
                "rules are checked on structs with named fields: put the field into one, with \
                `#[schema]`, and mark it `#[validate(nested)]` here",
            );
        }
    }
    nested
}

/// Reports every rule, `nested` as well, on a field that nothing can check.
pub(crate) fn none(attrs: &[Attribute], mistakes: &mut Mistakes) {
    for meta in metas(attrs, "validate") {
        mistakes.at(
            meta,
            "rules are not checked here: move these fields into a struct with `#[schema]`, and \
            hold it as `#[validate(nested)] T`",
        );
    }
}
