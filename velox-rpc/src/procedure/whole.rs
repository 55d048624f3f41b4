//! Whole numbers of a JSON text that serde reads as fractions, as `5.0`, `1e3` and `-0`.
//!
//! Digits are moved and none is rounded: what is no whole number to the last digit stays as it is.

/// The text with such numbers as integers; `None` where it has none.
pub(super) fn as_integers(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let (mut rest, mut any) = (text, false);
    while let Some(start) = rest.find(|letter: char| letter == '"' || letter == '-' || letter.is_ascii_digit()) {
        written.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = if rest.starts_with('"') { string_length(rest) } else { number_length(rest) };
        let (token, after) = rest.split_at(length);
        match integer(token) {
            Some(integer) => {
                written.push_str(&integer);
                any = true;
            }
            None => written.push_str(token),
        }
        rest = after;
    }
    written.push_str(rest);
    any.then_some(written)
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

fn number_length(text: &str) -> usize {
    text.bytes().position(|byte| !(byte.is_ascii_digit() || b"+-.eE".contains(&byte))).unwrap_or(text.len())
}

/// The number in plain digits, if it is whole and was not.
fn integer(token: &str) -> Option<String> {
    if token.starts_with('"') {
        return None;
    }
    // What is no JSON stays none.
    serde_json::from_str::<f64>(token).ok()?;
    let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // serde reads `-0` as a float.
    if fraction.is_empty() && !token.contains(['e', 'E']) && token != "-0" {
        return None;
    }
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let zeros = exponent.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let length =
        i64::try_from(digits.len()).ok()?.checked_add(zeros).filter(|length| (1..=MOST_DIGITS).contains(length))?;
    let length = usize::try_from(length).ok()?;
    let (kept, cut) = digits.split_at(length.min(digits.len()));
    cut.bytes().all(|digit| digit == b'0').then(|| format!("{sign}{kept:0<length$}"))
}

/// As many as 64 bits have: what is longer fits no integer that serde_json hands out.
const MOST_DIGITS: i64 = 20;

#[cfg(test)]
mod tests {
    use super::as_integers;

    #[test]
    fn whole_numbers_become_integers() {
        for (text, expected) in [
            ("5.0", "5"),
            ("-5.00", "-5"),
            ("1e3", "1000"),
            ("1.5E+1", "15"),
            ("70e-1", "7"),
            ("0.5e1", "5"),
            ("-0.0", "0"),
            ("-0", "0"),
            ("0e999", "0"),
            ("1e19", "10000000000000000000"),
            (r#"{"a":[5.0,1.5,{"b":-1e3}],"5.0":"\"5.0","c":2}"#, r#"{"a":[5,1.5,{"b":-1000}],"5.0":"\"5.0","c":2}"#),
        ] {
            assert_eq!(as_integers(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_not_mended() {
        for text in ["01.0", "5.", "-.5e1", "1.e5", "--5.0", "5.0.0", "1e", "-", "\"5.0"] {
            assert_eq!(as_integers(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_is_rounded() {
        for text in [
            "5",
            "1.5",
            "1e-1",
            "1e-400",
            "1e400",
            "1e20",
            "1.00000000000000000001",
            "1e9999999999999999999",
            r#""5.0""#,
            "[]",
        ] {
            assert_eq!(as_integers(text), None, "{text}");
        }
    }
}
