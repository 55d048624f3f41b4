//! Numbers: types, ranges, multiples; and booleans.

use validator::ValidationError;
use velox_rpc::schema;

use crate::rules::Rules;

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
    #[validate(custom(function = "of_five", message = "Number must be a multiple of 5"))]
    v: i64,
}

#[schema]
struct OfCent {
    #[validate(custom(function = "of_cent", message = "Number must be a multiple of 0.01"))]
    v: f64,
}

#[schema]
struct Boolean {
    v: bool,
}

fn of_five(number: i64) -> Result<(), ValidationError> {
    if number % 5 == 0 { Ok(()) } else { Err(ValidationError::new("multiple_of")) }
}

/// Decimal fractions are not exact: 0.07 / 0.01 is 7.000000000000001.
fn of_cent(number: f64) -> Result<(), ValidationError> {
    let cents = number / 0.01;
    let is_whole = (cents - cents.round()).abs() < 1e-9 * cents.abs().max(1.0);
    if is_whole { Ok(()) } else { Err(ValidationError::new("multiple_of")) }
}
