//! Differences for strings.

use super::Difference;

pub(super) const ALL: &[Difference] = &[
    Difference {
        rules: &["string"],
        reason: "An unpaired surrogate is not valid Unicode, so the body is refused as invalid JSON. JavaScript \
            accepts it.",
        is_of: |case| case.velox.is_unread("INVALID_JSON") && case.input.contains(r"\u"),
    },
    Difference {
        rules: &["string"],
        reason: "A body with a repeated key is refused, because readers disagree on its meaning. JavaScript uses \
            the last.",
        is_of: |case| case.velox.is_unread("INVALID_JSON") && case.input.matches("\"v\"").count() == 2,
    },
    Difference {
        rules: &[
            "textLength",
            "textMessage",
            "textMin",
            "textMax",
            "textExact",
            "minAndEmail",
            "trimMin",
            "trimOptional",
            "optional",
            "nullable",
            "nullish",
            "coerceString",
        ],
        reason: "A length counts characters. JavaScript counts UTF-16 code units, two for 😀.",
        is_of: |case| case.text().chars().any(|char| char > '\u{ffff}'),
    },
    Difference {
        rules: &["uuid"],
        reason: "A `Uuid` is also read without hyphens, in braces, and as a URN.",
        is_of: |case| case.only_velox_takes_it() && digits(&case.text(), 16) == 32,
    },
    Difference {
        rules: &["uuid", "datetime", "ip"],
        reason: "The output is written by `Uuid`, `DateTime` or `IpAddr`, in the normal form of that type.",
        is_of: |case| case.both_take_it(),
    },
    Difference {
        rules: &["datetime"],
        reason: "chrono also accepts a lower-case `t` and `z`, a space instead of the `T`, spaces around the string, \
            leap seconds, and years and numbers of other lengths.",
        is_of: |case| case.only_velox_takes_it() && digits(&case.text(), 10) >= 8,
    },
    Difference {
        rules: &["datetime"],
        reason: "A `DateTime` needs seconds, and its offset is less than a day.",
        is_of: |case| {
            let text = case.text();
            case.only_zod_takes_it()
                && (text.matches(':').count() < 2 || text.ends_with("+24:00") || text.ends_with(":60"))
        },
    },
    Difference {
        rules: &["date"],
        reason: "chrono also accepts years and numbers of other lengths, and spaces around the string.",
        is_of: |case| case.only_velox_takes_it() && digits(&case.text(), 10) >= 3,
    },
    Difference {
        rules: &["ip"],
        reason: "Zod does not know six groups before an IPv4 address.",
        is_of: |case| case.only_velox_takes_it() && case.text().contains('.') && case.text().contains(':'),
    },
    Difference {
        rules: &["ip"],
        reason: "An `IpAddr` has no zone and no leading zeros.",
        is_of: |case| case.only_zod_takes_it() && (case.text().contains('%') || case.text().contains("01")),
    },
    Difference {
        rules: &["regexDigits"],
        reason: "In the crate regex, `\\d` matches the digits of every script. In JavaScript it matches ASCII \
            digits. Write `[0-9]`.",
        is_of: |case| case.only_velox_takes_it() && !case.text().is_ascii(),
    },
    Difference {
        rules: &["regexWord"],
        reason: "In the crate regex, `\\w` matches the letters of every script. In JavaScript it matches ASCII \
            letters. Write `[A-Za-z0-9_]`.",
        is_of: |case| case.only_velox_takes_it() && !case.text().is_ascii(),
    },
    Difference {
        rules: &["regexBoundary"],
        reason: "In the crate regex, `\\b` considers the letters of every script. In JavaScript it considers ASCII \
            letters. Write `(?-u:\\b)`.",
        is_of: |case| case.only_zod_takes_it() && !case.text().is_ascii(),
    },
    Difference {
        rules: &["regexAny"],
        reason: "In the crate regex, `.` matches a character. In JavaScript without the flag `u` it matches a UTF-16 code unit.",
        is_of: |case| case.text().chars().any(|char| char > '\u{ffff}'),
    },
    Difference {
        rules: &["regexAny"],
        reason: r"In the crate regex, `.` matches all except `\n`. In JavaScript it matches all except `\n`, `\r`, U+2028 and U+2029.",
        is_of: |case| case.only_velox_takes_it() && case.text().contains(['\r', '\u{2028}', '\u{2029}']),
    },
    Difference {
        rules: &["regexSpace"],
        reason: "In Unicode, and so in the crate regex, `\\s` matches U+0085 but not U+FEFF. In JavaScript it is \
            the other way round.",
        is_of: |case| case.text().contains(['\u{85}', '\u{feff}']),
    },
    Difference {
        rules: &["regexCase"],
        reason: "In the crate regex, `(?i)` uses all case pairs of Unicode. In JavaScript without the flag `u` it \
            lacks those of the kelvin sign and of ẞ.",
        is_of: |case| case.only_velox_takes_it() && case.text().contains(['\u{212a}', 'ẞ']),
    },
];

fn digits(text: &str, radix: u32) -> usize {
    text.to_lowercase().replace("urn:uuid:", "").chars().filter(|char| char.is_digit(radix)).count()
}
