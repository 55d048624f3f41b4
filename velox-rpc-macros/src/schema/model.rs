//! The model of a schema: the derives and attributes that the type gets, and how its rules are
//! checked.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens as _;
use serde_derive_internals::ast::{Container, Data, Field, Style, Variant};
use serde_derive_internals::attr::TagType;
use serde_derive_internals::{Ctxt, Derive};
use syn::visit_mut::VisitMut as _;
use syn::{Attribute, DataStruct, DeriveInput, Fields, Path};

use crate::diagnostics::Mistakes;
use crate::naming::unraw;
use crate::root::Root;
use crate::schema::attributes::{attribute, derives, has, metas};
use crate::schema::checks::Checks;
use crate::schema::field::{
    Additions, Words, cfgs, has_own_schema, has_right_default, is_option, other_names, wire_name,
};
use crate::schema::held::Held;
use crate::schema::peel::Peeled;
use crate::schema::rules;
use crate::tokens::is_word;
use crate::types::InTypeScript;

/// A schema.
pub(crate) struct Schema<'a> {
    pub(crate) root: Root,
    /// The type, as serde's derive reads it.
    pub(crate) serde: Container<'a>,
    /// The derives to add, as paths below the root's `__private`.
    pub(crate) derives: Vec<[&'static str; 2]>,
    /// The attributes (`serde`, `validate`, `schemars`) to which `crate = "…"` is added, because
    /// the user did not set it.
    pub(crate) led: Vec<[&'static str; 2]>,
    pub(crate) validation: Validation,
    /// Whether validator's derive has a nested value to check.
    pub(crate) nested: bool,
    /// The additions to each field, in the order of the fields.
    pub(crate) additions: Vec<Additions>,
    /// The type flattens an `Option`. serde reads such an `Option` as `None` if it cannot read it.
    pub(crate) is_lax: bool,
    /// serde buffers what it reads of this type before it decides, except for these fields.
    pub(crate) keeps: Option<Vec<String>>,
    /// The names of the fields on the wire, in order. For an enum, one list for each variant.
    pub(crate) orders: Vec<Vec<String>>,
    /// The name of a generic type in the JSON Schema, such as `PageOf{T}`, for schemars to fill in.
    pub(crate) generic_name: Option<String>,
    /// The names and aliases of the fields on the wire, if all of them are known here.
    pub(crate) wire_names: Option<Vec<(Vec<Attribute>, String)>>,
}

/// The implementation of `Validate`.
pub(crate) enum Validation {
    /// A derive implements it: validator's, or one that the user wrote.
    Derived,
    /// The macro implements it. Only these nested values are checked.
    Held(Vec<Held>),
    /// The macro implements it and checks the rules of the fields.
    Checks(Checks),
}

impl<'a> Schema<'a> {
    /// Makes the model of a [`settled`] item and reports the mistakes in it.
    pub(crate) fn new(root: Option<Path>, item: &'a DeriveInput, mistakes: &mut Mistakes) -> Self {
        let theirs = derives(&item.attrs);
        let serde = as_serde_reads(item);
        let tag = if let TagType::Internal { tag } = serde.attrs.tag() { Some(tag) } else { None };
        let (validation, orders, wire_names) = match &serde.data {
            Data::Struct(Style::Struct, fields) => {
                let names = tag.into_iter().cloned().chain(fields.iter().filter_map(wire_name)).collect();
                (of_struct(&serde, fields), vec![names], wire_names(&serde, fields))
            }
            Data::Struct(style, fields) => (of_tuple(&serde, *style, fields, mistakes), Vec::new(), None),
            Data::Enum(variants) => {
                rules::none(&item.attrs, mistakes);
                note_variants(&serde, variants, mistakes);
                let order = |variant: &Variant<'_>| {
                    tag.into_iter().cloned().chain(variant.fields.iter().filter_map(wire_name)).collect()
                };
                let held = Held::in_variants(serde.attrs.tag(), variants, mistakes);
                (Validation::Held(held), variants.iter().map(order).collect(), None)
            }
        };
        let fields: Vec<_> = serde.data.all_fields().collect();
        let additions = fields.iter().map(|field| Additions::new(field, serde.attrs.default(), mistakes)).collect();
        note_keys(&fields, mistakes);
        note_unnamed(&serde, !theirs.iter().any(|name| name == "Validate"), mistakes);
        let is_lax = fields.iter().any(|field| field.attrs.flatten() && is_option(field.ty));
        let mut schema = Self {
            root: Root::find(root),
            derives: DERIVES.into_iter().filter(|[_, name]| !theirs.iter().any(|their| their == name)).collect(),
            led: LED.into_iter().filter(|[attribute, _]| !has(&metas(&item.attrs, attribute), &["crate"])).collect(),
            validation,
            nested: false,
            additions,
            is_lax,
            keeps: keeps(&serde).then(|| if is_enum(&serde) { Vec::new() } else { orders.concat() }),
            orders,
            generic_name: generic_name(&serde),
            wire_names,
            serde,
        };
        schema.settle_validation(&theirs);
        if matches!(schema.validation, Validation::Derived) {
            note_required(&schema.serde, mistakes);
        }
        schema
    }

    /// Returns the tag of a struct and the name that it holds. serde writes it, but does not read it,
    /// and it is not in the schema that schemars makes.
    pub(crate) fn written_tag(&self) -> Option<[String; 2]> {
        let TagType::Internal { tag } = self.serde.attrs.tag() else { return None };
        (!is_enum(&self.serde)).then(|| [tag.clone(), self.serde.attrs.name().serialize_name().value.clone()])
    }

    /// Keeps validator's derive and its attribute only if that derive implements `Validate`.
    fn settle_validation(&mut self, theirs: &[String]) {
        let by_hand = theirs.iter().any(|name| name == "Validate");
        if by_hand {
            self.validation = Validation::Derived;
        }
        let ours = !by_hand && matches!(self.validation, Validation::Derived);
        self.derives.retain(|[_, name]| *name != "Validate" || ours);
        self.led.retain(|[attribute, _]| *attribute != "validate" || ours);
        self.nested = ours && !is_enum(&self.serde) && has_nested(&self.serde);
    }
}

/// Returns the item with the attributes that serde is to read: without wrong ones, which are
/// reported, and with the names on the wire.
pub(crate) fn settled(mut item: DeriveInput, mistakes: &mut Mistakes) -> DeriveInput {
    let theirs = derives(&item.attrs);
    InTypeScript(mistakes).visit_data_mut(&mut item.data);
    drop_wrong(&mut item, !theirs.iter().any(|name| name == "Validate"), mistakes);
    drop_wrong_serde(&mut item, mistakes);
    let serde = metas(&item.attrs, "serde");
    let has_names = |fields: &Fields| matches!(fields, Fields::Named(_));
    let (is_named, has_named) = match &item.data {
        syn::Data::Struct(DataStruct { fields, .. }) => (has_names(fields), false),
        syn::Data::Enum(data) => (true, data.variants.iter().any(|variant| has_names(&variant.fields))),
        syn::Data::Union(_) => (false, false),
    };
    if is_named && !has(&serde, &["rename_all"]) {
        item.attrs.push(attribute("serde", quote!(rename_all = "camelCase")));
    }
    if has_named && !has(&serde, &["rename_all_fields"]) {
        item.attrs.push(attribute("serde", quote!(rename_all_fields = "camelCase")));
    }
    item
}

/// Reports what serde's derive would refuse. Without the attributes of serde the derive succeeds, so
/// that the compiler does not also report every use of the type.
fn drop_wrong_serde(item: &mut DeriveInput, mistakes: &mut Mistakes) {
    let (refused, private) = (Ctxt::new(), Ident::new("__private", Span::call_site()));
    drop(Container::from_ast(&refused, item, Derive::Deserialize, &private));
    let Err(errors) = refused.check() else { return };
    errors.into_iter().for_each(|error| mistakes.add(error));
    let drop = |attrs: &mut Vec<Attribute>| attrs.retain(|attribute| !attribute.path().is_ident("serde"));
    drop(&mut item.attrs);
    if let syn::Data::Enum(data) = &mut item.data {
        data.variants.iter_mut().for_each(|variant| drop(&mut variant.attrs));
    }
    fields(&mut item.data).for_each(|field| drop(&mut field.attrs));
}

/// Reads a type as serde's derive does. [`settled`] has reported the mistakes.
fn as_serde_reads(item: &DeriveInput) -> Container<'_> {
    let (mistakes, private) = (Ctxt::new(), Ident::new("__private", Span::call_site()));
    let container = Container::from_ast(&mistakes, item, Derive::Deserialize, &private);
    drop(mistakes.check());
    container.expect("`parse` has rejected unions")
}

/// Reports field attributes that a derive would reject, and removes them, so that the derive
/// succeeds.
fn drop_wrong(item: &mut DeriveInput, has_our_rules: bool, mistakes: &mut Mistakes) {
    for field in fields(&mut item.data) {
        let is_right = [!has_our_rules || rules::known(&field.attrs, mistakes), has_right_default(field, mistakes)];
        for (name, _) in ["validate", "serde"].iter().zip(is_right).filter(|(_, is_right)| !is_right) {
            field.attrs.retain(|attribute| !attribute.path().is_ident(name));
        }
    }
}

/// Returns all fields in order. For an enum these are the fields of its variants, one variant after
/// another.
pub(crate) fn fields(data: &mut syn::Data) -> impl Iterator<Item = &mut syn::Field> {
    let all: Vec<&mut syn::Field> = match data {
        syn::Data::Struct(data) => data.fields.iter_mut().collect(),
        syn::Data::Enum(data) => data.variants.iter_mut().flat_map(|variant| &mut variant.fields).collect(),
        syn::Data::Union(_) => Vec::new(),
    };
    all.into_iter()
}

/// Returns how the rules of a struct are checked.
fn of_struct(serde: &Container<'_>, fields: &[Field<'_>]) -> Validation {
    if !has_rules(serde) {
        return Validation::Held(Vec::new());
    }
    let checks = if is_conditional(serde) { None } else { Checks::new(&serde.original.attrs, fields) };
    checks.map_or(Validation::Derived, Validation::Checks)
}

/// Returns how the rules of a struct without named fields are checked, which validator's derive
/// does not accept. Only a newtype can have rules.
fn of_tuple(serde: &Container<'_>, style: Style, fields: &[Field<'_>], mistakes: &mut Mistakes) -> Validation {
    let checks = if has_rules(serde) { Checks::new(&serde.original.attrs, fields) } else { None };
    match checks.filter(|_| matches!(style, Style::Newtype)) {
        Some(checks) => Validation::Checks(checks),
        None => {
            all_attributes(serde).for_each(|attrs| rules::none(attrs, mistakes));
            Validation::Held(Vec::new())
        }
    }
}

/// Returns the names of the fields on the wire, or `None` if other code decides some of them.
fn wire_names(serde: &Container<'_>, fields: &[Field<'_>]) -> Option<Vec<(Vec<Attribute>, String)>> {
    let is_elsewhere = |field: &Field<'_>| field.attrs.flatten() || conditional(&field.original.attrs);
    if is_converted(serde) || serde.attrs.transparent() || fields.iter().any(is_elsewhere) {
        return None;
    }
    let names = |field: &Field<'_>| {
        let names = wire_name(field).into_iter().chain(other_names(field));
        names.map(|name| (cfgs(&field.original.attrs), name)).collect::<Vec<_>>()
    };
    Some(fields.iter().filter(|field| wire_name(field).is_some()).flat_map(names).collect())
}

/// Returns the name of a generic type, unless the user has named it. Without the parameters,
/// schemars tells `Page<Post>` and `Page<User>` apart by numbers.
fn generic_name(serde: &Container<'_>) -> Option<String> {
    let attrs = &serde.original.attrs;
    if has(&metas(attrs, "serde"), &["rename"]) || has(&metas(attrs, "schemars"), &["rename"]) {
        return None;
    }
    let fields = serde.data.all_fields().filter(|field| !has_own_schema(field));
    let leaves: Vec<_> = fields.flat_map(|field| Peeled::new(field.ty).leaves()).collect();
    // Only these certainly have a JSON Schema.
    let is_held = |name: &String| leaves.iter().any(|leaf| leaf.to_token_stream().to_string() == *name);
    let types: Vec<_> = serde.generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
    if !types.iter().all(is_held) {
        return None;
    }
    let numbers = serde.generics.const_params().map(|parameter| parameter.ident.to_string());
    let held: Vec<_> = types.into_iter().chain(numbers).map(|name| format!("{{{name}}}")).collect();
    (!held.is_empty()).then(|| format!("{}Of{}", unraw(&serde.ident), held.join("And")))
}

/// Returns whether the type is read as another type.
pub(crate) fn is_converted(serde: &Container<'_>) -> bool {
    let attrs = &serde.attrs;
    attrs.type_from().is_some() || attrs.type_try_from().is_some() || attrs.remote().is_some()
}

/// Returns whether serde buffers what it reads of this type before it decides.
fn keeps(serde: &Container<'_>) -> bool {
    match &serde.data {
        Data::Enum(variants) => {
            matches!(serde.attrs.tag(), TagType::Internal { .. } | TagType::None)
                || variants.iter().any(|variant| variant.attrs.untagged())
        }
        Data::Struct(_, fields) => fields.iter().any(|field| field.attrs.flatten()),
    }
}

fn is_enum(serde: &Container<'_>) -> bool {
    matches!(serde.data, Data::Enum(_))
}

/// Returns whether a struct has rules. A `#[cfg_attr]` that may hide a rule counts as one.
fn has_rules(serde: &Container<'_>) -> bool {
    let is_rule = |attribute: &Attribute| attribute.path().is_ident("validate");
    all_attributes(serde).any(|attrs| conditional(attrs) || attrs.iter().any(is_rule))
}

fn has_nested(serde: &Container<'_>) -> bool {
    all_attributes(serde)
        .any(|attrs| conditional(attrs) || has(&metas(attrs, "validate"), &["nested", "nest_all_fields"]))
}

/// Returns whether a `#[cfg_attr]` may hide an attribute that is read here. Most hide a derive.
fn conditional(attrs: &[Attribute]) -> bool {
    let is_read = |text: &str| ["serde", "validate", "schema"].iter().any(|name| text.contains(name));
    attrs.iter().any(|it| it.path().is_ident("cfg_attr") && is_read(&it.to_token_stream().to_string()))
}

/// Returns whether a `#[cfg_attr]` anywhere may hide something, or whether a `#[cfg]` may hide a
/// field that is identified by its position.
pub(crate) fn is_conditional(serde: &Container<'_>) -> bool {
    let mut unnamed = serde.data.all_fields().map(|field| field.original).filter(|field| field.ident.is_none());
    unnamed.any(|field| !cfgs(&field.attrs).is_empty()) || all_attributes(serde).any(conditional)
}

/// Returns the attributes of the type, of each variant and of each field.
fn all_attributes<'c>(serde: &'c Container<'_>) -> impl Iterator<Item = &'c [Attribute]> {
    let variants = if let Data::Enum(variants) = &serde.data { &variants[..] } else { &[] };
    let fields = serde.data.all_fields().map(|field| &field.original.attrs[..]);
    let variants = variants.iter().map(|variant| &variant.original.attrs[..]);
    std::iter::once(&serde.original.attrs[..]).chain(variants).chain(fields)
}

/// Reports variants that the JSON Schema cannot describe.
fn note_variants(serde: &Container<'_>, variants: &[Variant<'_>], mistakes: &mut Mistakes) {
    for Variant { ident, attrs, style, fields, .. } in variants {
        if attrs.deserialize_with().is_some() || attrs.serialize_with().is_some() {
            mistakes
                .at(ident, "the JSON Schema cannot describe a variant that a function reads or writes: put the attribute on its field");
        }
        if let (TagType::Internal { .. }, Style::Newtype) = (serde.attrs.tag(), style) {
            let ty = fields[0].ty;
            if Peeled::new(ty).is_nothing() {
                mistakes.at(ty, format_args!("this type has no JSON beside a tag: write `{ident}` without it"));
            } else if Words::of(&fields[0]).changes() {
                mistakes.at(ty, format_args!("a string has no place beside a tag: write `{ident} {{ name: String }}`"));
            }
        }
    }
}

/// Reports attributes that would have no effect: a rule behind a `#[cfg_attr]` that no derive sees,
/// and a change of a string that serde does not read itself.
fn note_unnamed(serde: &Container<'_>, has_our_rules: bool, mistakes: &mut Mistakes) {
    let is_elsewhere = !matches!(serde.data, Data::Struct(Style::Struct, _));
    for field in serde.data.all_fields() {
        let is_hidden = |attribute: &&Attribute| {
            let is_rule = |tokens: TokenStream| tokens.into_iter().any(|token| is_word(&token, "validate"));
            attribute.path().is_ident("cfg_attr")
                && attribute.meta.require_list().is_ok_and(|list| is_rule(list.tokens.clone()))
        };
        let hidden = field.original.attrs.iter().find(is_hidden).filter(|_| is_elsewhere && has_our_rules);
        if let Some(hidden) = hidden {
            mistakes
                .at(hidden, "a rule behind `cfg_attr` is not checked here: put the `#[cfg(…)]` above the whole type");
        }
        if is_converted(serde) && Words::of(field).changes() {
            mistakes.at(
                field.original.attrs.iter().find(|attribute| attribute.path().is_ident("schema")),
                "the type is read as another type: change the string where it is converted",
            );
        }
    }
}

/// Reports the message of a rule `required` that validator's derive checks. It may have one there, but
/// schemars's derive refuses it.
fn note_required(serde: &Container<'_>, mistakes: &mut Mistakes) {
    for rule in serde.data.all_fields().flat_map(|field| metas(&field.original.attrs, "validate")) {
        if rule.path().is_ident("required") && rule.require_path_only().is_err() {
            mistakes.at(
                rule,
                "in a type with a `cfg_attr`, a `context` or `derive(Validate)`, this rule has no message: write `required`",
            );
        }
    }
}

/// Reports maps whose keys cannot be keys of a JSON object.
fn note_keys(fields: &[&Field<'_>], mistakes: &mut Mistakes) {
    let is_sent = |field: &&&Field<'_>| {
        field.attrs.serialize_with().is_none() && !(field.attrs.skip_serializing() && field.attrs.skip_deserializing())
    };
    for key in fields.iter().filter(is_sent).filter_map(|field| Peeled::new(field.ty).key_beyond_text()) {
        mistakes.at(key, "the keys of a JSON object are strings: use a `Vec` of pairs, or strings or numbers as keys");
    }
}

const DERIVES: [[&str; 2]; 4] =
    [["serde", "Serialize"], ["serde", "Deserialize"], ["validator", "Validate"], ["schemars", "JsonSchema"]];
const LED: [[&str; 2]; 3] = [["serde", "serde"], ["validate", "validator"], ["schemars", "schemars"]];
