//! One field of a struct, or of a variant: what it is called, and what `#[schema]` adds to it. Also what a variant is called.

use syn::{Attribute, Field, Meta, PathArguments, Type, Variant};

use crate::diagnostics::{Mistakes, shown};
use crate::naming::unraw;
use crate::schema::attributes::{all_texts, has, incoming_text, inner, metas};
use crate::schema::peel::only_argument;
use crate::schema::rename::Rule;
use crate::schema::rules;

/// What is put on a field.
#[derive(Default)]
pub(crate) struct Additions {
    /// Leave the key out when the `Option` is `None`: TypeScript's `field?: T`.
    pub(crate) skip_none: bool,
    /// Other names that it is read by.
    pub(crate) aliases: Vec<String>,
    /// It is read by a function, and not by the reader of its type.
    pub(crate) has_own_reader: bool,
    /// It is a multiple of this number.
    pub(crate) multiple_of: Option<String>,
    /// It is an `Option` of an `Option`: `null` is told from a key that is missing.
    pub(crate) is_double: bool,
}

impl Additions {
    /// For a field of a variant, which validator never sees.
    pub(crate) fn in_variant(field: &Field, mistakes: &mut Mistakes) -> Self {
        let nullable = nullable(field, mistakes);
        Self { skip_none: field.ident.is_some() && !nullable && skip_none(field), ..Self::default() }
    }

    /// For a field of a struct.
    pub(crate) fn named(field: &Field, rename_all: Rule, mistakes: &mut Mistakes) -> Self {
        let nullable = nullable(field, mistakes);
        if wire_name(field, rename_all).is_none() {
            return Self::default();
        }
        let serde = metas(&field.attrs, "serde");
        Self {
            skip_none: !nullable && skip_none(field),
            aliases: all_texts(&serde, "alias"),
            multiple_of: rules::multiple_of(&field.attrs, mistakes),
            has_own_reader: has(&serde, &["with", "deserialize_with"]),
            is_double: is_double_option(&field.ty) && !has(&serde, &["with", "deserialize_with", "default"]),
        }
    }
}

/// The name of a field in what is read; `None` if it is not read at all.
pub(crate) fn wire_name(field: &Field, rename_all: Rule) -> Option<String> {
    let serde = metas(&field.attrs, "serde");
    if has(&serde, &["skip", "skip_deserializing", "flatten"]) {
        return None;
    }
    let name = field.ident.as_ref()?;
    Some(incoming_text(&serde, "rename").unwrap_or_else(|| rename_all.field(&unraw(name))))
}

/// The name of a variant on the wire.
pub(crate) fn variant_name(variant: &Variant, rule: Rule) -> String {
    incoming_text(&metas(&variant.attrs, "serde"), "rename").unwrap_or_else(|| rule.variant(&unraw(&variant.ident)))
}

/// The `#[cfg(…)]`s of a field.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// Whether it is `Option<Option<T>>`.
fn is_double_option(ty: &Type) -> bool {
    is_option(ty) && only_argument(ty).is_some_and(is_option)
}

/// Whether `null` is one of the values of a field, and not only another word for its absence.
pub(crate) fn is_nullable(field: &Field) -> bool {
    let words =
        |attribute: &Attribute| attribute.meta.require_list().map(|list| inner(&list.tokens)).unwrap_or_default();
    let of_schema = field.attrs.iter().filter(|attribute| attribute.path().is_ident("schema"));
    of_schema.flat_map(words).any(|word| word.path().is_ident("nullable"))
}

/// Whether `#[schema(nullable)]` is there: `None` is to be written as `null`. Anything else in it is a mistake.
fn nullable(field: &Field, mistakes: &mut Mistakes) -> bool {
    let mut nullable = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("schema")) {
        let words = attribute.meta.require_list().map(|list| inner(&list.tokens)).unwrap_or_default();
        if !matches!(words.as_slice(), [Meta::Path(word)] if word.is_ident("nullable")) {
            mistakes.at(&attribute.meta, "`#[schema]` on a field knows one word: write `#[schema(nullable)]`");
        } else if is_option(&field.ty) {
            nullable = true;
        } else {
            let ty = shown(&field.ty);
            mistakes.at(&field.ty, format_args!("only what may be missing can be nullable: write `Option<{ty}>`"));
        }
    }
    nullable
}

fn skip_none(field: &Field) -> bool {
    let serde = metas(&field.attrs, "serde");
    // `default = "…"` makes a missing key something else than `None`.
    let has_own_default =
        serde.iter().any(|meta| matches!(meta, Meta::NameValue(pair) if pair.path.is_ident("default")));
    is_option(&field.ty) && !has_own_default && !has(&serde, &DECIDED)
}

pub(crate) fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| {
            segment.ident == "Option"
                && matches!(&segment.arguments, PathArguments::AngleBracketed(arguments) if arguments.args.len() == 1)
        }),
        Type::Group(group) => is_option(&group.elem),
        Type::Paren(paren) => is_option(&paren.elem),
        _ => false,
    }
}

/// With one of these on it, the user has decided how the field is written.
const DECIDED: [&str; 7] =
    ["skip_serializing_if", "skip", "skip_serializing", "flatten", "with", "serialize_with", "deserialize_with"];
