//! The rules of `#[validate(…)]`: their messages, and where they cannot be.

use syn::{Attribute, LitStr, Meta};

use crate::diagnostics::Mistakes;
use crate::schema::attributes::{inner, metas, text_of};

/// The message of each rule that has one, by the rule's name. The schema carries them, so that they are used as well
/// when another field has not even the right type and validator never runs.
pub(crate) fn messages(attrs: &[Attribute]) -> Vec<(String, LitStr)> {
    let rules = metas(attrs, "validate").into_iter().filter_map(|meta| match meta {
        Meta::List(list) => Some((list.path.get_ident()?.to_string(), text_of(&inner(&list.tokens), "message")?)),
        Meta::Path(_) | Meta::NameValue(_) => None,
    });
    rules.collect()
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
