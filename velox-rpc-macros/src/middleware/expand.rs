//! Generates the middleware value, the context type it produces, and the `Middleware` impl that
//! connects them.
//!
//! Generated names start with `__`, so that they cannot clash with the user's function or types.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;

use crate::middleware::model::{Context, Inner, Middleware};
use crate::naming::unraw;

/// Generates the expansion of `#[middleware]`.
pub(crate) fn middleware(middleware: &Middleware) -> TokenStream {
    let Middleware { name, type_name, context_name, vis, attrs, value, .. } = middleware;
    let private = middleware.root.private();
    let name_text = unraw(name);
    let type_doc = format!("The middleware `{name_text}`, as a value.");
    let context_doc =
        format!("The context of the steps inside `{name_text}`: the outer context and the field `{name_text}`.");
    let value_doc = format!("The value that `{name_text}` returned.");
    let has_user = has_user(middleware, &private);
    let layer = layer(middleware, &private);
    quote! {
        // This is a function, because a unit struct or a constant of this name would forbid
        // every `let` of that name.
        #(#attrs)*
        #vis fn #name() -> #type_name {
            #type_name
        }

        #[doc = #type_doc]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis struct #type_name;

        #[doc = #context_doc]
        #vis struct #context_name<__C> {
            #[doc = #value_doc]
            pub #name: #value,
            __inner: __C,
        }

        #[automatically_derived]
        impl<__C> ::core::ops::Deref for #context_name<__C> {
            type Target = __C;

            fn deref(&self) -> &__C {
                &self.__inner
            }
        }

        #[automatically_derived]
        impl<__C: #private::Ctx> #private::Ctx for #context_name<__C> {
            type State = <__C as #private::Ctx>::State;

            fn base(&self) -> &#private::Context<Self::State> {
                #private::Ctx::base(&self.__inner)
            }
        }

        #has_user

        #layer
    }
}

/// Implements `HasUser` for the new context. The user is what the middleware returned if it is
/// named `user`. Otherwise it is the user of the inner context, if that has one.
fn has_user(middleware: &Middleware, private: &TokenStream) -> TokenStream {
    let Middleware { name, context_name, value, .. } = middleware;
    let (bound, user, this) = if unraw(name) == "user" {
        (quote!(Ctx), quote!(#value), quote!(&self.#name))
    } else {
        (quote!(HasUser), quote!(<__C as #private::HasUser>::User), quote!(#private::HasUser::user(&self.__inner)))
    };
    quote! {
        #[automatically_derived]
        impl<__C: #private::#bound> #private::HasUser for #context_name<__C> {
            type User = #user;

            fn user(&self) -> &Self::User {
                #this
            }
        }
    }
}

/// Implements `Middleware`.
fn layer(middleware: &Middleware, private: &TokenStream) -> TokenStream {
    let Middleware { name, type_name, context_name, .. } = middleware;
    let (parameters, context) = match &middleware.context {
        Context::Any(bounds) => {
            let bounds = bounds.iter();
            (quote!(<__C: #private::Ctx #(+ #bounds)*>), quote!(__C))
        }
        Context::One(ty) => (TokenStream::new(), ty.to_token_stream()),
    };
    let call = match &middleware.function {
        Some(function) if middleware.callable => call(middleware, function),
        function => {
            let function = function
                .as_ref()
                .map(|Inner { attrs, signature, body }| quote!(#(#attrs)* #[allow(warnings)] #signature #body));
            quote! {
                #function
                let _ = (__ctx, __next);
                ::core::unreachable!()
            }
        }
    };
    // The name's span makes the compiler report a future that is not `Send` at the user's function.
    let head = quote_spanned!(name.span()=> async fn call);
    let result = quote_spanned!(name.span()=> #private::Result<#private::Outcome>);
    quote! {
        #[automatically_derived]
        impl #parameters #private::Middleware<#context> for #type_name {
            type Context = #context_name<#context>;

            #head(&self, __ctx: #context, __next: #private::Next<Self::Context>) -> #result {
                #call
            }
        }
    }
}

/// Generates the user's function, the call of it, and the call of the next step with the result.
fn call(middleware: &Middleware, function: &Inner) -> TokenStream {
    let Middleware { name, context_name, value, .. } = middleware;
    let Inner { attrs, signature, body } = function;
    let wait = signature.asyncness.map(|_| quote_spanned!(value.span()=> .await));
    // The type's span makes the compiler report an error type without a conversion into `Error`
    // there.
    let pass_on = quote_spanned!(value.span()=> ?);
    quote! {
        #(#attrs)*
        // A middleware has to return a `Result`, even if it never fails.
        #[allow(clippy::unnecessary_wraps)]
        #signature #body

        let __value = #name(&__ctx)#wait #pass_on;
        __next.run(#context_name { #name: __value, __inner: __ctx }).await
    }
}
