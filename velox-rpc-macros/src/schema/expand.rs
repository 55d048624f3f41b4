//! Generates the type with its derives and attributes, and the impls beside it.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use serde_derive_internals::ast;
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Field, LitStr, Meta, Type, WherePredicate, parse_quote};

use crate::place;
use crate::root::Root;
use crate::schema::attributes::attribute;
use crate::schema::checks::Checks;
use crate::schema::examine;
use crate::schema::field::Additions;
use crate::schema::foreign;
use crate::schema::held::Held;
use crate::schema::model::{Schema, Validation, fields};
use crate::tokens::{between_commas, is_word};

/// Generates the expansion of `#[schema]`.
pub(crate) fn schema(schema: &Schema<'_>) -> TokenStream {
    let private = schema.root.private();
    let mut item = schema.serde.original.clone();
    let unbound = unbound_parameters(schema);
    for (field, additions) in fields(&mut item.data).zip(&schema.additions) {
        field.attrs.retain(|attribute| !attribute.path().is_ident("schema"));
        if schema.serde.generics.type_params().next().is_none() {
            field.attrs.iter_mut().for_each(|attribute| set_default(attribute, &field.ty, &schema.root));
        }
        field.attrs.iter_mut().for_each(set_required);
        let attributes = field_attributes(field, additions, &unbound, &schema.root);
        field.attrs.extend(attributes);
    }
    let derives = schema.derives.iter().map(|[krate, name]| {
        let (krate, name) = (place::ident(krate), place::ident(name));
        quote!(#private::#krate::#name)
    });
    item.attrs.extend(attributes(schema));
    let of_parts: Vec<&mut Vec<Attribute>> = match &mut item.data {
        Data::Enum(data) => data.variants.iter_mut().map(|variant| &mut variant.attrs).collect(),
        _ => vec![&mut item.attrs],
    };
    // A single name needs no order.
    for (attrs, names) in of_parts.into_iter().zip(&schema.orders).filter(|(_, names)| names.len() > 1) {
        attrs.push(extension("x-velox-order", names));
    }
    let implementations = implementations(schema);
    // validator's derive calls `.validate()` on nested values and expects the user to import the
    // trait.
    let nested = schema.nested.then(|| {
        quote! {
            #[allow(unused_imports)]
            use #private::validator::Validate as _;
        }
    });
    // The implementations come first, so that velox's own message about a field's type does too.
    quote! {
        #implementations

        #[derive(#(#derives),*)]
        #item

        #nested
    }
}

/// Returns the attributes of the whole type. They are added after the user's derives, which may
/// define them.
fn attributes(schema: &Schema<'_>) -> Vec<Attribute> {
    let root = schema.root.private_text();
    let led = schema.led.iter().map(|[name, krate]| {
        let path = format!("{root}::{krate}");
        attribute(name, quote!(crate = #path))
    });
    let lax = schema.is_lax.then(|| attribute("schemars", quote!(extend("x-velox-lax" = true))));
    let keeps = schema.keeps.as_ref().map(|own| extension("x-velox-keeps", own));
    let tag = schema.written_tag().map(|tag| extension("x-velox-tag", &tag));
    let opaque = contains_itself(schema).then(|| attribute("schemars", quote!(!transparent)));
    let name = schema.generic_name.as_ref().map(|name| attribute("schemars", quote!(rename = #name)));
    led.chain(lax).chain(keeps).chain(tag).chain(opaque).chain(name).collect()
}

/// Returns whether this is a transparent newtype that contains itself. serde writes it like any other
/// newtype. As a transparent type it has no name in the JSON Schema, so that schemars would recurse
/// without end.
fn contains_itself(schema: &Schema<'_>) -> bool {
    let serde = &schema.serde;
    let is_newtype = matches!(serde.data, ast::Data::Struct(ast::Style::Newtype, _));
    let itself = [&serde.ident, &Ident::new("Self", Span::call_site())];
    let mentions_it = |ty: &Type| examine::mentions(ty.to_token_stream(), &itself);
    is_newtype && serde.attrs.transparent() && serde.data.all_fields().any(|field| mentions_it(field.ty))
}

/// Returns the attribute that adds a list of strings to the JSON Schema.
///
/// The list is a slice: schemars passes the value to `json!`, which expands an array item by item.
fn extension(name: &str, texts: &[String]) -> Attribute {
    attribute("schemars", quote!(extend(#name = &[#(#texts),*] as &[&str])))
}

/// Changes `#[serde(default)]` to the name of a function, with which each derive reports a type
/// without a default in the same words and at the same place. The compiler then reports it once.
fn set_default(attribute: &mut Attribute, ty: &Type, root: &Root) {
    change(attribute, "serde", |meta| {
        let [default] = meta else { return None };
        let ty =
            is_word(default, "default").then(|| ty.to_token_stream().to_string()).filter(|ty| !ty.contains('$'))?;
        let path = LitStr::new(&format!("{}::default_of::<{ty}>", root.private_text()), default.span());
        Some(quote!(#default = #path))
    });
}

/// Takes the message and the code away from the rule `required`. schemars accepts none there.
fn set_required(attribute: &mut Attribute) {
    change(attribute, "validate", |rule| {
        let required = rule.first().filter(|name| is_word(name, "required"))?;
        Some(quote!(#required))
    });
}

/// Replaces each part of an attribute with this name for which `changed` returns another.
fn change(attribute: &mut Attribute, name: &str, changed: impl Fn(&[TokenTree]) -> Option<TokenStream>) {
    let Meta::List(list) = &mut attribute.meta else { return };
    if list.path.is_ident(name) {
        let parts = between_commas(list.tokens.clone()).into_iter();
        let parts = parts.map(|part| changed(&part).unwrap_or_else(|| quote!(#(#part)*)));
        list.tokens = quote!(#(#parts),*);
    }
}

/// Returns the parameters of the type for which the user has set no bound that serde reads.
fn unbound_parameters<'a>(schema: &'a Schema<'_>) -> Vec<&'a Ident> {
    let serde = &schema.serde;
    let is_bound = |tokens: TokenStream| tokens.to_string().contains("Deserialize");
    let clause = serde.generics.where_clause.to_token_stream();
    if serde.attrs.de_bound().is_some() || is_bound(clause) {
        return Vec::new();
    }
    let parameters = serde.generics.type_params().filter(|parameter| !is_bound(parameter.bounds.to_token_stream()));
    parameters.map(|parameter| &parameter.ident).collect()
}

/// Returns the attributes of one field. `parameters` are those of the type that need a bound.
fn field_attributes(field: &Field, additions: &Additions, parameters: &[&Ident], root: &Root) -> Vec<Attribute> {
    let mut attributes: Vec<Attribute> = Vec::new();
    if additions.skip_none {
        attributes.push(attribute("serde", quote!(skip_serializing_if = "::core::option::Option::is_none")));
    }
    if let Some(reader) = &additions.reader {
        // The type's span makes the compiler report a type that the reader cannot read there.
        let reader = LitStr::new(&format!("{}::{reader}", root.private_text()), field.ty.span());
        attributes.push(attribute("serde", quote!(deserialize_with = #reader)));
        // serde's derive infers no bounds from a field with a reader.
        let is_held = |parameter: &&&Ident| examine::mentions(field.ty.to_token_stream(), &[**parameter]);
        let bounds = parameters
            .iter()
            .filter(is_held)
            .map(|it| format!("{it}: {}::serde::Deserialize<'de>", root.private_text()));
        let bounds: Vec<_> = bounds.collect();
        if !bounds.is_empty() && !additions.has_bound {
            let bounds = bounds.join(", ");
            attributes.push(attribute("serde", quote!(bound(deserialize = #bounds))));
        }
    }
    if additions.is_default {
        attributes.push(attribute("serde", quote!(default)));
    }
    let aliases = &additions.aliases;
    if !aliases.is_empty() {
        attributes.push(extension("x-velox-aliases", aliases));
    }
    if let Some(number) = additions.multiple_of.as_ref().and_then(|number| number.parse::<TokenStream>().ok()) {
        attributes.push(attribute("schemars", quote!(extend("multipleOf" = #number))));
    }
    if additions.is_foreign {
        let shown = foreign::shown(&field.ty, root.private()).to_token_stream().to_string();
        // A path from a `macro_rules!` (`$crate::…`) has no text that could be parsed again.
        if !shown.contains('$') {
            let shown = LitStr::new(&shown, field.ty.span());
            attributes.push(attribute("schemars", quote!(with = #shown)));
        }
    }
    if additions.has_own_reader {
        attributes.push(attribute("schemars", quote!(extend("x-velox-reader" = true))));
    }
    attributes
}

/// Implements `InputFields`, `Examine`, and `Validate` if no derive does. The last two check the
/// same rules.
///
/// The block names `__private` once. The compiler would need much longer to read long paths in
/// every expression.
fn implementations(schema: &Schema<'_>) -> TokenStream {
    let (root, private) = (schema.root.private(), &place::ident("__private"));
    let fields = input_fields(schema, private);
    let examine = examine::content(schema, private);
    let examine =
        examine.map(|(content, bounds)| implementation(schema, quote!(#private::Examine for), &bounds, content));
    let (functions, validate) = match &schema.validation {
        Validation::Derived => (TokenStream::new(), None),
        Validation::Held(values) => (TokenStream::new(), Some(held(values, private))),
        Validation::Checks(checks) => (functions(schema, checks, private), Some(checks.of_whole(private))),
    };
    let validate = validate.map(|content| {
        let content = quote! {
            fn validate(&self) -> #private::Verdict {
                #content
            }
        };
        let bounds = examine::nested_parameters(schema).into_iter();
        let bounds: Vec<_> = bounds.map(|it| parse_quote!(#it: #private::validator::Validate)).collect();
        implementation(schema, quote!(#private::validator::Validate for), &bounds, content)
    });
    quote! {
        #[allow(unused_imports, unused_variables, unused_braces, deprecated, clippy::all, clippy::pedantic)]
        const _: () = {
            use #root::{self as #private, Described as _, Known as _, Unknown as _};
            #functions
            #fields
            #validate
            #examine
        };
    }
}

/// Implements `InputFields`, the names of the fields for the check of routes.
fn input_fields(schema: &Schema<'_>, private: &Ident) -> TokenStream {
    let Some(names) = &schema.wire_names else { return TokenStream::new() };
    let names = names.iter().map(|(cfgs, name)| quote!(#(#cfgs)* #name));
    implementation(
        schema,
        quote!(#private::InputFields for),
        &[],
        quote! {
            const FIELDS: &'static [&'static str] = &[#(#names),*];
        },
    )
}

/// Generates the body of `validate` for a type whose only rules are those of its nested values.
fn held(values: &[Held], private: &Ident) -> TokenStream {
    let arms = values.iter().map(|held| arm(held, private));
    match values {
        [] => quote!(#private::Ok(())),
        _ => quote! {
            #[allow(unreachable_patterns)]
            match self {
                #(#arms)*
                _ => #private::Ok(()),
            }
        },
    }
}

/// Generates the match arm that checks the value of one variant. Its errors are under the key that
/// the value has on the wire.
fn arm(held: &Held, private: &Ident) -> TokenStream {
    let validator = quote!(#private::validator);
    let Held { variant, cfgs, key } = held;
    let found = quote!(#validator::Validate::validate(__held));
    let found = match key {
        None => found,
        Some(key) => quote! {{
            let mut __errors = #validator::ValidationErrors::new();
            __errors.merge_self(#key, #found);
            if __errors.is_empty() { #private::Ok(()) } else { #private::Err(__errors) }
        }},
    };
    quote!(#(#cfgs)* Self::#variant(__held) => #found,)
}

/// Generates the functions that check each field. They are functions of the type, because an
/// expression of the user may name `Self`.
fn functions(schema: &Schema<'_>, checks: &Checks, private: &Ident) -> TokenStream {
    let functions = checks.functions(private);
    if functions.is_empty() { functions } else { implementation(schema, TokenStream::new(), &[], functions) }
}

/// Generates `impl Trait for Type { … }` with the type's own parameters, and these bounds in
/// addition to its own.
fn implementation(
    schema: &Schema<'_>,
    of: TokenStream,
    bounds: &[WherePredicate],
    content: TokenStream,
) -> TokenStream {
    let DeriveInput { ident, generics, .. } = schema.serde.original;
    let mut generics = generics.clone();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds.iter().cloned());
    }
    let (parameters, arguments, clause) = generics.split_for_impl();
    let derived = (!of.is_empty()).then(|| quote!(#[automatically_derived]));
    quote! {
        #derived
        impl #parameters #of #ident #arguments #clause { #content }
    }
}
