//! Differences for lists, sets, records and objects.

use super::{Case, Difference};

pub(super) const ALL: &[Difference] = &[
    Difference {
        rules: &["array"],
        reason: "At most 100 issues are reported.",
        is_of: |case| {
            let (zod, velox) = (case.zod.issues(), case.velox.issues());
            velox.len() == 100 && zod.len() > 100 && zod[..100] == *velox
        },
    },
    Difference {
        rules: &["setLength"],
        reason: "The size of a set has the message of a list. Zod has no message for it and reports `Invalid input`.",
        is_of: |case| {
            case.zod.says("Invalid input") && case.velox.issues().iter().all(|(_, text)| text.starts_with(SIZE))
        },
    },
    Difference {
        rules: &["record"],
        reason: "A key of a record is cut to 64 characters.",
        is_of: |case| !case.zod.is_taken() && case.velox.issues().iter().any(|(path, _)| path.ends_with('…')),
    },
    Difference {
        rules: &["strict"],
        reason: "A key of a record is cut to 64 characters.",
        is_of: |case| case.velox.issues().iter().any(|(_, text)| text.ends_with("…'")),
    },
    Difference {
        rules: &["strict"],
        reason: "At most five unknown keys are reported.",
        is_of: |case| case.velox.issues().iter().any(|(_, text)| text.ends_with(", …")),
    },
    Difference {
        rules: &["record"],
        reason: "`__proto__` is an ordinary key. Zod drops it.",
        is_of: |case| case.both_take_it() && case.input.contains("__proto__"),
    },
    Difference {
        rules: &["record"],
        reason: "Issues of a record are in the order of the sent keys. JavaScript moves keys that are whole \
            numbers to the front.",
        is_of: |case| same_in_another_order(case) && case.input.contains("\"1\""),
    },
];

const SIZE: &str = "Array must contain";

fn same_in_another_order(case: &Case<'_>) -> bool {
    let [mut zod, mut velox] = [&case.zod, &case.velox].map(|answer| answer.issues().to_vec());
    zod.sort();
    velox.sort();
    !zod.is_empty() && zod == velox
}
