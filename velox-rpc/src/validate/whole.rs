//! Whole numbers that are written as fractions, such as `5.0`, `1e3` and `-0`. They are integers in
//! JSON and in JavaScript, but not for serde.
//!
//! This module moves digits and never rounds. A number that is not exactly whole stays as it is.

/// Returns the number in plain digits if it is whole and was not written so.
pub(super) fn integer(token: &str) -> Option<String> {
    // Invalid JSON stays invalid.
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

/// The number of digits that 128 bits can hold.
const MOST_DIGITS: i64 = 39;

#[cfg(test)]
mod tests {
    use super::integer;

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
            ("1e38", "100000000000000000000000000000000000000"),
        ] {
            assert_eq!(integer(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn invalid_json_is_not_repaired() {
        for text in ["01.0", "5.", "-.5e1", "1.e5", "--5.0", "5.0.0", "1e", "-", "\"5.0"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_is_rounded() {
        for text in ["5", "1.5", "1e-1", "1e-400", "1e400", "1e39", "1.00000000000000000001", "1e9999999999999999999"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }
}
