//! One rule, such as `length(min = 1, message = "…")`: its arguments, and the code that checks it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Ident, Lit, Meta, Type};

use crate::place;
use crate::schema::attributes::listed;
use crate::schema::peel::Peeled;

/// One rule: `length(min = 1, message = "…")`.
pub(crate) struct Rule {
    pub(crate) name: String,
    /// The span of the rule. A type that the rule does not apply to is reported there.
    span: Span,
    arguments: Vec<(String, Expr)>,
}

impl Rule {
    /// Reads a rule. Returns `None` if it is not written as a rule.
    pub(crate) fn new(meta: &Meta) -> Option<Self> {
        let name = meta.path().get_ident()?.to_string();
        let arguments = match meta {
            Meta::List(list) => listed(list).unwrap_or_default(),
            // `multiple_of = 5`
            Meta::NameValue(_) => vec![meta.clone()],
            Meta::Path(_) => Vec::new(),
        };
        let argument = |meta: &Meta| match meta {
            Meta::NameValue(pair) => Some((pair.path.get_ident()?.to_string(), pair.value.clone())),
            // A flag, such as `v4`.
            Meta::Path(path) => Some((path.get_ident()?.to_string(), syn::parse_quote!(true))),
            Meta::List(_) => None,
        };
        let arguments = arguments.iter().map(argument).collect::<Option<Vec<_>>>()?;
        Some(Self { name, span: place::at(meta.path().span()), arguments })
    }

    pub(crate) fn argument(&self, name: &str) -> Option<&Expr> {
        self.arguments.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Returns whether the rule is about two fields.
    pub(crate) fn is_of_two(&self) -> bool {
        self.name == "must_match"
    }

    /// Returns the argument as an expression. The user may have written it as a string.
    pub(crate) fn expression(&self, name: &str) -> Option<TokenStream> {
        self.argument(name).map(|expression| match expression {
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => {
                literal.parse::<Expr>().map_or_else(|_| literal.to_token_stream(), |it| it.to_token_stream())
            }
            other => other.to_token_stream(),
        })
    }

    /// Generates the code and the message that the user set for the rule.
    pub(crate) fn told(&self, private: &Ident) -> TokenStream {
        let (code, message) = (self.argument("code"), self.argument("message"));
        if code.is_none() && message.is_none() {
            return quote!(#private::Told::NOTHING);
        }
        let (code, message) = (optional(private, code), optional(private, message));
        quote!(#private::Told { code: #code, message: #message })
    }

    /// Returns the number of `multiple_of` in digits, or `None` if it is not a number above zero.
    pub(crate) fn step(&self) -> Option<String> {
        let written = self.argument("multiple_of").or_else(|| self.argument("value"))?;
        let Expr::Lit(ExprLit { lit, .. }) = written else { return None };
        let number = match lit {
            Lit::Int(number) => number.base10_parse::<u64>().ok()?.to_string(),
            Lit::Float(number) => number.base10_parse::<f64>().ok()?.to_string(),
            _ => return None,
        };
        number.contains(|digit: char| digit.is_ascii_digit() && digit != '0').then_some(number)
    }

    /// Generates the check of the rule on `__value` and `__got`.
    pub(crate) fn check(&self, private: &Ident, field: &str, ty: &Type) -> TokenStream {
        let told = self.told(private);
        let type_name = ty.to_token_stream().to_string();
        let is_integer = INTEGERS.contains(&type_name.as_str());
        // For an integer, `got` has the number that was sent. The rule is therefore also reported
        // for a number that does not fit the type. Every number fits a float, though not exactly.
        let got = if is_integer { quote!(__got) } else { quote!(#private::None) };
        let private = &place::moved(private, self.span);
        let of_value = |check: TokenStream| quote!(if let #private::Some(__value) = __value { #check });
        let test = |is_right: TokenStream| {
            let name = &self.name;
            of_value(quote!(__broken.test(#field, #name, #told, #is_right);))
        };
        match self.name.as_str() {
            "length" => {
                let limits = ["min", "max", "equal"].map(|name| optional(private, self.expression(name)));
                let length = quote_spanned!(self.span=> __value.and_then(#private::length));
                let (sized, count) = match Peeled::new(ty).counted() {
                    // The length is known even if the items are wrong.
                    Some(sized) => {
                        let sent = quote!(__got.and_then(|__got| __got.count(#private::Type::#sized)));
                        (sized.clone(), quote!(#length.or_else(|| #sent)))
                    }
                    None if matches!(Peeled::new(ty), Peeled::List(_) | Peeled::Set(_) | Peeled::Array(..)) => {
                        (quote!(Array), length)
                    }
                    None => (quote!(Text), length),
                };
                quote!(__broken.length(#field, #told, #private::Type::#sized, #count, [#(#limits),*]);)
            }
            "range" => {
                let limits = ["min", "max", "exclusive_min", "exclusive_max"]
                    .map(|name| optional(private, self.expression(name)));
                quote_spanned!(self.span=> __broken.range(#field, #told, [#(#limits),*], __value, #got);)
            }
            "multiple_of" => {
                let of = self.step().into_iter();
                // The type argument gives the compiler a place to point at.
                quote!(#(__broken.multiple_of::<#ty>(#field, #told, __value, #got, #of);)*)
            }
            "email" => test(quote_spanned!(self.span=> #private::is_email(__value))),
            "url" => test(quote_spanned!(self.span=> #private::is_url(__value))),
            "ip" => {
                let [v4, v6] = ["v4", "v6"].map(|name| {
                    matches!(self.argument(name), Some(Expr::Lit(ExprLit { lit: Lit::Bool(it), .. })) if it.value)
                });
                test(quote_spanned!(self.span=> #private::is_ip(__value, #v4, #v6)))
            }
            "non_control_character" => test(quote_spanned!(self.span=> #private::has_no_control(__value))),
            "contains" => {
                let text = self.argument("pattern");
                let is_right = quote_spanned!(self.span=> #private::contains(__value, #text));
                of_value(quote!(__broken.contains(#field, #told, #text, #is_right);))
            }
            "does_not_contain" => {
                let text = self.argument("pattern");
                test(quote_spanned!(self.span=> !#private::contains(__value, #text)))
            }
            "regex" => {
                let path = self.expression("path");
                of_value(quote_spanned!(self.span=> __broken.pattern(#field, #told, __value, &#path);))
            }
            "custom" => {
                let function = self.expression("function");
                let value = match type_name.as_str() {
                    "f32" | "f64" => quote!(*__value),
                    _ if is_integer => quote!(*__value),
                    cow if cow.contains("Cow <") => quote!(__value.as_ref()),
                    _ => quote!(__value),
                };
                of_value(quote_spanned!(self.span=> __broken.custom(#field, #told, #function(#value));))
            }
            _ => TokenStream::new(),
        }
    }
}

/// Generates an `Option`.
pub(crate) fn optional(private: &Ident, value: Option<impl ToTokens>) -> TokenStream {
    value.map_or(quote!(#private::None), |value| quote!(#private::Some(#value)))
}

const INTEGERS: [&str; 12] = ["usize", "u8", "u16", "u32", "u64", "u128", "isize", "i8", "i16", "i32", "i64", "i128"];
