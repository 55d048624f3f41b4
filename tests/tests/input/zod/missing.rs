//! Fields that may be missing or null, and fields with a default.

use velox_rpc::schema;

use crate::zod::rules::Rules;

pub(super) fn rules() -> Rules {
    Rules::of_bodies()
        .rule::<Optional>("optional")
        .rule::<Nullable>("nullable")
        .rule::<Optional>("nullish")
        .rule::<DefaultNumber>("defaultNumber")
        .rule::<DefaultList>("defaultList")
}

#[schema]
struct Optional {
    #[validate(length(min = 2))]
    v: Option<String>,
}

#[schema]
struct Nullable {
    #[schema(nullable)]
    #[validate(length(min = 2))]
    v: Option<String>,
}

#[schema]
struct DefaultNumber {
    #[serde(default = "one")]
    #[validate(range(min = 1))]
    v: u32,
}

fn one() -> u32 {
    1
}

#[schema]
struct DefaultList {
    #[serde(default)]
    #[validate(length(max = 3))]
    v: Vec<String>,
}
