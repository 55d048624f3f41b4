//! The rules of `#[validate(…)]`, and where they cannot be.

use syn::Attribute;

use crate::diagnostics::Mistakes;
use crate::schema::attributes::metas;
use crate::schema::checks::Rule;

/// The number of `#[validate(multiple_of = 5)]`, as it is written. What is no number above zero is a mistake.
pub(crate) fn multiple_of(attrs: &[Attribute], mistakes: &mut Mistakes) -> Option<String> {
    let metas = metas(attrs, "validate");
    let meta = metas.iter().find(|meta| meta.path().is_ident("multiple_of"))?;
    let step = Rule::new(meta).and_then(|rule| rule.step());
    if step.is_none() {
        mistakes.at(meta, "a number is a multiple of another one above zero: write `multiple_of = 5`, or `multiple_of(value = 5, message = \"…\")`");
    }
    step
}

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
