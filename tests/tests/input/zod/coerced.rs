//! Query strings, whose texts are converted to the types of the fields.

use velox_rpc::schema;

use crate::zod::rules::Rules;

pub(super) fn rules() -> Rules {
    Rules::of_queries()
        .rule::<Number>("coerceNumber")
        .rule::<Integer>("coerceInteger")
        .rule::<Default>("coerceDefault")
        .rule::<Optional>("coerceOptional")
        .rule::<Boolean>("coerceBoolean")
        .rule::<BooleanOptional>("coerceBooleanOptional")
        .rule::<Text>("coerceString")
        .rule::<List>("coerceList")
        .rule::<Number>("coerceMissing")
}

#[schema]
struct Number {
    v: f64,
}

#[schema]
struct Integer {
    #[validate(range(min = 1))]
    v: u32,
}

#[schema]
struct Default {
    #[serde(default = "one")]
    #[validate(range(min = 1))]
    v: u32,
}

fn one() -> u32 {
    1
}

#[schema]
struct Optional {
    #[validate(range(min = 0.5))]
    v: Option<f64>,
}

#[schema]
struct Boolean {
    v: bool,
}

#[schema]
struct BooleanOptional {
    v: Option<bool>,
}

#[schema]
struct Text {
    #[validate(length(min = 2))]
    v: String,
}

#[schema]
struct List {
    #[validate(length(max = 3))]
    v: Vec<i32>,
}
