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
        reason: "A `Value` may be `null`, but needs its key. `z.any()` accepts a missing key. So does velox with \
            `#[serde(default)]`.",
        is_of: |case: &Case<'_>| case.zod.is_taken() && case.velox.says("Required"),
    },
];
