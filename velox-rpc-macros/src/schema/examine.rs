//! Generates `Examine`, which finds everything that is wrong with a value. Each field is read by
//! its own reader, so that the issues are exactly what serde would reject.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DataEnum, Field, Fields, GenericParam, LitStr, Meta, Variant};

use crate::schema::attributes::{all_texts, has, incoming_text, inner, metas, text_of};
use crate::schema::checks::Checks;
use crate::schema::field::{Words, cfgs, field_rule, is_flat, is_option, variant_name, wire_name};
use crate::schema::model::{Schema, Validation, is_conditional};
use crate::schema::peel::Peeled;
use crate::schema::rename::Rule;

/// Returns the content of `impl Examine for Type`. Returns `None` if the type borrows, because such
/// a type cannot be an input.
pub(crate) fn content(schema: &Schema, private: &TokenStream) -> Option<TokenStream> {
    let generics = &schema.item.generics;
    if generics.lifetimes().next().is_some() || borrows(&schema.item.data) {
        return None;
    }
    let serde = metas(&schema.item.attrs, "serde");
    let is_open = generics.params.iter().any(|param| !matches!(param, GenericParam::Lifetime(_)))
        || has(&serde, &["from", "try_from", "remote"])
        || has(&metas(&schema.item.attrs, "validate"), &["context"])
        || is_conditional(&schema.item)
        || matches!((&schema.validation, &schema.item.data), (Validation::Derived, Data::Struct(_)));
    // Only the type's own reader knows what it accepts.
    if is_open {
        return Some(TokenStream::new());
    }
    let examine = Examine { schema, private, serde };
    Some(match &schema.item.data {
        Data::Struct(data) => examine.of_struct(&data.fields),
        Data::Enum(data) => examine.of_enum(data),
        Data::Union(_) => TokenStream::new(),
    })
}

struct Examine<'a> {
    schema: &'a Schema,
    private: &'a TokenStream,
    serde: Vec<Meta>,
}

impl Examine<'_> {
    fn of_struct(&self, fields: &Fields) -> TokenStream {
        let read: Vec<_> = fields.iter().filter(|field| is_read(field)).collect();
        match (fields, read.as_slice()) {
            (Fields::Unit, _) => TokenStream::new(),
            (_, [only]) if has(&self.serde, &["transparent"]) => self.in_place(only),
            (Fields::Named(_), _) => {
                let rule = Rule::of(&self.serde, "rename_all", self.schema.rename_all);
                self.look(&self.object(&read, rule))
            }
            (Fields::Unnamed(_), [only]) if fields.len() == 1 => self.in_place(only),
            (Fields::Unnamed(_), _) => self.look(&self.tuple(&read)),
        }
    }

    fn of_enum(&self, data: &DataEnum) -> TokenStream {
        let private = self.private;
        let variants: Vec<_> = data.variants.iter().filter(|variant| is_read_variant(variant)).collect();
        let is_untagged = has(&self.serde, &["untagged"]);
        if !is_untagged && variants.iter().any(|variant| has(&metas(&variant.attrs, "serde"), &["untagged"])) {
            return TokenStream::new();
        }
        let (tag, is_apart) = match (incoming_text(&self.serde, "tag"), incoming_text(&self.serde, "content")) {
            _ if is_untagged => (quote!(Untagged), false),
            (None, _) => (quote!(External), false),
            (Some(tag), None) => (quote!(Internal(#tag)), false),
            (Some(tag), Some(content)) => {
                let is_strict = self.is_strict();
                (quote!(Adjacent(#tag, #content, #is_strict)), true)
            }
        };
        let variants = variants.into_iter().map(|variant| {
            let (cfgs, names, content) = (cfgs(&variant.attrs), self.variant_names(variant), self.content(variant));
            let (content, is_optional) = (optional(content), self.is_optional(variant, is_apart));
            quote! {
                #(#cfgs)* #private::Variant { names: &[#(#names),*], content: #content, is_optional: #is_optional }
            }
        });
        self.look(&quote!(#private::Parts::Enum(#private::Tag::#tag, &[#(#variants),*])))
    }

    /// Generates the description of what a variant holds. Returns `None` if it holds nothing.
    fn content(&self, variant: &Variant) -> Option<TokenStream> {
        let fields: Vec<_> = variant.fields.iter().filter(|field| is_read(field)).collect();
        match &variant.fields {
            Fields::Unit => None,
            Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => Some(self.parts(fields.first()?)),
            Fields::Unnamed(_) => Some(self.tuple(&fields)),
            Fields::Named(_) => {
                Some(self.object(&fields, field_rule(&self.serde, variant, self.schema.rename_all_fields)))
            }
        }
    }

    /// Generates the description of fields without names. Fields with a default may be missing at
    /// the end.
    fn tuple(&self, fields: &[&Field]) -> TokenStream {
        let least = fields.iter().rposition(|field| !self.has_default(field)).map_or(0, |last| last + 1);
        let (private, items) = (self.private, fields.iter().map(|field| self.parts(field)));
        quote!(#private::Parts::Tuple(#least, &[#(#items),*]))
    }

    /// Generates the description of fields in order. A flattened map comes last and gets the
    /// remaining keys.
    fn object(&self, all: &[&Field], rule: Rule) -> TokenStream {
        let takes_rest = |field: &&Field| is_flat(field) && Peeled::new(&field.ty).is_map();
        let (rest, own): (Vec<&Field>, Vec<&Field>) = all.iter().copied().partition(takes_rest);
        let fields = own.into_iter().chain(rest).map(|field| {
            let (cfgs, names) = (cfgs(&field.attrs), self.field_names(field, rule));
            let field = self.field(field, &names);
            quote!(#(#cfgs)* #field)
        });
        let (private, is_strict) = (self.private, self.is_strict());
        quote!(#private::Parts::Object(&[#(#fields),*], #is_strict))
    }

    /// Generates the description of a field: its names, its parts and its rules.
    fn field(&self, field: &Field, names: &[String]) -> TokenStream {
        let private = self.private;
        let (may_be_missing, parts, rules) = (self.may_be_missing(field), self.parts(field), self.rules(field));
        quote! {
            #private::Field {
                names: &[#(#names),*],
                may_be_missing: #may_be_missing,
                parts: &#parts,
                rules: #rules,
            }
        }
    }

    fn checks(&self) -> Option<&Checks> {
        if let Validation::Checks(checks) = &self.schema.validation { Some(checks) } else { None }
    }

    /// Generates the check of a field's rules on its value, even if other fields could not be read.
    fn rules(&self, field: &Field) -> TokenStream {
        let private = self.private;
        let of_field = |checks: &'_ Checks| {
            let rules = checks.of(field)?;
            if is_flat(field) {
                let rules = rules.of_whole(private);
                return Some(quote!(if let ::core::option::Option::Some(whole) = whole { #rules }));
            }
            let value = self.value(field);
            let count = match rules.counted() {
                None => quote!(::core::option::Option::None),
                Some(of) if self.has_default(field) || self.reader(field).is_some() => {
                    quote!(got.count_or(#private::Type::#of, || (#value).map_or(0, |value| value.len())))
                }
                Some(of) => quote!(got.count(#private::Type::#of)),
            };
            rules.of_read(private, &value, &count)
        };
        let rules = self.checks().and_then(of_field);
        optional(rules.map(|rules| quote!(&|got: &#private::Got<'_>, broken: &mut #private::Broken| { #rules })))
    }

    /// Generates the value of a field: what was read, or its default.
    fn value(&self, field: &Field) -> TokenStream {
        let (ty, private) = (&field.ty, self.private);
        // The type's reader rejects what is not a text. The rules check the text after the change.
        let changed = || {
            let path = Words::of(field).reader()?.parse::<TokenStream>().ok()?;
            Some(self.reads_by(&quote!(#private::#path)))
        };
        let read = match self.reader(field).or_else(changed) {
            Some(reader) => quote!(got.read_with::<#ty>(#reader)),
            None => quote!(got.read::<#ty>()),
        };
        let serde = metas(&field.attrs, "serde");
        let default = match serde.iter().find(|meta| meta.path().is_ident("default")) {
            Some(_) => default_of(&serde, ty),
            None if has(&self.serde, &["default"]) => {
                let (ident, whole) = (&field.ident, default_of(&self.serde, &quote!(Self)));
                quote!({ let whole: Self = #whole; whole.#ident })
            }
            None => return read,
        };
        quote!(got.or_default(#read, || #default))
    }

    /// Returns whether the field has a default for a missing key.
    fn has_default(&self, field: &Field) -> bool {
        has(&metas(&field.attrs, "serde"), &["default"]) || has(&self.serde, &["default"])
    }

    /// Generates the description of the parts of a field's value.
    fn parts(&self, field: &Field) -> TokenStream {
        let (private, ty) = (self.private, &field.ty);
        let parts = match (self.reader(field), Peeled::new(ty)) {
            (Some(reader), _) => quote! {
                #private::Parts::Type(|at: #private::At<'_, '_>, found: &mut #private::Found| {
                    drop(found.read_with::<#ty>(at.part(), #reader))
                })
            },
            (None, Peeled::Option(inner)) if !Words::of(field).nullable && field.ident.is_some() => {
                let inner = inner.parts(private);
                quote!(#private::Parts::Optional(&#inner))
            }
            (None, other) => other.parts(private),
        };
        let parts = if self.is_nested(field) { parts } else { quote!(#private::Parts::Unchecked(&#parts)) };
        match required(field) {
            Some(told) => {
                let told = optional(told);
                quote!(#private::Parts::Required(#told, &#parts))
            }
            None => parts,
        }
    }

    /// Returns the function that reads a field, if the user set one instead of the type's own
    /// reader.
    fn reader(&self, field: &Field) -> Option<TokenStream> {
        let serde = metas(&field.attrs, "serde");
        let path = match (text_of(&serde, "deserialize_with"), text_of(&serde, "with")) {
            (Some(function), _) => function.parse::<syn::ExprPath>().ok().map(|path| quote!(#path))?,
            (None, Some(module)) => module.parse::<syn::Path>().ok().map(|path| quote!(#path::deserialize))?,
            (None, None) => return None,
        };
        Some(self.reads_by(&path))
    }

    fn reads_by(&self, path: &TokenStream) -> TokenStream {
        let private = self.private;
        quote!(|text| #path(&mut #private::serde_json::Deserializer::from_str(text)))
    }

    /// Generates a function that returns whether a field may be missing.
    fn may_be_missing(&self, field: &Field) -> TokenStream {
        let (private, ty) = (self.private, &field.ty);
        let has_reader = self.reader(field).is_some();
        match required(field) {
            _ if is_flat(field) && is_option(ty) => quote!(#private::always),
            _ if is_flat(field) => quote!(|| false),
            None if self.has_default(field) || is_option(ty) && !has_reader => quote!(#private::always),
            None if !has_reader => quote!(#private::may_be_missing::<#ty>),
            _ => quote!(|| false),
        }
    }

    /// Generates the check of a value that replaces the whole.
    fn in_place(&self, field: &Field) -> TokenStream {
        let field = self.field(field, &[]);
        self.method(quote!(found.value(::core::option::Option::Some(at), &#field);))
    }

    /// Generates the check of a value with these parts.
    fn look(&self, parts: &TokenStream) -> TokenStream {
        self.method(quote!(found.look(at, &#parts);))
    }

    /// Generates the method. It reads the whole type in addition to its fields, if it has rules
    /// that need that.
    fn method(&self, mut look: TokenStream) -> TokenStream {
        let private = self.private;
        if let Some(checks) = self.checks().filter(|checks| checks.is_whole()) {
            let rules = checks.whole(private);
            look = quote! {
                let (begin, whole) = (found.issues(), found.whole::<Self>(at.part()));
                let whole = whole.as_ref();
                #look
                if let ::core::option::Option::Some(whole) = whole {
                    found.of_whole(begin, |broken| { #rules });
                }
            };
        }
        quote!(fn examine(at: #private::At<'_, '_>, found: &mut #private::Found) { #look })
    }

    fn is_strict(&self) -> bool {
        has(&self.serde, &["deny_unknown_fields"])
    }

    /// Returns whether the value of a variant may be missing beside its tag. serde asks the type of
    /// the variant's only value.
    fn is_optional(&self, variant: &Variant, is_apart: bool) -> TokenStream {
        let private = self.private;
        match &variant.fields {
            Fields::Unnamed(unnamed)
                if is_apart && unnamed.unnamed.len() == 1 && self.reader(&unnamed.unnamed[0]).is_none() =>
            {
                let ty = &unnamed.unnamed[0].ty;
                quote!(#private::may_be_missing::<#ty>)
            }
            _ => quote!(|| false),
        }
    }

    fn is_nested(&self, field: &Field) -> bool {
        is_nested(field) || has(&metas(&self.schema.item.attrs, "validate"), &["nest_all_fields"])
    }

    fn field_names(&self, field: &Field, rule: Rule) -> Vec<String> {
        let aliases = all_texts(&metas(&field.attrs, "serde"), "alias");
        wire_name(field, rule).into_iter().chain(aliases).collect()
    }

    fn variant_names(&self, variant: &Variant) -> Vec<String> {
        let serde = metas(&variant.attrs, "serde");
        if has(&serde, &["other"]) {
            return Vec::new();
        }
        let name = variant_name(variant, Rule::of(&self.serde, "rename_all", self.schema.rename_all));
        std::iter::once(name).chain(all_texts(&serde, "alias")).collect()
    }
}

/// Generates the default of `#[serde(default)]` or `#[serde(default = "…")]` for this type.
fn default_of(serde: &[Meta], ty: &impl ToTokens) -> TokenStream {
    match text_of(serde, "default").and_then(|path| path.parse::<syn::Path>().ok()) {
        Some(path) => quote!(#path()),
        None => quote!(<#ty as ::core::default::Default>::default()),
    }
}

fn is_read(field: &Field) -> bool {
    !has(&metas(&field.attrs, "serde"), &["skip", "skip_deserializing"])
}

fn is_read_variant(variant: &Variant) -> bool {
    !has(&metas(&variant.attrs, "serde"), &["skip", "skip_deserializing"])
}

fn is_nested(field: &Field) -> bool {
    has(&metas(&field.attrs, "validate"), &["nested"])
}

/// Returns whether a field is a reference or has a lifetime. `Cow<'static, str>` does not count,
/// because it owns what it reads.
fn borrows(data: &Data) -> bool {
    let is_borrowed =
        |field: &Field| field.ty.to_token_stream().to_string().replace("'static", "").contains(['&', '\'']);
    let in_fields = |fields: &Fields| fields.iter().any(is_borrowed);
    match data {
        Data::Struct(data) => in_fields(&data.fields),
        Data::Enum(data) => data.variants.iter().any(|variant| in_fields(&variant.fields)),
        Data::Union(_) => false,
    }
}

/// Returns the rule `required`, if there is one, and its message.
fn required(field: &Field) -> Option<Option<LitStr>> {
    let rule = metas(&field.attrs, "validate").into_iter().find(|meta| meta.path().is_ident("required"))?;
    Some(match &rule {
        Meta::List(list) => text_of(&inner(&list.tokens), "message"),
        _ => None,
    })
}

fn optional(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or(quote!(::core::option::Option::None), |value| quote!(::core::option::Option::Some(#value)))
}
