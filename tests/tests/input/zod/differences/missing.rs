//! Differences for values that may be missing.

use super::Difference;

pub(super) const ALL: &[Difference] = &[
    Difference {
        rules: &["optional", "trimOptional"],
        reason: "An `Option` accepts `null`. `.optional()` refuses it.",
        is_of: |case| case.only_velox_takes_it() && case.input == r#"{"v":null}"#,
    },
    Difference {
        rules: &["object"],
        reason: "An `Option` accepts `null`. `.optional()` refuses it.",
        is_of: |case| case.zod_also_says("address", NO_OBJECT),
    },
    Difference {
        rules: &["strict"],
        reason: "An `Option` accepts `null`. `.optional()` refuses it.",
        is_of: |case| case.zod_also_says("inner", NO_OBJECT),
    },
    Difference {
        rules: &["discriminatedUnion"],
        reason: "An `Option` accepts `null`. `.optional()` refuses it.",
        is_of: |case| case.zod_also_says("v.label", "Expected string, received null"),
    },
    Difference {
        rules: &["nullable"],
        reason: "A nullable `Option` may be missing. `.nullable()` requires the key.",
        is_of: |case| case.only_velox_takes_it() && case.zod.says("Required"),
    },
    Difference {
        rules: &["nullish"],
        reason: "A `None` is left out of the output, or is always `null` with `nullable`. Zod returns what was \
            sent.",
        is_of: |case| case.both_take_it() && case.input == r#"{"v":null}"#,
    },
];

const NO_OBJECT: &str = "Expected object, received null";
