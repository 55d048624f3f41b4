//! Converts a string from a path or query, as JavaScript's `Number` and Zod's `coerce` do.

use std::borrow::Cow;

use crate::error::Type;

/// Returns a string as JSON of this type, if the string has that type.
pub(crate) fn converted(text: &str, kind: Type) -> Option<Cow<'static, str>> {
    match (kind, text) {
        (Type::Number, _) => number(text).map(Cow::Owned),
        (Type::Boolean, "true" | "1") => Some("true".into()),
        (Type::Boolean, "false" | "0") => Some("false".into()),
        _ => None,
    }
}

/// Returns a decimal number in JSON's format. It also accepts the formats that JavaScript accepts:
/// `+1`, `.5`, `1.` and `007`. The digits stay as they are, since some integers have more digits
/// than any float.
fn number(text: &str) -> Option<String> {
    let text = text.trim_ascii();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = digits.split_at(digits.find(['e', 'E']).unwrap_or(digits.len()));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    let number = format!("{sign}{whole}{point}{fraction}{exponent}");
    serde_json::from_str::<f64>(&number).is_ok().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (text, expected) in [
            ("2", Some("2")),
            ("-7", Some("-7")),
            ("1.50", Some("1.50")),
            ("1e3", Some("1e3")),
            (" 3 ", Some("3")),
            ("340282366920938463463374607431768211455", Some("340282366920938463463374607431768211455")),
            ("abc", None),
            ("", None),
            ("NaN", None),
            ("inf", None),
            ("1e999", None),
            ("0x10", None),
            ("+1", Some("1")),
            ("007", Some("7")),
            (".5", Some("0.5")),
            ("-.5", Some("-0.5")),
            ("1.", Some("1")),
            ("00", Some("0")),
            (".", None),
            ("-", None),
            ("--1", None),
            ("1.2.3", None),
            ("1e", None),
        ] {
            assert_eq!(converted(text, Type::Number).as_deref(), expected, "{text}");
        }
    }
}
