//! Generates the code of the rules, one function for each field. `Validate` calls it for the field
//! of a whole value. `Examine` calls it for a field that could be read, even if other fields could
//! not.
//!
//! Names of variables start with `__`, because the user's expressions are in the same scope.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use serde_derive_internals::ast::Field;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Member, Type};

use crate::naming::unraw;
use crate::place;
use crate::schema::attributes::{has, metas};
use crate::schema::field::cfgs;
use crate::schema::peel::{Peeled, option_of};
use crate::schema::rule::Rule;

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
    rules: Vec<Rule>,
    is_nested: bool,
    /// The field is flattened, so that its keys are among those of other fields.
    is_flat: bool,
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
        let (field, inner_ty) = (self.name(), &self.inner);
        let own = self.own().map(|rule| rule.check(private, &field, inner_ty));
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
            Member::Named(ident) => place::ident(&format!("__rules_of_{}", unraw(ident))),
            Member::Unnamed(_) => place::ident("__rules_of_the_value"),
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
    /// length is enough. `sent` is what the client sent, unless the user's own function makes another
    /// value of it.
    pub(crate) fn of_read(&self, private: &Ident, read: Option<TokenStream>, sent: &TokenStream) -> TokenStream {
        let own = self.own().next().map(|_| {
            let value = read.map_or(quote!(#private::None), |read| quote!(#read.as_ref()));
            let name = self.function_name();
            quote!(Self::#name(#value, #sent, __broken);)
        });
        let two = self.of_two(private);
        let two = (!two.is_empty()).then(|| quote!(if let #private::Some(__whole) = __whole { #two }));
        quote!(#own #two)
    }

    /// Returns whether only the length of a list is checked. Then the list is not read again.
    /// Nested lists would otherwise be read once for each level.
    pub(crate) fn is_counted(&self) -> bool {
        Peeled::new(&self.inner).counted().is_some() && self.own().all(|rule| rule.name == "length")
    }
}

/// validator's key for errors about the type as a whole.
const WHOLE: &str = "__all__";
