//! Tests that the reported issues agree with what an input accepts: only the reader of each field
//! decides.

use std::collections::HashMap;
use std::fmt;

use http::Method;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use velox_rpc::procedure::{Examine, Input};
use velox_rpc::{App, Call, Router, procedure, schema};
use velox_tests::Client;

/// A query and a mutation that return their input.
pub(crate) fn echo<T: Input + Serialize + schemars::JsonSchema>() -> Client {
    let query = procedure().input::<T>().rest(Method::GET, "/query").query(|Call { input, .. }| Ok(json(&input)));
    let mutation = procedure().input::<T>().rest(Method::POST, "/body").mutation(|Call { input, .. }| Ok(json(&input)));
    Client::of(
        App::new(())
            .development(false)
            .router(Router::new("test").procedure("read", query).procedure("write", mutation)),
    )
}

/// A mutation that returns its input.
fn body<T: Input + Serialize + schemars::JsonSchema>() -> Client {
    let mutation = procedure().input::<T>().rest(Method::POST, "/body").mutation(|Call { input, .. }| Ok(json(&input)));
    Client::of(App::new(()).development(false).router(Router::new("test").procedure("write", mutation)))
}

/// Writes JSON as text, because `serde_json::Value` cannot hold numbers of 128 bits.
fn json(input: &impl Serialize) -> String {
    serde_json::to_string(input).expect("it is JSON")
}

pub(crate) async fn read(client: &Client, query: &str) -> Result<String, Vec<String>> {
    outcome(client.get(&format!("/api/query?{query}")).await)
}

async fn write(client: &Client, body: &str) -> Result<String, Vec<String>> {
    outcome(client.post("/api/body", body.to_owned()).await)
}

fn outcome(reply: velox_tests::Reply) -> Result<String, Vec<String>> {
    if reply.status.as_u16() == 200 {
        return Ok(serde_json::from_slice(&reply.body).expect("a text"));
    }
    assert_eq!(reply.status.as_u16(), 400, "{}", reply.text());
    Err(reply.issues())
}

#[tokio::test]
async fn integers_in_a_query_keep_all_digits() {
    #[schema]
    struct Wide {
        wide: u128,
        signed: Option<i128>,
        narrow: Option<u64>,
    }
    let client = echo::<Wide>();
    for digits in ["0", "18446744073709551617", "340282366920938463463374607431768211455"] {
        assert_eq!(read(&client, &format!("wide={digits}")).await, Ok(format!(r#"{{"wide":{digits}}}"#)));
        assert_eq!(write(&client, &format!(r#"{{"wide":{digits}}}"#)).await, Ok(format!(r#"{{"wide":{digits}}}"#)));
    }
    let least = "-170141183460469231731687303715884105728";
    assert_eq!(read(&client, &format!("wide=1&signed={least}")).await, Ok(format!(r#"{{"wide":1,"signed":{least}}}"#)));
    for refused in ["5.0", "1e3", "-1", "340282366920938463463374607431768211456", "x", ""] {
        assert!(read(&client, &format!("wide={refused}")).await.is_err(), "{refused}");
    }
    for refused in ["18446744073709551616", "-1", "1.0", "1e3"] {
        assert!(read(&client, &format!("wide=1&narrow={refused}")).await.is_err(), "{refused}");
    }
}

/// A mutation and a query with the parameter `:id`, which return their input.
fn by_id<T: Input + Serialize + schemars::JsonSchema>() -> Client {
    let query = procedure().input::<T>().rest(Method::GET, "/by/:id").query(|Call { input, .. }| Ok(json(&input)));
    let put = procedure().input::<T>().rest(Method::PUT, "/by/:id").mutation(|Call { input, .. }| Ok(json(&input)));
    Client::of(
        App::new(()).development(false).router(Router::new("test").procedure("read", query).procedure("write", put)),
    )
}

async fn put(client: &Client, id: &str, body: &str) -> Result<String, Vec<String>> {
    outcome(client.json(Method::PUT, &format!("/api/by/{id}"), body.to_owned()).await)
}

async fn of_integer<T: Input + Serialize + schemars::JsonSchema>() {
    let client = by_id::<T>();
    for (id, digits) in [("7", "7"), ("007", "7"), ("+7", "7"), ("%37", "7")] {
        let good = Ok(format!(r#"{{"id":{digits}}}"#));
        assert_eq!(outcome(client.get(&format!("/api/by/{id}")).await), good, "{id}");
        assert_eq!(put(&client, id, "{}").await, good, "{id}");
    }
    for id in ["7.0", "1e1", "70e-1", "7.5", "x"] {
        let get = outcome(client.get(&format!("/api/by/{id}")).await).expect_err(id);
        assert_eq!(put(&client, id, "{}").await, Err(get), "{id}");
    }
    // In JSON, a whole number is an integer however it is written.
    let body = put(&client, "7", r#"{"id":"x","more":1e1}"#).await;
    assert_eq!(body, Ok(r#"{"id":7,"more":10}"#.to_owned()));
}

#[tokio::test]
async fn an_integer_in_a_path_has_neither_a_point_nor_an_exponent() {
    #[schema]
    struct By<T> {
        id: T,
        more: Option<u8>,
    }
    #[schema]
    struct Id(u64);
    #[schema]
    #[serde(untagged)]
    enum Either {
        Id(u64),
        All(bool),
    }
    macro_rules! each {
        ($($integer:ty)+) => { $(of_integer::<By<$integer>>().await;)+ };
    }
    each!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize std::num::NonZeroU32 Option<u32> Id);
    #[schema]
    struct ByEither {
        id: Either,
        more: Option<u8>,
    }
    of_integer::<ByEither>().await;
}

#[tokio::test]
async fn a_parameter_of_a_path_wins_over_the_field_of_which_it_is_an_alias() {
    #[schema]
    struct Rename {
        #[serde(alias = "id", alias = "key")]
        user_id: u32,
        name: Option<String>,
    }
    let client = by_id::<Rename>();
    for sent in ["id", "userId", "key"] {
        let good = Ok(r#"{"userId":7}"#.to_owned());
        assert_eq!(outcome(client.get(&format!("/api/by/7?{sent}=8")).await), good, "{sent}");
        assert_eq!(put(&client, "7", &format!(r#"{{"{sent}":8}}"#)).await, good, "{sent}");
    }
}

#[schema]
struct Cart {
    #[validate(length(max = 2), nested)]
    items: Vec<Item>,
    #[validate(nested)]
    notes: HashMap<String, Item>,
    count: Option<u8>,
}

#[schema]
struct Item {
    #[validate(length(min = 1))]
    name: String,
}

#[tokio::test]
async fn the_issue_of_a_field_does_not_depend_on_other_fields() {
    let client = body::<Cart>();
    let bad = json!({"name": ""});
    let expected = [
        "items: Array must contain at most 2 element(s)",
        "items[0].name: String must contain at least 1 character(s)",
        "items[1].name: String must contain at least 1 character(s)",
        "items[2].name: String must contain at least 1 character(s)",
        "notes.a.name: String must contain at least 1 character(s)",
        "notes.b.name: String must contain at least 1 character(s)",
    ];
    let mut cart = json!({"items": [bad, bad, bad], "notes": {"a": bad, "b": bad}});
    assert_eq!(write(&client, &cart.to_string()).await, Err(expected.map(str::to_owned).to_vec()));
    cart["count"] = "x".into();
    let with_type_error = expected.into_iter().chain(["count: Expected number, received string"]);
    assert_eq!(write(&client, &cart.to_string()).await, Err(with_type_error.map(str::to_owned).collect()));
    // The length of a list is checked even if its items cannot be read.
    let told = write(&client, r#"{"items":[1,2,3],"notes":{}}"#).await.expect_err("refused");
    assert_eq!(told[0], "items: Array must contain at most 2 element(s)");
    assert_eq!(told.len(), 4);
}

#[schema]
struct Renamed {
    #[serde(alias = "old_name", alias = "oldest")]
    #[validate(length(min = 2))]
    new_name: String,
    count: u8,
}

#[tokio::test]
async fn an_alias_works_like_its_field_everywhere() {
    let client = echo::<Renamed>();
    let told = |issues: &[&str]| Err(issues.iter().map(|issue| (*issue).to_owned()).collect());
    for name in ["newName", "old_name", "oldest"] {
        let good = Ok(r#"{"newName":"ab","count":1}"#.to_owned());
        assert_eq!(write(&client, &format!(r#"{{"{name}":"ab","count":1}}"#)).await, good, "{name}");
        assert_eq!(read(&client, &format!("{name}=ab&count=1")).await, good, "{name}");
        let type_error = told(&["count: Expected number, received string"]);
        assert_eq!(write(&client, &format!(r#"{{"{name}":"ab","count":"x"}}"#)).await, type_error, "{name}");
        let broken = told(&[&format!("{name}: String must contain at least 2 character(s)")]);
        assert_eq!(write(&client, &format!(r#"{{"{name}":"a","count":1}}"#)).await, broken, "{name}");
    }
    assert_eq!(write(&client, r#"{"count":1}"#).await, told(&["newName: Required"]));
}

#[tokio::test]
async fn a_field_that_is_sent_under_two_names_is_refused() {
    #[schema]
    struct Flat {
        #[serde(flatten)]
        renamed: Option<Renamed>,
    }
    let twice = r#"{"old_name":"ab","count":1,"newName":"abc","oldest":"x"}"#;
    let issues = Err(vec![": Unrecognized key(s) in object: 'newName', 'oldest'".to_owned()]);
    assert_eq!(write(&echo::<Renamed>(), twice).await, issues);
    assert_eq!(write(&echo::<Flat>(), twice).await, issues);
    assert_eq!(
        write(&echo::<Flat>(), r#"{"count":1,"old_name":"ab"}"#).await,
        Ok(r#"{"newName":"ab","count":1}"#.into())
    );
}

/// A price such as `1.50`, in cents. It is read from a string, although its schema says number.
#[derive(Serialize, schemars::JsonSchema)]
struct Cents(#[schemars(with = "f64")] u64);

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        cents(deserializer).map(Self)
    }
}

fn cents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Price;

    impl Visitor<'_> for Price {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a price such as 1.50")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
            let (euros, cents) = text.split_once('.').ok_or_else(|| E::custom("A price has a point"))?;
            let number = |text: &str| text.parse::<u64>().map_err(|_| E::custom("A price has digits alone"));
            Ok(number(euros)? * 100 + number(cents)?)
        }
    }

    deserializer.deserialize_str(Price)
}

#[schema]
struct Offer {
    #[serde(deserialize_with = "cents")]
    price: u64,
    fee: Cents,
    count: u8,
}

#[tokio::test]
async fn a_reader_that_differs_from_its_schema_decides() {
    let client = echo::<Offer>();
    let good = Ok(r#"{"price":150,"fee":25,"count":1}"#.to_owned());
    assert_eq!(write(&client, r#"{"price":"1.50","fee":"0.25","count":1}"#).await, good);
    assert_eq!(read(&client, "price=1.50&fee=0.25&count=1").await, good);
    let told = write(&client, r#"{"price":"1.50","fee":"0.25","count":"x"}"#).await;
    assert_eq!(told, Err(vec!["count: Expected number, received string".to_owned()]));
    let told = write(&client, r#"{"price":"1","fee":"x.y","count":1}"#).await.expect_err("refused");
    assert_eq!(told, ["price: A price has a point", "fee: A price has digits alone"]);
}

#[test]
fn an_input_that_a_query_cannot_express_is_a_mistake_at_start() {
    #[schema]
    struct Nested {
        a: u8,
    }
    #[schema]
    struct Filter {
        word: String,
        filter: Nested,
    }
    #[schema]
    struct Several {
        #[serde(default)]
        several: Vec<Nested>,
    }
    #[schema]
    struct Counted {
        #[serde(default)]
        counted: HashMap<String, u8>,
    }
    #[schema]
    struct Flat {
        #[serde(flatten)]
        inner: Filter,
    }
    #[schema]
    struct Rest {
        word: String,
        #[serde(flatten)]
        rest: HashMap<String, Nested>,
    }
    #[schema]
    struct Map(HashMap<String, Vec<Nested>>);
    fn refused<T: Input + Serialize>(field: &str) {
        let query = procedure().input::<T>().query(|_| Ok(1));
        let app = App::new(()).router(Router::new("test").procedure("read", query));
        let error = app.into_service().expect_err("it is refused").to_string();
        assert!(error.contains(&format!("{field} cannot be sent in a query")), "{error}");
        let by_trpc = procedure().input::<T>().no_rest().query(|_| Ok(1));
        let app = App::new(()).router(Router::new("test").procedure("read", by_trpc)).trpc("/trpc");
        app.into_service().expect("tRPC sends JSON");
    }
    refused::<Filter>("the field `filter`");
    refused::<Several>("the field `several`");
    refused::<Counted>("the field `counted`");
    refused::<Flat>("the field `filter`");
    let values = "a value of a map with arbitrary keys";
    refused::<Rest>(values);
    refused::<Map>(values);
}

#[tokio::test]
async fn a_query_of_any_keys_converts_their_texts() {
    #[schema]
    struct Flags(HashMap<String, bool>);
    #[schema]
    struct Lists {
        word: String,
        #[serde(flatten)]
        rest: HashMap<String, Vec<u32>>,
    }
    let flags = echo::<Flags>();
    for (text, flag) in [("true", true), ("1", true), ("false", false), ("0", false)] {
        assert_eq!(read(&flags, &format!("a={text}")).await, Ok(format!(r#"{{"a":{flag}}}"#)));
    }
    assert_eq!(read(&flags, "a=yes").await, Err(vec!["a: Expected boolean, received string".to_owned()]));
    let lists = echo::<Lists>();
    for (query, list) in [("a=1", "[1]"), ("a=1&a=2", "[1,2]")] {
        let good = Ok(format!(r#"{{"word":"true","a":{list}}}"#));
        assert_eq!(read(&lists, &format!("word=true&{query}")).await, good);
    }
}

#[tokio::test]
async fn a_text_whose_type_only_the_variant_tells_is_converted() {
    #[schema]
    #[serde(tag = "of")]
    enum Any {
        Flag { value: bool },
        Number { value: u32 },
        Text { value: String },
        List { value: Vec<u32> },
        Flags { value: Vec<bool> },
    }
    let client = echo::<Any>();
    for (query, value) in [
        ("of=flag&value=true", "true"),
        ("of=flag&value=0", "false"),
        ("of=number&value=1", "1"),
        ("of=text&value=1", r#""1""#),
        ("of=text&value=true", r#""true""#),
        ("of=list&value=1", "[1]"),
        ("of=list&value=1&value=2", "[1,2]"),
        ("of=flags&value=1", "[true]"),
    ] {
        let of = query.split(['=', '&']).nth(1).expect("a tag");
        assert_eq!(read(&client, query).await, Ok(format!(r#"{{"of":"{of}","value":{value}}}"#)), "{query}");
    }
    for query in ["of=flag&value=yes", "of=number&value=true", "of=list&value=a", "of=list&value=1.0"] {
        assert!(read(&client, query).await.is_err(), "{query}");
    }
}

#[schema]
struct Paging {
    page: u32,
    size: Option<u32>,
}

#[schema]
struct List {
    word: String,
    #[serde(flatten)]
    paging: Option<Paging>,
}

#[tokio::test]
async fn a_flattened_option_hides_no_mistakes() {
    let client = echo::<List>();
    assert_eq!(write(&client, r#"{"word":"a"}"#).await, Ok(r#"{"word":"a"}"#.to_owned()));
    assert_eq!(write(&client, r#"{"word":"a","page":1}"#).await, Ok(r#"{"word":"a","page":1}"#.to_owned()));
    let told = |text: &str| Err(vec![text.to_owned()]);
    assert_eq!(write(&client, r#"{"word":"a","page":"x"}"#).await, told("page: Expected number, received string"));
    assert_eq!(write(&client, r#"{"word":"a","size":1}"#).await, told("page: Required"));
    assert_eq!(read(&client, "word=a&page=x").await, told("page: Expected number, received nan"));
    assert_eq!(write(&client, r#"{"word":"a","page":1.0}"#).await, Ok(r#"{"word":"a","page":1}"#.to_owned()));
}

#[tokio::test]
async fn a_raw_identifier_loses_its_prefix_on_the_wire() {
    #[schema]
    #[serde(rename_all = "PascalCase")]
    struct Raw {
        #[validate(length(min = 1))]
        r#type: String,
        #[validate(nested)]
        r#use: Use,
    }
    #[schema]
    struct Use {
        #[validate(length(min = 1))]
        first_name: String,
        #[validate(range(max = 1))]
        r#loop: u8,
    }
    let told = write(&body::<Raw>(), r#"{"Type":"","Use":{"firstName":"","loop":2}}"#).await.expect_err("refused");
    let fields: Vec<_> = told.iter().map(|issue| issue.split(':').next().expect("a field")).collect();
    assert_eq!(fields, ["Type", "Use.firstName", "Use.loop"]);
}

#[schema]
#[derive(Clone)]
#[serde(try_from = "String")]
struct Slug(String);

impl TryFrom<String> for Slug {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.contains(' ') { Err("A slug has no spaces") } else { Ok(Self(text)) }
    }
}

#[tokio::test]
async fn strict_readers_keep_their_own_messages() {
    #[schema]
    struct Post {
        slug: Slug,
        others: Vec<Slug>,
        #[validate(length(min = 1))]
        title: String,
    }
    let told = write(&body::<Post>(), r#"{"slug":"a b","others":["c","d e"],"title":""}"#).await;
    let expected = [
        "slug: A slug has no spaces",
        "others[1]: A slug has no spaces",
        "title: String must contain at least 1 character(s)",
    ];
    assert_eq!(told, Err(expected.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn only_integer_fields_read_a_whole_float_as_an_integer() {
    #[schema]
    struct Numbers {
        n: u32,
        extra: Value,
        many: Option<Vec<i64>>,
    }
    let client = body::<Numbers>();
    let read = write(&client, r#"{"n":1.0,"extra":{"x":2.0,"y":-0.0},"many":[1e2,-3.0]}"#).await;
    assert_eq!(read, Ok(r#"{"n":1,"extra":{"x":2.0,"y":-0.0},"many":[100,-3]}"#.to_owned()));
    let told = write(&client, r#"{"n":1.5,"extra":2.0}"#).await;
    assert_eq!(told, Err(vec!["n: Expected integer, received float".to_owned()]));
}

#[tokio::test]
async fn a_double_option_tells_null_from_a_missing_key() {
    #[schema]
    struct Patch {
        name: Option<Option<String>>,
    }
    let client = body::<Patch>();
    for (sent, read) in [("{}", "{}"), (r#"{"name":null}"#, r#"{"name":null}"#), (r#"{"name":"a"}"#, r#"{"name":"a"}"#)]
    {
        assert_eq!(write(&client, sent).await, Ok(read.to_owned()), "{sent}");
    }
    assert_eq!(write(&client, r#"{"name":1}"#).await, Err(vec!["name: Expected string, received number".to_owned()]));
}

#[tokio::test]
async fn a_field_of_a_variant_has_its_aliases_and_both_its_options() {
    #[schema]
    #[serde(tag = "kind")]
    enum Change {
        Rename {
            #[serde(alias = "title")]
            name: Option<Option<String>>,
            count: Option<u8>,
        },
    }
    let client = echo::<Change>();
    for sent in [r#"{"kind":"rename"}"#, r#"{"kind":"rename","name":null}"#] {
        assert_eq!(write(&client, sent).await, Ok(sent.to_owned()));
    }
    let read = read(&client, "kind=rename&title=7&count=1").await;
    assert_eq!(read, Ok(r#"{"kind":"rename","name":"7","count":1}"#.to_owned()));
}

#[tokio::test]
async fn flattened_newtypes_and_untagged_enums_are_taken_apart() {
    #[schema]
    struct Page {
        number: u8,
        size: u8,
    }
    #[schema]
    struct Paged(Page);
    #[schema]
    #[serde(untagged)]
    enum Filter {
        Word { word: String },
        Id { id: u32 },
    }
    #[schema]
    struct Search {
        #[serde(flatten)]
        paged: Paged,
        #[serde(flatten)]
        filter: Filter,
    }
    let client = body::<Search>();
    let right = r#"{"number":1,"size":2,"id":3}"#;
    assert_eq!(write(&client, right).await, Ok(right.to_owned()));
    assert_eq!(write(&client, r#"{"number":1.0,"size":2,"id":3.0}"#).await, Ok(right.to_owned()));
    let told = write(&client, r#"{"number":"1","size":"2","id":"3"}"#).await;
    let expected =
        ["number: Expected number, received string", "size: Expected number, received string", ": Invalid input"];
    assert_eq!(told, Err(expected.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn unknown_fields_are_denied_in_a_query_too() {
    #[schema]
    #[serde(deny_unknown_fields)]
    struct Strict {
        word: Option<String>,
    }
    let client = echo::<Strict>();
    assert_eq!(read(&client, "word=a").await, Ok(r#"{"word":"a"}"#.to_owned()));
    let told = Err(vec![": Unrecognized key(s) in object: 'more'".to_owned()]);
    assert_eq!(read(&client, "word=a&more=1").await, told);
    assert_eq!(write(&client, r#"{"word":"a","more":1}"#).await, told);

    #[schema]
    #[serde(tag = "kind", deny_unknown_fields)]
    enum Kind {
        Word { word: String },
    }
    #[schema]
    struct Flat {
        #[serde(flatten)]
        kind: Kind,
    }
    let client = echo::<Flat>();
    assert_eq!(read(&client, "kind=word&word=a").await, Ok(r#"{"kind":"word","word":"a"}"#.to_owned()));
    let told = Err(vec![": Invalid input".to_owned()]);
    assert_eq!(read(&client, "kind=word&word=a&more=1").await, told);
    assert_eq!(write(&client, r#"{"kind":"word","word":"a","more":1}"#).await, told);
}

#[tokio::test]
async fn a_query_has_every_field_that_a_body_may_have() {
    #[schema]
    #[serde(rename_all = "camelCase")]
    enum Owner {
        #[serde(alias = "crew")]
        Team(String),
        #[serde(alias = "person")]
        User(u8),
    }
    #[schema]
    struct Owned {
        #[serde(flatten)]
        owner: Owner,
        count: u8,
    }
    let client = echo::<Owned>();
    for (query, json) in
        [("crew=a&count=1", r#"{"team":"a","count":1}"#), ("person=7&count=1&more=a&more=b", r#"{"user":7,"count":1}"#)]
    {
        assert_eq!(read(&client, query).await, Ok(json.to_owned()), "{query}");
    }
    assert_eq!(
        read(&client, "person=a&count=1").await.err(),
        Some(vec!["person: Expected number, received nan".into()])
    );

    // A field that the type does not have is no reason to read an input that may be left out.
    #[schema]
    struct Maybe(Option<Owned>);
    let client = echo::<Maybe>();
    assert_eq!(read(&client, "more=1").await, Ok("null".to_owned()));
    assert_eq!(read(&client, "team=a&count=1").await, Ok(r#"{"team":"a","count":1}"#.to_owned()));
}

#[test]
fn a_type_that_serde_cannot_read_is_a_mistake_at_start() {
    #[schema]
    #[serde(tag = "kind")]
    enum Tagged {
        Wide { wide: u128 },
    }
    #[schema]
    struct Flat {
        own: u128,
        #[serde(flatten)]
        inner: Inner,
    }
    #[schema]
    struct Inner {
        by_number: HashMap<u8, bool>,
    }
    #[schema]
    struct Rest {
        #[serde(flatten)]
        by_number: HashMap<u8, bool>,
    }
    #[schema]
    enum Mixed {
        Wide(u128),
        #[serde(untagged)]
        Text(String),
    }
    #[schema]
    struct Size {
        size: u32,
    }
    #[schema]
    struct Shirt {
        size: String,
    }
    #[schema]
    struct Twice {
        #[serde(flatten)]
        first: Size,
        #[serde(flatten)]
        second: Shirt,
    }
    #[schema]
    #[serde(tag = "of")]
    enum Change {
        Rename { id: u32, name: String },
        Drop { id: u32 },
    }
    #[schema]
    struct OfOne {
        id: u32,
        #[serde(flatten)]
        change: Change,
    }
    #[schema]
    struct OfKind {
        of: String,
        #[serde(flatten)]
        change: Change,
    }
    #[schema]
    #[serde(tag = "kind")]
    enum OfItsOwn {
        Held(Labelled),
    }
    #[schema]
    struct Labelled {
        kind: String,
    }
    #[schema]
    struct Fine {
        own: u128,
        by_number: HashMap<u8, bool>,
    }
    #[schema]
    struct Changed {
        by: String,
        // A rename takes it away from this field, but there is another variant.
        name: Option<String>,
        #[serde(flatten)]
        change: Change,
    }
    fn start<T: Input + Serialize>() -> Result<(), String> {
        let mutation = procedure().input::<T>().mutation(|_| Ok(1));
        let app = App::new(()).router(Router::new("test").procedure("write", mutation));
        app.into_service().map(drop).map_err(|error| error.to_string())
    }
    for (started, part) in [
        (start::<Tagged>(), "the input's field `wide`"),
        (start::<Flat>(), "the input's field `byNumber`"),
        (start::<Rest>(), "a value in the input"),
        (start::<Mixed>(), "the input's field `wide`"),
        (start::<Twice>(), "the input's field `size`"),
        (start::<OfOne>(), "the input's field `id`"),
        (start::<OfKind>(), "the input's field `of`"),
        (start::<OfItsOwn>(), "the input's field `kind`"),
    ] {
        let error = started.expect_err("it is refused");
        assert!(error.contains(&format!("serde cannot read {part}. ")), "{error}");
    }
    start::<Fine>().expect("serde reads it");
    start::<Changed>().expect("serde reads some values");
}

#[tokio::test]
async fn a_name_or_null_that_serde_has_buffered_is_one() {
    #[schema]
    enum Role {
        Admin,
        User,
    }
    #[schema]
    struct Held {
        role: Role,
        nothing: Option<()>,
    }
    #[schema]
    struct Flat {
        id: u32,
        #[serde(flatten)]
        held: Held,
    }
    #[schema]
    #[serde(tag = "t", content = "c")]
    enum Beside {
        Count(u32),
        Flat(Flat),
    }
    #[schema]
    #[serde(tag = "op")]
    enum Sum {
        Number { value: i32 },
        Not { inner: Box<Sum> },
    }
    #[schema]
    struct Line {
        id: u32,
        #[serde(flatten)]
        sum: Sum,
    }
    let wrong = |path: &str| vec![format!("{path}: Invalid discriminator value. Expected 'number' | 'not'")];
    let role = |path: &str| vec![format!("{path}: Expected 'admin' | 'user', received object")];
    let nothing = vec!["nothing: Expected null, received object".to_owned()];
    let beside = vec!["t: Invalid discriminator value. Expected 'count' | 'flat'".to_owned()];
    let [sums, lines, flats, besides] = [body::<Sum>(), body::<Line>(), body::<Flat>(), body::<Beside>()];
    for (client, sent, issues) in [
        (&sums, r#"{"op":"not","inner":{"op":"number","value":0}}"#, vec![]),
        (&sums, r#"{"op":"not","inner":{"op":0,"value":1}}"#, wrong("inner.op")),
        (&sums, r#"{"op":"not","inner":{"\u006fp" : 0,"value":1}}"#, wrong("inner.op")),
        (&sums, r#"{"op":0,"value":1}"#, wrong("op")),
        (&lines, r#"{"id":1,"op":"number","value":0}"#, vec![]),
        (&lines, r#"{"id":1,"op" :  0,"value":0}"#, wrong("op")),
        (&flats, r#"{"id":1,"role":"admin","nothing":null}"#, vec![]),
        (&flats, r#"{"id":1,"role":{"admin":{}}}"#, role("role")),
        (&flats, r#"{"id":1,"role":{"admin":{ }}}"#, role("role")),
        (&flats, r#"{"id":1,"role":"user","nothing":{}}"#, nothing),
        (&besides, r#"{"t":"count","c":1}"#, vec![]),
        (&besides, r#"{"t":{"count":null},"c":1}"#, beside),
        (&besides, r#"{"t":"flat","c":{"id":1,"role":{"admin":{}}}}"#, role("c.role")),
    ] {
        assert_eq!(write(client, sent).await.err().unwrap_or_default(), issues, "{sent}");
    }
}

#[tokio::test]
async fn null_for_an_optional_key_is_refused_if_that_is_set() {
    #[schema]
    struct Search {
        word: Option<String>,
        tags: Option<Vec<Option<String>>>,
        #[schema(nullable)]
        owner: Option<String>,
        name: Option<Option<String>>,
    }
    let app = |is_strict: bool| {
        let mutation =
            procedure().input::<Search>().rest(Method::POST, "/body").mutation(|Call { input, .. }| Ok(json(&input)));
        let app = App::new(()).development(false).router(Router::new("test").procedure("write", mutation));
        Client::of(if is_strict { app.strict_null() } else { app })
    };
    let sent = r#"{"word":null,"tags":null,"owner":null,"name":null}"#;
    assert_eq!(write(&app(false), sent).await, Ok(r#"{"owner":null,"name":null}"#.to_owned()));
    let told = ["word: Expected string, received null", "tags: Expected array, received null"];
    assert_eq!(write(&app(true), sent).await, Err(told.map(str::to_owned).to_vec()));
    let nulls_inside = r#"{"word":"null","tags":["a",null],"owner":null,"name":null}"#;
    assert_eq!(write(&app(true), nulls_inside).await, Ok(nulls_inside.to_owned()));
}

#[tokio::test]
async fn an_empty_form_field_counts_as_absent() {
    #[schema]
    struct Form {
        page: Option<u32>,
        #[serde(default)]
        open: bool,
        word: Option<String>,
        ids: Option<Vec<u32>>,
    }
    let client = echo::<Form>();
    let read_empty = read(&client, "page=&open=&word=&ids=").await;
    assert_eq!(read_empty, Ok(r#"{"open":false,"word":""}"#.to_owned()));
    #[schema]
    struct Needed {
        page: u32,
    }
    let told = read(&echo::<Needed>(), "page=").await;
    assert_eq!(told, Err(vec!["page: Expected number, received nan".to_owned()]));
}

/// Such a type reports its first error with its path, or all errors of validator.
#[tokio::test]
async fn a_type_without_the_macro_reports_the_errors_of_its_derives() {
    #[derive(Serialize, Deserialize, validator::Validate, schemars::JsonSchema)]
    struct Outer {
        inner: Vec<Inner>,
        #[validate(length(min = 2))]
        name: String,
    }
    #[derive(Serialize, Deserialize, schemars::JsonSchema)]
    struct Inner {
        count: u8,
    }
    impl Examine for Outer {}
    let client = body::<Outer>();
    for (sent, told) in [
        (r#"{"inner":[{"count":1},{"count":"x"}],"name":1}"#, "inner[1].count: Expected number, received string"),
        (r#"{"inner":[{}],"name":"ab"}"#, "inner[0].count: Required"),
        (r#"{"inner":[],"name":"a"}"#, "name: String must contain at least 2 character(s)"),
        (r#"{"inner":[{"count":300}],"name":"ab"}"#, "inner[0].count: Number must be less than or equal to 255"),
        (r#"{"name":"ab"}"#, "inner: Required"),
    ] {
        assert_eq!(write(&client, sent).await, Err(vec![told.to_owned()]), "{sent}");
    }
    assert_eq!(
        write(&client, r#"{"inner":[{"count":1.0}],"name":"ab"}"#).await,
        Ok(r#"{"inner":[{"count":1}],"name":"ab"}"#.to_owned())
    );
}

#[tokio::test]
async fn each_bound_of_a_length_has_its_own_message() {
    #[schema]
    struct Password {
        #[validate(length(min = 8, message = "Too short"))]
        #[validate(length(max = 10, message = "Too long"))]
        password: String,
    }
    let client = body::<Password>();
    for (password, told) in [("1234567", "Too short"), ("12345678901", "Too long")] {
        let sent = json!({"password": password}).to_string();
        assert_eq!(write(&client, &sent).await, Err(vec![format!("password: {told}")]));
    }
}

/// Zod requires the dot.
#[tokio::test]
async fn an_email_address_needs_a_dot_in_its_domain() {
    #[schema]
    struct Mail {
        #[validate(email)]
        to: Option<String>,
    }
    let client = body::<Mail>();
    for good in ["a@b.co", "o'neil+x-y_z@sub.example.com", "1@2.xyz"] {
        assert!(write(&client, &json!({"to": good}).to_string()).await.is_ok(), "{good}");
    }
    for bad in [
        "a@b",
        "a..b@c.com",
        ".a@b.co",
        "a.@b.co",
        "a!@b.com",
        "a@ex\u{e4}mple.com",
        "a@-b.co",
        "a@b..co",
        "a@b.c",
        "@b.co",
        "a@b.c0",
        "a b@c.de",
    ] {
        let told = Err(vec!["to: Invalid email".to_owned()]);
        assert_eq!(write(&client, &json!({"to": bad}).to_string()).await, told, "{bad}");
    }
    assert!(write(&client, "{}").await.is_ok());
}

#[tokio::test]
async fn a_static_cow_is_a_valid_input() {
    #[schema]
    struct Note {
        #[validate(length(min = 1))]
        text: std::borrow::Cow<'static, str>,
        count: u8,
    }
    let client = body::<Note>();
    assert_eq!(write(&client, r#"{"text":"a","count":1}"#).await, Ok(r#"{"text":"a","count":1}"#.to_owned()));
    let told = ["text: String must contain at least 1 character(s)", "count: Expected number, received string"];
    assert_eq!(write(&client, r#"{"text":"","count":"x"}"#).await, Err(told.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn the_largest_integers_may_be_written_as_fractions() {
    #[schema]
    struct Large {
        large: u64,
        signed: i64,
    }
    let client = body::<Large>();
    let read = write(&client, r#"{"large":18446744073709551615.0,"signed":9223372036854775807.0}"#).await;
    assert_eq!(read, Ok(r#"{"large":18446744073709551615,"signed":9223372036854775807}"#.to_owned()));
    let told = write(&client, r#"{"large":18446744073709551616.0,"signed":-92233720368547758.09e2}"#).await;
    let most = "large: Number must be less than or equal to 18446744073709551615";
    let least = "signed: Number must be greater than or equal to -9223372036854775808";
    assert_eq!(told, Err(vec![most.to_owned(), least.to_owned()]));
}

#[tokio::test]
async fn nonzero_numbers_are_read_like_other_numbers() {
    #[schema]
    struct NonZero {
        positive: std::num::NonZeroU8,
        other: std::num::NonZeroI8,
    }
    let client = body::<NonZero>();
    let read = Ok(r#"{"positive":1,"other":-2}"#.to_owned());
    assert_eq!(write(&client, r#"{"positive":1,"other":-2}"#).await, read);
    assert_eq!(write(&client, r#"{"positive":1.0,"other":-20e-1}"#).await, read);
    for (sent, positive, other) in [
        ("0", "Number must be greater than or equal to 1", "Invalid input"),
        ("300", "Number must be less than or equal to 255", "Number must be less than or equal to 127"),
        ("1.5", "Expected integer, received float", "Expected integer, received float"),
        (r#""1""#, "Expected number, received string", "Expected number, received string"),
    ] {
        let told = write(&client, &format!(r#"{{"positive":{sent},"other":{sent}}}"#)).await;
        assert_eq!(told, Err(vec![format!("positive: {positive}"), format!("other: {other}")]), "{sent}");
    }
    assert_eq!(write(&client, r#"{"positive":1,"other":0.0}"#).await.expect_err("refused").len(), 1);
}

#[tokio::test]
async fn an_untagged_enum_reads_a_number_as_serde_does_beside_invalid_fields() {
    #[schema]
    #[serde(untagged)]
    enum Amount {
        Pieces(u8),
        Weight(f64),
    }
    #[schema]
    struct Order {
        amount: Amount,
        count: u8,
    }
    let client = body::<Order>();
    for (amount, read) in [("1", "1"), ("1.0", "1.0"), ("1.5", "1.5")] {
        for count in ["2", "2.0"] {
            let sent = format!(r#"{{"amount":{amount},"count":{count}}}"#);
            assert_eq!(write(&client, &sent).await, Ok(format!(r#"{{"amount":{read},"count":2}}"#)), "{sent}");
        }
    }
}

#[tokio::test]
async fn a_range_compares_all_digits_of_a_number() {
    #[schema]
    struct Limits {
        #[validate(range(max = 9_007_199_254_740_992_u64))]
        most: u64,
        #[validate(range(min = 9_007_199_254_740_993_i64))]
        least: Option<i64>,
    }
    let client = body::<Limits>();
    let read = write(&client, r#"{"most":9007199254740992.0,"least":9007199254740993.0}"#).await;
    assert_eq!(read, Ok(r#"{"most":9007199254740992,"least":9007199254740993}"#.to_owned()));
    let told = write(&client, r#"{"most":9007199254740993.0,"least":9007199254740992.0}"#).await;
    let most = "most: Number must be less than or equal to 9007199254740992";
    let least = "least: Number must be greater than or equal to 9007199254740993";
    assert_eq!(told, Err(vec![most.to_owned(), least.to_owned()]));
}

/// Reading an enum's tag before its content or its fields must not change what is accepted.
#[tokio::test]
async fn fields_beside_a_tag_are_read_as_serde_reads_them() {
    #[schema]
    #[serde(tag = "t", content = "c")]
    enum Beside {
        Number(u8),
        Maybe(Option<u8>),
        Unit,
    }
    #[schema]
    #[serde(tag = "t", content = "c", deny_unknown_fields)]
    enum StrictBeside {
        Number(u8),
    }
    #[schema]
    #[serde(tag = "t", deny_unknown_fields)]
    enum Among {
        Fields { a: u8 },
        Open(Open),
        Strict(Strict),
        Unit,
    }
    #[schema]
    struct Open {
        a: u8,
    }
    #[schema]
    #[serde(deny_unknown_fields)]
    struct Strict {
        a: u8,
    }
    async fn check<T: Input + Serialize + schemars::JsonSchema>(value: &str, told: Option<&str>) {
        let told = told.map(str::to_owned);
        let alone = write(&body::<T>(), value).await;
        assert_eq!(alone.err().map(|issues| issues.join("; ")), told, "{value}");
        // If the text has an array, velox does not rely on serde, which reads arrays as structs.
        let among = write(&body::<Vec<T>>(), &format!("[{value}]")).await;
        let told = told.map(|text| if text.starts_with(':') { format!("[0]{text}") } else { format!("[0].{text}") });
        assert_eq!(among.err().map(|issues| issues.join("; ")), told, "{value}");
    }
    check::<Beside>(r#"{"t":"maybe"}"#, None).await;
    check::<Beside>(r#"{"t":"number"}"#, Some("c: Required")).await;
    check::<Beside>(r#"{"t":"unit","c":null}"#, None).await;
    check::<Beside>(r#"{"t":"unit","c":1}"#, Some("c: Expected null, received number")).await;
    check::<Beside>(r#"{"t":"unit","more":1}"#, None).await;
    let unknown = Some(": Unrecognized key(s) in object: 'more'");
    check::<StrictBeside>(r#"{"t":"number","c":1,"more":1}"#, unknown).await;
    check::<Among>(r#"{"t":"fields","a":1,"more":1}"#, unknown).await;
    check::<Among>(r#"{"t":"strict","a":1,"more":1}"#, unknown).await;
    check::<Among>(r#"{"t":"open","a":1,"more":1}"#, None).await;
    check::<Among>(r#"{"t":"unit","more":1}"#, None).await;
}

#[tokio::test]
async fn fields_without_a_name_may_be_missing_at_the_end() {
    #[schema]
    struct Partial(u8, #[serde(default)] u8);
    let client = body::<Partial>();
    for (sent, read) in [("[1]", "[1,0]"), ("[1,2]", "[1,2]")] {
        assert_eq!(write(&client, sent).await, Ok(read.to_owned()), "{sent}");
    }
    let told = |text: &str| Err(vec![text.to_owned()]);
    assert_eq!(write(&client, "[]").await, told(": Array must contain at least 1 element(s)"));
    assert_eq!(write(&client, "[1,2,3]").await, told(": Array must contain at most 2 element(s)"));
    assert_eq!(write(&client, r#"[1,"x"]"#).await, told("[1]: Expected number, received string"));
}

#[tokio::test]
async fn a_map_beside_a_tag_does_not_contain_the_tag() {
    #[schema]
    #[serde(tag = "kind")]
    enum Counted {
        Map(HashMap<String, u8>),
    }
    #[schema]
    struct Both {
        counted: Counted,
        list: Vec<u8>,
    }
    let client = body::<Both>();
    let good = r#"{"counted":{"kind":"map","a":1},"list":[]}"#;
    assert_eq!(write(&client, good).await, Ok(good.to_owned()));
    let told = write(&client, r#"{"counted":{"kind":"map","a":"x"},"list":[]}"#).await;
    assert_eq!(told, Err(vec!["counted.a: Expected number, received string".to_owned()]));
}

#[test]
fn a_field_may_be_deprecated_without_a_warning_of_the_macro() {
    #[schema]
    struct Old {
        #[deprecated]
        #[validate(length(min = 1))]
        name: String,
    }
    let old: Old = serde_json::from_str(r#"{"name":""}"#).expect("serde reads it");
    assert!(validator::Validate::validate(&old).is_err());
}

#[tokio::test]
async fn strings_are_trimmed_before_their_rules_are_checked() {
    #[schema]
    struct Account {
        #[schema(trim, lowercase)]
        #[validate(length(min = 3), must_match(other = "again"))]
        name: String,
        again: String,
        #[schema(trim)]
        #[validate(length(min = 1))]
        tag: Option<String>,
        #[schema(trim)]
        #[validate(custom(function = "no_spaces"))]
        words: Vec<String>,
        #[schema(nullable, uppercase)]
        country: Option<String>,
        page: u8,
    }
    fn no_spaces(words: &[String]) -> Result<(), validator::ValidationError> {
        if words.iter().any(|word| word.contains(' ')) {
            Err(validator::ValidationError::new("spaces"))
        } else {
            Ok(())
        }
    }
    let client = echo::<Account>();
    let told = read(&client, "name=%20ADA%20&again=ada&words=%20a&words=b%20&country=de&page=1").await;
    assert_eq!(told.as_deref(), Ok(r#"{"name":"ada","again":"ada","words":["a","b"],"country":"DE","page":1}"#));
    let told = write(&client, r#"{"name":" Ada ","again":"ada","tag":null,"words":["a "],"page":1.0}"#).await;
    assert_eq!(told.as_deref(), Ok(r#"{"name":"ada","again":"ada","words":["a"],"country":null,"page":1}"#));
    let bad = |page| format!(r#"{{"name":"  A ","again":"a","tag":" ","words":[" a b "],"country":1,"page":{page}}}"#);
    let mut issues = vec![
        "name: String must contain at least 3 character(s)",
        "tag: String must contain at least 1 character(s)",
        "words: Invalid input",
        "country: Expected string, received number",
    ];
    assert_eq!(write(&client, &bad("1")).await, Err(issues.iter().map(|issue| (*issue).to_owned()).collect()));
    issues.push("page: Expected number, received string");
    assert_eq!(write(&client, &bad("\"x\"")).await, Err(issues.iter().map(|issue| (*issue).to_owned()).collect()));
}

#[tokio::test]
async fn a_missing_trimmed_string_is_reported_like_any_other() {
    #[schema]
    #[serde(default)]
    struct Patch {
        #[schema(trim)]
        title: Option<String>,
        #[schema(trim)]
        owner: Option<Option<String>>,
        count: Option<Option<u8>>,
        #[schema(uppercase)]
        #[validate(length(max = 2))]
        country: String,
    }
    impl Default for Patch {
        fn default() -> Self {
            let text = |text: &str| Some(text.to_owned());
            Self { title: text("t"), owner: Some(text("o")), count: Some(Some(1)), country: "de".to_owned() }
        }
    }
    let client = body::<Patch>();
    for (sent, got) in [
        ("{}", r#"{"title":"t","owner":"o","count":1,"country":"de"}"#),
        (r#"{"title":null,"owner":null,"count":null,"country":"at"}"#, r#"{"owner":null,"count":null,"country":"AT"}"#),
        (r#"{"title":" a ","owner":" b "}"#, r#"{"title":"a","owner":"b","count":1,"country":"de"}"#),
    ] {
        assert_eq!(write(&client, sent).await.as_deref(), Ok(got));
    }
}

#[tokio::test]
async fn rules_of_a_flattened_field_are_reported_when_all_fields_can_be_read() {
    #[schema]
    struct Paging {
        #[validate(range(min = 1))]
        page: u8,
    }
    #[schema]
    struct Search {
        #[serde(flatten)]
        #[validate(nested, custom(function = "odd"))]
        paging: Paging,
        #[validate(length(min = 1))]
        word: String,
        #[serde(flatten)]
        #[validate(length(max = 1, message = "Too many filters"))]
        filters: HashMap<String, u8>,
    }
    fn odd(paging: &Paging) -> Result<(), validator::ValidationError> {
        if paging.page % 2 == 1 { Ok(()) } else { Err(validator::ValidationError::new("even")) }
    }
    let client = body::<Search>();
    let told = write(&client, r#"{"page":1,"word":"a","f":1}"#).await;
    assert_eq!(told.as_deref(), Ok(r#"{"page":1,"word":"a","f":1}"#));
    let told = write(&client, r#"{"page":0,"word":"","f":1,"g":2}"#).await;
    let least = "page: Number must be greater than or equal to 1";
    let short = "word: String must contain at least 1 character(s)";
    let all = [least, ": Invalid input", short, ": Too many filters"].map(str::to_owned);
    assert_eq!(told, Err(all.to_vec()));
    let told = write(&client, r#"{"page":0,"word":"","f":1,"g":"x"}"#).await;
    assert_eq!(told, Err([least, short, "g: Expected number, received string"].map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn rules_also_check_defaults_and_are_reported_in_source_order() {
    #[schema]
    struct Search {
        #[serde(default)]
        #[validate(range(min = 1), multiple_of = 5)]
        page: u8,
        #[serde(default = "three")]
        #[validate(multiple_of = 5, custom(function = "even"), range(max = 2))]
        size: u32,
        #[serde(default)]
        #[validate(custom(function = "some"), length(min = 1))]
        words: Vec<String>,
    }
    fn three() -> u32 {
        3
    }
    fn even(number: u32) -> Result<(), validator::ValidationError> {
        if number.is_multiple_of(2) { Ok(()) } else { Err(validator::ValidationError::new("odd")) }
    }
    fn some(words: &[String]) -> Result<(), validator::ValidationError> {
        if words.is_empty() { Err(validator::ValidationError::new("none")) } else { Ok(()) }
    }
    let told = write(&body::<Search>(), "{}").await;
    let issues = [
        "page: Number must be greater than or equal to 1",
        "size: Invalid input",
        "size: Number must be a multiple of 5",
        "size: Number must be less than or equal to 2",
        "words: Invalid input",
        "words: Array must contain at least 1 element(s)",
    ];
    assert_eq!(told, Err(issues.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn the_first_of_several_flattened_variants_counts() {
    #[schema]
    enum Owner {
        User { id: u8 },
        Team(String),
    }
    #[schema]
    struct Thing {
        count: u8,
        #[serde(flatten)]
        owner: Owner,
    }
    let client = body::<Thing>();
    let told = write(&client, r#"{"count":1.0,"team":"x","user":null}"#).await;
    assert_eq!(told.as_deref(), Ok(r#"{"count":1,"team":"x"}"#));
    let told = write(&client, r#"{"user":null,"count":1.0,"team":"x"}"#).await;
    assert_eq!(told, Err(vec!["user: Expected object, received null".to_owned()]));
}

#[schema]
#[serde(deny_unknown_fields)]
struct Points<T> {
    points: Vec<T>,
}

#[schema]
#[serde(tag = "kind")]
enum Shape {
    Line(Points<f64>),
    Dot { x: f64 },
}

#[schema]
struct Named {
    name: String,
    #[serde(flatten)]
    line: Points<f64>,
}

type Extra = HashMap<String, u32>;

#[schema]
struct Counted {
    name: String,
    tags: Vec<String>,
    #[serde(flatten)]
    extra: Extra,
}

#[tokio::test]
async fn what_serde_accepts_is_accepted_beside_a_list() {
    for body_of in [r#"{"kind":"line","points":[1.5]}"#, r#"{"kind":"dot","x":1.5}"#] {
        assert_eq!(write(&body::<Shape>(), body_of).await, Ok(body_of.to_owned()));
    }
    let named = r#"{"name":"a","points":[1.5]}"#;
    assert_eq!(write(&body::<Named>(), named).await, Ok(named.to_owned()));
    let counted = r#"{"name":"a","tags":["x"],"k":1}"#;
    assert_eq!(write(&body::<Counted>(), counted).await, Ok(counted.to_owned()));
    // serde alone would read an array as a struct.
    assert!(write(&body::<Counted>(), r#"["a",["x"]]"#).await.is_err());
}

/// Only an object has names, as a path and a query do.
#[test]
fn an_input_that_is_not_an_object_cannot_be_sent_in_a_path_or_query() {
    #[schema]
    struct Id(u32);
    #[schema]
    struct Pair(u32, String);
    #[schema]
    struct List(Vec<String>);
    #[schema]
    struct Maybe(Option<u32>);
    #[schema]
    enum Color {
        Red,
        Green,
    }
    #[schema]
    #[serde(untagged)]
    enum Scalar {
        Number(u32),
        Text(String),
    }
    fn start<T: Input>(method: Method, path: &'static str) -> String {
        let procedure = procedure().input::<T>().rest(method.clone(), path);
        let router = Router::new("test");
        let router = match method {
            Method::GET => router.procedure("run", procedure.query(|_| Ok(1))),
            _ => router.procedure("run", procedure.mutation(|_| Ok(1))),
        };
        App::new(()).router(router).into_service().err().map(|error| error.to_string()).unwrap_or_default()
    }
    fn refused<T: Input>() {
        for (method, path) in [
            (Method::GET, "/x"),
            (Method::DELETE, "/x"),
            (Method::GET, "/x/:id"),
            (Method::PUT, "/x/:id"),
            (Method::PATCH, "/x/:id"),
        ] {
            let error = start::<T>(method, path);
            for part in ["the input is not an object", "`.no_rest()`", "`App::derive_rest(false)`", "a named field"] {
                assert!(error.contains(part), "{error}");
            }
        }
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            assert_eq!(start::<T>(method, "/x"), "", "a body is JSON of any form");
        }
        let query = procedure().input::<T>().query(|_| Ok(1));
        let app = App::new(()).derive_rest(false).router(Router::new("test").procedure("run", query)).trpc("/trpc");
        app.into_service().expect("tRPC sends JSON");
    }
    refused::<Id>();
    refused::<Pair>();
    refused::<Maybe>();
    refused::<Color>();
    refused::<Scalar>();
    refused::<List>();
}

#[tokio::test]
async fn an_input_that_may_be_an_object_or_is_nothing_can_be_a_query() {
    #[schema]
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Either {
        Name(String),
        Named { name: String },
    }
    #[schema]
    #[derive(Serialize)]
    struct Any(Value);
    #[schema]
    #[derive(Serialize)]
    struct Nothing;
    assert_eq!(read(&echo::<Either>(), "name=ada").await, Ok(r#"{"name":"ada"}"#.to_owned()));
    assert_eq!(read(&echo::<Any>(), "").await, Ok("{}".to_owned()));
    assert_eq!(read(&echo::<Nothing>(), "").await, Ok("null".to_owned()));
}
