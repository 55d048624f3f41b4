//! Lists, sets, tuples, records, and nested objects.

use std::collections::{BTreeSet, HashMap};

use velox_rpc::schema;

use crate::zod::rules::Rules;

pub(super) fn rules() -> Rules {
    Rules::of_bodies()
        .rule::<List>("array")
        .rule::<ListLength>("arrayLength")
        .rule::<ListExact>("arrayExact")
        .rule::<Set>("set")
        .rule::<SetLength>("setLength")
        .rule::<Tuple>("tuple")
        .rule::<Record>("record")
        .rule::<User>("object")
        .rule::<Strict>("strict")
        .rule::<Merged>("merge")
}

#[schema]
struct List {
    v: Vec<String>,
}

#[schema]
struct ListLength {
    #[validate(length(min = 1, max = 3))]
    v: Vec<String>,
}

#[schema]
struct ListExact {
    #[validate(length(equal = 2))]
    v: Vec<String>,
}

#[schema]
struct Set {
    v: BTreeSet<String>,
}

#[schema]
struct SetLength {
    #[validate(length(min = 1, max = 2))]
    v: BTreeSet<String>,
}

#[schema]
struct Tuple {
    v: (f64, f64),
}

#[schema]
struct Record {
    v: HashMap<String, bool>,
}

#[schema]
struct Address {
    #[validate(length(min = 1))]
    city: String,
    #[validate(length(equal = 5))]
    zip: String,
}

#[schema]
struct Line {
    #[validate(range(min = 1))]
    qty: u8,
}

#[schema]
struct User {
    #[validate(length(min = 1, max = 5))]
    name: String,
    #[validate(email)]
    email_address: String,
    #[validate(range(min = 0, max = 150))]
    age: Option<u8>,
    #[serde(default = "user")]
    role: String,
    #[serde(default)]
    #[validate(length(max = 3))]
    tags: Vec<String>,
    #[validate(nested)]
    address: Option<Address>,
    #[serde(default)]
    #[validate(nested)]
    lines: Vec<Line>,
}

fn user() -> String {
    "user".to_owned()
}

#[schema]
#[serde(deny_unknown_fields)]
struct StrictAddress {
    #[validate(length(min = 1))]
    city: String,
    #[validate(length(equal = 5))]
    zip: String,
}

#[schema]
#[serde(deny_unknown_fields)]
struct Strict {
    a: f64,
    #[validate(nested)]
    inner: Option<StrictAddress>,
}

#[schema]
struct Merged {
    id: String,
    #[serde(flatten)]
    #[validate(nested)]
    address: Address,
}
