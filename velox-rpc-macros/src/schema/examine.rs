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
                let (own, strict) = (self.fields(&read, rule), self.refuse_others());
                let names = self.names(&read, rule);
                self.of_fields(&quote!(#own #strict), !strict.is_empty(), &names)
            }
            (Fields::Unnamed(_), [only]) if fields.len() == 1 => self.in_place(only),
            (Fields::Unnamed(_), _) => {
                let parts = self.tuple(&read);
                self.method(&quote!(found.look(part, &#parts);))
            }
        }
    }

    fn of_enum(&self, data: &DataEnum) -> TokenStream {
        let variants = || data.variants.iter().filter(|variant| is_read_variant(variant));
        let private = self.private;
        let tag = incoming_text(&self.serde, "tag");
        if has(&self.serde, &["untagged"])
            || variants().any(|variant| has(&metas(&variant.attrs, "serde"), &["untagged"]))
        {
            if !has(&self.serde, &["untagged"]) {
                return TokenStream::new();
            }
            let variants = variants().map(|variant| {
                let cfgs = cfgs(&variant.attrs);
                let content = self.content(variant).unwrap_or_else(|| self.code(&quote!(drop(found.read::<()>(part)))));
                quote!(#(#cfgs)* #content)
            });
            let examine = self.method(&quote!(found.untagged(part, &[#(#variants),*]);));
            return examine;
        }
        let named = |content: &dyn Fn(&Variant) -> Option<TokenStream>, is_apart: bool| {
            let ty = if is_apart { quote!(Variant) } else { quote!(TaggedVariant) };
            let variants: Vec<_> = variants()
                .map(|variant| {
                    let (cfgs, names) = (cfgs(&variant.attrs), self.variant_names(variant));
                    let content = match content(variant) {
                        Some(content) => quote!(::core::option::Option::Some(#content)),
                        None => quote!(::core::option::Option::None),
                    };
                    let optional = is_apart.then(|| self.is_optional(variant)).map(|it| quote!(, is_optional: #it));
                    quote!(#(#cfgs)* #private::#ty { names: &[#(#names),*], content: #content #optional })
                })
                .collect();
            quote!(&[#(#variants),*])
        };
        match (tag, incoming_text(&self.serde, "content")) {
            (None, _) => {
                let variants = named(&|variant| self.content(variant), true);
                let examine = self.method(&quote!(found.external(part, #variants);));
                quote! {
                    #examine
                    fn examine_fields(fields: &mut #private::Fields<'_>, found: &mut #private::Found) {
                        found.external_among(fields, #variants);
                    }
                }
            }
            (Some(tag), Some(content)) => {
                let variants = named(&|variant| self.content(variant), true);
                let strict = self.refuse_others();
                let look = quote!(found.adjacent(fields, #tag, #content, #variants); #strict);
                self.of_fields(&look, !strict.is_empty(), &[])
            }
            (Some(tag), None) => {
                let variants = named(&|variant| self.tagged_content(variant), false);
                // Each variant decides whether it accepts other fields.
                self.of_fields(&quote!(found.internal(fields, #tag, #variants);), true, &[])
            }
        }
    }

    /// Generates the check of what a variant holds, apart from its tag. Returns `None` if it holds
    /// nothing.
    fn content(&self, variant: &Variant) -> Option<TokenStream> {
        let fields: Vec<_> = variant.fields.iter().filter(|field| is_read(field)).collect();
        match &variant.fields {
            Fields::Unit => None,
            Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => Some(self.parts(fields.first()?)),
            Fields::Unnamed(_) => Some(self.tuple(&fields)),
            Fields::Named(_) => {
                let rule = field_rule(&self.serde, variant, self.schema.rename_all_fields);
                let (own, strict) = (self.fields(&fields, rule), self.refuse_others());
                Some(self.code(&quote! {
                    if let ::core::option::Option::Some(mut fields) = found.object(part) {
                        let fields = &mut fields;
                        #own
                        #strict
                        found.unknown(fields);
                    }
                }))
            }
        }
    }

    /// Generates the check of fields without names. Fields with a default may be missing at the
    /// end.
    fn tuple(&self, fields: &[&Field]) -> TokenStream {
        let least = fields.iter().rposition(|field| !self.has_default(field)).map_or(0, |last| last + 1);
        let (private, items) = (self.private, fields.iter().map(|field| self.parts(field)));
        quote!(#private::Parts::Tuple(#least, &[#(#items),*]))
    }

    /// Generates the check of what a variant holds beside its tag.
    fn tagged_content(&self, variant: &Variant) -> Option<TokenStream> {
        let private = self.private;
        let fields: Vec<_> = variant.fields.iter().filter(|field| is_read(field)).collect();
        let inside = match &variant.fields {
            Fields::Unit => return None,
            Fields::Unnamed(_) => {
                let field = fields.first()?;
                // The tag is not one of the map's keys.
                let look = match Peeled::new(&field.ty) {
                    map @ Peeled::Map(..) => map,
                    _ => Peeled::Leaf(&field.ty),
                };
                self.checked(field, look.among_fields(private))
            }
            Fields::Named(_) => {
                let rule = field_rule(&self.serde, variant, self.schema.rename_all_fields);
                let (own, strict) = (self.fields(&fields, rule), self.refuse_others());
                quote!(#own #strict)
            }
        };
        Some(quote!(|fields: &mut #private::Fields<'_>, found: &mut #private::Found| { #inside }))
    }

    /// Generates the checks of the fields in order. A flattened map comes last and gets the
    /// remaining keys.
    fn fields(&self, all: &[&Field], rule: Rule) -> TokenStream {
        let private = self.private;
        let takes_rest = |field: &&Field| is_flat(field) && Peeled::new(&field.ty).is_map();
        let (rest, own): (Vec<&Field>, Vec<&Field>) = all.iter().copied().partition(takes_rest);
        let looked = own.into_iter().chain(rest).map(|field| {
            let cfgs = cfgs(&field.attrs);
            if is_flat(field) {
                let look = self.checked(field, Peeled::new(&field.ty).among_fields(private));
                let rules = self.checks().and_then(|checks| checks.of(field)).map(|rules| {
                    let rules = rules.of_whole(private);
                    quote!(if let ::core::option::Option::Some(whole) = whole { found.of_whole(begin, |broken| { #rules }); })
                });
                return quote!(#(#cfgs)* { #look #rules });
            }
            let names = self.field_names(field, rule);
            let field = self.field(field, &names);
            quote!(#(#cfgs)* found.field(fields, #field);)
        });
        let looked = quote!(#(#looked)*);
        self.with_whole(looked, &quote!(fields.part()))
    }

    /// Reads the whole type in addition to its fields, if it has rules that need that.
    fn with_whole(&self, looked: TokenStream, part: &TokenStream) -> TokenStream {
        let Some(checks) = self.checks().filter(|checks| checks.is_whole()) else { return looked };
        let of_whole = checks.whole(self.private);
        quote! {
            let (begin, whole) = (found.issues(), found.whole::<Self>(#part));
            let whole = whole.as_ref();
            #looked
            if let ::core::option::Option::Some(whole) = whole {
                found.of_whole(begin, |broken| { #of_whole });
            }
        }
    }

    /// Generates the description of a field: its names, its parts and its rules.
    fn field(&self, field: &Field, names: &[String]) -> TokenStream {
        let private = self.private;
        let (may_be_missing, parts, rules) = (self.may_be_missing(field), self.parts(field), self.rules(field));
        quote! {
            &#private::Field {
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
        match self.checks().and_then(of_field) {
            Some(rules) => quote! {
                ::core::option::Option::Some(&|got: &#private::Got<'_>, broken: &mut #private::Broken| { #rules })
            },
            None => quote!(::core::option::Option::None),
        }
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
            (Some(reader), _) => self.code(&quote!(drop(found.read_with::<#ty>(part, #reader)))),
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
            None if self.has_default(field) || is_option(ty) && !has_reader => quote!(#private::always),
            None if !has_reader => quote!(#private::may_be_missing::<#ty>),
            _ => quote!(|| false),
        }
    }

    /// Generates the check of a value that replaces the whole.
    fn in_place(&self, field: &Field) -> TokenStream {
        let field = self.field(field, &[]);
        let looked = quote!(found.value(::core::option::Option::Some(part), #field););
        self.method(&self.with_whole(looked, &quote!(part)))
    }

    fn of_fields(&self, look: &TokenStream, may_be_strict: bool, names: &[TokenStream]) -> TokenStream {
        let private = self.private;
        let unknown = may_be_strict.then(|| quote!(found.unknown(fields);));
        let examine = self.method(&quote! {
            if let ::core::option::Option::Some(mut fields) = found.object(part) {
                let fields = &mut fields;
                <Self as #private::Examine>::examine_fields(fields, found);
                #unknown
            }
        });
        quote! {
            const NAMES: &'static [&'static str] = &[#(#names),*];
            #examine
            fn examine_fields(fields: &mut #private::Fields<'_>, found: &mut #private::Found) { #look }
        }
    }

    fn method(&self, look: &TokenStream) -> TokenStream {
        let private = self.private;
        quote!(fn examine(part: #private::Part<'_>, found: &mut #private::Found) { #look })
    }

    /// Wraps generated code as a description of parts.
    fn code(&self, look: &TokenStream) -> TokenStream {
        let private = self.private;
        quote!(#private::Parts::Type(|part: #private::Part<'_>, found: &mut #private::Found| { #look }))
    }

    /// Generates the check of fields among others. Their rules are checked only if the field is
    /// nested.
    fn checked(&self, field: &Field, look: TokenStream) -> TokenStream {
        if self.is_nested(field) { look } else { quote!(found.unchecked(|found| { #look });) }
    }

    fn refuse_others(&self) -> TokenStream {
        if has(&self.serde, &["deny_unknown_fields"]) { quote!(fields.refuse_others();) } else { TokenStream::new() }
    }

    /// Returns whether the value of a variant may be missing beside its tag. serde asks the type of
    /// the variant's only value.
    fn is_optional(&self, variant: &Variant) -> TokenStream {
        let private = self.private;
        match &variant.fields {
            Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 && self.reader(&unnamed.unnamed[0]).is_none() => {
                let ty = &unnamed.unnamed[0].ty;
                quote!(#private::may_be_missing::<#ty>)
            }
            _ => quote!(|| false),
        }
    }

    fn is_nested(&self, field: &Field) -> bool {
        is_nested(field) || has(&metas(&self.schema.item.attrs, "validate"), &["nest_all_fields"])
    }

    fn names(&self, fields: &[&Field], rule: Rule) -> Vec<TokenStream> {
        let named = fields.iter().flat_map(|field| {
            let cfgs = cfgs(&field.attrs);
            self.field_names(field, rule).into_iter().map(move |name| quote!(#(#cfgs)* #name))
        });
        named.collect()
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

fn optional(text: Option<LitStr>) -> TokenStream {
    text.map_or(quote!(::core::option::Option::None), |text| quote!(::core::option::Option::Some(#text)))
}
