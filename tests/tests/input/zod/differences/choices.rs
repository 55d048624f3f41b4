//! Differences for enums and for JSON of any shape.

use super::{Case, Difference};

pub(super) const ALL: &[Difference] = &[
    Difference {
        rules: &["union"],
        reason: "If no variant of an untagged enum accepts a value, it is unclear which was meant.",
        is_of: |case| case.velox.says("Invalid input") && !case.zod.is_taken(),
    },
    Difference {
        rules: &["any"],
        reason: "A `Value` needs the key, which may be `null`; `z.any()` takes a missing key. With \
            `#[serde(default)]` it may be missing.",
        is_of: |case: &Case<'_>| case.zod.is_taken() && case.velox.says("Required"),
    },
];
