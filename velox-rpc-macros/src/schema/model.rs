//! The model of a schema: the derives and attributes that the type gets, and how its rules are
//! checked.

use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Field, Fields, Path, Variant};

use crate::diagnostics::Mistakes;
use crate::root::Root;
use crate::schema::attributes::{derives, has, incoming_text, metas};
use crate::schema::checks::Checks;
use crate::schema::field::{Additions, cfgs, field_rule, has_right_default, is_flat, is_option, wire_name};
use crate::schema::held::Held;
use crate::schema::peel::Peeled;
use crate::schema::rename::Rule;
use crate::schema::rules;

/// A schema.
pub(crate) struct Schema {
    pub(crate) root: Root,
    pub(crate) item: DeriveInput,
    /// The derives to add, as paths below the root's `__private`.
    pub(crate) derives: Vec<[&'static str; 2]>,
    /// The attributes (`serde`, `validate`, `schemars`) to which `crate = "…"` is added, because
    /// the user did not set it.
    pub(crate) led: Vec<[&'static str; 2]>,
    pub(crate) rename_all: bool,
    pub(crate) rename_all_fields: bool,
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
    /// The names of the fields on the wire, if all of them are known here.
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

impl Schema {
    /// Makes the model and reports the mistakes in it.
    pub(crate) fn new(root: Option<Path>, mut item: DeriveInput, mistakes: &mut Mistakes) -> Self {
        let theirs = derives(&item.attrs);
        drop_wrong(&mut item, !theirs.iter().any(|name| name == "Validate"), mistakes);
        let serde = metas(&item.attrs, "serde");
        let rename_all = !has(&serde, &["rename_all"]);
        let mut schema = Self {
            root: Root::find(root),
            derives: DERIVES.into_iter().filter(|[_, name]| !theirs.iter().any(|their| their == name)).collect(),
            led: LED.into_iter().filter(|[attribute, _]| !has(&metas(&item.attrs, attribute), &["crate"])).collect(),
            rename_all,
            rename_all_fields: false,
            validation: Validation::Derived,
            nested: false,
            additions: Vec::new(),
            is_lax: flattens_option(&item),
            keeps: None,
            orders: Vec::new(),
            wire_names: None,
            item,
        };
        let rule = Rule::of(&serde, "rename_all", rename_all);
        match &schema.item.data {
            Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) => {
                schema.additions =
                    fields.named.iter().map(|field| Additions::named(field, &serde, rule, mistakes)).collect();
                schema.wire_names = wire_names(&schema.item.attrs, &fields.named, rule);
                schema.orders = vec![fields.named.iter().filter_map(|field| wire_name(field, rule)).collect()];
                if !has_rules(&schema.item) {
                    schema.validation = Validation::Held(Vec::new());
                } else if !is_conditional(&schema.item)
                    && schema.item.generics.params.is_empty()
                    && let Some(checks) = Checks::new(&schema.item.attrs, &fields.named)
                {
                    schema.validation = Validation::Checks(checks);
                }
            }
            Data::Struct(data) => {
                schema.rename_all = false;
                schema.validation = Validation::Held(Held::in_tuple(&data.fields, mistakes));
                schema.additions = data.fields.iter().map(|field| Additions::in_variant(field, mistakes)).collect();
                rules::none(&schema.item.attrs, mistakes);
            }
            Data::Enum(data) => {
                schema.rename_all_fields = has_named_fields(data) && !has(&serde, &["rename_all_fields"]);
                schema.validation = Validation::Held(Held::in_variants(&schema.item.attrs, data, rule, mistakes));
                let tag = incoming_text(&serde, "tag").filter(|_| !has(&serde, &["content"]));
                let order = |variant: &Variant| {
                    let rule = field_rule(&serde, variant, schema.rename_all_fields);
                    let names = variant.fields.iter().filter_map(|field| wire_name(field, rule));
                    tag.iter().cloned().chain(names).collect()
                };
                schema.orders = data.variants.iter().map(order).collect();
                let fields = data.variants.iter().flat_map(|variant| &variant.fields);
                schema.additions = fields.map(|field| Additions::in_variant(field, mistakes)).collect();
                rules::none(&schema.item.attrs, mistakes);
            }
            // `parse` has rejected unions.
            Data::Union(_) => {}
        }
        schema.keeps = schema.keeps(&serde);
        note_keys(&schema.item.data, mistakes);
        schema.settle_validation(&theirs);
        schema
    }

    fn keeps(&self, serde: &[syn::Meta]) -> Option<Vec<String>> {
        match &self.item.data {
            Data::Struct(data) => data.fields.iter().any(is_flat).then(|| self.orders.concat()),
            Data::Enum(_) => {
                let keeps = has(serde, &["untagged"]) || has(serde, &["tag"]) && !has(serde, &["content"]);
                keeps.then(Vec::new)
            }
            Data::Union(_) => None,
        }
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
        self.nested = ours && has_nested(&self.item);
    }
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
pub(crate) fn fields(data: &mut Data) -> impl Iterator<Item = &mut Field> {
    let all: Vec<&mut Field> = match data {
        Data::Struct(data) => data.fields.iter_mut().collect(),
        Data::Enum(data) => data.variants.iter_mut().flat_map(|variant| &mut variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    all.into_iter()
}

/// Returns the names of the fields on the wire, or `None` if other code decides some of them.
fn wire_names<'a>(
    attrs: &[Attribute],
    fields: impl IntoIterator<Item = &'a syn::Field>,
    rule: Rule,
) -> Option<Vec<(Vec<Attribute>, String)>> {
    if has(&metas(attrs, "serde"), &["from", "try_from", "transparent", "remote"]) {
        return None;
    }
    let mut names = Vec::new();
    for field in fields {
        if has(&metas(&field.attrs, "serde"), &["flatten"]) || conditional(&field.attrs) {
            return None;
        }
        names.extend(wire_name(field, rule).map(|name| (cfgs(&field.attrs), name)));
    }
    Some(names)
}

/// Returns whether a struct has rules. A `#[cfg_attr]` may hide a rule, so it counts as one.
fn has_rules(item: &DeriveInput) -> bool {
    let rules =
        |attrs: &[Attribute]| conditional(attrs) || attrs.iter().any(|attribute| attribute.path().is_ident("validate"));
    let Data::Struct(data) = &item.data else { return false };
    rules(&item.attrs) || data.fields.iter().any(|field| rules(&field.attrs))
}

fn has_nested(item: &DeriveInput) -> bool {
    let Data::Struct(data) = &item.data else { return false };
    let nests =
        |attrs: &[Attribute]| conditional(attrs) || has(&metas(attrs, "validate"), &["nested", "nest_all_fields"]);
    nests(&item.attrs) || data.fields.iter().any(|field| nests(&field.attrs))
}

fn conditional(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attribute| attribute.path().is_ident("cfg_attr"))
}

/// Reports maps whose keys cannot be keys of a JSON object.
fn note_keys(data: &Data, mistakes: &mut Mistakes) {
    let fields: Vec<&syn::Field> = match data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|variant| &variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    let is_read = |field: &&syn::Field| !has(&metas(&field.attrs, "serde"), &["skip", "with", "serialize_with"]);
    for key in fields.into_iter().filter(is_read).filter_map(|field| Peeled::new(&field.ty).key_beyond_text()) {
        mistakes.at(key, "a key of a JSON object is a text: make this a `Vec` of pairs, or the key a text or a number");
    }
}

fn flattens_option(item: &DeriveInput) -> bool {
    let Data::Struct(data) = &item.data else { return false };
    data.fields.iter().any(|field| is_option(&field.ty) && has(&metas(&field.attrs, "serde"), &["flatten"]))
}

/// Returns whether a `#[cfg_attr]` anywhere may hide something.
pub(crate) fn is_conditional(item: &DeriveInput) -> bool {
    let of_fields = |fields: &Fields| fields.iter().any(|field| conditional(&field.attrs));
    conditional(&item.attrs)
        || match &item.data {
            Data::Struct(data) => of_fields(&data.fields),
            Data::Enum(data) => {
                data.variants.iter().any(|variant| conditional(&variant.attrs) || of_fields(&variant.fields))
            }
            Data::Union(_) => true,
        }
}

fn has_named_fields(data: &DataEnum) -> bool {
    data.variants.iter().any(|variant| matches!(variant.fields, Fields::Named(_)))
}

const DERIVES: [[&str; 2]; 4] =
    [["serde", "Serialize"], ["serde", "Deserialize"], ["validator", "Validate"], ["schemars", "JsonSchema"]];
const LED: [[&str; 2]; 3] = [["serde", "serde"], ["validate", "validator"], ["schemars", "schemars"]];
