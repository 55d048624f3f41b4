//! One field of a struct or of a variant: its name on the wire, and the additions of `#[schema]`.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use serde_derive_internals::ast::Field;
use serde_derive_internals::attr::Default as OfMissing;
use syn::{Attribute, Expr, LitStr, Meta, Type};

use crate::diagnostics::{Mistakes, shown};
use crate::naming::unraw;
use crate::schema::attributes::{has, listed, metas};
use crate::schema::foreign;
use crate::schema::peel::option_of;
use crate::schema::rules;

/// The additions of `#[schema]` to a field, and the properties of the field that they depend on.
#[derive(Default)]
pub(crate) struct Additions {
    /// Leave the key out when the `Option` is `None`: TypeScript's `field?: T`.
    pub(crate) skip_none: bool,
    /// The other names under which the field is read (`#[serde(alias = "…")]`).
    pub(crate) aliases: Vec<String>,
    /// The user's own function reads the field, not the `Deserialize` of its type.
    pub(crate) has_own_reader: bool,
    /// The number of the field's `multiple_of` rule.
    pub(crate) multiple_of: Option<String>,
    /// The velox-rpc function that reads the field.
    pub(crate) reader: Option<String>,
    /// Add `#[serde(default)]`, because with `reader` serde would require a key that may be
    /// missing.
    pub(crate) is_default: bool,
    /// The user has set the bounds that serde's derive infers from the field.
    pub(crate) has_bound: bool,
    /// The field's type mentions a type of another crate that may have no JSON Schema.
    pub(crate) is_foreign: bool,
}

impl Additions {
    /// Returns the additions for a field of a type with this default.
    pub(crate) fn new(field: &Field<'_>, of_type: &OfMissing, mistakes: &mut Mistakes) -> Self {
        let (words, attrs) = (Words::checked(field, mistakes), &field.attrs);
        if field.original.ident.is_none() {
            return Self {
                is_foreign: is_foreign(field),
                multiple_of: rules::multiple_of(&field.original.attrs),
                reader: words.reader(),
                ..Self::default()
            };
        }
        if wire_name(field).is_none() {
            return Self::default();
        }
        let is_read_by = attrs.deserialize_with().is_some();
        let is_double = option_of(field.ty).is_some_and(is_option) && !is_read_by && attrs.default().is_none();
        let reader = match words.reader() {
            Some(reader) if is_double => Some(format!("double_{reader}")),
            None if is_double => Some("double_option".to_owned()),
            reader => reader,
        };
        Self {
            skip_none: !words.nullable && skip_none(field),
            aliases: other_names(field),
            multiple_of: rules::multiple_of(&field.original.attrs),
            has_own_reader: is_read_by,
            has_bound: attrs.de_bound().is_some(),
            is_default: reader.is_some() && is_option(field.ty) && attrs.default().is_none() && of_type.is_none(),
            is_foreign: is_foreign(field),
            reader,
        }
    }
}

/// Returns the name under which a field is read, or `None` if it is not read under a name.
pub(crate) fn wire_name(field: &Field<'_>) -> Option<String> {
    let is_named = field.original.ident.is_some() && !field.attrs.skip_deserializing() && !field.attrs.flatten();
    is_named.then(|| field.attrs.name().deserialize_name().value.clone())
}

/// Returns the other names under which a field is read.
pub(crate) fn other_names(field: &Field<'_>) -> Vec<String> {
    let name = field.attrs.name().deserialize_name();
    field.attrs.aliases().iter().filter(|alias| *alias != name).map(|alias| alias.value.clone()).collect()
}

/// Returns the `#[cfg(…)]`s of a field.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// Returns whether the field's `default` is valid: without a value, or with the name of a function.
/// Reports anything else.
pub(crate) fn has_right_default(field: &syn::Field, mistakes: &mut Mistakes) -> bool {
    let serde = metas(&field.attrs, "serde");
    let Some(default) = serde.iter().find(|meta| meta.path().is_ident("default")) else { return true };
    let is_path = |value: &Expr| {
        syn::parse2::<LitStr>(value.to_token_stream()).is_ok_and(|path| path.parse::<syn::ExprPath>().is_ok())
    };
    let value = match default {
        Meta::Path(_) => return true,
        Meta::NameValue(pair) if is_path(&pair.value) => return true,
        Meta::NameValue(pair) => pair.value.to_token_stream(),
        Meta::List(list) => list.tokens.clone(),
    };
    let (ty, name) = (shown(&field.ty), field.ident.as_ref().map_or(String::from("the"), unraw));
    let message = format!(
        "a default is the name of a function: write `default = \"{name}_default\"`, with `fn {name}_default() -> {ty} {{ \
            … }}`; or `default` alone for `{ty}::default()`"
    );
    mistakes.at(value, message);
    false
}

/// The words of `#[schema(…)]` on a field.
#[derive(Default)]
pub(crate) struct Words {
    /// `null` is a value of the field, and does not only mean that the key is missing.
    pub(crate) nullable: bool,
    trim: bool,
    lowercase: bool,
    uppercase: bool,
}

impl Words {
    pub(crate) fn of(field: &Field<'_>) -> Self {
        let words = metas(&field.original.attrs, "schema");
        Self {
            nullable: has(&words, &["nullable"]),
            trim: has(&words, &["trim"]),
            lowercase: has(&words, &["lowercase"]),
            uppercase: has(&words, &["uppercase"]),
        }
    }

    /// Reads the words and reports what is wrong with them.
    fn checked(field: &Field<'_>, mistakes: &mut Mistakes) -> Self {
        let mut words = Self::of(field);
        for attribute in field.original.attrs.iter().filter(|attribute| attribute.path().is_ident("schema")) {
            let all = attribute.meta.require_list().and_then(listed).unwrap_or_default();
            let is_known =
                |meta: &Meta| matches!(meta, Meta::Path(word) if WORDS.iter().any(|known| word.is_ident(known)));
            let mistake = if all.is_empty() || !all.iter().all(is_known) {
                "`#[schema]` on a field takes `nullable`, `trim`, `lowercase` and `uppercase`; write a rule in \
                    `#[validate(…)]`, a name or a default in `#[serde(…)]`"
            } else if words.lowercase && words.uppercase {
                "a string cannot be both in lower case and in upper case: remove one of the two"
            } else if words.changes() && field.attrs.deserialize_with().is_some() {
                "your own function reads this field: change the string there"
            } else if words.changes() && field.attrs.flatten() {
                "a flattened field is not a string: change the strings inside its type"
            } else {
                continue;
            };
            mistakes.at(&attribute.meta, mistake);
            // One report is enough: ignore the other words.
            words = Self { nullable: words.nullable, ..Self::default() };
        }
        if words.nullable && !is_option(field.ty) {
            let ty = shown(field.ty);
            mistakes.at(field.ty, format_args!("only an `Option` can be nullable: write `Option<{ty}>`"));
            words.nullable = false;
        }
        words
    }

    /// Returns whether the field's string is changed as it is read.
    pub(crate) fn changes(&self) -> bool {
        self.trim || self.lowercase || self.uppercase
    }

    /// Returns the function that reads and changes the string, as a path below velox-rpc's
    /// `__private`.
    pub(crate) fn reader(&self) -> Option<String> {
        let Self { trim, lowercase, uppercase, .. } = self;
        self.changes().then(|| format!("changed::<{trim}, {lowercase}, {uppercase}, _, _>"))
    }
}

/// Returns whether the JSON Schema of a field is not that of its type.
pub(crate) fn has_own_schema(field: &Field<'_>) -> bool {
    ["serde", "schemars"].iter().any(|name| has(&metas(&field.original.attrs, name), &["with", "schema_with", "skip"]))
}

fn is_foreign(field: &Field<'_>) -> bool {
    !has_own_schema(field) && foreign::shown(field.ty, TokenStream::new()) != *field.ty
}

/// Returns whether `None` is left out, because the user has not decided how the field is written.
fn skip_none(field: &Field<'_>) -> bool {
    let attrs = &field.attrs;
    // With `default = "…"`, a missing key means something else than `None`.
    is_option(field.ty)
        && !matches!(attrs.default(), OfMissing::Path(_))
        && !attrs.skip_serializing()
        && attrs.skip_serializing_if().is_none()
        && attrs.serialize_with().is_none()
        && attrs.deserialize_with().is_none()
}

pub(crate) fn is_option(ty: &Type) -> bool {
    option_of(ty).is_some()
}

/// The words that `#[schema(…)]` on a field accepts.
const WORDS: [&str; 4] = ["nullable", "trim", "lowercase", "uppercase"];
