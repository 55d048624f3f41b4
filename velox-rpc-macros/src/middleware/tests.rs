//! Tests `#[middleware]` as a whole: its expansion, and the message for each mistake.

use proc_macro2::TokenStream;

use crate::testing::{formatted, messages, strays};

fn expand(item: TokenStream) -> TokenStream {
    super::middleware(TokenStream::new(), item)
}

fn example() -> TokenStream {
    quote! {
        /// Finds out whose request this is.
        #[tracing::instrument(skip_all)]
        pub(crate) async fn tenant(ctx: &(impl Ctx<State = AppState> + HasUser)) -> Result<Tenant> {
            let tenant = ctx.base().find().await?;
            Ok(tenant)
        }
    }
}

#[test]
fn the_expansion_is_as_recorded() {
    insta::assert_snapshot!(formatted(expand(example())));
}

#[test]
fn the_expansion_names_nothing_of_the_users_but_what_they_wrote() {
    assert_eq!(strays(expand(example()), &example()), Vec::<String>::new());
}

#[test]
fn a_middleware_named_user_says_who_the_user_is() {
    let text = formatted(expand(quote!(
        async fn user(ctx: &impl Ctx) -> Result<Account> {
            find(ctx).await
        }
    )));
    assert!(text.contains("impl<__C: ::velox_rpc::__private::Ctx> ::velox_rpc::__private::HasUser"), "{text}");
    assert!(text.contains("type User = Account;"), "{text}");
}

#[test]
fn a_plain_function_for_one_context_is_called_without_waiting() {
    let text = formatted(expand(quote!(
        fn len(ctx: &Context<AppState>) -> Result<usize, MyError> {
            Ok(ctx.items.len())
        }
    )));
    assert!(text.contains("Middleware<Context<AppState>> for LenMiddleware"), "{text}");
    assert!(text.contains("let __value = len(&__ctx)?;"), "{text}");
}

#[test]
fn a_context_whose_fields_may_be_known_is_left_to_the_compiler() {
    for item in [
        quote!(
            async fn tenant(ctx: &Context<AppState>) -> Result<String> {
                Ok(ctx.db.tenant())
            }
        ),
        quote!(
            async fn tenant(ctx: &impl Ctx<State = AppState>) -> Result<String> {
                Ok(ctx.base().db.of(&other.ctx.name, ctx.request()))
            }
        ),
        quote!(
            async fn tenant(ctx: &(impl Ctx + Deref<Target = AppState>)) -> Result<String> {
                Ok(ctx.db.tenant())
            }
        ),
    ] {
        assert_eq!(messages(expand(item.clone())), Vec::<String>::new(), "{item}");
    }
}

#[test]
fn every_mistake_is_named() {
    for (item, message) in [
        (
            quote!(
                async fn tenant() -> Result<Tenant> {}
            ),
            "a middleware needs an argument for the context: write `ctx: &impl Ctx`",
        ),
        (
            quote!(
                async fn tenant(ctx: impl Ctx) -> Result<Tenant> {}
            ),
            "a middleware borrows the context: write `ctx: &impl Ctx`",
        ),
        (
            quote!(
                async fn tenant(ctx: Context<A>) -> Result<Tenant> {}
            ),
            "a middleware borrows the context: write `ctx: &Context<A>`",
        ),
        (
            quote!(
                async fn tenant(ctx: &mut impl Ctx) -> Result<Tenant> {}
            ),
            "a middleware cannot change the context: write `ctx: &impl Ctx`",
        ),
        (
            quote!(
                async fn tenant(ctx: &(dyn velox_rpc::Ctx + Sync)) -> Result<Tenant> {}
            ),
            "this is a trait, not a context: write `ctx: &impl velox_rpc::Ctx`",
        ),
        (
            quote!(
                #[middleware]
                async fn tenant(ctx: &impl Ctx) -> Result<Tenant> {}
            ),
            "`#[middleware]` is written twice: remove one of the two",
        ),
        (
            quote!(
                async fn tenant(ctx: &dyn Ctx) -> Result<Tenant> {}
            ),
            "this is a trait, not a context: write `ctx: &impl Ctx`",
        ),
        (
            quote!(
                async fn tenant(&self) -> Result<Tenant> {}
            ),
            "a middleware is a free function, not a method: write `ctx: &impl Ctx` instead",
        ),
        (
            quote!(
                async fn tenant(ctx: &impl Ctx, id: u8) -> Result<Tenant> {}
            ),
            "a middleware takes only the context: put other values into the state, and read them as `ctx.db`",
        ),
        (
            quote!(
                async fn tenant<C: Ctx>(ctx: &C) -> Result<Tenant> {}
            ),
            "a middleware cannot be generic: write `ctx: &impl Ctx` for any context",
        ),
        (
            quote!(
                async fn tenant(ctx: &impl Ctx) {}
            ),
            "a middleware returns the value that it adds to the context, or an error: write `-> Result<Tenant>`",
        ),
        (
            quote!(
                async fn tenant(ctx: &impl Ctx) -> Tenant {}
            ),
            "a middleware returns a `Result`: write `-> Result<Tenant>`",
        ),
        (
            quote!(
                async fn tenant(ctx: &impl Ctx) -> Option<Who> {}
            ),
            "a middleware returns a `Result`: write `-> Result<Option<Who>>`",
        ),
        (
            quote!(
                async fn tenant(ctx: &impl Ctx) -> Result {}
            ),
            "the type of the value that is added to the context is missing: write `-> Result<Tenant>`",
        ),
        (
            quote!(
                struct Tenant;
            ),
            "`#[middleware]` belongs on a function, `async fn tenant(ctx: &impl Ctx) -> Result<Tenant>`, not on a struct",
        ),
    ] {
        assert_eq!(messages(expand(item)), [message]);
    }
    let item = quote!(
        async fn tenant(ctx: &impl Ctx) -> Result<Tenant> {}
    );
    assert_eq!(
        messages(super::middleware(quote!(name = "x"), item.clone())),
        ["`#[middleware]` has no key `name`, only `crate`"]
    );
    assert_eq!(
        messages(super::middleware(quote!("x"), item)),
        ["`#[middleware]` takes no arguments except `crate = …`: remove this"]
    );
}

#[test]
fn a_wrong_arrow_is_left_to_the_compiler_which_has_reported_it() {
    for arrow in [quote!(:), quote!(=>)] {
        let expansion = expand(quote!(pub async fn tenant(ctx: &impl Ctx) #arrow Result<Tenant> { find(ctx).await }));
        assert_eq!(messages(expansion.clone()), [""; 0]);
        assert!(formatted(expansion).contains("async fn tenant(ctx: &impl Ctx) -> Result<Tenant>"));
    }
}

#[test]
fn a_function_that_is_written_as_in_typescript_is_named() {
    let (goes_on, untyped) = (
        "a `#[middleware]` function does not call `next`: end it with `Ok(…)` and the value to add; for \
            code around the call, put `.use_fn(async |ctx, next| …)` into the chain",
        "Rust needs the type of the argument: write `(ctx: &impl Ctx)`",
    );
    for (parameters, body, message) in [
        (quote!({ ctx, next }), quote!(Ok(tenant)), untyped),
        (quote!(ctx), quote!(Ok(tenant)), untyped),
        (quote!(ctx: &impl Ctx, next: Next<_>), quote!(next.run(ctx).await), goes_on),
        (quote!(ctx: &impl Ctx), quote!(let tenant = find(ctx); next({ ctx: { tenant } })), goes_on),
        (quote!(ctx: &impl Ctx), quote!(if is_known(ctx) { return next({ ctx }).await; } Ok(tenant)), goes_on),
        (quote!(ctx: &impl Ctx), quote!(next.run(ctx).await), goes_on),
        (quote!(ctx: &impl Ctx), quote!(let tenant = find(ctx); next), goes_on),
        (quote!(ctx: &impl Ctx), quote!(return next;), goes_on),
        (quote!(ctx: &impl Ctx), quote!(return next), goes_on),
    ] {
        let expansion = expand(quote!(pub(crate) async fn tenant(#parameters) -> Result<Tenant> { #body }));
        assert_eq!(messages(expansion.clone()), [message]);
        assert!(formatted(expansion).contains("pub tenant: Tenant"));
    }
    for body in [
        quote!(let next = find(ctx); next.run(ctx).await),
        quote!(Ok(parse(next()))),
        quote!(let next = find(ctx); next),
        quote!(let next = find(ctx); return next;),
        quote! { fn next() -> Result<u8> { Ok(1) } next() },
        quote!(let mut parts = ctx.parts(); parts.next()),
        quote!(ids::next()),
        // The user's own function.
        quote!(next(ctx).await),
        quote!(return next();),
    ] {
        let expansion = expand(quote!(async fn tenant(ctx: &impl Ctx) -> Result<Tenant> { #body }));
        assert_eq!(messages(expansion), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn a_middleware_with_a_mistake_still_adds_its_field() {
    let text = formatted(expand(quote!(
        async fn tenant(ctx: impl Ctx) -> Result<Tenant> {
            Ok(x)
        }
    )));
    assert!(text.contains("pub tenant: Tenant"), "{text}");
    assert!(text.contains("type Context = TenantContext<__C>;"), "{text}");
}
