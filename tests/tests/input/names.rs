//! Tests that expressions in attributes have the same meaning as outside: `Self` is the type, and a
//! name of the user never refers to a variable of the expansion.

#![expect(non_upper_case_globals, reason = "a user may name a constant as the expansions name variables")]

use std::sync::LazyLock;

use http::Method;
use regex::Regex;
use serde::{Deserialize, Deserializer};
use validator::ValidationError;
use velox_rpc::{App, Call, Ctx, Query, Result, middleware, procedure, router, schema};
use velox_tests::Client;

const value: u64 = 3;
static broken: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z]*$").expect("an expression"));

fn got(text: &str) -> Result<(), ValidationError> {
    if text.starts_with('x') { Err(ValidationError::new("x")) } else { Ok(()) }
}

fn whole(names: &Names) -> Result<(), ValidationError> {
    if names.short == names.text { Err(ValidationError::new("same")) } else { Ok(()) }
}

fn found() -> u8 {
    7
}

/// Shadows `drop` of the prelude.
fn drop(_: u8) {}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    u8::deserialize(deserializer).inspect(|number| drop(*number))
}

#[schema]
#[validate(schema(function = whole))]
struct Names {
    #[validate(length(max = value), custom(function = got))]
    short: String,
    #[validate(regex(path = broken), custom(function = Self::is_quiet))]
    text: String,
    #[serde(default = "found")]
    #[validate(range(max = Self::MAX))]
    at: u8,
    #[serde(deserialize_with = "text")]
    read: u8,
    #[validate(length(max = 1), nested)]
    inside: Vec<Self>,
}

impl Names {
    const MAX: u8 = 9;

    fn is_quiet(text: &str) -> Result<(), ValidationError> {
        if text == "loud" { Err(ValidationError::new("loud")) } else { Ok(()) }
    }
}

/// A helper with an ordinary name, such as `next_id`.
fn next(ctx: &impl Ctx) -> Result<u8> {
    Ok(u8::from(ctx.base().request().header("x-next").is_some()))
}

#[middleware]
fn tenant(ctx: &impl Ctx) -> Result<u8> {
    next(ctx)
}

#[schema]
struct ById {
    #[serde(alias = "old_id")]
    id: u8,
}

struct Api;

#[router("api")]
impl Api {
    fn read(&self) -> Query<Names, u8> {
        procedure()
            .use_(tenant)
            .input::<Names>()
            .rest(Method::POST, "/body")
            .query(|Call { input, ctx }| Ok(input.at + input.read + ctx.tenant))
    }

    fn by_id(&self) -> Query<ById, u8> {
        procedure().input::<ById>().rest(Method::GET, "/by/:old_id").query(|Call { input, .. }| Ok(input.id))
    }
}

#[tokio::test]
async fn expressions_in_attributes_mean_what_they_mean_beside_the_type() {
    let client = Client::of(App::new(()).development(false).router(Api));
    let send = async |body: &str| client.post("/api/body", body.to_owned()).await;
    let good = send(r#"{"short":"abc","text":"abcd","read":1,"inside":[]}"#).await;
    assert_eq!(good.text(), "8");
    let bad = send(
        r#"{"short":"xyzz","text":"loud","at":10,"read":"1","inside":[{"short":"a","text":"A","read":1,"inside":[]}]}"#,
    )
    .await;
    let issues = [
        "short: String must contain at most 3 character(s)",
        "short: Invalid input",
        "text: Invalid input",
        "at: Number must be less than or equal to 9",
        "read: Expected number, received string",
        "inside[0].text: Invalid",
    ];
    assert_eq!(bad.issues(), issues);
    assert_eq!(client.get("/api/by/7").await.text(), "7");
    let same = send(r#"{"short":"abc","text":"abc","read":1,"inside":[]}"#).await;
    assert_eq!(same.issues(), [": Invalid input"]);
}

/// A generic type with a private part, whose bounds are on a type that others cannot name.
#[schema]
#[validate(schema(function = Self::is_known))]
pub(crate) struct Wrapped<T> {
    inside: Inside<T>,
    #[validate(nested)]
    more: Option<Box<Self>>,
}

#[schema]
struct Inside<T> {
    value: T,
}

impl<T> Wrapped<T> {
    fn is_known(&self) -> Result<(), ValidationError> {
        Ok(())
    }
}

#[test]
fn a_generic_type_may_hold_a_private_one_and_itself() {
    let text = r#"{"inside":{"value":1},"more":{"inside":{"value":2}}}"#;
    let wrapped: Wrapped<u8> = serde_json::from_str(text).expect("it is one");
    assert_eq!(wrapped.more.map(|more| more.inside.value), Some(2));
    let _ = procedure::<()>().input::<Wrapped<u8>>().query(|Call { input, .. }| Ok(input.inside.value));
}
