//! Generates `Examine`, which finds everything that is wrong with a value. Each field is read by
//! its own reader, so that the issues are exactly what serde would reject.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use serde_derive_internals::ast::{Data, Field, Style, Variant};
use serde_derive_internals::attr::{Default as OfMissing, TagType};
use syn::{Type, WherePredicate, parse_quote};

use crate::schema::attributes::{has, metas};
use crate::schema::checks::Checks;
use crate::schema::field::{Words, cfgs, other_names, wire_name};
use crate::schema::model::{Schema, Validation, is_conditional, is_converted};
use crate::schema::peel::Peeled;
use crate::schema::rule::{Rule, optional};

/// Returns the content of `impl Examine for Type`, and the bounds on the type's parameters. Returns
/// `None` if the type borrows, because such a type cannot be an input.
pub(crate) fn content(schema: &Schema<'_>, private: &Ident) -> Option<(TokenStream, Vec<WherePredicate>)> {
    let serde = &schema.serde;
    if serde.generics.lifetimes().next().is_some() || serde.data.all_fields().any(|field| borrows(field.ty)) {
        return None;
    }
    let source = serde.attrs.type_from().or(serde.attrs.type_try_from());
    if let Some(source) = source.filter(|source| !borrows(source) && serde.generics.params.is_empty()) {
        let parts = Peeled::new(source).parts(private);
        let look = quote!(__found.converted::<Self>(&__at, &#parts););
        return Some((method(private, &look), Vec::new()));
    }
    let is_open = is_converted(serde)
        || serde.attrs.de_bound().is_some()
        || has(&metas(&serde.original.attrs, "validate"), &["context"])
        || is_conditional(serde)
        || matches!((&schema.validation, &serde.data), (Validation::Derived, Data::Struct(..)));
    // Only the type's own reader knows what it accepts.
    if is_open {
        return Some(Default::default());
    }
    let examine = Examine { schema, private };
    let content = match &serde.data {
        Data::Struct(style, fields) => examine.of_struct(*style, fields),
        Data::Enum(variants) => examine.of_enum(variants),
    };
    Some((content, examine.bounds()))
}

struct Examine<'a> {
    schema: &'a Schema<'a>,
    private: &'a Ident,
}

impl Examine<'_> {
    fn of_struct(&self, style: Style, fields: &[Field<'_>]) -> TokenStream {
        let transparent = fields.iter().find(|field| field.attrs.transparent());
        match (style, read(fields).as_slice()) {
            (Style::Unit, _) => TokenStream::new(),
            _ if transparent.is_some() => transparent.map(|only| self.in_place(only)).unwrap_or_default(),
            (Style::Newtype, [only]) => self.in_place(only),
            (Style::Struct, read) => self.look(&self.object(read)),
            (_, read) => self.look(&self.tuple(read)),
        }
    }

    fn of_enum(&self, variants: &[Variant<'_>]) -> TokenStream {
        let (private, tag) = (self.private, self.schema.serde.attrs.tag());
        let is_strict = self.is_strict();
        let tag = match tag {
            _ if variants.iter().any(|variant| variant.attrs.untagged()) => return TokenStream::new(),
            TagType::External => quote!(External),
            TagType::Internal { tag } => quote!(Internal(#tag)),
            TagType::Adjacent { tag, content } => quote!(Adjacent(#tag, #content, #is_strict)),
            TagType::None => quote!(Untagged),
        };
        let variants = variants.iter().filter(|variant| !variant.attrs.skip_deserializing()).map(|variant| {
            let (cfgs, names) = (cfgs(&variant.original.attrs), variant_names(variant));
            let content = optional(private, self.content(variant));
            quote!(#(#cfgs)* #private::Variant { names: &[#(#names),*], content: #content })
        });
        self.look(&quote!(#private::Parts::Enum(#private::Tag::#tag, &[#(#variants),*])))
    }

    /// Generates the description of what a variant holds. Returns `None` if it holds nothing.
    fn content(&self, variant: &Variant<'_>) -> Option<TokenStream> {
        let fields = read(&variant.fields);
        match variant.style {
            Style::Unit => None,
            Style::Newtype => Some(self.unnamed(fields.first()?)),
            Style::Tuple => Some(self.tuple(&fields)),
            Style::Struct => Some(self.object(&fields)),
        }
    }

    /// Generates the description of fields without names. Fields with a default may be missing at
    /// the end.
    fn tuple(&self, fields: &[&Field<'_>]) -> TokenStream {
        let least = fields.iter().rposition(|field| !self.has_default(field)).map_or(0, |last| last + 1);
        let (private, items) = (self.private, fields.iter().map(|field| self.unnamed(field)));
        quote!(#private::Parts::Tuple(#least, &[#(#items),*]))
    }

    /// Generates the description of fields in order.
    fn object(&self, all: &[&Field<'_>]) -> TokenStream {
        let fields = all.iter().map(|field| {
            let cfgs = cfgs(&field.original.attrs);
            let field = self.field(field, wire_name(field).into_iter().chain(other_names(field)));
            quote!(#(#cfgs)* #field)
        });
        let (private, is_strict) = (self.private, self.is_strict());
        quote!(#private::Parts::Object(&[#(#fields),*], #is_strict))
    }

    /// Generates the description of a field: its names, its parts and its rules.
    fn field(&self, field: &Field<'_>, names: impl Iterator<Item = String>) -> TokenStream {
        let (private, parts) = (self.private, self.parts(field));
        let plain = quote!(#private::plain(&[#(#names),*], &#parts));
        let may_be_missing = self.may_be_missing(field).map(|it| quote!(may_be_missing: #it,));
        let is_nested = self.is_nested(field).then(|| quote!(is_nested: true,));
        let rules = self.rules(field).map(|rules| quote!(rules: #private::Some(#rules),));
        let others = quote!(#may_be_missing #is_nested #rules);
        if others.is_empty() { plain } else { quote!(#private::Field { #others ..#plain }) }
    }

    fn checks(&self) -> Option<&Checks> {
        if let Validation::Checks(checks) = &self.schema.validation { Some(checks) } else { None }
    }

    /// Generates the check of a field's rules on its value, even if other fields could not be read.
    fn rules(&self, field: &Field<'_>) -> Option<TokenStream> {
        let private = self.private;
        self.checks().and_then(|checks| checks.of(field)).map(|rules| {
            let (sent, is_own) = (quote!(#private::Some(__got)), self.reader(field).is_some());
            let check = if field.attrs.flatten() {
                let check = rules.of_whole(private);
                quote!(if let #private::Some(__whole) = __whole { #check })
            } else if rules.is_counted() && !self.has_default(field) && !is_own {
                rules.of_read(private, None, &sent)
            } else {
                let value = self.value(field);
                if let (None, Some(function)) = (&value, rules.only_function()) {
                    return quote!(&#private::by_type(Self::#function));
                }
                let (ty, sent) = (field.ty, if is_own { quote!(#private::None) } else { sent });
                rules.of_read(private, Some(value.unwrap_or_else(|| quote!(__got.read::<#ty>()))), &sent)
            };
            quote!(&|__got: &#private::Got<'_>, __broken: &mut #private::Broken| { #check })
        })
    }

    /// Generates the value of a field: what was read, or its default. Returns `None` if it is what
    /// the type's own reader reads.
    fn value(&self, field: &Field<'_>) -> Option<TokenStream> {
        let (ty, private) = (field.ty, self.private);
        // The type's reader rejects everything but a string. The rules check the text after the
        // change.
        let changed = || {
            let path = Words::of(field).reader()?.parse::<TokenStream>().ok()?;
            Some(self.reads_by(&quote!(#private::#path)))
        };
        let read = self.reader(field).or_else(changed).map(|reader| quote!(__got.read_with::<#ty>(#reader)));
        let Some(default) = self.default(field) else { return read };
        let read = read.unwrap_or_else(|| quote!(__got.read::<#ty>()));
        Some(quote!(__got.or_default(#read, || #default)))
    }

    /// Generates the default of a field for a missing key, if it has one.
    fn default(&self, field: &Field<'_>) -> Option<TokenStream> {
        match (field.attrs.default(), self.schema.serde.attrs.default()) {
            (OfMissing::None, OfMissing::None) => None,
            (OfMissing::None, of_type) => {
                let (member, whole) = (&field.member, default_of(of_type, &quote!(Self)));
                Some(quote!({ let __whole: Self = #whole; __whole.#member }))
            }
            (own, _) => Some(default_of(own, field.ty)),
        }
    }

    /// Returns whether the field has a default for a missing key.
    fn has_default(&self, field: &Field<'_>) -> bool {
        self.default(field).is_some()
    }

    /// Generates the description of the parts of a value without a name.
    fn unnamed(&self, field: &Field<'_>) -> TokenStream {
        let (private, parts) = (self.private, self.parts(field));
        if self.is_nested(field) { parts } else { quote!(#private::Parts::Unchecked(&#parts)) }
    }

    /// Generates the description of the parts of a field's value.
    fn parts(&self, field: &Field<'_>) -> TokenStream {
        let (private, ty) = (self.private, field.ty);
        let parts = match (self.reader(field), Peeled::new(ty)) {
            (Some(reader), _) => quote! {
                #private::Parts::Type(
                    |__at: #private::At<'_, '_>, __found: &mut #private::Found| {
                        __found.read_with::<#ty>(&__at, #reader);
                    },
                    || false,
                )
            },
            (None, Peeled::Option(inner)) if !Words::of(field).nullable && field.original.ident.is_some() => {
                let inner = inner.parts(private);
                quote!(#private::Parts::Optional(&#inner))
            }
            (None, other) => other.parts(private),
        };
        match required(private, field) {
            Some(told) => quote!(#private::Parts::Required(#told, &#parts)),
            None => parts,
        }
    }

    /// Returns the function that reads a field, if the user set one instead of the type's own
    /// reader.
    fn reader(&self, field: &Field<'_>) -> Option<TokenStream> {
        field.attrs.deserialize_with().map(|path| self.reads_by(path))
    }

    fn reads_by(&self, path: &impl ToTokens) -> TokenStream {
        let private = self.private;
        quote!(|__text| #path(&mut #private::serde_json::Deserializer::from_slice(__text.as_bytes())))
    }

    /// Generates whether a field may be missing, unless its type and its rule decide.
    fn may_be_missing(&self, field: &Field<'_>) -> Option<TokenStream> {
        let private = self.private;
        // serde has no default for a flattened field.
        let default = self.default(field).filter(|_| !field.attrs.flatten())?;
        Some(match required(private, field) {
            Some(_) => quote!(#default.is_some().then_some(true)),
            None => quote!(#private::Some(true)),
        })
    }

    /// Generates the check of a value that replaces the whole.
    fn in_place(&self, field: &Field<'_>) -> TokenStream {
        let field = self.field(field, std::iter::empty());
        let private = self.private;
        self.method(quote!(__found.value(#private::Some(__at), &#field);))
    }

    /// Generates the check of a value with these parts.
    fn look(&self, parts: &TokenStream) -> TokenStream {
        self.method(quote!(__found.look(__at, &#parts);))
    }

    /// Generates the method. It reads the whole type in addition to its fields, if it has rules
    /// that need that.
    fn method(&self, mut look: TokenStream) -> TokenStream {
        let private = self.private;
        if let Some(checks) = self.checks().filter(|checks| checks.is_whole()) {
            let rules = checks.whole(private);
            look = quote! {
                let (__begin, __whole) = (__found.issues(), __found.whole::<Self>(&__at));
                let __whole = __whole.as_ref();
                #look
                if let #private::Some(__whole) = __whole {
                    __found.of_whole(__begin, |__broken| { #rules });
                }
            };
        }
        method(private, &look)
    }

    /// Returns the bounds on the type's parameters that reading the fields needs. serde's derive
    /// requires at least these.
    fn bounds(&self) -> Vec<WherePredicate> {
        let private = self.private;
        let parameters: Vec<_> = self.schema.serde.generics.type_params().map(|parameter| &parameter.ident).collect();
        let fields = self.schema.serde.data.all_fields().filter(|field| !field.attrs.skip_deserializing());
        if parameters.is_empty() {
            return Vec::new();
        }
        let owned = quote!(#private::serde::de::DeserializeOwned);
        // For `Self` in a field, and for rules that read the whole type.
        let mut bounds = vec![parse_quote!(Self: #owned + #private::validator::Validate)];
        for field in fields.filter(|field| self.reader(field).is_none()) {
            for leaf in Peeled::new(field.ty).leaves() {
                if mentions(leaf.to_token_stream(), &parameters) {
                    bounds.push(parse_quote!(#leaf: #owned));
                }
            }
        }
        // The issues inside are those of the parameter's type.
        let nested = nested_parameters(self.schema);
        bounds
            .extend(nested.into_iter().map(|it| parse_quote!(#it: #private::Examine + #private::validator::Validate)));
        bounds
    }

    fn is_strict(&self) -> bool {
        self.schema.serde.attrs.deny_unknown_fields()
    }

    fn is_nested(&self, field: &Field<'_>) -> bool {
        is_nested(self.schema, field)
    }
}

fn is_nested(schema: &Schema<'_>, field: &Field<'_>) -> bool {
    has(&metas(&field.original.attrs, "validate"), &["nested"])
        || has(&metas(&schema.serde.original.attrs, "validate"), &["nest_all_fields"])
}

/// Returns the type's parameters whose own rules are checked.
pub(crate) fn nested_parameters<'a>(schema: &'a Schema<'_>) -> Vec<&'a Ident> {
    let nested = schema.serde.data.all_fields().filter(|field| is_nested(schema, field));
    let leaves: Vec<_> =
        nested.flat_map(|field| Peeled::new(field.ty).leaves()).map(ToTokens::to_token_stream).collect();
    let parameters = schema.serde.generics.type_params().map(|parameter| &parameter.ident);
    parameters.filter(|name| leaves.iter().any(|leaf| leaf.to_string() == name.to_string())).collect()
}

/// Returns the names of a variant on the wire. The variant for all other names has none.
fn variant_names(variant: &Variant<'_>) -> Vec<String> {
    let name = variant.attrs.name().deserialize_name();
    let others = variant.attrs.aliases().iter().filter(|alias| *alias != name);
    match variant.attrs.other() {
        true => Vec::new(),
        false => std::iter::once(name).chain(others).map(|name| name.value.clone()).collect(),
    }
}

/// Generates the default of `#[serde(default)]` or `#[serde(default = "…")]` for this type.
fn default_of(default: &OfMissing, ty: &impl ToTokens) -> TokenStream {
    match default {
        OfMissing::Path(path) => quote!(#path()),
        _ => quote!(<#ty as ::core::default::Default>::default()),
    }
}

fn read<'a>(fields: &'a [Field<'a>]) -> Vec<&'a Field<'a>> {
    fields.iter().filter(|field| !field.attrs.skip_deserializing()).collect()
}

fn method(private: &Ident, look: &TokenStream) -> TokenStream {
    quote!(fn examine(__at: #private::At<'_, '_>, __found: &mut #private::Found) { #look })
}

/// Returns whether a type is a reference or has a lifetime. `Cow<'static, str>` does not count,
/// because it owns what it reads.
fn borrows(ty: &Type) -> bool {
    ty.to_token_stream().to_string().replace("'static", "").contains(['&', '\''])
}

/// Returns whether one of these names is among the tokens.
pub(crate) fn mentions(tokens: TokenStream, names: &[&Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.contains(&&ident),
        TokenTree::Group(group) => mentions(group.stream(), names),
        _ => false,
    })
}

/// Generates the message of the rule `required`, if there is one.
fn required(private: &Ident, field: &Field<'_>) -> Option<TokenStream> {
    let rules = metas(&field.original.attrs, "validate");
    let rule = rules.iter().find(|meta| meta.path().is_ident("required")).and_then(Rule::new)?;
    Some(optional(private, rule.argument("message")))
}
