//! Tests that broken rules are reported with wire names.

use std::collections::HashMap;

use serde_json::{Value, json};
use validator::ValidationError;
use velox_rpc_macros::schema;

use super::{Input, issues};

/// Returns the issues of a value that breaks only rules.
fn rules<T: Input>(value: Value) -> Vec<String> {
    let read: T = serde_json::from_str(&value.to_string()).expect("the types of the value are right");
    let issues = issues::<T>(value);
    assert_eq!(read.validate().is_err(), !issues.is_empty(), "{issues:?}");
    issues
}

#[schema]
#[serde(rename_all = "camelCase")]
#[validate(schema(function = "passwords_agree", skip_on_field_errors = false))]
struct SignUp {
    #[validate(length(min = 3, max = 5))]
    user_name: String,
    #[validate(email, length(min = 8))]
    e_mail: String,
    #[validate(range(min = 18, max = 99))]
    age_in_years: Option<u8>,
    #[validate(length(min = 8, message = "Too short"))]
    password: String,
    password_again: String,
    #[validate(nested)]
    address: Option<Address>,
    #[validate(nested)]
    line_items: Vec<Item>,
    #[serde(rename = "xyz")]
    #[validate(url)]
    home_page: Option<String>,
    #[validate(custom(function = "no_spaces"))]
    nick: Option<String>,
    #[validate(custom(function = "refuse"))]
    told: Option<String>,
}

#[schema]
struct Address {
    #[validate(length(min = 1))]
    city: String,
}

#[schema]
struct Item {
    #[validate(range(exclusive_min = 0.0, exclusive_max = 10.0))]
    #[serde(rename = "unitPrice")]
    unit_price: f64,
    #[validate(length(max = 1))]
    r#type: String,
}

fn passwords_agree(form: &SignUp) -> Result<(), ValidationError> {
    if form.password == form.password_again { Ok(()) } else { Err(ValidationError::new("differ")) }
}

fn no_spaces(nick: &str) -> Result<(), ValidationError> {
    if nick.contains(' ') { Err(ValidationError::new("spaces")) } else { Ok(()) }
}

fn refuse(_: &str) -> Result<(), ValidationError> {
    Err(ValidationError::new("told").with_message("Told you".into()))
}

#[test]
fn rules_are_reported_by_wire_name_in_source_order() {
    let value = json!({
        "userName": "toolong", "eMail": "hunter2", "ageInYears": 100, "password": "hunter2", "passwordAgain": "x",
        "address": {"city": ""},
        "lineItems": [
            {"unitPrice": 1, "type": "a"}, {"unitPrice": 0, "type": "ab"}, {"unitPrice": 10, "type": ""},
        ],
        "xyz": "hunter2", "nick": "a b", "told": "x",
    });
    let expected = [
        "userName: String must contain at most 5 character(s)",
        "eMail: Invalid email",
        "eMail: String must contain at least 8 character(s)",
        "ageInYears: Number must be less than or equal to 99",
        "password: Too short",
        "address.city: String must contain at least 1 character(s)",
        "lineItems[1].unitPrice: Number must be greater than 0",
        "lineItems[1].type: String must contain at most 1 character(s)",
        "lineItems[2].unitPrice: Number must be less than 10",
        "xyz: Invalid url",
        "nick: Invalid input",
        "told: Told you",
        ": Invalid input",
    ];
    // The order of validator's map changes each time.
    for _ in 0..20 {
        assert_eq!(rules::<SignUp>(value.clone()), expected);
    }
}

#[test]
fn rules_of_flattened_and_transparent_types_add_no_step() {
    #[schema]
    struct Paging {
        #[validate(range(min = 1))]
        #[serde(rename = "pageNumber")]
        page_number: u32,
    }
    #[schema]
    #[serde(transparent)]
    struct Name {
        #[validate(length(min = 2))]
        inner: String,
    }
    #[schema]
    struct List {
        #[validate(nested)]
        zone: Name,
        #[serde(flatten)]
        #[validate(nested)]
        paging: Paging,
        #[validate(nested)]
        names: Vec<Name>,
    }
    assert_eq!(
        rules::<List>(json!({"zone": "x", "pageNumber": 0, "names": ["ab", "c"]})),
        [
            "zone: String must contain at least 2 character(s)",
            "pageNumber: Number must be greater than or equal to 1",
            "names[1]: String must contain at least 2 character(s)",
        ]
    );
}

#[test]
fn rules_of_a_list_input_have_its_indices() {
    let value = json!([{"unitPrice": 1, "type": ""}, {"unitPrice": 11, "type": ""}]);
    assert_eq!(rules::<Vec<Item>>(value), ["[1].unitPrice: Number must be less than 10"]);
}

#[test]
fn rules_within_a_map_are_reported_by_its_keys() {
    #[schema]
    struct Book {
        #[validate(nested)]
        homes: HashMap<String, Address>,
    }
    let value = json!({"homes": {"a": {"city": ""}, "b": {"city": "x"}, "c": {"city": ""}}});
    assert_eq!(
        rules::<Book>(value),
        [
            "homes.a.city: String must contain at least 1 character(s)",
            "homes.c.city: String must contain at least 1 character(s)"
        ]
    );
}

#[test]
fn lists_and_sizes_have_their_own_messages() {
    #[schema]
    struct Sizes {
        #[validate(length(equal = 2))]
        list: Vec<u8>,
        #[validate(length(min = 1))]
        map: HashMap<String, u8>,
        #[validate(length(min = 1, code = "mine"))]
        coded: String,
        #[validate(required)]
        must: Option<u8>,
        #[validate(contains(pattern = "@"))]
        handle: String,
        #[validate(does_not_contain(pattern = "!"))]
        calm: String,
        #[validate(must_match(other = "calm"))]
        same: String,
        #[validate(ip)]
        ip: String,
    }
    // Only validator refuses `must`: for serde, a missing `Option` is `None`.
    assert_eq!(
        rules::<Sizes>(json!({
            "list": [1], "map": {}, "coded": "", "handle": "x", "calm": "hunter2!", "same": "x", "ip": "y"
        })),
        [
            "list: Array must contain exactly 2 element(s)",
            "map: Invalid input",
            "coded: String must contain at least 1 character(s)",
            "must: Required",
            "handle: Invalid input: must include \"@\"",
            "calm: Invalid input",
            "same: Invalid input",
            "ip: Invalid ip",
        ]
    );
}

#[test]
fn a_thousand_errors_are_cut_to_a_hundred() {
    let items: Vec<_> = (0..1000).map(|_| json!({"unitPrice": -1, "type": ""})).collect();
    assert_eq!(rules::<Vec<Item>>(Value::Array(items)).len(), 100);
}

#[test]
fn rules_of_a_variant_are_reported_by_its_wire_names() {
    #[schema]
    #[serde(rename_all = "camelCase")]
    struct Circle {
        #[validate(range(min = 1.0))]
        outer_radius: f64,
    }
    #[schema]
    #[serde(tag = "kind", rename_all = "PascalCase")]
    enum Figure {
        Circle(#[validate(nested)] Circle),
        Nothing,
    }
    #[schema]
    struct Drawing {
        #[validate(nested)]
        figure: Figure,
    }
    let value = json!({"figure": {"kind": "Circle", "outerRadius": 0.5}});
    let expected = ["figure.outerRadius: Number must be greater than or equal to 1"];
    assert_eq!(rules::<Drawing>(value.clone()), expected);
    assert_eq!(rules::<Drawing>(json!({"figure": {"kind": "Nothing"}})), [""; 0]);
}
