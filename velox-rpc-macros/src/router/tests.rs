//! Tests `#[router]` as a whole: its expansion, and the message for each mistake.

use proc_macro2::TokenStream;

use crate::testing::{formatted, messages, strays};

fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    super::router(arguments, item)
}

/// Returns the messages for a block with one method.
fn about_method(method: TokenStream) -> Vec<String> {
    messages(expand(
        quote!("auth", state = AppState),
        quote!(impl Auth { #method fn fine(&self) -> Query<(), User> { procedure().query(f) } }),
    ))
}

fn about_arguments(arguments: TokenStream) -> Vec<String> {
    messages(expand(arguments, quote!(impl Auth { fn fine(&self) -> Query<(), User> { procedure().query(f) } })))
}

fn example() -> TokenStream {
    quote! {
        /// Who is who.
        impl Auth {
            const LIMIT: u8 = 3;

            fn authed(&self) -> ProcedureBuilder<AppState, UserContext<Context<AppState>, User>, ()> {
                procedure().use_(self.session.required())
            }

            /// Gets a user.
            ///
            /// By id.
            #[cfg(feature = "users")]
            pub fn get_user(&self) -> Query<GetUser, User> {
                self.authed().input::<GetUser>().rest(Method::GET, "/users/:userId").query(async |Call { input, .. }| input.find().await)
            }

            #[deprecated(note = "use getUser")]
            fn r#move(&self) -> velox_rpc::Mutation<(), ()> {
                velox_rpc::procedure().mutation(|_| Ok(()))
            }
        }
    }
}

#[test]
fn the_expansion_is_as_recorded() {
    insta::assert_snapshot!(formatted(expand(quote!("auth", state = AppState), example())));
}

#[test]
fn the_expansion_names_nothing_of_the_users_but_what_they_wrote() {
    let written = {
        let item = example();
        quote!(AppState #item)
    };
    assert_eq!(strays(expand(quote!("auth", state = AppState), example()), &written), Vec::<String>::new());
}

#[test]
fn the_state_is_the_unit_if_none_is_given() {
    let text =
        formatted(expand(quote!("auth"), quote!(impl Auth { fn a(&self) -> Query<(), u8> { procedure().query(f) } })));
    assert!(text.contains("Query<(), u8, ()>"), "{text}");
    assert!(text.contains("procedure::<()>()"), "{text}");
    assert!(text.contains("IntoRouter<()> for Auth"), "{text}");
}

#[test]
fn a_path_given_as_crate_is_the_root() {
    let text = formatted(expand(
        quote!("auth", crate = crate::rpc),
        quote!(impl Auth { fn a(&self) -> Query<(), u8> { procedure().query(f) } }),
    ));
    assert!(text.contains("impl crate::rpc::__private::IntoRouter<()> for Auth"), "{text}");
}

#[test]
fn half_typed_code_in_a_body_passes_through() {
    let text = expand(quote!("auth"), quote!(impl Auth { fn a(&self) -> Query<(), u8> { procedure(). } })).to_string();
    assert!(text.contains("procedure :: < () > () ."), "{text}");
}

#[test]
fn wrong_arguments_are_named() {
    for (arguments, message) in [
        (
            quote!(),
            "`#[router]` needs a namespace, the first part of its procedures' names: write `#[router(\"auth\")]`",
        ),
        (
            quote!(state = A),
            "`#[router]` needs a namespace, the first part of its procedures' names: write `#[router(\"auth\")]`",
        ),
        (quote!(auth), "the namespace is a string: write `\"auth\"`"),
        (quote!(3), "the namespace is a string: write it in quotes, as in `\"auth\"`"),
        (quote!(""), "the namespace is empty: give the router a name, as in `#[router(\"auth\")]`"),
        (
            quote!("a/b"),
            "a namespace is part of the URL and cannot contain `/`: use letters, digits, `_` and `-`, and dots between namespaces",
        ),
        (quote!("a."), "a dot separates two namespaces, as in `#[router(\"viewer.bookings\")]`"),
        (quote!("a", "b"), "a router has one namespace: remove this"),
        (quote!("a", stat = A), "`#[router]` has no key `stat`: did you mean `state`?"),
        (quote!("a", state = A, state = B), "`state` is given twice: remove one of the two"),
    ] {
        assert_eq!(about_arguments(arguments), [message]);
    }
}

#[test]
fn an_item_that_cannot_be_a_router_is_named_and_comes_out_as_it_went_in() {
    for (item, message) in [
        (
            quote!(
                struct Auth;
            ),
            "`#[router]` belongs on the `impl` block of the procedures, not on a struct",
        ),
        (
            quote!(
                pub async fn auth() {}
            ),
            "`#[router]` belongs on the `impl` block of the procedures, not on a function",
        ),
        (
            quote!(
                trait Auth {}
            ),
            "`#[router]` belongs on the `impl` block of the procedures, not on a trait",
        ),
        (
            quote!(impl Clone for Auth {}),
            "`#[router]` belongs on an `impl` block without a trait: write `impl Auth { … }`",
        ),
        (
            quote!(
                impl<T> Auth<T> {}
            ),
            "a router cannot be generic: remove the parameters and name the types",
        ),
    ] {
        let expansion = expand(quote!("auth"), item.clone());
        assert_eq!(messages(expansion.clone()), [message]);
        assert!(expansion.to_string().ends_with(&item.to_string()));
    }
}

#[test]
fn a_method_that_cannot_be_a_procedure_is_named() {
    for (method, message) in [
        (
            quote!(
                fn a(&self, id: u8) -> Query<(), U> {}
            ),
            "a procedure takes only `&self`: declare the data that a caller sends as the input of `a`, with `Query<I, O>` and `.input::<I>()`",
        ),
        (
            quote!(
                fn a(self) -> Query<(), U> {}
            ),
            "a procedure borrows its router: write `&self`",
        ),
        (
            quote!(
                fn a(&mut self) -> Query<(), U> {}
            ),
            "a procedure borrows its router: write `&self`",
        ),
        (
            quote!(
                fn a() -> Query<(), U> {}
            ),
            "a procedure is a method of its router: write `fn a(&self)`",
        ),
        (
            quote!(
                async fn a(&self) -> Query<(), U> {}
            ),
            "a procedure is built synchronously: remove `async` here, and write it in the handler, `async |…|`",
        ),
        (
            quote!(
                fn a<T>(&self) -> Query<(), T> {}
            ),
            "`a` cannot be generic: remove the parameters and name the types",
        ),
        (
            quote!(
                fn a(&self) -> Query {}
            ),
            "`Query` has two types, input and output: write `Query<I, O>`, with `()` for a procedure without input",
        ),
        (
            quote!(
                fn a(&self) -> Query<Vec<U>> {}
            ),
            "`Query` has two types, input and output: write `Query<(), Vec<U>>` for a procedure without input",
        ),
        (
            quote!(
                fn a(&self) -> Mutation<A, B, C, D> {}
            ),
            "`Mutation` has two types, input and output: write `Mutation<I, O>`",
        ),
        (
            quote!(
                fn a(&self) -> Result<Query<(), U>> {}
            ),
            "return the procedure itself: write `Query<I, O>` (only the handler may return a `Result`)",
        ),
        (
            quote!(
                fn a(&self) -> impl Into<Mutation<(), U>> {}
            ),
            "return the procedure itself: write `Mutation<I, O>` (only the handler may return a `Result`)",
        ),
        (
            quote!(
                fn a(&self) -> impl Sized {
                    procedure().query(f)
                }
            ),
            "`a` builds a procedure, but returns `impl Sized`: write `Query<I, O>`, or the router leaves it out",
        ),
        (
            quote!(
                fn a(&self) -> GetA {
                    procedure().mutation(f)
                }
            ),
            "`a` builds a procedure, but returns `GetA`: write `Mutation<I, O>`, or the router leaves it out",
        ),
        (
            quote!(
                fn a(&self) {
                    procedure().query(f)
                }
            ),
            "`a` builds a procedure and drops it: write `fn a(&self) -> Query<I, O>`",
        ),
        (
            quote!(
                fn __(&self) -> Query<(), U> {}
            ),
            "`__` has no letter for a name on the wire: give the procedure another name",
        ),
    ] {
        assert_eq!(about_method(method), [message]);
    }
}

#[test]
fn helpers_are_left_alone() {
    for helper in [
        quote!(
            fn authed(&self) -> ProcedureBuilder<S, C, ()> {
                procedure()
            }
        ),
        quote!(
            fn rows(&self) -> Rows {
                self.db.query("select 1")
            }
        ),
        quote!(
            async fn load<T>(id: u8, x: T) -> Result<T> {
                x
            }
        ),
        quote!(
            fn nothing(&mut self) {}
        ),
        quote!(
            type Alias = u8;
        ),
    ] {
        assert_eq!(about_method(helper), Vec::<String>::new());
    }
}

#[test]
fn two_procedures_of_one_name_or_route_are_named() {
    assert_eq!(
        about_method(quote!(
            fn get_user(&self) -> Query<(), U> {}
            fn getUser(&self) -> Query<(), U> {}
        )),
        ["`getUser` and `get_user` have the same name on the wire, `getUser`: give one of them another name"]
    );
    assert_eq!(
        about_method(quote! {
            fn a(&self) -> Query<I, U> { base().rest(Method::GET, "/a/:id").query(f) }
            fn b(&self) -> Query<I, U> { base().rest(http::Method::GET, "/a/:name").query(f) }
            fn c(&self) -> Query<I, U> { base().rest(Method::PUT, "/a/:id").query(f) }
        }),
        ["`a` already has the route `GET /a/:id`: give `b` another one"]
    );
    assert_eq!(
        about_method(quote!(
            #[cfg(a)]
            fn x(&self) -> Query<(), U> {}
            #[cfg(not(a))]
            fn x(&self) -> Query<(), U> {}
        )),
        Vec::<String>::new()
    );
}

#[test]
fn a_parameter_without_an_input_is_named() {
    assert_eq!(
        about_method(quote!(
            fn a(&self) -> Query<(), U> {
                procedure().rest(Method::GET, "/a/:id").query(f)
            }
        )),
        [
            "`/a/:id` of `a` has the parameter `:id`, but `a` has no input: add an input with this field, or remove `:id` from the path"
        ]
    );
}

#[test]
fn a_block_without_procedures_is_named() {
    assert_eq!(
        messages(expand(quote!("auth"), quote!(impl Auth { fn helper(&self) {} }))),
        [
            "this block has no procedures: a procedure is a method that returns `Query<I, O>`, `Mutation<I, O>` or `Subscription<I, O>`; to combine routers, add each one with `App::router(…)`"
        ]
    );
}

#[test]
fn all_mistakes_of_one_use_are_reported_at_once_and_the_rest_still_stands() {
    let expansion = expand(
        quote!(auth, state = AppState, stat = AppState),
        quote!(impl Auth {
            async fn a(&self, id: u8) -> Query<User> {}
            fn b(&self) -> Query<(), User> { procedure().query(f) }
        }),
    );
    assert_eq!(messages(expansion.clone()).len(), 5);
    let text = formatted(expansion);
    assert!(text.contains("async fn a(&self, id: u8) -> Query<(), User, AppState>"), "{text}");
    assert!(text.contains(r#".procedure("b", Self::b(&self))"#), "{text}");
}

#[test]
fn a_router_that_may_lack_its_state_fits_every_application() {
    let router = |arguments| formatted(expand(arguments, quote!(impl Auth { fn a(&self) -> Query<User> {} })));
    let lacking = router(quote!("auth", "shop"));
    assert!(lacking.contains("impl<__S: 'static> ::velox_rpc::__private::IntoRouter<__S> for Auth"), "{lacking}");
    let text = formatted(expand(
        quote!("auth", state == AppState),
        quote!(impl Auth { fn a(&self) -> Query<(), U> { procedure().query(|Call { ctx, .. }| Ok(ctx.db)) } }),
    ));
    assert_eq!(text.matches("compile_error").count(), 1, "{text}");
    assert!(!text.contains("ctx.db"), "{text}");
    for arguments in [quote!("auth", state = AppState), quote!("auth", stat = AppState)] {
        let known = router(arguments);
        assert!(known.contains("impl ::velox_rpc::__private::IntoRouter<AppState> for Auth"), "{known}");
    }
}

#[test]
fn what_is_not_an_item_is_named_and_the_rest_still_stands() {
    for member in ["a: procedure().query(f),", "const a = procedure().query(f);", "fn a(&self): Query<(), u8> {}"] {
        let block = format!("impl Auth {{ fn b(&self) -> Query<(), User> {{ procedure().query(f) }} {member} }}");
        let expansion = expand(quote!("auth", state = AppState), block.parse().expect("tokens"));
        assert_eq!(messages(expansion.clone()).len(), 1, "{member}");
        assert!(formatted(expansion).contains(r#".procedure("b", Self::b(&self))"#), "{member}");
    }
}

#[test]
fn a_method_that_cannot_be_read_is_reported_once_and_others_can_call_it() {
    for (member, name) in [
        ("fn base(&self) -> Query<(); u8> { procedure() }", "base"),
        ("fn base(&self) -> Query<(), { id: u8 }> { procedure() }", "base"),
        ("pub fn base(&self) => Query<(), u8> { procedure() }", "base"),
        ("base(&self) -> Query<(), u8> { procedure() }", "base"),
        ("async base(&self) -> Query<(), u8> { procedure() }", "base"),
        ("fn type(&self) -> Query<(), u8> { procedure() }", "get_user"),
        ("x: u8,", "get_user"),
    ] {
        let block = format!("impl Auth {{ {member} fn b(&self) -> Query<(), User> {{ self.base().query(f) }} }}");
        let expansion = expand(quote!("auth", state = AppState), block.parse().expect("tokens"));
        let message = format!("a procedure is a method: write `fn {name}(&self) -> Query<I, O> {{ … }}`");
        assert_eq!(messages(expansion.clone()), [message], "{member}");
        let text = formatted(expansion);
        assert!(text.contains(r#".procedure("b", Self::b(&self))"#), "{text}");
        assert_eq!(text.contains("pub fn base("), name == "base", "{text}");
    }
}

#[test]
fn a_step_after_the_handler_is_reported() {
    let message = ["the handler ends a chain: move `.input(…)` before `.query(…)`"];
    for chain in [
        quote!(procedure().query(|_| Ok(1)).input::<I>()),
        quote!(procedure().query(|Call { input, .. }| Ok(input.id)).describe("a").input::<I>()),
    ] {
        assert_eq!(about_method(quote!(fn a(&self) -> Query<I, u8> { #chain })), message, "{chain}");
    }
}

#[test]
fn a_missing_input_is_reported_after_each_step() {
    let message = ["the chain reads no input: put `.input::<I>()` into it, or write `Query<(), U>`"];
    for step in [quote!(fails_with(StatusCode::CONFLICT, "Taken")), quote!(no_rest()), quote!(body_limit(9))] {
        assert_eq!(about_method(quote!(fn a(&self) -> Query<I, U> { procedure().#step.query(f) })), message);
    }
}

#[test]
fn code_that_only_looks_like_a_slip_is_left_alone() {
    for method in [
        // A base or the user's own step may read the input.
        quote!(
            fn a(&self) -> Query<I, U> {
                self.base().query(f)
            }
        ),
        quote!(
            fn a(&self) -> Query<I, U> {
                procedure().paged().query(f)
            }
        ),
        quote!(
            fn a(&self) -> Query<I, U> {
                let base = procedure().input::<I>();
                base.query(f)
            }
        ),
        quote!(
            fn a(&self) -> Query<I, U> {
                with_input(procedure()).query(f)
            }
        ),
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().query(|call| Ok(call.ctx.db))
            }
        ),
        quote!(
            fn a(&self) -> Query<I, U> {
                procedure().input::<I>().query(|input| Ok(input.input.id))
            }
        ),
        // The handler does not return this text.
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().query(|_| {
                    parse(|text| {
                        return Err("no");
                    })
                })
            }
        ),
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().query(|_| {
                    spawn(async move {
                        return Err("no");
                    });
                    Ok(1)
                })
            }
        ),
        // These errors do not become the value of the handler.
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().query(|_| {
                    let all = find().ok_or_else(|| Error::not_found("all"))?;
                    Error::invalid(all)?
                })
            }
        ),
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().on_error(|_| Error::not_found("a")).query(f)
            }
        ),
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().query(|_| Error::of_state())
            }
        ),
        // The middleware answers by itself.
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().use_fn(|_, _: Next<Context<AppState>>| Outcome::json(&1)).query(|_| Ok(1))
            }
        ),
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().use_fn(|ctx, next| next.run(ctx)).query(|_| Ok(1))
            }
        ),
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure()
                    .use_fn(async |ctx, next| {
                        drop(next);
                        Err(Error::bad_request("closed"))
                    })
                    .query(|_| Ok(1))
            }
        ),
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().rest(Method::GET, "/a").guard(api_key).use_(|| limit(1)).query(f)
            }
        ),
        // A constant in Rust has a type. The others are functions and fields called `null`.
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().query(|_| {
                    const LIMIT: u32 = 5;
                    Ok((LIMIT, json.null, ptr::null::<u8>(), null()))
                })
            }
        ),
        // This `yield` is of a macro that makes a stream.
        quote!(
            fn a(&self) -> Subscription<(), U> {
                procedure().subscription(async |_| Ok(stream! { loop { yield Ok(1); } }))
            }
        ),
        // These follow the handler.
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().query(f).describe("Finds a user").deprecated("Use b")
            }
        ),
        // The user's own step ends the chain.
        quote!(
            fn a(&self) -> Query<(), U> {
                procedure().input::<I>().listed()
            }
        ),
        // These names are TypeScript's only where a type stands alone.
        quote!(
            fn a(&self) -> Query<(), types::number> {
                procedure().query(f)
            }
        ),
        quote!(
            fn a(&self) -> Query<(), (Map<String, U>, Set<U>, Record<U>, Record<U, U>, Array<f64, Ix2>)> {
                procedure().query(f)
            }
        ),
    ] {
        assert_eq!(about_method(method.clone()), Vec::<String>::new(), "{method}");
    }
}

#[test]
fn a_base_is_of_another_type_only_where_a_session_or_an_input_says_so() {
    for method in [
        quote!(
            fn base(&self) -> ProcedureBuilder<S> {
                procedure().use_(logged).use_(Traced::new())
            }
        ),
        quote!(
            fn base(&self) -> ProcedureBuilder<S> {
                procedure().use_(self.session.required()).use_fn(inner)
            }
        ),
        quote!(
            fn base(&self) -> ProcedureBuilder<S, UserContext<Context<S>, User>> {
                procedure().use_(self.session.required())
            }
        ),
        quote!(
            fn base(&self) -> ProcedureBuilder<S, Context<S>, I> {
                procedure().input::<I>()
            }
        ),
    ] {
        assert_eq!(about_method(method.clone()), Vec::<String>::new(), "{method}");
    }
    let message = about_method(quote!(
        fn base(&self) -> ProcedureBuilder<S> {
            procedure().use_(tenant).use_(session.middleware()).input::<Vec<I>>()
        }
    ));
    assert_eq!(
        message,
        [
            "this is not the type of the chain: write `ProcedureBuilder<S, SessionContext<TenantContext<Context<S>>>, Vec<I>>`"
        ]
    );
}

#[test]
fn a_state_is_forgotten_only_where_a_base_has_one() {
    let about = |arguments, base: TokenStream| {
        messages(expand(arguments, quote!(impl Auth { #base fn b(&self) -> Query<(), U> { self.base().query(f) } })))
    };
    let base = quote!(
        fn base(&self) -> ProcedureBuilder<AppState> {
            procedure()
        }
    );
    assert_eq!(
        about(quote!("auth"), base.clone()),
        ["this router has no state, and `base` needs `AppState`: write `#[router(\"auth\", state = AppState)]`"]
    );
    assert_eq!(about(quote!("auth", state = AppState), base.clone()), [""; 0]);
    assert_eq!(about(quote!("auth", stat = AppState), base).len(), 1);
    assert_eq!(
        about(
            quote!("auth"),
            quote!(
                fn base(&self) -> ProcedureBuilder<()> {
                    procedure()
                }
            )
        ),
        [""; 0]
    );
}

#[test]
fn a_field_of_the_context_is_missing_only_where_nothing_can_give_it() {
    let about = |chain: TokenStream| {
        messages(expand(quote!("auth"), quote!(impl Auth { fn a(&self) -> Query<(), U> { #chain } })))
    };
    for chain in [
        quote!(procedure().query(|Call { ctx, .. }| Ok(ctx.procedure().name()))),
        quote!(procedure().use_(tenant).query(|Call { ctx, .. }| Ok(ctx.tenant))),
        quote!(self.base().query(|Call { ctx, .. }| Ok(ctx.tenant))),
        quote!(procedure().query(|Call { ctx, .. }| {
            let ctx = other(&ctx);
            Ok(ctx.tenant)
        })),
        quote!(procedure().query(|Call { ctx: tenant, .. }| Ok(of(ctx).tenant))),
    ] {
        assert_eq!(about(chain.clone()), Vec::<String>::new(), "{chain}");
    }
    let message = "`ctx` has no field `user` here: put `.use_(self.session.required())` before the handler";
    assert_eq!(about(quote!(procedure().query(|Call { ctx, .. }| Ok(ctx.user)))), [message]);
    // A state may have a field `user`, which is not a `SessionUser` that leaves the state.
    let beside_a_state = |output: TokenStream, value: TokenStream| {
        about_method(quote!(fn a(&self) -> Query<(), #output> { procedure().query(|Call { ctx, .. }| Ok(#value)) }))
    };
    assert_eq!(beside_a_state(quote!(SessionUser), quote!(ctx.user)), [message]);
    assert_eq!(beside_a_state(quote!(Option<SessionUser>), quote!(Some(ctx.user))), [message]);
    for (output, value) in [
        (quote!(u32), quote!(ctx.user)),
        (quote!(SessionUser), quote!(ctx.user.clone())),
        (quote!(SessionUser), quote!(load(&ctx.user))),
    ] {
        assert_eq!(beside_a_state(output, value), Vec::<String>::new());
    }
}

#[test]
fn the_type_of_the_output_is_told_only_where_the_handler_gives_it() {
    let told = |chain: TokenStream| {
        let block = quote!(impl Auth {
            fn base(&self) -> ProcedureBuilder<()> { procedure().no_rest() }
            fn aliased(&self) -> Authed { procedure().use_(tenant) }
            fn shown(&self) -> OutputBuilder<ProcedureBuilder<()>, U> { procedure().output::<U>() }
            fn a(&self) -> Query<(), U> { #chain }
        });
        let text = expand(quote!("auth"), block).to_string();
        let (_, told) = text.split_once("Result < ")?;
        text.contains("__typed").then(|| told[..1].to_owned())
    };
    for chain in [
        quote!(procedure().query(async |_| find().await)),
        quote!(procedure().query(|_| {
            let user = find();
            Ok(user)
        })),
        quote!(procedure().query(|_| async move { Ok(user) })),
        quote!(procedure().query(|_| {
            let mail = mail.clone();
            async { mail.user() }
        })),
        quote!(procedure().query(|_| find(id.parse()?))),
        quote!(self.base().query(async move |_| Ok(user),)),
        quote!(self.aliased().query(async |_| user)),
    ] {
        assert_eq!(told(chain.clone()).as_deref(), Some("U"), "{chain}");
    }
    for chain in [
        // The handler may return another type than the procedure.
        quote!(procedure().output::<U>().query(async |_| Ok(json))),
        quote!(self.shown().query(async |_| Ok(json))),
        quote!(procedure().shown().query(async |_| Ok(json))),
        quote!(base(self).query(|_| async move { Ok(json) })),
    ] {
        assert_eq!(told(chain.clone()).as_deref(), Some("_"), "{chain}");
    }
    for chain in [
        // The handler may return a future.
        quote!(procedure().query(|_| find())),
        quote!(procedure().query(|_| future! { find()? })),
        quote!(procedure().query(|_| find(|id| id.parse()?))),
        quote!(procedure().query(find)),
        // The user wrote the type already.
        quote!(procedure().query(async |_| -> Result<U> { find().await })),
    ] {
        assert_eq!(told(chain.clone()), None, "{chain}");
    }
}

#[test]
fn a_path_or_another_self_in_a_handler_and_a_method_from_bytes_are_no_slips() {
    for body in [
        quote!(procedure().query(async |_| self::db::find().await)),
        quote!(procedure().query(|_| {
            struct Id(u8);
            impl Id {
                fn get(&self) -> u8 {
                    self.0
                }
            }
            Ok(Id(1).get())
        })),
        quote!(procedure().rest(Method::from_bytes(b"GET").unwrap(), "/x").query(|_| Ok(1))),
    ] {
        assert_eq!(about_method(quote!(fn one(&self) -> Query<(), u8> { #body })), [""; 0]);
    }
}
