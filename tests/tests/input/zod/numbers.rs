//! Numbers (types, ranges, multiples) and booleans.

use velox_rpc::schema;

use crate::zod::rules::Rules;

pub(super) fn rules() -> Rules {
    Rules::of_bodies()
        .rule::<Number>("number")
        .rule::<Integer>("integer")
        .rule::<Byte>("byte")
        .rule::<Signed>("signed")
        .rule::<IntegerRange>("integerRange")
        .rule::<Range>("range")
        .rule::<Exclusive>("exclusive")
        .rule::<TinyAndLarge>("tinyAndLarge")
        .rule::<OfFive>("multipleOfFive")
        .rule::<OfCent>("multipleOfCent")
        .rule::<Boolean>("boolean")
}

#[schema]
struct Number {
    v: f64,
}

#[schema]
struct Integer {
    v: i64,
}

#[schema]
struct Byte {
    v: u8,
}

#[schema]
struct Signed {
    v: i32,
}

#[schema]
struct IntegerRange {
    #[validate(range(min = 1, max = 150))]
    v: u32,
}

#[schema]
struct Range {
    #[validate(range(min = 0.5, max = 1.5))]
    v: f64,
}

#[schema]
struct Exclusive {
    #[validate(range(exclusive_min = 0.0, exclusive_max = 10.0))]
    v: f64,
}

#[schema]
struct TinyAndLarge {
    #[validate(range(min = 0.0000001, max = 1e21))]
    v: f64,
}

#[schema]
struct OfFive {
    #[validate(multiple_of = 5)]
    v: i64,
}

#[schema]
struct OfCent {
    #[validate(multiple_of = 0.01)]
    v: f64,
}

#[schema]
struct Boolean {
    v: bool,
}
