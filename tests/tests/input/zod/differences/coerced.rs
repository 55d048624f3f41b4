//! Differences for strings that are converted to another type.

use super::{Case, Difference};

const NUMBERS: &[&str] = &["coerceNumber", "coerceInteger", "coerceDefault", "coerceOptional", "coerceList"];

pub(super) const ALL: &[Difference] = &[
    Difference {
        rules: &["coerceDefault", "coerceOptional", "coerceBooleanOptional"],
        reason: "An optional parameter that is empty counts as missing, because forms send empty fields like this.",
        is_of: |case| case.velox.is_taken() && case.texts.iter().all(String::is_empty),
    },
    Difference {
        rules: &["coerceInteger", "coerceDefault", "coerceList"],
        reason: "An integer has no decimal point and no exponent.",
        is_of: |case| {
            case.velox.says("Expected integer, received float")
                && case.texts.iter().any(|text| text.contains(['.', 'e', 'E']))
        },
    },
    Difference {
        rules: NUMBERS,
        reason: "An empty string is not a number. In JavaScript it is 0.",
        is_of: |case| says_nan(case) && case.texts.iter().any(|text| js_trim(text).is_empty()),
    },
    Difference {
        rules: NUMBERS,
        reason: "Numbers are decimal. JavaScript also reads `0x10`, `0o17` and `0b11`.",
        is_of: |case| {
            says_nan(case)
                && case.texts.iter().any(|text| {
                    let text = js_trim(text).to_ascii_lowercase();
                    ["0x", "0o", "0b"].iter().any(|prefix| text.starts_with(prefix))
                })
        },
    },
    Difference {
        rules: NUMBERS,
        reason: "The word `Infinity` and values beyond `f64` are not numbers.",
        is_of: |case| {
            let is_infinite = |text: &String| js_trim(text).parse().is_ok_and(f64::is_infinite);
            says_nan(case) && case.texts.iter().any(is_infinite)
        },
    },
    Difference {
        rules: NUMBERS,
        reason: "Only ASCII spaces around a number are ignored. JavaScript ignores all Unicode spaces.",
        is_of: |case| says_nan(case) && case.texts.iter().any(|text| js_trim(text) != text.trim_ascii()),
    },
    Difference {
        rules: &["coerceBoolean", "coerceBooleanOptional"],
        reason: "`false` and `0` are false. For `z.coerce.boolean()` every string except the empty one is true.",
        is_of: |case| case.both_take_it() && matches!(case.text().as_str(), "false" | "0"),
    },
    Difference {
        rules: &["coerceBoolean", "coerceBooleanOptional"],
        reason: "Only `true`, `false`, `1` and `0` are booleans. `z.coerce.boolean()` accepts every string.",
        is_of: |case| case.velox.says("Expected boolean, received string"),
    },
    Difference {
        rules: &["coerceMissing"],
        reason: "A missing parameter is `Required`. `z.coerce.number()` turns it into NaN.",
        is_of: |case| case.texts.is_empty() && case.velox.says("Required"),
    },
    Difference {
        rules: &["coerceMissing"],
        reason: "A repeated parameter is an array. `z.coerce.number()` turns it into NaN.",
        is_of: |case| case.texts.len() == 2 && case.velox.says("Expected number, received array"),
    },
];

fn says_nan(case: &Case<'_>) -> bool {
    case.velox.says("Expected number, received nan")
}

/// JavaScript's `trim`.
fn js_trim(text: &str) -> &str {
    text.trim_matches(|char: char| char == '\u{feff}' || (char.is_whitespace() && char != '\u{85}'))
}
