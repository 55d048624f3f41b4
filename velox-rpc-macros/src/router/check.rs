//! Generates the compile-time check that an input has a field for each parameter of a literal
//! route. The compiler makes the check when it evaluates a constant.
//!
//! Only types that implement `InputFields` have known fields. For other types, and for routes that
//! are not literals, velox-rpc makes the check at startup.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use crate::diagnostics::shown;
use crate::naming::{camel, snake};
use crate::router::method::Procedure;
use crate::router::route::Route;

/// Generates the check of all parameters of one procedure, or nothing if it has none.
pub(crate) fn parameters(procedure: &Procedure, private: &TokenStream) -> TokenStream {
    let Procedure { input, cfgs, routes, .. } = procedure;
    let check = |route: &Route| {
        let checks = route.parameters.iter().map(|name| parameter(procedure, route, name, private));
        checks.collect::<TokenStream>()
    };
    let checks: TokenStream = routes.iter().map(check).collect();
    if checks.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #(#cfgs)*
        #[allow(unused_imports)]
        const _: () = {
            use #private::UnknownFields as _;
            let fields = #private::FieldsOf::<#input>::NAMES;
            #checks
        };
    }
}

/// Generates the check of one parameter, whose error is reported at the literal.
fn parameter(procedure: &Procedure, route: &Route, name: &str, private: &TokenStream) -> TokenStream {
    let (method, input) = (&procedure.method, shown(&procedure.input));
    let (path, wire, field) = (route.path.value(), camel(name), snake(name));
    let head = format!("`{path}` of `{method}` has the parameter `:{name}`");
    let missing = format!(
        "{head}, but `{input}` has no field `{name}`: add `pub {field}: …` to `{input}`, or remove `:{name}` \
            from the path"
    );
    // The tokens have the span of the literal itself, so they must not contain names from this
    // crate (see `place`).
    let panic = |message: String| quote_spanned!(route.path.span()=> ::core::panic!("{}", #message););
    let missing = panic(missing);
    // `:user_id` where the field `user_id` is `userId` on the wire. This mistake gets its own
    // message.
    let respelled = (wire != name).then(|| {
        let panic = panic(format!("{head}, but that field is called `{wire}` on the wire: write `:{wire}`"));
        quote!(if #private::may_have(fields, #wire) { #panic })
    });
    quote! {
        if !#private::may_have(fields, #name) {
            #respelled
            #missing
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_procedure_without_parameters_needs_no_check() {
        let expansion = crate::router::router(
            quote!("a"),
            quote!(impl A { fn b(&self) -> Query<I, O> { procedure().rest(Method::GET, "/b").query(f) } }),
        );
        assert!(!expansion.to_string().contains("FieldsOf"));
    }
}
