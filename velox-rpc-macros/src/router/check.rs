//! Generates the compile-time check that an input has a field for each parameter of a literal
//! route. The compiler makes the check when it evaluates a constant.
//!
//! Only types that implement `InputFields` have known fields. The constant `NAMES` exists twice: an
//! inherent one for these types, and one of a trait that every type implements. The inherent one
//! wins where it exists. For other types, and for routes that are not literals, velox-rpc makes the
//! check at startup.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::diagnostics::shown;
use crate::naming::{camel, snake};
use crate::router::method::Procedure;
use crate::router::route::Route;

/// Generates the check of all parameters of one procedure, or nothing if it has none.
pub(crate) fn parameters(procedure: &Procedure, private: &TokenStream) -> TokenStream {
    let Procedure { input, cfgs, routes, .. } = procedure;
    let checks: Vec<TokenStream> =
        routes.iter().flat_map(|route| route.parameters.iter().map(|name| parameter(procedure, route, name))).collect();
    if checks.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #(#cfgs)*
        #[allow(dead_code)]
        const _: () = {
            struct __Fields<T>(::core::marker::PhantomData<T>);

            trait __Unknown {
                const NAMES: ::core::option::Option<&'static [&'static str]> = ::core::option::Option::None;
            }

            impl<T> __Unknown for __Fields<T> {}

            impl<T: #private::InputFields> __Fields<T> {
                const NAMES: ::core::option::Option<&'static [&'static str]> = ::core::option::Option::Some(T::FIELDS);
            }

            const fn __has(name: &[u8]) -> bool {
                let ::core::option::Option::Some(fields) = __Fields::<#input>::NAMES else { return true };
                let mut field = 0;
                while field < fields.len() {
                    let mut matching = 0;
                    let other = fields[field].as_bytes();
                    while matching < name.len() && matching < other.len() && name[matching] == other[matching] {
                        matching += 1;
                    }
                    if matching == name.len() && matching == other.len() {
                        return true;
                    }
                    field += 1;
                }
                false
            }

            #(#checks)*
        };
    }
}

/// Generates the check of one parameter, whose error is reported at the literal.
fn parameter(procedure: &Procedure, route: &Route, name: &str) -> TokenStream {
    let (method, input) = (&procedure.method, shown(&procedure.input));
    let (path, wire, field) = (route.path.value(), camel(name), snake(name));
    let head = format!("`{path}` of `{method}` has the parameter `:{name}`");
    let missing = format!(
        "{head}, but `{input}` has no field `{name}`: add `pub {field}: …` to `{input}`, or take `:{name}` out \
            of the path"
    );
    // The tokens have the span of the literal itself, so they must not contain a name of ours (see
    // `place`).
    let panic = |message: String| quote_spanned!(route.path.span()=> ::core::panic!("{}", #message););
    let missing = panic(missing);
    // `:user_id` where the field `user_id` is `userId` on the wire. This mistake gets its own
    // message.
    let respelled = (wire != name).then(|| {
        let panic = panic(format!("{head}, but that field is called `{wire}` on the wire: write `:{wire}`"));
        let wire = bytes(&wire);
        quote!(if __has(#wire) { #panic })
    });
    let name = bytes(name);
    quote! {
        if !__has(#name) {
            #respelled
            #missing
        }
    }
}

/// Returns a name as bytes, which a constant can compare.
fn bytes(name: &str) -> syn::LitByteStr {
    syn::LitByteStr::new(name.as_bytes(), proc_macro2::Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_procedure_without_parameters_needs_no_check() {
        let expansion = crate::router::router(
            quote!("a"),
            quote!(impl A { fn b(&self) -> Query<I, O> { procedure().rest(Method::GET, "/b").query(f) } }),
        );
        assert!(!expansion.to_string().contains("__Fields"));
    }
}
