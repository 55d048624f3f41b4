//! Tests rules on the value of a newtype: a list of them is Zod's `z.array(z.string().min(1))`.

use std::collections::BTreeMap;

use http::Request;
use http_body_util::BodyExt as _;
use validator::{Validate, ValidationError};
use velox_rpc::{App, Call, Router, procedure, schema};

use crate::beside::{sent, told};

#[schema]
struct Tag(#[validate(length(min = 1, max = 20))] String);

#[schema]
struct Word(
    #[schema(trim, lowercase)]
    #[validate(length(min = 2))]
    String,
);

#[schema]
struct Pair(Word, #[schema(trim)] String);

#[schema]
struct Percent(#[validate(range(min = 0, max = 100), custom(function = is_even))] u8);

fn is_even(percent: u8) -> Result<(), ValidationError> {
    if percent.is_multiple_of(2) {
        Ok(())
    } else {
        Err(ValidationError::new("even").with_message("Must be even".into()))
    }
}

#[schema]
struct Tags(#[validate(length(max = 2), nested)] Vec<Tag>);

#[schema]
struct Note {
    #[validate(length(max = 3), nested)]
    tags: Vec<Tag>,
    #[validate(nested)]
    by_name: Option<BTreeMap<String, Percent>>,
    #[validate(nested)]
    more: Option<Tags>,
    n: u8,
}

#[tokio::test]
async fn the_value_of_a_newtype_has_rules() {
    assert_eq!(sent::<Tag>(r#""a""#).await, Ok(r#""a""#.into()));
    assert_eq!(sent::<Tag>(r#""""#).await, told(&[": String must contain at least 1 character(s)"]));
    assert_eq!(sent::<Tag>("1").await, told(&[": Expected string, received number"]));
    assert_eq!(sent::<Word>(r#"" Ab ""#).await, Ok(r#""ab""#.into()));
    assert_eq!(sent::<Word>(r#"" A ""#).await, told(&[": String must contain at least 2 character(s)"]));
    assert_eq!(sent::<Pair>(r#"["AB "," B "]"#).await, Ok(r#"["ab","B"]"#.into()));
    assert_eq!(
        sent::<Pair>("[1,2]").await,
        told(&["[0]: Expected string, received number", "[1]: Expected string, received number"])
    );
    assert_eq!(sent::<Percent>("101").await, told(&[": Must be even", ": Number must be less than or equal to 100"]));
    assert_eq!(sent::<Percent>("256").await, told(&[": Number must be less than or equal to 100"]));
    assert_eq!(sent::<Percent>("2.0").await, Ok("2".into()));
}

#[tokio::test]
async fn the_items_of_a_list_have_rules() {
    let good = r#"{"tags":["a","b"],"byName":{"x":2},"more":["c"],"n":1}"#;
    assert_eq!(sent::<Note>(good).await, Ok(good.into()));
    let bad = r#"{"tags":["a","","c",""],"byName":{"x":2,"y":3},"more":["","a","b"],"n":1}"#;
    let issues = told(&[
        "tags: Array must contain at most 3 element(s)",
        "tags[1]: String must contain at least 1 character(s)",
        "tags[3]: String must contain at least 1 character(s)",
        "byName.y: Must be even",
        "more: Array must contain at most 2 element(s)",
        "more[0]: String must contain at least 1 character(s)",
    ]);
    assert_eq!(sent::<Note>(bad).await, issues);
    // The same issues are there if another field has a wrong type.
    let beside = sent::<Note>(&bad.replace(r#""n":1"#, r#""n":"x""#)).await.expect_err("it is refused");
    let n = "n: Expected number, received string".to_owned();
    assert_eq!(beside, issues.expect_err("issues").into_iter().chain([n]).collect::<Vec<_>>());
}

/// `.input(z.object({ … }).optional())`.
#[tokio::test]
async fn a_whole_input_may_be_optional() {
    #[schema]
    struct Page {
        #[validate(range(max = 100))]
        limit: u32,
    }
    #[schema]
    struct MaybePage(#[validate(nested)] Option<Page>);
    let list = procedure().input::<MaybePage>().query(|Call { input, .. }| Ok(input.0.map_or(20, |page| page.limit)));
    let app = App::new(()).trpc("/trpc").router(Router::new("notes").procedure("list", list));
    let service = app.into_service().expect("it starts");
    for (target, told) in [
        ("/trpc/notes.list", r#"{"result":{"data":20}}"#),
        ("/trpc/notes.list?input=null", r#"{"result":{"data":20}}"#),
        ("/trpc/notes.list?input=%7B%22limit%22%3A5%7D", r#"{"result":{"data":5}}"#),
        ("/trpc/notes.list?input=%7B%22limit%22%3A101%7D", "Number must be less than or equal to 100"),
        ("/api/notes/list", "20"),
        ("/api/notes/list?limit=5", "5"),
        ("/api/notes/list?limit=101", "Number must be less than or equal to 100"),
    ] {
        let request = Request::get(target).body(String::new()).expect("a request");
        let body = service.call(request).await.collect().await.expect("a body").to_bytes();
        assert!(String::from_utf8_lossy(&body).contains(told), "{target}: {body:?}");
    }
}

#[test]
fn the_rules_of_a_newtype_are_those_of_validator() {
    let errors = Tag(String::new()).validate().expect_err("too short");
    assert_eq!(errors.field_errors()["__all__"][0].code, "length");
    assert!(Tags(vec![Tag("a".into())]).validate().is_ok());
    assert!(Tags(vec![Tag(String::new())]).validate().is_err());
    #[schema]
    struct Held(#[validate(nested)] Note);
    let note = Note { tags: vec![Tag(String::new())], by_name: None, more: None, n: 1 };
    let errors = Held(note).validate().expect_err("too short");
    assert!(errors.errors().contains_key("tags"), "{errors:?}");
}

#[test]
fn the_json_schema_of_a_newtype_has_its_rules() {
    let schema = schemars::schema_for!(Tag);
    assert_eq!((schema.get("minLength"), schema.get("maxLength")), (Some(&1.into()), Some(&20.into())));
    let schema = schemars::schema_for!(Percent);
    assert_eq!((schema.get("minimum"), schema.get("maximum")), (Some(&0.into()), Some(&100.into())));
    #[schema]
    struct Step(#[validate(multiple_of = 5)] u32);
    assert_eq!(schemars::schema_for!(Step).get("multipleOf"), Some(&5.into()));
}
