//! Generates the block, the `IntoRouter` impl, and the checks of the routes.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{ReturnType, Type};

use crate::item::Function;
use crate::place;
use crate::router::check;
use crate::router::method::{Damage, Procedure};
use crate::router::model::Router;
use crate::router::parse::{Block, Member};
use crate::tokens::{each, is, tokens};

/// Generates the expansion of `#[router]`.
pub(crate) fn router(router: &Router) -> TokenStream {
    let private = router.root.private();
    let Block { attrs, self_ty, members } = &router.block;
    let members = members.iter().map(|member| self::member(member, router));
    let (namespace, description) = (&router.namespace, router.description.iter());
    // If the state may be missing, the router fits every application, so that the compiler does not
    // also report the application.
    let (parameters, state) = match router.may_lack_state {
        true => (quote!(<__S: 'static>), quote!(__S)),
        false => (TokenStream::new(), router.state.to_token_stream()),
    };
    let entries = router.procedures.iter().map(|procedure| entry(procedure, router));
    let checks = router.procedures.iter().map(|procedure| check::parameters(procedure, &private));
    quote! {
        #(#attrs)*
        // With the user's own `impl`, the compiler would suggest `impl<AppState>` for a state that is
        // not imported.
        impl #self_ty { #(#members)* }

        #[automatically_derived]
        impl #parameters #private::IntoRouter<#state> for #self_ty {
            // The router still serves procedures that are deprecated for callers.
            #[allow(deprecated)]
            fn into_router(self) -> #private::Router<#state> {
                let router = #private::Router::new(#namespace) #(.describe(#description))*;
                #(#entries)*
                router
            }
        }

        #(#checks)*
    }
}

/// Emits one item of the block. A broken method gets a body that compiles.
fn member(member: &Member, router: &Router) -> TokenStream {
    let method = match member {
        Member::Other(item) => return item.to_token_stream(),
        Member::Unreadable(..) => return TokenStream::new(),
        Member::Method(method) => &**method,
    };
    let Function { attrs, vis, signature, body } = method;
    let damage = router.broken.iter().find(|(name, _)| *name == signature.ident).map(|(_, damage)| damage);
    match damage {
        None => match router.procedures.iter().find(|procedure| procedure.method == signature.ident) {
            Some(procedure) => {
                let body = named(procedure, method, router);
                // A procedure must take `&self` even if its body does not use it.
                quote!(#(#attrs)* #[allow(clippy::unused_self)] #vis #signature #body)
            }
            None => quote!(#(#attrs)* #vis #signature #body),
        },
        Some(Damage::Harmless) => quote!(#(#attrs)* #[allow(warnings)] #vis #signature #body),
        Some(Damage::Unreadable) => {
            let used = imports(body, &router.state);
            quote!(#(#attrs)* #[allow(warnings)] #vis #signature { #used ::core::unreachable!() })
        }
        Some(Damage::WrongType) => {
            let end = matches!(signature.output, ReturnType::Type(..)).then(|| quote!(::core::unreachable!()));
            quote!(#(#attrs)* #[allow(warnings)] #vis #signature { let _ = #body; #end })
        }
    }
}

/// Uses the velox-rpc names of a body that is left out, so that the compiler does not report their
/// imports as unused.
fn imports(body: &Group, state: &Type) -> TokenStream {
    let mut used = TokenStream::new();
    each(&tokens(body.stream()), true, &mut |before, tokens| match tokens {
        [TokenTree::Ident(_), ..] if before.is_some_and(|it| is(it, ':') || is(it, '.')) => {}
        [TokenTree::Ident(name), ..] if name == "procedure" => used.extend(quote!(let _ = #name::<#state>;)),
        [TokenTree::Ident(name), TokenTree::Group(_), ..] if name == "Call" => {
            used.extend(quote!(let _ = |_: #name<(), ()>| ();));
        }
        [TokenTree::Ident(name), next, ..] if PLAIN.iter().any(|plain| name == plain) && is(next, ':') => {
            used.extend(quote!(let _ = |_: #name| ();));
        }
        _ => {}
    });
    used
}

/// Returns the body of a procedure's method, with the namespace and name under which the router
/// serves the procedure.
///
/// The user's body becomes a closure, so that a `return` in it does not skip `served_as`.
fn named(procedure: &Procedure, method: &Function, router: &Router) -> TokenStream {
    let Function { signature, body, .. } = method;
    let (namespace, wire_name, output) = (&router.namespace, &procedure.wire_name, &signature.output);
    quote_spanned! {place::at(signature.ident.span())=>
        {
            let build = || #output #body;
            build().served_as(#namespace, #wire_name)
        }
    }
}

/// Adds one procedure to the router. This is a statement, because only a statement can have a
/// `#[cfg]`.
fn entry(procedure: &Procedure, router: &Router) -> TokenStream {
    let Procedure { method, wire_name, cfgs, .. } = procedure;
    if router.may_lack_state {
        return quote!(#(#cfgs)* let _ = Self::#method;);
    }
    let description = procedure.description.iter();
    let deprecation = procedure.deprecation.iter();
    quote_spanned! {place::at(method.span())=>
        #(#cfgs)*
        let router = router.procedure(#wire_name, Self::#method(&self) #(.describe(#description))* #(.deprecated(#deprecation))*);
    }
}

/// Types without parameters, which bodies use with `::`.
const PLAIN: [&str; 4] = ["Error", "Method", "StatusCode", "Duration"];
