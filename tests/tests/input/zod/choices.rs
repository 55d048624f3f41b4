//! Enums, unions, discriminated unions, and JSON of any shape.

use serde_json::Value;
use velox_rpc::schema;

use crate::zod::rules::Rules;

pub(super) fn rules() -> Rules {
    Rules::of_bodies()
        .rule::<Colored>("enum")
        .rule::<Sent>("union")
        .rule::<Shaped>("discriminatedUnion")
        .rule::<Anything>("any")
}

#[schema]
enum Color {
    Red,
    DarkGreen,
}

#[schema]
struct Colored {
    v: Color,
}

#[schema]
struct Mail {
    #[validate(email)]
    to: String,
}

#[schema]
#[serde(untagged)]
enum Target {
    One(String),
    Several(Vec<String>),
    Mail(#[validate(nested)] Mail),
    Number(i64),
}

#[schema]
struct Sent {
    #[validate(nested)]
    v: Target,
}

#[schema]
#[serde(tag = "kind")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64, label: Option<String> },
    Dot,
}

#[schema]
struct Shaped {
    v: Shape,
}

#[schema]
struct Anything {
    v: Value,
}
