//! Generates the code of the rules, one function for each field. `Validate` calls it for the field
//! of a whole value. `Examine` calls it for a field that could be read, even if other fields could
//! not.
//!
//! Names of variables start with `__`, because the user's expressions are in the same scope.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use serde_derive_internals::ast::Field;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Member, Meta, Type};

use crate::naming::unraw;
use crate::place;
use crate::schema::attributes::{has, listed, metas};
use crate::schema::field::cfgs;
use crate::schema::peel::{Peeled, option_of};

/// The rules of a struct with named fields, or of a newtype.
pub(crate) struct Checks {
    pub(crate) fields: Vec<FieldChecks>,
    /// The rules of the type as a whole.
    whole: Vec<Rule>,
}

/// The rules of one field.
pub(crate) struct FieldChecks {
    cfgs: Vec<Attribute>,
    member: Member,
    ty: Type,
    /// The type without the `Option`s around it. `options` is their number.
    inner: Type,
    options: usize,
    /// The `Type` by which the value is counted, if it is a list or a map.
    counted: Option<TokenStream>,
    rules: Vec<Rule>,
    is_nested: bool,
    /// The field is flattened, so that its keys are among those of other fields.
    is_flat: bool,
}

/// One rule: `length(min = 1, message = "…")`.
pub(crate) struct Rule {
    name: String,
    /// The span of the rule. A type that the rule does not apply to is reported there.
    span: Span,
    arguments: Vec<(String, Expr)>,
}

impl Checks {
    /// Reads the rules. Returns `None` if validator's derive has to check them, because a rule
    /// needs more than the value.
    pub(crate) fn new(attrs: &[Attribute], fields: &[Field<'_>]) -> Option<Self> {
        let of_type = metas(attrs, "validate");
        if has(&of_type, &["context", "mutable"]) {
            return None;
        }
        let nests_all = has(&of_type, &["nest_all_fields"]);
        let whole = of_type.iter().filter(|meta| meta.path().is_ident("schema")).map(Rule::new);
        let whole = whole.collect::<Option<Vec<_>>>()?;
        let fields = fields.iter().map(|field| FieldChecks::new(field, nests_all)).collect::<Option<Vec<_>>>()?;
        let has_context = |rule: &Rule| rule.argument("use_context").is_some();
        let all = || whole.iter().chain(fields.iter().flat_map(|field| &field.rules));
        if all().any(has_context) {
            return None;
        }
        Some(Self { fields, whole })
    }

    /// Returns whether some rule can be checked only if all fields can be read.
    pub(crate) fn is_whole(&self) -> bool {
        !self.whole.is_empty()
            || self.fields.iter().any(|field| field.rules.iter().any(|rule| field.is_flat || rule.is_of_two()))
    }

    /// Returns the rules of this field, if it has any that `Parts` does not contain.
    pub(crate) fn of(&self, field: &Field<'_>) -> Option<&FieldChecks> {
        let rules = self.fields.iter().find(|rules| rules.member == field.member)?;
        rules.rules.iter().any(|rule| rules.is_flat || rule.name != "required").then_some(rules)
    }

    /// Generates the functions that check each field.
    pub(crate) fn functions(&self, private: &Ident) -> TokenStream {
        self.fields.iter().filter_map(|field| field.function(private)).collect()
    }

    /// Generates the body of `validate`.
    pub(crate) fn of_whole(&self, private: &Ident) -> TokenStream {
        let (calls, rules) = (self.fields.iter().map(|field| field.of_whole(private)), self.whole(private));
        quote! {
            let (__whole, mut __all) = (self, #private::Broken::new());
            let __broken = &mut __all;
            #(#calls)*
            #rules
            __all.verdict()
        }
    }

    /// Generates the checks of the rules of the type as a whole, on the value `__whole`.
    pub(crate) fn whole(&self, private: &Ident) -> TokenStream {
        let checks = self.whole.iter().map(|rule| {
            let (told, function) = (rule.told(private), rule.expression("function"));
            let check = quote!(__broken.custom(#WHOLE, #told, #function(__whole)););
            let skips = !matches!(rule.argument("skip_on_field_errors"), Some(Expr::Lit(ExprLit { lit: Lit::Bool(it), .. })) if !it.value);
            if skips { quote!(if __broken.is_empty() { #check }) } else { check }
        });
        checks.collect()
    }
}

impl FieldChecks {
    fn new(field: &Field<'_>, nests_all: bool) -> Option<Self> {
        let all = metas(&field.original.attrs, "validate");
        let is_nested = nests_all || has(&all, &["nested"]);
        let skipped = has(&all, &["skip"]);
        let rules = all.iter().filter(|meta| !meta.path().is_ident("nested") && !meta.path().is_ident("skip"));
        let rules = rules.map(Rule::new).collect::<Option<Vec<_>>>()?;
        let (mut inner, mut options) = (field.ty, 0);
        while let Some(held) = option_of(inner) {
            (inner, options) = (held, options + 1);
        }
        Some(Self {
            cfgs: cfgs(&field.original.attrs),
            member: field.member.clone(),
            ty: field.ty.clone(),
            inner: inner.clone(),
            options,
            counted: Peeled::new(inner).counted(),
            rules: if skipped { Vec::new() } else { rules },
            is_nested: is_nested && !skipped,
            is_flat: field.attrs.flatten(),
        })
    }

    /// Returns the rules about the field's own value.
    fn own(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.name != "required" && !rule.is_of_two())
    }

    /// Returns the key of the field's errors. The value of a newtype replaces the whole.
    fn name(&self) -> String {
        match &self.member {
            Member::Named(ident) => ident.to_string(),
            Member::Unnamed(_) => WHOLE.to_owned(),
        }
    }

    /// Generates the function that checks the rules about the field's own value. `__value` is the
    /// field, if it could be read. `__got` is what the client sent. It is `None` for a value that
    /// exists already.
    fn function(&self, private: &Ident) -> Option<TokenStream> {
        let (cfgs, name, ty) = (&self.cfgs, self.function_name(), &self.ty);
        let inner = (self.options > 0).then(|| {
            let pattern = self.pattern(private);
            quote!(let __value = if let #pattern = __value { #private::Some(__value) } else { #private::None };)
        });
        self.own().next()?;
        let own = self.own().map(|rule| rule.check(private, self));
        Some(quote! {
            #(#cfgs)*
            fn #name(
                __value: #private::Option<&#ty>,
                __got: #private::Sent<'_, '_>,
                __broken: &mut #private::Broken,
            ) {
                #inner
                #(#own)*
            }
        })
    }

    /// Generates the pattern that takes the `Option`s away from `Some(__value)`.
    fn pattern(&self, private: &Ident) -> TokenStream {
        (0..=self.options).fold(quote!(__value), |inner, _| quote!(#private::Some(#inner)))
    }

    /// Returns the function of the field's rules, if there are no rules but those about its value.
    pub(crate) fn only_function(&self) -> Option<Ident> {
        self.rules.iter().all(|rule| !rule.is_of_two()).then(|| self.function_name())
    }

    fn function_name(&self) -> Ident {
        match &self.member {
            Member::Named(ident) => format_ident!("__rules_of_{}", unraw(ident)),
            Member::Unnamed(_) => format_ident!("__rules_of_the_value"),
        }
    }

    /// Generates the checks of the rules about two fields, on the value `__whole`.
    fn of_two(&self, private: &Ident) -> TokenStream {
        let (field, member) = (self.name(), &self.member);
        let rules = self.rules.iter().filter(|rule| rule.is_of_two()).map(|rule| {
            let (told, other) = (rule.told(private), rule.expression("other"));
            quote!(__broken.test(#field, "must_match", #told, __whole.#member == __whole.#other);)
        });
        rules.collect()
    }

    /// Generates the checks of this field in the value `__whole`, with those of its nested values.
    pub(crate) fn of_whole(&self, private: &Ident) -> TokenStream {
        let (cfgs, member, field) = (&self.cfgs, &self.member, self.name());
        let own = self.own().next().map(|_| {
            let name = self.function_name();
            quote!(Self::#name(#private::Some(&__whole.#member), #private::None, __broken);)
        });
        let two = self.of_two(private);
        let required = self.rules.iter().filter(|rule| rule.name == "required").map(|rule| {
            let told = rule.told(private);
            quote!(__broken.test(#field, "required", #told, __whole.#member.is_some());)
        });
        let nested = self.is_nested.then(|| {
            let pattern = self.pattern(private);
            let is_pointer = |name: &Ident| ["Box", "Rc", "Arc"].iter().any(|known| name == known);
            let is_boxed = matches!(&self.inner, Type::Path(path) if path.path.segments.last().is_some_and(|it| is_pointer(&it.ident)));
            let at = place::at(self.ty.span());
            let value = if is_boxed { quote_spanned!(at=> &**__value) } else { quote_spanned!(at=> __value) };
            let check = quote_spanned!(at=> __broken.nested(#field, #value));
            quote!(if let #pattern = #private::Some(&__whole.#member) { #check; })
        });
        let checks = quote!(#own #two #(#required)* #nested);
        if cfgs.is_empty() || checks.is_empty() { checks } else { quote!(#(#cfgs)* { #checks }) }
    }

    /// Generates the check of this field where it is read. `read` is what was read, unless the
    /// length is enough.
    pub(crate) fn of_read(&self, private: &Ident, read: Option<TokenStream>) -> TokenStream {
        let own = self.own().next().map(|_| {
            let value = read.map_or(quote!(#private::None), |read| quote!(#read.as_ref()));
            let name = self.function_name();
            quote!(Self::#name(#value, #private::Some(__got), __broken);)
        });
        let two = self.of_two(private);
        let two = (!two.is_empty()).then(|| quote!(if let #private::Some(__whole) = __whole { #two }));
        quote!(#own #two)
    }

    /// Returns whether only the length of a list is checked. Then the list is not read again.
    /// Nested lists would otherwise be read once for each level.
    pub(crate) fn is_counted(&self) -> bool {
        self.counted.is_some() && self.own().all(|rule| rule.name == "length")
    }
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
    fn is_of_two(&self) -> bool {
        self.name == "must_match"
    }

    /// Returns the argument as an expression. The user may have written it as a string.
    fn expression(&self, name: &str) -> Option<TokenStream> {
        self.argument(name).map(|expression| match expression {
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => {
                literal.parse::<Expr>().map_or_else(|_| literal.to_token_stream(), |it| it.to_token_stream())
            }
            other => other.to_token_stream(),
        })
    }

    /// Generates the code and the message that the user set for the rule.
    fn told(&self, private: &Ident) -> TokenStream {
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
    fn check(&self, private: &Ident, of: &FieldChecks) -> TokenStream {
        let (told, field, ty) = (self.told(private), of.name(), &of.inner);
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
                let (sized, count) = match &of.counted {
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

/// validator's key for errors about the type as a whole.
const WHOLE: &str = "__all__";

const INTEGERS: [&str; 12] = ["usize", "u8", "u16", "u32", "u64", "u128", "isize", "i8", "i16", "i32", "i64", "i128"];
