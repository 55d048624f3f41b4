//! One field of a struct, or of a variant: what it is called, and what `#[schema]` adds to it.

use syn::{Attribute, Field, LitStr, Meta, PathArguments, Type};

use crate::diagnostics::{Mistakes, shown};
use crate::naming::unraw;
use crate::schema::attributes::{has, incoming_text, inner, metas};
use crate::schema::rename::Rule;
use crate::schema::rules;

/// What is put on a field.
#[derive(Default)]
pub(crate) struct Additions {
    /// Leave the key out when the `Option` is `None`: TypeScript's `field?: T`.
    pub(crate) skip_none: bool,
    pub(crate) messages: Vec<(String, LitStr)>,
    /// What validator calls the field, where it could not be found out from the name on the wire.
    pub(crate) rust_name: Option<String>,
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
        let Some(ident) = &field.ident else { return Self::default() };
        let Some(wire) = wire_name(field, rename_all) else { return Self::default() };
        let rust_name = ident.to_string();
        Self {
            skip_none: !nullable && skip_none(field),
            messages: rules::messages(&field.attrs),
            rust_name: (plain(&wire) != plain(&rust_name)).then_some(rust_name),
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

/// The `#[cfg(…)]`s of a field.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
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

fn is_option(ty: &Type) -> bool {
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

/// A name without what `rename_all` can change about it.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// With one of these on it, the user has decided how the field is written.
const DECIDED: [&str; 7] =
    ["skip_serializing_if", "skip", "skip_serializing", "flatten", "with", "serialize_with", "deserialize_with"];
