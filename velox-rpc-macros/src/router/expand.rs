//! The block again, its router beside it, and the checks of its routes.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ReturnType, Type};

use crate::arguments::is;
use crate::place;
use crate::router::chain::{each, tokens};
use crate::router::check;
use crate::router::method::{Damage, Procedure};
use crate::router::model::Router;
use crate::router::parse::{Block, Member, Method};

/// What `#[router]` becomes.
pub(crate) fn router(router: &Router) -> TokenStream {
    let private = router.root.private();
    let Block { attrs, impl_token, self_ty, members } = &router.block;
    let members = members.iter().map(|member| self::member(member, router));
    let (namespace, state) = (&router.namespace, &router.state);
    let description = router.description.iter();
    let entries = router.procedures.iter().map(entry);
    let checks = router.procedures.iter().map(|procedure| check::parameters(procedure, &private));
    quote! {
        #(#attrs)*
        #impl_token #self_ty { #(#members)* }

        #[automatically_derived]
        impl #private::IntoRouter<#state> for #self_ty {
            // A procedure that is deprecated for its callers is still served.
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

/// What stands in the block, as it was but for the state.
fn member(member: &Member, router: &Router) -> TokenStream {
    let method = match member {
        Member::Other(item) => return item.to_token_stream(),
        Member::Method(method) => &**method,
    };
    let Method { attrs, vis, signature, body } = method;
    let damage = router.broken.iter().find(|(name, _)| *name == signature.ident).map(|(_, damage)| damage);
    match damage {
        None => match router.procedures.iter().find(|procedure| procedure.method == signature.ident) {
            Some(procedure) => {
                let body = named(procedure, method, router);
                // `&self` is there because a router wants it.
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

/// Uses what a body that is left out has of velox-rpc, so that nobody is told that an import is not used.
fn imports(body: &Group, state: &Type) -> TokenStream {
    let (mut procedure, mut call) = (None, None);
    each(&tokens(body.stream()), true, &mut |before, tokens| match tokens {
        [TokenTree::Ident(_), ..] if before.is_some_and(|it| is(it, ':') || is(it, '.')) => {}
        [TokenTree::Ident(name), ..] if name == "procedure" => procedure = Some(quote!(let _ = #name::<#state>;)),
        [TokenTree::Ident(name), TokenTree::Group(_), ..] if name == "Call" => {
            call = Some(quote!(let _ = |_: #name<(), ()>| ();));
        }
        _ => {}
    });
    quote!(#procedure #call)
}

/// The body of a procedure's method, which says where the router serves what it builds.
///
/// What was written stands in a closure, so that a `return` in it does not skip that.
fn named(procedure: &Procedure, method: &Method, router: &Router) -> TokenStream {
    let Method { signature, body, .. } = method;
    let (namespace, wire_name, output) = (&router.namespace, &procedure.wire_name, &signature.output);
    quote_spanned! {place::at(signature.ident.span())=>
        {
            let build = || #output #body;
            build().served_as(#namespace, #wire_name)
        }
    }
}

/// One procedure's place in the router: a statement, because only those can have a `#[cfg]`.
fn entry(procedure: &Procedure) -> TokenStream {
    let Procedure { method, wire_name, cfgs, .. } = procedure;
    let description = procedure.description.iter();
    let deprecation = procedure.deprecation.iter();
    quote_spanned! {place::at(method.span())=>
        #(#cfgs)*
        let router = router.procedure(#wire_name, Self::#method(&self) #(.describe(#description))* #(.deprecated(#deprecation))*);
    }
}
