//! Differences for numbers.

use super::{Case, Difference};

pub(super) const ALL: &[Difference] = &[
    Difference {
        rules: &[
            "number",
            "integer",
            "byte",
            "signed",
            "integerRange",
            "range",
            "exclusive",
            "tinyAndLarge",
            "multipleOfFive",
            "multipleOfCent",
            "boolean",
            "defaultNumber",
            "tuple",
            "any",
        ],
        reason: "serde_json refuses a number beyond `f64`, such as `1e400`. JavaScript reads `Infinity`.",
        is_of: |case| case.velox.is_unread("INVALID_JSON") && case.input.contains("1e400"),
    },
    Difference {
        rules: &["integer", "byte", "signed", "integerRange", "multipleOfFive", "defaultNumber"],
        reason: "A number with a fraction is not an integer, even if JavaScript rounds the fraction away: \
            `4.99999999999999999`.",
        is_of: |case| case.velox.says(FLOAT) && !case.zod.says(FLOAT) && number(case).fract() == 0.0,
    },
    Difference {
        rules: &["integer", "multipleOfFive"],
        reason: "An `i64` has bounds, and `.int()` has none.",
        is_of: |case| {
            (case.velox.says("Number must be less than or equal to 9223372036854775807")
                || case.velox.says("Number must be greater than or equal to -9223372036854775808"))
                && number(case).abs() >= 9.2e18
        },
    },
    Difference {
        rules: &["multipleOfFive", "multipleOfCent"],
        reason: "A multiple must be exact to the last decimal digit. Zod 3 rounds numbers that JavaScript prints \
            with an exponent or with too many digits. It accepts `1e-7` and `0.9999999999999999` as multiples of \
            0.01.",
        is_of: |case| {
            let number = number(case).abs();
            !(1e-6..=1e21).contains(&number) || number.to_string().len() > 17
        },
    },
];

const FLOAT: &str = "Expected integer, received float";

/// The number that was sent for `v`, as JavaScript reads it.
fn number(case: &Case<'_>) -> f64 {
    let text = case.input.strip_prefix("{\"v\":").and_then(|rest| rest.strip_suffix('}'));
    text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}
