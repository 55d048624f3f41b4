//! Differences from Zod 4 only, where Zod 4 itself differs from Zod 3.

use super::{Case, Difference};

type Issue = (String, String);

pub(super) const ALL: &[Difference] = &[
    Difference {
        rules: &["uuid"],
        reason: "Zod 4's `.uuid()` requires a version and a variant of RFC 9562. A `Uuid` may have any.",
        is_of: |case| case.only_velox_takes_it(),
    },
    Difference {
        rules: &["url"],
        reason: "Zod 4's `.url()` ignores spaces around the string, and line breaks and tabs in it.",
        is_of: |case| {
            case.zod.is_taken() && case.text().contains(|letter: char| letter.is_whitespace() || letter == BOM)
        },
    },
    Difference {
        rules: &["ip"],
        reason: "Zod 4 has `.ipv4()` and `.ipv6()`, and their union has no message of its own.",
        is_of: |case| case.zod.says("Invalid input") && !case.velox.is_taken(),
    },
    Difference {
        rules: &["regexCase"],
        reason: "The message has the pattern of the crate regex, which contains its flags.",
        is_of: |case| case.velox.says("Invalid string: must match pattern /(?i)^(straße|kelvin|σ|i)$/"),
    },
    Difference {
        rules: &["record"],
        reason: "`__proto__` is an ordinary key. Zod 4 drops it without checking it.",
        is_of: |case| case.only_zod_takes_it() && case.input.contains("__proto__"),
    },
    Difference {
        rules: &["integer", "multipleOfFive"],
        reason: "Zod 4's `.int()` only accepts JavaScript's exact integers. An `i64` holds more.",
        is_of: |case| !case.zod.is_taken() && case.zod.issues().iter().all(is_of_safe_integers),
    },
    Difference {
        rules: &["byte", "signed", "integerRange", "defaultNumber", "coerceInteger", "coerceDefault", "coerceList"],
        reason: "Zod 4's `.int()` only accepts JavaScript's exact integers, and reports this beside the bound of the type.",
        is_of: |case| case.zod.issues().iter().any(is_of_safe_integers) && is_same_but_for_more(case),
    },
    Difference {
        rules: &["multipleOfFive", "multipleOfCent"],
        reason: "A multiple must be exact to the last decimal digit. Zod 4 accepts near values, such as `0.30000000000000004` for a multiple of 0.01.",
        is_of: |case| case.only_zod_takes_it(),
    },
    Difference {
        rules: &[
            "byte",
            "signed",
            "integerRange",
            "multipleOfFive",
            "defaultNumber",
            "coerceInteger",
            "coerceDefault",
            "object",
        ],
        reason: "Zod 4 does not check ranges and multiples of a number that is not an integer.",
        is_of: |case| {
            let issues = case.velox.issues();
            issues.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[0].1 == FLOAT) && is_same_but_for_more(case)
        },
    },
    Difference {
        rules: &["arrayLength", "arrayExact", "defaultList", "coerceList", "object"],
        reason: "Zod 4 does not check the items of a list that is too long.",
        is_of: |case| case.zod.issues().iter().any(is_of_long_list) && is_same_but_for_more(case),
    },
    Difference {
        rules: &["arrayExact"],
        reason: "Zod 4 reports a list that is too short after the issues of its items.",
        is_of: |case| case.zod.issues().len() == case.velox.issues().len() && is_same_but_for_more(case),
    },
    Difference {
        rules: &[
            "textLength",
            "textMessage",
            "textMin",
            "textExact",
            "minAndEmail",
            "trimMin",
            "trimOptional",
            "optional",
            "nullable",
            "nullish",
            "arrayLength",
            "arrayExact",
            "defaultList",
            "object",
            "strict",
            "merge",
        ],
        reason: "Zod 4 also checks the length of a value of the wrong type, if it has one.",
        is_of: |case| {
            let issues = case.zod.issues();
            issues.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[0].1.starts_with("Invalid input: expected"))
                && is_same_but_for_more(case)
        },
    },
];

const BOM: char = '\u{feff}';
const FLOAT: &str = "Invalid input: expected int, received number";

fn is_of_safe_integers((_, text): &Issue) -> bool {
    text.contains("expected int to be")
}

fn is_of_long_list((_, text): &Issue) -> bool {
    text.starts_with("Too big: expected array")
}

/// Returns whether both report the same first issue for each path. Issues inside a list that is too
/// long do not count.
fn is_same_but_for_more(case: &Case<'_>) -> bool {
    !case.velox.is_taken() && most(case.zod.issues()) == most(case.velox.issues())
}

fn most(issues: &[Issue]) -> Vec<&Issue> {
    let long: Vec<_> =
        issues.iter().filter(|issue| is_of_long_list(issue)).map(|(path, _)| format!("{path}[")).collect();
    let is_inside = |path: &str| long.iter().any(|list| path.starts_with(list.as_str()));
    let mut kept: Vec<&Issue> = Vec::new();
    for issue in issues.iter().filter(|issue| !is_of_safe_integers(issue) && !is_inside(&issue.0)) {
        if kept.iter().all(|(path, _)| *path != issue.0) {
            kept.push(issue);
        }
    }
    kept.sort();
    kept
}
