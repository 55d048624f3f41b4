//! Tests `#[schema]` as a whole: its expansion, and the message for each mistake.

use proc_macro2::TokenStream;

use crate::testing::{formatted, messages, strays, variables};

fn expand(item: TokenStream) -> TokenStream {
    super::schema(TokenStream::new(), item)
}

fn text(item: TokenStream) -> String {
    formatted(expand(item))
}

fn example() -> TokenStream {
    quote! {
        /// What a visitor sends.
        #[derive(Debug, Clone)]
        pub struct SignUp {
            /// Where to write to.
            #[validate(email(message = "Not an address"), length(max = 100))]
            pub email: String,
            #[validate(range(min = 18, message = "Too young"))]
            pub years_old: u8,
            #[serde(rename = "kind")]
            pub r#type: Option<String>,
            #[validate(nested)]
            pub address: Option<Address>,
            #[cfg(feature = "extra")]
            pub extra: u8,
        }
    }
}

fn example_enum() -> TokenStream {
    quote! {
        #[serde(tag = "type")]
        pub enum Payment {
            Cash,
            CreditCard(#[validate(nested)] Card),
            Other { paid_by: Option<String> },
        }
    }
}

#[test]
fn the_expansion_of_a_struct_is_as_recorded() {
    insta::assert_snapshot!(text(example()));
}

#[test]
fn the_expansion_of_an_enum_is_as_recorded() {
    insta::assert_snapshot!(text(example_enum()));
}

#[test]
fn fields_that_cannot_be_parsed_are_each_reported_once() {
    let found = |item: &str| {
        let item = item.parse().expect("tokens");
        messages(super::schema(TokenStream::new(), item))
    };
    assert_eq!(found("enum Paid { Cash, Card { number: String[] }, }").len(), 1);
    assert_eq!(found("struct Page { size?: u32, tags: Vec<String>; names: { first: String } }").len(), 2);
    assert_eq!(found("struct Page { size u32, ...Other }").len(), 2);
    assert_eq!(found("struct Page { let x = 1; size: u32 }").len(), 1);
    assert_eq!(found("struct Page { type: u32, pub self: u32 }").len(), 1);
    assert_eq!(
        found("struct Page { id: u32, id: u32, #[cfg(a)] size: u32, #[cfg(b)] size: u64 }"),
        ["there is already a field `id`: remove one of the two"]
    );
    assert_eq!(
        found("struct Page { readonly #[serde(default)] size: u32, pub tags: Option[String], order: 5 }"),
        [
            "Rust has no `readonly` before a field: remove it, or write `pub`",
            "a type inside another is in `<…>`: write `tags: Option<String>`",
            "a field is a name and a type: write `name: String`",
        ]
    );
}

#[test]
fn fields_and_variants_without_a_comma_between_them_all_stay() {
    for (item, names) in [
        (
            "struct Page { #[validate(range(min = 1))] pub size: u32 pub tags: Vec<u8> #[serde(default)] by: Order }",
            ["size", "tags", "by"],
        ),
        (
            "enum Page { First #[serde(rename = \"b\")] Second(String) Third { size: u32 last: bool } Fourth }",
            ["b", "last", "fourth"],
        ),
    ] {
        let expansion = super::schema(TokenStream::new(), item.parse().expect("tokens"));
        assert_eq!(messages(expansion.clone()), [""; 0], "{item}");
        let text = formatted(expansion);
        for name in names {
            assert!(text.contains(&format!("&[\"{name}\"]")), "{name}: {text}");
        }
    }
}

#[test]
fn references_that_are_no_values_are_right() {
    for ty in [
        quote!(Option<fn(&str) -> bool>),
        quote!(Option<Arc<dyn Fn(&str) -> bool + Send + Sync>>),
        quote!(PhantomData<fn(&u8)>),
        quote!([u8; size_of::<&u8>()]),
        quote!(<str as ToOwned>::Owned),
        quote!(Option<Box<dyn AsRef<str> + Send + Sync>>),
        quote!(Vec<Arc<str>>),
    ] {
        assert_eq!(messages(expand(quote!(struct A { #[serde(skip)] a: #ty }))), Vec::<String>::new(), "{ty}");
    }
}

#[test]
fn a_second_schema_is_removed_unless_it_belongs_to_another_crate() {
    for again in [quote!(schema), quote!(velox_rpc::schema), quote!(schema(trim))] {
        let found = messages(expand(quote!(#[#again] struct A { a: u8 })));
        assert_eq!(found, ["`#[schema]` is written twice: remove one of the two"], "{again}");
    }
    assert_eq!(
        messages(expand(quote!(
            #[schema(example = 1)]
            struct A {
                a: u8,
            }
        ))),
        [""; 0]
    );
}

#[test]
fn a_rule_that_would_check_nothing_is_named() {
    let about = |rule: TokenStream| {
        messages(expand(quote!(
            struct A {
                #[validate(#rule)]
                a: String,
            }
        )))
    };
    for (rule, example) in [
        (quote!(length), "length(min = …)"),
        (quote!(length()), "length(min = …)"),
        (quote!(range(message = "Too big", code = "big")), "range(min = …)"),
        (quote!(contains), "contains(pattern = …)"),
        (quote!(regex), "regex(path = …)"),
        (quote!(must_match), "must_match(other = …)"),
        (quote!(custom), "custom(function = …)"),
    ] {
        assert_eq!(about(rule), [format!("this rule needs an argument: write `{example}`")]);
    }
    for rule in [quote!(email), quote!(ip), quote!(required(message = "Missing")), quote!(length(max = 3))] {
        assert_eq!(about(rule.clone()), [""; 0], "{rule}");
    }
}

#[test]
fn a_type_without_a_size_and_a_reference_are_named() {
    let about = |ty: TokenStream| messages(expand(quote!(struct A<'a> { a: #ty })));
    for ty in [quote!(str), quote!(Option<str>), quote!(HashMap<String, Vec<str>>)] {
        assert_eq!(about(ty), ["`str` has no fixed size: write `String`"]);
    }
    for (ty, owned) in [(quote!(&str), "String"), (quote!(Vec<&[u8]>), "Vec<u8>"), (quote!(&Address), "Address")] {
        assert_eq!(about(ty), [format!("a `#[schema]` type owns its data: write `{owned}`")]);
    }
    for ty in [quote!(&'a str), quote!(Box<str>), quote!(Arc<str>), quote!(Cow<'a, str>), quote!(Vec<Box<str>>)] {
        assert_eq!(about(ty.clone()), [""; 0], "{ty}");
    }
}

#[test]
fn the_expansions_name_nothing_of_the_users_but_what_they_wrote() {
    for item in [example(), example_enum()] {
        assert_eq!(strays(expand(item.clone()), &item), Vec::<String>::new());
    }
}

#[test]
fn expressions_of_the_user_see_no_variable_of_the_expansion() {
    let item = quote! {
        #[serde(default)]
        #[validate(schema(function = whole))]
        struct Limits {
            #[validate(length(min = value), custom(function = got), regex(path = broken), email, url, ip)]
            text: String,
            #[validate(range(max = Self::MAX), multiple_of = 5, must_match(other = other), required)]
            number: Option<u8>,
            #[validate(nested, length(max = 2))]
            items: Vec<Item>,
            #[serde(flatten)]
            #[validate(nested)]
            flat: Item,
            #[serde(default = "text", deserialize_with = "found")]
            #[validate(contains(pattern = "a"), does_not_contain(pattern = "b"), non_control_character)]
            read: String,
        }
    };
    let adjacent = quote! {
        #[serde(tag = "kind", content = "of")]
        enum Held {
            One(#[validate(nested)] Item),
        }
    };
    let in_place = quote!(
        struct One(#[validate(nested)] Item);
    );
    for item in [item, adjacent, in_place] {
        assert_eq!(variables(expand(item), &TokenStream::new()), Vec::<String>::new());
    }
}

#[test]
fn what_the_user_derives_is_not_derived_again() {
    let text = text(quote!(
        #[derive(Debug, serde::Serialize, Validate)]
        struct A {
            #[validate(email)]
            a: String,
        }
    ));
    assert!(text.contains("#[derive(\n    ::velox_rpc::__private::serde::Deserialize,\n    ::velox_rpc::__private::schemars::JsonSchema\n)]"), "{text}");
    let item = text.split("const _").next().expect("the item stands first");
    assert!(!item.contains("validate(crate"), "{text}");
    assert!(!text.contains("Validate for A"), "{text}");
}

#[test]
fn what_the_user_renames_stays_renamed() {
    let text = text(quote!(
        #[serde(rename_all = "kebab-case", crate = "my::serde")]
        struct A {
            user_id: u8,
            #[serde(rename(deserialize = "b"))]
            c: u8,
        }
    ));
    assert!(!text.contains("camelCase"), "{text}");
    assert!(!text.contains(r#"serde(crate = "::velox"#), "{text}");
    assert!(text.contains(r#"&["user-id", "b"]"#), "{text}");
}

#[test]
fn a_field_that_may_not_be_there_is_left_to_serde_if_only_its_place_tells_it() {
    for item in [
        quote!(
            struct A(u8, #[cfg(any())] Missing);
        ),
        quote!(
            enum A {
                B(u8, #[cfg(any())] Missing),
                C { d: u8 },
            }
        ),
    ] {
        assert!(!text(item.clone()).contains("Leaf"), "{item}");
    }
}

#[test]
fn a_struct_without_rules_is_not_given_to_validator() {
    let text = text(quote!(
        struct A {
            b: u8,
        }
    ));
    assert!(!text.contains("validator::Validate,"), "{text}");
    assert!(text.contains("impl __private::validator::Validate for A"), "{text}");
}

#[test]
fn an_option_that_the_user_decided_on_is_left_alone() {
    for field in [
        quote!(#[serde(skip_serializing_if = "f")] a: Option<u8>),
        quote!(#[serde(with = "f")] a: Option<u8>),
        quote!(#[serde(default = "f")] a: Option<u8>),
        quote!(#[serde(skip)] a: Option<u8>),
        quote!(a: Vec<u8>),
        quote!(a: my::Option<u8, u8>),
    ] {
        assert!(!text(quote!(struct A { #field })).contains("is_none"), "{field}");
    }
    for field in [
        quote!(a: Option<u8>),
        quote!(#[serde(default)] a: std::option::Option<u8>),
        quote!(#[serde(rename = "b")] a: Option<u8>),
    ] {
        assert!(text(quote!(struct A { #field })).contains("is_none"), "{field}");
    }
}

#[test]
fn a_nullable_option_is_written_as_null() {
    let text = text(quote!(
        struct A {
            #[schema(nullable)]
            a: Option<u8>,
        }
    ));
    assert!(!text.contains("is_none") && !text.contains("nullable"), "{text}");
}

#[test]
fn a_generic_type_is_named_after_its_arguments() {
    for (item, name) in [
        (
            quote!(
                struct Page<T> {
                    items: Vec<T>,
                }
            ),
            Some("PageOf{T}"),
        ),
        (
            quote!(
                struct Both<A, B> {
                    a: Option<A>,
                    b: [B; 2],
                    n: u8,
                }
            ),
            Some("BothOf{A}And{B}"),
        ),
        // These parameters may have no JSON Schema.
        (
            quote!(
                struct Id<T> {
                    id: u64,
                    of: PhantomData<T>,
                }
            ),
            None,
        ),
        (
            quote!(
                struct Price<T> {
                    #[schemars(with = "String")]
                    amount: T,
                }
            ),
            None,
        ),
        (
            quote!(
                struct Grid<T, const N: usize> {
                    cells: [T; N],
                }
            ),
            Some("GridOf{T}And{N}"),
        ),
        // Without `T`, the number alone would not tell two of them apart.
        (
            quote!(
                struct Grid<T, const N: usize> {
                    cells: Vec<Cell<T>>,
                }
            ),
            None,
        ),
        (
            quote!(
                struct First<T: Iterator> {
                    first: T::Item,
                }
            ),
            None,
        ),
        (
            quote!(
                #[serde(rename = "List")]
                struct Page<T> {
                    items: Vec<T>,
                }
            ),
            None,
        ),
        (
            quote!(
                #[schemars(rename = "List{T}")]
                struct Page<T> {
                    items: Vec<T>,
                }
            ),
            None,
        ),
        (
            quote!(
                struct Plain {
                    n: u8,
                }
            ),
            None,
        ),
    ] {
        let text = text(item);
        match name {
            Some(name) => assert!(text.contains(&format!("schemars(rename = \"{name}\")")), "{text}"),
            None => assert!(!text.contains("Of{"), "{text}"),
        }
    }
}

#[test]
fn names_that_are_decided_elsewhere_are_not_listed() {
    for item in [
        quote!(
            struct A {
                #[serde(flatten)]
                a: B,
            }
        ),
        quote!(
            #[serde(try_from = "B")]
            struct A {
                a: B,
            }
        ),
        quote!(
            #[serde(transparent)]
            struct A {
                a: B,
            }
        ),
        quote!(
            struct A {
                #[cfg_attr(x, serde(rename = "b"))]
                a: B,
            }
        ),
        quote!(
            struct A(B);
        ),
        quote!(
            enum A {
                B,
            }
        ),
    ] {
        assert!(!text(item.clone()).contains("InputFields"), "{item}");
    }
}

#[test]
fn parameters_of_the_type_are_kept() {
    let text = text(quote!(
        struct Page<'a, T: Clone = u8>
        where
            T: Copy,
        {
            items: &'a [T],
        }
    ));
    assert!(
        text.contains("impl<'a, T: Clone> __private::InputFields for Page<'a, T>\n    where\n        T: Copy,"),
        "{text}"
    );
}

#[test]
fn every_mistake_is_named() {
    let elsewhere = "velox checks the rules of structs: make a `#[schema] struct Name(#[validate(…)] String)`, and hold it as `#[validate(nested)] Name` here";
    let nowhere = "velox does not check rules here: move these fields into a struct with `#[schema]`, and write `#[validate(nested)] T` here";
    for (item, message) in [
        (quote!(union A { a: u8 }), "the fields of a union cannot be told apart in JSON: make it an enum"),
        (
            quote!(
                struct A {
                    #[schema(nullable)]
                    b: u8,
                }
            ),
            "only an `Option` can be nullable: write `Option<u8>`",
        ),
        (
            quote!(
                struct A {
                    #[schema(null)]
                    b: Option<u8>,
                }
            ),
            "`#[schema]` on a field takes `nullable`, `trim`, `lowercase` and `uppercase`; write a rule in `#[validate(…)]`, a name or a default in `#[serde(…)]`",
        ),
        (
            quote!(
                struct A {
                    #[schema(lowercase, uppercase)]
                    b: String,
                }
            ),
            "a string cannot be both in lower case and in upper case: remove one of the two",
        ),
        (
            quote!(
                struct A {
                    #[schema(trim)]
                    #[serde(with = "b")]
                    b: String,
                }
            ),
            "your own function reads this field: change the string there",
        ),
        (
            quote!(
                struct A {
                    #[schema(trim)]
                    #[serde(flatten)]
                    b: B,
                }
            ),
            "a flattened field is not a string: change the strings inside its type",
        ),
        (
            quote!(
                #[serde(try_from = "String")]
                struct A(#[schema(trim)] String);
            ),
            "the type is read as another type: change the string where it is converted",
        ),
        (
            quote!(
                #[serde(tag = "kind")]
                enum A {
                    B(#[schema(trim)] String),
                }
            ),
            "a string has no place beside a tag: write `B { name: String }`",
        ),
        (
            quote!(
                struct A(#[cfg_attr(x, validate(email))] String);
            ),
            "a rule behind `cfg_attr` is not checked here: put the `#[cfg(…)]` above the whole type",
        ),
        (
            quote!(
                enum A {
                    B(#[cfg_attr(x, validate(nested))] C),
                }
            ),
            "a rule behind `cfg_attr` is not checked here: put the `#[cfg(…)]` above the whole type",
        ),
        (
            quote!(
                struct A {
                    #[validate(required(message = "No b"))]
                    #[cfg_attr(x, serde(rename = "c"))]
                    b: Option<String>,
                }
            ),
            "in a type with a `cfg_attr`, a `context` or `derive(Validate)`, this rule has no message: write `required`",
        ),
        (
            quote!(
                fn a() {}
            ),
            "`#[schema]` belongs on the struct or enum that is sent, not on a function",
        ),
        (quote!(impl A {}), "`#[schema]` belongs on the struct or enum that is sent, not on an `impl` block"),
        (
            quote!(
                enum A {
                    B(#[validate(length(min = 1))] String),
                }
            ),
            elsewhere,
        ),
        (
            quote!(
                enum A {
                    B {
                        #[validate(email)]
                        b: String,
                    },
                }
            ),
            nowhere,
        ),
        (
            quote!(
                struct A(#[validate(nested)] B, u8);
            ),
            nowhere,
        ),
        (
            quote!(
                enum A {
                    #[serde(with = "f")]
                    B(u8),
                }
            ),
            "the JSON Schema cannot describe a variant that a function reads or writes: put the attribute on its field",
        ),
        (
            quote!(
                #[serde(tag = "kind")]
                enum A {
                    B(()),
                }
            ),
            "this type has no JSON beside a tag: write `B` without it",
        ),
        (
            quote!(
                #[serde(tag = "kind")]
                enum A {
                    B(PhantomData<u8>),
                }
            ),
            "this type has no JSON beside a tag: write `B` without it",
        ),
        (
            quote!(
                #[validate(schema(function = "f"))]
                enum A {
                    B,
                }
            ),
            nowhere,
        ),
    ] {
        assert_eq!(messages(expand(item)), [message]);
    }
    let with = |arguments| {
        messages(super::schema(
            arguments,
            quote!(
                struct A;
            ),
        ))
    };
    assert_eq!(with(quote!(crat = a)), ["`#[schema]` has no key `crat`: did you mean `crate`?"]);
    assert_eq!(with(quote!("a")), ["`#[schema]` takes no arguments except `crate = …`: remove this"]);
}
