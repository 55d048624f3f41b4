//! Tests that a mistake in one field adds no issues to others: a type gets only its own issues,
//! even if another type has the same fields and more.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use http::Method;
use serde::{Deserialize, Serialize};
use validator::ValidationError;
use velox_rpc::procedure::{Examine, Input};
use velox_rpc::{App, Call, Router, procedure, schema};
use velox_tests::Client;

/// Returns the echo of an input, or its issues.
pub(crate) async fn sent<T: Input + Serialize + schemars::JsonSchema>(body: &str) -> Result<String, Vec<String>> {
    let echo = procedure().input::<T>().rest(Method::POST, "/body").mutation(|Call { input, .. }| Ok(input));
    let client = Client::of(App::new(()).development(false).router(Router::new("test").procedure("write", echo)));
    let reply = client.post("/api/body", body.to_owned()).await;
    if reply.status.as_u16() == 200 { Ok(reply.text().to_owned()) } else { Err(reply.issues()) }
}

pub(crate) fn told(issues: &[&str]) -> Result<String, Vec<String>> {
    Err(issues.iter().map(|issue| (*issue).to_owned()).collect())
}

/// Derives by hand, so that only its reader knows its fields.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ByHand {
    a: u32,
}

fn differ(pair: &Pair) -> Result<(), ValidationError> {
    if pair.a == pair.b { Err(ValidationError::new("same").with_message("They are the same".into())) } else { Ok(()) }
}

#[schema]
#[serde(deny_unknown_fields)]
#[validate(schema(function = differ))]
struct Pair {
    a: u32,
    b: u32,
}

#[tokio::test]
async fn a_flattened_type_is_read_without_the_fields_around_it() {
    #[schema]
    struct Flat {
        #[serde(flatten)]
        hand: ByHand,
        name: String,
        n: u32,
    }
    assert_eq!(sent::<Flat>("{\n\"name\":\"x\",\n\"n\":1.0, \"a\":1}").await, Ok(r#"{"a":1,"name":"x","n":1}"#.into()));
    let issues = told(&["a: Expected number, received string", "n: Expected number, received string"]);
    assert_eq!(sent::<Flat>("{\n\"name\":\"x\",\n\"a\":\"x\",\"n\":\"x\"\n}").await, issues);
    assert_eq!(sent::<Flat>(r#"{"n":"x","name":"x","a":1}"#).await, told(&["n: Expected number, received string"]));
}

#[tokio::test]
async fn a_flattened_strict_type_does_not_refuse_the_fields_of_types_after_it() {
    #[schema]
    struct Own {
        z: i32,
    }
    #[schema]
    struct Flat {
        #[serde(flatten)]
        hand: ByHand,
        #[serde(flatten)]
        own: Own,
        n: i32,
    }
    assert_eq!(sent::<Flat>(r#"{"a":1,"z":2,"n":3.0}"#).await, Ok(r#"{"a":1,"z":2,"n":3}"#.into()));
    let n = "n: Expected number, received string";
    assert_eq!(sent::<Flat>(r#"{"z":2,"a":1,"n":"x"}"#).await, told(&[n]));
    #[schema]
    struct Deep {
        #[serde(flatten)]
        inside: Inside,
        n: i32,
    }
    let issues = told(&["hand: Unrecognized key(s) in object: 'b'", n]);
    assert_eq!(sent::<Deep>(r#"{"hand":{"a":1,"b":2},"n":"x"}"#).await, issues);
}

/// Derives by hand, with a strict type inside.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Inside {
    hand: ByHand,
}

#[tokio::test]
async fn a_value_that_two_flattened_maps_refuse_has_one_issue() {
    #[schema]
    struct Maps {
        #[serde(flatten)]
        small: HashMap<String, u8>,
        #[serde(flatten)]
        wide: BTreeMap<String, u64>,
        n: u32,
    }
    assert_eq!(sent::<Maps>(r#"{"n":1,"a":2}"#).await, Ok(r#"{"a":2,"a":2,"n":1}"#.into()));
    let [a, b] = ["a: Expected number, received string", "b: Number must be less than or equal to 255"];
    assert_eq!(sent::<Maps>(r#"{"n":1,"a":"x","b":256}"#).await, told(&[a, b]));
}

#[tokio::test]
async fn a_type_behind_a_tag_is_read_without_the_tag() {
    #[schema]
    #[serde(tag = "kind")]
    enum Shape {
        Hand(ByHand),
        Pair(#[validate(nested)] Pair),
        Lines { lines: Vec<u8> },
    }
    #[schema]
    struct Drawing {
        n: u32,
        #[validate(nested)]
        shape: Shape,
    }
    let n = "n: Expected number, received string";
    assert_eq!(sent::<Drawing>(r#"{"n":"x","shape":{"kind":"hand","a":1}}"#).await, told(&[n]));
    assert_eq!(sent::<Drawing>(r#"{"n":"x","shape":{"kind":"pair","a":1,"b":2}}"#).await, told(&[n]));
    assert_eq!(sent::<Drawing>(r#"{"n":"x","shape":{"kind":"lines","lines":[1.0]}}"#).await, told(&[n]));
    let same = r#"{"n":1,"shape":{"kind":"pair","a":1,"b":1}}"#;
    assert_eq!(sent::<Drawing>(same).await, told(&["shape: They are the same"]));
}

#[tokio::test]
async fn rules_of_a_flattened_type_see_only_its_own_fields() {
    #[schema]
    struct Around {
        c: f64,
        #[validate(nested)]
        #[serde(flatten)]
        pair: Pair,
    }
    assert_eq!(sent::<Around>(r#"{"c":1.5,"a":1,"b":2}"#).await, Ok(r#"{"c":1.5,"a":1,"b":2}"#.into()));
    assert_eq!(sent::<Around>(r#"{"c":1.5,"a":1,"b":1}"#).await, told(&[": They are the same"]));
}

#[schema]
struct Paging {
    page: u32,
}

type MaybePaging = Option<Paging>;
type Extra = HashMap<String, u32>;

#[tokio::test]
async fn an_alias_of_an_option_or_a_map_can_be_flattened() {
    #[schema]
    struct List {
        n: u32,
        #[serde(flatten)]
        paging: MaybePaging,
    }
    #[schema]
    struct Counts {
        n: String,
        #[serde(flatten)]
        extra: Extra,
    }
    assert_eq!(sent::<List>(r#"{"n":1.0}"#).await, Ok(r#"{"n":1}"#.into()));
    assert_eq!(sent::<List>(r#"{"n":"x"}"#).await, told(&["n: Expected number, received string"]));
    assert_eq!(sent::<Counts>(r#"{"n":1,"a":2}"#).await, told(&["n: Expected string, received number"]));
    assert_eq!(sent::<Counts>(r#"{"n":"x","a":1.0,"b":2}"#).await.map(|_| ()), Ok(()));
}

#[tokio::test]
async fn the_first_of_two_flattened_types_gets_a_key_of_both() {
    #[schema]
    struct Size {
        size: u32,
    }
    #[schema]
    struct Shirt {
        size: Option<String>,
    }
    #[schema]
    struct Order {
        n: u32,
        #[serde(flatten)]
        size: Size,
        #[serde(flatten)]
        shirt: Shirt,
    }
    assert_eq!(sent::<Order>(r#"{"n":"x","size":5}"#).await, told(&["n: Expected number, received string"]));
    #[schema]
    struct Own {
        #[serde(flatten)]
        shirt: Shirt,
        size: u32,
        n: u32,
    }
    assert_eq!(sent::<Own>(r#"{"size":5,"n":"x"}"#).await, told(&["n: Expected number, received string"]));
}

#[tokio::test]
async fn a_flattened_map_sees_the_keys_of_the_types_after_it() {
    #[schema]
    struct Name {
        name: String,
    }
    #[schema]
    struct Counts {
        #[serde(flatten)]
        counts: HashMap<String, u32>,
        #[serde(flatten)]
        name: Name,
        l: Vec<u8>,
    }
    let name = "name: Expected number, received string";
    assert_eq!(sent::<Counts>(r#"{"l":[],"a":1,"name":"x"}"#).await, told(&[name]));
    let issues = [name, "l[0]: Expected number, received string"];
    assert_eq!(sent::<Counts>(r#"{"l":["x"],"a":1,"name":"x"}"#).await, told(&issues));
    #[schema]
    struct Maybe {
        l: Vec<u8>,
        #[serde(flatten)]
        counts: Option<HashMap<String, u32>>,
    }
    assert_eq!(sent::<Maybe>(r#"{"l":[]}"#).await, Ok(r#"{"l":[]}"#.into()));
    assert_eq!(sent::<Maybe>(r#"{"l":[],"a":"x"}"#).await, told(&["a: Expected number, received string"]));
}

#[tokio::test]
async fn what_the_schema_and_serde_accept_has_no_issue() {
    #[schema]
    enum Unit {
        A(u8),
        C,
    }
    #[schema]
    struct OfUnit {
        l: Vec<u8>,
        #[serde(flatten)]
        unit: Unit,
    }
    #[schema]
    #[serde(transparent)]
    struct Typed {
        id: u32,
        of: PhantomData<u8>,
    }
    #[schema]
    struct OfTyped {
        id: Typed,
        l: Vec<u8>,
    }
    #[schema]
    #[serde(tag = "kind")]
    enum Open {
        A {
            x: u8,
        },
        #[serde(untagged)]
        Other(BTreeMap<String, u8>),
    }
    #[schema]
    struct OfOpen {
        open: Open,
        l: Vec<u8>,
    }
    assert_eq!(sent::<OfUnit>(r#"{"l":[1],"c":null}"#).await, Ok(r#"{"l":[1],"c":null}"#.into()));
    assert_eq!(sent::<OfUnit>(r#"{"l":["x"],"c":null}"#).await, told(&["l[0]: Expected number, received string"]));
    assert_eq!(sent::<OfTyped>(r#"{"id":5,"l":[1]}"#).await, Ok(r#"{"id":5,"l":[1]}"#.into()));
    assert_eq!(sent::<OfTyped>(r#"{"id":"x","l":[]}"#).await, told(&["id: Expected number, received string"]));
    assert_eq!(sent::<OfOpen>(r#"{"open":{"b":1},"l":[1]}"#).await, Ok(r#"{"open":{"b":1},"l":[1]}"#.into()));
    assert_eq!(
        sent::<OfOpen>(r#"{"open":{"b":1},"l":["x"]}"#).await,
        told(&["l[0]: Expected number, received string"])
    );
}

/// A struct whose name contains the names of other types.
#[derive(Serialize, Deserialize, schemars::JsonSchema, validator::Validate)]
struct PlaylistOfNumbers {
    list: Vec<u32>,
}

impl Examine for PlaylistOfNumbers {}

#[tokio::test]
async fn the_name_of_a_type_says_nothing_about_its_kind() {
    assert_eq!(sent::<PlaylistOfNumbers>("7").await, told(&[": Expected object, received number"]));
}

#[tokio::test]
async fn many_whole_numbers_with_a_point_are_read_by_a_reader_of_its_own() {
    let floats: Vec<_> = (0..100).map(|n| format!("{n}.0")).collect();
    let body = format!(r#"{{"list":[{}]}}"#, floats.join(","));
    assert!(sent::<PlaylistOfNumbers>(&body).await.is_ok());
}

#[tokio::test]
async fn a_generic_type_is_taken_apart_like_others() {
    #[schema]
    #[serde(rename_all = "kebab-case")]
    struct Page<T, K: Eq + std::hash::Hash> {
        #[validate(range(max = 100))]
        page_size: u32,
        #[validate(length(max = 2))]
        all_items: Vec<T>,
        #[serde(rename = "by")]
        by_key: HashMap<K, T>,
        #[serde(skip)]
        of: PhantomData<K>,
    }
    let body = r#"{"page-size":101,"all-items":[1,"x",1.0],"by":{"1":2,"a":3,"2":"y"}}"#;
    let issues = [
        "page-size: Number must be less than or equal to 100",
        "all-items: Array must contain at most 2 element(s)",
        "all-items[1]: Expected number, received string",
        "by.2: Expected number, received string",
        "by: Unrecognized key(s) in object: 'a'",
    ];
    assert_eq!(sent::<Page<u32, u8>>(body).await, told(&issues));
    let good = r#"{"page-size":1,"all-items":[1.0],"by":{}}"#;
    assert_eq!(sent::<Page<u32, u8>>(good).await, Ok(r#"{"page-size":1,"all-items":[1],"by":{}}"#.into()));

    #[schema]
    struct Nested<T> {
        #[validate(nested)]
        one_item: T,
        #[validate(nested)]
        items: Vec<T>,
    }
    #[schema]
    #[serde(tag = "kind")]
    enum Change<T> {
        Put { new_value: T },
        Drop,
    }
    let body = r#"{"oneItem":{"minQty":0},"items":[{"minQty":0},{"minQty":"x"}]}"#;
    let issues = [
        "oneItem.minQty: Number must be greater than or equal to 1",
        "items[0].minQty: Number must be greater than or equal to 1",
        "items[1].minQty: Expected number, received string",
    ];
    assert_eq!(sent::<Nested<Line>>(body).await, told(&issues));
    let body = r#"{"kind":"put","newValue":{"minQty":"x"}}"#;
    assert_eq!(sent::<Change<Line>>(body).await, told(&["newValue.minQty: Expected number, received string"]));
    assert_eq!(sent::<Change<Line>>(r#"{"kind":"drop"}"#).await, Ok(r#"{"kind":"drop"}"#.into()));
}

#[schema]
struct Line {
    #[validate(range(min = 1))]
    min_qty: u32,
}
